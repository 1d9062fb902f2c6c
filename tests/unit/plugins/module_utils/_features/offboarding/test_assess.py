# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.assess import (
    AssessOptions,
    assess,
    settle,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import (
    ROUTING,
    ZERO,
    Fails,
    FakeOrganization,
    Time,
    ad_user,
    cloud_mail_user,
    cloud_mailbox,
    connect,
    guid_of,
    move_request_of,
    on_disk,
    on_premises_recipient,
    refusal,
)

ANN = {"identity": "ann@contoso.com"}
MAILBOX, USER = guid_of("ann's mailbox"), guid_of("ann on-premises")


class Hybrid:
    """Both organizations, and what offboarding_state says of them."""

    def __init__(self, cloud: list[Properties], ad: list[Properties], requests: list[Properties] | None = None) -> None:
        self.cloud, self.ad = cloud, ad
        self.online = fakes.tenant(*cloud, requests=requests or [])
        self.server = fakes.on_premises(*ad)

    def assess(self, *records: Record, **options: Any) -> list[Outcome]:
        with connect(self.server, self.online) as connections:
            outcomes = assess(connections, list(records) or [ANN], AssessOptions(**options))
        assert self.server.writes == self.online.writes == []
        return outcomes

    def one(self, record: Record | None = None, **options: Any) -> Outcome:
        (outcome,) = self.assess(record or ANN, **options)
        return outcome

    def code(self, record: Record | None = None, **options: Any) -> str:
        outcome = self.one(record, **options)
        assert (outcome.status == "failed") == (outcome.error is not None)
        return outcome.error.code if outcome.error else ""


def plain() -> Hybrid:
    return Hybrid([cloud_mailbox("ann")], [ad_user("ann")])


def stored(directory: Path, name: str = "ann") -> Path:
    mailbox = guid_of(f"{name}'s mailbox")
    return directory / "baseline" / f"{mailbox}.json"


# -- what is read ------------------------------------------------------------------------------------------------------


def test_a_mailbox_to_do_comes_with_all_that_later_steps_need() -> None:
    outcome = plain().one()
    assert outcome.as_result() == {
        "identity": "ann@contoso.com",
        "status": "unchanged",
        "state": "to_do",
        "beginning": "cloud_only",
        "reason": "the cloud user is not synced and the on-premises user has no GUID",
        "stop_signs": [],
        "not_checked": ["alias_would_change", "hidden_would_change", "custom_attributes_would_change"],
    }
    record = outcome.enriched
    assert (record["exchange_guid"], record["ad_identity"], record["offboarding_state"]) == (MAILBOX, USER, "to_do")
    assert record["email_addresses"] == cloud_mailbox("ann")["EmailAddresses"]
    assert record["on_premises"] == {
        "guid": USER,
        "distinguished_name": "CN=Ann,OU=People,DC=contoso,DC=com",
        "kind": "user",
        "recipient_type_details": "User",
    }
    assert (record["anchor_unverified"], "baseline_file" in record) == (True, False)


def test_what_the_record_says_stays() -> None:
    record = {**ANN, "primary_smtp_address": "a@contoso.com", "ad_identity": "ann@contoso.com"}
    enriched = plain().one(record).enriched
    assert "primary_smtp_address" not in enriched
    assert enriched["ad_identity"] == "ann@contoso.com"


def test_a_wave_costs_a_few_calls_whatever_its_size() -> None:
    names = [f"user{number}" for number in range(50)]
    hybrid = Hybrid([cloud_mailbox(name) for name in names], [ad_user(name) for name in names])
    outcomes = hybrid.assess(*({"identity": f"{name}@contoso.com"} for name in names))
    assert [outcome.details["state"] for outcome in outcomes] == ["to_do"] * 50
    assert len(hybrid.online.named("Get-Mailbox")) == 1
    # One to find the mailboxes, one or two for their hundred SMTP addresses.
    assert len(hybrid.online.named("Get-Recipient")) <= 3
    assert len(hybrid.online.calls) + len(hybrid.server.calls) < 15


@pytest.mark.parametrize("identity", ["ANN@contoso.com", f"ann@{ROUTING}", MAILBOX, guid_of("ann in Entra")])
def test_every_unique_name_of_a_mailbox_finds_it(identity: str) -> None:
    assert plain().one({"identity": identity}).details["state"] == "to_do"


@pytest.mark.parametrize(
    "ad_identity", ["ann.smith@contoso.com", guid_of("ann on-premises"), "CN=Ann,OU=People,DC=contoso,DC=com"]
)
def test_the_on_premises_user_may_be_named(ad_identity: str) -> None:
    hybrid = Hybrid([cloud_mailbox("ann")], [ad_user("ann", UserPrincipalName="ann.smith@contoso.com")])
    outcome = hybrid.one({**ANN, "ad_identity": ad_identity}, accept=frozenset(["upn_differs"]))
    assert outcome.details["state"] == "to_do"
    assert hybrid.code(ANN) == "ad_user_not_found"


def test_each_failure_is_its_mailboxs_own(tmp_path: Path) -> None:
    hybrid = Hybrid(
        [
            cloud_mailbox("ann"),
            cloud_mailbox("twin", EmailAddresses=["smtp:two@contoso.com"]),
            cloud_mailbox("other", EmailAddresses=["smtp:two@contoso.com"]),
            cloud_mailbox("cleo"),
        ],
        [ad_user("ann"), ad_user("eve")],
    )
    wave = [{"identity": f"{name}@contoso.com"} for name in ("nobody", "ann", "two", "cleo")]
    # Those that cannot be read have no baseline either, which is nobody else's concern.
    for outcomes in (hybrid.assess(*wave), hybrid.assess(*wave, folder=on_disk(tmp_path))):
        assert [outcome.error.code if outcome.error else "" for outcome in outcomes] == [
            "not_found",
            "",
            "ambiguous",
            "ad_user_not_found",
        ]
    assert stored(tmp_path).is_file()


def test_a_value_that_cannot_be_understood_fails_its_own_mailbox() -> None:
    """What Exchange shows is never checked like input, and what makes no sense stays with whose it is."""
    names = ("ann", "bob", "cleo", "dora", "eve")
    people = {name: cloud_mailbox(name) for name in names}
    people["bob"]["ArchiveGuid"] = "not a GUID"
    people["eve"]["EmailAddresses"] = ["SMTP:eve@contoso.com", 'smtp:"eve e"@old_server.contoso', "NOTES:Eve/Contoso"]
    users = {name: ad_user(name) for name in names}
    users["cleo"]["Guid"] = "{odd}"
    users["dora"] = on_premises_recipient("dora", ExchangeGuid="odd")
    outcomes = Hybrid(list(people.values()), list(users.values())).assess(
        *({"identity": f"{name}@contoso.com"} for name in names)
    )
    codes = {outcome.identity.partition("@")[0]: outcome.error.code if outcome.error else "" for outcome in outcomes}
    assert codes == {"ann": "", "bob": "unreadable_value", "cleo": "unreadable_value", "dora": "unreadable_value",
                     "eve": ""}  # fmt: skip
    told = outcomes[1].error
    assert told is not None
    assert ("bob@contoso.com" in told.message, "Format-List" in told.remedy) == (True, True)


