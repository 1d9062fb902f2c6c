# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's model behind the collection's Connections, in this process: no wire, and time passes by sleeping alone.

A ``Trouble`` spoils one of the writes, whichever of the three systems it goes to.
"""

from __future__ import annotations

import datetime
import functools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlet_table import taking_confirm
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Credential,
    Properties,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import System
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import Terminated
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph.client import (
    Answer as GraphAnswer,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph.directory import GraphDirectory

from lab.answer import (
    Answer,
    ByteSize,
    Call,
    CmdletFailure,
    CmdletHost,
    Collection,
    Dictionary,
    Enumeration,
    LabCredential,
    LabValue,
    Reference,
    ShellState,
)
from lab.certificates import create_certificates
from lab.faults import Faults
from lab.hybrid import Hybrid, ManualClock, empty_hybrid
from lab.log import CommandLog
from lab.model import active_directory
from lab.wire.graph_api import GraphApi
from lab.wire.http_server import Request, Response
from lab.wire.ldap import LdapServer
from lab.wire.tokens import GRAPH, Application, TokenIssuer
from tests.unit.plugins.module_utils import fakes

SYSTEMS = ("exchange_server", "exchange_online", "entra_connect")
TRANSIENT = "ADTransientException"
REFUSED = "ProxyAddressExistsException"


class Killed(BaseException):
    """The process is no more: nothing of the run happens after it."""


@dataclass
class Trouble:
    """What goes wrong: ``what`` is one of the words below, at the write ``number`` (from 0), or at
    each that ``cmdlet`` names, ``count`` times, of the object ``identity`` alone where one is given.

    ``failed`` is refused by Exchange for good, ``transient`` for the moment; ``lost`` has run and is not answered;
    ``unheard`` has not run and is not answered either; ``doubled`` arrives twice; ``killed`` has run, and the run dies;
    ``stopped`` has run, and SIGTERM arrives.
    """

    what: str = ""
    number: int = -1
    cmdlet: str = ""
    count: int = 1
    identity: str = ""
    seen: int = 0

    def strikes(self, cmdlet: Cmdlet) -> bool:
        """Count a write, and tell whether this one is spoilt."""
        place, self.seen = self.seen, self.seen + 1
        if not self.what or self.count <= 0 or (self.cmdlet and cmdlet.name != self.cmdlet):
            return False
        if self.identity and str(cmdlet.parameters.get("Identity")) != self.identity:
            return False
        if not self.cmdlet and place != self.number:
            return False
        self.count -= 1
        return True


@dataclass
class InProcess:
    """A whole hybrid organization, every cmdlet that was sent to it, and every write that reached it."""

    hybrid: Hybrid = field(default_factory=lambda: empty_hybrid(ManualClock(), speed=1000.0))
    trouble: Trouble = field(default_factory=Trouble)
    calls: list[tuple[str, Cmdlet]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    dead: bool = False
    graph: bool = False
    # What befalls the next answers to reads, by cmdlet: ``stale`` ones list nothing, and ``lost`` ones do not come.
    reads: dict[str, list[str]] = field(default_factory=dict)

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        clock = self.hybrid.clock
        assert isinstance(clock, ManualClock)
        clock.advance(seconds)

    def clock(self) -> float:
        return self.hybrid.clock.now().timestamp()

    def connect(self, *names: str, journal: Journal | None = None) -> Connections:
        """Return the collection's connections to these systems, or to all three."""
        organizations = [_Organization(self, name, getattr(self.hybrid, name)) for name in names or SYSTEMS]
        given: dict[str, dict[str, Any]] = {made.system: {} for made in organizations}
        if self.graph and "exchange_online" in given:
            given["exchange_online"] = {"graph": True}
        systems = [System(made.system, lambda _o, made=made: made, self._directory) for made in organizations]
        return Connections(given, systems, self.sleep, journal)

    def _directory(self, _options: Mapping[str, Any]) -> GraphDirectory:
        return GraphDirectory(_Graph(self.hybrid))  # type: ignore[arg-type]

    def write(self, cmdlet: Cmdlet, send: Callable[[], CmdletOutput]) -> CmdletOutput:
        """Send a write, spoilt where it is its turn."""
        what = self.trouble.what if self.trouble.strikes(cmdlet) else ""
        if what in ("failed", "transient"):
            name = TRANSIENT if what == "transient" else REFUSED
            raise CmdletError("The lab refuses this write.", cmdlet=cmdlet.name, exception_type=name)
        if what == "unheard":
            raise fakes.lost()
        self.writes.append(cmdlet.name)
        self.touched.append(str(cmdlet.parameters.get("Identity", "")).lower())
        output = send()
        if what == "doubled":
            self.writes.append(cmdlet.name)
            output = send()
        if what == "lost":
            raise fakes.lost()
        if what == "stopped":
            raise Terminated
        if what == "killed":
            self.dead = True
            raise Killed
        return output


