# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""All the waves of a directory as one: slices of a job have a wave each, whichever machine they ran on.

What a run wrote last about a mailbox counts: it may be in the wave of a slice and, later, among selected mailboxes.
"""

from __future__ import annotations

import datetime
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import figures
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import (
    Memory as Moves,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.sources import (
    Properties,
    Source,
    read_progress,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, is_home
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.trimming import (
    failures_file,
    merged_failures,
)

WAVE_FILE = "wave.json"


@dataclass(frozen=True)
class LastLook:
    """What the last look at the moves of a wave came to, whichever run took it; no time where none has looked."""

    looked_at: str = ""
    line: str = ""


@dataclass(frozen=True)
class Joined:
    """The waves together; ``names`` are the waves' by identity, ``progress`` the last look at each move, ``looks`` what
    they come to for each wave."""

    records: list[Record]
    failures: list[Properties]
    progress: Source
    names: Mapping[str, str]
    looks: Mapping[str, LastLook]

    def counts(self, groups: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the counts of each wave; ``groups`` says in which of the report's words each mailbox stands."""
        found: dict[str, Counter[str]] = {}
        for identity, group in groups.items():
            name = self.names.get(_values.folded(identity))
            if name is not None:
                found.setdefault(name, Counter())[group] += 1
        return [
            {
                "name": name,
                "summary": dict(sorted(found[name].items())),
                "looked_at": self.looks[name].looked_at,
                "moves": self.looks[name].line,
            }
            for name in sorted(found)
        ]


@dataclass(frozen=True)
class _Word:
    """What one wave says of a mailbox: a record, or the failures that it left the wave with."""

    written_at: datetime.datetime
    wave: str
    record: Record | None
    failures: Sequence[Properties] = ()


def joined(folder: Folder, now: datetime.datetime) -> Joined:
    """Read all waves of a folder; InputError for a folder without one."""
    try:
        paths = folder.memory.paths(folder.path, f"*{WAVE_FILE}")
        by_path = {path: list(_words(folder, path)) for path in paths}
        words = [word for found in by_path.values() for word in found]
    except OSError as error:
        where = folder.describe()
        raise refusal("directory", where, "cannot be read", error, remedy="", code="unreadable_file") from error
    if not paths:
        raise InputError(
            "directory",
            folder.describe(),
            "has no wave",
            "Set the directory of the runs, and the memory if they remember in a database.",
        )
    last: dict[str, _Word] = {}
    for word in sorted(words, key=lambda word: word.written_at):
        source = word.record or word.failures[0]
        last[_values.folded(source.get("identity"))] = word
    return Joined(
        [word.record for word in last.values() if word.record is not None],
        [failure for word in last.values() for failure in word.failures],
        _progress(folder, paths),
        {identity: word.wave for identity, word in last.items()},
        {_name(path): _last_look(folder, path, found, figures.utc(now)) for path, found in by_path.items()},
    )


def _name(path: str) -> str:
    return os.path.basename(path).removesuffix(WAVE_FILE).rstrip(".") or "wave"


def _words(folder: Folder, path: str) -> list[_Word]:
    """Return what a wave says of each of its mailboxes; who failed has left its file."""
    name = _name(path)
    words: list[_Word] = []
    document = folder.memory.read(path)
    if document is not None:
        records = wave_files.load(folder.memory, path)
        words += [_Word(document.written_at, name, record) for record in records]
    failed = folder.memory.read(failures_file(path))
    if failed is not None:
        entries: dict[str, list[Properties]] = {}
        for entry in merged_failures([], failed.text.splitlines()):
            entries.setdefault(_values.folded(entry["identity"]), []).append(entry)
        words += [_Word(failed.written_at, name, None, found) for found in entries.values()]
    return words


def _last_look(folder: Folder, path: str, words: Sequence[_Word], moment: str) -> LastLook:
    """Return how far the moves of a wave were at its last look, in the sentence of a look; ages are of ``moment``."""
    moves = Moves(folder.memory, f"{path}.progress")
    if not moves.looks:
        return LastLook()
    records = [word.record for word in words if word.record is not None]
    away = {_values.folded(record["identity"]) for record in records if not is_home(record)}
    seen = [entry for entry in moves.requests.values() if _values.folded(entry["identity"]) in away]
    entries = [entry for entry in seen if "gone_at" not in entry]
    moving = [entry for entry in entries if not figures.at_rest(entry["status"])]
    sizes = [figures.bytes_of(entry) for entry in entries if "read_at" in entry]
    told = {
        "mailboxes": len(records),
        "home": len(records) - len(away),
        "without_request": len(away) - len(entries),
        "not_identified": 0,
        "moving": len(moving),
        "counts": figures.counts(entries),
        "percent": figures.percent(entries),
        "bytes_done": sum(done for done, _total in sizes),
        "bytes_total": sum(total for _done, total in sizes),
        "rate": figures.rate(figures.recent(moves.looks)),
        "stalls": figures.stalls(entries),
        "stuck": figures.stuck(entries),
        "oldest_figure_age": figures.oldest_age(entries, moment),
        "without_figures": len([entry for entry in moving if "total_size" not in entry]),
    }
    return LastLook(moves.looks[-1]["utc"], figures.sentence(told))


def _progress(folder: Folder, paths: Sequence[str]) -> Source:
    """Return the last look at each move, of all waves."""
    found = [read_progress(folder.memory, f"{path}.progress") for path in paths]
    there = [source.content for source in found if source.there]
    if not there:
        return Source(
            found[0].name, folder.path, problem=" ".join(source.problem for source in found if source.problem)
        )
    looks = sorted(
        (look for content in there for look in content["looks"]), key=lambda look: str(look.get("utc") or "")
    )
    requests: dict[str, Properties] = {}
    for content in sorted(there, key=lambda content: json.dumps(content["looks"][-1:])):
        requests.update(content["requests"])
    return Source(found[0].name, folder.path, {"looks": looks, "requests": requests})
