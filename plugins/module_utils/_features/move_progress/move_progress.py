# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""One look at the moves of a wave: one Get-MoveRequest, few Get-MoveRequestStatistics, and what both come to."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import (
    is_own,
    number_of,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import figures
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.figures import (
    Entry,
    Look,
    Read,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import data_consistency
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import (
    move_failed,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    migration,
    move_request,
    read,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, as_record, is_home
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    MigrationUser,
    MoveRequest,
    part,
)

TOLD = 20  # mailboxes of one kind that the lines for people name
SHOWN = (
    "status",
    "status_detail",
    "percent_complete",
    "bytes_transferred",
    "batch_name",
    "display_name",
    "read_at",
    "gone_at",
)


@dataclass(frozen=True)
class ProgressOptions:
    """``wait_for`` is synced or completed. ``judge``: what is not there by now has failed."""

    wait_for: str = "completed"
    batch_name: str = ""
    sample: int = 20
    judge: bool = False


def look(
    connections: Connections,
    records: Sequence[Record] | None,
    memory: Memory,
    options: ProgressOptions,
    now: datetime.datetime,
) -> tuple[list[Outcome], dict[str, object]]:
    """Return an outcome for each record, or without records for each request of the batch name, and the progress.

    ``memory`` is brought up to date, not saved. Statistics that cannot be read for the moment leave an older figure.
    """
    moment = figures.utc(now)
    if records is None:
        listed, batches = _of_batch_name(connections, options.batch_name)
        records = [{"identity": guid, "exchange_guid": guid} for guid in listed]
        guids: dict[str, str | HybridError] = {guid: guid for guid in listed}
    else:
        guids = _identified(connections, records, memory)
        wanted = [guid for guid in guids.values() if isinstance(guid, str)]
        listed = _listed(connections, wanted, memory, options.batch_name)
        batches = _add_batch_users(connections, records, guids, listed)
    entries = _noted(guids, listed, memory, moment)
    for guid, entry in entries.items():
        entry["unapproved"], entry["waits_for_request"] = batches.unapproved.get(guid, ""), guid in batches.waiting
    moved = _read_figures(connections, entries, options.sample, moment)
    memory.requests.update(entries)
    outcomes = [_outcome(record, guids.get(str(record["identity"])), memory, options, moment) for record in records]
    return outcomes, _progress(outcomes, list(entries.values()), memory, options, moved, moment)


# -- reading -----------------------------------------------------------------------------------------------------------


def _identified(connections: Connections, records: Sequence[Record], memory: Memory) -> dict[str, str | HybridError]:
    """Return the ExchangeGuid by identity of every mailbox that is not home: an earlier look's, where there was one."""
    known = memory.guids()
    todo = [
        as_record({"exchange_guid": known.get(_values.folded(record["identity"])), **record})
        for record in records
        if not is_home(record)
    ]
    return read.move_request_identities(connections, todo)


def _listed(connections: Connections, guids: Sequence[str], memory: Memory, batch_name: str) -> dict[str, MoveRequest]:
    """Return the requests of the tenant, or of the wave's batch name where that surely is all of them."""
    if not guids:
        return {}
    batch = _batch_of(guids, memory, batch_name)
    listed = move_request.by_mailbox(read.move_requests(connections, batch))
    missing = [guid for guid in guids if guid not in listed and not _finished(memory.requests.get(guid))]
    if batch and missing:
        # Gone, or in another batch by now: only the whole list tells.
        listed = move_request.by_mailbox(read.move_requests(connections))
    return listed


@dataclass
class _OfBatches:
    """Of the users of migration batches, by ExchangeGuid: who waits for a request, and the score of those whose skipped
    items keep them from completing, which nothing else shows (facts migration-batches.md 2.3)."""

    waiting: set[str] = field(default_factory=set)
    unapproved: dict[str, str] = field(default_factory=dict)

    def add(self, guid: str, user: MigrationUser, listed: dict[str, MoveRequest]) -> None:
        """Add a mailbox's user, and to ``listed`` what it tells that no request does."""
        if guid not in listed:
            self.waiting.add(guid)
        if guid not in listed or migration.has_failed(user):
            listed[guid] = {**listed.get(guid, {}), **migration.as_request(user, guid)}
        score = migration.held_by_score(user)
        if score:
            self.unapproved[guid] = score


def _of_batch_name(connections: Connections, batch_name: str) -> tuple[dict[str, MoveRequest], _OfBatches]:
    """Return the requests of a batch name, and those of the migration batches of the wave with this name.

    A user whose mailbox the service has not found yet stands under its own GUID.
    """
    listed, result = move_request.by_mailbox(read.move_requests(connections, batch_name)), _OfBatches()
    users = [user for user in _migration_users(connections) if number_of(user["batch_id"], batch_name) is not None]
    for name in sorted({user["batch_id"] for user in users}):
        listed.update(move_request.by_mailbox(read.move_requests(connections, move_request.BATCH_OWNER + name)))
    for user in users:
        guid = user.get("mailbox_guid", _values.ZERO_GUID)
        result.add(migration.named(user) if guid == _values.ZERO_GUID else guid, user, listed)
    return listed, result


def _migration_users(connections: Connections, *, needed: bool = False) -> list[MigrationUser]:
    """Return the users of all batches; an account that follows requests alone may not be allowed to read them."""
    try:
        return read.migration_users(connections)
    except HybridError as error:
        if needed or error.code != "permission_denied":
            raise
        return []


def _add_batch_users(
    connections: Connections,
    records: Sequence[Record],
    guids: Mapping[str, str | HybridError],
    listed: dict[str, MoveRequest],
) -> _OfBatches:
    """Add what the users of migration batches tell that their requests do not: who waits for one, and who failed.

    Where nobody has decided how a mailbox moves, its request tells whether it may be a batch's, or that it has none.
    """
    mine = [record for record in records if not is_home(record) and _may_be_in_a_batch(record, guids, listed)]
    result = _OfBatches()
    if not mine:
        return result
    needed = any(record.get("move_method") for record in mine)
    users = migration.by_key(_migration_users(connections, needed=needed))
    for record in mine:
        guid = guids.get(str(record["identity"]))
        if not isinstance(guid, str):
            continue
        own = [item for item in _users_of(record, guid, users) if is_own(record, item["batch_id"])]
        user = next(iter(migration.current_first(own)), None)
        # One that has completed elsewhere is of an earlier move, as a rule of that into the cloud.
        others = [item for item in users.get(guid, ()) if not migration.has_completed(item)]
        user = user or next(iter(migration.current_first(others)), None)
        if user is not None:
            result.add(guid, user, listed)
    return result


def _may_be_in_a_batch(
    record: Record, guids: Mapping[str, str | HybridError], listed: Mapping[str, MoveRequest]
) -> bool:
    if record.get("move_method"):
        return record["move_method"] == "migration_batch"
    request = listed.get(str(guids.get(str(record["identity"]))))
    return request is None or move_request.owned_by_batch(request)


def _users_of(record: Record, guid: str, users: migration.UsersByKey) -> Iterator[MigrationUser]:
    """Yield the users of a mailbox in all batches.

    One that failed before the service had found its mailbox has no GUID, only the address, which may have named two.
    """
    for name in (guid, record["identity"], *addresses.smtp_addresses(record.get("email_addresses") or [])):
        for user in users.get(_values.folded(name), ()):
            if (user.get("mailbox_guid") or _values.ZERO_GUID) in (guid, _values.ZERO_GUID):
                yield user


def _batch_of(guids: Sequence[str], memory: Memory, batch_name: str) -> str:
    """Return the batch name that all requests had at the last look; at the first look the one that is expected."""
    known = [memory.requests.get(guid) for guid in guids if not _finished(memory.requests.get(guid))]
    if not any(known):
        return "" if memory.looks else batch_name
    names = {"" if entry is None or "gone_at" in entry else str(entry.get("batch_name", "")) for entry in known}
    name = names.pop() if len(names) == 1 else ""
    return "" if name.startswith(move_request.BATCH_OWNER) else name


def _finished(entry: Entry | None) -> bool:
    """Tell whether a request was completed when it was last seen, and was no longer listed then."""
    return entry is not None and "gone_at" in entry and entry["status"] in move_request.COMPLETED


def _noted(
    guids: Mapping[str, str | HybridError], listed: Mapping[str, MoveRequest], memory: Memory, moment: str
) -> dict[str, Entry]:
    """Return the entries of the requests that exist; those that are gone are marked in the memory."""
    entries = {}
    for identity, guid in guids.items():
        if not isinstance(guid, str):
            continue
        known = memory.requests.get(guid)
        if guid in listed:
            entries[guid] = figures.noted(known, listed[guid], identity, moment)
        elif known is not None:
            known.setdefault("gone_at", moment)
    return entries


def _read_figures(connections: Connections, entries: dict[str, Entry], sample: int, moment: str) -> Read:
    """Read what is due, ten to a request, into the entries; return the bytes that came over and the time they took."""
    # A user that waits for its request has no statistics.
    wanted = [guid for guid in figures.due(entries, sample) if not entries[guid].get("waits_for_request")]
    cmdlets = [Cmdlet("Get-MoveRequestStatistics", {"Identity": guid}) for guid in wanted]
    gained = covered = 0
    for guid, answer in zip(wanted, connections.read_each(EXCHANGE_ONLINE, cmdlets), strict=True):
        if isinstance(answer, HybridError):
            if not answer.retryable and answer.code != "not_found":
                raise answer
        elif answer.objects:
            statistics = move_request.request(answer.objects[0])
            entries[guid], more, seconds = figures.with_figures(entries[guid], statistics, moment)
            gained, covered = gained + more, covered + seconds
    return {"bytes_gained": gained, "seconds_covered": covered}


# -- each mailbox ------------------------------------------------------------------------------------------------------


def _outcome(
    record: Record, guid: str | HybridError | None, memory: Memory, options: ProgressOptions, moment: str
) -> Outcome:
    if guid is None:
        return Outcome(record, status="skipped")
    if isinstance(guid, HybridError):
        return Outcome(record, status="failed", error=guid)
    entry = memory.requests.get(guid)
    outcome = Outcome(record, details={"move_request": _brief(entry)}, enriched={"exchange_guid": guid})
    if entry is not None and entry["status"] == "Failed" and "gone_at" not in entry:
        outcome.status, outcome.error = "failed", move_failed(entry, "run with resume_failed: true")
    elif entry is not None and _held(entry, options.wait_for):
        outcome.status, outcome.error = "failed", _unapproved(entry)
    elif not _there(entry, options.wait_for):
        outcome.status = "pending"
        if options.judge:
            outcome.status, outcome.error = "failed", _too_late(entry, moment)
    elif entry is not None and entry["status"] == "CompletedWithWarning":
        outcome.warnings = [str(entry.get("message") or "The move was completed with a warning: check both sides.")]
    return outcome


def _held(entry: Entry, wanted: str) -> bool:
    """Tell whether skipped items keep a user of a batch from where the wait ends: no time does that."""
    held = wanted == "completed" and bool(entry.get("unapproved"))
    return held and not move_request.reached(wanted, entry["status"])


def _unapproved(entry: Entry) -> MailboxError:
    score = entry["unapproved"]
    message = f"the data consistency score is {score}, and skipped items keep the move from completing."
    return data_consistency.poor(message) if score == "Poor" else data_consistency.unapproved(message)


def _there(entry: Entry | None, wanted: str) -> bool:
    if entry is None or ("gone_at" in entry and entry["status"] not in move_request.COMPLETED):
        return False
    return move_request.reached(wanted, str(entry["status"]))


def _brief(entry: Entry | None) -> Entry:
    if entry is None:
        return {}
    shown = part(entry, SHOWN)
    if "total_size" in entry:
        shown["total_mailbox_size"] = entry["total_size"]
    return shown


def _too_late(entry: Entry | None, moment: str) -> MailboxError:
    """Return why a mailbox whose time is up has failed: what was last seen of it."""
    if entry is None or "gone_at" in entry:
        last = "" if entry is None else f" Its last known status is {entry['status']}."
        return MailboxError(
            f"its move request was removed, or was never created.{last}",
            code="not_found",
            cmdlet="Get-MoveRequest",
            remedy="Check whether it was removed, or whether the mailbox is already home.",
        )
    detail = str(entry.get("status_detail", ""))
    stalled = f" {_reader.remedy(classify('', detail).remedy)}" if figures.side_of(detail) else ""
    return MailboxError(
        f"the move is {_state(entry, moment)}, and the wait timed out.",
        code="wait_timeout",
        retryable=True,
        cmdlet="Get-MoveRequest",
        remedy=f"The move continues by itself: run again to continue the wait.{stalled}",
    )


def _state(entry: Entry, moment: str) -> str:
    if "read_at" not in entry:
        return str(entry["status"])
    done, total = figures.bytes_of(entry)
    told = [
        str(entry.get("status_detail") or entry["status"]),
        f"{entry['percent_complete']} %" if "percent_complete" in entry else "percentage unknown",
        f"{figures.size_text(done)} of {figures.size_text(total)}" if "total_size" in entry else "size unknown",
        f"seen {figures.span_text(figures.seconds_between(entry['read_at'], moment))} ago",
    ]
    return f"{entry['status']} ({', '.join(told)})"


# -- the wave ----------------------------------------------------------------------------------------------------------


def _progress(
    outcomes: Sequence[Outcome],
    entries: Sequence[Entry],
    memory: Memory,
    options: ProgressOptions,
    moved: Read,
    moment: str,
) -> dict[str, object]:
    sizes = [figures.bytes_of(entry) for entry in entries if "read_at" in entry]
    done, total = (sum(column) for column in zip(*sizes, strict=True)) if sizes else (0, 0)
    found: Look = {"counts": figures.counts(entries), "bytes_done": done, "bytes_total": total}
    memory.looks = figures.thinned([*memory.looks, {"utc": moment, **found, **moved}])
    moving = [
        entry
        for entry in entries
        if entry["status"] != "Failed"
        and not move_request.reached(options.wait_for, entry["status"])
        and not _held(entry, options.wait_for)
    ]
    blind = [entry for entry in moving if "total_size" not in entry]
    without = [o for o in outcomes if o.details.get("move_request") == {} or _gone(o, options.wait_for)]
    result: dict[str, object] = {
        "looked_at": moment,
        "mailboxes": len(outcomes),
        "moving": len(moving),
        "without_request": len(without),
        "not_identified": len([o for o in outcomes if o.error is not None and not o.details]),
        "home": len([outcome for outcome in outcomes if outcome.status == "skipped"]),
        **found,
        "percent": figures.percent(entries),
        "stalls": figures.stalls(entries),
        "stuck": figures.stuck(entries),
        "without_figures": len(blind),
    }
    optional = {
        "rate": figures.rate(figures.recent(memory.looks)),
        "estimate": None if blind else _estimate(moving, memory, moment),
        "oldest_figure_age": figures.oldest_age(entries, moment),
    }
    result.update({name: value for name, value in optional.items() if value is not None})
    result["line"] = figures.sentence(result)
    result["lines"] = [result["line"], *_attention(outcomes, result)]
    return result


def _shown(outcome: Outcome) -> Entry:
    """Return what the outcome's result shows of the request, empty where there is none."""
    return cast(Entry, outcome.details.get("move_request", {}))


def _gone(outcome: Outcome, wanted: str) -> bool:
    request = _shown(outcome)
    return "gone_at" in request and not move_request.reached(wanted, request["status"])


def _estimate(moving: Sequence[Entry], memory: Memory, moment: str) -> dict[str, object] | None:
    remaining = sum(total - done for done, total in map(figures.bytes_of, moving))
    left = figures.time_left(memory.looks, remaining)
    if left is None:
        return None
    begin = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    least, most = (figures.utc(begin + datetime.timedelta(seconds=seconds)) for seconds in left)
    return {"earliest": least, "latest": most, "least_seconds": int(left[0]), "most_seconds": int(left[1])}


def _attention(outcomes: Sequence[Outcome], progress: Mapping[str, Any]) -> list[str]:
    """Return what somebody has to look at, a line each: failed, stalled, without progress for hours."""
    failed = [f"{_name(outcome)}: {outcome.error.sentence()}" for outcome in outcomes if outcome.error is not None]
    lines = _few(failed, "failed")
    for stall in progress["stalls"]:
        names = ", ".join(stall["mailboxes"][:TOLD]) + (", ..." if stall["count"] > TOLD else "")
        known = classify("", stall["detail"])
        lines.append(f"{stall['detail']} ({stall['place']}): {names}. {_reader.remedy(known.remedy)}")
    idle = [
        f"{item['identity']}: {item['status']} without progress for {figures.span_text(item['seconds'])}"
        for item in progress["stuck"]
    ]
    return [*lines, *_few(idle, "without progress")]


def _name(outcome: Outcome) -> str:
    return figures.label({**_shown(outcome), "identity": outcome.identity})


def _few(lines: Sequence[str], what: str) -> list[str]:
    more = len(lines) - TOLD
    return [*lines[:TOLD], *([f"... and {more} more {what}"] if more > 0 else [])]
