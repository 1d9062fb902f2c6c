# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: move_progress
short_description: Reads the progress of the moves of a wave, or follows them until they are done
description:
  - One poll is one C(Get-MoveRequest) for the whole wave, and one C(Get-MigrationUser) if mailboxes of it may be in
    migration batches. C(Get-MoveRequestStatistics), which takes one call for each
    mailbox, is read only if the status has changed since the last poll, and for the O(sample) oldest figures, ten in
    a request.
  - The figures are kept in O(progress_file), so that a rate and an estimate are available across polls and runs, and an
    interrupted wait continues with them.
  - With O(wait=true), polls are repeated and the progress is shown while the task runs, in the terminal and in the
    output of AWX - when a status, the percentage or a stall has changed, and otherwise with every tenth poll. If the
    output goes to a pipe, Python writes it in blocks, unless E(PYTHONUNBUFFERED) is set.
  - A poll that Exchange Online temporarily does not answer is reported and repeated.
  - Ctrl-C ends a wait at once, and so does the end of C(ansible-playbook), whatever its cause. The moves continue by
    themselves. Running the task again continues the wait.
  - In an offboarding the source is Exchange Online and the target is the customer's own Exchange.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.action
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.show_progress
options:
  identity:
    description:
      - The mailbox whose move is read.
      - One of O(identity), O(mailboxes), O(mailboxes_file) and O(batch_name) is required.
    type: str
  mailboxes_file:
    description:
      - A wave as a JSON file of records. M(mailops.exchange_hybrid.wave_file) creates it.
      - A poll does not change it. Records of mailboxes that failed are removed from it only with O(on_pending=fail),
        and at the end of a wait.
    type: path
  exchange_guid:
    description:
      - ExchangeGuid of the cloud mailbox. If it is not set and not known from an earlier poll, it is looked up in
        Exchange Online.
    type: str
  batch_name:
    description:
      - Without O(identity), O(mailboxes) and O(mailboxes_file), the requests with this batch name are read, and those
        of the migration batches with this name, and C(-2) and so on after it.
      - With one of them, the batch name that their requests are expected to have. It keeps the first poll from listing
        all requests of the tenant. Requests with another name are found nevertheless.
    type: str
  progress_file:
    description:
      - JSON file in which the figures are kept between polls. Its directory must exist.
      - Defaults to O(mailboxes_file) with C(.progress) appended. Without either, figures are kept only during a wait.
      - In check mode it is not written.
    type: path
  sample:
    description:
      - Number of requests in progress whose figures are read again in each poll even though their status is the same,
        the oldest first.
    type: int
    default: 20
  wait:
    description:
      - Whether to poll until all moves are done, according to O(wait_for). This is ignored in check mode.
      - The wait continues for the others if a mailbox's move failed or if it has no request. That mailbox fails at
        the end.
    type: bool
    default: false
  wait_for:
    description:
      - When a move is done. V(synced) is completed or held before the completion, V(completed) is completed.
    type: str
    choices: [synced, completed]
    default: completed
  wait_timeout:
    description:
      - Seconds to wait. A mailbox that is not done in time fails with its last known state. The move itself continues.
    type: int
    default: 86400
  wait_sleep:
    description:
      - Seconds between two polls of the moves.
    type: int
    default: 60
  on_pending:
    description:
      - The status of a mailbox whose move is not done yet. V(continue) makes it C(pending), V(fail) makes it C(failed),
        with its last known state. A wait ends with a poll of the second kind.
    type: str
    choices: [continue, fail]
    default: continue
"""

EXAMPLES = r"""
- name: Read the progress of the moves of one batch name
  mailops.exchange_hybrid.move_progress:
    batch_name: wave-1
    progress_file: /srv/offboarding/wave-1.progress
  register: moves

- name: Show how far they are, and what needs attention
  ansible.builtin.debug:
    msg: "{{ moves.progress.lines }}"

- name: Follow two mailboxes until they can be completed
  mailops.exchange_hybrid.move_progress:
    mailboxes:
      - identity: ann@contoso.com
      - identity: bob@contoso.com
    wait: true
    wait_for: synced
    wait_timeout: 7200
