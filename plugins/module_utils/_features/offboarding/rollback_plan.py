# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The way back before completion: what of an offboarding is undone, what stays, and what is refused.

A mail user may be taken away only while no sync has exported it. After that on-premises is the master, and an export
of the bare user would strip the cloud mailbox of its addresses (facts offboarding-practice.md 0.3 and 1.7). So the
question is never whether a sync has run, but whether it is certain that none has.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Value
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.activity import Activity
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid import (
    plan as exchange_guid,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import (
    addresses,
    cloud,
    move_request,
    on_premises,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    Baseline,
    CloudRecipient,
    MoveRequest,
    OnPremisesRecipient,
    Predicted,
    part,
)

NOTHING, UNDONE, KEPT = "nothing", "undone", "kept"
DECISIONS = (NOTHING, UNDONE, KEPT)
MASTER = (
    "On-premises is the master now: without the mail user, the next sync would remove the addresses of the cloud "
    "mailbox."
)
ONBOARDING = (
    "The way back is an onboarding move, a new move that copies the mailbox to the cloud: New-MoveRequest -Remote in "
    "Exchange Online, with -RemoteHostName and the routing domain as -TargetDeliveryDomain. It does not undo this "
    "move, and this collection does not create it."
)
_SHOWN = (
    "recipient_type_details",
    "external_email_address",
    "primary_smtp_address",
    "email_addresses",
    "exchange_guid",
    "archive_guid",
    "windows_email_address",
)


@dataclass(frozen=True)
class RollbackEvidence:
    """What was read for one mailbox.

    ``exported`` says why a sync may have exported what was written since the baseline; it is empty when that is
    excluded. ``scheduler_runs`` tells whether a scheduled cycle could begin now. ``routing`` is the routing address
    that an offboarding with the task's options would have given to the mailbox. ``set_aside`` is the file of a baseline
    that an earlier rollback put away. ``migration_user`` names its user in a batch of the wave, empty where it has
    none on its way; ``move_request`` is then that user in the terms of a request, where it has no request yet.
    """

    cloud: CloudRecipient
    on_premises: OnPremisesRecipient
    move_request: MoveRequest | None = None
    baseline: Baseline | None = None
    set_aside: str = ""
    exported: str = ""
    scheduler_runs: bool = False
    routing: str = ""
    migration_user: str = ""


@dataclass(frozen=True)
class Judgement:
    """``baseline_done`` tells whether the baseline is no authority any more once the decision was carried out."""

    decision: str
    reason: str
    baseline_done: bool = False


# -- has a sync exported it? -------------------------------------------------------------------------------------------


def may_have_exported(taken_at: str, activity: Activity | None, tolerance: float) -> str:
    """Return why a sync may have exported what was written after ``taken_at``, or an empty text where none can have.

    A baseline comes before the first write, so a run that had ended by then has not seen it. ``tolerance`` are the
    seconds by which the clocks of the controller, which dates baselines, and of the server, which dates runs, may
    differ. A history that was purged, or that begins after the baseline, proves nothing.
    """
    try:
        moment = _values.parse_time(taken_at)
    except ValueError:
        moment = None
    if moment is None:
        return "the baseline does not say when it was taken"
    if activity is None:
        return f"no Entra Connect server was queried, so a cycle may have run since the baseline of {taken_at}"
    if activity.staging_mode_enabled:
        return "the Entra Connect server is in staging mode, so another server exports"
    if activity.running or not all(run["is_run_complete"] for run in activity.runs):
        return "a run of directory synchronization is in progress"
    if not activity.runs:
        return "the run history of Entra Connect is empty, so a cycle may have run and have been purged"
    latest = moment - datetime.timedelta(seconds=tolerance)
    for run in activity.runs:
        ended = _values.parse_time(run["end_date"])
        if ended is None or ended >= latest:
            return (
                f"{run['run_profile_name']} of {run['connector_name']} ended at {run['end_date']}, and the baseline "
                f"was taken at {taken_at}"
            )
    return ""


# -- the judgement -----------------------------------------------------------------------------------------------------


def judge(evidence: RollbackEvidence) -> Judgement:
    """Return what is to become of one mailbox; MailboxError where nothing may be written for it."""
    _refuse_after_the_move(evidence)
    _refuse_other_objects(evidence)
    _refuse_request(evidence)
    if evidence.baseline is None:
        return _without_baseline(evidence)
    synced = bool(evidence.cloud["is_dir_synced"])
    done = not synced or not cloud.difference(evidence.baseline["cloud"], evidence.cloud)
    if not written_on_premises(evidence) and not added_routing(evidence):
        if not has_request(evidence):
            return Judgement(NOTHING, "both sides match the baseline", done)
        return Judgement(UNDONE, "only the move request was created; on-premises matches the baseline", done)
    if evidence.baseline["cloud"].get("is_dir_synced"):
        why = "the cloud user was synced before the first write, so any cycle may have exported what was written"
        return Judgement(KEPT, _kept(why))
    if synced:
        return Judgement(KEPT, _kept("the cloud user is synced now"))
    if evidence.on_premises["kind"] == "user":
        return Judgement(UNDONE, "the on-premises user is plain, and the cloud user is not synced", done)
    if evidence.exported:
        return Judgement(KEPT, _kept(evidence.exported))
    _refuse_running_scheduler(evidence)
    _refuse_losses(evidence)
    return Judgement(UNDONE, "the cloud user is not synced, and no cycle has run since the baseline", done)


def _kept(why: str) -> str:
    return f"{why}. {MASTER}"


def _refuse_after_the_move(evidence: RollbackEvidence) -> None:
    mailbox, ad = evidence.cloud, evidence.on_premises
    if mailbox["kind"] == "mail_user" and ad["kind"] == "mailbox":
        raise MailboxError(
            f"the move is completed: the mailbox is on-premises, {ad['distinguished_name']}.",
            code="already_home",
            cmdlet="Get-MailUser",
            remedy=ONBOARDING,
        )
    if mailbox["kind"] != "mailbox" or ad["kind"] in ("mailbox", "other"):
        raise _conflict(
            f"the cloud object is a {mailbox['recipient_type_details']}, the on-premises object "
            f"{ad['distinguished_name']} a {ad['recipient_type_details']}"
        )
    request = evidence.move_request
    if request is not None and request["status"] == "CompletionInProgress":
        raise MailboxError(
            "the move is completing and can no longer be cancelled.",
            code="completing",
            cmdlet="Get-MoveRequest",
            remedy=f"Wait until it is Completed. {ONBOARDING}",
        )


def _refuse_other_objects(evidence: RollbackEvidence) -> None:
    ad, known = evidence.on_premises, evidence.cloud["exchange_guid"]
    before = (evidence.baseline or {}).get("on_premises", {})
    if before and before["guid"] != ad["guid"]:
        raise _conflict(f"the baseline belongs to the on-premises user {before['guid']}, not to {ad['guid']}")
    held = ad.get("exchange_guid", _values.ZERO_GUID)
    if held not in (_values.ZERO_GUID, known, before.get("exchange_guid")):
        raise _conflict(f"the on-premises object has the GUID {held}, the cloud mailbox {known}")
    if before and ad["kind"] != before["kind"] and (before["kind"], ad["kind"]) != ("user", "mail_user"):
        raise _conflict(
            f"the on-premises object was a {before['recipient_type_details']} and is a {ad['recipient_type_details']}, "
            "which is not the result of an offboarding"
        )


def _conflict(reason: str) -> MailboxError:
    return MailboxError(
        f"{reason}.",
        code="conflict",
        cmdlet="Get-User",
        remedy="Resolve it by hand: nothing was written for this mailbox.",
    )


def _refuse_request(evidence: RollbackEvidence) -> None:
    request = _open_request(evidence)
    if request is not None and move_request.owned_by_batch(request) and not evidence.migration_user:
        raise MailboxError(
            f"the request belongs to the migration batch {str(request['batch_name']).partition(':')[2]}.",
            code="belongs_to_migration_batch",
            cmdlet="Get-MoveRequest",
            remedy="Set batch_name to the name of the wave whose batch it is. Otherwise remove its migration user from "
            "that batch first, then roll back.",
        )


def _without_baseline(evidence: RollbackEvidence) -> Judgement:
    """No run of this directory has written for the mailbox; what looks written all the same is not ours to judge."""
    ad = evidence.on_premises
    stamped = ad.get("exchange_guid") == evidence.cloud["exchange_guid"]
    looks_written = ad["kind"] == "mail_user" or stamped
    if _open_request(evidence) is not None or (looks_written and not evidence.set_aside):
        raise MailboxError(
            f"there is no baseline, but {'a move request' if _open_request(evidence) else ad['distinguished_name']} "
            "that an offboarding may have created: the mailbox's original values are not known.",
            code="baseline_missing",
            remedy="Use the directory of the run that created it. Without it, remove the request with move_request, "
            "state: absent, and keep the mail user unchanged.",
        )
    if evidence.set_aside:
        return Judgement(NOTHING, f"it was rolled back before; its baseline is in {evidence.set_aside}")
    return Judgement(NOTHING, "there is no baseline, so no run of this directory has written anything")


def _refuse_running_scheduler(evidence: RollbackEvidence) -> None:
    if evidence.scheduler_runs:
        raise MailboxError(
            "the scheduler of Entra Connect is running, so a cycle could export the user while it is half undone.",
            code="scheduler_not_paused",
            cmdlet="Get-ADSyncScheduler",
            retryable=True,
            remedy="Pause it first with directory_sync, state: paused (the role does, with offboarding_pause_sync).",
        )


def _refuse_losses(evidence: RollbackEvidence) -> None:
    """Refuse to take a mail user away with values that a plain user does not show, so that no baseline has them."""
    held = lost_with_the_mail_user(evidence.on_premises)
    if _enabled_by_us(evidence) and held:
        raise MailboxError(
            f"the mail user has {', '.join(held)}. Disable-MailUser may clear it, and no cmdlet sets it on a plain "
            "user.",
            code="attributes_would_be_lost",
            cmdlet="Disable-MailUser",
            remedy="Write the values down and clear them with Set-MailUser, roll back, then set extensionAttribute1 to "
            "15 or msExchHideFromAddressLists again in Active Directory.",
        )


def lost_with_the_mail_user(ad: OnPremisesRecipient) -> list[str]:
    """Return what Disable-MailUser may clear and no cmdlet sets on a plain user."""
    hidden = ["hidden_from_address_lists_enabled"] if ad.get("hidden_from_address_lists_enabled") else []
    return [*sorted(ad.get("custom_attributes", {})), *hidden]


# -- what was written --------------------------------------------------------------------------------------------------


def _open_request(evidence: RollbackEvidence) -> MoveRequest | None:
    """Return a request that is on its way. One that is completed is of an earlier move: the mailbox is in the cloud."""
    request = evidence.move_request
    return None if request is None or request["status"] in move_request.COMPLETED else request


def _enabled_by_us(evidence: RollbackEvidence) -> bool:
    before = (evidence.baseline or {}).get("on_premises", {})
    return bool(before.get("kind") == "user" and evidence.on_premises["kind"] == "mail_user")


def has_request(evidence: RollbackEvidence) -> bool:
    """Tell whether a move request is on its way."""
    return _open_request(evidence) is not None


def written_on_premises(evidence: RollbackEvidence) -> bool:
    """Tell whether something stands on-premises that an offboarding may have written since the baseline."""
    return bool(_enabled_by_us(evidence) or _changed(evidence) or _plain_changes(evidence))


def _changed(evidence: RollbackEvidence) -> OnPremisesRecipient:
    """Return what has to be set on an object that was a mail user or remote mailbox before: the baseline's values."""
    ad, before = evidence.on_premises, (evidence.baseline or {}).get("on_premises", {})
    if ad["kind"] not in exchange_guid.SETTERS or before.get("kind") != ad["kind"]:
        return {}
    names = ["exchange_guid", "archive_guid"]
    if ad["kind"] == "mail_user":
        names += ["external_email_address", "email_address_policy_enabled"]
    change = part(before, [name for name in names if before.get(name) != ad.get(name)])
    held = before.get("email_addresses", [])
    if ad["kind"] == "mail_user" and (
        "external_email_address" in change or not addresses.same(held, ad["email_addresses"])
    ):
        # Always given with a new external address: Set-MailUser would take the old one out of the addresses.
        change["email_addresses"] = held
    return change


def _plain_changes(evidence: RollbackEvidence) -> OnPremisesRecipient:
    """Return what Enable-MailUser and Disable-MailUser leave behind on a user that was plain before.

    Disable-MailUser clears ``mail``, Enable-MailUser fills an empty display name with the name.
    """
    ad, before = evidence.on_premises, (evidence.baseline or {}).get("on_premises", {})
    if before.get("kind") != "user":
        return {}
    change: OnPremisesRecipient = {}
    mail = before.get("windows_email_address", "")
    if mail and (ad["kind"] == "mail_user" or not ad["windows_email_address"]):
        change["windows_email_address"] = mail
    shown = ad["display_name"]
    if shown and not before.get("display_name") and ad["distinguished_name"].startswith(f"CN={shown},"):
        change["display_name"] = ""
    return change


def added_routing(evidence: RollbackEvidence) -> str:
    """Return the routing address that was added to the cloud mailbox, where it is there and the baseline lacks it."""
    before = addresses.smtp_addresses((evidence.baseline or {}).get("cloud", {}).get("email_addresses", []))
    live = addresses.smtp_addresses(evidence.cloud["email_addresses"])
    external = evidence.on_premises.get("external_email_address", "") if _enabled_by_us(evidence) else ""
    for candidate in (_values.folded(external), _values.folded(evidence.routing)):
        primary = _values.folded(evidence.cloud["primary_smtp_address"])
        if candidate and candidate in live and candidate not in before and candidate != primary:
            return candidate
    return ""


def left_behind(evidence: RollbackEvidence) -> list[str]:
    """Return what differs from the baseline after all was undone: values that are not known to be ours, or that no
    cmdlet takes away. One sentence each."""
    if evidence.baseline is None:
        return []
    ad, before, told = evidence.on_premises, evidence.baseline["on_premises"], []
    mail, had = ad["windows_email_address"], before.get("windows_email_address", "")
    if ad["kind"] == "user" and _values.folded(mail) != _values.folded(had):
        told.append(
            f"mail is {mail}, and the baseline has {had or 'none'}: remove it in Active Directory if it is not needed."
        )
    kept = before.get("proxy_addresses", [])
    if ad["kind"] == "user" and kept:
        told.append(
            f"the baseline has the proxyAddresses {', '.join(kept)}. Disable-MailUser clears them, and no cmdlet sets "
            "them on a plain user: check the user in Active Directory, and restore what is missing."
        )
    new = addresses.missing(evidence.cloud["email_addresses"], evidence.baseline["cloud"]["email_addresses"])
    if new:
        told.append(
            f"the cloud mailbox holds {', '.join(new)}, which is not in the baseline and not known to come from an "
            "offboarding: remove in Exchange Online what is not needed."
        )
    return told


# -- the plan ----------------------------------------------------------------------------------------------------------


def plan(evidence: RollbackEvidence, include_sip: bool = True) -> Plan:
    """Return what is to be written for one mailbox, in the order in which a kill after any write does no harm.

    The request goes first, so that no move runs towards a user that is being taken down; the address in the cloud goes
    while the mail user still names it; Active Directory's ``mail`` comes last, because Disable-MailUser clears it.
    """
    judgement = judge(evidence)
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    calls: list[tuple[str, Cmdlet]] = []
    request = _open_request(evidence)
    if request is not None:
        if evidence.migration_user:
            calls.append((EXCHANGE_ONLINE, Cmdlet("Remove-MigrationUser", {"Identity": evidence.migration_user})))
        if not move_request.owned_by_batch(request):
            calls.append((EXCHANGE_ONLINE, Cmdlet("Remove-MoveRequest", {"Identity": request["exchange_guid"]})))
        before["move_request"] = {name: request[name] for name in ("status", "batch_name") if name in request}
        after["move_request"] = None
    if judgement.decision == UNDONE:
        calls += _undo(evidence, before, after)
    elif judgement.decision == KEPT:
        calls += _complete(evidence, include_sip, before, after)
    details: dict[str, object] = {"decision": judgement.decision, "reason": judgement.reason}
    if judgement.decision == KEPT:
        live = {**evidence.on_premises, **{name: value for name, value in after.items() if name != "move_request"}}
        details["kept"] = {name: live[name] for name in _SHOWN if live.get(name)}
    predicted: Predicted = {"move_request": None} if request is not None else {}
    return Plan(
        calls=tuple(calls),
        before=before,
        after=after,
        predicted=predicted,
        details=details,
        warnings=(f"kept: {judgement.reason}",) if judgement.decision == KEPT else (),
    )


def rolled_back(record: Record, evidence: RollbackEvidence, attempt: Attempt) -> Plan:
    """Return the plan of one record. What was decided before the first write is told: read back, nothing is left."""
    found = plan(evidence, include_sip=bool(record.get("include_sip")))
    if attempt.sent:
        return replace(found, details={})
    undone = "whole" in record and found.details["decision"] != KEPT
    return replace(found, enriched={"whole": False} if undone else {})


def _undo(evidence: RollbackEvidence, before: dict[str, object], after: dict[str, object]) -> list[tuple[str, Cmdlet]]:
    ad, calls = evidence.on_premises, []
    routing = added_routing(evidence)
    if routing:
        parameters: dict[str, Value] = {
            "Identity": evidence.cloud["exchange_guid"],
            "EmailAddresses": {"Remove": [f"smtp:{routing}"]},
        }
        calls.append((EXCHANGE_ONLINE, Cmdlet("Set-Mailbox", parameters)))
        held = evidence.cloud["email_addresses"]
        before["cloud_email_addresses"] = held
        after["cloud_email_addresses"] = [a for a in held if addresses.key(a) != ("smtp", routing)]
    if _enabled_by_us(evidence):
        calls.append(
            (EXCHANGE_SERVER, Cmdlet("Disable-MailUser", {"Identity": ad["guid"], "Confirm": False})),
        )
        before.update({name: value for name, value in part(ad, _SHOWN).items() if value})
        after["recipient_type_details"] = (evidence.baseline or {})["on_premises"]["recipient_type_details"]
    plain = _plain_changes(evidence)
    if plain:
        calls.append(_write("Set-User", ad, plain, before, after))
    change = _changed(evidence)
    policy = part(change, ["email_address_policy_enabled"])
    change.pop("email_address_policy_enabled", None)
    if change:
        calls.append(_write(exchange_guid.SETTERS[ad["kind"]], ad, change, before, after))
    if policy:
        # On its own and last: a policy that is on refuses to have the primary address changed.
        calls.append(_write(exchange_guid.SETTERS[ad["kind"]], ad, policy, before, after))
    return calls


def _complete(
    evidence: RollbackEvidence, include_sip: bool, before: dict[str, object], after: dict[str, object]
) -> list[tuple[str, Cmdlet]]:
    """Give a mail user that stays the addresses that a killed run had not written yet: a sync would lose them."""
    if not _enabled_by_us(evidence):
        return []
    known, ad = (evidence.baseline or {})["cloud"], evidence.on_premises
    wanted = addresses.to_carry(
        known["primary_smtp_address"],
        known["email_addresses"],
        known.get("legacy_exchange_dn", ""),
        include_sip=include_sip,
    )
    kept = (evidence.baseline or {})["on_premises"].get("proxy_addresses", [])
    complete = addresses.merged(wanted, [*ad["email_addresses"], *addresses.writable(kept)])
    change: OnPremisesRecipient = {}
    if not addresses.same(complete, ad["email_addresses"]):
        change["email_addresses"] = complete
    if ad.get("email_address_policy_enabled"):
        change["email_address_policy_enabled"] = False
    return [_write("Set-MailUser", ad, change, before, after)] if change else []


def _write(
    cmdlet: str,
    ad: OnPremisesRecipient,
    change: OnPremisesRecipient,
    before: dict[str, object],
    after: dict[str, object],
) -> tuple[str, Cmdlet]:
    before.update({name: ad.get(name) for name in change})
    after.update(change)
    return EXCHANGE_SERVER, Cmdlet(cmdlet, {"Identity": ad["guid"], **on_premises.setting(change, ad)})
