# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a memory is: where runs write down what a later task, or a later run, has to find again.

A memory holds texts under paths. On disk a path is a file's; in a database it is a name with the same slashes. The
wave, baselines, the journal, notes of pauses and of half-made users, progress and settings of moves, and the leases of
runs are such texts: whoever reads one does not know where it is kept.

Every method raises OSError, with ``strerror`` as a phrase for people, where the memory fails: a full disk, a lost
connection, a file that is a link. A MemoryFault knows its remedy, too; for others ``_memory.failures`` knows it, which
makes the sentence that names option, path and remedy.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class MemoryFault(OSError):
    """What a memory that is no file system fails with: a phrase for people, and what they can do.

    ``retryable`` tells that the same may succeed later, such as after a connection that was lost.
    """

    def __init__(self, number: int, phrase: str, remedy: str, *, retryable: bool = False) -> None:
        super().__init__(number, phrase)
        self.remedy = remedy
        self.retryable = retryable


@dataclass(frozen=True)
class Document:
    """A text as it was written, to the character, and when (UTC, by the memory's clock)."""

    text: str
    written_at: datetime.datetime


class Lines(Protocol):
    """A text that only grows: several processes may add lines at once, and lines never mix."""

    def append(self, line: str, *, regardless: bool = False) -> None:
        """Add one line (without its line feed); it survives the death of this process once this returns.

        A line that tells what was done already is added ``regardless`` of locks that this process has lost.
        """

    def close(self) -> None:
        """Bring what was added to where it survives a power failure, and let go."""


class Memory(Protocol):
    """Where runs remember. Thread-safe."""

    def describe(self, path: str) -> str:
        """Return how a message names a path: people have to find it there. Never holds a password."""

    def now(self) -> datetime.datetime:
        """Return the time (UTC) by the clock that all who share this memory share."""

    def has_folder(self, folder: str) -> bool:
        """Tell whether texts can be put into a folder: one on disk has to be made, names in a database do not."""

    def make_folder(self, folder: str, *, private: bool = False, check: bool = False) -> bool:
        """Make a folder, its owner's alone, where there is none; tell whether there was anything to do.

        With ``private`` one that is there is closed to others, too. With ``check`` it is only told.
        """

    def exists(self, path: str) -> bool:
        """Tell whether there is something under a path, readable or not."""

    def read(self, path: str) -> Document | None:
        """Return a whole text, None where there is none."""

    def paths(self, folder: str, pattern: str) -> list[str]:
        """Return the paths directly in a folder whose last part matches a shell pattern, sorted; none without it.

        A last part that begins with a dot is never told.
        """

    def under(self, folder: str) -> list[str]:
        """Return the paths of all texts in a folder and in the folders in it, sorted; locks are no texts."""

    def write(self, path: str, text: str) -> None:
        """Put a text in the place of what is there, if anything: whole or not at all, and lasting on return."""

    def create(self, path: str, text: str) -> bool:
        """Write a text where there is none yet; False, and nothing is written, where there is one."""

    def swap(self, path: str, old: str | None, new: str | None) -> bool:
        """Replace a text only if it still is ``old``; None stands for no text at all. False where it is another."""

    def copy(self, path: str, other: str) -> bool:
        """Give a text a second path; False where that is taken. A kill leaves the copy whole or not there."""

    def remove(self, path: str) -> None:
        """Take a text away; none there is as good."""

    def lines(self, path: str) -> Iterator[str]:
        """Yield the lines of a growing text, oldest first, nothing where there is none.

        A kill or a full disk may have left one half: the reader has to look at what a line says.
        """

    def appended(self, path: str) -> Lines:
        """Open a growing text, made where there is none, to add to it."""

    def lock(
        self, path: str, *, shared: bool = False, patience: float = 0.0, sleep: Callable[[float], None] | None = None
    ) -> AbstractContextManager[bool]:
        """Hold a lock for the block, its value False where it was not had within ``patience`` seconds of ``sleep``.

        It ends with the block, and with the process, however that dies. Shared ones go together, others with none. An
        infinite patience waits for as long as it takes.
        """

    def holder(self, path: str) -> str:
        """Return who holds the lock of a path that is not shared, or did last: a phrase for a message."""

    def close(self) -> None:
        """Let go of what leads to the texts, such as a connection. The end of the process does as much."""


@dataclass(frozen=True)
class Folder:
    """A folder of a memory, as a run is given it: its texts are under paths in it."""

    memory: Memory
    path: str

    def at(self, *parts: str) -> str:
        return os.path.join(self.path, *parts)

    def describe(self, *parts: str) -> str:
        return self.memory.describe(self.at(*parts))
