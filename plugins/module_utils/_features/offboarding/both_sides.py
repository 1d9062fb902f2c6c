# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A conflict seen from both sides: two mailboxes of one person, or a GUID that belongs to something else.

What the sides hold is read only for mailboxes in conflict: it decides what to do next, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.figures import size_text
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import MailboxEvidence
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import filter_query

# What Get-MailboxStatistics warns of a mailbox that nobody has ever opened; it then shows nothing.
_NEVER_OPENED = "hasn't logged on to mailbox"
_KEEP_THE_CLOUDS = (
    "run Disable-Mailbox -Identity {user} on-premises (never Remove-Mailbox, which deletes the user), then run again"
)


@dataclass(frozen=True)
class Side:
    """One mailbox; ``size`` and ``items`` are None where they could not be read."""

    guid: str
    database: str
    size: int | None = None
    items: int | None = None

    @property
    def empty(self) -> bool | None:
        return None if self.items is None else self.items == 0

    def told(self) -> str:
        held = f"{self.items} items" if self.items is not None else "its content could not be read"
        if self.size is not None and not self.empty:
            held += f", {size_text(self.size)}"
        database = f", database {self.database}" if self.database else ""
        return f"GUID {self.guid}, {held}{' (empty)' if self.empty else ''}{database}"


def two_mailboxes(connections: Connections, conflicts: Sequence[MailboxEvidence]) -> list[tuple[Side, Side]]:
    """Return both mailboxes of each conflict, the cloud's first."""
    cloud = _sides(connections, EXCHANGE_ONLINE, [evidence.cloud for evidence in conflicts], "exchange_guid")
    local = _sides(connections, EXCHANGE_SERVER, [evidence.on_premises for evidence in conflicts], "guid")
    return list(zip(cloud, local, strict=True))


def _sides(connections: Connections, system: str, objects: Sequence[Mapping[str, Any]], identity: str) -> list[Side]:
    asked = [Cmdlet("Get-MailboxStatistics", {"Identity": item[identity]}) for item in objects]
    answers = connections.read(system, asked) if asked else []
    return [_side(item, answer) for item, answer in zip(objects, answers, strict=True)]


def _side(item: Mapping[str, Any], answer: CmdletOutput | HybridError) -> Side:
    guid, database = str(item["exchange_guid"]), str(item.get("database") or "")
    if isinstance(answer, HybridError):
        return Side(guid, database)
    if not answer.objects:
        opened = not any(_NEVER_OPENED in warning for warning in answer.warnings)
        return Side(guid, database, None if opened else 0, None if opened else 0)
    shown = answer.objects[0]
    size = _values.size_in_bytes(shown.get("TotalItemSize"))
    return Side(guid, database, size, _values.count(shown.get("ItemCount")))


def told(cloud: Side, local: Side) -> str:
    """Return one sentence on both mailboxes, without its full stop."""
    return f"in the cloud: {cloud.told()}; on-premises: {local.told()}"


def next_steps(cloud: Side, local: Side, user: str) -> str:
    """Return what to do about two different mailboxes of one person, by which of them holds something."""
    keep = _KEEP_THE_CLOUDS.format(user=user)
    if local.empty:
        return f"The one on-premises is empty. Once it is certain that it is not used, {keep}."
    if cloud.empty:
        return (
            "The one in the cloud is empty: the user's mail is already at home. Remove this mailbox from the wave, and "
            "remove its Exchange Online licence, so that mail arrives in one place."
        )
    database = local.database or "<database>"
    return (
        f"Decide which of them stays. For the cloud's {keep}; {database} keeps the content of the other for its "
        f"retention time, and once this mailbox is home New-MailboxRestoreRequest -SourceDatabase {database} "
        f"-SourceStoreMailbox {local.guid} -TargetMailbox {user} -AllowLegacyDNMismatch merges it. For the one "
        "on-premises, remove this mailbox from the wave, and export the cloud's."
    )


def holders(connections: Connections, guids: Sequence[str]) -> dict[str, str | None]:
    """Return who carries each mailbox GUID, in either organization; an empty text is nobody, None is not known."""
    found: dict[str, str | None] = dict.fromkeys(guids, "")
    for system, place in ((EXCHANGE_ONLINE, "in the cloud"), (EXCHANGE_SERVER, "on-premises")):
        answers = filter_query.find(
            connections,
            system,
            "Get-Mailbox",
            guids,
            filter_query.same_properties(("ExchangeGuid", "ArchiveGuid")),
            forest=True,
        )
        for guid in guids:
            objects = answers[_values.folded(guid)]
            if isinstance(objects, HybridError):
                found[guid] = found[guid] or None
            elif objects:
                found[guid] = f"{objects[0].get('PrimarySmtpAddress') or objects[0].get('Guid')} {place}"
    return found


def of_a_guid(guid: str, owner: str | None) -> tuple[str, str]:
    """Return what is known of a GUID that is not the cloud mailbox's, and what to do; ``owner`` is of ``holders``."""
    if owner is None:
        return (
            f"whether a mailbox carries {guid} could not be read",
            "Allow the accounts to read mailboxes in both organizations, and run again.",
        )
    if owner:
        return (
            f"{guid} is the mailbox of {owner}",
            "Two mailboxes point to this user. Correct ad_identity, or find out which of them belongs to the user and "
            "clear the GUID of the other there.",
        )
    return (
        f"no mailbox of either organization has {guid}",
        "It is left over from an earlier mailbox. Set force: true in this mailbox's record (column force of the CSV) "
        "to overwrite it with the cloud mailbox's GUID; the journal and the baseline keep the old one.",
    )
