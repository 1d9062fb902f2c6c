# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Every check of the readiness report: one entry for each code, and the page docs/readiness.md is printed from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _hold_kinds

BLOCKER, WARNING, INFO, NOT_CHECKED = "blocker", "warning", "info", "not_checked"
SEVERITIES = (BLOCKER, WARNING, INFO, NOT_CHECKED)
ENVIRONMENT, MAILBOX = "environment", "mailbox"

# Where an answer comes from, and what to do where that channel is silent.
LDAP = "active_directory"
GRAPH = "Microsoft Graph"
NOWHERE = "no channel"
_SILENT = {
    LDAP: "Configure active_directory, which is read only.",
    GRAPH: "Set exchange_online.graph: true, and grant the application the permissions that docs/permissions.md lists.",
    NOWHERE: "Check this by hand: the collection cannot determine it.",
}
_PRACTICE = "offboarding-practice.md"
_ARTICLES = "microsoft-articles.md"


@dataclass(frozen=True)
class ReadinessCheck:
    """One check. ``severity`` is what a hit weighs; without an answer it is not_checked, whatever stands here.

    ``question`` is a sentence with a question mark, ``channel`` the cmdlet, connection or file that answers it.
    """

    code: str
    severity: str
    scope: str
    channel: str
    question: str
    why: str
    remedy: str
    source: str

    @property
    def channel_remedy(self) -> str:
        if self.channel.endswith(f" {LDAP}"):
            return _SILENT[LDAP]
        return _SILENT.get(self.channel, f"Allow the account to run {self.channel}, then check again.")


def _environment(code: str, severity: str, channel: str, *words: str) -> ReadinessCheck:
    return ReadinessCheck(code, severity, ENVIRONMENT, channel, *words)


def _mailbox(code: str, severity: str, channel: str, *words: str) -> ReadinessCheck:
    return ReadinessCheck(code, severity, MAILBOX, channel, *words)


_EWS = "Get-WebServicesVirtualDirectory"
_TEST = "Test-MigrationServerAvailability"
_SCHEDULER = "Get-ADSyncScheduler"
_CLOUD = "Get-Mailbox (Exchange Online)"
_SERVER = "Get-User, Get-MailUser, Get-RemoteMailbox"
_BOTH = "Get-Mailbox (Exchange Online), Get-User"
_HOLD_TYPES = "identify-a-hold-on-an-exchange-online-mailbox"
_HELD = "What becomes of a hold is not known, and its state is not written back to Active Directory."
_DELAYED = "For 30 days after a hold was released, the mailbox counts as held; what becomes of this is not known."
_KEPT = f"{_BOTH}; for plain users {LDAP}"
_HOLDERS = f"Get-Recipient, Get-User; for other objects {LDAP}"
_OVERWRITES = "After the match on-premises values overwrite the cloud's."

