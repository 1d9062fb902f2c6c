# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wave in migration batches: no credential, the same end as by move requests, and both in one wave."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from lab.model.builder import Pair, Person
from lab.model.recipients import Content, Skipped
from tests.integration.conftest import BenchMaker
from tests.integration.harness import Bench, Run, assert_home, move_request, records, remember
from tests.integration.test_report import page

pytestmark = pytest.mark.walked

GB = 1024**3

CREDENTIAL = {
    "REMOTE_CREDENTIAL_USERNAME", "REMOTE_CREDENTIAL_PASSWORD", "EXCHANGE_ONLINE_EXPERIMENTAL_REST_CREDENTIAL",
}  # fmt: skip
BATCHES = {"offboarding_method": "auto"}


def statuses(bench: Bench) -> dict[str, str]:
    bench.hybrid.advance()
    return {user.address: user.status for user in bench.hybrid.exchange_online.migration.users()}


def names(run: Run) -> Counter[str]:
    return Counter(cmdlet.partition(" ")[0] for cmdlet in run.cmdlets)


def endpoint_tests(bench: Bench) -> int:
    return [entry["cmdlet"] for entry in bench.log.entries()].count("Test-MigrationServerAvailability")


def test_a_held_wave_in_batches_comes_home_without_a_credential(bench: Bench) -> None:
    bench.without |= CREDENTIAL
    pairs = [bench.build.synced(Person("Ann Archer")), bench.build.cloud_only(Person("Bob Baker")),
             bench.build.synced(Person("Cleo Clark"))]  # fmt: skip
    known = [remember(pair) for pair in pairs]
    wave = {**BATCHES, "offboarding_mailboxes": records(pairs), "offboarding_cutover": "held"}

    preview = bench.offboard("--check", **wave)
    assert names(preview)["New-MigrationBatch"] == 1
    assert (bench.writes(), statuses(bench)) == ([], {})
    assert endpoint_tests(bench) == 1

    submitted = bench.offboard(**wave)
    assert submitted.succeeded, submitted.output
    assert bench.writes().count("New-MigrationBatch") == 1
    assert "New-MoveRequest" not in bench.writes()
    assert set(statuses(bench).values()) == {"Synced"}
    (batch,) = bench.hybrid.exchange_online.migration.batches
    assert batch.name == "wave-1"

    before, tested = len(bench.writes()), endpoint_tests(bench)
    again = bench.offboard(**wave)
    assert (again.succeeded, again.changed, bench.writes()[before:]) == (True, [], [])
    assert (tested > 1, endpoint_tests(bench)) == (True, tested)

    # Skipped items hold Ann without a word; nobody approved them.
    bench.build.set_cloud(pairs[0], skipped=Skipped("Investigate", 3))
    completed = bench.offboard(playbook="complete", **wave)
    assert {name: error["code"] for name, error in completed.role_failures.items()} == {
        pairs[0].identity: "score_investigate"
    }
    for pair, before_it in zip(pairs[1:], known[1:], strict=True):
        assert_home(pair, before_it)

    approved = bench.offboard(playbook="complete", **wave, offboarding_approve_skipped_items=[pairs[0].identity])
    assert approved.succeeded, approved.output
    assert_home(pairs[0], known[0])

    cleaned = bench.offboard(playbook="cleanup", **wave)
    assert cleaned.succeeded, cleaned.output
    assert bench.writes()[-1] == "Remove-MigrationBatch"
    bench.hybrid.advance()
    assert (bench.hybrid.exchange_online.migration.batches, bench.hybrid.replication.requests) == ([], {})


