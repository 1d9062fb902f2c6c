# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that are full, broken or not to be written to: an operating system, and a memory of which a part is so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Document, Lines


class System:
    """The operating system, but for calls that fail; each is told with what it was given."""

    def __init__(self, **failing: int) -> None:
        self.failing = failing
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        def called(*given: Any, **more: Any) -> Any:
            self.calls.append((name, given))
            if name in self.failing:
                raise OSError(self.failing[name], os.strerror(self.failing[name]))
            return getattr(os, name)(*given, **more)

        return called


class Failing(FileMemory):
    """Files of which those fail whose paths have a part in them, as soon as the disk is ``broken``."""

    def __init__(self, part: str, number: int, *methods: str, broken: bool = True) -> None:
        super().__init__()
        self.part, self.number, self.methods, self.broken = part, number, methods, broken

    def _fail(self, method: str, path: str) -> None:
        if self.broken and method in self.methods and self.part in path:
            raise OSError(self.number, os.strerror(self.number))

    def read(self, path: str) -> Document | None:
        self._fail("read", path)
        return super().read(path)

    def paths(self, folder: str, pattern: str) -> list[str]:
        self._fail("paths", folder)
        return super().paths(folder, pattern)

    def write(self, path: str, text: str) -> None:
        self._fail("write", path)
        super().write(path, text)

    def create(self, path: str, text: str) -> bool:
        self._fail("create", path)
        return super().create(path, text)

    def remove(self, path: str) -> None:
        self._fail("remove", path)
        super().remove(path)

    def lines(self, path: str) -> Iterator[str]:
        self._fail("lines", path)
        return super().lines(path)

    def appended(self, path: str) -> Lines:
        self._fail("appended", path)
        return super().appended(path)
