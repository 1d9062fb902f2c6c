# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.plan import (
    ACCEPTABLE,
    USUAL_REASONS,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.step import (
    MailStamped,
    await_match,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import cloud
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import (
    ROUTING,
    FakeOrganization,
    Time,
    ad_user,
    cloud_mailbox,
    connect,
    guid_of,
    on_premises_recipient,
)

USER = guid_of("ann on-premises")
X500 = "X500:/o=ExchangeLabs/cn=ann"


def record(name: str = "ann", **more: Any) -> Record:
    """Return the record that offboarding_state hands on, with the mailbox as it was before the match."""
    return {"identity": f"{name}@contoso.com", **cloud.carried(cloud.recipient(cloud_mailbox(name))), **more}


# -- the stamp ---------------------------------------------------------------------------------------------------------


def stamp(server: FakeOrganization, online: FakeOrganization, *records: Record, check: bool = False) -> list[Outcome]:
    with connect(server, online) as connections:
        return run_wave(MailStamped(check), records, connections, check=check, sleep=Time().sleep)


def forest(*people: Properties) -> FakeOrganization:
    server = fakes.on_premises(*people)
    known = {person["Guid"]: person for person in people}

    def set_user(cmdlet: Cmdlet) -> list[Properties]:
        known[str(cmdlet.parameters["Identity"])]["WindowsEmailAddress"] = cmdlet.parameters["WindowsEmailAddress"]
        return []

    server.handlers["Set-User"] = set_user
    return server


def only(outcomes: list[Outcome]) -> tuple[str, str]:
    (outcome,) = outcomes
    return outcome.status, outcome.error.code if outcome.error else ""


def test_a_plain_users_mail_is_stamped_once() -> None:
    server, online = forest(ad_user("ann")), fakes.tenant(cloud_mailbox("ann"))
    (first,) = stamp(server, online, record())
    assert first.as_result() == {
        "identity": "ann@contoso.com",
        "status": "changed",
        "before": {"windows_email_address": ""},
        "after": {"windows_email_address": "ann@contoso.com"},
        "cmdlets": [f"Set-User -Identity '{USER}' -WindowsEmailAddress 'ann@contoso.com'"],
    }
    assert only(stamp(server, online, record())) == ("unchanged", "")
    assert len(server.writes) == 1


def test_a_mail_that_is_already_set_is_overwritten_by_force_only() -> None:
    server, online = forest(ad_user("ann", WindowsEmailAddress="a@fabrikam.com")), fakes.tenant(cloud_mailbox("ann"))
    assert only(stamp(server, online, record())) == ("failed", "mail_differs")
    assert only(stamp(server, online, record(force=True))) == ("changed", "")


@pytest.mark.parametrize("held", ["ann@contoso.com", "ANN@contoso.com"])
@pytest.mark.parametrize("wanted", ["ann@contoso.com", "Ann@CONTOSO.com"])
@pytest.mark.parametrize("plain", [True, False])
def test_letters_make_no_other_primary_address(held: str, wanted: str, plain: bool) -> None:
    person = ad_user("ann", WindowsEmailAddress=held)
    person = person if plain else on_premises_recipient("ann", PrimarySmtpAddress=held)
    server = forest(person)
    given = record(primary_smtp_address=wanted)
    assert only(stamp(server, fakes.tenant(cloud_mailbox("ann")), given)) == ("unchanged", "")
    assert server.writes == []


@pytest.mark.parametrize(
    ("primary", "result"),
    [("Ann@contoso.com", ("unchanged", "")), ("a@contoso.com", ("failed", "wrong_recipient_type"))],
)
def test_a_mail_user_is_not_stamped(primary: str, result: tuple[str, str]) -> None:
    server = forest(on_premises_recipient("ann", PrimarySmtpAddress=primary))
    assert only(stamp(server, fakes.tenant(cloud_mailbox("ann")), record())) == result
    assert server.writes == []


@pytest.mark.parametrize(
    ("on_premises", "tenant", "where"),
    [
        (
            on_premises_recipient("bob", EmailAddresses=["SMTP:bob@contoso.com", "smtp:Ann@contoso.com"]),
            None,
            "on-premises",
        ),
        (ad_user("bob", UserPrincipalName="extra@contoso.com"), None, "on-premises"),
        (None, cloud_mailbox("bob", EmailAddresses=["smtp:extra@contoso.com"]), "in Exchange Online"),
    ],
    ids=["recipient", "upn", "cloud"],
)
def test_an_address_that_another_object_holds_is_refused(
    on_premises: Properties | None, tenant: Properties | None, where: str
) -> None:
    ann = cloud_mailbox("ann", EmailAddresses=["SMTP:ann@contoso.com", f"smtp:ann@{ROUTING}", "smtp:extra@contoso.com"])
    server = forest(ad_user("ann"), *([on_premises] if on_premises else []))
    online = fakes.tenant(ann, *([tenant] if tenant else []))
    (outcome,) = stamp(server, online, record())
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code, where in outcome.error.message) == ("failed", "address_in_use", True)
    assert server.writes == []


