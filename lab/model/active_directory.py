# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forest as LDAP shows it: a domain controller of the first domain, and the global catalog beside it."""

from __future__ import annotations

import base64
import struct
import uuid
from collections.abc import Mapping, Sequence

from lab.model import kinds
from lab.model.directory import CHILD_DOMAIN, DOMAIN, NETBIOS, Directory, DirectoryObject
from lab.model.recipients import EMPTY_GUID

BASE = ",".join(f"DC={part}" for part in DOMAIN.split("."))
CONFIGURATION = f"CN=Configuration,{BASE}"
SCHEMA = f"CN=Schema,{CONFIGURATION}"
PARTITIONS = f"CN=Partitions,{CONFIGURATION}"
# What the root DSE tells to everybody ([MS-ADTS] 3.1.1.3.2).
ROOT = {
    "defaultNamingContext": [BASE.encode()], "rootDomainNamingContext": [BASE.encode()],
    "configurationNamingContext": [CONFIGURATION.encode()], "schemaNamingContext": [SCHEMA.encode()],
}  # fmt: skip
# The partial attribute set: what the global catalog keeps of each object of the forest. It is searched for nothing
# else ([MS-ADTS] 3.1.1.1.8). Of Windows itself proxyAddresses is not in it; Exchange's schema puts it there.
PARTIAL = (
    "objectGUID", "distinguishedName", "objectClass", "uSNChanged", "mail", "userPrincipalName", "legacyExchangeDN",
    "proxyAddresses", "mailNickname", "msExchMailboxGuid", "msExchArchiveGUID",
)  # fmt: skip
# Of the property set Public-Information, which the class user grants to everybody by name, so that a deny that is
# inherited does not hide it (attributeSecurityGuid of [MS-ADA1] to [MS-ADA3]).
PUBLIC = ("objectGUID", "distinguishedName", "objectClass", "mail", "userPrincipalName", "legacyExchangeDN",
          "proxyAddresses")  # fmt: skip
# By which kind of key the directory finds who may have a value of an attribute.
_INDEX = {
    "mail": "mail", "userprincipalname": "upn", "legacyexchangedn": "legacy", "mailnickname": "alias",
    "proxyaddresses": "address", "msexchmailboxguid": "exchange", "msexcharchiveguid": "archive",
    "objectguid": "guid", "ms-ds-consistencyguid": "anchor", "msds-externaldirectoryobjectid": "written_back",
}  # fmt: skip
_GUIDS = ("objectguid", "msexchmailboxguid", "msexcharchiveguid")
# FLAG_CR_NTDS_NC and FLAG_CR_NTDS_DOMAIN of a crossRef's systemFlags ([MS-ADTS] 2.2.10).
_CONTEXT, _OF_A_DOMAIN = 1, 2
_ORGANIZATION = f"CN=Contoso,CN=Microsoft Exchange,CN=Services,{CONFIGURATION}"
_REMOTE_TYPES = {"ProvisionMailbox": 1, "Migrated": 4, "DeprovisionMailbox": 8}
# SE_SELF_RELATIVE and SE_DACL_PRESENT; SE_DACL_PROTECTED is what switched-off inheritance sets ([MS-DTYP] 2.4.6).
_PRESENT, _PROTECTED = 0x8004, 0x1000
# Numbers of RequestStatus are made up, as everywhere in the lab (lab/README.md).
_STATUSES = {"Queued": 1, "InProgress": 2, "Completed": 10, "Failed": 99}


Entry = Mapping[str, Sequence[bytes]]


def search(
    directory: Directory, base: str, attribute: str, value: bytes, *, catalog: bool = False
) -> list[Entry]:
    """Return the attributes of the objects below ``base`` that have this value.

    A search ends where another naming context begins; the catalog's goes through all of them, an empty base means
    the forest ([MS-ADTS] 3.1.1.3.1.3). What the account may not read, and an attribute that is not in the catalog,
    is not searched either: the part of the filter is undefined. Deleted objects are shown to nobody who does not ask
    for them, so that the lab has none.
    """
    name = attribute.lower()
    if catalog and name not in {known.lower() for known in PARTIAL}:
        return []
    found = [item for item in _entries(directory, name, value) if _is_below(item, base, crossing=catalog)]
    return [_in_the_catalog(item) for item in found] if catalog else found


