# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The readiness report end to end: every condition that the lab knows is found, and nothing else is."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import CHECKS
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note

from lab.hybrid import empty_hybrid
from lab.model.builder import Person, child_domain_person
from lab.model.scenarios import ENVIRONMENT, MAILBOX, put_on_environment, put_on_mailbox
from tests.integration.conftest import opened
from tests.integration.harness import MOVE, SPEED, Bench, Run, module, records
from tests.unit.plugins.module_utils.fakes import on_disk

TARGET = {
    **{name: value for name, value in MOVE.items() if name != "batch_name"},
    "routing_domain": "contoso.mail.onmicrosoft.com",
}
# What no channel answers in any organization.
UNANSWERED = {"perimeter", "sender_policy", "message_size", "sync_scope"}
OF_GRAPH = {
    "admin_role", "provisioning_errors", "soft_match_blocked", "hard_match_blocked", "user_cloud_managed",
    "attribute_write_back",
}  # fmt: skip
HEALTHY = 12
# With Microsoft Graph this anchor is proved.
WITH_GRAPH = [name for name in MAILBOX if name != "anchor_unproved"]
Findings = dict[str, dict[str, Any]]


def readiness(bench: Bench, wave: list[dict[str, Any]], **options: Any) -> Run:
    bench.signs_in, bench.environment = True, {"EXCHANGE_ONLINE_GRAPH": "true", **bench.environment}
    return bench.play(
        module(
            "offboarding_readiness",
            mailboxes=wave,
            **{**TARGET, "fail_on": "never", **options},
        )
    )


def by_code(findings: list[dict[str, Any]]) -> Findings:
    return {finding["code"]: finding for finding in findings}


def told(findings: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(finding["code"], finding["severity"]) for finding in findings}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], Run, list[str]]]:
    """One run over a wave with each scenario on a mailbox of its own, and healthy ones between them."""
    with opened(empty_hybrid(speed=SPEED), tmp_path_factory.mktemp("readiness")) as bench:
        wave, identities = [], {}
        for name in WITH_GRAPH:
            pair = bench.build.cloud_only(Person(f"Trap {name.replace('_', ' ').title()}"))
            record = {"identity": pair.identity, **put_on_mailbox(bench.hybrid, name, pair)}
            identities[name] = record["identity"]
            wave.append(record)
        healthy = [bench.build.cloud_only(f"Healthy {number}") for number in range(HEALTHY - 2)]
        healthy += [bench.build.synced("Healthy Synced"), bench.build.remote_mailbox("Healthy Remote")]
        wave += records(healthy)
        run = readiness(bench, wave)
        assert bench.writes() == []
        yield identities, run, [pair.identity for pair in healthy]


@pytest.mark.parametrize("name", WITH_GRAPH)
def test_each_condition_of_a_mailbox_is_found(name: str, everything: tuple[dict[str, str], Run, list[str]]) -> None:
    identities, run, _healthy = everything
    scenario = MAILBOX[name]
    found = by_code(run.only.mailboxes[identities[name]]["findings"])
    if not scenario.codes:
        # Looks like a fault, and is none.
        assert (found, run.only.mailboxes[identities[name]]["ready"]) == ({}, True)
        return
    assert found[scenario.codes[0]]["severity"] == scenario.severity
    # Nothing beside what the condition brings with it is alarming.
    alarming = {code for code, item in found.items() if item["severity"] in ("blocker", "warning")}
    assert alarming <= set(scenario.codes)
    for finding in found.values():
        assert all(finding[key] for key in ("found", "why", "remedy", "source")), finding


def test_healthy_mailboxes_beside_them_raise_no_alarm(everything: tuple[dict[str, str], Run, list[str]]) -> None:
    _identities, run, healthy = everything
    assert len(healthy) == HEALTHY
    assert {code for identity in healthy for code in by_code(run.only.mailboxes[identity]["findings"])} == set()


def test_a_healthy_environment_has_only_what_nobody_can_answer(
    everything: tuple[dict[str, str], Run, list[str]],
) -> None:
    _identities, run, _healthy = everything
    assert told(run.only.result["environment"]) == {(code, "not_checked") for code in UNANSWERED}


