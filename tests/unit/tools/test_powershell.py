# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which PowerShell the tests run, and that continuous integration does not pass without one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools import powershell

ROOT = Path(__file__).resolve().parents[3]
FAKE = '#!/bin/sh\necho "PowerShell 7.0.0"\n'
TOOLS = ("bash", "dirname", "mktemp", "cat", "rm", "sh", "env")


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a PowerShell beside it."""
    beside = program(tmp_path / "beside/pwsh", FAKE)
    program(tmp_path / "shared/powershell/install", f"#!/bin/sh\necho unpacked >&2\necho '{beside.parent}'\n")
    return tmp_path / "checkout"


def test_a_pwsh_on_path_comes_before_one_beside_the_checkout(checkout: Path, tmp_path: Path) -> None:
    checkout.mkdir()
    on_path = program(tmp_path / "bin/pwsh", FAKE)
    assert powershell.find({"PATH": str(on_path.parent)}, checkout) == on_path.parent
    assert powershell.find({"PATH": os.defpath}, checkout) == tmp_path / "beside"


@pytest.mark.parametrize("installer", ["exit 1", "echo /nowhere", "echo"])
def test_an_installer_that_brings_nothing_is_as_good_as_none(tmp_path: Path, installer: str) -> None:
    program(tmp_path / "shared/powershell/install", f"#!/bin/sh\n{installer}\n")
    (tmp_path / "checkout").mkdir()
    assert powershell.find({"PATH": "/nowhere"}, tmp_path / "checkout") is None


@pytest.mark.parametrize(("environment", "code"), [({"CI": "true"}, 1), ({}, 0)])
def test_where_there_is_none_only_continuous_integration_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], environment: dict[str, str], code: int
) -> None:
    assert powershell.main({"PATH": str(tmp_path), **environment}, tmp_path) == code
    assert "there is no pwsh on PATH and none beside the checkout" in capsys.readouterr().err


@pytest.mark.parametrize("has_pwsh", [True, False])
def test_the_gate_fails_without_and_its_summary_tells_how_many_ran(tmp_path: Path, has_pwsh: bool) -> None:
    """Run .ci/run itself in a checkout whose make and installers do nothing but say their names."""
    checkout, tools = tmp_path / "checkout", tmp_path / "bin"
    for name in ("kerberos.sh", "samba.sh", "postgresql.sh", "chromium.sh", "java.sh"):
        program(checkout / "tests/tools" / name, "exit 0\n")
    for name in (".ci/run", "tests/tools/powershell.py"):
        (checkout / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "python3").symlink_to(sys.executable)
    program(tools / "shellcheck", "#!/bin/sh\n")
    program(tools / "make", '#!/bin/sh\ncase "$*" in *pairs) echo units-oldest;; *) echo "made $*";; esac\n')
    if has_pwsh:
        program(tools / "pwsh", FAKE)
    done = subprocess.run(
        ["bash", ".ci/run"], cwd=checkout, env={"PATH": str(tools)}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    if has_pwsh:
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "made test"), done.stderr
        assert "The tests run PowerShell 7.0.0." in done.stdout
    else:
        assert done.returncode == 1
        assert "In continuous integration they have to run." in done.stderr
        assert "made" not in done.stdout


def test_the_summary_of_a_run_tells_in_how_many_tests_powershell_ran(tmp_path: Path) -> None:
    """Run two tests of a tree that has the same conftest as this one."""
    (tmp_path / "tests/tools").mkdir(parents=True)
    for name in ("tests/conftest.py", "tests/tools/powershell.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "tests/test_two.py").write_text("def test_it(pwsh):\n    assert pwsh\n\ndef test_other():\n    pass\n")
    for has_pwsh, wanted in ((True, "PowerShell 7.0.0 ran in 1 test."), (False, powershell.EXPLANATION)):
        if has_pwsh:
            program(tmp_path / "bin/pwsh", FAKE)
        else:
            (tmp_path / "bin/pwsh").unlink()
        options = "-q -p no:cacheprovider -o addopts= -o pythonpath=. --import-mode=importlib"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options.split(), "tests"], cwd=tmp_path,
            env={"PATH": f"{tmp_path}/bin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert wanted in done.stdout, done.stdout + done.stderr
