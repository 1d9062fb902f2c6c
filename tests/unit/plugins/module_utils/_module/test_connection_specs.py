# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option that a transport reads can be given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module import connection_specs
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import CONNECTIONS

FOLDERS = {
    "exchange_server": "exchange_server",
    "exchange_online": "exchange_online",
    "graph": "exchange_online",
    "entra_connect": "entra_connect",
    "active_directory": "active_directory",
}
READ = re.compile(r'(?:given\.(?:text|flag|number|choice|file|has|required)\(|_address\(given, )"(\w+)"')


@pytest.mark.parametrize("folder", list(FOLDERS))
def test_every_option_that_is_read_can_be_given(folder: str) -> None:
    place = Path(connection_specs.__file__).parents[1] / "_transports" / folder
    read = {name for path in place.glob("*.py") for name in READ.findall(path.read_text(encoding="utf-8"))}
    assert read, "the transports read their options in this way"
    assert read - set(CONNECTIONS[FOLDERS[folder]]["options"]) == set()


def test_what_holds_a_secret_is_kept_out_of_all_output() -> None:
    """A path is no secret; a proxy's URL may hold one."""
    known = [(name, spec) for system in CONNECTIONS.values() for name, spec in system["options"].items()]
    secret = {name for name, spec in known if spec.get("no_log")}
    assert secret == {"password", "certificate_password", "client_secret", "access_token", "proxy"}


def variables() -> list[str]:
    """Return every environment variable that an option of a module is taken from."""
    specs = [*CONNECTIONS.values(), {"options": connection_specs.JOURNAL}, connection_specs.REMOTE_CREDENTIAL]
    given = [option for spec in specs for option in spec["options"].values()]
    return [name for option in given if "fallback" in option for name in option["fallback"][1]]


@pytest.mark.parametrize("name", variables())
def test_a_blank_variable_is_an_unset_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a controller renders an optional field of a credential that was left empty."""
    owner = next((s for s in [*CONNECTIONS.values(), connection_specs.REMOTE_CREDENTIAL] if name in str(s)), None)
    spec = {"option": owner} if owner else dict(connection_specs.JOURNAL)
    monkeypatch.delenv(name, raising=False)
    unset = ArgumentSpecValidator(spec).validate({})
    for blank in ("", "  "):
        monkeypatch.setenv(name, blank)
        checked = ArgumentSpecValidator(spec).validate({})
        assert (checked.error_messages, checked.validated_parameters) == ([], unset.validated_parameters)
    monkeypatch.setenv(name, "1")
    given = ArgumentSpecValidator(spec).validate({})
    assert given.error_messages or given.validated_parameters != unset.validated_parameters
