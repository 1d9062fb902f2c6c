# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inputs by target and number, and what a reader makes of one."""

from __future__ import annotations

import json
import random
import traceback

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError

from tests.fuzz import mutations
from tests.fuzz.bounds import Hang, timed
from tests.fuzz.targets import TARGETS, Target

ALL = 100_000


def number_of(name: str) -> int:
    """Return how many inputs a target gets of all."""
    whole = sum(target.share for target in TARGETS.values())
    return -(-ALL * TARGETS[name].share // whole)


def made(name: str, number: int) -> bytes:
    """Return an input: a capture that was changed, or now and then a document of nothing but chance."""
    chance = random.Random(f"{name} {number}")
    if chance.random() < 0.03:
        return json.dumps(mutations.anything(chance)).encode()
    return mutations.mutated(chance.choice(TARGETS[name].seeds), chance)


def problem(name: str, number: int) -> str:
    """Return what went wrong with an input, by kind and place, or an empty text."""
    return problem_of(TARGETS[name], made(name, number))


def problem_of(target: Target, data: bytes) -> str:
    try:
        with timed():
            target.read(data)
    except (HybridError, *target.refusals):
        return ""
    except (Exception, Hang) as error:
        return f"{type(error).__name__}: {str(error)[:100]} ({_place(error)})"
    return ""


def _place(error: BaseException) -> str:
    """Return where in the collection an exception came from."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "module_utils" in frame.filename]
    return f"{frames[-1].filename.rpartition('module_utils/')[2]}:{frames[-1].lineno}" if frames else "in the test"
