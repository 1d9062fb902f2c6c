# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ADSync cmdlets of the Entra Connect server (contract: adsync.json)."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable

from lab.answer import Answer, CmdletFailure, Enumeration, LabObject, LabValue
from lab.model.cmdlet_host import Implementation, Organization, Request
from lab.model.contract import ADSYNC, Binder
from lab.model.directory_sync import INTERVAL, DirectorySync, Run, identifier

RESULT_FILTERS = frozenset({"RunHistoryId", "ConnectorId", "RunProfileId", "RunNumber", "NumberRequested"})
_MODEL = "Microsoft.IdentityManagement.PowerShell.ObjectModel."


class EntraConnect(Organization):
    """The CmdletHost of the Entra Connect server."""

    def __init__(
        self,
        sync: DirectorySync,
        advance: Callable[[], None],
        now: Callable[[], datetime.datetime],
        lock: threading.RLock,
    ) -> None:
        super().__init__(Binder(ADSYNC), advance, now, lock)
        self.sync = sync
        self.cmdlets = {
            "Get-ADSyncScheduler": Implementation(self.get_scheduler),
            "Set-ADSyncScheduler": Implementation(self.set_scheduler, frozenset({"SyncCycleEnabled"})),
            "Start-ADSyncSyncCycle": Implementation(self.start_cycle, frozenset({"PolicyType"})),
            "Get-ADSyncConnectorRunStatus": Implementation(self.get_run_status),
            "Get-ADSyncRunProfileResult": Implementation(self.get_run_results, RESULT_FILTERS),
        }

    def get_scheduler(self, request: Request) -> Answer:
        """Get-ADSyncScheduler."""
        properties: dict[str, LabValue] = {
            "AllowedSyncCycleInterval": INTERVAL, "CurrentlyEffectiveSyncCycleInterval": INTERVAL,
            "CustomizedSyncCycleInterval": None,
            "NextSyncCyclePolicyType": Enumeration(_MODEL + "SynchronizationPolicyType", "Delta", 1),
            "NextSyncCycleStartTimeInUTC": self.sync.next_start, "PurgeRunHistoryInterval": datetime.timedelta(days=7),
            "SyncCycleEnabled": self.sync.sync_cycle_enabled, "MaintenanceEnabled": True,
            "StagingModeEnabled": self.sync.staging_mode, "SchedulerSuspended": self.sync.scheduler_suspended,
            "SyncCycleInProgress": self.sync.cycle_in_progress,
        }  # fmt: skip
        return Answer([LabObject((_MODEL + "SchedulerSettings", "System.Object"), properties)])

    def set_scheduler(self, request: Request) -> Answer:
        """Set-ADSyncScheduler -SyncCycleEnabled."""
        if "SyncCycleEnabled" in request.parameters:
            self.sync.sync_cycle_enabled = bool(request.get("SyncCycleEnabled"))
        return Answer()

    def start_cycle(self, request: Request) -> Answer:
        """Start-ADSyncSyncCycle: answers at once, the cycle runs later. Raises CmdletFailure while one is running."""
        if self.sync.busy and self.sync.running is None:
            raise CmdletFailure(
                "System.InvalidOperationException: Sync is already running.",
                "System.InvalidOperationException", category="WriteError", terminating=True,
            )  # fmt: skip
        if self.sync.busy:
            raise CmdletFailure(
                f"System.InvalidOperationException: Connector: {self.sync.cloud_connector} is busy.",
                "System.InvalidOperationException", category="WriteError", terminating=True,
            )  # fmt: skip
        if self.sync.scheduler_suspended:
            raise CmdletFailure(
                "System.InvalidOperationException: Scheduler is already suspended via global parameters.",
                "System.InvalidOperationException", category="WriteError", terminating=True,
            )  # fmt: skip
        policy = request.get("PolicyType") or "Delta"
        self.sync.request_cycle("Initial" if policy == "Initial" else "Delta", request.now)
        return Answer([LabObject((_MODEL + "SyncCycleResult", "System.Object"), {"Result": "Success"}, "Success")])

    def get_run_status(self, request: Request) -> Answer:
        """Get-ADSyncConnectorRunStatus: nothing while idle, right after a start, and between two steps of a cycle."""
        run = self.sync.running
        if run is None:
            return Answer()
        properties: dict[str, LabValue] = {
            "RunState": Enumeration(_MODEL + "ConnectorRunState", "Busy", 1), "ConnectorName": run.connector,
        }  # fmt: skip
        return Answer([LabObject((_MODEL + "ConnectorRunStatus", "System.Object"), properties)])

    def get_run_results(self, request: Request) -> Answer:
        """Get-ADSyncRunProfileResult: the run history, newest first."""
        shown = [_result(run) for run in reversed(self.sync.history)]
        for name in RESULT_FILTERS - {"NumberRequested"}:
            if name in request.parameters:
                shown = [item for item in shown if str(item.properties[name]) == str(request.get(name))]
        return Answer(shown[: request.get("NumberRequested")])


def _result(run: Run) -> LabObject:
    properties: dict[str, LabValue] = {
        "RunHistoryId": identifier(f"run {run.number}"), "ConnectorId": identifier(run.connector),
        "ConnectorName": run.connector, "RunProfileId": identifier(f"{run.connector} {run.profile}"),
        "RunProfileName": run.profile, "RunNumber": run.number, "IsRunComplete": run.ended is not None,
        "Result": run.result, "StartDate": run.started, "EndDate": run.ended,
    }  # fmt: skip
    return LabObject((_MODEL + "RunProfileResult", "System.Object"), properties)
