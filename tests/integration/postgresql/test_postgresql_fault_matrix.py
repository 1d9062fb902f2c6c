# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fixed part of the matrix of faults with a database as its memory, and one strike at the database."""

from __future__ import annotations

import re

from tests.integration.test_fault_matrix import matrix


def test_a_fixed_part_of_the_matrix_passes_with_a_database() -> None:
    part = ("--way", "memory in PostgreSQL", "--first-run", "--faults", "4", "--databases", "1", "--seed", "9")
    played = matrix(*part, "--verbose")
    assert played.returncode == 0, played.stdout + played.stderr
    assert re.search(r"^5 cases in \d worlds, 0 wrong, 0 not struck", played.stdout, re.MULTILINE), played.stdout
