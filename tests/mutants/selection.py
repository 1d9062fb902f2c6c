# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files decide, which of their places are tried, which tests are asked, and what the answers amount to."""

from __future__ import annotations

import ast
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.mutants.changes import Mutant, Place

HERE = Path(__file__).parent
PLUGINS = "plugins/module_utils"
TESTS = "tests/unit/plugins"
LEAST = 97.0  # percent of the mutants that are no equivalents
# What decides about a mailbox: what is planned and written, in which state it is, whose an address is, what a failure
# means, what is tried again, and what a later run finds of it.
CRITICAL = (
    "_features/**/*.py",
    "_wave/*.py",
    "_recipients/*.py",
    "_connections/cmdlets.py",
    "_connections/journal.py",
    "_connections/retry.py",
    "_connections/session_pool.py",
    "_memory/documents.py",
    "_memory/failures.py",
    "_memory/files.py",
    "_memory/leases.py",
    "_memory/locks.py",
    "_memory/opening.py",
    "_memory/owners.py",
    "_transports/exchange_server/faults.py",
    "_transports/exchange_server/clixml.py",
    "_transports/exchange_online/replies.py",
    "_transports/active_directory/refusals.py",
    "_transports/active_directory/attributes.py",
    "_transports/active_directory/forest.py",
    "_error_catalogue.py",
    "_values.py",
    "_hold_kinds.py",
)
# Features that show, diagnose, wait, or send what an administrator wrote, and decide nothing.
SHOWN_ONLY = (
    "connection_test/",
    "exchange_cmdlet/",
    "kept_reports.py",
    "mailbox_info.py",
    "memory_schema.py",
    "move_events/",
    "move_progress/",
    "offboarding_report/",
    "wave_file.py",
)
# Reads a module's options, opens its connections and hands on: playbooks are what tests that.
HANDED_ON = "/task.py"
# Seconds of the tests that are asked one after the other until one of them notices.
ROUNDS = (5.0, 20.0, 120.0)


def critical_files(root: Path) -> list[str]:
    """Return the files to change, by their paths in the collection. Raises LookupError for a pattern without files."""
    found: set[str] = set()
    for pattern in CRITICAL:
        paths = {path.relative_to(root).as_posix() for path in (root / PLUGINS).glob(pattern)}
        if not paths:
            raise LookupError(f"{pattern} names no file any more: see CRITICAL in {Path(__file__).name}")
        found |= paths
    shown = tuple(f"{PLUGINS}/_features/{name}" for name in SHOWN_ONLY)
    decided = (path for path in found if not path.startswith(shown))
    return sorted(path for path in decided if not path.endswith(("__init__.py", HANDED_ON)))


def sample(places: Iterable[Place], size: int, seed: int, first: Iterable[str] = ()) -> list[Place]:
    """Draw so many places by chance, and one change at each; places in the ``first`` files come before others."""
    by_position: dict[tuple[str, int, int], list[Place]] = {}
    for place in places:
        by_position.setdefault((place.path, place.line, place.column), []).append(place)
    chance, before = random.Random(seed), frozenset(first)
    positions = sorted(by_position)
    chance.shuffle(positions)
    positions.sort(key=lambda position: position[0] not in before)
    return [chance.choice(by_position[position]) for position in positions[:size]]


def equivalents(file: Path = HERE / "equivalent.yml") -> dict[tuple[str, str, str], str]:
    """Return the changes that are known to change nothing, each with the reason."""
    entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    return {(entry["path"], entry["before"], entry["after"]): entry["reason"] for entry in entries}


# -- the tests of a place ----------------------------------------------------------------------------------------------


