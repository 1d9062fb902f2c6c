# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the failure catalogue as docs/failures.md: ``python tests/tools/failure_page.py > docs/failures.md``."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import CATALOGUE, Failure

HEAD = """# What Exchange says, and what to do

Written by `tests/tools/failure_page.py` from `plugins/module_utils/_error_catalogue.py`; change it there. The first
entry that fits wins. *Side* is where the cause lies: in an offboarding the source is Exchange Online and the target
your own Exchange. *Transient* means that a retry helps, *permanent* that its cause has to be mended first,
*needs_a_human* that somebody has to decide. A class that is not listed is judged by its name: `*Transient*` or
`*Permanent*`.

| code | fits | side | kind | what to do | source |
|---|---|---|---|---|---|
"""


def page(failures: Iterable[Failure]) -> str:
    """Return the whole page."""
    return HEAD + "".join(f"| {' | '.join(_cells(failure))} |\n" for failure in failures)


def _cells(failure: Failure) -> list[str]:
    fits = [f"class `{failure.exception}`"] if failure.exception else []
    fits += [f"id `{failure.identifier}`"] if failure.identifier else []
    fits += [f"text `{failure.text}`"] if failure.text else []
    cells = [f"`{failure.code}`", " and ".join(fits), failure.side, failure.category, failure.remedy, failure.source]
    return [cell.replace("|", "\\|") for cell in cells]


if __name__ == "__main__":
    print(page(CATALOGUE), end="")
