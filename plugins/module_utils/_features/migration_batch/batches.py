# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A wave's migration batches: read in bulk, planned by plan.py, written in stages, read back.

However many mailboxes there are, they are read with one Get-MigrationBatch, one Get-MigrationUser and one
Get-MoveRequest, and made, started and completed by the batch.
"""

from __future__ import annotations

import datetime
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Value
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    in_threads,
    side_by_side,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features import kept_reports
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.members import Member
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import (
    BatchCall,
    Options,
    Seen,
    WavePlan,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    migration,
    move_request,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, as_record, is_home
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import SETTLE, utc_now
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MigrationUser

# How often the removal of a batch is looked at whose name is needed; it takes minutes (facts migration-batches.md 3).
REMOVAL_LOOK = 10.0
# A name that is taken: by the batch whose answer was lost, say.
TAKEN = "already_exists"


@dataclass
class _Sent:
    """What was sent, and what went wrong with it, by mailbox."""

    cmdlets: dict[str, list[str]] = field(default_factory=dict)
    of_batches: list[str] = field(default_factory=list)
    errors: dict[str, HybridError] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    # Whether something was written that concerns no mailbox of the wave.
    beside: bool = False

    @property
    def lost(self) -> set[str]:
        """The mailboxes of which it is not known whether what was sent has run."""
        return {name for name, error in self.errors.items() if error.answer_lost or error.code == TAKEN}


@dataclass
class Result:
    """An outcome for each record, in order, warnings, and the cmdlets that concern batches as a whole.

    ``changed`` tells of writes that concern no mailbox of the wave, too.
    """

    outcomes: list[Outcome]
    warnings: list[str]
    cmdlets: list[str]
    changed: bool


def run(
    connections: Connections,
    records: Sequence[Record],
    options: Options,
    *,
    check: bool,
    folder: Folder | None = None,
    removal_timeout: float = 600.0,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime.datetime] = utc_now,
) -> Result:
    """Bring the wave's batches to what is asked for. ``folder`` keeps the reports of what is removed completed.

    A write whose answer was lost is planned again from what is live, and only what is still missing is sent, once.
    """
    outcomes = {str(record["identity"]): Outcome(record) for record in records}
    asked: list[Record] = []
    for record in records:
        # What is home has left only its user behind, which is removed as any other.
        if is_home(record) and options.state != "absent":
            outcomes[str(record["identity"])].status = "skipped"
        else:
            asked.append(record)
    wave = _members(connections, asked, outcomes)
    options = replace(options, others=_keys_of_others(records, wave))
    planned = _planned(connections, wave, options, now, removal_timeout, sleep)
    _tell(outcomes, planned, check)
    sent = _Sent()
    if check:
        sent.of_batches = [call.cmdlet.preview() for call in planned.calls if not call.of_a_user]
        sent.beside = any(not call.concerns for call in planned.calls)
    elif planned.calls:
        if folder is not None and options.state == "absent":
            _keep_reports(connections, wave, planned, folder, sent, outcomes)
        _send(connections, planned, sent)
        left = _read_back(connections, wave, options, planned, now, sleep)
        if left.calls and sent.lost:
            again = _only(left, sent.lost)
            for identity in sent.lost:
                del sent.errors[identity]
            _send(connections, again, sent)
            left = _read_back(connections, wave, options, planned, now, sleep)
        _close(outcomes, planned, left, sent)
        planned.warnings += sent.warnings
    ordered = [outcomes[str(record["identity"])] for record in records]
    changed = sent.beside or any(outcome.status == "changed" for outcome in ordered)
    return Result(ordered, planned.warnings, sent.of_batches, changed)


# -- reading -----------------------------------------------------------------------------------------------------------


def _members(connections: Connections, records: Sequence[Record], outcomes: Mapping[str, Outcome]) -> list[Member]:
    """Return the mailboxes that can be members, with the address by which a CSV names them."""
    asked = [record for record in records if not (_address(record) and record.get("exchange_guid"))]
    found = recipients_read.cloud_recipients(connections, asked) if asked else {}
    wave = []
    for record in records:
        identity = str(record["identity"])
        cloud = found.get(identity)
        if isinstance(cloud, HybridError):
            outcomes[identity].status, outcomes[identity].error = "failed", cloud
            continue
        learnt = {} if cloud is None else {name: cloud[name] for name in ("exchange_guid", "email_addresses")}
        whole = as_record({**record, **learnt})
        outcomes[identity].enriched = as_record(learnt)
        kind = "" if cloud is None else cloud["kind"]
        wave.append(Member(whole, str(whole["exchange_guid"]), _address(whole), kind))
    _refuse_one_mailbox_twice(wave, outcomes)
    return [member for member in wave if outcomes[member.identity].error is None]


def _keys_of_others(records: Sequence[Record], wave: Sequence[Member]) -> frozenset[str]:
    """Return by what the users of those mailboxes are found that belong to the wave and are not to be members."""
    members = {member.identity for member in wave}
    others = [record for record in records if str(record["identity"]) not in members]
    keys = (Member(record, str(record.get("exchange_guid") or ""), _address(record)).keys for record in others)
    return frozenset(_values.folded(record["identity"]) for record in others).union(*keys) - {""}


def _address(record: Record) -> str:
    """Return the primary address of the cloud mailbox, an empty text where it is not known."""
    return addresses.primary_of(record.get("email_addresses") or [])


def _refuse_one_mailbox_twice(wave: Sequence[Member], outcomes: Mapping[str, Outcome]) -> None:
    by_guid: dict[str, list[Member]] = {}
    for member in wave:
        by_guid.setdefault(member.exchange_guid, []).append(member)
    for same in by_guid.values():
        for member in same if len(same) > 1 else ():
            outcomes[member.identity].status = "failed"
            outcomes[member.identity].error = MailboxError(
                f"{', '.join(other.identity for other in same)} are one mailbox, {member.exchange_guid}.",
                code="duplicate_identity",
                remedy="List each mailbox once.",
            )


def look(connections: Connections, batch_name: str) -> Seen:
    """Return what the tenant shows: all batches, all their users, all move requests.

    A batch of this wave may come, or go for good, between the answers. Its users are looked at once more, and count no
    longer where there is no such batch: what is left of them is being removed.
    """
    seen = _look(connections)
    if _without_batch(seen, batch_name):
        seen = _look(connections)
    gone = _without_batch(seen, batch_name)
    return replace(seen, users=[user for user in seen.users if _values.folded(user["batch_id"]) not in gone])


def _without_batch(seen: Seen, batch_name: str) -> set[str]:
    """Return the names, folded, of batches of this wave that are not listed and have users."""
    listed = {_values.folded(batch["identity"]) for batch in seen.batches}
    named = {_values.folded(user["batch_id"]) for user in seen.users} - listed
    return {name for name in named if plan.number_of(name, batch_name) is not None}


def _look(connections: Connections) -> Seen:
    batches, users, requests = side_by_side(
        lambda: recipients_read.migration_batches(connections),
        lambda: recipients_read.migration_users(connections),
        lambda: recipients_read.move_requests(connections),
    )
    return Seen(batches, users, move_request.by_mailbox(requests))


def _planned(
    connections: Connections,
    wave: Sequence[Member],
    options: Options,
    now: Callable[[], datetime.datetime],
    patience: float,
    sleep: Callable[[float], None],
) -> WavePlan:
    """Return the plan, once no batch that is being removed stands in its way."""
    while True:
        seen = look(connections, options.batch_name)
        planned = plan.plan(_with_kinds(connections, wave, seen, options), seen, options, now())
        if not planned.waits_for or patience <= 0:
            break
        sleep(REMOVAL_LOOK)
        patience -= REMOVAL_LOOK
    if planned.waits_for:
        planned.warnings.append(
            f"{', '.join(planned.waits_for)} is still being removed, so other names were used for new batches."
        )
    return planned


def _with_kinds(connections: Connections, wave: Sequence[Member], seen: Seen, options: Options) -> list[Member]:
    """Return the wave with what the cloud objects are whose users have completed: home, or left from another move."""
    if options.state not in ("present", "started"):
        return list(wave)
    ended = migration.by_key(user for user in seen.users if migration.has_completed(user))
    asked = [member.record for member in wave if not member.kind and not member.keys.isdisjoint(ended)]
    found = recipients_read.cloud_recipients(connections, asked) if asked else {}
    kinds = {identity: shown["kind"] for identity, shown in found.items() if not isinstance(shown, HybridError)}
    return [replace(member, kind=kinds.get(member.identity, member.kind)) for member in wave]


# -- reports -----------------------------------------------------------------------------------------------------------


def _keep_reports(
    connections: Connections,
    wave: Sequence[Member],
    planned: WavePlan,
    folder: Folder,
    sent: _Sent,
    outcomes: Mapping[str, Outcome],
) -> None:
    """Keep the reports of completed moves, and of batches, that are about to be removed; what cannot be kept stays.

    A batch is removed with all its users, so it stays where the report of one of them does.
    """
    removals = [call for call in planned.calls if call.cmdlet.name.startswith("Remove-")]
    gone = {identity for call in removals for identity in call.concerns}
    completed = [
        _report_of(member, user)
        for member in wave
        if member.identity in gone
        and (user := planned.verdicts[member.identity].user) is not None
        and migration.as_request(user, "")["status"] in move_request.COMPLETED
    ]
    if not completed:
        return
    of_batches = [_report_of_batch(call) for call in removals if not call.of_a_user]
    kept = kept_reports.keep(connections, folder, [*completed, *of_batches])
    for call in removals:
        errors = [kept.errors[key] for key in (*call.concerns, _batch_key(call)) if key in kept.errors]
        for identity in call.concerns:
            if errors:
                sent.errors[identity] = kept.errors.get(identity, errors[0])
            if identity in kept.paths:
                outcomes[identity].details["kept_report"] = kept.paths[identity]


def _report_of(member: Member, user: MigrationUser) -> kept_reports.Asked:
    parameters: dict[str, Value] = {
        "Identity": migration.named(user), "IncludeReport": True, "IncludeSkippedItems": True,
    }  # fmt: skip
    cmdlet = Cmdlet("Get-MigrationUserStatistics", parameters)
    return kept_reports.Asked(member.identity, member.identity, member.exchange_guid, cmdlet)


def _report_of_batch(call: BatchCall) -> kept_reports.Asked:
    cmdlet = Cmdlet("Get-MigrationBatch", {"Identity": call.about, "IncludeReport": True})
    return kept_reports.Asked(_batch_key(call), call.about, "batch", cmdlet, own="BatchGuid")


def _batch_key(call: BatchCall) -> str:
    return f"batch {call.about}"


# -- writing -----------------------------------------------------------------------------------------------------------


def _tell(outcomes: Mapping[str, Outcome], planned: WavePlan, check: bool) -> None:
    for identity, verdict in planned.verdicts.items():
        outcome = outcomes[identity]
        outcome.status, outcome.error = verdict.status, verdict.error
        outcome.warnings += verdict.warnings
        outcome.details = {"migration_user": {}, **verdict.details, "migration_batch": verdict.batch}
    for call in planned.calls:
        for identity in call.concerns:
            outcome = outcomes[identity]
            outcome.before, outcome.after = {**call.before, **outcome.before}, {**outcome.after, **call.after}
            if check and call.of_a_user:
                outcome.cmdlets = [*outcome.cmdlets, call.cmdlet.preview()]


def _send(connections: Connections, planned: WavePlan, sent: _Sent) -> None:
    """Send the stages one after the other; of a mailbox for which one failed, none of the later ones is sent."""
    for stage in planned.stages:
        going = [(call, _without(call, sent.errors)) for call in stage]
        sendable = [left for call, left in going if left.concerns or not call.concerns]
        one = functools.partial(_send_one, connections, sent)
        in_threads(one, sendable, min(connections.workers(EXCHANGE_ONLINE), max(1, len(sendable))), finish=True)


def _without(call: BatchCall, errors: Mapping[str, HybridError]) -> BatchCall:
    return replace(call, concerns=tuple(name for name in call.concerns if name not in errors))


def _send_one(connections: Connections, sent: _Sent, call: BatchCall) -> BatchCall:
    if not call.of_a_user:
        sent.of_batches.append(call.cmdlet.preview())
    for identity in call.concerns:
        if call.of_a_user:
            sent.cmdlets.setdefault(identity, []).append(call.cmdlet.preview())
        sent.errors.pop(identity, None)
    users = {"users": list(call.concerns)} if call.concerns else {}
    change = Change(call.about, call.before, {**call.after, **users})
    try:
        connections.run(EXCHANGE_ONLINE, call.cmdlet, change)
        sent.beside = sent.beside or not call.concerns
    except HybridError as error:
        error.cmdlet = error.cmdlet or call.cmdlet.name
        for identity in call.concerns:
            sent.errors[identity] = error
        if not call.concerns:
            sent.warnings.append(f"{call.about}: {error.sentence()}")
    return call


def _only(planned: WavePlan, identities: set[str]) -> WavePlan:
    """Return the part of a plan that concerns these mailboxes."""
    stages = [[call for call in stage if identities & set(call.concerns)] for stage in planned.stages]
    return replace(planned, stages=[stage for stage in stages if stage])


def _read_back(
    connections: Connections,
    wave: Sequence[Member],
    options: Options,
    planned: WavePlan,
    now: Callable[[], datetime.datetime],
    sleep: Callable[[float], None],
) -> WavePlan:
    """Return what is still to be done by what the tenant shows now, given the time to show it."""
    concerned = {identity for call in planned.calls for identity in call.concerns}
    mine = [member for member in wave if member.identity in concerned]
    left = planned
    for pause in (0.0, *SETTLE):
        if pause:
            sleep(pause)
        left = plan.plan(mine, look(connections, options.batch_name), replace(options, purge_members=False), now())
        if not left.calls:
            break
    return left


def _close(outcomes: Mapping[str, Outcome], planned: WavePlan, left: WavePlan, sent: _Sent) -> None:
    """Say what became of each mailbox that something was sent for."""
    undone = {identity: call for call in left.calls for identity in call.concerns}
    for identity in {identity for call in planned.calls for identity in call.concerns}:
        outcome, verdict, error = outcomes[identity], left.verdicts[identity], sent.errors.get(identity)
        outcome.cmdlets = sent.cmdlets.get(identity, [])
        outcome.details = {**outcome.details, **verdict.details}
        if verdict.batch:
            outcome.details["migration_batch"] = verdict.batch
        if identity in undone:
            cmdlet = undone[identity].cmdlet.name
            outcome.status, outcome.error = "failed", error or _not_applied(cmdlet)
        elif error is not None and not (error.answer_lost or error.code == TAKEN):
            outcome.status, outcome.error = "failed", error
        elif verdict.error is not None:
            outcome.status, outcome.error = "failed", verdict.error
        else:
            outcome.status, outcome.error = "changed", None


def _not_applied(cmdlet: str) -> MailboxError:
    return MailboxError(
        f"{cmdlet} was accepted, but the change is not visible when it is read back.",
        code="not_applied",
        cmdlet=cmdlet,
        retryable=True,
        remedy="Run again: what is there is read first.",
    )
