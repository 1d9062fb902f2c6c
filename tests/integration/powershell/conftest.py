# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that run a real PowerShell: where there is none, these are not there, and the run's summary says so."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.hybrid import empty_hybrid
from lab.laboratory import Laboratory
from lab.powershell.laboratory import PowerShellLaboratory
from lab.wire.gateway import Gateway
from lab.wire.powershell_dialogue import AD_SYNC
from lab.wire.wsman import Service
from tests import extent
from tests.integration.harness import SPEED, Bench
from tests.tools import powershell

_FOLDER = powershell.find(os.environ)
if _FOLDER is None and powershell.must_run(os.environ):
    raise pytest.UsageError(powershell.EXPLANATION)
collect_ignore_glob = ["test_*.py"] if _FOLDER is None else []


@pytest.fixture(autouse=True)
def _counted(request: pytest.FixtureRequest) -> None:
    """Count each of these tests in the summary, unless PowerShell is emulated for it."""
    if extent.WHOLE or "many_cmdlets" not in request.fixturenames:
        request.getfixturevalue("pwsh")


@pytest.fixture(scope="session")
def program() -> str:
    """The pwsh of the session."""
    assert _FOLDER is not None
    return str(_FOLDER / "pwsh")


class ExchangeAlone(PowerShellLaboratory):
    """A laboratory in which no script of the Entra Connect server runs: it is emulated, as everywhere else."""

    def windows_shells(self, gateway: Gateway, module: str) -> Service:
        if module == AD_SYNC:
            return Laboratory.windows_shells(self, gateway, module)
        return super().windows_shells(gateway, module)


@contextlib.contextmanager
def opened(laboratory: PowerShellLaboratory, directory: Path) -> Iterator[Bench]:
    """Open a laboratory in which a real PowerShell runs the scripts."""
    with laboratory:
        try:
            yield Bench(laboratory, directory / "bench")
        finally:
            # Whatever became of the run, no session may stay behind on a server.
            assert laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}


@pytest.fixture
def real(program: str, tmp_path: Path) -> Iterator[Bench]:
    """A fresh organization without recipients, in which PowerShell runs what it is sent."""
    with opened(PowerShellLaboratory(empty_hybrid(speed=SPEED), tmp_path / "laboratory", program), tmp_path) as fresh:
        yield fresh


@pytest.fixture
def real_exchange(program: str, tmp_path: Path) -> Iterator[Bench]:
    """The same without the Entra Connect server: each look at its scheduler would cost two seconds."""
    with opened(ExchangeAlone(empty_hybrid(speed=SPEED), tmp_path / "laboratory", program), tmp_path) as fresh:
        yield fresh
