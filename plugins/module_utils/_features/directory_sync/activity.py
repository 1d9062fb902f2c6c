# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What an Entra Connect server did of late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties

EXPORT = "Export"
# How the wizard names the connector to the cloud, in older and in newer releases.
CLOUD_CONNECTORS = (" - aad", " - microsoft entra id")
# An export that would have deleted too many objects exports nothing at all.
TOO_MANY_DELETIONS = "stopped-deletion-threshold-exceeded"


class SyncRun(TypedDict):
    """A run profile result; times are UTC, None where there is none that can be read."""

    run_history_id: str
    connector_name: str
    run_profile_name: str
    result: str
    run_number: int
    is_run_complete: bool
    start_date: str | None
    end_date: str | None


class Scheduler(TypedDict):
    """How the scheduler stands."""

    sync_cycle_enabled: bool
    staging_mode_enabled: bool
    scheduler_suspended: bool
    sync_cycle_in_progress: bool


@dataclass(frozen=True)
class Activity:
    """What the server did of late: ``runs`` are its newest run profile results, ``running`` tells of one under way."""

    sync_cycle_enabled: bool
    staging_mode_enabled: bool
    running: bool
    runs: tuple[SyncRun, ...]


def is_cloud_export(run: SyncRun) -> bool:
    """Tell whether a run profile result is of an export to Entra ID."""
    return run["run_profile_name"] == EXPORT and _values.folded(run["connector_name"]).endswith(CLOUD_CONNECTORS)


def newest_exports(runs: Sequence[SyncRun]) -> list[SyncRun]:
    """Return each connector's newest export that has ended, by the connector's name."""
    exports = [run for run in runs if run["run_profile_name"] == EXPORT and run["is_run_complete"]]
    exports.sort(key=lambda run: (run["run_number"], str(run["start_date"])))
    newest = {run["connector_name"]: run for run in exports}
    return [newest[name] for name in sorted(newest)]


def stopped_export(runs: Sequence[SyncRun]) -> str:
    """Return the cloud connector whose newest export was stopped because of its deletions, or an empty text."""
    stopped = (run for run in newest_exports(runs) if is_cloud_export(run) and run["result"] == TOO_MANY_DELETIONS)
    return next((str(run["connector_name"]) for run in stopped), "")


def scheduler_of(item: Properties) -> Scheduler:
    """Return how the scheduler stands as Get-ADSyncScheduler shows it, in the collection's terms."""
    return {
        "sync_cycle_enabled": _values.as_bool(item.get("SyncCycleEnabled")),
        "staging_mode_enabled": _values.as_bool(item.get("StagingModeEnabled")),
        "scheduler_suspended": _values.as_bool(item.get("SchedulerSuspended")),
        "sync_cycle_in_progress": _values.as_bool(item.get("SyncCycleInProgress")),
    }


def run_result(item: Properties) -> SyncRun:
    """Return a run profile result as Get-ADSyncRunProfileResult shows it, in the collection's terms."""
    return {
        "run_history_id": str(item.get("RunHistoryId") or ""),
        "connector_name": str(item.get("ConnectorName") or ""),
        "run_profile_name": str(item.get("RunProfileName") or ""),
        "result": str(item.get("Result") or ""),
        "run_number": _values.count(item.get("RunNumber")) or 0,
        "is_run_complete": _values.as_bool(item.get("IsRunComplete")),
        "start_date": _values.shown_time(item.get("StartDate")),
        "end_date": _values.shown_time(item.get("EndDate")),
    }
