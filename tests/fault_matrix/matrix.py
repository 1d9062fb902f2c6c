# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All cases, a seeded part of them, and how they are played side by side."""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import importlib
import json
import math
import pkgutil
import random
import re
import resource
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lab.certificates import throw_away_key
from tests.fault_matrix import cases, clock, databases, modules, role, sabotages, table
from tests.fault_matrix.cases import SIGNALS, WHOM, Case, Strike
from tests.fault_matrix.kinds import CMDLET_KINDS, REQUEST_KINDS, strikes_cmdlet, strikes_request
from tests.fault_matrix.processes import BROKEN, play
from tests.fault_matrix.runs import adopt_orphans
from tests.fault_matrix.worlds import KEPT, STOPS, WAYS, Kept, World, end, place
from tests.fuzz import page as fuzzed
from tests.integration.postgresql.server import Server

UTILS = "ansible_collections.mailops.exchange_hybrid.plugins.module_utils"
LIBRARIES = ("azure.core.pipeline.policies", "azure.identity", "msal", "pypsrp", "requests_ntlm", "winrm", "xmltodict")
NO_LIBRARY = re.compile(r"\.(__main__|complete|broker|aio)\b")  # they ask, or need what is not there

KEYS = ("secrets in parameters", "access tokens", "mailops laboratory application")  # of each lab, made once
WRITES = re.compile(r" (Enable|Disable|Set|New|Remove|Start|Resume)-(?!ADServerSettings)")
# The second of the two writes of a user, before it is executed; one of so many kills is there.
BETWEEN = re.compile(r"(Command|Send) Set-MailUser$")
BETWEEN_EVERY = 10

Told = dict[str, Any]


def prepare() -> None:
    """Import what the forked processes need, once: the collection's code, and the libraries that it imports late."""
    modules.import_all()
    for name in (UTILS, *LIBRARIES):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}."):
            if not NO_LIBRARY.search(module.name):
                with contextlib.suppress(ImportError):
                    importlib.import_module(module.name)
    role.compile_ahead()
    for purpose in KEYS:
        throw_away_key(purpose)
    gc.collect()
    gc.freeze()


# -- which cases there are ---------------------------------------------------------------------------------------------


def recorded(way: str, stop: str, cluster: Server | None) -> Told:
    """Return what a healthy run asks, requests and cmdlets in order; of a first run also how it ends.

    ``kept`` is the world that the run began in, for the cases that begin in the same one.
    """
    adopt_orphans()
    with World(WAYS[way], cluster=cluster) as world:
        cases.begin(stop, world)
        # Not with a database: what its server holds would have to be left as it is, too.
        kept = asdict(world.keep()) if stop in KEPT and world.database is None else None
        world.lab.ask("cycles")
        requests, log = len(world.lab.ask("requests")), len(world.lab.ask("log"))
        ran = world.run()
        if not ran.green:
            raise AssertionError(f"the undisturbed run is not green: {ran.summary} {ran.printed}")
        calls = [(entry["organization"], entry["cmdlet"]) for entry in world.lab.ask("log")[log:]]
        told: Told = {"requests": world.lab.ask("requests")[requests:], "calls": calls, "kept": kept}
        if not stop:
            world.lab.ask("cycles")
            world.run()
            world.lab.ask("cycles")
            told["snapshot"] = world.lab.ask("snapshot")
        return told


def faults(way: str, stop: str, heard: Told, seed: int) -> Iterator[Case]:
    """Yield each kind at each call of a run; of the calls of one purpose one is drawn for each kind."""
    chance = random.Random(f"{seed} {way} {stop}")

    def case(target: tuple[Any, ...], place: str, kind: str) -> Case:
        return Case("fault", way, (Strike(target, place, kind),), stop, seed)

    for (server, purpose), count in _places(heard["requests"]).items():
        for kind in REQUEST_KINDS:
            if strikes_request(kind, server):
                yield case(("request", server, purpose, chance.randrange(count)), f"{server} {purpose}", kind)
    for organization, cmdlet in dict.fromkeys(map(tuple, heard["calls"])):
        if organization == "graph":
            continue  # its requests are struck above
        count = sum(tuple(call) == (organization, cmdlet) for call in heard["calls"])
        for kind in CMDLET_KINDS:
            if strikes_cmdlet(kind, organization):
                target = ("cmdlet", organization, cmdlet, chance.randrange(count))
                yield case(target, f"{organization} {cmdlet}", kind)
    yield case(("limit", "exchange_server", 1), "exchange_server", "session limit")


