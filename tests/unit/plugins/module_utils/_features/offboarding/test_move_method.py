# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a mailbox moves: by a request of its own, or by a batch of its wave."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.move_method import (
    AUTO,
    MIGRATION_BATCH,
    MOVE_REQUEST,
    Endpoint,
    Situation,
    endpoint,
    is_submitted,
    of_mailbox,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import cloud, migration, move_request

from tests.unit.plugins.module_utils.fakes import (
    Fails,
    cloud_mailbox,
    connect,
    lost,
    move_request_of,
    refusal,
    tenant,
)

ANN = cloud.recipient(cloud_mailbox("ann"))
FOUND = Endpoint({"identity": "Hybrid", "remote_server": "mail.contoso.com"})
WAVE: Any = {"identity": "ann@contoso.com", "batch_name": "wave-1"}


def users(batch: str, identity: str = "ann@contoso.com") -> migration.UsersByKey:
    return migration.by_key([migration.user({"Identity": identity, "BatchId": batch, "Status": "Synced"})])


@pytest.mark.parametrize(
    ("situation", "record", "request_of", "method", "submitted"),
    [
        # What is on its way goes on as it began, whatever is asked for.
        (Situation(MIGRATION_BATCH, FOUND), {}, "wave 1", MOVE_REQUEST, True),
        (Situation(MOVE_REQUEST, FOUND), {}, "MigrationService:other", MIGRATION_BATCH, True),
        (Situation(MOVE_REQUEST, FOUND, users("wave-1-2")), {}, None, MIGRATION_BATCH, True),
        # A user of another batch, or another's of this wave's, decides nothing.
        (Situation(MOVE_REQUEST, FOUND, users("wave-10")), {}, None, MOVE_REQUEST, False),
        (Situation(MOVE_REQUEST, FOUND, users("wave-1", "bob@contoso.com")), {}, None, MOVE_REQUEST, False),
        # What was asked for.
        (Situation(MIGRATION_BATCH), {}, None, MIGRATION_BATCH, False),
        (Situation(MOVE_REQUEST, FOUND), {}, None, MOVE_REQUEST, False),
        # By itself, where the endpoint is the one that the record means.
        (Situation(AUTO, FOUND), {}, None, MIGRATION_BATCH, False),
        (Situation(AUTO, FOUND), {"remote_host_name": "MAIL.contoso.com"}, None, MIGRATION_BATCH, False),
        (Situation(AUTO, FOUND), {"remote_host_name": "mrs.contoso.com"}, None, MOVE_REQUEST, False),
        (Situation(AUTO), {}, None, MOVE_REQUEST, False),
        # What the failure catalogue advises for a mailbox whose move fails, a batch is not given.
        (Situation(AUTO, FOUND), {"move_options": ["SkipFolderViews"]}, None, MOVE_REQUEST, False),
        (Situation(AUTO, FOUND), {"move_options": [], "force_offline": False}, None, MIGRATION_BATCH, False),
        (Situation(AUTO, FOUND), {"archive_domain": "a.mail.onmicrosoft.com"}, None, MIGRATION_BATCH, False),
        (Situation(MIGRATION_BATCH, FOUND), {"force_offline": True}, None, MIGRATION_BATCH, False),
    ],
)
def test_how_a_mailbox_moves(
    situation: Situation, record: dict[str, Any], request_of: str | None, method: str, submitted: bool
) -> None:
    request = None if request_of is None else move_request.request(move_request_of("ann", BatchName=request_of))
    assert of_mailbox(situation, {**WAVE, **record}, ANN, request) == method
    assert is_submitted(situation, {**WAVE, **record}, ANN, request) is submitted


def offered(*endpoints: dict[str, Any]) -> Any:
    online = tenant()
    online.objects["Get-MigrationEndpoint"] = [
        {"EndpointType": "ExchangeRemoteMove", "RemoteServer": f"{item['Identity'].lower()}.contoso.com", **item}
        for item in endpoints
    ]
    return online


HYBRID, SECOND = {"Identity": "Hybrid"}, {"Identity": "Second"}
ELSEWHERE = {"Identity": "Other tenant", "RemoteTenant": "fabrikam.onmicrosoft.com"}


@pytest.mark.parametrize(
    ("endpoints", "name", "host", "why_not"),
    [
        ([HYBRID], "", "hybrid.contoso.com", ""),
        ([HYBRID, ELSEWHERE], "", "hybrid.contoso.com", ""),
        ([HYBRID, SECOND], "second", "second.contoso.com", ""),
        ([HYBRID, SECOND], "", "", "has 2 migration endpoints for remote moves (hybrid.contoso.com, second.contoso"),
        ([HYBRID], "Third", "", "has no migration endpoint for remote moves named Third"),
        ([ELSEWHERE], "", "", "the tenant has no migration endpoint for remote moves"),
        ([], "", "", "the tenant has no migration endpoint for remote moves"),
    ],
)
def test_which_endpoint_moves_would_use(endpoints: list[dict[str, Any]], name: str, host: str, why_not: str) -> None:
    with connect(offered(*endpoints)) as connections:
        found = endpoint(connections, name)
    assert (found.host, bool(found.why_not)) == (host, bool(why_not))
    assert why_not in found.why_not


def test_an_endpoint_that_may_not_be_read_is_a_reason_and_a_lost_connection_an_error() -> None:
    online = offered(HYBRID)
    online.handlers["Get-MigrationEndpoint"] = Fails(refusal("Not\n yours.", cmdlet="Get-MigrationEndpoint"))
    with connect(online) as connections:
        assert endpoint(connections) == Endpoint(why_not="Not yours")
    online.handlers["Get-MigrationEndpoint"] = Fails(*[lost()] * 9)
    with connect(online) as connections, pytest.raises(HybridError) as caught:
        endpoint(connections)
    assert caught.value.code == "connection_lost"
