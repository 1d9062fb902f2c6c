# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failure catalogue: what public failure texts are classified as, and the page that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import (
    CATALOGUE,
    HUMAN,
    PERMANENT,
    TRANSIENT,
    classify,
)

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("exception_type", "message", "code", "kind"),
    [
        (
            "MigrationPermanentException",
            "Cannot find a recipient that has mailbox GUID 'x'.",
            "recipient_without_guid",
            PERMANENT,
        ),
        ("RecipientNotFoundPermanentException", "", "recipient_without_guid", PERMANENT),
        (
            "MigrationPermanentException",
            "Target user 'x' already has a primary mailbox.",
            "already_has_mailbox",
            PERMANENT,
        ),
        (
            "MigrationPermanentException",
            "Moving mailbox to Exchange version Version 15.0 is not supported.",
            "version_not_supported",
            PERMANENT,
        ),
        ("", "Mailbox size 51.47 GB exceeds target quota 50 GB", "quota_exceeded", PERMANENT),
        ("TargetDeliveryDomainMismatchPermanentException", "", "delivery_domain_mismatch", PERMANENT),
        (
            "",
            "The target mailbox doesn't have an smtp proxy matching 'contoso.com'.",
            "delivery_domain_mismatch",
            PERMANENT,
        ),
        (
            "ParameterValueRequiredPermanentException",
            "You must specify the ArchiveDomain parameter",
            "archive_domain_missing",
            PERMANENT,
        ),
        ("", "Failed to sync the ArchiveGuid x of mailbox y", "archive_guid_differs", PERMANENT),
        ("UpdateMovedMailboxPermanentException", "", "inheritance_disabled", HUMAN),
        ("MailboxIsNotInExpectedMDBPermanentException", "", "wrong_database", PERMANENT),
        ("", "Target mailbox unlock operation was not replicated.", "unlock_not_replicated", TRANSIENT),
        ("", "It is possible that the source mailbox could still be alive since ...", "second_live_mailbox", HUMAN),
        ("", "The data consistency score (Investigate) for this request is too low", "score_investigate", HUMAN),
        ("", "The data consistency score (Poor) for this request is too low", "score_poor", HUMAN),
        ("TooManyBadItemsPermanentException", "", "too_many_bad_items", HUMAN),
        ("TooManyMissingItemsPermanentException", "", "too_many_bad_items", HUMAN),
        ("TooManyLargeItemsPermanentException", "", "too_many_large_items", PERMANENT),
        ("RestartMoveCorruptSyncStateTransientException", "", "corrupt_sync_state", PERMANENT),
        ("", "HTTP 400 ... IDestinationFolder.SetRules", "rules_too_large", PERMANENT),
        (
            "RemoteTransientException",
            "The HTTP request was forbidden with client authentication scheme 'Negotiate'.",
            "mrs_proxy_disabled",
            PERMANENT,
        ),
        (
            "",
            "The call to 'https://mail/EWS/mrsproxy.svc' failed. Access is denied.",
            "mrs_proxy_access_denied",
            PERMANENT,
        ),
        ("", "Exception has been thrown by the target of an invocation", "mrs_proxy_misconfigured", PERMANENT),
        ("", "The call to 'https://mail/EWS/mrsproxy.svc' timed out", "mrs_proxy_timeout", TRANSIENT),
        ("RemoteTransientException", "something else", "remote_endpoint", TRANSIENT),
        ("CommunicationErrorTransientException", "", "communication_error", TRANSIENT),
        ("DataExportTransientException", "", "target_stalled", TRANSIENT),
        ("", "throttling state 'StalledDueToTarget_DiskLatency'", "target_stalled", TRANSIENT),
        ("", "StalledDueToSource_UnknownReason", "source_stalled", TRANSIENT),
        # Workload management, no quota: nothing is to be made larger.
        ("", "StalledDueToSource_MailboxCapacityExceeded", "source_stalled", TRANSIENT),
        ("", "StalledDueToTarget_MailboxCapacityExceeded", "target_stalled", TRANSIENT),
        ("", "The remote server returned an error: (404) Not Found.", "mrs_proxy_unreachable", TRANSIENT),
        ("", "The remote server returned an error: (503) Server Unavailable.", "mrs_proxy_unreachable", TRANSIENT),
        ("", "There was no endpoint listening at https://mail/EWS/mrsproxy.svc", "mrs_proxy_unreachable", TRANSIENT),
        ("", "The HTTP request has exceeded the allotted timeout.", "mrs_proxy_timeout", TRANSIENT),
        (
            "RemotePermanentException",
            "The HTTP request is unauthorized with client authentication scheme 'Negotiate'.",
            "mrs_proxy_access_denied",
            PERMANENT,
        ),
        ("", "The remote endpoint no longer recognizes this sequence.", "communication_error", TRANSIENT),
        (
            "",
            "Failed to find a principal from the source forest or target forest.",
            "too_many_bad_items",
            HUMAN,
        ),
        ("", "You can't use the domain because it's not an accepted domain.", "domain_not_accepted", PERMANENT),
        ("", "Failed to convert the source mailbox 'Primary (x)' to mail-enabled user", "inheritance_disabled", HUMAN),
        ("", "'x' is already being moved to 'DB01'.", "already_moving", PERMANENT),
        (
            "MigrationTransientException",
            "Too many transient failures (60) have occurred. StoragePermanentException",
            "corrupt_folder_properties",
            PERMANENT,
        ),
        ("UserAlreadyBeingMigratedException", "", "already_moving", PERMANENT),
        ("", "'x' matches multiple entries", "ambiguous", PERMANENT),
        ("StorageTransientException", "", "transient", TRANSIENT),
        ("SomethingNewTransientException", "", "transient", TRANSIENT),
        ("SomethingNewPermanentException", "", "permanent", PERMANENT),
        ("Exception", "anything", "unknown_failure", PERMANENT),
        # A class inside the text counts: MRS and the proxy between servers wrap what happened.
        (
            "MigrationPermanentException",
            "Fatal error RecipientNotFoundPermanentException has occurred.",
            "recipient_without_guid",
            PERMANENT,
        ),
        (
            "RemoteTransientException",
            "Error: Microsoft.Exchange.MailboxReplicationService.MailboxIsNotInExpectedMDBPermanentException",
            "wrong_database",
            PERMANENT,
        ),
        (
            "CmdletProxyException",
            "Failed: |Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|no such thing",
            "not_found",
            PERMANENT,
        ),
        # The specific before the general.
        ("RecipientTaskException", "You can't use it: not an accepted domain", "domain_not_accepted", PERMANENT),
        ("RecipientTaskException", "The proxy address 'x' is already being used by 'y'.", "address_in_use", PERMANENT),
        ("RecipientTaskException", "This isn't that kind of recipient.", "wrong_recipient_type", PERMANENT),
        (
            "RemoteTransientException",
            "The remote endpoint no longer recognizes this sequence.",
            "communication_error",
            TRANSIENT,
        ),
        # What calls itself transient is, unless something says better what it is.
        (
            "",
            "Transient error BigFunnelTransientException has occurred. The system will retry (2/720).",
            "transient",
            TRANSIENT,
        ),
        ("SomePermanentException", "Access is denied. The system will retry (1/60).", "transient", TRANSIENT),
        ("", "This issue may be transient. Please try again later.", "transient", TRANSIENT),
        ("TooManyTransientFailureRetriesPermanentException", "It failed.", "transient", TRANSIENT),
        ("", "A non-transient error has occurred.", "unknown_failure", PERMANENT),
        ("", "This error is not transient: 'x' wasn't found.", "not_found", PERMANENT),
        # Rights on one object are no role.
        (
            "ADOperationException",
            "Active Directory operation failed on dc01.contoso.com. This error is not retriable. Additional "
            "information: Access is denied. Active directory response: 00002098: SecErr: DSID-03150F94, problem 4003 "
            "(INSUFF_ACCESS_RIGHTS), data 0",
            "object_rights_missing",
            PERMANENT,
        ),
        # Public reports (public-reports.md section 1).
        (
            "MRSProxyConnectionLimitReachedTransientException",
            "It has reached the maximum number of active MRS connections allowed. Current connections: 100.",
            "mrs_proxy_busy",
            TRANSIENT,
        ),
        (
            "RemoteTransientException",
            "Couldn't switch the mailbox into Sync Source mode. Another administrator is moving the mailbox.",
            "mailbox_locked",
            TRANSIENT,
        ),
        ("SourceMailboxAlreadyBeingMovedTransientException", "", "mailbox_locked", TRANSIENT),
        ("", "Relinquishing job because the mailbox is locked.", "mailbox_locked", TRANSIENT),
        (
            "",
            "Resource 'CiAgeOfLastNotification(System)' is unhealthy and shouldn't be accessed",
            "target_index_unhealthy",
            TRANSIENT,
        ),
        (
            "SourceMailboxAlreadyBeingMovedPermanentException",
            "Couldn't switch the mailbox into Sync Source mode.",
            "already_moving",
            PERMANENT,
        ),
        ("MissingExchangeGuidException", "", "recipient_without_guid", PERMANENT),
        ("AuxArchiveNotFoundInTargetRecipientException", "", "auto_expanding_archive", PERMANENT),
        ("UserAlreadyHasDemotedArchiveException", "", "disabled_archive", HUMAN),
        (
            "",
            "There are too many proxy addresses: 201, and maximum supported number of proxy addresses is 200.",
            "too_many_addresses",
            PERMANENT,
        ),
        (
            "InvalidOperationException",
            "It failed because it's out of the current user's write scope: the object is being synchronized from your "
            "on-premises organization.",
            "synced_object",
            PERMANENT,
        ),
        (
            "MigrationPermanentException",
            "Mailbox 'x' is currently enabled for Unified Messaging but it can't be enabled for Unified Messaging in "
            "the target forest.",
            "unified_messaging",
            PERMANENT,
        ),
        (
            "",
            "The call to 'https://mail/EWS/mrsproxy.svc' failed. The server was unable to process the request due to "
            "an internal error.",
            "communication_error",
            TRANSIENT,
        ),
        ("", "This mailbox exceeded the maximum number of corrupted items.", "too_many_bad_items", HUMAN),
        ("", "This mailbox exceeded the maximum number of large items.", "too_many_large_items", PERMANENT),
        ("StoragePermanentException", "MapiExceptionShutoffQuotaExceeded: ...", "quota_exceeded", PERMANENT),
        ("", "The remote server returned (413) RequestEntityTooLarge.", "request_too_large", PERMANENT),
        (
            "MigrationServerConnectionFailedException",
            "The connection to the server 'mail.contoso.com' could not be completed.",
            "remote_endpoint",
            TRANSIENT,
        ),
        # What wraps every failed connection says less than what it wraps.
        (
            "MigrationServerConnectionFailedException",
            "The connection to the server 'mail.contoso.com' could not be completed. The HTTP request was forbidden.",
            "mrs_proxy_disabled",
            PERMANENT,
        ),
        ("", "Access is denied.", "permission_denied", PERMANENT),
        ("ODataServiceException", "User is not allowed to call Get-Mailbox", "permission_denied", PERMANENT),
    ],
)
def test_a_published_failure_is_known(exception_type: str, message: str, code: str, kind: str) -> None:
    failure = classify(exception_type, message)
    assert (failure.code, failure.category) == (code, kind)


