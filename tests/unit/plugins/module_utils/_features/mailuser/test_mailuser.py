# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.plan import (
    expected_routing,
    routing_address,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.step import (
    MailUserAbsent,
    Present,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, cloud, on_premises
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import NOTHING_SENT, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import (
    NOW,
    ROUTING,
    ZERO,
    ad_user,
    cloud_mailbox,
    connect,
    guid_of,
    on_premises_recipient,
)

MAILBOX = guid_of("ann's mailbox")
USER = guid_of("ann on-premises")
CARRIED = ["SMTP:ann@contoso.com", f"smtp:ann@{ROUTING}", "X500:/o=ExchangeLabs/cn=ann"]


def record(**more: Any) -> Record:
    """Return the record that mailbox_info or offboarding_state hands on for Ann."""
    mailbox = cloud.recipient(cloud_mailbox("ann"))
    names = ("exchange_guid", "archive_guid", "primary_smtp_address", "email_addresses", "legacy_exchange_dn", "alias")
    return {"identity": "ann@contoso.com", **{name: mailbox[name] for name in names}, "routing_domain": ROUTING, **more}


def seen(person: Properties, mailbox: Properties | None = None) -> BothSides:
    plain = on_premises.user(person)
    mailed = plain["kind"] in on_premises.READ_WITH
    tenant = cloud.recipient(mailbox or cloud_mailbox("ann"))
    return BothSides(on_premises=on_premises.with_mail(plain, person) if mailed else plain, cloud=tenant)


def plan(person: Properties, mailbox: Properties | None = None, **more: Any) -> Plan:
    """Return the plan, which is the same a second time and changes nothing of what it is told."""
    told = (record(**more), seen(person, mailbox))
    before = copy.deepcopy(told)
    found = Present(False).plan(*told, NOTHING_SENT, NOW)
    assert (Present(False).plan(*told, NOTHING_SENT, NOW), told) == (found, before)
    return found


def refused(person: Properties, mailbox: Properties | None = None, **more: Any) -> MailboxError:
    with pytest.raises(MailboxError) as caught:
        plan(person, mailbox, **more)
    return caught.value


def calls(found: Plan) -> list[tuple[str, Cmdlet]]:
    return list(found.calls)


def test_a_plain_user_costs_two_writes_back_to_back() -> None:
    found = plan(ad_user("ann"))
    assert calls(found) == [
        (
            "exchange_server",
            Cmdlet(
                "Enable-MailUser",
                {
                    "Identity": USER,
                    "ExternalEmailAddress": f"ann@{ROUTING}",
                    "PrimarySmtpAddress": "ann@contoso.com",
                    "Alias": "ann",
                },
            ),
        ),
        (
            "exchange_server",
            Cmdlet(
                "Set-MailUser",
                {
                    "Identity": USER,
                    "EmailAddresses": CARRIED,
                    "EmailAddressPolicyEnabled": False,
                    "ExchangeGuid": MAILBOX,
                },
            ),
        ),
    ]
    assert found.after["recipient_type_details"] == "MailUser"
    assert found.after["primary_smtp_address"] == "ann@contoso.com"
    assert found.before["recipient_type_details"] == "User"
    assert (found.predicted["on_premises"]["alias"], found.after["alias"]) == ("ann", "ann")
    kept = plan(on_premises_recipient("ann", Alias="a.archer", ExchangeGuid=ZERO)).predicted["on_premises"]
    assert kept["alias"] == "a.archer"
    assert plan(ad_user("ann"), alias="").predicted["on_premises"]["alias"] == "", "Exchange chooses one"
    assert found.enriched["external_email_address"] == f"ann@{ROUTING}"


def test_what_stood_on_the_plain_user_is_written_behind_the_mailboxs_addresses() -> None:
    # An old primary address is a secondary one from now on; what no write takes stays in the baseline alone.
    by_hand = ["SMTP:ann.old@contoso.com", "x500:/O=ExchangeLabs/cn=ANN", "X500:/o=Old/cn=ann", "smtp:no address"]
    complete = [*CARRIED, "smtp:ann.old@contoso.com", "X500:/o=Old/cn=ann"]
    half_made = on_premises_recipient("ann", EmailAddresses=["SMTP:ann@contoso.com"])
    for person, wanted in ((ad_user("ann"), complete), (half_made, {"Add": complete[1:]})):
        found = plan(person, on_premises={"proxy_addresses": by_hand})
        sent = calls(found)[-1][1].parameters["EmailAddresses"]
        assert sent == wanted
        again = Present(True).plan(
            record(on_premises={"proxy_addresses": by_hand}),
            BothSides(on_premises=found.predicted["on_premises"], cloud=cloud.recipient(cloud_mailbox("ann"))),
            NOTHING_SENT,
            NOW,
        )
        assert again.calls == ()


def test_a_mail_user_that_is_whole_is_left_alone() -> None:
    found = plan(on_premises_recipient("ann"))
    assert (found.calls, found.before, found.after) == ((), {}, {})
    assert set(found.predicted) == {"on_premises"}, "the cloud mailbox stays as it is"


def test_the_prediction_of_a_plan_is_whole() -> None:
    first = plan(ad_user("ann"))
    again = Present(True).plan(
        record(),
        BothSides(on_premises=first.predicted["on_premises"], cloud=cloud.recipient(cloud_mailbox("ann"))),
        NOTHING_SENT,
        NOW,
    )
    assert again.calls == ()


@pytest.mark.parametrize(
    ("held", "parameters"),
    [
        ({"ExchangeGuid": ZERO}, {"ExchangeGuid": MAILBOX}),
        ({"EmailAddressPolicyEnabled": True}, {"EmailAddressPolicyEnabled": False}),
        ({"ExternalEmailAddress": "SMTP:ann@fabrikam.com"}, {"ExternalEmailAddress": f"ann@{ROUTING}"}),
        ({"EmailAddresses": ["SMTP:ann@contoso.com"]}, {"EmailAddresses": {"Add": CARRIED[1:]}}),
        # The trap: the routing address as primary. Addresses of the object's own are kept, in a list that replaces.
        (
            {"EmailAddresses": [f"SMTP:ann@{ROUTING}", "smtp:ann@contoso.com", "smtp:old@contoso.com"]},
            {"EmailAddresses": [*CARRIED, "smtp:old@contoso.com"]},
        ),
    ],
)
def test_a_half_made_mail_user_costs_one_write(held: dict[str, Any], parameters: dict[str, Any]) -> None:
    found = plan(on_premises_recipient("ann", **held))
    assert calls(found) == [("exchange_server", Cmdlet("Set-MailUser", {"Identity": USER, **parameters}))]
    assert set(found.before) == set(found.after)


def test_every_address_is_carried_and_the_diff_says_what_becomes_of_it() -> None:
    cloud_has = [
        "SMTP:ann@contoso.com", f"smtp:ann@{ROUTING}", "smtp:annie@contoso.onmicrosoft.com",
        "smtp:ann@contoso.onmicrosoft.com", "EUM:1;phone-context=x", "NOTES:Ann/Contoso", "GWISE:ann", "FAX:1",
        "MS:C/P/ANN", "AirSync:ann@contoso.com", "Rumour:ann", "X400:c=us;s=ann", "SIP:ann@contoso.com", "SPO:ann",
    ]  # fmt: skip
    found = plan(ad_user("ann"), email_addresses=cloud_has)
    written = calls(found)[1][1].parameters["EmailAddresses"]
    left = {"SIP:ann@contoso.com", "SPO:ann"}
    assert {addresses.key(a) for a in cloud_has if a not in left} <= {addresses.key(a) for a in written}
    assert not {addresses.key(a) for a in left} & {addresses.key(a) for a in written}
    told = found.told["addresses"]
    assert set(cloud_has) <= set(told)
    assert {told[a] for a in ("EUM:1;phone-context=x", "Rumour:ann", "FAX:1", "SMTP:ann@contoso.com")} == {"kept"}
    assert told["NOTES:Ann/Contoso"] == told["X400:c=us;s=ann"] == "kept; Microsoft Entra discards its copy"
    assert told["smtp:annie@contoso.onmicrosoft.com"] == "kept; the cloud loses it with the next sync"
    assert told["smtp:ann@contoso.onmicrosoft.com"] == "kept; the cloud keeps its own"
    assert told["SPO:ann"] == "stays in the cloud"
    assert told["SIP:ann@contoso.com"] == "not kept: include_sip is not true"
    assert plan(ad_user("ann"), email_addresses=cloud_has, include_sip=True).told["addresses"][
        "SIP:ann@contoso.com"
    ] == ("kept")


def test_the_diff_shows_each_address_and_what_becomes_of_it() -> None:
    server, online = fakes.on_premises(ad_user("ann")), fakes.tenant(cloud_mailbox("ann"))
    with connect(server, online) as connections:
        (outcome,) = run_wave(Present(True), [record()], connections, check=True)
    shown = json.loads(outcome.diff()["after"])["addresses"]
    assert {shown[address] for address in cloud_mailbox("ann")["EmailAddresses"]} == {
        "kept", "stays in the cloud", "not kept: include_sip is not true",
    }  # fmt: skip
    assert server.writes == online.writes == []


@pytest.mark.parametrize("domain", [ROUTING, ROUTING.upper(), "Contoso.Mail.onmicrosoft.com"])
def test_the_routing_domain_is_found_in_any_letters(domain: str) -> None:
    held = ["SMTP:ann@contoso.com", f"smtp:a.archer@{ROUTING}"]
    mailbox = cloud_mailbox("ann", EmailAddresses=held)
    found = plan(ad_user("ann"), mailbox, email_addresses=held, routing_domain=domain, external_email_address="")
    assert found.enriched["external_email_address"] == f"a.archer@{ROUTING}"


def test_an_archive_is_stamped_with_the_rest() -> None:
    archive = guid_of("archive")
    (call,) = calls(plan(on_premises_recipient("ann"), archive_guid=archive))
    assert call[1].parameters == {"Identity": USER, "ArchiveGuid": archive}


def test_sip_addresses_go_home_by_option() -> None:
    (call,) = calls(plan(on_premises_recipient("ann"), include_sip=True))
    assert call[1].parameters["EmailAddresses"] == {"Add": ["SIP:ann@contoso.com"]}


def test_a_remote_mailbox_that_has_every_address_is_accepted_as_it_is() -> None:
    found = plan(on_premises_recipient("ann", "RemoteUserMailbox"))
    assert (found.calls, found.details) == ((), {"recipient_type_details": "RemoteUserMailbox"})


def test_a_remote_mailbox_gets_the_addresses_that_the_cloud_alone_has() -> None:
    """What the service gives lives on in the cloud; what stands on-premises alone stays, the primary address too."""
    held = ["SMTP:ann@contoso.com", f"smtp:ann@{ROUTING}", "smtp:home.only@contoso.com"]
    remote = on_premises_recipient("ann", "RemoteSharedMailbox", EmailAddresses=held, ExchangeGuid=MAILBOX)
    given = ["smtp:a.archer@fabrikam.com", "smtp:ann@contoso.onmicrosoft.com", "SPO:SPO_1", "X500:/o=Old/cn=ann"]
    found = plan(remote, email_addresses=["SMTP:ann@contoso.com", f"smtp:ann@{ROUTING}", *given])
    added = ["smtp:a.archer@fabrikam.com", "X500:/o=Old/cn=ann", "X500:/o=ExchangeLabs/cn=ann"]
    (call,) = calls(found)
    assert call[1].name == "Set-RemoteMailbox"
    assert call[1].parameters == {"Identity": USER, "EmailAddresses": {"Add": added}}
    assert (found.before, found.after) == ({"email_addresses": held}, {"email_addresses": [*held, *added]})
    assert found.predicted["on_premises"]["email_addresses"] == [*held, *added]
    assert found.half_made is None
    # The primary address of the record is no reason to change the one on-premises.
    (call,) = calls(plan(remote, primary_smtp_address="new@contoso.com", legacy_exchange_dn="", email_addresses=[]))
    assert call[1].parameters == {"Identity": USER, "EmailAddresses": {"Add": ["smtp:new@contoso.com"]}}


@pytest.mark.parametrize("details", ["UserMailbox", "MailContact", "MailUniversalDistributionGroup"])
def test_other_objects_are_refused(details: str) -> None:
    error = refused(on_premises_recipient("ann", details))
    assert (error.code, details in error.message) == ("wrong_recipient_type", True)
    assert "ad_identity" in error.remedy


def test_another_guid_is_refused() -> None:
    error = refused(on_premises_recipient("ann", ExchangeGuid=guid_of("other")))
    assert (error.code, MAILBOX in error.message, guid_of("other") in error.message) == ("guid_conflict", True, True)
    (call,) = calls(plan(on_premises_recipient("ann", ExchangeGuid=guid_of("other")), force=True))
    assert call[1].parameters == {"Identity": USER, "ExchangeGuid": MAILBOX}


# -- the routing address -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"external_email_address": "SMTP:Ann@x.onmicrosoft.com"}, "Ann@x.onmicrosoft.com"),
        ({}, f"ann@{ROUTING}"),
        ({"email_addresses": ["SMTP:ann@contoso.com", f"smtp:Ann.Smith@{ROUTING.upper()}"]}, f"ann.smith@{ROUTING}"),
        ({"email_addresses": [], "alias": "asmith"}, f"asmith@{ROUTING}"),
        ({"email_addresses": [], "alias": ""}, f"ann@{ROUTING}"),
    ],
)
def test_where_the_routing_address_comes_from(more: dict[str, Any], expected: str) -> None:
    assert routing_address(record(**more)) == expected


