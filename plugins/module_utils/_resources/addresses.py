# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Proxy addresses: which of a cloud mailbox's addresses go home, and when two lists say the same."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import without_prefix

# SPO: belongs to SharePoint Online and never leaves the cloud; SIP: goes only when asked for
# (facts identity-filters-roles.md, "Who is who").
CARRIED = ("smtp", "x500", "x400")


def kind_of(address: str) -> str:
    """Return the lower-case prefix of a proxy address; one without prefix is smtp."""
    prefix, colon, _rest = address.partition(":")
    return prefix.lower() if colon else "smtp"


def key(address: str) -> tuple[str, str]:
    """Return what makes two proxy addresses one: kind and value, without regard to case."""
    return kind_of(address), without_prefix(address).lower()


def smtp_addresses(addresses: Iterable[str]) -> list[str]:
    """Return the plain SMTP addresses, primary and secondary, in lower case."""
    return [without_prefix(a).lower() for a in addresses if kind_of(a) == "smtp"]


def primary_of(addresses: Iterable[str]) -> str:
    """Return the value of the upper-case ``SMTP:`` entry, or an empty text."""
    return next((a[5:] for a in addresses if a.startswith("SMTP:")), "")


def to_carry(
    primary: str, addresses: Iterable[str], legacy_exchange_dn: str = "", *, include_sip: bool = False
) -> list[str]:
    """Return the full EmailAddresses that the on-premises object must hold, primary first.

    The cloud mailbox's LegacyExchangeDN becomes an X500 address, or replies to old messages bounce.
    """
    kinds = (*CARRIED, "sip") if include_sip else CARRIED
    wanted = [f"SMTP:{primary}"]
    seen = {key(wanted[0])}
    extra = [f"X500:{legacy_exchange_dn}"] if legacy_exchange_dn else []
    for address in [*addresses, *extra]:
        if kind_of(address) in kinds and key(address) not in seen:
            seen.add(key(address))
            wanted.append(_normal(address))
    return wanted


def _normal(address: str) -> str:
    """Return an address as a secondary one: smtp in lower case (upper case means primary), the rest as it is."""
    return f"smtp:{without_prefix(address)}" if kind_of(address) == "smtp" else address


def with_primary(addresses: Iterable[str], primary: str) -> list[str]:
    """Return the addresses with this primary one marked as Exchange marks it, and every other one as secondary."""
    mine = ("smtp", primary.lower())
    return [f"SMTP:{without_prefix(a)}" if key(a) == mine else _normal(a) for a in addresses]


def merged(wanted: Iterable[str], existing: Iterable[str]) -> list[str]:
    """Return ``wanted`` with what already stands on the object kept behind it: nothing is taken away."""
    result = list(wanted)
    seen = {key(a) for a in result}
    for address in existing:
        if key(address) not in seen:
            seen.add(key(address))
            result.append(_normal(address))
    return result


def same(left: Iterable[str], right: Iterable[str]) -> bool:
    """Tell whether two lists hold the same addresses and the same primary one; order does not count."""
    return {(key(a), a.startswith("SMTP:")) for a in left} == {(key(a), a.startswith("SMTP:")) for a in right}


def missing(wanted: Iterable[str], existing: Iterable[str]) -> list[str]:
    """Return the addresses of ``wanted`` that ``existing`` lacks."""
    held = {key(a) for a in existing}
    return [a for a in wanted if key(a) not in held]
