# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft Graph, as far as the match of users goes: ``$batch`` of GETs, pages, throttling, permissions.

Written after Microsoft's reference pages (lab/CONFORMANCE.md). A page has two rows whatever $top asks for, so that
clients have to follow ``@odata.nextLink``; only the properties that $select names are answered.
"""

from __future__ import annotations

import json
import re
import urllib.parse
import uuid
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from lab.faults import Faults
from lab.log import CommandLog
from lab.wire.http_server import Request, Response
from lab.wire.tokens import GRAPH, InvalidToken, TokenIssuer

MAXIMUM_BATCH = 20
PAGE_SIZE = 2
JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_USER = re.compile(r"/v1\.0/users/(?P<id>[^/]+)(?P<members>/transitiveMemberOf)?/?", re.IGNORECASE)
_USERS = re.compile(r"/v1\.0/users", re.IGNORECASE)
_BEHAVIOR = re.compile(r"/v1\.0/users/(?P<id>[^/]+)/onPremisesSyncBehavior", re.IGNORECASE)
_ELIGIBILITY = re.compile(r"/v1\.0/roleManagement/directory/roleEligibilitySchedules", re.IGNORECASE)
_PRINCIPALS = re.compile(r"/v1\.0/servicePrincipals", re.IGNORECASE)
_JOBS = re.compile(r"/v1\.0/servicePrincipals/(?P<id>[^/]+)/synchronization/jobs", re.IGNORECASE)
_EQUAL = re.compile(r"(?P<name>\w+) eq '(?P<value>(?:[^']|'')*)'")
_FEATURES = "/v1.0/directory/onpremisessynchronization"
# Which application permission a route needs (docs of each API; the third's support for applications is disputed).
PERMISSIONS = {
    "users": "User.Read.All", "usersByAnchor": "User.Read.All", "transitiveMemberOf": "User.Read.All",
    "onPremisesSynchronization": "OnPremDirectorySynchronization.Read.All",
    "onPremisesSyncBehavior": "User-OnPremisesSyncBehavior.ReadWrite.All",
    "roleEligibilitySchedules": "RoleEligibilitySchedule.Read.Directory", "servicePrincipals": "Application.Read.All",
    "synchronizationJobs": "Synchronization.Read.All",
}  # fmt: skip


class EntraDirectory(Protocol):
    """What the wire needs of Microsoft Entra, in Graph's own property names."""

    def user(self, object_id: str) -> dict[str, Any] | None:
        """Return a user by its object id, or None."""

    def users_by_anchor(self, anchor: str) -> list[dict[str, Any]]:
        """Return the users with this onPremisesImmutableId."""

    def sync_behavior(self, object_id: str) -> dict[str, Any] | None:
        """Return a user's onPremisesSyncBehavior, or None."""

    def eligible_roles(self, object_id: str) -> list[dict[str, Any]]:
        """Return a user's roleEligibilitySchedules."""

    def service_principals(self, template: str) -> list[dict[str, Any]]:
        """Return the service principals of an application template."""

    def synchronization_jobs(self, principal: str) -> list[dict[str, Any]] | None:
        """Return the jobs of a service principal, or None."""

    def member_of(self, object_id: str) -> list[dict[str, Any]] | None:
        """Return the groups and roles of a user, or None."""

    def synchronization(self) -> dict[str, Any]:
        """Return the tenant's onPremisesDirectorySynchronization."""


@runtime_checkable
class HasEntra(Protocol):
    """A hybrid organization with a Microsoft Entra."""

    @property
    def entra(self) -> EntraDirectory:
        """The tenant's directory."""

    def advance(self) -> None:
        """Apply everything that is due."""


class _Problem(Exception):
    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def document(self) -> dict[str, Any]:
        identifier = str(uuid.uuid4())
        inner = {"date": "2026-11-23T09:00:00", "request-id": identifier, "client-request-id": identifier}
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


