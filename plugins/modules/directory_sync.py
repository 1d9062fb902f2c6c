# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: directory_sync
short_description: Runs, pauses and resumes directory synchronization
description:
  - V(synced) runs one cycle of Entra Connect and waits for its end. It first waits for a running cycle. A cycle counts
    only if it began after the request and its exports ended without errors.
  - V(paused) and V(resumed) stop and start the scheduler, so that no cycle exports users that are half made.
  - V(ready) changes nothing. It refuses a server in staging mode, a suspended scheduler, and a server whose last export
    was stopped because of too many deletions, because then nothing else is exported either.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.entra_connect
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - V(synced) runs a cycle each time; V(paused) and V(resumed) are idempotent.
options:
  state:
    description:
      - V(synced) runs a cycle and waits for its end. V(paused) suspends the scheduler, V(resumed) starts it again.
      - V(ready) changes nothing, and fails for a server whose next cycle would export nothing.
    type: str
    choices: [synced, paused, resumed, ready]
    required: true
  policy_type:
    description:
      - V(delta) synchronizes changes, V(initial) synchronizes everything, which takes hours in a large directory.
    type: str
    choices: [delta, initial]
    default: delta
  directory:
    description:
      - Directory in which V(paused) records the pause before it begins. With it, V(resumed) ends only a recorded pause,
        so that a scheduler that was stopped by other means stays stopped. The record of a run whose
        C(ansible-playbook) has ended is left over, and the next run ends that pause. Where that cannot be
        determined, on another host for example, a record is left over after two hours.
      - Without it, V(resumed) starts the scheduler, no matter how it was stopped.
      - As long as this directory records a user that M(mailops.exchange_hybrid.mailuser) left half made, the scheduler
        stays paused and V(synced) starts no cycle, with the error C(addresses_at_risk).
        O(mailops.exchange_hybrid.mailuser#module:state=mended) repairs the user.
    type: path
  holder:
    description:
      - Name of the run that pauses, if several runs share O(directory), such as the waves of C(mailbox_waves). The last
        of them starts the scheduler again.
    type: str
    default: ""
  require_ready:
    description:
      - Whether V(paused) first refuses what V(ready) refuses, so that nothing is paused for changes that would not be
        exported.
    type: bool
    default: false
  assume_paused:
    description:
      - In check mode only, predicts O(state=resumed) as if the scheduler were paused, because an earlier task in check
        mode would have paused it.
    type: bool
    default: false
  allow_staging:
    description:
      - Whether V(synced), V(paused) and V(ready) accept a server in staging mode, which exports nothing.
    type: bool
    default: false
  allow_suspended:
    description:
      - Whether V(synced), V(paused) and V(ready) accept a suspended scheduler. If the scheduler becomes suspended
        during a wait, the module waits for that to end too.
    type: bool
    default: false
  accept_export_errors:
    description:
      - Whether a cycle counts even if its export ended with errors, which may concern other objects. An export that was
        stopped because of too many deletions never counts.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait for a running cycle and for the requested one.
    type: int
    default: 1800
  wait_sleep:
    description:
      - Seconds between two polls of the server.
    type: int
    default: 5
  resume_timeout:
    description:
      - Seconds for which V(resumed) tries again, whatever goes wrong. Only a refused sign-in, a missing role and a
        half-made user end it at once. If the scheduler could not be started, the error is C(still_paused), and names
        the command to type.
    type: int
    default: 300
"""

EXAMPLES = r"""
- name: Run a delta cycle to its end
  mailops.exchange_hybrid.directory_sync:
    state: synced

- name: Change users while no cycle runs
  block:
    - name: Pause the scheduler
      mailops.exchange_hybrid.directory_sync:
        state: paused
        directory: "{{ offboarding_directory }}"
      register: paused
  always:
    - name: Resume the scheduler
      mailops.exchange_hybrid.directory_sync:
        state: resumed
        directory: "{{ offboarding_directory }}"
        assume_paused: "{{ paused is changed }}"  # for check mode, in which nothing is paused
"""

RETURN = r"""
changed:
  description: Whether a cycle was run or the scheduler was changed, or would be in check mode.
  returned: always
  type: bool
before:
  description: The scheduler's setting before.
  returned: when it is changed
  type: dict
after:
  description: The scheduler's setting after.
  returned: when it is changed
  type: dict
noted:
  description: Whether the pause is written down in O(directory) as that of O(holder).
  returned: always
  type: bool
cmdlets:
  description: The cmdlets that ran or would run.
  returned: always
  type: list
  elements: str
  sample: ["Start-ADSyncSyncCycle -PolicyType 'Delta'"]
runs:
  description: The run profile results of the cycle.
  returned: with O(state=synced)
  type: list
  elements: dict
  contains:
    run_history_id:
      description: GUID of the run.
      returned: always
      type: str
    connector_name:
      description: Name of the connector.
      returned: always
      type: str
    run_profile_name:
      description: C(Delta Import), C(Delta Synchronization), C(Export) and so on.
      returned: always
      type: str
    result:
      description: C(success), or another result of the run.
      returned: always
      type: str
    run_number:
      description: Number of the run, or 0 if the answer does not have it.
      returned: always
      type: int
    is_run_complete:
      description: Whether the run has ended.
      returned: always
      type: bool
    start_date:
      description: Start, UTC.
      returned: always
      type: str
    end_date:
      description: End, UTC.
      returned: always
      type: str
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import entra_connect

ARGUMENTS = Arguments(
    wave=False,
    task={
        "state": {"type": "str", "choices": ["synced", "paused", "resumed", "ready"], "required": True},
        "policy_type": {"type": "str", "choices": ["delta", "initial"], "default": "delta"},
        "directory": {"type": "path"},
        "holder": {"type": "str", "default": ""},
        "require_ready": {"type": "bool", "default": False},
        "assume_paused": {"type": "bool", "default": False},
        "allow_staging": {"type": "bool", "default": False},
        "allow_suspended": {"type": "bool", "default": False},
        "accept_export_errors": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 1800},
        "wait_sleep": {"type": "int", "default": 5},
        "resume_timeout": {"type": "int", "default": 300},
    },
    systems=(entra_connect.SYSTEM,),
    journal=True,
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
