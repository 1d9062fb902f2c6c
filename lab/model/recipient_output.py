# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How recipients look in the output: .NET types and properties of Get-User, Get-Recipient, Get-Mailbox and so on."""

from __future__ import annotations

import datetime

from lab.answer import ByteSize, Collection, Enumeration, LabObject, LabValue, Reference
from lab.model.directory import DirectoryObject
from lab.model.kinds import RECIPIENT, details_enumeration, type_enumeration
from lab.model.recipients import Recipient
from lab.model.tenant import TENANT, TenantObject

MANAGEMENT = "Microsoft.Exchange.Data.Directory.Management."
_BASES = (
    "Microsoft.Exchange.Data.Directory.Management.ADPresentationObject",
    "Microsoft.Exchange.Data.Directory.ADObject",
    "Microsoft.Exchange.Data.Directory.ADRawEntry",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
)
_PROXIES = "Microsoft.Exchange.Data.ProxyAddressCollection"
_REMOTE_TYPES = {"None": 0, "ProvisionMailbox": 1, "Migrated": 4, "DeprovisionMailbox": 8}
_ARCHIVE_STATUSES = {"None": 0, "Active": 1}
_ARCHIVE_STATES = {"None": 0, "Local": 1, "HostedProvisioned": 2, "HostedPending": 3, "OnPremise": 4}


def user(item: Recipient) -> LabObject:
    """Return what Get-User shows: no proxy addresses, no mailbox GUIDs (facts: identity-filters-roles.md, Filters)."""
    linked = {"LinkedMasterAccount": item.linked_master_account} if isinstance(item, DirectoryObject) else {}
    return _object("User", item, {**_common(item), **_account(item), **_person(item), **linked})


def recipient(item: Recipient) -> LabObject:
    """Return what Get-Recipient shows: no UserPrincipalName and no mail."""
    properties = {**_common(item), **_mail_enabled(item), **_mailbox_move(item), **_archive(item)}
    properties.pop("WindowsEmailAddress")
    properties.pop("LegacyExchangeDN")
    properties["FirstName"], properties["LastName"] = item.first_name, item.last_name
    properties["ExternalEmailAddress"] = item.external_email_address or None
    properties["Database"] = Reference(item.database) if item.database else None
    properties["LitigationHoldEnabled"] = item.litigation_hold
    return _object("ReducedRecipient", item, properties)


def mail_user(item: Recipient) -> LabObject:
    """Return what Get-MailUser shows."""
    properties = {**_common(item), **_account(item), **_mail_enabled(item), **_mailbox_move(item), **_archive(item)}
    properties["ExternalEmailAddress"] = item.external_email_address or None
    properties["LitigationHoldEnabled"] = item.litigation_hold
    properties["MessageFormat"] = Enumeration("Microsoft.Exchange.Data.MessageFormat", "Mime", 1)
    return _object("MailUser", item, properties)


def remote_mailbox(item: DirectoryObject) -> LabObject:
    """Return what Get-RemoteMailbox shows."""
    properties = {**_common(item), **_account(item), **_mail_enabled(item), **_mailbox_move(item), **_archive(item)}
    properties["RemoteRoutingAddress"] = item.external_email_address
    properties["RemoteRecipientType"] = _remote_recipient_type(item.remote_recipient_type)
    properties["OnPremisesOrganizationalUnit"] = f"{item.domain}/{item.organizational_unit}"
    return _object("RemoteMailbox", item, properties)


