# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No private name of ansible-core, pypsrp or another library is used: a release of theirs may change it without notice.

Ansible's plugins inherit a few names that begin with an underscore and that its own developer guide uses: ACCEPTED.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests import sources

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("plugins", "lab", "bench")
OWN = ("ansible_collections.mailops", "lab", "bench")
# What Ansible's guide to developing plugins, or the documentation of the base class itself, tells a plugin to use.
ACCEPTED = {
    "plugins/action": {
        "_task": "the task's options: _task.args, check_mode, no_log",
        "_execute_module": "how an action runs a module",
        "_connection": "its _shell has the temporary directory that ActionBase.run says to use",
        "_shell": "tmpdir and join_path, as ActionBase.run says",
        "_make_tmp_path": "makes that directory, which Ansible then removes",
    },
    "plugins/module_utils/_module": {
        "_load_params": "reads what a module is given; ansible-core names it as the way to process that first",
        "_diff": "whether --diff was given; AnsibleModule has no other name for it, and the guide uses this one",
    },
    "plugins/inventory": {
        "_read_config_data": "how an inventory plugin reads its own file, in the guide's example",
    },
    "lab/demo/callback": {
        "_display": "how a callback shows a line",
        "_result": "what a module returned; a public name for it came with ansible-core 2.19",
        "_task": "the task of a result; a public name for it came with ansible-core 2.19",
    },
}
SHARED = {"plugins/plugin_utils": "plugins/action"}  # what the action plugins share
NAMING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Attribute, ast.Call)
STANDARD = {"_replace", "_asdict", "_fields"}  # public methods of named tuples, whose fields are to keep their names


def is_private(name: str) -> bool:
    return name.startswith("_") and name != "_" and not name.startswith("__")


@cache
def files() -> list[Path]:
    return [path for place in PLACES for path in sorted((ROOT / place).rglob("*.py"))]


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Return what names something, of one file."""
    everything = sources.nodes(path)
    return [node for node in everything if isinstance(node, NAMING) or (isinstance(node, ast.Name) and is_stored(node))]


def is_stored(node: ast.Name | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store)


@cache
def defined(path: Path) -> frozenset[str]:
    """Return the private names that a file defines: functions, classes, variables, and attributes of its objects."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and is_stored(node) and is_own(node.value):
            found.add(node.attr)
    return frozenset(name for name in found if is_private(name))


@cache
def defined_anywhere() -> frozenset[str]:
    return frozenset[str]().union(*(defined(path) for path in files()))


def is_own(node: ast.expr) -> bool:
    """Tell whether an attribute of ``node`` belongs to the object whose method this is, or to its class."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("super", "type")
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def accepted(path: Path) -> set[str]:
    place = path.parent.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
    return set(ACCEPTED.get(SHARED.get(place, place), {}))


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def foreign_imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        for name in imported(node):
            is_library = name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith(OWN)
            if is_library and any(is_private(part) for part in name.split(".")):
                yield name


def asked(node: ast.AST) -> tuple[ast.expr, str] | None:
    """Return the object and the attribute that an expression is about, also where it is named in a text."""
    if isinstance(node, ast.Attribute):
        return node.value, node.attr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
        name = node.args[1]
        if node.func.id in ("getattr", "setattr", "hasattr", "delattr") and isinstance(name, ast.Constant):
            return node.args[0], str(name.value)
    return None


def foreign_attributes(path: Path) -> Iterator[str]:
    for node in nodes(path):
        found = asked(node)
        if found is None or not is_private(found[1]) or found[1] in STANDARD:
            continue
        known = defined_anywhere() if is_own(found[0]) else defined(path)
        if found[1] not in known | accepted(path):
            yield f"{ast.unparse(found[0])}.{found[1]} (line {getattr(node, 'lineno', 0)})"


def overridden(path: Path) -> Iterator[str]:
    """Yield the private names of a library's class that a class of ours derived from it defines anew."""
    bases: dict[str, str] = {}
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in ("ansible", "pypsrp"):
            bases |= {alias.asname or alias.name: node.module for alias in node.names}
    for node in nodes(path):
        if not isinstance(node, ast.ClassDef):
            continue
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in bases:
                names = dir(getattr(importlib.import_module(bases[base.id]), base.id))
                yield from (f"{node.name}.{name}" for name in defined(path) & set(names) - accepted(path))


def found_in(path: Path) -> list[str]:
    return [*foreign_imports(path), *foreign_attributes(path), *overridden(path)]


@pytest.mark.parametrize("place", PLACES)
def test_no_private_name_of_a_library_is_imported_used_or_overridden(place: str) -> None:
    found = {str(path.relative_to(ROOT)): found_in(path) for path in files() if path.is_relative_to(ROOT / place)}
    assert len(found) > 5
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from ansible.executor.module_common import _BuiltModule", "ansible.executor.module_common._BuiltModule"),
        ("import ansible._internal.templating", "ansible._internal.templating"),
        ("from pypsrp._utils import to_bytes", "pypsrp._utils.to_bytes"),
        ("def keep(pool):\n    return pool._serializer", "pool._serializer (line 2)"),
        ("def keep(pool):\n    return getattr(pool, '_serializer')", "pool._serializer (line 2)"),
        ("class Own:\n    def run(self):\n        self._remove_tmp_path()", "self._remove_tmp_path (line 3)"),
        (
            "from ansible.plugins.action import ActionBase\nclass Own(ActionBase):\n    def _configure_module(self): 1",
            "Own._configure_module",
        ),
    ],
)
def test_each_way_to_a_private_name_is_found(tmp_path: Path, source: str, name: str) -> None:
    path = tmp_path / "planted.py"
    path.write_text(source, encoding="utf-8")
    assert found_in(path) == [name]


@pytest.mark.parametrize("place", sorted(ACCEPTED))
def test_each_accepted_name_is_in_use(place: str) -> None:
    used = {found[1] for path in files() if is_in(path, place) for node in nodes(path) if (found := asked(node))}
    assert set(ACCEPTED[place]) - used == set()


def is_in(path: Path, place: str) -> bool:
    folder = path.parent.relative_to(ROOT).as_posix()
    return SHARED.get(folder, folder) == place
