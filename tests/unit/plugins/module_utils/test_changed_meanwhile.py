# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody else writes while a run is at work: at each of its calls in turn, an administrator changes the same users.

What an administrator added stays, wherever that falls. A GUID that appears is not written over unless it appears
between the last look and the write itself, which no client can help: Exchange has no compare-and-set.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet

from lab.model import addresses
from lab.model.builder import Person
from tests.unit.plugins.module_utils.lab_in_process import InProcess
from tests.unit.plugins.module_utils.procedure_in_process import PHASES, Procedure

OTHER = uuid.UUID("11111111-2222-3333-4444-555555555555")
BY_HAND = "smtp:by.hand@fabrikam.com"


class Calls(list[tuple[str, Cmdlet]]):
    """The calls of a run; right before one of them, somebody else does something."""

    def __init__(self, at: int, meddle: Callable[[], None]) -> None:
        super().__init__()
        self.at, self.meddle = at, meddle

    def append(self, call: tuple[str, Cmdlet]) -> None:
        if len(self) == self.at:
            self.meddle()
        super().append(call)


def half_done(directory: Path) -> Procedure:
    """Return a wave of two synchronized mail users without GUIDs that lack an alias, after its first look."""
    procedure = Procedure(str(directory), InProcess())
    people = [Person(name, extra=(f"smtp:{name.split()[0]}@fabrikam.com",)) for name in ("Ann Archer", "Bob Baker")]
    procedure.pairs = [procedure.build.synced(person) for person in people]
    procedure.run(())
    for pair in procedure.pairs:
        procedure.build.mail_enable(pair)
        kept = [a for a in pair.directory.email_addresses if not a.endswith("@fabrikam.com")]
        procedure.build.set_directory(pair, email_addresses=kept)
    return procedure


def prepared(procedure: Procedure, at: int, meddle: Callable[[], None]) -> Calls:
    """Prepare the wave with somebody else at the call ``at`` of that phase."""
    procedure.run(())
    assert procedure.refused == {}
    procedure.lab.calls = calls = Calls(at, meddle)
    procedure.phase = "prepare"
    procedure._prepare()
    return calls


def place_of_write(calls: Calls) -> int:
    return next(place for place, (_system, cmdlet) in enumerate(calls) if cmdlet.name == "Set-MailUser")


def test_an_address_that_an_administrator_adds_stays_wherever_it_falls(tmp_path: Path) -> None:
    at, count = 0, 1
    while at < count:
        procedure = half_done(tmp_path / str(at))
        ann, bob = procedure.pairs

        def add(procedure: Procedure = procedure, pair: Any = ann) -> None:
            held = [*pair.directory.email_addresses, BY_HAND]
            procedure.build.set_directory(pair, email_addresses=held)

        count = len(prepared(procedure, at, add))
        assert addresses.contains(ann.directory.email_addresses, BY_HAND), f"at call {at}"
        assert addresses.contains(ann.directory.email_addresses, "smtp:Ann@fabrikam.com"), f"at call {at}"
        assert procedure.refused == {}, f"at call {at}"
        assert bob.directory.exchange_guid == bob.cloud.exchange_guid
        at += 1
    assert count > 8


def test_a_guid_that_appears_is_not_written_over(tmp_path: Path) -> None:
    at, write = 0, 1
    while at < write:
        procedure = half_done(tmp_path / str(at))
        ann, bob = procedure.pairs

        def stamp(procedure: Procedure = procedure, pair: Any = ann) -> None:
            procedure.build.set_directory(pair, exchange_guid=OTHER)

        calls = prepared(procedure, at, stamp)
        write = place_of_write(calls)
        refusal = procedure.refused.get(ann.identity)
        if at < write:
            assert ann.directory.exchange_guid == OTHER, f"at call {at}"
            assert refusal is not None
            assert refusal.error.code == "guid_conflict"
        # The other mailbox of the wave is none the worse for it.
        assert bob.directory.exchange_guid == bob.cloud.exchange_guid
        at += 1
    assert write > 4


def test_a_guid_that_appears_is_not_written_over_with_force_either(tmp_path: Path) -> None:
    procedure = half_done(tmp_path)
    ann, bob = procedure.pairs
    calls = prepared(half_done(tmp_path / "counted"), -1, lambda: None)
    procedure.wave = [{**record, "force": True} for record in procedure.given()]
    prepared(procedure, place_of_write(calls) - 1, lambda: procedure.build.set_directory(ann, exchange_guid=OTHER))
    assert ann.directory.exchange_guid == OTHER
    error = procedure.refused[ann.identity].error
    assert (error.code, error.retryable) == ("changed_meanwhile", True)
    assert str(OTHER) in error.message
    assert bob.directory.exchange_guid == bob.cloud.exchange_guid


@pytest.mark.parametrize("accepted", [False, True])
def test_a_hold_that_is_set_after_the_check_stops_the_move_alone(tmp_path: Path, accepted: bool) -> None:
    procedure = half_done(tmp_path)
    ann, bob = procedure.pairs
    if accepted:
        # What was accepted when the mailbox was judged is no news.
        procedure.build.set_cloud(ann, litigation_hold=True)
        procedure.state = {"accept": frozenset(["baseline_differs", "litigation_hold"])}
    procedure.run(PHASES[:2])
    procedure.lab.hybrid.run_scheduled_cycle()
    procedure.phase = "match"
    procedure._match()
    procedure.build.set_cloud(ann, litigation_hold=True)
    procedure.phase = "move"
    procedure._move()
    moved = [request.mailbox.guid for request in procedure.lab.hybrid.replication.requests.values()]
    assert moved == ([ann.cloud.guid] if accepted else []) + [bob.cloud.guid]
    if not accepted:
        error = procedure.refused[ann.identity].error
        assert (error.code, "No move was submitted" in error.message) == ("litigation_hold", True)
