# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud cmdlets that read and write recipients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lab.answer import Answer, LabObject
from lab.model import addresses, failures, kinds, recipient_output
from lab.model import recipient_changes as changes_of
from lab.model.cmdlet_host import Implementation, Request
from lab.model.selection import MAILBOX_KEYS, RECIPIENT_KEYS, USER_KEYS, Selection
from lab.model.tenant import Tenant, TenantObject

CLOUD_CONTROLLER = "DB8PR07A001DC03.EURPR07A001.PROD.OUTLOOK.COM"
GET = frozenset({"Identity", "Filter", "Anr", "ResultSize"})
# The switches that end a delay hold, each in a parameter set of its own.
DELAYS = {"RemoveDelayHoldApplied": "delay_hold", "RemoveDelayReleaseHoldApplied": "delay_release_hold"}
# What a synchronized object's attributes are mastered by: on-premises (facts: identity-filters-roles.md).
MASTERED_ON_PREMISES = changes_of.MAIL_ENABLED - {"ArchiveName"}


class CloudRecipients:
    """Get-User, Get-Recipient, Get-MailUser, Get-Mailbox, Set-Mailbox, Get-MailboxStatistics of Exchange Online."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def cmdlets(self) -> dict[str, Implementation]:
        """Return the cmdlets by name."""
        details = GET | {"RecipientTypeDetails"}
        users = self._reader(kinds.USERS, (*USER_KEYS, "external"), "P", recipient_output.user)
        recipients = self._reader(kinds.RECIPIENTS, (*RECIPIENT_KEYS, "external"), "R", recipient_output.recipient)
        mail_users = self._reader(kinds.MAIL_USERS, (*RECIPIENT_KEYS, "external"), "U", recipient_output.mail_user)
        writable = frozenset({"Identity", "Type", *DELAYS} | MASTERED_ON_PREMISES - {"ExchangeGuid", "ArchiveGuid"})
        return {
            "Get-User": Implementation(users, details),
            "Get-Recipient": Implementation(recipients, details | {"RecipientType"}),
            "Get-MailUser": Implementation(mail_users, GET),
            "Get-Mailbox": Implementation(self.get_mailbox, details | {"SoftDeletedMailbox"}),
            "Get-MailboxStatistics": Implementation(self.get_mailbox_statistics, frozenset({"Identity", "Archive"})),
            "Set-Mailbox": Implementation(self.set_mailbox, writable),
        }

    def mailboxes(self) -> Selection[TenantObject]:
        """Return the tenant's mailboxes."""
        return self._selection(kinds.MAILBOXES, (*MAILBOX_KEYS, "external"), "M")

    def mailboxes_and_mail_users(self) -> Selection[TenantObject]:
        """Return what a move request may belong to, before and after its completion."""
        return self._selection(kinds.MAILBOXES | kinds.MAIL_USERS, (*MAILBOX_KEYS, "external"), "R")

    def to_move(self, identity: object) -> TenantObject:
        """Return what a new move request names; what names a soft-deleted mailbox as well is ambiguous."""
        item = self.mailboxes_and_mail_users().one(identity)
        if self.tenant.soft_deleted.find((*MAILBOX_KEYS, "external"), str(identity)):
            raise failures.ambiguous(identity)
        return item

    def get_mailbox(self, request: Request) -> Answer:
        """Get-Mailbox; with SoftDeletedMailbox of soft-deleted mailboxes alone."""
        selection = self.mailboxes()
        if request.get("SoftDeletedMailbox") is True:
            selection = replace(selection, store=self.tenant.soft_deleted)
        items, warnings = selection.get(request.parameters)
        return Answer([recipient_output.mailbox(item) for item in items], warnings)

    def _selection(self, of: frozenset[str], keys: tuple[str, ...], letter: str) -> Selection[TenantObject]:
        return Selection(self.tenant.objects, of, keys, letter, CLOUD_CONTROLLER, lambda item: True, cloud=True)

    def get_mailbox_statistics(self, request: Request) -> Answer:
        """Get-MailboxStatistics for one mailbox or its archive."""
        item = self.mailboxes().one(request.get("Identity"))
        archive = request.get("Archive") is True
        if archive and item.archive_status != "Active":
            raise failures.not_found(request.get("Identity"), CLOUD_CONTROLLER)
        return Answer([recipient_output.mailbox_statistics(item, archive=archive)])

    def set_mailbox(self, request: Request) -> Answer:
        """Set-Mailbox; a synchronized mailbox refuses what is mastered on-premises."""
        item = self.mailboxes().one(request.get("Identity"))
        mastered = sorted(MASTERED_ON_PREMISES & set(request.parameters))
        if item.is_dir_synced and mastered and not item.is_exchange_cloud_managed:
            raise failures.synchronized("Set-Mailbox", ",".join(mastered), item.identity)
        changes: dict[str, Any] = changes_of.mail_enabled(self.tenant.objects, item, request, self._accepted)
        if request.get("Type"):
            changes["kind"] = kinds.CONVERTIBLE[request.get("Type")]
        changes.update({held: False for name, held in DELAYS.items() if request.get(name) is True})
        if request.what_if:
            return Answer()
        if self.tenant.objects.change(item, request.now, **changes):
            return Answer()
        return Answer(warnings=[changes_of.no_change_warning(item.identity)])

    def _accepted(self, address: str) -> None:
        domain = addresses.domain(address)
        if domain and domain not in self.tenant.accepted_domains:
            raise failures.not_accepted_domain(domain)

    def _reader(
        self, of: frozenset[str], keys: tuple[str, ...], letter: str, show: Callable[[TenantObject], LabObject]
    ) -> Callable[[Request], Answer]:
        def read(request: Request) -> Answer:
            items, warnings = self._selection(of, keys, letter).get(request.parameters)
            return Answer([show(item) for item in items], warnings)

        return read
