# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import copy
import datetime
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Credential
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    HybridError,
    InputError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import (
    data_consistency,
    move_request_info,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import step as steps
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import (
    Move,
    checked_credential,
    differs,
    held_since,
    settings_of,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import cloud, move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import NOTHING_SENT, Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from lab.model.builder import HybridBuilder
from tests.unit.plugins.module_utils.fakes import (
    NOW,
    Fails,
    FakeOrganization,
    Time,
    cloud_mail_user,
    cloud_mailbox,
    connect,
    guid_of,
    lost,
    move_request_of,
    refusal,
    tenant,
)
from tests.unit.plugins.module_utils.lab_in_process import InProcess
from tests.unit.plugins.module_utils.procedure_in_process import MOVE

GUID = guid_of("ann's mailbox")
CREDENTIAL = Credential("CONTOSO\\mrs", "top secret")
FUTURE, PAST = "2096-11-30T18:00:00Z", "2020-01-01T00:00:00Z"
WANTED = {
    "identity": "ann@contoso.com",
    "exchange_guid": GUID,
    "remote_host_name": "mail.contoso.com",
    "remote_target_database": "DB01",
    "target_delivery_domain": "contoso.com",
    "batch_name": "wave 1",
}


def request(status: str = "InProgress", **properties: Any) -> dict[str, Any]:
    return move_request.request(move_request_of("ann", status, **properties))


def plan(
    step: Any,
    current: dict[str, Any] | None,
    moved: bool = False,
    attempt: Attempt = NOTHING_SENT,
    **record: Any,
) -> Plan:
    """Return a step's plan, which is the same a second time and changes nothing of what it is told."""
    told = ({**WANTED, **record}, Move(GUID, current, moved), attempt, NOW)
    before = copy.deepcopy(told[:2])
    found = step.plan(*told)
    assert isinstance(found, Plan)
    assert (step.plan(*told), told[:2]) == (found, before)
    return found


def submit(current: dict[str, Any] | None, moved: bool = False, **record: Any) -> Plan:
    return plan(submitting(), current, moved, **record)


def refused(step: Any, current: dict[str, Any] | None, **record: Any) -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        plan(step, current, **record)
    return caught.value


def cmdlets(found: Plan) -> list[Cmdlet]:
    assert {kind for kind, _cmdlet in found.calls} <= {"exchange_online"}
    return [cmdlet for _kind, cmdlet in found.calls]


SUSPENDED, COMPLETED, ABSENT = steps.Suspended(False), steps.Completed(False), steps.RequestAbsent(False)


def submitting(check: bool = False) -> Any:
    """Return a new step of state submitted: one remembers what it made."""
    account = {"username": CREDENTIAL.username, "password": CREDENTIAL.password}
    return steps.for_state("submitted", check, account, [WANTED])


# -- what the phases before have to have made whole --------------------------------------------------------------------


@pytest.mark.parametrize("state", ["to_do", "matched"])
@pytest.mark.parametrize("current", [None, move_request.request(move_request_of("ann", "Synced"))])
def test_an_unprepared_user_is_neither_submitted_for_nor_completed(state: str, current: dict[str, Any] | None) -> None:
    for step in (submitting(), submitting(check=True), COMPLETED, steps.Completed(True)):
        error = refused(step, current, offboarding_state=state, whole=False)
        assert (error.code, error.retryable) == ("not_prepared", False)
        assert state in error.message


def test_what_was_made_whole_since_is_submitted() -> None:
    assert [call.name for call in cmdlets(submit(None, offboarding_state="matched", whole=True))] == ["New-MoveRequest"]


def test_a_mailbox_of_which_nothing_is_known_is_submitted_and_exchange_leaves_it_where_it_is() -> None:
    """The module on its own, without offboarding_state, for a user that nothing has prepared, and for one that is."""
    lab = InProcess()
    build = HybridBuilder(lab.hybrid)
    pairs = [build.synced("Ann Archer"), build.synced("Bob Baker")]
    build.mail_enable(pairs[1], exchange_guid=pairs[1].cloud.exchange_guid)
    before = [list(pair.cloud.email_addresses) for pair in pairs]
    wave = [{"identity": pair.identity, **MOVE, "cutover": "automatic"} for pair in pairs]
    account = lab.hybrid.remote_credential
    step = steps.for_state("submitted", False, {"username": account.username, "password": account.password}, wave)
    with lab.connect() as connections:
        outcomes = run_wave(step, wave, connections, check=False, sleep=lab.sleep)
    assert [outcome.status for outcome in outcomes] == ["changed", "changed"]
    lab.sleep(3 * 24 * 3600)
    lab.hybrid.advance()
    statuses = [lab.hybrid.replication.requests[pair.cloud.guid].status for pair in pairs]
    assert statuses == ["Failed", "Completed"]
    assert [pair.cloud.kind for pair in pairs] == ["UserMailbox", "MailUser"]
    assert pairs[0].cloud.email_addresses == before[0]


# -- the normal form ---------------------------------------------------------------------------------------------------


def test_a_request_in_normal_form() -> None:
    found = move_request.request(
        {
            "ExchangeGuid": GUID.upper(),
            "Status": "InProgress",
            "StatusDetail": "CopyingMessages",
            "PercentComplete": "42",
            "TotalMailboxSize": "1 GB (1,073,741,824 bytes)",
            "BytesTransferred": 5,
            "OverallDuration": "1.00:00:01",
            "TotalQueuedDuration": 20_000_000,
            "CompletionTimestamp": None,
            "StartTimestamp": "2026-11-23T09:00:00.5Z",
            "SuspendWhenReadyToComplete": "False",
            "BatchName": "",
            "BadItemsEncountered": 0,
        }
    )
    assert found == {
        "exchange_guid": GUID,
        "status": "InProgress",
        "status_detail": "CopyingMessages",
        "percent_complete": 42,
        "total_mailbox_size": 1073741824,
        "bytes_transferred": 5,
        "overall_duration": 86401,
        "total_queued_duration": 2,
        "start_timestamp": "2026-11-23T09:00:00Z",
        "suspend_when_ready_to_complete": False,
        "bad_items_encountered": 0,
    }


def test_a_form_that_nobody_knows_hides_only_its_own_value() -> None:
    found = request("Failed", StartTimestamp="1/25/2018 12:56:01 AM", PercentComplete="95 %", Message="No access.")
    assert (found["status"], found["message"]) == ("Failed", "No access.")
    assert {"start_timestamp", "percent_complete"} & set(found) == set()


def test_requests_are_found_by_mailbox() -> None:
    assert set(move_request.by_mailbox([move_request_of("ann"), {"Status": "Queued"}])) == {GUID}


@pytest.mark.parametrize(("name", "owned"), [("MigrationService:wave", True), ("wave", False), ("", False)])
def test_a_batchs_own_requests_are_known_by_their_name(name: str, owned: bool) -> None:
    assert move_request.owned_by_batch(request(BatchName=name)) is owned


# -- submitted: a new request ------------------------------------------------------------------------------------------


def test_a_new_request_is_addressed_by_guid_and_says_what_was_asked() -> None:
    found = submit(None)
    assert cmdlets(found) == [
        Cmdlet(
            "New-MoveRequest",
            {
                "Identity": GUID,
                "Outbound": True,
                "RemoteCredential": CREDENTIAL,
                "RemoteHostName": "mail.contoso.com",
                "RemoteTargetDatabase": "DB01",
                "TargetDeliveryDomain": "contoso.com",
                "BatchName": "wave 1",
            },
        )
    ]
    assert found.before == {"move_request": None}
    assert found.after["move_request"]["status"] == "Queued"
    assert "top secret" not in repr(found)


@pytest.mark.parametrize(
    ("record", "parameters"),
    [
        ({"cutover": "automatic"}, {}),
        ({"cutover": "held"}, {"SuspendWhenReadyToComplete": True}),
        (
            {"cutover": "at", "complete_after": "2026-11-30T19:00:00+01:00"},
            {"CompleteAfter": datetime.datetime(2026, 11, 30, 18, tzinfo=datetime.timezone.utc)},
        ),
        (
            {"start_after": "2026-11-30T18:00:00"},
            {"StartAfter": datetime.datetime(2026, 11, 30, 18, tzinfo=datetime.timezone.utc)},
        ),
        (
            {"primary_only": True, "archive_domain": "contoso.mail.onmicrosoft.com", "archive_only": False},
            {"PrimaryOnly": True, "ArchiveDomain": "contoso.mail.onmicrosoft.com"},
        ),
        (
            {"remote_archive_target_database": "DB02", "move_options": ["SkipFolderViews"], "skip_moving": []},
            {"RemoteArchiveTargetDatabase": "DB02", "MoveOptions": ["SkipFolderViews"]},
        ),
        (
            {
                "incremental_sync_interval": "1.00:00:00",
                "completed_request_age_limit": "7",
                "remote_global_catalog": "dc01.contoso.com",
                "accept_large_data_loss": True,
            },
            {
                "IncrementalSyncInterval": "1.00:00:00",
                "CompletedRequestAgeLimit": "7",
                "RemoteGlobalCatalog": "dc01.contoso.com",
                "AcceptLargeDataLoss": True,
            },
        ),
    ],
)
def test_options_of_a_new_request(record: dict[str, Any], parameters: dict[str, Any]) -> None:
    plain = cmdlets(submit(None))[0].parameters
    assert cmdlets(submit(None, **record))[0].parameters == {**plain, **parameters}


def test_cutover_at_needs_its_time() -> None:
    error = refused(submitting(), None, cutover="at")
    assert (error.code, "complete_after" in error.message) == ("missing_option", True)


@pytest.mark.parametrize(
    ("given", "needed", "told"),
    [
        (None, False, ("", "")),
        ({"username": "CONTOSO\\mrs", "password": None}, False, ("CONTOSO\\mrs", "")),
        ({"username": None, "password": "x"}, False, ("", "x")),
        ({"username": "CONTOSO\\mrs", "password": "x"}, True, ("CONTOSO\\mrs", "x")),
        (None, True, "missing_option"),
        ({"username": "CONTOSO\\mrs"}, True, "missing_option"),
        ({"password": "x"}, True, "missing_option"),
        ({"username": "mrs@contoso.com", "password": "x"}, True, "malformed_username"),
        ({"username": "mrs@contoso.com"}, False, "malformed_username"),
    ],
)
def test_the_account_of_the_mrs_proxy(given: Any, needed: bool, told: Any) -> None:
    if isinstance(told, str):
        with pytest.raises(InputError) as caught:
            checked_credential(given, needed=needed)
        assert caught.value.code == told
    else:
        found = checked_credential(given, needed=needed)
        assert (found.username, found.password) == told


# -- submitted: a request that exists ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["Queued", "InProgress", "AutoSuspended", "Suspended", "Synced", "CompletionInProgress"]
)
def test_an_existing_request_is_adopted(status: str) -> None:
    found = submit(request(status))
    assert (found.calls, found.details["move_request"]["status"]) == ((), status)


@pytest.mark.parametrize("status", ["AutoSuspended", "Synced", "InProgress"])
def test_a_request_into_a_domain_of_the_cloud_is_not_completed(status: str) -> None:
    held = request(status, TargetDeliveryDomain="contoso.mail.onmicrosoft.com", SuspendWhenReadyToComplete=True)
    error = refused(COMPLETED, held)
    assert (error.code, "contoso.mail.onmicrosoft.com" in error.message) == ("delivery_domain_in_the_cloud", True)
    assert "state: absent" in error.remedy
    assert plan(COMPLETED, request(status, SuspendWhenReadyToComplete=True)).calls != ()


@pytest.mark.parametrize("domain", ["contoso.mail.onmicrosoft.com", "Contoso.onmicrosoft.com", "c.mail.onmicrosoft.us"])
def test_a_move_into_a_domain_of_the_cloud_is_refused(domain: str) -> None:
    error = refused(submitting(), None, target_delivery_domain=domain)
    assert (error.code, domain in error.message) == ("delivery_domain_in_the_cloud", True)
    assert "on-premises Exchange accepts" in error.remedy
    # One that was submitted before is followed: it cannot be changed any more.
    assert submit(request(TargetDeliveryDomain=domain), target_delivery_domain=domain).calls == ()


@pytest.mark.parametrize(
    ("properties", "record", "told"),
    [
        ({"RemoteDatabaseName": "DB07"}, {}, "remote_target_database is DB07, not DB01"),
        ({"TargetDeliveryDomain": "fabrikam.com"}, {}, "target_delivery_domain is fabrikam.com, not contoso.com"),
        (
            {"RemoteArchiveDatabaseName": "DB07"},
            {"remote_archive_target_database": "DB02"},
            "remote_archive_target_database is DB07, not DB02",
        ),
    ],
)
def test_what_exchange_cannot_change_is_refused(properties: dict[str, Any], record: dict[str, Any], told: str) -> None:
    error = refused(submitting(), request(**properties), **record)
    assert (error.code, told in error.message, "absent" in error.remedy) == ("request_differs", True, True)


def test_another_case_and_what_nobody_asked_for_are_no_difference() -> None:
    assert submit(request(RemoteDatabaseName="db01", RemoteArchiveDatabaseName="DB07")).calls == ()


@pytest.mark.parametrize(
    ("properties", "record", "expected"),
    [
        ({}, {}, False),
        ({"RemoteDatabaseName": "DB07"}, {}, True),
        ({}, {"cutover": "held"}, True),
        ({"CompleteAfter": FUTURE}, {"cutover": "at", "complete_after": FUTURE}, False),
    ],
)
def test_whether_a_request_is_other_than_a_record_asks_for(
    properties: dict[str, Any], record: dict[str, Any], expected: bool
) -> None:
    assert differs({**WANTED, **record}, request(**properties), NOW) is expected


@pytest.mark.parametrize(
    ("properties", "record", "change"),
    [
        ({}, {"cutover": "held"}, {"SuspendWhenReadyToComplete": True}),
        ({"SuspendWhenReadyToComplete": True}, {"cutover": "automatic"}, {"SuspendWhenReadyToComplete": False}),
        ({"SuspendWhenReadyToComplete": True}, {"cutover": "held"}, {}),
        ({"SuspendWhenReadyToComplete": True}, {}, {}),
        (
            {},
            {"cutover": "at", "complete_after": FUTURE},
            {"CompleteAfter": datetime.datetime(2096, 11, 30, 18, tzinfo=datetime.timezone.utc)},
        ),
        ({"CompleteAfter": "2096-11-30T18:00:00"}, {"cutover": "at", "complete_after": FUTURE}, {}),
        ({"CompleteAfter": PAST}, {"cutover": "automatic"}, {}),
    ],
)
def test_a_cutover_is_changed_where_it_was_asked_for(
    properties: dict[str, Any], record: dict[str, Any], change: dict[str, Any]
) -> None:
    found = submit(request(**properties), **record)
    assert cmdlets(found) == ([Cmdlet("Set-MoveRequest", {"Identity": GUID, **change})] if change else [])
    assert "status" not in found.after, "it runs on"


@pytest.mark.parametrize("cutover", ["held", "at", "automatic"])
def test_a_move_that_is_completing_is_not_held_again(cutover: str) -> None:
    running = request("CompletionInProgress", CompleteAfter=PAST)
    assert cmdlets(submit(running, cutover=cutover, complete_after=FUTURE)) == []


def test_an_automatic_cutover_ends_a_waiting_time() -> None:
    (call,) = cmdlets(submit(request(CompleteAfter=FUTURE), cutover="automatic"))
    moment = call.parameters["CompleteAfter"]
    assert moment == NOW


def test_a_held_request_that_is_let_go_is_resumed_after_it_was_changed() -> None:
    found = submit(request("AutoSuspended", SuspendWhenReadyToComplete=True), cutover="automatic")
    assert [call.name for call in cmdlets(found)] == ["Set-MoveRequest", "Resume-MoveRequest"]
    assert found.after == {"suspend_when_ready_to_complete": False, "status": "resumed"}
    assert found.before == {"suspend_when_ready_to_complete": True, "status": "AutoSuspended"}


def test_a_failed_request_is_reported_unless_it_is_to_be_resumed() -> None:
    failed = request("Failed", FailureType="TooManyLargeItemsPermanentException", Message="Too large.")
    error = refused(submitting(), failed)
    assert error.cmdlet == "Get-MoveRequestStatistics"
    assert "Too large." in error.message
    silent = refused(submitting(), request("Failed")).message
    assert silent.endswith("): no failure type: no message")
    assert [call.name for call in cmdlets(submit(failed, resume_failed=True))] == ["Resume-MoveRequest"]


def test_a_batchs_request_is_never_touched() -> None:
    owned = request("Suspended", BatchName="MigrationService:wave 7")
    for step in (submitting(), SUSPENDED, COMPLETED, ABSENT):
        error = refused(step, owned, cutover="held", resume_failed=True)
        assert (error.code, "wave 7" in error.message) == ("belongs_to_migration_batch", True)


def test_a_completed_request_is_an_end_or_in_the_way() -> None:
    done = request("Completed")
    assert submit(done, moved=True).calls == ()
    error = refused(submitting(), done)
    assert (error.code, "state: absent" in error.remedy) == ("completed_request_left", True)


# -- suspended, completed, absent --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "comment", "parameters", "warnings"),
    [
        ("InProgress", None, {"Identity": GUID}, ()),
        ("InProgress", "holiday", {"Identity": GUID, "SuspendComment": "holiday"}, ()),
        ("Suspended", "holiday", None, ()),
        ("Completed", None, None, ("the request is completed already",)),
    ],
)
def test_suspended(
    status: str, comment: str | None, parameters: dict[str, Any] | None, warnings: tuple[str, ...]
) -> None:
    found = plan(SUSPENDED, request(status), suspend_comment=comment)
    assert cmdlets(found) == ([Cmdlet("Suspend-MoveRequest", parameters)] if parameters else [])
    assert found.warnings == warnings