# Each of them hides what one of the others shows.
APART = ["windows_authentication_off", "exchange_2019", "sync_deletion_threshold"]
TOGETHER = [name for name in ENVIRONMENT if name not in APART]


@pytest.mark.parametrize("names", [TOGETHER, APART], ids=["most", "others"])
def test_each_condition_of_the_environment_is_found(bench: Bench, names: list[str]) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    for name in names:
        put_on_environment(bench.hybrid, name)
    run = readiness(bench, records([pair]))
    expected = {(ENVIRONMENT[name].codes[0], ENVIRONMENT[name].severity) for name in names}
    possible = expected | {("endpoint_test_failed", "blocker")} | {(code, "not_checked") for code in UNANSWERED}
    assert expected <= told(run.only.result["environment"]) <= possible
    assert run.only.result["summary"]["environment_ready"] is False


# -- conditions that no scenario of the lab stands for ----------------------------------------------------------------

OTHERS = {
    "addresses_at_risk", "duplicate_identity", "shared_ad_user", "baseline_missing", "baseline_differs",
    "unreadable_baseline", "foreign_baseline", "unreadable", "remote_credential_form", "hybrid_agent",
    "domain_controller_not_pinned", "organization_retention_hold", "unprotected_sync", "domain_not_pinned",
    "uniqueness_not_checked", "values_unseen", "sign_in_name_would_change", "holds_not_checked",
    "experimental_rest_credential_required", "still_paused", "no_database_fits",
}  # fmt: skip


def test_every_check_is_tested_here() -> None:
    scenarios = [*MAILBOX.values(), *ENVIRONMENT.values()]
    tested = {code for scenario in scenarios for code in scenario.codes} | UNANSWERED | OTHERS
    assert tested == set(CHECKS)


def test_records_that_mean_one_object_are_found(bench: Bench) -> None:
    ann = bench.build.cloud_only(Person("Ann Archer", extra=("smtp:ann@contoso.com",)))
    bob, cleo = bench.build.cloud_only("Bob Baker"), bench.build.cloud_only("Cleo Clark")
    wave = [{"identity": ann.identity}, {"identity": "ann@contoso.com"}]
    wave += [{"identity": pair.identity, "ad_identity": str(bob.directory.guid)} for pair in (bob, cleo)]
    found = readiness(bench, wave).only.mailboxes
    codes = {identity: set(by_code(entry["findings"])) for identity, entry in found.items()}
    assert {"duplicate_identity"} <= codes[ann.identity]
    assert {"duplicate_identity"} <= codes["ann@contoso.com"]
    assert {"shared_ad_user"} <= codes[bob.identity] & codes[cleo.identity]


def test_what_earlier_runs_left_in_the_directory_is_found(bench: Bench) -> None:
    gone, damaged = bench.build.cloud_only("Ann Archer"), bench.build.cloud_only("Bob Baker")
    strange, changed = bench.build.cloud_only("Cleo Clark"), bench.build.cloud_only("Dora Dean")
    bench.build.mail_enable(gone, exchange_guid=gone.cloud.exchange_guid)
    baselines = bench.offboarding_directory / "baseline"
    baselines.mkdir(parents=True)
    (baselines / f"{damaged.cloud.exchange_guid}.json").write_text("{", encoding="utf-8")
    stranger = {"version": 1, "identity": "x@contoso.com", "cloud": {"exchange_guid": str(uuid.uuid4())}}
    (baselines / f"{strange.cloud.exchange_guid}.json").write_text(
        json.dumps({**stranger, "on_premises": {}}), encoding="utf-8"
    )
    known = bench.offboarding_directory
    assert bench.play(module("offboarding_state", directory=str(known), identity=changed.identity)).succeeded
    bench.build.mail_enable(changed, exchange_guid=changed.cloud.exchange_guid)
    bench.build.set_cloud(changed, email_addresses=[*changed.cloud.email_addresses, "smtp:added@contoso.com"])
    # Somebody of another wave with the same directory.
    HalfMade(on_disk(known)).begin(Note("eve.evans@contoso.com", str(uuid.uuid4()), {}))
    run = readiness(bench, records([gone, damaged, strange, changed]), directory=str(bench.offboarding_directory))
    assert ("addresses_at_risk", "blocker") in told(run.only.result["environment"])
    assert ("baseline_missing", "blocker") in told(run.only.mailboxes[gone.identity]["findings"])
    assert ("unreadable_baseline", "blocker") in told(run.only.mailboxes[damaged.identity]["findings"])
    assert ("baseline_differs", "blocker") in told(run.only.mailboxes[changed.identity]["findings"])
    assert ("foreign_baseline", "blocker") in told(run.only.mailboxes[strange.identity]["findings"])


