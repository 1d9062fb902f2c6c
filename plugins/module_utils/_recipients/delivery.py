# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What of a mailbox decides where its mail goes and who may send to it, and what no move carries.

A move carries the mailbox and no attributes of the directory (Microsoft: prep-mailboxes-for-cross-forest-moves). Those
in ``FROM_ON_PREMISES`` of a synced user came from Active Directory, where they still are (Microsoft:
reference-connect-sync-attributes-synchronized).
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties

KEEPS_A_COPY = "DeliverToMailboxAndForward"
FORWARDING = ("ForwardingAddress", "ForwardingSmtpAddress", KEEPS_A_COPY)
RESTRICTIONS = (
    "AcceptMessagesOnlyFromSendersOrMembers",
    "RejectMessagesFromSendersOrMembers",
    "RequireSenderAuthenticationEnabled",
    "ModerationEnabled",
)
FROM_ON_PREMISES = frozenset(("ForwardingAddress", *RESTRICTIONS))


def settings(properties: Properties) -> dict[str, str]:
    """Return those that a mailbox has, as Get-Mailbox shows them; that forwarded mail is kept counts with a target."""
    held = {name: _text(properties.get(name)) for name in (*FORWARDING, *RESTRICTIONS)}
    if not (held["ForwardingAddress"] or held["ForwardingSmtpAddress"]):
        held[KEEPS_A_COPY] = ""
    return {name: text for name, text in held.items() if text}


def _text(value: object) -> str:
    return ", ".join(text for text in _values.as_list(value) if _values.folded(text) not in ("", "false", "none"))


def of_the_cloud_alone(held: Mapping[str, str], *, synced: bool) -> dict[str, str]:
    """Return those that on-premises cannot have yet."""
    alone = {name: text for name, text in held.items() if not (synced and name in FROM_ON_PREMISES)}
    return {} if set(alone) == {KEEPS_A_COPY} and synced else alone


def lacking(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return those that a mailbox had in the cloud and has not at home; how a value is written differs by side."""
    return {name: text for name, text in before.items() if name not in now}


def told(held: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({text})" for name, text in held.items())
