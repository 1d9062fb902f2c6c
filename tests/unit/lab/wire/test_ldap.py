# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's LDAPS port, through the collection's own reader: what it shows, what it withholds, whom it lets in."""

from __future__ import annotations

import socket
import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sansldap
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.attributes import (
    DirectoryUser,
    Withheld,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    DirectoryReader,
)

from lab.control import ControlClient
from lab.hybrid import Hybrid, empty_hybrid
from lab.laboratory import Laboratory
from lab.model import active_directory
from lab.model.builder import HybridBuilder, Pair, child_domain_person
from lab.wire.ldap import PAGE


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    with Laboratory(empty_hybrid(), tmp_path_factory.mktemp("laboratory")) as laboratory:
        yield laboratory


def person(laboratory: Laboratory, name: str, **values: Any) -> Pair:
    assert isinstance(laboratory.hybrid, Hybrid)
    builder = HybridBuilder(laboratory.hybrid)
    pair = builder.cloud_only(name)
    builder.set_directory(pair, **values)
    return pair


def reader(laboratory: Laboratory, **changes: Any) -> DirectoryReader:
    prefix = "ACTIVE_DIRECTORY_"
    given = {n.removeprefix(prefix).lower(): v for n, v in laboratory.environment().items() if n.startswith(prefix)}
    return DirectoryReader({**given, **changes})


def test_what_the_model_keeps_is_shown(running: Laboratory) -> None:
    left = person(running, "Home Hughes", home_mdb_left=True, home_mta_left=True, admin_count=1)
    broken = person(running, "Broken Baker", inheritance_disabled=True)
    with reader(running) as directory:
        seen = directory.users([str(left.directory.guid), str(broken.directory.guid), str(uuid.uuid4())])
    assert set(seen) == {str(left.directory.guid), str(broken.directory.guid)}
    hughes, baker = seen[str(left.directory.guid)], seen[str(broken.directory.guid)]
    assert isinstance(hughes, DirectoryUser)
    assert isinstance(baker, DirectoryUser)
    assert "CN=Databases" in hughes.home_mdb
    assert (bool(hughes.home_mta), hughes.admin_count, hughes.inheritance_disabled) == (True, 1, False)
    assert baker.inheritance_disabled is True


def test_what_no_cmdlet_shows_of_a_plain_user_is_shown(running: Laboratory) -> None:
    held = ["SMTP:paula.old@contoso.com", "X500:/o=Old/cn=paula"]
    pair = person(
        running, "Plain Paula", hidden=True, alias="paula", custom_attributes={1: "Sales", 15: "Åsa"},
        email_addresses=held,
    )  # fmt: skip
    with reader(running) as directory:
        user = directory.users([str(pair.directory.guid)])[str(pair.directory.guid)]
    assert isinstance(user, DirectoryUser)
    assert (user.alias, user.hidden, user.proxy_addresses) == ("paula", True, tuple(held))
    assert user.custom_attributes == {"custom_attribute1": "Sales", "custom_attribute15": "Åsa"}


def test_a_hardened_user_shows_its_name_alone(running: Laboratory) -> None:
    pair = person(running, "Hidden Hale", home_mdb_left=True, attributes_withheld=True)
    with reader(running) as directory:
        user = directory.users([str(pair.directory.guid)])[str(pair.directory.guid)]
    assert user == Withheld(str(pair.directory.guid), pair.directory.distinguished_name)


def test_a_controller_answers_for_its_own_domain_only(running: Laboratory) -> None:
    assert isinstance(running.hybrid, Hybrid)
    there = HybridBuilder(running.hybrid).cloud_only(child_domain_person("Ines Fontaine"))
    with reader(running) as directory:
        assert directory.users([str(there.directory.guid)]) == {}


@pytest.mark.parametrize("name", ["svc-offboarding@contoso.com", "contoso\\SVC-offboarding"])
def test_both_forms_of_the_accounts_name_are_let_in(running: Laboratory, name: str) -> None:
    with reader(running, username=name) as directory:
        assert directory.users([]) == {}


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"username": "nobody@contoso.com"}])
def test_others_are_not(running: Laboratory, changes: dict[str, Any]) -> None:
    with pytest.raises(HybridError) as told, reader(running, **changes):
        pass
    assert told.value.code == "authentication_failed"
    assert "data 52e" in told.value.message


