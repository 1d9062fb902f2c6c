# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline_changes import (
    Changes,
    since,
    stop_sign,
    told,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.rollback_plan import (
    RollbackEvidence,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    cloud,
    move_request,
    on_premises,
)

from tests.unit.plugins.module_utils.fakes import (
    ROUTING,
    ZERO,
    ad_user,
    cloud_mailbox,
    guid_of,
    move_request_of,
    on_premises_recipient,
)

LIVE = cloud_mailbox("ann")["EmailAddresses"]
NEW_ALIAS = [*LIVE, "smtp:ann.new@contoso.com"]
NEW_PRIMARY = ["SMTP:ann.new@contoso.com", "smtp:ann@contoso.com", *LIVE[1:]]
TAKEN_AT = "2026-11-23T09:00:00Z"
PLAIN = ad_user("ann")
WHOLE = on_premises_recipient("ann")
HALF_MADE = on_premises_recipient(
    "ann",
    ExchangeGuid=ZERO,
    EmailAddressPolicyEnabled=True,
    PrimarySmtpAddress="ann.archer@contoso.com",
    EmailAddresses=["SMTP:ann.archer@contoso.com"],
)


def local(person: Properties) -> dict[str, Any]:
    plain = on_premises.user(person)
    return on_premises.with_mail(plain, person) if plain["kind"] in on_premises.READ_WITH else plain


def changes(
    person: Properties,
    *,
    before: Properties = PLAIN,
    was: Properties | None = None,
    primary: str = "",
    routing: str = f"ann@{ROUTING}",
    request: Properties | None = None,
    **live: Any,
) -> Changes:
    """Return what became of Ann since her baseline, which has the person ``before`` and the mailbox ``was``."""
    baseline = {
        "taken_at": TAKEN_AT,
        "cloud": cloud.recipient(was or cloud_mailbox("ann")),
        "on_premises": local(before),
    }
    return since(
        RollbackEvidence(
            cloud.recipient(cloud_mailbox("ann", **live)),
            local(person),
            move_request.request(request) if request else None,
            baseline,
            routing=routing,
        ),
        primary,
    )


# -- before the first write --------------------------------------------------------------------------------------------


def test_what_did_not_change_keeps_its_baseline() -> None:
    assert changes(PLAIN) == Changes(False)


@pytest.mark.parametrize(
    ("live", "person"),
    [
        ({"EmailAddresses": NEW_ALIAS}, PLAIN),
        ({"EmailAddresses": LIVE[:2]}, PLAIN),
        ({"EmailAddresses": NEW_PRIMARY, "PrimarySmtpAddress": "ann.new@contoso.com"}, PLAIN),
        ({"ArchiveGuid": guid_of("a new archive")}, PLAIN),
        ({"RecipientTypeDetails": "SharedMailbox"}, PLAIN),
        ({"LitigationHoldEnabled": True}, PLAIN),
        ({}, ad_user("ann", DisplayName="Ann S.")),
        ({"IsDirSynced": True, "DisplayName": "Ann S."}, ad_user("ann", DisplayName="Ann S.")),
    ],
)
def test_while_nothing_was_written_what_is_live_counts(live: dict[str, Any], person: Properties) -> None:
    found = changes(person, **live)
    assert (found.written, found.differing, found.taken_at) == (False, {}, "")
    assert found.fresh == cloud.recipient(cloud_mailbox("ann", **live))
    assert found.on_premises == local(person)


def test_a_mail_user_that_was_there_before_is_no_write_of_ours() -> None:
    strange = on_premises_recipient("ann", ExchangeGuid=ZERO)
    found = changes(strange, before=strange, EmailAddresses=NEW_ALIAS)
    assert (found.written, found.fresh["email_addresses"]) == (False, NEW_ALIAS)


def test_the_routing_address_that_an_earlier_run_added_is_not_how_the_mailbox_was_found() -> None:
    was = cloud_mailbox("ann", EmailAddresses=[LIVE[0]])
    added = [LIVE[0], f"smtp:ann@{ROUTING}"]
    assert changes(PLAIN, was=was, EmailAddresses=added) == Changes(False)
    more = changes(PLAIN, was=was, EmailAddresses=[*added, "smtp:ann.new@contoso.com"])
    assert more.fresh["email_addresses"] == [LIVE[0], "smtp:ann.new@contoso.com"]
    # Without knowing the routing address nobody can tell who added it.
    assert changes(PLAIN, was=was, routing="", EmailAddresses=added).fresh["email_addresses"] == added