@pytest.mark.parametrize(
    ("status", "properties", "names"),
    [
        ("AutoSuspended", {"SuspendWhenReadyToComplete": True}, ["Set-MoveRequest", "Resume-MoveRequest"]),
        ("Suspended", {}, ["Resume-MoveRequest"]),
        ("Synced", {"PreventCompletion": True}, ["Set-MoveRequest"]),
        ("Synced", {"CompleteAfter": FUTURE}, ["Set-MoveRequest"]),
        ("InProgress", {"SuspendWhenReadyToComplete": True}, ["Set-MoveRequest"]),
        ("InProgress", {"CompleteAfter": PAST}, []),
        ("CompletionInProgress", {}, []),
        ("Completed", {}, []),
        ("CompletedWithWarning", {}, []),
    ],
)
def test_completed(status: str, properties: dict[str, Any], names: list[str]) -> None:
    found = plan(COMPLETED, request(status, **properties))
    assert [call.name for call in cmdlets(found)] == names
    assert found.status == ("pending" if not names and status not in move_request.COMPLETED else "")


def test_what_holds_a_request_is_lifted_in_one_set() -> None:
    found = plan(COMPLETED, request("Synced", SuspendWhenReadyToComplete=True, PreventCompletion=True))
    assert cmdlets(found) == [
        Cmdlet("Set-MoveRequest", {"Identity": GUID, "SuspendWhenReadyToComplete": False, "PreventCompletion": False})
    ]


