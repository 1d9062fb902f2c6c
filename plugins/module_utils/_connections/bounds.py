# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""How much an answer may be, and what is raised for one that is more. docs/bounds.md has the same table.

Servers, and what is in front of them, may be broken or hostile: no answer may take the memory of the host that runs
the module, or its time without an end.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _threads

MIB = 1024 * 1024
# One answer of a cloud service, decompressed. A page of 1,000 mailboxes takes about 12 MiB.
LARGEST_ANSWER = 128 * MIB
# One answer of WSMan: an envelope is 150 KiB unless the server is set to more.
LARGEST_ENVELOPE = 16 * MIB
# All that one cmdlet puts out, over as many answers as it takes.
LARGEST_OUTPUT = 512 * MIB
# The answers to one cmdlet: a real engine sends 2,000 objects in 700 of them.
MOST_RECEIVES = 200_000
# The pages of one answer.
MOST_PAGES = 10_000
# The answer to one search in Active Directory, over all its pages: for 50 users, or for whoever has one of 250 values.
LARGEST_SEARCH = 32 * MIB
# Seconds for a cmdlet from its sending to the end of its answer, where cmdlet_timeout does not say how long, and the
# most that it may say. Exchange Online's option is timeout.
LONGEST_CMDLET, LONGEST_OF_ALL = 960, 7200
# Seconds for one HTTP request beyond the time in which its answer has to begin: also for a server that sends a byte
# now and then, which no time-out of a socket notices.
TRANSFER = 120.0


class BoundExceeded(Exception):
    """An answer is more than it may be; ``problem`` completes a sentence that begins with the server."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class DeadlinePassed(BoundExceeded):
    """An answer was not complete in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"gave no complete answer within {seconds:.0f} seconds")


class AnswerTooLarge(BoundExceeded):
    """An answer is larger than ``most`` bytes."""

    def __init__(self, most: int, what: str = "answered with") -> None:
        super().__init__(f"{what} more than {most // MIB} MiB")


class SentElsewhere(BoundExceeded):
    """A server points to another place, where no credential is sent."""

    def __init__(self, place: str) -> None:
        super().__init__(f"points to {place}, where no credential is sent")


class Budget:
    """What the answers to one cmdlet may be together; ``clock`` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float], seconds: float = LONGEST_CMDLET) -> None:
        self._clock = clock
        self._seconds = seconds
        self._deadline = clock() + seconds
        self._size = 0
        self._answers = 0

    def require_time(self) -> None:
        """Raise DeadlinePassed where the cmdlet has had its time."""
        if self._clock() >= self._deadline:
            raise DeadlinePassed(self._seconds)

    def take(self, size: int) -> None:
        """Count one answer of so many bytes. Raises BoundExceeded."""
        self._size += size
        self._answers += 1
        if self._size > LARGEST_OUTPUT:
            raise AnswerTooLarge(LARGEST_OUTPUT)
        if self._answers > MOST_RECEIVES:
            raise BoundExceeded(f"sent more than {MOST_RECEIVES} answers to one cmdlet")


class _Watch:
    """One thread that ends what is not over in time. It is started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sooner: SimpleQueue[None] = SimpleQueue()
        self._waiting: dict[int, tuple[float, Callable[[], None]]] = {}
        self._passed: set[int] = set()
        self._numbers = itertools.count()
        self._wakes = 0.0
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def until(self, seconds: float, end: Callable[[], None]) -> Iterator[None]:
        """Call ``end`` where the block is not over within ``seconds``; what it then raises is DeadlinePassed."""
        moment, number = time.monotonic() + seconds, next(self._numbers)
        try:
            with self._lock:
                self._waiting[number] = (moment, end)
                if moment < self._wakes:
                    self._sooner.put(None)
            if self._thread is None or not self._thread.is_alive():
                # Two that are started at once share what there is to do.
                self._thread = _threads.start(self._run, "exchange_hybrid_deadlines")
            yield
            # A connection that was shut down looks like one that the server has closed: an answer may seem complete.
            self._require_in_time(number, seconds)
        except Exception:
            self._require_in_time(number, seconds)
            raise
        finally:
            with self._lock:
                self._waiting.pop(number, None)
                self._passed.discard(number)

    def _require_in_time(self, number: int, seconds: float) -> None:
        if number in self._passed:
            raise DeadlinePassed(seconds) from None

    def _run(self) -> None:
        while True:
            with self._lock:
                now = time.monotonic()
                over = [number for number, (moment, _end) in self._waiting.items() if moment <= now]
                ends = [self._waiting.pop(number)[1] for number in over]
                self._passed.update(over)
                self._wakes = min((moment for moment, _end in self._waiting.values()), default=now + 3600)
            for end in ends:
                with contextlib.suppress(Exception):
                    end()
            if not ends:
                with contextlib.suppress(Empty):
                    self._sooner.get(timeout=max(0.0, self._wakes - now))


_watch = _Watch()


def _anew() -> None:
    global _watch
    _watch = _Watch()


# A process that was forked has none of its parent's threads, and may have their locks.
os.register_at_fork(after_in_child=_anew)


def until(seconds: float, end: Callable[[], None]) -> contextlib.AbstractContextManager[None]:
    """Call ``end``, from another thread, where the block is not over within ``seconds``.

    ``end`` has to make the block fail, by shutting its socket down for example; that failure becomes DeadlinePassed.
    """
    return _watch.until(seconds, end)
