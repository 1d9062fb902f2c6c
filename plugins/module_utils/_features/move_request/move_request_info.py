# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What move_request_info reports: chosen mailboxes, a batch name, or every request of the tenant."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.step import (
    with_statistics,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record


def read(
    connections: Connections, records: Sequence[Record] | None, batch_name: str, statistics: bool
) -> list[Outcome]:
    """Return an outcome for each record, or for each request where ``records`` is None.

    A mailbox without request has an empty one: that is an answer, not an error.
    """
    listed = move_request.by_mailbox(recipients_read.move_requests(connections, batch_name))
    if records is None:
        outcomes = [Outcome({"identity": guid, "exchange_guid": guid}) for guid in listed]
    else:
        outcomes = _identified(connections, records)
    wanted = [str(outcome.record["exchange_guid"]) for outcome in outcomes if outcome.status != "failed"]
    requests = {guid: listed[guid] for guid in wanted if guid in listed}
    read = with_statistics(connections, requests) if statistics else requests
    for outcome in outcomes:
        if outcome.status != "failed":
            guid = str(outcome.record["exchange_guid"])
            found = read.get(guid, {})
            if isinstance(found, HybridError):
                outcome.status, outcome.error = "failed", found
            outcome.details = {"move_request": requests[guid] if isinstance(found, HybridError) else found}
    return outcomes


def _identified(connections: Connections, records: Sequence[Record]) -> list[Outcome]:
    outcomes = []
    guids = recipients_read.move_request_identities(connections, records)
    for record in records:
        guid = guids[str(record["identity"])]
        if isinstance(guid, HybridError):
            outcomes.append(Outcome(record, status="failed", error=guid))
        else:
            outcomes.append(Outcome({**record, "exchange_guid": guid}, enriched={"exchange_guid": guid}))
    return outcomes
