# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The notes of half-made users, as a folder holds them in which anybody may have put anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note

NAMES = ("ann@contoso.com", "bob@contoso.com")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the notes, in which two stand."""
    users = HalfMade(str(tmp_path), "run")
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
        half_made.refuse(str(folder.parent), "No cycle was started")
    assert caught.value.code == "addresses_at_risk"
    assert str(path) in str(caught.value)


def test_notes_are_read_and_taken_away_one_by_one(folder: Path) -> None:
    users = HalfMade(str(folder.parent))
    assert [note.identity for note in half_made.load(users.directory)] == list(NAMES)
    users.end("guid-0")
    assert [note.identity for note in users.of(NAMES)] == [NAMES[1]]
