# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What speaks for a pair of cloud user and on-premises user, from Microsoft Graph, Active Directory and Exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.belonging import Claimants
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import (
    MailboxEvidence,
    Silent,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import filter_query
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
    Withheld,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    DirectoryReader,
)

_OTHER_DOMAIN = Silent("The domain controller does not have this user: it answers for its own domain only.")


def complete(
    connections: Connections, seen: Sequence[MailboxEvidence], active_directory: Mapping[str, Any] | None
) -> None:
    """Complete what both organizations show. ``active_directory`` is None where it was not configured.

    Raises HybridError when Exchange or Microsoft Graph is out of reach; a silent domain controller is told as such.
    """
    mailboxes = [evidence for evidence in seen if evidence.cloud["kind"] == "mailbox"]
    _read_anchors(connections, mailboxes)
    if active_directory is not None:
        _read_directory(seen, active_directory)
    _ask_who_holds_the_anchor(connections, mailboxes)
    _find_anchors(connections, [e for e in mailboxes if _unproved(e) or e.cloud.get("immutable_id")])


def _read_anchors(connections: Connections, seen: Sequence[MailboxEvidence]) -> None:
    """Complete what Exchange Online shows by the anchors of Microsoft Graph, where it is configured."""
    graph = connections.graph()
    if graph is None:
        return
    users = graph.users([evidence.cloud["external_directory_object_id"] for evidence in seen])
    for evidence in seen:
        user = users.get(evidence.cloud["external_directory_object_id"])
        evidence.entra = user
        if user is not None and not isinstance(user, HybridError):
            evidence.cloud["immutable_id"] = user.immutable_id


def _read_directory(seen: Sequence[MailboxEvidence], options: Mapping[str, Any]) -> None:
    """Read each on-premises user, and whoever else claims its cloud user, from one domain controller."""
    known = [str(e.cloud.get("immutable_id") or "") for e in seen]
    anchors = sorted({anchor for anchor in known if anchor})
    object_ids = sorted({e.cloud["external_directory_object_id"] for e in seen if e.cloud["is_dir_synced"]} - {""})
    try:
        with DirectoryReader(options) as reader:
            users = reader.users([evidence.on_premises["guid"] for evidence in seen])
            claimants = Claimants(reader.claimants(anchors, object_ids))
    except HybridError as error:
        if isinstance(error, InputError):
            raise
        silent = Silent(" ".join(error.message.split()), everybody=True)
        for evidence in seen:
            evidence.directory = silent
        return
    for evidence, anchor in zip(seen, known, strict=True):
        user = users.get(evidence.on_premises["guid"], _OTHER_DOMAIN)
        evidence.directory = Silent(user.reason) if isinstance(user, Withheld) else user
        held = () if isinstance(user, Silent) else user.proxy_addresses
        if held and evidence.on_premises["kind"] == "user":
            # Part of how the user was found, as the baseline keeps it: Set-MailUser writes over them.
            evidence.on_premises["proxy_addresses"] = list(held)
        object_id = evidence.cloud["external_directory_object_id"]
        evidence.claimants = claimants.of(anchor, object_id)


def _ask_who_holds_the_anchor(connections: Connections, seen: Sequence[MailboxEvidence]) -> None:
    """Ask Microsoft Graph which cloud users are synced to these on-premises users, by the anchor they would have."""
    graph = connections.graph()
    if graph is None:
        return
    anchors = [
        e.directory.source_anchor
        if isinstance(e.directory, DirectoryUser)
        else _values.immutable_id_of_guid(e.on_premises["guid"])
        for e in seen
    ]
    holders = graph.holders(anchors)
    for evidence, anchor in zip(seen, anchors, strict=True):
        evidence.holder = holders.get(anchor, "")


def _unproved(evidence: MailboxEvidence) -> bool:
    mine = evidence.on_premises["external_directory_object_id"]
    return bool(evidence.cloud["is_dir_synced"]) and mine != evidence.cloud["external_directory_object_id"]


def _find_anchors(connections: Connections, seen: Sequence[MailboxEvidence]) -> None:
    """Find the on-premises users of the whole forest that Exchange shows under a cloud user's object id or anchor."""
    asked: dict[str, tuple[str, ...]] = {}
    for evidence in seen:
        known = evidence.cloud["external_directory_object_id"]
        if known:
            asked.update({known: ("ExternalDirectoryObjectId",), f"user_{known}": ("ExternalDirectoryObjectId",)})
        anchor = _values.guid_of_immutable_id(evidence.cloud.get("immutable_id", ""))
        if anchor:
            asked[anchor] = ("Guid",)
    # Whoever claims the cloud user may be in any domain.
    found = filter_query.find(connections, EXCHANGE_SERVER, "Get-User", asked, lambda value: asked[value], forest=True)

    def named(value: str) -> list[str]:
        objects = found.get(value, [])
        return [_values.told_guid(item.get("Guid")) for item in objects] if isinstance(objects, list) else []

    for evidence in seen:
        known = evidence.cloud["external_directory_object_id"]
        evidence.joined += [*named(known), *named(f"user_{known}")]
        evidence.anchored_to += named(_values.guid_of_immutable_id(evidence.cloud.get("immutable_id", "")))
