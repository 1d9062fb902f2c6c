# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Every cmdlet and parameter that the collection runs, what it is run for, and the management role that grants it.

One list for module connection_test and for docs/permissions.md: tests compare both with it, and it with what the
modules really send. Roles: facts identity-filters-roles.md, "Permissions" (Microsoft: the recipient permissions page).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    ENTRA_CONNECT,
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)

# What a cmdlet is needed for: the role itself, or something that is done only where somebody asks for it.
OFFBOARDING = "offboarding"
ROUTING_ADDRESSES = "routing_addresses"
HOLDS = "delay_holds"
STAMPING = "stamping"
MAIL_USER_REMOVAL = "mail_user_removal"
MOVE_CONTROL = "move_control"
ARCHIVES = "archives"
READINESS = "readiness"
ENDPOINT = "migration_endpoint"
PURPOSES = {
    OFFBOARDING: "role mailbox_offboarding, for users and remote mailboxes of every kind",
    ROUTING_ADDRESSES: "add_routing_address: a cloud-only mailbox gets its address in the routing domain",
    HOLDS: "remove_delay_holds: the delay holds of a mailbox end before its move",
    STAMPING: "smtp_match with state: stamped, offboarding_rollback",
    MAIL_USER_REMOVAL: "mailuser with state: absent, offboarding_rollback",
    MOVE_CONTROL: "move_request with state: suspended or absent, playbook cleanup, or approval of skipped items, "
    "offboarding_rollback",
    ARCHIVES: "mailboxes with an archive",
    ENDPOINT: "remote_host_name that is left out, which the one migration endpoint supplies",
    READINESS: "offboarding_readiness; the role asks some of it too, where it may",
}
MAIL_RECIPIENTS, VIEW_RECIPIENTS = "Mail Recipients", "View-Only Recipients"
VIEW_CONFIGURATION, MOVE_MAILBOXES = "View-Only Configuration", "Move Mailboxes"
MIGRATION, LEGAL_HOLD = "Migration", "Legal Hold"
OPERATORS = "ADSyncOperators (local group)"


@dataclass(frozen=True)
class Need:
    """One cmdlet with the parameters that one purpose takes; ``role`` is a management role, or a group."""

    system: str
    cmdlet: str
    parameters: tuple[str, ...]
    role: str
    purpose: str = OFFBOARDING


def _server(cmdlet: str, parameters: str, role: str, purpose: str = OFFBOARDING) -> Need:
    return Need(EXCHANGE_SERVER, cmdlet, tuple(parameters.split()), role, purpose)


def _cloud(cmdlet: str, parameters: str, role: str, purpose: str = OFFBOARDING) -> Need:
    return Need(EXCHANGE_ONLINE, cmdlet, tuple(parameters.split()), role, purpose)


def _sync(cmdlet: str, parameters: str = "") -> Need:
    return Need(ENTRA_CONNECT, cmdlet, tuple(parameters.split()), OPERATORS)


_FIND = "Filter ResultSize DomainController"
_STAMP = "Identity EmailAddresses EmailAddressPolicyEnabled ExchangeGuid Confirm DomainController"
_MOVE = (
    "Identity Outbound RemoteHostName RemoteTargetDatabase TargetDeliveryDomain RemoteCredential BatchName "
    "CompleteAfter StartAfter SuspendWhenReadyToComplete AcceptLargeDataLoss MoveOptions RemoteGlobalCatalog "
    "RequestExpiryInterval CompletedRequestAgeLimit Confirm"
)

