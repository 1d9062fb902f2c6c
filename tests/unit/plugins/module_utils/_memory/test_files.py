# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import (
    NOT_REGULAR,
    STALE,
    TEMPORARY,
    FileMemory,
)

from tests.unit.plugins.module_utils._memory.contract import MemoryContract, text_at
from tests.unit.plugins.module_utils._memory.failing import System


@pytest.fixture
def memory() -> FileMemory:
    return FileMemory()


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path)


class TestFiles(MemoryContract):
    """The files do what every memory does."""


def link(path: Path) -> None:
    (path.parent / "elsewhere").write_text("elsewhere", encoding="utf-8")
    path.symlink_to(path.parent / "elsewhere")


def dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.parent / "pipe")
    path.symlink_to(path.parent / "pipe")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


USES: dict[str, Callable[[FileMemory, str], object]] = {
    "read": lambda memory, path: memory.read(path),
    "lines": lambda memory, path: list(memory.lines(path)),
    "appended": lambda memory, path: memory.appended(path),
    "lock": lambda memory, path: memory.lock(path).__enter__(),
    "copy": lambda memory, path: memory.copy(path, f"{path}.copy"),
    "swap": lambda memory, path: memory.swap(path, None, "text"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("put", [os.mkfifo, link, dangling, link_to_a_pipe, device])
def test_what_is_no_file_is_never_followed_and_blocks_nobody(
    put: Callable[[Path], None], use: Callable[[FileMemory, str], object], memory: FileMemory, tmp_path: Path
) -> None:
    path = tmp_path / "wave.json"
    put(path)
    before = sorted(item.name for item in tmp_path.iterdir())
    with pytest.raises(OSError, match="regular") as caught:
        use(memory, str(path))
    assert caught.value.strerror == NOT_REGULAR
    assert sorted(item.name for item in tmp_path.iterdir() if item.name != ".swap.lock") == before
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("put", [os.mkfifo, link, dangling])
def test_a_text_takes_the_place_of_a_link_not_of_what_it_leads_to(
    put: Callable[[Path], None], memory: FileMemory, tmp_path: Path
) -> None:
    path = tmp_path / "wave.json"
    put(path)
    memory.write(str(path), "text")
    assert stat.S_ISREG(path.lstat().st_mode)
    assert text_at(memory, str(path)) == "text"
    if put is link:
        assert (tmp_path / "elsewhere").read_text(encoding="utf-8") == "elsewhere"
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture
def generous() -> Iterator[None]:
    """New files would be everybody's, where nobody says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("generous")
def test_files_and_folders_are_their_owners_alone(memory: FileMemory, tmp_path: Path) -> None:
    assert memory.make_folder(str(tmp_path / "offboarding" / "baseline"))
    memory.write(str(tmp_path / "offboarding" / "wave.json"), "text")
    memory.create(str(tmp_path / "offboarding" / "baseline.json"), "text")
    memory.appended(str(tmp_path / "offboarding" / "journal.jsonl")).close()
    with memory.lock(str(tmp_path / "offboarding" / "wave.json.lock")):
        pass
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "offboarding").iterdir()}
    assert modes.pop("baseline") == 0o700
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "offboarding").stat().st_mode) == 0o700


def test_a_folder_is_closed_to_others_where_that_is_asked(memory: FileMemory, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert not memory.make_folder(str(tmp_path))
    assert memory.make_folder(str(tmp_path), private=True, check=True)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert memory.make_folder(str(tmp_path), private=True)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert not memory.make_folder(str(tmp_path), private=True)
    assert memory.make_folder(str(tmp_path / "new"), check=True)
    assert not (tmp_path / "new").exists()


def test_a_text_and_its_name_are_on_the_disk_when_it_is_written(tmp_path: Path) -> None:
    for use, order in (
        (lambda memory, path: memory.write(path, "text"), ["write", "fsync", "replace", "fsync"]),
        (lambda memory, path: memory.create(path, "text"), ["write", "fsync", "link", "fsync"]),
        (lambda memory, path: memory.copy(path, f"{path}.copy"), ["link", "fsync"]),
        (lambda memory, path: memory.remove(path), ["unlink", "fsync"]),
    ):
        (tmp_path / "taken.json").write_text("old", encoding="utf-8")
        path = tmp_path / ("new.json" if order[2:3] == ["link"] else "taken.json")
        system = System()
        use(FileMemory(system=system), str(path))
        told = ("write", "fsync", "replace", "link", "unlink")
        assert [name for name, _given in system.calls if name in told] == order


def test_a_file_system_that_cannot_sync_a_folder_will_do(tmp_path: Path) -> None:
    class OddSystem(System):
        def __getattr__(self, name: str) -> Any:
            if name == "fsync":
                return self._fsync
            return super().__getattr__(name)

        def _fsync(self, opened: int) -> None:
            if stat.S_ISDIR(os.fstat(opened).st_mode):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    memory = FileMemory(system=OddSystem())
    memory.write(str(tmp_path / "wave.json"), "text")
    assert text_at(memory, str(tmp_path / "wave.json")) == "text"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_text_and_nothing_else(call: str, number: int, tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(OSError, match=r".") as caught:
        FileMemory(system=System(**{call: number})).write(str(path), "new")
    assert (caught.value.errno, caught.value.strerror) == (number, os.strerror(number))
    assert [item.name for item in tmp_path.iterdir()] == ["wave.json"]
    assert path.read_text(encoding="utf-8") == "old"


def test_a_folder_that_is_missing_is_not_made_by_a_write(memory: FileMemory, tmp_path: Path) -> None:
    for use in (memory.write, memory.create):
        with pytest.raises(FileNotFoundError):
            use(str(tmp_path / "missing" / "wave.json"), "text")
    with pytest.raises(FileNotFoundError):
        memory.appended(str(tmp_path / "missing" / "journal.jsonl"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_file_can_have_is_told(name: str, memory: FileMemory, tmp_path: Path) -> None:
    path = str(tmp_path / name)
    for use in (*USES.values(), lambda memory, path: memory.write(path, "text")):
        with pytest.raises(OSError, match=r".") as caught:
            use(memory, path)
        assert caught.value.strerror
    assert [item.name for item in tmp_path.iterdir() if item.name != ".swap.lock"] == []


def test_what_is_not_utf8_is_told_and_half_a_character_is_not_written(memory: FileMemory, tmp_path: Path) -> None:
    path = tmp_path / "wave.json"
    path.write_bytes(b"abc\xff")
    with pytest.raises(OSError, match="it is not UTF-8"):
        memory.read(str(path))
    with pytest.raises(OSError, match="character 1 is half of one"):
        memory.write(str(path), "a\ud800")
    assert path.read_bytes() == b"abc\xff"


def test_a_line_that_is_not_utf8_is_no_json(memory: FileMemory, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"a":"\xff"}\n{"half')
    assert list(memory.lines(str(path))) == ['{"a":"\\xff"}', '{"half']


def test_a_line_after_half_a_line_stands_on_its_own(memory: FileMemory, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"whole":1}\n{"half')
    with closing(memory.appended(str(path))) as journal:
        journal.append('{"whole":2}')
        journal.append('{"whole":3}')
    assert list(memory.lines(str(path))) == ['{"whole":1}', '{"half', '{"whole":2}', '{"whole":3}']


def test_a_disk_that_takes_half_a_line_is_full(tmp_path: Path) -> None:
    class Full(System):
        def __getattr__(self, name: str) -> Any:
            return self._write if name == "write" else super().__getattr__(name)

        def _write(self, opened: int, data: bytes) -> int:
            return os.write(opened, data[:5] if b"second" in data else data)

    memory = FileMemory(system=Full())
    with closing(memory.appended(str(tmp_path / "journal.jsonl"))) as journal:
        journal.append("first")
        with pytest.raises(OSError, match=r"No space left"):
            journal.append("the second")
        journal.append("third")
    assert list(memory.lines(str(tmp_path / "journal.jsonl"))) == ["first", "the s", "third"]


def test_what_killed_processes_left_half_written_does_not_pile_up(memory: FileMemory, tmp_path: Path) -> None:
    names = {"old": STALE + 60, "young": STALE - 60}
    for name, age in names.items():
        left = tmp_path / f"{TEMPORARY}{name}.tmp"
        left.write_text("half", encoding="utf-8")
        os.utime(left, (left.stat().st_mtime - age,) * 2)
    theirs = tmp_path / ".somebody-elses.tmp"
    theirs.write_text("", encoding="utf-8")
    os.utime(theirs, (0, 0))
    memory.write(str(tmp_path / "wave.json"), "text")
    assert {item.name for item in tmp_path.iterdir()} == {f"{TEMPORARY}young.tmp", theirs.name, "wave.json"}


HOLD = """
import os, sys, time
sys.path[:0] = {path!r}
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
with FileMemory().lock({lock!r}) as had:
    print(had, flush=True)
    sys.stdin.read()
"""


def test_a_lock_ends_with_its_process_and_names_it(memory: FileMemory, tmp_path: Path) -> None:
    lock = str(tmp_path / "wave.json.lock")
    code = HOLD.format(path=sys.path, lock=lock)
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    with memory.lock(lock) as had:
        assert not had
    assert memory.holder(lock).startswith(f"process {other.pid} on ")
    other.send_signal(signal.SIGKILL)
    other.communicate()
    with memory.lock(lock) as had:
        assert had


@pytest.mark.parametrize("call", ["ftruncate", "write"])
def test_a_full_disk_does_not_keep_a_lock_from_being_had(call: str, tmp_path: Path) -> None:
    lock = str(tmp_path / "wave.json.lock")
    memory = FileMemory(system=System(**{call: errno.ENOSPC}))
    with memory.lock(lock) as had, memory.lock(lock) as second:
        assert (had, second) == (True, False)
        assert memory.holder(lock) == "another process"


def test_a_file_in_the_place_of_a_folder_is_told(memory: FileMemory, tmp_path: Path) -> None:
    (tmp_path / "offboarding").write_text("", encoding="utf-8")
    for folder in ("offboarding", "offboarding/baseline"):
        with pytest.raises(NotADirectoryError):
            memory.make_folder(str(tmp_path / folder))
    assert not memory.has_folder(str(tmp_path / "offboarding"))
