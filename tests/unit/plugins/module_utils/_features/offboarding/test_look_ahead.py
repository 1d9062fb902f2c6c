# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import NEEDED
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.assess import (
    AssessOptions,
    assess,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.look_ahead import (
    Ahead,
    refusals,
    refuse_malformed,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    cloud,
    move_request,
    on_premises,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.state import BothSides
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import (
    NOW,
    ROUTING,
    Fails,
    ad_user,
    cloud_mail_user,
    cloud_mailbox,
    connect,
    guid_of,
    move_request_of,
    on_premises_recipient,
)

TASKS = Path(__file__).parents[6] / "roles" / "mailbox_offboarding" / "tasks"
ANN, BOB = {"identity": "ann@contoso.com"}, {"identity": "bob@contoso.com"}
PREPARE = {"routing_domain": ROUTING, "add_routing_address": False, "include_sip": True}
MOVE = {
    "remote_host_name": "mail.contoso.com",
    "remote_target_database": "DB01",
    "target_delivery_domain": "contoso.com",
    "batch_name": "",
    "complete_after": "",
}
FAILED = move_request_of("ann", "Failed", FailureType="X", Message="Some permanent fault")
CREDENTIAL = {"username": "CONTOSO\\mrs", "password": "x"}
SENDS = {"interface": "powershell"}


def codes(*wave: Record, tenant: Any = None, ad: Any = None, requests: Any = (), **ahead: Any) -> list[str]:
    """Return the error of each mailbox, or an empty text, when Ann and Bob are looked at."""
    online = fakes.tenant(*(tenant or (cloud_mailbox("ann"), cloud_mailbox("bob"))), requests=list(requests))
    server = fakes.on_premises(*(ad or (ad_user("ann"), ad_user("bob"))))
    given = Ahead(**{"prepare": PREPARE, "move": MOVE, "credential": CREDENTIAL, "online": SENDS, **ahead})
    with connect(server, online) as connections:
        outcomes = assess(connections, wave or [ANN, BOB], AssessOptions(ahead=given))
    assert server.writes == online.writes == []
    return [outcome.error.code if outcome.error else "" for outcome in outcomes]


def test_what_goes_through_is_not_stopped() -> None:
    assert codes() == ["", ""]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"archive_only": "maybe"}, "invalid_option"),
        ({"cutover": "later"}, "invalid_option"),
        ({"complete_after": "tonight"}, "malformed_complete_after"),
        ({"cutover": "at"}, "missing_option"),
        ({"remote_host_name": "mail"}, "malformed_remote_host_name"),
        ({"routing_domain": "fabrikam.mail.onmicrosoft.com"}, "routing_address_missing"),
        ({"exchange_guid": guid_of("another")}, ""),
        ({"archive_only": ""}, ""),
        ({"cutover": "at", "complete_after": "2026-12-24T18:00:00Z"}, ""),
    ],
)
def test_what_a_later_task_would_refuse_fails_its_mailbox_before_the_first_write(record: Record, code: str) -> None:
    assert codes({**BOB, **record} if "exchange_guid" not in record else BOB, ANN) == [code, ""]


@pytest.mark.parametrize("name", NEEDED)
def test_what_a_move_needs_is_asked_for_where_it_follows(name: str) -> None:
    less = {**MOVE, name: " "}
    given = {"remote_host_name": "mail.contoso.com", "remote_target_database": "DB02"}
    assert codes(move=less) == ["missing_option", "missing_option"]
    assert codes(ANN, {**BOB, **given, "target_delivery_domain": "contoso.com"}, move=less) == ["missing_option", ""]
    assert codes(move=None) == ["", ""]


def in_batches(*wave: Record, users: Any = (), requests: Any = ()) -> list[str]:
    """Return the error of each mailbox of a wave that moves in migration batches."""
    online = fakes.tenant(cloud_mailbox("ann"), cloud_mailbox("bob"), requests=list(requests))
    online.objects.update({"Get-MigrationEndpoint": [ENDPOINT], "Get-MigrationUser": list(users)})
    ahead = Ahead(prepare=PREPARE, move={**MOVE, "remote_host_name": ""})
    options = AssessOptions(ahead=ahead, method="migration_batch")
    with connect(fakes.on_premises(ad_user("ann"), ad_user("bob")), online) as connections:
        outcomes = assess(connections, [{"batch_name": "wave-1", **record} for record in wave], options)
    return [outcome.error.code if outcome.error else "" for outcome in outcomes]


