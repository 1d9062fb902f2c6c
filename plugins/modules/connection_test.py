# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connection_test
short_description: Reports which connections and permissions work
description:
  - Connects to every configured system and reports, for each, whether it can be reached, whether TLS and the account
    work, and whether each cmdlet and parameter that the role needs is granted. Nothing is written.
  - On Exchange Server it runs C(Get-Command) in the remote session. In Exchange Online it reads the module that the
    service generates for its caller. On the Entra Connect server it runs the cmdlets that only read. For Microsoft
    Graph, if O(exchange_online.graph=true), it examines the token.
  - What cannot be determined is reported as V(not_checked), never as a pass - parameters that a system does not show,
    and the two cmdlets that change the Entra Connect server.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.entra_connect
options:
  purposes:
    description:
      - What the account and the application are used for. V(offboarding) is what the role
        P(mailops.exchange_hybrid.mailbox_offboarding#role) always needs.
      - V(routing_addresses) adds addresses to cloud mailboxes, V(delay_holds) is for
        M(mailops.exchange_hybrid.delay_holds), V(stamping) for M(mailops.exchange_hybrid.smtp_match) with
        C(state=stamped), V(mail_user_removal) for M(mailops.exchange_hybrid.mailuser) with C(state=absent),
        V(move_control) suspends and removes move requests and approves skipped items, V(migration_endpoint) takes
        C(remote_host_name) from the tenant's migration endpoint, V(archives) stamps and moves archives, V(readiness) is
        for M(mailops.exchange_hybrid.offboarding_readiness). Each other value is for the module of that name.
    type: list
    elements: str
    choices:
      - archives
      - delay_holds
      - mail_user_removal
      - mailbox_permission
      - migration_batch
      - migration_endpoint
      - move_control
      - mrs_proxy
      - offboarding
      - readiness
      - routing_addresses
      - stamping
      - target_databases
    default: [offboarding]
  show_credential_handling:
    description:
      - Whether RV(credential_handling) is returned - the text of the PowerShell functions in which Microsoft's
        generated module accepts the credential of C(New-MoveRequest) and encrypts passwords, as Exchange Online serves
        it to this application (C(EXOModuleFile)).
      - It is only read. Microsoft has not published how a PSCredential is sent over the REST interface, but this text
        shows it. Compare it with what O(exchange_online.experimental_rest_credential) sends before you use that option.
    type: bool
    default: false
  fail:
    description:
      - Whether the task fails if a check failed. With V(false) it only reports.
    type: bool
    default: true
notes:
  - Whether the on-premises account of the mailbox replication service works can only be determined by Exchange Online,
    when the first move request is submitted.
seealso:
  - name: Permissions
    description: Every cmdlet with its management role.
    link: https://github.com/mailops/exchange_hybrid/blob/main/docs/permissions.md
"""

EXAMPLES = r"""
- name: Test all connections before the first wave
  mailops.exchange_hybrid.connection_test:
    purposes: [offboarding, routing_addresses]

- name: Print what Microsoft's module does with the credential of a move request
  mailops.exchange_hybrid.connection_test:
    show_credential_handling: true
    fail: false
  register: shown

- name: Only report
  mailops.exchange_hybrid.connection_test:
    fail: false
  register: tested

- name: Show what is missing
  ansible.builtin.debug:
    msg: "{{ item.system }} {{ item.check }} {{ item.name }}: {{ item.message }} {{ item.remedy }}"
  loop: "{{ tested.checks | selectattr('status', 'equalto', 'failed') }}"
"""

RETURN = r"""
changed:
  description: Always V(false).
  returned: always
  type: bool
  sample: false
checks:
  description: One entry for each system and check, in the order in which they were made.
  returned: always
  type: list
  elements: dict
  contains:
    system:
      description: C(exchange_server), C(exchange_online), C(entra_connect) or C(graph).
      returned: always
      type: str
      sample: exchange_online
    check:
      description:
        - C(options), C(reachability), C(tls), C(authentication), C(authorization), C(cmdlet), C(parameter)
          or C(permission).
      returned: always
      type: str
      sample: cmdlet
    name:
      description: The cmdlet, the cmdlet and its parameter, or the permission; empty for the other checks.
      returned: always
      type: str
      sample: New-MoveRequest -TargetDeliveryDomain
    status:
      description: C(ok), C(failed) or C(not_checked).
      returned: always
      type: str
      sample: ok
    message:
      description: What was found.
      returned: always
      type: str
      sample: it is granted
    remedy:
      description: What to do about a failed check, for example the management role to assign. Otherwise empty.
      returned: always
      type: str
      sample: Give the account the management role Mail Recipients.
credential_handling:
  description:
    - The functions that handle the credential, with C(New-MoveRequest) as the first or the last of them, and without
      Microsoft's public key. Empty with O(exchange_online.interface=powershell).
  returned: with O(show_credential_handling)
  type: list
  elements: dict
  contains:
    name:
      description: The function.
      returned: always
      type: str
      sample: New-MoveRequest
    text:
      description: The PowerShell text of the function.
      returned: always
      type: str
summary:
  description: Number of checks for each status.
  returned: always
  type: dict
  sample: {ok: 131, failed: 0, not_checked: 24}
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlet_table import PURPOSES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    entra_connect,
    exchange_online,
    exchange_server,
)

ARGUMENTS = Arguments(
    wave=False,
    task={
        "purposes": {"type": "list", "elements": "str", "choices": sorted(PURPOSES), "default": ["offboarding"]},
        "show_credential_handling": {"type": "bool", "default": False},
        "fail": {"type": "bool", "default": True},
    },
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM, entra_connect.SYSTEM),
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
