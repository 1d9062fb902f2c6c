# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets ansible-test run where its own download server is out of reach.

ansible-test fetches get-pip.py from a server of the Ansible project before its first test, although everything else
comes from the package index. It looks in its cache first, so this puts a stand-in there: a script that installs pip
from a wheel beside it, which the ordinary pip downloads. A get-pip.py that is there already is left alone.

Run with the Python of the virtual environment that holds ansible-core.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

CACHE = Path("~/.ansible/test/cache").expanduser()
STAND_IN = '''"""Stands in for get-pip.py: installs the pip {version} that lies beside it."""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "{wheel}"))
from pip._internal.cli.main import main

options = [option for option in sys.argv[1:] if option not in ("--no-setuptools", "--no-wheel")]
sys.exit(main(["install", "--no-index", "--find-links", here] + options))
'''


def pip_versions() -> set[str]:
    """Return the versions of pip that this ansible-test wants for the Pythons that it knows."""
    # ansible-test has no public interface for this; a release that moves it fails here, in one line.
    constants = importlib.import_module("ansible_test._util.target.common.constants")
    requirements = importlib.import_module("ansible_test._internal.python_requirements")
    pythons = constants.CONTROLLER_PYTHON_VERSIONS + constants.REMOTE_ONLY_PYTHON_VERSIONS
    return {requirements.get_venv_packages(SimpleNamespace(version=python))["pip"] for python in pythons}


def seed(version: str) -> None:
    """Put a stand-in for get-pip.py of this version of pip into ansible-test's cache."""
    script = CACHE / f"get_pip_{version.replace('.', '_')}.py"
    if script.exists():
        return
    command = [sys.executable, "-m", "pip", "download", "-qqq", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(CACHE), f"pip=={version}"], check=True)
    script.write_text(STAND_IN.format(version=version, wheel=f"pip-{version}-py3-none-any.whl"), encoding="utf-8")


if __name__ == "__main__":
    CACHE.mkdir(parents=True, exist_ok=True)
    for wanted in sorted(pip_versions()):
        seed(wanted)
