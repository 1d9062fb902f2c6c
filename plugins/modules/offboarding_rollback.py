# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: offboarding_rollback
short_description: Undoes an offboarding before its moves complete
description:
  - Removes the move request, or the user of the wave's migration batch, and undoes what was written on-premises as
    far as that is safe.
  - If it is certain that no sync has exported what was written, everything is undone. The mail user that was created is
    disabled, C(mail) and an empty display name are restored, a routing address that was added in the cloud is removed,
    and the attributes of a user that was already a mail user or remote mailbox get the values of the baseline.
  - If a sync may have exported it, B(the mail user stays) with its addresses and GUIDs, because on-premises is then the
    master, and the next sync would remove the addresses of the cloud mailbox. The result says why, and shows what was
    kept. Addresses of the baseline that a killed run had not stamped yet are stamped first.
  - It is certain only if the cloud user was not synced when the baseline was taken and is not synced now, and if
    O(entra_connect) shows a run history that begins before the baseline, with no run that ended after it. Without
    O(entra_connect), with a server in staging mode, or with an empty history, the mail user stays. A user that was
    synced before the first write may have been exported at any time, so what was written to it stays too.
  - A mailbox whose move is completed or completing is refused. The error explains the onboarding move, which is not an
    undo. Requests of another migration batch, a damaged baseline, a mail user or request without baseline, and two
    sides that do not match are refused too. Nothing is written in these cases.
  - The order of the writes allows it to be killed at any time and run again.
  - When a mailbox has been restored completely, its baseline is moved to C(baseline/rolled_back) in O(directory). The
    file name has the mailbox's ExchangeGuid and the time of the baseline. The next offboarding takes a new one.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.entra_connect
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.journal
options:
  batch_name:
    description:
      - Name of the wave, by which its requests can be found. A request of a migration batch with this name, or with
        C(-2) and so on after it, is the wave's own, and undone by removing the migration user.
    type: str
  ad_identity:
    description:
      - The on-premises user - its user principal name, objectGUID or distinguished name.
      - Defaults to the user in the baseline, or to the one with the cloud user's user principal name.
    type: str
  external_email_address:
    description:
      - The routing address of the mailbox. Use the same value as in the offboarding, if it was set.
    type: str
  routing_domain:
    description:
      - Domain of the routing address. Use the same value as in the offboarding. It determines which address was added
        to the cloud mailbox if no mail user has it any longer, or yet.
    type: str
  include_sip:
    description:
      - Whether SIP addresses are kept too. A mail user that stays then gets the missing ones from the baseline, as in
        the offboarding. Defaults to V(true) in this module.
    type: bool
  directory:
    description:
      - Directory of the baselines, as in the offboarding; see
        O(mailops.exchange_hybrid.offboarding_state#module:directory).
    type: path
    required: true
  clock_tolerance:
    description:
      - Seconds by which the clocks of this host and of the Entra Connect server may differ. A run that ended less than
        this before the baseline counts as later. The default is what Kerberos allows.
    type: int
    default: 300
  assume_paused:
    description:
      - In check mode only, whether to assume that the scheduler of Entra Connect is paused, because an earlier task
        would have paused it.
    type: bool
    default: false
notes:
  - Pause the scheduler first (M(mailops.exchange_hybrid.directory_sync)) and resume it afterwards, as the role's entry
    C(rollback) does. If a mail user has to be removed and the scheduler is running, the mailbox fails.
  - A cycle that is started by hand in the meantime is noticed afterwards. The mailbox then fails and keeps
    its baseline.
  - Only one Entra Connect server can be queried. If Entra Cloud Sync or another server exports the same users, do not
    configure O(entra_connect) here. Every mail user then stays.
  - This was never tried on a real organization. It was not verified that the times of C(Get-ADSyncRunProfileResult) are
    UTC, that C(Disable-MailUser) clears C(mail), and that C(Set-User) accepts an empty display name. The times when
    objects changed are not restored.
seealso:
  - module: mailops.exchange_hybrid.offboarding_state
  - module: mailops.exchange_hybrid.directory_sync
"""

EXAMPLES = r"""
- name: Undo a wave while no cycle can run
  block:
    - name: Pause the scheduler
      mailops.exchange_hybrid.directory_sync:
        state: paused
        directory: /srv/offboarding
      register: paused

    - name: Undo the moves and the users
      mailops.exchange_hybrid.offboarding_rollback:
        mailboxes_file: /srv/offboarding/wave.json
        directory: /srv/offboarding
        assume_paused: "{{ paused is changed }}"
  always:
    - name: Resume the scheduler
      mailops.exchange_hybrid.directory_sync:
        state: resumed
        directory: /srv/offboarding
        assume_paused: "{{ paused is changed }}"

- name: Check two mailboxes that were not changed
  mailops.exchange_hybrid.offboarding_rollback:
    mailboxes:
      - identity: ann@contoso.com
      - identity: bob@contoso.com
    directory: /srv/offboarding
  register: rollback

- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ item.identity }}: {{ item.decision }}, {{ item.reason }}"
  loop: "{{ rollback.results }}"
  loop_control:
    label: "{{ item.identity }}"
