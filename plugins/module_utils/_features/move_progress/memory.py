# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What is remembered of a wave's moves from look to look: the figures of each request, and every look's sums.

A file beside the wave's, so that a rate exists from the second look on, whoever makes it, and a wait that was killed
goes on with what was known. Two that look at the same time each write a whole file; the later one stays, which costs
the other's figures and no more.

    {"version": 1,
     "looks": [{"utc", "counts": {status: n}, "bytes_done", "bytes_total", "bytes_gained",
                "seconds_covered"}],
     "requests": {exchange_guid: {"identity", "status", "status_detail", "percent_complete", "bytes_transferred",
                                  "total_size", "read_at", ...}}}

Bytes are integers, times UTC as 2026-11-23T09:00:00Z. ``requests`` keeps those too that Exchange no longer lists
(``gone_at``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.figures import Entry, Look
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files

VERSION = 1


class Memory:
    """The looks, oldest first, and the requests by ExchangeGuid. Without a path nothing outlives the task."""

    def __init__(self, path: str = "") -> None:
        self._path = path
        self.looks: list[Look] = []
        self.requests: dict[str, Entry] = {}
        if path:
            self._load()

    def guids(self) -> dict[str, str]:
        """Return the ExchangeGuid of every identity, in lower case, whose request was ever seen."""
        return {str(entry["identity"]).lower(): guid for guid, entry in self.requests.items()}

    def save(self) -> None:
        """Write the file. Raises InputError where it cannot be written."""
        if not self._path:
            return
        content = {"version": VERSION, "looks": self.looks, "requests": self.requests}
        try:
            wave_files.write_private(self._path, json.dumps(content, ensure_ascii=False, separators=(",", ":")))
        except OSError as error:
            raise InputError(
                "progress_file",
                self._path,
                f"cannot be written ({error.strerror})",
                "Use a file in an existing directory that this account can write to.",
                "unwritable_file",
            ) from error

    def _load(self) -> None:
        """Read the file; one that is missing, damaged or of another version only costs the reads that it saves."""
        try:
            with open(self._path, encoding="utf-8", opener=wave_files.regular) as stream:
                content = json.load(stream)
        except (OSError, ValueError):
            return
        if isinstance(content, dict) and content.get("version") == VERSION and _sound(content):
            self.looks, self.requests = content["looks"], content["requests"]


def _sound(content: Mapping[str, Any]) -> bool:
    looks, requests = content.get("looks"), content.get("requests")
    return (
        isinstance(looks, list)
        and all(isinstance(look, dict) and {"utc", "counts", "bytes_gained"} <= set(look) for look in looks)
        and isinstance(requests, dict)
        and all(isinstance(entry, dict) and {"identity", "status"} <= set(entry) for entry in requests.values())
    )
