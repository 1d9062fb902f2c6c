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

from collections.abc import Collection, Iterable
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
PLACEMENT = "target_databases"
READINESS = "readiness"
BATCHES = "migration_batch"
ENDPOINT = "migration_endpoint"
PERMISSIONS = "mailbox_permission"
PROXIES = "mrs_proxy"
PURPOSES = {
    OFFBOARDING: "role mailbox_offboarding, for users and remote mailboxes of every kind",
    ROUTING_ADDRESSES: "add_routing_address: a cloud-only mailbox gets its address in the routing domain",
    HOLDS: "remove_delay_holds: the delay holds of a mailbox end before its move",
    STAMPING: "smtp_match with state: stamped, offboarding_rollback",
    MAIL_USER_REMOVAL: "mailuser with state: absent, offboarding_rollback",
    MOVE_CONTROL: "move_request with state: suspended or absent, playbook cleanup, or approval of skipped items, "
    "offboarding_rollback",
    ARCHIVES: "mailboxes with an archive",
    PLACEMENT: "target_databases: databases are chosen by their space",
    BATCHES: "migration_batch and migration_batch_info, and remote_host_name that is left out, which the one migration "
    "endpoint supplies",
    ENDPOINT: "migration_endpoint: endpoints are created, changed, removed and tested",
    PERMISSIONS: "mailbox_permission: who may open an on-premises mailbox",
    PROXIES: "mrs_proxy: the MRS proxy of on-premises servers",
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
    """The parameters that one purpose takes; ``role`` is the management role or the group that grants them.

    ``module`` is whose they are, where that is not for the whole cmdlet to say.
    """

    parameters: tuple[str, ...]
    role: str
    purpose: str = OFFBOARDING
    module: str = ""


@dataclass(frozen=True)
class KnownCmdlet:
    """One cmdlet in one system. ``takes_confirm``: it is sent with ``-Confirm:$false``.

    ``modules`` are those of the collection that write with it; the gates of their own stand before it.
    """

    system: str
    name: str
    grants: tuple[Grant, ...]
    takes_confirm: bool
    domain_controller: str
    lost_answer: str
    modules: tuple[str, ...] = ()

    @property
    def is_read(self) -> bool:
        return self.name.startswith(READ_VERBS)

    @property
    def noun(self) -> str:
        return self.name.partition("-")[2]

    def parameters(self, grant: Grant) -> tuple[str, ...]:
        """Return what is sent for a purpose, with what the transports add to every call."""
        confirm = ("Confirm",) if self.takes_confirm else ()
        return (*grant.parameters, *confirm, *(("DomainController",) if self.domain_controller else ()))


def _for(parameters: str, role: str, purpose: str = OFFBOARDING, module: str = "") -> Grant:
    return Grant(tuple(parameters.split()), role, purpose, module)


def _server_read(name: str, domain_controller: str, *grants: Grant) -> KnownCmdlet:
    return KnownCmdlet(EXCHANGE_SERVER, name, grants, False, domain_controller, ASKED_AGAIN)


def _server_write(name: str, modules: str, *grants: Grant, domain_controller: str = ONE_DOMAIN) -> KnownCmdlet:
    return KnownCmdlet(EXCHANGE_SERVER, name, grants, True, domain_controller, PLANNED_AGAIN, tuple(modules.split()))


def _cloud_read(name: str, *grants: Grant) -> KnownCmdlet:
    return KnownCmdlet(EXCHANGE_ONLINE, name, grants, False, "", ASKED_AGAIN)


def _cloud_write(name: str, modules: str, *grants: Grant) -> KnownCmdlet:
    return KnownCmdlet(EXCHANGE_ONLINE, name, grants, True, "", PLANNED_AGAIN, tuple(modules.split()))


def _sync(name: str, parameters: str = "", lost_answer: str = ASKED_AGAIN) -> KnownCmdlet:
    return KnownCmdlet(ENTRA_CONNECT, name, (_for(parameters, OPERATORS),), False, "", lost_answer, ("directory_sync",))


_FIND = "Filter ResultSize"
_MOVE = (
    "Identity Outbound RemoteHostName RemoteTargetDatabase TargetDeliveryDomain RemoteCredential BatchName "
    "CompleteAfter StartAfter SuspendWhenReadyToComplete AcceptLargeDataLoss MoveOptions RemoteGlobalCatalog "
    "RequestExpiryInterval CompletedRequestAgeLimit IncrementalSyncInterval SkipMoving ForceOffline ProxyToMailbox"
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
        _for("Status", VIEW_CONFIGURATION),
        _for("Status", VIEW_CONFIGURATION, READINESS),
        _for("Status", VIEW_CONFIGURATION, PLACEMENT),
    ),
    _server_read(
        "Get-MailboxDatabaseCopyStatus",
        CONFIGURATION,
        _for("Identity", VIEW_CONFIGURATION, READINESS),
        _for("Identity", VIEW_CONFIGURATION, PLACEMENT),
    ),
    _server_read(
        "Get-WebServicesVirtualDirectory",
        CONFIGURATION,
        _for("", VIEW_CONFIGURATION, READINESS),
        _for("", VIEW_CONFIGURATION, PROXIES),
    ),
    _server_read("Get-HybridConfiguration", CONFIGURATION, _for("", VIEW_CONFIGURATION, READINESS)),
    _server_read("Get-AcceptedDomain", CONFIGURATION, _for("", VIEW_CONFIGURATION, READINESS)),
    _server_write(
        "Set-WebServicesVirtualDirectory",
        "mrs_proxy",
        _for(
            "Identity MRSProxyEnabled BasicAuthentication WindowsAuthentication WSSecurityAuthentication "
            "OAuthAuthentication ExtendedProtectionTokenChecking",
            ORGANIZATION_MANAGEMENT,
            PROXIES,
        ),
        domain_controller=CONFIGURATION,
    ),
    _server_write(
        "Enable-MailUser", "mailuser", _for("Identity ExternalEmailAddress PrimarySmtpAddress Alias", MAIL_RECIPIENTS)
    ),
    _server_write(
        "Set-MailUser",
        "mailuser exchange_guid",
        _for(_STAMP, MAIL_RECIPIENTS),
        _for("ArchiveGuid", MAIL_RECIPIENTS, ARCHIVES),
    ),
    _server_write(
        "Set-RemoteMailbox",
        "exchange_guid mailuser",
        _for("Identity EmailAddresses ExchangeGuid", MAIL_RECIPIENTS),
        _for("ArchiveGuid", MAIL_RECIPIENTS, ARCHIVES),
    ),
    _server_write("Set-Mailbox", "mailbox", _for("Identity Type", MAIL_RECIPIENTS)),
    _server_write(
        "Set-User", "smtp_match", _for("Identity WindowsEmailAddress DisplayName", MAIL_RECIPIENTS, STAMPING)
    ),
    _server_write(
        "Add-MailboxPermission",
        "mailbox_permission",
        _for("Identity User AccessRights InheritanceType Deny AutoMapping", ORGANIZATION_MANAGEMENT, PERMISSIONS),
    ),
    _server_write(
        "Remove-MailboxPermission",
        "mailbox_permission",
        _for("Identity User AccessRights InheritanceType Deny", ORGANIZATION_MANAGEMENT, PERMISSIONS),
    ),
    _server_write("Disable-MailUser", "mailuser", _for("Identity", MAIL_RECIPIENTS, MAIL_USER_REMOVAL)),
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
        _for("Identity Archive", VIEW_RECIPIENTS, PLACEMENT),
    ),
    _cloud_read("Get-AcceptedDomain", _for("ResultSize", VIEW_CONFIGURATION)),
    _cloud_read("Get-OrganizationConfig", _for("", VIEW_CONFIGURATION)),
    _cloud_read("Get-OutboundConnector", _for("", VIEW_CONFIGURATION, READINESS)),
    _cloud_read(
        "Get-MigrationUser",
        _for("ResultSize BatchId", MIGRATION, BATCHES),
        _for("ResultSize BatchId", MIGRATION, READINESS),
    ),
    _cloud_read(
        "Get-MigrationUserStatistics",
        _for("Identity", MIGRATION, BATCHES),
        _for("IncludeReport IncludeSkippedItems", MIGRATION, BATCHES),
    ),
    _cloud_read(
        "Get-MigrationBatch",
        _for("ResultSize", MIGRATION, BATCHES),
        _for("Identity IncludeReport", MIGRATION, BATCHES),
    ),
    _cloud_read("Get-MigrationEndpoint", _for("", MIGRATION, BATCHES), _for("", MIGRATION, ENDPOINT)),
    _cloud_read(
        "Test-MigrationServerAvailability",
        _for("ExchangeRemoteMove RemoteServer Credentials Endpoint", MIGRATION, READINESS),
        _for("Endpoint", MIGRATION, ENDPOINT),
    ),
    _cloud_read("Get-MoveRequest", _for("ResultSize BatchName Status", MOVE_MAILBOXES)),
    _cloud_read(
        "Get-MoveRequestStatistics",
        _for("Identity", MOVE_MAILBOXES),
        _for("IncludeReport", MOVE_MAILBOXES, MOVE_CONTROL),
    ),
    _cloud_write(
        "New-MoveRequest",
        "move_request",
        _for(_MOVE, MOVE_MAILBOXES),
        _for("RemoteArchiveTargetDatabase PrimaryOnly ArchiveOnly ArchiveDomain", MOVE_MAILBOXES, ARCHIVES),
    ),
    _cloud_write(
        "Set-MoveRequest",
        "move_request",
        _for("Identity SuspendWhenReadyToComplete PreventCompletion CompleteAfter", MOVE_MAILBOXES),
        _for("SkippedItemApprovalTime", MOVE_MAILBOXES, MOVE_CONTROL),
    ),
    _cloud_write("Resume-MoveRequest", "move_request", _for("Identity", MOVE_MAILBOXES)),
    _cloud_write("Suspend-MoveRequest", "move_request", _for("Identity SuspendComment", MOVE_MAILBOXES, MOVE_CONTROL)),
    _cloud_write("Remove-MoveRequest", "move_request", _for("Identity", MOVE_MAILBOXES, MOVE_CONTROL)),
    _cloud_write(
        "New-MigrationBatch",
        "migration_batch",
        _for(
            "Name CSVData TargetEndpoint TargetDeliveryDomain NotificationEmails StartAfter AutoStart AutoComplete "
            "CompleteAfter TargetDatabases",
            MIGRATION,
            BATCHES,
        ),
        _for("ArchiveDomain TargetArchiveDatabases", MIGRATION, ARCHIVES),
    ),
    _cloud_write(
        "Set-MigrationBatch", "migration_batch", _for("Identity AddUsers CSVData CompleteAfter", MIGRATION, BATCHES)
    ),
    _cloud_write("Start-MigrationBatch", "migration_batch", _for("Identity", MIGRATION, BATCHES)),
    _cloud_write("Stop-MigrationBatch", "migration_batch", _for("Identity", MIGRATION, MOVE_CONTROL)),
    _cloud_write("Complete-MigrationBatch", "migration_batch", _for("Identity", MIGRATION, BATCHES)),
    _cloud_write("Remove-MigrationBatch", "migration_batch", _for("Identity", MIGRATION, MOVE_CONTROL)),
    _cloud_write(
        "Set-MigrationUser",
        "migration_batch",
        _for("Identity CompleteAfter", MIGRATION, BATCHES),
        _for("ApproveSkippedItems", MIGRATION, MOVE_CONTROL),
    ),
    _cloud_write(
        "New-MigrationEndpoint",
        "migration_endpoint",
        _for(
            "Name ExchangeRemoteMove RemoteServer Credentials MaxConcurrentMigrations MaxConcurrentIncrementalSyncs",
            MIGRATION,
            ENDPOINT,
        ),
    ),
    _cloud_write(
        "Set-MigrationEndpoint",
        "migration_endpoint",
        _for(
            "Identity RemoteServer Credentials MaxConcurrentMigrations MaxConcurrentIncrementalSyncs",
            MIGRATION,
            ENDPOINT,
        ),
    ),
    _cloud_write("Remove-MigrationEndpoint", "migration_endpoint", _for("Identity", MIGRATION, ENDPOINT)),
    _cloud_write("Start-MigrationUser", "migration_batch", _for("Identity", MIGRATION, BATCHES)),
    _cloud_write("Stop-MigrationUser", "migration_batch", _for("Identity", MIGRATION, MOVE_CONTROL)),
    _cloud_write("Remove-MigrationUser", "migration_batch", _for("Identity", MIGRATION, MOVE_CONTROL)),
    _cloud_write(
        "Set-Mailbox",
        "mailuser delay_holds",
        _for("Identity EmailAddresses", MAIL_RECIPIENTS, ROUTING_ADDRESSES, "mailuser"),
        _for("Identity RemoveDelayHoldApplied RemoveDelayReleaseHoldApplied", LEGAL_HOLD, HOLDS, "delay_holds"),
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


# A module that makes or removes objects owns all that is written to them; one that only sets some of their properties
# owns those.
_MAKES_OR_REMOVES = ("Add-", "Disable-", "Enable-", "New-", "Remove-")
# What one of them is named after another may write under another name: addresses, GUIDs.
_RECIPIENTS = frozenset(("Mailbox", "MailUser", "RemoteMailbox", "User"))


def owners(system: str, name: str, given: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the modules that a write belongs to, by the parameter that they own; an empty name stands for them all.

    Nothing belongs to a module in a system in which it does not write. What a session begins with is no module's.
    """
    noun = name.partition("-")[2]
    writes = [known for known in TABLE if known.system == system and not known.is_read]
    same = [known for known in writes if known.noun == noun]
    if any(known.name.startswith(_MAKES_OR_REMOVES) or known.lost_answer == SESSION_ENDS for known in same):
        exact = [known for known in same if known.name == name]
        return {"": tuple(dict.fromkeys(module for known in exact or same for module in known.modules))}
    alike = [known for known in writes if known.noun in _RECIPIENTS] if noun in _RECIPIENTS else same
    # The module of this very cmdlet first: another's is named only where there is none.
    alike.sort(key=lambda known: known.name != name)
    found = {parameter: _writing(alike, parameter) for parameter in given if parameter != "Identity"}
    return {parameter: modules for parameter, modules in found.items() if modules}


def _writing(cmdlets: Iterable[KnownCmdlet], parameter: str) -> tuple[str, ...]:
    """Return the modules of the first cmdlet that is sent with a parameter."""
    for known in cmdlets:
        for grant in known.grants:
            if parameter in grant.parameters:
                return (grant.module,) if grant.module else known.modules
    return ()


def named_elsewhere(name: str) -> KnownCmdlet | None:
    """Return the cmdlet of the Entra Connect server that has this name, in any case of its letters."""
    wanted = name.lower()
    return next((known for known in TABLE if known.system == ENTRA_CONNECT and known.name.lower() == wanted), None)
