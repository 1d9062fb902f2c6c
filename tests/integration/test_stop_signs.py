# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blockers and conflicts: each stops its own mailbox, by a code that can be accepted or a reason that helps."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab.model.builder import Pair
from tests.integration.conftest import BenchMaker
from tests.integration.harness import Bench, Run, assert_home, module, records, remember, timeless

pytestmark = pytest.mark.walked

CODES = [
    "upn_differs",
    "upn_suffix_not_accepted",
    "alias_would_change",
    "display_name_would_change",
    "hidden_would_change",
    "custom_attributes_would_change",
    "mail_differs",
    "external_address_would_change",
    "litigation_hold",
    "exchange_cloud_managed",
    "archive_undecided",
    "baseline_missing",
]


def signs(bench: Bench) -> dict[str, Pair]:
    """Add one mailbox for each blocker."""
    build = bench.build
    pairs = {code: build.cloud_only(f"Sign {code.replace('_', ' ').title()}") for code in CODES}
    for code in ("exchange_cloud_managed", "baseline_missing"):
        build.bind(pairs[code].directory, pairs[code].cloud)
    build.set_directory(pairs["upn_differs"], user_principal_name="another.name@contoso.com")
    for side in (build.set_directory, build.set_cloud):
        side(pairs["upn_suffix_not_accepted"], user_principal_name="suffix@contoso.local")
    build.mail_enable(pairs["alias_would_change"], alias="another.alias")
    build.mail_enable(pairs["baseline_missing"], exchange_guid=pairs["baseline_missing"].cloud.exchange_guid)
    build.set_directory(pairs["display_name_would_change"], display_name="Another Name")
    build.set_cloud(pairs["hidden_would_change"], hidden=True)
    build.set_cloud(pairs["custom_attributes_would_change"], custom_attributes={7: "Cost centre 4711"})
    build.set_directory(pairs["mail_differs"], mail="private@fabrikam.com")
    build.mail_enable(pairs["external_address_would_change"], external_email_address="SMTP:info@tailspin.example")
    build.set_cloud(pairs["litigation_hold"], litigation_hold=True)
    build.set_cloud(pairs["exchange_cloud_managed"], is_exchange_cloud_managed=True)
    build.archive(pairs["archive_undecided"])
    for pair in pairs.values():
        bench.hybrid.sync.forget_change(pair.directory)
    return pairs


@dataclass
class Signs:
    pairs: dict[str, Pair]
    run: Run
    unchanged: bool

    def of(self, code: str, task: str) -> dict[str, object]:
        return self.run.task(task).mailboxes[self.pairs[code].identity]


@pytest.fixture(scope="module")
def signed(make_bench: BenchMaker) -> Iterator[Signs]:
    """One run that accepts nothing, all, and only the holds."""
    with make_bench() as bench:
        pairs = signs(bench)
        before = timeless(bench.hybrid.snapshot())
        wave = [
            {"identity": pair.identity, "ad_identity": str(pair.directory.guid), "remote_target_database": "DB01"}
            for pair in pairs.values()
        ]
        directory = str(bench.offboarding_directory)
        common = {"mailboxes": wave, "directory": directory, "on_error": "continue"}
        run = bench.play(
            module("offboarding_state", name="nothing accepted", **common),
            {
                **module("offboarding_state", name="hold accepted", accept=["litigation_hold"], **common),
                "check_mode": True,
            },
            {**module("offboarding_state", name="all accepted", accept=CODES, **common), "check_mode": True},
        )
        assert bench.writes() == []
        yield Signs(pairs, run, timeless(bench.hybrid.snapshot()) == before)


@pytest.mark.parametrize("code", CODES)
def test_a_stop_sign_stops_its_mailbox_until_it_is_accepted_by_its_name(code: str, signed: Signs) -> None:
    stopped = signed.of(code, "nothing accepted")
    assert stopped["stop_signs"] == [code]
    error = stopped["error"]
    assert isinstance(error, dict)
    assert stopped["status"] == "failed"
    assert error["code"] == code
    assert f"offboarding_accept: [{code}]" in error["remedy"]
    assert signed.of(code, "hold accepted")["status"] == ("unchanged" if code == "litigation_hold" else "failed")
    accepted = signed.of(code, "all accepted")
    assert (accepted["status"], accepted["stop_signs"]) == ("unchanged", [code])
    assert signed.unchanged


