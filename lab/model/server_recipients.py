# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The on-premises cmdlets that read and write recipients and users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.answer import Answer, LabObject
from lab.model import addresses, failures, kinds, recipient_output
from lab.model import recipient_changes as changes_of
from lab.model.cmdlet_host import Implementation, Request
from lab.model.controllers import Replication, domain_of
from lab.model.directory import CONTROLLERS, DOMAIN, Directory, DirectoryObject
from lab.model.recipients import EMPTY_GUID, Quotas
from lab.model.selection import MAILBOX_KEYS, RECIPIENT_KEYS, USER_KEYS, Selection

SET = frozenset({"Identity", "DomainController", "IgnoreDefaultScope"})
GET = SET | {"Filter", "Anr", "ResultSize", "ReadFromDomainController"}
QUOTAS = {
    "IssueWarningQuota": "issue_warning", "ProhibitSendQuota": "prohibit_send",
    "ProhibitSendReceiveQuota": "prohibit_send_receive", "RecoverableItemsQuota": "recoverable_items",
}  # fmt: skip
_UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}


class ServerRecipients:
    """Get-User, Set-User, Get-Recipient, the mail user, remote mailbox and mailbox cmdlets of Exchange Server."""

    def __init__(self, directory: Directory, replication: Replication) -> None:
        self.directory = directory
        self.replication = replication

    def cmdlets(self) -> dict[str, Implementation]:
        """Return the cmdlets by name."""
        details = GET | {"RecipientTypeDetails"}
        user = SET | set(changes_of.NAMING) | {"WindowsEmailAddress", "FirstName", "LastName"}
        writable = SET | changes_of.MAIL_ENABLED | {"ForceUpgrade"}
        implemented = {
            "Get-User": (self._reader(kinds.USERS, USER_KEYS, "P", recipient_output.user), details),
            "Get-Recipient": (
                self._reader(kinds.RECIPIENTS, RECIPIENT_KEYS, "R", recipient_output.recipient),
                details | {"RecipientType"},
            ),
            "Get-MailUser": (self._reader(kinds.MAIL_USERS, RECIPIENT_KEYS, "U", recipient_output.mail_user), GET),
            "Get-RemoteMailbox": (
                self._reader(kinds.REMOTE_MAILBOXES, RECIPIENT_KEYS, "X", recipient_output.remote_mailbox), GET,
            ),
            "Get-Mailbox": (self._reader(kinds.MAILBOXES, MAILBOX_KEYS, "M", recipient_output.mailbox), details),
            "Get-MailboxStatistics": (self.get_mailbox_statistics, SET | {"Archive"}),
            "Set-User": (self.set_user, user),
            "Enable-MailUser": (
                self.enable_mail_user, SET | {"ExternalEmailAddress", "PrimarySmtpAddress", "Alias", "DisplayName"},
            ),
            "Set-MailUser": (self.set_mail_user, writable | {"ExternalEmailAddress"}),
            "Disable-MailUser": (self.disable_mail_user, SET),
            "Set-RemoteMailbox": (self.set_remote_mailbox, writable | {"RemoteRoutingAddress"}),
            "Set-Mailbox": (self.set_mailbox, writable | {"Type", "UseDatabaseQuotaDefaults", *QUOTAS}),
        }  # fmt: skip
        return {name: Implementation(function, frozenset(known)) for name, (function, known) in implemented.items()}

    def selection(
        self, request: Request, of: frozenset[str], keys: tuple[str, ...], letter: str
    ) -> Selection[DirectoryObject]:
        """Return what a cmdlet may see: without ViewEntireForest only the server's own domain.

        A DomainController holds its own domain's objects and no others; that it narrows a cmdlet so even with
        ViewEntireForest is inferred (lab/CONFORMANCE.md).
        """
        if request.get("IgnoreDefaultScope") and request.get("DomainController"):
            raise failures.recipient_task("IgnoreDefaultScope and DomainController can't be used together.")
        entire = request.shell.view_entire_forest or request.get("IgnoreDefaultScope") is True
        named = str(request.get("DomainController") or "").lower()
        held = domain_of(named) if named else ""
        seen = self.replication.seen_at([self._controller(request, domain) for domain in CONTROLLERS], request.now)
        return Selection(
            seen, of, keys, letter, named or self._controller(request, DOMAIN),
            lambda item: item.domain == held if held else entire or item.domain == DOMAIN,
        )  # fmt: skip

    def _controller(self, request: Request, domain: str) -> str:
        """Return the controller that answers for a domain: the one that is named, else the session's own choice."""
        named = str(request.get("DomainController") or "").lower()
        if named in CONTROLLERS[domain]:
            return named
        return CONTROLLERS[domain][request.shell.controller or 0]

    def _change(self, request: Request, item: DirectoryObject, **changes: Any) -> bool:
        return self.replication.change(item, self._controller(request, item.domain), request.now, **changes)

    def get_mailbox_statistics(self, request: Request) -> Answer:
        """Get-MailboxStatistics for one mailbox."""
        item = self.selection(request, kinds.MAILBOXES, MAILBOX_KEYS, "M").one(request.get("Identity"))
        return Answer([recipient_output.mailbox_statistics(item, archive=request.get("Archive") is True)])

    def set_user(self, request: Request) -> Answer:
        """Set-User. WindowsEmailAddress is without effect under an address policy (facts: cmdlets.md section 2)."""
        item = self.selection(request, kinds.USERS, USER_KEYS, "P").one(request.get("Identity"))
        given = dict(request.parameters)
        mail = given.pop("WindowsEmailAddress", None)
        changes = {field: given[name] for name, field in changes_of.SIMPLE.items() if name in given}
        if mail and item.kind in kinds.PLAIN_USERS:
            changes["mail"] = changes_of.external_address(mail)[5:]
        elif mail and not item.email_address_policy_enabled:
            mailed = Request(request.cmdlet, {"WindowsEmailAddress": mail}, request.shell, request.now)
            changes.update(changes_of.mail_enabled(self.directory.objects, item, mailed))
        changes_of.refuse_taken(self.directory.objects, item, changes)
        return self._apply(request, item, changes)

    def enable_mail_user(self, request: Request) -> Answer:
        """Enable-MailUser. Without PrimarySmtpAddress the external address becomes the primary one.

        With it the address policy is turned off for the object (facts: cmdlets.md section 2). That addresses which the
        plain user held stay behind the primary one is invented.
        """
        item = self.selection(request, kinds.USERS | kinds.RECIPIENTS, USER_KEYS, "P").one(request.get("Identity"))
        if item.kind not in kinds.PLAIN_USERS:
            raise failures.wrong_kind(item.identity, item.kind)
        if not request.get("ExternalEmailAddress"):
            raise failures.recipient_task("ExternalEmailAddress is required: the lab has no guest users.")
        external = changes_of.external_address(request.get("ExternalEmailAddress"))
        primary = request.get("PrimarySmtpAddress") or external[5:]
        changes: dict[str, Any] = {
            "kind": "MailUser",
            "external_email_address": external,
            "email_addresses": changes_of.valid(addresses.with_primary(item.email_addresses, f"SMTP:{primary}")),
            "mail": primary,
            "email_address_policy_enabled": not request.get("PrimarySmtpAddress"),
            "alias": request.get("Alias") or changes_of.derived_alias(item.user_principal_name, item.name),
            "display_name": request.get("DisplayName") or item.display_name or item.name,
            "legacy_exchange_dn": changes_of.legacy_exchange_dn(item.guid, item.name),
        }
        changes_of.refuse_taken(self.directory.objects, item, changes)
        if request.what_if:
            return Answer()
        self._change(request, item, **changes)
        return Answer([recipient_output.mail_user(self.directory.objects.get(item.guid))])

    def set_mail_user(self, request: Request) -> Answer:
        """Set-MailUser. A changed ExternalEmailAddress takes its old value out of the proxy addresses."""
        item = self.selection(request, kinds.MAIL_USERS, RECIPIENT_KEYS, "U").one(request.get("Identity"))
        return self._apply(request, item, self._routed(request, item, "ExternalEmailAddress"))

    def set_remote_mailbox(self, request: Request) -> Answer:
        """Set-RemoteMailbox."""
        item = self.selection(request, kinds.REMOTE_MAILBOXES, RECIPIENT_KEYS, "X").one(request.get("Identity"))
        return self._apply(request, item, self._routed(request, item, "RemoteRoutingAddress"))

    def _routed(self, request: Request, item: DirectoryObject, parameter: str) -> dict[str, Any]:
        changes = changes_of.mail_enabled(self.directory.objects, item, request)
        if not request.get(parameter):
            return changes
        target = changes_of.external_address(request.get(parameter))
        changes["external_email_address"] = target
        old = item.external_email_address
        if old and old.lower() != target.lower() and "EmailAddresses" not in request.parameters:
            held = changes.get("email_addresses", item.email_addresses)
            kept = [address for address in held if address.lower() != old.lower() or address.startswith("SMTP:")]
            changes["email_addresses"] = kept
        return changes

    def disable_mail_user(self, request: Request) -> Answer:
        """Disable-MailUser: the account stays, disabled if it was, and every Exchange attribute goes, ``mail`` too."""
        item = self.selection(request, kinds.MAIL_USERS, RECIPIENT_KEYS, "U").one(request.get("Identity"))
        if request.what_if:
            return Answer()
        self._change(
            request, item, kind="DisabledUser" if item.account_disabled else "User", alias="", mail="",
            email_addresses=[], external_email_address="", exchange_guid=EMPTY_GUID,
            archive_guid=EMPTY_GUID, archive_name="", legacy_exchange_dn="", email_address_policy_enabled=False,
            hidden=False, custom_attributes={},
        )  # fmt: skip
        return Answer()

    def set_mailbox(self, request: Request) -> Answer:
        """Set-Mailbox: conversion by Type, quotas, and what every mail-enabled object has."""
        item = self.selection(request, kinds.MAILBOXES, MAILBOX_KEYS, "M").one(request.get("Identity"))
        changes = changes_of.mail_enabled(self.directory.objects, item, request, self._accepted)
        if request.get("Type"):
            if item.kind == "LinkedMailbox":
                # What Exchange does with that call is not known to us: nobody may rest on an answer.
                raise failures.not_in_the_lab("Set-Mailbox", "Type")
            changes["kind"] = kinds.CONVERTIBLE[request.get("Type")]
            if changes["kind"] != "UserMailbox":
                changes["account_disabled"] = True
        if "UseDatabaseQuotaDefaults" in request.parameters:
            changes["use_database_quota_defaults"] = request.get("UseDatabaseQuotaDefaults")
        quotas = {field: byte_size(request.get(name)) for name, field in QUOTAS.items() if name in request.parameters}
        if quotas:
            changes["quotas"] = Quotas(**{**vars(item.quotas), **quotas})
        return self._apply(request, item, changes)

    def _accepted(self, address: str) -> None:
        domain = addresses.domain(address)
        if domain and not self.directory.accepts(domain):
            raise failures.not_accepted_domain(domain)

    def _apply(self, request: Request, item: DirectoryObject, changes: dict[str, Any]) -> Answer:
        if request.what_if:
            return Answer()
        if self._change(request, item, **changes):
            return Answer()
        return Answer(warnings=[changes_of.no_change_warning(item.identity)])

    def _reader(
        self, of: frozenset[str], keys: tuple[str, ...], letter: str, show: Callable[[DirectoryObject], LabObject]
    ) -> Callable[[Request], Answer]:
        def read(request: Request) -> Answer:
            items, warnings = self.selection(request, of, keys, letter).get(request.parameters)
            return Answer([show(item) for item in items], warnings)

        return read


def byte_size(value: object) -> int | None:
    """Return bytes of ``50GB``, ``1,024``, ``49 GB (52,613,349,376 bytes)``; None for Unlimited."""
    text = str(value).strip()
    if text.lower() == "unlimited":
        return None
    if "(" in text:
        return int(text.partition("(")[2].split()[0].replace(",", ""))
    number = text.rstrip("BKMGTbkmgt ")
    unit = text[len(number) :].strip().upper() or "B"
    return int(float(number.replace(",", "")) * _UNITS[unit])
