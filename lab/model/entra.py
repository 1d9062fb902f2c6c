# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft Entra's side of the tenant, as Microsoft Graph shows it: users, their roles, the sync's switches."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from lab.model import addresses
from lab.model.tenant import Tenant, TenantObject

# Microsoft Entra's built-in role, the same in every tenant.
ROLE_TEMPLATE = "29232cdf-9323-42fd-ade2-1d097af3e4de"
ROLE = "Exchange Administrator"
# The gallery application that writes attributes of cloud-managed mailboxes back, the same in every tenant.
WRITE_BACK_TEMPLATE = "3b99513e-0cee-4291-aea8-84356239fb82"
WRITE_BACK_PRINCIPAL = "5d1f2a3b-4c5d-4e6f-8a7b-9c0d1e2f3a4b"
_NAMESPACE = uuid.UUID("0d6e6f0c-2c3b-4a51-8a57-6f6f0a1b7c22")


@dataclass
class Entra:
    """Users and switches of the tenant, in Microsoft Graph's own property names."""

    tenant: Tenant

    def user(self, object_id: str) -> dict[str, Any] | None:
        """Return a user by its object id, or None."""
        item = self.tenant.by_external_id(object_id)
        return None if item is None else self._shown(item)

    def users_by_anchor(self, anchor: str) -> list[dict[str, Any]]:
        """Return the users with this onPremisesImmutableId."""
        held = self.tenant.objects.find(["anchor"], anchor)
        return [self._shown(item) for item in held if item.entra_anchor == anchor]

    def _shown(self, item: TenantObject) -> dict[str, Any]:
        return {
            "id": item.external_directory_object_id, "displayName": item.display_name,
            "userPrincipalName": item.user_principal_name, "onPremisesImmutableId": item.entra_anchor or None,
            # Graph has no false here: null means that the user was never synchronized.
            "onPremisesSyncEnabled": True if self._synced(item) else None,
            "onPremisesObjectIdentifier": item.on_premises_object_identifier or None,
            "onPremisesProvisioningErrors": [_conflict(address, item) for address in item.quarantined],
            "serviceProvisioningErrors": [_service_error(text, item) for text in item.service_errors],
        }  # fmt: skip

    @staticmethod
    def _synced(item: TenantObject) -> bool:
        # A user whose source of authority is the cloud looks like one that was never synchronized.
        return not item.user_cloud_managed and bool(item.is_dir_synced or item.entra_anchor)

    def sync_behavior(self, object_id: str) -> dict[str, Any] | None:
        """Return whether the cloud is the user's source of authority, or None without such a user."""
        item = self.tenant.by_external_id(object_id)
        return None if item is None else {"id": object_id, "isCloudManaged": item.user_cloud_managed}

    def eligible_roles(self, object_id: str) -> list[dict[str, Any]]:
        """Return the role eligibility schedules of a user."""
        item = self.tenant.by_external_id(object_id)
        if item is None or not item.eligible_role:
            return []
        identifier = str(uuid.uuid5(_NAMESPACE, f"eligibility of {object_id}"))
        return [{
            "id": identifier, "principalId": object_id, "roleDefinitionId": ROLE_TEMPLATE, "status": "Provisioned",
            "roleDefinition": {"id": ROLE_TEMPLATE, "displayName": ROLE},
        }]  # fmt: skip

    def service_principals(self, template: str) -> list[dict[str, Any]]:
        """Return the service principals made from an application template."""
        held = self.tenant.attribute_write_back and template == WRITE_BACK_TEMPLATE
        return [{"id": WRITE_BACK_PRINCIPAL, "displayName": "contoso.com"}] if held else []

    def synchronization_jobs(self, principal: str) -> list[dict[str, Any]] | None:
        """Return the synchronization jobs of a service principal, None where there is no such principal."""
        if not self.tenant.attribute_write_back or principal != WRITE_BACK_PRINCIPAL:
            return None
        # The templateId of a job is not its kind: the prefix of its id is.
        return [{
            "id": "Entra2ADExchangeOnlineAttributeWriteback.0a1b2c3d4e5f.6a7b8c9d-0e1f-4a2b-8c3d-4e5f6a7b8c9d",
            "templateId": "ADDCInPassthrough", "status": {"code": "Active"},
        }]  # fmt: skip

    def member_of(self, object_id: str) -> list[dict[str, Any]] | None:
        """Return the groups and directory roles of a user, or None."""
        item = self.tenant.by_external_id(object_id)
        if item is None:
            return None
        groups = [
            {"@odata.type": "#microsoft.graph.group", "id": str(uuid.uuid5(_NAMESPACE, name)), "displayName": name}
            for name in ("All Company", "Contoso Team")
        ]
        role = {
            "@odata.type": "#microsoft.graph.directoryRole", "id": str(uuid.uuid5(_NAMESPACE, ROLE)),
            "displayName": ROLE, "roleTemplateId": ROLE_TEMPLATE,
        }  # fmt: skip
        return [*groups, role] if item.admin_role else groups

    def synchronization(self) -> dict[str, Any]:
        """Return the tenant's onPremisesDirectorySynchronization."""
        return {
            "id": str(uuid.uuid5(_NAMESPACE, "tenant")),
            "features": {
                "blockSoftMatchEnabled": self.tenant.block_soft_match,
                "softMatchOnUpnEnabled": self.tenant.soft_match_on_upn,
                "blockCloudObjectTakeoverThroughHardMatchEnabled": self.tenant.block_hard_match,
                "quarantineUponProxyAddressesConflictEnabled": True,
                "quarantineUponUpnConflictEnabled": True,
            },
        }  # fmt: skip


def _conflict(address: str, item: TenantObject) -> dict[str, Any]:
    return {
        "category": "PropertyConflict", "propertyCausingError": "ProxyAddresses",
        "value": addresses.split(address)[1], "occurredDateTime": item.when_changed.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip


def _service_error(text: str, item: TenantObject) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.serviceProvisioningXmlError", "isResolved": False,
        "serviceInstance": "exchange/labprd01", "createdDateTime": item.when_changed.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "errorDetail": f"<ServiceError><ErrorDescription>{text}</ErrorDescription></ServiceError>",
    }  # fmt: skip
