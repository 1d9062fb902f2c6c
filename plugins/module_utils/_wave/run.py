# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The wave: read in bulk, plan each mailbox alone, apply side by side, read back; one outcome for every mailbox."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    in_threads,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade, Note
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, is_home
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.seen import Seen

# Seconds before each further look at what was written: another controller, or the cloud, may not show it at once.
SETTLE = (1.0, 2.0, 4.0, 8.0)
# The pause after which a write whose answer was lost, and that still does not show, is sent once more.
RESEND_AFTER = 4.0
# Cmdlets that make an object of another kind, or a new one.
MAKES = ("Enable-", "New-")


@dataclass(frozen=True)
class Plan:
    """What one mailbox needs. ``calls`` are ``(kind of organization, cmdlet)`` in order; none means nothing to do.

    ``before`` and ``after`` hold only the attributes that change. ``predicted`` is, per part of a record (on_premises,
    cloud, move_request), what a preview's later steps shall find. ``status`` overrides ``unchanged`` for a mailbox that
    has nothing to write but is not finished either. ``told`` explains, in result and diff, what no attribute shows; the
    journal does without it. ``half_made`` is written down before the first call, where what
    stands between two calls would do harm.
    """

    calls: tuple[tuple[str, Cmdlet], ...] = ()
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    predicted: Mapping[str, dict[str, Any] | None] = field(default_factory=dict)
    enriched: Record = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    status: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    half_made: Note | None = None


class Step(Protocol):
    """One thing that is managed. ``plan`` is pure: it sees what was read and says what to write, or raises."""

    writes_to: str

    def skips(self, record: Record) -> bool:
        """Tell whether the record itself says already that nothing is to be done: not even a read then."""

    def read(self, connections: Connections, records: Sequence[Record]) -> list[Seen]:
        """Read what ``plan`` needs for all records, in their order."""

    def plan(self, record: Record, seen: Seen) -> Plan:
        """Return what is left to do; HybridError when it must not be done."""


@dataclass
class _Work:
    """One mailbox under way."""

    record: Record
    plan: Plan
    sent: list[str] = field(default_factory=list)
    error: HybridError | None = None
    begun: bool = False
    answered: int = 0

    @property
    def left(self) -> Record:
        """The record with what is known by now: it says how to read the object back."""
        return {**self.record, **self.plan.enriched, **({"write_failed": True} if self.error else {})}

    @property
    def again(self) -> bool:
        """Tell whether to send what is missing once more.

        After a lost answer; and where a call was refused for the moment that follows on one which went through.
        """
        if self.error is None:
            return False
        return self.error.answer_lost or (self.error.retryable and self.answered > 0)


class SkipsHome:
    """A step that leaves mailboxes alone whose record says that they are home."""

    def skips(self, record: Record) -> bool:
        return is_home(record)


def run_wave(
    step: Step,
    records: Sequence[Record],
    connections: Connections,
    *,
    check: bool,
    on_error: str = "fail",
    half_made: HalfMade | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Outcome]:
    """Bring every record to what ``step`` wants and return one outcome for each, in order.

    One mailbox's failure never stops another, unless ``on_error`` is
    ``stop``: then none is begun after it. A write whose answer was lost is planned again from what is live, and only
    what is still missing is sent, once. Users that ``half_made`` takes note of are its caller's to settle.
    """
    half_made = half_made or HalfMade()
    outcomes = {id(record): Outcome(record) for record in records}
    todo = [record for record in records if not step.skips(record)]
    work: list[_Work] = []
    for record, seen in zip(todo, step.read(connections, todo) if todo else [], strict=True):
        outcome = outcomes[id(record)]
        try:
            plan = _planned(step, record, seen)
        except HybridError as error:
            outcome.status, outcome.error = "failed", error
            continue
        _describe(outcome, plan, check)
        if plan.calls:
            work.append(_Work(record, plan))
    if on_error == "stop" and any(outcome.status == "failed" for outcome in outcomes.values()):
        _skip(outcomes, work)
    elif not check and work:
        _apply(step, work, connections, on_error, half_made)
        _read_back(step, work, connections, outcomes, half_made, sleep)
    return [outcomes[id(record)] for record in records]


def _planned(step: Step, record: Record, seen: Seen) -> Plan:
    if seen.error is not None:
        raise seen.error
    return step.plan(record, seen)


def _describe(outcome: Outcome, plan: Plan, check: bool) -> None:
    outcome.status = "changed" if plan.calls else plan.status or "unchanged"
    outcome.before, outcome.after = plan.before, {**plan.after, **plan.told}
    outcome.cmdlets = [cmdlet.preview() for _kind, cmdlet in plan.calls]
    outcome.warnings = list(plan.warnings)
    outcome.details = plan.details
    outcome.enriched = dict(plan.enriched)
    if check and plan.predicted:
        outcome.enriched["predicted"] = {**outcome.record.get("predicted", {}), **plan.predicted}


