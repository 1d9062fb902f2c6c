# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_batch
short_description: Manages migration batches that move mailboxes to on-premises
description:
  - Creates, fills, starts, stops, completes and removes migration batches in Exchange Online that move mailboxes to
    on-premises Exchange. This is the way that Microsoft documents for offboarding. The endpoint keeps the credential of
    the on-premises account, so the task needs none.
  - The batches of a wave are the one with the name O(batch_name), and C(-2), C(-3) and so on after it where one batch
    does not take all mailboxes. Existing batches are used, mailboxes that are missing are added, and nothing is created
    twice. An onboarding batch with one of these names is left unchanged.
  - Mailboxes with another delivery domain, archive domain, O(cutover) or time of completion go to a batch of their own.
    Exchange Online does not show the archive domain and the cutover of a batch. They are known by the mailboxes of the
    wave that are in the batch already.
  - A mailbox that is in another batch, whether finished or not, or that has a move request of its own is refused, with
    a remedy, because Exchange Online would fail it.
  - Only migration cmdlets write to moves of a batch. M(mailops.exchange_hybrid.move_request) refuses them.
  - A record that P(mailops.exchange_hybrid.mailbox_offboarding#role) has decided to move by a request of its own is
    skipped.
  - Exchange Online does not know the on-premises databases. If O(exchange_server) is configured, which is optional, a
    database that does not exist or is not mounted is refused before anything is created. Otherwise databases are not
    checked, and the moves fail. Records that M(mailops.exchange_hybrid.offboarding_state) has judged are not checked
    again.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.exchange_guid
  - mailops.exchange_hybrid.record.moved
options:
  state:
    description:
      - V(present) ensures that each mailbox is in a batch. V(started) also starts the batches, and users that were
        stopped in a batch that runs.
      - V(stopped) stops the mailboxes' moves. A batch is stopped as a whole if all its active users are in the wave.
      - V(completed) completes the moves, now or from O(complete_after) on, by the batch if all its users that are left
        are in the wave, otherwise for each of them. A mailbox with the data consistency score Investigate needs
        O(approve_skipped_items), one with the score Poor is refused, and so is one that is stopped.
      - V(absent) removes the mailboxes from their batches, with their move requests, and batches that become empty or
        were empty. A batch that runs is stopped first.
    type: str
    choices: [present, started, stopped, completed, absent]
    default: started
  batch_name:
    description:
      - Name of the wave, by which its requests can be found. It is the name of the wave's batch, of at most 60
        characters.
    type: str
  target_endpoint:
    description:
      - Name of the migration endpoint to on-premises Exchange.
      - Defaults to the only one that does not lead to another tenant.
    type: str
  batch_size:
    description:
      - Number of mailboxes in a batch, at most 1000. A longer wave is split.
    type: int
    default: 1000
  target_databases:
    description:
      - On-premises databases for the mailboxes that have no O(remote_target_database) of their own, whose value takes
        precedence. It cannot be used together with O(remote_target_database) for all mailboxes.
      - It is a setting of a new batch. Exchange Online chooses one of them for each mailbox, by rules that are not
        documented. Set O(remote_target_database) in the record where it matters.
      - A batch does not show its databases. For a mailbox that is added to an existing batch, the row therefore names
        one of them, always the same for a mailbox.
      - V(auto) is refused here. M(mailops.exchange_hybrid.offboarding_state) chooses by free space.
    type: list
    elements: str
  target_archive_databases:
    description:
      - The same for archives, and O(remote_archive_target_database).
    type: list
    elements: str
  notification_emails:
    description:
      - Addresses to which Exchange Online sends reports about new batches.
    type: list
    elements: str
  purge_members:
    description:
      - Whether users of the wave's batches that are not in the wave are removed, with O(state=present) and
        O(state=started). They are named in a warning otherwise.
    type: bool
    default: false
  only_completed:
    description:
      - Whether O(state=absent) removes completed users only. Any other user is kept, with the status C(skipped) and a
        warning.
    type: bool
    default: false
  removal_timeout:
    description:
      - How many seconds to wait for the removal of a batch whose name is needed. Exchange Online takes minutes. After
        that, the next free name is used.
    type: int
    default: 600
  directory:
    description:
      - Directory in which reports are kept before O(state=absent) removes what they are about, in C(move_reports),
        one file with mode 0600 for each completed move and each batch. Exchange Online forgets them with the removal.
      - What cannot be kept is not removed, and fails with C(report_not_kept). Without this option no report is kept.
    type: path
  remote_target_database:
    description:
      - On-premises database that the mailbox moves to. Required for O(state=present) and O(state=started), unless
        O(target_databases) or O(archive_only) is set.
    type: str
  target_delivery_domain:
    description:
      - Domain of the address that the cloud mail user gets after the move. It is an on-premises domain, for example
        C(contoso.com). Required for O(state=present) and O(state=started).
    type: str
  cutover:
    description:
      - When the move completes. V(automatic) completes as soon as possible. V(held) waits for O(state=completed).
        V(at) waits for O(complete_after).
      - It is a setting of a new batch, and defaults to V(automatic). If all mailboxes of an existing batch ask for
        another time of completion, the batch gets it. If only some of them do, or if a batch that has a time is to be
        held again, nothing is changed, and there is a warning.
      - Exchange Online does not show whether an existing batch completes automatically. A mailbox is not added to a
        batch in which mailboxes of the wave have another value, and a held one not to a batch in which a move has
        completed already.
    type: str
    choices: [automatic, held, at]
  start_after:
    description:
      - Earliest start of the move, UTC unless it has a time zone. It is a setting of a new batch.
    type: str
  resume_failed:
    description:
      - Whether a failed request is resumed instead of reported. The failed user of the batch is started again.
    type: bool
  approve_skipped_items:
    description:
      - Whether the items that the move had to skip are approved. With O(state=completed), this is required if there
        are any that need approval. It covers what was skipped until then.
      - It must be set in the record of each such mailbox, or with O(identity). It is refused at the top level with
        O(mailboxes) and O(mailboxes_file).
    type: bool
seealso:
  - module: mailops.exchange_hybrid.migration_batch_info
  - module: mailops.exchange_hybrid.migration_endpoint
  - module: mailops.exchange_hybrid.move_request
"""

EXAMPLES = r"""
- name: Move two mailboxes in a batch that waits before its completion
  mailops.exchange_hybrid.migration_batch:
    mailboxes:
      - identity: ann@contoso.com
      - identity: bob@contoso.com
        remote_target_database: DB02
    batch_name: wave-1
    remote_target_database: DB01
    target_delivery_domain: contoso.com
    cutover: held

- name: Let Exchange Online spread the mailboxes over two databases, except one
  mailops.exchange_hybrid.migration_batch:
    mailboxes:
      - identity: cleo@contoso.com
      - identity: dana@contoso.com
        remote_target_database: DB01
    batch_name: wave-2
    target_databases: [DB02, DB03]
    target_archive_databases: [DB03]
    target_delivery_domain: contoso.com
    cutover: held

- name: Complete the batch at night
  mailops.exchange_hybrid.migration_batch:
    mailboxes:
      - identity: ann@contoso.com
      - identity: bob@contoso.com
    batch_name: wave-1
    state: completed
    complete_after: "2035-11-24T22:00:00Z"

- name: Clean up after a mailbox that is home
  mailops.exchange_hybrid.migration_batch:
    identity: bob@contoso.com
    batch_name: wave-1
    state: absent
    only_completed: true
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
    migration_batch:
      description: The batch that the mailbox is in, or goes to in check mode. Empty if there is none.
      returned: except for mailboxes that are skipped
      type: str
      sample: wave-1
    migration_user:
      description: The user of the batch, empty if there is none yet. M(mailops.exchange_hybrid.migration_batch_info)
        describes it.
      returned: except for mailboxes that are skipped
      type: dict
    kept_report:
      description: The file with the report of the completed move, see O(directory).
      returned: with O(state=absent) and O(directory), for completed moves
      type: str
      sample: /srv/offboarding/move_reports/GUID.GUID.json
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
cmdlets:
  description: The cmdlets about batches that ran or would run. Those about a single user are in its entry.
  returned: always
  type: list
  elements: str
  sample: ["Complete-MigrationBatch -Identity 'wave-1'"]
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

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    exchange_online,
    exchange_server,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

ARGUMENTS = Arguments(
    mailbox=fields.options("migration_batch"),
    task={
        "state": {
            "type": "str",
            "choices": ["present", "started", "stopped", "completed", "absent"],
            "default": "started",
        },
        "target_endpoint": {"type": "str"},
        "batch_size": {"type": "int", "default": 1000},
        "target_databases": {"type": "list", "elements": "str"},
        "target_archive_databases": {"type": "list", "elements": "str"},
        "notification_emails": {"type": "list", "elements": "str"},
        "purge_members": {"type": "bool", "default": False},
        "only_completed": {"type": "bool", "default": False},
        "removal_timeout": {"type": "int", "default": 600},
        "directory": {"type": "path"},
    },
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM),
    journal=True,
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
