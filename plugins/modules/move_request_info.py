# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: move_request_info
short_description: Reads move requests in Exchange Online
description:
  - Reads the move requests of selected mailboxes, of a batch name, or all of them, with one C(Get-MoveRequest).
    Statistics are read only on request, because they take one call for each request.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.exchange_guid
options:
  identity:
    description:
      - The mailbox whose request is read. Without O(identity), O(mailboxes) and O(mailboxes_file), all requests
        are read.
    type: str
  batch_name:
    description:
      - Reads only requests with this batch name.
    type: str
  statistics:
    description:
      - Whether to read C(Get-MoveRequestStatistics) for each request too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Read the requests of a wave with their progress
  mailops.exchange_hybrid.move_request_info:
    batch_name: wave-1
    statistics: true
  register: moves

- name: Show how far they are
  ansible.builtin.debug:
    msg: "{{ item.identity }}: {{ item.move_request.status }}"
  loop: "{{ moves.results }}"
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
    move_request:
      description: The request, empty if the mailbox has none. Keys without a value in Exchange's answer are absent.
      returned: always
      type: dict
      contains:
        exchange_guid:
          description: ExchangeGuid of the mailbox.
          returned: when there is a request
          type: str
        status:
          description: Status, such as C(Queued), C(InProgress), C(AutoSuspended), C(Completed), C(Failed).
          returned: when there is a request
          type: str
        batch_name:
          description: Batch name.
          returned: when Exchange says it
          type: str
        status_detail:
          description: What the request is currently doing.
          returned: with O(statistics)
          type: str
        percent_complete:
          description: Progress in per cent.
          returned: with O(statistics)
          type: int
        total_mailbox_size:
          description: Size of the mailbox in bytes.
          returned: with O(statistics)
          type: int
        bytes_transferred:
          description: Bytes copied so far.
          returned: with O(statistics)
          type: int
        overall_duration:
          description: Duration in seconds. The other durations of Exchange's answer are returned in the same way.
          returned: with O(statistics)
          type: int
        queued_timestamp:
          description: UTC time of the submission. The other times of Exchange's answer are returned in the same way.
          returned: with O(statistics)
          type: str
        bad_items_encountered:
          description: Number of bad items.
          returned: with O(statistics)
          type: int
        large_items_encountered:
          description: Number of large items.
          returned: with O(statistics)
          type: int
        data_consistency_score:
          description: C(Perfect), C(Good), C(Investigate) or C(Poor).
          returned: with O(statistics)
          type: str
        failure_type:
          description: Class of the failure.
          returned: with O(statistics), when it failed
          type: str
        failure_side:
          description: C(Source) is Exchange Online, C(Target) is on-premises.
          returned: with O(statistics), when it failed
          type: str
        message:
          description: Exchange's own message.
          returned: with O(statistics), when there is one
          type: str
        remote_database_name:
          description: The target database.
          returned: with O(statistics)
          type: str
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import move_request_info
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_online
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

ARGUMENTS = Arguments(
    mailbox=fields.options("move_request_info"),
    task={"batch_name": {"type": "str"}, "statistics": {"type": "bool", "default": False}},
    systems=(exchange_online.SYSTEM,),
    wave_required=False,
)


def work(module: HybridModule) -> NoReturn:
    records = module.records() if module.has_wave else None
    with module.connections() as connections:
        connections.require(EXCHANGE_ONLINE)
        outcomes = move_request_info.read(
            connections, records, module.params["batch_name"] or "", module.params["statistics"]
        )
    module.finish(outcomes)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
