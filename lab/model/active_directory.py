# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Active Directory object as LDAP shows it: the attributes that no Exchange cmdlet has."""

from __future__ import annotations

import base64
import struct
import uuid
from collections.abc import Mapping, Sequence

from lab.model.directory import DOMAIN, Directory, DirectoryObject

BASE = ",".join(f"DC={part}" for part in DOMAIN.split("."))
_CONFIGURATION = f"CN=Contoso,CN=Microsoft Exchange,CN=Services,CN=Configuration,{BASE}"
_REMOTE_TYPES = {"ProvisionMailbox": 1, "Migrated": 4, "DeprovisionMailbox": 8}
# SE_SELF_RELATIVE and SE_DACL_PRESENT; SE_DACL_PROTECTED is what switched-off inheritance sets ([MS-DTYP] 2.4.6).
_PRESENT, _PROTECTED = 0x8004, 0x1000
# Numbers of RequestStatus are made up, as everywhere in the lab (lab/README.md).
_STATUSES = {"Queued": 1, "InProgress": 2, "Completed": 10, "Failed": 99}


def search(directory: Directory, attribute: str, value: bytes) -> list[Mapping[str, Sequence[bytes]]]:
    """Return the attributes of the first domain's objects with this value of objectGUID or another anchor.

    An attribute that the account may not read is not searched either.
    """
    name = attribute.lower()
    if name == "objectguid":
        found = directory.objects.find(["guid"], str(uuid.UUID(bytes_le=value))) if len(value) == 16 else []
    else:
        shown = (item for item in directory.objects if not item.attributes_withheld)
        found = [item for item in shown if value and _fits(item, name, value)]
    return [_attributes(item) for item in found if item.domain == DOMAIN]


def _fits(item: DirectoryObject, name: str, value: bytes) -> bool:
    if name == "ms-ds-consistencyguid":
        return _anchor(item) == value
    return name == "msds-externaldirectoryobjectid" and item.written_back_id.lower().encode() == value.lower()


def _anchor(item: DirectoryObject) -> bytes:
    return base64.b64decode(item.anchor)


def _attributes(item: DirectoryObject) -> Mapping[str, Sequence[bytes]]:
    found: dict[str, list[bytes]] = {
        "objectGUID": [item.guid.bytes_le], "distinguishedName": [item.distinguished_name.encode()],
        "nTSecurityDescriptor": [_descriptor(item)],
    }  # fmt: skip
    if item.attributes_withheld:
        return found
    # Every object has a uSNChanged: it is missing for those who may not read the object's attributes.
    found["uSNChanged"] = [str(int(item.when_changed.timestamp())).encode()]
    # NORMAL_ACCOUNT, with or without ACCOUNTDISABLE.
    found["userAccountControl"] = [b"514" if item.account_disabled else b"512"]
    found.update(_mail_attributes(item))
    if item.home_mdb_left or item.is_mailbox:
        name = item.database or "Old Database"
        found["homeMDB"] = [f"CN={name},CN=Databases,{_CONFIGURATION}".encode()]
    if item.home_mta_left:
        found["homeMTA"] = [f"CN=Microsoft MTA,CN=OLD01,CN=Servers,{_CONFIGURATION}".encode()]
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
        "msDS-ExternalDirectoryObjectId": item.written_back_id,
        **{f"extensionAttribute{number}": value for number, value in item.custom_attributes.items()},
    }  # fmt: skip
    found = {name: [value.encode()] for name, value in texts.items() if value}
    if item.email_addresses:
        found["proxyAddresses"] = [address.encode() for address in item.email_addresses]
    return found


def _descriptor(item: DirectoryObject) -> bytes:
    """Return a self-relative security descriptor with an empty access list."""
    control = _PRESENT | (_PROTECTED if item.inheritance_disabled else 0)
    header = struct.pack("<BBHIIII", 1, 0, control, 0, 0, 0, 20)
    return header + struct.pack("<BBHHH", 4, 0, 8, 0, 0)
