# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds a value in the forest, by LDAP: the controller's domain, and the others by the global catalog."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sansldap
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory import (
    attributes,
    forest,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    DirectoryReader,
)

from lab.certificates import create_certificates
from lab.hybrid import ManualClock, empty_hybrid
from lab.model import active_directory
from lab.model.builder import HybridBuilder, child_domain_person
from lab.wire.ldap import LdapServer
from tests.unit.plugins.module_utils.lab_in_process import DomainController

ADDRESS = "ann@contoso.com"
BY_PROXY, BY_MAIL = ("proxyAddresses", f"smtp:{ADDRESS}"), ("mail", ADDRESS)
CHILD = "DC=emea,DC=contoso,DC=com"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DomainController]:
    controller = DomainController(tmp_path_factory.mktemp("controller"))
    yield controller
    controller.stop()


@pytest.fixture
def controller(running: DomainController) -> DomainController:
    """Two domains, with a plain user in each that has the address, and a contact with it as its mail."""
    running.hybrid = empty_hybrid(ManualClock())
    build = HybridBuilder(running.hybrid)
    build.directory_user("Here Holder", email_addresses=[f"SMTP:{ADDRESS.title()}"], alias="here")
    build.directory_user("Here Contact", kind="Contact", mail=ADDRESS, user_principal_name="")
    build.directory_user(child_domain_person("There Holder"), email_addresses=[f"smtp:{ADDRESS}"])
    return running


def held(controller: DomainController, *asked: tuple[str, str], **changes: Any) -> tuple[list[str], str, str]:
    """Return the names of the holders, where nobody looked, and the remedy."""
    with DirectoryReader({**controller.options, **changes}) as reader:
        found = forest.holders(reader, asked)
    names = sorted(item.distinguished_name.partition(",")[0].removeprefix("CN=") for item in found.holders)
    return names, found.unsearched, found.remedy


def test_every_object_of_the_forest_is_searched_by_every_attribute(controller: DomainController) -> None:
    assert held(controller, BY_PROXY) == (["Here Holder", "There Holder"], "", "")
    assert held(controller, BY_PROXY, BY_MAIL) == (["Here Contact", "Here Holder", "There Holder"], "", "")
    assert held(controller, ("mailNickname", "HERE")) == (["Here Holder"], "", "")
    assert held(controller, ("userPrincipalName", "nobody@contoso.com")) == ([], "", "")
    with DirectoryReader(controller.options) as reader:
        (contact,) = forest.holders(reader, [BY_MAIL]).holders
    assert (contact.object_class, contact.holds) == ("contact", {"mail": [ADDRESS]})


def test_a_base_that_is_only_for_the_users_does_not_narrow_the_search(controller: DomainController) -> None:
    found = held(controller, BY_PROXY, base="OU=Elsewhere,DC=contoso,DC=com")
    assert found == (["Here Holder", "There Holder"], "", "")


def test_a_catalog_that_does_not_answer_leaves_the_domain_and_a_sentence(controller: DomainController) -> None:
    # Port 9 (discard) answers nowhere on loopback.
    names, unsearched, remedy = held(controller, BY_PROXY, global_catalog_port=9)
    assert names == ["Here Holder"]
    assert unsearched.startswith(f"Objects of {CHILD} were not searched: Nothing answers for the global catalog at ")
    assert "firewalls" in remedy


