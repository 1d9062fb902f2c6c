# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose wave it is, and when a module has to stop: two runs among the processes of a made-up machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import SECONDS
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.own_run import OwnRun, lease_of

from tests.unit.plugins.module_utils.fakes import FakeOrganization, systems
from tests.unit.plugins.module_utils.machines import Clock, Machine


class Place:
    """A directory that several runs share, and the machine of each."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.directory = directory
        self.machine = Machine(directory / "proc")
        self.wave = str(directory / "wave.json")

    def run(self, name: str, pid: int, machine: Machine | None = None) -> OwnRun:
        machine = machine or self.machine
        return OwnRun(lambda _path: FileMemory(self.clock), name, machine.processes, machine.playbook(pid))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def code_of(error: pytest.ExceptionInfo[HybridError]) -> str:
    return error.value.code


def test_a_wave_is_one_runs_until_it_gives_it_back(place: Place) -> None:
    one, other = place.run("run-1", 100), place.run("run-2", 200)
    one.take(place.wave, "/a.csv", "d")
    with pytest.raises(InputError) as refused:
        other.take(place.wave, "/b.csv", "e")
    assert code_of(refused) == "wave_in_use"
    told = str(refused.value)
    assert "run run-1 (process 100 on " in told
    assert "since 2026-11-30T12:00:00Z), from /a.csv" in told
    # Its own modules may go on, the other's are refused as well.
    with one.kept(place.wave):
        one.refuse_orphaned()
    with pytest.raises(InputError, match="run-1"), other.kept(place.wave):
        raise AssertionError("the wave is another run's")
    assert (one.give_back(place.wave), one.give_back(place.wave)) == (True, False)
    other.take(place.wave, "/b.csv", "e")


def test_one_run_has_one_wave_in_a_place_at_a_time(place: Place) -> None:
    """Two hosts of a play, each with its own CSV: the second would write over the first one's wave."""
    run = place.run("run-1", 100)
    run.take(place.wave, "/a.csv", "d")
    with pytest.raises(InputError) as refused:
        run.take(place.wave, "/b.csv", "e")
    assert code_of(refused) == "wave_in_use"
    run.take(place.wave, "/a.csv", "d")
    run.give_back(place.wave)
    run.take(place.wave, "/b.csv", "e")


def test_a_killed_runs_wave_is_free_at_once_here_and_after_a_while_elsewhere(place: Place, tmp_path: Path) -> None:
    container = Machine(tmp_path / "pod", "boot-1", "pid:[2]")
    place.run("run-1", 100).take(place.wave, "/a.csv", "d")
    there = place.run("run-3", 100, container)
    place.machine.kill(100)
    with pytest.raises(InputError, match="If it was killed, wait until 2026-11-30T12:15:00Z") as refused:
        there.take(place.wave, "/a.csv", "d")
    assert code_of(refused) == "wave_in_use"
    place.run("run-2", 200).take(place.wave, "/a.csv", "d")
    place.clock.advance(SECONDS + 1)
    there.take(place.wave, "/a.csv", "d")


def test_a_module_that_begins_after_its_playbook_was_killed_does_nothing(place: Place) -> None:
    place.run("run-1", 100).take(place.wave, "/a.csv", "d")
    place.machine.kill(100)
    place.machine.run(104, 1, "/usr/bin/python3\0module.py\0")
    processes = place.machine.processes
    orphan = OwnRun(lambda _path: FileMemory(place.clock), "run-1", processes, processes.owner_of(104))
    with pytest.raises(HybridError) as refused, orphan.kept(place.wave):
        raise AssertionError("its run is over")
    assert code_of(refused) == "run_ended"


def test_an_orphan_sends_no_further_write_but_what_undoes_harm(place: Place) -> None:
    run = place.run("run-1", 100)
    server = FakeOrganization("exchange_server")
    server.handlers = {"Set-Thing": lambda _cmdlet: [], "Get-Thing": lambda _cmdlet: []}
    write = Cmdlet("Set-Thing", {"Identity": "a"})
    with Connections({"exchange_server": {}}, systems(server), guard=run.refuse_orphaned) as connections:
        connections.run("exchange_server", write)
        place.machine.kill(100)
        with pytest.raises(HybridError) as refused:
            connections.run("exchange_server", write)
        assert code_of(refused) == "run_ended"
        connections.run("exchange_server", Cmdlet("Get-Thing"))
        connections.run("exchange_server", write, Change("a", regardless=True))
    assert [call.name for call in server.calls] == ["Set-Thing", "Get-Thing", "Set-Thing"]


def test_a_wave_that_was_taken_over_is_written_to_no_more(place: Place, tmp_path: Path) -> None:
    """A run that was asleep for longer than its lease, seen from another machine."""
    container = Machine(tmp_path / "pod", "boot-1", "pid:[2]")
    sleeper = place.run("run-1", 100)
    sleeper.take(place.wave, "/a.csv", "d")
    with sleeper.kept(place.wave):
        place.clock.advance(SECONDS + 1)
        place.run("run-2", 100, container).take(place.wave, "/a.csv", "d")
        assert sleeper._kept is not None
        sleeper._kept.renew()
        with pytest.raises(HybridError) as refused:
            sleeper.refuse_orphaned()
        assert code_of(refused) == "wave_lost"


def test_records_of_another_run_are_refused_and_plain_ones_are_not(place: Place) -> None:
    run = place.run("run-1", 100)
    run.refuse_others([{"identity": "ann@contoso.com"}, {"identity": "bob@contoso.com", "run": "run-1"}])
    for mine in (run, place.run("", 200)):
        with pytest.raises(InputError) as refused:
            mine.refuse_others([{"identity": "ann@contoso.com", "run": "run-0"}])
        assert code_of(refused) == "wave_of_another_run"
        assert "ann@contoso.com" in str(refused.value)
        assert "run-0" in str(refused.value)


def test_a_wave_that_no_run_has_taken_is_anybodys(place: Place) -> None:
    with place.run("", 100).kept(place.wave):
        pass
    assert not Path(lease_of(place.wave)).exists()
