# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The members of migration batches: what a mailbox's row says, and what it cannot be made of. Pure.

Columns and their meaning: facts migration-batches.md 1.4. The database stands in each row, because which of several
databases the service takes is documented nowhere.
"""

from __future__ import annotations

import csv
import datetime
import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import (
    refuse_domain_of_the_cloud,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, databases
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, refuse_unprepared

LONGEST_NAME = 60  # of 64 characters, with room for the number of a further batch
HEADER = ("EmailAddress", "TargetDatabase", "TargetArchiveDatabase", "MailboxType")


@dataclass(frozen=True)
class Member:
    """A mailbox: its record, its ExchangeGuid and the address that names it in a CSV; ``kind`` is its cloud object's,
    empty where that was not read."""

    record: Record
    exchange_guid: str
    address: str
    kind: str = ""

    @property
    def identity(self) -> str:
        return str(self.record["identity"])

    @property
    def keys(self) -> set[str]:
        """By what the mailbox's users in all batches are found, folded: a CSV may have named it by any of these."""
        held = addresses.smtp_addresses(self.record.get("email_addresses") or [])
        names = [self.address, self.identity, self.record.get("user_principal_name"), *held]
        return {self.exchange_guid, *(_values.folded(name) for name in names if name)}


@dataclass(frozen=True)
class Databases:
    """The databases of a batch, for mailboxes that have none of their own; the service takes one for each mailbox.

    ``known`` are the on-premises databases, None where they could not be read.
    """

    primary: Sequence[str] = ()
    archive: Sequence[str] = ()
    known: databases.Known | None = None


@dataclass(frozen=True)
class Settings:
    """What is said of a batch as a whole: mailboxes with other settings need another batch."""

    target_delivery_domain: str
    archive_domain: str = ""
    cutover: str = "held"
    complete_after: str = ""
    start_after: str = ""


def name_of_wave(record: Record) -> str:
    """Return the name of the batches that a mailbox goes to; InputError for one that leaves no room for a number."""
    name = str(record.get("batch_name") or "").strip()
    if len(name) > LONGEST_NAME:
        problem = f"is longer than {LONGEST_NAME} characters"
        raise InputError(_reader.option("batch_name"), name, problem, "Use a shorter name.")
    return name


def settings(record: Record, now: datetime.datetime, of_batch: Databases | None = None) -> Settings:
    """Return the settings of the batch that a mailbox needs; MailboxError for what no batch can be made of."""
    refuse_unprepared(record)
    domain = str(record.get("target_delivery_domain") or "")
    of_batch = of_batch or Databases()
    if record.get("primary_only") and record.get("archive_only"):
        raise MailboxError(
            f"{_reader.option('primary_only')} and {_reader.option('archive_only')} are both set.",
            code="invalid_option",
            remedy="Set one of the two, or none to move both.",
        )
    if not (record.get("remote_target_database") or record.get("archive_only") or of_batch.primary):
        raise _missing("remote_target_database", "the on-premises database that the mailbox moves to")
    error = databases.refusal_of(record, of_batch.known)
    if error is not None:
        raise error
    if not domain:
        raise _missing("target_delivery_domain", "an on-premises domain, in which the mailbox has an address")
    _check_domain(record, domain)
    if record.get("primary_only") and not archive_domain(record):
        raise _missing("archive_domain", "the domain of the archive that stays in the cloud")
    cutover = record.get("cutover") or "automatic"
    return Settings(
        _values.folded(domain),
        archive_domain(record),
        cutover,
        _complete_after(record, now) if cutover == "at" else "",
        _values.utc_time(record.get("start_after")) or "",
    )


def archive_domain(record: Record) -> str:
    """Return the ArchiveDomain of the batch that a mailbox needs, folded: empty unless its archive stays behind."""
    return _values.folded(record.get("archive_domain")) if record.get("primary_only") else ""


def _check_domain(record: Record, domain: str) -> None:
    refuse_domain_of_the_cloud(domain)
    held = [_values.domain_of(address) for address in addresses.smtp_addresses(record.get("email_addresses") or [])]
    if held and _values.folded(domain) not in map(_values.folded, held):
        raise MailboxError(
            f"the mailbox has no address in its target delivery domain {domain}, and the move would fail.",
            code="no_address_in_delivery_domain",
            remedy="Set a domain in which it has an address, or add one. It has addresses in: "
            f"{', '.join(sorted(set(held)))}.",
        )


def _complete_after(record: Record, now: datetime.datetime) -> str:
    moment = _values.parse_time(record.get("complete_after"))
    if moment is None:
        raise _missing("complete_after", f"a time in UTC, because {_reader.option('cutover')} is 'at'")
    if moment <= now:
        raise MailboxError(
            f"{_reader.option('complete_after')}: '{record.get('complete_after')}' lies in the past.",
            code="time_in_the_past",
            remedy="Set a time in the future, or cutover: automatic to complete as soon as possible.",
        )
    return str(_values.utc_time(moment))


def _missing(option: str, what: str) -> MailboxError:
    return MailboxError(
        f"{_reader.option(option)} is not set.",
        code="missing_option",
        remedy=f"{_reader.where_to_set(option).rstrip('.')}: {what}.",
    )


def csv_data(members: Sequence[Member], named: Databases | None = None) -> bytes:
    """Return the CSV of these members: UTF-8 without a byte order mark, only the columns that somebody needs.

    An empty cell inherits from the batch. ``named`` are the databases of which one is put there instead.
    """
    rows = [dict(zip(HEADER, _row(member, named or Databases()), strict=True)) for member in members]
    used = [name for name in HEADER if name == HEADER[0] or any(row[name] for row in rows)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, used, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _row(member: Member, named: Databases) -> tuple[str, str, str, str]:
    record = member.record
    kind = "PrimaryOnly" if record.get("primary_only") else "ArchiveOnly" if record.get("archive_only") else ""
    database = str(record.get("remote_target_database") or _one_of(named.primary, member))
    archive = str(record.get("remote_archive_target_database") or _one_of(named.archive, member))
    return (
        member.address,
        "" if record.get("archive_only") else database,
        "" if record.get("primary_only") else archive,
        kind,
    )


def _one_of(names: Sequence[str], member: Member) -> str:
    """Return the same of these databases for a mailbox each time, and over many mailboxes each about as often."""
    return sorted(names)[uuid.UUID(member.exchange_guid).int % len(names)] if names else ""
