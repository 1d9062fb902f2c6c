# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laboratory's remote PowerShell for PowerShell's own client.

``New-PSSession -HostName`` starts a program named ``ssh`` and speaks to what it leads to by standard streams. Where
that is ``python -m lab.powershell.bridge``, it is the demonstration's Exchange Server, as it answers over WSMan.
"""

from __future__ import annotations

import base64
import os
import sys
import threading
import uuid
from typing import BinaryIO
from xml.etree import ElementTree

from lab.faults import Faults
from lab.hybrid import Hybrid
from lab.log import CommandLog
from lab.model.demo import demo_hybrid
from lab.powershell import packets
from lab.powershell.packets import POOL, Packet
from lab.wire.gateway import Gateway
from lab.wire.remote_powershell import CONFIGURATION, Limits, RemotePowerShellService
from lab.wire.soap import POWERSHELL, SHELL, WsmanFault
from lab.wire.wsman import TIMED_OUT, Shell

_PATIENCE = 60.0
_CREATION = POWERSHELL.rstrip("/")


class Bridge:
    """One session, over two streams."""

    def __init__(self, hybrid: Hybrid, output: BinaryIO) -> None:
        self._user = hybrid.exchange_server_account.username
        gateway = Gateway("exchange_server", hybrid.exchange_server, hybrid, CommandLog(), Faults())
        self._service = RemotePowerShellService(gateway, Limits())
        self._output = output
        self._writing = threading.Lock()
        self._shell: Shell | None = None
        self._announced: set[uuid.UUID] = set()

    def serve(self, lines: BinaryIO) -> None:
        """Answer until the client closes the session."""
        for line in lines:
            packet = packets.read(line)
            if packet is None:
                continue
            self._emit(packet.acknowledgement())
            self._handle(packet)
            if packet.name == "Close" and packet.about == POOL:
                return

    def _handle(self, packet: Packet) -> None:
        about = packet.about
        if packet.name == "Command":
            self._announced.add(about)
        elif packet.name == "Data" and packet.data is not None:
            self._take(about, packet.data)
        elif self._shell is not None and about != POOL:
            self._shell.signal(_name(about), f"{SHELL}/signal/{'ctrl_c' if packet.name == 'Signal' else 'Terminate'}")

    def _take(self, about: uuid.UUID, data: bytes) -> None:
        encoded = base64.b64encode(data).decode()
        if self._shell is None:
            creation = ElementTree.Element(f"{{{SHELL}}}Shell")
            ElementTree.SubElement(creation, f"{{{_CREATION}}}creationXml").text = encoded
            self._shell = self._service.open(str(uuid.uuid4()).upper(), self._user, CONFIGURATION, creation, 0)
            self._follow(self._shell, POOL)
        elif about in self._announced:
            self._announced.discard(about)
            line = ElementTree.Element(f"{{{SHELL}}}CommandLine")
            ElementTree.SubElement(line, f"{{{SHELL}}}Arguments").text = encoded
            self._shell.command(_name(about), line, {})
            self._follow(self._shell, about)
        else:
            self._shell.send(_name(about), data, False)

    def _follow(self, shell: Shell, about: uuid.UUID) -> None:
        threading.Thread(target=self._pass_on, args=(shell, about), daemon=True).start()

    def _pass_on(self, shell: Shell, about: uuid.UUID) -> None:
        """Send on what a pipeline puts out, until it is done or forgotten."""
        while True:
            try:
                received = shell.receive(_name(about), _PATIENCE)
            except WsmanFault as fault:
                if fault.code == TIMED_OUT:
                    continue
                return
            for _stream, data in received.streams:
                self._emit(Packet("Data", about, data))
            if received.done:
                return

    def _emit(self, packet: Packet) -> None:
        with self._writing:
            self._output.write(packet.line())
            self._output.flush()


def _name(about: uuid.UUID) -> str:
    return "" if about == POOL else str(about).upper()


if __name__ == "__main__":
    # The client takes a word on standard error for the end of the session, and its end too: it stays open, and silent.
    with open(os.devnull, "w", encoding="utf-8") as sys.stderr:
        Bridge(demo_hybrid(), sys.stdout.buffer).serve(sys.stdin.buffer)
