# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The one family of exceptions: what failed, whether a retry helps, and what to do."""

from __future__ import annotations

import re


class HybridError(Exception):
    """Anything that stops one mailbox or the whole task, told in one sentence.

    ``code`` is stable snake_case and safe to test for in a playbook. ``answer_lost`` means that the cmdlet may have
    run although no answer arrived: the caller must read the object back before it sends anything again.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        remedy: str = "",
        retryable: bool = False,
        cmdlet: str = "",
        answer_lost: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.remedy = remedy
        self.retryable = retryable
        self.cmdlet = cmdlet
        self.answer_lost = answer_lost

    def as_result(self) -> dict[str, object]:
        """Return the ``error`` dictionary of a mailbox's result."""
        return {
            "code": self.code,
            "message": self.message,
            "cmdlet": self.cmdlet,
            "retryable": self.retryable,
            "remedy": self.remedy,
        }


class InputError(HybridError):
    """A value that the user gave and that no system has to be asked about."""

    def __init__(self, option: str, value: object, problem: str, remedy: str, code: str = "invalid_option") -> None:
        shown = "" if value is None else f" '{value}'"
        super().__init__(f"{option}:{shown} {problem}. {remedy}", code=code, remedy=remedy)
        self.option = option


class MailboxError(HybridError):
    """One mailbox cannot be planned as asked: nothing was sent for it."""


class ConnectionFailure(HybridError):
    """A system could not be reached, would not let us in, or went away.

    Codes: ``unreachable``, ``tls_failed``, ``wrong_endpoint``, ``authentication_failed``, ``client_secret_expired``,
    ``application_permission_missing``, ``unknown_application``, ``unknown_tenant``, ``certificate_not_registered``,
    ``wrong_audience``, ``application_disabled``, ``permission_denied``, ``confirmation_required``, ``throttled``,
    ``connection_lost``, ``unexpected_answer``, ``missing_library``.
    """


class CmdletError(HybridError):
    """What Exchange itself said: its exception class is the key, its text is for people.

    ``exception_type`` is the short .NET class name, for example ``ManagementObjectNotFoundException``. Texts are
    translated and reworded by Exchange, classes are not (facts: exchange-server-psrp.md section 5).
    """

    def __init__(
        self, message: str, *, cmdlet: str, exception_type: str = "", error_id: str = "", category: str = ""
    ) -> None:
        code, retryable, remedy = classify(exception_type, message)
        super().__init__(message, code=code, remedy=remedy, retryable=retryable, cmdlet=cmdlet)
        self.exception_type = exception_type
        self.error_id = error_id
        self.category = category

    @property
    def not_found(self) -> bool:
        return self.code == "not_found"


_BY_CLASS: dict[str, tuple[str, bool, str]] = {
    "ManagementObjectNotFoundException": (
        "not_found",
        False,
        "Check the identity; the object may be in another domain, or not replicated yet.",
    ),
    "ManagementObjectAmbiguousException": ("ambiguous", False, "Give a GUID, which names exactly one object."),
    "RecipientTaskException": (
        "wrong_recipient_type",
        False,
        "Look at the object's RecipientTypeDetails: it is not of the kind that this cmdlet takes.",
    ),
    "CommandNotFoundException": (
        "permission_denied",
        False,
        "The account's management roles do not grant this cmdlet: add the role named in the README.",
    ),
    "ParameterBindingException": (
        "permission_denied",
        False,
        "The account's management roles do not grant this parameter, or this version does not have it.",
    ),
    "AmbiguousParameterSetException": (
        "parameter_refused",
        False,
        "This version of Exchange Online does not take that parameter here.",
    ),
    "ParameterTransformationException": ("parameter_refused", False, "Correct the value that the message names."),
    "ProxyAddressExistsException": (
        "address_in_use",
        False,
        "Another recipient holds the address that the message names: remove it there first.",
    ),
    "ADObjectAlreadyExistsException": ("already_exists", False, "Look at the object that the message names."),
    "NotAcceptedDomainException": (
        "domain_not_accepted",
        False,
        "Add the domain to the organization's accepted domains, or leave the address out.",
    ),
    "UserAlreadyBeingMigratedException": (
        "already_moving",
        False,
        "Look at the existing move request with move_request_info, on both sides.",
    ),
    "MigrationConnectionTestedTooRecentlyException": ("throttled", True, "Wait until the time that the message names."),
    "RemoteTransientException": (
        "remote_endpoint",
        True,
        "Check MRSProxyEnabled and the authentication of the EWS virtual directory; 403 means that MRS proxy is off.",
    ),
}
# What Microsoft's own module retries (facts exchange-online-rest.md 6.2), whichever way it is said.
for _name in (
    "DCOverloadedException",
    "SuitabilityDirectoryException",
    "ServerInMMException",
    "ADServerSettingsChangedException",
    "StorageTransientException",
):
    _BY_CLASS[_name] = ("transient", True, "Run again; Exchange calls this error transient.")
_BY_TEXT: tuple[tuple[str, str, bool, str], ...] = (
    (
        r"couldn't be found on|couldn't find (the )?object|can't be found|wasn't found",
        "not_found",
        False,
        "Check the identity; the object may be in another domain, or not replicated yet.",
    ),
    (
        r"couldn't find database|couldn't find mailbox database",
        "database_not_found",
        False,
        "Name a database that Get-MailboxDatabase lists.",
    ),
    (
        r"already has a pending request|already being moved",
        "already_moving",
        False,
        "Look at the existing move request with move_request_info, on both sides.",
    ),
    (
        r"is not recognized as the name of a cmdlet",
        "permission_denied",
        False,
        "The account's management roles do not grant this cmdlet: add the role named in the README.",
    ),
    (
        r"a parameter cannot be found that matches",
        "permission_denied",
        False,
        "The account's management roles do not grant this parameter, or this version does not have it.",
    ),
    (
        r"insufficient access rights|insufficient permissions|access is denied",
        "permission_denied",
        False,
        "Grant the account the roles that the README names.",
    ),
    (
        r"isn't an accepted domain|not an accepted domain",
        "domain_not_accepted",
        False,
        "Add the domain to the organization's accepted domains, or leave the address out.",
    ),
    (
        r"proxy address .* is already being used",
        "address_in_use",
        False,
        "Another recipient holds the address that the message names: remove it there first.",
    ),
)


def classify(exception_type: str, message: str) -> tuple[str, bool, str]:
    """Return ``(code, retryable, remedy)`` for what Exchange threw; the class decides, the text only where it must."""
    short = exception_type.rsplit(".", 1)[-1]
    for pattern, code, retryable, remedy in _BY_TEXT[1:3]:
        if re.search(pattern, message, re.IGNORECASE):
            return code, retryable, remedy
    if short in _BY_CLASS:
        return _BY_CLASS[short]
    for pattern, code, retryable, remedy in _BY_TEXT:
        if re.search(pattern, message, re.IGNORECASE):
            return code, retryable, remedy
    if "Transient" in short:
        return "transient", True, "Run again; Exchange calls this error transient."
    if "Permanent" in short:
        return "permanent", False, "Read Exchange's message: a retry does not help before its cause is mended."
    return "cmdlet_failed", False, "Read Exchange's message."
