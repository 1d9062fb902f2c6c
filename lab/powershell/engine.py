# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PowerShell itself as the server of remote PowerShell: the laboratory's WSMan in front, a ``pwsh -s`` for each shell.

The laboratory's own remote PowerShell is written from the protocol's pages; this one is the engine that Exchange's is
built on. What WinRM does between the two (when it answers a Receive, how much it puts into it) stays the laboratory's.
"""

from __future__ import annotations

import base64
import queue
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from lab.powershell.packets import PIPELINE_STATE, POOL, Peer, PeerGone, message_types
from lab.wire.remote_powershell import CONFIGURATION
from lab.wire.soap import SHELL, WsmanFault
from lab.wire.wsman import (
    RESOURCE_NOT_FOUND,
    OutputQueue,
    Received,
    Shell,
    ShellLost,
    command_not_found,
)

_TERMINATE = "/signal/terminate"


class EngineService:
    """Opens runspace pools of the session configuration in a file. ``commands`` gets the id of each that was begun."""

    path = "/PowerShell"
    realm = "ex01.contoso.com"
    default_idle_timeout = 900.0

    def __init__(self, program: str, configuration: Path) -> None:
        self._command = [program, "-NoLogo", "-NoProfile", "-s", "-ConfigurationFile", str(configuration)]
        self.commands: queue.SimpleQueue[str] = queue.SimpleQueue()

    def open(self, shell_id: str, user: str, resource_uri: str, shell: ElementTree.Element, open_now: int) -> Shell:
        if resource_uri.lower() != CONFIGURATION.lower():
            raise WsmanFault(
                RESOURCE_NOT_FOUND, f"The resource URI ({resource_uri}) was not found.", "a:DestinationUnreachable"
            )
        creation = shell.findtext("{http://schemas.microsoft.com/powershell}creationXml", "")
        return EngineShell(user, base64.b64decode(creation), self._command, self.commands.put)


class EngineShell:
    """One runspace pool, in a process of its own."""

    def __init__(
        self, user: str, creation: bytes, command: Sequence[str], begun: Callable[[str], None]
    ) -> None:
        self.user = user
        self._begun = begun
        self._queues: dict[uuid.UUID, OutputQueue] = {POOL: OutputQueue()}
        self._peer = Peer(command, self._arrived)
        self._send("Data", POOL, creation)

    def command(self, command_id: str, line: ElementTree.Element, options: Mapping[str, str]) -> None:
        about = uuid.UUID(command_id)
        self._queues[about] = OutputQueue()
        self._send("Command", about)
        self._send("Data", about, base64.b64decode(line.findtext(f"{{{SHELL}}}Arguments", "")))
        self._begun(command_id)

    def send(self, command_id: str, data: bytes, end: bool) -> None:
        self._send("Data", _about(command_id), data)

    def receive(self, command_id: str, timeout: float) -> Received:
        queue = self._queues.get(_about(command_id))
        if queue is None:
            raise command_not_found(command_id)
        return queue.take(timeout, whole=False)

    def signal(self, command_id: str, code: str) -> None:
        about = _about(command_id)
        if not code.lower().endswith(_TERMINATE):
            self._send("Signal", about)
        elif self._queues.pop(about, None) is not None:
            self._send("Close", about)

    def close(self) -> None:
        """End the process; a pool is closed after its pipelines, or the engine never acknowledges it."""
        for about in [about for about in self._queues if about != POOL]:
            self._queues.pop(about).lose()
            try:
                self._peer.send("Close", about)
            except PeerGone:
                break
        self._queues[POOL].lose()
        self._peer.close()

    def _send(self, name: str, about: uuid.UUID, data: bytes | None = None) -> None:
        try:
            self._peer.send(name, about, data)
        except PeerGone:
            raise ShellLost from None

    def _arrived(self, about: uuid.UUID, data: bytes | None) -> None:
        if data is None:
            for lost in list(self._queues.values()):
                lost.lose()
            return
        queue = self._queues.get(about)
        if queue is None:
            return
        queue.put("stdout", data)
        # WinRM says when a command is done; over standard streams only the pipeline's own state does.
        if about != POOL and PIPELINE_STATE in message_types(data):
            queue.finish()


def _about(command_id: str) -> uuid.UUID:
    return uuid.UUID(command_id) if command_id else POOL
