# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The last section of docs/faults.md: ``make fuzz`` writes it once all inputs passed, ``make fault-matrix`` keeps it.

Two counts for each target: inputs by number, and those that grow towards what no input has run yet.
"""

from __future__ import annotations

from collections.abc import Mapping

HEADING = "## Answers and files that were changed by chance"
TEXT = """
`make fuzz` changes recorded answers of servers, and files that a run reads again, and gives them to what reads them.
Each input has to be read, or refused with one of the collection's own errors, within 2 seconds of CPU time; all inputs
of a reader may leave at most 48 MB behind. Those of the first count are made by number and can be made again; those of
the second are chosen by the lines of code that they run (Atheris). All of {total:,} inputs passed.
"""


def section(by_number: Mapping[str, int], guided: Mapping[str, int]) -> str:
    """Return the section about inputs that all passed: how many for each target."""
    total = sum(by_number.values()) + sum(guided.values())
    head = ["| reader | by number | by coverage |", "|---|---|---|"]
    rows = [f"| `{name}` | {number:,} | {guided[name]:,} |" for name, number in by_number.items()]
    return "\n".join([HEADING, TEXT.format(total=total), *head, *rows, ""])


def of(page: str) -> str:
    """Return the section of a page, empty where it has none."""
    _before, heading, after = page.partition(HEADING)
    return heading + after


def put(page: str, text: str) -> str:
    """Return a page with this section as its last."""
    return page.partition(HEADING)[0].rstrip("\n") + ("\n\n" + text if text else "\n")