def test_without_a_bind_and_without_the_control_nothing_is_shown(running: Laboratory) -> None:
    pair = person(running, "Quiet Quinn")
    wanted = sansldap.FilterEquality("objectGUID", pair.directory.guid.bytes_le)
    with connected(running) as stranger:
        assert search(stranger, wanted) == sansldap.LDAPResultCode.OPERATIONS_ERROR
    with reader(running) as directory:
        wire = directory._wire
        wire._session.search_request(directory._base, filter=wanted, attributes=["nTSecurityDescriptor"])
        entry = next(m for m in wire._messages() if isinstance(m, sansldap.SearchResultEntry))
        assert entry.attributes == []


def connected(running: Laboratory) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=running.environment()["ACTIVE_DIRECTORY_CA_FILE"])
    raw = socket.create_connection(("127.0.0.1", running.port("active_directory")), timeout=10)
    return context.wrap_socket(raw, server_hostname="localhost")


def names(running: Laboratory, base: str, attribute: str, value: bytes, server: str = "active_directory") -> list[str]:
    """Return the distinguished names that an account finds by one value."""
    wanted = sansldap.FilterEquality(attribute, value)
    with reader(running, port=running.port(server)) as directory:
        entries = directory._wire.search(base, wanted, ("distinguishedName",))
    return sorted(entry["distinguishedName"][0].decode() for entry in entries)


def test_every_object_is_searched_by_what_it_holds_without_regard_to_case(running: Laboratory) -> None:
    plain = person(running, "Plain Holder", email_addresses=["smtp:Shared.One@contoso.com"], alias="plain.one")
    assert isinstance(running.hybrid, Hybrid)
    contact = HybridBuilder(running.hybrid).directory_user("Some Contact", kind="Contact", mail="one@fabrikam.com")
    user = plain.directory.distinguished_name
    for attribute, value, found in (
        ("proxyAddresses", b"SMTP:shared.one@contoso.com", user), ("mailNickname", b"PLAIN.ONE", user),
        ("userPrincipalName", plain.directory.user_principal_name.upper().encode(), user),
        ("mail", b"One@fabrikam.com", contact.distinguished_name),
    ):  # fmt: skip
        assert names(running, active_directory.BASE, attribute, value) == [found]
    assert names(running, active_directory.BASE, "proxyAddresses", b"shared.one@contoso.com") == []
    assert names(running, "OU=Elsewhere," + active_directory.BASE, "mailNickname", b"plain.one") == []


def test_guids_are_searched_by_their_bytes(running: Laboratory) -> None:
    mailbox, archive = uuid.uuid4(), uuid.uuid4()
    pair = person(running, "Old Mailbox", exchange_guid=mailbox, archive_guid=archive)
    for attribute, guid in (("msExchMailboxGuid", mailbox), ("msExchArchiveGUID", archive)):
        found = names(running, active_directory.BASE, attribute, guid.bytes_le)
        assert found == [pair.directory.distinguished_name]
        assert names(running, active_directory.BASE, attribute, uuid.UUID(int=0).bytes_le) == []


def test_what_may_not_be_read_is_not_found_by_it(running: Laboratory) -> None:
    hidden = person(
        running, "Hidden Holder", email_addresses=["smtp:hidden.one@contoso.com"], alias="hidden.one",
        exchange_guid=uuid.UUID(int=4711), attributes_withheld=True,
    )  # fmt: skip
    assert names(running, active_directory.BASE, "mailNickname", b"hidden.one") == []
    assert names(running, active_directory.BASE, "msExchMailboxGuid", uuid.UUID(int=4711).bytes_le) == []
    # What is public is shown, and searched.
    found = names(running, active_directory.BASE, "proxyAddresses", b"smtp:hidden.one@contoso.com")
    assert found == [hidden.directory.distinguished_name]


