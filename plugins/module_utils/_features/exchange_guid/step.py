# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The mailbox GUIDs on the on-premises object: what is read and asked, and what plan.py makes of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import uniqueness
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.steps import OnPremisesStep
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import OnPremisesRecipient
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import WorkItem


@dataclass(frozen=True)
class GuidStamped(OnPremisesStep):
    """exchange_guid, and archive_guid where the record has one, on a mail user or remote mailbox.

    ``directory`` asks Active Directory who else holds them, where that is configured.
    """

    directory: uniqueness.Directory | None = None

    def skips(self, record: Record) -> bool:
        """Leave mailboxes alone that move already: their users are whole, and the move may end at any moment."""
        return super().skips(record) or record.get("offboarding_state") == "moving"

    def ask(self, connections: Connections, items: Sequence[WorkItem[OnPremisesRecipient]]) -> None:
        planned = [(item, plan.claim(item.plan.after, item.current)) for item in items if item.plan and item.current]
        uniqueness.fail_held(connections, planned, self.directory)

    def plan(self, record: Record, current: OnPremisesRecipient, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.stamped(record, current)
