# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import (
    NOT_SHOWN,
    OPEN,
    STATES,
    STOP_SIGNS,
    MailboxEvidence,
    State,
    doubtful,
    judge,
    not_as_wanted,
    notes,
    shown,
    stop_signs,
    unseen,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    cloud,
    move_request,
    on_premises,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)

from tests.unit.plugins.module_utils.fakes import (
    ROUTING,
    ZERO,
    ad_user,
    cloud_mail_user,
    cloud_mailbox,
    guid_of,
    move_request_of,
    on_premises_recipient,
)

MAILBOX, OTHER, USER, ENTRA = (guid_of(name) for name in ("ann's mailbox", "other", "ann on-premises", "ann in Entra"))
DOMAINS = ("contoso.com", ROUTING)


def local(person: Properties) -> dict[str, Any]:
    plain = on_premises.user(person)
    return on_premises.with_mail(plain, person) if plain["kind"] in on_premises.READ_WITH else plain


def evidence(
    mailbox: Properties, person: Properties, request: Properties | None = None, **more: Any
) -> MailboxEvidence:
    found = move_request.request(request) if request else None
    return MailboxEvidence(cloud.recipient(mailbox), local(person), found, **more)


def judged(mailbox: Properties, person: Properties, **more: Any) -> State:
    return judge(evidence(mailbox, person, **more))


SYNCED = cloud_mailbox("ann", IsDirSynced=True)
ANCHORED = {**SYNCED, "ImmutableId": _values.immutable_id_of_guid(USER)}
ANCHORED_ELSEWHERE = {**SYNCED, "ImmutableId": _values.immutable_id_of_guid(OTHER)}
MINE = ad_user("ann", ExternalDirectoryObjectId=f"User_{ENTRA}")


@pytest.mark.parametrize(
    ("found", "name", "beginning", "verified"),
    [
        (evidence(cloud_mailbox("ann"), ad_user("ann")), "to_do", "cloud_only", False),
        (evidence(cloud_mailbox("ann"), on_premises_recipient("ann", ExchangeGuid=ZERO)), "to_do", "cloud_only", False),
        (evidence(cloud_mailbox("ann"), on_premises_recipient("ann")), "prepared", "cloud_only", False),
        (evidence(SYNCED, MINE), "matched", "synced", True),
        (evidence(ANCHORED, ad_user("ann")), "matched", "synced", True),
        # Another user's objectGUID is the anchor, and nothing of this one could be read: no proof either way.
        (evidence(ANCHORED_ELSEWHERE, ad_user("ann"), anchored_to=[OTHER]), "matched", "synced", False),
        (evidence(SYNCED, ad_user("ann")), "matched", "synced", False),
        (evidence(SYNCED, on_premises_recipient("ann", ExternalDirectoryObjectId=ENTRA)), "prepared", "synced", True),
        (
            evidence(SYNCED, on_premises_recipient("ann", "RemoteUserMailbox", ExternalDirectoryObjectId=ENTRA)),
            "prepared",
            "synced",
            True,
        ),
        (
            evidence(SYNCED, on_premises_recipient("ann"), move_request_of("ann", "InProgress")),
            "moving",
            "synced",
            False,
        ),
        (evidence(SYNCED, on_premises_recipient("ann"), move_request_of("ann", "Failed")), "moving", "synced", False),
        # A request makes nobody whole: an unprepared user is guarded as ever, whoever's request it is and however old.
        (
            evidence(cloud_mailbox("ann"), ad_user("ann"), move_request_of("ann", "Failed")),
            "to_do",
            "cloud_only",
            False,
        ),
        (evidence(SYNCED, MINE, move_request_of("ann", "InProgress")), "matched", "synced", True),
        (evidence(SYNCED, MINE, move_request_of("ann", "Failed")), "matched", "synced", True),
        (
            evidence(SYNCED, on_premises_recipient("ann", ExchangeGuid=ZERO), move_request_of("ann", "Synced")),
            "matched",
            "synced",
            False,
        ),
        (
            evidence(SYNCED, MINE, move_request_of("ann", "Queued", BatchName="MigrationService:spring")),
            "matched",
            "synced",
            True,
        ),
        # Prepared, and no sync has shown it to the cloud yet.
        (
            evidence(cloud_mailbox("ann"), on_premises_recipient("ann"), move_request_of("ann", "Failed")),
            "prepared",
            "cloud_only",
            False,
        ),
        # A completed request of an earlier move says nothing about this one.
        (
            evidence(SYNCED, on_premises_recipient("ann"), move_request_of("ann", "Completed")),
            "prepared",
            "synced",
            False,
        ),
        (evidence(cloud_mail_user("ann"), on_premises_recipient("ann", "UserMailbox")), "home", "", False),
        (evidence(cloud_mail_user("ann"), on_premises_recipient("ann", "RoomMailbox")), "home", "", False),
    ],
)
def test_states(found: MailboxEvidence, name: str, beginning: str, verified: bool) -> None:
    state = judge(found)
    assert (state.name, state.beginning, state.anchor_verified) == (name, beginning, verified)
    assert state.reason


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (
            evidence(cloud_mail_user("ann"), on_premises_recipient("ann", "UserMailbox", ExchangeGuid=OTHER)),
            f"the on-premises mailbox has the GUID {OTHER}, the cloud mail user {MAILBOX}",
        ),
        (
            evidence(
                cloud_mail_user("ann", ExchangeGuid=ZERO),
                on_premises_recipient("ann", "UserMailbox", ExchangeGuid=ZERO),
            ),
            "has the GUID",
        ),
        (evidence(cloud_mail_user("ann"), on_premises_recipient("ann")), "nothing to bring home"),
        (evidence(cloud_mail_user("ann"), ad_user("ann")), "nothing to bring home"),
        (evidence(cloud_mailbox("ann", RecipientTypeDetails="MailContact"), ad_user("ann")), "is a MailContact"),
        (evidence(cloud_mailbox("ann", RecipientTypeDetails="GroupMailbox"), ad_user("ann")), "a GroupMailbox cannot"),
        (evidence(cloud_mailbox("ann"), on_premises_recipient("ann", "UserMailbox")), "in both organizations"),
        (evidence(cloud_mailbox("ann"), ad_user("ann", RecipientTypeDetails="MailContact")), "is a MailContact"),
        (evidence(cloud_mailbox("ann"), on_premises_recipient("ann", ExchangeGuid=OTHER)), f"has the GUID {OTHER}"),
        (
            evidence(cloud_mailbox("ann"), ad_user("ann", ExternalDirectoryObjectId=f"User_{OTHER}")),
            f"already synced to cloud object {OTHER}",
        ),
        (evidence(SYNCED, ad_user("ann"), joined=[OTHER]), f"{OTHER} instead of {USER}"),
        (evidence(SYNCED, ad_user("ann", ExternalDirectoryObjectId=OTHER)), f"cloud object {OTHER} instead of {USER}"),
    ],
)
def test_conflicts(found: MailboxEvidence, reason: str) -> None:
    state = judge(found)
    assert (state.name, reason in state.reason) == ("conflict", True)
    assert ("licence within 30 days" in state.remedy) is ("nothing to bring home" in state.reason)


