# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Migration batches against the lab's model, which knows them from the fact sheet alone."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import (
    batches,
    migration_batch_info,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.members import Databases
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import Options
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import databases, migration
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome, summary
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

from lab.answer import Call, ShellState
from lab.model.builder import HybridBuilder, Pair, Person
from lab.model.recipients import Skipped
from lab.model.tenant import WIZARDS_ENDPOINT
from tests.unit.plugins.module_utils.fakes import connect, guid_of
from tests.unit.plugins.module_utils.fakes import tenant as tenant_of
from tests.unit.plugins.module_utils.lab_in_process import InProcess, Killed, Trouble

SHELL = ShellState("CONTOSO\\admin", view_entire_forest=True)


class Tenant:
    """A tenant whose wave's on-premises users are whole, and the batches' module at work on it."""

    def __init__(self, names: Sequence[str] = ("Ann Archer", "Bob Baker", "Cleo Clark")) -> None:
        self.lab = InProcess()
        self.hybrid = self.lab.hybrid
        self.build = HybridBuilder(self.hybrid)
        self.pairs = [self.add(name) for name in names]

    def add(self, name: str) -> Pair:
        pair = self.build.synced(Person(name))
        self.build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
        return pair

    def record(self, pair: Pair, **more: Any) -> Record:
        return {
            "identity": pair.identity, "remote_target_database": "DB01", "target_delivery_domain": "contoso.com",
            "cutover": "held", **more,
        }  # type: ignore[typeddict-item]

    def run(self, state: str = "started", *, check: bool = False, wave: Any = None, **options: Any) -> list[Outcome]:
        self.lab.calls.clear()
        self.lab.writes.clear()
        records = [self.record(pair) for pair in self.pairs] if wave is None else wave
        given = {"batch_name": "wave-1", "endpoint": WIZARDS_ENDPOINT, **options}
        with self.lab.connect("exchange_online") as connections:
            result = batches.run(
                connections, records, Options(state, **given), check=check, sleep=self.lab.sleep,
                now=self.hybrid.clock.now,
            )  # fmt: skip
        self.warnings, self.cmdlets, self.changed = result.warnings, result.cmdlets, result.changed
        return result.outcomes

    def cloud(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.hybrid.exchange_online.run(Call(cmdlet, parameters, SHELL))
        return [item.properties for item in answer.objects]

    def later(self, seconds: float = 3600.0) -> None:
        self.lab.sleep(seconds)
        self.hybrid.advance()

    @property
    def names(self) -> list[str]:
        return [cmdlet.name for _system, cmdlet in self.lab.calls]

    @property
    def statuses(self) -> dict[str, str]:
        found = self.cloud("Get-MigrationUser")
        return {user["Identity"].text: user["Status"].name for user in found if "Guid" in user}


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def codes(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.error.code if outcome.error else outcome.status for outcome in outcomes]


# -- made and started -------------------------------------------------------------------------------------------------


def test_a_wave_becomes_one_batch_in_one_write_and_a_second_run_changes_nothing(tenant: Tenant) -> None:
    first = tenant.run()
    assert summary(first)["changed"] == 3
    assert tenant.lab.writes == ["New-MigrationBatch"]
    tenant.later()
    assert set(tenant.statuses.values()) == {"Synced"}
    assert summary(tenant.run())["unchanged"] == 3
    assert tenant.lab.writes == []


def test_a_wave_costs_a_handful_of_calls_however_long_it_is_and_no_record_is_compared_with_the_others() -> None:
    class Compared(dict[str, Any]):
        times = 0

        def __eq__(self, other: object) -> bool:
            Compared.times += 1
            return super().__eq__(other)

        __hash__ = None  # type: ignore[assignment]

    tenant = Tenant([f"Person {chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(60)])
    records = [
        Compared(
            tenant.record(pair, exchange_guid=str(pair.cloud.exchange_guid), email_addresses=pair.cloud.email_addresses)
        )
        for pair in tenant.pairs
    ]
    assert summary(tenant.run(wave=records))["changed"] == 60
    assert Compared.times == 0
    assert sorted(set(tenant.names)) == [
        "Get-MigrationBatch", "Get-MigrationUser", "Get-MoveRequest", "New-MigrationBatch",
    ]  # fmt: skip
    assert len(tenant.names) == 7


def test_check_mode_shows_the_batch_and_makes_none(tenant: Tenant) -> None:
    outcomes = tenant.run(check=True)
    assert (summary(outcomes)["changed"], tenant.lab.writes) == (3, [])
    (shown,) = tenant.cmdlets
    assert shown.startswith("New-MigrationBatch -Name 'wave-1' -CSVData ([byte[]] ")
    assert outcomes[0].details["migration_batch"] == "wave-1"


def test_present_makes_it_and_started_adopts_it(tenant: Tenant) -> None:
    assert summary(tenant.run("present"))["changed"] == 3
    tenant.later()
    assert tenant.statuses.popitem()[1] == "Validating"
    assert summary(tenant.run("present"))["unchanged"] == 3
    assert summary(tenant.run("started"))["changed"] == 3
    assert tenant.lab.writes == ["Start-MigrationBatch"]


def test_ten_more_rows_add_ten_members_and_touch_no_other(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    tenant.pairs += [tenant.add(f"More {letter}") for letter in "ABCDEFGHIJ"]
    outcomes = tenant.run()
    assert [outcome.status for outcome in outcomes] == ["unchanged"] * 3 + ["changed"] * 10
    assert tenant.lab.writes == ["Set-MigrationBatch"]
    (sent,) = [cmdlet for _system, cmdlet in tenant.lab.calls if cmdlet.name == "Set-MigrationBatch"]
    rows = bytes(sent.parameters["CSVData"]).decode().splitlines()  # type: ignore[arg-type]
    assert (rows[0], len(rows)) == ("EmailAddress,TargetDatabase", 11)


def test_a_long_wave_is_split_and_filled_up(tenant: Tenant) -> None:
    tenant.pairs += [tenant.add("Dana Diaz"), tenant.add("Emil Eriksen")]
    outcomes = tenant.run(batch_size=2)
    assert [outcome.details["migration_batch"] for outcome in outcomes] == [
        "wave-1", "wave-1", "wave-1-2", "wave-1-2", "wave-1-3",
    ]  # fmt: skip
    tenant.pairs.append(tenant.add("Finn Fischer"))
    assert tenant.run(batch_size=2)[-1].details["migration_batch"] == "wave-1-3"
    assert tenant.lab.writes == ["Set-MigrationBatch"]


def test_mailboxes_with_other_settings_go_to_another_batch(tenant: Tenant) -> None:
    due = (tenant.hybrid.clock.now() + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wave = [tenant.record(pair) for pair in tenant.pairs]
    wave[2] = tenant.record(tenant.pairs[2], cutover="at", complete_after=due)
    assert [o.details["migration_batch"] for o in tenant.run(wave=wave)] == ["wave-1", "wave-1", "wave-1-2"]
    shown = {batch["Identity"].text: batch["CompleteAfterUTC"] for batch in tenant.cloud("Get-MigrationBatch")}
    assert (shown["wave-1"], shown["wave-1-2"] is not None) == (None, True)
    assert summary(tenant.run(wave=wave))["unchanged"] == 3


def test_each_row_has_its_database_and_its_type(tenant: Tenant) -> None:
    tenant.build.archive(tenant.pairs[1])
    more = {"primary_only": True, "archive_domain": "contoso.mail.onmicrosoft.com"}
    wave = [
        tenant.record(tenant.pairs[0], remote_target_database="DB02"),
        tenant.record(tenant.pairs[1], **more),
    ]
    tenant.run(wave=wave)
    sent = [bytes(c.parameters["CSVData"]).decode() for _s, c in tenant.lab.calls if c.name == "New-MigrationBatch"]  # type: ignore[arg-type]
    assert sent == [
        "EmailAddress,TargetDatabase\r\nann.archer@contoso.com,DB02\r\n",
        "EmailAddress,TargetDatabase,MailboxType\r\nbob.baker@contoso.com,DB01,PrimaryOnly\r\n",
    ]


def sent_rows(tenant: Tenant, cmdlet: str) -> list[str]:
    """Return the rows of the one CSV that was sent."""
    (sent,) = [call for _system, call in tenant.lab.calls if call.name == cmdlet]
    return bytes(sent.parameters["CSVData"]).decode().splitlines()[1:]  # type: ignore[arg-type]


def test_a_row_beats_the_databases_of_the_batch_and_an_empty_cell_inherits_them(tenant: Tenant) -> None:
    wave = [
        tenant.record(tenant.pairs[0], remote_target_database=None),
        tenant.record(tenant.pairs[1], remote_archive_target_database="DB01"),
        tenant.record(tenant.pairs[2], remote_target_database=None),
    ]
    spread = Databases(("DB02", "DB03"), ("DB03",))
    assert codes(tenant.run(wave=wave)) == ["missing_option", "changed", "missing_option"]
    assert codes(tenant.run(wave=wave, databases=spread, check=True)) == ["changed", "unchanged", "changed"]
    assert codes(tenant.run("absent", wave=wave[1:2])) == ["changed"]
    assert codes(tenant.run(wave=wave, databases=spread)) == ["changed"] * 3
    assert sent_rows(tenant, "New-MigrationBatch") == [
        "ann.archer@contoso.com,,", "bob.baker@contoso.com,DB01,DB01", "cleo.clark@contoso.com,,",
    ]  # fmt: skip
    tenant.later()
    targets = [
        tenant.cloud("Get-MoveRequestStatistics", Identity=str(pair.cloud.exchange_guid))[0]["RemoteDatabaseName"]
        for pair in tenant.pairs
    ]
    assert (targets[0] in spread.primary, targets[1], targets[2] in spread.primary) == (True, "DB01", True)
    assert codes(tenant.run(wave=wave, databases=spread)) == ["unchanged"] * 3


def test_who_is_added_to_a_batch_that_does_not_show_its_databases_gets_one_by_name(tenant: Tenant) -> None:
    tenant.run()
    tenant.pairs += [tenant.add(f"More {letter}") for letter in "ABCDEFGHIJ"]
    wave = [tenant.record(pair, remote_target_database=None) for pair in tenant.pairs]
    spread = Databases(("DB03", "DB02"))
    assert codes(tenant.run(wave=wave, databases=spread, check=True)) == ["unchanged"] * 3 + ["changed"] * 10
    assert codes(tenant.run(wave=wave[3:6], databases=spread)) == ["changed"] * 3
    first = sent_rows(tenant, "Set-MigrationBatch")
    tenant.run("absent", wave=wave[3:6])
    tenant.run(wave=wave, databases=spread)
    again = sent_rows(tenant, "Set-MigrationBatch")
    assert again[:3] == first
    assert {row.rpartition(",")[2] for row in again} == {"DB02", "DB03"}


def test_a_database_that_is_known_not_to_take_a_mailbox_stops_it_alone(tenant: Tenant) -> None:
    known = databases.by_name([
        {"Name": "DB01", "Guid": guid_of("one"), "Mounted": True}, {"Name": "DB02", "Mounted": False},
        {"Name": "DB03"}, {"Name": "RDB", "Recovery": True, "Mounted": True},
    ])  # fmt: skip
    wave = [
        tenant.record(tenant.pairs[0], remote_target_database=guid_of("one").upper()),
        tenant.record(tenant.pairs[1], remote_target_database="db02"),
        tenant.record(tenant.pairs[2], remote_target_database="DB03", remote_archive_target_database="RDB"),
    ]
    outcomes = tenant.run(wave=wave, databases=Databases(known=known))
    assert codes(outcomes) == ["changed", "database_not_mounted", "database_not_found"]
    assert outcomes[2].error.sentence() == (  # type: ignore[union-attr]
        "remote_archive_target_database: 'RDB' is not an on-premises mailbox database. Use one of: DB01, DB02, DB03."
    )
    # Whoever is under way, or was judged, is not asked about again.
    judged: Any = [{**record, "offboarding_state": "prepared", "whole": True} for record in wave[1:]]
    again = tenant.run(wave=[*wave[:1], *judged], databases=Databases(known={}))
    assert codes(again) == ["unchanged", "changed", "changed"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"remote_target_database": None}, "missing_option"),
        ({"target_delivery_domain": None}, "missing_option"),
        ({"target_delivery_domain": "contoso.mail.onmicrosoft.com"}, "delivery_domain_in_the_cloud"),
        ({"target_delivery_domain": "contoso.mail.onmicrosoft.us"}, "delivery_domain_in_the_cloud"),
        ({"target_delivery_domain": "fabrikam.com"}, "no_address_in_delivery_domain"),
        ({"cutover": "at"}, "missing_option"),
        ({"cutover": "at", "complete_after": "2020-01-01T00:00:00Z"}, "time_in_the_past"),
        ({"primary_only": True}, "missing_option"),
        ({"whole": False, "offboarding_state": "matched"}, "not_prepared"),
    ],
)
def test_a_record_that_cannot_be_a_member_fails_alone(tenant: Tenant, more: dict[str, Any], code: str) -> None:
    wave = [tenant.record(tenant.pairs[0], **more), tenant.record(tenant.pairs[1])]
    assert codes(tenant.run(wave=wave)) == [code, "changed"]
    assert set(tenant.statuses) == {tenant.pairs[1].identity}


def test_what_would_be_failed_by_the_service_is_told_before_anything_is_made(tenant: Tenant) -> None:
    tenant.hybrid.tenant.migration_users[tenant.pairs[0].identity] = "to the cloud"
    outcomes = tenant.run()
    assert codes(outcomes) == ["belongs_to_migration_batch", "changed", "changed"]
    assert "to the cloud" in outcomes[0].error.sentence()  # type: ignore[union-attr]
    assert len(tenant.statuses) == 3 - 1


def test_a_request_of_its_own_is_told_too(tenant: Tenant) -> None:
    tenant.build.batch_request(tenant.pairs[0]).options.batch_name = "by hand"
    completed = tenant.build.batch_request(tenant.pairs[1])
    completed.phase, completed.options.batch_name = "completed", "by hand"
    # KB 4502865: a request that is in no batch any more is removed itself, one of a batch with its user or batch.
    tenant.build.batch_request(tenant.pairs[2])
    outcomes = tenant.run()
    assert codes(outcomes) == ["request_exists", "completed_request_left", "belongs_to_migration_batch"]
    assert outcomes[2].error is not None
    assert f"Remove-MoveRequest -Identity {tenant.pairs[2].cloud.exchange_guid}" in outcomes[2].error.remedy


def test_one_that_is_home_and_one_named_twice(tenant: Tenant) -> None:
    ann, bob, cleo = tenant.pairs
    home = tenant.build.mailbox_on_premises("Hanna Holm")
    wave = [
        tenant.record(ann), {**tenant.record(ann), "identity": str(ann.cloud.exchange_guid)},
        tenant.record(bob, offboarding_state="home"), tenant.record(cleo), tenant.record(home),
    ]  # fmt: skip
    assert codes(tenant.run(wave=wave)) == [
        "duplicate_identity", "duplicate_identity", "skipped", "changed", "already_home",
    ]  # fmt: skip


def test_a_failed_user_is_reported_and_tried_again_on_request(tenant: Tenant) -> None:
    tenant.hybrid.directory.mrs_proxy_enabled = False
    tenant.run()
    tenant.later()
    outcomes = tenant.run()
    assert codes(outcomes) == ["move_failed"] * 3
    tenant.hybrid.directory.mrs_proxy_enabled = True
    wave = [tenant.record(pair, resume_failed=True) for pair in tenant.pairs]
    assert summary(tenant.run(wave=wave))["changed"] == 3
    tenant.later()
    assert set(tenant.statuses.values()) == {"Synced"}


def test_a_name_that_is_still_being_removed_is_waited_for(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    tenant.run("absent")
    tenant.hybrid.exchange_online.migration.timing.removing = 100_000.0
    outcomes = tenant.run()
    assert [outcome.details["migration_batch"] for outcome in outcomes] == ["wave-1"] * 3
    assert tenant.warnings == []


def test_strangers_stay_unless_they_are_to_be_purged(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    fewer = [tenant.record(pair) for pair in tenant.pairs[:2]]
    assert summary(tenant.run(wave=fewer))["unchanged"] == 2
    assert tenant.warnings == [
        "The wave's batches have users that are not in this wave, and that stay there: "
        f"{tenant.pairs[2].identity}. migration_batch with purge_members: true removes them."
    ]
    assert not tenant.changed
    tenant.run(wave=fewer, purge_members=True, check=True)
    assert (tenant.changed, tenant.lab.writes, len(tenant.cmdlets)) == (True, [], 1)
    outcomes = tenant.run(wave=fewer, purge_members=True)
    assert (tenant.lab.writes, len(tenant.statuses)) == (["Remove-MigrationUser"], 2)
    assert (summary(outcomes)["unchanged"], tenant.changed) == (2, True)


def test_what_is_home_or_cannot_be_read_is_no_stranger_and_is_not_purged(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    ann, bob, cleo = tenant.pairs
    twice = {**tenant.record(cleo), "identity": str(cleo.cloud.exchange_guid)}
    wave = [tenant.record(ann), tenant.record(bob, offboarding_state="home"), tenant.record(cleo), twice]
    outcomes = tenant.run(wave=wave, purge_members=True)
    assert codes(outcomes) == ["unchanged", "skipped", "duplicate_identity", "duplicate_identity"]
    assert (tenant.lab.writes, tenant.warnings, len(tenant.statuses)) == ([], [], 3)


def test_an_onboarding_batch_of_the_waves_name_is_another(tenant: Tenant) -> None:
    """Finished batches stay for weeks and block their mailboxes (facts migration-batches.md 3), whatever their name."""
    ann = tenant.pairs[0]
    tenant.hybrid.tenant.migration_users[ann.identity] = "Wave-1"
    tenant.hybrid.tenant.migration_users["somebody@contoso.com"] = "Wave-1"
    outcomes = tenant.run(purge_members=True)
    assert codes(outcomes) == ["belongs_to_migration_batch", "changed", "changed"]
    assert outcomes[1].details["migration_batch"] == "wave-1-2"
    assert outcomes[0].error is not None
    assert outcomes[0].error.remedy == "Remove it from that batch (Remove-MigrationUser)."
    (refused,) = tenant.run("absent", wave=[tenant.record(ann)])
    assert "It is in the onboarding batch Wave-1." in str(refused.error)
    assert (tenant.lab.writes, set(tenant.hybrid.tenant.migration_users.values())) == ([], {"Wave-1"})


def test_whoever_leaves_its_archive_behind_joins_a_batch_that_has_the_archives_domain(tenant: Tenant) -> None:
    """KB 3160413: without ArchiveDomain, which is a setting of the batch, the move of the primary mailbox fails."""
    ann, bob, cleo = tenant.pairs
    for pair in (bob, cleo):
        tenant.build.archive(pair)
    split = {"primary_only": True, "archive_domain": "contoso.mail.onmicrosoft.com"}
    wave = [tenant.record(ann), tenant.record(bob, **split), tenant.record(cleo, **split)]
    tenant.run(wave=wave[:1])
    assert [o.details["migration_batch"] for o in tenant.run(wave=wave[:2])] == ["wave-1", "wave-1-2"]
    assert [o.details["migration_batch"] for o in tenant.run(wave=wave)] == ["wave-1", "wave-1-2", "wave-1-2"]
    tenant.later()
    assert set(tenant.statuses.values()) == {"Synced"}


def test_a_held_mailbox_joins_no_batch_that_completes_by_itself(tenant: Tenant) -> None:
    ann, bob, cleo = tenant.pairs
    first = tenant.record(ann, cutover="automatic")
    tenant.run(wave=[first])
    outcomes = tenant.run(wave=[first, tenant.record(bob)])
    assert outcomes[1].details["migration_batch"] == "wave-1-2"
    tenant.later()
    assert sorted(tenant.statuses.values()) == ["Completed", "Synced"]
    # Nobody of the wave is left to know it by; that its users complete, shows.
    assert [o.details["migration_batch"] for o in tenant.run(wave=[tenant.record(cleo)])] == ["wave-1-2"]


def test_who_came_back_to_the_cloud_is_not_taken_for_moved(tenant: Tenant) -> None:
    """What completed stays for 60 days and blocks the next move (facts migration-batches.md 3)."""
    ann, bob = tenant.pairs[:2]
    wave = [
        tenant.record(
            pair, cutover="automatic", exchange_guid=str(pair.cloud.exchange_guid),
            email_addresses=list(pair.cloud.email_addresses),
        )
        for pair in (ann, bob)
    ]  # fmt: skip
    tenant.run(wave=wave)
    tenant.later()
    assert set(tenant.statuses.values()) == {"Completed"}
    tenant.build.set_cloud(ann, kind="UserMailbox")
    assert (codes(tenant.run(wave=wave)), tenant.lab.writes) == (["completed_request_left", "unchanged"], [])
    assert codes(tenant.run("absent", wave=wave, only_completed=True)) == ["changed", "changed"]


def test_a_user_that_is_being_removed_is_no_member(tenant: Tenant) -> None:
    """Get-MigrationUser knows the status Removing (facts cmdlets.md 6)."""
    tenant.run()
    tenant.later()
    tenant.hybrid.exchange_online.migration.seed = 1
    ann = [tenant.record(tenant.pairs[0])]
    assert (codes(tenant.run("absent", wave=ann)), tenant.lab.writes) == (["changed"], ["Remove-MigrationUser"])
    assert (codes(tenant.run("absent", wave=ann)), tenant.lab.writes) == (["unchanged"], [])
    outcomes = tenant.run()
    assert codes(outcomes) == ["belongs_to_migration_batch", "unchanged", "unchanged"]
    assert outcomes[0].error is not None
    assert outcomes[0].error.retryable
    tenant.later()
    assert (codes(tenant.run()), tenant.lab.writes) == (["changed", "unchanged", "unchanged"], ["Set-MigrationBatch"])


# -- completed --------------------------------------------------------------------------------------------------------


def test_what_is_good_enough_completes_without_an_approval(tenant: Tenant) -> None:
    """Microsoft, track-prevent-data-loss-dcs: with the score Good the migration succeeds, and only Investigate is to be
    approved. Whether HasUnapprovedSkippedItems includes it, nobody says."""
    tenant.hybrid.exchange_online.migration.seed = 1
    for pair in tenant.pairs:
        tenant.build.set_cloud(pair, skipped=Skipped("Good", 3))
    tenant.run()
    tenant.later()
    assert {user["HasUnapprovedSkippedItems"] for user in tenant.cloud("Get-MigrationUser")} == {True}
    assert (summary(tenant.run("completed"))["changed"], tenant.lab.writes) == (3, ["Complete-MigrationBatch"])
    tenant.later()
    assert set(tenant.statuses.values()) == {"CompletedWithWarnings"}


@pytest.mark.parametrize("seed", [0, 1])
def test_a_batch_that_still_runs_is_given_the_time(tenant: Tenant, seed: int) -> None:
    """Microsoft has Complete-MigrationBatch for batches that are Synced or SyncedWithErrors."""
    tenant.hybrid.exchange_online.migration.seed = seed
    tenant.run()
    assert (summary(tenant.run("completed"))["changed"], tenant.lab.writes) == (3, ["Set-MigrationBatch"])
    assert (summary(tenant.run("completed"))["pending"], tenant.lab.writes) == (3, [])
    tenant.later()
    assert set(tenant.statuses.values()) == {"Completed"}


def test_the_whole_batch_completes_in_one_write(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    assert summary(tenant.run("completed"))["changed"] == 3
    assert tenant.lab.writes == ["Complete-MigrationBatch"]
    assert summary(tenant.run("completed"))["pending"] == 3
    tenant.later()
    assert summary(tenant.run("completed"))["unchanged"] == 3
    assert set(tenant.statuses.values()) == {"Completed"}


def test_some_of_a_batch_complete_each_by_its_own_time(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    assert summary(tenant.run("completed", wave=[tenant.record(tenant.pairs[0])]))["changed"] == 1
    assert tenant.lab.writes == ["Set-MigrationUser"]
    tenant.later()
    assert sorted(tenant.statuses.values()) == ["Completed", "Synced", "Synced"]


def test_a_time_in_the_future_is_set_once(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    due = (tenant.hybrid.clock.now() + datetime.timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    wave = [tenant.record(pair, complete_after=due) for pair in tenant.pairs]
    tenant.run("completed", wave=wave)
    assert tenant.lab.writes == ["Set-MigrationBatch"]
    assert (summary(tenant.run("completed", wave=wave))["pending"], tenant.lab.writes) == (3, [])
    tenant.later(6 * 3600)
    assert set(tenant.statuses.values()) == {"Completed"}


def test_a_cutover_that_is_postponed_in_the_records_is_postponed(tenant: Tenant) -> None:
    def wave(day: int) -> list[Record]:
        due = {"cutover": "at", "complete_after": f"2026-12-{day:02}T22:00:00+01:00"}
        return [tenant.record(pair, **due) for pair in tenant.pairs]

    tenant.run(wave=wave(5))
    tenant.later()
    assert (summary(tenant.run(wave=wave(5)))["unchanged"], tenant.lab.writes) == (3, [])
    assert (summary(tenant.run(wave=wave(9), check=True))["changed"], tenant.lab.writes) == (3, [])
    assert (summary(tenant.run(wave=wave(9)))["changed"], tenant.lab.writes) == (3, ["Set-MigrationBatch"])
    assert str(tenant.cloud("Get-MigrationBatch")[0]["CompleteAfterUTC"]) == "2026-12-09 21:00:00+00:00"
    assert (summary(tenant.run(wave=wave(9)))["unchanged"], tenant.lab.writes) == (3, [])


def test_skipped_items_need_an_approval_for_each_mailbox(tenant: Tenant) -> None:
    tenant.build.set_cloud(tenant.pairs[0], skipped=Skipped("Investigate", 3))
    tenant.build.set_cloud(tenant.pairs[1], skipped=Skipped("Poor", 300))
    tenant.run()
    tenant.later()
    outcomes = tenant.run("completed")
    assert codes(outcomes) == ["score_investigate", "score_poor", "changed"]
    wave = [tenant.record(pair, approve_skipped_items=True) for pair in tenant.pairs[:2]]
    assert codes(tenant.run("completed", wave=wave)) == ["changed", "score_poor"]
    tenant.later()
    assert sorted(tenant.statuses.values()) == ["Completed", "CompletedWithWarnings", "Synced"]


def test_who_is_in_no_batch_of_the_wave_is_told(tenant: Tenant) -> None:
    outcomes = tenant.run("completed")
    assert codes(outcomes) == ["not_found"] * 3


# -- stopped and absent -----------------------------------------------------------------------------------------------


def test_a_batch_is_stopped_and_goes_on(tenant: Tenant) -> None:
    tenant.run()
    assert summary(tenant.run("stopped"))["changed"] == 3
    assert tenant.lab.writes == ["Stop-MigrationBatch"]
    assert (summary(tenant.run("stopped"))["unchanged"], tenant.lab.writes) == (3, [])
    tenant.run()
    tenant.later()
    assert set(tenant.statuses.values()) == {"Synced"}


def test_a_user_that_was_stopped_alone_goes_on(tenant: Tenant) -> None:
    tenant.run()
    ann = [tenant.record(tenant.pairs[0])]
    assert (codes(tenant.run("stopped", wave=ann)), tenant.lab.writes) == (["changed"], ["Stop-MigrationUser"])
    assert codes(tenant.run("completed", wave=ann)) == ["move_stopped"]
    assert (codes(tenant.run("present")), tenant.lab.writes) == (["unchanged"] * 3, [])
    outcomes = tenant.run()
    assert codes(outcomes) == ["changed", "unchanged", "unchanged"]
    assert tenant.lab.writes == ["Start-MigrationUser"]
    tenant.later()
    assert set(tenant.statuses.values()) == {"Synced"}
    assert (codes(tenant.run()), tenant.lab.writes) == (["unchanged"] * 3, [])


def test_a_batch_whose_users_went_one_by_one_is_removed_too(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    for pair in tenant.pairs:
        tenant.cloud("Remove-MigrationUser", Identity=pair.identity, Confirm=False)
    assert codes(tenant.run("absent")) == ["unchanged"] * 3
    assert (tenant.lab.writes, tenant.changed) == (["Remove-MigrationBatch"], True)
    tenant.later()
    assert tenant.cloud("Get-MigrationBatch") == []
    assert (codes(tenant.run("absent")), tenant.lab.writes, tenant.changed) == (["unchanged"] * 3, [], False)


def test_a_running_batch_is_stopped_before_it_is_removed(tenant: Tenant) -> None:
    tenant.run()
    assert summary(tenant.run("absent"))["changed"] == 3
    assert tenant.lab.writes == ["Stop-MigrationBatch", "Remove-MigrationBatch"]
    tenant.later()
    assert (tenant.cloud("Get-MigrationBatch"), tenant.cloud("Get-MoveRequest")) == ([], [])
    assert summary(tenant.run("absent"))["unchanged"] == 3


def test_one_user_leaves_its_batch_alone(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    assert codes(tenant.run("absent", wave=[tenant.record(tenant.pairs[0])])) == ["changed"]
    assert (tenant.lab.writes, len(tenant.statuses)) == (["Remove-MigrationUser"], 2)


def test_a_clean_up_takes_the_completed_alone(tenant: Tenant) -> None:
    tenant.run()
    tenant.later()
    tenant.run("completed", wave=[tenant.record(tenant.pairs[0])])
    tenant.later()
    assert codes(tenant.run("absent", only_completed=True)) == ["changed", "skipped", "skipped"]
    assert sorted(tenant.statuses.values()) == ["Synced", "Synced"]


@pytest.mark.parametrize("stays", [False, True])
def test_users_of_a_batch_that_went_between_two_answers_are_gone_too(stays: bool) -> None:
    user = {"Identity": "ann@contoso.com", "BatchId": "Wave-1-2", "Status": "Completed",
            "MailboxGuid": guid_of("ann's mailbox")}  # fmt: skip
    foreign = {**user, "Identity": "bob@contoso.com", "BatchId": "wave-10"}
    answers = [[user, foreign], [user, foreign] if stays else [foreign]]
    online = tenant_of(requests=[])
    online.objects["Get-MigrationBatch"] = []
    online.handlers["Get-MigrationUser"] = lambda _cmdlet: answers.pop(0)
    with connect(online) as connections:
        seen = batches.look(connections, "wave-1")
    assert [item["identity"] for item in seen.users] == ["bob@contoso.com"]
    assert answers == []


# -- lost answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["lost", "unheard"])
@pytest.mark.parametrize(
    ("cmdlet", "state"),
    [
        ("New-MigrationBatch", "started"),
        ("Start-MigrationBatch", "started"),
        ("Complete-MigrationBatch", "completed"),
        ("Stop-MigrationBatch", "stopped"),
        ("Remove-MigrationBatch", "absent"),
    ],
)
def test_a_lost_answer_is_read_back_and_only_what_is_missing_is_sent_again(
    tenant: Tenant, what: str, cmdlet: str, state: str
) -> None:
    if cmdlet == "Start-MigrationBatch":
        tenant.run("present")
    elif state != "started":
        tenant.run()
    if state == "completed":
        tenant.later()
    tenant.lab.trouble = Trouble(what, cmdlet=cmdlet)
    assert summary(tenant.run(state))["changed"] == 3
    assert tenant.lab.writes.count(cmdlet) == 1
    assert len({batch["Identity"].text for batch in tenant.cloud("Get-MigrationBatch")}) == 1


@pytest.mark.parametrize("answer", ["lost", "stale"])
@pytest.mark.parametrize("cmdlet", ["Get-MigrationBatch", "Get-MigrationUser"])
@pytest.mark.parametrize("count", [1, 40])
def test_a_lost_answer_makes_no_second_batch_though_reading_back_fails_or_lists_nothing_yet(
    tenant: Tenant, answer: str, cmdlet: str, count: int
) -> None:
    """What is read back goes wrong once, or for the rest of the run; the run after it finds the batch."""
    befalls = ["", *[answer] * count]  # not yet when the run begins
    tenant.lab.trouble, tenant.lab.reads = Trouble("lost", cmdlet="New-MigrationBatch"), {cmdlet: befalls}
    if answer == "lost":
        with pytest.raises(HybridError) as caught:
            tenant.run()
        assert caught.value.retryable
    else:
        assert (codes(tenant.run()) == ["changed"] * 3) is (count == 1)
    befalls.clear()
    again = tenant.run()
    assert codes(again) == ["unchanged"] * 3
    assert [batch["Identity"].text for batch in tenant.cloud("Get-MigrationBatch")] == ["wave-1"]
    assert len(tenant.statuses) == 3


def life(trouble: Trouble) -> tuple[list[Any], int]:
    """Bring a wave of three in two batches from its first user to its end by every cmdlet, each task twice over.

    Return what the tenant shows after each task, and how many writes there were. A killed task is nothing but not
    completed: the second one follows it.
    """
    tenant = Tenant()
    ann, bob, _cleo = tenant.pairs
    tenant.build.set_cloud(bob, skipped=Skipped("Investigate", 3))
    tenant.hybrid.directory.mrs_proxy_enabled = False
    tenant.run("present", wave=[tenant.record(ann)], batch_size=2)
    tenant.lab.trouble = trouble
    whole = {"resume_failed": True, "approve_skipped_items": True}
    tasks: list[tuple[str, list[Pair]]] = [
        ("started", tenant.pairs), ("started", tenant.pairs), ("stopped", [bob]), ("stopped", tenant.pairs),
        ("started", tenant.pairs), ("completed", [bob]), ("completed", tenant.pairs), ("absent", [bob]),
        ("absent", tenant.pairs),
    ]  # fmt: skip
    shown = []
    for number, (state, pairs) in enumerate(tasks):
        for _run in range(2):
            try:
                # The first time the users fail, as their endpoint does not work, and the second time they are resumed.
                tenant.run(state, wave=[tenant.record(pair, **whole if number else {}) for pair in pairs], batch_size=2)
            except Killed:
                tenant.lab.dead = False
        if state != "stopped":
            tenant.later()
        tenant.hybrid.directory.mrs_proxy_enabled = True
        listed = [(batch["Identity"].text, batch["Status"].name, batch["TotalCount"])
                  for batch in tenant.cloud("Get-MigrationBatch")]  # fmt: skip
        homes = [pair.directory.kind for pair in tenant.pairs]
        shown.append((state, listed, tenant.statuses, homes, len(tenant.hybrid.replication.requests)))
    return shown, tenant.lab.trouble.seen


def test_a_kill_between_any_two_writes_ends_in_the_same_state_after_a_second_run() -> None:
    undisturbed, writes = life(Trouble())
    assert undisturbed[-1] == ("absent", [], {}, ["UserMailbox"] * 3, 0)
    for number in range(writes):
        trouble = Trouble("killed", number)
        assert life(trouble)[0] == undisturbed, f"killed after write {number}"
        assert trouble.count == 0


def test_a_refused_batch_fails_its_members_and_no_others(tenant: Tenant) -> None:
    tenant.lab.trouble = Trouble("failed", cmdlet="New-MigrationBatch")
    outcomes = tenant.run(batch_size=2)
    assert [outcome.status for outcome in outcomes] == ["failed", "failed", "changed"]
    assert (outcomes[0].error.cmdlet, len(tenant.statuses)) == ("New-MigrationBatch", 1)  # type: ignore[union-attr]


# -- what is reported -------------------------------------------------------------------------------------------------


def read(tenant: Tenant, wave: Any = None, batch_name: str = "", *, statistics: bool = False) -> tuple[Any, Any]:
    with tenant.lab.connect("exchange_online") as connections:
        return migration_batch_info.read(connections, wave, batch_name, statistics)


def test_a_user_is_shown_in_its_own_terms_and_in_those_of_a_move_request(tenant: Tenant) -> None:
    tenant.run(batch_size=2)
    tenant.run(wave=[tenant.record(tenant.add("Zoe Zimmer"))], batch_name="other")
    tenant.later()
    outcomes, batches_shown = read(tenant, batch_name="wave-1")
    assert [batch["identity"] for batch in batches_shown] == ["wave-1", "wave-1-2"]
    assert (batches_shown[0]["status"], batches_shown[0]["synced_count"]) == ("Synced", 2)
    assert [outcome.details["move_request"]["status"] for outcome in outcomes] == ["Synced"] * 3
    nobody = {"identity": "nobody@contoso.com"}
    found, _batches = read(tenant, [tenant.record(tenant.pairs[0]), nobody], statistics=True)
    assert (found[0].details["migration_user"]["percentage_complete"], found[1].details["migration_user"]) == (95, {})
    # The same fields as move_request_info has.
    request = found[0].details["move_request"]
    assert request["percent_complete"] == 95
    assert request["total_mailbox_size"] >= request["bytes_transferred"] > 0


def test_of_several_users_of_a_mailbox_the_one_is_shown_that_has_not_completed(tenant: Tenant) -> None:
    """A finished onboarding batch stays for weeks (facts migration-batches.md 3)."""
    ann, bob, cleo = tenant.pairs
    tenant.run(wave=[tenant.record(bob), tenant.record(cleo)])
    tenant.later()
    for pair in (ann, bob):
        tenant.hybrid.tenant.migration_users[pair.identity] = "to the cloud"
    tenant.build.set_cloud(cleo, user_principal_name="c.clark@contoso.com")
    tenant.lab.calls.clear()
    outcomes, shown = read(tenant, [{"identity": name} for name in (ann.identity, bob.identity, "c.clark@contoso.com")])
    assert [outcome.details["migration_user"].get("batch_id") for outcome in outcomes] == [
        "to the cloud", "wave-1", "wave-1",
    ]  # fmt: skip
    assert [item["identity"] for item in shown] == ["wave-1", "to the cloud"]


def test_a_failed_user_is_a_failed_result_with_the_whole_message(tenant: Tenant) -> None:
    tenant.hybrid.directory.mrs_proxy_enabled = False
    tenant.run()
    tenant.later()
    outcomes, _batches = read(tenant, statistics=True)
    assert codes(outcomes) == ["move_failed"] * 3
    assert "mrs_proxy_disabled" in outcomes[0].error.message


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        ({"Status": {"Value": "Synced"}}, "Synced"),
        ({"Status": "QUEUED"}, "Queued"),
        ({"Status": "NeedsApproval", "StatusSummary": {"Value": "Active"}}, "InProgress"),
        ({"Status": "SomethingNew"}, "InProgress"),
        ({"Status": "CompletedWithWarnings"}, "CompletedWithWarning"),
        ({"Status": "IncrementalStopped"}, "Suspended"),
    ],
)
def test_statuses_of_every_form_and_unknown_ones_are_read(shown: dict[str, Any], status: str) -> None:
    user = migration.user({"Identity": {"Id": "ann@contoso.com/0a0b0c0d-0000-0000-0000-000000000001"}, **shown})
    assert migration.as_request(user, "x")["status"] == status
    assert migration.keys(user) == {"ann@contoso.com", "0a0b0c0d-0000-0000-0000-000000000001"}


def test_counts_as_texts_and_values_that_nobody_knows() -> None:
    batch = migration.batch({"Identity": {"Name": "wave-1"}, "TotalCount": "25", "SyncedCount": "many", "Status": None})
    assert batch == {"identity": "wave-1", "status": "", "total_count": 25}


def sends(recorder: Any) -> None:
    """Run what leads to every cmdlet and parameter, for the test that holds them to the reference."""
    tenant = Tenant()
    ann, bob, cleo = tenant.pairs
    due = {"complete_after": "2035-11-24T22:00:00Z"}
    for pair in (ann, bob):
        tenant.build.set_cloud(pair, skipped=Skipped("Investigate", 3))
    tenant.build.archive(cleo)
    split = {"primary_only": True, "archive_domain": "contoso.mail.onmicrosoft.com", "cutover": "automatic"}
    starts = {"start_after": "2035-11-23T22:00:00Z", "cutover": "at", **due}

    def run(state: str, *wave: Record, **options: Any) -> None:
        tenant.run(state, wave=list(wave), **options)
        recorder.sent += tenant.lab.calls

    notified = {"notification_emails": ["ops@contoso.com"], "databases": Databases(("DB02",), ("DB03",))}
    run("present", tenant.record(ann), tenant.record(cleo, **split), **notified)
    run("started", tenant.record(ann), tenant.record(bob), tenant.record(cleo, **split))
    run("started", tenant.record(tenant.add("Dana Diaz"), **starts))
    run("stopped", tenant.record(ann))
    run("stopped", tenant.record(ann), tenant.record(bob))
    run("started", tenant.record(ann), tenant.record(bob))
    tenant.hybrid.directory.mrs_proxy_enabled = False
    failing = tenant.add("Emil Eriksen")
    run("started", tenant.record(failing))
    tenant.later()
    tenant.hybrid.directory.mrs_proxy_enabled = True
    run("started", tenant.record(failing, resume_failed=True))
    tenant.later()
    approved = {"approve_skipped_items": True}
    run("completed", tenant.record(ann, **approved))
    run("completed", tenant.record(bob, **approved, **due), tenant.record(failing, **due))
    run("absent", tenant.record(failing))
    run("absent", tenant.record(ann), tenant.record(bob))
    with tenant.lab.connect("exchange_online") as connections:
        tenant.lab.calls.clear()
        recipients_read.migration_endpoints(connections)
        migration_batch_info.read(connections, None, "", True)
    recorder.sent += tenant.lab.calls
    tenant = Tenant()
    tenant.run()
    tenant.later()
    tenant.run("completed")
    recorder.sent += tenant.lab.calls
