# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The cmdlets and their parameters by Microsoft's reference; written by ``make pages``, read by contract.py.

Facts of the pages of MicrosoftDocs/office-docs-powershell, as of 2026-08-21. A cmdlet begins with its name, where
it exists (s: Exchange Server SE, o: Exchange Online) and its parameter sets, the default one with a star. Each
parameter follows with its type, where it exists, and the numbers of its sets (* for all of them, ! where it is
mandatory). Behind ~ are aliases, behind = are the names of an enumeration.
"""

REFERENCE = """
@Add-ADPermission s AccessRights Instance Owner
AccessRights ActiveDirectoryRights[] s 0,1 =AccessSystemSecurity =CreateChild =DeleteChild =ListChildren =Self
 =ReadProperty =WriteProperty =DeleteTree =ListObject =ExtendedRight =Delete =ReadControl =GenericExecute =GenericWrite
 =GenericRead =WriteDacl =WriteOwner =GenericAll =Synchronize
ChildObjectTypes ADSchemaObjectIdParameter[] s 0,1
Confirm SwitchParameter s * ~cf
Deny SwitchParameter s 0,1
DomainController Fqdn s *
ExtendedRights ExtendedRightIdParameter[] s 0,1
Identity ADRawEntryIdParameter s 0!,1,2!
InheritanceType ActiveDirectorySecurityInheritance s 0,1 =None =All =Children =Descendents =SelfAndChildren
InheritedObjectType ADSchemaObjectIdParameter s 0,1
Instance ADAcePresentationObject s 1!
Owner SecurityPrincipalIdParameter s 2!
Properties ADSchemaObjectIdParameter[] s 0,1
User SecurityPrincipalIdParameter s 0!,1
WhatIf SwitchParameter s * ~wi
@Add-MailboxPermission so AccessRights Instance Owner
AccessRights MailboxRights[] so 0!,1 =ChangeOwner =ChangePermission =DeleteItem =ExternalAccount =FullAccess
 =ReadPermission
AutoMapping Boolean so 0,1
Confirm SwitchParameter so * ~cf
Deny SwitchParameter so 0,1
DomainController Fqdn s *
GroupMailbox SwitchParameter o *
Identity MailboxIdParameter so 0!,1,2!
IgnoreDefaultScope SwitchParameter so *
InheritanceType ActiveDirectorySecurityInheritance so 0,1 =None =All =Children =Descendents =SelfAndChildren
Instance MailboxAcePresentationObject s 1!
Owner SecurityPrincipalIdParameter so 2!
User SecurityPrincipalIdParameter so 0!,1
WhatIf SwitchParameter so * ~wi
@Add-RecipientPermission o (All)
AccessRights MultiValuedProperty o *!
Confirm SwitchParameter o * ~cf
Identity RecipientIdParameter o *!
Trustee SecurityPrincipalIdParameter o *!
WhatIf SwitchParameter o * ~wi
@Complete-MigrationBatch so (All)
CompletePublicFolderMigrationWithDataLoss SwitchParameter o *
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MigrationBatchIdParameter so *
NotificationEmails MultiValuedProperty s *
Partition MailboxIdParameter o *
SyncAndComplete SwitchParameter so *
WhatIf SwitchParameter so * ~wi
@Disable-MailUser s (All)
Confirm SwitchParameter s * ~cf
DomainController Fqdn s *
Identity MailUserIdParameter s *!
IgnoreDefaultScope SwitchParameter s *
IgnoreLegalHold SwitchParameter s *
WhatIf SwitchParameter s * ~wi
@Disable-RemoteMailbox s (All)
Archive SwitchParameter s *
Confirm SwitchParameter s * ~cf
DomainController Fqdn s *
Identity RemoteMailboxIdParameter s *!
IgnoreDefaultScope SwitchParameter s *
IgnoreLegalHold SwitchParameter s *
WhatIf SwitchParameter s * ~wi
@Enable-MailUser s EnableGuestUser EnabledUser*
Alias String s *
Confirm SwitchParameter s * ~cf
DisplayName String s *
DomainController Fqdn s *
ExternalEmailAddress ProxyAddress s 0,1!
Identity UserIdParameter s *!
MacAttachmentFormat MacAttachmentFormat s 1 =BinHex =UuEncode =AppleSingle =AppleDouble
MessageBodyFormat MessageBodyFormat s 1 =Text =Html =TextAndHtml
MessageFormat MessageFormat s 1 =Text =Mime
PrimarySmtpAddress SmtpAddress s *
UsePreferMessageFormat Boolean s 1
WhatIf SwitchParameter s * ~wi
@Enable-Mailbox so Arbitration Archive AuditLog AutoExpandingArchive Discovery Equipment Linked LinkedRoomMailbox
 PublicFolder RemoteArchive Room Shared User
ActiveSyncMailboxPolicy MailboxPolicyIdParameter s 0,1,2,4,5,6,7,8,9,10,11,12
AddressBookPolicy AddressBookMailboxPolicyIdParameter s 12
Alias String s 0,1,2,4,5,6,7,8,9,10,11,12
Arbitration SwitchParameter s 0!
Archive SwitchParameter so 1,7
ArchiveDatabase DatabaseIdParameter s 1,7
ArchiveDomain SmtpDomain s 9!
ArchiveGuid Guid s 1,7
ArchiveName MultiValuedProperty so 1,7
AuditLog SwitchParameter s 2
AutoExpandingArchive SwitchParameter o 3
Confirm SwitchParameter so * ~cf
Database DatabaseIdParameter s 0,2,4,5,6,7,8,10,11,12
Discovery SwitchParameter s 4!
DisplayName String s 0,1,2,4,5,6,7,8,9,10,11,12
DomainController Fqdn s 0,1,2,4,5,6,7,8,9,10,11,12
Equipment SwitchParameter s 5!
Force SwitchParameter so *
HoldForMigration SwitchParameter s 8
Identity UserIdParameter so *!
LinkedCredential PSCredential s 6,7
LinkedDomainController String s 6!,7!
LinkedMasterAccount UserIdParameter s 6!,7!
LinkedRoom SwitchParameter s 7!
PrimarySmtpAddress SmtpAddress s 0,1,2,4,5,6,7,8,9,10,11,12
PublicFolder SwitchParameter s 8!
RemoteArchive SwitchParameter s 9
RetentionPolicy MailboxPolicyIdParameter s 0,1,2,4,5,6,7,8,9,10,11,12
RoleAssignmentPolicy MailboxPolicyIdParameter so *
Room SwitchParameter s 10!
Shared SwitchParameter s 11!
WhatIf SwitchParameter so * ~wi
@Enable-RemoteMailbox s Archive Default Equipment Room Shared
ACLableSyncedObjectEnabled SwitchParameter s *
Alias String s *
Archive SwitchParameter s 0
ArchiveName MultiValuedProperty s 0
Confirm SwitchParameter s * ~cf
DisplayName String s *
DomainController Fqdn s *
Equipment SwitchParameter s 2!
Identity UserIdParameter s *!
PrimarySmtpAddress SmtpAddress s *
RemoteRoutingAddress ProxyAddress s 1,2,3,4
Room SwitchParameter s 3!
Shared SwitchParameter s 4!
WhatIf SwitchParameter s * ~wi
@Get-ADPermission s AccessRights Owner
DomainController Fqdn s *
Identity ADRawEntryIdParameter s *!
Owner SwitchParameter s 1
User SecurityPrincipalIdParameter s 0
@Get-ADServerSettings s (All)
@Get-AcceptedDomain so (All)
DomainController Fqdn s *
Identity AcceptedDomainIdParameter so *
ResultSize Unlimited o *
@Get-AddressBookPolicy so (All)
DomainController Fqdn s *
Identity MailboxPolicyIdParameter so *
@Get-CASMailbox so AnrSet Identity
ActiveSyncDebugLogging SwitchParameter so *
ActiveSyncSuppressReadReceipt SwitchParameter so *
Anr String so 0
Credential PSCredential so *
DomainController Fqdn s *
Filter String so *
Identity MailboxIdParameter so 1
IgnoreDefaultScope SwitchParameter so *
Monitoring SwitchParameter s *
OrganizationalUnit OrganizationalUnitIdParameter so *
ProtocolSettings SwitchParameter so *
ReadFromDomainController SwitchParameter s *
ReadIsOptimizedForAccessibility SwitchParameter so *
RecalculateHasActiveSyncDevicePartnership SwitchParameter so *
RecipientTypeDetails RecipientTypeDetails[] o * =DiscoveryMailbox =EquipmentMailbox =LegacyMailbox =LinkedMailbox
 =LinkedRoomMailbox =MailUser =RoomMailbox =SharedMailbox =TeamMailbox =UserMailbox
ResultSize Unlimited so *
SortBy String so *
@Get-CalendarProcessing so (All)
DomainController Fqdn s *
Identity MailboxIdParameter so *!
ReadFromDomainController SwitchParameter s *
ResultSize Unlimited so *
@Get-DistributionGroup so AnrSet Identity ManagedBySet
Anr String so 0
Credential PSCredential so *
DomainController Fqdn s *
Filter String so *
Identity DistributionGroupIdParameter so 1
IgnoreDefaultScope SwitchParameter s *
IncludeAcceptMessagesOnlyFromDLMembersWithDisplayNames SwitchParameter o *
IncludeAcceptMessagesOnlyFromSendersOrMembersWithDisplayNames SwitchParameter o *
IncludeAcceptMessagesOnlyFromWithDisplayNames SwitchParameter o *
IncludeBypassModerationFromSendersOrMembersWithDisplayNames SwitchParameter o *
IncludeGrantSendOnBehalfToWithDisplayNames SwitchParameter o *
IncludeManagedByWithDisplayNames SwitchParameter o *
IncludeModeratedByWithDisplayNames SwitchParameter o *
ManagedBy GeneralRecipientIdParameter so 2
OrganizationalUnit OrganizationalUnitIdParameter so *
ReadFromDomainController SwitchParameter s *
RecipientTypeDetails RecipientTypeDetails[] so * =MailNonUniversalGroup =MailUniversalDistributionGroup
 =MailUniversalSecurityGroup =RoomList
ResultSize Unlimited so *
SortBy String so *
@Get-DistributionGroupMember so (All)
Credential PSCredential so *
DomainController Fqdn s *
Identity DistributionGroupMemberIdParameter so *!
IgnoreDefaultScope SwitchParameter s *
IncludeSoftDeletedObjects SwitchParameter o *
ReadFromDomainController SwitchParameter s *
ResultSize Unlimited so *
@Get-ExchangeServer s Domain Identity
Domain Fqdn s 0!
DomainController Fqdn s *
Identity ServerIdParameter s 1
Status SwitchParameter s *
@Get-Group so AnrSet Identity
Anr String so 0
Credential PSCredential s *
DomainController Fqdn s *
Filter String so *
Identity GroupIdParameter so 1
IgnoreDefaultScope SwitchParameter s *
OrganizationalUnit OrganizationalUnitIdParameter so *
ReadFromDomainController SwitchParameter s *
RecipientTypeDetails RecipientTypeDetails[] so * =MailNonUniversalGroup =MailUniversalDistributionGroup
 =MailUniversalSecurityGroup =NonUniversalGroup =RoomList =UniversalDistributionGroup =UniversalSecurityGroup
