# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Results of thousands of mailboxes, trimmed to what a controller shows: the rest is counted, and kept elsewhere.

AWX replaces the result of an event by an empty one where its JSON has more than 700,000 characters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# For the entries and for their differences each; beside them there are the task's arguments.
LIMIT = 250_000
# What an entry can do without: it is in the journal and in the record, or in the readiness report.
DETAILS = ("before", "after", "cmdlets", "findings")


def fitting(entries: Sequence[Mapping[str, Any]], limit: int = LIMIT) -> list[dict[str, Any]]:
    """Return those entries that have room, in their order; what failed comes first, addresses at risk before all else.

    An entry that has no room is taken without its details.
    """
    taken: dict[int, dict[str, Any]] = {}
    left = limit
    for number in sorted(range(len(entries)), key=lambda number: (_turn(entries[number]), number)):
        whole = dict(entries[number])
        for entry in (whole, {name: value for name, value in whole.items() if name not in DETAILS}):
            size = _size(entry)
            if size <= left:
                taken[number] = entry
                left -= size
                break
    return [taken[number] for number in sorted(taken)]


def trimmed(result: Mapping[str, Any], wave: str) -> dict[str, Any]:
    """Return a result that fits, with ``left_out`` where something had no room.

    ``wave`` is the path of the wave's file, empty for a list, whose results are all that is left of it.
    """
    if not wave or "results" not in result:
        return dict(result)
    entries, diff = result["results"], result.get("diff")
    kept = fitting(entries)
    shorter = {**result, "results": kept}
    if diff:
        shown = fitting(diff)
        more = len(diff) - len(shown)
        shorter["diff"] = [*shown, {"prepared": f"{more} more mailboxes are not shown.\n"}] if more else shown
    if len(kept) < len(entries):
        before: Mapping[str, int] = result.get("left_out", {})
        shorter["left_out"] = {
            "results": len(entries) - len(kept) + before.get("results", 0),
            "failures": _failures(entries) - _failures(kept) + before.get("failures", 0),
        }
    return shorter


def failures_file(wave: str) -> str:
    """Return the path under which all failures of a wave are kept, as JSON lines."""
    return f"{wave}.failures"


def merged_failures(given: Sequence[Any], kept: Iterable[str]) -> list[Any]:
    """Return the failures that were handed over, and those of the kept lines whose mailboxes are not among them."""
    known = {entry["identity"] for entry in given}
    others = {}
    for line in kept:
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # a kill or a full disk left half a line
        if isinstance(entry, dict) and entry.get("identity") not in known and "error" in entry:
            others[entry["identity"]] = entry
    return [*given, *others.values()]


def _turn(entry: Mapping[str, Any]) -> int:
    error = entry.get("error") or {}
    return 0 if error.get("code") == "addresses_at_risk" else 1 if entry.get("status") == "failed" else 2


def _size(entry: Mapping[str, Any]) -> int:
    return len(json.dumps(entry, default=str)) + 2


def _failures(entries: Iterable[Mapping[str, Any]]) -> int:
    return sum(entry.get("status") == "failed" for entry in entries)
