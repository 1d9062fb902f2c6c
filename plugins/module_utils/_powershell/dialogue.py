# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What goes into the collection's fixed scripts and comes out of them: JSON in which every text carries its kind.

A text is ``s:`` and itself, bytes are ``b:`` and base64, a date that comes back is ``d:`` and ISO 8601: no text can be
taken for a date, as PowerShell's JSON reader would otherwise do. Dates, spans and GUIDs go in as text, which PowerShell
converts to the parameter's type in the invariant culture, just as over remote PowerShell. A PSCredential is
``{"@user", "@secret"}``, a SecureString ``{"@secret"}``, any other object a hash table.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._cmdlet import (
    Cmdlet,
    CmdletOutput,
    Credential,
    Properties,
    Secret,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wire import moment_text, span_text, utc_text

_FAILURE_CATEGORY = re.compile(r"\[FailureCategory=Cmdlet-(\w+)\]")


@dataclass(frozen=True)
class ErrorRecord:
    """One error: ``type`` is the short .NET class name, ``error_id`` the FullyQualifiedErrorId."""

    message: str
    type: str
    category: str
    error_id: str


@dataclass(frozen=True)
class Reply:
    """A script's answer. ``cmdlet`` is the last one that it began; it is empty where none was reached."""

    cmdlet: str
    output: CmdletOutput
    errors: Sequence[ErrorRecord]


def encode_value(value: Value) -> Any:
    """Return one parameter value as JSON data. Raises TypeError for what no cmdlet takes."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (str, uuid.UUID)):
        return f"s:{value}"
    if isinstance(value, datetime.datetime):
        return f"s:{moment_text(value)}"
    if isinstance(value, datetime.timedelta):
        return f"s:{span_text(value)}"
    if isinstance(value, bytes):
        return f"b:{base64.b64encode(value).decode('ascii')}"
    if isinstance(value, Credential):
        return {"@user": f"s:{value.username}", **encode_secret(value.password)}
    if isinstance(value, Secret):
        return encode_secret(value.text)
    if isinstance(value, Mapping):
        return {str(key): encode_value(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [encode_value(item) for item in value]
    raise TypeError(f"a cmdlet takes no {type(value).__name__}")


def encode_secret(text: str) -> dict[str, str]:
    """Return a SecureString, which the script makes of the text."""
    return {"@secret": f"s:{text}"}


def encode_call(cmdlet: Cmdlet) -> dict[str, Any]:
    parameters = {name: encode_value(value) for name, value in cmdlet.parameters.items()}
    return {"cmdlet": cmdlet.name, "parameters": parameters}


def request_line(content: Mapping[str, Any]) -> bytes:
    """Return one line of ASCII JSON for standard input."""
    return json.dumps(content).encode("ascii") + b"\n"


def read_reply(standard_output: bytes) -> Reply | None:
    """Return what the script answered in its last line, or None when that is no answer."""
    lines = standard_output.split()
    if not lines:
        return None
    try:
        reply = json.loads(base64.b64decode(lines[-1], validate=True))
        objects = [_properties(item) for item in reply["objects"] or []]
        warnings = [str(warning) for warning in reply["warnings"] or []]
        errors = [_error_record(error) for error in reply["errors"] or []]
        return Reply(str(reply["cmdlet"] or ""), CmdletOutput(objects, warnings), errors)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _error_record(error: Mapping[str, Any]) -> ErrorRecord:
    texts = {name: str(error.get(name) or "") for name in ("message", "type", "category", "id")}
    return ErrorRecord(
        texts["message"] or "The cmdlet gave no reason.",
        texts["type"].rsplit(".", 1)[-1],
        texts["category"],
        texts["id"],
    )


def _properties(item: Mapping[str, Any]) -> Properties:
    return {name: decode_value(value) for name, value in item.items()}


def decode_value(value: Any) -> Any:
    """Return a property's value as every transport hands it over: see _cmdlet.Properties."""
    if isinstance(value, str):
        kind, _colon, text = value.partition(":")
        return utc_text(text) if kind == "d" else text
    if isinstance(value, list):
        return [_item(decode_value(entry)) for entry in value]
    return value


def _item(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, list)) else str(value)


def raise_first_error(reply: Reply, cmdlet: Cmdlet) -> None:
    """Raise the first error as CmdletError. The failure category names Exchange's own class, wherever it was thrown."""
    if not reply.errors:
        return
    record = reply.errors[0]
    category = _FAILURE_CATEGORY.search(record.error_id)
    raise CmdletError(
        record.message,
        cmdlet=reply.cmdlet or cmdlet.name,
        exception_type=category[1] if category else record.type,
        error_id=record.error_id,
        category=record.category,
    )
