# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of the role in a forked process, as ansible-playbook would be one: its module has a process below it."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fault_matrix import clock, modules
from tests.fault_matrix.role import MOVED, Event, RoleRun, Time

GREEN, FAILED, BROKEN, INTERRUPTED = 0, 2, 3, 99
# What a wave of the lab's organization needs beside its mailboxes.
WAVE: dict[str, Any] = {
    "offboarding_routing_domain": "contoso.mail.onmicrosoft.com",
    "offboarding_remote_host_name": "mail.contoso.com",
    "offboarding_remote_target_database": "DB01",
    "offboarding_target_delivery_domain": "contoso.com",
    "offboarding_batch_name": "wave-1",
    "offboarding_method": "move_request",
    "offboarding_wait": True,
    "offboarding_wait_timeout": 600,
}
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux's prctl


def adopt_orphans() -> None:
    """Let modules whose run is gone become children of this process, so that their end can be waited for."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


@dataclass
class Ran:
    """What came of a run: ``code`` as ansible-playbook's, negative for a signal; ``events`` are its tasks, in order."""

    code: int
    events: list[dict[str, Any]] = field(default_factory=list)
    printed: str = ""

    @property
    def green(self) -> bool:
        return self.code == GREEN

    @property
    def summary(self) -> dict[str, Any]:
        """Return offboarding_result; empty where the run did not come that far."""
        for event in reversed(self.events):
            found = event["result"].get("ansible_facts", {}).get("offboarding_result")
            if found:
                return dict(found)
        return {}

    @property
    def text(self) -> str:
        return json.dumps(self.events, ensure_ascii=False) + "\n" + self.printed


class Run:
    """A run that goes on. ``place`` is a directory of its own for what it tells, ``tags`` are those of ``--tags``."""

    def __init__(
        self,
        place: Path,
        extra: Mapping[str, Any],
        environment: Mapping[str, str],
        entry: str,
        tags: Collection[str] = ("all",),
        moments: Time = MOVED,
    ) -> None:
        place.mkdir(parents=True)
        self._place = place
        self._pid = os.fork()
        if self._pid == 0:
            _be(place, environment, lambda told: _role(place, extra, told, tags, moments).run(entry))

    def processes(self) -> list[int]:
        """Return the run's process and that of its newest module, if there is one."""
        return [self._pid, *_started(self._place)[-1:]]

    def signal(self, number: signal.Signals, whom: str) -> None:
        """Send a signal to the ``run`` alone, to its ``module`` alone, or to ``all``."""
        run, *module = self.processes()
        for process in {"run": [run], "module": module, "all": [run, *module]}[whom]:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue

    @property
    def ended(self) -> bool:
        return os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def finish(self) -> Ran:
        """Wait for the run and for modules that it left behind."""
        _pid, status = os.waitpid(self._pid, 0)
        for process in _started(self._place)[-1:]:
            try:
                os.waitpid(process, 0)
            except ChildProcessError:
                continue
        lines = (self._place / "events").read_text("utf-8").splitlines()
        events = [json.loads(line) for line in lines]
        printed = "".join(path.read_text("utf-8", "replace") for path in sorted(self._place.glob("*errors")))
        return Ran(os.waitstatus_to_exitcode(status), events, printed)


def _started(place: Path) -> list[int]:
    path = place / "processes"
    return [int(line) for line in path.read_text("ascii").splitlines()] if path.exists() else []


def _be(place: Path, environment: Mapping[str, str], play: Callable[[Any], bool]) -> None:
    """Be the run's process: never returns."""
    code = BROKEN
    gc.disable()  # as in the modules
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.environ.update(environment)
        sys.stderr = (place / "run-errors").open("w", encoding="utf-8", buffering=1)
        with open(place / "events", "w", encoding="utf-8", buffering=1) as events:
            code = GREEN if play(events) else FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _role(place: Path, extra: Mapping[str, Any], events: Any, tags: Collection[str], moments: Time) -> RoleRun:
    def told(event: Event) -> None:
        told = {"task": event.task, "action": event.action, "status": event.status, "result": event.result}
        events.write(json.dumps({**told, "arguments": event.arguments}, default=str) + "\n")

    def started(_name: str, process: int) -> None:
        with open(place / "processes", "a", encoding="ascii") as stream:
            stream.write(f"{process}\n")

    def execute(name: str, arguments: dict[str, Any], check: bool) -> dict[str, Any]:
        return modules.run(name, arguments, check, place / "module-errors", started)

    return RoleRun(extra, execute, told, tags, moments)


def wait_for(condition: Any, run: Run, patience: float = 600.0) -> bool:
    """Return whether a condition came true while the run went on."""
    limit = clock.seconds() + patience
    while clock.seconds() < limit:
        if condition():
            return True
        if run.ended:
            return bool(condition())
        clock.pause(0.004)
    return False
