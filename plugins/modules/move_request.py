# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: move_request
short_description: Manages the moves of mailboxes to on-premises
description:
  - Submits C(New-MoveRequest -Outbound) in Exchange Online for each mailbox, and suspends, completes or
    removes requests.
  - The mailbox is identified by its ExchangeGuid. A second request is never created. An existing request is used
    and changed where Exchange Online can change it. Otherwise (target database, delivery domain) it is refused with
    the difference.
  - A request that belongs to a migration batch is never changed. A failed request is reported,
    unless O(resume_failed=true).
  - A mailbox is refused with C(not_prepared) if M(mailops.exchange_hybrid.offboarding_state) read its on-premises user
    and no task has completed the user since. If no task read the user, the request is submitted, because the module
    does not read on-premises users. A move to a user that does not have the ExchangeGuid fails in Exchange, and the
    mailbox stays where it is.
  - Exchange Online does not know the on-premises databases. If O(exchange_server) is configured, which is optional, a
    database that does not exist or is not mounted is refused before a request is submitted. Otherwise databases are not
    checked, and the move fails. Records that M(mailops.exchange_hybrid.offboarding_state) has judged are not checked
    again.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.action
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.exchange_guid
  - mailops.exchange_hybrid.record.moved
  - mailops.exchange_hybrid.record.show_progress
options:
  state:
    description:
      - V(submitted) ensures that there is a request.
      - V(suspended) suspends it.
      - V(completed) completes it, now or from O(complete_after) on. The settings that hold it are changed first, then
        it is resumed if it is suspended. A request with the data consistency score Investigate needs
        O(approve_skipped_items), one with the score Poor is refused.
      - V(absent) removes it, which cancels a move in progress and cleans up a finished one.
    type: str
    choices: [submitted, suspended, completed, absent]
    default: submitted
  remote_credential:
    description:
      - On-premises account with which the mailbox replication service signs in to the MRS proxy. Required
        for O(state=submitted).
      - Over the REST interface it requires O(exchange_online.experimental_rest_credential=true), because Microsoft has
        not published its encoding. With O(exchange_online.interface=powershell) this is not required.
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
  remote_host_name:
    description:
      - Name of the on-premises MRS proxy as Exchange Online reaches it. Required for O(state=submitted).
    type: str
  remote_target_database:
    description:
      - On-premises database that the mailbox moves to. Required for O(state=submitted).
    type: str
  target_delivery_domain:
    description:
      - Domain of the address that the cloud mail user gets after the move. It is an on-premises domain, for example
        C(contoso.com). Required for O(state=submitted).
    type: str
  batch_name:
    description:
      - Name of the wave, by which its requests can be found.
    type: str
  cutover:
    description:
      - When the move completes. V(automatic) completes as soon as possible, which is Exchange's own default. V(held)
        waits at 95 per cent for O(state=completed). V(at) waits for O(complete_after).
      - If not set, a new request completes automatically and an existing one is not changed.
    type: str
    choices: [automatic, held, at]
  start_after:
    description:
      - Earliest start of the move, UTC unless it has a time zone.
    type: str
  incremental_sync_interval:
    description:
      - Time span between two background syncs of a held move, as C(d.hh:mm:ss).
    type: str
  completed_request_age_limit:
    description:
      - How long a completed request is kept, in days or as C(d.hh:mm:ss).
    type: str
  accept_large_data_loss:
    description:
      - Whether many lost items are accepted.
    type: bool
  remote_global_catalog:
    description:
      - On-premises global catalog that the replication service uses.
    type: str
  move_options:
    description:
      - Parts of the move to leave out, for support cases. An example is C(SkipFolderViews).
    type: list
    elements: str
  skip_moving:
    description:
      - Parts of the mailbox not to move, for support cases.
    type: list
    elements: str
  request_expiry_interval:
    description:
      - How long a request that neither completes nor fails is kept, in days or as C(d.hh:mm:ss).
    type: str
  force_offline:
    description:
      - Whether the mailbox is moved in one step, without access for its owner, for support cases.
    type: bool
  proxy_to_mailbox:
    description:
      - Mailbox through whose server the request is proxied, for support cases.
    type: str
  suspend_comment:
    description:
      - Why the request is suspended. Used with O(state=suspended).
    type: str
  resume_failed:
    description:
      - Whether a failed request is resumed instead of reported.
    type: bool
  approve_skipped_items:
    description:
      - Whether the items that the move had to skip are approved. With O(state=completed), this is required if the data
        consistency score is Investigate. It is written as C(Set-MoveRequest -SkippedItemApprovalTime) with the current
        time, and covers what was skipped until then.
      - It must be set in the record of each such mailbox, or with O(identity). It is refused at the top level with
        O(mailboxes) and O(mailboxes_file).
      - It was not verified whether Exchange Online shows an approval. If it does not, running again before the
        completion sends another one.
    type: bool
  only_completed:
    description:
      - Whether O(state=absent) removes completed requests only. Any other request, and a request of a migration batch,
        is kept, with the status C(skipped) and a warning.
    type: bool
    default: false
  directory:
    description:
      - Directory in which reports are kept before O(state=absent) removes what they are about, in C(move_reports),
        one file with mode 0600 for each completed move. Exchange Online forgets them with the removal.
      - What cannot be kept is not removed, and fails with C(report_not_kept). Without this option no report is kept.
    type: path
  wait:
    description:
      - Whether to wait, after O(state=submitted) or O(state=completed), until the moves are done according to
        O(wait_for). This is ignored in check mode, and if O(on_error=stop) has stopped the wave.
      - The progress is shown while the task runs, as by M(mailops.exchange_hybrid.move_progress) with
        O(ignore:wait=true). With O(mailboxes_file), the figures are kept in a file in the same directory whose name
        ends with C(.progress).
      - The wait continues for the others if a mailbox failed.
    type: bool
    default: false
  wait_for:
    description:
      - V(synced) waits until each request is completed or held before its completion, V(completed) until each
        is completed.
    type: str
    choices: [synced, completed]
    default: completed
  wait_timeout:
    description:
      - Seconds to wait. A mailbox that is not done in time fails with its last known state. The move itself continues,
        and running again continues the wait.
    type: int
    default: 86400
  wait_sleep:
    description:
      - Seconds between two polls. One poll is one C(Get-MoveRequest) for all mailboxes.
    type: int
    default: 60
