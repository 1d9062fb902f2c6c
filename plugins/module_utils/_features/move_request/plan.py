# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What becomes of one mailbox's move request: submitted, suspended, completed or removed. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _hold_kinds, _reader, _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError, MailboxError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import data_consistency
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import addresses, move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.plan import Attempt, Plan
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, refuse_unprepared
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.shapes import (
    CloudRecipient,
    MoveRequest,
    parameters,
    part,
)

# Record key → parameter of New-MoveRequest, set MigrationOutbound in the cloud (contract cmdlets.json). BadItemLimit
# and its kin are on-premises only and therefore absent.
NEW = {
    "remote_host_name": "RemoteHostName",
    "remote_target_database": "RemoteTargetDatabase",
    "remote_archive_target_database": "RemoteArchiveTargetDatabase",
    "target_delivery_domain": "TargetDeliveryDomain",
    "archive_domain": "ArchiveDomain",
    "primary_only": "PrimaryOnly",
    "archive_only": "ArchiveOnly",
    "batch_name": "BatchName",
    "start_after": "StartAfter",
    "incremental_sync_interval": "IncrementalSyncInterval",
    "completed_request_age_limit": "CompletedRequestAgeLimit",
    "accept_large_data_loss": "AcceptLargeDataLoss",
    "remote_global_catalog": "RemoteGlobalCatalog",
    "move_options": "MoveOptions",
    "skip_moving": "SkipMoving",
    "request_expiry_interval": "RequestExpiryInterval",
    "force_offline": "ForceOffline",
    "proxy_to_mailbox": "ProxyToMailbox",
}
# What a mailbox's record, or the task, must say.
NEEDED = ("remote_host_name", "remote_target_database", "target_delivery_domain")
# What the cloud cannot change on an existing request: record key → property of Get-MoveRequestStatistics.
FIXED = {
    "remote_target_database": "remote_database_name",
    "remote_archive_target_database": "remote_archive_database_name",
    "target_delivery_domain": "target_delivery_domain",
}


@dataclass(frozen=True)
class Move:
    """A mailbox and its move request, None where there is none. ``moved`` tells of a completed request that it is this
    mailbox's, which has really left: no leftover of an earlier move. ``kept_report`` is where its report was kept."""

    exchange_guid: str
    request: MoveRequest | None = None
    moved: bool = False
    kept_report: str = ""


def names_a_domain(username: str) -> bool:
    """Tell whether a name has the form DOMAIN\\user, the only one that the MRS proxy takes (KB 10094)."""
    return "\\" in username


def checked_credential(credential: Mapping[str, str | None] | None, *, needed: bool) -> Credential:
    """Return the remote credential; InputError where it is needed and not whole, or has another form."""
    username, password = (credential or {}).get("username"), (credential or {}).get("password")
    if needed and not (username and password):
        raise InputError(
            "remote_credential",
            None,
            "needs both username and password",
            "Set them, or REMOTE_CREDENTIAL_USERNAME and REMOTE_CREDENTIAL_PASSWORD.",
            "missing_option",
        )
    if username and not names_a_domain(username):
        raise InputError(
            "remote_credential.username",
            username,
            "is not in the form DOMAIN\\user",
            "Write it as CONTOSO\\mrs: the MRS proxy refuses a user principal name.",
            "malformed_username",
        )
    return Credential(str(username or ""), str(password or ""))


def submitted(record: Record, move: Move, credential: Credential, now: datetime.datetime) -> Plan:
    """A request exists: new, adopted or changed; a failed one is reported unless it is to be resumed."""
    refuse_unprepared(record)
    guid, current = move.exchange_guid, move.request
    if current is None:
        refuse_domain_of_the_cloud(str(record.get("target_delivery_domain") or ""))
        return _new(record, guid, credential)
    _refuse_batch(current)
    if current["status"] in move_request.COMPLETED:
        if move.moved:
            return Plan(details={"move_request": _brief(current)})
        raise MailboxError(
            f"a {current['status']} request is left from an earlier move and blocks a new one.",
            code="completed_request_left",
            cmdlet="Get-MoveRequest",
            remedy="Remove it (move_request, state: absent).",
        )
    if current["status"] == "Failed" and not record.get("resume_failed"):
        raise move_failed(current, "run with resume_failed: true")
    _refuse_fixed(record, current)
    change = _cutover_change(record, current, now)
    calls = [_set(guid, change)] if change else []
    if current["status"] == "Failed" or (change and current["status"] in ("AutoSuspended", "Suspended")):
        calls.append(Cmdlet("Resume-MoveRequest", {"Identity": guid}))
    return _plan(calls, current, {**change, **({"status": "resumed"} if len(calls) > bool(change) else {})})


