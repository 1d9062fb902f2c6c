# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The kind of a mailbox that came home: what is read, and what plan.py makes of it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.steps import OnPremisesStep
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, is_home
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import OnPremisesRecipient


@dataclass(frozen=True)
class OfKind(OnPremisesStep):
    """The on-premises mailbox is of the kind that the record names in recipient_type_details."""

    def skips(self, record: Record) -> bool:
        # Of a mailbox that came home before there was a baseline nobody knows the kind: it stays as it is.
        seen = record.get("on_premises", {}).get("recipient_type_details")
        return is_home(record) and record.get("recipient_type_details") in (None, seen)

    def plan(self, record: Record, current: OnPremisesRecipient, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.of_kind(record, current)
