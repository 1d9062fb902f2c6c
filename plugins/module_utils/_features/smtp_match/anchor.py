# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The anchor of a synchronized cloud user: onPremisesImmutableId, which only Microsoft Graph surely shows.

It is the base64 of the on-premises user's mS-DS-ConsistencyGuid where that is filled, else of its objectGUID. Only LDAP
shows the former, so an objectGUID alone disproves nothing: a user that was moved between domains has the old account's
as its mS-DS-ConsistencyGuid, and the old account may still be there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import (
    CloudUser,
    Features,
    reasons_against,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import filter_query, read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome


@dataclass(frozen=True)
class Verdict:
    """``reason`` says why an anchor is not verified; ``other`` is the on-premises user that it names instead."""

    verified: bool
    reason: str = ""
    other: str = ""


def judge(user: CloudUser | HybridError, guid: str, owners: Collection[str], source_anchor: str = "") -> Verdict:
    """Compare a cloud user's anchor with the on-premises user that it should follow.

    ``source_anchor`` is that user's own, as offboarding_state read it over LDAP, empty where nothing was read; then its
    objectGUID has to do. ``owners`` are the objectGUIDs of existing on-premises users that the anchor names.
    """
    if isinstance(user, HybridError):
        return Verdict(False, f"the anchor could not be read: {user.message}")
    if not user.immutable_id:
        return Verdict(False, "the cloud user has no onPremisesImmutableId")
    own = source_anchor or (_values.immutable_id_of_guid(guid) if guid else "")
    if own and own == user.immutable_id:
        return Verdict(True)
    others = sorted(set(owners) - {guid})
    if others and source_anchor:
        return Verdict(False, f"the anchor is that of another on-premises user, {others[0]}", others[0])
    whose = f"is the objectGUID of another user, {others[0]}" if others else "does not belong to another user"
    return Verdict(
        False,
        f"the anchor is not the on-premises user's objectGUID and {whose}; it may come from mS-DS-ConsistencyGuid"
        + ("" if source_anchor else ", which was not read (offboarding_state with active_directory reads it)"),
    )


def owners(connections: Connections, users: Collection[CloudUser | HybridError]) -> dict[str, list[str]]:
    """Return, by immutable id, the objectGUIDs of the on-premises users that exist under the GUID in it."""
    named = {
        user.immutable_id: _values.guid_of_immutable_id(user.immutable_id)
        for user in users
        if isinstance(user, CloudUser) and user.immutable_id
    }
    wanted = [guid for guid in named.values() if guid]
    # The user that an anchor names may be in any domain, whichever controllers are pinned.
    found = filter_query.find(
        connections, EXCHANGE_SERVER, "Get-User", wanted, filter_query.same_properties(("Guid",)), forest=True
    )
    result: dict[str, list[str]] = {}
    for immutable_id, guid in named.items():
        objects = found.get(guid, [])
        shown = objects if isinstance(objects, list) else []
        result[immutable_id] = [_values.told_guid(item.get("Guid")) for item in shown]
    return result


def verify(connections: Connections, outcomes: Sequence[Outcome]) -> None:
    """Complete the outcomes of a match by what Microsoft Graph says, where it is configured.

    A proved match gets its anchor verified, or the reason why not; an anchor of another user makes it a failure. A
    failed match is told with what stands against it: provisioning errors, admin roles, blocked soft match.
    """
    graph = connections.graph()
    told = [outcome for outcome in outcomes if outcome.details.get("matched") or outcome.error is not None]
    if graph is None or not told:
        return
    ids = _object_ids(connections, told)
    try:
        users = graph.users(list(ids.values()))
        features = graph.features() if any(outcome.error for outcome in told) else None
    except HybridError as error:
        for outcome in told:
            outcome.warnings.append(f"Microsoft Graph was not read: {error.message}")
        return
    pairs = [(outcome, users.get(ids[outcome.identity])) for outcome in told]
    for outcome, user in pairs:
        if outcome.error is not None:
            outcome.error = _explained(outcome.error, user, features)
    _verify_proved(connections, [(outcome, user) for outcome, user in pairs if outcome.error is None])


def _object_ids(connections: Connections, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Return the object id of each cloud user, from its record or from the cloud; empty where neither tells it."""
    known = {outcome.identity: str(outcome.record.get("external_directory_object_id") or "") for outcome in outcomes}
    unknown = [outcome.record for outcome in outcomes if not known[outcome.identity]]
    found = read.cloud_recipients(connections, unknown) if unknown else {}
    asked = {
        identity: "" if isinstance(item, HybridError) else str(item["external_directory_object_id"])
        for identity, item in found.items()
    }
    return {identity: _values.folded(object_id) for identity, object_id in {**known, **asked}.items()}


def _verify_proved(connections: Connections, proved: Sequence[tuple[Outcome, CloudUser | HybridError | None]]) -> None:
    by_anchor = owners(connections, [user for _outcome, user in proved if user is not None])
    on_premises = read.on_premises_objects(connections, [outcome.record for outcome, _user in proved])
    for outcome, user in proved:
        ad = on_premises[outcome.identity]
        told = user or MailboxError("its object id is not known", code="not_found")
        guid = "" if isinstance(ad, HybridError) else str(ad["guid"])
        immutable_id = told.immutable_id if isinstance(told, CloudUser) else ""
        source_anchor = str(outcome.record.get("source_anchor") or "")
        _note(outcome, judge(told, guid, by_anchor.get(immutable_id, []), source_anchor))


def _note(outcome: Outcome, verdict: Verdict) -> None:
    outcome.enriched["anchor_unverified"] = outcome.details["anchor_unverified"] = not verdict.verified
    if not verdict.verified:
        outcome.details["anchor_reason"] = verdict.reason
    if verdict.other:
        outcome.status = "failed"
        outcome.error = MailboxError(
            f"the cloud user belongs to another on-premises user: {verdict.reason}.",
            code="anchored_to_another_user",
            cmdlet="Get-User",
            remedy="Correct ad_identity, or undo the wrong match before anything else is written.",
        )


def _explained(error: HybridError, user: CloudUser | HybridError | None, features: Features | None) -> HybridError:
    """Return the error with what Microsoft Entra shows against the match in front of the usual reasons."""
    reasons = reasons_against(user, features)
    if not reasons:
        return error
    told = "; ".join(reasons)
    return MailboxError(
        f"{error.message.rstrip('.')}; Microsoft Graph says: {told}.",
        code=error.code,
        cmdlet=error.cmdlet,
        retryable=error.retryable,
        remedy=f"First fix what Microsoft Graph reports. {error.remedy}",
    )
