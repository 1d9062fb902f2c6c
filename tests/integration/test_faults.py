# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user sees when answers are lost, services throttle, tokens expire or a cmdlet fails, and no write twice."""

from __future__ import annotations

from typing import Any

import pytest

from lab.model.builder import Pair, Person
from tests.integration.harness import MOVE, Bench, Run, assert_home, module, move_request, records, remember

FAULT = "Microsoft.Exchange.Data.Directory.ADOperationException"


def ready_to_move(bench: Bench, name: str, **values: Any) -> Pair:
    """Add a synced mailbox whose on-premises mail user is whole."""
    pair = bench.build.synced(name)
    bench.build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid, **values)
    return pair


def mail_enable(pair: Pair, **options: Any) -> dict[str, Any]:
    return module(
        "mailuser",
        identity=pair.identity,
        primary_smtp_address=pair.identity,
        routing_domain="contoso.mail.onmicrosoft.com",
        email_addresses=pair.cloud.email_addresses,
        exchange_guid=str(pair.cloud.exchange_guid),
        **options,
    )


def everything(bench: Bench) -> list[tuple[str, str, dict[str, Any]]]:
    """Return ``(organization, cmdlet, task)`` for every write of the collection, and set up what each needs."""
    build = bench.build
    ann = build.cloud_only(Person("Ann Archer", routing_address=False))
    rosa, disabled, stamped = (
        build.remote_mailbox("Rosa Romero"),
        build.cloud_only("Dora Dorn"),
        build.cloud_only("Sam So"),
    )
    build.mail_enable(disabled)
    shared = build.mailbox_on_premises("Info Desk")
    steered, removed = ready_to_move(bench, "Mona Move").identity, ready_to_move(bench, "Remy Rest")
    move_request(bench, removed, prevent_completion=True)
    guid = str(rosa.cloud.exchange_guid)
    server, cloud, sync = "exchange_server", "exchange_online", "entra_connect"
    return [
        (cloud, "Set-Mailbox", mail_enable(ann, add_routing_address=True)),
        (server, "Enable-MailUser", mail_enable(build.cloud_only("Bob Baker"))),
        (server, "Set-MailUser", mail_enable(build.cloud_only("Chen Wei"))),
        (server, "Set-RemoteMailbox", module("exchange_guid", identity=rosa.identity, exchange_guid=guid)),
        (server, "Disable-MailUser", module("mailuser", identity=disabled.identity, state="absent")),
        (server, "Set-User", module("smtp_match", identity=stamped.identity, state="stamped")),
        (server, "Set-Mailbox", module("mailbox", identity=shared.identity, recipient_type_details="SharedMailbox")),
        (cloud, "New-MoveRequest", module("move_request", identity=steered, cutover="held", **MOVE)),
        (cloud, "Suspend-MoveRequest", module("move_request", identity=steered, state="suspended")),
        (cloud, "Set-MoveRequest", module("move_request", identity=steered, state="completed")),
        (cloud, "Remove-MoveRequest", module("move_request", identity=removed.identity, state="absent")),
        (sync, "Set-ADSyncScheduler", module("directory_sync", state="paused")),
        (sync, "Start-ADSyncSyncCycle", module("directory_sync", state="synced", wait_sleep=1, wait_timeout=30)),
    ]


def test_a_write_whose_answer_is_lost_is_not_sent_again(bench: Bench) -> None:
    bench.hybrid.replication.timing.copying = 3600.0 * bench.hybrid.speed
    cases = everything(bench)
    for organization, cmdlet, _task in cases:
        # The first mailbox loses the answer of its Set-Mailbox only, the second that of its Enable-MailUser only.
        earlier = {"Enable-MailUser": 1, "Set-MailUser": 2}.get(cmdlet, 0)
        bench.faults.add(organization, cmdlet, "drop_after", after=earlier)
    bench.faults.add("exchange_online", "Resume-MoveRequest", "drop_after")
    run = bench.play(*(task for _organization, _cmdlet, task in cases))
    told = [
        (cmdlet, task.status, task.changed, task.message)
        for (_organization, cmdlet, _task), task in zip(cases, run.tasks, strict=True)
    ]
    assert told == [(cmdlet, "ok", True, "") for _organization, cmdlet, _task in cases]
    for organization, cmdlet, task in cases:
        expected = {"Enable-MailUser": 3, "Set-MailUser": 3}.get(cmdlet, 1)
        sent = bench.log.entries(organization=organization, cmdlet=cmdlet)
        assert (cmdlet, len(sent)) == (cmdlet, expected), task
        assert [entry["outcome"] for entry in sent].count("dropped") == 1
    assert [entry["outcome"] for entry in bench.log.entries(cmdlet="Resume-MoveRequest")] == ["dropped"]


def test_a_write_that_never_arrived_is_sent_once_more(bench: Bench) -> None:
    ann, mona = bench.build.cloud_only("Ann Archer"), ready_to_move(bench, "Mona Move")
    for organization, cmdlet in (("exchange_server", "Enable-MailUser"), ("exchange_online", "New-MoveRequest")):
        bench.faults.add(organization, cmdlet, "drop_before")
    run = bench.play(mail_enable(ann), module("move_request", identity=mona.identity, cutover="held", **MOVE))
    assert [(task.status, task.changed) for task in run.tasks] == [("ok", True), ("ok", True)], run.output
    for cmdlet in ("Enable-MailUser", "New-MoveRequest"):
        assert [entry["executed"] for entry in bench.log.entries(cmdlet=cmdlet)] == [False, True]
    assert ann.directory.exchange_guid == ann.cloud.exchange_guid
    assert mona.cloud.guid in bench.hybrid.replication.requests


