# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The Entra Connect server, where directory synchronization runs: ADSync cmdlets over WinRM's shell (pywinrm)."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._cmdlet import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connection import (
    ConnectionOptions,
    Diagnosis,
    diagnose_network,
    lost,
    missing_library,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._entra_connect import dialogue
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._organization import Session
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._retry import Retry

if TYPE_CHECKING:
    from winrm.protocol import Protocol

AUTHENTICATIONS = ("kerberos", "ntlm", "basic", "certificate")
PLAIN_HTTP_PORT = 5985
IDLE_TIMEOUT = "PT180S"
KINIT_TIMEOUT = 60
SHELL_NOT_FOUND = 2150858843
RESOURCE_URI_NOT_FOUND = 2150858811
_WORTH_A_RETRY = frozenset(("throttled", "connection_lost", "transient"))


@dataclass(frozen=True)
class Server:
    """Where and how to connect; ``verification`` as requests takes it."""

    host: str
    port: int
    authentication: str
    username: str | None
    password: str | None = field(repr=False)
    certificate: str | None = None
    certificate_key: str | None = None
    verification: bool | str = True

    @property
    def where(self) -> str:
        return f"Entra Connect server {self.host}:{self.port}"

    @property
    def endpoint(self) -> str:
        # WinRM encrypts the messages itself on its plain port, where Kerberos or NTLM gives the keys.
        return f"{'http' if self.port == PLAIN_HTTP_PORT else 'https'}://{self.host}:{self.port}/wsman"

    def connect(self) -> Protocol:
        """Return pywinrm's connection, which has sent nothing yet."""
        from winrm.protocol import Protocol

        transport: Any = self.authentication
        return Protocol(
            endpoint=self.endpoint,
            transport=transport,
            username=self.username,
            password=self.password,
            cert_pem=self.certificate,
            cert_key_pem=self.certificate_key,
            ca_trust_path=self.verification if isinstance(self.verification, str) else "legacy_requests",
            server_cert_validation="validate" if self.verification else "ignore",
        )


class TicketCache:
    """A Kerberos ticket for pywinrm, which takes none from a password itself; obtained once per organization."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self._lock = threading.Lock()
        self._file = ""
        self._previous: str | None = None

    def obtain(self) -> None:
        """Run kinit into a cache of this process's own. Raises ConnectionFailure."""
        with self._lock:
            if self._file:
                return
            handle, path = tempfile.mkstemp(prefix="exchange_hybrid_ticket_")
            os.close(handle)
            try:
                self._run_kinit(path)
            except BaseException:
                os.unlink(path)
                raise
            self._file, self._previous = path, os.environ.get("KRB5CCNAME")
            os.environ["KRB5CCNAME"] = f"FILE:{path}"

    def _run_kinit(self, path: str) -> None:
        program = shutil.which("kinit")
        if program is None:
            raise ConnectionFailure(
                "The program kinit is missing on the host that runs the module.",
                code="missing_library",
                remedy="Install the Kerberos client (krb5-user, krb5-workstation).",
            )
        try:
            # No shell, and the password goes by standard input: without a terminal, kinit reads it there.
            done = subprocess.run(  # noqa: S603
                [program, "-c", f"FILE:{path}", "--", self._username],
                input=f"{self._password}\n",
                text=True,
                capture_output=True,
                timeout=KINIT_TIMEOUT,
                check=False,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C"},
            )
        except subprocess.TimeoutExpired:
            raise ConnectionFailure(
                "kinit gave no answer.",
                code="authentication_failed",
                retryable=True,
                remedy="Check the realm of the username, the DNS records and krb5.conf.",
            ) from None
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ConnectionFailure(
                f"No Kerberos ticket for '{self._username}': {reason}",
                code="authentication_failed",
                remedy="Check password and realm: the username is user@REALM, with the realm in capitals.",
            )

    def discard(self) -> None:
        with self._lock:
            path, self._file = self._file, ""
            if not path:
                return
            if self._previous is None:
                os.environ.pop("KRB5CCNAME", None)
            else:
                os.environ["KRB5CCNAME"] = self._previous
            with contextlib.suppress(OSError):
                os.unlink(path)


