# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changes between two runs of a wave is not taken back by the baseline of the first."""

from __future__ import annotations

import pytest

from lab.model.builder import Pair
from tests.integration.harness import Bench, assert_home, records, remember

pytestmark = pytest.mark.walked


def rename(bench: Bench, pair: Pair, primary: str) -> None:
    """Give the cloud mailbox another primary address, as an administrator of the tenant does."""
    old = [f"smtp:{address[5:]}" if address.startswith("SMTP:") else address for address in pair.cloud.email_addresses]
    bench.build.set_cloud(pair, email_addresses=[f"SMTP:{primary}", *old])


def test_what_changed_in_the_cloud_meanwhile_goes_home_or_stops_its_mailbox(bench: Bench) -> None:
    ann, bob = bench.build.cloud_only("Ann Archer"), bench.build.cloud_only("Bob Baker")
    wave = {"offboarding_mailboxes": records([ann, bob])}
    assert bench.offboard("--tags", "always", **wave).succeeded
    assert bench.offboard("--tags", "prepare", offboarding_only=[bob.identity], **wave).succeeded
    stamped = dict(vars(bob.directory))
    rename(bench, ann, "ann.new@contoso.com")
    rename(bench, bob, "bob.new@contoso.com")
    ann_before, bob_before = remember(ann), remember(bob)
    run = bench.offboard("--tags", "always", **wave)
    assert list(run.role_failures) == [bob.identity]
    told = run.role_failures[bob.identity]
    assert told["code"] == "baseline_differs"
    for text in ("bob.new@contoso.com", "bob.baker@contoso.com", "offboarding_baseline: refresh"):
        assert text in told["message"] + told["remedy"]
    assert dict(vars(bob.directory)) == stamped

    lena = bench.build.cloud_only("Lena Linked")
    bench.build.linked_to(lena, "FABRIKAM\\lena")
    taken = [*records([ann, lena]), {"identity": bob.identity, "baseline": "refresh"}]
    # Nobody says where the MRS proxy is: the tenant's migration endpoint does.
    assert bench.offboard(offboarding_mailboxes=taken, offboarding_remote_host_name="").succeeded
    # The user of a resource forest has a linked mailbox, which nothing converts and which verifies.
    assert (lena.directory.kind, lena.cloud.kind) == ("LinkedMailbox", "MailUser")
    page = (bench.offboarding_directory / "report.html").read_text(encoding="utf-8")
    assert "master account FABRIKAM" in page
    assert_home(ann, ann_before)
    assert_home(bob, bob_before)
    kept = bench.offboarding_directory / "baseline" / "superseded"
    assert len(list(kept.glob("*.json"))) == 2
