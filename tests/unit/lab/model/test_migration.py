# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Migration batches, their users and endpoints, as the documentation and public reports have them."""

from __future__ import annotations

import base64
import datetime
from typing import TYPE_CHECKING, Any

import pytest

from lab.model.builder import Pair, Person
from lab.model.recipients import Skipped
from lab.model.tenant import WIZARDS_ENDPOINT, MigrationEndpoint

if TYPE_CHECKING:
    from conftest import Desk

GB = 1024**3


@pytest.fixture
def ann(desk: Desk) -> Pair:
    return ready(desk, "Ann Archer")


@pytest.fixture
def bob(desk: Desk) -> Pair:
    return ready(desk, "Bob Baker")


def ready(desk: Desk, name: str) -> Pair:
    pair = desk.build.synced(Person(name, size=GB))
    desk.prepare(pair)
    return pair


def csv(*pairs: Pair, header: str = "EmailAddress,TargetDatabase", cells: str = ",DB01") -> bytes:
    return "\n".join([header, *(pair.identity + cells for pair in pairs)]).encode()


def new(desk: Desk, *pairs: Pair, **parameters: Any) -> dict[str, Any]:
    given = {
        "Name": "wave 1", "CSVData": csv(*pairs), "TargetEndpoint": WIZARDS_ENDPOINT,
        "TargetDeliveryDomain": "contoso.com", **parameters,
    }  # fmt: skip
    return desk.cloud("New-MigrationBatch", **given).objects[0].properties


def batch(desk: Desk, after: float = 0.0, name: str = "wave 1") -> dict[str, Any]:
    desk.clock.advance(after)
    return desk.cloud("Get-MigrationBatch", Identity=name).objects[0].properties


def users(desk: Desk, after: float = 0.0, **parameters: Any) -> list[dict[str, Any]]:
    desk.clock.advance(after)
    return [item.properties for item in desk.cloud("Get-MigrationUser", **parameters).objects]


def statuses(desk: Desk, after: float = 0.0) -> list[str]:
    return [user["Status"].name for user in users(desk, after)]


def home(desk: Desk, pair: Pair) -> bool:
    return bool(desk.server("Get-Recipient", Identity=pair.identity).objects[0].properties["RecipientType"].name
                == "UserMailbox")  # fmt: skip


# -- making one -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "status"), [(0, "Stopped"), (1, "Created")])
def test_a_new_batch_stands_still(desk: Desk, ann: Pair, seed: int, status: str) -> None:
    desk.hybrid.exchange_online.migration.seed = seed
    made = new(desk, ann)
    assert (made["Status"].name, made["TotalCount"], made["BatchDirection"].name) == (status, 1, "Offboarding")
    assert (batch(desk, 600)["Status"].name, desk.hybrid.replication.requests) == (status, {})


def test_one_that_starts_at_once_is_syncing(desk: Desk, ann: Pair) -> None:
    assert new(desk, ann, AutoStart=True)["Status"].name == "Syncing"
    assert statuses(desk) == ["Validating"]


