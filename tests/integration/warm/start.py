# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts playbooks through ``server.py``; each process of pytest has its own server, from its first playbook on."""

from __future__ import annotations

import atexit
import functools
import marshal
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
LENGTH = struct.Struct("=i")
_STARTING = threading.Lock()  # tests start runs in several threads
# Of a playbook's environment, what Python reads when it starts; it is the same for all.
ENVIRONMENT = ("LANG", "PYTHONPATH", "TESTS_BYTECODE")


class Process:
    """A playbook that was started warm, with what the tests use of a ``subprocess.Popen``."""

    def __init__(self, connection: socket.socket, outputs: Sequence[Path]) -> None:
        self._connection = connection
        self._outputs = outputs
        self.pid = self._told()
        self.returncode: int | None = None

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for the end and return both outputs."""
        self._connection.settimeout(timeout)
        try:
            self.returncode = self._told()
        except TimeoutError:
            raise subprocess.TimeoutExpired("ansible-playbook", timeout or 0) from None
        self._connection.close()
        stdout, stderr = (path.read_text(encoding="utf-8") for path in self._outputs)
        return stdout, stderr

    def _told(self) -> int:
        told = self._connection.recv(LENGTH.size)
        # Nobody tells the end of a session that was killed as a whole.
        return int(LENGTH.unpack(told)[0]) if told else -signal.SIGKILL


def start(command: Sequence[str], environment: Mapping[str, str], directory: Path, outputs: Sequence[Path]) -> Process:
    """Run a script of Python in a session of its own; ``outputs`` are where its output and its errors go."""
    connection = socket.socket(socket.AF_UNIX)
    with _STARTING:
        address = _server(*(environment[name] for name in ENVIRONMENT))
    connection.connect(address)
    request = marshal.dumps((list(command), str(directory), dict(environment)))
    with open(os.devnull, "rb") as nothing, outputs[0].open("wb") as stdout, outputs[1].open("wb") as stderr:
        files = [stream.fileno() for stream in (nothing, stdout, stderr)]
        socket.send_fds(connection, [LENGTH.pack(len(request))], files)
        connection.sendall(request)
    return Process(connection, outputs)


@functools.cache
def _server(*environment: str) -> str:
    """Start the server on the first call; return its address."""
    place = os.environ["TESTS_KEPT"]
    address = str(Path(place) / f"server-{os.getpid()}")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), str(listener.fileno()), place],
            env=dict(zip(ENVIRONMENT, environment, strict=True)),
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
    atexit.register(_end, process)
    return address


def _end(process: subprocess.Popen[bytes]) -> None:
    process.communicate()


def interpreter() -> str:
    """Return the path of what stands for a module's Python in a playbook that was started warm."""
    with _STARTING:
        return _interpreter()


@functools.cache
def _interpreter() -> str:
    path = Path(os.environ["TESTS_KEPT"]) / f"python-{os.getpid()}"
    script = (HERE / "client.py").read_text(encoding="utf-8")
    path.write_text(f"#!{sys.executable} -IS\n{script}", encoding="utf-8")
    path.chmod(0o700)
    return str(path)
