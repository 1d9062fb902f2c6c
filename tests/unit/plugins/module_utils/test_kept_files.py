# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run keeps beside its wave is a regular file: a pipe in its place blocks nobody, and no link is followed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    PAUSE_LOCK,
    DirectorySync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    note_of,
    notes,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.settings import (
    MoveSettings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline import Baselines
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.locks import locked
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made

from tests.unit.plugins.module_utils.fakes import guid_of, on_disk
from tests.unit.plugins.module_utils.lab_in_process import InProcess

GUID = guid_of("ann's mailbox")


def link(path: Path) -> None:
    elsewhere = path.parent / "elsewhere"
    elsewhere.write_text("[]", encoding="utf-8")
    path.symlink_to(elsewhere)


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.parent / "pipe")
    path.symlink_to(path.parent / "pipe")


PUT = pytest.mark.parametrize("put", [os.mkfifo, link, link_to_a_pipe, Path.mkdir])


@PUT
def test_the_files_of_a_wave_are_refused_with_a_sentence(put: Callable[[Path], None], tmp_path: Path) -> None:
    wave, baseline = tmp_path / "wave.json", tmp_path / "baseline" / f"{GUID}.json"
    (tmp_path / "baseline").mkdir()
    for path, read, code in (
        (wave, lambda: wave_files.load(FileMemory(), str(wave)), "unreadable_file"),
        (baseline, lambda: Baselines(on_disk(tmp_path)).load(GUID), "unreadable_baseline"),
    ):
        put(path)
        with pytest.raises(InputError) as caught:
            read()
        assert (caught.value.code, str(path) in caught.value.message) == (code, True)
        for left in ("elsewhere", "pipe"):
            (tmp_path / left).unlink(missing_ok=True)


@PUT
def test_what_only_saves_reads_is_as_if_it_were_not_there(put: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "wave.json.moves"
    put(path)
    assert MoveSettings(FileMemory(), str(path)).of({"exchange_guid": GUID}) is None
    assert Memory(FileMemory(), str(path)).requests == {}


@PUT
@pytest.mark.parametrize("name", [half_made.LOCK, PAUSE_LOCK])
def test_a_lock_is_refused_with_a_sentence(name: str, put: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / name
    put(path)
    with pytest.raises(InputError) as caught, locked(on_disk(tmp_path), name):
        pass
    assert (caught.value.code, caught.value.option) == ("unwritable_directory", "directory")
    assert str(path) in caught.value.message


@PUT
def test_a_note_of_a_pause_that_is_none_holds_no_pause(put: Callable[[Path], None], tmp_path: Path) -> None:
    """As a damaged note does: a pause beside it is ended by who made it."""
    lab = InProcess()
    connections = lab.connect()
    time = {"wait_timeout": 60, "wait_sleep": 1, "sleep": lab.sleep, "clock": lab.clock}
    sync = DirectorySync(connections, False, **time, holder="a")
    sync.paused(on_disk(tmp_path))
    folder = Path(note_of(on_disk(tmp_path), "b"))
    put(folder)
    assert sync.resumed(on_disk(tmp_path)).changed
    assert notes(on_disk(tmp_path)) == ([str(folder)] if put is Path.mkdir else [])
    assert lab.hybrid.sync.sync_cycle_enabled
