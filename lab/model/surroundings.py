# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What surrounds the mailboxes: disks, the hybrid configuration, connectors, local move requests.

Property names of the copies' disks and of connectors are those that public scripts select; the
types and GUIDs are made up (lab/README.md).
"""

from __future__ import annotations

from lab.answer import Answer, ByteSize, Collection, Enumeration, LabObject, LabValue, Reference
from lab.model import failures, kinds
from lab.model.cmdlet_host import Implementation, Request
from lab.model.directory import Database, Directory
from lab.model.server_recipients import ServerRecipients
from lab.model.tenant import Tenant

_SYSTEM = "Microsoft.Exchange.Data.Directory.SystemConfiguration."


def server_cmdlets(directory: Directory, _recipients: ServerRecipients) -> dict[str, Implementation]:
    """Return the on-premises cmdlets of this file by name."""

    def copy_status(request: Request) -> Answer:
        """Get-MailboxDatabaseCopyStatus: every database has one copy, on the one server."""
        wanted = request.get("Identity")
        found = [directory.database(str(wanted))] if wanted else list(directory.databases.values())
        shown = [_copy(directory, item) for item in found if item is not None]
        if not shown:
            raise failures.database_not_found(wanted)
        return Answer(shown)

    def hybrid_configuration(request: Request) -> Answer:
        """Get-HybridConfiguration: nothing where the wizard never ran."""
        return Answer([_hybrid_configuration(directory)] if directory.hybrid_configured else [])

    return {
        "Get-MailboxDatabaseCopyStatus": Implementation(copy_status, frozenset({"Identity", "DomainController"})),
        "Get-HybridConfiguration": Implementation(hybrid_configuration, frozenset({"DomainController"})),
    }


def _copy(directory: Directory, database: Database) -> LabObject:
    name = f"{database.name}\\{directory.server}"
    total = database.size + database.disk_free
    state = "Mounted" if database.mounted else "Dismounted"
    properties: dict[str, LabValue] = {
        "Identity": Reference(name), "Name": name, "DatabaseName": database.name, "MailboxServer": directory.server,
        "Status": Enumeration("Microsoft.Exchange.Management.SystemConfigurationTasks.CopyStatus", state, 0),
        "DiskFreeSpace": ByteSize(database.disk_free), "DiskTotalSpace": ByteSize(total),
        "DiskFreeSpacePercent": database.disk_free * 100 // total, "CopyQueueLength": 0, "ReplayQueueLength": 0,
        "DatabaseVolumeMountPoint": database.mount_point, "IsValid": True,
    }  # fmt: skip
    kind = "Microsoft.Exchange.Management.SystemConfigurationTasks.DatabaseCopyStatusEntry"
    return LabObject((kind, "System.Object"), properties, name)


def _hybrid_configuration(directory: Directory) -> LabObject:
    name = "Hybrid Configuration"
    properties: dict[str, LabValue] = {
        "Name": name, "Identity": Reference(name), "Domains": Collection(list(directory.accepted_domains)),
        "OnPremisesSmartHost": directory.external_host_name, "IsValid": True,
    }  # fmt: skip
    return LabObject((f"{_SYSTEM}HybridConfiguration", "System.Object"), properties, name)


def local_move_requests(directory: Directory) -> list[LabObject]:
    """Return what Get-MoveRequest shows on-premises."""
    return [
        LabObject(
            ("Microsoft.Exchange.Management.RecipientTasks.MoveRequest", "System.Object"),
            {"ExchangeGuid": guid, "Status": kinds.request_status(status), "Flags": "IntraOrg, Pull", "IsValid": True},
            str(guid),
        )
        for guid, status in directory.move_requests.items()
    ]


def tenant_cmdlets(tenant: Tenant) -> dict[str, Implementation]:
    """Return the cloud cmdlets of this file by name."""

    def outbound_connector(request: Request) -> Answer:
        """Get-OutboundConnector."""
        return Answer([
            LabObject(
                (f"{_SYSTEM}TenantOutboundConnector", "System.Object"),
                {
                    "Name": item.name, "Identity": Reference(item.name), "Enabled": item.enabled,
                    "ConnectorType": _connector_type(item.connector_type),
                    "RecipientDomains": Collection(item.recipient_domains),
                    "AllAcceptedDomains": item.all_accepted_domains,
                    "IsTransportRuleScoped": item.rule_scoped, "UseMXRecord": False, "IsValid": True,
                },
                item.name,
            )
            for item in tenant.outbound_connectors
        ])  # fmt: skip

    return {"Get-OutboundConnector": Implementation(outbound_connector)}


def _connector_type(name: str) -> Enumeration:
    return Enumeration(f"{_SYSTEM}TenantConnectorType", name, ("Partner", "OnPremises").index(name))
