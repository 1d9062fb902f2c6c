# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Who may open an on-premises mailbox: what is read, and what plan.py makes of it.

An entry shows its trustee as ``DOMAIN\\account``, sometimes as a user principal name, and as a SID once the account is
gone (facts: mailbox-permissions.md, section 3). So both a trustee and the name that an entry shows are looked up with
Get-Recipient: the entry is the trustee's if both have the same GUID.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Union

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    HybridError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox_permission import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox_permission.plan import (
    ALL,
    SID,
    Access,
    Entry,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import on_premises
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import OnPremisesRecipient
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem, nothing

# They have no SID that an entry could hold.
_NO_PRINCIPALS = ("MailContact", "MailForestContact", "MailUniversalDistributionGroup", "DynamicDistributionGroup")


@dataclass(frozen=True)
class Permission(Step[Access]):
    """The entries of each mailbox that its record names are there; or, where ``present`` is false, are not."""

    present: bool
    writes_to = EXCHANGE_SERVER

    def skips(self, record: Record) -> bool:
        # A mailbox that is home is one to give permissions on, but need not have any to be given.
        return not record.get("trustees")

    def read(self, connections: Connections, items: Sequence[WorkItem[Access]]) -> None:
        objects = recipients_read.on_premises_objects(connections, [item.known for item in items])
        trustees = _principals(connections, {user for item in items for user in _users(item.record)})
        mailboxes = {}
        for item in items:
            try:
                mailboxes[item] = _mailbox(objects[item.identity])
            except HybridError as error:
                item.show(error)
        entries = _entries(connections, mailboxes.values())
        accounts = {_account(one) for one in trustees.values() if isinstance(one, dict)}
        candidates = {entry.user for found in entries.values() if isinstance(found, tuple) for entry in found}
        owners = _principals(connections, {user for user in candidates if _may_be_one_of(user, accounts)})
        for item, guid in mailboxes.items():
            try:
                item.show(_access(item.record, guid, entries[guid], trustees, owners))
            except HybridError as error:
                item.show(error)

    def second_look(self) -> Callable[[Connections, Sequence[WorkItem[Access]]], None]:
        # Entries are added and removed, never replaced.
        return nothing

    def plan(self, record: Record, current: Access, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.of(record, current, present=self.present)


def _users(record: Record) -> Iterator[str]:
    yield from (_values.folded(trustee["user"]) for trustee in record["trustees"])


def _mailbox(found: OnPremisesRecipient | HybridError) -> str:
    """Return the GUID of the object whose entries are read."""
    if isinstance(found, HybridError):
        raise found
    on_premises.require_mailbox(found)
    return str(found["guid"])


def _principals(connections: Connections, names: Iterable[str]) -> dict[str, Union[Properties, HybridError]]:
    """Return the one recipient of the forest that each name means to Exchange, or why there is none; no SIDs."""
    asked = sorted(name for name in names if not SID.fullmatch(name))
    answers = connections.read_each(
        EXCHANGE_SERVER, [Cmdlet("Get-Recipient", {"Identity": name}, forest=True) for name in asked]
    )
    result: dict[str, Union[Properties, HybridError]] = {}
    for name, answer in zip(asked, answers, strict=True):
        if isinstance(answer, HybridError) and not (isinstance(answer, CmdletError) and answer.not_found):
            result[name] = answer
            continue
        found = [] if isinstance(answer, HybridError) else answer.objects
        result[name] = found[0] if len(found) == 1 else _not_one(name, found)
    return result


def _not_one(name: str, found: Sequence[Properties]) -> MailboxError:
    if found:
        return MailboxError(
            f"Get-Recipient finds {len(found)} recipients for trustee '{name}'.",
            code="ambiguous",
            cmdlet="Get-Recipient",
            remedy="Use the GUID of the right one in trustees.",
        )
    return MailboxError(
        f"Get-Recipient finds no on-premises recipient for trustee '{name}'.",
        code="not_found",
        cmdlet="Get-Recipient",
        remedy="Use an address, DOMAIN\\account or GUID in trustees, or the SID for the entry of a deleted account.",
    )


def _entries(connections: Connections, guids: Iterable[str]) -> dict[str, tuple[Entry, ...] | HybridError]:
    """Return the entries of each mailbox, by its GUID.

    Each entry once: two pinned domain controllers that are global catalogs both show a mailbox.
    """
    asked = list(dict.fromkeys(guids))
    cmdlets = [Cmdlet("Get-MailboxPermission", {"Identity": guid, "ResultSize": "Unlimited"}) for guid in asked]
    answers = connections.read_each(EXCHANGE_SERVER, cmdlets)
    return {
        guid: answer if isinstance(answer, HybridError) else tuple(dict.fromkeys(map(_entry, answer.objects)))
        for guid, answer in zip(asked, answers, strict=True)
    }


def _entry(item: Properties) -> Entry:
    rights = [right.strip() for text in _values.as_list(item.get("AccessRights")) for right in text.split(",")]
    return Entry(
        _values.folded(item.get("User")),
        tuple(right for right in rights if right),
        str(item.get("InheritanceType") or ALL),
        _values.as_bool(item.get("Deny")),
        _values.as_bool(item.get("IsInherited")),
    )


def _account(recipient: Properties) -> str:
    return _values.folded(recipient.get("SamAccountName"))


def _may_be_one_of(user: str, accounts: Iterable[str]) -> bool:
    """Tell whether an entry's name has to be looked up: it has an account name of a trustee, or no account name."""
    return user.rpartition("\\")[2] in accounts if "\\" in user else "@" in user


def _access(
    record: Record,
    guid: str,
    entries: tuple[Entry, ...] | HybridError,
    trustees: Mapping[str, Union[Properties, HybridError]],
    owners: Mapping[str, Union[Properties, HybridError]],
) -> Access:
    if isinstance(entries, HybridError):
        raise entries
    if not any(not entry.inherited for entry in entries):
        # Its owner's own entry is always there: an answer without it is no answer about who has none.
        raise MailboxError(
            "Get-MailboxPermission shows no entry of the mailbox itself, not even its owner's.",
            code="unexpected_answer",
            cmdlet="Get-MailboxPermission",
            retryable=True,
            remedy="Run it by hand for this mailbox; its permissions may be damaged.",
        )
    known = {}
    for user in _users(record):
        found = trustees.get(user)
        if isinstance(found, HybridError):
            raise found
        known[user] = user if found is None else _principal(user, found)
    named = {}
    for user in {entry.user for entry in entries} & owners.keys():
        found = owners[user]
        if not isinstance(found, HybridError):
            named[user] = _values.told_guid(found.get("Guid"))
        elif found.code != "not_found":
            # Whose entry it is cannot be told, so neither can what the trustees have.
            raise found
    return Access(guid, entries, known, named)


def _principal(name: str, found: Properties) -> str:
    details = str(found.get("RecipientTypeDetails") or "")
    if details in _NO_PRINCIPALS:
        raise MailboxError(
            f"trustee '{name}' is a {details}, which no permission can be given to.",
            code="wrong_recipient_type",
            cmdlet="Get-Recipient",
            remedy="Name a user or a mail-enabled security group in trustees.",
        )
    guid = _values.told_guid(found.get("Guid"))
    if not _values.is_guid(guid):
        raise MailboxError(
            f"Exchange shows '{guid}' as the Guid of trustee '{name}'.",
            code="unreadable_value",
            cmdlet="Get-Recipient",
            remedy="Check the object with Get-Recipient | Format-List Guid.",
        )
    return guid
