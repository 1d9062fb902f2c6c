# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Records in files, and files that their owner alone reads and that are never half written.

They are regular files: a named pipe in their place would block a run for ever, and a link leads elsewhere.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

NOT_REGULAR = "it is not a regular file"


def load(path: str) -> list[Record]:
    """Read a wave's file: a JSON list of records."""
    try:
        with open(path, encoding="utf-8", opener=regular) as stream:
            data = json.load(stream)
    except OSError as error:
        raise InputError(
            "mailboxes_file",
            path,
            f"cannot be read ({error.strerror})",
            "Use the file that wave_file wrote.",
            "unreadable_file",
        ) from error
    except ValueError as error:
        raise InputError(
            "mailboxes_file", path, f"is not JSON ({error})", "Use the file that wave_file wrote.", "unreadable_file"
        ) from error
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise InputError(
            "mailboxes_file",
            path,
            "is not a JSON list of records",
            "Use the file that wave_file wrote.",
            "unreadable_file",
        )
    return data


def save(path: str, records: Sequence[Record]) -> None:
    """Write a wave's file whole or not at all, readable by its owner only; what was found out is sealed."""
    sealed = [{**record, "checksum": checksum(record)} if fields.FOUND & set(record) else record for record in records]
    write_private(path, json.dumps(sealed, ensure_ascii=False, separators=(",", ":")))


def opened(path: str, records: Sequence[Record]) -> list[Record]:
    """Return the records of a wave's file without their seals; InputError for one that no task left as it is.

    What a run found out of a mailbox lets later tasks write to it: that is theirs alone to say.
    """
    for record in records:
        seal = record.pop("checksum", None)
        if (seal is not None or fields.FOUND & set(record)) and seal != checksum(record):
            raise InputError(
                "mailboxes_file",
                path,
                f"has a record of {record.get('identity')} that was changed, by hand for example, after a task judged "
                "the mailbox",
                "Change the CSV file or the list from which the wave was created, and run again from there: the "
                "mailboxes are then read again.",
                "changed_record",
            )
    return list(records)


def checksum(record: Mapping[str, Any]) -> str:
    """Return the checksum of all that a record says, in whatever order its keys are."""
    text = json.dumps(record, separators=(",", ":"), sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def write_private(path: str, text: str) -> None:
    """Replace a file in one step, mode 0600: a kill leaves the old one or the new one, never half of it."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def unwritable(path: str, error: OSError) -> InputError:
    """Return what a task says whose option ``path`` names a file that cannot be written."""
    return InputError(
        "path",
        path,
        f"cannot be written ({error.strerror})",
        "Use a file in an existing directory that this account can write to.",
        "unwritable_file",
    )


def regular(path: str, flags: int) -> int:
    """Open a file for ``open(..., opener=regular)``; OSError for what is not a regular file."""
    try:
        opened = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        # A link, and a pipe that nobody reads.
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise OSError(error.errno, NOT_REGULAR) from error
        raise
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError(errno.EINVAL, NOT_REGULAR)
    return opened


def reason(error: Exception) -> str:
    """Return why a file could not be read, without the number of the error."""
    return str(getattr(error, "strerror", None) or error)


def lock_file(directory: str, name: str, option: str = "directory") -> IO[str]:
    """Return an open file of a directory, to be locked; the kernel ends the lock when the process dies.

    ``option`` is what the InputError names, where it cannot be opened.
    """
    path = os.path.join(directory, name)
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        return open(path, "a+", encoding="utf-8", opener=regular)
    except OSError as error:
        raise InputError(
            option,
            path,
            f"is where runs lock each other out, and cannot be opened ({reason(error)})",
            "Use a directory that this account can write to. If the file is a link or a pipe, remove it while no run "
            "uses the directory.",
            "unwritable_directory",
        ) from error
