# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""How many cmdlets one system is given at once: what was configured, and less once it says that it is too much."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class ConcurrencyLimit:
    """Lets ``limit`` threads in at a time. The limit only ever falls: a task is too short to feel its way up again."""

    def __init__(self, limit: int) -> None:
        self._changed = threading.Condition()
        self._limit = max(1, limit)
        self._inside = 0

    @property
    def limit(self) -> int:
        return self._limit

    @contextlib.contextmanager
    def passed(self) -> Iterator[int]:
        """Wait for a place and hold it; yields the limit as it was on entering, for ``lower``."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self._limit)
            self._inside += 1
            limit = self._limit
        try:
            yield limit
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def lower(self, entered: int) -> None:
        """Halve the limit.

        Those who went in together are refused together: only the first of them lowers the limit that all of them
        ``entered`` under.
        """
        with self._changed:
            if self._limit == entered:
                self._limit = max(1, entered // 2)

    def allow(self, most: int) -> None:
        """Let no more in than ``most``, but always one."""
        with self._changed:
            self._limit = max(1, min(self._limit, most))
