# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Where a URL leads to, read so that no library can read it otherwise."""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import folded

# Without user information, backslash, space, control character, letter beyond ASCII, or second port: libraries differ
# over those, and a token would go where one of them reads, after another one has compared.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:[/?][!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Where a request goes; all lower case."""

    scheme: str
    host: str
    port: int


def origin(url: str) -> Origin | None:
    """Return where a URL leads to, or None where libraries may read it in different ways."""
    found = _URL.fullmatch(url)
    if found is None:
        return None
    scheme = folded(found["scheme"])
    return Origin(scheme, folded(found["host"]), int(found["port"] or PORTS[scheme]))


def shown(url: str) -> str:
    """Return a URL for a message: without what may be a secret, and without what a terminal would obey."""
    place = origin(url)
    if place is None:
        return ascii(url.partition("?")[0])[1:-1][:100]
    port = "" if place.port == PORTS[place.scheme] else f":{place.port}"
    return f"{place.scheme}://{place.host}{port}"
