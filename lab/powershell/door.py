# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way by which functions that run in a real PowerShell come back to the laboratory's gateways.

Grants, faults, log and clock are those of every other wire. GET /ORGANIZATION returns the functions of what is granted
there, POST /ORGANIZATION/SESSION runs one call, POST /sign-in says whether an account may open Exchange's session.
"""

from __future__ import annotations

import base64
import datetime
import json
import secrets
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lab.answer import Answer, Call, CmdletFailure, Collection, Dictionary, LabCredential, LabValue, ShellState
from lab.log import SecretText
from lab.model.contract import Binder
from lab.powershell.functions import Functions
from lab.wire import error_records
from lab.wire.basic_auth import Account
from lab.wire.gateway import Gateway, Interrupted
from lab.wire.http_server import ConnectionDropped, Request, Response
from lab.wire.net_text import time_span
from lab.wire.powershell_dialogue import net_text
from lab.wire.remote_powershell import command_not_granted
from lab.wire.winrm_shell import bare_name

TOKEN_HEADER = "x-lab-token"


@dataclass(frozen=True)
class Organization:
    """One gateway behind the door, who calls, and whether the functions are as strict as a server's own."""

    gateway: Gateway
    environment: str
    user: str
    strict: bool = True


class Door:
    """An HTTP application for processes that know its token."""

    def __init__(self, organizations: Mapping[str, Organization], account: Account) -> None:
        self.token = secrets.token_urlsafe(24)
        self._organizations = organizations
        self._account = account
        self._lock = threading.Lock()
        self._states: dict[str, ShellState] = {}

    def __call__(self, request: Request) -> Response:
        if request.headers.get(TOKEN_HEADER) != self.token:
            return Response(403)
        name, _slash, session = request.path.strip("/").partition("/")
        if name == "sign-in":
            return Response(200 if self._signs_in(json.loads(request.body)) else 401)
        organization = self._organizations.get(name)
        if organization is None:
            return Response(404)
        if request.method == "GET":
            return Response(200, _functions(organization).encode(), "text/plain; charset=utf-8")
        asked = json.loads(request.body)
        with self._lock:
            state = self._states.setdefault(session, ShellState(organization.user))
        parameters = {name: _given(value) for name, value in asked["parameters"].items()}
        call = Call(str(asked["cmdlet"]), parameters, state)
        return Response(200, json.dumps(_answer(organization.gateway, call, session)).encode(), "application/json")

    def _signs_in(self, given: Mapping[str, str]) -> bool:
        account = self._account
        same = bare_name(given.get("user", "")) == bare_name(account.username)
        return same and given.get("password") == account.password


def _functions(organization: Organization) -> str:
    binder, gateway = Binder(organization.environment), organization.gateway
    functions = Functions(organization.environment, strict=organization.strict)
    for name in gateway.granted(organization.user):
        facts = binder.cmdlets.get(name)
        if facts is not None:  # Get-Command is PowerShell's own
            granted = gateway.granted_parameters(organization.user, name) or list(facts["parameters"])
            functions.add(name, facts, granted, lambda cmdlet: f"LabRun $PSCmdlet '{cmdlet}' $PSBoundParameters")
    return functions.text()


def _answer(gateway: Gateway, call: Call, session: str) -> dict[str, Any]:
    """Run a call and return its answer as JSON data. Raises ConnectionDropped where a fault says so."""
    answer, failure = Answer(), None
    try:
        outcome = gateway.perform(gateway.admit(call, session))
        if outcome.lost:
            raise ConnectionDropped
        answer, failure = outcome.answer, outcome.failure
    except Interrupted as interruption:
        if interruption.kind != "not_granted":
            raise ConnectionDropped from None
        failure = command_not_granted(call.cmdlet)
    except CmdletFailure as refused:
        failure = refused
    now = gateway.model.clock.now()
    exchange = gateway.organization != "entra_connect"
    return {
        "objects": [{name: _shown(value) for name, value in found.properties.items()} for found in answer.objects],
        "warnings": answer.warnings,
        "errors": [_error(call.cmdlet, error, now, exchange=exchange) for error in answer.errors],
        "failure": failure and _error(call.cmdlet, failure, now, exchange=exchange),
    }


def _error(cmdlet: str, failure: CmdletFailure, now: datetime.datetime, *, exchange: bool) -> dict[str, str]:
    short = error_records.short_name(failure.exception_type)
    identifier = error_records.error_id(cmdlet, failure, now) if exchange else short
    # PowerShell puts the command's name behind it, as Exchange's proxies do.
    identifier = identifier.rpartition(",")[0] or identifier
    return {
        "message": failure.message, "type": short, "class": failure.exception_type, "category": failure.category,
        "id": identifier,
    }  # fmt: skip


def _given(value: Any) -> Any:
    """Return a parameter's value: a text as it is, all that JSON has no word for as an object of one member."""
    if isinstance(value, list):
        return [_given(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "user" in value:
        return LabCredential(value["user"], value["password"])
    if "password" in value:
        return SecretText(value["password"])
    if "bytes" in value:
        return base64.b64decode(value["bytes"])
    return {name: _given(item) for name, item in value["table"].items()}


def _shown(value: LabValue) -> Any:
    """Return a value with a letter for its .NET type: date, guid, time span, other object, or string."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, datetime.datetime):
        return f"d:{value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat()}Z"
    if isinstance(value, uuid.UUID):
        return f"g:{value}"
    if isinstance(value, datetime.timedelta):
        return f"t:{time_span(value)}"
    if isinstance(value, Collection):
        return [f"s:{item}" for item in value.items]
    if isinstance(value, Dictionary):
        return {key: f"s:{item}" for key, item in value.entries.items()}
    return f"s:{value}" if isinstance(value, str) else f"o:{net_text(value)}"