ResultSize Unlimited so *
SortBy String so *
@Get-HybridConfiguration s (All)
DomainController Fqdn s *
@Get-IntraOrganizationConnector so (All)
DomainController Fqdn s *
Identity IntraOrganizationConnectorIdParameter so *
@Get-MailContact so AnrSet Identity
ANR String so 0
Credential PSCredential s *
DomainController Fqdn s *
Filter String so *
Identity MailContactIdParameter so 1
IgnoreDefaultScope SwitchParameter s *
OrganizationalUnit OrganizationalUnitIdParameter so *
ReadFromDomainController SwitchParameter s *
RecipientTypeDetails RecipientTypeDetails[] so * =MailContact =MailForestContact
ResultSize Unlimited so *
SortBy String so *
@Get-MailUser so AnrSet HVEAccount Identity
Anr String so 0
Credential PSCredential s 0,2
DomainController Fqdn s 0,2
Filter String so *
HVEAccount SwitchParameter o 1
Identity MailUserIdParameter so 2
IgnoreDefaultScope SwitchParameter s 0,2
OrganizationalUnit OrganizationalUnitIdParameter so *
ReadFromDomainController SwitchParameter s 0,2
ResultSize Unlimited so *
SharedWithMailUser SwitchParameter o *
SoftDeletedMailUser SwitchParameter o *
SortBy String so *
@Get-Mailbox so AnrSet DatabaseSet Identity MailboxPlanSet ServerSet
Anr String so 0
Arbitration SwitchParameter s 0,1,2,4
Archive SwitchParameter so *
AuditLog SwitchParameter s 0,1,2,4
AuxAuditLog SwitchParameter s 0,1,2,4
Credential PSCredential s 0,1,2,4
Database DatabaseIdParameter s 1
DomainController Fqdn s 0,1,2,4
Filter String so *
GroupMailbox SwitchParameter so *
Identity MailboxIdParameter so 2
IgnoreDefaultScope SwitchParameter s 0,1,2,4
InactiveMailboxOnly SwitchParameter o 0,2,3
IncludeAcceptMessagesOnlyFromDLMembersWithDisplayNames SwitchParameter o 0,2,3
IncludeAcceptMessagesOnlyFromSendersOrMembersWithDisplayNames SwitchParameter o 0,2,3
IncludeAcceptMessagesOnlyFromWithDisplayNames SwitchParameter o 0,2,3
IncludeEmailAddressDisplayNames SwitchParameter o 0,2,3
IncludeForwardingAddressWithDisplayNames SwitchParameter o 0,2,3
IncludeGrantSendOnBehalfToWithDisplayNames SwitchParameter o 0,2,3
IncludeInactiveMailbox SwitchParameter o 0,2,3
MailboxPlan MailboxPlanIdParameter o 3
Migration SwitchParameter so *
Monitoring SwitchParameter s 0,1,2,4
OrganizationalUnit OrganizationalUnitIdParameter so *
PublicFolder SwitchParameter so *
ReadFromDomainController SwitchParameter s 0,1,2,4
RecipientTypeDetails RecipientTypeDetails[] so * =DiscoveryMailbox =EquipmentMailbox =GroupMailbox =LegacyMailbox
 =LinkedMailbox =LinkedRoomMailbox =RoomMailbox =SchedulingMailbox =SharedMailbox =TeamMailbox =UserMailbox
RemoteArchive SwitchParameter s 0,1,2,4
ResultSize Unlimited so *
Server ServerIdParameter s 4
SoftDeletedMailbox SwitchParameter o 0,2,3
SortBy String so *
SupervisoryReviewPolicy SwitchParameter s 0,1,2,4
@Get-MailboxAutoReplyConfiguration so (All)
Credential PSCredential so *
DomainController Fqdn s *
Identity MailboxIdParameter so *!
ReadFromDomainController SwitchParameter so *
ResultSize Unlimited so *
UseCustomRouting SwitchParameter o *
@Get-MailboxDatabase s Identity Server
DomainController Fqdn s *
DumpsterStatistics SwitchParameter s *
Identity DatabaseIdParameter s 0
IncludeCorrupted SwitchParameter s *
IncludePreExchange2013 SwitchParameter s *
Server ServerIdParameter s 1!
Status SwitchParameter s *
@Get-MailboxDatabaseCopyStatus s Identity Server
Active SwitchParameter s *
ConnectionStatus SwitchParameter s *
DomainController Fqdn s *
ExtendedErrorInfo SwitchParameter s *
Identity DatabaseCopyIdParameter s 0
Local SwitchParameter s 0
Server MailboxServerIdParameter s 1!
UseServerCache SwitchParameter s *
@Get-MailboxFolderStatistics so AuditLog Database Identity
Archive SwitchParameter so 2
AuditLog SwitchParameter s 0
Database DatabaseIdParameter o 1!
DiagnosticInfo String o *
DomainController Fqdn s 0,2
FolderScope ElcFolderType so * =All =Archive =Calendar =Contacts =ConversationHistory =DeletedItems =Drafts =Inbox
 =JunkEmail =Journal =LegacyArchiveJournals =ManagedCustomFolder =NonIpmRoot =Notes =Outbox =Personal =RecoverableItems
 =RssSubscriptions =SentItems =SyncIssues =Tasks
Identity GeneralMailboxOrMailUserIdParameter so 0,2!
IncludeAnalysis SwitchParameter so *
IncludeOldestAndNewestItems SwitchParameter so *
IncludeSoftDeletedRecipients SwitchParameter o *
ResultSize Unlimited o *
SkipCount Int32 o *
StoreMailboxIdentity StoreMailboxIdParameter o 1!
UseCustomRouting SwitchParameter o 2
@Get-MailboxPermission so AccessRights Owner
Credential PSCredential so *
DomainController Fqdn s *
GroupMailbox SwitchParameter o *
Identity MailboxIdParameter so *!
IncludeSoftDeletedUserPermissions SwitchParameter o 0
IncludeUnresolvedPermissions SwitchParameter o 0
IncludeUserWithDisplayName SwitchParameter o *
Owner SwitchParameter so 1
ReadFromDomainController SwitchParameter so *
ResultSize Unlimited so *
SoftDeletedMailbox SwitchParameter o 0
UseCustomRouting SwitchParameter o *
User SecurityPrincipalIdParameter so 0
@Get-MailboxPlan o (All)
AllMailboxPlanReleases SwitchParameter o *
Credential PSCredential o *
Filter String o *
Identity MailboxPlanIdParameter o *
IgnoreDefaultScope SwitchParameter o *
ResultSize Unlimited o *
SortBy String o *
@Get-MailboxRegionalConfiguration so Default Identity MailboxLocation
Archive SwitchParameter o 1
DomainController Fqdn s 0
Identity MailboxIdParameter so 0!,1
MailboxLocation MailboxLocationIdParameter o 2
UseCustomRouting SwitchParameter o 1,2
VerifyDefaultFolderNameLanguage SwitchParameter so *
@Get-MailboxStatistics so Database Identity Server
Archive SwitchParameter so 1
CopyOnServer ServerIdParameter s 0,1
Database DatabaseIdParameter s 0!
DomainController Fqdn s *
Filter String s 0,2
Identity GeneralMailboxOrMailUserIdParameter so 1!
IncludeMoveHistory SwitchParameter so *
IncludeMoveReport SwitchParameter so *
IncludePassive SwitchParameter s 2
IncludeQuarantineDetails SwitchParameter s *
IncludeSoftDeletedRecipients SwitchParameter o 1
NoADLookup SwitchParameter s *
Server ServerIdParameter s 2!
StoreMailboxIdentity StoreMailboxIdParameter s 0
UseCustomRouting SwitchParameter o 1
@Get-ManagementRoleAssignment so Identity RoleAssignee
AssignmentMethod AssignmentMethod[] so 1 =Direct =SecurityGroup =RoleGroup =RoleAssignmentPolicy
ConfigWriteScope ConfigWriteScopeType so * =None =OrganizationConfig =CustomConfigScope =ExclusiveConfigScope
CustomConfigWriteScope ManagementScopeIdParameter s *
CustomRecipientWriteScope ManagementScopeIdParameter so *
Delegating Boolean so *
DomainController Fqdn s *
Enabled Boolean so *
Exclusive Boolean so *
ExclusiveConfigWriteScope ManagementScopeIdParameter s *
ExclusiveRecipientWriteScope ManagementScopeIdParameter so *
GetEffectiveUsers SwitchParameter so *
Identity RoleAssignmentIdParameter so 0
RecipientAdministrativeUnitScope AdministrativeUnitIdParameter so *
RecipientGroupScope GroupIdParameter o *
RecipientOrganizationalUnitScope OrganizationalUnitIdParameter so *
RecipientWriteScope RecipientWriteScopeType so * =None =MyGAL =Self =OU =CustomRecipientScope =MyDistributionGroups
 =ExclusiveRecipientScope
Role RoleIdParameter so 1
RoleAssignee RoleAssigneeIdParameter so 1
RoleAssigneeType RoleAssigneeType so * =User =SecurityGroup =RoleAssignmentPolicy =ForeignSecurityPrincipal =RoleGroup
 =LinkedRoleGroup =Computer
WritableDatabase DatabaseIdParameter s *
WritableRecipient GeneralRecipientIdParameter so *
WritableServer ServerIdParameter s *
@Get-ManagementRoleEntry so (All)
DomainController Fqdn s *
Identity RoleEntryIdParameter so *!
PSSnapinName String so *
Parameters String[] so *
ResultSize Unlimited o *
Type ManagementRoleEntryType[] so *
@Get-MigrationBatch so BatchesByEndpoint BatchesByStatus BatchesFromEndpoint Identity
Diagnostic SwitchParameter s 2,3
DiagnosticArgument String s 2,3
DiagnosticInfo String o 0,1,3
DomainController Fqdn s 2,3
Endpoint MigrationEndpointIdParameter so 0,2
Identity MigrationBatchIdParameter so 3
IncludeReport SwitchParameter so *
Partition MailboxIdParameter o 0,1,3
ResultSize Unlimited o 0,1,3
Status MigrationBatchStatus so 1,2,3 =Completed =CompletedWithErrors =Completing =Corrupted =Created =Failed
 =IncrementalSyncing =Removing =Starting =Stopped =Syncing =Stopping =Synced =SyncedwithErrors =Waiting
@Get-MigrationConfig so AllPartitions Default Partition
AllPartitions SwitchParameter o 0!
DomainController Fqdn s 1
IncludeSimplifiedGmailMigrationData SwitchParameter o 0,2
Partition MailboxIdParameter o 2
@Get-MigrationEndpoint so ConnectionSettingsFilter Identity TypeFilter
ConnectionSettings ExchangeConnectionSettings s 0!
Diagnostic SwitchParameter s *
DiagnosticArgument String s *
DiagnosticInfo String o 1,2
DomainController Fqdn s *
Identity MigrationEndpointIdParameter so 1
Partition MailboxIdParameter o 1,2
Type MigrationType so 2! =ExchangeOutlookAnywhere =ExchangeRemoteMove =IMAP =PublicFolder
@Get-MigrationUser so EmailAddress Identity MailboxGuid StatusAndBatchId
BatchId MigrationBatchIdParameter so 3
DomainController Fqdn s *
EmailAddress EmailAddress o 0!
Identity MigrationUserIdParameter so 1
IncludeAssociatedUsers SwitchParameter o *
MailboxGuid Guid so 2!
Partition MailboxIdParameter o *
ResultSize Unlimited so *
Status MigrationUserStatus so 3 =Completed =CompletedWithWarnings =Completing =CompletionFailed =CompletionSynced
 =Corrupted =Failed =IncrementalFailed =IncrementalStopped =IncrementalSynced =IncrementalSyncing =Provisioning
 =ProvisionUpdating =Queued =Removing =Starting =Stopped =Stopping =Synced =Syncing =Validating
StatusSummary MigrationUserStatusSummary so 3 =Active =Completed =Failed =Stopped =Synced
@Get-MigrationUserStatistics so (All)
Diagnostic SwitchParameter s *
DiagnosticArgument String s *
DiagnosticInfo String o *
DomainController Fqdn s *
Identity MigrationUserIdParameter so *!
IncludeCopilotReport SwitchParameter o *
IncludeReport SwitchParameter so *
IncludeSkippedItems SwitchParameter so *
LimitSkippedItemsTo Int32 so *
Partition MailboxIdParameter o *
SkipSubscription SwitchParameter so *
@Get-MobileDeviceMailboxPolicy so (All)
DomainController Fqdn s *
Identity MailboxPolicyIdParameter so *
@Get-MoveRequest so Filtering Identity
BatchName String so 0
Credential PSCredential s *
DomainController Fqdn s *
Flags RequestFlags so 0 =CrossOrg =HighPriority =IntraOrg =Join =MoveOnlyArchiveMailbox =MoveOnlyPrimaryMailbox =None
 =Offline =Protected =Pull =Push =RemoteLegacy =Split =Suspend =SuspendWhenReadyToComplete =TargetIsAggregatedMailbox
HighPriority Boolean s 0
Identity MoveRequestIdParameter so 1
IncludeSoftDeletedObjects SwitchParameter s *
MoveStatus RequestStatus s 0 =AutoSuspended =Completed =CompletedWithWarning =CompletionInProgress =Failed =InProgress
 =Queued =Retrying =Suspended
