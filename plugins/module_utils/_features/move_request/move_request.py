# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Move requests of an offboarding: New-, Set-, Suspend-, Resume- and Remove-MoveRequest in Exchange Online.

Outbound moves are made in the cloud, whatever KB 2813304 says (New-MigrationBatch page, KB 10094). The mailbox is
addressed by its ExchangeGuid. A second request is never made: what exists is adopted, changed where Exchange can
change it, or refused with the difference.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    Credential,
    Value,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import (
    EXCHANGE_ONLINE,
    Connections,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._error_catalogue import classify
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    HybridError,
    InputError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import data_consistency
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.settings import (
    MoveSettings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import move_request
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import read as recipients_read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, refuse_unprepared
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import Plan, SkipsHome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.seen import Seen

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
# What the cloud cannot change on an existing request: record key → property of Get-MoveRequestStatistics.
FIXED = {
    "remote_target_database": "remote_database_name",
    "remote_archive_target_database": "remote_archive_database_name",
    "target_delivery_domain": "target_delivery_domain",
}

# What a mailbox's record, or the task, may say, and what one of them must.
OPTIONS = fields.options("move_request")
NEEDED = ("remote_host_name", "remote_target_database", "target_delivery_domain")


class _Requests(SkipsHome):
    """Reads the existing requests: one Get-MoveRequest for the wave, statistics only where they matter."""

    writes_to = EXCHANGE_ONLINE

    def __init__(self, check: bool) -> None:
        self._check = check

    def known(self, record: Record, listed: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what is known of a listed request beyond the list, or None where its statistics have to be read."""
        return None if listed["status"] == "Failed" else {}

    def learnt(self, detailed: Mapping[str, Any]) -> None:
        """Take note of a request whose statistics were read."""

    def made(self, guid: str) -> bool:
        """Tell whether this task submitted the mailbox's request: completed, it is no leftover of an earlier move."""
        return False

    def read(self, connections: Connections, records: Sequence[Record]) -> list[Seen]:
        known = recipients_read.move_request_identities(connections, records)
        listed = move_request.by_mailbox(recipients_read.move_requests(connections))
        wanted = [guid for guid in known if isinstance(guid, str) and guid in listed]
        detailed = {**listed, **self._detailed(connections, records, known, listed)}
        completed = [guid for guid in wanted if detailed[guid]["status"] in move_request.COMPLETED]
        made = {guid for guid in completed if self.made(guid)}
        moved = made | _moved(connections, [guid for guid in completed if guid not in made])
        return [
            Seen(error=guid)
            if isinstance(guid, HybridError)
            else Seen(
                cloud={"exchange_guid": guid, "moved": guid in moved},
                move_request=recipients_read.predicted(record, "move_request", detailed.get(guid), self._check),
                error=detailed.get(guid, {}).get("unread"),
            )
            for record, guid in zip(records, known, strict=True)
        ]

    def _detailed(
        self,
        connections: Connections,
        records: Sequence[Record],
        guids: Sequence[str | HybridError],
        listed: Mapping[str, dict[str, Any]],
    ) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        unknown: dict[str, dict[str, Any]] = {}
        for record, guid in zip(records, guids, strict=True):
            if isinstance(guid, str) and guid in listed:
                more = self.known(record, listed[guid])
                (unknown if more is None else found)[guid] = {**listed[guid], **(more or {})}
        for guid, item in with_statistics(connections, unknown).items():
            found[guid] = item
            if "unread" not in item:
                self.learnt(item)
        return found


def _moved(connections: Connections, guids: Sequence[str]) -> set[str]:
    """Return those mailboxes with a completed request that have really left: their cloud object is a mail user."""
    if not guids:
        return set()
    likely = [{"identity": guid, "exchange_guid": guid, "offboarding_state": "home"} for guid in guids]
    found = recipients_read.cloud_recipients(connections, likely)
    return {
        guid
        for guid, item in zip(guids, found, strict=True)
        if not isinstance(item, HybridError) and item["kind"] == "mail_user"
    }


def with_statistics(connections: Connections, listed: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the requests completed by Get-MoveRequestStatistics, which the cloud answers for one mailbox a call.

    Where Exchange refuses one, because somebody removed the request meanwhile, say, ``unread`` is its error: the others
    are none the worse for it.
    """
    guids = list(listed)
    answers = connections.read_each(
        EXCHANGE_ONLINE, [Cmdlet("Get-MoveRequestStatistics", {"Identity": guid}) for guid in guids]
    )
    result = {}
    for guid, answer in zip(guids, answers, strict=True):
        if isinstance(answer, CmdletError) and answer.code != "permission_denied":
            result[guid] = {**listed[guid], "unread": answer}
        elif isinstance(answer, HybridError):
            raise answer
        else:
            result[guid] = {**listed[guid], **(move_request.request(answer.objects[0]) if answer.objects else {})}
    return result


class Submitted(_Requests):
    """A request exists: new, adopted or changed; a failed one is reported unless it is to be resumed."""

    def __init__(self, check: bool, credential: Credential, settings: MoveSettings | None = None) -> None:
        super().__init__(check)
        self._credential = credential
        self._settings = settings or MoveSettings()
        self._made: dict[str, dict[str, Any]] = {}

    def known(self, record: Record, listed: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the settings of a request that is as asked for by what is known of it.

        That includes one that this task made. Whatever seems to differ is read live.
        """
        if listed["status"] == "Failed":
            return None
        if listed["status"] in move_request.COMPLETED or move_request.owned_by_batch(dict(listed)):
            return {}
        made = self._made.get(listed["exchange_guid"])
        if made is not None and not record.get("write_failed"):
            self._settings.keep(listed, made)
        known = self._settings.of(listed)
        if known is None:
            return None
        try:
            _refuse_fixed(record, known)
        except MailboxError:
            return None
        return None if _cutover_change(record, {**listed, **known}) else known

    def learnt(self, detailed: Mapping[str, Any]) -> None:
        self._settings.keep(detailed, detailed)

    def made(self, guid: str) -> bool:
        return guid in self._made

    def plan(self, record: Record, seen: Seen) -> Plan:
        refuse_unprepared(record)
        guid = str((seen.cloud or {})["exchange_guid"])
        current = seen.move_request
        if current is None:
            return self._new(record, guid)
        _refuse_batch(current)
        if current["status"] in move_request.COMPLETED:
            if (seen.cloud or {})["moved"]:
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
        change = _cutover_change(record, current)
        calls = [_set(guid, change)] if change else []
        if current["status"] == "Failed" or (change and current["status"] in ("AutoSuspended", "Suspended")):
            calls.append(Cmdlet("Resume-MoveRequest", {"Identity": guid}))
        return _plan(calls, current, {**change, **({"status": "resumed"} if len(calls) > bool(change) else {})})

    def _new(self, record: Record, guid: str) -> Plan:
        parameters: dict[str, Value] = {"Identity": guid, "Outbound": True, "RemoteCredential": self._credential}
        for name, parameter in NEW.items():
            value = record.get(name)
            if value not in (None, "", [], False):
                parameters[parameter] = _values.parse_time(value) if name == "start_after" else value
        parameters.update(_new_cutover(record))
        self._made[guid] = _settings_of(record)
        shown = {
            name: record[name] for name in (*NEW, "cutover", "complete_after") if record.get(name) not in (None, "", [])
        }
        after = {"status": "Queued", **shown}
        return Plan(
            calls=((EXCHANGE_ONLINE, Cmdlet("New-MoveRequest", parameters)),),
            before={"move_request": None},
            after={"move_request": after},
            predicted={"move_request": {"exchange_guid": guid, **after}},
        )


class Suspended(_Requests):
    """The request is suspended, with a comment where one is given. One that waits to be completed is suspended too."""

    def plan(self, record: Record, seen: Seen) -> Plan:
        current = _existing(seen)
        _refuse_batch(current)
        if current["status"] in move_request.COMPLETED:
            return Plan(warnings=("the request is completed already",))
        if current["status"] in ("Suspended", "AutoSuspended"):
            return Plan(details={"move_request": _brief(current)})
        parameters: dict[str, Value] = {"Identity": current["exchange_guid"]}
        if record.get("suspend_comment"):
            parameters["SuspendComment"] = record["suspend_comment"]
        return _plan([Cmdlet("Suspend-MoveRequest", parameters)], current, {"status": "Suspended"})


class Completed(_Requests):
    """The request may complete, at once or from ``complete_after`` on: what holds it is set, then it is resumed.

    What was skipped is the data consistency score's to judge: *Investigate* completes only where the record approves
    it, *Poor* never (Microsoft: track-prevent-data-loss-dcs).
    """

    def __init__(self, check: bool) -> None:
        super().__init__(check)
        self._approved: set[str] = set()

    def known(self, record: Record, listed: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return nothing more for a request that is complete, or not ours; what holds another is in its statistics."""
        if record.get("write_failed"):
            self._approved.discard(listed["exchange_guid"])
        return {} if listed["status"] in move_request.COMPLETED or move_request.owned_by_batch(dict(listed)) else None

    def plan(self, record: Record, seen: Seen) -> Plan:
        refuse_unprepared(record)
        current = _existing(seen)
        if current["status"] in move_request.COMPLETED:
            return Plan()
        _refuse_batch(current)
        pending = Plan(status="pending", details={"move_request": _brief(current)})
        if current["status"] == "CompletionInProgress":
            return pending
        if current["status"] == "Failed" and not data_consistency.failed(current):
            raise move_failed(current, "resume it with resume_failed: true (move_request, state: submitted)")
        scheduled = _lies_ahead(record.get("complete_after"))
        change = {**self._approval(record, current), **_release(current), **_completion_time(record, current)}
        calls = [_set(current["exchange_guid"], change)] if change else []
        resumed = current["status"] in ("AutoSuspended", "Suspended", "Failed")
        if resumed:
            calls.append(Cmdlet("Resume-MoveRequest", {"Identity": current["exchange_guid"]}))
        if not calls:
            return pending
        if not scheduled:
            return _plan(calls, current, {**change, "status": "CompletionInProgress"})
        return _plan(calls, current, {**change, **({"status": "resumed"} if resumed else {})})

    def _approval(self, record: Record, current: Mapping[str, Any]) -> dict[str, Any]:
        """Return the approval that is missing; MailboxError where nobody gave it, or nobody can.

        It covers what was skipped up to its time: a request that failed since then for its score needs another.
        """
        guid, score = current["exchange_guid"], data_consistency.score(current)
        if score not in data_consistency.TOO_LOW:
            return {}
        stands = guid in self._approved or current.get("skipped_item_approval_time")
        if score == "Investigate" and stands and current["status"] != "Failed":
            return {}
        if score == "Poor" or not record.get("approve_skipped_items"):
            raise data_consistency.too_low(current)
        self._approved.add(guid)
        return {"skipped_item_approval_time": _values.utc_time(datetime.datetime.now(datetime.timezone.utc))}


class Absent(_Requests):
    """No request: a running one is cancelled, a finished one cleaned up. ``only_completed`` leaves others alone."""

    def __init__(self, check: bool, only_completed: bool = False) -> None:
        super().__init__(check)
        self._only_completed = only_completed

    def skips(self, record: Record) -> bool:
        return False

    def plan(self, record: Record, seen: Seen) -> Plan:
        current = seen.move_request
        if current is None:
            return Plan()
        if self._only_completed:
            reason = _why_to_keep(current)
            if reason:
                return Plan(status="skipped", details={"move_request": _brief(current)}, warnings=(reason,))
        _refuse_batch(current)
        if current["status"] == "CompletionInProgress":
            raise MailboxError(
                "the move is completing and cannot be called off any more.",
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
            predicted={"move_request": None},
        )


def for_state(
    state: str,
    check: bool,
    credential: Mapping[str, str | None] | None,
    records: Sequence[Record],
    settings: MoveSettings | None = None,
    *,
    only_completed: bool = False,
) -> Submitted | Suspended | Completed | Absent:
    """Return the step of a ``state``; a submission needs the remote credential as soon as a mailbox is not home."""
    if only_completed and state != "absent":
        remedy = "Give it to move_request with state: absent."
        raise InputError("only_completed", True, f"has no meaning with state: {state}", remedy)
    if state != "submitted":
        steps: dict[str, Callable[[bool], Suspended | Completed | Absent]] = {
            "suspended": Suspended,
            "completed": Completed,
            "absent": lambda check: Absent(check, only_completed),
        }
        return steps[state](check)
    waiting = any(record.get("offboarding_state") != "home" for record in records)
    return Submitted(check, checked_credential(credential, needed=waiting), settings)


def checked_credential(credential: Mapping[str, str | None] | None, *, needed: bool) -> Credential:
    """Return the remote credential; InputError where it is needed and not whole, or has another form."""
    username, password = (credential or {}).get("username"), (credential or {}).get("password")
    if needed and not (username and password):
        raise InputError(
            "remote_credential",
            None,
            "needs both username and password",
            "Give them, or set REMOTE_CREDENTIAL_USERNAME and REMOTE_CREDENTIAL_PASSWORD.",
            "missing_option",
        )
    if username and "\\" not in username:
        raise InputError(
            "remote_credential.username",
            username,
            "is not of the form DOMAIN\\user",
            "Write it as CONTOSO\\mrs: the MRS proxy refuses a user principal name.",
            "malformed_username",
        )
    return Credential(str(username or ""), str(password or ""))


def _settings_of(record: Record) -> dict[str, Any]:
    """Return what a request has that is made for a record, under the names of its statistics."""
    result = {held_name: str(record.get(name) or "") for name, held_name in FIXED.items()}
    if record.get("cutover") == "at":
        result["complete_after"] = _values.utc_time(_complete_after(record)) or ""
    return result


def _existing(seen: Seen) -> dict[str, Any]:
    if not seen.move_request:
        raise MailboxError(
            "there is no move request.",
            code="not_found",
            cmdlet="Get-MoveRequest",
            remedy="Submit one (move_request, state: submitted, or the role).",
        )
    return seen.move_request


def move_failed(request: Mapping[str, Any], then: str) -> MailboxError:
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


def _release(current: Mapping[str, Any]) -> dict[str, Any]:
    flags = ("suspend_when_ready_to_complete", "prevent_completion")
    return {flag: False for flag in flags if current.get(flag)}


def _completion_time(record: Record, current: Mapping[str, Any]) -> dict[str, Any]:
    """Return the change of CompleteAfter: to a time that lies ahead, else to now where the request still waits."""
    wanted = _values.utc_time(record.get("complete_after"))
    if not _lies_ahead(wanted):
        waits = _lies_ahead(current.get("complete_after"))
        wanted = _values.utc_time(datetime.datetime.now(datetime.timezone.utc)) if waits else None
    return {"complete_after": wanted} if wanted and wanted != current.get("complete_after") else {}


def _why_to_keep(current: Mapping[str, Any]) -> str:
    """Return why a clean-up leaves a request alone, or an empty text for a completed one of its own."""
    if move_request.owned_by_batch(dict(current)):
        return f"its request was left alone: it belongs to the migration batch {_batch_of(current)}, remove it there"
    if current["status"] not in move_request.COMPLETED:
        return f"its request was left alone: it is {current['status']}, not completed"
    return ""


def _batch_of(current: Mapping[str, Any]) -> str:
    return str(current["batch_name"]).partition(":")[2]


def _refuse_batch(current: Mapping[str, Any]) -> None:
    if move_request.owned_by_batch(dict(current)):
        raise MailboxError(
            f"the request belongs to the migration batch {_batch_of(current)}.",
            code="belongs_to_migration_batch",
            cmdlet="Get-MoveRequest",
            remedy="Steer it with that batch, or remove its migration user first.",
        )


def _refuse_fixed(record: Record, current: Mapping[str, Any]) -> None:
    for name, held_name in FIXED.items():
        wanted, held = str(record.get(name) or ""), str(current.get(held_name) or "")
        if wanted and held and wanted.lower() != held.lower():
            raise MailboxError(
                f"a request exists whose {name} is {held}, not {wanted}, and Exchange Online cannot change it.",
                code="request_differs",
                cmdlet="Get-MoveRequestStatistics",
                remedy="Remove the request (move_request, state: absent) and submit it again, or ask for what it has.",
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
            "cutover is 'at', but complete_after is not given.",
            code="missing_option",
            remedy="Give complete_after in UTC, for example 2026-11-30T18:00:00Z.",
        )
    return moment


def _cutover_change(record: Record, current: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the request's cutover differs from an explicitly asked one; nothing asked, nothing changed.

    A request that is completing already cannot be held any more.
    """
    cutover = record.get("cutover")
    if cutover is None or current["status"] == "CompletionInProgress":
        return {}
    change: dict[str, Any] = {}
    held = bool(current.get("suspend_when_ready_to_complete"))
    if held != (cutover == "held"):
        change["suspend_when_ready_to_complete"] = cutover == "held"
    wanted = _values.utc_time(_complete_after(record)) if cutover == "at" else None
    if wanted is not None and current.get("complete_after") != wanted:
        change["complete_after"] = wanted
    if cutover == "automatic" and _lies_ahead(current.get("complete_after")):
        change["complete_after"] = _values.utc_time(datetime.datetime.now(datetime.timezone.utc))
    return change


def _lies_ahead(moment: Any) -> bool:
    parsed = _values.parse_time(moment)
    return parsed is not None and parsed > datetime.datetime.now(datetime.timezone.utc)


_SET = {
    "suspend_when_ready_to_complete": "SuspendWhenReadyToComplete",
    "prevent_completion": "PreventCompletion",
    "complete_after": "CompleteAfter",
    "skipped_item_approval_time": "SkippedItemApprovalTime",
}
_TIMES = ("complete_after", "skipped_item_approval_time")


def _set(guid: str, change: Mapping[str, Any]) -> Cmdlet:
    parameters: dict[str, Value] = {"Identity": guid}
    for name, value in change.items():
        parameters[_SET[name]] = _values.parse_time(value) if name in _TIMES else value
    return Cmdlet("Set-MoveRequest", parameters)


_BRIEF = ("status", "status_detail", "percent_complete", "batch_name", "complete_after", "settings_read_at")


def _brief(current: Mapping[str, Any]) -> dict[str, Any]:
    return {name: current[name] for name in (*_BRIEF, *data_consistency.SHOWN) if name in current}


def _plan(calls: Sequence[Cmdlet], current: Mapping[str, Any], after: Mapping[str, Any]) -> Plan:
    details = {"move_request": _brief(current)}
    if not calls:
        return Plan(details=details)
    return Plan(
        calls=tuple((EXCHANGE_ONLINE, cmdlet) for cmdlet in calls),
        before={name: current.get(name) for name in after},
        after=dict(after),
        predicted={"move_request": {**current, **after}},
        details=details,
    )
