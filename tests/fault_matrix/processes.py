# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pieces of work in forked processes, some at a time, each with one word as its result.

One that does not end tells where: the stacks of its processes, of those too that it has forked, are in its word.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import math
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fault_matrix import clock

LONGEST = 900.0  # seconds of a piece, far beyond what any takes: one that hangs is wrong
BROKEN = "broken"


@dataclass
class _Forked:
    number: int
    process: int
    stacks: int
    began: float = field(default_factory=clock.seconds)
    chunks: list[bytes] = field(default_factory=list)


def play(
    work: Sequence[Callable[[], str]], at_once: int, done: Callable[[int, str], None], until: float = math.inf
) -> int:
    """Run the pieces; ``done`` gets each one's number and its word, JSON with ``broken`` where it has none.

    None is begun after ``until``, in seconds of the clock: return how many were left out.
    """
    running: dict[int, _Forked] = {}
    queue = list(enumerate(work))[::-1]
    while running or (queue and clock.seconds() < until):
        while queue and len(running) < at_once and clock.seconds() < until:
            number, piece = queue.pop()
            stacks = os.memfd_create("stacks")
            reader, process = _forked(piece, stacks)
            running[reader] = _Forked(number, process, stacks)
        ready, _writers, _errors = select.select(list(running), [], [], 1.0)
        for reader in list(running):
            word = _word(reader, running[reader], reader in ready)
            if word is not None:
                done(running.pop(reader).number, word)
    return len(queue)


def _word(reader: int, piece: _Forked, ready: bool) -> str | None:
    """Return the word of a piece that has ended, None of one that goes on."""
    if ready:
        chunk = os.read(reader, 1 << 20)
        piece.chunks.append(chunk)
        if chunk:
            return None
    elif clock.seconds() - piece.began < LONGEST:
        return None
    else:
        told = f"it did not end within {LONGEST:.0f} seconds:\n{_where(piece)}"
        os.killpg(piece.process, signal.SIGKILL)
        piece.chunks = [json.dumps({BROKEN: told}).encode()]
    os.close(reader)
    os.close(piece.stacks)
    os.waitpid(piece.process, 0)
    return b"".join(piece.chunks).decode()


def _where(piece: _Forked) -> str:
    """Return what the processes of a piece are at, each with all its threads."""
    for process in _members(piece.process):
        os.write(piece.stacks, f"process {process}\n".encode())
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGUSR1)
        clock.pause(0.3)
    return os.pread(piece.stacks, 1 << 20, 0).decode("utf-8", "replace")


def _members(group: int) -> Iterator[int]:
    """Yield the processes of a group that run this Python, oldest first: a database's are told nothing."""
    program = os.readlink("/proc/self/exe")
    for process in sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        with contextlib.suppress(OSError, ValueError):
            if os.getpgid(process) == group and os.readlink(f"/proc/{process}/exe") == program:
                yield process


def _forked(piece: Callable[[], str], stacks: int) -> tuple[int, int]:
    reader, writer = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        os.close(reader)
        try:
            os.setpgid(0, 0)
            faulthandler.register(signal.SIGUSR1, stacks)  # in what is forked from here, too
            word = piece()
        except BaseException:
            word = json.dumps({BROKEN: traceback.format_exc()})
        try:
            with open(writer, "w", encoding="utf-8") as stream:
                stream.write(word)
        finally:
            os._exit(0)
    os.close(writer)
    return reader, process
