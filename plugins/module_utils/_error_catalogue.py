# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The failure catalogue: what Exchange says, what it means, whether a retry helps, and what to do.

One list for every module's ``error`` and for the failures of move requests. The first entry that fits wins, so the
specific stands before the general. A class name inside a message counts as the class of the error does: what the
replication service reports is often wrapped. In an offboarding the
*source* is Exchange Online and the *target* is the customer's own Exchange: the reverse of most published advice.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

# Who has to act: Exchange by itself, nobody before the cause is mended, or a person who decides.
TRANSIENT, PERMANENT, HUMAN = "transient", "permanent", "needs_a_human"
SOURCE, TARGET, EITHER = "source", "target", "either"


@dataclass(frozen=True)
class Failure:
    """One entry: ``exception`` fits a short class name, ``identifier`` PowerShell's error id, ``text`` the message.

    Whatever of them stands must fit.
    """

    code: str
    category: str
    side: str
    remedy: str
    source: str
    exception: str = ""
    text: str = ""
    identifier: str = ""

    @property
    def retryable(self) -> bool:
        return self.category == TRANSIENT

    def fits(self, classes: Collection[str], message: str, identifier: str) -> bool:
        if self.exception and not any(re.fullmatch(self.exception, name) for name in classes):
            return False
        if self.identifier and not re.match(self.identifier, identifier):
            return False
        return not self.text or re.search(self.text, message, re.IGNORECASE) is not None


_ROLES = "Grant the account the management role that docs/permissions.md lists for it."
# PowerShell refused the call before the cmdlet began: neither a role nor a value in Exchange is to blame.
_OURS = "Report this as an error of the collection, with this message: the call was wrong, and the cmdlet did nothing."
_MICROSOFT = "microsoft-articles.md section 5"
_PRACTICE = "offboarding-practice.md section 2.6"
_REPORTS = "public-reports.md section 1"