def test_a_connection_that_fails_concerns_all() -> None:
    hybrid = plain()
    hybrid.server.handlers["Get-User"] = Fails(ConnectionFailure("no route to ex01", code="unreachable"))
    with pytest.raises(ConnectionFailure, match="no route"):
        hybrid.one()


def test_an_empty_wave_asks_nothing() -> None:
    hybrid = plain()
    with connect(hybrid.server, hybrid.online) as connections:
        assert assess(connections, [], AssessOptions()) == []
    assert hybrid.server.calls == hybrid.online.calls == []


# -- how they move -----------------------------------------------------------------------------------------------------


ENDPOINT = {"Identity": "Hybrid", "RemoteServer": "mrs.contoso.com", "EndpointType": "ExchangeRemoteMove"}
IN_A_BATCH = {"Identity": "ann@contoso.com", "BatchId": "wave-1", "Status": "Synced"}


@pytest.mark.parametrize(
    ("method", "shown", "moves", "note", "asked"),
    [
        ("move_request", {}, "move_request", "", ["Get-MigrationUser"]),
        ("migration_batch", {"Get-MigrationEndpoint": [ENDPOINT]}, "migration_batch", "",
         ["Get-MigrationEndpoint", "Get-MigrationUser"]),
        ("auto", {"Get-MigrationEndpoint": [ENDPOINT]}, "migration_batch", "",
         ["Get-MigrationEndpoint", "Get-MigrationUser"]),
        ("auto", {}, "move_request", "no migration endpoint", ["Get-MigrationEndpoint", "Get-MigrationUser"]),
        ("move_request", {"Get-MigrationUser": [IN_A_BATCH]}, "migration_batch", "", ["Get-MigrationUser"]),
        # On its way already: nothing is left to decide, and nothing is asked.
        ("migration_batch", {"Get-MoveRequest": [move_request_of("ann")]}, "move_request", "", []),
        ("", {"Get-MigrationEndpoint": [ENDPOINT]}, None, "", []),
    ],
)  # fmt: skip
def test_how_a_mailbox_moves_is_decided_with_few_questions(
    method: str, shown: dict[str, Any], moves: str | None, note: str, asked: list[str]
) -> None:
    hybrid = plain()
    hybrid.online.objects.update(shown)
    outcome = hybrid.one({**ANN, "batch_name": "wave-1"}, method=method)
    assert (outcome.details.get("move_method"), outcome.enriched.get("move_method")) == (moves, moves)
    assert note in outcome.details.get("method_note", "")
    assert bool(note) is ("method_note" in outcome.details)
    assert sorted({call.name for call in hybrid.online.calls if "Migration" in call.name}) == asked


@pytest.mark.parametrize(("method", "told"), [("migration_batch", 1), ("auto", 0), ("move_request", 0)])
def test_what_a_batch_does_not_take_is_told_where_one_was_asked_for(method: str, told: int) -> None:
    hybrid = plain()
    hybrid.online.objects["Get-MigrationEndpoint"] = [ENDPOINT]
    outcome = hybrid.one({**ANN, "move_options": ["SkipFolderViews"]}, method=method)
    assert outcome.details["move_method"] == (method if told else "move_request")
    assert [warning.partition(":")[0] for warning in outcome.warnings] == ["move_options"] * told


def test_a_batch_needs_an_endpoint() -> None:
    with pytest.raises(InputError) as caught:
        plain().one(method="migration_batch")
    assert caught.value.code == "endpoint_not_found"


# -- the states --------------------------------------------------------------------------------------------------------


def test_a_mailbox_that_is_home_is_a_success_and_is_not_guarded() -> None:
    home = on_premises_recipient(
        "ann", "SharedMailbox", Database="DB01", UserPrincipalName="ann@contoso.com", Alias="x"
    )
    hybrid = Hybrid([cloud_mail_user("ann")], [home])
    outcome = hybrid.one({**ANN, "remote_target_database": "no such database"})
    assert (outcome.status, outcome.details["state"]) == ("unchanged", "home")
    assert outcome.enriched["recipient_type_details"] == "SharedMailbox"
    assert outcome.enriched["on_premises"]["database"] == "DB01"
    # Of a mail user only its identity is worth knowing.
    assert "email_addresses" not in outcome.enriched
    assert hybrid.server.named("Get-MailboxDatabase") == []


def test_a_move_under_way() -> None:
    hybrid = Hybrid(
        [cloud_mailbox("ann", IsDirSynced=True)], [on_premises_recipient("ann")], [move_request_of("ann", "InProgress")]
    )
    assert (hybrid.one().details["state"], hybrid.code()) == ("moving", "")


@pytest.mark.parametrize(
    "request_of_ann",
    [
        move_request_of("ann", "Failed"),
        move_request_of("ann", "InProgress"),
        move_request_of("ann", "Queued", BatchName="MigrationService:spring"),
    ],
    ids=lambda item: f"{item['Status']} {item['BatchName']}",
)
@pytest.mark.parametrize("synced", [False, True])
def test_a_request_spares_an_unprepared_user_neither_guards_nor_baseline(
    tmp_path: Path, synced: bool, request_of_ann: Properties
) -> None:
    hybrid = Hybrid(
        [cloud_mailbox("ann", IsDirSynced=synced), cloud_mailbox("bob", IsDirSynced=True)],
        [ad_user("ann", DisplayName="Another Ann"), on_premises_recipient("bob")],
        [request_of_ann, move_request_of("bob", "InProgress")],
    )
    wave = (ANN, {"identity": "bob@contoso.com"})
    stopped, moving = hybrid.assess(*wave, folder=on_disk(tmp_path))
    assert stopped.error is not None
    assert (stopped.error.code, moving.error) == ("display_name_would_change", None)
    accepted = frozenset(["display_name_would_change"])
    sound, moving = hybrid.assess(*wave, folder=on_disk(tmp_path), accept=accepted)
    assert (sound.details["state"], sound.enriched["whole"]) == ("matched" if synced else "to_do", False)
    assert (moving.details["state"], moving.enriched["whole"]) == ("moving", True)
    assert (stored(tmp_path).exists(), stored(tmp_path, "bob").exists()) == (True, False)


def test_a_conflict_is_a_failure_with_its_reason() -> None:
    another = on_premises_recipient("ann", "UserMailbox", ExchangeGuid=guid_of("another mailbox"))
    hybrid = Hybrid([cloud_mailbox("ann")], [another])
    outcome = hybrid.one()
    assert outcome.error is not None
    assert outcome.error.code == "conflict"
    assert outcome.error.message.startswith("there is a mailbox in both organizations; in the cloud: GUID ")
    assert outcome.details["state"] == "conflict"


