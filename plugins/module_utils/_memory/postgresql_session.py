# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""One session with the database, and what holds it together when the network, the server or a signal does not.

All statements go through one thread of their own. A signal then interrupts the caller, never a statement halfway, and a
server that hangs is noticed by whoever waits.

Locks live in the same session as the writes. So a write reaches the database only while the locks that its run holds
are held: after a lost connection another run may have them, and writes are refused until their blocks have ended.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import queue
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _threads
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_failures as failures
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_schema as schema
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault

if TYPE_CHECKING:
    import psycopg

EXAMPLE = "postgresql://offboarding@db01.contoso.com/offboarding"
SCHEMES = ("postgresql", "postgres")
SECRETS = ("password", "sslpassword")
_T = TypeVar("_T")

# What the URL does not say. verify-full is ignored on a Unix socket. The server notices within a minute that a client
# has vanished, and frees its locks.
_DEFAULTS: dict[str, Any] = {
    "sslmode": "verify-full",
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 35000,
}
_SETTINGS = (
    "statement_timeout=30s lock_timeout=20s idle_in_transaction_session_timeout=60s idle_session_timeout=0 "
    "tcp_keepalives_idle=15 tcp_keepalives_interval=5 tcp_keepalives_count=4 "
    "timezone=UTC"
)
_GREETING = """
SELECT pg_backend_pid(), (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()),
       current_setting('server_version_num')::integer, current_setting('server_encoding')"""
_HOLDER = """
SELECT substring(a.application_name from %s) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND l.mode = 'ExclusiveLock' AND l.database = a.datid
  AND (l.classid::bigint << 32) | l.objid::bigint = %s"""
# What stands in the options of a connection, which a pooler may leave out.
_OPTION = re.compile(r"-c\s*([\w.]+)=(\S+)")
# A text lasts once its writer has been told so; a stricter setting of the server stays.
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"


