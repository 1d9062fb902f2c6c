# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Which database a mailbox goes to, where its record leaves that out. Pure.

Exchange picks no database for a move from the cloud (facts offboarding-practice.md 1.1), and how a batch spreads over
several is documented nowhere (migration-batches.md 1.3). The largest mailbox is placed first, each where the most
space is left once all that is on its way there has arrived. Nothing depends on the order of a wave or on chance.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import databases

AUTO = "auto"
OPTION = "target_databases"
# What a mailbox counts whose size cannot be read.
UNKNOWN_SIZE = 10 * 1024**3
# Exchange leaves such a database out where it picks one itself (facts mailbox-databases.md 1).
_LEFT_OUT = (
    "IsExcludedFromProvisioning",
    "IsExcludedFromProvisioningByOperator",
    "IsExcludedFromProvisioningBySpaceMonitoring",
    "IsSuspendedFromProvisioning",
)

Disk = tuple[str, str]


@dataclass(frozen=True)
class Database:
    """A database by its name, the free bytes of each disk that a copy of it is on, and the quota of its mailboxes."""

    name: str
    disks: Mapping[Disk, int]
    quota: int | None = None


@dataclass(frozen=True)
class Need:
    """A mailbox: ``size`` is what it brings, ``primary`` what counts against the quota; None where it is not known."""

    exchange_guid: str
    size: int | None
    primary: int | None = None

    @property
    def weight(self) -> int:
        return UNKNOWN_SIZE if self.size is None else self.size


@dataclass
class Disks:
    """What is left on each disk once all that is on its way has arrived."""

    left: dict[Disk, int] = field(default_factory=dict)

    @classmethod
    def of(cls, databases: Sequence[Database], coming: Mapping[str, int]) -> Disks:
        """``coming`` are the bytes that are on their way to each database, by its name, folded."""
        disks = cls({disk: free for item in databases for disk, free in item.disks.items()})
        for item in databases:
            disks.take(item, coming.get(_values.folded(item.name), 0))
        return disks

    def take(self, database: Database, size: int) -> None:
        for disk in database.disks:
            self.left[disk] -= size

    def room(self, database: Database) -> int:
        """Return what the fullest of the disks has left: every copy grows alike."""
        return min(self.left[disk] for disk in database.disks)


def spread(
    needs: Sequence[Need], databases: Sequence[Database], chosen: Collection[str], coming: Mapping[str, int]
) -> dict[str, str | MailboxError]:
    """Return the database of each mailbox, by ExchangeGuid, or why none takes it.

    ``databases`` are all that can be judged, ``chosen`` the names, folded, of those that mailboxes may go to: others
    may share their disks.
    """
    disks = Disks.of(databases, coming)
    candidates = [item for item in databases if _values.folded(item.name) in chosen]
    placed: dict[str, str | MailboxError] = {}
    for need in sorted(needs, key=lambda item: (-item.weight, item.exchange_guid)):
        fitting = [item for item in candidates if item.quota is None or (need.primary or 0) <= item.quota]
        best = min(fitting, key=lambda item: (-disks.room(item), _values.folded(item.name)), default=None)
        if best is None:
            placed[need.exchange_guid] = _over_quota(need, candidates)
        elif disks.room(best) < need.weight:
            placed[need.exchange_guid] = _no_room(need, best, disks.room(best))
        else:
            disks.take(best, need.weight)
            placed[need.exchange_guid] = best.name
    return placed


def _over_quota(need: Need, candidates: Sequence[Database]) -> MailboxError:
    most = max(item.quota or 0 for item in candidates)
    return MailboxError(
        f"it holds {_gigabytes(need.primary or 0)}, more than the ProhibitSendReceiveQuota of each database "
        f"({_gigabytes(most)} at most).",
        code="no_database_fits",
        cmdlet="Get-MailboxDatabase",
        remedy="Raise the quota of a database, make the mailbox smaller, or set its remote_target_database.",
    )


def _no_room(need: Need, best: Database, room: int) -> MailboxError:
    return MailboxError(
        f"no database has space for its {_gigabytes(need.weight)}: the most is left on {best.name}, "
        f"{_gigabytes(max(0, room))} once all that is on its way there has arrived.",
        code="no_database_fits",
        cmdlet="Get-MailboxDatabaseCopyStatus",
        remedy="Free or add disk space, name more databases in target_databases, or move the wave in parts.",
    )


# -- which databases there are -----------------------------------------------------------------------------------------


def wanted_names(asked: Sequence[str], shown: Sequence[Properties]) -> list[str]:
    """Return the names, as Exchange writes them, of the databases that mailboxes may go to.

    Raises InputError for one that there is not, one that is not mounted, and where none is left.
    """
    if [_values.folded(name) for name in asked] == [AUTO]:
        found = [str(item.get("Name")) for item in shown if not why_not(item)]
        if found:
            return found
        reasons = "; ".join(f"{item.get('Name')} {why_not(item)}" for item in shown) or "there is none"
        remedy = "Mount one, or name the databases."
        raise InputError(OPTION, AUTO, f"finds no database to move to: {reasons}", remedy, "no_database")
    known = databases.by_name(shown)
    databases.refuse_option(OPTION, asked, known)
    return list(dict.fromkeys(str(known[_values.folded(name)].get("Name")) for name in asked))


def why_not(item: Properties) -> str:
    """Return why ``auto`` leaves a database out, an empty text where it does not."""
    if databases.is_set(item, "Recovery"):
        return "is a recovery database"
    if not databases.is_set(item, "Mounted"):
        return "is not mounted"
    return next((f"has {name} True" for name in _LEFT_OUT if databases.is_set(item, name)), "")


def database(item: Properties, copies: Sequence[Properties]) -> Database | None:
    """Return a database with what its copies say of their disks; None where one of them does not say it."""
    name = str(item.get("Name"))
    disks: dict[Disk, int] = {}
    for copy in copies:
        if _values.folded(copy.get("DatabaseName")) != _values.folded(name):
            continue
        free = _values.size_in_bytes(copy.get("DiskFreeSpace"))
        if free is None:
            return None
        # Where it is not shown which disk a copy is on, it has one of its own.
        place = str(copy.get("DatabaseVolumeMountPoint") or "") or f"database {name}"
        disk = _values.folded(copy.get("MailboxServer")), _values.folded(place)
        disks[disk] = min(free, disks.get(disk, free))
    quota = item.get("ProhibitSendReceiveQuota")
    limit = None if _values.is_unlimited(quota) else _values.size_in_bytes(quota)
    return Database(name, disks, limit) if disks else None


def _gigabytes(size: int) -> str:
    return f"{size / 1024**3:.1f} GB"
