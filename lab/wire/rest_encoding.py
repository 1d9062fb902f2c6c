# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Output objects as the admin API's JSON (facts: exchange-online-rest.md section 5)."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection as Names
from typing import Any

from lab.answer import ByteSize, Collection, Dictionary, Enumeration, LabObject, LabValue, Reference
from lab.wire.net_text import byte_size, time_span

# How objects of the migration service arrive: enumerations and names as texts is what a live client saw; through
# Microsoft's module they are objects, so either may come (facts: migration-batches.md section 6).
TEXTS, OBJECTS, VALUES = "texts", "objects", "values"
_MIGRATION = "Microsoft.Exchange.Data.Storage.Management.Migration."


def encode(output: LabObject, select: Names[str] | None, members: str = TEXTS) -> dict[str, Any]:
    """Return one item of ``value``; ``select`` (lower case) trims its properties. Types stand beside as annotations.

    ``members`` is how those of a migration object look.
    """
    item: dict[str, Any] = {}
    odd = members != TEXTS and any(name.startswith(_MIGRATION) for name in output.type_names)
    for name, value in output.properties.items():
        if select is None or name.lower() in select:
            if odd and _is_odd(value):
                item[name] = _object(value, members)
            else:
                _put(item, name, value)
    return item


def _is_odd(value: LabValue) -> bool:
    return isinstance(value, (Enumeration, Reference)) or (isinstance(value, int) and not isinstance(value, bool))


def _object(value: LabValue, members: str) -> Any:
    """Return an enumeration or a name as an object, and a count as a text."""
    if isinstance(value, Enumeration):
        return {"Value": value.name} if members == VALUES else {"value": value.number, "Value": value.name}
    if isinstance(value, Reference):
        return {"Name": value.text, "Id": value.text}
    return str(value)


def _put(item: dict[str, Any], name: str, value: LabValue) -> None:
    if isinstance(value, uuid.UUID):
        item[f"{name}@data.type"] = "System.Guid"
        item[f"{name}@odata.type"] = "#Guid"
        item[name] = str(value)
    elif isinstance(value, datetime.datetime):
        item[f"{name}@data.type"] = "System.DateTime"
        item[name] = _date(name, value)
    elif isinstance(value, bool) or value is None or isinstance(value, str):
        item[name] = value
    elif isinstance(value, int):
        item[f"{name}@data.type"] = "System.Int32" if abs(value) < 2**31 else "System.Int64"
        item[name] = value
    elif isinstance(value, Collection):
        item[f"{name}@odata.type"] = "#Collection(String)"
        item[name] = list(value.items)
    else:
        item[name] = _text(value)


def _text(value: datetime.timedelta | Enumeration | ByteSize | Reference | Dictionary) -> str:
    if isinstance(value, Enumeration):
        return value.name
    if isinstance(value, ByteSize):
        return byte_size(value.size)
    if isinstance(value, Reference):
        return value.text
    if isinstance(value, Dictionary):
        return value.type_name
    return time_span(value)


def _date(name: str, value: datetime.datetime) -> str:
    utc = value.astimezone(datetime.timezone.utc)
    zone = "Z" if name.upper().endswith("UTC") else "+00:00"
    return f"{utc:%Y-%m-%dT%H:%M:%S.%f}0{zone}"
