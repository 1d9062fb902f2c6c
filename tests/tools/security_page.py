# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of docs/SECURITY.md that make roles, from the table of cmdlets: ``make pages``."""

from __future__ import annotations

import re

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)

TITLES = {EXCHANGE_SERVER: "Exchange Server", EXCHANGE_ONLINE: "Exchange Online"}
# What the role mailbox_offboarding runs in every case; all else is for who wants it.
ALWAYS = (cmdlet_table.OFFBOARDING, cmdlet_table.READINESS)
# They change nothing, and contain all that a read needs.
AS_THEY_ARE = (cmdlet_table.VIEW_RECIPIENTS, cmdlet_table.VIEW_CONFIGURATION)
# A role group of Exchange's own, which no role can be derived from.
NO_ROLE = (cmdlet_table.ORGANIZATION_MANAGEMENT,)
# It holds reads of the readiness report alone, and writes that nothing else needs.
ON_REQUEST = (cmdlet_table.MIGRATION,)
MEMBERS = {
    EXCHANGE_SERVER: " `\n  -Members 'svc-offboarding'",
    EXCHANGE_ONLINE: "\nAdd-RoleGroupMember 'Mailbox Offboarding' -Member '<object id of the enterprise application>'",
}
BEFORE = {
    EXCHANGE_SERVER: "",
    EXCHANGE_ONLINE: "New-ServicePrincipal -AppId '<client id>' `\n"
    "  -ObjectId '<object id of the enterprise application>' -DisplayName 'Mailbox Offboarding'\n",
}


def kept(system: str, purposes: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the cmdlets of each management role that these purposes take of it."""
    found: dict[str, set[str]] = {}
    for known in cmdlet_table.TABLE:
        for grant in known.grants:
            if known.system == system and grant.purpose in purposes and grant.role not in NO_ROLE:
                found.setdefault(grant.role, set()).add(known.name)
    return {role: sorted(names) for role, names in sorted(found.items())}


def commands(system: str) -> str:
    """Return the commands that make the roles, the scope and the role group of an organization."""
    roles = {role: names for role, names in kept(system, ALWAYS).items() if role not in ON_REQUEST}
    made = "".join(_derived(role, names) for role, names in roles.items() if role not in AS_THEY_ARE)
    given = [role if role in AS_THEY_ARE else f"Offboarding {role}" for role in roles]
    listed = ",".join(f"'{role}'" for role in given)
    return (
        f"{BEFORE[system]}{made}"
        "$wave = (Get-Group 'Offboarding Wave').DistinguishedName\n"
        "New-ManagementScope 'Offboarding Wave' -RecipientRestrictionFilter \"MemberOfGroup -eq '$wave'\"\n"
        f"New-RoleGroup 'Mailbox Offboarding' -Roles {listed} `\n"
        f"  -CustomRecipientWriteScope 'Offboarding Wave'{MEMBERS[system]}\n"
    )


def _derived(role: str, names: list[str]) -> str:
    own = f"Offboarding {role}"
    lines = ",\n  ".join(f"'{name}'" for name in names)
    return (
        f"New-ManagementRole '{own}' -Parent '{role}'\n"
        f"$keep = {lines}\n"
        f"Get-ManagementRoleEntry '{own}\\*' | Where-Object {{ $keep -notcontains $_.Name }} | ForEach-Object {{\n"
        f"  Remove-ManagementRoleEntry \"{own}\\$($_.Name)\" -Confirm:$false }}\n"
    )


def more(system: str) -> list[str]:
    """Return a row for each role from which something done on request takes cmdlets that are not kept above."""
    base = {role: names for role, names in kept(system, ALWAYS).items() if role not in ON_REQUEST}
    rows = []
    for purpose in cmdlet_table.PURPOSES:
        wanted = kept(system, (purpose,))
        for role, names in wanted.items():
            missing = [name for name in names if name not in base.get(role, ()) and role not in AS_THEY_ARE]
            if missing:
                rows.append(f"| {TITLES[system]} | {purpose} | {role} | {' '.join(missing)} |\n")
    return rows


def page(text: str) -> str:
    """Return docs/SECURITY.md with the commands and the table as the table of cmdlets has them."""
    for system, title in TITLES.items():
        block = r"(?:(?!^###? ).*\n)*?```powershell\n)(?:(?!```).*\n)*(?=```)"
        pattern = re.compile(rf"(^### {title}\n{block}", re.MULTILINE)
        text, times = pattern.subn(lambda found, system=system: found[1] + commands(system), text)
        if times != 1:
            raise ValueError(f"docs/SECURITY.md has commands for {title} {times} times")
    header = "| Where | For | Role | Cmdlets |"
    pattern = re.compile(rf"(^{re.escape(header)}\n\|[-|]+\n)(?:\|.*\n)*", re.MULTILINE)
    rows = "".join(row for system in TITLES for row in more(system))
    text, times = pattern.subn(lambda found: found[1] + rows, text)
    if times != 1:
        raise ValueError(f"docs/SECURITY.md has the table {header} {times} times")
    return text
