# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Bulk reads of both organizations, in the collection's terms.

Every function takes the whole wave and returns one entry for each record, in order: what was read, or the error that
concerns this record alone. What concerns all (a connection, a missing role) is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _bulk, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._cmdlet import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
    Connections,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._resources import cloud, on_premises

CLOUD_GUIDS = ("ExchangeGuid", "ExternalDirectoryObjectId", "Guid")


@dataclass
class Seen:
    """What was read for one record; ``error`` says why one side is missing."""

    cloud: dict[str, Any] | None = None
    on_premises: dict[str, Any] | None = None
    move_request: dict[str, Any] | None = None
    routing_holders: list[str] = field(default_factory=list)
    error: HybridError | None = None


def predicted(record: Record, part: str, live: dict[str, Any] | None, check: bool) -> dict[str, Any] | None:
    """Return what an earlier task of a preview said would be there, over what is live; outside check mode only live."""
    ahead = record.get("predicted", {}).get(part) if check else None
    return live if ahead is None else {**(live or {}), **ahead}


def seen_of(
    record: Record,
    ad: dict[str, Any] | HybridError,
    tenant: dict[str, Any] | HybridError | None = None,
    *,
    check: bool,
) -> Seen:
    """Return both sides of a record, predictions of a preview included; the first side that failed is its error."""
    if isinstance(ad, HybridError):
        return Seen(error=ad)
    if isinstance(tenant, HybridError):
        return Seen(error=tenant)
    return Seen(
        on_premises=predicted(record, "on_premises", ad, check),
        cloud=predicted(record, "cloud", tenant, check),
    )


def on_premises_seen(connections: Connections, records: Sequence[Record], *, check: bool) -> list[Seen]:
    """Return what stands on-premises for each record, for steps that need no more than that."""
    found = on_premises_objects(connections, records)
    return [seen_of(record, ad, check=check) for record, ad in zip(records, found, strict=True)]


# -- Exchange Online ---------------------------------------------------------------------------------------------------


def cloud_identity(record: Record) -> str:
    """Return what names the cloud object most surely: its mailbox GUID where it is known, else the identity."""
    known = str(record.get("exchange_guid") or "")
    return known if known and known != _values.ZERO_GUID else str(record["identity"])


def cloud_mailboxes(connections: Connections, records: Sequence[Record]) -> list[Properties | HybridError]:
    """Return exactly one Get-Mailbox object for each record."""
    identities = [cloud_identity(record) for record in records]
    found = _bulk.find(
        connections,
        EXCHANGE_ONLINE,
        "Get-Mailbox",
        identities,
        _bulk.by_address_or_guid(("EmailAddresses", "UserPrincipalName"), CLOUD_GUIDS),
    )
    return [_exactly_one(found[i.lower()], i, "Get-Mailbox", "mailbox in Exchange Online") for i in identities]


def cloud_recipients(connections: Connections, records: Sequence[Record]) -> list[dict[str, Any] | HybridError]:
    """Return the cloud object of each record in normal form, mailbox or mail user.

    Get-Recipient finds it whatever it is (after a move there is no mailbox any more); what matters stands on
    Get-Mailbox and Get-MailUser, asked by ExternalDirectoryObjectId.
    """
    identities = [cloud_identity(record) for record in records]
    found = _bulk.find(
        connections,
        EXCHANGE_ONLINE,
        "Get-Recipient",
        identities,
        _bulk.by_address_or_guid(("EmailAddresses", "WindowsLiveID"), CLOUD_GUIDS),
    )
    single = [_exactly_one(found[i.lower()], i, "Get-Recipient", "recipient in Exchange Online") for i in identities]
    full = _full_cloud_objects(connections, [item for item in single if not isinstance(item, HybridError)])
    return [
        item if isinstance(item, HybridError) else full[str(item.get("ExternalDirectoryObjectId") or "").lower()]
        for item in single
    ]


def _full_cloud_objects(connections: Connections, recipients: Iterable[Properties]) -> dict[str, dict[str, Any]]:
    by_kind: dict[str, dict[str, Properties]] = {"mailbox": {}, "mail_user": {}, "other": {}}
    for item in recipients:
        by_kind[cloud.kind_of(item)][str(item.get("ExternalDirectoryObjectId") or "").lower()] = item
    full = {key: cloud.recipient(item) for group in by_kind.values() for key, item in group.items()}
    for kind, cmdlet in (("mailbox", "Get-Mailbox"), ("mail_user", "Get-MailUser")):
        found = _bulk.find(
            connections, EXCHANGE_ONLINE, cmdlet, by_kind[kind], _bulk.always(("ExternalDirectoryObjectId",))
        )
        for key, objects in found.items():
            if isinstance(objects, list) and len(objects) == 1:
                full[key] = cloud.recipient({**by_kind[kind][key], **objects[0]})
    return full


def _exactly_one(
    found: list[Properties] | HybridError, identity: str, cmdlet: str, what: str
) -> Properties | HybridError:
    if isinstance(found, HybridError):
        return found
    if len(found) == 1:
        return found[0]
    if not found:
        return MailboxError(
            f"{cmdlet} finds no {what} for '{identity}'.",
            code="not_found",
            cmdlet=cmdlet,
            remedy="Give one of the object's addresses, its user principal name, or its ExchangeGuid.",
        )
    names = ", ".join(sorted(str(item.get("ExternalDirectoryObjectId") or item.get("Guid")) for item in found))
    return MailboxError(
        f"{cmdlet} finds {len(found)} objects for '{identity}': {names}.",
        code="ambiguous",
        cmdlet=cmdlet,
        remedy="Give the ExchangeGuid of the one that is meant as its identity.",
    )


