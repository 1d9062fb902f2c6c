# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the unit tests notice small changes of the code that decides: python -m tests.mutants.

The checkout is not touched: each worker changes a copy of its own.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.mutants import changes, selection
from tests.mutants.changes import Mutant, Place
from tests.mutants.selection import Coverage, Result, Verdict

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "tests/output/mutants.json"
IN_TREE = Path("ansible_collections/mailops/exchange_hybrid")
MEASURING = 600  # seconds for the tests of one file
PLANTED = 10  # files of the sample in which changes are planted whose end is known
Job = TypeVar("Job")
Answer = TypeVar("Answer")


class Meaningless(Exception):
    """The figure would say nothing about the tests."""


@dataclass
class Ground:
    """The files that are changed, as they were when the run began, and what is known of the tests that run them."""

    sources: dict[str, str]
    again: bool = False  # the tests are those beside each file's mirror, and nothing is measured
    coverage: Coverage = field(default_factory=Coverage)

    def rounds(self, path: str, line: int) -> list[list[str]]:
        """Return the tests to ask, round by round: those that run the line, or files, those beside its mirror first."""
        if self.again:
            folder = selection.mirrored(path).rpartition("/")[0]
            near = [file for file in _test_files() if file.rpartition("/")[0] == folder]
            return [near, [file for file in _test_files() if file not in near and _reaches(file, path)]]
        return self.coverage.rounds(path, self.coverage.tests_of(path, self.sources[path], line))

    def seconds(self, tests: Iterable[str]) -> float:
        return sum(self.coverage.seconds.get(test, 10.0) for test in tests)


