# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The wave: read in bulk, plan each mailbox alone, apply side by side, read back; one outcome for every mailbox."""

from __future__ import annotations

import datetime
import functools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    in_threads,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import State, Step, WorkItem

# Seconds before each further look at what was written: another controller, or the cloud, may not show it at once.
SETTLE = (1.0, 2.0, 4.0, 8.0)
# The pause after which a write whose answer was lost, and that still does not show, is sent once more.
RESEND_AFTER = 4.0
# Cmdlets that make an object of another kind, or a new one.
MAKES = ("Enable-", "New-")


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def run_wave(
    step: Step[State],
    records: Sequence[Record | WorkItem[State]],
    connections: Connections,
    *,
    check: bool,
    on_error: str = "fail",
    half_made: HalfMade | None = None,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime.datetime] = utc_now,
) -> list[Outcome]:
    """Bring every record to what ``step`` wants and return one outcome for each, in order.

    One mailbox's failure never stops another, unless ``on_error`` is
    ``stop``: then none is begun after it. A write whose answer was lost is planned again from what is live, and only
    what is still missing is sent, once. Users that ``half_made`` takes note of are its caller's to settle. A caller
    that wants to know what was read last gives work items of its own instead of records.
    """
    items = [record if isinstance(record, WorkItem) else WorkItem[State](record) for record in records]
    open_items = [item for item in items if not step.skips(item.record)]
    if open_items:
        step.read(connections, open_items)
    planned = _planned(step, open_items, now())
    step.ask(connections, planned)
    work = _described(planned, check)
    if on_error == "stop" and any(item.outcome.status == "failed" for item in items):
        _skip(work)
    elif not check and work:
        send = functools.partial(_send, connections, step.writes_to, half_made or HalfMade())
        stop = (lambda item: item.attempt.error is not None) if on_error == "stop" else None
        in_threads(send, work, connections.workers(step.writes_to), stop, finish=True)
        _skip([item for item in work if not item.attempt.begun])
        open_items = [item for item in work if item.attempt.begun]
        for pause in (0.0, *SETTLE):
            if pause:
                sleep(pause)
            step.read(connections, open_items)
            open_items = _unsettled(step, open_items, now())
            if not open_items:
                break
            again = [item for item in open_items if item.attempt.again]
            if again and pause == RESEND_AFTER:
                in_threads(send, again, connections.workers(step.writes_to), finish=True)
        for item in open_items:
            _close_unseen(item)
    return [item.outcome for item in items]


def _planned(step: Step[State], items: Sequence[WorkItem[State]], now: datetime.datetime) -> list[WorkItem[State]]:
    """Make the first plans; return the items that have one."""
    planned = []
    for item in items:
        try:
            item.plan = _plan(step, item, now)
        except HybridError as error:
            item.fail(error)
        else:
            planned.append(item)
    return planned


def _described(items: Sequence[WorkItem[State]], check: bool) -> list[WorkItem[State]]:
    """Tell the first plans in the outcomes, and return the items with something to write."""
    work = []
    for item in items:
        if item.error is not None:
            item.fail(item.error)
            continue
        plan = _plan_of(item)
        _describe(item.outcome, plan, check)
        if plan.calls:
            work.append(item)
    return work


def _plan(step: Step[State], item: WorkItem[State], now: datetime.datetime) -> Plan:
    if item.error is not None:
        raise item.error
    if item.current is None:
        raise AssertionError(f"{type(step).__name__}.read has left a mailbox out")
    return step.plan(item.record, item.current, item.attempt, now)


def _plan_of(item: WorkItem[State]) -> Plan:
    return item.plan or Plan()


def _describe(outcome: Outcome, plan: Plan, check: bool) -> None:
    outcome.status = "changed" if plan.calls else plan.status or "unchanged"
    outcome.before, outcome.after = plan.before, {**plan.after, **plan.told}
    outcome.cmdlets = [cmdlet.preview() for _kind, cmdlet in plan.calls]
    outcome.warnings = list(plan.warnings)
    outcome.details = plan.details
    outcome.enriched = plan.enriched.copy()
    if check and plan.predicted:
        outcome.enriched["predicted"] = {**outcome.record.get("predicted", {}), **plan.predicted}


