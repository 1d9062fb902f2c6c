# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts the collection awx.awx into a tree of collections, out of the package that tests/requirements-awx.txt pins.

usage, from the checkout: python tests/tools/awx_collection.py DIRECTORY
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements-awx.txt"
INSIDE = "ansible_collections/awx/awx/"


def download(directory: Path) -> Path:
    """Download the package, which is checked against its hash, and return its file."""
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, "-d", directory, "-r", REQUIREMENTS], check=True)
    (package,) = directory.glob("*.whl")
    return package


def extract(package: Path, collections: Path) -> Path:
    """Take the collection out of the package, in place of one that is there, and return its directory."""
    place = collections / INSIDE
    shutil.rmtree(place, ignore_errors=True)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(collections, [name for name in archive.namelist() if name.startswith(INSIDE)])
    return place


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        extract(download(Path(directory)), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
