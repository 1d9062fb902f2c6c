# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Exchange Online as a module may declare it, with the tenant's Microsoft Graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    Organization,
    System,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import Directory


def _organization(options: Mapping[str, Any]) -> Organization:
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import (
        organization,
    )

    return organization.from_options(options)


def _directory(options: Mapping[str, Any]) -> Directory | None:
    from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph import directory

    return directory.from_options(options)


SYSTEM = System("exchange_online", _organization, _directory)
