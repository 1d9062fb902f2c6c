# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The arithmetic of a wave's progress: which figures to read, and what they come to. Pure; the time is an argument.

An *entry* is what is remembered of one request (see _progress_file). Its ``status`` is of the last Get-MoveRequest;
``status_detail``, percent and bytes are of the last Get-MoveRequestStatistics, at ``read_at``, when the status was
``read_status``: the cloud answers statistics for one mailbox a call, so most figures are older than the look.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.move_request import COMPLETED, HELD
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest, part

GB = 1024**3
# A stall is normal; eight hours without progress are not (KB 10094, facts offboarding-practice.md 2.2).
STUCK_AFTER = 8 * 3600.0
RATE_WINDOW = 3600.0  # seconds of looks that the rate is made of
DENSE, SPARSE = 7200.0, 900.0  # every look of the last two hours is kept, of older ones one for each quarter of an hour
# The order in which a move goes through its statuses, for people (facts offboarding-practice.md 2.1).
ORDER = (
    "Queued",
    "InProgress",
    "Retrying",
    "Suspended",
    "AutoSuspended",
    "Synced",
    "CompletionInProgress",
    "Completed",
    "CompletedWithSkippedItems",
    "CompletedWithWarning",
    "Failed",
)
_STALL = re.compile(r"StalledDueTo(Source|Target)?")
# In an offboarding the source is Exchange Online: the reverse of most published advice (facts 2.2).
PLACES = {"source": "Exchange Online", "target": "your own Exchange", "unknown": "side unknown"}
_FIGURES = {
    "status_detail": "status_detail",
    "percent_complete": "percent_complete",
    "bytes_transferred": "bytes_transferred",
    "total_mailbox_size": "total_size",
    "failure_type": "failure_type",
    "failure_side": "failure_side",
    "message": "message",
}


class Entry(MoveRequest, total=False):
    """A request as it was last seen, and what of it was read before: see memory.py."""

    identity: str
    total_size: int
    first_status: str
    status_before: str
    read_status: str
    seen_at: str
    seen_before: str
    read_at: str
    progressed_at: str
    gone_at: str
    # Of the user of a migration batch: whether it still waits for its request, and its score if skipped items hold it.
    waits_for_request: bool
    unapproved: str


class Read(TypedDict, total=False):
    """What a look read of the figures: the bytes that came over, and the seconds that they took, over all requests."""

    bytes_gained: int
    seconds_covered: int


class Look(Read, total=False):
    """The sums of one look."""

    utc: str
    counts: dict[str, int]
    bytes_done: int
    bytes_total: int


class Stuck(TypedDict):
    """A request under way whose figures have not changed for ``seconds``."""

    identity: str
    status: str
    seconds: int


class Stall(TypedDict):
    """The requests that stall for the same reason, and where its cause lies."""

    detail: str
    side: str
    place: str
    count: int
    mailboxes: list[str]


