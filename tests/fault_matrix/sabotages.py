# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Would the proof notice? Safeguards are taken out of the code, one at a time, and a case for each has to be wrong.

A sabotage is made in the process of its case, which the runs and their modules are forked from. Without a sabotage the
same cases have to be right.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import Diagnosis
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import Leases
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import WorkItem

from tests.fault_matrix import cases
from tests.fault_matrix.cases import Case, Strike
from tests.fault_matrix.processes import BROKEN, play

WAY = "psrp and rest"
ON_PREMISES = "exchange_server"


def _request(what: str, purpose: str, kind: str, signal: str = "", whom: str = "") -> Case:
    target = ("request", ON_PREMISES, purpose, 0)
    return Case(what, WAY, (Strike(target, f"{ON_PREMISES} {purpose}", kind, signal, whom),))


BESIDE = _request("pair", "Command Get-User", "the same directory")
LOST = _request("fault", "Command Enable-MailUser", "504 after")
BETWEEN = _request("kill", "Command Set-MailUser", "before", "SIGKILL", "module")
REFUSED = Case("fault", WAY, (Strike(("cmdlet", ON_PREMISES, "Enable-MailUser", 0), "", "permanent exception"),))
# Neither the second write succeeds nor what would mend or undo its user: only then the refusal to end a pause matters.
UNMENDED = Case(
    "fault",
    WAY,
    tuple(
        Strike(("cmdlet", ON_PREMISES, name, number), "", "permanent exception")
        for name in ("Set-MailUser", "Disable-MailUser")
        for number in range(6)
    ),
)


def _no_sabotage() -> None:
    return


def _leases_hold_nobody() -> None:
    vars_of(Leases, stands=lambda _self, _lease: False)


def _no_note() -> None:
    begin = HalfMade.begin

    def without_folder(self: HalfMade, note: Any) -> None:
        folder, self.folder = self.folder, None
        begin(self, note)
        self.folder = folder

    vars_of(HalfMade, begin=without_folder)


def _pauses_end() -> None:
    vars_of(half_made, refuse=lambda _folder, _what: None)


def _lost_is_none() -> None:
    failure = Diagnosis.failure

    def told(self: Diagnosis, cmdlet: Any) -> Any:
        error = failure(self, cmdlet)
        error.answer_lost = False
        return error

    vars_of(Diagnosis, failure=told)


def _failed_is_changed() -> None:
    def fail(self: WorkItem[Any], _error: Exception) -> None:
        self.outcome.status = "changed"

    vars_of(WorkItem, fail=fail)


def _no_journal() -> None:
    vars_of(Connections, _told=lambda *_arguments: contextlib.nullcontext())


def vars_of(changed: Any, **names: Any) -> None:
    """Give a class or a module other things under its names."""
    for name, value in names.items():
        setattr(changed, name, value)


@dataclass(frozen=True)
class Sabotage:
    """What is done to the code, and the cases of which one has to be wrong; without a sabotage none may be."""

    name: str
    do: Callable[[], None]
    cases: tuple[Case, ...]

    @property
    def is_one(self) -> bool:
        return self.do is not _no_sabotage


SABOTAGES = (
    Sabotage("nothing", _no_sabotage, (BESIDE, LOST, BETWEEN, REFUSED, UNMENDED)),
    Sabotage("leases hold nobody", _leases_hold_nobody, (BESIDE,)),
    Sabotage("a half-made user is not written down", _no_note, (BETWEEN,)),
    Sabotage("a pause ends over half-made users", _pauses_end, (UNMENDED,)),
    Sabotage("a lost answer counts as none", _lost_is_none, (LOST,)),
    Sabotage("what failed for a mailbox counts as done", _failed_is_changed, (REFUSED,)),
    Sabotage("writes are not journalled", _no_journal, (LOST,)),
)


def tried(wanted: Mapping[str, Any], at_once: int, sabotages: Sequence[Sabotage] = SABOTAGES) -> int:
    """Play the cases of all sabotages, say what noticed each, and return how many are not as they should be."""

    def one(sabotage: Sabotage, case: Case) -> str:
        sabotage.do()
        return cases.judged(case, wanted).as_json()

    pieces = [(sabotage, case) for sabotage in sabotages for case in sabotage.cases]
    wrong: dict[str, list[str]] = {sabotage.name: [] for sabotage in sabotages}

    def done(number: int, word: str) -> None:
        sabotage, case = pieces[number]
        told = json.loads(word)
        lines = [told[BROKEN]] if BROKEN in told else told["wrong"]
        if BROKEN not in told and not any(told["struck"]):
            lines = [] if sabotage.is_one else [f"did not come about: {case.name}"]
        wrong[sabotage.name] += lines

    play([functools.partial(one, *piece) for piece in pieces], at_once, done)
    missed = [sabotage for sabotage in sabotages if sabotage.is_one != bool(wrong[sabotage.name])]
    for sabotage in sabotages:
        first = next(iter(wrong[sabotage.name]), "")
        print(f"{'MISSED' if sabotage in missed else 'ok':6} {sabotage.name}: {first[:400] or 'nothing was wrong'}")
    return len(missed)
