# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example of every module's documentation runs as it stands: previewed, for real, and again without a change.

Of a module that only reads, one pass says it all.
"""

from __future__ import annotations

import copy
import datetime
import importlib
import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import yaml

from lab.model.builder import Pair
from lab.model.scenarios import find
from tests.integration.conftest import BenchMaker
from tests.integration.harness import COLLECTION, MOVE, ROOT, Bench, Run, Task, module, move_request, records

AT_ONCE = 3
MODULES = "ansible_collections.mailops.exchange_hybrid.plugins.modules"
STAMPED = UUID("5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01")  # the GUID that exchange_guid's example names


def ann_and_bob(bench: Bench) -> tuple[Pair, Pair]:
    return bench.build.cloud_only("Ann"), bench.build.cloud_only("Bob")


def delayed(bench: Bench) -> None:
    ann, _bob = ann_and_bob(bench)
    bench.build.set_cloud(ann, delay_hold=True)


def mail_users(bench: Bench) -> tuple[Pair, Pair]:
    ann, bob = bench.build.synced("Ann"), bench.build.synced("Bob")
    bench.build.set_cloud(ann, exchange_guid=STAMPED)
    for pair in (ann, bob):
        bench.build.mail_enable(pair)
    return ann, bob


def ready(bench: Bench) -> None:
    ann, bob = mail_users(bench)
    for pair in (ann, bob):
        bench.build.set_directory(pair, exchange_guid=pair.cloud.exchange_guid)


def four_ready(bench: Bench) -> None:
    ready(bench)
    for name in ("Cleo", "Dana"):
        pair = bench.build.synced(name)
        bench.build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)


def under_way(bench: Bench) -> None:
    ann, _bob = mail_users(bench)
    move_request(bench, ann, batch_name="wave-1", prevent_completion=True)


def two_under_way(bench: Bench) -> None:
    ready(bench)
    for name in ("ann", "bob"):
        pair = find(bench.hybrid, f"{name}@contoso.com")
        move_request(bench, pair, batch_name="wave-1", suspend_when_ready=True)


def wave_csv(bench: Bench) -> None:
    (bench.directory / "mailboxes.csv").write_text("identity\nann@contoso.com\nbob@contoso.com\n", encoding="utf-8")


def wave_json(bench: Bench) -> None:
    ann_and_bob(bench)
    bench.offboarding_directory.mkdir()
    wave = [{"identity": "ann@contoso.com"}, {"identity": "bob@contoso.com"}]
    (bench.offboarding_directory / "wave.json").write_text(json.dumps(wave), encoding="utf-8")


def stopped_before_the_sync(bench: Bench) -> None:
    """Let ann and bob be mail users, with baselines, that no cycle has seen: the last one was an hour ago."""
    bench.hybrid.run_scheduled_cycle()
    for run in bench.hybrid.sync.history:
        run.started -= datetime.timedelta(hours=1)
        run.ended = run.started
    pairs = ann_and_bob(bench)
    assert bench.offboard("--tags", "prepare", offboarding_mailboxes=records(pairs)).succeeded


def people(bench: Bench) -> None:
    """Ann and Bob are in the cloud; a shared mailbox, Carol and Dave are at home, and there is a security group."""
    ann_and_bob(bench)
    for name in ("Info", "Carol", "Dave"):
        bench.build.mailbox_on_premises(name)
    bench.build.group("Sales", "sales@contoso.com", security=True)


def nothing(bench: Bench) -> None:
    """Leave the organization as it is."""


# Those of a memory in a database are tried in tests/integration/postgresql, where there is one.
ELSEWHERE = {"memory_copy", "memory_schema"}
NAMES = sorted({path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")} - {"__init__"} - ELSEWHERE)
# What the examples of some modules take for granted; those of the others are about ``people``.
SETUP: dict[str, Callable[[Bench], object]] = {
    "connection_test": nothing,
    "delay_holds": delayed,
    "directory_sync": nothing,
    "exchange_guid": mail_users,
    "migration_batch": four_ready,
    "move_progress": two_under_way,
    "move_request": ready,
    "move_request_info": under_way,
    "offboarding_readiness": wave_json,
    "offboarding_report": wave_json,
    "offboarding_rollback": stopped_before_the_sync,
    "wave_file": wave_csv,
}


def examples(name: str, bench: Bench) -> list[dict[str, Any]]:
    """Return a module's examples; the directory that they name is the test's own."""
    text = documented(name).EXAMPLES.replace("/srv/offboarding", str(bench.offboarding_directory))
    tasks: list[dict[str, Any]] = yaml.safe_load(text)
    return tasks


def documented(name: str) -> Any:
    """Return a module file as Python has it: its texts are DOCUMENTATION, EXAMPLES and RETURN."""
    return importlib.import_module(f"{MODULES}.{name}")


def only_reads(name: str) -> bool:
    return "attributes.read_only" in documented(name).DOCUMENTATION


@dataclass
class Tried:
    """The three passes over a module's examples, task by task, and what the lab received."""

    run: Run
    writes: list[str]

    def tasks(self, which: str) -> list[Task]:
        own = [task for task in self.run.tasks if task.action.startswith(COLLECTION)]
        return [task for task in own if task.name.startswith(which)]


