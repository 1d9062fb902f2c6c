# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who else holds what a mailbox is to have alone, on-premises and in the cloud, and what of it can be accepted."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.claim import Claim
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.uniqueness import (
    ACCEPTABLE,
    PORTION,
    conflicts,
    fail_held,
    not_accepted,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import WorkItem

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import (
    ZERO,
    Fails,
    ad_user,
    cloud_mailbox,
    connect,
    guid_of,
    lost,
    on_premises_recipient,
    refusal,
)

MAILBOX, USER, ID = guid_of("ann's mailbox"), guid_of("ann on-premises"), guid_of("ann in Entra")
ANN = Claim(["ann@contoso.com", "x500:/o=old/cn=ann"], {"ExchangeGuid": MAILBOX}, USER, ID, "ann")
ME = on_premises_recipient("ann", EmailAddresses=["SMTP:ann@contoso.com"])


def other(**more: Any) -> Properties:
    """Return somebody else on-premises who has nothing of Ann's by himself."""
    return on_premises_recipient("eve", EmailAddresses=["SMTP:eve@contoso.com"], **more)


def found(claim: Claim = ANN, here: Any = (), there: Any = ()) -> list[tuple[str, str]]:
    """Return code and message of each conflict."""
    server, online = fakes.on_premises(ME, *here), fakes.tenant(cloud_mailbox("ann"), *there)
    with connect(server, online) as connections:
        errors = conflicts(connections, {"ann@contoso.com": claim})["ann@contoso.com"]
    assert server.writes == online.writes == []
    return [(error.code, error.message) for error in errors]


@pytest.mark.parametrize(
    ("here", "there", "code", "told"),
    [
        ([], [], "", ""),
        ([other(ExchangeGuid=MAILBOX)], [], "guid_in_use", f"ExchangeGuid {MAILBOX} of the mailbox also belongs"),
        ([other(ArchiveGuid=ZERO)], [], "", ""),
        ([{**other(), "EmailAddresses": ["smtp:ANN@contoso.com"]}], [], "address_in_use", "on-premises to CN=Eve"),
        ([{**other(), "EmailAddresses": ["X500:/o=Old/cn=Ann"]}], [], "address_in_use", "x500:/o=old/cn=ann also"),
        ([ad_user("eve", UserPrincipalName="Ann@contoso.com")], [], "address_in_use", "also belongs on-premises to"),
        ([ad_user("eve", WindowsEmailAddress="ann@contoso.com")], [], "mail_in_use", "is also the mail of CN=Eve"),
        ([other(Alias="Ann")], [], "alias_in_use", "The alias ann belongs on-premises to CN=Eve"),
        ([], [cloud_mailbox("eve", EmailAddresses=["smtp:ann@contoso.com"])], "address_in_use",
         "also belongs in Exchange Online to Eve"),
        ([], [cloud_mailbox("eve", Alias="ann")], "", ""),
    ],
)  # fmt: skip
def test_who_else_holds_it(here: list[Properties], there: list[Properties], code: str, told: str) -> None:
    conflicting = found(here=here, there=there)
    assert [name for name, _message in conflicting] == ([code] if code else [])
    assert all(told in message for _name, message in conflicting)


def test_the_cloud_is_not_asked_where_the_mailboxs_own_object_there_is_not_known() -> None:
    stranger = cloud_mailbox("eve", EmailAddresses=["smtp:ann@contoso.com"])
    assert found(Claim(ANN.addresses, ANN.guids, USER, "", ""), there=[stranger]) == []


def test_an_alias_that_two_mailboxes_of_a_wave_would_get_is_told_to_both() -> None:
    bob = Claim(["bob@contoso.com"], {}, guid_of("bob on-premises"), guid_of("bob in Entra"), "ann")
    plain = Claim(["eve@contoso.com"], {}, guid_of("eve on-premises"), guid_of("eve in Entra"), "")
    wave = {"ann": Claim(["ann@contoso.com"], {}, USER, ID, "ann"), "bob": bob, "eve": plain, "dora": plain}
    with connect(fakes.on_premises(), fakes.tenant()) as connections:
        codes = {name: [error.code for error in errors] for name, errors in conflicts(connections, wave).items()}
        assert conflicts(connections, {}) == {}
    assert codes == {"ann": ["alias_in_use"], "bob": ["alias_in_use"], "eve": [], "dora": []}


def test_a_large_wave_is_asked_for_in_portions_and_an_alias_counts_in_all_of_them() -> None:
    def claim(name: str, alias: str) -> Claim:
        return Claim([f"{name}@contoso.com"], {}, guid_of(f"{name} on-premises"), guid_of(f"{name} in Entra"), alias)

    names = [f"user{number}" for number in range(PORTION + 1)]
    wave = {name: claim(name, "same" if name in (names[0], names[-1]) else name) for name in names}
    stranger = {**other(), "EmailAddresses": [f"smtp:{names[-1]}@contoso.com"]}
    server = fakes.on_premises(stranger)
    with connect(server, fakes.tenant()) as connections:
        codes = {name: [error.code for error in errors] for name, errors in conflicts(connections, wave).items()}
    assert list(codes) == names
    assert {name: found for name, found in codes.items() if found} == {
        names[0]: ["alias_in_use"], names[-1]: ["address_in_use", "alias_in_use"],
    }  # fmt: skip
    asked = [len({value for _name, value in fakes.clauses_of(call)}) for call in server.named("Get-Recipient")]
    assert sum(asked) == 2 * PORTION + 2  # the alias that two have is asked for in both portions
    assert asked[-1] == 2


@pytest.mark.parametrize("system", ["server", "online"])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (refusal("Not\n for you.", exception_type="ManagementObjectNotFoundException", cmdlet="Get-Recipient"), True),
        (HybridError("Not\n for you.", code="permission_denied", cmdlet="Get-Recipient"), True),
        (lost(), False),
    ],
)
def test_what_may_not_be_asked_is_told_and_a_lost_connection_raised(
    system: str, error: HybridError, told: bool
) -> None:
    server, online = fakes.on_premises(ME), fakes.tenant(cloud_mailbox("ann"))
    asked = server if system == "server" else online
    asked.handlers["Get-Recipient"] = Fails(*[error] * 99)
    wave = {"ann": ANN, "bob": Claim(["bob@contoso.com"], {}, guid_of("bob on-premises"), guid_of("bob in Entra"))}
    with connect(server, online) as connections:
        if told:
            errors = conflicts(connections, wave)
            assert [[error.code for error in of_one] for of_one in errors.values()] == [["uniqueness_not_checked"]] * 2
            assert errors["ann"][0].message.endswith("Not for you.")
        else:
            with pytest.raises(HybridError, match="went away"):
                conflicts(connections, wave)


