# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fixed part of the matrix of faults, and what holds its walker of the role to ansible-playbook."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import sys
from typing import Any

from tests.fault_matrix.worlds import people
from tests.integration.conftest import BenchMaker
from tests.integration.harness import COLLECTIONS, ROOT, WAVE, Bench, Run

BUILTIN = "ansible.builtin."
TEMPORARY = re.compile(r"/tmp/(?:readiness|offboarding)\.[^/\"]+")
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


def matrix(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Play the matrix in a process of its own: it moves the time, and forks."""
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS, "ANSIBLE_DEPRECATION_WARNINGS": "false"}
    command = [sys.executable, "-m", "tests.fault_matrix", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_fixed_part_of_the_matrix_passes() -> None:
    part = ("--faults", "6", "--kills", "3", "--pairs", "1")
    played = matrix("--way", "psrp and rest", "--first-run", *part, "--seed", "3", "--verbose")
    assert played.returncode == 0, played.stdout + played.stderr
    assert re.search(r"^10 cases in \d worlds, 0 wrong, 0 not struck", played.stdout, re.MULTILINE), played.stdout


def test_the_walker_gives_the_modules_what_ansible_gives_them(bench: Bench) -> None:
    pairs = people(bench.build)
    wave = [{"identity": pair.identity, "add_routing_address": True} for pair in pairs]
    bench.signs_in = True
    run = bench.offboard(offboarding_mailboxes=wave)
    assert run.succeeded, run.output
    by_ansible = [
        [task.name, task.action, task.result["invocation"]["module_args"]]
        for task in run.tasks
        if "invocation" in task.result and task.action.startswith("mailops.")
    ]
    told = json.dumps(by_ansible).replace(str(bench.offboarding_directory), "DIRECTORY")
    walked = matrix("--walk", json.dumps(WAVE))
    assert walked.returncode == 0, walked.stderr
    given = json.loads(walked.stdout)
    assert [entry[:2] for entry in given] == [entry[:2] for entry in json.loads(told)]
    for (task, _action, by_walker), (_task, _same, by_playbook) in zip(given, json.loads(told), strict=True):
        assert comparable(by_walker) == comparable(by_playbook), task


STEPS: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    ("readiness", (), {}),
    ("offboard", ("--tags", "prepare"), {}),
    ("rollback", (), {}),
    ("offboard", (), {"offboarding_cutover": "held"}),
    ("status", (), {}),
    ("complete", (), {}),
    ("verify", (), {}),
    ("cleanup", (), {}),
    ("report", (), {}),
)


def test_each_entry_is_walked_as_ansible_runs_it(make_bench: BenchMaker) -> None:
    """What tests that are marked ``walked`` rest on: the same tasks end in the same way, given the same."""
    told = []
    for walks in (False, True):
        with make_bench() as bench:
            bench.walks = walks
            bench.hybrid.run_scheduled_cycle()
            for run in bench.hybrid.sync.history:
                run.started = run.ended = run.started - datetime.timedelta(hours=1)
            wave = [{"identity": pair.identity, "add_routing_address": True} for pair in people(bench.build)]
            runs = [
                bench.offboard(*arguments, playbook=entry, offboarding_mailboxes=wave, **given)
                for entry, arguments, given in STEPS
            ]
            assert [run.output for run in runs if not run.succeeded] == []
            told.append([seen(run, bench) for run in runs])
    for (entry, arguments, _given), by_ansible, by_walker in zip(STEPS, *told, strict=True):
        assert by_walker == by_ansible, (entry, arguments)


def seen(run: Run, bench: Bench) -> list[Any]:
    """Return what the tasks of a run were given, and how each ended."""
    found = []
    for task in run.tasks:
        if task.status == "skipped" or task.action in (f"{BUILTIN}include_tasks", f"{BUILTIN}validate_argument_spec"):
            continue
        own = task.action.startswith("mailops.")
        arguments = comparable(task.result["invocation"]["module_args"]) if own else {}
        given = json.dumps(arguments).replace(str(bench.offboarding_directory), "DIRECTORY")
        found.append([task.name, task.action, task.status, task.changed, json.loads(TEMPORARY.sub("TEMPORARY", given))])
    return found


def comparable(arguments: dict[str, Any]) -> Any:
    """Return the arguments without what differs from lab to lab, and from run to run."""
    labs = ("exchange_server", "exchange_online", "entra_connect", "active_directory")
    told = json.dumps({name: value for name, value in arguments.items() if name not in labs})
    return json.loads(RUN_ID.sub("RUN", told))
