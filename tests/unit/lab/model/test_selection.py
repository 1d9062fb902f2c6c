# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Get-* cmdlets find, and what they must not find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.answer import CmdletFailure
from lab.model.builder import Person, child_domain_person

if TYPE_CHECKING:
    from conftest import Desk


@pytest.mark.parametrize("cmdlet", ["Get-User", "Get-Recipient", "Get-Mailbox", "Get-MailUser", "Get-RemoteMailbox"])
@pytest.mark.parametrize("identity", [None, ""])
def test_empty_identity_returns_every_object(demo: Desk, cmdlet: str, identity: str | None) -> None:
    everything = demo.server(cmdlet)
    assert [item.to_string for item in demo.server(cmdlet, Identity=identity).objects] == [
        item.to_string for item in everything.objects
    ]


def test_empty_identity_returns_every_mailbox_and_move_request_in_the_cloud(demo: Desk) -> None:
    assert len(demo.cloud("Get-Mailbox", Identity="").objects) > 25
    assert demo.cloud("Get-MoveRequest", Identity=None).objects == []


def test_identity_that_matches_nothing_is_an_error_of_either_kind(desk: Desk) -> None:
    failure = desk.refused("Get-Mailbox", Identity="nobody")
    assert failure.exception_type.endswith("ManagementObjectNotFoundException")
    assert failure.message == (
        "The operation couldn't be performed because object 'nobody' couldn't be found on 'dc01.contoso.com'."
    )
    assert desk.cloud_refused("Get-Mailbox", Identity="nobody").exception_type == failure.exception_type


def test_identity_that_matches_two_is_an_error(demo: Desk) -> None:
    failure = demo.refused("Get-User", Identity="Ann Archer")
    assert failure.exception_type.endswith("ManagementObjectAmbiguousException")
    assert (
        demo.server("Get-User", Identity="CONTOSO\\ann.archer").objects[0].to_string == "contoso.com/People/Ann Archer"
    )


@pytest.mark.parametrize(
    "identity",
    [
        "ANN.ARCHER@contoso.com", "contoso.com/People/Ann Archer", "CN=Ann Archer,OU=People,DC=contoso,DC=com",
        "Ann Archer", "CONTOSO\\ann.archer", "ann.archer",
    ],
)  # fmt: skip
def test_identities_of_a_user(desk: Desk, identity: str) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    assert desk.server("Get-User", Identity=identity).objects[0].properties["Guid"] == pair.directory.guid


def test_identities_of_a_cloud_mailbox(desk: Desk) -> None:
    cloud = desk.build.cloud_only(Person("Ann Archer", extra=("smtp:ann@contoso.com",))).cloud
    for identity in (
        cloud.exchange_guid, cloud.guid, cloud.external_directory_object_id, cloud.alias, "ann@contoso.com",
        cloud.legacy_exchange_dn, cloud.user_principal_name,
    ):  # fmt: skip
        assert desk.cloud("Get-Mailbox", Identity=identity).objects[0].properties["Guid"] == cloud.guid
    assert desk.cloud_refused("Get-User", Identity=str(cloud.exchange_guid)).message


