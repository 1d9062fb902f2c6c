# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.activity import Activity
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.rollback_plan import (
    KEPT,
    NOTHING,
    ONBOARDING,
    UNDONE,
    RollbackEvidence,
    judge,
    left_behind,
    may_have_exported,
    plan,
    rolled_back,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    cloud,
    move_request,
    on_premises,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import NOTHING_SENT

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

USER = guid_of("ann on-premises")
RAN = "a cycle may have run"
HALF_MADE = on_premises_recipient("ann", ExchangeGuid=ZERO, EmailAddresses=["SMTP:ann@contoso.com"])
SYNCED = cloud_mailbox("ann", IsDirSynced=True)
WHOLE = on_premises_recipient("ann")
REMOTE = on_premises_recipient("ann", "RemoteUserMailbox")
REMOTE_BEFORE = on_premises_recipient("ann", "RemoteUserMailbox", ExchangeGuid=ZERO)
MAIL_USER_BEFORE = on_premises_recipient(
    "ann",
    ExchangeGuid=ZERO,
    EmailAddresses=["SMTP:ann.archer@contoso.com"],
    ExternalEmailAddress="SMTP:ann@fabrikam.com",
    EmailAddressPolicyEnabled=True,
)


def local(person: Properties) -> dict[str, Any]:
    plain = on_premises.user(person)
    return on_premises.with_mail(plain, person) if plain["kind"] in on_premises.READ_WITH else plain


def evidence(
    person: Properties,
    before: Properties | None = None,
    mailbox: Properties | None = None,
    *,
    mailbox_before: Properties | None = None,
    request: Properties | None = None,
    **more: Any,
) -> RollbackEvidence:
    """Return what is read of Ann; ``before`` and ``mailbox_before`` are what her baseline says, if she has one."""
    baseline = None
    if before is not None:
        tenant = cloud.recipient(mailbox_before or cloud_mailbox("ann"))
        baseline = {"taken_at": "2026-11-23T09:00:00Z", "cloud": tenant, "on_premises": local(before)}
    return RollbackEvidence(
        cloud.recipient(mailbox or cloud_mailbox("ann")),
        local(person),
        move_request.request(request) if request else None,
        baseline,
        **more,
    )


@pytest.mark.parametrize(
    ("found", "decision", "baseline_done", "why"),
    [
        (evidence(ad_user("ann")), NOTHING, False, "no baseline"),
        (evidence(WHOLE, set_aside="/srv/ann.json"), NOTHING, False, "/srv/ann.json"),
        (evidence(ad_user("ann"), ad_user("ann")), NOTHING, True, "match the baseline"),
        (evidence(ad_user("ann"), ad_user("ann"), exported=RAN), NOTHING, True, "match the baseline"),
        (evidence(MAIL_USER_BEFORE, MAIL_USER_BEFORE), NOTHING, True, "match the baseline"),
        # A completed request is of an earlier move into the cloud.
        (evidence(ad_user("ann"), ad_user("ann"), request=move_request_of("ann", "Completed")), NOTHING, True, "match"),
        (evidence(WHOLE, ad_user("ann")), UNDONE, True, "no cycle has run"),
        (evidence(HALF_MADE, ad_user("ann")), UNDONE, True, "no cycle has run"),
        (evidence(WHOLE, ad_user("ann"), request=move_request_of("ann", "Failed")), UNDONE, True, "no cycle has run"),
        (evidence(REMOTE, REMOTE_BEFORE), UNDONE, True, "no cycle has run"),
        # Half undone: what is left is harmless whatever ran.
        (
            evidence(ad_user("ann"), ad_user("ann", WindowsEmailAddress="ann@contoso.com"), exported=RAN),
            UNDONE,
            True,
            "is plain",
        ),
        (evidence(WHOLE, WHOLE, request=move_request_of("ann"), exported=RAN), UNDONE, True, "only the move request"),
        (evidence(WHOLE, ad_user("ann"), exported=RAN), KEPT, False, RAN),
        (evidence(HALF_MADE, ad_user("ann"), exported=RAN, scheduler_runs=True), KEPT, False, RAN),
        (evidence(WHOLE, ad_user("ann"), SYNCED), KEPT, False, "is synced now"),
        (evidence(WHOLE, ad_user("ann"), SYNCED, mailbox_before=SYNCED), KEPT, False, "synced before the first write"),
        (evidence(REMOTE, REMOTE_BEFORE, SYNCED, mailbox_before=SYNCED), KEPT, False, "synced before"),
        (evidence(REMOTE, REMOTE_BEFORE, exported=RAN), KEPT, False, RAN),
        # Of a synced mailbox the baseline is given up only if nothing in the cloud differs from it.
        (evidence(WHOLE, WHOLE, SYNCED, mailbox_before=SYNCED), NOTHING, True, "match the baseline"),
        (
            evidence(
                WHOLE, WHOLE, cloud_mailbox("ann", IsDirSynced=True, EmailAddresses=["SMTP:ann@contoso.com"]),
                mailbox_before=SYNCED,
            ),
            NOTHING,
            False,
            "match the baseline",
        ),
    ],
)  # fmt: skip
def test_the_decision(found: RollbackEvidence, decision: str, baseline_done: bool, why: str) -> None:
    judgement = judge(found)
    assert (judgement.decision, judgement.baseline_done) == (decision, baseline_done), judgement
    assert why in judgement.reason


@pytest.mark.parametrize(
    ("found", "code", "told"),
    [
        (evidence(on_premises_recipient("ann", "UserMailbox"), ad_user("ann"), cloud_mail_user("ann")),
         "already_home", ONBOARDING),
        (evidence(WHOLE, ad_user("ann"), request=move_request_of("ann", "CompletionInProgress")),
         "completing", ONBOARDING),
        (evidence(on_premises_recipient("ann", "UserMailbox"), ad_user("ann")), "conflict", "by hand"),
        (evidence(WHOLE, ad_user("ann"), cloud_mail_user("ann")), "conflict", "by hand"),
        (evidence(on_premises_recipient("ann", ExchangeGuid=guid_of("other")), ad_user("ann")), "conflict", "by hand"),
        (evidence(WHOLE, ad_user("bob")), "conflict", "by hand"),
        (evidence(REMOTE, ad_user("ann")), "conflict", "by hand"),
        (evidence(ad_user("ann"), WHOLE), "conflict", "by hand"),
        (evidence(WHOLE, ad_user("ann"), request=move_request_of("ann", BatchName="MigrationService:wave 1")),
         "belongs_to_migration_batch", "migration user"),
        (evidence(WHOLE), "baseline_missing", "directory"),
        (evidence(REMOTE), "baseline_missing", "directory"),
        # A mail user looks written without the GUID, too: a run may have died between its two writes.
        (evidence(HALF_MADE), "baseline_missing", "directory"),
        (evidence(ad_user("ann"), request=move_request_of("ann")), "baseline_missing", "move_request"),
        (evidence(WHOLE, set_aside="/srv/ann.json", request=move_request_of("ann")), "baseline_missing", "directory"),
        (evidence(WHOLE, ad_user("ann"), scheduler_runs=True), "scheduler_not_paused", "state: paused"),
        (evidence(on_premises_recipient("ann", CustomAttribute3="x"), ad_user("ann")),
         "attributes_would_be_lost", "extensionAttribute"),
        (evidence(on_premises_recipient("ann", HiddenFromAddressListsEnabled=True), ad_user("ann")),
         "attributes_would_be_lost", "msExchHideFromAddressLists"),
    ],
)  # fmt: skip
def test_what_is_refused(found: RollbackEvidence, code: str, told: str) -> None:
    with pytest.raises(MailboxError) as refused:
        plan(found)
    assert refused.value.code == code
    assert told in refused.value.remedy


def sent(found: RollbackEvidence, **more: Any) -> list[str]:
    return [cmdlet.preview() for _kind, cmdlet in plan(found, **more).calls]


def test_all_is_undone_in_an_order_that_survives_a_kill() -> None:
    before = ad_user("ann", WindowsEmailAddress="old@contoso.com", DisplayName="")
    without = cloud_mailbox("ann", EmailAddresses=["SMTP:ann@contoso.com"])
    found = evidence(WHOLE, before, mailbox_before=without, request=move_request_of("ann"))
    names = [call.partition(" ")[0] for call in sent(found)]
    assert names == ["Remove-MoveRequest", "Set-Mailbox", "Disable-MailUser", "Set-User"]
    parameters = [cmdlet.parameters for _kind, cmdlet in plan(found).calls]
    assert parameters[1]["EmailAddresses"] == {"Remove": [f"smtp:ann@{ROUTING}"]}
    assert parameters[3] == {"Identity": USER, "WindowsEmailAddress": "old@contoso.com", "DisplayName": ""}
    assert parameters[2] == {"Identity": USER, "Confirm": False}
    undone = plan(found)
    assert undone.before == {
        "move_request": {"status": "InProgress", "batch_name": "wave 1"},
        "cloud_email_addresses": cloud_mailbox("ann")["EmailAddresses"],
        "recipient_type_details": "MailUser",
        "external_email_address": f"ann@{ROUTING}",
        "primary_smtp_address": "ann@contoso.com",
        "email_addresses": WHOLE["EmailAddresses"],
        "exchange_guid": guid_of("ann's mailbox"),
        "archive_guid": ZERO,
        "windows_email_address": "ann@contoso.com",
        "display_name": "Ann",
    }
    assert undone.after == {
        "move_request": None,
        "cloud_email_addresses": ["SMTP:ann@contoso.com", "SPO:ann", "SIP:ann@contoso.com"],
        "recipient_type_details": "User",
        "windows_email_address": "old@contoso.com",
        "display_name": "",
    }
    assert (undone.predicted, undone.warnings, "kept" in undone.details) == ({"move_request": None}, (), False)


def test_a_user_of_the_waves_batch_goes_instead_of_its_request() -> None:
    owned = move_request_of("ann", BatchName="MigrationService:wave 1")
    found = evidence(ad_user("ann"), ad_user("ann"), request=owned, migration_user="guid of the user")
    assert sent(found) == ["Remove-MigrationUser -Identity 'guid of the user'"]
    assert plan(evidence(ad_user("ann"), ad_user("ann"), migration_user="guid of the user")).calls == ()
    # A request of its own, because of which the user has failed, is no part of the batch (KB 4502865).
    both = evidence(ad_user("ann"), ad_user("ann"), request=move_request_of("ann"), migration_user="guid of the user")
    assert sent(both) == [
        "Remove-MigrationUser -Identity 'guid of the user'",
        f"Remove-MoveRequest -Identity '{both.cloud['exchange_guid']}'",
    ]


@pytest.mark.parametrize(
    ("found", "record", "whole"),
    [
        (evidence(WHOLE, ad_user("ann")), {"whole": True}, False),
        (evidence(ad_user("ann"), ad_user("ann")), {"whole": False}, False),
        (evidence(WHOLE, ad_user("ann")), {}, None),
        (evidence(WHOLE, ad_user("ann"), SYNCED), {"whole": True}, None),  # it stays
    ],
)
def test_whoever_was_rolled_back_is_whole_no_more(
    found: RollbackEvidence, record: dict[str, Any], whole: bool | None
) -> None:
    told = rolled_back({"identity": "ann@contoso.com", **record}, found, NOTHING_SENT)  # type: ignore[typeddict-item]
    assert (told.enriched.get("whole"), told.details) == (whole, plan(found, include_sip=False).details)
    again = rolled_back({"identity": "ann@contoso.com"}, found, replace(NOTHING_SENT, sent=(Cmdlet("Set-User", {}),)))
    assert again.details == {}


def test_a_display_name_that_somebody_chose_since_is_kept() -> None:
    for shown, names in (("Ann", ["Set-User"]), ("Ann Archer", []), ("", [])):
        found = evidence(ad_user("ann", DisplayName=shown), ad_user("ann", DisplayName=""))
        assert [call.partition(" ")[0] for call in sent(found)] == names


@pytest.mark.parametrize(
    ("person", "names"),
    [(WHOLE, ["Disable-MailUser", "Set-User"]), (ad_user("ann"), ["Set-User"])],
)
def test_mail_comes_back_where_it_was(person: Properties, names: list[str]) -> None:
    before = ad_user("ann", WindowsEmailAddress="ann@contoso.com")
    assert [call.partition(" ")[0] for call in sent(evidence(person, before))] == names
    # Another value than ours was set by somebody since.
    changed = ad_user("ann", WindowsEmailAddress="new@contoso.com")
    assert sent(evidence(changed, before)) == []


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"routing": f"ann@{ROUTING}"}, ["Set-Mailbox"]),
        ({}, []),
        ({"routing": "ann@fabrikam.com"}, []),
        ({"routing": "ann@contoso.com"}, []),
    ],
)
def test_only_the_routing_address_is_taken_from_the_cloud(more: dict[str, str], names: list[str]) -> None:
    """Killed before the mail user was made, only the options tell which of the new addresses was ours."""
    without = cloud_mailbox("ann", EmailAddresses=["SMTP:ann@contoso.com"])
    found = evidence(ad_user("ann"), ad_user("ann"), mailbox_before=without, **more)
    assert [call.partition(" ")[0] for call in sent(found)] == names


