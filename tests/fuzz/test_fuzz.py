# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No answer of a server and no file that comes back crashes a reader, hangs it or makes it grow.

Each input has a number, by which it is made again: ``python -m tests.fuzz TARGET NUMBER`` shows it and what it does.
"""

from __future__ import annotations

import pytest

from tests import extent
from tests.fuzz import inputs
from tests.fuzz.bounds import of_bounded_growth
from tests.fuzz.targets import TARGETS

# Of the inputs of ``make fuzz``: about twenty seconds of CPU time.
SHARE = 0.02


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_crashes_hangs_or_grows(name: str) -> None:
    numbers = extent.of(range(inputs.number_of(name)), name, SHARE)
    found: dict[str, str] = {}
    with of_bounded_growth():
        for number in numbers:
            problem = inputs.problem(name, number)
            if problem:
                found.setdefault(problem, f"python -m tests.fuzz {name} {number}")
    assert not found, "\n".join(f"{command}: {problem}" for problem, command in found.items())
