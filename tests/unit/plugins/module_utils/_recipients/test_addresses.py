# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.sampled_from(["ann", "Ann", "ANN", "ann.smith", "bob"])
SMTP = st.builds(
    "{}{}@{}".format,
    st.sampled_from(["", "smtp:", "SMTP:"]),
    NAMES,
    st.sampled_from(["contoso.com", "Contoso.com", "fabrikam.com"]),
)
OTHER = st.builds("{}:/o=Contoso/cn={}".format, st.sampled_from(["X500", "x500", "x400", "X400"]), NAMES)
CLOUD = st.builds(
    "{}:{}@contoso.com".format,
    st.sampled_from(["SPO", "spo", "SIP", "sip", "eum", "NOTES", "GWISE", "FAX", "MS", "AirSync", "Rumour"]),
    NAMES,
)
LISTS = st.lists(SMTP | OTHER | CLOUD, max_size=8)
PRIMARIES = st.builds("{}@contoso.com".format, NAMES)
DNS = st.sampled_from(["", "/o=Contoso/cn=ann", "/o=CONTOSO/cn=Ann"])


def keys(entries: list[str]) -> list[tuple[str, str]]:
    return [addresses.key(entry) for entry in entries]


def shouted(entry: str) -> str:
    """Return an address in other letters that mean the same: the case of a prefix SMTP: has a meaning."""
    prefix, colon, rest = entry.rpartition(":") if entry.lower().startswith("smtp:") else ("", "", entry)
    return prefix + colon + rest.swapcase()


@pytest.mark.parametrize(
    ("primary", "held", "dn", "sip", "expected"),
    [
        ("ann@contoso.com", [], "", False, ["SMTP:ann@contoso.com"]),
        (
            "ann@contoso.com",
            ["smtp:b@contoso.com", "SMTP:Ann@contoso.com"],
            "",
            False,
            ["SMTP:ann@contoso.com", "smtp:b@contoso.com"],
        ),
        # Another primary than the cloud's: the old one stays as a secondary address.
        ("new@contoso.com", ["SMTP:ann@contoso.com"], "", False, ["SMTP:new@contoso.com", "smtp:ann@contoso.com"]),
        (
            "ann@contoso.com",
            ["SPO:SPO_1", "spo:x", "SIP:ann@contoso.com", "X500:/o=a", "x400:c=us", "eum:1"],
            "",
            False,
            ["SMTP:ann@contoso.com", "X500:/o=a", "x400:c=us", "eum:1"],
        ),
        (
            "ann@contoso.com",
            ["SPO:SPO_1", "SIP:ann@contoso.com"],
            "",
            True,
            ["SMTP:ann@contoso.com", "SIP:ann@contoso.com"],
        ),
        (
            "ann@contoso.com",
            ["x500:/O=ExchangeLabs/cn=Ann"],
            "/o=ExchangeLabs/cn=ann",
            False,
            ["SMTP:ann@contoso.com", "x500:/O=ExchangeLabs/cn=Ann"],
        ),
        (
            "ann@contoso.com",
            [],
            "/o=ExchangeLabs/cn=ann",
            False,
            ["SMTP:ann@contoso.com", "X500:/o=ExchangeLabs/cn=ann"],
        ),
        ("ann@contoso.com", ["ann2@contoso.com"], "", False, ["SMTP:ann@contoso.com", "smtp:ann2@contoso.com"]),
    ],
)
def test_to_carry(primary: str, held: list[str], dn: str, sip: bool, expected: list[str]) -> None:
    assert addresses.to_carry(primary, held, dn, include_sip=sip) == expected