@pytest.mark.parametrize("was_synced", [False, True])
def test_addresses_that_a_sync_took_are_never_given_up_silently(was_synced: bool) -> None:
    """A half-made user was exported and taken away again by hand: on-premises looks as if nothing had been written."""
    was = cloud_mailbox("ann", IsDirSynced=was_synced)
    found = changes(PLAIN, was=was, IsDirSynced=True, EmailAddresses=[LIVE[0], "SIP:ann@contoso.com"])
    assert found.differing == {"email_addresses": ([f"smtp:ann@{ROUTING}"], [])}
    sign = stop_sign(found, TAKEN_AT, "ann@contoso.com")
    assert (sign.code, f"lost smtp:ann@{ROUTING}" in sign.message, "a sync removed" in sign.message) == (
        "baseline_differs",
        True,
        True,
    )


# -- after it ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("live", "person"),
    [
        ({}, WHOLE),
        ({}, HALF_MADE),
        ({"EmailAddresses": [*LIVE, "SPO:another"]}, WHOLE),
        # The stamp arrived, and with it what stood on-premises besides.
        ({"IsDirSynced": True, "EmailAddresses": [*LIVE, "X500:/o=ExchangeLabs/cn=ann"]}, WHOLE),
        (
            {"IsDirSynced": True, "EmailAddresses": [*LIVE, "smtp:added@contoso.com"]},
            on_premises_recipient("ann", EmailAddresses=[*WHOLE["EmailAddresses"], "smtp:added@contoso.com"]),
        ),
        # Microsoft Entra adds the UPN and addresses of its own domain, and takes others away (KB 3190357).
        (
            {
                "IsDirSynced": True,
                "UserPrincipalName": "a.archer@contoso.com",
                "EmailAddresses": [*LIVE, "smtp:a.archer@contoso.com", "smtp:ann4711@contoso.onmicrosoft.com"],
            },
            WHOLE,
        ),
        # A half-made user was exported: the mailbox lost what it had, and its primary address.
        (
            {
                "IsDirSynced": True,
                "PrimarySmtpAddress": "ann.archer@contoso.com",
                "EmailAddresses": ["SMTP:ann.archer@contoso.com"],
            },
            HALF_MADE,
        ),
        (
            {"IsDirSynced": True, "PrimarySmtpAddress": f"ann@{ROUTING}", "EmailAddresses": [f"SMTP:ann@{ROUTING}"]},
            WHOLE,
        ),
        # What flows with the match is compared once it is proved.
        ({"IsDirSynced": True, "Alias": "x", "DisplayName": "Ann S.", "CustomAttribute7": "4711"}, WHOLE),
    ],
)
def test_what_our_writes_and_entra_explain_leaves_the_baseline_the_authority(
    live: dict[str, Any], person: Properties
) -> None:
    assert changes(person, **live) == Changes(True)


@pytest.mark.parametrize(
    ("live", "person", "differing"),
    [
        ({"EmailAddresses": NEW_ALIAS}, WHOLE, {"email_addresses": ([], ["smtp:ann.new@contoso.com"])}),
        ({"EmailAddresses": NEW_ALIAS}, HALF_MADE, {"email_addresses": ([], ["smtp:ann.new@contoso.com"])}),
        ({"EmailAddresses": LIVE[:3]}, WHOLE, {"email_addresses": (["SIP:ann@contoso.com"], [])}),
        ({"IsDirSynced": True, "EmailAddresses": NEW_ALIAS}, WHOLE,
         {"email_addresses": ([], ["smtp:ann.new@contoso.com"])}),
        ({"EmailAddresses": NEW_PRIMARY, "PrimarySmtpAddress": "ann.new@contoso.com"}, WHOLE,
         {"primary_smtp_address": ("ann@contoso.com", "ann.new@contoso.com"),
          "email_addresses": ([], ["smtp:ann.new@contoso.com"])}),
        ({"DisplayName": "Ann S."}, WHOLE, {"display_name": ("Ann", "Ann S.")}),
        ({"ArchiveGuid": guid_of("new")}, WHOLE, {"archive_guid": (ZERO, guid_of("new"))}),
        ({"IsDirSynced": True, "RecipientTypeDetails": "SharedMailbox"}, WHOLE,
         {"recipient_type_details": ("UserMailbox", "SharedMailbox")}),
        # Somebody gave the whole user another primary address on-premises; the stamp would revert it.
        ({"IsDirSynced": True}, on_premises_recipient("ann", PrimarySmtpAddress="ann.new@contoso.com"),
         {"primary_smtp_address": ("ann@contoso.com", "ann.new@contoso.com")}),
    ],
)  # fmt: skip
def test_what_nothing_explains_differs(
    live: dict[str, Any], person: Properties, differing: dict[str, tuple[Any, Any]]
) -> None:
    found = changes(person, **live)
    shown = {
        name: pair if name != "email_addresses" else (pair[0], [f"smtp:{a.partition(':')[2]}" for a in pair[1]])
        for name, pair in found.differing.items()
    }
    assert (found.written, shown) == (True, differing)


