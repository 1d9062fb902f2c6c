# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A laboratory whose organizations know a handful of cmdlets, and real clients for it."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from lab.answer import (
    Answer,
    ByteSize,
    Call,
    CmdletFailure,
    Collection,
    Enumeration,
    LabObject,
    Reference,
)
from lab.laboratory import Laboratory

NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
GUID = uuid.UUID("2be92a50-7c1e-4d8b-9a51-0d3f6f6c1a11")


@dataclass
class TinyClock:
    time: datetime.datetime = datetime.datetime(2026, 11, 23, 21, 42, 3, tzinfo=datetime.timezone.utc)

    def now(self) -> datetime.datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += datetime.timedelta(seconds=seconds)


@dataclass
class TinyHost:
    """Runs functions; what it was asked stays in ``calls``."""

    cmdlets: dict[str, Callable[[Call], Answer]]
    calls: list[Call] = field(default_factory=list)

    def granted(self, user: str) -> list[str]:
        return list(self.cmdlets)

    def run(self, call: Call) -> Answer:
        self.calls.append(call)
        return self.cmdlets[call.cmdlet](call)


def mailbox(number: int = 0) -> LabObject:
    return LabObject(
        (
            "Microsoft.Exchange.Data.Directory.Management.Mailbox",
            "Microsoft.Exchange.Data.ConfigurableObject",
            "System.Object",
        ),
        {
            "Identity": Reference("contoso.com/Staff/Ann <Ändrews>"),
            "DisplayName": "Ann & Bob \U0001f600 _x000A_ \n",
            "Number": number,
            "LargeNumber": 2**40,
            "ExchangeGuid": GUID,
            "EmailAddresses": Collection(
                ["SMTP:ann@contoso.com", "smtp:ann@contoso.mail.onmicrosoft.com"],
                "Microsoft.Exchange.Data.ProxyAddressCollection",
            ),
            "InPlaceHolds": Collection([]),
            "RecipientTypeDetails": Enumeration(
                "Microsoft.Exchange.Data.Directory.Recipient.RecipientTypeDetails", "UserMailbox", 1
            ),
            "TotalItemSize": ByteSize(1288490188),
            "ProhibitSendQuota": ByteSize(None),
            "RetainDeletedItemsFor": datetime.timedelta(days=14),
            "OverallDuration": datetime.timedelta(hours=1, seconds=5),
            "WhenChanged": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
            "WhenChangedUTC": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
            "IsDirSynced": True,
            "ArchiveName": None,
        },
        "contoso.com/Staff/Ann",
    )


def get_mailbox(call: Call) -> Answer:
    identity = str(call.parameters.get("Identity", ""))
    if identity == "nobody":
        return Answer(errors=[not_found(identity)])
    if identity == "broken":
        raise CmdletFailure("The directory is gone.", "System.InvalidOperationException", terminating=True)
    if identity == "half":
        return Answer([mailbox()], ["Look out."], [not_found("the other half")])
    return Answer([mailbox(number) for number in range(int(call.parameters.get("Count", 1)))])


def not_found(identity: str) -> CmdletFailure:
    problem = f"object '{identity}' couldn't be found on 'dc01.contoso.com'."
    return CmdletFailure(f"The operation couldn't be performed because {problem}", NOT_FOUND)


def set_mailuser(call: Call) -> Answer:
    if "Bogus" in call.parameters:
        raise CmdletFailure(
            "A parameter cannot be found that matches parameter name 'Bogus'.",
            "System.Management.Automation.ParameterBindingException",
            category="InvalidArgument",
            terminating=True,
            error_id="NamedParameterNotFound",
        )
    return Answer(warnings=["The command completed successfully but no settings of 'ann' have been modified."])


def set_server_settings(call: Call) -> Answer:
    call.shell.view_entire_forest = bool(call.parameters.get("ViewEntireForest"))
    return Answer()


def nothing(call: Call) -> Answer:
    return Answer()


def scheduler(call: Call) -> Answer:
    return Answer(
        [
            LabObject(
                ("Microsoft.IdentityManagement.PowerShell.ObjectModel.SchedulerSettings",),
                {
                    "SyncCycleEnabled": True,
                    "AllowedSyncCycleInterval": datetime.timedelta(minutes=30),
                    "NextSyncCyclePolicyType": Enumeration("SynchronizationPolicyType", "Delta", 1),
                    "NextSyncCycleStartTimeInUTC": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
                    "RunHistoryId": GUID,
                },
            )
        ],
        ["Ünïcode."],
    )


@dataclass(frozen=True)
class Account:
    username: str
    password: str


@dataclass(frozen=True)
class Tenant:
    tenant_id: str = "11111111-2222-3333-4444-555555555555"
    client_id: str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