def test_a_failed_request_does_not_complete() -> None:
    error = refused(COMPLETED, request("Failed", Message="Too large."))
    assert "Too large." in error.message


# -- completed: at a time ----------------------------------------------------------------------------------------------


LATER = "2096-12-01T18:00:00Z"


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize(
    ("status", "properties", "complete_after", "change", "resumed"),
    [
        (
            "AutoSuspended",
            {"SuspendWhenReadyToComplete": True},
            FUTURE,
            {"SuspendWhenReadyToComplete": False, "CompleteAfter": moment(FUTURE)},
            True,
        ),
        ("Synced", {"CompleteAfter": LATER}, FUTURE, {"CompleteAfter": moment(FUTURE)}, False),
        ("InProgress", {}, "2096-11-30T19:00:00+01:00", {"CompleteAfter": moment(FUTURE)}, False),
        ("Synced", {"PreventCompletion": True, "CompleteAfter": FUTURE}, FUTURE, {"PreventCompletion": False}, False),
        ("Suspended", {"CompleteAfter": FUTURE}, FUTURE, {}, True),
        # As asked already.
        ("Synced", {"CompleteAfter": FUTURE}, FUTURE, {}, False),
        ("CompletionInProgress", {}, FUTURE, {}, False),
        # What has passed means now.
        ("Synced", {"CompleteAfter": PAST}, PAST, {}, False),
        ("AutoSuspended", {}, PAST, {}, True),
    ],
)
def test_a_completion_is_scheduled(
    status: str, properties: dict[str, Any], complete_after: str, change: dict[str, Any], resumed: bool
) -> None:
    found = plan(COMPLETED, request(status, **properties), complete_after=complete_after)
    wanted = [Cmdlet("Set-MoveRequest", {"Identity": GUID, **change})] if change else []
    assert cmdlets(found) == wanted + [Cmdlet("Resume-MoveRequest", {"Identity": GUID})] * resumed
    assert found.status == ("" if found.calls else "pending")
    if complete_after == FUTURE:
        assert found.after.get("status") == ("resumed" if resumed else None), "it does not complete yet"


