# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Making a wave out of a CSV or a list: everything wrong is found, with its line, before any system is contacted."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import unwritable_directory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder, Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import is_blank
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import records as wave_records
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, as_record

# What a user may say about a mailbox, by type; every other field is read from Exchange.
TEXTS, FLAGS, LISTS = fields.columns(str), fields.columns(bool), fields.columns(list[str])
COLUMNS = (*TEXTS, *FLAGS, *LISTS)
# Microsoft's CSV of a migration batch that brings mailboxes home (New-MigrationBatch) is taken as it is.
_MAILBOX_TYPE = "mailbox_type"
_MICROSOFTS = {
    "emailaddress": "identity",
    "targetdatabase": "remote_target_database",
    "targetarchivedatabase": "remote_archive_target_database",
    "mailboxtype": _MAILBOX_TYPE,
}
_MAILBOX_TYPES = {
    "primaryandarchive": {},
    "primaryonly": {"primary_only": True},
    "archiveonly": {"archive_only": True},
}
CHOICES = {name: fields.TABLE[name].choices for name in COLUMNS if fields.TABLE[name].choices}
# As Ansible takes them.
_TRUE = ("true", "yes", "1", "y", "on", "t")
_FALSE = ("false", "no", "0", "n", "off", "f")
SHOWN = 20  # problems that one message tells; more only makes it unreadable


def from_csv(path: str, delimiter: str = ",") -> list[Record]:
    """Return the records of a CSV file with a header line; raise InputError that tells every bad line.

    An empty cell leaves its key out, so that the task's own options apply. Cells of a list are separated by semicolons;
    one that belongs to an item is written with a backslash before it.
    """
    rows = _rows(path, delimiter)
    _line, names = next((row for row in rows if not _is_comment(row[1])), (0, []))
    header = [_column(name) for name in names]
    _check_header(path, header, delimiter)
    records, problems, lines = [], [], []
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            problems.append(f"line {line}: {len(cells)} cells instead of {len(header)}")
            continue
        try:
            records.append(_record(dict(zip(header, cells, strict=True))))
            lines.append(line)
        except HybridError as error:
            problems.append(f"line {line}: {error.message}")
    problems += _duplicates(records, [f"line {number}" for number in lines])
    _refuse(f"csv: '{path}'", problems)
    return records


def _is_comment(cells: Sequence[str]) -> bool:
    """Tell whether a line before the header says nothing: a comment, the ``#TYPE`` of Export-Csv, or a blank one."""
    return not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#")


def _column(name: str) -> str:
    """Return the column that a name of the header means, in any letter case; an unknown one as it is written."""
    known = {_folded(column): column for column in COLUMNS}
    return {**known, **_MICROSOFTS}.get(_folded(name), name.strip())


def _folded(name: str) -> str:
    return _values.folded(name.strip()).replace("_", "").replace(" ", "")


