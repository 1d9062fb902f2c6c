# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.split import Wave, divided
from hypothesis import given
from hypothesis import strategies as st


def people(*values: str, key: str = "site") -> list[dict[str, Any]]:
    return [{"identity": f"user{number}@contoso.com", key: value} for number, value in enumerate(values)]


@given(st.integers(0, 60), st.integers(1, 20))
def test_waves_by_size_keep_every_mailbox_in_its_order(count: int, size: int) -> None:
    records = people(*["x"] * count)
    waves = divided(records, "size", size)
    assert [record for wave in waves for record in wave.records] == records
    assert [len(wave.records) for wave in waves[:-1]] == [size] * (len(waves) - 1)
    assert [wave.name for wave in waves[:3]] == ["wave_001", "wave_002", "wave_003"][: len(waves)]
    assert {wave.group for wave in waves} <= {""}


@pytest.mark.parametrize(("by", "key"), [("site", "site"), ("database", "remote_target_database"), ("wave", "wave")])
def test_waves_by_value_are_named_and_grouped_by_it(by: str, key: str) -> None:
    records = people("Paris", "Berlin Mitte", "paris", "Paris", key=key)
    assert divided(records, by, 2) == [
        Wave("wave_berlin_mitte", [records[1]], f"{by}_berlin_mitte"),
        Wave("wave_paris_001", [records[0], records[2]], f"{by}_paris"),
        Wave("wave_paris_002", [records[3]], f"{by}_paris"),
    ]


@pytest.mark.parametrize(
    ("values", "by", "size", "told"),
    [
        (["Paris"], "site", 0, "size: '0' creates no wave."),
        (["Paris", " ", ""], "site", 9, "site: is empty for 'user1@contoso.com' and 1 more."),
        (["A-1", "a 1"], "site", 9, "site: 'a 1' gives the same host name as 'A-1'."),
        (["本社"], "site", 9, "site: '本社' does not give a host name."),
        (["a", "a", "a 001"], "site", 1, "site: creates the host 'wave_a_001' twice."),
    ],
)
def test_what_makes_no_sound_waves_is_refused(values: list[str], by: str, size: int, told: str) -> None:
    with pytest.raises(InputError) as caught:
        divided(people(*values), by, size)
    assert caught.value.message.startswith(told)
