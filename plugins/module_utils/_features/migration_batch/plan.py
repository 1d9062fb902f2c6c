# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a wave's migration batches need: made, filled, started, stopped, completed or removed. Pure.

Where a batch owns a move request, only migration cmdlets write (facts migration-batches.md 2.4). A wave's batches are
those of its name, and ``name-2``, ``name-3`` where one does not take all. What is there is adopted: nothing is made
twice, and whoever is in another batch, in a finished one too, is told rather than failed by the service.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Value
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import members
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.members import (
    Databases,
    Member,
    Settings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import data_consistency
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import migration, move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    MigrationBatch,
    MigrationUser,
    MoveRequest,
    part,
)

MOST_BATCHES = 100  # of a tenant (facts migration-batches.md section 3)
BATCH_SIZE = 1000
SHOWN = (
    "identity", "batch_id", "status", "status_summary", "data_consistency_score", "has_unapproved_skipped_items",
    "skipped_item_count", "synced_item_count", "error_summary", "last_successful_sync_time",
)  # fmt: skip


@dataclass(frozen=True)
class Options:
    """What a task asks of the wave's batches. ``endpoint`` is the name of the target endpoint.

    ``databases`` are those of new batches, for members that have none of their own; ``others`` are keys of mailboxes of
    the wave for which nothing is done: they are home, or have failed.
    """

    state: str
    batch_name: str
    endpoint: str = ""
    batch_size: int = BATCH_SIZE
    notification_emails: Sequence[str] = ()
    purge_members: bool = False
    only_completed: bool = False
    databases: Databases = field(default_factory=Databases)
    others: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Seen:
    """What the tenant shows: all batches, all their users, and the move requests by ExchangeGuid."""

    batches: Sequence[MigrationBatch] = ()
    users: Sequence[MigrationUser] = ()
    requests: Mapping[str, MoveRequest] = field(default_factory=dict)


@dataclass(frozen=True)
class BatchCall:
    """One write: what it is about, whom it concerns, by identity, and what changes."""

    cmdlet: Cmdlet
    about: str
    concerns: tuple[str, ...]
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)

    @property
    def of_a_user(self) -> bool:
        """Tell whether it is about one mailbox's user, rather than about a batch."""
        return self.concerns == (self.about,)


@dataclass
class Verdict:
    """What is known of one mailbox before anything is sent. ``batch`` is the wave's batch that it is in, or goes to."""

    status: str = "unchanged"
    error: HybridError | None = None
    batch: str = ""
    user: MigrationUser | None = None
    details: dict[str, object] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass
class WavePlan:
    """``stages`` are sent one after the other, the calls of one in any order. ``waits_for`` are batches whose names are
    needed and that are still being removed."""

    verdicts: dict[str, Verdict]
    stages: list[list[BatchCall]] = field(default_factory=list)
    waits_for: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def calls(self) -> list[BatchCall]:
        return [call for stage in self.stages for call in stage]


@dataclass(frozen=True)
class _Found:
    """The users of a mailbox: in batches of this wave, and in others."""

    mine: MigrationUser | None
    others: Sequence[MigrationUser]


class _Wave:
    """A wave beside what the tenant shows of it."""

    def __init__(self, wave: Sequence[Member], seen: Seen, options: Options) -> None:
        self.members = wave
        self.seen = seen
        self.options = options
        self.batches = {_values.folded(batch["identity"]): batch for batch in seen.batches}
        self._inside: dict[str, list[MigrationUser]] = {}
        for user in seen.users:
            self._inside.setdefault(_values.folded(user["batch_id"]), []).append(user)
        users = migration.by_key(seen.users)
        self.found = {member.identity: self._users_of(member, users) for member in wave}
        self.plan = WavePlan({member.identity: Verdict() for member in wave})

    def is_own(self, name: str) -> bool:
        """Tell whether a batch is one of this wave's: one that brought mailboxes into the cloud has its name alone."""
        return number_of(name, self.options.batch_name) is not None and not self.is_onboarding(name)

    def is_onboarding(self, name: str) -> bool:
        batch = self.batches.get(_values.folded(name))
        return batch is not None and migration.is_onboarding(batch)

    def status_of(self, name: str) -> str:
        """Return a batch's status, folded; empty for a batch that is not listed."""
        batch = self.batches.get(_values.folded(name))
        return _values.folded(batch["status"]) if batch else ""

    def users_of(self, name: str) -> Sequence[MigrationUser]:
        return self._inside.get(_values.folded(name), ())

    def _users_of(self, member: Member, users: Mapping[str, Sequence[MigrationUser]]) -> _Found:
        found: dict[tuple[str, str], MigrationUser] = {}
        for key in member.keys:
            found.update({(user["batch_id"], user["identity"]): user for user in users.get(key, ())})
        mine = [u for u in found.values() if self.is_own(u["batch_id"]) and not self.is_removing(u)]
        others = [user for user in found.values() if user not in mine]
        return _Found(next(iter(migration.current_first(mine)), None), sorted(others, key=self.is_removing))

    def is_removing(self, user: MigrationUser) -> bool:
        """Tell whether a user is going away, alone or with its batch."""
        return migration.REMOVING in (_values.folded(user["status"]), self.status_of(user["batch_id"]))

    def verdict(self, member: Member) -> Verdict:
        return self.plan.verdicts[member.identity]

    def show(self, member: Member, user: MigrationUser | None) -> None:
        verdict = self.verdict(member)
        verdict.batch, verdict.user = user["batch_id"] if user else "", user
        verdict.details = {"migration_user": part(user, SHOWN) if user else {}}


