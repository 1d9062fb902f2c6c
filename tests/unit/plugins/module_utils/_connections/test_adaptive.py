# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A system that says that it is too much gets less from then on, and the task goes on: against real wires."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.concurrency_limit import (
    ConcurrencyLimit,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Busy
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    in_threads,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.controllers import (
    PinnedRemoteSession,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.psrp import (
    RemotePowerShellSession,
)

from lab.laboratory import Laboratory
from lab.wire.remote_powershell import Limits
from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.conftest import ScriptedHybrid
from tests.unit.plugins.module_utils.fakes import FakeOrganization, Time

WANTED, ALLOWED = 6, 2


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Laboratory]:
    """A laboratory whose Exchange server lets one account open two sessions."""
    with Laboratory(ScriptedHybrid(), tmp_path / "laboratory", limits=Limits(shells=ALLOWED)) as running:
        yield running


def connected(laboratory: Laboratory, watch: Time, **more: Any) -> Connections:
    known = laboratory.environment()
    server = {
        "host": "localhost", "port": int(known["EXCHANGE_SERVER_PORT"]), "auth": "basic", "use_tls": True,
        "username": known["EXCHANGE_SERVER_USERNAME"], "password": known["EXCHANGE_SERVER_PASSWORD"],
        "ca_file": known["EXCHANGE_SERVER_CA_FILE"], "sessions": WANTED, **more,
    }  # fmt: skip
    online = {
        "tenant_id": known["EXCHANGE_ONLINE_TENANT_ID"], "client_id": known["EXCHANGE_ONLINE_CLIENT_ID"],
        "client_secret": known["EXCHANGE_ONLINE_CLIENT_SECRET"], "base_url": known["EXCHANGE_ONLINE_BASE_URL"],
        "authority": known["EXCHANGE_ONLINE_AUTHORITY"], "ca_file": known["EXCHANGE_ONLINE_CA_FILE"],
        "concurrency": WANTED,
    }  # fmt: skip
    return Connections({"exchange_server": server, "exchange_online": online}, fakes.SYSTEMS, sleep=watch.sleep)


def ran(laboratory: Laboratory, organization: str, cmdlet: str) -> list[dict[str, Any]]:
    entries = laboratory.log.entries(organization=organization, cmdlet=cmdlet)
    return [entry for entry in entries if entry["outcome"] == "ok"]


def test_fewer_sessions_than_configured_do_the_work(crowded: Laboratory) -> None:
    watch = Time()
    with connected(crowded, watch) as connections:
        answers = in_threads(
            lambda number: connections.run("exchange_server", Cmdlet("Enable-MailUser", {"Identity": f"u{number}"})),
            range(20), WANTED,
        )  # fmt: skip
        assert connections.workers("exchange_server") < WANTED
    assert len(answers) == 20
    written = [entry["parameters"]["Identity"] for entry in ran(crowded, "exchange_server", "Enable-MailUser")]
    assert sorted(written) == sorted(f"u{number}" for number in range(20)), "each once"
    assert watch.slept == [], "other sessions are open: nobody has to wait"
    assert crowded.open_sessions()["exchange_server"] == 0


def test_bulk_reads_go_on_with_fewer_sessions(crowded: Laboratory) -> None:
    with connected(crowded, Time()) as connections:
        answers = connections.read("exchange_server", [Cmdlet("Get-User")] * 12)
    assert [type(answer) for answer in answers] == [CmdletOutput] * 12


PINNED = pytest.mark.parametrize("pinned", [{}, {"domain_controller": "dc01.contoso.com"}], ids=["any", "pinned"])


@PINNED
def test_a_refused_session_does_not_wait_to_be_let_in(crowded: Laboratory, pinned: dict[str, str]) -> None:
    with connected(crowded, Time(), **pinned) as connections, connections.session("exchange_server") as session:
        assert isinstance(session, RemotePowerShellSession | PinnedRemoteSession)
        told: list[str] = []
        session.patient, session.on_throttled = lambda: False, lambda: told.append("refused")
        inner = session._remote if isinstance(session, PinnedRemoteSession) else session
        assert (inner.patient, inner.on_throttled) == (session.patient, session.on_throttled)
        assert not inner.patient()
        inner.on_throttled()
        assert told == ["refused"]


