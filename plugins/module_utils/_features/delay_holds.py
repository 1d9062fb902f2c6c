# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The end of a mailbox's delay holds: Set-Mailbox in the cloud, one call for each, where somebody asked for it.

Microsoft's reference names an offboarding migration as a reason to end them (Set-Mailbox, example 8). A hold proper is
never touched.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _hold_kinds
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    EXCHANGE_ONLINE,
    Connections,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, as_record, is_home
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem


@dataclass(frozen=True)
class Ended(Step[dict[str, Any]]):
    """No delay hold on a cloud mailbox whose record asks for it with remove_delay_holds."""

    writes_to = EXCHANGE_ONLINE

    def skips(self, record: Record) -> bool:
        return is_home(record) or not record.get("remove_delay_holds")

    def read(self, connections: Connections, items: Sequence[WorkItem[dict[str, Any]]]) -> None:
        recipients_read.show_cloud(connections, items)

    def plan(self, record: Record, current: dict[str, Any], attempt: Attempt, now: datetime.datetime) -> Plan:
        applied = _hold_kinds.delays(current) if current["kind"] == "mailbox" else []
        calls = [
            Cmdlet("Set-Mailbox", {"Identity": current["exchange_guid"], _hold_kinds.ENDED_BY[name]: True})
            for name in applied
        ]
        return Plan(
            calls=tuple((EXCHANGE_ONLINE, call) for call in calls),
            before=dict.fromkeys(applied, True),
            after=dict.fromkeys(applied, False),
            enriched=as_record(dict.fromkeys(applied, False)),
        )