def test_a_wave_at_a_time_is_postponed_and_goes_on_when_its_time_has_come(bench: Bench) -> None:
    pairs = [bench.build.synced(Person(name)) for name in ("Ann Archer", "Bob Baker", "Cleo Clark")]
    wave = {**BATCHES, "offboarding_batch_name": "by-night", "offboarding_mailboxes": records(pairs[:2])}
    assert bench.offboard(**wave, offboarding_cutover="held").succeeded
    before = len(bench.writes())
    later = {**wave, "offboarding_cutover": "at", "offboarding_complete_after": "2035-11-24T22:00:00Z"}
    postponed = bench.offboard(**later)
    assert (postponed.succeeded, bench.writes()[before:]) == (True, ["Set-MigrationBatch"]), postponed.output
    (batch,) = bench.hybrid.exchange_online.migration.batches
    assert str(batch.complete_after) == "2035-11-24 22:00:00+00:00"
    shown = bench.offboard(playbook="status", offboarding_batch_name="by-night")
    assert "by-night: 2 ready for cutover" in shown.output

    batch.complete_after = batch.completes_at = None
    came = {**later, "offboarding_complete_after": "2020-11-24T22:00:00Z", "offboarding_mailboxes": records(pairs)}
    before = len(bench.writes())
    again = bench.offboard(**came)
    # Only what is new needs a time in the future.
    assert {name: error["code"] for name, error in again.role_failures.items()} == {
        pairs[2].identity: "time_in_the_past"
    }
    assert (bench.writes()[before:], set(statuses(bench).values())) == ([], {"Synced"})


def test_one_wave_holds_both_and_each_stays_with_its_own(bench: Bench) -> None:
    ann, bob = bench.build.synced(Person("Ann Archer")), bench.build.synced(Person("Bob Baker"))
    known = [remember(pair) for pair in (ann, bob)]
    first = bench.offboard(
        offboarding_mailboxes=records([ann]), offboarding_cutover="held", offboarding_method="move_request"
    )
    assert first.succeeded, first.output
    # A third is in somebody else's batch.
    cleo = bench.build.synced(Person("Cleo Clark"))
    bench.build.batch_request(cleo, "spring")
    wave = {**BATCHES, "offboarding_mailboxes": records([ann, bob, cleo]), "offboarding_cutover": "held"}
    both = bench.offboard(**wave)
    assert {name: error["code"] for name, error in both.role_failures.items()} == {
        cleo.identity: "belongs_to_migration_batch"
    }
    assert (set(statuses(bench)), len(bench.hybrid.replication.requests)) == ({bob.identity}, 3)

    wave["offboarding_mailboxes"] = records([ann, bob])
    before = len(bench.writes())
    # Whatever the variable says by now.
    completed = bench.offboard(playbook="complete", **{**wave, "offboarding_method": "move_request"})
    assert completed.succeeded, completed.output
    assert {"Complete-MigrationBatch", "Set-MoveRequest", "Resume-MoveRequest"} <= set(bench.writes()[before:])
    for pair, before_it in zip((ann, bob), known, strict=True):
        assert_home(pair, before_it)


def test_a_wave_in_a_batch_is_rolled_back_with_its_user(bench: Bench) -> None:
    ann = bench.build.synced(Person("Ann Archer"))
    wave = {**BATCHES, "offboarding_mailboxes": records([ann]), "offboarding_cutover": "held"}
    assert bench.offboard(**wave).succeeded
    undone = bench.offboard(playbook="rollback", **wave)
    assert undone.succeeded, undone.output
    assert ("Remove-MigrationUser" in bench.writes(), statuses(bench)) == (True, {})
    assert bench.hybrid.replication.requests == {}


def test_where_no_endpoint_fits_requests_are_made_and_the_reason_is_shown(bench: Bench) -> None:
    bench.hybrid.tenant.migration_endpoints.clear()
    ann = bench.build.synced(Person("Ann Archer"))
    run = bench.offboard(**BATCHES, offboarding_mailboxes=records([ann]))
    assert run.succeeded, run.output
    assert "New-MoveRequest" in bench.writes()
    shown = run.task("Show the state of the wave").result["msg"]
    assert shown[-1].endswith("the tenant has no migration endpoint for remote moves.")
    asked = bench.offboard(
        offboarding_method="migration_batch", offboarding_mailboxes=records([bench.build.synced(Person("Bob Baker"))])
    )
    assert "target_endpoint: is not set, and the tenant has no migration endpoint" in asked.output
    assert not asked.succeeded


