# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module that ``make new-module`` begins works, is clean, and has a test that passes; all in a copy."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.tools import new_module, pages, release
from tests.unit.plugins.modules import test_documentation

# Long enough to break a line that was written for shorter ones.
NAME = "mailbox_regional_configuration"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what the generator reads and writes, with the new module in it."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(pages.ROOT / "plugins/modules", root / "plugins/modules")
    for page in (*pages.PAGES, "galaxy.yml", "pyproject.toml"):
        (root / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pages.ROOT / page, root / page)
    # By these ruff knows which packages are the project's own.
    (root / "lab").symlink_to(pages.ROOT / "lab")
    shared = "tests/unit/plugins/module_utils/lab_in_process.py"
    (root / shared).parent.mkdir(parents=True)
    shutil.copy(pages.ROOT / shared, root / shared)
    written = new_module.write(root, NAME)
    assert written == [*(path.format(name=NAME) for path in new_module.TEXTS), "docs/reference.md", "meta/runtime.yml"]
    return root


@pytest.fixture
def generated(copy: Path) -> Iterator[ModuleType]:
    """Return the new module; for one test, it and its feature are modules of the collection."""
    loaded = []
    for path in (text for text in new_module.TEXTS if text.startswith("plugins/")):
        place = path.format(name=NAME).removesuffix(".py").removesuffix("/__init__")
        name = ".".join(("ansible_collections.mailops.exchange_hybrid", *place.split("/")))
        spec = importlib.util.spec_from_file_location(name, copy / path.format(name=NAME))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
        loaded.append(sys.modules[name])
    yield loaded[-1]
    for module in loaded:
        del sys.modules[module.__name__]


def test_its_own_test_passes(generated: ModuleType, copy: Path) -> None:
    path = copy / new_module.TEST.format(name=NAME)
    alone = ["-p", "no:cacheprovider", "-p", "no:xdist", "--noconftest", "-c", "/dev/null"]
    assert pytest.main(["-q", *alone, str(path)]) == 0, generated


def test_it_is_documented_as_it_is(generated: ModuleType, copy: Path) -> None:
    documented = yaml.safe_load(generated.DOCUMENTATION)
    assert (documented["module"], documented["version_added"]) == (NAME, release.next_version(copy))
    for check in (
        test_documentation.test_argument_spec_and_documentation_agree,
        test_documentation.test_per_mailbox_options_have_no_default_and_are_known_keys,
        test_documentation.test_return_values_document_the_common_keys,
    ):
        check(NAME)
    row = f"| `{NAME}` | manages mailbox regional configuration of on-premises mailboxes |"
    assert row in (copy / "docs" / "reference.md").read_text("utf-8")
    groups = yaml.safe_load((copy / "meta/runtime.yml").read_text("utf-8"))["action_groups"]
    assert [group for group, names in groups.items() if NAME in names] == ["exchange_server", "journal", "memory"]


def test_it_is_clean(copy: Path) -> None:
    files = [str(copy / path.format(name=NAME)) for path in new_module.TEXTS]
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", *files]
    told = subprocess.run(ruff, cwd=copy, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is no name of a module"),
        ("Mailbox-Forwarding", "is no name of a module"),
        ("class", "is no name of a module"),
        ("mailbox", "is taken (plugins/modules/mailbox.py"),
        ("mailbox_quota_info", "says that the module only reads"),
        ("smtp_match", "is taken (plugins/modules/smtp_match.py, "),
        ("offboarding", "is taken (plugins/module_utils/_features/offboarding)"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, words: str) -> None:
    assert words in new_module.problem(pages.ROOT, name)


def test_a_free_name_is_taken() -> None:
    assert new_module.problem(pages.ROOT, NAME) == ""
