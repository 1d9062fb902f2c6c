# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Progress of moves: what a look costs and says, what a wait shows while it runs, and how it ends.

The lab's time stands still unless a test moves it, so that each line shows what the test left there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.model import scenarios
from lab.model.builder import Pair
from tests.integration.harness import LONGEST_RUN, MOVE, ROOT, Bench, Live, Run, module, move_request, records
from tests.integration.test_move_requests import pass_by, ready

GB = 1024**3
JOB = Path(__file__).parent / "job.py"
WAIT: dict[str, Any] = {"wait": True, "wait_sleep": 1, "wait_timeout": 600}


def calls(bench: Bench, since: int) -> dict[str, int]:
    names = [entry["cmdlet"] for entry in bench.log.entries(since=since)]
    return {name: names.count(name) for name in sorted(set(names))}


def moving(bench: Bench, *names: str, **options: Any) -> list[Pair]:
    """Add mailboxes whose moves are halfway through the copying."""
    pairs = [ready(bench, name) for name in names]
    for pair in pairs:
        move_request(bench, pair, batch_name="wave-1", **options)
    pass_by(bench, 7)
    return pairs


def memory(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def wave_file(bench: Bench, pairs: list[Pair]) -> Path:
    path = bench.directory / "wave.json"
    path.write_text(json.dumps(records(pairs)), encoding="utf-8")
    return path


def await_end(run: Live) -> None:
    """Wait until no process of a stopped run is left: each has a file that tells its end."""
    for number in run.processes():
        with contextlib.suppress(ProcessLookupError):
            watched = os.pidfd_open(number)
            ready, _write, _error = select.select([watched], [], [], LONGEST_RUN)
            os.close(watched)
            assert ready, f"process {number} is left behind"
    assert run.processes() == []


# -- looks -------------------------------------------------------------------------------------------------------------


def test_a_look_costs_one_list_and_the_figures_that_changed_or_are_oldest(still_bench: Bench) -> None:
    bench = still_bench
    pairs = moving(bench, *(f"User {number:02d}" for number in range(25)))
    options = {"progress_file": str(bench.directory / "p"), "sample": 5, "batch_name": "wave-1"}
    look = module("move_progress", mailboxes=records(pairs), **options)
    first = bench.play(look).only
    asked = calls(bench, 0)
    assert (asked["Get-MoveRequest"], asked["Get-MoveRequestStatistics"]) == (1, 25)
    assert first.result["summary"] == {"changed": 0, "unchanged": 0, "pending": 25, "skipped": 0, "failed": 0}

    for pair in pairs[:3]:
        request = bench.hybrid.replication.requests[pair.cloud.guid]
        bench.hybrid.replication.suspend(request, bench.hybrid.clock.now(), "")
    begin = len(bench.log)
    second = bench.play(look).only
    assert calls(bench, begin) == {"Get-MoveRequest": 1, "Get-MoveRequestStatistics": 3 + 5}
    progress = second.result["progress"]
    assert progress["counts"] == {"InProgress": 22, "Suspended": 3}
    assert progress["bytes_total"] == 25 * 3 * GB
    assert 0 < progress["bytes_done"] < progress["bytes_total"]
    assert progress["line"].startswith("25 mailboxes: 22 InProgress, 3 Suspended; ")
    assert bench.writes() == []


def test_a_stall_is_told_with_its_side(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob = moving(bench, "Ann Archer", "Bob Baker")
    scenarios.put(bench.hybrid, "stalls_at_target", ann.identity)
    scenarios.put(bench.hybrid, "stalls_at_source", bob.identity)
    run = bench.play(module("move_progress", mailboxes=records([ann, bob])))
    stalls = {stall["side"]: (stall["place"], stall["mailboxes"]) for stall in run.only.result["progress"]["stalls"]}
    assert stalls == {
        "target": ("your own Exchange", [ann.identity]), "source": ("Exchange Online", [bob.identity]),
    }  # fmt: skip
    lines = run.only.result["progress"]["lines"]
    assert any("(Exchange Online)" in line and line.endswith("Exchange Online is busy: wait.") for line in lines), lines
    late = bench.play(module("move_progress", mailboxes=records([ann, bob]), **{**WAIT, "wait_timeout": 0})).only
    assert late.failed
    error = late.mailboxes[ann.identity]["error"]
    assert (error["code"], error["retryable"]) == ("wait_timeout", True)
    assert "InProgress (StalledDueToTarget_DiskLatency, " in error["message"]
    assert "of 3.0 GB" in error["message"]
    assert "run again" in error["remedy"]


def test_wrong_input_is_told_before_anything_is_asked(still_bench: Bench) -> None:
    bench = still_bench
    nothing, number, place = (
        bench.play(module("move_progress", **options)).only.message
        for options in (
            {},
            {"batch_name": "wave-1", "wait": True, "wait_timeout": "soon"},
            {"batch_name": "wave-1", "progress_file": str(bench.directory / "missing" / "p")},
        )
    )
    assert "one of the following is required: identity, mailboxes, mailboxes_file, batch_name" in nothing
    assert "wait_timeout" in number
    assert "progress_file" in place
    assert "existing directory" in place


# -- waits -------------------------------------------------------------------------------------------------------------


def test_lines_appear_while_the_playbook_runs(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob = ready(bench, "Ann Archer"), ready(bench, "Bob Held")
    move_request(bench, bob, batch_name="wave-1", suspend_when_ready=True)
    run = bench.live(module("move_request", mailboxes=records([ann, bob]), wait_for="synced", **MOVE, **WAIT))
    run.until("[localhost] 2 mailboxes: 2 Queued")
    pass_by(bench, 7)
    run.until("2 mailboxes: 2 InProgress", "of 6.0 GB", "GB/h")
    scenarios.put(bench.hybrid, "stalls_at_target", ann.identity)
    run.until("stalled: 1 StalledDueToTarget_DiskLatency (target: your own Exchange)")
    scenarios.put(bench.hybrid, "goes_on", ann.identity)
    pass_by(bench, 60)
    ended = run.finish()
    assert ended.succeeded, ended.output
    assert "1 AutoSuspended, 1 Completed" in ended.stdout
    assert {name: entry["status"] for name, entry in ended.only.mailboxes.items()} == {
        ann.identity: "changed", bob.identity: "unchanged",
    }  # fmt: skip
    assert ended.only.mailboxes[ann.identity]["move_request"]["status"] == "Completed"
    assert ended.only.cmdlets[0].startswith("New-MoveRequest")
    assert ended.only.result["progress"]["counts"] == {"AutoSuspended": 1, "Completed": 1}
    assert [record["identity"] for record in ended.only.result["mailboxes"]] == [ann.identity, bob.identity]
    assert bench.writes() == ["New-MoveRequest"]
    assert bench.hybrid.remote_credential.password not in ended.output


def test_an_automation_controller_has_each_line_while_the_job_runs(still_bench: Bench) -> None:
    """AWX shows the events that ansible-runner writes."""
    bench = still_bench
    (ann,) = moving(bench, "Ann Archer")
    place = bench.directory / "job"
    place.mkdir()
    playbook = bench.written(module("move_progress", mailboxes=records([ann]), **WAIT))
    given = json.dumps({"private_data_dir": str(place), "playbook": str(playbook), "ident": "1", "quiet": True})
    environment = {**bench._environment(), "PYTHONPATH": str(ROOT), "OBSERVE_EVENTS": str(place / "events")}
    with subprocess.Popen([sys.executable, str(JOB), given], env=environment, stdout=subprocess.PIPE, text=True) as job:
        while not any("[localhost] 1 mailbox: 1 InProgress" in text for text in told(place / "artifacts" / "1")):
            with contextlib.suppress(subprocess.TimeoutExpired):
                job.wait(timeout=0.2)
                raise AssertionError(f"the job has ended already: {job.communicate()}")
        pass_by(bench, 60)
        assert job.communicate(timeout=LONGEST_RUN)[0].strip() == "successful localhost"


def told(artifacts: Path) -> list[str]:
    """Return the texts of the events that are written so far."""
    events = (artifacts / "job_events").glob("*-????????-*.json")
    return [json.loads(path.read_text(encoding="utf-8")).get("stdout", "") for path in events]


def test_a_move_that_fails_is_told_at_once_and_leaves_the_wave_while_the_other_goes_on(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob = ready(bench, "Ann Archer"), ready(bench, "Bob Broken")
    path = wave_file(bench, [ann, bob])
    run = bench.live(module("move_request", mailboxes_file=str(path), **MOVE, **WAIT))
    run.until("2 mailboxes: 2 Queued")
    bench.build.set_directory(bob, home_mdb_left=True)
    pass_by(bench, 2.5)
    line = run.until(bob.identity, "already has a primary mailbox")
    assert "side: Target" in line
    assert "resume_failed: true" in line
    pass_by(bench, 60)
    ended = run.finish()
    assert ended.only.failed
    assert ended.only.result["summary"] == {"changed": 1, "unchanged": 0, "pending": 0, "skipped": 0, "failed": 1}
    assert ended.only.mailboxes[bob.identity]["error"]["code"] == "move_failed"
    assert ended.only.mailboxes[bob.identity]["cmdlets"][0].startswith("New-MoveRequest")
    assert [record["identity"] for record in json.loads(path.read_text(encoding="utf-8"))] == [ann.identity]
    remembered = memory(Path(f"{path}.progress"))["requests"].values()
    assert {entry["status"] for entry in remembered} == {"Completed", "Failed"}


def interrupt(run: Live) -> None:
    run.await_rest()
    os.killpg(run.process.pid, signal.SIGINT)


def kill(run: Live) -> None:
    run.process.kill()


@pytest.mark.parametrize(("stop", "wait_sleep"), [(interrupt, 3600), (kill, 1)])
def test_a_wait_that_was_stopped_ends_and_the_next_run_goes_on(
    still_bench: Bench, stop: Callable[[Live], None], wait_sleep: int
) -> None:
    bench = still_bench
    pairs = moving(bench, "Ann Archer", "Bob Baker", suspend_when_ready=True)
    path = wave_file(bench, pairs)
    follow = {"mailboxes_file": str(path), "sample": 0, "wait_for": "synced", **WAIT, "wait_sleep": wait_sleep}
    run = bench.live(module("move_progress", **follow))
    run.until("2 mailboxes: 2 InProgress")
    stop(run)
    assert not run.finish().succeeded
    await_end(run)
    looks = memory(Path(f"{path}.progress"))["looks"]
    begin = len(bench.log)
    again = bench.live(module("move_progress", **{**follow, "wait_sleep": 1}))
    again.until("2 mailboxes: 2 InProgress", "/h")
    assert "Get-MoveRequestStatistics" not in calls(bench, begin), "the figures are known from before"
    assert "Get-Mailbox" not in calls(bench, begin)
    pass_by(bench, 60)
    ended = again.finish()
    assert ended.succeeded, ended.output
    assert ended.only.result["summary"]["unchanged"] == 2
    assert memory(Path(f"{path}.progress"))["looks"][: len(looks)] == looks


def test_check_mode_does_not_wait(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob = ready(bench, "Ann Archer"), moving(bench, "Bob Baker")[0]
    path = wave_file(bench, [bob])
    run = bench.play(
        module("move_request", mailboxes=records([ann]), **MOVE, **WAIT),
        module("move_progress", mailboxes_file=str(path), **WAIT),
        arguments=["--check"],
    )
    assert run.succeeded, run.output
    assert "progress" not in run.task("move_request").result
    assert run.task("move_progress").mailboxes[bob.identity]["status"] == "pending"
    assert not Path(f"{path}.progress").exists()
    assert bench.writes() == []


def test_async_is_refused(still_bench: Bench) -> None:
    task = {**module("move_progress", batch_name="wave-1"), "async": 60, "poll": 1}
    run = still_bench.play(task).only
    assert run.failed
    assert re.search("not support(ed)?.*async|async.*not supported", run.message)
    assert len(still_bench.log) == 0


def test_a_wait_may_be_silent(still_bench: Bench) -> None:
    """Whoever does not want them turns them off."""
    bench = still_bench
    bob = ready(bench, "Bob Held")
    move_request(bench, bob, batch_name="wave-1", suspend_when_ready=True)
    pass_by(bench, 60)
    tasks = [
        module("move_progress", name=f"shown {shown}", mailboxes=records([bob]), wait_for="synced",
               show_progress=shown, **WAIT)
        for shown in (True, False)
    ]  # fmt: skip
    run = bench.play(*tasks)
    assert run.succeeded, run.output
    assert run.stdout.count("[localhost] 1 mailbox: ") == 1
    assert run.task("shown False").result["progress"]["counts"] == {"AutoSuspended": 1}


def test_a_stopped_wave_is_not_waited_for(still_bench: Bench) -> None:
    bench = still_bench
    ann = ready(bench, "Ann Archer")
    wave = [*records([ann]), {"identity": "nobody@contoso.com"}]
    run = bench.play(module("move_request", mailboxes=wave, on_error="stop", **MOVE, **WAIT)).only
    assert run.failed
    assert "progress" not in run.result
    assert run.result["summary"]["skipped"] == 1


# -- the role and its playbook -----------------------------------------------------------------------------------------


def status(bench: Bench, *arguments: str, **variables: Any) -> Run:
    return bench.run(ROOT / "playbooks" / "status.yml", *arguments, variables=variables)


def shown(run: Run) -> list[str]:
    lines: list[str] = run.task("Show the progress of the moves").result["msg"]
    return lines


def test_the_role_shows_its_waits(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    run = bench.offboard(offboarding_mailboxes=records([pair], add_routing_address=True), offboarding_cutover="held",
                         offboarding_complete=True)  # fmt: skip
    assert run.succeeded, run.output
    lines = [line for line in run.stdout.splitlines() if line.startswith("[localhost] 1 mailbox: ")]
    assert any("1 AutoSuspended" in line for line in lines)
    assert any("1 Completed" in line for line in lines)
    (look, *_others) = reversed(memory(bench.offboarding_directory / "wave.json.progress")["looks"])
    # What runs have written down of all waves is told without a connection.
    begin = len(bench.log)
    every = status(bench, offboarding_all_waves=True, offboarding_directory=str(bench.offboarding_directory))
    assert every.succeeded, every.output
    assert shown(every) == [f"wave: 1 mailbox: 1 home ({look['utc']})"]
    ended = every.task("Show the result, the report and the next step").result["msg"]
    assert ended[-4:-1] == [
        "wave: 1 home", f"{bench.offboarding_directory}: 1 home", "Report: none, because status writes none",
    ]  # fmt: skip
    assert (calls(bench, begin), every.changed) == ({}, [])


def test_status_looks_beside_a_run_of_the_same_wave(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob = moving(bench, "Ann Archer", "Bob Baker")
    bench.offboarding_directory.mkdir(mode=0o700)
    running = bench.offboarding_directory / "wave.json"
    running.write_text("[]", encoding="utf-8")
    given = {"offboarding_mailboxes": records([ann, bob]), "offboarding_directory": str(bench.offboarding_directory)}
    with open(f"{running}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        first = status(bench, **given)
        scenarios.put(bench.hybrid, "stalls_at_target", ann.identity)
        begin = len(bench.log)
        second = status(bench, **given)
    assert first.succeeded, first.output
    assert second.succeeded, second.output
    assert running.read_text(encoding="utf-8") == "[]"
    assert "Get-Mailbox" not in calls(bench, begin), "the wave's GUIDs are known from the first look"
    assert shown(second)[0].startswith("2 mailboxes: 2 InProgress; ")
    assert "/h" in shown(second)[0]
    assert shown(second)[1].startswith(f"StalledDueToTarget_DiskLatency (your own Exchange): {ann.identity}. ")
    assert len(memory(Path(f"{running}.progress"))["looks"]) == 2
    for run in (first, second):
        made = run.task("Check every mailbox of the wave and write its file").result["private_directory"]
        assert not Path(made).exists()
    assert bench.writes() == []
    assert (first.changed, second.changed) == ([], [])


def test_status_of_some_mailboxes_has_figures_of_its_own(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob = moving(bench, "Ann Archer", "Bob Baker")
    given = {"offboarding_mailboxes": records([ann, bob]), "offboarding_directory": str(bench.offboarding_directory)}
    run = status(bench, **given, offboarding_only=[bob.identity])
    assert run.succeeded, run.output
    assert shown(run)[0].startswith("1 mailbox: 1 InProgress")
    kept = {path.name for path in bench.offboarding_directory.iterdir()}
    assert kept == {"only.wave.json.progress"}
    (entry,) = memory(bench.offboarding_directory / "only.wave.json.progress")["requests"].values()
    assert entry["identity"] == bob.identity


def test_status_by_batch_name_alone_and_until_the_end(still_bench: Bench) -> None:
    bench = still_bench
    moving(bench, "Ann Archer")
    run = status(bench, offboarding_batch_name="wave-1")
    assert run.succeeded, run.output
    assert shown(run)[0].startswith("1 mailbox: 1 InProgress")
    variables = {"offboarding_batch_name": "wave-1", "offboarding_follow": True, "offboarding_wait_sleep": 1,
                 "offboarding_directory": str(bench.offboarding_directory)}  # fmt: skip
    follow = bench.watch(ROOT / "playbooks" / "status.yml", **variables)
    follow.until("[localhost] 1 mailbox: 1 InProgress")
    pass_by(bench, 60)
    ended = follow.finish()
    assert ended.succeeded, ended.output
    assert shown(ended)[0].startswith("1 mailbox: 1 Completed; 100 %")
    late = status(bench, **{**variables, "offboarding_batch_name": "none", "offboarding_wait_timeout": 0})
    assert late.succeeded
    assert shown(late) == ["0 mailboxes: nothing to follow"]


def test_status_follows_for_a_limited_time_and_refuses_to_look_at_nothing(still_bench: Bench) -> None:
    bench = still_bench
    (ann,) = moving(bench, "Ann Archer")
    given = {"offboarding_mailboxes": records([ann]), "offboarding_directory": str(bench.offboarding_directory),
             "offboarding_follow": True, "offboarding_wait_timeout": 0}  # fmt: skip
    late = status(bench, **given)
    assert not late.succeeded
    assert shown(late)[1].startswith(f"{ann.identity}: the move is InProgress (CopyingMessages, ")
    assert status(bench, **given, offboarding_on_error="continue").succeeded
    nothing = status(bench)
    assert not nothing.succeeded
    assert "offboarding_batch_name: is empty" in nothing.failures[0].message
    followed = status(bench, **given, offboarding_all_waves=True)
    assert "offboarding_follow: true has no meaning with offboarding_all_waves" in followed.failures[0].message
