# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop of a wait: when it looks, what it shows, when it ends, and what its result is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._follow import (
    FAILURES_SHOWN,
    SHOW_EVERY,
    follow,
    judged,
    merged,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils.fakes import Time

Result = dict[str, Any]
ERROR = {"code": "move_failed", "message": "Too large.", "remedy": "Raise the quota.", "retryable": False}
LATE = {"code": "wait_timeout", "message": "InProgress, and time is up.", "remedy": "Run again.", "retryable": True}
BUSY = {"failed": True, "msg": "busy", "error": {"code": "throttled", "retryable": True}}
REFUSED = {"failed": True, "msg": "no", "error": {"code": "permission_denied", "retryable": False}}


def entry(identity: str, status: str, **more: Any) -> dict[str, Any]:
    return {"identity": identity, "status": status, **more}


def seen(*entries: dict[str, Any], moving: int = 0, percent: int = 0, **more: Any) -> Result:
    """Return what a look of move_progress returns for these mailboxes."""
    found = {name: sum(e["status"] == name for e in entries) for name in ("changed", "unchanged", "pending", "skipped")}
    failed = sum(e["status"] == "failed" for e in entries)
    counts = {"InProgress": moving, "Completed": found["unchanged"]}
    progress = {"moving": moving, "percent": percent, "counts": counts, "stalls": [], "stuck": []}
    progress["line"] = f"{moving} {percent} %"
    summary = {**found, "failed": failed}
    return {"changed": False, "results": list(entries), "summary": summary, "progress": {**progress, **more}}


def moving(percent: int = 0, **more: Any) -> Result:
    return seen(entry("ann", "pending"), moving=1, percent=percent, **more)


DONE = seen(entry("ann", "unchanged"), percent=100)


class Looks:
    """Answers looks in turn, the last one for ever, and notes which of them were to judge."""

    def __init__(self, *results: Result, judged: Result | None = None) -> None:
        self.results = list(results)
        self.judged = judged
        self.asked: list[bool] = []

    def __call__(self, judge: bool) -> Result:
        self.asked.append(judge)
        if judge and self.judged is not None:
            return self.judged
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


def run(looks: Callable[[bool], Result], watch: Time | None = None, **times: float) -> tuple[Result, list[str]]:
    shown: list[str] = []
    watch = watch or Time()
    given = {"wait_timeout": 100.0, "wait_sleep": 30.0, **times}
    return follow(looks, show=shown.append, sleep=watch.sleep, clock=watch.clock, **given), shown


def test_it_looks_until_all_are_there() -> None:
    looks, watch = Looks(moving(1), moving(2), DONE), Time()
    result, shown = run(looks, watch)
    assert result == DONE
    assert (watch.slept, looks.asked) == ([30, 30], [False, False, False])
    assert shown == ["1 1 %", "1 2 %", "0 100 %"]


def test_time_is_up_with_one_look_that_judges() -> None:
    late = seen(entry("ann", "failed", error=LATE), moving=1)
    looks, watch = Looks(moving(), judged=late), Time()
    result, shown = run(looks, watch)
    assert result == late
    assert (watch.slept, watch.now) == ([30, 30, 30, 10], 100)
    assert looks.asked == [False, False, False, False, True]
    assert shown[-1] == "ann: InProgress, and time is up. Run again."


def test_without_time_the_first_look_judges() -> None:
    looks, watch = Looks(moving()), Time()
    run(looks, watch, wait_timeout=0)
    assert (looks.asked, watch.slept) == ([True], [])


def test_failed_and_missing_moves_stop_nobody_and_are_judged_at_the_end() -> None:
    ann = entry("ann", "failed", error=ERROR)
    last = seen(ann, entry("bob", "unchanged"))
    looks = Looks(seen(ann, entry("bob", "pending"), moving=1), last, judged=last)
    result, shown = run(looks)
    assert (result, looks.asked) == (last, [False, False, True])
    assert [line for line in shown if line.startswith("ann")] == ["ann: Too large. Raise the quota."], "told once"