def _skip(outcomes: dict[int, Outcome], work: Sequence[_Work]) -> None:
    for item in work:
        outcome = outcomes[id(item.record)]
        outcome.status, outcome.before, outcome.after, outcome.cmdlets = "skipped", {}, {}, []


def _apply(
    step: Step, work: Sequence[_Work], connections: Connections, on_error: str, half_made: HalfMade
) -> None:
    def one(item: _Work) -> _Work:
        item.begun = True
        name = item.plan.calls[0][1].name
        try:
            if item.plan.half_made is not None:
                half_made.begin(item.plan.half_made)
            changes = _changes(item.record, item.plan, step.writes_to)
            for (kind, cmdlet), change in zip(item.plan.calls, changes, strict=True):
                name = cmdlet.name
                item.sent.append(cmdlet.preview())
                connections.run(kind, cmdlet, change)
                item.answered += 1
        except HybridError as error:
            item.error = error
            error.cmdlet = error.cmdlet or name
        return item

    stop = (lambda item: item.error is not None) if on_error == "stop" else None
    in_threads(one, work, connections.workers(step.writes_to), stop, finish=True)


def _changes(record: Record, plan: Plan, writes_to: str) -> list[Change]:
    """Return, for each call of a plan, what it changes of the plan's before and after.

    Those are attributes of the object in ``writes_to``; a call to another organization says with its parameters what
    it changes there. An attribute belongs to the call that has a parameter of its name. What no parameter names (a
    type, a status) comes with the call that makes the object, else with the last.
    """
    names = list(dict.fromkeys((*plan.before, *plan.after)))
    own = [cmdlet for kind, cmdlet in plan.calls if kind == writes_to]
    maker = next((cmdlet for cmdlet in own if cmdlet.name.startswith(MAKES)), own[-1] if own else None)
    by_call = {id(cmdlet): {_attribute(parameter) for parameter in cmdlet.parameters} for cmdlet in own}
    named = {name for parameters in by_call.values() for name in parameters}

    def change(cmdlet: Cmdlet) -> Change:
        mine = [n for n in names if n in by_call.get(id(cmdlet), ()) or (cmdlet is maker and n not in named)]
        return Change(
            str(record["identity"]),
            {name: plan.before[name] for name in mine if name in plan.before},
            {name: plan.after[name] for name in mine if name in plan.after},
        )

    return [change(cmdlet) for _kind, cmdlet in plan.calls]


def _attribute(parameter: str) -> str:
    """Return the attribute that a parameter names; a switch that removes one is called after it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", parameter).lower().removeprefix("remove_")


def _read_back(
    step: Step,
    work: Sequence[_Work],
    connections: Connections,
    outcomes: dict[int, Outcome],
    half_made: HalfMade,
    sleep: Callable[[float], None],
) -> None:
    _skip(outcomes, [item for item in work if not item.begun])
    open_items = [item for item in work if item.begun]
    for pause in (0.0, *SETTLE):
        if pause:
            sleep(pause)
        open_items = _settled(step, open_items, connections, outcomes)
        if not open_items:
            return
        again = [item for item in open_items if item.again]
        if again and pause == RESEND_AFTER:
            for item in again:
                item.error = None
            _apply(step, again, connections, "fail", half_made)
    for item in open_items:
        _close_unseen(item, outcomes[id(item.record)])


def _close_unseen(item: _Work, outcome: Outcome) -> None:
    left = ", ".join(cmdlet.name for _kind, cmdlet in item.plan.calls)
    outcome.status = "failed"
    outcome.error = item.error or MailboxError(
        f"{left} was accepted, but the change does not show when it is read back.",
        code="not_applied",
        cmdlet=left,
        retryable=True,
        remedy="Pin a domain controller (exchange_server.domain_controller), or run again after replication.",
    )


def _settled(step: Step, work: Sequence[_Work], connections: Connections, outcomes: dict[int, Outcome]) -> list[_Work]:
    """Close the outcomes of all that shows as wanted, or failed for good; return the rest with a new plan."""
    if not work:
        return []
    rest = []
    for item, seen in zip(work, step.read(connections, [item.left for item in work]), strict=True):
        outcome = outcomes[id(item.record)]
        outcome.cmdlets = item.sent
        try:
            left = _planned(step, item.record, seen)
        except HybridError as error:
            outcome.status, outcome.error = "failed", item.error or error
            continue
        if not left.calls:
            # As wanted, whatever the answer was: an error after a lost answer may say that it was done already.
            outcome.enriched.update(left.enriched)
            outcome.details = left.details or outcome.details
            outcome.status = "changed"
        elif item.error is not None and not item.again:
            outcome.status, outcome.error = "failed", item.error
            # Half done: show what really stands there of what was planned.
            outcome.after = {**outcome.after, **{name: left.before.get(name) for name in left.after}}
        else:
            item.plan = left
            rest.append(item)
    return rest
