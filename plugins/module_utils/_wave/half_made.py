# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Half-made users: those to whom Enable-MailUser was sent, and whom the Set-MailUser after it has not made whole yet.

A sync that exports one takes the aliases and the routing address from its cloud mailbox. So each is written down before
its first write, and the note goes once the user is whole or undone: no pause is ended and no cycle is started
over a note, whichever run left it and however long ago.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import (
    refusal,
    unwritable_directory,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.locks import WITHOUT_END, locked
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note

WARNING = "Synchronization must not run"
FOLDER = "half-made"
LOCK = "half-made.lock"
SHOWN = 10  # users that one sentence names


class HalfMade:
    """The users that this run has begun with; in ``folder``, where one is given, also for whoever comes next."""

    def __init__(self, folder: Folder | None = None, holder: str = "", pause: str = "") -> None:
        """``pause`` is the note of the pause without which no user may be begun with; empty where there is none."""
        self.folder = folder
        self.holder = holder
        self.pause = pause
        self._open: dict[str, Note] = {}
        self._lock = threading.Lock()

    @property
    def open(self) -> list[Note]:
        """Return the users of which nothing is known yet but that they were begun with."""
        with self._lock:
            return list(self._open.values())

    def of(self, identities: Collection[str]) -> list[Note]:
        """Return the users of these mailboxes, those too that an earlier run with the same directory left."""
        left = {note.guid: note for note in load(self.folder)} if self.folder else {}
        left.update({note.guid: note for note in self.open})
        wanted = {_values.folded(identity) for identity in identities}
        return [note for note in left.values() if _values.folded(note.identity) in wanted]

    def begin(self, note: Note) -> None:
        """Write a user down, before its first write; InputError where that cannot be done: nothing is sent then."""
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        note = Note(note.identity, note.guid, note.wanted, note.before, self.holder, since)
        if self.folder:
            try:
                self.folder.memory.make_folder(self.folder.at(FOLDER))
                self.folder.memory.write(
                    _path(self.folder, note.guid), documents.text_of(documents.sealed(asdict(note)))
                )
            except OSError as error:
                what = "the note about a user that will be half made"
                raise unwritable_directory(
                    "directory", self.folder.describe(), what, error, more="Nothing was sent."
                ) from error
        with self._lock:
            self._open[note.guid] = note

    def end(self, guid: str) -> None:
        """Take the note of a user away that is whole, or a plain user again; another run's note of it, too."""
        with self._lock:
            self._open.pop(guid, None)
        if self.folder:
            # One that cannot be removed keeps the pause, until somebody finds the user whole again.
            with contextlib.suppress(OSError):
                self.folder.memory.remove(_path(self.folder, guid))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Keep cycles that other runs with the same directory start from beginning, and wait for one that runs."""
        if not self.folder:
            yield
            return
        with locked(self.folder, LOCK, shared=True, patience=WITHOUT_END):
            # Who ends a pause waits for this lock: what stands now stands until the last user is whole.
            if self.pause and not self.folder.memory.exists(self.pause):
                raise HybridError(
                    "the pause of directory synchronization in which this run was to write to users was ended by "
                    "resume_sync, or by another run with the same directory.",
                    code="pause_ended",
                    retryable=True,
                    remedy="Nothing was written. Run again: the synchronization is paused again. For runs at "
                    "the same time, use a separate directory for each, or create their waves with the inventory plugin "
                    "mailbox_waves, which gives each its own name.",
                )
            yield


def load(folder: Folder) -> list[Note]:
    """Return all notes in a folder; a damaged one raises InputError, for nobody knows then what has to be done."""
    found = []
    try:
        paths = folder.memory.paths(folder.at(FOLDER), "*.json")
    except OSError as error:
        raise _unreadable(folder.describe(FOLDER), "is where the notes of half-made users are", error) from error
    for path in paths:
        try:
            found.append(_note(folder, path))
        except FileNotFoundError:  # whole meanwhile
            continue
        except (OSError, TypeError, ValueError) as error:
            raise _unreadable(folder.memory.describe(path), "is the note of a half-made user", error) from error
    return found


def _note(folder: Folder, path: str) -> Note:
    """Return what a note says; ValueError or TypeError for what no run wrote, or wrote about another user."""
    data = documents.load(folder.memory, path)
    if not isinstance(data, dict):
        raise TypeError("it is not a note")
    # The first form had no checksum.
    if documents.CHECKSUM in data and not documents.is_as_written(data):
        raise ValueError("it was changed after it was written")
    note = Note(**{name: value for name, value in data.items() if name != documents.CHECKSUM})
    if path != _path(folder, note.guid):
        raise ValueError(f"it is of another user, {note.guid}")
    return note


def _unreadable(where: str, what: str, error: Exception) -> InputError:
    return refusal(
        "directory",
        where,
        f"{what} and cannot be read",
        error,
        remedy="Compare the on-premises user, whose objectGUID is the file's name, with its baseline, then remove the "
        "file.",
        code="addresses_at_risk",
    )


def refuse(folder: Folder, what: str) -> None:
    """Refuse ``what`` (a sentence's beginning) while a note is left."""
    left = load(folder)
    if left:
        raise at_risk([note.identity for note in left], what, folder)


def told(folder: Folder | None) -> list[dict[str, object]]:
    """Return a failed result for each user that a run left half made, and none while a run is at work on them."""
    left = load(folder) if folder else []
    if not folder or not left or not nobody_writes(folder):
        return []
    errors = {note.identity: at_risk([note.identity], WARNING, folder) for note in left}
    return [{"identity": name, "status": "failed", "error": error.as_result()} for name, error in errors.items()]


def at_risk(identities: Sequence[str], what: str, folder: Folder | None, why: str = "") -> HybridError:
    """Return the error that shouts: these users are half made, and what was therefore not done."""
    names = ", ".join(identities[:SHOWN]) + (f" and {len(identities) - SHOWN} more" if len(identities) > SHOWN else "")
    return HybridError(
        f"{what}: half made on-premises {'are' if len(identities) > 1 else 'is'} {names}, and a sync would remove the "
        f"addresses of the cloud mailbox{'es' if len(identities) > 1 else ''}.{f' {why}' if why else ''}",
        code="addresses_at_risk",
        remedy=remedy(folder),
    )


def remedy(folder: Folder | None) -> str:
    """Return what people have to do for a user that stays half made."""
    notes = f" The notes are in {folder.describe(FOLDER)}." if folder else ""
    return (
        "Do not start a synchronization. Remove the cause that Exchange reports, then run the playbook resume_sync, "
        "which completes the users or undoes them and resumes the synchronization. By hand: set all addresses of the "
        f"baseline on the mail user with Set-MailUser, or remove it with Disable-MailUser.{notes}"
    )


@contextlib.contextmanager
def quiet(folder: Folder | None, what: str, patience: float, sleep: Callable[[float], None]) -> Iterator[None]:
    """Keep other runs from beginning with users, once those that have begun are through; ``refuse`` what is left."""
    if not folder or not folder.memory.has_folder(folder.path):
        yield
        return
    with locked(folder, LOCK, patience=patience, sleep=sleep) as had:
        if not had:
            raise HybridError(
                f"{what}: another run with the directory {folder.describe()} is still writing users.",
                code="sync_timeout",
                retryable=True,
                remedy="Wait until that run has ended, and run again.",
            )
        refuse(folder, what)
        yield


def nobody_writes(folder: Folder) -> bool:
    """Tell whether no run is at work on users now, so that every note is of one that was killed or gave up."""
    with locked(folder, LOCK) as had:
        return had


def _path(folder: Folder, guid: str) -> str:
    return folder.at(FOLDER, f"{guid}.json")
