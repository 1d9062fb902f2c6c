# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchange's remote PowerShell: a Microsoft.Exchange runspace pool over WSMan, in no-language mode."""

from __future__ import annotations

import base64
import binascii
import itertools
import struct
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from psrpcore import (
    CreatePipelineEvent,
    GetAvailableRunspacesEvent,
    GetCommandMetadataEvent,
    PSRPCoreError,
    PSRPPayload,
    ServerPipeline,
    ServerRunspacePool,
    StreamType,
)
from psrpcore import PowerShell as PowerShellPipeline
from psrpcore.types import PipelineState, PSInvocationState, PSRPMessageType

from lab.answer import Call, CmdletFailure, LabObject, LabValue, ShellState
from lab.wire import clixml, error_records, psrp_values
from lab.wire.clixml import Shapes
from lab.wire.gateway import Gateway, Interrupted, Outcome, Ticket
from lab.wire.http_server import ConnectionDropped
from lab.wire.soap import POWERSHELL, WsmanFault
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

CONFIGURATION = POWERSHELL + "Microsoft.Exchange"
FRAGMENT_BYTES = 32_000
# Objects in one Receive where output is handed on as it comes: PowerShell 7.6.9 sent 2,000 in 423 to 699.
EAGER_CHUNKS = 4
# psrpcore numbers its own messages from 1; ours must never collide with them.
_FIRST_MESSAGE = 2**32
_TO_CLIENT = 1
# A console without colours, as on Linux, says -1, which psrpcore knows not; 00 is as long, and is black.
_NO_COLOR, _BLACK = b'<I32 N="V">-1</I32>', b'<I32 N="V">00</I32>'
# What the answer to a question for commands begins with (MS-PSRP 2.2.3.21).
_COUNT_TYPES = (
    "Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo",
    "System.Management.Automation.PSCustomObject",
    "System.Object",
)
_TERMINATE = "/signal/terminate"  # MS-WSMV 2.2.4.38 writes Terminate, and clients write both


@dataclass(frozen=True)
class Limits:
    """The throttling policy: runspace pools a user, commands a pool (facts: exchange-server-psrp.md section 2)."""

    shells: int = 18
    commands: int = 1000


class RemotePowerShellService:
    """Opens runspace pools for one account's RBAC."""

    path = "/PowerShell"
    realm = "ex01.contoso.com"
    default_idle_timeout = 900.0

    def __init__(self, gateway: Gateway, limits: Limits, shapes: Shapes = clixml.KNOWN) -> None:
        self._gateway = gateway
        self._limits = limits
        self._shapes = shapes

    def open(self, shell_id: str, user: str, resource_uri: str, shell: ElementTree.Element, open_now: int) -> Shell:
        if resource_uri.lower() != CONFIGURATION.lower():
            raise WsmanFault(
                RESOURCE_NOT_FOUND,
                f"The WS-Management service cannot process the request. The resource URI ({resource_uri}) was not "
                "found in the WS-Management catalog. The catalog contains the metadata that describes resources, or "
                "logical endpoints.",
                "a:DestinationUnreachable",
            )
        if open_now >= self._limits.shells:
            raise self._too_many()
        creation = shell.findtext("{http://schemas.microsoft.com/powershell}creationXml", "")
        return RunspacePoolShell(
            shell_id, user, self._gateway, _decoded(creation), self._limits.commands, self._shapes
        )

    def _too_many(self) -> WsmanFault:
        now = self._gateway.model.clock.now()
        return WsmanFault(
            QUOTA_EXCEEDED,
            f"[Server={error_records.SERVER},RequestId={uuid.uuid4()},TimeStamp={error_records.timestamp(now)}] "
            f"[AuthZRequestId={uuid.uuid4()}][FailureCategory=AuthZ-AuthorizationException] Fail to create a runspace "
            "because you have exceeded the maximum number of connections allowed : "
            f"{self._limits.shells} for the policy party : MaxConcurrency. Please close existing runspace and try "
            "again.",
            "w:QuotaLimit",
        )


@dataclass
class _Running:
    """One pipeline of a pool, when its request came, and the output that waits for its Receive."""

    server: ServerPipeline
    arrived: float
    output: OutputQueue = field(default_factory=OutputQueue)
    stopped: bool = False
    # Whether it is the pipeline's turn to run.
    holds_turn: bool = False
    # Whether the client asked for commands, which it wants counted first.
    counted: bool = False