def mailbox(item: Recipient) -> LabObject:
    """Return what Get-Mailbox shows in either organization."""
    properties = {**_common(item), **_account(item), **_mail_enabled(item), **_mailbox_move(item), **_archive(item)}
    quotas = item.quotas
    properties.update(
        Database=Reference(item.database), IsMailboxEnabled=True, IsValid=True,
        IsShared=item.kind == "SharedMailbox", IsResource=item.kind in ("RoomMailbox", "EquipmentMailbox"),
        ResourceType=_resource_type(item.kind), LitigationHoldEnabled=item.litigation_hold,
        IssueWarningQuota=ByteSize(quotas.issue_warning), ProhibitSendQuota=ByteSize(quotas.prohibit_send),
        ProhibitSendReceiveQuota=ByteSize(quotas.prohibit_send_receive),
        RecoverableItemsQuota=ByteSize(quotas.recoverable_items), RetainDeletedItemsFor=datetime.timedelta(days=14),
    )  # fmt: skip
    if isinstance(item, TenantObject):
        properties.update(_cloud_mailbox(item))
    elif isinstance(item, DirectoryObject):
        properties["UseDatabaseQuotaDefaults"] = item.use_database_quota_defaults
        properties["LinkedMasterAccount"] = item.linked_master_account
        properties["RemoteRecipientType"] = _remote_recipient_type(item.remote_recipient_type)
    properties.update(_delivery(item))
    return _object("Mailbox", item, properties)


def _delivery(item: Recipient) -> dict[str, LabValue]:
    """Return where a mailbox's mail goes, and who may send to it."""
    lists = ("AcceptMessagesOnlyFromSendersOrMembers", "RejectMessagesFromSendersOrMembers")
    switches = ("DeliverToMailboxAndForward", "RequireSenderAuthenticationEnabled", "ModerationEnabled")
    return {
        "ForwardingAddress": None, "ForwardingSmtpAddress": None, **dict.fromkeys(switches, False),
        **{name: Collection([]) for name in lists},
        **{name: Collection(value) if name in lists else value for name, value in item.delivery.items()},
    }  # fmt: skip


def mailbox_statistics(item: Recipient, *, archive: bool) -> LabObject:
    """Return what Get-MailboxStatistics shows of the primary mailbox or of its archive."""
    content = item.content
    guid = item.archive_guid if archive else item.exchange_guid
    size, items = (content.archive_size, content.archive_items) if archive else (content.size, content.items)
    properties: dict[str, LabValue] = {
        "DisplayName": item.display_name, "Identity": Reference(str(guid)), "MailboxGuid": guid, "IsValid": True,
        "LegacyDN": item.legacy_exchange_dn, "ItemCount": items, "TotalItemSize": ByteSize(size),
        "DeletedItemCount": 0, "TotalDeletedItemSize": ByteSize(0 if archive else content.recoverable),
        "IsArchiveMailbox": archive,
        "Database": Reference(item.database), "DatabaseName": item.database,
    }  # fmt: skip
    types = ("Microsoft.Exchange.Management.MapiTasks.Presentation.MailboxStatistics", *_BASES[3:])
    return LabObject(types, properties, str(guid))


def _object(name: str, item: Recipient, properties: dict[str, LabValue]) -> LabObject:
    return LabObject((MANAGEMENT + name, *_BASES), properties, item.identity)


def _common(item: Recipient) -> dict[str, LabValue]:
    cloud = isinstance(item, TenantObject)
    unit = f"{item.domain}/{item.organizational_unit}" if isinstance(item, DirectoryObject) else TENANT
    return {
        "Identity": Reference(item.identity), "Id": Reference(item.identity), "Name": item.name, "Guid": item.guid,
        "DistinguishedName": item.distinguished_name, "DisplayName": item.display_name, "IsValid": True,
        "OrganizationalUnit": unit, "RecipientType": type_enumeration(item.kind),
        "RecipientTypeDetails": details_enumeration(item.kind), "SamAccountName": item.sam_account_name,
        "ExternalDirectoryObjectId": item.external_directory_object_id,
        "IsDirSynced": cloud and isinstance(item, TenantObject) and item.is_dir_synced,
        "WhenCreated": item.when_created, "WhenCreatedUTC": item.when_created,
        "WhenChanged": item.when_changed, "WhenChangedUTC": item.when_changed,
        "OriginatingServer": "DB8PR07A001DC03.EURPR07A001.PROD.OUTLOOK.COM" if cloud else "dc01.contoso.com",
    }  # fmt: skip


def _account(item: Recipient) -> dict[str, LabValue]:
    return {
        "UserPrincipalName": item.user_principal_name, "WindowsEmailAddress": item.mail,
        "WindowsLiveID": item.user_principal_name if isinstance(item, TenantObject) else "",
    }  # fmt: skip


