# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image's definition, as far as it goes without a container: the context, and what each stage of it would run on.

No image is built here: that takes a container engine and registries of images and packages.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.harness import ROOT

DEFINITION = ROOT / "execution-environment.yml"
PAGE = (ROOT / "docs/execution-environments.md").read_text(encoding="utf-8")


def run(*command: str | Path, at: Path = ROOT) -> str:
    # As in the image, where nothing else has the collection.
    alone = {**os.environ, "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
    done = subprocess.run(command, cwd=at, env=alone, capture_output=True, check=False, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def created(binaries: Path, definition: Path, folder: Path) -> list[str]:
    """Return the lines of the file that an image would be built from."""
    run(
        binaries / "ansible-builder", "create", "-f", definition, "-c", folder,
        "--output-filename", "Containerfile", "-v1",
    )  # fmt: skip
    return (folder / "Containerfile").read_text(encoding="utf-8").splitlines()


def blocks(page: str) -> list[Any]:
    """Return the YAML of a page."""
    return [yaml.safe_load(part.partition("```")[0]) for part in page.split("```yaml\n")[1:]]


@pytest.fixture(scope="module")
def archive(binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(binaries / "ansible-galaxy", "collection", "build", "--output-path", folder)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def context(binaries: Path, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The context of an image with the checkout's own archive, as docs/execution-environments.md says."""
    folder = tmp_path_factory.mktemp("context")
    (changed,) = [block for block in blocks(PAGE) if isinstance(block, dict) and "dependencies" in block]
    definition = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    definition["dependencies"].update(changed["dependencies"])
    extra = [{**item, "src": str(archive)} for item in changed["additional_build_files"] if "dist/" in item["src"]]
    kept = [{**item, "src": str(ROOT / item["src"])} for item in definition["additional_build_files"]]
    definition["additional_build_files"] = [*kept, *extra]
    (folder / "definition.yml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    created(binaries, folder / "definition.yml", folder / "context")
    return folder / "context"


def test_the_context_of_the_definition_as_it_stands(binaries: Path, tmp_path: Path) -> None:
    lines = created(binaries, DEFINITION, tmp_path)
    for step in yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["additional_build_steps"].values():
        assert [line for line in step if line.strip() not in lines] == []
    # Pinned libraries come before what the collection asks for, PowerShell after it.
    order = [next(n for n, line in enumerate(lines) if text in line) for text in (
        "-r /tmp/ee-constraints.txt", "install-from-bindep", "EXCHANGE_ONLINE_POWERSHELL=false", "USER 1000",
    )]  # fmt: skip
    assert order == sorted(order)
    assert yaml.safe_load((tmp_path / "_build/requirements.yml").read_text(encoding="utf-8")) == {
        "collections": [{"name": "mailops.exchange_hybrid"}]
    }
    for name in ("ee-constraints.txt", "ee-krb5.conf"):
        assert (tmp_path / "_build/configs" / name).read_bytes() == (ROOT / "meta" / name).read_bytes()


def test_every_command_is_one_that_a_shell_can_read(context: Path) -> None:
    commands = [
        line.removeprefix("RUN ")
        for line in (context / "Containerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("RUN ")
    ]
    assert len(commands) > 15
    for command in commands:
        run("bash", "-n", "-c", command)


def test_the_stages_find_the_collection_and_what_it_needs(binaries: Path, context: Path, tmp_path: Path) -> None:
    build, installed = context / "_build", tmp_path / "collections"
    run(
        binaries / "ansible-galaxy", "collection", "install", "--offline", "-r", "requirements.yml",
        "--collections-path", installed, at=build,
    )  # fmt: skip
    introspect = [sys.executable, build / "scripts/introspect.py", "introspect", installed]
    written = {name: tmp_path / name for name in ("bindep.txt", "requirements.txt")}
    run(
        *introspect, f"--user-bindep={build / 'bindep.txt'}", f"--write-bindep={written['bindep.txt']}",
        f"--write-pip={written['requirements.txt']}",
    )  # fmt: skip
    asked = written["requirements.txt"].read_text(encoding="utf-8")
    needed = (ROOT / "meta/ee-requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in needed if line and not line.startswith("#")]
    assert [line for line in wanted if line not in asked] == []
    assert "pypsrp[kerberos]" in asked
    packages = written["bindep.txt"].read_text(encoding="utf-8")
    assert all(name in packages for name in ("python3.12-devel", "krb5-devel", "krb5-workstation", "gcc"))
    # The last stage compiles what the first has installed.
    run(sys.executable, "-m", "compileall", "-q", installed)
    assert list(installed.rglob("plugins/modules/__pycache__/mailuser.*.pyc"))


def test_ansible_builder_reads_the_collection_in_its_place(binaries: Path, environment: dict[str, str]) -> None:
    told = run(binaries / "ansible-builder", "introspect", environment["ANSIBLE_COLLECTIONS_PATH"])
    assert "pypsrp[kerberos]" in told
    assert "krb5-workstation" in told


@pytest.mark.parametrize("block", [b for b in blocks(PAGE) if isinstance(b, dict) and "additional_build_steps" in b])
def test_the_pages_own_steps_are_steps(block: dict[str, Any]) -> None:
    steps = [step for part in block["additional_build_steps"].values() for step in part]
    assert steps
    assert all(isinstance(step, str) for step in steps)
