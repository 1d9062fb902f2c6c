# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scheduler, matching, export, forward sync, write-back."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest

from lab.answer import CmdletFailure
from lab.hybrid import ManualClock, empty_hybrid
from lab.model.builder import Pair, Person
from lab.model.directory_sync import DELETION_THRESHOLD, NEW_CLOUD_CONNECTOR

if TYPE_CHECKING:
    from conftest import Desk

ANN = Person("Ann Archer", extra=("smtp:ann@contoso.com", "SIP:ann.archer@contoso.com", "SPO:SPO_1@SPO_2"))


def runs(desk: Desk, **parameters: Any) -> list[tuple[Any, Any, Any]]:
    shown = desk.connect("Get-ADSyncRunProfileResult", **parameters).objects
    return [tuple(item.properties[name] for name in ("ConnectorName", "RunProfileName", "Result")) for item in shown]  # type: ignore[misc]


def second_object(desk: Desk, pair: Pair) -> list[str]:
    """Return the names of cloud users that look like the pair's person and are not the pair's cloud mailbox."""
    return [
        item.name
        for item in desk.hybrid.tenant.objects
        if item.name.startswith(pair.person.name) and item.guid != pair.cloud.guid
    ]


# -- the scheduler ----------------------------------------------------------------------------------------------------