def test_a_routing_address_that_was_there_stays() -> None:
    found = evidence(WHOLE, ad_user("ann"), routing=f"ann@{ROUTING}")
    assert [call.partition(" ")[0] for call in sent(found)] == ["Disable-MailUser"]


def test_a_mail_user_of_before_gets_its_values_back_and_its_policy_last() -> None:
    calls = [cmdlet for _kind, cmdlet in plan(evidence(WHOLE, MAIL_USER_BEFORE)).calls]
    assert [cmdlet.name for cmdlet in calls] == ["Set-MailUser", "Set-MailUser"]
    assert calls[0].parameters == {
        "Identity": USER,
        "ExchangeGuid": ZERO,
        "ExternalEmailAddress": "ann@fabrikam.com",
        "EmailAddresses": ["SMTP:ann.archer@contoso.com"],
    }
    assert calls[1].parameters == {"Identity": USER, "EmailAddressPolicyEnabled": True}


def test_a_remote_mailbox_of_before_loses_the_guid_alone() -> None:
    ((_kind, cmdlet),) = plan(evidence(REMOTE, REMOTE_BEFORE)).calls
    assert cmdlet.preview() == f"Set-RemoteMailbox -Identity '{USER}' -ExchangeGuid '{ZERO}'"


def test_what_stays_is_shown_and_nothing_of_it_is_written() -> None:
    kept = plan(evidence(WHOLE, ad_user("ann"), SYNCED), include_sip=False)
    assert (kept.calls, kept.before, kept.after) == ((), {}, {})
    assert kept.details["kept"]["email_addresses"] == WHOLE["EmailAddresses"]
    assert kept.details["kept"]["exchange_guid"] == guid_of("ann's mailbox")
    assert len(kept.warnings) == 1


