# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  active_directory:
    description:
      - How to reach a domain controller over LDAP, for what no Exchange cmdlet shows. Optional, and only read from -
        any account of the domain will do.
      - Without it the questions that it answers are C(not_checked).
      - An account that may not read a user's attributes shows them as missing. Such a user is C(not_checked) too.
      - A domain controller answers for its own domain only; users of another domain are C(not_checked).
      - Needs the Python library sansldap, and pyspnego with its extra C(kerberos) for V(kerberos).
    type: dict
    suboptions:
      host:
        description:
          - Fully qualified name of a domain controller.
          - If not given, the environment variable E(ACTIVE_DIRECTORY_HOST) is used.
        type: str
      port:
        description:
          - TCP port; V(636) for O(active_directory.auth=simple), else V(389).
          - The ports of the global catalogue, which holds a part of the attributes only, are refused.
          - If not given, the environment variable E(ACTIVE_DIRECTORY_PORT) is used.
        type: int
      auth:
        description:
          - How to authenticate; V(kerberos) unless given.
          - V(simple) sends name and password inside TLS (LDAPS). V(kerberos) and V(ntlm) seal every message, as domain
            controllers that require LDAP signing demand, and need no certificate.
          - If not given, the environment variable E(ACTIVE_DIRECTORY_AUTH) is used.
        type: str
        choices: [kerberos, ntlm, simple]
      username:
        description:
          - The account as V(sAMAccountName@REALM) for V(kerberos), with the realm in capitals; as user principal name
            for V(simple); as V(DOMAIN\\user) for V(ntlm).
          - The realm is the DNS name of the Active Directory domain, which the suffix of a user principal name need
            not be.
          - With Kerberos and neither O(active_directory.password) nor O(active_directory.password_file), the existing
            ticket cache is used.
          - If not given, the environment variable E(ACTIVE_DIRECTORY_USERNAME) is used.
        type: str
      password:
        description:
          - Password of O(active_directory.username).
          - If not given, the environment variable E(ACTIVE_DIRECTORY_PASSWORD) is used.
        type: str
      password_file:
        description:
          - File that holds the password, instead of O(active_directory.password).
          - If not given, the environment variable E(ACTIVE_DIRECTORY_PASSWORD_FILE) is used.
        type: path
      ca_file:
        description:
          - PEM file with the certificate authorities to trust with V(simple); the system's unless given.
          - If not given, the environment variable E(ACTIVE_DIRECTORY_CA_FILE) is used.
        type: path
      validate_certs:
        description:
          - Whether to verify the controller's certificate with V(simple); V(true) unless given.
          - If not given, the environment variable E(ACTIVE_DIRECTORY_VALIDATE_CERTS) is used.
        type: bool
      base:
        description:
          - Where to search; the controller's own domain unless given.
          - If not given, the environment variable E(ACTIVE_DIRECTORY_BASE) is used.
        type: str
      timeout:
        description:
          - Seconds to wait for the controller; V(30) unless given.
          - If not given, the environment variable E(ACTIVE_DIRECTORY_TIMEOUT) is used.
        type: int
      negotiate_hostname_override:
        description:
          - Host part of the Kerberos service principal name, where it is not O(active_directory.host).
          - If not given, the environment variable E(ACTIVE_DIRECTORY_NEGOTIATE_HOSTNAME_OVERRIDE) is used.
        type: str
"""