def _person(item: Recipient) -> dict[str, LabValue]:
    return {
        "FirstName": item.first_name, "LastName": item.last_name, "LegacyExchangeDN": item.legacy_exchange_dn,
        "AccountDisabled": getattr(item, "account_disabled", False), "Phone": "", "Office": "", "Department": "",
    }  # fmt: skip


def _mail_enabled(item: Recipient) -> dict[str, LabValue]:
    customs: dict[str, LabValue] = {
        f"CustomAttribute{number}": item.custom_attributes.get(number, "") for number in range(1, 16)
    }
    return {
        "Alias": item.alias, "EmailAddresses": Collection(list(item.email_addresses), _PROXIES),
        "PrimarySmtpAddress": item.primary_smtp_address, "WindowsEmailAddress": item.mail,
        "LegacyExchangeDN": item.legacy_exchange_dn, "ExchangeGuid": item.exchange_guid,
        "EmailAddressPolicyEnabled": item.email_address_policy_enabled,
        "HiddenFromAddressListsEnabled": item.hidden, **customs,
    }  # fmt: skip


def _mailbox_move(item: Recipient) -> dict[str, LabValue]:
    move = item.move
    return {
        "MailboxMoveTargetMDB": None, "MailboxMoveSourceMDB": None,
        "MailboxMoveFlags": Enumeration(RECIPIENT + "RequestFlags", move.flags, 0 if move.flags == "None" else 5),
        "MailboxMoveRemoteHostName": move.remote_host_name, "MailboxMoveBatchName": move.batch_name,
        "MailboxMoveStatus": Enumeration(RECIPIENT + "RequestStatus", move.status, 0),
    }  # fmt: skip


def _archive(item: Recipient) -> dict[str, LabValue]:
    status = item.archive_status if isinstance(item, TenantObject) else "None"
    state = "Local" if status == "Active" else "None"
    return {
        "ArchiveGuid": item.archive_guid, "ArchiveName": Collection([item.archive_name] if item.archive_name else []),
        "ArchiveStatus": Enumeration(RECIPIENT + "ArchiveStatusFlags", status, _ARCHIVE_STATUSES[status]),
        "ArchiveState": Enumeration(RECIPIENT + "ArchiveState", state, _ARCHIVE_STATES[state]),
        "ArchiveDatabase": None, "ArchiveDomain": None,
    }  # fmt: skip


def _cloud_mailbox(item: TenantObject) -> dict[str, LabValue]:
    # Whether the real service fills ImmutableId is unknown (facts: identity-filters-roles.md): here it never is.
    return {
        "ImmutableId": "",
        "InPlaceHolds": Collection(item.in_place_holds), "DelayHoldApplied": item.delay_hold,
        "DelayReleaseHoldApplied": item.delay_release_hold, "ComplianceTagHoldApplied": item.compliance_tag_hold,
        "AutoExpandingArchiveEnabled": item.auto_expanding_archive, "SKUAssigned": item.sku_assigned,
        "IsExchangeCloudManaged": item.is_exchange_cloud_managed, "AccountDisabled": item.account_disabled,
        "GrantSendOnBehalfTo": Collection(item.permissions.get("send_on_behalf", [])),
        "UseDatabaseQuotaDefaults": False, "OrganizationalUnitRoot": TENANT, "RetentionPolicy": "Default MRM Policy",
        "RetentionHoldEnabled": False,
        "MailboxLocations": Collection([f"1;{item.exchange_guid};Primary;EURPR07A001.PROD.OUTLOOK.COM;"]),
    }  # fmt: skip


def _resource_type(kind: str) -> LabValue:
    names = {"RoomMailbox": ("Room", 0), "EquipmentMailbox": ("Equipment", 1)}
    if kind not in names:
        return None
    return Enumeration(RECIPIENT + "ExchangeResourceType", *names[kind])


def _remote_recipient_type(name: str) -> Enumeration:
    return Enumeration(RECIPIENT + "RemoteRecipientType", name, _REMOTE_TYPES[name])
