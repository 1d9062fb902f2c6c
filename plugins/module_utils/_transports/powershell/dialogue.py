# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What goes into the collection's fixed scripts and comes out of them: JSON in which every text carries its kind.

A text is ``s:`` and itself, bytes are ``b:`` and base64, a date that comes back is ``d:`` and ISO 8601: no text can be
taken for a date, as PowerShell's JSON reader would otherwise do. Dates, spans and GUIDs go in as text, which PowerShell
converts to the parameter's type in the invariant culture, just as over remote PowerShell. A PSCredential is
``{"@user", "@secret"}``, a SecureString ``{"@secret"}``, any other object a hash table. A secret itself stands behind
the JSON and a tab, as ``\\uXXXX`` alone, and ``@secret`` is its number: what reads the JSON is a cmdlet, and Windows
may write down the arguments of cmdlets (module logging).
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

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Credential,
    Properties,
    Secret,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import Diagnosis, stopped
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import (
    moment_text,
    read_json,
    span_text,
    utc_text,
)

# What a script says instead of an answer where a policy lets it do nothing else.
_LANGUAGE_MODES = frozenset((b"ConstrainedLanguage", b"RestrictedLanguage", b"NoLanguage"))
_LANGUAGE_MODE = "LanguageMode"
_FAILURE_CATEGORY = re.compile(r"\[FailureCategory=Cmdlet-(\w+)\]")


@dataclass(frozen=True)
class ErrorRecord:
    """One error: ``type`` is the short .NET class name, ``error_id`` the FullyQualifiedErrorId."""

    message: str
    type: str
    category: str
    error_id: str


@dataclass(frozen=True)
class ScriptReply:
    """A script's answer. ``cmdlet`` is the last one that it began; it is empty where none was reached.

    ``lost`` says that the session in which that cmdlet ran broke off.
    """

    cmdlet: str
    output: CmdletOutput
    errors: Sequence[ErrorRecord]
    lost: bool = False


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
        return {"@user": f"s:{value.username}", "@secret": Secret(value.password)}
    if isinstance(value, Secret):
        return {"@secret": value}
    if isinstance(value, Mapping):
        return {str(key): encode_value(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [encode_value(item) for item in value]
    raise TypeError(f"a cmdlet does not accept {type(value).__name__}")


def encode_call(cmdlet: Cmdlet) -> dict[str, Any]:
    parameters = {name: encode_value(value) for name, value in cmdlet.parameters.items()}
    return {"cmdlet": cmdlet.name, "parameters": parameters}


def request_line(content: Mapping[str, Any]) -> bytes:
    """Return one line of ASCII for standard input: the JSON, and each secret behind a tab."""
    secrets: list[str] = []

    def take(secret: Secret) -> int:
        units = secret.text.encode("utf-16-be")
        secrets.append("".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)))
        return len(secrets)

    content_text = json.dumps(content, default=take)
    return "\t".join([content_text, *secrets]).encode("ascii") + b"\n"


def read_reply(standard_output: bytes) -> ScriptReply | None:
    """Return what the script answered, or None when no line is an answer. All other lines are noise of a module's."""
    lines = [line.strip() for line in standard_output.splitlines()]
    answer = next((reply for reply in map(_answer, reversed(lines)) if reply is not None), None)
    mode = next((line.decode() for line in lines if line in _LANGUAGE_MODES), "")
    if answer is None and mode:
        return ScriptReply("", CmdletOutput(), [ErrorRecord(mode, "", "", _LANGUAGE_MODE)])
    return answer


def _answer(line: bytes) -> ScriptReply | None:
    try:
        reply = read_json(base64.b64decode(line, validate=True))
        objects = [_properties(item) for item in reply["objects"] or []]
        warnings = [str(warning) for warning in reply["warnings"] or []]
        errors = [_error_record(error) for error in reply["errors"] or []]
        return ScriptReply(str(reply["cmdlet"] or ""), CmdletOutput(objects, warnings), errors, bool(reply.get("lost")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _error_record(error: Mapping[str, Any]) -> ErrorRecord:
    texts = {name: str(error.get(name) or "") for name in ("message", "type", "category", "id")}
    return ErrorRecord(
        texts["message"] or "The cmdlet did not give a reason.",
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


def raise_first_error(reply: ScriptReply, cmdlet: Cmdlet, where: str) -> None:
    """Raise the first error. The failure category names Exchange's own class, wherever it was thrown."""
    if not reply.errors:
        return
    record = reply.errors[0]
    category = _FAILURE_CATEGORY.search(record.error_id)
    exception_type = category[1] if category else record.type
    if reply.lost or exception_type == "PipelineStoppedException":
        failure = stopped(where, cmdlet, record.message)
        # The script's own first cmdlet is none of the caller's.
        failure.answer_lost = failure.answer_lost and reply.cmdlet == cmdlet.name
        raise failure
    raise CmdletError(
        record.message,
        cmdlet=reply.cmdlet or cmdlet.name,
        exception_type=exception_type,
        error_id=record.error_id,
        category=record.category,
    )


def script_refusal(record: ErrorRecord, where: str) -> Diagnosis | None:
    """Say why PowerShell on ``where`` does not run the script or load its module, where a policy is the reason."""
    if record.error_id == _LANGUAGE_MODE:
        return Diagnosis(
            "powershell_restricted",
            f"A policy on {where} restricts PowerShell to the language mode {record.message}, in which the "
            "collection's script cannot run.",
            "Exempt the account or the host from that policy (AppLocker, App Control for Business), or use another "
            "way to connect.",
        )
    if record.type == "PSSecurityException":
        return Diagnosis(
            "powershell_restricted",
            f"The execution policy on {where} does not allow PowerShell to load a module: {shortened(record.message)}",
            "Allow signed scripts there: Set-ExecutionPolicy RemoteSigned.",
        )
    return None


def shortened(text: str) -> str:
    """Return PowerShell's own words for a sentence."""
    return " ".join(text.split())[:300]
