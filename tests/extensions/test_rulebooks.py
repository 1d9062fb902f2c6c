# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebooks, run by ansible-rulebook: the event source looks at the laboratory, and the next job is started."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from lab.model.builder import Pair
from tests.extensions.controller import TOKEN, Controller
from tests.integration.harness import BINARIES, LONGEST_RUN, WAVE, Bench

ORGANIZATION = "Mailbox moves"
TEMPLATES = [f"Mailbox moves - {name}" for name in ("complete", "verify", "status")]


class Rulebook:
    """A rulebook of the collection that runs in front of the laboratory, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.output = ""

    def until(self, *texts: str) -> None:
        """Read until the texts have appeared, each behind the one before it."""
        assert self.process.stdout is not None
        end = time.monotonic() + LONGEST_RUN
        while not re.search(".*".join(map(re.escape, texts)), self.output, re.DOTALL):
            left = end - time.monotonic()
            ready, _write, _error = select.select([self.process.stdout], [], [], max(0.0, left))
            more = os.read(self.process.stdout.fileno(), 65536) if ready and left > 0 else b""
            assert more, f"{texts} did not appear:\n{self.output[-6000:]}"
            self.output += more.decode("utf-8", "replace")


@contextlib.contextmanager
def running(
    bench: Bench, rulebook: str, variables: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> Iterator[Rulebook]:
    """Run a rulebook of the collection until the block ends."""
    given, inventory = bench.directory / "variables.yml", bench.directory / "inventory.yml"
    given.write_text(json.dumps(dict(variables)), encoding="utf-8")
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **WAVE}
    local["offboarding_csv"] = str(bench.directory / "wave.csv")
    inventory.write_text(json.dumps({"all": {"hosts": {"localhost": local}}}), encoding="utf-8")
    own = {name: value for name, value in os.environ.items() if name == "JAVA_HOME"}
    own.update(environment or {}, PYTHONUNBUFFERED="1")
    process = subprocess.Popen(
        [
            BINARIES / "ansible-rulebook", "-r", f"mailops.exchange_hybrid.{rulebook}", "-i", inventory,
            "--vars", given, "-vv",
        ],
        env={**bench._environment(), **own}, cwd=bench.directory,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        yield Rulebook(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def held(bench: Bench, *names: str) -> list[Pair]:
    """Offboard mailboxes as far as their moves are held before their completion."""
    pairs = [bench.build.cloud_only(name) for name in names]
    lines = ["identity", *(pair.identity for pair in pairs)]
    (bench.directory / "wave.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run = bench.offboard(offboarding_csv=str(bench.directory / "wave.csv"), offboarding_cutover="held")
    assert run.succeeded, run.output
    return pairs


def test_playbooks_complete_a_wave_that_is_ready_and_verify_it(bench: Bench) -> None:
    pairs = held(bench, "Ann", "Bob")
    variables = {
        "offboarding_batch_name": "wave-1", "offboarding_directory": str(bench.offboarding_directory),
        "move_events_interval": 1,
    }  # fmt: skip
    with running(bench, "moves_local", variables) as rulebook:
        rulebook.until("sent: ", "wave_ready", "PLAY [Complete the moves of a wave]", "PLAY RECAP")
        rulebook.until("wave_completed", "PLAY [Verify a wave on both sides]", "PLAY RECAP", "failed=0")
    assert [pair.directory.kind for pair in pairs] == ["UserMailbox", "UserMailbox"]


def test_job_templates_are_launched_once_over_restarts_and_no_secret_is_logged(bench: Bench) -> None:
    held(bench, "Ann")
    variables = {
        "offboarding_batch_name": "wave-1", "move_events_interval": 1,
        "move_events_state_file": str(bench.directory / "move_events.json"),
    }  # fmt: skip
    with Controller(TEMPLATES, ORGANIZATION) as controller:
        given = {"EDA_CONTROLLER_URL": controller.url, "EDA_CONTROLLER_TOKEN": TOKEN}
        with running(bench, "moves_controller", variables, given) as first:
            first.until("sent: ", "wave_ready")
            assert controller.until(1, LONGEST_RUN) == ["Mailbox moves - complete"]
        completed = bench.offboard(playbook="complete", offboarding_csv=str(bench.directory / "wave.csv"))
        assert completed.succeeded, completed.output
        with running(bench, "moves_controller", variables, given) as second:
            second.until("sent: ", "wave_completed")
            assert controller.until(2, LONGEST_RUN) == TEMPLATES[:2]
    names = ("PASSWORD", "SECRET", "TOKEN")
    secrets = [value for name, value in bench._environment().items() if name.endswith(names) and value]
    assert len(secrets) > 1
    assert [value for value in (*secrets, TOKEN) if value in first.output + second.output] == []
    assert controller.refused == 0
