# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What pypsrp's and Kerberos's exceptions mean, told in one sentence each."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    Diagnosis,
    diagnose_network,
    gateway_answer,
    lost,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.kerberos import (
    diagnose_kerberos,
    missing_libraries,
)

RESOURCE_URI_NOT_FOUND = 2150858811
SHELL_NOT_FOUND = 2150858843
OPERATION_TIMED_OUT = 2150858793
# The one with which WSMan's own faults come.
FAULT = 500
ACCESS_DENIED = 5

_FAULT_ELEMENT = re.compile(r"<[\w.-]*:?Fault\b")
_QUOTA = re.compile(
    r"maximum number of connections allowed|maxconcurrency|user load quota|concurrent (shells|users|commands)"
    r"|maximum number of concurrent|exceeded the maximum number",
    re.IGNORECASE,
)
_WAIT = re.compile(r"for at least (\d+) milliseconds", re.IGNORECASE)
_WRONG_ENDPOINT = "Set an Exchange server with the PowerShell virtual directory, and its port: 80, or 443 with TLS."


def diagnose(error: Exception, where: str, username: str | None, *, opening: bool) -> Diagnosis:
    """Return what an exception of pypsrp, pyspnego, krb5 or requests means.

    ``opening`` is True while the session is being opened: what answers then may not be Exchange at all.
    ``may_have_run`` is about the request that failed; what was sent before is the caller's to know.
    """
    import pypsrp.exceptions

    if isinstance(error, pypsrp.exceptions.WSManFaultError):
        page = error.__context__
        if error.code is None and isinstance(page, pypsrp.exceptions.WinRMTransportError) and _is_page(page):
            # pypsrp takes any error page that is well-formed XML for a fault, and that of IIS is.
            return _diagnose_page(page, where)
        return _diagnose_fault(error.code, error.reason or error.provider_fault or "", where)
    if isinstance(error, pypsrp.exceptions.AuthenticationError):
        return _authentication(f"{where} refused the account '{username}'.")
    if isinstance(error, pypsrp.exceptions.WinRMTransportError):
        return _diagnose_page(error, where)
    network = diagnose_network(error, where, "exchange_server.ca_file")
    if network is None:
        return _diagnose_other(error, where, username, opening=opening)
    if opening and network.code == "connection_lost":
        return replace(network, remedy="Check that port and use_tls match; otherwise run again.")
    return network


def _authentication(message: str) -> Diagnosis:
    return Diagnosis(
        "authentication_failed",
        message,
        "Check username, password and auth; the virtual directory must allow that authentication method, and the "
        "account needs RemotePowerShellEnabled.",
    )


def _diagnose_fault(code: object, reason: str, where: str) -> Diagnosis:
    text = " ".join(reason.split())
    if _QUOTA.search(text):
        asked = _WAIT.search(text)
        return Diagnosis(
            "throttled",
            f"{where} does not allow another session or command for this account: {text}",
            "Use fewer sessions, or close sessions that are left over.",
            retryable=True,
            retry_after=float(asked[1]) / 1000 if asked else None,
        )
    if code == SHELL_NOT_FOUND or "InvalidShellID" in text:
        return Diagnosis(
            "connection_lost",
            f"{where} no longer has the remote PowerShell session.",
            "Run again; behind a load balancer, connect to one server by its own name.",
            retryable=True,
        )
    if code == RESOURCE_URI_NOT_FOUND:
        return Diagnosis(
            "wrong_endpoint", f"{where} offers remote management, but not Exchange's PowerShell.", _WRONG_ENDPOINT
        )
    if code == ACCESS_DENIED or "access is denied" in text.lower():
        return Diagnosis(
            "permission_denied",
            f"{where} does not allow the account to use Exchange's remote PowerShell: {text}",
            "Assign the account a management role, and set RemotePowerShellEnabled (Set-User).",
        )
    if not text:
        # Exchange answers NTLM over HTTP with a fault that says nothing (facts section 1).
        return _authentication(f"{where} refused the session without a reason; Exchange accepts Kerberos over HTTP.")
    # The service answered, but whether before or after the cmdlet ran is not known.
    return Diagnosis(
        "connection_lost",
        f"{where} answered with a fault: {text} (code {code}).",
        "Read the fault's text.",
        retryable=code == OPERATION_TIMED_OUT,
        may_have_run=True,
    )


def _is_page(error: Any) -> bool:
    """Tell whether an answer without a code of WSMan's is a page: every status but a fault's says enough by itself."""
    return error.code != FAULT or _FAULT_ELEMENT.search(str(error.response_text or "")) is None


def _diagnose_page(error: Any, where: str) -> Diagnosis:
    gateway = gateway_answer(error.code, error.response_text, where, "exchange_server")
    return gateway or _diagnose_http(error.code, where)


def _diagnose_http(status: int, where: str) -> Diagnosis:
    if status in (404, 405):
        return Diagnosis(
            "wrong_endpoint", f"{where} has no PowerShell virtual directory (HTTP {status}).", _WRONG_ENDPOINT
        )
    if status == 403:
        return Diagnosis(
            "wrong_endpoint",
            f"{where} refuses this way of connecting (HTTP 403).",
            "The virtual directory may require TLS: set use_tls, or correct the port.",
        )
    if status in (429, 503):
        return Diagnosis(
            "throttled",
            f"{where} is too busy (HTTP {status}).",
            "Run again later.",
            retryable=True,
            may_have_run=status == 503,
        )
    return Diagnosis(
        "unexpected_answer",
        f"{where} answered HTTP {status}.",
        "Check the event log of the Exchange server.",
        retryable=status >= 500,
        may_have_run=status >= 500,
    )


def _diagnose_other(error: Exception, where: str, username: str | None, *, opening: bool) -> Diagnosis:
    if isinstance(error, ElementTree.ParseError) or "related id does not match" in str(error):
        if opening:
            return Diagnosis("wrong_endpoint", f"{where} answers, but not with the WSMan protocol.", _WRONG_ENDPOINT)
        return lost(where, "an answer that is not WSMan")
    if "incompatible with the specified auth_provider" in str(error):
        return Diagnosis(
            "authentication_failed",
            f"{where} does not offer the requested authentication.",
            "Set auth: kerberos, which Exchange accepts by default.",
        )
    if _is_security_error(error):
        return _diagnose_security(error, where, username)
    return Diagnosis(
        "unexpected_answer",
        f"{where} returned an answer that could not be read: {' '.join(str(error).split())[:300]}",
        "Check the event log of the Exchange server.",
        may_have_run=True,
    )


def _is_security_error(error: Exception) -> bool:
    """pyspnego, gssapi and krb5 raise their own exceptions, and the latter two may not be installed."""
    module = type(error).__module__.split(".", 1)[0]
    return module in ("spnego", "krb5", "gssapi") or isinstance(error, ImportError)


def _diagnose_security(error: Exception, where: str, username: str | None) -> Diagnosis:
    text = f"{type(error).__name__} {error}"
    if isinstance(error, ImportError):
        return missing_libraries(where, "pypsrp[kerberos]", str(error))
    told = " ".join(str(error).split())[:300]
    return diagnose_kerberos(text, where, username) or _authentication(
        f"Cannot sign in to {where} as '{username}': {told}"
    )