class RunspacePoolShell:
    """One runspace pool. psrpcore keeps the protocol's state; output objects are written by ``clixml``."""

    def __init__(
        self,
        shell_id: str,
        user: str,
        gateway: Gateway,
        creation: bytes,
        maximum_commands: int,
        shapes: Shapes = clixml.KNOWN,
    ) -> None:
        self.user = user
        self._shapes = shapes
        self._maximum_commands = maximum_commands
        self._id = shell_id
        self._gateway = gateway
        self._state = ShellState(user)
        self._lock = threading.RLock()  # psrpcore's objects are not thread-safe
        self._pool = ServerRunspacePool()
        self._output = OutputQueue()
        self._pipelines: dict[uuid.UUID, _Running] = {}
        self._messages = itertools.count(_FIRST_MESSAGE)
        self._notes: dict[str, LabValue] = {
            "PSComputerName": "ex01.contoso.com",
            "RunspaceId": uuid.UUID(shell_id),
            "PSShowComputerName": False,
        }
        self._feed(creation.replace(_NO_COLOR, _BLACK), None)
        # As many pipelines run at once as the pool has runspaces; others wait for their turn.
        self._turns = threading.Semaphore(max(1, self._pool.max_runspaces))

    def command(self, command_id: str, line: ElementTree.Element, options: Mapping[str, str]) -> None:
        arrived = time.monotonic()
        arguments = line.findtext("{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}Arguments", "")
        pipeline_id = uuid.UUID(command_id)
        with self._lock:
            if len(self._pipelines) >= self._maximum_commands:
                raise WsmanFault(
                    QUOTA_EXCEEDED,
                    "The WS-Management service cannot process the request. The maximum number of concurrent commands "
                    "per shell has been exceeded. Retry the request later or raise the Maximum Commands per Shell "
                    "quota.",
                )
            self._pipelines[pipeline_id] = _Running(ServerPipeline(self._pool, pipeline_id), arrived)
        self._feed(_decoded(arguments), pipeline_id)

    def send(self, command_id: str, data: bytes, end: bool) -> None:
        self._feed(data, uuid.UUID(command_id) if command_id else None)

    def receive(self, command_id: str, timeout: float) -> Received:
        if not command_id:
            return self._output.take(timeout, whole=False)
        with self._lock:
            running = self._pipelines.get(uuid.UUID(command_id))
        if running is None:
            raise command_not_found(command_id)
        # The engine hands on each object as it comes; how much of that WinRM gathers is not known.
        most = EAGER_CHUNKS if self._shapes.eager else 0
        return running.output.take(timeout, whole=not most, most=most)

    def signal(self, command_id: str, code: str) -> None:
        pipeline_id = uuid.UUID(command_id)
        with self._lock:
            running = self._pipelines.get(pipeline_id)
            if running is None:
                return
            running.stopped = True
            self._leave_turn(running)
            if code.lower().endswith(_TERMINATE):
                del self._pipelines[pipeline_id]
                self._pool.pipeline_table.pop(pipeline_id, None)
            elif running.server.state == PSInvocationState.Running:
                running.server.stop()
                self._drain()
        running.output.finish()

    def _feed(self, data: bytes, pipeline_id: uuid.UUID | None) -> None:
        started: list[CreatePipelineEvent | GetCommandMetadataEvent] = []
        with self._lock:
            try:
                self._pool.receive_data(PSRPPayload(data, StreamType.default, pipeline_id))
                while (event := self._pool.next_event()) is not None:
                    if isinstance(event, (CreatePipelineEvent, GetCommandMetadataEvent)):
                        started.append(event)
                    elif isinstance(event, GetAvailableRunspacesEvent):
                        self._pool.runspace_availability_response(event.ci, 1)
            except (PSRPCoreError, ValueError, struct.error) as problem:
                raise WsmanFault(2150858999, f"The PowerShell message could not be read: {problem}") from None
            self._drain()
        for event in started:
            self._begin(self._pipelines[event.pipeline_id], event)

    def _drain(self) -> None:
        """Move what psrpcore wants to send to the queue that its Receive reads. Call with the lock held."""
        while (payload := self._pool.data_to_send(FRAGMENT_BYTES)) is not None:
            running = None if payload.pipeline_id is None else self._pipelines.get(payload.pipeline_id)
            if running is not None:
                running.output.put("stdout", payload.data)
            elif payload.pipeline_id is None:
                self._output.put("stdout", payload.data)

    def _begin(self, running: _Running, event: CreatePipelineEvent | GetCommandMetadataEvent) -> None:
        """Start a pipeline, or what answers the question of Import-PSSession for commands."""
        if isinstance(event, GetCommandMetadataEvent):
            running.counted = True
            names = [str(name) for name in event.pipeline.name]
            self._start(running, "Get-Command", lambda: Call("Get-Command", {"Name": names}, self._state))
            return
        pipeline = event.pipeline
        if isinstance(pipeline, PowerShellPipeline):
            name = pipeline.commands[0].command_text if pipeline.commands else ""
            self._start(running, name, lambda: self._call(pipeline))

    def _start(self, running: _Running, cmdlet: str, read: Callable[[], Call]) -> None:
        with self._lock:
            running.server.start()
        try:
            ticket = self._gateway.admit(read(), self._id, running.arrived)
        except CmdletFailure as failure:
            self._finish(running, Outcome(cmdlet, failure=failure))
        except Interrupted as interruption:
            self._interrupted(running, cmdlet, interruption)
        except ConnectionDropped:
            running.output.lose()
            raise
        else:
            threading.Thread(target=self._perform, args=(running, ticket), daemon=True).start()

    def _call(self, pipeline: PowerShellPipeline) -> Call:
        commands = pipeline.commands
        # Whether Exchange lets several commands into one pipeline is not known, so the laboratory does not.
        if len(commands) != 1 or commands[0].is_script:
            raise CmdletFailure(
                "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
                "System.Management.Automation.PSNotSupportedException",
                terminating=True,
                error_id="ScriptsNotAllowed",
            )
        command = commands[0]
        parameters = psrp_values.parameters(command.parameters)
        name = self._gateway.canonical_name(command.command_text, self.user) or command.command_text
        return Call(name, parameters, self._state)

    def _interrupted(self, running: _Running, cmdlet: str, interruption: Interrupted) -> None:
        if interruption.kind == "lost_shell":
            running.output.finish()
            raise ShellLost from None
        if interruption.kind == "throttle":
            with self._lock:
                self._pipelines.pop(running.server.pipeline_id, None)
                self._pool.pipeline_table.pop(running.server.pipeline_id, None)
            raise load_quota(interruption.arguments) from None
        self._finish(running, Outcome(cmdlet, failure=command_not_granted(cmdlet)))

    def _perform(self, running: _Running, ticket: Ticket) -> None:
        try:
            if not self._take_turn(running):
                return
            try:
                outcome = self._gateway.perform(ticket)
            finally:
                self._leave_turn(running)
        except BaseException:
            running.output.lose()  # a fault in the laboratory itself must not leave the client waiting
            raise
        if outcome.lost:
            running.output.lose()
            return
        self._finish(running, outcome)

    def _take_turn(self, running: _Running) -> bool:
        """Wait for a free runspace; return False where the pipeline was stopped meanwhile."""
        self._turns.acquire()
        with self._lock:
            running.holds_turn = True
            if running.stopped:
                self._leave_turn(running)
            return not running.stopped

    def _leave_turn(self, running: _Running) -> None:
        """Free the runspace: at the end, or when the pipeline is stopped, which ends its cmdlet on a real server."""
        with self._lock:
            if running.holds_turn:
                running.holds_turn = False
                self._turns.release()

    def _finish(self, running: _Running, outcome: Outcome) -> None:
        # Outside the lock: writing objects is the expensive part, and needs nothing of psrpcore.
        documents = [clixml.render(output, self._notes, self._shapes) for output in outcome.answer.objects]
        if running.counted:
            documents.insert(0, clixml.render(LabObject(_COUNT_TYPES, {}), {"Count": len(documents)}))
        chunks = [chunk for document in documents for chunk in self._fragments(running, document.encode())]
        with self._lock:
            if running.stopped:
                return
            server = running.server
            now = self._gateway.model.clock.now()
            for chunk in chunks if self._shapes.eager else _packed(chunks):
                running.output.put("stdout", chunk)
            for warning in outcome.answer.warnings:
                server.write_warning(warning)
            for error in outcome.answer.errors:
                server.write_error(
                    error_records.exception(error),
                    error_records.category(outcome.cmdlet, error),
                    fully_qualified_error_id=error_records.error_id(outcome.cmdlet, error, now),
                )
            if outcome.failure is None:
                server.complete()
            else:
                failed = PipelineState(PipelineState=int(PSInvocationState.Failed))
                failed.ExceptionAsErrorRecord = error_records.record(outcome.cmdlet, outcome.failure, now)
                server.prepare_message(failed)
            self._drain()
        running.output.finish()

    def _fragments(self, running: _Running, document: bytes) -> list[bytes]:
        """Wrap one output object as PSRP fragments (MS-PSRP 2.2.1 and 2.2.4)."""
        message = (
            struct.pack("<iI", _TO_CLIENT, PSRPMessageType.PipelineOutput.value)
            + self._pool.runspace_pool_id.bytes_le
            + running.server.pipeline_id.bytes_le
            + document
        )
        number = next(self._messages)
        pieces = [message[start : start + FRAGMENT_BYTES] for start in range(0, len(message), FRAGMENT_BYTES)]
        last = len(pieces) - 1
        return [
            struct.pack(">QQBI", number, index, (index == 0) | (index == last) << 1, len(piece)) + piece
            for index, piece in enumerate(pieces)
        ]


def _packed(chunks: list[bytes]) -> list[bytes]:
    """Join small fragments: a stream element for each would cost more than the object in it."""
    packed: list[bytearray] = []
    for chunk in chunks:
        if not packed or len(packed[-1]) + len(chunk) > FRAGMENT_BYTES:
            packed.append(bytearray())
        packed[-1] += chunk
    return [bytes(chunk) for chunk in packed]


def command_not_granted(cmdlet: str) -> CmdletFailure:
    """Return what PowerShell says of a cmdlet that RBAC does not show to the caller, or that does not exist."""
    return CmdletFailure(
        f"The term '{cmdlet}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
        "System.Management.Automation.CommandNotFoundException",
        category="ObjectNotFound",
        terminating=True,
    )


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded)
    except binascii.Error:
        raise WsmanFault(2150858999, "The PowerShell message is not base64.") from None
