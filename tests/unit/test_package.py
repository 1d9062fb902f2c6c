# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the package as a whole: its lists agree with its files, and its files keep the house rules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests import sources

ROOT = Path(__file__).resolve().parents[2]
# REUSE-IgnoreStart
HEADER = (
    "# Copyright: (c) 2026, the mailops.exchange_hybrid contributors\n"
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)\n"
    "# SPDX-License-Identifier: GPL-3.0-or-later\n"
)
# REUSE-IgnoreEnd
LONGEST_FUNCTION = 60
MACHINE_PATH = re.compile(r"(?<![\w.~:/])/(?:home|root|Users|work)/\w")
TEXT = (".cfg", ".in", ".ini", ".j2", ".json", ".md", ".py", ".rst", ".sh", ".toml", ".txt", ".yaml", ".yml")


def files(*directories: str) -> Iterator[Path]:
    for directory in directories:
        for path in sorted((ROOT / directory).rglob("*")):
            if path.is_file() and not {"__pycache__", "output"} & set(path.parts):
                yield path


def python_files(*directories: str) -> list[Path]:
    return [path for path in files(*directories) if path.suffix == ".py"]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def requirements(name: str) -> dict[str, str]:
    """Return the releases named in a requirements or constraints file, keyed by package without extras."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    matches = (re.fullmatch(r"([\w-]+)(?:\[\w+\])?[>=]=([\d.]+)", line.strip()) for line in lines)
    return {match[1]: match[2] for match in matches if match}


def documentation(module: Path) -> str:
    """Return the text of a module's DOCUMENTATION."""
    for node in sources.tree(module).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            return str(ast.literal_eval(node.value))
    raise LookupError(f"{module.name} has no DOCUMENTATION")


def imports(path: Path) -> set[str]:
    """Return every module that the file imports, wherever the import stands."""
    names: set[str] = set()
    for node in sources.nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_changelog_opens_with_the_version_of_the_collection() -> None:
    version = load("galaxy.yml")["version"]
    releases = load("changelogs/changelog.yaml")["releases"]
    assert max(releases, key=lambda release: tuple(map(int, release.split(".")))) == version
    headings = re.findall(r"^## v(.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0].replace("\\", "") == version


def test_action_groups_list_exactly_the_modules_that_take_the_connection() -> None:
    names = ("active_directory", "entra_connect", "exchange_online", "exchange_server", "journal", "memory")
    taken: dict[str, list[str]] = {name: [] for name in names}
    for path in sorted((ROOT / "plugins/modules").glob("*.py")):
        fragments = yaml.safe_load(documentation(path)).get("extends_documentation_fragment", [])
        for connection, modules in taken.items():
            if f"mailops.exchange_hybrid.{connection}" in fragments:
                modules.append(path.stem)
    assert load("meta/runtime.yml")["action_groups"] == taken


def test_every_module_that_writes_to_a_system_takes_the_journal() -> None:
    writing = []
    for path in sorted((ROOT / "plugins/modules").glob("*.py")):
        fragments = yaml.safe_load(documentation(path)).get("extends_documentation_fragment", [])
        names = {fragment.removeprefix("mailops.exchange_hybrid.") for fragment in fragments}
        if names & {"entra_connect", "exchange_online", "exchange_server"} and "attributes.read_only" not in names:
            writing.append(path.stem)
    assert set(writing) <= set(load("meta/runtime.yml")["action_groups"]["journal"])
    assert "move_request" in writing


def test_oldest_constraints_and_execution_environment_agree_with_the_requirements() -> None:
    lowest = requirements("requirements.txt")
    assert {"azure-identity", "pypsrp", "pywinrm", "requests"} <= set(lowest)
    every = {**lowest, **requirements("requirements-postgresql.txt")}
    assert set(every) - set(lowest) == {"psycopg"}
    assert requirements("tests/constraints-oldest.txt") == every
    assert requirements("meta/ee-requirements.txt") == every
    assert requirements("requirements-kerberos.txt").items() <= lowest.items()


def test_hooks_are_targets_of_the_makefile_and_fetch_nothing() -> None:
    (local,) = load(".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for hook in local["hooks"]:
        make, _space, target = hook["entry"].partition(" ")
        assert (hook["language"], make) == ("system", "make"), hook["id"]
        assert target in targets, hook["id"]
    before_push = {hook["id"] for hook in local["hooks"] if hook.get("stages") == ["pre-push"]}
    assert before_push == {"units"}
    assert {hook["id"] for hook in local["hooks"]} - before_push == {"ruff", "yamllint", "changelog"}


def test_every_python_file_carries_its_licence() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in python_files("lab", "plugins", "tests")}
    assert len(texts) > 10
    # ansible-test wants the __init__ files of plugins to be empty.
    assert [relative(path) for path, text in texts.items() if text and not text.startswith(HEADER)] == []


def test_no_file_names_a_path_of_some_machine() -> None:
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in (*TEXT, "") and path.name != ".git"]
    directories = (".ci", "changelogs", "docs", "lab", "meta", "playbooks", "plugins", "roles", "tests")
    texts = [path for path in files(*directories) if path.suffix in (*TEXT, "")]
    found = [relative(path) for path in (*top, *texts) if MACHINE_PATH.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_lab_and_plugins_do_not_import_each_other() -> None:
    plugins = "ansible_collections.mailops.exchange_hybrid.plugins"
    assert [relative(path) for path in python_files("lab")
            if any(name.startswith(plugins) for name in imports(path))] == []
    assert [relative(path) for path in python_files("plugins")
            if any(name.split(".")[0] == "lab" for name in imports(path))] == []


def test_functions_are_short() -> None:
    long = []
    for path in python_files("lab", "plugins", "tests/tools"):
        for node in sources.nodes(path):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{relative(path)}: {node.name} has {lines} lines")
    assert long == []


def test_no_test_is_skipped_or_sleeps() -> None:
    forbidden = {"time.sleep", "pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.importorskip"}
    found = []
    for path in python_files("tests"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if any(name.rpartition(".")[2] in text for name in forbidden) else ():
            if isinstance(node, ast.Attribute) and ast.unparse(node) in forbidden:
                found.append(f"{relative(path)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []
