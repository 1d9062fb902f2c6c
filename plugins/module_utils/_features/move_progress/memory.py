# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What is remembered of a wave's moves from look to look: the figures of each request, and every look's sums.

A file beside the wave's, so that a rate exists from the second look on, whoever makes it, and a wait that was killed
goes on with what was known. Two that look at the same time each write a whole file; the later one stays, which costs
the other's figures and no more.

    {"version": 1, "checksum",
     "looks": [{"utc", "counts": {status: n}, "bytes_done", "bytes_total", "bytes_gained",
                "seconds_covered"}],
     "requests": {exchange_guid: {"identity", "status", "status_detail", "percent_complete", "bytes_transferred",
                                  "total_size", "read_at", ...}}}

Bytes are integers, times UTC as 2026-11-23T09:00:00Z. ``requests`` keeps those too that Exchange no longer lists
(``gone_at``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.figures import Entry, Look
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory as Kept

VERSION = 1
MOST = 2**63  # more than any count of bytes, or seconds
_TEXTS = frozenset(
    ("identity", "status", "first_status", "status_before", "read_status", "status_detail", "display_name")
)
_COUNTS = frozenset(
    ("bytes_gained", "seconds_covered", "bytes_done", "bytes_total", "percent_complete", "bytes_transferred")
) | {"total_size"}
_TIMES = frozenset(("seen_at", "seen_before", "read_at", "progressed_at", "gone_at"))


class Memory:
    """The looks, oldest first, and the requests by ExchangeGuid. Without a path nothing outlives the task."""

    def __init__(self, kept: Kept | None = None, path: str = "") -> None:
        self._kept = kept if path else None
        self._path = path
        self.looks: list[Look] = []
        self.requests: dict[str, Entry] = {}
        if self._kept:
            self._load(self._kept)

    def guids(self) -> dict[str, str]:
        """Return the ExchangeGuid of every identity, in lower case, whose request was ever seen."""
        return {_values.folded(entry["identity"]): guid for guid, entry in self.requests.items()}

    def save(self) -> InputError | None:
        """Write all down; return why that cannot be done: what was seen is told all the same."""
        if not self._kept:
            return None
        content = {"version": VERSION, "looks": self.looks, "requests": self.requests}
        try:
            self._kept.write(self._path, documents.text_of(documents.sealed(content)))
        except OSError as error:
            return refusal(
                "progress_file",
                self._kept.describe(self._path),
                "cannot be written",
                error,
                remedy="Use a file in an existing directory that this account can write to.",
                code="unwritable_file",
            )
        return None

    def _load(self, kept: Kept) -> None:
        """Read it; what is missing, damaged, changed or of another version only costs the reads that it saves."""
        try:
            content = documents.load(kept, self._path)
        except OSError:
            return
        if isinstance(content, dict) and content.get("version") == VERSION and _sound(content):
            self.looks, self.requests = content["looks"], content["requests"]


def _sound(content: Mapping[str, Any]) -> bool:
    looks, requests = content.get("looks"), content.get("requests")
    return (
        # The first form had no checksum.
        (documents.CHECKSUM not in content or documents.is_as_written(content))
        and isinstance(looks, list)
        and all(_is_look(look) for look in looks)
        and isinstance(requests, dict)
        and all(_is_entry(entry) for entry in requests.values())
    )


def _is_look(look: Any) -> bool:
    return (
        isinstance(look, dict)
        and {"utc", "counts", "bytes_gained"} <= set(look)
        and isinstance(look["counts"], dict)
        and _are_counts(look["counts"].values())
        and _are_counts(look[name] for name in _COUNTS & set(look))
        and _is_time(look["utc"])
    )


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and {"identity", "status", "first_status"} <= set(entry)
        and all(isinstance(entry[name], str) for name in _TEXTS & set(entry))
        and _are_counts(entry[name] for name in _COUNTS & set(entry))
        and all(_is_time(entry[name]) for name in _TIMES & set(entry))
    )


def _are_counts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, int) and 0 <= value < MOST for value in values)


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _values.shown_time(value) is not None