@pytest.mark.parametrize("complete_after", [None, "", PAST])
def test_a_request_that_waits_for_a_time_completes_now_without_one(complete_after: str | None) -> None:
    (call,) = cmdlets(plan(COMPLETED, request("Synced", CompleteAfter=FUTURE), complete_after=complete_after))
    at = call.parameters["CompleteAfter"]
    assert at == NOW


# -- completed: what was skipped ---------------------------------------------------------------------------------------


TOO_LOW = "Error: The data consistency score ({}) for this request is too low."
SKIPPED = {"BadItemsEncountered": 12, "LargeItemsEncountered": 3, "MissingItemsEncountered": 1}
INVESTIGATE, POOR = ({"DataConsistencyScore": name, **SKIPPED} for name in ("Investigate", "Poor"))


@pytest.mark.parametrize("score", ["Perfect", "Good", ""])
def test_a_good_score_needs_no_approval(score: str) -> None:
    found = plan(COMPLETED, request("AutoSuspended", DataConsistencyScore=score, **SKIPPED))
    assert [call.name for call in cmdlets(found)] == ["Resume-MoveRequest"]


@pytest.mark.parametrize(
    ("status", "properties", "record", "code"),
    [
        ("AutoSuspended", INVESTIGATE, {}, "score_investigate"),
        ("AutoSuspended", INVESTIGATE, {"approve_skipped_items": False}, "score_investigate"),
        ("Synced", INVESTIGATE, {"complete_after": FUTURE}, "score_investigate"),
        ("InProgress", INVESTIGATE, {}, "score_investigate"),
        ("AutoSuspended", POOR, {}, "score_poor"),
        ("AutoSuspended", POOR, {"approve_skipped_items": True}, "score_poor"),
        ("AutoSuspended", {**POOR, "SkippedItemApprovalTime": PAST}, {}, "score_poor"),
        ("Failed", {**SKIPPED, "Message": TOO_LOW.format("Investigate")}, {}, "score_investigate"),
        ("Failed", {**SKIPPED, "Message": TOO_LOW.format("Poor")}, {"approve_skipped_items": True}, "score_poor"),
        # The approval that stood when it failed did not cover everything.
        (
            "Failed",
            {**SKIPPED, "Message": TOO_LOW.format("Investigate"), "SkippedItemApprovalTime": PAST},
            {},
            "score_investigate",
        ),
    ],
)
def test_a_low_score_is_refused_with_what_was_skipped(
    status: str, properties: dict[str, Any], record: dict[str, Any], code: str
) -> None:
    error = refused(steps.Completed(False), request(status, **properties), **record)
    assert error.code == code
    assert "12 bad, 3 large and 1 missing items" in error.message
    assert ("approve_skipped_items: true" in error.remedy) is (code == "score_investigate")
    assert ("Microsoft Support" in error.remedy) is (code == "score_poor")


