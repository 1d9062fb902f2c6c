# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A blank option is one that is not set: every option of every module and connection, as its argument spec has it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.blanks import (
    BlankAwareModule,
    without_blanks,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import (
    CONNECTIONS,
    REMOTE_CREDENTIAL,
)

from tests.unit.plugins.module_utils.in_process import patch_module_args

MODULES = sorted(path.stem for path in (Path(__file__).resolve().parents[5] / "plugins" / "modules").glob("*.py"))
BLANKS = (None, "", "  ", "\n")
WAVE = ("identity", "mailboxes", "mailboxes_file")
Spec = dict[str, dict[str, Any]]


def spec_of(module: str) -> Spec:
    name = f"ansible_collections.mailops.exchange_hybrid.plugins.modules.{module}"
    spec: Spec = importlib.import_module(name).ARGUMENTS.spec()
    return spec


def validated(spec: Spec, given: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    result = ArgumentSpecValidator(spec).validate(without_blanks(given, spec))
    return result.error_messages, result.validated_parameters


def least(spec: Spec) -> dict[str, Any]:
    """Return what a module cannot be run without."""
    return {name: (option.get("choices") or ["x"])[0] for name, option in spec.items() if option.get("required")}


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for spec in (*CONNECTIONS.values(), REMOTE_CREDENTIAL):
        for option in spec["options"].values():
            monkeypatch.delenv(option["fallback"][1][0], raising=False)


@pytest.mark.parametrize("module", MODULES)
def test_a_blank_option_is_one_that_is_not_set(module: str) -> None:
    spec = spec_of(module)
    without = least(spec)
    not_given = validated(spec, without)
    for name in set(spec) - set(without) - {"state", *(WAVE if "identity" in spec else ())}:
        for blank in BLANKS[:2] if name == "delimiter" else BLANKS:
            assert validated(spec, {**without, name: blank}) == not_given, (name, blank)


def test_a_tab_is_a_delimiter() -> None:
    _errors, given = validated(spec_of("wave_file"), {"path": "x", "csv": "x", "delimiter": "\t"})
    assert given["delimiter"] == "\t"


def suboptions() -> Iterator[tuple[str, dict[str, Any], str]]:
    for system, spec in [*CONNECTIONS.items(), ("remote_credential", REMOTE_CREDENTIAL)]:
        for name in spec["options"]:
            yield system, spec, name


@pytest.mark.parametrize(
    ("system", "spec", "name"), list(suboptions()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_blank_option_of_a_connection_is_one_that_is_not_set(
    system: str, spec: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = spec["options"][name]
    not_given = validated({system: spec}, {})
    blanks = [*BLANKS, *([[""], ["", None]] if option["type"] == "list" else [])]
    for blank in blanks:
        assert validated({system: spec}, {system: {name: blank}}) == not_given, blank
    # What the environment says counts as if the option were left out.
    monkeypatch.setenv(option["fallback"][1][0], str((option.get("choices") or ["1"])[0]))
    from_environment = validated({system: spec}, {})
    assert from_environment != not_given
    for blank in blanks:
        assert validated({system: spec}, {system: {name: blank}}) == from_environment, blank


def from_the_environment() -> dict[str, Spec]:
    """Return each environment variable that any option of any module is taken from, with that option."""
    found: dict[str, Spec] = {}
    for module in MODULES:
        for name, option in spec_of(module).items():
            for part in [option, *option.get("options", {}).values()]:
                found |= {variable: {name: option} for variable in part.get("fallback", ("", []))[1]}
    return found


def test_a_blank_environment_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = from_the_environment()
    assert len(variables) > 70
    for variable, spec in variables.items():
        monkeypatch.delenv(variable, raising=False)
        not_given = validated(spec, {})
        for blank in ("", "  "):
            monkeypatch.setenv(variable, blank)
            assert validated(spec, {}) == not_given, variable
        monkeypatch.setenv(variable, "1")
        assert validated(spec, {}) != not_given, variable
        monkeypatch.delenv(variable)


def test_false_and_zero_are_values() -> None:
    spec = spec_of("move_request")
    _errors, given = validated(spec, {"identity": "ann@contoso.com", "show_progress": False, "wait_timeout": 0})
    assert (given["show_progress"], given["wait_timeout"]) == (False, 0)
    connection = {"exchange_server": {"use_tls": False, "sessions": 0}}
    _errors, given = validated(CONNECTIONS, connection)
    assert {name: given["exchange_server"][name] for name in ("use_tls", "sessions")} == connection["exchange_server"]


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"identity": ""}, {"identity": ""}),
        ({"mailboxes": " ", "state": ""}, {"mailboxes": " ", "state": ""}),
        ({"identity": "ann@contoso.com", "mailboxes": "", "mailboxes_file": " "}, {"identity": "ann@contoso.com"}),
        ({"mailboxes": [], "identity": ""}, {"mailboxes": []}),
    ],
)
def test_blank_mailboxes_never_mean_all_of_them(given: dict[str, Any], left: dict[str, Any]) -> None:
    assert without_blanks(given, spec_of("move_request_info") | {"state": {}}) == left


def test_a_list_of_suboptions_loses_the_blank_ones() -> None:
    spec = spec_of("mailbox_permission")
    server = {"exchange_server": "host=ex01"}
    given = {"trustees": [{"user": "ann@contoso.com", "rights": ""}, {"user": " "}], **server}
    assert without_blanks(given, spec) == {"trustees": [{"user": "ann@contoso.com"}, {}], **server}


def test_ansible_gives_the_module_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    given = {
        "identity": "ann@contoso.com",
        "wait": "",
        "wait_sleep": " ",
        "on_error": None,
        "exchange_online": {"client_secret": "", "concurrency": "", "managed_identity": "", "tenant_id": "t"},
    }
    with patch_module_args(given):
        module = BlankAwareModule(argument_spec=spec_of("move_request"))
    assert [module.params[name] for name in ("wait", "wait_sleep", "on_error")] == [False, 60, "fail"]
    connection = module.params["exchange_online"]
    assert [connection[name] for name in ("client_secret", "concurrency", "managed_identity", "tenant_id")] == [
        *(None, None, None),
        "t",
    ]
    with patch_module_args({"identity": "ann@contoso.com", "state": ""}), pytest.raises(SystemExit):
        BlankAwareModule(argument_spec=spec_of("move_request"))
    assert "value of state must be one of" in json.loads(capsys.readouterr().out)["msg"]
