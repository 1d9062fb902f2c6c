# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs chosen unit tests of the directory that it was started in, each time in a fork of a process that has loaded
everything but the code under test. One question a line on standard input, one answer a line on standard output.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Neither is ever loaded before the fork: the code under test, and the tests, which hold what they imported of it.
FRESH = ("ansible_collections", "tests")
ARGUMENTS = ["-q", "-n0", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]


class Recorder:
    """A plugin of pytest that keeps to the chosen tests, and notes how each went and which lines it ran."""

    def __init__(self, chosen: list[str] | None, coverage: Any) -> None:
        self.chosen = None if chosen is None else frozenset(chosen)
        self.coverage = coverage
        self.failed: list[str] = []
        self.seconds: dict[str, float] = {}
        self._started = 0.0

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self.chosen is not None:
            kept = [item for item in items if item.nodeid in self.chosen]
            config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in self.chosen])
            items[:] = kept

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._started = time.process_time()
        if self.coverage is not None:
            self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and report.nodeid not in self.failed:
            self.failed.append(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.seconds[nodeid] = round(time.process_time() - self._started, 4)

    def lines(self) -> dict[str, dict[int, list[str]]]:
        """Return for each measured file the tests that ran each of its lines."""
        if self.coverage is None:
            return {}
        data = self.coverage.get_data()
        return {
            os.path.relpath(file): {
                line: sorted(filter(None, contexts)) for line, contexts in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }


def main() -> int:
    for line in sys.stdin:
        question = json.loads(line)
        answer = asked(question)
        if question.get("preload"):
            preload(answer.pop("modules", []))
        print(json.dumps(answer), flush=True)
    return 0


def preload(modules: list[str]) -> None:
    """Import what a fork had to import: the next ones find it there."""
    sys.path.insert(0, os.getcwd())
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    assert threading.active_count() == 1, "a process with threads is not to be forked"


def asked(question: dict[str, Any]) -> dict[str, Any]:
    """Run the tests of a question in a fork, which has its time."""
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            _child(question, Path(folder))
        status = _waited(child, question["wall"])
        answer = Path(folder, "answer.json")
        if os.WIFSIGNALED(status) or not answer.is_file():
            out_of_time = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXCPU)
            return {"code": "timeout" if out_of_time else "lost", "failed": [], "output": _tail(Path(folder))}
        return {**json.loads(answer.read_text(encoding="utf-8")), "output": _tail(Path(folder))}


def _tail(folder: Path) -> str:
    output = folder / "output"
    return output.read_text(encoding="utf-8", errors="replace")[-3000:] if output.is_file() else ""


def _waited(child: int, wall: float) -> int:
    """Wait for a fork, and end it with all that it started when its time is over."""
    alarm = threading.Timer(wall, lambda: os.killpg(child, signal.SIGKILL))
    alarm.daemon = True
    alarm.start()
    try:
        _pid, status = os.waitpid(child, 0)
    finally:
        alarm.cancel()
        alarm.join()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return status


def _child(question: dict[str, Any], folder: Path) -> None:
    code = 70
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (question["cpu"], question["cpu"] + 5))
        output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(output, stream)
        sys.dont_write_bytecode = not question.get("preload")
        answer = _tested(question, folder)
        (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        # Not by sys.exit: nothing of the parent's is to be cleared up twice.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _tested(question: dict[str, Any], folder: Path) -> dict[str, Any]:
    arguments = [*ARGUMENTS, f"--basetemp={folder / 'tests'}"]
    if question.get("stop", True):
        arguments.append("-x")
    with measured(question.get("measure")) as coverage:
        recorder = Recorder(question.get("tests"), coverage)
        code = pytest.main([*arguments, *question["files"]], plugins=[recorder])
    shutil.rmtree(folder / "tests", ignore_errors=True)
    answer: dict[str, Any] = {"code": int(code), "failed": recorder.failed, "seconds": recorder.seconds}
    if coverage is not None:
        answer["lines"] = recorder.lines()
    if question.get("preload"):
        answer["modules"] = [name for name in sys.modules if name.split(".")[0] not in FRESH]
    return answer


@contextlib.contextmanager
def measured(include: list[str] | None) -> Iterator[Any]:
    """Measure which lines of the files run, and in which test; without files, do not."""
    if include is None:
        yield None
        return
    from coverage import Coverage

    coverage = Coverage(data_file=None, include=[os.path.abspath(path) for path in include], config_file=False)
    coverage.start()
    try:
        yield coverage
    finally:
        coverage.stop()


if __name__ == "__main__":
    sys.exit(main())