def number_of(name: str, base: str) -> int | None:
    """Return which batch of a wave a name is: 1 for the wave's own name, n for ``name-n``, None for another's."""
    matched = re.fullmatch(re.escape(_values.folded(base)) + r"(?:-([2-9]|[1-9][0-9]+))?", _values.folded(name))
    return None if matched is None else int(matched[1] or 1)


def is_own(record: Record, batch: str) -> bool:
    """Tell whether a batch is one of the wave that a record names."""
    wave = str(record.get("batch_name") or "")
    return bool(wave) and number_of(batch, wave) is not None


def name_of(base: str, number: int) -> str:
    return base if number == 1 else f"{base}-{number}"


def plan(wave: Sequence[Member], seen: Seen, options: Options, now: datetime.datetime) -> WavePlan:
    """Return what is left to do for a wave's mailboxes."""
    whole = _Wave(wave, seen, options)
    if options.state in ("present", "started"):
        _submit(whole, now)
    elif options.state == "completed":
        _complete(whole, now)
    elif options.state == "stopped":
        _stop(whole)
    else:
        _remove(whole)
    whole.plan.stages = [stage for stage in whole.plan.stages if stage]
    for call in whole.plan.calls:
        for identity in call.concerns:
            whole.plan.verdicts[identity].status = "changed"
    return whole.plan


# -- present, started --------------------------------------------------------------------------------------------------


def _submit(wave: _Wave, now: datetime.datetime) -> None:
    to_add: dict[Settings, list[Member]] = {}
    retried = []
    for member in wave.members:
        user = wave.found[member.identity].mine
        wave.show(member, user)
        try:
            if user is None:
                _refuse_elsewhere(wave, member)
                wanted = members.settings(member.record, now, wave.options.databases)
                to_add.setdefault(wanted, []).append(member)
            elif migration.has_failed(user):
                if not member.record.get("resume_failed"):
                    raise user_failed(user, member.exchange_guid, "run with resume_failed: true")
                retried.append((member, user))
            elif migration.has_completed(user) and member.kind == "mailbox":
                raise _left_over(user)
            elif _stands_alone(wave, user):
                retried.append((member, user))
        except HybridError as error:
            wave.verdict(member).status, wave.verdict(member).error = "failed", error
    filled, made = _placed(wave, to_add)
    retries = [_retry(member, user) for member, user in retried]
    wave.plan.stages = [[*filled, *made], _rescheduled(wave, now), _started(wave), retries]
    _settle_strangers(wave)


