# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""WinRM's command shell (pywinrm), in which one of the collection's fixed scripts runs: one process per cmdlet."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import (
    LARGEST_ENVELOPE,
    LONGEST_CMDLET,
    Budget,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.loggers import keep_quiet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    IMPORTS,
    ConnectionOptions,
    Diagnosis,
    diagnose_network,
    gateway_answer,
    lost,
    missing_library,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import http
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.kerberos import (
    diagnose_kerberos,
    missing_libraries,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import dialogue, script
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.tickets import TicketCache

if TYPE_CHECKING:
    from winrm.protocol import Protocol

PLAIN_HTTP_PORT = 5985
TLS_PORT = 5986
DEFAULT_IDLE_TIMEOUT = 180
SHELL_NOT_FOUND = 2150858843
RESOURCE_URI_NOT_FOUND = 2150858811
# The code page in which the server writes what standard error says.
UTF_8 = 65001
# pywinrm asks for envelopes of at most 150 KiB; a chunk grows by a third in base64.
INPUT_CHUNK = 96 * 1024
_KERBEROS_ERRORS = frozenset(("KerberosExchangeError", "MutualAuthenticationError", "GSSError"))
_WORTH_A_RETRY = frozenset(("throttled", "connection_lost", "transient", "gateway_answer", "unexpected_answer"))


@dataclass(frozen=True)
class Server:
    """Where and how to connect; times in seconds, ``verification`` as requests takes it.

    ``owner`` is the connection dictionary whose options are named in messages, ``groups`` what an account has to be a
    member of to open a shell.
    """

    owner: str
    groups: str
    host: str
    port: int
    authentication: str
    username: str | None
    password: str | None = field(repr=False)
    certificate: str | None = None
    certificate_key: str | None = None
    verification: bool | str = True
    use_tls: bool = True
    operation_timeout: int = 20
    read_timeout: int = 30
    idle_timeout: int = DEFAULT_IDLE_TIMEOUT
    service: str = "HTTP"
    hostname_override: str | None = None
    delegation: bool = False
    deadline: float = LONGEST_CMDLET
    proxy: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        return f"{'Exchange' if self.owner == 'exchange_server' else 'Entra Connect'} server {self.host}:{self.port}"

    @property
    def endpoint(self) -> str:
        # WinRM encrypts the messages itself where there is no TLS: Kerberos or NTLM gives the keys.
        return f"{'https' if self.use_tls else 'http'}://{self.host}:{self.port}/wsman"

    def connect(self) -> Protocol:
        """Return pywinrm's connection, which has sent nothing yet."""
        with IMPORTS:
            from winrm.protocol import Protocol

        keep_quiet()
        transport: Any = self.authentication
        protocol = Protocol(
            endpoint=self.endpoint,
            transport=transport,
            username=self.username,
            password=self.password,
            service=self.service,
            cert_pem=self.certificate,
            cert_key_pem=self.certificate_key,
            ca_trust_path=self.verification if isinstance(self.verification, str) else "legacy_requests",
            server_cert_validation="validate" if self.verification else "ignore",
            kerberos_delegation=self.delegation,
            kerberos_hostname_override=self.hostname_override,
            operation_timeout_sec=self.operation_timeout,
            read_timeout_sec=self.read_timeout,
            # None: the server stands in the own network, proxies of the environment are meant for other ways.
            proxy=self.proxy or None,
            # Encryption is agreed on by a first request, which pywinrm would send before the session is bounded.
            message_encryption="never",
        )
        self.renew(protocol)
        return protocol

    def renew(self, protocol: Protocol) -> None:
        """Give pywinrm's connection a new HTTP session, with which nothing has been agreed.

        The one that pywinrm makes would follow redirects with the account, and take answers without an end.
        """
        transport: Any = protocol.transport
        transport.close_session()
        transport.encryption = None
        session = transport.build_session()
        http.bound(session, self.endpoint, http.Limits(answer=self.read_timeout, size=LARGEST_ENVELOPE))

    def agree(self, protocol: Protocol) -> None:
        """Agree on the keys with which messages are encrypted where there is no TLS. Sends a request."""
        transport: Any = protocol.transport
        if not self.use_tls and transport.encryption is None:
            transport.setup_encryption(transport.session)


def certificate_files(given: ConnectionOptions) -> tuple[str, str]:
    """Return the files of ``auth: certificate``. Raises InputError."""
    certificate, key = given.file("certificate_path"), given.file("certificate_key_path")
    if certificate is None or key is None:
        missing = "certificate_key_path" if certificate else "certificate_path"
        raise given.option_error(
            missing, "is missing", "auth: certificate requires a certificate and its key as PEM files."
        )
    return certificate, key


class WindowsShell:
    """One command shell on a server. Not shared between threads. ``clock`` is monotonic, in seconds."""

    def __init__(
        self, server: Server, tickets: TicketCache | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._clock = clock
        self._tickets = tickets
        self._has_ticket = False
        self._protocol: Protocol | None = None
        self._shell = ""
        self._sent = False
        self.ended = False

    @property
    def where(self) -> str:
        return self._server.where

    def open(self, cmdlet: Cmdlet) -> None:
        """Open the shell for a cmdlet to come. Raises ConnectionFailure."""
        with self._explained(cmdlet):
            self._ready()

    def ask(self, fixed_script: str, line: bytes, cmdlet: Cmdlet) -> dialogue.ScriptReply:
        """Run the script with one line of input and return its answer. Raises ConnectionFailure.

        The script waits for the whole line, so that a failure before its end has run nothing.
        """
        with self._explained(cmdlet):
            protocol = self._ready()
            program, arguments = script.windows_command(fixed_script)
            # Without console_mode_stdin=False the process would have a console for its input, not what is sent.
            command = protocol.run_command(self._shell, program, arguments, console_mode_stdin=False)
            for chunk, last in _chunks(line):
                self._sent = last
                protocol.send_command_input(self._shell, command, chunk, end=last)
            output, errors, code = self._output(protocol, command)
        self._clean_up(protocol, command)
        reply = dialogue.read_reply(output)
        if reply is None:
            raise _no_answer(self._server, errors, code).failure(cmdlet)
        return reply

    def _output(self, protocol: Protocol, command: str) -> tuple[bytes, bytes, int]:
        """Return standard output, standard error and exit code. Raises BoundExceeded: pywinrm would wait for ever."""
        from winrm.exceptions import WinRMOperationTimeoutError

        budget = Budget(self._clock, self._server.deadline)
        output: list[bytes] = []
        errors: list[bytes] = []
        while True:
            budget.require_time()
            with contextlib.suppress(WinRMOperationTimeoutError):
                piece, complaint, code, done = protocol.get_command_output_raw(self._shell, command)
                budget.take(len(piece) + len(complaint))
                output.append(piece)
                errors.append(complaint)
                if done:
                    return b"".join(output), b"".join(errors), code

    @contextlib.contextmanager
    def _explained(self, cmdlet: Cmdlet) -> Iterator[None]:
        """Close the shell after whatever goes wrong in the block, and say what that means for the cmdlet."""
        self._sent = False
        try:
            yield
        except HybridError as error:
            error.cmdlet = cmdlet.name
            if self.ended:
                self.close()
            raise
        except BaseException as error:
            opened = bool(self._shell)
            self.close()
            if not isinstance(error, Exception):
                raise
            diagnosis = diagnose(error, self._server, opening=not opened)
            raise replace(diagnosis, may_have_run=self._sent).failure(cmdlet) from None

    def end(self) -> None:
        """Close for good; also while another thread waits for an answer here, which then fails."""
        self.ended = True
        self.close()

    def close(self) -> None:
        protocol, shell = self._protocol, self._shell
        self._protocol, self._shell = None, ""
        if protocol is not None:
            try:
                if shell:
                    # A connection in the middle of an answer is of no use to the Delete.
                    self._server.renew(protocol)
                    self._server.agree(protocol)
                    protocol.close_shell(shell)
            except Exception:
                logging.getLogger(__name__).debug("the shell could not be deleted", exc_info=False)
            finally:
                protocol.transport.close_session()
        if self._has_ticket and self._tickets is not None:
            self._has_ticket = False
            self._tickets.discard()

    def _ready(self) -> Protocol:
        self._refuse_if_ended()
        if self._protocol is None:
            if self._tickets is not None and not self._has_ticket:
                self._tickets.obtain()
                self._has_ticket = True
            try:
                self._protocol = self._server.connect()
            except ImportError as error:
                raise missing_library("pywinrm", error) from None
        if not self._shell:
            self._server.agree(self._protocol)
            self._shell = self._protocol.open_shell(codepage=UTF_8, idle_timeout=f"PT{self._server.idle_timeout}S")
        self._refuse_if_ended()
        return self._protocol

    def _refuse_if_ended(self) -> None:
        if self.ended:
            raise ConnectionFailure("The session was closed.", code="connection_lost")

    def _clean_up(self, protocol: Protocol, command: str) -> None:
        try:
            protocol.cleanup_command(self._shell, command)
        except Exception:
            # The answer is complete; only the session is of no more use.
            self.close()


def _chunks(line: bytes) -> Iterator[tuple[bytes, bool]]:
    for start in range(0, len(line), INPUT_CHUNK):
        yield line[start : start + INPUT_CHUNK], start + INPUT_CHUNK >= len(line)


def worth_reading_again(error: HybridError) -> bool:
    return error.retryable and error.code in _WORTH_A_RETRY and not error.timed_out


def worth_sending_again(error: HybridError) -> bool:
    """Tell whether a write that was surely not begun may be tried again: the shell did not open, say."""
    return worth_reading_again(error) and not error.answer_lost and error.code != "transient"


def diagnose(error: Exception, server: Server, *, opening: bool) -> Diagnosis:
    """Return what an exception of pywinrm or requests means; ``may_have_run`` is the caller's to know."""
    from winrm import exceptions

    where = server.where
    if isinstance(error, exceptions.InvalidCredentialsError):
        return Diagnosis(
            "authentication_failed",
            f"{where} refused the account '{server.username or server.certificate}'.",
            f"Check username, password and auth; the account must be {server.groups}.",
        )
    if isinstance(error, exceptions.WSManFaultError):
        return _diagnose_fault(error, server)
    if isinstance(error, exceptions.WinRMTransportError):
        gateway = gateway_answer(error.code, error.response_text, where, server.owner)
        return gateway or _diagnose_status(error.code, where)
    if type(error).__name__ in _KERBEROS_ERRORS:
        # Before the network's: these are exceptions of requests too.
        return _diagnose_kerberos(error, server)
    network = diagnose_network(error, where, f"{server.owner}.ca_file")
    if network is not None and network.code == "tls_failed" and server.certificate:
        # A server that does not take the certificate may hang up before it has said so.
        also = f"Check that it trusts the authority of {server.owner}.certificate_path, too."
        return replace(network, remedy=f"{network.remedy} {also}")
    if network is not None:
        return network
    if opening and isinstance(error, (ElementTree.ParseError, StopIteration)):
        return Diagnosis(
            "wrong_endpoint",
            f"{where} answers, but not with the WSMan protocol.",
            "Set WinRM's port: 5986, or 5985 without TLS.",
        )
    return _diagnose_other(error, server)


def _diagnose_status(status: int, where: str) -> Diagnosis:
    if status in (408, 429, 503):
        return Diagnosis("throttled", f"{where} is too busy (HTTP {status}).", "Run again later.", retryable=True)
    return Diagnosis(
        "wrong_endpoint" if status in (404, 405) else "unexpected_answer",
        f"{where} answered HTTP {status}, which is not WinRM.",
        "Set WinRM's port: 5986, or 5985 without TLS.",
        retryable=status >= 500,
    )


def _diagnose_other(error: Exception, server: Server) -> Diagnosis:
    where = server.where
    text = " ".join(str(error).split())
    if "not installed" in text:
        return missing_libraries(where, f"pywinrm[{server.authentication}]", text)
    return lost(where, f"{type(error).__name__}")


def _diagnose_kerberos(error: Exception, server: Server) -> Diagnosis:
    text = " ".join(str(error).split())
    return diagnose_kerberos(text, server.where, server.username) or Diagnosis(
        "authentication_failed",
        f"Kerberos to {server.where} failed: {text[:300]}",
        "Use the server's own name, and check ticket, clock and service principal name.",
    )


def _diagnose_fault(error: Any, server: Server) -> Diagnosis:
    where = server.where
    reason = " ".join(str(error.reason).split())
    if error.wsman_fault_code == SHELL_NOT_FOUND:
        return Diagnosis("connection_lost", f"{where} no longer has the shell.", "Run again.", retryable=True)
    if error.wsman_fault_code == RESOURCE_URI_NOT_FOUND:
        return Diagnosis("wrong_endpoint", f"{where} offers no command shell.", "Set WinRM's own port: 5986.")
    if "quota" in reason.lower() or "maximum number" in reason.lower():
        return Diagnosis("throttled", f"{where} allows no further shell: {reason}", "Run again later.", retryable=True)
    if "access is denied" in reason.lower():
        return Diagnosis(
            "permission_denied",
            f"{where} does not allow the account to open a shell.",
            f"The account must be {server.groups}.",
        )
    return Diagnosis("unexpected_answer", f"{where} answered with a fault: {reason}", "Read the fault's text.")


def _no_answer(server: Server, errors: bytes, code: int) -> Diagnosis:
    text = dialogue.shortened(errors.decode("utf-8", "replace"))
    return Diagnosis(
        "unexpected_answer",
        f"PowerShell on {server.where} ended with code {code} and no answer: {text}",
        "Check that this account is allowed to run PowerShell on the server.",
        may_have_run=True,
    )
