# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A memory in a database does what every memory does."""

from __future__ import annotations

from tests.unit.plugins.module_utils._memory.contract import MemoryContract


class TestPostgreSQL(MemoryContract):
    """The tables do what every memory does."""
