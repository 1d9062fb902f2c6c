# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proxy calculation: what Microsoft Entra makes of mail, mailNickname and proxyAddresses that come from on-premises.

The exported values are inputs; the cloud's final addresses are calculated from them, and from what the cloud object
had (KB 3190357, "How the proxyAddresses attribute is populated"). CONFORMANCE.md says which of it is inferred.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from lab.model import addresses

# The article names X400 and MSMAIL "etc.": the others are the connectors of the same age, as Exchange prefixed them.
LEGACY = frozenset({"x400", "msmail", "ms", "ccmail", "notes", "gwise", "profs", "snads"})
RESERVED = ("onmicrosoft.com", "microsoftonline.com", "onmicrosoft.us", "onmschina.cn")


@dataclass(frozen=True)
class Source:
    """The on-premises values of one object; ``alias`` is mailNickname."""

    user_principal_name: str
    mail: str = ""
    alias: str = ""
    proxies: Sequence[str] = ()


@dataclass(frozen=True)
class Calculated:
    """The cloud's values: before a calculation what the object has, afterwards what it gets."""

    alias: str = ""
    proxies: Sequence[str] = ()

    @property
    def mail(self) -> str:
        """Return the primary address, which ``mail`` always follows."""
        return addresses.primary(self.proxies)


@dataclass(frozen=True)
class Tenant:
    """What the calculation knows of the tenant. ``taken`` says whether another object holds an address.

    ``routing_domain`` is the tenant's mail.onmicrosoft.com domain where its addresses survive, else empty.
    """

    initial_domain: str
    verified: Collection[str]
    taken: Callable[[str], bool]
    digits: str = "4711"
    routing_domain: str = ""


def survives(address: str, tenant: Tenant, *, recipient: bool) -> bool:
    """Tell whether an on-premises address is among the cloud's, as far as its form and its domain decide that.

    ``recipient`` is a user with an Exchange Online licence, or a recipient of Exchange Online without one.
    """
    prefix, value = addresses.split(address)
    if ":" not in address or prefix.lower() in LEGACY:
        return False
    if prefix.lower() != "smtp":
        return True
    domain = addresses.domain(address)
    if not addresses.is_smtp_address(value) or (reserved(domain) and domain != tenant.routing_domain):
        return False
    return not recipient or domain in tenant.verified


def reserved(domain: str) -> bool:
    """Tell whether a domain ends in a suffix that only the service gives addresses in."""
    return any(domain == suffix or domain.endswith(f".{suffix}") for suffix in RESERVED)


def calculate(source: Source, now: Calculated, tenant: Tenant, *, recipient: bool) -> Calculated:
    """Return the cloud's values after the on-premises ones, the licence or its absence were taken into account."""
    own = [address for address in source.proxies if survives(address, tenant, recipient=recipient)]
    upn = source.user_principal_name
    usable_upn = bool(upn) and survives(f"smtp:{upn}", tenant, recipient=True)
    primary = addresses.primary(own)
    if not primary and source.mail and survives(f"smtp:{source.mail}", tenant, recipient=recipient):
        primary = source.mail
    if not primary and recipient and usable_upn:
        primary = upn
    alias = source.alias or now.alias or (primary or upn).partition("@")[0]
    routing = _moera(alias, now, tenant, recipient=recipient)
    found = [f"SMTP:{primary}"] if primary else []
    found += [address for address in own if not addresses.contains(found, address)]
    # A user that had a licence once gets its name as an address again with the next on-premises address (scenario 4).
    if usable_upn and (recipient or (routing and source.proxies)):
        found += [] if addresses.contains(found, f"smtp:{upn}") else [f"smtp:{upn}"]
    if routing and not addresses.contains(found, routing):
        found.append(routing)
    return Calculated(alias, with_primary(found, tenant))


def with_primary(proxies: Sequence[str], tenant: Tenant) -> list[str]:
    """Return the addresses; without a primary one the address in the initial domain is it."""
    if addresses.primary(proxies):
        return list(proxies)
    routing = next((address for address in proxies if addresses.domain(address) == tenant.initial_domain), "")
    return [f"SMTP:{address[5:]}" if address == routing else address for address in proxies]


def _moera(alias: str, now: Calculated, tenant: Tenant, *, recipient: bool) -> str:
    """Return the address in the initial domain: kept as it was, made for a recipient that has none, else empty."""
    held = [address for address in now.proxies if addresses.domain(address) == tenant.initial_domain]
    if held:
        # Which of several is the service's own is not documented: the one that follows the alias, else the first.
        likely = addresses.key(f"smtp:{now.alias}@{tenant.initial_domain}")
        own = next((address for address in held if addresses.key(address) == likely), held[0])
        return f"smtp:{addresses.split(own)[1]}"
    if not recipient or not alias:
        return ""
    wanted = f"smtp:{alias}@{tenant.initial_domain}"
    return f"smtp:{alias}{tenant.digits}@{tenant.initial_domain}" if tenant.taken(wanted) else wanted
