# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_endpoint
short_description: Manages migration endpoints to on-premises Exchange
description:
  - Creates, changes, removes and tests migration endpoints for remote moves in Exchange Online. An endpoint keeps the
    name of the on-premises MRS proxy and the credential of the account that signs in to it. The hybrid configuration
    wizard creates one.
  - The test needs no secret and checks the endpoint, its credential and the MRS proxy. Exchange Online limits how often
    it may run. If it refuses a test for that reason, the module waits once, until the time that the refusal names, for
    at most five minutes.
  - How a credential travels over the REST interface is not published. Creating an endpoint and renewing its credential
    therefore require O(exchange_online.interface=powershell), and are refused without it before anything is written, in
    check mode too.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
options:
  state:
    description:
      - V(present) ensures that the endpoint exists with the given settings.
      - V(absent) removes it, whatever its type. Exchange Online refuses this while migration batches use it.
      - V(tested) tests it, and fails if it does not work. Nothing is changed.
    type: str
    choices: [present, absent, tested]
    default: present
  name:
    description:
      - Name of the endpoint.
      - With O(state=tested) it defaults to the only endpoint for remote moves that does not lead to another tenant.
    type: str
  remote_server:
    description:
      - Name of the on-premises MRS proxy as Exchange Online reaches it. Required if the endpoint does not exist.
    type: str
  max_concurrent_migrations:
    description:
      - Number of first synchronizations at the same time. If not set, Exchange Online decides or keeps it.
    type: int
  max_concurrent_incremental_syncs:
    description:
      - Number of later synchronizations and completions at the same time. It is not greater than
        O(max_concurrent_migrations).
    type: int
  remote_credential:
    description:
      - On-premises account with which the mailbox replication service signs in to the MRS proxy. Required if the
        endpoint does not exist, and for O(update_credentials=true).
    type: dict
    suboptions:
      username:
        description:
          - The account as V(DOMAIN\\user), not as a user principal name.
          - If not set, the value of the environment variable E(REMOTE_CREDENTIAL_USERNAME) is used.
        type: str
      password:
        description:
          - Password of O(remote_credential.username).
          - If not set, the value of the environment variable E(REMOTE_CREDENTIAL_PASSWORD) is used.
        type: str
  update_credentials:
    description:
      - Whether O(remote_credential) is written to an existing endpoint. Exchange never shows the credential, so the
        task is always changed.
    type: bool
    default: false
seealso:
  - module: mailops.exchange_hybrid.migration_batch
"""

EXAMPLES = r"""
- name: Test the endpoint that the hybrid configuration wizard created
  mailops.exchange_hybrid.migration_endpoint:
    state: tested

- name: Allow more moves at the same time
  mailops.exchange_hybrid.migration_endpoint:
    name: Hybrid Migration Endpoint - EWS (Default Web Site)
    max_concurrent_migrations: 50
    max_concurrent_incremental_syncs: 20
"""

RETURN = r"""
changed:
  description: Whether anything was written, or would be in check mode.
  returned: always
  type: bool
  sample: true
endpoint:
  description: The endpoint, with Exchange's properties in snake_case. Empty if it does not exist.
  returned: success
  type: dict
  contains:
    identity:
      description: Its name.
      returned: always
      type: str
      sample: Hybrid Migration Endpoint - EWS (Default Web Site)
    endpoint_type:
      description: C(ExchangeRemoteMove).
      returned: when Exchange says it
      type: str
    remote_server:
      description: The on-premises MRS proxy.
      returned: when Exchange says it
      type: str
      sample: mail.contoso.com
    max_concurrent_migrations:
      description: Number of first synchronizations at the same time. Absent if it is unlimited.
      returned: when Exchange says it
      type: int
    max_concurrent_incremental_syncs:
      description: Number of later synchronizations and completions at the same time. Absent if it is unlimited.
      returned: when Exchange says it
      type: int
test:
  description: The result of the test.
  returned: with O(state=tested)
  type: dict
  contains:
    result:
      description: C(Success).
      returned: always
      type: str
    message:
      description: Exchange's own message.
      returned: always
      type: str
before:
  description: The settings that change, with their previous values.
  returned: with O(state=present) and O(state=absent)
  type: dict
after:
  description: The same settings, with their new values.
  returned: with O(state=present) and O(state=absent)
  type: dict
cmdlets:
  description: The cmdlets that ran or would run, secrets masked.
  returned: with O(state=present) and O(state=absent)
  type: list
  elements: str
error:
  description: What went wrong.
  returned: failed
  type: dict
  contains:
    code:
      description: Stable name of the error.
      returned: always
      type: str
      sample: endpoint_failed
    message:
      description: What happened, with Exchange's own message if there is one.
      returned: always
      type: str
    cmdlet:
      description: The cmdlet that failed.
      returned: always
      type: str
    retryable:
      description: Whether running again may help.
      returned: always
      type: bool
    remedy:
      description: What to do.
      returned: always
      type: str
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_endpoint.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import REMOTE_CREDENTIAL
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_online

ARGUMENTS = Arguments(
    task={
        "state": {"type": "str", "choices": ["present", "absent", "tested"], "default": "present"},
        "name": {"type": "str"},
        "remote_server": {"type": "str"},
        "max_concurrent_migrations": {"type": "int"},
        "max_concurrent_incremental_syncs": {"type": "int"},
        "remote_credential": REMOTE_CREDENTIAL,
        "update_credentials": {"type": "bool", "default": False},
    },
    systems=(exchange_online.SYSTEM,),
    journal=True,
    wave=False,
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
