# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small HTTP/1.1 server on loopback: one thread per connection, keep-alive, TLS, and connections that can break."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, BinaryIO

MAXIMUM_BODY = 64 * 1024 * 1024
# A client that connects and says nothing must not keep a thread for ever.
HANDSHAKE_SECONDS = 30.0


class ConnectionDropped(Exception):
    """Raised by an application: close the connection without an answer."""


class _BadRequest(Exception):
    """What arrived is not HTTP as this server speaks it."""


# Under this key a connection remembers the certificate that its client showed, as ssl.SSLSocket.getpeercert has it.
CLIENT_CERTIFICATE = "client_certificate"


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case; ``target`` is path and query as sent.

    ``connection`` holds what the application remembers of the connection that the request came on.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        return urllib.parse.unquote(urllib.parse.urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query, keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        reason = HTTPStatus(self.status).phrase
        lines = [f"HTTP/1.1 {self.status} {reason}", f"Content-Length: {len(self.body)}"]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


Application = Callable[[Request], Response]


@dataclass(frozen=True)
class Line:
    """What a disturbance may use: the connection of the request, and what closes the port until a wait has ended."""

    connection: socket.socket
    close_port: Callable[[Callable[[], None]], None]


# Answers a request in the application's place, and may end the connection (ConnectionDropped); None: nothing to send.
Disturb = Callable[[Request, Line, Callable[[], Response]], "Response | None"]


class HttpServer:
    """Serves one application on a port of 127.0.0.1 until ``stop``."""

    def __init__(
        self,
        application: Application,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        disturb: Disturb | None = None,
    ) -> None:
        self._application = application
        self._tls = tls
        self._disturb = disturb
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._stopping = False
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name=f"lab-{self.port}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every open connection."""
        self._stopping = True
        # A connection of our own wakes accept() on every system; closing the listener alone does not.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._listener.close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _break(connection)

    def _accept(self) -> None:
        while True:
            try:
                connection, _unused = self._listener.accept()
            except OSError:
                return
            if self._stopping:
                connection.close()
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        connection = raw
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                raw.settimeout(HANDSHAKE_SECONDS)
                connection = self._tls.wrap_socket(raw, server_side=True)
            connection.settimeout(None)
            with self._lock:
                self._open.add(connection)
            memory: dict[str, Any] = {}
            if isinstance(connection, ssl.SSLSocket):
                memory[CLIENT_CERTIFICATE] = connection.getpeercert()
            with connection.makefile("rb") as reader:
                while not self._stopping and self._one(connection, reader, memory):
                    continue
        except (OSError, ConnectionDropped):
            pass  # the client went away, or a fault wants it so
        finally:
            with self._lock:
                self._open.discard(connection)
            _break(connection)

    def _one(self, connection: socket.socket, reader: BinaryIO, memory: dict[str, Any]) -> bool:
        """Answer one request; return whether the connection stays open."""
        try:
            request = _read_request(reader, memory)
        except _BadRequest as problem:
            connection.sendall(Response(400, str(problem).encode(), "text/plain").encoded())
            return False
        if request is None:
            return False
        response = self._answer(request, connection)
        if response is not None:
            connection.sendall(response.encoded())
        return request.headers.get("connection", "").lower() != "close"

    def _answer(self, request: Request, connection: socket.socket) -> Response | None:
        if self._disturb is None:
            return self._application(request)
        return self._disturb(request, Line(connection, self._close_port), lambda: self._application(request))

    def _close_port(self, wait: Callable[[], None]) -> None:
        """Close the port, and keep it: a socket that is bound and does not listen refuses as a closed port does."""
        with self._lock:
            if self._stopping:
                return
            _break(self._listener)
            self._listener = socket.socket()
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind(("127.0.0.1", self.port))
            connections = list(self._open)
        for connection in connections:
            _break(connection)
        threading.Thread(target=self._open_port, args=(wait,), daemon=True).start()

    def _open_port(self, wait: Callable[[], None]) -> None:
        wait()
        with self._lock:
            if self._stopping:
                return
            self._listener.listen(128)
        self._thread = threading.Thread(target=self._accept, name=f"lab-{self.port}", daemon=True)
        self._thread.start()


def _read_request(reader: BinaryIO, memory: dict[str, Any]) -> Request | None:
    line = reader.readline(65537)
    if not line:
        return None
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise _BadRequest("Bad Request - Invalid Request Line")
    headers: dict[str, str] = {}
    while True:
        line = reader.readline(65537)
        if line in (b"\r\n", b"\n", b""):
            break
        name, _unused, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdigit() or int(length) > MAXIMUM_BODY:
        raise _BadRequest("Bad Request - Invalid Content Length")
    body = reader.read(int(length))
    if len(body) != int(length):
        return None
    return Request(words[0], words[1], headers, body, memory)


def _break(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # shutdown first: another thread may still hold the file of this connection open.
        connection.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        connection.close()
