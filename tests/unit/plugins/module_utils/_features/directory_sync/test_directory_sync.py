# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync import pause_notes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.activity import (
    TOO_MANY_DELETIONS,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    FIRST_LOOK,
    DirectorySync,
    ended_pause,
    is_busy,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.leases import Holder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.owners import Owner, Processes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import Terminated
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.half_made import HalfMade
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Note

from tests.unit.plugins.module_utils.fakes import Fails, FakeOrganization, Time, connect, lost, on_disk, refusal
from tests.unit.plugins.module_utils.machines import Clock, Machine

NOTE = "directory-sync-paused.json"
BUSY = "System.InvalidOperationException: Microsoft Entra Connect: AAD is busy."
AD, AAD = "contoso.com", "contoso.onmicrosoft.com - AAD"
CYCLE = [
    (AD, "Delta Import"),
    (AAD, "Delta Import"),
    (AD, "Delta Synchronization"),
    (AAD, "Delta Synchronization"),
    (AAD, "Export"),
    (AD, "Export"),
]


class Server:
    """An Entra Connect server whose cycles go one step further at each sleep."""

    def __init__(self, **scheduler: Any) -> None:
        self.scheduler = {
            "SyncCycleEnabled": True,
            "StagingModeEnabled": False,
            "SchedulerSuspended": False,
            "SyncCycleInProgress": False,
            **scheduler,
        }
        self.results: dict[tuple[str, str], str] = {}
        self.history: list[Properties] = []
        self.coming: list[tuple[str, str]] = []
        self.later: list[Callable[[], None]] = []
        self.time = Time()
        self.organization = FakeOrganization(
            "entra_connect",
            handlers={
                "Get-ADSyncScheduler": lambda _cmdlet: [self.scheduler],
                "Set-ADSyncScheduler": self._set,
                "Start-ADSyncSyncCycle": self._start,
                "Get-ADSyncConnectorRunStatus": lambda _cmdlet: [{"RunState": "Busy"}] if self.coming else [],
                "Get-ADSyncRunProfileResult": lambda cmdlet: self.history[
                    -int(str(cmdlet.parameters["NumberRequested"])) :
                ],
            },
            host="aadc.contoso.com",
        )

    def _set(self, cmdlet: Cmdlet) -> list[Properties]:
        self.scheduler.update(cmdlet.parameters)
        return []

    def _start(self, _cmdlet: Cmdlet) -> list[Properties]:
        if self.coming:
            raise refusal(BUSY)
        self.begin()
        return []

    def begin(self, cycle: Sequence[tuple[str, str]] | None = None) -> None:
        self.coming = list(CYCLE if cycle is None else cycle)

    def sleep(self, seconds: float) -> None:
        self.time.sleep(seconds)
        if self.coming:
            connector, profile = self.coming.pop(0)
            self.run(connector, profile)
        elif self.later:
            self.later.pop(0)()

    def run(self, connector: str, profile: str, **more: Any) -> None:
        self.history.append(
            {
                "RunHistoryId": f"run {len(self.history)}",
                "ConnectorName": connector,
                "RunProfileName": profile,
                "Result": self.results.get((connector, profile), "success"),
                "IsRunComplete": True,
                "StartDate": "2026-11-23T09:00:00",
                "EndDate": "2026-11-23T09:00:07",
                **more,
            }
        )

    def sync(self, check: bool = False, **options: Any) -> DirectorySync:
        return DirectorySync(
            connect(self.organization),
            check,
            **{"wait_timeout": 100, "wait_sleep": 5, "sleep": self.sleep, "clock": self.time.clock, **options},
        )

    @property
    def written(self) -> list[str]:
        return [call.preview() for call in self.organization.writes]


def left(directory: Path) -> list[Path]:
    """Return what is left in a directory beside the files by which runs lock each other out."""
    return [path for path in directory.iterdir() if path.suffix != ".lock"]


def refused(work: Callable[[], object]) -> HybridError:
    with pytest.raises(HybridError) as caught:
        work()
    return caught.value


START = "Start-ADSyncSyncCycle -PolicyType 'Delta'"

# -- a cycle -----------------------------------------------------------------------------------------------------------


