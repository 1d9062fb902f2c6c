# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: offboarding_readiness
short_description: Checks in advance what would stop the mailboxes of a wave
description:
  - Reads both organizations, Entra Connect and, if configured, Active Directory, and returns findings about the
    environment and about each mailbox of the wave. Every finding says what was found, why it matters, what to do, and
    the source of this information. C(docs/readiness.md) lists all checks.
  - A C(blocker) would make the move fail or do harm. A C(warning) should be reviewed. An C(info) is for information
    only. A check without an answer, because a role is missing, a connection is not configured, or no cmdlet shows the
    value, is C(not_checked), never passed.
  - The blockers of M(mailops.exchange_hybrid.offboarding_state) are included, with the same codes and the same rules.
  - Nothing is written to any organization. O(mailboxes_file) is only read, and no record is removed from it.
  - C(Test-MigrationServerAvailability) runs once for each host of the wave. If it ran too recently, it runs once more
    after a minute.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.entra_connect
  - mailops.exchange_hybrid.active_directory
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.judged
options:
  batch_name:
    description:
      - Name of the wave, by which its requests can be found. A request of a migration batch with this name, or with
        C(-2) and so on after it, is the wave's own and no blocker.
    type: str
  routing_domain:
    description:
      - Domain of the routing address. It is a domain of the tenant, C(tenant.mail.onmicrosoft.com).
    type: str
  add_routing_address:
    description:
      - Whether the routing address is added if the cloud mailbox does not have it.
    type: bool
  primary_smtp_address:
    description:
      - The primary SMTP address. It is the address that the mailbox will have. Defaults to the cloud mailbox's own.
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
      - Whether the mailbox's delay holds are ended before the move. In that case they are not reported.
    type: bool
  accept:
    description:
      - Codes of findings that do not stop a mailbox. They are still reported, as accepted.
      - Findings that make it impossible to continue, such as C(conflict) or C(address_in_use), cannot be accepted.
    type: list
    elements: str
    default: []
  fail_on:
    description:
      - V(blocker) fails the task if there is a blocker that was not accepted, V(warning) also if there is a warning,
        V(never) does not fail it. C(not_checked) never fails the task.
      - O(on_error=continue) is the same as V(never).
    type: str
    choices: [blocker, warning, never]
    default: blocker
  check_sizes:
    description:
      - Whether to read the size of each mailbox, with one call to Exchange Online for each. Otherwise the checks of
        quota and disk space are C(not_checked).
    type: bool
    default: true
  brings_into_scope:
    description:
      - Whether the users are brought into the scope of directory synchronization once they are complete, as
        C(offboarding_scope_tasks) of the role does. In that case a user that is currently out of scope is not reported.
    type: bool
    default: false
  pause_sync:
    description:
      - Whether directory synchronization is paused while users are half made, as set by
        C(offboarding_pause_sync) of the role. Without a pause, and without O(entra_connect), users that have to
        be written are reported as C(unprotected_sync).
    type: bool
    default: true
  test_endpoint:
    description:
      - Whether to run C(Test-MigrationServerAvailability), with O(remote_credential) or O(migration_endpoint).
      - If Exchange Online refuses it because of an earlier test, the module waits once, until the time that the
        refusal names, for at most five minutes.
    type: bool
    default: true
  migration_endpoint:
    description:
      - Name of a migration endpoint to test instead of O(remote_host_name) with O(remote_credential).
      - With O(method=auto) and O(method=migration_batch) it defaults to the only one that does not lead to another
        tenant.
    type: str
  method:
    description:
      - How mailboxes are to move. Migration batches need no O(remote_credential), and V(auto) uses them if there is one
        migration endpoint that fits, which is then tested.
    type: str
    choices: [auto, move_request, migration_batch]
  target_databases:
    description:
      - On-premises databases that mailboxes without a O(remote_target_database) of their own will be spread over, or
        V(auto), as for M(mailops.exchange_hybrid.offboarding_state). What it would decide now is shown and judged, and
        not kept.
    type: list
    elements: str
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
      - Directory of the baselines, the same that the wave uses. It is required to detect that the baseline of an
        earlier run is missing.
      - Only C(endpoint_test.json) is written there, which notes that a test of the migration endpoint succeeded, so
        that a run soon after it does not need another one. In check mode it is not written.
    type: path
  report_directory:
    description:
      - Existing directory for C(readiness.json) and C(readiness.csv), mode 0600. In check mode they are not written.
    type: path
"""

EXAMPLES = r"""
- name: Check what would stop a wave
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
  description: Always V(false).
  returned: always
  type: bool
  sample: false
results:
  description:
    - One entry for each mailbox, in the order of the wave.
    - With O(mailboxes_file) and O(report_directory), at most 250,000 characters; entries that do not fit lose their
      C(findings) first. RV(ignore:left_out) counts those that were left out. The report has all of them.
  returned: always
  type: list
  elements: dict
  contains:
    identity:
      description: The mailbox as it was specified.
      returned: always
      type: str
      sample: ann@contoso.com
    status:
      description: C(failed) if there is a finding for which O(fail_on) fails, otherwise C(unchanged).
      returned: always
      type: str
      sample: unchanged
    ready:
      description: Whether there is no blocker, except accepted ones.
      returned: always
      type: bool
    state:
      description: The state as in M(mailops.exchange_hybrid.offboarding_state), or C(unknown) if one side was
        not found.
      returned: always
      type: str
      sample: to_do
    beginning:
      description: C(cloud_only), C(synced) or C(synced_to_another_user). Empty if it is not known.
      returned: always
      type: str
      sample: cloud_only
    recipient_type_details:
      description: The kind of the cloud object.
      returned: always
      type: str
      sample: UserMailbox
    remote_target_database:
      description: The target database, empty if none was set.
      returned: always
      type: str
      sample: DB01
    total_size:
      description: Size in bytes, null if it was not read.
      returned: always
      type: int
    findings:
      description: The findings about this mailbox.
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
          description: The source of this information.
          returned: always
          type: str
          sample: KB 10094
        accepted:
          description: Whether O(accept) contains the code.
          returned: always
          type: bool
    error:
      description: The first finding that fails the mailbox, in the same format as other errors.
      returned: failed
      type: dict
environment:
  description: The findings that do not concern a single mailbox, each like RV(results[].findings[]).
  returned: always
  type: list
  elements: dict
summary:
  description: Number of mailboxes, of ready mailboxes, and of findings for each severity and code, and whether the
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
        "target_databases": {"type": "list", "elements": "str"},
        "method": {"type": "str", "choices": ["auto", "move_request", "migration_batch"]},
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
