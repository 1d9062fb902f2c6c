# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proxy calculation: the six scenarios of KB 3190357, and what a synchronized mailbox keeps of its addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.model.builder import Person
from lab.model.proxy_calculation import Calculated, Source, Tenant, calculate, survives

if TYPE_CHECKING:
    from conftest import Desk

INITIAL = "contoso.onmicrosoft.com"
UPN = "ada@contoso.com"
MOERA = f"smtp:ada@{INITIAL}"


def tenant(*taken: str, routing_domain: str = "contoso.mail.onmicrosoft.com") -> Tenant:
    verified = ("contoso.com", "fabrikam.com", INITIAL, "contoso.mail.onmicrosoft.com")
    return Tenant(INITIAL, verified, lambda address: address.lower() in taken, "0815", routing_domain)


def proxies(*on_premises: str, upn: str = UPN, mail: str = "", alias: str = "") -> Source:
    return Source(upn, mail, alias, on_premises)


# Each scenario is a row of steps: the on-premises values, whether an Exchange Online licence is there, and the result.
SCENARIOS: dict[str, list[tuple[Source, bool, str, set[str]]]] = {
    "1 neither mail nor addresses": [
        (proxies(), False, "ada", set()),
        (proxies(), True, "ada", {"SMTP:ada@contoso.com", MOERA}),
    ],
    "2 mail alone": [
        (proxies(mail="ada.byron@contoso.com"), False, "ada.byron", {"SMTP:ada.byron@contoso.com"}),
        (
            proxies(mail="ada.byron@contoso.com"), True, "ada.byron",
            {"SMTP:ada.byron@contoso.com", "smtp:ada@contoso.com", f"smtp:ada.byron@{INITIAL}"},
        ),
    ],
    "3 reserved suffixes, then other addresses": [
        (
            proxies("smtp:ada.3@fabrikam.microsoftonline.com", f"smtp:ada.2@{INITIAL}", "SMTP:ada.1@contoso.com"),
            True, "ada.1", {"SMTP:ada.1@contoso.com", "smtp:ada@contoso.com", f"smtp:ada.1@{INITIAL}"},
        ),
        (
            proxies("smtp:new.3@fabrikam.microsoftonline.com", f"smtp:new.2@{INITIAL}", "SMTP:new.1@contoso.com"),
            True, "ada.1", {"SMTP:new.1@contoso.com", "smtp:ada@contoso.com", f"smtp:ada.1@{INITIAL}"},
        ),
    ],
    "4 the licence goes, and an address comes": [
        (proxies(), True, "ada", {"SMTP:ada@contoso.com", MOERA}),
        (proxies(), False, "ada", {f"SMTP:ada@{INITIAL}"}),
        (
            proxies("smtp:ada.new@contoso.com"), False, "ada",
            {f"SMTP:ada@{INITIAL}", "smtp:ada.new@contoso.com", "smtp:ada@contoso.com"},
        ),
    ],
    "5 another alias": [
        (proxies(), True, "ada", {"SMTP:ada@contoso.com", MOERA}),
        (proxies(alias="countess"), True, "countess", {"SMTP:ada@contoso.com", MOERA}),
    ],
    "6 the same alias, the first": [
        (proxies(alias="byron"), True, "byron", {"SMTP:ada@contoso.com", f"smtp:byron@{INITIAL}"}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_of_the_article(name: str) -> None:
    now = Calculated()
    for source, licensed, alias, expected in SCENARIOS[name]:
        now = calculate(source, now, tenant(), recipient=licensed)
        assert (now.alias, set(now.proxies)) == (alias, expected)
        assert now.mail == next((address[5:] for address in expected if address.startswith("SMTP:")), "")


def test_scenario_6_the_second_user_with_the_same_alias_gets_four_digits() -> None:
    second = calculate(
        proxies(alias="byron", upn="anne@contoso.com"), Calculated(), tenant(f"smtp:byron@{INITIAL}"), recipient=True
    )
    assert set(second.proxies) == {"SMTP:anne@contoso.com", f"smtp:byron0815@{INITIAL}"}


@pytest.mark.parametrize(
    ("address", "licensed", "unlicensed"),
    [
        ("smtp:ada@fabrikam.com", True, True),
        ("smtp:ada@contoso.local", False, True),
        (f"smtp:ada@{INITIAL}", False, False),
        ("smtp:ada@tailspin.onmicrosoft.com", False, False),
        ("smtp:ada@tailspin.microsoftonline.com", False, False),
        ("smtp:ada@notonmicrosoft.com", False, True),
        ("ada@contoso.com", False, False),
        ("smtp:ada byron@contoso.com", False, False),
        ("X400:C=US;A= ;P=Contoso;O=Exchange;S=Byron;", False, False),
        ("MSMAIL:CONTOSO/PO1/ADA", False, False),
        ("NOTES:Ada Byron/Contoso", False, False),
        ("X500:/o=Contoso/ou=First Administrative Group/cn=Recipients/cn=ada", True, True),
        ("SIP:ada@contoso.com", True, True),
        ("EUM:4711;phone-context=plan.contoso.com", True, True),
    ],
)
def test_what_survives(address: str, licensed: bool, unlicensed: bool) -> None:
    assert survives(address, tenant(), recipient=True) is licensed
    assert survives(address, tenant(), recipient=False) is unlicensed


@pytest.mark.parametrize("keeps", [True, False])
def test_the_routing_domain_is_reserved_or_not(keeps: bool) -> None:
    rules = tenant(routing_domain="contoso.mail.onmicrosoft.com" if keeps else "")
    assert survives("smtp:ada@contoso.mail.onmicrosoft.com", rules, recipient=True) is keeps


# -- in a cycle -------------------------------------------------------------------------------------------------------

ANN = Person(
    "Ann Archer",
    extra=(f"smtp:annie@{INITIAL}", "X400:C=US;S=Archer;", "NOTES:Ann Archer/Contoso", "SPO:SPO_1@SPO_2"),
)  # fmt: skip


def test_a_second_onmicrosoft_alias_and_legacy_addresses_do_not_outlive_the_first_export(desk: Desk) -> None:
    ann, bob = desk.build.cloud_only(ANN), desk.build.cloud_only("Bob Baker")
    for pair in (ann, bob):
        desk.prepare(pair)
        local = f"smtp:{pair.person.account}@contoso.local"
        desk.build.set_directory(pair, email_addresses=[*pair.directory.email_addresses, local])
    desk.cycle()
    assert {a for a in ann.cloud.email_addresses if not a.startswith("X500:")} == {
        "SMTP:ann.archer@contoso.com", f"smtp:ann.archer@{INITIAL}", "smtp:ann.archer@contoso.mail.onmicrosoft.com",
        "SPO:SPO_1@SPO_2",
    }  # fmt: skip
    assert f"smtp:bob.baker@{INITIAL}" in bob.cloud.email_addresses
    assert f"smtp:annie@{INITIAL}" in ann.directory.email_addresses, "on-premises still has it"
    assert (ann.cloud.quarantined, bob.cloud.quarantined) == ([], [])


def test_the_user_principal_name_is_an_address_of_every_recipient(desk: Desk) -> None:
    pair = desk.build.cloud_only(ANN)
    desk.build.set_directory(pair, user_principal_name="a.archer@contoso.com")
    desk.prepare(pair)
    desk.cycle()
    assert "smtp:a.archer@contoso.com" in pair.cloud.email_addresses


def test_mail_alone_becomes_the_primary_address_of_a_synchronized_user(desk: Desk) -> None:
    ann, bob = desk.build.synced(ANN), desk.build.synced("Bob Baker")
    desk.server("Set-User", Identity="Ann Archer", WindowsEmailAddress="annie@contoso.com")
    desk.server("Set-User", Identity="Bob Baker", WindowsEmailAddress="bob@contoso.local")
    desk.cycle()
    assert ann.cloud.primary_smtp_address == "annie@contoso.com"
    assert "smtp:ann.archer@contoso.com" in ann.cloud.email_addresses
    assert bob.cloud.primary_smtp_address == "bob.baker@contoso.com", "no domain of the tenant"


def test_the_alias_changes_and_the_address_in_the_initial_domain_stays(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    desk.prepare(pair)
    desk.cycle()
    desk.server("Set-MailUser", Identity="Ann Archer", Alias="annie")
    desk.cycle()
    held = [a for a in pair.cloud.email_addresses if a.endswith(f"@{INITIAL}")]
    assert (pair.cloud.alias, held) == ("annie", [f"smtp:ann.archer@{INITIAL}"])
