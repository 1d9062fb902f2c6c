# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the mailbox holds: size against quota, the archive, where both are to go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Facts,
    Subject,
    Unread,
    database,
    flag,
    moving,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    found,
    not_checked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import MailboxEvidence


def check(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    if any(subject.archive_moves for subject, _evidence in moving(subjects)) and isinstance(facts.organization, Unread):
        yield not_checked("auto_expanding_archive", facts.organization.reason)
    if isinstance(facts.databases, Unread):
        for code in ("database_not_mounted", "size_exceeds_quota", "recoverable_items_exceed_quota"):
            yield not_checked(code, facts.databases.reason)
    unsized = [subject for subject, _evidence in moving(subjects) if subject.size is None]
    if unsized:
        why = unsized[0].sizes_unread or "Sizes were not read."
        for code in ("size_exceeds_quota", "recoverable_items_exceed_quota"):
            yield not_checked(code, f"The size of {len(unsized)} mailboxes is not known. {why}")
    for subject, evidence in moving(subjects):
        yield from archive(facts, subject, evidence)
        if not isinstance(facts.databases, Unread):
            yield from mounted(facts, subject)
            yield from _quota(facts, subject)


def archive(facts: Facts, subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    """Tell what stands against the archive, as far as both recipients and the organization's switch say."""
    known = str(evidence.cloud["archive_guid"])
    stamped = str(evidence.on_premises.get("archive_guid", _values.ZERO_GUID))
    if stamped not in (_values.ZERO_GUID, known) and not subject.record.get("force"):
        text = f"The on-premises object has the ArchiveGuid {stamped}, the cloud archive {known}"
        yield found("archive_guid_differs", text, subject.identity)
    if known == _values.ZERO_GUID and subject.record.get("primary_only"):
        yield found("primary_only_without_archive", "primary_only is set, but there is no archive", subject.identity)
    if not subject.archive_moves:
        return
    everywhere = not isinstance(facts.organization, Unread) and any(
        flag(item, "AutoExpandingArchiveEnabled") for item in facts.organization
    )
    if evidence.cloud.get("auto_expanding_archive_enabled"):
        yield found("auto_expanding_archive", "AutoExpandingArchiveEnabled is True on the mailbox", subject.identity)
    elif everywhere:
        text = "AutoExpandingArchiveEnabled is True for the organization, and the mailbox has an archive"
        yield found("auto_expanding_archive", text, subject.identity)


def mounted(facts: Facts, subject: Subject) -> Iterator[Finding]:
    """Tell of target databases that are not mounted, of those that could be read."""
    for option in ("remote_target_database", "remote_archive_target_database"):
        item = database(facts, subject.text(option)) if subject.text(option) else None
        if item is None:
            continue
        mounted = flag(item, "Mounted")
        if mounted is None:
            text = f"Get-MailboxDatabase -Status does not show it for {subject.text(option)}."
            yield not_checked("database_not_mounted", text, subject.identity)
        elif not mounted:
            yield found("database_not_mounted", f"{subject.text(option)} is not mounted", subject.identity)


def _quota(facts: Facts, subject: Subject) -> Iterator[Finding]:
    item = database(facts, subject.text("remote_target_database"))
    if item is None:
        return
    name = subject.text("remote_target_database")
    for size, quota_name, code, what in (
        (subject.size, "ProhibitSendReceiveQuota", "size_exceeds_quota", "holds"),
        (subject.recoverable, "RecoverableItemsQuota", "recoverable_items_exceed_quota", "has recoverable items of"),
    ):
        if _values.is_unlimited(item.get(quota_name)):
            continue
        quota = _values.size_in_bytes(item.get(quota_name))
        if quota is None:
            text = f"{quota_name} of {name} is '{item.get(quota_name)}', which cannot be compared as a size."
            yield not_checked(code, text, subject.identity)
        elif size is not None and size > quota:
            text = f"The mailbox {what} {_gigabytes(size)}, and the quota of {name} is {_gigabytes(quota)}"
            yield found(code, text, subject.identity)


def _gigabytes(size: int) -> str:
    return f"{size / 1024**3:.2f} GB"
