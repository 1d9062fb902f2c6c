# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The one family of exceptions: what failed, whether a retry helps, and what to do."""

from __future__ import annotations

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify


class HybridError(Exception):
    """Anything that stops one mailbox or the whole task, told in one sentence.

    ``code`` is stable snake_case and safe to test for in a playbook. ``answer_lost`` means that the cmdlet may have
    run although no answer arrived: the caller must read the object back before it sends anything again. ``timed_out``:
    what was waited for took longer than the collection waits, and is not tried again at once. ``given_up``: it was
    tried as often as it may be, so whoever gets the error does not begin to count anew.

    ``remedy`` names options as the reader knows them. ``message`` stays as it is: it may be what Exchange says.
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
        self.remedy = _reader.remedy(remedy)
        self.retryable = retryable
        self.cmdlet = cmdlet
        self.answer_lost = answer_lost
        self.timed_out = False
        self.given_up = False

    def sentence(self) -> str:
        """Return what happened and what to do, as one text for people."""
        return self.message if not self.remedy or self.remedy in self.message else f"{self.message} {self.remedy}"

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
        # What a terminal would obey, or not show, is told by its number.
        text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(value))
        shown = "" if value is None else f" '{text}'"
        remedy = _reader.remedy(remedy)
        super().__init__(f"{_reader.task_option(option)}:{shown} {problem}. {remedy}", code=code, remedy=remedy)
        self.option = option


class MailboxError(HybridError):
    """One mailbox cannot be planned as asked: nothing was sent for it."""


def domain_not_pinned(identity: str, domain: str, cmdlet: str) -> MailboxError:
    """Return the error of an object whose domain none of the pinned domain controllers holds."""
    return MailboxError(
        f"{identity} is in the domain {domain}, for which no domain controller is pinned.",
        code="domain_not_pinned",
        cmdlet=cmdlet,
        remedy="List one controller for each domain of the forest in exchange_server.domain_controller, as "
        f"{domain}=<controller> if the controller's name does not end in its domain.",
    )


class ConnectionFailure(HybridError):
    """A system could not be reached, would not let us in, or went away.

    Codes: ``unreachable``, ``tls_failed``, ``certificate_not_trusted``, ``certificate_wrong_host``,
    ``certificate_expired``, ``client_certificate_refused``,
    ``wrong_endpoint``, ``authentication_failed``, ``unknown_principal``, ``wrong_password``,
    ``clock_skew``, ``missing_service_principal``, ``account_disabled``, ``account_expired``, ``account_locked``,
    ``logon_restricted``, ``ntlm_refused``, ``stronger_authentication_required``, ``password_expired``,
    ``no_domain_controller``,
    ``no_ticket``, ``client_secret_expired``,
    ``application_permission_missing``, ``unknown_application``, ``unknown_tenant``, ``certificate_not_registered``,
    ``wrong_audience``, ``application_disabled``, ``permission_denied``, ``confirmation_required``, ``throttled``,
    ``connection_lost``, ``unexpected_answer``, ``gateway_answer``, ``cursor_refused``, ``incomplete_answer``,
    ``powershell_restricted``, ``missing_library``.
    """


class CmdletError(HybridError):
    """What Exchange itself said: its exception class is the key, its text is for people.

    ``exception_type`` is the short .NET class name, for example ``ManagementObjectNotFoundException``. Texts are
    translated and reworded by Exchange, classes are not (facts: exchange-server-psrp.md section 5).
    """

    def __init__(
        self, message: str, *, cmdlet: str, exception_type: str = "", error_id: str = "", category: str = ""
    ) -> None:
        failure = classify(exception_type, message, error_id)
        super().__init__(message, code=failure.code, remedy=failure.remedy, retryable=failure.retryable, cmdlet=cmdlet)
        self.exception_type = exception_type
        self.error_id = error_id
        self.category = category

    @property
    def not_found(self) -> bool:
        return self.code == "not_found"
