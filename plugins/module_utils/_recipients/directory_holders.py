# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Who in Active Directory holds what a mailbox is to have alone, in the terms in which Exchange would show it.

Get-Recipient shows mail-enabled objects, Get-User the users, without their proxyAddresses. A plain user with an address
in proxyAddresses, or a plain contact or group with one in mail, is shown by neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.claim import Claim
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory import forest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    HOLDING,
    Holder,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    DirectoryReader,
)

_GUIDS = ("msExchMailboxGuid", "msExchArchiveGUID")
_NAMES = ("mail", "userPrincipalName")


def unsearched(reason: str) -> str:
    """Return that nobody was looked at, as sentences for the readiness report."""
    return f"Plain users, contacts and groups were not searched, whose proxyAddresses no cmdlet shows. {reason}"


class DirectoryHolders:
    """Asks Active Directory for a wave. ``unsearched`` says in a sentence who was not looked at, ``remedy`` what to do
    about it: the connection may fail, and the global catalog, which knows the other domains."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self.unsearched = ""
        self.remedy = ""

    def __call__(self, claims: Collection[Claim]) -> dict[str, list[Properties]]:
        """Return the objects that hold a value of the claims, by the value. Raises InputError.

        ``HeldAs`` of an object is the attribute that holds the value, the weightiest one.
        """
        wanted = {pair for claim in claims for pair in _asked(claim)}
        try:
            with DirectoryReader(self._options) as reader:
                held = forest.holders(reader, sorted(wanted))
        except InputError:
            raise
        except HybridError as error:
            self.unsearched, self.remedy = unsearched(" ".join(error.message.split())), error.remedy
            return {}
        if held.unsearched:
            self.unsearched, self.remedy = held.unsearched, held.remedy
        found: dict[str, list[Properties]] = {}
        for item in held.holders:
            # Active Directory compares more loosely than Exchange, letters with accents for example: what counts is
            # what the object shows.
            for value, attribute in _held(item, wanted).items():
                found.setdefault(value, []).append(_shown(item, attribute))
        return found


def _asked(claim: Claim) -> Iterator[tuple[str, str]]:
    """Yield what a claim asks for as attribute and value."""
    for address in claim.addresses:
        kind = addresses.address_type(address)
        yield "proxyAddresses", f"smtp:{address}" if kind == "smtp" else address
    for value in claim.named:
        yield from (("legacyExchangeDN", value),) if value.startswith("/") else ((name, value) for name in _NAMES)
    for guid in claim.guids.values():
        yield from ((name, guid) for name in _GUIDS)
    if claim.alias:
        yield "mailNickname", claim.alias


def _held(item: Holder, wanted: Collection[tuple[str, str]]) -> dict[str, str]:
    """Return the values of a claim that an object holds, each with the first attribute of HOLDING that does."""
    found: dict[str, str] = {}
    for attribute in HOLDING:
        for shown in map(_values.folded, item.holds.get(attribute, ())):
            if (attribute, shown) in wanted:
                found.setdefault(addresses.asked(shown) if attribute == "proxyAddresses" else shown, attribute)
    return found


def _shown(item: Holder, attribute: str) -> Properties:
    def first(name: str) -> str:
        return next(iter(item.holds.get(name, ())), "")

    return {
        "Guid": item.guid,
        "DistinguishedName": item.distinguished_name,
        "Alias": first("mailNickname"),
        "UserPrincipalName": first("userPrincipalName"),
        "LegacyExchangeDN": first("legacyExchangeDN"),
        "ObjectClass": item.object_class,
        "HeldAs": attribute,
    }


def asked_by(options: Mapping[str, Any] | None) -> DirectoryHolders | None:
    """Return who asks Active Directory with these options of its connection, None where it is not configured."""
    return None if options is None else DirectoryHolders(options)


def warnings(directory: DirectoryHolders | None) -> list[str]:
    """Return a warning of what was not searched although Active Directory is configured."""
    return [told(directory.unsearched, directory.remedy)] if directory is not None and directory.unsearched else []


def told(not_searched: str, remedy: str) -> str:
    return f"{not_searched} They may hold an address, a GUID or an alias of the mailboxes. {remedy}".strip()
