# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The forms that values have which a user gives for a mailbox, checked before any system is asked.

Which field has which form stands in fields.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import ACCEPTABLE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError

_ADDRESS_REMEDY = "Write it as user@contoso.com."
# Joiners that some scripts need in names.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Form:
    """What a text has to look like, and what is told of one that does not.

    ``exact``: no letter may pass for another, because an object is found by the text, or mail goes there.
    """

    right: Callable[[str], bool]
    problem: str = ""
    remedy: str = ""
    exact: bool = True


def _identity(text: str) -> bool:
    return _values.is_guid(text) or _values.is_address(text)


def _ad_identity(text: str) -> bool:
    return _identity(text) or "=" in text


def _proxy(text: str) -> bool:
    """Tell whether a text is a proxy address.

    One with a prefix may have been read from Exchange, which holds what RFC 5321 allows, old products' names and
    prefixes of its owner's own: refusing such a one would refuse the whole wave.
    """
    prefix, colon, rest = text.partition(":")
    if not colon:
        return _values.is_address(text)
    if prefix.lower() == "smtp":
        local, _at, domain = rest.rpartition("@")
        return bool(local and domain) and domain == domain.strip()
    return prefix.isalnum() and bool(rest)


def _time(text: str) -> bool:
    try:
        return _values.parse_time(text) is not None
    except ValueError:
        return False


IDENTITY = Form(
    _identity,
    "does not identify a mailbox",
    "Use an address, a user principal name or a GUID; names and aliases are not accepted.",
)
AD_IDENTITY = Form(
    _ad_identity,
    "does not identify a user",
    "Use a user principal name, an objectGUID or a distinguished name; names and aliases are not accepted.",
    exact=False,
)
GUID = Form(_values.is_guid, "is not a GUID", "Write it as 8-4-4-4-12 hexadecimal digits.")
ADDRESS = Form(_values.is_address, "is not an SMTP address", _ADDRESS_REMEDY)
ROUTING_ADDRESS = Form(
    lambda text: _values.is_address(_values.without_prefix(text)), "is not an SMTP address", _ADDRESS_REMEDY
)
PRINCIPAL_NAME = Form(_values.is_address, "is not a user principal name", _ADDRESS_REMEDY)
PROXY_ADDRESS = Form(_proxy, "is not a proxy address", "Write it as smtp:user@contoso.com or X500:/o=....", exact=False)
DOMAIN = Form(_values.is_domain, "is not a domain", "Write it as contoso.com.")
HOST = Form(_values.is_domain, "is not a fully qualified host name", "Write it as mail.contoso.com.")
CATALOG = Form(_values.is_domain, "is not a fully qualified host name", "Write it as dc01.contoso.com.")
TIME = Form(_time, "is not a time", "Write it in UTC as 2026-11-30T18:00:00Z.")
SPAN = Form(
    lambda text: _values.span_in_seconds(text) is not None,
    "is not a time span",
    "Write it as d.hh:mm:ss, for example 1.00:00:00.",
)
SIGN = Form(
    lambda code: code in ACCEPTABLE,
    "is not a code that can be accepted",
    "The codes are in docs/readiness.md; those marked final cannot be accepted.",
)
# Text for people, or names that Exchange lets hold almost anything.
FREE = Form(lambda _text: True, exact=False)


def refuse(form: Form, option: str, name: str, text: str) -> None:
    """Raise InputError for a text of the field ``name`` that has not its form; ``option`` is the name that is told."""
    _refuse_characters(form, option, text)
    if form is FREE:
        return
    domain = text.rpartition("@")[2]
    if not domain.isascii() and ("@" in text or form.exact):
        written = _ascii(domain)
        if written:
            raise InputError(
                option, text, "has a domain that is not ASCII", f"Write the domain as {written}.", f"malformed_{name}"
            )
    if not form.right(text):
        raise InputError(option, text, form.problem, form.remedy, f"malformed_{name}")


def _ascii(domain: str) -> str:
    """Return a domain as DNS has it, with xn--, or an empty text for what is no domain."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _refuse_characters(form: Form, option: str, text: str) -> None:
    """Refuse what nobody sees and everybody copies: it makes another value of the one that is read on the screen."""
    found = [c for c in dict.fromkeys(text) if _is_forbidden(c, form)]
    if not found:
        return
    told = ", ".join(f"U+{ord(c):04X} {unicodedata.name(c, 'control character')}" for c in found)
    shown = "".join(f"\\u{ord(c):04x}" if c in found else c for c in text)
    raise InputError(
        option,
        shown,
        f"holds {told}, which looks like another character or is invisible",
        "Type the value again, or remove that character.",
        "forbidden_character",
    )


def _is_forbidden(character: str, form: Form) -> bool:
    category = unicodedata.category(character)
    if form is FREE:
        return category in ("Cc", "Cf") and character not in f"\t\r\n{_JOINERS}"
    if category in ("Cc", "Cf", "Zl", "Zp") or (category == "Zs" and character != " "):
        return True
    if not form.exact or character.isascii():
        return False
    # The Kelvin sign is a k to everything that ignores case; a full-width letter is one to what normalizes.
    folded = (character.lower(), character.upper(), unicodedata.normalize("NFKC", character))
    return any(len(text) == 1 and text.isascii() for text in folded)