def test_without_any_routing_address_the_mailbox_is_refused() -> None:
    with pytest.raises(MailboxError) as caught:
        routing_address(record(routing_domain=None))
    assert caught.value.code == "missing_option"


LACKING = ["SMTP:ann@contoso.com"]


def test_a_cloud_mailbox_without_the_routing_address_is_refused() -> None:
    error = refused(ad_user("ann"), cloud_mailbox("ann", EmailAddresses=LACKING), email_addresses=LACKING)
    assert error.code == "routing_address_missing"
    assert "add_routing_address: true" in error.remedy
    synced = refused(ad_user("ann"), cloud_mailbox("ann", EmailAddresses=LACKING, IsDirSynced=True))
    assert (synced.code, "only on-premises can add it" in synced.message) == ("routing_address_missing", True)


def test_it_is_added_first_to_a_cloud_only_mailbox() -> None:
    found = plan(
        ad_user("ann"), cloud_mailbox("ann", EmailAddresses=LACKING), email_addresses=LACKING, add_routing_address=True
    )
    assert [(kind, call.name) for kind, call in calls(found)] == [
        ("exchange_online", "Set-Mailbox"),
        ("exchange_server", "Enable-MailUser"),
        ("exchange_server", "Set-MailUser"),
    ]
    assert found.calls[0][1].parameters == {"Identity": MAILBOX, "EmailAddresses": {"Add": [f"smtp:ann@{ROUTING}"]}}
    predicted = found.predicted["cloud"]
    assert predicted is not None
    assert f"smtp:ann@{ROUTING}" in predicted["email_addresses"]


