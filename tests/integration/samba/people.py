# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in the domain: one user for each thing that the reader has to see, one account for each refused sign-in."""

from __future__ import annotations

import base64
import uuid
from typing import Any

READER, READER_PASSWORD = "Svc Reader", "Lab!Pw-Reader-7q"
CONSISTENCY_GUID = uuid.UUID("70ce6b6f-8c28-4ebe-a92e-4f4dc85efa94")
ODD_ANCHOR = b"EMP-004711"
CLOUD_OBJECT = "0c1c8f4e-0d7b-4c51-9a57-1f6b5f0a2d11"
BASE = "DC=contoso,DC=local"
DATABASE = f"CN=Configuration,{BASE}"  # anything that exists: a link needs a target
# A unit whose users the accounts of the domain may not look into, beside what their object class shows everybody.
HARDENED = f"OU=Hardened,{BASE}"
_YEAR_2000 = "125911584000000000"  # in the directory's own count, hundreds of nanoseconds since 1601


def encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def person(
    name: str, *, password: str = "", inherits: bool = True, hardened: bool = False, guid: str = "", **attributes: str
) -> Any:
    """Return an entry of people.json; an attribute ``name;base64`` has bytes."""
    return {
        "name": name, "password": password, "inherits": inherits, "unit": HARDENED if hardened else f"OU=People,{BASE}",
        "attributes": attributes, "guid": guid,
    }  # fmt: skip


def account(name: str, **attributes: str) -> Any:
    return person(name, password=READER_PASSWORD, **attributes)


# Whom adminDescription keeps out of the synchronization.
KEPT_OUT = ["Scope Smith", "Scope Älskog"]

PEOPLE = [
    account(READER),
    account("Svc Expired", accountExpires=_YEAR_2000),
    account("Svc Disabled", userAccountControl="514"),
    account("Svc Mustchange", pwdLastSet="0"),
    account("Svc Hours", **{"logonHours;base64": encoded(bytes(21))}),
    account("Svc Workstation", userWorkstations="PC01"),
    account("Svc Locked"),
    account("Svc Mistaken"),
    person("Clean Clark"),
    person("Home Hughes", homeMDB=DATABASE, homeMTA=DATABASE),
    person("Broken Baker", inherits=False, adminCount="1"),
    person("Moved Moore", msExchMailboxMoveRemoteHostName="old.contoso.com", msExchMailboxMoveTargetMDBLink=DATABASE),
    person("Removed Reed", msExchRemoteRecipientType="8"),
    person("Anchored Archer", **{"mS-DS-ConsistencyGuid;base64": encoded(CONSISTENCY_GUID.bytes_le)}),
    person("Odd Olsen", **{"mS-DS-ConsistencyGuid;base64": encoded(ODD_ANCHOR)}),
    person(
        "Shown Shaw", mailNickname="shaw", msExchHideFromAddressLists="TRUE", extensionAttribute1="Sales",
        extensionAttribute15="Ström Åsa", mail="shown.shaw@contoso.com",
        **{"msDS-ExternalDirectoryObjectId": f"User_{CLOUD_OBJECT}"},
    ),
    person("Hidden Hale", hardened=True, homeMDB=DATABASE, adminCount="1", extensionAttribute1="Sales"),
    *(person(name, adminDescription="User_not yet") for name in KEPT_OUT),
    *(person(f"Many {number:03d}") for number in range(60)),
]  # fmt: skip
