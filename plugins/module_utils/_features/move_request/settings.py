# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The settings of a wave's move requests as they were last seen, beside the wave's file.

Get-MoveRequest lists all requests in one call, but shows few settings; Get-MoveRequestStatistics shows all and costs
one call a mailbox (facts identity-filters-roles.md). Target databases and delivery domain of a request never change
in the cloud, so what was once read, or what we ourselves asked for, still holds as long as the list shows the same
request. It is used to see that nothing differs, never to say that something does: a difference is read live first.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, TypedDict, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import reason
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest

# What the list shows of a request: if any of it is another, the request is another, or was changed.
LISTED = ("batch_name", "remote_host_name", "suspend_when_ready_to_complete")
KEPT = (
    "remote_database_name",
    "remote_archive_database_name",
    "target_delivery_domain",
    "prevent_completion",
    "complete_after",
)


def _utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


class Kept(TypedDict):
    """What was read of a request, or made, and when; ``listed`` is what the list showed of it then."""

    read_at: str
    listed: dict[str, object]
    settings: dict[str, object]


class MoveSettings:
    """Known settings by ExchangeGuid. Without a path nothing is known beyond this task."""

    def __init__(
        self, memory: Memory | None = None, path: str = "", now: Callable[[], datetime.datetime] = _utc_now
    ) -> None:
        self._memory = memory if path else None
        self._path = path
        self.now = now
        self._known = _load(self._memory, path) if self._memory else {}
        self._saved = dict(self._known)

    def of(self, listed: MoveRequest) -> MoveRequest | None:
        """Return the settings of a listed request, with ``settings_read_at`` (UTC); None where they are not known."""
        known = self._known.get(str(listed["exchange_guid"]))
        if known is None or any(known["listed"].get(name) != _shown(listed, name) for name in LISTED):
            return None
        return {**cast(MoveRequest, known["settings"]), "settings_read_at": known["read_at"]}

    def keep(self, listed: MoveRequest, settings: MoveRequest) -> None:
        """Remember what a request was seen, or made, with."""
        self._known[str(listed["exchange_guid"])] = {
            "read_at": self.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "listed": {name: _shown(listed, name) for name in LISTED},
            "settings": {name: value for name, value in settings.items() if name in KEPT and value not in (None, "")},
        }

    def save(self) -> list[str]:
        """Write what is new; return a warning where that failed, which costs only the calls that it saves."""
        if self._memory and self._known != self._saved:
            try:
                self._memory.write(self._path, documents.text_of(documents.sealed(self._known)))
            except OSError as error:
                return [f"{self._memory.describe(self._path)} cannot be written ({reason(error)})."]
            self._saved = dict(self._known)
        return []


def _shown(listed: MoveRequest, name: str) -> Any:
    # Exchange leaves out what is empty or not set.
    return listed.get(name) or ""


def _load(memory: Memory, path: str) -> dict[str, Kept]:
    """Return what is known; what is missing, damaged or changed only costs the calls that it saves."""
    try:
        data = documents.load(memory, path)
    except OSError:
        return {}
    # The first form had no checksum.
    if not isinstance(data, dict) or (documents.CHECKSUM in data and not documents.is_as_written(data)):
        return {}
    known = {guid: item for guid, item in data.items() if guid != documents.CHECKSUM}
    sound = all(isinstance(item, dict) and {"read_at", "listed", "settings"} <= set(item) for item in known.values())
    return known if sound else {}
