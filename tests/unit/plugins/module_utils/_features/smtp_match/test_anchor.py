# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a cloud user's anchor is that of the on-premises user that it should follow."""

from __future__ import annotations

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import CloudUser
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.anchor import judge
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import immutable_id_of_guid

from tests.unit.plugins.module_utils.fakes import guid_of

MINE, OTHER = guid_of("mine"), guid_of("other")
OF_MINE, OF_OTHER = immutable_id_of_guid(MINE), immutable_id_of_guid(OTHER)
UNREAD = ", which was not read (offboarding_state with active_directory reads it)"
ODD = "it may come from mS-DS-ConsistencyGuid"


def user(anchor: str) -> CloudUser:
    return CloudUser(guid_of("in Entra"), anchor, sync_enabled=True)


@pytest.mark.parametrize(
    ("anchor", "owners", "own", "right", "why"),
    [
        (OF_MINE, [MINE], "", True, ""),
        (OF_MINE, [], OF_MINE, True, ""),
        (OF_OTHER, [OTHER], OF_OTHER, True, ""),  # it has the old account's
        ("", [], "", False, "the cloud user has no onPremisesImmutableId"),
        (OF_OTHER, [OTHER], OF_MINE, False, f"the anchor is that of another on-premises user, {OTHER}"),
        (OF_MINE, [MINE], OF_OTHER, False, f"does not belong to another user; {ODD}"),
        (OF_OTHER, [OTHER, MINE], "", False, f"is the objectGUID of another user, {OTHER}; {ODD}{UNREAD}"),
        (OF_OTHER, [], "", False, f"does not belong to another user; {ODD}{UNREAD}"),
    ],
)
def test_whose_anchor_it_is(anchor: str, owners: list[str], own: str, right: bool, why: str) -> None:
    verdict = judge(user(anchor), MINE, owners, own)
    assert verdict.verified is right
    assert verdict.reason.endswith(why) if why else not verdict.reason
    assert verdict.other == (OTHER if own == OF_MINE and anchor == OF_OTHER else "")


def test_without_an_on_premises_user_no_anchor_is_right() -> None:
    assert not judge(user(OF_MINE), "", [MINE]).verified
    unread = judge(HybridError("not today.", code="x"), MINE, [])
    assert (unread.verified, unread.reason) == (False, "the anchor could not be read: not today.")
