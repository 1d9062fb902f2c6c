# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the three transports share: reading connection options, and saying why a connection failed."""

from __future__ import annotations

import os
import re
import ssl
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import (
    LONGEST_CMDLET,
    LONGEST_OF_ALL,
    BoundExceeded,
    DeadlinePassed,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.origins import origin
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Busy
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import page_title

# Who gives one option in a playbook may not see the other, which came with the job.
# What would end a host's name within a URL, or be read as something else there; a colon is in IPv6 addresses.
_NOT_IN_A_HOST = "/\\@?#%[]<>\"'` "
ENVIRONMENT = "One of them may be set by an environment variable."


class ConnectionOptions:
    """One connection dictionary (``exchange_server``, ...): absent options are None or missing."""

    def __init__(self, owner: str, options: Mapping[str, Any]) -> None:
        self.owner = owner
        self._options = options

    def option_error(
        self, name: str, problem: str, remedy: str, value: object = None, code: str = "invalid_option"
    ) -> InputError:
        """Return the error about one option; ``value`` is left out for secrets."""
        return InputError(f"{self.owner}.{name}", value, problem, remedy, code)

    def has(self, name: str) -> bool:
        return self._options.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        value = self._options.get(name)
        if value is None:
            return default
        if not str(value).strip():
            raise self.option_error(name, "is blank", "Specify a value, or leave the option out.")
        return str(value)

    def required(self, name: str, remedy: str) -> str:
        if not self.has(name):
            raise self.option_error(name, "is missing", remedy)
        return self.text(name)

    def flag(self, name: str, default: bool) -> bool:
        value = self._options.get(name)
        return default if value is None else bool(value)

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        value = self._options.get(name)
        if value is None:
            return default
        if not lowest <= int(value) <= highest:
            raise self.option_error(name, "is out of range", f"Specify a number from {lowest} to {highest}.", value)
        return int(value)

    def choice(self, name: str, default: str, choices: Collection[str]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise self.option_error(name, "is not known", f"Specify one of {', '.join(choices)}.", value)
        return value

    def host(self, remedy: str) -> str:
        """Return the ``host`` option: a bare name or address, no URL."""
        host = self.required("host", remedy)
        strange = any(character in _NOT_IN_A_HOST or not character.isprintable() for character in host)
        if strange or not _can_be_asked_for(host):
            raise self.option_error(
                "host", "is not a host name", "Set only the name of the host, without scheme or path.", host
            )
        return host

    def address(self, name: str, default: str) -> str:
        """Return the https address of a cloud service."""
        address = self.text(name, default).rstrip("/")
        place = origin(address)
        if place is None or place.scheme != "https" or "?" in address:
            raise self.option_error(name, "is not an https address", "Specify https:// and the host name.", address)
        return address

    def cmdlet_timeout(self) -> float:
        """Return how long one cmdlet may take, in seconds."""
        return float(self.number("cmdlet_timeout", LONGEST_CMDLET, 1, LONGEST_OF_ALL))

    def file(self, name: str) -> str | None:
        """Return the path of a readable file, or None when the option is absent."""
        if not self.has(name):
            return None
        path = os.path.expanduser(self.text(name))
        if not os.path.isfile(path):
            raise self.option_error(name, "is not a file", "Specify the path of an existing file.", path)
        if not os.access(path, os.R_OK):
            raise self.option_error(name, "cannot be read", "Let the user that runs Ansible read the file.", path)
        return path

    def verification(self) -> bool | str:
        """Return what requests calls ``verify``: a CA file, or whether certificates are verified at all."""
        if not self.flag("validate_certs", True):
            if self.has("ca_file"):
                raise self.option_error(
                    "ca_file", "has no effect with validate_certs: false", "Leave one of the two options out."
                )
            return False
        return self.file("ca_file") or True

    def proxy(self, *, in_clear: bool) -> str:
        """Return the proxy's URL, or an empty text; it may hold a password, and is never shown.

        ``in_clear``: the account travels readably inside the request itself, which a proxy would then read.
        """
        url = self.text("proxy")
        if url and not re.match(r"https?://[^\s/]+", url, re.IGNORECASE):
            raise self.option_error(
                "proxy", "is not the URL of a proxy", "Use for example http://proxy.contoso.com:3128."
            )
        if url and in_clear:
            raise self.option_error(
                "proxy", "could read the password with auth: basic and without TLS", "Use TLS, or leave the proxy out."
            )
        return url

    def password(self) -> str | None:
        """Return the password of exactly one of ``password`` and ``password_file``, or None when both are absent.

        A password file may end in one newline, which is not part of the password.
        """
        if self.has("password") and self.has("password_file"):
            remedy = f"Specify exactly one of the two. {ENVIRONMENT}"
            raise self.option_error("password_file", "is set together with password", remedy)
        if self.has("password"):
            return self.text("password")
        path = self.file("password_file")
        if path is None:
            return None
        try:
            with open(path, encoding="utf-8") as stream:
                password = stream.read()
        except (OSError, UnicodeDecodeError) as error:
            raise self.option_error(
                "password_file", f"cannot be read ({type(error).__name__})", "Specify a UTF-8 text file.", path
            ) from None
        password = password[:-1].removesuffix("\r") if password.endswith("\n") else password
        if not password:
            raise self.option_error("password_file", "is empty", "Write the password into the file.", path)
        return password

    def account(self, required: bool) -> tuple[str | None, str | None]:
        """Return username and password; where not ``required``, a Kerberos ticket stands for the password or both."""
        password = self.password()
        username = self.text("username") if self.has("username") else None
        if username is None and (required or password is not None):
            raise self.option_error("username", "is missing", "Specify the account that connects.")
        if password is None and required:
            raise self.option_error("password", "is missing", "Specify exactly one of password and password_file.")
        return username, password


def _can_be_asked_for(host: str) -> bool:
    """Tell whether the resolver takes a name at all: an empty label or one that is too long is a UnicodeError there."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


@dataclass(frozen=True)
class Diagnosis:
    """Why a request failed. ``may_have_run`` is False only where it is certain that the cmdlet never started.

    ``retry_after`` (seconds) is what a service that throttles asked for, if it said. ``timed_out``: a deadline of the
    collection's own passed, so that nothing is gained by trying again at once.
    """

    code: str
    message: str
    remedy: str
    retryable: bool = False
    may_have_run: bool = False
    retry_after: float | None = None
    timed_out: bool = False

    def failure(self, cmdlet: Cmdlet) -> ConnectionFailure:
        failure = (
            Busy(self.message, remedy=self.remedy, retry_after=self.retry_after)
            if self.code == "throttled"
            else ConnectionFailure(self.message, code=self.code, remedy=self.remedy, retryable=self.retryable)
        )
        failure.cmdlet = cmdlet.name
        failure.timed_out = self.timed_out
        failure.answer_lost = self.may_have_run and not cmdlet.is_read
        return failure


# Threads import what they need when they need it. Two that at the same time import libraries which import each other's
# parts end in Python's import deadlock, so one thread imports at a time. azure-identity does so while a credential is
# made.
IMPORTS = threading.RLock()


def missing_library(package: str, error: ImportError) -> ConnectionFailure:
    """Return the failure that names the pip package to install."""
    return ConnectionFailure(
        f"The Python library {package} is missing on the host that runs the module ({error}).",
        code="missing_library",
        remedy=f"Install it into the Python environment of the module: pip install '{package}'.",
    )


def lost(where: str, detail: str) -> Diagnosis:
    """Return the diagnosis of an answer that did not arrive."""
    return Diagnosis(
        "connection_lost",
        f"The connection to {where} was interrupted before the answer arrived ({detail}).",
        "Run again; what was done in the meantime is read first.",
        retryable=True,
        may_have_run=True,
    )


def stopped(where: str, cmdlet: Cmdlet, detail: str) -> ConnectionFailure:
    """Return the failure of a cmdlet that did not come to its end: what it has done is not known."""
    return Diagnosis(
        "connection_lost",
        f"{where} stopped {cmdlet.name} before it ended: {' '.join(detail.split())[:300]}",
        "Run again; what was done in the meantime is read first.",
        retryable=True,
        may_have_run=True,
    ).failure(cmdlet)


# What IIS and HTTP.sys write into their own pages of errors.
_OF_IIS = re.compile(
    r"HTTP Error \d{3}|Server Error|Internet Information|\bIIS\b|Forbidden: Access is denied", re.IGNORECASE
)


def is_a_gateways(status: int) -> bool:
    """Tell whether an HTTP status is one that gateways and proxies give, whatever the body: 407, 502, 504, and the
    numbers from 520 on that content delivery networks have made up."""
    return status in (407, 502, 504) or status >= 520


def gateway_answer(status: int, page: object, where: str, owner: str) -> Diagnosis | None:
    """Return what a page means that something on the way wrote, or None where the server itself may have answered.

    Some statuses are a gateway's by their meaning; 404 and 405 are what any other web server answers. Whether the
    request went on to the server nobody knows.
    """
    text = page.decode("utf-8", "replace") if isinstance(page, bytes) else str(page or "")
    title = page_title(text.encode("utf-8", "replace"))
    if status in (404, 405) or (not is_a_gateways(status) and (title is None or _OF_IIS.search(text))):
        return None
    named = f", titled '{title}'" if title else ""
    return Diagnosis(
        "gateway_answer",
        f"A gateway or proxy on the way to {where} answered with its own page (HTTP {status}{named}).",
        f"Connect without it: leave {owner}.proxy out, and route directly in the network. Proxies of the environment "
        "are not used for this connection.",
        retryable=True,
        may_have_run=True,
    )


def page_in_the_cloud(where: str, cmdlet: Cmdlet | None, status: int, title: str, retry_after: float | None) -> Busy:
    """Return the failure that a gateway's page is on the way to a cloud service: behind it the cmdlet may have run.

    ``cmdlet`` is None where a token was asked for.
    """
    asked = f" {cmdlet.name}" if cmdlet else ""
    named = f", titled '{title}'" if title else ""
    failure = Busy(
        f"A gateway or proxy on the way to {where} answered{asked} with its own page (HTTP {status}{named}).",
        code="gateway_answer",
        cmdlet=asked.strip(),
        remedy="Run again; what was done in the meantime is read then. If the error persists, check "
        "exchange_online.proxy, the environment's proxies with NO_PROXY, and exchange_online.base_url.",
        retry_after=retry_after,
    )
    failure.answer_lost = cmdlet is not None and not cmdlet.is_read
    return failure


def beyond_bounds(error: BoundExceeded, where: str) -> Diagnosis:
    """Return the diagnosis of an answer that is more than the collection takes."""
    timed_out = isinstance(error, DeadlinePassed)
    return Diagnosis(
        "connection_lost" if timed_out else "unexpected_answer",
        f"{where[0].upper()}{where[1:]} {error.problem}.",
        "Find out what delays the server, and run again; what was done in the meantime is read first."
        if timed_out
        else "Check host and port, and what is in front of the server: docs/bounds.md says what an answer may be.",
        retryable=timed_out,
        may_have_run=True,
        timed_out=timed_out,
    )


def diagnose_network(error: Exception, where: str, ca_option: str) -> Diagnosis | None:
    """Say what a requests or urllib3 exception means, or return None when it is none of theirs.

    ``where`` names system, host and port for the message; ``ca_option`` is the option for the CA file.
    """
    import requests
    import urllib3

    if isinstance(error, BoundExceeded):
        return beyond_bounds(error, where)

    reason = _root(error)
    if isinstance(reason, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        # The other side hung up, in a handshake or before a request on a connection that was kept: TLS itself is well.
        return lost(where, type(reason).__name__)
    if isinstance(error, requests.exceptions.SSLError) or isinstance(reason, urllib3.exceptions.SSLError):
        return _diagnose_tls(str(error), where, ca_option)
    if isinstance(error, requests.exceptions.ProxyError):
        return Diagnosis(
            "unreachable",
            f"The proxy on the way to {where} refused or did not answer.",
            "Check the proxy option, and for Exchange Online also HTTPS_PROXY and NO_PROXY in the environment.",
            retryable=True,
        )
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return Diagnosis(
            "unreachable",
            f"The name of {where} is not known to DNS.",
            "Correct the host option, or the name resolution of the host that runs the module.",
        )
    if isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(
        reason, (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError)
    ):
        return Diagnosis(
            "unreachable",
            f"Nothing answers at {where} ({type(reason).__name__}).",
            "Check host, port and the firewalls on the way.",
            retryable=True,
        )
    if isinstance(error, (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError)):
        return lost(where, type(reason).__name__)
    return None


def _root(error: BaseException) -> BaseException:
    """Return the urllib3 exception inside a requests exception, which hides it in its arguments."""
    for _depth in range(6):
        inner = getattr(error, "reason", None) or next(iter(error.args), None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _diagnose_tls(text: str, where: str, ca_option: str) -> Diagnosis:
    lowered = text.lower()
    code = "tls_failed"
    if " alert " in lowered and ("certificate" in lowered or "unknown ca" in lowered):
        # An alert comes from the other side: it is our certificate that it speaks of.
        return Diagnosis(
            "client_certificate_refused",
            f"{where} does not accept the client certificate ({_tls_reason(lowered)}).",
            "Use a certificate that has not expired, from an authority that the server trusts.",
        )
    if "hostname mismatch" in lowered or "doesn't match" in lowered or "not valid for" in lowered:
        code = "certificate_wrong_host"
        problem, remedy = "is not issued for this host name", "Use a host name that the certificate lists."
    elif "expired" in lowered:
        code = "certificate_expired"
        problem, remedy = "has expired", "Renew the server's certificate."
    elif "certificate" in lowered or "self-signed" in lowered:
        code = "certificate_not_trusted"
        problem = "is not signed by a trusted certificate authority"
        remedy = f"Set {ca_option} to the issuing authority's certificate."
    elif "wrong_version_number" in lowered or "record_layer_failure" in lowered or "http_request" in lowered:
        return Diagnosis(
            "tls_failed", f"{where} does not support TLS on that port.", "Correct the port, or turn TLS off."
        )
    else:
        # The handshake may have been over: an alert in the middle says nothing about the request.
        return Diagnosis(
            "tls_failed",
            f"The TLS connection to {where} failed.",
            "Check that the server accepts TLS 1.2 or newer.",
            may_have_run=True,
        )
    return Diagnosis(code, f"The TLS certificate of {where} {problem}.", remedy)


def _tls_reason(text: str) -> str:
    return text.partition(" alert ")[2].partition(" (")[0].partition("'")[0]


def raise_hidden_not_found(cmdlet: Cmdlet, output: CmdletOutput) -> CmdletOutput:
    """Return ``output``, or raise when Exchange said "not found" in a warning alone.

    Exchange sometimes warns instead of failing (facts: exchange-server-psrp.md section 5); an empty answer would
    then pass for success. A write's warning must name the write's own identity: it may speak of something else.
    """
    if output.objects:
        return output
    identity = str(cmdlet.parameters.get("Identity") or "")
    for warning in output.warnings:
        told = classify("", warning).code in ("not_found", "database_not_found")
        if told and (cmdlet.is_read or (identity and identity in warning)):
            raise CmdletError(warning, cmdlet=cmdlet.name)
    return output