def test_a_synced_mailbox_gets_it_from_on_premises() -> None:
    found = plan(
        ad_user("ann"),
        cloud_mailbox("ann", EmailAddresses=LACKING, IsDirSynced=True),
        email_addresses=LACKING,
        add_routing_address=True,
    )
    assert [call.name for _kind, call in calls(found)] == ["Enable-MailUser", "Set-MailUser"]
    assert f"smtp:ann@{ROUTING}" in found.calls[1][1].parameters["EmailAddresses"]  # type: ignore[operator]


def test_without_a_tenant_the_record_has_to_show_the_routing_address() -> None:
    user = BothSides(on_premises=on_premises.user(ad_user("ann")))
    assert len(Present(False).plan(record(), user, NOTHING_SENT, NOW).calls) == 2
    with pytest.raises(MailboxError) as caught:
        Present(False).plan(record(email_addresses=LACKING, add_routing_address=True), user, NOTHING_SENT, NOW)
    assert (caught.value.code, "exchange_online" in caught.value.remedy) == ("routing_address_missing", True)


# -- absent ------------------------------------------------------------------------------------------------------------


def absent(person: Properties, **more: Any) -> Plan:
    return MailUserAbsent(False).plan(
        {"identity": "ann@contoso.com", **more}, seen(person).on_premises, NOTHING_SENT, NOW
    )