@PINNED
def test_sessions_are_opened_ahead_and_used(scripted: Laboratory, pinned: dict[str, str]) -> None:
    received = len(scripted.log)
    with connected(scripted, Time(), **pinned) as connections:
        connections.open_ahead("exchange_server", 4)
        assert scripted.open_sessions()["exchange_server"] == 4
        connections.read("exchange_server", [Cmdlet("Get-User")] * 4)
    opened = [entry for entry in scripted.log.entries(since=received) if entry["cmdlet"] == "Set-ADServerSettings"]
    assert len(opened) == 4


def test_no_more_are_opened_ahead_than_are_allowed(crowded: Laboratory) -> None:
    watch = Time()
    with connected(crowded, watch) as connections:
        connections.open_ahead("exchange_server", WANTED)
        assert crowded.open_sessions()["exchange_server"] == ALLOWED
        answers = connections.read("exchange_server", [Cmdlet("Get-User")] * 12)
    assert [type(answer) for answer in answers] == [CmdletOutput] * 12
    assert watch.slept == []


def test_what_keeps_a_session_from_being_opened_ahead_is_told(scripted: Laboratory) -> None:
    with connected(scripted, Time(), password="wr0ng") as connections:
        with pytest.raises(ConnectionFailure) as caught:
            connections.open_ahead("exchange_server", 1)
        assert caught.value.code == "authentication_failed"
    assert scripted.open_sessions()["exchange_server"] == 0


@pytest.mark.parametrize(
    ("organization", "cmdlet"), [("exchange_server", "Set-MailUser"), ("exchange_online", "Remove-MoveRequest")]
)
def test_a_write_that_was_throttled_is_sent_again_with_fewer_workers(
    scripted: Laboratory, organization: str, cmdlet: str
) -> None:
    watch, received = Time(), len(scripted.log)
    scripted.faults.add(organization, cmdlet, "throttle", count=2, retry_after=0.5)
    with connected(scripted, watch) as connections:
        in_threads(
            lambda number: connections.run(organization, Cmdlet(cmdlet, {"Identity": f"u{number}"})), range(10), WANTED
        )
        assert 1 <= connections.workers(organization) < WANTED
    entries = [entry for entry in scripted.log.entries(since=received) if entry["cmdlet"] == cmdlet]
    assert sorted(entry["outcome"] for entry in entries) == ["ok"] * 10 + ["throttled"] * 2
    assert watch.slept == [0.5, 0.5]


@pytest.mark.parametrize(
    ("organization", "cmdlet"), [("exchange_server", "Set-MailUser"), ("exchange_online", "Remove-MoveRequest")]
)
def test_a_pause_longer_than_anybody_waits_fails_the_write_at_once(
    scripted: Laboratory, organization: str, cmdlet: str
) -> None:
    watch = Time()
    scripted.faults.add(organization, cmdlet, "throttle", count=1, retry_after=7200)
    with connected(scripted, watch) as connections:
        with pytest.raises(ConnectionFailure, match="7200 seconds, but a run waits for 900 at most") as caught:
            connections.run(organization, Cmdlet(cmdlet, {"Identity": "ann"}))
        connections.run(organization, Cmdlet(cmdlet, {"Identity": "bob"}))
    assert (caught.value.code, caught.value.answer_lost, watch.slept) == ("throttled", False, [])


def test_reads_that_wait_lower_the_number_of_workers_too(scripted: Laboratory) -> None:
    scripted.faults.add("exchange_online", "Get-Mailbox", "throttle", count=1, retry_after=0.01)
    with connected(scripted, Time()) as connections:
        connections.read("exchange_online", [Cmdlet("Get-Mailbox")] * 8)
        assert connections.workers("exchange_online") == WANTED // 2


@PINNED
def test_reads_that_a_server_makes_wait_lower_the_number_of_workers(
    scripted: Laboratory, pinned: dict[str, str]
) -> None:
    scripted.faults.add("exchange_server", "Get-User", "throttle", count=1, retry_after=0.01)
    with connected(scripted, Time(), **pinned) as connections:
        answers = connections.read("exchange_server", [Cmdlet("Get-User")] * 8)
        assert connections.workers("exchange_server") == WANTED // 2
    assert [type(answer) for answer in answers] == [CmdletOutput] * 8


