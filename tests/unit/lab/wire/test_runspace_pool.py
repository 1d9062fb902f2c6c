# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One runspace pool of the laboratory, as PowerShell's own client meets it: what pypsrp never asks for."""

from __future__ import annotations

import base64
import threading
import uuid
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import psrpcore
import pytest
from psrpcore.types import ConsoleColor, Coordinates, HostDefaultData, HostInfo, Size

from lab.answer import Answer, Call, LabObject
from lab.faults import Faults
from lab.log import CommandLog
from lab.model.demo import demo_hybrid
from lab.wire.clixml import KNOWN, Shapes
from lab.wire.gateway import Gateway
from lab.wire.remote_powershell import RunspacePoolShell
from lab.wire.soap import NAMESPACES

WHITE, NONE = b'<I32 N="V">15</I32>', b'<I32 N="V">-1</I32>'


class Host:
    """Cmdlets that do what a test says."""

    def __init__(self, work: Callable[[Call], Answer]) -> None:
        self._work = work

    def run(self, call: Call) -> Answer:
        return self._work(call)

    def granted(self, user: str) -> list[str]:
        return ["Get-User"]


class Client:
    """psrpcore's client and one pool of the laboratory, without HTTP between them."""

    def __init__(self, host: Any, shapes: Shapes = KNOWN, change: Callable[[bytes], bytes] = bytes) -> None:
        hybrid = demo_hybrid()
        size, place = Size(Width=80, Height=25), Coordinates(X=0, Y=0)
        data = HostDefaultData(
            ForegroundColor=ConsoleColor.White, BackgroundColor=ConsoleColor.White, CursorPosition=place,
            WindowPosition=place, CursorSize=25, BufferSize=size, WindowSize=size, MaxWindowSize=size,
            MaxPhysicalWindowSize=size, WindowTitle="")  # fmt: skip
        self.pool = psrpcore.ClientRunspacePool(host=HostInfo(
            IsHostNull=False, IsHostUINull=False, IsHostRawUINull=False, UseRunspaceHost=False, HostDefaultData=data))
        self.pool.open()
        gateway = Gateway("exchange_server", host or hybrid.exchange_server, hybrid, CommandLog(), Faults())
        self.shell = RunspacePoolShell(
            str(uuid.uuid4()).upper(), "CONTOSO\\svc", gateway, change(self._sent()), 1000, shapes)  # fmt: skip

        for _stream, opened in self.shell.receive("", 20).streams:
            self.pool.receive_data(psrpcore.PSRPPayload(opened, psrpcore.StreamType.default, None))
        while self.pool.next_event() is not None:
            pass

    def _sent(self) -> bytes:
        payload = self.pool.data_to_send(1_000_000)
        assert payload is not None
        return bytes(payload.data)

    def begin(self, pipeline: Any) -> str:
        pipeline.start()
        line = ElementTree.Element("line")
        arguments = ElementTree.SubElement(line, f"{{{NAMESPACES['rsp']}}}Arguments")
        arguments.text = base64.b64encode(self._sent()).decode()
        self.shell.command(str(pipeline.pipeline_id), line, {})
        return str(pipeline.pipeline_id)

    def read(self, command_id: str) -> tuple[list[Any], int]:
        """Return the objects that came, and in how many pieces."""
        objects: list[Any] = []
        for pieces in range(1, 100):
            received = self.shell.receive(command_id, 20)
            for _stream, data in received.streams:
                self.pool.receive_data(psrpcore.PSRPPayload(
                    data, psrpcore.StreamType.default, uuid.UUID(command_id)))
            while (event := self.pool.next_event()) is not None:
                if isinstance(event, psrpcore.PipelineOutputEvent):
                    objects.append(event.data)
            if received.done:
                return objects, pieces
        raise AssertionError("it does not end")

    def get_user(self, identity: str) -> str:
        pipeline = psrpcore.ClientPowerShell(self.pool)
        pipeline.add_command("Get-User").add_parameter("Identity", identity)
        return self.begin(pipeline)


def test_what_import_pssession_asks_for_is_counted_and_told() -> None:
    client = Client(None)
    asked = psrpcore.ClientGetCommandMetadata(client.pool, ["Get-User", "Set-User"])
    (count, *commands), _pieces = client.read(client.begin(asked))
    assert count.Count == 2
    assert [command.Name for command in commands] == ["Get-User", "Set-User"]


def test_a_console_without_colours_is_let_in() -> None:
    client = Client(None, change=lambda data: data.replace(WHITE, NONE))
    objects, _pieces = client.read(client.get_user("nobody"))
    assert objects == []


def test_pipelines_of_a_pool_with_one_runspace_run_one_after_the_other() -> None:
    entered, release, seen = threading.Event(), threading.Event(), list[str]()

    def work(call: Call) -> Answer:
        name = str(call.parameters["Identity"])
        seen.append(f"{name} begins")
        entered.set()
        release.wait(20)
        seen.append(f"{name} ends")
        return Answer()

    client = Client(Host(work))
    first = client.get_user("first")
    assert entered.wait(20)
    second = client.get_user("second")
    release.set()
    client.read(first)
    client.read(second)
    assert seen == ["first begins", "first ends", "second begins", "second ends"]


@pytest.mark.parametrize(("seed", "pieces"), [(0, 1), (1, 11), (2, 1)])
def test_output_comes_when_an_envelope_is_full_or_at_once(seed: int, pieces: int) -> None:
    answer = Answer([LabObject(("X", "System.Object"), {"Number": number}) for number in range(40)])
    client = Client(Host(lambda call: answer), Shapes(seed))
    objects, came = client.read(client.get_user("all"))
    assert [item.Number for item in objects] == list(range(40))
    assert came == pieces
