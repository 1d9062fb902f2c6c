# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in the domain: one user for each thing that the reader has to see."""

from __future__ import annotations

import base64
import uuid
from typing import Any

READER, READER_PASSWORD = "Svc Reader", "Lab!Pw-Reader-7q"
CONSISTENCY_GUID = uuid.UUID("70ce6b6f-8c28-4ebe-a92e-4f4dc85efa94")
DATABASE = "CN=Configuration,DC=contoso,DC=com"  # anything that exists: a link needs a target


def person(name: str, *, password: str = "", inherits: bool = True, **attributes: str) -> dict[str, Any]:
    """Return an entry of people.json."""
    return {"name": name, "password": password, "inherits": inherits, "attributes": attributes}


PEOPLE = [
    person(READER, password=READER_PASSWORD),
    person("Clean Clark"),
    person("Home Hughes", homeMDB=DATABASE, homeMTA=DATABASE),
    person("Broken Baker", inherits=False, adminCount="1"),
    person("Moved Moore", msExchMailboxMoveRemoteHostName="old.contoso.com", msExchMailboxMoveTargetMDBLink=DATABASE),
    person("Removed Reed", msExchRemoteRecipientType="8"),
    person(
        "Anchored Archer", **{"mS-DS-ConsistencyGuid;base64": base64.b64encode(CONSISTENCY_GUID.bytes_le).decode()}
    ),
    *(person(f"Many {number:03d}") for number in range(60)),
]
