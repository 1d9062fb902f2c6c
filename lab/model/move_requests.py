# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The move request cmdlets of Exchange Online."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import fields
from typing import Any

from lab.answer import Answer, CmdletFailure, LabCredential
from lab.model import failures, move_request_output
from lab.model.cloud_recipients import CloudRecipients
from lab.model.cmdlet_host import Implementation, Request
from lab.model.mailbox_replication import MailboxReplication, MoveOptions, MoveRequest
from lab.model.recipient_changes import no_change_warning
from lab.model.recipients import EMPTY_GUID
from lab.model.selection import limited
from lab.model.tenant import TenantObject

OPTIONS = {
    "RemoteHostName": "remote_host_name", "RemoteTargetDatabase": "remote_target_database",
    "RemoteArchiveTargetDatabase": "remote_archive_target_database", "TargetDeliveryDomain": "target_delivery_domain",
    "ArchiveDomain": "archive_domain", "BatchName": "batch_name", "PrimaryOnly": "primary_only",
    "ArchiveOnly": "archive_only", "SuspendWhenReadyToComplete": "suspend_when_ready",
    "PreventCompletion": "prevent_completion", "CompleteAfter": "complete_after", "StartAfter": "start_after",
    "CompletedRequestAgeLimit": "completed_request_age_limit",
}  # fmt: skip
SETTABLE = {**OPTIONS, "SkippedItemApprovalTime": "skipped_item_approval_time"}
# Accepted, and without a visible effect here.
WITHOUT_EFFECT = frozenset({"AcceptLargeDataLoss", "IncrementalSyncInterval", "RequestExpiryInterval", "MoveOptions"})
NEW = frozenset({"Identity", "Outbound", "RemoteCredential", "Suspend", "SuspendComment", *OPTIONS}) | WITHOUT_EFFECT
SET = frozenset(
    {"Identity", "RemoteCredential", "SkippedItemApprovalTime", "RemoteHostName", "BatchName", "StartAfter",
     "CompleteAfter", "SuspendWhenReadyToComplete", "PreventCompletion", "CompletedRequestAgeLimit"}
) | WITHOUT_EFFECT  # fmt: skip
GET = frozenset({"Identity", "Status", "BatchName", "RemoteHostName", "ResultSize"})
NAMESPACE = uuid.UUID("0b9f2f51-6c2a-4d3b-8a43-b1ab6f4d7b10")