@dataclass(frozen=True)
class Patience:
    """How long things may take, in seconds, and by which clock.

    ``again``: until a lost connection is there again; ``answer``: until the server has answered; ``fence``: until it
    has ended what is left of a session that was lost; ``pool``: until a pooler has a connection left.
    """

    again: float = 30.0
    answer: float = 45.0
    fence: float = 5.0
    pool: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class Session:
    """One connection at a time to the database of a URL, made when it is first needed."""

    def __init__(
        self,
        url: str,
        greet: Callable[[psycopg.Connection[Any]], None] = schema.check,
        patience: Patience | None = None,
    ) -> None:
        """``greet`` looks at what a new connection leads to. Raises MemoryFault for a URL that cannot be used."""
        self.parameters = parameters(url)
        self._greet = greet
        self._patience = patience or Patience()
        self._thread = _Thread()
        self._connection: psycopg.Connection[Any] | None = None
        self._known: tuple[int, Any] | None = None  # process and start of the server's side of the latest connection
        self._held: dict[str, int] = {}  # how many hold a lock together; -1: one alone
        self._lost: set[str] = set()
        self._began: float | None = None

    def run(self, work: Callable[[psycopg.Connection[Any], bool], _T], *, writes: bool = False) -> _T:
        """Return what ``work`` makes of the connection; MemoryFault where it fails.

        It is called again when the connection was lost, with True: then it may have been done before.
        """
        return self._waited(lambda: self._tried(work, writes))

    def close(self) -> None:
        """End the session, and with it the locks; what is asked for later opens another one."""
        self._waited(self._drop)
        self._thread.end()

    # -- locks -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self, path: str, shared: bool) -> Iterator[bool]:
        """Try to have a lock for the block; threads of this process keep each other out as processes do."""
        had: list[str] = []
        try:
            yield self._waited(lambda: self._take(path, shared, had))
        finally:
            # Even where an interrupt came before the answer, what was taken by then, or is right now, is given back.
            try:
                self._waited(lambda: self._give_back(had))
            except BaseException:
                self._waited(lambda: self._give_back(had))
                raise

    def holder(self, path: str) -> str:
        """Return what the process that has a lock alone said of itself; empty for none, and for one of another role."""
        return str(
            self.run(lambda connection, _again: _value(connection, _HOLDER, f"^{schema.SCHEMA} (.+)", _key(path))) or ""
        )

    def _take(self, path: str, shared: bool, had: list[str]) -> bool:
        holders = self._held.get(path, 0)
        if holders < 0 or (holders and not shared):
            return False
        if not holders:
            function = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
            if not self._tried(
                lambda connection, _again: _value(connection, f"SELECT {function}(%s)", _key(path)), True
            ):
                return False
        self._held[path] = holders + 1 if shared else -1
        had.append(path)
        return True

    def _give_back(self, had: list[str]) -> None:
        while had:
            self._release(had.pop())

    def _release(self, path: str) -> None:
        holders = self._held.pop(path)
        if holders > 1:
            self._held[path] = holders - 1
        elif path in self._lost:
            self._lost.discard(path)
        else:
            function = "pg_advisory_unlock" if holders < 0 else "pg_advisory_unlock_shared"
            self._unlock(f"SELECT {function}(%s)", _key(path))

    def _unlock(self, statement: str, key: int) -> None:
        import psycopg

        # A connection that cannot even do this takes all its locks with it.
        try:
            if self._connection is None or not _value(self._connection, statement, key):
                self._drop()
        except psycopg.Error:
            self._drop()

    # -- in the thread ---------------------------------------------------------------------------------------------

    def _tried(self, work: Callable[[psycopg.Connection[Any], bool], _T], writes: bool) -> _T:
        deadline = self._patience.clock() + self._patience.again
        pause, again = 0.1, False
        while True:
            if writes and self._lost:
                raise MemoryFault(
                    errno.ENOLCK,
                    "the connection to the database was lost while it held a lock, which another run may have now",
                    "Run again.",
                    retryable=True,
                )
            try:
                return self._once(work, again)
            except MemoryFault as fault:
                if not self._passes(fault) or self._patience.clock() >= deadline:
                    raise
            self._patience.sleep(pause)
            pause, again = min(2 * pause, 2.0), True

    def _passes(self, fault: MemoryFault) -> bool:
        """Tell whether to try again at once: what was there a moment ago comes back, or another takes its place."""
        known = self._connection is None and self._known is not None
        return known or fault.errno in (errno.EAGAIN, errno.ECONNRESET)

    def _once(self, work: Callable[[psycopg.Connection[Any], bool], _T], again: bool) -> _T:
        import psycopg

        connection = self._connected()
        self._began = self._patience.clock()
        try:
            return work(connection, again)
        except psycopg.Error as error:
            if connection.closed:
                self._drop()
                raise failures.lost() from None
            raise failures.answered(error.sqlstate, error.diag.message_primary or _first_line(error)) from None
        finally:
            self._began = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is not None:
            return self._connection
        import psycopg

        try:
            made = psycopg.connect(autocommit=True, prepare_threshold=None, **self.parameters)
        except psycopg.Error as error:
            raise failures.unreachable(str(error)) from None
        try:
            self._welcome(made)
        except psycopg.Error as error:
            made.close()
            if made.broken:
                raise failures.lost() from None
            raise failures.answered(error.sqlstate, error.diag.message_primary) from None
        except BaseException:
            made.close()
            raise
        self._connection = made
        return made

    def _welcome(self, connection: psycopg.Connection[Any]) -> None:
        row = connection.execute(_GREETING).fetchone()
        process, start, version, encoding = row or (0, None, 0, "")
        if version < schema.OLDEST_SERVER:
            raise MemoryFault(errno.EPROTO, "the database server is older than PostgreSQL 14", "Upgrade it.")
        if encoding != "UTF8":
            raise MemoryFault(
                errno.EILSEQ,
                f"the database has the encoding {encoding}",
                "Create one with ENCODING 'UTF8' TEMPLATE template0.",
            )
        if connection.info.backend_pid != process:
            self._require_own_session(connection, process)
        connection.execute(_DURABLE)
        self._fence(connection)
        self._greet(connection)
        self._known = (process, start)

    def _require_own_session(self, connection: psycopg.Connection[Any], process: int) -> None:
        """Refuse a pooler that does not leave its session to a connection, and set what it may not have passed on.

        A pooler has told a number of its own for the server's process. Where it lends by the transaction, a second
        connection gets the session of the first, or the first one another while that is busy.
        """
        import psycopg

        other = psycopg.connect(autocommit=True, prepare_threshold=None, **self.parameters)
        timer = threading.Timer(self._patience.pool, _hang_up, [other])
        timer.start()
        try:
            other.execute("BEGIN")
            shared = _value(other, "SELECT pg_backend_pid()") == process
            shared = shared or _value(connection, "SELECT pg_backend_pid()") != process
        except psycopg.Error as error:
            if "pooling" in str(error):  # by the statement: it refuses BEGIN
                raise failures.POOLED.fault() from None
            raise failures.POOL_EMPTY.fault() from None
        finally:
            timer.cancel()
            other.close()
        if shared:
            raise failures.POOLED.fault()
        for setting in _OPTION.findall(self.parameters["options"]):
            connection.execute("SELECT set_config(%s, %s, false)", setting)

    def _fence(self, connection: psycopg.Connection[Any]) -> None:
        """End what is left of the lost session: nothing that was sent there may be done after what is sent here."""
        if self._known is None:
            return
        row = connection.execute(
            "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s",
            [round(1000 * self._patience.fence), *self._known],
        ).fetchone()
        if row and not row[0]:
            raise MemoryFault(
                errno.EAGAIN,
                "a lost session of this run is still at work in the database",
                "End that session (pg_stat_activity lists it), and run again.",
                retryable=True,
            )

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._lost.update(self._held)
        if connection is not None:
            connection.close()

    # -- waiting ---------------------------------------------------------------------------------------------------

    def _waited(self, job: Callable[[], _T]) -> _T:
        task = self._thread.do(job)
        while not task.ended_within(min(1.0, self._patience.answer)):
            began = self._began
            if began is not None and self._patience.clock() - began > self._patience.answer:
                _hang_up(self._connection)
        return task.result()


