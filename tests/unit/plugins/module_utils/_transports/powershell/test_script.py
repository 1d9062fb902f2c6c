# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's three scripts, read by a PowerShell grammar.

No machine that these tests usually run on has PowerShell; where there is one,
tests/integration/powershell executes them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
import tree_sitter
import tree_sitter_powershell
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect import (
    dialogue as ad_sync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import powershell
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server import winrm
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import script

SCRIPTS = {
    "ADSync": ad_sync.SCRIPT,
    "Microsoft.Exchange": winrm.SCRIPT,
    "ExchangeOnlineManagement": powershell.SCRIPT,
}
FORBIDDEN = (
    "invoke-expression", "iex", "add-type", "invoke-command", "invoke-webrequest", "invoke-restmethod", "start-process",
    "import-clixml", "set-executionpolicy",
)
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def parsed(text: str) -> list[tree_sitter.Node]:
    return list(nodes(PARSER.parse(text.encode()).root_node))


def texts(found: list[tree_sitter.Node], kind: str) -> list[str]:
    return [(node.text or b"").decode() for node in found if node.type == kind]


@pytest.fixture(params=sorted(SCRIPTS))
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["as written", "as sent"])
def found(request: pytest.FixtureRequest, module: str) -> list[tree_sitter.Node]:
    text = SCRIPTS[module]
    return parsed(text if request.param == "as written" else script.compact(text))


def test_the_grammar_understands_every_line(found: list[tree_sitter.Node]) -> None:
    assert [node.start_point for node in found if node.type == "ERROR" or node.is_missing] == []
    assert len(found) > 500


def test_no_text_is_run_as_code(found: list[tree_sitter.Node], module: str) -> None:
    names = {name.lower() for name in texts(found, "command_name")}
    assert names.isdisjoint(FORBIDDEN)
    assert "scriptblock" not in SCRIPTS[module].lower()
    assert "convertto-json" in names
    # The call operator takes a command that Get-Command returned, and nothing else.
    here = module != "Microsoft.Exchange"
    assert texts(found, "command_name_expr") == (["$command"] if here else [])
    assert ("microsoft.powershell.core\\get-command" in names) == here


def test_no_secret_is_given_to_a_cmdlet(found: list[tree_sitter.Node]) -> None:
    """Module logging would write it down: a secret is taken out of the input by methods alone."""
    names = {name.lower() for name in texts(found, "command_name")}
    assert names.isdisjoint({"convertto-securestring", "new-object", "out-string", "foreach-object", "where-object"})
    given = [text for text in texts(found, "command") if text.lower().startswith("convertfrom-json")]
    assert given == ["ConvertFrom-Json $line[0]"]


def test_no_text_takes_in_a_value(found: list[tree_sitter.Node]) -> None:
    """Every text of the scripts stands in single quotes."""
    assert texts(found, "expandable_string_literal") == []
    assert texts(found, "expandable_here_string_literal") == []


def test_each_script_is_known_by_its_first_line(module: str) -> None:
    text = script.compact(SCRIPTS[module])
    assert text.splitlines()[0] == f"# mailops.exchange_hybrid, dialogue 3, module {module}"
    assert text.isascii()
    assert base64.b64decode(script.encoded(SCRIPTS[module])).decode("utf-16-le") == text


@pytest.mark.parametrize("name", ["ADSync", "Microsoft.Exchange"])
def test_what_runs_on_windows_fits_into_its_command_line(name: str) -> None:
    program, arguments = script.windows_command(SCRIPTS[name])
    assert len(" ".join([program, *arguments])) < script.LONGEST_COMMAND_LINE
    # Windows PowerShell would write its complaints as CLIXML otherwise, the reason behind much markup.
    assert arguments[arguments.index("-OutputFormat") + 1] == "Text"


def test_what_is_sent_differs_from_what_is_written_in_comments_and_indentation_only(module: str) -> None:
    written = [node.type for node in parsed(SCRIPTS[module]) if node.type != "comment"]
    sent = [node.type for node in parsed(script.compact(SCRIPTS[module])) if node.type != "comment"]
    assert written == sent
