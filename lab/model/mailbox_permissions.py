# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may open a mailbox on-premises: Get-, Add- and Remove-MailboxPermission.

The entries that a mailbox begins with are those that Microsoft's page of Get-MailboxPermission lists; how Exchange
merges and orders entries is invented (lab/CONFORMANCE.md).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Union

from lab.answer import Answer, CmdletFailure, Collection, Enumeration, LabObject, LabValue, Reference
from lab.model import failures, kinds
from lab.model.cmdlet_host import Implementation, Request
from lab.model.directory import NETBIOS, Directory, DirectoryObject
from lab.model.selection import MAILBOX_KEYS, RECIPIENT_KEYS, limited
from lab.model.server_recipients import SET, ServerRecipients

ALL, FULL_ACCESS, READ_PERMISSION = "All", "FullAccess", "ReadPermission"
SELF = "NT AUTHORITY\\SELF"
MOST_ENTRIES = 500
_TASKS = "Microsoft.Exchange.Management.RecipientTasks."
_INHERITANCE = ("None", ALL, "Descendents", "SelfAndChildren", "Children")
_ADMINISTRATORS = ("Administrator", "Domain Admins", "Enterprise Admins", "Organization Management")
_WITHOUT_READING = ("ChangeOwner", "ChangePermission", "DeleteItem", READ_PERMISSION)
# A contact and a distribution group have no SID that an entry could hold.
_PRINCIPALS = kinds.USERS | kinds.RECIPIENTS - {"MailContact", "MailUniversalDistributionGroup"}


@dataclass
class Entry:
    """One access control entry. ``trustee`` is the GUID of an object here, or the name or SID of another principal."""

    trustee: Union[uuid.UUID, str]
    rights: tuple[str, ...] = (FULL_ACCESS,)
    inheritance: str = ALL
    deny: bool = False
    inherited: bool = False


def _default_entries() -> list[Entry]:
    administrators = [f"CONTOSO\\{name}" for name in _ADMINISTRATORS]
    inherited = [Entry(name, (FULL_ACCESS,), deny=True) for name in administrators]
    inherited += [Entry(name, (FULL_ACCESS, *_WITHOUT_READING)) for name in administrators]
    inherited += [
        Entry("NT AUTHORITY\\SYSTEM"), Entry("NT AUTHORITY\\NETWORK", (READ_PERMISSION,)),
        Entry("CONTOSO\\Exchange Servers", (FULL_ACCESS, READ_PERMISSION)),
        Entry("CONTOSO\\Exchange Trusted Subsystem", _WITHOUT_READING),
        Entry("CONTOSO\\Managed Availability Servers", (READ_PERMISSION,)),
    ]  # fmt: skip
    for entry in inherited:
        entry.inherited = True
    return [Entry(SELF, (FULL_ACCESS, READ_PERMISSION)), *inherited]


@dataclass
class Kept:
    """The entries of every mailbox, by the GUID of its object; ``auto_mapped`` is msExchDelegateListLink."""

    entries: dict[uuid.UUID, list[Entry]] = field(default_factory=dict)
    auto_mapped: dict[uuid.UUID, set[uuid.UUID]] = field(default_factory=dict)


def kept(directory: Directory) -> Kept:
    """Return what this file remembers of an organization."""
    found: Kept = directory.kept.setdefault("mailbox_permissions", Kept())
    return found


def entries_of(directory: Directory, guid: uuid.UUID) -> list[Entry]:
    """Return the live entries of a mailbox."""
    return kept(directory).entries.setdefault(guid, _default_entries())


def server_cmdlets(directory: Directory, recipients: ServerRecipients) -> dict[str, Implementation]:
    """Return the on-premises cmdlets of this file by name."""
    return MailboxPermissions(directory, recipients).cmdlets()


