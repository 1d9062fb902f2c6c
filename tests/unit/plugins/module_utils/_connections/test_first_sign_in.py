# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wrong password counts once against the account, however many sessions want to open at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import Session, System
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_server

from lab.certificates import create_certificates
from lab.wire.http_server import HttpServer, Request, Response

SESSIONS = 6
READS = [Cmdlet("Get-MailUser", {"Identity": f"user.{number}"}) for number in range(3 * SESSIONS)]


@dataclass
class Door:
    """An organization whose sessions open by ``connect``, which is noted, as is how many of them wait at once."""

    connect: Callable[[int], None]
    opened: int = 0
    inside: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    system: str = "exchange_server"
    host: str = "ex01.contoso.com"
    concurrency: int = SESSIONS

    def open(self) -> Session:
        return _Session(self)

    def enter(self) -> None:
        with self.lock:
            self.opened += 1
            self.inside += 1
            number, self.most = self.opened, max(self.most, self.inside)
        try:
            self.connect(number)
        finally:
            with self.lock:
                self.inside -= 1


class _Session:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._open = False

    def connect(self) -> None:
        if not self._open:
            self._door.enter()
            self._open = True

    def run(self, _cmdlet: Cmdlet) -> CmdletOutput:
        self.connect()
        return CmdletOutput()

    def close(self) -> None:
        self._open = False


@contextmanager
def connections_to(door: Door) -> Iterator[Connections]:
    with Connections({"exchange_server": {}}, [System("exchange_server", lambda _options: door)]) as connections:
        yield connections


def refused(code: str, **more: Any) -> ConnectionFailure:
    return ConnectionFailure("The server said no.", code=code, **more)


def test_the_others_wait_until_the_first_session_is_in() -> None:
    first_is_in = threading.Event()
    others = threading.Barrier(SESSIONS - 1)

    def connect(number: int) -> None:
        if number == 1:
            assert door.most == 1
            first_is_in.set()
        else:
            assert first_is_in.is_set()
            others.wait(10)  # all of the others open at the same time

    door = Door(connect)
    with connections_to(door) as connections:
        connections.open_ahead("exchange_server", SESSIONS)
        connections.read("exchange_server", READS)
    assert (door.opened, door.most) == (SESSIONS, SESSIONS - 1)


@pytest.mark.parametrize("code", ["authentication_failed", "wrong_password", "password_expired"])
def test_a_refused_sign_in_is_everybodys(code: str) -> None:
    def connect(_number: int) -> None:
        raise refused(code)

    door = Door(connect)
    with connections_to(door) as connections:
        answers = connections.read("exchange_server", READS)
        with pytest.raises(ConnectionFailure):
            connections.open_ahead("exchange_server", SESSIONS)
    assert {answer.code for answer in answers if isinstance(answer, HybridError)} == {code}
    assert (len(answers), door.opened) == (len(READS), 1)


@pytest.mark.parametrize("error", [refused("unreachable"), refused("authentication_failed", retryable=True)])
def test_any_other_failure_keeps_nobody_back(error: ConnectionFailure) -> None:
    def connect(number: int) -> None:
        if number == 1:
            raise error

    door = Door(connect)
    with connections_to(door) as connections:
        answers = connections.read("exchange_server", READS)
    assert sum(isinstance(answer, HybridError) for answer in answers) == 1
    assert door.opened > 1


@pytest.mark.parametrize("transport", ["psrp", "winrm"])
def test_a_wrong_password_reaches_the_server_once(tmp_path: Path, transport: str) -> None:
    seen: list[str] = []

    def refuse(request: Request) -> Response:
        seen.append(request.headers.get("authorization", ""))
        return Response(401, headers={"WWW-Authenticate": 'Basic realm="ex01"'})

    certificates = create_certificates(tmp_path)
    server = HttpServer(refuse, tls=certificates.server_context)
    server.start()
    options = {
        "host": "localhost", "port": server.port, "auth": "basic", "username": "svc@contoso.com", "password": "wr0ng",
        "ca_file": str(certificates.ca_file), "sessions": SESSIONS, "transport": transport,
    }
    try:
        with Connections({"exchange_server": options}, [exchange_server.SYSTEM]) as connections:
            answers = connections.read("exchange_server", READS)
    finally:
        server.stop()
    assert {answer.code for answer in answers if isinstance(answer, HybridError)} == {"authentication_failed"}
    assert sum(bool(authorization) for authorization in seen) == 1
