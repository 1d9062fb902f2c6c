# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  exchange_server:
    description:
      - How to reach the on-premises Exchange organization - remote PowerShell of an Exchange server, seen from where
        the module runs.
      - A C(module_defaults) dictionary is replaced by a task's own, not merged with it.
    type: dict
    suboptions:
      host:
        description:
          - Fully qualified name of an Exchange server, as in the service principal name C(HTTP/mail.contoso.com).
          - If not given, the environment variable E(EXCHANGE_SERVER_HOST) is used.
        type: str
      port:
        description:
          - TCP port of the PowerShell virtual directory; V(443) with TLS, else V(80).
          - If not given, the environment variable E(EXCHANGE_SERVER_PORT) is used.
        type: int
      auth:
        description:
          - How to authenticate; V(kerberos) unless given, which is what Exchange offers by default.
          - V(basic) has to be enabled on the PowerShell virtual directory and needs TLS.
          - If not given, the environment variable E(EXCHANGE_SERVER_AUTH) is used.
        type: str
        choices: [kerberos, negotiate, ntlm, basic]
      username:
        description:
          - User principal name of the account (V(DOMAIN\\user) for V(basic) and V(ntlm)).
          - With Kerberos and neither O(exchange_server.password) nor O(exchange_server.password_file), the existing
            ticket cache is used.
          - If not given, the environment variable E(EXCHANGE_SERVER_USERNAME) is used.
        type: str
      password:
        description:
          - Password of O(exchange_server.username).
          - If not given, the environment variable E(EXCHANGE_SERVER_PASSWORD) is used.
        type: str
      password_file:
        description:
          - File that holds the password, instead of O(exchange_server.password).
          - If not given, the environment variable E(EXCHANGE_SERVER_PASSWORD_FILE) is used.
        type: path
      use_tls:
        description:
          - Whether to use HTTPS. V(true) for V(basic), else V(false) - over HTTP Kerberos and NTLM encrypt every
            message.
          - If not given, the environment variable E(EXCHANGE_SERVER_USE_TLS) is used.
        type: bool
      ca_file:
        description:
          - PEM file with the certificate authorities to trust; the system's unless given.
          - If not given, the environment variable E(EXCHANGE_SERVER_CA_FILE) is used.
        type: path
      validate_certs:
        description:
          - Whether to verify the server's certificate; V(true) unless given.
          - If not given, the environment variable E(EXCHANGE_SERVER_VALIDATE_CERTS) is used.
        type: bool
      allow_unencrypted:
        description:
          - Whether V(basic) may send the password over plain HTTP; V(false) unless given.
          - If not given, the environment variable E(EXCHANGE_SERVER_ALLOW_UNENCRYPTED) is used.
        type: bool
      domain_controller:
        description:
          - Domain controller that every cmdlet shall use, best the one that Entra Connect reads.
          - Without it a value may be read back from a controller that has not heard of it yet.
          - If not given, the environment variable E(EXCHANGE_SERVER_DOMAIN_CONTROLLER) is used.
        type: str
      sessions:
        description:
          - How many remote sessions a task may open at once; V(4) unless given. Exchange allows an account 18.
          - If not given, the environment variable E(EXCHANGE_SERVER_SESSIONS) is used.
        type: int
      operation_timeout:
        description:
          - Seconds after which a waiting request is renewed; V(20) unless given.
          - If not given, the environment variable E(EXCHANGE_SERVER_OPERATION_TIMEOUT) is used.
        type: int
      read_timeout:
        description:
          - Seconds to wait for an answer, more than O(exchange_server.operation_timeout); V(30) unless given.
          - If not given, the environment variable E(EXCHANGE_SERVER_READ_TIMEOUT) is used.
        type: int
      idle_timeout:
        description:
          - Seconds after which the server closes a session that a killed task left behind; V(180) unless given, at
            least V(60).
          - If not given, the environment variable E(EXCHANGE_SERVER_IDLE_TIMEOUT) is used.
        type: int
      negotiate_service:
        description:
          - Service part of the Kerberos service principal name; V(HTTP) unless given.
          - If not given, the environment variable E(EXCHANGE_SERVER_NEGOTIATE_SERVICE) is used.
        type: str
      negotiate_hostname_override:
        description:
          - Host part of the Kerberos service principal name, where it is not O(exchange_server.host) - behind a load
            balancer, say.
          - If not given, the environment variable E(EXCHANGE_SERVER_NEGOTIATE_HOSTNAME_OVERRIDE) is used.
        type: str
"""
