# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs remember goes through a memory: no other room opens, locks, lists or replaces files.

Otherwise it would be on one machine's disk where the memory is a database, and fail in words of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests import sources

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
MODULES = {"fcntl", "glob", "tempfile", "shutil", "pathlib"}
OF_OS = {
    "open", "replace", "rename", "link", "symlink", "unlink", "remove", "fsync", "makedirs", "mkdir", "rmdir",
    "listdir", "scandir", "walk", "truncate", "chmod", "stat", "lstat", "access",
}  # fmt: skip
OF_OS_PATH = {"exists", "lexists", "isfile", "isdir", "islink", "getmtime", "getsize", "samefile", "realpath"}
# What people name: what they give, what they are given, and the programs of the machine.
ALLOWED = {
    "_wave/csv_input.py": {"open", "tempfile"},  # the CSV; the private copy of a wave for check mode
    "_connections/options.py": {"open", "isfile", "access"},  # passwords and certificates
    "_transports/exchange_online/tokens.py": {"open"},  # the certificate
    "_transports/exchange_online/powershell.py": {"open", "shutil"},  # the certificate; pwsh
    "_transports/powershell/process.py": {"tempfile"},  # what pwsh complains about
    "_transports/powershell/tickets.py": {"shutil", "tempfile"},  # Kerberos tickets; kinit
}


def uses(path: Path) -> Iterator[str]:
    """Yield by name what a file does with files."""
    for node in sources.nodes(path):
        if isinstance(node, ast.Import):
            yield from ({alias.name.partition(".")[0] for alias in node.names} & MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES | {"os", "os.path", "io"}:
            yield node.module
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield "open"
        elif isinstance(node, ast.Attribute):
            of = ast.unparse(node.value)
            if (of == "os" and node.attr in OF_OS) or (of == "os.path" and node.attr in OF_OS_PATH):
                yield node.attr


def outside() -> dict[str, set[str]]:
    """Return what each file outside the room does with files."""
    found = {}
    for path in sorted(PLUGINS.rglob("*.py")):
        name = str(path.relative_to(PLUGINS)).removeprefix("module_utils/")
        if not name.startswith("_memory/") and (used := set(uses(path))):
            found[name] = used
    return found


def test_no_other_room_opens_locks_lists_or_replaces_files() -> None:
    assert outside() == ALLOWED


def test_a_directory_that_takes_nothing_is_refused_in_one_place() -> None:
    """So that its wording, and what it says to do, are the same whatever was to be kept there."""
    found = [
        path.name
        for path in sorted((PLUGINS / "module_utils").rglob("*.py"))
        for node in sources.nodes(path)
        if isinstance(node, ast.Constant) and node.value == "unwritable_directory"
    ]
    assert found == ["failures.py"]


def test_the_uses_are_found(tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text(
        "import fcntl, glob as g\nfrom os import replace\nfrom pathlib import Path\nimport os\n"
        "with open('x'):\n    os.path.exists('x')\nmove = os.rename\nos.path.join('a', 'b')\nsession.open()\n",
        encoding="utf-8",
    )
    assert sorted(uses(path)) == ["exists", "fcntl", "glob", "open", "os", "pathlib", "rename"]