def test_the_role_stops_only_the_mailbox_with_the_sign(bench: Bench) -> None:
    clean, held, renamed = (bench.build.cloud_only(name) for name in ("Ann Archer", "Hugo Hold", "Rita Renamed"))
    bench.build.set_cloud(held, litigation_hold=True)
    bench.build.set_directory(renamed, display_name="Rita Former")
    # No cycle of its own accord: only a write of ours would let the sync export it.
    bench.hybrid.sync.forget_change(renamed.directory)
    # Two delay holds that are to be ended, and one that nobody said anything about.
    ended, delayed = bench.build.cloud_only("Dora Delayed"), bench.build.cloud_only("Dave Delayed")
    holding_nothing = ["mbx5b9e3a1c:1", "-mbx77aa:3"]
    bench.build.set_cloud(ended, delay_hold=True, delay_release_hold=True, in_place_holds=holding_nothing)
    bench.build.set_cloud(delayed, delay_hold=True)
    # Left over from a mailbox that is no more: force is said for this one alone.
    old, stamped = uuid.UUID(int=4711), bench.build.synced("Otto Old")
    bench.build.mail_enable(stamped, exchange_guid=old)
    bench.hybrid.sync.forget_change(stamped.directory)
    everybody = (clean, held, renamed, ended, delayed, stamped)
    before = {pair.identity: remember(pair) for pair in everybody}
    wave = [
        *records((clean, held, renamed, delayed)),
        *records([ended], remove_delay_holds=True),
        *records([stamped], force=True),
    ]
    accept = ["litigation_hold", "baseline_missing"]
    run = bench.offboard(offboarding_mailboxes=wave, offboarding_accept=accept)
    assert run.returncode == 2
    assert {identity: error["code"] for identity, error in run.role_failures.items()} == {
        renamed.identity: "display_name_would_change", delayed.identity: "delay_hold",
    }  # fmt: skip
    for pair in (clean, held, ended, stamped):
        assert_home(pair, before[pair.identity])
    assert (ended.cloud.delay_hold, ended.cloud.delay_release_hold, delayed.cloud.delay_hold) == (False, False, True)
    sent = [entry for entry in journal(bench) if entry["event"] == "sent"]
    gone = [entry["before"] for entry in sent if "-RemoveDelay" in entry["cmdlet"]]
    assert gone == [{"delay_hold_applied": True}, {"delay_release_hold_applied": True}]
    overwritten = [entry["before"]["exchange_guid"] for entry in sent if entry["object"] == stamped.identity
                   and "exchange_guid" in entry.get("before", {})]
    assert overwritten == [str(old)]
    assert (renamed.directory.kind, renamed.cloud.kind) == ("User", "UserMailbox")
    assert renamed.cloud.display_name == "Rita Renamed"


def journal(bench: Bench) -> list[dict[str, Any]]:
    path = bench.offboarding_directory / "journal.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def conflicts(bench: Bench) -> dict[str, tuple[Pair, str, str]]:
    """Return mailboxes that cannot go on as things are: ``(pair, code, what the message says)``."""
    build = bench.build
    anchored, stranger = build.cloud_only("Anna Anchored"), build.directory_user("Otto Other")
    build.bind(stranger, anchored.cloud)
    stamped, owner = build.synced("Stan Stamped"), build.cloud_only("Olga Owner")
    build.mail_enable(stamped, exchange_guid=owner.cloud.exchange_guid)
    both = build.synced("Bo Both")
    build.mail_enable(both, kind="UserMailbox", database="DB02", external_email_address="")
    here, there = build.cloud_only("Hera Here"), build.cloud_only("Theo There")
    build.second_holder(f"smtp:{here.identity}")
    build.second_holder("smtp:theo.also@contoso.com", in_the_cloud=True)
    build.set_cloud(there, email_addresses=[*there.cloud.email_addresses, "smtp:theo.also@contoso.com"])
    return {
        "synced to another user": (anchored, "conflict", str(stranger.guid)),
        "another GUID": (stamped, "conflict", f"{owner.cloud.exchange_guid} is the mailbox of {owner.identity}"),
        "a mailbox on both sides": (both, "conflict", "(empty), database DB02"),
        "address held on-premises": (here, "address_in_use", here.identity),
        "address held in the cloud": (there, "address_in_use", "theo.also@contoso.com"),
    }


def test_conflicts_are_told_and_nothing_is_written_for_them(bench: Bench) -> None:
    cases = conflicts(bench)
    before = timeless(bench.hybrid.snapshot())
    run = bench.offboard(offboarding_mailboxes=records(pair for pair, _code, _says in cases.values()))
    assert run.returncode == 2
    told = run.role_failures
    assert len(told) == len(cases)
    for name, (pair, code, says) in cases.items():
        error = told[pair.identity]
        assert (name, error["code"]) == (name, code)
        assert says in error["message"]
        assert error["remedy"]
    assert bench.writes() == []
    assert timeless(bench.hybrid.snapshot()) == before


def test_a_match_that_does_not_come_names_the_usual_reasons_and_stops_the_move(bench: Bench) -> None:
    outside, admin, sound = (bench.build.cloud_only(name) for name in ("Oda Outside", "Adam Admin", "Ann Archer"))
    bench.build.out_of_scope(outside)
    bench.build.set_cloud(admin, admin_role=True)
    before = remember(sound)
    # Who holds the anchor of a user that was not matched, only Microsoft Graph tells.
    bench.signs_in, bench.environment = True, {"EXCHANGE_ONLINE_GRAPH": "true"}
    run = bench.offboard(
        offboarding_mailboxes=records((outside, admin, sound)), offboarding_match_timeout=2,
        offboarding_accept=["admin_role"],
    )  # fmt: skip
    assert run.returncode == 2
    told = run.role_failures
    assert {identity: error["code"] for identity, error in told.items()} == {
        outside.identity: "match_timeout",
        admin.identity: "second_cloud_object",
    }
    for error in told.values():
        reasons = ("organizational unit", "quarantined", "staging mode", "admin role")
        assert [reason for reason in reasons if reason not in error["remedy"]] == []
    assert told[outside.identity]["retryable"]
    assert_home(sound, before)
    assert {admin.cloud.kind, outside.cloud.kind} == {"UserMailbox"}, "an unproved match is not moved"
    assert bench.scheduler_runs()
