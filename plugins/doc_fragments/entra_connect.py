# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  entra_connect:
    description:
      - How to reach the Entra Connect server - WinRM over HTTPS, or over HTTP with message encryption.
    type: dict
    suboptions:
      host:
        description:
          - Fully qualified name of the active Entra Connect server.
          - If not given, the environment variable E(ENTRA_CONNECT_HOST) is used.
        type: str
      port:
        description:
          - TCP port of its WinRM listener; V(5986) with TLS, else V(5985).
          - If not given, the environment variable E(ENTRA_CONNECT_PORT) is used.
        type: int
      auth:
        description:
          - How to authenticate; V(kerberos) unless given.
          - If not given, the environment variable E(ENTRA_CONNECT_AUTH) is used.
        type: str
        choices: [kerberos, ntlm, basic, certificate]
      username:
        description:
          - Account that is a member of ADSyncOperators and Remote Management Users; with V(kerberos) as
            V(sAMAccountName@REALM), where the realm is the DNS name of the Active Directory domain in capitals.
          - With Kerberos and neither O(entra_connect.password) nor O(entra_connect.password_file), the existing
            ticket cache is used.
          - If not given, the environment variable E(ENTRA_CONNECT_USERNAME) is used.
        type: str
      password:
        description:
          - Password of O(entra_connect.username).
          - If not given, the environment variable E(ENTRA_CONNECT_PASSWORD) is used.
        type: str
      password_file:
        description:
          - File that holds the password, instead of O(entra_connect.password).
          - If not given, the environment variable E(ENTRA_CONNECT_PASSWORD_FILE) is used.
        type: path
      certificate_path:
        description:
          - Client certificate (PEM) for V(certificate).
          - If not given, the environment variable E(ENTRA_CONNECT_CERTIFICATE_PATH) is used.
        type: path
      certificate_key_path:
        description:
          - Private key (PEM) of O(entra_connect.certificate_path).
          - If not given, the environment variable E(ENTRA_CONNECT_CERTIFICATE_KEY_PATH) is used.
        type: path
      use_tls:
        description:
          - Whether to use HTTPS. V(true) unless O(entra_connect.port) is V(5985); over HTTP Kerberos and NTLM encrypt
            every message, and V(basic) and V(certificate) are refused.
          - If not given, the environment variable E(ENTRA_CONNECT_USE_TLS) is used.
        type: bool
      ca_file:
        description:
          - PEM file with the certificate authorities to trust; the system's unless given.
          - If not given, the environment variable E(ENTRA_CONNECT_CA_FILE) is used.
        type: path
      validate_certs:
        description:
          - Whether to verify the server's certificate; V(true) unless given.
          - If not given, the environment variable E(ENTRA_CONNECT_VALIDATE_CERTS) is used.
        type: bool
      proxy:
        description:
          - URL of a proxy to connect through, kept out of all output because it may hold a password. With V(basic) the
            connection has to use TLS, or the proxy would read the password.
          - Proxies of the environment (E(HTTP_PROXY), E(HTTPS_PROXY)) are not used for this connection.
          - If not given, the environment variable E(ENTRA_CONNECT_PROXY) is used.
        type: str
"""
