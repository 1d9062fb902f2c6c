# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domain controllers: two for each domain, and what each of them has not heard of yet.

There is one true state, where every write ends up. A controller that a write has not reached answers with the object as
it was before that write, until the lag has passed; attributes replicate one by one, so a write at such a controller
adds to the true state and to what it shows itself. Uniqueness is judged by the true state, which is stricter than a
real forest (lab/CONFORMANCE.md).
"""

from __future__ import annotations

import copy
import datetime
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lab.model.directory import CONTROLLERS, DirectoryObject
from lab.model.recipients import Store

# Seconds at speed 1. Active Directory tells a partner of the same site after 15 seconds.
LAG = 15.0


def domain_of(controller: str) -> str:
    """Return the domain whose objects a controller holds; KeyError for one that does not exist."""
    return {name: domain for domain, names in CONTROLLERS.items() for name in names}[controller.lower()]


@dataclass
class _Past:
    """How an object looked before a write that becomes known at ``due``."""

    due: datetime.datetime
    state: DirectoryObject


@dataclass
class Replication:
    """Which controller is behind with which object. ``lag`` is in seconds; 0 makes all controllers equal."""

    store: Store[DirectoryObject]
    lag: float = LAG
    _behind: dict[tuple[str, uuid.UUID], list[_Past]] = field(default_factory=dict)

    def change(self, item: DirectoryObject, controller: str, now: datetime.datetime, **changes: Any) -> bool:
        """Write at one controller; ``item`` may be what that controller shows. Returns whether anything changed."""
        true = self.store.get(item.guid)
        before = copy.copy(true)
        written = self.store.change(true, now, **changes)
        for past in self._behind.get((controller, item.guid), []):
            for name, value in {**changes, "when_changed": now}.items():
                setattr(past.state, name, value)
        if written and self.lag:
            due = now + datetime.timedelta(seconds=self.lag)
            for other in CONTROLLERS[true.domain]:
                if other != controller:
                    self._behind.setdefault((other, item.guid), []).append(_Past(due, copy.copy(before)))
        return written

    def seen_at(self, controllers: Iterable[str], now: datetime.datetime) -> Store[DirectoryObject] | View:
        """Return the objects as these controllers, one of each domain, show them now."""
        chosen = set(controllers)
        for key, pasts in list(self._behind.items()):
            self._behind[key] = [past for past in pasts if past.due > now]
            if not self._behind[key]:
                del self._behind[key]
        old = {guid: pasts[0].state for (name, guid), pasts in self._behind.items() if name in chosen}
        return View(self.store, old) if old else self.store

    def knows(self, controller: str, item: DirectoryObject, now: datetime.datetime) -> bool:
        """Tell whether every write to an object has reached a controller."""
        return all(past.due <= now for past in self._behind.get((controller, item.guid), []))


class View:
    """The forest's objects with some of them as they were. Reads only; the same as a Store's."""

    def __init__(self, store: Store[DirectoryObject], old: dict[uuid.UUID, DirectoryObject]) -> None:
        self._store = store
        self._old = old

    def __iter__(self) -> Iterator[DirectoryObject]:
        return (self._old.get(item.guid, item) for item in self._store)

    def find(self, kinds: Iterable[str], value: str) -> list[DirectoryObject]:
        """Return the objects that one of these kinds of key leads to, each once."""
        names = list(kinds)
        wanted = {(name, value.lower()) for name in names}
        found = [item for item in self._store.find(names, value) if item.guid not in self._old]
        return found + [item for item in self._old.values() if item.keys() & wanted]
