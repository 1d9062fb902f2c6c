# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A long-lived process that answers one line of input with one line of output."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import LARGEST_OUTPUT, MIB
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import dialogue

PIECE = 65536
# Seconds that the process has to sign out and end by itself, and then to end on SIGTERM.
CLOSING_TIMEOUT = 10.0
LONGEST_COMPLAINT = 300


class ProcessLost(Exception):
    """No answer will come. ``sent`` is False where the whole line did not go out, so that nothing of it has run."""

    def __init__(self, message: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.timed_out = timed_out


class Process:
    """Not shared between threads. It leads a process group of its own, so that Ctrl-C does not end it in mid-answer."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
        closing_timeout: float = CLOSING_TIMEOUT,
        most: int = LARGEST_OUTPUT,
    ) -> None:
        """``most`` is how many bytes the process may print for one answer."""
        self._most = most
        self._command = command
        self._environment = environment
        self._clock = clock
        self._closing_timeout = closing_timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None
        self._printed = 0
        self._pending: list[bytes] = []

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program. Raises OSError where that is not possible."""
        # A file: a pipe that nobody reads would stop the process once it is full.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (close() closes it)
        # No shell, and neither secret nor input on the command line.
        self._process = subprocess.Popen(  # noqa: S603
            list(self._command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=dict(self._environment),
            start_new_session=True,
            bufsize=0,
        )

    def ask(self, line: bytes, timeout: float) -> dialogue.ScriptReply:
        """Send one line and return the answer within ``timeout`` seconds. Raises ProcessLost."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise ProcessLost("the process is not running", sent=False)
        deadline = self._clock() + timeout
        self._printed = 0
        rest = memoryview(line)
        os.set_blocking(process.stdin.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            selector.register(process.stdin, selectors.EVENT_WRITE)
            while True:
                ready = selector.select(max(0.0, deadline - self._clock()))
                if not ready:
                    raise ProcessLost(f"it took longer than {timeout:.0f} seconds", sent=not rest, timed_out=True)
                for key, _events in ready:
                    if key.fileobj is process.stdin:
                        written = _write(process.stdin, rest)
                        rest = rest[written or 0 :]
                        if written is None or not rest:
                            selector.unregister(process.stdin)
                        continue
                    reply = self._read(process.stdout, sent=not rest)
                    if reply is not None:
                        return reply

    def _read(self, stream: IO[bytes], *, sent: bool) -> dialogue.ScriptReply | None:
        piece = os.read(stream.fileno(), PIECE)
        if not piece:
            raise ProcessLost(f"the process ended{self._complaint()}", sent=sent)
        self._printed += len(piece)
        if self._printed > self._most:
            raise ProcessLost(f"it printed more than {self._most // MIB} MiB", sent=sent, timed_out=True)
        first, *others = piece.split(b"\n")
        self._pending.append(first)
        if not others:
            # A large answer is one line: it is put together once, not for each piece.
            return None
        lines = [b"".join(self._pending), *others[:-1]]
        self._pending = [others[-1]]
        return next((reply for reply in map(dialogue.read_reply, lines) if reply is not None), None)

    def _complaint(self) -> str:
        if self._complaints is None:
            return ""
        # However much it complained.
        self._complaints.seek(max(0, self._complaints.seek(0, os.SEEK_END) - PIECE))
        text = " ".join(self._complaints.read().decode("utf-8", "replace").split())
        return f": {text[-LONGEST_COMPLAINT:]}" if text else ""

    def close(self) -> None:
        """Let the process end: at the end of its input, else by SIGTERM, else by SIGKILL. Never raises."""
        process, self._process = self._process, None
        if process is not None:
            self._end(process)
        complaints, self._complaints = self._complaints, None
        if complaints is not None:
            complaints.close()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        process.stdin = None
        for number in (None, signal.SIGTERM, signal.SIGKILL):
            if number is not None:
                with contextlib.suppress(OSError):
                    os.killpg(process.pid, number)
            try:
                process.communicate(timeout=self._closing_timeout)
                return
            except subprocess.TimeoutExpired:
                continue


def _write(stream: IO[bytes], rest: memoryview) -> int | None:
    """Return how much of the line went out, or None where nobody reads any more: then the output's end tells why."""
    try:
        return os.write(stream.fileno(), rest[:PIECE])
    except BlockingIOError:
        return 0
    except OSError:
        return None