def test_the_csv_travels_as_base64_too_and_as_nothing_else(desk: Desk, ann: Pair) -> None:
    assert new(desk, CSVData=base64.b64encode(csv(ann)).decode())["TotalCount"] == 1
    failure = desk.cloud_refused(
        "New-MigrationBatch", Name="x", CSVData=[1, 2], TargetEndpoint=WIZARDS_ENDPOINT, TargetDeliveryDomain="x"
    )
    assert "ParameterTransformationException" in failure.exception_type


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"TargetEndpoint": "nobody's"}, 'endpoint "nobody\'s" can\'t be found'),
        ({"TargetDeliveryDomain": None}, "You must specify the TargetDeliveryDomain parameter"),
        ({"Name": "n" * 65}, "longer than 64"),
        ({"CSVData": b""}, "is empty"),
        ({"CSVData": b"TargetDatabase\nDB01"}, "required column EmailAddress"),
        ({"CSVData": b"EmailAddress,Notes\na@contoso.com,x"}, "columns that aren't known: Notes"),
        ({"CSVData": b"\xef\xbb\xbfEmailAddress\na@contoso.com"}, "columns that aren't known"),
        ({"CSVData": b"EmailAddress,BadItemLimit\na@contoso.com,5"}, "columns that aren't known: BadItemLimit"),
        ({"CSVData": b"EmailAddress\na@contoso.com\nA@contoso.com"}, "more than one row for a@contoso.com"),
        ({"CSVData": b"EmailAddress,TargetDatabase\na@contoso.com"}, "as many cells as its header"),
        ({"BadItemLimit": 10}, "Invalid cmdlet parameters specified. BadItemLimit"),
        ({"SourceEndpoint": WIZARDS_ENDPOINT}, "Parameter set cannot be resolved"),
    ],
)
def test_what_new_migration_batch_refuses(desk: Desk, ann: Pair, parameters: dict[str, Any], said: str) -> None:
    given = {
        "Name": "wave 1", "CSVData": csv(ann), "TargetEndpoint": WIZARDS_ENDPOINT,
        "TargetDeliveryDomain": "contoso.com", **parameters,
    }  # fmt: skip
    given = {name: item for name, item in given.items() if item is not None}
    failure = desk.cloud_refused("New-MigrationBatch", **given)
    assert said in failure.message
    assert desk.cloud("Get-MigrationBatch").objects == []


def test_an_unknown_column_can_be_allowed_and_header_names_have_no_case(desk: Desk, ann: Pair) -> None:
    data = csv(ann, header="EMAILADDRESS,Notes,TargetDatabase", cells=",x,DB02")
    new(desk, CSVData=data, AllowUnknownColumnsInCsv=True, AutoStart=True)
    assert statuses(desk, 60) == ["Synced"]
    assert desk.statistics(ann)["RemoteDatabaseName"] == "DB02"


def test_an_empty_cell_inherits_and_a_cell_beats_the_batch(desk: Desk, ann: Pair, bob: Pair) -> None:
    data = csv(ann, cells=",") + f"\n{bob.identity},DB03".encode()
    new(desk, CSVData=data, TargetDatabases=["DB02"], AutoStart=True)
    desk.clock.advance(60)
    assert [desk.statistics(pair)["RemoteDatabaseName"] for pair in (ann, bob)] == ["DB02", "DB03"]


def test_archive_only_belongs_to_the_set(desk: Desk, ann: Pair) -> None:
    assert new(desk, ann, ArchiveOnly=True)["TotalCount"] == 1


def test_a_name_that_is_taken_or_being_removed_is_refused_until_it_is_gone(desk: Desk, ann: Pair) -> None:
    new(desk, ann)
    given = {
        "Name": "Wave 1", "CSVData": csv(ann), "TargetEndpoint": WIZARDS_ENDPOINT,
        "TargetDeliveryDomain": "contoso.com",
    }  # fmt: skip
    assert desk.cloud_refused("New-MigrationBatch", **given).message == "The migration batch already exists."
    desk.cloud("Remove-MigrationBatch", Identity="wave 1", Confirm=False)
    assert batch(desk)["Status"].name == "Removing"
    assert desk.cloud_refused("New-MigrationBatch", **given).message == "The migration batch already exists."
    desk.clock.advance(600)
    assert desk.cloud("Get-MigrationBatch").objects == []
    assert new(desk, ann)["TotalCount"] == 1


def test_the_hundred_and_first_is_refused(desk: Desk, ann: Pair) -> None:
    for number in range(100):
        new(desk, ann, Name=f"wave {number}")
    assert desk.cloud("Get-MigrationConfig").objects[0].properties["CanSubmitNewBatch"] is False
    failure = desk.cloud_refused(
        "New-MigrationBatch", Name="one more", CSVData=csv(ann), TargetEndpoint=WIZARDS_ENDPOINT,
        TargetDeliveryDomain="contoso.com",
    )  # fmt: skip
    assert failure.message.startswith("The maximum number of migration batches is already running.")


