# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo's organization, and the procedure from end to end on the model alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import lab
from lab.hybrid import ManualClock, empty_hybrid
from lab.model.builder import HybridBuilder, Pair
from lab.model.demo import WAVE, demo_hybrid
from lab.model.kinds import MAILBOXES
from lab.model.recipients import EMPTY_GUID
from lab.model.scenarios import put
from lab.model.selection import MAILBOX_KEYS, Selection
from lab.model.tenant import TenantObject

if TYPE_CHECKING:
    from conftest import Desk

CSV = Path(lab.__path__[0]) / "demo" / "mailboxes.csv"


def rows() -> list[dict[str, str]]:
    with CSV.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pairs(demo: Desk) -> list[Pair]:
    tenant, directory = demo.hybrid.tenant.objects, demo.hybrid.directory.objects
    found = []
    for person in WAVE:
        items = [item for item in directory.find(["name"], person.name) if item.domain == person.directory_domain]
        found.append(Pair(person, items[0], tenant.find(["name"], person.name)[0]))
    return found


def test_csv_names_each_mailbox_of_the_wave_once(demo: Desk) -> None:
    identities = [row["identity"] for row in rows()]
    assert sorted(identities) == sorted(person.primary for person in WAVE)
    assert len(identities) == len(set(identities)) == 25
    for row in rows():
        assert len(demo.cloud("Get-Mailbox", Identity=row["identity"]).objects) == 1
        assert demo.server("Get-MailboxDatabase", Identity=row["remote_target_database"]).errors == []


def test_csv_asks_for_a_routing_address_where_one_is_missing(demo: Desk) -> None:
    missing = {pair.identity for pair in pairs(demo) if not pair.person.routing_address}
    assert {row["identity"] for row in rows() if row["add_routing_address"] == "true"} == missing
    assert len(missing) == 1


def test_csv_delivers_each_mailbox_in_the_domain_of_its_primary_address(demo: Desk) -> None:
    given = {row["identity"]: row["target_delivery_domain"] for row in rows() if row["target_delivery_domain"]}
    elsewhere = [pair.identity for pair in pairs(demo) if pair.person.domain != "contoso.com"]
    assert given == dict.fromkeys(sorted(elsewhere), "fabrikam.com")


def test_on_premises_user_is_found_by_upn_or_by_distinguished_name(demo: Desk) -> None:
    demo.shell.view_entire_forest = False
    named = next(row for row in rows() if row["ad_identity"])
    assert demo.refused("Get-User", Identity=named["ad_identity"])
    demo.shell.view_entire_forest = True
    assert len(demo.server("Get-User", Identity=named["ad_identity"]).objects) == 1
    for pair in pairs(demo):
        upn = pair.cloud.user_principal_name.replace("'", "''")
        assert len(demo.server("Get-User", Filter=f"UserPrincipalName -eq '{upn}'").objects) == 1


def test_wave_has_every_beginning(demo: Desk) -> None:
    wave = pairs(demo)
    assert sum(pair.cloud.is_dir_synced for pair in wave) == 7
    assert [pair.directory.kind for pair in wave].count("RemoteUserMailbox") == 1
    kinds = [pair.cloud.kind for pair in wave]
    assert [kinds.count(kind) for kind in ("SharedMailbox", "RoomMailbox", "EquipmentMailbox")] == [3, 2, 1]
    prefixes = {address.partition(":")[0] for pair in wave for address in pair.cloud.email_addresses}
    assert prefixes == {"SMTP", "smtp", "SIP", "SPO", "X500", "EUM", "NOTES"}


