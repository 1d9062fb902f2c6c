# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The end of a mailbox's delay holds: Set-Mailbox in the cloud, one call for each, where somebody asked for it.

Microsoft's reference names an offboarding migration as a reason to end them (Set-Mailbox, example 8). A hold proper is
never touched.
"""

from __future__ import annotations

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _hold_kinds
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import as_record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import CloudRecipient


def ended(current: CloudRecipient) -> Plan:
    """Return what ends the delay holds of a cloud object."""
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
