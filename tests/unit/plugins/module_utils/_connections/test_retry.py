# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import (
    Busy,
    Retry,
    RetryPolicy,
    Tries,
    seconds_asked,
    waits,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, HybridError
from hypothesis import given
from hypothesis import strategies as st


def always(error: HybridError) -> bool:
    return True


@given(
    st.integers(1, 12), st.floats(0.1, 10), st.floats(1, 4), st.floats(1, 120),
    st.lists(st.floats(0, 0.999), min_size=12, max_size=12),
)
def test_waits_grow_within_bounds(
    attempts: int, first: float, factor: float, longest: float, chances: list[float]
) -> None:
    policy = RetryPolicy(attempts=attempts, first_wait=first, factor=factor, longest_wait=longest)
    drawn = iter(chances)
    result = list(waits(policy, lambda: next(drawn)))
    assert len(result) == attempts - 1
    for index, wait in enumerate(result):
        step = min(first * factor**index, longest)
        assert step / 2 - 1e-6 <= wait <= step + 1e-6


class Flaky:
    def __init__(self, *errors: HybridError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_a_worthwhile_error_is_tried_again_after_growing_waits() -> None:
    waited: list[float] = []
    work = Flaky(*(ConnectionFailure("x", code="connection_lost") for _unused in range(3)))
    assert Retry(sleep=waited.append, chance=lambda: 0.0).call(work, always) == "done"
    assert waited == [1.0, 2.0, 4.0]


def test_what_the_service_asks_for_is_waited() -> None:
    waited: list[float] = []
    work = Flaky(Busy("x", retry_after=0.25))
    assert Retry(sleep=waited.append, chance=lambda: 0.0).call(work, always) == "done"
    assert waited == [pytest.approx(0.35)]


def test_the_last_error_is_raised() -> None:
    waited: list[float] = []
    work = Flaky(*(ConnectionFailure(str(number), code="connection_lost") for number in range(9)))
    with pytest.raises(ConnectionFailure, match="5"):
        Retry(sleep=waited.append, chance=lambda: 0.0).call(work, always)
    assert work.calls == 6
    assert len(waited) == 5


@pytest.mark.parametrize(
    ("error", "worthwhile"),
    [(ConnectionFailure("x", code="authentication_failed"), False), (Busy("x", retry_after=3600.0), True)],
    ids=["not worthwhile", "longer than patience"],
)
def test_no_second_attempt(error: HybridError, worthwhile: bool) -> None:
    waited: list[float] = []
    work = Flaky(error)
    with pytest.raises(ConnectionFailure):
        Retry(sleep=waited.append).call(work, lambda _error: worthwhile)
    assert (work.calls, waited) == (1, [])


def test_a_pause_beyond_the_patience_is_told_once() -> None:
    error = Busy("Too busy.", retry_after=7200.0)
    for _layer in range(2):
        with pytest.raises(Busy):
            tries().pause(error)
    told = "Too busy. It asks for a pause of 7200 seconds, but a run waits for 900 at most."
    assert (error.message, error.given_up) == (told, True)
    assert tries().pause(Busy("x", retry_after=900.0)) == 900.0


def tries() -> Tries:
    return Tries(RetryPolicy(), lambda: 1.0)


def test_pauses_add_up_to_the_patience_at_most() -> None:
    """A service that asks for ten minutes again and again would keep a task for an hour."""
    once, error = tries(), Busy("Too busy.", retry_after=600.0)
    assert once.pause(error) == 600.0
    with pytest.raises(Busy, match=r"asks for a further pause of 600 seconds, but a run waits for 900 at most"):
        once.pause(error)


def test_a_gateway_is_asked_for_no_patience() -> None:
    assert tries().pause(Busy("x", code="gateway_answer", retry_after=86400.0)) == RetryPolicy().longest_wait


def test_who_gets_an_error_that_was_given_up_does_not_begin_to_count_anew() -> None:
    waited: list[float] = []
    retry = Retry(sleep=waited.append, chance=lambda: 0.0)
    work = Flaky(*(ConnectionFailure("x", code="throttled", retryable=True) for _unused in range(99)))
    with pytest.raises(ConnectionFailure) as caught:
        retry.call(lambda: retry.call(work, always), always)
    assert (work.calls, len(waited), caught.value.given_up) == (6, 5, True)


ANSWERED = "Mon, 30 Nov 2026 14:00:00 GMT"
NOW = datetime.datetime(2026, 11, 30, 13, 0, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "0.25"}, 0.25),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, 365 * 86400.0),
        ({"Retry-After": "9" * 400}, 365 * 86400.0),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 365 * 86400.0),
        ({"Retry-After": "Mon, 30 Nov 0000 14:00:40 +9999"}, None),
        ({"Retry-After": "5, 10"}, None),
        ({"Retry-After": ","}, None),
        ({"Retry-After": "Mon, 30 Nov 2026 14:00:40 GMT", "Date": ANSWERED}, 40.0),
        ({"Retry-After": "Monday, 30-Nov-26 14:00:40 GMT", "Date": ANSWERED}, 40.0),
        ({"Retry-After": "Mon, 30 Nov 2026 13:59:00 GMT", "Date": ANSWERED}, 0.0),
        # Without a date of its own the answer is as old as our clock says.
        ({"Retry-After": "Mon, 30 Nov 2026 13:00:40 GMT"}, 40.0),
        ({"Retry-After": "Mon, 30 Nov 2026 13:00:40 GMT", "Date": "yesterday"}, 40.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_what_a_service_asks_for(headers: dict[str, str], expected: float | None) -> None:
    assert seconds_asked(headers, lambda: NOW) == expected
