# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What execution environments get is pinned, hashed, and at least what the collection asks for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.tools.ee_constraints import KERBEROS, ROOT, WHEELS, Release, platforms, releases, written

LINE = re.compile(r"(?P<requirement>[^\\\n]+?)(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")


def pinned(text: str) -> list[Requirement]:
    """Return the requirements of a constraints file, all of whose lines are read."""
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    assert LINE.sub("", body) == "", "each line has a release and hashes"
    return [Requirement(found["requirement"]) for found in LINE.finditer(body)]


def test_what_is_asked_for_is_pinned_with_hashes() -> None:
    known = [item for path in (WHEELS, KERBEROS) for item in pinned(path.read_text(encoding="utf-8"))]
    asked = [
        line
        for line in (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8").splitlines()
        if line[0] != "#"
    ]
    for line in asked:
        wanted = Requirement(line)
        (release,) = [item for item in known if item.name == wanted.name]
        (version,) = [item.version for item in release.specifier]
        assert version in wanted.specifier, line
    assert {"gssapi", "krb5", "pykerberos"} <= {item.name for item in pinned(KERBEROS.read_text(encoding="utf-8"))}


def test_no_host_is_in_the_files() -> None:
    for path in (WHEELS, KERBEROS):
        assert "://" not in path.read_text(encoding="utf-8")


def report(*items: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "install": [
            {
                "metadata": {"name": name, "version": version},
                "download_info": {"archive_info": {"hashes": {"sha256": digest}}},
            }
            for name, version, digest in items
        ]
    }


def test_a_report_of_pip_is_read() -> None:
    told = report(("PyJWT", "2.15.1", "a"), ("typing_extensions", "4.16.0", "b"))
    assert list(releases(told)) == [(Release("pyjwt", "2.15.1"), "a"), (Release("typing-extensions", "4.16.0"), "b")]


def test_a_release_that_not_every_python_gets_has_a_marker() -> None:
    found = {
        Release("b", "1"): {"3.9": {"22"}, "3.10": {"11"}},
        Release("a", "1"): {"3.9": {"33"}},
        Release("a", "2"): {"3.10": {"44"}},
    }
    assert written(found, ["3.9", "3.10"], "# head\n").splitlines() == [
        "# head",
        'a==1 ; python_version == "3.9" \\',
        "    --hash=sha256:33",
        'a==2 ; python_version == "3.10" \\',
        "    --hash=sha256:44",
        "b==1 \\",
        "    --hash=sha256:11 \\",
        "    --hash=sha256:22",
    ]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_pip_is_asked_for_the_wheels_of_another_machine(machine: str) -> None:
    options = platforms(machine, "3.12")
    assert f"--platform=manylinux_2_28_{machine}" in options
    assert {"--python-version=3.12", "--implementation=cp"} <= set(options)