def test_each_consent_of_the_csv_stands_against_something(demo: Desk) -> None:
    consents = {row["identity"].partition("@")[0]: (row["accept"], row["force"]) for row in rows() if row["accept"]}
    assert consents == {
        "emil.eriksen": ("onmicrosoft_alias_lost", ""), "goran.gruber": ("external_address_would_change", ""),
        "lena.lindqvist": ("mail_in_use", ""), "quinn.quigley": ("baseline_missing", "true"),
    }  # fmt: skip
    by_name = {pair.person.account: pair for pair in pairs(demo)}
    initial = [a for a in by_name["emil.eriksen"].cloud.email_addresses if a.endswith("@contoso.onmicrosoft.com")]
    assert len(initial) == 2
    assert not by_name["goran.gruber"].directory.external_email_address.endswith("onmicrosoft.com")
    lena = by_name["lena.lindqvist"]
    holders = [item for item in demo.hybrid.directory.objects if item.mail == lena.identity]
    assert [item is not lena.directory for item in holders] == [True]
    quinn = by_name["quinn.quigley"]
    assert quinn.directory.exchange_guid not in (EMPTY_GUID, quinn.cloud.exchange_guid)
    # The scope tasks find him by his unit.
    units = [pair.identity for pair in pairs(demo) if "OU=Not Synced" in pair.directory.distinguished_name]
    assert units == [by_name["karl.kowalski"].identity]


def test_same_build_gives_the_same_plain_data() -> None:
    first, second = (demo_hybrid(ManualClock()).snapshot() for _time in range(2))
    assert first == second
    assert json.loads(json.dumps(first)) == first


def test_whole_procedure_brings_every_mailbox_home(demo: Desk) -> None:
    for pair in pairs(demo):
        if not pair.person.routing_address:
            demo.cloud("Set-Mailbox", Identity=pair.identity, EmailAddresses={"Add": [f"smtp:{pair.person.routing}"]})
        if pair.directory.kind == "RemoteUserMailbox":
            guid = pair.cloud.exchange_guid
            demo.server("Set-RemoteMailbox", Identity=str(pair.directory.guid), ExchangeGuid=guid)
        else:
            demo.prepare(pair)
        put(demo.hybrid, "comes_into_scope", pair.identity)
    before = {pair.identity: pair.cloud.exchange_guid for pair in pairs(demo)}
    demo.cycle()
    for pair in pairs(demo):
        assert pair.cloud.is_dir_synced
        demo.move(pair)
    demo.clock.advance(60)
    demo.cycle()
    demo.cycle()
    for pair in pairs(demo):
        assert (pair.directory.kind, pair.cloud.kind) == ("UserMailbox", "MailUser")
        assert pair.directory.exchange_guid == pair.cloud.exchange_guid == before[pair.identity]
        assert pair.directory.primary_smtp_address == pair.cloud.primary_smtp_address == pair.identity
        assert f"X500:{pair.cloud.legacy_exchange_dn}" in pair.directory.email_addresses


def test_bystanders_are_left_alone_by_a_cycle(demo: Desk) -> None:
    wave = {person.name for person in WAVE}
    names = {item.name for item in demo.hybrid.tenant.objects}
    before = demo.hybrid.snapshot()["exchange_online"]
    demo.cycle()
    after = demo.hybrid.snapshot()["exchange_online"]
    assert {item.name for item in demo.hybrid.tenant.objects} == names
    changed = {value["name"] for key, value in after.items() if before[key] != value}
    assert changed <= wave


def test_a_wave_of_thousands_is_found_by_the_index() -> None:
    hybrid = empty_hybrid(ManualClock())
    wave = HybridBuilder(hybrid).many(5000)
    looked_at: list[str] = []

    def in_scope(item: TenantObject) -> bool:
        looked_at.append(item.name)
        return True

    selection = Selection(hybrid.tenant.objects, MAILBOXES, MAILBOX_KEYS, "M", "server", in_scope, cloud=True)
    assert selection.one(wave[4999].identity).guid == wave[4999].cloud.guid
    clauses = " -or ".join(f"ExchangeGuid -eq '{pair.cloud.exchange_guid}'" for pair in wave[:100])
    found, warnings = selection.get({"Filter": clauses, "ResultSize": "Unlimited"})
    assert ([item.name for item in found], warnings) == ([pair.person.name for pair in wave[:100]], [])
    assert len(looked_at) == 101
