# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How migration batches, their users and endpoints look (property names: migration-batches.md section 7)."""

from __future__ import annotations

import datetime
from collections import Counter

from lab.answer import ByteSize, Collection, Enumeration, LabObject, LabValue, Reference
from lab.model.mailbox_replication import MoveRequest
from lab.model.migration import Batch, MigrationService, User
from lab.model.move_request_output import REPLICATION, SCORES, report_of
from lab.model.tenant import MigrationEndpoint

MIGRATION = "Microsoft.Exchange.Data.Storage.Management.Migration."


def endpoint(item: MigrationEndpoint) -> LabObject:
    """Return what Get-MigrationEndpoint shows: never the credential."""
    properties: dict[str, LabValue] = {
        "Identity": Reference(item.name), "RemoteServer": item.remote_server, "RemoteTenant": item.remote_tenant,
        "UseAutoDiscover": False, "EndpointType": _enumeration("MigrationType", item.type),
        "ApplicationId": "", "MaxConcurrentMigrations": str(item.max_migrations),
        "MaxConcurrentIncrementalSyncs": str(item.max_incremental), "IsValid": True,
    }  # fmt: skip
    return LabObject((f"{MIGRATION}MigrationEndpoint", "System.Object"), properties, item.name)


def availability(message: str) -> LabObject:
    """Return what Test-MigrationServerAvailability shows: a failed test is data, not an exception."""
    kind = "Microsoft.Exchange.Management.Migration.TestMigrationServerAvailability"
    result = "Failed" if message else "Success"
    properties: dict[str, LabValue] = {
        "Result": Enumeration(kind + "Result", result, 1 if message else 0), "Message": message,
        "ErrorDetail": message, "SupportsCutover": False, "IsValid": True,
    }  # fmt: skip
    return LabObject((kind + "Outcome", "System.Object"), properties, result)


def batch(service: MigrationService, item: Batch, now: datetime.datetime, *, with_report: bool = False) -> LabObject:
    """Return what Get-MigrationBatch shows."""
    status = service.status(item, now)
    report: dict[str, LabValue] = (
        {"Report": Reference(f"{item.created_at:%m/%d/%Y %H:%M:%S} The batch was made.")} if with_report else {}
    )
    properties: dict[str, LabValue] = {
        "Identity": Reference(item.name), "BatchGuid": item.guid, "MigrationType": _type(),
        "BatchDirection": _enumeration("MigrationBatchDirection", "Offboarding"),
        "Status": _enumeration("MigrationBatchStatus", status), "TargetEndpoint": Reference(item.endpoint.name),
        "SourceEndpoint": None, "TargetDeliveryDomain": item.options.target_delivery_domain,
        "NotificationEmails": Collection(item.notification_emails), "ValidationWarningCount": len(item.warnings),
        "ValidationWarnings": Collection(item.warnings), "DataConsistencyScore": _worst(item.users),
        "Message": "", "IsValid": True, "ObjectState": _enumeration("ObjectState", "Unchanged"),
        **_counts(service, item), **_times(item), **report,
    }  # fmt: skip
    return LabObject((f"{MIGRATION}MigrationBatch", "System.Object"), properties, item.name)


def _counts(service: MigrationService, item: Batch) -> dict[str, LabValue]:
    statuses = Counter(user.status for user in item.users)
    summaries = Counter(user.summary for user in item.users)
    return {
        "TotalCount": len(item.users), "ActiveCount": summaries["Active"], "FailedCount": summaries["Failed"],
        "StoppedCount": summaries["Stopped"], "SyncedCount": summaries["Synced"],
        "FinalizedCount": summaries["Completed"],
        "PendingCount": statuses["Validating"] + statuses["Queued"],
        "ProvisionedCount": sum(user.request is not None for user in item.users),
        "CompletedWithWarningCount": statuses["CompletedWithWarnings"],
    }  # fmt: skip


def _times(item: Batch) -> dict[str, LabValue]:
    """Return each time twice: the one without UTC stands for the submitter's zone, which is UTC here."""
    seeded = [user.request.seeded_at for user in item.users if user.request is not None and user.request.seeded_at]
    times = {
        "CreationDateTime": item.created_at, "StartDateTime": item.started_at, "StartAfter": item.start_after,
        "CompleteAfter": item.complete_after, "InitialSyncDateTime": max(seeded, default=None),
    }  # fmt: skip
    return {name + end: moment for name, moment in times.items() for end in ("", "UTC")}


