# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Active Directory reader against a real domain controller: LDAPS, and sealed LDAP with Kerberos and NTLM."""

from __future__ import annotations

import base64
import importlib.util
import uuid
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

from tests.integration.samba.domain_controller import HOST, LOCKOUT, DomainController
from tests.integration.samba.people import (
    BASE,
    CLOUD_OBJECT,
    CONSISTENCY_GUID,
    DATABASE,
    HARDENED,
    ODD_ANCHOR,
    PEOPLE,
    READER_PASSWORD,
)

# Kerberos needs libraries that are built from source; where they are missing, their absence is told by the other suite.
WAYS = ("simple", "ntlm", "kerberos") if importlib.util.find_spec("gssapi") else ("simple", "ntlm")


def account(name: str) -> dict[str, str]:
    """Return an account's name as each way to sign in wants it: the realm is not the principal name's suffix."""
    return {"simple": f"{name}@contoso.com", "ntlm": f"CONTOSO\\{name}", "kerberos": f"{name}@CONTOSO.LOCAL"}


def options(controller: DomainController, auth: str = "simple", **changes: Any) -> dict[str, Any]:
    """Return a connection dictionary of the account that only reads."""
    names = account("svc.reader")
    given: dict[str, Any] = {
        "host": controller.address, "auth": auth, "username": names[auth], "password": READER_PASSWORD,
    }  # fmt: skip
    if auth == "simple":
        given["ca_file"] = str(controller.ca_file)
    if auth == "kerberos":
        given["negotiate_hostname_override"] = HOST
    return {**given, **changes}


def guids(reader: DirectoryReader) -> dict[str, str]:
    """Return everybody's objectGUID by name, read over the same wire."""
    everybody = sansldap.FilterEquality("objectClass", b"user")
    entries = [
        entry
        for unit in (f"OU=People,{BASE}", HARDENED)
        for entry in reader._wire.search(unit, everybody, ("cn", "objectGUID"))
    ]
    return {entry["cn"][0].decode(): str(uuid.UUID(bytes_le=entry["objectGUID"][0])) for entry in entries}


