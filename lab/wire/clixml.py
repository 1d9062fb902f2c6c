# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Output objects as CLIXML, written straight as text: a wave reads thousands of objects and psrpcore's writer is slow.

The shapes are those of a real Exchange 2019 (facts: exchange-server-psrp.md section 4): properties are adapted ones
(Props), notes are extended ones (MS); collections are LST elements under their .NET type names; enums carry a number
and a ToString; a type's names appear once in an object and are referred to after that.
"""

from __future__ import annotations

import datetime
import re
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lab.answer import NULL, ByteSize, Collection, Dictionary, Enumeration, LabObject, LabValue, Reference
from lab.wire.net_text import byte_size, duration, time_span

# The server's own time zone: dates whose names do not end in UTC carry it, as in the captured objects.
SERVER_ZONE = datetime.timezone(datetime.timedelta(hours=-8))
# An underscore in front of an x of either size, or the reader would take what follows for an escape.
_UNSAFE = re.compile("_(?=[xX])|[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# .NET writes these two as references that XML does not know.
_NO_XML = {"\ufffe": "&#xFFFE;", "\uffff": "&#xFFFF;"}
_ENUM_BASES = ("System.Enum", "System.ValueType", "System.Object")
_ADDRESSES = "Microsoft.Exchange.Data.ProxyAddressCollection"
_ADDRESS_BASES = (
    "Microsoft.Exchange.Data.ProxyAddressBaseCollection`1[[Microsoft.Exchange.Data.ProxyAddress]]",
    "Microsoft.Exchange.Data.MultiValuedProperty`1[[Microsoft.Exchange.Data.ProxyAddress]]",
)
_COLLECTION_BASES = ("Microsoft.Exchange.Data.MultiValuedPropertyBase", "System.Object")
_UNLIMITED = "Microsoft.Exchange.Data.Unlimited`1[[Microsoft.Exchange.Data.ByteQuantifiedSize]]"
_INT32 = 2**31
_VALUE = ' N="Value"'


@dataclass(frozen=True)
class Shapes:
    """What is not known of Exchange's answers, decided by a seed.

    Of a property's own type .NET's serializer makes an object only where the type table says so, and a plain text
    elsewhere; of a collection a list or an enumeration. The table of Exchange is not known. Seed 0 has all of them as
    the public captures show some; any other has each name in one form or the other.
    """

    seed: int = 0

    @property
    def eager(self) -> bool:
        """Whether output is handed on as it comes, rather than when an envelope is full."""
        return self.seed % 2 == 1

    def plain(self, name: str) -> bool:
        return self.seed > 0 and zlib.crc32(f"{self.seed} {name}".encode()) % 2 == 0


KNOWN = Shapes()


def text(value: str) -> str:
    """Escape text for CLIXML: XML's own characters, and controls and halves of characters as ``_x000A_``."""
    return escape(_UNSAFE.sub(lambda match: f"_x{ord(match.group()):04X}_", value), _NO_XML)


def render(output: LabObject, notes: Mapping[str, LabValue], shapes: Shapes = KNOWN) -> str:
    """Return one output object as CLIXML with ``notes`` as its extended properties."""
    return "" if output is NULL else _Writer(shapes).output(output, notes)


