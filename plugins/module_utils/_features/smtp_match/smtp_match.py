# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Matching the cloud user with the on-premises user: the stamp (KB 2641663) and the proof."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
    Connections,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    accepted_by,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match import anchor
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    cloud,
    filter_query,
    uniqueness,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, refuse_unprepared
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step, WorkItem

# Microsoft: how-to-connect-install-existing-tenant and tshoot-connect-sync-errors (facts offboarding-practice.md 1.4).
USUAL_REASONS = (
    "The usual reasons: the user is outside the scope of Entra Connect (organizational unit, group, "
    "adminDescription), an attribute is "
    "quarantined (no error is shown), Entra Connect is in staging mode, the cloud user holds an admin role, or soft "
    "match is blocked in the tenant."
)
ANOTHER_PROOF = (
    "the match is proved by {proof}, but the cloud still does not show {unseen}. An address that another object holds "
    "is quarantined without an error: look at both (Microsoft Graph's provisioning errors name it)."
)
ANCHOR_UNVERIFIED = (
    "The anchor itself was not read: that the cloud user follows this on-premises user is inferred from the object id, "
    "IsDirSynced and the stamped values."
)
# Which compared field a stop sign's code accepts a change of.
ACCEPTABLE = {
    "user_principal_name": "upn_differs",
    "alias": "alias_would_change",
    "display_name": "display_name_would_change",
    "hidden_from_address_lists_enabled": "hidden_would_change",
    "custom_attributes": "custom_attributes_would_change",
}


@dataclass(frozen=True)
class Stamped(Step[BothSides]):
    """A plain user's ``mail`` is the cloud mailbox's primary address, and nobody else holds any of its addresses."""

    check: bool
    accept: Collection[str] = ()
    writes_to = EXCHANGE_SERVER

    def read(self, connections: Connections, items: Sequence[WorkItem[BothSides]]) -> None:
        records = [item.known for item in items]
        on_premises = recipients_read.on_premises_objects(connections, records)
        tenant = recipients_read.cloud_recipients(connections, records)
        for item, ad, found in zip(items, on_premises, tenant, strict=True):
            item.show(recipients_read.both_sides(item.record, ad, found, check=self.check))
        self._refuse_other_holders(connections, items)

    def _refuse_other_holders(self, connections: Connections, items: Sequence[WorkItem[BothSides]]) -> None:
        entries = [
            (item, uniqueness.claim(item.record, item.current.cloud, item.current.on_premises))
            for item in items
            if item.error is None and item.current is not None and item.current.cloud is not None
        ]
        found = uniqueness.conflicts(connections, [claim for _item, claim in entries])
        for (item, _claim), errors in zip(entries, found, strict=True):
            item.error = next(iter(uniqueness.standing(errors, self.accept)), None)

    def plan(self, record: Record, current: BothSides, attempt: Attempt, now: datetime.datetime) -> Plan:
        user, mailbox = current.on_premises, current.cloud or {}
        primary = record.get("primary_smtp_address") or mailbox["primary_smtp_address"]
        if user["kind"] != "user":
            held = str(user.get("primary_smtp_address", ""))
            if held.lower() == primary.lower():
                return Plan()
            raise MailboxError(
                f"{user['distinguished_name']} is a {user['recipient_type_details']} with the primary address {held}, "
                f"not {primary}.",
                code="wrong_recipient_type",
                cmdlet="Set-User",
                remedy="Only a plain user's mail is stamped: correct the primary address with module mailuser.",
            )
        if user["windows_email_address"].lower() == primary.lower():
            return Plan()
        if user["windows_email_address"] and not record.get("force"):
            raise MailboxError(
                f"mail of {user['distinguished_name']} is already {user['windows_email_address']}, not {primary}.",
                code="mail_differs",
                cmdlet="Get-User",
                remedy="Set force: true if it may be overwritten.",
            )
        call = Cmdlet("Set-User", {"Identity": user["guid"], "WindowsEmailAddress": primary})
        return Plan(
            calls=((EXCHANGE_SERVER, call),),
            before={"windows_email_address": user["windows_email_address"]},
            after={"windows_email_address": primary},
            predicted={"on_premises": {**user, "windows_email_address": primary}},
        )


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
    outcomes = {id(record): Outcome(record) for record in records}
    prepared = [outcome.record for outcome in outcomes.values() if _prepared(outcome)]
    waiting = [record for record in prepared if record.get("offboarding_state") not in ("home", "moving")]
    stamps = _stamps(connections, waiting)
    looks: dict[int, _Look] = {}
    for again in (cycle, None) if cycle else (None,):
        deadline = clock() + wait_timeout
        while waiting:
            waiting = _look(connections, waiting, stamps, outcomes, accept, looks)
            if not waiting or clock() >= deadline:
                break
            sleep(min(wait_sleep, max(0.0, deadline - clock())))
        if waiting and again:
            again()
    if check:
        for record in waiting:
            outcomes[id(record)].status = "pending"
        return list(outcomes.values())
    waiting = _without_another_proof(connections, waiting, looks, outcomes, accept)
    for record in waiting:
        outcome = outcomes[id(record)]
        outcome.status = "failed"
        missing = outcome.details.get("missing", "")
        outcome.error = MailboxError(
            f"no match within {wait_timeout:g} seconds: {missing}.",
            code="match_timeout",
            cmdlet="Get-Recipient",
            retryable=True,
            remedy=USUAL_REASONS,
        )
    _find_second_objects(connections, outcomes)
    anchor.verify(connections, list(outcomes.values()))
    return [outcomes[id(record)] for record in records]


