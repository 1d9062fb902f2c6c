# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that run a real PowerShell: where there is none, these are not there, and the run's summary says so."""

from __future__ import annotations

import os

import pytest

from tests.tools import powershell

_FOLDER = powershell.find(os.environ)
if _FOLDER is None and powershell.must_run(os.environ):
    raise pytest.UsageError(powershell.EXPLANATION)
collect_ignore_glob = ["test_*.py"] if _FOLDER is None else []


@pytest.fixture(autouse=True)
def _counted(pwsh: str) -> None:
    """Count each of these tests in the summary."""


@pytest.fixture(scope="session")
def program() -> str:
    """The pwsh of the session."""
    assert _FOLDER is not None
    return str(_FOLDER / "pwsh")
