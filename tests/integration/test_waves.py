# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waves as inventory hosts: serial, --limit, another Python first in PATH, and several jobs at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.model.builder import Pair
from tests.integration.harness import HERE, LONGEST_RUN, ROOT, WAVE, Bench, Run, finish

PLUGIN = "mailops.exchange_hybrid.mailbox_waves"
JOB = HERE / "job.py"


def inventory(bench: Bench, pairs: Sequence[Pair], name: str = "all", **options: Any) -> Path:
    """Write a CSV of these mailboxes and the configuration that makes waves of it."""
    csv = bench.directory / f"{name}.csv"
    lines = [f"{pair.identity},{'berlin' if number % 2 else 'paris'}" for number, pair in enumerate(pairs)]
    csv.write_text("\n".join(["identity,site", *lines, ""]), encoding="utf-8")
    config = bench.directory / f"{name}.mailbox_waves.yml"
    given = {"plugin": PLUGIN, "csv": csv.name, "directory": str(bench.directory / f"waves-{name}"), **options}
    config.write_text(json.dumps(given), encoding="utf-8")
    return config


def variables(bench: Bench, **more: Any) -> dict[str, Any]:
    return {
        **WAVE, "offboarding_directory": str(bench.offboarding_directory), "offboarding_hosts": "mailbox_waves",
        "offboarding_remote_target_database": "DB01", "offboarding_wait": False, **more,
    }  # fmt: skip


def offboard(bench: Bench, config: Path, *arguments: str, **more: Any) -> Run:
    playbook = ROOT / "playbooks" / "offboard.yml"
    return bench.run(playbook, "-i", str(config), *arguments, variables=variables(bench, **more))


def moved(bench: Bench) -> list[str]:
    return sorted(request.mailbox.primary_smtp_address for request in bench.hybrid.replication.requests.values())


def assert_one_of_each(bench: Bench, pairs: Sequence[Pair]) -> None:
    """Every mailbox has one request and one mail user that carries its GUID: nothing was lost, nothing done twice."""
    done = Counter(entry["cmdlet"] for entry in bench.log.writes() if entry["outcome"] == "ok")
    assert {name: done[name] for name in ("Enable-MailUser", "New-MoveRequest")} == {
        "Enable-MailUser": len(pairs), "New-MoveRequest": len(pairs),
    }
    assert [pair.directory.exchange_guid for pair in pairs] == [pair.cloud.exchange_guid for pair in pairs]
    assert sorted(request.mailbox.guid for request in bench.hybrid.replication.requests.values()) == sorted(
        pair.cloud.guid for pair in pairs
    )
    assert bench.scheduler_runs()
    assert list(bench.offboarding_directory.glob("directory-sync-paused*")) == []


def test_waves_run_one_after_the_other_with_the_controllers_python(bench: Bench) -> None:
    pairs = bench.build.many(5)
    elsewhere = bench.directory / "bin"
    elsewhere.mkdir()
    other = elsewhere / "python3"
    other.write_text("exit 99\n", encoding="utf-8")
    other.chmod(0o755)
    bench.cold = True
    bench.environment["PATH"] = f"{elsewhere}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = offboard(bench, inventory(bench, pairs, size=2), offboarding_serial=[1, "100%"])
    assert run.succeeded, run.output
    assert_one_of_each(bench, pairs)
    # The first batch is one wave: its mailboxes had their requests before any other was mail-enabled.
    writes = bench.writes()
    assert writes.index("New-MoveRequest") < len(writes) - 1 - writes[::-1].index("Enable-MailUser")


def test_a_limit_leaves_the_other_waves_alone(bench: Bench) -> None:
    pairs = bench.build.many(4)
    config = inventory(bench, pairs, by="site")
    run = offboard(bench, config, "--limit", "wave_berlin")
    assert run.succeeded, run.output
    assert moved(bench) == sorted([pairs[1].identity, pairs[3].identity])
    again = offboard(bench, config)
    assert again.succeeded, again.output
    assert_one_of_each(bench, pairs)


def test_a_failed_wave_stops_the_next_ones(bench: Bench) -> None:
    pairs = bench.build.many(3)
    bench.build.second_holder(pairs[0].cloud.email_addresses[0])
    run = offboard(bench, inventory(bench, pairs, size=1), offboarding_serial=1, offboarding_max_fail_percentage=0)
    assert not run.succeeded
    assert moved(bench) == []
    assert run.role_failures[pairs[0].identity]["code"] == "address_in_use"


def test_two_runs_with_overlapping_waves_do_everything_once(bench: Bench) -> None:
    pairs = bench.build.many(12)
    playbook = ROOT / "playbooks" / "offboard.yml"
    both = [
        bench.start(playbook, "-i", str(inventory(bench, part, name)), variables=variables(bench))
        for name, part in (("first", pairs[:8]), ("second", pairs[4:]))
    ]
    runs = [finish(process, events) for process, events in both]
    assert [run.returncode for run in runs] == [0, 0], "".join(run.output for run in runs)
    assert [run.summary["failed"] for run in runs] == [0, 0]
    assert_one_of_each(bench, pairs)


def test_slices_as_separate_jobs_of_ansible_runner(bench: Bench) -> None:
    pairs = bench.build.many(6)
    config = inventory(bench, pairs, size=3)
    jobs = []
    for number in (1, 2):
        place = bench.directory / f"job-{number}"
        place.mkdir()
        environment = {**bench._environment(), "PYTHONPATH": str(ROOT)}
        given = json.dumps(
            {"private_data_dir": str(place), "inventory": str(config), "limit": f"wave_00{number}",
             "playbook": str(ROOT / "playbooks" / "offboard.yml"), "extravars": variables(bench), "quiet": True}
        )  # fmt: skip
        jobs.append(
            subprocess.Popen([sys.executable, str(JOB), given], env=environment, stdout=subprocess.PIPE, text=True)
        )
    told = [job.communicate(timeout=LONGEST_RUN)[0] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], "".join(told)
    assert [re.findall(r"^(\w+) (\w+)$", text, re.MULTILINE) for text in told] == [
        [("successful", "wave_001")], [("successful", "wave_002")],
    ]
    assert_one_of_each(bench, pairs)
