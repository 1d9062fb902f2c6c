# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""An Exchange Online tenant: its options, checked before anything is contacted."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import ConnectionOptions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Retry
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.powershell import (
    PowerShellOrganization,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.powershell import (
    from_options as powershell_module,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.rest import (
    AdminApiSession,
    PublicKey,
    Tenant,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.tokens import (
    Issuer,
    TokenCache,
    choose,
)


@dataclass(frozen=True)
class Cloud:
    """The addresses of one cloud (facts: exchange-online-rest.md section 1.1) and where it may redirect to."""

    base_url: str
    authority: str
    resource: str
    domains: tuple[str, ...]


ENVIRONMENTS: dict[str, Cloud] = {
    "commercial": Cloud(
        "https://outlook.office365.com",
        "https://login.microsoftonline.com",
        "https://outlook.office365.com",
        ("office365.com", "outlook.com", "office.com"),
    ),
    "gcc_high": Cloud(
        "https://outlook.office365.us",
        "https://login.microsoftonline.us",
        "https://outlook.office365.us",
        ("office365.us",),
    ),
    "dod": Cloud(
        "https://outlook-dod.office365.us",
        "https://login.microsoftonline.us",
        "https://outlook-dod.office365.us",
        ("office365.us",),
    ),
    "china": Cloud(
        "https://outlook.office365.cn",
        "https://login.chinacloudapi.cn",
        "https://partner.outlook.cn",
        ("office365.cn", "outlook.cn"),
    ),
}
INTERFACES = ("rest", "powershell")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


@dataclass
class ExchangeOnlineOrganization:
    """Implements Organization for the admin REST API of one tenant."""

    tenant: Tenant
    tokens: TokenCache
    concurrency: int
    retry: Retry = field(default_factory=Retry)
    system: str = field(default="exchange_online", init=False)
    public_key: PublicKey = field(default_factory=lambda: PublicKey(threading.Lock()), init=False)

    def __post_init__(self) -> None:
        self.tokens.retry = self.retry

    @property
    def host(self) -> str:
        return urlsplit(self.tenant.base_url).netloc

    def open(self) -> AdminApiSession:
        return AdminApiSession(self.tenant, self.tokens, self.public_key, self.retry)


def from_options(options: Mapping[str, Any]) -> ExchangeOnlineOrganization | PowerShellOrganization:
    """Return the organization that the module's ``exchange_online`` dictionary describes.

    Nothing is contacted. Raises InputError naming the option, its value and the remedy.
    """
    given = ConnectionOptions("exchange_online", options)
    if given.choice("interface", "rest", INTERFACES) == "powershell":
        return powershell_module(given)
    if given.has("pwsh_path"):
        raise given.option_error("pwsh_path", "has no effect with interface: rest", "Leave it out.")
    return _admin_api(given)


def _admin_api(given: ConnectionOptions) -> ExchangeOnlineOrganization:
    cloud = ENVIRONMENTS[given.choice("environment", "commercial", tuple(ENVIRONMENTS))]
    tenant_id = given.required("tenant_id", "Specify the tenant's GUID, or one of its verified domains.")
    if not _TENANT.fullmatch(tenant_id):
        raise given.option_error("tenant_id", "is neither a GUID nor a domain", "Correct the value.", tenant_id)
    resource = given.address("resource", cloud.resource)
    authentication = choose(given, resource)
    needs_client = authentication.option not in ("access_token", "managed_identity")
    client_id = (
        given.required("client_id", "Specify the application's (client) identifier.")
        if needs_client
        else (given.text("client_id"))
    )
    base_url = given.address("base_url", cloud.base_url)
    issuer = Issuer(
        tenant_id=tenant_id,
        client_id=client_id,
        authority=given.address("authority", cloud.authority),
        resource=resource,
        verification=given.verification(),
        proxy=given.text("proxy"),
    )
    tenant = Tenant(
        tenant_id=tenant_id,
        application=client_id or authentication.option,
        base_url=base_url,
        # An overridden address vouches for itself alone.
        domains=cloud.domains if base_url == cloud.base_url else (),
        verification=issuer.verification,
        proxy=issuer.proxy,
        page_size=given.number("page_size", 1000, 1, 1000),
        timeout=given.number("timeout", 960, 1, 3600),
        experimental_rest_credential=given.flag("experimental_rest_credential", False),
    )
    return ExchangeOnlineOrganization(tenant, TokenCache(authentication, issuer), given.number("concurrency", 8, 1, 32))
