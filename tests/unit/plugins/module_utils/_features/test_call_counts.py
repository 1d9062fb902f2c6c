# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many calls and sessions a wave costs, by the laboratory's log: the whole procedure without its wires."""

from __future__ import annotations

import datetime
import itertools
import math
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Credential,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.step import Present
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import move_progress
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.settings import (
    MoveSettings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.step import (
    Submitted,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.assess import (
    AssessOptions,
    assess,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.step import await_match
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from lab.answer import Call, LabCredential, ShellState
from lab.faults import Faults
from lab.hybrid import Hybrid, ManualClock, empty_hybrid
from lab.log import CommandLog
from lab.model.builder import HybridBuilder
from lab.model.mailbox_replication import MoveOptions, MoveRequest
from lab.wire import rest_encoding
from lab.wire.gateway import Gateway
from tests import extent
from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import Time, on_disk

SESSIONS = 4
CONTROLLER = "dc01.contoso.com"
COUNTS = [1, 49, 50, 51, 1000 if extent.WHOLE else 201]
# One filter asks for 50 mailboxes, addresses or GUIDs: a mailbox of the laboratory has three addresses, its
# LegacyExchangeDN becomes a fourth, and it has a GUID.
ADDRESSES = 4
GUIDS = 1


@dataclass
class Direct:
    """An Organization whose cmdlets reach the laboratory's model at once, and its log."""

    system: str
    gateway: Gateway
    user: str
    concurrency: int = SESSIONS
    host: str = "localhost"
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def open(self) -> DirectSession:
        return DirectSession(self, f"{self.system} {next(self.numbers)}")


class DirectSession:
    def __init__(self, organization: Direct, name: str) -> None:
        self._organization = organization
        self._name = name
        self._shell = ShellState(organization.user, view_entire_forest=True)

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        given = {name: _decoded(value) for name, value in cmdlet.parameters.items()}
        if self._organization.system == "exchange_server" and not cmdlet.forest:
            given["DomainController"] = CONTROLLER
        gateway = self._organization.gateway
        outcome = gateway.perform(gateway.admit(Call(cmdlet.name, given, self._shell), self._name))
        errors = [*outcome.answer.errors, *([outcome.failure] if outcome.failure else [])]
        if errors:
            raise CmdletError(errors[0].message, cmdlet=cmdlet.name, exception_type=errors[0].exception_type)
        return CmdletOutput([rest_encoding.encode(item, None) for item in outcome.answer.objects])

    def close(self) -> None:
        """Nothing is open."""


def _decoded(value: Any) -> Any:
    return LabCredential(value.username, value.password) if isinstance(value, Credential) else value


class Procedure:
    """The role's steps over a wave, each in Connections of its own as the role's tasks have them."""

    def __init__(self, count: int, directory: Path) -> None:
        self.directory = str(directory)
        self.clock = ManualClock()
        self.hybrid: Hybrid = empty_hybrid(self.clock)
        self.log = CommandLog()
        HybridBuilder(self.hybrid).many(count)
        self.records: list[dict[str, Any]] = [
            {"identity": f"user.{number:05d}@contoso.com"} for number in range(1, count + 1)
        ]

    def connect(self) -> Connections:
        users = {"exchange_server": "CONTOSO\\svc", "exchange_online": "application"}
        made = [
            Direct(kind, Gateway(kind, getattr(self.hybrid, kind), self.hybrid, self.log, Faults()), user)
            for kind, user in users.items()
        ]
        return Connections({kind: {} for kind in users}, fakes.systems(*made))

    def state(self) -> list[Outcome]:
        records = self._with(remote_target_database="DB01")
        return self._kept(assess(self.connect(), records, AssessOptions(on_disk(self.directory))))

    def prepare(self) -> list[Outcome]:
        records = self._with(routing_domain="contoso.mail.onmicrosoft.com")
        return self._kept(run_wave(Present(False), records, self.connect(), check=False, sleep=Time().sleep))

    def match(self) -> list[Outcome]:
        watch = Time()
        return self._kept(
            await_match(self.connect(), self.records, accept=(), wait_timeout=60, wait_sleep=5, sleep=watch.sleep,
                        clock=watch.clock)
        )

    def move(self, settings: MoveSettings | None = None) -> list[Outcome]:
        records = self._with(
            remote_host_name="mail.contoso.com", remote_target_database="DB01", target_delivery_domain="contoso.com",
            batch_name="bench", cutover="held",
        )  # fmt: skip
        remote = self.hybrid.remote_credential
        step = Submitted(False, Credential(remote.username, remote.password), settings or MoveSettings())
        return self._kept(run_wave(step, records, self.connect(), check=False, sleep=Time().sleep))

    def _with(self, **more: Any) -> list[dict[str, Any]]:
        return [{**record, **more} for record in self.records]

    def _kept(self, outcomes: list[Outcome]) -> list[Outcome]:
        assert [outcome.error.message for outcome in outcomes if outcome.error] == []
        self.records = [{**record, **outcome.enriched} for record, outcome in zip(self.records, outcomes, strict=True)]
        return outcomes

    def since(self, begin: int) -> list[dict[str, Any]]:
        return self.log.entries(since=begin)


@pytest.fixture(params=COUNTS)
def procedure(request: pytest.FixtureRequest, tmp_path: Path) -> Procedure:
    return Procedure(request.param, tmp_path)


def calls(entries: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    return Counter((entry["organization"], entry["cmdlet"]) for entry in entries)


def assert_few(entries: list[dict[str, Any]], count: int, **objects: int) -> None:
    """Each read cmdlet took at most ceil(N/50) + 2 calls, and the step few sessions."""
    for (organization, cmdlet), number in calls([entry for entry in entries if entry["kind"] == "read"]).items():
        asked = objects.get(f"{organization}_{cmdlet.replace('-', '_').lower()}", 1) * count
        assert number <= math.ceil(asked / 50) + 2, (organization, cmdlet)
    for organization in ("exchange_server", "exchange_online"):
        sessions = {entry["session"] for entry in entries if entry["organization"] == organization}
        assert len(sessions) <= min(SESSIONS, max(1, len(entries)))


def test_a_wave_costs_few_reads_and_three_writes_a_mailbox(procedure: Procedure) -> None:
    count = len(procedure.records)
    begin = 0
    per_step: list[list[dict[str, Any]]] = []
    for step in (procedure.state, procedure.prepare):
        step()
        per_step.append(procedure.since(begin))
        begin = len(procedure.log)
    procedure.hybrid.run_scheduled_cycle()
    for step in (procedure.match, procedure.move):
        step()
        per_step.append(procedure.since(begin))
        begin = len(procedure.log)
    state, prepare, match, move = per_step
    # Who holds an address is asked for each address: Get-User finds a mailbox by its identity and by its addresses.
    assert_few(state, count, exchange_server_get_user=ADDRESSES + 1, exchange_server_get_recipient=ADDRESSES + GUIDS,
               exchange_online_get_recipient=ADDRESSES)
    # What is written over is looked at once more right before, with one call for 50 mailboxes.
    assert_few(prepare, count, exchange_server_get_user=2)
    for entries in (match, move):
        assert_few(entries, count)
    assert calls(procedure.log.writes()) == {
        ("exchange_server", "Enable-MailUser"): count,
        ("exchange_server", "Set-MailUser"): count,
        ("exchange_online", "New-MoveRequest"): count,
    }
    read = [name for entries in per_step for (_organization, name) in calls(entries)]
    assert "Get-MoveRequestStatistics" not in read
    assert {name for _organization, name in calls(match)} == {"Get-Mailbox"}


def test_a_second_run_writes_nothing_and_reads_as_little(procedure: Procedure, tmp_path: Path) -> None:
    count, wave = len(procedure.records), str(tmp_path / "wave.json.moves")
    procedure.state()
    procedure.prepare()
    procedure.hybrid.run_scheduled_cycle()
    settings = MoveSettings(FileMemory(), wave)
    procedure.move(settings)
    settings.save()
    procedure.records = [{"identity": record["identity"]} for record in procedure.records]
    begin = len(procedure.log)
    states = {outcome.details["state"] for outcome in procedure.state()}
    procedure.prepare()
    procedure.move(MoveSettings(FileMemory(), wave))
    entries = procedure.since(begin)
    assert states == {"moving"}
    assert [entry["cmdlet"] for entry in entries if entry["kind"] == "write"] == []
    reads = calls(entries)
    assert ("exchange_online", "Get-MoveRequestStatistics") not in reads
    # Two tasks read both sides, and each read is at most ceil(N/50) + 2 calls.
    assert {name: number for name, number in reads.items() if number > 2 * (math.ceil(count / 50) + 2)} == {}


def test_without_known_settings_each_request_is_asked_once(tmp_path: Path) -> None:
    procedure = Procedure(25, tmp_path)
    procedure.state()
    procedure.prepare()
    procedure.hybrid.run_scheduled_cycle()
    procedure.move()
    begin = len(procedure.log)
    outcomes = procedure.move()
    assert {outcome.status for outcome in outcomes} == {"unchanged"}
    assert calls(procedure.since(begin)) == {
        ("exchange_online", "Get-MoveRequest"): 1, ("exchange_online", "Get-MoveRequestStatistics"): 25,
    }


def test_known_settings_never_hide_a_difference(tmp_path: Path) -> None:
    procedure, wave = Procedure(2, tmp_path), str(tmp_path / "wave.json.moves")
    procedure.state()
    procedure.prepare()
    procedure.hybrid.run_scheduled_cycle()
    settings = MoveSettings(FileMemory(), wave)
    procedure.move(settings)
    settings.save()
    procedure.records[0]["remote_target_database"] = "DB02"
    records = [{**procedure.records[0], "remote_target_database": "DB02", "target_delivery_domain": "contoso.com",
                "cutover": "held"}]  # fmt: skip
    begin = len(procedure.log)
    step = Submitted(False, Credential("CONTOSO\\mrs", "x"), MoveSettings(FileMemory(), wave))
    (outcome,) = run_wave(step, records, procedure.connect(), check=False)
    assert outcome.error is not None
    assert outcome.error.code == "request_differs"
    assert [entry["cmdlet"] for entry in procedure.since(begin)] == ["Get-MoveRequest", "Get-MoveRequestStatistics"]


class BatchingSession(DirectSession):
    """A session that takes several reads in one request, and counts the requests."""

    def run_many(self, cmdlets: Sequence[Cmdlet]) -> list[CmdletOutput]:
        self._organization.requests.append(len(cmdlets))
        return [self.run(cmdlet) for cmdlet in cmdlets]


@dataclass
class BatchingTenant(Direct):
    requests: list[int] = field(default_factory=list)

    def open(self) -> DirectSession:
        return BatchingSession(self, f"{self.system} {next(self.numbers)}")


@pytest.mark.parametrize(("count", "changed", "sample"), [(1000, 0, 20), (1000, 137, 20), (25, 3, 5), (1, 1, 20)])
def test_a_look_costs_one_list_and_a_request_for_ten_figures(count: int, changed: int, sample: int) -> None:
    clock = ManualClock()
    hybrid: Hybrid = empty_hybrid(clock)
    build, log = HybridBuilder(hybrid), CommandLog()
    pairs = build.many(count)
    for number, pair in enumerate(pairs):
        options = MoveOptions("mail.contoso.com", "DB01", target_delivery_domain="contoso.com", batch_name="wave-1")
        move = MoveRequest(uuid.UUID(int=number), pair.cloud, options, clock.now())
        hybrid.replication.submit(move, clock.now())
        move.phase = "copying"
    gateway = Gateway("exchange_online", hybrid.exchange_online, hybrid, log, Faults())
    tenant = BatchingTenant("exchange_online", gateway, "application")
    records = [{"identity": pair.identity, "exchange_guid": str(pair.cloud.exchange_guid)} for pair in pairs]
    memory, now = Memory(), datetime.datetime(2026, 11, 25, tzinfo=datetime.timezone.utc)

    def look() -> dict[str, Any]:
        tenant.requests.clear()
        connections = Connections({"exchange_online": {}}, fakes.systems(tenant))
        return move_progress.look(connections, records, memory, move_progress.ProgressOptions(sample=sample), now)[1]

    assert look()["counts"] == {"InProgress": count}
    for pair in pairs[:changed]:
        hybrid.replication.requests[pair.cloud.guid].suspended = True
    begin = len(log)
    assert look()["counts"].get("Suspended", 0) == changed
    due = changed + min(sample, count - changed)
    found = Counter(entry["cmdlet"] for entry in log.entries(since=begin))
    assert found == Counter({"Get-MoveRequest": 1, "Get-MoveRequestStatistics": due})
    assert len(tenant.requests) <= math.ceil((changed + sample) / 10)
