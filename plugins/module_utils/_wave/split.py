# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Dividing mailboxes into waves: the same list always gives the same waves, by the same names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

PREFIX = "wave"
# Which record key makes a wave; size alone needs none.
KEYS = {"database": "remote_target_database", "site": "site", "wave": "wave"}


@dataclass(frozen=True)
class Wave:
    """One wave. ``name`` is a valid inventory host name, ``group`` the group of its value, or empty."""

    name: str
    records: Sequence[Record]
    group: str = ""


def divided(records: Sequence[Record], by: str, size: int) -> list[Wave]:
    """Return the waves: by ``size`` in the order of the list, else by the value of a column, in its alphabetical order.

    Raises InputError for a size below 1, for mailboxes without the value, and for values that make the same name.
    """
    if size < 1:
        raise InputError("size", size, "creates no wave", "Specify a number of at least 1.")
    if by == "size":
        return [Wave(f"{PREFIX}_{number:03d}", part) for number, part in enumerate(_pieces(records, size), start=1)]
    waves: list[Wave] = []
    for name, members in sorted(_by_value(records, by).items()):
        pieces = list(_pieces(members, size))
        for number, part in enumerate(pieces, start=1):
            suffix = f"_{number:03d}" if len(pieces) > 1 else ""
            waves.append(Wave(f"{PREFIX}_{name}{suffix}", part, f"{by}_{name}"))
    _refuse_equal_names(waves, KEYS[by])
    return waves


def _refuse_equal_names(waves: Sequence[Wave], key: str) -> None:
    """A value that ends like the number of a wave may meet a real one."""
    names = [wave.name for wave in waves]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(key, None, f"creates the host '{twice[0]}' twice", "Rename one of the values, or raise size.")


def _pieces(records: Sequence[Record], size: int) -> Iterator[Sequence[Record]]:
    for start in range(0, len(records), size):
        yield records[start : start + size]


def _by_value(records: Sequence[Record], by: str) -> dict[str, list[Record]]:
    key = KEYS[by]
    without = [str(record["identity"]) for record in records if not str(record.get(key) or "").strip()]
    if without:
        more = f" and {len(without) - 1} more" if len(without) > 1 else ""
        raise InputError(key, None, f"is empty for '{without[0]}'{more}", "Fill the column, or divide by size.")
    members: dict[str, list[Record]] = {}
    values: dict[str, str] = {}
    for record in records:
        value = str(record.get(key)).strip()
        name = re.sub(r"[^a-z0-9]+", "_", _values.folded(value)).strip("_")
        if not name:
            raise InputError(key, value, "does not give a host name", "Use letters of the Latin alphabet or digits.")
        if _values.folded(values.setdefault(name, value)) != _values.folded(value):
            raise InputError(key, value, f"gives the same host name as '{values[name]}'", "Rename one of them.")
        members.setdefault(name, []).append(record)
    return members
