# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands between a client and the server, and breaks connections: before a request arrives, or its answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path

SIZE = 65536


class Wire:
    """A Unix socket in a folder of its own that leads to another one. ``cut`` breaks the next exchange, once."""

    def __init__(self, folder: Path, server: Path, port: int) -> None:
        self.folder = folder
        self._server = server / f".s.PGSQL.{port}"
        self._cut, self._skipped = "", 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / f".s.PGSQL.{port}"))
        self._listener.listen()
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, when: str, skipped: int = 0) -> None:
        """Break the connection ``before`` a request arrives, or ``after`` it was answered; some pass before."""
        self._cut, self._skipped = when, skipped

    def _breaks(self, when: str) -> bool:
        if self._cut != when:
            return False
        if self._skipped:
            self._skipped -= 1
            return False
        self._cut = ""
        return True

    @property
    def has_cut(self) -> bool:
        return not self._cut

    def close(self) -> None:
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                self._open += [client, server]
                threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answers, args=(client, server), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(SIZE):
                if self._breaks("before"):
                    break
                server.sendall(data)
        self._end(client, server)

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(SIZE):
                if self._breaks("after"):
                    break
                client.sendall(data)
        self._end(client, server)

    def _end(self, *both: socket.socket) -> None:
        for end in both:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