def test_a_request_is_missed_twice_before_that_is_the_end() -> None:
    ann = seen(entry("ann", "failed", error=ERROR))
    looks, watch = Looks(seen(entry("ann", "pending")), judged=ann), Time()
    assert run(looks, watch)[0] == ann
    assert (looks.asked, watch.slept) == ([False, False, True], [30])
    late = Looks(seen(entry("ann", "pending")), moving(), seen(entry("ann", "pending")), DONE)
    assert run(late)[0] == DONE


def test_a_look_without_an_answer_is_made_again_until_time_is_up() -> None:
    result, shown = run(Looks(moving(1), BUSY, BUSY, DONE))
    assert result == DONE
    assert shown == ["1 1 %", "no answer, and the wait continues: busy", "0 100 %"]
    result, _shown = run(Looks(moving(7), BUSY))
    assert (result["failed"], result["msg"]) == (True, "busy Last known: 1 7 %")
    assert result["progress"]["percent"] == 7


def test_a_look_that_is_refused_is_the_end() -> None:
    watch = Time()
    result, _shown = run(Looks(moving(7), REFUSED), watch)
    assert (result["msg"], watch.slept) == ("no Last known: 1 7 %", [30])
    assert run(Looks(REFUSED))[0] == REFUSED
    assert run(Looks({"failed": True, "msg": "MODULE FAILURE"}))[0]["msg"] == "MODULE FAILURE"


def test_what_does_not_change_is_shown_seldom() -> None:
    _result, shown = run(Looks(moving()), wait_timeout=30.0 * 3 * SHOW_EVERY)
    assert len(shown) == 4, "the first, and each tenth"
    stalled = [{"detail": "StalledDueToTarget_DiskLatency", "count": 1}]
    _result, shown = run(Looks(moving(), moving(stalls=stalled), moving(stalls=stalled), DONE))
    assert len(shown) == 3, "a stall is news"


def test_many_failures_at_once_do_not_fill_the_log() -> None:
    failed = [entry(f"user{number}", "failed", error=ERROR) for number in range(FAILURES_SHOWN + 5)]
    _result, shown = run(Looks(seen(*failed)))
    assert len(shown) == 1 + FAILURES_SHOWN + 1
    assert shown[-1] == "... and 5 more failed"


@given(st.lists(st.sampled_from(["moving", "busy", "done"]), max_size=30), st.floats(0, 500), st.floats(1, 60))
def test_it_always_ends_in_time(course: list[str], wait_timeout: float, wait_sleep: float) -> None:
    answers = {"moving": moving(), "busy": BUSY, "done": DONE}
    watch = Time()
    result, _shown = run(
        Looks(*[answers[name] for name in course], moving()), watch, wait_timeout=wait_timeout, wait_sleep=wait_sleep
    )
    assert watch.now <= wait_timeout + 0.001
    assert result == DONE or watch.now >= wait_timeout - 0.001


# -- one result of two -------------------------------------------------------------------------------------------------


def submitted(*entries: dict[str, Any], **more: Any) -> Result:
    given = seen(*entries)
    given.pop("progress")
    given["summary"]["changed"] = sum(e["status"] == "changed" for e in entries)
    return {**given, "changed": True, "mailboxes": [{"identity": e["identity"]} for e in entries], **more}


def statuses(result: Result) -> dict[str, str]:
    return {e["identity"]: e["status"] for e in result["results"]}


