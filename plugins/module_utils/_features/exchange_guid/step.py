# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The mailbox GUIDs on the on-premises object: what is read and asked, and what plan.py makes of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import uniqueness
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import OnPremisesRecipient
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem


@dataclass(frozen=True)
class GuidStamped(Step[OnPremisesRecipient]):
    """exchange_guid, and archive_guid where the record has one, on a mail user or remote mailbox."""

    check: bool
    writes_to = EXCHANGE_SERVER

    def read(self, connections: Connections, items: Sequence[WorkItem[OnPremisesRecipient]]) -> None:
        recipients_read.show_on_premises(connections, items, check=self.check)

    def ask(self, connections: Connections, items: Sequence[WorkItem[OnPremisesRecipient]]) -> None:
        planned = [(item, plan.claim(item.plan.after, item.current)) for item in items if item.plan and item.current]
        uniqueness.fail_held(connections, planned)

    def plan(self, record: Record, current: OnPremisesRecipient, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.stamped(record, current)
