# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts on a real PowerShell, with the laboratory's cmdlets behind them. The laboratory's emulation is asked the
same in tests/unit/lab/wire/test_engine_answers.py."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError

from lab.powershell.laboratory import PowerShellLaboratory
from tests.engine import scripts

WRITE = Cmdlet("Set-User", {"Identity": scripts.ANN, "WindowsEmailAddress": ""})


@pytest.fixture(scope="module")
def laboratory(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerShellLaboratory]:
    directory = tmp_path_factory.mktemp("scripts")
    with PowerShellLaboratory(scripts.organization(), directory, program) as running:
        yield running


@pytest.mark.parametrize("name", scripts.CASES)
def test_what_the_scripts_answer(laboratory: PowerShellLaboratory, name: str) -> None:
    assert scripts.answer(laboratory, scripts.CASES[name]) == scripts.known()[name]


def failure(laboratory: PowerShellLaboratory, cmdlet: Cmdlet, deadline: float | None = None) -> HybridError:
    organization = scripts.organization_of(laboratory, scripts.Case(cmdlet))
    if deadline is not None:
        organization.server = dataclasses.replace(organization.server, deadline=deadline, operation_timeout=1)
    session = organization.open()
    with pytest.raises(HybridError) as caught:
        session.run(cmdlet)
    session.close()
    return caught.value


def test_a_session_to_exchange_that_breaks_in_a_write_may_have_run_it(laboratory: PowerShellLaboratory) -> None:
    seen = len(laboratory.log)
    laboratory.faults.add("exchange_server", "Set-User", "drop_after")
    error = failure(laboratory, WRITE)
    assert (error.code, error.answer_lost) == ("connection_lost", True)
    assert [entry["cmdlet"] for entry in laboratory.log.writes(seen)] == ["Set-User"]


def test_a_cmdlet_that_asks_is_refused(laboratory: PowerShellLaboratory) -> None:
    error = failure(laboratory, Cmdlet("Disable-MailUser", {"Identity": scripts.ANN, "Confirm": True}))
    assert (error.code, error.answer_lost) == ("confirmation_required", False)


def test_a_cmdlet_that_hangs_ends_at_the_deadline_with_all_its_processes(laboratory: PowerShellLaboratory) -> None:
    laboratory.faults.add("exchange_server", "Set-ADServerSettings", "latency", seconds=3600.0)
    error = failure(laboratory, WRITE, deadline=5.0)
    laboratory.faults.clear()
    laboratory.faults.wake()
    assert error.code == "connection_lost"
    assert running_in(laboratory.directory) == []


def running_in(directory: Path) -> list[int]:
    """Return the processes that have the laboratory's directory in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(directory).encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found
