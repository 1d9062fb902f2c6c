# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Matching the cloud user with the on-premises user: the stamp is written, and the proof waited for."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    accepted_by,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match import anchor, plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.plan import Match
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    claim,
    cloud,
    uniqueness,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, refuse_unprepared
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import CloudRecipient
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem

ANOTHER_PROOF = (
    "the match is proved by {proof}, but the cloud still does not show {unseen}. An address that another object holds "
    "is quarantined without an error: check both (Microsoft Graph's provisioning errors name it)."
)
KIND_REVERTED = (
    "Exchange Online made the {kind} a UserMailbox, because its on-premises object is of another kind. Without a "
    "licence it is disconnected after 30 days: complete its move before, or assign a licence. Its kind is set again at "
    "home."
)
ANCHOR_UNVERIFIED = (
    "The anchor itself was not read: that the cloud user belongs to this on-premises user is inferred from the object "
    "id, IsDirSynced and the stamped values."
)


@dataclass(frozen=True)
class MailStamped(Step[BothSides]):
    """A plain user's ``mail`` is the cloud mailbox's primary address, and nobody else holds any of its addresses.

    ``directory`` asks Active Directory for that, too, where it is configured.
    """

    check: bool
    accept: Collection[str] = ()
    directory: uniqueness.Directory | None = None
    writes_to = EXCHANGE_SERVER

    def read(self, connections: Connections, items: Sequence[WorkItem[BothSides]]) -> None:
        records = [item.known for item in items]
        on_premises = recipients_read.on_premises_objects(connections, records)
        tenant = recipients_read.cloud_recipients(connections, records)
        for item in items:
            ad, found = on_premises[item.identity], tenant[item.identity]
            item.show(recipients_read.both_sides(item.record, ad, found, check=self.check))

    def ask(self, connections: Connections, items: Sequence[WorkItem[BothSides]]) -> None:
        entries = [
            (item, claim.of_mailbox(item.record, item.current.cloud, item.current.on_premises))
            for item in items
            if item.current is not None and item.current.cloud is not None
        ]
        found = uniqueness.conflicts(connections, {item.identity: asked for item, asked in entries}, self.directory)
        for item, _asked in entries:
            accepted = accepted_by(item.record, self.accept)
            item.error = next(iter(uniqueness.not_accepted(found[item.identity], accepted)), None)

    def plan(self, record: Record, current: BothSides, attempt: Attempt, now: datetime.datetime) -> Plan:
        return plan.stamped(record, current)


# -- the proof ---------------------------------------------------------------------------------------------------------


