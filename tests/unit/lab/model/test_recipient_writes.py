# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The on-premises and cloud writes, and the traps in them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from lab.model.builder import Person, child_domain_person
from lab.model.recipients import EMPTY_GUID

if TYPE_CHECKING:
    from conftest import Desk

ROUTING = "ann.archer@contoso.mail.onmicrosoft.com"
PRIMARY = "ann.archer@contoso.com"


def test_enable_mail_user_without_primary_makes_the_routing_address_primary(desk: Desk) -> None:
    desk.build.cloud_only("Ann Archer")
    shown = desk.server("Enable-MailUser", Identity=PRIMARY, ExternalEmailAddress=ROUTING).objects[0]
    assert desk.addresses(shown) == [f"SMTP:{ROUTING}"]
    assert shown.properties["EmailAddressPolicyEnabled"] is True
    assert shown.properties["WindowsEmailAddress"] == ROUTING


def test_enable_mail_user_with_primary_turns_the_policy_off(desk: Desk) -> None:
    desk.build.cloud_only("Jürgen Öberg")
    shown = desk.server(
        "Enable-MailUser", Identity="Jürgen Öberg", ExternalEmailAddress="SMTP:j@contoso.mail.onmicrosoft.com",
        PrimarySmtpAddress="juergen.oeberg@contoso.com",
    ).objects[0]  # fmt: skip
    assert desk.addresses(shown) == ["SMTP:juergen.oeberg@contoso.com"]
    assert shown.properties["EmailAddressPolicyEnabled"] is False
    assert shown.properties["ExternalEmailAddress"] == "SMTP:j@contoso.mail.onmicrosoft.com"
    assert (shown.properties["Alias"], shown.properties["WindowsEmailAddress"]) == (
        "juergen.oeberg", "juergen.oeberg@contoso.com",
    )  # fmt: skip


def test_enable_mail_user_refuses_what_is_mail_enabled(demo: Desk) -> None:
    failure = demo.refused("Enable-MailUser", Identity="Walter Weiss", ExternalEmailAddress="w@contoso.com")
    assert failure.exception_type.endswith("RecipientTaskException")
    assert "is of type UserMailbox" in failure.message
    demo.prepare(demo.build.cloud_only("Vera Vogel"))
    again = demo.refused("Enable-MailUser", Identity="Vera Vogel", ExternalEmailAddress="v@contoso.com")
    assert "is of type MailUser" in again.message