class _Graph:
    """The lab's Microsoft Graph, as GraphDirectory asks it: a batch at a time, every page of each answer."""

    def __init__(self, hybrid: Hybrid) -> None:
        issuer = TokenIssuer(hybrid.exchange_online_application.tenant_id, time.time)
        application = Application(hybrid.exchange_online_application.client_id, [])
        issuer.register(application)
        self._token = issuer.issue(application, audience=GRAPH)
        self._api = GraphApi(hybrid, issuer, Faults(), CommandLog())
        self._api.base_url = "https://graph"

    def get(self, paths: Sequence[str]) -> list[GraphAnswer]:
        return [self._answer(self._send("GET", f"/v1.0{path}")) for path in paths]

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, response: Response) -> GraphAnswer:
        document = json.loads(response.body)
        if response.status != 200:
            return GraphAnswer(response.status, message=str(document["error"]["message"]))
        rows = list(document["value"]) if "value" in document else [document]
        link = document.get("@odata.nextLink")
        if link:
            rows += self._answer(self._send("GET", str(link).removeprefix(self._api.base_url))).rows
        return GraphAnswer(response.status, tuple(rows))

    def _send(self, method: str, target: str) -> Response:
        return self._api(Request(method, target, {"authorization": f"Bearer {self._token}"}, b""))


class DomainController:
    """The lab's LDAPS port on loopback, in front of whichever organization is at hand."""

    def __init__(self, directory: Path) -> None:
        self.hybrid = empty_hybrid(ManualClock())
        certificates = create_certificates(directory)
        account = self.hybrid.exchange_server_account
        self._servers = [
            LdapServer(account, search, active_directory.ROOT, certificates.server_context)
            for search in (self.search, functools.partial(self.search, catalog=True))
        ]
        for server in self._servers:
            server.start()
        self.options = {
            "host": "localhost", "port": self._servers[0].port, "auth": "simple", "username": account.username,
            "global_catalog_port": self._servers[1].port,
            "password": account.password, "ca_file": str(certificates.ca_file),
        }  # fmt: skip

    def search(
        self, base: str, attribute: str, value: bytes, *, catalog: bool = False
    ) -> list[Mapping[str, Sequence[bytes]]]:
        return self.hybrid.search_directory(base, attribute, value, catalog=catalog)

    def stop(self) -> None:
        for server in self._servers:
            server.stop()


@dataclass
class _Organization:
    in_process: InProcess
    system: str
    model: CmdletHost
    concurrency: int = 1
    host: str = "host.contoso.com"

    def open(self) -> _Session:
        return _Session(self)


class _Session:
    def __init__(self, organization: _Organization) -> None:
        self._organization = organization
        user = organization.in_process.hybrid.exchange_server_account.username
        self._shell = ShellState(user, view_entire_forest=True)

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        system = self._organization.in_process
        if system.dead:
            raise Killed
        system.calls.append((self._organization.system, cmdlet))
        if cmdlet.is_read:
            return self._read(cmdlet, system.reads.get(cmdlet.name, []))
        return system.write(cmdlet, lambda: self._send(cmdlet))

    def close(self) -> None:
        """Nothing is open."""

    def _read(self, cmdlet: Cmdlet, befalls: list[str]) -> CmdletOutput:
        what = befalls.pop(0) if befalls else ""
        if what == "lost":
            raise fakes.lost()
        return CmdletOutput() if what == "stale" else self._send(cmdlet)

    def _send(self, cmdlet: Cmdlet) -> CmdletOutput:
        given = {name: _given(value) for name, value in cmdlet.parameters.items()}
        if cmdlet.name in taking_confirm(self._organization.system):
            given["Confirm"] = False
        try:
            answer: Answer = self._organization.model.run(Call(cmdlet.name, given, self._shell))
        except CmdletFailure as failure:
            answer = Answer(errors=[failure])
        for failure in answer.errors:
            name = failure.exception_type.rpartition(".")[2]
            raise CmdletError(failure.message, cmdlet=cmdlet.name, exception_type=name)
        return CmdletOutput([_properties(item.properties) for item in answer.objects], list(answer.warnings))


def _given(value: Any) -> Any:
    if isinstance(value, Credential):
        return LabCredential(value.username, value.password)
    return list(value) if isinstance(value, tuple) else value


def _properties(properties: dict[str, LabValue]) -> Properties:
    return {name: _plain(value) for name, value in properties.items()}


def _plain(value: LabValue) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Enumeration):
        return value.name
    if isinstance(value, Reference):
        return value.text
    if isinstance(value, Collection):
        return list(value.items)
    if isinstance(value, Dictionary):
        return dict(value.entries)
    if isinstance(value, ByteSize):
        return "Unlimited" if value.size is None else f"{value.size} B ({value.size:,} bytes)"
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime.datetime) else str(value)
