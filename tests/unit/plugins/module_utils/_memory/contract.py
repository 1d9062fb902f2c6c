# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every memory has to do, whatever it is made of; ``memory`` and ``root`` are fixtures of who inherits it."""

from __future__ import annotations

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory

TEXTS = ["", "text", "two\nlines\r\n", "Zoë Ünïcode 日本 \U0001f4e7", "\ufeff{}", "x" * 100_000]


def text_at(memory: Memory, path: str) -> str | None:
    found = memory.read(path)
    return found.text if found else None


class MemoryContract:
    @pytest.mark.parametrize("text", TEXTS)
    def test_a_text_is_read_as_it_was_written_to_the_character(self, text: str, memory: Memory, root: str) -> None:
        memory.write(f"{root}/wave.json", "an older one")
        memory.write(f"{root}/wave.json", text)
        assert text_at(memory, f"{root}/wave.json") == text

    def test_a_text_tells_when_it_was_written(self, memory: Memory, root: str) -> None:
        before = memory.now()
        memory.write(f"{root}/wave.json", "text")
        found = memory.read(f"{root}/wave.json")
        assert found is not None
        assert abs(found.written_at - before) < datetime.timedelta(seconds=10)
        assert found.written_at.tzinfo == before.tzinfo == datetime.timezone.utc

    def test_there_is_nothing_where_nothing_was_written(self, memory: Memory, root: str) -> None:
        assert text_at(memory, f"{root}/none.json") is None
        assert not memory.exists(f"{root}/none.json")
        assert memory.paths(f"{root}/none", "*") == []
        assert list(memory.lines(f"{root}/none.jsonl")) == []
        memory.remove(f"{root}/none.json")

    def test_one_of_many_creates_a_text(self, memory: Memory, root: str) -> None:
        path = f"{root}/baseline.json"
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda number: memory.create(path, f"text {number}"), range(8)))
        assert made.count(True) == 1
        assert text_at(memory, path) == f"text {made.index(True)}"

    def test_one_of_many_swaps_a_text(self, memory: Memory, root: str) -> None:
        path = f"{root}/lease.json"
        assert not memory.swap(path, "another", "mine")
        assert memory.swap(path, None, "free")
        assert not memory.swap(path, None, "mine")
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda number: memory.swap(path, "free", f"holder {number}"), range(8)))
        assert taken.count(True) == 1
        holder = f"holder {taken.index(True)}"
        assert text_at(memory, path) == holder
        assert not memory.swap(path, "free", None)
        assert memory.swap(path, holder, None)
        assert not memory.exists(path)

    def test_a_copy_stays_when_the_first_one_goes(self, memory: Memory, root: str) -> None:
        memory.write(f"{root}/one.json", "text")
        memory.write(f"{root}/taken.json", "other")
        assert memory.copy(f"{root}/one.json", f"{root}/two.json")
        assert not memory.copy(f"{root}/one.json", f"{root}/taken.json")
        memory.remove(f"{root}/one.json")
        assert not memory.exists(f"{root}/one.json")
        assert (text_at(memory, f"{root}/two.json"), text_at(memory, f"{root}/taken.json")) == ("text", "other")

    def test_what_is_not_there_cannot_be_copied(self, memory: Memory, root: str) -> None:
        with pytest.raises(FileNotFoundError):
            memory.copy(f"{root}/none.json", f"{root}/two.json")
        assert not memory.exists(f"{root}/two.json")

    def test_paths_are_those_directly_in_a_folder(self, memory: Memory, root: str) -> None:
        memory.make_folder(f"{root}/notes")
        memory.make_folder(f"{root}/notes/deeper")
        for name in ("b.json", "a.json", "A.JSON", ".hidden.json", "c.txt", "deeper/d.json"):
            memory.write(f"{root}/notes/{name}", "text")
        assert memory.paths(f"{root}/notes", "*.json") == [f"{root}/notes/a.json", f"{root}/notes/b.json"]
        assert memory.paths(f"{root}/notes", "?.j*n") == [f"{root}/notes/a.json", f"{root}/notes/b.json"]
        assert memory.paths(f"{root}/notes", "[ab].txt") == []

    def test_what_is_under_a_folder_is_in_its_folders_too_and_locks_are_no_texts(
        self, memory: Memory, root: str
    ) -> None:
        memory.make_folder(f"{root}/wave/half-made")
        memory.make_folder(f"{root}/wave-2")
        names = ["wave/wave.json", "wave/half-made/a.json", "wave/half-made-b.json"]
        for name in [*names, "wave-2/wave.json"]:
            memory.write(f"{root}/{name}", "text")
        with memory.lock(f"{root}/wave/half-made.lock"):
            assert memory.under(f"{root}/wave") == sorted(f"{root}/{name}" for name in names)
        assert memory.under(f"{root}/none") == []

    def test_no_letter_of_a_path_means_more_than_itself(self, memory: Memory, root: str) -> None:
        odd = f"{root}/50%_[a]*?'\\x"
        memory.make_folder(odd)
        memory.write(f"{odd}/a.json", "text")
        memory.make_folder(f"{root}/50xyaz")
        memory.write(f"{root}/50xyaz/b.json", "text")
        assert memory.paths(odd, "*.json") == [f"{odd}/a.json"]
        assert text_at(memory, f"{odd}/a.json") == "text"

    def test_a_folder_is_there_once_it_is_made(self, memory: Memory, root: str) -> None:
        memory.make_folder(f"{root}/made/deeply")
        assert memory.has_folder(f"{root}/made/deeply")
        assert not memory.make_folder(f"{root}/made/deeply")
        memory.write(f"{root}/made/deeply/wave.json", "text")
        assert text_at(memory, f"{root}/made/deeply/wave.json") == "text"

    def test_lines_of_many_never_mix(self, memory: Memory, root: str) -> None:
        path = f"{root}/journal.jsonl"
        begin = threading.Barrier(4)

        def add(name: str) -> None:
            with closing(memory.appended(path)) as journal:
                begin.wait()
                for number in range(25):
                    journal.append(f"{name} {number} {'é' * 200}")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, "abcd"))
        lines = list(memory.lines(path))
        assert len(lines) == 100
        for name in "abcd":
            mine = [line for line in lines if line.startswith(name)]
            assert mine == [f"{name} {number} {'é' * 200}" for number in range(25)]

    def test_lines_are_added_to_those_that_are_there(self, memory: Memory, root: str) -> None:
        path = f"{root}/journal.jsonl"
        for line in ("first", "second"):
            with closing(memory.appended(path)) as journal:
                journal.append(line)
        assert list(memory.lines(path)) == ["first", "second"]
        assert memory.exists(path)

    def test_a_lock_is_had_by_one(self, memory: Memory, root: str) -> None:
        path = f"{root}/half-made.lock"
        with memory.lock(path) as first:
            with memory.lock(path) as second, memory.lock(path, shared=True) as third:
                assert (first, second, third) == (True, False, False)
            assert memory.holder(path)
        with memory.lock(path) as again:
            assert again

    def test_shared_locks_go_together(self, memory: Memory, root: str) -> None:
        path = f"{root}/half-made.lock"
        shared = memory.lock(path, shared=True), memory.lock(path, shared=True)
        with shared[0] as first, shared[1] as second, memory.lock(path) as alone:
            assert (first, second, alone) == (True, True, False)
        with memory.lock(path) as again:
            assert again

    def test_a_lock_is_waited_for(self, memory: Memory, root: str) -> None:
        path = f"{root}/half-made.lock"
        waited: list[float] = []
        other = memory.lock(path)
        assert other.__enter__()

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 3:
                other.__exit__(None, None, None)

        with memory.lock(path, patience=60, sleep=sleep) as had:
            assert (had, len(waited)) == (True, 3)

    def test_a_lock_is_waited_for_no_longer_than_the_patience(self, memory: Memory, root: str) -> None:
        path = f"{root}/half-made.lock"
        waited: list[float] = []
        with memory.lock(path), memory.lock(path, patience=60, sleep=waited.append) as had:
            assert not had
        assert 59 <= sum(waited) <= 61

    def test_a_lock_without_an_end_to_its_patience_is_had_once_it_is_free(self, memory: Memory, root: str) -> None:
        path = f"{root}/directory-sync.lock"
        asks = threading.Event()

        def second() -> bool:
            asks.set()
            with memory.lock(path, patience=float("inf")) as had:
                return had

        with ThreadPoolExecutor(1) as pool:
            with memory.lock(path):
                other = pool.submit(second)
                asks.wait()
            assert other.result(timeout=30)

    def test_a_path_is_described_by_itself(self, memory: Memory, root: str) -> None:
        assert f"{root}/wave.json" in memory.describe(f"{root}/wave.json")
