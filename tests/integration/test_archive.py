# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archive for ansible-galaxy: what is in it is all that its user needs, and works where nothing else is."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.harness import BINARIES, ROOT

TOP = {
    "CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "changelogs", "docs",
    "execution-environment.yml", "extensions", "meta", "playbooks", "plugins", "requirements-kerberos.txt",
    "requirements-postgresql.txt", "requirements.txt", "roles", "tests",
}
REPOSITORY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
LINK = re.compile(r"\]\(([^)#\s]+)")


def start(collections: Path, program: str, *arguments: str | Path) -> str:
    """Run one of Ansible's programs, which finds collections there and nowhere else, and return what it says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    only = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
    done = subprocess.run(
        [BINARIES / program, *arguments],
        env={**kept, **only, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default"},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path of collections with the archive of the checkout installed into it."""
    path = tmp_path_factory.mktemp("installed")
    start(path, "ansible-galaxy", "collection", "build", ROOT, "--output-path", path / "archive")
    (archive,) = (path / "archive").iterdir()
    start(path, "ansible-galaxy", "collection", "install", "--offline", "-p", path, archive)
    return path


@pytest.fixture(scope="module")
def installed(collections: Path) -> Path:
    return collections / "ansible_collections/mailops/exchange_hybrid"


def test_it_holds_what_a_user_needs_and_nothing_else(installed: Path) -> None:
    assert {path.name for path in installed.iterdir()} == TOP
    files = {path.relative_to(installed) for path in installed.rglob("*") if path.is_file()}
    assert {path for path in files if path.parts[0] in ("changelogs", "tests")} == {
        Path("changelogs/changelog.yaml"), Path("changelogs/config.yaml"), Path("tests/config.yml")
    }
    plugins = {path.relative_to(ROOT) for path in (ROOT / "plugins").rglob("*.py")}
    assert {path for path in files if path.parts[0] == "plugins"} == plugins
    assert len(plugins) > 100


def test_no_link_in_it_is_dead(installed: Path) -> None:
    dead, ways = [], set()
    for page in installed.rglob("*.md"):
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if target.startswith(f"{REPOSITORY}/blob/main/"):
                ways.add("repository")
                there = ROOT / target.removeprefix(f"{REPOSITORY}/blob/main/")
            elif re.match(r"https?:", target):
                continue
            else:
                ways.add("archive")
                there = page.parent / target
            if not there.is_file():
                dead.append(f"{page.relative_to(installed)}: {target}")
    assert dead == []
    assert ways == {"archive", "repository"}


def test_no_plugin_speaks_of_what_is_not_in_it(installed: Path) -> None:
    """Neither the lab nor its contract is there: whatever a plugin has to know, the plugins know."""
    absent = re.compile(r"\b(?:lab|bench|tests)/[\w./]+|\b(?:from|import) (?:lab|bench|tests)\b")
    sources = {path: path.read_text(encoding="utf-8") for path in (installed / "plugins").rglob("*.py")}
    assert {path.name: match[0] for path, text in sources.items() if (match := absent.search(text))} == {}
    assert absent.search("see lab/contract/cmdlets.json")
    assert not absent.search("a collab/oration")


def test_ansible_doc_knows_every_module_and_role_in_it(collections: Path, installed: Path) -> None:
    dumped = json.loads(start(collections, "ansible-doc", "--metadata-dump", "mailops.exchange_hybrid"))["all"]
    modules: dict[str, Any] = dumped["module"]
    known = {name.rpartition(".")[2] for name in modules}
    assert known == {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    assert {str(Path(entry["doc"]["filename"]).parent) for entry in modules.values()} == {
        str(installed / "plugins/modules")
    }
    assert set(dumped["role"]) == {"mailops.exchange_hybrid.mailbox_offboarding"}
    assert "main" in dumped["role"]["mailops.exchange_hybrid.mailbox_offboarding"]["entry_points"]


def test_a_module_of_it_runs_in_a_playbook(collections: Path, tmp_path: Path) -> None:
    """The report of a wave, which needs no organization, carries much of the collection with it."""
    report = {"path": str(tmp_path / "report.html"), "mailboxes": [{"identity": "ann@contoso.com"}]}
    task = {"name": "Preview", "mailops.exchange_hybrid.offboarding_report": report, "register": "preview"}
    shown = {"name": "Show", "ansible.builtin.debug": {"msg": "{{ preview.changed }} {{ preview.summary }}"}}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task, shown]}
    (tmp_path / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    python = f"ansible_python_interpreter={BINARIES / 'python'}"
    output = start(collections, "ansible-playbook", "--check", "-e", python, tmp_path / "play.json")
    assert "True" in output
    assert "failed=0" in output
    assert not (tmp_path / "report.html").exists()
