# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the directory says of a user that no Exchange cmdlet shows, read out of LDAP attributes. Pure."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values

Attributes = Mapping[str, Sequence[bytes]]

# What an unfinished or damaged move leaves behind (KB 4502865); a status without any of these is harmless.
MOVE_ATTRIBUTES = (
    "msExchMailboxMoveRemoteHostName",
    "msExchMailboxMoveBatchName",
    "msExchMailboxMoveSourceMDBLink",
    "msExchMailboxMoveTargetMDBLink",
    "msExchMailboxMoveSourceArchiveMDBLink",
    "msExchMailboxMoveTargetArchiveMDBLink",
)
CUSTOM_ATTRIBUTES = tuple(f"extensionAttribute{number}" for number in range(1, 16))
# Every object has one, and no property set contains it: who may not see it sees an object whose attributes are
# withheld, which look empty (tried against Samba: corrections of the fact sheets, 2026-11).
CANARY = "uSNChanged"
# Hybrid write-back's attribute, Windows Server 2016's; the one that Exchange's cmdlets show is another.
WRITTEN_BACK = "msDS-ExternalDirectoryObjectId"
WANTED = (
    CANARY,
    "objectGUID",
    "distinguishedName",
    "mail",
    "mailNickname",
    "proxyAddresses",
    "msExchHideFromAddressLists",
    WRITTEN_BACK,
    *CUSTOM_ATTRIBUTES,
    "homeMDB",
    "homeMTA",
    "nTSecurityDescriptor",
    "mS-DS-ConsistencyGuid",
    "msExchRemoteRecipientType",
    "adminCount",
    "adminDescription",
    "userAccountControl",
    *MOVE_ATTRIBUTES,
)
# What an object may hold of a mailbox's addresses, GUIDs and alias, beginning with what weighs most.
HOLDING = (
    "proxyAddresses",
    "userPrincipalName",
    "legacyExchangeDN",
    "msExchMailboxGuid",
    "msExchArchiveGUID",
    "mailNickname",
    "mail",
)
_GUIDS = ("msExchMailboxGuid", "msExchArchiveGUID")
# ADS_UF_ACCOUNTDISABLE of userAccountControl ([MS-ADTS] 2.2.16).
_DISABLED = 0x2
# SE_DACL_PROTECTED in the Control word of a self-relative SECURITY_DESCRIPTOR ([MS-DTYP] 2.4.6).
_DACL_PROTECTED = 0x1000
_CONTROL = slice(2, 4)


@dataclass(frozen=True)
class Withheld:
    """A user whose attributes the account may not read: what looks empty is not known to be so.

    ``proxy_addresses`` are public information, which the class user grants to everybody of the domain by name: a deny
    that is inherited does not hide them (tried against Samba).
    """

    guid: str
    distinguished_name: str = ""
    proxy_addresses: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        return (
            f"The account is not allowed to read the attributes of {self.distinguished_name or self.guid}: grant it "
            "Read all properties."
        )


@dataclass(frozen=True)
class DirectoryUser:
    """A user object. GUIDs are lower-case texts, ``inheritance_disabled`` is None where the descriptor was withheld,
    and ``account_disabled`` where userAccountControl was.

    ``source_anchor`` is what Entra Connect would send as ImmutableId: base64 of mS-DS-ConsistencyGuid, whatever bytes
    stand in it, else of objectGUID (facts offboarding-practice.md 1.2). ``custom_attributes`` are named as in a record.
    ``external_directory_object_id`` is the cloud object that Entra Connect's hybrid write-back joined to the user.
    """

    guid: str
    distinguished_name: str
    home_mdb: str = ""
    home_mta: str = ""
    inheritance_disabled: bool | None = None
    consistency_anchor: str = ""
    remote_recipient_type: int = 0
    admin_count: int = 0
    admin_description: str = ""
    move_residue: tuple[str, ...] = ()
    mail: str = ""
    alias: str = ""
    hidden: bool = False
    proxy_addresses: tuple[str, ...] = ()
    custom_attributes: Mapping[str, str] = field(default_factory=dict)
    external_directory_object_id: str = ""
    account_disabled: bool | None = None

    @property
    def guid_anchor(self) -> str:
        return _values.immutable_id_of_guid(self.guid)

    @property
    def source_anchor(self) -> str:
        return self.consistency_anchor or self.guid_anchor


ShownUser = Union[DirectoryUser, Withheld]


@dataclass(frozen=True)
class Holder:
    """An object of any class, and what it ``holds`` by the attributes of HOLDING, GUIDs as lower-case texts.

    ``object_class`` is the most special one: user, contact, group and so on; empty where it was withheld.
    """

    guid: str
    distinguished_name: str
    object_class: str
    holds: Mapping[str, Sequence[str]]


