# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's refusals do not let pass what they could not judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import StrictUndefined, UndefinedError
from jinja2.nativetypes import NativeEnvironment

TASKS = Path(__file__).resolve().parents[2] / "roles" / "mailbox_offboarding" / "tasks"
JINJA = NativeEnvironment(undefined=StrictUndefined)


def _condition(file: str, name: str) -> str:
    tasks: list[dict[str, Any]] = yaml.safe_load((TASKS / file).read_text(encoding="utf-8"))
    task = next(task for task in tasks if task["name"] == name)
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
