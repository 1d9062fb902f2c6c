# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Entra Connect server's WinRM command shell. It runs one command line only: the collection's dialogue script.

The laboratory has no PowerShell, so the script itself never runs: it is known by its first line, and its dialogue
is answered (one line of JSON in, one line of base64 JSON out).
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import re
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from lab.answer import Answer, ByteSize, Call, CmdletFailure, Collection, Enumeration, LabValue, Reference, ShellState
from lab.wire.gateway import Gateway, Interrupted, Ticket
from lab.wire.http_server import ConnectionDropped
from lab.wire.net_text import byte_size, time_span
from lab.wire.remote_powershell import command_not_granted
from lab.wire.soap import NAMESPACES, SHELL, WsmanFault
from lab.wire.wsman import (
    QUOTA_EXCEEDED,
    RESOURCE_NOT_FOUND,
    OutputQueue,
    Received,
    Shell,
    ShellLost,
    command_not_found,
    load_quota,
)

FIRST_LINE = "# mailops.exchange_hybrid: one cmdlet as JSON, dialogue 1, module ADSync"
MAXIMUM_COMMAND_LINE = 8191
MAXIMUM_SHELLS = 30
_ENCODED = re.compile(r"^\"?powershell(?:\.exe)?\"?\s+(?:-\w+\s+)*?-e(?:nc|ncodedcommand)?\s+(\S+)\s*$", re.IGNORECASE)


class WinrmShellService:
    """Opens command shells."""

    path = "/wsman"
    realm = "WSMAN"
    default_idle_timeout = 7200.0

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def open(self, shell_id: str, user: str, resource_uri: str, shell: ElementTree.Element, open_now: int) -> Shell:
        if resource_uri.lower() != f"{SHELL}/cmd".lower():
            raise WsmanFault(
                RESOURCE_NOT_FOUND,
                f"The WS-Management service cannot process the request. The resource URI ({resource_uri}) was not "
                "found in the WS-Management catalog. The catalog contains the metadata that describes resources, or "
                "logical endpoints.",
                "a:DestinationUnreachable",
            )
        if open_now >= MAXIMUM_SHELLS:
            raise WsmanFault(
                QUOTA_EXCEEDED,
                "The WS-Management service cannot process the request. This user is allowed a maximum number of "
                f"{MAXIMUM_SHELLS} concurrent shells, which has been exceeded. Close existing shells or raise the "
                "quota for this user.",
                "w:QuotaLimit",
            )
        return CommandShell(shell_id, user, self._gateway)


@dataclass
class _Process:
    """A running dialogue: what came on standard input so far."""

    stdin: bytearray = field(default_factory=bytearray)
    output: OutputQueue = field(default_factory=OutputQueue)
    asked: bool = False


