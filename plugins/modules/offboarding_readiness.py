# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: offboarding_readiness
short_description: Tells beforehand what would stop the mailboxes of a wave on their way home
description:
  - Looks at both organizations, at Entra Connect and, where it may, at Active Directory, and returns what it finds - of
    the environment and of each mailbox of the wave. Every finding says what was found, why it matters, what to do, and
    where that is known from. C(docs/readiness.md) lists all checks.
  - A C(blocker) would make the move fail or do harm. A C(warning) wants to be looked at. An C(info) only tells. A
    question that nothing answers - because a role is missing, a connection is not configured, or no cmdlet knows - is
    C(not_checked), never passed.
  - The stop signs of M(mailops.exchange_hybrid.offboarding_state) are among the findings, under the same codes and by
    the same judgement.
  - Nothing is written to any organization. O(mailboxes_file) is read and left as it is, and no record is taken out.
  - C(Test-MigrationServerAvailability) runs once for each host of the wave; if it ran too recently, once more after a
    minute.
version_added: 0.1.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.entra_connect
  - mailops.exchange_hybrid.active_directory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.judged
options:
  routing_domain:
    description:
      - Domain of the routing address. It is the tenant's own, C(tenant.mail.onmicrosoft.com).
    type: str
  add_routing_address:
    description:
      - Whether the routing address is added when the cloud mailbox lacks it.
    type: bool
  primary_smtp_address:
    description:
      - The primary SMTP address. It is the one that the mailbox is to have; defaults to the cloud mailbox's own.
    type: str
  remote_host_name:
    description:
      - Name of the on-premises MRS proxy as Exchange Online reaches it.
    type: str
  target_delivery_domain:
    description:
      - Domain of the address that the cloud mail user gets after the move.
    type: str
  remove_delay_holds:
    description:
      - Whether the mailbox's delay holds are ended before the move. Then they are not found fault with.
    type: bool
  accept:
    description:
      - Findings that stop nothing, by code. They are still reported, as accepted.
      - What nobody can go on with, such as C(conflict) or C(address_in_use), cannot be accepted.
    type: list
    elements: str
    default: []
  fail_on:
    description:
      - V(blocker) fails the task when a blocker stands that was not accepted, V(warning) also on a warning,
        V(never) leaves the judgement to the caller. C(not_checked) never fails the task.
      - O(on_error=continue) is the same as V(never).
    type: str
    choices: [blocker, warning, never]
    default: blocker
  check_sizes:
    description:
      - Whether to read the size of each mailbox, one call to Exchange Online for each. Without it the checks of quota
        and disk space are C(not_checked).
    type: bool
    default: true
  brings_into_scope:
    description:
      - Whether the users are brought into the scope of directory synchronization once they are whole, as
        C(offboarding_scope_tasks) of the role does. Then a user that is kept out now is no finding.
    type: bool
    default: false
  pause_sync:
    description:
      - Whether directory synchronization is paused while users are half made, as C(offboarding_pause_sync) of the role
        tells. Without a pause, and without O(entra_connect), users that are to be written are C(unprotected_sync).
    type: bool
    default: true
  test_endpoint:
    description:
      - Whether to run C(Test-MigrationServerAvailability), with O(remote_credential) or O(migration_endpoint).
    type: bool
    default: true
  migration_endpoint:
    description:
      - Name of a migration endpoint to test instead of O(remote_host_name) with O(remote_credential).
    type: str
  remote_credential:
    description:
      - The on-premises account with which Exchange Online reaches the MRS proxy.
    type: dict
    suboptions:
      username:
        description:
          - The account as V(DOMAIN\\user).
          - If not set, the value of the environment variable E(REMOTE_CREDENTIAL_USERNAME) is used.
        type: str
      password:
        description:
          - Password of O(remote_credential.username).
          - If not set, the value of the environment variable E(REMOTE_CREDENTIAL_PASSWORD) is used.
        type: str
  directory:
    description:
      - Directory of the baselines; the one that the wave itself uses. A missing baseline of an earlier run is found
        only with it. Nothing is written there.
    type: path
  report_directory:
    description:
      - Existing directory for C(readiness.json) and C(readiness.csv), mode 0600. In check mode they are not written.
    type: path
