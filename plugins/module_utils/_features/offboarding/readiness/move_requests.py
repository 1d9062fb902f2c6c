# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What stands in the way of a new move request: one that exists already, on either side, or a mailbox's twin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import is_own
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.facts import (
    Facts,
    Subject,
    Unread,
    moving,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    found,
    not_checked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import MailboxEvidence
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    migration,
    move_request,
)


def check(facts: Facts, subjects: Sequence[Subject]) -> Iterator[Finding]:
    on_premises, users = facts.requests_on_premises, facts.migration_users
    if isinstance(on_premises, Unread):
        yield not_checked("move_request_on_premises", on_premises.reason)
    if isinstance(users, Unread):
        yield not_checked("belongs_to_migration_batch", users.reason)
    if isinstance(facts.soft_deleted, Unread):
        yield not_checked("soft_deleted_twin", facts.soft_deleted.reason)
    for subject, evidence in moving(subjects):
        yield from in_the_cloud(subject, evidence)
        yield from elsewhere(facts, subject, evidence)
        yield from _twins(facts, subject, evidence)


def in_the_cloud(subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    """Tell of the mailbox's own move request, which the role adopts, leaves alone, or stumbles over."""
    request = evidence.move_request
    if request is None:
        return
    status = request["status"]
    if _of_batch(evidence) and not is_own(subject.record, request["batch_name"].partition(":")[2]):
        text = f"Its move request belongs to {request['batch_name']}"
        yield found("belongs_to_migration_batch", text, subject.identity)
    elif status in move_request.COMPLETED:
        yield found("completed_request_left", f"A move request that is {status} was left", subject.identity)
    elif status == "Failed":
        why = f": {request['message']}".rstrip(".") if request.get("message") else ""
        yield found("move_failed", f"Its move request is Failed{why}", subject.identity)
    else:
        yield found("already_moving", f"Its move request is {status}", subject.identity)


def elsewhere(facts: Facts, subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    """Tell of a request on-premises, and of a migration user whose request does not exist yet."""
    here = facts.local_requests
    if evidence.cloud["exchange_guid"] in here:
        text = f"Get-MoveRequest on-premises shows one, {here[evidence.cloud['exchange_guid']]}"
        yield found("move_request_on_premises", text, subject.identity)
    if evidence.move_request is None or not _of_batch(evidence):
        yield from _in_batches(facts, subject, evidence)


def _in_batches(facts: Facts, subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    keys = [evidence.cloud["exchange_guid"], *_names(evidence)]
    users = [user for key in keys for user in facts.users_of_batches.get(key, ())]
    own = [user for user in users if is_own(subject.record, user["batch_id"])]
    other = next((user for user in users if user not in own), None)
    if other is not None:
        text = f"Get-MigrationUser shows the mailbox in batch {other['batch_id'] or 'unknown'}"
        yield found("belongs_to_migration_batch", text, subject.identity)
    elif subject.before_the_move and any(map(migration.has_completed, own)):
        text = f"Get-MigrationUser shows a user of batch {own[0]['batch_id']} that has completed"
        yield found("completed_request_left", text, subject.identity)


def _twins(facts: Facts, subject: Subject, evidence: MailboxEvidence) -> Iterator[Finding]:
    """Tell of soft-deleted mailboxes that an address of this one names as well."""
    own = _names(evidence)
    for guid in sorted({guid for name in own for guid in facts.deleted_mailboxes.get(name, ())}):
        if guid != evidence.cloud["exchange_guid"]:
            text = f"The soft-deleted mailbox with the ExchangeGuid {guid} has an address of this one"
            yield found("soft_deleted_twin", text, subject.identity)


def _of_batch(evidence: MailboxEvidence) -> bool:
    return evidence.move_request is not None and move_request.owned_by_batch(evidence.move_request)


def _names(evidence: MailboxEvidence) -> list[str]:
    own = _values.folded(evidence.cloud["user_principal_name"])
    return [*addresses.smtp_addresses(evidence.cloud["email_addresses"]), own]