def _refuse_elsewhere(wave: _Wave, member: Member) -> None:
    """Refuse a mailbox that is in another batch, or has a request of its own: the service would fail it."""
    others = wave.found[member.identity].others
    if others:
        user = others[0]
        removing = wave.is_removing(user)
        way_out = "remove it from that batch (Remove-MigrationUser)."
        if migration.has_completed(user) or wave.is_onboarding(user["batch_id"]):
            way_out = f"R{way_out[1:]}"
        else:
            way_out = f"Finish it with batch_name: {user['batch_id']}, or {way_out}"
        raise MailboxError(
            f"it is a user of the migration batch {user['batch_id']} ({user['status'] or 'status unknown'}), and the "
            "service takes a mailbox in one batch only, whether finished or not.",
            code="belongs_to_migration_batch",
            cmdlet="Get-MigrationUser",
            retryable=removing,
            remedy="It is being removed there: run again in a few minutes." if removing else way_out,
        )
    # An archive is moved alone where the primary mailbox is on-premises already (KB 2757430).
    fitting = ("", "mailbox", "mail_user") if member.record.get("archive_only") else ("", "mailbox")
    if member.kind not in fitting:
        raise _no_mailbox(member.kind)
    request = wave.seen.requests.get(member.exchange_guid)
    if request is None:
        return
    if move_request.owned_by_batch(request):
        raise _owned(request)
    if request["status"] in move_request.COMPLETED:
        raise MailboxError(
            f"a {request['status']} request is left from an earlier move and blocks a new one.",
            code="completed_request_left",
            cmdlet="Get-MoveRequest",
            remedy="Remove it (move_request, state: absent).",
        )
    raise MailboxError(
        f"it has a move request of its own, which is {request['status']}.",
        code="request_exists",
        cmdlet="Get-MoveRequest",
        remedy="Finish it or remove it with module move_request; the role does so by itself.",
    )


def _owned(request: MoveRequest) -> MailboxError:
    batch = request["batch_name"].partition(":")[2]
    return MailboxError(
        f"its move request, which is {request['status']}, belongs to the migration batch {batch}, where it is no user.",
        code="belongs_to_migration_batch",
        cmdlet="Get-MoveRequest",
        remedy=f"Remove the batch {batch}, if there is one, which removes the request, too. If there is none, nothing "
        f"owns the request: Remove-MoveRequest -Identity {request['exchange_guid']} in Exchange Online.",
    )


def _left_over(user: MigrationUser) -> MailboxError:
    return MailboxError(
        f"its user in the migration batch {user['batch_id']} is {user['status']}, but the mailbox is in the cloud: the "
        "user is left from an earlier move, and blocks a new one.",
        code="completed_request_left",
        cmdlet="Get-MigrationUser",
        remedy="Remove it (migration_batch with state: absent and only_completed: true), and run again.",
    )


def _stands_alone(wave: _Wave, user: MigrationUser) -> bool:
    """Tell whether a user was stopped in a batch that runs: the batch's start would not reach it."""
    batch = wave.status_of(user["batch_id"])
    return (
        wave.options.state == "started"
        and migration.is_stopped(user)
        and batch not in (*migration.STANDING, "stopping", "")
    )


def _no_mailbox(kind: str) -> MailboxError:
    if kind == "mail_user":
        return MailboxError(
            "it is a mail user in Exchange Online: its mailbox is home already, or was never in the cloud.",
            code="already_home",
            cmdlet="Get-MailUser",
            remedy="Check both sides (offboarding_state), and leave it out of the wave.",
        )
    return MailboxError(
        "it is not a mailbox in Exchange Online.", code="not_a_mailbox", cmdlet="Get-Recipient",
        remedy="Leave it out of the wave.",
    )  # fmt: skip


def user_failed(user: MigrationUser, exchange_guid: str, then: str) -> MailboxError:
    """Return what a failed user means: Exchange's own words, and what the failure catalogue says of them."""
    request = migration.as_request(user, exchange_guid)
    message = str(request.get("message") or "no message")
    known = classify(str(request.get("failure_type") or ""), message)
    return MailboxError(
        f"its user in the migration batch {user['batch_id']} is {user['status']} ({known.code}): {message}",
        code="move_failed",
        cmdlet="Get-MigrationUser",
        retryable=known.retryable,
        remedy=f"{known.remedy} Then {then}.",
    )


