# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs chosen unit tests of the directory that it was started in, each time in a fork. Its argument is the way:

``collected``: of a process that has collected all tests; a change is put into the functions that they have loaded.
``measured``: the same, and which test runs which line of the files named after it is recorded.
``fresh``: of a process that has loaded everything but the code under test and the tests, which a fork then collects.

One question a line on standard input, one answer a line on standard output.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from tests.mutants import selection
from tests.mutants.swap import functions_of, swap

# Not loaded before the fork of ``fresh``: the code under test, and the tests, which hold what they imported of it.
FRESH = ("ansible_collections", "tests")
ARGUMENTS = ["-q", "-n0", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
Questions = Iterable[dict[str, Any]]


@dataclass(eq=False)
class Recorder:
    """A plugin of pytest that notes how each test went, and which lines it ran."""

    coverage: Any = None
    failed: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    _started: float = 0.0

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
        self.coverage.stop()
        data = self.coverage.get_data()
        return {
            os.path.relpath(file): {
                line: sorted(filter(None, contexts)) for line, contexts in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }


@dataclass(eq=False)
class Server:
    """A plugin of pytest that, instead of running the collected tests, runs in forks those that it is asked for."""

    questions: Questions
    answers: BinaryIO
    coverage: Any = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        gc.unfreeze()  # what is frozen is not listed
        live = functions_of(f"{os.getcwd()}/plugins/")
        gc.freeze()

        def run(question: dict[str, Any], _folder: Path) -> dict[str, Any]:
            change = question.get("change")
            if change and not swap(live, os.path.abspath(change["path"]), change["original"], change["changed"]):
                return {"code": "not swapped", "failed": [], "seconds": {}}
            asked = question.get("tests")
            files = frozenset(question["files"])
            chosen = [items[test] for test in asked if test in items] if asked else [
                item for item in session.items if item.nodeid.partition("::")[0] in files
            ]
            return _run(session, chosen, Recorder(self.coverage), question.get("stop", True))

        serve(self.questions, self.answers, run)
        return True


def _run(session: pytest.Session, items: list[pytest.Item], recorder: Recorder, stop: bool) -> dict[str, Any]:
    session.config.pluginmanager.register(recorder)
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if stop and recorder.failed:
            break
    code = 5 if not items else int(bool(recorder.failed))
    return {"code": code, "failed": recorder.failed, "seconds": recorder.seconds, "lines": recorder.lines()}


def _fresh(question: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Collect the files of a question, and run the chosen tests."""

    class Chosen(Recorder):
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            if question.get("tests"):
                chosen = frozenset(question["tests"])
                items[:] = [item for item in items if item.nodeid in chosen]

    recorder = Chosen()
    arguments = [*ARGUMENTS, f"--basetemp={folder / 'tests'}", *(["-x"] if question.get("stop", True) else [])]
    code = pytest.main([*arguments, *question["files"]], plugins=[recorder])
    answer: dict[str, Any] = {"code": int(code), "failed": recorder.failed, "seconds": recorder.seconds}
    if question.get("preload"):
        answer["modules"] = [name for name in sys.modules if name.split(".")[0] not in FRESH]
    return answer


# -- forks -------------------------------------------------------------------------------------------------------------


def serve(questions: Questions, answers: BinaryIO, run: Callable[[dict[str, Any], Path], dict[str, Any]]) -> None:
    for question in questions:
        answer = asked(question, run)
        if question.get("preload"):
            preload(answer.pop("modules", []))
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def preload(modules: list[str]) -> None:
    """Import what a fork had to import: the next ones find it there."""
    sys.path.insert(0, os.getcwd())
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def asked(question: dict[str, Any], run: Callable[[dict[str, Any], Path], dict[str, Any]]) -> dict[str, Any]:
    """Run the tests of a question in a fork, which has its time."""
    assert threading.active_count() == 1, "a process with threads is not to be forked"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        child = os.fork()
        if child == 0:
            _child(question, Path(folder), run)
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


def _child(question: dict[str, Any], folder: Path, run: Callable[[dict[str, Any], Path], dict[str, Any]]) -> None:
    code = 70
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (question["cpu"], question["cpu"] + 5))
        output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(output, stream)
        sys.dont_write_bytecode = not question.get("preload")
        answer = run(question, folder)
        (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        # Not by sys.exit: nothing of the parent's is to be cleared up twice.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main(way: str, *files: str) -> int:
    # pytest takes the streams of the process for itself.
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    lines = map(json.loads, iter(questions.readline, b""))
    if way == "fresh":
        serve(lines, answers, _fresh)
        return 0
    coverage = None
    if way == "measured":
        from coverage import Coverage

        coverage = Coverage(data_file=None, include=[os.path.abspath(path) for path in files], config_file=False)
        coverage.start()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # its dots
    sys.path.insert(0, os.getcwd())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(lines, answers, coverage)
        return int(pytest.main([*ARGUMENTS, f"--basetemp={folder}/tests", selection.TESTS], plugins=[server]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
