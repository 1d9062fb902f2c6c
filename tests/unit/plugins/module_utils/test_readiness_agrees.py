# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The readiness report says ``ready`` of a mailbox only where the role goes through, and a blocker only where it stops.
Check mode announces what the role then does.

For each condition that the lab knows by name, the report is made of a wave of a spoiled mailbox and a healthy one, and
then the role's phases are run over the same wave, first in check mode, until the moves have ended by the lab's clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import CHECKS, FINAL
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Credential
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import assess
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline import Baselines
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.look_ahead import Ahead
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.report import (
    Report,
    ready,
)

from lab.model import addresses
from lab.model.builder import Pair, Person
from lab.model.recipients import EMPTY_GUID
from lab.model.scenarios import (
    CUTOVER,
    ENVIRONMENT,
    MAILBOX,
    Scenario,
    Surrounding,
    put_on_environment,
    put_on_mailbox,
)
from tests.unit.plugins.module_utils.fakes import ROUTING, on_disk
from tests.unit.plugins.module_utils.lab_in_process import DomainController, InProcess
from tests.unit.plugins.module_utils.procedure_in_process import MOVE, PHASES, Procedure, Told

TARGET = {**MOVE, "cutover": "automatic", "routing_domain": ROUTING}
OF_THE_MOVE = {name: value for name, value in TARGET.items() if name != "routing_domain"}
DAYS = 3


# Blockers that the role leaves to the report, and why. Each of them lets the users be prepared, and none costs an
# address: the move itself fails, in Exchange's own words.
READINESS_ONLY = {
    "size_exceeds_quota": "a size takes a call to Exchange Online for each mailbox",
    "database_space": "it is reckoned from the sizes of all mailboxes",
    "mrs_proxy_disabled": "the settings stand in the metabase of every server, and not every server is published",
    "ews_wssecurity_disabled": "as mrs_proxy_disabled",
    "ews_windows_authentication_disabled": "as mrs_proxy_disabled",
    "endpoint_test_failed": "Exchange Online refuses a test that comes too soon after another one",
}
# What the report calls ready and does not come home by itself: how its request ends, or where it stays.
ENDS = {
    "home": "",
    "running_request": "Synced",  # adopted as it is: held by whoever made it
    "failed_request": "Synced",
    "score_investigate": "Failed",  # until somebody approves the skipped items
    "score_poor": "Failed",
    "source_stays": "CompletedWithWarning",
}


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DomainController]:
    running = DomainController(tmp_path_factory.mktemp("controller"))
    yield running
    running.stop()


@dataclass
class Both:
    """What the report says, and what became of the wave: a spoiled mailbox first, a healthy one behind it."""

    report: Report
    preview: Procedure
    procedure: Procedure
    pairs: list[Pair]
    before: list[list[str]]

    def blockers(self, place: int) -> list[str]:
        found = self.report.mailboxes[place][1] if place >= 0 else self.report.environment
        return [item.code for item in found if item.severity == "blocker" and not item.accepted]

    def refusal(self, place: int) -> tuple[str, str]:
        """Return the phase and the code with which the role stopped a mailbox, or with -1 the run."""
        identity = self.procedure.wave[place]["identity"] if place >= 0 else ""
        told = self.procedure.refused.get(identity)
        return (told.phase, told.error.code) if told else ("", "")

    def touched(self, place: int) -> bool:
        pair = self.pairs[place]
        own = {str(guid) for guid in (pair.directory.guid, pair.cloud.guid, pair.cloud.exchange_guid)}
        return bool(own & set(self.procedure.lab.touched))

    def home(self, place: int) -> bool:
        """Tell whether the mailbox is on-premises, with every address that it had."""
        pair, held = self.pairs[place], self.before[place]
        moved = (pair.directory.kind, pair.cloud.kind) == ("UserMailbox", "MailUser")
        return moved and not [a for a in held if not addresses.contains(pair.directory.email_addresses, a)]

    def lost(self, place: int) -> list[str]:
        """Return the addresses that the cloud object had and has no more."""
        now = self.pairs[place].cloud.email_addresses
        return [address for address in self.before[place] if not addresses.contains(now, address)]

    def end(self, place: int) -> str:
        """Return the status of the mailbox's request."""
        request = self.procedure.lab.hybrid.replication.requests.get(self.pairs[place].cloud.guid)
        return request.status if request else ""

    def open_questions(self, place: int) -> list[str]:
        return [item.code for item in self.report.mailboxes[place][1] if item.severity == "not_checked"]