def test_plain_user_is_hidden_from_get_recipient(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    assert len(desk.server("Get-User", Identity="Ann Archer").objects) == 1
    assert desk.refused("Get-Recipient", Identity="Ann Archer").exception_type.endswith("NotFoundException")
    desk.prepare(pair)
    assert len(desk.server("Get-Recipient", Identity="Ann Archer").objects) == 1


def test_child_domain_is_seen_with_view_entire_forest_only(desk: Desk) -> None:
    desk.build.directory_user(child_domain_person("Ines Fontaine"))
    desk.shell.view_entire_forest = False
    assert desk.server("Get-ADServerSettings").objects[0].properties["ViewEntireForest"] is False
    assert desk.refused("Get-User", Identity="EMEA\\ines.fontaine")
    assert desk.server("Get-User").objects == []
    desk.server("Set-ADServerSettings", ViewEntireForest=True)
    assert len(desk.server("Get-User", Identity="EMEA\\ines.fontaine").objects) == 1


def test_result_size_is_1000_unless_said_and_warns(desk: Desk) -> None:
    desk.build.many(1001)
    default = desk.server("Get-User")
    assert (len(default.objects), default.warnings[0][:40]) == (1000, "By default, only the first 1000 items ar")
    assert (len(desk.cloud("Get-Mailbox").objects), len(desk.cloud("Get-Mailbox").warnings)) == (1000, 1)
    everything = desk.server("Get-User", ResultSize="unlimited")
    assert (len(everything.objects), everything.warnings) == (1001, [])
    few = desk.cloud("Get-Recipient", ResultSize=2)
    assert (len(few.objects), few.warnings[0][:27]) == (2, "There are more results avai")


@pytest.mark.parametrize(
    ("cmdlet", "name"),
    [
        ("Get-User", "EmailAddresses"), ("Get-User", "ExchangeGuid"), ("Get-User", "ImmutableId"),
        ("Get-Recipient", "UserPrincipalName"), ("Get-Recipient", "WindowsEmailAddress"),
        ("Get-Recipient", "ImmutableId"),
        ("Get-Recipient", "LegacyExchangeDN"), ("Get-MailUser", "Database"), ("Get-Mailbox", "ExternalEmailAddress"),
        ("Get-MailUser", "RemoteRecipientType"), ("Get-User", "Bogus"),
    ],
)  # fmt: skip
def test_property_that_the_cmdlet_cannot_filter_by(desk: Desk, cmdlet: str, name: str) -> None:
    with pytest.raises(CmdletFailure, match=f'"{name}" is not a recognized filterable property') as caught:
        desk.server(cmdlet, Filter=f"{name} -eq 'a'")
    assert caught.value.exception_type.endswith("ParameterBindingException")


def test_broken_filter_is_refused(desk: Desk) -> None:
    with pytest.raises(CmdletFailure, match="Invalid filter syntax"):
        desk.server("Get-User", Filter="Name -eq 'O'Brien'")


def found(desk: Desk, cmdlet: str, text: str, **more: Any) -> list[str]:
    return sorted(str(item.properties["Name"]) for item in desk.cloud(cmdlet, Filter=text, **more).objects)


def test_filters_find_by_every_address_and_by_guid(desk: Desk) -> None:
    ann = desk.build.cloud_only(Person("Ann Archer", extra=("smtp:ann@contoso.com", "X500:/o=Old/cn=ann")))
    bob = desk.build.cloud_only("Bob Baker")
    assert found(desk, "Get-Recipient", "PrimarySmtpAddress -eq 'ANN@contoso.com'") == ["Ann Archer"]
    assert found(desk, "Get-Recipient", "EmailAddresses -eq 'smtp:ann@contoso.com'") == ["Ann Archer"]
    assert found(desk, "Get-Recipient", "EmailAddresses -eq 'X500:/o=Old/cn=ann'") == ["Ann Archer"]
    assert found(desk, "Get-Recipient", "EmailAddresses -eq '/o=Old/cn=ann'") == []
    both = f"ExchangeGuid -eq '{ann.cloud.exchange_guid}' -or ExchangeGuid -eq '{bob.cloud.exchange_guid}'"
    assert found(desk, "Get-Mailbox", both) == ["Ann Archer", "Bob Baker"]
    assert found(desk, "Get-Mailbox", "Name -like 'B*'") == ["Bob Baker"]
    assert found(desk, "Get-Mailbox", both, RecipientTypeDetails=["SharedMailbox"]) == []


def test_filter_finds_an_external_id(desk: Desk) -> None:
    pair = desk.build.synced("Ann Archer")
    external = f"User_{pair.cloud.external_directory_object_id}"
    assert desk.server("Get-User", Filter=f"ExternalDirectoryObjectId -eq '{external}'").objects == []
    desk.build.set_directory(pair, external_directory_object_id=external)
    answer = desk.server("Get-User", Filter=f"ExternalDirectoryObjectId -eq '{external}'")
    assert answer.objects[0].properties["ExternalDirectoryObjectId"] == external


def test_apostrophe_in_a_filter_is_doubled(desk: Desk) -> None:
    desk.build.cloud_only("Siobhan O'Brien")
    assert found(desk, "Get-User", "UserPrincipalName -eq 'siobhan.o''brien@contoso.com'") == ["Siobhan O'Brien"]


def test_anr_finds_by_the_beginning_of_a_name(desk: Desk) -> None:
    desk.build.cloud_only("Ann Archer")
    desk.build.cloud_only("Bob Baker")
    assert [item.properties["Name"] for item in desk.cloud("Get-Mailbox", Anr="arch").objects] == ["Ann Archer"]


def test_outputs_leave_out_what_their_cmdlets_do_not_show(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    desk.prepare(pair)
    user = desk.server("Get-User", Identity="Ann Archer").objects[0]
    recipient = desk.server("Get-Recipient", Identity="Ann Archer").objects[0]
    assert {"EmailAddresses", "ExchangeGuid", "Alias", "ImmutableId"}.isdisjoint(user.properties)
    assert {"UserPrincipalName", "WindowsEmailAddress"}.isdisjoint(recipient.properties)
    assert user.type_names[0] == "Microsoft.Exchange.Data.Directory.Management.User"
    assert recipient.type_names[0] == "Microsoft.Exchange.Data.Directory.Management.ReducedRecipient"
    assert desk.cloud("Get-Mailbox", Identity="Ann Archer").objects[0].properties["ImmutableId"] == ""


def test_configuration_cmdlets(desk: Desk) -> None:
    databases = desk.server("Get-MailboxDatabase").objects
    assert [item.to_string for item in databases] == ["DB01", "DB02", "DB03"]
    assert databases[0].properties["Mounted"] is None
    assert desk.server("Get-MailboxDatabase", Identity="db02", Status=True).objects[0].properties["Mounted"] is True
    assert 'Couldn\'t find database "DB9"' in desk.refused("Get-MailboxDatabase", Identity="DB9").message
    domains = desk.cloud("Get-AcceptedDomain").objects
    assert [item.to_string for item in domains] == [
        "contoso.com", "fabrikam.com", "contoso.onmicrosoft.com", "contoso.mail.onmicrosoft.com",
    ]  # fmt: skip
    directory = desk.server("Get-WebServicesVirtualDirectory", ADPropertiesOnly=True).objects[0]
    assert (directory.to_string, directory.properties["MRSProxyEnabled"]) == ("EX01\\EWS (Default Web Site)", True)
    assert desk.server("Get-ExchangeServer").objects[0].properties["Fqdn"] == "ex01.contoso.com"
    assert desk.cloud("Get-OrganizationConfig").objects[0].properties["AutoExpandingArchiveEnabled"] is False
    assert desk.server("Get-MoveRequest").objects == []
    assert "move request" in desk.refused("Get-MoveRequest", Identity="Ann Archer").message
