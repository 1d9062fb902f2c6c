# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cmdlets of migration batches and of their users in Exchange Online (facts: migration-batches.md 1 to 3)."""

from __future__ import annotations

import datetime
import uuid

from lab.answer import Answer, LabObject, LabValue
from lab.model import failures, migration_csv, migration_output
from lab.model.cmdlet_host import Implementation, Request
from lab.model.mailbox_replication import MoveOptions
from lab.model.migration import MOST_BATCHES, NAMESPACE, Batch, MigrationService, User
from lab.model.selection import limited
from lab.model.tenant import Tenant

LONGEST_NAME = 64
_ASKED = frozenset({"AllowUnknownColumnsInCsv", "CSVData", "CompleteAfter", "NotificationEmails", "StartAfter"})
# Accepted, and without a visible effect here.
_WITHOUT_EFFECT = frozenset({"ReportInterval", "SkipReports", "MoveOptions"})
NEW = _ASKED | _WITHOUT_EFFECT | {
    "Name", "TargetEndpoint", "TargetDatabases", "TargetArchiveDatabases", "TargetDeliveryDomain", "ArchiveDomain",
    "PrimaryOnly", "ArchiveOnly", "AutoStart", "AutoComplete", "TimeZone",
}  # fmt: skip
SET = _ASKED | _WITHOUT_EFFECT | {"Identity", "AddUsers", "ApproveSkippedItems", "SyncNow", "Update"}
GET_USER = frozenset({"Identity", "EmailAddress", "MailboxGuid", "BatchId", "Status", "StatusSummary", "ResultSize",
                      "IncludeAssociatedUsers"})  # fmt: skip
SET_USER = frozenset({"Identity", "ApproveSkippedItems", "CompleteAfter", "SyncNow"})


