# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real PostgreSQL server for each case whose memory is a database, and what befalls it in the middle of a run."""

from __future__ import annotations

from pathlib import Path

from tests.fault_matrix import clock
from tests.integration.postgresql import available
from tests.integration.postgresql.server import Server

DATABASE = "memory"
# What strikes the server, and for how many real seconds; the runs' own seconds pass faster.
KINDS = {"killed, and started again": 0.4, "frozen": 1.0, "connections cut": 0.0, "stopped, and started again": 0.4}


def provision(directory: Path) -> Server:
    """Make a cluster with the memory's tables in it. It does not run: each case has a copy of it."""
    import psycopg
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import postgresql_schema as schema

    lacking = available.missing()
    if lacking:
        raise RuntimeError(available.explanation(lacking))
    server = Server(directory)
    server.provision()
    server.start()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    with psycopg.connect(server.url(DATABASE), autocommit=True) as connection:
        schema.make(connection)
    server.stop("fast")
    return server


def copy(cluster: Server, directory: Path) -> Server:
    """Start a server with what another cluster holds."""
    server = Server(directory)
    server.copy(cluster)
    server.start()
    return server


def strike(server: Server, kind: str) -> None:
    """Do to a server what its kind says, and let it be well again."""
    if kind == "connections cut":
        _cut(server)
        return
    if kind == "frozen":
        thaws = [server.freeze(process) for process in server.processes()]
        clock.pause(KINDS[kind])
        for thaw in thaws:
            thaw()
        return
    server.stop("immediate" if kind.startswith("killed") else "fast")
    clock.pause(KINDS[kind])
    server.start()


def _cut(server: Server) -> None:
    import psycopg

    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [DATABASE],
        )
