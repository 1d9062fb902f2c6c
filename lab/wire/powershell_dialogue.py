# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dialogue of the collection's PowerShell scripts, from the script's side: JSON in, base64 of JSON out.

A script is known by its first line, which names the module whose cmdlets it runs. A text is ``s:`` and itself, bytes
``b:`` and base64, a date that goes out ``d:`` and ISO 8601; an object with ``@secret`` is a SecureString, with
``@user`` too a PSCredential, any other one a hash table. ``@secret`` counts, from 1, the texts that stand behind the
JSON and a tab each, all of their UTF-16 units escaped.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.answer import (
    NULL,
    Answer,
    ByteSize,
    CmdletFailure,
    Collection,
    Enumeration,
    LabCredential,
    LabValue,
    Reference,
)
from lab.log import SecretText
from lab.wire.error_records import short_name
from lab.wire.net_text import byte_size, time_span

FIRST_LINE = "# mailops.exchange_hybrid, dialogue 3, module "
AD_SYNC = "ADSync"
MANAGEMENT_SHELL = "Microsoft.Exchange"
EXCHANGE_ONLINE_MANAGEMENT = "ExchangeOnlineManagement"


@dataclass(frozen=True)
class Question:
    """One line of input: the cmdlets to run in order, and who signs in to Exchange, where that is said.

    ``connect`` are the parameters of Connect-ExchangeOnline, which come alone.
    """

    calls: list[tuple[str, dict[str, Any]]]
    credential: LabCredential | None = None
    connect: dict[str, Any] | None = None


def module_of(script: str) -> str:
    """Return the module that a script's first line names, or nothing where it is none of the collection's scripts."""
    first = next(iter(script.lstrip("\ufeff").splitlines()), "")
    return first.removeprefix(FIRST_LINE) if first.startswith(FIRST_LINE) else ""


def read_question(line: bytes) -> Question:
    """Read one line. Raises CmdletFailure, as the script would throw."""
    try:
        text, *hidden = line.decode("ascii").rstrip("\r\n").split("\t")
        secrets = [_unescaped(secret) for secret in hidden]
        question = json.loads(text)
        if "connect" in question:
            return Question([], connect=_table(question["connect"], secrets))
        calls = [*question.get("first", []), question]
        credential = decode(question["credential"], secrets) if question.get("credential") else None
        return Question([(str(call["cmdlet"]), _table(call["parameters"], secrets)) for call in calls], credential)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise CmdletFailure(
            "Conversion from JSON failed.", "System.ArgumentException", category="InvalidArgument", terminating=True
        ) from None


def _unescaped(secret: str) -> str:
    if not re.fullmatch(r"(\\u[0-9a-f]{4})*", secret):
        raise ValueError("a secret that is not escaped wholly")
    return bytes.fromhex(secret.replace("\\u", "")).decode("utf-16-be")


def _table(value: Any, secrets: Sequence[str]) -> dict[str, Any]:
    decoded = decode(value, secrets)
    if not isinstance(decoded, dict):
        raise TypeError("not a hash table")
    return decoded


def decode(value: Any, secrets: Sequence[str]) -> Any:
    """Return a value as the script makes it. Raises ValueError for a text that does not say its kind."""
    if isinstance(value, str):
        kind, colon, text = value.partition(":")
        if not colon or kind not in ("s", "b"):
            raise ValueError("a text without its kind")
        return text if kind == "s" else _bytes(text)
    if isinstance(value, list):
        return [decode(item, secrets) for item in value]
    if not isinstance(value, Mapping):
        return value
    table = {str(name): decode(item, secrets) for name, item in value.items()}
    if "@secret" not in table:
        return table
    text = secrets[table["@secret"] - 1]
    return LabCredential(table["@user"], text) if "@user" in table else SecretText(text)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


@dataclass
class Script:
    """What a script says at its end. ``cmdlet`` is the last one that it began."""

    cmdlet: str = ""
    answer: Answer = field(default_factory=Answer)
    # Exchange's own class is hidden in an exception of remoting, its identifier is not.
    identifiers: list[str] = field(default_factory=list)

    def line(self) -> bytes:
        """Return the line of output."""
        errors = [_error(error, identifier) for error, identifier in self._errors()]
        document = {
            "cmdlet": self.cmdlet,
            "objects": [
                {name: show(value) for name, value in output.properties.items()}
                for output in self.answer.objects
                if output is not NULL
            ],
            "warnings": self.answer.warnings,
            "errors": errors,
        }
        text = json.dumps(document, ensure_ascii=False)
        # .NET's UTF8 writes half a character as U+FFFD.
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return base64.b64encode(whole.encode("utf-8")) + b"\r\n"

    def _errors(self) -> list[tuple[CmdletFailure, str]]:
        known = [*self.identifiers, *("" for _missing in self.answer.errors)]
        return list(zip(self.answer.errors, known, strict=False))


def _error(error: CmdletFailure, identifier: str) -> dict[str, str]:
    short = short_name(error.exception_type)
    return {"message": error.message, "type": short, "category": error.category, "id": identifier or short}


def show(value: LabValue) -> Any:
    """Return a property's value as the script hands it over."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, datetime.datetime):
        # .NET's "o" of a local time: seven digits and the zone.
        local = value.astimezone(datetime.timezone(datetime.timedelta(hours=1)))
        return f"d:{local.replace(tzinfo=None).isoformat(timespec='microseconds')}0+01:00"
    if isinstance(value, Collection):
        return [f"s:{item}" for item in value.items]
    return f"s:{net_text(value)}"


def net_text(value: LabValue) -> str:
    """Return what .NET's ToString says of a value that is no text, number or collection."""
    if isinstance(value, datetime.timedelta):
        return time_span(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Enumeration):
        return value.name
    if isinstance(value, Reference):
        return value.text
    if isinstance(value, ByteSize):
        return byte_size(value.size)
    return str(value)
