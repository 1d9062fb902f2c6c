# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What starting a module costs: CPU of one single-mailbox task above that of an empty Ansible module."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.laboratory import identities, laboratory
from bench.processes import run
from bench.scenario import Size, child_environment

TIMES = 6  # how often the task runs in its play: what the first one costs more, building the module's archive, is apart
ROUNDS = 3
LONGEST = 120.0
# One module for each system that it talks to: imports of the others' libraries would show.
MODULES: dict[str, Mapping[str, object]] = {
    "ansible.builtin.ping": {},
    "mailops.exchange_hybrid.mailbox_info": {"identity": identities("User", 1)[0]},
    "mailops.exchange_hybrid.exchange_guid": {
        "identity": identities("User", 1)[0],
        "exchange_guid": "5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01",
        "on_error": "continue",
    },
    "mailops.exchange_hybrid.directory_sync": {"state": "paused"},
}


def measure() -> dict[str, float]:
    """Return, for each module, the CPU seconds of one more task above those of one more empty one."""
    with tempfile.TemporaryDirectory(prefix="mailops-bench-") as name:
        directory = Path(name).resolve()
        with laboratory(directory / "laboratory", {"User": 1}, 0.0):
            environment = child_environment(directory, Size(1, 0.0, 1))
            seconds = {module: _each(directory, module, environment) for module in MODULES}
    empty = seconds.pop("ansible.builtin.ping")
    return {module.rpartition(".")[2]: taken - empty for module, taken in seconds.items()}


def _each(directory: Path, module: str, environment: Mapping[str, str]) -> float:
    few, many = (
        min(_cpu(directory, module, times, environment) for _round in range(ROUNDS)) for times in (1, TIMES)
    )
    return (many - few) / (TIMES - 1)


def _cpu(directory: Path, module: str, times: int, environment: Mapping[str, str]) -> float:
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [{"name": "Measure", module: MODULES[module], "loop": list(range(times)), "check_mode": True}],
    }
    path = directory / "start.json"
    path.write_text(json.dumps([play]), encoding="utf-8")
    return run([sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", str(path)], environment, LONGEST).cpu
