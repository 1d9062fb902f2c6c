# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make mutants` draws, which tests it asks, and what its figure says: all that needs no cosmic-ray."""

from __future__ import annotations

import ast
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest

from tests.mutants import __main__ as program
from tests.mutants import changes, selection, swap
from tests.mutants.changes import Mutant, Place, Splice
from tests.mutants.selection import Coverage, Result

ROOT = Path(__file__).resolve().parents[3]
SOURCE = '''\
import os

LIMIT = 3


def name_of(user):
    """Return it."""
    if user is None or not user["name"]:
        raise LookupError
    try:
        return user["name"].lower()
    except (KeyError, ValueError):
        os.remove("name")
    return [part for part in user if part in LIMIT]


def unused():
    return (
        1
    )
'''


def applied(name: str) -> list[str]:
    """Return the lines that each change of a name makes of the source."""
    lines = SOURCE.splitlines()
    found = []
    for number, splice in enumerate(splice for splice in changes.splices(SOURCE) if splice.name == name):
        changed = changes.mutated(SOURCE, name, number)
        ast.parse(changed)
        found += [new.strip() for old, new in zip(lines, changed.splitlines(), strict=True) if old != new]
        assert isinstance(splice, Splice)
    return found


@pytest.mark.parametrize(
    ("name", "made"),
    [
        (
            "ForceCondition",
            [
                "if (True):",
                "if (False):",
                "return [part for part in user if (True)]",
                "return [part for part in user if (False)]",
            ],
        ),
        ("DropOperand", ['if ((not user["name"])):', "if ((user is None)):"]),
        ("DropCall", ['return (user["name"])']),
        ("DropStatement", ["None"]),
        ("DropException", ["except (ValueError, ):", "except (KeyError, ):"]),
        ("SwapMembership", ["return [part for part in user if ((part) not in (LIMIT))]"]),
    ],
)
def test_own_changes(name: str, made: list[str]) -> None:
    assert applied(name) == made


def test_what_is_worded_or_waited_for_is_left_alone() -> None:
    source = (
        "import datetime\nLOOKS = (0.0, 1.0)\nRECENT = datetime.timedelta(minutes=15)\nDAY = 24 * 3600.0\nMOST = 100\n"
        "text = f\"{'are' if MOST > 1 else 'is'}\"\nword = 'are' if MOST > 1 else 'is'\n"
    )
    spans = changes.left_alone(ast.parse(source))
    assert [start[0] for start, _end in sorted(spans)] == [2, 3, 4, 6]


def places(path: str, lines: int) -> list[Place]:
    operators = ("DropOperand", "ForceCondition")
    return [Place(path, line, 4, operator, line) for line in range(1, lines + 1) for operator in operators]


def test_a_seed_draws_the_same_places_again_and_each_place_once() -> None:
    all_places = [*places("a.py", 40), *places("b.py", 40)]
    drawn = selection.sample(all_places, 20, seed=7)
    assert drawn == selection.sample(all_places, 20, seed=7)
    assert len({(place.path, place.line) for place in drawn}) == 20
    assert drawn != selection.sample(all_places, 20, seed=8)
    assert {place.operator for place in drawn} == {"DropOperand", "ForceCondition"}


def test_changed_files_come_first() -> None:
    drawn = selection.sample([*places("a.py", 40), *places("b.py", 10)], 15, seed=1, first=["b.py", "docs/x.md"])
    assert [place.path for place in drawn] == ["b.py"] * 10 + ["a.py"] * 5


def test_every_pattern_of_the_files_that_decide_names_some_and_each_is_there() -> None:
    files = selection.critical_files(ROOT)
    assert "plugins/module_utils/_features/offboarding/assess.py" in files
    assert [path for path in files if not (ROOT / path).is_file()] == []
    assert [path for path in files if "offboarding_report/" in path] == []
    features = ROOT / selection.PLUGINS / "_features"
    assert [name for name in selection.SHOWN_ONLY if not (features / name).exists()] == []


def test_every_known_equivalent_is_a_change_of_a_line_that_is_there_and_has_its_reason() -> None:
    files = selection.critical_files(ROOT)
    for (path, before, after), reason in selection.equivalents().items():
        assert path in files, path
        lines = [line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()]
        assert before in " ".join(lines), f"{path} has no line {before}: the entry can go"
        assert before != after
        assert len(reason) > 20, before


LOADED = '''\
LIMIT = 3


class Counter:
    step = 1

    @property
    def next(self):
        return [value + 1 for value in (1, 2)]


def wrapped(function):
    return lambda number: function(number) + 1


@wrapped
def above(number, limit=3):
    return number > limit


TESTS = [lambda number: number > 1, lambda number: number > 2]
'''


Loaded = tuple[ModuleType, dict[CodeType, list[FunctionType]]]