"""

EXAMPLES = r"""
- name: See what stands against a wave
  mailops.exchange_hybrid.offboarding_readiness:
    mailboxes_file: /srv/offboarding/wave.json
    remote_host_name: mail.contoso.com
    remote_target_database: DB01
    target_delivery_domain: contoso.com
    routing_domain: contoso.mail.onmicrosoft.com
    directory: /srv/offboarding
    report_directory: /srv/offboarding
    fail_on: never
  register: readiness

- name: Show the mailboxes that are not ready
  ansible.builtin.debug:
    msg: "{{ item.identity }}: {{ item.findings | map(attribute='code') | join(', ') }}"
  loop: "{{ readiness.results | rejectattr('ready') }}"
  loop_control:
    label: "{{ item.identity }}"
"""

RETURN = r"""
changed:
  description: Always false.
  returned: always
  type: bool
  sample: false
results:
  description: One entry for each mailbox, in the order of the wave.
  returned: always
  type: list
  elements: dict
  contains:
    identity:
      description: The mailbox as it was named.
      returned: always
      type: str
      sample: ann@contoso.com
    status:
      description: C(failed) where a finding stands that O(fail_on) does not let pass, else C(unchanged).
      returned: always
      type: str
      sample: unchanged
    ready:
      description: Whether no blocker stands that was not accepted.
      returned: always
      type: bool
    state:
      description: As M(mailops.exchange_hybrid.offboarding_state) tells it; C(unknown) where a side was not found.
      returned: always
      type: str
      sample: to_do
    beginning:
      description: C(cloud_only), C(synced) or C(synced_to_another_user); empty where it is not known.
      returned: always
      type: str
      sample: cloud_only
    recipient_type_details:
      description: The kind of the cloud object.
      returned: always
      type: str
      sample: UserMailbox
    remote_target_database:
      description: The database that it is to move to; empty where none was named.
      returned: always
      type: str
      sample: DB01
    total_size:
      description: Size in bytes, null where it was not read.
      returned: always
      type: int
    findings:
      description: What was found of this mailbox.
      returned: always
      type: list
      elements: dict
      contains:
        code:
          description: Stable name of the check.
          returned: always
          type: str
          sample: size_exceeds_quota
        severity:
          description: C(blocker), C(warning), C(info) or C(not_checked).
          returned: always
          type: str
          sample: blocker
        mailbox:
          description: The mailbox, empty for the environment.
          returned: always
          type: str
          sample: ann@contoso.com
        found:
          description: What was found.
          returned: always
          type: str
        why:
          description: Why it matters.
          returned: always
          type: str
        remedy:
          description: What to do.
          returned: always
          type: str
        source:
          description: Where this is known from.
          returned: always
          type: str
          sample: KB 10094
        accepted:
          description: Whether O(accept) names the code.
          returned: always
          type: bool
    error:
      description: The first finding that does not let pass, in the form that every module's errors have.
      returned: failed
      type: dict
environment:
  description: The findings that concern no single mailbox, each like RV(results[].findings[]).
  returned: always
  type: list
  elements: dict
summary:
  description: Number of mailboxes, of those that are ready, of findings for each severity and code; whether the
    environment is ready.
  returned: always
  type: dict
  sample:
    mailboxes: 60
    ready: 40
    environment_ready: true
    accepted: 0
    severities: {blocker: 20, warning: 0, info: 0, not_checked: 7}
    codes: {size_exceeds_quota: 1}
report:
  description: The files that were written, C(json) and C(csv).
  returned: with O(report_directory), not in check mode
  type: dict
  sample: {json: /srv/offboarding/readiness.json, csv: /srv/offboarding/readiness.csv}
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    FAIL_ON,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import REMOTE_CREDENTIAL
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    entra_connect,
    exchange_online,
    exchange_server,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    ACTIVE_DIRECTORY,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

ARGUMENTS = Arguments(
    mailbox=fields.options("offboarding_readiness"),
    task={
        "accept": {"type": "list", "elements": "str", "default": []},
        "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "blocker"},
        "check_sizes": {"type": "bool", "default": True},
        "brings_into_scope": {"type": "bool", "default": False},
        "pause_sync": {"type": "bool", "default": True},
        "test_endpoint": {"type": "bool", "default": True},
        "migration_endpoint": {"type": "str"},
        "remote_credential": REMOTE_CREDENTIAL,
        "directory": {"type": "path"},
        "report_directory": {"type": "path"},
    },
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM, entra_connect.SYSTEM),
    connections=(ACTIVE_DIRECTORY,),
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