def test_a_cycle_runs_to_its_end() -> None:
    server = Server()
    server.run(AAD, "Export")
    result = server.sync().synced("Delta")
    assert (result.changed, result.cmdlets, server.written) == (True, [START], [START])
    assert [(run["connector_name"], run["run_profile_name"]) for run in result.runs] == CYCLE
    assert result.runs[0]["start_date"] == "2026-11-23T09:00:00Z"
    # A second look at the idle server, six steps, and one more look that shows that nothing follows the last of them.
    assert len(server.time.slept) == 8
    assert max(server.time.slept) <= 5


def test_an_initial_cycle_is_asked_for_by_name() -> None:
    server = Server()
    assert server.sync().synced("Initial").cmdlets == ["Start-ADSyncSyncCycle -PolicyType 'Initial'"]


def test_a_running_cycle_is_waited_for_and_does_not_count() -> None:
    server = Server()
    server.begin()
    result = server.sync().synced("Delta")
    assert server.written == [START]
    assert [run["run_history_id"] for run in result.runs] == [f"run {number}" for number in range(6, 12)]


def test_a_cycle_that_began_between_two_looks_is_waited_for_too() -> None:
    server = Server()
    start = server.organization.handlers["Start-ADSyncSyncCycle"]

    def just_too_late(cmdlet: Cmdlet) -> Sequence[Properties]:
        server.organization.handlers["Start-ADSyncSyncCycle"] = start
        server.begin()
        return start(cmdlet)

    server.organization.handlers["Start-ADSyncSyncCycle"] = just_too_late
    result = server.sync().synced("Delta")
    assert server.written == [START, START]
    assert [run["run_history_id"] for run in result.runs] == [f"run {number}" for number in range(6, 12)]


def test_idle_right_after_the_start_proves_nothing() -> None:
    server = Server()
    server.organization.handlers["Start-ADSyncSyncCycle"] = lambda _cmdlet: (
        server.later.extend([lambda: None, lambda: None, server.begin]) or []
    )
    result = server.sync().synced("Delta")
    assert len(result.runs) == len(CYCLE)


def test_the_export_back_to_active_directory_is_waited_for() -> None:
    server = Server()
    # For a moment after the export to Entra ID the server looks idle.
    server.organization.handlers["Start-ADSyncSyncCycle"] = lambda _cmdlet: (
        server.begin(CYCLE[:5]) or server.later.append(lambda: server.begin(CYCLE[5:])) or []
    )
    result = server.sync().synced("Delta")
    assert [run["connector_name"] for run in result.runs if run["run_profile_name"] == "Export"] == [AAD, AD]


def test_a_cycle_is_not_over_before_its_export_however_idle_the_server_looks() -> None:
    """Imports and synchronizations that are complete have told Entra ID nothing yet."""
    server = Server()
    nothing = [lambda: None] * 4
    server.organization.handlers["Start-ADSyncSyncCycle"] = lambda _cmdlet: (
        server.begin(CYCLE[:4]) or server.later.extend([*nothing, lambda: server.begin(CYCLE[4:])]) or []
    )
    result = server.sync().synced("Delta")
    assert [(run["connector_name"], run["run_profile_name"]) for run in result.runs] == CYCLE


def test_a_run_that_is_not_complete_is_waited_for() -> None:
    server = Server()
    server.organization.handlers["Start-ADSyncSyncCycle"] = lambda _cmdlet: (
        server.run(AAD, "Export", IsRunComplete=False) or []
    )
    server.later = [lambda: None, lambda: None, lambda: server.history[0].update(IsRunComplete=True)]
    assert server.sync().synced("Delta").runs[0]["is_run_complete"]
    assert len(server.time.slept) == 3


def test_a_start_whose_answer_was_lost_is_not_sent_again_when_a_cycle_began() -> None:
    server = Server()

    def begin_and_lose(_cmdlet: Cmdlet) -> list[Properties]:
        server.begin()
        raise lost()

    server.organization.handlers["Start-ADSyncSyncCycle"] = begin_and_lose
    assert len(server.sync().synced("Delta").runs) == len(CYCLE)
    assert server.written == [START]


def test_a_start_that_was_lost_on_its_way_is_sent_again() -> None:
    server = Server()
    server.organization.handlers["Start-ADSyncSyncCycle"] = Fails(lost(), then=server._start)
    assert len(server.sync().synced("Delta").runs) == len(CYCLE)
    assert server.written == [START, START]


