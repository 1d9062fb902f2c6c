# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the report makes of the files: where each mailbox stands, what failed, what was found, what was run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    document,
    page,
    status,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.document import (
    Document,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.sources import Given

from tests.unit.plugins.module_utils._features.offboarding_report import waves
from tests.unit.plugins.module_utils._features.offboarding_report.waves import at, written

ANN, BOB = "ann@contoso.com", "bob@fabrikam.com"
GUID = "5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01"
ERROR = {
    "code": "litigation_hold", "message": "on hold", "cmdlet": "Get-Mailbox", "retryable": False,
    "remedy": "Release it.",
}  # fmt: skip


def made(
    directory: Path,
    records: list[dict[str, Any]],
    failures: list[dict[str, Any]] | None = None,
    *,
    readiness: Any = None,
    journal: list[Any] | None = None,
    progress: Any = None,
) -> Document:
    """Return the document of a wave from files with this content; None is a file that is not there."""
    for name, content in (("readiness.json", readiness), ("progress.json", progress)):
        if content is not None:
            (directory / name).write_text(json.dumps(content), encoding="utf-8")
    if journal is not None:
        lines = [event if isinstance(event, str) else json.dumps(event) for event in journal]
        (directory / "journal.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")
    read = waves.read_from(directory, "readiness.json", "journal.jsonl", "progress.json")
    return document.build(Given("Wave", records, failures, read), waves.NOW)


def looked(**request: Any) -> dict[str, Any]:
    return {"version": 1, "looks": [], "requests": {GUID: {"identity": ANN, **request}}}


# -- where a mailbox stands --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "status", "group", "label"),
    [
        ("to_do", "", status.WAITING, "Not started"),
        ("prepared", "", status.WAITING, "Prepared"),
        ("moving", "", status.MOVING, "Moving"),
        ("home", "", status.HOME, "Home"),
        ("conflict", "", status.WAITING, "Conflict"),
        ("", "", status.WAITING, "Not known"),
        ("moving", "InProgress", status.MOVING, "Copying"),
        ("moving", "Synced", status.WAITING, "Ready for cutover"),
        ("moving", "AutoSuspended", status.WAITING, "Ready for cutover"),
        ("moving", "Completed", status.WAITING, "Completed, not verified"),
        ("moving", "Failed", status.FAILED, "Failed"),
        ("moving", "Unheard", status.WAITING, "Move request: Unheard"),
        ("home", "InProgress", status.HOME, "Home"),
        ("home", "Failed", status.HOME, "Home"),
    ],
)
def test_a_mailbox_stands_where_state_and_request_say(
    tmp_path: Path, state: str, status: str, group: str, label: str
) -> None:
    record = {"identity": ANN, "exchange_guid": GUID, "offboarding_state": state}
    result = made(tmp_path, [record], [], progress=looked(status=status) if status else None)
    assert result.mailboxes[0].standing == (group, label)
    assert result.groups()[group] == 1


def test_a_failed_mailbox_has_left_the_wave_and_is_in_the_report(tmp_path: Path) -> None:
    result = made(tmp_path, [{"identity": BOB}], [{"identity": ANN, "error": ERROR}, {"identity": ANN, "error": ERROR}])
    assert [mailbox.identity for mailbox in result.mailboxes] == [BOB, ANN]
    assert result.groups() == {"failed": 1, "waiting": 1, "moving": 0, "home": 0}
    (failure,) = result.failures
    assert (failure.mailbox, failure.code, failure.remedy) == (1, "litigation_hold", "Release it.")


def test_a_mailbox_that_failed_twice_tells_both(tmp_path: Path) -> None:
    other = {**ERROR, "code": "throttled", "message": "busy"}
    result = made(tmp_path, [], [{"identity": ANN, "error": ERROR}, {"identity": ANN.upper(), "error": other}])
    assert [failure.code for failure in result.failures] == ["litigation_hold", "throttled"]
    assert len(result.mailboxes) == 1


