# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A variable of the role that is null or blank, as a survey passes an answer that was left out, counts as not set.

What a core makes of each form is its own matter: this is the one unit test that runs ansible-playbook, so that
``make units-oldest`` and ``make units-newest`` run it with theirs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles" / "mailbox_offboarding"
GIVEN = "mailops.exchange_hybrid.given"
BLANK = {"nothing": "", "empty": "''", "whitespace": "'  '", "lines": '"\\n \\n"', "unsafe": "!unsafe ''"}
ZERO: dict[str, Any] = {"bool": False, "int": 0, "list": [], "dict": {}}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


SPECS: dict[str, dict[str, Any]] = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]
OPTIONS: dict[str, dict[str, Any]] = {
    name: option for entry in reversed(SPECS.values()) for name, option in entry["options"].items()
}
VARS: dict[str, Any] = load(ROLE / "vars" / "main.yml")
TYPES: dict[str, Any] = VARS["offboarding_types"]
NAME = re.compile(r"(?<![\w.'/])(" + "|".join(sorted(OPTIONS, key=len, reverse=True)) + r")(?!\w)(?!:)")


def test_each_variable_is_null_by_default_and_read_in_one_place() -> None:
    assert load(ROLE / "defaults" / "main.yml") == dict.fromkeys(OPTIONS)
    read = {name: text for name, text in VARS.items() if name.startswith("__")}
    assert set(read) == {f"__{name}" for name in OPTIONS}
    for name in OPTIONS:
        assert re.match(rf"\{{\{{ {name}\s+\| {re.escape(GIVEN)}\(", read[f"__{name}"].strip()), name


def test_an_option_is_the_same_in_each_entry() -> None:
    """So that Ansible makes of it in any of them what it makes of all options together, below."""
    for name, option in OPTIONS.items():
        for entry, spec in SPECS.items():
            given = {**spec["options"].get(name, option), "description": option["description"]}
            assert given == option, f"{entry}: {name}"


def test_nothing_else_reads_a_variable_as_it_was_set() -> None:
    """In a template or a condition; a message names a variable."""
    for path in [*(ROLE / "tasks").glob("*.yml"), *(ROOT / "playbooks").glob("*.yml")]:
        text = path.read_text(encoding="utf-8")
        if path.parent.name == "playbooks" and "mailops.exchange_hybrid.mailbox_offboarding" not in text:
            continue  # the variables go to modules, which take a blank for nothing themselves
        conditions = re.findall(r"^ *(?:when|that):(?:.+|(?:\n +- .+)+|.*\n(?: +.+\n)+?)$", text, re.MULTILINE)
        for part in [*re.findall(r"\{\{.*?\}\}|\{%.*?%\}", text, re.DOTALL), *conditions]:
            read = [match[1] for match in NAME.finditer(part) if f"{match[1]} | {GIVEN}(" not in part]
            assert read == [], f"{path.name}: {part}"


def test_the_documented_defaults_are_the_real_ones() -> None:
    jinja = NativeEnvironment()
    jinja.filters[GIVEN] = lambda _value, default, **_more: default
    documented = {name: option["default"] for name, option in OPTIONS.items() if "default" in option}
    assert len(documented) > 15
    # Ansible refuses null for any other type that has a default.
    assert {OPTIONS[name]["type"] for name in documented} == {"raw"}
    for name, default in documented.items():
        assert jinja.from_string(VARS[f"__{name}"]).render() == default, name


def test_what_is_no_text_has_its_type_checked_by_the_role_alone() -> None:
    """Ansible would apply a type or choices of the argument specs to blank values, before any task."""
    assert set(TYPES) <= set(OPTIONS)
    for name, option in OPTIONS.items():
        assert "choices" not in option, name
        kind = TYPES.get(name)
        if kind == "list" or name == "offboarding_only":
            assert (option["type"], option["elements"] in ("str", "raw")) == ("list", True), name
        else:
            assert option["type"] in ({"str"} if isinstance(kind, list) else {"raw"} if kind else {"str", "path"}), name
        if isinstance(kind, list):
            assert all(f"V({choice})" in " ".join(option["description"]) for choice in kind), name


