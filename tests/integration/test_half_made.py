# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users whose second write fails: no sync sees them half made, whatever the run, the next one or its clean-up does."""

from __future__ import annotations

import pytest

from lab.model.builder import Pair, Person
from tests.integration.harness import Bench, assert_home, records, remember

pytestmark = pytest.mark.walked

REFUSAL = {
    "exception_type": "Microsoft.Exchange.Data.Directory.PropertyValueExistsException",
    "message": "The value is already used by another object.",
}


@pytest.fixture
def pairs(bench: Bench) -> list[Pair]:
    return [
        bench.build.synced(Person("Ann Archer", extra=("smtp:sales@contoso.com",))),
        bench.build.cloud_only(Person("Bob Baker", extra=("smtp:info@contoso.com",))),
    ]


def in_the_cloud(bench: Bench, pairs: list[Pair]) -> list[list[str]]:
    """Return the addresses of the cloud mailboxes, once the scheduler had its chances."""
    bench.settled()
    return [sorted(pair.cloud.email_addresses) for pair in pairs]


def test_users_that_stay_half_made_keep_the_pause_until_they_are_mended(bench: Bench, pairs: list[Pair]) -> None:
    before, known = in_the_cloud(bench, pairs), [remember(pair) for pair in pairs]
    names = sorted(pair.identity for pair in pairs)
    for cmdlet in ("Set-MailUser", "Disable-MailUser"):
        bench.faults.add("exchange_server", cmdlet, "error", count=None, **REFUSAL)
    wave = records(pairs)
    run = bench.offboard(offboarding_mailboxes=wave, offboarding_on_error="continue")
    assert not run.succeeded
    assert sorted(run.summary["addresses_at_risk"]) == names
    assert {error["code"] for error in run.role_failures.values()} == {"addresses_at_risk"}
    assert REFUSAL["message"] in run.role_failures[names[0]]["message"]
    assert run.task("Resume the scheduler").error["code"] == "addresses_at_risk"
    assert "Start-ADSyncSyncCycle" not in bench.writes()
    # Neither the next run nor a clean-up resumes over them, and a look tells of them.
    again = bench.offboard(offboarding_mailboxes=wave)
    assert sorted(again.summary["addresses_at_risk"]) == names
    # Nor does a run keep quiet about them that cannot even try.
    kept_out = bench.offboard(offboarding_mailboxes=wave, offboarding_journal="/dev/null/journal")
    assert kept_out.task("Complete or undo half-made users").error["code"] == "unwritable_journal"
    assert not kept_out.summary["completed"]
    assert sorted(kept_out.summary["addresses_at_risk"]) == names
    look = bench.offboard(playbook="status", offboarding_mailboxes=wave)
    assert not look.succeeded
    assert all(name in look.failures[-1].message for name in names)
    assert not bench.scheduler_runs()
    assert in_the_cloud(bench, pairs) == before
    bench.faults.clear()
    mended = bench.offboard(playbook="resume_sync")
    assert mended.succeeded, mended.output
    assert {entry["ending"] for entry in mended.task("Complete or undo half-made users").mailboxes.values()} == {
        "whole"
    }
    assert bench.scheduler_runs()
    assert bench.offboard(offboarding_mailboxes=wave).succeeded
    for pair, was in zip(pairs, known, strict=True):
        assert_home(pair, was)
    assert bench.offboard(playbook="resume_sync").changed == []


def test_what_stays_refused_is_undone_and_the_others_come_home(bench: Bench, pairs: list[Pair]) -> None:
    before = in_the_cloud(bench, pairs)
    bench.faults.add("exchange_server", "Set-MailUser", "error", count=None, **REFUSAL)
    run = bench.offboard(offboarding_mailboxes=records(pairs))
    assert not run.succeeded
    assert run.summary["addresses_at_risk"] == []
    results = run.task("Mail-enable the on-premises users and stamp the mailbox GUIDs").mailboxes
    assert {entry["compensation"] for entry in results.values()} == {"undone"}
    assert bench.writes().count("Disable-MailUser") == 2
    journal = (bench.offboarding_directory / "journal.jsonl").read_text(encoding="utf-8")
    assert journal.count('"cmdlet":"Disable-MailUser') == 4
    assert [pair.directory.kind for pair in pairs] == ["User", "User"]
    assert bench.scheduler_runs()
    assert in_the_cloud(bench, pairs)[0] == before[0]
