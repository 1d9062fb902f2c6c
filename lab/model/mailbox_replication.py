# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mailbox replication service: move requests from the queue to completion, in the order that is documented.

Statuses and details: offboarding-practice.md section 2; failures: its section 2.6. The agenda drives every request;
a request that was changed, suspended or removed meanwhile lets its old appointments pass (``generation``).
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.model import addresses
from lab.model.clock import Agenda
from lab.model.directory import Directory, DirectoryObject
from lab.model.kinds import MAIL_USERS, REMOTE_MAILBOXES
from lab.model.recipients import EMPTY_GUID, Content, MailboxMove, Quotas, Skipped
from lab.model.tenant import ROUTING_DOMAIN, Tenant, TenantObject

# (phase, Status, StatusDetail, percent when the phase begins)
PHASES = (
    ("queued", "Queued", "WaitingForJobPickup", 0),
    ("hierarchy", "InProgress", "CreatingFolderHierarchy", 5),
    ("checkpoint", "InProgress", "CreatingInitialSyncCheckpoint", 10),
    ("loading", "InProgress", "LoadingMessages", 15),
    ("copying", "InProgress", "CopyingMessages", 20),
    ("held", "Synced", "Synced", 95),
    ("completing", "CompletionInProgress", "Completing", 95),
    ("completed", "Completed", "Completed", 100),
)
INDEX = {phase[0]: number for number, phase in enumerate(PHASES)}
READY = INDEX["held"]


@dataclass
class MoveTiming:
    """Seconds of a lab that runs at speed 1."""

    queued: float = 2.0
    phase: float = 1.0
    copying: float = 3.0
    copying_per_gigabyte: float = 0.25
    completing: float = 2.0
    speed: float = 1.0

    def seconds(self, phase: str, gigabytes: float) -> float:
        """Return how long a phase takes."""
        lengths = {
            "queued": self.queued, "copying": self.copying + self.copying_per_gigabyte * gigabytes,
            "completing": self.completing,
        }  # fmt: skip
        return lengths.get(phase, self.phase) / self.speed


@dataclass
class Failure:
    """Why a request failed: short .NET class, side, text, moment."""

    kind: str
    side: str
    message: str
    when: datetime.datetime | None = None


@dataclass
class MoveOptions:
    """What New-MoveRequest and Set-MoveRequest set."""

    remote_host_name: str = ""
    remote_target_database: str = ""
    remote_archive_target_database: str = ""
    target_delivery_domain: str = ""
    archive_domain: str = ""
    batch_name: str = ""
    remote_credential_username: str = ""
    primary_only: bool = False
    archive_only: bool = False
    suspend_when_ready: bool = False
    prevent_completion: bool = False
    complete_after: datetime.datetime | None = None
    start_after: datetime.datetime | None = None
    skipped_item_approval_time: datetime.datetime | None = None
    completed_request_age_limit: datetime.timedelta = datetime.timedelta(days=30)
    # Shown alone: a request that brings a mailbox into the cloud, which the lab does not move.
    pull: bool = False


