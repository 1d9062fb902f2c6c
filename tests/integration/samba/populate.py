# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fills the directory of a domain controller that does not run yet: the system's Python runs this, with Samba's own.

usage: populate.py SMB_CONF SAM_LDB [WRONG_PASSWORDS_UNTIL_LOCKED] < people.json

Without the number only people come, into a domain that was filled before and may run already. Instead of it,
``add-domain`` and ``remove-domain`` do what they say, and nobody comes.

A schema extension stands in for Exchange's, then people come, each with the attributes that people.json gives it.
"""

from __future__ import annotations

import base64
import json
import sys
import uuid
from typing import Any

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

BASE = "DC=contoso,DC=local"
SCHEMA = f"CN=Schema,CN=Configuration,{BASE}"
SECOND_DOMAIN = f"CN=EMEA,CN=Partitions,CN=Configuration,{BASE}"
# (attributeSyntax, oMSyntax) of a distinguished name, a text, a large integer, a Boolean ([MS-ADTS] 3.1.1.2.2.2).
DN, TEXT, NUMBER, FLAG = ("2.5.5.1", "127"), ("2.5.5.12", "64"), ("2.5.5.16", "65"), ("2.5.5.8", "1")
# Names, syntaxes and the property set are Exchange's; the object identifiers are nobody's.
EXCHANGE = {
    "homeMDB": DN, "homeMTA": DN, "msExchMailboxMoveTargetMDBLink": DN, "msExchMailboxMoveRemoteHostName": TEXT,
    "msExchMailboxMoveBatchName": TEXT, "msExchRemoteRecipientType": NUMBER, "mailNickname": TEXT,
    "msExchHideFromAddressLists": FLAG, "msDS-ExternalDirectoryObjectId": TEXT,  # the latter Windows Server 2016's
    **{f"extensionAttribute{number}": TEXT for number in range(1, 16)},
}  # fmt: skip
DACL = ["sd_flags:1:4"]
EXCHANGE_INFORMATION = uuid.UUID("1f298a89-de98-47b8-b5cd-572ad53d267e")
ARC = "1.3.6.1.4.1.55555.1"
DN_CLASS = base64.b64decode("KwwCh3McAIVK")  # oMObjectClass of a distinguished name ([MS-ADTS] 3.1.1.2.2.2)


def main(configuration: str, database: str, lockout: str = "") -> None:
    parameters = LoadParm()
    parameters.load(configuration)
    parameters.set("dsdb:schema update allowed", "yes")
    directory = SamDB(url=database, session_info=system_session(), lp=parameters)
    if lockout in DOMAINS:
        DOMAINS[lockout](directory)
        return
    if lockout:
        fill(directory, lockout)
    for person in json.load(sys.stdin):
        add(directory, **person)


def fill(directory: Any, lockout: str) -> None:
    """Extend the schema, and make the units and the policy of a new domain."""
    extend_schema(directory)
    policy = ldb.Message(ldb.Dn(directory, BASE))
    policy["lockoutThreshold"] = ldb.MessageElement(lockout, ldb.FLAG_MOD_REPLACE, "lockoutThreshold")
    directory.modify(policy)
    for unit in ("People", "Hardened"):
        directory.add({"dn": f"OU={unit},{BASE}", "objectClass": "organizationalUnit"})
    harden(directory, f"OU=Hardened,{BASE}")


def add_domain(directory: Any) -> None:
    """Let the forest have a second domain, which nobody serves; the catalog has proxyAddresses, as beside Exchange."""
    domain = {
        "dn": SECOND_DOMAIN, "objectClass": ["top", "crossRef"], "nCName": f"DC=emea,{BASE}",
        "dnsRoot": "emea.contoso.local", "nETBIOSName": "EMEA", "systemFlags": "3",
    }  # fmt: skip
    directory.add(domain, controls=["relax:0"])
    change = ldb.Message(ldb.Dn(directory, f"CN=Proxy-Addresses,{SCHEMA}"))
    change["member"] = ldb.MessageElement("TRUE", ldb.FLAG_MOD_REPLACE, "isMemberOfPartialAttributeSet")
    directory.modify(change)
    directory.set_schema_update_now()


def remove_domain(directory: Any) -> None:
    directory.delete(SECOND_DOMAIN, controls=["relax:0"])


DOMAINS = {"add-domain": add_domain, "remove-domain": remove_domain}


def extend_schema(directory: Any) -> None:
    for number, (name, (syntax, om_syntax)) in enumerate(EXCHANGE.items(), start=1):
        entry = {
            "dn": f"CN={name},{SCHEMA}", "objectClass": ["top", "attributeSchema"], "attributeID": f"{ARC}.{number}",
            "lDAPDisplayName": name, "attributeSyntax": syntax, "oMSyntax": om_syntax, "isSingleValued": "TRUE",
            "attributeSecurityGUID": EXCHANGE_INFORMATION.bytes_le,
        }  # fmt: skip
        if (syntax, om_syntax) == DN:
            entry["oMObjectClass"] = DN_CLASS
        directory.add(entry)
    directory.set_schema_update_now()
    change = ldb.Message(ldb.Dn(directory, f"CN=User,{SCHEMA}"))
    change["mayContain"] = ldb.MessageElement(list(EXCHANGE), ldb.FLAG_MOD_ADD, "mayContain")
    directory.modify(change)
    directory.set_schema_update_now()


def add(
    directory: Any, name: str, password: str, attributes: dict[str, str], inherits: bool, unit: str, guid: str
) -> None:
    """Add a user; an attribute ``name;base64`` has bytes. ``guid`` is its objectGUID, empty for a new one."""
    account = name.lower().replace(" ", ".")
    dn = f"CN={name},{unit}"
    principal = {"userPrincipalName": f"{account}@contoso.com"}
    entry = {"dn": dn, "objectClass": "user", "sAMAccountName": account, **principal}
    if guid:
        # Nobody but a replicating controller may choose an objectGUID.
        directory.add({**entry, "objectGUID": uuid.UUID(guid).bytes_le}, controls=["relax:0"])
    else:
        directory.add(entry)
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


def harden(directory: Any, unit: str) -> None:
    """Deny the accounts of the domain, by inheritance, to read what is below a unit.

    What a user object itself grants them comes first and stays, its name and its objectGUID for example.
    """
    denied = security.descriptor.from_sddl("D:(D;CIIO;RP;;;AU)", security.dom_sid(directory.get_domain_sid()))
    held = read_descriptor(directory, unit)
    held.dacl_add(denied.dacl.aces[0])
    write_descriptor(directory, unit, held)


def protect(directory: Any, dn: str) -> None:
    """Switch the inheritance of permissions off, as the button in the security dialogue does."""
    held = read_descriptor(directory, dn)
    held.type |= security.SEC_DESC_DACL_PROTECTED
    write_descriptor(directory, dn, held)


def read_descriptor(directory: Any, dn: str) -> Any:
    (entry,) = directory.search(dn, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=DACL)
    return ndr_unpack(security.descriptor, entry["nTSecurityDescriptor"][0])


def write_descriptor(directory: Any, dn: str, descriptor: Any) -> None:
    change = ldb.Message(ldb.Dn(directory, dn))
    packed = ndr_pack(descriptor)
    change["nTSecurityDescriptor"] = ldb.MessageElement([packed], ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
    directory.modify(change, controls=DACL)


if __name__ == "__main__":
    main(*sys.argv[1:])
