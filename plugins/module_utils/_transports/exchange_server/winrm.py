# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Exchange's Management Shell through the server's own WinRM, for sites that closed the PowerShell virtual directory.

The snap-in would be faster and is not used: it bypasses the management roles, and Microsoft discourages it. Instead the
script does on the server what RemoteExchange.ps1 does there with Connect-ExchangeServer: it opens a session to the
server's own virtual directory, which obeys the roles, and runs the cmdlets of this call there. That is a
second hop: a network logon has no credential to sign in with again. So the account's credential goes along as data;
without a password Kerberos has to delegate (facts: exchange-server-psrp.md section 6).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Credential,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import Session
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    ConnectionOptions,
    Diagnosis,
    raise_hidden_not_found,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Retry
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.controllers import (
    Controllers,
    PinnedSession,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.psrp import (
    TAKES_CONFIRM,
    VIEW_ENTIRE_FOREST,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.kerberos import (
    check_user_principal_name,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import dialogue, script
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.tickets import TicketCache
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.windows_shell import (
    DEFAULT_IDLE_TIMEOUT,
    PLAIN_HTTP_PORT,
    TLS_PORT,
    Server,
    WindowsShell,
    certificate_files,
    worth_reading_again,
    worth_sending_again,
)

AUTHENTICATIONS = ("kerberos", "ntlm", "basic", "certificate")
SHORTEST_IDLE_TIMEOUT = 60
# What only remote PowerShell or only this transport takes.

# Not Import-PSSession: the functions that it makes keep errors and warnings to themselves.
_RUN = """\
  $p = [PowerShell]::Create().AddCommand($c.cmdlet).AddParameters($given)
  $p.Runspace = $s.Runspace
  try { $p.Invoke() } catch {
    $x = $_.Exception.InnerException
    # What the other side did not send is about the session, and the cmdlet may have run.
    if ($x -isnot [Management.Automation.RemoteException]) { $r.lost = 1 }
    $e = $x.ErrorRecord
    if (!$e) { $e = $_ }
  }
  $p.Streams.Error; $e; $p.Streams.Warning
"""
_OWN = (
    script.NEW_REPLY
    + """\
try {
  $line = @($input) -split '\\t'
  $call = ConvertFrom-Json $line[0]
  if (!$env:ExchangeInstallPath) { throw 'NoExchange' }
  # The culture is that of Exchange's own texts: sizes, for instance.
  $open = @{ ConfigurationName = 'Microsoft.Exchange'; Authentication = 'Kerberos'
    ConnectionUri = 'http://' + [Net.Dns]::GetHostEntry('').HostName + '/PowerShell/'
    SessionOption = @{ Culture = 'en-US'; UICulture = 'en-US' } }
  if ($call.credential) { $open.Credential = Read-Value $call.credential }
  $s = New-PSSession @open
  foreach ($c in @($call.first) + $call) { if (!$r.errors) { Invoke-Call $c } }
} catch { $r.errors += Show-Error $_ }
"""
    + script.WRITE_REPLY
    + """\
if ($s) { Remove-PSSession $s }
"""
)
SCRIPT = script.compose("Microsoft.Exchange", _RUN, _OWN)


@dataclass
class ManagementShellOrganization:
    """Implements Organization for the Management Shell of one Exchange server."""

    server: Server
    concurrency: int
    tickets: TicketCache | None = None
    retry: Retry = field(default_factory=Retry)
    controllers: Controllers | None = None
    system: str = field(default="exchange_server", init=False)

    @property
    def host(self) -> str:
        return self.server.host

    def open(self) -> Session:
        session = ManagementShellSession(self.server, self.tickets, self.retry)
        return PinnedSession(session, self.controllers) if self.controllers else session


def from_options(
    given: ConnectionOptions, options: Mapping[str, Any], controllers: Controllers | None
) -> ManagementShellOrganization:
    """Return the organization of ``transport: winrm``. Nothing is contacted. Raises InputError."""
    host = given.host("Specify the fully qualified name of an Exchange server.")
    authentication = given.choice("auth", "kerberos", AUTHENTICATIONS)
    use_tls = given.flag("use_tls", options.get("port") != PLAIN_HTTP_PORT)
    port = given.number("port", TLS_PORT if use_tls else PLAIN_HTTP_PORT, 1, 65535)
    if not use_tls and authentication in ("basic", "certificate"):
        raise given.option_error("use_tls", f"is needed by auth: {authentication}", "Use WinRM's port 5986.", False)
    certificate = key = None
    if authentication == "certificate":
        certificate, key = certificate_files(given)
        _require_account(given)
    elif authentication == "kerberos":
        check_user_principal_name(given, options)
    username, password = given.account(required=authentication != "kerberos")
    delegation = given.flag("kerberos_delegation", False)
    operation_timeout, read_timeout = _timeouts(given)
    server = Server(
        owner="exchange_server",
        groups="an administrator, or a member of Remote Management Users, and hold a management role",
        host=host,
        port=port,
        authentication=authentication,
        username=username,
        password=password,
        certificate=certificate,
        certificate_key=key,
        verification=given.verification() if use_tls else True,
        use_tls=use_tls,
        operation_timeout=operation_timeout,
        read_timeout=read_timeout,
        idle_timeout=given.number("idle_timeout", DEFAULT_IDLE_TIMEOUT, SHORTEST_IDLE_TIMEOUT, 7200),
        deadline=given.cmdlet_timeout(),
        service=given.text("negotiate_service", "HTTP"),
        hostname_override=given.text("negotiate_hostname_override") or None,
        proxy=given.proxy(in_clear=False),
        delegation=delegation,
    )
    has_password = authentication == "kerberos" and username and password
    tickets = TicketCache(str(username), str(password), forwardable=delegation) if has_password else None
    return ManagementShellOrganization(server, given.number("sessions", 4, 1, 18), tickets, controllers=controllers)


def _timeouts(given: ConnectionOptions) -> tuple[int, int]:
    operation_timeout = given.number("operation_timeout", 20, 1, 600)
    read_timeout = given.number("read_timeout", max(30, operation_timeout + 10), 2, 900)
    if read_timeout <= operation_timeout:
        raise given.option_error(
            "read_timeout",
            f"must be longer than operation_timeout ({operation_timeout})",
            "The server may hold a request for as long as operation_timeout.",
            read_timeout,
        )
    return operation_timeout, read_timeout


def _require_account(given: ConnectionOptions) -> None:
    if not given.has("username"):
        raise given.option_error(
            "username",
            "is missing",
            "WinRM maps a certificate to a local account, which has no rights in Exchange: set the account that signs "
            "in to Exchange, and its password.",
        )


class ManagementShellSession:
    """Implements OpensAhead: one WinRM shell, in it one process for each cmdlet, with an Exchange session of its own.

    ``clock`` is monotonic, in seconds.
    """

    def __init__(
        self, server: Server, tickets: TicketCache | None, retry: Retry, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._shell = WindowsShell(server, tickets, clock)
        self._retry = retry
        self._clock = clock
        self._last_used = clock()

    def connect(self) -> None:
        """Open the shell: see OpensAhead.connect. The second hop is made anew by each cmdlet."""
        self._retry.call(lambda: self._shell.open(VIEW_ENTIRE_FOREST), self._worth_opening_again)

    def _worth_opening_again(self, error: HybridError) -> bool:
        return not self._shell.ended and worth_reading_again(error) and error.code != "throttled"

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        """Run one cmdlet, with Confirm added where it takes it: see Session.run."""
        if cmdlet.name in TAKES_CONFIRM:
            cmdlet = Cmdlet(cmdlet.name, {"Confirm": False, **cmdlet.parameters})
        worthwhile = worth_reading_again if cmdlet.is_read else worth_sending_again
        return self._retry.call(
            lambda: self._run_once(cmdlet), lambda error: not self._shell.ended and worthwhile(error)
        )

    def close(self) -> None:
        self._shell.end()

    def _run_once(self, cmdlet: Cmdlet) -> CmdletOutput:
        if self._clock() - self._last_used > self._server.idle_timeout / 2:
            # The server may have dropped the idle shell: a write must not be the one to find out.
            self._shell.close()
        reply = self._shell.ask(SCRIPT, self._line(cmdlet), cmdlet)
        self._last_used = self._clock()
        if reply.errors and not reply.cmdlet:
            raise _not_opened(reply.errors[0], self._server).failure(cmdlet)
        dialogue.raise_first_error(reply, cmdlet, self._server.where)
        return raise_hidden_not_found(cmdlet, reply.output)

    def _line(self, cmdlet: Cmdlet) -> bytes:
        """Without ViewEntireForest, objects of other domains are "not found"; each process begins without it."""
        content = {**dialogue.encode_call(cmdlet), "first": [dialogue.encode_call(VIEW_ENTIRE_FOREST)]}
        if self._server.username and self._server.password:
            content["credential"] = dialogue.encode_value(Credential(self._server.username, self._server.password))
        return dialogue.request_line(content)


def _not_opened(record: dialogue.ErrorRecord, server: Server) -> Diagnosis:
    """Say why the script did not get as far as a cmdlet."""
    text = dialogue.shortened(record.message)
    refused = dialogue.script_refusal(record, server.where)
    if refused is not None:
        return refused
    if text == "NoExchange":
        return Diagnosis(
            "wrong_endpoint",
            f"{server.where} has no Exchange Management Shell.",
            "Set a server on which Exchange or its management tools are installed.",
        )
    if "maximum number of connections" in text or "load quota" in text:
        return Diagnosis(
            "throttled",
            f"{server.where} does not allow another Exchange session for this account: {text}",
            "Use fewer sessions, or close sessions that are left over.",
            retryable=True,
        )
    if record.type == "PSRemotingTransportException":
        without = "" if server.password else "there is no password to send, so "
        return Diagnosis(
            "authentication_failed",
            f"{server.where} accepted the account, but Exchange did not: {text}",
            f"Signing in to Exchange is a second hop: {without}set username and password, or allow Kerberos delegation "
            "(kerberos_delegation). The account needs RemotePowerShellEnabled and a management role.",
        )
    return Diagnosis(
        "unexpected_answer",
        f"The Exchange Management Shell on {server.where} did not open: {text}",
        "Run RemoteExchange.ps1 on the server by hand, and fix the errors that it reports.",
    )
