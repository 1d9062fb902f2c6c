# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How .NET and Exchange write values as text: the same over PSRP and over REST."""

from __future__ import annotations

import datetime

_UNITS = ("B", "KB", "MB", "GB", "TB")


def byte_size(size: int | None) -> str:
    """Return ``1.2 GB (1,288,490,188 bytes)``: four significant digits of the largest unit, then the exact count.

    Facts: exchange-server-psrp.md section 4, exchange-online-rest.md section 5.
    """
    if size is None:
        return "Unlimited"
    unit = 0
    while unit < len(_UNITS) - 1 and size >= 1024 ** (unit + 1):
        unit += 1
    return f"{size / 1024**unit:.4g} {_UNITS[unit]} ({size:,} bytes)"


def time_span(span: datetime.timedelta) -> str:
    """Return .NET's ``[-][d.]hh:mm:ss[.fffffff]``."""
    sign = "-" if span < datetime.timedelta(0) else ""
    span = abs(span)
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    days = f"{span.days}." if span.days else ""
    fraction = f".{span.microseconds * 10:07d}" if span.microseconds else ""
    return f"{sign}{days}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def duration(span: datetime.timedelta) -> str:
    """Return the XML duration that CLIXML's TS carries, for example ``P1DT2H0M3S``."""
    sign = "-" if span < datetime.timedelta(0) else ""
    span = abs(span)
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{span.microseconds * 10:07d}" if span.microseconds else ""
    days = f"{span.days}D" if span.days else ""
    return f"{sign}P{days}T{hours}H{minutes}M{seconds}{fraction}S"
