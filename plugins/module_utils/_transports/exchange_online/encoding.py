# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Parameters to JSON and JSON to properties, as the Exchange Online admin API wants and gives them.

The table is that of facts: exchange-online-rest.md sections 4 and 5.
"""

from __future__ import annotations

import base64
import datetime
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Credential,
    Properties,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    IMPORTS,
    missing_library,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import moment_text, span_text, utc_text

HASH_TABLE = "#Exchange.GenericHashTable"
BYTE_ARRAY = "#Exchange.ByteArrayType"
FILTER_PARAMETERS = frozenset(("Filter", "RecipientFilter", "RecipientPreviewFilter"))

_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ZONED_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_QUOTED = re.compile(r"('(?:[^']|'')*')")


def encode_parameters(
    parameters: Mapping[str, Value], encode_credential: Callable[[Credential], dict[str, Any]]
) -> dict[str, Any]:
    """Return the ``Parameters`` object. ``encode_credential`` decides about PSCredential values, and may refuse."""
    encoded: dict[str, Any] = {}
    for name, value in parameters.items():
        if isinstance(value, Credential):
            encoded[name] = encode_credential(value)
        elif name in FILTER_PARAMETERS and isinstance(value, str):
            encoded[name] = encode_filter(value)
        else:
            encoded[name] = encode_value(value)
    return encoded


def encode_value(value: Value) -> Any:
    """Return one parameter value as JSON data. Raises TypeError for what no cmdlet takes."""
    # bool before int: Python's bool is an int.
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime.datetime):
        return moment_text(value)
    if isinstance(value, datetime.timedelta):
        return span_text(value)
    if isinstance(value, bytes):
        # So a live project's batches were made; the form of Microsoft's module is the other one that is known.
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        # Without the tag the service sees a JObject that it cannot bind.
        return {"@odata.type": HASH_TABLE, **{key: encode_value(item) for key, item in value.items()}}
    if isinstance(value, Sequence):
        return [encode_value(item) for item in value]
    raise TypeError(f"a cmdlet does not accept {type(value).__name__}")


def has_bytes(parameters: Mapping[str, Value]) -> bool:
    return any(isinstance(value, bytes) for value in parameters.values())


def encode_byte_array(value: bytes) -> dict[str, Any]:
    """Return bytes in the form of Microsoft's module, for a service that does not take them in base64."""
    return {"@odata.type": BYTE_ARRAY, "Data": list(value)}


def encode_filter(text: str) -> str:
    """Return a filter with ``$true`` and ``$false`` as Microsoft's module sends them, quoted texts untouched."""
    parts = _QUOTED.split(text)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"\$(true|false)\b", lambda match: f"'{match[1].title()}'", parts[index], flags=re.I)
    return "".join(parts)


def encode_experimental_credential(credential: Credential, public_key: str) -> dict[str, Any]:
    """Return a PSCredential in a shape that **nobody has published**; the first candidate of facts section 4.1.

    ``public_key`` is Microsoft's key as RSAKeyValue XML; the password is encrypted with RSA PKCS#1 v1.5, as for a
    SecureString. Raises ConnectionFailure when the key cannot be read.
    """
    try:
        with IMPORTS:
            from cryptography.hazmat.primitives.asymmetric import padding, rsa
    except ImportError as error:
        raise missing_library("cryptography", error) from None
    try:
        element = ElementTree.fromstring(public_key)
        modulus, exponent = (
            int.from_bytes(base64.b64decode(element.findtext(name) or ""), "big") for name in ("Modulus", "Exponent")
        )
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        secret = key.encrypt(credential.password.encode("utf-8"), padding.PKCS1v15())
    except (ElementTree.ParseError, ValueError):
        # From None: the exception's frames hold the password.
        raise ConnectionFailure(
            "Exchange Online's public key for passwords could not be used.",
            code="unexpected_answer",
            remedy="Set an existing migration endpoint instead of a credential.",
        ) from None
    password = base64.b64encode(secret).decode("ascii")
    return {"@odata.type": HASH_TABLE, "UserName": credential.username, "Password": password}


def decode_object(item: Any) -> Properties:
    """Return the properties of one item of ``value``: annotations dropped, GUIDs lower case, dates ISO 8601 UTC.

    Where the item says its types, only what it calls a GUID or a date is treated as one: a custom attribute may
    hold any text. An item that is no object is ``{"Value": ...}``.
    """
    if not isinstance(item, Mapping):
        return {"Value": item}
    typed = any(key.endswith("@data.type") for key in item)
    types = _type_names(item) if typed else {}
    properties: Properties = {}
    for key, value in item.items():
        if "@" not in key:
            properties[key] = _decode_value(value, types.get(key, set()) if typed else None)
    return properties


def _type_names(item: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return what the annotations beside each property call its type, without namespaces."""
    types: dict[str, set[str]] = {}
    for key, value in item.items():
        name, _at, annotation = key.partition("@")
        if annotation in ("data.type", "odata.type"):
            types.setdefault(name, set()).add(str(value).rpartition(".")[2].lstrip("#"))
    return types


def _decode_value(value: Any, types: set[str] | None) -> Any:
    if isinstance(value, str):
        if (types is None or "Guid" in types) and _GUID.fullmatch(value):
            return value.lower()
        if (types is None or types & {"DateTime", "DateTimeOffset"}) and (types or _ZONED_DATE.fullmatch(value)):
            return utc_text(value)
        return value
    if isinstance(value, Mapping):
        return _enum_name(value) or decode_object(value)
    if isinstance(value, list):
        return [decode_object(entry) if isinstance(entry, Mapping) else entry for entry in value]
    return value


def _enum_name(value: Mapping[str, Any]) -> str:
    """Return the name in ``{"value": 10, "Value": "Completed"}``, as which an enum may come, or an empty text.

    Seen by public scripts at Status and StatusDetail (facts: offboarding-practice.md section 2.4).
    """
    members = {key: item for key, item in value.items() if "@" not in key}
    return str(members["Value"]) if set(members) == {"value", "Value"} else ""
