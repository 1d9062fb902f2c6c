# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Planning is pure, as CONTRIBUTING says: it reaches no system, no file and no clock, and a step keeps nothing."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step

from tests import sources
from tests.unit.test_layout import PACKAGE, UTILS

FEATURES = UTILS / "_features"
# What judges without making a plan of its own.
JUDGES = (
    "directory_sync/activity.py",
    "move_progress/figures.py",
    "move_request/data_consistency.py",
    "offboarding/baseline_changes.py",
    "offboarding/belonging.py",
    "offboarding/look_ahead.py",
    "offboarding/readiness/content.py",
    "offboarding/readiness/exchange_online.py",
    "offboarding/readiness/exchange_server.py",
    "offboarding/readiness/facts.py",
    "offboarding/readiness/finding.py",
    "offboarding/readiness/guards.py",
    "offboarding/readiness/identity.py",
    "offboarding/readiness/leftovers.py",
    "offboarding/readiness/move_requests.py",
    "offboarding/readiness/names.py",
    "offboarding/readiness/report.py",
    "offboarding/readiness/synchronization.py",
    "offboarding/state.py",
)
# The only modules of Python's that a planning file may reach, through whatever it imports.
HARMLESS = {
    "__future__", "ansible", "base64", "binascii", "collections", "contextlib", "copy", "csv", "dataclasses",
    "datetime", "difflib", "enum", "functools", "hashlib", "io", "ipaddress", "itertools", "json", "math", "operator",
    "re", "string", "types", "typing", "unicodedata", "urllib", "uuid",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}
NOT_KEPT = (list, dict, set)


def planning_files() -> list[str]:
    """Return the files of _features that plan, by their names, and those that judge."""
    plans = [path for path in FEATURES.rglob("*.py") if path.stem == "plan" or path.stem.endswith("_plan")]
    return sorted({str(path.relative_to(FEATURES)) for path in plans} | set(JUDGES))


def file_of(module: str) -> Path | None:
    """Return the file of a module of module_utils, None where the name is no module's."""
    place = UTILS.joinpath(*module.removeprefix(PACKAGE).strip(".").split("."))
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node but those that only a type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from at_run_time(node)


@cache
def taken_from(path: Path) -> tuple[frozenset[str], frozenset[Path]]:
    """Return what a file takes from outside, a look at a clock among it, and the files of ours that it imports."""
    foreign: set[str] = set()
    own: set[Path | None] = set()
    for node in at_run_time(sources.tree(path)):
        if isinstance(node, ast.Import):
            foreign |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if not module.startswith(PACKAGE):
                foreign.add(module.partition(".")[0])
                continue
            own |= {file_of(f"{module}.{alias.name}") or file_of(module) for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            foreign.add(f"{node.func.attr}()")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            foreign.add("open()")
    return frozenset(foreign), frozenset(path for path in own if path is not None)


def reached(path: Path) -> set[tuple[str, str]]:
    """Return what a file reaches that does I/O, each with the file that takes it."""
    found, seen, todo = set(), {path}, [path]
    while todo:
        place = todo.pop()
        foreign, own = taken_from(place)
        found |= {(str(place.relative_to(UTILS)), name) for name in foreign - HARMLESS}
        todo += own - seen
        seen |= own
    return found


@pytest.mark.parametrize("name", planning_files())
def test_what_plans_or_judges_reaches_no_system_no_file_and_no_clock(name: str) -> None:
    assert reached(FEATURES / name) == set()


def test_the_look_at_what_is_reached_sees_what_does_input_and_output() -> None:
    found = reached(FEATURES / "mailuser" / "step.py")
    assert {("_connections/retry.py", "time"), ("_connections/session_pool.py", "threading")} <= found
    assert ("_features/move_request/settings.py", "now()") in reached(FEATURES / "move_request" / "settings.py")


def test_only_what_is_pure_makes_a_plan() -> None:
    makers = set()
    for path in FEATURES.rglob("*.py"):
        for node in sources.nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Plan":
                makers.add(str(path.relative_to(FEATURES)))
    assert len(makers) > 5
    assert makers - set(planning_files()) == set()


# -- steps -------------------------------------------------------------------------------------------------------------


def steps() -> list[type[Step[Any]]]:
    """Return every step of the collection."""
    for path in FEATURES.rglob("*.py"):
        if re.search(r"^class \w+\(\w*Step\b", path.read_text(encoding="utf-8"), re.MULTILINE):
            name = ".".join(path.relative_to(UTILS).with_suffix("").parts)
            importlib.import_module(f"{PACKAGE}.{name}")
    found: list[type[Step[Any]]] = []
    todo: list[type[Step[Any]]] = [Step]
    while todo:
        subclasses = todo.pop().__subclasses__()
        todo += subclasses
        found += [item for item in subclasses if item.__module__.startswith(f"{PACKAGE}._features.")]
    return found


def test_a_step_holds_nothing_that_changes() -> None:
    found = steps()
    assert {"Present", "GuidStamped", "MailStamped", "OfKind", "Ended", "Submitted", "Completed", "RolledBack"} <= {
        step.__name__ for step in found
    }
    for step in found:
        assert dataclasses.is_dataclass(step), step
        assert step.__dataclass_params__.frozen, step
        hints = get_type_hints(step)
        kept = [field.name for field in dataclasses.fields(step) if getattr(hints[field.name], "__origin__", hints[
            field.name]) in NOT_KEPT]  # fmt: skip
        assert kept == [], step


def test_no_answer_is_found_by_its_place_among_the_mailboxes() -> None:
    carriers = {"given", "items", "outcomes", "records", "wave", "waiting", "work"}
    found = [
        (str(path.relative_to(UTILS)), node.lineno)
        for room in ("_features", "_module", "_recipients", "_wave")
        for path in (UTILS / room).rglob("*.py")
        for node in sources.nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "zip"
        and carriers & {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    ]
    # The lines of a CSV are numbered before they are mailboxes.
    assert [path for path, _line in found] == ["_wave/csv_input.py"]


def test_no_mailbox_is_known_by_the_place_of_its_record_in_memory() -> None:
    found = [
        (str(path.relative_to(UTILS)), node.lineno)
        for room in ("_features", "_module", "_recipients", "_wave")
        for path in (UTILS / room).rglob("*.py")
        for node in sources.nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id"
    ]
    assert found == []
