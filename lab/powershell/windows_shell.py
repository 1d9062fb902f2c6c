# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WinRM's command shell with a real PowerShell in it: the command line that came runs, unchanged but for the program.

``lab.wire.winrm_shell`` answers for the same scripts without running them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO
from xml.etree import ElementTree

from lab.wire.soap import NAMESPACES, SHELL, WsmanFault
from lab.wire.winrm_shell import MAXIMUM_COMMAND_LINE
from lab.wire.wsman import RESOURCE_NOT_FOUND, OutputQueue, Received, Shell, command_not_found

_PIECE = 65536


class RealShellService:
    """Opens command shells in which ``powershell.exe`` is ``program``, a command with its first arguments."""

    path = "/wsman"
    realm = "WSMAN"
    default_idle_timeout = 7200.0

    def __init__(self, program: Sequence[str], environment: Mapping[str, str]) -> None:
        self._program = program
        self._environment = environment

    def open(self, shell_id: str, user: str, resource_uri: str, shell: ElementTree.Element, open_now: int) -> Shell:
        if resource_uri.lower() != f"{SHELL}/cmd".lower():
            raise WsmanFault(
                RESOURCE_NOT_FOUND, f"The resource URI ({resource_uri}) was not found.", "a:DestinationUnreachable"
            )
        return _RealShell(user, self._program, self._environment)


@dataclass
class _Command:
    child: subprocess.Popen[bytes]
    output: OutputQueue = field(default_factory=OutputQueue)

    def carry(self) -> None:
        """Pass on what it writes, until it has ended."""
        assert self.child.stdout is not None
        assert self.child.stderr is not None
        other = threading.Thread(target=self._pump, args=("stderr", self.child.stderr), daemon=True)
        other.start()
        self._pump("stdout", self.child.stdout)
        other.join()
        self.output.finish(self.child.wait())

    def _pump(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            while piece := os.read(stream.fileno(), _PIECE):
                self.output.put(name, piece)

    def end(self) -> None:
        """End it and all that it started."""
        with contextlib.suppress(OSError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.output.finish(1)


class _RealShell:
    """One command shell."""

    def __init__(self, user: str, program: Sequence[str], environment: Mapping[str, str]) -> None:
        self.user = user
        self._program = program
        self._environment = environment
        self._commands: dict[str, _Command] = {}

    def command(self, command_id: str, line: ElementTree.Element, options: Mapping[str, str]) -> None:
        name = line.findtext("rsp:Command", "", NAMESPACES)
        arguments = [argument.text or "" for argument in line.iterfind("rsp:Arguments", NAMESPACES)]
        words = " ".join(arguments).split()
        if name.strip('"').lower() != "powershell.exe" or len(" ".join([name, *words])) > MAXIMUM_COMMAND_LINE:
            raise WsmanFault(2150858837, f"The laboratory does not run this command: {name}", "w:SchemaValidationError")
        child = subprocess.Popen(
            [*self._program, *words], env=dict(self._environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        command = self._commands[command_id] = _Command(child)
        threading.Thread(target=command.carry, daemon=True).start()

    def send(self, command_id: str, data: bytes, end: bool) -> None:
        stdin = self._command(command_id).child.stdin
        assert stdin is not None
        # A process that has ended already says so by its output.
        with contextlib.suppress(BrokenPipeError):
            stdin.write(data)
            stdin.flush()
        if end:
            with contextlib.suppress(BrokenPipeError):
                stdin.close()

    def receive(self, command_id: str, timeout: float) -> Received:
        return self._command(command_id).output.take(timeout, whole=True)

    def signal(self, command_id: str, code: str) -> None:
        command = self._commands.pop(command_id, None)
        if command is not None:
            command.end()

    def close(self) -> None:
        """End what still runs."""
        for command_id in list(self._commands):
            self.signal(command_id, "")

    def _command(self, command_id: str) -> _Command:
        command = self._commands.get(command_id)
        if command is None:
            raise command_not_found(command_id)
        return command