def test_what_was_changed_stays_and_what_became_of_it_is_added() -> None:
    first = submitted(
        entry("ann", "changed", cmdlets=["New-MoveRequest"], move_request={"status": "Queued"}),
        entry("bob", "unchanged", move_request={"status": "InProgress"}),
        entry("cas", "failed", error=ERROR),
        entry("dan", "pending"),
        entry("eve", "changed", cmdlets=["New-MoveRequest"]),
        entry("fay", "skipped"),
        failed=True,
        msg="cas: ...",
    )  # fmt: skip
    there = {"move_request": {"status": "Completed"}}
    second = seen(
        entry("ann", "unchanged", **there), entry("bob", "unchanged", **there), entry("dan", "unchanged", **there),
        entry("eve", "failed", error=LATE, move_request={"status": "InProgress"}), entry("fay", "skipped"),
    )  # fmt: skip
    second["mailboxes"] = [{"identity": "ann", "exchange_guid": "1"}]
    result = merged(first, second, fails=True)
    assert statuses(result) == {
        "ann": "changed", "bob": "unchanged", "cas": "failed", "dan": "unchanged", "eve": "failed", "fay": "skipped",
    }  # fmt: skip
    assert result["summary"] == {"changed": 1, "unchanged": 2, "pending": 0, "skipped": 1, "failed": 2}
    assert result["results"][0] == entry("ann", "changed", cmdlets=["New-MoveRequest"], **there)
    assert result["results"][4]["cmdlets"] == ["New-MoveRequest"], "the request itself was made"
    assert (result["changed"], result["failed"]) == (True, True)
    assert result["msg"] == "cas: Too large. Raise the quota. (2 of 6 mailboxes failed: see results)"
    assert result["mailboxes"] == second["mailboxes"]
    assert "failed" not in merged(first, second, fails=False)


def test_with_a_file_only_those_with_something_to_tell_have_an_entry() -> None:
    first = submitted(entry("ann", "changed", move_request={"status": "Queued"}), entry("bob", "pending"))
    first.pop("mailboxes")
    first["summary"].update(unchanged=3, skipped=1)
    second = seen(entry("cas", "failed", error=ERROR))
    second["summary"].update(unchanged=4, skipped=1)
    result = merged(first, second, fails=True)
    assert statuses(result) == {"ann": "changed", "cas": "failed"}
    assert "move_request" not in result["results"][0], "Queued would be stale"
    assert result["summary"] == {"changed": 1, "unchanged": 3, "pending": 0, "skipped": 1, "failed": 1}
    assert "mailboxes" not in result
    assert result["msg"].startswith("cas: Too large.")


def test_warnings_of_both_are_kept() -> None:
    first = submitted(entry("ann", "unchanged", warnings=["one"]), warnings=["first"])
    second = {**seen(entry("ann", "unchanged", warnings=["two"])), "warnings": ["second"]}
    result = merged(first, second, fails=True)
    assert result["results"][0]["warnings"] == ["one", "two"]
    assert result["warnings"] == ["first", "second"]


def test_a_wait_that_came_to_nothing_fails_with_what_was_submitted() -> None:
    first = submitted(entry("ann", "changed", cmdlets=["New-MoveRequest"]))
    result = merged(first, {**REFUSED, "progress": {"percent": 7}}, fails=False)
    assert (result["failed"], result["msg"], result["progress"]["percent"]) == (True, "no", 7)
    assert result["results"] == first["results"]
    assert result["changed"] is True


def test_one_mailbox_is_told_without_a_count() -> None:
    assert judged(seen(entry("ann", "failed", error=ERROR)), fails=True)["msg"] == "ann: Too large. Raise the quota."


@given(st.lists(st.sampled_from(["changed", "unchanged", "pending", "skipped", "failed"]), min_size=1), st.randoms())
def test_no_mailbox_is_lost_or_counted_twice(given: list[str], chance: Any) -> None:
    first = submitted(*[
        entry(str(number), status, **({"error": ERROR} if status == "failed" else {}))
        for number, status in enumerate(given)
    ])  # fmt: skip
    rest = [e for e in first["results"] if e["status"] != "failed"]
    second = seen(*[
        entry(e["identity"], "skipped") if e["status"] == "skipped"
        else entry(e["identity"], "failed", error=LATE) if chance.random() < 0.3
        else entry(e["identity"], "unchanged")
        for e in rest
    ])  # fmt: skip
    result = merged(first, second, fails=True)
    assert [e["identity"] for e in result["results"]] == [e["identity"] for e in first["results"]]
    assert sum(result["summary"].values()) == len(given)
    assert min(result["summary"].values()) >= 0
    for status, number in result["summary"].items():
        assert number == list(statuses(result).values()).count(status)
