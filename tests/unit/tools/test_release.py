# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The next version stands wherever a file names the version, and is a later one."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.tools import release


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in release.PLACES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(release.ROOT / name, tmp_path / name)
    return tmp_path


def named(root: Path) -> set[str]:
    texts = {name: (root / name).read_text(encoding="utf-8") for name in release.PLACES}
    return {found[2] for name, text in texts.items() for found in re.finditer(release.PLACES[name], text, re.MULTILINE)}


def test_every_file_that_names_the_version_names_the_same_one() -> None:
    assert named(release.ROOT) == {release.version()}


def test_the_next_version_is_written_everywhere_and_once(copy: Path) -> None:
    release.become("97.4.12", copy)
    assert named(copy) == {"97.4.12"}
    before = {name: (copy / name).read_bytes() for name in release.PLACES}
    release.become("97.4.12", copy)
    assert {name: (copy / name).read_bytes() for name in release.PLACES} == before


def test_what_is_new_has_the_version_of_the_summary_or_of_the_next_minor_release(copy: Path) -> None:
    release.become("97.4.12", copy)
    assert release.next_version(copy) == "97.5.0"
    fragments = copy / "changelogs" / "fragments"
    fragments.mkdir(parents=True)
    for name in ("97.4.13.yml", "98.0.0.yml", "97.4.12.yml", "a-change.yml"):
        (fragments / name).touch()
    assert release.next_version(copy) == "98.0.0"


def test_every_module_and_plugin_says_which_release_has_brought_it() -> None:
    """What is in the changelog, or a version that is not released yet."""
    known = yaml.safe_load((release.ROOT / "changelogs/changelog.yaml").read_text(encoding="utf-8"))["releases"]
    told = {
        entry["name"]: said
        for said, released in known.items()
        for entry in (*released.get("modules", ()), *itertools.chain(*released.get("plugins", {}).values()))
    }
    added: dict[str, str] = {}
    for folder in ("modules", "inventory", "filter"):
        for path in (release.ROOT / "plugins" / folder).glob("[a-z]*.py"):
            found = re.search(r"^(?:    )?version_added: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert found, path
            added[path.stem] = found[1]
    assert set(told) <= set(added)
    now = release.number(release.version())
    wrong = {name: said for name, said in added.items() if told.get(name, said) != said
             or (name not in told and release.number(said) <= now)}
    assert wrong == {}


@pytest.mark.parametrize("wrong", ["", "v1.0.0", "1.0", "1.0.0-rc1", "0.0.9"])
def test_what_is_no_later_version_is_refused_and_nothing_is_written(wrong: str, copy: Path) -> None:
    before = named(copy)
    with pytest.raises(ValueError, match="is not a version" if wrong != "0.0.9" else "is older than"):
        release.become(wrong, copy)
    assert named(copy) == before
