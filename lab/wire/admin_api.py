# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchange Online's admin API: InvokeCommand, $batch and EXOModuleFile below ``/adminapi/{version}/{tenant}``."""

from __future__ import annotations

import email.utils
import json
import re
import urllib.parse
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lab.answer import Call, ShellState
from lab.log import is_read
from lab.wire import rest_encoding, rest_errors, rest_parameters
from lab.wire.gateway import Gateway, Interrupted, Outcome, Ticket
from lab.wire.http_server import ConnectionDropped, Request, Response
from lab.wire.paging import Cursors
from lab.wire.rest_errors import JSON, RequestError
from lab.wire.tokens import InvalidToken, TokenIssuer

MAXIMUM_BATCH = 10
# Where the service's backends listen; it is not open to the outside.
BACKEND_PORT = 446
_ROUTE = re.compile(r"/adminapi/(?P<version>beta|v[12]\.0)/(?P<tenant>[^/]+)/(?P<resource>[^/]+)/?", re.IGNORECASE)
_PAGE_SIZE = re.compile(r"odata\.maxpagesize=(\d+)")
_XHTML = (
    b'<?xml version="1.0" encoding="utf-8"?>\r\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
    b'"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\r\n<html xmlns="http://www.w3.org/1999/xhtml">'
    b"<head><title>Gateway</title></head><body>The request could not be served.</body></html>"
)
_HTML = b"<html><head><title>Service unavailable</title></head><body>Our services aren't available.</body></html>"


@dataclass(frozen=True)
class _Input:
    """A request that passed the checks: who asks for what."""

    request: Request
    claims: dict[str, Any]
    cmdlet: str
    parameters: dict[str, Any]

    @property
    def anchor(self) -> str:
        return self.request.headers.get("x-anchormailbox", "").strip().lower()

    @property
    def session(self) -> str:
        return self.request.headers.get("connection-id", "")

    @property
    def select(self) -> set[str] | None:
        names = self.request.query.get("$select", "")
        return {name.strip().lower() for name in names.split(",")} if names else None

    @property
    def page_size(self) -> int | None:
        """What the client wants on a page; None where it asks for no pages."""
        match = _PAGE_SIZE.search(self.request.headers.get("prefer", ""))
        return int(match.group(1)) if match else None