@pytest.mark.parametrize("ending", ["completed-export-errors", "stopped-connectivity", "no-start-server", "anything"])
def test_an_export_that_is_no_success_does_not_count(ending: str) -> None:
    server = Server()
    server.results[AAD, "Export"] = ending
    error = refused(lambda: server.sync().synced("Delta"))
    assert (error.code, error.cmdlet) == ("export_errors", "Start-ADSyncSyncCycle")
    assert error.message == f"the cycle's export to {AAD} ended with {ending}."


def test_export_errors_of_other_objects_may_be_accepted() -> None:
    server = Server()
    server.results[AD, "Export"] = "completed-export-errors"
    result = server.sync(accept_export_errors=True).synced("Delta")
    assert result.warnings == [f"export to {AD} ended with completed-export-errors"]


def test_trouble_of_an_import_is_no_export_error() -> None:
    server = Server()
    server.results[AD, "Delta Import"] = "completed-warnings"
    assert server.sync().synced("Delta").warnings == []


@pytest.mark.parametrize(
    ("never_ends", "message"),
    [
        (True, "another cycle is still running after 100 seconds."),
        (False, "the cycle has not ended after 100 seconds."),
    ],
)
def test_time_is_up(never_ends: bool, message: str) -> None:
    server = Server()
    if never_ends:
        server.begin(CYCLE * 10)
    else:
        server.organization.handlers["Start-ADSyncSyncCycle"] = lambda _cmdlet: []
    error = refused(lambda: server.sync(wait_sleep=30).synced("Delta"))
    assert (error.code, error.retryable, error.message) == ("sync_timeout", True, message)
    assert (server.time.now, max(server.time.slept)) == (100, 30)
    assert server.time.slept[:4] == [FIRST_LOOK, 2 * FIRST_LOOK, 4 * FIRST_LOOK, 8 * FIRST_LOOK]


def test_over_a_half_made_user_a_cycle_is_shown_and_not_run(tmp_path: Path) -> None:
    """An earlier task would have mended it before, in a preview it did not."""
    HalfMade(on_disk(tmp_path), "run").begin(Note("ann@contoso.com", "guid", {}))
    server = Server()
    assert server.sync(check=True).synced("Delta", on_disk(tmp_path)).cmdlets == [START]
    error = refused(lambda: server.sync().synced("Delta", on_disk(tmp_path)))
    assert (error.code, server.written) == ("addresses_at_risk", [])


@pytest.mark.parametrize(
    ("setting", "code", "option", "remedy"),
    [
        ("StagingModeEnabled", "staging_mode", "allow_staging", "Set entra_connect.host to the active server."),
        ("SchedulerSuspended", "scheduler_suspended", "allow_suspended", "Close the wizard on the server"),
    ],
)
def test_an_unfit_server_is_refused_unless_told_otherwise(
    setting: str, code: str, option: str, remedy: str, tmp_path: Path
) -> None:
    server = Server(**{setting: True})
    for work in (
        lambda: server.sync().synced("Delta"),
        lambda: server.sync().paused(on_disk(tmp_path)),
        lambda: server.sync(check=True).paused(on_disk(tmp_path)),
        lambda: server.sync().ready(),
    ):
        error = refused(work)
        assert (error.code, remedy in error.remedy, server.written) == (code, True, [])
        # The role has no such variables.
        assert "allow_" not in error.remedy
    assert left(tmp_path) == []
    assert server.sync(**{option: True}).ready().changed is False
    if setting == "StagingModeEnabled":
        # Such a server exports nothing, so there is no export to wait for.
        server.organization.handlers["Start-ADSyncSyncCycle"] = lambda _cmdlet: server.begin(CYCLE[:4]) or []
    assert server.sync(**{option: True}).synced("Delta").changed


def test_a_preview_of_a_cycle_starts_none() -> None:
    server = Server()
    result = server.sync(check=True).synced("Delta")
    assert (result.changed, result.cmdlets, server.written, server.time.slept) == (True, [START], [], [])


def test_other_refusals_are_not_taken_for_busy() -> None:
    server = Server()
    server.organization.handlers["Start-ADSyncSyncCycle"] = Fails(refusal("No such policy."))
    assert refused(lambda: server.sync().synced("Delta")).message == "No such policy."
    assert is_busy(CmdletError(BUSY, cmdlet="x"))
    assert not is_busy(CmdletError("No such policy.", cmdlet="x"))


