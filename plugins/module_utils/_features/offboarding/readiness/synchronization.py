# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Directory synchronization: whether the next cycle will come, and what of it nobody can see from here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.activity import (
    TOO_MANY_DELETIONS,
    is_cloud_export,
    newest_exports,
    run_result,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Facts,
    Subject,
    Unread,
    flag,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    found,
    not_checked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)

_CODES = (
    ("SyncCycleEnabled", False, "sync_cycle_disabled"),
    ("StagingModeEnabled", True, "sync_staging_mode"),
    ("SchedulerSuspended", True, "sync_suspended"),
)


def check(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    if facts.half_made:
        yield found("addresses_at_risk", f"Half made on-premises by an earlier run: {', '.join(facts.half_made)}")
    for told in facts.still_paused:
        yield found("still_paused", told)
    scheduler = facts.scheduler
    for name, wrong, code in _CODES:
        if isinstance(scheduler, Unread):
            yield not_checked(code, scheduler.reason)
            continue
        value = flag(scheduler[0], name) if scheduler else None
        if value is None:
            yield not_checked(code, f"Get-ADSyncScheduler does not show {name}.")
        elif value is wrong:
            yield found(code, f"{name} is {value}")
    if facts.unpaused_because and any(subject.to_write for subject in subjects):
        yield found("unprotected_sync", facts.unpaused_because)
    yield from _last_export(facts)
    yield not_checked("sync_scope", "The units and groups by which the synchronization filters are not read.")
    yield from _write_back(facts)
    if any(subject.to_match for subject in subjects):
        yield from matches(facts, subjects)
        yield from filtered(facts, subjects)


def _write_back(facts: Facts) -> Iterator[Finding]:
    jobs = facts.write_back_jobs
    if isinstance(jobs, Unread):
        yield not_checked("attribute_write_back", jobs.reason)
    elif jobs:
        yield found("attribute_write_back", f"The tenant has the job {', '.join(jobs)}")


def matches(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell which of the tenant's switches stand against the matches that lie ahead."""
    if isinstance(facts.features, Unread):
        for code in ("soft_match_blocked", "hard_match_blocked"):
            yield not_checked(code, facts.features.reason)
        return
    if facts.features.block_soft_match and any(s.to_match and not s.anchored for s in subjects):
        yield found("soft_match_blocked", "blockSoftMatchEnabled is true")
    if facts.features.block_hard_match_takeover:
        text = "blockCloudObjectTakeoverThroughHardMatchEnabled is true, and the ImmutableId is this user's anchor"
        for subject in subjects:
            if subject.to_match and subject.anchored:
                yield found("hard_match_blocked", text, subject.identity)


def filtered(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Tell who is out of scope by adminDescription, unless the site's own tasks bring users into scope."""
    if facts.brings_into_scope:
        return
    if facts.directory is not None:
        yield not_checked("sync_filtered", facts.directory.reason)
        return
    for subject in subjects:
        if not subject.to_match:
            continue
        if not isinstance(subject.directory, DirectoryUser):
            reason = subject.directory.reason if isinstance(subject.directory, Unread) else "The user was not read."
            yield not_checked("sync_filtered", reason, subject.identity)
        elif subject.directory.admin_description.startswith("User_"):
            text = f"adminDescription is {subject.directory.admin_description}"
            yield found("sync_filtered", text, subject.identity)


def _last_export(facts: Facts) -> Iterator[Finding]:
    if isinstance(facts.sync_runs, Unread):
        for code in ("sync_export_errors", "sync_deletion_threshold"):
            yield not_checked(code, facts.sync_runs.reason)
        return
    for run in newest_exports([run_result(item) for item in facts.sync_runs]):
        text = f"The last export to {run['connector_name']} ended with {run['result']}"
        if run["result"] == TOO_MANY_DELETIONS and is_cloud_export(run):
            yield found("sync_deletion_threshold", text)
        elif run["result"] != "success":
            yield found("sync_export_errors", text)