def _entries(directory: Directory, name: str, value: bytes) -> list[Entry]:
    if name == "objectclass" and value.lower() == b"crossref":
        return [_cross_reference(domain) for domain in (DOMAIN, CHILD_DOMAIN)]
    if name == "ldapdisplayname":
        return [_attribute_schema(known) for known in PARTIAL if known.lower().encode() == value.lower()]
    public = name in {known.lower() for known in PUBLIC}
    found = directory.objects.find([_INDEX[name]], _key(name, value)) if value and name in _INDEX else []
    shown = (item for item in found if public or not item.attributes_withheld)
    return [_attributes(item) for item in shown if _fits(item, name, value)]


def _key(name: str, value: bytes) -> str:
    """Return what the index has for a value; the empty text, which it never has, for octets of another length."""
    if name == "ms-ds-consistencyguid":
        return base64.b64encode(value).decode()
    if name in _GUIDS:
        return str(uuid.UUID(bytes_le=value)) if len(value) == 16 else ""
    return value.decode("utf-8", "replace")


def _is_below(entry: Entry, base: str, *, crossing: bool) -> bool:
    name = entry["distinguishedName"][0].decode().lower()
    below = not base or name == base.lower() or name.endswith(f",{base.lower()}")
    return below and (crossing or _naming_context(name) == _naming_context(base))


def _naming_context(name: str) -> str:
    """Return the naming context that an object is in: the longest one that its name ends with."""
    domains = [_distinguished(domain) for domain in (DOMAIN, CHILD_DOMAIN)]
    contexts = sorted([SCHEMA, CONFIGURATION, *domains], key=len, reverse=True)
    return next((known for known in contexts if name.lower().endswith(known.lower())), "")


def _distinguished(domain: str) -> str:
    return ",".join(f"DC={part}" for part in domain.split("."))


def _in_the_catalog(entry: Entry) -> Entry:
    return {name: values for name, values in entry.items() if name in PARTIAL}


def _cross_reference(domain: str) -> Entry:
    return {
        "objectGUID": [uuid.uuid5(uuid.NAMESPACE_DNS, domain).bytes_le], "objectClass": [b"top", b"crossRef"],
        "distinguishedName": [f"CN={NETBIOS[domain]},{PARTITIONS}".encode()], "dnsRoot": [domain.encode()],
        "nCName": [_distinguished(domain).encode()], "systemFlags": [str(_CONTEXT | _OF_A_DOMAIN).encode()],
    }  # fmt: skip


def _attribute_schema(name: str) -> Entry:
    return {
        "objectGUID": [uuid.uuid5(uuid.NAMESPACE_OID, name).bytes_le], "objectClass": [b"top", b"attributeSchema"],
        "distinguishedName": [f"CN={name},{SCHEMA}".encode()], "lDAPDisplayName": [name.encode()],
        "isMemberOfPartialAttributeSet": [b"TRUE"],
    }  # fmt: skip


def _fits(item: DirectoryObject, name: str, value: bytes) -> bool:
    """Tell whether an object has a value: bytes as they are, texts without regard to case."""
    if name in (*_GUIDS, "ms-ds-consistencyguid"):
        held = {
            "objectguid": item.guid.bytes_le, "ms-ds-consistencyguid": _anchor(item),
            "msexchmailboxguid": _guid(item.exchange_guid), "msexcharchiveguid": _guid(item.archive_guid),
        }  # fmt: skip
        return held[name] == value
    wanted = value.decode("utf-8", "replace").lower()
    if name == "proxyaddresses":
        return any(address.lower() == wanted for address in item.email_addresses)
    texts = {
        "msds-externaldirectoryobjectid": item.written_back_id, "mail": item.mail, "mailnickname": item.alias,
        "userprincipalname": item.user_principal_name, "legacyexchangedn": item.legacy_exchange_dn,
    }  # fmt: skip
    return texts.get(name, "").lower() == wanted


