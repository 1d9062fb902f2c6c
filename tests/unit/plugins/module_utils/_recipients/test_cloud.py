# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import cloud, on_premises

from tests.unit.plugins.module_utils.fakes import (
    ROUTING,
    ZERO,
    ad_user,
    cloud_mail_user,
    cloud_mailbox,
    guid_of,
    on_premises_recipient,
)


def test_a_mailbox_in_normal_form() -> None:
    item = cloud.recipient(
        cloud_mailbox(
            "ann",
            Guid=guid_of("x").upper(),
            CustomAttribute3="Munich",
            CustomAttribute4="",
            IsExchangeCloudManaged="False",
        )
    )
    assert item["kind"] == "mailbox"
    assert item["guid"] == guid_of("x")
    assert item["custom_attributes"] == {"custom_attribute3": "Munich"}
    assert (item["is_dir_synced"], item["is_exchange_cloud_managed"], item["in_place_holds"]) == (False, False, [])
    assert set(cloud.carried(item)) == set(item) & set(cloud.CARRIED)
    assert not {"kind", "guid"} & set(cloud.carried(item))


def test_what_the_object_lacks_is_absent() -> None:
    item = cloud.recipient({"RecipientTypeDetails": "GuestMailUser", "WindowsLiveID": "ann@contoso.com"})
    assert item["kind"] == "mail_user"
    assert item["user_principal_name"] == "ann@contoso.com"
    assert item["exchange_guid"] == ZERO
    assert not {"legacy_exchange_dn", "litigation_hold_enabled", "in_place_holds", "immutable_id"} & set(item)


@pytest.mark.parametrize(
    ("details", "kind"), [("RoomMailbox", "mailbox"), ("MailUser", "mail_user"), ("MailContact", "other")]
)
def test_kinds_in_the_cloud(details: str, kind: str) -> None:
    assert cloud.recipient_kind({"RecipientTypeDetails": details}) == kind


BEFORE = cloud.recipient(cloud_mailbox("ann", CustomAttribute1="x"))


@pytest.mark.parametrize(
    ("properties", "changed"),
    [
        ({}, set()),
        ({"PrimarySmtpAddress": "ANN@contoso.com", "UserPrincipalName": "Ann@Contoso.com"}, set()),
        ({"PrimarySmtpAddress": "ann@contoso.mail.onmicrosoft.com"}, {"primary_smtp_address"}),
        ({"UserPrincipalName": "a@contoso.com"}, {"user_principal_name"}),
        ({"Alias": "Ann"}, {"alias"}),
        ({"DisplayName": "Ann S."}, {"display_name"}),
        ({"HiddenFromAddressListsEnabled": True}, {"hidden_from_address_lists_enabled"}),
        ({"CustomAttribute1": "y"}, {"custom_attributes"}),
        ({"CustomAttribute1": ""}, {"custom_attributes"}),
        ({"LegacyExchangeDN": "/o=other"}, {"legacy_exchange_dn"}),
        ({"ExchangeGuid": guid_of("another")}, {"exchange_guid"}),
        ({"ArchiveGuid": guid_of("another")}, {"archive_guid"}),
        ({"RecipientTypeDetails": "SharedMailbox"}, {"recipient_type_details"}),
        ({"EmailAddresses": ["SMTP:ann@contoso.com"]}, {"email_addresses"}),
        ({"EmailAddresses": [a.upper() for a in BEFORE["email_addresses"]] + ["smtp:new@contoso.com"]}, set()),
    ],
)
def test_difference(properties: dict[str, Any], changed: set[str]) -> None:
    live = cloud.recipient(cloud_mailbox("ann", **{"CustomAttribute1": "x", **properties}))
    difference = cloud.difference(BEFORE, live)
    assert set(difference) == changed
    gone = ([address for address in BEFORE["email_addresses"] if not address.startswith(("SMTP:", "SPO:"))], [])
    told = {name: gone if name == "email_addresses" else (BEFORE[name], live.get(name)) for name in difference}
    assert difference == told