@pytest.fixture(autouse=True)
def realm(controller: DomainController, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead Kerberos to the domain controller, without a ticket of anybody's."""
    monkeypatch.setenv("KRB5_CONFIG", str(controller.kerberos_configuration))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{controller.directory}/no-tickets")


@pytest.fixture(scope="module")
def everybody(controller: DomainController) -> dict[str, DirectoryUser | Withheld]:
    """Everybody as an account without any privilege sees them, by name."""
    with DirectoryReader(options(controller)) as reader:
        known = guids(reader)
        users = reader.users([*known.values(), str(uuid.uuid4())])
    assert set(users) == set(known.values())
    return {name: users[guid] for name, guid in known.items()}


@pytest.fixture(scope="module")
def seen(everybody: dict[str, DirectoryUser | Withheld]) -> dict[str, DirectoryUser]:
    """Those whose attributes the account may read."""
    return {name: user for name, user in everybody.items() if isinstance(user, DirectoryUser)}


def test_everybody_is_found_over_several_searches(
    everybody: dict[str, DirectoryUser | Withheld], seen: dict[str, DirectoryUser]
) -> None:
    assert len(everybody) == len(PEOPLE) > 50
    assert set(everybody) - set(seen) == {"Hidden Hale"}
    clean = seen["Clean Clark"]
    # Samba disables an account that is made without a password, as Active Directory does.
    assert clean == DirectoryUser(
        guid=clean.guid,
        distinguished_name=f"CN=Clean Clark,OU=People,{BASE}",
        inheritance_disabled=False,
        account_disabled=True,
    )
    assert clean.source_anchor == base64.b64encode(uuid.UUID(clean.guid).bytes_le).decode()


def test_what_an_old_mailbox_left_is_seen(seen: dict[str, DirectoryUser]) -> None:
    assert (seen["Home Hughes"].home_mdb, seen["Home Hughes"].home_mta) == (DATABASE, DATABASE)
    assert seen["Removed Reed"].remote_recipient_type == 8
    moved = {"msExchMailboxMoveRemoteHostName", "msExchMailboxMoveTargetMDBLink"}
    assert set(seen["Moved Moore"].move_residue) == moved


def test_broken_inheritance_is_seen_without_any_privilege(seen: dict[str, DirectoryUser]) -> None:
    broken = {name for name, user in seen.items() if user.inheritance_disabled}
    assert broken == {"Broken Baker"}
    assert None not in {user.inheritance_disabled for user in seen.values()}
    assert seen["Broken Baker"].admin_count == 1


def test_the_anchor_is_the_consistency_guid_where_there_is_one(seen: dict[str, DirectoryUser]) -> None:
    anchored = seen["Anchored Archer"]
    assert anchored.consistency_anchor == base64.b64encode(CONSISTENCY_GUID.bytes_le).decode()
    # Microsoft's public vector: facts offboarding-practice.md 1.3.
    assert anchored.source_anchor == "b2vOcCiMvk6pLk9NyF76lA=="


def test_an_anchor_that_is_no_guid_harms_nobody(seen: dict[str, DirectoryUser]) -> None:
    assert seen["Odd Olsen"].source_anchor == base64.b64encode(ODD_ANCHOR).decode()


def test_what_no_cmdlet_shows_of_a_plain_user_is_seen(seen: dict[str, DirectoryUser]) -> None:
    shown = seen["Shown Shaw"]
    assert (shown.alias, shown.hidden, shown.mail) == ("shaw", True, "shown.shaw@contoso.com")
    assert shown.custom_attributes == {"custom_attribute1": "Sales", "custom_attribute15": "Ström Åsa"}
    assert shown.external_directory_object_id == CLOUD_OBJECT


def test_who_claims_a_cloud_user_is_found_by_its_anchor_or_its_object_id(
    controller: DomainController, seen: dict[str, DirectoryUser]
) -> None:
    names = ("Anchored Archer", "Odd Olsen", "Clean Clark")
    anchors = [seen[name].source_anchor for name in names]
    with DirectoryReader(options(controller)) as reader:
        found = reader.claimants([*anchors, "no base64"], [CLOUD_OBJECT, str(uuid.uuid4())])
        assert reader.claimants([], []) == []
    assert {user.guid for user in found} == {seen[name].guid for name in (*names, "Shown Shaw")}


def test_attributes_that_are_withheld_do_not_look_empty(everybody: dict[str, DirectoryUser | Withheld]) -> None:
    hidden = everybody["Hidden Hale"]
    assert isinstance(hidden, Withheld)
    assert hidden.reason.startswith(f"The account is not allowed to read the attributes of CN=Hidden Hale,{HARDENED}")


@pytest.mark.parametrize("auth", WAYS)
def test_each_way_in_reads_the_same(controller: DomainController, auth: str, seen: dict[str, DirectoryUser]) -> None:
    with DirectoryReader(options(controller, auth)) as reader:
        assert reader.users([user.guid for user in seen.values()]) == {user.guid: user for user in seen.values()}


# Samba's own words, with the codes of Active Directory.
REFUSED = {
    "svc.expired": ("account_expired", "data 701"),
    "svc.disabled": ("account_disabled", "data 533"),
    "svc.mustchange": ("password_expired", "data 773"),
    "svc.hours": ("logon_restricted", "data 530"),
    "svc.workstation": ("logon_restricted", "data 531"),
}


@pytest.mark.parametrize("auth", WAYS)
def test_an_account_that_may_not_sign_in_is_told_why(controller: DomainController, auth: str) -> None:
    told = {}
    for name in REFUSED:
        try:
            with DirectoryReader(options(controller, auth, username=account(name)[auth])):
                told[name] = ("", "")
        except HybridError as error:
            told[name] = (error.code, next((words for words in REFUSED[name] if words in error.message), ""))
    # Kerberos has one word for all of them, and does not ask for the workstation.
    expected = {
        "svc.expired": ("account_disabled", ""), "svc.disabled": ("account_disabled", ""),
        "svc.mustchange": ("password_expired", ""), "svc.hours": ("account_disabled", ""),
        "svc.workstation": ("", ""),
    } if auth == "kerberos" else REFUSED  # fmt: skip
    assert told == expected


def test_a_locked_account_is_not_called_a_wrong_password(controller: DomainController) -> None:
    names = options(controller, username="svc.locked@contoso.com")
    codes = []
    for password in (*(f"Wr0ng!pw-{number}" for number in range(LOCKOUT)), READER_PASSWORD):
        with pytest.raises(HybridError) as told, DirectoryReader({**names, "password": password}):
            pass
        codes.append(told.value.code)
    assert codes == ["authentication_failed"] * LOCKOUT + ["account_locked"]


@pytest.mark.parametrize("auth", WAYS)
def test_a_wrong_password_is_told_as_such(controller: DomainController, auth: str) -> None:
    mistaken = options(controller, auth, username=account("svc.mistaken")[auth], password="Wr0ng!pw-of-nobody")
    with pytest.raises(HybridError) as told, DirectoryReader(mistaken):
        pass
    assert told.value.code == ("wrong_password" if auth == "kerberos" else "authentication_failed")
    assert "Wr0ng" not in str(told.value) + told.value.remedy


@pytest.mark.parametrize(("changes", "code"), [
    ({"negotiate_hostname_override": "dc99.contoso.com"}, "missing_service_principal"),
    ({"username": None, "password": None}, "no_ticket"),
    ({"username": "CONTOSO\\svc.reader"}, "user_principal_name_needed"),
    # A user principal name whose suffix is not the realm.
    ({"username": "svc.reader@contoso.com"}, "no_domain_controller"),
])
def test_trouble_with_kerberos_is_told(controller: DomainController, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(HybridError) as told, DirectoryReader(options(controller, WAYS[-1], **changes)):
        pass
    assert told.value.code == code
    assert ("sAMAccountName@REALM" in told.value.remedy) is ("username" in changes and changes["username"] is not None)


def test_a_certificate_of_another_authority_is_refused(controller: DomainController) -> None:
    with pytest.raises(HybridError) as told, DirectoryReader(options(controller, ca_file=None)):
        pass
    assert told.value.code == "tls_failed"
    assert "ca_file" in told.value.remedy


def test_a_base_that_does_not_exist_is_told(controller: DomainController) -> None:
    with (
        pytest.raises(HybridError, match="NO_SUCH_OBJECT"),
        DirectoryReader(options(controller, base="OU=Nowhere,DC=contoso,DC=local")) as reader,
    ):
        reader.users([str(uuid.uuid4())])


def test_a_password_file_will_do(controller: DomainController) -> None:
    path = controller.directory / "password"
    path.write_text(READER_PASSWORD + "\n", encoding="utf-8")
    with DirectoryReader(options(controller, password=None, password_file=str(path))) as reader:
        assert reader.users([]) == {}