def statistics(items: int, size: str = "1 GB (1,073,741,824 bytes)", **more: Any) -> Properties:
    return {"ItemCount": items, "TotalItemSize": size, **more}


@pytest.mark.parametrize(
    ("cloud", "local", "message", "remedy"),
    [
        (1234, 0, "on-premises: GUID {other}, 0 items (empty), database DB02", "run Disable-Mailbox -Identity {user}"),
        (0, 99, "GUID {mine}, 0 items (empty)", "remove its Exchange Online licence"),
        (1234, 99, "{mine}, 1234 items, 1.0 GB; on-premises: GUID {other}, 99 items, 1.0 GB", "-SourceDatabase DB02"),
        (1234, None, "GUID {other}, its content could not be read", "Decide which of them stays"),
    ],
)
def test_two_mailboxes_are_shown_from_both_sides_with_the_next_steps(
    cloud: int, local: int | None, message: str, remedy: str
) -> None:
    another = guid_of("another mailbox")
    hybrid = Hybrid(
        [cloud_mailbox("ann"), cloud_mailbox("bob")],
        [on_premises_recipient("ann", "UserMailbox", ExchangeGuid=another, Database="DB02"), ad_user("bob")],
    )
    hybrid.online.objects["Get-MailboxStatistics"] = [statistics(cloud, ExchangeGuid=MAILBOX)]
    if local is None:
        hybrid.server.handlers["Get-MailboxStatistics"] = Fails(refusal("No.", cmdlet="Get-MailboxStatistics"))
    else:
        hybrid.server.objects["Get-MailboxStatistics"] = [statistics(local, Guid=USER)]
    ann, bob = hybrid.assess(ANN, {"identity": "bob@contoso.com"})
    assert ann.error is not None
    known = {"mine": MAILBOX, "other": another, "user": USER}
    assert message.format(**known) in ann.error.message
    assert remedy.format(**known) in ann.error.remedy
    # Nothing of it is read for a mailbox that is in no conflict.
    assert bob.status == "unchanged"
    assert len(hybrid.online.named("Get-MailboxStatistics")) == len(hybrid.server.named("Get-MailboxStatistics")) == 1


OLD = guid_of("old mailbox")


def stamped(*cloud: Properties) -> Hybrid:
    """Return Ann's user with the GUID of an old mailbox, and a tenant of these mailboxes beside hers."""
    return Hybrid([cloud_mailbox("ann"), *cloud], [on_premises_recipient("ann", ExchangeGuid=OLD)])


def test_an_old_guid_is_told_and_overwritten_only_by_force_for_this_mailbox() -> None:
    hybrid = stamped()
    refused = hybrid.one()
    assert refused.error is not None
    assert f"no mailbox of either organization has {OLD}" in refused.error.message
    assert "force: true" in refused.error.remedy
    forced = hybrid.one({**ANN, "force": True})
    assert (forced.status, forced.details["state"]) == ("unchanged", "to_do")
    assert OLD in forced.details["reason"]
    assert OLD in forced.warnings[0]


def test_force_does_not_overwrite_the_guid_of_a_living_mailbox() -> None:
    hybrid = stamped(cloud_mailbox("bob", ExchangeGuid=OLD))
    outcome = hybrid.one({**ANN, "force": True})
    assert outcome.error is not None
    assert outcome.error.code == "conflict"
    assert f"{OLD} is the mailbox of bob@contoso.com in the cloud" in outcome.error.message
    assert "ad_identity" in outcome.error.remedy


def test_force_needs_to_know_that_the_guid_is_nobodys() -> None:
    hybrid = stamped()
    hybrid.server.handlers["Get-Mailbox"] = Fails(*[refusal("No.", cmdlet="Get-Mailbox")] * 9)
    outcome = hybrid.one({**ANN, "force": True})
    assert outcome.error is not None
    assert "could not be read" in outcome.error.message


@pytest.mark.parametrize(
    ("claims", "state", "unverified"),
    [
        ({}, "matched", True),
        ({"ann": {"ExternalDirectoryObjectId": f"User_{guid_of('ann in Entra')}"}}, "matched", False),
        ({"bob": {"ExternalDirectoryObjectId": f"User_{guid_of('ann in Entra')}"}}, "conflict", True),
        ({"bob": {"ExternalDirectoryObjectId": guid_of("ann in Entra")}}, "conflict", True),
    ],
    ids=["nobody", "the user itself", "another by write-back", "another by plain id"],
)
def test_whose_cloud_object_it_is(claims: dict[str, Any], state: str, unverified: bool) -> None:
    hybrid = Hybrid(
        [cloud_mailbox("ann", IsDirSynced=True)], [ad_user(name, **claims.get(name, {})) for name in ("ann", "bob")]
    )
    outcome = hybrid.one()
    assert (outcome.details["state"], outcome.enriched["anchor_unverified"]) == (state, unverified)


@pytest.mark.parametrize(
    ("anchor", "state", "unverified"),
    [("ann", "matched", False), ("bob", "matched", True), ("consistency guid", "matched", True)],
)
def test_the_immutable_id_names_the_user(anchor: str, state: str, unverified: bool) -> None:
    immutable_id = base64.b64encode(uuid.UUID(guid_of(f"{anchor} on-premises")).bytes_le).decode()
    hybrid = Hybrid(
        [cloud_mailbox("ann", IsDirSynced=True, ImmutableId=immutable_id)], [ad_user("ann"), ad_user("bob")]
    )
    outcome = hybrid.one()
    assert (outcome.details["state"], outcome.enriched["anchor_unverified"]) == (state, unverified)


@given(st.uuids())
def test_an_immutable_id_is_a_guids_bytes(guid: uuid.UUID) -> None:
    assert _values.guid_of_immutable_id(base64.b64encode(guid.bytes_le).decode()) == str(guid)


@pytest.mark.parametrize("text", ["", "no base64!", "YWJj", "ann@contoso.com"])
def test_any_other_immutable_id_names_nobody(text: str) -> None:
    assert _values.guid_of_immutable_id(text) == ""


# -- guards ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["remote_target_database", "remote_archive_target_database"])
def test_an_unknown_database_is_refused_with_those_that_exist(option: str) -> None:
    outcome = plain().one({**ANN, option: "DB9"})
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.message) == (
        "database_not_found",
        f"{option}: 'DB9' is not an on-premises mailbox database.",
    )
    assert "DB01, DB02" in outcome.error.remedy
    assert plain().code({**ANN, option: "db02"}) == ""


def test_an_address_that_somebody_else_holds_is_refused() -> None:
    bob = on_premises_recipient("bob", EmailAddresses=["SMTP:bob@contoso.com", "smtp:Ann@contoso.com"])
    hybrid = Hybrid([cloud_mailbox("ann")], [ad_user("ann"), bob])
    for accept in (frozenset[str](), frozenset(["address_in_use", "mail_in_use"])):
        outcome = hybrid.one(accept=accept)
        assert outcome.error is not None
        assert (outcome.error.code, "CN=Bob" in outcome.error.message) == ("address_in_use", True)


