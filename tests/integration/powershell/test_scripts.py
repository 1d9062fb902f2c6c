# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts on a real PowerShell, with the laboratory's cmdlets behind them. The laboratory's emulation is asked the
same in tests/unit/lab/wire/test_engine_answers.py."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import Session
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.winrm import (
    ManagementShellSession,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.windows_shell import (
    WindowsShell,
)

from lab.powershell.laboratory import PowerShellLaboratory
from tests.engine import scripts

LONGEST_END = 60.0
WRITE = Cmdlet("Set-User", {"Identity": scripts.ANN, "WindowsEmailAddress": ""})


@pytest.fixture(scope="module")
def laboratory(program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerShellLaboratory]:
    directory = tmp_path_factory.mktemp("scripts")
    with PowerShellLaboratory(scripts.organization(), directory, program) as running:
        yield running


@pytest.mark.parametrize("name", scripts.CASES)
def test_what_the_scripts_answer(laboratory: PowerShellLaboratory, name: str) -> None:
    assert scripts.answer(laboratory, scripts.CASES[name]) == scripts.known()[name]


def failure(session: Session, cmdlet: Cmdlet) -> HybridError:
    with pytest.raises(HybridError) as caught:
        session.run(cmdlet)
    session.close()
    return caught.value


def session(laboratory: PowerShellLaboratory) -> Session:
    opened: Session = scripts.organization_of(laboratory, scripts.Case(WRITE)).open()
    return opened


def test_a_session_to_exchange_that_breaks_in_a_write_may_have_run_it(laboratory: PowerShellLaboratory) -> None:
    seen = len(laboratory.log)
    laboratory.faults.add("exchange_server", "Set-User", "drop_after")
    error = failure(session(laboratory), WRITE)
    assert (error.code, error.answer_lost) == ("connection_lost", True)
    assert [entry["cmdlet"] for entry in laboratory.log.writes(seen)] == ["Set-User"]


def test_a_cmdlet_that_asks_is_refused(laboratory: PowerShellLaboratory) -> None:
    error = failure(session(laboratory), Cmdlet("Disable-MailUser", {"Identity": scripts.ANN, "Confirm": True}))
    assert (error.code, error.answer_lost) == ("confirmation_required", False)


def test_a_process_that_dies_in_a_write_may_have_run_it(laboratory: PowerShellLaboratory) -> None:
    shell = WindowsShell(scripts.organization_of(laboratory, scripts.Case(WRITE)).server, None)
    dying = "# dies\n[Console]::Error.WriteLine('Out of memory: \u00fc')\nStop-Process -Id $PID -Force\n"
    with pytest.raises(HybridError) as caught:
        shell.ask(dying, b"a line\n", WRITE)
    shell.end()
    assert (caught.value.code, caught.value.answer_lost) == ("unexpected_answer", True)
    assert "no answer: Out of memory: \u00fc" in caught.value.message


def test_a_cmdlet_that_hangs_ends_at_the_deadline_with_all_its_processes(laboratory: PowerShellLaboratory) -> None:
    """Before Exchange was reached no time passes, however long PowerShell takes to start; then the deadline is over."""
    laboratory.faults.add("exchange_server", "Set-ADServerSettings", "latency", seconds=3600.0)
    running: set[int] = set()

    def clock() -> float:
        if laboratory.faults.armed():
            return 0.0
        running.update(running_in(laboratory.directory))
        return 3600.0

    organization = scripts.organization_of(laboratory, scripts.Case(WRITE))
    server = dataclasses.replace(organization.server, operation_timeout=1)
    error = failure(ManagementShellSession(server, None, organization.retry, clock), WRITE)
    assert (error.code, error.timed_out) == ("connection_lost", True)
    assert len(running) >= 2  # the script's, and that of its session to Exchange
    for process in running:
        assert has_ended(process)


def has_ended(process: int) -> bool:
    """Wait for the end of a process that was killed."""
    try:
        watched = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], LONGEST_END)[0])
    finally:
        os.close(watched)


def running_in(directory: Path) -> list[int]:
    """Return the processes that have the laboratory's directory in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(directory).encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found
