# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the extensions share: Ansible's programs, and where these find the collection."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import bench, pytest_configure
from tests.integration.harness import ROOT

__all__ = ["bench", "pytest_configure"]

BINARIES = Path(sys.executable).parent


@pytest.fixture(scope="session")
def binaries() -> Path:
    return BINARIES


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The variables of a program of Ansible's that finds the collection, and no other."""
    tree = BINARIES.parent / "collections"
    assert (tree / "ansible_collections/mailops/exchange_hybrid").samefile(ROOT)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    return {**kept, "PATH": f"{BINARIES}{os.pathsep}{kept['PATH']}", "ANSIBLE_COLLECTIONS_PATH": str(tree)}