def test_numbers_that_exchange_does_not_show_are_not_made_up() -> None:
    error = refused(COMPLETED, request("Synced", DataConsistencyScore="Poor"))
    assert "an unknown number of bad" in error.message


@pytest.mark.parametrize("status", ["AutoSuspended", "Synced", "Failed"])
def test_an_approval_by_name_goes_out_with_the_completion(status: str) -> None:
    message = TOO_LOW.format("Investigate") if status == "Failed" else ""
    current = request(status, **INVESTIGATE, Message=message, SuspendWhenReadyToComplete=True)
    found = plan(steps.Completed(False), current, approve_skipped_items=True)
    change, *rest = cmdlets(found)
    at = change.parameters["SkippedItemApprovalTime"]
    assert at == NOW
    assert change.parameters["SuspendWhenReadyToComplete"] is False
    assert [call.name for call in rest] == (["Resume-MoveRequest"] if status != "Synced" else [])
    assert found.before["skipped_item_approval_time"] is None
    assert _values.parse_time(found.after["skipped_item_approval_time"]) == at


@pytest.mark.parametrize("approve", [True, False])
def test_an_approval_that_stands_is_not_given_twice(approve: bool) -> None:
    current = request("Synced", **INVESTIGATE, CompleteAfter=FUTURE, SkippedItemApprovalTime=PAST)
    found = plan(steps.Completed(False), current, complete_after=FUTURE, approve_skipped_items=approve)
    assert (found.calls, found.status) == ((), "pending")


def test_a_request_that_failed_for_another_reason_is_reported_whatever_its_score() -> None:
    error = refused(COMPLETED, request("Failed", **INVESTIGATE, Message="Too large."), approve_skipped_items=True)
    assert error.code == "move_failed"


def test_a_submission_and_a_wait_tell_a_low_score_by_its_own_code() -> None:
    failed = request("Failed", **SKIPPED, Message=TOO_LOW.format("Investigate"))
    assert refused(submitting(), failed).code == "score_investigate"


@pytest.mark.parametrize("shown", [True, False])
def test_an_approval_is_sent_once_whether_exchange_shows_it_or_not(shown: bool) -> None:
    item = move_request_of("ann", "Synced", **INVESTIGATE, CompleteAfter=FUTURE)
    online = tenant(requests=[item])

    def change(cmdlet: Cmdlet) -> list[dict[str, Any]]:
        if shown:
            item["SkippedItemApprovalTime"] = cmdlet.parameters["SkippedItemApprovalTime"]
        return []

    online.handlers["Set-MoveRequest"] = change
    record = {**wave("ann")[0], "complete_after": FUTURE, "approve_skipped_items": True}
    (outcome,) = run(steps.Completed(False), online, record)
    assert (outcome.status, outcome.error) == ("changed", None)
    assert [call.name for call in online.writes] == ["Set-MoveRequest"]
    assert outcome.details["move_request"]["data_consistency_score"] == "Investigate"


