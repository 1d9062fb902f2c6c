# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How move requests look: Get-MoveRequest with its few columns, Get-MoveRequestStatistics with its many."""

from __future__ import annotations

import datetime

from lab.answer import ByteSize, Collection, Enumeration, LabObject, LabValue, Reference
from lab.model.kinds import RECIPIENT, details_enumeration, request_state, request_status
from lab.model.mailbox_replication import INDEX, READY, MailboxReplication, MoveRequest

REPLICATION = "Microsoft.Exchange.MailboxReplicationService."
SCORES = ("Perfect", "Good", "Investigate", "Poor")
_SPENT = {
    "TotalQueuedDuration": ("Queued",), "TotalInProgressDuration": ("InProgress",),
    "TotalSuspendedDuration": ("Suspended", "AutoSuspended"), "TotalFailedDuration": ("Failed",),
    "TotalFinalizationDuration": ("CompletionInProgress",), "TotalIdleDuration": ("Synced",),
}  # fmt: skip


def move_request(request: MoveRequest) -> LabObject:
    """Return what Get-MoveRequest shows: no target database, no delivery domain, no percent, no StatusDetail."""
    mailbox, options = request.mailbox, request.options
    properties: dict[str, LabValue] = {
        "Identity": Reference(mailbox.identity), "Guid": mailbox.guid, "Name": mailbox.name,
        "DisplayName": mailbox.display_name, "Alias": mailbox.alias, "ExchangeGuid": mailbox.exchange_guid,
        "Status": request_status(request.status), "BatchName": options.batch_name, "Flags": _flags(request),
        "Direction": _direction(request), "RemoteHostName": options.remote_host_name, "SourceDatabase": None,
        "TargetDatabase": None, "SuspendWhenReadyToComplete": options.suspend_when_ready,
        "RequestStyle": Enumeration(REPLICATION + "RequestStyle", "CrossOrg", 2),
        "RecipientTypeDetails": details_enumeration(mailbox.kind), "IsValid": True,
    }  # fmt: skip
    types = ("Microsoft.Exchange.Management.RecipientTasks.MoveRequest", "System.Object")
    return LabObject(types, properties, mailbox.identity)


def statistics(service: MailboxReplication, request: MoveRequest, now: datetime.datetime, *, report: bool) -> LabObject:
    """Return what Get-MoveRequestStatistics shows (property names: offboarding-practice.md section 2.3)."""
    properties = {
        **_who(request), **_state(request), **_progress(service, request, now), **_times(request, now),
        **_quality(request), **_failure(request),
    }  # fmt: skip
    if report:
        properties["Report"] = Reference(report_of(request))
    types = ("Microsoft.Exchange.Management.RecipientTasks.MoveRequestStatistics", "System.Object")
    return LabObject(types, properties, request.mailbox.identity)


def _flags(request: MoveRequest) -> Enumeration:
    return Enumeration(RECIPIENT + "RequestFlags", request.flags, 5)


def _direction(request: MoveRequest) -> Enumeration:
    pull = request.options.pull
    return Enumeration(RECIPIENT + "RequestDirection", "Pull" if pull else "Push", 1 if pull else 2)


def _who(request: MoveRequest) -> dict[str, LabValue]:
    mailbox = request.mailbox
    return {
        "Identity": Reference(str(mailbox.guid)), "MailboxIdentity": Reference(mailbox.identity),
        "DisplayName": mailbox.display_name, "Alias": mailbox.alias, "DistinguishedName": mailbox.distinguished_name,
        "ExchangeGuid": mailbox.exchange_guid, "ArchiveGuid": mailbox.archive_guid, "RequestGuid": request.guid,
        "RecipientTypeDetails": details_enumeration(mailbox.kind), "IsValid": True, "ValidationMessage": "",
    }  # fmt: skip


def _state(request: MoveRequest) -> dict[str, LabValue]:
    options = request.options
    return {
        "Status": request_status(request.status), "StatusDetail": request_state(request.status_detail),
        "Flags": _flags(request), "Direction": _direction(request), "BatchName": options.batch_name,
        "RequestStyle": Enumeration(REPLICATION + "RequestStyle", "CrossOrg", 2),
        "WorkloadType": Enumeration(RECIPIENT + "RequestWorkloadType", "Offboarding", 3),
        "SyncStage": Enumeration(REPLICATION + "SyncStage", _stage(request), 0),
        "Suspend": request.suspended, "SuspendWhenReadyToComplete": options.suspend_when_ready,
        "PreventCompletion": options.prevent_completion, "CompleteAfter": options.complete_after,
        "StartAfter": options.start_after, "RemoteHostName": options.remote_host_name,
        "RemoteDatabaseName": options.remote_target_database,
        "RemoteArchiveDatabaseName": options.remote_archive_target_database or None,
        "RemoteCredentialUsername": options.remote_credential_username,
        "TargetDeliveryDomain": options.target_delivery_domain, "ArchiveDomain": options.archive_domain or None,
        "CompletedRequestAgeLimit": options.completed_request_age_limit,
    }  # fmt: skip