@dataclass
class Coverage:
    """Which tests run which lines of which files, and the seconds that each of them takes."""

    lines: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, lines: Mapping[str, Mapping[str, Sequence[str]]], seconds: Mapping[str, float]) -> None:
        self.seconds.update(seconds)
        for path, of_path in lines.items():
            known = self.lines.setdefault(path, {})
            for line, tests in of_path.items():
                known.setdefault(int(line), set()).update(tests)

    def tests_of(self, path: str, source: str, line: int) -> set[str]:
        """Return the tests that run a line.

        One outside of functions runs once, when the first test imports the file, and holds for all: those are all tests
        that run anything of the file.
        """
        first, last, in_function = statement(source, line)
        known = self.lines.get(path, {})
        if not in_function:
            return set().union(*known.values())
        return set(known.get(line, ())) or set().union(*(known.get(number, ()) for number in range(first, last + 1)))

    def rounds(self, path: str, tests: Iterable[str]) -> list[list[str]]:
        """Put tests in the order in which they are asked: the mirror of ``path`` comes first, quick before slow."""
        mirror = mirrored(path)
        ordered = sorted(tests, key=lambda test: (not test.startswith(mirror), self.seconds.get(test, 0.0), test))
        parted: list[list[str]] = [[] for _budget in ROUNDS]
        number, left = 0, ROUNDS[0]
        for test in ordered:
            seconds = self.seconds.get(test, 0.0)
            while number < len(ROUNDS) - 1 and seconds > left:
                number, left = number + 1, ROUNDS[number + 1]
            left -= seconds
            if left >= 0 or not parted[number]:
                parted[number].append(test)
        return [part for part in parted if part]


def mirrored(path: str) -> str:
    """Return the test file that mirrors a file of the collection."""
    folder, _slash, name = path.removeprefix("plugins/").rpartition("/")
    return f"{TESTS}/{folder}/test_{name.lstrip('_')}"


def statement(source: str, line: int) -> tuple[int, int, bool]:
    """Return the lines of the innermost statement around a line (of a compound one its head); is it in a function?"""
    first, last, in_function = line, line, False
    width = math.inf
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or node.end_lineno is None or not node.lineno <= line <= node.end_lineno:
            continue
        in_function = in_function or (isinstance(node, ast.FunctionDef) and node.body[0].lineno <= line)
        body = getattr(node, "body", None)
        end = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno
        if line <= end and end - node.lineno < width:
            first, last, width = node.lineno, end, end - node.lineno
    return first, last, in_function


# -- what it amounts to ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """What became of a mutant: ``caught``, ``survived`` or ``timed out``, and the tests that were asked."""

    mutant: Mutant
    outcome: str
    asked: int
    by: str = ""

    @property
    def why(self) -> str:
        return f"{self.asked} tests ran it and none noticed" if self.asked else "no unit test runs this line"


@dataclass(frozen=True)
class Verdict:
    """The results, parted. What timed out is neither caught nor missed, and in no figure."""

    caught: list[Result]
    missed: list[Result]
    equivalent: list[tuple[Result, str]]
    timed_out: list[Result]

    @property
    def counted(self) -> int:
        return len(self.caught) + len(self.missed)

    @property
    def percent(self) -> float:
        return 100.0 * len(self.caught) / self.counted if self.counted else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Between which percentages all places would lie, 19 times of 20 (Wilson's score interval)."""
        if not self.counted:
            return (0.0, 100.0)
        share, number, z = self.percent / 100.0, self.counted, 1.96
        middle = (share + z * z / (2 * number)) / (1 + z * z / number)
        half = z / (1 + z * z / number) * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
        return (100.0 * (middle - half), 100.0 * (middle + half))


def verdict(results: Iterable[Result], known: Mapping[tuple[str, str, str], str]) -> Verdict:
    """Part the results. A known equivalent that is caught counts as caught: its entry is wrong, the tests are not."""
    caught, missed, equivalent, timed_out = [], [], [], []
    for result in sorted(results, key=lambda result: (result.mutant.place.path, result.mutant.place.line)):
        mutant = result.mutant
        reason = known.get((mutant.place.path, mutant.before, mutant.after))
        if result.outcome == "caught":
            caught.append(result)
        elif result.outcome == "timed out":
            timed_out.append(result)
        elif reason:
            equivalent.append((result, reason))
        else:
            missed.append(result)
    return Verdict(caught, missed, equivalent, timed_out)
