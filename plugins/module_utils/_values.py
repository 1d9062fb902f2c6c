# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Every shape that Exchange gives a value, read into one Python value."""

from __future__ import annotations

import base64
import binascii
import datetime
import re
import uuid
from collections.abc import Mapping
from typing import Any

MOST_DIGITS = 30
ZERO_GUID = "00000000-0000-0000-0000-000000000000"

_BYTES = re.compile(r"\(([\d.,'\u2019\s]+) bytes\)")
_DIGITS = re.compile(r"[0-9a-f]{32}")
_SPAN = re.compile(
    r"^(?P<sign>-)?(?:(?P<days>\d{1,8})\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{2}):(?P<seconds>\d{2})(?:\.\d+)?$"
)
_ADDRESS = re.compile(
    r"^[^@\s:,;<>\"]+@(?P<domain>[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+)$"
)
_DOMAIN_COMPONENT = re.compile(r"(?:^|,)\s*DC=([^,]+)", re.IGNORECASE | re.ASCII)
_DOMAIN = re.compile(
    r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$"
)


# The letters of ASCII alone: str.lower() makes a k of the Kelvin sign, and with it one address of another.
_FOLDED = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def folded(value: Any) -> str:
    """Return an identity, address, domain, GUID or name as it is compared: A to Z without regard to case.

    Any other letter stays what it is; None becomes an empty text.
    """
    text = str(value or "")
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def is_blank(value: Any) -> bool:
    """Tell whether a value says nothing, as an empty cell of a CSV does, or an Ansible variable that is empty."""
    return value is None or (isinstance(value, str) and not value.strip())


def items_of(text: str) -> list[str]:
    """Return the items of a text as people write lists: on lines, or with commas or semicolons between them."""
    return [item.strip() for item in re.split(r"[\n\r,;]", text) if item.strip()]


def size_in_bytes(value: Any) -> int | None:
    """Return bytes of ``1.2 GB (1,288,490,188 bytes)``, of a plain number, or None for Unlimited and empty.

    None for any other form too: ``225.8 MB`` alone is rounded, and no number is better than a wrong one.
    The three shapes: facts offboarding-practice.md 2.4; digit separators follow the server's culture.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value or "").strip()
    found = _BYTES.search(text)
    if found:
        return _whole_number(re.sub(r"\D", "", found.group(1)))
    return _whole_number(text)


def _whole_number(text: str) -> int | None:
    # No size and no count of Exchange's has more digits; Python refuses to read thousands of them.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def count(value: Any) -> int | None:
    """Return a whole number, given as one or as its digits; None for any other form."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _whole_number(str(value if value is not None else "").strip())


def is_unlimited(value: Any) -> bool:
    return folded(value).strip() == "unlimited"


def span_in_seconds(value: Any) -> int | None:
    """Return whole seconds of ``d.hh:mm:ss.fffffff`` or of .NET ticks given as a number; None for any other form."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value // 10_000_000
    found = _SPAN.match(str(value or "").strip())
    if not found:
        return None
    seconds = int(found["seconds"]) + 60 * int(found["minutes"]) + 3600 * int(found["hours"])
    seconds += 86400 * int(found["days"] or 0)
    return -seconds if found["sign"] else seconds


def utc_time(value: Any) -> str | None:
    """Return a date as ``2026-11-23T09:00:00Z``; a date without zone is UTC already (cloud and CLIXML alike)."""
    moment = parse_time(value)
    # strftime does not pad the year of .NET's DateTime.MinValue.
    return None if moment is None else f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def shown_time(value: Any) -> str | None:
    """Return a date that Exchange or Entra Connect shows, as utc_time does; None also for what is none."""
    try:
        return utc_time(value)
    except (ValueError, TypeError):
        return None


def parse_time(value: Any) -> datetime.datetime | None:
    """Return an aware UTC datetime of an ISO 8601 text, None for empty; ValueError for anything else."""
    if isinstance(value, datetime.datetime):
        moment = value
    else:
        text = str(value or "").strip()
        if not text:
            return None
        # .NET writes up to seven digits of a second, Python before 3.11 reads three or six, and no Z.
        text = re.sub(r"\.(\d+)", lambda found: f".{found[1]:0<6}"[:7], text).replace("Z", "+00:00")
        moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    try:
        return moment.astimezone(datetime.timezone.utc)
    except OverflowError as error:
        raise ValueError(f"{value} is outside the years 1 to 9999") from error


def is_guid(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) is not None


def guid(value: Any) -> str:
    """Return a GUID in lower case; zeros for empty, which is how Exchange says that there is none.

    ValueError for any other text.
    """
    found = told_guid(value)
    if not is_guid(found):
        raise ValueError(f"'{found}' is not a GUID")
    return found


def told_guid(value: Any) -> str:
    """Return a GUID as guid() does, and any other text as it is: to compare, since that is nobody's GUID."""
    text = str(value or "").strip().strip("{}").lower()
    if _DIGITS.fullmatch(text):
        return str(uuid.UUID(text))
    return text or ZERO_GUID


def guid_of_immutable_id(immutable_id: str) -> str:
    """Return the GUID whose little-endian bytes the base64 text holds, or an empty text."""
    try:
        return str(uuid.UUID(bytes_le=base64.b64decode(immutable_id, validate=True)))
    except (binascii.Error, ValueError):
        return ""


def immutable_id_of_guid(guid: str) -> str:
    """Return the base64 text of a GUID's little-endian bytes, as Entra Connect makes an anchor of objectGUID."""
    return base64.b64encode(uuid.UUID(guid).bytes_le).decode()


def is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def is_domain(text: str) -> bool:
    return _DOMAIN.fullmatch(text) is not None


def domain_of(address: str) -> str:
    return folded(address.rpartition("@")[2])


def domain_fits(domain: str, pattern: str) -> bool:
    """Tell whether a domain is the one named, or one below ``*.contoso.com``; both lower case.

    Whether the wildcard covers contoso.com too, Microsoft does not say: it is taken not to."""
    return domain == pattern or (pattern.startswith("*.") and domain.endswith(pattern[1:]))


def domain_of_name(distinguished_name: str) -> str:
    """Return ``emea.contoso.com`` of ``CN=...,DC=emea,DC=contoso,DC=com``, or an empty text."""
    return folded(".".join(_DOMAIN_COMPONENT.findall(distinguished_name)))


def without_prefix(address: str) -> str:
    """Return ``a@b`` of ``SMTP:a@b``; text without a prefix stays."""
    prefix, colon, rest = address.partition(":")
    return rest if colon and folded(prefix) in ("smtp", "sip", "x500", "x400", "spo", "eum") else address


def as_list(value: Any) -> list[str]:
    """Return a collection property as strings: None is empty, a lone value is a list of one."""
    if value is None or value == "":
        return []
    if isinstance(value, (list, tuple)):
        return [str(item) for item in value]
    return [str(value)]


def name_of(value: Any) -> str:
    """Return what an enumeration or an identity is called: a text, or an object that has it (Value, Name, Id)."""
    if isinstance(value, Mapping):
        return next((name_of(value[key]) for key in ("Value", "Name", "Id", "Identity") if value.get(key)), "")
    return "" if value is None else str(value)


def as_bool(value: Any) -> bool:
    if isinstance(value, str):
        return folded(value.strip()) in ("true", "1", "yes")
    return bool(value)
