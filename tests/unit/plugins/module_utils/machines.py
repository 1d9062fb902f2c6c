# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Machines that a made-up /proc tells of, and a clock that all who share a memory share."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes

NOW = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.timezone.utc)
PLAYBOOK = "/usr/bin/python3\0/usr/bin/ansible-playbook\0site.yml\0"


class Machine:
    """A made-up /proc: ``run`` starts a process."""

    def __init__(self, directory: Path, name: str = "boot-1", namespace: str = "pid:[1]") -> None:
        self.proc = directory
        (directory / "sys/kernel/random").mkdir(parents=True)
        (directory / "sys/kernel/random/boot_id").write_text(f"{name}\n", encoding="ascii")
        (directory / "self/ns").mkdir(parents=True)
        os.symlink(namespace, directory / "self/ns/pid")

    @property
    def processes(self) -> Processes:
        return Processes(str(self.proc))

    def run(self, pid: int, parent: int, line: str, started: int = 0, state: str = "S") -> None:
        place = self.proc / str(pid)
        place.mkdir(exist_ok=True)
        fields = [state, str(parent), *["0"] * 17, str(started or pid), "0"]
        # A name may hold what separates the fields.
        (place / "stat").write_text(f"{pid} (a ) (b) {' '.join(fields)}\n", encoding="ascii")
        (place / "cmdline").write_bytes(line.encode())

    def kill(self, pid: int) -> None:
        for name in ("stat", "cmdline"):
            (self.proc / str(pid) / name).unlink()

    def playbook(self, main: int) -> Owner:
        """Start an ansible-playbook with a worker and a module; return whose the module is."""
        self.run(main, 1, PLAYBOOK)
        self.run(main + 1, main, PLAYBOOK)
        self.run(main + 2, main + 1, "/bin/sh\0-c\0python3 x\0")
        self.run(main + 3, main + 2, "/bin/sh\0-c\0python3 x\0")
        self.run(main + 4, main + 3, "/usr/bin/python3\0/root/.ansible/tmp/AnsiballZ_mailuser.py\0")
        return self.processes.owner_of(main + 4)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime.datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += datetime.timedelta(seconds=seconds)
