# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role leaves to the tasks after it: of this call alone, and never good where the run died."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.integration.harness import WAVE, Bench, Run, records

ROLE = "mailops.exchange_hybrid.mailbox_offboarding"
FAULT = "Microsoft.Exchange.Configuration.Tasks.TaskException"


def call(label: str, variables: dict[str, Any], **keywords: Any) -> list[dict[str, Any]]:
    """Return tasks that call the role, whatever becomes of it, and tell what it left."""
    role = {"name": label, "ansible.builtin.include_role": {"name": ROLE}, "vars": variables}
    rescued = {"name": f"{label} rescued", "ansible.builtin.debug": {"msg": "rescued"}}
    told = {"name": f"{label} told", "ansible.builtin.debug": {"var": "offboarding_result"}}
    return [{"block": [role], "rescue": [rescued], **keywords}, told]


def left(run: Run, label: str) -> dict[str, Any]:
    return dict(run.task(f"{label} told").result["offboarding_result"])


def test_the_result_is_of_this_call_and_says_whether_the_run_ended(bench: Bench, tmp_path: Path) -> None:
    ann, bob = bench.build.cloud_only("Ann Archer"), bench.build.cloud_only("Bob Baker")
    lost = bench.build.cloud_only("Cleo Clark")
    bench.build.set_cloud(lost, litigation_hold=True)
    bad, header = tmp_path / "bad.csv", tmp_path / "header.csv"
    bad.write_text("name\nann\n", encoding="utf-8")
    header.write_text("identity,alias\n", encoding="utf-8")
    common = {**WAVE, "offboarding_directory": str(bench.offboarding_directory), "offboarding_on_error": "continue"}
    wave = {**common, "offboarding_mailboxes": records([ann, bob, lost])}
    kept = bench.offboarding_directory / "wave.json"
    kept.parent.mkdir()
    kept.write_text('[{"identity": "kept@contoso.com"}]', encoding="utf-8")
    bench.faults.add("entra_connect", "Start-ADSyncSyncCycle", "error", count=None, exception_type=FAULT, message="No.")
    # Asked for on-premises only once a mailbox is there.
    bench.faults.add("exchange_server", "Get-Mailbox", "deny", count=None)
    whole = [bench.build.remote_mailbox(name) for name in ("Dan Drake", "Eve Evans")]
    for pair in whole:
        bench.build.set_directory(pair, exchange_guid=pair.cloud.exchange_guid)
    late = {**common, "offboarding_mailboxes": records(whole), "offboarding_entra_connect_configured": False}
    late["offboarding_report"] = str(tmp_path / "late.html")

    run = bench.play(
        *call("preview", wave, check_mode=True),
        *call("refused", {**common, "offboarding_csv": str(bad)}),
        *call("empty", {**common, "offboarding_csv": str(header)}, check_mode=True),
        {"name": "Look", "ansible.builtin.slurp": {"src": str(kept)}, "register": "before"},
        *call("died", wave),
        *call("late", late),
    )
    preview, refused, empty, died = (left(run, label) for label in ("preview", "refused", "empty", "died"))
    assert died["unverified"] == []
    came = left(run, "late")
    assert (came["completed"], came["unverified"], came["unfinished"]) == (False, [p.identity for p in whole], []), came

    # check_mode as a keyword is a preview as --check is: nothing written, no mailbox failed falsely.
    assert (preview["completed"], preview["failed"], preview["states"]["to_do"]) == (True, 1, 2)
    assert run.task("Look").result["content"] == "W3siaWRlbnRpdHkiOiAia2VwdEBjb250b3NvLmNvbSJ9XQ=="
    # The wave before it had three mailboxes, one of them failed.
    assert (refused["completed"], refused["mailboxes"], refused["failures"]) == (False, 0, [])
    assert "refused" in refused["error"]
    assert (empty["completed"], empty["mailboxes"]) == (True, 0)
    assert "header.csv' has a header, but no mailbox" in empty["warnings"][0]
    assert (died["completed"], died["mailboxes"], died["failed"]) == (False, 3, 1)
    assert died["unfinished"] == [ann.identity, bob.identity]
    assert "Run a cycle of directory synchronization: " in died["error"]
    assert {task.name for task in run.tasks} >= {"refused rescued", "died rescued"}
    assert "empty rescued" not in {task.name for task in run.tasks}
    page = (bench.offboarding_directory / "report.html").read_text(encoding="utf-8")
    assert "The run did not finish, and left 2 mailboxes unfinished." in page
    assert "2 mailboxes came home and are not verified." in (tmp_path / "late.html").read_text(encoding="utf-8")
    assert bench.scheduler_runs()


def test_results_of_a_wave_stay_below_what_a_controller_shows_and_the_report_has_them_all(bench: Bench) -> None:
    """The wave is the text of a survey, and most of its lines are no mailboxes."""
    ann, bob = bench.build.cloud_only("Ann Archer"), bench.build.cloud_only("Bob Baker")
    strangers = [f"stranger.{number:04}@contoso.com" for number in range(1200)]
    run = bench.offboard(
        *("--tags", "always"),
        offboarding_mailboxes="\r\n".join([ann.identity, "", *strangers, f"  {bob.identity} "]),
        offboarding_on_error="continue",
    )
    assert run.succeeded, run.output[-2000:]
    assert max(len(json.dumps(task.result)) for task in run.tasks) < 700_000
    result = run.task("Summarize the run").result["ansible_facts"]["offboarding_result"]
    shown, left_out = len(result["failures"]), int(result["left_out"])
    assert (int(result["mailboxes"]), int(result["failed"]), shown + left_out) == (1202, 1200, 1200)
    assert min(shown, left_out) > 100
    assert f"... and {left_out} more failures: the report has all of them." in run.output
    told = (bench.offboarding_directory / "report.html").read_text(encoding="utf-8")
    assert [name for name in strangers if name not in told] == []
    assert run.task("Write the report").result["summary"]["failed"] == 1200
    kept = (bench.offboarding_directory / "wave.json.failures").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["identity"] for line in kept] == strangers
