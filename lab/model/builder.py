# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fills a hybrid organization: people in each of the beginnings that a wave can have, and the traps one by one.

GUIDs follow from names, so that the same calls build the same organization.
"""

from __future__ import annotations

import base64
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.model import addresses
from lab.model.directory import CHILD_DOMAIN, DOMAIN, DirectoryObject
from lab.model.exchange_server import named_guid
from lab.model.mailbox_replication import MoveOptions, MoveRequest
from lab.model.recipient_changes import legacy_exchange_dn
from lab.model.recipients import Content, MailboxMove
from lab.model.tenant import LEGACY, ROUTING_DOMAIN, TENANT, TenantObject

if TYPE_CHECKING:
    from lab.hybrid import Hybrid

REMOTE_KINDS = {
    "UserMailbox": "RemoteUserMailbox", "SharedMailbox": "RemoteSharedMailbox", "RoomMailbox": "RemoteRoomMailbox",
    "EquipmentMailbox": "RemoteEquipmentMailbox",
}  # fmt: skip

_UMLAUTS = {ord(letter): text for letter, text in zip("äöüÄÖÜ", ("ae", "oe", "ue", "Ae", "Oe", "Ue"), strict=True)}


@dataclass(frozen=True)
class Person:
    """One mailbox to be: how it is named on both sides. ``extra`` are further proxy addresses of the cloud mailbox."""

    name: str
    domain: str = "contoso.com"
    kind: str = "UserMailbox"
    directory_domain: str = DOMAIN
    extra: tuple[str, ...] = ()
    routing_address: bool = True
    size: int = 400 * 1024**2
    local: str = ""

    @property
    def account(self) -> str:
        """Return the left side of the addresses and the account name: ``siobhan.o'brien``."""
        if self.local:
            return self.local
        spelled = self.name.translate(_UMLAUTS)
        plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
        return ".".join(plain.lower().split())

    @property
    def primary(self) -> str:
        """Return the primary address, which is the user principal name too."""
        return f"{self.account}@{self.domain}"

    @property
    def routing(self) -> str:
        """Return the address in the routing domain."""
        return f"{self.account}@{ROUTING_DOMAIN}"


@dataclass
class Pair:
    """The two objects of one person; ``cloud`` and ``directory`` are the live objects of the model."""

    person: Person
    directory: DirectoryObject
    cloud: TenantObject

    @property
    def identity(self) -> str:
        """Return the primary address."""
        return self.person.primary