def test_no_request_completes_before_its_score_was_read_and_of_a_complete_one_none_is() -> None:
    """The list shows no score: what it says alone would let a mailbox complete that has to be approved."""
    listed = [move_request_of("ann", "Completed"), move_request_of("bob", "Synced"), move_request_of("cleo", "Synced")]
    online = tenant(requests=listed)
    online.objects["Get-MoveRequestStatistics"] = [
        move_request_of("bob", "Synced", **INVESTIGATE), move_request_of("cleo", "Synced", DataConsistencyScore="Good")
    ]  # fmt: skip
    online.handlers["Set-MoveRequest"] = lambda _cmdlet: []
    online.handlers["Resume-MoveRequest"] = lambda _cmdlet: []
    ann, bob, _cleo = run(steps.Completed(False), online, *wave("ann", "bob", "cleo"))
    assert ann.status == "unchanged"
    assert (bob.status, bob.error.code if bob.error else "") == ("failed", "score_investigate")
    asked = {call.parameters["Identity"] for call in online.named("Get-MoveRequestStatistics")}
    assert asked == {guid_of(f"{name}'s mailbox") for name in ("bob", "cleo")}
    assert {call.parameters["Identity"] for call in online.writes} <= {guid_of("cleo's mailbox")}


@pytest.mark.parametrize(
    ("status", "error", "sent"), [("Synced", None, 0), ("Synced", lost(), 1), ("Failed", None, 1)]
)
def test_an_approval_that_this_run_sent_stands_unless_something_went_wrong(
    status: str, error: HybridError | None, sent: int
) -> None:
    message = TOO_LOW.format("Investigate") if status == "Failed" else ""
    approval = ("exchange_online", Cmdlet("Set-MoveRequest", {"Identity": GUID, "SkippedItemApprovalTime": NOW}))
    current = request(status, **INVESTIGATE, Message=message)
    found = plan(COMPLETED, current, attempt=Attempt((approval,), 1, error), approve_skipped_items=True)
    assert ["SkippedItemApprovalTime" in call.parameters for call in cmdlets(found)[:1]] == [True] * sent


def test_an_approval_whose_answer_was_lost_is_sent_again() -> None:
    item = move_request_of("ann", "Synced", **INVESTIGATE, CompleteAfter=FUTURE)
    online = tenant(requests=[item])
    online.handlers["Set-MoveRequest"] = Fails(lost())
    record = {**wave("ann")[0], "complete_after": FUTURE, "approve_skipped_items": True}
    (outcome,) = run(steps.Completed(False), online, record)
    assert outcome.status == "changed"
    assert [call.name for call in online.writes] == ["Set-MoveRequest"] * 2


@pytest.mark.parametrize(
    ("params", "refuses"),
    [
        ({"approve_skipped_items": True, "mailboxes": []}, True),
        ({"approve_skipped_items": True, "mailboxes_file": "/wave.json", "identity": None}, True),
        ({"approve_skipped_items": True, "identity": "ann@contoso.com"}, False),
        ({"approve_skipped_items": False, "mailboxes": []}, False),
        ({"approve_skipped_items": None, "mailboxes": []}, False),
    ],
)
def test_nobody_approves_for_a_whole_wave(params: dict[str, Any], refuses: bool) -> None:
    with pytest.raises(InputError) if refuses else contextlib.nullcontext() as caught:
        data_consistency.refuse_nameless_approval(params)
    assert not refuses or "every mailbox of the wave" in str(caught.value)  # type: ignore[union-attr]


@pytest.mark.parametrize("step", [SUSPENDED, COMPLETED])
def test_without_request_there_is_nothing_to_steer(step: Any) -> None:
    assert (refused(step, None).code, refused(step, {}).code) == ("not_found", "not_found")


@pytest.mark.parametrize("status", ["Queued", "InProgress", "Failed", "Completed", "AutoSuspended"])
def test_absent_removes_what_is_there(status: str) -> None:
    found = plan(ABSENT, request(status))
    assert cmdlets(found) == [Cmdlet("Remove-MoveRequest", {"Identity": GUID})]
    assert found.predicted == {"move_request": None}


@pytest.mark.parametrize("status", ["Completed", "CompletedWithWarning", "CompletedWithSkippedItems"])
def test_a_cleanup_removes_what_is_completed(status: str) -> None:
    found = plan(steps.RequestAbsent(False, only_completed=True), request(status))
    assert cmdlets(found) == [Cmdlet("Remove-MoveRequest", {"Identity": GUID})]


@pytest.mark.parametrize(
    ("status", "batch", "told"),
    [
        ("InProgress", "wave 1", "it is InProgress, not completed"),
        ("AutoSuspended", "wave 1", "it is AutoSuspended, not completed"),
        ("Failed", "wave 1", "it is Failed, not completed"),
        ("CompletionInProgress", "wave 1", "it is CompletionInProgress, not completed"),
        ("Completed", "MigrationService:wave 7", "belongs to the migration batch wave 7"),
    ],
)
def test_a_cleanup_leaves_everything_else_and_says_so(status: str, batch: str, told: str) -> None:
    found = plan(steps.RequestAbsent(False, only_completed=True), request(status, BatchName=batch))
    assert (found.calls, found.status, told in found.warnings[0]) == ((), "skipped", True)


def test_only_completed_belongs_to_absent() -> None:
    assert plan(steps.for_state("absent", False, None, [], only_completed=True), None) == Plan()
    for state in ("completed", "suspended", "submitted"):
        with pytest.raises(InputError, match="only_completed"):
            steps.for_state(state, False, None, [], only_completed=True)


def test_absent_is_absent_and_a_completing_move_cannot_be_called_off() -> None:
    assert plan(ABSENT, None) == Plan()
    error = refused(ABSENT, request("CompletionInProgress"))
    assert (error.code, error.retryable) == ("completing", True)


