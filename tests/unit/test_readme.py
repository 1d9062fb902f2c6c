# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation says what is there: modules, variables, error codes, examples and links."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _hold_kinds
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import (
    CONNECTIONS,
    JOURNAL,
    REMOTE_CREDENTIAL,
)

from tests import sources

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles" / "mailbox_offboarding"
PAGES = sorted(
    [
        *(ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "lab" / "README.md", ROLE / "README.md"),
        *(ROOT / "docs").glob("*.md"),
    ]
)
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
COLLECTION = "mailops.exchange_hybrid."
# The newest state of a file, for pages that are read apart from the repository.
FILES = "https://github.com/mailops/exchange_hybrid/blob/main/"
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def text(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """Return the part of a page below a heading, up to the next one of the same level."""
    level = heading.split()[0]
    _before, found, rest = page.partition(f"\n{heading}\n")
    assert found, f"there is no heading '{heading}'"
    return re.split(rf"^{level} ", rest, flags=re.MULTILINE)[0]


@functools.cache
def documentation(module: str) -> dict[str, Any]:
    """Return a module's DOCUMENTATION with the options of its fragments."""
    result = _assigned(ROOT / "plugins" / "modules" / f"{module}.py", "DOCUMENTATION")
    options = dict(result.get("options", {}))
    for fragment in result.get("extends_documentation_fragment", []):
        name, _dot, variant = fragment.removeprefix(COLLECTION).partition(".")
        path = ROOT / "plugins" / "doc_fragments" / f"{name}.py"
        options.update(_assigned(path, variant.upper() or "DOCUMENTATION").get("options") or {})
    return {**result, "options": options}


@functools.cache
def _assigned(path: Path, name: str) -> dict[str, Any]:
    for node in sources.nodes(path):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            loaded: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return loaded
    raise LookupError(f"{path.name} has no {name}")


@functools.cache
def role_options() -> dict[str, Any]:
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options: dict[str, Any] = {}
    for entry in specs["argument_specs"].values():
        options = {**entry["options"], **options}
    return options


# -- lists -------------------------------------------------------------------------------------------------------------


def test_the_reference_lists_exactly_the_modules() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", section(text("docs", "reference.md"), "## Modules"), re.MULTILINE)
    assert sorted(listed) == sorted(MODULES)


def test_the_reference_names_every_playbook() -> None:
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert {name for name in playbooks if f"`{name}`" not in text("docs", "reference.md")} == set()


def test_role_readme_has_every_variable_with_its_default() -> None:
    page = (ROLE / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+)` \|", section(page, "## Variables"), re.MULTILINE))
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert listed == set(role_options()) == set(defaults)


def test_role_readme_has_every_tag() -> None:
    page = section((ROLE / "README.md").read_text(encoding="utf-8"), "## Phases and tags")
    used: set[str] = set()
    for path in (ROLE / "tasks").glob("*.yml"):
        for line in re.findall(r"^\s*tags: \[(.+)\]$", path.read_text(encoding="utf-8"), re.MULTILINE):
            used |= {tag.strip() for tag in line.split(",")}
    assert "prepare" in used
    assert {tag for tag in used if f"`{tag}`" not in page} == set()


def test_every_environment_variable_is_named() -> None:
    page = text("docs", "connecting.md")
    specs = {**CONNECTIONS, "remote_credential": REMOTE_CREDENTIAL}
    names = {option["fallback"][1][0] for spec in specs.values() for option in spec["options"].values()}
    names |= {option["fallback"][1][0] for option in JOURNAL.values() if "fallback" in option}
    assert len(names) > 40
    assert {name for name in names if f"`{name}`" not in page} == set()
    systems = "|".join(spec.upper() for spec in specs)
    mentioned = re.findall(rf"`((?:{systems})_\w+)`", page)
    assert set(mentioned) - names == set()


def test_every_target_that_is_mentioned_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    code = re.compile(r"^```\w*\n.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
    mentioned = {
        (page.name, target)
        for page in PAGES
        for span in code.findall(page.read_text(encoding="utf-8"))
        for target in re.findall(r"\bmake ([a-z][a-z-]+)", span)
    }
    assert {("README.md", "demo"), ("README.md", "test")} <= mentioned
    assert {(page, target) for page, target in mentioned if target not in targets} == set()


# -- error codes -------------------------------------------------------------------------------------------------------


def trees_of_code() -> list[ast.Module]:
    """Return the code that raises errors. The readiness checks have a page of their own, printed from their list."""
    checks = {"readiness", "_check_catalogue.py"}
    paths = [path for path in (ROOT / "plugins").rglob("*.py") if not checks & set(path.parts)]
    return [sources.tree(path) for path in paths]


def code_positions(trees: list[ast.Module]) -> dict[str, int]:
    """Return, for every class and function that takes a ``code``, its place among the positional arguments."""
    positions = {}
    for tree in trees:
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.ClassDef):
                names = [item.target.id for item in node.body
                         if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)]
                for item in node.body:
                    if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                        names = [argument.arg for argument in item.args.args[1:]]
            elif isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            if "code" in names:
                positions[node.name] = names.index("code")
    return positions


