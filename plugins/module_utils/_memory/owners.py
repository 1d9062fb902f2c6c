# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Whose run a module belongs to: the ansible-playbook process that started it, and whether that is still there.

ansible-playbook forks a worker for each task, and the worker starts the module, through shells. A fork has its parent's
command line, so the nearest two ancestors with the same one are worker and ansible-playbook: seen with ansible-core
2.16, 2.19 and 2.21, and the same under ansible-runner and in the containers of AWX, where all of them share the
namespace of processes. A process is its number, when it began, and the namespace in which the number counts: a number
alone is given again. Where /proc does not tell (macOS), nothing is known of processes, and leases end by time alone.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

PROC = "/proc"


@dataclass(frozen=True)
class Owner:
    """A process that owns something. ``place`` is the namespace of its number; 0 is a process that is not known."""

    host: str = ""
    place: str = ""
    pid: int = 0
    started: str = ""

    @property
    def known(self) -> bool:
        return bool(self.place and self.pid)


def _is_ansible(command_line: bytes) -> bool:
    """Tell whether a forked process may be Ansible's: shells and sudo fork as well, and so does async_wrapper."""
    program = os.path.basename(command_line.split(b"\0")[0])
    return program.startswith((b"python", b"pypy", b"ansible")) and b"async_wrapper" not in command_line


class Processes:
    """The processes of this machine, as ``proc`` tells of them."""

    def __init__(self, proc: str = PROC) -> None:
        self._proc = proc
        self.place = self._place()

    def owner_of(self, pid: int) -> Owner:
        """Return the ansible-playbook that started a process, unknown where none did or /proc does not tell."""
        host = platform.node()
        while pid > 1:
            parent = self._parent(pid)
            line = self._command_line(pid)
            if parent > 1 and _is_ansible(line) and line == self._command_line(parent):
                return Owner(host, self.place, parent, self._started(parent))
            pid = parent
        return Owner(host)

    def this(self) -> Owner:
        """Return this very process."""
        started = self._started(os.getpid())
        return Owner(platform.node(), self.place, os.getpid() if started else 0, started)

    def is_gone(self, owner: Owner) -> bool | None:
        """Tell whether a process has ended; None where that cannot be told from here."""
        if not owner.known or owner.place != self.place:
            return None
        return self._started(owner.pid) != owner.started

    def _place(self) -> str:
        try:
            with open(os.path.join(self._proc, "sys/kernel/random/boot_id"), encoding="ascii") as stream:
                boot = stream.read().strip()
            return f"{boot}/{os.readlink(os.path.join(self._proc, 'self/ns/pid'))}"
        except OSError:
            return ""

    def _parent(self, pid: int) -> int:
        fields = self._fields(pid)
        return int(fields[1]) if fields else 0

    def _started(self, pid: int) -> str:
        """Return when a process began, in ticks since the machine did; nothing for one that has ended."""
        fields = self._fields(pid)
        # A zombie waits for its parent and does nothing any more.
        return fields[19] if fields and fields[0] not in ("Z", "X") else ""

    def _fields(self, pid: int) -> list[str]:
        """Return what /proc/<pid>/stat says behind the name, which may have blanks and brackets of its own."""
        try:
            with open(os.path.join(self._proc, str(pid), "stat"), encoding="utf-8", errors="replace") as stream:
                return stream.read().rpartition(")")[2].split()
        except OSError:
            return []

    def _command_line(self, pid: int) -> bytes:
        try:
            with open(os.path.join(self._proc, str(pid), "cmdline"), "rb") as stream:
                return stream.read()
        except OSError:
            return b""