class MailboxPermissions:
    """The three cmdlets."""

    def __init__(self, directory: Directory, recipients: ServerRecipients) -> None:
        self._directory = directory
        self._recipients = recipients

    def cmdlets(self) -> dict[str, Implementation]:
        """Return the cmdlets of this file by name."""
        written = SET - {"IgnoreDefaultScope"} | {"User", "AccessRights", "Deny", "InheritanceType"}
        return {
            "Get-MailboxPermission": Implementation(
                self.get, frozenset({"Identity", "DomainController", "User", "ResultSize", "ReadFromDomainController"})
            ),
            "Add-MailboxPermission": Implementation(self.add, written | {"AutoMapping"}),
            "Remove-MailboxPermission": Implementation(self.remove, written),
        }

    def get(self, request: Request) -> Answer:
        """Get-MailboxPermission; with -User the entries of that principal alone."""
        mailbox = self._mailbox(request)
        found = entries_of(self._directory, mailbox.guid)
        if request.get("User"):
            trustee = self._trustee(request, mailbox)
            found = [entry for entry in found if _same(entry.trustee, trustee)]
        shown, warnings = limited([self._shown(mailbox, entry) for entry in found], request.get("ResultSize"))
        return Answer(shown, warnings)

    def add(self, request: Request) -> Answer:
        """Add-MailboxPermission: rights that are there already are only warned of."""
        mailbox = self._mailbox(request)
        wanted = self._wanted(request, mailbox)
        if isinstance(wanted.trustee, str):
            # An orphaned SID can be removed, not given anything.
            raise _not_found(request.get("User"))
        entries = entries_of(self._directory, mailbox.guid)
        held = next((entry for entry in entries if _alike(entry, wanted)), None)
        missing = [right for right in wanted.rights if held is None or right not in held.rights]
        if not missing:
            return Answer(warnings=[
                f'The appropriate access control entry is already present on the object "{mailbox.distinguished_name}" '
                f'for account "{self._account(wanted.trustee)}".'
            ])  # fmt: skip
        if held is None and len([entry for entry in entries if not entry.inherited]) >= MOST_ENTRIES:
            raise CmdletFailure(
                f"The mailbox {mailbox.guid} has reached the limit of maximum allowed access control entries of "
                f"{MOST_ENTRIES}. Clean existing entries and rearrange them leveraging groups for assigning the same "
                "permissions to multiple users.",
                "System.InvalidOperationException",
            )
        if request.what_if:
            return Answer()
        if held is None:
            entries.insert(0, wanted)
        else:
            held.rights = (*held.rights, *missing)
        if FULL_ACCESS in missing and not wanted.deny and request.get("AutoMapping", True) is not False:
            kept(self._directory).auto_mapped.setdefault(mailbox.guid, set()).add(wanted.trustee)
        return Answer([self._shown(mailbox, wanted)])

    def remove(self, request: Request) -> Answer:
        """Remove-MailboxPermission: what is not there, or inherited, is only warned of."""
        mailbox = self._mailbox(request)
        wanted = self._wanted(request, mailbox)
        entries = entries_of(self._directory, mailbox.guid)
        held = next((entry for entry in entries if _alike(entry, wanted)), None)
        if held is None or not set(held.rights) & set(wanted.rights):
            return Answer(warnings=[self._not_removed(mailbox, wanted)])
        if request.what_if:
            return Answer()
        held.rights = tuple(right for right in held.rights if right not in wanted.rights)
        if not held.rights:
            entries.remove(held)
        if FULL_ACCESS in wanted.rights and isinstance(wanted.trustee, uuid.UUID):
            kept(self._directory).auto_mapped.get(mailbox.guid, set()).discard(wanted.trustee)
        return Answer()

    def _not_removed(self, mailbox: DirectoryObject, wanted: Entry) -> str:
        name = mailbox.distinguished_name
        entries = entries_of(self._directory, mailbox.guid)
        above = [entry for entry in entries if entry.inherited and entry.deny == wanted.deny]
        if any(_same(entry.trustee, wanted.trustee) and set(entry.rights) & set(wanted.rights) for entry in above):
            rights, control = ", ".join(wanted.rights), "Deny" if wanted.deny else "Allow"
            return (
                f"An inherited access control entry has been specified: [Rights: {rights}, ControlType: {control}] "
                f'and was ignored on object "{name}".'
            )
        return (
            f'Can\'t remove the access control entry on the object "{name}" for account '
            f'"{self._account(wanted.trustee)}" because the ACE doesn\'t exist on the object.'
        )

    # -- what a call names --------------------------------------------------------------------------------------

    def _mailbox(self, request: Request) -> DirectoryObject:
        seen = self._recipients.selection(request, kinds.MAILBOXES, MAILBOX_KEYS, "M")
        return seen.one(request.get("Identity"))

    def _wanted(self, request: Request, mailbox: DirectoryObject) -> Entry:
        rights = request.get("AccessRights")
        return Entry(
            self._trustee(request, mailbox), tuple(rights if isinstance(rights, list) else str(rights).split(",")),
            str(request.get("InheritanceType") or ALL), request.get("Deny") is True,
        )  # fmt: skip

    def _trustee(self, request: Request, mailbox: DirectoryObject) -> uuid.UUID | str:
        """Return the principal that -User names: anywhere in the forest, or by a name or SID that an entry holds."""
        named = str(request.get("User"))
        found = [
            item for item in self._directory.objects.find(RECIPIENT_KEYS, named) if item.kind in _PRINCIPALS
        ]
        if len(found) > 1:
            raise failures.ambiguous(named)
        if found:
            return found[0].guid
        for entry in entries_of(self._directory, mailbox.guid):
            if _same(entry.trustee, named):
                return entry.trustee
        raise _not_found(named)

    # -- how an entry looks -------------------------------------------------------------------------------------

    def _account(self, trustee: uuid.UUID | str) -> str:
        if isinstance(trustee, str):
            return trustee
        item = self._directory.objects.get(trustee)
        return f"{NETBIOS[item.domain]}\\{item.sam_account_name or item.name}"

    def _shown(self, mailbox: DirectoryObject, entry: Entry) -> LabObject:
        place = _INHERITANCE.index(entry.inheritance)
        properties: dict[str, LabValue] = {
            "Identity": Reference(mailbox.identity), "User": Reference(self._account(entry.trustee)),
            "AccessRights": Collection(list(entry.rights), _TASKS + "MailboxRights[]"),
            "Deny": entry.deny, "IsInherited": entry.inherited, "IsValid": True,
            "InheritanceType": Enumeration(
                "System.DirectoryServices.ActiveDirectorySecurityInheritance", entry.inheritance, place
            ),
        }  # fmt: skip
        types = (_TASKS + "MailboxAcePresentationObject", _TASKS + "AcePresentationObject", "System.Object")
        return LabObject(types, properties, mailbox.identity)


def _not_found(name: object) -> CmdletFailure:
    return failures.recipient_task(
        f'User or group "{name}" wasn\'t found. Please make sure you\'ve typed it correctly.'
    )


def _same(one: uuid.UUID | str, other: uuid.UUID | str) -> bool:
    return str(one).lower() == str(other).lower()


def _alike(entry: Entry, wanted: Entry) -> bool:
    """Tell whether an explicit entry is the one that rights are added to or taken from."""
    return (
        not entry.inherited
        and _same(entry.trustee, wanted.trustee)
        and (entry.inheritance, entry.deny) == (wanted.inheritance, wanted.deny)
    )
