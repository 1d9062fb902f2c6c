# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Move requests from the queue to completion."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest

from lab.answer import LabCredential
from lab.hybrid import ManualClock, empty_hybrid
from lab.model.builder import HybridBuilder, Pair, Person
from lab.model.recipients import EMPTY_GUID, Skipped

if TYPE_CHECKING:
    from conftest import Desk

GB = 1024**3


@pytest.fixture
def ann(desk: Desk) -> Pair:
    """A mailbox whose on-premises side is whole."""
    pair = desk.build.synced(Person("Ann Archer", size=4 * GB))
    desk.prepare(pair)
    return pair


# -- the course -------------------------------------------------------------------------------------------------------


def test_automatic_completion_goes_through_the_documented_statuses(desk: Desk, ann: Pair) -> None:
    created = desk.move(ann, BatchName="wave 7").objects[0].properties
    assert (created["StatusDetail"].name, created["PercentComplete"]) == ("WaitingForJobPickup", 0)
    seen = [desk.status(ann)]
    for _look in range(60):
        seen.append(desk.status(ann, 0.25))
    assert list(dict.fromkeys(seen)) == [
        ("Queued", "WaitingForJobPickup"), ("InProgress", "CreatingFolderHierarchy"),
        ("InProgress", "CreatingInitialSyncCheckpoint"), ("InProgress", "LoadingMessages"),
        ("InProgress", "CopyingMessages"), ("CompletionInProgress", "Completing"), ("Completed", "Completed"),
    ]  # fmt: skip


def test_percent_never_falls_and_ends_at_100(desk: Desk, ann: Pair) -> None:
    desk.move(ann)
    seen = [desk.statistics(ann, 0.5)["PercentComplete"] for _look in range(30)]
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 100)


