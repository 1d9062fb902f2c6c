# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""An on-premises Exchange organization: its options, checked before anything is contacted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import Session
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import ConnectionOptions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Retry
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server import controllers
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.controllers import (
    Controllers,
    PinnedRemoteSession,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.psrp import (
    Endpoint,
    RemotePowerShellSession,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.kerberos import (
    check_user_principal_name,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.winrm import (
        ManagementShellOrganization,
    )

TRANSPORTS = ("psrp", "winrm")
AUTHENTICATIONS = ("kerberos", "negotiate", "ntlm", "basic")
# WSMan's own floor (facts: exchange-server-psrp.md section 2); the default is WSMan's default.
SHORTEST_IDLE_TIMEOUT = 60
DEFAULT_IDLE_TIMEOUT = 180
MANAGEMENT_SHELL_OPTIONS = ("certificate_path", "certificate_key_path", "kerberos_delegation")


@dataclass
class ExchangeServerOrganization:
    """Implements Organization for remote PowerShell at an Exchange server."""

    endpoint: Endpoint
    concurrency: int
    retry: Retry = field(default_factory=Retry)
    controllers: Controllers | None = None
    system: str = field(default="exchange_server", init=False)

    @property
    def host(self) -> str:
        return self.endpoint.host

    def open(self) -> Session:
        session = RemotePowerShellSession(self.endpoint, self.retry)
        return PinnedRemoteSession(session, self.controllers) if self.controllers else session


def from_options(options: Mapping[str, Any]) -> ExchangeServerOrganization | ManagementShellOrganization:
    """Return the organization that the module's ``exchange_server`` dictionary describes.

    Nothing is contacted. Raises InputError naming the option, its value and the remedy.
    """
    given = ConnectionOptions("exchange_server", options)
    pinned = controllers.from_option(given, options.get("domain_controller"))
    if given.choice("transport", "psrp", TRANSPORTS) == "winrm":
        # Imported when needed: every module that talks PSRP would pay for the other transport.
        from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server import winrm

        return winrm.from_options(given, options, pinned)
    for name in MANAGEMENT_SHELL_OPTIONS:
        if given.has(name):
            raise given.option_error(
                name, "has no effect with transport: psrp", "Leave it out, or set transport: winrm."
            )
    return _remote_powershell(given, options, pinned)


def _remote_powershell(
    given: ConnectionOptions, options: Mapping[str, Any], pinned: Controllers | None
) -> ExchangeServerOrganization:
    host = given.host("Specify the fully qualified name of an Exchange server.")
    authentication = given.choice("auth", "kerberos", AUTHENTICATIONS)
    use_tls = given.flag("use_tls", authentication == "basic")
    if authentication == "basic" and not use_tls and not given.flag("allow_unencrypted", False):
        raise given.option_error(
            "use_tls",
            "would send the password in clear text with auth: basic",
            "Use TLS or Kerberos, or accept it with allow_unencrypted: true.",
            False,
        )
    if authentication == "kerberos":
        check_user_principal_name(given, options)
    username, password = given.account(required=authentication in ("basic", "ntlm"))
    operation_timeout = given.number("operation_timeout", 20, 1, 600)
    read_timeout = given.number("read_timeout", max(30, operation_timeout + 10), 2, 900)
    if read_timeout <= operation_timeout:
        raise given.option_error(
            "read_timeout",
            f"must be longer than operation_timeout ({operation_timeout})",
            "The server may hold a request for as long as operation_timeout.",
            read_timeout,
        )
    endpoint = Endpoint(
        host=host,
        port=given.number("port", 443 if use_tls else 80, 1, 65535),
        use_tls=use_tls,
        authentication=authentication,
        username=username,
        password=password,
        verification=given.verification() if use_tls else True,
        operation_timeout=operation_timeout,
        read_timeout=read_timeout,
        idle_timeout=given.number("idle_timeout", DEFAULT_IDLE_TIMEOUT, SHORTEST_IDLE_TIMEOUT, 43200),
        deadline=given.cmdlet_timeout(),
        negotiate_service=given.text("negotiate_service", "HTTP"),
        negotiate_hostname_override=given.text("negotiate_hostname_override") or None,
        proxy=given.proxy(in_clear=authentication == "basic" and not use_tls),
    )
    return ExchangeServerOrganization(
        endpoint,
        given.number("sessions", 4, 1, 18),
        controllers=pinned,
    )