def test_an_address_is_unique_in_the_forest_even_where_the_session_cannot_see(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    desk.build.second_holder("smtp:ann.archer@contoso.com")
    holder = next(item for item in desk.hybrid.directory.objects if item.name.startswith("Holder"))
    desk.hybrid.directory.objects.change(holder, desk.clock.now(), domain="emea.contoso.com")
    desk.shell.view_entire_forest = False
    failure = desk.refused(
        "Enable-MailUser", Identity=PRIMARY, ExternalEmailAddress=ROUTING, PrimarySmtpAddress=PRIMARY
    )
    assert failure.exception_type.endswith("ProxyAddressExistsException")
    assert "is already being used by the proxy addresses or LegacyExchangeDN of" in failure.message
    assert pair.directory.kind == "User"


def test_what_if_changes_nothing_and_still_checks(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    before = desk.hybrid.snapshot()
    assert desk.server("Enable-MailUser", Identity=PRIMARY, ExternalEmailAddress=ROUTING, WhatIf=True).errors == []
    assert desk.hybrid.snapshot() == before
    desk.prepare(pair)
    assert desk.refused("Enable-MailUser", Identity=PRIMARY, ExternalEmailAddress=ROUTING, WhatIf=True)


def test_set_mail_user_replaces_addresses_or_changes_them(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    desk.prepare(pair)
    desk.server("Set-MailUser", Identity=PRIMARY, EmailAddresses=[f"SMTP:{PRIMARY}", "smtp:a@contoso.com", "X500:/o=A"])
    assert pair.directory.email_addresses == [f"SMTP:{PRIMARY}", "smtp:a@contoso.com", "X500:/o=A"]
    desk.server("Set-MailUser", Identity=PRIMARY, EmailAddresses={"Add": ["smtp:b@contoso.com"], "Remove": "X500:/o=A"})
    assert pair.directory.email_addresses == [f"SMTP:{PRIMARY}", "smtp:a@contoso.com", "smtp:b@contoso.com"]
    failure = desk.refused("Set-MailUser", Identity=PRIMARY, EmailAddresses={"Remove": [f"smtp:{PRIMARY}"]})
    assert "primary SMTP address can't be removed" in failure.message


def test_email_addresses_exclude_primary_smtp_address(desk: Desk) -> None:
    desk.prepare(desk.build.cloud_only("Ann Archer"))
    failure = desk.refused(
        "Set-MailUser", Identity=PRIMARY, EmailAddresses=[f"SMTP:{PRIMARY}"], PrimarySmtpAddress=PRIMARY
    )
    assert "can't be used at the same time" in failure.message


def test_write_that_finds_everything_as_wanted_warns(desk: Desk) -> None:
    desk.prepare(desk.build.cloud_only("Ann Archer"))
    answer = desk.server("Set-MailUser", Identity=PRIMARY, DisplayName="Ann Archer", ForceUpgrade=True)
    assert answer.warnings == [
        "The command completed successfully but no settings of 'contoso.com/People/Ann Archer' have been modified."
    ]


def test_exchange_guid_of_another_object_is_refused(desk: Desk) -> None:
    ann, bob = desk.build.cloud_only("Ann Archer"), desk.build.cloud_only("Bob Baker")
    desk.prepare(ann)
    desk.prepare(bob)
    taken = desk.refused("Set-MailUser", Identity="Bob Baker", ExchangeGuid=ann.cloud.exchange_guid)
    assert taken.exception_type.endswith("PropertyValueExistsException")
    assert '"ExchangeGuid" is used by another recipient object. Please specify a unique value.' in taken.message
    archive = uuid.UUID(int=7)
    desk.server("Set-MailUser", Identity="Ann Archer", ArchiveGuid=str(archive))
    assert desk.refused("Set-MailUser", Identity="Bob Baker", ArchiveGuid=str(archive)).message
    assert ann.directory.archive_guid == archive


@pytest.mark.parametrize("controller", [None, "dc01.contoso.com", "dc02.contoso.com"])
@pytest.mark.parametrize("view_entire_forest", [True, False])
@pytest.mark.parametrize("parameter", ["ExchangeGuid", "ArchiveGuid", "EmailAddresses"])
def test_what_is_taken_in_the_child_domain_is_refused_whatever_is_seen(
    desk: Desk, controller: str | None, view_entire_forest: bool, parameter: str
) -> None:
    holder = desk.build.cloud_only(child_domain_person("Ines Fontaine"))
    desk.build.mail_enable(holder, exchange_guid=uuid.UUID(int=7), archive_guid=uuid.UUID(int=8))
    pair = desk.build.cloud_only("Ann Archer")
    desk.prepare(pair)
    desk.clock.advance(60)
    before = list(pair.directory.email_addresses)
    value: object = {"Add": ["smtp:ines.fontaine@contoso.com"]}
    # A GUID is taken in either place, as the mailbox's or as the archive's.
    value = value if parameter == "EmailAddresses" else str(uuid.UUID(int=8 if parameter == "ExchangeGuid" else 7))
    desk.shell.view_entire_forest = view_entire_forest
    pinned = {"DomainController": controller} if controller else {}
    failure = desk.refused("Set-MailUser", Identity="Ann Archer", **{parameter: value}, **pinned)
    assert failure.exception_type.endswith(
        "ProxyAddressExistsException" if parameter == "EmailAddresses" else "PropertyValueExistsException"
    )
    assert pair.directory.email_addresses == before


def test_mail_of_a_plain_user_need_not_be_unique(desk: Desk) -> None:
    ann, admin = desk.build.cloud_only("Ann Archer"), desk.build.directory_user("Admin of Ann")
    desk.server("Set-User", Identity=str(admin.guid), WindowsEmailAddress=PRIMARY)
    desk.prepare(ann)
    assert (admin.mail, ann.directory.mail) == (PRIMARY, PRIMARY)


def test_policy_keeps_the_primary_address_and_may_change_it(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    desk.server("Enable-MailUser", Identity=PRIMARY, ExternalEmailAddress=ROUTING)
    refused = desk.refused("Set-MailUser", Identity=PRIMARY, EmailAddresses=[f"SMTP:{PRIMARY}"])
    assert "e-mail address policies" in refused.message
    desk.server("Set-MailUser", Identity=PRIMARY, EmailAddresses=[f"SMTP:{PRIMARY}"], EmailAddressPolicyEnabled=False)
    assert pair.directory.primary_smtp_address == PRIMARY
    assert desk.hybrid.run_address_policies() == 0
    desk.server("Set-MailUser", Identity=PRIMARY, EmailAddressPolicyEnabled=True)
    assert desk.hybrid.run_address_policies() == 1
    assert pair.directory.email_addresses == [f"SMTP:{ROUTING}", f"smtp:{PRIMARY}"]


def test_external_address_that_is_replaced_does_not_stay_as_a_proxy(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    desk.prepare(pair)
    assert f"smtp:{ROUTING}" in pair.directory.email_addresses
    desk.server("Set-MailUser", Identity=PRIMARY, ExternalEmailAddress="ann@fabrikam.com")
    assert f"smtp:{ROUTING}" not in pair.directory.email_addresses
    assert pair.directory.external_email_address == "SMTP:ann@fabrikam.com"


def test_set_user_windows_email_address(desk: Desk) -> None:
    plain, policy, free = (desk.build.cloud_only(name) for name in ("Ann Archer", "Bob Baker", "Dana Diaz"))
    desk.server("Enable-MailUser", Identity="Bob Baker", ExternalEmailAddress="bob.baker@contoso.mail.onmicrosoft.com")
    desk.prepare(free)
    for pair in (plain, free):
        assert desk.server("Set-User", Identity=pair.person.name, WindowsEmailAddress="new@fabrikam.com").errors == []
        desk.server("Set-User", Identity=pair.person.name, WindowsEmailAddress=pair.identity)
    assert "no settings of" in desk.server("Set-User", Identity="Bob Baker", WindowsEmailAddress="b@c.com").warnings[0]
    assert (plain.directory.mail, plain.directory.email_addresses) == ("ann.archer@contoso.com", [])
    assert policy.directory.primary_smtp_address == "bob.baker@contoso.mail.onmicrosoft.com"
    assert free.directory.email_addresses[:2] == ["SMTP:dana.diaz@contoso.com", "smtp:new@fabrikam.com"]


def test_set_user_refuses_a_taken_user_principal_name(desk: Desk) -> None:
    desk.build.cloud_only("Ann Archer")
    desk.build.cloud_only("Bob Baker")
    refused = desk.refused("Set-User", Identity="Bob Baker", UserPrincipalName=PRIMARY)
    assert "used by another recipient object" in refused.message


def test_disable_mail_user_takes_every_exchange_attribute(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    desk.prepare(pair)
    desk.server("Disable-MailUser", Identity=PRIMARY, Confirm=False)
    left = pair.directory
    assert (left.kind, left.mail, left.email_addresses, left.exchange_guid) == ("User", "", [], EMPTY_GUID)


def test_remote_mailbox_is_stamped_by_its_own_cmdlet(demo: Desk) -> None:
    assert "couldn't be found" in demo.refused("Set-MailUser", Identity="Rosa Romero", Alias="r").message
    guid = uuid.uuid4()
    demo.server("Set-RemoteMailbox", Identity="Rosa Romero", ExchangeGuid=guid)
    shown = demo.server("Get-RemoteMailbox", Identity="Rosa Romero").objects[0].properties
    assert shown["ExchangeGuid"] == guid
    assert shown["RemoteRoutingAddress"] == "SMTP:rosa.romero@contoso.mail.onmicrosoft.com"


def test_mailbox_on_premises_converts_and_takes_accepted_domains_only(demo: Desk) -> None:
    demo.server(
        "Set-Mailbox", Identity="Walter Weiss", Type="Room", UseDatabaseQuotaDefaults=False, ProhibitSendQuota="2GB"
    )
    shown = demo.server("Get-Mailbox", Identity="Walter Weiss").objects[0].properties
    assert shown["RecipientTypeDetails"].name == "RoomMailbox"
    assert shown["ProhibitSendQuota"].size == 2 * 1024**3
    failure = demo.refused("Set-Mailbox", Identity="Walter Weiss", EmailAddresses={"Add": ["w@example.org"]})
    assert failure.exception_type.endswith("NotAcceptedDomainException")
    demo.hybrid.directory.accepted_domains.append("*.branches.contoso.com")
    at_home = ["w@madrid.branches.contoso.com"]
    assert demo.server("Set-Mailbox", Identity="Walter Weiss", EmailAddresses={"Add": at_home}).errors == []
    failure = demo.refused("Set-Mailbox", Identity="Walter Weiss", EmailAddresses={"Add": ["w@branches.contoso.com"]})
    assert failure.exception_type.endswith("NotAcceptedDomainException")
    assert demo.server("Get-MailboxStatistics", Identity="Walter Weiss").objects[0].properties["TotalItemSize"].size


def test_cloud_only_mailbox_takes_the_routing_address(desk: Desk) -> None:
    pair = desk.build.cloud_only(Person("Hana Hayashi", routing_address=False))
    address = "smtp:hana.hayashi@contoso.mail.onmicrosoft.com"
    assert (
        desk.cloud("Set-Mailbox", Identity=pair.identity, EmailAddresses={"add": address}, Confirm=False).errors == []
    )
    assert pair.cloud.email_addresses[-1] == address
    other = desk.cloud_refused("Set-Mailbox", Identity=pair.identity, EmailAddresses={"add": ["x@example.org"]})
    assert other.exception_type.endswith("NotAcceptedDomainException")


def test_cloud_address_of_another_recipient_is_refused(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    desk.build.second_holder("smtp:taken@contoso.com", in_the_cloud=True)
    failure = desk.cloud_refused("Set-Mailbox", Identity=pair.identity, EmailAddresses={"Add": ["taken@contoso.com"]})
    assert failure.exception_type.endswith("ProxyAddressExistsException")


def test_synced_mailbox_refuses_set_mailbox(desk: Desk) -> None:
    pair = desk.build.synced("Ann Archer")
    failure = desk.cloud_refused("Set-Mailbox", Identity=pair.identity, EmailAddresses={"Add": ["a@contoso.com"]})
    assert "is being synchronized from your on-premises organization" in failure.message
    desk.build.set_cloud(pair, is_exchange_cloud_managed=True)
    desk.cloud("Set-Mailbox", Identity=pair.identity, EmailAddresses={"Add": ["a@contoso.com"]})
    assert "smtp:a@contoso.com" in pair.cloud.email_addresses


@pytest.mark.parametrize(
    ("switch", "left"),
    [
        ("RemoveDelayHoldApplied", {"DelayHoldApplied": False, "DelayReleaseHoldApplied": True}),
        ("RemoveDelayReleaseHoldApplied", {"DelayHoldApplied": True, "DelayReleaseHoldApplied": False}),
    ],
)
def test_a_switch_ends_its_own_delay_hold_of_a_synced_mailbox_too(
    desk: Desk, switch: str, left: dict[str, bool]
) -> None:
    pair = desk.build.synced("Ann Archer")
    desk.build.set_cloud(pair, delay_hold=True, delay_release_hold=True)
    desk.cloud("Set-Mailbox", Identity=pair.identity, **{switch: True}, WhatIf=True)
    assert pair.cloud.delay_hold
    assert pair.cloud.delay_release_hold
    desk.cloud("Set-Mailbox", Identity=pair.identity, **{switch: True}, Confirm=False)
    shown = desk.cloud("Get-Mailbox", Identity=pair.identity).objects[0].properties
    assert {name: shown[name] for name in left} == left
    again = desk.cloud("Set-Mailbox", Identity=pair.identity, **{switch: True}, Confirm=False)
    assert "no settings of" in again.warnings[0]


def test_each_delay_hold_has_a_call_of_its_own(desk: Desk) -> None:
    pair = desk.build.cloud_only("Ann Archer")
    both = {"RemoveDelayHoldApplied": True, "RemoveDelayReleaseHoldApplied": True}
    failure = desk.cloud_refused("Set-Mailbox", Identity=pair.identity, **both)
    assert failure.exception_type.endswith("AmbiguousParameterSetException")


def test_an_organization_lists_the_retention_policies_for_everybody(desk: Desk) -> None:
    policy = "mbx5b9e3a1c4f024d6e9a53c1e8b7d20f64:2"
    desk.hybrid.tenant.in_place_holds.append(policy)
    shown = desk.cloud("Get-OrganizationConfig").objects[0].properties
    assert shown["InPlaceHolds"].items == [policy]


@pytest.mark.parametrize("bad", ["nobody", "a@b", "two@@contoso.com"])
def test_malformed_address_is_refused(desk: Desk, bad: str) -> None:
    desk.build.cloud_only("Ann Archer")
    failure = desk.refused("Enable-MailUser", Identity=PRIMARY, ExternalEmailAddress=bad)
    assert failure.exception_type.endswith("DataValidationException")
