# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A laboratory for each test, and what runs playbooks against it."""

from __future__ import annotations

import atexit
import contextlib
import datetime
import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.hybrid import Hybrid, ManualClock, empty_hybrid
from lab.laboratory import Laboratory
from lab.model.demo import demo_hybrid
from lab.wire.remote_powershell import Limits
from tests.integration.chromium import available as chromium
from tests.integration.harness import KEPT, SPEED, Bench
from tests.integration.kerberos import available
from tests.integration.postgresql import available as postgresql
from tests.integration.samba import available as samba


def pytest_configure(config: pytest.Config) -> None:
    """Give the runs an interrupt that works: what a shell starts in the background is born with it ignored."""
    config.addinivalue_line("markers", "walked: runs of the role are the walker's (walked.py), as far as it goes")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if "TESTS_KEPT" not in os.environ:
        # In the process that starts the workers, which inherit it.
        place = os.environ["TESTS_KEPT"] = tempfile.mkdtemp(prefix="tests-kept-")
        atexit.register(shutil.rmtree, place, ignore_errors=True)
        for name in KEPT:
            (Path(place) / name).mkdir()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was measured, and which tests this machine left out: they are not skipped, they are not there."""
    suites = {
        "Kerberos": available, "Active Directory": samba, "HTML report": chromium, "PostgreSQL": postgresql
    }  # fmt: skip
    for name, suite in suites.items():
        lacking = suite.missing()
        if lacking:
            terminalreporter.section(name)
            terminalreporter.write_line(suite.explanation(lacking))
    # What a test measures and does not judge, because the machine may be busy.
    measured = [
        str(value)
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == "measured"
    ]
    if measured:
        terminalreporter.section("Measured")
        for line in measured:
            terminalreporter.write_line(line)


@contextlib.contextmanager
def opened(
    hybrid: Hybrid, directory: Path, request: pytest.FixtureRequest | None = None, limits: Limits | None = None
) -> Iterator[Bench]:
    with Laboratory(hybrid, directory / "laboratory", limits=limits) as laboratory:
        try:
            bench = Bench(laboratory, directory / "bench")
            bench.walks = request is not None and request.node.get_closest_marker("walked") is not None
            yield bench
        finally:
            # Whatever became of the run, no session may stay behind on a server.
            assert laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A fresh organization without recipients."""
    with opened(empty_hybrid(speed=SPEED), tmp_path, request) as fresh:
        yield fresh


@pytest.fixture
def demo(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A fresh organization of the demonstration, with its 25 mailboxes."""
    with opened(demo_hybrid(speed=SPEED), tmp_path, request) as fresh:
        fresh.signs_in = True
        yield fresh


@pytest.fixture
def narrow_bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """An organization that allows an account two sessions at once."""
    with opened(empty_hybrid(speed=SPEED), tmp_path, request, Limits(shells=2)) as fresh:
        yield fresh


@pytest.fixture
def still_bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """An organization whose time stands still until the test moves its clock."""
    with opened(empty_hybrid(ManualClock(datetime.datetime.now(datetime.timezone.utc))), tmp_path, request) as fresh:
        yield fresh


BenchMaker = Callable[[], contextlib.AbstractContextManager[Bench]]


@pytest.fixture(scope="module")
def make_bench(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> BenchMaker:
    """Make organizations, also side by side in threads, for tests that need many."""
    directory, numbers = tmp_path_factory.mktemp("benches"), itertools.count(1)
    return lambda: opened(empty_hybrid(speed=SPEED), directory / str(next(numbers)), request)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """One organization for the tests of a module that look without changing, or change only what is their own."""
    with opened(empty_hybrid(speed=SPEED), tmp_path_factory.mktemp("shared"), request) as one:
        yield one