ALL: tuple[ReadinessCheck, ...] = (
    # -- environment: Exchange Server ------------------------------------------------------------------------------
    _environment(
        "mrs_proxy_disabled", BLOCKER, _EWS, "Is the MRS proxy on at every published EWS virtual directory?",
        "The move is pushed through the MRS proxy. Without it, every request fails with 403.",
        "Set-WebServicesVirtualDirectory -MRSProxyEnabled $true, then iisreset.", "KB 3063913",
    ),
    _environment(
        "ews_wssecurity_disabled", BLOCKER, _EWS, "Does every published EWS virtual directory accept WS-Security?",
        "Hybrid services sign in with it.",
        "Set-WebServicesVirtualDirectory -WSSecurityAuthentication $true.", "KB 10094",
    ),
    _environment(
        "ews_windows_authentication_disabled", BLOCKER, _EWS,
        "Does every published EWS virtual directory accept Negotiate?",
        "The MRS proxy requests the credential with the scheme Negotiate and answers 403 without it.",
        "Set-WebServicesVirtualDirectory -WindowsAuthentication $true.", "KB 3063913",
    ),
    _environment(
        "ews_extended_protection", WARNING, _EWS,
        "Does Extended Protection let through what connects to the published EWS virtual directories?",
        "With Require, whatever cannot do channel binding is shut out. Behind a Hybrid Agent, mailbox moves fail "
        "unless it is off.",
        "Set-WebServicesVirtualDirectory -ExtendedProtectionTokenChecking Allow, or None on the servers that a Hybrid "
        "Agent publishes. A successful test of the endpoint shows that nothing has to be changed.",
        "public-reports.md section 3",
    ),
    _environment(
        "server_version_unsupported", BLOCKER, "Get-MailboxDatabase",
        "Is the version of the target server accepted?",
        "Exchange Online refuses to move mailboxes to unsupported versions. It does not publish which ones these are.",
        "Move to a database on a supported version.",
        "cannot-offboard-mailboxes-to-unsupported-exchange-server-versions",
    ),
    _environment(
        "server_version_out_of_support", WARNING, "Get-MailboxDatabase", "Is the version of the target server "
                                                                         "supported?",
        "Support of Exchange 2016 and 2019 ended on 2025-10-14. Exchange Online may refuse them at any time.",
        "Move to Exchange Server SE, or try one mailbox first.", f"{_PRACTICE} 0.5",
    ),
    _environment(
        "database_space", BLOCKER, "Get-MailboxDatabaseCopyStatus",
        "Do the databases' disks have enough space for the wave?",
        "A full disk dismounts the database with all its mailboxes. Transaction logs need the same space again until a "
        "backup.",
        "Free space, add a database, or spread the wave.", f"{_PRACTICE} 1.1",
    ),
    _environment(
        "hybrid_not_configured", WARNING, "Get-HybridConfiguration", "Has the hybrid configuration wizard been run?",
        "Moves need a hybrid deployment: connectors, organization relationship and endpoint come from the wizard.",
        "Run the hybrid configuration wizard.", f"{_ARTICLES} section 3",
    ),
    _environment(
        "delivery_domain_not_accepted", BLOCKER, "Get-AcceptedDomain (on-premises)",
        "Is every target delivery domain accepted on-premises?",
        "Mail for the moved mailboxes is sent to this domain; New-MoveRequest refuses one that is not accepted.",
        "New-AcceptedDomain on-premises, or correct target_delivery_domain.", f"{_PRACTICE} 1.1",
    ),
    _environment(
        "domain_controller_not_pinned", INFO, "exchange_server.domain_controller", "Is a domain controller pinned?",
        "Without it, a value may be read back from a controller that has not received it yet.",
        "Set exchange_server.domain_controller, preferably to the one that Entra Connect reads.",
        "identity-filters-roles.md, Forests and controllers",
    ),
    # -- environment: Exchange Online ------------------------------------------------------------------------------
    _environment(
        "routing_domain_not_accepted", BLOCKER, "Get-AcceptedDomain (Exchange Online)",
        "Is every routing domain an accepted domain of the tenant?",
        "On-premises sends mail for the mailbox to its routing address until it has moved.",
        "Set the tenant's own domain, tenant.mail.onmicrosoft.com.", f"{_PRACTICE} 1.1",
    ),
    _environment(
        "outbound_connector_missing", WARNING, "Get-OutboundConnector",
        "Does an enabled outbound connector of type OnPremises lead to every target delivery domain, for all mail?",
        "Mail that Exchange Online accepts for a moved mailbox is sent on-premises through this connector. One of type "
        "Partner leads elsewhere, and one that is scoped to mail flow rules takes no other mail.",
        "Run the hybrid configuration wizard, or New-OutboundConnector of type OnPremises for the domain.",
        f"{_PRACTICE} 1.1; Microsoft: New-OutboundConnector",
    ),
    _environment(
        "cloud_managed_by_default", BLOCKER, "Get-OrganizationConfig",
        "Are Exchange attributes managed on-premises by default?",
        "Cloud-managed mailboxes do not accept Exchange attributes from on-premises.",
        "Set ExchangeAttributesCloudManagedByDefault to False for the duration of the wave.", f"{_PRACTICE} 0.8",
    ),
    _environment(
        "endpoint_test_failed", BLOCKER, _TEST, "Does Exchange Online reach the MRS proxy with the credential?",
        "Every move of the wave uses this path.",
        "Read the message: publishing, certificate, MRS proxy, credential. Then test again.", f"{_ARTICLES} section 6",
    ),
    _environment(
        "experimental_rest_credential_required", BLOCKER, "exchange_online",
        "Can the credential of the moves be sent to Exchange Online?",
        "Microsoft has not published how the REST interface accepts a credential, so the role stops before its first "
        "write.",
        "Use exchange_online.interface: powershell, or accept an unpublished encoding with "
        "exchange_online.experimental_rest_credential: true. If the moves are submitted by hand, leave "
        "remote_credential out.", "exchange-online-rest.md section 4.1",
    ),
    _environment(
        "remote_credential_form", BLOCKER, "remote_credential", "Is the credential's name in the form DOMAIN\\user?",
        "The MRS proxy accepts DOMAIN\\user. A user principal name is answered with Access is denied. The role stops "
        "before it reads any mailbox (malformed_username).",
        "Set remote_credential.username as DOMAIN\\user.", "KB 10094",
    ),
    _environment(
        "hybrid_agent", INFO, "remote_host_name", "Is the MRS proxy published by the Hybrid Agent?",
        "There is one endpoint with the service's default limits, and every move stops while the registered server is "
        "off.",
        "Keep waves small, and keep the server running.", f"{_PRACTICE} 1.1",
    ),
    _environment(
        "perimeter", NOT_CHECKED, NOWHERE,
        "Do mrsproxy.svc, exchange.asmx/wssecurity and autodiscover.svc pass the perimeter without pre-authentication?",
        "Pre-authentication, intrusion detection and flood limits break or slow moves that the endpoint test passes.",
        "", "KB 10094",
    ),
    _environment(
        "sender_policy", NOT_CHECKED, NOWHERE, "Does the SPF record contain the on-premises egress addresses?",
        "On-premises sends the moved users' mail, which receivers consider forged without the entry.",
        "", f"{_PRACTICE} 1.1",
    ),
    _environment(
        "message_size", NOT_CHECKED, NOWHERE, "Do the on-premises message size limits allow the largest items?",
        "Larger messages count as large items, and the move fails on them.", "", f"{_PRACTICE} 1.2",
    ),
    # -- environment: directory synchronization --------------------------------------------------------------------
    _environment(
        "addresses_at_risk", BLOCKER, "offboarding_directory", "Are all users complete that earlier runs have written?",
        "A sync would remove the aliases and the routing address of the cloud mailbox.",
        "Run the playbook resume_sync before anything is synchronized: it completes the user or undoes it.",
        f"{_PRACTICE} 0.3",
    ),
    _environment(
        "still_paused", BLOCKER, "offboarding_directory", "Has every pause of directory synchronization been ended?",
        "Changes on-premises do not reach the cloud until the pause is ended.",
        "Run the playbook resume_sync: it repairs what is half made and resumes the synchronization.",
        f"{_PRACTICE} 1.1",
    ),
    _environment(
        "sync_cycle_disabled", WARNING, _SCHEDULER, "Does the scheduler of Entra Connect run cycles?",
        "Without cycles, changes on-premises do not reach the cloud.",
        "Set-ADSyncScheduler -SyncCycleEnabled $true, unless a run of this collection has paused it.",
        f"{_PRACTICE} 1.1",
    ),
    _environment(
        "sync_staging_mode", BLOCKER, _SCHEDULER, "Is the Entra Connect server the active one?",
        "A server in staging mode exports nothing.", "Set entra_connect.host to the active server.",
        f"{_PRACTICE} 1.1",
    ),
    _environment(
        "sync_suspended", BLOCKER, _SCHEDULER, "Is the scheduler free?",
        "It is suspended while the Entra Connect wizard is open or an upgrade is running. No cycle can be started.",
        "Close the wizard, also in disconnected sessions.", f"{_PRACTICE} 1.1",
    ),
    _environment(
        "sync_deletion_threshold", BLOCKER, "Get-ADSyncRunProfileResult",
        "Was the last export completed despite its deletions?",
        "An export that would delete more than 500 objects exports nothing at all, including the wave's users.",
        "Find out what would be deleted and why (Synchronization Service Manager), before you allow it.",
        "Microsoft: how-to-connect-sync-feature-prevent-accidental-deletes",
    ),
    _environment(
        "unprotected_sync", BLOCKER, "entra_connect", "Can the synchronization be paused while users are half made?",
        "A cycle between the two writes to a user exports it half made: the cloud mailbox loses its aliases and its "
        "routing address.",
        "Configure entra_connect, or stop the synchronization by hand for the duration of the writes.",
        "identity-filters-roles.md, Directory sync",
    ),
    _environment(
        "sync_export_errors", WARNING, "Get-ADSyncRunProfileResult", "Did the last export end without errors?",
        "An object with an export error is not changed in the cloud, and its move fails.",
        "Check the export errors in the Synchronization Service Manager.", f"{_PRACTICE} 1.4",
    ),
    _environment(
        "sync_scope", NOT_CHECKED, NOWHERE, "Will the users be in units and groups that are synchronized?",
        "A user out of scope is never matched, and a user that was in scope without a match has its own cloud object.",
        "", "identity-filters-roles.md, Directory sync",
    ),
    _environment(
        "soft_match_blocked", BLOCKER, GRAPH, "Does the tenant allow soft match?",
        "Microsoft recommends keeping BlockSoftMatchEnabled on. A blocked match creates a second cloud object.",
        "Turn it off for the duration of the wave, and on again afterwards.", f"{_PRACTICE} 1.4",
    ),
    _environment(
        "attribute_write_back", WARNING, GRAPH,
        "Is Active Directory free of write-back of Exchange attributes from Exchange Online?",
        "Such a job overwrites what is stamped on-premises with the addresses and recipient types of cloud-managed "
        "mailboxes.",
        "Exclude the wave's users from the job's scope, or pause the job for the duration of the wave.",
        "directory-sync-engines.md 1.5",
    ),
    # -- mailbox: who is who ---------------------------------------------------------------------------------------
    _mailbox(
        "not_found", BLOCKER, "Get-Recipient (Exchange Online)", "Is there exactly one such cloud mailbox?",
        "An identity must match exactly one mailbox.", "Correct the identity.", "KB 2813304",
    ),
    _mailbox(
        "ambiguous", BLOCKER, "Get-Recipient, Get-User", "Does the identity match only one object?",
        "An identity must match exactly one mailbox and one user.", "Use a GUID.", "KB 2813304",
    ),
    _mailbox(
        "ad_user_not_found", BLOCKER, "Get-User (on-premises)", "Is there exactly one on-premises user?",
        "The mailbox comes home to an Active Directory user.", "Set ad_identity.", "KB 2641663",
    ),
    _mailbox(
        "duplicate_identity", BLOCKER, _BOTH, "Is each cloud mailbox listed once?",
        "Two rows for one mailbox contradict each other.", "List each mailbox once.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "shared_ad_user", BLOCKER, _BOTH, "Does each mailbox have its own on-premises user?",
        "A user can have only one mailbox.", "Set a separate ad_identity for each mailbox.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "unreadable", BLOCKER, _BOTH, "Could the mailbox be read on both sides?",
        "What cannot be read cannot be checked.", "Read Exchange's message.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "unreadable_baseline", BLOCKER, "offboarding_directory", "Is the mailbox's baseline intact?",
        "The baseline is the only record of the mailbox's original values.", "Restore the file.",
        "identity-filters-roles.md",
    ),
    _mailbox(
        "foreign_baseline", BLOCKER, "offboarding_directory",
        "Does the mailbox's baseline file belong to this mailbox?",
        "With the baseline of another mailbox, it would get that mailbox's addresses and GUID.",
        "Restore the mailbox's own baseline.", "identity-filters-roles.md",
    ),
    _mailbox(
        "conflict", BLOCKER, _BOTH, "Do both sides match: kinds, match and mailbox GUIDs?",
        "Overwriting conflicting values could cost a user their mailbox.",
        "Resolve it by hand: nothing was written for this mailbox.", "KB 2956029",
    ),
    _mailbox(
        "second_live_mailbox", BLOCKER, _BOTH, "Is the mailbox alive on one side only?",
        "There are two live mailboxes with one GUID. Which of them receives a message depends on where the sender is.",
        "Do not remove anything. Read the move request's message and convert the cloud mailbox by hand.",
        "offboarding-practice.md 1.6",
    ),
    _mailbox(
        "cloud_lags", BLOCKER, _BOTH, "Does the cloud show that a completed move is completed?",
        "Right after a completion the cloud object may still be a mailbox, or point at its old routing address.",
        "Run a cycle of directory synchronization and check again. If the external address stays, change an address "
        "on-premises first.", "offboarding-practice.md 1.6, KB 4456110",
    ),
    _mailbox(
        "already_home", INFO, _BOTH, "Is the mailbox still in the cloud?",
        "The role leaves a mailbox that is home alone.", "Nothing to do.", "KB 2813304",
    ),
    _mailbox(
        "anchor_unverified", BLOCKER, f"{GRAPH}, {LDAP}",
        "Is the synced cloud user synced to this on-premises user?",
        "IsDirSynced and an unchanged object id do not prove it, because they may also be found with the wrong user. "
        "The anchor proves it, or the object id of hybrid write-back. If the anchor is the objectGUID of another user, "
        "the mailbox is stopped.",
        "Configure active_directory, which reads mS-DS-ConsistencyGuid and msDS-ExternalDirectoryObjectID.",
        "identity-filters-roles.md, Who is who",
    ),
    _mailbox(
        "anchor_differs", BLOCKER, f"{GRAPH}, {LDAP}", "Is the cloud user's ImmutableId empty, or this user's anchor?",
        "A cloud user that is anchored to another user is never matched. A second cloud object is created instead.",
        "Find the user whose objectGUID or mS-DS-ConsistencyGuid is equal to the ImmutableId.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "consistency_guid_set", WARNING, LDAP, "Is mS-DS-ConsistencyGuid empty for the user of a cloud-only mailbox?",
        "It is written when a user is synced, so another cloud object may be anchored to this user.",
        "Find out which cloud object has this anchor as ImmutableId.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "admin_role", BLOCKER, GRAPH, "Are the cloud users that are to be matched without Entra admin roles?",
        "By default, role holders are not matched. A second cloud object is created instead.",
        "Remove the roles for the duration of the match.", f"{_PRACTICE} 1.4",
    ),
    _mailbox(
        "hard_match_hardened", BLOCKER, GRAPH,
        "Is a hard match with the cloud user allowed: no admin role, held or eligible, no onPremisesObjectIdentifier?",
        "Since 2026 Microsoft Entra refuses a hard match with such a user. A soft match is not affected.",
        "Remove the role, or clear onPremisesObjectIdentifier and onPremisesImmutableId, during the match.",
        "message center MC1262584, MC1263280",
    ),
    _mailbox(
        "user_cloud_managed", BLOCKER, GRAPH, "Is Active Directory the user's source of authority?",
        "With isCloudManaged, the user looks as if it had never been synced, and does not receive changes from "
        "on-premises.",
        "Set isCloudManaged of onPremisesSyncBehavior to false and run a cycle, which takes the user over.",
        "directory-sync-engines.md 3",
    ),
    _mailbox(
        "provisioning_errors", BLOCKER, GRAPH, "Are the cloud users free of provisioning errors?",
        "A quarantined attribute is not visible anywhere else, and what is stamped on-premises may not reach the "
        "mailbox.",
        "Resolve the conflict in the error, then synchronize.", f"{_PRACTICE} 1.4",
    ),
    _mailbox(
        "baseline_missing", BLOCKER, "offboarding_directory", "Is the baseline of an earlier run available?",
        "Without it, the mailbox's original addresses are not known.", "Restore the directory of that run.",
        "identity-filters-roles.md",
    ),
    _mailbox(
        "baseline_differs", BLOCKER, f"offboarding_directory, {_BOTH}",
        "Does the mailbox still match its baseline, except for what the offboarding wrote?",
        "The baseline's values are written. An address that was added since would be removed, a new primary address "
        "reverted.",
        "Use the live values with offboarding_baseline: refresh for this mailbox.", "KB 3190357",
    ),
    _mailbox(
        "sync_filtered", BLOCKER, LDAP, "Does adminDescription allow the users that are to be matched?",
        "The default rules of Entra Connect exclude a user whose adminDescription begins with User_.",
        "Set offboarding_scope_tasks, which bring users into scope once they are complete.",
        "Microsoft: how-to-connect-sync-configure-filtering",
    ),
    _mailbox(
        "hard_match_blocked", BLOCKER, GRAPH, "Does the tenant allow a hard match to take over the cloud user?",
        "The cloud user has this user's anchor and is not synced. Only a hard match joins them, and with "
        "BlockCloudObjectTakeoverThroughHardMatchEnabled that is an export error.",
        "Turn it off for the duration of the wave, and on again afterwards.", f"{_PRACTICE} 1.4",
    ),
    # -- mailbox: names and addresses ------------------------------------------------------------------------------
    _mailbox(
        "upn_differs", BLOCKER, _BOTH, "Are the user principal names equal?", _OVERWRITES,
        "Make the on-premises UPN equal.", f"{_PRACTICE} 0.3",
    ),
    _mailbox(
        "sign_in_name_would_change", BLOCKER, _BOTH,
        "Does the mail attribute stay unchanged if the sync takes the sign-in name from it?",
        "With an alternate login ID the cloud's user principal name follows mail, which the role writes.",
        "Set primary_smtp_address to the on-premises mail, or inform the user of the new sign-in name.",
        "Microsoft: configuring alternate login ID",
    ),
    _mailbox(
        "sign_in_would_be_blocked", BLOCKER, f"Get-User; for mail users and remote mailboxes {LDAP}",
        "Is the account enabled of a user that is to be matched and signs in?",
        "With the match the cloud user gets the state of the on-premises account: a disabled one blocks its sign-in to "
        "the mailbox and to everything else in the cloud. With password hash synchronization it gets the password too.",
        "Enable the account on-premises before the match.", "public-reports.md section 2",
    ),
    _mailbox(
        "upn_suffix_not_accepted", BLOCKER, "Get-AcceptedDomain (Exchange Online)",
        "Is the UPN suffix a verified domain?",
        "Entra replaces an unknown suffix with the tenant's initial domain.",
        "Change the user's UPN to one in an accepted domain.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "alias_would_change", BLOCKER, _KEPT, "Are the aliases equal?", _OVERWRITES,
        "Make the on-premises alias equal.", f"{_PRACTICE} 0.3",
    ),
    _mailbox(
        "display_name_would_change", BLOCKER, _BOTH, "Are the display names equal?", _OVERWRITES,
        "Make the on-premises display name equal.", f"{_PRACTICE} 0.3",
    ),
    _mailbox(
        "hidden_would_change", BLOCKER, _KEPT, "Is HiddenFromAddressListsEnabled equal?", _OVERWRITES,
        "Set msExchHideFromAddressLists on-premises to the same value.", f"{_PRACTICE} 0.3",
    ),
    _mailbox(
        "custom_attributes_would_change", BLOCKER, _KEPT, "Are the custom attributes equal?", _OVERWRITES,
        "Write the same extension attributes on-premises.", f"{_PRACTICE} 0.3",
    ),
    _mailbox(
        "values_unseen", BLOCKER, LDAP,
        "Can a hidden flag or custom attributes of a cloud-only mailbox be compared with the plain on-premises user's?",
        "After the match on-premises values overwrite the cloud's, and no cmdlet shows those of a plain user.",
        "Configure active_directory, or compare msExchHideFromAddressLists and extensionAttribute1 to 15 by hand.",
        f"{_PRACTICE} 0.3",
    ),
    _mailbox(
        "mail_differs", BLOCKER, "Get-User (on-premises)",
        "Is the on-premises mail attribute empty, or an address of the cloud mailbox?",
        "Soft match uses the primary address, and the role overwrites mail with the cloud's.",
        "Check that this is the right user. Set primary_smtp_address if the on-premises address is the right one.",
        "KB 2641663",
    ),
    _mailbox(
        "external_address_would_change", BLOCKER, "Get-MailUser (on-premises)",
        "Does an on-premises mail user forward mail to its cloud mailbox?",
        "The role overwrites its address with the routing address. Mail that is forwarded elsewhere would go to the "
        "cloud mailbox.",
        "Find out who receives mail at that address, and check that it is the right mail user.", f"{_PRACTICE} 0.2",
    ),
    _mailbox(
        "address_in_use", BLOCKER, _HOLDERS,
        "Are the addresses unique in the forest and the tenant?",
        "Exchange refuses the second write, and a match with a duplicate address is quarantined without an error. A "
        "plain user or contact may hold one, too, which Get-Recipient does not show.",
        "Remove the address there first.", f"{_PRACTICE} 1.4",
    ),
    _mailbox(
        "guid_in_use", BLOCKER, f"Get-Recipient; for other objects {LDAP}",
        "Are the mailbox's GUIDs unique in the forest?",
        "Exchange refuses a second object with the same ExchangeGuid or ArchiveGuid, at the second write.",
        "Find the object that has the GUID and clear it there.", "exchange-server-psrp.md section 5",
    ),
    _mailbox(
        "mail_in_use", BLOCKER, f"Get-User; for other objects {LDAP}",
        "Are the addresses unique among the mail attributes of users, contacts and groups?",
        "Active Directory does not keep mail unique. An account in the scope of the sync with this mail and no proxy "
        "addresses gets the address in the cloud, and the match quarantines it.",
        "Clear mail there, or make sure that the account is outside the scope of the sync.", "KB 3190357",
    ),
    _mailbox(
        "alias_in_use", BLOCKER, f"Get-Recipient; for other objects {LDAP}",
        "Is the alias unique with which the on-premises user is mail-enabled?",
        "Whether Exchange lets two recipients share an alias is not documented. If it does not, Enable-MailUser is "
        "refused; if it does, the alias matches both.",
        "Set another alias in the mailbox's record, or change the other recipient's.", "Enable-MailUser, Alias",
    ),
    _mailbox(
        "uniqueness_not_checked", BLOCKER, "Get-Recipient, Get-User",
        "Could the addresses and GUIDs be checked in the whole forest?",
        "A value that is in use would be noticed between two writes, with the user half made.",
        "Allow the account to run Get-Recipient and Get-User over the whole forest.", f"{_PRACTICE} 1.4",
    ),
    _mailbox(
        "onmicrosoft_alias_lost", BLOCKER, _CLOUD,
        "Does the mailbox have only one address in onmicrosoft.com, and none in another reserved suffix?",
        "Microsoft Entra discards such addresses from on-premises and keeps the one that it created. This does not "
        "apply to routing addresses.",
        "Remove the others once their senders use another address.", "KB 3190357",
    ),
    _mailbox(
        "address_not_carried", BLOCKER, _CLOUD, "Can every address be written on-premises?",
        "No cmdlet accepts an address without type or value, or with blanks. It would be lost.",
        "Correct or remove it in Exchange Online.", "Set-MailUser, EmailAddresses",
    ),
    _mailbox(
        "domain_not_pinned", BLOCKER, "exchange_server.domain_controller",
        "If domain controllers are pinned, is there one of the user's domain?",
        "A pinned controller reads and writes only the objects of its own domain.",
        "List one controller for each domain in exchange_server.domain_controller.",
        "identity-filters-roles.md, Forests and controllers",
    ),
    _mailbox(
        "address_domain_not_accepted", BLOCKER, "Get-AcceptedDomain (Exchange Online)",
        "Is the domain of every address accepted in the tenant?",
        "The move fails: You can't use the domain because it's not an accepted domain for your organization.",
        "Add the domain to the tenant, or remove the address.", "KB 10094",
    ),
    _mailbox(
        "primary_domain_not_accepted", BLOCKER, "Get-AcceptedDomain (on-premises)",
        "Is the domain of the primary address accepted on-premises?",
        "On-premises would not accept mail for the mailbox once it is home.",
        "New-AcceptedDomain on-premises.", f"{_PRACTICE} 1.1",
    ),
    _mailbox(
        "alias_domain_not_accepted", WARNING, "Get-AcceptedDomain (on-premises)",
        "Are the domains of its secondary addresses accepted on-premises?",
        "As soon as mail of such a domain comes to on-premises directly, it is refused: Unable to relay recipient in "
        "non-accepted domain.",
        "New-AcceptedDomain on-premises, before the domain's MX record leads there.",
        "Microsoft: accepted domains in Exchange Server",
    ),
    _mailbox(
        "delivery_address_missing", BLOCKER, _BOTH, "Does the mailbox have an address in the target delivery domain?",
        "The move fails: The target mailbox doesn't have an smtp proxy matching the domain.",
        "Add one, or set another target_delivery_domain for this mailbox.", "no-smtp-proxy-matching",
    ),
    _mailbox(
        "delivery_domain_in_the_cloud", BLOCKER, "target_delivery_domain",
        "Is the target delivery domain one of on-premises?",
        "The cloud mail user gets its external address there, and mail for the moved mailbox would loop in the cloud.",
        "Set a domain that on-premises Exchange accepts, contoso.com for example.", "KB 3160413",
    ),
    _mailbox(
        "routing_address_missing", BLOCKER, _CLOUD, "Does the cloud mailbox have its routing address?",
        "Mail that on-premises accepts before the next sync is sent to that address.",
        "Set add_routing_address: true.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "forwarding_left", WARNING, _CLOUD, "Is the mailbox free of forwarding that only the cloud has?",
        "Moves do not carry it: once the mailbox is home, its mail would no longer reach the other recipient.",
        "Set it again with Set-Mailbox on-premises, once the mailbox is home. ForwardingAddress needs a recipient "
        "there. The baseline keeps what it was, and the verification says whether it is set.",
        "Microsoft: Set-Mailbox",
    ),
    _mailbox(
        "delivery_restricted", WARNING, _CLOUD, "Is the mailbox open to all senders?",
        "Moves do not carry restrictions and moderation: once the mailbox is home, anyone could send to it.",
        "Set them on-premises: with Set-MailUser before the move, or with Set-Mailbox after it. The baseline keeps "
        "what they were, and the verification says whether they are set.", "Microsoft: Set-MailUser, Set-Mailbox",
    ),
    # -- mailbox: left over on-premises ----------------------------------------------------------------------------
    _mailbox(
        "home_mdb_left", BLOCKER, LDAP, "Is homeMDB empty on the on-premises user?",
        "The move fails: Target user already has a primary mailbox.", "Clear homeMDB.",
        "offboarding-mailbox-fails-homemdb-homemta",
    ),
    _mailbox(
        "home_mta_left", BLOCKER, LDAP, "Is homeMTA empty on the on-premises user?",
        "The move fails: Target user already has a primary mailbox.", "Clear homeMTA.",
        "offboarding-mailbox-fails-homemdb-homemta",
    ),
    _mailbox(
        "remote_recipient_type", BLOCKER, f"Get-RemoteMailbox; for users and mail users {LDAP}",
        "Is msExchRemoteRecipientType free of the deprovisioning flag (8)?",
        "With the flag, addresses in domains that are not verified are no longer synced.",
        "Clear msExchRemoteRecipientType on a mail user.", "KB 3124148",
    ),
    _mailbox(
        "move_residue", BLOCKER, f"Get-MailUser, Get-RemoteMailbox; for plain users {LDAP}",
        "Are the msExchMailboxMove* attributes empty?",
        "The move fails: the user is already being moved.",
        "Remove the old request, or clear the msExchMailboxMove* attributes.", "KB 4502865",
    ),
    _mailbox(
        "inheritance_disabled", BLOCKER, LDAP, "Does the Active Directory object inherit permissions?",
        "At completion the conversion of the object fails (UpdateMovedMailboxPermanentException), and there are two "
        "live mailboxes.",
        "Enable inheritance on the object.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "protected_account", WARNING, LDAP, "Is adminCount empty?",
        "AdminSDHolder turns off the inheritance of members of protected groups again every hour.",
        "Remove the user from the protected groups and clear adminCount for the duration of the move.",
        f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "account_would_be_disabled", WARNING, f"Get-User; for mail users and remote mailboxes {LDAP}",
        "Is the account of a shared, room or equipment mailbox disabled?",
        "When the mailbox is given its kind at home (Set-Mailbox -Type), Exchange disables its account, and what signs "
        "in with it, a room system for example, no longer can.",
        "Nothing, if nothing signs in with it. Otherwise enable it again after the move; for a room, "
        "Set-Mailbox -EnableRoomMailboxAccount does.", "Microsoft: convert-mailboxes",
    ),
    _mailbox(
        "licence_missing", WARNING, _CLOUD, "Does a user mailbox have a licence?",
        "Exchange Online disconnects a user mailbox without a licence after 30 days, and its move fails. Its contents "
        "are lost 30 days later.",
        "Assign a licence until it is home.", "public-reports.md section 5",
    ),
    _mailbox(
        "kind_would_revert", WARNING, _BOTH,
        "Is an unlicensed shared, room or equipment mailbox of the same kind on both sides?",
        "If not, Exchange Online may make it a user mailbox sometime after a sync, and disconnect a user mailbox "
        "without a licence after 30 days. Its contents are lost 30 days later.",
        "Complete its move within 30 days of the first sync, or assign a licence until it is home. If there is a "
        "remote mailbox: Set-RemoteMailbox -Type. The role sets the kind again at home.", "KB 2710029",
    ),
    # -- mailbox: what it holds ------------------------------------------------------------------------------------
    _mailbox(
        "database_not_found", BLOCKER, "Get-MailboxDatabase", "Does the target database exist?",
        "A remote move does not choose a database by itself.", "Specify a database that Get-MailboxDatabase lists.",
        f"{_PRACTICE} 1.1",
    ),
    _mailbox(
        "database_not_mounted", BLOCKER, "Get-MailboxDatabase -Status", "Is the target database mounted?",
        "A move to a dismounted database stalls, and the mailbox could not be opened afterwards.",
        "Mount-Database, or choose another database.", f"{_PRACTICE} 1.1",
    ),
    _mailbox(
        "no_database_fits", BLOCKER, "Get-MailboxStatistics, Get-MailboxDatabase, Get-MailboxDatabaseCopyStatus",
        "Does a database of target_databases take the mailbox?",
        "A database whose disk is full is dismounted, and a move beyond the quota fails.",
        "Free or add disk space, raise a quota, name more databases, or move the wave in parts.", f"{_PRACTICE} 1.1",
    ),
    _mailbox(
        "size_exceeds_quota", BLOCKER, "Get-MailboxStatistics, Get-MailboxDatabase",
        "Does the mailbox fit into the target database's quota?",
        "The move fails before it copies: Mailbox size exceeds target quota.",
        "Raise the quota, choose another database, or make the mailbox smaller.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "recoverable_items_exceed_quota", WARNING, "Get-MailboxStatistics, Get-MailboxDatabase",
        "Do the recoverable items fit into the target database's RecoverableItemsQuota?",
        "Deleted items are moved too. Above the quota, nothing can be deleted any longer.",
        "Raise RecoverableItemsQuota, or purge them.", f"{_PRACTICE} 1.2",
    ),
    _mailbox(
        "litigation_hold", BLOCKER, _CLOUD,
        "Is the mailbox free of a litigation hold?",
        _HELD,
        _hold_kinds.REMEDIES["litigation_hold"], _HOLD_TYPES,
    ),
    _mailbox(
        "ediscovery_hold", BLOCKER, _CLOUD,
        "Is the mailbox free of eDiscovery holds?",
        _HELD,
        _hold_kinds.REMEDIES["ediscovery_hold"], _HOLD_TYPES,
    ),
    _mailbox(
        "retention_hold", BLOCKER, _CLOUD,
        "Is the mailbox free of retention policies of its own that keep items?",
        _HELD,
        _hold_kinds.REMEDIES["retention_hold"], _HOLD_TYPES,
    ),
    _mailbox(
        "organization_retention_hold", BLOCKER, "Get-OrganizationConfig (Exchange Online)",
        "Is the mailbox free of retention policies for the whole organization that keep items?",
        _HELD,
        _hold_kinds.REMEDIES["organization_retention_hold"], _HOLD_TYPES,
    ),
    _mailbox(
        "holds_not_checked", BLOCKER, "Get-OrganizationConfig (Exchange Online)",
        "Could the retention policies for the whole organization be read?",
        "Such a policy may keep items of the mailbox.",
        "Allow the application to run Get-OrganizationConfig, or check the retention policies in Microsoft Purview.",
        _HOLD_TYPES,
    ),
    _mailbox(
        "in_place_hold", BLOCKER, _CLOUD,
        "Is the mailbox free of in-place holds (a retired feature)?",
        _HELD,
        _hold_kinds.REMEDIES["in_place_hold"], _HOLD_TYPES,
    ),
    _mailbox(
        "retention_label_hold", BLOCKER, _CLOUD,
        "Is the mailbox free of retention labels that keep items?",
        _HELD,
        _hold_kinds.REMEDIES["retention_label_hold"], _HOLD_TYPES,
    ),
    _mailbox(
        "delay_hold", BLOCKER, _CLOUD,
        "Is the mailbox free of a delay hold (DelayHoldApplied)?",
        _DELAYED,
        _hold_kinds.REMEDIES["delay_hold"], _HOLD_TYPES,
    ),
    _mailbox(
        "delay_release_hold", BLOCKER, _CLOUD,
        "Is the mailbox free of a delay hold on what Teams and other services keep in it?",
        _DELAYED,
        _hold_kinds.REMEDIES["delay_release_hold"], _HOLD_TYPES,
    ),
    _mailbox(
        "unknown_hold", BLOCKER, f"{_CLOUD}, Get-OrganizationConfig",
        "Are all holds of a known kind?",
        "InPlaceHolds has an entry in an unknown format, which may or may not keep items.",
        _hold_kinds.REMEDIES["unknown_hold"], _HOLD_TYPES,
    ),
    _mailbox(
        "exchange_cloud_managed", BLOCKER, _CLOUD, "Does the mailbox accept Exchange attributes from on-premises?",
        "A cloud-managed mailbox does not receive what is stamped on-premises.",
        "Set IsExchangeCloudManaged to False and sync first.", f"{_PRACTICE} 0.8",
    ),
    _mailbox(
        "archive_undecided", BLOCKER, _CLOUD, "Is it specified where the archive goes?",
        "Otherwise the move fails: You must specify the ArchiveDomain parameter.",
        "Set remote_archive_target_database, or primary_only with archive_domain.", "KB 3160413",
    ),
    _mailbox(
        "archive_guid_differs", BLOCKER, _BOTH, "Is the on-premises ArchiveGuid empty, or the cloud archive's?",
        "A different one blocks every further sync of the user: Failed to sync the ArchiveGuid.",
        "Find out which archive has the items. If it is the cloud's, set force: true for the mailbox, which overwrites "
        "the other ArchiveGuid.", "KB 4053483",
    ),
    _mailbox(
        "auto_expanding_archive", BLOCKER, f"{_CLOUD}, Get-OrganizationConfig",
        "Is auto-expansion of the archive that moves off, for mailbox and organization?",
        "Exchange Online refuses to move an auto-expanding archive, and it cannot be turned off.",
        "Move the primary mailbox alone: primary_only with archive_domain.", f"{_PRACTICE} 0.6",
    ),
    _mailbox(
        "primary_only_without_archive", BLOCKER, _CLOUD, "Is primary_only set only for a mailbox with an archive?",
        "New-MoveRequest accepts PrimaryOnly only for a mailbox with an archive.",
        "Leave primary_only out for this mailbox.", "cmdlets.md section 4",
    ),
    # -- mailbox: requests that exist ------------------------------------------------------------------------------
    _mailbox(
        "soft_deleted_twin", INFO, "Get-Mailbox (Exchange Online)",
        "Are the addresses unique among soft-deleted mailboxes?",
        "Otherwise an address matches both, and a migration batch fails: matches multiple entries. The role identifies "
        "the mailbox by its ExchangeGuid.", "Move it with the role or move_request, not in a migration batch.",
        f"{_ARTICLES} section 5",
    ),
    _mailbox(
        "already_moving", INFO, "Get-MoveRequest (Exchange Online)", "Is the mailbox free of move requests?",
        "The role uses an existing request and follows it.", "Check it with move_request_info.",
        "KB 4502865",
    ),
    _mailbox(
        "move_failed", WARNING, "Get-MoveRequest (Exchange Online)", "Is the mailbox free of failed move requests?",
        "A failed request stays until it is resumed or removed, and blocks a new one.",
        "Fix its cause, then resume it (offboarding_resume_failed) or remove it (move_request, state: absent).",
        "KB 4502865",
    ),
    _mailbox(
        "completed_request_left", BLOCKER, "Get-MoveRequest (Exchange Online)",
        "Have completed move requests been removed?",
        "A leftover request, even a completed one, blocks a new one, and so does the user of a batch.",
        "Remove it (move_request or migration_batch, state: absent, whichever made it; a user of an onboarding batch "
        "with Remove-MigrationUser).", "KB 4502865",
    ),
    _mailbox(
        "belongs_to_migration_batch", BLOCKER, "Get-MoveRequest, Get-MigrationUser",
        "Is the mailbox independent of migration batches?",
        "A request of a batch can be changed and removed only through the batch.",
        "Remove the mailbox from the batch, or finish the batch.", "KB 4502865",
    ),
    _mailbox(
        "move_request_on_premises", BLOCKER, "Get-MoveRequest (on-premises)", "Is on-premises free of move requests of "
                                                                              "the mailbox?",
        "A request on either side blocks a new one.", "Remove-MoveRequest on-premises.", "KB 4502865",
    ),
)  # fmt: skip
CHECKS = {check.code: check for check in ALL}
# Nobody may accept these: the role would not know what to do, or Exchange refuses whatever anybody says.
FINAL = frozenset(
    "not_found ambiguous ad_user_not_found duplicate_identity shared_ad_user unreadable unreadable_baseline "
    "foreign_baseline conflict second_live_mailbox cloud_lags "
    "archive_guid_differs delivery_domain_in_the_cloud "
    "address_in_use guid_in_use domain_not_pinned database_not_found no_database_fits routing_address_missing "
    "completed_request_left belongs_to_migration_batch sync_staging_mode sync_suspended sync_deletion_threshold "
    "addresses_at_risk "
    "experimental_rest_credential_required remote_credential_form".split()
)
ACCEPTABLE = tuple(check.code for check in ALL if check.severity in (BLOCKER, WARNING) and check.code not in FINAL)


def unknown(codes: Iterable[str]) -> list[str]:
    """Return the codes that nobody may accept, or that no check has."""
    return sorted(set(codes) - set(ACCEPTABLE))
