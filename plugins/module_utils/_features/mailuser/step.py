# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Mail users: what is read and asked, and what plan.py makes of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    side_by_side,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import uniqueness
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.steps import OnPremisesStep
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    CloudRecipient,
    OnPremisesRecipient,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem


@dataclass(frozen=True)
class Present(Step[BothSides]):
    """A mail user with routing address, addresses and, where the record has them, the mailbox GUIDs.

    ``directory`` asks Active Directory who else holds them, where that is configured.
    """

    check: bool
    directory: uniqueness.Directory | None = None
    writes_to = EXCHANGE_SERVER

    def skips(self, record: Record) -> bool:
        """Leave mailboxes alone that move already: their users are whole, and no guard has looked at them."""
        return super().skips(record) or record.get("offboarding_state") == "moving"

    def read(self, connections: Connections, items: Sequence[WorkItem[BothSides]]) -> None:
        on_premises, cloud = side_by_side(
            lambda: recipients_read.on_premises_objects(connections, [item.known for item in items]),
            lambda: _cloud(connections, items),
        )
        for item in items:
            ad, tenant = on_premises[item.identity], cloud.get(item.identity)
            item.show(recipients_read.both_sides(item.record, ad, tenant, check=self.check))

    def ask(self, connections: Connections, items: Sequence[WorkItem[BothSides]]) -> None:
        planned = [(item, plan.claim(item.plan, item.current)) for item in items if item.plan and item.current]
        uniqueness.fail_held(connections, planned, self.directory)

    def plan(self, record: Record, current: BothSides, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.present(record, current, check=self.check)


def _cloud(
    connections: Connections, items: Sequence[WorkItem[BothSides]]
) -> Mapping[str, CloudRecipient | HybridError]:
    """Return the cloud objects; those that are not written to are not read back."""
    if not connections.has(EXCHANGE_ONLINE):
        return {}
    kept = {
        item.identity: item.current.cloud
        for item in items
        if item.current is not None and item.current.cloud is not None and not _writes_to_cloud(item)
    }
    asked = [item.known for item in items if item.identity not in kept]
    return {**kept, **recipients_read.cloud_recipients(connections, asked)}


def _writes_to_cloud(item: WorkItem[BothSides]) -> bool:
    return item.plan is not None and any(kind == EXCHANGE_ONLINE for kind, _cmdlet in item.plan.calls)


@dataclass(frozen=True)
class MailUserAbsent(OnPremisesStep):
    """No mail user: Disable-MailUser, unless it carries a mailbox GUID."""

    def plan(self, record: Record, current: OnPremisesRecipient, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.absent(record, current)
