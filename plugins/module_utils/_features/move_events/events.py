# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Which events the moves that a look has seen come to, and which of them were told before. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import figures
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.move_request import COMPLETED, HELD
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome

Event = dict[str, Any]

COMPLETE, FAILED, STALLED, READY = "completed", "failed", "stalled", "ready"
WAVE_READY, WAVE_COMPLETED = "wave_ready", "wave_completed"
# Under which key it is noted what was told of all moves together: no GUID is empty.
WAVE = ""


@dataclass(frozen=True)
class Seen:
    """One move as it was seen: its kind of event, empty for none, and what the event says."""

    kind: str
    says: Mapping[str, Any] = field(default_factory=dict)


def seen(outcome: Outcome, stalled_after: float) -> Seen:
    """Return what one look at a mailbox comes to."""
    request = outcome.details.get("move_request") or {}
    entry = request if isinstance(request, dict) else {}
    says = {
        name: entry[name] for name in ("status", "status_detail", "percent_complete", "batch_name") if name in entry
    }
    says["display_name"] = str(entry.get("display_name", ""))
    if outcome.error is not None:
        told = outcome.error.as_result()
        return Seen(FAILED, {**says, **{name: told[name] for name in ("code", "message", "retryable", "remedy")}})
    status = str(entry.get("status", ""))
    # What is skipped is home.
    if status in COMPLETED or outcome.status == "skipped":
        return Seen(COMPLETE, {**says, "warnings": outcome.warnings})
    if status in HELD:
        return Seen(READY, says)
    idle = _idle(entry)
    if figures.active(status) and idle is not None and idle >= stalled_after:
        detail = str(entry.get("status_detail", ""))
        side = figures.side_of(detail)
        remedy = _reader.remedy(classify("", detail).remedy) if side else ""
        return Seen(STALLED, {**says, "seconds": int(idle), "side": side, "remedy": remedy})
    return Seen("")


def _idle(entry: Mapping[str, Any]) -> float | None:
    """Return for how long the figures of a move have not changed; None where none were read."""
    if "read_at" not in entry or "progressed_at" not in entry:
        return None
    return figures.seconds_between(str(entry["progressed_at"]), str(entry["read_at"]))


def of_wave(all_seen: Sequence[Seen]) -> Seen:
    """Return what the moves come to together: all of them have ended, or wait for their completion."""
    numbers = {kind: sum(item.kind == kind for item in all_seen) for kind in (COMPLETE, FAILED, READY)}
    if not all_seen or sum(numbers.values()) < len(all_seen):
        return Seen("")
    if numbers[READY]:
        return Seen(WAVE_READY, numbers)
    return Seen(WAVE_COMPLETED if numbers[COMPLETE] else "", numbers)


def new(all_seen: Mapping[str, Seen], told: Mapping[str, str]) -> dict[str, Seen]:
    """Return what was not told yet, by mailbox; of one whose state has changed since, its new state is."""
    return {key: item for key, item in all_seen.items() if item.kind and told.get(key) != item.kind}


def still(all_seen: Mapping[str, Seen], told: Mapping[str, str]) -> dict[str, str]:
    """Return what was told and still holds: what came and went may come again, and is told again then."""
    return {key: kind for key, kind in told.items() if key not in all_seen or all_seen[key].kind == kind}
