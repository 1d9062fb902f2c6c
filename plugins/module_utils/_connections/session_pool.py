# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The open connections of one module run: few sessions, opened late, closed whatever happens."""

from __future__ import annotations

import contextlib
import functools
import math
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.concurrency_limit import (
    ConcurrencyLimit,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.crew import Crew, Job
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.first_sign_in import SignIn
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    OpensAhead,
    Organization,
    ReadsInBatches,
    Session,
    System,
    WaitsForLoad,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change, Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import (
    Busy,
    RetryPolicy,
    Tries,
    no_pauses,
    pause,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
    InputError,
)

if TYPE_CHECKING:
    from typing import TypeGuard

    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import Directory

_POLICY = RetryPolicy()
# Seconds that an interrupt waits for reads whose sessions were closed: each deletes its shell on the server.
CLOSING = 30.0
BATCH = 10  # cmdlets of one request to the cloud at the most (facts exchange-online-rest.md)

# What an interrupt has to close, wherever it falls.
_OPEN: weakref.WeakSet[Connections] = weakref.WeakSet()

T = TypeVar("T")
R = TypeVar("R")


class Connections:
    """Sessions to the configured systems, borrowed by threads and given back.

    A transport's code, and the library behind it, is imported only when its system is used for the first time.
    """

    def __init__(
        self,
        options: Mapping[str, Mapping[str, Any]],
        systems: Iterable[System],
        sleep: Callable[[float], bool | None] = pause,
        journal: Journal | None = None,
        guard: Callable[[], None] | None = None,
        share: Callable[[str, int], int] | None = None,
    ) -> None:
        """``guard`` is asked before each write, and raises HybridError where nothing may be written any more.

        ``share`` is asked before a system's first session how many of so many may be opened.
        """
        self._options = options
        self._journal = journal
        self._guard = guard
        self._share = share
        self._systems = {system.name: system for system in systems}
        self._organizations: dict[str, Organization] = {}
        self._idle: dict[str, list[Session]] = defaultdict(list)
        self._all: dict[str, list[Session]] = defaultdict(list)
        self._gates: dict[str, ConcurrencyLimit] = {}
        self._sign_ins: dict[str, SignIn] = defaultdict(SignIn)
        self._graph: Directory | None = None
        self._sleep = sleep
        self._lock = threading.Lock()
        self._closed = False
        _OPEN.add(self)

    def __enter__(self) -> Connections:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def has(self, system: str) -> bool:
        return system in self._options

    def require(self, *systems: str) -> None:
        """Refuse, before anything is contacted, a system that was not configured, or not wholly."""
        for system in systems:
            if not self.has(system):
                name = "tenant_id" if system == EXCHANGE_ONLINE else "host"
                raise InputError(
                    system,
                    None,
                    "is not configured",
                    f"Specify {system}.{name} or set {system.upper()}_{name.upper()}.",
                    "not_configured",
                )
        for system in self._options:
            self.organization(system)
        self.graph()

    def organization(self, system: str) -> Organization:
        with self._lock:
            if system not in self._organizations:
                self._organizations[system] = self._systems[system].organization(self._options[system])
            return self._organizations[system]

    def graph(self) -> Directory | None:
        """Return the tenant's Microsoft Graph where ``exchange_online.graph`` is true, else None; not for threads."""
        options = self._options.get(EXCHANGE_ONLINE, {})
        if self._graph is None and options.get("graph"):
            make = self._systems[EXCHANGE_ONLINE].directory
            self._graph = make(options) if make is not None else None
        return self._graph

    def workers(self, system: str) -> int:
        """Return how many cmdlets may be under way at once: as configured, or less where the system was overloaded."""
        return self._gate(system).limit

    def _gate(self, system: str) -> ConcurrencyLimit:
        most = self.organization(system).concurrency
        if self._share is not None and system not in self._gates:
            # Not under the lock: others may have all sessions, and have to be waited for.
            most = self._share(system, most)
        with self._lock:
            if system not in self._gates:
                self._gates[system] = ConcurrencyLimit(most)
            return self._gates[system]

    @contextlib.contextmanager
    def session(self, system: str) -> Iterator[Session]:
        """Lend a session; one that broke is closed and not lent again."""
        organization = self.organization(system)
        with self._lock:
            if self._closed:
                raise ConnectionFailure("The connections were closed.", code="connection_lost")
            if self._idle[system]:
                session = self._idle[system].pop()
            else:
                session = organization.open()
                self._all[system].append(session)
        sound = False
        try:
            yield session
            sound = True
        except ConnectionFailure:
            session.close()
            self._forget(system, session)
            raise
        except HybridError:
            # Exchange itself said no, or nothing was sent: the session is sound, and Exchange allows few of them.
            sound = True
            raise
        finally:
            if sound:
                self._give_back(system, session)

    def _give_back(self, system: str, session: Session) -> None:
        limit = self.workers(system)
        with self._lock:
            surplus = self._closed or len(self._all[system]) > limit
            if surplus:
                with contextlib.suppress(ValueError):
                    self._all[system].remove(session)
            else:
                self._idle[system].append(session)
        if surplus:
            session.close()

    def open_ahead(self, system: str, calls: int) -> None:
        """Open the sessions that so many calls at once will use, side by side, while other answers are waited for.

        One that is refused for load stays closed: the calls will do with fewer. Raises what a first read would.
        """

        def connect(session: Session) -> None:
            if _adapts(session):
                session.patient = lambda: False
            try:
                self._sign_in(session, system)
                if _opens(session):
                    session.connect()
            except ConnectionFailure as error:
                if error.code != "throttled":
                    raise

        with contextlib.ExitStack() as lent:
            sessions = [lent.enter_context(self.session(system)) for _number in range(min(calls, self.workers(system)))]
            in_threads(connect, sessions, len(sessions))

    def run(self, system: str, cmdlet: Cmdlet, change: Change | None = None) -> CmdletOutput:
        """Run one cmdlet in a session of its own; see Session.run.

        A system that refuses it for load, which proves that it did not run, is given fewer cmdlets at once from then
        on, and this one again: a write too. Every sending of a write stands in the journal, where there is one, with
        the ``change`` that it is meant to make.
        """

        tries = Tries(_POLICY, lambda: 1.0)
        while True:
            # What undoes harm is sent whoever is gone.
            if self._guard is not None and not cmdlet.is_read and not (change is not None and change.regardless):
                self._guard()
            with self._ready(system, tries, again=not cmdlet.is_read) as session, self._told(system, cmdlet, change):
                return session.run(cmdlet)

    def _told(self, system: str, cmdlet: Cmdlet, change: Change | None) -> contextlib.AbstractContextManager[object]:
        if self._journal is None or cmdlet.is_read:
            return contextlib.nullcontext()
        return self._journal.writing(system, self.organization(system).host, cmdlet, change)

    @contextlib.contextmanager
    def _ready(self, system: str, tries: Tries, *, again: bool) -> Iterator[Session]:
        """Lend a session that is signed in.

        A refusal for load is swallowed, after fewer are let in and the pause: the block is to be begun again then.
        """
        gate, lent = self._gate(system), False
        while not lent:
            seconds = 0.0
            with gate.passed() as limit:
                try:
                    with self.session(system) as session:
                        self._prepare(session, system, gate, limit)
                        self._sign_in(session, system)
                        lent = True
                        yield session
                except ConnectionFailure as error:
                    # A session retries its own reads: with nothing left to lower, the system is simply not available.
                    if error.code != "throttled" or error.answer_lost or error.given_up or (limit == 1 and not again):
                        raise
                    seconds = self._lowered(error, system, gate, limit, tries)
            if seconds:
                self._sleep(seconds)

    def _lowered(
        self, error: ConnectionFailure, system: str, gate: ConcurrencyLimit, limit: int, tries: Tries
    ) -> float:
        """Lower the number of workers after a refusal and return the seconds to wait; raise it when it goes on."""
        if isinstance(error, Busy) and error.session_refused and limit > 1:
            # The sessions that are open take over what the refused one was for.
            gate.allow(self._open(system))
            # Where there are as many as before, they are not open either: the next one would be refused at once.
            return 0.0 if gate.limit < limit else tries.pause(error)
        gate.lower(limit)
        return tries.pause(error)

    def _prepare(self, session: Session, system: str, gate: ConcurrencyLimit, limit: int) -> None:
        """Let a session tell of refusals that it waits out itself, and not wait where another session would do."""
        if _adapts(session):
            # Asked at each refusal: where others are open by then, they do the work.
            session.patient = lambda: self._open(system) <= 1
            session.on_throttled = lambda: gate.lower(limit)

    def _sign_in(self, session: Session, system: str) -> None:
        with self._lock:
            sign_in = self._sign_ins[system]
        if _opens(session):
            sign_in.first(session.connect)

    def _open(self, system: str) -> int:
        with self._lock:
            return len(self._all[system])

    def read(self, system: str, cmdlets: Sequence[Cmdlet]) -> list[CmdletOutput | HybridError]:
        """Run reads side by side; an answer or what went wrong for each, in their order."""
        return self.ask(system, [(cmdlet, _whole) for cmdlet in cmdlets])

    def ask(
        self, system: str, questions: Sequence[tuple[Cmdlet, Callable[[CmdletOutput], R]]]
    ) -> list[R | HybridError]:
        """Run reads side by side; for each what it makes of its answer, or what went wrong, in their order.

        An answer is let go as soon as it is understood: Exchange shows a hundred properties of each object, and those
        of a whole wave would take gigabytes.
        """

        def one(question: tuple[Cmdlet, Callable[[CmdletOutput], R]]) -> R | HybridError:
            cmdlet, understand = question
            try:
                return understand(self.run(system, cmdlet))
            except HybridError as error:
                return error

        return in_threads(one, questions, min(self.workers(system), len(questions)))

    def read_each(self, system: str, cmdlets: Sequence[Cmdlet]) -> list[CmdletOutput | HybridError]:
        """Run reads of one object each: ten to a request where the system takes that, and the requests side by side.

        For answers of many objects ``read`` is better: a batch has no pages.
        """
        if len(cmdlets) <= 1:
            return self.read(system, cmdlets)

        def ten(group: Sequence[Cmdlet]) -> Sequence[CmdletOutput | HybridError]:
            tries = Tries(_POLICY, lambda: 1.0)
            try:
                while True:
                    with self._ready(system, tries, again=False) as session:
                        if isinstance(session, ReadsInBatches):
                            return session.run_many(group)
                        return _one_by_one(session, group)
            except HybridError as error:
                return [error] * len(group)

        groups = [cmdlets[start : start + BATCH] for start in range(0, len(cmdlets), BATCH)]
        answers = in_threads(ten, groups, min(self.workers(system), len(groups)))
        return [answer for group in answers for answer in group]

    def _forget(self, system: str, session: Session) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._all[system].remove(session)

    def close(self) -> None:
        """Close all sessions for good, those too in which another thread waits for an answer."""
        with self._lock:
            self._closed = True
            sessions = [session for group in self._all.values() for session in group]
            self._all.clear()
            self._idle.clear()
        for session in sessions:
            session.close()
        if self._graph is not None:
            self._graph.close()


def _whole(output: CmdletOutput) -> CmdletOutput:
    return output


def _adapts(session: Session) -> TypeGuard[WaitsForLoad]:
    """Tell whether a session wants to know; asked for every cmdlet, where isinstance of a protocol is slow."""
    return hasattr(session, "on_throttled")


def _opens(session: Session) -> TypeGuard[OpensAhead]:
    return hasattr(session, "connect")


def _one_by_one(session: Session, cmdlets: Sequence[Cmdlet]) -> list[CmdletOutput | HybridError]:
    answers: list[CmdletOutput | HybridError] = []
    for cmdlet in cmdlets:
        try:
            answers.append(session.run(cmdlet))
        except CmdletError as error:
            answers.append(error)
    return answers


def side_by_side(*works: Callable[[], Any]) -> list[Any]:
    """Return what each of a few reads returns; they wait for the systems side by side. The first error is raised."""
    return in_threads(lambda work: work(), works, len(works))


def in_threads(
    work: Callable[[T], R],
    items: Iterable[T],
    workers: int,
    stop: Callable[[R], bool] | None = None,
    *,
    finish: bool = False,
) -> list[R]:
    """Return ``work`` of each item, in order. ``stop`` of a result starts no further item; those not begun are missing.

    On an interrupt, what has not begun is dropped. What is in flight is finished with ``finish``, which is for writes;
    reads end because all sessions are closed, and one that does not is left behind after ``CLOSING`` seconds.
    """
    crew: Crew[R] = Crew()
    jobs: list[Job[R]] = []
    patience = math.inf
    ending = contextlib.ExitStack()
    try:
        for item in items:
            jobs.append(crew.begin(functools.partial(work, item)))
            if crew.running >= workers:
                done = crew.some()
                if stop is not None and any(stop(job.result()) for job in done):
                    break
        while crew.running:
            crew.some()
        return [job.result() for job in jobs]
    except BaseException as error:
        if not finish and not isinstance(error, Exception):
            patience = CLOSING
            ending.enter_context(no_pauses())
            for connections in list(_OPEN):
                connections.close()
        raise
    finally:
        with ending:
            crew.end(patience)
