# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What mailbox_info reports of a cloud mailbox."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import cloud
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record


# Keys of a cloud recipient that a record carries on; kind and guid are for the collection's own use.
def read(connections: Connections, records: Sequence[Record], include_size: bool) -> list[Outcome]:
    """Return an outcome for each record, its mailbox both in the result and in the record."""
    outcomes = []
    mailboxes = recipients_read.cloud_mailboxes(connections, records)
    for record in records:
        outcome, found = Outcome(record), mailboxes[str(record["identity"])]
        if isinstance(found, HybridError):
            outcome.status, outcome.error = "failed", found
        else:
            outcome.enriched = cloud.carried(cloud.recipient(found))
            outcome.details = {"mailbox": outcome.enriched}
        outcomes.append(outcome)
    if include_size:
        _add_sizes(connections, [outcome for outcome in outcomes if outcome.status != "failed"])
    return outcomes


def _add_sizes(connections: Connections, outcomes: Sequence[Outcome]) -> None:
    """Add total_size in bytes and item_count: Get-MailboxStatistics takes one mailbox a call."""
    guids = [outcome.enriched["exchange_guid"] for outcome in outcomes]
    found = connections.read_each(EXCHANGE_ONLINE, [Cmdlet("Get-MailboxStatistics", {"Identity": g}) for g in guids])
    answers = dict(zip(guids, found, strict=True))
    for outcome in outcomes:
        answer = answers[outcome.enriched["exchange_guid"]]
        if isinstance(answer, HybridError):
            outcome.status, outcome.error = "failed", answer
        elif answer.objects:
            statistics = answer.objects[0]
            outcome.enriched["total_size"] = _values.size_in_bytes(statistics.get("TotalItemSize"))
            outcome.enriched["item_count"] = _values.count(statistics.get("ItemCount"))
            outcome.details = {"mailbox": outcome.enriched}
