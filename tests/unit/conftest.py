# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What unit tests share: a laboratory with the demonstration's organization in it, and a limit on a test's cost.

Hypothesis judges no test by the clock: a busy machine draws and runs slowly, which says nothing about the code. Its
other health checks stay.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from lab.laboratory import Laboratory
from lab.model.demo import demo_hybrid
from tests import extent

# On top of the profile that Hypothesis chose itself, which on a CI server draws the same examples each time.
EXAMPLES = 100 if extent.WHOLE else 40
settings.register_profile(
    "any_machine", settings(), max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any_machine")

LONGEST_TEST = 5.0  # seconds of CPU on an idle core
ON_A_BUSY_CORE = 3  # times that: cores that share a unit, or a cache, count more seconds for the same work


def spent() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


@pytest.fixture(autouse=True)
def _is_short() -> Iterator[None]:
    """Fail a test that costs far more than LONGEST_TEST; what is long by nature is tried whole by ``make long``."""
    before = spent()
    yield
    cost = spent() - before
    told = f"{cost:.1f} s of CPU time: see CONTRIBUTING.md, How long it takes"
    assert extent.WHOLE or cost <= LONGEST_TEST * ON_A_BUSY_CORE, told


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A running laboratory with the 25 mailboxes of the demonstration; faults and log are the module's own."""
    with Laboratory(demo_hybrid(), tmp_path_factory.mktemp("laboratory")) as running:
        yield running
