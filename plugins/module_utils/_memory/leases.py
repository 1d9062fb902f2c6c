# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Leases: what one run has to itself for as long as it lives, in whichever memory.

A lease is a document that says who holds it and until when. Seen from where its owner runs, it ends with the owner's
process, and not before; seen from elsewhere, it ends when it was not renewed in time, by the clock that all share. A
time that lies further ahead than any lease may reach was written by another clock, and holds nobody up.
"""

from __future__ import annotations

import datetime
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes

# Between two tasks of a run nobody renews: a site's own tasks, or a question to a person, may take as long.
SECONDS = 900.0
TRIES = 20  # swaps of others that one swap outlasts


@dataclass(frozen=True)
class Holder:
    """Who holds a lease: the run's name, its ansible-playbook; ``about`` says what of."""

    run: str
    owner: Owner
    about: Mapping[str, str] = field(default_factory=dict)

    def is_same(self, other: Holder) -> bool:
        """Tell whether another holder is the same run: the same process, or the same name where none is known."""
        if self.owner.known and other.owner.known:
            return (self.owner.place, self.owner.pid, self.owner.started) == (
                other.owner.place,
                other.owner.pid,
                other.owner.started,
            )
        return bool(self.run) and self.run == other.run


@dataclass(frozen=True)
class Lease:
    """A lease as it was read."""

    holder: Holder
    since: str
    until: str

    def as_document(self) -> dict[str, Any]:
        return {
            "run": self.holder.run,
            **asdict(self.holder.owner),
            "about": dict(self.holder.about),
            "since": self.since,
            "until": self.until,
        }

    def told(self) -> str:
        """Return who holds it, for a message."""
        owner = self.holder.owner
        process = f"process {owner.pid} on {owner.host}" if owner.pid else owner.host or "another machine"
        return f"run {self.holder.run or 'without a name'} ({process}, since {self.since})"


class Leases:
    """The leases of a memory, as the processes of this machine see them."""

    def __init__(self, memory: Memory, processes: Processes | None = None, seconds: float = SECONDS) -> None:
        self._memory = memory
        self._processes = processes or Processes()
        self.seconds = seconds

    def read(self, path: str) -> Lease | None:
        """Return the lease that is written down, whether or not it still holds anybody up."""
        found = self._memory.read(path)
        return _parsed(found.text) if found else None

    def has_died(self, lease: Lease) -> bool:
        """Tell whether it is certain that the owner's process is gone."""
        return self._processes.is_gone(lease.holder.owner) is True

    def stands(self, lease: Lease) -> bool:
        """Tell whether a lease still holds others up."""
        gone = self._processes.is_gone(lease.holder.owner)
        if gone is not None:
            return not gone
        now, until = self._memory.now(), _values.parse_time(lease.until)
        return until is not None and now < until <= now + datetime.timedelta(seconds=2 * self.seconds)

    def take(self, path: str, holder: Holder) -> Lease | None:
        """Take a lease, or renew one's own; return None, or the lease of another by which that is not to be had."""
        for _try in range(TRIES):
            found = self._memory.read(path)
            lease = _parsed(found.text) if found else None
            since = _text_of(self._memory.now())
            if lease is not None and holder.is_same(lease.holder):
                since = lease.since
            elif lease is not None and self.stands(lease):
                return lease
            if self._memory.swap(path, found.text if found else None, self._text(holder, since)):
                return None
        raise OSError("others change it all the time")

    def renew(self, path: str, holder: Holder) -> bool:
        """Renew a lease that is this holder's; False where it is another's or nobody's."""
        found = self._memory.read(path)
        lease = _parsed(found.text) if found else None
        if found is None or lease is None or not holder.is_same(lease.holder):
            return False
        return self._memory.swap(path, found.text, self._text(lease.holder, lease.since))

    def give_back(self, path: str, holder: Holder) -> bool:
        """End a lease that is this holder's; False where there was none of it."""
        found = self._memory.read(path)
        lease = _parsed(found.text) if found else None
        if found is None or lease is None or not holder.is_same(lease.holder):
            return False
        return self._memory.swap(path, found.text, None)

    def _text(self, holder: Holder, since: str) -> str:
        until = self._memory.now() + datetime.timedelta(seconds=self.seconds)
        return documents.text_of(Lease(holder, since, _text_of(until)).as_document(), indent=1)


def _text_of(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def _parsed(text: str) -> Lease | None:
    """Return what a document says, None for one that nobody of ours has written: it holds nobody up."""
    try:
        data = json.loads(text)
        _values.parse_time(data["until"])
        owner = Owner(str(data["host"]), str(data["place"]), int(data["pid"]), str(data["started"]))
        about = {str(name): str(value) for name, value in data["about"].items()}
        return Lease(Holder(str(data["run"]), owner, about), str(data["since"]), str(data["until"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


class Kept:
    """What is one's own for ``seconds`` and is renewed in the background for as long as the block lasts.

    ``again`` renews it, and returns False where it is another's. ``lost`` tells that it is, or that it could not be
    renewed for as long as it reaches: whoever held it must not write any more.
    """

    def __init__(
        self, again: Callable[[], bool], seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.lost = False
        self._again, self._seconds, self._clock = again, seconds, clock
        self._renewed = clock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Kept:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._ended.wait(self._seconds / 10):
            self.renew()

    def renew(self) -> None:
        """Renew once. A memory that fails for a moment takes nothing away yet."""
        try:
            self.lost = self.lost or not self._again()
            self._renewed = self._clock()
        except OSError:
            self.lost = self.lost or self._clock() - self._renewed >= self._seconds