def kills(heard: Mapping[tuple[str, str], Told], number: int, seed: int) -> Iterator[Case]:
    """Yield seeded kills: a signal, whom it reaches, and the request at which it comes.

    Some come where it matters most: the module alone dies between the two writes that make a user whole, and the run
    that goes on must not end the pause of synchronization.
    """
    chance = random.Random(f"kills {seed}")
    for count in range(number):
        way, stop = chance.choice(sorted(heard))
        target, place = _drawn(heard[way, stop]["requests"], chance)
        kind, sent, whom = chance.choice(("before", "after")), chance.choice(SIGNALS), chance.choice(WHOM)
        between = [strike for strike in _places(heard[way, stop]["requests"]) if BETWEEN.search(" ".join(strike))]
        if between and count % BETWEEN_EVERY == 0:
            server, purpose = chance.choice(between)
            target, place, kind = ("request", server, purpose, 0), f"{server} {purpose}", "before"
            sent, whom = "SIGKILL", "module"
        yield Case("kill", way, (Strike(target, place, kind, sent, whom),), stop, seed + count)


def pairs(heard: Mapping[tuple[str, str], Told], number: int, seed: int) -> Iterator[Case]:
    """Yield seeded pairs: the second run begins when the first one has come to a request."""
    chance = random.Random(f"pairs {seed}")
    for count in range(number):
        way, stop = chance.choice(sorted(heard))
        target, place = _drawn(heard[way, stop]["requests"], chance)
        kind = chance.choice(("the same directory", "a directory of its own"))
        yield Case("pair", way, (Strike(target, place, kind),), stop, seed + count)


def databases_struck(heard: Mapping[tuple[str, str], Told], number: int, seed: int) -> Iterator[Case]:
    """Yield seeded strikes at the memory's server, each when the run has come to a request."""
    chance = random.Random(f"databases {seed}")
    own = sorted((way, stop) for way, stop in heard if WAYS[way].database)
    for count in range(number if own else 0):
        way, stop = chance.choice(own)
        target, place = _drawn(heard[way, stop]["requests"], chance)
        kind = chance.choice(sorted(databases.KINDS))
        yield Case("database", way, (Strike(target, place, kind),), stop, seed + count)


def together(found: Sequence[Case], most: int, seed: int) -> Iterator[Case]:
    """Yield the cases with up to so many of their strikes in one: those that begin in the same world, at other places.

    What a case must show is the same however many strikes it has. What has not struck is played again later.
    """
    left = list(found)
    random.Random(f"together {seed}").shuffle(left)
    open_groups: dict[tuple[str, str, str], list[Case]] = {}
    for case in left:
        key = (case.what, case.way, case.stop)
        group = open_groups.setdefault(key, [])
        if case.what in ("pair", "database") or case.strikes[0].target[0] == "limit":
            yield case
            continue
        if any(case.strikes[0].target[:2] == other.strikes[0].target[:2] and _near(case, other) for other in group):
            yield _one(open_groups.pop(key))
            group = open_groups.setdefault(key, [])
        group.append(case)
        if len(group) == most:
            yield _one(open_groups.pop(key))
    yield from (_one(group) for group in open_groups.values() if group)


def _near(one: Case, other: Case) -> bool:
    """Tell whether two strikes would fall on the same call, or on what is sent again after it."""
    return one.what == "fault" and one.strikes[0].place == other.strikes[0].place


def _one(group: Sequence[Case]) -> Case:
    return replace(group[0], strikes=tuple(strike for case in group for strike in case.strikes))


def _drawn(requests: Sequence[Sequence[str]], chance: random.Random) -> tuple[tuple[str, str, str, int], str]:
    """Return a request by chance: every purpose is as likely as the next, and every second time it is a write's."""
    places = _places(requests)
    writing = [place for place in places if WRITES.search(" ".join(place))]
    server, purpose = chance.choice(writing if writing and chance.random() < 0.5 else list(places))
    return ("request", server, purpose, chance.randrange(places[server, purpose])), f"{server} {purpose}"


