# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    HybridError,
    InputError,
)


@pytest.mark.parametrize(
    ("exception_type", "message", "code", "retryable"),
    [
        ("ManagementObjectNotFoundException", "", "not_found", False),
        ("Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException", "", "not_found", False),
        ("ManagementObjectAmbiguousException", "", "ambiguous", False),
        ("RecipientTaskException", "", "wrong_recipient_type", False),
        ("CommandNotFoundException", "", "permission_denied", False),
        ("ParameterBindingException", "", "parameter_refused", False),
        ("ParameterBindingValidationException", "", "parameter_refused", False),
        ("HostException", "A command that prompts the user failed because", "confirmation_required", False),
        ("", "Read and Prompt functionality is not available.", "confirmation_required", False),
        ("AmbiguousParameterSetException", "", "parameter_refused", False),
        ("ParameterTransformationException", "", "parameter_refused", False),
        ("ProxyAddressExistsException", "", "address_in_use", False),
        ("ADObjectAlreadyExistsException", "", "already_exists", False),
        ("NotAcceptedDomainException", "", "domain_not_accepted", False),
        ("UserAlreadyBeingMigratedException", "", "already_moving", False),
        ("MigrationConnectionTestedTooRecentlyException", "", "throttled", True),
        ("RemoteTransientException", "", "remote_endpoint", True),
        ("MapiExceptionTransientSomething", "", "transient", True),
        ("MailboxReplicationPermanentException", "", "permanent", False),
        ("", "The operation couldn't be performed because 'x' couldn't be found on 'dc01'.", "not_found", False),
        ("", 'Couldn\'t find database "DB9".', "database_not_found", False),
        ("", "The mailbox already has a pending request.", "already_moving", False),
        ("", "The term 'X' is not recognized as the name of a cmdlet", "permission_denied", False),
        ("", "A parameter cannot be found that matches parameter name 'X'.", "permission_denied", False),
        ("", "Insufficient access rights to perform the operation.", "object_rights_missing", False),
        ("", "The domain isn't an accepted domain", "domain_not_accepted", False),
        ("", 'The proxy address "SMTP:a@b.c" is already being used', "address_in_use", False),
        ("", 'The value "1" of property "ExchangeGuid" is used by another recipient object.', "guid_in_use", False),
        ("", "The value '1' of property 'ArchiveGuid' is used by another recipient object.", "guid_in_use", False),
        ("", "Etwas ging schief.", "unknown_failure", False),
    ],
)
def test_classify(exception_type: str, message: str, code: str, retryable: bool) -> None:
    failure = classify(exception_type, message)
    assert (failure.code, failure.retryable) == (code, retryable)
    assert failure.remedy.endswith(".")


@pytest.mark.parametrize(
    ("exception_type", "message", "code"),
    [
        # The class decides, whatever language the text is in.
        ("ManagementObjectNotFoundException", "Zugriff: access is denied", "not_found"),
        # One class, several meanings: there the text has to tell.
        ("ManagementObjectNotFoundException", 'Couldn\'t find database "DB9".', "database_not_found"),
        ("RecipientTaskException", "The user already has a pending request.", "already_moving"),
    ],
)
def test_class_before_text_except_where_the_class_is_ambiguous(exception_type: str, message: str, code: str) -> None:
    assert classify(exception_type, message).code == code


def test_a_cmdlet_error_carries_what_a_result_shows() -> None:
    error = CmdletError("Kein Objekt.", cmdlet="Get-User", exception_type="ManagementObjectNotFoundException")
    assert error.not_found
    assert error.as_result() == {
        "code": "not_found",
        "message": "Kein Objekt.",
        "cmdlet": "Get-User",
        "retryable": False,
        "remedy": "Check the identity; the object may be in another domain, or not replicated yet.",
    }
    assert not CmdletError("x", cmdlet="Get-User", exception_type="RecipientTaskException").not_found


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("x y", "identity: 'x y' does not identify a mailbox. Specify an address."),
        ("\x1b[2J\u202ex", r"identity: '\u001b[2J\u202ex' does not identify a mailbox. Specify an address."),
        (None, "identity: does not identify a mailbox. Specify an address."),
    ],
)
def test_an_input_error_names_option_value_and_remedy(value: object, sentence: str) -> None:
    error = InputError("identity", value, "does not identify a mailbox", "Specify an address.")
    assert (error.message, str(error), error.code, error.option) == (sentence, sentence, "invalid_option", "identity")
    assert isinstance(error, HybridError)
    assert error.as_result()["remedy"] == "Specify an address."
