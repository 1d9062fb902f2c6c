# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft Graph in the proof of a match, against the laboratory's Graph through the real azure-identity."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import (
    Authority,
    CloudUser,
    Features,
    reasons_against,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
    InputError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import assess
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import NOT_SHOWN
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match import anchor
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.step import await_match
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.tokens import Token
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph.client import (
    READ,
    Endpoint,
    GraphClient,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph.directory import (
    CLOUDS,
    GraphDirectory,
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome

from lab.hybrid import ManualClock, empty_hybrid
from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder, Pair, Person
from lab.model.scenarios import put_on_mailbox
from lab.wire.http_server import HttpServer, Request, Response
from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils._transports.test_transports import options_of

NOBODY = "8f1f1df6-0b6d-4a4f-9a0e-1c2d3e4f5a6b"


class Bench:
    def __init__(self, laboratory: Laboratory, build: HybridBuilder, patience: Any) -> None:
        self.laboratory, self.build, self.patience = laboratory, build, patience
        self.hybrid = build.hybrid

    def options(self, **changes: Any) -> dict[str, Any]:
        return {**options_of(self.laboratory, "EXCHANGE_ONLINE_"), "graph": True, **changes}

    def graph(self, **changes: Any) -> GraphDirectory:
        found = from_options(self.options(**changes))
        assert found is not None
        found.client.retry = self.patience.retry
        return found

    def connections(self, **changes: Any) -> Connections:
        given = {
            "exchange_server": options_of(self.laboratory, "EXCHANGE_SERVER_"),
            "exchange_online": self.options(**changes),
        }
        return Connections(given, fakes.SYSTEMS)

    def cycle(self) -> None:
        self.hybrid.run_scheduled_cycle()

    def prove(self, pair: Pair, source_anchor: str = "", **changes: Any) -> Outcome:
        record = {
            "identity": pair.identity, "ad_identity": str(pair.directory.guid),
            "external_directory_object_id": pair.cloud.external_directory_object_id,
            **({"source_anchor": source_anchor} if source_anchor else {}),
        }  # fmt: skip
        with self.connections(**changes) as connections:
            (outcome,) = await_match(connections, [record], accept=[], wait_timeout=0, wait_sleep=1)
        return outcome

    def state(self, pair: Pair, *, ldap: bool = False, **changes: Any) -> Outcome:
        directory = options_of(self.laboratory, "ACTIVE_DIRECTORY_") if ldap else None
        with self.connections(**changes) as connections:
            record = {"identity": pair.identity, "ad_identity": str(pair.directory.guid)}
            options = assess.AssessOptions(active_directory=directory)
            (outcome,) = assess.assess(connections, [record], options)
        return outcome

    def user(self, pair: Pair) -> CloudUser:
        found = self.graph().users([object_id(pair)])[object_id(pair)]
        assert isinstance(found, CloudUser)
        return found

    def anchor(self, pair: Pair, guid: str) -> None:
        self.build.set_cloud(pair, entra_anchor=base64.b64encode(uuid.UUID(guid).bytes_le).decode())

    def asked(self, route: str) -> int:
        return len(self.laboratory.log.entries(organization="graph", cmdlet=f"GET {route}"))


@pytest.fixture
def bench(tmp_path: Path, patience: Any) -> Iterator[Bench]:
    hybrid = empty_hybrid(ManualClock())
    with Laboratory(hybrid, tmp_path / "lab") as laboratory:
        yield Bench(laboratory, HybridBuilder(hybrid), patience)


def object_id(pair: Pair) -> str:
    return pair.cloud.external_directory_object_id


# -- what is read ----------------------------------------------------------------------------------------------------


def test_what_a_synchronized_user_shows(bench: Bench) -> None:
    pair = bench.build.synced("Ann Archer")
    assert bench.user(pair) == CloudUser(object_id(pair), pair.directory.source_anchor, True, (), ())


def test_a_netrc_does_not_replace_the_token(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login ann password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    pair = bench.build.synced("Ann Archer")
    assert bench.user(pair).sync_enabled


def test_what_a_user_of_the_cloud_shows(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    pair.cloud.admin_role = True
    pair.cloud.quarantined = ["smtp:ann@contoso.com"]
    pair.cloud.service_errors = ["The value is taken."]
    errors = ("PropertyConflict of ProxyAddresses: ann@contoso.com", "exchange/labprd01: The value is taken.")
    assert bench.user(pair) == CloudUser(object_id(pair), "", False, errors, ("Exchange Administrator",))


def test_many_users_go_twenty_to_a_request(bench: Bench) -> None:
    pairs = bench.build.many(45)
    found = bench.graph().users([object_id(pair).upper() for pair in pairs])
    assert set(found) == {object_id(pair) for pair in pairs}
    assert all(isinstance(user, CloudUser) for user in found.values())
    assert bench.asked("users") == 45


def test_a_user_that_is_gone_is_its_own_error(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    found = bench.graph().users([object_id(pair), NOBODY])
    assert isinstance(found[object_id(pair)], CloudUser)
    gone = found[NOBODY]
    assert isinstance(gone, MailboxError)
    assert gone.code == "not_found"


def test_the_switches_of_the_tenant(bench: Bench) -> None:
    bench.hybrid.tenant.block_soft_match = True
    assert bench.graph().features() == Features(True, True, False)


def test_switches_that_the_application_may_not_read_are_unknown(bench: Bench) -> None:
    bench.laboratory.application.graph_roles = ["User.Read.All"]
    assert bench.graph().features() is None


def test_users_that_the_application_may_not_read(bench: Bench) -> None:
    bench.laboratory.application.graph_roles = []
    with pytest.raises(ConnectionFailure, match=r"does not allow the application to read user") as caught:
        bench.graph().users([NOBODY])
    assert caught.value.code == "permission_denied"
    assert "User.Read.All" in caught.value.remedy


def test_roles_that_cannot_be_read_are_unknown(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    pair.cloud.admin_role = True
    bench.laboratory.faults.add("graph", "transitiveMemberOf", "deny")
    assert bench.user(pair).admin_roles is None


@pytest.mark.parametrize(("route", "waited"), [("users", 7.0), ("$batch", 7.0)])
def test_throttling_is_waited_out_as_long_as_was_asked(bench: Bench, route: str, waited: float) -> None:
    pairs = bench.build.many(3)
    bench.laboratory.faults.add("graph", route, "throttle", retry_after=7, count=2 if route == "users" else 1)
    found = bench.graph().users([object_id(pair) for pair in pairs])
    assert all(isinstance(user, CloudUser) for user in found.values())
    assert [round(wait) for wait in bench.patience.waited] == [waited]
    # Only what was throttled is asked again.
    assert bench.asked("users") == 3


def test_throttling_without_an_end_fails(bench: Bench) -> None:
    bench.laboratory.faults.add("graph", "users", "throttle", retry_after=None, count=None)
    with pytest.raises(HybridError) as caught:
        bench.graph().users([NOBODY])
    assert (caught.value.code, len(bench.patience.waited)) == ("throttled", 5)


def test_a_revoked_token_is_renewed_with_the_claims(bench: Bench) -> None:
    pair = bench.build.synced("Ann Archer")
    graph = bench.graph()
    graph.users([object_id(pair)])
    before = graph.client.tokens.token()
    bench.laboratory.faults.add("graph", "$batch", "expire_token")
    assert isinstance(graph.users([object_id(pair)])[object_id(pair)], CloudUser)
    assert graph.client.tokens.token().text != before.text


def test_a_token_for_graph_is_not_that_for_exchange_online(bench: Bench) -> None:
    claims = bench.graph().client.tokens.token().claims
    assert (claims["aud"], claims["roles"]) == ("https://graph.microsoft.com", bench.laboratory.application.graph_roles)


def test_a_next_page_elsewhere_gets_no_token(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    pair.cloud.admin_role = True
    bench.laboratory._graph.base_url = "https://graph.fabrikam.com"
    with pytest.raises(ConnectionFailure, match=r"another host, https://graph\.fabrikam\.com; no token was sent there"):
        bench.graph().users([object_id(pair)])


def test_nothing_listens(bench: Bench) -> None:
    with pytest.raises(ConnectionFailure) as caught:
        bench.graph(graph_base_url="https://localhost:1").users([NOBODY])
    assert (caught.value.code, caught.value.cmdlet) == ("unreachable", READ.name)


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", list(CLOUDS))
def test_each_cloud_has_its_own_graph(environment: str) -> None:
    options = {"tenant_id": "contoso.onmicrosoft.com", "client_id": "x", "client_secret": "s", "graph": True}
    graph = from_options({**options, "environment": environment})
    assert graph is not None
    root, login = CLOUDS[environment]
    issuer = graph.client.tokens._issuer
    assert (graph.client.endpoint.base_url, issuer.scope, issuer.authority) == (root, f"{root}/.default", login)
    moved = from_options({**options, "environment": environment, "graph_base_url": "https://localhost:8443"})
    assert moved is not None
    assert moved.client.endpoint.base_url == "https://localhost:8443"
    assert moved.client.tokens._issuer.scope == f"{root}/.default"


def test_without_the_option_there_is_none() -> None:
    assert from_options({"tenant_id": "x", "graph_base_url": "https://localhost:8443"}) is None


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"access_token": "a.b.c"}, "exchange_online.graph: 'True' requires its own token"),
        ({"graph_base_url": "http://graph.contoso.com"}, "exchange_online.graph_base_url: 'http://graph.contoso.com'"),
        ({"tenant_id": None}, "exchange_online.tenant_id: is missing"),
    ],
)
def test_bad_options(option: dict[str, Any], sentence: str) -> None:
    given = {"tenant_id": "contoso.com", "client_id": "x", "client_secret": "s", "graph": True, **option}
    if "access_token" in option:
        given.pop("client_secret")
    with pytest.raises(InputError) as caught:
        from_options(given)
    assert caught.value.message.startswith(sentence)


def test_options_are_looked_at_before_anything_is_contacted(bench: Bench) -> None:
    with bench.connections(graph_base_url="nonsense") as connections, pytest.raises(InputError):
        connections.require("exchange_server", "exchange_online")
    assert len(bench.laboratory.log) == 0


# -- the proof ---------------------------------------------------------------------------------------------------------


def test_without_graph_the_anchor_is_unverified(bench: Bench) -> None:
    outcome = bench.prove(bench.build.synced("Ann Archer"), graph=False)
    assert outcome.details == {"matched": True, "anchor_unverified": True}


def test_an_anchor_of_the_right_user_is_verified(bench: Bench) -> None:
    outcome = bench.prove(bench.build.synced("Ann Archer"))
    assert outcome.status == "unchanged"
    assert outcome.details == {"matched": True, "anchor_unverified": False}
    assert outcome.enriched["anchor_unverified"] is False


@pytest.mark.parametrize(("graph", "code"), [(True, ""), (False, "match_timeout")])
def test_a_verified_anchor_proves_a_match_whose_addresses_do_not_show(bench: Bench, graph: bool, code: str) -> None:
    ann, bob = bench.build.synced("Ann Archer"), bench.build.synced("Bob Baker")
    bench.anchor(bob, NOBODY)
    for pair in (ann, bob):
        bench.build.mail_enable(pair)
    records = [
        {
            "identity": pair.identity, "ad_identity": str(pair.directory.guid), "is_dir_synced": True,
            "external_directory_object_id": pair.cloud.external_directory_object_id,
            "email_addresses": pair.cloud.email_addresses,
        }
        for pair in (ann, bob)
    ]  # fmt: skip
    with bench.connections(graph=graph) as connections:
        proved, open_still = await_match(connections, records, accept=[], wait_timeout=0, wait_sleep=1)
    assert (proved.error.code if proved.error else "") == code
    assert [("verified anchor" in warning, "X500:" in warning) for warning in proved.warnings] == [(True, True)] * graph
    assert open_still.error is not None
    assert (open_still.error.code, open_still.warnings) == ("match_timeout", [])


def test_an_anchor_that_names_nobody_stays_unverified(bench: Bench) -> None:
    pair = bench.build.synced("Ann Archer")
    bench.anchor(pair, NOBODY)
    outcome = bench.prove(pair)
    assert outcome.status == "unchanged"
    assert outcome.details["anchor_unverified"] is True
    assert "mS-DS-ConsistencyGuid" in outcome.details["anchor_reason"]


def test_an_anchor_of_another_user_is_a_failure_where_this_ones_was_read(bench: Bench) -> None:
    pair = bench.build.synced("Ann Archer")
    other = bench.build.directory_user("Bob Baker")
    bench.anchor(pair, str(other.guid))
    unread = bench.prove(pair)
    assert (unread.status, unread.details["anchor_unverified"]) == ("unchanged", True)
    assert str(other.guid) in unread.details["anchor_reason"]
    outcome = bench.prove(pair, source_anchor=pair.directory.source_anchor)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code) == ("failed", "anchored_to_another_user")
    assert str(other.guid) in outcome.error.message


def test_a_consistency_guid_that_was_read_proves_the_match(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    put_on_mailbox(bench.hybrid, "moved_between_domains", pair)
    outcome = bench.prove(pair, source_anchor=pair.directory.anchor)
    assert (outcome.status, outcome.details) == ("unchanged", {"matched": True, "anchor_unverified": False})


def test_one_user_that_is_gone_does_not_keep_the_others_from_their_proof(bench: Bench) -> None:
    """A match, one whose on-premises user is gone, and one that failed already: each gets its own answer."""
    pairs = [bench.build.synced(name) for name in ("Ann Archer", "Bob Baker", "Carl Carter")]
    bench.build.set_cloud(pairs[2], admin_role=True)
    outcomes = [
        Outcome({"identity": pair.identity, "ad_identity": str(pair.directory.guid)}, details={"matched": True})
        for pair in pairs
    ]
    outcomes[1].record["ad_identity"] = NOBODY
    outcomes[2].error = MailboxError("no match was seen.", code="match_timeout")
    with bench.connections() as connections:
        anchor.verify(connections, outcomes)
    assert [outcome.details.get("anchor_unverified") for outcome in outcomes] == [False, True, None]
    assert [outcome.error and outcome.error.code for outcome in outcomes] == [None, None, "match_timeout"]
    assert outcomes[2].error is not None
    assert "Exchange Administrator" in outcomes[2].error.message


def test_a_cloud_user_that_entra_does_not_show_is_unverified_beside_a_verified_one(bench: Bench) -> None:
    pairs = [bench.build.synced(name) for name in ("Ann Archer", "Bob Baker")]
    outcomes = [
        Outcome(
            {
                "identity": pair.identity,
                "ad_identity": str(pair.directory.guid),
                "external_directory_object_id": known,
            },
            details={"matched": True},
        )
        for pair, known in zip(pairs, (NOBODY, object_id(pairs[1])), strict=True)
    ]
    with bench.connections() as connections:
        anchor.verify(connections, outcomes)
    gone, seen = outcomes
    assert (gone.error, gone.details["anchor_unverified"]) == (None, True)
    assert gone.details["anchor_reason"].startswith("the anchor could not be read: ")
    assert NOBODY in gone.details["anchor_reason"]
    assert seen.details == {"matched": True, "anchor_unverified": False}


class Refusing:
    """Connections to an Exchange that refuses to read one user, and shows the other."""

    def __init__(self, guid: str) -> None:
        self.guid = guid

    def workers(self, _kind: str) -> int:
        return 2

    def ask(self, _kind: str, questions: Sequence[tuple[Cmdlet, Callable[[CmdletOutput], Any]]]) -> list[Any]:
        return [
            understand(CmdletOutput([{"Guid": self.guid}]))
            if self.guid in str(cmdlet.parameters["Filter"]) and NOBODY not in str(cmdlet.parameters["Filter"])
            else CmdletError("The operation is not allowed.", cmdlet=cmdlet.name)
            for cmdlet, understand in questions
        ]


def test_a_read_that_fails_leaves_its_anchor_without_an_owner() -> None:
    known = str(uuid.uuid4())
    users = [CloudUser("i", _values.immutable_id_of_guid(guid), True) for guid in (known, NOBODY)]
    found = anchor.owners(cast("Connections", Refusing(known)), users)
    assert found == {users[0].immutable_id: [known], users[1].immutable_id: []}


def test_an_object_id_that_the_record_lacks_is_read(bench: Bench) -> None:
    pair = bench.build.synced("Ann Archer")
    outcome = Outcome({"identity": pair.identity, "ad_identity": str(pair.directory.guid)}, details={"matched": True})
    with bench.connections() as connections:
        anchor.verify(connections, [outcome])
    assert outcome.details["anchor_unverified"] is False


def test_a_failed_match_names_what_entra_shows(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    pair.cloud.admin_role = True
    bench.hybrid.tenant.block_soft_match = True
    pair.cloud.quarantined = ["smtp:ann@contoso.com"]
    outcome = bench.prove(pair)
    assert outcome.error is not None
    assert outcome.error.code == "match_timeout"
    for told in ("blockSoftMatchEnabled", "the admin role Exchange Administrator", "ProxyAddresses: ann@contoso.com"):
        assert told in outcome.error.message
    assert outcome.error.remedy.startswith("First fix what Microsoft Graph reports.")


def test_a_failed_match_of_which_entra_shows_nothing(bench: Bench) -> None:
    with_graph, without = (
        bench.prove(bench.build.cloud_only(name), graph=on) for name, on in (("Ann Archer", True), ("Bob Baker", False))
    )
    assert with_graph.error is not None
    assert without.error is not None
    assert with_graph.error.message == without.error.message


def test_a_graph_that_does_not_answer_is_a_warning_not_a_verdict(bench: Bench) -> None:
    bench.laboratory.application.graph_roles = []
    outcome = bench.prove(bench.build.synced("Ann Archer"))
    assert (outcome.status, outcome.details["anchor_unverified"]) == ("unchanged", True)
    assert outcome.warnings[0].startswith("Microsoft Graph was not read: ")


def test_a_graph_that_does_not_answer_is_told_once_of_a_match_that_lacks_an_address(bench: Bench) -> None:
    bench.laboratory.application.graph_roles = []
    pairs = [bench.build.synced(name) for name in ("Ann Archer", "Bob Baker")]
    for pair in pairs:
        bench.build.mail_enable(pair)
    records = [
        {
            "identity": pair.identity, "ad_identity": str(pair.directory.guid), "is_dir_synced": synced,
            "external_directory_object_id": pair.cloud.external_directory_object_id,
            "email_addresses": pair.cloud.email_addresses,
        }
        for pair, synced in zip(pairs, (False, True), strict=True)
    ]  # fmt: skip
    with bench.connections() as connections:
        outcomes = await_match(connections, records, accept=[], wait_timeout=0, wait_sleep=1)
    assert [outcome.error and outcome.error.code for outcome in outcomes] == [None, "match_timeout"]
    assert [[warning.split(":")[0] for warning in outcome.warnings] for outcome in outcomes] == [
        ["Microsoft Graph was not read", "the match is proved by IsDirSynced, which turned True on the same cloud "
         "object, but the cloud still does not show X500"], ["Microsoft Graph was not read"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("user", "owners", "expected"),
    [
        (MailboxError("gone.", code="not_found"), [], (False, "")), (CloudUser("i", "", True), [], (False, "")),
        (CloudUser("i", "not base64", True), [], (False, "")),
    ],
)
def test_verdicts_without_an_anchor(user: Any, owners: list[str], expected: tuple[bool, str]) -> None:
    verdict = anchor.judge(user, NOBODY, owners)
    assert (verdict.verified, verdict.other) == expected
    assert verdict.reason


def test_reasons_of_nothing() -> None:
    assert reasons_against(None, None) == []
    assert reasons_against(CloudUser("i", "", False, (), None), Features(False, True, False)) == []


# -- the beginning -----------------------------------------------------------------------------------------------------


def test_the_anchor_tells_whose_a_synced_user_is(bench: Bench) -> None:
    pair = bench.build.synced("Ann Archer")
    with_graph, without = bench.state(pair), bench.state(pair, graph=False)
    assert (with_graph.details["state"], without.details["state"]) == ("matched", "matched")
    assert (with_graph.enriched["anchor_unverified"], without.enriched["anchor_unverified"]) == (False, True)


@pytest.mark.parametrize(("graph", "ldap", "code", "verified"), [
    (False, False, "", False),
    (True, False, "anchor_unverified", False),
    (False, True, "", True),
    (True, True, "", True),
])  # fmt: skip
def test_an_account_that_moved_between_domains_is_the_right_one(
    bench: Bench, graph: bool, ldap: bool, code: str, verified: bool
) -> None:
    """Its mS-DS-ConsistencyGuid is the objectGUID of the old account, which was kept."""
    pair = bench.build.cloud_only("Ann Archer")
    put_on_mailbox(bench.hybrid, "moved_between_domains", pair)
    outcome = bench.state(pair, graph=graph, ldap=ldap)
    assert outcome.details["state"] == "matched"
    assert (outcome.error.code if outcome.error else "") == code
    assert outcome.enriched["anchor_unverified"] is not verified


@pytest.mark.parametrize("graph", [True, False])
def test_the_old_account_is_not_taken_for_the_new_one(bench: Bench, graph: bool) -> None:
    """Both are in the domain of the domain controller, and the old one was synced too."""
    pair, old = bench.build.synced("Ann Archer"), bench.build.directory_user("Ann Archer (old)")
    anchor = _values.immutable_id_of_guid(str(old.guid))
    bench.hybrid.directory.objects.change(old, bench.hybrid.clock.now(), anchor=anchor)
    bench.build.set_directory(pair, anchor=anchor)
    bench.build.set_cloud(pair, entra_anchor=anchor)
    new = bench.state(pair, graph=graph, ldap=True)
    assert (new.details["state"], new.error, new.enriched["anchor_unverified"]) == ("matched", None, False)
    pair.directory, mine = old, pair.directory
    outcome = bench.state(pair, graph=graph, ldap=True)
    assert outcome.error is not None
    assert (outcome.error.code, str(mine.guid) in outcome.error.message) == ("conflict", True)


def test_a_user_who_is_synced_to_another_cloud_user_is_told_by_graph(bench: Bench) -> None:
    """In scope and not matched: the sync made a second cloud user of it, which holds its anchor."""
    pair, twin = bench.build.cloud_only("Ann Archer"), bench.build.cloud_only("Anna Archer")
    bench.anchor(twin, str(pair.directory.guid))
    without, read = bench.state(pair), bench.state(pair, ldap=True)
    assert [outcome.error.code for outcome in (without, read) if outcome.error] == ["anchor_unverified", "conflict"]
    assert all(object_id(twin) in outcome.error.message for outcome in (without, read) if outcome.error)


def test_what_exchange_keeps_on_a_synced_plain_user_stops_nobody_falsely(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    put_on_mailbox(bench.hybrid, "synced_with_attributes", pair)
    unread, read = bench.state(pair), bench.state(pair, ldap=True)
    assert (unread.error, unread.details["stop_signs"]) == (None, [])
    assert unread.details["not_checked"] == list(NOT_SHOWN)
    assert (read.error, read.details["stop_signs"], "not_checked" in read.details) == (None, [], False)
    bench.build.set_directory(pair, hidden=False, custom_attributes={1: "HR"})
    told = bench.state(pair, ldap=True)
    assert told.details["stop_signs"] == ["hidden_would_change", "custom_attributes_would_change"]


def test_a_domain_controller_that_is_out_of_reach_is_no_reason_to_stop(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    with bench.connections() as connections:
        options = assess.AssessOptions(active_directory={"host": "127.0.0.1", "port": 9})
        (outcome,) = assess.assess(connections, [{"identity": pair.identity}], options)
    assert (outcome.error, outcome.details["not_checked"]) == (None, list(NOT_SHOWN))


@pytest.mark.parametrize("synced", [True, False])
def test_an_anchor_that_is_another_users_guid_stops_by_a_code_that_can_be_accepted(bench: Bench, synced: bool) -> None:
    """It may be this user's mS-DS-ConsistencyGuid, if the other is its old account: only LDAP shows that."""
    pair = (bench.build.synced if synced else bench.build.cloud_only)(Person("Ann Archer"))
    other = bench.build.directory_user("Bob Baker")
    bench.anchor(pair, str(other.guid))
    outcome = bench.state(pair)
    assert outcome.error is not None
    assert outcome.error.code == "anchor_unverified"
    assert str(other.guid) in outcome.error.message


# -- what is not Graph's answer, and what it says itself ------------------------------------------------------------


class Tokens:
    """A token that is never refused for good."""

    renewable = True

    def __init__(self) -> None:
        self.renewals = 0

    def token(self) -> Token:
        return Token("opaque", 2.0**40, {})

    def renewed(self, _refused: Token, _claims: str | None) -> Token:
        self.renewals += 1
        return self.token()


@pytest.fixture
def served(patience: Any) -> Iterator[Callable[..., tuple[GraphClient, Tokens]]]:
    """Return a client of a server that gives these answers, one after the other."""
    servers: list[HttpServer] = []

    def made(*answers: Response) -> tuple[GraphClient, Tokens]:
        left = list(answers)

        def answer(_request: Request) -> Response:
            return left.pop(0)

        servers.append(HttpServer(answer))
        servers[-1].start()
        tokens: Any = Tokens()
        return GraphClient(Endpoint(f"http://127.0.0.1:{servers[-1].port}"), tokens, patience.retry), tokens

    yield made
    for server in servers:
        server.stop()


PAGE = b"<?xml version='1.0'?><!DOCTYPE html><html><title>Sign in to the network</title></html>"


@pytest.mark.parametrize("status", [200, 401, 403, 404, 503])
def test_a_page_of_a_gateway_is_asked_again_and_never_taken_for_a_refusal(
    status: int, served: Callable[..., tuple[GraphClient, Tokens]], patience: Any
) -> None:
    page = Response(status, PAGE, "application/xhtml+xml")
    whole = Response(200, b'{"responses": [{"id": "0", "status": 200, "body": {"value": []}}]}', "application/json")
    client, tokens = served(page, whole)
    assert [answer.ok for answer in client.get(["users"])] == [True]
    assert (len(patience.waited), tokens.renewals) == (1, 0)
    client.close()
    client, _tokens = served(*[page] * 9)
    with pytest.raises(ConnectionFailure, match="Sign in to the network") as caught:
        client.get(["users"])
    client.close()
    assert caught.value.code == "gateway_answer"


def test_graph_is_quoted_where_it_refuses(served: Callable[..., tuple[GraphClient, Tokens]]) -> None:
    told = b'{"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges to complete it."}}'
    client, _tokens = served(Response(403, told, "application/json"))
    with pytest.raises(ConnectionFailure, match="HTTP 403: Insufficient privileges to complete it") as caught:
        client.get(["users"])
    client.close()
    assert caught.value.code == "permission_denied"


# -- source of authority and hardening ---------------------------------------------------------------------------------


def test_who_has_authority_over_a_user_and_which_roles_it_may_activate(bench: Bench) -> None:
    plain, managed = bench.build.cloud_only("Ann Archer"), bench.build.synced("Bob Baker")
    bench.build.set_cloud(managed, user_cloud_managed=True, eligible_role=True, on_premises_object_identifier="x")
    assert bench.graph().authorities([object_id(plain), object_id(managed), ""]) == {
        object_id(plain): Authority((), False),
        object_id(managed): Authority(("Exchange Administrator",), True),
    }
    # It looks as if it had never been synchronized.
    user = bench.user(managed)
    assert (user.sync_enabled, user.object_identifier) == (False, "x")


@pytest.mark.parametrize(("lacking", "expected"), [
    ("RoleEligibilitySchedule.Read.Directory", Authority(None, False)),
    ("User-OnPremisesSyncBehavior.ReadWrite.All", Authority((), None)),
])  # fmt: skip
def test_what_the_application_may_not_read_is_unread(bench: Bench, lacking: str, expected: Authority) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    bench.laboratory.application.graph_roles.remove(lacking)
    assert bench.graph().authorities([object_id(pair)]) == {object_id(pair): expected}


def test_a_write_back_job_is_found_by_its_application(bench: Bench) -> None:
    assert bench.graph().write_back_jobs() == []
    bench.hybrid.tenant.attribute_write_back = True
    (job,) = bench.graph().write_back_jobs() or []
    assert job.startswith("Entra2ADExchangeOnlineAttributeWriteback.")


@pytest.mark.parametrize("lacking", ["Application.Read.All", "Synchronization.Read.All"])
def test_jobs_that_may_not_be_read_are_not_none(bench: Bench, lacking: str) -> None:
    bench.hybrid.tenant.attribute_write_back = True
    bench.laboratory.application.graph_roles.remove(lacking)
    assert bench.graph().write_back_jobs() is None


def test_who_holds_an_anchor(bench: Bench) -> None:
    pair, odd = bench.build.synced("Ann Archer"), bench.build.cloud_only("Odd O'Neil")
    bench.build.set_cloud(odd, entra_anchor="a+/b'c==")
    anchors = [pair.directory.source_anchor, "a+/b'c==", _values.immutable_id_of_guid(NOBODY), ""]
    assert bench.graph().holders(anchors) == {anchors[0]: object_id(pair), anchors[1]: object_id(odd)}
