# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Nobody else holds an address of the mailbox: asked per address, in both organizations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _bulk, _reading, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
    Connections,
    side_by_side,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._reading import Seen
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._resources import addresses


def refuse_other_holders(
    connections: Connections, seen: Sequence[Seen], users: Mapping[str, dict[str, Any]] = MappingProxyType({})
) -> None:
    """Set the error of each entry one of whose addresses another recipient or user holds.

    ``users`` are the on-premises users that were found by their UPNs, each the only one with its UPN: what is known
    of them is not asked again.
    Entra would answer such a match with a quarantined attribute and no error (facts offboarding-practice.md 1.4).
    """
    open_entries = [entry for entry in seen if entry.error is None]
    wanted = {address for entry in open_entries for address in _addresses(entry)}
    if not wanted:
        return
    on_premises, tenant = side_by_side(
        lambda: _reading.holders(connections, EXCHANGE_SERVER, wanted, users),
        lambda: _reading.holders(connections, EXCHANGE_ONLINE, wanted),
    )
    for entry in open_entries:
        entry.error = _of_known_user(entry, users) or _conflict(entry, on_premises, tenant)


def _addresses(entry: Seen) -> list[str]:
    return addresses.smtp_addresses((entry.cloud or {}).get("email_addresses", []))


def _of_known_user(entry: Seen, users: Mapping[str, dict[str, Any]]) -> HybridError | None:
    own_guid = (entry.on_premises or {}).get("guid")
    for address in _addresses(entry):
        user = users.get(address)
        if user is not None and user["guid"] != own_guid:
            return _held(address, user["distinguished_name"], "on-premises")
    return None


def _conflict(entry: Seen, on_premises: _bulk.Found, tenant: _bulk.Found) -> HybridError | None:
    own_guid = (entry.on_premises or {}).get("guid")
    own_id = (entry.cloud or {}).get("external_directory_object_id")
    for address in _addresses(entry):
        here, there = on_premises.get(address, []), tenant.get(address, [])
        for found in (here, there):
            if isinstance(found, HybridError):
                return found
        for item in here if isinstance(here, list) else ():
            if _values.guid(item.get("Guid")) != own_guid:
                return _held(address, str(item.get("DistinguishedName") or item.get("Name")), "on-premises")
        for item in there if isinstance(there, list) else ():
            if str(item.get("ExternalDirectoryObjectId") or "").lower() != own_id:
                return _held(address, str(item.get("DisplayName") or item.get("Name")), "in Exchange Online")
    return None


def _held(address: str, holder: str, where: str) -> MailboxError:
    return MailboxError(
        f"{address} is also held {where} by {holder}.",
        code="address_in_use",
        cmdlet="Get-Recipient",
        remedy="Remove the address there first: a match with a duplicate address is quarantined without an error.",
    )
