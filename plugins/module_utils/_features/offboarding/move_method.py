# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""How a mailbox moves: by a move request of its own, or as the user of a migration batch.

What was submitted one way stays with it, and Exchange itself remembers which: by the owner of the request, and by the
batch's users before they have one. Only a mailbox that has neither is decided upon. The hybrid configuration wizard
makes one migration endpoint for remote moves; those with a RemoteTenant are for moves between tenants. Where one fits,
a batch needs no credential.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import is_own
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import NEW
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    migration,
    move_request,
    read,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    CloudRecipient,
    MigrationEndpoint,
    MoveRequest,
)

AUTO, MOVE_REQUEST, MIGRATION_BATCH = "auto", "move_request", "migration_batch"
METHODS = (MOVE_REQUEST, MIGRATION_BATCH)
# What a record may ask of a request, and no batch is given.
OF_REQUESTS_ALONE = tuple(sorted(NEW.keys() - fields.options(MIGRATION_BATCH).keys() - {"remote_host_name"}))


@dataclass(frozen=True)
class Endpoint:
    """The migration endpoint that moves to on-premises would use, or why there is none."""

    found: MigrationEndpoint | None = None
    why_not: str = ""

    @property
    def host(self) -> str:
        return "" if self.found is None else self.found.get("remote_server", "")


@dataclass(frozen=True)
class Situation:
    """What decides: the method that was asked for, the endpoint, and the users of all batches by their keys."""

    asked: str = AUTO
    endpoint: Endpoint = Endpoint()
    users: migration.UsersByKey = field(default_factory=dict)


def endpoint(connections: Connections, name: str = "") -> Endpoint:
    """Return the endpoint of a name, or the one that fits; what keeps it from being read is a reason, no failure."""
    try:
        there = migration.fitting(read.migration_endpoints(connections))
    except HybridError as error:
        if isinstance(error, CmdletError) or error.code == "permission_denied":
            return Endpoint(why_not=" ".join(error.message.split()).rstrip("."))
        raise
    named = [item for item in there if not name or _values.folded(item.get("identity")) == _values.folded(name)]
    if len(named) == 1:
        return Endpoint(named[0])
    if name:
        return Endpoint(why_not=f"the tenant has no migration endpoint for remote moves named {name}")
    hosts = ", ".join(sorted(item.get("remote_server", "") for item in named))
    if named:
        return Endpoint(why_not=f"the tenant has {len(named)} migration endpoints for remote moves ({hosts})")
    return Endpoint(why_not="the tenant has no migration endpoint for remote moves")


def is_submitted(situation: Situation, record: Record, cloud: CloudRecipient, request: MoveRequest | None) -> bool:
    """Tell whether a mailbox is on its way: by a request, or as a user of its wave's batches that has none yet."""
    users = migration.of_mailbox(situation.users, cloud)
    return request is not None or any(is_own(record, user["batch_id"]) for user in users)


def asked_of_a_request(record: Record) -> list[str]:
    """Return the options of a record that a migration batch does not take: only a request does what they ask for."""
    return [name for name in OF_REQUESTS_ALONE if record.get(name)]


def of_mailbox(situation: Situation, record: Record, cloud: CloudRecipient, request: MoveRequest | None) -> str:
    """Return the method of one mailbox."""
    if request is not None:
        return MIGRATION_BATCH if move_request.owned_by_batch(request) else MOVE_REQUEST
    if is_submitted(situation, record, cloud, request):
        return MIGRATION_BATCH
    if situation.asked != AUTO:
        return situation.asked
    wanted = str(record.get("remote_host_name") or "")
    if asked_of_a_request(record):
        return MOVE_REQUEST
    fits = situation.endpoint.found is not None and (
        not wanted or _values.folded(wanted) == _values.folded(situation.endpoint.host)
    )
    return MIGRATION_BATCH if fits else MOVE_REQUEST
