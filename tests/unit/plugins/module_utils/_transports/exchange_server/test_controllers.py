# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One pinned controller for each domain, against a laboratory whose controllers tell each other late."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import ConnectionOptions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    HybridError,
    InputError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid.step import GuidStamped
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.controllers import (
    PinnedSession,
    from_option,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from lab.hybrid import ManualClock, empty_hybrid
from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder, Pair, Person, child_domain_person
from tests.unit.plugins.module_utils import fakes

PINNED = ["dc02.contoso.com", "dc01.emea.contoso.com"]


class Forest:
    """A laboratory with people in both domains, its clock standing still: nothing replicates by itself."""

    def __init__(self, laboratory: Laboratory, build: HybridBuilder) -> None:
        self.laboratory = laboratory
        people = [Person(f"Person {number}") for number in range(6)]
        people += [child_domain_person(f"Child {number}") for number in range(2)]
        self.pairs = [build.remote_mailbox(person) for person in people]
        # The same name in both domains: it takes a GUID or a distinguished name to tell them apart.
        self.child, self.parent = self.pairs[6], self.pairs[0]

    def options(self, controllers: Any) -> dict[str, Any]:
        environment = self.laboratory.environment()
        return {
            "host": "localhost", "port": int(environment["EXCHANGE_SERVER_PORT"]), "auth": "basic",
            "username": environment["EXCHANGE_SERVER_USERNAME"], "password": environment["EXCHANGE_SERVER_PASSWORD"],
            "ca_file": environment["EXCHANGE_SERVER_CA_FILE"], "domain_controller": controllers,
        }  # fmt: skip

    def stamp(self, controllers: Any) -> tuple[list[Any], list[float]]:
        """Stamp the GUID of all pairs in one wave; return outcomes and the pauses of the read-back."""
        records = [
            {"identity": pair.identity, "ad_identity": str(pair.directory.guid),
             "exchange_guid": str(pair.cloud.exchange_guid)}
            for pair in self.pairs
        ]  # fmt: skip
        slept: list[float] = []
        with Connections({"exchange_server": self.options(controllers)}, fakes.SYSTEMS) as connections:
            outcomes = run_wave(GuidStamped(False), records, connections, check=False, sleep=slept.append)
        return outcomes, slept

    def asked(self, cmdlet: str) -> list[str]:
        entries = self.laboratory.log.entries(cmdlet=cmdlet)
        return [str(entry["parameters"].get("DomainController", "")) for entry in entries]


@pytest.fixture
def forest(tmp_path: Path) -> Iterator[Forest]:
    hybrid = empty_hybrid(ManualClock())
    with Laboratory(hybrid, tmp_path / "lab") as laboratory:
        yield Forest(laboratory, HybridBuilder(hybrid))


def guid(pair: Pair) -> str:
    return str(pair.directory.guid)


def test_a_pinned_wave_reads_back_what_it_wrote_at_once(forest: Forest) -> None:
    outcomes, slept = forest.stamp(PINNED)
    assert [outcome.status for outcome in outcomes] == ["changed"] * 8
    assert slept == []
    writes = forest.laboratory.log.entries(cmdlet="Set-RemoteMailbox")
    homes = {entry["parameters"]["Identity"]: entry["parameters"]["DomainController"] for entry in writes}
    assert homes == {guid(pair): PINNED[0] if pair.directory.domain == "contoso.com" else PINNED[1]
                     for pair in forest.pairs}  # fmt: skip


def test_an_unpinned_wave_does_not_see_what_other_sessions_wrote(forest: Forest) -> None:
    outcomes, slept = forest.stamp(None)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert failed
    assert {outcome.error.code for outcome in failed} == {"not_applied"}
    assert all("domain_controller" in outcome.error.remedy for outcome in failed)
    assert len(slept) == 4
    assert all(pair.directory.exchange_guid == pair.cloud.exchange_guid for pair in forest.pairs)


def test_reads_are_asked_at_each_controller_and_configuration_at_one(forest: Forest) -> None:
    session = from_options(forest.options(PINNED)).open()
    everybody = session.run(Cmdlet("Get-User", {"ResultSize": "Unlimited"})).objects
    databases = session.run(Cmdlet("Get-MailboxDatabase")).objects
    session.close()
    assert len(everybody) == len(forest.pairs)
    assert len(databases) == 3
    assert forest.asked("Get-User") == PINNED
    assert forest.asked("Get-MailboxDatabase") == PINNED[:1]


def test_an_object_is_found_in_its_own_domain_and_missing_in_none(forest: Forest) -> None:
    session = from_options(forest.options(PINNED)).open()
    found = session.run(Cmdlet("Get-RemoteMailbox", {"Identity": guid(forest.child)})).objects
    with pytest.raises(CmdletError) as caught:
        session.run(Cmdlet("Get-RemoteMailbox", {"Identity": "nobody"}))
    session.close()
    assert [item["Name"] for item in found] == ["Child 0"]
    assert caught.value.not_found


@pytest.mark.parametrize("named_by", ["distinguished_name", "guid"])
def test_a_write_goes_to_the_controller_of_its_objects_domain(forest: Forest, named_by: str) -> None:
    session = from_options(forest.options(PINNED)).open()
    for pair in (forest.parent, forest.child):
        identity = str(getattr(pair.directory, named_by))
        session.run(Cmdlet("Set-RemoteMailbox", {"Identity": identity, "CustomAttribute1": "x"}))
    session.close()
    assert forest.asked("Set-RemoteMailbox") == PINNED
    # A distinguished name says its domain; whoever is named otherwise is looked up first.
    assert len(forest.asked("Get-User")) == (0 if named_by == "distinguished_name" else 4)


def test_a_name_of_two_users_is_no_reason_to_write_at_either_ones_controller() -> None:
    answers = {
        PINNED[0]: [{"Guid": str(uuid.UUID(int=1)), "DistinguishedName": "CN=Ann,DC=contoso,DC=com"}],
        PINNED[1]: [{"Guid": str(uuid.UUID(int=2)), "DistinguishedName": "CN=Ann,DC=emea,DC=contoso,DC=com"}],
    }
    server = fakes.FakeOrganization("exchange_server")
    server.handlers = {"Get-User": lambda cmdlet: answers[str(cmdlet.parameters["DomainController"])]}
    controllers = from_option(ConnectionOptions("exchange_server", {}), PINNED)
    assert controllers is not None
    session = PinnedSession(server.open(), controllers)
    with pytest.raises(MailboxError, match="'Ann' matches 2 users at the pinned domain controllers") as caught:
        session.run(Cmdlet("Set-MailUser", {"Identity": "Ann", "Alias": "ann"}))
    answers[PINNED[0]] = answers[PINNED[1]] = []
    with pytest.raises(MailboxError, match="'Bob' matches 0 users") as nobody:
        session.run(Cmdlet("Set-MailUser", {"Identity": "Bob", "Alias": "bob"}))
    assert (caught.value.code, nobody.value.code, server.writes) == ("ambiguous", "not_found", [])


def test_one_session_writes_what_another_has_read(forest: Forest) -> None:
    organization = from_options(forest.options(PINNED))
    reader, writer = organization.open(), organization.open()
    reader.run(Cmdlet("Get-RemoteMailbox", {"ResultSize": "Unlimited"}))
    writer.run(Cmdlet("Set-RemoteMailbox", {"Identity": guid(forest.child), "CustomAttribute1": "x"}))
    reader.close()
    writer.close()
    assert forest.asked("Set-RemoteMailbox") == PINNED[1:]
    assert forest.asked("Get-User") == []


def test_an_object_of_a_domain_without_a_controller_is_not_written(forest: Forest) -> None:
    session = from_options(forest.options(["dc01.contoso.com", "dc01.fabrikam.com"])).open()
    with pytest.raises(MailboxError) as caught:
        session.run(Cmdlet("Set-RemoteMailbox", {"Identity": forest.child.directory.distinguished_name}))
    session.close()
    assert caught.value.code == "domain_not_pinned"
    assert "emea.contoso.com" in caught.value.message
    assert forest.laboratory.log.writes() == []


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (["dc01"], "exchange_server.domain_controller: 'dc01' is not a fully qualified host name"),
        (["dc01.contoso.com", ""], "exchange_server.domain_controller: is blank"),
        ("dc01.contoso.com,DC02.contoso.com", "exchange_server.domain_controller: 'DC02.contoso.com' is a second"),
        (
            ["contoso.com=dc01.hq.contoso.net", "dc02.contoso.com"],
            "exchange_server.domain_controller: 'dc02.contoso.com' is a second controller of contoso.com",
        ),
        (["CONTOSO=dc01.contoso.com"], "exchange_server.domain_controller: 'CONTOSO=dc01.contoso.com' is not a"),
        (["=dc01.contoso.com"], "exchange_server.domain_controller: '=dc01.contoso.com' is not a"),
    ],
)
def test_bad_controllers_are_refused_before_anything_is_contacted(value: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        from_options({"host": "ex01.contoso.com", "domain_controller": value})
    assert caught.value.message.startswith(sentence)


@pytest.mark.parametrize("controllers", ["dc02.contoso.com", ["contoso.com=dc02.contoso.com"]])
def test_what_is_unique_is_asked_of_the_forest_and_a_user_elsewhere_is_not_pinned(
    forest: Forest, controllers: Any
) -> None:
    child, parent = forest.child, forest.parent
    records = [
        {"identity": "one", "ad_identity": child.directory.distinguished_name},
        {"identity": "two", "ad_identity": str(child.directory.guid)},
        {"identity": "three", "ad_identity": parent.directory.user_principal_name},
        {"identity": "four", "ad_identity": "nobody@contoso.com"},
    ]
    with Connections({"exchange_server": forest.options(controllers)}, fakes.SYSTEMS) as connections:
        found = list(read.on_premises_objects(connections, records).values())
        taken = read.holders(connections, "exchange_server", [child.identity])
    codes = [item.code if isinstance(item, HybridError) else item["user_principal_name"] for item in found]
    assert codes == ["domain_not_pinned"] * 2 + [parent.directory.user_principal_name, "ad_user_not_found"]
    assert all("emea.contoso.com=<controller>" in item.remedy for item in found[:2] if isinstance(item, HybridError))
    assert [item["Name"] for item in taken[child.identity]] == ["Child 0"]  # type: ignore[index,union-attr]


@pytest.mark.parametrize(
    "controllers",
    [
        ["dc02.hq.contoso.net", "dc01.branch.contoso.net"],
        ["contoso.com=dc02.hq.contoso.net", "emea.contoso.com=dc01.branch.contoso.net"],
    ],
)
def test_a_wave_in_a_disjoint_namespace_is_written_at_its_own_controllers(forest: Forest, controllers: Any) -> None:
    forest.laboratory.hybrid.directory.disjoint_namespace = True
    outcomes, slept = forest.stamp(controllers)
    assert [outcome.status for outcome in outcomes] == ["changed"] * 8
    assert slept == []
    writes = forest.laboratory.log.entries(cmdlet="Set-RemoteMailbox")
    homes = {entry["parameters"]["Identity"]: entry["parameters"]["DomainController"] for entry in writes}
    names = {"contoso.com": "dc02.hq.contoso.net", "emea.contoso.com": "dc01.branch.contoso.net"}
    assert homes == {guid(pair): names[pair.directory.domain] for pair in forest.pairs}


# -- disjoint namespaces -----------------------------------------------------------------------------------------------


class Disjoint:
    """A session at a forest whose controllers' names end in no domain of Active Directory."""

    HOLDS: ClassVar = {"dc01.hq.contoso.net": "contoso.com", "dc01.branch.contoso.net": "emea.contoso.com"}

    def __init__(self) -> None:
        self.writes: list[tuple[str, str]] = []

    def connect(self) -> None:
        """Nothing is to be opened."""

    def close(self) -> None:
        """Nothing is open."""

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        controller = str(cmdlet.parameters["DomainController"])
        if not cmdlet.is_read:
            self.writes.append((str(cmdlet.parameters["Identity"]), controller))
            return CmdletOutput()
        domain = self.HOLDS[controller]
        parts = ",".join(f"DC={part}" for part in domain.split("."))
        guid = str(uuid.uuid5(uuid.NAMESPACE_DNS, domain))
        return CmdletOutput([{"Guid": guid, "DistinguishedName": f"CN=Ann,{parts}"}])


ANN, INES = (str(uuid.uuid5(uuid.NAMESPACE_DNS, domain)) for domain in Disjoint.HOLDS.values())


WRITES = [(INES, "dc01.branch.contoso.net"), (ANN, "dc01.hq.contoso.net")]


def disjoint(value: Any) -> tuple[Disjoint, PinnedSession]:
    pinned = from_option(ConnectionOptions("exchange_server", {}), value)
    assert pinned is not None
    inner = Disjoint()
    return inner, PinnedSession(inner, pinned)


@pytest.mark.parametrize(
    "value",
    [
        ["dc01.hq.contoso.net", "dc01.branch.contoso.net"],
        ["contoso.com=dc01.hq.contoso.net", "EMEA.contoso.com = dc01.branch.contoso.net"],
        "emea.contoso.com=dc01.branch.contoso.net,dc01.hq.contoso.net",
    ],
)
def test_in_a_disjoint_namespace_what_was_read_tells_the_domains(value: Any) -> None:
    inner, session = disjoint(value)
    session.run(Cmdlet("Get-User", {"ResultSize": "Unlimited"}))
    for identity in (INES, ANN):
        session.run(Cmdlet("Set-MailUser", {"Identity": identity}))
    assert inner.writes == WRITES


def test_a_domain_that_is_given_with_its_controller_needs_no_read() -> None:
    inner, session = disjoint(["contoso.com=dc01.hq.contoso.net", "EMEA.contoso.com=dc01.branch.contoso.net"])
    names = ["CN=Ines,DC=emea,DC=contoso,DC=com", "CN=Ann,DC=contoso,DC=com"]
    for name in names:
        session.run(Cmdlet("Set-MailUser", {"Identity": name}))
    assert inner.writes == [(name, controller) for name, (_guid, controller) in zip(names, WRITES, strict=True)]


def test_a_global_catalog_teaches_nothing_about_its_domain() -> None:
    options = ConnectionOptions("exchange_server", {})
    pinned = from_option(options, ["gc.hq.contoso.net", "dc01.emea.contoso.com"])
    assert pinned is not None
    before = dict(pinned.by_domain)
    both = [{"DistinguishedName": f"CN=Ann,{name}DC=contoso,DC=com"} for name in ("", "DC=asia,")]
    pinned.learn("gc.hq.contoso.net", both)
    pinned.learn("gc.hq.contoso.net", [{"DistinguishedName": "CN=Ann,DC=emea,DC=contoso,DC=com"}])
    pinned.learn("gc.hq.contoso.net", [])
    assert pinned.by_domain == before
    pinned.learn("gc.hq.contoso.net", both[:1])
    assert pinned.by_domain == {"contoso.com": "gc.hq.contoso.net", "emea.contoso.com": "dc01.emea.contoso.com"}
