# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Steps that need no more than what stands on-premises."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import OnPremisesRecipient
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem


@dataclass(frozen=True)
class OnPremisesStep(Step[OnPremisesRecipient], ABC):
    """Plans on a mailbox's on-premises object alone; ``check`` tells whether predictions of a preview count."""

    check: bool
    writes_to = EXCHANGE_SERVER

    def read(self, connections: Connections, items: Sequence[WorkItem[OnPremisesRecipient]]) -> None:
        found = recipients_read.on_premises_objects(connections, [item.known for item in items])
        for item in items:
            ad = found[item.identity]
            if isinstance(ad, HybridError):
                item.show(ad)
            else:
                item.show(recipients_read.predicted(item.record, "on_premises", ad, self.check) or {})
