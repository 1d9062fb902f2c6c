# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One domain controller for the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.samba import available
from tests.integration.samba.domain_controller import DomainController
from tests.integration.samba.people import PEOPLE

_LACKING = available.missing()
if _LACKING and available.must_run():
    raise pytest.UsageError(available.explanation(_LACKING))
# Elsewhere the run goes on without these tests, and its summary says so (tests/integration/conftest.py).
collect_ignore_glob = ["test_*.py"] if _LACKING else []


@pytest.fixture(scope="session")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DomainController]:
    """A running domain controller with the people in it."""
    running = DomainController(tmp_path_factory.mktemp("samba"))
    running.provision(PEOPLE)
    try:
        running.start()
        yield running
    finally:
        running.stop()