@pytest.mark.parametrize("name", ["ExchangeGuid", "ArchiveGuid"])
def test_a_guid_that_another_recipient_carries_as_either_is_refused_for_good(name: str) -> None:
    archive = guid_of("ann's archive")
    ann = cloud_mailbox("ann", ArchiveGuid=archive)
    for taken in (MAILBOX, archive):
        bob = on_premises_recipient("bob", **{"ExchangeGuid": guid_of("bob's"), name: taken})
        hybrid = Hybrid([ann, cloud_mailbox("cleo")], [ad_user("ann"), ad_user("cleo"), bob])
        record = {**ANN, "remote_archive_target_database": "DB01"}
        refused, fine = hybrid.assess(
            record, {"identity": "cleo@contoso.com"}, accept=frozenset(["guid_in_use", "uniqueness_not_checked"])
        )
        assert refused.error is not None
        assert (refused.error.code, taken in refused.error.message) == ("guid_in_use", True)
        assert ("CN=Bob" in refused.error.message, fine.error) == (True, None)


def test_every_kind_of_address_is_asked_for_in_the_whole_forest() -> None:
    old = "X500:/o=Contoso/ou=First Administrative Group/cn=Recipients/cn=Ann"
    ann = cloud_mailbox("ann")
    ann["EmailAddresses"] = [*ann["EmailAddresses"], old, "NOTES:Ann/Contoso"]
    for holder in (
        on_premises_recipient("bob", EmailAddresses=["SMTP:bob@contoso.com", "notes:ann/contoso"]),
        on_premises_recipient("bob", LegacyExchangeDN=old[5:].upper()),
    ):
        hybrid = Hybrid([ann], [ad_user("ann"), holder])
        assert hybrid.code() == "address_in_use"
        asked = hybrid.server.named("Get-Recipient", "Get-User")
        assert {cmdlet.forest for cmdlet in asked if "EmailAddress" in str(cmdlet.parameters["Filter"])} == {True}


def test_an_address_that_no_write_takes_is_accepted_and_does_not_travel_on() -> None:
    """A later task would refuse the record for it, and with it the wave."""
    ann = cloud_mailbox("ann")
    ann["EmailAddresses"] = [*ann["EmailAddresses"], "NOTES:", "EUM:1"]
    hybrid = Hybrid([ann, cloud_mailbox("bob")], [ad_user("ann"), ad_user("bob")])
    bob = {"identity": "bob@contoso.com"}
    refused, fine = hybrid.assess(ANN, bob)
    assert refused.error is not None
    assert (refused.error.code, fine.error) == ("address_not_carried", None)
    accepted, _bob = hybrid.assess({**ANN, "accept": ["address_not_carried"]}, bob)
    assert accepted.error is None
    assert ("NOTES:" in accepted.enriched["email_addresses"], "EUM:1" in accepted.enriched["email_addresses"]) == (
        False,
        True,
    )
    fields.check(accepted.enriched, accepted.enriched)


def test_an_alias_of_another_recipient_is_told_before_enable_mailuser_and_asked_in_the_same_calls() -> None:
    bob = on_premises_recipient("bob", Alias="ANN")
    hybrid = Hybrid([cloud_mailbox("ann"), cloud_mailbox("cleo")], [ad_user("ann"), ad_user("cleo"), bob])
    cleo = {"identity": "cleo@contoso.com"}
    refused, fine = hybrid.assess(ANN, cleo)
    assert refused.error is not None
    assert (refused.error.code, "CN=Bob" in refused.error.message, fine.error) == ("alias_in_use", True, None)
    assert "field alias of the mailbox's record" in refused.error.remedy
    (asked,) = [c for c in hybrid.server.named("Get-Recipient") if "EmailAddresses" in str(c.parameters["Filter"])]
    assert ("(Alias -eq 'ann')" in str(asked.parameters["Filter"]), asked.forest) == (True, True)
    for record in ({**ANN, "alias": "ann.archer"}, {**ANN, "accept": ["alias_in_use"]}):
        assert [outcome.error for outcome in hybrid.assess(record, cleo)] == [None, None]


def test_two_mailboxes_of_a_wave_with_one_alias_are_told_both_and_a_mail_user_keeps_its_own() -> None:
    tenant = [cloud_mailbox("ann"), cloud_mailbox("cleo", Alias="Ann"), cloud_mailbox("dan", Alias="ann")]
    cleo = {"identity": "cleo@contoso.com"}
    dan = on_premises_recipient("dan", Alias="dan")
    hybrid = Hybrid(tenant, [ad_user("ann"), ad_user("cleo"), dan])
    codes = [o.error.code if o.error else "" for o in hybrid.assess(ANN, cleo, {"identity": "dan@contoso.com"})]
    assert codes == ["alias_in_use", "alias_in_use", "alias_would_change"]


def test_mail_alone_is_told_apart_and_accepted_by_code_or_by_mailbox() -> None:
    admins = [
        ad_user(f"admin of {name}", WindowsEmailAddress=f"{name.title()}@contoso.com") for name in ("ann", "cleo")
    ]
    hybrid = Hybrid([cloud_mailbox("ann"), cloud_mailbox("cleo")], [ad_user("ann"), ad_user("cleo"), *admins])
    cleo = {"identity": "cleo@contoso.com"}
    outcomes = hybrid.assess(ANN, cleo)
    assert [outcome.error.code for outcome in outcomes if outcome.error] == ["mail_in_use"] * 2
    assert all("Admin Of" in outcome.error.message for outcome in outcomes if outcome.error)
    assert [outcome.error for outcome in hybrid.assess(ANN, cleo, accept=frozenset(["mail_in_use"]))] == [None, None]
    accepted, refused = hybrid.assess({**ANN, "accept": ["mail_in_use"]}, cleo)
    assert (accepted.error, refused.status) == (None, "failed")


@pytest.mark.parametrize(
    ("side", "cmdlet"), [("server", "Get-Recipient"), ("server", "Get-User"), ("online", "Get-Recipient")]
)
def test_a_question_that_is_not_allowed_stops_every_mailbox_until_that_is_accepted(side: str, cmdlet: str) -> None:
    hybrid = Hybrid([cloud_mailbox("ann"), cloud_mailbox("bob")], [ad_user("ann"), ad_user("bob")])
    organization: FakeOrganization = getattr(hybrid, side)
    known = organization.objects[cmdlet]

    def denied(asked: Cmdlet) -> list[Properties]:
        if "EmailAddress" in str(asked.parameters["Filter"]) and asked.forest:
            raise refusal("The term is not recognized as the name of a cmdlet", "CommandNotFoundException")
        return known

    organization.handlers[cmdlet] = denied
    records = [ANN, {"identity": "bob@contoso.com"}]
    outcomes = hybrid.assess(*records)
    assert [outcome.error.code for outcome in outcomes if outcome.error] == ["uniqueness_not_checked"] * 2
    assert all("not recognized" in outcome.error.message for outcome in outcomes if outcome.error)
    accepted = hybrid.assess(*records, accept=frozenset(["uniqueness_not_checked"]))
    assert [outcome.error for outcome in accepted] == [None, None]


