# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark says of given numbers, and that its children end; nothing here is timed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import page, report
from bench.large import Readiness, Wave
from bench.processes import Failed, Measured, run
from bench.scenario import InBatches, Result, Size

KEYS = {
    "mailboxes", "latency_ms", "sessions", "wall_s", "limit_s", "ratio_to_limit", "times_faster_than_loop",
    "times_faster_than_script", "rerun_wall_s", "rerun_writes", "peak_memory_mb", "calls", "cpu_ms_each",
    "batches",
}  # fmt: skip


def result(mailboxes: int = 1000, wall: float = 100.0) -> Result:
    return Result(
        Size(mailboxes, 0.3), Measured(wall, 30.0, 120.0), Measured(10.0, 6.0, 150.0),
        reads={"exchange_server Get-User": 20}, writes={"exchange_server Set-MailUser": mailboxes}, rerun_reads={},
        rerun_writes=0, sessions={"exchange_server": 20}, bulk_reads=10, loop=3.0, script=1.8,
        batches=InBatches(
            Measured(wall * 0.7, 15.0, 100.0), Measured(8.0, 5.0, 100.0),
            {"exchange_online Get-MigrationBatch": 2, "exchange_online New-MigrationBatch": 1,
             "exchange_online Get-Mailbox": 20, "exchange_server Set-MailUser": mailboxes}, 0, 12,
        ),
    )  # fmt: skip


def test_the_limit_is_what_latency_and_sessions_allow() -> None:
    assert result().limit == pytest.approx(3 * 1000 * 0.3 / 10 + 10 * 0.3 + 0.02)


def test_a_wave_in_batches_has_a_limit_and_a_line_of_its_own() -> None:
    found = result()
    assert found.batch_limit == pytest.approx(2 * 1000 * 0.3 / 10 + 12 * 0.3 + 0.02)
    told = found.as_json()["batches"]
    assert (told["migration_calls"], told["cloud_calls"], told["cpu_ms_each"]) == (3, 23, 15.0)
    assert (told["ratio_to_limit"], told["rerun_writes"]) == (1.1, 0)
    line = "| 1,000 | 300 ms | 63.6 s | 70.0 s | 1.10 | 3 | 23 | 15.0 ms | 30.0 ms | 8.0 s | 0 |"
    assert line in report.table([found], {})


def large(peak: float = 240.0, cpu: float = 150.0) -> tuple[Wave, Readiness]:
    found = InBatches(
        Measured(180.0, cpu, peak), Measured(20.0, 18.0, 230.0),
        {"exchange_online New-MigrationBatch": 10, "exchange_online Get-MigrationBatch": 2,
         "exchange_online Get-Mailbox": 200, "exchange_online Get-MoveRequest": 4,
         "exchange_server Get-MoveRequest": 1}, 0, 12,
    )  # fmt: skip
    reads = {"exchange_online Get-MailboxStatistics": 10_000, "exchange_server Get-User": 80}
    return Wave(Size(10_000, 0.02), found), Readiness(Size(10_000, 0.1), Measured(127.0, 60.0, 200.0), reads, 20)


def test_a_large_wave_is_held_to_what_is_promised_of_it() -> None:
    wave, readiness = large()
    assert (wave.limit, readiness.limit) == (pytest.approx(40 + 0.24 + 0.02), pytest.approx(100 + 2.0))
    shown = report.large([wave], [readiness])
    assert "| 10,000 mailboxes: cloud calls to submit | 50 | 16 |  |" in shown
    assert "| 10,000 mailboxes: CPU for each | 15 ms | 15 ms |  |" in shown
    assert "| 10,000 mailboxes: readiness, times its limit | 1.25 | 1.25 |  |" in shown
    assert "| 10,000 | 40.3 s | 180.0 s | 20.0 s | 216 |" in shown
    missed = report.large([large(peak=343.0, cpu=290.0)[0]], [])
    assert "| 10,000 mailboxes: CPU for each | 15 ms | 29 ms | missed |" in missed
    assert "| 10,000 mailboxes: largest process | 250 MB | 343 MB | missed |" in missed


def test_all_figures_are_written_between_the_marks_of_a_page(tmp_path: Path) -> None:
    place = tmp_path / "scaling.md"
    place.write_text(f"before\n\n{page.BEGIN}\nold\n{page.END}\n\nafter\n", encoding="utf-8")
    wave, readiness = large()
    for _again in range(2):
        page.write(place, [result().as_json(), wave.as_json(), readiness.as_json()])
    written = place.read_text(encoding="utf-8")
    assert written.startswith(f"before\n\n{page.BEGIN}\n\nMeasured on ")
    assert written.endswith("\n\nafter\n")
    assert "old" not in written
    assert "| 1,000 | 300 ms | 93.0 s | 100.0 s | 1.07 | 30 x | 18.0 x | 10.0 s | 0 | 150 MB |" in written
    assert "| 1,000 | 300 ms | 63.6 s | 70.0 s | 1.10 | 3 | 15.0 ms | 30.0 ms | 8.0 s | 0 |" in written
    assert "| 10,000 | 20 ms | 40.3 s | 180.0 s | 16 | 216 | 15.0 ms | 240 MB | 20.0 s | 0 |" in written
    assert "| 10,000 | 100 ms | 102.0 s | 127.0 s | 1.25 | 6.0 ms | 200 MB |" in written
    place.write_text("no place\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"scaling\.md does not have the lines"):
        page.write(place, [])


def test_the_documentation_has_a_place_for_the_figures() -> None:
    text = (bench.ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    assert 0 < text.find(page.BEGIN) < text.find(page.END)


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
