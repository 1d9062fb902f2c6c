# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that a test or a person asks for: what goes wrong, where, after how many calls, how often.

Kinds and their ``arguments`` (all optional unless said otherwise):

* ``latency``: ``seconds`` (required) from the arrival of the request until the cmdlet runs; what the lab takes to read
  the request is part of them. The only place where the lab waits.
* ``drop_before``: the connection is closed, the cmdlet does not run.
* ``drop_after``: the cmdlet runs, then the connection is closed without an answer.
* ``throttle``: ``retry_after`` (seconds, may be fractional; over REST also a text, such as a date, which is sent as it
  is). 429 over REST (None leaves Retry-After out), a quota fault over WSMan.
* ``error``: ``exception_type`` (full .NET name) and ``message`` (both required), ``category``, ``terminating``.
* ``deny``: the cmdlet is answered as one that the caller's roles do not grant. ``told`` (REST only) has the service
  say so in its own words, with a 401; a client that renews its token meets the fault twice.
* ``expire_token``: REST only; the token of this request is refused from now on. ``claims`` False leaves the
  challenge out.
* ``lost_shell``: WSMan only; the shell has vanished.
* ``sync_cycle``: a whole directory sync cycle falls right before the cmdlet, or after it with ``when="after"``.
* ``refuse_cursor``: REST only; the answer is right, and its next page is refused whatever the client sends along.
* ``html_body``, ``empty_body``: REST only; a gateway answers instead of the service, with ``status``; ``xhtml`` has it
  write an older page. The cmdlet runs only with ``when="after"`` (``empty_body`` has that as its default, since that is
  how a write looks). ``envelope`` has ``empty_body`` be JSON with no object in it, as after a write that shows none.
* ``errors_in_200``: REST only; what the cmdlet says went wrong is told inside a 200.
* ``redirect``: REST only; a 302 to port 446 of ``host`` (this service's own host unless given), as backends answer.
"""

from __future__ import annotations

import fnmatch
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ORGANIZATIONS = ("exchange_server", "exchange_online", "entra_connect", "graph")
# Of Microsoft Graph a route's name stands for the cmdlet: users, transitiveMemberOf, onPremisesSynchronization, $batch.
_GRAPH = ("throttle", "deny", "expire_token")
_REST_ONLY = ("expire_token", "html_body", "empty_body", "errors_in_200", "redirect", "refuse_cursor")
_WSMAN_ONLY = ("lost_shell",)
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "latency": ("seconds",),
    "drop_before": (),
    "drop_after": (),
    "throttle": ("retry_after",),
    "error": ("exception_type", "message", "category", "terminating"),
    "deny": ("told",),
    "expire_token": ("claims",),
    "lost_shell": (),
    "sync_cycle": ("when",),
    "html_body": ("when", "status", "xhtml"),
    "empty_body": ("when", "status", "envelope"),
    "errors_in_200": (),
    "redirect": ("host",),
    "refuse_cursor": (),
}
KINDS = tuple(_ARGUMENTS)
_REQUIRED = {"latency": ("seconds",), "error": ("exception_type", "message")}


@dataclass
class Fault:
    """One armed fault. ``cmdlet`` is a name pattern with ``*``; ``count`` None means for ever."""

    kind: str
    organization: str
    cmdlet: str = "*"
    after: int = 0
    count: int | None = 1
    arguments: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    seen: int = 0

    def due(self) -> bool:
        """Count one matching call and say whether the fault strikes."""
        position = self.seen
        self.seen += 1
        return position >= self.after and (self.count is None or position < self.after + self.count)

    @property
    def spent(self) -> bool:
        return self.count is not None and self.seen >= self.after + self.count


class Strike:
    """The faults that strike one call."""

    def __init__(self, faults: list[Fault]) -> None:
        self._faults = faults

    def get(self, kind: str) -> Mapping[str, Any] | None:
        """Return the arguments of the first fault of that kind, or None."""
        return next((fault.arguments for fault in self._faults if fault.kind == kind), None)

    def has(self, kind: str) -> bool:
        return self.get(kind) is not None

    def __bool__(self) -> bool:
        return bool(self._faults)


class Faults:
    """The armed faults of all organizations. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self._numbers = itertools.count(1)
        self._woken = threading.Event()

    def add(
        self,
        organization: str,
        cmdlet: str,
        kind: str,
        *,
        after: int = 0,
        count: int | None = 1,
        **arguments: Any,
    ) -> int:
        """Arm a fault; return its number for ``remove``. Raises ValueError for one that makes no sense."""
        self.check(organization, kind, arguments)
        if after < 0 or (count is not None and count < 1):
            raise ValueError("after must not be negative and count must be at least 1")
        with self._lock:
            fault = Fault(kind, organization, cmdlet, after, count, arguments, next(self._numbers))
            self._armed.append(fault)
        return fault.number

    def check(self, organization: str, kind: str, arguments: Mapping[str, Any]) -> None:
        """Raise ValueError for a fault that cannot happen there, or whose arguments are not its own."""
        _check(organization, kind, arguments)

    def remove(self, number: int) -> None:
        with self._lock:
            self._armed = [fault for fault in self._armed if fault.number != number]

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def armed(self) -> list[Fault]:
        with self._lock:
            return list(self._armed)

    def strike(self, organization: str, cmdlet: str) -> Strike:
        """Count this call for every fault that matches it; return those that strike."""
        if not self._armed:  # the usual case must cost nothing
            return Strike([])
        with self._lock:
            matching = [
                fault
                for fault in self._armed
                if fault.organization == organization and fnmatch.fnmatch(cmdlet.lower(), fault.cmdlet.lower())
            ]
            striking = [fault for fault in matching if fault.due()]
            self._armed = [fault for fault in self._armed if not fault.spent]
        return Strike(striking)

    def wait(self, seconds: float) -> None:
        """Wait as the fault ``latency`` asks, or until the laboratory stops."""
        self._woken.wait(max(0.0, seconds))

    def wake(self) -> None:
        """End all latency: the laboratory stops."""
        self._woken.set()


def _check(organization: str, kind: str, arguments: Mapping[str, Any]) -> None:
    if organization not in ORGANIZATIONS:
        raise ValueError(f"unknown organization {organization!r}: one of {', '.join(ORGANIZATIONS)}")
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}: one of {', '.join(KINDS)}")
    rest = organization in ("exchange_online", "graph")
    if organization == "graph" and kind not in _GRAPH:
        raise ValueError(f"the fault {kind!r} cannot happen to {organization}")
    if (kind in _REST_ONLY and not rest) or (kind in _WSMAN_ONLY and rest):
        raise ValueError(f"the fault {kind!r} cannot happen to {organization}")
    strange = sorted(set(arguments) - set(_ARGUMENTS[kind]))
    if strange:
        raise ValueError(f"the fault {kind!r} does not take {', '.join(strange)}")
    if arguments.get("when", "before") not in ("before", "after"):
        raise ValueError("when is either before or after")
    missing = [name for name in _REQUIRED.get(kind, ()) if name not in arguments]
    if missing:
        raise ValueError(f"the fault {kind!r} needs {', '.join(missing)}")
