# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one input may cost: seconds of this process's CPU, which no busy machine changes, and memory that stays."""

from __future__ import annotations

import contextlib
import gc
import resource
import signal
from collections.abc import Iterator
from types import FrameType

SECONDS = 2.0  # of CPU, for at most 64 KB
GROWTH = 48 * 1024 * 1024  # bytes that all inputs of a target may leave behind
PEAK = 256 * 1024 * 1024  # bytes by which they may raise the peak


class Hang(BaseException):
    """An input took longer than any input may; no code under test catches this."""


class Growth(AssertionError):
    """Inputs left more memory behind than they may."""


def _expired(_number: int, _frame: FrameType | None) -> None:
    raise Hang(f"more than {SECONDS:.0f} s of CPU time")


@contextlib.contextmanager
def timed() -> Iterator[None]:
    """Raise Hang in the block once it has used up its time."""
    before = signal.signal(signal.SIGVTALRM, _expired)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextlib.contextmanager
def of_bounded_growth() -> Iterator[None]:
    """Raise Growth where the block left memory behind, or needed a lot of it."""
    gc.collect()
    before, peak = _resident(), _peak()
    yield
    gc.collect()
    left, raised = _resident() - before, _peak() - peak
    if left > GROWTH or raised > PEAK:
        raise Growth(f"{left >> 20} MB were left behind, and the peak rose by {raised >> 20} MB")


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * resource.getpagesize()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