def test_the_three_beginnings_are_told_apart() -> None:
    beginnings = [
        judged(cloud_mailbox("ann"), ad_user("ann")),
        judged(SYNCED, MINE),
        judged(SYNCED, ad_user("ann"), joined=[OTHER]),
    ]
    assert [state.beginning for state in beginnings] == ["cloud_only", "synced", "synced_to_another_user"]


def test_whoever_else_holds_the_anchor_speaks_against_the_pair() -> None:
    """Unread, the on-premises user may have an anchor of its own; read, it has none."""
    unread = judged(cloud_mailbox("ann"), ad_user("ann"), holder=OTHER)
    assert (unread.name, OTHER in unread.doubt) == ("to_do", True)
    read = judged(cloud_mailbox("ann"), ad_user("ann"), holder=OTHER, directory=DirectoryUser(USER, "CN=Ann"))
    assert (read.name, OTHER in read.reason) == ("conflict", True)


def test_every_state_has_a_name() -> None:
    assert set(OPEN) < set(STATES)


# -- after the move: addresses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("include_sip", [False, True])
def test_an_address_that_did_not_come_home_is_named_and_no_other(include_sip: bool) -> None:
    known = ["SMTP:ann@contoso.com", "smtp:old@contoso.com", "EUM:1", "SIP:ann@contoso.com", "SPO:x", "X400:c=us"]
    record = {
        "primary_smtp_address": "ann@contoso.com", "email_addresses": known, "include_sip": include_sip,
        "legacy_exchange_dn": "/o=ExchangeLabs/cn=ann",
    }  # fmt: skip
    home = local(on_premises_recipient("ann", "UserMailbox", EmailAddresses=["SMTP:Ann@contoso.com", "x400:C=US"]))
    evidence = MailboxEvidence(cloud.recipient(cloud_mail_user("ann")), home)
    (difference,) = not_as_wanted(record, evidence)
    sip = "SIP:ann@contoso.com, " * include_sip
    assert (difference.code, difference.message) == (
        "addresses_missing",
        f"on-premises it does not have smtp:old@contoso.com, EUM:1, {sip}X500:/o=ExchangeLabs/cn=ann",
    )
    home["email_addresses"] = [*known, "X500:/O=EXCHANGELABS/cn=Ann"]
    # An address of the service's own domain stays with the cloud object: a remote mailbox never had it on-premises.
    record["email_addresses"] = [*known, "smtp:ann@contoso.onmicrosoft.com"]
    assert not_as_wanted(record, evidence) == []
    assert not_as_wanted({"primary_smtp_address": "ann@contoso.com"}, evidence) == []


