# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.mailops.exchange_hybrid.plugins.inventory import mailbox_waves
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import CONNECTIONS

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


def test_ansible_inventory_lists_the_hosts_as_json_and_as_yaml(inventory: Inventory) -> None:
    inventory.load(csv="all.csv", size=2)
    command = [sys.executable, "-m", "ansible", "inventory", "-i", "all.mailbox_waves.yml", "--list"]
    expected = {
        "mailboxes_file": str(inventory.files / "wave_001.json"),
        "mailbox_count": 2,
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    environment = {**os.environ, "ANSIBLE_HOME": str(inventory.directory / "home")}
    listed, as_yaml = (
        subprocess.run(
            [*command, *more], cwd=inventory.directory, env=environment, capture_output=True, text=True, check=True
        ).stdout
        for more in ([], ["--yaml"])
    )
    assert json.loads(listed)["_meta"]["hostvars"]["wave_001"] == expected
    # Without a tag of its own, such as !unsafe, any YAML reader takes it.
    hosts = yaml.safe_load(as_yaml)["all"]["children"]["mailbox_waves"]["hosts"]
    assert hosts["wave_001"] == expected
    assert hosts["wave_002"]["mailbox_count"] == 1


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


def options() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(mailbox_waves.DOCUMENTATION)["options"]
    return found


@pytest.mark.parametrize("blank", [None, "", " "])
def test_a_blank_option_is_one_that_is_not_set(inventory: Inventory, blank: str | None) -> None:
    given = {"csv": "all.csv"}
    left = {name: blank for name in options() if name not in ("plugin", "directory", "delimiter", *given)}
    assert len(left) >= 5
    assert groups_of(inventory.load(**given, **left)) == groups_of(inventory.load(**given))
    assert groups_of(inventory.load(**given, delimiter=(blank or "").strip())) == groups_of(inventory.load(**given))


@pytest.mark.parametrize("blank", [None, "", " "])
def test_a_blank_file_is_none_and_a_blank_directory_is_missing(
    inventory: Inventory, blank: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inventory.load(csv=blank).get_hosts() == []
    assert "csv, filter: are both set, or both missing." in " ".join(capsys.readouterr().err.split())
    assert inventory.load(csv="all.csv", directory=blank).get_hosts() == []
    assert "directory" in capsys.readouterr().err


def test_other_files_are_left_to_other_plugins(inventory: Inventory) -> None:
    assert inventory.load("waves.yml", csv="all.csv").get_hosts() == []


def test_a_filter_is_asked_once(
    inventory: Inventory, laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in laboratory.environment().items():
        monkeypatch.setenv(name, value)
    for name in CONNECTIONS["exchange_online"]["options"]:
        variable = f"EXCHANGE_ONLINE_{name.upper()}"
        if variable not in laboratory.environment():
            monkeypatch.setenv(variable, "  ")
    blank = dict.fromkeys(CONNECTIONS["exchange_online"]["options"], "")
    given = {"filter": "DisplayName -like 'A*'", "exchange_online": {**blank, "concurrency": 1}}
    inventory.load(**given)
    assert inventory.identities("wave_001") == ["ann.archer@contoso.com"]
    received = len(laboratory.log)
    inventory.load(**given)
    assert len(laboratory.log) == received
    inventory.load(**given, refresh=True)
    (entry,) = laboratory.log.entries(since=received)
    assert (entry["cmdlet"], entry["parameters"]["Filter"]) == ("Get-Mailbox", "DisplayName -like 'A*'")