Offline Boolean so 0
OrganizationalUnit OrganizationalUnitIdParameter s *
Protect Boolean s 0
ProxyToMailbox MailboxIdParameter o *
RemoteHostName Fqdn so 0
ResultSize Unlimited so *
SortBy String s *
SourceDatabase DatabaseIdParameter s 0
Status RequestStatus o 0 ~MoveStatus =AutoSuspended =Completed =CompletedWithSkippedItems =CompletedWithWarning
 =CompletionInProgress =Failed =InProgress =Queued =Retrying =Suspended =Synced
Suspend Boolean so 0
SuspendWhenReadyToComplete Boolean so 0
TargetDatabase DatabaseIdParameter s 0
@Get-MoveRequestStatistics so IdentityCloud IdentityOnPremises MigrationMRSInstance MigrationMoveRequestQueue
Analysis SwitchParameter o 0
Diagnostic SwitchParameter s 1,3
DiagnosticArgument String s 1,3
DiagnosticInfo String o 0
DiagnosticOnly SwitchParameter o 0
DomainController Fqdn s 1,2,3
Identity MoveRequestIdParameter so 0!,1!
IncludeReport SwitchParameter so 0,1,3
MailboxGuid Guid s 2,3
MoveRequestQueue DatabaseIdParameter s 3!
ProxyToMailbox MailboxIdParameter o 0
ReportOnly SwitchParameter so 0,1,3
@Get-OrganizationConfig so (All)
DomainController Fqdn s *
@Get-OrganizationRelationship so (All)
DomainController Fqdn s *
Identity OrganizationRelationshipIdParameter so *
@Get-OutboundConnector o (All)
Identity OutboundConnectorIdParameter o *
IncludeTestModeConnectors Boolean o *
IsTransportRuleScoped Boolean o *
ResultSize Unlimited o *
@Get-OwaMailboxPolicy so (All)
DomainController Fqdn s *
Identity MailboxPolicyIdParameter so *
@Get-Recipient so AnrSet DatabaseSet Identity RecipientPreviewFilterSet
Anr String so 0
AuthenticationType AuthenticationType o 0,2,3 =Federated =Managed
BookmarkDisplayName String so 2
Capabilities MultiValuedProperty o 0,2,3
Credential PSCredential s *
Database DatabaseIdParameter s 0,1
DomainController Fqdn s *
Filter String so *
Identity RecipientIdParameter so 2
IgnoreDefaultScope SwitchParameter s *
IncludeBookmarkObject Boolean so 2
IncludeManagerWithDisplayName SwitchParameter o 0,2,3
IncludeSoftDeletedRecipients SwitchParameter so *
OrganizationalUnit OrganizationalUnitIdParameter so *
Properties String[] so *
PropertySet PropertySet so *
ReadFromDomainController SwitchParameter s *
RecipientPreviewFilter String so 3
RecipientType RecipientType[] so * =DynamicDistributionGroup =MailContact =MailNonUniversalGroup
 =MailUniversalDistributionGroup =MailUniversalSecurityGroup =MailUser =PublicFolder =UserMailbox
RecipientTypeDetails RecipientTypeDetails[] so * =DiscoveryMailbox =DynamicDistributionGroup =EquipmentMailbox
 =GroupMailbox =GuestMailUser =LegacyMailbox =LinkedMailbox =LinkedRoomMailbox =MailContact =MailForestContact
 =MailNonUniversalGroup =MailUniversalDistributionGroup =MailUniversalSecurityGroup =MailUser =PublicFolder
 =PublicFolderMailbox =RemoteEquipmentMailbox =RemoteRoomMailbox =RemoteSharedMailbox =RemoteTeamMailbox
 =RemoteUserMailbox =RoomList =RoomMailbox =SchedulingMailbox =SharedMailbox =SharedWithMailUser =TeamMailbox
 =UserMailbox
ResultSize Unlimited so *
SortBy String so *
@Get-RecipientPermission o (All)
AccessRights MultiValuedProperty o *
Identity RecipientIdParameter o *
IncludeTrusteeWithPrimarySmtpAddress SwitchParameter o *
ReadFromDomainController SwitchParameter o *
ResultSize Unlimited o *
Trustee SecurityPrincipalIdParameter o *
@Get-RemoteDomain so (All)
DomainController Fqdn s *
Identity RemoteDomainIdParameter so *
ResultSize Unlimited o *
@Get-RemoteMailbox s AnrSet Identity
Anr String s 0
Archive SwitchParameter s *
Credential PSCredential s *
DomainController Fqdn s *
Filter String s *
Identity RemoteMailboxIdParameter s 1
IgnoreDefaultScope SwitchParameter s *
OnPremisesOrganizationalUnit OrganizationalUnitIdParameter s *
ReadFromDomainController SwitchParameter s *
ResultSize Unlimited s *
SortBy String s *
@Get-RetentionPolicy so (All)
DomainController Fqdn s *
Identity MailboxPolicyIdParameter so *
@Get-RoleAssignmentPolicy so (All)
DomainController Fqdn s *
Identity MailboxPolicyIdParameter so *
@Get-SecurityPrincipal so (All)
DomainController Fqdn s *
Filter String so *
Identity ExtendedSecurityPrincipalIdParameter so *
IncludeDomainLocalFrom SmtpDomain s *
OrganizationalUnit ExtendedOrganizationalUnitIdParameter so *
ResultSize Unlimited so *
RoleGroupAssignable SwitchParameter so *
Types MultiValuedProperty so * =Computer =GlobalSecurityGroup =Group =UniversalSecurityGroup =User
 =WellknownSecurityPrincipal
@Get-SendConnector s (All)
DomainController Fqdn s *
Identity SendConnectorIdParameter s *
@Get-SharingPolicy so (All)
DomainController Fqdn s *
Identity SharingPolicyIdParameter so *
@Get-User so AnrSet Identity
Anr String so 0
Arbitration SwitchParameter s *
AuditLog SwitchParameter s *
AuxAuditLog SwitchParameter s *
Credential PSCredential s *
DomainController Fqdn s *
Filter String so *
Identity UserIdParameter so 1
IgnoreDefaultScope SwitchParameter s *
IncludeDirectReportsWithDisplayNames SwitchParameter o *
IncludeManagerWithDisplayName SwitchParameter o *
IsVIP SwitchParameter o *
OrganizationalUnit OrganizationalUnitIdParameter so *
PublicFolder SwitchParameter so *
ReadFromDomainController SwitchParameter s *
RecipientTypeDetails RecipientTypeDetails[] so * =DisabledUser =DiscoveryMailbox =EquipmentMailbox =GuestMailUser
 =GroupMailbox =LegacyMailbox =LinkedMailbox =LinkedRoomMailbox =LinkedUser =MailUser =PublicFolderMailbox
 =RemoteEquipmentMailbox =RemoteRoomMailbox =RemoteSharedMailbox =RemoteTeamMailbox =RemoteUserMailbox =RoomMailbox
 =SchedulingMailbox =SharedMailbox =SharedWithMailUser =TeamMailbox =User =UserMailbox
ResultSize Unlimited so *
Sortby String so *
SupervisoryReviewPolicy SwitchParameter s *
@Get-WebServicesVirtualDirectory s Identity Server
ADPropertiesOnly SwitchParameter s *
DomainController Fqdn s *
Identity VirtualDirectoryIdParameter s 0
Server ServerIdParameter s 1!
ShowMailboxVirtualDirectories SwitchParameter s *
@New-MailUser so DisabledUser EnableRoomMailboxAccount EnabledUser FederatedUser HVEAccount
 MicrosoftOnlineServicesFederatedUser MicrosoftOnlineServicesID
Alias String so *
ArbitrationMailbox MailboxIdParameter s 0,2,3,5,6
Confirm SwitchParameter so * ~cf
DisplayName String so *
DomainController Fqdn s 0,2,3,5,6
ExternalEmailAddress ProxyAddress so 0!,2!,3,6
FederatedIdentity String o 3!,5!
FirstName String so *
HVEAccount SwitchParameter o 4
ImmutableId String so *
Initials String so *
LastName String so *
MacAttachmentFormat MacAttachmentFormat so 0,2 =BinHex =UuEncode =AppleSingle =AppleDouble
MailboxRegion String o *
MessageBodyFormat MessageBodyFormat so 0,2 =Text =Html =TextAndHtml
MessageFormat MessageFormat so 0,2 =Text =Mime
MicrosoftOnlineServicesID WindowsLiveId o 1,5!,6!
ModeratedBy MultiValuedProperty so *
ModerationEnabled Boolean so *
Name String so *!
OrganizationalUnit OrganizationalUnitIdParameter so *
Password SecureString so 2!,4!,6!
PrimarySmtpAddress SmtpAddress so *
RemotePowerShellEnabled Boolean so *
ResetPasswordOnNextLogon Boolean s 0,2,3,5,6
SamAccountName String s 0,2,3,5,6
SendModerationNotifications TransportModerationNotificationFlags so * =Always =Internal =Never
UsePreferMessageFormat Boolean so 0,2
UserPrincipalName String s 2!
WhatIf SwitchParameter so * ~wi
@New-MigrationBatch so Abch Analysis FolderMove GoogleResourceOnboarding Local LocalMailboxRestore LocalPublicFolder
 ManagedGmailTeams Offboarding Onboarding PointInTimeRecovery PointInTimeRecoveryProvisionOnly Preexisting
 PreexistingUserIds PreexistingUsers PublicFolderToUnifiedGroup SlackPublicDataConnector WorkflowTemplate
AdoptPreexisting SwitchParameter o 3,4,7,8,9
AllowIncrementalSyncs Boolean s 0,4,6,8,9,12,13,15,17
AllowUnknownColumnsInCsv Boolean so 0,1,2,3,4,5,6,7,8,9,10,11,13,14,15,16,17
Analyze SwitchParameter o 1!
ArchiveDomain String o 8,9
ArchiveOnly SwitchParameter so 4
AutoComplete SwitchParameter so *
AutoProvisioning SwitchParameter o 9
AutoRetryCount Int32 s 0,4,6,8,9,12,13,15,17
AutoStart SwitchParameter so *
AvoidMergeOverlap SwitchParameter o 9
BadItemLimit Unlimited s 2,4,6,15
CSVData Byte[] so 0!,1!,2!,3!,4!,5!,6!,7!,8!,9,10!,11!,15!
CompleteAfter DateTime so *
Confirm SwitchParameter so * ~cf
ConnectionLogicalId String o 16!
ContentFilter String o 9
ContentFilterLanguage CultureInfo o 9
Daily SwitchParameter o 1
DataFusion SwitchParameter o 9
DisableOnCopy SwitchParameter so 12,13,14
DisallowExistingUsers SwitchParameter s 4,8,9
DomainController Fqdn s 0,4,6,8,9,12,13,15,17
ExcludeDumpsters SwitchParameter o 9
ExcludeFolders MultiValuedProperty o 1,5,9
ForwardingDisposition GmailForwardingDisposition o 9
GoogleResource SwitchParameter o 3!
IncludeFolders MultiValuedProperty o 1,5,9
IncludeOtherContacts SwitchParameter o 9
LargeItemLimit Unlimited s 2,6,15
Local SwitchParameter s 4!
Locale CultureInfo s 0,4,6,8,9,12,13,15,17
ManagedGmailTeams SwitchParameter o 7!
MigrateTasks SwitchParameter o 9
MoveOptions MultiValuedProperty so 2,4,8,9
Name String so *!
NotificationEmails MultiValuedProperty so *
Partition MailboxIdParameter o 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17
PrimaryOnly SwitchParameter so 4,8,9
PublicFolderToUnifiedGroup SwitchParameter so 15!
RemoveOnCopy SwitchParameter o 3,4,7,8,9
RenamePrimaryCalendar SwitchParameter o 9
ReportInterval TimeSpan so *
Restore SwitchParameter o 9
SimplifiedSwitchOver SwitchParameter o 9
SkipCalendar SwitchParameter o 7,9
SkipContacts SwitchParameter o 7,9
SkipDelegates SwitchParameter o 3,9
SkipDetails SwitchParameter o 1
SkipMail SwitchParameter o 9
SkipMerging MultiValuedProperty so 3,5,6,8,9
SkipMoving MultiValuedProperty so 4,8,9
SkipProvisioning SwitchParameter o 3,9
SkipReports SwitchParameter so *
SkipRules SwitchParameter o 9
SkipSteps SkippableMigrationSteps[] s 0,4,6,8,9,12,13,15,17 =None =SettingTargetAddress
SlackPublicDataConnector SwitchParameter o 16!
SlackWorkspaceId String o 16!
SourceEndpoint MigrationEndpointIdParameter so 1,3,7,9,15,16
SourcePFPrimaryMailboxGuid Guid o 9
SourcePublicFolderDatabase DatabaseIdParameter s 6!
StagedRollOutGroupId String o 16
StartAfter DateTime so *
TargetArchiveDatabases MultiValuedProperty so 4,8,9
TargetDatabases MultiValuedProperty so 0,4,8,9
TargetDeliveryDomain String so 8,9
TargetEndpoint MigrationEndpointIdParameter so 8
TimeZone ExTimeZoneValue so *
UserIds MultiValuedProperty so 13!
Users MultiValuedProperty so 12!,14
WhatIf SwitchParameter so * ~wi
WorkflowControlFlags MigrationWorkflowControlFlags so 4,9 =None =InjectAndForget =SkipSwitchover
WorkflowTemplate String so 17
WorkloadType RequestWorkloadType s 4
XMLData Byte[] o 9
@New-MigrationEndpoint so Compliance ExchangeOutlookAnywhere ExchangeOutlookAnywhereAutoDiscover ExchangeRemoteMove
 ExchangeRemoteMoveAutoDiscover Gmail GoogleMarketplaceApp IMAP LegacyPublicFolderToUnifiedGroup MrsProxyPublicFolder
 MrsProxyPublicFolderToUnifiedGroup PSTImport PublicFolder