def test_absent_cleans_up_after_mailboxes_that_are_home() -> None:
    home = {"offboarding_state": "home"}
    assert (ABSENT.skips(home), COMPLETED.skips(home), submitting().skips(home)) == (False, True, True)


# -- the step for a state ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "kind"), [("suspended", steps.Suspended), ("completed", steps.Completed), ("absent", steps.RequestAbsent)]
)
def test_no_credential_is_needed_to_steer(state: str, kind: type) -> None:
    assert steps.for_state(state, False, None, [WANTED]).__class__ is kind


@pytest.mark.parametrize("credential", [None, {}, {"username": "CONTOSO\\mrs"}, {"password": "x"}])
def test_a_submission_needs_a_credential(credential: dict[str, str | None] | None) -> None:
    with pytest.raises(InputError) as caught:
        steps.for_state("submitted", False, credential, [WANTED])
    assert (caught.value.code, caught.value.option) == ("missing_option", "remote_credential")
    assert isinstance(steps.for_state("submitted", False, credential, []), steps.Submitted)


def test_the_account_is_domain_and_user() -> None:
    with pytest.raises(InputError) as caught:
        steps.for_state("submitted", False, {"username": "mrs@contoso.com", "password": "top secret"}, [WANTED])
    assert caught.value.code == "malformed_username"
    assert "top secret" not in caught.value.message


# -- in a wave ---------------------------------------------------------------------------------------------------------


def run(step: Any, online: FakeOrganization, *records: Record, check: bool = False) -> list[Outcome]:
    with connect(online) as connections:
        return run_wave(step, records, connections, check=check, sleep=Time().sleep)


def wave(*names: str) -> list[Record]:
    return [
        {**WANTED, "identity": f"{name}@contoso.com", "exchange_guid": guid_of(f"{name}'s mailbox")} for name in names
    ]


def making(online: FakeOrganization, *errors: Exception) -> None:
    """Let New-MoveRequest really make requests, after the given errors."""

    def new(cmdlet: Cmdlet) -> list[dict[str, Any]]:
        online.objects["Get-MoveRequest"].append(
            move_request_of("x", "Queued", ExchangeGuid=cmdlet.parameters["Identity"])
        )
        return []

    online.handlers["New-MoveRequest"] = Fails(*errors, then=new)


def test_a_wave_costs_one_list_and_statistics_only_for_what_exists() -> None:
    online = tenant(requests=[move_request_of("bob")])
    making(online)
    outcomes = run(submitting(), online, *wave("ann", "bob"))
    assert [outcome.status for outcome in outcomes] == ["changed", "unchanged"]
    assert [call.preview() for call in online.named("Get-MoveRequest")] == [
        "Get-MoveRequest -ResultSize 'Unlimited'"
    ] * 2
    asked = [call.parameters for call in online.named("Get-MoveRequestStatistics")]
    assert asked[0] == {"Identity": guid_of("bob's mailbox")}
    assert asked[1:] in ([], [{"Identity": GUID}])
    assert [call.name for call in online.writes] == ["New-MoveRequest"]


def test_never_two_requests_after_a_lost_answer() -> None:
    online = tenant()
    making(online)
    new = online.handlers["New-MoveRequest"]

    def answer_lost(cmdlet: Cmdlet) -> list[dict[str, Any]]:
        new(cmdlet)
        raise lost()

    online.handlers["New-MoveRequest"] = answer_lost
    (outcome,) = run(submitting(), online, *wave("ann"))
    assert (outcome.status, len(online.writes), len(online.objects["Get-MoveRequest"])) == ("changed", 1, 1)


def test_a_request_that_somebody_else_made_meanwhile_is_adopted() -> None:
    online = tenant()
    making(online)
    new = online.handlers["New-MoveRequest"]

    def taken(cmdlet: Cmdlet) -> list[dict[str, Any]]:
        new(cmdlet)
        raise refusal("The mailbox already has a pending request.", "UserAlreadyBeingMigratedException")

    online.handlers["New-MoveRequest"] = taken
    assert [outcome.status for outcome in run(submitting(), online, *wave("ann"))] == ["changed"]


def test_a_request_that_somebody_else_made_otherwise_is_not_taken_for_ours() -> None:
    online = tenant()

    def taken(_cmdlet: Cmdlet) -> list[dict[str, Any]]:
        online.objects["Get-MoveRequest"].append(move_request_of("ann", "Queued", RemoteDatabaseName="DB07"))
        raise refusal("The mailbox already has a pending request.", "UserAlreadyBeingMigratedException")

    online.handlers["New-MoveRequest"] = taken
    (outcome,) = run(submitting(), online, *wave("ann"))
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code) == ("failed", "already_moving")


def test_an_unknown_guid_is_looked_up_in_the_cloud() -> None:
    online = tenant(cloud_mailbox("ann"))
    making(online)
    outcomes = run(
        submitting(),
        online,
        {**WANTED, "exchange_guid": None},
        {**WANTED, "identity": "eve@contoso.com", "exchange_guid": None},
    )
    assert [outcome.status for outcome in outcomes] == ["changed", "failed"]
    assert online.writes[0].parameters["Identity"] == GUID


@pytest.mark.parametrize(
    ("person", "status"), [(cloud_mail_user("ann"), "unchanged"), (cloud_mailbox("ann"), "failed")]
)
def test_whether_a_completed_request_moved_the_mailbox_is_read(person: dict[str, Any], status: str) -> None:
    online = tenant(person, requests=[move_request_of("ann", "Completed")])
    assert [outcome.status for outcome in run(submitting(), online, *wave("ann"))] == [status]


