# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""LDAP attributes become a user: the byte orders, flags and gaps of Active Directory; and which options are refused."""

from __future__ import annotations

import base64
import struct
import uuid
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory import attributes
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    DirectoryReader,
)

GUID = uuid.UUID("70ce6b6f-8c28-4ebe-a92e-4f4dc85efa94")
# Microsoft's public vector of the byte order: facts offboarding-practice.md 1.3.
BYTES = bytes((111, 107, 206, 112, 40, 140, 190, 78, 169, 46, 79, 77, 200, 94, 250, 148))


def descriptor(control: int) -> bytes:
    return struct.pack("<BBHIIII", 1, 0, control, 0, 0, 0, 20) + bytes(8)


def entry(**more: bytes) -> dict[str, list[bytes]]:
    known = {"objectGUID": [BYTES], "distinguishedName": [b"CN=Ann,DC=contoso,DC=com"], "uSNChanged": [b"4711"]}
    return known | {name.replace("_", "-"): [value] for name, value in more.items()}


def seen(attributes_of_an_entry: attributes.Attributes) -> attributes.DirectoryUser:
    user = attributes.user(attributes_of_an_entry)
    assert isinstance(user, attributes.DirectoryUser)
    return user


def test_guids_are_read_in_dotnets_byte_order() -> None:
    user = seen(entry())
    assert user.guid == str(GUID)
    assert user.source_anchor == base64.b64encode(BYTES).decode() == "b2vOcCiMvk6pLk9NyF76lA=="
    other = uuid.uuid4()
    anchored = seen(entry(mS_DS_ConsistencyGuid=other.bytes_le))
    assert anchored.source_anchor == base64.b64encode(other.bytes_le).decode()


@pytest.mark.parametrize(("control", "disabled"), [(0x8004, False), (0x9004, True), (0x1000, True), (0xEFFF, False)])
def test_protection_of_the_access_list_is_one_bit_of_the_control_word(control: int, disabled: bool) -> None:
    assert seen(entry(nTSecurityDescriptor=descriptor(control))).inheritance_disabled is disabled


def test_a_descriptor_that_is_withheld_is_no_pass() -> None:
    assert seen(entry()).inheritance_disabled is None
    whole = descriptor(0x9004)[:20]  # the head alone, without any list
    for shown, disabled in ((whole, True), (whole[:19], None), (b"\x01\x00", None)):
        assert seen(entry(nTSecurityDescriptor=shown)).inheritance_disabled is disabled


def test_what_keeps_a_user_out_of_the_synchronization_is_read() -> None:
    assert seen(entry(adminDescription=b"User_not yet")).admin_description == "User_not yet"
    assert seen(entry()).admin_description == ""


@pytest.mark.parametrize(("shown", "disabled"), [(b"512", False), (b"514", True), (b"66050", True), (b"66048", False)])
def test_whether_an_account_is_disabled_is_read_where_it_is_shown(shown: bytes, disabled: bool) -> None:
    assert seen(entry(userAccountControl=shown)).account_disabled is disabled
    assert seen(entry()).account_disabled is None


def test_names_are_compared_without_regard_to_case_and_gaps_are_empty() -> None:
    user = seen({"OBJECTguid": [BYTES], "USNchanged": [b"1"], "HOMEmdb": [b"CN=DB"], "homeMTA": []})
    assert (user.home_mdb, user.home_mta, user.admin_count, user.move_residue) == ("CN=DB", "", 0, ())


def test_a_status_alone_is_no_residue() -> None:
    assert seen(entry(msExchMailboxMoveStatus=b"10")).move_residue == ()
    left = seen(entry(msExchMailboxMoveBatchName=b"old", msExchMailboxMoveTargetMDBLink=b"CN=DB"))
    assert set(left.move_residue) == {"msExchMailboxMoveBatchName", "msExchMailboxMoveTargetMDBLink"}


def test_attributes_that_are_withheld_are_not_empty() -> None:
    shown = {name: value for name, value in entry(homeMDB=b"CN=DB").items() if name != "uSNChanged"}
    withheld = attributes.user(shown)
    assert withheld == attributes.Withheld(str(GUID), "CN=Ann,DC=contoso,DC=com")
    assert "CN=Ann,DC=contoso,DC=com" in withheld.reason


@pytest.mark.parametrize("raw", [b"EMP-004711", b"\x00", BYTES + BYTES])
def test_an_anchor_of_any_length_is_the_base64_of_its_bytes(raw: bytes) -> None:
    assert seen(entry(mS_DS_ConsistencyGuid=raw)).source_anchor == base64.b64encode(raw).decode()


def test_what_no_cmdlet_shows_of_a_plain_user_is_read() -> None:
    user = seen(
        entry(mailNickname=b"ann", msExchHideFromAddressLists=b"TRUE", extensionAttribute1=b"a")
        | {"extensionAttribute15": [b"o"], "proxyAddresses": [b"SMTP:ann.old@contoso.com", b"x500:/o=Old/cn=ann"]}
        | {"msDS-ExternalDirectoryObjectId": [f"User_{GUID}".upper().encode()]}
    )
    assert (user.alias, user.hidden, user.external_directory_object_id) == ("ann", True, str(GUID))
    assert user.custom_attributes == {"custom_attribute1": "a", "custom_attribute15": "o"}
    assert user.proxy_addresses == ("SMTP:ann.old@contoso.com", "x500:/o=Old/cn=ann")
    assert seen(entry()).proxy_addresses == ()
    assert "proxyAddresses" in attributes.WANTED
    assert seen(entry(msExchHideFromAddressLists=b"FALSE")).hidden is False


@pytest.mark.parametrize("value", [[], [b"short"]])
def test_an_entry_without_a_guid_is_refused(value: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        attributes.user({"objectGUID": value})


@pytest.mark.parametrize(("options", "name"), [
    ({}, "active_directory.host"),
    ({"host": "ldaps://dc01.contoso.com"}, "active_directory.host"),
    ({"host": "dc01.contoso.com", "auth": "simple", "username": "svc@contoso.com"}, "active_directory.password"),
    ({"host": "dc01.contoso.com", "auth": "ntlm"}, "active_directory.password"),
    ({"host": "dc01.contoso.com", "auth": "digest"}, "active_directory.auth"),
    ({"host": "dc01.contoso.com", "port": 0}, "active_directory.port"),
    ({"host": "dc01.contoso.com", "port": 3268}, "active_directory.port"),
    ({"host": "dc01.contoso.com", "auth": "simple", "port": 3269}, "active_directory.port"),
    ({"host": "dc01..contoso.local"}, "active_directory.host"),
    ({"host": f"{'d' * 64}.contoso.local"}, "active_directory.host"),
    ({"host": "dc01\x00.contoso.local"}, "active_directory.host"),
    ({"host": "dc01.contoso.com", "username": "CONTOSO\\svc"}, "active_directory.username"),
    ({"host": "dc01.contoso.com", "password": "x", "password_file": "y"}, "active_directory.password_file"),
])  # fmt: skip
def test_options_that_cannot_be_right_are_refused_by_name(options: dict[str, Any], name: str) -> None:
    with pytest.raises(HybridError) as told:
        DirectoryReader(options)
    assert told.value.message.startswith(f"{name}:")


def test_a_number_that_is_none_does_not_hide_the_user() -> None:
    user = seen(entry(adminCount=b"many", msExchRemoteRecipientType=b"\xff"))
    assert (user.admin_count, user.remote_recipient_type) == (0, 0)
