# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way from every wire to the model: grants, faults and the log are the same for all organizations."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from lab.answer import Answer, Call, CmdletFailure, CmdletHost, TellsParameters
from lab.faults import Faults, Strike
from lab.log import CommandLog, is_read, masked
from lab.wire.http_server import ConnectionDropped


class Clock(Protocol):
    def now(self) -> datetime.datetime:
        """Return an aware UTC time."""


class Model(Protocol):
    """What the wires need of the hybrid organization besides its cmdlets."""

    @property
    def clock(self) -> Clock:
        """The laboratory's time: session time-outs and cursors follow it."""

    def run_scheduled_cycle(self) -> None:
        """Let a whole directory sync cycle happen now."""


class Interrupted(Exception):
    """The call ends otherwise than by an answer of the cmdlet.

    ``kind``: not_granted, throttle, expire_token, lost_shell, html_body or empty_body; ``arguments`` are the fault's.
    """

    def __init__(self, kind: str, arguments: Mapping[str, Any] | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.arguments = arguments or {}


@dataclass
class Outcome:
    """What the cmdlet did. ``failure`` is a terminating error; ``lost``: close the connection, answer nothing."""

    cmdlet: str
    answer: Answer = field(default_factory=Answer)
    failure: CmdletFailure | None = None
    lost: bool = False
    errors_in_200: bool = False
    refuse_cursor: bool = False


@dataclass(frozen=True)
class Ticket:
    """A call that was let in: its proper name, its session, the faults that strike it, and when it came (monotonic)."""

    call: Call
    session: str
    strike: Strike
    arrived: float


class Gateway:
    """Runs calls for one organization: exchange_server, exchange_online or entra_connect."""

    def __init__(self, organization: str, host: CmdletHost, model: Model, log: CommandLog, faults: Faults) -> None:
        self.organization = organization
        self.model = model
        self._host = host
        self._log = log
        self._faults = faults

    def granted(self, user: str) -> list[str]:
        return self._host.granted(user)

    def granted_parameters(self, user: str, cmdlet: str) -> list[str]:
        return self._host.granted_parameters(user, cmdlet) if isinstance(self._host, TellsParameters) else []

    def canonical_name(self, cmdlet: str, user: str) -> str | None:
        """Return the cmdlet in its proper spelling, or None where the user's roles do not grant it."""
        wanted = cmdlet.lower()
        return next((name for name in self._host.granted(user) if name.lower() == wanted), None)

    def admit(self, call: Call, session: str, arrived: float | None = None) -> Ticket:
        """Let a call in, without running it. Raises Interrupted or ConnectionDropped: then it never runs.

        ``arrived`` is when its request came, where reading it took a while (time.monotonic).
        """
        name = self.canonical_name(call.cmdlet, call.shell.user)
        call = replace(call, cmdlet=name or call.cmdlet)
        strike = self._faults.strike(self.organization, call.cmdlet)
        try:
            _refuse(strike, granted=name is not None)
        except ConnectionDropped:
            self._record(call, session, "dropped", executed=False)
            raise
        except Interrupted as interruption:
            result = "throttled" if interruption.kind == "throttle" else "error"
            self._record(call, session, result, executed=False)
            raise
        return Ticket(call, session, strike, time.monotonic() if arrived is None else arrived)

    def decline(self, ticket: Ticket) -> None:
        """Write down an admitted call that the wire itself refuses to run."""
        self._record(ticket.call, ticket.session, "error", executed=False)

    def perform(self, ticket: Ticket) -> Outcome:
        """Run an admitted call. Raises Interrupted where something else than the service answers."""
        call, strike = ticket.call, ticket.strike
        latency = strike.get("latency")
        if latency is not None:
            self._faults.wait(float(latency["seconds"]) - (time.monotonic() - ticket.arrived))
        self._sync_cycle(strike, "before")
        outcome = Outcome(call.cmdlet, lost=strike.has("drop_after"), errors_in_200=strike.has("errors_in_200"))
        outcome.refuse_cursor = strike.has("refuse_cursor")
        error = strike.get("error")
        if error is None:
            self._execute(call, outcome)
        else:
            _fail(outcome, error)
        self._sync_cycle(strike, "after")
        failed = outcome.failure is not None or bool(outcome.answer.errors)
        result = "dropped" if outcome.lost else "error" if failed else "ok"
        self._record(call, ticket.session, result, executed=error is None)
        for kind in ("html_body", "empty_body"):
            arguments = strike.get(kind)
            if arguments is not None:
                raise Interrupted(kind, arguments)
        return outcome

    def _execute(self, call: Call, outcome: Outcome) -> None:
        try:
            outcome.answer = self._host.run(call)
        except CmdletFailure as failure:
            outcome.failure = failure

    def _sync_cycle(self, strike: Strike, when: str) -> None:
        arguments = strike.get("sync_cycle")
        if arguments is not None and arguments.get("when", "before") == when:
            self.model.run_scheduled_cycle()

    def _record(self, call: Call, session: str, outcome: str, *, executed: bool) -> None:
        self._log.append(
            {
                "time": self.model.clock.now().isoformat(),
                "organization": self.organization,
                "user": call.shell.user,
                "cmdlet": call.cmdlet,
                "parameters": masked(call.parameters),
                "kind": "read" if is_read(call.cmdlet) else "write",
                "outcome": outcome,
                "executed": executed,
                "session": session,
            }
        )


def _refuse(strike: Strike, *, granted: bool) -> None:
    if strike.has("drop_before"):
        raise ConnectionDropped
    for kind in ("throttle", "expire_token", "lost_shell", "html_body", "empty_body", "redirect"):
        arguments = strike.get(kind)
        if arguments is not None and _when(kind, arguments) == "before":
            raise Interrupted(kind, arguments)
    if strike.has("deny") or not granted:
        raise Interrupted("not_granted", strike.get("deny"))


def _when(kind: str, arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("when", "after" if kind == "empty_body" else "before"))


def _fail(outcome: Outcome, error: Mapping[str, Any]) -> None:
    terminating = bool(error.get("terminating", False))
    failure = CmdletFailure(
        str(error["message"]),
        str(error["exception_type"]),
        category=str(error.get("category", "NotSpecified")),
        terminating=terminating,
    )
    if terminating:
        outcome.failure = failure
    else:
        outcome.answer.errors.append(failure)
