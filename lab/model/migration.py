# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The migration service: batches and their users, from the CSV to the move requests that it makes and completes.

Rules: migration-batches.md, section 9, and what that refers to. Each user that gets a slot of the endpoint gets a move
request, which this service alone holds and releases. What is not known is decided by ``seed``; all lengths are made up
and short (lab/README.md, "Invented here").
"""

from __future__ import annotations

import datetime
import itertools
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lab.answer import CmdletFailure, LabCredential
from lab.model import failures
from lab.model.clock import Agenda
from lab.model.cloud_recipients import CloudRecipients
from lab.model.mailbox_replication import INDEX, READY, MailboxReplication, MoveOptions, MoveRequest
from lab.model.migration_csv import MAILBOX_TYPES, Row
from lab.model.tenant import MigrationEndpoint, TenantObject

OWNER = "MigrationService:"
MOST_BATCHES = 100
KEPT_SYNCED, KEPT_STOPPED = datetime.timedelta(days=60), datetime.timedelta(days=90)
KEPT_BY_STATUS = {
    "Completed": KEPT_SYNCED, "CompletedWithErrors": KEPT_SYNCED, "Stopped": KEPT_STOPPED, "Created": KEPT_STOPPED,
}  # fmt: skip
# A completion that was asked for is not asked for again by a repetition within this time.
REPEATED = datetime.timedelta(hours=8)
SUMMARY = {
    "Validating": "Active", "Queued": "Active", "Provisioning": "Active", "Syncing": "Active", "Completing": "Active",
    "Synced": "Synced", "Stopped": "Stopped", "Failed": "Failed", "IncrementalFailed": "Failed",
    "Completed": "Completed", "CompletedWithWarnings": "Completed", "Removing": "Active",
}  # fmt: skip
FINAL = ("Completed", "Failed")
COMPLETABLE = ("Synced", "SyncedWithErrors", "Completing")
NAMESPACE = uuid.UUID("5b1e8f0c-7a0e-4b53-9d59-3f1a9a3c7d21")
Check = Callable[[TenantObject, MoveOptions], None]


@dataclass
class MigrationTiming:
    """Seconds of a lab that runs at speed 1; ``completing_lag`` and ``removing`` are the longest of their kind."""

    validating: float = 1.0
    starting: float = 5.0
    completing_lag: float = 4.0
    removing: float = 10.0
    between_tests: float = 60.0  # of an endpoint: how long it is refused for is not known
    speed: float = 1.0

    def after(self, seconds: float) -> datetime.timedelta:
        return datetime.timedelta(seconds=seconds / self.speed)


@dataclass
class Batch:
    """One batch as it was asked for, and how far it has come. ``completes_at`` is when its users may complete."""

    guid: uuid.UUID
    name: str
    endpoint: MigrationEndpoint
    options: MoveOptions
    databases: list[str]
    archive_databases: list[str]
    created_at: datetime.datetime
    notification_emails: list[str] = field(default_factory=list)
    start_after: datetime.datetime | None = None
    complete_after: datetime.datetime | None = None
    auto_complete: bool = False
    users: list[User] = field(default_factory=list)
    started_at: datetime.datetime | None = None
    starting_until: datetime.datetime | None = None
    stopped: bool = False
    completes_at: datetime.datetime | None = None
    signalled_at: datetime.datetime | None = None
    approved_at: datetime.datetime | None = None
    removing: bool = False
    touched_at: datetime.datetime | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass
class User:
    """One row of a batch. ``stage`` is its status as long as it has no request."""

    guid: uuid.UUID
    address: str
    batch: Batch
    row: Row
    mailbox: TenantObject | None = None
    stage: str = "Validating"
    due: datetime.datetime | None = None
    error: str = ""
    error_type: str = ""
    stopped: bool = False
    request: MoveRequest | None = None
    complete_after: datetime.datetime | None = None
    approved_at: datetime.datetime | None = None
    removing: bool = False

    @property
    def status(self) -> str:
        """Return Status as Get-MigrationUser shows it."""
        request = self.request
        if self.removing:
            return "Removing"
        if self.error:
            return "IncrementalFailed" if request is not None and request.seeded_at is not None else "Failed"
        if self.stopped:
            return "Stopped"
        if request is None:
            return self.stage
        if request.phase == "completed":
            return "CompletedWithWarnings" if request.warning or request.skipped.any else "Completed"
        return {"queued": "Provisioning", "held": "Synced", "completing": "Completing"}.get(request.phase, "Syncing")

    @property
    def summary(self) -> str:
        """Return StatusSummary."""
        return SUMMARY[self.status]

    @property
    def approved(self) -> bool:
        """Say whether nothing that was skipped stands in the way: an approval holds for what was found before it."""
        request = self.request
        if request is None or request.seeded_at is None or request.skipped.score in ("Perfect", "Good"):
            return True
        return request.skipped.score == "Investigate" and self.approval_given

    @property
    def approval_given(self) -> bool:
        """Say whether somebody approved what the first sync skipped."""
        seeded_at = self.request.seeded_at if self.request is not None else None
        given = [moment for moment in (self.approved_at, self.batch.approved_at) if moment is not None]
        return seeded_at is not None and any(moment >= seeded_at for moment in given)


@dataclass
class Slots:
    """Who has a slot of one endpoint, and who waits for one, in their order."""

    queued: dict[uuid.UUID, User] = field(default_factory=dict)
    copying: set[uuid.UUID] = field(default_factory=set)
    synced: dict[uuid.UUID, User] = field(default_factory=dict)
    completing: set[uuid.UUID] = field(default_factory=set)

    def forget(self, user: User) -> None:
        """Take a user out of all of them."""
        for of in (self.queued, self.synced):
            of.pop(user.guid, None)
        for taken in (self.copying, self.completing):
            taken.discard(user.guid)


class MigrationService:
    """The batches of the tenant. ``seed`` decides what is not known of the service."""

    def __init__(
        self,
        replication: MailboxReplication,
        recipients: CloudRecipients,
        agenda: Agenda,
        check_endpoint: Callable[[str, LabCredential | None], None],
        check_options: Check,
        seed: int = 0,
    ) -> None:
        self.replication = replication
        self.recipients = recipients
        self.agenda = agenda
        self.timing = MigrationTiming(speed=replication.timing.speed)
        self.seed = seed
        self.batches: list[Batch] = []
        self._check_endpoint = check_endpoint
        self._check_options = check_options
        # Words that nobody has documented, by those that they are shown in the place of.
        self.words: dict[str, str] = {}
        self._made = 0
        self._slots: dict[str, Slots] = {}
        self._of_request: dict[uuid.UUID, User] = {}
        self._of_mailbox: dict[uuid.UUID, list[User]] = {}
        replication.watchers.append(self._watch)

    # -- what is there -------------------------------------------------------------------------------------------

    def users(self) -> list[User]:
        """Return the users of all batches."""
        return [user for batch in self.batches for user in batch.users]

    def onboarding(self) -> dict[str, list[str]]:
        """Return the addresses of each finished batch that brought mailboxes into the cloud."""
        found: dict[str, list[str]] = {}
        for address, name in self.recipients.tenant.migration_users.items():
            found.setdefault(name, []).append(address)
        return found

    def shows_unapproved(self, user: User) -> bool:
        """Return HasUnapprovedSkippedItems; whether it tells of what needs no approval is decided by the seed."""
        skipped = user.request.skipped if user.request is not None and user.request.seeded_at is not None else None
        needless = bool(self.seed % 2 and skipped is not None and skipped.any and not user.approval_given)
        return not user.approved or needless

    def batch(self, identity: object) -> Batch:
        """Return a batch by its name or its GUID."""
        text = str(identity).lower()
        for batch in self.batches:
            if text in (batch.name.lower(), str(batch.guid)):
                return batch
        raise _not_found("Batch", identity)

    def identity(self, user: User) -> str:
        """Return what a user is called: with several of one mailbox, the address alone names none of them."""
        if user.mailbox is None:
            return user.address
        alone = len(self._of_mailbox[user.mailbox.guid]) == 1
        return user.address if alone else f"{user.address}/{user.mailbox.exchange_guid}"

    def user(self, identity: object) -> User:
        """Return a user by its identity or its own GUID."""
        text = str(identity).lower()
        for user in self.users():
            if text in (self.identity(user).lower(), str(user.guid)):
                return user
        raise _not_found("User", identity)

    def status(self, batch: Batch, now: datetime.datetime) -> str:
        """Return a batch's Status."""
        if batch.removing:
            return "Removing"
        if batch.stopped:
            return "Stopped"
        if batch.started_at is None:
            return "Created" if self.seed % 2 else "Stopped"
        if batch.starting_until is not None and now < batch.starting_until:
            return "Starting"
        found = {user.summary for user in batch.users if not user.removing}
        if "Active" in found:
            return "Completing" if any(user.status == "Completing" for user in batch.users) else "Syncing"
        if found <= {"Stopped"} and found:
            return "Stopped"
        if "Completed" in found and found <= set(FINAL):
            return "CompletedWithErrors" if "Failed" in found else "Completed"
        return "SyncedWithErrors" if "Failed" in found else "Synced"

    # -- what is asked for ---------------------------------------------------------------------------------------

    def add(self, batch: Batch, rows: list[Row], now: datetime.datetime) -> None:
        """Take a new batch. Raises CmdletFailure where its name is taken, or there are too many."""
        names = [*(other.name for other in self.batches), *self.onboarding()]
        if batch.name.lower() in map(str.lower, names):
            raise failures.migration("MigrationBatchAlreadyExistsException", "The migration batch already exists.")
        if len(names) >= MOST_BATCHES:
            raise failures.migration(
                "MaximumNumberOfBatchesReachedException",
                "The maximum number of migration batches is already running. Please remove a batch before you add "
                "another one",
            )
        self.batches.append(batch)
        self.add_users(batch, rows, now)

    def add_users(self, batch: Batch, rows: list[Row], now: datetime.datetime) -> None:
        """Add the rows whose addresses are new to a batch; in one that runs they start at once."""
        held = {user.address.lower() for user in batch.users}
        for row in rows:
            address = row.get("EmailAddress", "")
            if address.lower() in held:
                continue
            self._made += 1
            user = User(uuid.uuid5(NAMESPACE, f"user {self._made}"), address, batch, row)
            batch.users.append(user)
            if batch.started_at is not None and not batch.stopped:
                self._begin(user, now + self.timing.after(self.timing.validating))
        self.touch(batch, now)

    def start(self, batch: Batch, now: datetime.datetime, *, at_once: bool = False) -> None:
        """Start a batch that stands, or let the failed users of one that runs try again."""
        first = batch.started_at is None or batch.stopped
        failed = [user for user in batch.users if user.error]
        if not first and not failed and self.seed % 2:
            raise _cannot("Started", "The migration batch is already running.")
        if first:
            wait = datetime.timedelta() if at_once else self.timing.after(self._up_to(self.timing.starting))
            batch.started_at = batch.started_at or now
            batch.stopped, batch.starting_until = False, now + wait
        begins = max(batch.starting_until or now, batch.start_after or now, now)
        for user in [user for user in batch.users if first or user.error]:
            if user.summary != "Completed" and not user.removing:
                self.retry(user, begins + self.timing.after(self.timing.validating), now)
        self.touch(batch, now)

    def retry(self, user: User, due: datetime.datetime, now: datetime.datetime) -> None:
        """Let one user begin, go on after a stop, or try again after a failure."""
        user.error, user.error_type, user.stopped = "", "", False
        if user.request is not None and self.replication.requests.get(user.request.mailbox.guid) is user.request:
            user.request.resumed_by_hand = False
            self.replication.resume(user.request, now)
            return
        user.request = None
        self._begin(user, due)

    def stop(self, batch: Batch, now: datetime.datetime) -> None:
        """Stop what runs; what is finished stays."""
        if batch.started_at is None or batch.stopped or all(user.summary in FINAL for user in batch.users):
            raise _cannot("Stopped", "The migration batch can't be stopped.")
        for user in batch.users:
            self.stop_user(user, now)
        batch.stopped = True
        self.touch(batch, now)

    def stop_user(self, user: User, now: datetime.datetime) -> None:
        """Stop one user, unless it is finished or being finished."""
        if user.summary in FINAL or user.status == "Completing":
            return
        user.stopped, user.due = True, None
        self._slots_of(user).forget(user)
        if user.request is not None:
            self.replication.suspend(user.request, now, "")

    def complete(self, batch: Batch, now: datetime.datetime) -> None:
        """Let a batch complete from now on; the service takes its time to begin."""
        refused = self.seed % 2 == 1 and self.status(batch, now) not in COMPLETABLE
        if batch.started_at is None or batch.stopped or refused:
            raise _cannot("Completed", "The migration batch can't be completed in its state.")
        if batch.signalled_at is not None and now - batch.signalled_at < REPEATED:
            return
        batch.signalled_at = batch.complete_after = now
        self.schedule(batch, now + self.timing.after(self._up_to(self.timing.completing_lag)), now)

    def schedule(self, batch: Batch, due: datetime.datetime | None, now: datetime.datetime) -> None:
        """Set when the users of a batch that have no time of their own may complete."""
        batch.completes_at = due
        self.touch(batch, now)
        for user in batch.users:
            self._appoint_completion(user, now)

    def schedule_user(self, user: User, due: datetime.datetime, now: datetime.datetime) -> None:
        """Set when one user may complete: it beats its batch's time."""
        user.complete_after = due
        self.touch(user.batch, now)
        self._appoint_completion(user, now)

    def approve(self, users: list[User], now: datetime.datetime) -> None:
        """Look again at users whose skipped items were approved."""
        for user in users:
            self._appoint_completion(user, now)

    def remove(self, batch: Batch, now: datetime.datetime) -> None:
        """Remove a batch: after a while its users and their requests are gone, and its name is free."""
        if self.status(batch, now) in ("Syncing", "Completing", "Starting") and self.seed % 2 == 0:
            raise _cannot("Removed", "The migration batch is still running.")
        if batch.removing:
            return
        batch.removing = True
        for user in batch.users:
            self.stop_user(user, now)
        self.agenda.add(now + self.timing.after(self._up_to(self.timing.removing)), lambda due: self._gone(batch, due))

    def remove_user(self, user: User, now: datetime.datetime) -> None:
        """Remove one user with its request, at once or after a while that shows, by the seed."""
        if user.status == "Completing":
            raise failures.migration("MigrationUserCannotBeRemovedException", "The migration user is being completed.")
        if self.seed % 2 == 0:
            self._user_gone(user, now)
        elif not user.removing:
            self.stop_user(user, now)
            user.removing = True
            due = now + self.timing.after(self._up_to(self.timing.removing))
            self.agenda.add(due, lambda moment: self._user_gone(user, moment))

    def _user_gone(self, user: User, now: datetime.datetime) -> None:
        if user not in user.batch.users:
            return
        user.batch.users.remove(user)
        self._forget(user)
        self.touch(user.batch, now)
        if user.request is not None and self.replication.requests.get(user.request.mailbox.guid) is user.request:
            self.replication.remove(user.request, now)

    def touch(self, batch: Batch, now: datetime.datetime) -> None:
        """Note that something was done with a batch: what nobody touches for weeks the service clears away."""
        batch.touched_at = now
        for kept in (KEPT_SYNCED, KEPT_STOPPED):
            self.agenda.add(now + kept, lambda due, kept=kept: self._age(batch, now, kept, due))  # type: ignore[misc]

    # -- the course of a user ------------------------------------------------------------------------------------

    def _up_to(self, longest: float) -> float:
        """Return a length that nobody knows: shorter or longer by the seed, and never nothing."""
        return longest * (0.2 + 0.8 * random.Random(f"{self.seed} {self._made}").random())

    def _begin(self, user: User, due: datetime.datetime) -> None:
        user.stage, user.due = "Validating", due
        self.agenda.add(due, lambda moment: self._validated(user, due, moment))

    def _validated(self, user: User, due: datetime.datetime, now: datetime.datetime) -> None:
        if user.due != due or user.batch.removing:
            return
        user.due, user.stage = None, "Queued"
        try:
            mailbox = self._valid_mailbox(user)
        except CmdletFailure as failure:
            self._fail(user, failure)
            user.batch.warnings.append(f"{user.address}: {failure.message}")
            return
        if user.mailbox is None:
            self._of_mailbox.setdefault(mailbox.guid, []).append(user)
        user.mailbox = mailbox
        self._slots_of(user).queued[user.guid] = user
        self._admit(user.batch.endpoint, now)

    def _valid_mailbox(self, user: User) -> TenantObject:
        address = user.row.get("EmailAddress", "")
        kind = user.row.get("MailboxType", MAILBOX_TYPES[2])
        if kind.lower() not in [known.lower() for known in MAILBOX_TYPES]:
            raise failures.migration("MigrationCSVRowValidationException", f"The mailbox type '{kind}' isn't valid.")
        if not address:
            raise failures.migration("MigrationCSVRowValidationException", "The email address is missing.")
        mailbox = self.recipients.to_move(address)
        if not mailbox.is_mailbox:
            raise failures.migration(
                "MigrationRecipientTypeException",
                f"The migration user type for '{address}' is not correct. Please ensure it has "
                "RecipientTypeDetails:UserMailbox",
            )
        return mailbox

    def _slots_of(self, user: User) -> Slots:
        return self._slots.setdefault(user.batch.endpoint.name, Slots())

    def _admit(self, endpoint: MigrationEndpoint, now: datetime.datetime) -> None:
        """Give free slots to those who wait for one, in their order."""
        slots = self._slots.setdefault(endpoint.name, Slots())
        while slots.queued and len(slots.copying) < endpoint.max_migrations:
            user = slots.queued.pop(next(iter(slots.queued)))
            self._inject(user, now)
            if not user.error:
                slots.copying.add(user.guid)

    def _inject(self, user: User, now: datetime.datetime) -> None:
        mailbox, batch = user.mailbox, user.batch
        assert mailbox is not None
        options = self._options(user)
        try:
            self._refuse_duplicate(user)
            if mailbox.guid in self.replication.requests:
                raise failures.migration(
                    "UserAlreadyBeingMigratedException",
                    f"The mailbox '{mailbox.identity}' already has a pending request. Please use the "
                    "Remove-MoveRequest cmdlet to clear the existing request, and then create a new one.",
                )
            self._check_endpoint(options.remote_host_name, batch.endpoint.credential)
            self._check_options(mailbox, options)
        except CmdletFailure as failure:
            self._fail(user, failure)
            return
        self._made += 1
        user.request = MoveRequest(uuid.uuid5(NAMESPACE, f"request {self._made}"), mailbox, options, now)
        self._of_request[user.request.guid] = user
        self.replication.submit(user.request, now)

    def _options(self, user: User) -> MoveOptions:
        batch, row = user.batch, user.row
        kind = row.get("MailboxType", "").lower()
        pick = random.Random(f"{self.seed} {user.address}")
        database = row.get("TargetDatabase") or (pick.choice(batch.databases) if batch.databases else "")
        archives = batch.archive_databases
        archive = row.get("TargetArchiveDatabase") or (pick.choice(archives) if archives else "")
        return replace(
            batch.options,
            remote_host_name=batch.endpoint.remote_server,
            remote_target_database=database,
            remote_archive_target_database=archive,
            primary_only=batch.options.primary_only if not kind else kind == "primaryonly",
            archive_only=batch.options.archive_only if not kind else kind == "archiveonly",
            batch_name=OWNER + batch.name,
            prevent_completion=True,
        )

    def _refuse_duplicate(self, user: User) -> None:
        """Refuse a member of another batch: one that has ended counts too, and one that brought the mailbox in."""
        assert user.mailbox is not None
        others = [other.batch.name for other in self._of_mailbox[user.mailbox.guid] if other.batch is not user.batch]
        held = {address.partition(":")[2].lower() for address in user.mailbox.email_addresses}
        foreign = self.recipients.tenant.migration_users.items()
        others += [batch for address, batch in foreign if address.lower() in held]
        if others:
            raise failures.migration(
                "UserDuplicateInOtherBatchException",
                f'The user "{user.address}" is already included in migration batch "{others[0]}."  Please remove the '
                "user from any other batch and try again.",
            )

    def _fail(self, user: User, failure: CmdletFailure) -> None:
        user.error, user.error_type = failure.message, failure.exception_type.rpartition(".")[2]

    def _watch(self, request: MoveRequest, now: datetime.datetime) -> None:
        """Look at a user when its request changed, once that is over."""
        user = self._of_request.get(request.guid)
        if user is not None:
            self.agenda.add(now, lambda moment: self._look(user, moment))

    def _look(self, user: User, now: datetime.datetime) -> None:
        request = user.request
        if request is None or user.error:
            return
        slots = self._slots_of(user)
        there = self.replication.requests.get(request.mailbox.guid) is request
        if not there and request.phase != "completed":
            user.error, user.error_type = "The move request was removed.", "MigrationPermanentException"
        elif request.failure is not None:
            user.error, user.error_type = request.failure.message, request.failure.kind
        elif request.phase == "completed" and request.resumed_by_hand:
            user.error = "The move request was completed outside of the migration service."
            user.error_type = "MigrationPermanentException"
        if INDEX[request.phase] >= READY or user.error:
            slots.forget(user)
            if user.status == "Synced":
                slots.synced[user.guid] = user
                self._appoint_completion(user, now)
            elif user.status == "Completing":
                slots.completing.add(user.guid)
            self._admit(user.batch.endpoint, now)
            self._release_waiting(user.batch.endpoint, now)

    def due(self, user: User) -> datetime.datetime | None:
        """Return when a user may complete; None while nobody has asked for it."""
        if user.complete_after is not None:
            return user.complete_after
        return user.batch.created_at if user.batch.auto_complete else user.batch.completes_at

    def _appoint_completion(self, user: User, now: datetime.datetime) -> None:
        due = self.due(user)
        if due is not None:
            self.agenda.add(max(due, now), lambda moment: self._release_waiting(user.batch.endpoint, moment))

    def _release_waiting(self, endpoint: MigrationEndpoint, now: datetime.datetime) -> None:
        """Let those complete whose time has come, whose skipped items are approved, and who get a slot."""
        slots = self._slots.setdefault(endpoint.name, Slots())
        free = endpoint.max_incremental - len(slots.completing)
        due = (user for user in slots.synced.values() if self._may_complete(user, now))
        for user in list(itertools.islice(due, max(free, 0))):
            del slots.synced[user.guid]
            slots.completing.add(user.guid)
            request = user.request
            assert request is not None
            request.options.prevent_completion = False
            request.options.complete_after = request.options.skipped_item_approval_time = now
            self.replication.reconsider(request, now)

    def _may_complete(self, user: User, now: datetime.datetime) -> bool:
        due = self.due(user)
        return user.status == "Synced" and due is not None and due <= now and user.approved

    # -- the end -------------------------------------------------------------------------------------------------

    def _gone(self, batch: Batch, now: datetime.datetime) -> None:
        for user in list(batch.users):
            self._forget(user)
            if user.request is not None and self.replication.requests.get(user.request.mailbox.guid) is user.request:
                self.replication.remove(user.request, now)
        if batch in self.batches:
            self.batches.remove(batch)

    def _forget(self, user: User) -> None:
        self._slots_of(user).forget(user)
        if user.mailbox is not None:
            self._of_mailbox[user.mailbox.guid].remove(user)
        if user.request is not None:
            self._of_request.pop(user.request.guid, None)

    def _age(
        self, batch: Batch, touched: datetime.datetime, kept: datetime.timedelta, now: datetime.datetime
    ) -> None:
        if batch not in self.batches or batch.touched_at != touched:
            return
        status = self.status(batch, now)
        if kept == KEPT_SYNCED and status.startswith("Synced"):
            self.stop(batch, now)
        elif kept == KEPT_BY_STATUS.get(status):
            self._gone(batch, now)


def _not_found(what: str, identity: object) -> CmdletFailure:
    return failures.migration(
        f"Migration{what}NotFoundException", f'The migration {what.lower()} "{identity}" can\'t be found.'
    )


def _cannot(how: str, message: str) -> CmdletFailure:
    return failures.migration(f"MigrationBatchCannotBe{how}Exception", message)
