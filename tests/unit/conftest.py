# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What unit tests share: a laboratory with the demonstration's organization in it, one for each test module.

Hypothesis judges no test by the clock: a busy machine draws and runs slowly, which says nothing about the code. Its
other health checks stay.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from lab.laboratory import Laboratory
from lab.model.demo import demo_hybrid

# On top of the profile that Hypothesis chose itself, which on a CI server draws the same examples each time.
settings.register_profile("any_machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """A running laboratory with the 25 mailboxes of the demonstration; faults and log are the module's own."""
    with Laboratory(demo_hybrid(), tmp_path_factory.mktemp("laboratory")) as running:
        yield running
