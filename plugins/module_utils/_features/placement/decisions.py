# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What was decided about the databases of mailboxes, kept in the folder of their waves.

    {"version": 1, "checksum",
     "mailboxes": {exchange_guid: {"identity", "database", "size", "arrived", "decided_at"}}}

``size`` is in bytes, None where it was not known. All waves of a folder share one document, so that each sees what the
others have on its way. It is replaced only where it still is what was read: of two that decide at once, one decides
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import (
    refusal,
    unwritable_directory,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder

VERSION = 1
NAME = "target_databases.json"


class Decision(TypedDict):
    """What was decided of a mailbox; nothing of it is on its way any more where it has ``arrived``."""

    identity: str
    database: str
    size: int | None
    arrived: bool
    decided_at: str


Decisions = Mapping[str, Decision]


def settled(folder: Folder, decide: Callable[[Decisions], Decisions], *, check: bool) -> Decisions:
    """Return what ``decide`` makes of what was decided, and keep it; it may be asked again, of what is there then.

    With ``check`` nothing is kept. Raises InputError.
    """
    while True:
        text, known = load(folder)
        decided = decide(known)
        if check or decided == known or _kept(folder, text, decided):
            return decided


def load(folder: Folder) -> tuple[str | None, Decisions]:
    """Return the document's text, None where there is none yet, and what it says. Raises InputError."""
    try:
        found = folder.memory.read(folder.at(NAME))
        if found is None:
            return None, {}
        data = documents.parsed(found.text)
    except OSError as error:
        raise refusal(
            "directory",
            folder.describe(NAME),
            "holds decisions on databases that cannot be read",
            error,
            remedy=_RESTORE,
            code="unreadable_file",
        ) from error
    if not _is_whole(data):
        problem = "was changed by hand, or by another version"
        raise InputError("directory", folder.describe(NAME), problem, _RESTORE, "unreadable_file")
    return found.text, cast(Decisions, data["mailboxes"])


def _is_whole(data: Any) -> bool:
    """Tell whether this is a document of ours: somebody who changes one can give it a checksum, too."""
    if not isinstance(data, dict) or data.get("version") != VERSION or not documents.is_as_written(data):
        return False
    mailboxes = data.get("mailboxes")
    return isinstance(mailboxes, dict) and all(map(_is_decision, mailboxes.values()))


def _is_decision(entry: Any) -> bool:
    if not isinstance(entry, dict) or set(entry) != set(Decision.__annotations__):
        return False
    size = entry["size"]
    sized = size is None or (isinstance(size, int) and not isinstance(size, bool) and size >= 0)
    texts = all(isinstance(entry[name], str) for name in ("identity", "database", "decided_at"))
    return sized and texts and isinstance(entry["arrived"], bool)


_RESTORE = "Restore it from backup, or remove it: mailboxes that were not submitted yet are then decided upon again."


def _kept(folder: Folder, text: str | None, decided: Decisions) -> bool:
    content = documents.sealed({"version": VERSION, "mailboxes": dict(sorted(decided.items()))})
    try:
        folder.memory.make_folder(folder.path)
        return folder.memory.swap(folder.at(NAME), text, documents.text_of(content, indent=1) + "\n")
    except OSError as error:
        where = folder.describe(NAME)
        raise unwritable_directory("directory", where, "the decisions on databases", error) from error
