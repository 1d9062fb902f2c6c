# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Whether a cloud user and an on-premises user belong together, out of everything that names one by the other. Pure.

An on-premises user claims a cloud user with more or less weight:

- *anchor*: the cloud user's ImmutableId is what Entra Connect takes from this user, mS-DS-ConsistencyGuid, else
  objectGUID. Only LDAP shows that.
- *written back*: hybrid write-back put the cloud user's object id on it (msDS-ExternalDirectoryObjectID; the cmdlets
  show another attribute, which is expected to be empty).
- *objectGUID*: its objectGUID merely equals the ImmutableId. An account that was moved between domains keeps the old
  account's objectGUID as its mS-DS-ConsistencyGuid, so this may be the old account, which was kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)


class Weight(IntEnum):
    NONE = 0
    OBJECT_GUID = 1
    WRITTEN_BACK = 2
    ANCHOR = 3


@dataclass(frozen=True)
class Claims:
    """What was read of a pair.

    ``object_id``, ``synced`` and ``immutable_id`` are the cloud user's; ``guid``, ``written_back`` and ``directory``
    (None where LDAP does not show it) the on-premises user's. ``by_guid`` and ``by_id`` are objectGUIDs of users that
    Exchange's cmdlets found under the anchor and the object id, ``claimants`` users that LDAP found. ``holder`` is the
    object id of the cloud user with this on-premises user's anchor.
    """

    object_id: str
    synced: bool
    immutable_id: str
    guid: str
    written_back: str = ""
    directory: DirectoryUser | None = None
    by_guid: Sequence[str] = ()
    by_id: Sequence[str] = ()
    claimants: Sequence[DirectoryUser] = ()
    holder: str = ""


@dataclass(frozen=True)
class Belonging:
    """``beginning`` is cloud_only, synced or synced_to_another_user; ``verified`` tells whether proof was seen.

    ``conflict`` says why the two do not belong together, ``doubt`` what speaks against it without disproving it.
    """

    beginning: str
    verified: bool = False
    conflict: str = ""
    doubt: str = ""


def judge(claims: Claims) -> Belonging:
    mine, (weight, other) = _own_weight(claims), _strongest_other(claims)
    foreign = _other_cloud_object(claims)
    if foreign and mine < Weight.ANCHOR:
        return _joined_elsewhere(claims, foreign)
    if other and weight >= mine:
        # Unread, what outweighs an objectGUID may stand on this user.
        if weight == Weight.OBJECT_GUID and mine == Weight.NONE and claims.directory is None:
            return Belonging(
                "synced" if claims.synced else "cloud_only",
                doubt=f"the cloud user's anchor is the objectGUID of another on-premises user, {other}, and whether it "
                f"is the mS-DS-ConsistencyGuid of {claims.guid} could not be read",
            )
        return _of_another(claims, other)
    elsewhere = _held_elsewhere(claims)
    if not claims.synced:
        return Belonging("cloud_only", doubt=elsewhere)
    if mine == Weight.NONE and elsewhere:
        return Belonging("synced", doubt=elsewhere)
    return Belonging("synced", verified=mine > Weight.NONE)


class Claimants:
    """The users that LDAP shows, by what they say of cloud users: those of one are found without a look at all."""

    def __init__(self, users: Sequence[DirectoryUser]) -> None:
        self._users = users
        self._by_anchor: dict[str, list[int]] = {}
        self._by_object_id: dict[str, list[int]] = {}
        for number, user in enumerate(users):
            for anchor in {user.consistency_anchor, user.guid_anchor} - {""}:
                self._by_anchor.setdefault(anchor, []).append(number)
            if user.external_directory_object_id:
                self._by_object_id.setdefault(user.external_directory_object_id, []).append(number)

    def of(self, immutable_id: str, object_id: str) -> list[DirectoryUser]:
        """Return the users that say anything about a cloud user at all."""
        numbers = {*self._by_anchor.get(immutable_id, ()), *self._by_object_id.get(object_id, ())}
        return [self._users[number] for number in sorted(numbers)]


def _own_weight(claims: Claims) -> Weight:
    if claims.directory is not None:
        return _weight(claims, claims.directory)
    if claims.written_back and claims.written_back == claims.object_id:
        return Weight.WRITTEN_BACK
    named = _values.guid_of_immutable_id(claims.immutable_id)
    return Weight.OBJECT_GUID if named and named == claims.guid else Weight.NONE


def _weight(claims: Claims, user: DirectoryUser) -> Weight:
    if claims.immutable_id and user.source_anchor == claims.immutable_id:
        return Weight.ANCHOR
    written_back = user.external_directory_object_id or (claims.written_back if user.guid == claims.guid else "")
    return Weight.WRITTEN_BACK if written_back and written_back == claims.object_id else Weight.NONE


def _strongest_other(claims: Claims) -> tuple[Weight, str]:
    """Return the weightiest claim of another user than this one, and whose it is.

    The account that this one succeeded, by its mS-DS-ConsistencyGuid, has none.
    """
    found = dict.fromkeys(claims.by_guid, Weight.OBJECT_GUID) | dict.fromkeys(claims.by_id, Weight.WRITTEN_BACK)
    # LDAP shows more of a user than the cmdlets, so its word counts.
    found |= {user.guid: _weight(claims, user) for user in claims.claimants}
    found.pop(claims.guid, None)
    if claims.directory is not None:
        found.pop(_values.guid_of_immutable_id(claims.directory.consistency_anchor), None)
    return max(((weight, guid) for guid, weight in found.items() if weight), default=(Weight.NONE, ""))


def _other_cloud_object(claims: Claims) -> str:
    """Return another cloud user that this on-premises user is synced to already."""
    directory = claims.directory
    if claims.holder and claims.holder != claims.object_id and directory is not None:
        return claims.holder
    written_back = (directory.external_directory_object_id if directory else "") or claims.written_back
    return written_back if written_back != claims.object_id else ""


def _held_elsewhere(claims: Claims) -> str:
    if not claims.holder or claims.holder == claims.object_id:
        return ""
    return (
        f"cloud object {claims.holder} has the objectGUID of {claims.guid} as its anchor, and whether that user has "
        "its own mS-DS-ConsistencyGuid could not be read"
    )


def _joined_elsewhere(claims: Claims, foreign: str) -> Belonging:
    if claims.synced:
        text = f"the cloud user is synced to another on-premises user: cloud object {foreign} instead of {claims.guid}"
        return Belonging("synced_to_another_user", True, text)
    text = f"the on-premises user is already synced to cloud object {foreign} and cannot match another one"
    return Belonging("cloud_only", False, text)


def _of_another(claims: Claims, other: str) -> Belonging:
    if claims.synced:
        text = f"the cloud user is synced to another on-premises user: {other} instead of {claims.guid}"
        return Belonging("synced_to_another_user", True, text)
    return Belonging("cloud_only", True, f"the cloud user has the anchor of another on-premises user, {other}")