def code_expressions(tree: ast.Module, positions: dict[str, int]) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "code")
            place = positions.get(ast.unparse(node.func).rpartition(".")[2])
            if place is not None and place < len(node.args):
                yield node.args[place]
        elif isinstance(node, ast.FunctionDef):
            named = node.args.args[len(node.args.args) - len(node.args.defaults):]
            yield from (default for argument, default in zip(named, node.args.defaults, strict=True)
                        if argument.arg == "code")
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "code":
            yield node.value
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target).endswith("_ERRORS") and node.value:
            yield from (item.elts[0] for item in ast.walk(node.value) if isinstance(item, ast.Tuple))
        elif isinstance(node, ast.Dict):
            yield from (value for key, value in zip(node.keys, node.values, strict=True)
                        if isinstance(key, ast.Constant) and key.value == "code")


@functools.cache
def codes() -> set[str]:
    """Return every code that the collection can report; one that is made at run time by its constant beginning."""
    trees = trees_of_code()
    positions = code_positions(trees)
    found: set[str] = set()
    for tree in trees:
        for expression in code_expressions(tree, positions):
            for node in ast.walk(expression):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    # The kinds of holds are constants, which blockers are made from.
    return {code for code in found if code.endswith("_") or CODE.fullmatch(code)} | set(_hold_kinds.CODES)


def test_every_error_code_is_documented() -> None:
    pages = text("docs", "errors.md") + text("docs", "failures.md")
    known = codes()
    assert {"guid_conflict", "not_", "malformed_", "client_secret_expired", "unreachable", "already_moving",
            "litigation_hold", "terminated"} <= known
    missing = sorted(
        code for code in known if (f"`{code}" if code.endswith("_") else f"`{code}`") not in pages
    )
    assert missing == [], "add these codes to docs/errors.md"


def test_no_error_code_is_documented_that_nobody_reports() -> None:
    rows = re.findall(r"^\| ((?:`[a-z0-9_]+`(?:, )?)+) \|", text("docs", "errors.md"), re.MULTILINE)
    documented = {code for row in rows for code in re.findall(r"`([a-z0-9_]+)`", row)}
    known = codes() | {f"not_{state}" for state in ("to_do", "matched", "prepared", "moving", "home")}
    assert len(documented) > 60
    assert sorted(documented - known) == []


# -- examples and links ------------------------------------------------------------------------------------------------


def yaml_blocks() -> list[tuple[str, str]]:
    return [
        (f"{page.relative_to(ROOT)} {number}", block)
        for page in PAGES
        for number, block in enumerate(
            re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL), start=1
        )
    ]


def tasks(loaded: Any) -> Iterator[dict[str, Any]]:
    """Return every mapping inside a document that may be a task."""
    if isinstance(loaded, dict):
        yield loaded
        for value in loaded.values():
            yield from tasks(value)
    elif isinstance(loaded, list):
        for item in loaded:
            yield from tasks(item)


