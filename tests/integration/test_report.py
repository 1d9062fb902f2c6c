# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as the role, the readiness playbook and a task of one's own write it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.markup import (
    read_data_block,
)

from tests.integration.harness import ROOT, WAVE, Bench, module, records
from tests.integration.test_waves import inventory, offboard

pytestmark = pytest.mark.walked


def page(path: Path) -> dict[str, Any]:
    """Return the data of a report: where each mailbox stands, and what is wrong."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    data = read_data_block(path.read_text(encoding="utf-8"), "wave")
    texts = data["texts"]
    return {
        "mailboxes": {row[0]: data["standings"][row[2]][1] for row in data["mailboxes"]},
        "failures": {texts[code] for code, _remedy, _retryable, _items in data["failures"]},
        "findings": {texts[code] for code, _severity, _accepted, _remedy, _items in data["findings"]},
    }


def test_the_role_writes_it_also_when_a_mailbox_fails_and_a_second_run_changes_nothing(bench: Bench) -> None:
    ann, bob = bench.build.cloud_only("Ann Archer"), bench.build.cloud_only("Bob Baker")
    bench.build.second_holder(bob.cloud.email_addresses[0])
    path = bench.offboarding_directory / "report.html"
    wave = records([ann, bob], remote_target_database="DB01")
    run = bench.offboard(offboarding_mailboxes=wave)
    assert not run.succeeded
    assert page(path) == {
        "mailboxes": {ann.identity: "Home", bob.identity: "Failed"},
        "failures": {"address_in_use"},
        "findings": set(),
    }
    assert "No readiness report was taken" in path.read_text(encoding="utf-8")
    again = bench.offboard(offboarding_mailboxes=wave)
    assert again.changed == []
    assert page(path)["mailboxes"] == {ann.identity: "Home", bob.identity: "Failed"}


def test_a_preview_writes_no_report_and_an_empty_path_turns_it_off(bench: Bench) -> None:
    ann = bench.build.cloud_only("Ann Archer")
    assert bench.offboard("--check", offboarding_mailboxes=records([ann])).succeeded
    assert not bench.offboarding_directory.exists()
    run = bench.offboard(offboarding_mailboxes=records([ann]), offboarding_report=False)
    assert run.succeeded, run.output
    assert list(bench.offboarding_directory.glob("*.html")) == []


def test_a_relative_path_is_refused_before_anything_is_read(bench: Bench) -> None:
    run = bench.offboard(offboarding_mailboxes=[{"identity": "ann@contoso.com"}], offboarding_report="report.html")
    assert "offboarding_report: 'report.html' is relative" in run.output
    assert bench.writes() == []


def test_waves_that_share_a_directory_have_a_report_each(bench: Bench) -> None:
    pairs = bench.build.many(4)
    run = offboard(bench, inventory(bench, pairs, size=2))
    assert run.succeeded, run.output
    reports = sorted(bench.offboarding_directory.glob("*.report.html"))
    assert len(reports) == 2
    waves = [set(page(path)["mailboxes"]) for path in reports]
    assert set.union(*waves) == {pair.identity for pair in pairs}
    assert set.intersection(*waves) == set()


def test_a_run_of_some_mailboxes_leaves_the_report_of_the_wave(bench: Bench) -> None:
    pairs = bench.build.many(2)
    given = {"offboarding_mailboxes": records(pairs), "offboarding_cutover": "held"}
    whole, part = (bench.offboarding_directory / name for name in ("report.html", "only.report.html"))
    assert bench.offboard(**given).succeeded
    assert page(whole)["mailboxes"] == {pair.identity: "Ready for cutover" for pair in pairs}
    before = whole.read_bytes()
    run = bench.offboard(playbook="complete", offboarding_only=[pairs[0].identity], **given)
    assert run.succeeded, run.output
    assert page(part)["mailboxes"] == {pairs[0].identity: "Home"}
    assert whole.read_bytes() == before


def test_days_after_one_another_are_told_as_they_are(bench: Bench) -> None:
    """The report knows the progress and the journal of earlier days, and a look changes nothing in it."""
    pairs = bench.build.many(2)
    given = {"offboarding_mailboxes": records(pairs), "offboarding_cutover": "held"}
    path = bench.offboarding_directory / "report.html"
    assert bench.offboard(**given).succeeded
    before = path.read_bytes(), (bench.offboarding_directory / "wave.json").read_bytes()
    assert bench.offboard(playbook="status", **given).succeeded
    assert (path.read_bytes(), (bench.offboarding_directory / "wave.json").read_bytes()) == before
    assert bench.offboard(playbook="complete", **given).succeeded
    assert set(page(path)["mailboxes"].values()) == {"Home"}
    assert bench.offboard(playbook="cleanup", **given).succeeded
    assert set(page(path)["mailboxes"].values()) == {"Home"}
    text = path.read_text(encoding="utf-8")
    told = [name for name in ("New-MoveRequest", "Set-MoveRequest", "Resume-MoveRequest", "Remove-MoveRequest")
            if f"<code>{name}</code>" in text]  # fmt: skip
    assert len(told) == 4, "the time line has the writes of each day"


def test_after_a_rollback_no_move_is_shown(bench: Bench) -> None:
    pairs = bench.build.many(2)
    given = {"offboarding_mailboxes": records(pairs), "offboarding_cutover": "held"}
    path = bench.offboarding_directory / "report.html"
    assert bench.offboard(**given).succeeded
    assert set(page(path)["mailboxes"].values()) == {"Ready for cutover"}
    run = bench.offboard(playbook="rollback", **given)
    assert run.succeeded, run.output
    assert set(page(path)["mailboxes"].values()) == {"Move request removed"}


def test_without_a_journal_an_old_one_is_not_told(bench: Bench) -> None:
    ann = bench.build.cloud_only("Ann Archer")
    bench.offboarding_directory.mkdir(mode=0o700)
    (bench.offboarding_directory / "journal.jsonl").write_text("{}\n", encoding="utf-8")
    given = {"offboarding_mailboxes": records([ann]), "offboarding_journal": False}
    run = bench.offboard("--tags", "prepare", **given)
    assert run.succeeded, run.output
    assert run.task("Write the report").result["missing"] == ["readiness", "journal", "progress"]


def test_the_readiness_playbook_writes_it_with_the_findings(bench: Bench) -> None:
    ann = bench.build.cloud_only("Ann Archer")
    given = {
        **{name: value for name, value in WAVE.items() if "wait" not in name and "match" not in name},
        "offboarding_mailboxes": records([ann], remote_target_database="nowhere"),
        "offboarding_directory": str(bench.offboarding_directory),
    }
    run = bench.run(ROOT / "playbooks" / "readiness.yml", variables=given)
    assert not run.succeeded
    document = json.loads((bench.offboarding_directory / "readiness.json").read_text(encoding="utf-8"))
    report = page(bench.offboarding_directory / "report.html")
    assert report["mailboxes"] == {ann.identity: "Not started"}
    assert report["findings"] == {item["code"] for item in document["mailboxes"][0]["findings"]} != set()
    shown = (bench.offboarding_directory / "report.html").read_text(encoding="utf-8")
    assert "The report has no failures of a run" in shown


def test_the_module_previews_writes_once_and_says_what_it_missed(bench: Bench) -> None:
    wave = [{"identity": "ann@contoso.com", "offboarding_state": "home"}, {"identity": "bob@contoso.com"}]
    path = bench.directory / "report.html"
    (bench.directory / "journal.jsonl").write_text('{"event": "sent", "ut', encoding="utf-8")
    (bench.directory / "readiness.json").write_text("[]", encoding="utf-8")
    options = {"path": str(path), "mailboxes": wave, "failures": [], "directory": str(bench.directory)}
    tasks = [
        {**module("offboarding_report", name="preview", **options), "check_mode": True, "diff": True},
        module("offboarding_report", name="write", **options),
        module("offboarding_report", name="again", **options),
        {**module("offboarding_report", name="more", **{**options, "mailboxes": wave[:1]}), "diff": True},
    ]
    preview, write, again, more = bench.play(*tasks).tasks
    assert [task.changed for task in (preview, write, again, more)] == [True, True, False, True]
    assert preview.result["diff"]["after"].startswith("ann@contoso.com: Home\nbob@contoso.com: Not known\n")
    assert "bob@contoso.com: Not known" in more.result["diff"]["before"]
    assert "bob@contoso.com" not in more.result["diff"]["after"]
    for task in (preview, write, again):
        assert task.result["summary"] == {"failed": 0, "waiting": 1, "moving": 0, "home": 1}
        assert (task.result["missing"], task.result["damaged_lines"]) == (["readiness", "progress"], 1)
        told = "it is not a readiness report; the report is written without it."
        assert any(told in text for text in task.result["warnings"])
    assert write.result["size"] == again.result["size"] == int(write.result["size"])


def test_wrong_input_is_one_clear_sentence_and_nothing_is_written(bench: Bench) -> None:
    path = str(bench.directory / "report.html")
    cases = {
        "exclusive": ({"path": path, "mailboxes": [], "mailboxes_file": "wave.json"}, "mutually exclusive"),
        "missing": ({"path": path, "mailboxes_file": "/nowhere/wave.json"}, "cannot be read"),
        "blank": ({"path": path, "mailboxes": [{"identity": " "}]}, "identity: is blank in record 1"),
        "folder": ({"path": "/nowhere/report.html", "mailboxes": []}, "path: '/nowhere/report.html' cannot be written"),
    }
    tasks = [module("offboarding_report", name=name, **options) for name, (options, _text) in cases.items()]
    for task in bench.play(*tasks).tasks:
        assert task.failed
        assert cases[task.name][1] in task.message
    assert not Path(path).exists()
