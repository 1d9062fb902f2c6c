# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leases and shares of sessions in the database: of many that ask at once, from as many machines, each has its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import Holder, Leases
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.session_budget import SessionBudget

from tests.unit.plugins.module_utils.machines import Machine

if TYPE_CHECKING:
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory

MANY = 6


def at_once(works: list[Callable[[], None]]) -> None:
    together = threading.Barrier(len(works))

    def begin(work: Callable[[], None]) -> None:
        together.wait()
        work()

    threads = [threading.Thread(target=begin, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_of_many_machines_has_the_wave_until_it_gives_it_back(
    make: Callable[..., PostgreSQLMemory], root: str, tmp_path: Path
) -> None:
    machines = [Machine(tmp_path / f"pod{number}", "boot", f"pid:[{number}]") for number in range(MANY)]
    holders = [Holder(f"run-{number}", machine.playbook(100)) for number, machine in enumerate(machines)]
    leases = [Leases(make(), machine.processes) for machine in machines]
    path, had = f"{root}/wave.json.lease", dict.fromkeys(range(MANY), "")

    def ask(number: int) -> None:
        other = leases[number].take(path, holders[number])
        had[number] = other.holder.run if other else "mine"

    at_once([lambda number=number: ask(number) for number in range(MANY)])
    (owner,) = [number for number, told in had.items() if told == "mine"]
    assert {told for number, told in had.items() if number != owner} == {f"run-{owner}"}
    after = (owner + 1) % MANY
    assert not leases[after].give_back(path, holders[after])
    assert leases[owner].renew(path, holders[owner])
    assert leases[owner].give_back(path, holders[owner])
    assert leases[after].take(path, holders[after]) is None
    # One that was killed in its own pod is seen there at once.
    machines[after].kill(100)
    assert leases[after].take(path, Holder("run-next", machines[after].playbook(500))) is None


def test_the_sessions_of_an_account_are_shared_through_the_database(
    make: Callable[..., PostgreSQLMemory], root: str
) -> None:
    path = f"{root}/sessions-1.json"
    budgets = [SessionBudget(make(), path, 18) for _number in range(MANY)]
    had: list[int] = []
    at_once([lambda budget=budget: had.append(budget._take(4)) for budget in budgets])
    assert sorted(had, reverse=True) == [4, 4, 4, 4, 2, 0]
