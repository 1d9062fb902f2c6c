# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a module runs from the installed files, and that it then runs as it would from Ansible's archive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants
from ansible.plugins.action import ActionBase
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils import _unpacked

PACKED = ("packed",)
MAILUSER = "mailops.exchange_hybrid.mailuser"
WAVE_FILE = _unpacked.PLUGINS / "modules" / "wave_file.py"
HERE = {"ansible_python_interpreter": sys.executable}


@pytest.fixture(autouse=True)
def packing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible's own way, which takes half a second and is not what is tested here."""
    monkeypatch.setattr(ActionBase, "_configure_module", lambda *_arguments: PACKED)


def action(*, transport: str = "local", become: object = None, delegate_to: str = "") -> Any:
    task = SimpleNamespace(action=MAILUSER, delegate_to=delegate_to)
    connection = SimpleNamespace(transport=transport, become=become)
    templar = SimpleNamespace(template=lambda value: value)
    make: Any = _unpacked.UnpackedAction
    return make(task, connection, None, None, templar, None)


def configured(found: Any) -> tuple[bytes, str]:
    """Return the program and the module's path, in whichever way this ansible-core hands them over."""
    if len(found) == 4:
        return found[2], found[3]
    built, path = found
    return built.b_module_data, path


def test_a_module_on_the_controller_runs_from_its_file() -> None:
    program, path = configured(action()._configure_module(MAILUSER, {"identity": "ann@contoso.com"}, HERE))
    assert b"ansible_collections.mailops.exchange_hybrid.plugins.modules.mailuser" in program
    assert b"ann@contoso.com" in program
    assert Path(path).name == "mailuser.py"
    assert len(program) < 2000


@pytest.mark.parametrize(
    "given", [{"transport": "ssh"}, {"become": object()}, {"delegate_to": "mail01"}], ids=["ssh", "become", "elsewhere"]
)
def test_ansible_packs_what_runs_elsewhere_or_as_somebody_else(given: dict[str, Any]) -> None:
    variables = {**HERE, "ansible_delegated_vars": {"mail01": {"ansible_python_interpreter": "/usr/bin/python3"}}}
    assert action(**given)._configure_module(MAILUSER, {}, variables) is PACKED


def test_a_task_delegated_to_the_controller_runs_from_its_file() -> None:
    variables = {"ansible_python_interpreter": "/usr/bin/python3", "ansible_delegated_vars": {"localhost": HERE}}
    assert action(delegate_to="localhost")._configure_module(MAILUSER, {}, variables) is not PACKED


@pytest.mark.parametrize("interpreter", ["/usr/bin/python3", "auto", None])
def test_ansible_packs_for_another_python(interpreter: str | None) -> None:
    assert action()._configure_module(MAILUSER, {}, {"ansible_python_interpreter": interpreter}) is PACKED


def test_ansible_packs_what_is_to_be_kept_for_debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    configuration: Any = constants.config
    asked = configuration.get_config_value

    def kept(name: str, *arguments: Any, **more: Any) -> Any:
        return True if name == "DEFAULT_KEEP_REMOTE_FILES" else asked(name, *arguments, **more)

    monkeypatch.setattr(configuration, "get_config_value", kept)
    assert action()._configure_module(MAILUSER, {}, HERE) is PACKED


def test_ansible_packs_the_modules_of_others() -> None:
    assert action()._configure_module("ansible.legacy.async_wrapper", {}, HERE) is PACKED


# -- the program ---------------------------------------------------------------------------------------------------


def run(directory: Path, arguments: dict[str, Any], **environment: str) -> dict[str, Any]:
    """Run module wave_file as a new process with ``directory`` as its place, and return its result."""
    process = subprocess.run(
        [sys.executable],
        input=_unpacked.program(WAVE_FILE, _unpacked.encoded(arguments)),
        capture_output=True,
        cwd=directory,
        env={**os.environ, **environment},
        check=False,
        timeout=60,
    )
    assert process.stdout, process.stderr.decode()
    result: dict[str, Any] = json.loads(process.stdout)
    return result


def arguments(directory: Path, **more: Any) -> dict[str, Any]:
    (directory / "mailboxes.csv").write_text("identity\nzoë@contoso.com\n", encoding="utf-8")
    wave = {"csv": str(directory / "mailboxes.csv"), "path": str(directory / "wave.json")}
    return {**wave, **more, "_ansible_check_mode": False, "_ansible_module_name": "wave_file"}


def test_the_module_runs_with_its_arguments(tmp_path: Path) -> None:
    result = run(tmp_path, arguments(tmp_path))
    assert (result["changed"], result.get("failed")) == (True, None), result
    assert json.loads((tmp_path / "wave.json").read_text(encoding="utf-8")) == [{"identity": "zoë@contoso.com"}]


def test_the_module_knows_that_it_is_a_preview(tmp_path: Path) -> None:
    result = run(tmp_path, {**arguments(tmp_path), "_ansible_check_mode": True})
    assert result["changed"], result
    assert not (tmp_path / "wave.json").exists()


def test_a_refused_option_is_told_as_ansible_tells_it(tmp_path: Path) -> None:
    result = run(tmp_path, {**arguments(tmp_path), "csv_path": "mailboxes.csv"})
    assert result["failed"]
    assert "csv_path" in result["msg"]


def test_files_beside_the_playbook_stand_for_no_library(tmp_path: Path) -> None:
    (tmp_path / "runpy.py").write_text("raise SystemExit('the wrong runpy')", encoding="utf-8")
    (tmp_path / "csv.py").write_text("raise SystemExit('the wrong csv')", encoding="utf-8")
    assert run(tmp_path, arguments(tmp_path))["changed"]


def test_collections_elsewhere_do_not_hide_this_one(tmp_path: Path) -> None:
    package = tmp_path / "elsewhere" / "ansible_collections"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    assert run(tmp_path, arguments(tmp_path), PYTHONPATH=str(package.parent))["changed"]
