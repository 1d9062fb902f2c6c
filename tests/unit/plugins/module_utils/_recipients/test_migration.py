# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Batches and their users as others have seen them: names of properties, and values as they were pasted or exported.

The names are those that public scripts select and that Microsoft's pages use, listed with their sources in
docs/facts/migration-batches.md, section 7. Neither the laboratory nor the code was asked for them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import migration, properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MigrationBatch, MigrationUser

from lab.answer import Call, ShellState
from lab.model.builder import HybridBuilder
from lab.model.tenant import WIZARDS_ENDPOINT
from tests.unit.plugins.module_utils.lab_in_process import InProcess

FACTS = Path(__file__).resolve().parents[5] / "docs" / "facts" / "migration-batches.md"
# Of the table's families: ``*Count`` and ``...UTC`` stand for several.
COUNTS = "Total Active Pending Provisioned Synced Finalized Failed Stopped CompletedWithWarning PostMigrationSync \
ValidationWarning"
# What every object of Exchange has beside its own properties.
COMMON = {"IsValid", "ObjectState"}


def seen(kind: str) -> set[str]:
    """Return the property names that section 7 of the facts has for a kind of object."""
    section = FACTS.read_text(encoding="utf-8").split("## 7. ")[1].split("\n## ")[0]
    found: set[str] = set()
    current = ""
    for row in section.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        current = cells[0] or current
        if current == kind and len(cells) > 1:
            found |= set(re.findall(r"[A-Z][A-Za-z]+", cells[1]))
    if kind == "Batch":
        found |= {f"{name}Count" for name in COUNTS.split()} | {"SourceEndpoint", "ValidationWarnings"}
        found |= {f"{name}UTC" for name in found if name.endswith(("DateTime", "After"))}
    return found


def of_users() -> set[str]:
    return seen("User") | seen("UserStatistics")


@pytest.mark.parametrize(("shape", "names"), [(MigrationBatch, seen("Batch")), (MigrationUser, of_users())])
def test_the_code_reads_no_property_that_nobody_has_seen(shape: type, names: set[str]) -> None:
    known = {name.lower() for name in names}
    assert len(known) > 25
    assert sorted(set(properties.readers(shape)) - known) == []


def test_the_laboratory_shows_no_property_that_nobody_has_seen() -> None:
    lab = InProcess()
    build = HybridBuilder(lab.hybrid)
    pair = build.synced("Ann Archer")
    build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
    rows = f"EmailAddress,TargetDatabase\r\n{pair.identity},DB01\r\n".encode()

    def run(cmdlet: str, **parameters: Any) -> dict[str, Any]:
        answer = lab.hybrid.exchange_online.run(Call(cmdlet, parameters, ShellState("CONTOSO\\admin")))
        return answer.objects[0].properties

    made = run(
        "New-MigrationBatch", Name="wave-1", CSVData=rows, TargetEndpoint=WIZARDS_ENDPOINT,
        TargetDeliveryDomain="contoso.com", AutoStart=True,
    )  # fmt: skip
    shown = {"Batch": set(made) | set(run("Get-MigrationBatch", IncludeReport=True)) - {"Report"}}
    statistics = run("Get-MigrationUserStatistics", Identity=pair.identity, IncludeReport=True)
    shown["User"] = set(run("Get-MigrationUser")) | set(statistics)
    assert sorted(shown["Batch"] - seen("Batch") - COMMON) == []
    assert sorted(shown["User"] - of_users() - COMMON) == []