def test_mail_of_another_user_is_accepted_by_its_code() -> None:
    server = forest(ad_user("ann"), ad_user("bob", WindowsEmailAddress=f"ann@{ROUTING}"))
    online = fakes.tenant(cloud_mailbox("ann"))
    (outcome,) = stamp(server, online, record())
    assert outcome.error is not None
    assert (outcome.error.code, server.writes) == ("mail_in_use", [])
    with connect(server, online) as connections:
        step, given = MailStamped(False, ["mail_in_use"]), [record()]
        (accepted,) = run_wave(step, given, connections, check=False, sleep=Time().sleep)
    assert (accepted.status, accepted.error, len(server.writes)) == ("changed", None, 1)


def test_other_holders_are_asked_for_before_the_stamp_alone() -> None:
    """Who takes an address while it is written does not undo the write: the next run tells."""
    server, online = forest(ad_user("ann")), fakes.tenant(cloud_mailbox("ann"))
    stamped = server.handlers["Set-User"]

    def set_user(cmdlet: Cmdlet) -> list[Properties]:
        server.objects["Get-User"].append(ad_user("bob", WindowsEmailAddress=f"ann@{ROUTING}"))
        return list(stamped(cmdlet))

    server.handlers["Set-User"] = set_user
    assert only(stamp(server, online, record())) == ("changed", "")
    assert only(stamp(server, online, record())) == ("failed", "mail_in_use")


def test_each_side_that_is_missing_is_told() -> None:
    server, online = forest(ad_user("ann")), fakes.tenant(cloud_mailbox("ann"), cloud_mailbox("bob"))
    outcomes = stamp(server, online, {"identity": "bob@contoso.com"}, record(), {"identity": "eve@contoso.com"})
    assert [outcome.status for outcome in outcomes] == ["failed", "changed", "failed"]
    assert [outcome.error.code for outcome in outcomes if outcome.error] == ["ad_user_not_found", "ad_user_not_found"]


# -- the proof ---------------------------------------------------------------------------------------------------------


class Match:
    """A cloud user that shows the match when ``sync`` is called, and the wait for it."""

    def __init__(self, name: str = "ann", **after: Any) -> None:
        self.time = Time()
        self.mailbox = cloud_mailbox(name)
        self.after = {"IsDirSynced": True, "EmailAddresses": [*self.mailbox["EmailAddresses"], X500], **after}
        self.server = fakes.on_premises(on_premises_recipient(name))
        self.online = fakes.tenant(self.mailbox)

    def sync(self) -> None:
        self.mailbox.update(self.after)

    def wait(self, *records: Record, accept: tuple[str, ...] = (), timeout: float = 60, **more: Any) -> list[Outcome]:
        with connect(self.server, self.online) as connections:
            return await_match(
                connections,
                records or [record()],
                accept=accept,
                wait_timeout=timeout,
                wait_sleep=25,
                sleep=self.time.sleep,
                clock=self.time.clock,
                **more,
            )


def test_a_match_that_shows_at_once() -> None:
    match = Match()
    match.sync()
    (outcome,) = match.wait()
    assert outcome.as_result() == {
        "identity": "ann@contoso.com",
        "status": "unchanged",
        "matched": True,
        "anchor_unverified": True,
    }
    assert outcome.enriched == {"is_dir_synced": True, "anchor_unverified": True}
    assert match.time.slept == []
    assert match.online.writes == match.server.writes == []


def test_a_verified_anchor_is_said() -> None:
    match = Match()
    match.sync()
    (outcome,) = match.wait(record(anchor_unverified=False))
    assert outcome.details == {"matched": True, "anchor_unverified": False}


def test_a_match_is_waited_for() -> None:
    match = Match()
    match.time.during = [lambda: None, match.sync]
    (outcome,) = match.wait()
    assert (outcome.status, match.time.slept) == ("unchanged", [25, 25])


