# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Directory synchronization by Entra Connect: one cycle that counts, and the scheduler's pause.

A cycle is asynchronous: idle right after the start proves nothing. One counts when it began after it was asked for
and its export ended without errors, which the run history tells (facts identity-filters-roles.md, "Directory sync").
Idle is a server on which no cycle is in progress and no connector runs, both seen in two looks: between two run
profiles of a cycle no connector runs either.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import ENTRA_CONNECT
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.activity import (
    EXPORT,
    TOO_MANY_DELETIONS,
    Activity,
    Scheduler,
    SyncRun,
    is_cloud_export,
    run_result,
    scheduler_of,
    stopped_export,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.pause_notes import (
    COMMAND,
    Pause,
    is_held,
    note_of,
    notes,
    read,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.failures import unwritable_directory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import Holder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.locks import WITHOUT_END, locked
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import half_made
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.interrupts import undisturbed

HISTORY = 40  # run profile results to look at: a delta cycle makes six
FIRST_LOOK = 0.05  # seconds until the second look; each further wait is twice as long, up to wait_sleep
STABLE = 2  # looks in a row that have to see an idle server
PAUSE_LOCK = "directory-sync.lock"
INTERRUPTED = 20.0  # seconds for which an interrupted module tries to end its pause
RESUME_SLEEP = 5.0  # seconds between two tries to resume
# What trying again does not end: only somebody who changes something does.
LASTING = frozenset(("addresses_at_risk", "authentication_failed", "permission_denied", "not_configured"))


@dataclass
class Result:
    """What became of the server: ``runs`` are the run profile results of the cycle; ``noted`` tells whether the pause
    is written down as this holder's."""

    changed: bool
    before: dict[str, bool] = field(default_factory=dict)
    after: dict[str, bool] = field(default_factory=dict)
    cmdlets: list[str] = field(default_factory=list)
    runs: list[SyncRun] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    noted: bool = False


@dataclass
class DirectorySync:
    """Steers one Entra Connect server. Times in seconds; ``sleep`` and ``clock`` are given so that tests need not
    wait."""

    connections: Connections
    check: bool
    wait_timeout: float
    wait_sleep: float
    allow_staging: bool = False
    allow_suspended: bool = False
    accept_export_errors: bool = False
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    holder: str = ""
    run: Holder = field(default_factory=lambda: Holder("", Owner()))
    processes: Processes = field(default_factory=Processes)
    resume_timeout: float = 300.0
    looks: int = field(default=0, init=False)
    suspended: bool = field(default=False, init=False)

    # -- before the first write ------------------------------------------------------------------------------------

    def ready(self) -> Result:
        """Refuse a server whose next cycle would not come or would export nothing. Nothing is changed."""
        self._refuse_unfit(self._scheduler())
        stopped = stopped_export(self._history())
        if stopped:
            raise _too_many_deletions(stopped, "Get-ADSyncRunProfileResult")
        return Result(False)

    # -- a cycle ---------------------------------------------------------------------------------------------------

    def synced(self, policy_type: str, folder: Folder | None = None) -> Result:
        """Run one cycle of ``policy_type`` (Delta or Initial) to its end; a running one is waited for first.

        With ``folder`` no cycle is started over a user that a run left half made there, and while it runs, no run
        begins with another. In a preview an earlier task would have mended it.
        """
        kept = None if self.check else folder
        with half_made.quiet(kept, "No cycle is started", self.wait_timeout, self.sleep):
            return self._synced(policy_type)

    def _synced(self, policy_type: str) -> Result:
        scheduler = self._scheduler()
        self._refuse_unfit(scheduler)
        start = Cmdlet("Start-ADSyncSyncCycle", {"PolicyType": policy_type})
        if self.check:
            return Result(True, cmdlets=[start.preview()])
        deadline = self.clock() + self.wait_timeout
        known = self._start(start, deadline)
        runs = self._await_cycle(known, deadline, exports=not scheduler["staging_mode_enabled"])
        stopped = stopped_export(runs)
        if stopped:
            raise _too_many_deletions(stopped, start.name)
        failed = [run for run in runs if run["run_profile_name"] == EXPORT and run["result"] != "success"]
        if failed and not self.accept_export_errors:
            raise HybridError(
                f"the cycle's export to {failed[0]['connector_name']} ended with {failed[0]['result']}.",
                code="export_errors",
                cmdlet=start.name,
                remedy="Check the export errors in the Synchronization Service Manager. If they concern other objects, "
                "set accept_export_errors: true (offboarding_accept_export_errors of the role).",
            )
        warnings = [f"export to {run['connector_name']} ended with {run['result']}" for run in failed]
        return Result(True, cmdlets=[start.preview()], runs=runs, warnings=warnings)

    def _refuse_unfit(self, scheduler: Scheduler) -> None:
        if scheduler["staging_mode_enabled"] and not self.allow_staging:
            raise HybridError(
                "the Entra Connect server is in staging mode, which exports nothing.",
                code="staging_mode",
                cmdlet="Get-ADSyncScheduler",
                remedy="Set entra_connect.host to the active server.",
            )
        if scheduler["scheduler_suspended"] and not self.allow_suspended:
            raise _suspended("the scheduler is suspended")

    def _start(self, start: Cmdlet, deadline: float) -> set[str]:
        """Start a cycle as soon as none is running; return the run history as it was before."""
        while True:
            self._await_idle(deadline)
            known = {run["run_history_id"] for run in self._history()}
            try:
                self._run(start)
                return known
            except CmdletError as error:
                # A wizard that was opened meanwhile is named when time is up.
                if not is_busy(error) and "suspended" not in error.message.lower():
                    raise
            except ConnectionFailure as error:
                if not error.answer_lost:
                    raise
                self._pause(deadline, "the cycle has not begun")
                if self._began_since(known):
                    return known
            self._pause(deadline, "another cycle is still running")

    def _began_since(self, known: set[str]) -> bool:
        """Tell whether a cycle has begun: the one whose start got no answer, or another that counts as well."""
        return any(run["run_history_id"] not in known for run in self._history())

    def _await_idle(self, deadline: float) -> None:
        seen = 0
        while seen < STABLE:
            seen = seen + 1 if self._idle() else 0
            if seen < STABLE:
                self._pause(deadline, "another cycle is still running")

    def _idle(self) -> bool:
        """Tell whether nothing runs at this moment. Older releases have no SyncCycleInProgress."""
        scheduler = self._scheduler()
        self.suspended = scheduler["scheduler_suspended"]
        running = self._run(Cmdlet("Get-ADSyncConnectorRunStatus"))
        return not scheduler["sync_cycle_in_progress"] and not running

    def _await_cycle(self, known: set[str], deadline: float, *, exports: bool) -> list[SyncRun]:
        """Wait until the new runs include a finished export to Entra ID and the server is idle again.

        A server in staging mode never ``exports``: there the imports and synchronizations have to do.
        The cycle ends with the exports of both directions, so one idle look after the cloud's export is not enough: the
        history must not have grown in between either.
        """
        last: list[SyncRun] = []
        while True:
            new = [run for run in self._history() if run["run_history_id"] not in known]
            finished = bool(new) and all(run["is_run_complete"] for run in new)
            exported = not exports or any(is_cloud_export(run) for run in new)
            idle = self._idle()
            if finished and exported and idle and len(new) == len(last):
                return new
            last = new if idle else []
            self._pause(deadline, "the cycle has not ended")

    def _history(self) -> list[SyncRun]:
        found = self._run(Cmdlet("Get-ADSyncRunProfileResult", {"NumberRequested": HISTORY}))
        return [run_result(item) for item in found]

    def _pause(self, deadline: float, why: str) -> None:
        if self.clock() >= deadline:
            told = f"{why} after {self.wait_timeout:g} seconds"
            if self.suspended and not self.allow_suspended:
                raise _suspended(f"{told}, and the scheduler is suspended")
            raise HybridError(
                f"{told}.",
                code="sync_timeout",
                retryable=True,
                cmdlet="Get-ADSyncConnectorRunStatus",
                remedy="Check the server, or increase wait_timeout (offboarding_sync_timeout of the role).",
            )
        # A small directory's cycle takes seconds: the first looks come soon after each other.
        self.looks += 1
        soon = FIRST_LOOK * 2.0 ** min(self.looks - 1, 10)
        self.sleep(min(self.wait_sleep, soon, max(0.0, deadline - self.clock())))

    def activity(self) -> Activity:
        """Read the scheduler and the run history. In this order: a run that begins meanwhile is in the history."""
        scheduler = self._scheduler()
        return Activity(
            scheduler["sync_cycle_enabled"],
            scheduler["staging_mode_enabled"],
            not self._idle(),
            tuple(self._history()),
        )

    # -- the scheduler ---------------------------------------------------------------------------------------------

    def paused(self, folder: Folder | None, require_ready: bool = False) -> Result:
        """Stop scheduled cycles, wait for a running one, and write down beside the baseline that it was us.

        With ``require_ready``, not for a server that ``ready`` refuses.

        The note is written first: a kill right after the cmdlet must not leave a pause that nobody knows of. A
        scheduler that somebody else stopped gets no note, so it is never started by us; unless that was another
        ``holder`` with the same directory, who then waits for our end.
        """
        if require_ready:
            self.ready()
        with self._alone(folder):
            scheduler = self._scheduler()
            self._refuse_unfit(scheduler)
            if not scheduler["sync_cycle_enabled"]:
                if folder and not self.check and self._others(folder):
                    self._write_note(folder)
                if not self.check:
                    # Whoever stopped it: a cycle may be under way, or have been started by hand.
                    self._await_idle(self.clock() + self.wait_timeout)
                return Result(False, noted=self._noted(folder))
            if not self.check:
                if folder:
                    self._write_note(folder)
                with self._undone_if_interrupted(folder):
                    self._switch(False)
                    self._await_idle(self.clock() + self.wait_timeout)
        switched = [_enable(False).preview()]
        return Result(
            True, {"sync_cycle_enabled": True}, {"sync_cycle_enabled": False}, switched, noted=self._noted(folder)
        )

    def resumed(self, folder: Folder | None, assume_paused: bool = False) -> Result:
        """Let scheduled cycles run again; with ``folder`` only if a pause written down there is ours to end.

        That is the pause of this holder, and that of any run which was killed. Where another holder's note is left,
        the scheduler stays paused: the last one starts it. Over a half-made user it stays paused however old the note
        is: HybridError; and as long as another run with the directory is making users, it is waited for.
        ``assume_paused`` counts in a preview alone: an earlier task of it would have paused the scheduler.

        Whatever goes wrong is tried again for ``resume_timeout``, but for what lasts until somebody changes something.
        """
        deadline = self.clock() + self.resume_timeout
        while True:
            try:
                return self._resumed(folder, assume_paused)
            except HybridError as error:
                if self.check or error.code == "addresses_at_risk" or isinstance(error, InputError):
                    raise
                if error.code in LASTING or self.clock() >= deadline:
                    raise self._still_paused(error) from error
            self.sleep(RESUME_SLEEP)

    def _resumed(self, folder: Folder | None, assume_paused: bool) -> Result:
        if assume_paused and self.check:
            return Result(True, {"sync_cycle_enabled": False}, {"sync_cycle_enabled": True}, [_enable(True).preview()])
        if folder and not self._to_end(folder):
            return Result(False)
        with self._alone(folder):
            others = self._others(folder) if folder else []
            kept = None if others or self.check else folder
            what = "Directory synchronization stays paused"
            with half_made.quiet(kept, what, self.wait_timeout, self.sleep):
                changed = not others and not self._scheduler()["sync_cycle_enabled"]
                if changed and not self.check:
                    self._switch(True)
                if folder and not self.check:
                    for note in self._to_end(folder):
                        with contextlib.suppress(OSError):
                            folder.memory.remove(note)
        if others:
            return Result(False, warnings=[f"directory synchronization stays paused for {', '.join(others)}."])
        if not changed:
            return Result(False)
        return Result(True, {"sync_cycle_enabled": False}, {"sync_cycle_enabled": True}, [_enable(True).preview()])

    def _still_paused(self, error: HybridError) -> HybridError:
        host = self.connections.organization(ENTRA_CONNECT).host
        return HybridError(
            f"directory synchronization is STILL PAUSED on {host}: {error.message}",
            code="still_paused",
            cmdlet=error.cmdlet,
            retryable=True,
            remedy=f"Type on {host}: {COMMAND}. Or remove the cause and run the playbook resume_sync. {error.remedy}",
        )

    @contextlib.contextmanager
    def _undone_if_interrupted(self, folder: Folder | None) -> Iterator[None]:
        """End a pause again that was interrupted before anything was written in it."""
        try:
            yield
        except Exception:
            raise
        except BaseException as error:
            with undisturbed():
                try:
                    self._switch(True)
                    if folder is not None:
                        folder.memory.remove(self._note(folder))
                except (HybridError, OSError) as failure:
                    error.args = (f"directory synchronization is STILL PAUSED: {failure}. Type: {COMMAND}.",)
            raise

    def _note(self, folder: Folder) -> str:
        return note_of(folder, self.holder)

    def _noted(self, folder: Folder | None) -> bool:
        return folder is not None and folder.memory.exists(self._note(folder))

    def _alone(self, folder: Folder | None) -> contextlib.AbstractContextManager[bool]:
        """Keep other holders of the folder from looking at the scheduler and the notes at the same time."""
        if self.check or not folder:
            return contextlib.nullcontext(True)
        return locked(folder, PAUSE_LOCK, patience=WITHOUT_END)

    def _to_end(self, folder: Folder) -> list[str]:
        """Return the notes of pauses that are ours to end: this holder's, and those that killed runs left."""
        mine = self._note(folder)
        return [path for path in notes(folder) if path == mine or not self._is_held(folder, path)]

    def _others(self, folder: Folder) -> list[str]:
        """Return who else holds the pause by the notes in the folder, those of killed runs left out."""
        mine = self._note(folder)
        held = [path for path in notes(folder) if path != mine and self._is_held(folder, path)]
        return [read(folder, path).holder or "another run" for path in held]

    def _is_held(self, folder: Folder, path: str) -> bool:
        return is_held(folder, read(folder, path), self.processes)

    def _write_note(self, folder: Folder) -> None:
        paused_at = folder.memory.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        note = Pause(self.holder, self.run, self.connections.organization(ENTRA_CONNECT).host, paused_at).as_document()
        try:
            folder.memory.make_folder(folder.path)
            folder.memory.write(self._note(folder), documents.text_of(documents.sealed(note)))
        except OSError as error:
            raise unwritable_directory(
                "directory",
                folder.memory.describe(self._note(folder)),
                "the note of the pause of directory synchronization",
                error,
                more="Directory synchronization was not paused.",
            ) from error

    def _switch(self, enabled: bool) -> None:
        """Start or stop the scheduler and read it back; where the answer was lost, it is sent again only if need be."""
        call = _enable(enabled)
        # A full disk must not leave the scheduler stopped.
        change = Change("", {"sync_cycle_enabled": not enabled}, {"sync_cycle_enabled": enabled}, regardless=enabled)
        try:
            self._run(call, change)
        except ConnectionFailure as error:
            if not error.answer_lost:
                raise
            if self._scheduler()["sync_cycle_enabled"] is not enabled:
                self._run(call, change)
        if self._scheduler()["sync_cycle_enabled"] is not enabled:
            raise HybridError(
                f"the scheduler was {'started' if enabled else 'stopped'}, but reading it back shows otherwise.",
                code="not_applied",
                retryable=True,
                cmdlet=call.name,
                remedy=f"Set it by hand: {call.preview()}.",
            )

    def _scheduler(self) -> Scheduler:
        found = self._run(Cmdlet("Get-ADSyncScheduler"))
        if not found:
            raise HybridError(
                "Get-ADSyncScheduler returned nothing.",
                code="unexpected_answer",
                cmdlet="Get-ADSyncScheduler",
                remedy="Set the name of a server on which Entra Connect is installed.",
            )
        return scheduler_of(found[0])

    def _run(self, cmdlet: Cmdlet, change: Change | None = None) -> list[Properties]:
        return self.connections.run(ENTRA_CONNECT, cmdlet, change).objects


def ended_pause(
    connections: Connections,
    kept: half_made.HalfMade,
    run: Holder,
    processes: Processes,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """End the pause of a run that was interrupted; return what became of it, for its last sentence.

    A job that is canceled is killed soon after it was asked to end, so this is tried for seconds only.
    """
    sync = DirectorySync(
        connections,
        check=False,
        wait_timeout=INTERRUPTED,
        wait_sleep=1,
        sleep=sleep,
        clock=clock,
        holder=kept.holder,
        run=run,
        processes=processes,
        resume_timeout=INTERRUPTED,
    )
    try:
        result = sync.resumed(kept.folder)
    except HybridError as error:
        return error.sentence()
    return "Directory synchronization was resumed." if result.changed else " ".join(result.warnings)


def is_busy(error: CmdletError) -> bool:
    """Tell whether the server refused because something runs: "... AAD is busy" or "Sync is already running"."""
    text = error.message.lower()
    return "is busy" in text or "already running" in text


def _too_many_deletions(connector: str, cmdlet: str) -> HybridError:
    return HybridError(
        f"the last export to {connector} ended with {TOO_MANY_DELETIONS}: nothing at all is exported.",
        code="deletion_threshold",
        cmdlet=cmdlet,
        remedy="Find out in the Synchronization Service Manager what would be deleted, and why. Undo that, or allow "
        "the deletions once as described on Microsoft's page on accidental deletes; then run a cycle by hand.",
    )


def _suspended(told: str) -> HybridError:
    return HybridError(
        f"{told}, which happens while the Entra Connect wizard is open or an upgrade is running.",
        code="scheduler_suspended",
        cmdlet="Get-ADSyncScheduler",
        retryable=True,
        remedy="Close the wizard on the server, also in disconnected sessions, or wait for the upgrade. Run again.",
    )


def _enable(value: bool) -> Cmdlet:
    return Cmdlet("Set-ADSyncScheduler", {"SyncCycleEnabled": value})