"""

RETURN = r"""
changed:
  description: Whether anything was written, or would be in check mode.
  returned: always
  type: bool
  sample: true
results:
  description: One entry for each mailbox, in the order of the wave.
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
      description: C(changed), C(unchanged), C(pending), C(skipped) or C(failed).
      returned: always
      type: str
      sample: changed
    decision:
      description:
        - V(undone) - everything that was written is undone. V(kept) - the move request is removed, and the mail user
          stays. V(nothing) - no trace of an offboarding was found.
      returned: unless it failed before the decision
      type: str
      sample: kept
    reason:
      description: Why, in one sentence.
      returned: unless it failed before the decision
      type: str
    kept:
      description: What stays on-premises - kind, addresses and GUIDs.
      returned: when RV(results[].decision=kept)
      type: dict
      sample: {recipient_type_details: MailUser, primary_smtp_address: ann@contoso.com}
    baseline_file:
      description: The file to which the baseline was moved.
      returned: when the mailbox was restored completely
      type: str
      sample: /srv/offboarding/baseline/rolled_back/5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01.2026-11-23T090000Z.json
    before:
      description: The attributes that change, with their previous values.
      returned: changed or failed
      type: dict
    after:
      description: The same attributes, with their new values, or the predicted ones in check mode.
      returned: changed or failed
      type: dict
    cmdlets:
      description: The cmdlets that ran or would run, secrets masked.
      returned: changed or failed
      type: list
      elements: str
    warnings:
      description: Warnings of Exchange or of this module.
      returned: when there are any
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
          sample: already_home
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
mailboxes:
  description: The records of the mailboxes that did not fail, with what this module added. Pass them to the next task.
  returned: with O(identity) or O(mailboxes); with O(mailboxes_file) they are in the file
  type: list
  elements: dict
decisions:
  description: Number of mailboxes for each decision, without failed ones.
  returned: always
  type: dict
  sample: {nothing: 0, undone: 3, kept: 1}
summary:
  description: Number of mailboxes for each status.
  returned: always
  type: dict
  sample: {changed: 1, unchanged: 0, pending: 0, skipped: 0, failed: 0}
"""

from collections import Counter
from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    EXCHANGE_SERVER,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.roll_back import (
    RollbackOptions,
    roll_back,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.rollback_plan import (
    DECISIONS,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    entra_connect,
    exchange_online,
    exchange_server,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

ARGUMENTS = Arguments(
    mailbox=fields.options("offboarding_rollback"),
    task={
        "directory": {"type": "path", "required": True},
        "clock_tolerance": {"type": "int", "default": 300},
        "assume_paused": {"type": "bool", "default": False},
    },
    defaults={"include_sip": True},
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM, entra_connect.SYSTEM),
    journal=True,
    judges=True,
)


def work(module: HybridModule) -> NoReturn:
    records = module.records()
    if module.params["clock_tolerance"] < 0:
        raise InputError("clock_tolerance", module.params["clock_tolerance"], "is negative", "Give seconds, 0 or more.")
    options = RollbackOptions(
        Folder(module.memory, module.params["directory"]),
        module.params["clock_tolerance"],
        check=module.check_mode,
        assume_paused=module.params["assume_paused"],
    )
    with module.connections() as connections:
        connections.require(EXCHANGE_SERVER, EXCHANGE_ONLINE)
        outcomes = roll_back(connections, records, options, on_error=module.params["on_error"])
    counts = Counter(outcome.details.get("decision") for outcome in outcomes if outcome.status != "failed")
    module.finish(outcomes, decisions={decision: counts[decision] for decision in DECISIONS})


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