def _placed(wave: _Wave, to_add: Mapping[Settings, Sequence[Member]]) -> tuple[list[BatchCall], list[BatchCall]]:
    """Return the calls that add members to batches with room, and those that make batches for the rest."""
    filled: list[BatchCall] = []
    made: list[BatchCall] = []
    taken = {number_of(batch["identity"], wave.options.batch_name) for batch in wave.seen.batches}
    room = MOST_BATCHES - len(wave.seen.batches)
    room_in = {batch["identity"]: _room_in(wave, batch) for batch in wave.seen.batches}
    for wanted, group in to_add.items():
        rest = list(group)
        for batch in _fitting(wave, wanted):
            free = room_in[batch["identity"]]
            adds, rest = rest[:free], rest[free:]
            room_in[batch["identity"]] -= len(adds)
            if adds:
                filled.append(_added(batch, adds, wave.options.databases))
                _goes_to(wave, adds, batch["identity"])
        while rest:
            adds, rest = rest[: wave.options.batch_size], rest[wave.options.batch_size :]
            number = next(n for n in range(1, len(wave.seen.batches) + len(made) + 2) if n not in taken)
            name = name_of(wave.options.batch_name, number)
            if room <= 0:
                _fail(wave, adds, _too_many())
                continue
            taken.add(number)
            room -= 1
            made.append(_new(wave.options, name, wanted, adds))
            _goes_to(wave, adds, name)
    held = {user["batch_id"] for found in wave.found.values() for user in found.others}
    wave.plan.waits_for = [
        batch["identity"]
        for batch in wave.seen.batches
        if (made or batch["identity"] in held)
        and wave.is_own(batch["identity"])
        and wave.status_of(batch["identity"]) == migration.REMOVING
    ]
    return filled, made


def _room_in(wave: _Wave, batch: MigrationBatch) -> int:
    count = batch.get("total_count", len(wave.users_of(batch["identity"])))
    return max(0, wave.options.batch_size - count)


def _fitting(wave: _Wave, wanted: Settings) -> Iterable[MigrationBatch]:
    """Yield the wave's batches that members with these settings can join, in their order."""
    own = [batch for batch in wave.seen.batches if wave.is_own(batch["identity"])]
    for batch in sorted(own, key=lambda item: number_of(item["identity"], wave.options.batch_name) or 0):
        ended = _values.folded(batch["status"]) in migration.ENDED
        domain = batch.get("target_delivery_domain", wanted.target_delivery_domain)
        endpoint = batch.get("target_endpoint", wave.options.endpoint)
        same = (
            _values.folded(domain) == wanted.target_delivery_domain
            and _values.folded(endpoint) == _values.folded(wave.options.endpoint)
            and batch.get("complete_after_utc", "") == wanted.complete_after
        )
        if not ended and same and _suits(wave, batch, wanted):
            yield batch


def _suits(wave: _Wave, batch: MigrationBatch, wanted: Settings) -> bool:
    """Tell whether a batch has the settings that Exchange shows nowhere, by the wave's own members of it.

    Of one whose users were all removed, nothing is known any more.

    Without its ArchiveDomain, the move of a primary mailbox alone fails (KB 3160413); in a batch that completes by
    itself, whoever is to be held would be moved at once.
    """
    users = wave.users_of(batch["identity"])
    if wanted.cutover == "held" and any(map(_is_final, users)):
        return False
    if not users and batch.get("total_count") == 0:
        return False
    name = _values.folded(batch["identity"])
    inside = [
        member.record
        for member in wave.members
        if (mine := wave.found[member.identity].mine) and _values.folded(mine["batch_id"]) == name
    ]
    if not inside:
        return not wanted.archive_domain
    cutovers = {record.get("cutover") or "automatic" for record in inside}
    return wanted.cutover in cutovers and wanted.archive_domain in map(members.archive_domain, inside)


def _goes_to(wave: _Wave, adds: Sequence[Member], name: str) -> None:
    for member in adds:
        wave.verdict(member).batch = name


def _fail(wave: _Wave, failing: Sequence[Member], error: MailboxError) -> None:
    for member in failing:
        wave.verdict(member).status, wave.verdict(member).error = "failed", error


def _too_many() -> MailboxError:
    return MailboxError(
        f"the tenant has {MOST_BATCHES} migration batches, which is the most that it takes.",
        code="too_many_batches",
        cmdlet="Get-MigrationBatch",
        remedy="Remove finished ones (migration_batch with state: absent, or the admin center), and run again.",
    )


def _added(batch: MigrationBatch, adds: Sequence[Member], named: Databases) -> BatchCall:
    """Return the call that adds members to a batch, which does not show what databases they would inherit."""
    name = batch["identity"]
    parameters: dict[str, Value] = {"Identity": name, "AddUsers": True, "CSVData": members.csv_data(adds, named)}
    return BatchCall(
        Cmdlet("Set-MigrationBatch", parameters),
        name,
        tuple(member.identity for member in adds),
        {"migration_batch": None},
        {"migration_batch": name},
    )