# -- the course -------------------------------------------------------------------------------------------------------


def test_from_the_start_to_synced_and_home(desk: Desk, ann: Pair, bob: Pair) -> None:
    new(desk, ann, bob)
    desk.cloud("Start-MigrationBatch", Identity="wave 1")
    seen = [(batch(desk)["Status"].name, *statuses(desk))]
    seen += [(batch(desk, 0.25)["Status"].name, *statuses(desk)) for _look in range(100)]
    assert list(dict.fromkeys(first for first, *_rest in seen)) == ["Starting", "Syncing", "Synced"]
    assert list(dict.fromkeys(second for _first, second, _third in seen)) == [
        "Validating", "Provisioning", "Syncing", "Synced",
    ]  # fmt: skip
    desk.cloud("Complete-MigrationBatch", Identity="wave 1")
    assert batch(desk)["Status"].name == "Synced"
    seen = [(batch(desk, 0.25)["Status"].name, *statuses(desk)) for _look in range(60)]
    assert list(dict.fromkeys(first for first, *_rest in seen)) == ["Synced", "Completing", "Completed"]
    assert (seen[-1][1:], home(desk, ann), home(desk, bob)) == (("Completed", "Completed"), True, True)
    assert batch(desk)["FinalizedCount"] == 2


def test_each_user_has_a_move_request_that_stays_and_blocks_the_next(desk: Desk, ann: Pair) -> None:
    new(desk, ann, AutoStart=True, AutoComplete=True)
    desk.clock.advance(60)
    shown = desk.cloud("Get-MoveRequest", BatchName="MigrationService:wave 1").objects[0].properties
    assert (shown["Status"].name, shown["ExchangeGuid"]) == ("Completed", ann.cloud.exchange_guid)
    user = users(desk)[0]
    assert (user["MailboxGuid"], user["StatusSummary"].name) == (ann.cloud.exchange_guid, "Completed")
    desk.cloud("Remove-MigrationUser", Identity=ann.identity, Confirm=False)
    assert (desk.cloud("Get-MoveRequest").objects, users(desk)) == ([], [])


def test_slots_of_the_endpoint_are_two_buckets(desk: Desk) -> None:
    endpoint = desk.hybrid.tenant.migration_endpoints[WIZARDS_ENDPOINT]
    endpoint.max_migrations, endpoint.max_incremental = 2, 1
    pairs = [ready(desk, f"Person {letter}") for letter in "ABC"]
    new(desk, *pairs, AutoStart=True)
    seen = [statuses(desk, 0.25) for _look in range(120)]
    assert max(look.count("Syncing") + look.count("Provisioning") for look in seen) == 2
    assert (any("Queued" in look for look in seen), seen[-1]) == (True, ["Synced"] * 3)
    desk.cloud("Complete-MigrationBatch", Identity="wave 1")
    seen = [statuses(desk, 0.25) for _look in range(120)]
    assert (max(look.count("Completing") for look in seen), seen[-1]) == (1, ["Completed"] * 3)


@pytest.mark.parametrize("finished", [True, False])
def test_a_member_of_another_batch_fails_in_the_new_one(desk: Desk, ann: Pair, bob: Pair, finished: bool) -> None:
    new(desk, ann, Name="B1", AutoStart=True, AutoComplete=finished)
    desk.clock.advance(60)
    assert new(desk, ann, bob, AutoStart=True)["Status"].name == "Syncing"
    assert batch(desk, 60)["Status"].name == "SyncedWithErrors"
    failed = next(user for user in users(desk) if user["BatchId"].text == "wave 1" and user["ErrorSummary"])
    if finished:
        assert "Please ensure it has RecipientTypeDetails:UserMailbox" in failed["ErrorSummary"]
    else:
        assert failed["ErrorSummary"] == (
            f'The user "{ann.identity}" is already included in migration batch "B1."  Please remove the user from any '
            "other batch and try again."
        )
        # One mailbox twice: the address alone names neither.
        assert failed["Identity"].text == f"{ann.identity}/{ann.cloud.exchange_guid}"
        assert len(users(desk, EmailAddress=ann.identity)) == 2
        assert len(users(desk, MailboxGuid=str(ann.cloud.exchange_guid))) == 2