class HybridBuilder:
    """Adds objects to an organization and sets traps in it."""

    def __init__(self, hybrid: Hybrid) -> None:
        self.hybrid = hybrid

    # -- people -------------------------------------------------------------------------------------------------

    def cloud_only(self, person: Person | str) -> Pair:
        """Add a mailbox that exists in the cloud only, and a plain user on-premises that no cycle has exported yet."""
        known = _person(person)
        return Pair(known, self.directory_user(known), self.cloud_mailbox(known))

    def synced(self, person: Person | str) -> Pair:
        """Add a plain user that is synchronized, and to whose cloud user a licence gave the mailbox."""
        pair = self.cloud_only(person)
        self.bind(pair.directory, pair.cloud)
        return pair

    def remote_mailbox(self, person: Person | str) -> Pair:
        """Add a synchronized remote mailbox without ExchangeGuid, as Enable-RemoteMailbox leaves it."""
        pair = self.synced(person)
        self.mail_enable(pair, kind=REMOTE_KINDS[pair.person.kind], remote_recipient_type="ProvisionMailbox")
        self.hybrid.sync.forget_change(pair.directory)
        return pair

    def mail_enable(self, pair: Pair, **values: Any) -> None:
        """Make the on-premises object a whole mail user (or what ``values`` say) with the cloud mailbox's addresses."""
        kept = [address for address in pair.cloud.email_addresses if not address.startswith(("SPO:", "SIP:"))]
        changes: dict[str, Any] = {
            "kind": "MailUser", "alias": pair.cloud.alias, "mail": pair.person.primary,
            "external_email_address": f"SMTP:{pair.person.routing}",
            "email_addresses": [address for address in kept if addresses.domain(address) != TENANT]
            + [f"X500:{pair.cloud.legacy_exchange_dn}"],
            "legacy_exchange_dn": legacy_exchange_dn(pair.directory.guid, pair.person.name),
        }  # fmt: skip
        self.set_directory(pair, **{**changes, **values})

    def mailbox_on_premises(self, person: Person | str, database: str = "DB01") -> Pair:
        """Add a mailbox that is on-premises already, with its synchronized mail user in the cloud."""
        pair = self.synced(person)
        self.mail_enable(pair)
        self.set_directory(
            pair, kind="UserMailbox", database=database, exchange_guid=pair.cloud.exchange_guid,
            external_email_address="", content=pair.cloud.content,
        )  # fmt: skip
        self.set_cloud(
            pair, kind="MailUser", database="", external_email_address=f"SMTP:{pair.person.primary}", content=Content()
        )
        self.hybrid.sync.forget_change(pair.directory)
        return pair

    def directory_user(self, person: Person | str, **values: Any) -> DirectoryObject:
        """Add a plain Active Directory user; resources and shared mailboxes have disabled accounts."""
        known = _person(person)
        first, _space, last = known.name.partition(" ")
        item = DirectoryObject(
            named_guid(f"{known.directory_domain}/{known.name}"), known.name,
            "User" if known.kind == "UserMailbox" else "DisabledUser", display_name=known.name,
            sam_account_name=known.account[:20], user_principal_name=known.primary, first_name=first, last_name=last,
            domain=known.directory_domain, account_disabled=known.kind != "UserMailbox",
        )  # fmt: skip
        for name, value in values.items():
            setattr(item, name, value)
        return self.hybrid.directory.objects.add(item)

    def cloud_mailbox(self, person: Person | str) -> TenantObject:
        """Add a cloud mailbox."""
        known = _person(person)
        guid = named_guid(f"cloud/{known.name}")
        proxies = [f"SMTP:{known.primary}", f"smtp:{known.account}@{TENANT}"]
        proxies += [f"smtp:{known.routing}"] * known.routing_address
        first, _space, last = known.name.partition(" ")
        return self.hybrid.tenant.objects.add(TenantObject(
            guid, known.name, known.kind, display_name=known.name, sam_account_name=f"${guid.hex[:12].upper()}",
            user_principal_name=known.primary, first_name=first, last_name=last, alias=known.account,
            mail=known.primary, email_addresses=[*proxies, *known.extra],
            exchange_guid=named_guid(f"mailbox/{known.name}"), database="EURPR07DG224-db024",
            legacy_exchange_dn=f"{LEGACY}{guid.hex}-{known.account.replace('.', '')}",
            external_directory_object_id=str(named_guid(f"entra/{known.name}")),
            content=Content(known.size, known.size // 65536), sku_assigned=known.kind == "UserMailbox",
        ))  # fmt: skip

    def bind(self, item: DirectoryObject, cloud: TenantObject) -> None:
        """Make two objects one synchronized pair, as if it had been one for long."""
        now = self.hybrid.clock.now()
        self.hybrid.tenant.objects.change(cloud, now, is_dir_synced=True, entra_anchor=item.source_anchor)
        external = f"User_{cloud.external_directory_object_id}"
        self.hybrid.directory.objects.change(item, now, written_back_id=external)
        self.hybrid.sync.bind(item, cloud)

    def many(self, count: int, *, prefix: str = "User") -> list[Pair]:
        """Add a wave of cloud-only users named ``User 00001`` and so on."""
        return [self.cloud_only(Person(f"{prefix} {number:05d}")) for number in range(1, count + 1)]

    # -- other recipients ---------------------------------------------------------------------------------------

    def contact(self, name: str, address: str) -> DirectoryObject:
        """Add a synchronized mail contact."""
        return self._synced_recipient(name, "MailContact", address, external_email_address=f"SMTP:{address}")

    def group(self, name: str, address: str, *, security: bool = False) -> DirectoryObject:
        """Add a synchronized distribution group, or a mail-enabled security group, which has an account name."""
        if security:
            return self._synced_recipient(name, "MailUniversalSecurityGroup", address, sam_account_name=name)
        return self._synced_recipient(name, "MailUniversalDistributionGroup", address)

    def _synced_recipient(self, name: str, kind: str, address: str, **values: Any) -> DirectoryObject:
        common: dict[str, Any] = {
            "display_name": name, "alias": address.partition("@")[0], "mail": address,
            "email_addresses": [f"SMTP:{address}"], **values,
        }  # fmt: skip
        guid = named_guid(f"{DOMAIN}/{name}")
        item = self.hybrid.directory.objects.add(
            DirectoryObject(guid, name, kind, legacy_exchange_dn=legacy_exchange_dn(guid, name), **common)
        )
        cloud = self.hybrid.tenant.objects.add(TenantObject(
            named_guid(f"cloud/{name}"), name, kind, external_directory_object_id=str(named_guid(f"entra/{name}")),
            legacy_exchange_dn=f"{LEGACY}{guid.hex}", **common,
        ))  # fmt: skip
        self.bind(item, cloud)
        return item

    # -- traps --------------------------------------------------------------------------------------------------

    def set_cloud(self, pair: Pair, **values: Any) -> None:
        """Change the cloud object: its UPN, alias, display name, hidden flag, holds, ``is_exchange_cloud_managed``."""
        self.hybrid.tenant.objects.change(pair.cloud, self.hybrid.clock.now(), **values)

    def set_directory(self, pair: Pair, **values: Any) -> None:
        """Change the on-premises object: ``home_mdb_left``, ``inheritance_disabled``, ``organizational_unit``..."""
        self.hybrid.directory.objects.change(pair.directory, self.hybrid.clock.now(), **values)

    def linked_to(self, pair: Pair, account: str) -> None:
        """Make the on-premises user one of a resource forest, whose master account is in another forest."""
        self.set_directory(pair, linked_master_account=account, account_disabled=True, kind="DisabledUser")

    def archive(self, pair: Pair, size: int = 1024**3, *, auto_expanding: bool = False) -> uuid.UUID:
        """Give the cloud mailbox an archive. Returns its GUID."""
        guid = named_guid(f"archive/{pair.person.name}")
        old = pair.cloud.content
        self.set_cloud(
            pair, archive_guid=guid, archive_status="Active", archive_name=f"Archive - {pair.person.name}",
            auto_expanding_archive=auto_expanding, content=Content(old.size, old.items, size, size // 65536),
        )  # fmt: skip
        return guid

    def second_holder(self, address: str, *, in_the_cloud: bool = False) -> None:
        """Let somebody else hold an address."""
        prefix, value = addresses.split(address)
        proxies = [f"SMTP:holder.{len(value)}@contoso.com", f"{prefix.lower()}:{value}"]
        name = f"Holder of {value}"
        guid = named_guid(name)
        common: dict[str, Any] = {"display_name": name, "email_addresses": proxies, "alias": f"holder{guid.hex[:6]}"}
        if in_the_cloud:
            external = str(named_guid(f"entra/{name}"))
            self.hybrid.tenant.objects.add(
                TenantObject(guid, name, "MailUser", external_directory_object_id=external, **common)
            )
            return
        item = self.hybrid.directory.objects.add(DirectoryObject(guid, name, "MailUser", **common))
        self.hybrid.sync.forget_change(item)

    def out_of_scope(self, pair: Pair) -> None:
        """Move the on-premises user to a unit that is not synchronized."""
        self.set_directory(pair, organizational_unit="Not Synced")

    def second_object(self, pair: Pair) -> TenantObject:
        """Let earlier cycles have seen the user in scope, unstamped and without a match by UPN: a second cloud user."""
        item = pair.directory
        name = f"{item.name} second"
        guid = named_guid(f"cloud/{name}")
        cloud = self.hybrid.tenant.objects.add(TenantObject(
            guid, name, "User", display_name=item.display_name, sku_assigned=False, is_dir_synced=True,
            user_principal_name=f"{pair.person.account}{int(guid) % 10000:04d}@{TENANT}",
            external_directory_object_id=str(named_guid(f"entra/{name}")), entra_anchor=item.source_anchor,
        ))  # fmt: skip
        self.hybrid.sync.bind(item, cloud)
        return cloud

    def soft_deleted_twin(self, pair: Pair) -> TenantObject:
        """Let an earlier mailbox with the same addresses be soft-deleted."""
        name = f"{pair.cloud.name} deleted"
        return self.hybrid.tenant.soft_deleted.add(TenantObject(
            named_guid(f"cloud/{name}"), name, "UserMailbox", display_name=pair.cloud.display_name,
            email_addresses=list(pair.cloud.email_addresses), exchange_guid=named_guid(f"mailbox/{name}"),
            external_directory_object_id=str(named_guid(f"entra/{name}")), sku_assigned=False,
        ))  # fmt: skip

    def other_anchor(self, pair: Pair) -> None:
        """Anchor the cloud user to an on-premises user that is not this one."""
        other = base64.b64encode(named_guid(f"somebody else than {pair.person.name}").bytes_le).decode()
        self.set_cloud(pair, entra_anchor=other, is_dir_synced=True)

    def move_residue(self, pair: Pair) -> None:
        """Leave msExchMailboxMove* attributes of an old move on the on-premises object."""
        self.set_directory(pair, move=MailboxMove("InProgress", "CrossOrg, Push", "old.contoso.com", "old wave"))

    def batch_request(self, pair: Pair, batch: str = "wave 1", database: str = "DB01") -> MoveRequest:
        """Add a move request that belongs to a migration batch, held until the batch completes it."""
        options = MoveOptions(
            self.hybrid.remote_host_name, database, target_delivery_domain=DOMAIN, prevent_completion=True,
            batch_name=f"MigrationService:{batch}",
        )  # fmt: skip
        guid = named_guid(f"batch request {pair.person.name}")
        request = MoveRequest(guid, pair.cloud, options, self.hybrid.clock.now())
        self.hybrid.replication.submit(request, self.hybrid.clock.now())
        return request


def _person(person: Person | str) -> Person:
    return Person(person) if isinstance(person, str) else person


def child_domain_person(name: str, extra: Sequence[str] = ()) -> Person:
    """Return a person whose account is in the child domain."""
    return Person(name, directory_domain=CHILD_DOMAIN, extra=tuple(extra))