# -- blockers ----------------------------------------------------------------------------------------------------------


def signs(mailbox: dict[str, Any] | None = None, person: dict[str, Any] | None = None, **record: Any) -> list[str]:
    found = stop_signs(
        record,
        cloud.recipient(cloud_mailbox("ann", **(mailbox or {}))),
        local(on_premises_recipient("ann", **(person or {}))),
        DOMAINS,
    )
    for sign in found:
        assert f"offboarding_accept: [{sign.code}]" in sign.remedy
        assert sign.message.endswith(".")
    return [sign.code for sign in found]


SIGNS: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {}, []),
    ({}, {"UserPrincipalName": "ANN@contoso.com"}, []),
    ({}, {"UserPrincipalName": "a@contoso.com"}, ["upn_differs"]),
    ({}, {"UserPrincipalName": "ann@corp.local"}, ["upn_differs", "upn_suffix_not_accepted"]),
    ({"UserPrincipalName": "ann@corp.local"}, {"UserPrincipalName": "ann@corp.local"}, ["upn_suffix_not_accepted"]),
    ({}, {"Alias": "a.smith"}, ["alias_would_change"]),
    ({}, {"DisplayName": "Ann S."}, ["display_name_would_change"]),
    ({}, {"DisplayName": ""}, []),
    ({"HiddenFromAddressListsEnabled": True}, {}, ["hidden_would_change"]),
    ({}, {"HiddenFromAddressListsEnabled": True}, ["hidden_would_change"]),
    ({"CustomAttribute1": "x"}, {}, ["custom_attributes_would_change"]),
    ({}, {"CustomAttribute15": "x"}, ["custom_attributes_would_change"]),
    ({"CustomAttribute1": "x"}, {"CustomAttribute1": "x"}, []),
    ({}, {"ExternalEmailAddress": "SMTP:ann@tailspin.example"}, ["external_address_would_change"]),
    ({}, {"ExternalEmailAddress": "SMTP:other@contoso.com"}, ["external_address_would_change"]),
    ({}, {"ExternalEmailAddress": "SMTP:ANN@contoso.com"}, []),
    ({}, {"ExternalEmailAddress": f"smtp:old.ann@{ROUTING}"}, []),
    ({}, {"RecipientTypeDetails": "User", "WindowsEmailAddress": "ann@fabrikam.com"}, ["mail_differs"]),
    ({}, {"RecipientTypeDetails": "User", "WindowsEmailAddress": f"Ann@{ROUTING}"}, []),
    ({}, {"RecipientTypeDetails": "User", "WindowsEmailAddress": ""}, []),
    ({"LitigationHoldEnabled": True}, {}, ["litigation_hold"]),
    ({"InPlaceHolds": ["UniH1"]}, {}, ["ediscovery_hold"]),
    ({"InPlaceHolds": ["mbx1:1", "-mbx2:2"]}, {}, []),
    ({"InPlaceHolds": ["mbx1:3", "mbx2:2", "skp3:1"]}, {}, ["retention_hold"]),
    ({"InPlaceHolds": ["cld1"], "ComplianceTagHoldApplied": True}, {}, ["retention_label_hold", "in_place_hold"]),
    ({"InPlaceHolds": ["xyz1"]}, {}, ["unknown_hold"]),
    ({"DelayHoldApplied": True, "DelayReleaseHoldApplied": True}, {}, ["delay_hold", "delay_release_hold"]),
    ({"IsExchangeCloudManaged": True}, {}, ["exchange_cloud_managed"]),
    ({"ArchiveGuid": OTHER}, {}, ["archive_undecided"]),
    ({"EmailAddresses": ["SMTP:ann@contoso.com", "smtp:ann@contoso.onmicrosoft.com"]}, {}, []),
    (
        {"EmailAddresses": ["smtp:a@contoso.onmicrosoft.com", "smtp:ANN@contoso.onmicrosoft.com"]},
        {},
        ["onmicrosoft_alias_lost"],
    ),
    (
        {"EmailAddresses": ["SMTP:ann@contoso.com", "smtp:ann@fabrikam.microsoftonline.com"]},
        {},
        ["onmicrosoft_alias_lost"],
    ),
    (
        {"EmailAddresses": ["SMTP:ann@contoso.com", "EUM:1", "NOTES:", "smtp:a nn@contoso.com"]},
        {},
        ["address_not_carried"],
    ),
]


