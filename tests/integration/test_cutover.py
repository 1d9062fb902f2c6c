# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The later days of a wave: complete, verify and clean up, for all or some mailboxes, and what stops each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lab.model.builder import Pair, Person
from lab.model.exchange_server import named_guid
from lab.model.recipients import EMPTY_GUID
from lab.model.scenarios import put_on_mailbox
from tests.integration.harness import Bench, Run, assert_home, move_request, records, remember, timeless
from tests.integration.test_journal import assert_tells_what_arrived, journal, writes
from tests.integration.test_waves import inventory

pytestmark = pytest.mark.walked

LATER = "2035-12-01T18:00:00Z"
VERIFIED = "Verify both sides"


def days(bench: Bench, entry: str, *arguments: str, **variables: Any) -> Run:
    """Run one of the playbooks complete, verify and cleanup."""
    return bench.offboard(*arguments, playbook=entry, **variables)


def wave_of(pairs: Iterable[Pair], **more: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the records of these people; ``more`` are additions by the account's first name."""
    return [{**record, **more.get(record["identity"].partition(".")[0], {})} for record in records(pairs)]


def held(bench: Bench, name: str, scenario: str = "", **options: Any) -> Pair:
    """Add a mailbox whose on-premises side is whole and whose move is held before its completion."""
    pair = bench.build.synced(Person(name))
    bench.build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
    if scenario:
        put_on_mailbox(bench.hybrid, scenario, pair)
    move_request(bench, pair, **{"suspend_when_ready": True, "batch_name": "wave-1", **options})
    return pair


def home(bench: Bench, name: str) -> Pair:
    """Add a mailbox that has come home, with its completed request."""
    pair = bench.build.mailbox_on_premises(name)
    request = move_request(bench, pair, batch_name="wave-1")
    request.generation += 1
    request.phase, request.completed_at = "completed", bench.hybrid.clock.now()
    return pair


def statuses(bench: Bench) -> dict[str, str]:
    bench.hybrid.advance()
    return {request.mailbox.name: request.status for request in bench.hybrid.replication.requests.values()}


def names(cmdlets: Iterable[str]) -> Counter[str]:
    return Counter(cmdlet.partition(" ")[0] for cmdlet in cmdlets)


def codes(run: Run) -> dict[str, str]:
    return {identity: error["code"] for identity, error in run.role_failures.items()}


# -- the whole way -----------------------------------------------------------------------------------------------------


def people(bench: Bench) -> list[Pair]:
    """Add one mailbox of each kind, and one with an archive that moves along."""
    kinds = {"Sam": "SharedMailbox", "Rita": "RoomMailbox", "Emil": "EquipmentMailbox"}
    pairs = [bench.build.cloud_only("Ann Archer")]
    pairs += [bench.build.cloud_only(Person(f"{name} Kind", kind=kind)) for name, kind in kinds.items()]
    archived = bench.build.cloud_only("Arno Archive")
    bench.build.archive(archived)
    return [*pairs, archived]


def test_a_wave_completes_verifies_and_is_cleaned_up(bench: Bench) -> None:
    pairs = people(bench)
    ann = pairs[0]
    before = [remember(pair) for pair in pairs]
    wave = wave_of(pairs, arno={"remote_archive_target_database": "DB02"})
    offboarded = bench.offboard(offboarding_mailboxes=wave, offboarding_cutover="held")
    assert offboarded.succeeded, offboarded.output
    assert set(statuses(bench).values()) == {"AutoSuspended"}

    # One of them first, previewed and for real.
    state, seen = timeless(bench.hybrid.snapshot()), len(bench.log)
    preview = days(bench, "complete", "--check", "--diff", offboarding_mailboxes=wave, offboarding_only=[ann.identity])
    assert preview.succeeded, preview.output
    assert names(preview.cmdlets) == {"Set-MoveRequest": 1, "Resume-MoveRequest": 1}
    assert [cmdlet for cmdlet in preview.cmdlets if cmdlet not in preview.stdout] == [], "the diff shows every cmdlet"
    assert '"suspend_when_ready_to_complete": true' in preview.stdout
    assert (bench.writes(seen), timeless(bench.hybrid.snapshot())) == ([], state)
    # A list may be given as text, as on a command line.
    first = days(bench, "complete", offboarding_mailboxes=wave, offboarding_only=ann.identity)
    assert first.succeeded, first.output
    assert_home(ann, before[0])
    assert Counter(statuses(bench).values()) == {"Completed": 1, "AutoSuspended": 4}

    # The rest has not come home: verify says so, cleanup takes only what has.
    seen = len(bench.log)
    early = days(bench, "verify", offboarding_mailboxes=wave)
    assert not early.succeeded
    assert codes(early) == {pair.identity: "not_home" for pair in pairs[1:]}
    assert bench.writes(seen) == []
    partly = days(bench, "cleanup", offboarding_mailboxes=wave)
    assert set(codes(partly)) == {pair.identity for pair in pairs[1:]}
    assert bench.writes(seen) == ["Remove-MoveRequest"]
    assert Counter(statuses(bench).values()) == {"AutoSuspended": 4}

    complete_the_rest(bench, wave)
    assert_tells_what_arrived(bench, journal(bench))
    for pair, known in zip(pairs, before, strict=True):
        assert_home(pair, known)
    assert pairs[-1].directory.archive_guid == pairs[-1].cloud.archive_guid != EMPTY_GUID
    clean_up(bench, wave)


def complete_the_rest(bench: Bench, wave: Sequence[dict[str, Any]]) -> None:
    rest = days(bench, "complete", offboarding_mailboxes=wave)
    assert rest.succeeded, rest.output
    kinds = rest.task("Set the kind of shared, room and equipment mailboxes")
    assert names(kinds.cmdlets) == {"Set-Mailbox": 3}
    seen = len(bench.log)
    again = days(bench, "complete", offboarding_mailboxes=wave)
    assert again.succeeded, again.output
    assert (again.changed, bench.writes(seen)) == ([], [])
    verified = days(bench, "verify", offboarding_mailboxes=wave)
    assert verified.succeeded, verified.output
    assert verified.summary["states"]["home"] == 5
    assert verified.task(VERIFIED).result["results"] == [], "nothing to warn of"
    assert bench.writes(seen) == []


def clean_up(bench: Bench, wave: Sequence[dict[str, Any]]) -> None:
    seen = len(bench.log)
    preview = days(bench, "cleanup", "--check", "--diff", offboarding_mailboxes=wave)
    assert preview.succeeded, preview.output
    assert names(preview.cmdlets) == {"Remove-MoveRequest": 4}
    assert [cmdlet for cmdlet in preview.cmdlets if cmdlet not in preview.stdout] == []
    assert bench.writes(seen) == []
    cleaned = days(bench, "cleanup", offboarding_mailboxes=wave)
    assert cleaned.succeeded, cleaned.output
    assert bench.writes(seen) == ["Remove-MoveRequest"] * 4
    assert statuses(bench) == {}
    again = days(bench, "cleanup", offboarding_mailboxes=wave)
    assert again.succeeded, again.output
    assert (again.changed, len(bench.writes(seen))) == ([], 4)
    assert_tells_what_arrived(bench, journal(bench))


def test_the_tags_of_the_main_entry_take_the_same_way(bench: Bench) -> None:
    pair = bench.build.cloud_only(Person("Sam Kind", kind="SharedMailbox"))
    before = remember(pair)
    wave = records([pair])
    assert bench.offboard(offboarding_mailboxes=wave, offboarding_cutover="held").succeeded
    tags = ("--tags", "complete,verify")
    idle = bench.offboard(*tags, offboarding_mailboxes=wave, offboarding_cutover="held")
    assert idle.succeeded, idle.output
    assert statuses(bench) == {"Sam Kind": "AutoSuspended"}
    run = bench.offboard(*tags, offboarding_mailboxes=wave, offboarding_cutover="held", offboarding_complete=True)
    assert run.succeeded, run.output
    assert_home(pair, before)
    assert run.task(VERIFIED).result["states"]["home"] == 1


def test_an_archive_moves_stays_or_is_refused_and_never_silently(bench: Bench) -> None:
    moves, stays, undecided, half = (
        bench.build.cloud_only(f"{name} Archive") for name in ("Mona", "Stan", "Uma", "Hal")
    )
    for pair in (moves, stays, undecided, half):
        bench.build.archive(pair)
    known = [remember(pair) for pair in (moves, stays)]
    wave = wave_of(
        (moves, stays, undecided, half),
        mona={"remote_archive_target_database": "DB02"},
        stan={"primary_only": True, "archive_domain": "contoso.mail.onmicrosoft.com"},
        hal={"primary_only": True},
    )
    archive = stays.cloud.archive_guid
    run = bench.offboard(offboarding_mailboxes=wave)
    refused = (undecided.identity, half.identity)
    assert codes(run) == dict.fromkeys(refused, "archive_undecided")
    sent = {
        str(entry["parameters"]["Identity"]): set(entry["parameters"])
        for entry in bench.log.entries(cmdlet="New-MoveRequest")
    }
    decisions = {"RemoteArchiveTargetDatabase", "PrimaryOnly", "ArchiveDomain"}
    assert {guid: names & decisions for guid, names in sent.items()} == {
        str(moves.cloud.exchange_guid): {"RemoteArchiveTargetDatabase"},
        str(stays.cloud.exchange_guid): {"PrimaryOnly", "ArchiveDomain"},
    }
    for pair, before in zip((moves, stays), known, strict=True):
        assert_home(pair, before)
    assert stays.cloud.archive_guid == archive != EMPTY_GUID

    accepted = bench.offboard(offboarding_mailboxes=wave, offboarding_accept=["archive_undecided"])
    assert codes(accepted) == dict.fromkeys(refused, "archive_domain_missing"), "then Exchange refuses it"
    assert {undecided.cloud.kind, half.cloud.kind} == {"UserMailbox"}


# -- at a time ---------------------------------------------------------------------------------------------------------


def test_a_completion_is_scheduled_and_waits_for_nobody(bench: Bench) -> None:
    ann, bob = held(bench, "Ann Archer"), held(bench, "Bob Baker")
    wave = wave_of((ann, bob), bob={"complete_after": "2035-12-02T20:00:00+02:00"})
    run = days(bench, "complete", offboarding_mailboxes=wave, offboarding_complete_after=LATER)
    assert run.succeeded, run.output
    assert names(bench.writes()) == {"Set-MoveRequest": 2, "Resume-MoveRequest": 2}
    assert set(statuses(bench).values()) == {"Synced"}
    times = {
        request.mailbox.name: str(request.options.complete_after)
        for request in bench.hybrid.replication.requests.values()
    }
    assert times == {"Ann Archer": "2035-12-01 18:00:00+00:00", "Bob Baker": "2035-12-02 18:00:00+00:00"}

    seen = len(bench.log)
    again = days(bench, "complete", offboarding_mailboxes=wave, offboarding_complete_after=LATER)
    assert again.succeeded, again.output
    assert (again.changed, bench.writes(seen)) == ([], [])
    now = days(bench, "complete", offboarding_mailboxes=records([ann, bob]))
    assert now.succeeded, now.output
    assert set(statuses(bench).values()) == {"Completed"}


def test_a_time_that_is_none_is_refused(bench: Bench) -> None:
    ann = held(bench, "Ann Archer")
    run = days(bench, "complete", offboarding_mailboxes=records([ann]), offboarding_complete_after="Saturday night")
    assert not run.succeeded
    task = run.task("Complete held moves")
    assert task.error["code"] == "malformed_complete_after"
    words = ("complete_after", "'Saturday night'", "2026-11-30T18:00:00Z")
    assert [word for word in words if word not in task.message] == []
    assert bench.writes() == []


# -- what was skipped --------------------------------------------------------------------------------------------------


def approvals(bench: Bench, since: int = 0) -> set[str]:
    """Return the mailboxes whose skipped items were approved."""
    return {
        str(entry["parameters"]["Identity"])
        for entry in bench.log.entries(cmdlet="Set-MoveRequest", since=since)
        if "SkippedItemApprovalTime" in entry["parameters"]
    }


def test_skipped_items_complete_only_where_somebody_approved_them_by_name(bench: Bench) -> None:
    ann, bob, cora = (held(bench, f"{name} Investigate", "score_investigate") for name in ("Ann", "Bob", "Cora"))
    poor, good = held(bench, "Paul Poor", "score_poor"), held(bench, "Gila Good", "skipped_items")
    pairs = (ann, bob, cora, poor, good)
    wave = wave_of(pairs, cora={"approve_skipped_items": True}, paul={"approve_skipped_items": True})
    run = days(bench, "complete", offboarding_mailboxes=wave, offboarding_approve_skipped_items=[bob.identity.upper()])
    assert not run.succeeded
    assert codes(run) == {ann.identity: "score_investigate", poor.identity: "score_poor"}
    error, refused = run.role_failures[ann.identity], run.role_failures[poor.identity]
    assert "Investigate: the move leaves out 12 bad, 3 large and 1 missing items" in error["message"]
    assert "offboarding_approve_skipped_items" in error["remedy"]
    assert "Poor: the move leaves out 900 bad, 40 large and 210 missing items" in refused["message"]
    assert "Microsoft Support" in refused["remedy"]
    assert approvals(bench) == {str(pair.cloud.exchange_guid) for pair in (bob, cora)}
    assert statuses(bench) == {
        "Ann Investigate": "AutoSuspended", "Paul Poor": "AutoSuspended", "Gila Good": "CompletedWithSkippedItems",
        "Bob Investigate": "CompletedWithSkippedItems", "Cora Investigate": "CompletedWithSkippedItems",
    }  # fmt: skip
    assert [pair.cloud.kind for pair in pairs] == ["UserMailbox", "MailUser", "MailUser", "UserMailbox", "MailUser"]
    approved = [write for write in writes(journal(bench)) if "-SkippedItemApprovalTime" in write.sent["cmdlet"]]
    assert {write.sent["object"] for write in approved} == {bob.identity, cora.identity}
    assert {write.result for write in approved} == {"ok"}
    assert {write.sent["before"]["skipped_item_approval_time"] for write in approved} == {None}
    assert all(write.sent["after"]["skipped_item_approval_time"] for write in approved)
    warned = run.task(VERIFIED).mailboxes[good.identity]["warnings"]
    assert any("CompletedWithSkippedItems" in text for text in warned)

    preview = days(
        bench, "complete", "--check", "--diff", offboarding_mailboxes=wave, offboarding_only=[ann.identity],
        offboarding_approve_skipped_items=[ann.identity],
    )  # fmt: skip
    assert preview.succeeded, preview.output
    assert "-SkippedItemApprovalTime" in preview.cmdlets[0]
    assert '"skipped_item_approval_time": null' in preview.stdout, "the approval is part of the diff"
    assert statuses(bench)["Ann Investigate"] == "AutoSuspended"


def test_a_request_that_failed_for_its_score_can_still_be_approved(bench: Bench) -> None:
    ann = held(bench, "Ann Archer", "score_investigate", suspend_when_ready=False)
    wave = records([ann])
    run = days(bench, "complete", offboarding_mailboxes=wave)
    assert statuses(bench) == {"Ann Archer": "Failed"}, "it was not held, and Exchange itself refused to complete it"
    assert codes(run) == {ann.identity: "score_investigate"}
    assert "12 bad, 3 large and 1 missing items" in run.role_failures[ann.identity]["message"]
    approved = days(bench, "complete", offboarding_mailboxes=wave, offboarding_approve_skipped_items=[ann.identity])
    assert approved.succeeded, approved.output
    assert statuses(bench) == {"Ann Archer": "CompletedWithSkippedItems"}


# -- two live mailboxes, and whatever else differs ---------------------------------------------------------------------


def test_a_second_live_mailbox_is_told_and_nothing_is_removed(bench: Bench) -> None:
    ann, bob = held(bench, "Ann Archer", "source_stays"), held(bench, "Bob Baker")
    wave = records([ann, bob])
    run = days(bench, "complete", offboarding_mailboxes=wave)
    assert codes(run) == {ann.identity: "second_live_mailbox"}
    error = run.role_failures[ann.identity]
    words = (str(ann.cloud.exchange_guid), "both organizations", "CompletedWithWarning", "where the sender is")
    assert [word for word in words if word not in error["message"]] == []
    assert "Do not remove anything" in error["remedy"]
    assert statuses(bench) == {"Ann Archer": "CompletedWithWarning", "Bob Baker": "Completed"}
    assert codes(days(bench, "verify", offboarding_mailboxes=wave)) == {ann.identity: "second_live_mailbox"}
    cleaned = days(bench, "cleanup", offboarding_mailboxes=wave)
    assert codes(cleaned) == {ann.identity: "second_live_mailbox"}
    assert statuses(bench) == {"Ann Archer": "CompletedWithWarning"}, "its message is still needed"
    assert (ann.directory.kind, ann.cloud.kind) == ("UserMailbox", "UserMailbox")


def test_a_cloud_that_lags_is_no_loss_and_a_cycle_helps(bench: Bench) -> None:
    ann, bob = held(bench, "Ann Archer", "points_back"), held(bench, "Bob Baker", "conversion_lags")
    cleo, dora = held(bench, "Cleo Clark", "points_back"), held(bench, "Dora Dean", "conversion_lags")
    bench.without = {"ENTRA_CONNECT_HOST"}
    run = days(bench, "complete", offboarding_mailboxes=records([ann, bob]))
    # Whoever is only slow was waited for; the other hears of the completion by a cycle.
    assert codes(run) == {ann.identity: "cloud_lags"}
    assert run.role_failures[ann.identity]["retryable"] is True
    bench.without = set()
    run = days(bench, "complete", offboarding_mailboxes=records([ann, bob, cleo, dora]))
    assert run.succeeded, run.output
    assert run.cmdlets[-1] == "Start-ADSyncSyncCycle -PolicyType 'Delta'"
    again = days(bench, "complete", offboarding_mailboxes=records([ann, bob, cleo, dora]))
    assert (again.succeeded, again.changed) == (True, [])


def spoilt(bench: Bench) -> dict[str, tuple[Pair, dict[str, Any]]]:
    """Add mailboxes that are home, each with one thing that is not as it should be, by the code that tells it."""
    build = bench.build
    pairs = {
        code: home(bench, f"{code.partition('_')[0].title()} Trap")
        for code in ("database_differs", "mailbox_kind_differs", "archive_guid_differs", "primary_address_differs",
                     "external_address_differs", "conflict")
    }  # fmt: skip
    build.set_directory(pairs["database_differs"], database="DB02")
    build.set_directory(pairs["archive_guid_differs"], archive_guid=named_guid("some archive"))
    build.set_cloud(pairs["external_address_differs"], external_email_address="SMTP:a@tailspin.example")
    build.set_directory(pairs["conflict"], exchange_guid=named_guid("some mailbox"))
    more: dict[str, dict[str, Any]] = {
        "mailbox_kind_differs": {"recipient_type_details": "RoomMailbox"},
        "archive_guid_differs": {
            "archive_guid": str(named_guid("the archive")), "remote_archive_target_database": "DB02",
        },
        "primary_address_differs": {"primary_smtp_address": "somebody.else@contoso.com"},
    }  # fmt: skip
    return {code: (pair, more.get(code, {})) for code, pair in pairs.items()}


def test_every_difference_is_found_and_keeps_its_request(bench: Bench) -> None:
    traps, sound = spoilt(bench), home(bench, "Sigrid Sound")
    wave = [{"identity": pair.identity, **more} for pair, more in traps.values()] + records([sound])
    before = timeless(bench.hybrid.snapshot())
    run = days(bench, "verify", offboarding_mailboxes=wave)
    assert not run.succeeded
    results = run.task(VERIFIED).mailboxes
    for code, (pair, _more) in traps.items():
        entry = results[pair.identity]
        if code == "conflict":
            assert (entry["error"]["code"], "has the GUID" in entry["error"]["message"]) == ("conflict", True)
            continue
        assert entry["error"]["code"] == "verification_failed"
        assert {difference["code"] for difference in entry["differences"]} == {code}
        assert all(difference["remedy"] for difference in entry["differences"])
    assert set(run.role_failures) == {pair.identity for pair, _more in traps.values()}
    assert (bench.writes(), timeless(bench.hybrid.snapshot())) == ([], before)

    cleaned = days(bench, "cleanup", offboarding_mailboxes=wave)
    assert not cleaned.succeeded
    assert bench.writes() == ["Remove-MoveRequest"]
    assert set(statuses(bench)) == {pair.cloud.name for pair, _more in traps.values()}


def test_what_was_not_compared_is_said(bench: Bench) -> None:
    ann = home(bench, "Ann Archer")
    given = {"offboarding_remote_target_database": "", "offboarding_target_delivery_domain": ""}
    run = days(bench, "verify", offboarding_mailboxes=records([ann]), **given)
    assert run.succeeded, run.output
    warned = " ".join(run.task(VERIFIED).mailboxes[ann.identity]["warnings"])
    assert "remote_target_database, target_delivery_domain" in warned
    assert "no baseline" in warned


def test_a_batchs_request_stays_after_a_clean_up(bench: Bench) -> None:
    ann = home(bench, "Ann Archer")
    bench.hybrid.replication.requests[ann.cloud.guid].options.batch_name = "MigrationService:summer"
    run = days(bench, "cleanup", offboarding_mailboxes=records([ann]))
    assert run.succeeded, run.output
    assert bench.writes() == []
    assert f"{ann.identity}: its request was kept: it belongs to the migration batch summer" in run.stdout


# -- some of a wave ----------------------------------------------------------------------------------------------------


def test_a_stranger_is_refused_by_name_before_anything_is_contacted(bench: Bench) -> None:
    ann = held(bench, "Ann Archer")
    wave = records([ann])
    for entry, variable in (("complete", "only"), ("complete", "approve_skipped_items"), ("cleanup", "only")):
        stranger = {f"offboarding_{variable}": [ann.identity, "zoe@contoso.com"]}
        run = days(bench, entry, offboarding_mailboxes=wave, **stranger)
        assert not run.succeeded
        (task,) = run.failures
        assert task.error["code"] == "not_in_wave"
        assert f"{variable}: 'zoe@contoso.com' is not in the wave" in task.message
    assert bench.log.entries() == []


def test_an_empty_list_is_nobody(bench: Bench) -> None:
    ann = held(bench, "Ann Archer")
    for entry in ("complete", "cleanup"):
        run = days(bench, entry, offboarding_mailboxes=records([ann]), offboarding_only=[])
        assert run.succeeded, run.output
        assert run.summary["mailboxes"] == 0
    assert bench.writes() == []
    assert statuses(bench) == {"Ann Archer": "AutoSuspended"}


def test_the_file_of_the_whole_wave_is_left_alone(bench: Bench) -> None:
    ann, bob = held(bench, "Ann Archer"), held(bench, "Bob Baker")
    wave = records([ann, bob])
    bench.offboarding_directory.mkdir()
    whole = bench.offboarding_directory / "wave.json"
    whole.write_text("[]", encoding="utf-8")
    run = days(bench, "complete", offboarding_mailboxes=wave, offboarding_only=[bob.identity])
    assert run.succeeded, run.output
    assert whole.read_text(encoding="utf-8") == "[]"
    assert statuses(bench) == {"Ann Archer": "AutoSuspended", "Bob Baker": "Completed"}


def on_hosts(bench: Bench, config: Path, entry: str, *arguments: str, **variables: Any) -> Run:
    return days(bench, entry, "-i", str(config), *arguments, offboarding_hosts="mailbox_waves", **variables)


def test_mailboxes_are_chosen_among_hosts_that_are_waves(bench: Bench) -> None:
    pairs = [held(bench, name) for name in ("Ann Archer", "Bob Baker", "Cleo Clark")]
    config = inventory(bench, pairs, size=2)
    run = on_hosts(bench, config, "complete", offboarding_only=[pairs[2].identity])
    assert run.succeeded, run.output
    assert statuses(bench) == {"Ann Archer": "AutoSuspended", "Bob Baker": "AutoSuspended", "Cleo Clark": "Completed"}
    cleaned = on_hosts(bench, config, "cleanup", offboarding_only=[pairs[2].identity])
    assert cleaned.succeeded, cleaned.output
    assert set(statuses(bench)) == {"Ann Archer", "Bob Baker"}

    seen = len(bench.log)
    for arguments, name in (((), "zoe@contoso.com"), (("--limit", "wave_001"), pairs[2].identity)):
        refused = on_hosts(bench, config, "complete", *arguments, offboarding_only=[name])
        assert not refused.succeeded
        assert {task.error["code"] for task in refused.failures} == {"not_in_wave"}
        assert name in refused.failures[0].message
    assert bench.log.entries(since=seen) == []
