# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The mailbox GUIDs on the on-premises object: ExchangeGuid and ArchiveGuid.

The moved mailbox is found by this value, so it must equal the cloud mailbox's; all zeros means not stamped (KB 2956029,
KB 2813304). Another value belongs to another mailbox: it is never overwritten unasked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients.claim import Claim
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    OnPremisesRecipient,
    parameters,
    part,
)

SETTERS = {"mail_user": "Set-MailUser", "remote_mailbox": "Set-RemoteMailbox"}
_PARAMETERS = {"exchange_guid": "ExchangeGuid", "archive_guid": "ArchiveGuid"}


def stamped(record: Record, current: OnPremisesRecipient) -> Plan:
    """Return what stamps exchange_guid, and archive_guid where the record has one, on an on-premises object."""
    setter = SETTERS.get(current["kind"])
    if setter is None:
        raise MailboxError(
            f"the on-premises object {current['distinguished_name']} is a {current['recipient_type_details']}, which "
            "cannot have the GUID of a cloud mailbox.",
            code="wrong_recipient_type",
            cmdlet="Get-User",
            remedy="Mail-enable the user first (module mailuser), or correct ad_identity.",
        )
    check(record, current)
    change = changes(record, current)
    # A mail user needs its addresses, too, which module mailuser writes: the GUID alone does not make it whole.
    enriched: Record = {"whole": True} if current["kind"] == "remote_mailbox" else {}
    if not change:
        return Plan(enriched=enriched)
    call = Cmdlet(setter, {"Identity": current["guid"], **parameters(change, _PARAMETERS)})
    return Plan(
        calls=((EXCHANGE_SERVER, call),),
        before=part(current, change),
        after=change,
        predicted={"on_premises": {**current, **change}},
        enriched=enriched,
    )


def claim(after: Mapping[str, Any], current: Mapping[str, Any], tenant: Mapping[str, Any] | None = None) -> Claim:
    """Return what a plan gives the on-premises object that it does not have; ``tenant`` is its cloud object."""
    new = addresses.missing(after.get("email_addresses", ()), current.get("email_addresses", ()))
    return Claim(
        [addresses.asked(address) for address in new],
        {parameter: after[name] for name, parameter in _PARAMETERS.items() if name in after},
        str(current["guid"]),
        str((tenant or {}).get("external_directory_object_id") or ""),
        _values.folded(after.get("alias")) if current["kind"] == "user" else "",
    )


def check(record: Record, current: OnPremisesRecipient) -> None:
    """Refuse to overwrite a GUID that is neither zeros nor the wanted one."""
    for name, parameter in _PARAMETERS.items():
        wanted, held = _wanted(record, name), current.get(name, _values.ZERO_GUID)
        if wanted and held not in (_values.ZERO_GUID, wanted) and not record.get("force"):
            raise MailboxError(
                f"{current['distinguished_name']} already carries {parameter} {held}, not {wanted}.",
                code="guid_conflict",
                cmdlet="Get-User",
                remedy="Find out which mailbox has that GUID; set force: true only if it may be overwritten.",
            )


def changes(record: Record, current: OnPremisesRecipient) -> OnPremisesRecipient:
    """Return the GUIDs that differ from the record's, as ``exchange_guid`` and ``archive_guid``."""
    wanted: OnPremisesRecipient = {
        "exchange_guid": _wanted(record, "exchange_guid"),
        "archive_guid": _wanted(record, "archive_guid"),
    }
    differing = (n for n, guid in wanted.items() if guid and current.get(n, _values.ZERO_GUID) != guid)
    return part(wanted, differing)


def _wanted(record: Record, name: str) -> str:
    """Return the record's GUID, or an empty text: zeros mean that the cloud mailbox has none."""
    value = _values.guid(record.get(name))
    return "" if value == _values.ZERO_GUID else value
