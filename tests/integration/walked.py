# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the role by the walker of the fault matrix, which costs a quarter of what ansible-playbook does.

For tests of what the role does, and not of ansible-playbook: the same task files, modules in processes of their own,
the same lab. test_fault_matrix.py compares what both give to the modules. One process, without threads, imports
everything once and forks each run; it ends with the tests' own.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLE = "mailops.exchange_hybrid.mailbox_offboarding"


@functools.cache
def entry_of(playbook: Path) -> str:
    """Return the role's entry point that is all of a playbook; the empty text where it has more, or something else."""
    (play,) = yaml.safe_load(playbook.read_text("utf-8")) if playbook.parent == ROOT / "playbooks" else ({},)
    tasks = play.get("tasks", [])
    given = tasks[0].get("ansible.builtin.import_role", {}) if len(tasks) == 1 else {}
    return given.get("tasks_from", "main") if given.get("name") == ROLE else ""


def tags_of(arguments: tuple[str, ...], variables: Mapping[str, Any]) -> list[str] | None:
    """Return the tags of ansible-playbook's arguments; None for a run that the walker does not know.

    It knows no other arguments, and no tasks but the role's own.
    """
    if "offboarding_scope_tasks" in variables:
        return None
    if not arguments:
        return ["all"]
    return arguments[1].split(",") if len(arguments) == 2 and arguments[0] == "--tags" else None


class Server:
    """The process that forks the runs; a test process has one, and one run at a time."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        names = ("PATH", "LANG", "PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH", "VIRTUAL_ENV")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.walked"],
            cwd=ROOT,
            env={**kept, "ANSIBLE_DEPRECATION_WARNINGS": "false"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.close)

    def run(self, **what: Any) -> dict[str, Any]:
        """Have a run done; return its code, its events and what its processes printed to standard error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._one:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@functools.cache
def server() -> Server:
    return Server()


def shown(events: list[Mapping[str, Any]]) -> str:
    """Return what a run told its user: the messages of tasks that show or fail, lines as lines."""
    told: list[str] = []
    for event in events:
        if event["action"] == "ansible.builtin.debug" or event["status"] == "failed":
            said = event["result"].get("msg", "")
            told += map(str, said) if isinstance(said, list) else [str(said)]
        told += map(str, event["result"].get("warnings", []))
    return "\n".join(told)


def main() -> None:
    """Serve: a JSON object a line is a run to do, and one a line is what came of it."""
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader()

    from tests.fault_matrix import clock, modules, role, runs

    modules.import_all()
    role.compile_ahead()
    runs.adopt_orphans()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        what = json.loads(line)
        run = runs.Run(
            Path(what["place"]), what["extra"], what["environment"], what["entry"], what["tags"],
            role.Time(clock.pause, clock.seconds),
        )  # fmt: skip
        ran = run.finish()
        answers.write(json.dumps({"code": ran.code, "events": ran.events, "printed": ran.printed}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