SENDS = {"experimental_rest_credential": True}  # without it nothing sends a credential over REST


def wave(
    directory: Path,
    controller: DomainController,
    name: str,
    online: dict[str, Any] | None = None,
    username: str = "",
    **spoilt: Any,
) -> Procedure:
    # What a cycle cannot export is the spoiled user's: no reason to leave the healthy mailbox where it is.
    procedure = Procedure(str(directory), InProcess(graph=True), accept_export_errors=True)
    hybrid = controller.hybrid = procedure.lab.hybrid
    if username:
        hybrid.remote_credential = replace(hybrid.remote_credential, username=username)
    extra = {"Ann Archer": "smtp:ann@contoso.com", "Bob Baker": "smtp:bob@contoso.com"}
    procedure.pairs = [procedure.build.cloud_only(Person(who, extra=(more,))) for who, more in extra.items()]
    procedure.build.set_directory(procedure.pairs[0], **spoilt)
    added: dict[str, Any] = {}
    if name in ENVIRONMENT:
        put_on_environment(hybrid, name)
    elif name:
        added = put_on_mailbox(hybrid, name, procedure.pairs[0])
    spoiled, healthy = ({"identity": pair.identity, **TARGET} for pair in procedure.pairs)
    procedure.wave = [{**spoiled, **added}, healthy]
    account = hybrid.remote_credential
    credential = {"username": account.username, "password": account.password}
    procedure.state = {
        "readiness": True, "active_directory": controller.options,
        "ahead": Ahead({"routing_domain": ROUTING}, OF_THE_MOVE, credential, SENDS if online is None else online),
    }  # fmt: skip
    return procedure


def options(procedure: Procedure, controller: DomainController, **more: Any) -> read.ReadinessOptions:
    account = procedure.lab.hybrid.remote_credential
    return read.ReadinessOptions(
        procedure.folder, credential=Credential(account.username, account.password),
        online=procedure.state["ahead"].online, active_directory=controller.options, **more,
    )  # fmt: skip


def both(
    directory: Path, controller: DomainController, name: str, online: dict[str, Any] | None = None, **more: Any
) -> Both:
    procedure = wave(directory, controller, name, online, **more)
    before = [[a for a in pair.cloud.email_addresses if a[:5].lower() == "smtp:"] for pair in procedure.pairs]
    with procedure.lab.connect() as connections:
        report = read.check(connections, procedure.wave, options(procedure, controller), procedure.lab.sleep)
    preview = procedure.preview(PHASES)
    assert (procedure.lab.writes, list(directory.iterdir())) == ([], [])
    procedure.run(PHASES)
    for _time in range(DAYS * 4):
        procedure.lab.sleep(6 * 3600)
        procedure.lab.hybrid.run_scheduled_cycle()
    return Both(report, preview, procedure, procedure.pairs, before)


def announced(preview: Procedure, run: Procedure) -> list[Told]:
    """Return what check mode told, but for what it cannot know: a match that comes, and what Exchange will refuse."""
    answers = {(told.phase, told.cmdlets): told for told in run.told if told.code in READINESS_ONLY}
    return [
        replace(told, status="unchanged")
        if (told.phase, told.status) == ("match", "pending")
        else answers.get((told.phase, told.cmdlets), told)
        for told in preview.told
    ]


def refusal_of(procedure: Procedure) -> tuple[str, str]:
    """Return the phase and the code with which a run of the whole was stopped."""
    told = procedure.refused.get("")
    return (told.phase, told.error.code) if told else ("", "")


def scenario_of(name: str) -> Scenario | Surrounding:
    return {**MAILBOX, **CUTOVER, **ENVIRONMENT}[name]


@pytest.mark.parametrize("name", [*MAILBOX, *CUTOVER, *ENVIRONMENT])
def test_the_role_does_what_the_report_says(name: str, tmp_path: Path, controller: DomainController) -> None:
    seen = both(tmp_path, controller, name)
    assert announced(seen.preview, seen.procedure) == seen.procedure.told
    assert seen.refusal(-1) == refusal_of(seen.preview)
    agrees(seen, 0, name)
    if name in ENVIRONMENT:
        agrees(seen, 1, name)
    else:
        # Nothing that stands against one mailbox stands against the other.
        assert (seen.blockers(1), seen.refusal(1), seen.refusal(-1), seen.home(1)) == ([], ("", ""), ("", ""), True)


