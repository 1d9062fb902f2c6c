# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests start warm is what a user starts: same results, same environment, same end."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.harness import Bench, Run, kept, module
from tests.integration.warm import start as warm

# As ansible-playbook runs it: it has modules run by the interpreter that stands for Python, one on standard input.
PLAYBOOK = """
import json, os, subprocess, sys
print(json.dumps(telling()), flush=True)
command = [sys.argv[1], *sys.argv[2:]]
for given in (command, command[:1]):
    script = open(sys.argv[2], encoding="utf-8").read()
    done = subprocess.run(given, input=script, capture_output=True, text=True, env={**os.environ, "OF": "module"})
    print(json.dumps([done.returncode, done.stdout, done.stderr]))
sys.exit(7)
"""
TELLING = """
import atexit, os, sys, threading
def telling():
    return {
        "arguments": sys.argv, "path": sys.path[0], "directory": os.getcwd(), "environment": dict(os.environ),
        "threads": threading.active_count(), "group": os.getpgid(0), "session": os.getsid(0),
        "own": [name for name in sys.modules if name.startswith("ansible")], "name": __name__,
    }
"""
MODULE = """
import json, sys
print(json.dumps(telling()))
atexit.register(print, "registered")
threading.Thread(target=lambda: (threading.main_thread().join(), print("joined"))).start()
"""


def told(command: list[str], directory: Path, **environment: str) -> tuple[int, list[str], str]:
    base = {"LANG": "C.UTF-8", "PATH": os.environ["PATH"], **kept()}
    outputs = [directory / "stdout", directory / "stderr"]
    process = warm.start(command, {**base, **environment}, directory, outputs)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode is not None
    return process.returncode, stdout.splitlines(), stderr


@pytest.fixture
def script(tmp_path: Path) -> Any:
    def written(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(TELLING + text, encoding="utf-8")
        return str(path)

    return written


def test_each_process_is_as_a_new_one(tmp_path: Path, script: Any) -> None:
    module_file = script("module.py", MODULE)
    command = [script("playbook.py", PLAYBOOK), warm.interpreter(), module_file]
    status, lines, stderr = told(command, tmp_path, MINE="alone")
    assert (status, stderr) == (7, "")
    playbook, *modules = map(json.loads, lines)
    assert playbook["arguments"] == command
    assert playbook["environment"]["MINE"] == "alone"
    assert "HOME" not in playbook["environment"]
    assert playbook["group"] == playbook["session"] != os.getsid(0)
    for (code, output, errors), arguments in zip(modules, ([module_file], [""]), strict=True):
        first, *rest = output.splitlines()
        assert (code, errors, rest) == (0, "", ["joined", "registered"])
        seen = json.loads(first)
        assert seen["arguments"] == arguments
        assert seen["path"] == (str(tmp_path) if arguments[0] else "")
        assert seen["environment"] == {**playbook["environment"], "OF": "module"}
        assert (seen["group"], seen["session"]) == (playbook["group"], playbook["session"]), "a signal reaches it"
    for seen in (playbook, json.loads(modules[0][1].splitlines()[0])):
        assert seen["directory"] == str(tmp_path)
        assert (seen["threads"], seen["own"], seen["name"]) == (1, [], "__main__")


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("raise ValueError('of its own')", 1, "ValueError: of its own"),
        ("sys.exit('a sentence')", 1, "a sentence"),
        ("sys.exit()", 0, ""),
        ("os.kill(os.getpid(), 15)", -signal.SIGTERM, ""),
        ("os.killpg(0, 9)", -signal.SIGKILL, ""),
    ],
)
def test_the_end_is_passed_on(tmp_path: Path, script: Any, text: str, status: int, words: str) -> None:
    ended, _lines, stderr = told([script("playbook.py", text)], tmp_path)
    assert (ended, words in stderr) == (status, True), stderr


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("sys.exit(5)", 5, ""),
        ("raise ValueError('of its own')", 1, "ValueError: of its own"),
        ("os.kill(os.getpid(), 15)", -signal.SIGTERM, ""),
        ("os.kill(os.getppid(), 9)", 255, ""),
    ],
)
def test_the_end_of_a_module_is_passed_on(tmp_path: Path, script: Any, text: str, status: int, words: str) -> None:
    command = [script("playbook.py", PLAYBOOK), warm.interpreter(), script("module.py", text)]
    _status, (_playbook, *modules), _stderr = told(command, tmp_path)
    for code, _output, errors in map(json.loads, modules):
        assert (code, words in errors) == (status, True), errors


TEMPLATE = """
import jinja2
for begin, end in ("{{", "}}"), ("[[", "]]"), ("{{", "}}"):
    environment = jinja2.Environment(optimized=False, variable_start_string=begin, variable_end_string=end)
    print(environment.from_string("{{ a }}[[ a ]]").render(a=1))
"""


def test_a_template_that_was_compiled_before_is_read_by_the_syntax_of_its_environment(
    tmp_path: Path, script: Any
) -> None:
    for _time in range(2):
        _status, lines, _stderr = told([script("playbook.py", TEMPLATE)], tmp_path)
        assert lines == ["1[[ a ]]", "{{ a }}1", "1[[ a ]]"]


def test_results_are_those_of_new_processes(bench: Bench) -> None:
    pair = bench.build.synced("Ann Archer")
    tasks = (
        module("mailbox_info", identity=pair.identity),
        module("offboarding_state", mailboxes=[{"identity": pair.identity}, {"identity": "nobody@contoso.com"}]),
        module("mailuser", identity=pair.identity, state="absent-minded"),
    )
    warmly, bench.cold = bench.play(*tasks), True
    as_users = bench.play(*tasks)
    assert told_by(warmly) == told_by(as_users)
    assert [task.status for task in warmly.tasks] == ["ok", "failed", "failed"]


def told_by(run: Run) -> tuple[int, str]:
    """Return the end and the results of a run, without the times at which it looked."""
    results = json.dumps([(task.name, task.status, task.result) for task in run.tasks], indent=1)
    return run.returncode, re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "", results)
