# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The notes of half-made users, as a folder holds them in which anybody may have put anything."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note

from tests.unit.plugins.module_utils.fakes import on_disk

NAMES = ("ann@contoso.com", "bob@contoso.com")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the notes, in which two stand."""
    users = HalfMade(on_disk(tmp_path), "run")
    for number, name in enumerate(NAMES):
        users.begin(Note(name, f"guid-{number}", {"EmailAddresses": [f"SMTP:{name}"]}))
    return tmp_path / half_made.FOLDER


def link_to_a_note(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere.json"
    elsewhere.write_text('{"identity": "eve@contoso.com", "guid": "guid-9", "wanted": {}}', encoding="utf-8")
    path.symlink_to(elsewhere)


def link_to_nothing(path: Path) -> None:
    path.symlink_to(path.parent / "missing")


def list_of_notes(path: Path) -> None:
    path.write_text("[]", encoding="utf-8")


@pytest.mark.parametrize("put", [os.mkfifo, link_to_a_note, link_to_nothing, Path.mkdir, list_of_notes])
def test_what_is_no_note_is_a_damaged_one(folder: Path, put: Callable[[Path], None]) -> None:
    path = folder / "guid-2.json"
    put(path)
    with pytest.raises(InputError) as caught:
        half_made.refuse(on_disk(folder.parent), "No cycle was started")
    assert caught.value.code == "addresses_at_risk"
    assert str(path) in str(caught.value)


def test_notes_are_read_and_taken_away_one_by_one(folder: Path) -> None:
    users = HalfMade(on_disk(folder.parent))
    assert [note.identity for note in half_made.load(on_disk(folder.parent))] == list(NAMES)
    users.end("guid-0")
    assert [note.identity for note in users.of(NAMES)] == [NAMES[1]]
    # Whoever typed the wave may have typed the mailbox otherwise than the run that left the note.
    assert [note.identity for note in users.of([NAMES[1].upper()])] == [NAMES[1]]


def changed_by_hand(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**told, "wanted": {}}), encoding="utf-8")


def of_another_user(path: Path) -> None:
    path.rename(path.with_name("guid-2.json"))


@pytest.mark.parametrize(
    ("spoil", "why"), [(changed_by_hand, "changed after it was written"), (of_another_user, "of another user, guid-0")]
)
def test_a_note_is_believed_for_what_its_run_wrote(folder: Path, spoil: Callable[[Path], None], why: str) -> None:
    spoil(folder / "guid-0.json")
    with pytest.raises(InputError) as caught:
        half_made.load(on_disk(folder.parent))
    assert (caught.value.code, why in caught.value.message) == ("addresses_at_risk", True)


def test_a_note_of_the_first_form_is_read(folder: Path) -> None:
    path = folder / "guid-0.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    del told["checksum"]
    path.write_text(json.dumps(told), encoding="utf-8")
    assert [note.identity for note in half_made.load(on_disk(folder.parent))] == list(NAMES)


def test_a_note_that_goes_while_they_are_read_is_of_a_user_that_is_whole(folder: Path) -> None:
    class Listed(FileMemory):
        def paths(self, folder: str, pattern: str) -> list[str]:
            found = super().paths(folder, pattern)
            return [found[0].replace("guid-0", "guid-9"), *found]

    left = half_made.load(Folder(Listed(), str(folder.parent)))
    assert [note.identity for note in left] == list(NAMES)


def test_no_user_is_begun_with_once_the_pause_has_been_ended(tmp_path: Path) -> None:
    pause = tmp_path / "directory-sync-paused.json"
    pause.write_text("{}", encoding="utf-8")
    users = HalfMade(on_disk(tmp_path), "run", str(pause))
    with users.writing():
        pass
    pause.unlink()
    with pytest.raises(HybridError) as caught, users.writing():
        raise AssertionError("the pause was ended, and a user would be begun with")
    assert (caught.value.code, caught.value.retryable) == ("pause_ended", True)
    assert "Nothing was written." in caught.value.remedy
