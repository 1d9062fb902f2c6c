# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directory synchronization: the scheduler, the run history, scope, matching, export, forward sync and write-back.

A cycle is a row of steps, each with a length and a moment between two of them; the agenda starts and ends them.
On-premises objects are read when the cycle begins, so a write that comes later waits for the next cycle. An object is
matched when it comes into scope, and never again. Sources: microsoft-articles.md section 2, offboarding-practice.md
section 1.4, identity-filters-roles.md, section Directory sync, and for the scope Entra's pages (CONFORMANCE.md).
"""

from __future__ import annotations

import copy
import datetime
import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from lab.model import addresses, proxy_calculation
from lab.model.clock import Agenda
from lab.model.controllers import Replication
from lab.model.directory import CONTROLLERS, DOMAIN, Directory, DirectoryObject
from lab.model.kinds import MAIL_USERS, MAILBOXES, PLAIN_USERS, REMOTE_MAILBOXES, USERS
from lab.model.recipients import EMPTY_GUID
from lab.model.tenant import LEGACY, ROUTING_DOMAIN, TENANT, Tenant, TenantObject

AD_CONNECTOR = DOMAIN
CLOUD_CONNECTOR = f"{TENANT} - AAD"
# What newer releases call it.
NEW_CLOUD_CONNECTOR = f"{TENANT} - Microsoft Entra ID"
DELETION_THRESHOLD = 500
INTERVAL = datetime.timedelta(minutes=30)
STEPS = {
    "Delta": ("Delta Import", "Delta Synchronization"),
    "Initial": ("Full Import", "Full Synchronization"),
}
NAMESPACE = uuid.UUID("6f3a5a4e-8f7b-4a43-9d6c-3d6b5e0c1a11")


@dataclass
class Timing:
    """Seconds of a lab that runs at speed 1; the scheduler's 30 minutes are not scaled."""

    start_delay: float = 1.0
    step: float = 0.8
    between_steps: float = 0.2
    forward_sync: float = 3.0

    def faster(self, speed: float) -> Timing:
        """Return the same lengths divided by the speed."""
        lengths = (self.start_delay, self.step, self.between_steps, self.forward_sync)
        return Timing(*(length / speed for length in lengths))


@dataclass
class Run:
    """One run of one connector, as the run history keeps it."""

    number: int
    connector: str
    profile: str
    started: datetime.datetime
    ended: datetime.datetime | None = None
    result: str = "in-progress"


@functools.cache
def identifier(name: str) -> uuid.UUID:
    """Return what the synchronization calls something, which every look at the history shows again."""
    return uuid.uuid5(NAMESPACE, name)


