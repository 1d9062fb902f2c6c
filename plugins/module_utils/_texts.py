# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Texts that both Exchange transports write and read the same way."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

# Exchange's answers are at most four levels deep; what reads them calls itself for each.
DEEPEST = 64
_TOO_DEEP = f"it is nested more than {DEEPEST} levels deep"
_DATE = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)T(?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d+))?(?P<zone>Z|[+-]\d\d:\d\d)?"
)
# Half a character (a name cut in the middle of one), and what is no character at all: Exchange may hold them, but no
# UTF-8 file, XML or YAML does.
_NO_CHARACTER = re.compile(r"[\ud800-\udfff\ufffe\uffff]")
# The same in JSON, escaped or as bytes; pairs of halves, which are characters, among them.
_MAY_BE_NO_CHARACTER = re.compile(rb"\\u(?:d[89a-f]|fff[ef])|\xed[\xa0-\xbf]|\xef\xbf[\xbe\xbf]", re.IGNORECASE)
# What a gateway, a proxy or a load balancer answers in a service's place.
#
# There is one way alone to read each byte of what may stand before: a page of two hundred bytes would take for ever.
_PAGE = re.compile(
    rb"\s*(?:(?:<\?xml[^<>]*>|<!--(?:[^-]|-(?!->))*-->)\s*)*<(?:!doctype\s+html|html|head|body|title|center|h1)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(rb"<title[^<>]*>([^<]*)", re.IGNORECASE)
# Bytes at the beginning of an answer that tell a page, and its title.
_HEAD = 16 * 1024
_DURATION = re.compile(
    r"(?P<sign>-)?P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


def whole_text(text: str) -> str:
    """Return a text with U+FFFD, the replacement character, in place of each unit that is no character."""
    return text if text.isascii() else _NO_CHARACTER.sub("\ufffd", text)


def page_title(data: bytes) -> str | None:
    """Return the title of a page in HTML or XHTML, which may be empty; None for any other body."""
    data = data[:_HEAD].removeprefix(b"\xef\xbb\xbf")
    if _PAGE.match(data) is None:
        return None
    title = _TITLE.search(data)
    return " ".join(title[1].decode("utf-8", "replace").split())[:100] if title else ""


def read_json(data: bytes) -> Any:
    """Return a server's JSON with whole texts alone, nested at most DEEPEST levels deep. Raises ValueError."""
    try:
        document = json.loads(data)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if is_too_deep(document):
        raise ValueError(_TOO_DEEP)
    # Most answers have none, and a large read has many texts.
    return _whole(document) if _MAY_BE_NO_CHARACTER.search(data) else document


def is_too_deep(document: Any) -> bool:
    """Tell whether a JSON document is nested deeper than DEEPEST levels: it could be read, and not written again."""
    level = [document]
    for _level in range(DEEPEST):
        level = [
            item
            for parent in level
            for item in (parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ())
            if isinstance(item, (dict, list))
        ]
        if not level:
            return False
    return True


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return value


def utc_text(text: str) -> str:
    """Return a .NET date in ISO 8601 UTC, fractions only where there are any; a date without a zone counts as UTC.

    What is no such date comes back as it is.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return text
    zone = (match["zone"] or "Z").replace("Z", "+00:00")
    # .NET writes seven digits, Python reads at most six.
    fraction = f"{match['fraction']:0<6}"[:6] if match["fraction"] else "000000"
    try:
        moment = datetime.datetime.fromisoformat(f"{match['date']}T{match['time']}.{fraction}{zone}")
        return moment.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        # DateTime.MinValue with a zone is before year 1 in UTC.
        return text


def moment_text(moment: datetime.datetime) -> str:
    """Return an aware date as Exchange's module writes it: UTC with seven digits of fraction."""
    if moment.tzinfo is None:
        raise ValueError("a date without a time zone never reaches a cmdlet")
    utc = moment.astimezone(datetime.timezone.utc)
    # strftime does not pad years before 1000 on every platform.
    return f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"


def span_text(span: datetime.timedelta) -> str:
    """Return a .NET TimeSpan: ``[-][d.]hh:mm:ss[.fffffff]``."""
    sign, span = ("-", -span) if span < datetime.timedelta(0) else ("", span)
    minutes, seconds = divmod(span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{span.days}." if span.days else ""
    fraction = f".{span.microseconds:06d}0" if span.microseconds else ""
    return f"{sign}{days}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def span_from_duration(text: str) -> str:
    """Return CLIXML's ISO 8601 duration (``P14DT1H``) as the .NET TimeSpan that Exchange shows everywhere else."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return text
    parts = {unit: float(match[unit] or 0) for unit in ("days", "hours", "minutes", "seconds")}
    span = datetime.timedelta(**parts)
    return span_text(-span if match["sign"] else span)
