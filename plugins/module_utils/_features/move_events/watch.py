# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Looks at the moves again and again, and what is remembered of what was told."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_events import events
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_events.events import Event, Seen
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import move_progress
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import (
    Memory as Figures,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import (
    CONNECTIONS,
    MEMORY,
    options_of,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

VERSION = 1
SPEC: dict[str, dict[str, Any]] = {
    "batch_name": {"type": "str"},
    "mailboxes_file": {"type": "path"},
    "interval": {"type": "int", "default": 60},
    "stalled_after": {"type": "int", "default": 28800},
    "sample": {"type": "int", "default": 20},
    "state_file": {"type": "path"},
    **MEMORY,
    EXCHANGE_ONLINE: CONNECTIONS[EXCHANGE_ONLINE],
}


def options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source's arguments, checked; InputError for wrong ones. The environment fills gaps."""
    found = options_of("move_events", SPEC, given)
    if bool(found["batch_name"]) == bool(found["mailboxes_file"]):
        problem = "are both set, or both missing"
        raise InputError("batch_name, mailboxes_file", None, problem, "Specify one of them.")
    for name in ("interval", "stalled_after", "sample"):
        if found[name] < 1:
            raise InputError(name, found[name], "is less than 1", "Specify a positive number.")
    return found


@dataclass
class Watch:
    """The moves of one wave, and what was told of them.

    Without a state file nothing outlives the process: what holds when it begins anew is told once more. ``memory_at``
    returns where a path is.
    """

    options: Mapping[str, Any]
    connect: Callable[[], Connections]
    memory_at: Callable[[str], Memory]
    now: Callable[[], datetime.datetime]

    def __post_init__(self) -> None:
        self._path = str(self.options["state_file"] or "")
        self._kept = self.memory_at(self._path)
        self._told = self._remembered()
        self._figures = Figures(self._kept, f"{self._path}.progress" if self._path else "")
        self._new: dict[str, Seen] = {}

    def look(self) -> list[Event]:
        """Read the moves once; return what was not told yet, the moves before the wave as a whole."""
        how = move_progress.ProgressOptions("completed", self.options["batch_name"] or "", self.options["sample"])
        now = self.now()
        with self.connect() as connections:
            connections.require(EXCHANGE_ONLINE)
            outcomes, _progress = move_progress.look(connections, self._records(), self._figures, how, now)
        all_seen, identities = {}, {}
        for outcome in outcomes:
            known = outcome.enriched.get("exchange_guid") or outcome.record.get("exchange_guid")
            guid = str(known or outcome.identity)
            entry = self._figures.requests.get(guid)
            if entry is not None and outcome.details:
                outcome.details = {"move_request": {**entry}}
            all_seen[guid] = events.seen(outcome, self.options["stalled_after"])
            identities[guid] = outcome.identity
        all_seen[events.WAVE] = events.of_wave(list(all_seen.values()))
        self._told = events.still(all_seen, self._told)
        self._new = events.new(all_seen, self._told)
        moment = f"{now.astimezone(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
        return [self._event(guid, item, identities, moment) for guid, item in self._new.items()]

    def told(self) -> None:
        """Note what the last look returned as told. Raises InputError where that cannot be written down."""
        self._told.update({key: item.kind for key, item in self._new.items()})
        self._new = {}
        if not self._path:
            return
        content = documents.sealed({"version": VERSION, "told": self._told})
        try:
            self._kept.write(self._path, documents.text_of(content))
        except OSError as error:
            raise refusal(
                "state_file",
                self._kept.describe(self._path),
                "cannot be written",
                error,
                remedy="Use a file in an existing directory that this account can write to.",
                code="unwritable_file",
            ) from error
        unkept = self._figures.save()
        if unkept is not None:
            raise unkept

    def _event(self, guid: str, item: Seen, identities: Mapping[str, str], moment: str) -> Event:
        wave = {"batch_name": self.options["batch_name"] or "", "mailboxes_file": self.options["mailboxes_file"] or ""}
        whose = {"identity": identities[guid], "exchange_guid": guid} if guid != events.WAVE else {}
        return {"kind": item.kind, "utc": moment, **wave, **whose, **item.says}

    def _records(self) -> Sequence[Record] | None:
        path = self.options["mailboxes_file"]
        return wave_files.load(self.memory_at(path), path) if path else None

    def _remembered(self) -> dict[str, str]:
        """Return what was told before; a file that is missing, damaged or of another version costs a repetition."""
        if not self._path:
            return {}
        try:
            content = documents.load(self._kept, self._path)
        except OSError:
            return {}
        if not isinstance(content, dict) or content.get("version") != VERSION or not documents.is_as_written(content):
            return {}
        told = content.get("told")
        return {str(key): str(kind) for key, kind in told.items()} if isinstance(told, dict) else {}