def _places(requests: Sequence[Sequence[str]]) -> Counter[tuple[str, str]]:
    """Return how many requests of each server have each purpose, in the order in which they first came."""
    return Counter((server, purpose) for server, purpose in requests)


# -- playing -----------------------------------------------------------------------------------------------------------


def recordings(
    ways: Sequence[str], stops: Sequence[str], at_once: int, cluster: Server | None
) -> dict[tuple[str, str], Told]:
    """Return what is heard of healthy runs, by way and by what became of a run before."""
    wanted = [(way, stop) for way in ways for stop in stops]
    found: dict[tuple[str, str], Told] = {}

    def done(number: int, word: str) -> None:
        found[wanted[number]] = json.loads(word)
        if BROKEN in found[wanted[number]]:
            raise AssertionError(found[wanted[number]][BROKEN])

    work = [lambda way=way, stop=stop: json.dumps(recorded(way, stop, cluster)) for way, stop in wanted]
    play(work, at_once, done)  # type: ignore[arg-type]
    return found


class Played:
    """The cases on their way: each strike gets a verdict, of a case whose strikes all did what they should.

    Strikes that did not come about are played again in a case of their own, and so are those of a case that is wrong.
    """

    def __init__(
        self,
        heard: Mapping[tuple[str, str], Told],
        options: argparse.Namespace,
        cluster: Server | None,
        player: Callable[[Sequence[Callable[[], str]], int, Callable[[int, str], None], float], int] = play,
    ) -> None:
        self._heard = heard
        self._cluster = cluster
        self._player = player
        self._options = options
        self._again: list[Case] = []
        self.verdicts: list[Told] = []
        self.worlds = 0
        self.left = 0

    def play(self, chosen: Sequence[Case], until: float = math.inf) -> None:
        while chosen:
            self._again = []
            work = [functools.partial(self._judged, case) for case in chosen]
            left = self._player(work, self._options.at_once, functools.partial(self._done, chosen), until)
            self.left += sum(len(case.strikes) for case in chosen[len(chosen) - left :])
            chosen = list(together(self._again, self._options.together, self._options.seed))

    def _judged(self, case: Case) -> str:
        kept = self._heard[case.way, case.stop]["kept"]
        wanted = self._heard[case.way, ""]["snapshot"]
        return cases.judged(case, wanted, Kept(**kept) if kept else None, self._cluster).as_json()

    def _done(self, chosen: Sequence[Case], number: int, word: str) -> None:
        case = chosen[number]
        told = json.loads(word)
        if BROKEN in told:
            told = {"endings": [BROKEN], "struck": [""], "wrong": [told[BROKEN]], "seconds": 0.0}
        self.worlds += 1
        if self._options.verbose:
            print(f"{told['seconds']:6.1f} s {', '.join(told['endings'])}: {case.name}", flush=True)
        if told["wrong"]:
            print(f"WRONG {case.name} {case}", *told["wrong"], sep="\n   ", flush=True)
        if len(case.strikes) == 1:
            self._tell(case, case.strikes[0], told, 0)
            return
        for number, strike in enumerate(case.strikes):
            alone = replace(case, strikes=(strike,), seed=case.seed + number)
            if told["wrong"] or not told["struck"][number]:
                self._again.append(alone)
            else:
                self._tell(alone, strike, told, number)
        if told["wrong"]:
            # Wrong it stays, whatever becomes of its strikes alone.
            self._tell(case, case.strikes[0], {**told, "struck": ["all"], "endings": ["together"]}, 0)

    def _tell(self, case: Case, strike: Strike, told: Told, number: int) -> None:
        kind = f"{strike.signal} to {strike.whom}" if strike.signal else strike.kind
        self.verdicts.append(
            {
                "what": case.what, "way": case.way, "kind": kind, "second": bool(case.stop), "name": case.name,
                "first": told["endings"][number], "struck": told["struck"][number], "wrong": told["wrong"],
            }
        )  # fmt: skip