def _new(options: Options, name: str, wanted: Settings, adds: Sequence[Member]) -> BatchCall:
    parameters: dict[str, Value] = {
        "Name": name,
        "CSVData": members.csv_data(adds),
        "TargetEndpoint": options.endpoint,
        "TargetDeliveryDomain": wanted.target_delivery_domain,
    }
    if options.databases.primary:
        parameters["TargetDatabases"] = list(options.databases.primary)
    if options.databases.archive:
        parameters["TargetArchiveDatabases"] = list(options.databases.archive)
    if wanted.archive_domain:
        parameters["ArchiveDomain"] = wanted.archive_domain
    if options.notification_emails:
        parameters["NotificationEmails"] = list(options.notification_emails)
    if wanted.start_after:
        parameters["StartAfter"] = _values.parse_time(wanted.start_after)
    if wanted.cutover == "automatic":
        parameters["AutoComplete"] = True
    elif wanted.cutover == "at":
        parameters["CompleteAfter"] = _values.parse_time(wanted.complete_after)
    if options.state == "started":
        parameters["AutoStart"] = True
    return BatchCall(
        Cmdlet("New-MigrationBatch", parameters),
        name,
        tuple(member.identity for member in adds),
        {"migration_batch": None},
        {"migration_batch": name, "cutover": wanted.cutover},
    )


def _rescheduled(wave: _Wave, now: datetime.datetime) -> list[BatchCall]:
    """Return what changes the time of completion of batches that complete at another time than their members ask for.

    Exchange shows the time of a batch alone. Where only some of its users ask for another, that is told: a time of
    their own could not be compared, and would be set in each run.
    """
    inside: dict[str, list[tuple[Member, MigrationUser]]] = {}
    for member in wave.members:
        user = wave.found[member.identity].mine
        if user is not None and member.record.get("cutover") and not _is_final(user):
            inside.setdefault(_values.folded(user["batch_id"]), []).append((member, user))
    calls = []
    for name, group in inside.items():
        batch = wave.batches[name]
        other = [member for member, _user in group if _asks_for_another_time(member.record, batch, now)]
        left = [user for user in wave.users_of(name) if not _is_final(user)]
        wishes = {(member.record["cutover"], _wanted_time(member.record, now)) for member, _user in group}
        if not other:
            continue
        cutover, due = next(iter(wishes))
        if cutover == "held" or len(wishes) > 1 or len(left) > len(group):
            wave.plan.warnings.append(_told_time(batch, len(other)))
            continue
        cmdlet = _completion(batch, now)
        if cutover == "at":
            cmdlet = Cmdlet(
                "Set-MigrationBatch", {"Identity": batch["identity"], "CompleteAfter": _values.parse_time(due)}
            )
        concerned = tuple(member.identity for member in other if wave.verdict(member).error is None)
        before = {"complete_after": batch.get("complete_after_utc")}
        after = _completed_after(due if cutover == "at" else "")
        calls.append(BatchCall(cmdlet, batch["identity"], concerned, before, after))
    return calls


def _asks_for_another_time(record: Record, batch: MigrationBatch, now: datetime.datetime) -> bool:
    """Tell whether a mailbox's cutover contradicts the time that its batch shows; a time that has passed does not."""
    if record["cutover"] == "at":
        wanted = _wanted_time(record, now)
        return bool(wanted) and wanted != batch.get("complete_after_utc")
    known = _values.parse_time(batch.get("complete_after_utc"))
    return known is not None and known > now


def _told_time(batch: MigrationBatch, count: int) -> str:
    due = batch.get("complete_after_utc")
    when = f"completes from {due} on" if due else "has no time of completion"
    return (
        f"The migration batch {batch['identity']} {when}, and {count} mailboxes of the wave ask for another cutover. "
        "It was not changed: a batch with a time cannot be held again, and a time for some of its users is set by "
        "migration_batch with state: completed and complete_after. state: stopped stops it."
    )


def _started(wave: _Wave) -> list[BatchCall]:
    """Return the start of each batch of the wave that stands: one that was made and never started is adopted."""
    if wave.options.state != "started":
        return []
    concerned: dict[str, list[str]] = {}
    for member in wave.members:
        verdict = wave.verdict(member)
        if verdict.error is None and verdict.batch and wave.status_of(verdict.batch) in migration.STANDING:
            concerned.setdefault(verdict.batch, []).append(member.identity)
    return [
        BatchCall(
            Cmdlet("Start-MigrationBatch", {"Identity": name}),
            name,
            tuple(identities),
            {"status": wave.batches[_values.folded(name)]["status"]},
            {"status": "Syncing"},
        )
        for name, identities in concerned.items()
    ]


