# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A primary server that dies and a standby that takes over: with both in the address, a memory goes on."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_schema as schema
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory

from tests.integration.postgresql.server import ADMIN, FOLLOWED, PORT, Server
from tests.unit.plugins.module_utils._memory.contract import text_at


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    """A primary server with the tables, and a standby without which it commits nothing."""
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    directory.chmod(0o711)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, directory)
        primary, standby = (Server(directory / name, FOLLOWED) for name in "ab")
        primary.provision()
        primary.start()
        with psycopg.connect(primary.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE memory")
        with psycopg.connect(primary.url("memory"), autocommit=True) as connection:
            schema.make(connection)
        standby.follow(primary)
        standby.start()
        stack.callback(standby.stop)
        with psycopg.connect(primary.url("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
        yield [primary, standby]


def test_a_standby_takes_over(servers: list[Server]) -> None:
    primary, standby = servers
    hosts = ",".join(str(server.socket) for server in (standby, primary))
    memory = PostgreSQLMemory(
        f"postgresql:///memory?host={hosts}&port={PORT},{PORT}&user={ADMIN}&target_session_attrs=read-write"
    )
    with closing(PostgreSQLMemory(standby.url("memory"))) as of_standby, pytest.raises(MemoryFault) as read_only:
        of_standby.write("berlin/wave.json", "x")
    assert read_only.value.errno == errno.EROFS
    memory.write("berlin/wave.json", "before")
    lines = memory.appended("berlin/journal.jsonl")
    lines.append("sent")
    with memory.lock("berlin/wave.lock"):
        primary.stop("immediate")
        standby.promote()
        assert text_at(memory, "berlin/wave.json") == "before"
        with pytest.raises(MemoryFault) as lost:
            lines.append("answered")
        assert lost.value.errno == errno.ENOLCK
    lines.append("answered")
    memory.write("berlin/wave.json", "after")
    assert text_at(memory, "berlin/wave.json") == "after"
    assert list(memory.lines("berlin/journal.jsonl")) == ["sent", "answered"]
    memory.close()
