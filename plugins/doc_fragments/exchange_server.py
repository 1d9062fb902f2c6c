# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  exchange_server:
    description:
      - How to connect to the on-premises Exchange organization - remote PowerShell of an Exchange server, from the host
        that runs the module.
      - A dictionary of C(module_defaults) is replaced by the one of a task, not merged with it.
    type: dict
    suboptions:
      host:
        description:
          - Fully qualified name of an Exchange server, as in the service principal name C(HTTP/mail.contoso.com).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_HOST) is used.
        type: str
      transport:
        description:
          - V(psrp) is remote PowerShell at the server's PowerShell virtual directory. This is the default.
          - V(winrm) starts PowerShell on the server through its own WinRM, for sites that do not expose that virtual
            directory. It takes several seconds for each cmdlet.
          - With V(winrm), the server signs in to its own Exchange (a second hop) with O(exchange_server.username) and
            its password, which are sent encrypted. Without a password, see O(exchange_server.kerberos_delegation).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_TRANSPORT) is used.
        type: str
        choices: [psrp, winrm]
      port:
        description:
          - TCP port of the PowerShell virtual directory. Defaults to V(443) with TLS, otherwise to V(80).
          - With O(exchange_server.transport=winrm), the TCP port of WinRM. Defaults to V(5986) with TLS, otherwise
            to V(5985).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_PORT) is used.
        type: int
      auth:
        description:
          - How to authenticate. Defaults to V(kerberos), which is what Exchange offers by default.
          - V(basic) has to be enabled on the PowerShell virtual directory and needs TLS.
          - V(negotiate) can be used with O(exchange_server.transport=psrp) only, V(certificate) with
            O(exchange_server.transport=winrm) only.
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_AUTH) is used.
        type: str
        choices: [kerberos, negotiate, ntlm, basic, certificate]
      username:
        description:
          - The account as V(sAMAccountName@REALM), with the realm in capitals; as V(DOMAIN\\user) for V(basic)
            and V(ntlm).
          - The realm is the DNS name of the Active Directory domain. The suffix of a user principal name may differ
            from it.
          - With Kerberos and neither O(exchange_server.password) nor O(exchange_server.password_file), the existing
            ticket cache is used.
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_USERNAME) is used.
        type: str
      password:
        description:
          - Password of O(exchange_server.username).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_PASSWORD) is used.
        type: str
      password_file:
        description:
          - File that contains the password, instead of O(exchange_server.password).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_PASSWORD_FILE) is used.
        type: path
      use_tls:
        description:
          - Whether to use HTTPS. Defaults to V(true) for V(basic), otherwise to V(false). Over HTTP, Kerberos and NTLM
            encrypt every message.
          - With O(exchange_server.transport=winrm), it defaults to V(true), unless O(exchange_server.port) is V(5985).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_USE_TLS) is used.
        type: bool
      ca_file:
        description:
          - PEM file with the certificate authorities to trust. Defaults to those of the system.
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_CA_FILE) is used.
        type: path
      validate_certs:
        description:
          - Whether to verify the server's certificate. Defaults to V(true).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_VALIDATE_CERTS) is used.
        type: bool
      allow_unencrypted:
        description:
          - Whether V(basic) may send the password over plain HTTP. Defaults to V(false).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_ALLOW_UNENCRYPTED) is used.
        type: bool
      certificate_path:
        description:
          - Client certificate (PEM) for O(exchange_server.auth=certificate). WinRM maps it to a local account, so
            O(exchange_server.username) and its password are needed too, to sign in to Exchange.
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_CERTIFICATE_PATH) is used.
        type: path
      certificate_key_path:
        description:
          - Private key (PEM) of O(exchange_server.certificate_path).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_CERTIFICATE_KEY_PATH) is used.
        type: path
      kerberos_delegation:
        description:
          - Whether the Kerberos ticket is forwarded to the server, with O(exchange_server.transport=winrm), so that it
            can sign in to Exchange without a password. Defaults to V(false). The ticket must be forwardable and the
            server trusted for delegation.
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_KERBEROS_DELEGATION) is used.
        type: bool
      domain_controller:
        description:
          - Fully qualified name of the domain controller that every cmdlet uses, preferably the one that Entra Connect
            reads. In a forest of several domains, a list with one controller for each domain whose users are handled.
          - In a disjoint namespace, in which the controller's name does not end in its domain, the domain can be
            written before it, as in V(contoso.com=dc01.hq.contoso.net).
          - Without it, a value may be read back from a controller that has not received it yet.
          - Every read is sent to each of them, and a write to the one of the object's domain. A user in a domain
            without a controller in the list fails with C(domain_not_pinned).
          - Whether an address or a mailbox GUID is in use is always checked in the whole forest.
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_DOMAIN_CONTROLLER) is used, separated
            by commas.
        type: list
        elements: str
      sessions:
        description:
          - How many remote sessions a task may open at once. Defaults to V(4). Exchange allows 18 for an account.
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_SESSIONS) is used.
        type: int
      account_sessions:
        description:
          - Sessions that Exchange allows the account at the same time (C(PowerShellMaxConcurrency) of its throttling
            policy). Tasks whose waves are in the same directory share them, on every machine - a task opens what is
            left, and waits if nothing is left. Defaults to V(18).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_ACCOUNT_SESSIONS) is used.
        type: int
      operation_timeout:
        description:
          - Seconds after which a waiting request is renewed. Defaults to V(20).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_OPERATION_TIMEOUT) is used.
        type: int
      read_timeout:
        description:
          - Seconds to wait for an answer. It must be greater than O(exchange_server.operation_timeout). Defaults
            to V(30).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_READ_TIMEOUT) is used.
        type: int
      idle_timeout:
        description:
          - Seconds after which the server closes a session that a killed task left behind, at least V(60). Defaults
            to V(180).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_IDLE_TIMEOUT) is used.
        type: int
      cmdlet_timeout:
        description:
          - Seconds for one cmdlet, from its sending to the end of its answer. A cmdlet that takes longer is left, and
            what it has done is read before anything is sent again. Defaults to V(960).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_CMDLET_TIMEOUT) is used.
        type: int
      negotiate_service:
        description:
          - Service part of the Kerberos service principal name. Defaults to V(HTTP).
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_NEGOTIATE_SERVICE) is used.
        type: str
      negotiate_hostname_override:
        description:
          - Host part of the Kerberos service principal name, if it differs from O(exchange_server.host), for example
            behind a load balancer.
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_NEGOTIATE_HOSTNAME_OVERRIDE) is used.
        type: str
      proxy:
        description:
          - URL of a proxy to connect through. It is not shown in any output, because it may contain a password. With
            V(basic) the connection must use TLS; otherwise the proxy would read the password.
          - Proxies of the environment (E(HTTP_PROXY), E(HTTPS_PROXY)) are not used for this connection.
          - If not set, the value of the environment variable E(EXCHANGE_SERVER_PROXY) is used.
        type: str
"""
