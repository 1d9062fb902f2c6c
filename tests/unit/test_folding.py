# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identities, addresses and names are compared by _values.folded alone.

str.lower() and str.casefold() make a k of U+212A and an s of U+017F, so that one mailbox would pass for another. Where
a file changes the case of something else, it is in ELSEWHERE, with what that is.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tests import sources

ROOT = Path(__file__).resolve().parents[2] / "plugins"
FOLDING = ("lower", "casefold")
ELSEWHERE = {
    "module_utils/_connections/cmdlet_table.py": "the name of a cmdlet",
    "module_utils/_connections/options.py": "a library's text about TLS",
    "module_utils/_features/connection_test/checks.py": "names of cmdlets and of their parameters",
    "module_utils/_features/directory_sync/directory_sync.py": "texts of errors",
    "module_utils/_features/exchange_cmdlet/contract.py": "names of cmdlets and of their parameters",
    "module_utils/_features/exchange_cmdlet/typed.py": "names of an enumeration's values",
    "module_utils/_features/move_progress/figures.py": "a direction in a request's status",
    "module_utils/_features/offboarding/readiness/report.py": "true and false in a CSV",
    "module_utils/_features/offboarding_report/page.py": "the first letter of a label",
    "module_utils/_features/offboarding_report/wording.py": "acronyms of the report",
    "module_utils/_transports/active_directory/refusals.py": "a hexadecimal number",
    "module_utils/_transports/exchange_online/encoding.py": "a bool in JSON",
    "module_utils/_transports/exchange_online/module_file.py": "names of cmdlets and variables in a script",
    "module_utils/_transports/exchange_online/powershell.py": "the text of an error",
    "module_utils/_transports/exchange_online/replies.py": "names of members in JSON",
    "module_utils/_transports/exchange_server/clixml.py": "a bool and a GUID in CLIXML",
    "module_utils/_transports/exchange_server/faults.py": "the text of a fault",
    "module_utils/_transports/powershell/windows_shell.py": "the text of a fault",
    "module_utils/_hold_kinds.py": "entries of InPlaceHolds, which are ASCII by their pattern",
    "module_utils/_values.py": "folded itself, and the digits of a GUID",
    "module_utils/_wave/formats.py": "whether a letter folds onto another",
    "module_utils/_wave/run.py": "the name of a parameter",
    "plugin_utils/_ending.py": "the first letter of a sentence",
}


def test_case_is_folded_in_one_place() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for node in sources.nodes(path)
        if isinstance(node, ast.Call) and not node.args
        if isinstance(node.func, ast.Attribute) and node.func.attr in FOLDING
    }
    assert found == set(ELSEWHERE)
