# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP server below all wires."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from lab.wire.http_server import ConnectionDropped, HttpServer, Request, Response


def application(request: Request) -> Response:
    if request.path == "/drop":
        raise ConnectionDropped
    text = f"{request.method} {request.path} {request.query} {len(request.body)}"
    return Response(200, text.encode(), "text/plain", {"X-Seen": request.headers.get("x-sent", "")})


@pytest.fixture
def server() -> Iterator[HttpServer]:
    running = HttpServer(application)
    running.start()
    yield running
    running.stop()


def raw(server: HttpServer, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as reader:
            return reader.read()


def test_a_connection_is_kept_alive(server: HttpServer) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as client:
        sockets = set()
        for number in range(3):
            client.request("POST", f"/a%20b?n={number}", body=b"x" * number, headers={"X-Sent": "yes"})
            answer = client.getresponse()
            assert answer.read().decode() == f"POST /a b {{'n': '{number}'}} {number}"
            assert answer.getheader("X-Seen") == "yes"
            sockets.add(client.sock)
    assert len(sockets) == 1


def test_a_client_may_ask_to_close(server: HttpServer) -> None:
    answer = raw(server, b"GET /1 HTTP/1.1\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 1


def test_a_dropped_connection_has_no_answer(server: HttpServer) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as client:
        client.request("GET", "/drop")
        with pytest.raises(http.client.RemoteDisconnected):
            client.getresponse()


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(server: HttpServer, sent: bytes) -> None:
    assert raw(server, sent).startswith(b"HTTP/1.1 400 Bad Request")


def test_half_a_body_is_no_request(server: HttpServer) -> None:
    assert raw(server, b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc") == b""


def test_stopping_closes_open_connections() -> None:
    server = HttpServer(application)
    server.start()
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as client:
        client.request("GET", "/")
        client.getresponse().read()
        server.stop()
        assert client.sock.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=10)


def test_only_loopback_is_listened_on(server: HttpServer) -> None:
    assert server._listener.getsockname()[0] == "127.0.0.1"