def _prepared(outcome: Outcome) -> bool:
    """Tell whether there is something to match by; where not, that is the outcome."""
    try:
        refuse_unprepared(outcome.record)
    except MailboxError as error:
        outcome.status, outcome.error = "failed", error
        return False
    return True


def _stamps(connections: Connections, records: Sequence[Record]) -> dict[int, list[str]]:
    """Return, for each record, what its cloud mailbox did not have before the match and surely shows after it.

    A domain in which the mailbox has an address already is verified in the tenant, whichever others are. The task that
    stamped them says in the record what it left; the others are read.
    """
    known = {id(record): (record.get("on_premises") or {}).get("email_addresses") for record in records}
    unread = [record for record in records if known[id(record)] is None]
    for record, found in zip(unread, recipients_read.on_premises_objects(connections, unread), strict=True):
        known[id(record)] = found.get("email_addresses", []) if isinstance(found, dict) else []
    result = {}
    for record in records:
        before = record.get("email_addresses", [])
        domains = {_values.domain_of(address) for address in addresses.smtp_addresses(before)}
        result[id(record)] = addresses.evidence(addresses.missing(known[id(record)] or [], before), domains)
    return result


@dataclass(frozen=True)
class _Look:
    """A cloud object at the last look, of whose proof the stamped addresses ``unseen`` alone are missing."""

    live: dict[str, Any]
    unseen: list[str]


def _look(
    connections: Connections,
    records: Sequence[Record],
    stamps: dict[int, list[str]],
    outcomes: dict[int, Outcome],
    accept: Collection[str],
    looks: dict[int, _Look],
) -> list[Record]:
    """Judge every record by what the cloud shows now; return those that may still match."""
    waiting = []
    for record, found in zip(records, recipients_read.cloud_recipients(connections, records), strict=True):
        outcome = outcomes[id(record)]
        looks.pop(id(record), None)
        if isinstance(found, HybridError):
            outcome.details = {"missing": found.message}
            waiting.append(record)
            continue
        missing, unseen = _not_joined(record, found), addresses.missing(stamps[id(record)], found["email_addresses"])
        if not missing and not unseen:
            # An export and its way to Exchange Online take time: a difference counts once the match itself is proved.
            _conclude(connections, outcome, found, accept)
            continue
        if not missing:
            missing = f"the cloud object does not show {unseen[0]}, which stands on-premises"
            looks[id(record)] = _Look(found, unseen)
        outcome.details = {"missing": missing}
        waiting.append(record)
    return waiting