def test_a_finished_onboarding_batch_blocks_until_its_user_is_removed(desk: Desk, ann: Pair) -> None:
    desk.hybrid.tenant.migration_users[ann.identity] = "to the cloud"
    shown = batch(desk, name="To the cloud")
    assert (shown["BatchDirection"].name, shown["Status"].name, shown["TotalCount"]) == ("Onboarding", "Completed", 1)
    assert "already exists" in desk.cloud_refused(
        "New-MigrationBatch", Name="to the cloud", CSVData=csv(ann), TargetEndpoint=WIZARDS_ENDPOINT,
        TargetDeliveryDomain="contoso.com",
    ).message  # fmt: skip
    new(desk, ann, AutoStart=True)
    assert [item.to_string for item in desk.cloud("Get-MigrationBatch").objects] == ["wave 1", "to the cloud"]
    assert len(desk.cloud("Get-MigrationBatch", Status="Completed").objects) == 1
    desk.clock.advance(60)
    assert 'already included in migration batch "to the cloud."' in users(desk, BatchId="wave 1")[0]["ErrorSummary"]
    desk.cloud("Remove-MigrationUser", Identity=ann.identity, Confirm=False)
    desk.cloud("Start-MigrationBatch", Identity="wave 1")
    assert statuses(desk, 60) == ["Synced"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("nobody@contoso.com,DB01,", "nobody@contoso.com"),
        (",DB01,", "email address is missing"),
        ("ann.archer@contoso.com,DB09,", 'Couldn\'t find database "DB09"'),
        ("ann.archer@contoso.com,,", "You must specify the RemoteTargetDatabase parameter"),
        ("ann.archer@contoso.com,DB01,Both", "The mailbox type 'Both' isn't valid"),
    ],
)
def test_a_bad_row_is_its_users_failure_alone(desk: Desk, ann: Pair, bob: Pair, row: str, said: str) -> None:
    data = f"EmailAddress,TargetDatabase,MailboxType\n{row}\n{bob.identity},DB01,".encode()
    new(desk, CSVData=data, AutoStart=True)
    desk.clock.advance(60)
    failed, synced = users(desk)
    assert (failed["Status"].name, synced["Status"].name) == ("Failed", "Synced")
    assert said in failed["ErrorSummary"]


def test_mrs_proxy_that_is_off_fails_the_user_and_a_start_tries_again(desk: Desk, ann: Pair) -> None:
    desk.hybrid.directory.mrs_proxy_enabled = False
    new(desk, ann, AutoStart=True)
    assert statuses(desk, 60) == ["Failed"]
    # The summary is cut off, the statistics have all of it.
    told = desk.cloud("Get-MigrationUserStatistics", Identity=ann.identity).objects[0].properties["Error"]
    assert ("(403) Forbidden" in str(told), len(users(desk)[0]["ErrorSummary"])) == (True, 200)
    desk.hybrid.directory.mrs_proxy_enabled = True
    desk.cloud("Start-MigrationUser", Identity=ann.identity)
    assert statuses(desk, 60) == ["Synced"]


# -- completion -------------------------------------------------------------------------------------------------------


def test_a_users_time_beats_the_batchs_and_its_completion(desk: Desk, ann: Pair, bob: Pair) -> None:
    new(desk, ann, bob, AutoStart=True)
    later = desk.clock.now() + datetime.timedelta(days=2)
    desk.cloud("Set-MigrationUser", Identity=ann.identity, CompleteAfter=later)
    desk.clock.advance(60)
    desk.cloud("Complete-MigrationBatch", Identity="wave 1")
    assert statuses(desk, 86400) == ["Synced", "Completed"]
    assert statuses(desk, 86400) == ["Completed", "Completed"]


