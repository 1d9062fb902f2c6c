# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wave's batches need, from what the tenant shows: the corners that no laboratory comes to by itself."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import plan as planning
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.members import Member
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import (
    MOST_BATCHES,
    Options,
    Seen,
    WavePlan,
    is_own,
    name_of,
    number_of,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import move_request

from tests.unit.plugins.module_utils.fakes import NOW, guid_of, move_request_of

PEOPLE = ("ann", "bob", "cleo")
LATER, LATEST, SOONER = "2026-12-01T18:00:00Z", "2026-12-02T18:00:00Z", "2026-11-30T17:00:00Z"


def member(name: str, kind: str = "", **more: Any) -> Member:
    record: Any = {
        "identity": f"{name}@contoso.com", "remote_target_database": "DB01", "target_delivery_domain": "contoso.com",
        "cutover": "held", **more,
    }  # fmt: skip
    return Member(record, guid_of(f"{name}'s mailbox"), f"{name}@contoso.com", kind)


def user(name: str, status: str = "Synced", batch: str = "wave-1", **more: Any) -> Any:
    return {"identity": f"{name}@contoso.com", "batch_id": batch, "status": status, **more}


def batch(name: str = "wave-1", status: str = "Syncing", **more: Any) -> Any:
    return {"identity": name, "status": status, **more}


def planned(
    state: str, users: Sequence[Any] = (), batches: Sequence[Any] = (batch(),), wave: Sequence[Member] = (), **more: Any
) -> WavePlan:
    requests = more.pop("requests", {})
    options = Options(state, "wave-1", "endpoint", **more)
    return planning.plan(wave or [member(name) for name in PEOPLE], Seen(batches, users, requests), options, NOW)


def sent(found: WavePlan) -> list[str]:
    """Return the cmdlets, each with its object, or the name of what it makes."""
    return [
        f"{call.cmdlet.name} {call.cmdlet.parameters.get('Identity') or call.cmdlet.parameters['Name']}"
        for call in found.calls
    ]


def verdicts(found: WavePlan) -> list[str]:
    return [verdict.error.code if verdict.error else verdict.status for verdict in found.verdicts.values()]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("wave-1", 1), ("WAVE-1", 1), ("wave-1-2", 2), ("wave-1-9", 9), ("wave-1-10", 10), ("wave-1-1", None),
        ("wave-1-0", None), ("wave-1-02", None), ("wave-10", None), ("wave-1-x", None), ("other", None),
    ],
)  # fmt: skip
def test_which_batches_are_a_waves(name: str, number: int | None) -> None:
    assert number_of(name, "wave-1") == number
    assert is_own({"identity": "a", "batch_name": "wave-1"}, name) is (number is not None)
    assert not is_own({"identity": "a"}, name)
    if number:
        assert name_of("wave-1", number).casefold() == name.casefold()


# -- present, started --------------------------------------------------------------------------------------------------


def test_a_tenant_takes_no_more_batches_than_it_has_room_for() -> None:
    others = [batch(f"other {number}") for number in range(MOST_BATCHES - 1)]
    found = planned("started", batches=others, batch_size=2)
    assert (sent(found), verdicts(found)) == (["New-MigrationBatch wave-1"], ["changed", "changed", "too_many_batches"])
    error = found.verdicts["cleo@contoso.com"].error
    assert error is not None
    assert str(MOST_BATCHES) in error.message
    assert verdicts(planned("started", batches=[*others, batch("one more")])) == ["too_many_batches"] * 3
    # Whoever goes to a batch that is there needs no other.
    assert verdicts(planned("started", batches=[*others, batch()])) == ["changed"] * 3