def utc(moment: datetime.datetime) -> str:
    return str(_values.utc_time(moment))


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds from one UTC time to another."""
    begin, end = _values.parse_time(earlier), _values.parse_time(later)
    return (end - begin).total_seconds() if begin and end else 0.0


# -- what is remembered ------------------------------------------------------------------------------------------------


def noted(known: Entry | None, listed: MoveRequest, identity: str, now: str) -> Entry:
    """Return the entry of a request with what Get-MoveRequest shows of it."""
    if known and known["status"] in COMPLETED and listed["status"] not in COMPLETED:
        known = None  # another request for the same mailbox
    entry: Entry = known.copy() if known else {"first_status": listed["status"]}
    if entry.get("status") != listed["status"]:
        entry["progressed_at"] = now
    if "seen_at" in entry:
        entry["seen_before"], entry["status_before"] = entry["seen_at"], entry["status"]
    entry.update(
        {"identity": identity, "status": listed["status"], "batch_name": listed.get("batch_name", ""), "seen_at": now}
    )
    entry.pop("gone_at", None)
    if listed.get("display_name"):
        entry["display_name"] = listed["display_name"]
    if listed.get("message"):
        # A user of a batch that never got a request says itself why it failed: there are no statistics to do so.
        entry["message"], entry["failure_type"] = listed["message"], listed.get("failure_type", "")
    return entry


def with_figures(entry: Entry, statistics: MoveRequest, now: str) -> tuple[Entry, int, int]:
    """Return the entry with what Get-MoveRequestStatistics shows, the bytes that came over, and in how many seconds.

    Of a request that was under way when it was seen first nobody knows since when: its first figure counts nothing.
    """
    figures = cast(Entry, {_FIGURES[name]: value for name, value in statistics.items() if name in _FIGURES})
    transferred = figures.get("bytes_transferred")
    from_nothing = entry["first_status"] == "Queued" and "read_at" not in entry
    before = entry.get("bytes_transferred", 0 if from_nothing else transferred)
    result = part(entry, [name for name in entry if name not in _FIGURES.values()])
    if before is not None and transferred is None:
        # Not said, or in a form that nobody knows: what was known stays, or the next figure would count twice.
        result["bytes_transferred"] = before
    result.update({**figures, "read_at": now, "status": statistics["status"], "read_status": statistics["status"]})
    moved = any(entry.get(name) != result.get(name) for name in ("status", "percent_complete", "bytes_transferred"))
    if moved or "progressed_at" not in entry:
        result["progressed_at"] = now
    if transferred is None or before is None:
        return result, 0, 0
    return result, max(0, transferred - int(before)), _seconds_covered(entry, str(statistics["status"]), now)


def _seconds_covered(entry: Entry, status: str, now: str) -> int:
    """Return for how long a request may have copied since what was known of it before."""
    before = entry.get("status_before", "")
    if before == "Queued":
        return 0 if status == "Queued" else int(seconds_between(entry["seen_before"], now))
    if not active(before) or "read_at" not in entry:
        return 0
    return int(seconds_between(entry["read_at"], now))


def at_rest(status: str) -> bool:
    """Tell whether nothing moves until somebody does something."""
    return status in COMPLETED or status in HELD or status in ("Failed", "Suspended")


def active(status: str) -> bool:
    """Tell whether a request is being worked on."""
    return bool(status) and status != "Queued" and not at_rest(status)


def due(entries: Mapping[str, Entry], sample: int) -> list[str]:
    """Return whose statistics to read: every changed status, and of the others under way the ``sample`` oldest figures.

    A request in the queue has nothing to tell; without any figure it is the oldest of the sample.
    """
    changed = [
        guid
        for guid, entry in entries.items()
        if entry.get("read_status") != entry["status"] and ("read_at" in entry or entry["status"] != "Queued")
    ]
    others = set(entries) - set(changed)
    moving = [guid for guid in entries if guid in others and not at_rest(entries[guid]["status"])]
    oldest = sorted(moving, key=lambda guid: (entries[guid].get("read_at", ""), guid))
    return [*changed, *oldest[: max(0, sample)]]


def thinned(looks: Sequence[Look]) -> list[Look]:
    """Return the looks, of older ones only the first of each quarter of an hour: a wave takes days."""
    if not looks:
        return []
    kept: list[Look] = []
    for look in looks:
        recent = seconds_between(look["utc"], looks[-1]["utc"]) <= DENSE
        if recent or not kept or seconds_between(kept[-1]["utc"], look["utc"]) >= SPARSE:
            kept.append(look)
    return kept


# -- what it comes to --------------------------------------------------------------------------------------------------


def counts(entries: Iterable[Entry]) -> dict[str, int]:
    """Return the number of requests for each status, in the order of a move's life."""
    found = Counter(str(entry["status"]) for entry in entries)
    known = {status: found.pop(status) for status in ORDER if status in found}
    return {**known, **dict(sorted(found.items()))}


def bytes_of(entry: Entry) -> tuple[int, int]:
    """Return (done, total) of a request with a figure; nothing of one whose size is not known.

    All of a held or completed one is done. Exchange counts what it transferred again, so more than all is all.
    """
    total = int(entry.get("total_size", 0))
    if entry["status"] in COMPLETED or entry["status"] in HELD:
        return total, total
    return min(int(entry.get("bytes_transferred", 0)), total), total


