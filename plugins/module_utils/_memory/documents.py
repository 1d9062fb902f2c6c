# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""JSON documents in a memory, and the checksum by which a document tells that nobody changed a value since."""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import reason
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import is_too_deep

CHECKSUM = "checksum"
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def load(memory: Memory, path: str) -> Any:
    """Return what a document says; FileNotFoundError where there is none, OSError for what is no JSON."""
    found = memory.read(path)
    if found is None:
        raise FileNotFoundError(errno.ENOENT, "there is none")
    return parsed(found.text)


def parsed(text: str) -> Any:
    """Return what a JSON text says; OSError for any other text."""
    try:
        data = json.loads(text)
        if is_too_deep(data):
            raise RecursionError
    except (ValueError, RecursionError) as error:
        raise OSError(errno.EBADMSG, f"it is not JSON: {reason(error)}") from error
    return data


def text_of(data: Any, *, indent: int | None = None) -> str:
    """Return a document as JSON: readable for people, but for halves of characters, which no text can hold."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(data, ensure_ascii=False, indent=indent, separators=separators)
    if _HALF_CHARACTER.search(text):
        return json.dumps(data, indent=indent, separators=separators)
    return text


def checksum(data: Mapping[str, Any]) -> str:
    """Return the checksum of all values of a document but itself, whatever their order and layout."""
    values = {name: value for name, value in data.items() if name != CHECKSUM}
    text = json.dumps(values, separators=(",", ":"), sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with its checksum."""
    return {**data, CHECKSUM: checksum(data)}


def is_as_written(data: Mapping[str, Any]) -> bool:
    """Tell whether a document has a checksum, and the one of its values."""
    return CHECKSUM in data and data[CHECKSUM] == checksum(data)