@dataclass
class MoveRequest:
    """One move request. ``phase`` is an entry of PHASES; ``suspended`` and ``failure`` lie over it."""

    guid: uuid.UUID
    mailbox: TenantObject
    options: MoveOptions
    queued_at: datetime.datetime
    phase: str = "queued"
    phase_since: datetime.datetime | None = None
    started_at: datetime.datetime | None = None
    seeded_at: datetime.datetime | None = None
    suspended_at: datetime.datetime | None = None
    completed_at: datetime.datetime | None = None
    updated_at: datetime.datetime | None = None
    suspended: bool = False
    # Somebody resumed it although a batch is in charge of it.
    resumed_by_hand: bool = False
    message: str = ""
    warning: str = ""
    failure: Failure | None = None
    stalled: str = ""
    stalled_at: datetime.datetime | None = None
    generation: int = 0
    spent: dict[str, float] = field(default_factory=dict)
    content: Content = field(default_factory=Content)

    @property
    def auto_suspended(self) -> bool:
        """Say whether the request stopped by itself because it is ready to complete."""
        return self.suspended and self.phase == "held"

    @property
    def status(self) -> str:
        """Return Status as Get-MoveRequest shows it."""
        if self.failure is not None:
            return "Failed"
        if self.suspended:
            return "AutoSuspended" if self.auto_suspended else "Suspended"
        if self.phase == "completed" and self.warning:
            return "CompletedWithWarning"
        if self.phase == "completed" and self.skipped.any:
            return "CompletedWithSkippedItems"
        return PHASES[INDEX[self.phase]][1]

    @property
    def status_detail(self) -> str:
        """Return StatusDetail as Get-MoveRequestStatistics shows it."""
        if self.failure is not None or self.suspended or self.phase == "completed":
            return self.status
        return self.stalled or PHASES[INDEX[self.phase]][2]

    @property
    def flags(self) -> str:
        """Return the request's flags: an offboarding move is pushed across organizations, an onboarding one pulled."""
        names = ["CrossOrg", "Pull" if self.options.pull else "Push"]
        names += ["MoveOnlyPrimaryMailbox"] * self.options.primary_only
        names += ["MoveOnlyArchiveMailbox"] * self.options.archive_only
        names += ["Suspend"] * self.suspended + ["SuspendWhenReadyToComplete"] * self.options.suspend_when_ready
        return ", ".join(names)

    @property
    def skipped(self) -> Skipped:
        """Return what was found that cannot be moved: nothing before everything was copied once."""
        return self.mailbox.skipped if self.seeded_at is not None and self.mailbox.skipped is not None else Skipped()

    @property
    def moves_archive(self) -> bool:
        """Say whether the archive goes along."""
        return self.mailbox.archive_guid != EMPTY_GUID and not self.options.primary_only


