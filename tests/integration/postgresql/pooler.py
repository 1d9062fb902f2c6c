# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real PgBouncer in front of a server of the tests, on a Unix socket."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from tests.integration.postgresql import available
from tests.integration.postgresql.server import ADMIN, PORT, Server

_SETTINGS = """\
[databases]
{database} = host={server} port={port} user={user}
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {socket}
auth_type = any
pool_mode = {mode}
{more}
"""


class PgBouncer:
    """A context manager. ``mode`` is its pool_mode; ``more`` are further lines of its settings."""

    def __init__(self, directory: Path, server: Server, database: str, mode: str, more: str) -> None:
        self._settings = directory / "pgbouncer.ini"
        self._settings.write_text(
            _SETTINGS.format(
                database=database, server=server.socket, port=PORT, user=ADMIN, socket=directory, mode=mode, more=more
            ),
            encoding="ascii",
        )
        account = pwd.getpwnam(str(available.account()))
        self._ids = {} if os.geteuid() else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        if not os.geteuid():
            os.chown(directory, account.pw_uid, account.pw_gid)
            os.chown(self._settings, account.pw_uid, account.pw_gid)
        self.url = f"postgresql:///{database}?host={directory}&port={PORT}&user={ADMIN}"

    def __enter__(self) -> PgBouncer:
        self._process = subprocess.Popen(
            [str(available.pooler()), str(self._settings)], stderr=subprocess.PIPE, text=True, **self._ids
        )
        assert self._process.stderr is not None
        told: list[str] = []
        for line in self._process.stderr:
            told.append(line)
            if "process up" in line:
                return self
        raise RuntimeError("".join(told))

    def __exit__(self, *_exception: object) -> None:
        self._process.kill()
        self._process.communicate()