def test_an_address_that_is_the_upn_of_another_mailboxs_user_is_refused() -> None:
    ann = cloud_mailbox("ann", EmailAddresses=["SMTP:ann@contoso.com", f"smtp:ann@{ROUTING}", "smtp:bob@contoso.com"])
    bob = cloud_mailbox("bob", EmailAddresses=["SMTP:robert@contoso.com", f"smtp:bob@{ROUTING}"])
    bob["PrimarySmtpAddress"] = "robert@contoso.com"
    hybrid = Hybrid([ann, bob], [ad_user("ann"), ad_user("bob")])
    refused, fine = hybrid.assess(ANN, {"identity": "robert@contoso.com"})
    assert refused.error is not None
    assert (refused.error.code, "CN=Bob" in refused.error.message) == ("address_in_use", True)
    assert fine.error is None or fine.error.code != "address_in_use"


def test_an_address_that_exchange_does_not_look_for_fails_its_mailbox_alone() -> None:
    hybrid = Hybrid([cloud_mailbox("ann"), cloud_mailbox("bob")], [ad_user("ann"), ad_user("bob")])

    def picky(cmdlet: Cmdlet) -> list[Properties]:
        if f"ann@{ROUTING}" in str(cmdlet.parameters["Filter"]):
            raise refusal("The filter is not valid.", cmdlet="Get-Recipient")
        return hybrid.cloud

    hybrid.online.handlers["Get-Recipient"] = picky
    ann, bob = hybrid.assess(ANN, {"identity": "bob@contoso.com"})
    assert ann.error is not None
    assert (ann.error.code, bob.status, bob.error) == ("uniqueness_not_checked", "unchanged", None)
    assert ann.error.message.endswith("The filter is not valid.")


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ({"identity": f"ann@{ROUTING}"}, "duplicate_identity"),
        ({"identity": "bob@contoso.com", "ad_identity": "ann@contoso.com"}, "shared_ad_user"),
    ],
)
def test_two_records_that_mean_one_object_are_both_refused(second: Record, code: str) -> None:
    hybrid = Hybrid([cloud_mailbox("ann"), cloud_mailbox("bob")], [ad_user("ann"), ad_user("bob"), ad_user("cleo")])
    hybrid.online.objects["Get-Recipient"].append(cloud_mailbox("cleo"))
    hybrid.online.objects["Get-Mailbox"].append(cloud_mailbox("cleo"))
    outcomes = hybrid.assess(ANN, second, {"identity": "cleo@contoso.com"})
    assert [outcome.error.code if outcome.error else "" for outcome in outcomes] == [code, code, ""]
    assert all("ann@contoso.com" in outcome.error.message for outcome in outcomes if outcome.error)


def test_stop_signs_stop_until_they_are_accepted_by_name() -> None:
    hybrid = Hybrid([cloud_mailbox("ann", LitigationHoldEnabled=True)], [ad_user("ann", DisplayName="Ann S.")])
    outcome = hybrid.one()
    assert outcome.error is not None
    assert outcome.error.code == "display_name_would_change"
    assert outcome.details["stop_signs"] == ["display_name_would_change", "litigation_hold"]
    assert [refusal["code"] for refusal in outcome.details["refused"]] == [
        "display_name_would_change",
        "litigation_hold",
    ]
    assert hybrid.code(accept=frozenset(["display_name_would_change"])) == "litigation_hold"
    accepted = hybrid.one(accept=frozenset(["display_name_would_change", "litigation_hold"]))
    assert (accepted.status, accepted.details["stop_signs"]) == (
        "unchanged",
        ["display_name_would_change", "litigation_hold"],
    )


def test_an_accepted_risk_of_the_synchronization_is_told_of_who_is_to_be_written() -> None:
    hybrid = Hybrid([cloud_mailbox("ann"), cloud_mailbox("bob")], [ad_user("ann"), on_premises_recipient("bob")])
    accept = frozenset(["unprotected_sync"])

    def told(**options: Any) -> list[list[str]]:
        outcomes = hybrid.assess(ANN, {"identity": "bob@contoso.com"}, **options)
        return [[code for code in outcome.details["stop_signs"] if code in accept] for outcome in outcomes]

    assert told(accept=accept, pause_sync=False) == [["unprotected_sync"], []]
    assert told(accept=accept) == told(pause_sync=False) == [[], []]


def test_retention_policies_for_everybody_count_and_an_unread_list_stops() -> None:
    hybrid = Hybrid(
        [cloud_mailbox("ann"), cloud_mailbox("bob", InPlaceHolds=["-mbx1:2"])], [ad_user("ann"), ad_user("bob")]
    )
    hybrid.online.objects["Get-OrganizationConfig"] = [{"InPlaceHolds": ["mbx1:2"]}]
    ann, bob = hybrid.assess(ANN, {"identity": "bob@contoso.com"})
    assert (ann.details["stop_signs"], bob.details["stop_signs"]) == (["organization_retention_hold"], [])
    hybrid.online.handlers["Get-OrganizationConfig"] = Fails(
        *[refusal("Not allowed.", cmdlet="Get-OrganizationConfig") for _time in range(2)]
    )
    ann, bob = hybrid.assess(ANN, {"identity": "bob@contoso.com"})
    for outcome in (ann, bob):
        assert outcome.error is not None
        assert (outcome.error.code, outcome.details["stop_signs"]) == ("holds_not_checked", ["holds_not_checked"])
        assert "Not allowed." in outcome.error.message
    bob_accepts = {"identity": "bob@contoso.com", "accept": ["holds_not_checked"]}
    assert [outcome.status for outcome in hybrid.assess(ANN, bob_accepts)] == ["failed", "unchanged"]


def test_delay_holds_that_are_to_be_ended_are_counted_and_stop_nobody() -> None:
    delayed = {"DelayHoldApplied": True}
    hybrid = Hybrid([cloud_mailbox(name, **delayed) for name in ("ann", "bob")], [ad_user("ann"), ad_user("bob")])
    ann, bob = hybrid.assess({**ANN, "remove_delay_holds": True}, {"identity": "bob@contoso.com"})
    assert (ann.status, ann.details["delay_holds"]) == ("unchanged", ["delay_hold_applied"])
    assert (bob.error.code if bob.error else "", "delay_holds" in bob.details) == ("delay_hold", False)


def test_the_tenants_accepted_domains_count() -> None:
    hybrid = plain()
    hybrid.online.objects["Get-AcceptedDomain"] = [{"DomainName": "fabrikam.com"}]
    assert hybrid.code() == "upn_suffix_not_accepted"
    hybrid.online.objects["Get-AcceptedDomain"].append({"DomainName": "Contoso.COM"})
    assert hybrid.code() == ""


