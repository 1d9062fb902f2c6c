# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laboratory: one model behind all its servers, on free ports of 127.0.0.1."""

from __future__ import annotations

import functools
import json
import secrets
import shlex
import ssl
import time
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.answer import CmdletHost
from lab.certificates import create_certificates, write_private
from lab.control import CONNECTION_FILE, ControlInterface
from lab.faults import Faults
from lab.hybrid_model import HybridModel
from lab.log import CommandLog
from lab.model import active_directory
from lab.model.directory import CONTROLLERS
from lab.wire.admin_api import AdminApi
from lab.wire.authentication import EXCHANGE_BOUNDARY, WINRM_BOUNDARY, Door, Listener, NtlmAccounts
from lab.wire.clixml import KNOWN, Shapes
from lab.wire.disturbances import SERVERS, Disturbances
from lab.wire.gateway import Gateway
from lab.wire.graph_api import GraphApi
from lab.wire.http_server import Application as HttpApplication
from lab.wire.http_server import HttpServer
from lab.wire.ldap import LdapServer
from lab.wire.powershell_dialogue import AD_SYNC, MANAGEMENT_SHELL
from lab.wire.remote_powershell import Limits, RemotePowerShellService
from lab.wire.token_endpoint import TokenEndpoint
from lab.wire.tokens import Application, TokenIssuer
from lab.wire.winrm_shell import WinrmShellService
from lab.wire.wsman import Service, ShellRegistry, WsmanEndpoint

ENVIRONMENT_FILE = "environment.sh"


@dataclass(frozen=True)
class Ports:
    """Ports to listen on; 0 is any free one."""

    exchange_server: int = 0
    exchange_online: int = 0
    entra_connect: int = 0
    management_shell: int = 0
    active_directory: int = 0
    global_catalog: int = 0
    sign_in: int = 0
    graph: int = 0
    control: int = 0


