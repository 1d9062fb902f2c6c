# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job that is cancelled as AWX does it: SIGTERM to all its processes at once, a grace, then SIGKILL to the rest.

Nothing of the job is left to clean up after it: no process waits for another to end, and the scheduler stays paused.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.faults import Fault
from lab.hybrid import empty_hybrid
from lab.laboratory import Laboratory
from lab.model.builder import Pair
from tests.integration.harness import (
    IDLE_TIMEOUT,
    ROOT,
    SPEED,
    WAVE,
    Bench,
    Known,
    ServerTime,
    assert_home,
    cancel,
    records,
    remember,
)

PATIENCE = 120.0  # seconds, far beyond what a process takes to begin or to end


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A fresh organization, whose servers close the sessions of the killed when their time has come."""
    time = ServerTime()
    with Laboratory(empty_hybrid(speed=SPEED), tmp_path / "laboratory", monotonic=time.monotonic) as laboratory:
        yield Bench(laboratory, tmp_path / "bench")
        time.passed = IDLE_TIMEOUT + 1.0
        assert laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}


@dataclass
class Job:
    bench: Bench
    pairs: list[Pair]
    before: list[Known]
    fault: Fault
    process: subprocess.Popen[str]
    events: Path

    def await_hanging(self) -> None:
        """Wait until the lab has got the cmdlet that hangs, while the job runs."""
        for _look in range(int(PATIENCE / 0.05)):
            if self.fault.seen:
                return
            try:
                self.process.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the job has ended: {self.process.communicate()}")
        raise AssertionError("the cmdlet was not sent in time")

    def notes(self, pattern: str) -> list[str]:
        """Return the names of the notes that are left in the directory."""
        return sorted(path.name for path in self.bench.offboarding_directory.glob(pattern))

    def sent(self) -> Counter[str]:
        return Counter(entry["cmdlet"] for entry in self.bench.log.writes())


@pytest.fixture
def begin(bench: Bench) -> Callable[..., Job]:
    """Start the offboarding of two mailboxes, whose first cmdlets of a name take an hour: so many, or all of them."""

    def started(system: str, cmdlet: str, count: int | None = 1) -> Job:
        pairs = [bench.build.cloud_only(name) for name in ("Ann Archer", "Bob Baker")]
        before = [remember(pair) for pair in pairs]
        bench.faults.add(system, cmdlet, "latency", seconds=3600, count=count)
        (fault,) = bench.faults.armed()
        given = {**WAVE, "offboarding_directory": str(bench.offboarding_directory)}
        given["offboarding_mailboxes"] = records(pairs)
        return Job(bench, pairs, before, fault, *bench.begin(ROOT / "playbooks" / "offboard.yml", variables=given))

    return started


def assert_second_run_is_right(job: Job) -> None:
    again = job.bench.offboard(offboarding_mailboxes=records(job.pairs))
    assert again.succeeded, again.output
    for pair, before in zip(job.pairs, job.before, strict=True):
        assert_home(pair, before)
    assert job.bench.scheduler_runs()
    assert (job.notes("half-made/*.json"), job.notes("*paused*.json")) == ([], [])
    assert job.sent()["New-MoveRequest"] == 2


def test_a_write_that_is_answered_within_the_grace_leaves_nobody_half_made(begin: Callable[..., Job]) -> None:
    job = begin("exchange_server", "Set-MailUser")
    job.await_hanging()
    assert cancel(job.process, job.events, PATIENCE, meanwhile=job.bench.faults.wake) == 0, "all ended by themselves"
    sent = job.sent()
    assert sent["Enable-MailUser"] == sent["Set-MailUser"] >= 1
    assert job.notes("half-made/*.json") == []
    # The play was cancelled, too, and could not resume the scheduler: the note of the pause is what the next run needs.
    assert job.bench.scheduler_runs() or job.notes("*paused*.json")
    assert_second_run_is_right(job)
    assert job.sent()["Enable-MailUser"] == 2


def test_a_write_that_hangs_beyond_the_grace_is_noted_and_the_pause_is_kept(begin: Callable[..., Job]) -> None:
    # All of them, or the module would make the users whole by another session within the grace.
    job = begin("exchange_server", "Set-MailUser", None)
    job.await_hanging()
    assert cancel(job.process, job.events, 1.0) >= 1, "the module waits for the answer"
    job.bench.faults.clear()
    notes = [path.read_text(encoding="utf-8") for path in job.bench.offboarding_directory.glob("half-made/*.json")]
    assert notes
    assert {json.loads(note)["identity"] for note in notes} <= {pair.identity for pair in job.pairs}
    assert not job.bench.scheduler_runs(), "no cycle exports a half-made user"
    assert job.notes("*paused*.json")
    assert_second_run_is_right(job)
    assert job.sent()["Enable-MailUser"] == 2