@pytest.mark.parametrize("by_request", [True, False])
def test_what_was_submitted_in_a_batch_is_not_refused_for_a_time_that_has_come(by_request: bool) -> None:
    """A wave with cutover: at goes on when its time has come: only what is new needs a time in the future."""
    due: Record = {"cutover": "at", "complete_after": "2026-01-01T18:00:00Z"}
    users = [{"Identity": "ann@contoso.com", "BatchId": "wave-1", "Status": "Synced"}]
    owned = [move_request_of("ann", "Synced", BatchName="MigrationService:wave-1")]
    shown = {"requests": owned} if by_request else {"users": users}
    assert in_batches({**ANN, **due}, {**BOB, **due}, **shown) == ["", "time_in_the_past"]


def test_a_name_that_is_too_long_for_a_batch_is_refused_before_the_first_write() -> None:
    assert in_batches({**ANN, "batch_name": "w" * 61}, {**BOB, "batch_name": "w" * 60}) == ["invalid_option", ""]


ENDPOINT = {"Identity": "Hybrid", "RemoteServer": "mrs.contoso.com", "RemoteTenant": "",
            "EndpointType": "ExchangeRemoteMove"}  # fmt: skip
OTHER = {**ENDPOINT, "RemoteServer": "mrs2.contoso.com"}
FOREIGN = {**ENDPOINT, "RemoteTenant": "fabrikam.onmicrosoft.com"}
IMAP = {**OTHER, "EndpointType": "IMAP"}


@pytest.mark.parametrize(
    ("endpoints", "host", "told"),
    [
        ([ENDPOINT, FOREIGN, IMAP], "mrs.contoso.com", ""),
        ([ENDPOINT, OTHER], "", "2 migration endpoints for remote moves (mrs.contoso.com, mrs2.contoso.com)"),
        ([FOREIGN], "", "no migration endpoint"),
        ([], "", "no migration endpoint"),
        (None, "", "not allowed to call Get-MigrationEndpoint"),
    ],
)
def test_the_one_endpoint_supplies_the_host_name_that_is_left_out(
    endpoints: list[dict[str, Any]] | None, host: str, told: str
) -> None:
    online = fakes.tenant(cloud_mailbox("ann"), cloud_mailbox("bob"))
    online.objects["Get-MigrationEndpoint"] = endpoints or []
    if endpoints is None:
        denied = ConnectionFailure("not allowed to call Get-MigrationEndpoint.", code="permission_denied")
        online.handlers["Get-MigrationEndpoint"] = Fails(denied)
    server = fakes.on_premises(ad_user("ann"), ad_user("bob"))
    given = Ahead(PREPARE, {**MOVE, "remote_host_name": ""}, CREDENTIAL, SENDS)
    own = {**BOB, "remote_host_name": "own.contoso.com"}
    with connect(server, online) as connections:
        ann, bob = assess(connections, [ANN, own], AssessOptions(ahead=given))
    assert (ann.enriched.get("remote_host_name", ""), "remote_host_name" in bob.enriched) == (host, False)
    assert [ann.error.code if ann.error else "", bob.error] == ["" if host else "missing_option", None]
    assert [told in text for text in ann.warnings] == ([True] if told else [])


def test_nobody_asks_for_an_endpoint_where_every_mailbox_has_its_host() -> None:
    online = fakes.tenant(cloud_mailbox("ann"))
    with connect(fakes.on_premises(ad_user("ann")), online) as connections:
        assess(connections, [ANN], AssessOptions(ahead=Ahead(PREPARE, MOVE, CREDENTIAL, SENDS)))
    assert online.named("Get-MigrationEndpoint") == []


