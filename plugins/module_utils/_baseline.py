# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The baseline: both sides as found before the first write, kept for good.

A sync may damage what is live, so the baseline stays the authority for addresses in every later run. It is written
once and never overwritten: not by a second run, and not by two runs at once.
"""

from __future__ import annotations

import datetime
import json
import os
import tempfile
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError

VERSION = 1


class Baselines:
    """The baseline files of one directory, one for each mailbox, named by its ExchangeGuid."""

    def __init__(self, directory: str) -> None:
        self._folder = os.path.join(directory, "baseline")

    def path(self, exchange_guid: str) -> str:
        return os.path.join(self._folder, f"{exchange_guid}.json")

    def load(self, exchange_guid: str) -> dict[str, Any] | None:
        """Return ``{"version", "taken_at", "identity", "cloud", "on_premises"}``, or None where there is none."""
        try:
            with open(self.path(exchange_guid), encoding="utf-8") as stream:
                data = json.load(stream)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise InputError(
                "directory",
                self.path(exchange_guid),
                f"holds a baseline that cannot be read ({error})",
                "Restore the file: it is the only record of the mailbox as it was.",
                "unreadable_baseline",
            ) from error
        if not isinstance(data, dict) or data.get("version") != VERSION or not isinstance(data.get("cloud"), dict):
            raise InputError(
                "directory",
                self.path(exchange_guid),
                "holds something that is no baseline",
                "Restore the file: it is the only record of the mailbox as it was.",
                "unreadable_baseline",
            )
        return data

    def save(self, identity: str, cloud: dict[str, Any], on_premises: dict[str, Any]) -> dict[str, Any]:
        """Write the baseline unless there is one already, and return the one that stands."""
        data = {
            "version": VERSION,
            "taken_at": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "identity": identity,
            "cloud": cloud,
            "on_premises": on_premises,
        }
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            self._write_new(self.path(cloud["exchange_guid"]), json.dumps(data, ensure_ascii=False, indent=1))
        except FileExistsError:
            return self.load(cloud["exchange_guid"]) or data
        except OSError as error:
            raise InputError(
                "directory",
                self._folder,
                f"cannot be written ({error.strerror})",
                "Give a directory that this account may write and that outlives the run.",
                "unwritable_directory",
            ) from error
        return data

    def _write_new(self, path: str, text: str) -> None:
        """Create the file whole: a link to a finished temporary file fails when the name is taken."""
        # Not named by process id: two execution environments that share the directory may have the same.
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.link(temporary, path)
        finally:
            os.unlink(temporary)