@pytest.mark.parametrize(("mailbox", "person", "codes"), SIGNS)
def test_stop_signs(mailbox: dict[str, Any], person: dict[str, Any], codes: list[str]) -> None:
    assert signs(mailbox, person) == codes


@pytest.mark.parametrize(
    ("synced", "kind", "told"), [(False, "MailUser", True), (True, "User", True), (True, "MailUser", False)]
)
def test_an_alias_that_no_sync_keeps_is_told_by_name_until_the_sync_has_calculated(
    synced: bool, kind: str, told: bool
) -> None:
    held = [f"smtp:{name}@contoso.onmicrosoft.com" for name in ("first", "ann", "third")]
    mailbox = cloud.recipient(cloud_mailbox("ann", EmailAddresses=["SMTP:ann@contoso.com", *held], IsDirSynced=synced))
    person = local(on_premises_recipient("ann", kind)) if kind != "User" else local(ad_user("ann"))
    found = stop_signs({}, mailbox, person, DOMAINS)
    assert [sign.code for sign in found] == ["onmicrosoft_alias_lost"] * told
    assert all(f"{held[0]}, {held[2]} with" in sign.message for sign in found)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("user", "the on-premises alias (mailNickname) is a.smith and would become ann."),
        ("mail_user", "the match would change the alias from ann to a.smith."),
    ],
)
def test_whose_alias_would_change(kind: str, told: str) -> None:
    person = {**local(on_premises_recipient("ann", Alias="a.smith")), "kind": kind}
    found = stop_signs({}, cloud.recipient(cloud_mailbox("ann")), person, DOMAINS)
    assert [sign.message for sign in found if sign.code == "alias_would_change"] == [told]


def test_what_was_asked_for_by_name_is_no_surprise() -> None:
    elsewhere = {"ExternalEmailAddress": "SMTP:ann@tailspin.example"}
    assert signs({}, elsewhere, external_email_address="ann@tailspin.example") == []
    # Its primary address is its own though no list of addresses has it.
    assert signs({"EmailAddresses": [], "PrimarySmtpAddress": "ann@tailspin.example"}, elsewhere) == []
    plain = {"RecipientTypeDetails": "User", "WindowsEmailAddress": "a@fabrikam.com"}
    both = {"primary_smtp_address": "A@fabrikam.com", "external_email_address": f"a@{ROUTING}"}
    assert signs({}, plain, **both) == []
    assert signs({}, {**plain, "WindowsEmailAddress": ""}, **both) == []
    assert signs({}, {"ExternalEmailAddress": ""}, **both) == []


def test_every_stop_sign_is_tried() -> None:
    # No matter of the two objects alone: test_offboarding and the next test have them.
    elsewhere = {
        "baseline_missing", "baseline_differs", "organization_retention_hold", "holds_not_checked", "values_unseen",
        "anchor_unverified",
        "sign_in_name_would_change", "sign_in_would_be_blocked",
    }  # fmt: skip
    assert {code for _mailbox, _person, codes in SIGNS for code in codes} | elsewhere == set(STOP_SIGNS)


KEPT = {"hidden": True, "alias": "ann", "custom_attributes": {"custom_attribute1": "Sales"}}
IN_THE_CLOUD = {"HiddenFromAddressListsEnabled": True, "CustomAttribute1": "Sales", "Alias": "ann"}


def of_a_plain_user(mailbox: Properties, **directory: Any) -> list[str]:
    """Return the signs about values that Exchange keeps, for a plain user that LDAP shows so, or does not show."""
    found = evidence(mailbox, ad_user("ann"))
    if directory:
        found.directory = DirectoryUser(USER, "CN=Ann", **directory)
    signs = stop_signs({}, found.cloud, shown(found), DOMAINS)
    assert bool(unseen(found)) is not bool(directory)
    return [sign.code for sign in signs if sign.code in {*NOT_SHOWN, "values_unseen"}]


