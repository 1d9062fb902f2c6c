# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command of every page is run by a test, or its block says before it what it needs that a test does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "lab/README.md", "lab/CONFORMANCE.md")),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "roles").glob("*/README.md"),
]
# What a block may need. The words stand in the line before it, where its reader sees them.
NEEDS = ("a tenant", "a container registry", "a publishing account", "a controller", "a git server", "a database", "jq")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELLS = ("bash", "sh", "shell")  # in a console, what is entered stands after a dollar sign
PROGRAMS = re.compile(r"(?:ansible|make|python|pip|bash|source|git)\b")
COLLECTION = r"ansible-playbook (?:.* )?mailops\.exchange_hybrid\.(\w+)"
INTEGRATION = ROOT / "tests" / "integration"

# What runs a command, by how the command begins: a file, and words of that file which show it.
RUN_BY = {
    r"ansible-inventory -i \S+ --graph": ("tests/unit/plugins/inventory/test_mailbox_waves.py", "mailbox_waves"),
    r"ansible-playbook \.\.\. --limit ": ("tests/integration/test_waves.py", '"--limit", "wave_berlin"'),
    r"ansible-playbook wave\.yml .*offboarding_cutover=held": (
        "tests/integration/test_cutover.py", 'offboarding_cutover="held"'
    ),
    r"ansible-playbook wave\.yml --tags complete,verify": ("tests/integration/test_phases.py", '"--tags"'),
    r"ansible-rulebook -r mailops\.exchange_hybrid\.moves_": ("tests/extensions/test_rulebooks.py", "moves_controller"),
    r"bash \.ci/run": (".github/workflows/ci.yml", "bash .ci/run"),
    r"make build && ansible-galaxy collection install": (
        "tests/integration/test_archive.py", '"collection", "install"'
    ),
    r"pip install -r requirements\.txt": ("Makefile", "-r requirements.txt"),
    r"(?:\.venv/bin/)?python -m bench\b": ("tests/unit/bench/test_bench.py", "from bench"),
    r"(?:\.venv/bin/)?python -m lab\b": ("tests/unit/lab/wire/test_main.py", '"-m", "lab"'),
    r"\.venv/bin/python -m pytest tests/integration/test_examples\.py": (
        "tests/integration/test_examples.py", "EXAMPLES"
    ),
    r"(?:\.venv/bin/)?python -m tests\.fuzz ": ("tests/fuzz/test_fuzz.py", "targets"),
    r"(?:\.venv/bin/)?python -m tests\.fault_matrix ": ("tests/integration/test_fault_matrix.py", "fault_matrix"),
    r"source lab-state/environment\.sh": ("tests/unit/lab/wire/test_laboratory.py", '"environment.sh"'),
    r"source \.venv/bin/activate": ("tests/tools/environment.sh", "-m venv"),
}
# Targets of the Makefile that .ci/run does not call: a test runs what they run, or a part of it.
TARGETS = {
    "bench": "tests/unit/bench/test_bench.py",
    "bench-batches": "tests/unit/bench/test_bench.py",
    "bench-quick": "tests/unit/bench/test_bench.py",
    "demo": "tests/unit/lab/demo/test_demonstration.py",
    "fault-matrix": "tests/integration/test_fault_matrix.py",
    "fuzz": "tests/fuzz/test_fuzz.py",
    "hooks": "tests/unit/test_package.py",
    "lab": "tests/unit/lab/wire/test_main.py",
    "long": "tests/extent.py",
    "molecule": "tests/extensions/test_molecule.py",
    "mutants": "tests/unit/tools/test_mutants.py",
    "units": "Makefile",
}


@dataclass(frozen=True)
class Block:
    """A block of commands, and the paragraph before it."""

    where: str
    before: str
    commands: tuple[str, ...]

    @property
    def needs(self) -> str:
        """What it says it needs: one of NEEDS, or nothing."""
        said = re.fullmatch(r"\*Needs (.+):\*", self.before)
        return next((need for need in NEEDS if said and said[1].startswith(need)), "")


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            commands = tuple(entered(found[1], found[2]))
            if commands:
                line = text.count("\n", 0, found.start()) + 1
                before = text[: found.start()].rstrip("\n").rpartition("\n")[2]
                yield Block(f"{page.relative_to(ROOT)}:{line}", before, commands)


