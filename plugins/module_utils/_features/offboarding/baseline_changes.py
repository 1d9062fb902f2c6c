# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What became of a mailbox since its baseline: nothing, what we wrote ourselves, or what somebody else changed.

The baseline is the authority because our own writes, and the sync that follows them, may damage what is live. That
holds from the first write on. Before it nothing of ours can have changed the mailbox, so what is live is right and an
old baseline would take away what was added meanwhile. After it a difference that neither our writes nor the
calculation in Microsoft Entra explains is somebody's intention, and nobody but the administrator can say whose counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding import rollback_plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.rollback_plan import (
    RollbackEvidence,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, cloud
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    Baseline,
    CloudRecipient,
    OnPremisesRecipient,
)

# Once the cloud user is synced and the stamp is on it, these come from on-premises: whatever they are, the next sync
# brings what stands there, and the match compares it with the baseline (smtp_match).
_FLOWING = (
    "user_principal_name",
    "alias",
    "display_name",
    "hidden_from_address_lists_enabled",
    "custom_attributes",
)


@dataclass(frozen=True)
class Changes:
    """``differing`` is ``name: (baseline, live)`` of what nothing explains. ``fresh`` is the cloud part of a baseline
    that may take the place of the old one; ``on_premises`` and ``taken_at`` go with it. Both are empty where the old
    one is to stay."""

    written: bool
    differing: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    fresh: CloudRecipient = field(default_factory=CloudRecipient)
    on_premises: OnPremisesRecipient = field(default_factory=OnPremisesRecipient)
    taken_at: str = ""


def since(evidence: RollbackEvidence, primary: str = "") -> Changes:
    """Return what changed since the baseline of the evidence; ``primary`` is the address that the record asks for."""
    baseline = evidence.baseline or {}
    if not _written(evidence):
        return _before_the_first_write(evidence, baseline)
    differing = _unexplained(evidence, baseline, primary)
    if not differing:
        return Changes(True)
    return Changes(
        True,
        differing,
        _with(baseline["cloud"], differing),
        baseline["on_premises"],
        str(baseline.get("taken_at") or ""),
    )


def _written(evidence: RollbackEvidence) -> bool:
    return rollback_plan.has_request(evidence) or rollback_plan.written_on_premises(evidence)


def _before_the_first_write(evidence: RollbackEvidence, baseline: Baseline) -> Changes:
    """A routing address that an earlier run added to the cloud mailbox is ours, and no part of how it was found."""
    routing = ("smtp", rollback_plan.added_routing(evidence))
    live: CloudRecipient = {
        **evidence.cloud,
        "email_addresses": [a for a in evidence.cloud["email_addresses"] if addresses.key(a) != routing],
    }
    if (live, evidence.on_premises) == (baseline["cloud"], baseline["on_premises"]):
        return Changes(False)
    lost = _lost(baseline["cloud"], live)
    if lost and (live["is_dir_synced"] or baseline["cloud"].get("is_dir_synced")):
        # A synced mailbox loses addresses by a sync alone: of a user that was half made and taken away again, say.
        return Changes(False, {"email_addresses": (lost, [])}, live, evidence.on_premises)
    return Changes(False, {}, live, evidence.on_premises)


def _lost(before: CloudRecipient, live: CloudRecipient) -> list[str]:
    return [a for a in addresses.missing(before.get("email_addresses", []), live["email_addresses"]) if _counts(a)]


def _counts(address: str) -> bool:
    """Tell whether an address is the mailbox's own: SPO: addresses come and go with SharePoint Online."""
    return addresses.address_type(address) not in addresses.OF_THE_CLOUD