class Laboratory:
    """All servers of a hybrid organization. A context manager; ``start`` and ``stop`` for those who cannot use one.

    ``directory`` receives ca.pem, application.pem (certificate and key), connection.json and environment.sh, the
    latter three readable by their owner only. ``monotonic`` counts the seconds of sessions and cursors, ``now`` is the
    time (seconds since 1970) that access tokens go by: both are real time whatever the model's clock does.
    ``listeners`` say how exchange_server, entra_connect and management_shell (WinRM of the Exchange server itself) let
    the account in: Basic over TLS unless given. ``shapes`` decides by a seed what is not known of remote PowerShell.
    """

    def __init__(
        self,
        hybrid: HybridModel,
        directory: Path,
        ports: Ports | None = None,
        *,
        limits: Limits | None = None,
        shapes: Shapes = KNOWN,
        listeners: Mapping[str, Listener] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.hybrid = hybrid
        self.directory = directory
        self.log = CommandLog()
        self.faults = Faults()
        self.disturbances = Disturbances()
        self.client_secret = secrets.token_urlsafe(24)
        self._ports = ports or Ports()
        self._limits = limits or Limits()
        self._shapes = shapes
        names = ("exchange_server", "entra_connect", "management_shell")
        self.listeners = {**{name: Listener() for name in names}, **(listeners or {})}
        self._ntlm = NtlmAccounts(directory / "ntlm-accounts", hybrid.exchange_server_account)
        self._control_token = secrets.token_urlsafe(24)
        directory.mkdir(parents=True, exist_ok=True)
        self._certificates = create_certificates(directory)
        known = hybrid.exchange_online_application
        self.issuer = TokenIssuer(known.tenant_id, now)
        self.application = Application(known.client_id, [self.client_secret])
        self.application.certificates.append(self._certificates.application_certificate)
        self.issuer.register(self.application)
        self._shells = {name: ShellRegistry(monotonic) for name in self.listeners}
        self._admin_api = AdminApi(self._gateway("exchange_online", hybrid.exchange_online), self.issuer, monotonic)
        self._graph = GraphApi(hybrid, self.issuer, self.faults, self.log)
        self._sign_in = TokenEndpoint(self.issuer)
        self._servers: dict[str, HttpServer | LdapServer] = {}

    def __enter__(self) -> Laboratory:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open all ports and write the connection files. Raises OSError where a port is taken."""
        hybrid, ports = self.hybrid, self._ports
        server = self._gateway("exchange_server", hybrid.exchange_server)
        remote_powershell = RemotePowerShellService(server, self._limits, self._shapes)
        winrm = self.windows_shells(self._gateway("entra_connect", hybrid.entra_connect), AD_SYNC)
        shell = self.windows_shells(server, MANAGEMENT_SHELL)
        if any(listener.takes_ntlm for listener in self.listeners.values()):
            self._ntlm.offer()
        try:
            self._serve_wsman("exchange_server", remote_powershell, ports.exchange_server, EXCHANGE_BOUNDARY)
            self._serve_wsman("entra_connect", winrm, ports.entra_connect, WINRM_BOUNDARY)
            self._serve_wsman("management_shell", shell, ports.management_shell, WINRM_BOUNDARY)
            tls = self._certificates.server_context
            self._admin_api.base_url = self._serve("exchange_online", self._admin_api, ports.exchange_online, tls)
            self._graph.base_url = self._serve("graph", self._graph, ports.graph, tls)
            self._sign_in.base_url = self._serve("sign_in", self._sign_in, ports.sign_in, tls)
            self._serve_directory("active_directory", ports.active_directory)
            self._serve_directory("global_catalog", ports.global_catalog, catalog=True)
            self._serve("control", ControlInterface(self, self._control_token), ports.control)
        except OSError:
            self.stop()
            raise
        self._write_files()

    def stop(self) -> None:
        """Close all ports and connections, and remove the files that lead to them."""
        self.faults.wake()
        self.disturbances.wake()
        for name in (CONNECTION_FILE, ENVIRONMENT_FILE):
            (self.directory / name).unlink(missing_ok=True)
        for server in self._servers.values():
            server.stop()
        self._servers.clear()
        self._ntlm.withdraw()

    def windows_shells(self, gateway: Gateway, module: str) -> Service:
        """Return WinRM's service on the Entra Connect or the Exchange server: ``module`` is what it runs cmdlets of."""
        account = self.hybrid.exchange_server_account if module == MANAGEMENT_SHELL else None
        return WinrmShellService(gateway, module, account)

    def port(self, server: str) -> int:
        """Return the port of a server: exchange_server, exchange_online, entra_connect, graph, sign_in and so on."""
        return self._servers[server].port

    def open_sessions(self) -> dict[str, int]:
        """Return how many shells are open on each WSMan organization: none may be left behind."""
        count = {name: shells.count() for name, shells in self._shells.items()}
        count["exchange_server"] += count.pop("management_shell")
        return count

    def environment(self) -> dict[str, str]:
        """Return the environment variables that lead the collection to this laboratory. They hold its secrets."""
        ca_file = str(self._certificates.ca_file)
        account = self.hybrid.exchange_server_account
        exchange, entra = self.listeners["exchange_server"], self.listeners["entra_connect"]
        application = self.hybrid.exchange_online_application
        remote = self.hybrid.remote_credential
        return {
            "EXCHANGE_SERVER_HOST": "localhost",
            "EXCHANGE_SERVER_PORT": str(self.port("exchange_server")),
            "EXCHANGE_SERVER_USERNAME": exchange.sign_in(account)[1],
            "EXCHANGE_SERVER_PASSWORD": account.password,
            "EXCHANGE_SERVER_AUTH": exchange.sign_in(account)[0],
            "EXCHANGE_SERVER_USE_TLS": str(exchange.tls).lower(),
            "EXCHANGE_SERVER_CA_FILE": ca_file,
            "EXCHANGE_SERVER_DOMAIN_CONTROLLER": ",".join(names[0] for names in CONTROLLERS.values()),
            "EXCHANGE_ONLINE_TENANT_ID": application.tenant_id,
            "EXCHANGE_ONLINE_CLIENT_ID": application.client_id,
            "EXCHANGE_ONLINE_CLIENT_SECRET": self.client_secret,
            "EXCHANGE_ONLINE_BASE_URL": f"https://localhost:{self.port('exchange_online')}",
            "EXCHANGE_ONLINE_AUTHORITY": f"https://localhost:{self.port('sign_in')}",
            "EXCHANGE_ONLINE_CA_FILE": ca_file,
            "EXCHANGE_ONLINE_GRAPH_BASE_URL": f"https://localhost:{self.port('graph')}",
            "EXCHANGE_ONLINE_EXPERIMENTAL_REST_CREDENTIAL": "true",
            "ENTRA_CONNECT_HOST": "localhost",
            "ENTRA_CONNECT_PORT": str(self.port("entra_connect")),
            "ENTRA_CONNECT_USERNAME": entra.sign_in(account)[1],
            "ENTRA_CONNECT_PASSWORD": account.password,
            "ENTRA_CONNECT_AUTH": entra.sign_in(account)[0],
            "ENTRA_CONNECT_USE_TLS": str(entra.tls).lower(),
            "ENTRA_CONNECT_CA_FILE": ca_file,
            "ACTIVE_DIRECTORY_HOST": "localhost",
            "ACTIVE_DIRECTORY_PORT": str(self.port("active_directory")),
            "ACTIVE_DIRECTORY_GLOBAL_CATALOG_PORT": str(self.port("global_catalog")),
            "ACTIVE_DIRECTORY_USERNAME": account.username,
            "ACTIVE_DIRECTORY_PASSWORD": account.password,
            "ACTIVE_DIRECTORY_AUTH": "simple",
            "ACTIVE_DIRECTORY_CA_FILE": ca_file,
            "REMOTE_CREDENTIAL_USERNAME": remote.username,
            "REMOTE_CREDENTIAL_PASSWORD": remote.password,
        }

    def show_migration_members(self, how: str) -> None:
        """Let objects of the migration service arrive in another form that may be (``lab.wire.rest_encoding``)."""
        self._admin_api.members = how

    @property
    def certificate_path(self) -> Path:
        """The application's certificate and key, for signing in with EXCHANGE_ONLINE_CERTIFICATE_PATH instead."""
        return self._certificates.application_file

    def client_certificate(self, address: str) -> Path:
        """Return a file with certificate and key of a client, for WSMan services that take certificates."""
        return self._certificates.client_file(self.directory / "client.pem", address)

    def connection(self) -> dict[str, Any]:
        """Return what connection.json holds."""
        return {
            "environment": self.environment(),
            "certificate_path": str(self.certificate_path),
            "ports": {name: server.port for name, server in self._servers.items()},
            "control": {"url": f"http://127.0.0.1:{self.port('control')}", "token": self._control_token},
        }

    def _gateway(self, organization: str, host: CmdletHost) -> Gateway:
        return Gateway(organization, host, self.hybrid, self.log, self.faults)

    def _serve_wsman(self, organization: str, service: Service, port: int, boundary: bytes) -> None:
        account, listener = self.hybrid.exchange_server_account, self.listeners[organization]
        door = Door(listener, account, service.realm, boundary)
        endpoint = WsmanEndpoint(service, account, self._shells[organization], door)
        context = None
        if listener.tls:
            asks = listener.takes_certificates
            context = self._certificates.context_for(listener.names, listener.expired, asks)
        self._serve(organization, endpoint, port, context)

    def _serve(self, name: str, application: HttpApplication, port: int, context: ssl.SSLContext | None = None) -> str:
        disturb = self.disturbances.of(name) if name in SERVERS else None
        server = HttpServer(application, port=port, tls=context, disturb=disturb)
        self._servers[name] = server
        server.start()
        return f"https://localhost:{server.port}"

    def _serve_directory(self, name: str, port: int, *, catalog: bool = False) -> None:
        account, tls = self.hybrid.exchange_server_account, self._certificates.server_context
        lookup = functools.partial(self.hybrid.search_directory, catalog=catalog)
        server = LdapServer(account, lookup, active_directory.ROOT, tls, port=port)
        self._servers[name] = server
        server.start()

    def _write_files(self) -> None:
        content = json.dumps(self.connection(), indent=2).encode()
        write_private(self.directory / CONNECTION_FILE, content + b"\n")
        write_private(self.directory / ENVIRONMENT_FILE, export_lines(self.environment()).encode())


def export_lines(environment: dict[str, str]) -> str:
    """Return lines that a shell can source."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