AcceptUntrustedCertificates SwitchParameter o 1,2,7
AppSecretKeyVaultUrl String o 3
ApplicationId String o 3
Authentication AuthenticationMethod o 1,7,8,12
Autodiscover SwitchParameter so 2!,4!
Compliance SwitchParameter so 0!
Confirm SwitchParameter so * ~cf
Credentials PSCredential so 0!,1!,2!,3,4!,8!,9!,10!,11,12!
DomainController Fqdn s 0,1,2,3,4,5,7,8,9,10,11,12
EmailAddress SmtpAddress so 1,2!,4!,5
ExchangeOutlookAnywhere SwitchParameter o 1!,2!
ExchangeRemoteMove SwitchParameter so 3!,4!
ExchangeServer String o 1
Gmail SwitchParameter o 5!,6!
IMAP SwitchParameter o 7!
MailboxPermission MigrationMailboxPermission o 1
MaxConcurrentIncrementalSyncs Unlimited so *
MaxConcurrentMigrations Unlimited so *
Name String so *!
NspiServer String o 1
OAuthCode SecureString o 6!
PSTImport SwitchParameter s 11!
Partition MailboxIdParameter o *
Port Int32 o 7
PublicFolder SwitchParameter o 9!,12!
PublicFolderDatabaseServerLegacyDN String o 8!,12!
PublicFolderToUnifiedGroup SwitchParameter so 8!,10!
RedirectUri String o 6
RemoteServer Fqdn so 0!,3!,7!,9!,10!,11!
RemoteTenant String o 3
RpcProxyServer Fqdn o 1,8!,12!
Security IMAPSecurityMechanism o 7 =None =Ssl =Tls
ServiceAccountKeyFileData Byte[] o 5!
SkipVerification SwitchParameter so *
SourceMailboxLegacyDN String o 1,2,8!,12!
TestMailbox MailboxIdParameter o 1,2,6,8,10,12
WhatIf SwitchParameter so * ~wi
@New-MoveRequest so MigrationLocal MigrationOutbound MigrationOutboundCrossTenant MigrationRemote
 MigrationRemoteCrossTenant MigrationRemoteLegacy
AcceptLargeDataLoss SwitchParameter so *
AllowLargeItems SwitchParameter s *
ArchiveDomain String so 1,3
ArchiveOnly SwitchParameter so 0,1,3
ArchiveTargetDatabase DatabaseIdParameter s 0,3,4
BadItemLimit Unlimited s *
BatchName String so *
CompleteAfter DateTime so *
CompletedRequestAgeLimit Unlimited so *
Confirm SwitchParameter so * ~cf
DoNotPreserveMailboxSignature SwitchParameter s 0
DomainController Fqdn s *
ForceOffline SwitchParameter so *
ForcePull SwitchParameter s 0
ForcePush SwitchParameter s 0
Identity MailboxOrMailUserIdParameter so *!
IncrementalSyncInterval TimeSpan so *
InternalFlags InternalMrsFlag[] s *
LargeItemLimit Unlimited s *
MoveOptions MultiValuedProperty so *
Outbound SwitchParameter so 1!,2!
PreventCompletion SwitchParameter so *
PrimaryOnly SwitchParameter so 0,1,3
Priority RequestPriority s * =Lowest =Lower =Low =Normal =High =Higher =Highest =Emergency
Protect SwitchParameter s *
ProxyToMailbox MailboxIdParameter o *
Remote SwitchParameter so 3!,4!
RemoteArchiveTargetDatabase String so 1
RemoteCredential PSCredential so 1,3,5!
RemoteGlobalCatalog Fqdn so 1,3,5!
RemoteHostName Fqdn so 1!,3!
RemoteLegacy SwitchParameter s 5!
RemoteTargetDatabase String so 1,5
RequestExpiryInterval Unlimited so *
SkipMoving SkippableMoveComponent[] so *
SourceEndpoint MigrationEndpointIdParameter o 0,1,3,4,5
StartAfter DateTime so *
Suspend SwitchParameter so *
SuspendComment String so *
SuspendWhenReadyToComplete SwitchParameter so *
TargetDatabase DatabaseIdParameter s 0,3,4,5
TargetDeliveryDomain Fqdn so 1,2!,3,4!,5
WhatIf SwitchParameter so * ~wi
WorkloadType RequestWorkloadType s *
@New-RemoteMailbox s AccountDisabled Default Equipment Room Shared
ACLableSyncedObjectEnabled SwitchParameter s *
AccountDisabled SwitchParameter s 0!
Alias String s *
Archive SwitchParameter s *
Confirm SwitchParameter s * ~cf
DisplayName String s *
DomainController Fqdn s *
Equipment SwitchParameter s 2!
FirstName String s *
ImmutableId String s *
Initials String s *
LastName String s *
ModeratedBy MultiValuedProperty s *
ModerationEnabled Boolean s *
Name String s *!
OnPremisesOrganizationalUnit OrganizationalUnitIdParameter s *
Password SecureString s 0,1!,2,3,4
PrimarySmtpAddress SmtpAddress s *
RemotePowerShellEnabled Boolean s *
RemoteRoutingAddress ProxyAddress s *
ResetPasswordOnNextLogon Boolean s *
Room SwitchParameter s 3!
SamAccountName String s *
SendModerationNotifications TransportModerationNotificationFlags s * =Always =Internal =Never
Shared SwitchParameter s 4!
UserPrincipalName String s 0,1!,2,3,4
WhatIf SwitchParameter s * ~wi
@Remove-ADPermission s AccessRights Instance Owner
AccessRights ActiveDirectoryRights[] s 0,1 =CreateChild =DeleteChild =ListChildren =Self =ReadProperty =WriteProperty
 =DeleteTree =ListObject =ExtendedRight =Delete =ReadControl =GenericExecute =GenericWrite =GenericRead =WriteDacl
 =WriteOwner =GenericAll =Synchronize =AccessSystemSecurity
ChildObjectTypes ADSchemaObjectIdParameter[] s 0,1
Confirm SwitchParameter s * ~cf
Deny SwitchParameter s 0,1
DomainController Fqdn s *
ExtendedRights ExtendedRightIdParameter[] s 0,1
Identity ADRawEntryIdParameter s 0!,1,2!
InheritanceType ActiveDirectorySecurityInheritance s 0,1 =None =All =Children =Descendents =SelfAndChildren
InheritedObjectType ADSchemaObjectIdParameter s 0,1
Instance ADAcePresentationObject s 1!
Properties ADSchemaObjectIdParameter[] s 0,1
User SecurityPrincipalIdParameter s 0!,1
WhatIf SwitchParameter s * ~wi
@Remove-MailUser so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MailUserIdParameter so *!
IgnoreDefaultScope SwitchParameter s *
IgnoreLegalHold SwitchParameter s *
PermanentlyDelete SwitchParameter o *
WhatIf SwitchParameter so * ~wi
@Remove-MailboxPermission so AccessRights ClearAutoMapping Instance Owner ResetDefault
AccessRights MailboxRights[] so 0!,2 =FullAccess =SendAs =ExternalAccount =DeleteItem =ReadPermission =ChangePermission
 =ChangeOwner
