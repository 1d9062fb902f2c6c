# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readiness and the role's guards against the lab's Exchange and a real directory that hold the same objectGUIDs."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from lab.hybrid import empty_hybrid
from lab.model.builder import Pair
from tests.integration.conftest import opened
from tests.integration.harness import SPEED, Run, module, records
from tests.integration.samba.domain_controller import DomainController
from tests.integration.samba.people import DATABASE, ODD_ANCHOR, READER_PASSWORD, encoded, person
from tests.integration.test_readiness import readiness, told

NAMES = ("Plain Paula", "Left Leo", "Hardened Hanna", "Odd Olga", "Taken Tom", "Synced Sam", "Moved Mia")
Ran = tuple[Run, Run, dict[str, Pair]]


@pytest.fixture(scope="module")
def ran(controller: DomainController, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One readiness report and one state of the same wave."""
    with opened(empty_hybrid(speed=SPEED), tmp_path_factory.mktemp("bench")) as bench:
        build = bench.build
        pairs = {name: build.cloud_only(name) for name in NAMES[:5]}
        pairs |= {name: build.synced(name) for name in NAMES[5:]}
        old = build.directory_user("Old Mia")
        moved = base64.b64encode(old.guid.bytes_le).decode()
        build.set_cloud(pairs["Moved Mia"], entra_anchor=moved)
        build.set_cloud(pairs["Synced Sam"], hidden=True, custom_attributes={1: "Sales"})
        anchor = "mS-DS-ConsistencyGuid;base64"
        more = {
            "Left Leo": {
                "homeMDB": DATABASE, "homeMTA": DATABASE, "adminCount": "1", "msExchMailboxMoveBatchName": "old",
            },
            "Hardened Hanna": {"homeMDB": DATABASE}, "Odd Olga": {anchor: encoded(ODD_ANCHOR)},
            "Synced Sam": {"msExchHideFromAddressLists": "TRUE", "extensionAttribute1": "Sales"},
            "Moved Mia": {anchor: moved},
        }  # fmt: skip
        controller.add_people([
            person(name, hardened=name == "Hardened Hanna", guid=str(pair.directory.guid), **more.get(name, {}))
            for name, pair in pairs.items()
        ] + [person("Former Tom", proxyAddresses=f"smtp:{pairs['Taken Tom'].identity}")])  # fmt: skip
        bench.environment = {
            "ACTIVE_DIRECTORY_HOST": controller.address, "ACTIVE_DIRECTORY_PORT": "636",
            "ACTIVE_DIRECTORY_AUTH": "simple", "ACTIVE_DIRECTORY_USERNAME": "svc.reader@contoso.com",
            "ACTIVE_DIRECTORY_PASSWORD": READER_PASSWORD, "ACTIVE_DIRECTORY_CA_FILE": str(controller.ca_file),
        }  # fmt: skip
        wave = records(pairs.values())
        report = readiness(bench, wave)
        state = bench.play(module("offboarding_state", mailboxes=wave, on_error="continue"))
        assert bench.writes() == []
        yield report, state, pairs


def findings(ran: Ran, name: str) -> set[tuple[str, str]]:
    report, _state, pairs = ran
    return told(report.only.mailboxes[pairs[name].identity]["findings"])


def test_a_user_with_nothing_left_over_is_ready(ran: Ran) -> None:
    assert findings(ran, "Plain Paula") == set()


def test_an_address_that_only_the_directory_shows_elsewhere_is_found(ran: Ran) -> None:
    _report, state, pairs = ran
    assert findings(ran, "Taken Tom") == {("address_in_use", "blocker")}
    error = state.only.mailboxes[pairs["Taken Tom"].identity]["error"]
    assert error["code"] == "address_in_use"
    assert "CN=Former Tom,OU=People,DC=contoso,DC=local" in error["message"]


def test_what_an_old_mailbox_left_is_found(ran: Ran) -> None:
    assert findings(ran, "Left Leo") == {
        ("home_mdb_left", "blocker"), ("home_mta_left", "blocker"), ("move_residue", "blocker"),
        ("protected_account", "warning"),
    }  # fmt: skip


def test_a_hardened_user_is_not_checked_and_does_not_pass(ran: Ran) -> None:
    found = findings(ran, "Hardened Hanna")
    assert {severity for _code, severity in found} == {"not_checked"}
    assert {"home_mdb_left", "inheritance_disabled", "hidden_would_change"} <= {code for code, _severity in found}


def test_one_odd_anchor_concerns_its_user_alone(ran: Ran) -> None:
    assert findings(ran, "Odd Olga") == {("consistency_guid_set", "warning")}


def test_values_that_came_from_the_directory_and_a_moved_account_are_right(
    ran: Ran,
) -> None:
    _report, state, pairs = ran
    for name in ("Synced Sam", "Moved Mia"):
        assert findings(ran, name) == set()
        told_by_state = state.only.mailboxes[pairs[name].identity]
        assert (told_by_state["status"], told_by_state["stop_signs"]) == ("unchanged", [])
        assert "not_checked" not in told_by_state
    hardened = state.only.mailboxes[pairs["Hardened Hanna"].identity]
    assert "hidden_would_change" in hardened["not_checked"]
