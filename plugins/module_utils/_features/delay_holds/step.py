# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Delay holds: what is read, and what plan.py makes of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.delay_holds import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, is_home
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import CloudRecipient
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem


@dataclass(frozen=True)
class Ended(Step[CloudRecipient]):
    """No delay hold on a cloud mailbox whose record asks for it with remove_delay_holds."""

    writes_to = EXCHANGE_ONLINE

    def skips(self, record: Record) -> bool:
        return is_home(record) or not record.get("remove_delay_holds")

    def read(self, connections: Connections, items: Sequence[WorkItem[CloudRecipient]]) -> None:
        recipients_read.show_cloud(connections, items)

    def plan(self, record: Record, current: CloudRecipient, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.ended(current)