@pytest.mark.parametrize(("synced", "mailbox", "directory", "codes"), [
    # The commonest beginning: what the cloud has came from Active Directory.
    (True, IN_THE_CLOUD, {}, []),
    (True, IN_THE_CLOUD, KEPT, []),
    (True, IN_THE_CLOUD, {**KEPT, "hidden": False}, ["hidden_would_change"]),
    (
        True,
        IN_THE_CLOUD,
        {**KEPT, "custom_attributes": {"custom_attribute1": "HR"}},
        ["custom_attributes_would_change"],
    ),
    (True, IN_THE_CLOUD, {**KEPT, "alias": "a.archer"}, ["alias_would_change"]),
    (True, {**IN_THE_CLOUD, "IsExchangeCloudManaged": True}, {}, ["values_unseen"]),
    # To be matched, the cloud's own values are at risk, unless Active Directory has the same.
    (False, IN_THE_CLOUD, {}, ["values_unseen"]),
    (False, {"CustomAttribute15": "x"}, {}, ["values_unseen"]),
    (False, {}, {}, []),
    (False, IN_THE_CLOUD, KEPT, []),
    (False, IN_THE_CLOUD, {**KEPT, "alias": ""}, []),
    (False, {}, {"hidden": True}, ["hidden_would_change"]),
    (False, {}, {"custom_attributes": {"custom_attribute2": "x"}}, ["custom_attributes_would_change"]),
])  # fmt: skip
def test_what_is_not_shown_is_not_empty(
    synced: bool, mailbox: Properties, directory: dict[str, Any], codes: list[str]
) -> None:
    assert of_a_plain_user(cloud_mailbox("ann", IsDirSynced=synced, **mailbox), **directory) == codes


BLOCKED = "sign_in_would_be_blocked"
PLAIN_AND_DISABLED = ad_user("ann", RecipientTypeDetails="DisabledUser")


@pytest.mark.parametrize(("mailbox", "person", "disabled", "record", "codes"), [
    ({}, PLAIN_AND_DISABLED, None, {}, [BLOCKED]),
    ({"AccountDisabled": False}, PLAIN_AND_DISABLED, None, {}, [BLOCKED]),
    ({}, ad_user("ann"), None, {}, []),
    # Of a mail user LDAP alone shows it; what LDAP shows of a plain user its type says, as of the same moment.
    ({}, on_premises_recipient("ann"), True, {}, [BLOCKED]),
    ({}, on_premises_recipient("ann"), False, {}, []),
    ({}, on_premises_recipient("ann"), None, {}, []),
    ({}, ad_user("ann"), True, {}, []),
    # Nothing changes for who cannot sign in now, for who is synced, and for mailboxes that nobody signs in to.
    ({"AccountDisabled": True}, PLAIN_AND_DISABLED, None, {}, []),
    ({"IsDirSynced": True}, PLAIN_AND_DISABLED, None, {}, []),
    ({"RecipientTypeDetails": "SharedMailbox"}, PLAIN_AND_DISABLED, None, {}, []),
    ({}, PLAIN_AND_DISABLED, None, {"recipient_type_details": "SharedMailbox"}, []),
    ({"RecipientTypeDetails": "RoomMailbox"}, PLAIN_AND_DISABLED, None, {"recipient_type_details": "UserMailbox"},
     [BLOCKED]),
    # The master account, in another forest, is the one that counts.
    ({}, {**PLAIN_AND_DISABLED, "LinkedMasterAccount": "FABRIKAM\\ann"}, None, {}, []),
])  # fmt: skip
def test_a_disabled_account_would_block_the_sign_in(
    mailbox: Properties, person: Properties, disabled: bool | None, record: dict[str, Any], codes: list[str]
) -> None:
    found = evidence(cloud_mailbox("ann", **mailbox), person)
    if disabled is not None:
        found.directory = DirectoryUser(USER, "CN=Ann", alias="ann", account_disabled=disabled)
    signs = stop_signs(record, found.cloud, shown(found), DOMAINS)
    assert [sign.code for sign in signs] == codes
    assert all("the sign-in" in sign.message for sign in signs)


def test_a_mail_user_shows_everything() -> None:
    assert unseen(evidence(SYNCED, on_premises_recipient("ann"))) == []


def test_a_doubt_stops_until_it_is_accepted() -> None:
    state = judged(ANCHORED_ELSEWHERE, ad_user("ann"), anchored_to=[OTHER])
    (sign,) = doubtful(state)
    assert (sign.code, OTHER in sign.message, "offboarding_accept: [anchor_unverified]" in sign.remedy) == (
        "anchor_unverified", True, True,
    )  # fmt: skip
    assert doubtful(judged(ANCHORED, ad_user("ann"))) == []


