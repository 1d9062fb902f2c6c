# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what follows from the code anew, pages and lists of modules: ``make pages``. Tests hold the files to it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _check_catalogue, _error_catalogue
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlet_table import PURPOSES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.permissions import (
    NEEDED,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

from tests.tools import (
    awx_credential_types,
    failure_page,
    order_picture,
    readiness_page,
    records_page,
    reference_page,
    security_page,
)

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "mailops.exchange_hybrid"
GROUPS = ("active_directory", "entra_connect", "exchange_online", "exchange_server", "journal", "memory")


# The documentation of every module, without what its fragments add.
Documented = Mapping[str, Mapping[str, Any]]


def modules(root: Path) -> Documented:
    """Return the documentation of every module of a checkout."""
    return {path.stem: _documentation(path) for path in sorted((root / "plugins" / "modules").glob("*.py"))}


def _documentation(path: Path) -> Mapping[str, Any]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            says: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return says
    raise ValueError(f"{path.name} has no DOCUMENTATION")


def action_groups(documented: Documented) -> dict[str, list[str]]:
    """Return the modules that take each connection, and those that take the journal."""
    return {
        group: [name for name, says in documented.items() if _extends(says, group)] for group in GROUPS
    }


def _extends(documented: Mapping[str, Any], fragment: str) -> bool:
    return f"{COLLECTION}.{fragment}" in documented.get("extends_documentation_fragment", ())


def runtime(text: str, documented: Documented) -> str:
    """Return meta/runtime.yml with the action groups that the modules' documentation says."""
    head = text.partition("action_groups:\n")[0]
    groups = action_groups(documented)
    lines = [line for group, names in groups.items() for line in (f"  {group}:", *(f"    - {n}" for n in names))]
    return f"{head}action_groups:\n" + "\n".join(lines) + "\n"


def reference(text: str, documented: Documented) -> str:
    """Return docs/reference.md with a row for each module that had none; what a row says may be written by hand."""
    head, heading, rest = text.partition("## Modules\n")
    table = re.search(r"(?:^\|.*\n)+", rest, re.MULTILINE)
    if table is None:
        raise ValueError("docs/reference.md has no table of modules")
    listed = set(re.findall(r"^\| `(\w+)` \|", table[0], re.MULTILINE))
    rows = [_row(name, says["short_description"]) for name, says in documented.items() if name not in listed]
    return head + heading + rest[: table.end()] + "".join(rows) + rest[table.end() :]


def _row(name: str, short: str) -> str:
    return f"| `{name}` | {short[0].lower()}{short[1:]} |\n"


def permissions(text: str, _documented: Documented) -> str:
    """Return docs/permissions.md with the tables of cmdlets and of purposes as the code has them."""
    needed = (
        f"| {n.system} | {n.cmdlet} | {' '.join(n.parameters)} | {n.role} | {n.purpose} |\n" for n in NEEDED
    )
    told = _with_rows(text, "| System | Cmdlet | Parameters | Role | For |", needed)
    return _with_rows(told, "| For | |", (f"| {name} | {says} |\n" for name, says in PURPOSES.items()))


def _with_rows(text: str, header: str, rows: Iterable[str]) -> str:
    """Return a text in which the table with this header has these rows and no others."""
    pattern = re.compile(rf"(^{re.escape(header)}\n\|[-|]+\n)(?:\|.*\n)*", re.MULTILINE)
    written, times = pattern.subn(lambda found: found[1] + "".join(rows), text)
    if times != 1:
        raise ValueError(f"a page has the table {header} {times} times")
    return written


def connection_test(text: str, _documented: Documented) -> str:
    """Return module connection_test with the purposes that the table of cmdlets has as choices."""
    choices = "".join(f"      - {name}\n" for name in sorted(PURPOSES))
    pattern = re.compile(r"(^  purposes:\n(?:    .*\n)*?    choices:\n)(?:      - \w+\n)+", re.MULTILINE)
    written, found = pattern.subn(lambda match: match[1] + choices, text)
    if found != 1:
        raise ValueError("connection_test has no list of choices for purposes")
    return written


# What each file has to be, from what it is and from the modules' documentation.
PAGES: Mapping[str, Callable[[str, Documented], str]] = {
    "docs/SECURITY.md": lambda text, _documented: security_page.page(text),
    "docs/failures.md": lambda _text, _documented: failure_page.page(_error_catalogue.CATALOGUE),
    "docs/images/order.svg": lambda _text, _documented: order_picture.svg(),
    "docs/permissions.md": permissions,
    "docs/readiness.md": lambda _text, _documented: readiness_page.page(_check_catalogue.ALL),
    "docs/records.md": lambda _text, _documented: records_page.page(fields.TABLE),
    "docs/reference.md": reference,
    "extensions/awx/credential_types.yml": lambda _text, _documented: awx_credential_types.page(),
    "meta/runtime.yml": runtime,
    "plugins/module_utils/_features/exchange_cmdlet/reference.py": lambda _text, _documented: reference_page.page(
        ROOT / "lab/contract/cmdlets.json"
    ),
    "plugins/modules/connection_test.py": connection_test,
}


def write(root: Path = ROOT) -> list[str]:
    """Write what differs; return the names of those files."""
    changed, documented = [], modules(root)
    for name, wanted in PAGES.items():
        path = root / name
        old = path.read_text(encoding="utf-8")
        new = wanted(old, documented)
        if new != old:
            path.write_text(new, encoding="utf-8")
            changed.append(name)
    return changed


if __name__ == "__main__":
    for page in write():
        print(f"written: {page}")