@pytest.mark.parametrize("done", range(len(PHASES) + 1))
def test_check_mode_announces_the_rest_of_a_wave_that_is_half_way(
    done: int, tmp_path: Path, controller: DomainController
) -> None:
    procedure = wave(tmp_path, controller, "")
    procedure.run(PHASES[:done])
    before, files = list(procedure.lab.writes), sorted(tmp_path.rglob("*"))
    preview = procedure.preview(PHASES)
    assert (procedure.lab.writes, sorted(tmp_path.rglob("*"))) == (before, files)
    procedure.told.clear()
    procedure.run(PHASES)
    assert announced(preview, procedure) == procedure.told
    # Both mailboxes are told of in each phase that writes, whether it has something to write or not.
    assert [told.identity for told in preview.told if told.phase == "move"] == [p.identity for p in procedure.pairs]


@pytest.mark.parametrize("withheld", [False, True])
def test_what_somebody_wrote_to_a_plain_user_comes_home_with_the_mailbox(
    withheld: bool, tmp_path: Path, controller: DomainController
) -> None:
    """Who may not look into a user is shown its proxyAddresses nevertheless."""
    procedure = wave(tmp_path, controller, "addresses_by_hand")
    ann, bob = procedure.pairs
    put_on_mailbox(procedure.lab.hybrid, "addresses_by_hand", bob)
    for pair in (ann, bob):
        procedure.build.set_directory(pair, attributes_withheld=withheld)
    by_hand = [list(pair.directory.email_addresses) for pair in (ann, bob)]
    procedure.run(PHASES[:1])
    for pair, held in zip((ann, bob), by_hand, strict=True):
        assert pair.directory.kind == "MailUser"
        assert pair.directory.primary_smtp_address == pair.identity
        assert [address for address in held if not addresses.contains(pair.directory.email_addresses, address)] == []
        baseline = Baselines(on_disk(tmp_path)).load(str(pair.cloud.exchange_guid))
        assert baseline is not None
        assert baseline["on_premises"]["proxy_addresses"] == held


def test_a_remote_mailbox_comes_home_with_the_address_that_replies_in_the_cloud_used(
    tmp_path: Path, controller: DomainController
) -> None:
    """Without write-back only the role can bring the cloud's LegacyExchangeDN home: replies would bounce."""
    procedure = wave(tmp_path, controller, "remote_without_write_back")
    ann, bob = procedure.pairs
    put_on_mailbox(procedure.lab.hybrid, "remote_without_write_back", bob)
    procedure.build.set_directory(bob, exchange_guid=bob.cloud.exchange_guid)  # moved into the cloud once
    lacking = f"smtp:{bob.person.account}@fabrikam.com"  # the UPN, say, of which Entra made an address
    procedure.build.set_cloud(bob, email_addresses=[*bob.cloud.email_addresses, lacking])
    wanted = [f"X500:{pair.cloud.legacy_exchange_dn}" for pair in (ann, bob)]
    before = [list(pair.directory.email_addresses) for pair in (ann, bob)]
    assert [addresses.contains(held, x500) for held, x500 in zip(before, wanted, strict=True)] == [False, False]
    procedure.run(PHASES)
    assert procedure.refused == {}
    procedure.lab.sleep(24 * 3600)
    procedure.lab.hybrid.run_scheduled_cycle()
    for pair, held, x500 in zip((ann, bob), before, wanted, strict=True):
        assert (pair.directory.kind, pair.cloud.kind) == ("UserMailbox", "MailUser")
        assert set(pair.directory.email_addresses) >= {*held, x500}
    assert lacking in bob.directory.email_addresses


