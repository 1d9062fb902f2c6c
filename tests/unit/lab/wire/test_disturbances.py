# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that break, and answers that another server gives."""

from __future__ import annotations

import contextlib
import http.client
import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing

import pytest

from lab.wire.disturbances import KINDS, Disturbances
from lab.wire.http_server import HttpServer, Request, Response

SERVER = "exchange_online"


class World:
    """A server that counts what it was asked."""

    def __init__(self) -> None:
        self.ran = 0
        self.disturbances = Disturbances()
        self.server = HttpServer(self._application, disturb=self.disturbances.of(SERVER))
        self.server.start()

    def _application(self, _request: Request) -> Response:
        self.ran += 1
        return Response(200, b"x" * 400, "text/plain")

    def ask(self, timeout: float = 10) -> tuple[int, bytes, http.client.HTTPMessage]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)) as client:
            client.request("GET", "/a")
            answer = client.getresponse()
            return answer.status, answer.read(), answer.headers


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.disturbances.wake()
    world.server.stop()


@pytest.mark.parametrize(("when", "ran"), [("before", 0), ("after", 1)])
def test_a_reset_is_no_orderly_end(world: World, when: str, ran: int) -> None:
    world.disturbances.add(SERVER, "*", "reset", when=when)
    with pytest.raises(ConnectionResetError):
        world.ask()
    assert world.ran == ran
    assert world.ask()[0] == 200


def test_a_truncated_answer_lacks_its_end(world: World) -> None:
    world.disturbances.add(SERVER, "*", "truncate")
    with pytest.raises(http.client.IncompleteRead):
        world.ask()
    assert world.ran == 1


@pytest.mark.parametrize(("when", "ran"), [("before", 0), ("after", 1)])
def test_a_server_that_hangs_does_not_answer(world: World, when: str, ran: int) -> None:
    world.disturbances.add(SERVER, "*", "hang", when=when)
    with pytest.raises(TimeoutError):
        world.ask(timeout=0.2)
    assert world.ran == ran


def test_a_slow_answer_is_whole(world: World) -> None:
    world.disturbances.add(SERVER, "*", "slow", seconds=0.05)
    status, body, _headers = world.ask()
    assert (status, len(body)) == (200, 400)


def test_a_closed_port_refuses_and_opens_again(world: World) -> None:
    world.disturbances.add(SERVER, "*", "refuse", seconds=3600)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        world.ask()
    with pytest.raises(ConnectionRefusedError):
        world.ask()
    world.disturbances.wake()
    while world.ran == 0:
        with contextlib.suppress(ConnectionRefusedError):
            assert world.ask()[0] == 200


@pytest.mark.parametrize(("when", "ran"), [("before", 0), ("after", 1)])
def test_a_gateway_answers_instead(world: World, when: str, ran: int) -> None:
    page = {"status": 503, "body": "xhtml", "retry_after": 7, "challenge": "Bearer"}
    world.disturbances.add(SERVER, "*", "answer", when=when, **page)
    status, body, headers = world.ask()
    assert (status, headers["Retry-After"], headers["WWW-Authenticate"]) == (503, "7", "Bearer")
    assert b"xhtml" in body
    assert headers["Content-Type"] == "application/xhtml+xml"
    assert world.ran == ran


def test_what_makes_no_sense_is_refused() -> None:
    disturbances = Disturbances()
    wrong = [
        ("nobody", "reset", {}), (SERVER, "deny", {}), (SERVER, "reset", {"seconds": 1}), (SERVER, "slow", {}),
        (SERVER, "hang", {"when": "never"}), (SERVER, "answer", {"status": 200, "body": "pdf"}),
    ]  # fmt: skip
    for server, kind, arguments in wrong:
        with pytest.raises(ValueError, match=r"server|disturbance|when|body"):
            disturbances.add(server, "*", kind, **arguments)
    assert len(KINDS) == 6


def asked(path: str, body: bytes) -> str:
    return Disturbances().label(Request("POST", path, {}, body))


def test_a_request_is_known_by_what_it_is_for() -> None:
    invoke = {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {}}}
    assert asked("/adminapi/beta/t/InvokeCommand", json.dumps(invoke).encode()) == "InvokeCommand Get-Mailbox"
    batch = {"requests": [{"id": "1", "body": invoke}, {"id": "2", "body": invoke}]}
    assert asked("/adminapi/beta/t/$batch", json.dumps(batch).encode()) == "$batch Get-Mailbox"
    graph = {"requests": [{"id": "1", "url": "/users/1"}, {"id": "2", "url": "/users/1/transitiveMemberOf"}]}
    assert asked("/v1.0/$batch", json.dumps(graph).encode()) == "$batch users transitiveMemberOf"
    assert asked("/t/oauth2/v2.0/token", b"grant_type=x") == "token"


@pytest.mark.parametrize(
    "body",
    [b"[1]", b'{"requests": [1, {"body": []}, {"body": {"CmdletInput": 7}}]}', b'{"CmdletInput": []}', b"[" * 9999],
)
def test_what_is_no_request_of_the_service_has_no_purpose(body: bytes) -> None:
    assert asked("/x/$batch", body) == "$batch"


def test_what_a_shell_is_asked_is_known_by_its_cmdlet() -> None:
    disturbances = Disturbances()

    def label(verb: str, content: str) -> str:
        action = f"http://schemas.microsoft.com/wbem/wsman/1/windows/shell/{verb}"
        body = f"<s:Envelope><a:Action mustUnderstand='true'>{action}</a:Action>{content}</s:Envelope>"
        return disturbances.label(Request("POST", "/wsman", {}, body.encode()))

    fragment = b64encode(b'\0\1<Obj><S N="Cmd">Get-User</S></Obj>').decode()
    command = f'<rsp:CommandLine CommandId="0A-1"><rsp:Arguments>{fragment}</rsp:Arguments></rsp:CommandLine>'
    assert label("Create", "") == "Create"
    assert label("Command", command) == "Command Get-User"
    assert label("Receive", '<rsp:DesiredStream CommandId="0A-1">stdout</rsp:DesiredStream>') == "Receive Get-User"
    line = b64encode(b'{"cmdlet": "Get-ADSyncScheduler", "parameters": {}}').decode()
    send = f'<rsp:Stream Name="stdin" CommandId="0B-1">{line}</rsp:Stream>'
    assert label("Send", send) == "Send Get-ADSyncScheduler"
    assert label("Signal", '<rsp:Signal CommandId="0b-1"/>') == "Signal Get-ADSyncScheduler"
