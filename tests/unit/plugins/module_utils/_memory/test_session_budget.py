# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sessions of an account, shared by tasks on one machine and on others."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.session_budget import (
    PATIENCE,
    SECONDS,
    SessionBudget,
)

from tests.unit.plugins.module_utils.fakes import Time
from tests.unit.plugins.module_utils.machines import Clock, Machine


class Account:
    """An account whose shares are written down in one place."""

    def __init__(self, directory: Path, limit: int = 18) -> None:
        self.clock, self.limit = Clock(), limit
        self.path = str(directory / "sessions.json")
        self.machine = Machine(directory / "machine")
        self.time = Time()

    def task(
        self, pid: int, machine: Machine | None = None, sleep: Callable[[float], bool | None] | None = None
    ) -> SessionBudget:
        machine = machine or self.machine
        machine.run(pid, 1, "/usr/bin/python3\0module.py\0")
        owner = replace(machine.playbook(pid * 10), pid=pid, started=str(pid))
        memory = FileMemory(self.clock)
        return SessionBudget(memory, self.path, self.limit, machine.processes, sleep or self.time.sleep, owner)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


def test_what_is_left_is_shared_and_given_back(account: Account) -> None:
    tasks = [account.task(pid) for pid in range(2, 7)]
    assert [task.sessions(4) for task in tasks] == [4, 4, 4, 4, 2]
    # Asked again, a task is told the same.
    assert [task.sessions(10) for task in tasks] == [4, 4, 4, 4, 2]
    tasks[0].give_back()
    late = account.task(9)
    assert late.sessions(10) == 4
    for task in (*tasks, late):
        task.give_back()
    fresh = account.task(12)
    assert fresh.sessions(18) == 18
    fresh.give_back()


def test_with_nothing_left_a_task_waits_until_another_ends(account: Account) -> None:
    first = account.task(2)
    assert first.sessions(18) == 18
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            first.give_back()

    second = account.task(3, sleep=sleep)
    assert (second.sessions(4), len(waited)) == (4, 3)
    second.give_back()


def test_a_wait_without_end_is_a_sentence(account: Account) -> None:
    first = account.task(2)
    first.sessions(18)
    with pytest.raises(HybridError) as refused:
        account.task(3).sessions(4)
    assert refused.value.code == "sessions_in_use"
    assert refused.value.retryable
    assert account.time.now == pytest.approx(PATIENCE)
    first.give_back()


def test_a_task_that_is_to_end_waits_no_longer(account: Account) -> None:
    first = account.task(2)
    first.sessions(18)
    waited: list[float] = []

    def cut_short(seconds: float) -> bool:
        waited.append(seconds)
        return True

    with pytest.raises(HybridError) as refused:
        account.task(3, sleep=cut_short).sessions(4)
    assert (refused.value.code, len(waited)) == ("sessions_in_use", 1)
    first.give_back()


def test_the_share_of_a_killed_task_is_free_on_its_machine_before_any_time_has_passed(account: Account) -> None:
    assert account.task(2).sessions(18) == 18
    account.machine.kill(2)
    here = account.task(4)
    assert (here.sessions(18), account.time.slept) == (18, [])
    here.give_back()


def test_the_share_of_a_killed_task_is_free_at_once_here_and_after_a_while_elsewhere(
    account: Account, tmp_path: Path
) -> None:
    killed = account.task(2)
    assert killed.sessions(18) == 18
    account.machine.kill(2)
    elsewhere = Machine(tmp_path / "elsewhere", "boot-2")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        account.clock.advance(seconds)

    there = account.task(3, elsewhere, sleep)
    assert there.sessions(4) == 4
    assert SECONDS <= sum(waited) <= SECONDS + 10
    here = account.task(4)
    assert here.sessions(18) == 14
    for task in (here, there):
        task.give_back()


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '[{"id": 1}]', '"x"', "[" * 99999])
def test_what_no_task_has_written_takes_nothing(account: Account, text: str) -> None:
    Path(account.path).write_text(text, encoding="utf-8")
    task = account.task(2)
    assert task.sessions(18) == 18
    task.give_back()


def test_a_memory_that_fails_divides_nothing(account: Account) -> None:
    Path(account.path).mkdir()
    task = account.task(2)
    assert task.sessions(4) == 4
    task.give_back()


def test_tasks_that_ask_at_once_never_have_more_than_there_is(account: Account) -> None:
    tasks: list[Any] = [account.task(pid) for pid in range(2, 12)]
    together, had = threading.Barrier(len(tasks)), []

    def ask(task: SessionBudget) -> None:
        together.wait()
        had.append(task._take(4))

    threads = [threading.Thread(target=ask, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(had, reverse=True) == [4, 4, 4, 4, 2, 0, 0, 0, 0, 0]


def test_a_share_is_renewed_while_its_task_works(account: Account, tmp_path: Path) -> None:
    elsewhere = Machine(tmp_path / "elsewhere", "boot-2")
    task = account.task(2)
    task.sessions(18)
    account.clock.advance(SECONDS - 1)
    task._renew()
    account.clock.advance(SECONDS - 1)
    assert account.task(3, elsewhere)._take(4) == 0
    assert account.clock.now > datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.timezone.utc)
    task.give_back()
