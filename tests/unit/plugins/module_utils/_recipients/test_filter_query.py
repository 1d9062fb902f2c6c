# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import weakref
from collections.abc import Sequence

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import filter_query
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plugins.module_utils.fakes import FakeOrganization, clauses_of, connect, guid_of, lost, refusal

ADDRESSES = filter_query.same_properties(("EmailAddresses",))


def directory(*items: Properties, concurrency: int = 2) -> FakeOrganization:
    return FakeOrganization("exchange_online", {"Get-Recipient": list(items)}, concurrency=concurrency)


def find(
    organization: FakeOrganization, values: Sequence[str], properties: Sequence[str] = ("EmailAddresses",)
) -> filter_query.Found:
    return filter_query.find(
        connect(organization), "exchange_online", "Get-Recipient", values, filter_query.same_properties(properties)
    )


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (49, 1), (50, 1), (51, 2), (100, 2)])
def test_fifty_values_cost_one_call(count: int, calls: int) -> None:
    people = [{"Name": str(number), "EmailAddresses": [f"SMTP:user{number}@contoso.com"]} for number in range(count)]
    organization = directory(*people, concurrency=20)
    found = find(organization, [f"User{number}@contoso.com" for number in range(count)])
    assert len(organization.calls) == calls
    assert {call.parameters["ResultSize"] for call in organization.calls} <= {"Unlimited"}
    assert {key: [item["Name"] for item in items] for key, items in found.items() if isinstance(items, list)} == {
        f"user{number}@contoso.com": [str(number)] for number in range(count)
    }