CATALOGUE: tuple[Failure, ...] = (
    # -- the object and its values ---------------------------------------------------------------------------------
    Failure(
        "recipient_without_guid",
        PERMANENT,
        TARGET,
        "Stamp the cloud mailbox's ExchangeGuid on the on-premises object (module exchange_guid), synchronize, and "
        "resume. Right after stamping, replication may be the cause: set a global catalog with remote_global_catalog.",
        "KB 2956029",
        text=r"cannot find a recipient that has mailbox guid",
    ),
    Failure(
        "recipient_without_guid",
        PERMANENT,
        TARGET,
        "Stamp the cloud mailbox's ExchangeGuid on the on-premises object (module exchange_guid), synchronize, "
        "and resume.",
        "KB 2956029",
        exception=r"(RecipientNotFoundPermanent|MissingExchangeGuid)Exception",
    ),
    Failure(
        "database_not_found",
        PERMANENT,
        TARGET,
        "Specify a database that Get-MailboxDatabase lists.",
        "exchange-server-psrp.md section 5",
        text=r"couldn't find (mailbox )?database",
    ),
    Failure(
        "already_moving",
        PERMANENT,
        EITHER,
        "Check the existing move request with move_request_info, on both sides; remove a finished one (move_request, "
        "state: absent).",
        "KB 4502865",
        text=r"already has a pending request|(is )?already being moved",
    ),
    Failure(
        "already_moving",
        PERMANENT,
        EITHER,
        "Check the existing move request with move_request_info, on both sides; remove a finished one (move_request, "
        "state: absent).",
        "KB 4502865",
        exception=r"UserAlreadyBeingMigratedException",
    ),
    Failure(
        "already_moving",
        PERMANENT,
        SOURCE,
        "Check the existing move request with move_request_info; remove a finished one (move_request, state: absent). "
        "If there is none, Exchange Online moves the mailbox between its own databases: wait until that is done, then "
        "resume.",
        _REPORTS,
        exception=r"SourceMailboxAlreadyBeingMovedPermanentException",
    ),
    Failure(
        "mailbox_locked",
        TRANSIENT,
        SOURCE,
        "Another move, or an attempt whose connection broke, still locks the mailbox: it is released within two hours. "
        "If the error persists, check for other move requests, and what interrupts connections to mrsproxy.svc.",
        _REPORTS,
        exception=r"SourceMailboxAlreadyBeingMovedTransientException",
    ),
    Failure(
        "mailbox_locked",
        TRANSIENT,
        SOURCE,
        "Another move, or an attempt whose connection broke, still locks the mailbox: it is released within two hours. "
        "If the error persists, check for other move requests, and what interrupts connections to mrsproxy.svc.",
        _REPORTS,
        text=r"into sync source mode|because the mailbox is locked",
    ),
    Failure(
        "ambiguous",
        PERMANENT,
        SOURCE,
        "A soft-deleted or inactive mailbox has the same address: identify the mailbox by its ExchangeGuid.",
        "migration-fails-multiple-entries-error",
        text=r"matches multiple entries",
    ),
    Failure(
        "ambiguous",
        PERMANENT,
        EITHER,
        "Use a GUID, which identifies exactly one object.",
        "exchange-server-psrp.md section 5",
        exception=r"ManagementObjectAmbiguousException",
    ),
    Failure(
        "not_found",
        PERMANENT,
        EITHER,
        "Check the identity; the object may be in another domain, or not replicated yet.",
        "exchange-server-psrp.md section 5",
        exception=r"ManagementObjectNotFoundException",
    ),
    Failure(
        "address_in_use",
        PERMANENT,
        EITHER,
        "Another recipient holds the address that the message names: remove it there first.",
        "exchange-server-psrp.md section 5",
        exception=r"ProxyAddressExistsException",
    ),
    Failure(
        "too_many_addresses",
        PERMANENT,
        EITHER,
        "The recipient may not have more addresses; the message names the limit. Remove some that are not used, in one "
        "call.",
        "KB 3196424",
        text=r"too many proxy addresses",
    ),
    Failure(
        "guid_in_use",
        PERMANENT,
        EITHER,
        "Another recipient of the forest has the mailbox GUID: find it with Get-Recipient and clear the GUID there.",
        "exchange-server-psrp.md section 5",
        text=r"property \W?(ExchangeGuid|ArchiveGuid)\W? is used by another recipient object",
    ),
    Failure(
        "already_exists",
        PERMANENT,
        EITHER,
        "Check the object that the message names.",
        "exchange-online-rest.md section 7",
        exception=r"ADObjectAlreadyExistsException|PropertyValueExistsException",
    ),
    Failure(
        "domain_not_accepted",
        PERMANENT,
        EITHER,
        "Add the domain to the organization's accepted domains, or leave the address out.",
        "exchange-server-psrp.md section 5",
        exception=r"NotAcceptedDomainException",
    ),
    # -- migration batches -----------------------------------------------------------------------------------------
    Failure(
        "belongs_to_migration_batch",
        PERMANENT,
        SOURCE,
        "Remove the mailbox from the batch that the message names (Remove-MigrationUser), a finished one too.",
        "migration-batches.md section 3",
        text=r"already included in migration batch",
    ),
    Failure(
        "already_exists",
        PERMANENT,
        SOURCE,
        "Use another name, or wait some minutes if a batch of that name is being removed.",
        "migration-batches.md section 3",
        text=r"migration (batch|endpoint)\b.* already exists",
    ),
    Failure(
        "too_many_batches",
        PERMANENT,
        SOURCE,
        "Remove finished migration batches: a tenant takes one hundred.",
        "migration-batches.md section 3",
        text=r"maximum number of migration batches",
    ),
    Failure(
        "not_found",
        PERMANENT,
        SOURCE,
        "Check the name; a batch that was completed is removed by the service after 60 days.",
        "migration-batches.md sections 3 and 6",
        text=r"migration (batch|user|endpoint)\b.*(n.t|not) be found",
    ),
    Failure(
        "wrong_recipient_type",
        PERMANENT,
        SOURCE,
        "Check the mailbox in Exchange Online: it may be home already.",
        "migration-batches.md section 1.4",
        text=r"migration user type for .* is not correct",
    ),
    # -- the target mailbox ----------------------------------------------------------------------------------------
    Failure(
        "already_has_mailbox",
        PERMANENT,
        TARGET,
        "Clear homeMDB and homeMTA, which are left over on the on-premises user, then resume.",
        "offboarding-mailbox-fails-homemdb-homemta",
        text=r"already has a primary mailbox",
    ),
    Failure(
        "version_not_supported",
        PERMANENT,
        TARGET,
        "Move to a database on a supported Exchange Server version; the message names the oldest one.",
        "cannot-offboard-mailboxes-to-unsupported-exchange-server-versions",
        text=r"moving mailbox to exchange version .* is not supported",
    ),
    Failure(
        "quota_exceeded",
        PERMANENT,
        TARGET,
        "Raise the quota of the target database or of the user, or make the mailbox smaller, then resume.",
        _PRACTICE,
        text=r"mailbox size .* exceeds target quota",
    ),
    Failure(
        "quota_exceeded",
        PERMANENT,
        TARGET,
        "Raise the quota of the target database or of the user, or make the mailbox smaller, then resume.",
        _REPORTS,
        text=r"MapiExceptionShutoffQuotaExceeded",
    ),
    Failure(
        "delivery_domain_mismatch",
        PERMANENT,
        TARGET,
        "Add an address in target_delivery_domain to the on-premises object, synchronize, and submit the move again.",
        "no-smtp-proxy-matching",
        text=r"doesn't have an smtp proxy matching",
    ),
    Failure(
        "delivery_domain_mismatch",
        PERMANENT,
        TARGET,
        "Add an address in target_delivery_domain to the on-premises object, synchronize, and submit the move again.",
        "no-smtp-proxy-matching",
        exception=r"TargetDeliveryDomainMismatchPermanentException",
    ),
    Failure(
        "archive_domain_missing",
        PERMANENT,
        SOURCE,
        "Set archive_domain together with primary_only, or move the archive too with remote_archive_target_database.",
        "KB 3160413",
        text=r"must specify the (archivedomain|primaryonly) parameter",
    ),
    Failure(
        "archive_domain_missing",
        PERMANENT,
        SOURCE,
        "Set archive_domain together with primary_only, or move the archive too with remote_archive_target_database.",
        "KB 3160413",
        exception=r"ParameterValueRequiredPermanentException",
    ),
    Failure(
        "auto_expanding_archive",
        PERMANENT,
        SOURCE,
        "An auto-expanding archive cannot be moved home: move the primary mailbox alone with primary_only and "
        "archive_domain.",
        "offboarding-practice.md 0.6",
        text=r"auto-?expand",
    ),
    Failure(
        "auto_expanding_archive",
        PERMANENT,
        SOURCE,
        "An auto-expanding archive cannot be moved home: move the primary mailbox alone with primary_only and "
        "archive_domain.",
        _REPORTS,
        exception=r"\w*AuxArchive\w*Exception",
    ),
    Failure(
        "disabled_archive",
        HUMAN,
        SOURCE,
        "The mailbox had an archive that was disabled: enable it again (Enable-Mailbox -Archive in Exchange Online) "
        "and stamp its GUID (module exchange_guid, archive_guid), or delete it for good (Set-Mailbox "
        "-RemoveDisabledArchive). Then resume.",
        _REPORTS,
        exception=r"UserAlreadyHasDemotedArchiveException",
    ),
    Failure(
        "unified_messaging",
        PERMANENT,
        SOURCE,
        "The mailbox is enabled for Unified Messaging, and the target cannot take that over: disable it for the "
        "mailbox, or correct its EUM: addresses, then resume. Exchange 2019 and later have no Unified Messaging.",
        "KB 3142072",
        text=r"can't be enabled for unified messaging in the target forest",
    ),
    Failure(
        "archive_guid_differs",
        PERMANENT,
        TARGET,
        "Stamp the cloud archive's ArchiveGuid on the on-premises object (module exchange_guid, archive_guid), "
        "then synchronize.",
        "KB 4053483",
        text=r"failed to sync the archiveguid|failed to enable the new cloud archive",
    ),
    Failure(
        "inheritance_disabled",
        HUMAN,
        TARGET,
        "Enable permission inheritance on the Active Directory object and convert the source object by hand.",
        _PRACTICE,
        exception=r"UpdateMovedMailboxPermanentException",
    ),
    Failure(
        "inheritance_disabled",
        HUMAN,
        TARGET,
        "Enable permission inheritance on the Active Directory object and convert the source object by hand.",
        _PRACTICE,
        text=r"failed to convert the source mailbox",
    ),
    Failure(
        "wrong_database",
        PERMANENT,
        TARGET,
        "The mailbox has moved to another database in the meantime: remove the request (move_request, state: absent) "
        "and submit it again.",
        _PRACTICE,
        exception=r"MailboxIsNotInExpectedMDBPermanentException",
    ),
    Failure(
        "unlock_not_replicated",
        TRANSIENT,
        TARGET,
        "Wait: the mailbox may be unreachable for up to 60 minutes.",
        "KB 3078572",
        text=r"target mailbox unlock operation was not replicated",
    ),
    Failure(
        "second_live_mailbox",
        HUMAN,
        EITHER,
        "Check whether the mailbox is alive on both sides before it is used: mail would be split between them.",
        _PRACTICE,
        text=r"source mailbox could still be alive",
    ),
    # -- items -----------------------------------------------------------------------------------------------------
    Failure(
        "score_investigate",
        HUMAN,
        SOURCE,
        "Review the skipped items (Get-MoveRequestStatistics -IncludeReport) and approve them for this mailbox, or do "
        "not move it.",
        "track-prevent-data-loss-dcs",
        text=r"data consistency score \(investigate\)",
    ),
    Failure(
        "score_poor",
        HUMAN,
        SOURCE,
        "Exchange does not let an administrator force it: open a case with Microsoft Support.",
        "track-prevent-data-loss-dcs",
        text=r"data consistency score \(poor\)",
    ),
    Failure(
        "too_many_bad_items",
        HUMAN,
        SOURCE,
        "In Exchange Online the data consistency score decides: review the skipped items and approve them.",
        "KB 4023340",
        exception=r"TooMany(Bad|Missing)ItemsPermanentException",
    ),
    Failure(
        "too_many_bad_items",
        HUMAN,
        SOURCE,
        "The mailbox has permissions of principals that neither side finds; each counts as a bad item: review the "
        "skipped items and approve them.",
        _PRACTICE,
        text=r"failed to find a principal from the source forest or target forest",
    ),
    Failure(
        "too_many_bad_items",
        HUMAN,
        SOURCE,
        "In Exchange Online the data consistency score decides: review the skipped items and approve them.",
        _REPORTS,
        text=r"exceeded the maximum number of corrupted items",
    ),
    Failure(
        "too_many_large_items",
        PERMANENT,
        TARGET,
        "Raise the message size limits of the on-premises organization, or export the items that are too large.",
        "KB 2584294",
        exception=r"TooManyLargeItemsPermanentException",
    ),
    Failure(
        "too_many_large_items",
        PERMANENT,
        TARGET,
        "Raise the message size limits of the on-premises organization, or export the items that are too large.",
        "KB 2584294",
        text=r"MapiExceptionMaxSubmissionExceeded|exceeded the maximum number of large items",
    ),
    Failure(
        "corrupt_folder_properties",
        PERMANENT,
        SOURCE,
        "Submit with move_options SkipFolderPromotedProperties, SkipFolderViews, SkipFolderRestrictions.",
        "storagepermanentexception-during-mailbox-migration",
        text=r"too many transient failures.*StoragePermanentException",
    ),
    Failure(
        "corrupt_sync_state",
        PERMANENT,
        SOURCE,
        "Search folders are corrupt: run Outlook with /cleanfinders and /cleanviews, then resume.",
        "KB 3063045",
        exception=r"RestartMoveCorruptSyncStateTransientException",
    ),
    Failure(
        "rules_too_large",
        PERMANENT,
        TARGET,
        "Raise the binding sizes of the MRS proxy in the EWS web.config from 1048576 to 8388608, or delete rules.",
        "hybrid-move-fails",
        text=r"IDestinationFolder\.SetRules",
    ),
    # -- the way to the MRS proxy ----------------------------------------------------------------------------------
    Failure(
        "mrs_proxy_disabled",
        PERMANENT,
        TARGET,
        "Enable the MRS proxy on each EWS virtual directory (MRSProxyEnabled false, then true, then iisreset). The "
        "class says transient, but the error does not go away by itself.",
        "KB 3063913",
        text=r"\(403\) forbidden|http request was forbidden",
    ),
    Failure(
        "mrs_proxy_access_denied",
        PERMANENT,
        TARGET,
        "Set remote_credential as DOMAIN\\user with the Recipient Management role. Other causes are a malformed "
        "userPrincipalName of that account, Extended Protection of the EWS virtual directory, and an Exchange computer "
        "account in a protected group (adminCount 1).",
        "KB 2975731",
        text=r"mrsproxy\.svc.*access is denied|access is denied.*mrsproxy|\(401\) unauthorized|"
        r"http request is unauthorized",
    ),
    Failure(
        "mrs_proxy_misconfigured",
        PERMANENT,
        TARGET,
        "Restore the svc-Integrated handler mapping of the EWS virtual directory.",
        "KB 2626696",
        text=r"exception has been thrown by the target of an invocation|no mrsproxy was found running",
    ),
    Failure(
        "mrs_proxy_busy",
        TRANSIENT,
        TARGET,
        "Wait: connections become free as other moves end. Otherwise move fewer mailboxes at once, or raise "
        "MaxMRSConnections in MsExchangeMailboxReplication.exe.config on each server that publishes mrsproxy.svc.",
        "KB 3091026",
        text=r"maximum number of active mrs connections",
    ),
    Failure(
        "mrs_proxy_busy",
        TRANSIENT,
        TARGET,
        "Wait: connections become free as other moves end. Otherwise move fewer mailboxes at once, or raise "
        "MaxMRSConnections in MsExchangeMailboxReplication.exe.config on each server that publishes mrsproxy.svc.",
        "KB 3091026",
        exception=r"MRSProxyConnectionLimitReachedTransientException",
    ),
    Failure(
        "request_too_large",
        PERMANENT,
        TARGET,
        "What publishes mrsproxy.svc, or IIS on the server, limits the size of a request: raise that limit.",
        _REPORTS,
        text=r"\(413\)",
    ),
    Failure(
        "mrs_proxy_timeout",
        TRANSIENT,
        TARGET,
        "Run again; if the error persists, check publishing, load balancer and intrusion detection in front of "
        "mrsproxy.svc.",
        "operation-has-timed-out-error-when-moving-mailbox",
        text=r"mrsproxy\.svc.*timed out|exceeded the allotted timeout",
    ),
    Failure(
        "mrs_proxy_unreachable",
        TRANSIENT,
        TARGET,
        "Run again; if the error persists, check what publishes mrsproxy.svc, load balancer and intrusion detection: "
        "something in front of the server answers in its place.",
        _PRACTICE,
        text=r"\(404\) not found|\(503\) (server|service) (is )?unavailable|no endpoint listening at",
    ),
    Failure(
        "communication_error",
        TRANSIENT,
        TARGET,
        "The replication service retries by itself; if the error persists, check load balancer affinity and intrusion "
        "detection.",
        "KB 3063045",
        text=r"no longer recognizes this sequence|unable to process the request due to an internal error",
    ),
    Failure(
        "target_stalled",
        TRANSIENT,
        TARGET,
        "The on-premises server is slow or its database copies lag; investigate after eight hours without progress "
        "(DataImportTimeout, KB 3162761).",
        "KB 3162761",
        exception=r"(DataExport|MapiFxProxy)TransientException",
    ),
    Failure(
        "target_stalled",
        TRANSIENT,
        TARGET,
        "The on-premises server is slow or its database copies lag; investigate after eight hours without progress.",
        "troubleshooting-slow-migrations",
        text=r"StalledDueToTarget_",
    ),
    Failure(
        "target_index_unhealthy",
        TRANSIENT,
        TARGET,
        "The content index on-premises is behind or corrupted: see Get-MailboxDatabaseCopyStatus. If it does not "
        "become healthy by itself, rebuild the content index of the target database, then move again.",
        "KB 2931079",
        text=r"CiAgeOfLastNotification",
    ),
    Failure(
        "source_stalled",
        TRANSIENT,
        SOURCE,
        "Exchange Online is busy: wait.",
        "troubleshooting-slow-migrations",
        text=r"StalledDueToSource_",
    ),
    Failure(
        "throttled",
        TRANSIENT,
        EITHER,
        "Wait until the time in the message.",
        "HCW8078",
        exception=r"MigrationConnectionTestedTooRecentlyException",
    ),
    # -- permissions and parameters --------------------------------------------------------------------------------
    Failure(
        "permission_denied",
        PERMANENT,
        EITHER,
        f"The account's management roles do not grant this cmdlet. {_ROLES}",
        "exchange-server-psrp.md section 5",
        exception=r"CommandNotFoundException",
    ),
    Failure(
        "permission_denied",
        PERMANENT,
        EITHER,
        f"The account's management roles do not grant this parameter, or this version does not have it. {_ROLES}",
        "PowerShell",
        identifier=r"NamedParameterNotFound\b",
    ),
    Failure(
        "permission_denied",
        PERMANENT,
        EITHER,
        f"The account's management roles do not grant this parameter, or this version does not have it. {_ROLES}",
        "exchange-server-psrp.md section 5",
        text=r"a parameter cannot be found that matches",
    ),
    Failure(
        "confirmation_required",
        PERMANENT,
        EITHER,
        _OURS,
        "PowerShell",
        identifier=r"HostFunctionNotImplemented\b",
    ),
    Failure(
        "confirmation_required",
        PERMANENT,
        EITHER,
        _OURS,
        "PowerShell",
        text=r"command that prompts the user failed|read and prompt functionality is not available",
    ),
    Failure(
        "parameter_refused",
        PERMANENT,
        EITHER,
        "Correct the value in the message.",
        "PowerShell",
        exception=r"ParameterBinding\w*Exception",
        text=r"^cannot bind parameter '",
    ),
    Failure(
        "parameter_refused",
        PERMANENT,
        EITHER,
        _OURS,
        "PowerShell",
        exception=r"ParameterBinding\w*Exception",
    ),
    Failure(
        "parameter_refused",
        PERMANENT,
        SOURCE,
        "This version of Exchange Online does not accept that parameter here.",
        "exchange-online-rest.md section 6",
        exception=r"AmbiguousParameterSetException",
    ),
    Failure(
        "parameter_refused",
        PERMANENT,
        SOURCE,
        "Correct the value in the message.",
        "exchange-online-rest.md section 6",
        exception=r"ParameterTransformationException",
    ),
    Failure(
        "transient",
        TRANSIENT,
        EITHER,
        "Run again; Exchange calls this error transient.",
        "exchange-online-rest.md section 6.2",
        exception=r"DCOverloadedException|SuitabilityDirectoryException|ServerInMMException|ADServerSettingsChangedException",
    ),
    Failure(
        "permission_denied",
        PERMANENT,
        EITHER,
        f"The account's management roles do not grant this cmdlet. {_ROLES}",
        "exchange-server-psrp.md section 5",
        text=r"is not recognized as (the|a) name of a cmdlet|(is not|isn't) allowed to call|"
        r"assigned to any management roles",
    ),
    Failure(
        "synced_object",
        PERMANENT,
        SOURCE,
        "The object is synchronized, so Exchange Online refuses this change: make it on-premises, then synchronize. A "
        "management role does not help.",
        _REPORTS,
        text=r"being synchronized from your on-premises organization",
    ),
    Failure(
        "domain_not_accepted",
        PERMANENT,
        EITHER,
        "Add the domain to the organization's accepted domains, or leave the address out.",
        _PRACTICE,
        text=r"(isn't|not) an accepted domain",
    ),
    Failure(
        "address_in_use",
        PERMANENT,
        EITHER,
        "Another recipient holds the address that the message names: remove it there first.",
        "exchange-server-psrp.md section 5",
        text=r"proxy address .* is already being used",
    ),
    Failure(
        "object_rights_missing",
        PERMANENT,
        TARGET,
        "Exchange itself has no rights on this object: enable permission inheritance on it in Active Directory, and "
        "clear adminCount once the user is no longer in a protected group. A management role does not help.",
        "corrections-2026-11.md section 7",
        text=r"INSUFF_ACCESS_RIGHTS|problem 4003|insufficient access rights",
    ),
    # -- a sign-in that Active Directory refused, by its own code -------------------------------------------------
    Failure(
        "unknown_principal",
        PERMANENT,
        TARGET,
        "Active Directory has no such user: check the user name, and set it as DOMAIN\\user.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data 525\b",
    ),
    Failure(
        "authentication_failed",
        PERMANENT,
        TARGET,
        "Check the user name and the password. Several wrong attempts lock the account.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data 52e\b",
    ),
    Failure(
        "logon_restricted",
        PERMANENT,
        TARGET,
        "The account is not allowed to sign in at this time of day: change its logon hours.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data 530\b",
    ),
    Failure(
        "logon_restricted",
        PERMANENT,
        TARGET,
        "The account is not allowed to sign in from this computer: change the computers from which it may sign in.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data 531\b",
    ),
    Failure(
        "password_expired",
        PERMANENT,
        TARGET,
        "Set a new password for the account, and one that does not expire.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data 532\b",
    ),
    Failure(
        "account_disabled",
        PERMANENT,
        TARGET,
        "Enable the account.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data 533\b",
    ),
    Failure(
        "account_expired",
        PERMANENT,
        TARGET,
        "Extend the account in Active Directory.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data 701\b",
    ),
    Failure(
        "password_expired",
        PERMANENT,
        TARGET,
        "Set a new password for the account, without requiring a change at the next sign-in.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data 773\b",
    ),
    Failure(
        "logon_restricted",
        PERMANENT,
        TARGET,
        "The account's restrictions forbid this sign-in method, or signing in over the network: use another account.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data (52f|569)\b",
    ),
    Failure(
        "account_locked",
        PERMANENT,
        TARGET,
        "Unlock the account, then find out where the wrong passwords come from.",
        "LDAP diagnostics of Active Directory",
        text=r"AcceptSecurityContext error, data 775\b",
    ),
    # -- general: what stands above says more ----------------------------------------------------------------------
    Failure(
        "communication_error",
        TRANSIENT,
        TARGET,
        "The replication service retries by itself; if the error persists, check load balancer affinity and intrusion "
        "detection.",
        "KB 3063045",
        exception=r"CommunicationErrorTransientException",
    ),
    Failure(
        "remote_endpoint",
        TRANSIENT,
        TARGET,
        "Check MRSProxyEnabled and the authentication of the EWS virtual directory, and that Exchange Online "
        "reaches it.",
        "KB 10094",
        exception=r"RemoteTransientException",
    ),
    Failure(
        "remote_endpoint",
        TRANSIENT,
        TARGET,
        "Test the endpoint (Test-MigrationServerAvailability), whose message has the cause: publishing, certificate, "
        "MRS proxy or credential.",
        "KB 3063913",
        text=r"connection to the server '[^']*' could not be completed",
    ),
    Failure(
        "transient",
        TRANSIENT,
        EITHER,
        "Run again; Exchange calls this error transient.",
        _PRACTICE,
        exception=r".*Transient.*",
    ),
    Failure(
        "transient",
        TRANSIENT,
        EITHER,
        "Run again; Exchange calls this error transient.",
        _PRACTICE,
        text=r"(?<!non-)(?<!not )(?<!no )transient|will retry|will be retried|try again later",
    ),
    Failure(
        "not_found",
        PERMANENT,
        EITHER,
        "Check the identity; the object may be in another domain, or not replicated yet.",
        "exchange-server-psrp.md section 5",
        text=r"couldn't be found on|couldn't find (the )?object|can't be found|wasn't found",
    ),
    Failure(
        "permission_denied",
        PERMANENT,
        EITHER,
        _ROLES,
        "exchange-server-psrp.md section 5",
        text=r"insufficient permissions|access is denied",
    ),
    Failure(
        "wrong_recipient_type",
        PERMANENT,
        EITHER,
        "Check the object's RecipientTypeDetails: this cmdlet does not support its type.",
        "exchange-server-psrp.md section 5",
        exception=r"RecipientTaskException",
    ),
)
UNKNOWN_PERMANENT = Failure(
    "permanent",
    PERMANENT,
    EITHER,
    "Read Exchange's message: a retry does not help until its cause is fixed.",
    _PRACTICE,
)
UNKNOWN = Failure(
    "unknown_failure",
    PERMANENT,
    EITHER,
    "The collection does not know this failure: go by Exchange's message.",
    "",
)
_CLASS = re.compile(r"\b[A-Z][A-Za-z0-9]*Exception\b")
# Words of a message that say which side failed.
_SIDES = {
    SOURCE: re.compile(r"FailureSide\W+Source|StalledDueToSource_|\bsource (mailbox|database|server)", re.IGNORECASE),
    TARGET: re.compile(
        r"FailureSide\W+Target|StalledDueToTarget_|\btarget (mailbox|database|server|user|quota)|mrsproxy\.svc",
        re.IGNORECASE,
    ),
}


def classify(exception_type: str, message: str, identifier: str = "") -> Failure:
    """Return the entry that fits what Exchange said; a class that no entry knows is judged by its name."""
    classes = [exception_type.rsplit(".", 1)[-1], *_CLASS.findall(message)]
    found = next((failure for failure in CATALOGUE if failure.fits(classes, message, identifier)), None)
    if found is None:
        found = UNKNOWN_PERMANENT if any("Permanent" in name for name in classes) else UNKNOWN
    told = [side for side, words in _SIDES.items() if words.search(message)]
    return replace(found, side=told[0]) if found.side == EITHER and len(told) == 1 else found
