# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A move request in the collection's terms, from Get-MoveRequest and Get-MoveRequestStatistics."""

from __future__ import annotations

import contextlib
from typing import cast, get_args, get_type_hints

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest

COMPLETED = frozenset(("Completed", "CompletedWithWarning", "CompletedWithSkippedItems"))
HELD = frozenset(("AutoSuspended", "Synced"))
# A request that a migration batch made is the batch's own: never changed, never removed (facts: "Move requests").
BATCH_OWNER = "MigrationService:"

# Property → key, and what reads its value: a key is the property's name in snake_case.
_READ = {
    "".join(word.capitalize() for word in key.split("_")): (key, get_args(hint)[1])
    for key, hint in get_type_hints(MoveRequest, include_extras=True).items()
    if get_args(hint)
}


def request(properties: Properties) -> MoveRequest:
    """Return the normal form: sizes in bytes, durations in seconds, times ISO 8601 UTC; absent where Exchange was
    silent, or wrote a number or a time in a form that nobody knows: one such value must not hide all requests.
    """
    result: dict[str, object] = {
        "exchange_guid": _values.guid(properties.get("ExchangeGuid")),
        "status": str(properties.get("Status") or ""),
    }
    for name, (key, read) in _READ.items():
        if properties.get(name) in (None, ""):
            continue
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            value = read(properties[name])
            if value is not None:
                result[key] = value
    return cast(MoveRequest, result)


def reached(wanted: str, status: str) -> bool:
    """Tell whether a request is where a wait ends: ``synced`` (held before its completion) or ``completed``."""
    return status in COMPLETED or (wanted == "synced" and status in HELD)


def owned_by_batch(current: MoveRequest) -> bool:
    return str(current.get("batch_name", "")).startswith(BATCH_OWNER)


def by_mailbox(requests: list[Properties]) -> dict[str, MoveRequest]:
    """Return the requests keyed by the mailbox's ExchangeGuid."""
    return {
        item["exchange_guid"]: item for item in map(request, requests) if item["exchange_guid"] != _values.ZERO_GUID
    }
