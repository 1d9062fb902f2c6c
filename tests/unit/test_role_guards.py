# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's conditions hold where a variable cannot be resolved, or no task has set it yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import StrictUndefined, UndefinedError
from jinja2.nativetypes import NativeEnvironment

ROLE = Path(__file__).resolve().parents[2] / "roles" / "mailbox_offboarding"
JINJA = NativeEnvironment(undefined=StrictUndefined)
JINJA.filters["bool"] = bool


def _tasks(file: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = yaml.safe_load((ROLE / "tasks" / file).read_text(encoding="utf-8"))
    return tasks


def _condition(file: str, name: str) -> str:
    task = next(task for task in _tasks(file) if task["name"] == name)
    return str(task["ansible.builtin.assert"]["that"] if "ansible.builtin.assert" in task else task["when"])


@pytest.mark.parametrize(
    ("file", "name", "variable", "if_empty"),
    [
        ("validate.yml", "Validate the variables", "offboarding_mistakes", True),
        ("summary.yml", "Fail if the run or a mailbox failed", "offboarding_reasons", False),
    ],
)
def test_a_text_that_cannot_be_resolved_is_not_an_empty_one(
    file: str, name: str, variable: str, if_empty: bool
) -> None:
    condition = JINJA.from_string("{{ " + _condition(file, name) + " }}")
    for empty in (None, "", " \n"):
        assert condition.render({variable: empty}) is if_empty, repr(empty)
    assert condition.render({variable: " offboarding_directory: is empty. "}) is not if_empty
    with pytest.raises(UndefinedError):
        condition.render({})


@pytest.mark.parametrize("file", ["prepare.yml", "sync.yml", "match.yml", "final_sync.yml"])
def test_a_phase_that_is_started_at_finds_no_mailbox_rather_than_an_undefined_variable(file: str) -> None:
    known = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))
    asked = [
        condition
        for task in _tasks(file)
        for condition in (task["when"] if isinstance(task.get("when"), list) else [task.get("when", "")])
        if "offboarding_state" in condition
    ]
    assert asked
    for condition in asked:
        assert JINJA.from_string("{{ " + condition + " }}").render(known) is False, condition
