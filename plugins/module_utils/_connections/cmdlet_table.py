# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Every cmdlet that the collection runs: where, with what, by which role, and what becomes of a lost answer.

The one list of cmdlets: the transports, module connection_test and docs/permissions.md are fed from it. Tests hold it
to what the code runs, in both directions, and its parameters to Microsoft's reference. Roles: facts
identity-filters-roles.md, "Permissions" (Microsoft: the recipient permissions page).
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import READ_VERBS
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT,
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)

# What a cmdlet is needed for: the role itself, or something that is done only on request.
OFFBOARDING = "offboarding"
ROUTING_ADDRESSES = "routing_addresses"
HOLDS = "delay_holds"
STAMPING = "stamping"
MAIL_USER_REMOVAL = "mail_user_removal"
MOVE_CONTROL = "move_control"
ARCHIVES = "archives"
READINESS = "readiness"
ENDPOINT = "migration_endpoint"
PERMISSIONS = "mailbox_permission"
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
    PERMISSIONS: "mailbox_permission: who may open an on-premises mailbox",
    READINESS: "offboarding_readiness; the role asks some of it too, where it may",
}

MAIL_RECIPIENTS, VIEW_RECIPIENTS = "Mail Recipients", "View-Only Recipients"
VIEW_CONFIGURATION, MOVE_MAILBOXES = "View-Only Configuration", "Move Mailboxes"
MIGRATION, LEGAL_HOLD = "Migration", "Legal Hold"
# Microsoft's page on recipient permissions names this role group alone for "Permissions and delegation".
ORGANIZATION_MANAGEMENT = "Organization Management (role group)"
OPERATORS = "ADSyncOperators (local group)"

# Whether a cmdlet takes -DomainController, and which controllers hold what it is about: every one of the forest holds
# configuration, those of one domain alone hold that domain's objects.
CONFIGURATION, ONE_DOMAIN = "configuration", "one domain"

# What happens when the answer to a cmdlet is lost.
ASKED_AGAIN = "The session repeats the call."
PLANNED_AGAIN = "The object is read back, and only what is still missing is sent again."
LOOKED_UP = "The scheduler and its runs are read: it is sent again only if they do not show it."
SESSION_ENDS = "The session is opened again."


@dataclass(frozen=True)
class Grant:
    """The parameters that one purpose takes; ``role`` is the management role or the group that grants them."""

    parameters: tuple[str, ...]
    role: str
    purpose: str = OFFBOARDING


@dataclass(frozen=True)
class KnownCmdlet:
    """One cmdlet in one system. ``takes_confirm``: it is sent with ``-Confirm:$false``."""

    system: str
    name: str
    grants: tuple[Grant, ...]
    takes_confirm: bool
    domain_controller: str
    lost_answer: str

    @property
    def is_read(self) -> bool:
        return self.name.startswith(READ_VERBS)

    def parameters(self, grant: Grant) -> tuple[str, ...]:
        """Return what is sent for a purpose, with what the transports add to every call."""
        confirm = ("Confirm",) if self.takes_confirm else ()
        return (*grant.parameters, *confirm, *(("DomainController",) if self.domain_controller else ()))


def _for(parameters: str, role: str, purpose: str = OFFBOARDING) -> Grant:
    return Grant(tuple(parameters.split()), role, purpose)


def _server_read(name: str, domain_controller: str, *grants: Grant) -> KnownCmdlet:
    return KnownCmdlet(EXCHANGE_SERVER, name, grants, False, domain_controller, ASKED_AGAIN)


def _server_write(name: str, *grants: Grant) -> KnownCmdlet:
    return KnownCmdlet(EXCHANGE_SERVER, name, grants, True, ONE_DOMAIN, PLANNED_AGAIN)


def _cloud_read(name: str, *grants: Grant) -> KnownCmdlet:
    return KnownCmdlet(EXCHANGE_ONLINE, name, grants, False, "", ASKED_AGAIN)


def _cloud_write(name: str, *grants: Grant) -> KnownCmdlet:
    return KnownCmdlet(EXCHANGE_ONLINE, name, grants, True, "", PLANNED_AGAIN)


