# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Begins a module for on-premises mailboxes: ``make new-module NAME=mailbox_forwarding``.

It works as it stands, for one mailbox and for a wave, and writes nothing yet: plan() says that nothing is missing. Its
documentation of what is returned is that of module mailbox. CONTRIBUTING.md says what comes next, and with what modules
of other kinds begin.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.tools import pages, release

ROOT = pages.ROOT
PACKAGE = "ansible_collections.mailops.exchange_hybrid.plugins"
MODULE, FEATURE = "plugins/modules/{name}.py", "plugins/module_utils/_features/{name}"
TEST = "tests/unit/plugins/module_utils/_features/{name}/test_{name}.py"
LICENCE = """# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
MODULE_TEXT = '''
from __future__ import annotations

DOCUMENTATION = r"""
module: {name}
short_description: Manages {thing} of on-premises mailboxes
description:
  - Manages {thing} of on-premises mailboxes.
version_added: {version}
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
"""

EXAMPLES = r"""
- name: Manage {thing} of a mailbox
  mailops.exchange_hybrid.{name}:
    identity: info@contoso.com
"""

{returned}

from typing import NoReturn

from {package}.module_utils._connections.interfaces import EXCHANGE_SERVER
from {package}.module_utils._features.{name} import (
    step,
)
from {package}.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from {package}.module_utils._module.systems import exchange_server
from {package}.module_utils._wave import fields
from {package}.module_utils._wave.run import run_wave

ARGUMENTS = Arguments(
    mailbox=fields.options("{name}"),
    systems=(exchange_server.SYSTEM,),
    journal=True,
)


def work(module: HybridModule) -> NoReturn:
    records = module.records()
    with module.connections() as connections:
        connections.require(EXCHANGE_SERVER)
        outcomes = run_wave(
            step.Managed(module.check_mode),
            records,
            connections,
            check=module.check_mode,
            on_error=module.params["on_error"],
        )
    module.finish(outcomes)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
'''
ROOM_TEXT = '''# PRIVATE to the collection, can change at any time.

"""What module {name} manages: {thing} of on-premises mailboxes."""
'''
PLAN_TEXT = '''# PRIVATE to the collection, can change at any time.

"""What module {name} writes: {thing} of on-premises mailboxes."""

from __future__ import annotations

from {package}.module_utils._recipients import on_premises
from {package}.module_utils._wave.plan import Plan
from {package}.module_utils._wave.records import Record
from {package}.module_utils._wave.shapes import OnPremisesRecipient


def managed(_record: Record, current: OnPremisesRecipient) -> Plan:
    """Return what is missing on an on-premises mailbox."""
    on_premises.require_mailbox(current)
    return Plan()
'''
STEP_TEXT = '''# PRIVATE to the collection, can change at any time.

"""What module {name} reads of each mailbox, and what plan.py makes of it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from {package}.module_utils._features.{name} import (
    plan,
)
from {package}.module_utils._recipients.steps import OnPremisesStep
from {package}.module_utils._wave.plan import Attempt, Plan
from {package}.module_utils._wave.records import Record
from {package}.module_utils._wave.shapes import OnPremisesRecipient


@dataclass(frozen=True)
class Managed(OnPremisesStep):
    """The on-premises mailbox is as its record says."""

    def skips(self, record: Record) -> bool:
        return False

    def plan(self, record: Record, current: OnPremisesRecipient, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.managed(record, current)
'''
TEST_TEXT = '''
from __future__ import annotations

from typing import Any

import pytest
from {package}.module_utils._features.{name} import (
    step,
)
from {package}.module_utils._wave.outcome import Outcome
from {package}.module_utils._wave.run import run_wave

from lab.model.builder import HybridBuilder
from tests.unit.plugins.module_utils.lab_in_process import InProcess


@pytest.fixture
def system() -> InProcess:
    """Ann's and Bob's mailboxes are at home, Zoe's is in the cloud."""
    system = InProcess()
    build = HybridBuilder(system.hybrid)
    for name in ("Ann", "Bob"):
        build.mailbox_on_premises(name)
    build.synced("Zoe")
    return system


def run(system: InProcess, *names: str, check: bool = False) -> list[Outcome]:
    records = [{{"identity": f"{{name}}@contoso.com"}} for name in names]
    with system.connect("exchange_server") as connections:
        return run_wave(step.Managed(check), records, connections, check=check, sleep=system.sleep)


def test_nothing_is_written_where_nothing_is_missing(system: InProcess) -> None:
    assert [outcome.status for outcome in run(system, "ann", "bob")] == ["unchanged", "unchanged"]
    assert system.writes == []


def test_what_is_no_mailbox_on_premises_is_refused(system: InProcess) -> None:
    home, cloud = run(system, "ann", "zoe")
    assert (home.status, cloud.status) == ("unchanged", "failed")
    assert cloud.error is not None
    assert cloud.error.code == "wrong_recipient_type"


def sends(recorder: Any) -> None:
    """Run what leads to every cmdlet and parameter, for the test that holds them to the reference."""
    system = InProcess()
    HybridBuilder(system.hybrid).mailbox_on_premises("Ann")
    run(system, "ann")
    recorder.sent += system.calls
'''
TEXTS: Mapping[str, str] = {
    f"{FEATURE}/__init__.py": ROOM_TEXT,
    f"{FEATURE}/plan.py": PLAN_TEXT,
    f"{FEATURE}/step.py": STEP_TEXT,
    MODULE: MODULE_TEXT,
    TEST: TEST_TEXT,
}


def problem(root: Path, name: str) -> str:
    """Return why no module can have this name, or an empty text."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        return f"NAME: {name!r} is no name of a module. Write it in lower case, as mailbox_forwarding."
    if name.endswith("_info"):
        return f"NAME: {name!r} says that the module only reads. Begin it with a copy of mailbox_info."
    places = (MODULE, FEATURE, f"{FEATURE}.py", TEST)
    taken = [path.format(name=name) for path in places if (root / path.format(name=name)).exists()]
    return f"NAME: {name!r} is taken ({', '.join(taken)}). Choose another name." if taken else ""


def write(root: Path, name: str) -> list[str]:
    """Write the files that a module begins with, and what follows from them; return their names."""
    known = (root / MODULE.format(name="mailbox")).read_text(encoding="utf-8")
    returned = re.search(r'^RETURN = r""".*?^"""$', known, re.MULTILINE | re.DOTALL)
    if returned is None:
        raise ValueError("module mailbox has no RETURN")
    words = {"name": name, "thing": name.replace("_", " "), "package": PACKAGE}
    words.update(returned=returned[0], version=release.next_version(root))
    for path, text in TEXTS.items():
        place = root / path.format(name=name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(LICENCE + text.format(**words), encoding="utf-8")
    return [*(path.format(name=name) for path in TEXTS), *pages.write(root)]


if __name__ == "__main__":
    (given,) = sys.argv[1:] or [""]
    refused = problem(ROOT, given)
    if refused:
        sys.exit(refused)
    for written in write(ROOT, given):
        print(f"written: {written}")
    print("CONTRIBUTING.md, A new module, says what comes next.")
