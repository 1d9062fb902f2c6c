# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures of the last runs in a page of the documentation, between the two comments that mark their place."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.report import table_of

BEGIN = "<!-- measured: written by python -m bench --page -->"
END = "<!-- measured: end -->"
Figures = Mapping[str, Any]


def write(path: Path, results: Sequence[Figures]) -> None:
    """Put the tables of all results into a page. Raises ValueError for one that has no place for them."""
    text = path.read_text(encoding="utf-8")
    before, begins, rest = text.partition(BEGIN)
    _old, ends, after = rest.partition(END)
    if not begins or not ends:
        raise ValueError(f"{path} does not have the lines '{BEGIN}' and '{END}'")
    path.write_text(f"{before}{BEGIN}\n\n{section(results)}\n{END}{after}", encoding="utf-8")


def section(results: Iterable[Figures]) -> str:
    """Return the tables, each with a sentence before it."""
    known = sorted(results, key=lambda figures: (figures["mailboxes"], -figures["latency_ms"]))
    compared = [figures for figures in known if "times_faster_than_loop" in figures]
    waves = [figures for figures in known if "rerun_cpu_ms_each" in figures]
    reports = [figures for figures in known if figures not in compared and figures not in waves]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    parts = [f"Measured on {machine}, with ten sessions on each side, against the lab, with journal and report."]
    if compared:
        parts += ["`make bench`, moves by requests of their own:", _by_requests(compared)]
        parts += ["The same waves in migration batches:", _in_batches(compared)]
    if waves:
        parts += ["`make bench-batches`, large waves in migration batches:", _large(waves)]
    if reports:
        parts += ["The readiness report:", _readiness(reports)]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _size(figures: Figures) -> list[str]:
    return [f"{figures['mailboxes']:,}", f"{figures['latency_ms']} ms", f"{figures['limit_s']:.1f} s"]


def _by_requests(results: Iterable[Figures]) -> str:
    header = ["mailboxes", "latency", "limit", "the role", "ratio", "faster than the loop", "than the script",
              "second run", "its writes", "largest process"]  # fmt: skip
    return table_of(header, (
        [
            *_size(figures), f"{figures['wall_s']:.1f} s", f"{figures['ratio_to_limit']:.2f}",
            f"{figures['times_faster_than_loop']:.0f} x", f"{figures['times_faster_than_script']:.1f} x",
            f"{figures['rerun_wall_s']:.1f} s", figures["rerun_writes"], f"{figures['peak_memory_mb']} MB",
        ]
        for figures in results
    ))  # fmt: skip


def _in_batches(results: Iterable[Figures]) -> str:
    header = ["mailboxes", "latency", "limit", "the role", "ratio", "cloud calls to submit", "CPU, each",
              "CPU, each, by requests", "second run", "its writes"]  # fmt: skip
    return table_of(header, (
        [
            *_size({**figures, **found}), f"{found['wall_s']:.1f} s", f"{found['ratio_to_limit']:.2f}",
            found["migration_calls"], f"{found['cpu_ms_each']} ms", f"{figures['cpu_ms_each']} ms",
            f"{found['rerun_wall_s']:.1f} s", found["rerun_writes"],
        ]
        for figures in results
        if (found := figures["batches"])
    ))  # fmt: skip


def _large(results: Iterable[Figures]) -> str:
    header = ["mailboxes", "latency", "limit", "the role", "cloud calls to submit", "cloud calls in all", "CPU, each",
              "largest process", "second run", "its writes"]  # fmt: skip
    return table_of(header, (
        [
            *_size(figures), f"{figures['wall_s']:.1f} s", figures["migration_calls"], figures["cloud_calls"],
            f"{figures['cpu_ms_each']} ms", f"{figures['peak_memory_mb']} MB", f"{figures['rerun_wall_s']:.1f} s",
            figures["rerun_writes"],
        ]
        for figures in results
    ))  # fmt: skip


def _readiness(results: Iterable[Figures]) -> str:
    header = ["mailboxes", "latency", "limit", "readiness", "ratio", "CPU, each", "largest process"]
    return table_of(header, (
        [
            *_size(figures), f"{figures['wall_s']:.1f} s", f"{figures['ratio_to_limit']:.2f}",
            f"{figures['cpu_ms_each']} ms", f"{figures['peak_memory_mb']} MB",
        ]
        for figures in results
    ))  # fmt: skip
