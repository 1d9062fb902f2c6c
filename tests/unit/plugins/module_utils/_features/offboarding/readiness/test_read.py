# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the readiness report asks of each system, how the endpoint is tested, and what its files and its page hold."""

from __future__ import annotations

import csv
import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Properties,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import ENTRA_CONNECT
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import (
    report as reports,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Subject,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    found,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.read import (
    ReadinessOptions,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note

from tests.unit.plugins.module_utils.fakes import (
    Fails,
    FakeOrganization,
    ad_user,
    cloud_mailbox,
    connect,
    guid_of,
    on_disk,
    on_premises,
    refusal,
    tenant,
)

ROOT = Path(__file__).resolve().parents[7]
RECORD = {
    "identity": "ann@contoso.com", "remote_host_name": "mail.contoso.com", "remote_target_database": "DB01",
    "target_delivery_domain": "contoso.com",
}  # fmt: skip
CREDENTIAL = Credential("CONTOSO\\svc", "Secret-of-the-proxy")
TEST = "Test-MigrationServerAvailability"
NOW = datetime.datetime(2026, 11, 23, 9, 14, tzinfo=datetime.timezone.utc)
TOO_RECENTLY = refusal(
    "The connection to the server was tested too recently. Try again after 11/23/2026 9:15:00 AM.",
    "MigrationConnectionTestedTooRecentlyException", TEST,
)  # fmt: skip


ENDPOINT = {"Identity": "Hybrid", "RemoteServer": "mail.contoso.com", "EndpointType": "ExchangeRemoteMove"}


def organizations() -> tuple[FakeOrganization, FakeOrganization]:
    """Return both organizations of a wave of one."""
    server, cloud = on_premises(ad_user()), tenant(cloud_mailbox())
    for name in ("Get-WebServicesVirtualDirectory", "Get-HybridConfiguration", "Get-AcceptedDomain", "Get-MoveRequest"):
        server.handlers[name] = lambda _cmdlet: []
    server.handlers["Get-MailboxDatabaseCopyStatus"] = lambda _cmdlet: [{"DatabaseName": "DB01", "DiskFreeSpace": 1024}]
    for name in ("Get-OrganizationConfig", "Get-OutboundConnector", "Get-MigrationUser", TEST):
        cloud.handlers[name] = lambda _cmdlet: []
    cloud.handlers["Get-MailboxStatistics"] = lambda _cmdlet: [{"TotalItemSize": 2048, "TotalDeletedItemSize": 0}]
    return server, cloud


def check(
    server: FakeOrganization, cloud: FakeOrganization, *, slept: list[float] | None = None, **options: Any
) -> reports.Report:
    waits: list[float] = [] if slept is None else slept
    chosen = ReadinessOptions(**{"credential": CREDENTIAL, **options})
    return read.check(connect(server, cloud), [RECORD], chosen, waits.append, lambda: NOW)


@pytest.mark.parametrize("accept", [frozenset(), frozenset(["holds_not_checked"])], ids=["", "accepted"])
def test_unread_retention_policies_leave_no_mailbox_ready_unless_accepted(accept: frozenset[str]) -> None:
    server, cloud = organizations()
    cloud.handlers["Get-OrganizationConfig"] = Fails(
        *[refusal("Not allowed.", cmdlet="Get-OrganizationConfig") for _time in range(9)]
    )
    ((_subject, findings),) = check(server, cloud, accept=accept).mailboxes
    told = [finding for finding in findings if finding.code.startswith("holds")]
    assert [(finding.code, finding.severity) for finding in told] == [("holds_not_checked", "blocker")]
    assert reports.ready(told) is bool(accept)


def endpoint(report: reports.Report) -> list[tuple[str, str]]:
    return [(f.severity, f.found) for f in report.environment if f.code == "endpoint_test_failed"]


def test_nothing_is_written_and_the_endpoint_is_tested_once_with_the_credential() -> None:
    server, cloud = organizations()
    check(server, cloud)
    assert server.writes == cloud.writes == []
    (test,) = cloud.named(TEST)
    assert test.parameters == {
        "ExchangeRemoteMove": True, "RemoteServer": "mail.contoso.com", "Credentials": CREDENTIAL,
    }  # fmt: skip
    assert "Secret" not in test.preview()


def test_soft_deleted_mailboxes_are_asked_for_once_and_told_of_the_mailbox_whose_address_they_have() -> None:
    server, cloud = organizations()
    server.objects = on_premises(ad_user(), ad_user("bob")).objects
    cloud.objects = tenant(cloud_mailbox(), cloud_mailbox("bob")).objects
    live, other = cloud.objects["Get-Mailbox"], guid_of("bob's old mailbox")

    def mailboxes(cmdlet: Cmdlet) -> list[Properties]:
        if cmdlet.parameters.get("SoftDeletedMailbox"):
            return [cloud_mailbox("bob", ExchangeGuid=other)]
        assert "Filter" in cmdlet.parameters
        return live

    cloud.handlers["Get-Mailbox"] = mailboxes
    wave = [RECORD, {**RECORD, "identity": "bob@contoso.com"}]
    report = read.check(connect(server, cloud), wave, ReadinessOptions(credential=CREDENTIAL), lambda _seconds: None)
    told = [[f.found for f in findings if f.code == "soft_deleted_twin"] for _subject, findings in report.mailboxes]
    assert told == [[], [f"The soft-deleted mailbox with the ExchangeGuid {other} has an address of this one."]]
    asked = [cmdlet.parameters for cmdlet in cloud.named("Get-Mailbox") if "SoftDeletedMailbox" in cmdlet.parameters]
    assert asked == [{"SoftDeletedMailbox": True, "ResultSize": "Unlimited"}]


def test_a_migration_endpoint_is_tested_by_name() -> None:
    server, cloud = organizations()
    check(server, cloud, credential=None, migration_endpoint="Hybrid")
    assert [test.parameters for test in cloud.named(TEST)] == [{"Endpoint": "Hybrid"}]


def test_who_was_left_half_made_is_told_for_the_whole_wave(tmp_path: Path) -> None:
    server, cloud = organizations()
    HalfMade(on_disk(tmp_path)).begin(Note("bob@contoso.com", "guid", {}))
    report = check(server, cloud, folder=on_disk(tmp_path))
    (finding,) = (finding for finding in report.environment if finding.code == "addresses_at_risk")
    assert (finding.severity, "bob@contoso.com" in finding.found) == ("blocker", True)
    assert "offboarding_accept" not in finding.remedy


@pytest.mark.parametrize(("there", "pause_sync", "why"), [
    (True, True, None),
    (True, False, "offboarding_pause_sync is false."),
    (False, True, "entra_connect is not configured."),
])  # fmt: skip
def test_without_a_pause_of_the_sync_users_to_write_are_unprotected(
    there: bool, pause_sync: bool, why: str | None
) -> None:
    server, cloud = organizations()
    silent = {"Get-ADSyncScheduler": [], "Get-ADSyncRunProfileResult": []}
    sync = [FakeOrganization(ENTRA_CONNECT, silent)] if there else []
    report = read.check(connect(server, cloud, *sync), [RECORD], ReadinessOptions(pause_sync=pause_sync))
    told = [finding.found for finding in report.environment if finding.code == "unprotected_sync"]
    assert told == ([] if why is None else [why])


@pytest.mark.parametrize(("options", "refused"), [
    ({}, True),
    ({"online": {"interface": "rest"}}, True),
    ({"migration_endpoint": "Hybrid"}, True),
    ({"test_endpoint": False}, True),
    ({"online": {"experimental_rest_credential": True}}, False),
    ({"online": {"interface": "powershell"}}, False),
    ({"credential": None}, False),
])  # fmt: skip
def test_a_credential_that_the_move_would_not_send_is_a_final_blocker(options: dict[str, Any], refused: bool) -> None:
    report = check(*organizations(), accept=frozenset(["experimental_rest_credential_required"]), **options)
    told = [f for f in report.environment if f.code == "experimental_rest_credential_required"]
    assert [(f.severity, f.accepted, "CONTOSO\\svc" in f.found) for f in told] == [("blocker", False, True)] * refused
    assert reports.ready(told) is not refused


@pytest.mark.parametrize("options", [{"credential": None}, {"test_endpoint": False}])
def test_without_means_or_wish_nothing_is_tested_and_nothing_passes(options: dict[str, Any]) -> None:
    server, cloud = organizations()
    ((severity, _text),) = endpoint(check(server, cloud, **options))
    assert severity == "not_checked"
    assert cloud.named(TEST) == []


def test_a_test_that_came_too_early_is_made_once_more_at_the_time_that_the_refusal_names() -> None:
    server, cloud = organizations()
    cloud.handlers[TEST] = Fails(TOO_RECENTLY, then=lambda _cmdlet: [{"Result": "Success"}])
    slept: list[float] = []
    assert endpoint(check(server, cloud, slept=slept)) == []
    assert (sum(slept), len(cloud.named(TEST))) == (61.0, 2)


def test_a_test_that_stays_too_early_is_not_checked_and_quotes_the_time() -> None:
    server, cloud = organizations()
    cloud.handlers[TEST] = Fails(TOO_RECENTLY, TOO_RECENTLY)
    ((severity, text),) = endpoint(check(server, cloud))
    assert severity == "not_checked"
    assert "Try again after 11/23/2026 9:15:00 AM" in text


def test_a_failed_test_is_a_blocker_in_exchanges_own_words() -> None:
    server, cloud = organizations()
    cloud.handlers[TEST] = lambda _cmdlet: [{"Result": "Failed", "Message": "The HTTP request was forbidden.\n"}]
    ((severity, text),) = endpoint(check(server, cloud))
    assert (severity, text) == ("blocker", "mail.contoso.com: The HTTP request was forbidden.")


def test_the_copies_of_the_target_database_are_read_where_it_is_known() -> None:
    server, cloud = organizations()
    check(server, cloud)
    assert [call.parameters for call in server.named("Get-MailboxDatabaseCopyStatus")] == [{"Identity": "db01"}]
    server, cloud = organizations()

    def without_status(cmdlet: Cmdlet) -> list[Properties]:
        if cmdlet.parameters.get("Status"):
            raise refusal("Not allowed.", cmdlet=cmdlet.name)
        return [{"Name": "DB01"}]

    server.handlers["Get-MailboxDatabase"] = without_status
    check(server, cloud)
    assert server.named("Get-MailboxDatabaseCopyStatus") == []


def test_refused_copies_are_not_checked_and_those_of_two_databases_are_all_read() -> None:
    server, cloud = organizations()
    server.objects["Get-MailboxDatabase"] = [{"Name": "DB01"}, {"Name": "DB02"}]
    second = {"identity": "ann@contoso.com", "remote_target_database": "DB02", "remote_archive_target_database": "DB01"}
    options = ReadinessOptions(credential=CREDENTIAL)
    read.check(connect(server, cloud), [{**RECORD, **second}], options, [].append)
    asked = [call.parameters["Identity"] for call in server.named("Get-MailboxDatabaseCopyStatus")]
    assert asked == ["db01", "db02"]

    def refuse(cmdlet: Cmdlet) -> list[Properties]:
        raise refusal("Not allowed.", cmdlet=cmdlet.name)

    server.handlers["Get-MailboxDatabaseCopyStatus"] = refuse
    told = [item for item in check(server, cloud).environment if item.code == "database_space"]
    assert [(item.severity, "Not allowed" in item.found) for item in told] == [("not_checked", True)]


def test_archives_are_sized_only_where_they_move() -> None:
    server, cloud = organizations()
    check(server, cloud)
    assert ["Archive" in cmdlet.parameters for cmdlet in cloud.named("Get-MailboxStatistics")] == [False]
    check(server, cloud, check_sizes=False)
    assert len(cloud.named("Get-MailboxStatistics")) == 1
    with_archive = tenant(cloud_mailbox(ArchiveGuid=guid_of("archive")))
    with_archive.handlers.update(cloud.handlers)
    check(server, with_archive)
    assert ["Archive" in cmdlet.parameters for cmdlet in with_archive.named("Get-MailboxStatistics")] == [False, True]


def test_a_size_that_is_refused_is_not_checked() -> None:
    server, cloud = organizations()

    def refuse(cmdlet: Cmdlet) -> list[dict[str, Any]]:
        raise refusal("Insufficient access rights.", cmdlet=cmdlet.name)

    cloud.handlers["Get-MailboxStatistics"] = refuse
    report = check(server, cloud)
    found_texts = [f.found for f in report.environment if f.code == "size_exceeds_quota"]
    assert len(found_texts) == 1
    assert "Insufficient access rights" in found_texts[0]


# -- the files and the page -------------------------------------------------------------------------------------------


def sample() -> reports.Report:
    subject = Subject({"identity": "=cmd@contoso.com"}, "=cmd@contoso.com")
    findings = [found("litigation_hold", 'On "hold", really', "=cmd@contoso.com")]
    calm = Subject({"identity": "ann@contoso.com"}, "ann@contoso.com")
    return reports.Report([found("hybrid_agent", "mail is one")], [(subject, findings), (calm, [])])


def test_the_document_counts_and_keeps_the_order() -> None:
    document = json.loads(json.dumps(reports.document(sample(), "2026-11-23T09:00:00Z")))
    assert document["summary"] == {
        "mailboxes": 2, "ready": 1, "environment_ready": True, "accepted": 0,
        "severities": {"blocker": 1, "warning": 0, "info": 1, "not_checked": 0},
        "codes": {"litigation_hold": 1, "hybrid_agent": 1},
    }  # fmt: skip
    assert [entry["identity"] for entry in document["mailboxes"]] == ["=cmd@contoso.com", "ann@contoso.com"]
    assert (document["version"], document["generated_at"]) == (1, "2026-11-23T09:00:00Z")


def test_the_table_has_a_row_for_every_finding_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(reports.table(sample()))))
    assert [(row["mailbox"], row["severity"], row["accepted"]) for row in rows] == [
        ("(environment)", "info", "false"), ("'=cmd@contoso.com", "blocker", "false"), ("ann@contoso.com", "none", ""),
    ]  # fmt: skip
    assert rows[1]["found"] == 'On "hold", really.'


@pytest.mark.parametrize(
    ("endpoints", "method", "tested", "blocked"),
    [
        ([ENDPOINT], "auto", [{"Endpoint": "Hybrid"}], False),
        ([ENDPOINT], "migration_batch", [{"Endpoint": "Hybrid"}], False),
        ([ENDPOINT], "move_request", ["mail.contoso.com"], True),
        ([], "auto", ["mail.contoso.com"], True),
    ],
)
def test_a_batch_needs_its_endpoint_alone(
    endpoints: list[Any], method: str, tested: list[Any], blocked: bool
) -> None:
    server, cloud = organizations()
    cloud.handlers["Get-MigrationEndpoint"] = lambda _cmdlet: endpoints
    cloud.handlers[TEST] = lambda _cmdlet: [{"Result": "Success"}]
    report = check(server, cloud, method=method)
    sent = [cmdlet.parameters for cmdlet in cloud.named(TEST)]
    assert [p if "Endpoint" in p else p["RemoteServer"] for p in sent] == tested
    codes = {finding.code for finding in report.environment}
    assert ("experimental_rest_credential_required" in codes) is blocked
