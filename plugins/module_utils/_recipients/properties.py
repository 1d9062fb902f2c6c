# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Exchange's properties as the keys of a shape whose types say how each is read (_wave/shapes.py)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_type_hints

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties

# By the property's name, folded: the key, and what reads the value.
Readers = Mapping[str, tuple[str, Callable[[Any], object]]]


def readers(shape: type) -> Readers:
    """Return how the keys of a shape are read: each is the property's name in snake_case."""
    hints = get_type_hints(shape, include_extras=True)
    return {key.replace("_", ""): (key, get_args(hint)[1]) for key, hint in hints.items() if get_args(hint)}


def read(properties: Properties, known: Readers) -> dict[str, object]:
    """Return what is known of an object: absent where Exchange was silent, or wrote a value in an unknown form.

    One value that cannot be read must not hide the object.
    """
    result: dict[str, object] = {}
    for name, value in properties.items():
        key, reads = known.get(_values.folded(name), ("", str))
        if not key or value in (None, ""):
            continue
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            found = reads(value)
            if found is not None:
                result[key] = found
    return result
