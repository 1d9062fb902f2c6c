# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  active_directory:
    description:
      - How to connect to a domain controller over LDAP, to read what no Exchange cmdlet shows. This is optional, and
        nothing is written. Any account of the domain can be used.
      - Without it, the checks that need it are reported as C(not_checked).
      - If the account is not allowed to read a user's attributes, they appear to be missing. Such a user is
        C(not_checked) too.
      - A domain controller answers for its own domain only; users of another domain are C(not_checked).
      - Who else holds an address, a GUID or an alias is searched among all objects of the forest, plain users, contacts
        and groups among them. The other domains are searched in the global catalog of the same server.
      - Requires the Python library sansldap, and pyspnego with its extra C(kerberos) for V(kerberos).
    type: dict
    suboptions:
      host:
        description:
          - Fully qualified name of a domain controller.
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_HOST) is used.
        type: str
      port:
        description:
          - TCP port. Defaults to V(636) for O(active_directory.auth=simple), otherwise to V(389).
          - The ports of the global catalog are refused, because it holds only part of the attributes.
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_PORT) is used.
        type: int
      global_catalog_port:
        description:
          - TCP port of the global catalog on the same server. It is used only if the forest has several domains.
          - Defaults to V(3269) for O(active_directory.auth=simple), otherwise to V(3268).
          - If it does not answer, only the controller's own domain is searched, and the readiness report says so.
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_GLOBAL_CATALOG_PORT) is used.
        type: int
      auth:
        description:
          - How to authenticate. Defaults to V(kerberos).
          - V(simple) sends name and password over TLS (LDAPS). V(kerberos) and V(ntlm) seal every message, as required
            by domain controllers that enforce LDAP signing, and need no certificate.
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_AUTH) is used.
        type: str
        choices: [kerberos, ntlm, simple]
      username:
        description:
          - The account as V(sAMAccountName@REALM) for V(kerberos), with the realm in capitals; as user principal name
            for V(simple); as V(DOMAIN\\user) for V(ntlm).
          - The realm is the DNS name of the Active Directory domain. The suffix of a user principal name may differ
            from it.
          - With Kerberos and neither O(active_directory.password) nor O(active_directory.password_file), the existing
            ticket cache is used.
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_USERNAME) is used.
        type: str
      password:
        description:
          - Password of O(active_directory.username).
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_PASSWORD) is used.
        type: str
      password_file:
        description:
          - File that contains the password, instead of O(active_directory.password).
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_PASSWORD_FILE) is used.
        type: path
      ca_file:
        description:
          - PEM file with the certificate authorities to trust with V(simple). Defaults to those of the system.
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_CA_FILE) is used.
        type: path
      validate_certs:
        description:
          - Whether to verify the controller's certificate with V(simple). Defaults to V(true).
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_VALIDATE_CERTS) is used.
        type: bool
      base:
        description:
          - Where to search. Defaults to the controller's own domain.
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_BASE) is used.
        type: str
      timeout:
        description:
          - Seconds to wait for the controller. Defaults to V(30).
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_TIMEOUT) is used.
        type: int
      negotiate_hostname_override:
        description:
          - Host part of the Kerberos service principal name, if it differs from O(active_directory.host).
          - If not set, the value of the environment variable E(ACTIVE_DIRECTORY_NEGOTIATE_HOSTNAME_OVERRIDE) is used.
        type: str
"""