NEEDED: tuple[Need, ...] = (
    # That every role of an administrator brings Set-ADServerSettings is inferred.
    _server("Set-ADServerSettings", "ViewEntireForest", VIEW_CONFIGURATION),
    _server("Get-User", f"Identity {_FIND}", VIEW_RECIPIENTS),
    _server("Get-Recipient", _FIND, VIEW_RECIPIENTS),
    _server("Get-MailUser", _FIND, VIEW_RECIPIENTS),
    _server("Get-RemoteMailbox", _FIND, VIEW_RECIPIENTS),
    _server("Get-Mailbox", _FIND, VIEW_RECIPIENTS),
    _server("Get-MailboxStatistics", "Identity", VIEW_RECIPIENTS),
    _server("Get-MailboxDatabase", "DomainController", VIEW_CONFIGURATION),
    _server(
        "Enable-MailUser",
        "Identity ExternalEmailAddress PrimarySmtpAddress Alias Confirm DomainController",
        MAIL_RECIPIENTS,
    ),
    _server("Set-MailUser", f"{_STAMP} ExternalEmailAddress", MAIL_RECIPIENTS),
    _server("Set-RemoteMailbox", "Identity ExchangeGuid Confirm DomainController", MAIL_RECIPIENTS),
    _server("Set-Mailbox", "Identity Type Confirm DomainController", MAIL_RECIPIENTS),
    _server("Set-MailUser", "ArchiveGuid", MAIL_RECIPIENTS, ARCHIVES),
    _server("Set-RemoteMailbox", "ArchiveGuid", MAIL_RECIPIENTS, ARCHIVES),
    _server("Set-User", "Identity WindowsEmailAddress DisplayName Confirm DomainController", MAIL_RECIPIENTS, STAMPING),
    _server("Disable-MailUser", "Identity Confirm DomainController", MAIL_RECIPIENTS, MAIL_USER_REMOVAL),
    _cloud("Get-Recipient", "Filter ResultSize", VIEW_RECIPIENTS),
    _cloud("Get-Mailbox", "Filter ResultSize", VIEW_RECIPIENTS),
    _cloud("Get-MailUser", "Filter ResultSize", VIEW_RECIPIENTS),
    _cloud("Get-MailboxStatistics", "Identity", VIEW_RECIPIENTS),
    _cloud("Get-AcceptedDomain", "ResultSize", VIEW_CONFIGURATION),
    _cloud("Get-OrganizationConfig", "", VIEW_CONFIGURATION),
    _cloud("Get-MoveRequest", "ResultSize BatchName Status", MOVE_MAILBOXES),
    _cloud("Get-MoveRequestStatistics", "Identity", MOVE_MAILBOXES),
    _cloud("New-MoveRequest", _MOVE, MOVE_MAILBOXES),
    _cloud(
        "Set-MoveRequest",
        "Identity SuspendWhenReadyToComplete PreventCompletion CompleteAfter Confirm",
        MOVE_MAILBOXES,
    ),
    _cloud("Resume-MoveRequest", "Identity Confirm", MOVE_MAILBOXES),
    _cloud("Suspend-MoveRequest", "Identity SuspendComment Confirm", MOVE_MAILBOXES, MOVE_CONTROL),
    _cloud("Remove-MoveRequest", "Identity Confirm", MOVE_MAILBOXES, MOVE_CONTROL),
    _cloud("Set-MoveRequest", "SkippedItemApprovalTime", MOVE_MAILBOXES, MOVE_CONTROL),
    _cloud(
        "New-MoveRequest",
        "RemoteArchiveTargetDatabase PrimaryOnly ArchiveOnly ArchiveDomain",
        MOVE_MAILBOXES,
        ARCHIVES,
    ),
    _cloud("Set-Mailbox", "Identity EmailAddresses Confirm", MAIL_RECIPIENTS, ROUTING_ADDRESSES),
    _cloud("Set-Mailbox", "Identity RemoveDelayHoldApplied RemoveDelayReleaseHoldApplied Confirm", LEGAL_HOLD, HOLDS),
    _server("Get-MailboxDatabase", "Status DomainController", VIEW_CONFIGURATION, READINESS),
    _server("Get-MailboxDatabaseCopyStatus", "Identity", VIEW_CONFIGURATION, READINESS),
    _server("Get-WebServicesVirtualDirectory", "DomainController", VIEW_CONFIGURATION, READINESS),
    _server("Get-HybridConfiguration", "", VIEW_CONFIGURATION, READINESS),
    _server("Get-AcceptedDomain", "DomainController", VIEW_CONFIGURATION, READINESS),
    _server("Get-MoveRequest", "ResultSize DomainController", VIEW_RECIPIENTS, READINESS),
    _cloud("Get-OutboundConnector", "", VIEW_CONFIGURATION, READINESS),
    _cloud("Get-Mailbox", "SoftDeletedMailbox ResultSize", VIEW_RECIPIENTS, READINESS),
    _cloud("Get-MigrationUser", "ResultSize", MIGRATION, READINESS),
    _cloud("Get-MigrationEndpoint", "Type", MIGRATION, ENDPOINT),
    _cloud("Get-MailboxStatistics", "Identity Archive", VIEW_RECIPIENTS, READINESS),
    _cloud(
        "Test-MigrationServerAvailability", "ExchangeRemoteMove RemoteServer Credentials Endpoint", MIGRATION, READINESS
    ),
    _sync("Get-ADSyncScheduler"),
    _sync("Get-ADSyncConnectorRunStatus"),
    _sync("Get-ADSyncRunProfileResult", "NumberRequested"),
    _sync("Start-ADSyncSyncCycle", "PolicyType"),
    _sync("Set-ADSyncScheduler", "SyncCycleEnabled"),
)


