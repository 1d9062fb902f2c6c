# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What was read of both organizations for one record, before anything is planned for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError


@dataclass
class Seen:
    """What was read for one record; ``error`` says why one side is missing."""

    cloud: dict[str, Any] | None = None
    on_premises: dict[str, Any] | None = None
    move_request: dict[str, Any] | None = None
    routing_holders: list[str] = field(default_factory=list)
    error: HybridError | None = None
