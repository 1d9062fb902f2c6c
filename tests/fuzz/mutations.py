# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Valid captures, changed as servers, disks and attackers change them: by seed, so that an input's number names it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

LARGEST = 64 * 1024  # bytes of an input: what takes longer than linear time shows at this size
GUID = "5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01"
# Texts in whose place, or among which, readers go wrong.
TEXTS = (
    "",
    " ",
    "0",
    "-0",
    "-1",
    "1e999",
    "NaN",
    "Infinity",
    "9" * 25,
    "9" * 5000,
    "0x10",
    "1_000",
    "٣",
    "\uff11",
    "true",
    "False",
    "null",
    "None",
    "Unlimited",
    "d:",
    "s:",
    "b:!",
    "|",
    "a|b|c",
    "a|b|c|d",
    "%s%n",
    "{0}",
    "'",
    '"',
    "''",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\u212aen@contoso.com",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\ud83d\ude00",
    "\\ud83d",
    "_xD83D_",
    "_x0041_",
    "_x_",
    "&#xD800;",
    "&#x110000;",
    "&amp;",
    "]]>",
    "<!--",
    "-->",
    "<!---->",
    "<?xml?>",
    "<html>",
    "<",
    ">",
    "9999-12-31T23:59:59.9999999Z",
    "0001-01-01T00:00:00+14:00",
    "2026-02-30T00:00:00Z",
    "2026-11-30T24:00:00Z",
    "2026-11-30T00:00:00+99:99",
    "P999999999999D",
    "-P1DT1H",
    "PT1E9S",
    "999999999.00:00:00",
    "-1.00:00:00",
    "24:60:60",
    "1.2 GB (1,288 bytes)",
    "1.2 GB (,,, bytes)",
    "(bytes)",
    GUID,
    f"{{{GUID}}}",
    GUID[:-1],
    GUID.replace("-", ""),
    "00000000-0000-0000-0000-000000000000",
    "urn:uuid:" + GUID,
    "0x" + "1" * 30,
    "CN=x,DC=",
    "DC=a,DC=b",
    "smtp:",
    "SMTP:@",
    "X500:",
    ":",
    "@",
    "a@b",
    "https://evil.example\\@outlook.office365.com/",
    "//",
    "AADSTS",
    "AADSTS" + "9" * 400,
    "[FailureCategory=Cmdlet-]",
    "System.Exception",
    "../../x",
    "/dev/zero",
    "C:\\x",
    "=1+1",
    ";",
    "\\;",
    "\r\n",
    "\n\n",
)
NUMBERS = (0, -1, 1, 2**31, -(2**63), 2**64, 10**30, 1.5, -0.0, 1e308, True, False)
STUFF = (None, [], {}, [None], [[]], {"": ""}, {"Value": None}, {"value": 1, "Value": "x"}, [1, "a", None, {}], "")
Change = Callable[[bytes, random.Random], bytes]


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """Return a capture after one to four changes, each of which may know JSON, XML or only bytes."""
    data = seed
    for _time in range(chance.choice((1, 1, 1, 2, 2, 4))):
        data = chance.choice(CHANGES)(data, chance)[:LARGEST]
    return data


def text(chance: random.Random) -> str:
    return chance.choice(TEXTS) * chance.choice((1, 1, 1, 1, 2, 40))


def anything(chance: random.Random, depth: int = 0) -> Any:
    """Return a value that JSON has."""
    kind = chance.randrange(8 if depth < 3 else 5)
    if kind < 3:
        return text(chance)
    if kind == 3:
        return chance.choice(NUMBERS)
    if kind == 4:
        return chance.choice(STUFF)
    if kind == 5:
        return [anything(chance, depth + 1) for _number in range(chance.randrange(4))]
    if kind == 6:
        return {text(chance): anything(chance, depth + 1) for _number in range(chance.randrange(4))}
    return nested(anything(chance, 3), chance.choice((10, 400)))


def nested(value: Any, depth: int) -> Any:
    for _level in range(depth):
        value = [value]
    return value


# -- bytes -------------------------------------------------------------------------------------------------------------


def _flip(data: bytes, chance: random.Random) -> bytes:
    if not data:
        return b"\x00"
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    begin, end = _range(data, chance)
    return data[:begin] + data[end:]


