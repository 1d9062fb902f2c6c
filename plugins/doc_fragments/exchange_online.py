# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  exchange_online:
    description:
      - How to connect to Exchange Online - as an application, through the admin API that Microsoft's own PowerShell
        module uses.
      - Exactly one way to authenticate must be set - a certificate, a client secret, a managed identity, a federated
        token or an access token.
    type: dict
    suboptions:
      interface:
        description:
          - V(rest) is the admin API itself. This is the default.
          - V(powershell) is Microsoft's module ExchangeOnlineManagement in a PowerShell process on the host that runs
            the module. It is the documented interface, and the reliable way for O(ignore:remote_credential).
          - V(powershell) requires O(exchange_online.tenant_id) to be the initial domain, signs in with
            O(exchange_online.certificate_path) (PFX) or O(exchange_online.managed_identity), and refuses the options of
            the REST interface.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_INTERFACE) is used.
        type: str
        choices: [rest, powershell]
      pwsh_path:
        description:
          - Path of PowerShell 7, for O(exchange_online.interface=powershell). Defaults to V(pwsh).
          - Version 3.10 of the module ExchangeOnlineManagement needs PowerShell 7.6.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_PWSH_PATH) is used.
        type: path
      tenant_id:
        description:
          - Tenant, as GUID or initial domain (C(contoso.onmicrosoft.com)). The GUID is more reliable.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_TENANT_ID) is used.
        type: str
      client_id:
        description:
          - Application (client) ID of the app registration, or of a user-assigned managed identity.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_CLIENT_ID) is used.
        type: str
      certificate_path:
        description:
          - Certificate with private key (PEM or PFX) that is registered for the application - Microsoft's
            documented way.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_CERTIFICATE_PATH) is used.
        type: path
      certificate_password:
        description:
          - Password of O(exchange_online.certificate_path).
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_CERTIFICATE_PASSWORD) is used.
        type: str
      client_secret:
        description:
          - Client secret of the app registration, instead of a certificate.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_CLIENT_SECRET) is used.
        type: str
      managed_identity:
        description:
          - Whether to use the managed identity of the machine that the module runs on.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_MANAGED_IDENTITY) is used.
        type: bool
      federated_token_file:
        description:
          - File with the token of a workload identity federation.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_FEDERATED_TOKEN_FILE) is used.
        type: path
      access_token:
        description:
          - A ready-made access token for C(https://outlook.office365.com).
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_ACCESS_TOKEN) is used.
        type: str
      environment:
        description:
          - Which cloud the tenant is in. Defaults to V(commercial), which GCC uses too.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_ENVIRONMENT) is used.
        type: str
        choices: [commercial, gcc_high, dod, china]
      base_url:
        description:
          - Overrides the host of the admin API that O(exchange_online.environment) sets.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_BASE_URL) is used.
        type: str
      authority:
        description:
          - Overrides the login host that O(exchange_online.environment) sets.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_AUTHORITY) is used.
        type: str
      resource:
        description:
          - Overrides the audience of the tokens, an address that O(exchange_online.environment) sets.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_RESOURCE) is used.
        type: str
      ca_file:
        description:
          - PEM file with the certificate authorities to trust. Defaults to those of the system.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_CA_FILE) is used.
        type: path
      validate_certs:
        description:
          - Whether to verify the service's certificate. Defaults to V(true).
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_VALIDATE_CERTS) is used.
        type: bool
      proxy:
        description:
          - URL of an HTTPS proxy. It is not shown in any output, because it may contain a password. The usual proxy
            environment variables are used too.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_PROXY) is used.
        type: str
      concurrency:
        description:
          - How many requests a task may have in progress at once. Defaults to V(8), or to V(2) processes
            with O(exchange_online.interface=powershell).
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_CONCURRENCY) is used.
        type: int
      page_size:
        description:
          - Objects per page, at most V(1000). Defaults to V(1000).
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_PAGE_SIZE) is used.
        type: int
      timeout:
        description:
          - Seconds to wait for one answer. Defaults to V(960), a minute more than the service takes at most.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_TIMEOUT) is used.
        type: int
      experimental_rest_credential:
        description:
          - Whether O(ignore:remote_credential) may be sent over the REST interface, in an encoding that Microsoft has
            not published. Defaults to V(false).
          - This was never verified against Exchange Online.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_EXPERIMENTAL_REST_CREDENTIAL) is used.
        type: bool
      graph:
        description:
          - Whether Microsoft Graph is read too, as the same application, for what no Exchange cmdlet shows - the anchor
            of a synchronized user (C(onPremisesImmutableId)), admin roles, provisioning errors, and whether soft match
            is blocked in the tenant. Defaults to V(false).
          - This cannot be used with O(exchange_online.access_token), which is valid for Exchange Online only.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_GRAPH) is used.
        type: bool
      graph_base_url:
        description:
          - Overrides the host of Microsoft Graph that O(exchange_online.environment) sets.
          - If not set, the value of the environment variable E(EXCHANGE_ONLINE_GRAPH_BASE_URL) is used.
        type: str
"""
