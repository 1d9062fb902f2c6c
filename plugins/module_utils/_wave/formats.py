# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The forms that values have which a user gives for a mailbox, checked before any system is asked.

Which field has which form stands in fields.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import ACCEPTABLE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError

_ADDRESS_REMEDY = "Write it as user@contoso.com."
# Joiners that some scripts need in names.
_JOINERS = "\u200c\u200d"
# What shows nothing although Unicode calls it a letter or a mark: fillers, and selectors of a variation.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# The capital I with a dot is two characters in lower case: an i, and this.
_DOT_ABOVE = "\u0307"
_WORD = re.compile(r"[^\W\d_]+")
# Scripts with letters that nobody can tell from Latin ones.
_ALIKE = ("CYRILLIC ", "GREEK ", "ARMENIAN ", "CHEROKEE ", "COPTIC ", "LISU ")
# What a form lets a text hold.
ASCII, NAME, ANY = "ascii", "name", "any"


@dataclass(frozen=True)
class Form:
    """What a text has to look like, and what is told of one that does not.

    ``letters``: ASCII where Exchange and Entra accept no others, and NAME where an object is found by the text, so that
    no letter may pass for another.
    """

    right: Callable[[str], bool]
    problem: str = ""
    remedy: str = ""
    letters: str = ASCII


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
    if _is_smtp(text):
        local, _at, domain = rest.rpartition("@")
        return bool(local and domain) and domain == domain.strip()
    return prefix.isalnum() and bool(rest)


def _is_smtp(text: str) -> bool:
    prefix, colon, _rest = text.partition(":")
    return not colon or _values.folded(prefix) == "smtp"


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
    letters=NAME,
)
GUID = Form(_values.is_guid, "is not a GUID", "Write it as 8-4-4-4-12 hexadecimal digits.")
ADDRESS = Form(_values.is_address, "is not an SMTP address", _ADDRESS_REMEDY)
ROUTING_ADDRESS = Form(
    lambda text: _values.is_address(_values.without_prefix(text)), "is not an SMTP address", _ADDRESS_REMEDY
)
PRINCIPAL_NAME = Form(_values.is_address, "is not a user principal name", _ADDRESS_REMEDY)
PROXY_ADDRESS = Form(_proxy, "is not a proxy address", "Write it as smtp:user@contoso.com or X500:/o=....", letters=ANY)
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
# A name of an object, which Exchange lets hold almost anything.
OBJECT = Form(lambda _text: True, letters=NAME)
# Text for people.
FREE = Form(lambda _text: True, letters=ANY)


def refuse(form: Form, option: str, name: str, text: str) -> None:
    """Raise InputError for a text of the field ``name`` that has not its form; ``option`` is the name that is told."""
    # SMTP addresses among proxy addresses are what they are everywhere.
    letters = ASCII if form is PROXY_ADDRESS and _is_smtp(text) else form.letters
    _refuse_characters(form, letters, option, text)
    if form in (FREE, OBJECT):
        return
    domain = text.rpartition("@")[2]
    if not domain.isascii() and ("@" in text or form in (DOMAIN, HOST, CATALOG)):
        written = _ascii(domain)
        if written:
            raise InputError(
                option, text, "has a domain that is not ASCII", f"Write the domain as {written}.", f"malformed_{name}"
            )
    if letters is ASCII and not text.isascii():
        foreign = [character for character in dict.fromkeys(text) if not character.isascii()]
        raise _forbidden(option, text, foreign, "which no address of a mailbox or host and no GUID contains")
    if not form.right(text):
        raise InputError(option, text, form.problem, form.remedy, f"malformed_{name}")


def _ascii(domain: str) -> str:
    """Return a domain as DNS has it, with xn--, or an empty text for what is no domain."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _refuse_characters(form: Form, letters: str, option: str, text: str) -> None:
    """Refuse what nobody sees and everybody copies: it makes another value of the one that is read on the screen."""
    if text.isascii() and text.isprintable():
        return  # as nearly all values of thousands of mailboxes, which are looked at in each task
    found = [c for c in dict.fromkeys(text) if _is_invisible(c, form)]
    if letters is not ANY and not text.isascii():
        found += [c for c in dict.fromkeys(text) if _BLANK.match(c) or _folds(c)]
        found += [c for c in _decomposed(text) + _mixed(text) if c not in found]
    if found:
        raise _forbidden(option, text, found, "which looks like another character or is invisible")


def _forbidden(option: str, text: str, found: Sequence[str], why: str) -> InputError:
    told = ", ".join(f"U+{ord(c):04X} {unicodedata.name(c, 'control character')}" for c in found)
    return InputError(
        option,
        "".join(f"\\u{ord(c):04x}" if c in found else c for c in text),
        f"holds {told}, {why}",
        "Type the value again, remove that character, or give the object's GUID.",
        "forbidden_character",
    )


def _is_invisible(character: str, form: Form) -> bool:
    category = unicodedata.category(character)
    if form is FREE:
        return category in ("Cc", "Cf") and character not in f"\t\r\n{_JOINERS}"
    return category in ("Cc", "Cf", "Co", "Zl", "Zp") or (category == "Zs" and character != " ")


def _folds(character: str) -> bool:
    """Tell whether a letter becomes one of ASCII where case is ignored or texts are normalized.

    The Kelvin sign is a k to everything that ignores case; a full-width letter is one to what normalizes.
    """
    if character.isascii():
        return False
    folded = (character.lower(), character.upper(), unicodedata.normalize("NFKC", character))
    return any(text[0].isascii() and not text[1:].strip(_DOT_ABOVE) for text in folded)


def _decomposed(text: str) -> list[str]:
    """Return the marks, or else the letters, that the composed form (NFC) of a text has no more."""
    composed = unicodedata.normalize("NFC", text)
    if composed == text:
        return []
    gone = [c for c in dict.fromkeys(text) if c not in composed and not c.isascii()]
    return gone or [c for c in dict.fromkeys(text) if unicodedata.combining(c)]


def _mixed(text: str) -> list[str]:
    """Return the letters of another script in words that have Latin ones as well."""
    words = [word for word in _WORD.findall(text) if any(c.isascii() for c in word) and not word.isascii()]
    return [c for c in dict.fromkeys("".join(words)) if unicodedata.name(c, "").startswith(_ALIKE)]
