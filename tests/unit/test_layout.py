# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rooms of module_utils: each imports only what stands below it, as CONTRIBUTING says, types included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests import sources

UTILS = Path(__file__).resolve().parents[2] / "plugins" / "module_utils"
PACKAGE = "ansible_collections.mailops.exchange_hybrid.plugins.module_utils"
FLOORS = {
    "_error_catalogue": 0,
    "_hold_kinds": 0,
    "_check_catalogue": 1,
    "_values": 0,
    "_texts": 0,
    "_threads": 0,
    "_reader": 0,
    "_errors": 1,
    "_memory": 2,
    "_connections": 3,
    "_transports": 4,
    "_wave": 4,
    "_recipients": 5,
    "_module": 5,
    "_features": 6,
}


def rooms_of(node: ast.ImportFrom) -> list[str]:
    """Return the rooms of module_utils that one import statement reaches into."""
    module = node.module or ""
    if module == PACKAGE:
        return [alias.name for alias in node.names]
    return [module.removeprefix(f"{PACKAGE}.").partition(".")[0]] if module.startswith(f"{PACKAGE}.") else []


def imports() -> Iterator[tuple[str, str, str]]:
    """Yield the file, its room and the room that it imports from, for each import from another room."""
    for path in sorted(UTILS.rglob("*.py")):
        room = path.relative_to(UTILS).with_suffix("").parts[0]
        for node in sources.nodes(path):
            if isinstance(node, ast.ImportFrom):
                yield from ((str(path.relative_to(UTILS)), room, other) for other in rooms_of(node) if other != room)


def test_every_room_has_its_floor() -> None:
    assert {path.stem for path in UTILS.iterdir() if path.stem != "__pycache__"} == set(FLOORS)


def test_each_room_imports_only_what_stands_below_it() -> None:
    found = list(imports())
    assert len(found) > 200, "the imports are found"
    assert [told for told in found if FLOORS[told[2]] >= FLOORS[told[1]]] == []
