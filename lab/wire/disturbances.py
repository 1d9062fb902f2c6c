# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong below the cmdlets: connections that break, and answers that another server than the service gives.

Faults of lab/faults.py strike a cmdlet; these strike one HTTP request of a server, whatever it is for. Kinds and their
``arguments`` (optional unless said otherwise):

* ``refuse``: the port is closed for ``seconds`` (required), which ends open connections, too. The request does not run.
* ``reset``: TCP reset instead of an answer; with ``when="after"`` the request has run.
* ``truncate``: the request runs, and the connection is closed in the middle of its answer.
* ``hang``: no answer until the client closes the connection; with ``when="after"`` the request has run.
* ``slow``: the request runs, and its answer comes in two parts, ``seconds`` (required) apart.
* ``answer``: a gateway answers, with ``status`` (required), a ``body`` of html, xhtml, text or empty, and the header
  Retry-After if ``retry_after`` is given. ``challenge`` is the header WWW-Authenticate. With ``when="after"`` the
  request has run.

Each request has a label, by which it is told and struck: ``Receive Get-User``, ``InvokeCommand Get-Mailbox``.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import os
import re
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

from lab.faults import Faults, Strike
from lab.wire.http_server import ConnectionDropped, Disturb, Line, Request, Response

BODIES: dict[str, tuple[bytes, str]] = {
    "html": (b"<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>", "text/html"),
    "xhtml": (
        b'<?xml version="1.0" encoding="utf-8"?>\r\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
        b'"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\r\n<html xmlns="http://www.w3.org/1999/xhtml">'
        b"<head><title>Gateway</title></head><body>The request could not be served.</body></html>",
        "application/xhtml+xml",
    ),
    "text": (b"upstream connect error or disconnect/reset before headers", "text/plain"),
    "empty": (b"", ""),
}
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "refuse": ("seconds",),
    "reset": ("when",),
    "truncate": (),
    "hang": ("when",),
    "slow": ("seconds",),
    "answer": ("when", "status", "body", "retry_after", "challenge"),
}
KINDS = tuple(_ARGUMENTS)
_REQUIRED = {"refuse": ("seconds",), "slow": ("seconds",), "answer": ("status",)}
SERVERS = ("exchange_server", "exchange_online", "entra_connect", "management_shell", "graph", "sign_in")
_ACTION = re.compile(rb"<[\w-]+:Action[^>]*>[^<]*/(\w+)</")
_COMMAND_ID = re.compile(rb"CommandId=\"([-0-9A-Fa-f]+)\"")
_ENCODED = re.compile(rb"<rsp:(?:Arguments|Stream)[^>]*>([^<]+)</")
_CMDLET = re.compile(rb"<S N=\"Cmd\">([\w-]+)</S>|\"cmdlet\": ?\"([\w-]+)\"")


