# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import reason, refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda items: st.lists(items) | st.dictionaries(st.text(), items),
    max_leaves=10,
)


@given(VALUES, st.sampled_from([None, 1]))
def test_a_document_says_what_was_written(data: Any, indent: int | None) -> None:
    text = documents.text_of(data, indent=indent)
    assert documents.parsed(text) == data
    assert text.encode("utf-8")


def test_a_document_is_readable_for_people_where_it_can_be() -> None:
    assert documents.text_of({"name": "Zoë"}) == '{"name":"Zoë"}'
    assert documents.text_of({"name": "Zo\udc80"}) == '{"name":"Zo\\udc80"}'
    assert documents.text_of({"name": "Zo\udc80"}, indent=1) == '{\n "name": "Zo\\udc80"\n}'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON: Expecting value"),
        ('{"half', "it is not JSON: Unterminated string"),
        ("\0" * 20, "it is not JSON: Expecting value"),
        ("[" * 100_000, "it is not JSON: it is nested too deeply"),
        ("[" * 500 + "]" * 500, "it is not JSON: it is nested too deeply"),
        ("1" * 10_000, "it is not JSON: Exceeds the limit"),
    ],
)
def test_what_is_no_json_is_told(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OSError, match=why) as caught:
        documents.load(FileMemory(), str(path))
    assert why in reason(caught.value)


def test_a_document_that_is_missing_is_no_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        documents.load(FileMemory(), str(tmp_path / "note.json"))


def test_a_checksum_is_of_values_and_not_of_their_order() -> None:
    seal = documents.sealed({"a": 1, "b": [True, "é"]})
    assert documents.is_as_written(dict(reversed(list(seal.items()))))
    assert not documents.is_as_written({"a": 1, "b": [True, "é"]})
    for changed in ({**seal, "a": 2}, {**seal, "c": None}, {**seal, "checksum": None}):
        assert not documents.is_as_written(changed)


def test_the_remedy_is_that_of_the_cause() -> None:
    def told(error: Exception) -> tuple[str, bool]:
        refused = refusal("journal", "/x", "cannot be written", error, remedy="Move it.", code="c", more="Nothing.")
        return refused.message, refused.retryable

    assert told(OSError(errno.EACCES, "Permission denied")) == (
        "journal: '/x' cannot be written (Permission denied). Move it. Nothing.",
        False,
    )
    full = "Free some space on the disk, and run again."
    assert told(OSError(errno.ENOSPC, "full")) == (f"journal: '/x' cannot be written (full). {full} Nothing.", False)
    lost = MemoryFault(errno.ECONNRESET, "the connection was lost", "Run again.", retryable=True)
    assert told(lost) == ("journal: '/x' cannot be written (the connection was lost). Run again. Nothing.", True)


def test_a_reason_has_no_number_and_no_path() -> None:
    assert reason(OSError(28, "No space left on device", "/srv/x")) == "No space left on device"
    assert reason(OSError("odd")) == "odd"
    assert reason(RecursionError("maximum")) == "it is nested too deeply"
    assert reason(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")) == "it is not UTF-8"
