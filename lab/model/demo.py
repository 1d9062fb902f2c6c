# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo's organization: the 25 mailboxes of lab/demo/mailboxes.csv, and others that nobody should touch."""

from __future__ import annotations

from collections.abc import Mapping

from lab.hybrid import Hybrid, empty_hybrid
from lab.model.builder import HybridBuilder, Pair, Person, child_domain_person
from lab.model.clock import Clock
from lab.model.directory import CHILD_DOMAIN, DirectoryObject
from lab.model.exchange_server import named_guid
from lab.model.tenant import TENANT, TenantObject

GB = 1024**3
_SPO = "SPO:SPO_4f0c8d52-6a3f-4a8a-9d5e-2f7b1c3e9a10@SPO_b7d2e0a4-1c53-4d0f-8f3a-6a5e9c1d7b22"
_PHONE = "EUM:4711;phone-context=munich.contoso.com"
_OLD_X500 = "X500:/o=Contoso/ou=First Administrative Group/cn=Recipients/cn=eeriksen"
_POLICY = "5b9e3a1c4f024d6e9a53c1e8b7d20f64"
CLOUD_ONLY = (
    Person("Ann Archer", size=2 * GB),
    Person("Bob Baker"),
    Person("Siobhan O'Brien", extra=("smtp:sob@contoso.com",), size=int(1.2 * GB)),
    Person("Jürgen Öberg", extra=("smtp:j.oeberg@fabrikam.com",)),
    Person("Chen Wei", domain="fabrikam.com", extra=("smtp:chen.wei@contoso.com",)),
    Person("Dana Diaz", extra=("smtp:dana@contoso.com", "SIP:dana.diaz@contoso.com"), size=3 * GB),
    Person("Emil Eriksen", extra=(_OLD_X500, "NOTES:Emil Eriksen/Contoso", f"smtp:emil@{TENANT}")),
    Person("Fatima Farouk", extra=("SIP:fatima.farouk@contoso.com", _SPO)),
    Person("Goran Gruber", extra=("smtp:goran@fabrikam.com", "smtp:ggruber@contoso.com", _PHONE)),
    Person("Hana Hayashi", routing_address=False),
    child_domain_person("Ines Fontaine", ["smtp:ines@contoso.com"]),
    Person("Karl Kowalski", domain="fabrikam.com", extra=("smtp:karl.kowalski@contoso.com",)),
    Person("Lena Lindqvist", size=20 * 1024**2),
    Person("Sales Desk", kind="SharedMailbox", extra=("smtp:sales@contoso.com",)),
    Person("Fabrikam Orders", "fabrikam.com", kind="SharedMailbox", extra=("smtp:fabrikam.orders@contoso.com",)),
    Person("Board Room", kind="RoomMailbox", size=5 * 1024**2),
    Person("Room Berlin", kind="RoomMailbox", size=5 * 1024**2),
    Person("Projector 7", kind="EquipmentMailbox", size=1024**2),
)
SYNCED = (
    Person("Maria Moreau", size=GB), Person("Nils Novak", extra=("smtp:nils@contoso.com",)), Person("Olga Olsen"),
    Person("Pedro Pinto", extra=("SIP:pedro.pinto@contoso.com",)), Person("Quinn Quigley", size=GB // 2),
    Person("Service Desk", kind="SharedMailbox", extra=("smtp:help@contoso.com",)),
)  # fmt: skip
REMOTE_MAILBOXES = (Person("Rosa Romero", extra=("smtp:rosa@contoso.com",)),)
WAVE = (*CLOUD_ONLY, *SYNCED, *REMOTE_MAILBOXES)


def populate(hybrid: Hybrid) -> None:
    """Fill an empty organization."""
    builder = HybridBuilder(hybrid)
    pairs = {person.name: builder.cloud_only(person) for person in CLOUD_ONLY}
    pairs.update((person.name, builder.synced(person)) for person in SYNCED)
    for person in REMOTE_MAILBOXES:
        builder.remote_mailbox(person)
    _holds(hybrid, builder, pairs["Dana Diaz"])
    _earlier_lives(builder, pairs)
    _bystanders(hybrid, builder)


def _holds(hybrid: Hybrid, builder: HybridBuilder, pair: Pair) -> None:
    """A hold was released last week; of her policies one only deletes, and she is left out of the other."""
    builder.set_cloud(pair, delay_hold=True, in_place_holds=[f"mbx{_POLICY}:1", f"-mbx{_POLICY[::-1]}:3"])
    # For everybody, and for groups: neither holds anything of a mailbox here.
    hybrid.tenant.in_place_holds = [f"mbx{_POLICY}:1", f"grp{_POLICY}:3"]


def _earlier_lives(builder: HybridBuilder, pairs: Mapping[str, Pair]) -> None:
    """What the CSV consents to, what the scope tasks do, and what LDAP alone shows."""
    builder.out_of_scope(pairs["Karl Kowalski"])
    # A mail user for a partner's address once; a mail user of a mailbox that is no more.
    builder.mail_enable(pairs["Goran Gruber"], external_email_address="SMTP:goran.gruber@tailspin.example")
    builder.mail_enable(pairs["Quinn Quigley"], exchange_guid=named_guid("an earlier mailbox of Quinn Quigley"))
    # An account for administration, with the mail of the person whose it is.
    builder.directory_user("Lena Lindqvist Admin", mail="lena.lindqvist@contoso.com", organizational_unit="Not Synced")
    attributes = {"hidden": True, "custom_attributes": {1: "Sales", 15: "4711"}, "alias": "pedro.pinto"}
    builder.set_directory(pairs["Pedro Pinto"], **attributes)
    builder.set_cloud(pairs["Pedro Pinto"], **attributes)


def _bystanders(hybrid: Hybrid, builder: HybridBuilder) -> None:
    builder.mailbox_on_premises("Walter Weiss", "DB02")
    builder.remote_mailbox("Yara Young")
    builder.cloud_mailbox("Uma Ulrich")
    builder.contact("Xenia Partner", "xenia.partner@fabrikam.com")
    builder.group("All Staff", "all.staff@contoso.com")
    _user_without_mailbox(hybrid, builder)
    # The same name and account name as somebody of the wave, in the other domain: names alone do not tell them apart.
    namesake = Person("Ann Archer", domain=CHILD_DOMAIN, directory_domain=CHILD_DOMAIN)
    builder.directory_user(namesake, organizational_unit="Not Synced")
    builder.directory_user(Person("svc-backup"), organizational_unit="Not Synced")


def _user_without_mailbox(hybrid: Hybrid, builder: HybridBuilder) -> DirectoryObject:
    item = builder.directory_user("Zoe Zimmer")
    cloud = TenantObject(
        named_guid("cloud/Zoe Zimmer"), item.name, "User", display_name=item.name, sku_assigned=False,
        user_principal_name=item.user_principal_name, external_directory_object_id=str(named_guid("entra/Zoe Zimmer")),
    )  # fmt: skip
    builder.bind(item, hybrid.tenant.objects.add(cloud))
    return item


def demo_hybrid(clock: Clock | None = None, speed: float = 1.0) -> Hybrid:
    """Return the organization of lab/demo/mailboxes.csv: 25 mailboxes to bring home, and others to leave alone."""
    hybrid = empty_hybrid(clock, speed)
    populate(hybrid)
    return hybrid
