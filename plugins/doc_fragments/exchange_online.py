# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  exchange_online:
    description:
      - How to reach Exchange Online - the admin API that Microsoft's own PowerShell module speaks, as an application.
      - Exactly one way to authenticate has to be given - a certificate, a client secret, a managed identity, a
        federated token or an access token.
    type: dict
    suboptions:
      interface:
        description:
          - V(rest), which holds unless given, is the admin API itself.
          - V(powershell) is Microsoft's module ExchangeOnlineManagement in a PowerShell process on the host that runs
            the module. It is the documented interface, and the sure way for O(ignore:remote_credential).
          - V(powershell) takes O(exchange_online.tenant_id) as initial domain, signs in by
            O(exchange_online.certificate_path) (PFX) or O(exchange_online.managed_identity), and refuses the options
            of the REST interface.
          - If not given, the environment variable E(EXCHANGE_ONLINE_INTERFACE) is used.
        type: str
        choices: [rest, powershell]
      pwsh_path:
        description:
          - Program of PowerShell 7, for O(exchange_online.interface=powershell); V(pwsh) unless given.
          - Version 3.10 of the module ExchangeOnlineManagement needs PowerShell 7.6.
          - If not given, the environment variable E(EXCHANGE_ONLINE_PWSH_PATH) is used.
        type: path
      tenant_id:
        description:
          - Tenant, as GUID or initial domain (C(contoso.onmicrosoft.com)). The GUID is the surer one.
          - If not given, the environment variable E(EXCHANGE_ONLINE_TENANT_ID) is used.
        type: str
      client_id:
        description:
          - Application (client) ID of the app registration, or of a user-assigned managed identity.
          - If not given, the environment variable E(EXCHANGE_ONLINE_CLIENT_ID) is used.
        type: str
      certificate_path:
        description:
          - Certificate with private key (PEM or PFX) that the app registration knows - Microsoft's documented way.
          - If not given, the environment variable E(EXCHANGE_ONLINE_CERTIFICATE_PATH) is used.
        type: path
      certificate_password:
        description:
          - Password of O(exchange_online.certificate_path).
          - If not given, the environment variable E(EXCHANGE_ONLINE_CERTIFICATE_PASSWORD) is used.
        type: str
      client_secret:
        description:
          - Client secret of the app registration, instead of a certificate.
          - If not given, the environment variable E(EXCHANGE_ONLINE_CLIENT_SECRET) is used.
        type: str
      managed_identity:
        description:
          - Whether to use the managed identity of the machine that the module runs on.
          - If not given, the environment variable E(EXCHANGE_ONLINE_MANAGED_IDENTITY) is used.
        type: bool
      federated_token_file:
        description:
          - File with the token of a workload identity federation.
          - If not given, the environment variable E(EXCHANGE_ONLINE_FEDERATED_TOKEN_FILE) is used.
        type: path
      access_token:
        description:
          - A ready-made access token for C(https://outlook.office365.com).
          - If not given, the environment variable E(EXCHANGE_ONLINE_ACCESS_TOKEN) is used.
        type: str
      environment:
        description:
          - Which cloud the tenant is in; V(commercial) unless given, which GCC uses too.
          - If not given, the environment variable E(EXCHANGE_ONLINE_ENVIRONMENT) is used.
        type: str
        choices: [commercial, gcc_high, dod, china]
      base_url:
        description:
          - Overrides the host of the admin API that O(exchange_online.environment) names.
          - If not given, the environment variable E(EXCHANGE_ONLINE_BASE_URL) is used.
        type: str
      authority:
        description:
          - Overrides the login host that O(exchange_online.environment) names.
          - If not given, the environment variable E(EXCHANGE_ONLINE_AUTHORITY) is used.
        type: str
      resource:
        description:
          - Overrides the audience of the tokens, an address that O(exchange_online.environment) names.
          - If not given, the environment variable E(EXCHANGE_ONLINE_RESOURCE) is used.
        type: str
      ca_file:
        description:
          - PEM file with the certificate authorities to trust; the system's unless given.
          - If not given, the environment variable E(EXCHANGE_ONLINE_CA_FILE) is used.
        type: path
      validate_certs:
        description:
          - Whether to verify the service's certificate; V(true) unless given.
          - If not given, the environment variable E(EXCHANGE_ONLINE_VALIDATE_CERTS) is used.
        type: bool
      proxy:
        description:
          - URL of an HTTPS proxy, kept out of all output because it may hold a password; the usual proxy environment
            variables are heeded too.
          - If not given, the environment variable E(EXCHANGE_ONLINE_PROXY) is used.
        type: str
      concurrency:
        description:
          - How many requests a task may have under way at once; V(8) unless given, V(2) processes with
            O(exchange_online.interface=powershell).
          - If not given, the environment variable E(EXCHANGE_ONLINE_CONCURRENCY) is used.
        type: int
      page_size:
        description:
          - Objects per page, at most V(1000), which holds unless given.
          - If not given, the environment variable E(EXCHANGE_ONLINE_PAGE_SIZE) is used.
        type: int
      timeout:
        description:
          - Seconds to wait for one answer; V(960) unless given, a minute more than the service takes at most.
          - If not given, the environment variable E(EXCHANGE_ONLINE_TIMEOUT) is used.
        type: int
      experimental_rest_credential:
        description:
          - Whether O(ignore:remote_credential) may be sent over the REST interface, whose encoding Microsoft has
            published nowhere; V(false) unless given.
          - It was never verified against Exchange Online.
          - If not given, the environment variable E(EXCHANGE_ONLINE_EXPERIMENTAL_REST_CREDENTIAL) is used.
        type: bool
      graph:
        description:
          - Whether Microsoft Graph is asked too, as the same application, for what no Exchange cmdlet tells - the
            anchor of a synchronized user (C(onPremisesImmutableId)), admin roles, provisioning errors, and whether soft
            match is blocked in the tenant; V(false) unless given. It is only read.
          - Not with O(exchange_online.access_token), which is good for Exchange Online alone.
          - If not given, the environment variable E(EXCHANGE_ONLINE_GRAPH) is used.
        type: bool
      graph_base_url:
        description:
          - Overrides the host of Microsoft Graph that O(exchange_online.environment) names.
          - If not given, the environment variable E(EXCHANGE_ONLINE_GRAPH_BASE_URL) is used.
        type: str
"""
