# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Migration batches, their users and endpoints in the collection's terms (facts migration-batches.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    move_request,
    properties,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    CloudRecipient,
    MigrationBatch,
    MigrationEndpoint,
    MigrationUser,
    MoveRequest,
)

UsersByKey = Mapping[str, Sequence[MigrationUser]]

REMOTE_MOVE = "ExchangeRemoteMove"
PASSED = "Success"
# Made and not started: the console says Stopped, the filter knows Created.
STANDING = ("created", "stopped")
REMOVING = "removing"
ONBOARDING = "onboarding"
# Nothing can be added to these any more, or nothing but a removal is left for them (facts migration-batches.md 2.1).
ENDED = (REMOVING, "completed", "completedwitherrors", "failed", "corrupted")
# Those that Complete-MigrationBatch is documented for.
COMPLETABLE = ("synced", "syncedwitherrors")
FAILED = ("failed", "incrementalfailed", "completionfailed", "corrupted")
# What a user's status is in the terms of a move request, so that whatever follows moves need not know the difference.
AS_REQUEST = {
    **dict.fromkeys(("validating", "queued", "provisioning", "provisionupdating", "starting"), "Queued"),
    **dict.fromkeys(("syncing", "incrementalsyncing"), "InProgress"),
    **dict.fromkeys(("synced", "incrementalsynced", "completionsynced"), "Synced"),
    **dict.fromkeys(FAILED, "Failed"),
    **dict.fromkeys(("stopped", "stopping", "incrementalstopped"), "Suspended"),
    "completing": "CompletionInProgress",
    "completed": "Completed",
    "completedwithwarnings": "CompletedWithWarning",
}
# For a status that nobody has documented, the coarser word beside it.
_BY_SUMMARY = {
    "active": "InProgress", "completed": "Completed", "failed": "Failed", "stopped": "Suspended", "synced": "Synced",
}  # fmt: skip
_ENDPOINT, _BATCH = properties.readers(MigrationEndpoint), properties.readers(MigrationBatch)
_USER = properties.readers(MigrationUser)


GOOD_ENOUGH = ("Perfect", "Good")


def endpoint(shown: Properties) -> MigrationEndpoint:
    """Return an endpoint in normal form."""
    return cast(MigrationEndpoint, properties.read(shown, _ENDPOINT))


def batch(shown: Properties) -> MigrationBatch:
    """Return a batch in normal form; it always has an ``identity`` and a ``status``, empty where Exchange is silent.

    At .NET's first and last time nobody wants a batch to complete: they are taken for none (inferred).
    """
    found = cast(MigrationBatch, {"identity": "", "status": "", **properties.read(shown, _BATCH)})
    if found.get("complete_after_utc", "")[:4] in ("0001", "9999"):
        del found["complete_after_utc"]
    return found


def user(shown: Properties) -> MigrationUser:
    """Return a user in normal form; it always has an ``identity``, a ``batch_id`` and a ``status``."""
    return cast(MigrationUser, {"identity": "", "batch_id": "", "status": "", **properties.read(shown, _USER)})


def named(item: MigrationUser) -> str:
    """Return what a cmdlet is given for a user: its own GUID, which is unique where the address is not."""
    guid = item.get("guid", _values.ZERO_GUID)
    return guid if guid != _values.ZERO_GUID else item["identity"]


def keys(item: MigrationUser) -> set[str]:
    """Return by what a mailbox is told to be this user's: its ExchangeGuid and addresses, folded."""
    address, _slash, guid = item["identity"].partition("/")
    found = [address, guid, item.get("email_address"), item.get("mailbox_email_address"), item.get("mailbox_guid")]
    return {_values.folded(value) for value in found if value and value != _values.ZERO_GUID}


def by_key(found: Iterable[MigrationUser]) -> UsersByKey:
    """Return the users under each of their keys."""
    result: dict[str, list[MigrationUser]] = {}
    for item in found:
        for key in keys(item):
            result.setdefault(key, []).append(item)
    return result


def of_mailbox(users: UsersByKey, cloud: CloudRecipient) -> list[MigrationUser]:
    """Return the users of a cloud object in all batches, by its ExchangeGuid and all its addresses."""
    names = [cloud["exchange_guid"], *addresses.smtp_addresses(cloud["email_addresses"])]
    return [user for name in names for user in users.get(_values.folded(name), ())]