def test_a_move_request_that_somebody_made_is_followed_as_one(bench: Bench) -> None:
    ann = bench.build.synced(Person("Ann Archer"))
    bench.build.mail_enable(ann, exchange_guid=ann.cloud.exchange_guid)
    move_request(bench, ann)
    run = bench.offboard(**BATCHES, offboarding_mailboxes=records([ann]))
    assert run.succeeded, run.output
    assert "New-MigrationBatch" not in bench.writes()


# -- sixty mailboxes by both ways --------------------------------------------------------------------------------------

SIXTY = 60
SOUND = {
    "offboarding_target_databases": "auto", "offboarding_remote_target_database": "", "offboarding_wait": True,
    "offboarding_wait_sleep": 1,
}  # fmt: skip


def sixty(bench: Bench) -> list[Pair]:
    """Return a wave of every sort: synced and cloud-only users, shared mailboxes, archives, skipped items, failures."""
    build = bench.build
    people = [
        Person(
            f"Person {chr(65 + n // 26)}{chr(65 + n % 26)}", size=(n % 9 + 1) * GB,
            kind="SharedMailbox" if n % 10 == 5 else "UserMailbox",
        )
        for n in range(SIXTY)
    ]  # fmt: skip
    pairs = [build.synced(person) if n % 3 else build.cloud_only(person) for n, person in enumerate(people)]
    build.archive(pairs[4], 2 * GB)
    for pair, score in ((pairs[7], "Good"), (pairs[8], "Poor")):
        build.set_cloud(pair, skipped=Skipped(score, 2))
    build.second_holder(pairs[10].cloud.email_addresses[0])
    build.set_cloud(pairs[11], content=Content(80 * GB, 1000))
    return pairs


def wave(pairs: list[Pair]) -> list[dict[str, Any]]:
    found = records(pairs)
    found[4]["remote_archive_target_database"] = "DB02"
    return found


def end_state(bench: Bench, pairs: list[Pair]) -> dict[str, Any]:
    """Return everything of both organizations, but the requests, and what a mailbox says of its own: whose it is, and
    that one with too many skipped items fails where a user of a batch stays Synced."""
    left = {"move_requests", "batch_name", "status"}
    return {
        "snapshot": stripped(bench.settled(), left),
        "homes": {pair.identity: (pair.directory.kind, pair.directory.database, pair.cloud.kind) for pair in pairs},
    }


def stripped(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: stripped(item, names) for name, item in value.items() if name not in names}
    return [stripped(item, names) for item in value] if isinstance(value, list) else value


def test_a_wave_of_sixty_ends_the_same_by_both_ways_and_its_report_says_the_same(make_bench: BenchMaker) -> None:
    ended = {}
    for method in ("move_request", "migration_batch"):
        with make_bench() as bench:
            pairs = sixty(bench)
            run = bench.offboard(**SOUND, offboarding_mailboxes=wave(pairs), offboarding_method=method)
            kept = json.loads((bench.offboarding_directory / "target_databases.json").read_text(encoding="utf-8"))
            ended[method] = {
                "failures": {name: error["code"] for name, error in run.role_failures.items()},
                "result": {name: run.summary[name] for name in ("mailboxes", "failed", "states", "unfinished")},
                "report": page(bench.offboarding_directory / "report.html"),
                "databases": {entry["identity"]: entry["database"] for entry in kept["mailboxes"].values()},
                "state": end_state(bench, pairs),
            }
            sent = {name for name in ("New-MigrationBatch", "New-MoveRequest") if name in bench.writes()}
            assert sent == {"New-MigrationBatch" if method == "migration_batch" else "New-MoveRequest"}
    batch = ended["migration_batch"]
    assert batch == ended["move_request"]
    assert batch["failures"] == {
        pairs[8].identity: "score_poor", pairs[10].identity: "address_in_use", pairs[11].identity: "no_database_fits",
    }  # fmt: skip
    assert sorted(set(batch["report"]["mailboxes"].values())) == ["Failed", "Home"]
    assert Counter(batch["databases"].values()).keys() == {"DB01", "DB02", "DB03"}
    assert all(batch["state"]["homes"][name][1] == database for name, database in batch["databases"].items()
               if name not in batch["failures"])  # fmt: skip
