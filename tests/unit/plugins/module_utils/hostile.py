# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server on loopback that answers with whatever bytes a test says, HTTP or not, and notes what it is sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain, repeat


@dataclass(frozen=True)
class Seen:
    """One request; ``number`` counts from 0 over all connections."""

    head: bytes
    body: bytes
    number: int

    @property
    def authorization(self) -> bytes:
        lines = (line.partition(b":") for line in self.head.split(b"\r\n"))
        return next((value.strip() for name, _colon, value in lines if name.lower() == b"authorization"), b"")


Answer = Callable[[Seen], Iterable[bytes]]


class HostileServer:
    """Sends the pieces that ``answer`` yields, and closes the connection after them unless ``keeps`` it open.

    Without ``http`` it takes whatever arrives at once for a request. With a ``greeting`` it speaks first, before it has
    read anything, and goes on with ``then`` without an end.
    """

    def __init__(
        self,
        answer: Answer,
        tls: ssl.SSLContext | None = None,
        *,
        keeps: bool = False,
        http: bool = True,
        greeting: bytes = b"",
        then: bytes = b"",
    ) -> None:
        self.seen: list[Seen] = []
        self.connected = 0
        self._greeting, self._then = greeting, then
        self._answer = answer
        self._tls = tls
        self._keeps = keeps
        self._http = http
        self._over = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> HostileServer:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def silence(self) -> Iterator[bytes]:
        """Say nothing more, and keep the connection."""
        self._over.wait()
        yield from ()

    def drip(self, piece: bytes, every: float = 0.02) -> Iterator[bytes]:
        """Send the same piece again and again, each in time for who waits for a next byte."""
        for again in repeat(piece):
            yield again
            if self._over.wait(every):
                return

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            self.connected += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for piece in chain([self._greeting], self.drip(self._then)) if self._greeting else ():
                client.sendall(piece)
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
                self._open.append(client)
            with client.makefile("rb") as reader:
                while (seen := self._read(reader) if self._http else self._take(reader)) is not None:
                    for piece in self._answer(seen):
                        client.sendall(piece)
                    if not self._keeps:
                        break
            client.shutdown(socket.SHUT_RDWR)
            client.close()

    def _read(self, reader: BufferedReader) -> Seen | None:
        head = b""
        while (line := reader.readline()) not in (b"\r\n", b""):
            head += line
        lines = (item.partition(b":") for item in head.lower().split(b"\r\n"))
        length = next((int(value) for name, _colon, value in lines if name == b"content-length"), 0)
        return self._note(head, reader.read(length)) if head else None

    def _take(self, reader: BufferedReader) -> Seen | None:
        data = reader.read1(65536)
        return self._note(data, b"") if data else None

    def _note(self, head: bytes, body: bytes) -> Seen:
        self.seen.append(Seen(head, body, len(self.seen)))
        return self.seen[-1]


def reply(status: int = 200, body: bytes = b"", *headers: str) -> list[bytes]:
    """Return one whole answer."""
    lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}", *headers]
    return ["\r\n".join(lines).encode() + b"\r\n\r\n" + body]
