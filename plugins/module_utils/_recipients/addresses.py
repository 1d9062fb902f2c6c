# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Proxy addresses and their types: which go home, what the sync leaves of them, and when two lists say the same.

Everything that has to know a type of address asks this module. Set-MailUser takes any prefix, so an address of a type
that nobody here has heard of is carried like the others (facts microsoft-articles.md, "Proxy calculation").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import domain_of, without_prefix

# SPO: belongs to SharePoint Online and never leaves the cloud; SIP: goes only when asked for
# (facts identity-filters-roles.md, "Who is who").
OF_THE_CLOUD = frozenset(("spo",))
ON_REQUEST = frozenset(("sip",))
# Microsoft Entra discards them from what on-premises sends: X400, MSMAIL "and their like" (KB 3190357). Which the like
# are is inferred: the connectors of that age.
LEGACY = frozenset(("x400", "msmail", "ms", "ccmail", "notes", "gwise", "profs", "snads"))
# Below them lie the domains that the service itself gives to a tenant, one suffix for each cloud: commercial, GCC High
# and DoD, China. Of its addresses there each user keeps one, its MOERA.
INITIAL = (".onmicrosoft.com", ".onmicrosoft.us", ".onmschina.cn")
# In these, only the service gives addresses. KB 3190357 names the commercial cloud's; of the others it is inferred.
RESERVED = (*INITIAL, ".microsoftonline.com")
# The wildcard covers the routing domain too, and hybrid mail flow rests on its addresses: believed to survive.
ROUTING = tuple(f".mail{suffix}" for suffix in INITIAL)


def address_type(address: str) -> str:
    """Return the lower-case prefix of a proxy address; one without prefix is smtp."""
    prefix, colon, _rest = address.partition(":")
    return _values.folded(prefix) if colon else "smtp"


def key(address: str) -> tuple[str, str]:
    """Return what makes two proxy addresses one: kind and value, without regard to case."""
    return address_type(address), _values.folded(_value(address))


def _value(address: str) -> str:
    return without_prefix(address) if address_type(address) == "smtp" else address.partition(":")[2]


def asked(address: str) -> str:
    """Return an address as a filter asks for it, in lower case: SMTP without its prefix, any other with its own."""
    return _values.folded(_value(address) if address_type(address) == "smtp" else address)


def smtp_addresses(addresses: Iterable[str]) -> list[str]:
    """Return the plain SMTP addresses, primary and secondary, in lower case."""
    return [_values.folded(without_prefix(a)) for a in addresses if address_type(a) == "smtp"]


def primary_of(addresses: Iterable[str]) -> str:
    """Return the value of the upper-case ``SMTP:`` entry, or an empty text."""
    return next((a[5:] for a in addresses if a.startswith("SMTP:")), "")


# -- what becomes of an address ----------------------------------------------------------------------------------------


def carried(address: str, *, include_sip: bool) -> bool:
    """Tell whether an address of the cloud mailbox is written to the on-premises object."""
    prefix = address_type(address)
    return prefix not in OF_THE_CLOUD and (include_sip or prefix not in ON_REQUEST) and not malformed(address)


def malformed(address: str) -> bool:
    """Tell whether no write could carry an address: it has no type or no value, or blanks in an SMTP address.

    A local part in quotes may have them.
    """
    prefix, value = address_type(address), _value(address)
    if not prefix or not value.strip():
        return True
    return prefix == "smtp" and ("@" not in value or (len(value.split()) != 1 and not value.startswith('"')))


def writable(addresses: Iterable[str]) -> list[str]:
    """Return the addresses that a write takes."""
    return [address for address in addresses if not malformed(address)]


def of_the_service(address: str) -> bool:
    """Tell whether an address is in a suffix in which the service gives addresses, and takes them, by itself."""
    return address_type(address) == "smtp" and f".{domain_of(address)}".endswith(RESERVED)


def tenants_own(domain: str) -> bool:
    """Tell whether a domain, in lower case, is one that the service gave to a tenant: for routing, or the first one."""
    return domain.endswith(INITIAL)


def reserved(address: str) -> bool:
    """Tell whether Microsoft Entra discards an address for its suffix, which that of the routing domain is not."""
    return of_the_service(address) and not domain_of(address).endswith(ROUTING)