class DirectorySync:
    """What Entra Connect and the services behind it do."""

    def __init__(
        self,
        directory: Directory,
        replication: Replication,
        tenant: Tenant,
        agenda: Agenda,
        now: datetime.datetime,
        timing: Timing,
    ) -> None:
        self.directory = directory
        self.replication = replication
        self.tenant = tenant
        self.agenda = agenda
        self.timing = timing
        self.sync_cycle_enabled = True
        self.staging_mode = False
        # Exchange hybrid write-back, which is optional: the object id and the X500 address come from the cloud.
        self.writes_back = True
        # Alternate login ID: userPrincipalName in the cloud comes from mail, where there is one.
        self.alternate_login_id = False
        self.scheduler_suspended = False
        self.next_start = now + INTERVAL
        self.cloud_connector = CLOUD_CONNECTOR
        self.excluded_units: set[str] = {"Not Synced"}
        # The group that the sync filters by; without one, nobody is filtered.
        self.scope_group = ""
        # Deletions of other objects that wait for an export, beside those of objects that leave the scope.
        self.other_deletions = 0
        self.export_errors: set[uuid.UUID] = set()
        self.history: list[Run] = []
        self.busy = False
        self.cycle_in_progress = False
        self.running: Run | None = None
        self._bound: dict[str, str] = {}
        self._sources: dict[str, DirectoryObject] = {}
        self._changed: dict[uuid.UUID, DirectoryObject] = {}
        self._imported: list[DirectoryObject] = []
        self._leaving: list[str] = []
        self._deleted: dict[str, TenantObject] = {}
        self._arrived: set[str] = set()
        self._seen_in_cloud: set[str] = set()
        self._export_result = "success"
        directory.objects.on_change = self._note
        agenda.add(self.next_start, self._scheduled)

    # -- what the cmdlets and the builder ask for ---------------------------------------------------------------

    def request_cycle(self, policy: str, now: datetime.datetime) -> None:
        """Start a cycle a moment later: right after the request nothing shows as running yet."""
        self.busy = True
        self.agenda.add(now + self._seconds(self.timing.start_delay), lambda due: self._begin(due, policy))

    def run_cycle_now(self, now: datetime.datetime) -> None:
        """Run one delta cycle at once, forward sync included, whatever the scheduler's settings are."""
        interrupted, self.running = self.running, None
        self._import("Delta", now)
        for connector, profile in self._steps("Delta"):
            self.running = self._new_run(connector, profile, now)
            if (connector, profile) == (self.cloud_connector, "Export"):
                self._export(now, now)
            elif profile == "Export":
                self._write_back(now)
            self._close_run(now)
        self.running = interrupted
        self.agenda.run_until(now)

    def bind(self, item: DirectoryObject, cloud: TenantObject) -> None:
        """Record a pair that earlier cycles already synchronized."""
        self._bound[item.source_anchor] = cloud.external_directory_object_id
        self._sources[item.source_anchor] = item
        self._changed.pop(item.guid, None)

    def forget_change(self, item: DirectoryObject) -> None:
        """Take an object's change out of the next delta cycle, as if an earlier one had exported it."""
        self._changed.pop(item.guid, None)

    # -- the course of a cycle ----------------------------------------------------------------------------------

    def _note(self, item: DirectoryObject) -> None:
        self._changed[item.guid] = item

    def _seconds(self, seconds: float) -> datetime.timedelta:
        return datetime.timedelta(seconds=seconds)

    def _scheduled(self, due: datetime.datetime) -> None:
        self.next_start = due + INTERVAL
        self.agenda.add(self.next_start, self._scheduled)
        if self.sync_cycle_enabled and not self.scheduler_suspended and not self.busy:
            self._begin(due, "Delta")

    def _steps(self, policy: str) -> list[tuple[str, str]]:
        connectors = (AD_CONNECTOR, self.cloud_connector)
        steps = [(connector, profile) for profile in STEPS[policy] for connector in connectors]
        return steps if self.staging_mode else [*steps, (self.cloud_connector, "Export"), (AD_CONNECTOR, "Export")]

    def _begin(self, due: datetime.datetime, policy: str) -> None:
        self.busy = self.cycle_in_progress = True
        self._import(policy, due)
        self._step(due, self._steps(policy))

    def _step(self, due: datetime.datetime, left: list[tuple[str, str]]) -> None:
        if not left:
            self.busy = self.cycle_in_progress = False
            return
        connector, profile = left[0]
        self.running = self._new_run(connector, profile, due)
        self.agenda.add(due + self._seconds(self.timing.step), lambda end: self._end_step(end, left))

    def _end_step(self, end: datetime.datetime, left: list[tuple[str, str]]) -> None:
        if left[0] == (self.cloud_connector, "Export"):
            self._export(end, end + self._seconds(self.timing.forward_sync))
        elif left[0][1] == "Export":
            self._write_back(end)
        self._close_run(end)
        rest = left[1:]
        # Between two steps no connector runs, and the cycle goes on all the same.
        pause = self._seconds(self.timing.between_steps if rest else 0.0)
        self.agenda.add(end + pause, lambda due: self._step(due, rest))

    def _new_run(self, connector: str, profile: str, now: datetime.datetime) -> Run:
        run = Run(len(self.history) + 1, connector, profile, now)
        self.history.append(run)
        return run

    def _close_run(self, now: datetime.datetime) -> None:
        if self.running is None:
            return
        export = self.running.connector == self.cloud_connector and self.running.profile == "Export"
        self.running.ended = now
        self.running.result = self._export_result if export else "success"
        self.running = None

    # -- import, match, export ----------------------------------------------------------------------------------

    def _import(self, policy: str, now: datetime.datetime) -> None:
        self._seen_in_cloud |= self._arrived
        self._arrived = set()
        source = list(self.directory.objects) if policy == "Initial" else list(self._changed.values())
        # The sync reads each domain's first controller: what has not reached it waits for a later cycle.
        late = {item.guid for item in source if not self.replication.knows(CONTROLLERS[item.domain][0], item, now)}
        source = [item for item in source if item.guid not in late]
        self._sources.update({item.source_anchor: item for item in source})
        waiting = {item.guid: item for item in self._imported}
        waiting.update({item.guid: copy.copy(item) for item in source if self._in_scope(item)})
        self._imported = list(waiting.values())
        outside = [item for item in source if not self._in_scope(item)]
        self._leaving += [
            item.source_anchor
            for item in outside
            if item.source_anchor in self._bound and item.source_anchor not in self._leaving
        ]
        self._changed = {guid: item for guid, item in self._changed.items() if guid in late or not self._in_scope(item)}

    def _in_scope(self, item: DirectoryObject) -> bool:
        """Tell whether the filters let an object through: by unit, by the group, by adminDescription."""
        if item.organizational_unit in self.excluded_units or item.admin_description.startswith("User_"):
            return False
        return not self.scope_group or item.kind not in USERS or self.scope_group in item.member_of

    def _export(self, now: datetime.datetime, visible: datetime.datetime) -> None:
        if len(self._leaving) + self.other_deletions > DELETION_THRESHOLD:
            # Nothing at all is exported then, and all of it waits.
            self._export_result = "stopped-deletion-threshold-exceeded"
            return
        self._export_result = "success"
        self.other_deletions = 0
        self._delete(now)
        failed = []
        for item in self._imported:
            if item.guid in self.export_errors or self._may_not_take_over(item):
                self._export_result = "completed-export-errors"
                failed.append(item)
                continue
            external_id = self._bound.get(item.source_anchor) or self._match(item)
            self.agenda.add(visible, self._arrival(item, external_id))
        self._imported = failed

    def _delete(self, now: datetime.datetime) -> None:
        """Delete the cloud objects of what left the scope. They lie in the recycle bin, and are restored from there."""
        for anchor in self._leaving:
            cloud = self.tenant.by_external_id(self._bound.pop(anchor))
            if cloud is not None:
                self.tenant.objects.remove(cloud)
                self._deleted[anchor] = cloud
        self._leaving = []

    def _may_not_take_over(self, item: DirectoryObject) -> bool:
        """Tell whether a hard match would make a cloud user on-premises' own, and the tenant blocks that."""
        if item.source_anchor in self._bound:
            return False
        free = [c for c in self.tenant.objects.find(["anchor"], item.source_anchor) if not c.is_dir_synced]
        hardened = any(c.admin_role or c.eligible_role or c.on_premises_object_identifier for c in free)
        return bool(free) and (self.tenant.block_hard_match or hardened)

    def _match(self, item: DirectoryObject) -> str:
        """Join a new object: hard match, then soft match by primary address, then by UPN; else a new cloud object."""
        for cloud in self.tenant.objects.find(["anchor"], item.source_anchor):
            return self._join(item, cloud)
        if item.source_anchor in self._deleted:
            return self._join(item, self.tenant.objects.add(self._deleted.pop(item.source_anchor)))
        if not self.tenant.block_soft_match and item.kind in USERS:
            for cloud in self._soft_candidates(item):
                if not cloud.entra_anchor and not cloud.admin_role and cloud.kind in USERS:
                    return self._join(item, cloud)
        external_id = str(uuid.uuid5(NAMESPACE, f"provisioned {item.source_anchor}"))
        self._bound[item.source_anchor] = external_id
        return external_id

    def _soft_candidates(self, item: DirectoryObject) -> list[TenantObject]:
        primary = item.primary_smtp_address.lower()
        found = [
            cloud
            for cloud in self.tenant.objects.find(["address"], f"smtp:{primary}")
            if primary and cloud.primary_smtp_address.lower() == primary
        ]
        if not found and self.tenant.soft_match_on_upn and item.user_principal_name:
            found = self.tenant.objects.find(["upn"], item.user_principal_name)
        return found

    def _join(self, item: DirectoryObject, cloud: TenantObject) -> str:
        # The anchor is Entra's: Exchange Online shows no sign of it, not even a new WhenChanged.
        self.tenant.objects.change(cloud, cloud.when_changed, entra_anchor=item.source_anchor)
        self._bound[item.source_anchor] = cloud.external_directory_object_id
        return cloud.external_directory_object_id

    def _arrival(self, item: DirectoryObject, external_id: str) -> Callable[[datetime.datetime], None]:
        return lambda due: self._arrive(item, external_id, due)

    def _arrive(self, item: DirectoryObject, external_id: str, now: datetime.datetime) -> None:
        """The exported values reach Exchange Online (facts: microsoft-articles.md, KB 4052070)."""
        cloud = self.tenant.by_external_id(external_id) or self._provision(item, external_id, now)
        if self._archive_conflict(item, cloud) or cloud.user_cloud_managed:
            return
        self.tenant.objects.change(cloud, now, **self._flow(item, cloud))
        self._arrived.add(item.source_anchor)

    def _archive_conflict(self, item: DirectoryObject, cloud: TenantObject) -> bool:
        # A differing ArchiveGuid blocks every further change of the user (facts: KB 4053483).
        return EMPTY_GUID not in (cloud.archive_guid, item.archive_guid) and cloud.archive_guid != item.archive_guid

    def _provision(self, item: DirectoryObject, external_id: str, now: datetime.datetime) -> TenantObject:
        kind = "MailUser" if item.kind in MAILBOXES | REMOTE_MAILBOXES | MAIL_USERS else item.kind
        guid = uuid.uuid5(NAMESPACE, f"exchange object {external_id}")
        taken = bool(self.tenant.objects.find(["name"], item.name))
        cloud = TenantObject(
            guid, f"{item.name} {external_id[:8]}" if taken else item.name, kind, display_name=item.display_name,
            external_directory_object_id=external_id, entra_anchor=item.source_anchor, sku_assigned=False,
            legacy_exchange_dn=f"{LEGACY}{guid.hex}",
            when_created=now, when_changed=now,
        )  # fmt: skip
        return self.tenant.objects.add(cloud)

    def _account(self, item: DirectoryObject, cloud: TenantObject) -> dict[str, object]:
        """Return what flows whatever Exchange knows of an object: names, sign-in name, and whether it may sign in.

        userAccountControl decides over the cloud's sign-in (facts: public-reports.md section 2). Of a linked mailbox
        the account in the other forest does, which is not modelled.
        """
        changes: dict[str, object] = {"is_dir_synced": True}
        for name in ("display_name", "first_name", "last_name"):
            if getattr(item, name):
                changes[name] = getattr(item, name)
        if item.kind in USERS:
            changes["user_principal_name"] = self._sign_in_name(item, cloud)
            if not item.linked_master_account:
                changes["account_disabled"] = item.account_disabled
        return changes

    def _flow(self, item: DirectoryObject, cloud: TenantObject) -> dict[str, object]:
        """Return what on-premises values overwrite. An object without mail attributes leaves the addresses alone."""
        changes = self._account(item, cloud)
        if cloud.is_exchange_cloud_managed:
            return changes
        if item.alias:
            # What Exchange keeps on a user flows with mailNickname, though no cmdlet shows it of a plain user.
            changes.update(alias=item.alias, hidden=item.hidden, custom_attributes=dict(item.custom_attributes))
        if not item.email_addresses:
            return {**changes, **self._mail_alone(item, cloud)}
        calculated = self._calculated(item, cloud)
        changes.update(
            email_addresses=list(calculated.proxies), mail=calculated.mail, alias=calculated.alias,
        )  # fmt: skip
        if cloud.kind in PLAIN_USERS:
            changes["kind"] = "MailUser"
        if self.tenant.reverts_kinds and cloud.is_mailbox and item.kind != f"Remote{cloud.kind}":
            changes["kind"] = "UserMailbox"
        if cloud.kind in PLAIN_USERS | MAIL_USERS and item.kind not in MAILBOXES:
            changes["external_email_address"] = item.external_email_address
            changes["exchange_guid"] = item.exchange_guid
        if cloud.kind in MAIL_USERS and item.kind in MAILBOXES:
            # Who is at home has no targetAddress any more: mail goes to the primary address.
            changes["external_email_address"] = f"SMTP:{item.primary_smtp_address}"
        return changes

    def _sign_in_name(self, item: DirectoryObject, cloud: TenantObject) -> str:
        name = (item.mail if self.alternate_login_id else "") or item.user_principal_name
        holders = self.tenant.objects.find(["upn"], name)
        if all(holder.guid == cloud.guid for holder in holders):
            return name
        local = name.partition("@")[0]
        return cloud.user_principal_name or f"{local}{int(cloud.guid) % 10000:04d}@{TENANT}"

    def _mail_alone(self, item: DirectoryObject, cloud: TenantObject) -> dict[str, object]:
        """A user without proxy addresses: its ``mail`` becomes the primary address, the other addresses stay."""
        wanted = f"SMTP:{item.mail}"
        rules = self._rules(cloud)
        usable = proxy_calculation.survives(wanted, rules, recipient=_recipient(cloud)) and not rules.taken(wanted)
        if not item.mail or not cloud.email_addresses or not usable:
            return {}
        return {"email_addresses": addresses.with_primary(cloud.email_addresses, item.mail), "mail": item.mail}

    def _rules(self, cloud: TenantObject) -> proxy_calculation.Tenant:
        return proxy_calculation.Tenant(
            TENANT,
            self.tenant.accepted_domains,
            lambda address: self.tenant.objects.holder(address, but=cloud) is not None,
            f"{int(cloud.guid) % 10000:04d}",
            ROUTING_DOMAIN if self.tenant.keeps_routing_addresses else "",
        )

    def _calculated(self, item: DirectoryObject, cloud: TenantObject) -> proxy_calculation.Calculated:
        """Return what the proxy calculation makes of the exported addresses, without what another object holds.

        That is quarantined, without an error. ``SPO:`` addresses are the cloud's own.
        """
        rules = self._rules(cloud)
        sign_in_name = item.user_principal_name if item.kind in USERS else ""
        calculated = proxy_calculation.calculate(
            proxy_calculation.Source(sign_in_name, item.mail, item.alias, item.email_addresses),
            proxy_calculation.Calculated(cloud.alias, cloud.email_addresses), rules, recipient=_recipient(cloud),
        )  # fmt: skip
        own = [address for address in cloud.email_addresses if address.startswith("SPO:")]
        wanted = [*calculated.proxies, *own]
        free = [address for address in wanted if not rules.taken(address)]
        cloud.quarantined = [address for address in wanted if address not in free]
        proxies = proxy_calculation.with_primary(free, rules)
        if not addresses.primary(proxies):
            proxies = [f"SMTP:{item.alias}{rules.digits}@{TENANT}", *proxies]
        return proxy_calculation.Calculated(calculated.alias, proxies)

    # -- write-back ---------------------------------------------------------------------------------------------

    def _write_back(self, now: datetime.datetime) -> None:
        """The cloud's object id and LegacyExchangeDN come back to Active Directory, one cycle after the export."""
        for anchor in sorted(self._seen_in_cloud) if self.writes_back else ():
            cloud = self.tenant.by_external_id(self._bound[anchor])
            item = self._sources.get(anchor)
            if cloud is None or item is None:
                continue
            changes: dict[str, object] = {"written_back_id": f"User_{cloud.external_directory_object_id}"}
            x500 = f"X500:{cloud.legacy_exchange_dn}"
            free = self.directory.objects.holder(x500, but=item) is None
            if item.email_addresses and free and not addresses.contains(item.email_addresses, x500):
                changes["email_addresses"] = [*item.email_addresses, x500]
            self.directory.objects.change(item, now, **changes)
        self._seen_in_cloud = set()


def _recipient(cloud: TenantObject) -> bool:
    """Tell whether the proxy calculation takes an object for a recipient: it has a licence, or a mailbox without."""
    return cloud.sku_assigned or cloud.is_mailbox
