# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Nobody else holds what a mailbox is to have alone: each address, in both organizations, its GUIDs on-premises.

Exchange refuses what is taken anywhere in the forest, and refuses it at the second of the two writes that make a user
whole. So the whole forest is asked before the first, whatever domain controllers are pinned; where it cannot be asked,
that is told like a conflict. Who has the alias is asked in the same calls. Whether Exchange refuses a second recipient
with it is not documented; if so, it does at the first write.

Its cmdlets do not show everybody: what a plain object holds is found where Active Directory itself is asked, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    in_threads,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    HybridError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import filter_query, read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.claim import Claim
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import WorkItem

# All else that is found is final: Exchange refuses it, or Microsoft Entra quarantines it.
ACCEPTABLE = frozenset(("mail_in_use", "alias_in_use", "uniqueness_not_checked"))
PORTION = 1000  # mailboxes that are asked for at once: every address of each has its holder
HERE, THERE = "on-premises", "in Exchange Online"
# Returns objects of Active Directory by the value that they hold; ``HeldAs`` is the attribute. DirectoryHolders is one.
Directory = Callable[[Collection[Claim]], Mapping[str, Sequence[Properties]]]
# An object has these without being a recipient; of the others each makes an object one that Exchange knows.
_BY_NAME = ("mail", "userPrincipalName", "legacyExchangeDN")


def conflicts(
    connections: Connections, by_identity: Mapping[str, Claim], directory: Directory | None = None
) -> dict[str, list[HybridError]]:
    """Return, for each mailbox, what others hold of its claim, or that it could not be asked; the first weighs most.

    ``directory`` asks Active Directory, where that is configured; what it cannot answer it says itself. Entra would
    answer a match with a duplicate address with a quarantined attribute and no error (facts offboarding-practice.md
    1.4).
    """
    same = Counter(item.alias for item in by_identity.values())
    names = list(by_identity)
    found: dict[str, list[HybridError]] = {}
    for start in range(0, len(names), PORTION):
        portion = {name: by_identity[name] for name in names[start : start + PORTION]}
        found.update(_conflicts(connections, portion, same, directory))
    return found


def _conflicts(
    connections: Connections, by_identity: Mapping[str, Claim], same: Mapping[str, int], directory: Directory | None
) -> dict[str, list[HybridError]]:
    """Return the same for a portion of the wave; ``same`` is how many mailboxes of all of it would have an alias."""
    claims = by_identity.values()
    wanted = {address for item in claims for address in item.addresses}
    guids = {guid for item in claims for guid in item.guids.values()}
    aliases = {item.alias for item in claims if item.alias}
    there = {address for item in claims if item.own_id for address in item.addresses}
    named = {value for item in claims for value in item.named}
    questions: Sequence[Callable[[], filter_query.Found]] = (
        partial(read.holders, connections, EXCHANGE_SERVER, wanted | guids, aliases),
        partial(read.named_users, connections, named) if named else dict,
        partial(read.holders, connections, EXCHANGE_ONLINE, there) if there else dict,
        partial(_in_the_directory, directory, list(claims)) if directory is not None else dict,
    )
    answers = in_threads(_answer, questions, len(questions))
    unasked = [answer for answer in answers if isinstance(answer, HybridError)]
    if unasked:
        return {identity: [_not_checked(unasked[0])] for identity in by_identity}
    on_premises, users, tenant, others = (answer for answer in answers if not isinstance(answer, HybridError))
    _complete(on_premises, users, others)
    return {
        identity: [
            *_told(item, on_premises, users, tenant),
            *(_alias_in_the_wave(item) if same[item.alias] > 1 else ()),
        ]
        for identity, item in by_identity.items()
    }


def _in_the_directory(directory: Directory, claims: Collection[Claim]) -> filter_query.Found:
    return {value: list(objects) for value, objects in directory(claims).items()}


def _complete(on_premises: filter_query.Found, users: filter_query.Found, others: filter_query.Found) -> None:
    """Add to the answers of Exchange the objects of Active Directory that it does not show with a value."""
    for value in others:
        for item in _objects(others, value):
            answer = users if item.get("HeldAs") in _BY_NAME else on_premises
            known = answer.setdefault(value, [])
            if isinstance(known, list) and not _knows(on_premises, value, item) and not _knows(answer, value, item):
                known.append(item)


