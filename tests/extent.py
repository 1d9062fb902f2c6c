# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much is tried of what is long by nature: a fixed part of it, and all of it with ``LONG=1`` (``make long``)."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

WHOLE = os.environ.get("LONG") == "1"


def of(items: Sequence[Item], seed: str, share: float) -> list[Item]:
    """Return all items, or a share of them that is the same in each run, in their order."""
    if WHOLE:
        return list(items)
    chosen = random.Random(seed).sample(range(len(items)), math.ceil(len(items) * share))
    return [items[number] for number in sorted(chosen)]