def _conclude(connections: Connections, outcome: Outcome, live: dict[str, Any], accept: Collection[str]) -> None:
    """Compare a matched cloud object with its record, and say so in the outcome."""
    record = outcome.record
    changed = _unaccepted(record, live, accept)
    if changed and not (set(changed) == {"recipient_type_details"} and _came_home(connections, record, live)):
        outcome.status, outcome.error = "failed", _overwritten(changed)
        outcome.before = {name: before for name, (before, _now) in changed.items()}
        outcome.after = {name: now for name, (_before, now) in changed.items()}
        return
    verified = record.get("anchor_unverified") is False
    outcome.details = {"matched": True, "anchor_unverified": not verified}
    outcome.enriched = {"is_dir_synced": True, "anchor_unverified": not verified}


def _without_another_proof(
    connections: Connections,
    waiting: Sequence[Record],
    looks: dict[int, _Look],
    outcomes: dict[int, Outcome],
    accept: Collection[str],
) -> list[Record]:
    """Conclude, now that time is up, those whose match something else proves than the address that does not show.

    That is an anchor that was verified, by write-back before or by Microsoft Graph now, or IsDirSynced that turned true
    on the same object. Returns the others.
    """
    candidates = [record for record in waiting if id(record) in looks]
    told = {id(record): outcomes[id(record)].details for record in candidates}
    for record in candidates:
        _conclude(connections, outcomes[id(record)], looks[id(record)].live, accept)
    anchor.verify(connections, [outcomes[id(record)] for record in candidates])
    left = [record for record in waiting if id(record) not in looks]
    for record in candidates:
        outcome = outcomes[id(record)]
        proof = _other_proof(outcome)
        if outcome.error is None and not proof:
            outcome.details, outcome.enriched = told[id(record)], {}
            left.append(record)
        elif outcome.error is None:
            unseen = ", ".join(looks[id(record)].unseen)
            outcome.warnings.append(ANOTHER_PROOF.format(proof=proof, unseen=unseen))
    return left


def _other_proof(outcome: Outcome) -> str:
    if outcome.details.get("anchor_unverified") is False:
        return "the verified anchor"
    if outcome.record.get("is_dir_synced") is False:
        return "IsDirSynced, which turned True on the same cloud object"
    return ""


def _came_home(connections: Connections, record: Record, live: dict[str, Any]) -> bool:
    """Tell whether another run's move completed meanwhile: then the mailbox with this GUID is on-premises.

    A cloud mailbox that turned into a mail user without that was lost, not moved.
    """
    if live["kind"] != "mail_user" or not connections.has(EXCHANGE_SERVER):
        return False
    (user,) = recipients_read.on_premises_objects(connections, [record])
    return isinstance(user, dict) and user["kind"] == "mailbox" and user["exchange_guid"] == live["exchange_guid"]


def _not_joined(record: Record, live: dict[str, Any]) -> str:
    """Return why this cloud object is not the synchronized one, or an empty text.

    IsDirSynced and an unchanged object id alone prove nothing, both may hold beforehand: what we stamped must be
    seen too, or IsDirSynced must have turned true.
    """
    known = str(record.get("external_directory_object_id") or "").lower()
    if known and live["external_directory_object_id"] != known:
        return f"the cloud object is {live['external_directory_object_id']}, not {known} as before"
    return "" if live["is_dir_synced"] else "IsDirSynced of the cloud object is still False"


def _unaccepted(record: Record, live: dict[str, Any], accept: Collection[str]) -> dict[str, tuple[Any, Any]]:
    accepted = accepted_by(record, accept)
    before = {name: value for name, value in record.items() if name in cloud.COMPARED}
    changed = cloud.difference(before, live, include_sip=bool(record.get("include_sip")))
    return {name: pair for name, pair in changed.items() if ACCEPTABLE.get(name) not in accepted}


