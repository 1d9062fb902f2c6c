# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives the collection its next version wherever a file names it: ``make release-notes VERSION=1.0.0``.

The fragments become the notes of that version then, by antsibull-changelog.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+)")
# Each place with the version in it, as a pattern of which the middle is replaced.
PLACES = {
    "galaxy.yml": r"(^version: )(\S+)($)",
    "docs/execution-environments.md": r"(mailops-exchange_hybrid-)([\d.]+)(\.tar\.gz)",
}


def number(release: str) -> tuple[int, ...]:
    found = RELEASE.fullmatch(release)
    if found is None:
        raise ValueError(f"{release or 'nothing'} is not a version: three numbers, as in VERSION=1.0.0")
    return tuple(int(part) for part in found.groups())


def version(root: Path = ROOT) -> str:
    """Return the version that the collection has."""
    found = re.search(PLACES["galaxy.yml"], (root / "galaxy.yml").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError("galaxy.yml has no version")
    return found[2]


def next_version(root: Path = ROOT) -> str:
    """Return the version of the next release, which a new module has been in since: a fragment with the name of a later
    version has its summary; without one, it is the next minor release.
    """
    now = number(version(root))
    fragments = (root / "changelogs" / "fragments").glob("*.yml")
    planned = [path.stem for path in fragments if RELEASE.fullmatch(path.stem) and number(path.stem) > now]
    return max(planned, key=number, default=f"{now[0]}.{now[1] + 1}.0")


def become(release: str, root: Path = ROOT) -> None:
    """Write the next version into every file that names it. The same one again changes nothing."""
    if number(release) < number(version(root)):
        raise ValueError(f"{release} is older than {version(root)}, the version that the collection has")
    for name, pattern in PLACES.items():
        text = (root / name).read_text(encoding="utf-8")
        written, times = re.subn(pattern, rf"\g<1>{release}\g<3>", text, flags=re.MULTILINE)
        if not times:
            raise ValueError(f"{name} names no version")
        (root / name).write_text(written, encoding="utf-8")


if __name__ == "__main__":
    try:
        become(sys.argv[1])
    except ValueError as error:
        sys.exit(str(error))