class MailboxReplication:
    """Runs the move requests of the tenant against the on-premises directory."""

    def __init__(self, directory: Directory, tenant: Tenant, agenda: Agenda, timing: MoveTiming) -> None:
        self.directory = directory
        self.tenant = tenant
        self.agenda = agenda
        self.timing = timing
        self.requests: dict[uuid.UUID, MoveRequest] = {}
        self.stalls: dict[uuid.UUID, str] = {}
        # Called when a request changes its state or goes: a batch in charge of it decides then.
        self.watchers: list[Callable[[MoveRequest, datetime.datetime], None]] = []

    def submit(self, request: MoveRequest, now: datetime.datetime) -> None:
        """Put a new request into the queue."""
        self.requests[request.mailbox.guid] = request
        request.content = request.mailbox.content
        self._enter(request, "queued", now)

    def remove(self, request: MoveRequest, now: datetime.datetime) -> None:
        """Take a request away; before completion the mailbox stays where it is."""
        request.generation += 1
        self.requests.pop(request.mailbox.guid, None)
        self.tenant.objects.change(request.mailbox, now, move=MailboxMove())
        self._tell(request, now)

    def suspend(self, request: MoveRequest, now: datetime.datetime, comment: str) -> bool:
        """Stop a request. Returns False when it is past that."""
        if request.suspended or request.failure is not None or request.phase in ("completing", "completed"):
            return False
        self._leave(request, now)
        request.suspended, request.suspended_at, request.message = True, now, comment
        self._mark(request, now)
        return True

    def resume(self, request: MoveRequest, now: datetime.datetime) -> bool:
        """Let a suspended, failed or held request go on. Returns False when there was nothing to resume.

        A request that is still set to stop before completion stops again (facts: cmdlets.md section 5).
        """
        if request.failure is not None:
            request.failure, request.message = None, ""
            self._enter(request, "queued", now)
            return True
        if not request.suspended and request.phase != "held":
            return False
        ready = request.phase == "held"
        request.suspended, request.message = False, ""
        if ready:
            self._ready(request, now)
        else:
            self._enter(request, request.phase, now)
        return True

    def reconsider(self, request: MoveRequest, now: datetime.datetime) -> None:
        """Look again at a held request after CompleteAfter was changed."""
        if request.phase == "held" and not request.suspended and request.options.complete_after is not None:
            self._ready(request, now)

    def percent(self, request: MoveRequest, now: datetime.datetime) -> int:
        """Return PercentComplete."""
        number = INDEX[request.phase]
        begin = PHASES[number][3]
        now = request.stalled_at or now
        if request.phase_since is None or number >= READY or request.phase == "queued":
            return begin
        length = self._length(request, request.phase)
        share = min(1.0, (now - request.phase_since).total_seconds() / length) if length else 1.0
        return int(begin + share * (PHASES[number + 1][3] - begin))

    def stall(self, mailbox: TenantObject, detail: str, now: datetime.datetime) -> None:
        """Let the mailbox's move stop while it copies, now or as soon as it does, until ``go_on``."""
        self.stalls[mailbox.guid] = detail
        request = self.requests.get(mailbox.guid)
        if request is not None and request.phase == "copying" and not request.suspended and request.failure is None:
            self._stall(request, now)

    def go_on(self, mailbox: TenantObject, now: datetime.datetime) -> None:
        """End a stall: what was copied stays copied."""
        self.stalls.pop(mailbox.guid, None)
        request = self.requests.get(mailbox.guid)
        if request is None or request.stalled_at is None or request.phase_since is None:
            return
        request.phase_since += now - request.stalled_at
        request.stalled, request.stalled_at, request.updated_at = "", None, now
        self._appoint(request, request.phase_since + datetime.timedelta(seconds=self._length(request, request.phase)))

    # -- the course of a request --------------------------------------------------------------------------------

    def _length(self, request: MoveRequest, phase: str) -> float:
        return self.timing.seconds(phase, request.content.size / 1024**3)

    def _enter(self, request: MoveRequest, phase: str, now: datetime.datetime) -> None:
        self._leave(request, now)
        request.phase, request.phase_since, request.updated_at = phase, now, now
        if phase == "hierarchy" and request.started_at is None:
            request.started_at = now
        self._mark(request, now)
        due = now + datetime.timedelta(seconds=self._length(request, phase))
        if phase == "queued" and request.options.start_after is not None:
            due = max(due, request.options.start_after)
        self._appoint(request, due)
        if phase == "copying" and request.mailbox.guid in self.stalls:
            self._stall(request, now)

    def _stall(self, request: MoveRequest, now: datetime.datetime) -> None:
        request.generation += 1
        request.stalled, request.stalled_at, request.updated_at = self.stalls[request.mailbox.guid], now, now

    def _leave(self, request: MoveRequest, now: datetime.datetime) -> None:
        request.generation += 1
        if request.phase_since is not None:
            status = request.status
            request.spent[status] = request.spent.get(status, 0.0) + (now - request.phase_since).total_seconds()
        request.phase_since = None
        request.stalled, request.stalled_at = "", None

    def _appoint(self, request: MoveRequest, due: datetime.datetime) -> None:
        generation = request.generation

        def continue_unless_changed(moment: datetime.datetime) -> None:
            if request.generation == generation:
                self._next(request, moment)

        self.agenda.add(due, continue_unless_changed)

    def _next(self, request: MoveRequest, now: datetime.datetime) -> None:
        if request.phase == "held":
            self._ready(request, now)
        elif request.phase == "completing":
            self._complete(request, now)
        elif request.phase == "queued" and self._fails(request, self.problem(request), now):
            return
        elif request.phase == "copying":
            request.seeded_at = now
            self._ready(request, now)
        else:
            self._enter(request, PHASES[INDEX[request.phase] + 1][0], now)

    def _fails(self, request: MoveRequest, problem: Failure | None, now: datetime.datetime) -> bool:
        """Let a request fail for a problem; return whether there is one."""
        if problem is None:
            return False
        self._leave(request, now)
        problem.when = now
        request.failure, request.message, request.updated_at = problem, problem.message, now
        self._mark(request, now)
        return True

    def _ready(self, request: MoveRequest, now: datetime.datetime) -> None:
        """Everything is copied: complete, unless something holds the request at 95 percent."""
        options = request.options
        waits = options.complete_after is not None and options.complete_after > now
        if not (options.suspend_when_ready or options.prevent_completion or waits):
            if not self._fails(request, self.problem(request) or _unapproved(request), now):
                self._enter(request, "completing", now)
            return
        self._leave(request, now)
        request.phase, request.phase_since, request.updated_at = "held", now, now
        if options.suspend_when_ready:
            request.suspended, request.suspended_at = True, now
        elif not options.prevent_completion and options.complete_after is not None:
            self._appoint(request, options.complete_after)
        self._mark(request, now)

    def _mark(self, request: MoveRequest, now: datetime.datetime) -> None:
        options = request.options
        move = MailboxMove(request.status, "CrossOrg, Push", options.remote_host_name, options.batch_name)
        self.tenant.objects.change(request.mailbox, now, move=move)
        self._tell(request, now)

    def _tell(self, request: MoveRequest, now: datetime.datetime) -> None:
        for watcher in self.watchers:
            watcher(request, now)

    # -- checks and completion ----------------------------------------------------------------------------------

    def target(self, mailbox: TenantObject) -> DirectoryObject | None:
        """Return the on-premises mail user or remote mailbox with the mailbox's ExchangeGuid, and nothing else."""
        for item in self.directory.objects.find(["exchange"], str(mailbox.exchange_guid)):
            if item.kind in MAIL_USERS | REMOTE_MAILBOXES:
                return item
        return None

    def problem(self, request: MoveRequest) -> Failure | None:
        """Return what makes the move fail as things are now."""
        mailbox, domain = request.mailbox, request.options.target_delivery_domain.lower()
        target = self.target(mailbox)
        if target is None:
            return Failure(
                "RecipientNotFoundPermanentException", "Target",
                "Error: MigrationPermanentException: Cannot find a recipient that has mailbox GUID "
                f"'{mailbox.exchange_guid}'.",
            )  # fmt: skip
        if target.home_mdb_left or target.home_mta_left:
            text = f"Error: MigrationPermanentException: Target user '{target.name}' already has a primary mailbox."
            return Failure("MigrationPermanentException", "Target", text)
        if target.move.status not in ("None", "Completed"):
            text = f"Error: The user '{target.name}' is already being moved to another database."
            return Failure("UserAlreadyBeingMigratedException", "Target", text)
        for held in (target.email_addresses, mailbox.email_addresses):
            if domain not in {addresses.domain(address) for address in held}:
                text = f"Error: The target mailbox doesn't have an smtp proxy matching '{domain}'."
                return Failure("TargetDeliveryDomainMismatchPermanentException", "Target", text)
        return self._content_problem(request, target)

    def _content_problem(self, request: MoveRequest, target: DirectoryObject) -> Failure | None:
        mailbox = request.mailbox
        if request.moves_archive and target.archive_guid != mailbox.archive_guid:
            text = f"Error: Cannot find a recipient that has archive mailbox GUID '{mailbox.archive_guid}'."
            return Failure("RecipientNotFoundPermanentException", "Target", text)
        if not self.directory.server_supported:
            version = self.directory.server_version.partition(" (")[0].removeprefix("Version ")
            text = (
                f"Error: MigrationPermanentException: Moving mailbox to Exchange version {version} is not supported. "
                "Mailboxes can be moved to Exchange version 15.2 and later versions only."
            )
            return Failure("MigrationPermanentException", "Target", text)
        database = self.directory.database(request.options.remote_target_database)
        quota = database.quotas.prohibit_send_receive if database is not None else None
        if not target.use_database_quota_defaults:
            quota = target.quotas.prohibit_send_receive
        if quota is not None and request.content.size > quota:
            size, limit = (round(number / 1024**3, 2) for number in (request.content.size, quota))
            text = f"Error: Mailbox size {size} GB exceeds target quota {limit} GB."
            return Failure("MailboxExceedsTargetQuotaPermanentException", "Target", text)
        return None

    def _complete(self, request: MoveRequest, now: datetime.datetime) -> None:
        target = self.target(request.mailbox)
        if self._fails(request, self.problem(request), now) or target is None:
            return
        self._leave(request, now)
        request.phase, request.completed_at, request.updated_at = "completed", now, now
        if not request.options.archive_only:
            self._arrive_on_premises(request, target, now)
        request.warning = _left_behind(request, target)
        if request.warning:
            request.message = request.warning
        elif not request.options.archive_only and request.mailbox.conversion_lag:
            later = now + datetime.timedelta(seconds=request.mailbox.conversion_lag)
            self.agenda.add(later, lambda due: self._leave_the_cloud(request, target, due))
        elif not request.options.archive_only:
            self._leave_the_cloud(request, target, now)
        self._mark(request, now)
        self.agenda.add(now + request.options.completed_request_age_limit, lambda due: self._age_out(request, due))

    def _arrive_on_premises(self, request: MoveRequest, target: DirectoryObject, now: datetime.datetime) -> None:
        # Whatever kind the cloud mailbox was, but a user whose master account is in another forest has a linked one:
        # the harsher reading (lab/README.md, "Invented here").
        kind = "LinkedMailbox" if target.linked_master_account else "UserMailbox"
        mailbox = request.mailbox
        database = self.directory.database(request.options.remote_target_database)
        self.directory.objects.change(
            target, now, kind=kind, database=database.name if database is not None else "",
            external_email_address="", remote_recipient_type="None", move=MailboxMove(),
            content=Content(request.content.size, request.content.items),
            quotas=Quotas(**vars(database.quotas)) if database is not None else Quotas(),
            use_database_quota_defaults=True, exchange_guid=mailbox.exchange_guid,
        )  # fmt: skip
        if database is not None:
            self.directory.fill(database, request.content.size)

    def _leave_the_cloud(self, request: MoveRequest, target: DirectoryObject, now: datetime.datetime) -> None:
        """The cloud mailbox becomes a mail user; its permissions and directory settings stay with it."""
        domain = request.options.target_delivery_domain.lower()
        held = sorted(target.email_addresses, key=lambda address: not address.startswith("SMTP:"))
        if request.mailbox.points_back:
            domain = ROUTING_DOMAIN
        routing = next(address for address in held if addresses.domain(address) == domain)
        content = request.mailbox.content
        self.tenant.objects.change(
            request.mailbox, now, kind="MailUser", database="",
            external_email_address="SMTP:" + addresses.split(routing)[1],
            content=Content(0, 0, content.archive_size, content.archive_items),
        )  # fmt: skip

    def _age_out(self, request: MoveRequest, due: datetime.datetime) -> None:
        if self.requests.get(request.mailbox.guid) is request and request.phase == "completed":
            del self.requests[request.mailbox.guid]
            self.tenant.objects.change(request.mailbox, due, move=MailboxMove())


def _unapproved(request: MoveRequest) -> Failure | None:
    """Return what keeps a request from completing for what it skipped: Poor always, Investigate until approved."""
    score, approved = request.skipped.score, request.options.skipped_item_approval_time
    if score == "Poor" or (score == "Investigate" and (approved is None or approved < request.queued_at)):
        text = f"Error: The data consistency score ({score}) for this request is too low."
        return Failure("DataConsistencyScorePermanentException", "Source", text)
    return None


def _left_behind(request: MoveRequest, target: DirectoryObject) -> str:
    """Return the warning of a completion that leaves the source mailbox alive, or an empty text."""
    if target.inheritance_disabled:
        return (
            f"Warning: Failed to convert the source mailbox 'Primary ({request.mailbox.exchange_guid})' to "
            "mail-enabled user after the move. Error details: UpdateMovedMailboxPermanentException."
        )
    if request.mailbox.source_stays:
        return (
            "Warning: The mailbox was already moved but failed to update the job state during the final stages of the "
            "move. It is possible that the source mailbox could still be alive since post move cleanup operations were "
            "deliberately not executed."
        )
    return ""
