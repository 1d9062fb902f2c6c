# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Who may open an on-premises mailbox: which entries Add- and Remove-MailboxPermission are to change.

An entry is one trustee, allowed or denied, with one inheritance. Inherited entries and the mailbox's own (SELF) are
never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Value
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

ALL, FULL_ACCESS = "All", "FullAccess"
SID = re.compile(r"S-1-\d+(-\d+)+", re.IGNORECASE | re.ASCII)
_OF_AN_ACCOUNT = re.compile(r"S-1-5-21-", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Entry:
    """One access control entry of a mailbox; ``user`` as Exchange shows its trustee, in lower case."""

    user: str
    rights: tuple[str, ...]
    inheritance: str = ALL
    deny: bool = False
    inherited: bool = False


@dataclass(frozen=True)
class Access:
    """What a mailbox has. ``trustees`` is, by the name that a record gives, the GUID or SID that a cmdlet takes, and
    ``owners`` the same for the entries of those trustees, by the name that the entry shows."""

    guid: str
    entries: tuple[Entry, ...]
    trustees: Mapping[str, str]
    owners: Mapping[str, str]


@dataclass
class _Wanted:
    """What a record says of one trustee in one kind of entry, all its lines together."""

    name: str
    trustee: str
    deny: bool
    inheritance: str
    rights: list[str] = field(default_factory=list)
    auto_mapping: bool | None = None

    @property
    def attribute(self) -> str:
        """Return the name of the entry in before and after."""
        more = [word for word, said in (("deny", self.deny), (self.inheritance, self.inheritance != ALL)) if said]
        return f"{self.name} ({', '.join(more)})" if more else self.name


def check(records: Iterable[Record], state: str) -> None:
    """Raise InputError for the first trustee of any mailbox that cannot be meant, before anything is read."""
    for record in records:
        for number, trustee in enumerate(record.get("trustees") or ()):
            where = f"mailbox '{record['identity']}': trustees[{number}]"
            _check_user(f"{where}.user", str(trustee["user"]), state)
            if not trustee["access_rights"]:
                raise InputError(f"{where}.access_rights", None, "is empty", "Name a right, or leave the option out.")
            if trustee["auto_mapping"] is not None and (trustee["deny"] or FULL_ACCESS not in trustee["access_rights"]):
                raise InputError(
                    f"{where}.auto_mapping",
                    trustee["auto_mapping"],
                    "has no effect on an entry that does not allow FullAccess",
                    "Leave it out, or add FullAccess to access_rights.",
                )


def _check_user(where: str, user: str, state: str) -> None:
    if not user.strip():
        raise InputError(where, user, "is blank", "Name a user or a mail-enabled security group.")
    if user != user.strip() or not user.isprintable():
        raise InputError(where, user, "has blanks around it, or characters that do not show", "Correct the name.")
    if "*" in user:
        raise InputError(where, user, "has an asterisk, which stands for any text", "Name one user or group.")
    if user.upper().startswith("NT AUTHORITY\\") or (SID.fullmatch(user) and not _OF_AN_ACCOUNT.match(user)):
        raise InputError(
            where,
            user,
            "is an account of Windows itself, whose entries Exchange keeps",
            "Name a user or a mail-enabled security group.",
        )
    if SID.fullmatch(user) and state == "present":
        raise InputError(
            where,
            user,
            "is a SID, which is accepted only for the entry of a deleted account",
            "Use the user's address; mailbox_permission with state: absent removes the entry.",
        )


def of(record: Record, current: Access, *, present: bool) -> Plan:
    """Return what gives a record's trustees the rights that they miss; or, for absent, takes those that they have."""
    calls: list[tuple[str, Cmdlet]] = []
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    warnings: list[str] = []
    of_call: dict[str, int] = {}
    for wanted in _merged(record, current, present):
        held = sorted({right for entry in _explicit(current, wanted) for right in entry.rights})
        cmdlets = list(_added(current, wanted, held) if present else _removed(current, wanted))
        warnings += _warnings(current, wanted, present)
        if cmdlets:
            calls += [(EXCHANGE_SERVER, cmdlet) for cmdlet in cmdlets]
            of_call[wanted.attribute] = len(calls) - 1
            left = {*held, *wanted.rights} if present else {*held} - {*wanted.rights}
            before[wanted.attribute], after[wanted.attribute] = held, sorted(left)
    # Entries that differ in their inheritance are told of alike.
    return Plan(tuple(calls), before, after, warnings=tuple(dict.fromkeys(warnings)), of_call=of_call)


def _merged(record: Record, current: Access, present: bool) -> list[_Wanted]:
    """Return what is wanted, each entry once: a record may name a trustee twice, and in two ways."""
    result: dict[tuple[str, bool, str], _Wanted] = {}
    for line in record["trustees"]:
        trustee = current.trustees[_values.folded(line["user"])]
        deny, given = bool(line["deny"]), line["inheritance_type"]
        held = {entry.inheritance for entry in current.entries if _is_of(current, entry, trustee, deny)}
        for inheritance in [given] if given else [ALL] if present else sorted(held) or [ALL]:
            wanted = result.setdefault(
                (trustee, deny, inheritance), _Wanted(str(line["user"]), trustee, deny, inheritance)
            )
            wanted.rights += [right for right in line["access_rights"] if right not in wanted.rights]
            wanted.auto_mapping = line["auto_mapping"] if wanted.auto_mapping is None else wanted.auto_mapping
    return list(result.values())


def _is_of(current: Access, entry: Entry, trustee: str, deny: bool) -> bool:
    """Tell whether an entry of the mailbox itself is a trustee's."""
    owner = current.owners.get(entry.user, entry.user)
    return not entry.inherited and owner == trustee and entry.deny == deny


def _explicit(current: Access, wanted: _Wanted) -> list[Entry]:
    return [
        entry
        for entry in current.entries
        if _is_of(current, entry, wanted.trustee, wanted.deny) and entry.inheritance == wanted.inheritance
    ]


def _added(current: Access, wanted: _Wanted, held: Sequence[str]) -> Iterator[Cmdlet]:
    missing = [right for right in wanted.rights if right not in held]
    if missing:
        more: dict[str, Value] = {}
        if wanted.auto_mapping is not None and FULL_ACCESS in missing:
            more["AutoMapping"] = wanted.auto_mapping
        yield Cmdlet("Add-MailboxPermission", {**_parameters(current, wanted, missing), **more})


def _removed(current: Access, wanted: _Wanted) -> Iterator[Cmdlet]:
    for entry in _explicit(current, wanted):
        rights = [right for right in wanted.rights if right in entry.rights]
        if rights:
            yield Cmdlet("Remove-MailboxPermission", _parameters(current, wanted, rights))


def _parameters(current: Access, wanted: _Wanted, rights: Sequence[str]) -> dict[str, Value]:
    deny: dict[str, Value] = {"Deny": True} if wanted.deny else {}
    return {
        "Identity": current.guid,
        "User": wanted.trustee.upper() if SID.fullmatch(wanted.trustee) else wanted.trustee,
        "AccessRights": list(rights),
        "InheritanceType": wanted.inheritance,
        **deny,
    }


def _warnings(current: Access, wanted: _Wanted, present: bool) -> Iterator[str]:
    """Tell what the entries of the mailbox do not decide: what is inherited stays, and its own that deny outrank.

    What is inherited and denies does not: the mailbox's own entries come before it.
    """
    for entry in current.entries:
        shared = [right for right in wanted.rights if right in entry.rights]
        if not shared or current.owners.get(entry.user, entry.user) != wanted.trustee:
            continue
        rights = ", ".join(shared)
        if present and not wanted.deny and entry.deny and not entry.inherited:
            yield f"an entry denies {rights} to {wanted.name}, which outranks what is allowed"
        if not present and entry.inherited and entry.deny == wanted.deny:
            yield f"{wanted.name} inherits {rights} from above the mailbox, which stays"
