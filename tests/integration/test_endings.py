# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the entries of the role end: three lines, the same as data for a workflow, and few skipped tasks on the way."""

from __future__ import annotations

from typing import Any

from tests.integration.harness import Bench, Run, records

TELLS, PROVIDES = "Show the result, the report and the next step", "Provide the result to what runs next"


def ending(run: Run) -> list[str]:
    """Return the last three lines, which are the last that is shown: no task but that of the data comes after."""
    names = [task.name for task in run.tasks]
    assert names[-2:] == [TELLS, PROVIDES], run.output
    shown: list[str] = run.task(TELLS).result["msg"]
    assert all(line in run.stdout for line in shown[-3:])
    assert [line.split(":")[0] for line in shown[-2:]] == ["Report", "Next"]
    return shown


def data(run: Run, wave: str = "wave-1") -> dict[str, Any]:
    stats = run.task(PROVIDES).result["ansible_stats"]
    assert (stats["per_host"], stats["aggregate"]) == (False, True)
    assert set(stats["data"]["offboarding_outcome"]) == {wave}
    outcome: dict[str, Any] = stats["data"]["offboarding_outcome"][wave]
    assert outcome["lines"] == ending(run)[-3:]
    return outcome


def skipped(run: Run) -> int:
    return sum(task.status == "skipped" for task in run.tasks)


def test_each_entry_says_what_became_of_the_wave_where_the_report_is_and_what_is_next(bench: Bench) -> None:
    pairs = bench.build.many(2)
    wave = {"offboarding_mailboxes": records(pairs), "awx_job_id": 4711}
    lost = {**wave, "offboarding_mailboxes": [*records(pairs), {"identity": "nobody@contoso.com"}]}
    report = bench.offboarding_directory / "report.html"

    preview = bench.offboard("--check", **wave)
    assert ending(preview)[-3:-1] == [
        "wave-1: 2 not started (check mode, nothing was written)", "Report: none, because check mode writes none",
    ]  # fmt: skip
    assert data(preview)["counts"] == {"home": 0, "moving": 0, "waiting": 2, "failed": 0}
    assert (data(preview)["check_mode"], data(preview)["next_entry"]) == (True, "offboard")
    assert not report.exists()

    held = bench.offboard(**lost, offboarding_cutover="held")
    assert not held.succeeded
    told = ending(held)
    assert told[0].startswith("nobody@contoso.com: Get-Recipient finds no recipient")
    assert told[0].endswith(" (Get-Recipient, not_found; a retry helps only once this is corrected)")
    assert told[1:3] == ["wave-1: 2 ready for cutover, 1 failed", f"Report: {report}"]
    assert told[3].startswith("Next: correct what failed, then launch the job template of the playbook")
    assert (data(held)["failed"], data(held)["failed_left_out"]) == (["nobody@contoso.com"], 0)
    assert (data(held)["run_id"], data(held)["completed"]) == ("4711", True)
    assert '"run_id":"4711"' in (bench.offboarding_directory / "journal.jsonl").read_text("utf-8")

    status = bench.offboard(**wave, playbook="status")
    assert status.succeeded, status.output
    assert ending(status)[0] == "wave-1: 2 ready for cutover"
    assert data(status)["next_entry"] == "complete"

    completed = bench.offboard(offboarding_mailboxes=records(pairs), playbook="complete")
    assert completed.succeeded, completed.output
    assert ending(completed)[0] == "wave-1: 2 home"
    assert ending(completed)[2].startswith("Next: ansible-playbook mailops.exchange_hybrid.cleanup -e @")
    assert data(completed)["run_id"] not in ("", "4711")

    second = bench.offboard(**wave)
    assert second.changed == []
    assert data(second)["counts"] == {"home": 2, "moving": 0, "waiting": 0, "failed": 0}

    every = bench.offboard(playbook="report")
    assert every.succeeded, every.output
    assert ending(every) == [
        "wave: 2 home", f"{bench.offboarding_directory}: 2 home", f"Report: {report}", ending(every)[-1],
    ]  # fmt: skip
    assert data(every, str(bench.offboarding_directory))["counts"]["home"] == 2

    refused = bench.offboard(**wave, offboarding_cutover="sometime")
    assert "offboarding_cutover: 'sometime' is not known" in refused.failures[0].message
    assert ending(refused)[0] == "wave-1: the run was refused before it read any mailbox"
    assert data(refused)["completed"] is False

    # What a module refuses is named as the role's reader knows it, where the task fails and at the end.
    malformed = bench.offboard(**wave, offboarding_cutover="at", offboarding_complete_after="tonight")
    said = "offboarding_complete_after: 'tonight' is not a time. Write it in UTC as 2026-11-30T18:00:00Z."
    assert [said in task.message for task in malformed.failures] == [True, True]
    assert malformed.summary["error"].endswith(said)

    # They were 25, 24, 4, 11 and 27.
    most = {"preview": 5, "held": 6, "status": 2, "completed": 3, "second": 10}
    counted = {"preview": preview, "held": held, "status": status, "completed": completed, "second": second}
    assert {name: skipped(run) for name, run in counted.items() if skipped(run) > most[name]} == {}
