# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs beside each other, and a module that outlives its run: each mailbox ends where its own run put it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
from pathlib import Path

from lab.model.builder import Pair
from tests.integration.harness import (
    LONGEST_RUN,
    ROOT,
    WAVE,
    Bench,
    assert_home,
    finish,
    records,
    remember,
    wait_until_it_hangs,
)

HOURS = 3600


def await_the_end_of_what_is_left(bench: Bench) -> None:
    """Wait for the processes of the bench's runs, which are known by their environment: worker, shells and module."""
    mark = f"HOME={bench.directory}".encode()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (path / "environ").read_bytes().split(b"\0"):
                ended = os.pidfd_open(int(path.name))
                assert select.select([ended], [], [], LONGEST_RUN)[0], "the module did not end"
                os.close(ended)


def csv_of(bench: Bench, name: str, *pairs: Pair) -> str:
    path = bench.directory / name
    path.write_text("\n".join(["identity", *(pair.identity for pair in pairs)]) + "\n", encoding="utf-8")
    return str(path)


def test_another_run_is_refused_the_wave_and_each_mailbox_ends_where_its_own_run_put_it(bench: Bench) -> None:
    ann, bob = (bench.build.synced(name) for name in ("Ann Archer", "Bob Baker"))
    known = {pair.identity: remember(pair) for pair in (ann, bob)}
    first, second = csv_of(bench, "first.csv", ann), csv_of(bench, "second.csv", bob)
    directory = str(bench.offboarding_directory)
    bench.faults.add("exchange_online", "New-MoveRequest", "latency", seconds=HOURS)
    given = {**WAVE, "offboarding_directory": directory, "offboarding_csv": first, "offboarding_run_id": "first-run"}
    process, events = bench.begin(ROOT / "playbooks" / "offboard.yml", variables=given)
    wait_until_it_hangs(bench, process)
    wrote = bench.writes()
    # Another CSV, and the same one again for another database: both would write the same file.
    for csv, database in ((second, "DB01"), (first, "DB02")):
        other = bench.offboard(offboarding_csv=csv, offboarding_remote_target_database=database)
        assert not other.succeeded
        error = other.failures[0].error
        assert error["code"] == "wave_in_use"
        assert "run first-run (process " in error["message"]
        assert f"from {first}" in error["message"]
    assert bench.writes() == wrote
    bench.faults.wake()
    assert finish(process, events).succeeded
    assert list(bench.offboarding_directory.glob("*.lease")) == []
    again = bench.offboard(offboarding_csv=second, offboarding_remote_target_database="DB02")
    assert again.succeeded, again.output
    assert_home(ann, known[ann.identity], "DB01")
    assert_home(bob, known[bob.identity], "DB02")


def test_a_module_whose_playbook_was_killed_writes_no_more(bench: Bench) -> None:
    pairs = [bench.build.synced(name) for name in ("Ann Archer", "Bob Baker", "Cleo Clark")]
    known = [remember(pair) for pair in pairs]
    bench.environment["EXCHANGE_SERVER_SESSIONS"] = "1"
    bench.faults.add("exchange_server", "Enable-MailUser", "latency", seconds=HOURS)
    given = {**WAVE, "offboarding_directory": str(bench.offboarding_directory), "offboarding_mailboxes": records(pairs)}
    process, _events = bench.begin(ROOT / "playbooks" / "offboard.yml", variables=given)
    wait_until_it_hangs(bench, process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    lease = json.loads(next(iter(bench.offboarding_directory.glob("*.lease"))).read_text(encoding="utf-8"))
    assert lease["pid"] == process.pid
    bench.faults.wake()
    await_the_end_of_what_is_left(bench)
    process.communicate(timeout=LONGEST_RUN)
    # The user that was begun with is made whole, and nobody else is begun with.
    assert sorted(set(bench.writes()) - {"Set-ADSyncScheduler"}) == ["Enable-MailUser", "Set-MailUser"]
    assert [pair.directory.kind for pair in pairs] == ["MailUser", "User", "User"]
    assert pairs[0].directory.exchange_guid == pairs[0].cloud.exchange_guid
    again = bench.offboard(offboarding_mailboxes=records(pairs))
    assert again.succeeded, again.output
    for pair, before in zip(pairs, known, strict=True):
        assert_home(pair, before)
    assert bench.scheduler_runs()
