# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A memory behind PgBouncer: with a session for each connection it works, and otherwise one sentence says why not."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql_session import Patience

from tests.integration.postgresql.pooler import PgBouncer
from tests.integration.postgresql.server import Server
from tests.unit.plugins.module_utils._memory.contract import text_at

Make = Callable[..., PostgreSQLMemory]
TAKES_OPTIONS = "ignore_startup_parameters = options"
HOLDS = """
import sys
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory
with PostgreSQLMemory(sys.argv[1]).lock(sys.argv[2]) as had:
    print(had, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def pooler(server: Server, database: str) -> Iterator[Callable[..., PgBouncer]]:
    # The name of a socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="pgb-") as directory:

        def made(mode: str, more: str = TAKES_OPTIONS) -> PgBouncer:
            return PgBouncer(Path(directory), server, database, mode, more)

        yield made


def fault_of(memory: PostgreSQLMemory) -> MemoryFault:
    with pytest.raises(MemoryFault) as caught:
        memory.now()
    return caught.value


def test_with_a_session_for_each_connection_it_works(
    pooler: Callable[..., PgBouncer], make: Make, root: str
) -> None:
    with pooler("session") as pool:
        memory, other = make(pool.url), make(pool.url)
        memory.write(f"{root}/wave.json", "text")
        assert text_at(other, f"{root}/wave.json") == "text"
        with memory.lock(f"{root}/lock") as had, other.lock(f"{root}/lock") as free:
            assert (had, free) == (True, False)
            assert "process" in other.holder(f"{root}/lock")
        # What PgBouncer has left out of the connection is set in the session.
        told = memory._session.run(lambda connection, _again: connection.execute("SHOW statement_timeout").fetchone())
        assert told == ("30s",)
        command = [sys.executable, "-c", HOLDS, pool.url, f"{root}/killed"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "True\n"
            with memory.lock(f"{root}/killed") as had:
                assert not had
            process.send_signal(signal.SIGKILL)
        with memory.lock(f"{root}/killed", patience=30.0) as had:
            assert had, "PgBouncer clears the session of a connection that is gone"


def test_a_lost_connection_is_made_again(pooler: Callable[..., PgBouncer], make: Make, root: str) -> None:
    """PgBouncer may give the same session of the server again, which is ended then as any that was lost."""
    with pooler("session", f"{TAKES_OPTIONS}\ndefault_pool_size = 2") as pool:
        memory = make(pool.url)
        memory.write(f"{root}/wave.json", "one")
        memory._session._connection.close()  # type: ignore[union-attr]
        memory.write(f"{root}/wave.json", "two")
        assert text_at(memory, f"{root}/wave.json") == "two"


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_without_a_session_of_its_own_it_is_refused(pooler: Callable[..., PgBouncer], make: Make, mode: str) -> None:
    with pooler(mode) as pool:
        fault = fault_of(make(pool.url))
    assert fault.errno == errno.EPROTO
    assert "gives each transaction another session, which would lose the locks of a run" in fault.strerror
    assert "set pool_mode = session" in fault.remedy


def test_what_else_pgbouncer_has_to_be_set_to_is_said(pooler: Callable[..., PgBouncer], make: Make) -> None:
    with pooler("session", "") as pool:
        fault = fault_of(make(pool.url))
    assert "refuses the settings of a session" in fault.strerror
    assert "ignore_startup_parameters = options" in fault.remedy
    with pooler("session", f"{TAKES_OPTIONS}\ndefault_pool_size = 1") as pool:
        fault = fault_of(make(pool.url, patience=Patience(again=0.0, pool=0.3)))
    assert (fault.errno, fault.retryable) == (errno.EAGAIN, True)
    assert "no connection to the database left" in fault.strerror