@dataclass
class EntraConnectOrganization:
    """Implements Organization for an Entra Connect server, which runs one cmdlet at a time."""

    server: Server
    tickets: TicketCache | None = None
    retry: Retry = field(default_factory=Retry)
    concurrency: int = 1
    kind: str = field(default="entra_connect", init=False)

    @property
    def host(self) -> str:
        return self.server.host

    def open(self) -> Session:
        return WindowsShellSession(self.server, self.tickets, self.retry)


def from_options(options: Mapping[str, Any]) -> EntraConnectOrganization:
    """Return the organization that the module's ``entra_connect`` dictionary describes.

    Nothing is contacted. Raises InputError naming the option, its value and the remedy.
    """
    given = ConnectionOptions("entra_connect", options)
    host = given.host("Give the name of the server where Entra Connect Sync runs.")
    port = given.number("port", 5986, 1, 65535)
    authentication = given.choice("auth", "kerberos", AUTHENTICATIONS)
    if port == PLAIN_HTTP_PORT and authentication in ("basic", "certificate"):
        raise given.refuse(
            "port", f"is WinRM's port without TLS, which auth: {authentication} needs", "Use 5986.", port
        )
    certificate = key = username = password = None
    if authentication == "certificate":
        certificate, key = given.file("certificate_path"), given.file("certificate_key_path")
        if certificate is None or key is None:
            missing = "certificate_key_path" if certificate else "certificate_path"
            raise given.refuse(missing, "is missing", "auth: certificate takes a certificate and its key as PEM files.")
    else:
        username, password = given.account(required=authentication != "kerberos")
    server = Server(host, port, authentication, username, password, certificate, key, given.verification())
    tickets = TicketCache(username, password) if authentication == "kerberos" and username and password else None
    return EntraConnectOrganization(server, tickets)


class WindowsShellSession:
    """Implements Session over WinRM's command shell: one shell per session, one process per cmdlet."""

    def __init__(self, server: Server, tickets: TicketCache | None, retry: Retry) -> None:
        self._server = server
        self._tickets = tickets
        self._retry = retry
        self._protocol: Protocol | None = None
        self._shell = ""

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        """Run one ADSync cmdlet: see Session.run."""
        if cmdlet.is_read:
            return self._retry.call(lambda: self._run_once(cmdlet), _worth_reading_again)
        return self._run_once(cmdlet)

    def close(self) -> None:
        protocol, shell = self._protocol, self._shell
        self._protocol, self._shell = None, ""
        if protocol is not None:
            try:
                if shell:
                    # A connection in the middle of an answer is of no use to the Delete.
                    protocol.transport.close_session()
                    protocol.close_shell(shell)
            except Exception:
                logging.getLogger(__name__).debug("the shell could not be deleted", exc_info=False)
            finally:
                protocol.transport.close_session()
        if self._tickets is not None:
            self._tickets.discard()

    def _run_once(self, cmdlet: Cmdlet) -> CmdletOutput:
        line = dialogue.request_line(cmdlet)
        sent = False
        try:
            protocol = self._ready(cmdlet)
            program, arguments = dialogue.command_line()
            command = protocol.run_command(self._shell, program, arguments)
            # The script waits for this line: nothing has run before it.
            sent = True
            protocol.send_command_input(self._shell, command, line, end=True)
            output, errors, code = protocol.get_command_output(self._shell, command)
        except HybridError:
            raise
        except BaseException as error:
            opened = bool(self._shell)
            self.close()
            if not isinstance(error, Exception):
                raise
            diagnosis = _diagnose(error, self._server, opening=not opened)
            raise replace(diagnosis, may_have_run=sent).failure(cmdlet) from None
        self._clean_up(protocol, command)
        answer = dialogue.read_reply(output, cmdlet)
        if answer is None:
            raise _no_answer(self._server, errors, code).failure(cmdlet)
        return answer

    def _ready(self, cmdlet: Cmdlet) -> Protocol:
        if self._protocol is None:
            if self._tickets is not None:
                self._tickets.obtain()
            try:
                self._protocol = self._server.connect()
            except ImportError as error:
                raise missing_library("pywinrm", error) from None
        if not self._shell:
            self._shell = self._protocol.open_shell(idle_timeout=IDLE_TIMEOUT)
        return self._protocol

    def _clean_up(self, protocol: Protocol, command: str) -> None:
        try:
            protocol.cleanup_command(self._shell, command)
        except Exception:
            # The answer is complete; only the session is of no more use.
            self.close()


