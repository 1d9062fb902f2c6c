# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a copy does, here between files: what it refuses, what a kill leaves, and what counts as done."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.memory_copy.memory_copy import copied
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import Holder, Leases
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner
from ansible_collections.mailops.exchange_hybrid.plugins.modules import memory_copy

from tests.unit.plugins.module_utils.in_process import patch_module_args

TEXTS = {
    "baseline/ann.json": '{"identity": "ann"}',
    "half-made/a.json": "{}",
    "journal.jsonl": '{"a": 1}\n{"half',
    "report.html": "\ufeff<p>Zoë</p>\r\n",
    "wave.json": "[]\n",
}
Copy = Callable[..., dict[str, Any]]


class Stopped(BaseException):
    """What a killed process does next: nothing."""


class Memory(FileMemory):
    """Files, and what happens before each of them is written."""

    def __init__(self, before: Callable[[str], None]) -> None:
        super().__init__()
        self.written: list[str] = []
        self._before = before

    def write(self, path: str, text: str) -> None:
        self._before(path)
        self.written.append(Path(path).name)
        super().write(path, text)


def fill(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("utf-8"))


def content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("[!.]*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes().decode("utf-8") for path in files}


@pytest.fixture
def one(tmp_path: Path) -> Path:
    fill(tmp_path / "one", TEXTS)
    (tmp_path / "one" / "wave.json.lock").touch()
    return tmp_path / "one"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return tmp_path / "two"


@pytest.fixture
def copy(one: Path, two: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Copy]:
    before = signal.getsignal(signal.SIGTERM)

    def ran(*, check: bool = False, **options: Any) -> dict[str, Any]:
        given = {"source": {"directory": str(one)}, "destination": {"directory": f"{two}/"}, **options}
        with patch_module_args({**given, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            memory_copy.main()
        said = capsys.readouterr()
        result: dict[str, Any] = json.loads(said.out.strip().splitlines()[-1])
        # In one process with its controller part, ansible-core shows a warning at once instead of returning it.
        result["said"] = " ".join(f"{json.dumps(result.get('warnings'))} {said.err}".split())
        return result

    yield ran
    signal.signal(signal.SIGTERM, before)


def counts(result: dict[str, Any]) -> tuple[int, ...]:
    assert "texts" in result, result
    return tuple(result[name] for name in ("texts", "copied", "replaced", "unchanged"))


def test_every_text_is_copied_to_the_byte_and_a_second_time_nothing_is(copy: Copy, two: Path) -> None:
    preview = copy(check=True)
    assert not two.exists()
    first, second = copy(), copy()
    assert (preview["changed"], first["changed"], second["changed"]) == (True, True, False)
    assert counts(preview) == counts(first) == (5, 5, 0, 0)
    assert counts(second) == (5, 0, 0, 5)
    assert preview["digest"] == first["digest"] == second["digest"]
    assert content(two) == TEXTS
    assert {path.stat().st_mode & 0o777 for path in two.rglob("*.json")} == {0o600}


def test_other_texts_are_refused_before_anything_is_written_unless_that_is_wanted(copy: Copy, two: Path) -> None:
    fill(two, {"wave.json": "[{}]\n", "mine.json": "{}"})
    for check in (True, False):
        refused = copy(check=check)
        assert refused["error"]["code"] == "other_texts"
        assert "has texts that differ from the source: wave.json" in refused["msg"]
    (two / "wave.json").unlink()
    assert "has texts that are not in the source: mine.json" in copy()["msg"]
    assert content(two) == {"mine.json": "{}"}
    fill(two, {"wave.json": "[{}]\n"})
    forced = copy(force=True)
    assert counts(forced) == (5, 4, 1, 0)
    assert "not in the source were kept: mine.json" in forced["said"]
    assert content(two) == {**TEXTS, "mine.json": "{}"}


@pytest.mark.parametrize("before_number", range(len(TEXTS)))
def test_after_a_kill_at_any_text_the_second_run_does_the_rest(before_number: int, one: Path, two: Path) -> None:
    def stop(_path: str) -> None:
        if len(killed.written) == before_number:
            raise Stopped

    killed = Memory(stop)
    with pytest.raises(Stopped):
        copied(Folder(FileMemory(), str(one)), Folder(killed, str(two)))
    assert content(two).items() < TEXTS.items() if two.exists() else before_number == 0
    told, _only_there = copied(Folder(FileMemory(), str(one)), Folder(FileMemory(), str(two)))
    assert counts(told) == (5, 5 - before_number, 0, before_number)
    assert content(two) == TEXTS


@pytest.mark.parametrize("change", [{"wave.json": "[1]\n"}, {"more.json": "{}"}])
def test_what_was_changed_meanwhile_is_not_done(change: dict[str, str], one: Path, two: Path) -> None:
    with pytest.raises(HybridError) as caught:
        copied(Folder(FileMemory(), str(one)), Folder(Memory(lambda _path: fill(one, change)), str(two)))
    assert (caught.value.code, caught.value.retryable) == ("changed_while_copied", True)
    assert next(iter(change)) in caught.value.message


def test_a_text_that_goes_while_it_is_copied_is_told(one: Path, two: Path) -> None:
    memory = Memory(lambda _path: (one / "wave.json").unlink(missing_ok=True))
    with pytest.raises(HybridError, match=r"wave\.json") as caught:
        copied(Folder(FileMemory(), str(one)), Folder(memory, str(two)))
    assert caught.value.code == "changed_while_copied"


def test_a_directory_that_a_run_uses_is_refused_and_a_lease_that_ended_is_left_behind(
    copy: Copy, one: Path, two: Path
) -> None:
    # Of a process on another machine nothing is known: its leases end by their time.
    holder = Holder("run-1", Owner("node-2"))
    leases = Leases(FileMemory())
    for folder in (one, two):
        folder.mkdir(exist_ok=True)
        assert leases.take(str(folder / "wave.json.lease"), holder) is None
        refused = copy()
        assert (refused["error"]["code"], "run run-1 (node-2" in refused["msg"]) == ("wave_in_use", True)
        leases.give_back(str(folder / "wave.json.lease"), holder)
    assert Leases(FileMemory(), seconds=-1).take(str(one / "wave.json.lease"), holder) is None
    assert counts(copy()) == (5, 5, 0, 0)
    assert content(two) == TEXTS


def test_what_is_no_text_or_not_there_is_told_before_anything_is_written(copy: Copy, one: Path, two: Path) -> None:
    (one / "odd.bin").write_bytes(b"\xff\xfe")
    refused = copy()
    assert (refused["error"]["code"], "it is not UTF-8 (byte 0)" in refused["msg"]) == ("unreadable_file", True)
    (one / "odd.bin").unlink()
    (one / "link.json").symlink_to(one / "wave.json")
    assert copy()["error"]["code"] == "unreadable_file"
    assert not two.exists()
    assert copy(source={"directory": str(two)})["error"]["code"] == "nothing_to_copy"


def test_an_address_is_checked_before_anything_else(copy: Copy) -> None:
    refused = copy(destination={"memory": "postgresql://offboarding:Secret!@db01/x", "directory": "berlin"})
    assert refused["error"]["code"] == "unusable_memory"
    assert refused["msg"].startswith("destination.memory: cannot be used (")
    assert "Secret!" not in refused["msg"]