def test_a_mail_user_without_guid_is_disabled() -> None:
    found = absent(on_premises_recipient("ann", ExchangeGuid=ZERO))
    assert calls(found) == [("exchange_server", Cmdlet("Disable-MailUser", {"Identity": USER, "Confirm": False}))]
    assert found.after == {"recipient_type_details": "User"}


def test_a_mail_user_with_a_mailbox_guid_is_disabled_by_force_only() -> None:
    with pytest.raises(MailboxError) as caught:
        absent(on_premises_recipient("ann"))
    assert (caught.value.code, "force: true" in caught.value.remedy) == ("mailbox_guid_present", True)
    assert [call.name for _kind, call in absent(on_premises_recipient("ann"), force=True).calls] == ["Disable-MailUser"]


def test_a_plain_user_is_absent_already() -> None:
    assert absent(ad_user("ann")) == Plan()


@pytest.mark.parametrize("details", ["UserMailbox", "RemoteUserMailbox", "MailContact"])
def test_nothing_else_is_disabled(details: str) -> None:
    with pytest.raises(MailboxError) as caught:
        absent(on_premises_recipient("ann", details), force=True)
    assert caught.value.code == "wrong_recipient_type"


@pytest.mark.parametrize("value", ["routing_domain", "external_email_address"])
def test_the_routing_address_that_a_baselines_mailbox_is_expected_to_have(value: str) -> None:
    baseline: Any = {"cloud": cloud.recipient(cloud_mailbox("ann"))}
    given = {"routing_domain": ROUTING, "external_email_address": f"ann@{ROUTING}"}
    assert expected_routing({"identity": "a", value: given[value]}, baseline) == f"ann@{ROUTING}"
    assert expected_routing({"identity": "a", value: given[value]}, None) == ""
    assert expected_routing({"identity": "a"}, baseline) == ""


