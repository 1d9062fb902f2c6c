# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The kind of a mailbox that came home: Set-Mailbox -Type on-premises.

Whether Exchange keeps a shared, room or equipment mailbox's kind in an outbound move is not documented;
administrators set it afterwards (facts offboarding-practice.md 1.6). Nothing is written where the kind is right
already, nor over a kind that is none of the four: a linked mailbox of a resource forest is one on purpose, and what
Exchange makes of it with -Type is not known.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    EXCHANGE_SERVER,
    Connections,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import on_premises
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, is_home
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem

# RecipientTypeDetails → value of -Type (Set-Mailbox page).
TYPES = {"UserMailbox": "Regular", "SharedMailbox": "Shared", "RoomMailbox": "Room", "EquipmentMailbox": "Equipment"}


@dataclass(frozen=True)
class OfKind(Step[dict[str, Any]]):
    """The on-premises mailbox is of the kind that the record names in recipient_type_details."""

    check: bool
    writes_to = EXCHANGE_SERVER

    def skips(self, record: Record) -> bool:
        # Of a mailbox that came home before there was a baseline nobody knows the kind: it stays as it is.
        seen = record.get("on_premises", {}).get("recipient_type_details")
        return is_home(record) and record.get("recipient_type_details") in (None, seen)

    def read(self, connections: Connections, items: Sequence[WorkItem[dict[str, Any]]]) -> None:
        recipients_read.show_on_premises(connections, items, check=self.check)

    def plan(self, record: Record, current: dict[str, Any], attempt: Attempt, now: datetime.datetime) -> Plan:
        wanted = str(record["recipient_type_details"])
        if current["kind"] != "mailbox":
            raise MailboxError(
                f"the on-premises object is a {current['recipient_type_details']}, not a mailbox.",
                code="wrong_recipient_type",
                cmdlet="Get-User",
                retryable=True,
                remedy="Wait until the move is Completed, or give the right ad_identity.",
            )
        found = current["recipient_type_details"]
        if on_premises.is_as_wanted(found, wanted):
            return Plan()
        if found not in TYPES or wanted not in TYPES:
            return Plan(warnings=(f"it is a {found}, not a {wanted}, and such a kind is left as it is",))
        call = Cmdlet("Set-Mailbox", {"Identity": current["guid"], "Type": TYPES[wanted]})
        return Plan(
            calls=((EXCHANGE_SERVER, call),),
            before={"recipient_type_details": found},
            after={"recipient_type_details": wanted},
            predicted={"on_premises": {**current, "recipient_type_details": wanted}},
        )
