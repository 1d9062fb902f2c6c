# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What a mailbox is to have alone: its addresses, in both organizations, and its GUIDs on-premises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record


@dataclass(frozen=True)
class Claim:
    """What one mailbox is to have alone. ``own_guid`` and ``own_id`` are its two objects; ``guids`` by parameter.

    Without ``own_id`` the tenant is not asked: whose an address is there could not be told. ``alias`` is what a plain
    user is mail-enabled with; a recipient keeps its own."""

    addresses: Sequence[str]
    guids: Mapping[str, str]
    own_guid: str
    own_id: str
    alias: str = ""

    @property
    def values(self) -> list[str]:
        """Return all that others may hold."""
        return [*self.addresses, *self.guids.values(), *filter(None, [self.alias])]

    @property
    def named(self) -> list[str]:
        """Return what an on-premises user may have as its ``mail``, UPN or LegacyExchangeDN."""
        return [a.removeprefix("x500:") for a in self.addresses if addresses.address_type(a) in ("smtp", "x500")]


def of_mailbox(record: Record, cloud: Mapping[str, Any], on_premises: Mapping[str, Any], alias: str = "") -> Claim:
    """Return what the on-premises object of a mailbox would be given, the alias of a plain user among it."""
    wanted = addresses.to_carry(
        str(record.get("primary_smtp_address") or cloud["primary_smtp_address"]),
        cloud.get("email_addresses", []),
        str(cloud.get("legacy_exchange_dn") or ""),
        include_sip=record.get("include_sip") is not False,
    )
    guids = {"ExchangeGuid": cloud["exchange_guid"], "ArchiveGuid": cloud["archive_guid"]}
    return Claim(
        [addresses.asked(address) for address in wanted],
        {name: guid for name, guid in guids.items() if guid != _values.ZERO_GUID},
        str(on_premises["guid"]),
        str(cloud["external_directory_object_id"]),
        _values.folded(alias),
    )