@pytest.mark.parametrize("include_sip", [True, False])
def test_a_half_made_mail_user_that_stays_is_made_whole_first(include_sip: bool) -> None:
    """A killed run stamped no addresses yet: exported so, it would take them from the cloud mailbox."""
    request = move_request_of("ann")
    calls = plan(evidence(HALF_MADE, ad_user("ann"), exported=RAN, request=request), include_sip=include_sip).calls
    assert [cmdlet.name for _kind, cmdlet in calls] == ["Remove-MoveRequest", "Set-MailUser"]
    # The primary address is right: what is missing is added, and nothing else is touched.
    change = calls[1][1].parameters["EmailAddresses"]
    assert isinstance(change, dict)
    sip = ["SIP:ann@contoso.com"] if include_sip else []
    assert {name: sorted(carried) for name, carried in change.items()} == {
        "Add": sorted([f"smtp:ann@{ROUTING}", "X500:/o=ExchangeLabs/cn=ann", *sip])
    }


def test_what_still_differs_is_told_and_not_guessed_away() -> None:
    mail = ad_user("ann", WindowsEmailAddress="ann@contoso.com")
    without = cloud_mailbox("ann", EmailAddresses=["SMTP:ann@contoso.com", f"smtp:ann@{ROUTING}"])
    both = left_behind(evidence(mail, ad_user("ann"), mailbox_before=without))
    assert len(both) == 2
    assert "mail is ann@contoso.com, and the baseline has none" in both[0]
    assert "SPO:ann, SIP:ann@contoso.com" in both[1]
    assert left_behind(evidence(ad_user("ann"), ad_user("ann"))) == left_behind(evidence(WHOLE)) == []