def percent(entries: Sequence[Entry]) -> int:
    """Return Exchange's PercentComplete over all requests, each weighing what its mailbox does; 100 when all are done.

    A request without a size counts as an average mailbox, and without a percentage as one of which nothing has moved.
    """
    sizes = [bytes_of(entry)[1] for entry in entries if "total_size" in entry]
    average = max(1, sum(sizes) // len(sizes)) if sizes else 1
    weights = [max(1, bytes_of(entry)[1]) if "total_size" in entry else average for entry in entries]
    shares = [100 if entry["status"] in COMPLETED else int(entry.get("percent_complete", 0)) for entry in entries]
    whole = sum(weights)
    return sum(weight * share for weight, share in zip(weights, shares, strict=True)) // whole if whole else 100


def recent(looks: Sequence[Look]) -> list[Look]:
    """Return the looks of the last hour, or the last two where they are further apart."""
    within = [look for look in looks if seconds_between(look["utc"], looks[-1]["utc"]) <= RATE_WINDOW]
    return within if len(within) > 1 else list(looks[-2:])


def rate(looks: Sequence[Look]) -> int | None:
    """Return bytes per hour from the first of these looks to the last, or None where no time lies between them.

    Only some requests are read in each look. What was read of them is scaled up by the time that all were active over
    the time that the figures cover: otherwise the rate would be too low until the sample has gone round.
    """
    span = seconds_between(looks[0]["utc"], looks[-1]["utc"]) if len(looks) > 1 else 0.0
    if span <= 0:
        return None
    gained = sum(int(look["bytes_gained"]) for look in looks[1:])
    covered = sum(int(look.get("seconds_covered", 0)) for look in looks[1:])
    under_way = sum(number for look in looks for status, number in look["counts"].items() if active(status)) / len(
        looks
    )
    scale = max(1.0, under_way * span / covered) if covered else 1.0
    return int(gained * scale * 3600 / span)


def time_left(looks: Sequence[Look], remaining: int) -> tuple[float, float] | None:
    """Return the least and the most seconds until ``remaining`` bytes are over, or None where it cannot be told.

    The rates of the whole window and of each half of it span the range. With fewer than three looks, or nothing moved
    in one half, any number would be a guess.
    """
    window = recent(looks)
    if len(window) < 3 or remaining <= 0:
        return None
    middle = len(window) // 2
    rates = [rate(part) for part in (window, window[: middle + 1], window[middle:])]
    known = [number for number in rates if number]
    if len(known) < len(rates):
        return None
    return remaining * 3600 / max(known), remaining * 3600 / min(known)


def side_of(status_detail: str) -> str:
    """Return source, target or unknown for a stall, an empty text for anything else."""
    found = _STALL.match(status_detail)
    return (found[1] or "unknown").lower() if found else ""


def stalls(entries: Iterable[Entry]) -> list[Stall]:
    """Return the stalls by StatusDetail, the most frequent first: detail, side, place, count and mailboxes."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        detail = str(entry.get("status_detail", ""))
        if side_of(detail) and not at_rest(entry["status"]):
            found.setdefault(detail, []).append(label(entry))
    return [
        {
            "detail": detail,
            "side": side_of(detail),
            "place": PLACES[side_of(detail)],
            "count": len(names),
            "mailboxes": sorted(names),
        }
        for detail, names in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def stuck(entries: Iterable[Entry]) -> list[Stuck]:
    """Return the requests under way whose figures have not changed for eight hours, the longest first."""
    found: list[Stuck] = []
    for entry in entries:
        if "read_at" in entry and entry["status"] != "Queued" and not at_rest(entry["status"]):
            idle = seconds_between(str(entry.get("progressed_at", entry["read_at"])), entry["read_at"])
            if idle >= STUCK_AFTER:
                found.append({"identity": label(entry), "status": entry["status"], "seconds": int(idle)})
    return sorted(found, key=lambda item: (-item["seconds"], item["identity"]))


def label(entry: Entry) -> str:
    """Return what people call the mailbox: a GUID alone says nothing."""
    identity = str(entry["identity"])
    name = str(entry.get("display_name", ""))
    return f"{name} ({identity})" if name and _values.is_guid(identity) else identity


def oldest_age(entries: Iterable[Entry], now: str) -> int | None:
    """Return the seconds since the oldest figure of a request under way, None without any."""
    ages = [
        seconds_between(entry["read_at"], now)
        for entry in entries
        if "read_at" in entry and not at_rest(entry["status"])
    ]
    return int(max(0.0, *ages)) if ages else None


# -- for people --------------------------------------------------------------------------------------------------------


def size_text(size: int) -> str:
    if size >= 1024 * GB:
        return f"{size / GB / 1024:.2f} TB"
    return f"{size / GB:.1f} GB" if size >= GB // 10 else f"{size / 1024**2:.0f} MB"


def span_text(seconds: float) -> str:
    """Return a span as people say it: 40 s, 12 min, 3 h, 2 d."""
    for unit, length in (("d", 2 * 86400), ("h", 2 * 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / {'d': 86400, 'h': 3600, 'min': 60}[unit]:.0f} {unit}"
    return f"{seconds:.0f} s"


def sentence(progress: Mapping[str, Any]) -> str:
    """Return the progress in one line."""
    total = int(progress["mailboxes"])
    told = [f"{number} {status}" for status, number in progress["counts"].items()]
    others = (("home", "home"), ("without_request", "without a request"), ("not_identified", "not found"))
    told += [f"{progress[name]} {text}" for name, text in others if progress[name]]
    parts = [f"{total} mailbox{'' if total == 1 else 'es'}: {', '.join(told) or 'nothing to follow'}"]
    if progress["counts"]:
        parts.append(", ".join(_figures(progress)))
    for stall in progress["stalls"]:
        parts.append(f"stalled: {stall['count']} {stall['detail']} ({_side_text(stall)})")
    if progress["stuck"]:
        parts.append(f"without progress for hours: {len(progress['stuck'])}")
    return "; ".join([*parts, *_ages(progress)])


def _side_text(stall: Stall) -> str:
    return stall["place"] if stall["side"] == "unknown" else f"{stall['side']}: {stall['place']}"


def _figures(progress: Mapping[str, Any]) -> list[str]:
    told = [f"{progress['percent']} %"]
    if progress["bytes_total"]:
        told.append(f"{size_text(progress['bytes_done'])} of {size_text(progress['bytes_total'])}")
    if progress.get("rate") is not None and progress["moving"]:
        told.append(f"{size_text(progress['rate'])}/h")
    if "estimate" in progress:
        least, most = (span_text(progress["estimate"][name]) for name in ("least_seconds", "most_seconds"))
        told.append(f"{least} to go" if least == most else f"{least} to {most} to go")
    return told


def _ages(progress: Mapping[str, Any]) -> list[str]:
    told = []
    if progress.get("oldest_figure_age"):
        told.append(f"oldest figure {span_text(progress['oldest_figure_age'])} old")
    if progress["without_figures"]:
        told.append(f"{progress['without_figures']} without figures yet")
    return told