def test_what_the_catalog_does_not_contain_is_searched_in_the_domain_alone(
    controller: DomainController, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = tuple(name for name in active_directory.PARTIAL if name != "proxyAddresses")
    monkeypatch.setattr(active_directory, "PARTIAL", without)
    names, unsearched, _remedy = held(controller, BY_PROXY, BY_MAIL)
    assert names == ["Here Contact", "Here Holder"]
    assert unsearched == (
        f"Objects of {CHILD} were not searched by proxyAddresses, which the global catalog does not contain."
    )
    assert held(controller, BY_MAIL) == (["Here Contact"], "", "")


def test_a_forest_of_one_domain_needs_no_catalog(controller: DomainController, monkeypatch: pytest.MonkeyPatch) -> None:
    # The other user is then below the same naming context.
    monkeypatch.setattr(active_directory, "CHILD_DOMAIN", active_directory.DOMAIN)
    assert held(controller, BY_PROXY, global_catalog_port=9) == (["Here Holder", "There Holder"], "", "")


def test_a_forest_that_does_not_show_its_domains_is_not_taken_for_one_of_a_single_domain(
    controller: DomainController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(active_directory, "_OF_A_DOMAIN", 0)
    names, unsearched, _remedy = held(controller, BY_PROXY)
    assert names == ["Here Holder"]
    assert unsearched.startswith("Only objects of DC=contoso,DC=com were searched")


def test_more_holders_than_an_answer_has_come_by_pages(controller: DomainController) -> None:
    build = HybridBuilder(controller.hybrid)
    for number in range(1001):
        build.directory_user(f"Desk {number}", mail="desk@contoso.com")
    assert len(held(controller, ("mail", "desk@contoso.com"))[0]) == 1001


class Endless(LdapServer):
    """Has one more page, whatever was asked for."""

    def _answer(self, session: sansldap.LDAPServer, message: sansldap.SearchRequest) -> None:
        more = sansldap.PagedResultControl(False, 0, b"more")
        session.search_result_done(message.message_id, controls=[more])


def test_pages_without_an_end_are_an_error(controller: DomainController, tmp_path: Path) -> None:
    certificates = create_certificates(tmp_path)
    account = controller.hybrid.exchange_server_account
    server = Endless(account, controller.search, active_directory.ROOT, certificates.server_context)
    server.start()
    try:
        with pytest.raises(HybridError, match="more than 100 pages") as told:
            held(controller, BY_PROXY, port=server.port, ca_file=str(certificates.ca_file))
    finally:
        server.stop()
    assert told.value.code == "unexpected_answer"


def test_values_over_several_searches_are_found_once(controller: DomainController) -> None:
    asked = [("proxyAddresses", f"smtp:nobody{number}@contoso.com") for number in range(2 * forest.AT_ONCE)]
    middle = forest.AT_ONCE
    assert held(controller, *asked[:middle], BY_PROXY, *asked[middle:], BY_MAIL, ("mailNickname", "here"))[0] == [
        "Here Contact", "Here Holder", "There Holder",
    ]  # fmt: skip


def test_a_domain_that_lets_nobody_in_is_an_error(controller: DomainController) -> None:
    with pytest.raises(HybridError) as told:
        held(controller, BY_PROXY, password="wrong")
    assert told.value.code == "authentication_failed"


def test_a_guid_is_asserted_by_its_bytes_and_shown_as_text() -> None:
    guid = uuid.uuid4()
    assert attributes.asserted("msExchMailboxGuid", str(guid)) == guid.bytes_le
    assert attributes.asserted("mail", "Ann@contoso.com") == b"Ann@contoso.com"
    with pytest.raises(ValueError, match="badly formed"):
        attributes.asserted("msExchArchiveGUID", "ann")
    entry = {
        "objectGUID": [guid.bytes_le], "objectClass": [b"top", b"group"],
        "MSEXCHMAILBOXGUID": [guid.bytes_le, b"odd"], "proxyAddresses;range=0-1499": [b"smtp:ann@contoso.com"],
    }  # fmt: skip
    found = attributes.holder(entry)
    assert (found.guid, found.distinguished_name, found.object_class) == (str(guid), "", "group")
    assert found.holds == {"msExchMailboxGuid": [str(guid)], "proxyAddresses": ["smtp:ann@contoso.com"]}
    with pytest.raises(ValueError, match="GUID"):
        attributes.holder({"mail": [b"ann@contoso.com"]})
