# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What is planned on where one side of a mailbox alone does not do."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    CloudRecipient,
    OnPremisesRecipient,
)


@dataclass(frozen=True)
class BothSides:
    """A mailbox's on-premises object and its cloud object; ``cloud`` is None where Exchange Online was not asked."""

    on_premises: OnPremisesRecipient
    cloud: CloudRecipient | None = None
