# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Interrupts a piece of work at each step after which Python looks for signals, one forked process for each step.

Those steps are the beginnings of functions and the ends of those in C. A signal that is really sent
would meet a lock that was just taken once in some thousand times.
"""

from __future__ import annotations

import _weakrefset
import faulthandler
import os
import select
import signal
import sys
import tempfile
from collections.abc import Callable
from types import FrameType
from typing import Any

_LOSE = (_weakrefset.__file__,)  # Python lets nothing out of what it calls when an object goes
PATIENCE = 20.0  # seconds in which work of milliseconds ends, however busy the machine is


class _Interrupt:
    """Raises KeyboardInterrupt in this thread when so many steps are over."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.place = ""

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        last = getattr(argument, "__name__", "") == "setprofile"
        if last or event not in ("call", "c_return") or frame.f_code.co_filename in _LOSE:
            return
        if self._left == 0:
            sys.setprofile(None)
            self.place = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno} {frame.f_code.co_name}"
            raise KeyboardInterrupt
        self._left -= 1


def at_each_step(work: Callable[[], Any], then: Callable[[], Any]) -> tuple[int, list[str]]:
    """Return how many steps the work has, and where an interrupt left something that it, or ``then``, waits for.

    ``then`` is what the process does afterwards. What else than the interrupt comes out of the work is told, too.
    """
    wrong: list[str] = []
    number = 0
    while True:
        told = _interrupted(number, work, then)
        if told == "came to its end":
            return number, wrong
        if told:
            wrong.append(told)
        number += 1


def _interrupted(number: int, work: Callable[[], Any], then: Callable[[], Any]) -> str:
    """Return what is wrong, or that the work has no such step."""
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as stacks:
        process = os.fork()
        if process == 0:
            os.close(reader)
            faulthandler.register(signal.SIGUSR1, stacks, all_threads=True)
            _be(number, work, then, writer)
        os.close(writer)
        told = b""
        while select.select([reader], [], [], PATIENCE)[0]:
            piece = os.read(reader, 4096)
            told += piece
            if not piece:
                break
        else:
            told += b" hangs:\n" + _stacks(process, stacks)
            os.kill(process, signal.SIGKILL)
        os.close(reader)
        os.waitpid(process, 0)
    return told.decode()


def _stacks(process: int, stacks: Any) -> bytes:
    os.kill(process, signal.SIGUSR1)
    select.select([], [], [], 1.0)
    stacks.seek(0)
    return bytes(stacks.read())


def _be(number: int, work: Callable[[], Any], then: Callable[[], Any], writer: int) -> None:
    """Be the process: never returns."""
    interrupt = _Interrupt(number)
    try:
        sys.setprofile(interrupt)
        try:
            work()
        finally:
            sys.setprofile(None)
        told = f"{interrupt.place}: the interrupt was lost" if interrupt.place else "came to its end"
    except KeyboardInterrupt:
        told = ""
    except BaseException as error:
        told = f"{interrupt.place}: {type(error).__name__}: {error}"
    try:
        os.write(writer, told.encode())
        if interrupt.place:
            then()
    except BaseException as error:
        os.write(writer, f"{interrupt.place}, and then: {error!r}".encode())
    finally:
        os._exit(0)