def entered(language: str, body: str) -> Iterator[str]:
    """Yield the commands of a block, each on one line and without its comment."""
    whole = re.sub(r"\\\n\s*", "", body)
    for line in whole.splitlines():
        plain = re.sub(r"\s+#.*$", "", line.removeprefix("$ ")).strip()
        if line.startswith("$ ") or (language in SHELLS and plain) or (not language and PROGRAMS.match(plain)):
            yield plain


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def playbooks_in_tests() -> set[str]:
    """Return the playbooks that the integration tests run: by name, by file, or by a page's own command line."""
    source = "".join(path.read_text(encoding="utf-8") for path in INTEGRATION.rglob("*.py"))
    names = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    found = {name for name in names if re.search(rf"""["'/]{name}(?:\.yml)?["']""", source)}
    return found | {found[1] for command in first_wave() if (found := re.search(COLLECTION, command))}


def first_wave() -> list[str]:
    """Return the commands that tests/integration/test_first_wave.py runs as they stand."""
    assert "docs/first-wave.md" in text("tests/integration/test_first_wave.py")
    return [command for block in blocks() if block.where.startswith("docs/first-wave.md") and not block.needs
            for command in block.commands]


def runs_somewhere(command: str) -> bool:
    """Whether a test, or what every change must pass, runs the command."""
    if any(re.match(pattern, command) for pattern in RUN_BY):
        return True
    if made := re.match(r"make ((?:[a-z-]+(?: |$))+)", command):
        ci = text(".ci/run") + " units-oldest units-newest"
        return all(
            name in TARGETS or re.search(rf"(?:make |\s){name}\b", ci) for name in made[1].split()
        )
    if played := re.match(COLLECTION, command):
        return played[1] in playbooks_in_tests()
    return False


def test_every_command_is_run_by_a_test_or_says_what_it_needs() -> None:
    every = list(blocks())
    assert len(every) > 15
    missing = [f"{block.where}: {command}" for block in every if not block.needs
               for command in block.commands if not runs_somewhere(command)]
    assert missing == []


def test_a_block_that_needs_something_says_one_of_the_known_things() -> None:
    said = [block for block in blocks() if block.before.startswith("*Needs ")]
    assert len(said) > 4
    assert [block.where for block in said if not block.needs] == []


def test_what_is_said_to_run_a_command_is_there() -> None:
    assert {name for name, words in RUN_BY.values() if words not in text(name)} == set()
    assert {name for name in TARGETS.values() if not (ROOT / name).is_file()} == set()
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert set(TARGETS) <= targets


def test_no_way_is_kept_for_a_command_that_no_page_has() -> None:
    commands = [command for block in blocks() for command in block.commands]
    assert {pattern for pattern in RUN_BY if not any(re.match(pattern, command) for command in commands)} == set()


def test_the_mailbox_of_the_first_wave_is_the_one_that_the_page_shows() -> None:
    shown = [yaml.safe_load(found[2]) for found in FENCE.finditer(text("docs/first-wave.md")) if found[1] == "yaml"]
    assert yaml.safe_load(text("lab/demo/first.yml")) in shown


@pytest.mark.parametrize(
    "command",
    ["rm -rf state", "ansible-playbook site.yml", "make everything", "ansible-playbook mailops.exchange_hybrid.none"],
)
def test_a_command_that_nothing_runs_is_found(command: str) -> None:
    assert not runs_somewhere(command)


def test_commands_are_read_from_blocks_as_a_reader_reads_them() -> None:
    block = "$ make a \\\n    b    # what for\nwhat it prints\n$ make c\n"
    assert list(entered("console", block)) == ["make a b", "make c"]
    assert list(entered("", "make lab    # or\nsome output\n")) == ["make lab"]
    assert list(entered("yaml", "make: no command\n")) == []
