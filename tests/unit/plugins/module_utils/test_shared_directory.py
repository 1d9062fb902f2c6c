# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that share a directory do not end each other's pause of directory synchronization over half-made users.

While one wave is prepared, another one is brought home or rolled back, or resume_sync is run; the scheduler has its
chance after each write. Wherever that falls, no cloud mailbox loses an address, and a second run makes the wave whole.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.roll_back import (
    RollbackOptions,
    roll_back,
)

from lab.model import addresses
from lab.model.builder import Person
from tests.unit.plugins.module_utils.fakes import on_disk
from tests.unit.plugins.module_utils.lab_in_process import InProcess
from tests.unit.plugins.module_utils.procedure_in_process import PHASES, Procedure

WRITES = 4  # of the first wave: two for each of its users
NAMES = (("Ann Archer", "Bob Baker"), ("Cleo Clark", "Dan Drake"))


class Other(Procedure):
    """Another run with the same directory, and what people do beside a run."""

    def resume_sync(self) -> None:
        """Do what the playbook resume_sync does, which names no holder."""
        beside = Procedure(self.directory, self.lab)
        beside.mend()
        beside.resume()

    def another_wave(self) -> None:
        self.run(PHASES)

    def end_of_its_pause(self) -> None:
        self.resume()

    def rollback(self) -> None:
        """Do what the role's rollback does with a wave that was prepared before."""
        self.paused()
        try:
            options = RollbackOptions(on_disk(self.directory), clock_tolerance=0)
            with self.lab.connect() as connections:
                roll_back(connections, self.given(), options, sleep=self.lab.sleep)
        finally:
            self.resume()


@dataclass
class Pair:
    """Two waves of a directory: the first is attacked by what the second does."""

    first: Procedure
    second: Other
    before: list[list[str]]
    missed: list[str] = field(default_factory=list)

    def cycle(self) -> None:
        """Give the scheduler its chance, and remember what a cloud mailbox is without even for a moment."""
        self.first.cycles()
        self.missed += self.lost()

    def lost(self) -> list[str]:
        pairs = [*self.first.pairs, *self.second.pairs]
        return [
            address
            for pair, held in zip(pairs, self.before, strict=True)
            for address in held
            if not addresses.contains(pair.cloud.email_addresses, address)
        ]

    def attacked(self, attack: Callable[[], None], at: int) -> int:
        """Prepare the first wave, with the attack once it has written so often; return how often it wrote."""
        lab, send, wrote = self.first.lab, self.first.lab.write, 0

        def strike() -> None:
            lab.write = send  # type: ignore[method-assign]
            with contextlib.suppress(HybridError):  # the other run's own
                attack()
            lab.write = write  # type: ignore[method-assign]

        def write(cmdlet: Any, answer: Callable[[], Any]) -> Any:
            nonlocal wrote
            output = send(cmdlet, answer)
            self.cycle()
            if cmdlet.name != "Set-ADSyncScheduler":
                wrote += 1
                if wrote == at:
                    strike()
                    self.cycle()
            return output

        def pause(procedure: Procedure) -> None:
            procedure.paused()
            if at == 0:
                strike()

        lab.write = write  # type: ignore[method-assign]
        self.first.pause = pause
        self.first.run(PHASES[:1])
        self.first.pause = lambda procedure: procedure.paused()
        lab.write = send  # type: ignore[method-assign]
        return wrote


def two_waves(directory: Path, holders: tuple[str, str], attack: str) -> Pair:
    lab = InProcess()
    first = Procedure(str(directory), lab, holder=holders[0])
    second = Other(str(directory), lab, holder=holders[1])
    for procedure, names in zip((first, second), NAMES, strict=True):
        people = [Person(name, extra=(f"smtp:{name.split()[0]}@fabrikam.com",)) for name in names]
        procedure.pairs = [procedure.build.synced(person) for person in people]
    before = [[a for a in p.cloud.email_addresses if a[:5].lower() == "smtp:"] for p in (*first.pairs, *second.pairs)]
    if attack == "rollback":
        second.pause = lambda procedure: procedure.paused()
        second.run(PHASES[:1])
    if attack == "end_of_its_pause":
        second.paused()
    return Pair(first, second, before)


@pytest.mark.parametrize("attack", ["resume_sync", "another_wave", "rollback", "end_of_its_pause"])
@pytest.mark.parametrize("holders", [("a", "b"), ("", ""), ("a", ""), ("", "b")], ids="-".join)
def test_what_is_done_beside_a_run_costs_no_address(tmp_path: Path, holders: tuple[str, str], attack: str) -> None:
    for at in range(WRITES + 1):
        waves = two_waves(tmp_path / str(at), holders, attack)
        wrote = waves.attacked(getattr(waves.second, attack), at)
        # Only before the first write may the run give up: what it began with, it makes whole.
        assert wrote == WRITES or (at == 0 and waves.first.refused[""].error.code == "pause_ended")
        waves.first.cycles()
        assert (waves.missed, waves.lost()) == ([], []), f"{attack} after write {at}"
        waves.first.refused.clear()
        waves.first.run(PHASES)
        waves.first.cycles()
        assert (waves.lost(), waves.first.refused) == ([], {}), f"the second run, after {attack} at write {at}"
        assert all(pair.directory.exchange_guid == pair.cloud.exchange_guid for pair in waves.first.pairs)
