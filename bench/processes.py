# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Child processes with a time limit, and what they cost: wall time, CPU, memory of the largest."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TAIL = 4000  # characters of a failed child's output that are shown


class Failed(Exception):
    """A child did not end well; the text says how, with the end of its output."""


@dataclass(frozen=True)
class Measured:
    """``wall`` and ``cpu`` in seconds, ``cpu`` with all waited-for descendants; ``peak`` is the resident memory, in MB,
    of the largest single process among them, as the kernel counts it."""

    wall: float
    cpu: float
    peak: float
    output: str = ""


class Process:
    """One child in its own process group."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._command = " ".join(command[:4])
        self._output = tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._begun = time.monotonic()
        self._child = subprocess.Popen(
            list(command),
            cwd=ROOT,
            env=None if environment is None else dict(environment),
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def await_line(self, line: str, seconds: float) -> None:
        """Wait until the child has printed a line. Raises Failed when it ends first, or is too slow."""
        deadline = time.monotonic() + seconds
        while f"{line}\n" not in self.output():
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{self._command} did not start:\n{self.output()[-TAIL:]}")
            time.sleep(0.05)

    def end(self, seconds: float = 60.0) -> Measured:
        """Close the child's standard input and wait for its end. Raises Failed."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        timer = threading.Timer(seconds, self.kill)
        timer.daemon = True
        timer.start()
        try:
            # Not Popen.wait: only wait4 tells what the child and its own children took.
            _pid, status, usage = os.wait4(self._child.pid, 0)
        finally:
            timer.cancel()
        wall = time.monotonic() - self._begun
        self._child.returncode = os.waitstatus_to_exitcode(status)
        output = self.output()
        if self._child.returncode:
            raise Failed(f"{self._command} ended with {self._child.returncode} after {wall:.0f} s:\n{output[-TAIL:]}")
        return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)

    def kill(self) -> None:
        """End the child and what it started, if it still runs."""
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the child if it still runs, and give back what this object holds."""
        self.kill()
        if self._child.returncode is None:
            self._child.wait()
        if self._child.stdin is not None:
            self._child.stdin.close()
        self._output.close()

    def output(self) -> str:
        """Return what the child has printed so far."""
        return os.pread(self._output.fileno(), 1 << 24, 0).decode("utf-8", "replace")


def run(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> Measured:
    """Run a child to its end; one that takes longer than ``seconds`` is killed. Raises Failed."""
    process = Process(command, environment)
    try:
        return process.end(seconds)
    finally:
        process.close()