def test_a_preview_of_removing_and_submitting_again() -> None:
    online = tenant(requests=[move_request_of("ann", "Failed")])
    (removed,) = run(steps.RequestAbsent(True), online, *wave("ann"), check=True)
    (again,) = run(submitting(True), online, {**wave("ann")[0], **removed.enriched}, check=True)
    assert [text.split()[0] for text in (*removed.cmdlets, *again.cmdlets)] == ["Remove-MoveRequest", "New-MoveRequest"]
    assert online.writes == []


@pytest.mark.parametrize("error", [lost(), refusal(exception_type="CommandNotFoundException")])
def test_statistics_that_nobody_gets_are_raised(error: HybridError) -> None:
    online = tenant(requests=[move_request_of("ann")])
    online.handlers["Get-MoveRequestStatistics"] = Fails(error)
    with pytest.raises(HybridError, match=str(error)):
        run(submitting(), online, *wave("ann"))


def test_statistics_that_exchange_refuses_fail_their_mailbox_alone() -> None:
    gone = refusal("Couldn't find a move request.", "ManagementObjectNotFoundException", "Get-MoveRequestStatistics")

    def statistics(cmdlet: Cmdlet) -> list[dict[str, Any]]:
        if cmdlet.parameters["Identity"] == GUID:
            raise gone
        return [move_request_of("bob")]

    online = tenant(requests=[move_request_of("ann"), move_request_of("bob")])
    online.handlers["Get-MoveRequestStatistics"] = statistics
    for ann, bob in (run(submitting(), online, *wave("ann", "bob")), read(online, wave("ann", "bob"), statistics=True)):
        assert (ann.status, ann.error, bob.status) == ("failed", gone, "unchanged")
        assert "unread" not in ann.details.get("move_request", {})


# -- where a wait ends -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "status", "there"),
    [
        ("completed", "Completed", True),
        ("completed", "CompletedWithWarning", True),
        ("completed", "AutoSuspended", False),
        ("synced", "AutoSuspended", True),
        ("synced", "Synced", True),
        ("synced", "Completed", True),
        ("synced", "InProgress", False),
    ],
)
def test_reached(wanted: str, status: str, there: bool) -> None:
    assert move_request.reached(wanted, status) is there


# -- move_request_info -------------------------------------------------------------------------------------------------


def read(
    online: FakeOrganization, records: list[Record] | None, batch: str = "", statistics: bool = False
) -> list[Outcome]:
    with connect(online) as connections:
        return move_request_info.read(connections, records, batch, statistics)


def test_all_requests_with_one_cmdlet() -> None:
    online = tenant(requests=[move_request_of("ann"), move_request_of("bob", BatchName="other")])
    assert [outcome.identity for outcome in read(online, None)] == [GUID, guid_of("bob's mailbox")]
    assert [call.preview() for call in online.calls] == ["Get-MoveRequest -ResultSize 'Unlimited'"]
    assert [outcome.identity for outcome in read(online, None, "other")] == [guid_of("bob's mailbox")]


def test_chosen_mailboxes_and_those_without_request() -> None:
    online = tenant(cloud_mailbox("ann"), requests=[move_request_of("ann"), move_request_of("bob")])
    records = [{"identity": "ann@contoso.com"}, wave("cleo")[0], {"identity": "eve@contoso.com"}]
    ann, cleo, eve = read(online, records, statistics=True)
    assert ann.details["move_request"]["status"] == "InProgress"
    assert ann.enriched == {"exchange_guid": GUID}
    assert (cleo.status, cleo.details) == ("unchanged", {"move_request": {}})
    assert eve.error is not None
    assert (eve.status, eve.error.code) == ("failed", "not_found")
    assert len(online.named("Get-MoveRequestStatistics")) == 1


def test_when_a_request_is_to_complete_is_remembered_in_utc() -> None:
    at = settings_of({**WANTED, "cutover": "at", "complete_after": "2026-11-30T19:00:00+01:00"})
    assert at["complete_after"] == "2026-11-30T18:00:00Z"
    assert "complete_after" not in settings_of({**WANTED, "cutover": "held", "complete_after": FUTURE})


def test_what_is_remembered_of_a_new_request_differs_from_no_record_that_asks_for_it() -> None:
    asked = {**WANTED, "cutover": "at", "complete_after": FUTURE}
    made = settings_of(asked)
    assert (made["remote_database_name"], made["remote_archive_database_name"]) == ("DB01", "")
    assert not differs(asked, {**request(), **made}, NOW)
    assert differs({**asked, "remote_target_database": "DB02"}, {**request(), **made}, NOW)


def test_where_the_report_of_a_removed_request_was_kept_is_told() -> None:
    for kept in ("reports/ann.json", ""):
        found = ABSENT.plan(WANTED, Move(GUID, request("Completed"), kept_report=kept), NOTHING_SENT, NOW)
        assert found.details == ({"kept_report": kept} if kept else {})


def test_a_hold_since_the_check_stops_a_move_and_one_that_was_known_does_not() -> None:
    mailbox = cloud.recipient(cloud_mailbox("ann", LitigationHoldEnabled=True, InPlaceHolds=["UniH1"]))
    error = held_since({**WANTED, "holds_seen": ["UniH1"]}, mailbox)
    assert error is not None
    assert (error.code, "(LitigationHoldEnabled)" in error.message) == ("litigation_hold", True)
    assert held_since({**WANTED, "holds_seen": ["UniH1", "LitigationHoldEnabled"]}, mailbox) is None
    assert held_since(WANTED, cloud.recipient(cloud_mailbox("ann"))) is None
