# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Writing the report: one file, mode 0600, whole or not at all, and only where it says something else than before."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import (
    document,
    page,
    page_data,
    wording,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.document import (
    Document,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.markup import (
    read_data_block,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.sources import Given
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files


@dataclass(frozen=True)
class Written:
    """What came of it; ``before`` and ``after`` are the outlines of the old and the new report."""

    document: Document
    changed: bool
    size: int
    before: str
    after: str


def write(path: str, given: Given, now: datetime.datetime, check: bool) -> Written:
    """Write the report unless the file says the same already, apart from the time when it was made.

    Without a path there is no page, and the document alone is made.
    """
    made = document.build(given, now)
    if not path:
        return Written(made, changed=False, size=0, before="", after="")
    text = page.render(made)
    old = _read(path)
    changed = not _same(old, given)
    if changed and not check:
        try:
            # A page is a file of people, wherever the run remembers.
            FileMemory().write(path, text)
        except OSError as error:
            raise wave_files.unwritable("path", path, error) from error
    shown = text if changed else old
    outlines = [_outline(item) for item in (old, shown)]
    return Written(made, changed, len(shown.encode()), *outlines)


def _same(old: str, given: Given) -> bool:
    """Tell whether a page is what these files would have given at the time when it was made."""
    when = wording.moment(page.made_at(old))
    return when is not None and page.render(document.build(given, when)) == old


def _outline(text: str) -> str:
    return "".join(f"{line}\n" for line in page_data.outline(read_data_block(text, page.DATA)))


def _read(path: str) -> str:
    """Return the old page, empty where there is none or it is no text."""
    try:
        found = FileMemory().read(path)
    except OSError:
        return ""
    return found.text if found else ""