def _retry(member: Member, user: MigrationUser) -> BatchCall:
    return _of_user("Start-MigrationUser", member, user, {"status": user["status"]}, {"status": "resumed"})


def _of_user(
    name: str,
    member: Member,
    user: MigrationUser,
    before: Mapping[str, object],
    after: Mapping[str, object],
    **more: Value,
) -> BatchCall:
    cmdlet = Cmdlet(name, {"Identity": migration.named(user), **more})
    return BatchCall(cmdlet, member.identity, (member.identity,), before, after)


def _settle_strangers(wave: _Wave) -> None:
    """Tell of users of the wave's batches that are no mailboxes of the wave; remove them where that is asked for."""
    known = wave.options.others.union(*(member.keys for member in wave.members))
    strangers = [
        user
        for batch in wave.seen.batches
        if wave.is_own(batch["identity"]) and wave.status_of(batch["identity"]) != migration.REMOVING
        for user in wave.users_of(batch["identity"])
        if not migration.keys(user) & known
    ]
    if wave.options.purge_members:
        wave.plan.stages.append([
            BatchCall(Cmdlet("Remove-MigrationUser", {"Identity": migration.named(user)}), user["identity"], ())
            for user in strangers
        ])  # fmt: skip
    elif strangers:
        names = ", ".join(sorted(user["identity"] for user in strangers)[:5])
        wave.plan.warnings.append(
            "The wave's batches have users that are not in this wave, and that stay there: "
            f"{names}{f', and {len(strangers) - 5} more' if len(strangers) > 5 else ''}. "
            "migration_batch with purge_members: true removes them."
        )


# -- completed ---------------------------------------------------------------------------------------------------------


def _complete(wave: _Wave, now: datetime.datetime) -> None:
    approvals: list[BatchCall] = []
    ready: dict[str, list[tuple[Member, MigrationUser]]] = {}
    for member in wave.members:
        user = wave.found[member.identity].mine
        wave.show(member, user)
        verdict = wave.verdict(member)
        try:
            if _may_complete(wave, member, user, approvals) and user is not None:
                ready.setdefault(_values.folded(user["batch_id"]), []).append((member, user))
        except HybridError as error:
            verdict.status, verdict.error = "failed", error
    completions = [call for name, group in ready.items() for call in _completions(wave, name, group, now)]
    wave.plan.stages = [approvals, completions]


def _may_complete(wave: _Wave, member: Member, user: MigrationUser | None, approvals: list[BatchCall]) -> bool:
    """Tell whether a user is still to be completed; MailboxError where it must not be."""
    if user is None:
        raise _not_found(wave, member)
    request = migration.as_request(user, member.exchange_guid)
    if request["status"] in move_request.COMPLETED:
        return False
    if migration.is_stopped(user):
        raise _stopped(user)
    wave.verdict(member).status = "pending"
    if request["status"] == "CompletionInProgress":
        return False
    if request["status"] == "Failed":
        then = "resume it with resume_failed: true (migration_batch, state: started)"
        raise user_failed(user, member.exchange_guid, then)
    score = migration.held_by_score(user)
    if score:
        if score == "Poor" or not member.record.get("approve_skipped_items"):
            raise _unapproved(user)
        before: dict[str, object] = {"has_unapproved_skipped_items": True}
        after: dict[str, object] = {"has_unapproved_skipped_items": False}
        approvals.append(_of_user("Set-MigrationUser", member, user, before, after, ApproveSkippedItems=True))
    return True


def _stopped(user: MigrationUser) -> MailboxError:
    return MailboxError(
        f"its user in the migration batch {user['batch_id']} is {user['status']}, and only what is synchronized can be "
        "completed.",
        code="move_stopped",
        cmdlet="Get-MigrationUser",
        remedy="Start it again (migration_batch with state: started, or the role), then complete it.",
    )


