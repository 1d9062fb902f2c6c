# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waves of tens of thousands: in migration batches, and their readiness, each beside what is promised of it.

The limit of a readiness report is one latency for each bulk read and, side by side in all sessions, that of the size of
each mailbox, which takes one cmdlet. Ten of those are sent in one request, which the laboratory takes for one latency.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.laboratory import laboratory
from bench.processes import Measured
from bench.scenario import (
    METHODS,
    InBatches,
    Place,
    Size,
    bulk_reads_of,
    child_environment,
    counted,
    in_batches,
    limit_in_batches,
)

METHOD = "migration_batch"
SIZES_READ = "exchange_online Get-MailboxStatistics"


@dataclass(frozen=True)
class Promise:
    """One figure: ``most`` is what it may be, ``found`` what it is."""

    what: str
    most: float
    found: float
    unit: str = ""

    @property
    def kept(self) -> bool:
        return self.found <= self.most


@dataclass
class Wave:
    """A wave that was moved in migration batches, and again."""

    size: Size
    found: InBatches

    @property
    def limit(self) -> float:
        return limit_in_batches(self.size, self.found)

    @property
    def name(self) -> str:
        return f"batches-{self.size.name}"

    @property
    def cpu_each(self) -> float:
        return self.found.role.cpu * 1000 / self.size.mailboxes

    @property
    def peak(self) -> float:
        return max(self.found.role.peak, self.found.rerun.peak)

    def promises(self) -> list[Promise]:
        count = f"{self.size.mailboxes:,} mailboxes"
        return [
            Promise(f"{count}: cloud calls to submit", 50, self.found.migration_calls),
            Promise(f"{count}: CPU for each", 15.0, round(self.cpu_each, 1), "ms"),
            Promise(f"{count}: largest process", 250, round(self.peak), "MB"),
            Promise(f"{count}: writes of a second run", 0, self.found.rerun_writes),
        ]

    def as_json(self) -> dict[str, Any]:
        found = self.found
        return {
            "mailboxes": self.size.mailboxes,
            "latency_ms": round(self.size.latency * 1000),
            "wall_s": round(found.role.wall, 1),
            "limit_s": round(self.limit, 1),
            "cpu_ms_each": round(self.cpu_each, 1),
            "peak_memory_mb": round(self.peak),
            "migration_calls": found.migration_calls,
            "cloud_calls": found.cloud_calls,
            "rerun_wall_s": round(found.rerun.wall, 1),
            "rerun_cpu_ms_each": round(found.rerun.cpu * 1000 / self.size.mailboxes, 1),
            "rerun_writes": found.rerun_writes,
            "calls": found.calls,
        }


@dataclass
class Readiness:
    """A report on the readiness of a wave."""

    size: Size
    run: Measured
    reads: dict[str, int]
    bulk_reads: int

    @property
    def limit(self) -> float:
        side_by_side = self.reads.get(SIZES_READ, 0) * self.size.latency / self.size.sessions
        return side_by_side + self.bulk_reads * self.size.latency

    @property
    def name(self) -> str:
        return f"readiness-{self.size.name}"

    def promises(self) -> list[Promise]:
        what = f"{self.size.mailboxes:,} mailboxes: readiness, times its limit"
        return [Promise(what, 1.25, round(self.run.wall / self.limit, 2))]

    def as_json(self) -> dict[str, Any]:
        return {
            "mailboxes": self.size.mailboxes,
            "latency_ms": round(self.size.latency * 1000),
            "wall_s": round(self.run.wall, 1),
            "limit_s": round(self.limit, 1),
            "ratio_to_limit": round(self.run.wall / self.limit, 3),
            "cpu_ms_each": round(self.run.cpu * 1000 / self.size.mailboxes, 1),
            "peak_memory_mb": round(self.run.peak),
            "calls": self.reads,
        }


def measure_wave(size: Size) -> Wave:
    """Move a wave in migration batches, and again. Raises Failed."""
    with _place(size) as place:
        return Wave(size, in_batches(place))


def measure_readiness(size: Size) -> Readiness:
    """Report on the readiness of a wave. Raises Failed."""
    with _place(size) as place:
        run = place.readiness(METHOD)
        entries, _begin = place.received(0)
    alone = Size(1, 0.0, size.sessions, compared=0)
    bulk = bulk_reads_of(alone, METHOD, lambda small: small.readiness(METHOD))
    return Readiness(size, run, counted(entries, "read"), bulk - 1)  # one of them is the size of its mailbox


@contextmanager
def _place(size: Size) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="mailops-bench-") as name:
        directory = Path(name).resolve()
        with laboratory(directory / "laboratory", {METHODS[METHOD]: size.mailboxes}, size.latency) as remote:
            yield Place(directory, size, remote, child_environment(directory, size))
