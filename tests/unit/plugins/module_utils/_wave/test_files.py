# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import json
import os
import stat
import tracemalloc
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records as wave_records
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._memory.failing import System

FILES = FileMemory()
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
    wave_files.save(FILES, path, records)
    assert wave_files.load(FILES, path) == records


def test_a_wave_of_thousands_takes_little_more_memory_than_its_file(tmp_path: Path) -> None:
    values = {f"custom_{number}": f"value {number}" for number in range(40)}
    wave = [wave_records.as_record({"identity": f"user{n}@contoso.com", "whole": True, **values}) for n in range(2000)]
    path = str(tmp_path / "wave.json")
    tracemalloc.start()
    try:
        wave_files.save(FILES, path, iter(wave))
        _left, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert wave_files.opened(path, wave_files.load(FILES, path)) == wave
    assert most < 3 * Path(path).stat().st_size


def test_a_wave_is_readable_by_its_owner_only_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o644)
    wave_files.save(FILES, str(path), [{"identity": "ann@contoso.com"}])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["wave.json"]


def test_a_save_that_fails_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    wave_files.save(FILES, str(path), [{"identity": "ann@contoso.com"}])
    full = FileMemory(system=System(fsync=errno.ENOSPC))
    with pytest.raises(InputError) as caught:
        wave_files.save(full, str(path), [{"identity": "x" * 100_000}])
    assert (caught.value.code, "Free some space" in caught.value.remedy) == ("unwritable_file", True)
    assert wave_files.load(FILES, str(path)) == [{"identity": "ann@contoso.com"}]
    assert os.listdir(tmp_path) == ["wave.json"]


def test_a_reader_sees_the_old_wave_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    wave_files.save(FILES, str(path), [{"identity": "old"}])
    with path.open(encoding="utf-8") as reader:
        wave_files.save(FILES, str(path), [{"identity": "new"}])
        assert json.load(reader) == [{"identity": "old"}]
    assert wave_files.load(FILES, str(path)) == [{"identity": "new"}]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read (there is none)"),
        (b"{", "cannot be read (it is not JSON: "),
        (b"\xff\xfe", "cannot be read (it is not UTF-8 "),
        (b'{"identity": "x"}', "is not a JSON list of records"),
        (b'["x"]', "is not a JSON list of records"),
    ],
)
def test_a_file_that_is_no_wave_is_refused(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "wave.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        wave_files.load(FILES, str(path))
    assert caught.value.code == "unreadable_file"
    assert caught.value.message.startswith(f"mailboxes_file: '{path}' {problem}")
