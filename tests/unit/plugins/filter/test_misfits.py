# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.filter.misfits import FilterModule

misfits = FilterModule().filters()["misfits"]


@pytest.mark.parametrize(
    ("wanted", "values"),
    [
        ("int", [0, 86400, "86400"]),
        ("bool", [True, False, "yes", "no", "1", 0]),
        ("dict", [{}, {"host": "ex01"}, '{"host": "ex01"}', "host=ex01"]),
        ("list", [[], ["a"]]),
        (["keep", "refresh"], ["keep", "refresh"]),
    ],
)
def test_what_ansible_can_convert_fits(wanted: Any, values: list[Any]) -> None:
    for value in values:
        assert misfits({"it": value, "other": object()}, {"it": wanted}) == [], value


@pytest.mark.parametrize(
    ("wanted", "value", "told"),
    [
        ("int", "soon", "wait: 'soon' is not a whole number. Set one, or leave it blank for the default."),
        ("bool", "perhaps", "wait: 'perhaps' is neither true nor false. Set one of them, or leave it blank"),
        ("dict", "password", "wait: is not a dictionary. Set one, or leave it blank for the default."),
        ("list", 5, "wait: '5' is not a list. Set one, a text with one item on each line, or leave it blank"),
        (["keep", "refresh"], "kept", "wait: 'kept' is not known. Set one of keep, refresh, or leave it blank"),
    ],
)
def test_anything_else_is_told_with_name_value_and_remedy(wanted: Any, value: Any, told: str) -> None:
    (sentence,) = misfits({"wait": value}, {"wait": wanted})
    assert sentence.startswith(told)
