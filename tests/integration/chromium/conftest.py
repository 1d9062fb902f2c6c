# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One browser for the session, and reports to look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.save import write

from tests.integration.chromium import available
from tests.unit.plugins.module_utils._features.offboarding_report import waves

if TYPE_CHECKING:
    from tests.integration.chromium.browser import Browser

_LACKING = available.missing()
if _LACKING and available.must_run():
    raise pytest.UsageError(available.explanation(_LACKING))
# Elsewhere the run goes on without these tests, and its summary says so (tests/integration/conftest.py).
collect_ignore_glob = ["test_*.py"] if _LACKING else []


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A running browser."""
    from tests.integration.chromium.browser import chromium

    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


def written(wave: waves.Wave) -> Path:
    """Write the report of a wave."""
    page = wave.directory / "report.html"
    write(str(page), wave.given(), waves.NOW, check=False)
    return page


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of 60 mailboxes."""
    return written(waves.build(tmp_path_factory.mktemp("small"), 60))


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of 5,000 mailboxes; everyone.json beside it names them."""
    wave = waves.build(tmp_path_factory.mktemp("large"), 5000)
    wave.write("everyone.json", wave.everyone)
    return written(wave)
