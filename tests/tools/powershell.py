# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the PowerShell that the tests run: a ``pwsh`` on PATH, or else one beside the checkout.

Beside the checkout, ``../shared/powershell/install`` is a program that prints the folder with ``pwsh`` in it.
usage, from the checkout: python3 tests/tools/powershell.py
It says what it found. A machine without PowerShell goes on without those tests; with CI=true it fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BESIDE = Path("../shared/powershell/install")
# Unpacking takes seconds, once.
LONGEST_INSTALLATION = 300.0
# Each start would otherwise look for updates, and send how it is used.
QUIET = {"POWERSHELL_TELEMETRY_OPTOUT": "1", "POWERSHELL_UPDATECHECK": "Off"}
EXPLANATION = (
    "The tests that run a real PowerShell cannot run here: there is no pwsh on PATH and none beside the checkout "
    f"({BESIDE}). Install PowerShell 7, then: make test."
)


def find(environment: Mapping[str, str], checkout: Path = CHECKOUT) -> Path | None:
    """Return the folder of the first pwsh, or None."""
    on_path = shutil.which("pwsh", path=environment.get("PATH", os.defpath))
    if on_path is not None:
        return Path(on_path).parent
    installer = checkout / BESIDE
    if not os.access(installer, os.X_OK):
        return None
    try:
        done = subprocess.run(
            [str(installer)], env=dict(environment), capture_output=True, text=True, timeout=LONGEST_INSTALLATION,
            check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    folder = Path(done.stdout.strip())
    return folder if os.access(folder / "pwsh", os.X_OK) else None


def must_run(environment: Mapping[str, str]) -> bool:
    """Tell whether leaving these tests out is a failure: in continuous integration it is."""
    return environment.get("CI", "").lower() == "true"


def version(folder: Path) -> str:
    """Return ``PowerShell 7.6.9``."""
    command = [str(folder / "pwsh"), "-NoLogo", "-NoProfile", "-Version"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def ran(version_text: str, tests: int) -> str:
    """Return the line for a run's summary."""
    return f"{version_text} ran in {tests} test{'' if tests == 1 else 's'}."


def main(environment: Mapping[str, str], checkout: Path = CHECKOUT) -> int:
    folder = find(environment, checkout)
    if folder is not None:
        print(f"The tests run {version(folder)}.")
        return 0
    print(EXPLANATION, file=sys.stderr)
    if not must_run(environment):
        return 0
    print("In continuous integration they have to run.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(os.environ))