class _Writer:
    """Numbers the objects and type names of one PSRP message."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._objects = 0
        self._types: dict[str, int] = {}

    def output(self, output: LabObject, notes: Mapping[str, LabValue]) -> str:
        inner = f"<ToString>{text(output.to_string)}</ToString>" if output.to_string else ""
        inner += f"<Props>{self._properties(output.properties)}</Props>"
        if notes:
            inner += f"<MS>{self._properties(notes)}</MS>"
        return self._object("", output.type_names, inner)

    def _properties(self, properties: Mapping[str, LabValue]) -> str:
        return "".join([self._value(name, value) for name, value in properties.items()])

    def _object(self, label: str, type_names: tuple[str, ...], inner: str) -> str:
        number = self._objects
        self._objects += 1
        known = self._types.get(type_names[0])
        if known is None:
            known = self._types[type_names[0]] = len(self._types)
            names = "".join([f"<T>{text(name)}</T>" for name in type_names])
            types = f'<TN RefId="{known}">{names}</TN>'
        else:
            types = f'<TNRef RefId="{known}"/>'
        return f'<Obj{label} RefId="{number}">{types}{inner}</Obj>'

    def _named(self, label: str, type_names: tuple[str, ...], to_string: str) -> str:
        return self._object(label, type_names, f"<ToString>{text(to_string)}</ToString>")

    def _value(self, name: str, value: LabValue) -> str:
        label = f' N="{text(name)}"'
        if value is None:
            return f"<Nil{label}/>"
        if isinstance(value, str):
            return f"<S{label}>{text(value)}</S>"
        if isinstance(value, bool):
            return f"<B{label}>{str(value).lower()}</B>"
        if isinstance(value, int):
            return _integer(label, value)
        if isinstance(value, uuid.UUID):
            return f"<G{label}>{value}</G>"
        if isinstance(value, datetime.datetime):
            return f"<DT{label}>{_date(name, value)}</DT>"
        return self._rich(name, label, value)

    def _rich(
        self,
        name: str,
        label: str,
        value: datetime.timedelta | Enumeration | ByteSize | Reference | Collection | Dictionary,
    ) -> str:
        if isinstance(value, Dictionary):
            return self._dictionary(label, value)
        plain = self._shapes.plain(name)
        if isinstance(value, Collection):
            tag = "IE" if plain else "LST"
            items = "".join([f"<S>{text(item)}</S>" for item in value.items])
            return self._object(label, _collection_types(value.type_name), f"<{tag}>{items}</{tag}>")
        if plain:
            return f"<S{label}>{text(_text_of(value))}</S>"
        if isinstance(value, Enumeration):
            inner = f"<ToString>{text(value.name)}</ToString>{_integer('', value.number)}"
            return self._object(label, (value.type_name, *_ENUM_BASES), inner)
        if isinstance(value, ByteSize):
            if value.size is None:
                return self._named(label, (_UNLIMITED, "System.ValueType", "System.Object"), "Unlimited")
            return f"<S{label}>{byte_size(value.size)}</S>"
        if isinstance(value, Reference):
            names = ("Microsoft.Exchange.Data.Directory.ADObjectId", "System.Object")
            return self._named(label, names, value.text)
        # Invented: which spans are plain ones. Both forms occur, so a client has to read both.
        if name.endswith("Duration"):
            return f"<TS{label}>{duration(value)}</TS>"
        span = ("Microsoft.Exchange.Data.EnhancedTimeSpan", "System.ValueType", "System.Object")
        return self._named(label, span, time_span(value))

    def _dictionary(self, label: str, value: Dictionary) -> str:
        types = (value.value_type_name, "System.Object")
        entries = [
            f'<En><S N="Key">{text(key)}</S>{self._named(_VALUE, types, item)}</En>'
            for key, item in value.entries.items()
        ]
        return self._object(label, (value.type_name, "System.Object"), f"<DCT>{''.join(entries)}</DCT>")


def _text_of(value: datetime.timedelta | Enumeration | ByteSize | Reference) -> str:
    if isinstance(value, datetime.timedelta):
        return time_span(value)
    if isinstance(value, ByteSize):
        return byte_size(value.size)
    return value.name if isinstance(value, Enumeration) else value.text


def _integer(label: str, value: int) -> str:
    """A number above Int32, an enum's too, is an I64: a real client refuses it as an I32."""
    tag = "I32" if -_INT32 <= value < _INT32 else "I64"
    return f"<{tag}{label}>{value}</{tag}>"


def _collection_types(type_name: str) -> tuple[str, ...]:
    if type_name == _ADDRESSES:
        return (type_name, *_ADDRESS_BASES, *_COLLECTION_BASES)
    return (type_name, *_COLLECTION_BASES)


def _date(name: str, value: datetime.datetime) -> str:
    if name.upper().endswith("UTC"):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.astimezone(SERVER_ZONE).isoformat(timespec="seconds")