class GraphApi:
    """An HTTP application. ``base_url`` is set once the port is known; faults go by the route's name."""

    def __init__(self, hybrid: object, issuer: TokenIssuer, faults: Faults, log: CommandLog) -> None:
        self._hybrid = hybrid if isinstance(hybrid, HasEntra) else None
        self._issuer = issuer
        self._faults = faults
        self._log = log
        self.base_url = ""

    def __call__(self, request: Request) -> Response:
        try:
            claims = self._authenticated(request)
            if request.path.lower() == "/v1.0/$batch":
                return self._batch(request, claims)
            return _json(200, self._get(request, claims))
        except _Problem as problem:
            return _json(problem.status, problem.document(), problem.headers)

    def _authenticated(self, request: Request) -> dict[str, Any]:
        scheme, _space, token = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise InvalidToken("Access token is empty.")
            claims = self._issuer.verify(token.strip(), GRAPH)
        except InvalidToken as problem:
            challenge = f'Bearer realm="", error="insufficient_claims", claims="{self._issuer.claims_challenge()}"'
            headers = {"WWW-Authenticate": challenge if problem.claims else 'Bearer realm=""'}
            raise _Problem(401, "InvalidAuthenticationToken", problem.reason, headers) from None
        return claims

    def _batch(self, request: Request, claims: dict[str, Any]) -> Response:
        if request.method != "POST":
            raise _Problem(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
        self._strike("$batch", claims)
        try:
            document = json.loads(request.body)
        except ValueError:
            document = None
        parts = document.get("requests") if isinstance(document, dict) else None
        if not isinstance(parts, list):
            raise _Problem(400, "BadRequest", "Invalid batch payload format.")
        if len(parts) > MAXIMUM_BATCH:
            raise _Problem(400, "BadRequest", f"Number of batch requests steps exceeds the maximum of {MAXIMUM_BATCH}.")
        # Answered in another order than asked: only the ids say what belongs together.
        return _json(200, {"responses": [self._part(part, claims) for part in parts][::-1]})

    def _part(self, part: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        target = f"/v1.0{part.get('url', '')}"
        status, headers = 200, {"Content-Type": "application/json"}
        try:
            body = self._get(Request(str(part.get("method", "")).upper(), target, {}, b""), claims)
        except _Problem as problem:
            status, body = problem.status, problem.document()
            headers.update(problem.headers)
        return {"id": part.get("id"), "status": status, "headers": headers, "body": body}

    def _get(self, request: Request, claims: dict[str, Any]) -> dict[str, Any]:
        if request.method == "GET":
            for route, answer in self._routes():
                fits = route.fullmatch(request.path)
                if fits:
                    return answer(request, claims, fits.groupdict().get("id", ""))
        user = _USER.fullmatch(request.path)
        if request.method != "GET" or (user is None and request.path.lower() != _FEATURES):
            raise _Problem(400, "BadRequest", f"Resource not found for the segment '{request.path}'.")
        name = "onPremisesSynchronization" if user is None else "transitiveMemberOf" if user["members"] else "users"
        entra = self._directory(name, claims)
        if user is None:
            return {"@odata.context": self._context("directory/onPremisesSynchronization"),
                    "value": [entra.synchronization()]}  # fmt: skip
        if user["members"]:
            return self._members(request, entra.member_of(user["id"]), user["id"])
        found = entra.user(user["id"])
        if found is None:
            raise _missing(user["id"])
        return {"@odata.context": self._context("users/$entity"), **_selected(found, request)}

    def _routes(self) -> list[tuple[re.Pattern[str], Callable[[Request, dict[str, Any], str], dict[str, Any]]]]:
        return [
            (_USERS, self._filtered), (_BEHAVIOR, self._behavior), (_ELIGIBILITY, self._eligibility),
            (_PRINCIPALS, self._principals), (_JOBS, self._jobs),
        ]  # fmt: skip

    def _behavior(self, request: Request, claims: dict[str, Any], object_id: str) -> dict[str, Any]:
        found = self._directory("onPremisesSyncBehavior", claims).sync_behavior(object_id)
        if found is None:
            raise _missing(object_id)
        return _selected(found, request)

    def _eligibility(self, request: Request, claims: dict[str, Any], _id: str) -> dict[str, Any]:
        entra = self._directory("roleEligibilitySchedules", claims)
        return {"value": entra.eligible_roles(_filter_value(request, "principalId"))}

    def _principals(self, request: Request, claims: dict[str, Any], _id: str) -> dict[str, Any]:
        entra = self._directory("servicePrincipals", claims)
        rows = entra.service_principals(_filter_value(request, "applicationTemplateId"))
        return {"value": [_selected(row, request) for row in rows]}

    def _jobs(self, _request: Request, claims: dict[str, Any], principal: str) -> dict[str, Any]:
        found = self._directory("synchronizationJobs", claims).synchronization_jobs(principal)
        if found is None:
            raise _missing(principal)
        return {"value": found}

    def _filtered(self, request: Request, claims: dict[str, Any], _id: str) -> dict[str, Any]:
        """Answer ``/users?$filter=onPremisesImmutableId eq '…'``; other filters are not known here."""
        entra = self._directory("usersByAnchor", claims)
        rows = entra.users_by_anchor(_filter_value(request, "onPremisesImmutableId"))
        return {"@odata.context": self._context("users"), "value": [_selected(row, request) for row in rows]}

    def _directory(self, name: str, claims: dict[str, Any]) -> EntraDirectory:
        """Return the tenant's directory to who may read this of it."""
        self._strike(name, claims)
        if PERMISSIONS[name] not in claims.get("roles", []):
            raise _Problem(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        self._note(name, claims)
        if self._hybrid is None:
            raise _Problem(404, "Request_ResourceNotFound", "The laboratory has no directory.")
        self._hybrid.advance()
        return self._hybrid.entra

    def _members(self, request: Request, rows: list[dict[str, Any]] | None, object_id: str) -> dict[str, Any]:
        if rows is None:
            raise _missing(object_id)
        start = int(request.query.get("$skiptoken", "0"))
        document: dict[str, Any] = {
            "@odata.context": self._context("directoryObjects"),
            "value": [_selected(row, request) for row in rows[start : start + PAGE_SIZE]],
        }
        if len(rows) > start + PAGE_SIZE:
            query = {**request.query, "$skiptoken": str(start + PAGE_SIZE)}
            path = urllib.parse.quote(request.path)
            document["@odata.nextLink"] = f"{self.base_url}{path}?{urllib.parse.urlencode(query, safe='$,')}"
        return document

    def _strike(self, name: str, claims: dict[str, Any]) -> None:
        strike = self._faults.strike("graph", name)
        throttle = strike.get("throttle")
        if throttle is not None:
            after = throttle.get("retry_after", 1)
            headers = {} if after is None else {"Retry-After": str(after)}
            raise _Problem(429, "TooManyRequests", "Please retry again later.", headers)
        if strike.has("expire_token"):
            self._issuer.revoke(claims)
            challenge = f'Bearer realm="", error="insufficient_claims", claims="{self._issuer.claims_challenge()}"'
            raise _Problem(401, "InvalidAuthenticationToken", "Revoked.", {"WWW-Authenticate": challenge})
        if strike.has("deny"):
            raise _Problem(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

    def _note(self, name: str, claims: dict[str, Any]) -> None:
        self._log.append({
            "organization": "graph", "user": str(claims.get("appid", "")), "cmdlet": f"GET {name}", "parameters": {},
            "kind": "read", "outcome": "ok", "executed": True, "session": "", "time": "",
        })  # fmt: skip

    def _context(self, what: str) -> str:
        return f"{self.base_url}/v1.0/$metadata#{what}"


def _filter_value(request: Request, name: str) -> str:
    """Return the value that ``$filter=name eq '…'`` asks for; other filters are not known here."""
    wanted = _EQUAL.fullmatch(request.query.get("$filter", ""))
    if wanted is None or wanted["name"] != name:
        raise _Problem(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified.")
    return wanted["value"].replace("''", "'")


def _selected(row: dict[str, Any], request: Request) -> dict[str, Any]:
    names = request.query.get("$select", "")
    wanted = {name.strip().lower() for name in names.split(",")} if names else {"id", "displayname"}
    return {name: value for name, value in row.items() if name.lower() in wanted or name.startswith("@")}


def _missing(object_id: str) -> _Problem:
    return _Problem(
        404, "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )  # fmt: skip


def _json(status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    common = {"request-id": str(uuid.uuid4()), "OData-Version": "4.0", **(headers or {})}
    return Response(status, json.dumps(document).encode(), JSON, common)
