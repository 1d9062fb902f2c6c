# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Result pages: a cursor lives for 30 minutes on one backend, which the X-AnchorMailbox header leads to."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab.wire.rest_errors import expired_cursor

MAXIMUM_PAGE = 1000
LIFETIME_SECONDS = 1800.0


@dataclass(frozen=True)
class _Cursor:
    rows: list[dict[str, Any]]
    cmdlet: str
    anchor: str
    size: int
    expires: float


@dataclass(frozen=True)
class Page:
    """Some rows, and the token of the next page where there is one."""

    rows: list[dict[str, Any]]
    token: str


class Cursors:
    """Open result sets. A token can be used again: the answer to it may have been lost."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._cursors: dict[str, _Cursor] = {}

    def first(self, rows: list[dict[str, Any]], cmdlet: str, anchor: str, size: int | None) -> Page:
        """Return the first page. Without a wanted ``size`` there is one page alone (measured: graph2otel)."""
        if size is None:
            return Page(rows, "")
        return self._page(rows, cmdlet, anchor, min(max(size, 1), MAXIMUM_PAGE))

    def next(self, token: str, cmdlet: str, anchor: str) -> Page:
        """Raises RequestError where the cursor is unknown, old, or sought on another backend."""
        now = self._monotonic()
        with self._lock:
            self._cursors = {known: cursor for known, cursor in self._cursors.items() if cursor.expires > now}
            cursor = self._cursors.get(token)
        # Without an anchor on the first request no later one ever finds the backend again.
        if cursor is None or not cursor.anchor or (cursor.anchor, cursor.cmdlet) != (anchor, cmdlet.lower()):
            raise expired_cursor()
        return self._page(cursor.rows, cursor.cmdlet, cursor.anchor, cursor.size)

    def _page(self, rows: list[dict[str, Any]], cmdlet: str, anchor: str, size: int) -> Page:
        if len(rows) <= size:
            return Page(rows, "")
        token = uuid.uuid4().hex
        with self._lock:
            self._cursors[token] = _Cursor(
                rows[size:], cmdlet.lower(), anchor, size, self._monotonic() + LIFETIME_SECONDS
            )
        return Page(rows[:size], token)