@pytest.mark.parametrize(
    ("there", "more", "expected"),
    [
        ([batch()], {}, ["Set-MigrationBatch wave-1"]),
        ([batch(total_count=2)], {"batch_size": 4}, ["Set-MigrationBatch wave-1", "New-MigrationBatch wave-1-2"]),
        ([batch(total_count=5)], {"batch_size": 4}, ["New-MigrationBatch wave-1-2"]),
        ([batch("wave-1-2")], {}, ["Set-MigrationBatch wave-1-2"]),
        ([batch("wave-1-2"), batch()], {"batch_size": 2}, ["Set-MigrationBatch wave-1", "Set-MigrationBatch wave-1-2"]),
        ([batch(status="Completed")], {}, ["New-MigrationBatch wave-1-2"]),
        ([batch(status="CompletedWithErrors")], {}, ["New-MigrationBatch wave-1-2"]),
        # What is left for these is to be removed (facts migration-batches.md 2.1).
        ([batch(status="Failed")], {}, ["New-MigrationBatch wave-1-2"]),
        ([batch(status="Corrupted")], {}, ["New-MigrationBatch wave-1-2"]),
        ([batch(target_endpoint="Endpoint")], {}, ["Set-MigrationBatch wave-1"]),
        ([batch(target_endpoint="another")], {}, ["New-MigrationBatch wave-1-2"]),
        ([batch(batch_direction="Offboarding")], {}, ["Set-MigrationBatch wave-1"]),
        ([batch(batch_direction="Onboarding")], {}, ["New-MigrationBatch wave-1-2"]),
        ([batch(status="Removing")], {}, ["New-MigrationBatch wave-1-2"]),
        ([batch(target_delivery_domain="Contoso.com")], {}, ["Set-MigrationBatch wave-1"]),
        ([batch(target_delivery_domain="fabrikam.com")], {}, ["New-MigrationBatch wave-1-2"]),
        ([batch(complete_after_utc=LATER)], {}, ["New-MigrationBatch wave-1-2"]),
        ([batch("other")], {}, ["New-MigrationBatch wave-1"]),
        ([batch(total_count=0)], {}, ["New-MigrationBatch wave-1-2"]),
    ],
)
def test_which_batch_has_room(there: list[Any], more: dict[str, Any], expected: list[str]) -> None:
    found = planned("present", batches=there, **more)
    assert (sent(found), verdicts(found)) == (expected, ["changed"] * 3)
    removing = [item["identity"] for item in there if item["status"] == "Removing"]
    assert found.waits_for == removing


def test_mailboxes_with_different_settings_do_not_take_the_same_room() -> None:
    wave = [member("ann"), member("bob"), member("cleo", start_after=LATER), member("dan", start_after=LATER)]
    found = planned("started", [user("ann")], [batch(total_count=1)], wave, batch_size=3)
    assert [(call.about, call.concerns) for call in found.calls] == [
        ("wave-1", ("bob@contoso.com",)), ("wave-1", ("cleo@contoso.com",)), ("wave-1-2", ("dan@contoso.com",)),
    ]  # fmt: skip


def test_a_user_that_has_completed_though_the_mailbox_is_in_the_cloud_is_left_from_another_move() -> None:
    """A user that has completed blocks the next move (facts migration-batches.md 3)."""
    there = [batch(status="Completed")]
    for kind, expected in (("mailbox", "completed_request_left"), ("mail_user", "unchanged"), ("", "unchanged")):
        assert verdicts(planned("started", [user("ann", "Completed")], there, [member("ann", kind)])) == [expected]


def test_of_several_users_in_batches_of_the_wave_the_current_one_counts() -> None:
    """A user that was copied into another batch is left Stopped in the first (facts migration-batches.md section 3)."""
    there = [batch(status="Synced"), batch("wave-1-2", "Synced")]
    for left in ("Stopped", "Failed", "Completed"):
        users = [user("ann", left), user("ann", "Synced", "wave-1-2")]
        assert verdicts(planned("started", users, there, [member("ann")])) == ["unchanged"]
        assert sent(planned("completed", users, there, [member("ann")])) == ["Complete-MigrationBatch wave-1-2"]


def test_a_mailbox_is_found_by_whatever_a_csv_may_have_named_it() -> None:
    names = {"user_principal_name": "A.Archer@contoso.com", "email_addresses": ["smtp:ann@fabrikam.com"]}
    for known in ("a.archer@contoso.com", "ANN@fabrikam.com", "ann@contoso.com"):
        elsewhere = {**user("ann", "Validating", "x"), "identity": known}
        found = planned("started", [elsewhere], [batch("x")], [member("ann", **names)])
        assert verdicts(found) == ["belongs_to_migration_batch"]


