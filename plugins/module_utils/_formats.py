# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The form of every value that a user gives for a mailbox, checked before any system is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._resources.readiness.catalogue import ACCEPTABLE

_GUID = "Write it as 8-4-4-4-12 hexadecimal digits."
_ADDRESS = "Write it as user@contoso.com."
_DOMAIN = "Write it as contoso.com."


def _identity(text: str) -> bool:
    return _values.is_guid(text) or _values.is_address(text)


def _ad_identity(text: str) -> bool:
    return _identity(text) or "=" in text


def _proxy(text: str) -> bool:
    """Tell whether a text is a proxy address.

    One with a prefix may have been read from Exchange, which holds what RFC 5321 allows, old products' names and
    prefixes of its owner's own: refusing such a one would refuse the whole wave.
    """
    kind, colon, rest = text.partition(":")
    if not colon:
        return _values.is_address(text)
    if kind.lower() == "smtp":
        local, _at, domain = rest.rpartition("@")
        return bool(local and domain) and domain == domain.strip()
    return kind.isalnum() and bool(rest)


def _time(text: str) -> bool:
    try:
        return _values.parse_time(text) is not None
    except ValueError:
        return False


_FORMS: dict[str, tuple[Callable[[str], bool], str, str]] = {
    "identity": (
        _identity,
        "names no mailbox",
        "Give an address, a user principal name or a GUID; names and aliases are no identity.",
    ),
    "ad_identity": (
        _ad_identity,
        "names no user",
        "Give a user principal name, an objectGUID or a distinguished name; names and aliases are no identity.",
    ),
    "exchange_guid": (_values.is_guid, "is not a GUID", _GUID),
    "archive_guid": (_values.is_guid, "is not a GUID", _GUID),
    "primary_smtp_address": (_values.is_address, "is not an SMTP address", _ADDRESS),
    "external_email_address": (
        lambda t: _values.is_address(_values.without_prefix(t)),
        "is not an SMTP address",
        _ADDRESS,
    ),
    "user_principal_name": (_values.is_address, "is not a user principal name", _ADDRESS),
    "email_addresses": (_proxy, "is not a proxy address", "Write it as smtp:user@contoso.com or X500:/o=...."),
    "routing_domain": (_values.is_domain, "is not a domain", _DOMAIN),
    "target_delivery_domain": (_values.is_domain, "is not a domain", _DOMAIN),
    "archive_domain": (_values.is_domain, "is not a domain", _DOMAIN),
    "remote_host_name": (_values.is_domain, "is not a fully qualified host name", "Write it as mail.contoso.com."),
    "remote_global_catalog": (_values.is_domain, "is not a fully qualified host name", "Write it as dc01.contoso.com."),
    "complete_after": (_time, "is not a time", "Write it in UTC as 2026-11-30T18:00:00Z."),
    "start_after": (_time, "is not a time", "Write it in UTC as 2026-11-30T18:00:00Z."),
    "accept": (
        lambda code: code in ACCEPTABLE,
        "is no code that can be accepted",
        "The codes are in docs/readiness.md; those marked final cannot be accepted.",
    ),
    "incremental_sync_interval": (
        lambda t: _values.span_in_seconds(t) is not None,
        "is not a time span",
        "Write it as d.hh:mm:ss, for example 1.00:00:00.",
    ),
}


NAMES = frozenset(_FORMS)


def check(record: Mapping[str, Any], names: Iterable[str], where: str = "") -> None:
    """Raise InputError for the first named value of the record that is malformed; absent values are no matter."""
    for name in names:
        if name not in _FORMS or record.get(name) in (None, ""):
            continue
        right, problem, remedy = _FORMS[name]
        for text in _values.as_list(record[name]):
            if not right(text):
                raise InputError(f"{where}{name}", text, problem, remedy, f"malformed_{name}")
