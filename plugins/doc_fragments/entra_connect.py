# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  entra_connect:
    description:
      - How to connect to the Entra Connect server - WinRM over HTTPS, or over HTTP with message encryption.
    type: dict
    suboptions:
      host:
        description:
          - Fully qualified name of the active Entra Connect server.
          - If not set, the value of the environment variable E(ENTRA_CONNECT_HOST) is used.
        type: str
      port:
        description:
          - TCP port of its WinRM listener. Defaults to V(5986) with TLS, otherwise to V(5985).
          - If not set, the value of the environment variable E(ENTRA_CONNECT_PORT) is used.
        type: int
      auth:
        description:
          - How to authenticate. Defaults to V(kerberos).
          - If not set, the value of the environment variable E(ENTRA_CONNECT_AUTH) is used.
        type: str
        choices: [kerberos, ntlm, basic, certificate]
      username:
        description:
          - Account that is a member of ADSyncOperators and Remote Management Users. With V(kerberos), it is written as
            V(sAMAccountName@REALM), where the realm is the DNS name of the Active Directory domain in capitals.
          - With Kerberos and neither O(entra_connect.password) nor O(entra_connect.password_file), the existing
            ticket cache is used.
          - If not set, the value of the environment variable E(ENTRA_CONNECT_USERNAME) is used.
        type: str
      password:
        description:
          - Password of O(entra_connect.username).
          - If not set, the value of the environment variable E(ENTRA_CONNECT_PASSWORD) is used.
        type: str
      password_file:
        description:
          - File that contains the password, instead of O(entra_connect.password).
          - If not set, the value of the environment variable E(ENTRA_CONNECT_PASSWORD_FILE) is used.
        type: path
      certificate_path:
        description:
          - Client certificate (PEM) for V(certificate).
          - If not set, the value of the environment variable E(ENTRA_CONNECT_CERTIFICATE_PATH) is used.
        type: path
      certificate_key_path:
        description:
          - Private key (PEM) of O(entra_connect.certificate_path).
          - If not set, the value of the environment variable E(ENTRA_CONNECT_CERTIFICATE_KEY_PATH) is used.
        type: path
      use_tls:
        description:
          - Whether to use HTTPS. Defaults to V(true), unless O(entra_connect.port) is V(5985). Over HTTP, Kerberos and
            NTLM encrypt every message, and V(basic) and V(certificate) are refused.
          - If not set, the value of the environment variable E(ENTRA_CONNECT_USE_TLS) is used.
        type: bool
      ca_file:
        description:
          - PEM file with the certificate authorities to trust. Defaults to those of the system.
          - If not set, the value of the environment variable E(ENTRA_CONNECT_CA_FILE) is used.
        type: path
      validate_certs:
        description:
          - Whether to verify the server's certificate. Defaults to V(true).
          - If not set, the value of the environment variable E(ENTRA_CONNECT_VALIDATE_CERTS) is used.
        type: bool
      cmdlet_timeout:
        description:
          - Seconds for one cmdlet, from its sending to the end of its answer. A cmdlet that takes longer is left, and
            what it has done is read before anything is sent again. Defaults to V(960).
          - If not set, the value of the environment variable E(ENTRA_CONNECT_CMDLET_TIMEOUT) is used.
        type: int
      proxy:
        description:
          - URL of a proxy to connect through. It is not shown in any output, because it may contain a password. With
            V(basic) the connection must use TLS; otherwise the proxy would read the password.
          - Proxies of the environment (E(HTTP_PROXY), E(HTTPS_PROXY)) are not used for this connection.
          - If not set, the value of the environment variable E(ENTRA_CONNECT_PROXY) is used.
        type: str
"""
