# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: move_progress
short_description: Looks at the moves of a wave, or follows them until they are there
description:
  - One look is one C(Get-MoveRequest) for the whole wave. C(Get-MoveRequestStatistics), which the cloud answers for one
    mailbox a call, is read only where the status has changed since the last look and for the O(sample) oldest figures,
    ten to a request.
  - What was seen is remembered in O(progress_file), so that there is a rate and an estimate from look to look, whoever
    makes it, and a wait that was interrupted goes on with what was known.
  - With O(wait=true) looks are repeated and the progress appears while the task runs, in the terminal and in the output
    of AWX - when a status, the percentage or a stall has changed, and otherwise with every tenth look. Into a pipe
    Python writes in blocks, unless E(PYTHONUNBUFFERED) is set.
  - A look that Exchange Online does not answer for the moment is told and repeated.
  - Ctrl-C ends a wait at once, and so does the end of C(ansible-playbook) whatever its cause. The moves go on by
    themselves; running again goes on waiting.
  - In an offboarding the source is Exchange Online and the target is the customer's own Exchange.
version_added: 0.1.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.action
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.show_progress
options:
  identity:
    description:
      - The mailbox whose move is looked at.
      - One of O(identity), O(mailboxes), O(mailboxes_file) and O(batch_name) is needed.
    type: str
  mailboxes_file:
    description:
      - A wave as a JSON file of records; M(mailops.exchange_hybrid.wave_file) makes it.
      - A look leaves it as it is. Only with O(on_pending=fail), and at the end of a wait, records of mailboxes that
        failed are taken out of it.
    type: path
  exchange_guid:
    description:
      - ExchangeGuid of the cloud mailbox. It is looked up in Exchange Online unless given, or known from an earlier
        look.
    type: str
  batch_name:
    description:
      - Without O(identity), O(mailboxes) and O(mailboxes_file), the requests with this batch name are looked at.
      - With one of them, the batch name that their requests are expected to have - it keeps the first look from listing
        all requests of the tenant. Requests under another name are found all the same.
    type: str
  progress_file:
    description:
      - JSON file in which the figures are kept from look to look. Its directory has to exist.
      - If it is not given, it is O(mailboxes_file) with C(.progress) at its end. Without either, a look remembers
        nothing, and a wait only as long as it lasts.
      - In check mode it is not written.
    type: path
  sample:
    description:
      - Number of requests under way whose figures are read again in each look although their status is the same, the
        oldest first.
    type: int
    default: 20
  wait:
    description:
      - Whether to go on looking until no move is under way any more, as O(wait_for) says. Not in check mode.
      - A mailbox whose move failed or has no request does not stop the others from being waited for. It fails at the
        end.
    type: bool
    default: false
  wait_for:
    description:
      - What counts as there. V(synced) is completed or held before the completion, V(completed) is completed.
    type: str
    choices: [synced, completed]
    default: completed
  wait_timeout:
    description:
      - Seconds to wait. A mailbox that is not there in time fails with its last seen state; the move itself goes on.
    type: int
    default: 86400
  wait_sleep:
    description:
      - Seconds between two looks at the moves.
    type: int
    default: 60
  on_pending:
    description:
      - What a mailbox is whose move is not there yet. V(continue) makes it C(pending); V(fail) makes it C(failed), with
        its last seen state. A wait ends with a look of the second kind.
    type: str
    choices: [continue, fail]
    default: continue
"""

EXAMPLES = r"""
- name: Look at the moves of one batch name
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
  description: Always false - this module only reads.
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
      description: The mailbox as it was named; the ExchangeGuid where only O(batch_name) was given.
      returned: always
      type: str
      sample: ann@contoso.com
    status:
      description:
        - C(unchanged) is there, C(pending) is under way or has no request, C(skipped) was home before.
        - C(failed) is a move that failed, or with O(on_pending=fail) one that is not there.
      returned: always
      type: str
      sample: pending
    move_request:
      description: The request as it was last seen, empty where there was none.
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
          description: PercentComplete of the last figure. 95 is where a held move rests.
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
          description: Its batch name.
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
          description: When the request was missed for the first time, UTC.
          returned: when it is no longer listed
          type: str
    warnings:
      description: What Exchange or this module warned of.
      returned: when there are any
      type: list
      elements: str
    error:
      description: What went wrong.
      returned: failed
      type: dict
      contains:
        code:
          description: Stable name of the fault.
          returned: always
          type: str
          sample: guid_conflict
        message:
          description: What happened, with Exchange's own words where it spoke.
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
  description: What the figures come to. Bytes are those of requests whose figures were ever read.
  returned: always
  type: dict
  contains:
    looked_at:
      description: Time of the look, UTC.
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
      description: Number of requests that are neither where O(wait_for) says nor failed.
      returned: always
      type: int
    home:
      description: Number of mailboxes that were home before.
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
      description: PercentComplete over all requests, each weighing what its mailbox does.
      returned: always
      type: int
    bytes_done:
      description: Bytes that have come over.
      returned: always
      type: int
    bytes_total:
      description: Bytes of the mailboxes, without archives.
      returned: always
      type: int
    rate:
      description:
        - Bytes per hour over the looks of the last hour, or over the last two looks.
        - Scaled up for moves under way whose figures were not read again meanwhile.
      returned: from the second look on
      type: int
    estimate:
      description:
        - When all will have been copied, as a range that the rates of the last hour and of its halves span.
        - Absent where it cannot be known - fewer than three looks, requests without figures, or nothing moved.
      returned: when it can be known
      type: dict
      contains:
        earliest:
          description: By the fastest rate, UTC.
          returned: always
          type: str
        latest:
          description: By the slowest rate, UTC.
          returned: always
          type: str
        least_seconds:
          description: Seconds to go by the fastest rate.
          returned: always
          type: int
        most_seconds:
          description: Seconds to go by the slowest rate.
          returned: always
          type: int
    stalls:
      description: Stalls of moves under way, the most frequent first.
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
          description: Whose system that side is in an offboarding.
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
      description: Moves under way whose figures have not changed for eight hours.
      returned: always
      type: list
      elements: dict
      contains:
        identity:
          description: The mailbox.
          returned: always
          type: str
        status:
          description: Its status.
          returned: always
          type: str
        seconds:
          description: For how long nothing has changed.
          returned: always
          type: int
    oldest_figure_age:
      description: Age in seconds of the oldest figure of a move under way.
      returned: when there is one
      type: int
    without_figures:
      description: Number of moves under way whose figures were never read.
      returned: always
      type: int
    line:
      description: All of it as one line for people.
      returned: always
      type: str
    lines:
      description: The same line, and one for each thing that needs attention.
      returned: always
      type: list
      elements: str
mailboxes:
  description: The records of the mailboxes that did not fail, enriched; hand them to the next task.
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

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import EXCHANGE_ONLINE
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
    beside = f"{params['mailboxes_file']}.progress" if params["mailboxes_file"] else ""
    memory = Memory(params["progress_file"] or beside)
    options = move_progress.Options(params["wait_for"], params["batch_name"] or "", params["sample"], judge)
    with module.connections() as connections:
        connections.require(EXCHANGE_ONLINE)
        now = datetime.datetime.now(datetime.timezone.utc)
        outcomes, progress = move_progress.look(connections, records, memory, options, now)
    if not module.check_mode:
        memory.save()
    module.finish(outcomes, keep_file=not judge or module.check_mode, progress=progress)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