@dataclass
class TinyHybrid:
    """What the wires need of a hybrid organization, and nothing more. ``cycles`` counts scheduled sync cycles."""

    clock: TinyClock = field(default_factory=TinyClock)
    exchange_server_account: Account = Account("CONTOSO\\svc-mailops", "Pässw0rd:with colon")
    exchange_online_application: Tenant = field(default_factory=Tenant)
    remote_credential: Account = Account("CONTOSO\\svc-mrs", "Remote1!")
    cycles: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        both = {"Get-Mailbox": get_mailbox, "Set-MailUser": set_mailuser}
        server = {**both, "Set-ADServerSettings": set_server_settings, "New-Thing": nothing}
        online = {**both, "New-MoveRequest": nothing, "Remove-MoveRequest": nothing, "Set-Mailbox": nothing}
        self.exchange_server = TinyHost(server)
        self.exchange_online = TinyHost({**online, "Suspend-MoveRequest": nothing, "Resume-MoveRequest": nothing})
        self.entra_connect = TinyHost({"Get-ADSyncScheduler": scheduler, "Start-ADSyncSyncCycle": nothing})

    def advance(self) -> None:
        self.cycles.clear()

    def run_scheduled_cycle(self) -> None:
        self.cycles.append(len(self.exchange_server.calls))

    def snapshot(self) -> dict[str, Any]:
        return {"mailboxes": ["ann@contoso.com"]}

    def search_directory(
        self, _base: str, _attribute: str, _value: bytes, *, catalog: bool = False
    ) -> list[Mapping[str, Sequence[bytes]]]:
        return []


@dataclass
class Timepieces:
    """The seconds that sessions, cursors and tokens go by."""

    monotonic: float = 1000.0
    real: float = field(default_factory=lambda: datetime.datetime.now().timestamp())


@pytest.fixture
def timepieces() -> Timepieces:
    return Timepieces()


@pytest.fixture
def hybrid() -> TinyHybrid:
    return TinyHybrid()


@pytest.fixture
def laboratory(hybrid: TinyHybrid, timepieces: Timepieces, tmp_path: Path) -> Iterator[Laboratory]:
    with Laboratory(
        hybrid, tmp_path / "lab", monotonic=lambda: timepieces.monotonic, now=lambda: timepieces.real
    ) as running:
        yield running


@dataclass
class Invocation:
    """What one cmdlet said over PSRP."""

    objects: list[Any]
    errors: list[Any]
    warnings: list[str]
    had_errors: bool


@dataclass
class ExchangeClient:
    """pypsrp against the laboratory."""

    laboratory: Laboratory

    def wsman(self, **changes: Any) -> WSMan:
        account = self.laboratory.hybrid.exchange_server_account
        options: dict[str, Any] = {
            "server": "localhost",
            "port": self.laboratory.port("exchange_server"),
            "ssl": True,
            "path": "PowerShell",
            "auth": "basic",
            "username": account.username,
            "password": account.password,
            "cert_validation": str(self.laboratory.directory / "ca.pem"),
        }
        return WSMan(**{**options, **changes})

    def pool(self, wsman: WSMan, configuration: str = "Microsoft.Exchange", **options: Any) -> RunspacePool:
        return RunspacePool(wsman, configuration_name=configuration, **options)

    @staticmethod
    def invoke(pool: RunspacePool, cmdlet: str, **parameters: Any) -> Invocation:
        with PowerShell(pool) as powershell:
            powershell.add_cmdlet(cmdlet).add_parameters(parameters)
            objects = powershell.invoke()
            warnings = [warning.message for warning in powershell.streams.warning]
            return Invocation(list(objects), list(powershell.streams.error), warnings, powershell.had_errors)


@pytest.fixture
def exchange(laboratory: Laboratory) -> ExchangeClient:
    return ExchangeClient(laboratory)


@pytest.fixture
def pool(exchange: ExchangeClient) -> Iterator[RunspacePool]:
    with exchange.wsman() as wsman, exchange.pool(wsman) as opened:
        yield opened


@dataclass
class RestClient:
    """requests against the admin API, with a token that the laboratory issued itself."""

    laboratory: Laboratory
    session: requests.Session
    token: str = ""
    anchor: str = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@11111111-2222-3333-4444-555555555555"

    def __post_init__(self) -> None:
        self.token = self.laboratory.issuer.issue(self.laboratory.application)

    @property
    def base(self) -> str:
        return f"https://localhost:{self.laboratory.port('exchange_online')}"

    def url(self, resource: str = "InvokeCommand", version: str = "beta") -> str:
        tenant = self.laboratory.hybrid.exchange_online_application.tenant_id
        return f"{self.base}/adminapi/{version}/{tenant}/{resource}"

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> requests.Response:
        common = {"Authorization": f"Bearer {self.token}", "X-AnchorMailbox": self.anchor}
        return self.session.request(method, url, json=body, headers={**common, **headers}, timeout=30)

    def invoke(self, cmdlet: str, parameters: Any = None, *, url: str = "", **headers: str) -> requests.Response:
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": {} if parameters is None else parameters}}
        return self.send("POST", url or self.url(), body, **headers)


@pytest.fixture
def rest(laboratory: Laboratory) -> Iterator[RestClient]:
    with requests.Session() as session:
        session.trust_env = False  # REQUESTS_CA_BUNDLE would win over what the next line says
        session.verify = str(laboratory.directory / "ca.pem")
        yield RestClient(laboratory, session)