BypassMasterAccountSid SwitchParameter o 0,1,3
ClearAutoMapping SwitchParameter so 1!
Confirm SwitchParameter so * ~cf
Deny SwitchParameter so 0,2
DomainController Fqdn s *
GroupMailbox SwitchParameter o 0,2,3
Identity MailboxIdParameter so 0!,1!,2,3,4!
IgnoreDefaultScope SwitchParameter so *
InheritanceType ActiveDirectorySecurityInheritance so 0,2 =None =All =Children =Descendents =SelfAndChildren
Instance MailboxAcePresentationObject s 2!
ResetDefault SwitchParameter so 4
SoftDeletedMailbox SwitchParameter o 0
User SecurityPrincipalIdParameter so 0!,2
WhatIf SwitchParameter so * ~wi
@Remove-MigrationBatch so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Force SwitchParameter s *
Identity MigrationBatchIdParameter so *
Partition MailboxIdParameter o *
WhatIf SwitchParameter so * ~wi
@Remove-MigrationEndpoint so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MigrationEndpointIdParameter so *!
Partition MailboxIdParameter o *
WhatIf SwitchParameter so * ~wi
@Remove-MigrationUser so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Force SwitchParameter s *
Identity MigrationUserIdParameter so *!
Partition MailboxIdParameter o *
WhatIf SwitchParameter so * ~wi
@Remove-MoveRequest so Identity MigrationMoveRequestQueue
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Force SwitchParameter so 0
Identity MoveRequestIdParameter so 0!
MailboxGuid Guid s 1!
MoveRequestQueue DatabaseIdParameter s 1!
ProxyToMailbox MailboxIdParameter o *
WhatIf SwitchParameter so * ~wi
@Remove-RecipientPermission o (All)
AccessRights MultiValuedProperty o *!
Confirm SwitchParameter o * ~cf
Deny SwitchParameter o *
Identity RecipientIdParameter o *!
MultiTrustees MultiValuedProperty o *
SkipDomainValidationForMailContact SwitchParameter o *
SkipDomainValidationForMailUser SwitchParameter o *
SkipDomainValidationForSharedMailbox SwitchParameter o *
Trustee SecurityPrincipalIdParameter o *!
WhatIf SwitchParameter o * ~wi
@Resume-MoveRequest so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MoveRequestIdParameter so *!
ProxyToMailbox MailboxIdParameter o *
SuspendWhenReadyToComplete SwitchParameter so *
WhatIf SwitchParameter so * ~wi
@Set-ADServerSettings s FullParams Instance SingleDC
ConfigurationDomainController Fqdn s 0
Confirm SwitchParameter s * ~cf
PreferredGlobalCatalog Fqdn s 0
PreferredServer Fqdn s 2
RecipientViewRoot String s 0,2
RunspaceServerSettings RunspaceServerSettingsPresentationObject s 1!
SetPreferredDomainControllers MultiValuedProperty s 0
ViewEntireForest Boolean s 0,2
WhatIf SwitchParameter s * ~wi
@Set-CASMailbox so (All)
ActiveSyncAllowedDeviceIDs MultiValuedProperty so *
ActiveSyncBlockedDeviceIDs MultiValuedProperty so *
ActiveSyncDebugLogging Boolean so *
ActiveSyncEnabled Boolean so *
ActiveSyncMailboxPolicy MailboxPolicyIdParameter so *
ActiveSyncSuppressReadReceipt Boolean so *
Confirm SwitchParameter so * ~cf
DisplayName String s *
DomainController Fqdn s *
ECPEnabled Boolean s *
EmailAddresses ProxyAddressCollection s *
EwsAllowEntourage Boolean so *
EwsAllowList MultiValuedProperty so *
EwsAllowMacOutlook Boolean so *
EwsAllowOutlook Boolean so *
EwsApplicationAccessPolicy EwsApplicationAccessPolicy so * =EnforceAllowList =EnforceBlockList
EwsBlockList MultiValuedProperty so *
EwsEnabled Boolean so *
Identity MailboxIdParameter so *!
IgnoreDefaultScope SwitchParameter s *
ImapEnableExactRFC822Size Boolean s *
ImapEnabled Boolean so *
ImapForceICalForCalendarRetrievalOption Boolean so *
ImapMessagesRetrievalMimeFormat MimeTextFormat so *
ImapSuppressReadReceipt Boolean so *
ImapUseProtocolDefaults Boolean so *
IsOptimizedForAccessibility Boolean so *
MAPIBlockOutlookExternalConnectivity Boolean s *
MAPIBlockOutlookNonCachedMode Boolean s *
MAPIBlockOutlookRpcHttp Boolean s *
MAPIBlockOutlookVersions String s *
MAPIEnabled Boolean so *
MacOutlookEnabled Boolean o *
MapiHttpEnabled Boolean s *
Name String s *
OWAEnabled Boolean so *
OWAforDevicesEnabled Boolean so *
OneWinNativeOutlookEnabled Boolean o *
OutlookMobileEnabled Boolean o *
OwaMailboxPolicy MailboxPolicyIdParameter so *
PopEnableExactRFC822Size Boolean s *
PopEnabled Boolean so *
PopForceICalForCalendarRetrievalOption Boolean so *
PopMessagesRetrievalMimeFormat MimeTextFormat so *
PopSuppressReadReceipt Boolean so *
PopUseProtocolDefaults Boolean so *
PrimarySmtpAddress SmtpAddress s *
PublicFolderClientAccess Boolean so *
ResetAutoBlockedDevices SwitchParameter s *
SamAccountName String s *
ShowGalAsDefaultView Boolean so *
SmtpClientAuthenticationDisabled Boolean o *
UniversalOutlookEnabled Boolean o *
WhatIf SwitchParameter so * ~wi
@Set-CalendarProcessing so (All)
AddAdditionalResponse Boolean so *
AddNewRequestsTentatively Boolean so *
AddOrganizerToSubject Boolean so *
AdditionalResponse String so *
AllBookInPolicy Boolean so *
AllRequestInPolicy Boolean so *
AllRequestOutOfPolicy Boolean so *
AllowConflicts Boolean so *
AllowRecurringMeetings Boolean so *
AutomateProcessing CalendarProcessingFlags so * =None =AutoUpdate =AutoAccept
BookInPolicy RecipientIdParameter[] so *
BookingType ResourceBookingType o * =Standard =Reserved
BookingWindowInDays Int32 so *
Confirm SwitchParameter so * ~cf
ConflictPercentageAllowed Int32 so *
DeleteAttachments Boolean so *
DeleteComments Boolean so *
DeleteNonCalendarItems Boolean so *
DeleteSubject Boolean so *
DomainController Fqdn s *
EnableAutoRelease Boolean o *
EnableResponseDetails Boolean so *
EnforceCapacity Boolean o *
EnforceSchedulingHorizon Boolean so *
ForwardRequestsToDelegates Boolean so *
Identity MailboxIdParameter so *!
IgnoreDefaultScope SwitchParameter so *
MaximumConflictInstances Int32 so *
MaximumDurationInMinutes Int32 so *
MinimumDurationInMinutes Int32 o *
OrganizerInfo Boolean so *
PostReservationMaxClaimTimeInMinutes Int32 o *
ProcessExternalMeetingMessages Boolean so *
RemoveCanceledMeetings Boolean o *
RemoveForwardedMeetingNotifications Boolean so *
RemoveOldMeetingMessages Boolean so *
RemovePrivateProperty Boolean so *
RequestInPolicy RecipientIdParameter[] so *
RequestOutOfPolicy RecipientIdParameter[] so *
ResourceDelegates RecipientIdParameter[] so *
ScheduleOnlyDuringWorkHours Boolean so *
TentativePendingApproval Boolean so *
WhatIf SwitchParameter so * ~wi
@Set-MailUser so EnableLitigationHoldForMigration ExcludeFromAllHolds ExcludeFromAllOrgHolds ExcludeFromOrgHolds
 Identity* RecalculateInactiveMailUser RemoveComplianceTagHoldApplied RemoveDelayHoldApplied
 RemoveDelayReleaseHoldApplied RemoveDisabledArchive RemoveLitigationHoldEnabled RemoveOrphanedHolds
 UnblockForwardSyncPostCrossTenantMigration
AcceptMessagesOnlyFrom MultiValuedProperty so *
AcceptMessagesOnlyFromDLMembers MultiValuedProperty so *
AcceptMessagesOnlyFromSendersOrMembers MultiValuedProperty so *
Alias String so *
ArbitrationMailbox MailboxIdParameter s 4
ArchiveGuid Guid so *
ArchiveName MultiValuedProperty s 4
BypassModerationFromSendersOrMembers MultiValuedProperty so *
Confirm SwitchParameter so * ~cf
CreateDTMFMap Boolean s 0,2,3,4,5,6,7,8,10,11
CustomAttribute1 String so *
CustomAttribute10 String so *
CustomAttribute11 String so *
CustomAttribute12 String so *
CustomAttribute13 String so *
CustomAttribute14 String so *
CustomAttribute15 String so *
CustomAttribute2 String so *
CustomAttribute3 String so *
CustomAttribute4 String so *
CustomAttribute5 String so *
CustomAttribute6 String so *
CustomAttribute7 String so *
CustomAttribute8 String so *
CustomAttribute9 String so *
DataEncryptionPolicy DataEncryptionPolicyIdParameter o 0,1,2,3,5,6,7,8,9,10,11,12
DisplayName String so *
DomainController Fqdn s 4
EmailAddressPolicyEnabled Boolean s 4
EmailAddresses ProxyAddressCollection so *
EnableLitigationHoldForMigration SwitchParameter o 0!
ExchangeGuid Guid so *
ExcludeFromAllHolds SwitchParameter o 1!
ExcludeFromAllOrgHolds SwitchParameter o 2
ExcludeFromOrgHolds String[] o 3
ExtensionCustomAttribute1 MultiValuedProperty so *
ExtensionCustomAttribute2 MultiValuedProperty so *
ExtensionCustomAttribute3 MultiValuedProperty so *
ExtensionCustomAttribute4 MultiValuedProperty so *
ExtensionCustomAttribute5 MultiValuedProperty so *
ExternalEmailAddress ProxyAddress so *
FederatedIdentity String o 0,1,2,3,5,6,7,8,9,10,11,12
ForceUpgrade SwitchParameter so *
GrantSendOnBehalfTo MultiValuedProperty so *
HVEAccount SwitchParameter o 0,1,2,3,5,6,7,8,9,10,11,12
HiddenFromAddressListsEnabled Boolean so *
Identity MailUserIdParameter so *!
IgnoreDefaultScope SwitchParameter s 4
ImmutableId String so *
JournalArchiveAddress SmtpAddress o 0,1,2,3,5,6,7,8,9,10,11,12
MacAttachmentFormat MacAttachmentFormat so * =BinHex =UuEncode =AppleSingle =AppleDouble
MailTip String so *
MailTipTranslations MultiValuedProperty so *
MailboxRegion String o 0,1,2,3,5,6,7,8,9,10,11,12
MaxReceiveSize Unlimited so *
MaxSendSize Unlimited so *
MessageBodyFormat MessageBodyFormat so * =Text =Html =TextAndHtml
MessageFormat MessageFormat so * =Text =Mime
MicrosoftOnlineServicesID SmtpAddress o 0,1,2,3,5,6,7,8,9,10,11,12
ModeratedBy MultiValuedProperty so *
ModerationEnabled Boolean so *
Name String so *
Password SecureString o 0,1,2,3,5,6,7,8,9,10,11,12
PrimarySmtpAddress SmtpAddress so *
RecalculateInactiveMailUser SwitchParameter o 5!
RecipientLimits Unlimited so *
RecoverableItemsQuota Unlimited s 4
RecoverableItemsWarningQuota Unlimited s 4
RejectMessagesFrom MultiValuedProperty so *
RejectMessagesFromDLMembers MultiValuedProperty so *
RejectMessagesFromSendersOrMembers MultiValuedProperty so *
RemoveComplianceTagHoldApplied SwitchParameter o 6!
RemoveDelayHoldApplied SwitchParameter o 7!
RemoveDelayReleaseHoldApplied SwitchParameter o 8!
RemoveDisabledArchive SwitchParameter o 9
RemoveLitigationHoldEnabled SwitchParameter o 10!
RemoveMailboxProvisioningConstraint SwitchParameter o 0,1,2,3,5,6,7,8,9,10,11,12
RemoveOrphanedHolds String[] o 11
RemovePicture SwitchParameter s 4
RemoveSpokenName SwitchParameter s 4
RequireSenderAuthenticationEnabled Boolean so *
ResetPasswordOnNextLogon Boolean o 0,1,2,3,5,6,7,8,9,10,11,12
SamAccountName String s 4
SecondaryDialPlan UMDialPlanIdParameter s 0,2,3,4,5,6,7,8,10,11
SendModerationNotifications TransportModerationNotificationFlags so * =Always =Internal =Never
SimpleDisplayName String so *
SkipDualWrite SwitchParameter s 4
UMDtmfMap MultiValuedProperty s 0,2,3,4,5,6,7,8,10,11
UnblockForwardSyncPostCrossTenantMigration SwitchParameter o 12!
UseMapiRichTextFormat UseMapiRichTextFormat so * =Always =Never =UseDefaultSettings
UsePreferMessageFormat Boolean so *
UserCertificate MultiValuedProperty so *
UserPrincipalName String s 4
UserSMimeCertificate MultiValuedProperty so *
WhatIf SwitchParameter so * ~wi
WindowsEmailAddress SmtpAddress so *
@Set-Mailbox so ExcludeFromAllHolds ExcludeFromAllOrgHolds ExcludeFromOrgHolds Identity* IsExchangeCloudManaged
 ProvideConsent RecalculateInactiveMailbox RemoveComplianceTagHoldApplied RemoveDelayHoldApplied
 RemoveDelayReleaseHoldApplied RemoveDisabledArchive RemoveOrphanedHolds
AcceptMessagesOnlyFrom MultiValuedProperty so *
AcceptMessagesOnlyFromDLMembers MultiValuedProperty so *
AcceptMessagesOnlyFromSendersOrMembers MultiValuedProperty so *
AccountDisabled Boolean so *
AddressBookPolicy AddressBookMailboxPolicyIdParameter so *
Alias String so *
AntispamBypassEnabled Boolean s 3
ApplyMandatoryProperties SwitchParameter so *
Arbitration SwitchParameter s 3
ArbitrationMailbox MailboxIdParameter s 3
ArchiveDatabase DatabaseIdParameter s 3
ArchiveDomain SmtpDomain s 3
ArchiveName MultiValuedProperty so *
ArchiveQuota Unlimited s 3
ArchiveStatus ArchiveStatusFlags s 3
ArchiveWarningQuota Unlimited s 3
AttributesToClear SetMailbox+ClearableADAttributes[] s 3
AuditAdmin MultiValuedProperty so * =None =AddFolderPermissions =ApplyRecord =Copy =Create =FolderBind =HardDelete
 =MessageBind =ModifyFolderPermissions =Move =MoveToDeletedItems =RecordDelete =RemoveFolderPermissions =SendAs
 =SendOnBehalf =SoftDelete =Update =UpdateFolderPermissions =UpdateCalendarDelegation =UpdateInboxRules
AuditDelegate MultiValuedProperty so * =None =AddFolderPermissions =ApplyRecord =Create =FolderBind =HardDelete
 =ModifyFolderPermissions =Move =MoveToDeletedItems =RecordDelete =RemoveFolderPermissions =SendAs =SendOnBehalf
 =SoftDelete =Update =UpdateFolderPermissions =UpdateInboxRules
