# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What is said where a memory fails: option, path, why, and what to do about it."""

from __future__ import annotations

import errno

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault

_NAME_TOO_LONG = "Use a shorter path."
_OPEN_FILES = "Increase the number of files that may be open (ulimit -n), or decrease the number of sessions."
# What helps against the cause, whatever was to be written or read.
_REMEDIES = {
    errno.ENOSPC: "Free some space on the disk, and run again.",
    errno.EDQUOT: "Free some space, or increase the disk quota of this account, and run again.",
    errno.EFBIG: "Increase the largest size that this account may give a file (ulimit -f), and run again.",
    errno.EROFS: "The file system is mounted for reading only: mount it for writing, or use another one.",
    errno.EIO: "The disk or its connection is faulty: repair it, or use another one, and run again.",
    errno.ENAMETOOLONG: _NAME_TOO_LONG,
    errno.EMFILE: _OPEN_FILES,
    errno.ENFILE: _OPEN_FILES,
}


def refusal(
    option: str, where: str, problem: str, error: Exception, *, remedy: str, code: str, more: str = ""
) -> InputError:
    """Return what is said of ``where``, which ``option`` names; ``problem`` is what cannot be done, as a verb.

    ``remedy`` is for causes that have none of their own; ``more`` is what else people have to know.
    """
    known = error.remedy if isinstance(error, MemoryFault) else _REMEDIES.get(getattr(error, "errno", None) or 0)
    told = InputError(option, where, f"{problem} ({reason(error)})", f"{known or remedy} {more}".rstrip(), code)
    told.retryable = isinstance(error, MemoryFault) and error.retryable
    return told


def unwritable_directory(
    option: str, where: str, what: str, error: Exception, *, remedy: str = "", more: str = ""
) -> InputError:
    """Return that a directory, or a place in it, cannot take ``what`` a run has to keep there."""
    return refusal(
        option,
        where,
        f"cannot take {what}",
        error,
        remedy=remedy or "Use a directory that this account owns or can write to, and that outlives the run.",
        code="unwritable_directory",
        more=more,
    )


def reason(error: Exception) -> str:
    """Return why a memory failed, or why what it gave is not what was expected, without the number of the error."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeError):
        return "it is not UTF-8"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)