def refuse_domain_of_the_cloud(domain: str) -> None:
    """Refuse a domain that the service gave to the tenant, which is right for moves into the cloud alone.

    The cloud's mail user gets its external address in this domain (Microsoft: New-MoveRequest; KB 3160413 asks for a
    domain of on-premises), and mail for it would never leave the cloud.
    """
    if addresses.tenants_own(_values.folded(domain)):
        raise MailboxError(
            f"{_reader.option('target_delivery_domain')}: '{domain}' is a domain of the cloud, and mail would loop "
            "there.",
            code="delivery_domain_in_the_cloud",
            remedy="Set a domain that on-premises Exchange accepts, contoso.com for example.",
        )


def held_since(record: Record, mailbox: CloudRecipient) -> MailboxError | None:
    """Return what stops a move: a hold that was put on the mailbox since the record was judged.

    Which of the others may stay was decided then.
    """
    known = record.get("holds_seen", [])
    new = [hold for hold in _hold_kinds.of_mailbox(mailbox) if hold.entry not in known]
    if not new:
        return None
    return MailboxError(
        f"the mailbox was put on hold ({', '.join(hold.entry for hold in new)}) after it was checked, and what becomes "
        "of a hold is not known. No move was submitted.",
        code=new[0].code,
        cmdlet="Get-Mailbox",
        remedy=f"{_hold_kinds.REMEDIES[new[0].code]} Then run again; offboarding_accept takes the code {new[0].code}.",
    )


def _new(record: Record, guid: str, credential: Credential) -> Plan:
    parameters: dict[str, Value] = {"Identity": guid, "Outbound": True, "RemoteCredential": credential}
    given = {name: cast(Value, value) for name, value in record.items() if value not in (None, "", [])}
    for name, parameter in NEW.items():
        if given.get(name, False) is not False:
            parameters[parameter] = _values.parse_time(given[name]) if name == "start_after" else given[name]
    parameters.update(_new_cutover(record))
    shown = {name: given[name] for name in (*NEW, "cutover", "complete_after") if name in given}
    after = {"status": "Queued", **shown}
    made = cast(MoveRequest, {"exchange_guid": guid, **after})
    return Plan(
        calls=((EXCHANGE_ONLINE, Cmdlet("New-MoveRequest", parameters)),),
        before={"move_request": None},
        after={"move_request": after},
        predicted={"move_request": made},
    )


def differs(record: Record, request: MoveRequest, now: datetime.datetime) -> bool:
    """Tell whether a request is other than a record asks for, as far as ``request`` tells."""
    try:
        _refuse_fixed(record, request)
    except MailboxError:
        return True
    return bool(_cutover_change(record, request, now))


def settings_of(record: Record) -> MoveRequest:
    """Return what a request has that is made for a record, under the names of its statistics."""
    result = cast(MoveRequest, {held_name: str(record.get(name) or "") for name, held_name in FIXED.items()})
    if record.get("cutover") == "at":
        result["complete_after"] = _values.utc_time(_complete_after(record)) or ""
    return result


def suspended(record: Record, move: Move) -> Plan:
    """The request is suspended, with a comment where one is given. One that waits to be completed is suspended too."""
    current = _existing(move)
    _refuse_batch(current)
    if current["status"] in move_request.COMPLETED:
        return Plan(warnings=("the request is completed already",))
    if current["status"] in ("Suspended", "AutoSuspended"):
        return Plan(details={"move_request": _brief(current)})
    parameters: dict[str, Value] = {"Identity": current["exchange_guid"]}
    if record.get("suspend_comment"):
        parameters["SuspendComment"] = record["suspend_comment"]
    return _plan([Cmdlet("Suspend-MoveRequest", parameters)], current, {"status": "Suspended"})


def completed(record: Record, move: Move, attempt: Attempt, now: datetime.datetime) -> Plan:
    """The request may complete, at once or from ``complete_after`` on: what holds it is set, then it is resumed.

    What was skipped is the data consistency score's to judge: *Investigate* completes only where the record approves
    it, *Poor* never (Microsoft: track-prevent-data-loss-dcs).
    """
    refuse_unprepared(record)
    current = _existing(move)
    if current["status"] in move_request.COMPLETED:
        return Plan()
    _refuse_batch(current)
    pending = Plan(status="pending", details={"move_request": _brief(current)})
    if current["status"] == "CompletionInProgress":
        return pending
    if current["status"] == "Failed" and not data_consistency.failed(current):
        raise move_failed(current, "resume it with resume_failed: true (move_request, state: submitted)")
    _refuse_to_complete_into_the_cloud(current)
    change: MoveRequest = {
        **_approval(record, current, attempt, now),
        **_release(current),
        **_completion_time(record, current, now),
    }
    calls = [_set(current["exchange_guid"], change)] if change else []
    resumed = current["status"] in ("AutoSuspended", "Suspended", "Failed")
    if resumed:
        calls.append(Cmdlet("Resume-MoveRequest", {"Identity": current["exchange_guid"]}))
    if not calls:
        return pending
    if not _lies_ahead(record.get("complete_after"), now):
        return _plan(calls, current, {**change, "status": "CompletionInProgress"})
    return _plan(calls, current, {**change, **({"status": "resumed"} if resumed else {})})