def test_what_the_readiness_report_blocks_stops_here_too_where_that_is_asked_for() -> None:
    hybrid = Hybrid([cloud_mailbox("ann"), cloud_mailbox("bob")], [ad_user("ann"), ad_user("bob")])
    hybrid.server.objects["Get-MailboxDatabase"] = [
        {"Name": "DB01", "Guid": guid_of("DB01"), "Mounted": False},
        {"Name": "DB02", "Guid": guid_of("DB02"), "Mounted": True},
    ]
    wave = [{**ANN, "remote_target_database": "DB01"},
            {"identity": "bob@contoso.com", "remote_target_database": "DB02"}]

    def stopped(**options: Any) -> list[list[str]]:
        return [outcome.details["stop_signs"] for outcome in hybrid.assess(*wave, **options)]

    assert stopped(readiness=True) == [["database_not_mounted"], []]
    assert stopped() == [[], []]


def test_a_wrong_option_of_the_domain_controller_is_refused_and_not_taken_for_its_silence() -> None:
    hybrid = plain()
    with pytest.raises(InputError, match="active_directory"):
        hybrid.assess(active_directory={"host": "dc01.contoso.com", "password": "x", "password_file": "y"})


# -- the baseline ------------------------------------------------------------------------------------------------------


def test_the_baseline_is_both_sides_as_found(tmp_path: Path) -> None:
    outcome = plain().one(folder=on_disk(tmp_path))
    assert outcome.enriched["baseline_file"] == str(stored(tmp_path))
    data = json.loads(stored(tmp_path).read_text(encoding="utf-8"))
    assert data["identity"] == "ann@contoso.com"
    assert data["cloud"]["email_addresses"] == cloud_mailbox("ann")["EmailAddresses"]
    assert data["on_premises"]["guid"] == USER


def test_check_mode_keeps_none(tmp_path: Path) -> None:
    assert plain().one(folder=on_disk(tmp_path), check=True).status == "unchanged"
    assert list(tmp_path.iterdir()) == []


def test_what_is_refused_gets_none(tmp_path: Path) -> None:
    hybrid = Hybrid([cloud_mailbox("ann", LitigationHoldEnabled=True)], [ad_user("ann")])
    hybrid.one(folder=on_disk(tmp_path))
    assert not stored(tmp_path).exists()


def damaged() -> Hybrid:
    """Ann after a sync that went wrong: what is live is no longer what the mailbox had."""
    return Hybrid(
        [
            cloud_mailbox(
                "ann",
                IsDirSynced=True,
                PrimarySmtpAddress=f"ann@{ROUTING}",
                Alias="changed",
                EmailAddresses=[f"SMTP:ann@{ROUTING}"],
            )
        ],
        [on_premises_recipient("ann", Alias="ann")],
    )


def test_it_is_never_overwritten_and_stays_the_authority(tmp_path: Path) -> None:
    plain().one(folder=on_disk(tmp_path))
    before = stored(tmp_path).read_bytes()
    outcome = damaged().one(folder=on_disk(tmp_path))
    assert stored(tmp_path).read_bytes() == before
    assert outcome.details["state"] == "prepared"
    assert outcome.enriched["primary_smtp_address"] == "ann@contoso.com"
    assert outcome.enriched["email_addresses"] == cloud_mailbox("ann")["EmailAddresses"]
    # Compared with the alias that the mailbox had, the on-premises one changes nothing.
    assert outcome.details["stop_signs"] == []


@pytest.mark.parametrize(
    ("cloud", "ad"),
    [
        ({}, {}),
        ({"IsDirSynced": True}, {"ExchangeGuid": ZERO}),
    ],
    ids=["stamped", "already synced"],
)
def test_a_mail_user_that_we_made_needs_its_baseline(tmp_path: Path, cloud: Properties, ad: Properties) -> None:
    hybrid = Hybrid([cloud_mailbox("ann", **cloud)], [on_premises_recipient("ann", **ad)])
    outcome = hybrid.one(folder=on_disk(tmp_path))
    assert outcome.error is not None
    assert (outcome.error.code, "baseline_missing" in outcome.error.remedy) == ("baseline_missing", True)
    assert not stored(tmp_path).exists()
    assert hybrid.code() == ""
    assert hybrid.code(folder=on_disk(tmp_path), accept=frozenset(["baseline_missing"])) == ""
    assert stored(tmp_path).exists()


@pytest.mark.parametrize(
    "person",
    [
        ad_user("ann"),
        on_premises_recipient("ann", ExchangeGuid=ZERO),
        on_premises_recipient("ann", "RemoteUserMailbox"),
    ],
)
def test_what_was_there_before_us_needs_none(tmp_path: Path, person: Properties) -> None:
    assert Hybrid([cloud_mailbox("ann")], [person]).code(folder=on_disk(tmp_path)) == ""


ALIAS = "smtp:ann.new@contoso.com"


def grown(name: str = "ann", **changes: Any) -> Properties:
    """Return the mailbox with an address that somebody added in the cloud."""
    return cloud_mailbox(name, EmailAddresses=[*cloud_mailbox(name)["EmailAddresses"], ALIAS], **changes)


def superseded(directory: Path) -> list[Path]:
    return list((directory / "baseline" / "superseded").glob("*.json"))


def test_while_nothing_was_written_a_baseline_follows_the_mailbox(tmp_path: Path) -> None:
    bob = {"identity": "bob@contoso.com"}
    Hybrid([cloud_mailbox("ann"), cloud_mailbox("bob")], [ad_user("ann"), ad_user("bob")]).assess(
        ANN, bob, folder=on_disk(tmp_path)
    )
    first, second = stored(tmp_path).read_bytes(), stored(tmp_path, "bob").read_bytes()
    hybrid = Hybrid([grown(), cloud_mailbox("bob")], [ad_user("ann"), ad_user("bob")])

    preview, _bob = hybrid.assess(ANN, bob, folder=on_disk(tmp_path), check=True)
    assert ALIAS in preview.enriched["email_addresses"]
    assert (stored(tmp_path).read_bytes(), superseded(tmp_path)) == (first, [])

    ann, unchanged = hybrid.assess(ANN, bob, folder=on_disk(tmp_path))
    assert ALIAS in ann.enriched["email_addresses"]
    assert ALIAS in json.loads(stored(tmp_path).read_text(encoding="utf-8"))["cloud"]["email_addresses"]
    (kept,) = superseded(tmp_path)
    assert (str(kept), kept.read_bytes()) == (ann.details["superseded_baseline"], first)
    assert ("A new baseline was taken" in ann.warnings[0], unchanged.warnings) == (True, [])
    assert stored(tmp_path, "bob").read_bytes() == second
    hybrid.assess(ANN, bob, folder=on_disk(tmp_path))
    assert len(superseded(tmp_path)) == 1


