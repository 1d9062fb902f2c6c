# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a mailbox's mail goes and who may send to it: what is held, in each form, and what stays behind."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import delivery


@pytest.mark.parametrize(
    ("shown", "held"),
    [
        ({}, {}),
        ({"ForwardingAddress": None, "ForwardingSmtpAddress": "", "ModerationEnabled": False}, {}),
        ({"RejectMessagesFromSendersOrMembers": [], "RequireSenderAuthenticationEnabled": "False"}, {}),
        ({"ForwardingSmtpAddress": "smtp:a@b.example"}, {"ForwardingSmtpAddress": "smtp:a@b.example"}),
        # A copy is kept of what is forwarded: without a target it means nothing.
        ({"DeliverToMailboxAndForward": True}, {}),
        (
            {"DeliverToMailboxAndForward": True, "ForwardingAddress": "Bob"},
            {"ForwardingAddress": "Bob", "DeliverToMailboxAndForward": "True"},
        ),
        (
            {"AcceptMessagesOnlyFromSendersOrMembers": ["Bob", "Cleo"], "ModerationEnabled": "True"},
            {"AcceptMessagesOnlyFromSendersOrMembers": "Bob, Cleo", "ModerationEnabled": "True"},
        ),
        # A collection of one may come as its only element.
        ({"AcceptMessagesOnlyFromSendersOrMembers": "Bob"}, {"AcceptMessagesOnlyFromSendersOrMembers": "Bob"}),
    ],
)
def test_what_a_mailbox_has_set(shown: dict[str, Any], held: dict[str, str]) -> None:
    assert delivery.settings(shown) == held


def test_what_a_synced_user_has_from_active_directory_is_at_home_already() -> None:
    held = dict.fromkeys((*delivery.FORWARDING, *delivery.RESTRICTIONS), "set")
    assert delivery.of_the_cloud_alone(held, synced=False) == held
    assert set(delivery.of_the_cloud_alone(held, synced=True)) == {"ForwardingSmtpAddress", delivery.KEEPS_A_COPY}
    del held["ForwardingSmtpAddress"]
    assert delivery.of_the_cloud_alone(held, synced=True) == {}


def test_what_a_mailbox_lacks_at_home() -> None:
    before = {"ForwardingAddress": "bob-id", "ModerationEnabled": "True"}
    assert delivery.lacking(before, {"ForwardingAddress": "contoso.com/Bob"}) == {"ModerationEnabled": "True"}
    assert delivery.lacking({}, before) == {}
    assert delivery.told(before) == "ForwardingAddress (bob-id), ModerationEnabled (True)"