class Migrations:
    """The -MigrationBatch, -MigrationUser and -MigrationConfig cmdlets."""

    def __init__(self, service: MigrationService, tenant: Tenant) -> None:
        self.service = service
        self.tenant = tenant
        self._made = 0

    def cmdlets(self) -> dict[str, Implementation]:
        """Return the cmdlets by name."""
        identity = frozenset({"Identity"})
        batches = identity | {"Status", "Endpoint", "ResultSize", "IncludeReport"}
        statistics = identity | {"IncludeReport", "IncludeSkippedItems"}
        return {
            "New-MigrationBatch": Implementation(self.new, NEW),
            "Get-MigrationBatch": Implementation(self.get, batches),
            "Set-MigrationBatch": Implementation(self.set, SET),
            "Start-MigrationBatch": Implementation(self.start, identity),
            "Stop-MigrationBatch": Implementation(self.stop, identity),
            "Complete-MigrationBatch": Implementation(self.complete, identity),
            "Remove-MigrationBatch": Implementation(self.remove, identity),
            "Get-MigrationUser": Implementation(self.get_user, GET_USER),
            "Get-MigrationUserStatistics": Implementation(self.get_user_statistics, statistics),
            "Set-MigrationUser": Implementation(self.set_user, SET_USER),
            "Start-MigrationUser": Implementation(self.start_user, identity),
            "Stop-MigrationUser": Implementation(self.stop_user, identity),
            "Remove-MigrationUser": Implementation(self.remove_user, identity),
            "Get-MigrationConfig": Implementation(self.get_config),
        }

    # -- batches -------------------------------------------------------------------------------------------------

    def new(self, request: Request) -> Answer:
        """New-MigrationBatch with what the set Offboarding has."""
        if not request.get("TargetEndpoint"):
            raise failures.recipient_task("The lab moves mailboxes out of the cloud only: set TargetEndpoint.")
        batch = self._asked_for(request)
        rows = migration_csv.rows(request.get("CSVData"), unknown_columns=bool(request.get("AllowUnknownColumnsInCsv")))
        if request.what_if:
            return Answer()
        self.service.add(batch, rows, request.now)
        if request.get("AutoStart"):
            self.service.start(batch, request.now, at_once=True)
        if batch.complete_after is not None:
            self.service.schedule(batch, batch.complete_after, request.now)
        return Answer([migration_output.batch(self.service, batch, request.now)])

    def _asked_for(self, request: Request) -> Batch:
        name = str(request.get("Name"))
        if len(name) > LONGEST_NAME:
            raise failures.migration("MigrationBatchNameTooLongException", "The name is longer than 64 characters.")
        if not request.get("TargetDeliveryDomain"):
            raise failures.move(
                "ParameterValueRequiredPermanentException", "You must specify the TargetDeliveryDomain parameter."
            )
        options = MoveOptions(
            target_delivery_domain=request.get("TargetDeliveryDomain"), archive_domain=request.get("ArchiveDomain", ""),
            primary_only=bool(request.get("PrimaryOnly")), archive_only=bool(request.get("ArchiveOnly")),
        )  # fmt: skip
        self._made += 1
        endpoint = self.tenant.migration_endpoint(request.get("TargetEndpoint"))
        return Batch(
            uuid.uuid5(NAMESPACE, f"batch {self._made}"), name, endpoint, options,
            list(request.get("TargetDatabases") or ()), list(request.get("TargetArchiveDatabases") or ()), request.now,
            list(request.get("NotificationEmails") or ()), request.get("StartAfter"), request.get("CompleteAfter"),
            bool(request.get("AutoComplete")),
        )  # fmt: skip

    def get(self, request: Request) -> Answer:
        """Get-MigrationBatch: of offboarding batches, and of those that once brought mailboxes in."""
        named = str(request.get("Identity") or "").lower()
        onboarding = [
            migration_output.foreign_batch(name, addresses)
            for name, addresses in self.service.onboarding().items()
            if named in ("", name.lower())
            and str(request.get("Status") or "Completed").lower() == "completed"
            and not request.get("Endpoint")
        ]
        found = [self.service.batch(named)] if named and not onboarding else [] if named else self.service.batches
        status, endpoint = str(request.get("Status") or "").lower(), str(request.get("Endpoint") or "").lower()
        chosen = [
            batch
            for batch in found
            if status in ("", self.service.status(batch, request.now).lower())
            and endpoint in ("", batch.endpoint.name.lower())
        ]
        report = request.get("IncludeReport") is True
        shown = [migration_output.batch(self.service, batch, request.now, with_report=report) for batch in chosen]
        objects, warnings = limited([*shown, *onboarding], request.get("ResultSize"))
        return Answer(objects, warnings)

    def set(self, request: Request) -> Answer:
        """Set-MigrationBatch; with AddUsers only rows that are new count."""
        batch = self._living(request)
        data = request.get("CSVData")
        rows = migration_csv.rows(data, unknown_columns=False) if data is not None else []
        adds = bool(request.get("AddUsers"))
        if adds and data is None:
            raise failures.migration("MigrationCSVParsingException", "Adding users needs the parameter CSVData.")
        if data is not None and not adds and batch.started_at is not None:
            raise failures.migration(
                "MigrationBatchCannotBeModifiedException", "The users of a batch that was started can't be set."
            )
        if request.what_if:
            return Answer()
        self._change(batch, request)
        if data is not None and not adds:
            batch.users.clear()
        if data is not None:
            self.service.add_users(batch, rows, request.now)
        return Answer()

    def _change(self, batch: Batch, request: Request) -> None:
        if "NotificationEmails" in request.parameters:
            batch.notification_emails = list(request.get("NotificationEmails") or ())
        if "StartAfter" in request.parameters:
            batch.start_after = request.get("StartAfter")
        if "CompleteAfter" in request.parameters:
            batch.complete_after = request.get("CompleteAfter")
            self.service.schedule(batch, batch.complete_after, request.now)
        if request.get("ApproveSkippedItems"):
            batch.approved_at = request.now
            self.service.approve(batch.users, request.now)
        self.service.touch(batch, request.now)

    def start(self, request: Request) -> Answer:
        """Start-MigrationBatch."""
        batch = self._living(request)
        if not request.what_if:
            self.service.start(batch, request.now)
        return Answer()

    def stop(self, request: Request) -> Answer:
        """Stop-MigrationBatch."""
        batch = self._living(request)
        if not request.what_if:
            self.service.stop(batch, request.now)
        return Answer()

    def complete(self, request: Request) -> Answer:
        """Complete-MigrationBatch."""
        batch = self._living(request)
        if not request.what_if:
            self.service.complete(batch, request.now)
        return Answer()

    def remove(self, request: Request) -> Answer:
        """Remove-MigrationBatch."""
        batch = self.service.batch(self._named(request))
        if not request.what_if:
            self.service.remove(batch, request.now)
        return Answer()

    def _living(self, request: Request) -> Batch:
        batch = self.service.batch(self._named(request))
        if batch.removing:
            raise failures.migration("MigrationBatchCannotBeModifiedException", "The migration batch is being removed.")
        return batch

    def _named(self, request: Request) -> object:
        # Whether a call without an identity would be one for all batches is not known: refused, as the harsher reading.
        if request.get("Identity") in (None, ""):
            raise failures.migration("MigrationBatchNotFoundException", "The identity of the batch is missing.")
        return request.get("Identity")

    # -- users ---------------------------------------------------------------------------------------------------

    def get_user(self, request: Request) -> Answer:
        """Get-MigrationUser: of offboarding batches, and of those that once brought mailboxes in."""
        shown = [migration_output.user(self.service, user) for user in self._found(request)]
        of_ours = {name for name in ("MailboxGuid", "Status", "StatusSummary") if request.get(name)}
        if not of_ours:
            shown += [
                migration_output.foreign_user(address, name)
                for address, name in self.tenant.migration_users.items()
                if _matches(request, address, name)
            ]
        if request.get("Identity") and not shown:
            self.service.user(request.get("Identity"))
        objects, warnings = limited(shown, request.get("ResultSize"))
        return Answer(objects, warnings)

    def _found(self, request: Request) -> list[User]:
        identity, guid = request.get("Identity"), request.get("MailboxGuid")
        status, summary = str(request.get("Status") or "").lower(), str(request.get("StatusSummary") or "").lower()
        return [
            user
            for user in self.service.users()
            if (not identity or str(identity).lower() in (self.service.identity(user).lower(), str(user.guid)))
            and (not request.get("EmailAddress") or user.address.lower() == str(request.get("EmailAddress")).lower())
            and (not request.get("BatchId") or str(request.get("BatchId")).lower()
                 in (user.batch.name.lower(), str(user.batch.guid)))
            and (not guid or (user.mailbox is not None and user.mailbox.exchange_guid == guid))
            and status in ("", user.status.lower())
            and summary in ("", user.summary.lower())
        ]  # fmt: skip

    def get_user_statistics(self, request: Request) -> Answer:
        """Get-MigrationUserStatistics."""
        user = self.service.user(request.get("Identity"))
        report, skipped = (request.get(name) is True for name in ("IncludeReport", "IncludeSkippedItems"))
        shown = migration_output.statistics(self.service, user, request.now, with_report=report, skipped=skipped)
        return Answer([shown])

    def set_user(self, request: Request) -> Answer:
        """Set-MigrationUser: an approval holds for what was found up to now."""
        user = self.service.user(request.get("Identity"))
        if request.what_if:
            return Answer()
        if request.get("ApproveSkippedItems"):
            user.approved_at = request.now
            self.service.approve([user], request.now)
        due = request.get("CompleteAfter")
        if isinstance(due, datetime.datetime):
            self.service.schedule_user(user, due, request.now)
        return Answer()

    def start_user(self, request: Request) -> Answer:
        """Start-MigrationUser: one that failed or was stopped."""
        user = self.service.user(request.get("Identity"))
        if not request.what_if:
            self.service.retry(user, request.now, request.now)
        return Answer()

    def stop_user(self, request: Request) -> Answer:
        """Stop-MigrationUser."""
        user = self.service.user(request.get("Identity"))
        if not request.what_if:
            self.service.stop_user(user, request.now)
        return Answer()

    def remove_user(self, request: Request) -> Answer:
        """Remove-MigrationUser: its request goes along."""
        identity = str(request.get("Identity"))
        foreign = [address for address in self.tenant.migration_users if address.lower() == identity.lower()]
        if not foreign:
            user = self.service.user(identity)
            if not request.what_if:
                self.service.remove_user(user, request.now)
        elif not request.what_if:
            del self.tenant.migration_users[foreign[0]]
        return Answer()

    def get_config(self, request: Request) -> Answer:
        """Get-MigrationConfig."""
        room = len(self.service.batches) + len(self.service.onboarding()) < MOST_BATCHES
        properties: dict[str, LabValue] = {
            "Identity": "contoso.onmicrosoft.com", "MaxNumberOfBatches": MOST_BATCHES, "MaxConcurrentMigrations": "300",
            "CanSubmitNewBatch": room, "SupportsCutover": False, "IsValid": True,
        }  # fmt: skip
        return Answer([LabObject((f"{migration_output.MIGRATION}MigrationConfig", "System.Object"), properties)])


def _matches(request: Request, address: str, batch: str) -> bool:
    """Tell whether the user of a batch that brought a mailbox in is asked for."""
    asked = {"Identity": address, "EmailAddress": address, "BatchId": batch}
    return all(not request.get(name) or str(request.get(name)).lower() == held.lower() for name, held in asked.items())
