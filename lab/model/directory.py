# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The on-premises side: Active Directory objects of a forest with two domains, databases, a server."""

from __future__ import annotations

import base64
import datetime
import uuid
from dataclasses import dataclass, field
from typing import Any

from lab.model import addresses
from lab.model.recipients import Quotas, Recipient, Store

DOMAIN = "contoso.com"
CHILD_DOMAIN = "emea.contoso.com"
NETBIOS = {DOMAIN: "CONTOSO", CHILD_DOMAIN: "EMEA"}
CONTROLLERS = {
    DOMAIN: ("dc01.contoso.com", "dc02.contoso.com"),
    CHILD_DOMAIN: ("dc01.emea.contoso.com", "dc02.emea.contoso.com"),
}
# The same controllers in a disjoint namespace (KB 2269838): their DNS suffix is no domain of Active Directory.
DISJOINT = {
    "dc01.hq.contoso.net": "dc01.contoso.com", "dc02.hq.contoso.net": "dc02.contoso.com",
    "dc01.branch.contoso.net": "dc01.emea.contoso.com", "dc02.branch.contoso.net": "dc02.emea.contoso.com",
}  # fmt: skip


@dataclass
class DirectoryObject(Recipient):
    """An Active Directory object. ``remote_recipient_type`` is msExchRemoteRecipientType, ``member_of`` has groups."""

    domain: str = DOMAIN
    organizational_unit: str = "People"
    remote_recipient_type: str = "None"
    home_mdb_left: bool = False
    home_mta_left: bool = False
    admin_count: int = 0
    account_disabled: bool = False
    inheritance_disabled: bool = False
    attributes_withheld: bool = False
    use_database_quota_defaults: bool = True
    anchor: str = ""
    # msDS-ExternalDirectoryObjectID, which no Exchange cmdlet shows: theirs is msExchExternalDirectoryObjectId.
    written_back_id: str = ""
    admin_description: str = ""
    linked_master_account: str = ""  # msExchMasterAccountSid, as DOMAIN\account of another forest
    member_of: list[str] = field(default_factory=list)

    @property
    def identity(self) -> str:
        """Return the canonical name."""
        return f"{self.domain}/{self.organizational_unit}/{self.name}"

    @property
    def distinguished_name(self) -> str:
        """Return the distinguished name (RFC 4514), built from domain, unit and name."""
        escaped = self.name.replace("\\", "\\\\").replace(",", "\\,")
        parts = ",".join(f"DC={part}" for part in self.domain.split("."))
        return f"CN={escaped},OU={self.organizational_unit},{parts}"

    @property
    def source_anchor(self) -> str:
        """Return what Entra Connect sends as the immutable id: base64 of objectGUID, or mS-DS-ConsistencyGuid's."""
        return self.anchor or base64.b64encode(self.guid.bytes_le).decode()

    def keys(self) -> set[tuple[str, str]]:
        """Add ``DOMAIN\\sam``, and what LDAP alone is searched for, to what every recipient is found by."""
        found = super().keys()
        more = {"anchor": self.anchor, "written_back": self.written_back_id}
        found.update((kind, value.lower()) for kind, value in more.items() if value)
        if self.sam_account_name:
            found.add(("domain_sam", f"{NETBIOS[self.domain]}\\{self.sam_account_name}".lower()))
        return found


@dataclass
class Database:
    """A mailbox database on the server."""

    name: str
    guid: uuid.UUID
    quotas: Quotas = field(default_factory=Quotas)
    mounted: bool = True
    size: int = 120 * 1024**3
    disk_free: int = 2 * 1024**4
    excluded: bool = False
    suspended: bool = False
    # Where the disk of its file is mounted; databases with one value share a disk. Empty: a disk of its own.
    volume: str = ""

    @property
    def mount_point(self) -> str:
        """Return where the disk of the database's file is mounted."""
        return self.volume or f"C:\\ExchangeVolumes\\{self.name}\\"


@dataclass
class Directory:
    """Everything that the on-premises cmdlets read and write."""

    objects: Store[DirectoryObject] = field(default_factory=Store[DirectoryObject])
    databases: dict[str, Database] = field(default_factory=dict)
    accepted_domains: list[str] = field(default_factory=list)
    server: str = "EX01"
    server_version: str = "Version 15.2 (Build 2562.17)"
    external_host_name: str = "mail.contoso.com"
    mrs_proxy_enabled: bool = True
    basic_authentication: bool = False
    oauth_authentication: bool = True
    token_checking: str = "None"
    ws_security: bool = True
    windows_authentication: bool = True
    hybrid_configured: bool = True
    # Status of a local move request by the ExchangeGuid of whoever it is for.
    move_requests: dict[uuid.UUID, str] = field(default_factory=dict)
    # What cmdlets in files of their own remember, by the name of the file.
    kept: dict[str, Any] = field(default_factory=dict)
    server_supported: bool = True
    disjoint_namespace: bool = False

    def controller(self, name: str) -> str:
        """Return the controller that is meant by its fully qualified name; KeyError for one that does not exist.

        In a disjoint namespace the controllers have other names, and the usual ones do not exist.
        """
        usual = {controller: controller for controllers in CONTROLLERS.values() for controller in controllers}
        return (DISJOINT if self.disjoint_namespace else usual)[name.lower()]

    def fill(self, database: Database, size: int) -> None:
        """Let a database grow: what is on one disk has the same disk the less."""
        database.size += size
        for other in self.databases.values():
            if other.mount_point == database.mount_point:
                other.disk_free = max(0, other.disk_free - size)

    def database(self, name: str) -> Database | None:
        """Find a database by name or GUID."""
        for database in self.databases.values():
            if name.lower() in (database.name.lower(), str(database.guid)):
                return database
        return None

    def accepts(self, domain: str) -> bool:
        """Tell whether a domain is accepted: by its name, or as one below ``*.contoso.com``, which is not contoso.com.

        The wildcard covers all subdomains, as Microsoft's page of New-AcceptedDomain has it.
        """
        parents = {f"*{domain[place:]}" for place, letter in enumerate(domain) if letter == "."}
        return not parents.isdisjoint(self.accepted_domains) or domain in self.accepted_domains

    def run_address_policy(self, item: DirectoryObject, now: datetime.datetime) -> bool:
        """Apply the address policy to one object, as an update of the policy does.

        An upper-case ``SMTP:`` targetAddress becomes the primary address (facts: KB 4459261, microsoft-articles.md
        section 5); other objects get alias@ the default domain. An object without EmailAddressPolicyEnabled is left
        alone. Returns whether anything changed.
        """
        if not item.email_address_policy_enabled or not item.email_addresses:
            return False
        target = item.external_email_address
        wanted = target[5:] if target.startswith("SMTP:") else f"{item.alias}@{self.accepted_domains[0]}"
        changed = addresses.with_primary(item.email_addresses, wanted)
        return self.objects.change(item, now, email_addresses=changed, mail=wanted)
