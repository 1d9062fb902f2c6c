# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Which objects hold a value, whatever their class: in the controller's domain, and in the forest's other ones.

The domain is searched by every attribute. Of the other domains the global catalog knows the partial attribute set,
which a schema extension may change ([MS-ADTS] 3.1.1.1.8; Windows alone leaves proxyAddresses out): so the schema is
asked what is in it, and what is not was not searched there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory import attributes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    Attributes,
    Holder,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    DirectoryReader,
)

# Values in one search. A mailbox asks for some fifteen, and most of them nobody has: 15,000 values, those of 1,000
# mailboxes, took Samba 12 seconds by fifties and 7 to 9 by hundreds or more, and the module 0.2 seconds of CPU time.
AT_ONCE = 250
FOREST = ""  # as the base of a search in the global catalog
_SHOWN = ("objectGUID", "distinguishedName", "objectClass", *attributes.HOLDING)
# FLAG_CR_NTDS_DOMAIN of a crossRef's systemFlags ([MS-ADTS] 2.2.10): the naming context is a domain of this forest.
_OF_A_DOMAIN = 2


@dataclass(frozen=True)
class Held:
    """``unsearched`` says in a sentence where nobody looked, ``remedy`` what to do about it; else they are empty."""

    holders: list[Holder] = field(default_factory=list)
    unsearched: str = ""
    remedy: str = ""


def holders(reader: DirectoryReader, asked: Sequence[tuple[str, str]]) -> Held:
    """Return every object that has one of these values, ``(attribute of HOLDING, value)``.

    Raises HybridError where the domain itself cannot be searched.
    """
    values = [(name, attributes.asserted(name, value)) for name, value in asked]
    domain = reader.naming_context("defaultNamingContext")
    found = {item.guid: item for item in reader.search(domain, values, _SHOWN, attributes.holder, AT_ONCE)}
    domains = _domains(reader)
    others = [name for name in domains if _values.folded(name) != _values.folded(domain)]
    if len(others) == len(domains):
        told = f"Only objects of {domain} were searched: the account cannot read which domains the forest has."
        return Held(list(found.values()), told, "Allow the account to read the crossRef objects of the forest.")
    if not others:
        return Held(list(found.values()))
    elsewhere = ", ".join(others)
    try:
        known = _in_the_catalog(reader, {name for name, _value in asked})
        with reader.global_catalog() as catalog:
            kept = [item for item in values if item[0] in known]
            there = catalog.search(FOREST, kept, _SHOWN, attributes.holder, AT_ONCE)
    except HybridError as error:
        told = f"Objects of {elsewhere} were not searched: {' '.join(error.message.split())}"
        return Held(list(found.values()), told, error.remedy)
    # Of the controller's own domain the catalog shows less than the domain did.
    found = {**{item.guid: item for item in there}, **found}
    left = [name for name in attributes.HOLDING if name in {name for name, _value in asked} - known]
    if not left:
        return Held(list(found.values()))
    names = ", ".join(left)
    told = f"Objects of {elsewhere} were not searched by {names}, which the global catalog does not contain."
    return Held(list(found.values()), told, "Check the objects of these domains by hand.")


def _domains(reader: DirectoryReader) -> list[str]:
    """Return the distinguished names of the forest's domains."""
    base = f"CN=Partitions,{reader.naming_context('configurationNamingContext')}"
    shown = reader.search(base, [("objectClass", b"crossRef")], ("nCName", "systemFlags"), dict)
    flags = ((_text(item, "nCName"), _values.count(_text(item, "systemFlags")) or 0) for item in shown)
    return sorted(name for name, number in flags if name and number & _OF_A_DOMAIN)


def _in_the_catalog(reader: DirectoryReader, names: Collection[str]) -> set[str]:
    """Return which of these attributes the schema puts into the global catalog."""
    base = reader.naming_context("schemaNamingContext")
    asked = [("lDAPDisplayName", name.encode()) for name in sorted(names)]
    shown = reader.search(base, asked, ("lDAPDisplayName", "isMemberOfPartialAttributeSet"), dict)
    members = {
        _values.folded(_text(item, "lDAPDisplayName"))
        for item in shown
        if _text(item, "isMemberOfPartialAttributeSet") == "TRUE"
    }
    return {name for name in names if _values.folded(name) in members}


def _text(entry: Attributes, name: str) -> str:
    values = {_values.folded(shown): held for shown, held in entry.items()}.get(_values.folded(name))
    return values[0].decode("utf-8", "replace") if values else ""
