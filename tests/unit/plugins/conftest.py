# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each test begins with a reader who uses modules alone: a process has one, and a test may begin with another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _reader_of_modules() -> Iterator[None]:
    # Where this file is read, the collection cannot be found yet.
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader

    yield
    _reader.begin("")