def test_one_that_is_refused_keeps_the_baseline_that_it_has(tmp_path: Path) -> None:
    plain().one(folder=on_disk(tmp_path))
    first = stored(tmp_path).read_bytes()
    held = Hybrid([grown(LitigationHoldEnabled=True)], [ad_user("ann")])
    assert held.code(folder=on_disk(tmp_path)) == "litigation_hold"
    assert (stored(tmp_path).read_bytes(), superseded(tmp_path)) == (first, [])


def test_after_the_first_write_a_difference_stops_the_mailbox_with_both_sides_shown(tmp_path: Path) -> None:
    plain().one(folder=on_disk(tmp_path))
    first = stored(tmp_path).read_bytes()
    hybrid = Hybrid([grown()], [on_premises_recipient("ann")])
    outcome = hybrid.one(folder=on_disk(tmp_path))
    assert outcome.error is not None
    assert (outcome.error.code, ALIAS in outcome.error.message) == ("baseline_differs", True)
    assert outcome.details["baseline_differences"] == {"email_addresses": {"baseline": [], "live": [ALIAS]}}
    for accepted in (
        hybrid.one(folder=on_disk(tmp_path), accept=frozenset(["baseline_differs"])),
        hybrid.one({**ANN, "accept": ["baseline_differs"]}, folder=on_disk(tmp_path)),
    ):
        assert (accepted.error, accepted.details["stop_signs"]) == (None, ["baseline_differs"])
        assert ALIAS not in accepted.enriched["email_addresses"]
    assert (stored(tmp_path).read_bytes(), superseded(tmp_path)) == (first, [])

    taken = hybrid.one({**ANN, "baseline": "refresh"}, folder=on_disk(tmp_path))
    assert (taken.error, ALIAS in taken.enriched["email_addresses"]) == (None, True)
    assert [path.read_bytes() for path in superseded(tmp_path)] == [first]
    now = json.loads(stored(tmp_path).read_text(encoding="utf-8"))
    assert (now["on_premises"]["kind"], now["taken_at"]) == ("user", json.loads(first)["taken_at"])
    assert hybrid.one({**ANN, "baseline": "refresh"}, folder=on_disk(tmp_path)).warnings == []


def test_a_damaged_baseline_is_taken_anew_where_that_is_asked_for(tmp_path: Path) -> None:
    stored(tmp_path).parent.mkdir()
    stored(tmp_path).write_text("{", encoding="utf-8")
    hybrid = Hybrid([cloud_mailbox("ann", IsDirSynced=True)], [on_premises_recipient("ann")])
    outcome = hybrid.one({**ANN, "baseline": "refresh"}, folder=on_disk(tmp_path))
    assert (outcome.error, "cannot be read" in outcome.warnings[0]) == (None, True)
    assert [path.read_text(encoding="utf-8") for path in superseded(tmp_path)] == ["{"]
    assert hybrid.code(folder=on_disk(tmp_path)) == ""


def test_a_code_in_a_record_is_accepted_for_its_mailbox_alone() -> None:
    held = [cloud_mailbox(name, LitigationHoldEnabled=True) for name in ("ann", "bob")]
    hybrid = Hybrid(held, [ad_user("ann"), ad_user("bob")])
    outcomes = hybrid.assess({**ANN, "accept": ["litigation_hold"]}, {"identity": "bob@contoso.com"})
    assert [outcome.error.code if outcome.error else "" for outcome in outcomes] == ["", "litigation_hold"]


def test_a_damaged_baseline_fails_its_mailbox_alone(tmp_path: Path) -> None:
    hybrid = Hybrid([cloud_mailbox("ann"), cloud_mailbox("bob")], [ad_user("ann"), ad_user("bob")])
    stored(tmp_path).parent.mkdir()
    stored(tmp_path).write_text("{", encoding="utf-8")
    outcomes = hybrid.assess(ANN, {"identity": "bob@contoso.com"}, folder=on_disk(tmp_path))
    assert [outcome.error.code if outcome.error else "" for outcome in outcomes] == ["unreadable_baseline", ""]
    assert stored(tmp_path).read_text(encoding="utf-8") == "{"
    assert stored(tmp_path, "bob").exists()


def test_another_mailboxs_baseline_under_the_name_fails_its_mailbox_alone(tmp_path: Path) -> None:
    """With it the user would be stamped with the other mailbox's GUID and addresses."""
    hybrid = Hybrid([cloud_mailbox("ann"), cloud_mailbox("bob")], [ad_user("ann"), ad_user("bob")])
    bob = {"identity": "bob@contoso.com"}
    hybrid.assess(bob, folder=on_disk(tmp_path))
    stored(tmp_path, "bob").rename(stored(tmp_path))
    ann, second = hybrid.assess(ANN, bob, folder=on_disk(tmp_path))
    assert ann.error is not None
    assert (ann.error.code, second.error) == ("foreign_baseline", None)
    assert "exchange_guid" not in ann.enriched or ann.enriched["exchange_guid"] == MAILBOX


@pytest.mark.parametrize("was", ["SMTP:ann@tailspin.example", None])
def test_an_external_address_of_somewhere_else_stops_until_it_is_ours(tmp_path: Path, was: str | None) -> None:
    """The baseline keeps what stood there; what stands there since then was written by us."""
    bare = {"ExchangeGuid": ZERO, "EmailAddresses": ["SMTP:ann@contoso.com"]}
    first = on_premises_recipient("ann", ExternalEmailAddress=was, **bare) if was else ad_user("ann")
    code = "external_address_would_change"
    before = Hybrid([cloud_mailbox("ann")], [first])
    assert before.code(folder=on_disk(tmp_path)) == (code if was else "")
    assert before.one(folder=on_disk(tmp_path), accept=frozenset([code])).error is None
    kept = json.loads(stored(tmp_path).read_text(encoding="utf-8"))["on_premises"]
    assert kept.get("external_email_address") == (was[5:] if was else None)
    written = on_premises_recipient("ann", ExternalEmailAddress="SMTP:ann@routing.contoso.com")
    accept = frozenset(["baseline_differs"])
    assert Hybrid([cloud_mailbox("ann")], [written]).code(folder=on_disk(tmp_path), accept=accept) == ""


# -- require_state -----------------------------------------------------------------------------------------------------


def test_another_state_than_the_required_one_fails() -> None:
    hybrid = Hybrid(
        [cloud_mailbox("ann", IsDirSynced=True)], [on_premises_recipient("ann")], [move_request_of("ann", "InProgress")]
    )
    outcome = hybrid.one(require_state="home")
    assert outcome.error is not None
    assert (outcome.error.code, outcome.error.retryable) == ("not_home", True)
    assert hybrid.code(require_state="moving") == ""
    assert plain().one(require_state="prepared").error is not None
    assert plain().code(require_state="prepared") == "not_prepared"


def moved(**ad: Any) -> Hybrid:
    return Hybrid(
        [cloud_mail_user("ann")], [on_premises_recipient("ann", **{"kind": "UserMailbox", "Database": "DB01", **ad})]
    )


