# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of Active Directory that hold what a mailbox is to have alone, as the guards see them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.claim import Claim
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.directory_holders import (
    DirectoryHolders,
    asked_by,
    warnings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.uniqueness import conflicts

from lab.hybrid import ManualClock, empty_hybrid
from lab.model.builder import HybridBuilder
from lab.model.directory import DirectoryObject
from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import ad_user, cloud_mailbox, connect, guid_of, on_premises_recipient
from tests.unit.plugins.module_utils.lab_in_process import DomainController

MAILBOX, ARCHIVE, ID = guid_of("ann's mailbox"), guid_of("ann's archive"), guid_of("ann in Entra")
X500 = "x500:/o=old/cn=ann (1*)\\é"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DomainController]:
    controller = DomainController(tmp_path_factory.mktemp("controller"))
    yield controller
    controller.stop()


@pytest.fixture
def build(running: DomainController) -> HybridBuilder:
    running.hybrid = empty_hybrid(ManualClock())
    return HybridBuilder(running.hybrid)


def claim(own: str = guid_of("ann on-premises")) -> Claim:
    guids = {"ExchangeGuid": MAILBOX, "ArchiveGuid": ARCHIVE}
    return Claim(["ann@contoso.com", X500, "sip:ann@contoso.com"], guids, own, ID, "ann")


def told(running: DomainController, own: str = guid_of("ann on-premises"), here: Any = ()) -> list[HybridError]:
    """Return the conflicts of Ann's claim where Exchange shows ``here`` and nobody else."""
    with connect(fakes.on_premises(*here), fakes.tenant(cloud_mailbox("ann"))) as connections:
        return conflicts(connections, {"ann": claim(own)}, DirectoryHolders(running.options))["ann"]


@pytest.mark.parametrize(
    ("values", "code", "attribute"),
    [
        ({"email_addresses": ["SMTP:Ann@contoso.com"]}, "address_in_use", "proxyAddresses"),
        ({"email_addresses": ["X500:/o=Old/cn=Ann (1*)\\é"]}, "address_in_use", "proxyAddresses"),
        ({"email_addresses": ["SIP:ann@contoso.com"]}, "address_in_use", "proxyAddresses"),
        ({"user_principal_name": "ANN@contoso.com"}, "address_in_use", "userPrincipalName"),
        ({"legacy_exchange_dn": "/o=Old/cn=Ann (1*)\\é"}, "address_in_use", "legacyExchangeDN"),
        ({"exchange_guid": MAILBOX}, "guid_in_use", "msExchMailboxGuid"),
        ({"archive_guid": ARCHIVE}, "guid_in_use", "msExchArchiveGUID"),
        ({"archive_guid": MAILBOX}, "guid_in_use", "msExchArchiveGUID"),
        ({"alias": "Ann"}, "alias_in_use", "mailNickname"),
        ({"mail": "ann@contoso.com"}, "mail_in_use", ""),
        # One that is a proxy address, too, is told as such alone.
        ({"mail": "ann@contoso.com", "email_addresses": ["smtp:ann@contoso.com"]}, "address_in_use", "proxyAddresses"),
        ({"email_addresses": ["smtp:ann@contoso.com.example"], "mail": "ann"}, "", ""),
        ({"email_addresses": ["X500:/o=Old/cn=Ann (12)\\é"]}, "", ""),
    ],
)  # fmt: skip
def test_a_plain_object_is_told_by_its_name_and_where_it_has_the_value(
    build: HybridBuilder, running: DomainController, values: dict[str, Any], code: str, attribute: str
) -> None:
    values = {name: uuid.UUID(value) if name.endswith("_guid") else value for name, value in values.items()}
    build.directory_user("Former Ann", kind="Contact", **{"user_principal_name": "", **values})
    found = told(running)
    assert [error.code for error in found] == ([code] if code else [])
    for error in found:
        assert "CN=Former Ann,OU=People,DC=contoso,DC=com" in error.message
        assert (f", an object of class contact (attribute {attribute})" in error.message) is bool(attribute)
        assert error.remedy
        assert error.cmdlet == ""


def test_the_mailboxs_own_user_is_no_conflict(build: HybridBuilder, running: DomainController) -> None:
    ann = build.directory_user("Ann", email_addresses=["smtp:ann@contoso.com"], mail="ann@contoso.com", alias="ann")
    assert told(running, str(ann.guid)) == []
    assert {error.code for error in told(running)} == {"address_in_use", "alias_in_use"}


def test_who_exchange_shows_is_told_once(build: HybridBuilder, running: DomainController) -> None:
    recipient = on_premises_recipient("eve", EmailAddresses=["smtp:ann@contoso.com"], Alias="ann")
    user = ad_user("bob", WindowsEmailAddress="ann@contoso.com")
    for name, shown in (("Eve", recipient), ("Bob", user)):
        build.hybrid.directory.objects.add(DirectoryObject(
            uuid.UUID(str(shown["Guid"])), name, "User",
            email_addresses=["smtp:ann@contoso.com"] if name == "Eve" else [], mail="ann@contoso.com",
            alias="ann" if name == "Eve" else "",
        ))  # fmt: skip
    found = told(running, here=[recipient, user])
    assert [(error.code, error.cmdlet) for error in found] == [
        ("address_in_use", "Get-Recipient"), ("mail_in_use", "Get-User"), ("alias_in_use", "Get-Recipient"),
    ]  # fmt: skip


def test_a_plain_user_whose_mail_exchange_shows_is_told_by_what_weighs_more(
    build: HybridBuilder, running: DomainController
) -> None:
    """Get-User says nothing of proxyAddresses: the address would look as if it could be accepted."""
    user = ad_user("bob", WindowsEmailAddress="ann@contoso.com")
    build.hybrid.directory.objects.add(DirectoryObject(
        uuid.UUID(str(user["Guid"])), "Bob", "User", mail="ann@contoso.com", email_addresses=["smtp:ann@contoso.com"]
    ))  # fmt: skip
    assert [error.code for error in told(running, here=[user])] == ["address_in_use"]


def test_a_controller_that_is_silent_is_told_and_stops_nobody(running: DomainController) -> None:
    directory = DirectoryHolders({**running.options, "port": 9})
    assert directory([claim()]) == {}
    assert directory.unsearched.startswith("Plain users, contacts and groups were not searched, whose proxyAddresses")
    assert "Nothing answers for the domain controller at localhost:9" in directory.unsearched
    assert "firewalls" in directory.remedy
    (warning,) = warnings(directory)
    assert directory.unsearched in warning
    assert warning.endswith(directory.remedy)


def test_nothing_is_said_where_everything_was_searched_or_nothing_is_configured(running: DomainController) -> None:
    directory = asked_by(running.options)
    assert directory is not None
    directory([claim()])
    assert (warnings(directory), asked_by(None), warnings(None)) == ([], None, [])


def test_an_option_that_is_wrong_is_refused(running: DomainController) -> None:
    with pytest.raises(InputError, match="port"):
        DirectoryHolders({**running.options, "port": 3268})([claim()])
