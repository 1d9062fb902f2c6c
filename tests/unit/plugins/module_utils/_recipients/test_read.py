# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose object an identity means, also while objects change between two answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.read import (
    STATUSES,
    cloud_recipients,
    migration_users,
    move_requests,
)

from tests.unit.plugins.module_utils.fakes import (
    Fails,
    cloud_mail_user,
    cloud_mailbox,
    connect,
    guid_of,
    lost,
    refusal,
    tenant,
)

ANN = [{"identity": "ann@contoso.com"}]


def test_a_mailbox_that_leaves_between_two_answers_is_the_mail_user_that_it_became() -> None:
    with connect(tenant(cloud_mailbox("ann"), cloud_mail_user("ann"))) as connections:
        [found] = list(cloud_recipients(connections, ANN).values())
    assert not isinstance(found, HybridError)
    assert (found["kind"], found["exchange_guid"]) == ("mail_user", guid_of("ann's mailbox"))


def test_two_objects_of_one_identity_are_told() -> None:
    another = cloud_mail_user("bob", UserPrincipalName="ann@contoso.com")
    with connect(tenant(cloud_mailbox("ann"), another)) as connections:
        [found] = list(cloud_recipients(connections, ANN).values())
    assert isinstance(found, HybridError)
    assert found.code == "ambiguous"
    assert guid_of("ann in Entra") in found.message
    assert guid_of("bob in Entra") in found.message


def test_two_objects_that_show_their_guid_alone_stay_two() -> None:
    people = [cloud_mailbox("ann"), cloud_mail_user("bob", UserPrincipalName="ann@contoso.com")]
    for person in people:
        person["ExternalDirectoryObjectId"] = ""
    with connect(tenant(*people)) as connections:
        [found] = list(cloud_recipients(connections, ANN).values())
    assert isinstance(found, HybridError)
    assert found.code == "ambiguous"


@pytest.mark.parametrize("state", ["home", "to_do"])
def test_what_is_not_in_the_state_that_is_known_of_it_is_asked_for_by_the_other_cmdlet(state: str) -> None:
    """Get-Recipient shows less, and is left for what neither of the two shows."""
    person = cloud_mailbox("ann") if state == "home" else cloud_mail_user("ann")
    organization = tenant(person)
    with connect(organization) as connections:
        [found] = list(cloud_recipients(connections, [{**ANN[0], "offboarding_state": state}]).values())
    assert not isinstance(found, HybridError)
    assert found["kind"] == ("mailbox" if state == "home" else "mail_user")
    names = ["Get-MailUser", "Get-Mailbox"] if state == "home" else ["Get-Mailbox", "Get-MailUser"]
    assert list(dict.fromkeys(call.name for call in organization.calls)) == names


class Large:
    """A tenant that lists its requests by status alone, and in which each status read lets one request go on."""

    def __init__(self, **statuses: str) -> None:
        self.statuses = statuses
        self.asked: list[str] = []

    def __call__(self, cmdlet: Cmdlet) -> list[Properties]:
        status = str(cmdlet.parameters.get("Status", ""))
        self.asked.append(status)
        if not status:
            raise ConnectionFailure("too much", code="incomplete_answer", cmdlet=cmdlet.name)
        found = [{"ExchangeGuid": name, "Status": at} for name, at in self.statuses.items() if at == status]
        self.moves()
        return found

    def moves(self) -> None:
        """Between two looks everybody may have gone on, and a failed request is resumed."""
        if len(self.asked) == 3:
            self.statuses["ann"] = "Completed"
        if self.asked[-1] == "AutoSuspended":
            self.statuses["cleo"] = "InProgress"


def test_what_is_too_large_for_one_answer_is_read_status_by_status() -> None:
    large = Large(ann="Queued", bob="Synced", cleo="Failed", dave="CompletedWithWarning")
    online = tenant()
    online.handlers["Get-MoveRequest"] = large
    with connect(online) as connections:
        found = {item["ExchangeGuid"]: item["Status"] for item in move_requests(connections, "wave 1")}
    assert found == {"ann": "Completed", "bob": "Synced", "cleo": "InProgress", "dave": "CompletedWithWarning"}
    assert {call.parameters["BatchName"] for call in online.calls} == {"wave 1"}
    assert set(large.asked) == {"", *STATUSES}


def test_users_that_are_too_many_for_one_answer_are_read_batch_by_batch() -> None:
    """A live client had its requests for further pages refused (facts corrections-2026-11.md section 6)."""
    users = [{"Identity": name, "BatchId": batch} for name, batch in (("ann", "wave 1"), ("bob", "spring"))]

    def shown(cmdlet: Cmdlet) -> list[Properties]:
        if "BatchId" not in cmdlet.parameters:
            raise ConnectionFailure("too much", code="incomplete_answer", cmdlet=cmdlet.name)
        return [user for user in users if user["BatchId"] == cmdlet.parameters["BatchId"]]

    online = tenant()
    online.handlers["Get-MigrationUser"] = shown
    online.objects["Get-MigrationBatch"] = [{"Identity": {"Name": "wave 1"}}, {"Identity": "spring"}]
    with connect(online) as connections:
        assert [user["identity"] for user in migration_users(connections)] == ["ann", "bob"]
        online.handlers["Get-MigrationUser"] = Fails(*[lost()] * 9)
        with pytest.raises(ConnectionFailure, match="went away"):
            migration_users(connections)
    assert {call.parameters["ResultSize"] for call in online.calls} == {"Unlimited"}


def test_every_status_of_microsofts_reference_is_read() -> None:
    contract = json.loads(Path("lab/contract/cmdlets.json").read_text(encoding="utf-8"))["cmdlets"]
    assert set(STATUSES) == set(contract["Get-MoveRequest"]["parameters"]["Status"]["accepted_values"])


def test_another_failure_of_the_list_is_not_divided() -> None:
    online = tenant()
    online.handlers["Get-MoveRequest"] = Fails(refusal("No.", cmdlet="Get-MoveRequest"))
    with connect(online) as connections, pytest.raises(HybridError):
        move_requests(connections)
    assert len(online.calls) == 1
