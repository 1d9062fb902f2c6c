# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What each purpose needs granted: cmdlets and their parameters, and permissions of Microsoft Graph.

For module connection_test and for docs/permissions.md, both from the table of cmdlets.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlet_table import TABLE


@dataclass(frozen=True)
class Need:
    """One cmdlet with the parameters that one purpose takes; ``role`` is a management role, or a group."""

    system: str
    cmdlet: str
    parameters: tuple[str, ...]
    role: str
    purpose: str


NEEDED: tuple[Need, ...] = tuple(
    Need(known.system, known.name, known.parameters(grant), grant.role, grant.purpose)
    for known in TABLE
    for grant in known.grants
)


@dataclass(frozen=True)
class GraphPermission:
    """One application permission of Microsoft Graph; ``includes`` are those that include it.

    ``unseen`` says what stays not_checked without it; a permission without that is needed.
    """

    name: str
    includes: tuple[str, ...] = ()
    unseen: str = ""


# Where Microsoft Graph is used (Microsoft: the table of permissions on the page of each API).
GRAPH_PERMISSIONS: tuple[GraphPermission, ...] = (
    GraphPermission("User.Read.All", ("User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")),
    # Whether an application may have this one is documented differently in different places.
    GraphPermission(
        "OnPremDirectorySynchronization.Read.All",
        ("OnPremDirectorySynchronization.ReadWrite.All",),
        "blocked soft match",
    ),
    GraphPermission("Directory.Read.All", ("Directory.ReadWrite.All",), "the admin roles of a user, by name"),
    GraphPermission(
        "RoleEligibilitySchedule.Read.Directory",
        (
            "RoleEligibilitySchedule.ReadWrite.Directory",
            "RoleManagement.Read.Directory",
            "RoleManagement.Read.All",
            "RoleManagement.ReadWrite.Directory",
        ),
        "admin roles that a user is eligible for",
    ),
    # No permission that only reads it is documented.
    GraphPermission("User-OnPremisesSyncBehavior.ReadWrite.All", (), "the source of authority of a user"),
    GraphPermission(
        "Application.Read.All",
        ("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.Read.All"),
        "attribute write-back jobs",
    ),
    GraphPermission("Synchronization.Read.All", ("Synchronization.ReadWrite.All",), "attribute write-back jobs"),
)
# They come with a cmdlet itself, whatever the role grants, and are not in every list of its parameters
# (facts exchange-online-rest.md section 4.2).
COMMON = frozenset(("Confirm", "WhatIf"))


def needs(system: str, purposes: Collection[str]) -> list[Need]:
    """Return what one system has to grant for these purposes: one entry for each cmdlet, its parameters together."""
    merged: dict[str, Need] = {}
    for need in NEEDED:
        if need.system != system or need.purpose not in purposes:
            continue
        known = merged.get(need.cmdlet)
        parameters = tuple(dict.fromkeys((*(known.parameters if known else ()), *need.parameters)))
        merged[need.cmdlet] = Need(system, need.cmdlet, parameters, need.role, need.purpose)
    return list(merged.values())