def test_addresses_by_hand_are_written_with_what_stays_and_told_of_what_is_undone() -> None:
    by_hand = {"proxy_addresses": ["SMTP:ann.old@contoso.com", "X500:/o=Old/cn=ann"]}
    stays, undone = evidence(HALF_MADE, ad_user("ann"), exported=RAN), evidence(ad_user("ann"), ad_user("ann"))
    for found in (stays, undone):
        assert found.baseline is not None
        found.baseline["on_premises"].update(by_hand)
    ((_kind, cmdlet),) = plan(stays).calls
    change = cmdlet.parameters["EmailAddresses"]
    assert isinstance(change, dict)
    assert set(change) == {"Add"}
    assert change["Add"][-2:] == ["smtp:ann.old@contoso.com", "X500:/o=Old/cn=ann"]
    (told,) = left_behind(undone)
    assert "proxyAddresses SMTP:ann.old@contoso.com, X500:/o=Old/cn=ann" in told


# -- has a sync exported it? -------------------------------------------------------------------------------------------

TAKEN = "2026-11-23T09:00:00Z"


def run_of(ended: str | None, *, complete: bool = True) -> dict[str, Any]:
    return {
        "run_history_id": "1",
        "connector_name": "contoso.onmicrosoft.com - AAD",
        "run_profile_name": "Export",
        "result": "success",
        "is_run_complete": complete,
        "start_date": "2026-11-23T08:00:00Z",
        "end_date": ended,
    }


