# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Reports of completed moves, kept before Exchange is asked to forget them.

Removing a user of a migration batch takes its request and its report along, and the service itself forgets both after
60 days (facts migration-batches.md section 3). So what its statistics show, with the report and the skipped items, is
written down first, each move a document of its own:

    {"version": 1, "checksum", "kept_at", "identity", "cmdlet", "shown": {property: value}, "left_out": {property: n}}

``shown`` is what Exchange showed, in its words. In what forms Report and SkippedItems arrive was published nowhere, so
any is kept; of a very long one the beginning and the end, and ``left_out`` has how many characters are missing.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Properties,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import unwritable_directory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import utc_now

VERSION = 1
ROOM = "move_reports"
# Characters of one property; a report has about a hundred for each entry, and a long move some ten thousand entries.
MOST = 1_000_000
BEGINNING = 200_000
# Reports that are read before they are written down: each may have megabytes.
AT_ONCE = 20


@dataclass(frozen=True)
class Asked:
    """A report to keep: ``key`` is the caller's name for it, ``name`` begins its document's, and ``own`` is the
    property whose GUID tells this move from others of the same mailbox."""

    key: str
    identity: str
    name: str
    cmdlet: Cmdlet
    own: str = "RequestGuid"


@dataclass
class Kept:
    """Where each report is now, as people are told, or why it is not kept, by key."""

    paths: dict[str, str]
    errors: dict[str, HybridError]


def keep(
    connections: Connections,
    folder: Folder,
    asked: Sequence[Asked],
    now: Callable[[], datetime.datetime] = utc_now,
) -> Kept:
    """Read reports and write them down; each lasts once this returns. One that cannot be kept spoils no other."""
    kept = Kept({}, {})
    for begin in range(0, len(asked), AT_ONCE):
        group = asked[begin : begin + AT_ONCE]
        for item, answer in zip(group, connections.read_each(EXCHANGE_ONLINE, [i.cmdlet for i in group]), strict=True):
            try:
                if isinstance(answer, HybridError):
                    raise answer
                shown = answer.objects[0] if answer.objects else {}
                kept.paths[item.key] = _write(folder, item, shown, now())
            except HybridError as error:
                kept.errors[item.key] = _not_kept(item, error)
    return kept


def _write(folder: Folder, item: Asked, shown: Properties, now: datetime.datetime) -> str:
    guid = _values.told_guid(shown.get(item.own))
    name = item.name if guid == _values.ZERO_GUID else f"{item.name}.{guid}"
    path = folder.at(ROOM, f"{name}.json")
    try:
        folder.memory.make_folder(folder.path)
        folder.memory.make_folder(folder.at(ROOM), private=True)
        folder.memory.write(path, documents.text_of(documents.sealed(_content(item, shown, now)), indent=1) + "\n")
    except OSError as error:
        where = folder.memory.describe(path)
        raise unwritable_directory("directory", where, "the report of a completed move", error) from error
    return folder.memory.describe(path)


def _content(item: Asked, shown: Properties, now: datetime.datetime) -> dict[str, Any]:
    values: dict[str, Any] = {}
    left_out: dict[str, int] = {}
    for name, value in shown.items():
        values[name], missing = shortened(plain(value))
        if missing:
            left_out[name] = missing
    return {
        "version": VERSION,
        "kept_at": _values.utc_time(now),
        "identity": item.identity,
        "cmdlet": item.cmdlet.name,
        "shown": values,
        "left_out": left_out,
    }


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    return str(value)


def shortened(value: Any) -> tuple[Any, int]:
    """Return a value, or of a very long one its beginning and end as a text, and how many characters are missing."""
    text = value if isinstance(value, str) else documents.text_of(value, indent=1)
    missing = len(text) - MOST
    if missing <= 0:
        return value, 0
    return f"{text[:BEGINNING]}\n[{missing} characters were left out here]\n{text[BEGINNING - MOST :]}", missing


def _not_kept(item: Asked, error: HybridError) -> MailboxError:
    return MailboxError(
        f"the report of its move cannot be kept, so nothing was removed: {error.message}",
        code="report_not_kept",
        cmdlet=item.cmdlet.name,
        retryable=error.retryable,
        remedy=error.remedy or "Run again. Without the option directory no report is kept.",
    )
