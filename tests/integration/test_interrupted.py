# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killing the playbook between any two tasks, and running it again, ends as an undisturbed run does.

A kill leaves behind what has been written: the lab's directories and the files of offboarding_directory. Two moments
with the same of both are one to the run that comes after, so each such moment is tried once and judged for both.
"""

from __future__ import annotations

import datetime
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from lab.model.builder import Pair, Person
from tests import extent
from tests.integration.conftest import BenchMaker
from tests.integration.harness import Bench, Known, Run, assert_home, records, remember

TASKS = 33  # of the role; test_every_task_is_a_moment_to_be_killed_at says when there are more
AT_ONCE = 3
EXTRA = ("smtp:sales@contoso.com", "SIP:sales.desk@contoso.com")


def people(bench: Bench) -> list[Pair]:
    """Add one mailbox of each beginning; the cloud-only one lacks its routing address and is a shared one."""
    return [
        bench.build.cloud_only(Person("Sales Desk", kind="SharedMailbox", extra=EXTRA, routing_address=False)),
        bench.build.synced(Person("Nils Novak", extra=("smtp:nils@contoso.com",))),
        bench.build.remote_mailbox("Rosa Romero"),
    ]


def offboard(bench: Bench, pairs: list[Pair], kill_at: int = 0) -> Run:
    wave = records(pairs, add_routing_address=True)
    return bench.offboard(offboarding_mailboxes=wave, kill_at=kill_at)


@dataclass
class Ending:
    """What a killed run and the one after it came to."""

    killed: Run
    again: Run
    settled: dict[str, Any]
    scheduler_runs: bool
    pause_left: bool
    moves: int
    pairs: list[Pair]
    before: list[Known]


@dataclass
class Undisturbed:
    """How it goes when nobody interferes: ``moments`` are what stands outside when each task begins, by number."""

    run: Run
    settled: dict[str, Any]
    moments: dict[int, tuple[int, str]]


@pytest.fixture(scope="module")
def undisturbed(make_bench: BenchMaker) -> Undisturbed:
    with make_bench() as bench:
        run = offboard(bench, people(bench))
        assert run.succeeded, run.output
        times = [datetime.datetime.fromisoformat(entry["time"]).timestamp() for entry in bench.log.writes()]
        moments = {start.number: (sum(time < start.time for time in times), start.files) for start in run.starts}
        return Undisturbed(run, bench.settled(), moments)


def killed_and_run_again(make_bench: BenchMaker, number: int) -> Ending:
    with make_bench() as bench:
        pairs = people(bench)
        before = [remember(pair) for pair in pairs]
        killed = offboard(bench, pairs, kill_at=number)
        again = offboard(bench, pairs)
        return Ending(
            killed,
            again,
            bench.settled(),
            bench.scheduler_runs(),
            list(bench.offboarding_directory.glob("directory-sync-paused*")) != [],
            bench.writes().count("New-MoveRequest"),
            pairs,
            before,
        )


@pytest.fixture(scope="module")
def endings(make_bench: BenchMaker, undisturbed: Undisturbed) -> dict[int, Ending]:
    """Return the endings by the number of the task: of all moments that differ, or of a fixed part of them."""
    first = {moment: number for number, moment in reversed(undisturbed.moments.items())}
    numbers = extent.of(sorted(first.values()), "killed", 0.25)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tried = pool.map(lambda number: killed_and_run_again(make_bench, number), numbers)
        return dict(zip(numbers, tried, strict=True))


def test_every_task_is_a_moment_to_be_killed_at(undisturbed: Undisturbed) -> None:
    assert list(undisturbed.moments) == list(range(1, TASKS + 1))
    # Every phase that leaves something behind, in an organization or in the directory, is a moment of its own.
    assert len(set(undisturbed.moments.values())) >= 8, "the moments are told apart"


def test_a_run_killed_as_a_task_begins_is_made_good_by_the_next(
    undisturbed: Undisturbed, endings: dict[int, Ending]
) -> None:
    """``make long`` tries all the moments that differ."""
    assert len(endings) >= 3
    for number, ending in endings.items():
        assert ending.killed.returncode == -signal.SIGKILL
        assert len(ending.killed.starts) == number
        made_good(ending, undisturbed)


def made_good(ending: Ending, undisturbed: Undisturbed) -> None:
    assert ending.again.succeeded, ending.killed.output + ending.again.output
    assert ending.again.summary["failures"] == []
    for pair, before in zip(ending.pairs, ending.before, strict=True):
        assert_home(pair, before)
    assert ending.settled == undisturbed.settled
    assert ending.scheduler_runs
    assert not ending.pause_left
    assert ending.moves == 3


def test_a_pause_that_a_killed_run_of_another_wave_left_is_ended(make_bench: BenchMaker) -> None:
    with make_bench() as bench:
        bench.hybrid.sync.sync_cycle_enabled = False
        bench.offboarding_directory.mkdir()
        note = bench.offboarding_directory / "directory-sync-paused.wave_009.json"
        note.write_text(json.dumps({"holder": "wave_009", "paused_at": "2026-01-01T00:00:00Z"}), encoding="utf-8")
        pair = bench.build.synced(Person("Nils Novak"))
        run = bench.offboard("--tags", "prepare", offboarding_mailboxes=records([pair]))
        assert run.succeeded, run.output
        assert "End a pause that a killed run left behind" in run.changed
        assert bench.scheduler_runs()
        assert not note.exists()
