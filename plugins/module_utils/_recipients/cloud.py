# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A cloud recipient in the collection's terms: what of Get-Mailbox and Get-MailUser matters to an offboarding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, delivery
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, as_record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import CloudRecipient, part

MAILBOX_TYPES = frozenset(
    (
        "UserMailbox",
        "SharedMailbox",
        "RoomMailbox",
        "EquipmentMailbox",
        "SchedulingMailbox",
        "LinkedMailbox",
        "TeamMailbox",
        "DiscoveryMailbox",
        "GroupMailbox",
        "LegacyMailbox",
    )
)
MOVABLE_TYPES = frozenset(("UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"))
CUSTOM_ATTRIBUTES = tuple(f"CustomAttribute{number}" for number in range(1, 16))

# What the role compares with the baseline after the match: a field that on-premises would have overwritten.
COMPARED = (
    "primary_smtp_address",
    "email_addresses",
    "user_principal_name",
    "alias",
    "display_name",
    "hidden_from_address_lists_enabled",
    "custom_attributes",
    "legacy_exchange_dn",
    "exchange_guid",
    "archive_guid",
    "recipient_type_details",
)

# What of a cloud recipient a record carries on.
CARRIED = (
    "exchange_guid",
    "archive_guid",
    "archive_status",
    "primary_smtp_address",
    "email_addresses",
    "legacy_exchange_dn",
    "user_principal_name",
    "alias",
    "display_name",
    "recipient_type_details",
    "is_dir_synced",
    "external_directory_object_id",
    "immutable_id",
    "hidden_from_address_lists_enabled",
    "custom_attributes",
    "litigation_hold_enabled",
    "in_place_holds",
    "compliance_tag_hold_applied",
    "delay_hold_applied",
    "delay_release_hold_applied",
    "is_exchange_cloud_managed",
)


def recipient_kind(properties: Properties) -> str:
    """Return mailbox, mail_user or other."""
    details = str(properties.get("RecipientTypeDetails") or "")
    if details in MAILBOX_TYPES:
        return "mailbox"
    return "mail_user" if details in ("MailUser", "GuestMailUser") else "other"


def recipient(properties: Properties) -> CloudRecipient:
    """Return the normal form of what Get-Mailbox or Get-MailUser says; keys that the object lacks are absent.

    GUIDs are lower case (zeros for none), addresses proxy addresses with prefix, custom_attributes only those set.
    """
    result: CloudRecipient = {
        "kind": recipient_kind(properties),
        "recipient_type_details": str(properties.get("RecipientTypeDetails") or ""),
        "guid": _values.guid(properties.get("Guid")),
        "external_directory_object_id": _values.folded(properties.get("ExternalDirectoryObjectId")),
        "user_principal_name": str(properties.get("UserPrincipalName") or properties.get("WindowsLiveID") or ""),
        "display_name": str(properties.get("DisplayName") or ""),
        "alias": str(properties.get("Alias") or ""),
        "primary_smtp_address": str(properties.get("PrimarySmtpAddress") or ""),
        "email_addresses": _values.as_list(properties.get("EmailAddresses")),
        "exchange_guid": _values.guid(properties.get("ExchangeGuid")),
        "archive_guid": _values.guid(properties.get("ArchiveGuid")),
        "is_dir_synced": _values.as_bool(properties.get("IsDirSynced")),
        "hidden_from_address_lists_enabled": _values.as_bool(properties.get("HiddenFromAddressListsEnabled")),
        "custom_attributes": custom_attributes(properties),
    }
    shown: dict[str, str | bool] = {}
    for name, text in (
        ("LegacyExchangeDN", "legacy_exchange_dn"),
        ("ArchiveStatus", "archive_status"),
        ("ImmutableId", "immutable_id"),
        ("ExternalEmailAddress", "external_email_address"),
    ):
        if properties.get(name):
            shown[text] = str(properties[name])
    for name, text in (
        ("LitigationHoldEnabled", "litigation_hold_enabled"),
        ("ComplianceTagHoldApplied", "compliance_tag_hold_applied"),
        ("DelayHoldApplied", "delay_hold_applied"),
        ("DelayReleaseHoldApplied", "delay_release_hold_applied"),
        ("IsExchangeCloudManaged", "is_exchange_cloud_managed"),
        ("AutoExpandingArchiveEnabled", "auto_expanding_archive_enabled"),
        ("AccountDisabled", "account_disabled"),
        ("SKUAssigned", "sku_assigned"),
    ):
        if name in properties:
            shown[text] = _values.as_bool(properties[name])
    if "InPlaceHolds" in properties:
        result["in_place_holds"] = _values.as_list(properties["InPlaceHolds"])
    if result["kind"] == "mailbox" and (settings := delivery.settings(properties)):
        result["delivery_settings"] = settings
    return {**result, **cast(CloudRecipient, shown)}


def custom_attributes(properties: Properties) -> dict[str, str]:
    """Return CustomAttribute1 to 15 that hold a text, keyed custom_attribute1 to custom_attribute15."""
    return {
        f"custom_attribute{number}": str(properties[name])
        for number, name in enumerate(CUSTOM_ATTRIBUTES, start=1)
        if properties.get(name)
    }


def kind_reverted(before: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Tell whether Exchange Online took back the kind of a mailbox whose on-premises object is of another kind.

    It does so sometime after a sync. One with a licence was made a user mailbox on purpose. Facts: public-reports.md
    section 4.
    """
    was, now = before.get("recipient_type_details"), live.get("recipient_type_details")
    return was in MOVABLE_TYPES and was != "UserMailbox" == now and not live.get("sku_assigned")


def difference(
    baseline: Mapping[str, Any], live: Mapping[str, Any], *, include_sip: bool = True
) -> dict[str, tuple[Any, Any]]:
    """Return each compared field that the match changed, as ``name: (before, now)``.

    Addresses may have been added, by our stamp or by hybrid write-back, but none may be gone that outlives a sync: the
    pair has those that are gone, not both lists. A new primary is told by primary_smtp_address. SIP: addresses count
    unless they were left behind on purpose. Text is compared without regard to case only where Exchange does so: in
    addresses.
    """
    changed: dict[str, tuple[Any, Any]] = {}
    for name in COMPARED:
        if name not in baseline:
            continue
        before, now = baseline[name], live.get(name)
        if name == "email_addresses":
            gone = [
                address
                for address in addresses.missing(before, now or [])
                if addresses.outlives_sync(address) and addresses.carried(address, include_sip=include_sip)
            ]
            if gone:
                changed[name] = (gone, [])
        elif name in ("primary_smtp_address", "user_principal_name", "exchange_guid", "archive_guid"):
            if _values.folded(before) != _values.folded(now):
                changed[name] = (before, now)
        elif before != now and not (name == "recipient_type_details" and kind_reverted(baseline, live)):
            changed[name] = (before, now)
    return changed


def carried(mailbox: CloudRecipient) -> Record:
    """Return what of a cloud recipient a record carries on: of its addresses those that a write can carry."""
    record = as_record(part(mailbox, CARRIED))
    if "email_addresses" in record:
        record["email_addresses"] = [a for a in mailbox["email_addresses"] if not addresses.malformed(a)]
    return record
