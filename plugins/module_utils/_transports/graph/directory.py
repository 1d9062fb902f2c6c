# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What no Exchange cmdlet tells of a cloud user: anchor, admin roles, provisioning errors, the tenant's match flags.

Properties: Microsoft Graph's reference of ``user``, ``onPremisesProvisioningError``, ``serviceProvisioningError`` and
``onPremisesDirectorySynchronizationFeature``. Whether an application, not a person, may read the latter is documented
differently in different places: where it is refused, the answer is None, never a pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.entra import (
    Authority,
    CloudUser,
    Features,
    Found,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import ConnectionOptions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Retry
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    ConnectionFailure,
    HybridError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.tokens import (
    Issuer,
    TokenCache,
    choose,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph.client import (
    READ,
    Answer,
    Endpoint,
    GraphClient,
)

# Root and login host of each cloud (Microsoft: "Microsoft Graph national cloud deployments"); the root is also what the
# token is made out for.
CLOUDS = {
    "commercial": ("https://graph.microsoft.com", "https://login.microsoftonline.com"),
    "gcc_high": ("https://graph.microsoft.us", "https://login.microsoftonline.us"),
    "dod": ("https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
    "china": ("https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
}
_USER = (
    "id,userPrincipalName,onPremisesImmutableId,onPremisesSyncEnabled,onPremisesProvisioningErrors,"
    "serviceProvisioningErrors,onPremisesObjectIdentifier"
)
_BEHAVIOR = "onPremisesSyncBehavior?$select=isCloudManaged"
_ELIGIBLE = "/roleManagement/directory/roleEligibilitySchedules"
# The gallery application of attribute write-back, and what the ids of its jobs begin with (facts:
# directory-sync-engines.md 1.1).
_WRITE_BACK_TEMPLATE = "3b99513e-0cee-4291-aea8-84356239fb82"
_WRITE_BACK = "Entra2ADExchangeOnlineAttributeWriteback."
_ROLE_TYPE = "#microsoft.graph.directoryRole"
_FEATURES = "/directory/onPremisesSynchronization"


@dataclass
class GraphDirectory:
    """Implements Directory over Microsoft Graph."""

    client: GraphClient

    def users(self, object_ids: Sequence[str]) -> Found:
        wanted = sorted({_values.folded(value) for value in object_ids if value})
        paths = [f"/users/{quote(value, safe='')}?$select={_USER}" for value in wanted]
        roles = [
            f"/users/{quote(value, safe='')}/transitiveMemberOf?$select=id,displayName,roleTemplateId&$top=999"
            for value in wanted
        ]
        answers = self.client.get([*paths, *roles])
        return {value: _user(value, answers[place], answers[place + len(wanted)]) for place, value in enumerate(wanted)}

    def holders(self, anchors: Sequence[str]) -> dict[str, str]:
        wanted = sorted({anchor for anchor in anchors if anchor})
        asked = [f"/users?$filter={_equal('onPremisesImmutableId', value)}&$select=id" for value in wanted]
        answers = self.client.get(asked)
        found: dict[str, str] = {}
        for anchor, answer in zip(wanted, answers, strict=True):
            if not answer.ok:
                raise _refusal(f"users by onPremisesImmutableId {anchor}", answer)
            if answer.rows:
                found[anchor] = _values.folded(answer.rows[0].get("id"))
        return found

    def features(self) -> Features | None:
        (answer,) = self.client.get([_FEATURES])
        if answer.status in (401, 403):
            return None
        if not answer.ok or not answer.rows:
            raise _refusal(_FEATURES, answer)
        switches = answer.rows[0].get("features")
        told: Mapping[str, Any] = switches if isinstance(switches, Mapping) else {}
        return Features(
            block_soft_match=bool(told.get("blockSoftMatchEnabled")),
            soft_match_on_upn=bool(told.get("softMatchOnUpnEnabled")),
            block_hard_match_takeover=bool(told.get("blockCloudObjectTakeoverThroughHardMatchEnabled")),
        )

    def authorities(self, object_ids: Sequence[str]) -> dict[str, Authority]:
        wanted = sorted({_values.folded(value) for value in object_ids if value})
        behaviors = [f"/users/{quote(value, safe='')}/{_BEHAVIOR}" for value in wanted]
        roles = [f"{_ELIGIBLE}?$filter={_equal('principalId', value)}&$expand=roleDefinition" for value in wanted]
        answers = self.client.get([*behaviors, *roles])
        return {
            value: Authority(_eligible(answers[place + len(wanted)]), _cloud_managed(answers[place]))
            for place, value in enumerate(wanted)
        }

    def write_back_jobs(self) -> list[str] | None:
        asked = f"/servicePrincipals?$filter={_equal('applicationTemplateId', _WRITE_BACK_TEMPLATE)}&$select=id"
        (principals,) = self.client.get([asked])
        if not principals.ok:
            return None
        known = [quote(str(row.get("id")), safe="") for row in principals.rows]
        answers = self.client.get([f"/servicePrincipals/{value}/synchronization/jobs" for value in known])
        if any(not answer.ok for answer in answers):
            return None
        return [name for answer in answers for row in answer.rows if (name := _write_back_job(row))]

    def permissions(self) -> frozenset[str] | None:
        """Return the application permissions in the token, or None for a token that cannot be read."""
        roles = self.client.tokens.token().claims.get("roles")
        return frozenset(str(role) for role in roles) if isinstance(roles, list) else None

    def close(self) -> None:
        self.client.close()


def _equal(name: str, value: str) -> str:
    """Return an OData comparison for a URL: base64 has + and /, which mean something else there."""
    doubled = value.replace("'", "''")
    return quote(f"{name} eq '{doubled}'", safe="")


def _user(object_id: str, answer: Answer, roles: Answer) -> CloudUser | HybridError:
    if answer.status == 404:
        return MailboxError(
            f"Microsoft Graph finds no user {object_id}.",
            code="not_found",
            cmdlet=READ.name,
            remedy="Shared and resource mailboxes have users too: check whether this one was deleted.",
        )
    if not answer.ok or not answer.rows:
        raise _refusal(f"user {object_id}", answer)
    user = answer.rows[0]
    return CloudUser(
        object_id,
        str(user.get("onPremisesImmutableId") or ""),
        user.get("onPremisesSyncEnabled") is True,
        (*_sync_errors(user), *_service_errors(user)),
        _roles(roles),
        str(user.get("onPremisesObjectIdentifier") or ""),
    )


def _cloud_managed(answer: Answer) -> bool | None:
    if not answer.ok or not answer.rows:
        return None
    told = answer.rows[0].get("isCloudManaged")
    return told if isinstance(told, bool) else None


def _eligible(answer: Answer) -> tuple[str, ...] | None:
    """Return the roles of role eligibility schedules; a tenant without the licence refuses, which is no answer."""
    if not answer.ok:
        return None
    shown = []
    for row in answer.rows:
        definition = row.get("roleDefinition")
        told: Mapping[str, Any] = definition if isinstance(definition, Mapping) else {}
        shown.append(str(told.get("displayName") or row.get("roleDefinitionId") or row.get("id")))
    return tuple(shown)


def _write_back_job(row: Mapping[str, Any]) -> str:
    """Return a job's id where it is a write-back that is in use. What a job is, the prefix of its id tells."""
    identifier, status = str(row.get("id") or ""), row.get("status")
    phase = status.get("code") if isinstance(status, Mapping) else ""
    return identifier if identifier.startswith(_WRITE_BACK) and phase != "NotConfigured" else ""


def _roles(answer: Answer) -> tuple[str, ...] | None:
    if not answer.ok:
        return None
    held = [row for row in answer.rows if row.get("@odata.type") == _ROLE_TYPE]
    return tuple(str(row.get("displayName") or row.get("roleTemplateId") or row.get("id")) for row in held)


def _items(user: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = user.get(name)
    return [item for item in (value if isinstance(value, list) else []) if isinstance(item, Mapping)]


def _sync_errors(user: Mapping[str, Any]) -> list[str]:
    return [
        f"{item.get('category') or 'error'} of {item.get('propertyCausingError') or 'a property'}: "
        f"{item.get('value') or 'unknown value'}"
        for item in _items(user, "onPremisesProvisioningErrors")
    ]


def _service_errors(user: Mapping[str, Any]) -> list[str]:
    errors = []
    for item in _items(user, "serviceProvisioningErrors"):
        if item.get("isResolved") is True:
            continue
        # serviceProvisioningXmlError tells in XML.
        detail = " ".join(re.sub(r"<[^>]*>", " ", str(item.get("errorDetail") or "no detail")).split())
        errors.append(f"{item.get('serviceInstance') or 'a service'}: {detail[:300]}")
    return errors


def _refusal(what: str, answer: Answer) -> ConnectionFailure:
    if answer.status in (401, 403):
        return ConnectionFailure(
            f"Microsoft Graph does not allow the application to read {what} ({answer.message or answer.status}).",
            code="permission_denied",
            cmdlet=READ.name,
            remedy="Grant the application User.Read.All of Microsoft Graph, with admin consent.",
        )
    return ConnectionFailure(
        f"Microsoft Graph answered {what} with HTTP {answer.status} {answer.message}".rstrip() + ".",
        code="unexpected_answer",
        cmdlet=READ.name,
        retryable=answer.status >= 500,
        remedy="Run again later.",
    )


def from_options(options: Mapping[str, Any]) -> GraphDirectory | None:
    """Return Microsoft Graph of the tenant of an ``exchange_online`` dictionary, or None without ``graph: true``.

    It signs in as the same application, in the same way. Nothing is contacted. Raises InputError.
    """
    given = ConnectionOptions("exchange_online", options)
    if not given.flag("graph", False):
        return None
    if given.has("access_token"):
        raise given.option_error(
            "graph",
            "requires its own token, and access_token is for Exchange Online",
            "Authenticate in another way, or leave graph out.",
            True,
        )
    resource, login = CLOUDS[given.choice("environment", "commercial", tuple(CLOUDS))]
    issuer = Issuer(
        tenant_id=given.required("tenant_id", "Specify the tenant's GUID, or one of its verified domains."),
        client_id=given.text("client_id"),
        authority=given.address("authority", login),
        resource=resource,
        verification=given.verification(),
        proxy=given.text("proxy"),
    )
    endpoint = Endpoint(given.address("graph_base_url", resource), issuer.verification, issuer.proxy)
    return GraphDirectory(GraphClient(endpoint, TokenCache(choose(given, resource), issuer), Retry()))
