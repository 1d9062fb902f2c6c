# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The notes in which a run writes down that it paused directory synchronization, one for each who pauses.

A note is a lease without renewal: it holds others up while its run lives, and where nobody can tell that, for as long
as mail-enabling a wave may take. Its end resumes nothing by itself: what is half made is mended first, by the next run
or by resume_sync.
"""

from __future__ import annotations

import contextlib
import datetime
from dataclasses import asdict, dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import refusal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import Holder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes

NAME = "directory-sync-paused"
LIMIT = datetime.timedelta(hours=2)  # mail-enabling a wave takes minutes
COMMAND = "Set-ADSyncScheduler -SyncCycleEnabled $true"


@dataclass(frozen=True)
class Pause:
    """What a note tells: the name under which ``run`` paused the scheduler of ``server``, and when."""

    holder: str
    run: Holder
    server: str
    paused_at: str

    def as_document(self) -> dict[str, object]:
        return {
            "paused_by": "mailops.exchange_hybrid",
            **({"holder": self.holder} if self.holder else {}),
            "host": self.server,
            "paused_at": self.paused_at,
            "run": self.run.run,
            "owner": asdict(self.run.owner),
        }

    def told(self) -> str:
        """Return what people read whose synchronization is still paused, with the command to type."""
        who = f"run {self.run.run}" if self.run.run else "a run"
        where = f" on {self.server}" if self.server else ""
        return (
            f"directory synchronization is STILL PAUSED{where}, by {who} since {self.paused_at or 'an unknown time'}. "
            "Run the playbook resume_sync, which repairs what is half made first. By hand, once no user is half made: "
            f"{COMMAND}"
        )


def note_of(folder: Folder, holder: str) -> str:
    """Return the path of a holder's note; a run that shares its directory with nobody has no name."""
    return folder.at(f"{NAME}.{holder}.json" if holder else f"{NAME}.json")


def notes(folder: Folder) -> list[str]:
    """Return the paths of all notes in a folder, none where there is no such folder; InputError where that fails."""
    try:
        return folder.memory.paths(folder.path, f"{NAME}*.json")
    except OSError as error:
        raise refusal(
            "directory",
            folder.describe(),
            "is where runs say that they paused directory synchronization, and cannot be read",
            error,
            remedy="Use a directory that this account can read.",
            code="unreadable_file",
        ) from error


def read(folder: Folder, path: str) -> Pause:
    """Return what a note tells; of one that is damaged nothing is known but that somebody paused."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        note = documents.load(folder.memory, path)
        # The first form had no checksum.
        if documents.CHECKSUM not in note or documents.is_as_written(note):
            _values.parse_time(note["paused_at"])
            told = {**asdict(Owner()), **(note.get("owner") or {})}
            owner = Owner(str(told["host"]), str(told["place"]), int(told["pid"]), str(told["started"]))
            return Pause(
                str(note.get("holder") or ""),
                Holder(str(note.get("run") or ""), owner),
                str(note.get("host") or ""),
                str(note["paused_at"]),
            )
    return Pause("", Holder("", Owner()), "", "")


def is_held(folder: Folder, pause: Pause, processes: Processes) -> bool:
    """Tell whether the run of a pause goes on: as long as its process, or for as long as a pause may take.

    A time that lies ahead was written by another clock, and holds nobody up.
    """
    gone = processes.is_gone(pause.run.owner)
    if gone is not None:
        return not gone
    paused_at = _values.parse_time(pause.paused_at)
    return paused_at is not None and datetime.timedelta() <= folder.memory.now() - paused_at < LIMIT


def left_over(folder: Folder, holder: str, own: Owner, processes: Processes) -> list[str]:
    """Return what people read of the pauses that nobody is going to end: those of dead runs, and one's own.

    ``holder`` is the name under which this run pauses, whose process is ``own``.
    """
    found = [read(folder, path) for path in notes(folder)]
    return [
        pause.told()
        for pause in found
        if not is_held(folder, pause, processes)
        or (own.known and pause.run.owner == own and pause.holder == holder)
    ]
