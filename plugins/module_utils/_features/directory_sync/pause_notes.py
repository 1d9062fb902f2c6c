# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The notes in which a run writes down that it paused directory synchronization, one for each who pauses."""

from __future__ import annotations

import glob
import os

NAME = "directory-sync-paused"


def note_of(directory: str, holder: str) -> str:
    """Return the path of a holder's note; a run that shares its directory with nobody has no name."""
    return os.path.join(directory, f"{NAME}.{holder}.json" if holder else f"{NAME}.json")


def notes(directory: str) -> list[str]:
    """Return the paths of all notes in a directory, none where there is no such directory."""
    return sorted(glob.glob(os.path.join(glob.escape(directory), f"{NAME}*.json")))
