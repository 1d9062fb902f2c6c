# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What migration_batch_info reports: batches, and each of their users in the terms of a move request too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, migration
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MigrationBatch, MigrationUser

Found = list[tuple[Outcome, Optional[MigrationUser]]]


def read(
    connections: Connections, records: Sequence[Record] | None, batch_name: str, statistics: bool
) -> tuple[list[Outcome], list[MigrationBatch]]:
    """Return an outcome for each record, or for each user where ``records`` is None, and the batches they are in.

    With ``batch_name``, only the batches of a wave of that name count. A mailbox without a user has an empty one: that
    is an answer, not an error. A user that failed is one: its error says what to do.
    """
    there = recipients_read.migration_batches(connections)
    batches = [item for item in there if _is_asked_for(item["identity"], batch_name)]
    names = {_values.folded(item["identity"]) for item in batches}
    everybody = recipients_read.migration_users(connections)
    users = [item for item in everybody if not batch_name or _values.folded(item["batch_id"]) in names]
    found: Found
    if records is None:
        found = [(Outcome({"identity": item["identity"]}), item) for item in users]
    else:
        found = _of_mailboxes(connections, records, users)
    if statistics:
        found = _with_statistics(connections, found)
    for outcome, user in found:
        _tell(outcome, user)
    shown = {_values.folded(user["batch_id"]) for _outcome, user in found if user is not None}
    return [outcome for outcome, _user in found], [
        item for item in batches if batch_name or _values.folded(item["identity"]) in shown
    ]


def _is_asked_for(name: str, batch_name: str) -> bool:
    return not batch_name or plan.number_of(name, batch_name) is not None


def _of_mailboxes(connections: Connections, records: Sequence[Record], users: Sequence[MigrationUser]) -> Found:
    """Return the user of each mailbox; what is not found by the record is looked for by what the tenant knows of it."""
    by_key = migration.by_key(users)
    found: Found = []
    for record in records:
        held = addresses.smtp_addresses(record.get("email_addresses") or [])
        found.append((Outcome(record), _of(by_key, [record["identity"], record.get("exchange_guid"), *held])))
    unknown = [outcome.record for outcome, user in found if user is None and not outcome.record.get("exchange_guid")]
    shown = recipients_read.cloud_recipients(connections, unknown) if unknown and users else {}
    for place, (outcome, _user) in enumerate(found):
        mailbox = shown.get(outcome.identity)
        if mailbox is not None and not isinstance(mailbox, HybridError):
            found[place] = outcome, next(iter(migration.current_first(migration.of_mailbox(by_key, mailbox))), None)
    return found


def _of(users: migration.UsersByKey, keys: Sequence[object]) -> MigrationUser | None:
    named = [user for key in keys if key for user in users.get(_values.folded(key), ())]
    return next(iter(migration.current_first(named)), None)


def _with_statistics(connections: Connections, found: Found) -> Found:
    """Complete the users by Get-MigrationUserStatistics, which takes one call for each."""
    asked = [migration.named(user) for _outcome, user in found if user is not None]
    calls = [Cmdlet("Get-MigrationUserStatistics", {"Identity": name}) for name in asked]
    answers = dict(zip(asked, connections.read_each(EXCHANGE_ONLINE, calls), strict=True))
    completed: Found = []
    for outcome, user in found:
        answer = answers.get(migration.named(user)) if user is not None else None
        if isinstance(answer, HybridError):
            outcome.status, outcome.error = "failed", answer
        elif answer is not None and answer.objects and user is not None:
            shown = migration.user(answer.objects[0])
            user = cast(MigrationUser, {**user, **{name: value for name, value in shown.items() if value != ""}})
        completed.append((outcome, user))
    return completed


def _tell(outcome: Outcome, user: MigrationUser | None) -> None:
    if user is None:
        outcome.details = {"migration_user": {}, "move_request": {}}
        return
    guid = user.get("mailbox_guid", "")
    outcome.details = {"migration_user": user, "move_request": migration.as_request(user, guid)}
    if outcome.error is None and migration.has_failed(user):
        outcome.status = "failed"
        outcome.error = plan.user_failed(user, guid, "start it again (migration_batch with resume_failed: true)")