# -- Exchange Server ---------------------------------------------------------------------------------------------------


def ad_identity(record: Record) -> str:
    """Return what names the on-premises user: ad_identity, else the cloud user's UPN, else the identity."""
    return str(record.get("ad_identity") or record.get("user_principal_name") or record["identity"])


def _user_properties(value: str) -> tuple[str, ...]:
    if _values.is_guid(value):
        return ("Guid",)
    return ("DistinguishedName",) if "=" in value else ("UserPrincipalName",)


def on_premises_objects(connections: Connections, records: Sequence[Record]) -> list[dict[str, Any] | HybridError]:
    """Return the on-premises object of each record in normal form.

    Get-User sees plain users too, which Get-Recipient never shows; it is asked by UPN, GUID or distinguished name only:
    names and aliases are no identity.
    """
    identities = [ad_identity(record) for record in records]
    found = _bulk.find(connections, EXCHANGE_SERVER, "Get-User", identities, _user_properties)
    plain = [_one_user(found[i.lower()], i) for i in identities]
    return _with_mail(connections, plain)


def _one_user(found: list[Properties] | HybridError, identity: str) -> dict[str, Any] | HybridError:
    one = _exactly_one(found, identity, "Get-User", "user on-premises")
    if isinstance(one, MailboxError) and one.code == "not_found":
        return MailboxError(
            f"Get-User finds no on-premises user '{identity}'.",
            code="ad_user_not_found",
            cmdlet="Get-User",
            remedy="Give ad_identity: the user's UPN, objectGUID or distinguished name in Active Directory.",
        )
    return one if isinstance(one, HybridError) else on_premises.user(one)


def _with_mail(
    connections: Connections, plain: Sequence[dict[str, Any] | HybridError]
) -> list[dict[str, Any] | HybridError]:
    result = list(plain)
    for kind, cmdlet in on_premises.READ_WITH.items():
        places = {
            item["guid"]: place for place, item in enumerate(plain) if isinstance(item, dict) and item["kind"] == kind
        }
        found = _bulk.find(connections, EXCHANGE_SERVER, cmdlet, places, _bulk.always(("Guid",)))
        for key, place in places.items():
            one = _exactly_one(found[key], key, cmdlet, "object on-premises")
            before = plain[place]
            if isinstance(one, HybridError):
                result[place] = one
            elif isinstance(before, dict):
                result[place] = on_premises.with_mail(before, one)
    return result


def database_names(connections: Connections) -> set[str]:
    """Return the names of the on-premises mailbox databases in lower case."""
    output = connections.run(EXCHANGE_SERVER, Cmdlet("Get-MailboxDatabase"))
    return {str(item.get("Name") or "").lower() for item in output.objects}


def accepted_domains(connections: Connections, kind: str) -> set[str]:
    """Return an organization's accepted domains in lower case."""
    output = connections.run(kind, Cmdlet("Get-AcceptedDomain", {"ResultSize": "Unlimited"}))
    return {str(item.get("DomainName") or "").lower() for item in output.objects}


# -- who holds an address ----------------------------------------------------------------------------------------------


def holders(connections: Connections, kind: str, wanted: Iterable[str]) -> dict[str, list[Properties]]:
    """Return every recipient that holds each address, and on-premises every user whose mail or UPN it is."""
    values = set(wanted)
    result: dict[str, list[Properties]] = {}
    asked: list[tuple[str, tuple[str, ...]]] = [("Get-Recipient", ("EmailAddresses",))]
    if kind == EXCHANGE_SERVER:
        asked.append(("Get-User", ("WindowsEmailAddress", "UserPrincipalName")))
    for cmdlet, properties in asked:
        found = _bulk.find(connections, kind, cmdlet, values, _bulk.always(properties))
        for value, objects in found.items():
            if isinstance(objects, HybridError):
                raise objects
            result.setdefault(value, []).extend(objects)
    return result


# -- move requests -----------------------------------------------------------------------------------------------------


def move_requests(connections: Connections) -> list[Properties]:
    """Return every move request of the tenant: Get-MoveRequest has no filter for mailboxes, so one call lists all."""
    return connections.run(EXCHANGE_ONLINE, Cmdlet("Get-MoveRequest", {"ResultSize": "Unlimited"})).objects


def move_request_identities(connections: Connections, records: Sequence[Record]) -> list[str | HybridError]:
    """Return the ExchangeGuid of each record's mailbox: the record's own, else read from the cloud."""
    known: list[str | HybridError] = [_values.guid(record.get("exchange_guid")) for record in records]
    unknown = [place for place, guid in enumerate(known) if guid == _values.ZERO_GUID]
    found = cloud_recipients(connections, [records[place] for place in unknown]) if unknown else []
    for place, item in zip(unknown, found, strict=True):
        known[place] = item if isinstance(item, HybridError) else item["exchange_guid"]
    return known
