# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arithmetic of progress."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import figures
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.figures import GB, ORDER
from hypothesis import given
from hypothesis import strategies as st

BEGIN = datetime.datetime(2026, 11, 25, 22, 0, tzinfo=datetime.timezone.utc)
TARGET, SOURCE = "StalledDueToTarget_DiskLatency", "StalledDueToSource_MailboxCapacityExceeded"


def at(seconds: float) -> str:
    return figures.utc(BEGIN + datetime.timedelta(seconds=seconds))


def listed(status: str = "InProgress", **more: Any) -> dict[str, Any]:
    return {"exchange_guid": "g", "status": status, "batch_name": "wave-1", **more}


def statistics(status: str = "InProgress", **more: Any) -> dict[str, Any]:
    return {**listed(status), "status_detail": "CopyingMessages", "total_mailbox_size": 10 * GB, **more}


def entry(status: str = "InProgress", **more: Any) -> dict[str, Any]:
    figured = {"read_at": at(0), "read_status": status, "total_size": 10 * GB, "bytes_transferred": 0}
    return {"identity": "ann@contoso.com", "status": status, "first_status": status, **figured, **more}


def look(seconds: float, gained: int = 0) -> dict[str, Any]:
    return {"utc": at(seconds), "counts": {}, "bytes_done": 0, "bytes_total": 0, "bytes_gained": gained}


# -- what is remembered ------------------------------------------------------------------------------------------------


def test_the_first_figure_of_a_move_seen_from_the_queue_on_counts_and_of_another_does_not() -> None:
    for first, gained in (("Queued", 3 * GB), ("InProgress", 0)):
        known = figures.noted(figures.noted(None, listed(first), "ann", at(0)), listed(), "ann", at(60))
        seen, more, seconds = figures.with_figures(known, statistics(bytes_transferred=3 * GB), at(60))
        assert (more, seen["bytes_transferred"], seen["total_size"], seen["read_at"]) == (
            gained, 3 * GB, 10 * GB, at(60),
        )  # fmt: skip
        assert seconds == (60 if first == "Queued" else 0)
        seen = figures.noted(seen, listed(), "ann", at(120))
        _seen, more, seconds = figures.with_figures(seen, statistics(bytes_transferred=4 * GB), at(120))
        assert (more, seconds) == (GB, 60)
        assert figures.with_figures(seen, statistics(bytes_transferred=GB), at(120))[1] == 0, "never backwards"


def test_another_status_is_progress_and_the_same_one_is_none() -> None:
    first = figures.noted(None, listed("Queued"), "ann", at(0))
    same = figures.noted(first, listed("Queued"), "ann", at(60))
    moved = figures.noted(same, listed("InProgress"), "ann", at(120))
    assert [seen["progressed_at"] for seen in (first, same, moved)] == [at(0), at(0), at(120)]


def test_a_figure_that_exchange_no_longer_gives_is_not_kept() -> None:
    failed, *_moved = figures.with_figures(entry(), statistics("Failed", message="No.", failure_type="X"), at(0))
    resumed, *_moved = figures.with_figures(failed, statistics("Queued"), at(60))
    assert (failed["message"], "message" in resumed, "failure_type" in resumed) == ("No.", False, False)


def test_a_figure_in_an_unknown_form_is_unknown_and_nothing_is_counted_twice() -> None:
    known, gained, seconds = figures.with_figures(entry(bytes_transferred=3 * GB), statistics(), at(60))
    assert (known["bytes_transferred"], gained, seconds) == (3 * GB, 0, 0)
    assert figures.with_figures(known, statistics(bytes_transferred=4 * GB), at(120))[1] == GB
    # Seen from the queue on, all of the first number is new.
    queued = figures.noted(figures.noted(None, listed("Queued"), "ann", at(0)), listed(), "ann", at(60))
    unknown, *_moved = figures.with_figures(queued, statistics(), at(60))
    assert unknown["bytes_transferred"] == 0
    assert figures.with_figures(unknown, statistics(bytes_transferred=3 * GB), at(120))[1] == 3 * GB