# -- the whole step ----------------------------------------------------------------------------------------------------


class Forest:
    """An organization in which Enable-MailUser and Set-MailUser really do something."""

    def __init__(self, *people: Properties) -> None:
        self.people = {person["Guid"]: person for person in people}
        self.server = fakes.on_premises(*people)
        self.server.handlers = {"Enable-MailUser": self._enable, "Set-MailUser": self._set}

    def _enable(self, cmdlet: Cmdlet) -> list[Properties]:
        given = cmdlet.parameters
        person = self.people[str(given["Identity"])]
        person.update(
            RecipientTypeDetails="MailUser",
            Alias=given.get("Alias"),
            PrimarySmtpAddress=given["PrimarySmtpAddress"],
            ExternalEmailAddress=f"SMTP:{given['ExternalEmailAddress']}",
            EmailAddressPolicyEnabled=True,
            EmailAddresses=[f"SMTP:{given['PrimarySmtpAddress']}", f"smtp:{given['ExternalEmailAddress']}"],
        )
        self.server.objects["Get-MailUser"].append(person)
        return []

    def _set(self, cmdlet: Cmdlet) -> list[Properties]:
        given = dict(cmdlet.parameters)
        self.people[str(given.pop("Identity"))].update(given)
        return []

    def run(self, *records: Record, tenant: fakes.FakeOrganization, check: bool = False) -> list[Outcome]:
        with connect(self.server, tenant) as connections:
            return run_wave(Present(check), records, connections, check=check)


