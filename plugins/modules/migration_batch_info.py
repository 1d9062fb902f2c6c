# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_batch_info
short_description: Reads migration batches and their users in Exchange Online
description:
  - Reads migration batches and their users, of selected mailboxes, of a wave's name, or all of them, with one
    C(Get-MigrationBatch) and one C(Get-MigrationUser). Mailboxes that are not found by their identity are looked up in
    Exchange Online. Statistics are read only on request, because they take one call for each user.
  - A user that failed is a failed result, with Exchange's own message and what to do. O(on_error=continue) only reports
    it.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
options:
  identity:
    description:
      - The mailbox whose user is read. Without O(identity), O(mailboxes) and O(mailboxes_file), all users are read.
      - Of several users of one mailbox, one that has not completed is returned.
    type: str
  batch_name:
    description:
      - Reads only the batches of the wave with this name, C(-2) and so on after it among them.
    type: str
  statistics:
    description:
      - Whether to read C(Get-MigrationUserStatistics) for each user too.
    type: bool
    default: false
seealso:
  - module: mailops.exchange_hybrid.migration_batch
"""

EXAMPLES = r"""
- name: Read the batches of a wave
  mailops.exchange_hybrid.migration_batch_info:
    batch_name: wave-1
    on_error: continue
  register: moves

- name: Show how far they are
  ansible.builtin.debug:
    msg: "{{ item.identity }}: {{ item.synced_count }} of {{ item.total_count }} are synchronized"
  loop: "{{ moves.batches }}"
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
    migration_user:
      description: The user, empty if the mailbox has none. Keys without a value in Exchange's answer are absent.
      returned: always
      type: dict
      contains:
        identity:
          description: What Exchange calls the user, usually its address.
          returned: when there is a user
          type: str
        guid:
          description: GUID of the user, which names it if a mailbox has several.
          returned: when Exchange says it
          type: str
        batch_id:
          description: The batch.
          returned: when there is a user
          type: str
        status:
          description: Status, such as C(Queued), C(Syncing), C(Synced), C(Completed), C(Failed).
          returned: when there is a user
          type: str
        status_summary:
          description: C(Active), C(Synced), C(Completed), C(Stopped) or C(Failed).
          returned: when Exchange says it
          type: str
        has_unapproved_skipped_items:
          description: Whether skipped items keep the user from completing until they are approved.
          returned: when Exchange says it
          type: bool
        skipped_item_count:
          description: Number of skipped items.
          returned: when Exchange says it
          type: int
        data_consistency_score:
          description: C(Perfect), C(Good), C(Investigate) or C(Poor).
          returned: when Exchange says it
          type: str
        error_summary:
          description: Exchange's own message, shortened.
          returned: failed
          type: str
        error:
          description: Exchange's own message.
          returned: with O(statistics), failed
          type: str
        percentage_complete:
          description: Progress in per cent.
          returned: with O(statistics)
          type: int
        bytes_transferred:
          description: Bytes copied so far.
          returned: with O(statistics)
          type: int
    move_request:
      description: The same in the terms of M(mailops.exchange_hybrid.move_request_info), empty if there is no user.
      returned: always
      type: dict
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
          sample: guid_conflict
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
batches:
  description: The batches, with Exchange's properties in snake_case. Times are UTC.
  returned: always
  type: list
  elements: dict
  sample: [{identity: wave-1, status: Syncing, total_count: 25, synced_count: 7, failed_count: 0}]
mailboxes:
  description: The records of the mailboxes that did not fail, with what this module added. Pass them to the next task.
  returned: with O(identity) or O(mailboxes); with O(mailboxes_file) they are in the file
  type: list
  elements: dict
summary:
  description: Number of mailboxes for each status.
  returned: always
  type: dict
  sample: {changed: 1, unchanged: 0, pending: 0, skipped: 0, failed: 0}
"""

from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import (
    migration_batch_info,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_online

ARGUMENTS = Arguments(
    task={"batch_name": {"type": "str"}, "statistics": {"type": "bool", "default": False}},
    systems=(exchange_online.SYSTEM,),
    wave_required=False,
)


def work(module: HybridModule) -> NoReturn:
    records = module.records() if module.has_wave else None
    with module.connections() as connections:
        connections.require(EXCHANGE_ONLINE)
        outcomes, batches = migration_batch_info.read(
            connections, records, module.params["batch_name"] or "", module.params["statistics"]
        )
    module.finish(outcomes, batches=batches)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