def test_an_archive_alone_is_that_of_a_mailbox_that_is_home_already() -> None:
    """KB 2757430: of the two, only the archive can stay in the cloud without the other."""
    archive = {"archive_only": True, "remote_archive_target_database": "DB01"}
    assert verdicts(planned("started", batches=(), wave=[member("ann", "mail_user", **archive)])) == ["changed"]
    both = {**archive, "primary_only": True, "archive_domain": "contoso.mail.onmicrosoft.com"}
    assert verdicts(planned("started", batches=(), wave=[member("ann", **both)])) == ["invalid_option"]


def test_a_batch_says_what_its_members_ask_for() -> None:
    given = {"start_after": SOONER, "primary_only": True, "archive_domain": "Contoso.mail.onmicrosoft.com"}
    for cutover, told in (
        ("automatic", {"AutoComplete": True}),
        ("at", {"CompleteAfter": datetime.datetime(2026, 12, 1, 18, tzinfo=datetime.timezone.utc)}),
        ("held", {}),
    ):
        wave = [member("ann", cutover=cutover, complete_after=LATER, **given)]
        for state in ("present", "started"):
            found = planned(state, batches=(), wave=wave, notification_emails=["ops@contoso.com"])
            (call,) = found.calls
            parameters = {name: value for name, value in call.cmdlet.parameters.items() if name != "CSVData"}
            assert parameters == {
                "Name": "wave-1", "TargetEndpoint": "endpoint", "TargetDeliveryDomain": "contoso.com",
                "ArchiveDomain": "contoso.mail.onmicrosoft.com", "NotificationEmails": ["ops@contoso.com"],
                "StartAfter": datetime.datetime(2026, 11, 30, 17, tzinfo=datetime.timezone.utc),
                **told, **({"AutoStart": True} if state == "started" else {}),
            }  # fmt: skip
    plain = planned("present", batches=(), wave=[member("ann")]).calls[0].cmdlet.parameters
    assert set(plain) == {"Name", "CSVData", "TargetEndpoint", "TargetDeliveryDomain"}


@pytest.mark.parametrize(
    ("known", "record", "expected"),
    [
        # As move_request does with its request.
        (LATER, {"cutover": "at", "complete_after": LATER}, []),
        (LATER, {"cutover": "at", "complete_after": LATEST}, ["Set-MigrationBatch wave-1"]),
        (None, {"cutover": "at", "complete_after": LATER}, ["Set-MigrationBatch wave-1"]),
        (LATER, {"cutover": "automatic"}, ["Complete-MigrationBatch wave-1"]),
        (LATER, {"cutover": None}, []),
        # Its time has come.
        (SOONER, {"cutover": "at", "complete_after": SOONER}, []),
        (SOONER, {"cutover": "automatic"}, []),
        (SOONER, {"cutover": "held"}, []),
        (None, {"cutover": "automatic"}, []),
        (None, {"cutover": "held"}, []),
    ],
)
def test_another_time_of_completion_is_set_for_the_batch(
    known: str | None, record: dict[str, Any], expected: list[str]
) -> None:
    there = [batch(status="Synced", **({"complete_after_utc": known} if known else {}))]
    users = [user("ann"), user("bob", "Completed"), user("cleo", "Failed")]
    found = planned("started", users, there, [member(name, **record) for name in PEOPLE])
    assert (sent(found), found.warnings) == (expected, [])
    assert [call.concerns for call in found.calls] == [("ann@contoso.com",)] * len(expected)


def test_a_time_that_cannot_be_compared_or_taken_back_is_told() -> None:
    there = [batch(status="Synced", complete_after_utc=LATER)]
    users = [user("ann"), user("bob")]
    other = {"cutover": "at", "complete_after": LATEST}
    for wave in (
        [member("ann", cutover="held"), member("bob", cutover="held")],
        [member("ann", **other), member("bob", cutover="at", complete_after=LATER)],
        [member("ann", **other)],
    ):
        found = planned("started", users, there, wave)
        assert (sent(found), set(verdicts(found))) == ([], {"unchanged"})
        assert f"The migration batch wave-1 completes from {LATER} on" in found.warnings[0]


