# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of cmdlets holds what the code runs, no less and no more, as Microsoft's reference has it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlet_table import (
    TABLE,
    KnownCmdlet,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import (
    plan as move_request_plan,
)

from tests import sources

ROOT = Path(__file__).resolve().parents[5]
REFERENCE = (ROOT / "lab/contract/cmdlets.json").read_text(encoding="utf-8")
CONTRACT = json.loads(REFERENCE)["cmdlets"]
ADSYNC = json.loads((ROOT / "lab/contract/adsync.json").read_text(encoding="utf-8"))["cmdlets"]
# Every verb of the reference: headers of HTTP look the same otherwise.
VERBS = {name.partition("-")[0] for name in CONTRACT} | {"Complete", "Start", "Stop"}
NAME = re.compile(rf"({'|'.join(sorted(VERBS))})-[A-Z][A-Za-z]+")
# Sent by the connections themselves, or a name of ours for a request that is no cmdlet.
OF_THE_WIRE = {"Get-Command", "Get-EXOModuleFile", "Get-MicrosoftGraph"}
# They say what a person looks at or does, and run nothing.
TEXTS = {"_error_catalogue.py", "_check_catalogue.py", "cmdlet_table.py"}
ENVIRONMENTS = {"exchange_server": "Exchange Server SE", "exchange_online": "Exchange Online"}
EXCHANGE = [pytest.param(known, id=f"{known.system}-{known.name}") for known in TABLE if known.system in ENVIRONMENTS]


def names_in(tree: ast.AST) -> Iterator[str]:
    """Yield every text that is the name of a cmdlet, but not where it names the cmdlet of an error."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "cmdlet"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and NAME.fullmatch(str(node.value)) and id(node) not in told:
            yield str(node.value)


def used() -> set[str]:
    files = [path for path in (ROOT / "plugins").rglob("*.py") if path.name not in TEXTS]
    return {name for path in files for name in names_in(sources.tree(path))}


def parameters(known: KnownCmdlet) -> set[str]:
    """Return the parameters that a cmdlet of Exchange has where it runs, by Microsoft's reference."""
    given = CONTRACT[known.name]["parameters"]
    return {name for name, facts in given.items() if ENVIRONMENTS[known.system] in facts["applicable"]}


def test_names_are_found_wherever_they_stand() -> None:
    text = 'run(Cmdlet("Get-User"));ask(it, "Get-Mailbox");x={"a": "Set-User"};E(cmdlet="Set-Mailbox", m="Get-It now")'
    assert set(names_in(ast.parse(text))) == {"Get-User", "Get-Mailbox", "Set-User"}


def test_every_cmdlet_of_the_code_is_in_the_table() -> None:
    assert used() - {known.name for known in TABLE} == OF_THE_WIRE


def test_every_cmdlet_of_the_table_is_run() -> None:
    assert {known.name for known in TABLE} - used() == set()


def test_each_cmdlet_stands_there_once_for_each_system() -> None:
    assert len({(known.system, known.name) for known in TABLE}) == len(TABLE)


@pytest.mark.parametrize("known", EXCHANGE)
def test_microsofts_reference_has_its_parameters(known: KnownCmdlet) -> None:
    there = parameters(known)
    assert {name for grant in known.grants for name in known.parameters(grant)} - there == set()
    assert bool(known.domain_controller) == ("DomainController" in there)
    of_the_session = known.lost_answer == cmdlet_table.SESSION_ENDS
    assert known.takes_confirm == ("Confirm" in there and not known.is_read and not of_the_session)


def test_a_move_request_is_made_with_parameters_of_the_table() -> None:
    request = next(known for known in TABLE if known.name == "New-MoveRequest")
    assert set(move_request_plan.NEW.values()) <= {name for grant in request.grants for name in grant.parameters}


def test_the_transcript_of_the_adsync_module_has_the_parameters_of_the_rest() -> None:
    for known in TABLE:
        if known.system == "entra_connect":
            assert set(known.grants[0].parameters) <= set(ADSYNC[known.name]["parameters"]), known.name


def test_only_a_read_is_asked_again_by_its_session() -> None:
    assert {known.lost_answer for known in TABLE if known.is_read} == {cmdlet_table.ASKED_AGAIN}
    assert [known.name for known in TABLE if not known.is_read and known.lost_answer == cmdlet_table.ASKED_AGAIN] == []


def test_what_the_transports_take_from_it() -> None:
    assert "Set-MailUser" in cmdlet_table.taking_confirm("exchange_server")
    assert "Set-MailUser" not in cmdlet_table.names("exchange_online")
    everywhere = cmdlet_table.taking_domain_controller(cmdlet_table.CONFIGURATION)
    assert ("Get-MailboxDatabase" in everywhere, "Get-Mailbox" in everywhere) == (True, False)
    assert everywhere < cmdlet_table.taking_domain_controller()