@pytest.mark.parametrize("text", [BUSY, "Sync is already running", "AD connector: IS BUSY."])
def test_each_text_of_a_busy_server_is_waited_for(text: str) -> None:
    assert is_busy(CmdletError(text, cmdlet="x"))
    server = Server()
    server.organization.handlers["Start-ADSyncSyncCycle"] = Fails(refusal(text), then=server._start)
    assert len(server.sync().synced("Delta").runs) == len(CYCLE)
    assert server.written == [START, START]


def test_a_cycle_between_two_run_profiles_is_not_idle(tmp_path: Path) -> None:
    server = Server(SyncCycleInProgress=True)
    server.later = [lambda: None, lambda: None, lambda: server.scheduler.update(SyncCycleInProgress=False)]
    server.sync().paused(on_disk(tmp_path))
    # Three looks at the cycle, and a second one at the idle server.
    assert len(server.time.slept) == 4
    # A release that has no such property: the connectors alone tell.
    del server.scheduler["SyncCycleInProgress"]
    assert server.sync().ready().changed is False
    assert server.sync().activity().running is False


def test_one_look_at_an_idle_server_is_not_enough(tmp_path: Path) -> None:
    """Run profiles that a script starts by hand one after the other are no cycle of the scheduler."""
    server = Server()
    server.later = [lambda: server.begin(CYCLE[:1]), lambda: server.begin(CYCLE[1:2])]
    server.sync().paused(on_disk(tmp_path))
    assert [run["RunProfileName"] for run in server.history] == ["Delta Import", "Delta Import"]


def test_a_server_in_staging_mode_is_not_done_before_its_first_run_shows() -> None:
    server = Server(StagingModeEnabled=True)
    server.organization.handlers["Start-ADSyncSyncCycle"] = lambda _cmdlet: (
        server.later.extend([lambda: None, lambda: None, lambda: server.begin(CYCLE[:4])]) or []
    )
    assert len(server.sync(allow_staging=True).synced("Delta").runs) == 4


def test_newer_releases_name_the_connector_otherwise() -> None:
    server = Server()
    newer = "contoso.onmicrosoft.com - Microsoft Entra ID"
    server.organization.handlers["Start-ADSyncSyncCycle"] = lambda _cmdlet: (
        server.begin([(newer if connector == AAD else connector, profile) for connector, profile in CYCLE]) or []
    )
    assert len(server.sync().synced("Delta").runs) == len(CYCLE)


def test_a_wizard_that_is_opened_meanwhile_is_waited_for_and_named() -> None:
    server = Server()
    server.begin()
    server.later = [lambda: server.scheduler.update(SchedulerSuspended=True)]
    text = "System.InvalidOperationException: Scheduler is already suspended via global parameters."
    server.organization.handlers["Start-ADSyncSyncCycle"] = Fails(*[refusal(text)] * 90)
    error = refused(lambda: server.sync().synced("Delta"))
    assert (error.code, error.retryable) == ("scheduler_suspended", True)
    assert error.message.startswith("another cycle is still running after 100 seconds, and the scheduler is suspended")


def stopped(server: Server, number: int, connector: str = AAD, result: str = TOO_MANY_DELETIONS) -> None:
    server.run(connector, "Export", StartDate=f"2026-11-23T09:{number:02d}:00", Result=result)


def test_an_export_that_was_stopped_exports_nothing_and_is_told_before_the_first_write() -> None:
    server = Server()
    assert server.sync().ready().changed is False
    # Results come in no order that counts, and those of Active Directory are another matter.
    stopped(server, 30, result="success")
    stopped(server, 10)
    stopped(server, 50, connector=AD)
    assert server.sync().ready().changed is False
    stopped(server, 40)
    error = refused(lambda: server.sync().ready())
    assert (error.code, AAD in error.message, server.written) == ("deletion_threshold", True, [])


def test_a_stopped_export_of_our_own_cycle_is_no_error_that_could_be_accepted() -> None:
    server = Server()
    server.results[AAD, "Export"] = TOO_MANY_DELETIONS
    error = refused(lambda: server.sync(accept_export_errors=True).synced("Delta"))
    assert error.code == "deletion_threshold"