def test_complete_after_is_reached_from_synced_alone(desk: Desk, ann: Pair) -> None:
    due = desk.clock.now() + datetime.timedelta(hours=1)
    made = new(desk, ann, AutoStart=True, CompleteAfter=due)
    assert made["CompleteAfterUTC"] == due
    assert statuses(desk, 1800) == ["Synced"]
    assert statuses(desk, 1900) == ["Completed"]


def test_a_second_completion_within_hours_changes_nothing(desk: Desk, ann: Pair) -> None:
    desk.build.set_cloud(ann, skipped=Skipped("Investigate", 3))
    new(desk, ann, AutoStart=True)
    desk.clock.advance(60)
    desk.cloud("Complete-MigrationBatch", Identity="wave 1")
    before = batch(desk, 3600)["CompleteAfterUTC"]
    desk.cloud("Complete-MigrationBatch", Identity="wave 1")
    assert batch(desk)["CompleteAfterUTC"] == before


@pytest.mark.parametrize("by_batch", [True, False])
def test_unapproved_items_hold_a_user_without_a_word(desk: Desk, ann: Pair, by_batch: bool) -> None:
    desk.build.set_cloud(ann, skipped=Skipped("Investigate", 3))
    new(desk, ann, AutoStart=True, AutoComplete=True)
    # An approval holds for what was found up to now: this one is too early.
    desk.cloud("Set-MigrationUser", Identity=ann.identity, ApproveSkippedItems=True)
    assert statuses(desk, 3600) == ["Synced"]
    user = users(desk)[0]
    assert (user["HasUnapprovedSkippedItems"], user["ErrorSummary"]) == (True, "")
    name, identity = ("Set-MigrationBatch", "wave 1") if by_batch else ("Set-MigrationUser", ann.identity)
    desk.cloud(name, Identity=identity, ApproveSkippedItems=True)
    assert statuses(desk, 60) == ["CompletedWithWarnings"]


@pytest.mark.parametrize("seed", [0, 1])
def test_a_good_one_completes_without_an_approval(desk: Desk, ann: Pair, seed: int) -> None:
    desk.hybrid.exchange_online.migration.seed = seed
    desk.build.set_cloud(ann, skipped=Skipped("Good", 3))
    new(desk, ann, AutoStart=True)
    assert statuses(desk, 3600) == ["Synced"]
    assert users(desk)[0]["HasUnapprovedSkippedItems"] is bool(seed)
    desk.cloud("Complete-MigrationBatch", Identity="wave 1")
    assert statuses(desk, 3600) == ["CompletedWithWarnings"]


def test_a_poor_one_never_completes(desk: Desk, ann: Pair) -> None:
    desk.build.set_cloud(ann, skipped=Skipped("Poor", 300))
    new(desk, ann, AutoStart=True, AutoComplete=True)
    desk.clock.advance(60)
    desk.cloud("Set-MigrationUser", Identity=ann.identity, ApproveSkippedItems=True)
    desk.cloud("Set-MigrationBatch", Identity="wave 1", ApproveSkippedItems=True)
    assert (statuses(desk, 86400), users(desk)[0]["HasUnapprovedSkippedItems"]) == (["Synced"], True)


def test_a_request_that_is_resumed_or_removed_by_hand_turns_its_user_failed(desk: Desk, ann: Pair, bob: Pair) -> None:
    new(desk, ann, bob, AutoStart=True)
    desk.clock.advance(60)
    desk.cloud("Set-MoveRequest", Identity=ann.identity, PreventCompletion=False)
    desk.cloud("Resume-MoveRequest", Identity=ann.identity)
    desk.cloud("Remove-MoveRequest", Identity=bob.identity, Confirm=False)
    desk.clock.advance(60)
    # Moved, and reported as failed.
    assert (home(desk, ann), home(desk, bob)) == (True, False)
    assert [user["StatusSummary"].name for user in users(desk)] == ["Failed", "Failed"]


# -- changes ----------------------------------------------------------------------------------------------------------