def _truncate(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    begin, end = _range(data, chance)
    return data[:end] + data[begin:end] * chance.choice((1, 2, 20, 3000)) + data[end:]


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + text(chance).encode("utf-8", "surrogatepass") + data[at:]


def _insert_many(data: bytes, chance: random.Random) -> bytes:
    at = chance.choice((0, chance.randrange(len(data) + 1)))
    piece = chance.choice(TEXTS).encode("utf-8", "surrogatepass")
    return data[:at] + piece * (LARGEST // max(1, len(piece)) // 2) + data[at:]


def _noise(data: bytes, chance: random.Random) -> bytes:
    begin, end = _range(data, chance)
    return data[:begin] + chance.randbytes(chance.randrange(1, 40)) + data[end:]


def _deep(data: bytes, chance: random.Random) -> bytes:
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"<Obj>", b"</Obj>"), (b"(", b")")))
    depth = chance.choice((100, 2000, 6000))
    return opening * depth + data[: chance.randrange(40)] + closing * chance.choice((depth, 0))


def _encode(data: bytes, chance: random.Random) -> bytes:
    decoded = data.decode("utf-8", "replace")
    return decoded.encode(chance.choice(("utf-16", "utf-16-le", "utf-8-sig", "cp1252", "utf-32")), "replace")


def _range(data: bytes, chance: random.Random) -> tuple[int, int]:
    begin = chance.choice((0, *(chance.randrange(len(data) + 1) for _time in range(4))))
    return begin, min(len(data), begin + chance.choice((1, 2, 8, 64, 1000)))


# -- JSON --------------------------------------------------------------------------------------------------------------


def _json(data: bytes, chance: random.Random) -> bytes:
    """Change one value of a document, at any depth; of lines of documents, that of one line."""
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    try:
        document = json.loads(lines[at])
    except (ValueError, RecursionError):
        return _noise(data, chance)
    lines[at] = json.dumps(_changed(document, chance)).encode()
    return b"\n".join(lines)


def _changed(value: Any, chance: random.Random, depth: int = 0) -> Any:
    """Return a value with one of its parts replaced, dropped, doubled or renamed."""
    if not isinstance(value, (dict, list)) or not value or depth > 20 or chance.random() < 0.15:
        return anything(chance)
    if isinstance(value, list):
        items = list(value)
        at = chance.randrange(len(items))
        action = chance.randrange(6)
        if action == 0:
            del items[at]
        elif action == 1:
            items += [items[at]] * chance.choice((1, 3, 300))
        else:
            items[at] = _changed(items[at], chance, depth + 1)
        return items
    entries = dict(value)
    name = chance.choice(list(entries))
    action = chance.randrange(6)
    if action == 0:
        del entries[name]
    elif action == 1:
        entries[text(chance)] = entries.pop(name)
    else:
        entries[name] = _changed(entries[name], chance, depth + 1)
    return entries


# -- XML ---------------------------------------------------------------------------------------------------------------


def _xml(data: bytes, chance: random.Random) -> bytes:
    """Change one element of a document."""
    try:
        root = ElementTree.fromstring(data.decode("utf-8", "replace"))
        elements = [element for element in root.iter() if element is not root] or [root]
        parents = {child: parent for parent in root.iter() for child in parent}
        one, other = chance.choice(elements), chance.choice(elements)
        action = chance.randrange(5)
        if action == 0:
            one.text = text(chance)
        elif action == 1:
            one.tag = other.tag
        elif action == 2 and one in parents:
            parents[one].remove(one)
        elif action == 3:
            one.attrib = {name: text(chance) for name in one.attrib} or {"RefId": "0"}
        elif other is not one and one not in set(other.iter()):
            one.append(other)
        return ElementTree.tostring(root)
    except (ElementTree.ParseError, ValueError, RecursionError):
        return _insert(data, chance)


CHANGES: tuple[Change, ...] = (
    _flip,
    _cut,
    _truncate,
    _repeat,
    _insert,
    _insert_many,
    _noise,
    _deep,
    _encode,
    _json,
    _json,
    _json,
    _json,
    _xml,
    _xml,
    _xml,
)
