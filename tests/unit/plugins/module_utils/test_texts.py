# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import (
    moment_text,
    page_title,
    read_json,
    span_from_duration,
    span_text,
    utc_text,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("2024-04-10T08:56:22.0000000+00:00", "2024-04-10T08:56:22Z"),
        ("2024-04-10T08:56:22.0000000Z", "2024-04-10T08:56:22Z"),
        ("2019-12-03T14:59:04-08:00", "2019-12-03T22:59:04Z"),
        ("2024-01-02T03:04:05", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.1234567", "2024-01-02T03:04:05.123456Z"),
        ("2024-01-02T03:04:05.5Z", "2024-01-02T03:04:05.500000Z"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00+01:00"),
        ("2024-13-45T99:99:99Z", "2024-13-45T99:99:99Z"),
        ("yesterday", "yesterday"),
    ],
)
def test_dates_become_utc(given_text: str, expected: str) -> None:
    assert utc_text(given_text) == expected


@given(st.datetimes(min_value=datetime.datetime(2, 1, 1), timezones=st.timezones()))
def test_a_date_that_is_sent_reads_back_as_the_same_moment(moment: datetime.datetime) -> None:
    sent = moment_text(moment)
    assert sent.endswith("0Z")
    assert len(sent) == len("2024-04-10T08:56:22.0000000Z")
    back = datetime.datetime.fromisoformat(utc_text(sent).replace("Z", "+00:00"))
    assert back == moment.astimezone(datetime.timezone.utc)


def test_a_date_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        moment_text(datetime.datetime(2024, 1, 2))


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (datetime.timedelta(0), "00:00:00"),
        (datetime.timedelta(days=1), "1.00:00:00"),
        (datetime.timedelta(hours=26, minutes=3, seconds=4), "1.02:03:04"),
        (datetime.timedelta(seconds=-90), "-00:01:30"),
        (datetime.timedelta(milliseconds=1500), "00:00:01.5000000"),
    ],
)
def test_spans_are_dotnet_texts(span: datetime.timedelta, expected: str) -> None:
    assert span_text(span) == expected


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("P14DT1H", "14.01:00:00"),
        ("PT0S", "00:00:00"),
        ("-PT1M30S", "-00:01:30"),
        ("PT0.5S", "00:00:00.5000000"),
        ("14.00:00:00", "14.00:00:00"),
    ],
)
def test_durations_become_spans(duration: str, expected: str) -> None:
    assert span_from_duration(duration) == expected


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a":["Ann \\ud83d",1,null]}', {"a": ["Ann \ufffd", 1, None]}),
        (b'"\\uD83D\\uDE00 \\ud83d"', "\U0001f600 \ufffd"),
        (b'"\\uFFFE\xef\xbf\xbf"', "\ufffd\ufffd"),
        (b'"\xed\xa0\xbd"', "\ufffd"),
        (b'{"\\ude00":"\xc3\xa4"}', {"\ufffd": "\xe4"}),
    ],
)
def test_json_has_whole_characters_alone(data: bytes, value: Any) -> None:
    assert read_json(data) == value


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 70 + b"1" + b"}" * 70, b"[" * 65 + b"]" * 65])
def test_json_that_is_nested_deeper_than_any_answer_is_no_json(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"more than 64 levels|Expecting"):
        read_json(data)
    assert read_json(b"[" * 64 + b"]" * 64)[0]


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (b"<!---->" * 2000 + b"x", None),
        (b"<!---->" * 2000 + b"<html>", ""),
        (b" " * 16_000 + b"x", None),
        (b"<?xml ?> <!-- a-b--c -->\n<html><title lang='en'>Gateway</title>", "Gateway"),
        (b"<html>" + b"<title>" * 9000, ""),
        (b"<html>" + b"<title" * 9000, ""),
    ],
)
def test_what_stands_before_a_page_costs_no_more_than_it_is_long(data: bytes, title: str | None) -> None:
    before = time.process_time()
    assert page_title(data) == title
    assert time.process_time() - before < 1
