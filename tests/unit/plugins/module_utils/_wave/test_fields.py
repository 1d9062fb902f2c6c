# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of fields, and what names fields elsewhere: the role, the inventory plugin, CSV files and pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox.plan import TYPES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields, split
from ansible_collections.mailops.exchange_hybrid.plugins.modules import move_request

ROOT = Path(__file__).resolve().parents[5]
ROLE = ROOT / "roles/mailbox_offboarding"
# A variable of the role that is named like a field and means another thing: the identities of mailboxes, not one's own.
OF_ANOTHER_MEANING = {"approve_skipped_items"}


def test_a_line_of_the_table_is_an_option_a_column_and_a_check() -> None:
    assert fields.options("move_request")["complete_after"] == {"type": "str"}
    assert fields.options("move_request")["cutover"] == {"type": "str", "choices": ["automatic", "held", "at"]}
    assert fields.options("move_request")["skip_moving"] == {"type": "list", "elements": "str"}
    assert fields.options("move_request")["primary_only"] == {"type": "bool"}
    assert "complete_after" in fields.columns()
    assert "complete_after" in fields.columns(str)
    assert "skip_moving" in fields.columns(list[str])
    assert "primary_only" in fields.columns(bool)
    assert fields.options("no_module") == {}
    assert move_request.ARGUMENTS.mailbox == fields.options("move_request")


def test_each_column_has_a_type_that_a_cell_can_have() -> None:
    assert {*fields.columns(str), *fields.columns(bool), *fields.columns(list[str])} == set(fields.columns())
    assert {name for name in fields.FOUND if fields.TABLE[name].options_of} == set()


@pytest.mark.parametrize("name", sorted(fields.TABLE))
def test_every_option_belongs_to_a_module_and_every_text_is_a_sentence(name: str) -> None:
    owners = fields.TABLE[name].options_of.split()
    assert owners == sorted(set(owners))
    assert [owner for owner in owners if not (ROOT / f"plugins/modules/{owner}.py").exists()] == []
    assert fields.TABLE[name].text[0].isupper()
    assert fields.TABLE[name].text.endswith(".")


def test_the_choices_of_a_mailboxs_type_are_those_that_can_be_set() -> None:
    assert fields.TABLE["recipient_type_details"].choices == tuple(TYPES)


def role_variables() -> dict[str, dict[str, Any]]:
    """Return the role's variables that are named like a field, without the prefix, of all its entry points."""
    specs = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    given = {name: spec for entry in specs.values() for name, spec in entry["options"].items()}
    named = {name.removeprefix("offboarding_"): spec for name, spec in given.items()}
    return {name: spec for name, spec in named.items() if name in fields.TABLE and name not in OF_ANOTHER_MEANING}


def test_a_variable_of_the_role_is_of_its_fields_type() -> None:
    variables = role_variables()
    assert {"complete_after", "cutover", "baseline", "accept", "routing_domain", "remove_delay_holds"} <= set(variables)
    owners = {name: field.options_of.split() for name, field in fields.TABLE.items()}
    types = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))["offboarding_types"]
    given = {name: fields.options(owners[name][0])[name] for name in variables}
    wanted = {name: spec.get("choices") or spec["type"] for name, spec in given.items()}
    assert {name: types.get(f"offboarding_{name}", "str") for name in variables} == wanted


def test_what_the_inventory_plugin_divides_by_are_columns() -> None:
    assert set(split.KEYS.values()) <= set(fields.columns(str))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("identity", "str"), ("primary_only", "bool"), ("email_addresses", "list of str"), ("total_size", "int"),
        ("custom_attributes", "dict"), ("move_request", "dict"),
    ],
)  # fmt: skip
def test_what_a_fields_type_is_called(name: str, told: str) -> None:
    assert fields.type_name(name) == told


def headers() -> dict[str, list[str]]:
    """Return the header of each CSV that the project ships or shows."""
    found = {}
    shown = [ROOT / "README.md", ROLE / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for path in [*sorted((ROOT / "lab").rglob("*.csv")), *shown]:
        text = path.read_text(encoding="utf-8")
        pattern = r"^identity(?:,[a-z_]+)+$"
        found.update({f"{path.name}: {line}": line.split(",") for line in re.findall(pattern, text, re.MULTILINE)})
    return found


def test_every_csv_that_is_shipped_or_shown_has_known_columns() -> None:
    found = headers()
    assert len(found) >= 2
    assert {where: name for where, names in found.items() for name in names if name not in fields.columns()} == {}
