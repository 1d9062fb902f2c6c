# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One PostgreSQL server for the session, and a database that tests share, each with a name of its own in it."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.postgresql import available, roles
from tests.integration.postgresql.server import PASSWORD, Server

if TYPE_CHECKING:
    import psycopg
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory

# Imported where it is used: this file is read before pytest has made the collection known, and psycopg may be missing.
_LACKING = available.missing()
if _LACKING and available.must_run():
    raise pytest.UsageError(available.explanation(_LACKING))
# Elsewhere the run goes on without these tests, and its summary says so (tests/integration/conftest.py).
collect_ignore_glob = ["test_*.py"] if _LACKING else []
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    # Not among pytest's directories: they are their owner's alone, and the server runs as another account.
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    running = Server(directory)
    try:
        running.provision()
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def offboarding(server: Server) -> str:
    """The page's database, with the tables made by the page's owner, and the page's grants for the role of runs."""
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_schema as schema
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql_session import Session

    made, grants = roles.blocks()
    roles.paste(server.url("postgres"), made)
    owner = Session(server.url("offboarding", "offboarding_owner"), greet=lambda _connection: None)
    owner.run(lambda connection, _again: schema.make(connection), writes=True)
    owner.close()
    roles.paste(server.url("offboarding", "offboarding_owner"), grants)
    roles.paste(server.url("postgres"), f"ALTER ROLE offboarding PASSWORD '{PASSWORD}'")
    return "offboarding"


@pytest.fixture
def bare(server: Server) -> str:
    """The name of a fresh database without tables."""
    import psycopg

    name = f"bare_{next(_NUMBERS)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return name


@pytest.fixture(scope="session")
def database(server: Server) -> str:
    """The name of a database with the tables in it."""
    import psycopg
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_schema as schema

    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE memory")
    with psycopg.connect(server.url("memory"), autocommit=True) as connection:
        schema.make(connection)
    return "memory"


@pytest.fixture
def root() -> str:
    """What the paths of a test begin with."""
    return f"offboarding-{next(_NUMBERS)}"


@pytest.fixture
def sql(server: Server, database: str) -> Iterator[psycopg.Connection]:
    """A superuser's connection to the database, beside those of the memories."""
    import psycopg

    with psycopg.connect(server.url(database), autocommit=True) as connection:
        yield connection


@pytest.fixture
def make(server: Server, database: str) -> Iterator[Callable[..., PostgreSQLMemory]]:
    """Open memories in the database, each as another process would."""
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory

    made: list[PostgreSQLMemory] = []

    def opened(url: str = "", **given: Any) -> PostgreSQLMemory:
        made.append(PostgreSQLMemory(url or server.url(database), **given))
        return made[-1]

    yield opened
    for memory in made:
        memory.close()


@pytest.fixture
def memory(make: Callable[..., PostgreSQLMemory]) -> PostgreSQLMemory:
    return make()