def test_only_open_mailboxes_are_read_again() -> None:
    match = Match()
    bob = cloud_mailbox("bob", IsDirSynced=True)
    match.server.objects["Get-User"].append(ad_user("bob"))
    for name in ("Get-Recipient", "Get-Mailbox"):
        match.online.objects[name].append(bob)
    before: list[Cmdlet] = []
    match.time.during = [lambda: before.extend(match.online.calls), match.sync]
    outcomes = match.wait(record("bob"), record())
    assert [outcome.status for outcome in outcomes] == ["unchanged", "unchanged"]
    later = match.online.calls[len(before) :]
    assert guid_of("bob's mailbox") in {value for call in before for _name, value in fakes.clauses_of(call)}
    assert {value for call in later for _name, value in fakes.clauses_of(call)} == {guid_of("ann's mailbox")}


@pytest.mark.parametrize(
    ("after", "missing"),
    [
        ({"IsDirSynced": False}, "IsDirSynced of the cloud object is still False"),
        ({"ExternalDirectoryObjectId": guid_of("another object")}, "as before"),
    ],
)
def test_half_a_proof_is_none(after: dict[str, Any], missing: str) -> None:
    match = Match(**after)
    match.sync()
    (outcome,) = match.wait()
    assert outcome.error is not None
    assert (outcome.status, missing in outcome.details["missing"]) == ("failed", True)
    assert outcome.error.code in ("match_timeout", "second_cloud_object")


NOTHING_STAMPED = {"EmailAddresses": cloud_mailbox("ann")["EmailAddresses"]}


def test_of_a_user_that_was_synced_before_something_stamped_must_show() -> None:
    """Perhaps it follows another user: IsDirSynced and the object id held beforehand."""
    match = Match(**NOTHING_STAMPED)
    match.sync()
    (outcome,) = match.wait(record(is_dir_synced=True))
    assert outcome.error is not None
    assert (outcome.error.code, f"does not show {X500}" in outcome.details["missing"]) == ("match_timeout", True)
    assert (outcome.enriched, outcome.warnings) == ({}, [])


@pytest.mark.parametrize(
    ("more", "proof"),
    [
        ({"is_dir_synced": False}, "IsDirSynced, which turned True"),
        ({"is_dir_synced": True, "anchor_unverified": False}, "the verified anchor"),
    ],
)
def test_the_proof_does_not_hang_on_one_value(more: Record, proof: str) -> None:
    match = Match(**NOTHING_STAMPED)
    match.sync()
    (outcome,) = match.wait(record(**more))
    assert (outcome.status, outcome.error, outcome.details["matched"]) == ("unchanged", None, True)
    (warning,) = outcome.warnings
    assert (proof in warning, X500 in warning) == (True, True)
    assert match.time.now == 60, "the address was waited for as long as that is allowed"


def test_another_proof_hides_no_difference() -> None:
    match = Match(**NOTHING_STAMPED, DisplayName="Ann S.")
    match.sync()
    (outcome,) = match.wait(record(is_dir_synced=False))
    assert outcome.error is not None
    assert (outcome.error.code, outcome.warnings) == ("cloud_changed", [])


@pytest.mark.parametrize(
    "stamped",
    [
        "smtp:ann@contoso.local", "X400:C=US;S=Ann;", "NOTES:Ann/Contoso", "smtp:second@contoso.onmicrosoft.com",
        "EUM:4711", "SIP:ann@fabrikam.com", "smtp:two words@contoso.com", "smtp:ann@tailspin.mail.onmicrosoft.com",
    ],
)  # fmt: skip
def test_what_entra_may_discard_is_not_waited_for(stamped: str) -> None:
    match = Match()
    held = on_premises_recipient("ann")
    match.server = fakes.on_premises({**held, "EmailAddresses": [*held["EmailAddresses"], stamped]})
    match.sync()
    (outcome,) = match.wait(record(is_dir_synced=True))
    assert (outcome.status, outcome.warnings, match.time.slept) == ("unchanged", [], [])


def test_an_alias_in_a_verified_domain_is_waited_for() -> None:
    match = Match()
    held = on_premises_recipient("ann")
    match.server = fakes.on_premises({**held, "EmailAddresses": [*held["EmailAddresses"], "smtp:new@CONTOSO.com"]})
    match.sync()
    (outcome,) = match.wait(record(is_dir_synced=True))
    assert "does not show smtp:new@CONTOSO.com" in outcome.details["missing"]


