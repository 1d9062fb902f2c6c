# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Choosing databases for a wave: what was decided stays, what it takes to decide upon the rest is read once.

That is the databases, the copies of those that may be chosen, the sizes of the mailboxes that have none, and what
requests of others still move there. A wave that has its decisions costs no call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import step as steps
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import surroundings
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Subject,
    Unread,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.placement import decisions, plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.placement.decisions import (
    Decision,
    Decisions,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.databases import Known, by_name
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest

DATABASE, ARCHIVE_DATABASE = "remote_target_database", "remote_archive_target_database"


@dataclass(frozen=True)
class Candidate:
    """A mailbox of the wave, with whatever its record says already."""

    subject: Subject
    exchange_guid: str
    home: bool = False

    @property
    def option(self) -> str:
        """Which of a record's fields names its database."""
        return ARCHIVE_DATABASE if self.subject.record.get("archive_only") else DATABASE

    @property
    def given(self) -> str:
        return self.subject.text(self.option)

    def need(self) -> plan.Need:
        """Return what the mailbox brings to its database, once its sizes were read."""
        subject = self.subject
        if self.option == ARCHIVE_DATABASE:
            return plan.Need(self.exchange_guid, subject.archive_size)
        if subject.size is None:
            return plan.Need(self.exchange_guid, None)
        along = 0 if subject.text(ARCHIVE_DATABASE) else subject.archive_size or 0
        return plan.Need(self.exchange_guid, subject.size + (subject.recoverable or 0) + along, subject.size)


@dataclass
class Placement:
    """The database of each mailbox that has one, by ExchangeGuid, and why another has none; ``unsized`` are those whose
    size could not be read."""

    decided: Decisions = field(default_factory=dict)
    refused: Mapping[str, HybridError] = field(default_factory=dict)
    new: frozenset[str] = frozenset()
    unsized: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Read:
    """What there is to choose from: all databases that can be judged, the names of those that may be chosen, and what
    requests of others bring to each. ``known`` are all databases by whatever a record may call them."""

    databases: Sequence[plan.Database]
    chosen: frozenset[str]
    foreign: Mapping[str, tuple[str, int]]
    known: Known

    def name_of(self, given: str) -> str:
        """Return the name of a database that a record gives by its name, GUID or distinguished name."""
        return str(self.known.get(_values.folded(given), {}).get("Name") or given)


def place(
    connections: Connections,
    wave: Sequence[Candidate],
    asked: Sequence[str],
    requests: Mapping[str, MoveRequest],
    folder: Folder | None,
    *,
    check: bool,
    now: str,
) -> Placement:
    """Return the database of each mailbox. ``requests`` are all move requests, by ExchangeGuid. Raises InputError."""
    known = decisions.load(folder)[1] if folder else {}
    open_ones = [item for item in wave if not item.home]
    undecided = [item for item in open_ones if not item.given and item.exchange_guid not in known]
    told = _read(connections, open_ones, asked, requests, known) if undecided else None
    refused: dict[str, HybridError] = {}
    new: set[str] = set()

    def decide(standing: Decisions) -> Decisions:
        refused.clear()
        new.clear()
        result = {**standing, **_arrived(standing, wave, requests)}
        if told is None:
            return result
        for item in (item for item in open_ones if item.given):
            given = told.name_of(item.given)
            result[item.exchange_guid] = _decision(item, given, result.get(item.exchange_guid), now)
        left = [item for item in undecided if item.exchange_guid not in result]
        found = plan.spread([i.need() for i in left], told.databases, told.chosen, _coming(result, told.foreign))
        for item in left:
            database = found[item.exchange_guid]
            if isinstance(database, str):
                result[item.exchange_guid] = _decision(item, database, None, now)
                new.add(item.exchange_guid)
            else:
                refused[item.exchange_guid] = database
        return result

    decided = decisions.settled(folder, decide, check=check) if folder else decide({})
    unsized = {i.exchange_guid: i.subject.sizes_unread for i in undecided if told and i.need().size is None}
    return Placement(decided, refused, frozenset(new), unsized)


def _arrived(standing: Decisions, wave: Sequence[Candidate], requests: Mapping[str, MoveRequest]) -> Decisions:
    """Return the decisions of what is on its way no more."""
    home = {item.exchange_guid for item in wave if item.home}
    home |= {guid for guid, request in requests.items() if request["status"] in move_request.COMPLETED}
    return {
        guid: {**entry, "arrived": True} for guid, entry in standing.items() if guid in home and not entry["arrived"]
    }


def _decision(item: Candidate, database: str, standing: Decision | None, now: str) -> Decision:
    if standing is not None and _values.folded(standing["database"]) == _values.folded(database):
        return standing
    size = item.need().size if standing is None else standing["size"]
    return {"identity": item.subject.identity, "database": database, "size": size, "arrived": False, "decided_at": now}


def _coming(decided: Decisions, foreign: Mapping[str, tuple[str, int]]) -> dict[str, int]:
    """Return the bytes that are on their way to each database."""
    coming: dict[str, int] = {}
    own = [
        (entry["database"], plan.UNKNOWN_SIZE if entry["size"] is None else entry["size"])
        for entry in decided.values()
        if not entry["arrived"]
    ]
    for name, size in [*own, *(told for guid, told in foreign.items() if guid not in decided)]:
        coming[_values.folded(name)] = coming.get(_values.folded(name), 0) + size
    return coming


def _read(
    connections: Connections,
    wave: Sequence[Candidate],
    asked: Sequence[str],
    requests: Mapping[str, MoveRequest],
    known: Decisions,
) -> _Read:
    shown = surroundings.ask(connections, EXCHANGE_SERVER, "Get-MailboxDatabase", Status=True)
    if isinstance(shown, Unread):
        raise _not_shown(asked, shown.reason)
    chosen = plan.wanted_names(asked, shown)
    foreign = _foreign(connections, requests, {item.exchange_guid for item in wave} | set(known))
    targets = {_values.folded(name) for name, _size in foreign.values()} | {_values.folded(name) for name in chosen}
    targets |= {_values.folded(entry["database"]) for entry in known.values() if not entry["arrived"]}
    names = by_name(shown)
    targets |= {_values.folded(names[key].get("Name")) for item in wave if (key := _values.folded(item.given)) in names}
    there = [item for item in shown if _values.folded(item.get("Name")) in targets]
    copies = surroundings.read_copies(connections, [str(item.get("Name")) for item in there])
    if isinstance(copies, Unread):
        raise _not_shown(asked, copies.reason)
    judged = [made for item in there if (made := plan.database(item, copies)) is not None]
    usable = {_values.folded(item.name) for item in judged} & {_values.folded(name) for name in chosen}
    if not usable:
        raise _not_shown(asked, f"no copy of {', '.join(chosen)} shows the free space of its disk as a size")
    surroundings.read_sizes(connections, [item.subject for item in wave if item.exchange_guid not in known])
    return _Read(judged, frozenset(usable), foreign, names)


def _foreign(
    connections: Connections, requests: Mapping[str, MoveRequest], mine: set[str]
) -> dict[str, tuple[str, int]]:
    """Return where the requests of others move how much to; what cannot be read of one is left out."""
    under_way = {
        guid: request
        for guid, request in requests.items()
        if guid not in mine
        and request["status"] not in move_request.COMPLETED
        and move_request.leaves_the_cloud(request)
    }
    found = steps.with_statistics(connections, under_way) if under_way else {}
    return {
        guid: (request["remote_database_name"], request.get("total_mailbox_size", plan.UNKNOWN_SIZE))
        for guid, request in found.items()
        if not isinstance(request, HybridError) and request.get("remote_database_name")
    }


def _not_shown(asked: Sequence[str], reason: str) -> InputError:
    return InputError(
        plan.OPTION,
        ", ".join(asked),
        f"cannot be judged: {reason.rstrip('.')}",
        "Give the account the role View-Only Configuration on-premises, or set remote_target_database.",
        "databases_not_shown",
    )