def as_request(item: MigrationUser, exchange_guid: str) -> MoveRequest:
    """Return a user in the terms of a move request: what has none yet, or never got one, is followed all the same."""
    status = _values.folded(item["status"])
    words = AS_REQUEST.get(status) or _BY_SUMMARY.get(_values.folded(item.get("status_summary")), "InProgress")
    told: MoveRequest = {
        "exchange_guid": exchange_guid,
        "status": words,
        "status_detail": item["status"],
        "batch_name": move_request.BATCH_OWNER + item["batch_id"],
    }
    if item.get("error") or item.get("error_summary"):
        told["message"] = item.get("error") or item["error_summary"]
        told["failure_type"] = item.get("error_type", "")
    if item.get("data_consistency_score"):
        told["data_consistency_score"] = item["data_consistency_score"]
    figures = {"percent_complete": "percentage_complete", "bytes_transferred": "bytes_transferred",
               "total_mailbox_size": "estimated_total_transfer_size"}  # fmt: skip
    told.update(cast(MoveRequest, {name: item[held] for name, held in figures.items() if held in item}))  # type: ignore[literal-required]
    if item.get("last_successful_sync_time"):
        told["last_successful_sync_timestamp"] = item["last_successful_sync_time"]
    return told


def has_passed(test: Sequence[Properties]) -> bool:
    """Tell whether a test of the way to the MRS proxy succeeded; a failed one is data, too, and no error."""
    return bool(test) and _values.folded(_values.name_of(test[0].get("Result"))) == _values.folded(PASSED)


def has_failed(item: MigrationUser) -> bool:
    return as_request(item, "")["status"] == "Failed"


def held_by_score(item: MigrationUser) -> str:
    """Return the data consistency score that keeps a user from completing, an empty text where none does.

    Perfect and Good complete whatever was skipped, Investigate needs an approval, Poor never completes (Microsoft:
    track-prevent-data-loss-dcs).
    """
    score = item.get("data_consistency_score") or "unknown"
    unapproved = bool(item.get("has_unapproved_skipped_items")) and score not in GOOD_ENOUGH
    return score if score == "Poor" or unapproved else ""


def is_stopped(item: MigrationUser) -> bool:
    """Tell whether a user stands, and waits for a start."""
    return as_request(item, "")["status"] == "Suspended" and _values.folded(item["status"]) != "stopping"


def has_completed(item: MigrationUser) -> bool:
    return as_request(item, "")["status"] in move_request.COMPLETED


def current_first(users: Iterable[MigrationUser]) -> list[MigrationUser]:
    """Return the users of one mailbox with the one that counts first: the others are left from earlier batches.

    Copied into another batch, a user is left behind Stopped; already in another one, it fails in the second (facts
    migration-batches.md section 3).
    """
    later = {"Suspended": 1, "Failed": 2, **dict.fromkeys(move_request.COMPLETED, 3)}
    return sorted(users, key=lambda item: later.get(as_request(item, "")["status"], 0))


def is_onboarding(item: MigrationBatch) -> bool:
    """Tell whether a batch brings mailboxes into the cloud, or has brought them."""
    return _values.folded(item.get("batch_direction")) == ONBOARDING


def chosen_endpoint(
    found: Sequence[MigrationEndpoint], name: str, option: str = "target_endpoint"
) -> MigrationEndpoint:
    """Return the endpoint of a name, or without a name the only one to on-premises Exchange.

    Raises InputError where there is none, or more than one: which of several is meant nobody can tell.
    """
    if name:
        for item in found:
            if _values.folded(item.get("identity")) == _values.folded(name):
                return _own(item, name, option)
        known = ", ".join(sorted(str(item.get("identity")) for item in fitting(found))) or "none"
        raise InputError(
            option, name, "is not a migration endpoint for remote moves", f"Use one of: {known}.", "endpoint_not_found"
        )
    there = fitting(found)
    if len(there) == 1:
        return there[0]
    if not there:
        raise InputError(
            option,
            None,
            "is not set, and the tenant has no migration endpoint to on-premises Exchange",
            "Run the hybrid configuration wizard, or create one with module migration_endpoint.",
            "endpoint_not_found",
        )
    names = ", ".join(sorted(str(item.get("identity")) for item in there))
    raise InputError(
        option,
        None,
        f"is not set, and the tenant has {len(there)} that fit",
        f"Set one of: {names}.",
        "ambiguous_endpoint",
    )


def fitting(found: Iterable[MigrationEndpoint]) -> list[MigrationEndpoint]:
    """Return the endpoints for remote moves that do not lead to another tenant."""
    return [item for item in found if not why_not_ours(item)]


def why_not_ours(item: MigrationEndpoint) -> str:
    """Return why an endpoint does not lead to on-premises Exchange, an empty text where it does."""
    if item.get("remote_tenant"):
        return f"leads to the tenant {item['remote_tenant']}, not to on-premises Exchange"
    if _values.folded(item.get("endpoint_type")) not in ("", _values.folded(REMOTE_MOVE)):
        return f"is of the type {item['endpoint_type']}, and is not for remote moves"
    return ""


def _own(item: MigrationEndpoint, name: str, option: str) -> MigrationEndpoint:
    why_not = why_not_ours(item)
    if why_not:
        raise InputError(
            option,
            name,
            why_not,
            "Use the endpoint of the hybrid configuration wizard.",
            "endpoint_not_found",
        )
    return item
