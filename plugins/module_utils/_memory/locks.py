# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Locks by which runs with the same folder keep each other out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import unwritable_directory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder

WITHOUT_END = float("inf")


@contextlib.contextmanager
def locked(
    folder: Folder,
    name: str,
    option: str = "directory",
    *,
    shared: bool = False,
    patience: float = 0.0,
    sleep: Callable[[float], None] | None = None,
) -> Iterator[bool]:
    """Hold a lock of a folder, which is made where there is none; InputError, naming ``option``, where that fails."""
    with contextlib.ExitStack() as stack:
        try:
            folder.memory.make_folder(folder.path)
            lock = folder.memory.lock(folder.at(name), shared=shared, patience=patience, sleep=sleep)
            had = stack.enter_context(lock)
        except OSError as error:
            raise unwritable_directory(
                option,
                folder.describe(name),
                "the lock by which runs keep each other out",
                error,
                more="If the file is a link or a pipe, remove it while no run uses the directory.",
            ) from error
        yield had
