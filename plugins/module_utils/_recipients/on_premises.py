# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""An on-premises object in the collection's terms: a plain user, a mail user, a remote mailbox or a mailbox."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties, Value
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, delivery
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.cloud import custom_attributes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    OnPremisesRecipient,
    parameters,
)

# RecipientTypeDetails → kind (Get-User and Get-Recipient pages of Microsoft's cmdlet reference).
KINDS = {
    "User": "user",
    "DisabledUser": "user",
    "MailUser": "mail_user",
    "RemoteUserMailbox": "remote_mailbox",
    "RemoteSharedMailbox": "remote_mailbox",
    "RemoteRoomMailbox": "remote_mailbox",
    "RemoteEquipmentMailbox": "remote_mailbox",
    "UserMailbox": "mailbox",
    "SharedMailbox": "mailbox",
    "RoomMailbox": "mailbox",
    "EquipmentMailbox": "mailbox",
    "LinkedMailbox": "mailbox",
    "LinkedRoomMailbox": "mailbox",
    "LegacyMailbox": "mailbox",
}
# Kinds that are another one besides: the mailbox of a user whose master account is in another forest.
LINKED = {"LinkedMailbox": "UserMailbox", "LinkedRoomMailbox": "RoomMailbox"}
# What a mailbox move leaves on the object, as the Get- cmdlets show the msExchMailboxMove* attributes.
_MOVE = {
    "MailboxMoveStatus": "status",
    "MailboxMoveFlags": "flags",
    "MailboxMoveRemoteHostName": "remote_host_name",
    "MailboxMoveBatchName": "batch_name",
}
# Attribute → parameter of Set-MailUser, Set-RemoteMailbox and Set-User: all that is ever set on an existing object.
PARAMETERS = {
    "email_addresses": "EmailAddresses",
    "external_email_address": "ExternalEmailAddress",
    "email_address_policy_enabled": "EmailAddressPolicyEnabled",
    "exchange_guid": "ExchangeGuid",
    "archive_guid": "ArchiveGuid",
    "windows_email_address": "WindowsEmailAddress",
    "display_name": "DisplayName",
}
# Which Get- cmdlet shows the mail attributes of which kind.
READ_WITH = {"mail_user": "Get-MailUser", "remote_mailbox": "Get-RemoteMailbox", "mailbox": "Get-Mailbox"}


def setting(change: OnPremisesRecipient, held: OnPremisesRecipient) -> dict[str, Value]:
    """Return the parameters that make ``change`` of an object that was just read as ``held``.

    Addresses are added and removed rather than replaced, as long as the primary one stays. Replaced they are with a new
    external address too, because Exchange then takes the old one out of the list by itself, in an order that no page
    tells.
    """
    given = parameters(change, PARAMETERS)
    before, after = held.get("email_addresses", []), change.get("email_addresses", [])
    kept = _values.folded(addresses.primary_of(before)) == _values.folded(addresses.primary_of(after))
    if before and after and kept and "external_email_address" not in change:
        given["EmailAddresses"] = addresses.edit(before, after)
    return given


def require_mailbox(found: OnPremisesRecipient) -> None:
    """Raise MailboxError for an object that is no mailbox on-premises."""
    if found["kind"] != "mailbox":
        raise MailboxError(
            f"the on-premises object is a {found['recipient_type_details']}, not a mailbox.",
            code="wrong_recipient_type",
            cmdlet="Get-User",
            retryable=True,
            remedy="Wait until the move is Completed, or correct ad_identity.",
        )


def user(properties: Properties) -> OnPremisesRecipient:
    """Return the normal form of what Get-User says: identity, kind, no mail attributes but AD's mail."""
    details = str(properties.get("RecipientTypeDetails") or "")
    linked = str(properties.get("LinkedMasterAccount") or "")
    return {
        "kind": KINDS.get(details, "other"),
        "recipient_type_details": details,
        "guid": _values.guid(properties.get("Guid")),
        "distinguished_name": str(properties.get("DistinguishedName") or ""),
        "user_principal_name": str(properties.get("UserPrincipalName") or ""),
        "windows_email_address": str(properties.get("WindowsEmailAddress") or ""),
        "display_name": str(properties.get("DisplayName") or ""),
        "external_directory_object_id": object_id(properties.get("ExternalDirectoryObjectId")),
        # Of a user in a resource forest: whose account it is. Set-User and Connect-Mailbox link it (bb201694).
        **({"linked_master_account": linked} if linked else {}),
    }


def is_as_wanted(found: str, wanted: str) -> bool:
    """Tell whether a mailbox is of the wanted kind; a linked one is what it would be without its link."""
    return LINKED.get(found, found) == LINKED.get(wanted, wanted)


def object_id(value: Any) -> str:
    """Return the GUID of a cloud object's id, which write-back stores as ``User_<guid>``.

    A cmdlet shows msExchExternalDirectoryObjectId, which is expected to be empty; only LDAP shows the attribute that
    Entra Connect writes, msDS-ExternalDirectoryObjectID.
    """
    return _values.folded(str(value or "").rpartition("_")[2])


def with_mail(plain: OnPremisesRecipient, properties: Properties) -> OnPremisesRecipient:
    """Return ``plain`` completed with what Get-MailUser, Get-RemoteMailbox or Get-Mailbox says."""
    return {**plain, **mail(plain["kind"], properties)}


def mail(kind: str, properties: Properties) -> OnPremisesRecipient:
    """Return what the cmdlet that shows the mail attributes of a kind says beyond Get-User."""
    external = properties.get("ExternalEmailAddress") or properties.get("RemoteRoutingAddress") or ""
    result: OnPremisesRecipient = {
        "alias": str(properties.get("Alias") or ""),
        "primary_smtp_address": str(properties.get("PrimarySmtpAddress") or ""),
        "email_addresses": _values.as_list(properties.get("EmailAddresses")),
        "email_address_policy_enabled": _values.as_bool(properties.get("EmailAddressPolicyEnabled")),
        "external_email_address": _values.without_prefix(str(external)),
        "exchange_guid": _values.guid(properties.get("ExchangeGuid")),
        "archive_guid": _values.guid(properties.get("ArchiveGuid")),
        "hidden_from_address_lists_enabled": _values.as_bool(properties.get("HiddenFromAddressListsEnabled")),
        "custom_attributes": custom_attributes(properties),
    }
    if properties.get("DisplayName"):
        result["display_name"] = str(properties["DisplayName"])
    if properties.get("Database"):
        result["database"] = str(properties["Database"])
    if kind == "mailbox" and (settings := delivery.settings(properties)):
        result["delivery_settings"] = settings
    if properties.get("RemoteRecipientType") not in (None, "", "None"):
        result["remote_recipient_type"] = str(properties["RemoteRecipientType"])
    shown = {text: properties.get(name) for name, text in _MOVE.items()}
    move = {text: str(value) for text, value in shown.items() if value not in (None, "", "None")}
    if move:
        result["mailbox_move"] = move
    return result