def _guid(value: uuid.UUID) -> bytes:
    return b"" if value == EMPTY_GUID else value.bytes_le


def _anchor(item: DirectoryObject) -> bytes:
    return base64.b64decode(item.anchor)


def _attributes(item: DirectoryObject) -> Entry:
    found: dict[str, list[bytes]] = {
        "objectGUID": [item.guid.bytes_le], "distinguishedName": [item.distinguished_name.encode()],
        "objectClass": [name.encode() for name in _classes(item)],
        "nTSecurityDescriptor": [_descriptor(item)],
    }  # fmt: skip
    if item.attributes_withheld:
        return {**found, **{name: held for name, held in _mail_attributes(item).items() if name in PUBLIC}}
    # Every object has a uSNChanged: it is missing for those who may not read the object's attributes.
    found["uSNChanged"] = [str(int(item.when_changed.timestamp())).encode()]
    # NORMAL_ACCOUNT, with or without ACCOUNTDISABLE.
    found["userAccountControl"] = [b"514" if item.account_disabled else b"512"]
    found.update(_mail_attributes(item))
    if item.home_mdb_left or item.is_mailbox:
        name = item.database or "Old Database"
        found["homeMDB"] = [f"CN={name},CN=Databases,{_ORGANIZATION}".encode()]
    if item.home_mta_left:
        found["homeMTA"] = [f"CN=Microsoft MTA,CN=OLD01,CN=Servers,{_ORGANIZATION}".encode()]
    if item.anchor:
        found["mS-DS-ConsistencyGuid"] = [_anchor(item)]
    if item.remote_recipient_type in _REMOTE_TYPES:
        found["msExchRemoteRecipientType"] = [str(_REMOTE_TYPES[item.remote_recipient_type]).encode()]
    if item.admin_description:
        found["adminDescription"] = [item.admin_description.encode()]
    if item.admin_count:
        found["adminCount"] = [str(item.admin_count).encode()]
    if item.move.status != "None":
        found["msExchMailboxMoveStatus"] = [str(_STATUSES.get(item.move.status, 2)).encode()]
        found["msExchMailboxMoveRemoteHostName"] = [item.move.remote_host_name.encode()]
    return found


def _mail_attributes(item: DirectoryObject) -> dict[str, list[bytes]]:
    """Return what Exchange keeps on every object that has it, a plain user too, where no cmdlet shows it."""
    texts = {
        "mail": item.mail, "mailNickname": item.alias, "msExchHideFromAddressLists": "TRUE" if item.hidden else "",
        "msDS-ExternalDirectoryObjectId": item.written_back_id, "userPrincipalName": item.user_principal_name,
        "legacyExchangeDN": item.legacy_exchange_dn,
        **{f"extensionAttribute{number}": value for number, value in item.custom_attributes.items()},
    }  # fmt: skip
    found = {name: [value.encode()] for name, value in texts.items() if value}
    for name, guid in (("msExchMailboxGuid", item.exchange_guid), ("msExchArchiveGUID", item.archive_guid)):
        if guid != EMPTY_GUID:
            found[name] = [guid.bytes_le]
    if item.email_addresses:
        found["proxyAddresses"] = [address.encode() for address in item.email_addresses]
    return found


def _classes(item: DirectoryObject) -> tuple[str, ...]:
    """Return the object's classes, the most special one last ([MS-ADTS] 3.1.1.1.4)."""
    if item.kind in kinds.USERS:
        return ("top", "person", "organizationalPerson", "user")
    if item.kind in ("Contact", "MailContact"):
        return ("top", "person", "organizationalPerson", "contact")
    return ("top", "group")


def _descriptor(item: DirectoryObject) -> bytes:
    """Return a self-relative security descriptor with an empty access list."""
    control = _PRESENT | (_PROTECTED if item.inheritance_disabled else 0)
    header = struct.pack("<BBHIIII", 1, 0, control, 0, 0, 0, 20)
    return header + struct.pack("<BBHHH", 4, 0, 8, 0, 0)