def await_match(
    connections: Connections,
    records: Sequence[Record],
    *,
    accept: Collection[str],
    wait_timeout: float,
    wait_sleep: float,
    cycle: Callable[[], object] | None = None,
    check: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> list[Outcome]:
    """Return an outcome for each record once its match is proved, disproved, or ``wait_timeout`` seconds have passed.

    Only the mailboxes still open are read again. A proved one is ``unchanged``; an open one fails with
    ``match_timeout``, or is ``pending`` in a preview, where nothing was written that could match. ``cycle`` runs one
    more cycle of directory sync for those that are open when time is up, and the wait begins anew, once. The proof does
    not hang on one value: where an address alone does not show when time is up, another proof counts, with a warning.
    """
    items: list[WorkItem[Match]] = [WorkItem(record) for record in records]
    prepared = [item for item in items if _prepared(item)]
    waiting = [item for item in prepared if item.record.get("offboarding_state") not in ("home", "moving")]
    _show_stamps(connections, waiting)
    for again in (cycle, None) if cycle else (None,):
        deadline = clock() + wait_timeout
        while waiting:
            waiting = _look(connections, waiting, accept)
            if not waiting or clock() >= deadline:
                break
            sleep(min(wait_sleep, max(0.0, deadline - clock())))
        if waiting and again:
            again()
    outcomes = [item.outcome for item in items]
    if check:
        for item in waiting:
            item.outcome.status = "pending"
        return outcomes
    unmatched = _without_another_proof(connections, waiting, accept)
    for item in unmatched:
        item.fail(plan.timed_out(wait_timeout, str(item.outcome.details.get("missing", ""))))
    _find_second_objects(connections, outcomes)
    verified = set(waiting) - set(unmatched)
    anchor.verify(connections, [item.outcome for item in items if item not in verified])
    return outcomes


def _prepared(item: WorkItem[Match]) -> bool:
    """Tell whether there is something to match by; where not, that is the outcome."""
    try:
        refuse_unprepared(item.record)
    except MailboxError as error:
        item.fail(error)
        return False
    return True


def _show_stamps(connections: Connections, items: Sequence[WorkItem[Match]]) -> None:
    """Show each item its stamps. The task that wrote them says in the record what it left; the others are read."""
    unread = []
    for item in items:
        known = (item.record.get("on_premises") or {}).get("email_addresses")
        if known is None:
            unread.append(item)
        else:
            item.show(Match(plan.stamps(item.record, known)))
    found = recipients_read.on_premises_objects(connections, [item.record for item in unread])
    for item in unread:
        user = found[item.identity]
        held = user.get("email_addresses", []) if isinstance(user, dict) else []
        item.show(Match(plan.stamps(item.record, held)))


def _look(connections: Connections, items: Sequence[WorkItem[Match]], accept: Collection[str]) -> list[WorkItem[Match]]:
    """Judge every mailbox by what the cloud shows now; return those that may still match."""
    waiting = []
    found = recipients_read.cloud_recipients(connections, [item.record for item in items])
    for item in items:
        live = found[item.identity]
        match = item.current = replace(item.current or Match(()), live=None, unseen=())
        if isinstance(live, HybridError):
            item.outcome.details = {"missing": live.message}
            waiting.append(item)
            continue
        missing = plan.not_joined(item.record, live)
        unseen = addresses.missing(match.stamps, live["email_addresses"])
        if not missing and not unseen:
            # An export and its way to Exchange Online take time: a difference counts once the match itself is proved.
            _conclude(connections, item.outcome, live, accept)
            continue
        if not missing:
            missing = f"the cloud object does not show {unseen[0]}, which is on-premises"
            item.show(replace(match, live=live, unseen=tuple(unseen)))
        item.outcome.details = {"missing": missing}
        waiting.append(item)
    return waiting


def _conclude(connections: Connections, outcome: Outcome, live: CloudRecipient, accept: Collection[str]) -> None:
    """Compare a matched cloud object with its record, and say so in the outcome."""
    record = outcome.record
    changed = plan.unaccepted(record, live, accept)
    if changed and not (set(changed) == {"recipient_type_details"} and _came_home(connections, record, live)):
        outcome.status, outcome.error = "failed", plan.overwritten(changed)
        outcome.before = {name: before for name, (before, _now) in changed.items()}
        outcome.after = {name: now for name, (_before, now) in changed.items()}
        return
    if cloud.kind_reverted(record, live):
        outcome.warnings.append(KIND_REVERTED.format(kind=record["recipient_type_details"]))
    verified = record.get("anchor_unverified") is False
    outcome.details = {"matched": True, "anchor_unverified": not verified}
    outcome.enriched = {"is_dir_synced": True, "anchor_unverified": not verified}


def _without_another_proof(
    connections: Connections, items: Sequence[WorkItem[Match]], accept: Collection[str]
) -> list[WorkItem[Match]]:
    """Conclude, now that time is up, those whose match something else proves than the address that does not show.

    That is an anchor that was verified, by write-back before or by Microsoft Graph now, or IsDirSynced that turned true
    on the same object. Returns the others, as they were.
    """
    candidates = []
    for item in items:
        if item.current and item.current.live is not None:
            candidates.append((item, item.current, item.outcome.details))
            _conclude(connections, item.outcome, item.current.live, accept)
    anchor.verify(connections, [item.outcome for item, _match, _told in candidates])
    left = [item for item in items if not (item.current and item.current.live is not None)]
    for item, match, told in candidates:
        outcome = item.outcome
        proof = _other_proof(outcome)
        if outcome.error is None and not proof:
            outcome.details, outcome.enriched, outcome.warnings = told, Record(), []
            left.append(item)
        elif outcome.error is None:
            outcome.warnings.append(ANOTHER_PROOF.format(proof=proof, unseen=", ".join(match.unseen)))
    return left


def _other_proof(outcome: Outcome) -> str:
    if outcome.details.get("anchor_unverified") is False:
        return "the verified anchor"
    if outcome.record.get("is_dir_synced") is False:
        return "IsDirSynced, which turned True on the same cloud object"
    return ""


def _came_home(connections: Connections, record: Record, live: CloudRecipient) -> bool:
    """Tell whether another run's move completed meanwhile: then the mailbox with this GUID is on-premises.

    A cloud mailbox that turned into a mail user without that was lost, not moved.
    """
    if live["kind"] != "mail_user" or not connections.has(EXCHANGE_SERVER):
        return False
    (user,) = recipients_read.on_premises_objects(connections, [record]).values()
    return isinstance(user, dict) and user["kind"] == "mailbox" and user["exchange_guid"] == live["exchange_guid"]


def _find_second_objects(connections: Connections, outcomes: Sequence[Outcome]) -> None:
    """Where no match came, look whether the sync made a second cloud object instead and say so.

    It may hold one of the addresses; or none, because they are taken, and only hybrid write-back tells of it.
    """
    failed = [outcome for outcome in outcomes if outcome.error is not None and outcome.error.code == "match_timeout"]
    if not failed:
        return
    wanted = {value for outcome in failed for value in plan.asked_of(outcome.record)}
    held = recipients_read.holders(connections, EXCHANGE_ONLINE, wanted)
    found = recipients_read.on_premises_objects(connections, [outcome.record for outcome in failed])
    anchors = {outcome.identity: plan.anchor_of(outcome.record, found[outcome.identity]) for outcome in failed}
    holders = _holders(connections, list(anchors.values()))
    for outcome in failed:
        holder = holders.get(anchors[outcome.identity], "")
        second = plan.second_object(outcome.record, found[outcome.identity], held, holder)
        outcome.error = second or outcome.error


def _holders(connections: Connections, anchors: Sequence[str]) -> dict[str, str]:
    """Return the cloud users that hold the anchors, where Microsoft Graph tells."""
    graph = connections.graph()
    try:
        return graph.holders(anchors) if graph is not None else {}
    except HybridError:
        return {}  # the proof says that Graph was not read
