# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs at once, over one wave or over waves that share mailboxes: one move request a mailbox, and all home."""

from __future__ import annotations

from typing import Any

from lab.model.builder import Pair
from tests.integration.harness import ROOT, WAVE, Bench, Run, assert_home, finish, records, remember

PLAYBOOK = ROOT / "playbooks" / "offboard.yml"


def side_by_side(bench: Bench, *variables: dict[str, Any]) -> list[Run]:
    """Start all runs before waiting for any."""
    begun = [bench.start(PLAYBOOK, variables={**WAVE, **given}) for given in variables]
    return [finish(process, events) for process, events in begun]


def assert_all_home(bench: Bench, pairs: list[Pair], runs: list[Run], final: Run) -> None:
    assert final.succeeded, final.output
    assert final.summary["states"]["home"] == len(pairs)
    made = [entry["parameters"]["Identity"] for entry in bench.log.entries(cmdlet="New-MoveRequest")
            if entry["outcome"] == "ok"]  # fmt: skip
    assert sorted(made) == sorted(str(pair.cloud.exchange_guid) for pair in pairs)
    assert bench.scheduler_runs()
    for run in runs:
        assert "Traceback" not in run.output


def test_two_runs_over_one_wave(bench: Bench) -> None:
    pairs = [bench.build.cloud_only(name) for name in ("Ann Archer", "Bob Baker")]
    before = [remember(pair) for pair in pairs]
    given = {"offboarding_mailboxes": records(pairs), "offboarding_directory": str(bench.offboarding_directory)}
    runs = side_by_side(bench, given, given)
    assert any(run.succeeded for run in runs), runs[0].output + runs[1].output
    assert_all_home(bench, pairs, runs, bench.offboard(offboarding_mailboxes=records(pairs)))
    for pair, known in zip(pairs, before, strict=True):
        assert_home(pair, known)
    assert len(list((bench.offboarding_directory / "baseline").iterdir())) == 2


def test_two_waves_that_share_a_mailbox(bench: Bench) -> None:
    ann, bob, cas = (bench.build.cloud_only(name) for name in ("Ann Archer", "Bob Baker", "Cas Clean"))
    before = [remember(pair) for pair in (ann, bob, cas)]
    waves = [
        {"offboarding_mailboxes": records(wave), "offboarding_directory": str(bench.directory / name)}
        for name, wave in (("first", (ann, bob)), ("second", (bob, cas)))
    ]
    runs = side_by_side(bench, *waves)
    again = [bench.offboard(**wave) for wave in waves]
    assert again[0].succeeded, again[0].output
    assert_all_home(bench, [ann, bob, cas], runs, bench.offboard(offboarding_mailboxes=records((ann, bob, cas))))
    for pair, known in zip((ann, bob, cas), before, strict=True):
        assert_home(pair, known)