def test_a_mailbox_that_is_home_is_compared_with_what_was_asked_and_with_its_baseline(tmp_path: Path) -> None:
    plain().one(folder=on_disk(tmp_path))
    wanted = {**ANN, "remote_target_database": "DB01", "target_delivery_domain": "contoso.com"}
    options = {"folder": on_disk(tmp_path), "require_state": "home"}
    assert moved().code(wanted, **options) == ""
    for ad, told in (
        ({"Database": "DB02"}, "database DB02, not DB01"),
        ({"kind": "RoomMailbox"}, "not a UserMailbox"),
        ({"PrimarySmtpAddress": f"ann@{ROUTING}"}, f"is ann@{ROUTING}, not ann@contoso.com"),
    ):
        outcome = moved(**ad).one(wanted, **options)
        assert outcome.error is not None
        assert (outcome.error.code, told in outcome.error.message) == ("verification_failed", True)
        (difference,) = outcome.details["differences"]
        assert difference["code"].endswith("_differs")
        assert (difference["message"] in outcome.error.message, difference["remedy"]) == (True, outcome.error.remedy)


def test_a_linked_mailbox_is_a_user_mailbox_with_a_master_account(tmp_path: Path) -> None:
    """The user of a resource forest: what it is linked to stands in the baseline and is compared afterwards."""
    linked = {"LinkedMasterAccount": "FABRIKAM\\ann"}
    cloud, users = [cloud_mailbox("ann"), cloud_mailbox("bob")], [ad_user("ann", **linked), ad_user("bob")]
    bob = {"identity": "bob@contoso.com"}
    ann, _bob = Hybrid(cloud, users).assess(ANN, bob, folder=on_disk(tmp_path))
    assert ann.enriched["linked_master_account"] == ann.enriched["on_premises"]["linked_master_account"]
    kept = json.loads(stored(tmp_path).read_text(encoding="utf-8"))
    assert kept["on_premises"]["linked_master_account"] == "FABRIKAM\\ann"
    options = {"folder": on_disk(tmp_path), "require_state": "home"}
    for held, differences in (
        ("fabrikam\\Ann", []),
        ("", ["master_account_differs"]),
        ("FABRIKAM\\eve", ["master_account_differs"]),
    ):
        at_home = [
            on_premises_recipient("ann", "LinkedMailbox", Database="DB01", LinkedMasterAccount=held),
            on_premises_recipient("bob", "LinkedRoomMailbox", Database="DB01"),
        ]
        hybrid = Hybrid([cloud_mail_user("ann"), cloud_mail_user("bob")], at_home)
        home, room = hybrid.assess(ANN, bob, **options)
        assert [found["code"] for found in home.details.get("differences", [])] == differences
        # A room is not what Bob's mailbox was, and nothing here makes it one.
        (other,) = room.details["differences"]
        assert (other["code"], "The collection does not convert" in other["remedy"]) == ("mailbox_kind_differs", True)


def test_what_a_verification_could_not_compare_is_a_warning(tmp_path: Path) -> None:
    found = moved().one(folder=on_disk(tmp_path), require_state="home")
    assert found.error is None
    assert [text.partition(":")[0] for text in found.warnings] == [
        "not compared, because not set",
        "there is no baseline",
    ]
    assert moved().one(folder=on_disk(tmp_path)).warnings == []


def late(*names: str) -> Hybrid:
    """Return mailboxes that came home by completed requests, and that the cloud still shows as its own."""
    return Hybrid(
        [cloud_mailbox(name, IsDirSynced=True) for name in names],
        [
            on_premises_recipient(name, "UserMailbox", ExternalDirectoryObjectId=guid_of(f"{name} in Entra"))
            for name in names
        ],
        [move_request_of(name, "Completed") for name in names],
    )


def settled(hybrid: Hybrid, waits: Time, *names: str, wait_timeout: float = 100) -> list[Outcome]:
    return settle(
        connect(hybrid.server, hybrid.online), [{"identity": f"{name}@contoso.com"} for name in names],
        AssessOptions(require_state="home"), wait_timeout=wait_timeout, wait_sleep=30,
        sleep=waits.sleep, clock=waits.clock,
    )  # fmt: skip


def test_a_cloud_that_lags_behind_a_completion_is_retryable_and_waited_for() -> None:
    waits, hybrid = Time(), late("ann", "bob")
    for outcome in settled(hybrid, waits, "ann", "bob"):
        assert outcome.error is not None
        assert (outcome.error.code, outcome.error.retryable) == ("cloud_lags", True)
    assert waits.slept == [30, 30, 30, 10]
    assert settled(hybrid, Time(), "ann", wait_timeout=0)[0].status == "failed"


def test_only_what_lags_is_read_again() -> None:
    hybrid = Hybrid(
        [cloud_mailbox("ann", IsDirSynced=True), cloud_mail_user("bob")],
        [
            on_premises_recipient("ann", "UserMailbox", ExternalDirectoryObjectId=guid_of("ann in Entra")),
            on_premises_recipient("bob", "UserMailbox"),
        ],
        [move_request_of("ann", "Completed")],
    )
    hybrid.server.calls.clear()

    def catches_up(_seconds: float) -> None:
        assert {guid_of("bob on-premises") in str(call) for call in hybrid.server.named("Get-Mailbox")} == {True}
        hybrid.server.calls.clear()
        hybrid.online.objects = fakes.tenant(cloud_mail_user("ann"), cloud_mail_user("bob"), requests=[]).objects

    ann, bob = settle(
        connect(hybrid.server, hybrid.online), [{"identity": "ann@contoso.com"}, {"identity": "bob@contoso.com"}],
        AssessOptions(require_state="home"), wait_timeout=100, wait_sleep=30, sleep=catches_up, clock=Time().clock,
    )  # fmt: skip
    assert (ann.status, bob.status) == ("unchanged", "unchanged")
    assert {guid_of("bob on-premises") in str(call) for call in hybrid.server.named("Get-Mailbox")} == {False}


def test_one_mailbox_alive_on_both_sides_is_told_by_its_own_code() -> None:
    alive = Hybrid(
        [cloud_mailbox("ann", IsDirSynced=True)],
        [on_premises_recipient("ann", "UserMailbox", ExternalDirectoryObjectId=guid_of("ann in Entra"))],
        [move_request_of("ann", "CompletedWithWarning")],
    )
    for require_state in ("", "home"):
        error = alive.one(require_state=require_state).error
        assert error is not None
        assert (error.code, "CompletedWithWarning" in error.message) == ("second_live_mailbox", True)
        assert "Do not remove anything" in error.remedy


def test_organizations_are_asked_by_read_cmdlets_alone() -> None:
    hybrid = damaged()
    hybrid.one()
    both: list[FakeOrganization] = [hybrid.server, hybrid.online]
    assert {call.name.partition("-")[0] for organization in both for call in organization.calls} == {"Get"}
