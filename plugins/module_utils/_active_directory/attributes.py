# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What the directory says of a user that no Exchange cmdlet shows, read out of LDAP attributes. Pure."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
WANTED = (
    "objectGUID",
    "distinguishedName",
    "homeMDB",
    "homeMTA",
    "nTSecurityDescriptor",
    "mS-DS-ConsistencyGuid",
    "msExchRemoteRecipientType",
    "adminCount",
    *MOVE_ATTRIBUTES,
)
# SE_DACL_PROTECTED in the Control word of a self-relative SECURITY_DESCRIPTOR ([MS-DTYP] 2.4.6).
_DACL_PROTECTED = 0x1000
_CONTROL = slice(2, 4)


@dataclass(frozen=True)
class DirectoryUser:
    """A user object. GUIDs are lower-case texts, ``inheritance_disabled`` is None where the descriptor was withheld.

    ``source_anchor`` is what Entra Connect would send as ImmutableId: base64 of mS-DS-ConsistencyGuid, else of
    objectGUID (facts offboarding-practice.md 1.2).
    """

    guid: str
    distinguished_name: str
    home_mdb: str = ""
    home_mta: str = ""
    inheritance_disabled: bool | None = None
    consistency_guid: str = ""
    remote_recipient_type: int = 0
    admin_count: int = 0
    move_residue: tuple[str, ...] = ()

    @property
    def source_anchor(self) -> str:
        return base64.b64encode(uuid.UUID(self.consistency_guid or self.guid).bytes_le).decode()


def user(attributes: Attributes) -> DirectoryUser:
    """Return the user that a search entry describes. ValueError for an entry without objectGUID."""
    known = {name.lower(): list(values) for name, values in attributes.items() if values}
    return DirectoryUser(
        guid=_guid(known.get("objectguid")),
        distinguished_name=_text(known.get("distinguishedname")),
        home_mdb=_text(known.get("homemdb")),
        home_mta=_text(known.get("homemta")),
        inheritance_disabled=_protected(known.get("ntsecuritydescriptor")),
        consistency_guid=_guid(known["ms-ds-consistencyguid"]) if "ms-ds-consistencyguid" in known else "",
        remote_recipient_type=_number(known.get("msexchremoterecipienttype")),
        admin_count=_number(known.get("admincount")),
        move_residue=_residue(known),
    )


def _text(values: Sequence[bytes] | None) -> str:
    return values[0].decode("utf-8", "replace") if values else ""


def _number(values: Sequence[bytes] | None) -> int:
    return int(_text(values) or 0)


def _guid(values: Sequence[bytes] | None) -> str:
    """Return a GUID of 16 bytes in .NET's little-endian order (facts offboarding-practice.md 1.3)."""
    if not values or len(values[0]) != 16:
        raise ValueError("not a GUID of 16 bytes")
    return str(uuid.UUID(bytes_le=bytes(values[0])))


def _protected(values: Sequence[bytes] | None) -> bool | None:
    if not values or len(values[0]) < 20:
        return None
    return bool(int.from_bytes(values[0][_CONTROL], "little") & _DACL_PROTECTED)


def _residue(known: Mapping[str, Sequence[bytes]]) -> tuple[str, ...]:
    return tuple(name for name in MOVE_ATTRIBUTES if name.lower() in known)