def test_what_the_page_says_to_do_names_the_roles_variables_where_the_role_writes_it(tmp_path: Path) -> None:
    """Also of what a module noted that was run without the role. What Exchange says stays."""
    said, remedy = "Exchange knows no batch_name: x.", "Correct target_delivery_domain."
    failures = [{"identity": BOB, "error": {**ERROR, "message": said, "remedy": remedy}}]
    found = {"code": "x", "severity": "blocker", "found": said, "remedy": remedy}
    request = looked(status="Failed", message="The target doesn't have an SMTP proxy matching 'x'.")
    told = {}
    for named in ("", _reader.ROLE):
        _reader.begin(named, "offboarding_report")
        readiness = {"environment": [found], "mailboxes": []}
        result = made(tmp_path, [{"identity": ANN}], failures, progress=request, readiness=readiness)
        bob, ann = result.failures
        assert (bob.message, result.findings[0].found[0][1]) == (said, said)
        told[named] = [bob.remedy, result.findings[0].remedy, ann.remedy.partition(" to the")[0]]
    assert told[""] == [remedy, remedy, "Add an address in target_delivery_domain"]
    changed = "Correct offboarding_target_delivery_domain."
    assert told[_reader.ROLE] == [changed, changed, "Add an address in offboarding_target_delivery_domain"]


def test_a_failed_request_is_a_failure_with_the_catalogues_remedy(tmp_path: Path) -> None:
    request = looked(status="Failed", failure_type="MailboxLockedPermanentException", message="The mailbox is locked.")
    result = made(tmp_path, [{"identity": ANN, "offboarding_state": "moving"}], [], progress=request)
    (failure,) = result.failures
    assert (failure.message, failure.cmdlet) == ("The mailbox is locked.", "Get-MoveRequest")
    assert failure.remedy


@pytest.mark.parametrize(
    ("state", "label"),
    [("moving", "Move request removed"), ("", "Move request removed"), ("prepared", "Prepared"), ("home", "Home")],
)
def test_a_request_that_is_gone_says_nothing(tmp_path: Path, state: str, label: str) -> None:
    record = {"identity": ANN, "offboarding_state": state}
    result = made(tmp_path, [record], [], progress=looked(status="Failed", gone_at=at(5)))
    assert (result.mailboxes[0].standing.label, result.failures) == (label, [])


def test_a_submitted_move_shows_before_anybody_looked_at_it(tmp_path: Path) -> None:
    prepared = [{"identity": name, "offboarding_state": "prepared"} for name in (ANN, BOB)]
    events = [
        *written("first", "1", "New-MoveRequest", BOB, 90, "exchange_online", ""),
        *written("second", "2", "New-MoveRequest", ANN, 30, "exchange_online", ""),
    ]
    labels = [mailbox.standing.label for mailbox in made(tmp_path, prepared, [], journal=events).mailboxes]
    assert labels == ["Move submitted", "Prepared"]
    events += written("second", "3", "Remove-MoveRequest", ANN, 20, "exchange_online", "")
    assert made(tmp_path, prepared, [], journal=events).mailboxes[0].standing.label == "Prepared"


def batched(run: str, cmdlet: str, minutes: float, result: str = "ok", **after: Any) -> list[dict[str, Any]]:
    """Return the two lines of a write to a migration batch: the first says whom it is sent for."""
    sent, answered = written(run, f"{run}-{cmdlet}", cmdlet, "wave-1", minutes, "exchange_online", "", result)
    return [{**sent, "after": {"users": [ANN, BOB.upper(), "zoe@contoso.com"], **after}}, answered]


def test_a_batch_is_submitted_and_removed_for_each_of_its_mailboxes(tmp_path: Path) -> None:
    wave = [{"identity": name, "offboarding_state": "to_do"} for name in (ANN, BOB)]
    events = batched("first", "New-MigrationBatch", 90, migration_batch="wave-1")
    events += batched("first", "Start-MigrationBatch", 89, status="Syncing")

    def standings() -> list[str]:
        return [mailbox.standing.label for mailbox in made(tmp_path, wave, [], journal=events).mailboxes]

    assert standings() == ["Move submitted", "Move submitted"]
    # A later run writes to no batch but one that mailboxes joined before: its word about the moves is none.
    events += batched("second", "Complete-MigrationBatch", 30, "failed", status="Completing")
    assert standings() == ["Not started", "Not started"]
    result = made(tmp_path, wave, [], journal=events)
    assert [(run.identifier, [write.mailboxes for write in run.writes]) for run in result.timeline.runs] == [
        ("second", [(0, 1)]), ("first", [(0, 1), (0, 1)]),
    ]  # fmt: skip
    assert result.timeline.others == 0
    told = page.render(result)
    assert "<strong>2 writes for 2 mailboxes</strong>, all of them answered" in told
    assert "wave-1 (2 mailboxes)" in told
    seen = looked(status="Synced", read_at=at(60))
    events += batched("third", "Remove-MigrationBatch", 10, migration_batch=None)
    result = made(tmp_path, wave, [], journal=events, progress=seen)
    assert [mailbox.standing.label for mailbox in result.mailboxes] == ["Not started", "Not started"]


