# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the later tasks of a run would refuse, found before the first write, by those tasks' own code.

A value that makes the move impossible is as wrong before the users are written as after it, and before it nothing has
to be taken back. Nothing is read for it but what the judgement of the mailboxes read already, and the statistics of
requests that failed.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Credential,
    refuse_unpublished,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid import (
    plan as exchange_guid,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser import plan as mailuser
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import (
    members as batch_members,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import plan as move_plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import Move
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields, records
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import MoveRequest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.validation import refuse_missing, validated


@dataclass(frozen=True)
class Ahead:
    """What the tasks that follow are given: ``prepare`` mailuser and exchange_guid, ``move`` move_request. None where
    they do not follow. ``credential`` is the remote credential, ``online`` the options of Exchange Online."""

    prepare: Mapping[str, Any] | None = None
    move: Mapping[str, Any] | None = None
    credential: Mapping[str, str | None] | None = None
    online: Mapping[str, Any] = field(default_factory=dict)


def refuse_malformed(ahead: Ahead) -> None:
    """Raise InputError for an option that is wrong for every mailbox: no system needs to be asked about it."""
    for name, given, owned in (
        ("prepare", ahead.prepare, fields.options("mailuser")),
        ("move", ahead.move, fields.options("move_request")),
    ):
        strange = sorted(set(given or ()) - set(owned))
        if strange:
            remedy = f"Specify some of: {', '.join(owned)}."
            raise InputError(name, ", ".join(strange), "is not an option of that step", remedy)
        validated(given or {}, owned, name, "Correct this option.", functools.partial(_reader.part_of, name))
    if ahead.move is not None:
        move_plan.checked_credential(ahead.credential, needed=False)


def refuse_credential(ahead: Ahead) -> None:
    """Raise InputError where a mailbox is to be moved and the credential is missing, or cannot be sent."""
    if ahead.move is not None:
        refuse_unpublished(move_plan.checked_credential(ahead.credential, needed=True), ahead.online)


def refusals(
    ahead: Ahead,
    record: Record,
    sides: BothSides,
    request: MoveRequest | None,
    now: datetime.datetime,
    *,
    submitted: bool = False,
) -> list[HybridError]:
    """Return what the steps ahead would refuse of one mailbox; the record holds all that they would find in it.

    ``submitted`` tells of one that moves in a batch that it is in it already: what a new member needs is over then.
    """
    found: list[HybridError] = []
    if ahead.prepare is not None:
        found += _refusal(lambda given: _prepare(given, sides), records.merged(ahead.prepare, record))
    if ahead.move is not None:
        guid = _values.guid((sides.cloud or {}).get("exchange_guid"))
        whole = records.merged(ahead.move, record)
        if record.get("move_method") != "migration_batch":
            found += _refusal(lambda given: _move(given, Move(guid, request), now), whole)
        elif not submitted:
            found += _refusal(lambda given: _join_batch(given, now), whole)
    return found


def _refusal(look: Callable[[Record], object], record: Record) -> list[HybridError]:
    try:
        look(record)
    except HybridError as error:
        return [error]
    return []


def _prepare(record: Record, sides: BothSides) -> None:
    full = _valid(record, fields.options("mailuser"))
    mailuser.present(full, sides, check=True)
    if sides.on_premises.get("kind") == "remote_mailbox":
        exchange_guid.stamped(full, sides.on_premises)


def _join_batch(record: Record, now: datetime.datetime) -> None:
    batch_members.name_of_wave(record)
    batch_members.settings(_valid(record, fields.options("migration_batch")), now)


def _move(record: Record, move: Move, now: datetime.datetime) -> None:
    full = _valid(record, fields.options("move_request"))
    refuse_missing(full, move_plan.NEEDED, str(record["identity"]))
    move_plan.submitted(full, move, Credential("", ""), now)


def _valid(record: Record, owned: Mapping[str, Mapping[str, Any]]) -> Record:
    valid = validated(record, owned, f"mailbox '{record['identity']}'", "Correct this record.")
    return records.as_record({**record, **valid})
