# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Move requests of an offboarding: New-, Set-, Suspend-, Resume- and Remove-MoveRequest in Exchange Online.

Outbound moves are made in the cloud, whatever KB 2813304 says (New-MigrationBatch page, KB 10094). The mailbox is
addressed by its ExchangeGuid. A second request is never made: what exists is adopted, changed where Exchange can
change it, or refused with the difference.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features import kept_reports
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import Move
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.settings import (
    MoveSettings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import databases, move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, is_home
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem, nothing


def in_a_batch(record: Record) -> bool:
    """Tell whether offboarding_state found that the mailbox moves as the user of a migration batch."""
    return record.get("move_method") == "migration_batch"


@dataclass(frozen=True)
class _Requests(Step[Move]):
    """Reads the existing requests: one Get-MoveRequest for the wave, statistics only where they matter."""

    check: bool
    writes_to = EXCHANGE_ONLINE

    def skips(self, record: Record) -> bool:
        """Skip a mailbox that is home, and one that moves in a migration batch: that alone writes to its request."""
        return super().skips(record) or in_a_batch(record)

    def known(self, item: WorkItem[Move], listed: MoveRequest) -> MoveRequest | None:
        """Return what is known of a listed request beyond the list, or None where its statistics have to be read."""
        return None if listed["status"] == "Failed" else {}

    def learnt(self, detailed: MoveRequest) -> None:
        """Take note of a request whose statistics were read."""

    def read(self, connections: Connections, items: Sequence[WorkItem[Move]]) -> None:
        guids = recipients_read.move_request_identities(connections, [item.known for item in items])
        listed = move_request.by_mailbox(recipients_read.move_requests(connections))
        for item in items:
            guid = guids[item.identity]
            item.show(guid if isinstance(guid, HybridError) else Move(guid, listed.get(guid)))
        statistics = with_statistics(connections, self._unknown(items))
        for item, move in _moves(items):
            self._show_details(item, move, statistics)
        completed = [(item, move) for item, move in _moves(items) if _is_completed(move)]
        # A request that this task submitted is no leftover of an earlier move.
        left = {move.exchange_guid for item, move in completed if item.attempt.has_sent("New-MoveRequest")}
        asked = dict.fromkeys(move.exchange_guid for _item, move in completed if move.exchange_guid not in left)
        likely: list[Record] = [
            {"identity": guid, "exchange_guid": guid, "offboarding_state": "home"} for guid in asked
        ]
        found = recipients_read.cloud_recipients(connections, likely) if likely else {}
        for guid, mailbox in found.items():
            # The cloud object of a mailbox that has really left is a mail user.
            if not isinstance(mailbox, HybridError) and mailbox["kind"] == "mail_user":
                left.add(guid)
        for item, move in _moves(items):
            request = recipients_read.predicted(item.record, "move_request", move.request, self.check)
            item.show(replace(move, request=request, moved=_is_completed(move) and move.exchange_guid in left))

    def second_look(self) -> Callable[[Connections, Sequence[WorkItem[Move]]], None]:
        # Exchange itself refuses a second request, and the settings of one are read where they seem to differ.
        return nothing

    def _unknown(self, items: Sequence[WorkItem[Move]]) -> dict[str, MoveRequest]:
        """Return the listed requests whose statistics have to be read, by ExchangeGuid."""
        return {
            move.exchange_guid: move.request
            for item, move in _moves(items)
            if move.request is not None and self.known(item, move.request) is None
        }

    def _show_details(
        self, item: WorkItem[Move], move: Move, statistics: Mapping[str, MoveRequest | HybridError]
    ) -> None:
        """Complete a listed request by its statistics, else by what is known of it."""
        if move.request is None:
            return
        found = statistics.get(move.exchange_guid)
        if found is None:
            item.show(replace(move, request={**move.request, **(self.known(item, move.request) or {})}))
        elif isinstance(found, HybridError):
            item.show(found)
        else:
            self.learnt(found)
            item.show(replace(move, request=found))


def _moves(items: Sequence[WorkItem[Move]]) -> Iterator[tuple[WorkItem[Move], Move]]:
    """Yield the items of which nothing went wrong so far, with what they show."""
    return ((item, item.current) for item in items if item.error is None and item.current is not None)


def _is_completed(move: Move) -> bool:
    return move.request is not None and move.request["status"] in move_request.COMPLETED


def with_statistics(
    connections: Connections, listed: Mapping[str, MoveRequest]
) -> dict[str, MoveRequest | HybridError]:
    """Return the requests completed by Get-MoveRequestStatistics, which the cloud answers for one mailbox a call.

    Where Exchange refuses one, because somebody removed the request meanwhile, say, its error is returned: the others
    are none the worse for it.
    """
    guids = list(listed)
    answers = connections.read_each(
        EXCHANGE_ONLINE, [Cmdlet("Get-MoveRequestStatistics", {"Identity": guid}) for guid in guids]
    )
    result: dict[str, MoveRequest | HybridError] = {}
    for guid, answer in zip(guids, answers, strict=True):
        if isinstance(answer, CmdletError) and answer.code != "permission_denied":
            result[guid] = answer
        elif isinstance(answer, HybridError):
            raise answer
        else:
            result[guid] = {**listed[guid], **(move_request.request(answer.objects[0]) if answer.objects else {})}
    return result


@dataclass(frozen=True)
class Submitted(_Requests):
    """A request exists: see plan.submitted. ``settings`` is where what was read of requests is kept."""

    credential: Credential
    settings: MoveSettings = field(default_factory=MoveSettings)

    def read(self, connections: Connections, items: Sequence[WorkItem[Move]]) -> None:
        super().read(connections, items)
        new = [item for item, move in _moves(items) if move.request is None]
        there = recipients_read.databases_for(connections, [item.record for item in new])
        for item in new:
            error = databases.refusal_of(item.record, there)
            if error is not None:
                item.show(error)

    def known(self, item: WorkItem[Move], listed: MoveRequest) -> MoveRequest | None:
        """Return the settings of a request that is as asked for by what is known of it.

        That includes one that this task made. Whatever seems to differ is read live.
        """
        if listed["status"] == "Failed":
            return None
        if listed["status"] in move_request.COMPLETED or move_request.owned_by_batch(listed):
            return {}
        if item.attempt.has_sent("New-MoveRequest") and item.attempt.error is None:
            self.settings.keep(listed, plan.settings_of(item.record))
        known = self.settings.of(listed)
        if known is None or plan.differs(item.record, {**listed, **known}, self.settings.now()):
            return None
        return known

    def learnt(self, detailed: MoveRequest) -> None:
        self.settings.keep(detailed, detailed)

    def second_look(self) -> Callable[[Connections, Sequence[WorkItem[Move]]], None]:
        return self.look_for_holds

    def look_for_holds(self, connections: Connections, items: Sequence[WorkItem[Move]]) -> None:
        """Stop the move of a mailbox on which a hold was put since it was judged."""
        judged = [item for item, move in _moves(items) if "offboarding_state" in item.record and move.request is None]
        found = recipients_read.cloud_recipients(connections, [item.record for item in judged]) if judged else {}
        for item in judged:
            mailbox = found[item.identity]
            item.error = mailbox if isinstance(mailbox, HybridError) else plan.held_since(item.record, mailbox)

    def plan(self, record: Record, current: Move, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.submitted(record, current, self.credential, now)


@dataclass(frozen=True)
class Suspended(_Requests):
    """The request is suspended: see plan.suspended."""

    def plan(self, record: Record, current: Move, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.suspended(record, current)


@dataclass(frozen=True)
class Completed(_Requests):
    """The request may complete: see plan.completed."""

    def known(self, item: WorkItem[Move], listed: MoveRequest) -> MoveRequest | None:
        """Return nothing more for a request that is complete, or not ours; what holds another is in its statistics."""
        return {} if listed["status"] in move_request.COMPLETED or move_request.owned_by_batch(listed) else None

    def plan(self, record: Record, current: Move, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.completed(record, current, attempt, now)


@dataclass(frozen=True)
class RequestAbsent(_Requests):
    """No request: see plan.absent."""

    only_completed: bool = False
    folder: Folder | None = None

    def second_look(self) -> Callable[[Connections, Sequence[WorkItem[Move]]], None]:
        return self.keep_reports if self.folder is not None else nothing

    def keep_reports(self, connections: Connections, items: Sequence[WorkItem[Move]]) -> None:
        """Keep the reports of completed moves right before their requests are removed; what cannot be kept stays."""
        completed = {item.identity: (item, move) for item, move in _moves(items) if _is_completed(move)}
        if self.folder is None or not completed:
            return
        kept = kept_reports.keep(
            connections,
            self.folder,
            [
                kept_reports.Asked(
                    name,
                    name,
                    move.exchange_guid,
                    Cmdlet("Get-MoveRequestStatistics", {"Identity": move.exchange_guid, "IncludeReport": True}),
                )
                for name, (_item, move) in completed.items()
            ],
        )
        for name, (item, move) in completed.items():
            if name in kept.errors:
                item.error = kept.errors[name]
            else:
                item.show(replace(move, kept_report=kept.paths[name]))

    def skips(self, record: Record) -> bool:
        return in_a_batch(record)

    def plan(self, record: Record, current: Move, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.absent(current, self.only_completed)


def for_state(
    state: str,
    check: bool,
    credential: Mapping[str, str | None] | None,
    records: Sequence[Record],
    settings: MoveSettings | None = None,
    *,
    only_completed: bool = False,
    folder: Folder | None = None,
) -> Submitted | Suspended | Completed | RequestAbsent:
    """Return the step of a ``state``; a submission needs the remote credential as soon as a mailbox is not home."""
    if only_completed and state != "absent":
        remedy = "Use it for move_request with state: absent."
        raise InputError("only_completed", True, f"has no meaning with state: {state}", remedy)
    if state != "submitted":
        steps: dict[str, Callable[[bool], Suspended | Completed | RequestAbsent]] = {
            "suspended": Suspended,
            "completed": Completed,
            "absent": lambda check: RequestAbsent(check, only_completed, folder),
        }
        return steps[state](check)
    waiting = any(not is_home(record) and not in_a_batch(record) for record in records)
    return Submitted(check, plan.checked_credential(credential, needed=waiting), settings or MoveSettings())
