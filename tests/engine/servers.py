# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two servers of remote PowerShell with the same cmdlets behind them: PowerShell's own engine, and the laboratory's."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import queue
import re
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Retry, RetryPolicy
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.psrp import (
    Endpoint,
    RemotePowerShellSession,
)

from lab.answer import Answer, CmdletFailure, Collection, Enumeration, LabCredential, LabObject, LabValue, Reference
from lab.faults import Faults
from lab.hybrid import Account
from lab.log import CommandLog, SecretText
from lab.model.cmdlet_host import Implementation, Organization, Request
from lab.model.contract import SERVER, Binder
from lab.powershell.engine import EngineService
from lab.powershell.functions import Functions, session_configuration
from lab.powershell.shells import ClosingShells
from lab.wire.authentication import EXCHANGE_BOUNDARY, Door, Listener
from lab.wire.gateway import Gateway
from lab.wire.http_server import HttpServer
from lab.wire.net_text import time_span
from lab.wire.remote_powershell import Limits, RemotePowerShellService
from lab.wire.wsman import Service, ShellRegistry, WsmanEndpoint

HERE = Path(__file__).parent
ACCOUNT = Account("CONTOSO\\svc-offboarding", "Corr3ct+horse")
CMDLETS = (
    "Disable-MailUser", "Enable-MailUser", "Get-MailUser", "Get-Mailbox", "Get-User", "Set-ADServerSettings",
    "Set-MailUser", "Set-Mailbox", "Set-User",
)  # fmt: skip
NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.timezone.utc)
_MAILBOX = "Microsoft.Exchange.Data.Directory.Management.Mailbox"
_TYPE = "Microsoft.Exchange.Data.Directory.Recipient.RecipientTypeDetails"


@dataclass(frozen=True)
class Server:
    """A running server. ``shells`` counts what is open on it; PowerShell's own says in ``commands`` what was begun."""

    port: int
    shells: ShellRegistry
    commands: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)

    def session(self, **more: Any) -> RemotePowerShellSession:
        """Return the collection's own session, which tries everything once."""
        endpoint = Endpoint("localhost", self.port, False, "basic", ACCOUNT.username, ACCOUNT.password, **more)
        return RemotePowerShellSession(endpoint, Retry(RetryPolicy(attempts=1)))


@contextlib.contextmanager
def engine(program: str, folder: Path) -> Iterator[Server]:
    """Run PowerShell as the server."""
    binder, functions = Binder(SERVER), Functions(SERVER)
    for name in CMDLETS:
        facts = binder.cmdlets[name]
        known = [key for key, parameter in facts["parameters"].items() if SERVER in parameter["applicable"]]
        functions.add(name, facts, known, lambda _name: "Invoke-StandIn $PSCmdlet $PSBoundParameters")
    module = folder / "StandIns.psm1"
    own = (HERE / "stand_ins.pwsh").read_text(encoding="utf-8")
    module.write_text(f"{own}{functions.text()}", encoding="utf-8-sig")
    configuration = session_configuration(folder / "exchange.pssc", module, CMDLETS)
    shells = ClosingShells(time.monotonic)
    service = EngineService(program, configuration)
    with _served(service, shells) as port:
        try:
            yield Server(port, shells, service.commands)
        finally:
            shells.close()


@contextlib.contextmanager
def laboratory() -> Iterator[Server]:
    """Run the laboratory's own server."""
    binder = Binder(SERVER)
    host = Organization(binder, lambda: None, lambda: NOW, threading.RLock())
    for name in CMDLETS:
        host.cmdlets[name] = Implementation(_stand_in, frozenset(binder.cmdlets[name]["parameters"]))
    gateway = Gateway("exchange_server", host, _Model(), CommandLog(), Faults())
    shells = ShellRegistry(time.monotonic)
    with _served(RemotePowerShellService(gateway, Limits()), shells) as port:
        yield Server(port, shells)


@contextlib.contextmanager
def _served(service: Service, shells: ShellRegistry) -> Iterator[int]:
    listener = Listener(schemes=("Basic",), tls=False)
    door = Door(listener, ACCOUNT, service.realm, EXCHANGE_BOUNDARY)
    server = HttpServer(WsmanEndpoint(service, ACCOUNT, shells, door))
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


class _Model:
    """Time stands still."""

    @property
    def clock(self) -> _Model:
        return self

    def now(self) -> datetime.datetime:
        return NOW

    def run_scheduled_cycle(self) -> None:
        """Nothing is synchronized here."""


def _stand_in(request: Request) -> Answer:
    identity = request.get("Identity")
    if str(identity).startswith("do:"):
        return _deed(str(identity)[3:])
    left_out = {"Confirm", "Identity"}
    shown: dict[str, LabValue] = {
        name: digest(_shown(value)) for name, value in request.parameters.items() if name not in left_out
    }
    return _one({**shown, "Identity": _shown(identity)})


