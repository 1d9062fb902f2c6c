# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark says of given numbers, and that its children end; nothing here is timed."""

from __future__ import annotations

import sys

import pytest

from bench import report
from bench.processes import Failed, Measured, run
from bench.scenario import Result, Size

KEYS = {
    "mailboxes", "latency_ms", "sessions", "wall_s", "limit_s", "ratio_to_limit", "times_faster_than_loop",
    "times_faster_than_script", "rerun_wall_s", "rerun_writes", "peak_memory_mb", "calls",
}  # fmt: skip


def result(mailboxes: int = 1000, wall: float = 100.0) -> Result:
    return Result(
        Size(mailboxes, 0.3), Measured(wall, 30.0, 120.0), Measured(10.0, 6.0, 150.0),
        reads={"exchange_server Get-User": 20}, writes={"exchange_server Set-MailUser": mailboxes}, rerun_reads={},
        rerun_writes=0, sessions={"exchange_server": 20}, bulk_reads=10, loop=3.0, script=1.8,
    )  # fmt: skip


def test_the_limit_is_what_latency_and_sessions_allow() -> None:
    assert result().limit == pytest.approx(3 * 1000 * 0.3 / 10 + 10 * 0.3 + 0.02)


def test_the_file_has_the_promised_keys() -> None:
    document = result().as_json()
    assert set(document) == KEYS
    assert (document["mailboxes"], document["latency_ms"], document["ratio_to_limit"]) == (1000, 300, 1.075)
    assert (document["times_faster_than_loop"], document["times_faster_than_script"]) == (30.0, 18.0)
    assert (document["peak_memory_mb"], document["rerun_writes"]) == (150, 0)


def test_the_page_shows_ratios_and_growth() -> None:
    page = report.table([result(500, 50.0), result(5000, 510.0)], {"mailbox_info": 0.21})
    assert "| 5,000 | 300 ms | 10 |" in page
    assert "| mailbox_info | 0.21 s |" in page
    assert "From 500 to 5000 mailboxes, 10 times as many: the role takes 10.2 times as long" in page


def test_a_child_that_takes_too_long_is_ended() -> None:
    with pytest.raises(Failed, match="ended with -9"):
        run([sys.executable, "-c", "import threading; threading.Event().wait()"], {}, 0.2)


def test_a_child_that_fails_is_told_with_its_output() -> None:
    with pytest.raises(Failed, match="nothing good"):
        run([sys.executable, "-c", "import sys; sys.exit('nothing good')"], {}, 30)


def test_what_a_child_costs_is_measured() -> None:
    measured = run([sys.executable, "-c", "print(sum(range(10**6)))"], {}, 30)
    assert measured.output.strip() == "499999500000"
    assert measured.cpu > 0
    assert measured.peak > 1