REFUSED = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {}, v4563"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("525", "unknown_principal"),
        ("52e", "authentication_failed"),
        ("52f", "logon_restricted"),
        ("569", "logon_restricted"),
        ("530", "logon_restricted"),
        ("531", "logon_restricted"),
        ("532", "password_expired"),
        ("533", "account_disabled"),
        ("701", "account_expired"),
        ("773", "password_expired"),
        ("775", "account_locked"),
        ("57", "unknown_failure"),
    ],
)
def test_active_directorys_own_codes_of_a_refused_sign_in(data: str, code: str) -> None:
    assert classify("", REFUSED.format(data)).code == code


@pytest.mark.parametrize(
    ("exception_type", "message", "side"),
    [
        ("SomethingNewTransientException", "The target mailbox is busy.", "target"),
        ("SomethingNewPermanentException", "FailureSide: Source", "source"),
        ("", "It is possible that the source mailbox could still be alive", "source"),
        ("", "The call to 'https://mail.contoso.com/EWS/mrsproxy.svc' failed somehow.", "target"),
        ("", "Neither the source mailbox nor the target mailbox", "either"),
        ("", "Something else.", "either"),
        ("RecipientNotFoundPermanentException", "The source mailbox", "target"),
    ],
)
def test_the_side_is_what_the_text_says_where_the_entry_says_none(exception_type: str, message: str, side: str) -> None:
    assert classify(exception_type, message).side == side


def test_every_entry_says_what_to_do_and_where_that_stands() -> None:
    assert len(CATALOGUE) >= 30
    for failure in CATALOGUE:
        assert failure.exception or failure.identifier or failure.text
        assert failure.remedy.endswith(".")
        assert failure.source


@pytest.mark.parametrize(
    ("identifier", "code"),
    [
        ("NamedParameterNotFound,Set-Mailbox", "permission_denied"),
        ("MissingMandatoryParameter,Set-Mailbox", "parameter_refused"),
        ("AmbiguousParameterSet,Set-Mailbox", "parameter_refused"),
        ("ParameterAlreadyBound,Set-Mailbox", "parameter_refused"),
        ("ParameterArgumentTransformationError,Set-Mailbox", "parameter_refused"),
    ],
)
def test_what_the_engine_refuses_is_told_by_its_identifier(identifier: str, code: str) -> None:
    """The words are in the language of the server."""
    failure = classify("ParameterBindingException", "Parameter 'X' kann nicht gebunden werden.", identifier)
    assert (failure.code, failure.retryable) == (code, False)
    assert classify("HostException", "...", "HostFunctionNotImplemented,X").code == "confirmation_required"
