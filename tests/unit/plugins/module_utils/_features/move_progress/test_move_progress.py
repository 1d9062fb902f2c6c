# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at a wave's moves: what it reads, what it remembers, what it says of each mailbox."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    ConnectionFailure,
    HybridError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import move_progress
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.move_progress import (
    ProgressOptions,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome

from tests.unit.plugins.module_utils.fakes import (
    Fails,
    FakeOrganization,
    cloud_mailbox,
    connect,
    guid_of,
    lost,
    move_request_of,
    refusal,
    tenant,
)

BEGIN = datetime.datetime(2026, 11, 25, 22, 0, tzinfo=datetime.timezone.utc)
GB = 1024**3
WAVE = "wave 1"


def request(name: str, status: str = "InProgress", **more: Any) -> dict[str, Any]:
    figures = {"StatusDetail": "CopyingMessages", "PercentComplete": 40, "BytesTransferred": 4 * GB}
    return move_request_of(name, status, **{**figures, "TotalMailboxSize": 10 * GB, **more})


def wave(*names: str) -> list[dict[str, Any]]:
    return [{"identity": f"{name}@contoso.com", "exchange_guid": guid_of(f"{name}'s mailbox")} for name in names]


class Watcher:
    """Looks at a tenant again and again, a minute apart, with one memory."""

    def __init__(self, online: FakeOrganization, memory: Memory | None = None) -> None:
        self.online = online
        self.memory = memory or Memory()
        self.now = BEGIN
        self.progress: dict[str, Any] = {}

    def look(self, records: list[dict[str, Any]] | None, **options: Any) -> list[Outcome]:
        self.online.calls.clear()
        with connect(self.online) as connections:
            outcomes, self.progress = move_progress.look(
                connections, records, self.memory, ProgressOptions(**options), self.now
            )
        self.now += datetime.timedelta(minutes=1)
        return outcomes

    @property
    def lists(self) -> list[str]:
        return [str(call.parameters.get("BatchName", "")) for call in self.online.named("Get-MoveRequest")]

    @property
    def figures(self) -> list[str]:
        return [str(call.parameters["Identity"]) for call in self.online.named("Get-MoveRequestStatistics")]


def test_a_look_tells_each_mailbox_where_it_stands() -> None:
    online = tenant(
        requests=[
            request("ann", "Completed", PercentComplete=100, BytesTransferred=11 * GB),
            request("bob"),
            request("cas", "Failed", Message="Too large.", FailureType="MailboxExceedsTargetQuotaPermanentException"),
            request("dan", "CompletedWithWarning", Message="Warning: look at both sides."),
            request("fay", "AutoSuspended", PercentComplete=95),
        ]
    )
    watcher = Watcher(online)
    home = {"identity": "eve@contoso.com", "offboarding_state": "home"}
    outcomes = watcher.look([*wave("ann", "bob", "cas", "dan", "fay", "gus"), home])
    assert [outcome.status for outcome in outcomes] == [
        "unchanged", "pending", "failed", "unchanged", "pending", "pending", "skipped",
    ]  # fmt: skip
    cas = outcomes[2].error
    assert cas is not None
    assert (cas.code, "Too large." in cas.message, "resume_failed" in cas.remedy) == ("move_failed", True, True)
    assert outcomes[3].warnings == ["Warning: look at both sides."]
    assert outcomes[1].details["move_request"] == {
        "status": "InProgress", "status_detail": "CopyingMessages", "percent_complete": 40,
        "bytes_transferred": 4 * GB, "total_mailbox_size": 10 * GB, "batch_name": WAVE,
        "read_at": "2026-11-25T22:00:00Z",
    }  # fmt: skip
    assert outcomes[5].details == {"move_request": {}}
    told = {name: watcher.progress[name] for name in ("mailboxes", "moving", "home", "without_request", "bytes_done")}
    assert told == {
        "mailboxes": 7,
        "moving": 2,
        "home": 1,
        "without_request": 1,
        "bytes_done": (10 + 4 + 4 + 10 + 10) * GB,
    }
    assert watcher.progress["lines"][1].startswith("cas@contoso.com: the move request failed")
    assert watcher.look(wave("fay"), wait_for="synced")[0].status == "unchanged"


def test_figures_are_read_where_the_status_changed_and_of_the_oldest() -> None:
    names = [f"user{number:02d}" for number in range(25)]
    requests = [request(name) for name in names]
    watcher = Watcher(tenant(requests=requests))
    watcher.look(wave(*names), sample=4)
    assert (len(watcher.lists), len(watcher.figures)) == (1, 25)
    requests[7]["Status"], requests[8]["Status"] = "Completed", "Failed"
    watcher.look(wave(*names), sample=4)
    assert (len(watcher.lists), len(watcher.figures)) == (1, 2 + 4)
    seen = set()
    for _turn in range(6):
        watcher.look(wave(*names), sample=4)
        assert (len(watcher.lists), len(watcher.figures)) == (1, 4)
        seen |= set(watcher.figures)
    assert len(seen) == 23, "the sample goes round"
    watcher.look(wave(*names), sample=0)
    assert watcher.figures == []


def test_a_failure_is_remembered_without_reading_it_again() -> None:
    watcher = Watcher(tenant(requests=[request("ann", "Failed", Message="Too large.")]))
    first, again = watcher.look(wave("ann"))[0], watcher.look(wave("ann"))[0]
    assert watcher.figures == []
    assert first.error is not None
    assert again.error is not None
    assert first.error.message == again.error.message


def test_the_queue_is_not_read_all_at_once() -> None:
    names = [f"user{number}" for number in range(30)]
    watcher = Watcher(tenant(requests=[request(name, "Queued", PercentComplete=0) for name in names]))
    watcher.look(wave(*names), sample=10)
    assert (len(watcher.figures), watcher.progress["without_figures"]) == (10, 20)
    assert "estimate" not in watcher.progress
    watcher.look(wave(*names), sample=10)
    assert watcher.progress["without_figures"] == 10


def test_the_batch_name_is_used_where_it_surely_holds_all() -> None:
    requests = [request("ann"), request("bob"), request("other", BatchName="elsewhere")]
    watcher = Watcher(tenant(requests=requests))
    watcher.look(wave("ann", "bob"))
    assert watcher.lists == [""], "nothing is known yet"
    watcher.look(wave("ann", "bob"))
    assert watcher.lists == [WAVE]
    requests[1]["BatchName"] = "elsewhere"
    bob = watcher.look(wave("ann", "bob"))[1]
    assert (watcher.lists, bob.status, bob.details["move_request"]["batch_name"]) == (
        [WAVE, ""], "pending", "elsewhere",
    )  # fmt: skip
    watcher.look(wave("ann", "bob"))
    assert watcher.lists == [""]
    expected = Watcher(tenant(requests=requests[:1]))
    expected.look(wave("ann"), batch_name=WAVE)
    assert expected.lists == [WAVE]
    expected.look(wave("ann", "new"), batch_name=WAVE)
    assert expected.lists == [""], "a mailbox without request may be in any batch"


@pytest.mark.parametrize(("score", "code"), [("Poor", "score_poor"), ("Investigate", "score_investigate")])
def test_skipped_items_that_hold_a_user_of_a_batch_end_the_wait_with_its_score(score: str, code: str) -> None:
    batch = {"BatchName": "MigrationService:wave 1"}
    user = {"Identity": "ann@contoso.com", "BatchId": "wave 1", "Status": "Synced", "HasUnapprovedSkippedItems": True,
            "MailboxGuid": guid_of("ann's mailbox"), "DataConsistencyScore": score}  # fmt: skip
    online = tenant(requests=[request("ann", "Synced", **batch), request("bob", "Completed", **batch)])
    online.objects["Get-MigrationUser"] = [user]
    records = [{**record, "move_method": "migration_batch", "batch_name": WAVE} for record in wave("ann", "bob")]
    watcher = Watcher(online)
    ann, bob = watcher.look(records)
    assert (ann.error.code if ann.error else "", bob.status, watcher.progress["moving"]) == (code, "unchanged", 0)
    assert score in ann.error.message  # type: ignore[union-attr]
    # Good needs no approval, and Poor never completes, whether it shows unapproved items or not.
    without_items = "failed" if score == "Poor" else "pending"
    for known, expected in (
        ({"DataConsistencyScore": "Good"}, "pending"),
        ({"HasUnapprovedSkippedItems": False}, without_items),
    ):
        online.objects["Get-MigrationUser"] = [{**user, **known}]
        assert watcher.look(records)[0].status == expected
    online.objects["Get-MigrationUser"] = [user]
    # Synced is where this wait ends, and what completed after all is no failure.
    assert [outcome.status for outcome in watcher.look(records, wait_for="synced")] == ["unchanged", "unchanged"]
    for cmdlet in ("Get-MoveRequest", "Get-MoveRequestStatistics"):
        online.objects[cmdlet] = [request(name, "Completed", **batch) for name in ("ann", "bob")]
    assert [outcome.status for outcome in watcher.look(records)] == ["unchanged", "unchanged"]


def test_a_user_of_a_batch_that_failed_before_its_mailbox_was_found_is_known_by_its_address() -> None:
    """It has no GUID then, and no move request: why it failed is what its own line says."""
    why = "The operation couldn't be performed because 'ann@contoso.com' matches multiple entries."
    failed = {"Identity": "Ann@contoso.com", "BatchId": "wave 1", "Status": "Failed", "ErrorSummary": why}
    other = {**failed, "Identity": "bob@contoso.com", "MailboxGuid": guid_of("another mailbox")}
    online = tenant(requests=[])
    online.objects["Get-MigrationUser"] = [failed, other]
    renamed = {"identity": "a.archer@contoso.com", "email_addresses": ["SMTP:ann@contoso.com"]}
    for more in ({}, renamed):
        ann, bob = ({**record, "move_method": "migration_batch", "batch_name": WAVE} for record in wave("ann", "bob"))
        ann_now, bob_now = Watcher(online).look([{**ann, **more}, bob])
        assert ann_now.error is not None
        assert ann_now.error.code == "move_failed"
        assert why in ann_now.error.message
        # The user of a mailbox that had this address is not this mailbox's.
        assert (bob_now.status, bob_now.details) == ("pending", {"move_request": {}})


def test_where_nobody_decided_how_a_mailbox_moves_its_user_is_found_all_the_same() -> None:
    """The entry status has the wave as it was given: nothing in it says that it moves in batches."""
    why = "You must specify the ArchiveDomain parameter"
    users = [
        {"Identity": f"{name}@contoso.com", "MailboxGuid": guid_of(f"{name}'s mailbox"), "BatchId": batch, **more}
        for name, batch, more in (
            ("ann", "wave 1", {"Status": "Failed", "ErrorSummary": why}),
            ("bob", "wave 1", {"Status": "Queued"}),
            # What brought a mailbox into the cloud says nothing of its move home.
            ("cas", "spring", {"Status": "Completed"}),
        )
    ]
    online = tenant(requests=[request("dan")])
    online.objects["Get-MigrationUser"] = users
    watcher = Watcher(online)
    ann, bob, cas, _dan = watcher.look(wave("ann", "bob", "cas", "dan"))
    assert ann.error is not None
    assert (ann.error.code, why in ann.error.message) == ("move_failed", True)
    assert (bob.status, bob.details["move_request"]["status"]) == ("pending", "Queued")
    assert (cas.status, cas.details) == ("pending", {"move_request": {}})
    watcher.look(wave("dan"))
    assert watcher.online.named("Get-MigrationUser") == [], "a request of its own is in no batch"
    denied = ConnectionFailure("Not yours.", code="permission_denied")
    online.handlers["Get-MigrationUser"] = Fails(denied, denied)
    assert [outcome.status for outcome in watcher.look(wave("cas"))] == ["pending"]
    with pytest.raises(HybridError, match="Not yours"):
        watcher.look([{**record, "move_method": "migration_batch"} for record in wave("cas")])


def test_a_batch_name_alone_means_migration_batches_of_that_name_too() -> None:
    """Their requests have the batch name ``MigrationService:<batch>`` (facts migration-batches.md 2.4)."""
    owned = {"BatchName": "MigrationService:wave 1-2"}
    online = tenant(requests=[request("ann"), request("bob", "Synced", **owned), request("x", BatchName="other")])
    online.objects["Get-MigrationUser"] = [
        {"Identity": "bob@contoso.com", "MailboxGuid": guid_of("bob's mailbox"), "BatchId": "Wave 1-2",
         "Status": "Synced", "HasUnapprovedSkippedItems": True, "DataConsistencyScore": "Investigate"},
        {"Identity": "cas@contoso.com", "Guid": guid_of("cas's user"), "BatchId": "wave 1", "Status": "Failed",
         "ErrorSummary": "matches multiple entries"},
        {"Identity": "dan@contoso.com", "MailboxGuid": guid_of("dan's mailbox"), "BatchId": "wave 10"},
    ]  # fmt: skip
    watcher = Watcher(online)
    outcomes = watcher.look(None, batch_name=WAVE)
    assert [(outcome.identity, outcome.status) for outcome in outcomes] == [
        (guid_of("ann's mailbox"), "pending"), (guid_of("bob's mailbox"), "failed"), (guid_of("cas's user"), "failed"),
    ]  # fmt: skip
    assert [error.code for outcome in outcomes if (error := outcome.error)] == ["score_investigate", "move_failed"]
    assert watcher.lists == [WAVE, "MigrationService:Wave 1-2", "MigrationService:wave 1"]
    assert len(watcher.online.named("Get-MigrationUser")) == 1


def test_a_migration_batch_is_no_batch_name_to_ask_for() -> None:
    watcher = Watcher(tenant(requests=[request("ann", BatchName="MigrationService:summer")]))
    watcher.look(wave("ann"))
    watcher.look(wave("ann"))
    assert watcher.lists == [""]


def test_a_batch_name_alone() -> None:
    requests = [request("ann", DisplayName="Ann Archer"), request("bob", "Failed"), request("x", BatchName="other")]
    watcher = Watcher(tenant(requests=requests))
    outcomes = watcher.look(None, batch_name=WAVE)
    assert [(outcome.identity, outcome.status) for outcome in outcomes] == [
        (guid_of("ann's mailbox"), "pending"), (guid_of("bob's mailbox"), "failed"),
    ]  # fmt: skip
    assert watcher.lists == [WAVE]
    requests[0]["StatusDetail"] = "StalledDueToTarget_DiskLatency"
    watcher.look(None, batch_name=WAVE)
    stall = next(line for line in watcher.progress["lines"] if line.startswith("StalledDueToTarget"))
    assert f"(your own Exchange): Ann Archer ({guid_of('ann' + chr(39) + 's mailbox')})." in stall
    assert "on-premises server is slow" in stall


def test_a_mailbox_is_looked_up_once() -> None:
    watcher = Watcher(tenant(cloud_mailbox("ann"), requests=[request("ann")]))
    records = [{"identity": "Ann@contoso.com"}, {"identity": "nobody@contoso.com"}]
    ann, nobody = watcher.look(records)
    assert ann.enriched == {"exchange_guid": guid_of("ann's mailbox")}
    assert nobody.error is not None
    assert (nobody.status, nobody.error.code, watcher.progress["not_identified"]) == ("failed", "not_found", 1)
    assert watcher.online.named("Get-Mailbox")
    watcher.look(records[:1])
    assert {call.name for call in watcher.online.calls} == {"Get-MoveRequest", "Get-MoveRequestStatistics"}


def test_a_request_that_is_gone() -> None:
    requests = [request("ann"), request("bob", "Completed")]
    watcher = Watcher(tenant(requests=requests))
    watcher.look(wave("ann", "bob"))
    watcher.online.objects["Get-MoveRequest"] = []
    ann, bob = watcher.look(wave("ann", "bob"))
    assert (ann.status, bob.status) == ("pending", "unchanged"), "a completed request may be cleaned up"
    assert ann.details["move_request"]["gone_at"] == "2026-11-25T22:01:00Z"
    assert (watcher.progress["moving"], watcher.progress["without_request"]) == (0, 1)
    ann, _bob = watcher.look(wave("ann", "bob"), judge=True)
    assert ann.error is not None
    assert (ann.status, ann.error.code, "status is InProgress" in ann.error.message) == ("failed", "not_found", True)
    watcher.online.objects["Get-MoveRequest"] = requests
    assert "gone_at" not in watcher.look(wave("ann", "bob"))[0].details["move_request"]


def test_judged_is_what_was_last_seen() -> None:
    watcher = Watcher(
        tenant(requests=[request("ann", StatusDetail="StalledDueToTarget_DiskLatency"), request("bob", "Queued")])
    )
    watcher.look(wave("ann"))
    watcher.now += datetime.timedelta(minutes=9)
    ann, bob, cas = watcher.look(wave("ann", "bob", "cas"), judge=True, sample=0)
    assert ann.error is not None
    assert ann.error.message == (
        "the move is InProgress (StalledDueToTarget_DiskLatency, 40 %, 4.0 GB of 10.0 GB, seen 10 min ago), and the "
        "wait timed out."
    )
    assert (ann.error.code, ann.error.retryable) == ("wait_timeout", True)
    assert "run again to continue the wait" in ann.error.remedy
    assert "on-premises server is slow" in ann.error.remedy
    assert bob.error is not None
    assert bob.error.message.startswith("the move is Queued, and")
    assert cas.error is not None
    assert (cas.error.code, "never created" in cas.error.message) == ("not_found", True)


@pytest.mark.parametrize("error", [lost(), refusal("gone", "ManagementObjectNotFoundException")])
def test_statistics_that_fail_for_the_moment_leave_the_older_figure(error: HybridError) -> None:
    requests = [request("ann"), request("bob")]
    watcher = Watcher(tenant(requests=requests))
    watcher.look(wave("ann", "bob"))
    requests[0]["Status"] = "CompletionInProgress"
    watcher.online.handlers["Get-MoveRequestStatistics"] = Fails(error, error, error, error)
    ann, _bob = watcher.look(wave("ann", "bob"))
    assert ann.details["move_request"]["read_at"] == "2026-11-25T22:00:00Z"
    assert ann.details["move_request"]["status"] == "CompletionInProgress"
    del watcher.online.handlers["Get-MoveRequestStatistics"]
    watcher.look(wave("ann", "bob"), sample=0)
    assert watcher.figures == [guid_of("ann's mailbox")], "what changed is still due"


def test_statistics_that_are_refused_are_told() -> None:
    online = tenant(requests=[request("ann")])
    online.handlers["Get-MoveRequestStatistics"] = Fails(
        ConnectionFailure("You may not.", code="permission_denied"), then=None
    )
    with pytest.raises(ConnectionFailure, match="You may not"):
        Watcher(online).look(wave("ann"))


def test_rates_and_estimates_come_from_look_to_look(tmp_path: Path) -> None:
    requests, path = [request("ann"), request("bob")], str(tmp_path / "wave.json.progress")
    online = tenant(requests=requests)
    for minute in range(4):
        watcher = Watcher(online, Memory(FileMemory(), path))
        watcher.now = BEGIN + datetime.timedelta(minutes=10 * minute)
        requests[0]["BytesTransferred"] = (4 + minute) * GB
        watcher.look(wave("ann", "bob"))
        watcher.memory.save()
    assert watcher.progress["rate"] == 6 * GB
    assert watcher.progress["estimate"] == {
        "earliest": "2026-11-26T00:00:00Z", "latest": "2026-11-26T00:00:00Z",
        "least_seconds": 5400, "most_seconds": 5400,
    }  # fmt: skip
    saved = json.loads(Path(path).read_text(encoding="utf-8"))
    assert (saved["version"], len(saved["looks"])) == (1, 4)
    assert saved["looks"][-1] == {
        "utc": "2026-11-25T22:30:00Z", "counts": {"InProgress": 2}, "bytes_done": 11 * GB, "bytes_total": 20 * GB,
        "bytes_gained": GB, "seconds_covered": 1200,
    }  # fmt: skip
    kept = saved["requests"][guid_of("ann's mailbox")]
    wanted = {
        "identity": "ann@contoso.com", "status": "InProgress", "status_detail": "CopyingMessages",
        "percent_complete": 40, "bytes_transferred": 7 * GB, "total_size": 10 * GB, "read_at": "2026-11-25T22:30:00Z",
    }  # fmt: skip
    assert wanted.items() <= kept.items()
    assert Path(path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"version": 2, "looks": [], "requests": {}}', '{"version": 1, "looks": [{}], "requests": {}}',
     '{"version": 1, "looks": [], "requests": {"g": []}}', '{"version": 1}',
     '{"version": 1, "looks": [["utc", "counts", "bytes_gained"]], "requests": {}}',
     '{"version": 1, "looks": [], "requests": {"g": ["identity", "status"]}}'],
)  # fmt: skip
def test_a_damaged_file_is_no_memory(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.progress"
    path.write_text(content, encoding="utf-8")
    memory = Memory(FileMemory(), str(path))
    assert (memory.looks, memory.requests) == ([], {})
    Watcher(tenant(requests=[request("ann")]), memory).look(wave("ann"))
    memory.save()
    assert len(Memory(FileMemory(), str(path)).looks) == 1


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    unkept = Memory(FileMemory(), str(tmp_path / "missing" / "x.progress")).save()
    assert unkept is not None
    assert re.search(r"progress_file: .* cannot be written .* existing directory", unkept.message)
    assert Memory().save() is None


def test_an_empty_wave_costs_nothing() -> None:
    watcher = Watcher(tenant())
    assert watcher.look([]) == []
    assert (watcher.online.calls, watcher.progress["line"]) == ([], "0 mailboxes: nothing to follow")


NOON = "2026-11-30T12:00:00Z"
ENTRY = {"identity": "ann@contoso.com", "status": "InProgress", "first_status": "Queued", "read_at": NOON}
LOOK = {"utc": NOON, "counts": {"Queued": 1}, "bytes_gained": 5}


@pytest.mark.parametrize(
    ("looks", "requests"),
    [
        ([{**LOOK, "utc": "soon"}], {}),
        ([{**LOOK, "counts": {"Queued": "1"}}], {}),
        ([{**LOOK, "counts": []}], {}),
        ([{**LOOK, "bytes_gained": 1e300}], {}),
        ([], {"guid": {**ENTRY, "status": []}}),
        ([], {"guid": {**ENTRY, "total_size": "many"}}),
        ([], {"guid": {**ENTRY, "bytes_transferred": -1}}),
        ([], {"guid": {**ENTRY, "read_at": "2026-02-30T00:00:00Z"}}),
        ([], {"guid": {"identity": "ann@contoso.com", "status": "InProgress"}}),
    ],
)
def test_a_file_with_a_value_that_is_none_is_not_believed(tmp_path: Path, looks: Any, requests: Any) -> None:
    path = tmp_path / "x.progress"
    path.write_text(json.dumps({"version": 1, "looks": looks, "requests": requests}), encoding="utf-8")
    memory = Memory(FileMemory(), str(path))
    assert (memory.looks, memory.requests) == ([], {})
    path.write_text(json.dumps({"version": 1, "looks": [LOOK], "requests": {"guid": ENTRY}}), encoding="utf-8")
    assert Memory(FileMemory(), str(path)).guids() == {"ann@contoso.com": "guid"}


def test_a_file_that_is_nested_without_an_end_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "x.progress"
    path.write_text("[" * 90_000, encoding="utf-8")
    assert Memory(FileMemory(), str(path)).looks == []