"""

RETURN = r"""
changed:
  description: Always V(false), because this module only reads.
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
      description: The mailbox as it was specified, or its ExchangeGuid if only O(batch_name) was set.
      returned: always
      type: str
      sample: ann@contoso.com
    status:
      description:
        - C(unchanged) is done, C(pending) is in progress or has no request, C(skipped) was already home.
        - C(failed) is a move that failed, or with O(on_pending=fail) one that is not done.
      returned: always
      type: str
      sample: pending
    move_request:
      description: The last known state of the request, empty if there was none.
      returned: always
      type: dict
      contains:
        status:
          description: Status of the last C(Get-MoveRequest) that listed it.
          returned: when there was a request
          type: str
          sample: InProgress
        status_detail:
          description: StatusDetail of the last figure.
          returned: when there is a figure
          type: str
          sample: StalledDueToTarget_DiskLatency
        percent_complete:
          description: PercentComplete of the last figure. A held move waits at 95.
          returned: when there is a figure
          type: int
          sample: 48
        bytes_transferred:
          description: BytesTransferred of the last figure.
          returned: when there is a figure
          type: int
        total_mailbox_size:
          description: TotalMailboxSize of the last figure, in bytes.
          returned: when there is a figure
          type: int
        batch_name:
          description: The batch name of the request.
          returned: when there was a request
          type: str
          sample: wave-1
        display_name:
          description: The display name of the mailbox.
          returned: when Exchange shows it
          type: str
        read_at:
          description: When the figure was read, UTC.
          returned: when there is a figure
          type: str
          sample: '2026-11-25T22:00:00Z'
        gone_at:
          description: When the request was first found to be missing, UTC.
          returned: when it is no longer listed
          type: str
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
progress:
  description: Summary of the figures. Bytes are those of requests whose figures have been read.
  returned: always
  type: dict
  contains:
    looked_at:
      description: Time of the poll, UTC.
      returned: always
      type: str
      sample: '2026-11-25T22:00:00Z'
    mailboxes:
      description: Number of mailboxes.
      returned: always
      type: int
    counts:
      description: Number of requests for each status.
      returned: always
      type: dict
      sample: {InProgress: 12, Completed: 13}
    moving:
      description: Number of requests that are neither done, according to O(wait_for), nor failed.
      returned: always
      type: int
    home:
      description: Number of mailboxes that were already home.
      returned: always
      type: int
    without_request:
      description: Number of mailboxes without a request.
      returned: always
      type: int
    not_identified:
      description: Number of mailboxes that were not found.
      returned: always
      type: int
    percent:
      description: PercentComplete of all requests, weighted by the size of the mailboxes.
      returned: always
      type: int
    bytes_done:
      description: Bytes that have been transferred.
      returned: always
      type: int
    bytes_total:
      description: Bytes of the mailboxes, without archives.
      returned: always
      type: int
    rate:
      description:
        - Bytes per hour over the polls of the last hour, or over the last two polls.
        - Scaled up for moves in progress whose figures were not read again in the meantime.
      returned: from the second poll on
      type: int
    estimate:
      description:
        - When everything will have been copied, as a range from the rates of the last hour and of its halves.
        - Absent if it cannot be determined - fewer than three polls, requests without figures, or no progress.
      returned: when it can be determined
      type: dict
      contains:
        earliest:
          description: Time at the fastest rate, UTC.
          returned: always
          type: str
        latest:
          description: Time at the slowest rate, UTC.
          returned: always
          type: str
        least_seconds:
          description: Remaining seconds at the fastest rate.
          returned: always
          type: int
        most_seconds:
          description: Remaining seconds at the slowest rate.
          returned: always
          type: int
    stalls:
      description: Stalls of moves in progress, the most frequent first.
      returned: always
      type: list
      elements: dict
      contains:
        detail:
          description: StatusDetail.
          returned: always
          type: str
          sample: StalledDueToTarget_DiskLatency
        side:
          description: C(source), C(target) or C(unknown).
          returned: always
          type: str
        place:
          description: Which system that side is in an offboarding.
          returned: always
          type: str
          sample: your own Exchange
        count:
          description: Number of mailboxes.
          returned: always
          type: int
        mailboxes:
          description: The mailboxes.
          returned: always
          type: list
          elements: str
    stuck:
      description: Moves in progress whose figures have not changed for eight hours.
      returned: always
      type: list
      elements: dict
      contains:
        identity:
          description: The mailbox.
          returned: always
          type: str
        status:
          description: The status of the move.
          returned: always
          type: str
        seconds:
          description: Seconds since the last change.
          returned: always
          type: int
    oldest_figure_age:
      description: Age in seconds of the oldest figure of a move in progress.
      returned: when there is one
      type: int
    without_figures:
      description: Number of moves in progress whose figures have not been read.
      returned: always
      type: int
    line:
      description: The summary as one readable line.
      returned: always
      type: str
    lines:
      description: The same line, and one for each problem that needs attention.
      returned: always
      type: list
      elements: str
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

import datetime
from typing import NoReturn

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress import move_progress
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_progress.memory import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_online
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

ARGUMENTS = Arguments(
    mailbox=fields.options("move_progress"),
    task={
        "batch_name": {"type": "str"},
        "progress_file": {"type": "path"},
        "sample": {"type": "int", "default": 20},
        # The five of the wait are the action plugin's; they stand here to be validated.
        "wait": {"type": "bool", "default": False},
        "wait_for": {"type": "str", "choices": ["synced", "completed"], "default": "completed"},
        "wait_timeout": {"type": "int", "default": 86400},
        "wait_sleep": {"type": "int", "default": 60},
        "show_progress": {"type": "bool", "default": True},
        "on_pending": {"type": "str", "choices": ["continue", "fail"], "default": "continue"},
    },
    systems=(exchange_online.SYSTEM,),
    wave_required=False,
    required_one_of=[("identity", "mailboxes", "mailboxes_file", "batch_name")],
)


def work(module: HybridModule) -> NoReturn:
    params = module.params
    records = module.records() if module.has_wave else None
    judge = params["on_pending"] == "fail"
    memory = Memory(*module.beside_wave("progress", params["progress_file"]))
    options = move_progress.ProgressOptions(params["wait_for"], params["batch_name"] or "", params["sample"], judge)
    with module.connections() as connections:
        connections.require(EXCHANGE_ONLINE)
        now = datetime.datetime.now(datetime.timezone.utc)
        outcomes, progress = move_progress.look(connections, records, memory, options, now)
    unkept = None if module.check_mode else memory.save()
    module.finish(outcomes, keep_file=not judge or module.check_mode, unkept=unkept, progress=progress)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
