# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Reading what runs have left. What is missing or damaged is told, never taken for an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import reason
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

Properties = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """One file: its content, or why there is none. ``damaged`` counts the lines that were left out."""

    name: str
    path: str
    content: Any = None
    problem: str = ""
    damaged: int = 0

    @property
    def there(self) -> bool:
        return self.content is not None


@dataclass(frozen=True)
class Sources:
    readiness: Source
    journal: Source
    progress: Source


@dataclass(frozen=True)
class Given:
    """Everything that the page is made of.

    ``failures`` are entries of ``results`` with an ``error``, None where nobody handed any over; ``wave`` is the path
    of the wave's file, empty for a list. ``error`` says why the run did not come to its end.
    """

    title: str
    records: list[Record]
    failures: list[Properties] | None
    sources: Sources
    wave: str = ""
    error: str = ""


def read(memory_at: Callable[[str], Memory], *, readiness: str, journal: str, progress: str | Source) -> Sources:
    """Read what belongs to a wave; an empty path is what nobody named, and the progress may have been read already.

    ``memory_at`` says in which memory a path is; the readiness report is a file of people in any case.
    """
    return Sources(
        _read_readiness(FileMemory(), readiness),
        _read_journal(memory_at(journal), journal),
        progress if isinstance(progress, Source) else read_progress(memory_at(progress), progress),
    )


def _read_readiness(memory: Memory, path: str) -> Source:
    """Return what readiness.json holds (shape: offboarding/readiness/report.py), environment and mailboxes lists."""
    source = _read_json("Readiness report", memory, path)
    if not source.there:
        return source
    content = source.content
    lists = [content.get(name) for name in ("environment", "mailboxes")] if isinstance(content, dict) else [None]
    if not all(isinstance(item, list) for item in lists):
        return _damaged(source, "it is not a readiness report")
    entries = [item for item in content["mailboxes"] if isinstance(item, dict)]
    return Source(
        source.name,
        path,
        {**content, "environment": _dictionaries(content["environment"]), "mailboxes": entries},
    )


def read_progress(memory: Memory, path: str) -> Source:
    """Return the content of a progress file, ``looks`` a list and ``requests`` a dictionary of dictionaries."""
    source = _read_json("Progress of the moves", memory, path)
    if not source.there:
        return source
    content = source.content
    if not isinstance(content, dict) or not isinstance(content.get("requests"), dict):
        return _damaged(source, "it is not a progress file")
    looks = content.get("looks")
    requests = {guid: item for guid, item in content["requests"].items() if isinstance(item, dict)}
    return Source(
        source.name,
        path,
        {**content, "looks": _dictionaries(looks if isinstance(looks, list) else []), "requests": requests},
    )


def _read_journal(memory: Memory, path: str) -> Source:
    """Return the events of a journal. A line that a power cut left half written is counted, and the others stand."""
    name = "Journal"
    events: list[Properties] = []
    damaged = 0
    try:
        if not path or not memory.exists(path):
            return Source(name, path)
        for line in memory.lines(path):
            if not line.strip(" \t\r\0"):
                # A file system may leave a hole of zeros after a power cut: that was a line, too.
                damaged += "\0" in line
                continue
            event = _event(line)
            if event is None:
                damaged += 1
            else:
                events.append(event)
    except OSError as error:
        return _unreadable(name, path, error)
    return Source(name, path, events, damaged=damaged)


def _event(line: str) -> Properties | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _dictionaries(items: Iterable[Any]) -> list[Properties]:
    return [dict(item) for item in items if isinstance(item, Mapping)]


def _read_json(name: str, memory: Memory, path: str) -> Source:
    try:
        found = memory.read(path) if path else None
    except OSError as error:
        return _unreadable(name, path, error)
    if found is None:
        return Source(name, path)
    try:
        return Source(name, path, documents.parsed(found.text))
    except OSError:
        return Source(name, path, problem="it is not JSON")


def _unreadable(name: str, path: str, error: OSError) -> Source:
    return Source(name, path, problem=f"it cannot be read ({reason(error)})")


def _damaged(source: Source, why: str) -> Source:
    return Source(source.name, source.path, problem=why)
