# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option that a transport reads can be given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
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
