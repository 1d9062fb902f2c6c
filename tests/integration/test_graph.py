# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The procedure with Microsoft Graph: anchors are verified, and a match that cannot be is explained."""

from __future__ import annotations

from tests.integration.harness import Bench, assert_home, remember


def test_the_role_verifies_every_anchor(bench: Bench) -> None:
    pairs = [bench.build.cloud_only("Ann Archer"), bench.build.synced("Maria Moreau")]
    before = [remember(pair) for pair in pairs]
    bench.signs_in, bench.environment = True, {"EXCHANGE_ONLINE_GRAPH": "true"}
    run = bench.offboard(offboarding_mailboxes=[{"identity": pair.identity} for pair in pairs])
    assert run.succeeded, run.output
    assert run.task("Wait for the proof of the match and compare with the baseline").status == "ok"
    assert "The anchor itself was not read" not in run.output
    assert bench.log.entries(organization="graph", cmdlet="GET users")
    for pair, known in zip(pairs, before, strict=True):
        assert_home(pair, known)


def test_a_match_that_entra_refuses_is_explained(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    pair.cloud.admin_role = True
    bench.signs_in, bench.environment = True, {"EXCHANGE_ONLINE_GRAPH": "true"}
    # Accepted, so that the match is tried: without it the role stops before its first write.
    run = bench.offboard(
        offboarding_mailboxes=[{"identity": pair.identity}], offboarding_match_timeout=1,
        offboarding_accept=["admin_role"],
    )  # fmt: skip
    assert not run.succeeded
    error = run.role_failures[pair.identity]
    assert "the cloud user holds the admin role Exchange Administrator" in error["message"]
    assert "New-MoveRequest" not in bench.writes()