def test_what_somebody_wrote_to_a_plain_user_is_remembered_when_it_does_not_show(
    tmp_path: Path, controller: DomainController
) -> None:
    procedure = wave(tmp_path, controller, "addresses_by_hand")
    ann, bob = procedure.pairs
    put_on_mailbox(procedure.lab.hybrid, "addresses_by_hand", bob)
    by_hand = [list(pair.directory.email_addresses) for pair in (ann, bob)]
    procedure.run(())
    # As after a Disable-MailUser; and in the second run nobody asks LDAP.
    procedure.build.set_directory(bob, email_addresses=[])
    procedure.state = {name: value for name, value in procedure.state.items() if name != "active_directory"}
    procedure.run(PHASES[:1])
    for pair, held in zip((ann, bob), by_hand, strict=True):
        assert pair.directory.kind == "MailUser"
        assert [address for address in held if not addresses.contains(pair.directory.email_addresses, address)] == []


def test_an_address_by_hand_that_somebody_else_holds_stops_before_the_first_write(
    tmp_path: Path, controller: DomainController
) -> None:
    seen = wave(tmp_path, controller, "addresses_by_hand")
    seen.build.second_holder("ann.archer.old@contoso.com")
    with seen.lab.connect() as connections:
        report = read.check(connections, seen.wave, options(seen, controller), seen.lab.sleep)
    assert [item.code for item in report.mailboxes[0][1] if item.severity == "blocker"] == ["address_in_use"]
    seen.run(PHASES[:1])
    assert [(told.phase, told.error.code) for told in seen.refused.values()] == [("state", "address_in_use")]
    assert [pair.directory.kind for pair in seen.pairs] == ["User", "MailUser"]


