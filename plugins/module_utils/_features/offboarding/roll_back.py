# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Rolling a wave back before its completion: both sides are read, judged, written, read back, and watched for a cycle.

What may be undone is decided in ``rollback_plan``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    ENTRA_CONNECT,
    EXCHANGE_SERVER,
    Connections,
    side_by_side,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    Activity,
    DirectorySync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser import mailuser
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import rollback_plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline import Baselines
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.rollback_plan import (
    Evidence,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import Plan, run_wave
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.seen import Seen


@dataclass(frozen=True)
class Options:
    """``directory`` has the baselines. ``clock_tolerance`` in seconds. ``assume_paused`` counts in a preview alone."""

    directory: str
    clock_tolerance: float
    check: bool = False
    assume_paused: bool = False


class RolledBack:
    """Every mailbox as it was before its offboarding, as far as that can be had without harm."""

    writes_to = EXCHANGE_SERVER

    def __init__(self, options: Options) -> None:
        self._options = options
        self._baselines = Baselines(options.directory)
        self._evidence: dict[str, Evidence] = {}
        self._decided: dict[str, dict[str, Any]] = {}
        self._activity: Activity | None = None

    def skips(self, record: Record) -> bool:
        """Skip nobody: what is home is refused with the reason."""
        return False

    def read(self, connections: Connections, records: Sequence[Record]) -> list[Seen]:
        tenant, listed = side_by_side(
            lambda: recipients_read.cloud_recipients(connections, records),
            lambda: recipients_read.move_requests(connections) if records else [],
        )
        if self._activity is None:
            # Once, before the first write; a cycle that begins later is found by cycle_began.
            self._activity = activity_of(connections)
        known = [self._baseline(found) for found in tenant]
        ad = recipients_read.on_premises_objects(
            connections, [_named(r, c, b) for r, c, b in zip(records, tenant, known, strict=True)]
        )
        requests = move_request.by_mailbox(listed)
        return [
            self._seen(record, found, baseline, user, requests)
            for record, found, baseline, user in zip(records, tenant, known, ad, strict=True)
        ]

    def _baseline(self, found: dict[str, Any] | HybridError) -> dict[str, Any] | HybridError | None:
        if isinstance(found, HybridError):
            return None
        try:
            return self._baselines.load(found["exchange_guid"])
        except HybridError as error:
            return error

    def _seen(
        self,
        record: Record,
        found: dict[str, Any] | HybridError,
        baseline: dict[str, Any] | HybridError | None,
        user: dict[str, Any] | HybridError,
        requests: dict[str, dict[str, Any]],
    ) -> Seen:
        if isinstance(found, HybridError):
            return Seen(error=found)
        if isinstance(baseline, HybridError):
            return Seen(error=baseline)
        if isinstance(user, HybridError):
            return Seen(error=user)
        guid = found["exchange_guid"]
        seen = Seen(found, user, requests.get(guid))
        taken_at = str((baseline or {}).get("taken_at") or "")
        self._evidence[str(record["identity"])] = Evidence(
            found,
            user,
            seen.move_request,
            baseline,
            "" if baseline else self._baselines.last_set_aside(guid),
            rollback_plan.may_have_exported(taken_at, self._activity, self._options.clock_tolerance),
            self._scheduler_runs(),
            mailuser.expected_routing(record, baseline),
        )
        return seen

    def _scheduler_runs(self) -> bool:
        if self._activity is None or (self._options.check and self._options.assume_paused):
            return False
        return self._activity.sync_cycle_enabled

    def plan(self, record: Record, seen: Seen) -> Plan:
        identity = str(record["identity"])
        plan = rollback_plan.plan(self._evidence[identity], include_sip=bool(record.get("include_sip")))
        # What was decided before the first write is told: read back, there is nothing left to undo.
        details = self._decided.setdefault(identity, plan.details)
        undone = "whole" in record and details["decision"] != rollback_plan.KEPT
        return replace(plan, details=details, enriched={"whole": False} if undone else {})

    def cycle_began(self, connections: Connections) -> str:
        """Return the run of directory synchronization that began since the first read, or an empty text."""
        if self._activity is None:
            return ""
        known = {run["run_history_id"] for run in self._activity.runs}
        now = activity_of(connections)
        began = [run for run in now.runs if run["run_history_id"] not in known] if now else []
        return f"{began[-1]['run_profile_name']} of {began[-1]['connector_name']}" if began else ""

    def close(self, outcome: Outcome) -> None:
        """Put the baseline of a mailbox away that is as it was, and tell what still differs from it."""
        evidence = self._evidence[outcome.identity]
        if evidence.baseline is None or not rollback_plan.judge(evidence).baseline_done:
            return
        outcome.warnings += rollback_plan.left_behind(evidence)
        try:
            moved = self._baselines.set_aside(evidence.cloud["exchange_guid"])
        except HybridError as error:
            outcome.status, outcome.error = "failed", error
        else:
            outcome.details["baseline_file"] = moved


def activity_of(connections: Connections) -> Activity | None:
    """Return what Entra Connect did of late, or None where it is not configured."""
    if not connections.has(ENTRA_CONNECT):
        return None
    return DirectorySync(connections, check=True, wait_timeout=0, wait_sleep=0).activity()


def _named(
    record: Record, found: dict[str, Any] | HybridError, baseline: dict[str, Any] | HybridError | None
) -> Record:
    """Return the record with what names its on-premises user: ad_identity, else the baseline's, else the cloud UPN."""
    known = dict(record)
    if isinstance(found, dict):
        known["user_principal_name"] = found["user_principal_name"]
    if isinstance(baseline, dict) and not known.get("ad_identity"):
        known["ad_identity"] = baseline["on_premises"]["guid"]
    return known


def roll_back(
    connections: Connections,
    records: Sequence[Record],
    options: Options,
    *,
    on_error: str = "fail",
    sleep: Callable[[float], None] = time.sleep,
) -> list[Outcome]:
    """Return what became of each mailbox; ``details`` has ``decision`` and ``reason``, and ``kept`` for what stays."""
    step = RolledBack(options)
    outcomes = run_wave(step, records, connections, check=options.check, on_error=on_error, sleep=sleep)
    if options.check:
        return outcomes
    disabled = [o for o in outcomes if any(cmdlet.startswith("Disable-MailUser") for cmdlet in o.cmdlets)]
    began = step.cycle_began(connections) if disabled else ""
    for outcome in outcomes:
        if began and outcome in disabled and outcome.status == "changed":
            outcome.status, outcome.error = "failed", _overtaken(began)
        if outcome.status in ("changed", "unchanged"):
            step.close(outcome)
    return outcomes


def _overtaken(began: str) -> MailboxError:
    return MailboxError(
        f"{began} began while the mail user was taken away, so a sync may have exported it after all.",
        code="cycle_began",
        cmdlet="Disable-MailUser",
        remedy="The baseline was left in force. Run the offboarding again before the next cycle ends: it makes the "
        "mail user again, with the baseline's addresses. Then compare the cloud mailbox with the baseline.",
    )
