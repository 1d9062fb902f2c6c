# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The words of the page: foreign text made harmless to look at, and sizes, counts and times as people read them."""

from __future__ import annotations

import datetime
import re
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values

# Controls, and the marks that let a text run over its neighbours (Unicode's embeddings, overrides and isolates).
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ACRONYMS = {word.lower(): word for word in "AD DN EWS GUID MDB MRS MTA SIP SMTP TLS UPN".split()}
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def clean(value: Any) -> str:
    """Return a value as text without anything that would be invisible or reorder what stands beside it.

    Such a character shows as ``[U+202E]``: an address with one in it is not the address that it looks like.
    """
    text = "" if value is None else str(value)
    text = _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n"))
    return _INVISIBLE.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def moment(value: Any) -> datetime.datetime | None:
    """Return an aware UTC time of an ISO 8601 text, None for everything else."""
    try:
        return _values.parse_time(value)
    except (TypeError, ValueError):
        return None


def time(when: datetime.datetime) -> str:
    """Return ``25 Nov 2026, 21:04 UTC``, whatever the locale."""
    return f"{day(when)}, {when:%H:%M} UTC"


def day(when: datetime.datetime) -> str:
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[when.month - 1]
    return f"{when.day} {month} {when.year}"


def span(seconds: float) -> str:
    """Return a duration in its one or two largest units: ``45 s``, ``12 min``, ``3 h 5 min``, ``2 d 4 h``."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def size(count: float) -> str:
    """Return bytes in the unit that Exchange would choose, by 1024: ``412.6 GB``."""
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:,.1f} {_UNITS[unit]}" if unit else f"{int(count)} bytes"


def number(count: int) -> str:
    return f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return ``1 mailbox`` or ``1,204 mailboxes``."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def mailboxes(count: int) -> str:
    return counted(count, "mailbox", "mailboxes")


def words(code: str) -> str:
    """Return a stable code as words: ``size_exceeds_quota`` is ``Size exceeds quota``."""
    return sentence(" ".join(_ACRONYMS.get(word, word) for word in code.split("_") if word))


def sentence(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]