def test_a_mailbox_of_unknown_size_weighs_as_an_average_one() -> None:
    unsized = {name: value for name, value in entry(percent_complete=0).items() if name != "total_size"}
    assert figures.percent([entry(percent_complete=100), unsized]) == 50
    assert figures.bytes_of(unsized) == (0, 0)


def test_another_request_for_the_same_mailbox_begins_anew() -> None:
    known = entry("Completed", bytes_transferred=10 * GB)
    again = figures.noted(known, listed("Queued"), "ann", at(60))
    assert (again["first_status"], "bytes_transferred" in again, "read_at" in again) == ("Queued", False, False)
    assert "gone_at" not in figures.noted({**entry(), "gone_at": at(0)}, listed(), "ann", at(60))


def test_what_is_due() -> None:
    entries = {
        "changed": entry("CompletionInProgress", read_status="InProgress"),
        "new": {"identity": "new", "status": "InProgress"},
        "new and waiting": {"identity": "queued", "status": "Queued"},
        "oldest": entry(read_at=at(0)),
        "older": entry(read_at=at(60)),
        "young": entry(read_at=at(120)),
        "at rest": entry("AutoSuspended"),
        "done": entry("Completed"),
        "failed": entry("Failed"),
    }
    assert figures.due(entries, 0) == ["changed", "new"]
    assert figures.due(entries, 2) == ["changed", "new", "new and waiting", "oldest"]
    assert figures.due(entries, 99) == ["changed", "new", "new and waiting", "oldest", "older", "young"]