def _worth_reading_again(error: HybridError) -> bool:
    return error.retryable and error.code in _WORTH_A_RETRY


def _diagnose(error: Exception, server: Server, *, opening: bool) -> Diagnosis:
    """Return what an exception of pywinrm or requests means; ``may_have_run`` is the caller's to know."""
    from winrm import exceptions

    where = server.where
    if isinstance(error, exceptions.InvalidCredentialsError):
        return Diagnosis(
            "authentication_failed",
            f"{where} refused the account '{server.username or server.certificate}'.",
            "Check username, password and auth; the account must be an administrator or a member of ADSyncAdmins and "
            "Remote Management Users.",
        )
    if isinstance(error, exceptions.WSManFaultError):
        return _diagnose_fault(error, where)
    if isinstance(error, exceptions.WinRMTransportError):
        return Diagnosis(
            "wrong_endpoint" if error.code in (404, 405) else "unexpected_answer",
            f"{where} answered HTTP {error.code}, which is not WinRM.",
            "Give WinRM's port: 5986, or 5985 without TLS.",
        )
    network = diagnose_network(error, where, "entra_connect.ca_file")
    if network is not None:
        return network
    if opening and isinstance(error, (ElementTree.ParseError, StopIteration)):
        return Diagnosis(
            "wrong_endpoint",
            f"{where} answers, but not in the WSMan protocol.",
            "Give WinRM's port: 5986, or 5985 without TLS.",
        )
    text = " ".join(str(error).split())
    if "not installed" in text:
        return Diagnosis(
            "missing_library",
            f"A Python library for auth: {server.authentication} is missing: {text}",
            f"Install it into the Python environment of the module: pip install 'pywinrm[{server.authentication}]'.",
        )
    if "kerberos" in type(error).__name__.lower() or "GSSError" in type(error).__name__:
        return Diagnosis(
            "authentication_failed",
            f"Kerberos to {where} failed: {text[:300]}",
            "Use the server's own name, and check ticket, clock and service principal name.",
        )
    return lost(where, f"{type(error).__name__}")


def _diagnose_fault(error: Any, where: str) -> Diagnosis:
    reason = " ".join(str(error.reason).split())
    if error.wsman_fault_code == SHELL_NOT_FOUND:
        return Diagnosis("connection_lost", f"{where} no longer has the shell.", "Run again.", retryable=True)
    if error.wsman_fault_code == RESOURCE_URI_NOT_FOUND:
        return Diagnosis("wrong_endpoint", f"{where} offers no command shell.", "Give WinRM's own port: 5986.")
    if "quota" in reason.lower() or "maximum number" in reason.lower():
        return Diagnosis("throttled", f"{where} allows no further shell: {reason}", "Run again later.", retryable=True)
    if "access is denied" in reason.lower():
        return Diagnosis(
            "permission_denied",
            f"{where} does not let the account open a shell.",
            "Make the account a member of Remote Management Users, and of ADSyncAdmins.",
        )
    return Diagnosis("unexpected_answer", f"{where} answered with a fault: {reason}", "Read the fault's text.")


def _no_answer(server: Server, errors: bytes, code: int) -> Diagnosis:
    text = " ".join(errors.decode("utf-8", "replace").split())[:300]
    return Diagnosis(
        "unexpected_answer",
        f"PowerShell on {server.where} ended with code {code} and no answer: {text}",
        "Check that PowerShell may run for this account on the server.",
        may_have_run=True,
    )
