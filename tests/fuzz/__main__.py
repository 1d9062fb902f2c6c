# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.fuzz TARGET NUMBER``: show an input, and the traceback of what it does."""

from __future__ import annotations

import sys

from tests.fuzz import inputs
from tests.fuzz.bounds import timed
from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    name, number = sys.argv[1], int(sys.argv[2])
    data = inputs.made(name, number)
    print(f"{len(data)} bytes: {data[:2000]!r}")
    with timed():
        TARGETS[name].read(data)
