# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The wave: read in bulk, plan each mailbox alone, apply side by side, read back; one outcome for every mailbox."""

from __future__ import annotations

import contextlib
import datetime
import functools
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Generic

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
# Mailboxes that are looked at once more together, and that each writer has then before it: as many as one bulk read
# takes, so that it costs a few percent of the writes, and what was read is seconds old when it is written over.
GROUP, PER_WRITER = 50, 10
SHOWN = 120  # characters of a value that a sentence shows


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
    moment = now()
    planned = _planned(step, open_items, moment)
    step.ask(connections, planned)
    work = _described(planned, check)
    if on_error == "stop" and any(item.outcome.status == "failed" for item in items):
        _skip(work)
    elif not check and work:
        send = functools.partial(_send, connections, step.writes_to, half_made or HalfMade())
        open_items, stops, look = [], on_error == "stop", step.second_look()
        workers, writing = connections.workers(step.writes_to), _Writing(step, work, moment)
        for group in writing.groups(workers, stops=stops):
            with writing.looking_at(group, stops=stops):
                look(connections, group)
            in_threads(send, writing.ready(), workers, _has_failed if stops else None, finish=True)
            open_items += [item for item in writing.ready() if item.attempt.begun]
            _skip([item for item in writing.ready() if not item.attempt.begun])
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


class _Writing(Generic[State]):
    """The mailboxes to be written to, a group after the other, each group looked at once more right before.

    What the loop does itself is left to ``run_wave``: what a wave reads is but a few frames from its module.
    """

    def __init__(self, step: Step[State], work: Sequence[WorkItem[State]], moment: datetime.datetime) -> None:
        self._step, self._moment = step, moment
        self._left = list(work)
        self._ended = False
        self._ready: list[WorkItem[State]] = []

    def groups(self, workers: int, *, stops: bool) -> Iterator[list[WorkItem[State]]]:
        """Yield the groups; none after a look that failed, nor after a failure where that ``stops`` the wave."""
        size = max(GROUP, workers * PER_WRITER)
        while self._left and not self._ended:
            group, self._left = self._left[:size], self._left[size:]
            yield group
            if stops and any(item.attempt.error for item in group):
                self._ended = True
        _skip(self._left)

    @contextlib.contextmanager
    def looking_at(self, group: Sequence[WorkItem[State]], *, stops: bool) -> Iterator[None]:
        """Find out, by what the block reads, which mailboxes of the group may still be written to."""
        self._ready = []
        try:
            yield
        except HybridError as error:
            # What was sent before is still to be read back, so the wave does not end here.
            for item in (*group, *self._left):
                _leave(item, error)
            self._left, self._ended = [], True
            return
        ready = [item for item in group if _stands(self._step, item, self._moment)]
        if stops and any(item.outcome.error for item in group):
            _skip(ready)
            self._ended = True
            return
        self._ready = ready

    def ready(self) -> list[WorkItem[State]]:
        """Return those of the group that was looked at last."""
        return self._ready


def _stands(step: Step[State], item: WorkItem[State], moment: datetime.datetime) -> bool:
    """Tell whether what was planned for a mailbox is still what it needs, after the second look."""
    first = _plan_of(item)
    try:
        plan = _plan(step, item, moment)
        _refuse_changed(first, plan)
    except HybridError as error:
        _leave(item, error)
        return False
    item.plan = plan
    _describe(item.outcome, plan, check=False)
    return bool(plan.calls)


def _leave(item: WorkItem[State], error: HybridError) -> None:
    """Fail a mailbox to which nothing was sent."""
    _skip([item])
    item.fail(error)


def _refuse_changed(first: Plan, plan: Plan) -> None:
    """Refuse a plan over something that somebody else changed since the first one was made.

    What is added to and taken from a list writes nothing over, as long as it is the same.
    """
    changed = [name for name in {**first.before, **plan.before} if first.before.get(name) != plan.before.get(name)]
    edited = {
        _attribute(parameter)
        for _kind, cmdlet in plan.calls
        for parameter, value in cmdlet.parameters.items()
        if isinstance(value, Mapping)
    }
    if plan.calls and (plan.calls != first.calls or not edited.issuperset(changed)):
        raise _changed_meanwhile(first, plan, changed)


def _changed_meanwhile(first: Plan, plan: Plan, names: Sequence[str]) -> MailboxError:
    told = "; ".join(
        f"{name} was {_shown(first.before.get(name))} and is {_shown(plan.before.get(name))}" for name in names
    )
    return MailboxError(
        f"something else changed it between the read and the write{f': {told}' if told else ''}. Nothing was written.",
        code="changed_meanwhile",
        cmdlet=first.calls[0][1].name,
        retryable=True,
        remedy="Find out who else writes to it, another run or an administrator, and run again: the mailbox is read "
        "again.",
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _has_failed(item: WorkItem[State]) -> bool:
    return item.attempt.error is not None


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
            connections.run(call[0], replace(call[1], output=False), change)
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