def test_only_a_batch_that_stands_is_started_and_a_failed_user_on_request() -> None:
    users = [user("ann"), user("bob", "Failed", error="It failed."), user("cleo", batch="WAVE-1-2")]
    there = [batch(status="Stopped"), batch("wave-1-2", "Synced")]
    found = planned("started", users, there)
    assert (sent(found), verdicts(found)) == (["Start-MigrationBatch wave-1"], ["changed", "move_failed", "unchanged"])
    assert found.calls[0].before == {"status": "Stopped"}
    assert (found.calls[0].concerns, found.calls[0].of_a_user) == (("ann@contoso.com",), False)
    wave = [member(name, resume_failed=True) for name in PEOPLE]
    again = planned("started", users, there, wave)
    assert sent(again) == ["Start-MigrationBatch wave-1", "Start-MigrationUser bob@contoso.com"]
    assert (again.calls[1].of_a_user, again.calls[1].before) == (True, {"status": "Failed"})
    assert sent(planned("present", users, there)) == []


@pytest.mark.parametrize(
    ("kind", "users", "batches", "status", "code", "retryable"),
    [
        ("mailbox", [user("ann", batch="x")], [batch("x")], None, "belongs_to_migration_batch", False),
        ("mailbox", [user("ann", batch="x")], [batch("x", "Removing")], None, "belongs_to_migration_batch", True),
        ("mail_user", [], [], None, "already_home", False),
        ("user", [], [], None, "not_a_mailbox", False),
        ("mailbox", [], [], "Completed", "completed_request_left", False),
        ("mailbox", [], [], "InProgress", "request_exists", False),
        ("", [], [], "InProgress", "request_exists", False),
        ("", [user("ann", "Removing")], [batch()], None, "belongs_to_migration_batch", True),
        ("", [user("ann", "Removing", "y"), user("ann", "Completed", "x")], [batch("x"), batch("y")], None,
         "belongs_to_migration_batch", False),
    ],
)  # fmt: skip
def test_who_is_elsewhere_is_not_added(
    kind: str, users: list[Any], batches: list[Any], status: str | None, code: str, retryable: bool
) -> None:
    requests = {guid_of("ann's mailbox"): move_request.request(move_request_of("ann", status))} if status else {}
    wave = [member("ann", kind), member("bob")]
    found = planned("started", users, batches, wave, requests=requests)
    error = found.verdicts["ann@contoso.com"].error
    assert error is not None
    assert (error.code, error.retryable, verdicts(found)[1]) == (code, retryable, "changed")
    assert ("run again" in error.remedy) is retryable


def test_of_many_strangers_five_are_named() -> None:
    strangers = [user(f"stranger{number}") for number in range(7)]
    (warning,) = planned("present", [user(name) for name in PEOPLE] + strangers).warnings
    assert "stranger4@contoso.com, and 2 more" in warning
    (warning,) = planned("present", [user(name) for name in PEOPLE] + strangers[:5]).warnings
    assert "stranger4@contoso.com. " in warning
    assert planned("present", strangers, [batch(status="Removing")]).warnings == []


# -- completed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "more", "record", "verdict", "cmdlets"),
    [
        ("Synced", {}, {}, "changed", ["Complete-MigrationBatch wave-1"]),
        ("Completed", {}, {}, "unchanged", []),
        ("CompletedWithWarnings", {}, {}, "unchanged", []),
        ("Completing", {}, {}, "pending", []),
        ("Failed", {}, {}, "move_failed", []),
        ("Synced", {"has_unapproved_skipped_items": True}, {}, "score_investigate", []),
        ("Synced", {"has_unapproved_skipped_items": True, "data_consistency_score": "Good"}, {}, "changed",
         ["Complete-MigrationBatch wave-1"]),
        ("Synced", {"data_consistency_score": "Poor"}, {"approve_skipped_items": True}, "score_poor", []),
        ("Stopped", {}, {}, "move_stopped", []),
        ("Synced", {"has_unapproved_skipped_items": True, "data_consistency_score": "Poor"},
         {"approve_skipped_items": True}, "score_poor", []),
        ("Synced", {"has_unapproved_skipped_items": True}, {"approve_skipped_items": True}, "changed",
         ["Set-MigrationUser ann@contoso.com", "Complete-MigrationBatch wave-1"]),
        ("Synced", {}, {"complete_after": SOONER}, "changed", ["Complete-MigrationBatch wave-1"]),
        ("Synced", {}, {"complete_after": LATER}, "changed", ["Set-MigrationBatch wave-1"]),
    ],
)  # fmt: skip
def test_how_one_user_completes(
    status: str, more: dict[str, Any], record: dict[str, Any], verdict: str, cmdlets: list[str]
) -> None:
    found = planned("completed", [user("ann", status, **more)], [batch(status="Synced")], [member("ann", **record)])
    assert (verdicts(found), sent(found)) == ([verdict], cmdlets)
    if cmdlets[1:]:
        assert found.calls[0].cmdlet.parameters["ApproveSkippedItems"] is True
        assert len(found.stages) == 2, "the approval comes first"


