# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phases of the role that are asked for alone: each refuses what the phases before it have not made whole."""

from __future__ import annotations

import pytest

from lab.model.builder import Person
from tests.integration.harness import Bench, assert_home, move_request, records, remember

pytestmark = pytest.mark.walked


def test_the_phases_after_prepare_refuse_an_unprepared_user_and_go_on_with_the_others(bench: Bench) -> None:
    ann, bob = bench.build.synced(Person("Ann Archer")), bench.build.synced(Person("Bob Baker"))
    assert bench.offboard("--tags", "prepare", offboarding_mailboxes=records([bob])).succeeded
    before = len(bench.writes())
    wave = records([ann, bob])
    preview = bench.offboard("--check", "--tags", "move", offboarding_mailboxes=wave)
    assert {name: error["code"] for name, error in preview.role_failures.items()} == {ann.identity: "not_prepared"}
    assert [call.partition(" ")[0] for call in preview.cmdlets] == ["New-MoveRequest"]
    for tags in ("sync,match", "move", "complete"):
        run = bench.offboard("--tags", tags, offboarding_mailboxes=wave, offboarding_complete=True)
        assert run.role_failures[ann.identity]["code"] == "not_prepared", tags
        assert not run.succeeded
    assert bench.writes()[before:] == ["Start-ADSyncSyncCycle", "New-MoveRequest"]
    assert ann.directory.kind == "User"


def test_a_request_of_last_year_spares_its_mailbox_neither_baseline_nor_pause(bench: Bench) -> None:
    ann, bob = bench.build.synced(Person("Ann Archer")), bench.build.cloud_only(Person("Bob Baker"))
    known = [remember(pair) for pair in (ann, bob)]
    for pair in (ann, bob):
        move_request(bench, pair)
    # The lab's requests have failed by then, for want of a user with the GUID.
    run = bench.offboard(offboarding_mailboxes=records([ann, bob]), offboarding_resume_failed=True)
    assert run.succeeded, run.output
    for pair, before in zip((ann, bob), known, strict=True):
        assert_home(pair, before)
        assert (bench.offboarding_directory / "baseline" / f"{pair.cloud.exchange_guid}.json").exists()
    writes = bench.writes()
    paused, resumed = (place for place, name in enumerate(writes) if name == "Set-ADSyncScheduler")
    assert sorted(writes[paused + 1 : resumed]) == sorted(["Enable-MailUser", "Set-MailUser"] * 2)


@pytest.mark.parametrize(
    "task",
    [
        "Mail-enable the on-premises users and stamp the mailbox GUIDs",
        "Wait for the proof of the match and compare with the baseline",
        "Submit the moves",
    ],
)
def test_a_phase_that_is_started_at_is_refused_in_one_sentence(bench: Bench, task: str) -> None:
    ann = bench.build.synced(Person("Ann Archer"))
    run = bench.offboard("--start-at-task", task, offboarding_mailboxes=records([ann]), offboarding_complete=True)
    assert not run.succeeded
    assert "undefined" not in run.output
    assert run.failures[0].error["code"] == "not_prepared"
    assert "--start-at-task" in run.failures[0].message
    assert bench.writes() == []