def _unapproved(user: MigrationUser) -> MailboxError:
    count = user.get("skipped_item_count", "an unknown number of")
    score = user.get("data_consistency_score") or "unknown"
    if score == "Poor":
        return data_consistency.poor(f"the data consistency score is Poor: the move leaves out {count} items.")
    return data_consistency.unapproved(f"the data consistency score is {score}: the move leaves out {count} items.")


def _not_found(wave: _Wave, member: Member) -> MailboxError:
    others = wave.found[member.identity].others
    name = others[0]["batch_id"] if others else ""
    kind = "onboarding batch" if wave.is_onboarding(name) else "batch"
    how = "being removed from" if others and wave.is_removing(others[0]) else "in"
    where = f" It is {how} the {kind} {name}." if others else ""
    return MailboxError(
        f"it is in no batch of the wave {wave.options.batch_name}.{where}",
        code="not_found",
        cmdlet="Get-MigrationUser",
        remedy="Check batch_name, or submit it first (migration_batch with state: started, or the role).",
    )


def _completions(
    wave: _Wave, name: str, group: Sequence[tuple[Member, MigrationUser]], now: datetime.datetime
) -> list[BatchCall]:
    """Return how the users of one batch complete: all that are left by the batch, some of them each by its own time.

    A user's own time beats its batch's (facts migration-batches.md section 3).
    """
    times = {_wanted_time(member.record, now) for member, _user in group}
    left = [user for user in wave.users_of(name) if not _is_final(user)]
    whole = len(left) == len(group) and len(times) == 1
    batch = wave.batches[name]
    identities = tuple(member.identity for member, _user in group)
    if not whole:
        return [
            _of_user("Set-MigrationUser", member, user, {"status": user["status"]}, _completed_after(due),
                     CompleteAfter=_values.parse_time(due or _values.utc_time(now)))
            for member, user in group
            for due in (_wanted_time(member.record, now),)
        ]  # fmt: skip
    due = times.pop()
    known = _values.parse_time(batch.get("complete_after_utc"))
    if due and batch.get("complete_after_utc") != due:
        parameters: dict[str, Value] = {"Identity": batch["identity"], "CompleteAfter": _values.parse_time(due)}
        cmdlet = Cmdlet("Set-MigrationBatch", parameters)
    elif not due and (known is None or known > now):
        cmdlet = _completion(batch, now)
    else:
        return []
    before = {"complete_after": batch.get("complete_after_utc")}
    return [BatchCall(cmdlet, batch["identity"], identities, before, _completed_after(due))]


def _completion(batch: MigrationBatch, now: datetime.datetime) -> Cmdlet:
    """Return what completes a batch now: Complete-MigrationBatch is documented for one that is synchronized alone.

    It sets CompleteAfter to now, as Microsoft's page says, which can be done for one that still runs.
    """
    if _values.folded(batch["status"]) in migration.COMPLETABLE:
        return Cmdlet("Complete-MigrationBatch", {"Identity": batch["identity"]})
    moment = _values.parse_time(_values.utc_time(now))
    return Cmdlet("Set-MigrationBatch", {"Identity": batch["identity"], "CompleteAfter": moment})


def _completed_after(due: str) -> dict[str, object]:
    return {"complete_after": due} if due else {"status": "Completing"}


def _wanted_time(record: Record, now: datetime.datetime) -> str:
    """Return the time in the future from which on a mailbox may complete; an empty text for now."""
    moment = _values.parse_time(record.get("complete_after"))
    return str(_values.utc_time(moment)) if moment is not None and moment > now else ""


def _is_final(user: MigrationUser) -> bool:
    return migration.as_request(user, "")["status"] in (*move_request.COMPLETED, "CompletionInProgress")


def _runs(user: MigrationUser) -> bool:
    return not _is_final(user) and migration.as_request(user, "")["status"] not in ("Failed", "Suspended")


# -- stopped, absent ---------------------------------------------------------------------------------------------------


def _stop(wave: _Wave) -> None:
    groups: dict[str, list[tuple[Member, MigrationUser]]] = {}
    for member in wave.members:
        user = wave.found[member.identity].mine
        wave.show(member, user)
        if user is None:
            wave.verdict(member).status, wave.verdict(member).error = "failed", _not_found(wave, member)
            continue
        status = migration.as_request(user, "")["status"]
        if status in move_request.COMPLETED:
            wave.verdict(member).warnings.append("its move is completed already.")
        elif _runs(user):
            groups.setdefault(_values.folded(user["batch_id"]), []).append((member, user))
    wave.plan.stages = [[call for name, group in groups.items() for call in _stops(wave, name, group)]]


