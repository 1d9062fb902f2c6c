# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proxy addresses: a prefix, a value, and the one upper-case ``SMTP:`` that is the primary address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SMTP = re.compile(r"[^\s@:,;<>()\[\]\\\"]+@[^\s@:,;<>()\[\]\\\"]+\.[^\s@.:,;<>()\[\]\\\"]+")
_PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9]*):(.+)", re.DOTALL)


class InvalidAddress(ValueError):
    """A text that is no proxy address, or a list without exactly one primary address."""


def split(address: str) -> tuple[str, str]:
    """Return ``(prefix, value)``; an address without a prefix is ``smtp``."""
    matched = _PREFIX.fullmatch(address)
    return (matched.group(1), matched.group(2)) if matched else ("smtp", address)


def is_smtp_address(text: str) -> bool:
    """Say whether a text without a prefix looks like ``user@domain.tld``."""
    return _SMTP.fullmatch(text) is not None


def key(address: str) -> str:
    """Return what makes an address unique in a directory: prefix and value, both without regard to case."""
    prefix, value = split(address)
    return f"{prefix.lower()}:{value.lower()}"


def domain(address: str) -> str:
    """Return the domain of an SMTP address in lower case, or an empty text for other kinds."""
    prefix, value = split(address)
    return value.rpartition("@")[2].lower() if prefix.lower() == "smtp" and "@" in value else ""


def primary(addresses: Iterable[str]) -> str:
    """Return the value of the ``SMTP:`` address, or an empty text."""
    return next((address[5:] for address in addresses if address.startswith("SMTP:")), "")


def contains(addresses: Iterable[str], wanted: str) -> bool:
    """Say whether the list holds this address, primary or not."""
    return key(wanted) in {key(address) for address in addresses}


def normalise(addresses: Sequence[str]) -> list[str]:
    """Return the list with prefixes, without repetitions, with exactly one primary address.

    Without an upper-case ``SMTP:`` the first SMTP address becomes the primary one, as Exchange does.
    Raises InvalidAddress for a malformed address or for two primary addresses.
    """
    result: dict[str, str] = {}
    for address in addresses:
        prefix, value = split(address.strip())
        if prefix.lower() == "smtp" and not is_smtp_address(value):
            raise InvalidAddress(f'The address "{address}" isn\'t a valid SMTP address.')
        if prefix.lower() == "smtp":
            prefix = "SMTP" if address.strip().startswith("SMTP:") else "smtp"
        held = result.get(key(f"{prefix}:{value}"))
        if held is None or prefix == "SMTP":
            result[key(f"{prefix}:{value}")] = f"{prefix}:{value}"
    return _with_one_primary(list(result.values()))


def _with_one_primary(addresses: list[str]) -> list[str]:
    primaries = [address for address in addresses if address.startswith("SMTP:")]
    if len(primaries) > 1:
        raise InvalidAddress("There are multiple primary SMTP addresses: " + ", ".join(primaries) + ".")
    if primaries:
        return addresses
    for position, address in enumerate(addresses):
        if address.startswith("smtp:"):
            return [*addresses[:position], "SMTP:" + address[5:], *addresses[position + 1 :]]
    return addresses


def with_primary(addresses: Sequence[str], new_primary: str) -> list[str]:
    """Return the list with another primary address; the old one stays as a secondary address."""
    rest = [
        "smtp:" + address[5:] if address.startswith("SMTP:") else address
        for address in addresses
        if key(address) != key(new_primary)
    ]
    return [f"SMTP:{split(new_primary)[1]}", *rest]