def test_only_new_rows_are_added(desk: Desk, ann: Pair, bob: Pair) -> None:
    new(desk, ann, AutoStart=True)
    desk.clock.advance(60)
    desk.cloud("Set-MigrationBatch", Identity="wave 1", AddUsers=True, CSVData=csv(ann, bob, cells=",DB02"))
    assert (batch(desk)["TotalCount"], statuses(desk, 60)) == (2, ["Synced", "Synced"])
    assert desk.statistics(ann)["RemoteDatabaseName"] == "DB01"


def test_stop_and_start(desk: Desk, ann: Pair) -> None:
    new(desk, ann)
    assert "can't be stopped" in desk.cloud_refused("Stop-MigrationBatch", Identity="wave 1").message
    desk.cloud("Start-MigrationBatch", Identity="wave 1")
    desk.clock.advance(7)
    desk.cloud("Stop-MigrationBatch", Identity="wave 1")
    assert (batch(desk, 600)["Status"].name, statuses(desk)) == ("Stopped", ["Stopped"])
    desk.cloud("Start-MigrationBatch", Identity="wave 1")
    assert statuses(desk, 60) == ["Synced"]


@pytest.mark.parametrize("seed", [0, 1])
def test_removing_one_that_runs_is_refused_or_accepted_by_the_seed(desk: Desk, ann: Pair, seed: int) -> None:
    desk.hybrid.exchange_online.migration.seed = seed
    new(desk, ann, AutoStart=True)
    desk.clock.advance(2)
    if seed:
        desk.cloud("Remove-MigrationBatch", Identity="wave 1", Confirm=False)
        desk.clock.advance(600)
        assert (desk.cloud("Get-MigrationBatch").objects, desk.cloud("Get-MoveRequest").objects) == ([], [])
        assert not home(desk, ann)
    else:
        failure = desk.cloud_refused("Remove-MigrationBatch", Identity="wave 1", Confirm=False)
        assert "still running" in failure.message


@pytest.mark.parametrize("seed", [0, 1])
def test_a_user_goes_at_once_or_shows_for_a_while_that_it_is_being_removed(
    desk: Desk, ann: Pair, bob: Pair, seed: int
) -> None:
    desk.hybrid.exchange_online.migration.seed = seed
    new(desk, ann, bob, AutoStart=True)
    desk.clock.advance(60)
    desk.cloud("Remove-MigrationUser", Identity=ann.identity, Confirm=False)
    assert statuses(desk) == (["Removing", "Synced"] if seed else ["Synced"])
    assert batch(desk)["Status"].name == "Synced"
    desk.clock.advance(600)
    assert (statuses(desk), len(desk.cloud("Get-MoveRequest").objects)) == (["Synced"], 1)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_batch_that_still_runs_is_completed_or_not_by_the_seed(desk: Desk, ann: Pair, seed: int) -> None:
    desk.hybrid.exchange_online.migration.seed = seed
    new(desk, ann, AutoStart=True)
    if seed:
        assert "can't be completed" in desk.cloud_refused("Complete-MigrationBatch", Identity="wave 1").message
        desk.cloud("Set-MigrationBatch", Identity="wave 1", CompleteAfter=desk.clock.now())
    else:
        desk.cloud("Complete-MigrationBatch", Identity="wave 1")
    assert statuses(desk, 3600) == ["Completed"]


def test_a_removal_asks_first(desk: Desk, ann: Pair) -> None:
    new(desk, ann)
    assert "Confirm" in desk.cloud_refused("Remove-MigrationBatch", Identity="wave 1").message


def test_the_service_forgets(desk: Desk, ann: Pair, bob: Pair) -> None:
    new(desk, ann, Name="done", AutoStart=True, AutoComplete=True)
    new(desk, bob, Name="left", AutoStart=True)
    desk.clock.advance(61 * 86400)
    assert [(item.to_string, item.properties["Status"].name) for item in desk.cloud("Get-MigrationBatch").objects] == [
        ("left", "Stopped")
    ]
    desk.clock.advance(91 * 86400)
    assert desk.cloud("Get-MigrationBatch").objects == []