@pytest.mark.parametrize(
    ("due", "known", "expected"),
    [
        (None, None, "Complete-MigrationBatch wave-1"),
        (None, LATER, "Complete-MigrationBatch wave-1"),
        (None, SOONER, ""),  # its time has come
        (None, "2026-11-30T18:00:00Z", ""),
        (LATER, LATER, ""),
        (LATER, SOONER, "Set-MigrationBatch wave-1"),
    ],
)
def test_a_batch_that_completes_by_its_time_already_is_left_alone(
    due: str | None, known: str | None, expected: str
) -> None:
    there = [batch(status="SyncedWithErrors", **({"complete_after_utc": known} if known else {}))]
    wave = [member("ann", complete_after=due)]
    assert sent(planned("completed", [user("ann")], there, wave)) == ([expected] if expected else [])


def test_users_with_other_times_or_beside_others_complete_each_for_itself() -> None:
    users = [user("ann"), user("bob"), user("cleo", "Completed")]
    wave = [member("ann"), member("bob", complete_after=LATER)]
    found = planned("completed", users, wave=wave)
    assert sent(found) == ["Set-MigrationUser ann@contoso.com", "Set-MigrationUser bob@contoso.com"]
    assert [call.cmdlet.parameters["CompleteAfter"].isoformat()[:10] for call in found.calls] == [  # type: ignore[union-attr]
        "2026-11-30", "2026-12-01",
    ]  # fmt: skip
    assert [call.after for call in found.calls] == [{"status": "Completing"}, {"complete_after": LATER}]
    both = [member("ann"), member("bob")]
    assert sent(planned("completed", users, [batch(status="Synced")], both)) == ["Complete-MigrationBatch wave-1"]
    (call,) = planned("completed", users, [batch(status="Syncing")], both).calls
    assert (call.cmdlet.name, call.cmdlet.parameters["CompleteAfter"]) == ("Set-MigrationBatch", NOW)


def test_where_a_user_is_that_is_in_no_batch_of_the_wave_is_told() -> None:
    for state in ("completed", "stopped"):
        found = planned(state, [user("ann", batch="other")], [batch("other")], [member("ann"), member("bob")])
        assert verdicts(found) == ["not_found"] * 2
        told = [str(verdict.error) for verdict in found.verdicts.values()]
        assert ["It is in the batch other." in text for text in told] == [True, False]
        going = planned(state, [user("ann", "Removing")], wave=[member("ann")]).verdicts["ann@contoso.com"]
        assert "It is being removed from the batch wave-1." in str(going.error)


# -- stopped, absent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "batch_status", "expected", "told"),
    [
        (("Syncing", "Synced", "Queued"), "Syncing", ["Stop-MigrationBatch wave-1"], ["changed"] * 3),
        (("Syncing", "Completed", "Failed"), "Syncing", ["Stop-MigrationBatch wave-1"],
         ["changed", "unchanged", "unchanged"]),
        (("Stopped", "Completing", "Failed"), "Syncing", [], ["unchanged"] * 3),
        (("Syncing", "Synced", "Queued"), "Stopped", [], ["unchanged"] * 3),
    ],
)  # fmt: skip
def test_what_runs_is_stopped(statuses: Sequence[str], batch_status: str, expected: list[str], told: list[str]) -> None:
    users = [user(name, status) for name, status in zip(PEOPLE, statuses, strict=True)]
    found = planned("stopped", users, [batch(status=batch_status)])
    assert (sent(found), verdicts(found)) == (expected, told)
    completed = ["its move is completed already."] if "Completed" in statuses else []
    assert found.verdicts["bob@contoso.com"].warnings == completed


