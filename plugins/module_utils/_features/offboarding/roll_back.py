# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Rolling a wave back before its completion: both sides are read, judged, written, read back, and watched for a cycle.

What may be undone is decided in ``rollback_plan``.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    ENTRA_CONNECT,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    Connections,
    side_by_side,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.activity import Activity
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    DirectorySync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser import plan as mailuser
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import is_own
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import rollback_plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline import Baselines
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.rollback_plan import (
    RollbackEvidence,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import migration, move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    Baseline,
    CloudRecipient,
    MigrationUser,
    MoveRequest,
    OnPremisesRecipient,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem


@dataclass(frozen=True)
class RollbackOptions:
    """``folder`` has the baselines. ``clock_tolerance`` in seconds. ``assume_paused`` counts in a preview alone."""

    folder: Folder
    clock_tolerance: float
    check: bool = False
    assume_paused: bool = False


@dataclass(frozen=True)
class RolledBack(Step[RollbackEvidence]):
    """Every mailbox as it was before its offboarding, as far as that can be had without harm.

    ``activity`` is what Entra Connect did before the first write; a cycle that begins later is found afterwards.
    """

    options: RollbackOptions
    activity: Activity | None = None
    writes_to = EXCHANGE_SERVER

    def skips(self, record: Record) -> bool:
        """Skip nobody: what is home is refused with the reason."""
        return False

    def read(self, connections: Connections, items: Sequence[WorkItem[RollbackEvidence]]) -> None:
        records, baselines = [item.known for item in items], Baselines(self.options.folder)
        tenant, listed = side_by_side(
            lambda: recipients_read.cloud_recipients(connections, records),
            lambda: recipients_read.move_requests(connections),
        )
        known = {identity: _baseline(baselines, found) for identity, found in tenant.items()}
        named = [_named(item.known, tenant[item.identity], known[item.identity]) for item in items]
        ad = recipients_read.on_premises_objects(connections, named)
        requests = move_request.by_mailbox(listed)
        users = self._users(connections, items)
        for item in items:
            found, baseline = tenant[item.identity], known[item.identity]
            shown = self._evidence(item.record, found, baseline, ad[item.identity], requests)
            item.show(shown if isinstance(shown, HybridError) else _with_user(shown, item.record, users))

    def _users(self, connections: Connections, items: Sequence[WorkItem[RollbackEvidence]]) -> migration.UsersByKey:
        """Return the users of migration batches by their keys, where the wave names its batches."""
        if not any(item.record.get("batch_name") for item in items):
            return {}
        return migration.by_key(recipients_read.migration_users(connections))

    def _evidence(
        self,
        record: Record,
        found: CloudRecipient | HybridError,
        baseline: Baseline | HybridError | None,
        user: OnPremisesRecipient | HybridError,
        requests: dict[str, MoveRequest],
    ) -> RollbackEvidence | HybridError:
        if isinstance(found, HybridError):
            return found
        if isinstance(baseline, HybridError):
            return baseline
        if isinstance(user, HybridError):
            return user
        guid = found["exchange_guid"]
        taken_at = str((baseline or {}).get("taken_at") or "")
        return RollbackEvidence(
            found,
            user,
            requests.get(guid),
            baseline,
            "" if baseline else Baselines(self.options.folder).last_set_aside(guid),
            rollback_plan.may_have_exported(taken_at, self.activity, self.options.clock_tolerance),
            self._scheduler_runs(),
            mailuser.expected_routing(record, baseline),
        )

    def _scheduler_runs(self) -> bool:
        if self.activity is None or (self.options.check and self.options.assume_paused):
            return False
        return self.activity.sync_cycle_enabled

    def plan(self, record: Record, current: RollbackEvidence, attempt: Attempt, now: datetime.datetime) -> Plan:
        return rollback_plan.rolled_back(record, current, attempt)


def _with_user(shown: RollbackEvidence, record: Record, users: migration.UsersByKey) -> RollbackEvidence:
    """Complete what was read by the mailbox's user in a batch of the wave, whose request is removed by it alone."""
    guid = shown.cloud["exchange_guid"]
    found = migration.of_mailbox(users, shown.cloud)
    mine = [user for user in found if is_own(record, user["batch_id"]) and _is_on_its_way(user)]
    own = next(iter(migration.current_first(mine)), None)
    if own is None:
        return shown
    request = shown.move_request or migration.as_request(own, guid)
    return replace(shown, migration_user=migration.named(own), move_request=request)


def _is_on_its_way(user: MigrationUser) -> bool:
    """Tell whether a user has neither completed, in an earlier move, nor is going away already."""
    return not migration.has_completed(user) and _values.folded(user["status"]) != migration.REMOVING


def _baseline(baselines: Baselines, found: CloudRecipient | HybridError) -> Baseline | HybridError | None:
    if isinstance(found, HybridError):
        return None
    try:
        return baselines.load(found["exchange_guid"])
    except HybridError as error:
        return error


def _cycle_began(connections: Connections, before: Activity | None) -> str:
    """Return the run of directory synchronization that began since the first look, or an empty text."""
    if before is None:
        return ""
    known = {run["run_history_id"] for run in before.runs}
    now = activity_of(connections)
    began = [run for run in now.runs if run["run_history_id"] not in known] if now else []
    return f"{began[-1]['run_profile_name']} of {began[-1]['connector_name']}" if began else ""


def _close(baselines: Baselines, evidence: RollbackEvidence, outcome: Outcome) -> None:
    """Put the baseline of a mailbox away that is as it was, and tell what still differs from it."""
    if evidence.baseline is None or not rollback_plan.judge(evidence).baseline_done:
        return
    outcome.warnings += rollback_plan.left_behind(evidence)
    try:
        moved = baselines.set_aside(evidence.cloud["exchange_guid"])
    except HybridError as error:
        outcome.status, outcome.error = "failed", error
    else:
        outcome.details["baseline_file"] = moved


def activity_of(connections: Connections) -> Activity | None:
    """Return what Entra Connect did of late, or None where it is not configured."""
    if not connections.has(ENTRA_CONNECT):
        return None
    return DirectorySync(connections, check=True, wait_timeout=0, wait_sleep=0).activity()


def _named(record: Record, found: CloudRecipient | HybridError, baseline: Baseline | HybridError | None) -> Record:
    """Return the record with what names its on-premises user: ad_identity, else the baseline's, else the cloud UPN."""
    known = record.copy()
    if isinstance(found, dict):
        known["user_principal_name"] = found["user_principal_name"]
    if isinstance(baseline, dict) and not known.get("ad_identity"):
        known["ad_identity"] = baseline["on_premises"]["guid"]
    return known


def roll_back(
    connections: Connections,
    records: Sequence[Record],
    options: RollbackOptions,
    *,
    on_error: str = "fail",
    sleep: Callable[[float], None] = time.sleep,
) -> list[Outcome]:
    """Return what became of each mailbox; ``details`` has ``decision`` and ``reason``, and ``kept`` for what stays."""
    items: list[WorkItem[RollbackEvidence]] = [WorkItem(record) for record in records]
    before = activity_of(connections) if items else None
    step = RolledBack(options, before)
    outcomes = run_wave(step, items, connections, check=options.check, on_error=on_error, sleep=sleep)
    if options.check:
        return outcomes
    disabled = [o for o in outcomes if any(cmdlet.startswith("Disable-MailUser") for cmdlet in o.cmdlets)]
    began = _cycle_began(connections, before) if disabled else ""
    for item in items:
        outcome = item.outcome
        if began and outcome in disabled and outcome.status == "changed":
            outcome.status, outcome.error = "failed", _overtaken(began)
        if outcome.status in ("changed", "unchanged") and item.current is not None:
            _close(Baselines(options.folder), item.current, outcome)
    return outcomes


def _overtaken(began: str) -> MailboxError:
    return MailboxError(
        f"{began} began while the mail user was being removed, so a sync may have exported it after all.",
        code="cycle_began",
        cmdlet="Disable-MailUser",
        remedy="The baseline was left in force. Run the offboarding again before the next cycle ends: it creates the "
        "mail user again, with the baseline's addresses. Then compare the cloud mailbox with the baseline.",
    )