def values(kind: str) -> dict[str, Any]:
    """Return the smallest value of each variable that is none."""
    return {name: ZERO[TYPES[name]] for name in OPTIONS if isinstance(TYPES.get(name), str)}


def inventory() -> str:
    """Return hosts that have each variable in one of the blank forms, and two that have values."""
    lines = ["all:", "  hosts:", "    unset: {}"]
    for host, blank in BLANK.items():
        lines += [f"    {host}:", *(f"      {name}: {blank}" for name in OPTIONS)]
    lines += ["    zero:", *(f"      {name}: {json.dumps(value)}" for name, value in values("zero").items())]
    lines += ["    wrong:", *(f"      {name}: [soon]" for name in TYPES if TYPES[name] != "list")]
    return "\n".join(lines) + "\n"


def play() -> list[dict[str, Any]]:
    names = sorted(OPTIONS)
    read = "{{ dict(names | zip(query('ansible.builtin.vars', *(names | map('regex_replace', '^', '__'))))) }}"
    tasks: list[dict[str, Any]] = [
        {
            "name": "Validate as Ansible does before the role's first task",
            "ansible.builtin.validate_argument_spec": {"argument_spec": OPTIONS},
            "when": "inventory_hostname not in ('unset', 'wrong')",
        },
        {
            "block": [
                {
                    "ansible.builtin.import_role": {
                        "name": "mailops.exchange_hybrid.mailbox_offboarding",
                        "tasks_from": "check_variables",
                    },
                }
            ],
            "rescue": [{"ansible.builtin.debug": {"msg": "refused: {{ ansible_failed_result.msg }}"}}],
        },
        {"ansible.builtin.set_fact": {"seen": read}, "vars": {"names": names}, "when": "inventory_hostname != 'wrong'"},
        {
            "ansible.builtin.debug": {"msg": "seen: {{ inventory_hostname }} {{ seen | to_json }}"},
            "when": "inventory_hostname != 'wrong'",
        },
    ]
    return [{"hosts": "all", "gather_facts": False, "connection": "local", "tasks": tasks}]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("variables")
    (place / "hosts.yml").write_text(inventory(), encoding="utf-8")
    (place / "play.yml").write_text(json.dumps(play()), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OFFBOARDING", "ENTRA_CONNECT"))},
        "ANSIBLE_HOME": str(place),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_CALLBACK_FORMAT_PRETTY": "false",
        "ANSIBLE_FORKS": "4",
        "OFFBOARDING_JOURNAL": " ",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.yml", "play.yml"]
    run = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def seen(output: str) -> dict[str, dict[str, Any]]:
    found = {}
    for text in re.findall(r'"msg": ("seen: .+")', output):
        host, _space, content = json.loads(text).removeprefix("seen: ").partition(" ")
        found[host] = json.loads(content)
    return found


def test_a_blank_variable_is_one_that_is_not_set(seen: dict[str, dict[str, Any]]) -> None:
    assert set(seen) == {"unset", "zero", *BLANK}
    assert set(seen["unset"]) == set(OPTIONS)
    for host in BLANK:
        told = dict(seen[host])
        # Whitespace may be a delimiter, such as a tab.
        if host in ("whitespace", "lines"):
            assert told.pop("offboarding_csv_delimiter").isspace()
        assert told == {name: value for name, value in seen["unset"].items() if name in told}, host


def test_false_zero_and_empty_lists_are_values(seen: dict[str, dict[str, Any]]) -> None:
    for name, value in values("zero").items():
        assert str(seen["zero"][name]) == str(value), name
    assert str(seen["unset"]["offboarding_show_progress"]) == "True"
    assert str(seen["unset"]["offboarding_wait_timeout"]) == "86400"


def test_a_real_mistake_is_told_with_variable_value_and_remedy(output: str) -> None:
    (text,) = re.findall(r'"msg": ("refused: .+")', output)
    told = json.loads(text)
    for name, kind in TYPES.items():
        if kind == "dict":
            assert f"{name}: is not a dictionary. Set one, or leave it blank for the default." in told
        elif kind != "list":
            assert f"{name}: '['soon']' is " in told
