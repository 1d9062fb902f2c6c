# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import System
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Busy, Retry, pause
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    in_threads,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
    InputError,
)

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import Fails, FakeOrganization, connect, lost, refusal

GET = Cmdlet("Get-User")


def organization(**more: Any) -> FakeOrganization:
    return FakeOrganization("exchange_server", {"Get-User": [{"Name": "ann"}]}, **more)


def test_nothing_is_opened_before_the_first_cmdlet() -> None:
    server = organization()
    with connect(server) as connections:
        connections.require("exchange_server")
        assert server.sessions == []


def test_a_session_is_lent_again_once_it_is_back() -> None:
    server = organization()
    with connect(server) as connections:
        for _time in range(3):
            assert connections.run("exchange_server", GET).objects == [{"Name": "ann"}]
        assert len(server.sessions) == 1
        with connections.session("exchange_server") as first, connections.session("exchange_server") as second:
            assert first is not second
        assert len(server.sessions) == 2


def test_what_exchange_refuses_costs_no_session() -> None:
    server = organization(handlers={"Get-User": Fails(*(refusal() for _time in range(20)))})
    with connect(server) as connections:
        for _time in range(20):
            with pytest.raises(CmdletError):
                connections.run("exchange_server", GET)
        assert connections.run("exchange_server", GET).objects == []
    assert len(server.sessions) == 1
    assert server.sessions[0].closed


def test_a_broken_session_is_closed_and_not_lent_again() -> None:
    server = organization(handlers={"Get-User": Fails(lost())})
    with connect(server) as connections:
        with pytest.raises(ConnectionFailure):
            connections.run("exchange_server", GET)
        assert [session.closed for session in server.sessions] == [True]
        connections.run("exchange_server", GET)
        assert [session.closed for session in server.sessions] == [True, False]


def test_close_closes_all_of_them_whatever_happened() -> None:
    server, online = organization(), FakeOrganization("exchange_online", {"Get-User": []})
    connections = connect(server, online)
    connections.run("exchange_online", GET)

    def work() -> None:
        with connections, connections.session("exchange_server"):
            connections.run("exchange_server", GET)
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert [session.closed for session in (*server.sessions, *online.sessions)] == [True, True, True]


def test_organizations_are_made_once() -> None:
    made: list[str] = []

    def make(options: Any) -> FakeOrganization:
        made.append("exchange_server")
        assert options == {"host": "ex01.contoso.com"}
        return organization()

    connections = Connections({"exchange_server": {"host": "ex01.contoso.com"}}, [System("exchange_server", make)])
    connections.require("exchange_server")
    connections.run("exchange_server", GET)
    assert made == ["exchange_server"]


@pytest.mark.parametrize(
    ("system", "told"),
    [
        (
            "exchange_server",
            "exchange_server: is not configured. Specify exchange_server.host or set EXCHANGE_SERVER_HOST.",
        ),
        (
            "exchange_online",
            "exchange_online: is not configured. Specify exchange_online.tenant_id or set EXCHANGE_ONLINE_TENANT_ID.",
        ),
    ],
)
def test_a_system_that_is_not_configured_is_refused(system: str, told: str) -> None:
    connections = connect(FakeOrganization("entra_connect"))
    assert not connections.has(system)
    with pytest.raises(InputError) as caught:
        connections.require("entra_connect", system)
    assert (caught.value.code, caught.value.message) == ("not_configured", told)


def test_wrong_options_of_any_configured_system_are_told_before_anything_is_contacted() -> None:
    def refuse(_options: Any) -> FakeOrganization:
        raise InputError("exchange_online.client_id", None, "is missing", "Specify it.")

    systems = [*fakes.systems(organization()), System("exchange_online", refuse)]
    connections = Connections({"exchange_server": {}, "exchange_online": {}}, systems)
    with pytest.raises(InputError, match="client_id"):
        connections.require("exchange_server")


def test_reads_answer_in_their_order_errors_included() -> None:
    server = FakeOrganization(
        "exchange_server",
        {"Get-A": [{"Name": "a"}], "Get-C": [{"Name": "c"}]},
        {"Get-B": Fails(refusal("no"))},
        concurrency=3,
    )
    with connect(server) as connections:
        answers = connections.read("exchange_server", [Cmdlet("Get-A"), Cmdlet("Get-B"), Cmdlet("Get-C")])
    told = [answer.objects if isinstance(answer, CmdletOutput) else answer.message for answer in answers]
    assert told == [[{"Name": "a"}], "no", [{"Name": "c"}]]
    assert len(server.sessions) <= 3


