# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tests share: the PowerShell that this machine has, on PATH, and the order in which files begin.

A run's summary says in how many tests PowerShell ran, or that there was none.
"""

from __future__ import annotations

import functools
import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.tools import powershell

HERE = Path(__file__).parent
# The longest first: at the end of a run no worker is left alone with a file of minutes, and the unit tests fill up.
FIRST = ("integration/powershell", "integration")
# .NET compiles a second time what is called often: a third of the cost of a PowerShell that is about to end. To measure
# for that, and to collect garbage beside the work, is another tenth.
SHORT_LIVED = {"DOTNET_TC_CallCounting": "0", "DOTNET_TieredPGO": "0", "DOTNET_gcConcurrent": "0"}

WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

COLLECT_AFTER = 50_000  # objects more than were given back; Python's own figure is 700

# Tests that start it write this property into their reports.
PROPERTY = "powershell"


def pytest_configure() -> None:
    """Lead every test to the same pwsh, by the way that a user's would be found. Workers inherit the path."""
    folder = powershell.find(os.environ)
    if folder is not None:
        known = os.environ.get("PATH", os.defpath).split(os.pathsep)
        os.environ["PATH"] = os.pathsep.join(dict.fromkeys([str(folder), *known]))
    os.environ.update(SHORT_LIVED)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let each worker begin to collect elsewhere: what has no bytecode yet is compiled by one of them for all."""
    report = yield
    if isinstance(collector, pytest.Directory):
        begin, backwards = divmod(WORKER, 2)
        place = len(report.result) * begin * 2 // max(WORKERS, 2)
        report.result = [*report.result[place:], *report.result[:place]][:: -1 if backwards else 1]
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files in the order in which workers take them, which --no-loadscope-reorder keeps."""
    items.sort(key=lambda item: _place(item.path))


def pytest_collection_finish() -> None:
    """Let the collector of garbage leave alone what stays to the end: a tenth of the CPU time of the unit tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


@functools.cache
def _place(path: Path) -> tuple[int, Path]:
    inside = path.relative_to(HERE)
    return next((turn for turn, folder in enumerate(FIRST) if inside.is_relative_to(folder)), len(FIRST)), path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests a real PowerShell ran in. Where there is none they are not skipped, they are not there."""
    folder = powershell.find(os.environ)
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    tests = sum(name == PROPERTY for report in reports for name, _value in report.user_properties)
    if folder is None:
        terminalreporter.section("PowerShell")
        terminalreporter.write_line(powershell.EXPLANATION)
    elif tests:
        terminalreporter.section("PowerShell")
        terminalreporter.write_line(powershell.ran(powershell.version(folder), tests))


@pytest.fixture
def pwsh(record_property: pytest.RecordProperty) -> str:
    """The program; a test that asks for it is counted in the summary."""
    folder = powershell.find(os.environ)
    assert folder is not None
    record_property(PROPERTY, str(folder))
    return str(folder / "pwsh")
