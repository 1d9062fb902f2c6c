# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal beside the lab's own log: every write that arrived stands in it, before its answer, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.model.builder import Pair, Person
from tests.integration.conftest import BenchMaker
from tests.integration.harness import (
    COLLECTION,
    LONGEST_RUN,
    ROOT,
    WAVE,
    Bench,
    Run,
    finish,
    module,
    records,
    wait_until_it_hangs,
)
from tests.integration.test_faults import everything
from tests.integration.test_secrets import found
from tests.integration.test_waves import inventory
from tests.integration.test_waves import offboard as offboard_waves

pytestmark = pytest.mark.walked

ROLE = ROOT / "roles" / "mailbox_offboarding"
# How the lab's log calls what became of a cmdlet, and what its caller can know of it.
RESULTS = {"ok": "ok", "error": "failed", "throttled": "failed", "dropped": "unknown"}


@dataclass(frozen=True)
class Write:
    """One write as the journal tells it; ``answered`` is None where the run did not live to see the answer."""

    sent: dict[str, Any]
    answered: dict[str, Any] | None

    @property
    def cmdlet(self) -> str:
        return str(self.sent["cmdlet"]).partition(" ")[0]

    @property
    def result(self) -> str:
        return str(self.answered["result"]) if self.answered else ""


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def writes(path: Path) -> list[Write]:
    """Return the writes in their order; each has one ``sent`` and at most one ``answered``, in that order."""
    by_id: dict[str, list[dict[str, Any]]] = {}
    for entry in lines(path):
        if entry["event"] != "accepted":
            by_id.setdefault(entry["id"], []).append(entry)
    for pair in by_id.values():
        assert [entry["event"] for entry in pair] in (["sent", "answered"], ["sent"])
    return [Write(pair[0], pair[1] if len(pair) > 1 else None) for pair in by_id.values()]


def journal(bench: Bench) -> Path:
    return bench.offboarding_directory / "journal.jsonl"


def assert_tells_what_arrived(bench: Bench, path: Path) -> None:
    """Check that the writes in the journal are those in the lab's log: the same ones, as often, with the same end."""
    log = bench.log.writes()
    arrived = Counter((entry["organization"], entry["cmdlet"], RESULTS[entry["outcome"]]) for entry in log)
    told = Counter((str(write.sent["organization"]), write.cmdlet, write.result) for write in writes(path))
    assert told == arrived


def people(bench: Bench) -> list[Pair]:
    """Add one mailbox of each beginning, so that the role needs all of its writes."""
    return [
        bench.build.cloud_only(Person("Sales Desk", kind="SharedMailbox", routing_address=False)),
        bench.build.synced("Nils Novak"),
        bench.build.remote_mailbox("Rosa Romero"),
    ]


# -- the role ----------------------------------------------------------------------------------------------------------


@dataclass
class Twice:
    """A wave that came home, what the journal was then, and the same wave once more."""

    bench: Bench
    pairs: list[Pair]
    first: Run
    content: bytes
    second: Run


@pytest.fixture(scope="module")
def twice(make_bench: BenchMaker) -> Iterator[Twice]:
    with make_bench() as bench:
        pairs = people(bench)
        bench.faults.add("exchange_server", "Enable-MailUser", "throttle", retry_after=0.1)
        bench.faults.add("exchange_online", "New-MoveRequest", "drop_after")
        wave = records(pairs, add_routing_address=True)
        first = bench.offboard("--diff", offboarding_mailboxes=wave)
        content = journal(bench).read_bytes()
        yield Twice(bench, pairs, first, content, bench.offboard(offboarding_mailboxes=wave))


