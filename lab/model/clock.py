# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's time: a clock that can be set by hand, and the agenda of what becomes due."""

from __future__ import annotations

import datetime
import heapq
import itertools
from collections.abc import Callable
from typing import Protocol

Action = Callable[[datetime.datetime], None]


class Clock(Protocol):
    """Where every part of the model reads the time."""

    def now(self) -> datetime.datetime:
        """Return the present time, aware, in UTC."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime.datetime:
        """Return the present time, aware, in UTC."""
        return datetime.datetime.now(datetime.timezone.utc)


class ManualClock:
    """Stands still until told otherwise, so that a test can look between any two moments."""

    def __init__(self, start: datetime.datetime | None = None) -> None:
        self._now = start or datetime.datetime(2026, 11, 23, 9, 0, tzinfo=datetime.timezone.utc)

    def now(self) -> datetime.datetime:
        """Return the time that was last set."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward; what becomes due is applied by the next cmdlet or by Hybrid.advance()."""
        self._now += datetime.timedelta(seconds=seconds)


class Agenda:
    """Actions ordered by the moment when they become due; each is told its own moment, not the present."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime.datetime, int, Action]] = []
        self._order = itertools.count()

    def add(self, due: datetime.datetime, action: Action) -> None:
        """Remember an action. Two that are due at the same moment run in the order in which they were added."""
        heapq.heappush(self._heap, (due, next(self._order), action))

    def run_until(self, now: datetime.datetime) -> None:
        """Run everything that is due, including what those actions add."""
        while self._heap and self._heap[0][0] <= now:
            due, _order, action = heapq.heappop(self._heap)
            action(due)