def test_statistics_have_sizes_times_and_durations(desk: Desk, ann: Pair) -> None:
    begin = desk.clock.now()
    desk.move(ann)
    shown = desk.statistics(ann, 60)
    assert (shown["TotalMailboxSize"].size, shown["ItemsTransferred"]) == (4 * GB, 4 * GB // 65536)
    assert shown["QueuedTimestamp"] == begin
    assert shown["TotalQueuedDuration"] == datetime.timedelta(seconds=2)
    assert shown["TotalInProgressDuration"] == datetime.timedelta(seconds=7)
    assert shown["CompletionTimestamp"] == begin + datetime.timedelta(seconds=11)
    assert shown["OverallDuration"] == datetime.timedelta(seconds=11)
    assert (shown["RemoteDatabaseName"], shown["DataConsistencyScore"].name) == ("DB01", "Perfect")
    assert shown["RemoteCredentialUsername"] == "CONTOSO\\svc-mrsproxy"


def test_completion_swaps_the_kinds_and_keeps_guid_and_addresses(desk: Desk, ann: Pair) -> None:
    guid, proxies = ann.cloud.exchange_guid, list(ann.directory.email_addresses)
    forwards = {"ForwardingSmtpAddress": "smtp:x@contoso.com"}
    desk.build.set_cloud(ann, permissions={"full_access": ["Bob Baker"]}, delivery=forwards)
    desk.move(ann, RemoteTargetDatabase="db02")
    desk.clock.advance(60)
    home = desk.server("Get-Mailbox", Identity=str(guid)).objects[0].properties
    assert (home["ExchangeGuid"], home["Database"].text) == (guid, "DB02")
    assert (ann.directory.email_addresses, home["ForwardingSmtpAddress"]) == (proxies, None)
    assert desk.cloud_refused("Get-Mailbox", Identity=ann.identity).exception_type.endswith("NotFoundException")
    left = desk.cloud("Get-MailUser", Identity=ann.identity).objects[0].properties
    assert (left["ExchangeGuid"], left["ExternalEmailAddress"]) == (guid, "SMTP:ann.archer@contoso.com")
    assert ann.cloud.permissions == {"full_access": ["Bob Baker"]}
    assert home["UseDatabaseQuotaDefaults"] is True


@pytest.mark.parametrize("kind", ["SharedMailbox", "RoomMailbox", "EquipmentMailbox"])
def test_every_kind_arrives_as_a_user_mailbox_and_is_repaired_by_set_mailbox(desk: Desk, kind: str) -> None:
    pair = desk.build.cloud_only(Person("Board Room", kind=kind))
    desk.prepare(pair)
    desk.move(pair)
    desk.clock.advance(60)
    shown = desk.server("Get-Mailbox", Identity=pair.identity).objects[0].properties
    assert shown["RecipientTypeDetails"].name == "UserMailbox"
    desk.build.set_directory(pair, account_disabled=False)
    desk.server("Set-Mailbox", Identity=pair.identity, Type="Regular")
    assert pair.directory.account_disabled is False
    desk.server("Set-Mailbox", Identity=pair.identity, Type=kind.removesuffix("Mailbox"))
    assert (pair.directory.kind, pair.directory.account_disabled) == (kind, True)


def test_remote_mailbox_comes_home_too(desk: Desk) -> None:
    pair = desk.build.remote_mailbox("Rosa Romero")
    desk.server("Set-RemoteMailbox", Identity="Rosa Romero", ExchangeGuid=pair.cloud.exchange_guid)
    desk.move(pair)
    desk.clock.advance(60)
    shown = desk.server("Get-Mailbox", Identity="Rosa Romero").objects[0].properties
    assert (shown["RecipientTypeDetails"].name, shown["RemoteRecipientType"].name) == ("UserMailbox", "None")


def test_speed_divides_the_length_of_a_move() -> None:
    clock = ManualClock()
    hybrid = empty_hybrid(clock, speed=100)
    pair = HybridBuilder(hybrid).mailbox_on_premises("Walter Weiss")
    request = HybridBuilder(hybrid).batch_request(pair)
    assert hybrid.replication.timing.seconds(request.phase, 0) == pytest.approx(0.02)


# -- what holds a request ---------------------------------------------------------------------------------------------


def test_suspend_when_ready_holds_at_95_and_needs_set_then_resume(desk: Desk, ann: Pair) -> None:
    desk.move(ann, SuspendWhenReadyToComplete=True)
    assert desk.status(ann, 60) == ("AutoSuspended", "AutoSuspended")
    assert desk.statistics(ann)["PercentComplete"] == 95
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    assert desk.status(ann, 60)[0] == "AutoSuspended", "still set to stop"
    desk.cloud("Set-MoveRequest", Identity=ann.identity, SuspendWhenReadyToComplete=False)
    assert desk.status(ann, 60)[0] == "AutoSuspended", "set, but not resumed"
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    assert desk.status(ann, 60)[0] == "Completed"


def test_complete_after_holds_until_its_time_or_until_it_is_set_to_now(desk: Desk, ann: Pair) -> None:
    bob = desk.build.synced("Bob Baker")
    desk.prepare(bob)
    tomorrow = desk.clock.now() + datetime.timedelta(days=1)
    for pair in (ann, bob):
        desk.move(pair, CompleteAfter=tomorrow)
    assert desk.status(ann, 60) == ("Synced", "Synced")
    desk.cloud("Set-MoveRequest", Identity=ann.identity, CompleteAfter=desk.clock.now().isoformat())
    assert (desk.status(ann, 60)[0], desk.status(bob)[0]) == ("Completed", "Synced")
    assert desk.status(bob, 86400)[0] == "Completed"


def test_prevent_completion_holds_until_set_and_resumed(desk: Desk, ann: Pair) -> None:
    desk.move(ann, PreventCompletion=True)
    assert desk.status(ann, 60)[0] == "Synced"
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    assert desk.status(ann, 60)[0] == "Synced"
    desk.cloud("Set-MoveRequest", Identity=ann.identity, PreventCompletion=False)
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    assert desk.status(ann, 60)[0] == "Completed"


def test_suspend_and_resume_at_any_time(desk: Desk, ann: Pair) -> None:
    desk.move(ann, Suspend=True, SuspendComment="wait for Ann")
    shown = desk.statistics(ann, 60)
    assert (shown["Status"].name, shown["Message"], shown["Suspend"]) == ("Suspended", "wait for Ann", True)
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    assert desk.status(ann, 6)[0] == "InProgress"
    desk.cloud("Suspend-MoveRequest", Identity=ann.identity, Confirm=False)
    assert desk.status(ann, 60)[0] == "Suspended"
    again = desk.cloud("Suspend-MoveRequest", Identity=ann.identity, Confirm=False)
    assert "no settings of" in again.warnings[0]
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    assert desk.status(ann, 60)[0] == "Completed"


def test_start_after_keeps_a_request_in_the_queue(desk: Desk, ann: Pair) -> None:
    desk.move(ann, StartAfter=desk.clock.now() + datetime.timedelta(hours=1))
    assert desk.status(ann, 1800)[0] == "Queued"
    assert desk.status(ann, 3600)[0] == "Completed"


def test_resume_of_a_running_request_changes_nothing(desk: Desk, ann: Pair) -> None:
    desk.move(ann)
    assert "no settings of" in desk.cloud("Resume-MoveRequest", Identity=ann.identity).warnings[0]


# -- how requests are found, changed and removed ----------------------------------------------------------------------


def test_get_move_request_shows_few_columns(desk: Desk, ann: Pair) -> None:
    desk.move(ann, BatchName="wave 7", SuspendWhenReadyToComplete=True)
    shown = desk.cloud("Get-MoveRequest", BatchName="WAVE 7").objects[0].properties
    assert {"StatusDetail", "PercentComplete", "TargetDeliveryDomain", "CompleteAfter"}.isdisjoint(shown)
    assert (shown["TargetDatabase"], shown["ExchangeGuid"]) == (None, ann.cloud.exchange_guid)
    assert (shown["Flags"].name, shown["Direction"].name) == ("CrossOrg, Push, SuspendWhenReadyToComplete", "Push")
    assert len(desk.cloud("Get-MoveRequest", Status="Queued", RemoteHostName="mail.contoso.com").objects) == 1
    assert desk.cloud("Get-MoveRequest", Status="Completed").objects == []


@pytest.mark.parametrize("cmdlet", ["Get-MoveRequest", "Get-MoveRequestStatistics"])
def test_mailbox_without_a_request_is_an_error(desk: Desk, ann: Pair, cmdlet: str) -> None:
    for identity in (ann.identity, "nobody@contoso.com"):
        failure = desk.cloud_refused(cmdlet, Identity=identity)
        assert failure.exception_type.endswith("ManagementObjectNotFoundException")
        assert "Couldn't find a move request" in failure.message


def test_an_address_names_a_soft_deleted_twin_too_and_the_guid_does_not(desk: Desk, ann: Pair) -> None:
    bob = desk.build.synced("Bob Baker")
    desk.prepare(bob)
    twin = desk.build.soft_deleted_twin(ann)
    for identity in (ann.identity, ann.person.routing):
        assert f"'{identity}' matches multiple entries" in refused_move(desk, ann, Identity=identity)
    assert desk.move(bob, Identity=bob.identity).objects
    assert desk.move(ann, Identity=str(ann.cloud.exchange_guid)).objects
    desk.clock.advance(60)
    assert [desk.status(pair)[0] for pair in (ann, bob)] == ["Completed", "Completed"]
    assert twin.exchange_guid != ann.cloud.exchange_guid


def test_only_the_switch_shows_soft_deleted_mailboxes(desk: Desk, ann: Pair) -> None:
    twin = desk.build.soft_deleted_twin(ann)
    desk.build.synced("Bob Baker")

    def shown(**parameters: Any) -> set[Any]:
        return {item.properties["ExchangeGuid"] for item in desk.cloud("Get-Mailbox", **parameters).objects}

    assert shown(SoftDeletedMailbox=True) == {twin.exchange_guid}
    assert shown(SoftDeletedMailbox=True, Identity=ann.identity) == {twin.exchange_guid}
    assert shown(Identity=ann.identity) == {ann.cloud.exchange_guid}
    assert twin.exchange_guid not in shown()
    assert ann.cloud.exchange_guid in shown()


def test_second_request_is_refused_even_after_a_failure(desk: Desk, ann: Pair) -> None:
    desk.build.set_directory(ann, exchange_guid=EMPTY_GUID)
    desk.move(ann)
    assert "already has a pending request" in refused_move(desk, ann)
    assert desk.status(ann, 60)[0] == "Failed"
    assert "already has a pending request" in refused_move(desk, ann)


def test_removal_needs_confirm_false_and_leaves_the_mailbox(desk: Desk, ann: Pair) -> None:
    desk.move(ann, SuspendWhenReadyToComplete=True)
    desk.clock.advance(60)
    assert "prompts the user" in desk.cloud_refused("Remove-MoveRequest", Identity=ann.identity).message
    desk.cloud("Remove-MoveRequest", Identity=ann.identity, Confirm=False)
    assert desk.cloud("Get-MoveRequest").objects == []
    assert desk.cloud("Get-Mailbox", Identity=ann.identity).objects[0].properties["MailboxMoveStatus"].name == "None"
    desk.move(ann)
    assert desk.status(ann, 60)[0] == "Completed"


def test_completed_requests_age_out_and_failed_ones_stay(desk: Desk, ann: Pair) -> None:
    bob = desk.build.synced("Bob Baker")
    desk.move(ann)
    desk.move(bob)
    assert desk.status(bob, 60)[0] == "Failed"
    desk.clock.advance(31 * 86400)
    assert [item.properties["DisplayName"] for item in desk.cloud("Get-MoveRequest").objects] == ["Bob Baker"]


def test_request_of_a_migration_batch_is_recognised(desk: Desk, ann: Pair) -> None:
    desk.build.batch_request(ann, "wave 1")
    shown = desk.cloud("Get-MoveRequest", Identity=ann.identity).objects[0].properties
    assert shown["BatchName"] == "MigrationService:wave 1"
    assert desk.status(ann, 60)[0] == "Synced"


def test_moves_show_on_the_mailbox_and_in_filters(desk: Desk, ann: Pair) -> None:
    desk.move(ann, BatchName="wave 7")
    shown = desk.cloud("Get-Recipient", Filter="MailboxMoveBatchName -eq 'wave 7'").objects
    assert shown[0].properties["MailboxMoveStatus"].name == "Queued"


def test_set_move_request_without_a_change_warns_and_after_completion_is_refused(desk: Desk, ann: Pair) -> None:
    desk.move(ann, BatchName="wave 7")
    assert "no settings of" in desk.cloud("Set-MoveRequest", Identity=ann.identity, BatchName="wave 7").warnings[0]
    desk.clock.advance(60)
    assert "can't be changed" in desk.cloud_refused("Set-MoveRequest", Identity=ann.identity, BatchName="x").message


# -- refusals and failures --------------------------------------------------------------------------------------------


def refused_move(desk: Desk, pair: Pair, **parameters: Any) -> str:
    given = {
        "Identity": str(pair.cloud.exchange_guid), "Outbound": True, "RemoteHostName": "mail.contoso.com",
        "RemoteTargetDatabase": "DB01", "TargetDeliveryDomain": "contoso.com",
        "RemoteCredential": desk.hybrid.remote_credential, **parameters,
    }  # fmt: skip
    failure = desk.cloud_refused(
        "New-MoveRequest", **{name: value for name, value in given.items() if value is not None}
    )
    return f"{failure.exception_type.rsplit('.', 1)[1]}: {failure.message}"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"RemoteTargetDatabase": "DB09"}, 'Couldn\'t find database "DB09"'),
        ({"RemoteTargetDatabase": None}, "ParameterValueRequiredPermanentException"),
        ({"RemoteHostName": "mail.fabrikam.com"}, "could not be resolved"),
        ({"RemoteCredential": LabCredential("CONTOSO\\svc-mrsproxy", "wrong")}, "Access is denied"),
        ({"RemoteCredential": LabCredential("svc-mrsproxy@contoso.com", "Lab!Pw-3Zn6-mrsproxy")}, "Access is denied"),
        ({"RemoteCredential": None}, "Access is denied"),
        ({"TargetDeliveryDomain": "example.org"}, "not an accepted domain"),
        ({"TargetDeliveryDomain": None}, "You must specify the TargetDeliveryDomain parameter"),
        ({"PrimaryOnly": True, "ArchiveDomain": "contoso.mail.onmicrosoft.com"}, "doesn't have an archive"),
        ({"Identity": "nobody"}, "ManagementObjectNotFoundException"),
    ],
)
def test_what_new_move_request_refuses(desk: Desk, ann: Pair, parameters: dict[str, Any], said: str) -> None:
    assert said in refused_move(desk, ann, **parameters)
    assert desk.hybrid.replication.requests == {}


