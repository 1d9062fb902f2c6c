# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of docs/first-wave.md, as they stand, bring the mailbox of lab/demo/first.yml home."""

from __future__ import annotations

import re
import shlex

import yaml

from tests.integration.harness import ROOT, Bench, Run

PAGE = (ROOT / "docs/first-wave.md").read_text(encoding="utf-8").partition("## In a real tenant")[0]
COMMAND = re.compile(r"^\$ ansible-playbook mailops\.exchange_hybrid\.(\w+)(.*)$", re.MULTILINE)


def entered(bench: Bench, playbook: str, arguments: str) -> Run:
    """Run one command of the page, in the test's directory instead of the clone's."""
    words = [str(ROOT / word[1:]) if word.startswith("@") else word for word in shlex.split(arguments)]
    files = [f"@{word}" if word.endswith("first.yml") else word for word in words]
    bench.environment["PWD"] = str(bench.directory)
    return bench.run(ROOT / "playbooks" / f"{playbook}.yml", *files, variables={})


def test_the_commands_of_the_page_bring_the_mailbox_home(demo: Bench) -> None:
    commands = COMMAND.findall(PAGE)
    assert [name for name, _arguments in commands] == [
        "verify_connections", "readiness", "offboard", "offboard", "verify"
    ]
    (mailbox,) = yaml.safe_load((ROOT / "lab/demo/first.yml").read_text(encoding="utf-8"))["offboarding_mailboxes"]
    writes = []
    for name, arguments in commands:
        run = entered(demo, name, arguments)
        assert run.succeeded, run.output
        writes.append(len(demo.writes()))
    checked, ready, previewed, home, verified = writes
    assert (checked, ready, previewed) == (0, 0, 0)
    assert home == verified > 0
    directory = demo.directory / "offboarding-first"
    assert "Every mailbox is home." in (directory / "report.html").read_text(encoding="utf-8")
    assert mailbox in (directory / "wave.json").read_text(encoding="utf-8")