@pytest.mark.parametrize(("synced", "licensed", "explained"), [
    (True, False, True), (True, True, False), (False, False, False),
])  # fmt: skip
def test_a_kind_that_the_service_took_back_after_the_sync_is_explained(
    synced: bool, licensed: bool, explained: bool
) -> None:
    """Facts: public-reports.md section 4."""
    was = cloud_mailbox("ann", RecipientTypeDetails="SharedMailbox")
    found = changes(WHOLE, was=was, IsDirSynced=synced, RecipientTypeDetails="UserMailbox", SKUAssigned=licensed)
    differing = {} if explained else {"recipient_type_details": ("SharedMailbox", "UserMailbox")}
    assert found.differing == differing


def test_the_primary_address_that_the_record_asks_for_is_ours() -> None:
    person = on_premises_recipient("ann", PrimarySmtpAddress="a@contoso.com")
    assert changes(person, primary="A@contoso.com", IsDirSynced=True) == Changes(True)
    assert changes(HALF_MADE, primary="A@contoso.com", IsDirSynced=True) == Changes(True)


def test_a_request_under_way_is_a_write_and_a_completed_one_is_of_an_earlier_move() -> None:
    live = {"EmailAddresses": NEW_ALIAS}
    assert changes(PLAIN, request=move_request_of("ann", "Failed"), **live).written
    assert not changes(PLAIN, request=move_request_of("ann", "Completed"), **live).written


def test_taken_anew_it_has_what_nothing_explains_and_all_the_rest_as_it_was() -> None:
    """A sync took the routing address away, which is our damage; the new primary address is somebody's intention."""
    person = on_premises_recipient("ann", PrimarySmtpAddress="ann.new@contoso.com")
    found = changes(person, IsDirSynced=True, EmailAddresses=[LIVE[0], "smtp:other@contoso.com"])
    assert found.fresh["email_addresses"] == [
        "smtp:ann@contoso.com", *LIVE[1:], "smtp:other@contoso.com",
    ]  # fmt: skip
    assert found.fresh["primary_smtp_address"] == "ann.new@contoso.com"
    assert (found.on_premises, found.taken_at) == (local(PLAIN), TAKEN_AT)
    assert found.fresh["is_dir_synced"] is False


def test_the_stop_sign_shows_both_sides_and_both_ways_out() -> None:
    found = changes(WHOLE, EmailAddresses=[*LIVE[:3], "smtp:ann.new@contoso.com"], Alias="annie")
    sign = stop_sign(found, TAKEN_AT, "ann@contoso.com")
    for part in (
        f"since the baseline of {TAKEN_AT}",
        "email_addresses lost SIP:ann@contoso.com",
        "email_addresses gained smtp:ann.new@contoso.com",
        "alias was 'ann' and is 'annie'",
    ):
        assert part in sign.message
    for way in ("offboarding_baseline: refresh", "[ann@contoso.com]", "offboarding_accept: [baseline_differs]"):
        assert way in sign.remedy


@pytest.mark.parametrize(
    ("gone", "new", "text"),
    [
        (["smtp:a@contoso.com"], [], "email_addresses lost smtp:a@contoso.com"),
        ([], ["smtp:b@contoso.com"], "email_addresses gained smtp:b@contoso.com"),
        (["smtp:a@contoso.com"], ["smtp:b@contoso.com"],
         "email_addresses lost smtp:a@contoso.com; email_addresses gained smtp:b@contoso.com"),
    ],
)  # fmt: skip
def test_of_addresses_only_what_went_and_what_came_is_told(gone: list[str], new: list[str], text: str) -> None:
    assert told(Changes(True, {"email_addresses": (gone, new)})) == text