# -- endpoints --------------------------------------------------------------------------------------------------------


def test_an_endpoint_is_tested_without_a_secret_and_not_too_often(desk: Desk) -> None:
    outcome = desk.cloud("Test-MigrationServerAvailability", Endpoint=WIZARDS_ENDPOINT).objects[0].properties
    assert outcome["Result"].name == "Success"
    failure = desk.cloud_refused("Test-MigrationServerAvailability", Endpoint=WIZARDS_ENDPOINT)
    assert failure.exception_type.endswith("MigrationConnectionTestedTooRecentlyException")
    # Microsoft's article on HCW8078 has the words, and no example of the time.
    assert failure.message == (
        "The last connection attempt happened too recently. Please wait until 11/23/2026 09:01:00 before trying to "
        "connect to an endpoint."
    )
    desk.clock.advance(60)
    desk.hybrid.tenant.migration_endpoints[WIZARDS_ENDPOINT].credential = None
    outcome = desk.cloud("Test-MigrationServerAvailability", Endpoint=WIZARDS_ENDPOINT).objects[0].properties
    assert (outcome["Result"].name, "Access is denied" in str(outcome["Message"])) == ("Failed", True)


def test_an_endpoint_is_made_changed_and_removed(desk: Desk, ann: Pair) -> None:
    good = desk.hybrid.remote_credential
    given: dict[str, Any] = {"Name": "second", "ExchangeRemoteMove": True, "RemoteServer": "mail.contoso.com"}
    assert "could not be completed" in desk.cloud_refused("New-MigrationEndpoint", **given).message
    made = desk.cloud("New-MigrationEndpoint", **given, Credentials=good, MaxConcurrentMigrations="50").objects[0]
    assert (made.properties["MaxConcurrentMigrations"], "Lab!Pw" in str(made.properties)) == ("50", False)
    assert "already exists" in desk.cloud_refused("New-MigrationEndpoint", **given, Credentials=good).message
    failure = desk.cloud_refused("Set-MigrationEndpoint", Identity="second", MaxConcurrentIncrementalSyncs="60")
    assert "can't be greater" in failure.message
    new(desk, ann, TargetEndpoint="second")
    assert "is used by" in desk.cloud_refused("Remove-MigrationEndpoint", Identity="second", Confirm=False).message
    desk.cloud("Remove-MigrationBatch", Identity="wave 1", Confirm=False)
    desk.clock.advance(600)
    desk.hybrid.advance()
    desk.cloud("Remove-MigrationEndpoint", Identity="second", Confirm=False)
    assert len(desk.cloud("Get-MigrationEndpoint", Type="ExchangeRemoteMove").objects) == 1


def test_a_cross_tenant_endpoint_is_of_the_same_type(desk: Desk) -> None:
    desk.hybrid.tenant.migration_endpoints["other"] = MigrationEndpoint("other", "outlook.office.com", "fabrikam.com")
    shown = desk.cloud("Get-MigrationEndpoint", Type="ExchangeRemoteMove").objects
    assert [item.properties["RemoteTenant"] for item in shown] == ["", "fabrikam.com"]


def test_endpoints_of_other_types_are_listed_too_and_their_names_are_taken(desk: Desk) -> None:
    desk.hybrid.tenant.migration_endpoints["old"] = MigrationEndpoint("old", "imap.contoso.com", type="IMAP")
    shown = desk.cloud("Get-MigrationEndpoint").objects
    assert [item.properties["EndpointType"].name for item in shown] == ["ExchangeRemoteMove", "IMAP"]
    assert [item.to_string for item in desk.cloud("Get-MigrationEndpoint", Type="imap").objects] == ["old"]
    given: dict[str, Any] = {"Name": "Old", "ExchangeRemoteMove": True, "RemoteServer": "mail.contoso.com"}
    assert "already exists" in desk.cloud_refused("New-MigrationEndpoint", **given).message