def activity(*runs: dict[str, Any], running: bool = False, staging: bool = False) -> Activity:
    return Activity(False, staging, running, runs)


@pytest.mark.parametrize(
    ("taken_at", "seen", "told"),
    [
        (TAKEN, activity(run_of("2026-11-23T08:54:59Z")), ""),
        (TAKEN, activity(run_of("2026-11-23T08:55:00Z")), "Export of contoso.onmicrosoft.com - AAD ended"),
        (TAKEN, activity(run_of("2026-11-23T09:30:00Z")), "ended at 2026-11-23T09:30:00Z"),
        (TAKEN, activity(run_of("2026-11-22T09:30:00Z"), run_of("2026-11-23T09:30:00Z")), "ended at"),
        (TAKEN, activity(run_of(None)), "ended at"),
        (TAKEN, activity(run_of("2026-11-23T08:00:00Z"), run_of(None, complete=False)), "in progress"),
        (TAKEN, activity(run_of("2026-11-23T08:00:00Z"), running=True), "in progress"),
        (TAKEN, activity(run_of("2026-11-23T08:00:00Z"), staging=True), "staging mode"),
        (TAKEN, activity(), "purged"),
        (TAKEN, None, "no Entra Connect server was queried"),
        ("", activity(run_of("2026-11-23T08:00:00Z")), "does not say when"),
        ("yesterday", activity(run_of("2026-11-23T08:00:00Z")), "does not say when"),
    ],
)
def test_only_certainty_that_no_sync_ran_counts(taken_at: str, seen: Activity | None, told: str) -> None:
    reason = may_have_exported(taken_at, seen, 300)
    assert told in reason
    assert bool(reason) is bool(told)
