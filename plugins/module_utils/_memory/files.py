# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The memory that is files: each its owner's alone, whole or not at all, and on the disk once it is written.

They are regular files: a named pipe in their place would block a run for ever, and a link leads elsewhere.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import fnmatch
import os
import platform
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Document, Lines

NOT_REGULAR = "it is not a regular file"
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
TEMPORARY = ".exchange_hybrid."  # how the name of a file begins that is not whole yet
SWAP_LOCK = ".swap.lock"
STALE = 3600.0  # seconds after which a temporary file is of a process that was killed
CHUNK = 1 << 20  # bytes that are read at once
LOCK = ".lock"
LOOK = 0.5  # seconds between two tries to have a lock
# File systems that cannot bring a directory to the disk by itself say so with one of these.
_NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP)


def _utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


class FileMemory:
    """Paths are files'. ``system`` is what is asked of the operating system, by the names of the module os."""

    def __init__(self, now: Callable[[], datetime.datetime] = _utc_now, system: Any = os) -> None:
        self.now = now
        self._os = system
        self._swept: set[str] = set()
        self._sweeping = threading.Lock()

    def describe(self, path: str) -> str:
        return path

    # -- folders ---------------------------------------------------------------------------------------------------

    def has_folder(self, folder: str) -> bool:
        return os.path.isdir(folder)

    def make_folder(self, folder: str, *, private: bool = False, check: bool = False) -> bool:
        with _named():
            if os.path.isdir(folder) and (not private or stat.S_IMODE(self._os.stat(folder).st_mode) == PRIVATE_FOLDER):
                return False
            if not check:
                self._make(os.path.abspath(folder))
                if private:
                    self._os.chmod(folder, PRIVATE_FOLDER)
            return True

    def _make(self, folder: str) -> None:
        if os.path.isdir(folder):
            return
        self._make(os.path.dirname(folder))
        # Another process may have been faster.
        with contextlib.suppress(FileExistsError):
            self._os.mkdir(folder, PRIVATE_FOLDER)
            self._sync_folder(folder)
        if not os.path.isdir(folder):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))

    # -- whole texts -----------------------------------------------------------------------------------------------

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def read(self, path: str) -> Document | None:
        try:
            opened = self._open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            content = b"".join(iter(lambda: self._os.read(opened, CHUNK), b""))
            changed = self._os.fstat(opened).st_mtime
        finally:
            os.close(opened)
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise OSError(errno.EILSEQ, f"it is not UTF-8 (byte {error.start})") from error
        return Document(text, datetime.datetime.fromtimestamp(changed, datetime.timezone.utc))

    def paths(self, folder: str, pattern: str) -> list[str]:
        names = (name for name in self._visible(folder) if fnmatch.fnmatchcase(name, pattern))
        return sorted(os.path.join(folder, name) for name in names)

    def _visible(self, folder: str) -> list[str]:
        try:
            with _named():
                return [name for name in self._os.listdir(folder) if not name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def under(self, folder: str) -> list[str]:
        found: list[str] = []
        for name in sorted(self._visible(folder)):
            path = os.path.join(folder, name)
            # A link is no folder: it could lead anywhere.
            if os.path.isdir(path) and not os.path.islink(path):
                found += self.under(path)
            elif not name.endswith(LOCK):
                found.append(path)
        return sorted(found)

    def write(self, path: str, text: str) -> None:
        with self._written(path, text) as temporary:
            self._os.replace(temporary, path)

    def create(self, path: str, text: str) -> bool:
        with self._written(path, text) as temporary:
            return self._linked(temporary, path)

    def swap(self, path: str, old: str | None, new: str | None) -> bool:
        with self.lock(os.path.join(_folder_of(path), SWAP_LOCK), patience=float("inf")):
            found = self.read(path)
            if (found.text if found else None) != old:
                return False
            if new is None:
                self.remove(path)
            else:
                self.write(path, new)
            return True

    def copy(self, path: str, other: str) -> bool:
        os.close(self._open(path, os.O_RDONLY))
        with _named():
            linked = self._linked(path, other)
        self._sync_folder(other)
        return linked

    def remove(self, path: str) -> None:
        try:
            with _named():
                self._os.unlink(path)
        except FileNotFoundError:
            return
        self._sync_folder(path)

    def _linked(self, path: str, other: str) -> bool:
        try:
            self._os.link(path, other, follow_symlinks=False)
        except FileExistsError:
            return False
        return True

    @contextlib.contextmanager
    def _written(self, path: str, text: str) -> Iterator[str]:
        """Give a finished temporary file beside a path, for the block to put it in its place; it never stays."""
        try:
            content = text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise OSError(errno.EILSEQ, f"character {error.start} is half of one") from error
        # Not named by process id: two execution environments that share the directory may have the same.
        temporary = os.path.join(_folder_of(path), f"{TEMPORARY}{secrets.token_hex(8)}.tmp")
        opened = self._open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            try:
                while content:
                    content = content[self._os.write(opened, content) :]
                self._os.fsync(opened)
                self._sweep(_folder_of(path), self._os.fstat(opened).st_mtime)
            finally:
                os.close(opened)
            with _named():
                yield temporary
            self._sync_folder(path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def _sweep(self, folder: str, now: float) -> None:
        """Remove what killed processes left half written; once for each folder, by the clock of its file system."""
        with self._sweeping:
            if folder in self._swept:
                return
            self._swept.add(folder)
        with contextlib.suppress(OSError):
            for name in self._os.listdir(folder):
                path = os.path.join(folder, name)
                if name.startswith(TEMPORARY) and now - os.lstat(path).st_mtime > STALE:
                    os.unlink(path)

    def _sync_folder(self, path: str) -> None:
        """Bring the name of a file to the disk: its content alone does not survive a power failure."""
        opened = self._os.open(_folder_of(path), os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._os.fsync(opened)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise
        finally:
            os.close(opened)

    def _open(self, path: str, flags: int) -> int:
        """Open a file; OSError for what is not a regular one."""
        try:
            with _named():
                opened: int = self._os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE_FILE)
        except OSError as error:
            # A link, and a pipe that nobody reads.
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise OSError(error.errno, NOT_REGULAR) from error
            raise
        kind = self._os.fstat(opened).st_mode
        if not stat.S_ISREG(kind):
            os.close(opened)
            if stat.S_ISDIR(kind):
                raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
            raise OSError(errno.EINVAL, NOT_REGULAR)
        return opened

    # -- growing texts ---------------------------------------------------------------------------------------------

    def lines(self, path: str) -> Iterator[str]:
        try:
            opened = self._open(path, os.O_RDONLY)
        except FileNotFoundError:
            return
        with os.fdopen(opened, "rb") as stream:
            for line in stream:
                # What is not UTF-8 is no JSON either once it is written so.
                yield line.removesuffix(b"\n").decode("utf-8", "backslashreplace")

    def appended(self, path: str) -> Lines:
        is_new = not self.exists(path)
        opened = self._open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        if is_new:
            self._sync_folder(path)
        return _FileLines(opened, self._os)

    # -- locks -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(
        self, path: str, *, shared: bool = False, patience: float = 0.0, sleep: Callable[[float], None] | None = None
    ) -> Iterator[bool]:
        opened = self._open(path, os.O_RDWR | os.O_CREAT)
        try:
            had = _taken(opened, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, patience, sleep or time.sleep)
            if had and not shared:
                # Only for people: a full disk does not matter here.
                with contextlib.suppress(OSError):
                    self._os.ftruncate(opened, 0)
                    self._os.write(opened, f"process {os.getpid()} on {platform.node()}".encode())
            yield had
        finally:
            os.close(opened)

    def holder(self, path: str) -> str:
        with contextlib.suppress(OSError):
            found = self.read(path)
            if found and found.text.startswith("process "):
                return found.text
        return "another process"

    def close(self) -> None:
        """Nothing is open between two calls."""


class _FileLines:
    """A line is one write(2) on an O_APPEND descriptor of a local file, so lines of several processes never mix.

    What write(2) took survives the death of the process, kill -9 too: the kernel holds it.
    """

    def __init__(self, opened: int, system: Any) -> None:
        self._file = opened
        self._os = system
        size = system.fstat(opened).st_size
        # A full disk or a kill left half a line: the next one then begins on a line of its own.
        self._mend = size > 0 and os.pread(opened, 1, size - 1) != b"\n"

    def append(self, line: str, *, regardless: bool = False) -> None:
        data = (("\n" if self._mend else "") + line + "\n").encode("utf-8", "backslashreplace")
        taken = self._os.write(self._file, data)
        self._mend = taken != len(data)
        if self._mend:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def close(self) -> None:
        try:
            self._os.fsync(self._file)
        finally:
            os.close(self._file)


def _folder_of(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))


def _taken(opened: int, kind: int, patience: float, sleep: Callable[[float], None]) -> bool:
    """Take a lock; the kernel ends it when the file is closed, and so with the process."""
    if patience == float("inf"):
        fcntl.flock(opened, kind)
        return True
    waited = 0.0
    while True:
        try:
            fcntl.flock(opened, kind | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if waited >= patience:
                return False
        sleep(LOOK)
        waited += LOOK


@contextlib.contextmanager
def _named() -> Iterator[None]:
    """Tell of a name that cannot be a file's as of any other trouble with one."""
    try:
        yield
    except ValueError as error:
        raise OSError(errno.EINVAL, f"its name cannot be a file's ({error})") from error
