# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credential types of the kit, injected as AWX does it, and read as the modules read their environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import (
    CONNECTIONS,
    REMOTE_CREDENTIAL,
)

from tests.integration.awx import injection
from tests.integration.awx.injection import Refused
from tests.tools.awx_credential_types import LEFT_OUT, TEXTS, credential_types

TYPES = credential_types()
CONNECTION_TYPES = [name for name in TYPES if name != "memory"]
OWN: dict[str, dict[str, Any]] = {**{name: spec["options"] for name, spec in CONNECTIONS.items()},
                                  "remote_credential": REMOTE_CREDENTIAL["options"]}  # fmt: skip


@pytest.fixture
def private(tmp_path: Path) -> Path:
    (tmp_path / "env").mkdir()
    return tmp_path


def filled(name: str) -> dict[str, str]:
    """Return an answer for each field of a type, different for each."""
    fields = TYPES[name]["inputs"]["fields"]
    return {field["id"]: field.get("choices", [f"value of {field['id']}"])[-1] for field in fields}


def test_every_connection_has_a_type() -> None:
    assert set(CONNECTION_TYPES) == {*CONNECTIONS, "remote_credential"}


@pytest.mark.parametrize("name", TYPES)
def test_awx_accepts_the_type(name: str) -> None:
    injection.check_type(TYPES[name]["inputs"], TYPES[name]["injectors"])
    injection.check_inputs(TYPES[name], filled(name))
    assert "extra_vars" not in TYPES[name]["injectors"]


@pytest.mark.parametrize("name", CONNECTION_TYPES)
def test_every_option_arrives_in_its_variable(name: str, private: Path) -> None:
    answers = filled(name)
    environment, shown = injection.inject(TYPES[name], answers, private, private)
    wanted = {spec["fallback"][1][0]: option for option, spec in OWN[name].items() if option not in LEFT_OUT}
    assert set(environment) == set(wanted)
    for variable, option in wanted.items():
        value = environment[variable]
        if option in TEXTS:
            value = Path(value).read_text(encoding="utf-8")
        assert value == answers[TEXTS.get(option, option)]
    # What a module must not log is a secret, and AWX shows none of it.
    secret = {TEXTS.get(option, option) for option, spec in OWN[name].items() if spec.get("no_log")}
    assert secret <= injection.secrets(TYPES[name])
    hidden = [answers[field] for field in injection.secrets(TYPES[name])]
    assert [value for value in shown.values() if value in hidden] == []


@pytest.mark.parametrize("name", TYPES)
def test_what_is_left_blank_counts_as_not_set(name: str, private: Path) -> None:
    for answers in ({}, dict.fromkeys(filled(name), "")):
        environment, _shown = injection.inject(TYPES[name], answers, private, private)
        assert set(environment.values()) == {""}


@pytest.mark.parametrize("name", CONNECTION_TYPES)
def test_a_boolean_has_three_states(name: str) -> None:
    """A boolean of AWX that is left out would be False, and TLS would be off."""
    fields = {field["id"]: field for field in TYPES[name]["inputs"]["fields"]}
    booleans = [option for option, spec in OWN[name].items() if spec["type"] == "bool"]
    assert [option for option in booleans if fields[option]["choices"] != ["true", "false"]] == []
    assert {field["type"] for field in fields.values()} == {"string"}


def test_private_keys_and_the_applications_certificate_are_secret() -> None:
    secret = {(name, field) for name in TYPES for field in injection.secrets(TYPES[name])}
    assert {("exchange_online", "certificate"), ("exchange_server", "certificate_key"),
            ("entra_connect", "certificate_key"), ("memory", "password")} <= secret  # fmt: skip


def test_help_is_plain_text() -> None:
    told = [field.get("help_text", "") for kind in TYPES.values() for field in kind["inputs"]["fields"]]
    assert [text for text in told if re.search(r"\b[A-Z]\(|_path\b", text)] == []


@pytest.mark.parametrize(
    ("inputs", "injectors", "message"),
    [
        ({"fields": [{"id": "tower", "label": "T"}]}, {}, "invalid variable name"),
        ({"fields": [{"id": "one", "label": "1"}, {"id": "one", "label": "1"}]}, {}, "must be unique"),
        ({"fields": [{"id": "one", "label": "1", "type": "integer"}]}, {}, "is not one of"),
        ({"fields": [{"id": "one", "label": "1"}]}, {"env": {"ONE": "{{ two }}"}}, "'two' is undefined"),
        ({"fields": []}, {"env": {"ANSIBLE_CONFIG": "x"}}, "is not allowed"),
        ({"fields": []}, {"env": {"ONE": "{{ tower.filename.one }}"}}, "has no attribute 'one'"),
        ({"fields": []}, {"file": {"template": "", "template.one": ""}}, "multi-file syntax"),
    ],
)
def test_what_awx_refuses(inputs: dict[str, Any], injectors: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=re.escape(message)):
        injection.check_type(inputs, injectors)
