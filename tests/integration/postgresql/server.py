# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real PostgreSQL server, on a loopback address of its own and on a Unix socket, in one directory.

It is made for tests: nothing is brought to the disk, and it is there within a second.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import trustme

from tests.integration.postgresql import available

ADMIN = "postgres"
PASSWORD = "Lab!Db-Pw-7"
NAME = "db01.contoso.com"
PORT = 5432
_SETTINGS = {
    "port": str(PORT),
    "ssl": "on",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_sync_method": "fdatasync",
}
# What a server has beside these to be followed by a standby.
FOLLOWED = {"wal_level": "replica", "max_wal_senders": "4"}
_ACCESS = """\
local all all trust
local replication all trust
hostssl all all 127.0.0.0/8 scram-sha-256
"""


class Server:
    """``address`` is where it listens with TLS; ``socket`` is the folder of its socket, where all are trusted.

    ``more`` are settings over those of every server of the tests.
    """

    def __init__(self, directory: Path, more: Mapping[str, str] | None = None) -> None:
        self._settings = {**_SETTINGS, **(more or {})}
        programs, account = available.folder(), available.account()
        assert programs is not None
        assert account is not None
        self._programs, self._account = programs, pwd.getpwnam(account)
        self.address = ".".join(["127", *(str(random.randint(16, 250)) for _part in range(3))])
        self.directory = directory
        # The name of a socket has at most 107 characters.
        self.socket = directory / "s"
        self.ca_file = directory / "ca.pem"
        self.data = directory / "data"

    def provision(self) -> None:
        """Make the cluster. Raises RuntimeError with what initdb says."""
        for folder in (self.directory, self.socket):
            folder.mkdir(exist_ok=True)
            self._give(folder)
        # The password of all roles here.
        secret = self.directory / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        self._give(secret)
        self._run(
            "initdb", f"--pgdata={self.data}", f"--username={ADMIN}", f"--pwfile={secret}", "--encoding=UTF8",
            "--locale=C", "--no-sync", "--no-instructions", "--auth=scram-sha-256",
        )  # fmt: skip
        self._set(self._settings)
        self._place()
        (self.data / "pg_hba.conf").write_text(_ACCESS, encoding="utf-8")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        self.ca_file.chmod(0o644)
        issued = authority.issue_cert(NAME, self.address)
        issued.private_key_pem.write_to_path(self.data / "server.key")
        issued.cert_chain_pems[0].write_to_path(self.data / "server.crt")
        for name in ("server.key", "server.crt"):
            self._give(self.data / name)
            (self.data / name).chmod(0o600)

    def copy(self, other: Server) -> None:
        """Take over the cluster of another server, which does not run, with its accounts and databases."""
        subprocess.run(["cp", "-a", str(other.directory), str(self.directory)], check=True)
        self._place()

    def follow(self, primary: Server) -> None:
        """Be a standby of a server that runs with what FOLLOWED says."""
        for folder in (self.directory, self.socket):
            folder.mkdir(exist_ok=True)
            self._give(folder)
        self._run(
            "pg_basebackup", f"--pgdata={self.data}", f"--host={primary.socket}", f"--port={PORT}",
            f"--username={ADMIN}", "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync",
        )  # fmt: skip
        self._place()

    def promote(self) -> None:
        """Take over from the primary server."""
        self._run("pg_ctl", "promote", f"--pgdata={self.data}", "--wait", "--silent")

    def processes(self) -> list[int]:
        """Return its processes, the one that starts the others first."""
        first = int((self.data / "postmaster.pid").read_text("ascii").split("\n", 1)[0])
        others = Path(f"/proc/{first}/task/{first}/children").read_text("ascii").split()
        return [first, *map(int, others)]

    def _place(self) -> None:
        self._set({"listen_addresses": self.address, "unix_socket_directories": str(self.socket)})

    def _set(self, settings: dict[str, str]) -> None:
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as stream:
            stream.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self) -> None:
        """Serve. Raises RuntimeError with what pg_ctl says."""
        self._run("pg_ctl", "start", f"--pgdata={self.data}", f"--log={self.directory / 'log'}", "--wait", "--silent")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "stop", f"--pgdata={self.data}", f"--mode={mode}", "--wait", "--silent")

    def freeze(self, process: int) -> Callable[[], None]:
        """Stop one of its processes where it is; returns what lets it go on."""
        os.kill(process, signal.SIGSTOP)
        return lambda: os.kill(process, signal.SIGCONT)

    def url(self, database: str, role: str = ADMIN, **options: str) -> str:
        """Return the address of a database by the socket."""
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"postgresql:///{database}?host={self.socket}&port={PORT}&user={role}{more}"

    def _give(self, path: Path) -> None:
        if not os.geteuid():
            shutil.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _run(self, name: str, *arguments: str) -> None:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(self.directory)}
        # The output goes into a file: the server inherits it, and a pipe would not end.
        output = self.directory / f"{name}.out"
        ids = {} if os.geteuid() else {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        with output.open("wb") as stream:
            done = subprocess.run(
                [str(self._programs / name), *arguments], stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                env=environment, cwd=self.directory, check=False, **ids,
            )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{name} failed:\n{output.read_text(encoding='utf-8', errors='replace')}")
