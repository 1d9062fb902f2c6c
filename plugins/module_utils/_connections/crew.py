# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Threads that work side by side for the main one, which a signal may interrupt at any moment: see _threads.py."""

from __future__ import annotations

import contextlib
import itertools
import math
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _threads

R = TypeVar("R")
LOOK = 0.5  # seconds after which it is looked again whether all have ended
_NUMBERS = itertools.count(1)


class Job(Generic[R]):
    """A piece of work that a thread does once, unless somebody else has claimed it before."""

    def __init__(self, work: Callable[[], R]) -> None:
        self._work = work
        self._claimed = threading.Lock()
        self._outcome: list[R] = []
        self._error: BaseException | None = None
        self.ended = False

    def claim(self) -> bool:
        """Have the job to oneself; False where it was claimed before."""
        return self._claimed.acquire(blocking=False)

    def do(self) -> None:
        try:
            self._outcome.append(self._work())
        except BaseException as error:
            self._error = error
        self.ended = True

    def result(self) -> R:
        """Return what the work has returned, or raise what it has raised."""
        if self._error is not None:
            raise self._error
        return self._outcome[0]


class Crew(Generic[R]):
    """As many threads as there is work at the same time. They die with the process, whatever they wait for."""

    def __init__(self) -> None:
        self.name = f"crew-{next(_NUMBERS)}"
        self._to_do: SimpleQueue[Job[R] | None] = SimpleQueue()
        self._ended: SimpleQueue[Job[R]] = SimpleQueue()
        self._jobs: list[Job[R]] = []
        self._threads: list[threading.Thread] = []
        self.running = 0

    def begin(self, work: Callable[[], R]) -> Job[R]:
        job = Job(work)
        self._jobs.append(job)
        self.running += 1
        if self.running > len(self._threads):
            self._threads.append(_threads.start(self._work, f"{self.name}_{len(self._threads)}"))
        self._to_do.put(job)
        return job

    def some(self) -> list[Job[R]]:
        """Wait until a job has ended, and return all that have since the last time."""
        ended = [self._ended.get()]
        with contextlib.suppress(Empty):
            while True:
                ended.append(self._ended.get_nowait())
        self.running -= len(ended)
        return ended

    def end(self, patience: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin no further job, and wait for those that have begun, for so many seconds."""
        begun = [job for job in self._jobs if not job.claim()]
        self._to_do.put(None)
        limit = clock() + patience
        while not all(job.ended for job in begun):
            if clock() >= limit:
                return
            with contextlib.suppress(Empty):
                self._ended.get(timeout=LOOK)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._to_do.get()) is not None:
            if job.claim():
                job.do()
                self._ended.put(job)
            del job
        # For the next one: there may be a thread that an interrupted start left out of the list.
        self._to_do.put(None)