def test_a_write_that_may_have_run_is_not_sent_again(scripted: Laboratory) -> None:
    watch, received = Time(), len(scripted.log)
    scripted.faults.add("exchange_online", "New-MoveRequest", "html_body", when="after", status=503)
    with connected(scripted, watch) as connections, pytest.raises(ConnectionFailure) as caught:
        connections.run("exchange_online", Cmdlet("New-MoveRequest", {"Identity": "ann"}))
    assert (caught.value.answer_lost, watch.slept) == (True, [])
    assert len([entry for entry in scripted.log.entries(since=received) if entry["kind"] == "write"]) == 1


def test_a_write_is_given_up_after_some_tries() -> None:
    def refuse(_cmdlet: Cmdlet) -> list[dict[str, Any]]:
        raise ConnectionFailure("busy", code="throttled", retryable=True)

    watch = Time()
    server = FakeOrganization("exchange_server", handlers={"Set-User": refuse}, concurrency=4)
    connections = Connections({"exchange_server": {}}, fakes.systems(server), watch.sleep)
    with connections, pytest.raises(ConnectionFailure, match="busy"):
        connections.run("exchange_server", Cmdlet("Set-User"))
    assert (len(server.calls), watch.slept) == (6, [2.0, 4.0, 8.0, 16.0, 32.0])


def test_who_was_refused_a_session_pauses_where_the_others_are_not_open_either() -> None:
    """Sessions that are kept may have lost their shells: the next one would be refused at once, and again."""
    refusals = [Busy("busy"), refused_session(), refused_session()]

    def refuse(_cmdlet: Cmdlet) -> list[dict[str, Any]]:
        if refusals:
            raise refusals.pop(0)
        return []

    watch = Time()
    server = FakeOrganization("exchange_server", handlers={"Set-User": refuse}, concurrency=4)
    with Connections({"exchange_server": {}}, fakes.systems(server), watch.sleep) as connections:
        with contextlib.ExitStack() as lent:
            for _number in range(4):
                lent.enter_context(connections.session("exchange_server"))
        connections.run("exchange_server", Cmdlet("Set-User"))
    assert watch.slept == [2.0, 4.0]


def refused_session() -> Busy:
    busy = Busy("too many sessions")
    busy.session_refused = True
    return busy


def test_a_read_that_a_session_has_given_up_is_not_begun_anew() -> None:
    def refuse(_cmdlet: Cmdlet) -> list[dict[str, Any]]:
        busy = Busy("busy")
        busy.given_up = True
        raise busy

    watch = Time()
    server = FakeOrganization("exchange_server", handlers={"Get-User": refuse}, concurrency=4)
    connections = Connections({"exchange_server": {}}, fakes.systems(server), watch.sleep)
    with connections, pytest.raises(Busy):
        connections.run("exchange_server", Cmdlet("Get-User"))
    assert (len(server.calls), watch.slept) == (1, [])


@pytest.mark.parametrize(("concurrency", "tries"), [(4, 3), (2, 2), (1, 1)])
def test_a_read_is_begun_anew_as_long_as_fewer_can_be_let_in(concurrency: int, tries: int) -> None:
    server = FakeOrganization("exchange_server", concurrency=concurrency)
    server.handlers["Get-User"] = fakes.Fails(*[Busy("busy") for _time in range(9)])
    connections = Connections({"exchange_server": {}}, fakes.systems(server), Time().sleep)
    with connections, pytest.raises(Busy):
        connections.run("exchange_server", Cmdlet("Get-User"))
    assert len(server.calls) == tries


def test_those_who_were_refused_together_lower_the_limit_once() -> None:
    gate = ConcurrencyLimit(8)
    for _thread in range(5):
        gate.lower(8)
    assert gate.limit == 4
    gate.lower(4)
    gate.allow(3)
    assert gate.limit == 2
    # A straggler went in under a limit that is long gone: it raises nothing again.
    gate.lower(8)
    assert gate.limit == 2
    gate.allow(0)
    assert gate.limit == 1


def test_reads_of_one_object_each_go_ten_to_a_request(scripted: Laboratory) -> None:
    scripted.hybrid.exchange_online.answers.clear()
    received = len(scripted.log)
    with connected(scripted, Time()) as connections:
        answers = connections.read_each(
            "exchange_online", [Cmdlet("Get-MoveRequest", {"Identity": f"u{number}"}) for number in range(25)]
        )
    asked = [entry["parameters"]["Identity"] for entry in scripted.log.entries(since=received)]
    assert sorted(asked) == sorted(f"u{number}" for number in range(25))
    assert [type(answer) for answer in answers] == [CmdletOutput] * 25