seealso:
  - module: mailops.exchange_hybrid.move_progress
"""

EXAMPLES = r"""
- name: Submit the move of one mailbox, held before its completion
  mailops.exchange_hybrid.move_request:
    identity: ann@contoso.com
    remote_host_name: mail.contoso.com
    remote_target_database: DB01
    target_delivery_domain: contoso.com
    batch_name: wave-1
    cutover: held
    exchange_online:
      experimental_rest_credential: true

- name: Complete the move and wait
  mailops.exchange_hybrid.move_request:
    identity: ann@contoso.com
    state: completed
    wait: true
    wait_timeout: 7200

- name: Schedule the completion, without the items that could not be moved
  mailops.exchange_hybrid.move_request:
    mailboxes:
      - identity: ann@contoso.com
        approve_skipped_items: true
    state: completed
    complete_after: "2035-11-24T22:00:00Z"

- name: Clean up after a mailbox that is home
  mailops.exchange_hybrid.move_request:
    identity: bob@contoso.com
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
    move_request:
      description: The last known state of the request.
      returned: when there is one, and after a wait for a wave in a file if it failed
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
progress:
  description: The result of the wait, as returned by M(mailops.exchange_hybrid.move_progress).
  returned: with O(wait=true), not in check mode
  type: dict
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import step as steps
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.data_consistency import (
    refuse_nameless_approval,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.plan import NEEDED
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request.settings import (
    MoveSettings,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import REMOTE_CREDENTIAL
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    exchange_online,
    exchange_server,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

ARGUMENTS = Arguments(
    mailbox=fields.options("move_request"),
    task={
        "state": {"type": "str", "choices": ["submitted", "suspended", "completed", "absent"], "default": "submitted"},
        "only_completed": {"type": "bool", "default": False},
        "directory": {"type": "path"},
        "remote_credential": REMOTE_CREDENTIAL,
        # The five of the wait are the action plugin's; they stand here to be validated.
        "wait": {"type": "bool", "default": False},
        "wait_for": {"type": "str", "choices": ["synced", "completed"], "default": "completed"},
        "wait_timeout": {"type": "int", "default": 86400},
        "wait_sleep": {"type": "int", "default": 60},
        "show_progress": {"type": "bool", "default": True},
    },
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM),
    journal=True,
)


def work(module: HybridModule) -> NoReturn:
    params = module.params
    refuse_nameless_approval(params)
    records = module.records(required=NEEDED if params["state"] == "submitted" else ())
    with module.connections() as connections:
        connections.require(EXCHANGE_ONLINE)
        settings = MoveSettings(*module.beside_wave("moves"))
        step = steps.for_state(
            params["state"], module.check_mode, params["remote_credential"], records, settings,
            only_completed=params["only_completed"], folder=module.folder(),
        )  # fmt: skip
        outcomes = run_wave(step, records, connections, check=module.check_mode, on_error=params["on_error"])
        module.warnings += settings.save()
    module.finish(outcomes)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