def test_every_write_of_the_role_is_told_once_in_the_right_organization(twice: Twice) -> None:
    assert twice.first.succeeded, twice.first.output
    assert_tells_what_arrived(twice.bench, journal(twice.bench))
    told = writes(journal(twice.bench))
    assert {write.result for write in told} == {"ok", "failed", "unknown"}
    assert {write.sent["organization"] for write in told} == {"exchange_server", "exchange_online", "entra_connect"}
    assert {write.cmdlet for write in told} >= {"Set-ADSyncScheduler", "Set-RemoteMailbox", "Set-Mailbox"}


def test_a_second_run_adds_nothing(twice: Twice) -> None:
    assert twice.second.succeeded, twice.second.output
    assert twice.second.changed == []
    assert journal(twice.bench).read_bytes() == twice.content


def test_a_run_has_one_name_and_its_mailboxes_theirs(twice: Twice) -> None:
    told = lines(journal(twice.bench))
    assert len({entry["run_id"] for entry in told}) == 1
    assert {entry["host"] for entry in told} == {"localhost"}
    of_mailboxes = {entry["object"] for entry in told if entry["organization"] != "entra_connect"}
    assert of_mailboxes == {pair.identity for pair in twice.pairs}
    assert {entry["object"] for entry in told if entry["organization"] == "entra_connect"} == {""}


def test_the_journal_tells_what_each_write_changed(twice: Twice) -> None:
    nils = twice.pairs[1]
    (stamp,) = [
        write for write in writes(journal(twice.bench))
        if (write.sent["object"], write.cmdlet) == (nils.identity, "Set-MailUser")
    ]  # fmt: skip
    assert stamp.sent["after"]["exchange_guid"] == str(nils.cloud.exchange_guid)
    assert stamp.sent["before"]["exchange_guid"] is None, "a plain user has none"
    assert str(nils.cloud.exchange_guid) in stamp.sent["cmdlet"]


def test_nobody_else_may_read_it_and_it_keeps_no_secret(twice: Twice) -> None:
    assert stat.S_IMODE(journal(twice.bench).stat().st_mode) == 0o600
    (sent, *_more) = [write for write in writes(journal(twice.bench)) if write.cmdlet == "New-MoveRequest"]
    assert "-RemoteCredential (PSCredential '" in sent.sent["cmdlet"], "a secret was sent"
    assert found(twice.bench, journal(twice.bench).read_bytes()) == []


ENTRIES = ("main", "complete", "verify", "cleanup", "rollback", "resume_sync", "status")
TASK_FILES = ("ansible.builtin.import_tasks", "ansible.builtin.include_tasks")


def test_every_task_of_the_role_that_can_write_is_given_the_journal() -> None:
    """By module_defaults of the block that it is in, whichever file it is in."""
    takes = set(yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["journal"])
    given = {
        "journal": "{{ __offboarding_journal }}",
        "journal_run_id": "{{ offboarding_journal_run_id }}",
        "journal_host": "{{ inventory_hostname }}",
    }
    used, wrong = set(), []
    for entry in ENTRIES:
        for task, defaults in reached(f"{entry}.yml", {}):
            for name in takes & {key.removeprefix(COLLECTION) for key in task}:
                used.add(name)
                wrong += [f"{entry}: {task['name']}"] * (defaults.get(f"group/{COLLECTION}journal") != given)
    assert wrong == []
    assert used >= {"directory_sync", "mailuser", "move_request", "offboarding_state"}