def test_some_of_what_runs_is_stopped_user_by_user() -> None:
    users = [user(name, "Syncing") for name in PEOPLE]
    found = planned("stopped", users, wave=[member("ann"), member("cleo")])
    assert sent(found) == ["Stop-MigrationUser ann@contoso.com", "Stop-MigrationUser cleo@contoso.com"]


@pytest.mark.parametrize(
    ("statuses", "batch_status", "only_completed", "expected", "told"),
    [
        (("Completed", "Synced", "Completing"), "Syncing", False,
         ["Remove-MigrationUser ann@contoso.com", "Remove-MigrationUser bob@contoso.com"],
         ["changed", "changed", "completing"]),
        (("Completed", "Completed", "Completed"), "Completed", True, ["Remove-MigrationBatch wave-1"], ["changed"] * 3),
        (("Completed", "Synced", "Completing"), "Syncing", True, ["Remove-MigrationUser ann@contoso.com"],
         ["changed", "skipped", "skipped"]),
        (("Synced", "Synced", "Failed"), "Syncing", False,
         ["Stop-MigrationBatch wave-1", "Remove-MigrationBatch wave-1"], ["changed"] * 3),
        (("Synced", "Synced", "Failed"), "Stopped", False, ["Remove-MigrationBatch wave-1"], ["changed"] * 3),
        (("Failed", "Failed", "Failed"), "Syncing", False, ["Remove-MigrationBatch wave-1"], ["changed"] * 3),
    ],
)  # fmt: skip
def test_what_is_removed(
    statuses: Sequence[str], batch_status: str, only_completed: bool, expected: list[str], told: list[str]
) -> None:
    users = [user(name, status) for name, status in zip(PEOPLE, statuses, strict=True)]
    found = planned("absent", users, [batch(status=batch_status)], only_completed=only_completed)
    assert (sent(found), verdicts(found)) == (expected, told)
    refused = found.verdicts["cleo@contoso.com"].error
    assert refused is None or refused.retryable


@pytest.mark.parametrize(
    ("more", "gone"),
    [
        ({"status": "Synced", "total_count": 0}, True),
        ({"status": "Stopped", "total_count": 0}, True),
        ({"status": "Syncing", "total_count": 0}, False),
        ({"status": "Removing", "total_count": 0}, False),
        ({"status": "Synced", "total_count": 3}, False),
        ({"status": "Synced"}, False),
        ({"status": "Completed", "total_count": 0, "batch_direction": "Onboarding"}, False),
        ({"name": "other", "status": "Synced", "total_count": 0}, False),
    ],
)
def test_an_empty_batch_of_the_wave_goes(more: dict[str, Any], gone: bool) -> None:
    assert sent(planned("absent", batches=[batch(**more)])) == ["Remove-MigrationBatch wave-1"] * gone


@pytest.mark.parametrize(
    ("owner", "only_completed", "told"),
    [
        ("MigrationService:other", True, "skipped"),
        ("MigrationService:wave-1-2", True, "unchanged"),
        ("by hand", True, "unchanged"),
        (None, True, "unchanged"),
        ("MigrationService:other", False, "not_found"),
        (None, False, "unchanged"),
    ],
)
def test_what_belongs_to_another_batch_stays(owner: str | None, only_completed: bool, told: str) -> None:
    batch_name = (owner or "").partition(":")[2]
    users = [user("ann", batch=batch_name)] if batch_name == "other" else []
    request = move_request.request(move_request_of("ann", BatchName=owner))
    requests = {guid_of("ann's mailbox"): request} if owner else {}
    found = planned(
        "absent", users, [batch("other")], [member("ann")], requests=requests, only_completed=only_completed
    )
    assert (sent(found), verdicts(found)) == ([], [told])
    kept = found.verdicts["ann@contoso.com"].warnings
    assert [batch_name in warning for warning in kept] == ([True] if told == "skipped" else [])