@given(PRIMARIES, LISTS, DNS, st.booleans())
def test_laws_of_what_is_carried(primary: str, held: list[str], dn: str, sip: bool) -> None:
    carried = addresses.to_carry(primary, held, dn, include_sip=sip)
    assert carried[0] == f"SMTP:{primary}"
    assert [entry for entry in carried if entry.startswith("SMTP:")] == carried[:1]
    assert len(set(keys(carried))) == len(carried)
    kinds = {addresses.address_type(entry) for entry in carried}
    left = {"spo"} if sip else {"spo", "sip"}
    assert not kinds & left
    wanted = {addresses.key(entry) for entry in held if addresses.address_type(entry) not in left}
    assert wanted <= set(keys(carried))
    assert not dn or keys(carried).count(("x500", dn.lower())) == 1
    assert addresses.primary_of(carried) == primary
    # What was carried once is carried the same way again.
    assert addresses.same(addresses.to_carry(primary, carried, dn, include_sip=sip), carried)


@given(PRIMARIES, LISTS, LISTS)
def test_merging_takes_nothing_away_and_adds_nothing_twice(primary: str, held: list[str], existing: list[str]) -> None:
    wanted = addresses.to_carry(primary, held)
    result = addresses.merged(wanted, existing)
    assert result[: len(wanted)] == wanted
    assert set(keys(result)) == set(keys(wanted)) | set(keys(existing))
    assert len(set(keys(result))) == len(result)
    assert [entry for entry in result if entry.startswith("SMTP:")] == [f"SMTP:{primary}"]
    # Written and read back, the next plan has nothing left to do.
    assert addresses.same(addresses.merged(wanted, result), result)


@given(LISTS, st.randoms())
def test_order_and_letters_make_no_difference(entries: list[str], chance: random.Random) -> None:
    other = [shouted(entry) for entry in entries]
    chance.shuffle(other)
    assert addresses.same(entries, other)
    assert addresses.same(other, entries)
    assert addresses.missing(entries, other) == []


@given(LISTS, LISTS)
def test_same_and_missing_agree(left: list[str], right: list[str]) -> None:
    gone, added = addresses.missing(left, right), addresses.missing(right, left)
    assert set(keys(gone)) == set(keys(left)) - set(keys(right))
    assert gone == [entry for entry in left if entry in gone]
    if addresses.same(left, right):
        assert gone == added == []


@pytest.mark.parametrize(
    ("address", "malformed", "reserved", "outlives"),
    [
        ("smtp:ann@contoso.com", False, False, True),
        ("ann@contoso.com", False, False, True),
        ('smtp:"ann a"@contoso.com', False, False, True),
        ("smtp:ann a@contoso.com", True, False, False),
        ("smtp:ann", True, False, False),
        ("NOTES:", True, False, False),
        (":ann@contoso.com", True, False, False),
        ("SMTP:ann@Contoso.OnMicrosoft.com", False, True, False),
        ("smtp:ann@contoso.microsoftonline.com", False, True, False),
        ("smtp:ann@contoso.mail.onmicrosoft.com", False, False, True),
        ("smtp:ann@contoso.onmicrosoft.us", False, True, False),
        ("smtp:ann@contoso.mail.onmicrosoft.us", False, False, True),
        ("smtp:ann@contoso.partner.onmschina.cn", False, True, False),
        ("smtp:ann@contoso.partner.mail.onmschina.cn", False, False, True),
        ("smtp:ann@notonmicrosoft.com", False, False, True),
        ("smtp:ann@onmicrosoft.com.contoso.com", False, False, True),
        ("X400:C=US;S=Ann;", False, False, False),
        ("x500:/o=Contoso/cn=ann@contoso.onmicrosoft.com", False, False, True),
        ("EUM:ann@contoso.onmicrosoft.com", False, False, True),
        ("spo:SPO_1", False, False, False),
    ],
)
def test_what_an_address_is(address: str, malformed: bool, reserved: bool, outlives: bool) -> None:
    assert (addresses.malformed(address), addresses.reserved(address)) == (malformed, reserved)
    assert addresses.outlives_sync(address) is outlives


@given(LISTS, st.booleans())
def test_every_address_is_carried_or_somebody_is_told(held: list[str], sip: bool) -> None:
    carried = addresses.to_carry("ann@contoso.com", held, include_sip=sip)
    told = addresses.fates(held, "ann", include_sip=sip)
    assert set(told) == set(held)
    for address in held:
        assert (addresses.key(address) in keys(carried)) == told[address].startswith("kept")


