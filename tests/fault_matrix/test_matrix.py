# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which strikes share a world, where kills fall, and that no strike goes without a verdict."""

from __future__ import annotations

import argparse
import json
import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.fault_matrix import matrix, processes
from tests.fault_matrix.cases import Case, Strike
from tests.fault_matrix.role import ROOT

REQUESTS = [["exchange_server", f"Receive {name}"] for name in ("Get-User", "Set-MailUser", *["Get-Mailbox"] * 50)]
HEARD = {("winrm", ""): {"requests": REQUESTS, "calls": [], "kept": None, "snapshot": {}}}


def fault(number: int, place: str, stop: str = "", what: str = "fault") -> Case:
    return Case(what, "winrm", (Strike(("request", "exchange_server", place, number), place, "500"),), stop, number)


def test_strikes_share_a_world_with_those_of_the_same_beginning_at_other_places() -> None:
    found = [fault(number, f"place {number % 3}", stop) for number in range(30) for stop in ("", "after a whole run")]
    found += [fault(number, "place", what="pair") for number in range(3)]
    cases = list(matrix.together(found, 4, seed=1))
    assert len(cases) < len(found) * 2 / 3
    told = Counter((case.stop, case.what, strike.target) for case in cases for strike in case.strikes)
    assert told == Counter((case.stop, case.what, case.strikes[0].target) for case in found)
    for case in cases:
        places = [strike.place for strike in case.strikes]
        assert len(set(places)) == len(places) <= (1 if case.what == "pair" else 4)


def test_kills_fall_on_each_purpose_alike_and_every_second_time_on_a_write() -> None:
    fallen = Counter(case.strikes[0].place for case in matrix.kills(HEARD, 400, seed=5))
    assert set(fallen) == {"exchange_server Receive Get-User", "exchange_server Receive Set-MailUser",
                           "exchange_server Receive Get-Mailbox"}  # fmt: skip
    assert 200 < fallen["exchange_server Receive Set-MailUser"] < 340
    assert fallen["exchange_server Receive Get-User"] > 30, "one request in fifty, and one purpose in three"


def test_every_tenth_kill_falls_between_the_two_writes_of_a_user() -> None:
    requests = [["exchange_server", "Command Set-MailUser"], *REQUESTS]
    heard = {("winrm", ""): {**HEARD["winrm", ""], "requests": requests}}
    strikes = [case.strikes[0] for case in matrix.kills(heard, 100, seed=5)]
    fallen = [(strike.place, strike.kind, strike.signal, strike.whom) for strike in strikes]
    assert fallen.count(("exchange_server Command Set-MailUser", "before", "SIGKILL", "module")) >= 10


def test_a_strike_counts_the_requests_of_its_own_purpose() -> None:
    """How many others come before differs from run to run: counted among all, a strike would hit some other request."""
    found = [*matrix.faults("winrm", "", HEARD["winrm", ""], seed=5), *matrix.kills(HEARD, 50, seed=5)]
    targets = [case.strikes[0].target for case in found if case.strikes[0].target[0] == "request"]
    count = Counter(map(tuple, REQUESTS))
    assert {target[1:3] for target in targets} == set(count)
    assert all(0 <= number < count[server, purpose] for _request, server, purpose, number in targets)
    assert max(number for _request, _server, purpose, number in targets if purpose == "Receive Get-Mailbox") > 10


@pytest.mark.parametrize("group_is_wrong", [False, True])
def test_what_did_not_strike_or_is_wrong_is_played_alone(group_is_wrong: bool) -> None:
    """The second of three strikes does not come about in their group; alone, each does."""
    played: list[int] = []

    def player(work: Sequence[Any], _at_once: int, done: Callable[[int, str], None], _until: float) -> int:
        for number, piece in enumerate(work):
            count = len(piece.args[0].strikes)
            played.append(count)
            wrong = ["it lost an address"] if group_is_wrong and count > 1 else []
            told = {"endings": ["came through"] * count, "struck": ["a", "", "c"][:count], "wrong": wrong, "seconds": 1}
            done(number, json.dumps(told))
        return 0

    options = argparse.Namespace(at_once=1, together=1, seed=1, verbose=False)
    done = matrix.Played(HEARD, options, None, player)
    strikes = tuple(fault(number, f"place {number}").strikes[0] for number in range(3))
    done.play([Case("fault", "winrm", strikes)])
    assert played == ([3, 1, 1, 1] if group_is_wrong else [3, 1])
    assert len(done.verdicts) == (4 if group_is_wrong else 3)
    assert all(told["struck"] for told in done.verdicts)
    assert sum(bool(told["wrong"]) for told in done.verdicts) == (1 if group_is_wrong else 0)


def test_what_is_not_begun_in_time_is_counted() -> None:
    options = argparse.Namespace(at_once=1, together=4, seed=1, verbose=False)
    done = matrix.Played(HEARD, options, None)
    done.play([Case("fault", "winrm", (fault(1, "a").strikes[0], fault(2, "b").strikes[0]))], until=0.0)
    assert (done.left, done.verdicts) == (2, [])


def test_what_does_not_end_tells_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LONGEST", 0.5)
    told: list[str] = []

    def be_a_module() -> None:
        select.select([], [], [])

    def wait_for_a_module() -> str:
        process = os.fork()
        if process == 0:
            be_a_module()
        os.waitpid(process, 0)
        return "{}"

    processes.play([wait_for_a_module], 1, lambda _number, word: told.append(json.loads(word)[processes.BROKEN]))
    assert "in be_a_module" in told[0]
    assert "in wait_for_a_module" in told[0]


def test_the_library_of_the_database_waits_in_real_seconds_for_a_real_server() -> None:
    program = """
from tests.fault_matrix import clock
clock.install()
import time
from psycopg import connection
assert connection.monotonic is clock._REAL["monotonic"], "the time for a connection passes faster"
assert time.monotonic is clock.monotonic
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