def test_the_catalog_has_the_forest_and_a_part_of_its_attributes(running: Laboratory) -> None:
    assert isinstance(running.hybrid, Hybrid)
    held = ["smtp:shared.two@contoso.com"]
    there = HybridBuilder(running.hybrid).directory_user(
        child_domain_person("Ines Holder"), email_addresses=held, admin_description="two"
    )
    asked = ("proxyAddresses", b"smtp:shared.two@contoso.com")
    assert names(running, active_directory.BASE, *asked) == []
    for base in ("", active_directory.BASE):
        assert names(running, base, *asked, server="global_catalog") == [there.distinguished_name]
    assert names(running, "", "adminDescription", b"two", server="global_catalog") == []
    with reader(running, port=running.port("global_catalog")) as directory:
        entries = directory._wire.search("", sansldap.FilterEquality(*asked), ("adminDescription", "proxyAddresses"))
    assert entries == [{"proxyAddresses": [b"smtp:shared.two@contoso.com"]}]


def test_the_forest_tells_its_domains_and_what_is_in_the_catalog(running: Laboratory) -> None:
    with reader(running) as directory:
        found = directory._wire.search(
            active_directory.PARTITIONS, sansldap.FilterEquality("objectClass", b"crossRef"), ("nCName", "systemFlags")
        )
        assert [(entry["nCName"], entry["systemFlags"]) for entry in found] == [
            ([b"DC=contoso,DC=com"], [b"3"]), ([b"DC=emea,DC=contoso,DC=com"], [b"3"]),
        ]  # fmt: skip
        asked = [sansldap.FilterEquality("lDAPDisplayName", name) for name in (b"proxyAddresses", b"adminCount")]
        found = directory._wire.search(active_directory.SCHEMA, sansldap.FilterOr(asked), ("lDAPDisplayName",))
    assert [entry["lDAPDisplayName"] for entry in found] == [[b"proxyAddresses"]]
    # A search in the domain ends where another naming context begins.
    assert names(running, active_directory.BASE, "objectClass", b"crossRef") == []


def answer(directory: DirectoryReader) -> list[Any]:
    """Return the messages that answer what was asked, the end of the search last."""
    found = []
    for message in directory._wire._messages():
        found.append(message)
        if isinstance(message, sansldap.SearchResultDone):
            break
    return found


def test_an_answer_has_a_thousand_entries_and_the_others_come_by_pages(running: Laboratory) -> None:
    assert isinstance(running.hybrid, Hybrid)
    for number in range(PAGE + 5):
        HybridBuilder(running.hybrid).directory_user(f"Same Mail {number}", mail="desk@contoso.com")
    wanted = sansldap.FilterEquality("mail", b"desk@contoso.com")
    with reader(running) as directory:
        session = directory._wire._session
        session.search_request(active_directory.BASE, filter=wanted, attributes=["mail"])
        *entries, done = answer(directory)
        assert (len(entries), done.result.result_code) == (PAGE, sansldap.LDAPResultCode.SIZE_LIMIT_EXCEEDED)
        sizes, cookie = [], b""
        while True:
            page = sansldap.PagedResultControl(True, 600, cookie)
            session.search_request(active_directory.BASE, filter=wanted, attributes=["mail"], controls=[page])
            *entries, done = answer(directory)
            sizes.append(len(entries))
            (told,) = done.controls
            cookie = told.cookie
            if not cookie:
                break
        assert sizes == [600, 405]


def search(connection: ssl.SSLSocket, wanted: sansldap.LDAPFilter) -> sansldap.LDAPResultCode:
    session = sansldap.LDAPClient()
    session.search_request("DC=contoso,DC=com", filter=wanted)
    connection.sendall(session.data_to_send())
    (done,) = session.receive(connection.recv(65536))
    assert isinstance(done, sansldap.SearchResultDone)
    return done.result.result_code


def test_a_scenario_is_put_on_a_running_laboratory(running: Laboratory, tmp_path: Path) -> None:
    pair = person(running, "Ann Archer")
    client = ControlClient(running.directory)
    assert client.scenario("inheritance_disabled", pair.identity) == {"ad_identity": str(pair.directory.guid)}
    assert pair.directory.inheritance_disabled
    assert client.scenario("mrs_proxy_off") == {}
    with pytest.raises(ValueError, match=r"none of: .*hidden"):
        client.scenario("no_such_scenario", pair.identity)
    with pytest.raises(ValueError, match="nobody in the cloud"):
        client.scenario("hidden", "nobody@contoso.com")