@pytest.mark.parametrize(
    ("alias", "held", "lost"),
    [
        ("ann", ["SMTP:a@contoso.com", "smtp:ann@c.onmicrosoft.com"], []),
        ("ann", ["smtp:b@c.onmicrosoft.com", "smtp:ANN@c.onmicrosoft.com"], ["smtp:b@c.onmicrosoft.com"]),
        ("", ["smtp:b@c.onmicrosoft.com", "SMTP:x@c.onmicrosoft.com"], ["smtp:b@c.onmicrosoft.com"]),
        ("zoe", ["smtp:b@c.onmicrosoft.com", "smtp:x@c.onmicrosoft.com"], ["smtp:x@c.onmicrosoft.com"]),
        ("ann", ["smtp:ann@c.microsoftonline.com"], ["smtp:ann@c.microsoftonline.com"]),
        ("ann", ["smtp:ann@c.mail.onmicrosoft.com", "smtp:b@c.mail.onmicrosoft.com"], []),
        ("ann", ["smtp:ann@c.onmicrosoft.us", "smtp:b@c.onmicrosoft.us"], ["smtp:b@c.onmicrosoft.us"]),
        ("zoe", ["smtp:a@c.partner.onmschina.cn", "SMTP:b@c.partner.onmschina.cn"], ["smtp:a@c.partner.onmschina.cn"]),
    ],
)
def test_the_aliases_that_no_sync_keeps(alias: str, held: list[str], lost: list[str]) -> None:
    assert addresses.lost_aliases(held, alias) == lost


@given(LISTS)
def test_evidence_is_of_what_was_stamped_and_outlives_the_sync(stamped: list[str]) -> None:
    found = addresses.evidence(stamped, {"contoso.com"})
    assert set(found) <= set(stamped)
    assert all(addresses.outlives_sync(address) for address in found)
    assert {addresses.address_type(address) for address in found} <= {"smtp", "x500"}
    assert [a for a in addresses.evidence(stamped, ()) if addresses.address_type(a) == "smtp"] == []


def test_another_primary_is_not_the_same() -> None:
    left = ["SMTP:ann@contoso.com", "smtp:a@contoso.com"]
    assert not addresses.same(left, ["smtp:ann@contoso.com", "SMTP:a@contoso.com"])
    assert addresses.same(left, ["a@contoso.com", "SMTP:ANN@contoso.com"])


def test_the_smtp_addresses_of_a_list() -> None:
    assert addresses.smtp_addresses(
        ["SMTP:Ann@contoso.com", "smtp:b@c.com", "d@e.com", "X500:/o=a", "SIP:s@c.com"]
    ) == ["ann@contoso.com", "b@c.com", "d@e.com"]
    assert addresses.primary_of(["smtp:ann@contoso.com"]) == ""


@pytest.mark.parametrize(
    ("domain", "service", "reserved"),
    [
        ("contoso.onmicrosoft.com", True, True),
        ("contoso.microsoftonline.com", True, True),
        ("contoso.mail.onmicrosoft.com", True, False),
        ("contoso.onmicrosoft.us", True, True),
        ("contoso.mail.onmicrosoft.us", True, False),
        ("contoso.partner.mail.onmschina.cn", True, False),
        ("onmicrosoft.us.contoso.com", False, False),
        ("mail.onmicrosoft.com.contoso.com", False, False),
        ("contoso.com", False, False),
    ],
)
def test_the_suffixes_of_the_service(domain: str, service: bool, reserved: bool) -> None:
    assert addresses.of_the_service(f"smtp:Ann@{domain.upper()}") is service
    assert addresses.reserved(f"SMTP:ann@{domain}") is reserved
    assert addresses.of_the_service(f"X500:ann@{domain}") is False
    # Of microsoftonline.com, no domain is a tenant's.
    assert addresses.tenants_own(domain) is (service and "microsoftonline" not in domain)