def test_throttling_and_an_expired_token_are_waited_out(bench: Bench) -> None:
    bench.signs_in = True  # a token that came from outside cannot be renewed
    ann, mona = bench.build.cloud_only("Ann Archer"), ready_to_move(bench, "Mona Move")
    for organization, cmdlet in (
        ("exchange_server", "Get-User"),
        ("exchange_server", "Enable-MailUser"),
        ("exchange_online", "Get-Mailbox"),
        ("exchange_online", "New-MoveRequest"),
    ):
        bench.faults.add(organization, cmdlet, "throttle", retry_after=0.1)
    for cmdlet in ("Get-MailUser", "Get-MoveRequest", "New-MoveRequest"):
        bench.faults.add("exchange_online", cmdlet, "expire_token", after=1)
    run = bench.play(mail_enable(ann), module("move_request", identity=mona.identity, cutover="held", **MOVE))
    assert [(task.status, task.changed) for task in run.tasks] == [("ok", True), ("ok", True)], run.output
    throttled = sorted(entry["cmdlet"] for entry in bench.log.entries() if entry["outcome"] == "throttled")
    assert throttled == ["Enable-MailUser", "Get-Mailbox", "Get-User", "New-MoveRequest"]
    assert bench.faults.armed() == []
    for cmdlet in ("Enable-MailUser", "New-MoveRequest"):
        assert [entry["executed"] for entry in bench.log.entries(cmdlet=cmdlet)].count(True) == 1


def test_one_mailbox_that_fails_leaves_the_others_alone(bench: Bench) -> None:
    pairs = [bench.build.cloud_only(name) for name in ("Ann Archer", "Bob Baker", "Chen Wei")]
    before = [remember(pair) for pair in pairs]
    said = "Active Directory operation failed on dc01.contoso.com. The object is locked by another process."
    bench.environment["EXCHANGE_SERVER_SESSIONS"] = "1"
    # The first of the two writes: after it, a second one that fails once is mended within the run.
    bench.faults.add("exchange_server", "Enable-MailUser", "error", exception_type=FAULT, message=said, after=1)

    first = bench.offboard(offboarding_mailboxes=records(pairs))
    assert first.returncode == 2
    assert [task.message for task in first.failures] == [
        "1 of 3 mailboxes failed. Why, and what to do, is shown below and is in offboarding_result.failures."
    ]
    ((identity, error),) = first.role_failures.items()
    (failed,) = [pair for pair in pairs if pair.identity == identity]
    assert said in error["message"]
    assert error["cmdlet"] == "Enable-MailUser"
    assert (error["code"], error["retryable"]) == ("unknown_failure", False)
    assert error["remedy"]
    assert f"{identity}: {error['message']} {error['remedy']}" in first.stdout.replace("\\n", "\n")
    for pair, known in zip(pairs, before, strict=True):
        if pair is not failed:
            assert_home(pair, known)
    assert failed.cloud.kind == "UserMailbox", "a mailbox that failed is not moved"
    assert bench.scheduler_runs()

    second = bench.offboard(offboarding_mailboxes=records(pairs))
    assert second.succeeded, second.output
    assert_home(failed, before[pairs.index(failed)])
    assert bench.writes().count("New-MoveRequest") == 3


def test_a_server_that_allows_few_sessions_slows_down_and_does_not_fail(narrow_bench: Bench) -> None:
    pairs = narrow_bench.build.many(12)
    wave = [
        {
            "identity": pair.identity,
            "primary_smtp_address": pair.identity,
            "external_email_address": pair.person.routing,
            "email_addresses": pair.cloud.email_addresses,
        }
        for pair in pairs
    ]
    run = narrow_bench.play(module("mailuser", mailboxes=wave))
    assert run.only.status == "ok", run.output
    assert run.only.result["summary"]["changed"] == 12
    assert narrow_bench.writes().count("Enable-MailUser") == 12


@pytest.fixture
def denied(bench: Bench) -> Run:
    """One run in which each system denies what the account would need."""
    pair = bench.build.cloud_only("Ann Archer")
    for organization, cmdlet in (
        ("exchange_server", "Enable-MailUser"),
        ("exchange_online", "Get-MailboxStatistics"),
        ("entra_connect", "Set-ADSyncScheduler"),
    ):
        bench.faults.add(organization, cmdlet, "deny", count=None)
    run = bench.play(
        mail_enable(pair),
        module("mailbox_info", identity=pair.identity, include_total_size=True),
        module("directory_sync", state="paused"),
    )
    assert bench.scheduler_runs()
    assert pair.directory.kind == "User"
    return run


def test_a_missing_permission_names_the_cmdlet_and_what_to_do(denied: Run) -> None:
    cmdlets = ("Enable-MailUser", "Get-MailboxStatistics", "Set-ADSyncScheduler")
    for task, cmdlet in zip(denied.tasks, cmdlets, strict=True):
        assert task.failed
        assert (task.error["code"], task.error["cmdlet"]) == ("permission_denied", cmdlet)
        assert task.error["remedy"]
        assert task.error["remedy"] in task.message