@settings(max_examples=20)
@given(st.integers(1, 700), st.integers(1, 8))
def test_a_call_is_longer_than_fifty_values_only_below_30_kb_and_never_than_250(count: int, concurrency: int) -> None:
    organization = FakeOrganization(
        "exchange_online", handlers={"Get-Recipient": lambda _cmdlet: []}, concurrency=concurrency
    )
    values = [f"user{number}@contoso.com" for number in range(count)]
    assert set(find(organization, values)) == set(values)
    asked = [clauses_of(call) for call in organization.calls]
    assert sorted(value for clauses in asked for _name, value in clauses) == sorted(values)
    assert len(asked) <= -(-count // 50)
    for call, clauses in zip(organization.calls, asked, strict=True):
        assert len(clauses) <= 50 or len(str(call.parameters["Filter"])) <= 30_000
        assert len(clauses) <= 250


def test_a_value_named_twice_is_asked_once() -> None:
    organization = directory({"EmailAddresses": ["SMTP:ann@contoso.com"]})
    assert list(find(organization, ["ann@contoso.com", "Ann@Contoso.com"])) == ["ann@contoso.com"]
    assert clauses_of(organization.calls[0]) == [("EmailAddresses", "ann@contoso.com")]


@pytest.mark.parametrize("name", ["SMTP:\u212aen@contoso.com", "smtp:ken@conto\u017fo.com"])
def test_an_address_that_only_folds_onto_the_one_asked_for_is_another(name: str) -> None:
    organization = FakeOrganization(
        "exchange_online", handlers={"Get-Recipient": lambda _cmdlet: [{"EmailAddresses": [name]}]}
    )
    assert find(organization, ["KEN@contoso.com"]) == {"ken@contoso.com": []}


@given(st.text())
def test_a_quoted_value_stays_one_value(value: str) -> None:
    quoted = filter_query.quoted(value)
    assert quoted[0] == quoted[-1] == "'"
    assert quoted[1:-1].replace("''", "").count("'") == 0
    assert clauses_of(Cmdlet("Get-X", {"Filter": filter_query.any_of([("Name", value)])})) == [("Name", value)]


def test_a_quote_in_an_address_is_doubled() -> None:
    organization = directory({"Name": "O'Neil", "EmailAddresses": ["smtp:O'Neil@contoso.com"]})
    found = find(organization, ["o'neil@contoso.com"])
    assert organization.calls[0].parameters["Filter"] == "(EmailAddresses -eq 'o''neil@contoso.com')"
    assert [item["Name"] for item in found["o'neil@contoso.com"]] == ["O'Neil"]


def test_an_object_counts_only_for_what_it_really_holds() -> None:
    """PrimarySmtpAddress -eq matches secondary addresses too: Exchange answers more than it was asked for."""
    organization = directory()
    organization.handlers["Get-Recipient"] = lambda _cmdlet: [
        {"Name": "ann", "PrimarySmtpAddress": "Ann@contoso.com"},
        {"Name": "bob", "PrimarySmtpAddress": "bob@contoso.com", "EmailAddresses": ["smtp:ann@contoso.com"]},
        {"Name": "cleo", "PrimarySmtpAddress": None},
    ]
    found = find(organization, ["ann@contoso.com", "dan@contoso.com"], ("PrimarySmtpAddress",))
    assert {key: [item["Name"] for item in items] for key, items in found.items() if isinstance(items, list)} == {
        "ann@contoso.com": ["ann"],
        "dan@contoso.com": [],
    }


def test_an_object_that_holds_a_value_twice_counts_once() -> None:
    item = {
        "Name": "ann",
        "EmailAddresses": ["SMTP:ann@contoso.com", "sip:ann@contoso.com"],
        "UserPrincipalName": "ann@contoso.com",
    }
    found = find(directory(item), ["ann@contoso.com"], ("EmailAddresses", "UserPrincipalName"))
    assert found == {"ann@contoso.com": [item]}


def test_several_objects_of_one_value_are_all_told() -> None:
    twins = [{"Name": name, "EmailAddresses": ["smtp:ann@contoso.com"]} for name in ("one", "two")]
    assert find(directory(*twins), ["ann@contoso.com"]) == {"ann@contoso.com": twins}


def test_an_x500_address_keeps_its_prefix() -> None:
    item = {"EmailAddresses": ["X500:/o=Contoso/cn=ann"]}
    organization = directory(item)
    assert find(organization, ["x500:/o=contoso/cn=ann", "/o=contoso/cn=ann"]) == {
        "x500:/o=contoso/cn=ann": [item],
        "/o=contoso/cn=ann": [],
    }


def test_properties_are_chosen_for_each_value() -> None:
    chooser = filter_query.by_address_or_guid(("EmailAddresses",), ("ExchangeGuid", "Guid"))
    guid = guid_of("ann")
    item = {"Name": "ann", "ExchangeGuid": guid, "EmailAddresses": []}
    organization = directory(item, {"Name": "no address", "EmailAddresses": [guid]})
    found = filter_query.find(
        connect(organization), "exchange_online", "Get-Recipient", [guid.upper(), "a@contoso.com"], chooser
    )
    assert found == {guid: [item], "a@contoso.com": []}
    assert sorted(clauses_of(organization.calls[0])) == [
        ("EmailAddresses", "a@contoso.com"),
        ("ExchangeGuid", guid),
        ("Guid", guid),
    ]


class Refusing:
    """Refuses each call whose filter asks for one of ``bad``."""

    def __init__(self, bad: set[str], error: HybridError | None = None) -> None:
        self.bad = bad
        self.error = error or refusal("The filter is not valid.")

    def __call__(self, cmdlet: Cmdlet) -> list[Properties]:
        asked = {value for _name, value in clauses_of(cmdlet)}
        if asked & self.bad:
            raise self.error
        return [{"Name": value, "EmailAddresses": [f"smtp:{value}"]} for value in asked]


@settings(max_examples=40)
@given(st.integers(1, 120), st.data())
def test_a_refused_call_is_split_down_to_the_refused_values(count: int, data: st.DataObject) -> None:
    values = [f"user{number}@contoso.com" for number in range(count)]
    bad = data.draw(st.sets(st.sampled_from(values), max_size=3))
    organization = FakeOrganization("exchange_online", handlers={"Get-Recipient": Refusing(bad)})
    found = find(organization, values)
    assert {value for value, items in found.items() if isinstance(items, CmdletError)} == bad
    assert {value: [item["Name"] for item in items] for value, items in found.items() if isinstance(items, list)} == {
        value: [value] for value in values if value not in bad
    }
    assert len(organization.calls) <= -(-count // 50) + len(bad) * 2 * 10


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailure("no way", code="unreachable"),
        lost(),
        CmdletError("not yours", cmdlet="Get-Recipient", exception_type="CommandNotFoundException"),
    ],
    ids=["connection", "lost answer", "missing role"],
)
def test_what_concerns_the_whole_wave_is_raised(error: HybridError) -> None:
    organization = FakeOrganization("exchange_online", handlers={"Get-Recipient": Refusing({"b@contoso.com"}, error)})
    with pytest.raises(HybridError) as caught:
        find(organization, ["a@contoso.com", "b@contoso.com"])
    assert caught.value is error
    assert len(organization.calls) == 1


def test_of_what_exchange_shows_only_the_form_is_kept() -> None:
    class Shown(dict):  # type: ignore[type-arg]
        pass

    alive: list[weakref.ref[Shown]] = []
    living = []

    def show(cmdlet: Cmdlet) -> list[Properties]:
        objects: list[Properties] = [Shown(EmailAddresses=[f"SMTP:{value}"]) for _name, value in clauses_of(cmdlet)]
        alive.extend(weakref.ref(item) for item in objects)
        return objects

    def form(item: Properties) -> int:
        living.append(sum(held() is not None for held in alive))
        return len(item["EmailAddresses"])

    organization = FakeOrganization("exchange_online", handlers={"Get-Recipient": show})
    values = [f"user{number}@{'contoso' * 20}.com" for number in range(700)]
    found = filter_query.find_as(form, connect(organization), "exchange_online", "Get-Recipient", values, ADDRESSES)
    assert found == {value: [1] for value in values}
    calls = [len(clauses_of(call)) for call in organization.calls]
    assert len(calls) > 3
    # The answer at hand, and the object of the one before that a frame still names.
    assert max(living) <= max(calls) + 1
    assert not [held for held in alive if held() is not None]
