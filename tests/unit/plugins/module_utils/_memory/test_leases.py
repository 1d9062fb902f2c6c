# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leases and owners: on a memory with a clock of its own, among processes that a made-up /proc tells of."""

from __future__ import annotations

import datetime
import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import (
    SECONDS,
    Holder,
    Kept,
    Lease,
    Leases,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes

from tests.unit.plugins.module_utils.machines import NOW, PLAYBOOK, Clock, Machine


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "proc")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "wave.json.lease")


# -- owners ------------------------------------------------------------------------------------------------------------


def test_the_owner_is_the_ansible_playbook_whose_worker_started_the_module(machine: Machine) -> None:
    owner = machine.playbook(100)
    assert (owner.pid, owner.started, owner.place) == (100, "100", "boot-1/pid:[1]")
    assert owner.known


@pytest.mark.parametrize("line", ["sudo\0-n\0python3 x\0", "/bin/bash\0", "/usr/bin/python3\0async_wrapper.py\0x\0"])
def test_what_forks_beside_ansible_is_no_owner(machine: Machine, line: str) -> None:
    machine.playbook(100)
    for pid, parent in ((200, 104), (201, 200), (202, 201)):
        machine.run(pid, parent, line if pid < 202 else "/usr/bin/python3\0module.py\0")
    assert machine.processes.owner_of(202).pid == 100


def test_a_module_without_a_playbook_has_no_owner(machine: Machine) -> None:
    machine.run(5, 1, "/usr/bin/python3\0module.py\0")
    assert not machine.processes.owner_of(5).known
    # And one whose playbook was gone before it could look.
    machine.playbook(100)
    machine.kill(100)
    machine.run(101, 1, PLAYBOOK)
    assert not machine.processes.owner_of(104).known


def test_a_process_is_gone_once_its_number_is_another_ones(machine: Machine) -> None:
    owner = machine.playbook(100)
    assert machine.processes.is_gone(owner) is False
    machine.run(100, 1, PLAYBOOK, started=9999)
    assert machine.processes.is_gone(owner) is True
    machine.run(100, 1, PLAYBOOK, started=100, state="Z")
    assert machine.processes.is_gone(owner) is True
    machine.kill(100)
    assert machine.processes.is_gone(owner) is True


def test_of_another_machine_or_container_nobody_knows_from_here(machine: Machine, tmp_path: Path) -> None:
    owner = machine.playbook(100)
    for number, names in enumerate((("boot-2", "pid:[1]"), ("boot-1", "pid:[2]"))):
        assert Machine(tmp_path / f"other{number}", *names).processes.is_gone(owner) is None
    assert Processes(str(tmp_path / "none")).is_gone(owner) is None
    assert Processes(str(tmp_path / "none")).owner_of(104) == Owner(owner.host)


def test_this_very_process_is_there() -> None:
    processes = Processes()
    with open(f"/proc/{os.getpid()}/stat", encoding="ascii") as stream:
        started = stream.read().rpartition(")")[2].split()[19]
    assert processes.is_gone(Owner("here", processes.place, os.getpid(), started)) is False
    assert processes.is_gone(Owner("here", processes.place, os.getpid(), "1")) is True


# -- leases ------------------------------------------------------------------------------------------------------------


def leases(machine: Machine, clock: Callable[[], datetime.datetime]) -> Leases:
    return Leases(FileMemory(clock), machine.processes)


def test_a_lease_is_one_runs_and_told_to_others(machine: Machine, clock: Clock, path: str) -> None:
    one, other = Holder("run-1", machine.playbook(100), {"source": "a.csv"}), Holder("run-2", machine.playbook(200))
    kept = leases(machine, clock)
    assert kept.take(path, one) is None
    clock.advance(60)
    found = kept.take(path, other)
    assert found is not None
    assert found.told() == f"run run-1 (process 100 on {one.owner.host}, since 2026-11-30T12:00:00Z)"
    assert found.holder.about == {"source": "a.csv"}
    # The owner has it still, takes it again, and gives it back; nobody else can.
    assert kept.take(path, one) is None
    assert (kept.give_back(path, other), kept.give_back(path, one), kept.give_back(path, one)) == (False, True, False)
    assert kept.take(path, other) is None


def test_seen_from_its_machine_a_lease_ends_with_its_owner_and_not_before(
    machine: Machine, clock: Clock, path: str
) -> None:
    one, other = Holder("run-1", machine.playbook(100)), Holder("run-2", machine.playbook(200))
    kept = leases(machine, clock)
    kept.take(path, one)
    clock.advance(100 * SECONDS)
    assert kept.take(path, other) is not None
    machine.kill(100)
    assert kept.take(path, other) is None


