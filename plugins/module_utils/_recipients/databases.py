# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The on-premises databases that mailboxes are to move to: is there one of a name, and is it mounted? Pure.

A request for a database that there is not fails at the service, minutes later and for each mailbox (facts
migration-batches.md 1.3). Exchange Online takes a name, a GUID or a distinguished name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

FIELDS = ("remote_target_database", "remote_archive_target_database")

# Under each name that a database goes by, folded, what is shown of it.
Known = Mapping[str, Properties]


@dataclass(frozen=True)
class Unusable:
    """Why no mailbox can move to a database: ``problem`` follows its name in a sentence."""

    code: str
    problem: str
    remedy: str


def not_found(names: Iterable[str]) -> Unusable:
    """Return the problem with a database that is none of ``names``."""
    known = ", ".join(sorted(names)) or "none"
    return Unusable("database_not_found", "is not an on-premises mailbox database", f"Use one of: {known}.")


def by_name(shown: Iterable[Properties]) -> Known:
    """Return the databases by each of their names; a recovery database takes no mailbox."""
    return {
        _values.folded(item[name]): item
        for item in shown
        if not is_set(item, "Recovery")
        for name in ("Name", "Guid", "DistinguishedName")
        if item.get(name)
    }


def are_named(records: Iterable[Record]) -> bool:
    """Tell whether a record that nobody has judged names a database."""
    return any(record.get(name) for record in records if not is_judged(record) for name in FIELDS)


def is_judged(record: Record) -> bool:
    """Tell whether offboarding_state has looked at what a record says, its databases among it."""
    return "offboarding_state" in record


def unusable(name: str, known: Known) -> Unusable | None:
    """Return why no mailbox can move to a database; None also where it is not shown whether it is mounted."""
    item = known.get(_values.folded(name))
    if item is None:
        return not_found({str(other.get("Name")) for other in known.values()})
    if item.get("Mounted") in (None, "") or is_set(item, "Mounted"):
        return None
    return Unusable("database_not_mounted", "is a database that is not mounted", "Mount it, or use another one.")


def refusal_of(record: Record, known: Known | None) -> MailboxError | None:
    """Return what stops a mailbox: the first database of its record that none can move to, if that can be known."""
    if known is None or is_judged(record):
        return None
    for name in FIELDS:
        wanted = str(record.get(name) or "")
        why = unusable(wanted, known) if wanted else None
        if why is not None:
            return refusal(name, wanted, why)
    return None


def refusal(field: str, wanted: str, why: Unusable) -> MailboxError:
    return MailboxError(
        f"{_reader.option(field)}: '{wanted}' {why.problem}.", code=why.code, cmdlet="Get-MailboxDatabase",
        remedy=why.remedy,
    )  # fmt: skip


def refuse_option(option: str, names: Iterable[str], known: Known | None) -> None:
    """Raise InputError for the first database of an option that no mailbox can move to, if that can be known."""
    for name in names if known is not None else ():
        why = unusable(name, known or {})
        if why is not None:
            raise InputError(option, name, why.problem, why.remedy, why.code)


def refuse_two_ways(params: Mapping[str, Any], several: str = "target_databases", one: str = FIELDS[0]) -> None:
    """Raise InputError where databases are to be chosen from, and one is set for all mailboxes."""
    if params[several] and params[one]:
        raise InputError(
            several,
            ", ".join(params[several]),
            f"is set beside {_reader.option(one)}, which leaves nothing to choose",
            f"Set one of the two. A record's own {one} is kept in either case.",
        )


def is_set(item: Properties, name: str) -> bool:
    value = item.get(name)
    return value not in (None, "") and _values.as_bool(value)
