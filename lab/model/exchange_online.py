# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud organization: the host of its cmdlets."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable

from lab.answer import Answer, Collection, LabCredential, LabObject, LabValue, Reference
from lab.model import surroundings
from lab.model.cloud_recipients import CLOUD_CONTROLLER, CloudRecipients
from lab.model.cmdlet_host import Implementation, Organization, Request
from lab.model.contract import CLOUD, Binder
from lab.model.exchange_server import accepted_domains, named_guid
from lab.model.mailbox_replication import MailboxReplication
from lab.model.migration import MigrationService
from lab.model.migration_cmdlets import Migrations
from lab.model.migration_endpoints import MigrationEndpoints
from lab.model.move_requests import MoveRequests
from lab.model.tenant import TENANT, Tenant


class ExchangeOnline(Organization):
    """The CmdletHost of the tenant. Every error ends the call, as over its REST interface."""

    def __init__(
        self,
        tenant: Tenant,
        replication: MailboxReplication,
        remote_credential: LabCredential,
        advance: Callable[[], None],
        now: Callable[[], datetime.datetime],
        lock: threading.RLock,
    ) -> None:
        super().__init__(Binder(CLOUD), advance, now, lock, errors_terminate=True)
        self.tenant = tenant
        recipients = CloudRecipients(tenant)
        self.move_requests = MoveRequests(replication, recipients, remote_credential)
        check_endpoint = self.move_requests.check_endpoint
        self.migration = MigrationService(
            replication, recipients, replication.agenda, check_endpoint, self.move_requests.check_options
        )
        endpoints = MigrationEndpoints(
            tenant, check_endpoint, lambda item: any(batch.endpoint is item for batch in self.migration.batches),
            lambda: self.migration.timing.after(self.migration.timing.between_tests),
        )  # fmt: skip
        self.cmdlets = {
            **recipients.cmdlets(),
            **self.move_requests.cmdlets(),
            "Get-AcceptedDomain": Implementation(self.get_accepted_domain, frozenset({"Identity", "ResultSize"})),
            "Get-OrganizationConfig": Implementation(self.get_organization_config),
            **surroundings.tenant_cmdlets(tenant),
            **endpoints.cmdlets(),
            **Migrations(self.migration, tenant).cmdlets(),
        }

    def get_accepted_domain(self, request: Request) -> Answer:
        """Get-AcceptedDomain."""
        return accepted_domains(self.tenant.accepted_domains, request.get("Identity"), CLOUD_CONTROLLER)

    def get_organization_config(self, request: Request) -> Answer:
        """Get-OrganizationConfig, as far as moves are concerned."""
        properties: dict[str, LabValue] = {
            "Name": TENANT, "Identity": Reference(TENANT), "DisplayName": "Contoso", "Guid": named_guid(TENANT),
            "AutoExpandingArchiveEnabled": self.tenant.auto_expanding_archive, "IsDehydrated": False,
            "ExchangeAttributesCloudManagedByDefault": self.tenant.cloud_managed_by_default, "IsValid": True,
            "InPlaceHolds": Collection(self.tenant.in_place_holds),
        }  # fmt: skip
        kind = "Microsoft.Exchange.Data.Directory.Management.OrganizationConfig"
        return Answer([LabObject((kind, "System.Object"), properties, TENANT)])