class Disturbances(Faults):
    """The armed disturbances of all servers, and the labels of the requests that came. Thread-safe.

    As with faults, ``after`` counts the requests that match from the moment of arming, and ``count`` None is for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[str, str]] = []
        self._commands: dict[bytes, str] = {}

    def check(self, organization: str, kind: str, arguments: Mapping[str, Any]) -> None:
        if organization not in SERVERS:
            raise ValueError(f"unknown server {organization!r}: one of {', '.join(SERVERS)}")
        if kind not in KINDS:
            raise ValueError(f"unknown disturbance {kind!r}: one of {', '.join(KINDS)}")
        strange = sorted(set(arguments) - set(_ARGUMENTS[kind]))
        missing = [name for name in _REQUIRED.get(kind, ()) if name not in arguments]
        if strange or missing:
            raise ValueError(f"the disturbance {kind!r} takes {', '.join(_ARGUMENTS[kind])}")
        if arguments.get("when", "before") not in ("before", "after"):
            raise ValueError("when is either before or after")
        if arguments.get("body", "html") not in BODIES:
            raise ValueError(f"body is one of {', '.join(BODIES)}")

    def of(self, server: str) -> Disturb:
        """Return what answers each request of a server, undisturbed if nothing strikes it."""

        def answer(request: Request, line: Line, run: Callable[[], Response]) -> Response | None:
            label = self.label(request)
            self.requests.append((server, label))
            strike = self.strike(server, label)
            return self._disturbed(strike, line, run) if strike else run()

        return answer

    def _disturbed(self, strike: Strike, line: Line, run: Callable[[], Response]) -> Response | None:
        for kind in KINDS:
            arguments = strike.get(kind)
            if arguments is None:
                continue
            ahead = arguments.get("when", "before") == "before" and kind not in ("truncate", "slow")
            response = Response(500) if ahead else run()
            if kind == "answer":
                return gateway_answer(arguments)
            if kind == "refuse":
                line.close_port(functools.partial(self.wait, float(arguments["seconds"])))
                raise ConnectionDropped
            if kind == "slow":
                self._slowly(line.connection, response.encoded(), float(arguments["seconds"]))
                return None
            _break(kind, line.connection, response.encoded())
        raise ConnectionDropped

    def _slowly(self, connection: socket.socket, encoded: bytes, seconds: float) -> None:
        connection.sendall(encoded[:20])
        self.wait(seconds)
        connection.sendall(encoded[20:])

    def label(self, request: Request) -> str:
        """Return what a request is for, as far as can be read on the wire."""
        action = _ACTION.search(request.body) if b"Envelope" in request.body[:400] else None
        if action is not None:
            return self._label_of_shell(action.group(1).decode(), request.body)
        step = request.path.rstrip("/").rpartition("/")[2]
        return " ".join(filter(None, [step, *_cmdlets(request.body)]))

    def _label_of_shell(self, verb: str, body: bytes) -> str:
        number = _COMMAND_ID.search(body)
        cmdlet = _cmdlet_within(body) if verb in ("Command", "Send") else ""
        if number is not None:
            known = self._commands.setdefault(number.group(1).upper(), cmdlet) if cmdlet else ""
            cmdlet = cmdlet or known or self._commands.get(number.group(1).upper(), "")
        return f"{verb} {cmdlet}".rstrip()


def _cmdlet_within(body: bytes) -> str:
    """Return the cmdlet that a PowerShell fragment or a line of a script's dialogue names."""
    for encoded in _ENCODED.findall(body):
        try:
            content = base64.b64decode(encoded)
        except binascii.Error:
            continue
        names = _CMDLET.findall(content)
        if names:
            return str((names[-1][0] or names[-1][1]).decode())
    return ""


def _cmdlets(body: bytes) -> list[str]:
    """Return the cmdlets of a request to the admin API, or the routes of one to Graph; of a batch each once.

    What is not as it should be has none: it is the service's to refuse.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    parts = document.get("requests") if isinstance(document, dict) else None
    told = [_purpose(part) for part in parts] if isinstance(parts, list) else [_cmdlet_of(document)]
    return list(dict.fromkeys(filter(None, told)))


def _purpose(part: Any) -> str:
    if not isinstance(part, dict):
        return ""
    return _cmdlet_of(part.get("body")) or _route(str(part.get("url", "")))


def _cmdlet_of(document: Any) -> str:
    asked = document.get("CmdletInput") if isinstance(document, dict) else None
    return str(asked.get("CmdletName", "")) if isinstance(asked, dict) else ""


def _route(url: str) -> str:
    steps = [step for step in url.partition("?")[0].split("/") if step]
    return "" if not steps else steps[0] if len(steps) == 2 else steps[-1]


def _break(kind: str, connection: socket.socket, encoded: bytes) -> None:
    """End a connection by a reset, in the middle of an answer, or when the client does."""
    if kind == "reset":
        # A linger of no time makes close() send a reset and not the orderly end; others may still hold the socket.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(connection.detach())
    elif kind == "truncate":
        connection.sendall(encoded[: len(encoded) - max(1, len(encoded) // 4)])
    elif kind == "hang":
        while connection.recv(65536):
            continue
    raise ConnectionDropped


def gateway_answer(arguments: Mapping[str, Any]) -> Response:
    """Return what a gateway in front of the service says."""
    body, content_type = BODIES[str(arguments.get("body", "html"))]
    headers: dict[str, str] = {}
    if "retry_after" in arguments:
        headers["Retry-After"] = str(arguments["retry_after"])
    if "challenge" in arguments:
        headers["WWW-Authenticate"] = str(arguments["challenge"])
    return Response(int(arguments["status"]), body, content_type, headers)
