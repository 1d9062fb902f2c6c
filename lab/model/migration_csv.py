# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CSV of a migration batch (facts: migration-batches.md 1.4).

What is not known is read strictly: a byte order mark spoils the first column's name, the columns of limits that the
cloud dropped are unknown ones, and an address twice refuses the call.
"""

from __future__ import annotations

import csv
import io

from lab.answer import CmdletFailure
from lab.model import failures

COLUMNS = ("EmailAddress", "TargetDatabase", "TargetArchiveDatabase", "MailboxType")
MAILBOX_TYPES = ("PrimaryOnly", "ArchiveOnly", "PrimaryAndArchive")
Row = dict[str, str]


def rows(data: bytes, *, unknown_columns: bool) -> list[Row]:
    """Return the rows, by the proper names of their columns, without empty cells: those inherit.

    Raises CmdletFailure for what refuses the whole call; a bad row is its user's failure.
    """
    try:
        lines = [cells for cells in csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True) if cells]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refused(f"The CSV file can't be read: {error}.") from None
    if not lines:
        raise _refused("The CSV file is empty.")
    proper = {name.lower(): name for name in COLUMNS}
    header = [proper.get(name.strip().lower(), "") for name in lines[0]]
    if not all(header) and not unknown_columns:
        unknown = [name for name, known in zip(lines[0], header, strict=True) if not known]
        raise _refused(f"The CSV file has columns that aren't known: {', '.join(unknown)}.")
    if "EmailAddress" not in header:
        raise _refused("The CSV file doesn't have the required column EmailAddress.")
    found = [_row(header, cells) for cells in lines[1:]]
    held = [row.get("EmailAddress", "").lower() for row in found]
    twice = {address for address in held if held.count(address) > 1} if len(set(held)) < len(held) else set()
    if twice:
        raise _refused(f"The CSV file has more than one row for {sorted(twice)[0]}.")
    return found


def _row(header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        raise _refused("A row of the CSV file doesn't have as many cells as its header.")
    return {name: cell.strip() for name, cell in zip(header, cells, strict=True) if name and cell.strip()}


def _refused(message: str) -> CmdletFailure:
    return failures.migration("MigrationCSVParsingException", message)