def _skip(items: Sequence[WorkItem[State]]) -> None:
    for item in items:
        outcome = item.outcome
        outcome.status, outcome.before, outcome.after, outcome.cmdlets = "skipped", {}, {}, []
        # Nothing was written, so the record must not say what the plan would have left: that the user is whole, say.
        outcome.enriched = Record()


def _send(connections: Connections, writes_to: str, half_made: HalfMade, item: WorkItem[State]) -> WorkItem[State]:
    """Send what is planned for one mailbox, until something goes wrong."""
    plan = _plan_of(item)
    item.attempt = replace(item.attempt, error=None)
    name = plan.calls[0][1].name
    try:
        if plan.half_made is not None:
            half_made.begin(plan.half_made)
        for call, change in zip(plan.calls, _changes(item.record, plan, writes_to), strict=True):
            name = call[1].name
            item.attempt = replace(item.attempt, sent=(*item.attempt.sent, call))
            connections.run(*call, change)
            item.attempt = replace(item.attempt, answered=item.attempt.answered + 1)
    except HybridError as error:
        error.cmdlet = error.cmdlet or name
        item.attempt = replace(item.attempt, error=error)
    return item


def _changes(record: Record, plan: Plan, writes_to: str) -> list[Change]:
    """Return, for each call of a plan, what it changes of the plan's before and after.

    Those are attributes of the object in ``writes_to``; a call to another organization says with its parameters what
    it changes there. An attribute belongs to the call that the plan names for it, else to the one that has a parameter
    of its name. What no parameter names (a type, a status) comes with the call that makes the object, else with the
    last.
    """
    names = list(dict.fromkeys((*plan.before, *plan.after)))
    own = [place for place, (kind, _cmdlet) in enumerate(plan.calls) if kind == writes_to]
    makers = [place for place in own if plan.calls[place][1].name.startswith(MAKES)]
    maker = next(iter(makers or own[-1:]), None)
    taken = {place: {_attribute(parameter) for parameter in plan.calls[place][1].parameters} for place in own}
    named = {name for parameters in taken.values() for name in parameters}

    def is_of(name: str, place: int) -> bool:
        if name in plan.of_call:
            return plan.of_call[name] == place
        return name in taken.get(place, ()) or (place == maker and name not in named)

    def change(place: int) -> Change:
        mine = [name for name in names if is_of(name, place)]
        return Change(
            str(record["identity"]),
            {name: plan.before[name] for name in mine if name in plan.before},
            {name: plan.after[name] for name in mine if name in plan.after},
        )

    return [change(place) for place in range(len(plan.calls))]


def _attribute(parameter: str) -> str:
    """Return the attribute that a parameter names; a switch that removes one is called after it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", parameter).lower().removeprefix("remove_")


def _close_unseen(item: WorkItem[State]) -> None:
    left = ", ".join(cmdlet.name for _kind, cmdlet in _plan_of(item).calls)
    item.fail(
        item.attempt.error
        or MailboxError(
            f"{left} was accepted, but the change is not visible when it is read back.",
            code="not_applied",
            cmdlet=left,
            retryable=True,
            remedy="Pin a domain controller (exchange_server.domain_controller), or run again after replication.",
        )
    )


def _unsettled(step: Step[State], items: Sequence[WorkItem[State]], now: datetime.datetime) -> list[WorkItem[State]]:
    """Close the outcomes of all that shows as wanted, or failed for good; return the rest with a new plan."""
    rest = []
    for item in items:
        outcome, failure = item.outcome, item.attempt.error
        outcome.cmdlets = [cmdlet.preview() for _kind, cmdlet in item.attempt.sent]
        try:
            left = _plan(step, item, now)
        except HybridError as error:
            item.fail(failure or error)
            continue
        if not left.calls:
            # As wanted, whatever the answer was: an error after a lost answer may say that it was done already.
            outcome.enriched.update(left.enriched)
            outcome.details = left.details or outcome.details
            outcome.status = "changed"
        elif failure is not None and not item.attempt.again:
            item.fail(failure)
            # Half done: show what really stands there of what was planned.
            outcome.after = {**outcome.after, **{name: left.before.get(name) for name in left.after}}
        else:
            item.plan = left
            rest.append(item)
    return rest