def asserted(attribute: str, value: str) -> bytes:
    """Return a value of an attribute of HOLDING as a filter asserts it. ValueError for a GUID that is none."""
    return uuid.UUID(value).bytes_le if attribute in _GUIDS else value.encode()


def holder(attributes: Attributes) -> Holder:
    """Return the object that a search entry describes. ValueError for an entry without objectGUID."""
    # Of more than 1,500 values the first ones come under a name with an option, ``proxyAddresses;range=0-1499``.
    known = {_values.folded(name.partition(";")[0]): list(values) for name, values in attributes.items() if values}
    held = {name: _shown(name, known.get(_values.folded(name), ())) for name in HOLDING}
    return Holder(
        guid=_guid(known.get("objectguid")),
        distinguished_name=_text(known.get("distinguishedname")),
        object_class=_text(known.get("objectclass", [])[-1:]),
        holds={name: values for name, values in held.items() if values},
    )


def _shown(attribute: str, values: Sequence[bytes]) -> list[str]:
    if attribute not in _GUIDS:
        return [value.decode("utf-8", "replace") for value in values]
    return [str(uuid.UUID(bytes_le=bytes(value))) for value in values if len(value) == 16]


def user(attributes: Attributes) -> ShownUser:
    """Return the user that a search entry describes. ValueError for an entry without objectGUID."""
    known = {_values.folded(name): list(values) for name, values in attributes.items() if values}
    guid, name = _guid(known.get("objectguid")), _text(known.get("distinguishedname"))
    proxies = tuple(value.decode("utf-8", "replace") for value in known.get("proxyaddresses", ()))
    if _values.folded(CANARY) not in known:
        return Withheld(guid, name, proxies)
    custom = ((attribute, _text(known.get(_values.folded(attribute)))) for attribute in CUSTOM_ATTRIBUTES)
    return DirectoryUser(
        guid=guid,
        distinguished_name=name,
        home_mdb=_text(known.get("homemdb")),
        home_mta=_text(known.get("homemta")),
        inheritance_disabled=_protected(known.get("ntsecuritydescriptor")),
        consistency_anchor=_encoded(known.get("ms-ds-consistencyguid")),
        remote_recipient_type=_number(known.get("msexchremoterecipienttype")),
        admin_count=_number(known.get("admincount")),
        admin_description=_text(known.get("admindescription")),
        move_residue=_residue(known),
        mail=_text(known.get("mail")),
        alias=_text(known.get("mailnickname")),
        proxy_addresses=proxies,
        hidden=_text(known.get("msexchhidefromaddresslists")) == "TRUE",
        custom_attributes={_exchange_name(attribute): value for attribute, value in custom if value},
        external_directory_object_id=_cloud_object(_text(known.get(_values.folded(WRITTEN_BACK)))),
        account_disabled=_disabled(known.get("useraccountcontrol")),
    )


def _exchange_name(attribute: str) -> str:
    return f"custom_attribute{attribute.removeprefix('extensionAttribute')}"


def _cloud_object(value: str) -> str:
    """Return the object id of a value that hybrid write-back writes, ``User_`` and the id (facts, corrections 2)."""
    _kind, _underscore, object_id = value.rpartition("_")
    return _values.folded(object_id)


def _encoded(values: Sequence[bytes] | None) -> str:
    return base64.b64encode(values[0]).decode() if values else ""


def _text(values: Sequence[bytes] | None) -> str:
    return values[0].decode("utf-8", "replace") if values else ""


def _number(values: Sequence[bytes] | None) -> int:
    # What is no number is not the one that Exchange or Windows would have written.
    return _values.count(_text(values)) or 0


def _guid(values: Sequence[bytes] | None) -> str:
    """Return a GUID of 16 bytes in .NET's little-endian order (facts offboarding-practice.md 1.3)."""
    if not values or len(values[0]) != 16:
        raise ValueError("not a GUID of 16 bytes")
    return str(uuid.UUID(bytes_le=bytes(values[0])))


def _protected(values: Sequence[bytes] | None) -> bool | None:
    if not values or len(values[0]) < 20:
        return None
    return bool(int.from_bytes(values[0][_CONTROL], "little") & _DACL_PROTECTED)


def _disabled(values: Sequence[bytes] | None) -> bool | None:
    return bool(_number(values) & _DISABLED) if values else None


def _residue(known: Mapping[str, Sequence[bytes]]) -> tuple[str, ...]:
    return tuple(name for name in MOVE_ATTRIBUTES if _values.folded(name) in known)