@pytest.fixture
def loaded() -> Loaded:
    """A loaded module, and its functions: those that a process would find of it."""
    module = ModuleType("loaded")
    exec(compile(LOADED, "/code/loaded.py", "exec", dont_inherit=True), module.__dict__)
    return module, swap.functions_of("/code/")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("value + 1 for", "value + 2 for", [[3, 4], 1, 1, [True, False]]),
        ("return number > limit", "return (\n        number <= limit)", [[2, 3], 2, 2, [True, False]]),
        ("number > 2", "number >= 2", [[2, 3], 1, 1, [True, True]]),
        # Its result stands in the module since the import; so do what follows.
        ("step = 1", "step = 2", None),
        ("LIMIT = 3", "LIMIT = 4", None),
        ("limit=3", "limit=1", None),
        ("number > 1, lambda number: number > 2", "number > 1, len", None),
        ("LIMIT = 3", "LIMIT = 3  # which changes nothing", None),
    ],
)
def test_a_change_is_put_into_loaded_functions(
    before: str, after: str, expected: list[object] | None, loaded: Loaded
) -> None:
    module, live = loaded
    unchanged = [[2, 3], 1, 1, [True, False]]
    assert swap.swap(live, "other path", LOADED, LOADED.replace(before, after)) is (expected is not None)
    shown = [module.Counter().next, module.above(3), module.above(2), [test(2) for test in module.TESTS]]
    assert shown == (expected or unchanged)


def test_the_statement_around_a_line() -> None:
    assert selection.statement(SOURCE, 3) == (3, 3, False)
    assert selection.statement(SOURCE, 8) == (8, 8, True)
    assert selection.statement(SOURCE, 19) == (18, 20, True)
    assert selection.statement(SOURCE, 6) == (6, 6, False)


@pytest.fixture
def coverage() -> Coverage:
    known = Coverage()
    known.add({"a.py": {"8": ["t::one", "t::two"], "18": ["t::three"]}}, dict.fromkeys(["t::one", "t::two"], 2.0))
    known.add({"a.py": {"8": ["u::four"], "3": ["t::one"]}}, {"u::four": 0.1})
    return known


@pytest.mark.parametrize(
    ("line", "tests"),
    [
        (8, {"t::one", "t::two", "u::four"}),
        (19, {"t::three"}),  # of a statement that begins further up
        (13, set()),  # of a function, and run by no test
        (3, {"t::one", "t::two", "t::three", "u::four"}),  # runs when the first of them imports it, and holds for all
    ],
)
def test_the_tests_of_a_line(coverage: Coverage, line: int, tests: set[str]) -> None:
    assert coverage.tests_of("a.py", SOURCE, line) == tests
    assert coverage.tests_of("other.py", SOURCE, line) == set()


def test_tests_are_asked_in_rounds_and_those_of_the_mirror_first() -> None:
    path = "plugins/module_utils/_wave/run.py"
    mirror = "tests/unit/plugins/module_utils/_wave/test_run.py"
    assert selection.mirrored(path) == mirror
    assert selection.mirrored("plugins/module_utils/_values.py") == "tests/unit/plugins/module_utils/test_values.py"
    known = Coverage(seconds={f"{mirror}::slow": 4.0, "x::quick": 0.1, "x::middle": 3.0, "x::long": 90.0})
    assert known.rounds(path, known.seconds) == [[f"{mirror}::slow", "x::quick"], ["x::middle"], ["x::long"]]
    assert known.rounds(path, []) == []


def mutant(path: str, before: str = "a", after: str = "b") -> Mutant:
    return Mutant(Place(path, 1, 0, "AddNot", 0), "", before, after)


def test_the_figure_is_of_what_is_no_equivalent_and_what_timed_out_is_apart() -> None:
    results = [
        *(Result(mutant("a.py"), "caught", 1) for _number in range(97)),
        *(Result(mutant("b.py"), "survived", asked) for asked in (0, 2, 3)),
        Result(mutant("c.py", "x", "y"), "survived", 1),
        Result(mutant("d.py"), "timed out", 1),
    ]
    judged = selection.verdict(results, {("c.py", "x", "y"): "nothing reads it"})
    assert (len(judged.caught), len(judged.missed), len(judged.equivalent), len(judged.timed_out)) == (97, 3, 1, 1)
    assert (judged.counted, judged.percent) == (100, 97.0)
    low, high = judged.interval
    assert (round(low, 1), round(high, 1)) == (91.5, 99.0)  # Wilson's, from a table
    text = program.report(judged, "Drawn.")
    assert text.startswith("97 caught of 100 that are no equivalents: 97.0 %")
    assert "no unit test runs this line" in text
    assert "2 tests ran it and none noticed" in text
    assert "Equivalent: c.py:1: x  ->  y\n    nothing reads it" in text
    assert "Timed out, in no figure: d.py:1" in text


def test_nothing_tried_is_no_success() -> None:
    assert selection.verdict([], {}).percent == 0.0


def test_what_is_planted_stands_in_the_function_that_most_tests_run() -> None:
    line, text = program.planted(SOURCE, {8: {"t::one", "t::two"}, 18: {"t::three"}}, "raise AssertionError")
    assert line == 8
    assert "    raise AssertionError\n    if user is None" in text
    line, text = program.planted(SOURCE, {}, "_planted = None")
    assert (line, text.endswith("\n_planted = None\n")) == (1, True)
