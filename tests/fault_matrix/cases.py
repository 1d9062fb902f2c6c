# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases: where a run is struck, by what, on which way to the systems; how a case goes, and what is judged."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.fault_matrix import clock, databases, oracles
from tests.fault_matrix.kinds import CMDLET_KINDS, REQUEST_KINDS
from tests.fault_matrix.runs import FAILED, Ran, Run, adopt_orphans, wait_for
from tests.fault_matrix.worlds import IMPATIENT, STOPS, WAYS, Kept, NotReached, World
from tests.integration.postgresql.server import Server

SIGNALS = ("SIGINT", "SIGTERM", "SIGKILL", "SIGHUP")
WHOM = ("run", "module", "all")


@dataclass(frozen=True)
class Strike:
    """What happens at one call.

    ``target`` is ["request", server, purpose, number], or ["cmdlet", organization, cmdlet, number]: the calls of one
    purpose are counted, because how many others come before them differs from run to run. Of a fault ``kind`` is what
    strikes there; of a kill whether the call is executed (before, after), of a pair which directory the second run has,
    of a database what befalls its server then.
    """

    target: tuple[Any, ...]
    place: str
    kind: str
    signal: str = ""
    whom: str = ""

    @property
    def name(self) -> str:
        kill = f"{self.signal} to {self.whom}, {self.kind} {self.place}"
        return kill if self.signal else f"{self.kind} at {self.place}"


@dataclass(frozen=True)
class Case:
    """One case: ``what`` is fault, kill, pair or database. A ``stop`` is what became of a run before the struck one.

    Faults of a case strike one run; of kills each ends a run of its own, one after the other.
    """

    what: str
    way: str
    strikes: tuple[Strike, ...]
    stop: str = ""
    seed: int = 0

    @property
    def name(self) -> str:
        moment = f"second run, {self.stop}" if self.stop else "first run"
        return f"{self.way}, {moment}: {self.what}, {'; '.join(strike.name for strike in self.strikes)}"


@dataclass
class Verdict:
    """What came of a case: ``struck`` is for each strike where it struck, if it did; ``endings`` is how that run ended.

    ``wrong`` is what should not have been, whichever of them did it. ``unwritten``: that run said that writes are
    missing in its journal.
    """

    endings: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unwritten: bool = False
    seconds: float = 0.0

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def judged(case: Case, wanted: Mapping[str, Any], kept: Kept | None = None, cluster: Server | None = None) -> Verdict:
    """Play a case and judge it. ``wanted`` is the snapshot that an undisturbed run ends with."""
    adopt_orphans()
    began = clock.seconds()
    verdict = Verdict()
    chance = random.Random(case.seed)
    limited = case.strikes[0].target[0] == "limit"
    with World(WAYS[case.way], 1 if limited else None, kept, cluster) as world:
        try:
            if kept is None:
                begin(case.stop, world)
        except NotReached as reason:
            verdict.struck, verdict.endings = [""] * len(case.strikes), [f"{reason}"] * len(case.strikes)
            return verdict
        play = {"fault": _faults, "kill": _kills, "pair": _pair, "database": _database}[case.what]
        play(case, world, verdict, chance)
        _settle(world, chance)
        last = world.run()
        world.lab.ask("cycles")
        verdict.wrong += _of_the_end(case, world, last, wanted, verdict.unwritten)
    verdict.seconds = round(clock.seconds() - began, 2)
    return verdict


def begin(name: str, world: World) -> None:
    """Bring a world to where a second run finds it."""
    if not name:
        return
    stop = STOPS[name]
    if stop is None:
        world.run()
    else:
        world.stop(stop)


def _settle(world: World, chance: random.Random) -> None:
    """Let the scheduler have its chances, and every second time somebody end a pause that is left."""
    world.lab.ask("clear")
    world.lab.ask("cycles")
    if world.lab.ask("paused") and chance.random() < 0.5:
        world.run("resume_sync")


def _faults(case: Case, world: World, verdict: Verdict, _chance: random.Random) -> None:
    if case.strikes[0].target[0] == "limit":
        ran = world.run()
        verdict.struck, verdict.endings = [case.strikes[0].place], [_told(ran)]
        verdict.wrong += _of_the_struck(case, world, ran)
        return
    tables = {"request": REQUEST_KINDS, "cmdlet": CMDLET_KINDS}
    hows = [tables[strike.target[0]][strike.kind] for strike in case.strikes]
    armed = [world.strike(strike.target, **how) for strike, how in zip(case.strikes, hows, strict=True)]
    waits = any(how["kind"] in ("hang", "slow") for how in hows)
    ran = world.run(environment=IMPATIENT if waits else {})
    verdict.struck = [struck.place() if struck() else "" for struck in armed]
    verdict.endings = [_told(ran)] * len(armed)
    verdict.wrong += _of_the_struck(case, world, ran)


