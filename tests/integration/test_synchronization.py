# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role asks of directory synchronization before it writes to anybody."""

from __future__ import annotations

from typing import Any

from lab.model.builder import Pair
from lab.model.scenarios import put
from tests.integration.harness import Bench, records, timeless

CHECK = "Refuse a server whose next cycle would export nothing"


def wave(bench: Bench) -> list[Pair]:
    """Return users in two beginnings, of whom no cycle knows anything new."""
    pairs = [bench.build.synced("Nils Novak"), bench.build.cloud_only("Ann Archer")]
    for pair in pairs:
        bench.hybrid.sync.forget_change(pair.directory)
    return pairs


def test_a_server_that_exports_nothing_is_refused_before_the_first_write(bench: Bench) -> None:
    mailboxes = records(wave(bench))
    before = timeless(bench.hybrid.snapshot())
    put(bench.hybrid, "sync_deletion_threshold")
    stopped = bench.offboard("--check", offboarding_mailboxes=mailboxes)
    assert (stopped.succeeded, stopped.task(CHECK).error["code"]) == (False, "deletion_threshold")
    put(bench.hybrid, "sync_staging")
    staging = bench.offboard(offboarding_mailboxes=mailboxes)
    error = staging.task(CHECK).error
    assert (staging.succeeded, error["code"]) == (False, "staging_mode")
    assert error["remedy"] == "Give the active server as entra_connect.host."
    # Not even the wrong server's scheduler was touched.
    assert bench.writes() == []
    assert bench.hybrid.sync.sync_cycle_enabled
    bench.hybrid.sync.staging_mode = False
    assert timeless(bench.hybrid.snapshot()) == before


def test_nobody_is_written_to_unprotected_without_a_word(bench: Bench) -> None:
    pairs = wave(bench)
    bench.without = {"ENTRA_CONNECT_HOST"}
    given: dict[str, Any] = {"offboarding_mailboxes": records(pairs)}
    refused = bench.offboard(**given)
    message = refused.task("Refuse to write while nothing keeps half-made users from being exported").message
    assert message.startswith("unprotected_sync: ")
    assert "since entra_connect is not configured" in message
    assert (refused.succeeded, bench.writes()) == (False, [])
    accepted = bench.offboard("--tags", "prepare", offboarding_accept=["unprotected_sync"], **given)
    assert accepted.succeeded, accepted.output
    assert [pair.directory.kind for pair in pairs] == ["MailUser", "MailUser"]
    assert "Refuse to write" not in " ".join(accepted.changed)
