# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A move request in the collection's terms, from Get-MoveRequest and Get-MoveRequestStatistics."""

from __future__ import annotations

from typing import cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest

COMPLETED = frozenset(("Completed", "CompletedWithWarning", "CompletedWithSkippedItems"))
HELD = frozenset(("AutoSuspended", "Synced"))
# A request that a migration batch made is the batch's own: never changed, never removed (facts: "Move requests").
BATCH_OWNER = "MigrationService:"

_READERS = properties.readers(MoveRequest)


def request(shown: Properties) -> MoveRequest:
    """Return the normal form: sizes in bytes, durations in seconds, times ISO 8601 UTC; absent where Exchange was
    silent, or wrote a number or a time in a form that nobody knows: one such value must not hide all requests.
    """
    return cast(
        MoveRequest,
        {
            **properties.read(shown, _READERS),
            "exchange_guid": _values.told_guid(shown.get("ExchangeGuid")),
            "status": str(shown.get("Status") or ""),
        },
    )


def reached(wanted: str, status: str) -> bool:
    """Tell whether a request is where a wait ends: ``synced`` (held before its completion) or ``completed``."""
    return status in COMPLETED or (wanted == "synced" and status in HELD)


def leaves_the_cloud(current: MoveRequest) -> bool:
    """Tell whether a request moves a mailbox out of the cloud: one that brings it in is pulled, and one of Microsoft's
    own stays inside (facts offboarding-practice.md 2.1; KB 3050691). What is not shown is taken for one that does."""
    told = _values.folded(f"{current.get('direction', '')} {current.get('flags', '')}")
    return "pull" not in told and "intraorg" not in told


def owned_by_batch(current: MoveRequest) -> bool:
    return str(current.get("batch_name", "")).startswith(BATCH_OWNER)


def by_mailbox(requests: list[Properties]) -> dict[str, MoveRequest]:
    """Return the requests keyed by the mailbox's ExchangeGuid."""
    return {
        item["exchange_guid"]: item for item in map(request, requests) if item["exchange_guid"] != _values.ZERO_GUID
    }
