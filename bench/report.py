# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers as a page of Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from bench.large import Promise, Readiness, Wave
from bench.scenario import READS_CLOUD, READS_ON_PREMISES, WRITES, Result


def table(results: Sequence[Result], starts: Mapping[str, float]) -> str:
    """Return the whole page."""
    summaries = [_walls(results), _in_batches(results), _costs(results)]
    parts = [*summaries, *(_calls(result) for result in results), _starts(starts)]
    return "\n".join(part for part in (*parts, _growth(results), _diffs(results)) if part)


def large(waves: Sequence[Wave], reports: Sequence[Readiness]) -> str:
    """Return the page about large waves in migration batches."""
    promises = [promise for wave in waves for promise in wave.promises()]
    promises += [promise for found in reports for promise in found.promises()]
    times = [
        [
            f"{wave.size.mailboxes:,}", f"{wave.limit:.1f} s", f"{wave.found.role.wall:.1f} s",
            f"{wave.found.rerun.wall:.1f} s", wave.found.cloud_calls,
        ]
        for wave in waves
    ]  # fmt: skip
    times += [
        [f"{found.size.mailboxes:,} (readiness)", f"{found.limit:.1f} s", f"{found.run.wall:.1f} s", "", ""]
        for found in reports
    ]
    return "\n".join([
        table_of(["figure", "at most", "measured", ""], map(_promise, promises)),
        table_of(["mailboxes", "limit", "measured", "second run", "cloud calls in all"], times),
    ])  # fmt: skip


def _promise(promise: Promise) -> list[str]:
    unit = f" {promise.unit}" if promise.unit else ""
    return [promise.what, f"{promise.most:g}{unit}", f"{promise.found:g}{unit}", "" if promise.kept else "missed"]


def table_of(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def _walls(results: Sequence[Result]) -> str:
    header = ["mailboxes", "latency", "sessions", "limit", "the role", "ratio", "loop, each", "script, each",
              "faster than the loop", "than the script", "second run", "its writes"]  # fmt: skip
    return table_of(header, (_wall(result) for result in results))


def _wall(result: Result) -> list[str]:
    size = result.size
    compared = [
        f"{result.loop:.2f} s", f"{result.script:.2f} s", f"{result.times_faster(result.loop):.0f} x",
        f"{result.times_faster(result.script):.1f} x",
    ] if size.compared else ["", "", "", ""]  # fmt: skip
    return [
        f"{size.mailboxes:,}", f"{size.latency * 1000:g} ms", str(size.sessions), f"{result.limit:.1f} s",
        f"{result.role.wall:.1f} s", f"{result.role.wall / result.limit:.2f}", *compared,
        f"{result.rerun.wall:.1f} s", str(result.rerun_writes),
    ]  # fmt: skip


def _in_batches(results: Sequence[Result]) -> str:
    """Show the same waves in migration batches, beside what each mailbox costs by a request of its own."""
    header = ["in batches", "latency", "limit", "the role", "ratio", "calls about batches", "cloud calls", "CPU, each",
              "CPU, each, by requests", "second run", "its writes"]  # fmt: skip
    rows = [
        [
            f"{result.size.mailboxes:,}", f"{result.size.latency * 1000:g} ms", f"{result.batch_limit:.1f} s",
            f"{found.role.wall:.1f} s", f"{found.role.wall / result.batch_limit:.2f}", found.migration_calls,
            found.cloud_calls, f"{result.cpu_each(found.role):.1f} ms", f"{result.cpu_each(result.role):.1f} ms",
            f"{found.rerun.wall:.1f} s", found.rerun_writes,
        ]
        for result in results
        if (found := result.batches) is not None
    ]  # fmt: skip
    return table_of(header, rows) if rows else ""


def _costs(results: Sequence[Result]) -> str:
    header = ["run", "CPU of the role", "CPU of its second run", "CPU of the laboratory (all runs)", "largest process"]
    return table_of(header, ([
        result.size.name, f"{result.role.cpu:.1f} s", f"{result.rerun.cpu:.1f} s",
        f"{result.laboratory.cpu if result.laboratory else 0:.1f} s", f"{result.peak:.0f} MB",
    ] for result in results))  # fmt: skip


def _calls(result: Result) -> str:
    """Show every cmdlet beside the fewest calls that could do: one read of the wave, or one write a mailbox."""
    count = result.size.mailboxes
    rows: list[list[object]] = []
    for name, calls in result.writes.items():
        wave = name.startswith("exchange_")
        rows.append([name, "write", calls, count if wave else "", ""])
    for name, calls in result.reads.items():
        rows.append([name, "read", calls, _fewest(name, count), result.rerun_reads.get(name, 0)])
    sessions = ", ".join(f"{number} {name}" for name, number in result.sessions.items())
    title = f"{result.size.name}: {WRITES} writes a mailbox; sessions over all tasks: {sessions}\n\n"
    return title + table_of(["cmdlet", "kind", "calls", "for one read or write of the wave", "second run"], rows)


def _fewest(name: str, count: int) -> object:
    if name.startswith("entra_connect"):
        return ""
    if name.endswith(("Get-MoveRequest", "Get-MailboxDatabase", "Get-AcceptedDomain", "Set-ADServerSettings")):
        return 1
    return math.ceil(count / (READS_ON_PREMISES if name.startswith("exchange_server") else READS_CLOUD))


def _starts(starts: Mapping[str, float]) -> str:
    if not starts:
        return ""
    return table_of(["module", "CPU above an empty module"], ([name, f"{cpu:.2f} s"] for name, cpu in starts.items()))


def _growth(results: Sequence[Result]) -> str:
    """Compare the first and the last of the runs at one latency that differ in size alone."""
    alike = [result for result in results if result.size.latency == results[-1].size.latency]
    if len(alike) < 2:
        return ""
    small, large = alike[0], alike[-1]
    times = large.size.mailboxes / small.size.mailboxes
    return (
        f"From {small.size.mailboxes} to {large.size.mailboxes} mailboxes, {times:g} times as many: the role takes "
        f"{large.role.wall / small.role.wall:.1f} times as long, its CPU {large.role.cpu / small.role.cpu:.1f} times.\n"
    )


def _diffs(results: Iterable[Result]) -> str:
    return "".join(
        f"{result.size.name}: --check takes {result.check.wall:.1f} s, with --diff {result.check_diff.wall:.1f} s "
        f"({result.check_diff.wall / result.check.wall:.1f} times).\n"
        for result in results
        if result.check is not None and result.check_diff is not None
    )
