# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What is asked of Microsoft Entra, and what the answers say about a match; apart from the way in which they travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Union

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError


@dataclass(frozen=True)
class CloudUser:
    """A user as Microsoft Entra has it.

    ``immutable_id`` is empty without an anchor. ``admin_roles`` is None where they could not be read; a role whose name
    is hidden from the application is named by its id. ``object_identifier`` is onPremisesObjectIdentifier.
    """

    object_id: str
    immutable_id: str
    sync_enabled: bool
    provisioning_errors: tuple[str, ...] = ()
    admin_roles: tuple[str, ...] | None = None
    object_identifier: str = ""


@dataclass(frozen=True)
class Features:
    """The tenant's switches of directory synchronization that decide about a match."""

    block_soft_match: bool
    soft_match_on_upn: bool
    block_hard_match_takeover: bool


@dataclass(frozen=True)
class Authority:
    """What else stands against a match: None where the application may not read it.

    ``eligible_roles`` are roles that Privileged Identity Management lets the user activate. ``cloud_managed`` tells
    that the user's own source of authority is the cloud: it then looks as if it had never been synchronized.
    """

    eligible_roles: tuple[str, ...] | None = None
    cloud_managed: bool | None = None


Found = dict[str, Union[CloudUser, HybridError]]


class Directory(Protocol):
    """Reads Microsoft Entra."""

    def users(self, object_ids: Sequence[str]) -> Found:
        """Return each user, or why it could not be read, by object id in lower case. Raises ConnectionFailure."""

    def holders(self, anchors: Sequence[str]) -> dict[str, str]:
        """Return the object id of the user with each ImmutableId; an anchor that nobody has is absent.

        Raises ConnectionFailure.
        """

    def features(self) -> Features | None:
        """Return the tenant's switches, or None where the application may not read them."""

    def authorities(self, object_ids: Sequence[str]) -> dict[str, Authority]:
        """Return what stands against the match of each user, by object id in lower case. Raises ConnectionFailure."""

    def write_back_jobs(self) -> list[str] | None:
        """Return the jobs that write Exchange attributes into Active Directory, or None where they cannot be read."""

    def permissions(self) -> frozenset[str] | None:
        """Return the application permissions that were granted, or None where nothing tells them."""

    def close(self) -> None:
        """Close the connection."""


def reasons_against(user: CloudUser | HybridError | None, features: Features | None) -> list[str]:
    """Return what Microsoft Entra itself shows against a match of this cloud user, as sentences without a stop."""
    told: list[str] = []
    if features is not None and features.block_soft_match:
        told.append("soft match is blocked in the tenant (blockSoftMatchEnabled)")
    if isinstance(user, CloudUser):
        if user.admin_roles:
            told.append(f"the cloud user holds the admin role {', '.join(user.admin_roles)}")
        told += [f"provisioning error: {text}" for text in user.provisioning_errors]
    return told
