# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every organization does with a call before its cmdlet runs: grants, contract, prompts, error kinds."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lab.answer import Answer, Call, CmdletFailure, ShellState
from lab.model import failures
from lab.model.contract import COMMON, Binder


def prompts(cmdlet: str) -> bool:
    """Tell whether a cmdlet asks before it acts: the reference names Remove- cmdlets (facts: cmdlets.md section 5).

    That Suspend-MoveRequest does is invented (lab/README.md).
    """
    return cmdlet.startswith("Remove-") or cmdlet in ("Suspend-MoveRequest", "Disable-MailUser")


@dataclass(frozen=True)
class Request:
    """One bound call: parameters by their proper names, the shell, the time, whether only to look."""

    cmdlet: str
    parameters: dict[str, Any]
    shell: ShellState
    now: datetime.datetime

    @property
    def what_if(self) -> bool:
        """Say whether the call must not change anything."""
        return self.parameters.get("WhatIf") is True

    def get(self, name: str, default: Any = None) -> Any:
        """Return a parameter."""
        return self.parameters.get(name, default)


@dataclass(frozen=True)
class Implementation:
    """A cmdlet and the parameters that the lab knows to obey; others are refused, never ignored."""

    function: Callable[[Request], Answer]
    parameters: frozenset[str] = frozenset()


@dataclass
class Organization:
    """A CmdletHost. ``errors_terminate`` is how the cloud's REST interface ends: the first error is the answer.

    ``revoked`` maps a user to cmdlets that the user's roles do not grant, ``revoked_parameters`` to a cmdlet's
    parameters that they leave out.
    """

    binder: Binder
    advance: Callable[[], None]
    now: Callable[[], datetime.datetime]
    lock: threading.RLock
    errors_terminate: bool = False
    cmdlets: dict[str, Implementation] = field(default_factory=dict)
    revoked: dict[str, set[str]] = field(default_factory=dict)
    revoked_parameters: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def granted(self, user: str) -> list[str]:
        """Return the names of the cmdlets that the user's roles grant."""
        return sorted(set(self.cmdlets) - self.revoked.get(user, set()))

    def granted_parameters(self, user: str, cmdlet: str) -> list[str]:
        """Return the parameters that this environment has and the user's roles grant."""
        known = self.binder.cmdlets[cmdlet]["parameters"]
        left_out = {name for where, name in self.revoked_parameters.get(user, set()) if where == cmdlet}
        return sorted(
            name for name in known if self.binder.environment in known[name]["applicable"] and name not in left_out
        )

    def run(self, call: Call) -> Answer:
        """Run one call. Raises CmdletFailure for a terminating error."""
        with self.lock:
            self.advance()
            name = self.binder.cmdlet(call.cmdlet)
            if name not in self.granted(call.shell.user):
                raise failures.unknown_cmdlet(call.cmdlet)
            parameters = self.binder.bind(name, call.parameters)
            for where, parameter in self.revoked_parameters.get(call.shell.user, set()):
                if where == name and parameter in parameters:
                    raise self.binder.unknown_parameter(parameter)
            self._check(name, parameters)
            try:
                return self.cmdlets[name].function(Request(name, parameters, call.shell, self.now()))
            except CmdletFailure as failure:
                stop = str(parameters.get("ErrorAction", "")).lower() == "stop"
                if failure.terminating or self.errors_terminate or stop:
                    raise
                return Answer(errors=[failure])

    def _check(self, name: str, parameters: dict[str, Any]) -> None:
        known = self.cmdlets[name].parameters | COMMON | {"Confirm", "WhatIf"}
        for parameter, value in parameters.items():
            if parameter not in known and value is not False:
                raise failures.not_in_the_lab(name, parameter)
        confirm = parameters.get("Confirm")
        if parameters.get("WhatIf") is not True and (confirm or (confirm is None and prompts(name))):
            raise failures.no_prompt(name)