def user(service: MigrationService, item: User) -> LabObject:
    """Return what Get-MigrationUser shows; over REST it has no EmailAddress (seeded here)."""
    identity = service.identity(item)
    properties: dict[str, LabValue] = {
        "Identity": Reference(identity), "Guid": item.guid, "MailboxEmailAddress": item.address,
        "MailboxIdentifier": item.address, "BatchId": Reference(item.batch.name), "MigrationType": _type(),
        "Status": _enumeration("MigrationUserStatus", service.words.get(item.status, item.status)),
        "StatusSummary": _enumeration("MigrationUserStatusSummary", item.summary), "RecipientType": "Mailbox",
        "ErrorSummary": item.error[:200], "IsValid": True, **_request(service, item),
    }  # fmt: skip
    if service.seed % 2:
        properties["EmailAddress"] = item.address
    return LabObject((f"{MIGRATION}MigrationUser", "System.Object"), properties, identity)


def foreign_user(address: str, name: str) -> LabObject:
    """Return the user of a batch that once brought a mailbox into the cloud."""
    properties: dict[str, LabValue] = {
        "Identity": Reference(address), "EmailAddress": address, "BatchId": Reference(name), "IsValid": True,
        "Status": _enumeration("MigrationUserStatus", "Completed"),
        "StatusSummary": _enumeration("MigrationUserStatusSummary", "Completed"),
    }  # fmt: skip
    return LabObject((f"{MIGRATION}MigrationUser", "System.Object"), properties, address)


def foreign_batch(name: str, addresses: list[str]) -> LabObject:
    """Return a finished batch that once brought mailboxes into the cloud."""
    properties: dict[str, LabValue] = {
        "Identity": Reference(name), "MigrationType": _type(), "IsValid": True,
        "BatchDirection": _enumeration("MigrationBatchDirection", "Onboarding"),
        "Status": _enumeration("MigrationBatchStatus", "Completed"),
        "TotalCount": len(addresses), "FinalizedCount": len(addresses),
    }  # fmt: skip
    return LabObject((f"{MIGRATION}MigrationBatch", "System.Object"), properties, name)


def statistics(
    service: MigrationService, item: User, now: datetime.datetime, *, with_report: bool = False, skipped: bool = False
) -> LabObject:
    """Return what Get-MigrationUserStatistics shows: without their switches no report, and no skipped items."""
    shown = user(service, item)
    request = item.request
    size = request.content.size if request is not None else 0
    percent = service.replication.percent(request, now) if request is not None else 0
    share = max(0.0, min(1.0, (percent - 20) / 75))
    properties: dict[str, LabValue] = {
        **shown.properties, "EmailAddress": item.address, "Error": item.error or None, "ErrorType": item.error_type,
        "PercentageComplete": percent, "EstimatedTotalTransferSize": ByteSize(size),
        "BytesTransferred": ByteSize(int(size * share)), "DataConsistencyScoringFactors": Collection([]),
        "SkippedItems": Collection(_skipped_items(request) if skipped else []),
        "Report": Reference(report_of(request)) if with_report and request is not None else None,
    }  # fmt: skip
    return LabObject((f"{MIGRATION}MigrationUserStatistics", "System.Object"), properties, shown.to_string)


def _skipped_items(request: MoveRequest | None) -> list[str]:
    if request is None:
        return []
    found = request.skipped
    kinds = (("CorruptItem", found.bad), ("LargeItem", found.large), ("MissingItem", found.missing))
    return [f"{kind} {number}" for kind, count in kinds for number in range(1, count + 1)]


def _request(service: MigrationService, item: User) -> dict[str, LabValue]:
    request, mailbox = item.request, item.mailbox
    found: dict[str, LabValue] = {
        "MailboxGuid": mailbox.exchange_guid if mailbox is not None else None, "RequestGuid": None,
        "HasUnapprovedSkippedItems": service.shows_unapproved(item), "SkippedItemCount": 0, "SyncedItemCount": 0,
        "DataConsistencyScore": None, "LastSuccessfulSyncTime": None,
    }  # fmt: skip
    if request is None:
        return found
    skipped = request.skipped
    return {
        **found, "RequestGuid": request.guid, "DataConsistencyScore": _score(skipped.score),
        "SkippedItemCount": skipped.bad + skipped.large + skipped.missing,
        "SyncedItemCount": request.content.items if request.seeded_at is not None else 0,
        "LastSuccessfulSyncTime": request.completed_at or request.seeded_at,
    }  # fmt: skip


def _worst(users: list[User]) -> LabValue:
    found = [user.request.skipped.score for user in users if user.request is not None]
    return _score(max(found, key=SCORES.index)) if found else None


def _score(name: str) -> Enumeration:
    return Enumeration(f"{REPLICATION}DataConsistencyScore", name, SCORES.index(name) + 1)


def _type() -> Enumeration:
    return _enumeration("MigrationType", "ExchangeRemoteMove")


def _enumeration(kind: str, name: str) -> Enumeration:
    return Enumeration(MIGRATION + kind, name, 0)