class Process:
    """A process that runs unit tests in a copy of the checkout, in one of the ways of runner."""

    def __init__(self, copy: Path, way: str, *files: str) -> None:
        path = str(copy.parents[len(IN_TREE.parts) - 1])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.runner", way, *files],
            cwd=copy,
            # CI: Hypothesis draws the same examples each time.
            env={**os.environ, "PYTHONPATH": path, "ANSIBLE_COLLECTIONS_PATH": path, "CI": "true"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Have tests run: see runner. The answer has pytest's exit code, ``timeout`` or ``not swapped``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"cpu": MEASURING, "wall": 2 * MEASURING, **question}) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        except (ValueError, BrokenPipeError):
            raise Meaningless("the process that runs the tests has ended") from None
        if answer["code"] == "lost":
            raise Meaningless(f"the tests could not be run: {answer['output']}")
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Worker:
    """A copy of the checkout, and the processes that run unit tests in it."""

    def __init__(self, folder: Path) -> None:
        self.copy = folder / IN_TREE
        self._running: dict[str, Process] = {}
        _copy_checkout(self.copy)

    def process(self, way: str, *files: str) -> Process:
        """Return the process for a way, begun when it is needed first."""
        if way not in self._running:
            self._running[way] = Process(self.copy, way, *files)
            if way == "fresh":
                self._running[way].ask({"files": _test_files()[:1], "preload": True})
        return self._running[way]

    def close(self, *ways: str) -> None:
        for way in ways or tuple(self._running):
            self._running.pop(way).close()

    def tries(self, path: str, source: str, rounds: Sequence[list[str]], ground: Ground) -> tuple[str, int, str]:
        """Put a source in the place of a file, ask the tests, and put the file back.

        The tests are first shown the change in functions that they have loaded already, which takes a tenth of the
        time. What survives that, or stands outside of functions, they are shown once more, with the file imported anew.
        """
        file = self.copy / path
        original, times = file.read_bytes(), file.stat()
        # For what tests run in processes of their own, too.
        file.write_text(source, encoding="utf-8")
        try:
            change = {"path": path, "original": ground.sources[path], "changed": source}
            outcome = self._asks("collected", rounds, ground, change)
            return self._asks("fresh", rounds, ground) if outcome[0] in ("survived", "not swapped") else outcome
        finally:
            file.write_bytes(original)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    def _asks(
        self, way: str, rounds: Sequence[list[str]], ground: Ground, change: dict[str, str] | None = None
    ) -> tuple[str, int, str]:
        asked = 0
        for tests in rounds:
            asked += len(tests)
            limit = 20 + int(10 * ground.seconds(tests))
            files = sorted({test.partition("::")[0] for test in tests})
            chosen = [test for test in tests if "::" in test] or None
            question = {"files": files, "tests": chosen, "change": change, "cpu": limit, "wall": 10 * limit}
            answer = self.process(way).ask(question)
            if answer["code"] in ("timeout", "not swapped"):
                return "timed out" if answer["code"] == "timeout" else "not swapped", asked, ""
            if answer["code"] not in (0, 5):
                return "caught", asked, str((answer["failed"] or ["the import"])[0])
        return "survived", asked, ""


def _copy_checkout(target: Path) -> None:
    """Copy what git would commit, committed or not."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard", "--deduplicate"], cwd=ROOT, check=True, capture_output=True
    ).stdout.split(b"\0")
    for name in filter(None, (os.fsdecode(entry) for entry in listed)):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def _test_files() -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / selection.TESTS).rglob("test_*.py"))


def _reaches(test_file: str, path: str) -> bool:
    """Tell whether a test file imports a file of the collection by name, or runs whole modules."""
    text = (ROOT / test_file).read_text(encoding="utf-8")
    folder, _slash, name = path.removesuffix(".py").rpartition("/")
    package = folder.replace("/", ".")
    if "plugins.modules.{" in text or f"{package}.{name} import" in text:
        return True
    return f"{package} import" in text and re.search(rf"\b{name}\b", text) is not None


def _shared_out(workers: list[Worker], jobs: Iterable[Job], do: Callable[[Worker, Job], Answer]) -> list[Answer]:
    """Have the workers do jobs, each the next one that is left; an exception of one ends them all."""
    left: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in jobs:
        left.put(job)
    answers: list[Answer] = []
    errors: list[Exception] = []

    def work(worker: Worker) -> None:
        try:
            while not errors:
                answers.append(do(worker, left.get_nowait()))
        except queue.Empty:
            return
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return answers


# -- what is asked -----------------------------------------------------------------------------------------------------


def measure(workers: list[Worker], files: list[str]) -> Coverage:
    """Run all unit tests of the plugins without a change, and note which of them run which lines."""
    coverage, failing = Coverage(), []

    def measured(worker: Worker, file: str) -> dict[str, Any]:
        return {**worker.process("measured", *files).ask({"files": [file], "stop": False}), "file": file}

    for answer in _shared_out(workers, _test_files(), measured):
        if answer["code"] not in (0, 1, 5):
            raise Meaningless(f"{answer['file']} does not run in a copy: {answer['code']} {answer['output']}")
        passed = {test: seconds for test, seconds in answer["seconds"].items() if test not in answer["failed"]}
        failing += answer["failed"]
        lines = {
            path: {line: [test for test in tests if test in passed] for line, tests in of_path.items()}
            for path, of_path in answer["lines"].items()
        }
        coverage.add(lines, passed)
    for worker in workers:
        worker.close("measured")
    if failing:
        print(f"Not asked, because they fail without any change: {', '.join(failing)}")
    return coverage


def tried(workers: list[Worker], mutants: list[Mutant], ground: Ground) -> list[Result]:
    """Try every mutant and return what became of each."""

    def result(worker: Worker, mutant: Mutant) -> Result:
        rounds = ground.rounds(mutant.place.path, mutant.place.line)
        outcome = Result(mutant, *worker.tries(mutant.place.path, mutant.source, rounds, ground))
        if outcome.outcome != "caught":
            print(f"{outcome.outcome}: {mutant}", flush=True)
        return outcome

    return _shared_out(workers, mutants, result)


def check_planted(workers: list[Worker], mutants: list[Mutant], ground: Ground) -> int:
    """Plant in some of the files one change that does nothing, and one that breaks what most tests run.

    The first shows that a mutant dies of its change alone, the second that the tests see the changed file at all.
    """
    paths = dict.fromkeys(mutant.place.path for mutant in mutants)
    jobs: list[tuple[str, int, str, str]] = []
    for path in list(paths)[:PLANTED]:
        source, known = ground.sources[path], ground.coverage.lines.get(path, {})
        jobs.append((path, *planted(source, known, "_planted = None"), "survived"))
        jobs.append((path, *planted(source, known, "raise AssertionError('planted')"), "caught"))

    def went(worker: Worker, job: tuple[str, int, str, str]) -> bool:
        path, line, source, expected = job
        rounds = ground.rounds(path, line)
        outcome, asked, by = worker.tries(path, source, rounds if ground.again else rounds[:1], ground)
        if asked and outcome != expected:
            raise Meaningless(f"the change planted in {path} had to be {expected!r} and is {outcome!r} {by}".rstrip())
        return bool(asked)

    return sum(_shared_out(workers, jobs, went))


def planted(source: str, known: Mapping[int, set[str]], statement: str) -> tuple[int, str]:
    """Return the line to test, and the source with a statement in the function that most tests run, else at its end."""
    starts = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            is_text = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
            starts += node.body[is_text : is_text + 1]
    start = max(starts, key=lambda first: len(known.get(first.lineno, ())), default=None)
    lines = source.splitlines(keepends=True)
    if start is None or not known.get(start.lineno):
        return 1, f"{source}\n{statement}\n"
    lines.insert(start.lineno - 1, f"{' ' * start.col_offset}{statement}\n")
    return start.lineno, "".join(lines)


# -- the run -----------------------------------------------------------------------------------------------------------


def drawn(sources: Mapping[str, str], size: int, seed: int, base: str | None) -> tuple[list[Mutant], int]:
    """Return the mutants of a seeded sample, and among how many places they were drawn."""
    places = [place for path, source in sources.items() for place in changes.places(path, source)]
    chosen = selection.sample(places, size, seed, _changed_since(base))
    mutants = [changes.made(place, sources[place.path]) for place in chosen]
    return [mutant for mutant in mutants if mutant], len({(place.path, place.line, place.column) for place in places})


def _changed_since(base: str | None) -> list[str]:
    if not base:
        return []
    command = ["git", "diff", "--name-only", "--merge-base", base]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


def survivors(sources: Mapping[str, str]) -> list[Mutant]:
    """Return the mutants that the last run left, as they can be made today."""
    found = []
    for entry in json.loads(REPORT.read_text(encoding="utf-8"))["survivors"]:
        place = Place(**entry["place"])
        mutant = changes.made(place, sources[place.path])
        if mutant is None or (mutant.before, mutant.after) != (entry["before"], entry["after"]):
            raise Meaningless(f"{place.path} is no longer the file of the last run: draw a new sample")
        found.append(mutant)
    return found


def report(judged: Verdict, source: str) -> str:
    """Return what a person reads of a run."""
    low, high = judged.interval
    lines = [f"{len(judged.caught)} caught of {judged.counted} that are no equivalents: {judged.percent:.1f} % "
             f"(all places: {low:.1f} to {high:.1f} %, with 95 % confidence). {source}"]
    lines += [f"Survived: {result.mutant}\n    {result.why}" for result in judged.missed]
    lines += [f"Equivalent: {result.mutant}\n    {reason}" for result, reason in judged.equivalent]
    lines += [f"Timed out, in no figure: {result.mutant}" for result in judged.timed_out]
    return "\n".join(lines)


def keep(judged: Verdict) -> None:
    """Write down what survived, for a run again."""
    entries = [
        {"place": vars(result.mutant.place), "before": result.mutant.before, "after": result.mutant.after,
         "why": result.why}
        for result in judged.missed
    ]
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps({"survivors": entries}, indent=1), encoding="utf-8")


def run(options: argparse.Namespace) -> int:
    files = selection.critical_files(ROOT)
    ground = Ground({path: (ROOT / path).read_text(encoding="utf-8") for path in files}, options.again)
    if options.again:
        mutants, origin = survivors(ground.sources), "These survived the last run."
    else:
        mutants, number = drawn(ground.sources, options.sample, options.seed, options.base)
        origin = f"Drawn from {number} places in {len(files)} files, seed {options.seed}."
    with tempfile.TemporaryDirectory() as folder:
        workers = [Worker(Path(folder, str(number))) for number in range(options.workers)]
        if not options.again:
            ground.coverage = measure(workers, files)
        known = check_planted(workers, mutants, ground)
        results = tried(workers, mutants, ground)
        for worker in workers:
            worker.close()
    judged = selection.verdict(results, selection.equivalents())
    keep(judged)
    print(report(judged, f"{origin} {known} planted changes went as they must."))
    return 0 if known and judged.percent >= selection.LEAST else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=100, help="number of places to change")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--base", help="commit: files that changed since come first")
    parser.add_argument("--again", action="store_true", help="only what survived the last run")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    try:
        return run(parser.parse_args())
    except Meaningless as reason:
        print(f"The figure means nothing: {reason}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
