# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/permissions.md says what the collection's own list of needed cmdlets says, and that list what the code runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT_GROUPS,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.permissions import (
    GRAPH_PERMISSIONS,
    NEEDED,
    OPERATORS,
    PURPOSES,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect.organization import (
    from_options,
)

from lab.wire import graph_api

PAGE = Path("docs/permissions.md")
ENVIRONMENTS = {"exchange_server": "Exchange Server SE", "exchange_online": "Exchange Online"}
# Sent by the connections themselves, or a name of ours for a request that is no cmdlet.
OF_THE_WIRE = {"Get-Command", "Get-EXOModuleFile", "Get-MicrosoftGraph"}


def rows(width: int) -> list[list[str]]:
    """Return the cells of the page's tables of that width, without their heads."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if len(row) == width and row[0] not in ("System", "Where", "For", "Permission")]


def test_the_table_of_cmdlets_is_the_list() -> None:
    listed = [[need.system, need.cmdlet, " ".join(need.parameters), need.role, need.purpose] for need in NEEDED]
    assert rows(5) == listed


def test_every_purpose_is_explained() -> None:
    assert dict(rows(2)) == PURPOSES
    assert {need.purpose for need in NEEDED} == set(PURPOSES)


def test_the_table_of_graph_permissions_is_the_list_and_grants_what_the_laboratory_asks() -> None:
    listed = [[p.name, " ".join(p.includes) or "-", "no" if p.unseen else "yes"] for p in GRAPH_PERMISSIONS]
    assert [row[:3] for row in rows(4)] == listed
    assert [row[3] for row in rows(4)] == [p.unseen or "nothing is read" for p in GRAPH_PERMISSIONS]
    assert set(graph_api.PERMISSIONS.values()) <= {p.name for p in GRAPH_PERMISSIONS}


def test_microsofts_reference_has_every_listed_parameter() -> None:
    contract = json.loads(Path("lab/contract/cmdlets.json").read_text(encoding="utf-8"))["cmdlets"]
    for need in NEEDED:
        environment = ENVIRONMENTS.get(need.system)
        for name in need.parameters if environment else ():
            where = contract[need.cmdlet]["parameters"][name]["applicable"]
            assert environment in where, f"{need.cmdlet} -{name}"


def test_no_cmdlet_of_the_code_is_left_out() -> None:
    names: set[str] = set()
    for path in Path("plugins/module_utils").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        names |= set(re.findall(r'Cmdlet\(\s*"([A-Z][a-z]+-[A-Za-z]+)"', text))
        names |= set(re.findall(r'connections,\s*EXCHANGE_\w+,\s*"([A-Z][a-z]+-[A-Za-z]+)"', text))
        names |= set(re.findall(r'(?:on_premises|cloud|_ask)\((?:connections, \w+, )?"([A-Z][a-z]+-[A-Za-z]+)"', text))
        names |= set(re.findall(r'"(?:mail_user|remote_mailbox|mailbox)": "([A-Z][a-z]+-[A-Za-z]+)"', text))
    assert "Set-RemoteMailbox" in names
    assert names - {need.cmdlet for need in NEEDED} == OF_THE_WIRE


def test_the_groups_on_the_entra_connect_server_are_told_the_same_everywhere() -> None:
    server = from_options({"host": "sync01.contoso.com", "auth": "ntlm", "username": "svc", "password": "x"}).server
    told = {
        "README": Path("README.md").read_text(encoding="utf-8"),
        "permissions": PAGE.read_text(encoding="utf-8"),
        "option": Path("plugins/doc_fragments/entra_connect.py").read_text(encoding="utf-8"),
        "message": server.groups,
    }
    assert [name for name, text in told.items() if ENTRA_CONNECT_GROUPS not in " ".join(text.split())] == []
    assert OPERATORS.startswith(ENTRA_CONNECT_GROUPS.split()[0])