def test_new_move_request_takes_a_delivery_domain_below_a_wildcard(desk: Desk, ann: Pair) -> None:
    desk.hybrid.directory.accepted_domains.append("*.branches.contoso.com")
    for domain in ("branches.contoso.com", "mybranches.contoso.com", "a.branches.contoso.com.eu"):
        assert "not an accepted domain" in refused_move(desk, ann, TargetDeliveryDomain=domain)
    desk.move(ann, TargetDeliveryDomain="Sales.Madrid.branches.contoso.com")
    assert list(desk.hybrid.replication.requests) == [ann.cloud.guid]


def test_mrs_proxy_that_is_off_answers_403(desk: Desk, ann: Pair) -> None:
    desk.hybrid.directory.mrs_proxy_enabled = False
    said = refused_move(desk, ann)
    assert said.startswith("RemoteTransientException: The call to 'https://mail.contoso.com/EWS/mrsproxy.svc' failed.")
    assert "(403) Forbidden" in said
    outcome = desk.cloud(
        "Test-MigrationServerAvailability", ExchangeRemoteMove=True, RemoteServer="mail.contoso.com",
        Credentials=desk.hybrid.remote_credential,
    ).objects[0].properties  # fmt: skip
    assert (outcome["Result"].name, "(403)" in str(outcome["Message"])) == ("Failed", True)