def removal(day: str, minutes: float, cmdlet: str = "Remove-MoveRequest", result: str = "ok") -> list[dict[str, Any]]:
    return written(day, day, cmdlet, ANN, minutes, "exchange_online", "", result)


@pytest.mark.parametrize(
    ("events", "label"),
    [
        (removal("rollback", 10), "Move request removed"),
        (removal("rollback", 10, result="failed"), "Ready for cutover"),
        ([*removal("rollback", 10), *removal("later", 5, "New-MoveRequest")], "Ready for cutover"),
        (removal("long ago", 90), "Ready for cutover"),
    ],
)
def test_what_was_seen_of_a_request_before_it_was_removed_says_nothing(
    tmp_path: Path, events: list[dict[str, Any]], label: str
) -> None:
    seen = looked(status="AutoSuspended", read_at=at(30))
    before = {"environment": [], "mailboxes": [{"identity": ANN, "state": "to_do", "findings": []}]}
    result = made(tmp_path, [{"identity": ANN}], [], journal=events, progress=seen, readiness=before)
    assert result.mailboxes[0].standing.label == label
    failed = looked(status="Failed", read_at=at(30), message="The mailbox is locked.")
    result = made(tmp_path, [{"identity": ANN}], [], journal=events, progress=failed)
    assert (result.failures == []) == (label == "Move request removed")


# -- what is missing ---------------------------------------------------------------------------------------------------


def test_missing_files_are_told_apart_from_damaged_ones(tmp_path: Path) -> None:
    result = made(tmp_path, [{"identity": ANN}])
    assert [(source.there, source.problem) for source in result.sources] == [(False, "")] * 3
    assert (result.data, result.findings, result.failures_known) == (None, [], False)
    for name in ("readiness.json", "progress.json"):
        (tmp_path / name).write_text('{"mailboxes": ', encoding="utf-8")
    (tmp_path / "journal.jsonl").mkdir()
    result = made(tmp_path, [{"identity": ANN}])
    assert [source.problem for source in result.sources] == [
        "it is not JSON", "it cannot be read (Is a directory)", "it is not JSON",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [[], 1, "x", {"mailboxes": 3}, {"environment": [], "mailboxes": None}])
def test_another_json_file_is_no_readiness_report(tmp_path: Path, content: Any) -> None:
    assert made(tmp_path, [], readiness=content).readiness.problem == "it is not a readiness report"


def test_strange_entries_do_not_stop_the_report(tmp_path: Path) -> None:
    readiness = {
        "environment": [1, {"code": "x"}],
        "mailboxes": [None, {"identity": ANN, "findings": [3, {"severity": "odd"}], "total_size": "big"}],
    }
    progress = {"looks": [1, {"bytes_done": "x"}], "requests": {"a": 1, GUID: {"identity": ANN, "total_size": True}}}
    result = made(tmp_path, [{"identity": ANN}], readiness=readiness, progress=progress)
    assert [finding.severity for finding in result.findings] == ["not_checked", "not_checked"]
    assert result.mailboxes[0].total is None
    assert result.data == document.Data(0, 0, 0, None)


def test_damaged_lines_of_the_journal_are_counted_and_the_others_stand(tmp_path: Path) -> None:
    whole = written("run", "1", "Set-MailUser", ANN, 10, "exchange_server", "ex01")
    half = json.dumps(whole[0])[:40]
    lines = [*whole, half, "[]", "\0\0\0", {"event": "sent", "utc": "yesterday"}, {"utc": at(1)}]
    result = made(tmp_path, [{"identity": ANN}], journal=lines)
    assert result.damaged_lines == 5
    assert [write.result for write in result.timeline.runs[0].writes] == ["ok"]