def named(task: dict[str, Any], which: str, **more: Any) -> dict[str, Any]:
    """Return a copy of a task, or of a block, whose names begin with the pass that it belongs to."""
    result = {**copy.deepcopy(task), "name": f"{which}: {task['name']}", **more}
    for part in ("block", "always"):
        if part in result:
            result[part] = [named(inner, which) for inner in result[part]]
    return result


def tried(make_bench: BenchMaker, name: str) -> Tried:
    with make_bench() as bench:
        SETUP.get(name, people)(bench)
        bench.offboarding_directory.mkdir(exist_ok=True)
        before = len(bench.log)
        tasks_given = examples(name, bench)
        tasks = [named(task, "real") for task in tasks_given]
        if not only_reads(name):
            previews = [named(task, "preview", check_mode=True) for task in tasks_given]
            again = [named(task, "again") for task in tasks_given]
            # Each task is previewed right before it runs: what it stands on is there by then.
            tasks = [*itertools.chain.from_iterable(zip(previews, tasks, strict=True)), *again]
        return Tried(bench.play(*tasks, offboarding_directory=str(bench.offboarding_directory)), bench.writes(before))


@pytest.fixture(scope="module")
def outcomes(make_bench: BenchMaker) -> Iterator[dict[str, Tried]]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield dict(zip(NAMES, pool.map(lambda name: tried(make_bench, name), NAMES), strict=True))


def test_what_is_prepared_is_for_modules_that_exist() -> None:
    assert set(SETUP) < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_do_what_their_preview_says_and_then_nothing_more(name: str, outcomes: dict[str, Tried]) -> None:
    result = outcomes[name]
    assert result.run.succeeded, result.run.output
    assert {task.status for task in result.run.tasks} <= {"ok", "skipped"}
    preview, real, again = (result.tasks(which) for which in ("preview", "real", "again"))
    assert any(task.action == COLLECTION + name for task in real)
    if only_reads(name):
        assert [task for task in real if task.changed or task.cmdlets] == []
    else:
        assert [task.cmdlets for task in preview] == [task.cmdlets for task in real]
        assert [task.changed for task in preview] == [task.changed for task in real]
    assert [task.name for task in again if task.changed and not task.action.endswith("directory_sync")] == []
    sent = [cmdlet for task in (*real, *again) for cmdlet in task.cmdlets]
    assert sorted(result.writes) == sorted(cmdlet.partition(" ")[0] for cmdlet in sent)


def test_a_preview_of_several_tasks_plans_on_what_earlier_ones_predicted(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    steps = [
        module("mailbox_info", name="read", register="cloud", identity=pair.identity),
        module(
            "mailuser",
            name="enable",
            register="enabled",
            mailboxes="{{ cloud.mailboxes }}",
            routing_domain="contoso.mail.onmicrosoft.com",
        ),
        module("exchange_guid", name="stamp", register="stamped", mailboxes="{{ enabled.mailboxes }}"),
        module("move_request", name="submit", register="submitted", mailboxes="{{ stamped.mailboxes }}", **MOVE),
        module("move_request", name="suspend", mailboxes="{{ submitted.mailboxes }}", state="suspended"),
    ]
    run = bench.play(*steps, arguments=["--check"])
    assert [(task.name, task.status) for task in run.tasks] == [(step["name"], "ok") for step in steps], run.output
    names = {task.name: [cmdlet.partition(" ")[0] for cmdlet in task.cmdlets] for task in run.tasks}
    assert names == {
        "read": [],
        "enable": ["Enable-MailUser", "Set-MailUser"],
        "stamp": [],
        "submit": ["New-MoveRequest"],
        "suspend": ["Suspend-MoveRequest"],
    }
    assert bench.writes() == []
