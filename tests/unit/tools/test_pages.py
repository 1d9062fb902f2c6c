# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages and lists that follow from the code are what ``make pages`` writes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.permissions import (
    NEEDED,
)

from tests.tools import pages, security_page


@pytest.mark.parametrize("name", pages.PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    text = (pages.ROOT / name).read_text(encoding="utf-8")
    assert pages.PAGES[name](text, pages.modules(pages.ROOT)) == text, "run make pages"


# A line of each page that is written line by line, by its beginning.
LINES = {
    "docs/reference.md": "| `mailbox` | ",
    "docs/SECURITY.md": "  'Set-RemoteMailbox'",
    "docs/permissions.md": "| exchange_server | Set-Mailbox | ",
    "docs/records.md": "| `alias` | ",
    "meta/runtime.yml": "    - mailbox_info",
    "plugins/modules/connection_test.py": "      - archives",
}


def test_what_is_missing_is_written(tmp_path: Path) -> None:
    shutil.copytree(pages.ROOT / "plugins" / "modules", tmp_path / "plugins" / "modules")
    for page in pages.PAGES:
        text = (pages.ROOT / page).read_text(encoding="utf-8")
        kept = [line for line in text.splitlines(keepends=True) if not line.startswith(LINES.get(page, "\0"))]
        assert (len(kept) < len(text.splitlines())) == (page in LINES)
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / page).write_text("".join(kept), encoding="utf-8")
    assert pages.write(tmp_path) == sorted(LINES)
    assert all(line in (tmp_path / page).read_text(encoding="utf-8") for page, line in LINES.items())
    assert pages.write(tmp_path) == []


def test_a_group_is_who_takes_the_connection() -> None:
    documented = {
        "one": {"extends_documentation_fragment": ["mailops.exchange_hybrid.journal", "mailops.exchange_hybrid.wave"]},
        "two": {"extends_documentation_fragment": ["mailops.exchange_hybrid.exchange_server"]},
        "three": {},
    }
    groups = pages.action_groups(documented)
    assert {name: taken for name, taken in groups.items() if taken} == {"exchange_server": ["two"], "journal": ["one"]}


def test_the_role_groups_have_what_the_procedure_runs_and_no_more() -> None:
    server, cloud = (security_page.commands(system) for system in security_page.TITLES)
    roles = re.findall(r"^New-RoleGroup .* -Roles (.*) `$", server + cloud, re.MULTILINE)
    assert roles == [
        "'Offboarding Mail Recipients','View-Only Configuration','View-Only Recipients'",
        "'Offboarding Move Mailboxes','View-Only Configuration','View-Only Recipients'",
    ]
    needed = {(need.system, need.cmdlet) for need in NEEDED if need.purpose == "offboarding"}
    for system, text in (("exchange_server", server), ("exchange_online", cloud)):
        kept = set(re.findall(r"'((?:Enable|Get|New|Resume|Set)-\w+)'", text))
        writes = {name for where, name in needed if where == system and not name.startswith("Get-")}
        assert writes - {"Set-ADServerSettings"} <= kept
        assert kept <= {name for where, name in needed if where == system}
    told = "".join(row for system in security_page.TITLES for row in security_page.more(system))
    for name in ("Disable-MailUser", "Set-User", "Remove-MoveRequest", "New-MigrationBatch", "Set-Mailbox"):
        assert f" {name} " in told


def test_commands_without_a_place_are_an_error() -> None:
    with pytest.raises(ValueError, match="Exchange Server 0 times"):
        security_page.page("nothing")


def test_a_table_that_is_gone_is_no_page_without_it() -> None:
    with pytest.raises(ValueError, match="0 times"):
        pages.permissions("nothing", {})