def outlives_sync(address: str) -> bool:
    """Tell whether Microsoft Entra keeps an address of its own that on-premises holds too, as far as its form tells.

    What it discards is neither lost by the match nor a sign against it. Of the addresses that are ``reserved`` the user
    keeps one, which is not on-premises' to keep.
    """
    return address_type(address) not in LEGACY | OF_THE_CLOUD and not reserved(address) and not malformed(address)


def evidence(stamped: Iterable[str], domains: Collection[str]) -> list[str]:
    """Return which addresses the cloud will surely show once the sync has exported them.

    ``domains`` are verified in the tenant: of a licensed user Entra drops all others. Types of which nobody says what
    becomes of them, and the routing domain, prove nothing either way.
    """
    return [
        address
        for address in stamped
        if address_type(address) == "x500"
        or (
            address_type(address) == "smtp"
            and outlives_sync(address)
            and domain_of(address) in domains
            and not domain_of(address).endswith(ROUTING)
        )
    ]


def lost_aliases(addresses: Iterable[str], alias: str) -> list[str]:
    """Return the addresses in reserved suffixes that no sync can keep: all but the mailbox's one MOERA.

    Which one that is, is known where an address follows the alias; else the primary one, or the first, is taken for it.
    """
    held = [address for address in addresses if reserved(address)]
    own = [a for a in held if tenants_own(domain_of(a))]
    likely = [a for a in own if _values.folded(_value(a)).startswith(f"{_values.folded(alias)}@")] if alias else []
    primary = [a for a in own if a.startswith("SMTP:")]
    kept = (likely or primary or own)[:1]
    return [address for address in held if address not in kept]


def fate(address: str, *, include_sip: bool, lost: Collection[str] = ()) -> str:
    """Say in a few words what an offboarding makes of an address of the cloud mailbox."""
    if malformed(address):
        return "not kept: no write accepts it"
    if address_type(address) in OF_THE_CLOUD:
        return "stays in the cloud"
    if not carried(address, include_sip=include_sip):
        return f"not kept: {_reader.option('include_sip')} is not true"
    if address_type(address) in LEGACY:
        return "kept; Microsoft Entra discards its copy"
    if reserved(address):
        return "kept; the cloud loses it with the next sync" if address in lost else "kept; the cloud keeps its own"
    return "kept"


def fates(addresses: Iterable[str], alias: str, *, include_sip: bool) -> dict[str, str]:
    """Return what becomes of each address of a cloud mailbox, for people to read."""
    held = list(addresses)
    lost = lost_aliases(held, alias)
    return {address: fate(address, include_sip=include_sip, lost=lost) for address in held}


# -- lists -------------------------------------------------------------------------------------------------------------


def to_carry(
    primary: str, addresses: Iterable[str], legacy_exchange_dn: str = "", *, include_sip: bool = False
) -> list[str]:
    """Return the full EmailAddresses that the on-premises object must hold, primary first.

    The cloud mailbox's LegacyExchangeDN becomes an X500 address, or replies to old messages bounce.
    """
    wanted = [f"SMTP:{primary}"]
    seen = {key(wanted[0])}
    extra = [f"X500:{legacy_exchange_dn}"] if legacy_exchange_dn else []
    for address in [*addresses, *extra]:
        if carried(address, include_sip=include_sip) and key(address) not in seen:
            seen.add(key(address))
            wanted.append(_normal(address))
    return wanted


def _normal(address: str) -> str:
    """Return an address as a secondary one: smtp in lower case (upper case means primary), the rest as it is."""
    return f"smtp:{without_prefix(address)}" if address_type(address) == "smtp" else address


def with_primary(addresses: Iterable[str], primary: str) -> list[str]:
    """Return the addresses with this primary one marked as Exchange marks it, and every other one as secondary."""
    mine = ("smtp", _values.folded(primary))
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


def edit(held: Iterable[str], wanted: Iterable[str]) -> dict[str, list[str]]:
    """Return what makes ``held`` hold what ``wanted`` does, as the hash table of -EmailAddresses.

    It is for lists with the same primary address. What somebody else adds at the same moment stays, where a whole list
    would take it away.
    """
    before, after = list(held), list(wanted)
    change = {"Add": missing(after, before), "Remove": missing(before, after)}
    return {name: [_normal(address) for address in found] for name, found in change.items() if found}