def test_a_mailbox_that_cannot_be_read_is_no_pass(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    bench.build.mail_enable(pair)
    bench.faults.add(
        "exchange_server", "Get-MailUser", "error", count=None, exception_type="System.Exception", message="Broken."
    )
    entry = readiness(bench, records([pair])).only.only
    assert told(entry["findings"]) == {("unreadable", "blocker")}
    assert (entry["ready"], entry["state"]) == (False, "unknown")


def test_the_task_itself_is_looked_at(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    bench.environment = {"REMOTE_CREDENTIAL_USERNAME": "svc-mrsproxy@contoso.com"}
    host = "0a1b2c3d.resource.mailboxmigration.his.msappproxy.net"
    run = readiness(bench, records([pair]), remote_host_name=host, exchange_server={"domain_controller": []})
    wanted = {("remote_credential_form", "blocker"), ("hybrid_agent", "info"), ("domain_controller_not_pinned", "info")}
    assert wanted <= told(run.only.result["environment"])
    assert ("endpoint_test_failed", "blocker") in told(run.only.result["environment"])
    run = readiness(bench, records([pair]), exchange_online={"experimental_rest_credential": False})
    unsent = {("experimental_rest_credential_required", "blocker"), ("endpoint_test_failed", "not_checked")}
    assert unsent <= told(run.only.result["environment"])
    assert run.only.result["summary"]["environment_ready"] is False


def test_an_organization_that_expands_its_archives_is_found(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    bench.build.archive(pair)
    bench.hybrid.tenant.auto_expanding_archive = True
    # One policy that keeps items, one that only deletes, one for groups.
    bench.hybrid.tenant.in_place_holds = ["mbx0f1e2d3c:2", "mbx4d5e6f70:1", "grp8a9b0c1d:3"]
    found = told(readiness(bench, records([pair], remote_archive_target_database="DB02")).only.only["findings"])
    assert found == {("auto_expanding_archive", "blocker"), ("organization_retention_hold", "blocker")}
    bench.build.set_cloud(pair, in_place_holds=["-mbx0f1e2d3c:2"])
    run = readiness(bench, records([pair], remote_archive_target_database="DB02"))
    assert told(run.only.only["findings"]) == {("auto_expanding_archive", "blocker")}
    stays = records([pair], primary_only=True, archive_domain="contoso.mail.onmicrosoft.com")
    assert readiness(bench, stays).only.only["findings"] == []


# -- no answer is no pass ---------------------------------------------------------------------------------------------

DENIED = {
    "exchange_server": {
        "Get-WebServicesVirtualDirectory": {
            "mrs_proxy_disabled", "ews_wssecurity_disabled", "ews_windows_authentication_disabled",
            "ews_extended_protection",
        },
        "Get-MailboxDatabaseCopyStatus": {"database_space"},
        "Get-HybridConfiguration": {"hybrid_not_configured"},
        "Get-AcceptedDomain": {
            "delivery_domain_not_accepted", "primary_domain_not_accepted", "alias_domain_not_accepted",
        },
        "Get-MoveRequest": {"move_request_on_premises"},
    },
    "exchange_online": {
        "Get-OutboundConnector": {"outbound_connector_missing"},
        "Get-OrganizationConfig": {"cloud_managed_by_default"},
        "Get-MigrationUser": {"belongs_to_migration_batch"},
        "Test-MigrationServerAvailability": {"endpoint_test_failed"},
        "Get-MailboxStatistics": {"size_exceeds_quota", "recoverable_items_exceed_quota"},
    },
    "entra_connect": {
        "Get-ADSyncScheduler": {"sync_cycle_disabled", "sync_staging_mode", "sync_suspended"},
        "Get-ADSyncRunProfileResult": {"sync_export_errors", "sync_deletion_threshold"},
    },
}  # fmt: skip
OF_ACTIVE_DIRECTORY = {
    "home_mdb_left", "home_mta_left", "inheritance_disabled", "protected_account", "consistency_guid_set",
    "anchor_differs", "remote_recipient_type", "move_residue", "alias_would_change", "hidden_would_change",
    "custom_attributes_would_change", "sync_filtered",
}  # fmt: skip


def test_what_the_account_may_not_ask_is_not_checked(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    expected = set(UNANSWERED)
    for organization, cmdlets in DENIED.items():
        for cmdlet, codes in cmdlets.items():
            bench.faults.add(organization, cmdlet, "deny", count=None)
            expected |= codes
    run = readiness(bench, records([pair]))
    assert told(run.only.result["environment"]) == {(code, "not_checked") for code in expected}
    # Retention policies that nobody read stop the role.
    assert told(run.only.only["findings"]) == {("holds_not_checked", "blocker")}
    assert run.only.only["ready"] is False


@pytest.mark.parametrize("host", ["", "127.0.0.1"], ids=["not configured", "out of reach"])
def test_without_active_directory_its_questions_are_not_checked(bench: Bench, host: str) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    # Port 9 (discard) answers nowhere on loopback.
    bench.environment = {"ACTIVE_DIRECTORY_HOST": host, "ACTIVE_DIRECTORY_PORT": "9"}
    found = told(readiness(bench, records([pair])).only.result["environment"])
    wanted = UNANSWERED | OF_ACTIVE_DIRECTORY | {"address_in_use"}  # by whom the cmdlets do not show
    assert found == {(code, "not_checked") for code in wanted}


def test_without_graph_its_questions_are_not_checked(bench: Bench) -> None:
    bench.environment = {"EXCHANGE_ONLINE_GRAPH": "false"}
    pairs = [bench.build.cloud_only(name) for name in ("Ann Archer", "Bob Baker")]
    put_on_mailbox(bench.hybrid, "anchor_unproved", pairs[1])
    run = readiness(bench, records(pairs))
    wanted = {(code, "not_checked") for code in UNANSWERED | OF_GRAPH | {"anchor_differs"}}
    assert told(run.only.result["environment"]) == wanted
    assert told(run.only.mailboxes[pairs[1].identity]["findings"]) == {("anchor_unverified", "not_checked")}


def test_users_of_another_domain_are_not_checked_one_by_one(bench: Bench) -> None:
    here = bench.build.cloud_only("Ann Archer")
    there = bench.build.cloud_only(child_domain_person("Ines Fontaine"))
    run = readiness(bench, records([here, there]))
    assert run.only.mailboxes[here.identity]["findings"] == []
    assert told(run.only.mailboxes[there.identity]["findings"]) == {
        (code, "not_checked") for code in OF_ACTIVE_DIRECTORY
    }


def test_a_wave_is_read_in_bulk(bench: Bench) -> None:
    wave = records(bench.build.many(120))
    options = {name: value for name, value in TARGET.items() if name.startswith(("remote_target", "target"))}
    bench.play(module("offboarding_state", mailboxes=wave, **options))
    state = calls(bench)
    seen = len(bench.log)
    readiness(bench, wave, check_sizes=False)
    # Not one call more for the mailboxes than the role makes itself; a handful for the organization.
    extra = calls(bench, seen) - state
    assert not {cmdlet for cmdlet in extra if cmdlet in ("Get-User", "Get-Recipient", "Get-Mailbox", "Get-MailUser")}
    assert max(extra.values()) == 1


def calls(bench: Bench, since: int = 0) -> Counter[str]:
    return Counter(e["cmdlet"] for e in bench.log.entries(since=since) if e["organization"] == "exchange_server")