class MoveRequests:
    """New-, Get-, Set-, Suspend-, Resume-, Remove-MoveRequest and Get-MoveRequestStatistics."""

    def __init__(self, service: MailboxReplication, recipients: CloudRecipients, credential: LabCredential) -> None:
        self.service = service
        self.recipients = recipients
        self.credential = credential
        self._created = 0

    def cmdlets(self) -> dict[str, Implementation]:
        """Return the cmdlets by name."""
        identity = frozenset({"Identity"})
        return {
            "New-MoveRequest": Implementation(self.new, NEW),
            "Get-MoveRequest": Implementation(self.get, GET),
            "Get-MoveRequestStatistics": Implementation(self.get_statistics, identity | {"IncludeReport"}),
            "Set-MoveRequest": Implementation(self.set, SET),
            "Suspend-MoveRequest": Implementation(self.suspend, identity | {"SuspendComment"}),
            "Resume-MoveRequest": Implementation(self.resume, identity | {"SuspendWhenReadyToComplete"}),
            "Remove-MoveRequest": Implementation(self.remove, identity | {"Force"}),
        }

    def new(self, request: Request) -> Answer:
        """New-MoveRequest -Outbound. With WhatIf it only checks, and says what the move would fail on."""
        if request.get("Outbound") is not True:
            raise failures.recipient_task("The lab moves mailboxes out of the cloud only: use the Outbound switch.")
        mailbox = self.recipients.to_move(request.get("Identity"))
        if not mailbox.is_mailbox:
            raise failures.wrong_kind(mailbox.identity, mailbox.kind)
        if mailbox.guid in self.service.requests:
            raise failures.recipient_task(
                f"The mailbox '{mailbox.identity}' already has a pending request. Please use the Remove-MoveRequest "
                "cmdlet to clear the existing request, and then create a new one."
            )
        options = _changed(MoveOptions(), request.parameters)
        self.check_endpoint(options.remote_host_name, request.get("RemoteCredential"))
        self.check_options(mailbox, options)
        options.remote_credential_username = self.credential.username
        self._created += 1
        guid = uuid.uuid5(NAMESPACE, f"{mailbox.exchange_guid} {self._created}")
        move = MoveRequest(guid, mailbox, options, request.now)
        if request.what_if:
            move.content = mailbox.content
            problem = self.service.problem(move)
            if problem is not None:
                raise failures.move(problem.kind, problem.message)
            return Answer()
        self.service.submit(move, request.now)
        if request.get("Suspend"):
            self.service.suspend(move, request.now, request.get("SuspendComment") or "")
        return Answer([move_request_output.statistics(self.service, move, request.now, report=False)])

    def check_endpoint(self, host: str, credential: LabCredential | None) -> None:
        """Refuse what the call to the MRS proxy of a host refuses."""
        directory = self.service.directory
        call = f"The call to 'https://{host}/EWS/mrsproxy.svc' failed. Error details: "
        if host.lower() != directory.external_host_name:
            raise failures.move(
                "RemoteTransientException", f"{call}There was no endpoint listening at https://{host}/EWS/mrsproxy.svc "
                f"that could accept the message. --> The remote name could not be resolved: '{host}'.",
            )  # fmt: skip
        if not (directory.mrs_proxy_enabled and directory.windows_authentication):
            raise failures.move(
                "RemoteTransientException", f"{call}The HTTP request was forbidden with client authentication scheme "
                "'Negotiate'. --> The remote server returned an error: (403) Forbidden..",
            )  # fmt: skip
        if credential is None or not self._known(credential):
            raise failures.move(
                "RemotePermanentException", f"{call}Access is denied. --> The HTTP request is unauthorized with client "
                "authentication scheme 'Negotiate'. --> The remote server returned an error: (401) Unauthorized..",
            )  # fmt: skip

    def _known(self, credential: LabCredential) -> bool:
        # DOMAIN\user only: the form user@domain is refused (facts: KB 10094, microsoft-articles.md section 6).
        same = credential.username.lower() == self.credential.username.lower()
        return same and credential.password == self.credential.password

    def check_options(self, mailbox: TenantObject, options: MoveOptions) -> None:
        """Refuse what a request for a mailbox cannot be made with."""
        directory = self.service.directory
        if not options.remote_target_database and not options.archive_only:
            raise _required("RemoteTargetDatabase")
        for name in (options.remote_target_database, options.remote_archive_target_database):
            if name and directory.database(name) is None:
                raise failures.database_not_found(name)
        if not options.target_delivery_domain:
            raise _required("TargetDeliveryDomain")
        if not directory.accepts(options.target_delivery_domain.lower()):
            raise failures.not_accepted_domain(options.target_delivery_domain)
        self._check_archive(mailbox, options)

    def _check_archive(self, mailbox: TenantObject, options: MoveOptions) -> None:
        if options.primary_only and options.archive_only:
            raise failures.recipient_task("The parameters PrimaryOnly and ArchiveOnly can't be used at the same time.")
        archive = mailbox.archive_guid != EMPTY_GUID
        if (options.primary_only or options.archive_only) and not archive:
            raise failures.recipient_task(f"The mailbox '{mailbox.identity}' doesn't have an archive.")
        if archive and options.primary_only and not options.archive_domain:
            raise _required("ArchiveDomain")
        if archive and not options.primary_only and not options.remote_archive_target_database:
            raise _required("ArchiveDomain")
        expanding = mailbox.auto_expanding_archive or self.recipients.tenant.auto_expanding_archive
        if archive and expanding and not options.primary_only:
            raise failures.recipient_task(
                f"The mailbox '{mailbox.identity}' can't be moved because its archive is auto-expanding."
            )

    def get(self, request: Request) -> Answer:
        """Get-MoveRequest. A null or empty identity names every request, as in Exchange."""
        if request.get("Identity") not in (None, ""):
            found = [self._one(request.get("Identity"))]
        else:
            found = list(self.service.requests.values())
        for name in ("Status", "BatchName", "RemoteHostName"):
            wanted = request.get(name)
            if wanted is not None:
                found = [move for move in found if _column(move, name).lower() == str(wanted).lower()]
        shown, warnings = limited(found, request.get("ResultSize"))
        return Answer([move_request_output.move_request(move) for move in shown], warnings)

    def get_statistics(self, request: Request) -> Answer:
        """Get-MoveRequestStatistics of one request."""
        move = self._one(request.get("Identity"))
        report = request.get("IncludeReport") is True
        return Answer([move_request_output.statistics(self.service, move, request.now, report=report)])

    def set(self, request: Request) -> Answer:
        """Set-MoveRequest; neither database nor delivery domain can be changed (the contract has no such parameter)."""
        move = self._one(request.get("Identity"))
        if move.phase in ("completing", "completed"):
            identity = move.mailbox.identity
            raise failures.recipient_task(f"The request for '{identity}' is complete: it can't be changed.")
        options = _changed(move.options, request.parameters)
        credential = request.get("RemoteCredential")
        if credential is not None or "RemoteHostName" in request.parameters:
            self.check_endpoint(options.remote_host_name, credential or self.credential)
        if request.what_if:
            return Answer()
        if options == move.options and credential is None:
            return Answer(warnings=[no_change_warning(move.mailbox.identity)])
        move.options = options
        if "CompleteAfter" in request.parameters:
            self.service.reconsider(move, request.now)
        return Answer()

    def suspend(self, request: Request) -> Answer:
        """Suspend-MoveRequest."""
        move = self._one(request.get("Identity"))
        if request.what_if:
            return Answer()
        if not self.service.suspend(move, request.now, request.get("SuspendComment") or ""):
            return Answer(warnings=[no_change_warning(move.mailbox.identity)])
        return Answer()

    def resume(self, request: Request) -> Answer:
        """Resume-MoveRequest."""
        move = self._one(request.get("Identity"))
        if request.what_if:
            return Answer()
        move.resumed_by_hand = True
        if request.get("SuspendWhenReadyToComplete"):
            move.options.suspend_when_ready = True
        if not self.service.resume(move, request.now):
            return Answer(warnings=[no_change_warning(move.mailbox.identity)])
        return Answer()

    def remove(self, request: Request) -> Answer:
        """Remove-MoveRequest. Refused while the completion is under way."""
        move = self._one(request.get("Identity"))
        if move.phase == "completing" and move.failure is None:
            raise failures.recipient_task(f"The request for '{move.mailbox.identity}' is being completed.")
        if not request.what_if:
            self.service.remove(move, request.now)
        return Answer()

    def _one(self, identity: object) -> MoveRequest:
        try:
            mailbox = self.recipients.mailboxes_and_mail_users().one(identity)
        except CmdletFailure as failure:
            if "matches multiple" in failure.message:
                raise
            raise failures.move_request_not_found(identity) from failure
        if mailbox.guid not in self.service.requests:
            raise failures.move_request_not_found(identity)
        return self.service.requests[mailbox.guid]


def _column(move: MoveRequest, name: str) -> str:
    if name == "Status":
        return move.status
    return move.options.batch_name if name == "BatchName" else move.options.remote_host_name


def _required(parameter: str) -> CmdletFailure:
    return failures.move("ParameterValueRequiredPermanentException", f"You must specify the {parameter} parameter.")


def _changed(options: MoveOptions, parameters: dict[str, Any]) -> MoveOptions:
    values = {item.name: getattr(options, item.name) for item in fields(options)}
    values.update({field: parameters[name] for name, field in SETTABLE.items() if name in parameters})
    limit = values["completed_request_age_limit"]
    if not isinstance(limit, datetime.timedelta):
        unlimited = str(limit).lower() == "unlimited"
        days = 36500.0 if unlimited else float(str(limit).partition(".")[0])
        values["completed_request_age_limit"] = datetime.timedelta(days=days)
    return MoveOptions(**values)
