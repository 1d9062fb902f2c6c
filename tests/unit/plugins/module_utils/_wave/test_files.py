# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records as wave_records
from hypothesis import given, settings
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_", min_size=1), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(st.text("abcdef_", min_size=1), JSON, max_size=4), max_size=4)


@settings(max_examples=40)
@given(records=RECORDS)
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, records: list[wave_records.Record]) -> None:
    path = str(tmp_path_factory.getbasetemp() / "wave.json")
    wave_files.save(path, records)
    assert wave_files.load(path) == records


def test_a_wave_is_readable_by_its_owner_only_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o644)
    wave_files.save(str(path), [{"identity": "ann@contoso.com"}])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["wave.json"]


def test_a_save_that_fails_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    wave_files.save(str(path), [{"identity": "ann@contoso.com"}])
    with pytest.raises(UnicodeEncodeError):
        wave_files.save(str(path), [{"identity": "x" * 100_000 + "\udc00"}])
    assert wave_files.load(str(path)) == [{"identity": "ann@contoso.com"}]
    assert os.listdir(tmp_path) == ["wave.json"]


def test_a_reader_sees_the_old_wave_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    wave_files.save(str(path), [{"identity": "old"}])
    with path.open(encoding="utf-8") as reader:
        wave_files.save(str(path), [{"identity": "new"}])
        assert json.load(reader) == [{"identity": "old"}]
    assert wave_files.load(str(path)) == [{"identity": "new"}]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b'{"identity": "x"}', "is not a JSON list of records"),
        (b'["x"]', "is not a JSON list of records"),
    ],
)
def test_a_file_that_is_no_wave_is_refused(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "wave.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        wave_files.load(str(path))
    assert caught.value.code == "unreadable_file"
    assert caught.value.message.startswith(f"mailboxes_file: '{path}' {problem}")