def test_a_policy_for_everybody_stops_who_is_not_excluded() -> None:
    found = {
        holds: [
            sign.code
            for sign in stop_signs(
                {},
                cloud.recipient(cloud_mailbox("ann", InPlaceHolds=list(holds))),
                local(on_premises_recipient("ann")),
                DOMAINS,
                ["mbx1:3", "grp2:3"],
            )
        ]
        for holds in ((), ("-mbx1:3",))
    }
    assert found == {(): ["organization_retention_hold"], ("-mbx1:3",): []}


def test_a_delay_hold_that_will_be_ended_stops_nothing() -> None:
    delayed = {"DelayHoldApplied": True, "DelayReleaseHoldApplied": True, "LitigationHoldEnabled": True}
    assert signs(delayed, remove_delay_holds=True) == ["litigation_hold"]


@pytest.mark.parametrize(
    ("record", "decided"),
    [
        ({"remote_archive_target_database": "DB02"}, True),
        ({"primary_only": True, "archive_domain": ROUTING}, True),
        ({"primary_only": True}, False),
        ({"archive_domain": ROUTING}, False),
    ],
)
def test_an_archive_needs_a_decision(record: dict[str, Any], decided: bool) -> None:
    assert signs({"ArchiveGuid": OTHER}, **record) == ([] if decided else ["archive_undecided"])


def test_a_plain_user_has_no_alias_to_compare() -> None:
    assert stop_signs({}, cloud.recipient(cloud_mailbox("ann")), local(ad_user("ann")), DOMAINS) == []


# -- after the move ----------------------------------------------------------------------------------------------------


WANTED = {
    "remote_target_database": "DB01",
    "primary_smtp_address": "ann@contoso.com",
    "recipient_type_details": "SharedMailbox",
    "target_delivery_domain": "contoso.com",
}


def wrong(mailbox: dict[str, Any], person: dict[str, Any], **record: Any) -> list[tuple[str, str]]:
    home = on_premises_recipient("ann", "SharedMailbox", **{"Database": "DB01", **person})
    found = not_as_wanted({**WANTED, **record}, evidence({**cloud_mail_user("ann"), **mailbox}, home))
    assert all(difference.remedy for difference in found)
    return [(difference.code, difference.message) for difference in found]


def test_a_mailbox_that_is_as_wanted() -> None:
    assert wrong({}, {"Database": "db01", "PrimarySmtpAddress": "Ann@Contoso.com"}) == []
    linked = {"RecipientTypeDetails": "LinkedMailbox", "LinkedMasterAccount": "FABRIKAM\\ann"}
    assert wrong({}, linked, recipient_type_details="UserMailbox") == [], "no link was asked for"


@pytest.mark.parametrize(
    ("mailbox", "person", "code", "told"),
    [
        ({}, {"Database": "DB02"}, "database_differs", "it is in database DB02, not DB01"),
        (
            {},
            {"PrimarySmtpAddress": "a@contoso.com"},
            "primary_address_differs",
            "its primary address on-premises is a@contoso.com, not ann@contoso.com",
        ),
        (
            {"PrimarySmtpAddress": "a@contoso.com"},
            {},
            "primary_address_differs",
            "its primary address in the cloud is a@contoso.com, not ann@contoso.com",
        ),
        (
            {},
            {"RecipientTypeDetails": "UserMailbox"},
            "mailbox_kind_differs",
            "it is a UserMailbox, not a SharedMailbox",
        ),
        (
            {"ExternalEmailAddress": "SMTP:ann@fabrikam.com"},
            {},
            "external_address_differs",
            "the cloud mail user's external address is in fabrikam.com, not in contoso.com",
        ),
        (
            {"ExternalEmailAddress": ""},
            {},
            "external_address_differs",
            "the cloud mail user's external address is in no domain, not in contoso.com",
        ),
    ],
)
def test_what_is_not_as_wanted_is_told(mailbox: dict[str, Any], person: dict[str, Any], code: str, told: str) -> None:
    assert wrong(mailbox, person) == [(code, told)]


