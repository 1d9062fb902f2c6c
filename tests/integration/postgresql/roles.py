# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles, the database and the grants that docs/memory.md gives people to paste."""

from __future__ import annotations

import re

from tests.integration.harness import ROOT


def blocks() -> list[str]:
    """Return the page's SQL: roles and database, then grants."""
    page = (ROOT / "docs" / "memory.md").read_text(encoding="utf-8")
    found = re.findall(r"^ *```sql\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)
    assert len(found) == 2
    return found


def paste(url: str, statements: str) -> None:
    """Run statements as psql would."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements.split(";"):
            if statement.strip():
                connection.execute(statement)