@pytest.mark.parametrize(
    ("address", "counts"),
    [
        ("smtp:old@contoso.com", True),
        ("X500:/o=Contoso/cn=Ann", True),
        ("EUM:4711", True),
        (f"smtp:ann@{ROUTING}", True),
        ("smtp:second@contoso.onmicrosoft.com", False),
        ("smtp:ann@fabrikam.microsoftonline.com", False),
        ("X400:C=US;S=Ann;", False),
        ("MS:CONTOSO/PO/ANN", False),
        ("NOTES:Ann/Contoso", False),
        ("SPO:SPO_1", False),
    ],
)
def test_an_address_that_the_sync_cannot_keep_is_no_difference(address: str, counts: bool) -> None:
    before = {"email_addresses": ["SMTP:ann@contoso.com", address]}
    live = {"email_addresses": ["SMTP:ann@contoso.com"]}
    assert cloud.difference(before, live) == ({"email_addresses": ([address], [])} if counts else {})


def test_sip_addresses_may_be_left_behind_on_purpose() -> None:
    live = {**BEFORE, "email_addresses": [a for a in BEFORE["email_addresses"] if not a.startswith("SIP:")]}
    assert set(cloud.difference(BEFORE, live)) == {"email_addresses"}
    assert cloud.difference(BEFORE, live, include_sip=False) == {}


@pytest.mark.parametrize(("before", "now", "licensed", "reverted"), [
    ("SharedMailbox", "UserMailbox", False, True),
    ("RoomMailbox", "UserMailbox", None, True),
    # Who gives it a licence means it to be one.
    ("SharedMailbox", "UserMailbox", True, False),
    ("UserMailbox", "SharedMailbox", False, False),
    ("SharedMailbox", "RoomMailbox", False, False),
    ("SharedMailbox", "SharedMailbox", False, False),
])  # fmt: skip
def test_a_kind_that_the_service_took_back_is_no_difference(
    before: str, now: str, licensed: bool | None, reverted: bool
) -> None:
    shown = {} if licensed is None else {"SKUAssigned": licensed}
    live = cloud.recipient(cloud_mailbox("ann", RecipientTypeDetails=now, **shown))
    assert cloud.kind_reverted({"recipient_type_details": before}, live) is reverted
    difference = cloud.difference({"recipient_type_details": before}, live)
    assert bool(difference) is (before != now and not reverted)


def test_only_what_the_baseline_knows_is_compared() -> None:
    assert cloud.difference({"alias": "ann"}, {"alias": "ann", "display_name": "other"}) == {}
    assert cloud.difference({}, cloud.recipient(cloud_mail_user("ann"))) == {}


def test_on_premises_objects_in_normal_form() -> None:
    plain = on_premises.user(ad_user("ann", ExternalDirectoryObjectId=f"User_{guid_of('ann').upper()}"))
    assert (plain["kind"], plain["external_directory_object_id"]) == ("user", guid_of("ann"))
    assert "email_addresses" not in plain
    full = on_premises.with_mail(
        plain,
        on_premises_recipient(
            "ann",
            "RemoteUserMailbox",
            ExternalEmailAddress=None,
            RemoteRoutingAddress="SMTP:ann@x.com",
            Database="DB01",
        ),
    )
    assert (full["external_email_address"], full["database"], full["kind"]) == ("ann@x.com", "DB01", "user")
    assert full["exchange_guid"] == guid_of("ann's mailbox")


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        ("User", "user"),
        ("DisabledUser", "user"),
        ("MailUser", "mail_user"),
        ("RemoteSharedMailbox", "remote_mailbox"),
        ("LinkedMailbox", "mailbox"),
        ("MailContact", "other"),
        ("", "other"),
    ],
)
def test_kinds_on_premises(details: str, kind: str) -> None:
    assert on_premises.user({"RecipientTypeDetails": details})["kind"] == kind