def selected(heard: Mapping[tuple[str, str], Told], options: argparse.Namespace) -> list[Case]:
    """Return the cases that are asked for: a sample of the faults, kills and pairs."""
    found = [case for (way, stop), told in heard.items() for case in faults(way, stop, told, options.seed)]
    print(f"{len(found)} faults in all", flush=True)
    found = [case for case in found if re.search(options.match, case.name)]
    if 0 <= options.faults < len(found):
        found = random.Random(options.seed).sample(found, options.faults)
    for draw, number in ((kills, options.kills), (pairs, options.pairs), (databases_struck, options.databases)):
        found += draw(heard, number, options.seed)
    return list(together(found, options.together, options.seed))


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    prepare()
    if options.walk:
        play([lambda: walked(json.loads(options.walk))], 1, lambda _number, word: print(word))
        return 0
    adopt_orphans()
    if options.sabotages:
        heard = recordings([sabotages.WAY], [""], 1, None)
        return sabotages.tried(heard[sabotages.WAY, ""]["snapshot"], options.at_once)
    began = clock.seconds()
    heard: dict[tuple[str, str], Told] = {}
    ways = options.way or list(WAYS)
    with contextlib.ExitStack() as ending:
        cluster = ending.enter_context(_cluster()) if any(WAYS[way].database for way in ways) else None
        ending.callback(lambda: [end(Kept(**told["kept"])) for told in heard.values() if told["kept"]])
        heard.update(recordings(ways, [""] if options.first_run else ["", *STOPS], options.at_once, cluster))
        done = Played(heard, options, cluster)
        done.play(selected(heard, options), began + 60 * options.minutes)
    verdicts = done.verdicts
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    wrong = sum(bool(told["wrong"]) for told in verdicts)
    told = f"{len(verdicts)} cases in {done.worlds} worlds, {wrong} wrong, "
    told += f"{sum(not told['struck'] for told in verdicts)} not struck, {done.left} left out"
    print(f"{told}; {clock.seconds() - began:.0f} s, of CPU time {used.ru_utime + used.ru_stime:.0f} s")
    if options.page:
        page = Path(options.page)
        kept = fuzzed.of(page.read_text(encoding="utf-8")) if page.exists() else ""
        page.write_text(fuzzed.put(table.page(verdicts, options.seed, done.left), kept), encoding="utf-8")
    return 1 if wrong else 0


@contextlib.contextmanager
def _cluster() -> Iterator[Server]:
    """Make the cluster that worlds with a database begin with."""
    directory = place()
    try:
        yield databases.provision(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def walked(variables: Mapping[str, Any]) -> str:
    """Return what each module of an undisturbed run was given, the run's directory replaced: JSON."""
    adopt_orphans()
    with World(WAYS["psrp and rest"]) as world:
        ran = world.begin(variables=variables).finish()
        given = [
            [event["task"], event["action"], event["result"]["invocation"]["module_args"]]
            for event in ran.events
            if "invocation" in event["result"]
        ]
        return json.dumps(given).replace(world.folder.path, "DIRECTORY")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fault_matrix")
    parser.add_argument("--way", action="append", choices=list(WAYS), help="only this way to connect")
    parser.add_argument("--first-run", action="store_true", help="strike first runs alone")
    parser.add_argument("--faults", type=int, default=-1, help="how many faults are drawn; all of them by default")
    parser.add_argument("--kills", type=int, default=0, help="how many kills")
    parser.add_argument("--pairs", type=int, default=0, help="how many pairs of runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--match", default="", help="only faults whose names have this regular expression")
    parser.add_argument("--at-once", type=int, default=5, help="how many cases are played side by side")
    parser.add_argument("--databases", type=int, default=0, help="how many strikes at the database that is the memory")
    parser.add_argument("--together", type=int, default=4, help="how many faults strike a run at most, or kills a wave")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no case after so many minutes")
    parser.add_argument("--page", default="", help="the page to write the table into")
    parser.add_argument("--verbose", action="store_true", help="tell of each case")
    parser.add_argument("--sabotages", action="store_true", help="take safeguards out, and tell what notices")
    parser.add_argument("--walk", default="", help="tell what one run with these variables gives to the modules")
    return parser.parse_args(arguments)
