# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud side: the tenant's recipients as Exchange Online shows them, and what Microsoft Entra remembers of them."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field

from lab.answer import LabCredential
from lab.model import failures
from lab.model.recipients import Recipient, Skipped, Store

TENANT = "contoso.onmicrosoft.com"
ROUTING_DOMAIN = "contoso.mail.onmicrosoft.com"
WIZARDS_ENDPOINT = "Hybrid Migration Endpoint - EWS (Default Web Site)"
LEGACY = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
_ORGANIZATION = f"OU={TENANT},OU=Microsoft Exchange Hosted Organizations,DC=EURPR07A001,DC=PROD,DC=OUTLOOK,DC=COM"


@dataclass
class TenantObject(Recipient):
    """A cloud object. ``entra_anchor`` is onPremisesImmutableId: set by a match, readable through no cmdlet.

    ``skipped`` is what a move will have to leave out; with ``source_stays`` the clean-up after the move does not run.
    ``conversion_lag`` are seconds after a completion in which this still shows as a mailbox; with ``points_back`` the
    mail user that came of it points at its old routing address until a cycle has exported that it is at home.
    """

    entra_anchor: str = ""
    is_dir_synced: bool = False
    account_disabled: bool = False
    admin_role: bool = False
    archive_status: str = "None"
    auto_expanding_archive: bool = False
    in_place_holds: list[str] = field(default_factory=list)
    delay_hold: bool = False
    delay_release_hold: bool = False
    compliance_tag_hold: bool = False
    is_exchange_cloud_managed: bool = False
    sku_assigned: bool = True
    permissions: dict[str, list[str]] = field(default_factory=dict)
    quarantined: list[str] = field(default_factory=list)
    service_errors: list[str] = field(default_factory=list)
    skipped: Skipped | None = None
    source_stays: bool = False
    conversion_lag: float = 0.0
    points_back: bool = False
    # Entra's: eligible for a role by Privileged Identity Management, the object that the user was synced from once, and
    # the user's own source of authority (onPremisesSyncBehavior).
    eligible_role: bool = False
    on_premises_object_identifier: str = ""
    user_cloud_managed: bool = False

    @property
    def distinguished_name(self) -> str:
        """Return the distinguished name in the service's own forest."""
        escaped = self.name.replace("\\", "\\\\").replace(",", "\\,")
        return f"CN={escaped},{_ORGANIZATION}"

    def keys(self) -> set[tuple[str, str]]:
        """Add the anchor, which only directory synchronization looks for."""
        found = super().keys()
        if self.entra_anchor:
            found.add(("anchor", self.entra_anchor.lower()))
        return found


@dataclass
class OutboundConnector:
    """A connector; the hybrid configuration wizard makes one of type OnPremises for the hybrid domains.

    Mail takes a ``rule_scoped`` one only where a mail flow rule says so, whatever its domains.
    """

    name: str
    recipient_domains: list[str]
    enabled: bool = True
    connector_type: str = "OnPremises"
    all_accepted_domains: bool = False
    rule_scoped: bool = False


@dataclass
class MigrationEndpoint:
    """An endpoint, for remote moves unless its ``type`` is another; ``credential`` is what it keeps. A cross-tenant one
    has a ``remote_tenant``."""

    name: str
    remote_server: str
    remote_tenant: str = ""
    credential: LabCredential | None = None
    max_migrations: int = 20
    max_incremental: int = 10
    tested_at: datetime.datetime | None = None
    type: str = "ExchangeRemoteMove"


@dataclass
class Tenant:
    """Everything that the cloud cmdlets read and write. The flags are those of the Entra tenant."""

    objects: Store[TenantObject] = field(default_factory=Store[TenantObject])
    # Deleted mailboxes that can still be restored: apart, because what they hold is free for others to hold.
    soft_deleted: Store[TenantObject] = field(default_factory=Store[TenantObject])
    accepted_domains: list[str] = field(default_factory=list)
    soft_match_on_upn: bool = True
    block_soft_match: bool = False
    block_hard_match: bool = False
    cloud_managed_by_default: bool = False
    # A job that writes Exchange attributes of cloud-managed mailboxes into Active Directory.
    attribute_write_back: bool = False
    auto_expanding_archive: bool = False
    # What the service may do to a mailbox of another kind than its synchronized object's, sometime after a sync: make
    # it a user mailbox. Here it does at once, or never (facts: public-reports.md section 4).
    reverts_kinds: bool = False
    # Retention policies for everybody, as Get-OrganizationConfig lists them.
    in_place_holds: list[str] = field(default_factory=list)
    # Believed, not documented: the wildcard of the reserved suffixes covers the routing domain (CONFORMANCE.md).
    keeps_routing_addresses: bool = True
    outbound_connectors: list[OutboundConnector] = field(default_factory=list)
    # By name. The hybrid configuration wizard made this one, with its fixed name.
    migration_endpoints: dict[str, MigrationEndpoint] = field(
        default_factory=lambda: {WIZARDS_ENDPOINT: MigrationEndpoint(WIZARDS_ENDPOINT, "mail.contoso.com")}
    )
    # Users of batches that brought mailboxes into the cloud: the batch of each, by its address.
    migration_users: dict[str, str] = field(default_factory=dict)

    def by_external_id(self, external_id: uuid.UUID | str) -> TenantObject | None:
        """Find an object by its ExternalDirectoryObjectId, without the ``User_`` of the on-premises attribute."""
        return next(iter(self.objects.find(["external"], str(external_id).removeprefix("User_"))), None)

    def migration_endpoint(self, name: object) -> MigrationEndpoint:
        """Return a migration endpoint by its name. Raises CmdletFailure."""
        for endpoint in self.migration_endpoints.values():
            if endpoint.name.lower() == str(name).lower():
                return endpoint
        raise failures.migration(
            "MigrationEndpointNotFoundException", f'The migration endpoint "{name}" can\'t be found.'
        )