def test_endpoint_test_succeeds(desk: Desk) -> None:
    outcome = desk.cloud(
        "Test-MigrationServerAvailability", ExchangeRemoteMove=True, RemoteServer="mail.contoso.com",
        Credentials=desk.hybrid.remote_credential,
    ).objects[0]  # fmt: skip
    assert outcome.properties["Result"].name == "Success"  # type: ignore[union-attr]


def test_mailbox_that_is_home_is_refused(desk: Desk) -> None:
    assert "is of type MailUser" in refused_move(desk, desk.build.mailbox_on_premises("Walter Weiss"))


def test_archive_needs_a_decision(desk: Desk, ann: Pair) -> None:
    archive = desk.build.archive(ann)
    assert "You must specify the ArchiveDomain parameter" in refused_move(desk, ann)
    assert "You must specify the ArchiveDomain parameter" in refused_move(desk, ann, PrimaryOnly=True)
    both = refused_move(desk, ann, PrimaryOnly=True, ArchiveOnly=True, ArchiveDomain="contoso.com")
    assert "can't be used at the same time" in both
    desk.server("Set-MailUser", Identity="Ann Archer", ArchiveGuid=archive)
    desk.build.set_cloud(ann, auto_expanding_archive=True)
    assert "auto-expanding" in refused_move(desk, ann, RemoteArchiveTargetDatabase="DB02")
    desk.move(ann, PrimaryOnly=True, ArchiveDomain="contoso.mail.onmicrosoft.com")
    assert desk.status(ann, 60)[0] == "Completed"
    assert ann.cloud.content.archive_size == GB