@pytest.mark.parametrize(
    ("person", "record", "codes"),
    [
        ({"ArchiveGuid": OTHER}, {"remote_archive_target_database": "DB02"}, []),
        ({"ArchiveGuid": ZERO}, {"remote_archive_target_database": "DB02"}, ["archive_guid_differs"]),
        ({"ArchiveGuid": USER}, {"remote_archive_target_database": "DB02"}, ["archive_guid_differs"]),
        # It stayed in the cloud, or there was none.
        ({"ArchiveGuid": ZERO}, {"primary_only": True}, []),
        ({"ArchiveGuid": ZERO}, {"remote_archive_target_database": "DB02", "archive_guid": ZERO}, []),
        # It has one only since it is home.
        ({"ArchiveGuid": OTHER}, {"remote_archive_target_database": "DB02", "archive_guid": ZERO}, []),
    ],
)
def test_an_archive_that_moved_has_its_guid(person: dict[str, Any], record: dict[str, Any], codes: list[str]) -> None:
    assert [code for code, _told in wrong({}, person, **{"archive_guid": OTHER, **record})] == codes


def test_nothing_asked_nothing_compared() -> None:
    assert not_as_wanted({}, evidence(cloud_mail_user("ann"), on_premises_recipient("ann", "UserMailbox"))) == []


@pytest.mark.parametrize(
    ("record", "request_status", "baseline", "told"),
    [
        (WANTED, "Completed", True, []),
        (WANTED, "", True, []),
        ({"remote_target_database": "DB01"}, "", True, ["not set: target_delivery_domain"]),
        ({}, "", True, ["not set: remote_target_database, target_delivery_domain"]),
        (WANTED, "", False, ["there is no baseline"]),
        (WANTED, "CompletedWithWarning", True, ["CompletedWithWarning"]),
        (WANTED, "CompletedWithSkippedItems", True, ["CompletedWithSkippedItems"]),
    ],
)
def test_what_a_verification_does_not_say_by_itself(
    record: dict[str, Any], request_status: str, baseline: bool, told: list[str]
) -> None:
    request = move_request_of("ann", request_status) if request_status else None
    home = evidence(cloud_mail_user("ann"), on_premises_recipient("ann", "UserMailbox"), request)
    found = notes(record, home, baseline=baseline)
    assert len(found) == len(told)
    assert all(words in note for words, note in zip(told, found, strict=True))


# -- alive on both sides -----------------------------------------------------------------------------------------------


def twice(request: Properties | None, **person: Any) -> State:
    home = on_premises_recipient("ann", "UserMailbox", **{"ExternalDirectoryObjectId": ENTRA, **person})
    return judge(evidence(SYNCED, home, request))


@pytest.mark.parametrize("status", ["Completed", "CompletedWithSkippedItems"])
def test_a_completion_that_left_nothing_undone_only_lags_in_the_cloud(status: str) -> None:
    state = twice(move_request_of("ann", status))
    assert (state.name, state.code) == ("conflict", "cloud_lags")
    assert state.reason == f"its move request is {status}, but the cloud object is still a mailbox"
    assert "verify again" in state.remedy
    assert twice(move_request_of("ann", status), ExchangeGuid=OTHER).code == ""


@pytest.mark.parametrize(
    ("external", "codes"),
    [
        # Where on-premises has no targetAddress any more, mail goes to the primary address, whatever its domain is.
        ("SMTP:ANN@fabrikam.com", []),
        ("SMTP:ann@contoso.com", []),
        ("SMTP:ann@contoso.mail.onmicrosoft.com", ["cloud_lags"]),
        ("SMTP:ann@contoso.mail.onmicrosoft.us", ["cloud_lags"]),
        ("SMTP:ann@contoso.partner.mail.onmschina.cn", ["cloud_lags"]),
        ("SMTP:ann@tailspin.example", ["external_address_differs"]),
        ("", ["external_address_differs"]),
    ],
)
def test_a_mail_user_that_points_back_at_the_cloud_lags(external: str, codes: list[str]) -> None:
    found = wrong(
        {"ExternalEmailAddress": external, "PrimarySmtpAddress": "ann@fabrikam.com"},
        {"PrimarySmtpAddress": "ann@fabrikam.com", "EmailAddresses": ["SMTP:ann@fabrikam.com"]},
    )
    assert [code for code, _told in found if code != "primary_address_differs"] == codes
    outside = {"ExternalEmailAddress": external, "PrimarySmtpAddress": "ann@contoso.com"}
    assert wrong(outside, {}, target_delivery_domain="") == [], "where mail has to go was not specified"


