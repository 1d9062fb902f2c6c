# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/permissions.md says what the collection's table of cmdlets says, and what it asks of Microsoft Graph."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlet_table import (
    OPERATORS,
    PURPOSES,
    TABLE,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT_GROUPS,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.permissions import (
    GRAPH_PERMISSIONS,
    NEEDED,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect.organization import (
    from_options,
)

from lab.wire import graph_api

PAGE = Path("docs/permissions.md")


def rows(width: int) -> list[list[str]]:
    """Return the cells of the page's tables of that width, without their heads."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if len(row) == width and row[0] not in ("System", "Where", "For", "Permission")]


def test_what_a_lost_answer_means_is_told_of_every_cmdlet() -> None:
    told = dict(re.findall(r"^- (.+?): (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    by_name = {name: text for names, text in told.items() for name in re.findall(r"[A-Z][a-z]+-[A-Z]\w+", names)}
    reads, others = told["Every Get- and Test- cmdlet"], told["Every other cmdlet"]
    for known in TABLE:
        assert known.lost_answer == by_name.get(known.name, reads if known.is_read else others), known.name


def test_every_purpose_is_explained() -> None:
    assert {need.purpose for need in NEEDED} == set(PURPOSES)


def test_the_table_of_graph_permissions_is_the_list_and_grants_what_the_laboratory_asks() -> None:
    listed = [[p.name, " ".join(p.includes) or "-", "no" if p.unseen else "yes"] for p in GRAPH_PERMISSIONS]
    assert [row[:3] for row in rows(4)] == listed
    assert [row[3] for row in rows(4)] == [p.unseen or "nothing is read" for p in GRAPH_PERMISSIONS]
    assert set(graph_api.PERMISSIONS.values()) <= {p.name for p in GRAPH_PERMISSIONS}


def test_the_groups_on_the_entra_connect_server_are_told_the_same_everywhere() -> None:
    server = from_options({"host": "sync01.contoso.com", "auth": "ntlm", "username": "svc", "password": "x"}).server
    told = {
        "permissions": PAGE.read_text(encoding="utf-8"),
        "option": Path("plugins/doc_fragments/entra_connect.py").read_text(encoding="utf-8"),
        "message": server.groups,
    }
    assert [name for name, text in told.items() if ENTRA_CONNECT_GROUPS not in " ".join(text.split())] == []
    assert OPERATORS.startswith(ENTRA_CONNECT_GROUPS.split()[0])
