# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

from lab.laboratory import Laboratory

PLUGIN = "mailops.exchange_hybrid.mailbox_waves"
CSV = "identity,site,wave\nann@contoso.com,Berlin,2\nbob@contoso.com,Paris,1\ncleo@contoso.com,Berlin,1\n"


class Inventory:
    """A configuration file and the inventory that Ansible makes of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files = directory / "waves"
        (directory / "all.csv").write_text(CSV, encoding="utf-8")

    def load(self, name: str = "all.mailbox_waves.yml", **options: Any) -> InventoryManager:
        config = self.directory / name
        config.write_text(json.dumps({"plugin": PLUGIN, "directory": "waves", **options}), encoding="utf-8")
        return InventoryManager(loader=DataLoader(), sources=[str(config)])

    def identities(self, wave: str) -> list[str]:
        return [record["identity"] for record in json.loads((self.files / f"{wave}.json").read_text(encoding="utf-8"))]


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return Inventory(tmp_path)


def groups_of(manager: InventoryManager) -> dict[str, list[str]]:
    known = manager.get_groups_dict()
    return {name: sorted(hosts) for name, hosts in known.items() if name not in ("all", "ungrouped")}


def test_waves_by_size(inventory: Inventory) -> None:
    manager = inventory.load(csv="all.csv", size=2)
    assert groups_of(manager) == {"mailbox_waves": ["wave_001", "wave_002"]}
    assert inventory.identities("wave_001") == ["ann@contoso.com", "bob@contoso.com"]
    assert inventory.identities("wave_002") == ["cleo@contoso.com"]
    assert stat.S_IMODE((inventory.files / "wave_001.json").stat().st_mode) == 0o600


def test_a_host_runs_on_the_controller_with_the_controllers_python(inventory: Inventory) -> None:
    host = inventory.load(csv="all.csv").get_host("wave_001")
    assert {name: value for name, value in host.vars.items() if name.startswith(("mailbox", "ansible_"))} == {
        "mailboxes_file": str(inventory.files / "wave_001.json"),
        "mailbox_count": 3,
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }


def test_waves_by_site_and_by_column(inventory: Inventory) -> None:
    assert groups_of(inventory.load(csv="all.csv", by="site")) == {
        "mailbox_waves": ["wave_berlin", "wave_paris"], "site_berlin": ["wave_berlin"], "site_paris": ["wave_paris"],
    }
    assert sorted(groups_of(inventory.load(csv="all.csv", by="wave"))) == ["mailbox_waves", "wave_1", "wave_2"]


def test_the_same_list_leaves_the_files_alone(inventory: Inventory) -> None:
    inventory.load(csv="all.csv")
    before = (inventory.files / "wave_001.json").stat().st_ino
    inventory.load(csv="all.csv")
    assert (inventory.files / "wave_001.json").stat().st_ino == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "csv, filter: are both set, or both missing."),
        ({"csv": "all.csv", "filter": "x"}, "csv, filter: are both set, or both missing."),
        ({"filter": "x", "by": "site"}, "by: 'site' requires a column, and only a CSV has columns."),
        ({"csv": "other.csv"}, "cannot be read"),
        ({"csv": "all.csv", "by": "database"}, "remote_target_database: is empty for 'ann@contoso.com' and 2 more."),
        ({"csv": "all.csv", "directory": "all.csv/waves"}, "directory: Not a directory"),
    ],
)
def test_mistakes_are_told(
    inventory: Inventory, options: dict[str, Any], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    manager = inventory.load(**options)
    assert manager.get_hosts() == []
    assert told in " ".join(capsys.readouterr().err.split())


def test_other_files_are_left_to_other_plugins(inventory: Inventory) -> None:
    assert inventory.load("waves.yml", csv="all.csv").get_hosts() == []


def test_a_filter_is_asked_once(
    inventory: Inventory, laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in laboratory.environment().items():
        monkeypatch.setenv(name, value)
    given = {"filter": "DisplayName -like 'A*'", "exchange_online": {"concurrency": 1}}
    inventory.load(**given)
    assert inventory.identities("wave_001") == ["ann.archer@contoso.com"]
    received = len(laboratory.log)
    inventory.load(**given)
    assert len(laboratory.log) == received
    inventory.load(**given, refresh=True)
    (entry,) = laboratory.log.entries(since=received)
    assert (entry["cmdlet"], entry["parameters"]["Filter"]) == ("Get-Mailbox", "DisplayName -like 'A*'")
