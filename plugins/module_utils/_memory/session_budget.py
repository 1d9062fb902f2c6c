# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The sessions that Exchange allows an account, shared by all tasks with one memory, wherever they run.

Each task takes a share before it opens its first session, and gives it back at its end; with less left than it would
like, it works with that, and with nothing left it waits. A share is a lease: that of a task which was killed is free
as soon as its process is seen to be gone, or, from another machine, once it was not renewed in time.
"""

from __future__ import annotations

import datetime
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import TRIES, Kept
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes

SECONDS = 120.0  # until a share that nobody renews is free, seen from another machine
PATIENCE = 900.0  # seconds to wait for a first session: a task of a large wave takes as long
LOOK = 5.0


@dataclass(frozen=True)
class Share:
    """What one task has of the sessions."""

    id: str
    owner: Owner
    sessions: int
    until: str


class SessionBudget:
    """The share of one task in the ``limit`` sessions of an account. ``path`` is where all shares are written down.

    ``sleep`` returns true where it was cut short, because the task is to end: then nothing is waited for any more.
    """

    def __init__(
        self,
        memory: Memory,
        path: str,
        limit: int,
        processes: Processes | None = None,
        sleep: Callable[[float], bool | None] = time.sleep,
        owner: Owner | None = None,
    ) -> None:
        self._memory, self._path, self._limit, self._sleep = memory, path, limit, sleep
        self._processes = processes or Processes()
        self._owner = owner or self._processes.this()
        self._id = uuid.uuid4().hex
        self._had = 0
        self._kept: Kept | None = None
        self._lock = threading.Lock()

    def sessions(self, wanted: int) -> int:
        """Return how many sessions this task may open; the same for as long as it lives.

        HybridError where others have all of them for too long. A memory that fails divides nothing: then what is
        configured holds, and Exchange itself refuses what is too much.
        """
        with self._lock:
            if self._had:
                return self._had
            try:
                self._had = self._waited_for(wanted)
            except OSError:
                return wanted
            self._kept = Kept(self._renew, SECONDS)
            self._kept.__enter__()
            return self._had

    def give_back(self) -> None:
        """End the share."""
        with self._lock:
            if self._kept is not None:
                self._kept.__exit__()
                self._kept = None
            if self._had:
                self._had = 0
                try:
                    self._change(lambda others: others)
                except OSError:
                    return  # it ends by itself

    def _waited_for(self, wanted: int) -> int:
        waited, ends = 0.0, False
        while True:
            had = self._take(wanted)
            if had:
                return had
            if waited >= PATIENCE or ends:
                raise HybridError(
                    f"all {self._limit} sessions of the account are in use by other tasks (see "
                    f"{self._memory.describe(self._path)}).",
                    code="sessions_in_use",
                    retryable=True,
                    remedy="Run fewer jobs at the same time, or give them an account of their own.",
                )
            ends = bool(self._sleep(LOOK))
            waited += LOOK

    def _take(self, wanted: int) -> int:
        had = 0

        def with_mine(others: list[Share]) -> list[Share]:
            nonlocal had
            had = max(0, min(wanted, self._limit - sum(share.sessions for share in others)))
            return [*others, self._share(had)] if had else others

        self._change(with_mine)
        return had

    def _renew(self) -> bool:
        self._change(lambda others: [*others, self._share(self._had)])
        return True

    def _share(self, sessions: int) -> Share:
        until = self._memory.now() + datetime.timedelta(seconds=SECONDS)
        return Share(self._id, self._owner, sessions, until.isoformat())

    def _change(self, change: Callable[[list[Share]], list[Share]]) -> None:
        """Change what is written down, of what others have that still live; this task's own share is left out."""
        for _try in range(TRIES):
            found = self._memory.read(self._path)
            others = [share for share in _parsed(found.text if found else "") if self._counts(share)]
            shares = [asdict(share) for share in change(others)]
            text = documents.text_of(shares, indent=1) if shares else None
            if self._memory.swap(self._path, found.text if found else None, text):
                return
        raise OSError("others change it all the time")

    def _counts(self, share: Share) -> bool:
        if share.id == self._id:
            return False
        gone = self._processes.is_gone(share.owner)
        if gone is not None:
            return not gone
        now, until = self._memory.now(), _values.parse_time(share.until)
        return until is not None and now < until <= now + datetime.timedelta(seconds=2 * SECONDS)


def _parsed(text: str) -> list[Share]:
    """Return the shares that a document tells of; what no task has written takes nothing."""
    try:
        return [_share_of(item) for item in json.loads(text)] if text else []
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def _share_of(item: dict[str, Any]) -> Share:
    told = item["owner"]
    owner = Owner(str(told["host"]), str(told["place"]), int(told["pid"]), str(told["started"]))
    _values.parse_time(item["until"])
    return Share(str(item["id"]), owner, max(0, int(item["sessions"])), str(item["until"]))
