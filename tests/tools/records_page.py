# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the table of fields as docs/records.md: ``python tests/tools/records_page.py > docs/records.md``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.fields import Field

HEAD = """# What a mailbox's record holds

Written by `tests/tools/records_page.py` from `plugins/module_utils/_wave/fields.py`; change it there.

A record is one mailbox of a wave: an item of `mailboxes`, of the JSON file `mailboxes_file`, or a line of a CSV. Each
module reads the fields that it owns, leaves the others alone, and hands the record on with what it learned. Keys that
are not listed here belong to you; no module reads them.
"""
GIVEN = """
## Columns of a CSV

These fields can be given, as a column of the CSV, in a record, and as an option of the modules named last, where they
hold for every mailbox whose record says nothing. Cells of a list hold their items separated by semicolons.

| field | type | what it is | option of |
|---|---|---|---|
"""
READ = """
## Read from Exchange

Modules add these fields to a record; a CSV cannot hold them. A playbook may give those that are options, too.

| field | type | what it is | option of |
|---|---|---|---|
"""
FOUND = """
## Found out by a run

Only the tasks of the run that found them out believe these fields. M(wave_file) leaves them out of a wave that is
given as a list or a file.

| field | type | what it is |
|---|---|---|
"""


def page(table: Mapping[str, Field]) -> str:
    """Return the whole page."""
    parts = [HEAD]
    for source, head in ((fields.GIVEN, GIVEN), (fields.READ, READ), (fields.FOUND_OUT, FOUND)):
        of_source = {name: field for name, field in table.items() if field.source == source}
        rows = (_cells(name, field)[: head.rstrip().count("|---")] for name, field in of_source.items())
        parts.append(head.replace("M(wave_file)", "`wave_file`") + "".join(f"| {' | '.join(row)} |\n" for row in rows))
    return "".join(parts)


def _cells(name: str, field: Field) -> list[str]:
    choices = ", ".join(f"`{choice}`" for choice in field.choices)
    text = re.sub(r"C\(([^)]*)\)", r"`\1`", field.text) + (f" One of {choices}." if choices else "")
    return [f"`{name}`", fields.type_name(name), text, ", ".join(f"`{module}`" for module in field.options_of.split())]


if __name__ == "__main__":
    print(page(fields.TABLE), end="")
