# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search for interpreters passes over what only looks like one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.tools import interpreters

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


def interpreter(directory: Path, script: str) -> Path:
    """Make an executable file of the running Python's name that runs the shell script."""
    directory.mkdir(parents=True)
    path = directory / f"python{VERSION}"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def real(directory: Path) -> Path:
    return interpreter(directory, f'exec "{sys.executable}" "$@"')


def test_an_interpreter_on_path_comes_before_one_of_pyenv(tmp_path: Path) -> None:
    on_path = real(tmp_path / "bin")
    real(tmp_path / "pyenv/versions" / VERSION / "bin")
    environment = {"PATH": str(on_path.parent), "PYENV_ROOT": str(tmp_path / "pyenv")}
    assert interpreters.find(VERSION, environment) == on_path


def test_shims_and_broken_interpreters_are_passed_over(tmp_path: Path) -> None:
    shim = interpreter(tmp_path / "pyenv/shims", "exit 127")
    broken = interpreter(tmp_path / "broken", "exit 1")
    other = interpreter(tmp_path / "other", "echo 3.1")
    working = real(tmp_path / "pyenv/versions" / VERSION / "bin")
    path = ":".join(str(candidate.parent) for candidate in (shim, broken, other))
    assert interpreters.find(VERSION, {"PATH": path, "PYENV_ROOT": str(tmp_path / "pyenv")}) == working


def test_a_missing_interpreter_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert interpreters.main(["find", "3.10"], {"PATH": str(tmp_path)}) == 1
    answer = capsys.readouterr()
    assert answer.out == ""
    assert answer.err == "No working python3.10 on PATH or among pyenv's versions.\n"


def test_the_path_holds_the_directory_of_each_working_interpreter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    working = real(tmp_path / "bin")
    assert interpreters.main(["path"], {"PATH": str(working.parent)}) == 0
    assert capsys.readouterr().out == f"{working.parent}\n"