def test_no_reads_open_nothing() -> None:
    server = organization()
    assert connect(server).read("exchange_server", []) == []
    assert server.sessions == []


# -- threads -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [0, 1, 3, 50])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert in_threads(lambda number: number * number, range(20), workers) == [number * number for number in range(20)]


def test_no_more_than_the_workers_are_in_flight() -> None:
    lock, now, most = threading.Lock(), 0, 0
    both = threading.Barrier(2)

    def work(_number: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        both.wait(timeout=10)
        with lock:
            now -= 1

    in_threads(work, range(10), 2)
    assert most == 2


def test_stop_begins_no_further_item() -> None:
    begun: list[int] = []

    def work(number: int) -> bool:
        begun.append(number)
        return number == 2

    assert in_threads(work, range(10), 1, stop=lambda failed: failed) == [False, False, True]
    assert begun == [0, 1, 2]


def test_what_work_raises_is_raised_after_what_is_in_flight_has_ended() -> None:
    started, ended = threading.Event(), threading.Event()

    def work(number: int) -> None:
        if number == 0:
            assert started.wait(10)
            raise LookupError
        started.set()
        ended.set()

    with pytest.raises(LookupError):
        in_threads(work, range(2), 2)
    assert ended.is_set()


def test_an_interrupt_drops_what_has_not_begun_and_ends_what_is_in_flight() -> None:
    running, finished = threading.Event(), []
    go_on = threading.Event()

    def work(number: int) -> None:
        running.set()
        assert go_on.wait(10)
        finished.append(number)

    def items() -> Iterator[int]:
        yield 0
        assert running.wait(10)
        go_on.set()
        # What Ctrl-C does to the main thread while it hands out the work.
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_threads(work, items(), 4)
    assert finished == [0]


def test_an_interrupt_ends_the_pauses_of_reads_and_no_later_one() -> None:
    asked = threading.Event()
    busy = Busy("Too many requests.", retry_after=600.0)

    def read() -> None:
        asked.set()
        raise busy

    def items() -> Iterator[int]:
        yield 0
        assert asked.wait(10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_threads(lambda _item: Retry().call(read, lambda _error: True), items(), 4)
    assert not pause(0.001)


def guarded(server: FakeOrganization) -> tuple[Connections, list[str]]:
    """Connections whose guard lets nothing be written any more, and what it was asked."""
    asked: list[str] = []

    def guard() -> None:
        asked.append("asked")
        raise HybridError("Nothing may be written any more.", code="run_ended")

    return Connections({"exchange_server": {}}, fakes.systems(server), guard=guard), asked


def test_where_the_guard_forbids_it_no_write_is_sent() -> None:
    write = Cmdlet("Set-MailUser", {"Identity": "ann"})
    server = organization(handlers={"Get-User": lambda _cmdlet: [], "Set-MailUser": lambda _cmdlet: []})
    connections, asked = guarded(server)
    with connections:
        connections.run("exchange_server", GET)
        assert asked == [], "a read changes nothing"
        for change in (None, Change("ann")):
            with pytest.raises(HybridError, match="Nothing may be written"):
                connections.run("exchange_server", write, change)
        assert (server.writes, len(asked)) == ([], 2)
        # What undoes harm is sent whoever is gone.
        connections.run("exchange_server", write, Change("ann", regardless=True))
        assert len(server.writes) == 1


def test_a_write_that_was_refused_for_load_and_may_have_run_is_not_sent_again() -> None:
    busy = Busy("The server is busy.")
    busy.answer_lost = True
    server = organization(handlers={"Set-MailUser": Fails(busy, then=lambda _cmdlet: [])}, concurrency=4)
    with connect(server) as connections, pytest.raises(ConnectionFailure) as caught:
        connections.run("exchange_server", Cmdlet("Set-MailUser", {"Identity": "ann"}))
    assert caught.value is busy
    assert len(server.writes) == 1