def _kills(case: Case, world: World, verdict: Verdict, chance: random.Random) -> None:
    """For each kill, let a call of a run wait, before it is executed or after, and send the signal then."""
    for number, strike in enumerate(case.strikes):
        if number:
            _settle(world, chance)
        struck = world.strike(strike.target, kind="hang", when=strike.kind)
        run = world.begin(environment=IMPATIENT)
        there = wait_for(struck, run)
        if there:
            run.signal(signal.Signals[strike.signal], strike.whom)
        ran = run.finish()
        verdict.struck.append(struck.place() if there else "")
        verdict.endings.append(_told(ran))
        verdict.wrong += _of_the_struck(case, world, ran)


def _pair(case: Case, world: World, verdict: Verdict, _chance: random.Random) -> None:
    """Begin a second run beside the first, when that has come so far."""
    (strike,) = case.strikes
    struck = world.strike(strike.target, kind="slow", seconds=0.0)
    first = world.begin()
    there = wait_for(struck, first)
    second: Run = world.begin(folder=world.folder if strike.kind == "the same directory" else world.other_folder)
    runs = [first.finish(), second.finish()]
    verdict.struck, verdict.endings = [struck.place() if there else ""], [" and ".join(map(_told, runs))]
    for ran in runs:
        verdict.wrong += _of_the_struck(case, world, ran)
    if strike.kind == "the same directory":
        verdict.wrong += oracles.one_wave(runs)


def _database(case: Case, world: World, verdict: Verdict, _chance: random.Random) -> None:
    """Strike the server of the memory when the run has come to a request."""
    (strike,) = case.strikes
    struck = world.strike(strike.target, kind="slow", seconds=0.0)
    run = world.begin()
    there = wait_for(struck, run)
    assert world.database is not None
    databases.strike(world.database, strike.kind)
    ran = run.finish()
    verdict.struck, verdict.endings = [struck.place() if there else ""], [_told(ran)]
    verdict.wrong += _of_the_struck(case, world, ran)
    verdict.unwritten = oracles.UNWRITTEN in ran.text
    if ran.green:  # then nothing may be missing in the journal either
        verdict.wrong += oracles.journals([world.folder], world.lab.ask("log"), _has_died(case))


def _has_died(case: Case) -> bool:
    """Tell whether a run before the struck one was killed."""
    return bool(case.stop and STOPS[case.stop])


def _told(ran: Ran) -> str:
    if ran.green:
        return "came through"
    if ran.code != FAILED:
        return "was stopped"
    return "failed as a whole" if ran.summary.get("error") else "mailboxes failed"


def _of_the_struck(case: Case, world: World, struck: Ran) -> list[str]:
    lab = world.lab
    wrong = oracles.output(struck, world.secrets, world.folder, killed=case.what == "kill")
    wrong += oracles.failures(struck, killed=case.what == "kill")
    if case.what != "pair":  # of two, each speaks of what it saw
        wrong += oracles.honest(struck, lab.ask("mailboxes"), lab.ask("paused"))
    return [f"struck run: {told}" for told in wrong]


def _of_the_end(case: Case, world: World, last: Ran, wanted: Mapping[str, Any], unwritten: bool) -> list[str]:
    lab, log = world.lab, world.lab.ask("log")
    wrong = oracles.output(last, world.secrets, world.folder, killed=False)
    wrong += oracles.failures(last, killed=False)
    strangers = case.what == "pair" and case.strikes[0].kind == "a directory of its own"
    wrong += oracles.writes(log, strangers)
    # A journal in a database that fails lacks how a write was answered, as if the run had died: it says so, and fails.
    open_ends = case.what in ("kill", "database") or _has_died(case)
    wrong += oracles.journals([world.folder, world.other_folder], log, open_ends, unwritten)
    wrong += oracles.batches([world.folder, world.other_folder])
    snapshot, paused = lab.ask("snapshot"), lab.ask("paused")
    wrong += oracles.ending(last, snapshot, wanted, paused, [world.folder, world.other_folder])
    return wrong
