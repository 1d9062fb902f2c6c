# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The Entra Connect server, where directory synchronization runs: ADSync cmdlets over WinRM's shell (pywinrm)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT_GROUPS,
    Session,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import ConnectionOptions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Retry
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect import dialogue
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.kerberos import (
    check_user_principal_name,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.tickets import TicketCache
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.windows_shell import (
    PLAIN_HTTP_PORT,
    TLS_PORT,
    Server,
    WindowsShell,
    certificate_files,
    worth_reading_again,
    worth_sending_again,
)

AUTHENTICATIONS = ("kerberos", "ntlm", "basic", "certificate")


@dataclass
class EntraConnectOrganization:
    """Implements Organization for an Entra Connect server, which runs one cmdlet at a time."""

    server: Server
    tickets: TicketCache | None = None
    retry: Retry = field(default_factory=Retry)
    concurrency: int = 1
    system: str = field(default="entra_connect", init=False)

    @property
    def host(self) -> str:
        return self.server.host

    def open(self) -> Session:
        return WindowsShellSession(WindowsShell(self.server, self.tickets), self.retry)


def from_options(options: Mapping[str, Any]) -> EntraConnectOrganization:
    """Return the organization that the module's ``entra_connect`` dictionary describes.

    Nothing is contacted. Raises InputError naming the option, its value and the remedy.
    """
    given = ConnectionOptions("entra_connect", options)
    host = given.host("Set the name of the server on which Entra Connect Sync runs.")
    use_tls = given.flag("use_tls", options.get("port") != PLAIN_HTTP_PORT)
    port = given.number("port", TLS_PORT if use_tls else PLAIN_HTTP_PORT, 1, 65535)
    authentication = given.choice("auth", "kerberos", AUTHENTICATIONS)
    if not use_tls and authentication in ("basic", "certificate"):
        name, value = ("use_tls", False) if given.has("use_tls") else ("port", port)
        raise given.option_error(
            name, f"means WinRM without TLS, which auth: {authentication} needs", "Use TLS and port 5986.", value
        )
    certificate = key = username = password = None
    if authentication == "certificate":
        certificate, key = certificate_files(given)
    else:
        if authentication == "kerberos":
            check_user_principal_name(given, options)
        username, password = given.account(required=authentication != "kerberos")
    server = Server(
        owner="entra_connect",
        groups=f"an administrator, or a member of {ENTRA_CONNECT_GROUPS}",
        host=host,
        port=port,
        authentication=authentication,
        username=username,
        password=password,
        certificate=certificate,
        certificate_key=key,
        verification=given.verification() if use_tls else True,
        use_tls=use_tls,
        deadline=given.cmdlet_timeout(),
        proxy=given.proxy(in_clear=False),
    )
    tickets = TicketCache(username, password) if authentication == "kerberos" and username and password else None
    return EntraConnectOrganization(server, tickets)


class WindowsShellSession:
    """Implements Session over WinRM's command shell: one shell per session, one process per cmdlet."""

    def __init__(self, shell: WindowsShell, retry: Retry) -> None:
        self._shell = shell
        self._retry = retry

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        """Run one ADSync cmdlet: see Session.run."""
        worthwhile = worth_reading_again if cmdlet.is_read else worth_sending_again
        return self._retry.call(
            lambda: self._run_once(cmdlet), lambda error: not self._shell.ended and worthwhile(error)
        )

    def close(self) -> None:
        self._shell.end()

    def _run_once(self, cmdlet: Cmdlet) -> CmdletOutput:
        reply = self._shell.ask(dialogue.SCRIPT, dialogue.request_line(cmdlet), cmdlet)
        return dialogue.output_of(reply, cmdlet, self._shell.where)
