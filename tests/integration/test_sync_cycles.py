# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scheduled cycle between any two writes, with nobody pausing the scheduler, changes nothing about the end.

Each run meets two cycles, half an undisturbed run's writes apart: that tries every place in half as many runs.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from lab.model.builder import Pair, Person
from tests import extent
from tests.integration.conftest import BenchMaker
from tests.integration.harness import Bench, Known, Run, assert_home, records, remember

pytestmark = pytest.mark.walked

AT_ONCE = 3
EXTRA = ("smtp:sales@contoso.com", "SIP:sales.desk@contoso.com")
# Every write of an undisturbed run: organization, cmdlet, and which of its calls.
WRITES = [
    ("exchange_online", "Set-Mailbox", 0),
    ("exchange_server", "Enable-MailUser", 0),
    ("exchange_server", "Enable-MailUser", 1),
    ("exchange_server", "Set-MailUser", 0),
    ("exchange_server", "Set-MailUser", 1),
    ("exchange_server", "Set-RemoteMailbox", 0),
    ("entra_connect", "Start-ADSyncSyncCycle", 0),
    ("exchange_online", "New-MoveRequest", 0),
    ("exchange_online", "New-MoveRequest", 1),
    ("exchange_online", "New-MoveRequest", 2),
    ("exchange_server", "Set-Mailbox", 0),
    ("entra_connect", "Start-ADSyncSyncCycle", 1),
]
HALF = (len(WRITES) + 1) // 2
# A cycle comes after the write at each of these places and after the one that is HALF later, in one run.
PLACES = extent.of(range(HALF), "cycles", 0.5)
Write = tuple[str, str, int]
UNPROTECTED: dict[str, Any] = {"offboarding_pause_sync": False, "offboarding_accept": ["unprotected_sync"]}


@dataclass
class Ending:
    runs: list[Run]
    cycles_came: bool
    settled: dict[str, Any]
    writes: list[tuple[str, str]]
    pairs: list[Pair]
    before: list[Known]


def wave(bench: Bench) -> list[Pair]:
    return [
        bench.build.cloud_only(Person("Sales Desk", kind="SharedMailbox", extra=EXTRA, routing_address=False)),
        bench.build.synced(Person("Nils Novak", extra=("smtp:nils@contoso.com",))),
        bench.build.remote_mailbox("Rosa Romero"),
    ]


def disturbed(make_bench: BenchMaker, cycles_after: list[Write]) -> Ending:
    """Bring a wave home with a cycle right after some writes; run again where the first run did not come to the end."""
    with make_bench() as bench:
        # One session: the writes come one after the other, so there is a between.
        bench.environment["EXCHANGE_SERVER_SESSIONS"] = "1"
        pairs = wave(bench)
        before = [remember(pair) for pair in pairs]
        for organization, cmdlet, number in cycles_after:
            bench.faults.add(organization, cmdlet, "sync_cycle", after=number, when="after")
        runs: list[Run] = []
        while not runs or (not runs[-1].succeeded and len(runs) < 2):
            mailboxes = records(pairs, add_routing_address=True)
            runs.append(bench.offboard(offboarding_mailboxes=mailboxes, **UNPROTECTED))
        writes = [(entry["organization"], entry["cmdlet"]) for entry in bench.log.writes()]
        return Ending(runs, bench.faults.armed() == [], bench.settled(), writes, pairs, before)


@pytest.fixture(scope="module")
def endings(make_bench: BenchMaker) -> dict[int, Ending]:
    """Return the ending for cycles after two writes, by the first one's place in WRITES; -1 is the undisturbed run."""
    cases: list[list[Write]] = [[], *([*WRITES[place::HALF]] for place in PLACES)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        undisturbed, *rest = pool.map(lambda case: disturbed(make_bench, case), cases)
    return {-1: undisturbed, **dict(zip(PLACES, rest, strict=True))}


def test_these_are_all_the_writes_of_a_run(endings: dict[int, Ending]) -> None:
    undisturbed = endings[-1]
    assert undisturbed.runs[-1].succeeded, undisturbed.runs[-1].output
    assert sorted(undisturbed.writes) == sorted((organization, cmdlet) for organization, cmdlet, _number in WRITES)


@pytest.mark.parametrize("place", PLACES, ids=[WRITES[place][1] for place in PLACES])
def test_a_scheduled_cycle_after_a_write_does_no_harm(place: int, endings: dict[int, Ending]) -> None:
    ending = endings[place]
    assert ending.runs[-1].succeeded, ending.runs[-1].output
    assert ending.cycles_came
    for pair, before in zip(ending.pairs, ending.before, strict=True):
        assert_home(pair, before)
    assert ending.settled == endings[-1].settled
    assert ending.writes.count(("exchange_online", "New-MoveRequest")) == 3
