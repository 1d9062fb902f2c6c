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

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import on_premises
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import OnPremisesRecipient

TYPES = {"UserMailbox": "Regular", "SharedMailbox": "Shared", "RoomMailbox": "Room", "EquipmentMailbox": "Equipment"}


def of_kind(record: Record, current: OnPremisesRecipient) -> Plan:
    """Return what gives an on-premises mailbox the kind that the record names."""
    wanted = str(record["recipient_type_details"])
    on_premises.require_mailbox(current)
    found = current["recipient_type_details"]
    if on_premises.is_as_wanted(found, wanted):
        return Plan()
    if found not in TYPES or wanted not in TYPES:
        return Plan(warnings=(f"it is a {found}, not a {wanted}, and this kind is not changed",))
    call = Cmdlet("Set-Mailbox", {"Identity": current["guid"], "Type": TYPES[wanted]})
    return Plan(
        calls=((EXCHANGE_SERVER, call),),
        before={"recipient_type_details": found},
        after={"recipient_type_details": wanted},
        predicted={"on_premises": {**current, "recipient_type_details": wanted}},
    )