@dataclass(frozen=True)
class GraphPermission:
    """One application permission of Microsoft Graph; ``includes`` are those that include it.

    ``unseen`` says what stays not_checked without it; a permission without that is needed.
    """

    name: str
    includes: tuple[str, ...] = ()
    unseen: str = ""


# Where Microsoft Graph is used (Microsoft: the table of permissions on the page of each API).
GRAPH_PERMISSIONS: tuple[GraphPermission, ...] = (
    GraphPermission("User.Read.All", ("User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")),
    # Whether an application may have this one is documented differently in different places.
    GraphPermission(
        "OnPremDirectorySynchronization.Read.All",
        ("OnPremDirectorySynchronization.ReadWrite.All",),
        "blocked soft match",
    ),
    GraphPermission("Directory.Read.All", ("Directory.ReadWrite.All",), "the admin roles of a user, by name"),
    GraphPermission(
        "RoleEligibilitySchedule.Read.Directory",
        (
            "RoleEligibilitySchedule.ReadWrite.Directory",
            "RoleManagement.Read.Directory",
            "RoleManagement.Read.All",
            "RoleManagement.ReadWrite.Directory",
        ),
        "admin roles that a user is eligible for",
    ),
    # No permission that only reads it is documented.
    GraphPermission("User-OnPremisesSyncBehavior.ReadWrite.All", (), "the source of authority of a user"),
    GraphPermission(
        "Application.Read.All",
        ("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.Read.All"),
        "attribute write-back jobs",
    ),
    GraphPermission("Synchronization.Read.All", ("Synchronization.ReadWrite.All",), "attribute write-back jobs"),
)
# They come with a cmdlet itself, whatever the role grants, and are not in every list of its parameters
# (facts exchange-online-rest.md section 4.2).
COMMON = frozenset(("Confirm", "WhatIf"))


def needs(system: str, purposes: Collection[str]) -> list[Need]:
    """Return what one system has to grant for these purposes: one entry for each cmdlet, its parameters together."""
    merged: dict[str, Need] = {}
    for need in NEEDED:
        if need.system != system or need.purpose not in purposes:
            continue
        known = merged.get(need.cmdlet)
        parameters = tuple(dict.fromkeys((*(known.parameters if known else ()), *need.parameters)))
        merged[need.cmdlet] = Need(system, need.cmdlet, parameters, need.role, need.purpose)
    return list(merged.values())
