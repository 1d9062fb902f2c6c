# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the pinned, hashed constraints of execution environments: ``make constraints``.

pip itself resolves what the collection needs, for each supported Python on this machine, and tells the hash of every
file that it would install. A release that only some of the Pythons get has a marker. Nothing is installed.

    meta/ee-constraints.txt            wheels: what requirements.txt and requirements-postgresql.txt need
    meta/ee-constraints-kerberos.txt   what Kerberos adds, which is compiled while the image is built
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from tests.tools import interpreters

ROOT = Path(__file__).resolve().parents[2]
WHEELS, KERBEROS = ROOT / "meta" / "ee-constraints.txt", ROOT / "meta" / "ee-constraints-kerberos.txt"
HEAD = """\
# Written by make constraints: the releases that an execution environment gets, each with the hashes of its files.
# {what}
"""
TEXTS = {
    WHEELS: "pip install --require-hashes --only-binary :all: -r ee-constraints.txt",
    KERBEROS: "pip install --require-hashes -r ee-constraints.txt -r ee-constraints-kerberos.txt",
}
_ALL_WHEELS, _ALL = ("-r", "requirements-postgresql.txt"), ("-r", "meta/ee-requirements.txt")
# The machines on which execution environments run; a wheel for none in particular is the same for all.
PLATFORMS = ("x86_64", "aarch64")
GLIBC = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")


class Release(NamedTuple):
    name: str
    version: str


# The hashes of a release's files, by the Python (3.12) that gets it.
Found = dict[Release, dict[str, set[str]]]


def releases(report: Mapping[str, Any]) -> Iterable[tuple[Release, str]]:
    """Yield what pip would install, and the SHA-256 of the file that it would take."""
    for item in report["install"]:
        known = item["metadata"]
        archive = item["download_info"]["archive_info"]
        yield Release(known["name"].lower().replace("_", "-"), known["version"]), archive["hashes"]["sha256"]


def resolve(python: Path, *arguments: str) -> Mapping[str, Any]:
    """Return pip's report of an installation that it only simulates."""
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--dry-run", "--ignore-installed"]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        subprocess.run([*command, "--quiet", "--report", str(target), *arguments], check=True, cwd=ROOT)
        report: Mapping[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return report


def platforms(machine: str, version: str) -> list[str]:
    """Return the options that make pip resolve for a machine other than this one."""
    wanted = [f"--platform={libc}_{machine}" for libc in GLIBC]
    return [*wanted, f"--python-version={version}", "--implementation=cp", "--target=unused"]


def collect(pythons: Mapping[str, Path]) -> tuple[Found, Found]:
    """Return the wheels, and what Kerberos adds to them, for these Pythons."""
    wheels: Found = defaultdict(lambda: defaultdict(set))
    kerberos: Found = defaultdict(lambda: defaultdict(set))
    # Most of the time pip waits for the index.
    with ThreadPoolExecutor(2 * len(pythons)) as pool:
        asked = [
            (version, pool.submit(resolve, python, "--only-binary=:all:", *platforms(machine, version), *_ALL_WHEELS))
            for version, python in pythons.items()
            for machine in PLATFORMS
        ]
        built = [(version, pool.submit(resolve, python, *_ALL)) for version, python in pythons.items()]
        for version, answer in asked:
            for release, digest in releases(answer.result()):
                wheels[release][version].add(digest)
        for version, answer in built:
            for release, digest in releases(answer.result()):
                if release not in wheels:
                    kerberos[release][version].add(digest)
    return wheels, kerberos


def written(found: Found, pythons: Iterable[str], head: str) -> str:
    """Return the lines of a file: one for each release, with a marker where not every Python gets it."""
    every = set(pythons)
    lines = [head]
    for release in sorted(found):
        by_python = found[release]
        hashes = sorted(set().union(*by_python.values()))
        wanted = " or ".join(f'python_version == "{version}"' for version in sorted(by_python, key=_number))
        marker = "" if set(by_python) == every else f" ; {wanted}"
        told = "".join(f" \\\n    --hash=sha256:{digest}" for digest in hashes)
        lines.append(f"{release.name}=={release.version}{marker}{told}\n")
    return "".join(lines)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def main() -> None:
    known = {version: interpreters.find(version, os.environ) for version in interpreters.SUPPORTED}
    pythons = {version: python for version, python in known.items() if python is not None}
    for path, found in zip((WHEELS, KERBEROS), collect(pythons), strict=True):
        path.write_text(written(found, pythons, HEAD.format(what=TEXTS[path])), encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {len(found)} releases for Python {', '.join(pythons)}")


if __name__ == "__main__":
    main()