def _overwritten(changed: dict[str, tuple[Any, Any]]) -> MailboxError:
    told = "; ".join(
        f"{name} lost {', '.join(before)}" if name == "email_addresses" else f"{name} was {before!r} and is {now!r}"
        for name, (before, now) in changed.items()
    )
    return MailboxError(
        f"the sync changed the cloud mailbox: {told}.",
        code="cloud_changed",
        cmdlet="Get-Mailbox",
        remedy="Correct the on-premises object, the master now, sync and run again; the baseline tells the old values.",
    )


def _find_second_objects(connections: Connections, outcomes: dict[int, Outcome]) -> None:
    """Where no match came, look whether the sync made a second cloud object instead and say so.

    It may hold one of the addresses; or none, because they are taken, and only hybrid write-back tells of it.
    """
    failed = [o for o in outcomes.values() if o.error is not None and o.error.code == "match_timeout"]
    if not failed:
        return
    wanted = {f"x500:{o.record['legacy_exchange_dn']}".lower() for o in failed if o.record.get("legacy_exchange_dn")}
    wanted |= {a for o in failed for a in addresses.smtp_addresses(o.record.get("email_addresses", []))}
    held = recipients_read.holders(connections, EXCHANGE_ONLINE, wanted)
    users = recipients_read.on_premises_objects(connections, [outcome.record for outcome in failed])
    anchored = _holders(connections, [_anchor(o, user) for o, user in zip(failed, users, strict=True)])
    for outcome, user in zip(failed, users, strict=True):
        known = str(outcome.record.get("external_directory_object_id") or "").lower()
        mine = {
            f"x500:{outcome.record.get('legacy_exchange_dn', '')}".lower(),
            *addresses.smtp_addresses(outcome.record.get("email_addresses", [])),
        }
        other = _other(held, mine, known) or _joined(user, anchored.get(_anchor(outcome, user), ""), known)
        if other:
            outcome.error = MailboxError(
                f"the sync made a second cloud object, {other}, instead of matching.",
                code="second_cloud_object",
                cmdlet="Get-Recipient",
                remedy=(
                    "Only an object that is new to the sync is matched. Take the on-premises user out of scope, run a "
                    "cycle, delete the second object from the recycle bin too, clear what blocked the match, bring "
                    "the user into scope, and sync again. " + USUAL_REASONS
                ),
            )


def _other(held: filter_query.Found, mine: set[str], known: str) -> str:
    # Without the object id of the cloud user as it was, nobody can tell the second object from the first.
    for value in mine if known else ():
        objects = held.get(value, [])
        for item in objects if isinstance(objects, list) else ():
            found = str(item.get("ExternalDirectoryObjectId") or "").lower()
            if found != known:
                return found or _values.guid(item.get("Guid"))
    return ""


def _anchor(outcome: Outcome, user: dict[str, Any] | HybridError) -> str:
    """Return the anchor that the on-premises user has: what offboarding_state read over LDAP, else its objectGUID's."""
    own = "" if isinstance(user, HybridError) else _values.immutable_id_of_guid(user["guid"])
    return str(outcome.record.get("source_anchor") or own)


def _holders(connections: Connections, anchors: Sequence[str]) -> dict[str, str]:
    """Return the cloud users that hold the anchors, where Microsoft Graph tells."""
    graph = connections.graph()
    try:
        return graph.holders(anchors) if graph is not None else {}
    except HybridError:
        return {}  # the proof says that Graph was not read


def _joined(user: dict[str, Any] | HybridError, holder: str, known: str) -> str:
    """Return the id of the cloud object that the sync joined to the on-premises user, if it is another than known."""
    written_back = "" if isinstance(user, HybridError) else str(user["external_directory_object_id"])
    return next((found for found in (holder, written_back) if known and found not in ("", known)), "")