PLAIN_HOLDERS = {
    "plain_holder": ("address_in_use", "CN=Former Ann Archer,OU=People,DC=contoso,DC=com", "proxyAddresses"),
    "plain_holder_in_the_child_domain": (
        "address_in_use", "CN=Former Ann Archer,OU=People,DC=emea,DC=contoso,DC=com", "proxyAddresses",
    ),
    "guid_of_a_plain_user": (
        "guid_in_use", "CN=Former Ann Archer,OU=People,DC=contoso,DC=com", "msExchMailboxGuid",
    ),
    "mail_of_a_contact": ("mail_in_use", "CN=Contact of Ann Archer,OU=People,DC=contoso,DC=com", "mail"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN_HOLDERS)
def test_what_no_cmdlet_shows_stops_before_the_first_write(
    name: str, tmp_path: Path, controller: DomainController
) -> None:
    code, holder, attribute = PLAIN_HOLDERS[name]
    seen = wave(tmp_path, controller, name)
    with seen.lab.connect() as connections:
        report = read.check(connections, seen.wave, options(seen, controller), seen.lab.sleep)
    (blocker,) = [item for item in report.mailboxes[0][1] if item.severity == "blocker"]
    assert blocker.code == code
    assert "address_in_use" not in {item.code for item in report.environment}
    assert holder in blocker.found
    assert attribute in blocker.found
    seen.run(PHASES[:1])
    assert [(told.phase, told.error.code) for told in seen.refused.values()] == [("state", code)]
    assert [pair.directory.kind for pair in seen.pairs] == ["User", "MailUser"]


def test_without_ldap_the_report_says_who_was_not_searched(tmp_path: Path, controller: DomainController) -> None:
    """Otherwise the address would be noticed between two writes, and the report be green."""
    seen = wave(tmp_path, controller, "plain_holder")
    unreachable = {**controller.options, "global_catalog_port": 9}
    for directory, said in (
        (None, "Plain users, contacts and groups were not searched, whose proxyAddresses no cmdlet shows. "
               "active_directory is not configured."),
        ({**controller.options, "port": 9}, "Plain users, contacts and groups were not searched"),
        (unreachable, "Objects of DC=emea,DC=contoso,DC=com were not searched: Nothing answers for the global catalog"),
    ):  # fmt: skip
        asked = replace(options(seen, controller), active_directory=directory)
        with seen.lab.connect() as connections:
            report = read.check(connections, seen.wave, asked, seen.lab.sleep)
        (unseen,) = [item for item in report.environment if item.code == "address_in_use"]
        assert (unseen.severity, unseen.mailbox) == ("not_checked", "")
        assert said in unseen.found
        assert unseen.remedy


def agrees(seen: Both, place: int, name: str) -> None:
    blockers = {*seen.blockers(place), *seen.blockers(-1)}
    phase, code = seen.refusal(place)
    assert seen.lost(place) == []
    # That both stop is no agreement where nothing stands against the mailbox.
    assert scenario_of(name).severity == "blocker" or not blockers
    if blockers - set(READINESS_ONLY):
        assert not seen.touched(place)
        assert seen.refusal(-1) != ("", "") or (phase == "state" and code in blockers)
    elif blockers:
        # Stands in the table for a reason: the role goes on, or the entry is not needed.
        assert seen.touched(place)
    elif not (scenario_of(name).severity == "not_checked" and seen.open_questions(place)):
        assert (phase, seen.refusal(-1)) == ("", ("", ""))
        if name in ENDS:
            assert seen.end(place) == ENDS[name]
        else:
            assert seen.home(place)


def test_an_archive_stays_in_the_cloud_where_the_record_says_so(tmp_path: Path, controller: DomainController) -> None:
    seen = both(tmp_path, controller, "archive_stays")
    cloud, at_home = seen.pairs[0].cloud, seen.pairs[0].directory
    assert (seen.blockers(0), seen.home(0), seen.home(1)) == ([], True, True)
    assert cloud.content.archive_size > 0
    assert cloud.archive_guid == at_home.archive_guid != EMPTY_GUID
    assert seen.pairs[1].directory.archive_guid == EMPTY_GUID


def test_what_is_left_to_the_report_is_a_blocker_that_a_scenario_brings_about() -> None:
    known = [scenario for scenario in {**MAILBOX, **ENVIRONMENT}.values() if scenario.severity == "blocker"]
    assert set(READINESS_ONLY) <= {code for scenario in known for code in scenario.codes}
    assert {CHECKS[code].severity for code in READINESS_ONLY} == {"blocker"}


@pytest.mark.parametrize("name", [name for name in MAILBOX if MAILBOX[name].severity == "blocker"])
def test_what_is_accepted_stands_for_neither(name: str, tmp_path: Path, controller: DomainController) -> None:
    procedure = wave(tmp_path, controller, name)
    accept = frozenset(MAILBOX[name].codes) - FINAL
    with procedure.lab.connect() as connections:
        report = read.check(connections, procedure.wave, options(procedure, controller, accept=accept))
        state = {**procedure.state, "accept": accept}
        judged = assess.assess(connections, procedure.wave, assess.AssessOptions(on_disk(tmp_path), **state))
    codes = [item.code for item in report.mailboxes[0][1] if item.severity == "blocker" and not item.accepted]
    assert (judged[0].error is None) == (set(codes) <= set(READINESS_ONLY))
    assert judged[1].error is None
    assert ready(report.mailboxes[1][1])


def test_a_credential_that_cannot_be_sent_stops_the_run_and_the_report_says_so(
    tmp_path: Path, controller: DomainController
) -> None:
    seen = both(tmp_path, controller, "", online={"interface": "rest"})
    code = "experimental_rest_credential_required"
    assert seen.blockers(-1) == [code]
    assert seen.refusal(-1) == ("state", code)
    assert [seen.touched(place) for place in (0, 1)] == [False, False]


@pytest.mark.parametrize("username", ["svc-mrs@contoso.com", "svc-mrs"])
def test_a_credential_that_names_no_domain_stops_the_run_and_the_report_says_so(
    username: str, tmp_path: Path, controller: DomainController
) -> None:
    seen = both(tmp_path, controller, "", username=username)
    # The laboratory's endpoint does not take such a name either.
    assert seen.blockers(-1) == ["remote_credential_form", "endpoint_test_failed"]
    assert seen.refusal(-1) == ("state", "malformed_username")
    assert [seen.touched(place) for place in (0, 1)] == [False, False]


def test_a_soft_deleted_twin_is_told_of_its_mailbox_alone_and_both_come_home(
    tmp_path: Path, controller: DomainController
) -> None:
    seen = both(tmp_path, controller, "soft_deleted_twin")
    told = [[item.code for item in items if item.severity == "info"] for _subject, items in seen.report.mailboxes]
    assert told == [["soft_deleted_twin"], []]
    assert [seen.home(place) for place in (0, 1)] == [True, True]


def test_a_unit_that_is_not_synchronized_is_an_open_question_and_costs_no_address(
    tmp_path: Path, controller: DomainController
) -> None:
    seen = both(tmp_path, controller, "", organizational_unit="Not Synced")
    assert "sync_scope" in [item.code for item in seen.report.environment if item.severity == "not_checked"]
    assert seen.refusal(0) == ("match", "match_timeout")
    assert seen.lost(0) == []
    assert seen.home(1)
