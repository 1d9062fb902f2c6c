# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Matching the cloud user with the on-premises user: what is stamped (KB 2641663), and what proves a match. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    accepted_by,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, cloud
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    CloudRecipient,
    OnPremisesRecipient,
    part,
)

USUAL_REASONS = (
    "The usual reasons: the user is outside the scope of Entra Connect (organizational unit, group, "
    "adminDescription), an attribute is "
    "quarantined (no error is shown), Entra Connect is in staging mode, the cloud user holds an admin role, or soft "
    "match is blocked in the tenant."
)
# Which compared field a blocker's code accepts a change of.
ACCEPTABLE = {
    "user_principal_name": "upn_differs",
    "alias": "alias_would_change",
    "display_name": "display_name_would_change",
    "hidden_from_address_lists_enabled": "hidden_would_change",
    "custom_attributes": "custom_attributes_would_change",
}


def stamped(record: Record, seen: BothSides) -> Plan:
    """Return what makes a plain user's ``mail`` the cloud mailbox's primary address."""
    user, mailbox = seen.on_premises, seen.cloud or {}
    primary = record.get("primary_smtp_address") or mailbox["primary_smtp_address"]
    if user["kind"] != "user":
        held = str(user.get("primary_smtp_address", ""))
        if _values.folded(held) == _values.folded(primary):
            return Plan()
        raise MailboxError(
            f"{user['distinguished_name']} is a {user['recipient_type_details']} with the primary address {held}, "
            f"not {primary}.",
            code="wrong_recipient_type",
            cmdlet="Set-User",
            remedy="Only the mail of a plain user is stamped: correct the primary address with module mailuser.",
        )
    if _values.folded(user["windows_email_address"]) == _values.folded(primary):
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


@dataclass(frozen=True)
class Match:
    """What is known of a match that is waited for.

    ``stamps`` is what the cloud mailbox did not have before and surely shows after it. ``live`` is the cloud object at
    the last look, where the stamps ``unseen`` alone are missing of the proof.
    """

    stamps: tuple[str, ...]
    live: CloudRecipient | None = None
    unseen: tuple[str, ...] = ()


def stamps(record: Record, on_premises: list[str]) -> tuple[str, ...]:
    """Return what the cloud mailbox did not have before the match and surely shows after it.

    A domain in which the mailbox has an address already is verified in the tenant, whichever others are.
    ``on_premises`` are the addresses of the on-premises object.
    """
    before = record.get("email_addresses", [])
    domains = {_values.domain_of(address) for address in addresses.smtp_addresses(before)}
    return tuple(addresses.evidence(addresses.missing(on_premises, before), domains))


def not_joined(record: Record, live: CloudRecipient) -> str:
    """Return why this cloud object is not the synchronized one, or an empty text.

    IsDirSynced and an unchanged object id alone prove nothing, both may hold beforehand: what we stamped must be
    seen too, or IsDirSynced must have turned true.
    """
    known = _values.folded(record.get("external_directory_object_id"))
    if known and live["external_directory_object_id"] != known:
        return f"the cloud object is {live['external_directory_object_id']}, not {known} as before"
    return "" if live["is_dir_synced"] else "IsDirSynced of the cloud object is still False"


def unaccepted(record: Record, live: CloudRecipient, accept: Collection[str]) -> dict[str, tuple[Any, Any]]:
    accepted = accepted_by(record, accept)
    before = part(record, cloud.COMPARED)
    changed = cloud.difference(before, live, include_sip=bool(record.get("include_sip")))
    return {name: pair for name, pair in changed.items() if ACCEPTABLE.get(name) not in accepted}


def overwritten(changed: dict[str, tuple[Any, Any]]) -> MailboxError:
    told = "; ".join(
        f"{name} lost {', '.join(before)}" if name == "email_addresses" else f"{name} was {before!r} and is {now!r}"
        for name, (before, now) in changed.items()
    )
    return MailboxError(
        f"the sync changed the cloud mailbox: {told}.",
        code="cloud_changed",
        cmdlet="Get-Mailbox",
        remedy="Correct the on-premises object, the master now, sync and run again; the baseline has the old values.",
    )


def timed_out(wait_timeout: float, missing: str) -> MailboxError:
    return MailboxError(
        f"no match within {wait_timeout:g} seconds: {missing}.",
        code="match_timeout",
        cmdlet="Get-Recipient",
        retryable=True,
        remedy=USUAL_REASONS,
    )


def second_object(
    record: Record,
    user: OnPremisesRecipient | HybridError,
    held: Mapping[str, list[Properties] | HybridError],
    holder: str,
) -> MailboxError | None:
    """Return that the sync made a second cloud object instead of a match, where something shows one.

    ``held`` is who holds the record's addresses, ``holder`` the cloud user with the on-premises user's anchor.
    """
    known = _values.folded(record.get("external_directory_object_id"))
    other = _other(held, asked_of(record), known) or _joined(user, holder, known)
    if not other:
        return None
    return MailboxError(
        f"the sync created a second cloud object, {other}, instead of matching.",
        code="second_cloud_object",
        cmdlet="Get-Recipient",
        remedy=(
            "Only an object that is new to the sync is matched. Take the on-premises user out of scope, run a "
            "cycle, delete the second object from the recycle bin too, clear what blocked the match, bring "
            "the user into scope, and sync again. " + USUAL_REASONS
        ),
    )


def asked_of(record: Record) -> set[str]:
    """Return what a second cloud object of a mailbox would hold."""
    name = str(record.get("legacy_exchange_dn") or "")
    own = {_values.folded(f"x500:{name}")} if name else set()
    return own | set(addresses.smtp_addresses(record.get("email_addresses", [])))


def _other(held: Mapping[str, list[Properties] | HybridError], mine: set[str], known: str) -> str:
    # Without the object id of the cloud user as it was, nobody can tell the second object from the first.
    for value in mine if known else ():
        objects = held.get(value, [])
        for item in objects if isinstance(objects, list) else ():
            found = _values.folded(item.get("ExternalDirectoryObjectId"))
            if found != known:
                return found or _values.told_guid(item.get("Guid"))
    return ""


def anchor_of(record: Record, user: OnPremisesRecipient | HybridError) -> str:
    """Return the anchor that the on-premises user has: what offboarding_state read over LDAP, else its objectGUID's."""
    own = "" if isinstance(user, HybridError) else _values.immutable_id_of_guid(user["guid"])
    return str(record.get("source_anchor") or own)


def _joined(user: OnPremisesRecipient | HybridError, holder: str, known: str) -> str:
    """Return the id of the cloud object that the sync joined to the on-premises user, if it is another than known."""
    written_back = "" if isinstance(user, HybridError) else str(user["external_directory_object_id"])
    return next((found for found in (holder, written_back) if known and found not in ("", known)), "")