def wrong_options(given: dict[str, Any], known: dict[str, Any], where: str) -> list[str]:
    """Return options that are not there, and values that are no choice, suboptions included."""
    problems = []
    for name, value in given.items():
        if name not in known:
            problems.append(f"{where}.{name} does not exist")
            continue
        choices = known[name].get("choices")
        if choices and isinstance(value, str) and value not in choices:
            problems.append(f"{where}.{name}: {value} is not a valid choice")
        if isinstance(value, dict) and known[name].get("suboptions"):
            problems += wrong_options(value, known[name]["suboptions"], f"{where}.{name}")
    return problems


def role_problems(variables: dict[str, Any]) -> list[str]:
    known = role_options()
    problems = []
    for name, value in variables.items():
        if name.startswith("offboarding_") and name not in known:
            problems.append(f"{name} does not exist")
        if name in CONNECTIONS and isinstance(value, dict):
            fragment = _assigned(ROOT / "plugins" / "doc_fragments" / f"{name}.py", "DOCUMENTATION")
            problems += wrong_options(value, fragment["options"][name]["suboptions"], name)
        choices = known.get(name, {}).get("choices")
        if choices and value not in choices:
            problems.append(f"{name}: {value} is not a valid choice")
    return problems


@pytest.mark.parametrize(("where", "block"), yaml_blocks(), ids=[where for where, _block in yaml_blocks()])
def test_yaml_examples_parse_and_use_options_that_exist(where: str, block: str) -> None:
    problems = []
    for task in tasks(yaml.safe_load(block)):
        for name, given in task.items():
            if name.startswith(COLLECTION) and name.count(".") == 2:
                module = name.removeprefix(COLLECTION)
                assert module in MODULES, f"there is no module {module}"
                problems += wrong_options(given, documentation(module)["options"], module)
        problems += role_problems(task)
    assert problems == []


def test_there_are_examples_to_check() -> None:
    assert len(yaml_blocks()) >= 6


def test_variables_on_command_lines_exist() -> None:
    used = {name for page in PAGES for name in re.findall(r"-e (offboarding_\w+)=", page.read_text(encoding="utf-8"))}
    assert used
    playbooks = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").glob("*.yml"))
    of_playbooks = set(re.findall(r"{{ (offboarding_hosts)\b", playbooks))
    assert used - set(role_options()) - of_playbooks == set()


def linked(content: str) -> Iterator[tuple[str, str, str]]:
    """Yield the links of a page to files of the repository: by a whole address or a relative one, file, heading."""
    yield from re.findall(rf"\]\(((?!https?:)|{re.escape(FILES)})([^)#]*)(?:#([^)]*))?\)", content)
    yield from re.findall(rf"^\[[a-z-]+\]: ({re.escape(FILES)})([^#\n]+)(?:#(.+))?$", content, re.MULTILINE)


def test_the_readme_leads_somewhere_on_the_collections_page_too() -> None:
    """Galaxy and Automation Hub show it without the files beside it."""
    page = text("README.md")
    links = list(linked(page))
    assert len(links) > 20
    assert [target for whole, target, _anchor in links if not whole] == []
    defined = re.findall(r"^\[([a-z-]+)\]: ", page, re.MULTILINE)
    assert sorted(defined) == sorted(set(re.findall(r"\]\[([a-z-]+)\]", page)))
    galaxy = yaml.safe_load(text("galaxy.yml"))
    assert galaxy["documentation"] == f"{FILES}README.md"
    repositories = {galaxy["repository"], galaxy["homepage"], galaxy["issues"].removesuffix("/issues")}
    assert repositories == {FILES.removesuffix("/blob/main/")}


def test_links_between_the_pages_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        content = page.read_text(encoding="utf-8")
        for whole, target, anchor in linked(content):
            file = (ROOT if whole else page.parent) / target if target else page
            if not file.is_file():
                broken.append(f"{page.name}: {target}")
                continue
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8") if anchor else "", re.MULTILINE)
            if anchor and anchor not in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}:
                broken.append(f"{page.name}: #{anchor}")
    assert broken == []