def _knows(answer: filter_query.Found, value: str, item: Properties) -> bool:
    guid = _values.told_guid(item.get("Guid"))
    return any(_values.told_guid(other.get("Guid")) == guid for other in _objects(answer, value))


def not_accepted(errors: Sequence[HybridError], accept: Collection[str]) -> list[HybridError]:
    """Return the conflicts that stop the mailbox although these codes are accepted."""
    return [error for error in errors if error.code not in ACCEPTABLE or error.code not in accept]


def fail_held(
    connections: Connections, planned: Sequence[tuple[WorkItem[Any], Claim]], directory: Directory | None = None
) -> None:
    """Set the error of each item of which others hold what is about to be written.

    What offboarding_state asked in this run already, its record says; nothing is asked twice.
    """
    entries = [(item, _unasked(item.record, claim)) for item, claim in planned]
    entries = [(item, claim) for item, claim in entries if claim.values]
    found = conflicts(connections, {item.identity: claim for item, claim in entries}, directory)
    for item, _claim in entries:
        item.error = next(iter(not_accepted(found[item.identity], _values.as_list(item.record.get("accept")))), None)


def _unasked(record: Record, claim: Claim) -> Claim:
    asked = set(_values.as_list(record.get("holders_asked")))
    return replace(
        claim,
        addresses=[address for address in claim.addresses if address not in asked],
        guids={name: guid for name, guid in claim.guids.items() if guid not in asked},
        alias="" if claim.alias in asked else claim.alias,
    )


def _answer(ask: Callable[[], filter_query.Found]) -> filter_query.Found | HybridError:
    """Return an answer, or that this account may not ask, or that Exchange refused; a lost connection is raised."""
    try:
        return ask()
    except HybridError as error:
        if isinstance(error, CmdletError) or error.code == "permission_denied":
            return error
        raise


def _told(
    item: Claim, on_premises: filter_query.Found, users: filter_query.Found, tenant: filter_query.Found
) -> list[HybridError]:
    asked = (
        *((on_premises, value) for value in item.values),
        *((users, value) for value in item.named),
        *((tenant, value) for value in item.addresses),
    )
    for answer, value in asked:
        found = answer.get(value, [])
        if isinstance(found, HybridError):
            return [_not_checked(found, value)]
    found_by_name = [*_named(item, users, on_premises)]
    return [
        *_guids(item, on_premises),
        *(_held(address, other, HERE) for address, other in _others(item, on_premises)),
        *(error for error in found_by_name if error.code != "mail_in_use"),
        *(_held(address, other, THERE) for address, other in _others_in_the_cloud(item, tenant)),
        *(error for error in found_by_name if error.code == "mail_in_use"),
        *_aliases(item, on_premises),
    ]


def _objects(answer: filter_query.Found, value: str) -> list[Properties]:
    found = answer.get(value, [])
    return found if isinstance(found, list) else []


def _guids(item: Claim, on_premises: filter_query.Found) -> Iterator[MailboxError]:
    for name, guid in item.guids.items():
        for other in _objects(on_premises, guid):
            if _values.told_guid(other.get("Guid")) != item.own_guid:
                yield MailboxError(
                    f"{name} {guid} of the mailbox also belongs on-premises to {_name(other)}.",
                    code="guid_in_use",
                    cmdlet=_asked_by(other, "Get-Recipient"),
                    remedy="Find the object that has the GUID and clear it there: Exchange refuses a second object "
                    "with the same GUID.",
                )


def _aliases(item: Claim, on_premises: filter_query.Found) -> Iterator[MailboxError]:
    for other in _objects(on_premises, item.alias) if item.alias else ():
        if _values.told_guid(other.get("Guid")) != item.own_guid and _values.folded(other.get("Alias")) == item.alias:
            yield _alias(f"The alias {item.alias} belongs on-premises to {_name(other)}.", other)