def test_forwarding_that_did_not_come_home_is_told_until_it_is_set_there() -> None:
    """Nothing of it is compared: the two organizations write one recipient in two ways."""
    had = cloud.recipient(cloud_mailbox("ann", ForwardingAddress="bob-id", RequireSenderAuthenticationEnabled=True))

    def told(**here: Any) -> list[str]:
        home = on_premises_recipient("ann", "UserMailbox", Database="DB01", **here)
        seen = evidence(cloud_mail_user("ann"), home)
        return [text for text in notes(WANTED, seen, baseline=True, before=had) if "in the cloud" in text]

    assert told() == [
        "it had in the cloud, and has not on-premises: ForwardingAddress (bob-id), RequireSenderAuthenticationEnabled "
        "(True). Set-Mailbox sets it there"
    ]
    (left,) = told(ForwardingAddress="contoso.com/Bob")
    assert "ForwardingAddress" not in left
    assert told(ForwardingAddress="contoso.com/Bob", RequireSenderAuthenticationEnabled=True) == []
    home = on_premises_recipient("ann", "UserMailbox")
    assert notes(WANTED, evidence(cloud_mail_user("ann"), home), baseline=True) == []


@pytest.mark.parametrize("domain", [ROUTING, "contoso.mail.onmicrosoft.us", "contoso.partner.mail.onmschina.cn"])
def test_a_mail_user_points_back_even_where_the_move_was_asked_for_it(domain: str) -> None:
    found = wrong({"ExternalEmailAddress": f"SMTP:ann@{domain}"}, {}, target_delivery_domain=domain)
    assert [code for code, _told in found] == ["cloud_lags"]


@pytest.mark.parametrize("domain", [ROUTING, "contoso.mail.onmicrosoft.us", "contoso.partner.mail.onmschina.cn"])
def test_an_address_of_the_tenants_own_domains_means_the_mailbox_in_each_cloud(domain: str) -> None:
    held = cloud.recipient(cloud_mailbox("ann"))
    there = local(on_premises_recipient("ann", ExternalEmailAddress=f"smtp:old.ann@{domain}"))
    assert [sign.code for sign in stop_signs({}, held, there, {"contoso.com", domain})] == []
    assert [sign.code for sign in stop_signs({}, held, there, {"contoso.com"})] == ["external_address_would_change"]


@pytest.mark.parametrize("status", ["CompletedWithWarning", "Failed", ""])
def test_one_mailbox_alive_on_both_sides_is_an_error_of_its_own(status: str) -> None:
    state = twice(move_request_of("ann", status) if status else None)
    assert (state.name, state.code) == ("conflict", "second_live_mailbox")
    assert MAILBOX in state.reason
    assert ("its move request is" in state.reason) is bool(status)
    assert status in state.reason
    assert "Do not remove anything" in state.remedy


def test_while_a_request_completes_both_may_be_there() -> None:
    assert twice(move_request_of("ann", "CompletionInProgress")).name == "moving"


def test_two_different_mailboxes_are_another_conflict() -> None:
    assert twice(None, ExchangeGuid=OTHER).code == ""


@pytest.mark.parametrize(("synced", "mail", "primary", "codes"), [
    # Synced with a name that is not the UPN but mail: the sync took it from there, and the UPN does not matter.
    (True, "ann@contoso.com", "ann@contoso.com", []),
    (True, "Ann@Contoso.com", "ann@contoso.com", []),
    (True, "ann@contoso.com", "", []),  # the mailbox's own primary address is stamped
    (True, "ann@contoso.com", "a.archer@contoso.com", ["sign_in_name_would_change"]),
    (True, "", "ann@contoso.com", ["upn_differs", "upn_suffix_not_accepted"]),
    # To be matched: whether the sync does so is not known, and both cases are told.
    (False, "ann@contoso.com", "ann@contoso.com", ["upn_differs", "upn_suffix_not_accepted"]),
])  # fmt: skip
def test_a_sign_in_name_that_comes_from_mail(synced: bool, mail: str, primary: str, codes: list[str]) -> None:
    person = local(ad_user("ann", UserPrincipalName="ann@contoso.local", WindowsEmailAddress=mail))
    mailbox = cloud.recipient(cloud_mailbox("ann", IsDirSynced=synced, UserPrincipalName="ann@contoso.com"))
    signs = stop_signs({"primary_smtp_address": primary} if primary else {}, mailbox, person, DOMAINS)
    names = ("upn_differs", "upn_suffix_not_accepted", "sign_in_name_would_change")
    found = [sign for sign in signs if sign.code in names]
    assert [sign.code for sign in found] == codes
    advised = [sign for sign in found if "keep the on-premises UPN" in sign.remedy]
    assert bool(advised) is (not synced)
    either = [sign for sign in found if "alternate login ID" in sign.message + sign.remedy]
    assert len(either) == (0 if not mail else len(found)), "each of them names both cases"