# -- the time line -----------------------------------------------------------------------------------------------------


def test_runs_of_other_waves_are_counted_not_shown(tmp_path: Path) -> None:
    events = [
        *written("mine", "1", "Set-MailUser", ANN, 50, "exchange_server", "ex01"),
        *written("mine", "2", "Start-ADSyncSyncCycle", "", 49, "entra_connect", "sync01"),
        *written("theirs", "3", "Set-MailUser", "zoe@contoso.com", 40, "exchange_server", "ex01"),
    ]
    result = made(tmp_path, [{"identity": ANN.upper()}], journal=events).timeline
    assert [(run.identifier, len(run.writes)) for run in result.runs] == [("mine", 2)]
    assert result.others == 1
    assert list(result.runs[0].places) == ["Exchange Server ex01", "Entra Connect sync01"]


def test_a_write_without_an_answer_is_no_success(tmp_path: Path) -> None:
    sent = written("run", "1", "New-MoveRequest", ANN, 10, "exchange_online", "")[:1]
    run = made(tmp_path, [{"identity": ANN}], journal=sent).timeline.runs[0]
    assert (run.count("ok"), run.count("unanswered")) == (0, 1)


def test_an_answer_whose_sending_could_not_be_noted_counts(tmp_path: Path) -> None:
    answered = written("run", "1", "Resume-MoveRequest", ANN, 10, "exchange_online", "")[1:]
    run = made(tmp_path, [{"identity": ANN}], journal=answered).timeline.runs[0]
    assert [(write.cmdlet, write.mailboxes, write.result) for write in run.writes] == [
        ("Resume-MoveRequest", (0,), "ok")
    ]


def test_a_mailbox_is_known_by_its_guid_too(tmp_path: Path) -> None:
    events = written("run", "1", "New-MoveRequest", GUID, 10, "exchange_online", "", "failed")
    run = made(tmp_path, [{"identity": ANN, "exchange_guid": GUID}], journal=events).timeline.runs[0]
    assert [(write.mailboxes, write.result, write.error) for write in run.writes] == [
        ((0,), "failed", "The server is busy, try again later.")
    ]


# -- findings and progress ---------------------------------------------------------------------------------------------


def test_findings_are_gathered_by_code_environment_first_accepted_last(tmp_path: Path) -> None:
    wave = waves.build(tmp_path)
    result = document.build(wave.given(), waves.NOW)
    shown = [(finding.environment, finding.code, finding.accepted) for finding in result.findings]
    assert shown == [
        (True, "mrs_proxy_disabled", False),
        (True, "sync_cycle_disabled", False),
        (False, "size_exceeds_quota", False),
        (False, "protected_account", False),
        (False, "inheritance_disabled", False),
        (False, "litigation_hold", True),
    ]
    assert (result.severities()["blocker"], result.accepted, result.unexamined) == (5, 3, [])


def test_only_the_waves_own_mailboxes_count(tmp_path: Path) -> None:
    finding = {"code": "litigation_hold", "severity": "blocker"}
    entries = [{"identity": name, "findings": [finding]} for name in (ANN, "zoe@contoso.com")]
    result = made(tmp_path, [{"identity": ANN}, {"identity": BOB}], readiness={"environment": [], "mailboxes": entries})
    assert (result.severities()["blocker"], result.unexamined) == (1, [1])


def test_the_data_are_those_of_the_last_look_with_their_time(tmp_path: Path) -> None:
    content = looked(status="InProgress", bytes_transferred=3, total_size=9, percent_complete=140)
    content["looks"] = [{"utc": at(20), "bytes_done": 1, "bytes_total": 9}]
    content["looks"].append({"utc": at(5), "bytes_done": 4, "bytes_total": 9})
    result = made(tmp_path, [{"identity": ANN}], progress=content)
    assert result.data is not None
    assert (result.data.done, result.data.total, result.data.measured) == (4, 9, 1)
    assert (waves.NOW - result.data.at).total_seconds() == 300 if result.data.at else False
    assert result.mailboxes[0].percent == 100
    content["requests"]["other"] = {"identity": "zoe@contoso.com", "bytes_transferred": 50, "total_size": 60}
    part = made(tmp_path, [{"identity": ANN}], progress=content).data
    assert part is not None
    assert (part.done, part.total) == (3, 9)