def _rows(path: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its last line. A quote that is never closed would swallow rows: refused."""
    if len(delimiter) != 1 or delimiter in '\r\n"':
        remedy = "Set one character, for example a semicolon."
        raise InputError("delimiter", delimiter, "cannot separate cells", remedy)
    rows = csv.reader(io.StringIO(_text(path), newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in rows:
            yield rows.line_num, cells
    except csv.Error as error:
        raise InputError(
            "csv",
            path,
            f"is not a CSV up to line {rows.line_num} ({error})",
            "Close each quote, and double those inside a cell.",
            "unreadable_file",
        ) from error


def from_list(records: Sequence[Record]) -> list[Record]:
    """Return a list of records as given, once every value in it has its right form; blank ones are left out.

    What another run found out about a mailbox is left out, too: it says nothing of how the mailbox stands now.
    """
    wave_records.check_no_mask(records)
    records = [
        as_record(
            {
                name: value
                for name, value in record.items()
                if name not in fields.FOUND and (name not in COLUMNS or not is_blank(value))
            }
        )
        for record in records
    ]
    problems = []
    for number, record in enumerate(records, start=1):
        try:
            _check(record)
        except HybridError as error:
            problems.append(f"record {number}: {error.message}")
    problems += _duplicates(records, [f"record {number}" for number in range(1, len(records) + 1)])
    _refuse("mailboxes:", problems)
    return records


def _text(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError as error:
        raise InputError(
            "csv",
            path,
            f"cannot be read ({error.strerror})",
            "Set the path of the CSV file, on the host that runs the task.",
            "unreadable_file",
        ) from error
    _refuse_other_files(path, content)
    try:
        return content.decode("utf-8").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise InputError("csv", path, f"is not UTF-8 (byte {error.start})", "Save it as UTF-8.", "not_utf8") from error


def _refuse_other_files(path: str, content: bytes) -> None:
    """Name what is no CSV, or none in UTF-8, for what it is."""
    begin = content[:4096]
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\0" in begin and begin.count(b"\0") * 3 > len(begin)):
        raise InputError("csv", path, "is UTF-16, not UTF-8", "Save it as CSV UTF-8.", "not_utf8")
    told = {
        b"$ANSIBLE_VAULT;": (
            "is encrypted by ansible-vault",
            "Decrypt it first (ansible-vault decrypt), or set the mailboxes as offboarding_mailboxes.",
        ),
        b"PK\x03\x04": ("is a workbook or an archive, not a CSV", "Save the sheet as CSV UTF-8."),
    }
    for mark, (what, remedy) in told.items():
        if begin.startswith(mark):
            raise InputError("csv", path, what, remedy, "unreadable_file")
    if not content.strip():
        raise InputError("csv", path, "is empty", "Its first line must name the columns.", "missing_column")


def _check_header(path: str, header: Sequence[str], delimiter: str) -> None:
    for other in ",;\t":
        names = {_column(name.strip(' "')) for text in header if other in text for name in text.split(other)}
        if other == delimiter and len(header) == 1 and "identity" in names:
            raise InputError(
                "csv",
                path,
                "has quotes around each line as a whole",
                "Remove the quotes around the lines, or save it as CSV again.",
                "quoted_lines",
            )
        if other != delimiter and "identity" in names:
            raise InputError(
                "delimiter",
                delimiter,
                f"does not separate the columns of {path}, which {other!r} does",
                f"Set delimiter (offboarding_csv_delimiter of the role) to {other!r}.",
                "wrong_delimiter",
            )
    if "identity" not in header:
        raise InputError(
            "csv",
            path,
            "has no column 'identity'",
            "The first line must have the names of the columns, including identity (or EmailAddress).",
            "missing_column",
        )
    unknown = [name or "(empty)" for name in header if name not in (*COLUMNS, _MAILBOX_TYPE)]
    if unknown:
        raise InputError(
            "csv",
            path,
            f"has unknown columns: {', '.join(unknown)}",
            f"Known columns are: {', '.join(COLUMNS)}.",
            "unknown_column",
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(
            "csv", path, f"has repeated columns: {', '.join(twice)}", "List each column once.", "duplicate_column"
        )


def _record(cells: dict[str, str]) -> Record:
    values: dict[str, str | bool | list[str]] = {}
    for name, cell in cells.items():
        value = cell.strip()
        if not value:
            continue
        if name in FLAGS:
            values[name] = _flag(name, value)
        elif name in LISTS:
            values[name] = _items(value)
        elif name == _MAILBOX_TYPE:
            values.update(_moved(value))
        else:
            values[name] = value
    _check(values)
    return as_record(values)


def _items(value: str) -> list[str]:
    """Return the items of a list's cell; ``\\;`` is a semicolon of an item, as X400 addresses have."""
    items = re.split(r"(?<!\\);", value)
    return [item.strip() for item in (text.replace("\\;", ";") for text in items) if item.strip()]


def _moved(value: str) -> dict[str, bool]:
    """Return the flags that Microsoft's MailboxType means."""
    if _values.folded(value) not in _MAILBOX_TYPES:
        raise InputError(
            "MailboxType", value, "is not a valid choice", "Write one of: PrimaryAndArchive, PrimaryOnly, ArchiveOnly."
        )
    return _MAILBOX_TYPES[_values.folded(value)]


def _flag(name: str, value: str) -> bool:
    if _values.folded(value) not in (*_TRUE, *_FALSE):
        raise InputError(name, value, "is neither true nor false", "Write true or false.")
    return _values.folded(value) in _TRUE


def _check(record: Mapping[str, Any]) -> None:
    if not str(record.get("identity") or "").strip():
        raise InputError(
            "identity", None, "is blank", "Set the mailbox's address, user principal name or GUID.", "blank_identity"
        )
    fields.check(record, record)
    for name in FLAGS:
        if record.get(name) is not None and not isinstance(record[name], bool):
            _flag(name, str(record[name]))
    for name, allowed in CHOICES.items():
        if record.get(name) and record[name] not in allowed:
            raise InputError(name, record[name], "is not a valid choice", f"Write one of: {', '.join(allowed)}.")
    if record.get("cutover") == "at" and not record.get("complete_after"):
        raise InputError("complete_after", None, "is missing, and cutover is 'at'", "Set the time in UTC.")


def _duplicates(records: Sequence[Record], places: Sequence[str]) -> list[str]:
    seen: dict[str, str] = {}
    problems = []
    for record, place in zip(records, places, strict=True):
        identity = _values.folded(record.get("identity"))
        if identity and identity in seen:
            problems.append(
                f"{place}: identity '{record['identity']}' is already in {seen[identity]}. List each mailbox once."
            )
        seen.setdefault(identity, place)
    return problems


def _refuse(what: str, problems: Iterable[str]) -> None:
    told = list(problems)
    if not told:
        return
    more = f" (and {len(told) - SHOWN} more)" if len(told) > SHOWN else ""
    raise HybridError(f"{what} {'; '.join(told[:SHOWN])}{more}", code="bad_rows", remedy="Correct these lines.")


def chosen(records: list[Record], only: Sequence[str] | None, elsewhere: Sequence[Record] = ()) -> list[Record]:
    """Return the records that ``only`` names by identity, in the wave's order; all of them where it is None.

    Raises InputError for a name that is neither in the wave nor ``elsewhere``, in another wave of the same run.
    """
    if only is None:
        return records
    names = _named("only", only, [*records, *elsewhere])
    return [record for record in records if _name(record) in names]


def approved(
    records: list[Record], given: Sequence[str] | None, wave: Sequence[Record], elsewhere: Sequence[Record] = ()
) -> list[Record]:
    """Return the records with approve_skipped_items where ``given`` names them; every name must be in the ``wave``."""
    names = _named(_reader.option("approve_skipped_items"), given or (), [*wave, *elsewhere])
    return [{**record, "approve_skipped_items": True} if _name(record) in names else record for record in records]


def _named(option: str, given: Sequence[str], known: Iterable[Record]) -> set[str]:
    # A blank among them is a stranger: it may have been meant to be a name.
    listed = [name for text in given for name in _values.items_of(text) or [""]]
    names = {_values.folded(name) for name in listed}
    held = {_name(record) for record in known}
    strangers = [name for name in listed if _values.folded(name) not in held]
    if strangers:
        raise InputError(
            option,
            ", ".join(strangers),
            "is not in the wave",
            "Use the identities of the mailboxes in the wave.",
            "not_in_wave",
        )
    return names


def _name(record: Record) -> str:
    return _values.folded(str(record.get("identity") or "").strip())


def write(memory: Memory, path: str, records: list[Record], check: bool) -> bool:
    """Write the wave unless it is there with the same records already; return whether it did, or would."""
    try:
        same: Any = wave_files.load(memory, path) == records
    except InputError:
        same = False
    if same:
        return False
    if not check:
        wave_files.save(memory, path, records, "path")
    return True


def make_private(folder: Folder, check: bool) -> bool:
    """Make a directory that is its owner's alone; return whether there was anything to do."""
    try:
        return folder.memory.make_folder(folder.path, private=True, check=check)
    except OSError as error:
        what = "the files of a run, which are for this account alone"
        raise unwritable_directory("directory", folder.describe(), what, error) from error


def private_directory(when: str, check: bool) -> str:
    """Make a directory that nobody else can read, where ``when`` says so; return its path, or an empty text."""
    if when == "always" or (when == "in_check_mode" and check):
        try:
            return tempfile.mkdtemp(prefix="offboarding.")
        except OSError as error:
            raise unwritable_directory(
                "private_copy",
                tempfile.gettempdir() if error.filename is None else str(error.filename),
                "a copy of the wave",
                error,
                remedy="Set the environment variable TMPDIR to a directory that this account can write to.",
            ) from error
    return ""


def notices(given: Mapping[str, Any], records: Sequence[Record]) -> list[str]:
    """Return what must not pass without a word: a wave of nobody, which every task takes for done."""
    if records:
        return []
    if given["only"] is not None:
        return ["The wave is empty: only selects none of its mailboxes. Nothing is done."]
    name = next(name for name in ("csv", "mailboxes", "mailboxes_file", "mailboxes_files") if given[name] is not None)
    what = f"'{given[name]}' has a header, but no mailbox" if name == "csv" else "has no mailbox"
    return [f"The wave is empty: {name}: {what}. Nothing is done."]
