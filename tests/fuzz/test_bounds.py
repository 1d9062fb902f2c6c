# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reader that crashes, hangs or grows is noticed, and an input can be made again."""

from __future__ import annotations

import itertools
import json

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError

from tests.fuzz import bounds, inputs, mutations
from tests.fuzz.targets import TARGETS, Target


def refuses(_data: bytes) -> None:
    raise HybridError("no", code="no")


def hangs(_data: bytes) -> None:
    for _number in itertools.count():
        pass


def test_an_error_of_the_collection_is_no_crash_and_any_other_is() -> None:
    assert inputs.problem_of(Target(refuses, ()), b"") == ""
    assert inputs.problem_of(Target(lambda data: data[1], ()), b"").startswith("IndexError: index out of range")
    assert inputs.problem_of(Target(lambda data: data[1], (), (IndexError,)), b"") == ""


def test_a_hang_is_ended() -> None:
    assert inputs.problem_of(Target(hangs, ()), b"").startswith("Hang: more than 2 s of CPU time")


def test_growth_is_noticed() -> None:
    kept = []
    # Twice as much: what the process frees meanwhile of other tests' memory is taken off.
    with pytest.raises(bounds.Growth, match="MB were left behind"), bounds.of_bounded_growth():
        kept.append(bytearray(b"x") * (2 * bounds.GROWTH))


def test_a_number_makes_the_same_input_again_and_others_differ() -> None:
    for name in TARGETS:
        made = [inputs.made(name, number) for number in range(40)]
        assert made == [inputs.made(name, number) for number in range(40)]
        assert len(set(made)) > 30
        assert max(map(len, made)) <= mutations.LARGEST


def test_half_of_the_inputs_of_json_are_json_still() -> None:
    whole = 0
    for number in range(200):
        try:
            json.loads(inputs.made("rest", number))
            whole += 1
        except (ValueError, RecursionError):
            continue
    assert 50 < whole < 190


def test_all_targets_together_get_the_inputs_that_were_promised() -> None:
    assert sum(map(inputs.number_of, TARGETS)) >= inputs.ALL == 100_000
