# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The grammar of holds, by the examples and rules of Microsoft's page on the types of hold."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _hold_kinds
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._hold_kinds import Hold
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import cloud
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils.fakes import cloud_mailbox

POLICY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
OTHER = "aa11bb22cc33dd44ee55ff6600778899"
CASE = "UniH0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


def codes(entries: list[str], organization: list[str] | None = None) -> list[str]:
    mailbox = cloud.recipient(cloud_mailbox("ann", InPlaceHolds=entries))
    return [hold.code for hold in _hold_kinds.of_mailbox(mailbox, organization or [])]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (CASE, "ediscovery_hold"),
        (f"mbx{POLICY}:1", None),
        (f"mbx{POLICY}:2", "retention_hold"),
        (f"mbx{POLICY}:3", "retention_hold"),
        (f"mbx{POLICY}", "retention_hold"),
        (f"skp{POLICY}:1", None),
        (f"skp{POLICY}:3", "retention_hold"),
        (f"grp{POLICY}:2", "retention_hold"),
        (f"-mbx{POLICY}", None),
        (f"-mbx{POLICY}:2", None),
        (f"-skp{POLICY}:3", None),
        (f"cld{POLICY}", "in_place_hold"),
        (POLICY, "in_place_hold"),
        (f"mbx{POLICY}:4", "unknown_hold"),
        (f"mbx{POLICY}:", "unknown_hold"),
        (f"-{CASE}", "unknown_hold"),
        (f"new{POLICY}:2", "unknown_hold"),
        ("mbx", "unknown_hold"),
        ("0f1e2d3c", "unknown_hold"),
    ],
)
def test_each_form_of_an_entry(entry: str, code: str | None) -> None:
    assert codes([entry]) == ([code] if code else [])


@given(st.text(min_size=1).filter(lambda text: text.strip() != ""))
def test_an_entry_is_a_kind_of_hold_or_says_itself_that_it_holds_nothing(entry: str) -> None:
    mailbox = {"in_place_holds": [entry]}
    found = [hold.code for hold in _hold_kinds.of_mailbox(mailbox)]
    if not found:
        assert entry.strip().startswith("-") or entry.strip().endswith(":1")
    assert set(found) <= set(_hold_kinds.CODES)


@pytest.mark.parametrize(
    ("own", "organization", "expected"),
    [
        ([], [f"mbx{POLICY}:2"], ["organization_retention_hold"]),
        ([], [f"mbx{POLICY}:1"], []),
        ([], [f"grp{POLICY}:3"], []),
        ([f"-mbx{POLICY}"], [f"mbx{POLICY}:3"], []),
        ([f"-mbx{POLICY.upper()}:3"], [f"mbx{POLICY}:3"], []),
        ([f"-mbx{OTHER}"], [f"mbx{POLICY}:3"], ["organization_retention_hold"]),
        ([f"mbx{OTHER}:2"], [f"mbx{POLICY}:3"], ["retention_hold", "organization_retention_hold"]),
        ([], ["what1"], ["unknown_hold"]),
    ],
)
def test_policies_for_everybody(own: list[str], organization: list[str], expected: list[str]) -> None:
    assert codes(own, organization) == expected


def test_flags_are_told_by_their_own_names() -> None:
    properties = {
        "LitigationHoldEnabled": "True", "ComplianceTagHoldApplied": True, "DelayHoldApplied": True,
        "DelayReleaseHoldApplied": True,
    }  # fmt: skip
    mailbox = cloud.recipient(cloud_mailbox("ann", **properties))
    assert _hold_kinds.of_mailbox(mailbox) == [
        Hold("litigation_hold", "LitigationHoldEnabled"),
        Hold("retention_label_hold", "ComplianceTagHoldApplied"),
        Hold("delay_hold", "DelayHoldApplied"),
        Hold("delay_release_hold", "DelayReleaseHoldApplied"),
    ]
    assert _hold_kinds.delays(mailbox) == ["delay_hold_applied", "delay_release_hold_applied"]
    assert _hold_kinds.of_mailbox(cloud.recipient(cloud_mailbox("ann"))) == []