def _quality(request: MoveRequest) -> dict[str, LabValue]:
    skipped = request.skipped
    score = Enumeration(REPLICATION + "DataConsistencyScore", skipped.score, SCORES.index(skipped.score) + 1)
    return {
        "DataConsistencyScore": score, "DataConsistencyScoringFactors": Collection([]),
        "BadItemsEncountered": skipped.bad, "LargeItemsEncountered": skipped.large,
        "MissingItemsEncountered": skipped.missing,
        "SkippedItemApprovalTime": request.options.skipped_item_approval_time,
    }  # fmt: skip


def _stage(request: MoveRequest) -> str:
    if INDEX[request.phase] < INDEX["hierarchy"]:
        return "None"
    if INDEX[request.phase] < READY:
        return "CreatingFolderHierarchy" if request.phase == "hierarchy" else "CopyingMessages"
    return "SyncFinished" if request.phase == "completed" else "IncrementalSync"


def _progress(service: MailboxReplication, request: MoveRequest, now: datetime.datetime) -> dict[str, LabValue]:
    content, percent = request.content, service.percent(request, now)
    share = max(0.0, min(1.0, (percent - 20) / 75))
    return {
        "PercentComplete": percent, "TotalMailboxSize": ByteSize(content.size),
        "TotalMailboxItemCount": content.items, "TotalPrimarySize": ByteSize(content.size),
        "TotalPrimaryItemCount": content.items, "TotalArchiveSize": ByteSize(content.archive_size),
        "TotalArchiveItemCount": content.archive_items, "BytesTransferred": ByteSize(int(content.size * share)),
        "BytesTransferredPerMinute": ByteSize(0), "ItemsTransferred": int(content.items * share),
    }  # fmt: skip


def _times(request: MoveRequest, now: datetime.datetime) -> dict[str, LabValue]:
    spent = dict(request.spent)
    if request.phase_since is not None:
        running = (now - request.phase_since).total_seconds()
        spent[request.status] = spent.get(request.status, 0.0) + running
    durations: dict[str, LabValue] = {
        name: datetime.timedelta(seconds=sum(spent.get(status, 0.0) for status in statuses))
        for name, statuses in _SPENT.items()
    }
    return {
        "QueuedTimestamp": request.queued_at, "StartTimestamp": request.started_at,
        "LastUpdateTimestamp": request.updated_at, "LastSuccessfulSyncTimestamp": request.seeded_at,
        "InitialSeedingCompletedTimestamp": request.seeded_at, "CompletionTimestamp": request.completed_at,
        "FinalSyncTimestamp": request.completed_at, "SuspendedTimestamp": request.suspended_at,
        "FailureTimestamp": request.failure.when if request.failure else None,
        "OverallDuration": (request.completed_at or now) - request.queued_at, **durations,
    }  # fmt: skip


def _failure(request: MoveRequest) -> dict[str, LabValue]:
    failure = request.failure
    return {
        "FailureCode": -2146233088 if failure else None, "FailureType": failure.kind if failure else "",
        "FailureSide": Enumeration(REPLICATION + "ExceptionSide", failure.side, 2) if failure else None,
        "Message": request.message, "LastFailure": failure.message if failure else "",
    }  # fmt: skip


def report_of(request: MoveRequest) -> str:
    """Return the report of a request as text."""
    lines = [f"{request.queued_at:%m/%d/%Y %H:%M:%S} [LAB] 'CONTOSO' created request."]
    if request.started_at is not None:
        when = f"{request.started_at:%m/%d/%Y %H:%M:%S}"
        lines.append(f"{when} [LAB] Stage: CreatingFolderHierarchy. Percent complete: 5.")
    if request.failure is not None:
        lines.append(f"Fatal error {request.failure.kind} has occurred.")
    if request.completed_at is not None:
        lines.append(f"{request.completed_at:%m/%d/%Y %H:%M:%S} [LAB] Request is complete.")
    return "\n".join(lines)