def test_time_is_up() -> None:
    match = Match()
    (outcome,) = match.wait()
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code, outcome.error.retryable) == ("failed", "match_timeout", True)
    assert outcome.error.remedy == USUAL_REASONS
    assert outcome.error.message == "no match within 60 seconds: IsDirSynced of the cloud object is still False."
    assert (match.time.slept, match.time.now) == ([25, 25, 10], 60)


@pytest.mark.parametrize("matched_by_it", [True, False])
def test_one_more_cycle_is_run_once(matched_by_it: bool) -> None:
    match, cycles = Match(), []

    def cycle() -> None:
        cycles.append(match.time.now)
        if matched_by_it:
            match.sync()

    (outcome,) = match.wait(cycle=cycle)
    assert cycles == [60]
    assert outcome.status == ("unchanged" if matched_by_it else "failed")
    assert match.time.now == (60 if matched_by_it else 120)


def test_no_cycle_is_run_for_what_has_matched() -> None:
    match = Match()
    match.sync()
    cycles: list[int] = []
    match.wait(cycle=lambda: cycles.append(1))
    assert cycles == []


def test_a_second_cloud_object_is_named() -> None:
    match = Match()
    second = cloud_mailbox("second", RecipientTypeDetails="MailUser", EmailAddresses=["smtp:x@contoso.com", X500])
    match.time.during = [lambda: match.online.objects["Get-Recipient"].append(second)]
    (outcome,) = match.wait()
    assert outcome.error is not None
    assert outcome.error.code == "second_cloud_object"
    assert guid_of("second in Entra") in outcome.error.message
    assert USUAL_REASONS in outcome.error.remedy


@pytest.mark.parametrize("written_back", ["", f"User_{guid_of('ann in Entra')}", f"User_{guid_of('any other')}"])
def test_the_cloud_user_itself_is_no_second_object(written_back: str) -> None:
    """A record that does not say which object the cloud user was cannot tell a second one from the first."""
    given = record()
    del given["external_directory_object_id"]
    match = Match()
    match.server = fakes.on_premises(on_premises_recipient("ann", ExternalDirectoryObjectId=written_back))
    (outcome,) = match.wait(given)
    assert outcome.error is not None
    assert outcome.error.code == "match_timeout"


@pytest.mark.parametrize(
    ("kind", "guid", "live", "status"),
    [
        ("UserMailbox", guid_of("ann's mailbox"), "MailUser", "unchanged"),
        ("UserMailbox", guid_of("another mailbox"), "MailUser", "failed"),
        ("MailUser", guid_of("ann's mailbox"), "MailUser", "failed"),
        ("RemoteUserMailbox", guid_of("ann's mailbox"), "MailUser", "failed"),
        # Alive in the cloud too, as another kind: changed there, whatever stands on-premises.
        ("UserMailbox", guid_of("ann's mailbox"), "SharedMailbox", "failed"),
    ],
    ids=["home", "another", "lost", "remote", "alive"],
)
def test_a_mailbox_that_another_run_moved_meanwhile_is_home_and_not_lost(
    kind: str, guid: str, live: str, status: str
) -> None:
    match = Match(RecipientTypeDetails=live)
    match.server = fakes.on_premises(on_premises_recipient("ann", kind, ExchangeGuid=guid))
    match.sync()
    (outcome,) = match.wait(record(recipient_type_details="UserMailbox"))
    assert outcome.status == status, outcome.error
    assert (outcome.error.code if outcome.error else "") == ("cloud_changed" if status == "failed" else "")


def test_a_kind_that_the_service_took_back_is_a_warning() -> None:
    match = Match(RecipientTypeDetails="UserMailbox", SKUAssigned=False)
    match.sync()
    (outcome,) = match.wait(record(recipient_type_details="SharedMailbox"))
    assert (outcome.status, outcome.error) == ("unchanged", None)
    (warning,) = outcome.warnings
    assert "Exchange Online made the SharedMailbox a UserMailbox" in warning
    assert "30 days" in warning


