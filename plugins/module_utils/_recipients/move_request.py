# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A move request in the collection's terms, from Get-MoveRequest and Get-MoveRequestStatistics."""

from __future__ import annotations

import contextlib
from typing import cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest

COMPLETED = frozenset(("Completed", "CompletedWithWarning", "CompletedWithSkippedItems"))
HELD = frozenset(("AutoSuspended", "Synced"))
# A request that a migration batch made is the batch's own: never changed, never removed (facts: "Move requests").
BATCH_OWNER = "MigrationService:"

_TEXTS = {
    "BatchName": "batch_name",
    "RemoteHostName": "remote_host_name",
    "Direction": "direction",
    "Flags": "flags",
    "DisplayName": "display_name",
    "StatusDetail": "status_detail",
    "RemoteDatabaseName": "remote_database_name",
    "RemoteArchiveDatabaseName": "remote_archive_database_name",
    "TargetDeliveryDomain": "target_delivery_domain",
    "DataConsistencyScore": "data_consistency_score",
    "FailureType": "failure_type",
    "FailureSide": "failure_side",
    "Message": "message",
    "SyncStage": "sync_stage",
    "RecipientTypeDetails": "recipient_type_details",
    "LastFailure": "last_failure",
}
_NUMBERS = {
    "PercentComplete": "percent_complete",
    "BadItemsEncountered": "bad_items_encountered",
    "LargeItemsEncountered": "large_items_encountered",
    "MissingItemsEncountered": "missing_items_encountered",
    "ItemsTransferred": "items_transferred",
    "TotalMailboxItemCount": "total_mailbox_item_count",
}
_SIZES = {
    "TotalMailboxSize": "total_mailbox_size",
    "TotalArchiveSize": "total_archive_size",
    "BytesTransferred": "bytes_transferred",
    "BytesTransferredPerMinute": "bytes_transferred_per_minute",
}
_SPANS = {
    "OverallDuration": "overall_duration",
    "TotalQueuedDuration": "total_queued_duration",
    "TotalInProgressDuration": "total_in_progress_duration",
    "TotalSuspendedDuration": "total_suspended_duration",
    "TotalFailedDuration": "total_failed_duration",
}
_TIMES = {
    "QueuedTimestamp": "queued_timestamp",
    "StartTimestamp": "start_timestamp",
    "LastUpdateTimestamp": "last_update_timestamp",
    "LastSuccessfulSyncTimestamp": "last_successful_sync_timestamp",
    "InitialSeedingCompletedTimestamp": "initial_seeding_completed_timestamp",
    "CompletionTimestamp": "completion_timestamp",
    "SuspendedTimestamp": "suspended_timestamp",
    "FailureTimestamp": "failure_timestamp",
    "CompleteAfter": "complete_after",
    "StartAfter": "start_after",
    # Whether Exchange Online shows it nobody has published: absent, it says nothing.
    "SkippedItemApprovalTime": "skipped_item_approval_time",
}
_FLAGS = {
    "Suspend": "suspend",
    "SuspendWhenReadyToComplete": "suspend_when_ready_to_complete",
    "PreventCompletion": "prevent_completion",
}


def request(properties: Properties) -> MoveRequest:
    """Return the normal form: sizes in bytes, durations in seconds, times ISO 8601 UTC; absent where Exchange was
    silent, or wrote a number or a time in a form that nobody knows: one such value must not hide all requests.

    Property names: facts offboarding-practice.md 2.3, read off public scripts; no whole reply was ever published.
    """
    result: dict[str, object] = {
        "exchange_guid": _values.guid(properties.get("ExchangeGuid")),
        "status": str(properties.get("Status") or ""),
    }
    for table, convert in (
        (_TEXTS, str),
        (_NUMBERS, _values.count),
        (_SIZES, _values.size_in_bytes),
        (_SPANS, _values.span_in_seconds),
        (_TIMES, _values.utc_time),
        (_FLAGS, _values.as_bool),
    ):
        for name, text in table.items():
            if properties.get(name) in (None, ""):
                continue
            with contextlib.suppress(ValueError, TypeError, OverflowError):
                value = convert(properties[name])
                if value is not None:
                    result[text] = value
    return cast(MoveRequest, result)


def reached(wanted: str, status: str) -> bool:
    """Tell whether a request is where a wait ends: ``synced`` (held before its completion) or ``completed``."""
    return status in COMPLETED or (wanted == "synced" and status in HELD)


def owned_by_batch(current: MoveRequest) -> bool:
    return str(current.get("batch_name", "")).startswith(BATCH_OWNER)


def by_mailbox(requests: list[Properties]) -> dict[str, MoveRequest]:
    """Return the requests keyed by the mailbox's ExchangeGuid."""
    return {
        item["exchange_guid"]: item for item in map(request, requests) if item["exchange_guid"] != _values.ZERO_GUID
    }
