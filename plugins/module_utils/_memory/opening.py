# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Which memory an address names."""

from __future__ import annotations

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory, MemoryFault
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory


def open_memory(address: str | None, option: str = "memory") -> Memory:
    """Return the files for no address, the database for one; InputError, naming ``option``, for what is neither."""
    if not address:
        return FileMemory()
    try:
        return PostgreSQLMemory(address)
    except MemoryFault as fault:
        # Not shown: there may be a password in it.
        raise InputError(option, None, f"cannot be used ({fault.strerror})", fault.remedy, "unusable_memory") from None


def refuse_path(memory: Memory, option: str, path: str) -> None:
    """Refuse a path of the disk where a memory has names, so that nothing is looked for where no run has put it."""
    if path.startswith("/") and not isinstance(memory, FileMemory):
        raise InputError(
            option,
            path,
            "is a path, and the memory is a database",
            "Set a name, such as offboarding. Runs with the same name in the same database work together.",
            "path_in_database",
        )
