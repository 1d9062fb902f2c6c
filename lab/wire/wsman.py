# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The WSMan side of both WinRM services: authentication, shells and their limits, output that waits to be received."""

from __future__ import annotations

import base64
import collections
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from lab.wire import soap
from lab.wire.authentication import Door
from lab.wire.basic_auth import Account
from lab.wire.http_server import ConnectionDropped, Request, Response
from lab.wire.soap import NAMESPACES, Envelope, WsmanFault

TIMED_OUT = 2150858793
SHELL_NOT_FOUND = 2150858843
RESOURCE_NOT_FOUND = 2150858811
# Invented number: no capture of a quota fault shows one.
QUOTA_EXCEEDED = 2150859174
# A reply has to fit the envelope that clients ask for (150 KiB), in base64.
RECEIVE_BYTES = 96_000
MINIMUM_IDLE_TIMEOUT = 60.0
# Windows' own default of MaxEnvelopeSizekb.
MAXIMUM_ENVELOPE = 500 * 1024


@dataclass
class Received:
    """Output of one Receive: stream names with bytes; ``exit_code`` only where a process ended."""

    streams: list[tuple[str, bytes]] = field(default_factory=list)
    done: bool = False
    exit_code: int | None = None


class OutputQueue:
    """Output of a shell or command that waits for its Receive.

    Of several Receives only the newest may take output: a client that gave up on one would lose what it takes.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._chunks: collections.deque[tuple[str, bytes]] = collections.deque()
        self._waiting = 0
        self._finished = False
        self._lost = False
        self._exit_code: int | None = None

    def put(self, stream: str, chunk: bytes) -> None:
        with self._changed:
            self._chunks.append((stream, chunk))
            self._changed.notify_all()

    def finish(self, exit_code: int | None = None) -> None:
        with self._changed:
            self._finished, self._exit_code = True, exit_code
            self._changed.notify_all()

    def lose(self) -> None:
        """Drop the connection of this and every later Receive: the answer is lost for good."""
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def take(self, timeout: float, *, whole: bool, most: int = 0) -> Received:
        """Wait for output; ``whole`` waits for the end or a full envelope. Raises WsmanFault on time-out.

        ``most`` is how many chunks are taken; 0 is as many as the envelope holds.
        """
        with self._changed:
            self._waiting += 1
            mine = self._waiting
            self._changed.notify_all()
            self._changed.wait_for(lambda: mine != self._waiting or self._ready(whole), timeout)
            if self._lost:
                raise ConnectionDropped
            if mine != self._waiting or not (self._chunks or self._finished):
                raise WsmanFault(
                    TIMED_OUT,
                    "The WS-Management service cannot complete the operation within the time specified in "
                    "OperationTimeout.",
                    "w:TimedOut",
                )
            return self._received(most)

    def _ready(self, whole: bool) -> bool:
        if self._lost or self._finished:
            return True
        return bool(self._chunks) and (not whole or sum(len(chunk) for _unused, chunk in self._chunks) >= RECEIVE_BYTES)

    def _received(self, most: int) -> Received:
        received = Received()
        size = 0
        while self._chunks and (not size or size + len(self._chunks[0][1]) <= RECEIVE_BYTES):
            if most and len(received.streams) == most:
                break
            received.streams.append(self._chunks.popleft())
            size += len(received.streams[-1][1])
        received.done = self._finished and not self._chunks
        received.exit_code = self._exit_code if received.done else None
        return received


class Shell(Protocol):
    """One open shell: a runspace pool or a command prompt."""

    user: str

    def command(self, command_id: str, line: ElementTree.Element, options: Mapping[str, str]) -> None:
        """Start a command (``line`` is rsp:CommandLine, ``options`` the request's option set)."""

    def send(self, command_id: str, data: bytes, end: bool) -> None:
        """Take input for a command, or for the shell where the command id is empty."""

    def receive(self, command_id: str, timeout: float) -> Received:
        """Return output as soon as there is any."""

    def signal(self, command_id: str, code: str) -> None:
        """Stop or forget a command."""


@dataclass
class _Entry:
    shell: Shell
    idle_timeout: float
    used: float


class ShellRegistry:
    """The open shells of one service. Idle ones vanish at the next look, as WinRM's do."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def add(self, shell_id: str, shell: Shell, idle_timeout: float) -> None:
        with self._lock:
            self._entries[shell_id] = _Entry(shell, max(idle_timeout, MINIMUM_IDLE_TIMEOUT), self._monotonic())

    def find(self, shell_id: str) -> Shell:
        """Return an open shell and mark it as used. Raises WsmanFault."""
        with self._lock:
            self._sweep()
            entry = self._entries.get(shell_id)
            if entry is None:
                raise shell_not_found(shell_id)
            entry.used = self._monotonic()
            return entry.shell

    def remove(self, shell_id: str) -> None:
        with self._lock:
            self._entries.pop(shell_id, None)

    def count(self, user: str | None = None) -> int:
        with self._lock:
            self._sweep()
            return sum(1 for entry in self._entries.values() if user is None or entry.shell.user == user)

    def _sweep(self) -> None:
        now = self._monotonic()
        for shell_id, entry in list(self._entries.items()):
            if now - entry.used > entry.idle_timeout:
                del self._entries[shell_id]


def shell_not_found(shell_id: str) -> WsmanFault:
    return WsmanFault(
        SHELL_NOT_FOUND,
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on "
        "the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the "
        "server. Provide the correct ShellId or create a new shell and retry the request.",
        "w:InvalidSelectors",
    )


def command_not_found(command_id: str) -> WsmanFault:
    return WsmanFault(
        SHELL_NOT_FOUND,
        f"The request for the Windows Remote Shell with CommandId {command_id} failed because the command was not "
        "found on the server.",
        "w:InvalidSelectors",
    )


def too_large() -> WsmanFault:
    return WsmanFault(
        QUOTA_EXCEEDED,
        "The WS-Management service cannot process the request because the request size exceeded the configured "
        "MaxEnvelopeSize quota.",
        "w:EncodingLimit",
    )


def load_quota(arguments: Mapping[str, Any]) -> WsmanFault:
    """Return the fault of a user who sends too much (facts: exchange-server-psrp.md section 2)."""
    retry_after = float(arguments.get("retry_after") or 0.2)
    return WsmanFault(
        QUOTA_EXCEEDED,
        "The WS-Management service cannot process the request. The user load quota of 1000 requests per 2 seconds has "
        "been exceeded. Send future requests at a slower rate or raise the quota for this user. The next request from "
        f"this user will not be approved for at least {round(retry_after * 1000)} milliseconds.",
        "w:QuotaLimit",
    )


class Service(Protocol):
    """What differs between the services behind WSMan."""

    path: str
    realm: str
    default_idle_timeout: float

    def open(self, shell_id: str, user: str, resource_uri: str, shell: ElementTree.Element, open_now: int) -> Shell:
        """Open a shell (``shell`` is rsp:Shell). Raises WsmanFault for a wrong resource or too many shells."""


class WsmanEndpoint:
    """An HTTP application that speaks WSMan for one service."""

    def __init__(self, service: Service, account: Account, shells: ShellRegistry, door: Door) -> None:
        self._service = service
        self._account = account
        self._door = door
        self._shells = shells
        self._opening = threading.Lock()

    def __call__(self, request: Request) -> Response:
        if request.path.rstrip("/").lower() != self._service.path.lower():
            return _html(404, "Not Found")
        if request.method != "POST":
            return _html(405, "Method Not Allowed")
        admitted = self._door.admit(request)
        if isinstance(admitted, Response):
            return admitted
        try:
            envelope = soap.parse(admitted.body)
        except ValueError:
            return Response(400)
        try:
            if len(admitted.body) > MAXIMUM_ENVELOPE:
                raise too_large()
            return admitted.wrap(soap.reply(envelope, self._dispatch(envelope)))
        except WsmanFault as problem:
            return admitted.wrap(soap.fault(envelope.message_id, problem))

    def _dispatch(self, envelope: Envelope) -> str:
        verb = envelope.verb
        if verb == "Create":
            return self._create(envelope)
        if verb == "Delete":
            self._shells.find(envelope.shell_id)
            self._shells.remove(envelope.shell_id)
            return ""
        handlers = {"Command": _command, "Send": _send, "Receive": _receive, "Signal": _signal}
        if verb not in handlers:
            # Get, Disconnect and Connect too: whether Exchange answers them is not known.
            raise WsmanFault(2150858752, f"The action {envelope.action} is not supported.", "a:ActionNotSupported")
        shell = self._shells.find(envelope.shell_id)
        try:
            return handlers[verb](shell, envelope)
        except ShellLost:
            self._shells.remove(envelope.shell_id)
            raise shell_not_found(envelope.shell_id) from None

    def _create(self, envelope: Envelope) -> str:
        shell = envelope.body.find("rsp:Shell", NAMESPACES)
        if shell is None:
            raise WsmanFault(2150858837, "The request has no shell to create.", "w:SchemaValidationError")
        user = self._account.username
        shell_id = (shell.get("ShellId") or str(uuid.uuid4())).upper()
        service = self._service
        idle = soap.seconds(shell.findtext("rsp:IdleTimeOut", "", NAMESPACES), service.default_idle_timeout)
        # One after the other: two that look at the same moment would both be the last that is allowed.
        with self._opening:
            opened = service.open(shell_id, user, envelope.resource_uri, shell, self._shells.count(user))
            self._shells.add(shell_id, opened, idle)
        uri = escape(envelope.resource_uri)
        return (
            f"<x:ResourceCreated><a:Address>https://localhost{service.path}</a:Address><a:ReferenceParameters>"
            f'<w:ResourceURI>{uri}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector>'
            "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:ResourceUri>{uri}</rsp:ResourceUri>"
            f"<rsp:Owner>{escape(user)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
            f"<rsp:IdleTimeOut>PT{idle:.3f}S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>"
            "<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>"
        )


def _html(status: int, title: str) -> Response:
    """Answer as Windows' HTTP service does: a page that is not XML."""
    page = (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
        f'<HTML><HEAD><TITLE>{title}</TITLE>\r\n<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii">'
        f"</HEAD>\r\n<BODY><h2>{title}</h2>\r\n<hr><p>HTTP Error {status}. {title}.</p>\r\n</BODY></HTML>\r\n"
    )
    return Response(status, page.encode(), "text/html; charset=us-ascii")


class ShellLost(Exception):
    """Raised by a shell: it has vanished from the server."""


def _required(envelope: Envelope, path: str) -> ElementTree.Element:
    element = envelope.body.find(path, NAMESPACES)
    if element is None:
        raise WsmanFault(2150858837, f"The request has no {path}.", "w:SchemaValidationError")
    return element


def _command(shell: Shell, envelope: Envelope) -> str:
    line = _required(envelope, "rsp:CommandLine")
    command_id = (line.get("CommandId") or str(uuid.uuid4())).upper()
    shell.command(command_id, line, envelope.options)
    return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"


def _send(shell: Shell, envelope: Envelope) -> str:
    stream = _required(envelope, "rsp:Send/rsp:Stream")
    end = (stream.get("End") or "").lower() in ("true", "1")
    shell.send((stream.get("CommandId") or "").upper(), base64.b64decode(stream.text or ""), end)
    return "<rsp:SendResponse/>"


def _receive(shell: Shell, envelope: Envelope) -> str:
    command_id = (_required(envelope, "rsp:Receive/rsp:DesiredStream").get("CommandId") or "").upper()
    received = shell.receive(command_id, envelope.operation_timeout)
    of_command = f' CommandId="{command_id}"' if command_id else ""
    body = "".join(
        f'<rsp:Stream Name="{name}"{of_command}>{base64.b64encode(chunk).decode()}</rsp:Stream>'
        for name, chunk in received.streams
    )
    if command_id:
        state = "Done" if received.done else "Running"
        code = "" if received.exit_code is None else f"<rsp:ExitCode>{received.exit_code}</rsp:ExitCode>"
        body += f'<rsp:CommandState{of_command} State="{soap.SHELL}/CommandState/{state}">{code}</rsp:CommandState>'
    return f"<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"


def _signal(shell: Shell, envelope: Envelope) -> str:
    signal = _required(envelope, "rsp:Signal")
    shell.signal((signal.get("CommandId") or "").upper(), signal.findtext("rsp:Code", "", NAMESPACES))
    return "<rsp:SignalResponse/>"
