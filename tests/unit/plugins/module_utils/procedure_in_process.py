# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's phases in front of the lab's model, put together as the role's tasks are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    DirectorySync,
    Result,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    note_of,
    notes,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid.step import GuidStamped
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.mending import (
    mend_left,
    none_left_half_made,
    settle,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.step import Present
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import step as move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.assess import (
    AssessOptions,
    assess,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.step import await_match
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder, Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import Terminated
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made as wave_half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from lab.model.builder import HybridBuilder, Pair
from tests.unit.plugins.module_utils.fakes import ROUTING
from tests.unit.plugins.module_utils.lab_in_process import InProcess, Killed, Trouble

PHASES = ("prepare", "sync", "match", "move")
MOVE = {
    "remote_host_name": "mail.contoso.com",
    "remote_target_database": "DB01",
    "target_delivery_domain": "contoso.com",
    "cutover": "held",
    "resume_failed": True,
}


@dataclass(frozen=True)
class Refusal:
    """``phase`` is the first one that told ``error``."""

    phase: str
    error: HybridError


@dataclass(frozen=True)
class Told:
    """What one phase tells of one mailbox, or of the synchronization under an empty identity."""

    phase: str
    identity: str
    status: str
    cmdlets: tuple[str, ...]
    code: str


@dataclass
class Procedure:
    """The role's tasks over a lab's mailboxes; a run that is killed does nothing more.

    ``wave`` are the records, of the pairs unless given; ``state`` are options of the first look. ``refused`` has what
    stopped each mailbox first, under an empty identity what stopped the whole run; ``told`` what every phase told.
    With ``check`` nothing is written, as in check mode.
    """

    directory: str
    lab: InProcess = field(default_factory=InProcess)
    pairs: list[Pair] = field(default_factory=list)
    wave: list[Record] = field(default_factory=list)
    state: Mapping[str, Any] = field(default_factory=lambda: {"accept": frozenset(["baseline_differs"])})
    records: list[Record] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)
    pause: Callable[[Procedure], None] = lambda procedure: procedure.paused()
    mends: bool = True
    accept_export_errors: bool = False
    holder: str = ""
    check: bool = False
    told: list[Told] = field(default_factory=list)
    phase: str = "state"
    pause_told: bool = False
    pause_noted: bool = False
    memory: Memory = field(default_factory=FileMemory)

    @property
    def build(self) -> HybridBuilder:
        return HybridBuilder(self.lab.hybrid)

    @property
    def folder(self) -> Folder:
        return Folder(self.memory, self.directory)

    def run(self, phases: Sequence[str]) -> None:
        """Run the phases that the tags choose; an error of the whole ends it, as it ends the role."""
        try:
            self._left()
            for phase in ("state", *phases):
                self.phase = phase
                getattr(self, f"_{phase}")()
        except HybridError as error:
            self.refused.setdefault("", Refusal(self.phase, error))
        except (Killed, Terminated):
            pass
        self.lab.dead, self.lab.trouble = False, Trouble()

    def preview(self, phases: Sequence[str]) -> Procedure:
        """Return the same run in check mode, which leaves no trace."""
        wave = [dict(record) for record in self.wave]
        previewed = replace(self, check=True, wave=wave, records=[], refused={}, told=[])
        previewed.run(phases)
        return previewed

    def _left(self) -> None:
        if wave_half_made.told(self.folder):
            self.mend()
        if notes(self.folder):
            self.resume()

    def mend(self) -> None:
        with self.lab.connect() as connections:
            mend_left(connections, HalfMade(self.folder, self.holder), check=False, sleep=self.lab.sleep)

    def given(self) -> list[Record]:
        return self.wave or [{"identity": pair.identity, "routing_domain": ROUTING, **MOVE} for pair in self.pairs]

    def _state(self) -> None:
        with self.lab.connect() as connections:
            self._keep(assess(connections, self.given(), AssessOptions(self.folder, check=self.check, **self.state)))

    def _keep(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            code = outcome.error.code if outcome.error else ""
            self.told.append(Told(self.phase, outcome.identity, outcome.status, tuple(outcome.cmdlets), code))
            if outcome.error is not None:
                self.refused.setdefault(outcome.identity, Refusal(self.phase, outcome.error))
        self.records = [{**o.record, **o.enriched} for o in outcomes if o.status != "failed"]

    def _prepare(self) -> None:
        if any(record["offboarding_state"] in ("to_do", "matched") for record in self.records):
            self._sync_server().ready()
        try:
            self.pause(self)
            pause = note_of(self.folder, self.holder) if self.pause_noted else ""
            half_made = HalfMade(None if self.check else self.folder, self.holder, pause)
            with self._mending(half_made), self.lab.connect() as connections:
                for step in (Present(self.check), GuidStamped(self.check)):
                    outcomes = run_wave(
                        step, self.records, connections, check=self.check, half_made=half_made, sleep=self.lab.sleep
                    )
                    if self.mends and not self.check:
                        settle(connections, outcomes, half_made, self.lab.sleep)
                    self._keep(outcomes)
        finally:
            self.resume()

    @contextlib.contextmanager
    def _mending(self, half_made: HalfMade) -> Iterator[None]:
        if not self.mends:
            yield
            return
        with none_left_half_made(half_made, self.lab.connect, self.lab.sleep):
            yield

    def _sync_server(self) -> DirectorySync:
        return DirectorySync(
            self.lab.connect(),
            self.check,
            wait_timeout=60,
            wait_sleep=1,
            sleep=self.lab.sleep,
            clock=self.lab.clock,
            accept_export_errors=self.accept_export_errors,
            holder=self.holder,
        )

    def paused(self) -> None:
        result = self._sync_server().paused(self.folder)
        self.pause_told, self.pause_noted = self._tell(result), result.noted

    def resume(self) -> None:
        self._tell(self._sync_server().resumed(self.folder, self.pause_told))

    def _sync(self) -> None:
        self._tell(self._sync_server().synced("Delta", self.folder))

    def _tell(self, result: Result) -> bool:
        status = "changed" if result.changed else "unchanged"
        self.told.append(Told(self.phase, "", status, tuple(result.cmdlets), ""))
        return result.changed

    def _match(self) -> None:
        with self.lab.connect() as connections:
            self._keep(
                await_match(
                    connections, self.records, accept=(), wait_timeout=0 if self.check else 60, wait_sleep=5,
                    cycle=None if self.check else lambda: self._sync_server().synced("Delta", self.folder),
                    check=self.check, sleep=self.lab.sleep, clock=self.lab.clock,
                )
            )  # fmt: skip

    def _move(self) -> None:
        account = self.lab.hybrid.remote_credential
        step = move_request.for_state(
            "submitted", self.check, {"username": account.username, "password": account.password}, self.records
        )
        with self.lab.connect() as connections:
            self._keep(run_wave(step, self.records, connections, check=self.check, sleep=self.lab.sleep))

    def cycles(self) -> None:
        """Let the scheduler run whenever it may, until everything has arrived and is written back."""
        for _time in range(3):
            self.lab.hybrid.run_scheduled_cycle()
            self.lab.sleep(60)
            self.lab.hybrid.advance()
