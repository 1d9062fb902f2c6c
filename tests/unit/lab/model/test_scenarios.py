# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions by name: each is put on a healthy pair, and a CSV's column puts them on a wave."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.hybrid import ManualClock, empty_hybrid
from lab.model.builder import HybridBuilder, Pair
from lab.model.recipients import Recipient
from lab.model.scenarios import (
    CUTOVER,
    ENVIRONMENT,
    MAILBOX,
    build_wave,
    convert,
    find,
    put,
    put_on_environment,
    put_on_mailbox,
)


@pytest.mark.parametrize("name", [*MAILBOX, *CUTOVER])
def test_a_scenario_changes_its_mailbox_or_its_record_and_nobody_elses(name: str) -> None:
    hybrid = empty_hybrid(ManualClock())
    builder = HybridBuilder(hybrid)
    pair, other = builder.cloud_only("Ann Archer"), builder.cloud_only("Bob Baker")
    before = hybrid.snapshot()
    untouched = [hybrid.snapshot()[side][item.distinguished_name] for side, item in sides(other)]
    record = put_on_mailbox(hybrid, name, pair)
    aside = (hybrid.tenant.migration_users, hybrid.tenant.soft_deleted, hybrid.directory.move_requests)
    assert hybrid.snapshot() != before or any(len(part) for part in aside) or record
    assert [hybrid.snapshot()[side][item.distinguished_name] for side, item in sides(other)] == untouched


def sides(pair: Pair) -> list[tuple[str, Recipient]]:
    return [("active_directory", pair.directory), ("exchange_online", pair.cloud)]


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_an_environment_scenario_can_be_put_on_a_fresh_organization(name: str) -> None:
    hybrid = empty_hybrid(ManualClock())
    states = [repr(part) for part in (hybrid.directory, hybrid.tenant, vars(hybrid.sync), hybrid.sync.history)]
    put_on_environment(hybrid, name)
    assert [repr(part) for part in (hybrid.directory, hybrid.tenant, vars(hybrid.sync), hybrid.sync.history)] != states


@pytest.mark.parametrize(("name", "side"), [("stalls_at_target", "Target"), ("stalls_at_source", "Source")])
def test_what_befalls_a_move_on_its_way(name: str, side: str) -> None:
    hybrid = empty_hybrid(ManualClock())
    pair = HybridBuilder(hybrid).cloud_only("Ann Archer")
    assert put(hybrid, name, pair.identity) == {}
    assert hybrid.replication.stalls[pair.cloud.guid].startswith(f"StalledDueTo{side}_")
    put(hybrid, "goes_on", pair.identity)
    assert hybrid.replication.stalls == {}


def test_a_csv_column_builds_a_wave() -> None:
    hybrid = empty_hybrid(ManualClock())
    rows = [
        {"identity": "ann.archer@contoso.com", "scenario": "hidden", "remote_target_database": "DB01"},
        {"identity": "bob.baker@fabrikam.com", "scenario": "", "remote_target_database": ""},
        {"identity": "cleo.clark@contoso.com", "scenario": "unknown_database"},
    ]
    records = build_wave(hybrid, rows)
    assert records == [
        {"identity": "ann.archer@contoso.com", "remote_target_database": "DB01"},
        {"identity": "bob.baker@fabrikam.com"},
        {"identity": "cleo.clark@contoso.com", "remote_target_database": "DB99"},
    ]
    assert find(hybrid, "ann.archer@contoso.com").cloud.hidden
    assert find(hybrid, "bob.baker@fabrikam.com").cloud.primary_smtp_address == "bob.baker@fabrikam.com"


def test_a_csv_with_scenarios_becomes_one_that_the_collection_takes(tmp_path: Path) -> None:
    source, target = tmp_path / "traps.csv", tmp_path / "wave.csv"
    source.write_text(
        "identity,scenario\nann.archer@contoso.com,unknown_database\nbob@contoso.com,\n", encoding="utf-8"
    )
    convert(empty_hybrid(ManualClock()), source, target)
    assert target.read_text(encoding="utf-8").splitlines() == [
        "identity,remote_target_database", "ann.archer@contoso.com,DB99", "bob@contoso.com,",
    ]  # fmt: skip


def test_an_unknown_name_or_mailbox_is_an_error() -> None:
    hybrid = empty_hybrid(ManualClock())
    pair = HybridBuilder(hybrid).cloud_only("Ann Archer")
    with pytest.raises(KeyError):
        put_on_mailbox(hybrid, "no_such_scenario", pair)
    with pytest.raises(KeyError):
        put_on_environment(hybrid, "no_such_scenario")
    with pytest.raises(LookupError):
        find(hybrid, "nobody@contoso.com")
