# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The holds of a cloud mailbox, each by its kind: InPlaceHolds is a list with a grammar, and other holds are flags.

Microsoft: "How to identify the type of hold placed on an Exchange Online mailbox". A prefix says what made an entry,
the suffix of a retention policy what it does, and a leading minus that the mailbox is left out of it. Policies for
everybody stand in Get-OrganizationConfig alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LITIGATION, EDISCOVERY, IN_PLACE = "litigation_hold", "ediscovery_hold", "in_place_hold"
RETENTION, ORGANIZATION = "retention_hold", "organization_retention_hold"
LABEL, DELAY, DELAY_RELEASE, UNKNOWN = "retention_label_hold", "delay_hold", "delay_release_hold", "unknown_hold"
# What ends each of them.
REMEDIES = {
    LITIGATION: "Run Set-Mailbox -LitigationHoldEnabled $false in the cloud if the hold may end, or export what it "
    "keeps. The hold can be set again on-premises.",
    EDISCOVERY: "Get-CaseHoldPolicy in Security & Compliance PowerShell shows the case for the GUID: remove the "
    "mailbox from its hold, or export what it keeps.",
    RETENTION: "Get-RetentionCompliancePolicy in Security & Compliance PowerShell shows the policy for the GUID: "
    "remove the mailbox from its locations, or export what it keeps.",
    ORGANIZATION: "Get-RetentionCompliancePolicy in Security & Compliance PowerShell shows the policy for the GUID: "
    "exclude the mailbox (Set-RetentionCompliancePolicy -AddExchangeLocationException), or export what it keeps.",
    IN_PLACE: "Get-MailboxSearch -InPlaceHoldIdentity shows the hold: remove it, or export what it keeps.",
    LABEL: "Remove the retention labels from the items and folders, or export what they keep.",
    DELAY: "It ends by itself within 30 days. Set remove_delay_holds: true to end it before the move.",
    DELAY_RELEASE: "It ends by itself within 30 days. Set remove_delay_holds: true to end it before the move.",
    UNKNOWN: "Find out in Microsoft Purview what holds the mailbox, and release it, or export what it keeps.",
}
CODES = tuple(REMEDIES)
# Flags of the mailbox, as cloud.recipient names them, with the property that shows each.
_FLAGS = {
    "litigation_hold_enabled": (LITIGATION, "LitigationHoldEnabled"),
    "compliance_tag_hold_applied": (LABEL, "ComplianceTagHoldApplied"),
    "delay_hold_applied": (DELAY, "DelayHoldApplied"),
    "delay_release_hold_applied": (DELAY_RELEASE, "DelayReleaseHoldApplied"),
}
# The switch of Set-Mailbox that ends a delay hold, by the flag that shows it; each is a call of its own.
ENDED_BY = {
    "delay_hold_applied": "RemoveDelayHoldApplied",
    "delay_release_hold_applied": "RemoveDelayReleaseHoldApplied",
}
_GUID = r"(?P<guid>[0-9a-f-]+)"
_EDISCOVERY = re.compile(rf"UniH{_GUID}", re.IGNORECASE | re.ASCII)
# Of old, without a prefix: then it has to be a whole GUID.
_IN_PLACE = re.compile(
    r"cld[0-9a-f-]+|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII
)
_POLICY = re.compile(rf"(?P<excluded>-?)(?P<place>mbx|skp|grp){_GUID}(:(?P<action>\d+))?", re.IGNORECASE | re.ASCII)
_DELETES_ONLY = "1"
# Holds only; holds and then deletes; and entries from before there was a suffix, which hold (inferred).
_KEEPS = ("2", "3", None)


@dataclass(frozen=True)
class Hold:
    """One hold. ``entry`` is what Exchange shows of it: the entry of a list, or the name of a flag."""

    code: str
    entry: str


def of_mailbox(cloud: Mapping[str, Any], organization: Iterable[str] = ()) -> list[Hold]:
    """Return the holds on a cloud mailbox. ``organization`` is InPlaceHolds of Get-OrganizationConfig."""
    flags = [Hold(*told) for name, told in _FLAGS.items() if cloud.get(name)]
    own: Sequence[str] = cloud.get("in_place_holds") or ()
    return [*flags, *_of_the_mailbox(own), *_of_everybody(organization, own)]


def delays(cloud: Mapping[str, Any]) -> list[str]:
    """Return which delay holds are on the mailbox, by their flags."""
    return [name for name in ENDED_BY if cloud.get(name)]


def _of_the_mailbox(entries: Iterable[str]) -> Iterator[Hold]:
    for entry in entries:
        policy = _POLICY.fullmatch(entry.strip())
        if policy is not None:
            code = _of_action(policy, RETENTION)
        elif _EDISCOVERY.fullmatch(entry.strip()):
            code = EDISCOVERY
        else:
            code = IN_PLACE if _IN_PLACE.fullmatch(entry.strip()) else UNKNOWN
        if code:
            yield Hold(code, entry)


def _of_everybody(entries: Iterable[str], own: Iterable[str]) -> Iterator[Hold]:
    """Yield the policies for the whole organization that hold this mailbox; those for groups (grp) hold no user's."""
    listed = [policy for entry in own if (policy := _POLICY.fullmatch(entry.strip()))]
    excluded = {policy["guid"].lower() for policy in listed if policy["excluded"]}
    for entry in entries:
        policy = _POLICY.fullmatch(entry.strip())
        if policy is None:
            yield Hold(UNKNOWN, entry)
        elif policy["place"].lower() != "grp" and policy["guid"].lower() not in excluded:
            code = _of_action(policy, ORGANIZATION)
            if code:
                yield Hold(code, entry)


def _of_action(policy: re.Match[str], holds: str) -> str:
    """Return the code of a retention policy by what it does; an empty text where it holds nothing."""
    if policy["excluded"] or policy["action"] == _DELETES_ONLY:
        return ""
    return holds if policy["action"] in _KEEPS else UNKNOWN
