# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Parameters object of a request, as Python values for a Call (facts: exchange-online-rest.md section 4)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding

from lab.answer import LabCredential
from lab.certificates import throw_away_key
from lab.wire.rest_errors import RequestError, transformation_error

HASH_TABLE = "#Exchange.GenericHashTable"
DELTA_UPDATE = "#Exchange.StringFieldDeltaUpdateData"
BYTE_ARRAY = "#Exchange.ByteArrayType"
_TAG = "@odata.type"
_COLLECTIONS = (f"#Collection({HASH_TABLE[1:]})", f"#Collection({BYTE_ARRAY[1:]})")


class SecretKey:
    """The service's RSA key for secrets in parameters; clients find its public half in EXOModuleFile."""

    def __init__(self) -> None:
        self._key = throw_away_key("secrets in parameters")

    def public_xml(self) -> str:
        """Return .NET's RSAKeyValue."""
        numbers = self._key.public_key().public_numbers()
        modulus, exponent = _number(numbers.n), _number(numbers.e)
        return f"<RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>{exponent}</Exponent></RSAKeyValue>"

    def decrypt(self, encrypted: str) -> str:
        """Decrypt base64 of RSA PKCS#1 v1.5 of UTF-8. Raises ValueError."""
        size = self._key.key_size // 8
        raw = base64.b64decode(encrypted, validate=True)
        if len(raw) != size:
            raise ValueError("not one RSA block")
        # Since OpenSSL 3.2 a wrong key gives random bytes rather than an error: they seldom are UTF-8 text.
        secret = self._key.decrypt(raw, padding.PKCS1v15()).decode("utf-8")
        if not secret or not secret.isprintable():
            raise ValueError("not text")
        return secret


def _number(number: int) -> str:
    return base64.b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode()


def decode(parameters: dict[str, Any], key: SecretKey) -> dict[str, Any]:
    """Return the parameters. Raises RequestError for an untagged hash table and other shapes that do not bind."""
    decoded: dict[str, Any] = {}
    for name, value in parameters.items():
        if name.endswith(_TAG):
            if value not in _COLLECTIONS or not isinstance(parameters.get(name[: -len(_TAG)]), list):
                raise transformation_error(name, f"The type {value!r} is not known.")
            continue
        items_type = parameters.get(name + _TAG)
        decoded[name] = _collection(name, value, items_type, key) if items_type else _value(name, value, key)
    return decoded


def _collection(name: str, items: list[Any], items_type: str, key: SecretKey) -> list[Any]:
    """Read a list whose type stands beside it: its items carry no tag of their own."""
    tag = HASH_TABLE if items_type == _COLLECTIONS[0] else BYTE_ARRAY
    if not all(isinstance(item, dict) for item in items):
        raise transformation_error(name, "An item is not an object.")
    return [_value(name, {**item, _TAG: item.get(_TAG, tag)}, key) for item in items]


def _value(name: str, value: Any, key: SecretKey) -> Any:
    if isinstance(value, dict):
        return _object(name, value, key)
    if isinstance(value, list):
        if any(isinstance(item, (dict, list)) for item in value):
            raise _not_bound(name)
        return value
    return value


def _object(name: str, value: dict[str, Any], key: SecretKey) -> Any:
    tag = value.get(_TAG)
    content = {inner: item for inner, item in value.items() if inner != _TAG}
    if tag == BYTE_ARRAY:
        return _bytes(name, content)
    if tag is None and set(content) == {"UserName", "Password"}:
        # The one shape of a credential that somebody tried on a tenant (facts: migration-batches.md section 4).
        raise RequestError(
            "Unable to cast object of type 'Newtonsoft.Json.Linq.JObject' to type 'System.String'.",
            "System.InvalidCastException",
            500,
        )
    if tag not in (HASH_TABLE, DELTA_UPDATE):
        raise _not_bound(name)
    if tag == HASH_TABLE and set(content) == {"UserName", "Password"}:
        return _credential(name, content, key)
    return decode(content, key)


def _not_bound(name: str) -> RequestError:
    return transformation_error(
        name, 'Cannot convert the value of type "Newtonsoft.Json.Linq.JObject" to type "System.Collections.Hashtable".'
    )


def _bytes(name: str, content: dict[str, Any]) -> bytes:
    data = content.get("Data")
    numbers = isinstance(data, list) and all(
        isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 256 for item in data
    )
    if not numbers or set(content) != {"Data"}:
        raise transformation_error(name, "Data is not an array of bytes.")
    return bytes(content["Data"])


def _credential(name: str, content: dict[str, Any], key: SecretKey) -> LabCredential:
    """Read the experimental shape of a PSCredential: invented, no public source shows the real one."""
    try:
        return LabCredential(str(content["UserName"]), key.decrypt(str(content["Password"])))
    except (ValueError, binascii.Error):
        raise transformation_error(name, "The password is not encrypted with the service's current key.") from None
