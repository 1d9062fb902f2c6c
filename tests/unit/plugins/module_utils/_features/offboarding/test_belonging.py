# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of two on-premises users a cloud user belongs to: each piece of evidence, alone and against another."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.belonging import (
    Claimants,
    Claims,
    judge,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._values import immutable_id_of_guid

from tests.unit.plugins.module_utils.fakes import guid_of

MINE, OTHER, THIRD = guid_of("mine"), guid_of("other"), guid_of("third")
CLOUD, ELSEWHERE = guid_of("cloud"), guid_of("elsewhere")
OF_MINE, OF_OTHER, ODD = immutable_id_of_guid(MINE), immutable_id_of_guid(OTHER), base64.b64encode(b"EMP-1").decode()


def user(guid: str = MINE, **values: Any) -> DirectoryUser:
    return DirectoryUser(guid, f"CN={guid}", **values)


def claims(anchor: str = "", **values: Any) -> Claims:
    return Claims(**{"object_id": CLOUD, "synced": True, "immutable_id": anchor, "guid": MINE, **values})


@pytest.mark.parametrize("found", [
    claims(OF_MINE),
    claims(OF_MINE, directory=user()),
    claims(OF_OTHER, directory=user(consistency_anchor=OF_OTHER)),
    # Case: moved between domains, the old account was kept, and has its own objectGUID as mS-DS-ConsistencyGuid.
    claims(OF_OTHER, directory=user(consistency_anchor=OF_OTHER), by_guid=[OTHER]),
    claims(
        OF_OTHER, directory=user(consistency_anchor=OF_OTHER),
        claimants=[user(OTHER, consistency_anchor=OF_OTHER, external_directory_object_id=CLOUD)],
    ),
    # The written-back id outweighs an objectGUID that merely equals the anchor, whichever channel shows it.
    claims(OF_OTHER, written_back=CLOUD, by_guid=[OTHER]),
    claims(OF_OTHER, directory=user(external_directory_object_id=CLOUD), by_guid=[OTHER]),
    claims(ODD, directory=user(consistency_anchor=ODD)),
    claims(directory=user(external_directory_object_id=CLOUD)),
    # The anchor outweighs an id that was written back earlier.
    claims(OF_MINE, directory=user(external_directory_object_id=ELSEWHERE)),
    claims(OF_MINE, directory=user(), claimants=[user(OTHER, external_directory_object_id=CLOUD)]),
])  # fmt: skip
def test_proved(found: Claims) -> None:
    told = judge(found)
    assert (told.beginning, told.verified, told.conflict, told.doubt) == ("synced", True, "", "")


@pytest.mark.parametrize(("found", "other"), [
    (claims(OF_OTHER, directory=user(), by_guid=[OTHER]), OTHER),
    (claims(OF_OTHER, directory=user(consistency_anchor=immutable_id_of_guid(THIRD)), by_guid=[OTHER]), OTHER),
    (claims(by_id=[OTHER]), OTHER),
    (claims(claimants=[user(OTHER, external_directory_object_id=CLOUD)], directory=user()), OTHER),
    # The old account itself: whoever has its objectGUID as mS-DS-ConsistencyGuid succeeded it.
    (claims(OF_MINE, claimants=[user(OTHER, consistency_anchor=OF_MINE)]), OTHER),
    (claims(OF_MINE, directory=user(), claimants=[user(OTHER, consistency_anchor=OF_MINE)]), OTHER),
    (claims(OF_MINE, by_id=[OTHER]), OTHER),
    (claims(written_back=CLOUD, by_id=[OTHER]), OTHER),
    (claims(written_back=ELSEWHERE), ELSEWHERE),
    (claims(directory=user(external_directory_object_id=ELSEWHERE)), ELSEWHERE),
    (claims(directory=user(), holder=ELSEWHERE), ELSEWHERE),
])  # fmt: skip
def test_synced_to_another(found: Claims, other: str) -> None:
    told = judge(found)
    assert (told.beginning, told.doubt) == ("synced_to_another_user", "")
    assert other in told.conflict


@pytest.mark.parametrize("synced", [True, False])
def test_where_neither_is_readable_it_is_a_doubt_and_no_conflict(synced: bool) -> None:
    for found in (claims(OF_OTHER, by_guid=[OTHER], synced=synced), claims(holder=ELSEWHERE, synced=synced)):
        told = judge(found)
        assert (told.beginning, told.verified, told.conflict) == ("synced" if synced else "cloud_only", False, "")
        assert (OTHER if found.by_guid else ELSEWHERE) in told.doubt


@pytest.mark.parametrize("found", [
    claims(), claims(OF_OTHER), claims(ODD), claims(OF_OTHER, directory=user()), claims(directory=user()),
    claims("no base64!", directory=user()), claims(object_id="", directory=user()), claims(holder=CLOUD),
    # An objectGUID that the holder has other plans with is no claim.
    claims(OF_OTHER, directory=user(), claimants=[user(OTHER, consistency_anchor=ODD)]),
])  # fmt: skip
def test_nothing_is_known(found: Claims) -> None:
    told = judge(found)
    assert (told.beginning, told.verified, told.conflict, told.doubt) == ("synced", False, "", "")


@pytest.mark.parametrize(("found", "conflict"), [
    (claims(synced=False), ""),
    (claims(OF_MINE, synced=False, directory=user()), ""),
    (claims(OF_OTHER, synced=False, directory=user(consistency_anchor=OF_OTHER), by_guid=[OTHER]), ""),
    (claims(synced=False, directory=user(external_directory_object_id=ELSEWHERE)), f"cloud object {ELSEWHERE}"),
    (claims(synced=False, directory=user(), holder=ELSEWHERE), f"cloud object {ELSEWHERE}"),
    (claims(OF_OTHER, synced=False, directory=user(), by_guid=[OTHER]), f"another on-premises user, {OTHER}"),
])  # fmt: skip
def test_who_is_to_be_matched(found: Claims, conflict: str) -> None:
    told = judge(found)
    assert (told.beginning, bool(told.conflict)) == ("cloud_only", bool(conflict))
    assert conflict in told.conflict


def test_who_says_something_about_a_cloud_user() -> None:
    mine, odd, joined = user(), user(OTHER, consistency_anchor=ODD), user(THIRD, external_directory_object_id=CLOUD)
    found = Claimants([joined, mine, odd])
    assert found.of(OF_MINE, "") == [mine]
    assert found.of(ODD, "") == [odd]
    assert found.of(OF_OTHER, CLOUD) == [joined, odd]
    assert found.of(OF_MINE, CLOUD) == [joined, mine]
    assert found.of("", "") == []
    assert found.of("no anchor", ELSEWHERE) == []
    both = user(consistency_anchor=OF_MINE, external_directory_object_id=CLOUD)
    assert Claimants([both]).of(OF_MINE, CLOUD) == [both]


def test_each_claimant_is_looked_at_once_however_many_mailboxes_ask() -> None:
    class Looked(DirectoryUser):
        looks = 0

        @property
        def guid_anchor(self) -> str:
            Looked.looks += 1
            return super().guid_anchor

    guids = [guid_of(str(number)) for number in range(50)]
    found = Claimants([Looked(guid, f"CN={guid}") for guid in guids])
    assert all([user.guid for user in found.of(immutable_id_of_guid(guid), CLOUD)] == [guid] for guid in guids)
    assert Looked.looks == 50