def reached(name: str, defaults: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield every task that a file of the role leads to, with the module_defaults that hold for it."""
    yield from within(yaml.safe_load((ROLE / "tasks" / name).read_text(encoding="utf-8")), defaults)


def within(tasks: list[dict[str, Any]], defaults: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for task in tasks:
        holding = {**defaults, **task.get("module_defaults", {})}
        yield task, holding
        for part in ("block", "rescue", "always"):
            yield from within(task.get(part, []), holding)
        for given in (task[key] for key in TASK_FILES if key in task):
            name = given.get("file", "") if isinstance(given, dict) else given
            for file in stepped(task) if "{{ offboarding_step }}" in name else [name]:
                if "{{" not in file and file:  # the site's own file
                    yield from reached(file, holding)


def stepped(task: dict[str, Any]) -> list[str]:
    """Return the files that a task with a loop over steps may take: those that its templates name."""
    named = re.findall(r"'(\w+)(?:\.yml)?'", " ".join(task["vars"]["offboarding_steps"]))
    files = [f"{name}.yml" for name in named if (ROLE / "tasks" / f"{name}.yml").is_file()]
    assert files, task
    return files


# -- a kill ------------------------------------------------------------------------------------------------------------


def kill_all(bench: Bench, process: subprocess.Popen[str]) -> None:
    """Kill ansible-playbook and every process of its run; they are known by their environment."""
    mark = f"HOME={bench.directory}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (path / "environ").read_bytes().split(b"\0"):
                os.kill(int(path.name), signal.SIGKILL)
    process.communicate(timeout=LONGEST_RUN)


def test_a_killed_run_leaves_what_it_had_sent(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    directory = str(bench.offboarding_directory)
    given = {**WAVE, "offboarding_directory": directory, "offboarding_mailboxes": records([pair])}
    # In the cloud: the killed run's sessions on a server would stand open there until they have been idle long enough.
    bench.faults.add("exchange_online", "New-MoveRequest", "latency", seconds=3600)
    process, _events = bench.begin(ROOT / "playbooks" / "offboard.yml", variables=given)
    wait_until_it_hangs(bench, process)
    kill_all(bench, process)
    *earlier, last = writes(journal(bench))
    assert (last.sent["organization"], last.cmdlet) == ("exchange_online", "New-MoveRequest")
    assert (last.sent["object"], last.answered) == (pair.identity, None)
    assert {write.result for write in earlier} == {"ok"}
    assert bench.writes().count("New-MoveRequest") == 0, "the lab has not answered it either"

    bench.faults.wake()
    before = journal(bench).read_bytes()
    again = finish(*bench.begin(ROOT / "playbooks" / "offboard.yml", variables=given))
    assert again.succeeded, again.output
    assert journal(bench).read_bytes().startswith(before), "what stood there stands there"
    assert {write.result for write in writes(journal(bench))} == {"ok", ""}
    assert bench.writes().count("New-MoveRequest") == 1


# -- where it is, and where not ----------------------------------------------------------------------------------------


def test_check_mode_leaves_no_file(bench: Bench) -> None:
    pair, path = bench.build.cloud_only("Ann Archer"), bench.directory / "journal.jsonl"
    run = bench.offboard("--check", offboarding_mailboxes=records([pair]), offboarding_journal=str(path))
    assert run.succeeded, run.output
    assert "New-MoveRequest" in " ".join(run.cmdlets)
    assert not path.exists()
    assert not bench.offboarding_directory.exists()


def test_false_turns_it_off_whatever_the_environment_says(bench: Bench) -> None:
    pair, elsewhere = bench.build.cloud_only("Ann Archer"), bench.directory / "elsewhere.jsonl"
    bench.environment["OFFBOARDING_JOURNAL"] = str(elsewhere)
    run = bench.offboard("--tags", "prepare", offboarding_mailboxes=records([pair]), offboarding_journal=False)
    assert run.succeeded, run.output
    assert bench.writes() != []
    assert list(bench.directory.rglob("*.jsonl")) == []


def test_the_environment_names_file_and_run(bench: Bench) -> None:
    pair, elsewhere = bench.build.cloud_only("Ann Archer"), bench.directory / "elsewhere.jsonl"
    bench.environment |= {"OFFBOARDING_JOURNAL": str(elsewhere), "OFFBOARDING_RUN_ID": "job-4711"}
    run = bench.offboard("--tags", "prepare", offboarding_mailboxes=records([pair]))
    assert run.succeeded, run.output
    assert_tells_what_arrived(bench, elsewhere)
    assert {entry["run_id"] for entry in lines(elsewhere)} == {"job-4711"}
    assert not journal(bench).exists()


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("journal.jsonl", "offboarding_journal: 'journal.jsonl' is relative"),
        ("/proc/nowhere/journal.jsonl", "journal: '/proc/nowhere/journal.jsonl' cannot be written (No such file"),
    ],
)
def test_a_journal_that_cannot_be_written_stops_the_run_before_anything_is_contacted(
    bench: Bench, place: str, told: str
) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    run = bench.offboard(offboarding_mailboxes=records([pair]), offboarding_journal=place)
    assert not run.succeeded
    assert told in json.dumps(run.failures[0].result)
    assert len(bench.log) == 0


def test_waves_share_a_journal_and_the_run_and_have_names_of_their_own(bench: Bench) -> None:
    pairs = bench.build.many(4)
    run = offboard_waves(bench, inventory(bench, pairs, by="site"), offboarding_serial=1)
    assert run.succeeded, run.output
    assert_tells_what_arrived(bench, journal(bench))
    told = lines(journal(bench))
    assert {entry["host"] for entry in told} == {"wave_berlin", "wave_paris"}
    assert len({entry["run_id"] for entry in told}) == 1


def test_accepted_stop_signs_are_told_once_with_their_codes(bench: Bench) -> None:
    held, both, stopped, clean = (bench.build.cloud_only(name) for name in ("Ann", "Bob", "Cleo", "Dora"))
    for pair in (held, both, stopped):
        bench.build.set_cloud(pair, litigation_hold=True)
    bench.build.set_cloud(both, is_exchange_cloud_managed=True)
    bench.build.set_cloud(stopped, hidden=True)
    path = bench.directory / "journal.jsonl"
    state = {
        "mailboxes": records([held, both, stopped, clean]),
        "accept": ["litigation_hold", "exchange_cloud_managed"],
        "on_error": "continue",
        "journal": str(path),
    }
    run = bench.play(
        {**module("offboarding_state", journal_run_id="preview", **state), "check_mode": True},
        *[module("offboarding_state", journal_run_id=name, **state) for name in ("monday", "monday", "tuesday")],
    )
    failed = [[name for name, of in task.mailboxes.items() if of["status"] == "failed"] for task in run.tasks]
    assert failed == [[stopped.identity]] * 4, run.output
    told = [(entry["event"], entry["run_id"], entry["object"], entry["codes"]) for entry in lines(path)]
    assert told == [
        ("accepted", day, *of)
        for day in ("monday", "tuesday")
        for of in ((held.identity, ["litigation_hold"]), (both.identity, ["litigation_hold", "exchange_cloud_managed"]))
    ]


# -- the modules -------------------------------------------------------------------------------------------------------


def test_every_write_of_every_module_is_told(bench: Bench) -> None:
    """Each write loses its answer once: then it is told as unknown, and what follows it as what it is."""
    path = bench.directory / "journal.jsonl"
    bench.environment["OFFBOARDING_JOURNAL"] = str(path)
    bench.hybrid.replication.timing.copying = 3600.0 * bench.hybrid.speed
    cases = everything(bench)
    for organization, cmdlet, _task in cases:
        # One lost answer for each task, as in test_faults: the first two mailboxes need some of these cmdlets too.
        earlier = {"Enable-MailUser": 1, "Set-MailUser": 2}.get(cmdlet, 0)
        bench.faults.add(organization, cmdlet, "drop_after", after=earlier)
    run = bench.play(*(task for _organization, _cmdlet, task in cases))
    assert [task.status for task in run.tasks] == ["ok"] * len(cases), run.output
    assert_tells_what_arrived(bench, path)
    unknown = [(write.sent["organization"], write.cmdlet) for write in writes(path) if write.result == "unknown"]
    assert sorted(unknown) == sorted((organization, cmdlet) for organization, cmdlet, _task in cases)
    assert found(bench, path.read_bytes()) == []
