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
      transport:
        description:
          - V(psrp), which holds unless given, is remote PowerShell at the server's PowerShell virtual directory.
          - V(winrm) starts PowerShell on the server through its own WinRM, for sites that closed that virtual directory
            to the outside. It takes some seconds for each cmdlet.
          - With V(winrm) the server signs in to its own Exchange, a second hop, with O(exchange_server.username) and
            its password, which go along encrypted. Without a password see O(exchange_server.kerberos_delegation).
          - If not given, the environment variable E(EXCHANGE_SERVER_TRANSPORT) is used.
        type: str
        choices: [psrp, winrm]
      port:
        description:
          - TCP port of the PowerShell virtual directory; V(443) with TLS, else V(80).
          - With O(exchange_server.transport=winrm) that of WinRM; V(5986) with TLS, else V(5985).
          - If not given, the environment variable E(EXCHANGE_SERVER_PORT) is used.
        type: int
      auth:
        description:
          - How to authenticate; V(kerberos) unless given, which is what Exchange offers by default.
          - V(basic) has to be enabled on the PowerShell virtual directory and needs TLS.
          - V(negotiate) belongs to O(exchange_server.transport=psrp), V(certificate) to
            O(exchange_server.transport=winrm).
          - If not given, the environment variable E(EXCHANGE_SERVER_AUTH) is used.
        type: str
        choices: [kerberos, negotiate, ntlm, basic, certificate]
      username:
        description:
          - The account as V(sAMAccountName@REALM), with the realm in capitals; as V(DOMAIN\\user) for V(basic) and
            V(ntlm).
          - The realm is the DNS name of the Active Directory domain, which the suffix of a user principal name need
            not be.
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
          - With O(exchange_server.transport=winrm) it is V(true) unless O(exchange_server.port) is V(5985).
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
      certificate_path:
        description:
          - Client certificate (PEM) for O(exchange_server.auth=certificate). WinRM maps it to a local account, so
            that O(exchange_server.username) and its password are needed too, to sign in to Exchange.
          - If not given, the environment variable E(EXCHANGE_SERVER_CERTIFICATE_PATH) is used.
        type: path
      certificate_key_path:
        description:
          - Private key (PEM) of O(exchange_server.certificate_path).
          - If not given, the environment variable E(EXCHANGE_SERVER_CERTIFICATE_KEY_PATH) is used.
        type: path
      kerberos_delegation:
        description:
          - Whether the Kerberos ticket is handed to the server, with O(exchange_server.transport=winrm), so that it may
            sign in to Exchange without a password; V(false) unless given. The ticket must be forwardable and the
            server trusted for delegation.
          - If not given, the environment variable E(EXCHANGE_SERVER_KERBEROS_DELEGATION) is used.
        type: bool
      domain_controller:
        description:
          - Fully qualified name of the domain controller that every cmdlet shall use, best the one that Entra Connect
            reads; in a forest of several domains a list of them, one for each domain whose users are handled.
          - In a disjoint namespace, where the controller's name does not end in its domain, the domain may be given
            with it, as in V(contoso.com=dc01.hq.contoso.net).
          - Without it a value may be read back from a controller that has not heard of it yet.
          - Every read is asked at each of them, and a write goes to that of the object's domain. A user in a domain of
            which no controller is named fails with C(domain_not_pinned).
          - Whether an address or a mailbox GUID is taken is asked in the whole forest, whatever is given here.
          - If not given, the environment variable E(EXCHANGE_SERVER_DOMAIN_CONTROLLER) is used (separated by commas).
        type: list
        elements: str
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
      proxy:
        description:
          - URL of a proxy to connect through, kept out of all output because it may hold a password. With V(basic) the
            connection has to use TLS, or the proxy would read the password.
          - Proxies of the environment (E(HTTP_PROXY), E(HTTPS_PROXY)) are not used for this connection.
          - If not given, the environment variable E(EXCHANGE_SERVER_PROXY) is used.
        type: str
"""
