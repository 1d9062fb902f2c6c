# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Move requests: every state, cutovers, adoption, what is never touched, and what is told about them.

The lab's time stands still, so that each request is seen exactly where the test left it.
"""

from __future__ import annotations

from typing import Any

from lab.hybrid import ManualClock
from lab.model.builder import Pair, Person
from tests.integration.harness import MOVE, Bench, Run, module, move_request

LATER = "2035-12-01T18:00:00Z"


def ready(bench: Bench, name: str, **values: Any) -> Pair:
    """Add a synced mailbox whose on-premises mail user is whole."""
    pair = bench.build.synced(Person(name, size=3 * 1024**3))
    bench.build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid, **values)
    return pair


def pass_by(bench: Bench, seconds: float) -> None:
    clock = bench.hybrid.clock
    assert isinstance(clock, ManualClock)
    clock.advance(seconds)
    bench.hybrid.advance()


def statuses(bench: Bench) -> dict[str, str]:
    return {request.mailbox.name: request.status for request in bench.hybrid.replication.requests.values()}


def told(run: Run, pair: Pair) -> dict[str, Any]:
    return run.only.mailboxes[pair.identity]


def submit(bench: Bench, *wave: dict[str, Any], **options: Any) -> Run:
    return bench.play(module("move_request", mailboxes=list(wave), on_error="continue", **{**MOVE, **options}))


def test_cutovers_and_the_way_to_completion(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob, cas = ready(bench, "Ann Automatic"), ready(bench, "Bob Held"), ready(bench, "Cas At")
    wave = [
        {"identity": ann.identity},
        {"identity": bob.identity, "cutover": "held"},
        {"identity": cas.identity, "cutover": "at", "complete_after": LATER},
    ]
    first = submit(bench, *wave)
    assert first.only.result["summary"]["changed"] == 3, first.output
    assert set(statuses(bench).values()) == {"Queued"}
    held = told(first, bob)["cmdlets"][0]
    assert "-SuspendWhenReadyToComplete:$true" in held
    assert f"-Identity '{bob.cloud.exchange_guid}'" in held
    assert "(PSCredential 'CONTOSO\\svc-mrsproxy', '********')" in held
    assert "-CompleteAfter '2035-12-01 18:00:00Z'" in told(first, cas)["cmdlets"][0]

    pass_by(bench, 60)
    assert statuses(bench) == {"Ann Automatic": "Completed", "Bob Held": "AutoSuspended", "Cas At": "Synced"}
    again = submit(bench, *wave)
    assert (again.only.changed, again.only.result["summary"]["unchanged"]) == (False, 3), again.output

    moved = bench.play(module("move_request", identity=cas.identity, state="submitted", cutover="held", **MOVE))
    assert moved.only.cmdlets[0].startswith("Set-MoveRequest"), moved.output
    completed = bench.play(
        module("move_request", mailboxes=[{"identity": pair.identity} for pair in (ann, bob, cas)], state="completed")
    )
    assert {name: entry["status"] for name, entry in completed.only.mailboxes.items()} == {
        ann.identity: "unchanged",
        bob.identity: "changed",
        cas.identity: "changed",
    }
    names = [cmdlet.partition(" ")[0] for cmdlet in told(completed, bob)["cmdlets"]]
    assert names == ["Set-MoveRequest", "Resume-MoveRequest"], "what holds it is set before it is resumed"
    pass_by(bench, 60)
    assert set(statuses(bench).values()) == {"Completed"}
    assert {pair.directory.kind for pair in (ann, bob, cas)} == {"UserMailbox"}


def test_suspending_removing_and_what_there_is_not(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob, nobody = ready(bench, "Ann Archer"), ready(bench, "Bob Baker"), ready(bench, "Nora None")
    move_request(bench, ann, prevent_completion=True)
    move_request(bench, bob, prevent_completion=True)
    pass_by(bench, 4)
    suspend = module("move_request", identity=ann.identity, state="suspended", suspend_comment="lines are down")
    remove = module("move_request", identity=bob.identity, state="absent")
    run = bench.play(
        suspend,
        suspend,
        remove,
        remove,
        *(
            module("move_request", identity=nobody.identity, state=state)
            for state in ("suspended", "completed", "absent")
        ),
    )
    seen = [(task.status, task.changed, [cmdlet.partition(" ")[0] for cmdlet in task.cmdlets]) for task in run.tasks]
    assert seen == [
        ("ok", True, ["Suspend-MoveRequest"]),
        ("ok", False, []),
        ("ok", True, ["Remove-MoveRequest"]),
        ("ok", False, []),
        ("failed", False, []),
        ("failed", False, []),
        ("ok", False, []),
    ], run.output
    assert {task.error["code"] for task in run.tasks[4:6]} == {"not_found"}
    assert statuses(bench) == {"Ann Archer": "Suspended"}
    (request,) = bench.hybrid.replication.requests.values()
    assert request.message == "lines are down"


def test_a_request_is_adopted_changed_or_refused_but_never_made_twice(still_bench: Bench) -> None:
    bench = still_bench
    same, other, elsewhere, batch = (
        ready(bench, name) for name in ("Sam Same", "Otto Other", "Elsa Elsewhere", "Berta Batch")
    )
    move_request(bench, same, prevent_completion=False)
    move_request(bench, other)
    bench.hybrid.replication.requests[other.cloud.guid].options.remote_target_database = "DB02"
    move_request(bench, elsewhere)
    bench.hybrid.replication.requests[elsewhere.cloud.guid].options.target_delivery_domain = "fabrikam.com"
    bench.build.batch_request(batch, "summer")
    wave = [{"identity": pair.identity} for pair in (same, other, elsewhere, batch)]
    run = submit(bench, *wave)
    assert told(run, same)["status"] == "unchanged"
    for pair, words in ((other, ("remote_target_database", "DB02", "DB01")),
                        (elsewhere, ("target_delivery_domain", "fabrikam.com", "contoso.com"))):  # fmt: skip
        error = told(run, pair)["error"]
        assert error["code"] == "request_differs"
        assert [word for word in words if word not in error["message"]] == []
        assert "state: absent" in error["remedy"]
    for state in ("submitted", "suspended", "completed", "absent"):
        options = MOVE if state == "submitted" else {}
        refused = bench.play(module("move_request", identity=batch.identity, state=state, **options)).only
        assert refused.failed
        assert refused.error["code"] == "belongs_to_migration_batch"
        assert "summer" in refused.message
    assert bench.writes() == []
    assert len(bench.hybrid.replication.requests) == 4


def test_a_failed_request_is_reported_and_resumed_only_when_asked(still_bench: Bench) -> None:
    bench = still_bench
    pair = ready(bench, "Fay Failed")
    bench.build.set_directory(pair, home_mdb_left=True)
    move_request(bench, pair)
    pass_by(bench, 60)
    assert statuses(bench) == {"Fay Failed": "Failed"}
    reported = submit(bench, {"identity": pair.identity})
    error = told(reported, pair)["error"]
    assert error["code"] == "move_failed"
    assert "already has a primary mailbox" in error["message"]
    assert "resume_failed: true" in error["remedy"]
    assert bench.writes() == []

    bench.build.set_directory(pair, home_mdb_left=False)
    resumed = submit(bench, {"identity": pair.identity}, resume_failed=True)
    assert [cmdlet.partition(" ")[0] for cmdlet in resumed.only.cmdlets] == ["Resume-MoveRequest"]
    pass_by(bench, 60)
    assert statuses(bench) == {"Fay Failed": "Completed"}


def test_a_wait_that_is_too_short_says_where_the_move_stands(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob = ready(bench, "Ann Archer"), ready(bench, "Bob Held")
    move_request(bench, bob, suspend_when_ready=True)
    pass_by(bench, 60)
    options = {"wait": True, "wait_timeout": 1, "wait_sleep": 1}
    run = submit(bench, {"identity": ann.identity}, {"identity": bob.identity}, wait_for="synced", **options)
    error = told(run, ann)["error"]
    assert (error["code"], error["retryable"]) == ("wait_timeout", True)
    assert "Queued" in error["message"]
    assert "run again" in error["remedy"]
    assert told(run, bob)["status"] == "unchanged", "a held move is as far as it should be"
    assert bench.writes() == ["New-MoveRequest"]
    assert told(run, ann)["cmdlets"], "the request itself was made"


def test_the_shapes_of_what_is_read(still_bench: Bench) -> None:
    bench = still_bench
    ann, bob, cas = ready(bench, "Ann Archer"), ready(bench, "Bob Baker"), ready(bench, "Cas Clean")
    submitted_at = bench.hybrid.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    move_request(bench, ann, batch_name="wave-1", prevent_completion=True)
    bench.build.set_directory(bob, home_mdb_left=True)
    move_request(bench, bob, batch_name="wave-2")
    pass_by(bench, 60)
    run = bench.play(
        module("move_request_info", name="chosen", statistics=True, mailboxes=[
            {"identity": pair.identity} for pair in (ann, bob, cas)
        ]),
        module("move_request_info", name="batch", batch_name="wave-2"),
        module("move_request_info", name="all"),
        module(
            "move_request_info", name="unknown", mailboxes=[{"identity": "x@contoso.com"}, {"identity": ann.identity}]
        ),
    )  # fmt: skip
    chosen = run.task("chosen")
    moving, failed = (chosen.mailboxes[pair.identity]["move_request"] for pair in (ann, bob))
    assert chosen.mailboxes[cas.identity] == {"identity": cas.identity, "status": "unchanged", "move_request": {}}
    assert (moving["status"], moving["status_detail"], moving["percent_complete"]) == ("Synced", "Synced", 95)
    assert moving["exchange_guid"] == str(ann.cloud.exchange_guid)
    assert (moving["batch_name"], moving["remote_database_name"]) == ("wave-1", "DB01")
    assert moving["total_mailbox_size"] == 3 * 1024**3
    assert moving["queued_timestamp"] == submitted_at
    assert (moving["overall_duration"], type(moving["overall_duration"])) == (60, int)
    assert moving["bad_items_encountered"] == 0
    assert failed["status"] == "Failed"
    assert failed["failure_side"] == "Target"
    assert failed["failure_type"].endswith("PermanentException")
    assert "already has a primary mailbox" in failed["message"]
    assert [entry["move_request"]["batch_name"] for entry in run.task("batch").result["results"]] == ["wave-2"]
    assert len(run.task("all").result["results"]) == 2
    assert run.task("unknown").failed
    assert [entry["status"] for entry in run.task("unknown").result["results"]] == ["failed", "unchanged"]
    statistics = bench.log.entries(cmdlet="Get-MoveRequestStatistics")
    assert len(statistics) == 2, "statistics only where they were asked for"
    assert bench.writes() == []
