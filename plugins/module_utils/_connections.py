# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The open connections of one module run: few sessions, opened late, closed whatever happens."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._cmdlet import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    ConnectionFailure,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._organization import Organization, Session

EXCHANGE_SERVER = "exchange_server"
EXCHANGE_ONLINE = "exchange_online"
ENTRA_CONNECT = "entra_connect"

T = TypeVar("T")
R = TypeVar("R")


class Connections:
    """Sessions to the configured systems, borrowed by threads and given back.

    A transport's code, and the library behind it, is imported only when its system is used for the first time.
    """

    def __init__(
        self,
        options: Mapping[str, Mapping[str, Any]],
        make: Callable[[str, Mapping[str, Any]], Organization] | None = None,
    ) -> None:
        self._options = options
        self._make = make or _organization
        self._organizations: dict[str, Organization] = {}
        self._idle: dict[str, list[Session]] = defaultdict(list)
        self._all: list[Session] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Connections:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def has(self, kind: str) -> bool:
        return kind in self._options

    def require(self, *kinds: str) -> None:
        """Refuse, before anything is contacted, a system that was not configured, or not wholly."""
        for kind in kinds:
            if not self.has(kind):
                name = "tenant_id" if kind == EXCHANGE_ONLINE else "host"
                raise InputError(
                    kind,
                    None,
                    "is not configured",
                    f"Give {kind}.{name} or set {kind.upper()}_{name.upper()}.",
                    "not_configured",
                )
        for kind in self._options:
            self.organization(kind)

    def organization(self, kind: str) -> Organization:
        with self._lock:
            if kind not in self._organizations:
                self._organizations[kind] = self._make(kind, self._options[kind])
            return self._organizations[kind]

    @contextlib.contextmanager
    def session(self, kind: str) -> Iterator[Session]:
        """Lend a session; one that broke is closed and not lent again."""
        organization = self.organization(kind)
        with self._lock:
            session = self._idle[kind].pop() if self._idle[kind] else None
        if session is None:
            session = organization.open()
            with self._lock:
                self._all.append(session)
        try:
            yield session
        except ConnectionFailure:
            session.close()
            with self._lock:
                self._all.remove(session)
            raise
        with self._lock:
            self._idle[kind].append(session)

    def run(self, kind: str, cmdlet: Cmdlet) -> CmdletOutput:
        with self.session(kind) as session:
            return session.run(cmdlet)

    def read(self, kind: str, cmdlets: Sequence[Cmdlet]) -> list[CmdletOutput | HybridError]:
        """Run reads side by side; an answer or what went wrong for each, in their order."""

        def one(cmdlet: Cmdlet) -> CmdletOutput | HybridError:
            try:
                return self.run(kind, cmdlet)
            except HybridError as error:
                return error

        if len(cmdlets) <= 1:
            return [one(cmdlet) for cmdlet in cmdlets]
        workers = min(self.organization(kind).concurrency, len(cmdlets))
        return in_threads(one, cmdlets, workers)

    def close(self) -> None:
        with self._lock:
            sessions, self._all = self._all, []
            self._idle.clear()
        for session in sessions:
            session.close()


def in_threads(
    work: Callable[[T], R], items: Iterable[T], workers: int, stop: Callable[[R], bool] | None = None
) -> list[R]:
    """Return ``work`` of each item, in order. ``stop`` of a result starts no further item; those not begun are missing.

    On an interrupt, what has not begun is dropped and what is in flight is finished: a pool used as a context manager
    would run its whole queue first (facts ansible-behaviour.md).
    """
    queue = iter(items)
    pool = ThreadPoolExecutor(max_workers=max(1, workers))
    futures: list[Future[R]] = []
    running: set[Future[R]] = set()
    try:
        for item in queue:
            future = pool.submit(work, item)
            futures.append(future)
            running.add(future)
            if len(running) >= workers:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                if stop is not None and any(stop(future.result()) for future in done):
                    break
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _organization(kind: str, options: Mapping[str, Any]) -> Organization:
    # Imported when needed, so that no task pays for a library that it does not use; written out, because Ansible packs
    # only what it finds as an import statement.
    if kind == EXCHANGE_SERVER:
        from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._exchange_server import (
            organization as exchange_server,
        )

        return exchange_server.from_options(options)
    if kind == EXCHANGE_ONLINE:
        from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._exchange_online import (
            organization as exchange_online,
        )

        return exchange_online.from_options(options)
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._entra_connect import (
        organization as entra_connect,
    )

    return entra_connect.from_options(options)