def _stops(wave: _Wave, name: str, group: Sequence[tuple[Member, MigrationUser]]) -> list[BatchCall]:
    running = [user for user in wave.users_of(name) if _runs(user)]
    batch = wave.batches[name]
    if wave.status_of(name) in migration.STANDING:
        return []
    if len(running) == len(group):
        identities = tuple(member.identity for member, _user in group)
        before, after = {"status": batch["status"]}, {"status": "Stopped"}
        cmdlet = Cmdlet("Stop-MigrationBatch", {"Identity": batch["identity"]})
        return [BatchCall(cmdlet, batch["identity"], identities, before, after)]
    return [
        _of_user("Stop-MigrationUser", member, user, {"status": user["status"]}, {"status": "Stopped"})
        for member, user in group
    ]


def _remove(wave: _Wave) -> None:
    groups: dict[str, list[tuple[Member, MigrationUser]]] = {}
    for member in wave.members:
        user = wave.found[member.identity].mine
        wave.show(member, user)
        verdict = wave.verdict(member)
        if user is None:
            _keep_of_others(wave, member)
            continue
        status = migration.as_request(user, "")["status"]
        if wave.options.only_completed and status not in move_request.COMPLETED:
            verdict.status = "skipped"
            verdict.warnings.append(f"its migration user was kept: it is {user['status']}, not completed")
        elif status == "CompletionInProgress":
            verdict.status, verdict.error = "failed", _completing()
        else:
            groups.setdefault(_values.folded(user["batch_id"]), []).append((member, user))
    stops: list[BatchCall] = []
    removals: list[BatchCall] = []
    for name, group in groups.items():
        batch, identities = wave.batches[name], tuple(member.identity for member, _user in group)
        if len(wave.users_of(name)) > len(group):
            removals += [
                _of_user("Remove-MigrationUser", member, user, {"migration_batch": batch["identity"]}, _GONE)
                for member, user in group
            ]
            continue
        running = any(_runs(user) for _member, user in group)
        if running and wave.status_of(name) not in migration.STANDING:
            stop = Cmdlet("Stop-MigrationBatch", {"Identity": batch["identity"]})
            stops.append(BatchCall(stop, batch["identity"], identities, {"status": batch["status"]}))
        gone = Cmdlet("Remove-MigrationBatch", {"Identity": batch["identity"]})
        removals.append(BatchCall(gone, batch["identity"], identities, {"migration_batch": batch["identity"]}, _GONE))
    wave.plan.stages = [stops, [*removals, *_empty_ones(wave)]]


def _empty_ones(wave: _Wave) -> list[BatchCall]:
    """Return the removal of the wave's batches whose users were removed one by one: each counts among the hundred.

    One that has just begun may not show its users yet.
    """
    return [
        BatchCall(Cmdlet("Remove-MigrationBatch", {"Identity": batch["identity"]}), batch["identity"], ())
        for batch in wave.seen.batches
        if wave.is_own(batch["identity"])
        and wave.status_of(batch["identity"]) not in (migration.REMOVING, "created", "starting", "syncing", "")
        and batch.get("total_count") == 0
        and not wave.users_of(batch["identity"])
    ]


def _keep_of_others(wave: _Wave, member: Member) -> None:
    """Leave what belongs to another batch, and tell so: in a clean-up as a kept one, else as refused."""
    request = wave.seen.requests.get(member.exchange_guid)
    owned = request is not None and move_request.owned_by_batch(request)
    if wave.options.only_completed and request is not None and owned:
        batch = request["batch_name"].partition(":")[2]
        if not wave.is_own(batch):
            verdict = wave.verdict(member)
            verdict.status = "skipped"
            verdict.warnings.append(
                f"its request was kept: it belongs to the migration batch {batch}, remove it there"
            )
    elif not wave.options.only_completed:
        others = [u for u in wave.found[member.identity].others if not wave.is_own(u["batch_id"])]
        if others:
            _fail(wave, [member], _not_found(wave, member))


_GONE: Mapping[str, object] = {"migration_batch": None}


def _completing() -> MailboxError:
    return MailboxError(
        "the move is completing and can no longer be cancelled.",
        code="completing",
        cmdlet="Get-MigrationUser",
        retryable=True,
        remedy="Wait until it is Completed.",
    )