OVERWRITTEN: list[tuple[str, dict[str, Any]]] = [
    ("alias", {"Alias": "a.smith"}),
    ("display_name", {"DisplayName": "Ann S."}),
    ("user_principal_name", {"UserPrincipalName": "a@contoso.com"}),
    ("hidden_from_address_lists_enabled", {"HiddenFromAddressListsEnabled": True}),
    ("custom_attributes", {"CustomAttribute1": "x"}),
    ("primary_smtp_address", {"PrimarySmtpAddress": f"ann@{ROUTING}"}),
    ("email_addresses", {"EmailAddresses": ["SMTP:ann@contoso.com", f"smtp:ann@{ROUTING}"], "gone": True}),
]


@pytest.mark.parametrize(("name", "after"), OVERWRITTEN)
def test_what_the_sync_overwrote_stops_the_mailbox(name: str, after: dict[str, Any]) -> None:
    match = Match(**after)
    if "gone" in after:
        match.after["EmailAddresses"] = ["SMTP:ann@contoso.com", "SPO:ann", X500]
    match.sync()
    (outcome,) = match.wait()
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code) == ("failed", "cloud_changed")
    assert set(outcome.before) == set(outcome.after) == {name}
    assert (f"{name} lost smtp:ann@{ROUTING}." if "gone" in after else f"{name} was") in outcome.error.message
    assert match.time.slept == []


@pytest.mark.parametrize(("name", "after"), [pair for pair in OVERWRITTEN if pair[0] in ACCEPTABLE])
def test_an_accepted_difference_does_not_stop_it(name: str, after: dict[str, Any]) -> None:
    match = Match(**after)
    match.sync()
    assert [outcome.status for outcome in match.wait(accept=(ACCEPTABLE[name],))] == ["unchanged"]
    others = tuple(code for code in ACCEPTABLE.values() if code != ACCEPTABLE[name])
    assert [outcome.status for outcome in match.wait(accept=others)] == ["failed"]


@pytest.mark.parametrize(("include_sip", "status"), [(False, "unchanged"), (True, "failed")])
def test_sip_addresses_count_where_they_were_to_go_home(include_sip: bool, status: str) -> None:
    match = Match()
    match.after["EmailAddresses"] = [a for a in match.after["EmailAddresses"] if not a.startswith("SIP:")]
    match.sync()
    assert [outcome.status for outcome in match.wait(record(include_sip=include_sip))] == [status]


@pytest.mark.parametrize("state", ["home", "moving"])
def test_what_is_past_its_match_is_not_read(state: str) -> None:
    match = Match()
    assert [outcome.status for outcome in match.wait(record(offboarding_state=state))] == ["unchanged"]
    assert match.online.calls == match.server.calls == []


@pytest.mark.parametrize("check", [False, True])
def test_what_was_not_prepared_is_not_waited_for(check: bool) -> None:
    match = Match()
    (outcome,) = match.wait(record(offboarding_state="to_do", whole=False), check=check)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code, match.time.slept) == ("failed", "not_prepared", [])


def test_a_preview_looks_once_and_says_pending() -> None:
    match = Match()
    (outcome,) = match.wait(check=True, timeout=0)
    assert (outcome.status, outcome.error, match.time.slept) == ("pending", None, [])


def test_a_cloud_user_that_cannot_be_read_yet_is_waited_for() -> None:
    """The match itself is there from the first look on: that the user cannot be read is all that is waited for."""
    match = Match()
    match.sync()
    lists = [match.online.objects[name] for name in ("Get-Recipient", "Get-Mailbox")]
    for recipients in lists:
        recipients.clear()
    match.time.during = [lambda: None, lambda: [recipients.append(match.mailbox) for recipients in lists]]
    (outcome,) = match.wait()
    assert (outcome.status, match.time.slept) == ("unchanged", [25, 25])
    assert outcome.details == {"matched": True, "anchor_unverified": True}


@pytest.mark.parametrize("names", [("ann", "bob"), ("bob", "ann")])
def test_a_cloud_user_that_cannot_be_read_holds_up_nobody_else(names: tuple[str, str]) -> None:
    match = Match()
    match.sync()
    outcomes = match.wait(*(record(name) for name in names), timeout=0)
    status = {outcome.identity: outcome.status for outcome in outcomes}
    assert status == {"ann@contoso.com": "unchanged", "bob@contoso.com": "failed"}
    assert [outcome.error.code for outcome in outcomes if outcome.error] == ["match_timeout"]


def test_a_record_without_the_cloud_users_id_is_matched_by_what_shows() -> None:
    match = Match()
    match.sync()
    unknown = {name: value for name, value in record().items() if name != "external_directory_object_id"}
    assert only(match.wait(unknown)) == ("unchanged", "")