def test_a_server_without_entra_connect_is_told() -> None:
    server = Server()
    server.organization.handlers["Get-ADSyncScheduler"] = lambda _cmdlet: []
    assert refused(lambda: server.sync().synced("Delta")).code == "unexpected_answer"


# -- the scheduler -----------------------------------------------------------------------------------------------------

STOP, GO = "Set-ADSyncScheduler -SyncCycleEnabled:$false", "Set-ADSyncScheduler -SyncCycleEnabled:$true"


def test_a_pause_is_written_down_before_it_begins(tmp_path: Path) -> None:
    server, directory = Server(), tmp_path / "offboarding"
    there: list[bool] = []
    server.organization.handlers["Set-ADSyncScheduler"] = lambda cmdlet: (
        there.append((directory / NOTE).exists()),
        server._set(cmdlet),
    )[1]
    result = server.sync().paused(on_disk(directory))
    assert there == [True]
    assert (result.changed, result.before, result.after, result.cmdlets) == (
        True,
        {"sync_cycle_enabled": True},
        {"sync_cycle_enabled": False},
        [STOP],
    )
    note = json.loads((directory / NOTE).read_text(encoding="utf-8"))
    assert (note["paused_by"], note["host"], set(note)) == (
        "mailops.exchange_hybrid",
        "aadc.contoso.com",
        {"paused_by", "host", "paused_at", "run", "owner", "checksum"},
    )
    assert stat.S_IMODE((directory / NOTE).stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_nothing_is_paused_for_an_export_that_would_not_come(tmp_path: Path) -> None:
    server = Server()
    stopped(server, 10)
    error = refused(lambda: server.sync().paused(on_disk(tmp_path), require_ready=True))
    assert (error.code, server.written, list(tmp_path.iterdir())) == ("deletion_threshold", [], [])
    assert server.sync().paused(on_disk(tmp_path)).changed, "a pause alone needs no export"


def test_a_pause_waits_for_the_running_cycle(tmp_path: Path) -> None:
    server = Server()
    server.begin()
    server.sync().paused(on_disk(tmp_path))
    assert (server.coming, len(server.time.slept)) == ([], len(CYCLE) + 1)


@pytest.mark.parametrize("holder", ["", "wave_001"])
def test_a_scheduler_that_somebody_else_stopped_may_still_have_a_cycle_to_wait_for(holder: str, tmp_path: Path) -> None:
    server = Server(SyncCycleEnabled=False)
    server.begin()
    assert server.sync(check=True, holder=holder).paused(on_disk(tmp_path)).changed is False
    assert server.time.slept == []
    assert server.sync(holder=holder).paused(on_disk(tmp_path)).changed is False
    assert (server.coming, server.written) == ([], [])
    server.begin(CYCLE * 40)
    error = refused(lambda: server.sync(holder=holder).paused(on_disk(tmp_path)))
    assert (error.code, error.retryable) == ("sync_timeout", True)


def test_a_pause_is_resumed_once(tmp_path: Path) -> None:
    server = Server()
    server.sync().paused(on_disk(tmp_path))
    assert not server.sync().paused(on_disk(tmp_path)).changed
    result = server.sync().resumed(on_disk(tmp_path))
    assert (result.changed, result.cmdlets, server.scheduler["SyncCycleEnabled"]) == (True, [GO], True)
    assert left(tmp_path) == []
    assert not server.sync().resumed(on_disk(tmp_path)).changed
    assert server.written == [STOP, GO]


def test_somebody_elses_pause_is_neither_noted_nor_ended(tmp_path: Path) -> None:
    server = Server(SyncCycleEnabled=False)
    assert not server.sync().paused(on_disk(tmp_path)).changed
    assert left(tmp_path) == []
    assert not server.sync().resumed(on_disk(tmp_path)).changed
    assert (server.written, server.scheduler["SyncCycleEnabled"]) == ([], False)


def test_without_a_directory_any_pause_is_ended() -> None:
    server = Server(SyncCycleEnabled=False)
    assert server.sync().resumed(None).changed
    assert server.scheduler["SyncCycleEnabled"] is True


def test_a_note_of_a_pause_that_never_began_is_taken_away(tmp_path: Path) -> None:
    """A kill between the note and the cmdlet leaves a note, and a scheduler that runs."""
    server = Server()
    server.organization.handlers["Set-ADSyncScheduler"] = Fails(refusal("killed"), then=server._set)
    refused(lambda: server.sync().paused(on_disk(tmp_path)))
    assert (tmp_path / NOTE).exists()
    assert not server.sync().resumed(on_disk(tmp_path)).changed
    assert left(tmp_path) == []


def test_a_resume_that_does_not_hold_keeps_the_note(tmp_path: Path) -> None:
    server = Server()
    server.sync().paused(on_disk(tmp_path))
    server.organization.handlers["Set-ADSyncScheduler"] = lambda _cmdlet: []
    error = refused(lambda: server.sync().resumed(on_disk(tmp_path)))
    assert (error.code, error.cmdlet) == ("still_paused", "Set-ADSyncScheduler")
    assert "STILL PAUSED on aadc.contoso.com: the scheduler was started, but" in error.message
    assert "Set-ADSyncScheduler -SyncCycleEnabled $true" in error.remedy
    assert (tmp_path / NOTE).exists()


@pytest.mark.parametrize(
    "trouble",
    [
        lost(),
        ConnectionFailure("no route", code="unreachable"),
        refusal("Something that no release has said before."),
        ConnectionFailure("busy", code="throttled", retryable=True),
    ],
    ids=["lost", "unreachable", "unknown", "throttled"],
)
@pytest.mark.parametrize("cmdlet", ["Get-ADSyncScheduler", "Set-ADSyncScheduler"])
def test_resuming_is_tried_again_whatever_went_wrong(tmp_path: Path, cmdlet: str, trouble: Exception) -> None:
    server = Server()
    server.sync().paused(on_disk(tmp_path))
    usual = server.organization.handlers[cmdlet]
    server.organization.handlers[cmdlet] = Fails(*[trouble] * 5, then=usual)
    assert server.sync().resumed(on_disk(tmp_path)).changed
    assert server.scheduler["SyncCycleEnabled"] is True
    assert not (tmp_path / NOTE).exists()


def test_what_lasts_until_somebody_changes_something_is_not_tried_for_minutes(tmp_path: Path) -> None:
    server = Server()
    server.sync().paused(on_disk(tmp_path))
    began = server.time.now
    server.organization.handlers["Get-ADSyncScheduler"] = Fails(
        *[ConnectionFailure("no", code="authentication_failed")] * 99
    )
    error = refused(lambda: server.sync().resumed(on_disk(tmp_path)))
    assert (error.code, server.time.now) == ("still_paused", began)


# -- whose pause it is -------------------------------------------------------------------------------------------------


def held_by(machine: Machine, pid: int) -> dict[str, Any]:
    return {"run": Holder(f"run-{pid}", machine.playbook(pid)), "processes": machine.processes}


def test_the_pause_of_a_run_that_was_killed_is_ended_by_the_next(tmp_path: Path) -> None:
    server, machine = Server(), Machine(tmp_path / "machine")
    folder = on_disk(tmp_path / "offboarding")
    server.sync(holder="one", **held_by(machine, 100)).paused(folder)
    # As long as it lives, nobody else ends it.
    result = server.sync(holder="two", **held_by(machine, 200)).resumed(folder)
    assert not result.changed
    assert server.scheduler["SyncCycleEnabled"] is False
    machine.kill(100)
    assert server.sync(holder="two", **held_by(machine, 200)).resumed(folder).changed
    assert pause_notes.notes(folder) == []


def test_a_pause_of_a_live_run_holds_however_old_it_is(tmp_path: Path) -> None:
    server, machine = Server(), Machine(tmp_path / "machine")
    folder = on_disk(tmp_path / "offboarding")
    server.sync(holder="one", **held_by(machine, 100)).paused(folder)
    (note,) = pause_notes.notes(folder)
    old = {**documents.load(folder.memory, note), "paused_at": "2020-01-01T00:00:00Z"}
    folder.memory.write(note, documents.text_of(documents.sealed(old)))
    assert not server.sync(holder="two", **held_by(machine, 200)).resumed(folder).changed


@pytest.mark.parametrize(
    ("paused_at", "held"),
    [("2026-11-30T11:59:00Z", True), ("2026-11-30T10:01:00Z", True), ("2026-11-30T09:59:00Z", False),
     ("2026-11-30T12:05:00Z", False), ("2030-01-01T00:00:00Z", False), ("x", False), ("", False)],
)  # fmt: skip
def test_without_a_process_to_look_at_a_note_holds_for_two_hours_and_never_from_the_future(
    tmp_path: Path, paused_at: str, held: bool
) -> None:
    folder = Folder(FileMemory(Clock()), str(tmp_path))
    folder.memory.write(pause_notes.note_of(folder, "one"), json.dumps({"paused_at": paused_at, "holder": "one"}))
    (path,) = pause_notes.notes(folder)
    pause, machine = pause_notes.read(folder, path), Machine(tmp_path / "machine")
    assert pause_notes.is_held(folder, pause, machine.processes) is held
    left = pause_notes.left_over(folder, "", Owner(), machine.processes)
    assert len(left) == (0 if held else 1)
    assert all("STILL PAUSED" in told and "Set-ADSyncScheduler -SyncCycleEnabled $true" in told for told in left)


def test_ones_own_pause_that_is_left_is_told_and_anothers_is_not(tmp_path: Path) -> None:
    server, machine = Server(), Machine(tmp_path / "machine")
    folder = on_disk(tmp_path / "offboarding")
    mine = held_by(machine, 100)
    server.sync(holder="one", **mine).paused(folder)
    own = mine["run"].owner
    (told,) = pause_notes.left_over(folder, "one", own, machine.processes)
    assert "STILL PAUSED on aadc.contoso.com, by run run-100 since " in told
    # Another wave of the same run, which is still at work.
    assert pause_notes.left_over(folder, "two", own, machine.processes) == []
    # Nothing is resumed by the end of its run alone.
    machine.kill(100)
    assert len(pause_notes.left_over(folder, "two", Owner(), machine.processes)) == 1
    assert server.scheduler["SyncCycleEnabled"] is False


@pytest.mark.parametrize("ending", [KeyboardInterrupt, Terminated])
def test_a_pause_that_is_interrupted_before_anything_was_written_is_ended(
    tmp_path: Path, ending: type[BaseException]
) -> None:
    server = Server()
    server.organization.handlers["Get-ADSyncConnectorRunStatus"] = Fails(ending())  # type: ignore[arg-type]
    with pytest.raises(ending):
        server.sync().paused(on_disk(tmp_path))
    assert server.scheduler["SyncCycleEnabled"] is True
    assert not (tmp_path / NOTE).exists()


def test_a_pause_that_is_interrupted_and_cannot_be_ended_says_so(tmp_path: Path) -> None:
    server = Server()
    server.organization.handlers["Get-ADSyncConnectorRunStatus"] = Fails(KeyboardInterrupt())  # type: ignore[arg-type]
    server.organization.handlers["Set-ADSyncScheduler"] = Fails(then=lambda cmdlet: (
        server._set(cmdlet) if not cmdlet.parameters["SyncCycleEnabled"] else Fails(refusal("no"))(cmdlet)
    ))  # fmt: skip
    with pytest.raises(KeyboardInterrupt, match="STILL PAUSED"):
        server.sync().paused(on_disk(tmp_path))
    assert (tmp_path / NOTE).exists()


def test_a_wave_that_is_interrupted_ends_its_pause_unless_a_user_is_half_made(tmp_path: Path) -> None:
    server = Server()
    folder = on_disk(tmp_path)
    server.sync(holder="one").paused(folder)
    connections, clock = connect(server.organization), server.time.clock
    kept = HalfMade(folder, "one", pause_notes.note_of(folder, "one"))
    kept.begin(Note("ann@contoso.com", "a" * 32, {}))
    unknown = Holder("", Owner())
    told = ended_pause(connections, kept, unknown, Processes(), server.sleep, clock)
    assert "half made on-premises is ann@contoso.com" in told
    assert server.scheduler["SyncCycleEnabled"] is False
    kept.end("a" * 32)
    told = ended_pause(connections, kept, unknown, Processes(), server.sleep, clock)
    assert told == "Directory synchronization was resumed."
    assert server.scheduler["SyncCycleEnabled"] is True


@pytest.mark.parametrize(("done", "sent"), [(True, 1), (False, 2)])
def test_a_switch_whose_answer_was_lost_is_sent_again_only_if_need_be(done: bool, sent: int) -> None:
    server = Server(SyncCycleEnabled=False)

    def switch_and_lose(cmdlet: Cmdlet) -> list[Properties]:
        server.organization.handlers["Set-ADSyncScheduler"] = server._set
        if done:
            server._set(cmdlet)
        raise lost()

    server.organization.handlers["Set-ADSyncScheduler"] = switch_and_lose
    assert server.sync().resumed(None).changed
    assert (server.scheduler["SyncCycleEnabled"], server.written) == (True, [GO] * sent)


def test_previews_of_pause_and_resume_touch_nothing(tmp_path: Path) -> None:
    server = Server()
    paused = server.sync(check=True).paused(on_disk(tmp_path))
    resumed = server.sync(check=True).resumed(on_disk(tmp_path), assume_paused=True)
    assert (paused.cmdlets, resumed.cmdlets, server.written, left(tmp_path)) == ([STOP], [GO], [], [])
    assert not server.sync().resumed(on_disk(tmp_path), assume_paused=True).changed


def test_a_preview_keeps_the_note_of_a_real_pause(tmp_path: Path) -> None:
    server = Server()
    server.sync().paused(on_disk(tmp_path))
    assert server.sync(check=True).resumed(on_disk(tmp_path)).changed
    assert (server.written, (tmp_path / NOTE).exists()) == ([STOP], True)


def test_a_pause_that_times_out_is_still_noted(tmp_path: Path) -> None:
    server = Server()
    server.begin(CYCLE * 10)
    assert refused(lambda: server.sync().paused(on_disk(tmp_path))).code == "sync_timeout"
    assert (tmp_path / NOTE).exists()


# -- several waves with one directory ----------------------------------------------------------------------------------


def test_the_last_of_several_waves_starts_the_scheduler_again(tmp_path: Path) -> None:
    server, directory = Server(), on_disk(tmp_path)
    first, second = server.sync(holder="wave_001"), server.sync(holder="wave_002")
    assert (first.paused(directory).changed, second.paused(directory).changed) == (True, False)
    left = first.resumed(directory)
    assert (left.changed, left.warnings) == (False, ["directory synchronization stays paused for wave_002."])
    assert server.written == [STOP]
    assert second.resumed(directory).changed
    assert server.written == [STOP, GO]
    assert list(tmp_path.glob("*.json")) == []


def test_a_wave_leaves_a_strangers_pause_alone(tmp_path: Path) -> None:
    server, directory = Server(), on_disk(tmp_path)
    server.scheduler["SyncCycleEnabled"] = False
    assert not server.sync(holder="wave_001").paused(directory).changed
    assert not server.sync(holder="wave_001").resumed(directory).changed
    assert server.written == []


def test_a_killed_waves_pause_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    server, directory = Server(), on_disk(tmp_path)
    killed, later = server.sync(holder="wave_001"), server.sync(holder="wave_002")
    killed.paused(directory)
    later.paused(directory)
    (note,) = tmp_path.glob("*.wave_001.json")
    told = {**json.loads(note.read_text(encoding="utf-8")), "paused_at": "2026-01-01T00:00:00Z"}
    note.write_text(json.dumps(documents.sealed(told)))
    assert later.resumed(directory).changed
    assert server.written == [STOP, GO]


@pytest.mark.parametrize("holder", ["", "wave_002"])
def test_a_pause_that_another_waves_killed_run_left_is_ended_by_the_next(tmp_path: Path, holder: str) -> None:
    server, directory = Server(), on_disk(tmp_path)
    server.sync(holder="wave_001").paused(directory)
    (note,) = tmp_path.glob("*.wave_001.json")
    told = {**json.loads(note.read_text(encoding="utf-8")), "paused_at": "2026-01-01T00:00:00Z"}
    note.write_text(json.dumps(documents.sealed(told)))
    # It finds the scheduler stopped, but not by anybody who may still be at work.
    later = server.sync(holder=holder)
    assert not later.paused(directory).changed
    assert later.resumed(directory).changed
    assert server.written == [STOP, GO]
    assert list(tmp_path.glob("*.json")) == []


def test_a_run_without_waves_waits_for_those_that_have_some(tmp_path: Path) -> None:
    server, directory = Server(), on_disk(tmp_path)
    server.sync().paused(directory)
    server.sync(holder="wave_001").paused(directory)
    assert not server.sync().resumed(directory).changed
    assert server.sync(holder="wave_001").resumed(directory).changed
    assert server.written == [STOP, GO]