def test_seen_from_elsewhere_a_lease_ends_by_time(machine: Machine, clock: Clock, path: str, tmp_path: Path) -> None:
    elsewhere = Machine(tmp_path / "elsewhere", "boot-2")
    one, other = Holder("run-1", machine.playbook(100)), Holder("run-2", elsewhere.playbook(100))
    here, there = leases(machine, clock), leases(elsewhere, clock)
    here.take(path, one)
    machine.kill(100)
    clock.advance(SECONDS - 1)
    assert there.take(path, other) is not None
    assert here.renew(path, one)
    clock.advance(SECONDS - 1)
    assert there.take(path, other) is not None
    clock.advance(2)
    assert there.take(path, other) is None
    assert not here.renew(path, one)
    assert not here.give_back(path, one)


def test_a_time_from_another_clock_holds_nobody_up(machine: Machine, clock: Clock, path: str, tmp_path: Path) -> None:
    one = Holder("run-1", machine.playbook(100))
    leases(machine, lambda: NOW + datetime.timedelta(days=400)).take(path, one)
    elsewhere = Machine(tmp_path / "elsewhere", "boot-2")
    assert leases(elsewhere, clock).take(path, Holder("run-2", elsewhere.playbook(7))) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"run": 1}', '{"run": "a", "host": "h", "place": "p", "pid": "x"}', "[" * 99999]
)
def test_what_no_run_has_written_holds_nobody_up(machine: Machine, clock: Clock, path: str, text: str) -> None:
    Path(path).write_text(text, encoding="utf-8")
    assert leases(machine, clock).take(path, Holder("run-1", machine.playbook(100))) is None
    assert json.loads(Path(path).read_text(encoding="utf-8"))["run"] == "run-1"


def test_a_name_counts_only_where_no_process_is_known(machine: Machine) -> None:
    one, other = machine.playbook(100), machine.playbook(200)
    unknown = Owner("host")
    assert Holder("job 7", one).is_same(Holder("another", one))
    assert not Holder("job 7", one).is_same(Holder("job 7", other))
    assert Holder("job 7", one).is_same(Holder("job 7", unknown))
    assert not Holder("job 7", unknown).is_same(Holder("job 8", unknown))
    assert not Holder("", unknown).is_same(Holder("", unknown))


def test_of_many_that_ask_at_once_one_has_it(machine: Machine, path: str) -> None:
    holders = [Holder(f"run-{number}", machine.playbook(number * 100)) for number in range(1, 9)]
    together, found = threading.Barrier(len(holders)), []

    def ask(holder: Holder) -> None:
        kept = Leases(FileMemory(), machine.processes)
        together.wait()
        found.append((holder.run, kept.take(path, holder)))

    threads = [threading.Thread(target=ask, args=(holder,)) for holder in holders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    had = [run for run, other in found if other is None]
    assert len(had) == 1
    assert {other.holder.run for _run, other in found if other is not None} == set(had)


def test_what_is_kept_is_renewed_and_lost_once_it_is_anothers(machine: Machine, clock: Clock, path: str) -> None:
    holder = Holder("run-1", machine.playbook(100))
    memory = FileMemory(clock)
    kept_leases = Leases(memory, machine.processes)
    kept_leases.take(path, holder)
    clock.advance(10)
    with Kept(lambda: kept_leases.renew(path, holder)) as kept:
        kept.renew()
        lease = kept_leases.read(path)
        assert lease is not None
        assert (lease.since, lease.until) == ("2026-11-30T12:00:00Z", "2026-11-30T12:15:10Z")
        assert not kept.lost
        other = replace(lease, holder=Holder("run-2", machine.playbook(200)))
        memory.write(path, json.dumps(Lease.as_document(other)))
        kept.renew()
        assert kept.lost


def test_a_memory_that_fails_for_a_moment_takes_nothing_away(machine: Machine, clock: Clock, path: str) -> None:
    holder, seconds = Holder("run-1", machine.playbook(100)), [0.0]
    kept_leases = leases(machine, clock)
    kept_leases.take(path, holder)
    with Kept(lambda: kept_leases.renew(path, holder), clock=lambda: seconds[0]) as kept:
        os.unlink(path)
        os.mkdir(path)
        seconds[0] = SECONDS - 1
        kept.renew()
        assert not kept.lost
        seconds[0] = SECONDS
        kept.renew()
        assert kept.lost
