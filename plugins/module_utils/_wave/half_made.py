# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Half-made users: those to whom Enable-MailUser was sent, and whom the Set-MailUser after it has not made whole yet.

A sync that exports one takes the aliases and the routing address from its cloud mailbox. So each is written down before
its first write, on disk, and the note goes once the user is whole or undone: no pause is ended and no cycle is started
over a note, whichever run left it and however long ago.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import json
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict
from typing import IO

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note

WARNING = "Synchronization must not run"
FOLDER = "half-made"
LOCK = "half-made.lock"
SHOWN = 10  # users that one sentence names
LOOK = 0.5  # seconds between two tries to have the lock


class HalfMade:
    """The users that this run has begun with; in ``directory``, where one is given, also for whoever comes next."""

    def __init__(self, directory: str = "", holder: str = "", pause: str = "") -> None:
        """``pause`` is the note of the pause without which no user may be begun with; empty where there is none."""
        self.directory = directory
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
        left = {note.guid: note for note in load(self.directory)} if self.directory else {}
        left.update({note.guid: note for note in self.open})
        return [note for note in left.values() if note.identity in identities]

    def begin(self, note: Note) -> None:
        """Write a user down, before its first write; InputError where that cannot be done: nothing is sent then."""
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        note = Note(note.identity, note.guid, note.wanted, note.before, self.holder, since)
        if self.directory:
            path = _path(self.directory, note.guid)
            try:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                wave_files.write_private(path, json.dumps(asdict(note), ensure_ascii=False))
            except OSError as error:
                raise InputError(
                    "directory",
                    self.directory,
                    f"cannot store the note about a user that will be half made ({error.strerror})",
                    "Use a directory that this account can write to, on a disk with free space. Nothing was sent.",
                    "unwritable_directory",
                ) from error
        with self._lock:
            self._open[note.guid] = note

    def end(self, guid: str) -> None:
        """Take the note of a user away that is whole, or a plain user again; another run's note of it, too."""
        with self._lock:
            self._open.pop(guid, None)
        if self.directory:
            # One that cannot be removed keeps the pause, until somebody finds the user whole again.
            with contextlib.suppress(OSError):
                os.unlink(_path(self.directory, guid))

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Keep cycles that other runs with the same directory start from beginning, and wait for one that runs."""
        if not self.directory:
            yield
            return
        with _lock_file(self.directory) as stream:
            fcntl.flock(stream, fcntl.LOCK_SH)
            # Who ends a pause waits for this lock: what stands now stands until the last user is whole.
            if self.pause and not os.path.exists(self.pause):
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


def load(directory: str) -> list[Note]:
    """Return all notes in a directory; a damaged one raises InputError, for nobody knows then what has to be done."""
    found = []
    for path in sorted(glob.glob(os.path.join(glob.escape(directory), FOLDER, "*.json"))):
        try:
            with open(path, encoding="utf-8", opener=wave_files.regular) as stream:
                found.append(Note(**json.load(stream)))
        except FileNotFoundError:  # whole meanwhile
            continue
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                "directory",
                path,
                f"is the note of a half-made user and cannot be read ({wave_files.reason(error)})",
                "Compare the on-premises user, whose objectGUID is the file's name, with its baseline, then remove the "
                "file.",
                "addresses_at_risk",
            ) from error
    return found


def refuse(directory: str, what: str) -> None:
    """Refuse ``what`` (a sentence's beginning) while a note is left."""
    left = load(directory)
    if left:
        raise at_risk([note.identity for note in left], what, directory)


def told(directory: str) -> list[dict[str, object]]:
    """Return a failed result for each user that a run left half made, and none while a run is at work on them."""
    left = load(directory) if directory else []
    if not left or not nobody_writes(directory):
        return []
    errors = {note.identity: at_risk([note.identity], WARNING, directory) for note in left}
    return [{"identity": name, "status": "failed", "error": error.as_result()} for name, error in errors.items()]


def at_risk(identities: Sequence[str], what: str, directory: str, why: str = "") -> HybridError:
    """Return the error that shouts: these users are half made, and what was therefore not done."""
    names = ", ".join(identities[:SHOWN]) + (f" and {len(identities) - SHOWN} more" if len(identities) > SHOWN else "")
    return HybridError(
        f"{what}: half made on-premises {'are' if len(identities) > 1 else 'is'} {names}, and a sync would remove the "
        f"addresses of the cloud mailbox{'es' if len(identities) > 1 else ''}.{f' {why}' if why else ''}",
        code="addresses_at_risk",
        remedy=remedy(directory),
    )


def remedy(directory: str) -> str:
    """Return what people have to do for a user that stays half made."""
    notes = f" The notes are in {os.path.join(directory, FOLDER)}." if directory else ""
    return (
        "Do not start a synchronization. Remove the cause that Exchange reports, then run the playbook resume_sync, "
        "which completes the users or undoes them and resumes the synchronization. By hand: set all addresses of the "
        f"baseline on the mail user with Set-MailUser, or remove it with Disable-MailUser.{notes}"
    )


@contextlib.contextmanager
def quiet(
    directory: str, what: str, patience: float, sleep: Callable[[float], None], clock: Callable[[], float]
) -> Iterator[None]:
    """Keep other runs from beginning with users, once those that have begun are through; ``refuse`` what is left."""
    if not directory or not os.path.isdir(directory):
        yield
        return
    deadline = clock() + patience
    with _lock_file(directory) as stream:
        while not _taken(stream):
            if clock() >= deadline:
                raise HybridError(
                    f"{what}: another run with the directory {directory} is still writing users.",
                    code="sync_timeout",
                    retryable=True,
                    remedy="Wait until that run has ended, and run again.",
                )
            sleep(LOOK)
        refuse(directory, what)
        yield


def nobody_writes(directory: str) -> bool:
    """Tell whether no run is at work on users now, so that every note is of one that was killed or gave up."""
    with _lock_file(directory) as stream:
        return _taken(stream)


def _taken(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock_file(directory: str) -> IO[str]:
    return wave_files.lock_file(directory, LOCK)


def _path(directory: str, guid: str) -> str:
    return os.path.join(directory, FOLDER, f"{guid}.json")
