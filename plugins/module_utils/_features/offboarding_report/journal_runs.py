# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The journal as a time line: one entry for each run and host, and what was written for each mailbox. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import wording

OK, FAILED, UNKNOWN, UNANSWERED = "ok", "failed", "unknown", "unanswered"
RESULTS = (OK, FAILED, UNKNOWN, UNANSWERED)
_OF_REQUESTS = {"New-MoveRequest": True, "Remove-MoveRequest": False}
# What a mailbox joins that moves in a batch, and leaves.
_BATCH = "migration_batch"
_ORGANIZATIONS = {
    "exchange_server": "Exchange Server",
    "exchange_online": "Exchange Online",
    "entra_connect": "Entra Connect",
}


@dataclass
class Write:
    """One cmdlet that was sent. ``mailboxes`` are the numbers in the wave of those that it concerns: of a migration
    batch, all that it was sent for.

    ``submits`` is True where it submits their moves, False where it removes them, None where it does neither.
    """

    mailboxes: tuple[int, ...]
    name: str
    cmdlet: str
    at: datetime.datetime
    submits: bool | None = None
    result: str = UNANSWERED
    error: str = ""


@dataclass
class Run:
    """What one run of one host wrote, and what it was allowed to pass over (``accepted``: code → mailboxes)."""

    identifier: str
    host: str
    begin: datetime.datetime
    end: datetime.datetime
    places: dict[str, None] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)

    def count(self, result: str) -> int:
        return sum(write.result == result for write in self.writes)

    @property
    def cmdlets(self) -> Counter[str]:
        return Counter(write.cmdlet for write in self.writes)


@dataclass(frozen=True)
class Timeline:
    """``runs`` newest first; ``others`` counts runs of other waves; ``undated`` events that have no readable time."""

    runs: list[Run]
    others: int = 0
    undated: int = 0

    def submitted(self) -> set[int]:
        """Return the mailboxes whose last word in the latest run is a move that Exchange took."""
        last = _last_of_moves(self.runs[:1])
        return {number for number, write in last.items() if write.submits and write.result == OK}

    def removed(self) -> dict[int, datetime.datetime]:
        """Return when the move of a mailbox was removed, of those that have had no other since."""
        last = _last_of_moves(self.runs)
        return {number: write.at for number, write in last.items() if not write.submits and write.result == OK}


def _last_of_moves(runs: Iterable[Run]) -> dict[int, Write]:
    """Return the last write of each mailbox that submits or removes its move."""
    writes = [write for run in runs for write in run.writes if write.submits is not None]
    return {number: write for write in sorted(writes, key=lambda write: write.at) for number in write.mailboxes}


def build(events: Iterable[Mapping[str, Any]], numbers: Mapping[str, int]) -> Timeline:
    """Return the time line of a wave. ``numbers`` says which mailbox a name in lower case means.

    A directory may hold several waves: a run that names mailboxes and none of these is counted, not shown.
    """
    runs: dict[tuple[str, str], Run] = {}
    open_writes: dict[tuple[str, str, str], Write] = {}
    undated = 0
    for event in events:
        at = wording.moment(event.get("utc"))
        if at is None:
            undated += 1
            continue
        key = (str(event.get("run_id") or ""), str(event.get("host") or ""))
        run = runs.setdefault(key, Run(*key, at, at))
        run.begin, run.end = min(run.begin, at), max(run.end, at)
        _take(run, event, at, numbers, open_writes)
    mine = [run for run in runs.values() if not run.names or any(_values.folded(name) in numbers for name in run.names)]
    for run in mine:
        # A run over several waves on one host: only what concerns this one, or nobody in particular.
        run.writes = [write for write in run.writes if write.mailboxes or not write.name]
    mine.sort(key=lambda run: run.end, reverse=True)
    return Timeline(mine, len(runs) - len(mine), undated)


def _take(
    run: Run,
    event: Mapping[str, Any],
    at: datetime.datetime,
    numbers: Mapping[str, int],
    open_writes: dict[tuple[str, str, str], Write],
) -> None:
    event_name, name = event["event"], str(event.get("object") or "")
    after = _dict(event.get("after"))
    # What is written to a migration batch names its mailboxes beside it.
    names = [str(user) for user in users] if isinstance(users := after.get("users"), list) else [name] if name else []
    run.names.update(names)
    concerned = tuple(dict.fromkeys(numbers[who] for who in map(_values.folded, names) if who in numbers))
    key = (run.identifier, run.host, str(event.get("id") or ""))
    if event_name == "sent" or (event_name == "answered" and key not in open_writes):
        # The line before a write may be missing where the disk was full; its answer tells as much.
        cmdlet = _cmdlet(event.get("cmdlet"))
        submits = bool(after[_BATCH]) if _BATCH in after else _OF_REQUESTS.get(cmdlet)
        open_writes[key] = Write(concerned, name, cmdlet, at, submits)
        run.writes.append(open_writes[key])
        run.places.update(dict.fromkeys(_place(event)))
    if event_name == "answered":
        result = str(event.get("result") or "")
        open_writes[key].result = result if result in RESULTS else UNKNOWN
        open_writes[key].error = _message(event.get("error"))
    elif event_name == "accepted" and (concerned or not name):
        codes = event.get("codes")
        run.accepted.update(str(code) for code in codes) if isinstance(codes, list) else None


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _place(event: Mapping[str, Any]) -> list[str]:
    organization, server = str(event.get("organization") or ""), str(event.get("server") or "")
    place = " ".join(part for part in (_ORGANIZATIONS.get(organization, organization), server) if part)
    return [place] if place else []


def _cmdlet(preview: Any) -> str:
    """Return the name of a cmdlet; its parameters stay in the journal."""
    return str(preview or "").partition(" ")[0] or "(no cmdlet)"


def _message(error: Any) -> str:
    if isinstance(error, Mapping):
        return str(error.get("message") or error.get("code") or "")
    return str(error or "")