AuditEnabled Boolean so *
AuditLog SwitchParameter s 3
AuditLogAgeLimit EnhancedTimeSpan so *
AuditOwner MultiValuedProperty so * =None =AddFolderPermissions =ApplyRecord =Create =FolderBind =HardDelete
 =MailboxLogin =MessageBind =ModifyFolderPermissions =Move =MoveToDeletedItems =RecordDelete =RemoveFolderPermissions
 =SoftDelete =Update =UpdateFolderPermissions =UpdateCalendarDelegation =UpdateInboxRules
AutoArchivingEnabled Boolean o *
AuxAuditLog SwitchParameter s 1,2,3,6,8
BypassModerationFromSendersOrMembers MultiValuedProperty so *
CalendarLoggingQuota Unlimited s 3
CalendarRepairDisabled Boolean so *
CalendarVersionStoreDisabled Boolean so *
ClearThrottlingPolicyAssignment SwitchParameter o 0,1,2,4,5,6,7,8,9,10,11
ClientExtensions Boolean s 3
Confirm SwitchParameter so * ~cf
CreateDTMFMap Boolean s 1,2,3,6,8,9,10,11
CustomAttribute1 String so *
CustomAttribute10 String so *
CustomAttribute11 String so *
CustomAttribute12 String so *
CustomAttribute13 String so *
CustomAttribute14 String so *
CustomAttribute15 String so *
CustomAttribute2 String so *
CustomAttribute3 String so *
CustomAttribute4 String so *
CustomAttribute5 String so *
CustomAttribute6 String so *
CustomAttribute7 String so *
CustomAttribute8 String so *
CustomAttribute9 String so *
DataEncryptionPolicy DataEncryptionPolicyIdParameter o 0,1,2,4,5,6,7,8,9,10,11
Database DatabaseIdParameter s 3
DefaultAuditSet MultiValuedProperty o * =Admin =Delegate =Owner
DefaultPublicFolderMailbox RecipientIdParameter so *
DeliverToMailboxAndForward Boolean so *
DisableThrottling Boolean s 3
DisplayName String so *
DomainController Fqdn s 3
DowngradeHighPriorityMessagesEnabled Boolean s 3
DumpsterMessagesPerFolderCountReceiveQuota Int32 s 3
DumpsterMessagesPerFolderCountWarningQuota Int32 s 3
ElcProcessingDisabled Boolean o 0,1,2,4,5,6,7,8,9,10,11
EmailAddressDisplayNames MultiValuedProperty o 0,1,2,4,5,6,7,8,9,10,11
EmailAddressPolicyEnabled Boolean s 3
EmailAddresses ProxyAddressCollection so *
EnableRoomMailboxAccount Boolean so *
EndDateForRetentionHold DateTime so *
EnforcedTimestamps String o 0,1,2,4,5,6,7,8,9,10,11
ExcludeFromAllHolds SwitchParameter o 0!
ExcludeFromAllOrgHolds SwitchParameter o 1
ExcludeFromOrgHolds String[] o 2
ExtendedPropertiesCountQuota Int32 s 3
ExtensionCustomAttribute1 MultiValuedProperty so *
ExtensionCustomAttribute2 MultiValuedProperty so *
ExtensionCustomAttribute3 MultiValuedProperty so *
ExtensionCustomAttribute4 MultiValuedProperty so *
ExtensionCustomAttribute5 MultiValuedProperty so *
ExternalOofOptions ExternalOofOptions so * =External =InternalOnly
FolderHierarchyChildrenCountReceiveQuota Int32 s 3
FolderHierarchyChildrenCountWarningQuota Int32 s 3
FolderHierarchyDepthReceiveQuota Int32 s 3
FolderHierarchyDepthWarningQuota Int32 s 3
FoldersCountReceiveQuota Int32 s 3
FoldersCountWarningQuota Int32 s 3
Force SwitchParameter so *
ForwardingAddress RecipientIdParameter so *
ForwardingSmtpAddress ProxyAddress so *
GMGen Boolean s 3
GrantSendOnBehalfTo MultiValuedProperty so *
GroupMailbox MailboxIdParameter o 0,1,2,4,5,6,7,8,9,10,11
HiddenFromAddressListsEnabled Boolean so *
Identity MailboxIdParameter so *!
IgnoreDefaultScope SwitchParameter s 3
ImListMigrationCompleted Boolean s 1,2,3,6,8,9,10,11
ImmutableId String so *
InactiveMailbox SwitchParameter o 0,1,2,4,5,6,7,8,9,10,11
IsExchangeCloudManaged Boolean o 4!
IsExcludedFromServingHierarchy Boolean so *
IsHierarchyReady Boolean s 3
IsHierarchySyncEnabled Boolean s 3
IssueWarningQuota Unlimited so *
JournalArchiveAddress SmtpAddress o 0,1,2,4,5,6,7,8,9,10,11
Languages MultiValuedProperty so *
LinkedCredential PSCredential s 3
LinkedDomainController String s 3
LinkedMasterAccount UserIdParameter s 3
LitigationHoldDate DateTime so *
LitigationHoldDuration Unlimited so *
LitigationHoldEnabled Boolean so *
LitigationHoldOwner String so *
MailTip String so *
MailTipTranslations MultiValuedProperty so *
MailboxMessagesPerFolderCountReceiveQuota Int32 s 3
MailboxMessagesPerFolderCountWarningQuota Int32 s 3
MailboxRegion String o 0,1,2,4,5,6,7,8,9,10,11
Management Boolean s 3
MaxBlockedSenders Int32 s 3
MaxReceiveSize Unlimited so *
MaxSafeSenders Int32 s 3
MaxSendSize Unlimited so *
MessageCopyForSMTPClientSubmissionEnabled Boolean o 0,1,2,4,5,6,7,8,9,10,11
MessageCopyForSendOnBehalfEnabled Boolean so *
MessageCopyForSentAsEnabled Boolean so *
MessageTracking Boolean s 1,2,3,6,8
MessageTrackingReadStatusEnabled Boolean so *
MicrosoftOnlineServicesID SmtpAddress o 0,1,2,4,5,6,7,8,9,10,11
Migration Boolean s 3
ModeratedBy MultiValuedProperty so *
ModerationEnabled Boolean so *
Name String so *
NewPassword SecureString s 3
NonCompliantDevices MultiValuedProperty o 0,1,2,4,5,6,7,8,9,10,11
OABGen Boolean s 3
OMEncryption Boolean s 3
OMEncryptionStore Boolean s 3
Office String so *
OfflineAddressBook OfflineAddressBookIdParameter s 3
OldPassword SecureString s 3
Password SecureString so *
PrimarySmtpAddress SmtpAddress s 3
ProhibitSendQuota Unlimited so *
ProhibitSendReceiveQuota Unlimited so *
ProvideConsent SwitchParameter o 5,7
ProvisionedForOfficeGraph SwitchParameter o 0,1,2,4,5,6,7,8,9,10,11
PstProvider Boolean s 3
PublicFolder SwitchParameter so *
QueryBaseDN OrganizationalUnitIdParameter s 3
RecalculateInactiveMailbox SwitchParameter o 6!
RecipientLimits Unlimited so *
RecoverableItemsQuota Unlimited s 3
RecoverableItemsWarningQuota Unlimited s 3
RejectMessagesFrom MultiValuedProperty so *
RejectMessagesFromDLMembers MultiValuedProperty so *
RejectMessagesFromSendersOrMembers MultiValuedProperty so *
RemoteRecipientType RemoteRecipientType s 3
RemoveComplianceTagHoldApplied SwitchParameter o 7!
RemoveDelayHoldApplied SwitchParameter o 8!
RemoveDelayReleaseHoldApplied SwitchParameter o 9!
RemoveDisabledArchive SwitchParameter o 10!
RemoveMailboxProvisioningConstraint SwitchParameter o 0,1,2,4,5,6,7,8,9,10,11
RemoveManagedFolderAndPolicy SwitchParameter s 3
RemoveOrphanedHolds String[] o 11
RemovePicture SwitchParameter s 3
RemoveSpokenName SwitchParameter s 3
RequireSenderAuthenticationEnabled Boolean so *
ResetPasswordOnNextLogon Boolean s 3
ResourceCapacity Int32 so *
ResourceCustom MultiValuedProperty so *
RetainDeletedItemsFor EnhancedTimeSpan so *
RetainDeletedItemsUntilBackup Boolean s 3
RetentionComment String so *
RetentionHoldEnabled Boolean so *
RetentionPolicy MailboxPolicyIdParameter so *
RetentionUrl String so *
RoleAssignmentPolicy MailboxPolicyIdParameter so *
RoomMailboxPassword SecureString so *
RulesQuota ByteQuantifiedSize so *
SCLDeleteEnabled Boolean s 3
SCLDeleteThreshold Int32 s 3
SCLJunkEnabled Boolean s 3
SCLJunkThreshold Int32 s 3
SCLQuarantineEnabled Boolean s 3
SCLQuarantineThreshold Int32 s 3
SCLRejectEnabled Boolean s 3
SCLRejectThreshold Int32 s 3
SamAccountName String s 3
SchedulerAssistant Boolean o 0,1,2,4,5,6,7,8,9,10,11
SecondaryAddress String s 1,2,3,6,8,9,10,11
SecondaryDialPlan UMDialPlanIdParameter s 1,2,3,6,8,9,10,11
SendModerationNotifications TransportModerationNotificationFlags so * =Always =Internal =Never
SharingPolicy SharingPolicyIdParameter so *
SimpleDisplayName String so *
SingleItemRecoveryEnabled Boolean so *
SkipDualWrite SwitchParameter s 1,2,6,8,10,11
StartDateForRetentionHold DateTime so *
StsRefreshTokensValidFrom DateTime so 0,3,4,5,7,9,10,11
SystemMessageSizeShutoffQuota Int64 s 3
SystemMessageSizeWarningQuota Int64 s 3
ThrottlingPolicy ThrottlingPolicyIdParameter s 3
Type ConvertibleMailboxSubType so * =Equipment =Regular =Room =Shared =Workspace =Desk
UMDataStorage Boolean s 3
UMDtmfMap MultiValuedProperty s 1,2,3,6,8,9,10,11
UMGrammar Boolean s 3
UniqueRecipientsCountLimitLevel UniqueRecipientsCountLimitLevelType o 0,1,2,4,5,6,7,8,9,10,11
UniqueUnrestrictedGroupsLimitEnabled Boolean o 0,1,2,4,5,6,7,8,9,10,11
UpdateEnforcedTimestamp SwitchParameter o 0,1,2,4,5,6,7,8,9,10,11
UseDatabaseQuotaDefaults Boolean so *
UseDatabaseRetentionDefaults Boolean so 0,1,2,3,4,5,6,7,8,9,10
UserCertificate MultiValuedProperty so *
UserPrincipalName String s 3
UserSMimeCertificate MultiValuedProperty so *
WhatIf SwitchParameter so * ~wi
WindowsEmailAddress SmtpAddress so *
@Set-MailboxAutoReplyConfiguration so (All)
AutoDeclineFutureRequestsWhenOOF Boolean so *
AutoReplyState OofState so * =Enabled =Disabled =Scheduled
Confirm SwitchParameter so * ~cf
CreateOOFEvent Boolean so *
DeclineAllEventsForScheduledOOF Boolean so *
DeclineEventsForScheduledOOF Boolean so *
DeclineMeetingMessage String so *
DomainController Fqdn s *
EndTime DateTime so *
EventsToDeleteIDs String[] so *
ExternalAudience ExternalAudience so * =None =Known =All
ExternalMessage String so *
Identity MailboxIdParameter so *!
IgnoreDefaultScope SwitchParameter so *
InternalMessage String so *
OOFEventSubject String so *
StartTime DateTime so *
WhatIf SwitchParameter so * ~wi
@Set-MailboxRegionalConfiguration so Default Identity MailboxLocation
Archive SwitchParameter o 1
Confirm SwitchParameter so * ~cf
DateFormat String so *
DomainController Fqdn s 0
Identity MailboxIdParameter so 0!,1!
Language CultureInfo so *
LocalizeDefaultFolderName SwitchParameter so *
MailboxLocation MailboxLocationIdParameter o 2
TimeFormat String so *
TimeZone ExTimeZoneValue so *
UseCustomRouting SwitchParameter o 1,2
WhatIf SwitchParameter so * ~wi
@Set-MigrationBatch so (All)
AddUsers SwitchParameter o *
AllowIncrementalSyncs Boolean s *
AllowUnknownColumnsInCsv Boolean so *
ApproveSkippedItems SwitchParameter o *
AutoRetryCount Int32 s *
BadItemLimit Unlimited s *
CSVData Byte[] so *
CompleteAfter DateTime so *
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MigrationBatchIdParameter so *!
LargeItemLimit Unlimited s *
MoveOptions MultiValuedProperty so *
NotificationEmails MultiValuedProperty so *
Partition MailboxIdParameter o *
ReportInterval TimeSpan so *
SkipMerging MultiValuedProperty so *
SkipMoving MultiValuedProperty so *
SkipReports Boolean so *
SourcePublicFolderDatabase DatabaseIdParameter s *
StartAfter DateTime so *
SyncNow SwitchParameter so *
Update SwitchParameter so *
WhatIf SwitchParameter so * ~wi
@Set-MigrationEndpoint so (All)
AcceptUntrustedCertificates Boolean o *
AppSecretKeyVaultUrl String o *
ApplicationId String o *
Authentication AuthenticationMethod o *
Confirm SwitchParameter so * ~cf
Credentials PSCredential so *
DomainController Fqdn s *
ExchangeServer String o *
Identity MigrationEndpointIdParameter so *!
MailboxPermission MigrationMailboxPermission o *
MaxConcurrentIncrementalSyncs Unlimited so *
MaxConcurrentMigrations Unlimited so *
NspiServer String o *
Partition MailboxIdParameter o *
Port Int32 o *
PublicFolderDatabaseServerLegacyDN String o *
RemoteServer Fqdn so *
RpcProxyServer Fqdn o *
Security IMAPSecurityMechanism o *
ServiceAccountKeyFileData Byte[] o *
SkipVerification SwitchParameter so *
SourceMailboxLegacyDN String o *
TestMailbox MailboxIdParameter o *
WhatIf SwitchParameter so * ~wi
@Set-MigrationUser so (All)
ApproveSkippedItems SwitchParameter o *
BadItemLimit Unlimited s *
CompleteAfter DateTime o *
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MigrationUserIdParameter so *!
LargeItemLimit Unlimited s *
Partition MailboxIdParameter o *
StartAfter DateTime o *
SyncNow SwitchParameter so *
WhatIf SwitchParameter so * ~wi
@Set-MoveRequest so (All)
AcceptLargeDataLoss SwitchParameter so *
ArchiveTargetDatabase DatabaseIdParameter s *
BadItemLimit Unlimited s *
BatchName String so *
CompleteAfter DateTime so *
CompletedRequestAgeLimit Unlimited so *
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MoveRequestIdParameter so *!
IncrementalSyncInterval TimeSpan so *
InternalFlags InternalMrsFlag[] s *
LargeItemLimit Unlimited s *
MoveOptions MultiValuedProperty so *
PreventCompletion Boolean so *
Priority RequestPriority s * =Lowest =Lower =Low =Normal =High =Higher =Highest =Emergency
Protect Boolean s *
ProxyToMailbox MailboxIdParameter o *
RemoteCredential PSCredential so *
RemoteGlobalCatalog Fqdn so *
RemoteHostName Fqdn so *
RequestExpiryInterval Unlimited so *
SkipMoving SkippableMoveComponent[] so *
SkippedItemApprovalTime DateTime o *
SourceEndpoint MigrationEndpointIdParameter o *
StartAfter DateTime so *
SuspendWhenReadyToComplete Boolean so *
TargetDatabase DatabaseIdParameter s *
WhatIf SwitchParameter so * ~wi
@Set-OrganizationConfig so AdfsAuthenticationParameter AdfsAuthenticationRawConfiguration DelayedDelicensingParameterSet
 Identity ShortenEventScopeParameter
