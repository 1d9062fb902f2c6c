# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Records in files, and files that their owner alone reads and that are never half written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record


def load(path: str) -> list[Record]:
    """Read a wave's file: a JSON list of records."""
    try:
        with open(path, encoding="utf-8") as stream:
            data = json.load(stream)
    except OSError as error:
        raise InputError(
            "mailboxes_file",
            path,
            f"cannot be read ({error.strerror})",
            "Name the file that wave_file wrote.",
            "unreadable_file",
        ) from error
    except ValueError as error:
        raise InputError(
            "mailboxes_file", path, f"is not JSON ({error})", "Name the file that wave_file wrote.", "unreadable_file"
        ) from error
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise InputError(
            "mailboxes_file",
            path,
            "is not a JSON list of records",
            "Name the file that wave_file wrote.",
            "unreadable_file",
        )
    return data


def save(path: str, records: Sequence[Record]) -> None:
    """Write a wave's file whole or not at all, readable by its owner only."""
    write_private(path, json.dumps(list(records), ensure_ascii=False, separators=(",", ":")))


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
        "Give a file in a directory that exists and that this account may write.",
        "unwritable_file",
    )
