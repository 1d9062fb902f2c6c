# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.delay_holds.step import Ended
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils._connections.test_journal import lines
from tests.unit.plugins.module_utils.fakes import FakeOrganization, Time, cloud_mailbox, connect, guid_of, refusal

ANN = guid_of("ann's mailbox")
BOTH = {"DelayHoldApplied": True, "DelayReleaseHoldApplied": True}
FLAGS = {"RemoveDelayHoldApplied": "DelayHoldApplied", "RemoveDelayReleaseHoldApplied": "DelayReleaseHoldApplied"}


def tenant(*people: Properties) -> FakeOrganization:
    """Return a tenant whose Set-Mailbox ends delay holds."""
    online = fakes.tenant(*people)

    def set_mailbox(cmdlet: Cmdlet) -> list[Properties]:
        (switch,) = set(cmdlet.parameters) - {"Identity"}
        for person in people:
            if person["ExchangeGuid"] == cmdlet.parameters["Identity"]:
                person[FLAGS[switch]] = False
        return []

    online.handlers["Set-Mailbox"] = set_mailbox
    return online


def run(online: FakeOrganization, *records: dict[str, Any], check: bool = False, **more: Any) -> list[Outcome]:
    with connect(online, **more) as connections:
        return run_wave(Ended(), list(records), connections, check=check, sleep=Time().sleep)


def wanted(name: str, **more: Any) -> dict[str, Any]:
    return {"identity": f"{name}@contoso.com", "remove_delay_holds": True, **more}


def test_each_delay_hold_ends_by_a_call_of_its_own_and_only_where_asked() -> None:
    online = tenant(*(cloud_mailbox(name, **BOTH) for name in ("ann", "bob")), cloud_mailbox("cleo"))
    outcomes = run(online, wanted("ann"), {"identity": "bob@contoso.com"}, wanted("cleo"))
    assert online.writes == [
        Cmdlet("Set-Mailbox", {"Identity": ANN, "RemoveDelayHoldApplied": True}),
        Cmdlet("Set-Mailbox", {"Identity": ANN, "RemoveDelayReleaseHoldApplied": True}),
    ]
    assert [outcome.status for outcome in outcomes] == ["changed", "unchanged", "unchanged"]
    assert outcomes[0].before == {"delay_hold_applied": True, "delay_release_hold_applied": True}
    assert outcomes[0].after == {"delay_hold_applied": False, "delay_release_hold_applied": False}
    assert [outcome.status for outcome in run(online, wanted("ann"))] == ["unchanged"]


def test_check_mode_ends_nothing() -> None:
    online = tenant(cloud_mailbox("ann", DelayReleaseHoldApplied=True))
    (outcome,) = run(online, wanted("ann"), check=True)
    assert (outcome.status, online.writes) == ("changed", [])
    assert outcome.cmdlets == [f"Set-Mailbox -Identity '{ANN}' -RemoveDelayReleaseHoldApplied:$true"]


def test_a_refusal_is_its_mailboxs_own() -> None:
    online = tenant(*(cloud_mailbox(name, DelayHoldApplied=True) for name in ("ann", "bob")))
    ends = online.handlers["Set-Mailbox"]

    def refuses(cmdlet: Cmdlet) -> list[Properties]:
        if cmdlet.parameters["Identity"] == ANN:
            raise refusal("The role Legal Hold is not assigned.", cmdlet="Set-Mailbox")
        return list(ends(cmdlet))

    online.handlers["Set-Mailbox"] = refuses
    assert [outcome.status for outcome in run(online, wanted("ann"), wanted("bob"))] == ["failed", "changed"]


def test_what_is_home_or_no_mailbox_is_left_alone() -> None:
    online = tenant(fakes.cloud_mail_user("ann", **BOTH))
    assert [outcome.status for outcome in run(online, wanted("ann"))] == ["unchanged"]
    asked = len(online.calls)
    assert [outcome.status for outcome in run(online, wanted("ann", offboarding_state="home"))] == ["unchanged"]
    assert len(online.calls) == asked


def test_the_journal_has_what_each_call_ends(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    online = tenant(cloud_mailbox("ann", **BOTH))
    with Journal(FileMemory(), str(path), "run", "localhost") as journal:
        run(online, wanted("ann"), journal=journal)
    begun = [event for event in lines(path) if event["event"] == "sent"]
    assert [(event["before"], event["after"]) for event in begun] == [
        ({"delay_hold_applied": True}, {"delay_hold_applied": False}),
        ({"delay_release_hold_applied": True}, {"delay_release_hold_applied": False}),
    ]