def _unexplained(evidence: RollbackEvidence, baseline: Baseline, primary: str) -> dict[str, tuple[Any, Any]]:
    before, live, ad = baseline["cloud"], evidence.cloud, evidence.on_premises
    synced = bool(live["is_dir_synced"])
    differing: dict[str, tuple[Any, Any]] = {}
    for name in cloud.COMPARED:
        if name not in before or (synced and name in _FLOWING):
            continue
        if name == "recipient_type_details" and synced and cloud.kind_reverted(before, live):
            continue
        if name == "email_addresses":
            gone = [] if synced else _lost(before, live)
            new = _gained(evidence, before, synced)
            if gone or new:
                differing[name] = (gone, new)
        elif name == "primary_smtp_address":
            now = _primary(live, ad, synced)
            known = [_values.folded(address) for address in (before["primary_smtp_address"], primary)]
            if now and _values.folded(now) not in known:
                differing[name] = (before.get(name), now)
        elif before.get(name) != live.get(name):
            differing[name] = (before.get(name), live.get(name))
    return differing


def _gained(evidence: RollbackEvidence, before: CloudRecipient, synced: bool) -> list[str]:
    live, ad = evidence.cloud, evidence.on_premises
    ours = [*before["email_addresses"], f"smtp:{rollback_plan.added_routing(evidence)}"]
    if synced:
        ours += [
            *ad.get("email_addresses", []),
            f"X500:{before.get('legacy_exchange_dn', '')}",
            # Of a licensed user Entra makes the UPN an address.
            f"smtp:{live['user_principal_name']}",
        ]
    return [
        address
        for address in addresses.missing(live["email_addresses"], ours)
        if _counts(address) and not (synced and addresses.of_the_service(address))
    ]


def _primary(live: CloudRecipient, ad: OnPremisesRecipient, synced: bool) -> str:
    """Return the primary address that somebody means the mailbox to have now, or an empty text.

    Of a synced mailbox it is what stands on-premises: the cloud's follows with the next sync. While a user is half
    made, its address policy may have chosen another one, which is nobody's intention.
    """
    if not synced:
        return str(live["primary_smtp_address"])
    whole = ad.get("exchange_guid") == live["exchange_guid"] and not ad.get("email_address_policy_enabled")
    return str(ad.get("primary_smtp_address") or "") if whole else ""


def _with(before: CloudRecipient, differing: Mapping[str, tuple[Any, Any]]) -> CloudRecipient:
    """Return the baseline's cloud part with what nothing explains as it is live, and all the rest as it was."""
    now = {name: live for name, (_was, live) in differing.items() if name != "email_addresses"}
    fresh: CloudRecipient = {**before, **cast(CloudRecipient, now)}
    gone, new = differing.get("email_addresses", ((), ()))
    left = {addresses.key(address) for address in gone}
    kept = [address for address in before["email_addresses"] if addresses.key(address) not in left]
    fresh["email_addresses"] = addresses.with_primary([*kept, *new], str(fresh["primary_smtp_address"]))
    return fresh


# -- told --------------------------------------------------------------------------------------------------------------


def stop_sign(changes: Changes, taken_at: str, identity: str) -> MailboxError:
    """Return the blocker that shows both sides and says how to choose one."""
    since_when = f"since the baseline of {taken_at}" if taken_at else "since the baseline"
    what = (
        "something other than this offboarding changed the mailbox"
        if changes.written
        else "a sync removed addresses, and nothing that this offboarding wrote is on-premises"
    )
    return MailboxError(
        f"{since_when} {what}: {told(changes)}.",
        code="baseline_differs",
        remedy="If the live values are right, use them: offboarding_baseline: refresh with offboarding_only: "
        f"[{identity}], or baseline: refresh in the mailbox's record. If the baseline is right, accept that its values "
        "are written: offboarding_accept: [baseline_differs].",
    )


def told(changes: Changes) -> str:
    """Return the differences as text: of addresses only what came and what went."""
    parts = []
    for name, (before, now) in changes.differing.items():
        if name == "email_addresses":
            parts += [f"{name} lost {', '.join(before)}"] if before else []
            parts += [f"{name} gained {', '.join(now)}"] if now else []
        else:
            parts.append(f"{name} was {before!r} and is {now!r}")
    return "; ".join(parts)
