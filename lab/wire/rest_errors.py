# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error bodies of the admin API, in both formats that are documented (facts: exchange-online-rest.md section 6)."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

from lab.answer import CmdletFailure
from lab.wire.error_records import short_name
from lab.wire.http_server import Response

JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_COMMAND = "Microsoft.Exchange.AdminApi.CommandInvocation."
_SERVICE = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"
_DIRECT = "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException"
_UNKNOWN_PARAMETER = re.compile(r"parameter name '([^']*)'")
# A run of NUL bytes that calls itself gzip.
_FORBIDDEN_BODY = bytes(64)


class RequestError(Exception):
    """What is wrong with a request before any cmdlet runs: a 400 without ``details``, or a 500."""

    def __init__(self, message: str, exception_type: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.exception_type = exception_type


def transformation_error(name: str, problem: str) -> RequestError:
    return RequestError(
        f"Cannot process argument transformation on parameter '{name}'. {problem}",
        _COMMAND + "ParameterTransformationException",
    )


def expired_cursor() -> RequestError:
    return RequestError("Expired or Invalid pagination request. Default Expiry time is 00:30:00", "System.Exception")


def details_message(failure: CmdletFailure) -> str:
    """Return ``id|type|text`` or the JSON form: which of the two depends on the class alone, so it repeats."""
    short = short_name(failure.exception_type)
    if short == "ManagementObjectNotFoundException":
        return f"Ex6F9304|{failure.exception_type}|{failure.message}"
    if short == "ADObjectAlreadyExistsException" or zlib.crc32(short.encode()) % 2:
        return json.dumps(
            {"Message": failure.message, "TypeName": failure.exception_type, "StackTrace": None, "InnerError": None}
        )
    return f"|{failure.exception_type}|{failure.message}"


def cmdlet_error(failure: CmdletFailure, warnings: list[str]) -> Response:
    """Answer with what a cmdlet threw."""
    short = short_name(failure.exception_type)
    if short in ("ParameterBindingException", "AmbiguousParameterSetException"):
        return _parameter_set(failure)
    if short in ("ParameterTransformationException", "ParameterBindingArgumentTransformationException"):
        return request_error(RequestError(failure.message, _COMMAND + "ParameterTransformationException"))
    missing = short == "ManagementObjectNotFoundException"
    as_json = details_message(failure).startswith("{")
    error = _error(
        "NotFound" if missing else "BadRequest",
        "Error executing cmdlet",
        f"Exception of type '{_DIRECT}' was thrown.",
        _DIRECT,
    )
    error["details"] = [{"code": "Context" if as_json else "Client", "target": "", "message": details_message(failure)}]
    error["adminapi.warnings@odata.type"] = "#Collection(String)"
    error["@adminapi.warnings"] = warnings
    return _response(404 if missing else 400, error)


def _parameter_set(failure: CmdletFailure) -> Response:
    exception_type = _COMMAND + "AmbiguousParameterSetException"
    named = _UNKNOWN_PARAMETER.search(failure.message)
    text = "Parameter set cannot be resolved using the specified named parameters."
    if named:
        text += f" Invalid cmdlet parameters specified. {named.group(1)}"
    elif failure.message != text:
        text = failure.message
    error = _error("BadRequest", "Invalid Operation", text, exception_type)
    error["details"] = [{"code": "Client", "target": "", "message": f"|{exception_type}|{text}"}]
    return _response(400, error)


def request_error(problem: RequestError) -> Response:
    code = "BadRequest" if problem.status == 400 else "InternalServerError"
    return _response(problem.status, _error(code, "Invalid Operation", problem.message, problem.exception_type))


def _error(code: str, message: str, inner_message: str, inner_type: str) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "innererror": {
            "message": message,
            "type": _SERVICE,
            "stacktrace": "",
            "internalexception": {"message": inner_message, "type": inner_type, "stacktrace": ""},
        },
    }


def _response(status: int, error: dict[str, Any]) -> Response:
    return Response(status, json.dumps({"error": error}).encode(), JSON)


def forbidden() -> Response:
    """Answer alike to an unknown cmdlet and to one that is not granted: NUL bytes under a false label."""
    return Response(403, _FORBIDDEN_BODY, "application/json", {"Content-Encoding": "gzip"})


def not_allowed(cmdlet: str) -> Response:
    """Answer that the caller's roles lack the cmdlet, as a 401 that says so (office-docs-powershell, issue 7970)."""
    text = f"User is not allowed to call {cmdlet}"
    inner = {"message": text, "type": _SERVICE}
    return _response(401, {"code": "Unauthorized", "message": text, "innererror": inner})


def unauthorized(reason: str, claims: str) -> Response:
    challenge = 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", error="invalid_token"'
    if claims:
        challenge = f'Bearer error="insufficient_claims", claims="{claims}"'
    return Response(401, headers={"WWW-Authenticate": challenge, "x-ms-diagnostics": f'2000001;reason="{reason}"'})


def throttled(retry_after: float | str | None) -> Response:
    """Answer 429; None leaves Retry-After out, a text is sent as it is."""
    text = (
        "You have reached the maximum number of concurrent requests per tenant. Please wait and try again after some "
        "time."
    )
    asked = retry_after if isinstance(retry_after, str) else f"{retry_after or 0:g}"
    headers = {} if retry_after is None else {"Retry-After": asked}
    return Response(429, text.encode(), "text/plain", headers)