def test_only_what_may_be_harmless_can_be_accepted_and_only_by_its_code() -> None:
    errors = [HybridError("x", code=code) for code in ("guid_in_use", "address_in_use", *sorted(ACCEPTABLE))]
    assert not_accepted(errors, ()) == errors
    assert not_accepted(errors, [error.code for error in errors]) == errors[:2]
    assert not_accepted(errors[2:], [errors[2].code]) == errors[3:]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({}, "mail_in_use"),
        ({"accept": ["mail_in_use"]}, ""),
        # What was asked in this run already is not asked again.
        ({"holders_asked": [*ANN.addresses, *ANN.guids.values(), "ann"]}, ""),
        ({"holders_asked": ["ann@contoso.com"]}, ""),
        ({"holders_asked": [MAILBOX, "ann"]}, "mail_in_use"),
    ],
)
def test_what_others_hold_fails_what_is_planned(record: dict[str, Any], code: str) -> None:
    items: list[WorkItem[Any]] = [WorkItem({"identity": name, **record}) for name in ("ann", "eve")]  # type: ignore[typeddict-item]
    free = Claim(["eve@contoso.com"], {}, guid_of("eve on-premises"), guid_of("eve in Entra"))
    server = fakes.on_premises(ME, ad_user("eve", WindowsEmailAddress="ann@contoso.com"))
    with connect(server, fakes.tenant(cloud_mailbox("ann"))) as connections:
        fail_held(connections, list(zip(items, (ANN, free), strict=True)))
    assert [item.error.code if item.error else "" for item in items] == [code, ""]
