# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Open shells that have processes: one that is deleted ends them, as WinRM does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from lab.wire.wsman import Shell, ShellRegistry


@runtime_checkable
class HasProcesses(Protocol):
    """A shell that has to be closed."""

    def close(self) -> None:
        """End its processes."""


class ClosingShells(ShellRegistry):
    """The open shells of one service."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__(monotonic)
        self._open: dict[str, HasProcesses] = {}

    def add(self, shell_id: str, shell: Shell, idle_timeout: float) -> None:
        super().add(shell_id, shell, idle_timeout)
        if isinstance(shell, HasProcesses):
            self._open[shell_id] = shell

    def remove(self, shell_id: str) -> None:
        super().remove(shell_id)
        shell = self._open.pop(shell_id, None)
        if shell is not None:
            shell.close()

    def close(self) -> None:
        """End what is left open."""
        for shell_id in list(self._open):
            self.remove(shell_id)