def test_a_wave_is_made_whole_and_the_second_run_writes_nothing() -> None:
    forest = Forest(ad_user("ann"), ad_user("bob"))
    online = fakes.tenant(cloud_mailbox("ann"), cloud_mailbox("bob"))
    wave = [
        record(),
        record(
            identity="bob@contoso.com",
            primary_smtp_address="bob@contoso.com",
            alias="bob",
            exchange_guid=guid_of("bob's mailbox"),
            email_addresses=["SMTP:bob@contoso.com", f"smtp:bob@{ROUTING}"],
        ),
    ]
    preview = forest.run(*wave, tenant=online, check=True)
    assert forest.server.writes == []
    asked = sorted(call.name for call in online.calls)
    first = forest.run(*wave, tenant=online)
    assert sorted(call.name for call in online.calls) == sorted(asked * 2), "what is not written to is not read again"
    assert [outcome.status for outcome in first] == ["changed", "changed"]
    assert [outcome.cmdlets for outcome in preview] == [outcome.cmdlets for outcome in first]
    assert [call.name for call in forest.server.writes] == ["Enable-MailUser", "Set-MailUser"] * 2
    assert forest.people[USER]["EmailAddresses"] == CARRIED
    forest.server.calls.clear()
    assert [outcome.status for outcome in forest.run(*wave, tenant=online)] == ["unchanged", "unchanged"]
    assert forest.server.writes == online.writes == []


def test_one_user_named_by_two_records_is_read_whole_for_both() -> None:
    forest = Forest(on_premises_recipient("ann"))
    outcomes = forest.run(
        record(), record(identity=f"ann@{ROUTING}", ad_identity=USER), tenant=fakes.tenant(cloud_mailbox("ann"))
    )
    assert [outcome.status for outcome in outcomes] == ["unchanged", "unchanged"]


def test_a_user_that_is_not_there_fails_alone() -> None:
    forest = Forest(ad_user("ann"))
    outcomes = forest.run(
        record(identity="eve@contoso.com", exchange_guid=None), record(), tenant=fakes.tenant(cloud_mailbox("ann"))
    )
    assert [outcome.status for outcome in outcomes] == ["failed", "changed"]
    assert outcomes[0].error is not None
    assert outcomes[0].error.code == "ad_user_not_found"


# -- whole -------------------------------------------------------------------------------------------------------------


def test_a_mailbox_that_moves_is_left_alone() -> None:
    """Its user is whole, and no guard has looked at it."""
    hybrid = connect(fakes.on_premises(ad_user("ann")), fakes.tenant(cloud_mailbox("ann")))
    with hybrid as connections:
        (outcome,) = run_wave(Present(False), [record(offboarding_state="moving")], connections, check=False)
    assert outcome.status == "unchanged"


@pytest.mark.parametrize("check", [False, True])
def test_the_record_says_that_the_user_is_whole_and_that_it_is_no_more(check: bool) -> None:
    for person in (ad_user("ann"), on_premises_recipient("ann")):
        found = Present(check).plan(record(whole=False), seen(person), NOTHING_SENT, NOW)
        assert found.enriched["whole"] is True
    for person in (ad_user("ann"), on_premises_recipient("ann", ExchangeGuid=ZERO)):
        assert MailUserAbsent(check).plan(record(whole=True), seen(person).on_premises, NOTHING_SENT, NOW).enriched == {
            "whole": False
        }
        assert MailUserAbsent(check).plan(record(), seen(person).on_premises, NOTHING_SENT, NOW).enriched == {}


def test_a_remote_mailbox_is_whole_once_it_carries_the_guid() -> None:
    """That is the task of another module."""
    remote = on_premises_recipient("ann", "RemoteUserMailbox", ExchangeGuid=ZERO)
    assert "whole" not in plan(remote, whole=False).enriched
