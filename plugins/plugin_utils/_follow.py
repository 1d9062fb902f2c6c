# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""How a wait for moves goes: when to look, what to show, when to end, and what its result is. Pure but for what it is
given.

A *result* is what module move_progress returned. One without ``progress`` is a look that came to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Result = dict[str, Any]
STATUSES = ("changed", "unchanged", "pending", "skipped", "failed")
SHOW_EVERY = 10  # looks after which a line is shown although nothing in it has changed
FAILURES_SHOWN = 10  # of one look: the rest stands in the results


class Teller:
    """Shows a line when something changed that people wait for, and otherwise seldom: a night has many looks."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._last: Any = None
        self._silent = 0
        self._told: set[str] = set()

    def look(self, result: Result) -> None:
        """Show a look, and each move that failed once."""
        progress = result["progress"]
        stalls = [(stall["detail"], stall["count"]) for stall in progress["stalls"]]
        self._line(progress["line"], (progress["counts"], progress["percent"], stalls, len(progress["stuck"])))
        failed = [entry for entry in result["results"] if entry.get("error") and entry["identity"] not in self._told]
        for entry in failed[:FAILURES_SHOWN]:
            self._show(f"{entry['identity']}: {sentence(entry['error'])}")
        if len(failed) > FAILURES_SHOWN:
            self._show(f"... and {len(failed) - FAILURES_SHOWN} more failed")
        self._told.update(entry["identity"] for entry in failed)

    def lost(self, result: Result) -> None:
        """Show a look that came to nothing."""
        self._line(f"no answer, and the wait continues: {result.get('msg', '')}", result["error"]["code"])

    def _line(self, text: str, key: Any) -> None:
        self._silent += 1
        if key != self._last or self._silent >= SHOW_EVERY:
            self._show(text)
            self._last, self._silent = key, 0


def follow(
    look: Callable[[bool], Result],
    *,
    wait_timeout: float,
    wait_sleep: float,
    show: Callable[[str], None],
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> Result:
    """Return the last look: all are there, or have failed, or time is up.

    ``look(True)`` is to judge: what is not there then has failed. A look that came to nothing for a passing reason is
    made again until time is up; any other is the end. A request is missed in two looks before that ends the wait: one
    that was just made may not be listed everywhere yet.
    """
    teller = Teller(show)
    deadline = clock() + wait_timeout
    seen: Result | None = None
    missed = False
    while True:
        over = clock() >= deadline
        result = look(over)
        if "progress" not in result:
            if over or not result.get("error", {}).get("retryable"):
                return _with_last_seen(result, seen)
            teller.lost(result)
        else:
            teller.look(result)
            if over:
                return result
            seen = result
            still = result["progress"]["moving"] == 0
            missing = still and result["summary"]["pending"] > 0
            if still and (missed or not missing):
                return result if _clean(result) else _with_last_seen(look(True), seen)
            missed = missing
        sleep(max(0.0, min(wait_sleep, deadline - clock())))


def _clean(result: Result) -> bool:
    """Tell whether there is nothing to judge: nobody failed, and nobody is without a request."""
    return not (result["summary"]["failed"] or result["summary"]["pending"])


def _with_last_seen(result: Result, seen: Result | None) -> Result:
    if "progress" in result or seen is None:
        return result
    message = f"{result.get('msg', '')} Last known: {seen['progress']['line']}".strip()
    return {**result, "msg": message, "progress": seen["progress"]}


def sentence(error: Mapping[str, Any]) -> str:
    """Return what happened and what to do, as one text for people."""
    message, remedy = str(error["message"]), str(error.get("remedy") or "")
    return message if not remedy or remedy in message else f"{message} {remedy}"


def merged(submitted: Result, followed: Result, *, fails: bool) -> Result:
    """Return one result for a submission and the wait after it; ``fails`` says whether a failed mailbox fails the task.

    What was submitted keeps what it changed; what became of it is the follower's word. A wait that itself came to
    nothing fails the task with what was submitted.
    """
    if "results" not in followed:
        lost: Result = {name: followed[name] for name in ("msg", "error", "exception", "progress") if name in followed}
        return {**submitted, **lost, "failed": True}
    entries = {entry["identity"]: entry for entry in submitted["results"]}
    final = {entry["identity"]: entry for entry in followed["results"]}
    results = [_one(entry, final.get(identity)) for identity, entry in entries.items()]
    results += [entry for identity, entry in final.items() if identity not in entries]
    if "mailboxes" not in submitted:
        # With a file, whoever has nothing to tell has no entry.
        results = [entry for entry in results if _is_told(entry)]
    result = {**submitted, "results": results, "summary": _summary(submitted, followed, results)}
    result["progress"] = followed["progress"]
    if "mailboxes" in followed and "mailboxes" in submitted:
        result["mailboxes"] = followed["mailboxes"]
    result["warnings"] = [*submitted.get("warnings", []), *followed.get("warnings", [])]
    return judged(result, fails=fails)


def _is_told(entry: Mapping[str, Any]) -> bool:
    return entry["status"] not in ("unchanged", "skipped") or bool(entry.get("warnings"))


def _one(entry: Mapping[str, Any], final: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return one mailbox's entry. Of one without a final word the wait found that it is there."""
    if entry["status"] in ("failed", "skipped"):
        return dict(entry)
    stale = {name: value for name, value in entry.items() if name != "move_request"}
    status = "unchanged" if entry["status"] == "pending" else entry["status"]
    if final is None:
        return {**stale, "status": status}
    warnings = [*entry.get("warnings", []), *final.get("warnings", [])]
    result = {**stale, **final, "status": "failed" if final["status"] == "failed" else status}
    return {**result, "warnings": warnings} if warnings else result


def _summary(submitted: Result, followed: Result, results: list[dict[str, Any]]) -> dict[str, int]:
    told = {status: sum(entry["status"] == status for entry in results) for status in STATUSES}
    failed = int(submitted["summary"]["failed"]) + int(followed["summary"]["failed"])
    skipped = int(submitted["summary"]["skipped"])
    rest = sum(submitted["summary"].values()) - told["changed"] - failed - skipped
    return {"changed": told["changed"], "unchanged": rest, "pending": 0, "skipped": skipped, "failed": failed}


def judged(result: Result, *, fails: bool) -> Result:
    """Return the result, failed where a mailbox failed and that is to fail the task."""
    failed = [entry for entry in result["results"] if entry["status"] == "failed"]
    cleared = {name: value for name, value in result.items() if name not in ("failed", "msg")}
    if not (failed and fails):
        return cleared
    total = sum(result["summary"].values())
    more = f" ({len(failed)} of {total} mailboxes failed: see results)" if total > 1 else ""
    return {**cleared, "failed": True, "msg": f"{failed[0]['identity']}: {sentence(failed[0]['error'])}{more}"}