ACLableSyncedObjectEnabled Boolean s 0,1
ActionableMessagesExtenalAccessTokenEnabled Boolean o 2,4
ActivityBasedAuthenticationTimeoutEnabled Boolean so *
ActivityBasedAuthenticationTimeoutInterval EnhancedTimeSpan so *
ActivityBasedAuthenticationTimeoutWithSingleSignOnEnabled Boolean so *
AdfsAudienceUris MultiValuedProperty s 0
AdfsAuthenticationConfiguration String s 1
AdfsEncryptCertificateThumbprint String s 0
AdfsIssuer Uri s 0
AdfsSignCertificateThumbprints MultiValuedProperty s 0
AppsForOfficeEnabled Boolean so 0,1,2,4
AsyncSendEnabled Boolean so 0,1,2,4
AuditDisabled Boolean o 2,4
AutoArchivingThresholdPercentage Int16 o *
AutoEnableArchiveMailbox Boolean o 2,4
AutoExpandingArchive SwitchParameter o 2,4
AutodiscoverPartialDirSync Boolean o 2,4
AutomaticForcedReadReceiptEnabled Boolean o 2,4
BlockMoveMessagesForGroupFolders Boolean o 2,4
BookingsAddressEntryRestricted Boolean o 2,4
BookingsAuthEnabled Boolean o 2,4
BookingsBlockedWordsEnabled Boolean o 2,4
BookingsCreationOfCustomQuestionsRestricted Boolean o 2,4
BookingsEnabled Boolean o 2,4
BookingsExposureOfStaffDetailsRestricted Boolean o 2,4
BookingsMembershipApprovalRequired Boolean o 2,4
BookingsNamingPolicyEnabled Boolean o 2,4
BookingsNamingPolicyPrefix String o 2,4
BookingsNamingPolicyPrefixEnabled Boolean o 2,4
BookingsNamingPolicySuffix String o 2,4
BookingsNamingPolicySuffixEnabled Boolean o 2,4
BookingsNotesEntryRestricted Boolean o 2,4
BookingsPaymentsEnabled Boolean o 2,4
BookingsPhoneNumberEntryRestricted Boolean o 2,4
BookingsSearchEngineIndexDisabled Boolean o 2,4
BookingsSmsMicrosoftEnabled Boolean o 2,4
BookingsSocialSharingRestricted Boolean o 2,4
ByteEncoderTypeFor7BitCharsets Int32 so *
CalendarVersionStoreEnabled Boolean o 2,4
ComplianceMLBgdCrawlEnabled Boolean o 2,4
Confirm SwitchParameter so * ~cf
ConnectorsActionableMessagesEnabled Boolean so 0,1,2,4
ConnectorsEnabled Boolean so 0,1,2,4
ConnectorsEnabledForOutlook Boolean o 2,4
ConnectorsEnabledForSharepoint Boolean o 2,4
ConnectorsEnabledForTeams Boolean o 2,4
ConnectorsEnabledForYammer Boolean o 2,4
CustomerFeedbackEnabled Boolean s 0,1,3
CustomerLockboxEnabled Boolean o 2,4
DLPViaDcsEnabled Boolean o *
DLPWaitOnSendEnabled Boolean o 2,4
DLPWaitOnSendTimeout Int16 o 2,4
DataClassifications String s 0,1
DefaultAuthenticationPolicy AuthPolicyIdParameter so *
DefaultFolderPermissionRestricted Boolean o *
DefaultGroupAccessType ModernGroupObjectType o 2,4 =Public =Private
DefaultMinutesToReduceLongEventsBy Int32 o 4
DefaultMinutesToReduceShortEventsBy Int32 o 4
DefaultPublicFolderAgeLimit EnhancedTimeSpan so 0,1,2,4
DefaultPublicFolderDeletedItemRetention EnhancedTimeSpan so 0,1,2,4
DefaultPublicFolderIssueWarningQuota Unlimited so 0,1,2,4
DefaultPublicFolderMaxItemSize Unlimited so 0,1,2,4
DefaultPublicFolderMovedItemRetention EnhancedTimeSpan so 0,1,2,4
DefaultPublicFolderProhibitPostQuota Unlimited so 0,1,2,4
DelayedDelicensingEnabled Boolean o 2
DirectReportsGroupAutoCreationEnabled Boolean o 2,4
DisablePlusAddressInRecipients Boolean o 2,4
DistributionGroupDefaultOU OrganizationalUnitIdParameter so *
DistributionGroupNameBlockedWordsList MultiValuedProperty so *
DistributionGroupNamingPolicy DistributionGroupNamingPolicy so *
DomainController Fqdn s 0,1,3
ElcProcessingDisabled Boolean o 2,4
EmptyAddressBookForNonExchangeUsers SwitchParameter s 0,1
EnableAuthAdminReadSession SwitchParameter s 0,1
EnableDownloadDomains Boolean s 0,1
EnableForwardingAddressSyncForMailboxes Boolean o 2,4
EnableOrgWidePermissionOnScopedRoles SwitchParameter s 0,1
EnableOutlookEvents Boolean o 2,4
EndUserDLUpgradeFlowsDisabled Boolean o 2,4
EndUserMailNotificationForDelayedDelicensingEnabled Boolean o 2
EnforceExoAppRbacPermissions Boolean o *
EnforceShortenEventSetting SwitchParameter o 4
EwsAllowEntourage Boolean so *
EwsAllowList MultiValuedProperty so *
EwsAllowMacOutlook Boolean so *
EwsAllowOutlook Boolean so *
EwsAllowedAppIDs String o 2,4
EwsApplicationAccessPolicy EwsApplicationAccessPolicy so * =EnforceAllowList =EnforceBlockList
EwsBlockList MultiValuedProperty so *
EwsEnabled Boolean so *
ExchangeAttributesCloudManagedByDefault SwitchParameter o *
ExchangeAttributesServerManagedByDefault SwitchParameter o *
ExchangeNotificationEnabled Boolean o 2,4
ExchangeNotificationRecipients MultiValuedProperty o 2,4
FindTimeAttendeeAuthenticationEnabled Boolean o 2,4
FindTimeAutoScheduleDisabled Boolean o 2,4
FindTimeLockPollForAttendeesEnabled Boolean o 2,4
FindTimeOnlineMeetingOptionDisabled Boolean o 2,4
FocusedInboxOn Boolean o 2,4
HierarchicalAddressBookRoot UserContactGroupIdParameter so *
HybridRSVPEnabled Boolean o 2,4
IPListBlocked MultiValuedProperty o 2,4
InRegionRoutingEnabled Boolean o 2,4
Industry IndustryType s 0,1,3
IsAgendaMailEnabled Boolean so 0,1,2,4
IsExcludedFromOffboardMigration Boolean s 0,1
IsExcludedFromOnboardMigration Boolean s 0,1
IsFfoMigrationInProgress Boolean s 0,1
IsGroupFoldersAndRulesEnabled Boolean o 2,4
IsGroupMemberAllowedToEditContent Boolean o 2,4
LeanPopoutEnabled Boolean so 0,1,2,4
LinkPreviewEnabled Boolean so 0,1,2,4
MailTipsAllTipsEnabled Boolean so *
MailTipsExternalRecipientsTipsEnabled Boolean so *
MailTipsGroupMetricsEnabled Boolean so *
MailTipsLargeAudienceThreshold UInt32 so *
MailTipsMailboxSourcedTipsEnabled Boolean so *
MailboxDataEncryptionEnabled SwitchParameter s 0,1
ManagedFolderHomepage String s 0,1,3
MapiHttpEnabled Boolean s 0,1
MaskClientIpInReceivedHeadersEnabled Boolean o 2,4
MatchSenderOrganizerProperties Boolean o 2,4
MaxConcurrentMigrations Unlimited s 0,1
MessageHighlightsEnabled Boolean o 2,4
MessageRecallAlertRecipientsEnabled Boolean o 4
MessageRecallAlertRecipientsReadMessagesOnlyEnabled Boolean o 4
MessageRecallEnabled Boolean o 2,4
MessageRecallMaxRecallableAge Microsoft.Exchange.Data.EnhancedTimeSpan o 4
MessageRemindersEnabled Boolean o 2,4
MicrosoftExchangeRecipientEmailAddressPolicyEnabled Boolean s 0,1,3
MicrosoftExchangeRecipientEmailAddresses ProxyAddressCollection s 0,1,3
MicrosoftExchangeRecipientPrimarySmtpAddress SmtpAddress s 0,1,3
MicrosoftExchangeRecipientReplyRecipient RecipientIdParameter s 0,1,3
MitigationsEnabled Boolean s 0,1
MobileAppEducationEnabled Boolean o 2,4
OAuth2ClientProfileEnabled Boolean so 0,1,2,4
OabShadowDistributionOldestFileAgeLimit EnhancedTimeSpan s 0,1,3
OnlineMeetingsByDefaultEnabled Boolean o 2,4
OrganizationSummary MultiValuedProperty s 0,1,3
OutlookGifPickerDisabled Boolean o 2,4
OutlookMobileGCCRestrictionsEnabled Boolean o 2,4
OutlookMobileHelpShiftEnabled Boolean o 2,4
OutlookMobileSingleAccountEnabled Boolean o 2,4
OutlookPayEnabled Boolean o 2,4
OutlookTextPredictionDisabled Boolean o 2,4
PerTenantSwitchToESTSEnabled Boolean o 2,4
PostponeRoamingSignaturesUntilLater Boolean o 2,4
PreferredInternetCodePageForShiftJis Int32 so *
PublicComputersDetectionEnabled Boolean so 0,1,2,4
PublicFolderMailboxesLockedForNewConnections Boolean s 0,1
PublicFolderMailboxesMigrationComplete Boolean s 0,1
PublicFolderMigrationComplete Boolean s 0,1,3
PublicFolderShowClientControl Boolean so 0,1,2,4
PublicFoldersEnabled PublicFoldersDeployment so 0,1,2,4 =Local =Remote =None
PublicFoldersLockedForMigration Boolean s 0,1,3
ReadTrackingEnabled Boolean so *
RecallReadMessagesEnabled Boolean o 4
RecipientDelimiters Boolean o *
RefreshSessionEnabled Boolean so 0,1,2,4
RejectDirectSend Boolean o 4
RemotePublicFolderMailboxes MultiValuedProperty so 0,1,2,4
RequiredCharsetCoverage Int32 so *
SCLJunkThreshold Int32 s 0,1,3
SendFromAliasEnabled Boolean o 2,4
SharedDomainEmailAddressFlowEnabled Boolean o 2,4
ShortenEventScopeDefault ShortenEventScopeMode o 4!
SiteMailboxCreationURL Uri so 0,1,2,4
SmtpActionableMessagesEnabled Boolean so 0,1,2,4
TenantAdminNotificationForDelayedDelicensingEnabled Boolean o 2
TwoClickMailPreviewEnabled Boolean o 2,4
UMAvailableLanguages MultiValuedProperty s 0,1
UnblockUnsafeSenderPromptEnabled Boolean so 0,1,2,4
UseIcsSyncStateStreaming SwitchParameter s 0,1
VisibleMeetingUpdateProperties String o 2,4
WACDiscoveryEndpoint String s 0,1
WebPushNotificationsDisabled Boolean o 2,4
WebSuggestedRepliesDisabled Boolean o 2,4
WhatIf SwitchParameter so * ~wi
WorkspaceTenantEnabled Boolean o 2,4
@Set-RemoteMailbox s (All)
ACLableSyncedObjectEnabled SwitchParameter s *
AcceptMessagesOnlyFrom MultiValuedProperty s *
AcceptMessagesOnlyFromDLMembers MultiValuedProperty s *
AcceptMessagesOnlyFromSendersOrMembers MultiValuedProperty s *
Alias String s *
ArchiveGuid Guid s *
ArchiveName MultiValuedProperty s *
BypassModerationFromSendersOrMembers MultiValuedProperty s *
Confirm SwitchParameter s * ~cf
CustomAttribute1 String s *
CustomAttribute10 String s *
CustomAttribute11 String s *
CustomAttribute12 String s *
CustomAttribute13 String s *
CustomAttribute14 String s *
CustomAttribute15 String s *
CustomAttribute2 String s *
CustomAttribute3 String s *
CustomAttribute4 String s *
CustomAttribute5 String s *
CustomAttribute6 String s *
CustomAttribute7 String s *
CustomAttribute8 String s *
CustomAttribute9 String s *
DisplayName String s *
DomainController Fqdn s *
EmailAddressPolicyEnabled Boolean s *
EmailAddresses ProxyAddressCollection s *
ExchangeGuid Guid s *
ExtensionCustomAttribute1 MultiValuedProperty s *
ExtensionCustomAttribute2 MultiValuedProperty s *
ExtensionCustomAttribute3 MultiValuedProperty s *
ExtensionCustomAttribute4 MultiValuedProperty s *
ExtensionCustomAttribute5 MultiValuedProperty s *
HiddenFromAddressListsEnabled Boolean s *
Identity RemoteMailboxIdParameter s *!
IgnoreDefaultScope SwitchParameter s *
ImmutableId String s *
MailTip String s *
MailTipTranslations MultiValuedProperty s *
ModeratedBy MultiValuedProperty s *
ModerationEnabled Boolean s *
Name String s *
PrimarySmtpAddress SmtpAddress s *
RecoverableItemsQuota Unlimited s *
RecoverableItemsWarningQuota Unlimited s *
RejectMessagesFrom MultiValuedProperty s *
RejectMessagesFromDLMembers MultiValuedProperty s *
RejectMessagesFromSendersOrMembers MultiValuedProperty s *
RemoteRoutingAddress ProxyAddress s *
RemovePicture SwitchParameter s *
RemoveSpokenName SwitchParameter s *
RequireSenderAuthenticationEnabled Boolean s *
ResetPasswordOnNextLogon Boolean s *
SamAccountName String s *
SendModerationNotifications TransportModerationNotificationFlags s * =Always =Internal =Never
Type ConvertibleRemoteMailboxSubType s * =Regular =Room =Equipment =Shared
UserPrincipalName String s *
WhatIf SwitchParameter s * ~wi
WindowsEmailAddress SmtpAddress s *
@Set-User so (All)
AllowUMCallsFromNonUsers AllowUMCallsFromNonUsersFlags s *
Arbitration SwitchParameter s *
AssistantName String so *
AuthenticationPolicy String so *
BlockCloudCache Boolean o *
CanHaveCloudCache Boolean o *
CertificateSubject MultiValuedProperty s *
City String so *
ClearDataEncryptionPolicy SwitchParameter o *
Company String so *
Confirm SwitchParameter so * ~cf
CountryOrRegion CountryInfo so *
CreateDTMFMap Boolean s *
Department String so *
DesiredWorkloads Microsoft.Exchange.Data.MailboxWorkloadFlags o *
DisplayName String so *
DomainController Fqdn s *
EXOModuleEnabled Boolean o *
Fax String so *
FirstName String so *
Force SwitchParameter o *
GeoCoordinates GeoCoordinates so *
HomePhone String so *
Identity UserIdParameter so *!
IgnoreDefaultScope SwitchParameter s *
Initials String so *
IsShadowMailbox Boolean o *
LastName String so *
LinkedCredential PSCredential s *
LinkedDomainController String s *
LinkedMasterAccount UserIdParameter s *
MailboxRegion String o *
MailboxRegionSuffix MailboxRegionSuffixValue o *
ManagedOnboardingType ManagedOnboardingType o *
Manager UserContactIdParameter so *
MobilePhone String so *
Name String so *
Notes String so *
Office String so *
OtherFax MultiValuedProperty so *
OtherHomePhone MultiValuedProperty so *
OtherTelephone MultiValuedProperty so *
Pager String so *
PermanentlyClearPreviousMailboxInfo SwitchParameter so *
Phone String so *
PhoneticDisplayName String so *
PostOfficeBox MultiValuedProperty so *
PostalCode String so *
PublicFolder SwitchParameter so *
RemotePowerShellEnabled Boolean so *
RemoveMailboxProvisioningConstraint SwitchParameter o *
ResetPasswordOnNextLogon Boolean so *
SamAccountName String s *
SeniorityIndex Int32 so *
SimpleDisplayName String so *
SkipDualWrite SwitchParameter s *
StateOrProvince String so *
StreetAddress String so *
StsRefreshTokensValidFrom DateTime o *
TelephoneAssistant String s *
Title String so *
UMCallingLineIds MultiValuedProperty s *
UMDtmfMap MultiValuedProperty s *
UserPrincipalName String s *
VIP Boolean o *
WebPage String so *
WhatIf SwitchParameter so * ~wi
WindowsEmailAddress SmtpAddress so *
@Set-WebServicesVirtualDirectory s (All)
BasicAuthentication Boolean s *
CertificateAuthentication Boolean s *
Confirm SwitchParameter s * ~cf
DigestAuthentication Boolean s *
DomainController Fqdn s *
ExtendedProtectionFlags MultiValuedProperty s * =None =AllowDotlessSPN =NoServiceNameCheck =Proxy =ProxyCoHosting
ExtendedProtectionSPNList MultiValuedProperty s *
ExtendedProtectionTokenChecking ExtendedProtectionTokenCheckingMode s * =None =Allow =Require
ExternalUrl Uri s *
Force SwitchParameter s *
GzipLevel GzipLevel s * =Off =Low =High =Error
Identity VirtualDirectoryIdParameter s *!
InternalNLBBypassUrl Uri s *
InternalUrl Uri s *
MRSProxyEnabled Boolean s *
OAuthAuthentication Boolean s *
WSSecurityAuthentication Boolean s *
WhatIf SwitchParameter s * ~wi
WindowsAuthentication Boolean s *
@Start-MigrationBatch so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MigrationBatchIdParameter so *
Partition MailboxIdParameter o *
Validate SwitchParameter s *
WhatIf SwitchParameter so * ~wi
@Start-MigrationUser so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MigrationUserIdParameter so *
Partition MailboxIdParameter o *
WhatIf SwitchParameter so * ~wi
@Stop-MigrationBatch so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MigrationBatchIdParameter so *
Partition MailboxIdParameter o *
WhatIf SwitchParameter so * ~wi
@Stop-MigrationUser so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MigrationUserIdParameter so *
Partition MailboxIdParameter o *
WhatIf SwitchParameter so * ~wi
@Suspend-MoveRequest so (All)
Confirm SwitchParameter so * ~cf
DomainController Fqdn s *
Identity MoveRequestIdParameter so *!
ProxyToMailbox MailboxIdParameter o *
SuspendComment String so *
WhatIf SwitchParameter so * ~wi
@Test-MigrationServerAvailability so Compliance ExchangeOutlookAnywhere ExchangeOutlookAnywhereAutodiscover
 ExchangeRemoteMove ExchangeRemoteMoveAutodiscover Gmail IMAP LegacyPublicFolderToUnifiedGroup MrsProxyPublicFolder
 MrsProxyPublicFolderToUnifiedGroup PSTImport PublicFolder TestEndpoint
