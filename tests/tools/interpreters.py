# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds Python interpreters that really run, on PATH and among pyenv's versions.

    python tests/tools/interpreters.py find 3.10    # prints the interpreter's path; exit code 1 where there is none
    python tests/tools/interpreters.py path         # prints a PATH prefix: the directories of all supported ones

pyenv's shims do not count: a shim exists for every version that pyenv has, and ends with 127 unless it is active.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14")


def pyenv_root(environment: Mapping[str, str]) -> Path | None:
    """Return the directory that holds pyenv's ``versions``, or None without pyenv."""
    if environment.get("PYENV_ROOT"):
        return Path(environment["PYENV_ROOT"])
    command = shutil.which("pyenv", path=environment.get("PATH", ""))
    if command is None:
        return None
    return Path(subprocess.run([command, "root"], check=True, capture_output=True, text=True).stdout.strip())


def directories(environment: Mapping[str, str]) -> list[Path]:
    """Return the directories to look in: PATH in its order without shims, then pyenv's versions."""
    found = [Path(entry) for entry in environment.get("PATH", "").split(os.pathsep) if entry]
    root = pyenv_root(environment)
    if root is not None:
        found = [directory for directory in found if directory.name != "shims"]
        found += sorted(root.glob("versions/*/bin"))
    return found


def works(interpreter: Path, version: str) -> bool:
    """Say whether the file runs and is that Python with what a virtual environment needs."""
    if not os.access(interpreter, os.X_OK):
        return False
    script = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([interpreter, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == version


def find(version: str, environment: Mapping[str, str]) -> Path | None:
    """Return the first interpreter of this version (``3.10``) that works."""
    candidates = (directory / f"python{version}" for directory in directories(environment))
    return next((candidate for candidate in candidates if works(candidate, version)), None)


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    parser = argparse.ArgumentParser(description="Find Python interpreters that really run.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("find").add_argument("version", choices=SUPPORTED)
    commands.add_parser("path")
    options = parser.parse_args(arguments)
    if options.command == "path":
        interpreters = [find(version, environment) for version in SUPPORTED]
        print(os.pathsep.join(str(interpreter.parent) for interpreter in interpreters if interpreter))
        return 0
    interpreter = find(options.version, environment)
    if interpreter is None:
        print(f"No working python{options.version} on PATH or among pyenv's versions.", file=sys.stderr)
        return 1
    print(interpreter)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
