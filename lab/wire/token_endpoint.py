# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sign-in service: discovery documents and the client credentials grant, with Microsoft Entra ID's error bodies."""

from __future__ import annotations

import datetime
import json
import urllib.parse
import uuid
from typing import Any

from lab.wire.http_server import Request, Response
from lab.wire.tokens import GRAPH, LIFETIME_SECONDS, RESOURCE, SignInError, TokenIssuer

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_JSON = "application/json; charset=utf-8"


class TokenEndpoint:
    """An HTTP application below ``https://localhost:port/{tenant}/``. ``base_url`` is set once the port is known."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self._issuer = issuer
        self.base_url = ""

    def __call__(self, request: Request) -> Response:
        tenant, _unused, rest = request.path.lstrip("/").partition("/")
        rest = rest.rstrip("/").lower()
        try:
            if tenant.lower() != self._issuer.tenant_id.lower():
                raise SignInError(
                    90002,
                    "invalid_request",
                    400,
                    f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
                    "into the correct cloud.",
                )
            if request.method == "GET" and rest == "v2.0/.well-known/openid-configuration":
                return _json(200, self._discovery(tenant))
            if request.method == "GET" and rest == "discovery/v2.0/keys":
                return _json(200, self._issuer.key_set())
            if request.method == "POST" and rest == "oauth2/v2.0/token":
                return _json(200, self._token(tenant, request))
        except SignInError as problem:
            return _refusal(problem)
        return Response(404)

    def _discovery(self, tenant: str) -> dict[str, Any]:
        base = f"{self.base_url}/{tenant}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "issuer": f"{base}/v2.0",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["code", "token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _token(self, tenant: str, request: Request) -> dict[str, Any]:
        form = dict(urllib.parse.parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if form.get("grant_type") != "client_credentials":
            raise SignInError(
                70003,
                "unsupported_grant_type",
                400,
                f"The app requested an unsupported grant type '{form.get('grant_type', '')}'.",
            )
        application = self._issuer.application(form.get("client_id", ""))
        if form.get("client_assertion_type") == _ASSERTION_TYPE:
            audience = f"{self.base_url}/{tenant}/oauth2/v2.0/token"
            application.check_assertion(form.get("client_assertion", ""), audience)
        elif "client_secret" in form:
            application.check_secret(form["client_secret"])
        else:
            raise SignInError(
                7000218,
                "invalid_client",
                401,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            )
        self._issuer.asked_claims.append(form.get("claims", ""))
        audience = _resource(form.get("scope", ""), tenant)
        return {
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
            "ext_expires_in": LIFETIME_SECONDS,
            "access_token": self._issuer.issue(application, audience=audience),
        }


def _resource(scope: str, tenant: str) -> str:
    """Return the resource that a scope names. Raises SignInError."""
    resource, separator, rest = scope.rpartition("/.default")
    if not separator or rest:
        raise SignInError(
            1002012,
            "invalid_scope",
            400,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
            "/.default suffixed to the resource identifier (application ID URI).",
        )
    if resource not in (RESOURCE, GRAPH):
        raise SignInError(
            500011,
            "invalid_resource",
            400,
            f"The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if "
            "the application has not been installed by the administrator of the tenant or consented to by any user in "
            "the tenant.",
        )
    return resource


def _refusal(problem: SignInError) -> Response:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
    document = {
        "error": problem.error,
        "error_description": f"AADSTS{problem.number}: {problem.text} Trace ID: {trace} Correlation ID: {correlation} "
        f"Timestamp: {time}",
        "error_codes": [problem.number],
        "timestamp": time,
        "trace_id": trace,
        "correlation_id": correlation,
    }
    return _json(problem.status, document)


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(status, json.dumps(document).encode(), _JSON, {"Cache-Control": "no-store, no-cache"})
