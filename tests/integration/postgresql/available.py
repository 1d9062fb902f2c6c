# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this machine can run a PostgreSQL server, and what to say where it cannot."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

# Debian: postgresql. Its server's programs are not on PATH.
PROGRAMS = ("initdb", "pg_ctl", "postgres")
DEBIAN = Path("/usr/lib/postgresql")
ACCOUNTS = ("postgres", "nobody")


def folder(debian: Path = DEBIAN, search: str | None = None) -> Path | None:
    """Return where the server's programs are; Debian's newest release first."""
    releases = sorted(debian.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("pg_ctl", path=search)
    places = [*releases, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((place for place in places if all((place / name).is_file() for name in PROGRAMS)), None)


def account() -> str | None:
    """Return as whom the server runs; it refuses to run as root."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid()).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ACCOUNTS if name in known), None)


def pooler(search: str = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin") -> str | None:
    """Return where PgBouncer is; Debian has it where only root looks."""
    return shutil.which("pgbouncer", path=search)


def not_installed() -> list[str]:
    """Return which parts of PostgreSQL are not here."""
    here = {"postgresql": folder() and account(), "pgbouncer": pooler()}
    return [name for name, found in here.items() if not found]


def missing() -> list[str]:
    """Return what the tests need and this machine lacks."""
    lacking = not_installed()
    try:
        import psycopg  # noqa: F401
    except ImportError:
        lacking.append("psycopg")
    return lacking


def must_run() -> bool:
    """Tell whether leaving these tests out is a failure: in continuous integration it is."""
    return os.environ.get("CI", "").lower() == "true"


def explanation(lacking: list[str]) -> str:
    return (
        f"The tests against a real PostgreSQL cannot run here: {', '.join(lacking)} missing. "
        "On Debian, as root: bash tests/tools/postgresql.sh; then: make test."
    )


if __name__ == "__main__":
    # For tests/tools/postgresql.sh: one word for each part that is to be installed, nothing where all are here.
    print(*not_installed())
