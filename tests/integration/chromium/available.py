# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this machine has Debian's Chromium with its driver, and what to say where it has not."""

from __future__ import annotations

import os
import shutil

# Debian: chromium, chromium-driver.
PROGRAMS = ("chromium", "chromedriver")


def program(name: str) -> str:
    """Return the path of a program. Raises LookupError."""
    path = shutil.which(name)
    if path is None:
        raise LookupError(f"{name} is not installed")
    return path


def missing() -> list[str]:
    """Return the programs that the tests of the HTML report need and this machine lacks."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def must_run() -> bool:
    """Tell whether leaving these tests out is a failure: in continuous integration it is."""
    return os.environ.get("CI", "").lower() == "true"


def explanation(lacking: list[str]) -> str:
    return (
        f"The tests of the HTML report in a browser cannot run here: {', '.join(lacking)} missing. "
        "On Debian, as root: bash tests/tools/chromium.sh; then: make test."
    )
