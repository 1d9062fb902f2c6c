# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds an address, a UPN or an alias, asked of a real directory: each class of object, and what does not count."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory import forest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    Withheld,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    DirectoryReader,
)

from tests.integration.samba.domain_controller import DomainController
from tests.integration.samba.people import BASE, person
from tests.integration.samba.test_samba_active_directory import WAYS, options, realm
from tests.integration.samba.test_samba_scope import Ldap

__all__ = ("realm",)  # a fixture for every test here, too

ODD = "x500:/o=Old/ou=Exchange (1*)\\2a/cn=Strøm, Åsa"
ADDED = f"""dn: CN=Holding Contact,OU=People,{BASE}
changetype: add
objectClass: contact
mail: held@contoso.com
proxyAddresses: smtp:held@contoso.com

dn: CN=Mail Contact,OU=People,{BASE}
changetype: add
objectClass: contact
mail: Held@contoso.com

dn: CN=Holding Group,OU=People,{BASE}
changetype: add
objectClass: group
sAMAccountName: Holding Group
proxyAddresses: SMTP:HELD@contoso.com
proxyAddresses: smtp:also@contoso.com

dn: CN=Deleted Holder,OU=People,{BASE}
changetype: add
objectClass: contact
proxyAddresses: smtp:held@contoso.com

dn: CN=Deleted Holder,OU=People,{BASE}
changetype: delete
"""
ASKED = [
    ("proxyAddresses", "smtp:held@contoso.com"), ("mail", "held@contoso.com"),
    ("userPrincipalName", "held@contoso.com"), ("mailNickname", "holding.user"),
    # Not in this schema: undefined, and no error.
    ("msExchMailboxGuid", "70ce6b6f-8c28-4ebe-a92e-4f4dc85efa94"), ("legacyExchangeDN", "/o=nobody"),
]  # fmt: skip


@pytest.fixture(scope="module")
def directory(controller: DomainController, tmp_path_factory: pytest.TempPathFactory) -> Ldap:
    """Plain objects of several classes that hold one address, and one that is deleted."""
    controller.add_people([
        person("Holding User", proxyAddresses="smtp:Held@contoso.com", mailNickname="holding.user"),
        person("Named User", userPrincipalName="HELD@contoso.com"),
        person("Odd Holder", proxyAddresses=ODD),
        person(
            "Hidden Holder", hardened=True, proxyAddresses="smtp:held@contoso.com", mail="hidden@contoso.com",
            mailNickname="hidden", legacyExchangeDN="/o=hidden",
        ),
    ])  # fmt: skip
    known = Ldap(controller, tmp_path_factory.mktemp("ldap"))
    known.run("ldapmodify", given=ADDED)
    return known


def held(controller: DomainController, asked: list[tuple[str, str]], **changes: Any) -> dict[str, str]:
    """Return the class of each holder by its name; everything was searched."""
    with DirectoryReader(options(controller, **changes)) as reader:
        found = forest.holders(reader, asked)
    assert found.unsearched == ""
    names = [item.distinguished_name.partition(",")[0].removeprefix("CN=") for item in found.holders]
    assert len(set(names)) == len(names)
    return dict(zip(names, (item.object_class for item in found.holders), strict=True))


@pytest.mark.usefixtures("directory")
def test_every_class_of_object_is_found_and_nobody_who_is_deleted(controller: DomainController) -> None:
    """Who may not look into a user is still shown its public information, as its class grants to everybody."""
    assert held(controller, ASKED) == {
        "Holding User": "user", "Named User": "user", "Holding Contact": "contact", "Mail Contact": "contact",
        "Holding Group": "group", "Hidden Holder": "user",
    }  # fmt: skip
    assert held(controller, [("proxyAddresses", "smtp:held@contoso.co")]) == {}


@pytest.mark.usefixtures("directory")
def test_what_is_withheld_is_searched_as_far_as_it_is_public(controller: DomainController) -> None:
    for asked in (
        ("mail", "hidden@contoso.com"), ("userPrincipalName", "hidden.holder@contoso.com"),
        ("legacyExchangeDN", "/o=hidden"),
    ):  # fmt: skip
        assert held(controller, [asked]) == {"Hidden Holder": "user"}
    assert held(controller, [("mailNickname", "hidden")]) == {}
    with DirectoryReader(options(controller)) as reader:
        (hidden,) = forest.holders(reader, [("mail", "hidden@contoso.com")]).holders
        user = reader.users([hidden.guid])[hidden.guid]
    assert user == Withheld(hidden.guid, hidden.distinguished_name, ("smtp:held@contoso.com",))


@pytest.mark.usefixtures("directory")
def test_letters_that_a_filter_would_have_to_escape_are_found(controller: DomainController) -> None:
    assert held(controller, [("proxyAddresses", ODD)]) == {"Odd Holder": "user"}
    assert held(controller, [("proxyAddresses", ODD.replace("(1*)", "(*)"))]) == {}


def test_other_domains_are_searched_in_the_global_catalog(controller: DomainController, directory: Ldap) -> None:
    # Samba's KDC issues no ticket while the forest names a domain that is not there.
    without_tickets = [auth for auth in WAYS if auth != "kerberos"]
    controller.second_domain("add-domain")
    try:
        ways = []
        for auth in without_tickets:
            with DirectoryReader(options(controller, auth)) as reader:
                ways.append(forest.holders(reader, ASKED[:3]))
        with DirectoryReader(options(controller)) as reader:
            left = forest.holders(reader, ASKED[3:5])
            with reader.global_catalog() as catalog:
                shown = catalog.search("", [("mail", b"held@contoso.com")], ("mail", "mailNickname"), dict)
        with DirectoryReader(options(controller, global_catalog_port=9)) as reader:
            silent = forest.holders(reader, ASKED[:3])
    finally:
        controller.second_domain("remove-domain")
    assert [(len(found.holders), found.unsearched) for found in ways] == [(6, "")] * len(without_tickets)
    assert sorted(entry["mail"] for entry in shown) == [[b"Held@contoso.com"], [b"held@contoso.com"]]
    assert [item.object_class for item in left.holders] == ["user"]
    assert left.unsearched == (
        f"Objects of DC=emea,{BASE} were not searched by msExchMailboxGuid, mailNickname, which the global catalog "
        "does not contain."
    )
    assert len(silent.holders) == 6
    assert silent.unsearched.startswith(f"Objects of DC=emea,{BASE} were not searched: Nothing answers for the global")


def test_more_values_than_one_search_takes(controller: DomainController, directory: Ldap) -> None:
    many = [("proxyAddresses", f"smtp:nobody{number}@contoso.com") for number in range(2 * forest.AT_ONCE)]
    assert held(controller, [*many, ("proxyAddresses", "smtp:also@contoso.com")]) == {"Holding Group": "group"}


def test_more_objects_than_a_page_has(controller: DomainController, directory: Ldap) -> None:
    entries = (
        f"dn: CN=Desk {number},OU=People,{BASE}\nchangetype: add\nobjectClass: contact\nmail: desk@contoso.com\n\n"
        for number in range(1050)
    )
    directory.run("ldapmodify", given="".join(entries))
    assert len(held(controller, [("mail", "desk@contoso.com")])) == 1050