def _hang_up(connection: psycopg.Connection[Any] | None) -> None:
    """Break the connection under the statement that gets no answer: for libpq it is lost then."""
    # It may have been answered, or lost, just now.
    with contextlib.suppress(Exception):
        if connection is not None:
            with socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


class _Task(Generic[_T]):
    """Something that a thread does for another, which waits for it: see _threads.py for why by a queue."""

    def __init__(self, job: Callable[[], _T]) -> None:
        self._job = job
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._outcome: list[_T] = []
        self._error: BaseException | None = None

    def do(self) -> None:
        try:
            self._outcome.append(self._job())
        except BaseException as error:
            self._error = error
        self._ended.put(None)

    def ended_within(self, seconds: float) -> bool:
        """Wait for its end, and tell whether it came; it can be waited for once."""
        try:
            self._ended.get(timeout=seconds)
        except queue.Empty:
            return False
        return True

    def result(self) -> _T:
        if self._error is not None:
            raise self._error
        return self._outcome[0]


class _Thread:
    """Does one thing after another. It dies with the process, whatever it waits for."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[_Task[Any] | None] | None = None
        self._turn = threading.Lock()

    def do(self, job: Callable[[], _T]) -> _Task[_T]:
        task = _Task(job)
        with self._turn:
            if self._tasks is None:
                # Of its own for each thread: one whose start was interrupted gets nothing to do.
                tasks: queue.SimpleQueue[_Task[Any] | None] = queue.SimpleQueue()
                _threads.start(lambda: _work(tasks), "memory")
                self._tasks = tasks
            self._tasks.put(task)
        return task

    def end(self) -> None:
        with self._turn:
            if self._tasks is not None:
                self._tasks.put(None)
                self._tasks = None


def _work(tasks: queue.SimpleQueue[_Task[Any] | None]) -> None:
    while (task := tasks.get()) is not None:
        task.do()
        del task


def parameters(url: str) -> dict[str, Any]:
    """Return what to connect with: what the URL says, and what holds where it says nothing.

    Raises MemoryFault for a URL that has a secret in it or that libpq does not understand; its own text could show
    the secret.
    """
    _require_library()
    import psycopg
    import psycopg.conninfo

    if urlsplit(url).scheme not in SCHEMES:
        raise MemoryFault(errno.EINVAL, "it is not the address of a database", f"Use an address like {EXAMPLE}.")
    try:
        given = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise MemoryFault(
            errno.EINVAL,
            "it is malformed, or has an option that libpq does not know",
            f"Use an address like {EXAMPLE}.",
        ) from None
    if any(given.get(name) for name in SECRETS):
        raise MemoryFault(
            errno.EINVAL,
            "the address of the database has a password in it, which would be shown in output and logs",
            "Remove it from the address, and use PGPASSWORD, PGPASSFILE or a service file.",
        )
    settings = " ".join(f"-c {setting}" for setting in _SETTINGS.split())
    options = f"{settings} {given.pop('options', '')}".strip()
    # What people see in pg_stat_activity, and in the message about a lock.
    name = f"{schema.SCHEMA} process {os.getpid()} on {platform.node()}"
    return {"application_name": name, **_DEFAULTS, **given, "options": options, "client_encoding": "UTF8"}


def _require_library() -> None:
    try:
        import psycopg as _psycopg  # noqa: F401
    except ImportError:
        raise MemoryFault(
            errno.ENOSYS,
            f"the Python library psycopg is missing from {sys.executable}",
            "Install psycopg[binary] there, or add it to the execution environment.",
        ) from None


def _key(path: str) -> int:
    """Return the number that stands for a path among the locks of a database, which other programs use, too."""
    digest = hashlib.sha256(f"{schema.SCHEMA}:{path}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _value(connection: psycopg.Connection[Any], statement: str, *arguments: object) -> Any:
    row = connection.execute(statement, arguments).fetchone()
    return row[0] if row else None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
