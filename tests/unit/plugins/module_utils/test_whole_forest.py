# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A root controller is pinned, and the laboratory's forest has a child domain: what is taken, and what comes home.

The readiness report and the role's own judgement are run over the same mailboxes and have to agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid.step import GuidStamped
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.step import Present
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import assess
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.report import (
    ready,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.step import MailStamped
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.directory_holders import (
    DirectoryHolders,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from lab.model.builder import HybridBuilder
from lab.model.recipients import EMPTY_GUID
from lab.model.scenarios import find, put_on_mailbox
from tests.unit.plugins.module_utils._features.test_call_counts import Procedure
from tests.unit.plugins.module_utils.fakes import Time, on_disk
from tests.unit.plugins.module_utils.lab_in_process import DomainController

TAKEN = {
    "address_in_the_child_domain": "address_in_use",
    "guid_in_the_child_domain": "guid_in_use",
    "archive_guid_in_the_child_domain": "guid_in_use",
    "mail_of_another_account": "mail_in_use",
    "alias_in_the_child_domain": "alias_in_use",
    "second_onmicrosoft_alias": "onmicrosoft_alias_lost",
    "address_without_value": "address_not_carried",
}


def spoiled(directory: Path) -> Procedure:
    """Return a wave with a healthy mailbox at its end, each of the others with one of the conditions."""
    procedure = Procedure(len(TAKEN) + 1, directory)
    for record, name in zip(procedure.records, TAKEN, strict=False):
        record.update(put_on_mailbox(procedure.hybrid, name, find(procedure.hybrid, record["identity"])))
    return procedure


def test_what_is_taken_elsewhere_in_the_forest_stops_the_role_and_the_report_says_the_same(tmp_path: Path) -> None:
    procedure = spoiled(tmp_path)
    expected = [*TAKEN.values(), ""]
    judged = assess.assess(procedure.connect(), procedure.records, assess.AssessOptions(on_disk(tmp_path)))
    assert [outcome.error.code if outcome.error else "" for outcome in judged] == expected
    report = read.check(procedure.connect(), procedure.records, read.ReadinessOptions(test_endpoint=False))
    told = [[item.code for item in found if item.severity == "blocker"] for _subject, found in report.mailboxes]
    assert told == [[code] if code else [] for code in expected]
    assert procedure.log.writes() == []


def test_the_same_codes_are_accepted_by_both(tmp_path: Path) -> None:
    procedure = spoiled(tmp_path)
    accept = frozenset(TAKEN.values())
    judged = assess.assess(procedure.connect(), procedure.records, assess.AssessOptions(accept=accept))
    options = read.ReadinessOptions(test_endpoint=False, accept=accept)
    report = read.check(procedure.connect(), procedure.records, options)
    final = {"address_in_use", "guid_in_use"}
    going_on = [code not in final for code in (*TAKEN.values(), "")]
    assert [outcome.error is None for outcome in judged] == going_on
    assert [ready(found) for _subject, found in report.mailboxes] == going_on


@pytest.mark.parametrize("keeps_routing_addresses", [True, False])
def test_every_type_of_address_goes_home_and_the_match_waits_for_none_that_entra_discards(
    tmp_path: Path, keeps_routing_addresses: bool
) -> None:
    procedure = Procedure(2, tmp_path)
    procedure.hybrid.tenant.keeps_routing_addresses = keeps_routing_addresses
    pairs = [find(procedure.hybrid, record["identity"]) for record in procedure.records]
    for pair in pairs:
        put_on_mailbox(procedure.hybrid, "other_address_types", pair)
    held = [list(pair.cloud.email_addresses) for pair in pairs]
    procedure.state()
    procedure.prepare()
    for pair in pairs:
        own = f"smtp:{pair.person.account}@contoso.local"
        now = procedure.clock.now()
        procedure.hybrid.directory.objects.change(
            pair.directory, now, email_addresses=[*pair.directory.email_addresses, own]
        )
    # As if another run waited: it reads what stands on-premises, the address of an unverified domain too.
    procedure.records = [{**record, "on_premises": None} for record in procedure.records]
    procedure.hybrid.run_scheduled_cycle()
    for pair, before in zip(pairs, held, strict=True):
        assert addresses.missing(before, pair.directory.email_addresses) == []
        kinds = {addresses.address_type(address) for address in pair.cloud.email_addresses}
        assert kinds == {"smtp", "x500", "eum", "fax", "airsync"}
    if keeps_routing_addresses:
        assert [outcome.warnings for outcome in procedure.match()] == [[], []]
    else:
        with pytest.raises(AssertionError, match=r"the sync changed the cloud mailbox: email_addresses lost smtp:user"):
            procedure.match()


def alone(procedure: Procedure, step: Present | GuidStamped, *, check: bool = False) -> list[str]:
    """Run one step over records as mailbox_info hands them on: offboarding_state has not looked at them."""
    records = []
    for record in procedure.records:
        mailbox = find(procedure.hybrid, record["identity"]).cloud
        records.append({
            **record, "routing_domain": "contoso.mail.onmicrosoft.com", "exchange_guid": str(mailbox.exchange_guid),
            "archive_guid": str(mailbox.archive_guid), "email_addresses": list(mailbox.email_addresses),
            "primary_smtp_address": record["identity"],
        })  # fmt: skip
    outcomes = run_wave(step, records, procedure.connect(), check=check, sleep=Time().sleep)
    return [outcome.error.code if outcome.error else outcome.status for outcome in outcomes]


@pytest.mark.parametrize("check", [True, False])
def test_mailuser_alone_asks_who_holds_what_it_writes_before_its_first_write(tmp_path: Path, check: bool) -> None:
    procedure = spoiled(tmp_path)
    codes = alone(procedure, Present(check), check=check)
    # The last of them but one has an address that no write takes; what the lab says to it is no matter of holders.
    assert codes[:4] == list(TAKEN.values())[:4]
    assert codes[-1] == "changed"
    written = {str(entry["parameters"]["Identity"]) for entry in procedure.log.writes()}
    users = [str(find(procedure.hybrid, record["identity"]).directory.guid) for record in procedure.records]
    assert not written & set(users[:4])
    assert (users[-1] in written) is not check


def test_exchange_guid_alone_asks_who_carries_the_guid(tmp_path: Path) -> None:
    procedure = spoiled(tmp_path)
    for record in procedure.records:
        pair = find(procedure.hybrid, record["identity"])
        HybridBuilder(procedure.hybrid).mail_enable(pair, exchange_guid=EMPTY_GUID)
    codes = alone(procedure, GuidStamped(False))
    assert [codes[1], codes[2], codes[-1]] == ["guid_in_use", "guid_in_use", "changed"]


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DomainController]:
    running = DomainController(tmp_path_factory.mktemp("controller"))
    yield running
    running.stop()


# What Active Directory alone shows of others, and the code with which it is refused.
PLAIN = {
    "plain_holder": "address_in_use",
    "plain_holder_in_the_child_domain": "address_in_use",
    "mail_of_a_contact": "mail_in_use",
    "guid_of_a_plain_user": "guid_in_use",
}


@pytest.mark.parametrize("asked", [True, False])
def test_each_module_alone_asks_active_directory_where_it_is_configured(
    asked: bool, tmp_path: Path, controller: DomainController
) -> None:
    procedure = Procedure(len(PLAIN) + 1, tmp_path)
    for record, name in zip(procedure.records, PLAIN, strict=False):
        put_on_mailbox(procedure.hybrid, name, find(procedure.hybrid, record["identity"]))
    controller.hybrid = procedure.hybrid
    directory = DirectoryHolders(controller.options) if asked else None
    stamped = run_wave(MailStamped(True, (), directory), procedure.records, procedure.connect(), check=True)
    codes = [outcome.error.code if outcome.error else outcome.status for outcome in stamped]
    found = alone(procedure, Present(True, directory), check=True)
    for record in procedure.records:
        pair = find(procedure.hybrid, record["identity"])
        HybridBuilder(procedure.hybrid).mail_enable(pair, exchange_guid=EMPTY_GUID)
    guids = alone(procedure, GuidStamped(True, directory), check=True)
    if asked:
        assert codes == found == [*PLAIN.values(), "changed"]
        assert guids == ["changed"] * 3 + ["guid_in_use", "changed"]
        assert directory is not None
        assert directory.unsearched == ""
    else:
        assert codes == found == guids == ["changed"] * 5
    assert procedure.log.writes() == []


def test_the_role_asks_once(tmp_path: Path) -> None:
    procedure = Procedure(2, tmp_path)
    procedure.state()
    begin = len(procedure.log)
    procedure.prepare()
    asked = [entry["cmdlet"] for entry in procedure.since(begin) if entry["kind"] == "read"]
    assert "Get-User" in asked
    filters = [str(entry["parameters"].get("Filter", "")) for entry in procedure.since(begin)]
    assert not any("EmailAddresses" in text or "WindowsEmailAddress" in text for text in filters)
