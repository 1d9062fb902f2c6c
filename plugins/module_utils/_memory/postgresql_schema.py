# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The tables of a memory in a database: how they are made, brought up to date, and looked at.

Texts are kept as text, never as jsonb: what is read is what was written, to the byte. A text may have been written as a
whole, and lines may have been added to it since; both together are the text.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql_failures import SETUP

if TYPE_CHECKING:
    import psycopg

SCHEMA = "exchange_hybrid"
OLDEST_SERVER = 140000
# Runs that make the tables at the same time take turns.
_TURN = 7310548212034
# One entry for each version, never changed once released: what leads to it from the version before.
MIGRATIONS: tuple[Sequence[str], ...] = (
    (
        """CREATE TABLE exchange_hybrid.versions (
            version integer PRIMARY KEY,
            made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            made_by text NOT NULL DEFAULT current_user)""",
        # Sorted by code points, whatever the server's operating system thinks of an alphabet.
        """CREATE TABLE exchange_hybrid.texts (
            path text COLLATE "C" PRIMARY KEY,
            text text NOT NULL,
            written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            token uuid NOT NULL)""",
        """CREATE TABLE exchange_hybrid.lines (
            path text COLLATE "C" NOT NULL REFERENCES exchange_hybrid.texts ON DELETE CASCADE,
            number bigint GENERATED ALWAYS AS IDENTITY,
            id uuid NOT NULL UNIQUE,
            line text NOT NULL,
            written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (path, number))""",
    ),
)
VERSION = len(MIGRATIONS)
# What a run does, and may do: docs/memory.md grants exactly this.
PRIVILEGES = {
    "versions": ("SELECT",),
    "texts": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "lines": ("SELECT", "INSERT", "DELETE"),
}


@dataclass(frozen=True)
class Setup:
    """What a database holds. ``version`` is 0 where there are no tables."""

    version: int
    server: str
    texts: int = 0
    lines: int = 0


def found(connection: psycopg.Connection[Any]) -> int:
    """Return the version of the tables, 0 where there are none."""
    row = connection.execute("SELECT to_regclass('exchange_hybrid.versions') IS NOT NULL").fetchone()
    if not row or not row[0]:
        return 0
    row = connection.execute("SELECT coalesce(max(version), 0) FROM exchange_hybrid.versions").fetchone()
    return int(row[0]) if row else 0


def look(connection: psycopg.Connection[Any]) -> Setup:
    """Return what there is, by a role that may read it."""
    version = found(connection)
    row = connection.execute("SELECT current_setting('server_version')").fetchone()
    server = str(row[0]) if row else ""
    if not version:
        return Setup(0, server)
    row = connection.execute(
        "SELECT (SELECT count(*) FROM exchange_hybrid.texts), (SELECT count(*) FROM exchange_hybrid.lines)"
    ).fetchone()
    return Setup(version, server, *(int(number) for number in row or ()))


def check(connection: psycopg.Connection[Any]) -> None:
    """Raise MemoryFault for tables that this version of the collection does not work with."""
    version = found(connection)
    if version == 0:
        raise MemoryFault(errno.ENOENT, "the database has no tables for it yet", SETUP)
    if version < VERSION:
        raise MemoryFault(
            errno.EINVAL,
            f"the tables in the database have version {version}, and this collection needs {VERSION}",
            SETUP,
        )
    refuse_newer(version)


def refuse_newer(version: int) -> None:
    """Raise MemoryFault for tables that a newer version of the collection has made."""
    if version > VERSION:
        raise MemoryFault(
            errno.EINVAL,
            f"the tables in the database have version {version}, made by a newer version of the collection; this one "
            f"knows {VERSION}",
            "Use the newer version of the collection.",
        )


def lacking(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the grants that the role does not have, as ``INSERT on texts``."""
    return [
        f"{privilege} on {SCHEMA}.{table}"
        for table, privileges in PRIVILEGES.items()
        for privilege in privileges
        if not _has(connection, f"{SCHEMA}.{table}", privilege)
    ]


def make(connection: psycopg.Connection[Any], migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Make the tables or bring them up to date: all of it or nothing. A newer version is refused."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
        version = found(connection)
        refuse_newer(version)
        # CREATE SCHEMA IF NOT EXISTS asks for a privilege that the role needs only where there is none.
        if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]).fetchone() is None:
            connection.execute("CREATE SCHEMA exchange_hybrid")
        for number, statements in enumerate(migrations[version:], start=version + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute("INSERT INTO exchange_hybrid.versions (version) VALUES (%s)", [number])


def _has(connection: psycopg.Connection[Any], table: str, privilege: str) -> bool:
    row = connection.execute("SELECT has_table_privilege(%s, %s)", [table, privilege]).fetchone()
    return bool(row and row[0])