def digest(text: str) -> str:
    if len(text) <= 300:
        return text
    return f"{len(text)} characters, {hashlib.sha256(text.encode()).hexdigest()[:16].upper()}"


def _quoted(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass")
    points = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join([chr(point) if 32 <= point <= 126 and point != 92 else f"\\u{point:04x}" for point in points])


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, SecretText):
        return f"secret '{_quoted(str.__str__(value))}'"
    if isinstance(value, LabCredential):
        return f"credential '{_quoted(value.username)}' '{_quoted(value.password)}'"
    if isinstance(value, Mapping):
        return "{" + "; ".join(sorted(f"{key.lower()}={_shown(item)}" for key, item in value.items())) + "}"
    if isinstance(value, list):
        items = [_shown(item) for item in value]
        return items[0] if len(items) == 1 else f"[{', '.join(items)}]"
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return f"truth {value}".lower()
    if isinstance(value, datetime.datetime):
        return "moment " + value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
    if isinstance(value, datetime.timedelta):
        return f"span {time_span(value)}"
    if isinstance(value, bytes):
        return f"bytes {value.hex().upper()}"
    if isinstance(value, str):
        return f"text '{_quoted(value)}'"
    return f"{'guid' if isinstance(value, uuid.UUID) else 'number'} {value}"


def _one(properties: dict[str, LabValue], type_name: str = "System.Management.Automation.PSCustomObject") -> Answer:
    return Answer([LabObject((type_name, "System.Object"), properties)])


def _failure(message: str, *, terminating: bool = False) -> CmdletFailure:
    kind = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    return CmdletFailure(message, kind, terminating=terminating)


def _deed(name: str) -> Answer:
    answer = _OUTPUTS.get(name)
    if answer is not None:
        return answer
    if name == "terminating":
        raise _failure("The object was not found.", terminating=True)
    if name == "many":
        return Answer([LabObject(("X", "System.Object"), wide(row, properties=30)) for row in range(1, 2001)])
    if name == "slow":
        threading.Event().wait(1.5)
        return _OUTPUTS["noise"]
    # As long as a session can want.
    threading.Event().wait(30)
    return Answer()


def wide(row: int, properties: int) -> dict[str, LabValue]:
    """Return the properties of one of many objects: a third each of texts, truths and GUIDs."""
    shown: dict[str, LabValue] = {}
    for column in range(1, properties // 3 + 1):
        shown[f"Text{column}"] = f"value {column} of {row}"
        shown[f"Flag{column}"] = column % 2 == 0
        shown[f"Guid{column}"] = uuid.UUID(int=0)
    return shown


_ONE: dict[str, LabValue] = {"A": 1}
_OUTPUTS: dict[str, Answer] = {
    "error": Answer(errors=[_failure("The object was not found.")]),
    "error-between": Answer(_one(_ONE).objects, errors=[_failure("first"), _failure("second")]),
    "warnings": Answer(_one(_ONE).objects, ["Look out. \a _x0041_ ä", "Again."]),
    "noise": _one(_ONE),
    "nothing": Answer(),
    "null": _one(_ONE),
    "texts": _one({
        "Escapes": "_x0041_ _X0041_ _x005F_x0041_ _x", "Emoji": "\U0001f600ä", "Nul": "a\0b",
        "Controls": "\t\x1b\x7f\x85", "Lines": "a\r\nb\n", "Markup": "<&>]]>\"'", "Empty": "", "Spaces": "  two  ",
    }),
    "half": _one({"Text": "Ann \ud83d"}),
    "noncharacters": _one({"Text": "a\ufffeb\uffffc"}),
    "object": _one({
        "RecipientTypeDetails": Enumeration(_TYPE, "MailUser", 128),
        "Large": Enumeration(_TYPE, "RemoteUserMailbox", 2147483648),
        "EmailAddresses": Collection(
            ["SMTP:ann@contoso.com", "x500:/o=x"], "Microsoft.Exchange.Data.ProxyAddressCollection"),
        "Holds": Collection([]), "Database": Reference("DB01"), "RetainDeletedItemsFor": datetime.timedelta(days=14),
        "ExchangeGuid": uuid.UUID("99aeac02-0000-0000-0000-000000000000"),
        "WhenChangedUTC": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), "Hidden": True,
        "Nothing": None, "ItemCount": 2**40,
    }, _MAILBOX),
    "custom": _one({
        "Type": Enumeration(_TYPE, "RemoteUserMailbox", 2147483648), "List": Collection(["a", "b"]),
        "Empty": Collection([]), "Date": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        "Guid": uuid.UUID(int=0), "Flag": False, "Number": 7, "Big": 2**40, "Null": None,
    }),
    "long": _one({"Text": "ä_x0041_" * 40000}),
}  # fmt: skip
_BY_THE_SERVER = re.compile(r"^(PSComputerName|RunspaceId|PSShowComputerName)$")


def own_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties without those that WinRM's server adds, which the engine does not."""
    return {name: value for name, value in properties.items() if not _BY_THE_SERVER.match(name)}
