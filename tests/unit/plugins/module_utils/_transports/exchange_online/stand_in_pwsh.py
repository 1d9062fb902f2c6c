# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for pwsh with Microsoft's module: it speaks the dialogue of the collection's script, not PowerShell.

The environment says what it does: STAND_IN_LOG is a file that takes one JSON object a line for everything that happens;
STAND_IN_STEPS is a JSON file with a list of steps for each cmdlet (and for "connect"); the last one is repeated. A step
is a reply's members, or {"do": ...}: die, hang, deaf. Cmdlets without steps are run by the laboratory's model of a
tenant, if STAND_IN_MODEL is set, or else answered by nothing.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from lab.answer import Answer, Call, CmdletFailure, LabCredential, ShellState
from lab.wire.powershell_dialogue import EXCHANGE_ONLINE_MANAGEMENT, Script, module_of, read_question


class StandIn:
    """One process."""

    def __init__(self) -> None:
        self._log = Path(os.environ["STAND_IN_LOG"])
        steps = os.environ.get("STAND_IN_STEPS")
        self._steps: dict[str, list[dict[str, Any]]] = json.loads(Path(steps).read_text("utf-8")) if steps else {}
        self._model = tenant() if os.environ.get("STAND_IN_MODEL") else None

    def run(self) -> int:
        encoded = sys.argv[sys.argv.index("-EncodedCommand") + 1]
        if module_of(base64.b64decode(encoded).decode("utf-16-le")) != EXCHANGE_ONLINE_MANAGEMENT:
            print("not the script that this program stands in for", file=sys.stderr)
            return 1
        self.note("start", arguments=sys.argv[1:], environment=dict(os.environ), group=os.getpgrp() == os.getpid())
        while line := sys.stdin.buffer.readline():
            self.answer(line)
        self.note("end")
        return 0

    def note(self, event: str, **more: Any) -> None:
        with self._log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"event": event, "process": os.getpid(), **more}, default=shown) + "\n")

    def answer(self, line: bytes) -> None:
        question = read_question(line)
        name, parameters = question.calls[0] if question.calls else ("connect", question.connect or {})
        step = self.step(name)
        self.note(name, parameters=parameters)
        print("WARNING: some noise of the module, and a progress bar  42 %", flush=True)
        if "do" in step:
            self.misbehave(step["do"])
        if step or self._model is None or name == "connect":
            document = {"cmdlet": name if question.calls else "", "objects": [], "warnings": [], "errors": [], **step}
            say(base64.b64encode(json.dumps(document).encode()) + b"\n")
        else:
            say(self.by_the_model(name, parameters))

    def step(self, name: str) -> dict[str, Any]:
        """Return the next step: how many there were is in the log, which outlives a process that dies."""
        steps = self._steps.get(name)
        if not steps:
            return {}
        events = self._log.read_text("utf-8").splitlines()
        count = sum(1 for event in events if json.loads(event)["event"] == name)
        return steps[min(count, len(steps) - 1)]

    def misbehave(self, how: str) -> None:
        if how == "die":
            print("Unhandled exception.", file=sys.stderr, flush=True)
            os._exit(134)
        if how == "deaf":
            os.close(0)
        threading.Event().wait()

    def by_the_model(self, name: str, parameters: dict[str, Any]) -> bytes:
        assert self._model is not None
        script = Script(name)
        try:
            script.answer = self._model.exchange_online.run(Call(name, parameters, ShellState("application")))
        except CmdletFailure as failure:
            script.answer = Answer(errors=[failure])
        # The module hands on what the REST interface says.
        script.answer.errors = [
            CmdletFailure(f"Ex1|{error.exception_type}|{error.message}", "WriteErrorException")
            for error in script.answer.errors
        ]
        return script.line()


def tenant() -> Any:
    """Return a tenant with mona.move@contoso.com, ready to move; imported late: most tests want their process soon."""
    from lab.hybrid import ManualClock, empty_hybrid
    from lab.model.builder import HybridBuilder

    hybrid = empty_hybrid(ManualClock())
    build = HybridBuilder(hybrid)
    pair = build.synced("Mona Move")
    build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
    return hybrid


def say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def shown(value: Any) -> Any:
    """Return what JSON has no word for: a credential with its password, since the log is the test's own."""
    return {"username": value.username, "password": value.password} if isinstance(value, LabCredential) else str(value)


if __name__ == "__main__":
    sys.exit(StandIn().run())
