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
    return str(task["ansible.builtin.assert"]["that"])


@pytest.mark.parametrize(
    ("file", "name", "variable"),
    [
        ("validate.yml", "Validate the variables", "offboarding_mistakes"),
        ("summary.yml", "Fail if the run or a mailbox failed", "offboarding_reasons"),
    ],
)
def test_a_text_that_cannot_be_resolved_is_not_an_empty_one(file: str, name: str, variable: str) -> None:
    condition = JINJA.from_string("{{ " + _condition(file, name) + " }}")
    for empty in (None, "", " \n"):
        assert condition.render({variable: empty}) is True, repr(empty)
    assert condition.render({variable: " offboarding_directory: is empty. "}) is False
    with pytest.raises(UndefinedError):
        condition.render({})


@pytest.mark.parametrize("file", ["prepare.yml", "match.yml", "final_sync.yml"])
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


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({}, []),
        ({"changed": True, "failed": False}, []),
        ({"changed": False, "skipped": True, "skip_reason": "Conditional result was False"}, []),
        ({"failed": False, "msg": "It failed. Run again.", "error": {"code": "busy"}}, ["It failed. Run again."]),
        ({"failed": False, "msg": "MODULE FAILURE", "rc": -9}, ["MODULE FAILURE"]),
    ],
    ids=["not begun", "done", "skipped", "failed", "killed"],
)
def test_a_last_cycle_that_did_not_run_is_told_whatever_stopped_it(result: dict[str, Any], told: list[str]) -> None:
    """Its task fails nobody, so the notes are where it shows; they are read where the run is summarized."""
    known = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))
    notes = JINJA.from_string(known["offboarding_notes"]).render(offboarding_final_sync=result)
    assert notes == [f"The cycle of directory synchronization after the moves failed: {text}" for text in told]


def test_no_two_tasks_of_the_role_keep_their_results_under_one_name() -> None:
    """A task that is skipped overwrites what the other one found, and a failure with it."""
    found = [task["register"] for path in sorted((ROLE / "tasks").glob("*.yml")) for task in _registering(path.name)]
    assert sorted({name for name in found if found.count(name) > 1}) == []


def _registering(file: str) -> list[dict[str, Any]]:
    """Return the tasks of a file, those in blocks too, that register something."""
    left, found = _tasks(file), []
    while left:
        task = left.pop()
        left += [inner for name in ("block", "rescue", "always") for inner in task.get(name, ())]
        found += [task] if "register" in task else []
    return found


def test_whatever_fails_mailboxes_is_in_the_runs_result() -> None:
    names = {task["register"] for file in ("move.yml", "cutover.yml", "removal.yml") for task in _registering(file)}
    variables = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))
    assert [name for name in sorted(names) if f"'{name}'" not in variables["offboarding_reporting"]] == []