class AdminApi:
    """An HTTP application. ``base_url`` is set once the port is known, ``members`` is a word of rest_encoding."""

    def __init__(self, gateway: Gateway, issuer: TokenIssuer, monotonic: Callable[[], float]) -> None:
        self._gateway = gateway
        self._issuer = issuer
        self.members = rest_encoding.TEXTS
        self._cursors = Cursors(monotonic)
        self._key = rest_parameters.SecretKey()
        self.base_url = ""

    def __call__(self, request: Request) -> Response:
        response = self._answer(request)
        headers = {
            **response.headers,
            "request-id": str(uuid.uuid4()),
            "Date": email.utils.formatdate(usegmt=True),
            "OData-Version": "4.0",
            "X-CalculatedBETarget": "lab0001mb0001.labprd01.prod.outlook.com",
        }
        return replace(response, headers=headers)

    def _answer(self, request: Request) -> Response:
        route = _ROUTE.fullmatch(request.path)
        if route is None or route["tenant"].lower() != self._issuer.tenant_id.lower():
            return Response(404)
        try:
            claims = self._authenticated(request)
        except InvalidToken as problem:
            return rest_errors.unauthorized(problem.reason, self._issuer.claims_challenge() if problem.claims else "")
        resource, version = route["resource"].lower(), route["version"].lower()
        try:
            if resource == "exomodulefile" and version in ("beta", "v1.0"):
                return self._module_file(claims) if request.method == "GET" else Response(405)
            if resource not in ("invokecommand", "$batch"):
                return Response(404)
            # Under v1.0 InvokeCommand does not exist, whatever the method.
            if version != "beta" or request.method != "POST":
                return Response(405)
            return self._batch(request) if resource == "$batch" else self._invoke(request, claims)
        except RequestError as problem:
            return rest_errors.request_error(problem)

    def _authenticated(self, request: Request) -> dict[str, Any]:
        scheme, _unused, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidToken("There is no bearer token.")
        claims = self._issuer.verify(token.strip())
        if claims.get("tid") != self._issuer.tenant_id or not claims.get("roles"):
            raise InvalidToken("The token has no application role.")
        return claims

    def _module_file(self, claims: dict[str, Any]) -> Response:
        user = str(claims["appid"])
        names = sorted(self._gateway.granted(user))
        functions = "".join(_function(name, self._gateway.granted_parameters(user, name)) for name in names)
        # Invented: the name of the variable. That the key is in this text is documented nowhere either.
        content = f"$script:PublicKey = '{self._key.public_xml()}'\r\n{functions}"
        module = {"fileName": "ExchangeOnline.psm1", "fileContent": content, "exportedCmdlets": ",".join(names)}
        return Response(200, json.dumps({"value": [module]}).encode(), JSON)

    def _batch(self, request: Request) -> Response:
        parts = _document(request.body).get("requests")
        if not isinstance(parts, list) or not all(isinstance(part, dict) and "id" in part for part in parts):
            raise RequestError("The batch has no requests with an id each.", "System.ArgumentException")
        if len({str(part["id"]) for part in parts}) != len(parts):
            raise RequestError("Two requests of the batch have the same id.", "System.ArgumentException")
        if len(parts) > MAXIMUM_BATCH:
            raise RequestError(
                f"The batch has {len(parts)} requests; the maximum is {MAXIMUM_BATCH}.", "System.ArgumentException"
            )
        # Answered in another order than asked: only the ids say what belongs together.
        responses = [self._part(part, request) for part in parts][::-1]
        return Response(200, json.dumps({"responses": responses}).encode(), JSON)

    def _part(self, part: dict[str, Any], outer: Request) -> dict[str, Any]:
        url = str(part.get("url", ""))
        given = part.get("headers") or {}
        headers = {"authorization": outer.headers.get("authorization", "")}
        headers.update({str(name).lower(): str(value) for name, value in given.items()})
        if not url.lower().startswith(self.base_url.lower() + "/") or "$batch" in url:
            problem = f"The url {url} is not an absolute one of this service."
            response = rest_errors.request_error(RequestError(problem, "System.UriFormatException"))
        else:
            target = url[len(self.base_url) :]
            body = json.dumps(part.get("body") or {}).encode()
            response = self(Request(str(part.get("method", "")).upper(), target, headers, body))
        return {
            "id": part["id"],
            "status": response.status,
            "headers": {**response.headers, "Content-Type": response.content_type},
            "body": _embedded(response),
        }

    def _invoke(self, request: Request, claims: dict[str, Any]) -> Response:
        cmdlet_input = _document(request.body).get("CmdletInput")
        if not isinstance(cmdlet_input, dict) or not isinstance(cmdlet_input.get("CmdletName"), str):
            raise RequestError("The request has no CmdletInput with a CmdletName.", "System.ArgumentException")
        raw = cmdlet_input.get("Parameters")
        if not isinstance(raw, dict):
            raise RequestError("Parameters is not an object.", "System.ArgumentNullException")
        asked = _Input(request, claims, cmdlet_input["CmdletName"], raw)
        token = request.query.get("$skiptoken", "")
        if token:
            return self._page(asked, token)
        return self._run(replace(asked, parameters=rest_parameters.decode(raw, self._key)))

    def _page(self, asked: _Input, token: str) -> Response:
        page = self._cursors.next(token, asked.cmdlet, asked.anchor)
        return self._value(page.rows, [], self._next_link(asked, page.token), {})

    def _run(self, asked: _Input) -> Response:
        call = Call(asked.cmdlet, asked.parameters, ShellState(str(asked.claims["appid"])))
        try:
            ticket = self._gateway.admit(call, asked.session)
            if not is_read(ticket.call.cmdlet) and not _confirmed(asked.parameters):
                return self._validation(ticket)
            outcome = self._gateway.perform(ticket)
        except Interrupted as interruption:
            return self._interrupted(interruption, asked)
        if outcome.lost:
            raise ConnectionDropped
        return self._outcome(asked, outcome)

    def _validation(self, ticket: Ticket) -> Response:
        """Answer a write that was not told ``Confirm: false``: it asks back and changes nothing."""
        self._gateway.decline(ticket)
        question = f"Are you sure you want to perform this action? Running {ticket.call.cmdlet}."
        return self._value([], [], "", {"@adminapi.confirmationmessage": question})

    def _interrupted(self, interruption: Interrupted, asked: _Input) -> Response:
        arguments, claims = interruption.arguments, asked.claims
        if interruption.kind == "redirect":
            host = arguments.get("host") or urllib.parse.urlsplit(self.base_url).hostname
            return Response(302, headers={"Location": f"https://{host}:{BACKEND_PORT}{asked.request.target}"})
        if interruption.kind == "throttle":
            return rest_errors.throttled(arguments.get("retry_after", 0.25))
        if interruption.kind == "expire_token":
            self._issuer.revoke(claims)
            challenge = self._issuer.claims_challenge() if arguments.get("claims", True) else ""
            return rest_errors.unauthorized("The token was revoked.", challenge)
        if interruption.kind == "html_body":
            if arguments.get("xhtml"):
                return Response(int(arguments.get("status", 503)), _XHTML, "application/xhtml+xml")
            return Response(int(arguments.get("status", 503)), _HTML, "text/html")
        if interruption.kind == "empty_body" and arguments.get("envelope"):
            return self._value([], [], "", {})
        if interruption.kind == "empty_body":
            return Response(int(arguments.get("status", 200)))
        return rest_errors.not_allowed(asked.cmdlet) if arguments.get("told") else rest_errors.forbidden()

    def _outcome(self, asked: _Input, outcome: Outcome) -> Response:
        answer = outcome.answer
        errors = answer.errors if outcome.failure is None else [*answer.errors, outcome.failure]
        if errors and not answer.objects and not outcome.errors_in_200:
            return rest_errors.cmdlet_error(errors[-1], answer.warnings)
        more: dict[str, Any] = {}
        if errors:
            more["@adminapi.errors"] = [rest_errors.details_message(error) for error in errors]
        rows = [rest_encoding.encode(output, asked.select, self.members) for output in answer.objects]
        if not rows and not errors and not is_read(outcome.cmdlet):
            return self._nothing(outcome)
        # A cursor without an anchor is one that no later request finds.
        anchor = "" if outcome.refuse_cursor else asked.anchor
        page = self._cursors.first(rows, outcome.cmdlet, anchor, asked.page_size)
        return self._value(page.rows, answer.warnings, self._next_link(asked, page.token), more)

    def _nothing(self, outcome: Outcome) -> Response:
        """Answer a write without output. All these forms were seen; which one comes depends on the cmdlet's name."""
        form = zlib.crc32(outcome.cmdlet.lower().encode()) % 4
        if form == 3 and not outcome.answer.warnings:
            return Response(204)
        values: dict[int, Any] = {0: {"value": []}, 1: {"value": None}, 2: {}, 3: {"value": []}}
        return self._body({**self._envelope(outcome.answer.warnings), **values[form]})

    def _value(self, rows: list[dict[str, Any]], warnings: list[str], next_link: str, more: dict[str, Any]) -> Response:
        document = {**self._envelope(warnings), **more, "value": rows}
        if next_link:
            document["@odata.nextLink"] = next_link
        return self._body(document)

    def _envelope(self, warnings: list[str]) -> dict[str, Any]:
        path = f"/adminapi/beta/{self._issuer.tenant_id}/$metadata#Collection(Exchange.GenericHashTable)"
        return {
            "@odata.context": self.base_url + path,
            "adminapi.warnings@odata.type": "#Collection(String)",
            "@adminapi.warnings": warnings,
        }

    def _body(self, document: dict[str, Any]) -> Response:
        return Response(200, json.dumps(document).encode(), JSON)

    def _next_link(self, asked: _Input, token: str) -> str:
        if not token:
            return ""
        query = {name: value for name, value in asked.request.query.items() if name != "$skiptoken"}
        query["$skiptoken"] = token
        path = f"/adminapi/beta/{self._issuer.tenant_id}/InvokeCommand"
        return f"{self.base_url}{path}?{urllib.parse.urlencode(query, safe='$,')}"


def _function(name: str, parameters: list[str]) -> str:
    """Return a generated function: its name and param block as public clients read them, its body invented."""
    declared = ",\r\n".join(
        f"    [Parameter(HelpMessage='{parameter} (see the reference)')]\r\n    [System.Object]\r\n    ${parameter}"
        for parameter in parameters
        if parameter not in ("Confirm", "WhatIf")
    )
    lines = [f"function script:{name} {{", "  [CmdletBinding()]", "  param(", declared, "  )", "  process { }", "}", ""]
    return "\r\n".join(lines)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        raise RequestError("The request body is not JSON.", "Newtonsoft.Json.JsonReaderException") from None
    if not isinstance(document, dict):
        raise RequestError("The request body is not an object.", "Newtonsoft.Json.JsonReaderException")
    return document


def _confirmed(parameters: dict[str, Any]) -> bool:
    return any(name.lower() == "confirm" and value is False for name, value in parameters.items())


def _embedded(response: Response) -> Any:
    """Return a response as the body of a batch's part: JSON where it is JSON, else text or nothing."""
    if not response.body:
        return None
    if response.content_type == JSON:
        return json.loads(response.body)
    return response.body.decode("utf-8", "replace")