def _sync(name: str, parameters: str = "", lost_answer: str = ASKED_AGAIN) -> KnownCmdlet:
    return KnownCmdlet(ENTRA_CONNECT, name, (_for(parameters, OPERATORS),), False, "", lost_answer)


_FIND = "Filter ResultSize"
_MOVE = (
    "Identity Outbound RemoteHostName RemoteTargetDatabase TargetDeliveryDomain RemoteCredential BatchName "
    "CompleteAfter StartAfter SuspendWhenReadyToComplete AcceptLargeDataLoss MoveOptions RemoteGlobalCatalog "
    "RequestExpiryInterval CompletedRequestAgeLimit"
)
_STAMP = "Identity EmailAddresses EmailAddressPolicyEnabled ExchangeGuid ExternalEmailAddress"
_VIEW_FOREST = _for("ViewEntireForest", VIEW_CONFIGURATION)

TABLE: tuple[KnownCmdlet, ...] = (
    # It concerns the session alone and is sent as it stands. That every role of an administrator brings it is inferred.
    KnownCmdlet(EXCHANGE_SERVER, "Set-ADServerSettings", (_VIEW_FOREST,), False, "", SESSION_ENDS),
    _server_read("Get-User", ONE_DOMAIN, _for(f"Identity {_FIND}", VIEW_RECIPIENTS)),
    _server_read(
        "Get-Recipient",
        ONE_DOMAIN,
        _for(_FIND, VIEW_RECIPIENTS),
        _for("Identity", VIEW_RECIPIENTS, PERMISSIONS),
    ),
    _server_read("Get-MailUser", ONE_DOMAIN, _for(_FIND, VIEW_RECIPIENTS)),
    _server_read("Get-RemoteMailbox", ONE_DOMAIN, _for(_FIND, VIEW_RECIPIENTS)),
    _server_read("Get-Mailbox", ONE_DOMAIN, _for(_FIND, VIEW_RECIPIENTS)),
    _server_read("Get-MailboxStatistics", ONE_DOMAIN, _for("Identity", VIEW_RECIPIENTS)),
    _server_read("Get-MailboxPermission", ONE_DOMAIN, _for("Identity ResultSize", VIEW_RECIPIENTS, PERMISSIONS)),
    _server_read("Get-MoveRequest", CONFIGURATION, _for("ResultSize", VIEW_RECIPIENTS, READINESS)),
    _server_read(
        "Get-MailboxDatabase",
        CONFIGURATION,
        _for("", VIEW_CONFIGURATION),
        _for("Status", VIEW_CONFIGURATION, READINESS),
    ),
    _server_read("Get-MailboxDatabaseCopyStatus", CONFIGURATION, _for("Identity", VIEW_CONFIGURATION, READINESS)),
    _server_read("Get-WebServicesVirtualDirectory", CONFIGURATION, _for("", VIEW_CONFIGURATION, READINESS)),
    _server_read("Get-HybridConfiguration", CONFIGURATION, _for("", VIEW_CONFIGURATION, READINESS)),
    _server_read("Get-AcceptedDomain", CONFIGURATION, _for("", VIEW_CONFIGURATION, READINESS)),
    _server_write("Enable-MailUser", _for("Identity ExternalEmailAddress PrimarySmtpAddress Alias", MAIL_RECIPIENTS)),
    _server_write("Set-MailUser", _for(_STAMP, MAIL_RECIPIENTS), _for("ArchiveGuid", MAIL_RECIPIENTS, ARCHIVES)),
    _server_write(
        "Set-RemoteMailbox",
        _for("Identity ExchangeGuid", MAIL_RECIPIENTS),
        _for("ArchiveGuid", MAIL_RECIPIENTS, ARCHIVES),
    ),
    _server_write("Set-Mailbox", _for("Identity Type", MAIL_RECIPIENTS)),
    _server_write("Set-User", _for("Identity WindowsEmailAddress DisplayName", MAIL_RECIPIENTS, STAMPING)),
    _server_write(
        "Add-MailboxPermission",
        _for("Identity User AccessRights InheritanceType Deny AutoMapping", ORGANIZATION_MANAGEMENT, PERMISSIONS),
    ),
    _server_write(
        "Remove-MailboxPermission",
        _for("Identity User AccessRights InheritanceType Deny", ORGANIZATION_MANAGEMENT, PERMISSIONS),
    ),
    _server_write("Disable-MailUser", _for("Identity", MAIL_RECIPIENTS, MAIL_USER_REMOVAL)),
    _cloud_read("Get-Recipient", _for(_FIND, VIEW_RECIPIENTS)),
    _cloud_read(
        "Get-Mailbox",
        _for(_FIND, VIEW_RECIPIENTS),
        _for("SoftDeletedMailbox ResultSize", VIEW_RECIPIENTS, READINESS),
    ),
    _cloud_read("Get-MailUser", _for(_FIND, VIEW_RECIPIENTS)),
    _cloud_read(
        "Get-MailboxStatistics",
        _for("Identity", VIEW_RECIPIENTS),
        _for("Identity Archive", VIEW_RECIPIENTS, READINESS),
    ),
    _cloud_read("Get-AcceptedDomain", _for("ResultSize", VIEW_CONFIGURATION)),
    _cloud_read("Get-OrganizationConfig", _for("", VIEW_CONFIGURATION)),
    _cloud_read("Get-OutboundConnector", _for("", VIEW_CONFIGURATION, READINESS)),
    _cloud_read("Get-MigrationUser", _for("ResultSize", MIGRATION, READINESS)),
    _cloud_read("Get-MigrationEndpoint", _for("Type", MIGRATION, ENDPOINT)),
    _cloud_read(
        "Test-MigrationServerAvailability",
        _for("ExchangeRemoteMove RemoteServer Credentials Endpoint", MIGRATION, READINESS),
    ),
    _cloud_read("Get-MoveRequest", _for("ResultSize BatchName Status", MOVE_MAILBOXES)),
    _cloud_read("Get-MoveRequestStatistics", _for("Identity", MOVE_MAILBOXES)),
    _cloud_write(
        "New-MoveRequest",
        _for(_MOVE, MOVE_MAILBOXES),
        _for("RemoteArchiveTargetDatabase PrimaryOnly ArchiveOnly ArchiveDomain", MOVE_MAILBOXES, ARCHIVES),
    ),
    _cloud_write(
        "Set-MoveRequest",
        _for("Identity SuspendWhenReadyToComplete PreventCompletion CompleteAfter", MOVE_MAILBOXES),
        _for("SkippedItemApprovalTime", MOVE_MAILBOXES, MOVE_CONTROL),
    ),
    _cloud_write("Resume-MoveRequest", _for("Identity", MOVE_MAILBOXES)),
    _cloud_write("Suspend-MoveRequest", _for("Identity SuspendComment", MOVE_MAILBOXES, MOVE_CONTROL)),
    _cloud_write("Remove-MoveRequest", _for("Identity", MOVE_MAILBOXES, MOVE_CONTROL)),
    _cloud_write(
        "Set-Mailbox",
        _for("Identity EmailAddresses", MAIL_RECIPIENTS, ROUTING_ADDRESSES),
        _for("Identity RemoveDelayHoldApplied RemoveDelayReleaseHoldApplied", LEGAL_HOLD, HOLDS),
    ),
    _sync("Get-ADSyncScheduler"),
    _sync("Get-ADSyncConnectorRunStatus"),
    _sync("Get-ADSyncRunProfileResult", "NumberRequested"),
    _sync("Start-ADSyncSyncCycle", "PolicyType", LOOKED_UP),
    _sync("Set-ADSyncScheduler", "SyncCycleEnabled", LOOKED_UP),
)


def names(system: str) -> frozenset[str]:
    """Return the cmdlets that one system is asked to run."""
    return frozenset(known.name for known in TABLE if known.system == system)


def taking_confirm(system: str) -> frozenset[str]:
    """Return the cmdlets that are sent with -Confirm:$false; without it, they would wait for an answer."""
    return frozenset(known.name for known in TABLE if known.system == system and known.takes_confirm)


def taking_domain_controller(*reach: str) -> frozenset[str]:
    """Return the on-premises cmdlets with -DomainController about what stands in this reach; all by default."""
    wanted = reach or (CONFIGURATION, ONE_DOMAIN)
    return frozenset(known.name for known in TABLE if known.domain_controller in wanted)