def _alias_in_the_wave(item: Claim) -> Iterator[MailboxError]:
    if item.alias:
        yield _alias(f"Another mailbox of this wave would get the alias {item.alias} on-premises, too.", {})


def _alias(message: str, other: Properties) -> MailboxError:
    return MailboxError(
        message,
        code="alias_in_use",
        cmdlet=_asked_by(other, "Get-Recipient"),
        remedy="Set another one in the field alias of the mailbox's record (column alias of the CSV file); the cloud "
        "gets it with the match. Or change the other recipient's. If this Exchange lets two recipients share an alias, "
        "accept it: offboarding_accept: [alias_in_use].",
    )


def _others(item: Claim, on_premises: filter_query.Found) -> Iterator[tuple[str, Properties]]:
    for address in item.addresses:
        for other in _objects(on_premises, address):
            if _values.told_guid(other.get("Guid")) != item.own_guid:
                yield address, other


def _others_in_the_cloud(item: Claim, tenant: filter_query.Found) -> Iterator[tuple[str, Properties]]:
    if not item.own_id:
        return
    for address in item.addresses:
        for other in _objects(tenant, address):
            if _values.folded(other.get("ExternalDirectoryObjectId")) != item.own_id:
                yield address, other


def _named(item: Claim, users: filter_query.Found, on_premises: filter_query.Found) -> Iterator[MailboxError]:
    """Tell an object whose UPN or LegacyExchangeDN an address is from one that has it as ``mail`` and no more.

    One that has it as a proxy address is told already.
    """
    for value, address in ((address.removeprefix("x500:"), address) for address in item.addresses):
        for other in _objects(users, value) if value in item.named else ():
            if _values.told_guid(other.get("Guid")) == item.own_guid or _knows(on_premises, address, other):
                continue
            final = ("UserPrincipalName", "LegacyExchangeDN")
            if any(_values.folded(other.get(name)) == value for name in final):
                yield _held(value, other, HERE)
            else:
                yield _mail(value, other)


def _name(other: Properties) -> str:
    """Return what names an object on-premises; of one that Exchange does not show so, also where the value is."""
    name = str(other.get("DistinguishedName") or other.get("DisplayName") or other.get("Name"))
    if not other.get("HeldAs"):
        return name
    kind = f", an object of class {other['ObjectClass']}" if other.get("ObjectClass") else ""
    return f"{name}{kind} (attribute {other['HeldAs']})"


def _asked_by(other: Properties, cmdlet: str) -> str:
    """Return the cmdlet that showed an object, none for one that LDAP showed."""
    return "" if other.get("HeldAs") else cmdlet


def _held(address: str, other: Properties, where: str) -> MailboxError:
    shown = _name(other) if where == HERE else str(other.get("DisplayName") or other.get("Name"))
    return MailboxError(
        f"{address} also belongs {where} to {shown}.",
        code="address_in_use",
        cmdlet=_asked_by(other, "Get-Recipient"),
        remedy="Remove the address there first: a match with a duplicate address is quarantined without an error.",
    )


def _mail(address: str, other: Properties) -> MailboxError:
    return MailboxError(
        f"{address} is also the mail of {_name(other)}, which does not have it as a proxy address.",
        code="mail_in_use",
        cmdlet=_asked_by(other, "Get-User"),
        remedy="Clear mail there. Or, if that account is outside the scope of directory synchronization, accept it: "
        "offboarding_accept: [mail_in_use]. In scope Microsoft Entra would make it that account's primary address.",
    )


def _not_checked(error: HybridError, value: str = "") -> MailboxError:
    what = f"Whether another object has {value}" if value else "Whether another object has an address or a GUID"
    return MailboxError(
        f"{what} could not be checked in the whole forest and the tenant: {' '.join(error.message.split())}",
        code="uniqueness_not_checked",
        cmdlet=error.cmdlet,
        retryable=error.retryable,
        remedy="Allow the account to run Get-Recipient and Get-User over the whole forest (docs/permissions.md), and "
        "run again. Otherwise a value in use would only be noticed between two writes. Or, after checking by hand, "
        "accept it: offboarding_accept: [uniqueness_not_checked].",
    )
