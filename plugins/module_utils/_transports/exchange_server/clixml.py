# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Exchange's objects as remote PowerShell serialises them (CLIXML, MS-PSRP section 2.2.5), read into plain Python.

pypsrp leaves Exchange's collections as raw XML and its enums as numbers (facts: exchange-server-psrp.md section 4),
so that the element which it keeps is read here again.
"""

from __future__ import annotations

import re
import sys
from typing import Any
from xml.etree import ElementTree

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import (
    DEEPEST,
    span_from_duration,
    utc_text,
    whole_text,
)

_INTEGERS = frozenset(("By", "SB", "U16", "I16", "U32", "I32", "U64", "I64"))
_FLOATS = frozenset(("Sg", "Db"))
_TEXTS = frozenset(("S", "ToString", "URI", "XD", "SBK", "Version", "D", "BA", "SS"))
_PRIMITIVES = _INTEGERS | _FLOATS | _TEXTS | {"B", "C", "DT", "TS", "G", "Nil"}
# What stands for a property that cannot be read: no GUID, date, size or name of anything is like it.
UNREADABLE = "\ufffd"
# How many items references may repeat within one object; Exchange repeats empty collections.
MOST_REPEATED = 10_000
_COLLECTIONS = frozenset(("LST", "IE", "QUE", "STK"))
# A reference to a character by its number. .NET writes some that XML does not allow, and alone reads them.
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]+)|(\d+));")
# Several escapes in a row may be one character outside the Basic Multilingual Plane.
_ESCAPES = re.compile(r"(?:_[xX][0-9A-Fa-f]{4}_)+")


def read_object(xml: str) -> Properties:
    """Return the properties of one output object: adapted and extended ones merged.

    Values are str, bool, int, float, None, a list of str, or a nested dictionary. Enums and objects that have a text
    of their own (ADObjectId, Unlimited, sizes) are that text; GUIDs are lower case; dates ISO 8601 UTC; time spans
    .NET's ``d.hh:mm:ss``. An output that is no object at all is ``{"Value": ...}``. Raises ValueError on broken XML.
    """
    try:
        element = ElementTree.fromstring(readable(xml))
    except ElementTree.ParseError as error:
        raise ValueError(f"not CLIXML: {error}") from None
    reader = _Reader()
    properties = reader.properties(element) if _tag(element) == "Obj" else {}
    return properties if properties else {"Value": reader.value(element)}


def readable(xml: str) -> str:
    """Return what .NET wrote as XML: see _wire.whole_text."""
    return whole_text(_REFERENCE.sub(_whole_reference, xml) if "&#" in xml else xml)


def _whole_reference(match: re.Match[str]) -> str:
    number = int(match[1], 16) if match[1] else int(match[2])
    return "\ufffd" if 0xD800 <= number <= 0xDFFF or number in (0xFFFE, 0xFFFF) else match.group()


def whole(xml: str) -> str:
    """Return a message that pypsrp can decode: halves of characters, which it refuses, are U+FFFD."""
    return _ESCAPES.sub(_whole_escapes, readable(xml))


def _whole_escapes(match: re.Match[str]) -> str:
    text = whole_text(_decode_escapes(match))
    if "\ufffd" not in text:
        return match.group()
    units = text.encode("utf-16-be").hex().upper()
    return "".join(f"_x{units[at : at + 4]}_" for at in range(0, len(units), 4))


def decode_text(text: str) -> str:
    """Return a string with its ``_xHHHH_`` escapes (UTF-16 code units) decoded: see _wire.whole_text."""
    # Most texts have none, and a large read has many texts.
    return whole_text(_ESCAPES.sub(_decode_escapes, text)) if "_" in text else text


def _decode_escapes(match: re.Match[str]) -> str:
    units = bytes.fromhex("".join(match.group()[index + 2 : index + 6] for index in range(0, len(match.group()), 7)))
    return units.decode("utf-16-be", errors="surrogatepass")


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


class _Reader:
    """Remembers the objects and type names of one document, which later elements refer to by number."""

    def __init__(self) -> None:
        self._objects: dict[str, Any] = {}
        self._types: dict[str, list[str]] = {}
        self._depth = 0
        self._repeated = 0

    def value(self, element: ElementTree.Element) -> Any:
        """Return an element's value. Raises ValueError for what is nested too deep, or grows by its references."""
        tag = _tag(element)
        if tag == "Ref":
            return self._referred(element.get("RefId", ""))
        if tag in _PRIMITIVES:
            return _primitive(tag, element.text or "")
        if self._depth >= DEEPEST:
            raise ValueError(f"not CLIXML: nested more than {DEEPEST} levels deep")
        self._depth += 1
        try:
            return self._container(tag, element)
        finally:
            self._depth -= 1

    def _referred(self, number: str) -> Any:
        """Return an earlier object. Few references to it, and to what refers to it, may make an answer of any size."""
        value = self._objects.get(number)
        if isinstance(value, (list, dict)):
            items = value.values() if isinstance(value, dict) else value
            self._repeated += len(items)
            if self._repeated > MOST_REPEATED or any(isinstance(item, (list, dict)) for item in items):
                raise ValueError("not CLIXML: references repeat a large part of it")
        return value

    def _container(self, tag: str, element: ElementTree.Element) -> Any:
        if tag in _COLLECTIONS:
            return [_item(self.value(child)) for child in element]
        if tag == "DCT":
            return self._dictionary(element)
        value = self._object(element)
        self._objects[element.get("RefId", "")] = value
        return value

    def properties(self, element: ElementTree.Element) -> Properties:
        """Return the properties of an ``Obj``: adapted ones first, extended ones win."""
        merged: Properties = {}
        for child in element:
            if _tag(child) == "TN":
                self._types[child.get("RefId", "")] = [name.text or "" for name in child]
        for part in ("Props", "MS"):
            for child in element:
                if _tag(child) == part:
                    for item in child:
                        # A wave's objects have the same hundred names each.
                        merged[sys.intern(decode_text(item.get("N", "")))] = self._field(item)
        return merged

    def _field(self, item: ElementTree.Element) -> Any:
        """Return a property's value; one that cannot be read is no reason to lose the others."""
        try:
            return self.value(item)
        except ValueError:
            return UNREADABLE

    def _object(self, element: ElementTree.Element) -> Any:
        properties = self.properties(element)
        text: str | None = None
        content: ElementTree.Element | None = None
        type_name = ""
        for child in element:
            tag = _tag(child)
            if tag == "ToString":
                text = decode_text(child.text or "")
            elif tag in ("TN", "TNRef"):
                type_name = next(iter(self._types.get(child.get("RefId", ""), [])), "")
            elif tag not in ("Props", "MS"):
                content = child
        if content is not None:
            value = self.value(content)
            # An enum is a number with a name; a plain number's text is the number.
            is_enum = isinstance(value, int) and text and text != str(value) and not isinstance(value, bool)
            return text if is_enum else value
        if text and text != type_name:
            return text
        return properties if properties else text

    def _dictionary(self, element: ElementTree.Element) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for entry in element:
            parts = {part.get("N", ""): part for part in entry}
            if "Key" in parts and "Value" in parts:
                entries[str(self.value(parts["Key"]))] = self.value(parts["Value"])
        return entries


def _item(value: Any) -> Any:
    """Return a collection's item: text, unless it is an object without a text of its own."""
    return value if value is None or isinstance(value, (str, dict, list)) else str(value)


def _primitive(tag: str, text: str) -> Any:
    """Return a value by its type; one that is not of the type it says is its text, which its reader then refuses."""
    try:
        return _typed(tag, text)
    except (ValueError, OverflowError):
        return decode_text(text)


def _typed(tag: str, text: str) -> Any:
    if tag == "Nil":
        return None
    if tag in _INTEGERS:
        return int(text)
    if tag in _FLOATS:
        return float(text)
    if tag == "B":
        return text.lower() == "true" if text.lower() in ("true", "false") else text
    if tag == "C":
        return whole_text(chr(int(text)))
    if tag == "DT":
        return utc_text(text)
    if tag == "TS":
        return span_from_duration(text)
    if tag == "G":
        return text.lower()
    return decode_text(text)