AcceptUntrustedCertificates SwitchParameter o 1,2,6
Authentication AuthenticationMethod o 1,6,7,11
Autodiscover SwitchParameter so 2!,4!
Compliance SwitchParameter so 0!
Confirm SwitchParameter so * ~cf
Credentials PSCredential so 0!,1!,2!,3,4!,7!,8!,9!,10!,11!
EmailAddress SmtpAddress so 0!,1,2!,4!,5
Endpoint MigrationEndpointIdParameter so 12!
ExchangeOutlookAnywhere SwitchParameter o 1!,2!
ExchangeRemoteMove SwitchParameter so 3!,4!
ExchangeServer String o 1!
FilePath String so 10
Gmail SwitchParameter o 5!
Imap SwitchParameter o 6!
MailboxPermission MigrationMailboxPermission o 1,2 =FullAccess =Admin
PSTImport SwitchParameter s 10!
Partition MailboxIdParameter o *
Port Int32 o 6!
PublicFolder SwitchParameter o 8!,11!
PublicFolderDatabaseServerLegacyDN String o 7!,11!
PublicFolderToUnifiedGroup SwitchParameter so 7!,9!
RPCProxyServer Fqdn o 1!,7!,11!
RemoteServer Fqdn so 0,3!,6!,8!,9!,10!
Security IMAPSecurityMechanism o 6
ServiceAccountKeyFileData Byte[] o 5!
SourceMailboxLegacyDN String o 1,2,7!,11!
TestMailbox MailboxIdParameter o 1,2,5,7,9,11
WhatIf SwitchParameter so * ~wi
"""