def _refuse_to_complete_into_the_cloud(current: MoveRequest) -> None:
    """Refuse to complete a request, somebody else's or an old one, after which mail would loop in the cloud."""
    domain = str(current.get("target_delivery_domain") or "")
    if addresses.tenants_own(_values.folded(domain)):
        raise MailboxError(
            f"the target delivery domain of its request is {domain}, a domain of the cloud, where mail would loop, and "
            "Exchange Online cannot change it. The move was not completed.",
            code="delivery_domain_in_the_cloud",
            cmdlet="Get-MoveRequestStatistics",
            remedy="Remove the request (move_request, state: absent), and submit it again with a domain that "
            "on-premises accepts.",
        )


def _approval(record: Record, current: MoveRequest, attempt: Attempt, now: datetime.datetime) -> MoveRequest:
    """Return the approval that is missing; MailboxError where nobody gave it, or nobody can.

    It covers what was skipped up to its time: a request that failed since then for its score needs another.
    """
    score = data_consistency.score(current)
    if score not in data_consistency.TOO_LOW:
        return {}
    # Whether Exchange shows an approval is not known: one that this run sent without a failure stands.
    sent = attempt.error is None and attempt.has_sent("Set-MoveRequest", _SET["skipped_item_approval_time"])
    if score == "Investigate" and (sent or current.get("skipped_item_approval_time")) and current["status"] != "Failed":
        return {}
    if score == "Poor" or not record.get("approve_skipped_items"):
        raise data_consistency.too_low(current)
    return {"skipped_item_approval_time": str(_values.utc_time(now))}


def absent(move: Move, only_completed: bool) -> Plan:
    """No request: a running one is cancelled, a finished one cleaned up. ``only_completed`` leaves others alone."""
    current = move.request
    if current is None:
        return Plan()
    if only_completed:
        reason = _why_to_keep(current)
        if reason:
            return Plan(status="skipped", details={"move_request": _brief(current)}, warnings=(reason,))
    _refuse_batch(current)
    if current["status"] == "CompletionInProgress":
        raise MailboxError(
            "the move is completing and can no longer be cancelled.",
            code="completing",
            cmdlet="Get-MoveRequest",
            retryable=True,
            remedy="Wait until it is Completed.",
        )
    call = Cmdlet("Remove-MoveRequest", {"Identity": current["exchange_guid"]})
    return Plan(
        calls=((EXCHANGE_ONLINE, call),),
        before={"move_request": _brief(current)},
        after={"move_request": None},
        details={"kept_report": move.kept_report} if move.kept_report else {},
        predicted={"move_request": None},
    )


def _existing(move: Move) -> MoveRequest:
    if not move.request:
        raise MailboxError(
            "there is no move request.",
            code="not_found",
            cmdlet="Get-MoveRequest",
            remedy="Submit one (move_request, state: submitted, or the role).",
        )
    return move.request


def move_failed(request: MoveRequest, then: str) -> MailboxError:
    """Return what a failed request means: Exchange's own words, and what the failure catalogue says of them."""
    if data_consistency.failed(request):
        return data_consistency.too_low(request)
    failure_type, message = str(request.get("failure_type") or ""), str(request.get("message") or "no message")
    known = classify(failure_type, message)
    return MailboxError(
        f"the move request failed ({known.code}, side: {request.get('failure_side') or known.side}): "
        f"{failure_type or 'no failure type'}: {message}",
        code="move_failed",
        cmdlet="Get-MoveRequestStatistics",
        retryable=known.retryable,
        remedy=f"{known.remedy} Then {then}.",
    )


def _release(current: MoveRequest) -> MoveRequest:
    held: MoveRequest = {"suspend_when_ready_to_complete": False, "prevent_completion": False}
    return part(held, [flag for flag in held if current.get(flag)])


def _completion_time(record: Record, current: MoveRequest, now: datetime.datetime) -> MoveRequest:
    """Return the change of CompleteAfter: to a time that lies ahead, else to now where the request still waits."""
    wanted = _values.utc_time(record.get("complete_after"))
    if not _lies_ahead(wanted, now):
        waits = _lies_ahead(current.get("complete_after"), now)
        wanted = _values.utc_time(now) if waits else None
    return {"complete_after": wanted} if wanted and wanted != current.get("complete_after") else {}