def test_without_a_routing_domain_nothing_is_prepared() -> None:
    assert codes(prepare={"routing_domain": ""}) == ["missing_option", "missing_option"]
    assert codes(prepare=None) == ["", ""]


def test_a_request_that_is_in_the_way_stops_before_the_users_are_written() -> None:
    assert codes(requests=[move_request_of("bob", "Completed")]) == ["", "completed_request_left"]
    sides = BothSides(on_premises.user(ad_user("ann")), cloud.recipient(cloud_mailbox("ann")))
    failed = (sides, move_request.request(FAILED), NOW)
    ready = {**ANN, "primary_smtp_address": "ann@contoso.com"}
    (error,) = refusals(Ahead(move=MOVE), ready, *failed)
    assert (error.code, "Some permanent fault" in error.message) == ("move_failed", True)
    assert refusals(Ahead(move={**MOVE, "resume_failed": True}), ready, *failed) == []


def test_what_is_home_needs_nothing() -> None:
    home = on_premises_recipient("ann", "UserMailbox", Database="DB01")
    nothing = {"move": {}, "prepare": {}, "credential": None}
    assert codes(ANN, tenant=[cloud_mail_user("ann")], ad=[home], **nothing) == [""]


@pytest.mark.parametrize(
    ("ahead", "code", "told"),
    [
        ({"credential": {"username": "mrs@contoso.com", "password": "x"}}, "malformed_username", "DOMAIN"),
        ({"credential": {"username": "CONTOSO\\mrs"}}, "missing_option", "remote_credential"),
        ({"online": {}}, "experimental_rest_credential_required", "interface: powershell"),
        ({"online": {"interface": "rest"}}, "experimental_rest_credential_required", "experimental_rest_credential"),
    ],
)
def test_a_credential_that_the_move_would_refuse_is_refused_first(ahead: dict[str, Any], code: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        codes(**ahead)
    assert (caught.value.code, told in caught.value.message) == (code, True)
    assert codes(**{**ahead, "move": None}) == ["", ""]


@pytest.mark.parametrize(
    ("ahead", "code", "told"),
    [
        ({"move": {"complete_after": "tonight"}}, "malformed_complete_after", "move: complete_after: 'tonight'"),
        ({"move": {"cutover": "later"}}, "invalid_option", "cutover"),
        ({"move": {"target_delivery_domain": "x"}}, "malformed_target_delivery_domain", "target_delivery_domain: 'x'"),
        ({"prepare": {"routing_domain": "@contoso.com"}}, "malformed_routing_domain", "prepare: routing_domain"),
        ({"prepare": {"rooting_domain": "contoso.com"}}, "invalid_option", "rooting_domain"),
        ({"move": {}, "credential": {"username": "mrs@contoso.com"}}, "malformed_username", "mrs@contoso.com"),
    ],
)
def test_what_is_wrong_for_all_is_told_before_anything_is_asked(ahead: dict[str, Any], code: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        refuse_malformed(Ahead(**ahead))
    assert (caught.value.code, told in caught.value.message) == (code, True)
    refuse_malformed(Ahead(prepare={"routing_domain": ""}, move={"complete_after": None}))


def test_the_role_shows_the_look_ahead_what_it_gives_to_the_tasks() -> None:
    def options(name: str, module: str) -> dict[str, Any]:
        tasks = yaml.safe_load((TASKS / name).read_text(encoding="utf-8"))
        return next(dict(task[key]) for task in tasks for key in task if key.endswith(f".{module}"))

    tasks = yaml.safe_load((TASKS / "state.yml").read_text(encoding="utf-8"))
    shown = next(task["vars"] for task in tasks if "offboarding_for_move" in task.get("vars", {}))
    for name, module, variable, owned in (
        ("prepare.yml", "mailuser", "offboarding_for_prepare", fields.options("mailuser")),
        ("move.yml", "move_request", "offboarding_for_move", fields.options("move_request")),
    ):
        given = {key: value for key, value in options(name, module).items() if key in owned}
        assert {k: v.replace(" | default(omit, true)", "") for k, v in given.items()} == shown[variable]
