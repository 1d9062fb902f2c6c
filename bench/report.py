# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers as a page of Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from bench.scenario import READS_CLOUD, READS_ON_PREMISES, WRITES, Result


def table(results: Sequence[Result], starts: Mapping[str, float]) -> str:
    """Return the whole page."""
    parts = [_walls(results), _costs(results), *(_calls(result) for result in results), _starts(starts)]
    return "\n".join(part for part in (*parts, _growth(results), _diffs(results)) if part)


def _rows(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)


def _walls(results: Sequence[Result]) -> str:
    header = ["mailboxes", "latency", "sessions", "limit", "the role", "ratio", "loop, each", "script, each",
              "faster than the loop", "than the script", "second run", "its writes"]  # fmt: skip
    return _rows(header, (_wall(result) for result in results))


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


def _costs(results: Sequence[Result]) -> str:
    header = ["run", "CPU of the role", "CPU of its second run", "CPU of the laboratory (all runs)", "largest process"]
    return _rows(header, ([
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
    return title + _rows(["cmdlet", "kind", "calls", "for one read or write of the wave", "second run"], rows)


def _fewest(name: str, count: int) -> object:
    if name.startswith("entra_connect"):
        return ""
    if name.endswith(("Get-MoveRequest", "Get-MailboxDatabase", "Get-AcceptedDomain", "Set-ADServerSettings")):
        return 1
    return math.ceil(count / (READS_ON_PREMISES if name.startswith("exchange_server") else READS_CLOUD))


def _starts(starts: Mapping[str, float]) -> str:
    if not starts:
        return ""
    return _rows(["module", "CPU above an empty module"], ([name, f"{cpu:.2f} s"] for name, cpu in starts.items()))


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