def test_cycle_is_asynchronous_and_idle_right_after_the_start_proves_nothing(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.prepare(pair)
    desk.connect("Start-ADSyncSyncCycle", PolicyType="Delta")
    assert desk.connect("Get-ADSyncConnectorRunStatus").objects == []
    assert runs(desk) == []
    desk.clock.advance(1.5)
    running = desk.connect("Get-ADSyncConnectorRunStatus").objects[0].properties
    assert (running["ConnectorName"], running["RunState"].name) == ("contoso.com", "Busy")
    assert runs(desk)[0][2] == "in-progress"
    desk.clock.advance(6)
    assert desk.connect("Get-ADSyncConnectorRunStatus").objects == []
    assert not pair.cloud.is_dir_synced, "forward sync takes longer than the cycle"
    desk.clock.advance(3)
    desk.hybrid.advance()
    assert pair.cloud.is_dir_synced


@pytest.mark.parametrize(
    ("wait", "text"), [(0.0, "Sync is already running"), (1.9, "Sync is already running"), (2.1, "AAD is busy")]
)
def test_busy_answers_with_an_error(desk: Desk, wait: float, text: str) -> None:
    desk.connect("Start-ADSyncSyncCycle")
    desk.clock.advance(wait)
    with pytest.raises(CmdletFailure, match=text) as caught:
        desk.connect("Start-ADSyncSyncCycle")
    assert caught.value.exception_type == "System.InvalidOperationException"


def test_between_two_steps_no_connector_runs_and_the_cycle_goes_on(desk: Desk) -> None:
    def shows(after: float) -> tuple[bool, object]:
        desk.clock.advance(after)
        scheduler = desk.connect("Get-ADSyncScheduler").objects[0].properties
        return bool(desk.connect("Get-ADSyncConnectorRunStatus").objects), scheduler["SyncCycleInProgress"]

    desk.connect("Start-ADSyncSyncCycle")
    assert [shows(after) for after in (0.0, 1.5, 0.4, 0.2, 10.0)] == [
        (False, False), (True, True), (False, True), (True, True), (False, False),
    ]  # fmt: skip


def test_newer_releases_name_the_connector_otherwise(desk: Desk) -> None:
    desk.hybrid.sync.cloud_connector = NEW_CLOUD_CONNECTOR
    pair = desk.build.cloud_only(ANN)
    desk.prepare(pair)
    desk.cycle()
    assert ("contoso.onmicrosoft.com - Microsoft Entra ID", "Export", "success") in runs(desk)
    assert pair.cloud.is_dir_synced


def test_too_many_deletions_stop_the_whole_export(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.prepare(pair)
    desk.hybrid.sync.other_deletions = DELETION_THRESHOLD + 1
    for _cycle in range(2):
        desk.cycle()
        stopped = ("contoso.onmicrosoft.com - AAD", "Export", "stopped-deletion-threshold-exceeded")
        assert (runs(desk)[1], pair.cloud.is_dir_synced) == (stopped, False)
    desk.hybrid.sync.other_deletions = DELETION_THRESHOLD
    desk.cycle()
    assert (runs(desk)[1][2], pair.cloud.is_dir_synced) == ("success", True)


def test_run_history_is_newest_first_and_numbered(desk: Desk) -> None:
    desk.cycle()
    aad = "contoso.onmicrosoft.com - AAD"
    assert runs(desk) == [
        ("contoso.com", "Export", "success"), (aad, "Export", "success"), (aad, "Delta Synchronization", "success"),
        ("contoso.com", "Delta Synchronization", "success"), (aad, "Delta Import", "success"),
        ("contoso.com", "Delta Import", "success"),
    ]  # fmt: skip
    assert runs(desk, NumberRequested=1) == [("contoso.com", "Export", "success")]
    newest = desk.connect("Get-ADSyncRunProfileResult", RunNumber=6).objects
    assert [item.properties["IsRunComplete"] for item in newest] == [True]
    desk.connect("Start-ADSyncSyncCycle", PolicyType="initial")
    desk.clock.advance(60)
    assert ("contoso.com", "Full Import", "success") in runs(desk)


def test_scheduler_runs_every_30_minutes_unless_paused(desk: Desk) -> None:
    shown = desk.connect("Get-ADSyncScheduler").objects[0].properties
    assert shown["CurrentlyEffectiveSyncCycleInterval"] == datetime.timedelta(minutes=30)
    assert shown["NextSyncCycleStartTimeInUTC"] == desk.clock.now() + datetime.timedelta(minutes=30)
    desk.clock.advance(31 * 60)
    assert len(runs(desk)) == 6
    desk.connect("Set-ADSyncScheduler", SyncCycleEnabled=False)
    desk.clock.advance(31 * 60)
    assert len(runs(desk)) == 6
    assert desk.connect("Get-ADSyncScheduler").objects[0].properties["SyncCycleEnabled"] is False
    desk.connect("Set-ADSyncScheduler", SyncCycleEnabled=True)
    desk.clock.advance(31 * 60)
    assert len(runs(desk)) == 12


def test_scheduled_cycle_on_demand_respects_the_pause(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.prepare(pair)
    desk.connect("Set-ADSyncScheduler", SyncCycleEnabled=False)
    desk.hybrid.run_scheduled_cycle()
    assert not pair.cloud.is_dir_synced
    desk.connect("Set-ADSyncScheduler", SyncCycleEnabled=True)
    desk.hybrid.run_scheduled_cycle()
    assert pair.cloud.is_dir_synced
    assert len(runs(desk)) == 6


def test_suspended_scheduler_refuses_a_cycle(desk: Desk) -> None:
    desk.hybrid.sync.scheduler_suspended = True
    with pytest.raises(CmdletFailure, match="suspended"):
        desk.connect("Start-ADSyncSyncCycle")


def test_staging_mode_exports_nothing_until_it_ends(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.prepare(pair)
    desk.hybrid.sync.staging_mode = True
    desk.cycle()
    assert {profile for _connector, profile, _result in runs(desk)} == {"Delta Import", "Delta Synchronization"}
    assert not pair.cloud.is_dir_synced
    desk.hybrid.sync.staging_mode = False
    desk.cycle()
    assert pair.cloud.is_dir_synced


def test_write_during_a_cycle_waits_for_the_next(desk: Desk) -> None:
    pair = desk.build.synced(ANN)
    desk.connect("Start-ADSyncSyncCycle")
    desk.clock.advance(2)
    desk.server("Set-User", Identity="Ann Archer", DisplayName="Ann A.")
    desk.clock.advance(60)
    desk.hybrid.advance()
    assert pair.cloud.display_name == "Ann Archer"
    desk.cycle()
    assert pair.cloud.display_name == "Ann A."


def test_export_errors_show_in_the_result_and_the_object_is_tried_again(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.hybrid.sync.export_errors.add(pair.directory.guid)
    desk.cycle()
    assert ("contoso.onmicrosoft.com - AAD", "Export", "completed-export-errors") in runs(desk)
    assert not pair.cloud.is_dir_synced
    desk.hybrid.sync.export_errors.clear()
    desk.cycle()
    assert pair.cloud.is_dir_synced


def test_speed_divides_the_lengths() -> None:
    clock = ManualClock()
    hybrid = empty_hybrid(clock, speed=10)
    hybrid.sync.request_cycle("Delta", clock.now())
    clock.advance(0.71)
    hybrid.advance()
    assert (hybrid.sync.busy, len(hybrid.sync.history)) == (False, 6)


# -- matching ---------------------------------------------------------------------------------------------------------


def test_soft_match_by_primary_address_keeps_the_object_and_overwrites_it(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.build.set_directory(pair, user_principal_name="aarcher@contoso.com", display_name="Archer, Ann")
    desk.build.set_cloud(pair, hidden=True, custom_attributes={1: "cloud"})
    desk.hybrid.tenant.soft_match_on_upn = False
    external = pair.cloud.external_directory_object_id
    desk.server(
        "Enable-MailUser", Identity="Ann Archer", ExternalEmailAddress=ANN.routing, PrimarySmtpAddress=ANN.primary,
        Alias="aarcher",
    )  # fmt: skip
    desk.cycle()
    shown = desk.cloud("Get-Mailbox", Identity=external).objects[0].properties
    assert (shown["IsDirSynced"], shown["ExternalDirectoryObjectId"]) == (True, external)
    assert (shown["UserPrincipalName"], shown["Alias"], shown["DisplayName"]) == (
        "aarcher@contoso.com", "aarcher", "Archer, Ann",
    )  # fmt: skip
    assert (shown["HiddenFromAddressListsEnabled"], shown["CustomAttribute1"]) == (False, "")
    assert second_object(desk, pair) == []


@pytest.mark.parametrize(("kind", "reverts", "shown"), [
    ("MailUser", True, "UserMailbox"),
    ("RemoteUserMailbox", True, "UserMailbox"),
    ("RemoteSharedMailbox", True, "SharedMailbox"),
    ("MailUser", False, "SharedMailbox"),
])  # fmt: skip
def test_a_kind_that_on_premises_does_not_have_is_taken_back(desk: Desk, kind: str, reverts: bool, shown: str) -> None:
    pair = desk.build.cloud_only(Person("Sales Desk", kind="SharedMailbox"))
    desk.build.mail_enable(pair, kind=kind)
    desk.hybrid.tenant.reverts_kinds = reverts
    desk.cycle()
    assert (pair.cloud.is_dir_synced, pair.cloud.kind) == (True, shown)


@pytest.mark.parametrize(("master", "blocked"), [("", True), ("FABRIKAM\\ann", False)])
def test_a_disabled_account_blocks_the_sign_in_of_the_cloud_user(desk: Desk, master: str, blocked: bool) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.build.set_directory(pair, account_disabled=True, kind="DisabledUser", linked_master_account=master)
    desk.server(
        "Enable-MailUser", Identity="Ann Archer", ExternalEmailAddress=ANN.routing, PrimarySmtpAddress=ANN.primary
    )
    desk.cycle()
    shown = desk.cloud("Get-Mailbox", Identity=ANN.primary).objects[0].properties
    assert (shown["IsDirSynced"], shown["AccountDisabled"]) == (True, blocked)
    desk.build.set_directory(pair, account_disabled=False)
    desk.cycle()
    assert pair.cloud.account_disabled is False


def test_export_takes_away_addresses_that_on_premises_lacks(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.server(
        "Enable-MailUser", Identity="Ann Archer", ExternalEmailAddress=ANN.routing, PrimarySmtpAddress=ANN.primary
    )
    desk.cycle()
    assert pair.cloud.email_addresses == [
        "SMTP:ann.archer@contoso.com", "smtp:ann.archer@contoso.onmicrosoft.com", "SPO:SPO_1@SPO_2",
    ]  # fmt: skip


def test_routing_address_as_primary_reaches_the_cloud(desk: Desk) -> None:
    pair = desk.build.synced(ANN)
    desk.server("Enable-MailUser", Identity="Ann Archer", ExternalEmailAddress=ANN.routing)
    desk.cycle()
    assert pair.cloud.primary_smtp_address == ANN.routing


def test_plain_user_matches_by_upn_where_the_tenant_says_so_and_leaves_the_addresses(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    before = list(pair.cloud.email_addresses)
    desk.cycle()
    assert (pair.cloud.is_dir_synced, pair.cloud.email_addresses) == (True, before)


def test_without_a_match_there_is_a_second_cloud_object(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.hybrid.tenant.soft_match_on_upn = False
    desk.cycle()
    assert not pair.cloud.is_dir_synced
    assert len(second_object(desk, pair)) == 1


def test_soft_match_is_for_new_objects_only(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.hybrid.tenant.soft_match_on_upn = False
    desk.cycle()
    desk.prepare(pair)
    desk.cycle()
    assert not pair.cloud.is_dir_synced
    other = next(item for item in desk.hybrid.tenant.objects if item.guid != pair.cloud.guid)
    assert (other.kind, "SMTP:ann.archer@contoso.com" in other.email_addresses) == ("MailUser", False)


def test_mail_attribute_alone_does_not_match(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.hybrid.tenant.soft_match_on_upn = False
    desk.server("Set-User", Identity="Ann Archer", WindowsEmailAddress=ANN.primary)
    desk.cycle()
    assert not pair.cloud.is_dir_synced


def test_secondary_cloud_address_does_not_match(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.hybrid.tenant.soft_match_on_upn = False
    desk.server(
        "Enable-MailUser", Identity="Ann Archer", ExternalEmailAddress=ANN.routing, PrimarySmtpAddress="ann@contoso.com"
    )
    desk.cycle()
    assert not pair.cloud.is_dir_synced


@pytest.mark.parametrize("trap", ["admin_role", "other_anchor", "block_soft_match"])
def test_what_is_not_matched_is_doubled_with_its_addresses_quarantined_and_no_error(desk: Desk, trap: str) -> None:
    pair = desk.build.cloud_only(ANN)
    if trap == "admin_role":
        desk.build.set_cloud(pair, admin_role=True)
    elif trap == "other_anchor":
        desk.build.other_anchor(pair)
    else:
        desk.hybrid.tenant.block_soft_match = True
    desk.prepare(pair)
    anchor = pair.cloud.entra_anchor
    desk.cycle()
    assert pair.cloud.entra_anchor == anchor
    assert {result for _connector, _profile, result in runs(desk)} == {"success"}
    twin = next(item for item in desk.hybrid.tenant.objects if item.guid != pair.cloud.guid)
    assert "SMTP:ann.archer@contoso.com" in twin.quarantined
    assert twin.primary_smtp_address.endswith("@contoso.onmicrosoft.com")
    assert twin.user_principal_name != pair.cloud.user_principal_name


def test_hard_match_needs_the_same_anchor(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.build.set_directory(pair, user_principal_name="x@contoso.com", anchor="b2vOcCiMvk6pLk9NyF76lA==")
    desk.build.set_cloud(pair, entra_anchor="b2vOcCiMvk6pLk9NyF76lA==")
    desk.cycle()
    assert (pair.cloud.is_dir_synced, second_object(desk, pair)) == (True, [])


def test_a_hard_match_that_takes_a_cloud_user_over_may_be_blocked(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.build.set_cloud(pair, entra_anchor=pair.directory.source_anchor)
    desk.hybrid.tenant.block_hard_match = True
    desk.cycle()
    assert (pair.cloud.is_dir_synced, second_object(desk, pair)) == (False, [])
    assert ("contoso.onmicrosoft.com - AAD", "Export", "completed-export-errors") in runs(desk)
    desk.hybrid.tenant.block_hard_match = False
    desk.cycle()
    assert (pair.cloud.is_dir_synced, second_object(desk, pair)) == (True, [])


def test_duplicate_address_is_quarantined_without_an_error(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.build.set_cloud(pair, email_addresses=["SMTP:ann.archer@contoso.com"])
    desk.build.second_holder("smtp:ann@contoso.com", in_the_cloud=True)
    desk.server(
        "Enable-MailUser", Identity="Ann Archer", ExternalEmailAddress=ANN.routing, PrimarySmtpAddress=ANN.primary
    )
    desk.server("Set-MailUser", Identity="Ann Archer", EmailAddresses={"Add": ["ann@contoso.com"]})
    desk.cycle()
    assert pair.cloud.email_addresses == ["SMTP:ann.archer@contoso.com", "smtp:ann.archer@contoso.onmicrosoft.com"]
    assert pair.cloud.quarantined == ["smtp:ann@contoso.com"]
    assert "completed-export-errors" not in {result for _connector, _profile, result in runs(desk)}


def test_user_out_of_scope_never_arrives(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.build.out_of_scope(pair)
    desk.prepare(pair)
    desk.cycle()
    assert (pair.cloud.is_dir_synced, second_object(desk, pair)) == (False, [])


def out_by_unit(desk: Desk, pair: Pair) -> dict[str, Any]:
    desk.build.set_directory(pair, organizational_unit="Not Synced")
    return {"organizational_unit": "People"}


def out_by_description(desk: Desk, pair: Pair) -> dict[str, Any]:
    desk.build.set_directory(pair, admin_description="User_not yet")
    return {"admin_description": ""}


def out_by_group(desk: Desk, pair: Pair) -> dict[str, Any]:
    desk.hybrid.sync.scope_group = "Sync Scope"
    return {"member_of": ["Sync Scope"]}


WAYS_OUT = [out_by_unit, out_by_description, out_by_group]


@pytest.mark.parametrize("keep_out", WAYS_OUT)
def test_stamped_outside_and_then_brought_into_scope_is_new_and_matches(desk: Desk, keep_out: Any) -> None:
    pair = desk.build.cloud_only(ANN)
    bring_in = keep_out(desk, pair)
    # Cycles come and go before the user is stamped, and after.
    desk.cycle()
    desk.prepare(pair)
    desk.cycle()
    assert (pair.cloud.is_dir_synced, second_object(desk, pair)) == (False, [])
    desk.build.set_directory(pair, **bring_in)
    desk.cycle()
    assert (pair.cloud.is_dir_synced, second_object(desk, pair)) == (True, [])


@pytest.mark.parametrize("keep_out", WAYS_OUT)
def test_who_leaves_the_scope_is_deleted_with_the_mailbox_and_restored(desk: Desk, keep_out: Any) -> None:
    pair, other = desk.build.synced(ANN), desk.build.synced("Bob Baker")
    desk.build.set_directory(other, member_of=["Sync Scope"])
    desk.cycle()
    bring_in = keep_out(desk, pair)
    desk.build.set_directory(pair, first_name="A.")
    desk.cycle()
    assert [item.name for item in desk.hybrid.tenant.objects] == ["Bob Baker"]
    desk.build.set_directory(pair, **bring_in)
    desk.cycle()
    assert desk.hybrid.tenant.by_external_id(pair.cloud.external_directory_object_id) is pair.cloud
    assert second_object(desk, pair) == []


def test_an_object_that_earlier_cycles_doubled_is_never_matched(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    twin = desk.build.second_object(pair)
    desk.prepare(pair)
    desk.cycle()
    assert (pair.cloud.is_dir_synced, twin.kind, twin.entra_anchor) == (
        False, "MailUser", pair.directory.source_anchor,
    )  # fmt: skip


def test_mail_for_a_mailbox_at_home_goes_to_its_primary_address_once_that_was_exported(desk: Desk) -> None:
    pair = desk.build.mailbox_on_premises(ANN)
    desk.build.set_cloud(pair, external_email_address=f"SMTP:{ANN.routing}")
    desk.build.set_directory(pair, first_name="Annabel")
    desk.cycle()
    assert pair.cloud.external_email_address == f"SMTP:{ANN.primary}"


def test_cloud_managed_mailbox_keeps_its_exchange_attributes(desk: Desk) -> None:
    pair = desk.build.synced(ANN)
    desk.build.set_cloud(pair, is_exchange_cloud_managed=True)
    desk.server("Enable-MailUser", Identity="Ann Archer", ExternalEmailAddress=ANN.routing)
    desk.cycle()
    assert pair.cloud.primary_smtp_address == ANN.primary


def test_another_archive_guid_blocks_every_change(desk: Desk) -> None:
    pair = desk.build.synced(ANN)
    archive = desk.build.archive(pair)
    desk.prepare(pair)
    desk.server(
        "Set-MailUser", Identity="Ann Archer", ArchiveGuid="70ce6b6f-8c28-4ebe-a92e-4f4dc85efa94", DisplayName="New"
    )
    desk.cycle()
    assert pair.cloud.display_name == "Ann Archer"
    desk.server("Set-MailUser", Identity="Ann Archer", ArchiveGuid=archive)
    desk.cycle()
    assert pair.cloud.display_name == "New"


# -- write-back -------------------------------------------------------------------------------------------------------


def test_write_back_comes_one_cycle_after_the_export(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.server(
        "Enable-MailUser", Identity="Ann Archer", ExternalEmailAddress=ANN.routing, PrimarySmtpAddress=ANN.primary
    )
    x500 = f"X500:{pair.cloud.legacy_exchange_dn}"
    desk.cycle()
    assert (x500 in pair.directory.email_addresses, pair.directory.written_back_id) == (False, "")
    desk.cycle()
    assert pair.directory.email_addresses.count(x500) == 1
    shown = desk.server("Get-User", Identity="Ann Archer").objects[0].properties
    # Write-back fills msDS-ExternalDirectoryObjectID; the cmdlet shows msExchExternalDirectoryObjectId.
    assert shown["ExternalDirectoryObjectId"] == ""
    assert pair.directory.written_back_id == f"User_{pair.cloud.external_directory_object_id}"
    desk.cycle()
    assert x500 in pair.cloud.email_addresses
    before = desk.hybrid.snapshot()
    desk.cycle()
    assert desk.hybrid.snapshot() == before


def test_plain_user_gets_no_x500_address(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.cycle()
    desk.cycle()
    assert pair.directory.email_addresses == []
    assert pair.directory.written_back_id == f"User_{pair.cloud.external_directory_object_id}"


def test_what_exchange_keeps_on_a_plain_user_flows_with_its_mail_nickname(desk: Desk) -> None:
    named, unnamed = desk.build.synced(ANN), desk.build.synced("Bob Baker")
    desk.build.set_directory(named, hidden=True, custom_attributes={1: "Sales"}, alias="ann.archer")
    desk.build.set_directory(unnamed, hidden=True, custom_attributes={1: "Sales"})
    desk.cycle()
    assert (named.cloud.hidden, named.cloud.custom_attributes) == (True, {1: "Sales"})
    assert (unnamed.cloud.hidden, unnamed.cloud.custom_attributes) == (False, {})
    shown = desk.server("Get-User", Identity="Ann Archer").objects[0].properties
    assert not {"HiddenFromAddressListsEnabled", "CustomAttribute1", "Alias"} & set(shown)


def test_an_alternate_login_id_takes_the_name_from_mail(desk: Desk) -> None:
    pair = desk.build.synced(ANN)
    desk.hybrid.sync.alternate_login_id = True
    desk.build.set_directory(pair, user_principal_name="ann@contoso.local", mail=ANN.primary)
    desk.cycle()
    assert pair.cloud.user_principal_name == ANN.primary
    desk.build.set_directory(pair, mail="ann.new@contoso.com")
    desk.cycle()
    assert pair.cloud.user_principal_name == "ann.new@contoso.com"