FAILURES = [
    (
        {"exchange_guid": EMPTY_GUID}, "RecipientNotFoundPermanentException",
        "Cannot find a recipient that has mailbox GUID",
    ),
    ({"home_mdb_left": True}, "MigrationPermanentException", "already has a primary mailbox"),
    (
        {"email_addresses": ["SMTP:ann.archer@fabrikam.com"]}, "TargetDeliveryDomainMismatchPermanentException",
        "doesn't have an smtp proxy matching 'contoso.com'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("values", "kind", "text"), FAILURES)
def test_target_that_is_not_ready_fails_the_request(
    desk: Desk, ann: Pair, values: dict[str, Any], kind: str, text: str
) -> None:
    good = {name: getattr(ann.directory, name) for name in values}
    desk.build.set_directory(ann, **values)
    assert text in refused_move(desk, ann, WhatIf=True)
    assert desk.hybrid.replication.requests == {}
    desk.move(ann)
    shown = desk.statistics(ann, 60)
    assert (shown["Status"].name, shown["FailureType"], shown["FailureSide"].name) == ("Failed", kind, "Target")
    assert text in shown["Message"]
    assert ann.cloud.kind == "UserMailbox"
    desk.build.set_directory(ann, **good)
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    assert desk.status(ann, 60)[0] == "Completed"


def test_guid_must_belong_to_a_mail_user(desk: Desk, ann: Pair) -> None:
    desk.build.set_directory(ann, kind="UserMailbox")
    desk.move(ann)
    assert desk.status(ann, 60)[0] == "Failed"


def test_residue_of_an_old_move_fails_the_request(desk: Desk, ann: Pair) -> None:
    desk.build.move_residue(ann)
    desk.move(ann)
    assert desk.statistics(ann, 60)["FailureType"] == "UserAlreadyBeingMigratedException"


def test_mailbox_beyond_the_target_quota_fails(desk: Desk) -> None:
    pair = desk.build.cloud_only(Person("Big Mailbox", size=51 * GB))
    desk.prepare(pair)
    desk.move(pair)
    assert "Mailbox size 51.0 GB exceeds target quota 50.0 GB" in desk.statistics(pair, 60)["Message"]


def test_unsupported_server_version_fails(desk: Desk, ann: Pair) -> None:
    desk.hybrid.directory.server_supported = False
    desk.move(ann)
    assert "Moving mailbox to Exchange version 15.2 is not supported" in desk.statistics(ann, 60)["Message"]


def test_archive_guid_must_be_stamped_where_the_archive_moves(desk: Desk, ann: Pair) -> None:
    desk.build.archive(ann)
    desk.move(ann, RemoteArchiveTargetDatabase="DB02")
    assert "archive mailbox GUID" in desk.statistics(ann, 60)["Message"]


def test_disabled_inheritance_completes_with_a_warning_and_leaves_two_mailboxes(desk: Desk, ann: Pair) -> None:
    desk.build.set_directory(ann, inheritance_disabled=True)
    desk.move(ann)
    assert desk.status(ann, 60) == ("CompletedWithWarning", "CompletedWithWarning")
    assert (ann.directory.kind, ann.cloud.kind) == ("UserMailbox", "UserMailbox")
    assert "UpdateMovedMailboxPermanentException" in desk.statistics(ann)["Message"]


def test_a_cleanup_that_did_not_run_leaves_two_mailboxes_too(desk: Desk, ann: Pair) -> None:
    desk.build.set_cloud(ann, source_stays=True)
    desk.move(ann)
    assert desk.status(ann, 60) == ("CompletedWithWarning", "CompletedWithWarning")
    assert (ann.directory.kind, ann.cloud.kind) == ("UserMailbox", "UserMailbox")
    assert ann.directory.exchange_guid == ann.cloud.exchange_guid
    assert "source mailbox could still be alive" in desk.statistics(ann)["Message"]


# -- skipped items ----------------------------------------------------------------------------------------------------


def quality(shown: dict[str, Any]) -> tuple[str, int, int, int]:
    counts = [shown[f"{kind}ItemsEncountered"] for kind in ("Bad", "Large", "Missing")]
    return (shown["DataConsistencyScore"].name, *counts)


def test_skipped_items_show_once_everything_was_copied(desk: Desk, ann: Pair) -> None:
    desk.build.set_cloud(ann, skipped=Skipped("Good", 0, 2, 0))
    desk.move(ann, SuspendWhenReadyToComplete=True)
    assert quality(desk.statistics(ann, 1)) == ("Perfect", 0, 0, 0)
    assert quality(desk.statistics(ann, 60)) == ("Good", 0, 2, 0)
    desk.cloud("Set-MoveRequest", Identity=ann.identity, SuspendWhenReadyToComplete=False)
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    assert desk.status(ann, 60) == ("CompletedWithSkippedItems", "CompletedWithSkippedItems")
    assert ann.cloud.kind == "MailUser"


@pytest.mark.parametrize(("score", "end"), [("Investigate", "CompletedWithSkippedItems"), ("Poor", "Failed")])
def test_a_low_score_fails_the_completion_until_it_is_approved_where_it_can_be(
    desk: Desk, ann: Pair, score: str, end: str
) -> None:
    desk.build.set_cloud(ann, skipped=Skipped(score, 12, 3, 1))
    desk.move(ann)
    assert desk.status(ann, 60)[0] == "Failed"
    assert f"The data consistency score ({score}) for this request is too low" in desk.statistics(ann)["Message"]
    assert (ann.directory.kind, ann.cloud.kind) == ("MailUser", "UserMailbox")
    long_ago = desk.clock.now() - datetime.timedelta(days=1)
    for approval, status in ((long_ago, "Failed"), (desk.clock.now(), end)):
        desk.cloud("Set-MoveRequest", Identity=ann.identity, SkippedItemApprovalTime=approval)
        desk.cloud("Resume-MoveRequest", Identity=ann.identity)
        assert desk.status(ann, 60)[0] == status
        assert desk.statistics(ann)["SkippedItemApprovalTime"] == approval


def test_target_that_vanishes_while_the_request_is_held_fails_it(desk: Desk, ann: Pair) -> None:
    desk.move(ann, SuspendWhenReadyToComplete=True)
    desk.clock.advance(60)
    desk.server("Disable-MailUser", Identity="Ann Archer", Confirm=False)
    desk.cloud("Set-MoveRequest", Identity=ann.identity, SuspendWhenReadyToComplete=False)
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    assert desk.status(ann, 60)[0] == "Failed"


def test_what_if_checks_and_creates_nothing(desk: Desk, ann: Pair) -> None:
    before = desk.hybrid.snapshot()
    assert desk.move(ann, WhatIf=True).objects == []
    assert desk.hybrid.snapshot() == before


# -- stalls -----------------------------------------------------------------------------------------------------------


def test_a_stall_stops_the_copying_where_it_is_and_only_the_detail_says_so(desk: Desk, ann: Pair) -> None:
    desk.move(ann)
    before = desk.statistics(ann, 7)
    assert before["StatusDetail"].name == "CopyingMessages"
    desk.hybrid.replication.stall(ann.cloud, "StalledDueToTarget_DiskLatency", desk.clock.now())
    stalled, later = desk.statistics(ann), desk.statistics(ann, 3600)
    for shown in (stalled, later):
        assert (shown["Status"].name, shown["StatusDetail"].name) == ("InProgress", "StalledDueToTarget_DiskLatency")
        assert shown["BytesTransferred"].size == before["BytesTransferred"].size > 0
    desk.hybrid.replication.go_on(ann.cloud, desk.clock.now())
    going = desk.statistics(ann)
    assert (going["StatusDetail"].name, going["PercentComplete"]) == ("CopyingMessages", before["PercentComplete"])
    assert desk.statistics(ann, 60)["Status"].name == "Completed"


def test_a_stall_may_be_put_on_a_mailbox_before_it_moves(desk: Desk, ann: Pair) -> None:
    desk.hybrid.replication.stall(ann.cloud, "StalledDueToSource_MailboxCapacityExceeded", desk.clock.now())
    desk.move(ann)
    assert desk.status(ann, 60) == ("InProgress", "StalledDueToSource_MailboxCapacityExceeded")
    desk.cloud("Suspend-MoveRequest", Identity=str(ann.cloud.exchange_guid), Confirm=False)
    assert desk.status(ann) == ("Suspended", "Suspended")
    desk.hybrid.replication.go_on(ann.cloud, desk.clock.now())
    desk.cloud("Resume-MoveRequest", Identity=str(ann.cloud.exchange_guid), Confirm=False)
    assert desk.status(ann, 60) == ("Completed", "Completed")


def test_the_cloud_may_lag_behind_a_completion(desk: Desk) -> None:
    slow, wrong = desk.build.synced("Ann Archer"), desk.build.synced("Bob Baker")
    desk.build.set_cloud(slow, conversion_lag=5.0)
    desk.build.set_cloud(wrong, points_back=True)
    for pair in (slow, wrong):
        desk.prepare(pair)
        desk.move(pair)
    while desk.status(slow, 1)[0] != "Completed" or desk.status(wrong)[0] != "Completed":
        assert slow.cloud.kind == "UserMailbox"
    assert (slow.directory.kind, slow.cloud.kind) == ("UserMailbox", "UserMailbox")
    assert wrong.cloud.external_email_address == "SMTP:bob.baker@contoso.mail.onmicrosoft.com"
    desk.clock.advance(5)
    desk.hybrid.advance()
    assert (slow.cloud.kind, slow.cloud.external_email_address) == ("MailUser", "SMTP:ann.archer@contoso.com")
    desk.cycle()
    assert wrong.cloud.external_email_address == "SMTP:bob.baker@contoso.com"
