# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option that a text of the collection names exists, and exists where its reader stands.

A module's message is read by who runs the module, and by who runs the role and never wrote that task. What may stand in
a mailbox's record, or in a connection, exists for both. An option of a task does not: the text then names its module,
or the role's variable.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import CONNECTIONS
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

from tests import sources
from tests.unit.test_readme import MODULES, documentation, role_options

UTILS = Path(__file__).resolve().parents[2] / "plugins" / "module_utils"
PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
SET = re.compile(r"(?<![\w.])([a-z]+(?:_[a-z]+)*): (true|false|[a-z]+\b|\[)")
ROLE = re.compile(r"\boffboarding_[a-z_]*[a-z]\b")
CONNECTION = re.compile(rf"\b({'|'.join(CONNECTIONS)})\.([a-z_]+)\b")


def texts(path: Path) -> Iterator[str]:
    """Yield the texts of a file that people may read: no docstrings; a formatted value is ``{}``."""
    everything = sources.nodes(path)
    skipped = {
        id(node.body[0].value)
        for node in everything
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in everything:
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in ast.walk(node)}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    for node in everything:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


@cache
def everywhere() -> list[tuple[str, str]]:
    # The report's program is JavaScript, where a name and a colon are no option.
    program = UTILS / "_features" / "offboarding_report" / "page_script.py"
    files = [path for path in sorted(UTILS.rglob("*.py")) if path != program]
    return [(path.name, text) for path in files for text in texts(path) if " " in text]


@cache
def options() -> dict[str, dict[str, Any]]:
    """Return the options of each module."""
    return {module: documentation(module)["options"] for module in MODULES}


@cache
def choices(name: str) -> set[str]:
    """Return the words that an option takes; any other word behind its name and a colon is prose."""
    return {str(word) for given in options().values() for word in given.get(name, {}).get("choices", ())}


@cache
def of_a_task() -> dict[str, set[str]]:
    """Return the options that only a task has, with the modules that have them."""
    connections = {name for given in CONNECTIONS.values() for name in given["options"]}
    everybodys = {*fields.TABLE, *CONNECTIONS, *connections, "remote_credential"}
    found: dict[str, set[str]] = {}
    for module, names in options().items():
        for name in names.keys() - everybodys:
            found.setdefault(name, set()).add(module)
    return found


@cache
def variables() -> set[str]:
    """Return the variables of the role and of the playbooks."""
    named = {name for path in PLAYBOOKS.glob("*.yml") for name in ROLE.findall(path.read_text(encoding="utf-8"))}
    return {*role_options(), *named, *MODULES, *(name for name in fields.TABLE if name.startswith("offboarding_"))}


def test_every_variable_that_a_text_names_exists() -> None:
    strange = [(file, name) for file, text in everywhere() for name in ROLE.findall(text) if name not in variables()]
    assert strange == []


def test_every_option_of_a_connection_that_a_text_names_exists() -> None:
    found = [(file, *match) for file, text in everywhere() for match in CONNECTION.findall(text)]
    assert len(found) > 10
    assert [item for item in found if item[2] not in CONNECTIONS[item[1]]["options"]] == []


def problems(file: str, text: str) -> Iterator[tuple[str, str]]:
    for name, value in SET.findall(text):
        modules = of_a_task().get(name) if value in ("true", "false", "[") or value in choices(name) else None
        if modules and not (modules & set(re.findall(r"\w+", text))) and f"offboarding_{name}" not in text:
            yield file, f"{name}: {text}"


def test_an_option_of_a_task_is_named_with_its_module_or_the_roles_variable() -> None:
    assert {"state", "allow_staging", "on_error"} <= set(of_a_task())
    assert [problem for file, text in everywhere() for problem in problems(file, text)] == []


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("Remove it with state: absent.", False),
        ("Remove it (move_request, state: absent).", True),
        ("Set force: true.", True),
        ("Set exchange_online.graph: true.", True),
        ("Set allow_staging: true.", False),
        ("Set offboarding_accept: [x].", True),
    ],
)
def test_the_rule_itself(text: str, fine: bool) -> None:
    known: Any = list(problems("x", text))
    assert (known == []) is fine
