# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The form of every value that a user gives for a mailbox, checked before any system is asked."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import ACCEPTABLE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError

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


# Text for people, or names that Exchange lets hold almost anything.
_FREE = (
    "alias",
    "display_name",
    "legacy_exchange_dn",
    "batch_name",
    "remote_target_database",
    "remote_archive_target_database",
    "suspend_comment",
    "proxy_to_mailbox",
)
NAMES = frozenset((*_FORMS, *_FREE))
# Of these one letter must not pass for another: an object is found by them, or mail goes there.
_EXACT = frozenset(_FORMS) - {"ad_identity", "email_addresses"}
# Joiners that some scripts need in names.
_JOINERS = "\u200c\u200d"


def check(record: Mapping[str, Any], names: Iterable[str], where: str = "") -> None:
    """Raise InputError for the first named value of the record that is malformed; absent values are no matter."""
    for name in names:
        if name not in NAMES or record.get(name) in (None, ""):
            continue
        for text in _values.as_list(record[name]):
            _refuse_characters(f"{where}{name}", name, text)
            if name in _FORMS:
                _refuse_form(f"{where}{name}", name, text)


def _refuse_form(option: str, name: str, text: str) -> None:
    right, problem, remedy = _FORMS[name]
    domain = text.rpartition("@")[2]
    if not domain.isascii() and ("@" in text or name not in ("ad_identity", "email_addresses")):
        written = _ascii(domain)
        if written:
            raise InputError(
                option, text, "has a domain that is not ASCII", f"Write the domain as {written}.", f"malformed_{name}"
            )
    if not right(text):
        raise InputError(option, text, problem, remedy, f"malformed_{name}")


def _ascii(domain: str) -> str:
    """Return a domain as DNS has it, with xn--, or an empty text for what is no domain."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _refuse_characters(option: str, name: str, text: str) -> None:
    """Refuse what nobody sees and everybody copies: it makes another value of the one that is read on the screen."""
    found = [c for c in dict.fromkeys(text) if _is_forbidden(c, name)]
    if not found:
        return
    told = ", ".join(f"U+{ord(c):04X} {unicodedata.name(c, 'control character')}" for c in found)
    shown = "".join(f"\\u{ord(c):04x}" if c in found else c for c in text)
    raise InputError(
        option,
        shown,
        f"holds {told}, which is not what it looks like or does not show",
        "Type the value anew, or take that character out.",
        "forbidden_character",
    )


def _is_forbidden(character: str, name: str) -> bool:
    category = unicodedata.category(character)
    if name in _FREE:
        return category in ("Cc", "Cf") and character not in f"\t\r\n{_JOINERS}"
    if category in ("Cc", "Cf", "Zl", "Zp") or (category == "Zs" and character != " "):
        return True
    if name not in _EXACT or character.isascii():
        return False
    # The Kelvin sign is a k to everything that ignores case; a full-width letter is one to what normalizes.
    folded = (character.lower(), character.upper(), unicodedata.normalize("NFKC", character))
    return any(len(text) == 1 and text.isascii() for text in folded)
