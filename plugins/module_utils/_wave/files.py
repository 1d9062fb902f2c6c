# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""A wave's records in a memory: read, and written whole or not at all with a seal on what was found out of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

_REMEDY = "Use the file that wave_file wrote."


def load(memory: Memory, path: str) -> list[Record]:
    """Read a wave: a JSON list of records."""
    where = memory.describe(path)
    try:
        data = documents.load(memory, path)
    except OSError as error:
        code = "unreadable_file"
        raise refusal("mailboxes_file", where, "cannot be read", error, remedy=_REMEDY, code=code) from error
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise InputError("mailboxes_file", where, "is not a JSON list of records", _REMEDY, "unreadable_file")
    return data


def save(memory: Memory, path: str, records: Iterable[Record], option: str = "mailboxes_file") -> None:
    """Write a wave; what was found out is sealed. InputError, naming ``option``, where that fails.

    Each record becomes text alone: encoded at once, a wave takes six times the memory of its file.
    """
    text = "".join(_pieces(records))
    try:
        memory.write(path, text)
    except OSError as error:
        raise unwritable(option, memory.describe(path), error) from error


def _pieces(records: Iterable[Record]) -> Iterator[str]:
    before = "["
    for record in records:
        yield before
        yield documents.text_of(documents.sealed(record) if fields.FOUND & set(record) else record)
        before = ","
    yield "]" if before == "," else "[]"


def opened(path: str, records: Sequence[Record]) -> list[Record]:
    """Return the records of a wave's file without their seals; InputError for one that no task left as it is.

    What a run found out of a mailbox lets later tasks write to it: that is theirs alone to say.
    """
    for record in records:
        seal = record.pop("checksum", None)
        if (seal is not None or fields.FOUND & set(record)) and seal != documents.checksum(record):
            raise InputError(
                "mailboxes_file",
                path,
                f"has a record of {record.get('identity')} that was changed, by hand for example, after a task judged "
                "the mailbox",
                "Change the CSV file or the list from which the wave was created, and run again from there: the "
                "mailboxes are then read again.",
                "changed_record",
            )
    return list(records)


def unwritable(option: str, where: str, error: OSError) -> InputError:
    """Return what a task says whose ``option`` names a file that cannot be written."""
    return refusal(
        option,
        where,
        "cannot be written",
        error,
        remedy="Use a file in an existing directory that this account can write to.",
        code="unwritable_file",
    )