class CommandShell:
    """One command shell."""

    def __init__(self, shell_id: str, user: str, gateway: Gateway) -> None:
        self.user = user
        self._id = shell_id
        self._gateway = gateway
        self._state = ShellState(user)
        self._lock = threading.Lock()
        self._processes: dict[str, _Process] = {}

    def command(self, command_id: str, line: ElementTree.Element) -> None:
        words = [line.findtext("rsp:Command", "", NAMESPACES)]
        words += [argument.text or "" for argument in line.iterfind("rsp:Arguments", NAMESPACES)]
        process = _Process()
        complaint = _complaint(" ".join(words))
        if complaint:
            process.asked = True
            process.output.put("stderr", complaint.encode() + b"\r\n")
            process.output.finish(1)
        with self._lock:
            self._processes[command_id] = process

    def send(self, command_id: str, data: bytes, end: bool) -> None:
        process = self._process(command_id)
        process.stdin += data
        if process.asked or not (end or b"\n" in process.stdin):
            return
        process.asked = True
        question = bytes(process.stdin).partition(b"\n")[0]
        try:
            ticket = self._admit(question)
        except CmdletFailure as failure:
            _answer(process, Answer(errors=[failure]))
        except Interrupted as interruption:
            self._interrupted(process, question, interruption)
        except ConnectionDropped:
            process.output.lose()
            raise
        else:
            threading.Thread(target=self._perform, args=(process, ticket), daemon=True).start()

    def receive(self, command_id: str, timeout: float) -> Received:
        return self._process(command_id).output.take(timeout, whole=True)

    def signal(self, command_id: str, code: str) -> None:
        with self._lock:
            process = self._processes.pop(command_id, None)
        if process is not None:
            process.output.finish(1)

    def _process(self, command_id: str) -> _Process:
        with self._lock:
            process = self._processes.get(command_id)
        if process is None:
            raise command_not_found(command_id)
        return process

    def _admit(self, question: bytes) -> Ticket:
        cmdlet, parameters = _question(question)
        return self._gateway.admit(Call(cmdlet, parameters, self._state), self._id)

    def _interrupted(self, process: _Process, question: bytes, interruption: Interrupted) -> None:
        if interruption.kind == "lost_shell":
            process.output.finish(1)
            raise ShellLost from None
        if interruption.kind == "throttle":
            raise load_quota(interruption.arguments) from None
        _answer(process, Answer(errors=[command_not_granted(_question(question)[0])]))

    def _perform(self, process: _Process, ticket: Ticket) -> None:
        try:
            outcome = self._gateway.perform(ticket)
        except BaseException:
            process.output.lose()  # a fault in the laboratory itself must not leave the client waiting
            raise
        if outcome.lost:
            process.output.lose()
            return
        answer = outcome.answer
        if outcome.failure is not None:
            answer.errors.append(outcome.failure)
        _answer(process, answer)


def _complaint(line: str) -> str:
    """Say why a command line cannot be run here, or return nothing."""
    if len(line) > MAXIMUM_COMMAND_LINE:
        return "The command line is too long."
    match = _ENCODED.match(line)
    if match is None:
        return "The laboratory runs the dialogue of mailops.exchange_hybrid only, not this command line."
    try:
        script = base64.b64decode(match.group(1), validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError):
        return "Cannot process the command because the value specified with -EncodedCommand is not properly encoded."
    if script.lstrip("\ufeff").splitlines()[:1] != [FIRST_LINE]:
        return "The laboratory has no PowerShell: it answers a script by its first line, and does not know this one."
    return ""


def _question(line: bytes) -> tuple[str, dict[str, Any]]:
    """Read ``{"cmdlet": ..., "parameters": {...}}``. Raises CmdletFailure, as ConvertFrom-Json would throw."""
    try:
        question = json.loads(line.decode("ascii"))
        return str(question["cmdlet"]), dict(question.get("parameters", {}))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CmdletFailure(
            "Conversion from JSON failed.", "System.ArgumentException", category="InvalidArgument", terminating=True
        ) from None


def _answer(process: _Process, answer: Answer) -> None:
    document = {
        "objects": [
            {name: normalised(value) for name, value in output.properties.items()} for output in answer.objects
        ],
        "warnings": answer.warnings,
        "errors": [
            {
                "message": error.message,
                "type": error.exception_type,
                "category": error.category,
                "id": error.exception_type.rsplit(".", 1)[-1],
            }
            for error in answer.errors
        ],
    }
    line = base64.b64encode(json.dumps(document, ensure_ascii=False).encode("utf-8"))
    process.output.put("stdout", line + b"\r\n")
    process.output.finish(0)


def normalised(value: LabValue) -> Any:
    """Return a property value as the dialogue's script hands it over."""
    if isinstance(value, datetime.datetime):
        # .NET's "o" of a UTC time has seven digits.
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    if isinstance(value, datetime.timedelta):
        return time_span(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Enumeration):
        return value.name
    if isinstance(value, Reference):
        return value.text
    if isinstance(value, ByteSize):
        return byte_size(value.size)
    if isinstance(value, Collection):
        return list(value.items)
    return value
