# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.filter.given import FilterModule

given = FilterModule().filters()["given"]


@pytest.mark.parametrize("value", [None, "", " ", "\t\n"])
def test_a_blank_is_replaced(value: Any) -> None:
    assert given(value, 7) == 7
    assert given(value) == ""
    assert given(value, [], items=True) == []


@pytest.mark.parametrize("value", [False, 0, [], {}, "x", " x "])
def test_what_says_something_is_returned_as_it_is(value: Any) -> None:
    assert given(value, 7) is value


def test_whitespace_may_be_a_value() -> None:
    assert given("\t", ",", whitespace=False) == "\t"
    assert [given(blank, ",", whitespace=False) for blank in (None, "")] == [",", ","]


@pytest.mark.parametrize(
    "text",
    ["a@x.org\nb@x.org", " a@x.org \r\n\n b@x.org\r\n", "a@x.org, b@x.org", "a@x.org;b@x.org;", "a@x.org,\nb@x.org"],
)
def test_a_text_is_split_where_a_list_is_wanted(text: str) -> None:
    assert given(text, [], items=True) == ["a@x.org", "b@x.org"]
    assert given([text], [], items=True) == [text]
