# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fills the directory of a domain controller that does not run yet: the system's Python runs this, with Samba's own.

usage: populate.py SMB_CONF SAM_LDB < people.json

A schema extension stands in for Exchange's, then people come, each with the attributes that people.json gives it.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

BASE = "DC=contoso,DC=com"
SCHEMA = f"CN=Schema,CN=Configuration,{BASE}"
# (name, attributeSyntax, oMSyntax): a distinguished name, a text, a large integer. The object identifiers are nobody's.
DN, TEXT, NUMBER = ("2.5.5.1", "127"), ("2.5.5.12", "64"), ("2.5.5.16", "65")
EXCHANGE = {
    "homeMDB": DN, "homeMTA": DN, "msExchMailboxMoveTargetMDBLink": DN, "msExchMailboxMoveRemoteHostName": TEXT,
    "msExchRemoteRecipientType": NUMBER,
}  # fmt: skip
ARC = "1.3.6.1.4.1.55555.1"
DN_CLASS = base64.b64decode("KwwCh3McAIVK")  # oMObjectClass of a distinguished name ([MS-ADTS] 3.1.1.2.2.2)


def main(configuration: str, database: str) -> None:
    parameters = LoadParm()
    parameters.load(configuration)
    parameters.set("dsdb:schema update allowed", "yes")
    directory = SamDB(url=database, session_info=system_session(), lp=parameters)
    extend_schema(directory)
    directory.add({"dn": f"OU=People,{BASE}", "objectClass": "organizationalUnit"})
    for person in json.load(sys.stdin):
        add(directory, **person)


def extend_schema(directory: Any) -> None:
    for number, (name, (syntax, om_syntax)) in enumerate(EXCHANGE.items(), start=1):
        entry = {
            "dn": f"CN={name},{SCHEMA}", "objectClass": ["top", "attributeSchema"], "attributeID": f"{ARC}.{number}",
            "lDAPDisplayName": name, "attributeSyntax": syntax, "oMSyntax": om_syntax, "isSingleValued": "TRUE",
        }  # fmt: skip
        if (syntax, om_syntax) == DN:
            entry["oMObjectClass"] = DN_CLASS
        directory.add(entry)
    directory.set_schema_update_now()
    change = ldb.Message(ldb.Dn(directory, f"CN=User,{SCHEMA}"))
    change["mayContain"] = ldb.MessageElement(list(EXCHANGE), ldb.FLAG_MOD_ADD, "mayContain")
    directory.modify(change)
    directory.set_schema_update_now()


def add(directory: Any, name: str, password: str, attributes: dict[str, str], inherits: bool) -> None:
    """Add a user; an attribute ``name;base64`` has bytes."""
    account = name.lower().replace(" ", ".")
    dn = f"CN={name},OU=People,{BASE}"
    principal = {"userPrincipalName": f"{account}@contoso.com"}
    directory.add({"dn": dn, "objectClass": "user", "sAMAccountName": account, **principal})
    if password:
        directory.setpassword(f"(distinguishedName={dn})", password)
        directory.enable_account(f"(distinguishedName={dn})")
    for attribute, value in attributes.items():
        plain, _semicolon, encoding = attribute.partition(";")
        held = base64.b64decode(value) if encoding else value
        change = ldb.Message(ldb.Dn(directory, dn))
        change[plain] = ldb.MessageElement([held], ldb.FLAG_MOD_REPLACE, plain)
        directory.modify(change)
    if not inherits:
        protect(directory, dn)


def protect(directory: Any, dn: str) -> None:
    """Switch the inheritance of permissions off, as the button in the security dialogue does."""
    flags = ["sd_flags:1:4"]
    (entry,) = directory.search(dn, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=flags)
    descriptor = ndr_unpack(security.descriptor, entry["nTSecurityDescriptor"][0])
    descriptor.type |= security.SEC_DESC_DACL_PROTECTED
    change = ldb.Message(ldb.Dn(directory, dn))
    packed = ndr_pack(descriptor)
    change["nTSecurityDescriptor"] = ldb.MessageElement([packed], ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
    directory.modify(change, controls=flags)


if __name__ == "__main__":
    main(*sys.argv[1:])