def _why_to_keep(current: MoveRequest) -> str:
    """Return why a clean-up leaves a request alone, or an empty text for a completed one of its own."""
    if move_request.owned_by_batch(current):
        return f"its request was kept: it belongs to the migration batch {_batch_of(current)}, remove it there"
    if current["status"] not in move_request.COMPLETED:
        return f"its request was kept: it is {current['status']}, not completed"
    return ""


def _batch_of(current: MoveRequest) -> str:
    return str(current["batch_name"]).partition(":")[2]


def _refuse_batch(current: MoveRequest) -> None:
    if move_request.owned_by_batch(current):
        raise MailboxError(
            f"the request belongs to the migration batch {_batch_of(current)}.",
            code="belongs_to_migration_batch",
            cmdlet="Get-MoveRequest",
            remedy="Manage it with that batch, or remove its migration user first. If neither exists any more, nothing "
            f"owns the request: Remove-MoveRequest -Identity {current['exchange_guid']} in Exchange Online.",
        )


def _refuse_fixed(record: Record, current: MoveRequest) -> None:
    for name, held_name in FIXED.items():
        wanted, held = str(record.get(name) or ""), str(current.get(held_name) or "")
        if wanted and held and _values.folded(wanted) != _values.folded(held):
            raise MailboxError(
                f"a request exists whose {name} is {held}, not {wanted}, and Exchange Online cannot change it.",
                code="request_differs",
                cmdlet="Get-MoveRequestStatistics",
                remedy="Remove the request (move_request, state: absent) and submit it again, or use the value that it "
                "has.",
            )


def _new_cutover(record: Record) -> dict[str, Value]:
    cutover = record.get("cutover") or "automatic"
    if cutover == "held":
        return {"SuspendWhenReadyToComplete": True}
    if cutover == "at":
        return {"CompleteAfter": _complete_after(record)}
    return {}


def _complete_after(record: Record) -> datetime.datetime:
    moment = _values.parse_time(record.get("complete_after"))
    if moment is None:
        raise MailboxError(
            f"{_reader.option('cutover')} is 'at', but {_reader.option('complete_after')} is not set.",
            code="missing_option",
            remedy="Set complete_after in UTC, for example 2026-11-30T18:00:00Z.",
        )
    return moment


def _cutover_change(record: Record, current: MoveRequest, now: datetime.datetime) -> MoveRequest:
    """Return how the request's cutover differs from an explicitly asked one; nothing asked, nothing changed.

    A request that is completing already cannot be held any more.
    """
    cutover = record.get("cutover")
    if cutover is None or current["status"] == "CompletionInProgress":
        return {}
    change: MoveRequest = {}
    held = bool(current.get("suspend_when_ready_to_complete"))
    if held != (cutover == "held"):
        change["suspend_when_ready_to_complete"] = cutover == "held"
    wanted = _values.utc_time(_complete_after(record)) if cutover == "at" else None
    if wanted is not None and current.get("complete_after") != wanted:
        change["complete_after"] = wanted
    if cutover == "automatic" and _lies_ahead(current.get("complete_after"), now):
        change["complete_after"] = str(_values.utc_time(now))
    return change


def _lies_ahead(moment: Any, now: datetime.datetime) -> bool:
    parsed = _values.parse_time(moment)
    return parsed is not None and parsed > now


_SET = {
    "suspend_when_ready_to_complete": "SuspendWhenReadyToComplete",
    "prevent_completion": "PreventCompletion",
    "complete_after": "CompleteAfter",
    "skipped_item_approval_time": "SkippedItemApprovalTime",
}
_TIMES = ("complete_after", "skipped_item_approval_time")


def _set(guid: str, change: MoveRequest) -> Cmdlet:
    times = {name: _values.parse_time(value) for name, value in change.items() if name in _TIMES}
    return Cmdlet("Set-MoveRequest", {"Identity": guid, **parameters({**change, **times}, _SET)})


_BRIEF = ("status", "status_detail", "percent_complete", "batch_name", "complete_after", "settings_read_at")


def _brief(current: MoveRequest) -> MoveRequest:
    return part(current, (*_BRIEF, *data_consistency.SHOWN))


def _plan(calls: Sequence[Cmdlet], current: MoveRequest, after: MoveRequest) -> Plan:
    details: dict[str, object] = {"move_request": _brief(current)}
    if not calls:
        return Plan(details=details)
    return Plan(
        calls=tuple((EXCHANGE_ONLINE, cmdlet) for cmdlet in calls),
        before={name: current.get(name) for name in after},
        after=after,
        predicted={"move_request": {**current, **after}},
        details=details,
    )