def test_a_batch_as_export_csv_writes_it_down() -> None:
    """All values as texts, as public reports keep them; times in the form of an English export, which is not UTC."""
    exported = {
        "Identity": "Wave 07 - Berlin", "Status": "SyncedwithErrors", "State": "Active", "WorkflowStage": "Injection",
        "TriggeredAction": "None", "BatchGuid": "5F0C1D7E-8A43-4A7B-9D15-0F4A6F7A5B10", "TotalCount": "25",
        "ActiveCount": "0", "StoppedCount": "0", "SyncedCount": "22", "FinalizedCount": "2", "FailedCount": "1",
        "PendingCount": "0", "ValidationWarnings": "", "CreationDateTime": "11/30/2026 6:00:00 PM",
        "CreationDateTimeUTC": "2026-11-30T18:00:00Z", "TargetEndpoint": WIZARDS_ENDPOINT, "CompleteAfterUTC": "",
    }  # fmt: skip
    assert migration.batch(exported) == {
        "identity": "Wave 07 - Berlin", "status": "SyncedwithErrors", "total_count": 25, "active_count": 0,
        "batch_guid": "5f0c1d7e-8a43-4a7b-9d15-0f4a6f7a5b10", "stopped_count": 0, "synced_count": 22,
        "finalized_count": 2, "failed_count": 1, "pending_count": 0, "target_endpoint": WIZARDS_ENDPOINT,
        "creation_date_time_utc": "2026-11-30T18:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "status", "keys"),
    [
        # A pasted line of a public issue: a delta that failed after the first sync (office-docs-powershell 8246).
        ({"Identity": "ann@contoso.com", "Status": "IncrementalFailed", "BatchId": "Move-users-DAG1-1"}, "Failed",
         {"ann@contoso.com"}),
        # Several migrations of one person (office-docs-powershell 8187).
        ({"Identity": "ann@contoso.com/5f0c1d7e-8a43-4a7b-9d15-0f4a6f7a5b10", "Status": "Synced"}, "Synced",
         {"ann@contoso.com", "5f0c1d7e-8a43-4a7b-9d15-0f4a6f7a5b10"}),
        # Over REST, by a live client: no EmailAddress, a status that is in no list of Microsoft's.
        ({"Identity": "ann@contoso.com", "MailboxEmailAddress": "ann@contoso.com", "Status": "NeedsApproval",
          "StatusSummary": "Failed", "ErrorSummary": "No licence."}, "Failed", {"ann@contoso.com"}),
        # Through Microsoft's module: objects, of which scripts read .Value and .Id.
        ({"Identity": {"Id": "ann@contoso.com"}, "BatchId": {"Name": "w", "Id": "w"}, "Status": {"Value": "Completed"}},
         "Completed", {"ann@contoso.com"}),
    ],
)  # fmt: skip
def test_users_as_others_have_seen_them(shown: dict[str, Any], status: str, keys: set[str]) -> None:
    user = migration.user(shown)
    assert (migration.as_request(user, "x")["status"], migration.keys(user)) == (status, keys)


def test_of_several_users_the_one_that_moves_comes_first() -> None:
    statuses = ["Completed", "Failed", "Stopped", "Syncing", "SomethingNew"]
    users = [migration.user({"Identity": "ann@contoso.com", "Status": status}) for status in statuses]
    ordered = [user["status"] for user in migration.current_first(users)]
    assert ordered == ["Syncing", "SomethingNew", "Stopped", "Failed", "Completed"]


@pytest.mark.parametrize(
    ("shown", "due"),
    [
        ("2026-11-30T18:00:00Z", "2026-11-30T18:00:00Z"),
        ("2026-11-30T18:00:00.0000000", "2026-11-30T18:00:00Z"),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59.9999999Z", None),
        (None, None),
        ("tonight", None),
    ],
)
def test_a_time_that_is_none_is_not_one_of_completion(shown: str | None, due: str | None) -> None:
    found = migration.batch({"Identity": "wave-1", "CompleteAfter": "2026-11-30T19:00:00", "CompleteAfterUTC": shown})
    assert found.get("complete_after_utc") == due


# -- endpoints ---------------------------------------------------------------------------------------------------------


def endpoints(*names: str) -> list[Any]:
    """Return endpoints: *other* ones lead to another tenant, *imap* ones are for no remote move."""
    return [
        migration.endpoint({
            "Identity": name, "EndpointType": "IMAP" if name.startswith("imap") else "ExchangeRemoteMove",
            "RemoteTenant": "fabrikam.onmicrosoft.com" if name.startswith("other") else "",
        })
        for name in names
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "name", "chosen"),
    [
        (["Hybrid"], "", "Hybrid"),
        (["Hybrid", "other tenant", "imap"], "", "Hybrid"),
        (["Hybrid", "Second"], "second", "Second"),
    ],
)
def test_the_endpoint_that_is_meant(there: list[str], name: str, chosen: str) -> None:
    assert migration.chosen_endpoint(endpoints(*there), name)["identity"] == chosen


@pytest.mark.parametrize(
    ("there", "name", "code", "remedy"),
    [
        ([], "", "endpoint_not_found", "Run the hybrid configuration wizard"),
        (["imap", "other tenant"], "", "endpoint_not_found", "Run the hybrid configuration wizard"),
        (["Second", "Hybrid"], "", "ambiguous_endpoint", "Set one of: Hybrid, Second."),
        (["Second", "Hybrid"], "Third", "endpoint_not_found", "Use one of: Hybrid, Second."),
        ([], "Third", "endpoint_not_found", "Use one of: none."),
        (["other tenant"], "other tenant", "endpoint_not_found", "Use the endpoint of the hybrid"),
        (["imap", "Hybrid"], "imap", "endpoint_not_found", "Use the endpoint of the hybrid"),
        (["imap", "other tenant", "Hybrid"], "Third", "endpoint_not_found", "Use one of: Hybrid."),
    ],
)
def test_which_endpoint_is_meant_has_to_be_clear(there: list[str], name: str, code: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        migration.chosen_endpoint(endpoints(*there), name)
    assert (caught.value.code, remedy in caught.value.remedy) == (code, True)