@given(st.integers(1, 60), st.integers(1, 7))
def test_the_sample_goes_round(number: int, sample: int) -> None:
    """After ceil(n / sample) looks each figure was read, and none twice before all were once."""
    entries = {str(name): entry(read_at=at(-1)) for name in range(number)}
    read: list[str] = []
    for turn in range(-(-number // sample)):
        due = figures.due(entries, sample)
        assert len(due) == min(sample, number)
        for name in due:
            entries[name]["read_at"] = at(turn)
        read += due
    assert set(read) == set(entries)
    assert len(set(read[:number])) == number


def test_looks_of_a_day_are_thinned() -> None:
    looks: list[dict[str, Any]] = []
    for minute in range(24 * 60):
        looks = figures.thinned([*looks, look(60 * minute)])
    recent = [kept for kept in looks if figures.seconds_between(kept["utc"], looks[-1]["utc"]) <= figures.DENSE]
    assert len(recent) == 121, "every look of two hours"
    assert len(looks) - len(recent) == pytest.approx(22 * 4, abs=2), "four an hour of the others"
    assert looks[0]["utc"] == at(0)
    assert figures.thinned([]) == []
    older = [look(seconds) for seconds in (0, 899, 900, 1799)]
    recent = [look(seconds) for seconds in (1801 + 7200 - 1, 1801 + 7200)]
    assert figures.thinned([*older, *recent]) == [older[0], older[2], *recent], "a quarter of an hour is 900 seconds"


# -- what it comes to --------------------------------------------------------------------------------------------------


def test_counts_are_in_the_order_of_a_moves_life() -> None:
    found = figures.counts([entry("Failed"), entry("Zzz"), entry("Completed"), entry("Queued"), entry("Completed")])
    assert list(found.items()) == [("Queued", 1), ("Completed", 2), ("Failed", 1), ("Zzz", 1)]


SIZES = st.integers(0, 10**13)


@given(
    st.lists(st.tuples(st.sampled_from(ORDER), st.integers(0, 100), SIZES, SIZES, st.booleans()), min_size=1)
)  # fmt: skip
def test_bytes_and_percent_stay_within_bounds(given: list[tuple[str, int, int, int, bool]]) -> None:
    entries = []
    for status, percent, transferred, total, figured in given:
        one = entry(status, percent_complete=percent, bytes_transferred=transferred, total_size=total)
        entries.append(one if figured else {"identity": "x", "status": status})
        done, whole = figures.bytes_of(entries[-1])
        assert 0 <= done <= whole
    assert 0 <= figures.percent(entries) <= 100
    done_all = [entry("Completed") for _one in given]
    assert figures.percent(done_all) == 100


def test_percent_weighs_by_size_and_a_held_move_is_copied_but_not_done() -> None:
    large, small = entry(percent_complete=50, total_size=30 * GB), entry("Completed", total_size=10 * GB)
    assert figures.percent([large, small]) == 62
    assert figures.percent([{"identity": "x", "status": "Queued"}, small]) == 50, "without figures: an average mailbox"
    held = entry("AutoSuspended", percent_complete=95, bytes_transferred=9 * GB)
    assert (figures.percent([held]), figures.bytes_of(held)) == (95, (10 * GB, 10 * GB))


def test_the_rate_is_of_the_last_hour_or_of_the_last_two_looks() -> None:
    assert figures.rate([look(0)]) is None
    assert figures.rate([look(0), look(0, GB)]) is None
    assert figures.rate([look(0, 99 * GB), look(1800, GB)]) == 2 * GB, "what came before the first look is not counted"
    seldom = [look(0), look(86400, GB), look(2 * 86400, 24 * GB)]
    assert figures.recent(seldom) == seldom[1:]
    assert figures.rate(figures.recent(seldom)) == GB
    assert len(figures.recent([look(600 * number) for number in range(100)])) == 7


@pytest.mark.parametrize("sample", [4, 40, 200])
@pytest.mark.parametrize("minutes", [5, 30, 120])
def test_the_rate_is_right_before_the_sample_has_gone_round(sample: int, minutes: int) -> None:
    """Two hundred moves of 0.5 GB an hour each, looked at every minute."""
    entries = {str(name): figures.noted(None, listed(), str(name), at(0)) for name in range(200)}
    looks = []
    for minute in range(minutes + 1):
        gained = covered = 0
        now = at(60 * minute)
        entries = {name: figures.noted(known, listed(), name, now) for name, known in entries.items()}
        for name in figures.due(entries, sample):
            figure = statistics(bytes_transferred=minute * GB // 120)
            entries[name], more, seconds = figures.with_figures(entries[name], figure, now)
            gained, covered = gained + more, covered + seconds
        looks.append({**look(60 * minute, gained), "seconds_covered": covered, "counts": {"InProgress": 200}})
    assert figures.rate(figures.recent(looks)) == pytest.approx(100 * GB, rel=0.02)


def test_small_mailboxes_that_come_and_go_between_two_looks_count() -> None:
    looks = [look(0), {**look(60, GB), "counts": {"Completed": 60}, "seconds_covered": 3600}]
    assert figures.rate(looks) == 60 * GB


def test_the_time_left_is_a_range_or_unknown() -> None:
    steady = [look(600 * number, GB) for number in range(5)]
    assert figures.time_left(steady, 12 * GB) == (2 * 3600.0, 2 * 3600.0)
    slower = [look(0), look(600, 2 * GB), look(1200, 2 * GB), look(1800, GB), look(2400, GB)]
    least, most = figures.time_left(slower, 12 * GB) or (0, 0)
    assert (round(least), round(most)) == (3600, 7200)
    assert figures.time_left(steady[:2], GB) is None, "two looks are no trend"
    assert figures.time_left(steady, 0) is None
    assert figures.time_left([look(0), look(600, GB), look(1200), look(1800)], GB) is None, "nothing moved of late"


@given(st.lists(st.integers(0, 10**12), min_size=3, max_size=30), st.integers(1, 10**13))
def test_the_range_holds_the_average(gained: list[int], remaining: int) -> None:
    looks = [look(60 * number, more) for number, more in enumerate(gained)]
    left, average = figures.time_left(looks, remaining), figures.rate(looks)
    if left is not None:
        assert average
        assert left[0] <= remaining * 3600 / average * 1.0001
        assert left[1] >= remaining * 3600 / average * 0.9999


def test_stalls_tell_whose_side_it_is() -> None:
    entries = [
        entry(identity="ann", status_detail=TARGET),
        entry(identity="bob", status_detail=SOURCE),
        entry(identity="cas", status_detail=TARGET),
        entry(identity="dan", status_detail="StalledDueToMail_Something"),
        entry(identity="eve", status_detail="CopyingMessages"),
        entry("Completed", identity="fay", status_detail=TARGET),
    ]
    found = [(s["detail"], s["side"], s["place"], s["count"], s["mailboxes"]) for s in figures.stalls(entries)]
    assert found == [
        (TARGET, "target", "your own Exchange", 2, ["ann", "cas"]),
        ("StalledDueToMail_Something", "unknown", "side unknown", 1, ["dan"]),
        (SOURCE, "source", "Exchange Online", 1, ["bob"]),
    ]


def test_eight_hours_without_progress_are_told() -> None:
    known = figures.with_figures(entry(), statistics(bytes_transferred=GB, percent_complete=20), at(0))[0]
    still = figures.with_figures(known, statistics(bytes_transferred=GB, percent_complete=20), at(8 * 3600))[0]
    assert figures.stuck([still, {**still, "status": "Queued"}, {**still, "status": "AutoSuspended"}]) == [
        {"identity": "ann@contoso.com", "status": "InProgress", "seconds": 8 * 3600}
    ]
    going = figures.with_figures(still, statistics(bytes_transferred=2 * GB, percent_complete=20), at(8 * 3600))[0]
    assert figures.stuck([known, going, {"identity": "x", "status": "InProgress"}]) == []


def test_ages() -> None:
    entries = [entry(read_at=at(0)), entry(read_at=at(60)), entry("Completed", read_at=at(-900)), {"status": "Queued"}]
    assert figures.oldest_age(entries, at(90)) == 90
    assert figures.oldest_age(entries[2:], at(90)) is None
    assert figures.oldest_age(entries[:1], at(-5)) == 0, "a clock that was set back"


# -- for people --------------------------------------------------------------------------------------------------------


def test_sizes_and_spans_as_people_say_them() -> None:
    assert [figures.size_text(size) for size in (0, 5 * 1024**2, GB, 1500 * GB)] == [
        "0 MB", "5 MB", "1.0 GB", "1.46 TB",
    ]  # fmt: skip
    spans = [figures.span_text(seconds) for seconds in (0, 59, 60, 7199, 7200, 86400, 2 * 86400)]
    assert spans == ["0 s", "59 s", "1 min", "120 min", "2 h", "24 h", "2 d"]


def test_the_line() -> None:
    progress: dict[str, Any] = {
        "mailboxes": 6, "home": 1, "without_request": 1, "not_identified": 1, "moving": 2, "percent": 48,
        "counts": {"InProgress": 2, "Completed": 1}, "bytes_done": 31 * GB, "bytes_total": 65 * GB, "rate": 4 * GB,
        "estimate": {"least_seconds": 8 * 3600, "most_seconds": 11 * 3600},
        "stalls": figures.stalls([entry(status_detail=TARGET)]), "stuck": [{}], "oldest_figure_age": 720,
        "without_figures": 3,
    }  # fmt: skip
    assert figures.sentence(progress) == (
        "6 mailboxes: 2 InProgress, 1 Completed, 1 home, 1 without a request, 1 not found; "
        "48 %, 31.0 GB of 65.0 GB, 4.0 GB/h, 8 h to 11 h to go; "
        "stalled: 1 StalledDueToTarget_DiskLatency (target: your own Exchange); without progress for hours: 1; "
        "oldest figure 12 min old; 3 without figures yet"
    )
    nothing = dict.fromkeys(progress, 0) | {"counts": {}, "stalls": [], "stuck": []}
    nothing.pop("estimate")
    assert figures.sentence(nothing) == "0 mailboxes: nothing to follow"


def test_a_guid_is_told_with_its_name() -> None:
    guid = "5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01"
    assert figures.label({"identity": guid, "display_name": "Ann Archer"}) == f"Ann Archer ({guid})"
    assert figures.label({"identity": "ann@contoso.com", "display_name": "Ann Archer"}) == "ann@contoso.com"
