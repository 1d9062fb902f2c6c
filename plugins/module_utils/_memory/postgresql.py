# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A memory in a PostgreSQL database: for runs on several machines that share no disk."""

from __future__ import annotations

import contextlib
import datetime
import errno
import fnmatch
import posixpath
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import (
    Document,
    MemoryFault,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql_session import (
    Patience,
    Session,
)

if TYPE_CHECKING:
    import psycopg

_CHARACTER = "Remove the character."
LOOK = 0.5  # seconds between two tries to have a lock
PAGE = 5000  # lines that are fetched at once

_READ = """
SELECT t.text, grown.lines, greatest(t.written_at, grown.written_at)
FROM exchange_hybrid.texts t, LATERAL (
    SELECT string_agg(l.line || E'\\n', '' ORDER BY l.number) AS lines, max(l.written_at) AS written_at
    FROM exchange_hybrid.lines l WHERE l.path = t.path) AS grown
WHERE t.path = %s"""
_WRITE = """
WITH gone AS (DELETE FROM exchange_hybrid.lines WHERE path = %(path)s)
INSERT INTO exchange_hybrid.texts (path, text, token) VALUES (%(path)s, %(text)s, %(token)s)
ON CONFLICT (path) DO UPDATE SET text = excluded.text, token = excluded.token, written_at = clock_timestamp()"""
_CREATE = """
INSERT INTO exchange_hybrid.texts (path, text, token) VALUES (%(path)s, %(text)s, %(token)s) ON CONFLICT DO NOTHING"""
_IS_OURS = "SELECT token = %(token)s FROM exchange_hybrid.texts WHERE path = %(path)s"
_REMOVE = "DELETE FROM exchange_hybrid.texts WHERE path = %(path)s"
_COPY = """
WITH copied AS (
    INSERT INTO exchange_hybrid.texts (path, text, written_at, token)
    SELECT %(other)s, text, written_at, %(token)s FROM exchange_hybrid.texts WHERE path = %(path)s
    ON CONFLICT DO NOTHING RETURNING path)
INSERT INTO exchange_hybrid.lines (path, id, line, written_at)
SELECT copied.path, gen_random_uuid(), l.line, l.written_at FROM exchange_hybrid.lines l, copied
WHERE l.path = %(path)s ORDER BY l.number"""
_APPEND = """
WITH made AS (
    INSERT INTO exchange_hybrid.texts (path, text, token) VALUES (%(path)s, '', %(id)s) ON CONFLICT DO NOTHING)
INSERT INTO exchange_hybrid.lines (path, id, line) VALUES (%(path)s, %(id)s, %(line)s) ON CONFLICT (id) DO NOTHING"""
_LINES = """
SELECT number, line FROM exchange_hybrid.lines WHERE path = %s AND number > %s ORDER BY number LIMIT %s"""
_PATHS = "SELECT path FROM exchange_hybrid.texts WHERE path > %s AND path < %s ORDER BY path"


class PostgreSQLMemory:
    """Texts in the tables that memory_setup has made. Raises MemoryFault where it fails."""

    def __init__(self, url: str, patience: Patience | None = None) -> None:
        self._session = Session(url, patience=patience)

    def close(self) -> None:
        """End the session, and with it the locks."""
        self._session.close()

    def describe(self, path: str) -> str:
        """Return where a text is, for a message."""
        given = self._session.parameters
        parts = [f" {given['dbname']}"] if "dbname" in given else []
        parts += [f" on {given['host']}"] if "host" in given else []
        parts += [f" of the service {given['service']}"] if "service" in given else []
        return f"{_name(path)} in the database{''.join(parts)}"

    def now(self) -> datetime.datetime:
        return _utc(self._session.run(lambda connection, _again: _row(connection, "SELECT clock_timestamp()")[0]))

    def has_folder(self, folder: str) -> bool:
        """Folders are parts of names, and need not be made."""
        return True

    def make_folder(self, folder: str, *, private: bool = False, check: bool = False) -> bool:
        return False

    def exists(self, path: str) -> bool:
        name = _name(path)
        return self._session.run(lambda connection, _again: _head(connection, name) is not None)

    def read(self, path: str) -> Document | None:
        name = _name(path)
        return self._session.run(lambda connection, _again: _read(connection, name))

    def paths(self, folder: str, pattern: str) -> list[str]:
        start = len(_name(folder)) + 1
        names = [path[start:] for path in self.under(folder)]
        return [posixpath.join(folder, name) for name in names if _fits(name, pattern)]

    def under(self, folder: str) -> list[str]:
        """Return the paths of all texts in a folder and in the folders in it, sorted."""
        name = _name(folder)
        # In the order of code points, 0 is what follows the slash.
        return self._session.run(
            lambda connection, _again: [row[0] for row in connection.execute(_PATHS, [f"{name}/", f"{name}0"])]
        )

    def write(self, path: str, text: str) -> None:
        values = _values(path, text=text)
        self._session.run(lambda connection, _again: connection.execute(_WRITE, values), writes=True)

    def create(self, path: str, text: str) -> bool:
        values = _values(path, text=text)
        return self._session.run(lambda connection, _again: _create(connection, values), writes=True)

    def swap(self, path: str, old: str | None, new: str | None) -> bool:
        if old is None and new is not None:
            return self.create(path, new)
        values = _values(path, text=new)
        return self._session.run(lambda connection, again: _swap(connection, values, old, again), writes=True)

    def copy(self, path: str, other: str) -> bool:
        values = _values(path, other=_name(other))
        return self._session.run(lambda connection, _again: _copy(connection, values), writes=True)

    def remove(self, path: str) -> None:
        values = _values(path)
        self._session.run(lambda connection, _again: connection.execute(_REMOVE, values), writes=True)

    def lines(self, path: str) -> Iterator[str]:
        name = _name(path)
        head, page = self._session.run(lambda connection, _again: (_head(connection, name), _page(connection, name, 0)))
        if head is None:
            return
        if head:
            yield from head.removesuffix("\n").split("\n")
        while page:
            yield from (line for _number, line in page)
            page = self._following(name, page[-1][0])

    def _following(self, name: str, number: int) -> list[tuple[int, str]]:
        return self._session.run(lambda connection, _again: _page(connection, name, number))

    def appended(self, path: str) -> _Growing:
        growing = _Growing(self._session, path)
        growing.make()
        return growing

    @contextlib.contextmanager
    def lock(
        self, path: str, *, shared: bool = False, patience: float = 0.0, sleep: Callable[[float], None] | None = None
    ) -> Iterator[bool]:
        name, pause = _name(path), sleep or time.sleep
        waited = 0.0
        while True:
            with self._session.lock(name, shared) as had:
                if had or waited >= patience:
                    yield had
                    return
            pause(LOOK)
            waited += LOOK

    def holder(self, path: str) -> str:
        name = _name(path)
        return self._session.holder(name) or "another process"


class _Growing:
    """A text that lines are added to; each is there, and lasts, once ``append`` returns."""

    def __init__(self, session: Session, path: str) -> None:
        self._session = session
        self._path = path

    def make(self) -> None:
        values = _values(self._path, text="")
        self._session.run(lambda connection, _again: connection.execute(_CREATE, values), writes=True)

    def append(self, line: str, *, regardless: bool = False) -> None:
        # What is half a character is told as files tell it. The same id when it is sent again: no line is there twice.
        told = line.encode("utf-8", "backslashreplace").decode("utf-8")
        values = {**_values(self._path, line=told), "id": uuid.uuid4()}
        self._session.run(lambda connection, _again: connection.execute(_APPEND, values), writes=not regardless)

    def close(self) -> None:
        """Nothing is left to do: each line lasts already."""


def _read(connection: psycopg.Connection[Any], name: str) -> Document | None:
    row = connection.execute(_READ, [name]).fetchone()
    if row is None:
        return None
    text, grown, written_at = row
    return Document(_joined(text, grown), _utc(written_at))


def _joined(text: str, grown: str | None) -> str:
    """Return a text with the lines that were added to it: they begin on a line of their own."""
    gap = "\n" if grown and text and not text.endswith("\n") else ""
    return f"{text}{gap}{grown or ''}"


def _head(connection: psycopg.Connection[Any], name: str) -> str | None:
    row = connection.execute("SELECT text FROM exchange_hybrid.texts WHERE path = %s", [name]).fetchone()
    return None if row is None else str(row[0])


def _page(connection: psycopg.Connection[Any], name: str, after: int) -> list[tuple[int, str]]:
    return connection.execute(_LINES, [name, after, PAGE]).fetchall()


def _create(connection: psycopg.Connection[Any], values: dict[str, Any]) -> bool:
    """Write a text where there is none; one with our token is from a try whose answer was lost."""
    return connection.execute(_CREATE, values).rowcount == 1 or _ours(connection, values)


def _swap(connection: psycopg.Connection[Any], values: dict[str, Any], old: str | None, again: bool) -> bool:
    with connection.transaction():
        # Nobody adds a line meanwhile, either: that takes a lock of this row.
        there = connection.execute(
            "SELECT FROM exchange_hybrid.texts WHERE path = %(path)s FOR UPDATE", values
        ).fetchone()
        document = _read(connection, values["path"]) if there is not None else None
        if document is None:
            # Taken away by a try whose answer was lost; or nothing was to be there in the first place.
            return values["text"] is None and (old is None or again)
        if document.text != old:
            return _ours(connection, values)
        connection.execute(_REMOVE if values["text"] is None else _WRITE, values)
        return True


def _copy(connection: psycopg.Connection[Any], values: dict[str, Any]) -> bool:
    connection.execute(_COPY, values)
    if _head(connection, values["path"]) is None:
        raise FileNotFoundError(errno.ENOENT, "there is no such text in the database")
    return _ours(connection, {"path": values["other"], "token": values["token"]})


def _ours(connection: psycopg.Connection[Any], values: dict[str, Any]) -> bool:
    row = connection.execute(_IS_OURS, values).fetchone()
    return bool(row and row[0])


def _row(connection: psycopg.Connection[Any], statement: str) -> Any:
    return connection.execute(statement).fetchone()


def _values(path: str, **texts: str | None) -> dict[str, Any]:
    """Return what a statement is filled in with; MemoryFault for a text that cannot be kept as it is."""
    for text in texts.values():
        if text is not None:
            _refuse_unstorable(text, "the text")
    return {"path": _name(path), "token": uuid.uuid4(), **texts}


def _name(path: str) -> str:
    _refuse_unstorable(path, "the path")
    return posixpath.normpath(path)


def _refuse_unstorable(text: str, what: str) -> None:
    if "\0" in text:
        raise MemoryFault(errno.EILSEQ, f"{what} has the character U+0000, which PostgreSQL does not store", _CHARACTER)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        point = f"U+{ord(text[error.start]):04X}"
        raise MemoryFault(errno.EILSEQ, f"{what} has {point}, which is half of a character", _CHARACTER) from None


def _fits(name: str, pattern: str) -> bool:
    return not name.startswith(".") and "/" not in name and fnmatch.fnmatchcase(name, pattern)


def _utc(moment: datetime.datetime) -> datetime.datetime:
    return moment.astimezone(datetime.timezone.utc)
