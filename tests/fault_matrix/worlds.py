# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The world of a case: a lab, a directory, a way to connect, and runs between them."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder, Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory

from lab.model.builder import HybridBuilder, Pair, Person
from tests.fault_matrix import databases
from tests.fault_matrix.laboratory import LabProcess
from tests.fault_matrix.runs import WAVE, Ran, Run, wait_for
from tests.integration.postgresql.server import Server

IN_MEMORY = Path("/dev/shm")  # a disk that each fsync waits for would cost more than the runs
# For a server that does not answer: a test cannot wait as long as a person may.
IMPATIENT = {
    "EXCHANGE_SERVER_OPERATION_TIMEOUT": "1", "EXCHANGE_SERVER_READ_TIMEOUT": "3",
    "EXCHANGE_ONLINE_TIMEOUT": "3",
}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """A way to connect, or to move: environment variables over the lab's own, and variables of the role.

    A value of the environment that begins with @ is a server's port. ``submits`` is the cmdlet that begins the moves.
    ``database``: what runs remember is in PostgreSQL.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    role: Mapping[str, Any] = field(default_factory=dict)
    submits: str = "New-MoveRequest"
    database: bool = False

    def variables(self, lab: LabProcess) -> dict[str, str]:
        found = {
            name: str(lab.ask("port", value[1:])) if value.startswith("@") else value
            for name, value in self.environment.items()
        }
        return {**lab.ask("environment"), **found}


WAYS = {
    way.name: way
    for way in (
        Way("psrp and rest"),
        Way("winrm", {"EXCHANGE_SERVER_TRANSPORT": "winrm", "EXCHANGE_SERVER_PORT": "@management_shell"}),
        Way("graph", {"EXCHANGE_ONLINE_GRAPH": "true"}),
        Way("migration batches", role={"offboarding_method": "migration_batch"}, submits="New-MigrationBatch"),
        Way("memory in PostgreSQL", database=True),
    )
}


@dataclass(frozen=True)
class Stop:
    """Where a first run is killed: at a cmdlet, before or after it is executed. No cmdlet is what begins the moves."""

    organization: str
    cmdlet: str
    executed: bool


class NotReached(Exception):
    """A run did not come to where it was to be stopped, so that there is nothing to judge."""


# What a second run finds; no stop is a first run that went well.
STOPS: dict[str, Stop | None] = {
    "after a whole run": None,
    "killed as the first user is mail-enabled": Stop("exchange_server", "Enable-MailUser", True),
    "killed before the first user is made whole": Stop("exchange_server", "Set-MailUser", False),
    "killed as the first move is submitted": Stop("exchange_online", "", True),
}
# Where moves are under way, what is kept of a world would grow old.
KEPT = tuple(name for name, stop in STOPS.items() if stop is None or stop.cmdlet)


@dataclass(frozen=True)
class Kept:
    """A world that stands still: where its lab can be gone on from, and what was written down in it."""

    address: str
    directory: str
    process: int


def people(build: HybridBuilder) -> list[Pair]:
    """Add one mailbox of each beginning; the cloud-only one lacks its routing address and is a shared one."""
    extra = ("smtp:sales@contoso.com", "SIP:sales.desk@contoso.com")
    return [
        build.cloud_only(Person("Sales Desk", kind="SharedMailbox", extra=extra, routing_address=False)),
        build.synced(Person("Nils Novak", extra=("smtp:nils@contoso.com",))),
        build.remote_mailbox("Rosa Romero"),
    ]


class World:
    """A context manager. ``shells`` is how many sessions the Exchange server allows an account.

    With ``kept`` it begins where that world stood still. ``cluster`` is the one that a way with a database has a copy
    of.
    """

    def __init__(
        self, way: Way, shells: int | None = None, kept: Kept | None = None, cluster: Server | None = None
    ) -> None:
        self._place = place()
        self.lab = LabProcess(self._place / "lab", people, shells, kept.address if kept else "")
        self.memory: Memory = FileMemory()
        self.database: Server | None = None
        folders = [str(self._place / "offboarding"), str(self._place / "another")]
        if way.database:
            assert cluster is not None
            self._place.chmod(0o711)  # the server runs as another account
            self.database = databases.copy(cluster, self._place / "database")
            self.memory = PostgreSQLMemory(self.database.url(databases.DATABASE))
            folders = ["offboarding", "another"]
        self.folder, self.other_folder = (Folder(self.memory, path) for path in folders)
        if kept:
            shutil.copytree(kept.directory, self.folder.path)
        self.secrets: list[str] = self.lab.ask("secrets")
        self._way = way
        self._environment = way.variables(self.lab)
        self._runs = 0

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.lab.stop()
        if self.database is not None:
            self.database.stop()
        shutil.rmtree(self._place, ignore_errors=True)

    def keep(self) -> Kept:
        """Leave it as it is, for others to go on from: ``end`` says when it is not needed any more."""
        where = place()
        shutil.copytree(self.folder.path, where / "offboarding")
        address = str(where / "lab")
        return Kept(address, str(where / "offboarding"), self.lab.ask("keep", address))

    def begin(
        self,
        entry: str = "main",
        *,
        environment: Mapping[str, str] | None = None,
        folder: Folder | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Run:
        self._runs += 1
        wave = [{"identity": name, "add_routing_address": True} for name in self.lab.ask("identities")]
        extra = {**WAVE, **self._way.role, **(variables or {}), "offboarding_mailboxes": wave}
        extra["offboarding_directory"] = (folder or self.folder).path
        if self.database is not None:
            extra["offboarding_memory"] = self.database.url(databases.DATABASE)
        return Run(self._place / f"run-{self._runs}", extra, {**self._environment, **(environment or {})}, entry)

    def run(self, entry: str = "main", environment: Mapping[str, str] | None = None) -> Ran:
        return self.begin(entry, environment=environment).finish()

    def strike(self, target: Sequence[Any], **how: Any) -> Struck:
        """Arm a fault or a disturbance at a target, which is counted from now on."""
        kind = how.pop("kind")
        if target[0] == "request":
            name = self.lab.ask("disturb", target[1], glob.escape(target[2]), kind, after=target[3], **how)
        else:
            name = self.lab.ask("fault", target[1], target[2], kind, after=target[3], **how)
        return Struck(self.lab, name, tuple(target))

    def stop(self, stop: Stop) -> None:
        """Run, and kill everything where the stop says."""
        cmdlet = stop.cmdlet or self._way.submits
        struck = self.strike(("cmdlet", stop.organization, cmdlet, 0), kind="latency", seconds=3600)
        run = self.begin()
        if not wait_for(struck, run):
            raise NotReached(f"the run that was to be stopped has not come to {cmdlet}: {run.finish().summary}")
        run.signal(signal.SIGKILL, "all")
        run.finish()
        if stop.executed:
            self.lab.ask("wake")
            self.lab.ask("wait_for_call", cmdlet)
        self.lab.ask("clear")


def place() -> Path:
    """Return a new directory, in memory where there is one."""
    return Path(tempfile.mkdtemp(prefix="fault-matrix-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None))


def end(kept: Kept) -> None:
    """Let go of a world that stands still."""
    os.kill(kept.process, signal.SIGTERM)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(kept.process, 0)
    shutil.rmtree(Path(kept.address).parent, ignore_errors=True)


@dataclass(frozen=True)
class Struck:
    """Whether something that was armed has struck by now."""

    lab: LabProcess
    name: str
    target: tuple[Any, ...]

    def __call__(self) -> bool:
        return self.name not in self.lab.ask("armed")

    def place(self) -> str:
        """Return what was struck: a cmdlet, or what a request was for."""
        return " ".join(map(str, self.target[1:3]))
