# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: offboarding_state
short_description: Reports how far mailboxes are on their way home
description:
  - Reads the on-premises user and recipient, the cloud recipient and the move requests, and reports for each mailbox
    whether it is C(to_do), C(matched), C(prepared), C(moving), C(home) or in C(conflict), and why.
  - C(to_do) is a cloud-only user with a plain on-premises user. C(matched) is already synced to this on-premises user.
    C(prepared) means that the on-premises mail user or remote mailbox carries the mailbox's GUID. C(moving) is prepared
    and synchronized, and has an unfinished move request. A move request alone does not bypass the checks. C(home) means
    that the on-premises mailbox carries the GUID that the cloud mail user has. This is a success, and every later
    module leaves the mailbox alone.
  - A mailbox that is alive on both sides with the same GUID, as after a move that ended with C(CompletedWithWarning),
    fails with C(second_live_mailbox).
  - A mailbox fails because of a conflict, an unknown database, an address that another object holds, or a blocker that
    was not accepted.
  - The on-premises user is the one that O(ad_identity) names. Otherwise it is found by the cloud user's UPN, never by
    name or alias.
  - Nothing is written to either organization. With O(directory), the baseline is saved there before the first write.
    With O(journal), what was accepted by O(accept) is recorded there, once for each mailbox and run.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.active_directory
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.judged
options:
  target_delivery_domain:
    description:
      - Domain of the address that the cloud mail user gets after the move. The cloud mail user's external address must
        be in this domain once the mailbox is home.
    type: str
  remove_delay_holds:
    description:
      - Whether the mailbox's delay holds are ended before the move. In that case they are not blockers. This module
        does not end them; M(mailops.exchange_hybrid.delay_holds) does.
    type: bool
  routing_domain:
    description:
      - Domain of the routing address. Use the same value as for M(mailops.exchange_hybrid.mailuser). It is needed to
        recognize an address that an earlier run added to the cloud mailbox.
    type: str
  baseline:
    description:
      - What is done if something other than the offboarding changed the mailbox since its baseline was taken.
      - With V(keep), the mailbox is stopped with C(baseline_differs), which shows both sides. V(refresh) takes the live
        values into a new baseline, except for what the offboarding itself wrote or a sync removed. A damaged baseline
        is replaced completely. The old one is kept in C(baseline/superseded).
      - Defaults to V(keep).
    type: str
    choices: [keep, refresh]
  directory:
    description:
      - Directory for baselines, one file with mode 0600 for each mailbox, with everything that was read from
        both sides.
      - After the first write, the baseline is the authority for the mailbox's addresses in every later run, because a
        sync may have changed the live values. Therefore the directory must outlive the run.
      - As long as nothing was written, a baseline that no longer matches is replaced by a new one, and the old one is
        kept in C(baseline/superseded).
    type: path
  accept:
    description:
      - Codes of blockers that are accepted and do not stop a mailbox - C(upn_differs), C(upn_suffix_not_accepted),
        C(sign_in_name_would_change), C(sign_in_would_be_blocked), C(alias_would_change), C(display_name_would_change),
        C(hidden_would_change), C(custom_attributes_would_change), C(mail_differs), C(external_address_would_change),
        C(values_unseen), C(anchor_unverified), C(exchange_cloud_managed), C(archive_undecided),
        C(onmicrosoft_alias_lost), C(address_not_carried), C(mail_in_use), C(alias_in_use), C(uniqueness_not_checked),
        C(baseline_missing), C(baseline_differs), and the kinds of holds - C(litigation_hold), C(ediscovery_hold),
        C(retention_hold), C(organization_retention_hold), C(in_place_hold), C(retention_label_hold), C(delay_hold),
        C(delay_release_hold), C(unknown_hold) - and C(holds_not_checked). In a record, the key C(accept) lists codes
        for its mailbox only.
      - The codes of the other blockers and warnings of M(mailops.exchange_hybrid.offboarding_readiness) are allowed
        too, so that the same list can be used for both modules.
    type: list
    elements: str
    default: []
  readiness:
    description:
      - Whether the blockers of M(mailops.exchange_hybrid.offboarding_readiness) stop a mailbox too, except those for
        which every mailbox or every server would have to be read.
      - C(endpoint_test_failed) is among them if O(method) and O(move) are set and mailboxes are about to be moved in a
        batch. The migration endpoint is tested once, after everything else, unless a run with the same O(directory)
        tested it with success in the last 15 minutes, which is noted there in C(endpoint_test.json).
      - If Exchange Online refuses the test because of an earlier one, the module waits until the time that the refusal
        names, for at most five minutes, and not in check mode. A test that cannot be made stops no mailbox, and
        causes a warning. The users of a batch whose endpoint does not work fail with the cause, and nothing is lost.
      - What only Active Directory and Microsoft Graph show is checked if O(active_directory) and
        O(exchange_online.graph) are configured.
    type: bool
    default: false
  brings_into_scope:
    description:
      - Whether the users are brought into the scope of directory synchronization once they are complete, as
        C(offboarding_scope_tasks) of the role does. In that case O(readiness) does not stop a user that is currently
        out of scope.
    type: bool
    default: false
  pause_sync:
    description:
      - Whether directory synchronization is paused while users are half made. If it is not, and O(accept) contains
        V(unprotected_sync), this is reported for each mailbox whose user has to be written, like an accepted blocker.
      - The code does not stop a mailbox in this module, because it affects the wave as a whole. The role stops for it.
    type: bool
    default: true
  prepare:
    description:
      - The options that M(mailops.exchange_hybrid.mailuser) will get for every mailbox. What that module or
        M(mailops.exchange_hybrid.exchange_guid) would refuse fails the mailbox here, before the first write.
      - Blank values are treated as not set. Without this option, nothing is checked.
    type: dict
  move:
    description:
      - The options that M(mailops.exchange_hybrid.move_request) will get for every mailbox. What it would refuse with
        C(state=submitted) fails the mailbox here, before the first write.
      - If C(remote_host_name) is not set, it is taken from the tenant's only migration endpoint for remote moves
        without RemoteTenant, and added to the record.
    type: dict
  remote_credential:
    description:
      - The credential that M(mailops.exchange_hybrid.move_request) will get. It is only checked, with O(move), and
        never sent.
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
  method:
    description:
      - How mailboxes are to move. V(move_request) is a request of their own, V(migration_batch) a batch, and V(auto) a
        batch if the tenant has exactly one migration endpoint to on-premises Exchange that fits, and if the record has
        no option that only M(mailops.exchange_hybrid.move_request) has, such as C(move_options). With
        V(migration_batch), such an option has no effect, and a warning says so.
      - A mailbox that was submitted one way stays with it. The result is handed on in the record, and
        M(mailops.exchange_hybrid.move_request) and M(mailops.exchange_hybrid.migration_batch) each skip the mailboxes
        of the other.
      - If not set, nothing is decided.
    type: str
    choices: [auto, move_request, migration_batch]
  target_endpoint:
    description:
      - Name of the migration endpoint to on-premises Exchange, with O(method).
      - Defaults to the only one that does not lead to another tenant.
    type: str
  target_databases:
    description:
      - On-premises databases that mailboxes without a O(remote_target_database) of their own are spread over, or
        V(auto) for all that are mounted and that Exchange itself would choose from, that is without
        C(IsExcludedFromProvisioning) and its kin. It cannot be used together with O(remote_target_database).
      - The largest mailbox is placed first, each where the most space is left on the fullest disk of the database's
        copies once everything that is on its way there has arrived. A database whose C(ProhibitSendReceiveQuota) is
        smaller than the mailbox is left out. What is on its way is what was decided before, the mailboxes of the wave
        that name a database, and the requests of others that have not completed. A mailbox that no database takes fails
        with C(no_database_fits).
      - The result is handed on in the record, where M(mailops.exchange_hybrid.migration_batch) and
        M(mailops.exchange_hybrid.move_request) find it, and kept in C(target_databases.json) in O(directory). A later
        run, and a later task, does not decide again. In check mode it is shown and not kept.
      - To decide takes one call to Exchange Server and one for each database, and for each mailbox one or two to
        Exchange Online, for its size. A wave whose mailboxes all have their database costs no call.
    type: list
    elements: str
  batch_name:
    description:
      - Name of the wave, by which its requests can be found. A request of a migration batch with this name, or with
        C(-2) and so on after it, is the wave's own.
    type: str
  require_state:
    description:
      - Fails each mailbox that is in another state. With V(home), the module also compares kind, database, archive GUID
        (if O(remote_archive_target_database) says that the archive moved), the primary addresses on both sides and the
        domain of the cloud mail user's external address with what was requested and with the baseline. A value that
        cannot be compared causes a warning. The database of an archive is not compared.
    type: str
    choices: [to_do, matched, prepared, moving, home]
  wait_timeout:
    description:
      - Seconds for which a mailbox is polled that is home but not yet shown as such in the cloud (C(cloud_lags)).
    type: int
    default: 0
  wait_sleep:
    description:
      - Seconds between two polls of such mailboxes.
    type: int
    default: 15
"""

EXAMPLES = r"""
- name: Read how far two mailboxes are
  mailops.exchange_hybrid.offboarding_state:
    mailboxes:
      - identity: ann@contoso.com
      - identity: bob@contoso.com
    on_error: continue
  register: state

- name: Show it
  ansible.builtin.debug:
    msg: "{{ item.identity }}: {{ item.state | default('unknown') }}"
  loop: "{{ state.results }}"
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
    state:
      description: C(to_do), C(matched), C(prepared), C(moving), C(home) or C(conflict).
      returned: when both sides were found
      type: str
      sample: to_do
    reason:
      description: Why, in one sentence.
      returned: when both sides were found
      type: str
    beginning:
      description: C(cloud_only), C(synced) or C(synced_to_another_user); empty once the mailbox is home.
      returned: when both sides were found
      type: str
    move_method:
      description: C(move_request) or C(migration_batch).
      returned: with O(method), when both sides were found
      type: str
      sample: migration_batch
    placement:
      description:
        - The C(database) that O(target_databases) chose, the C(size) in bytes that the mailbox brings, null if it could
          not be read, and when that was decided (C(decided_at)).
      returned: with O(target_databases), for mailboxes without a database of their own
      type: dict
      sample: {database: DB02, size: 4294967296, decided_at: "2026-11-30T18:00:00Z"}
    stop_signs:
      description: Codes of the blockers that were found, including accepted ones.
      returned: before the move
      type: list
      elements: str
    not_checked:
      description:
        - Codes of blockers that could not be checked, because no cmdlet shows those values of a plain Active Directory
          user. They are checked if O(active_directory) is configured.
      returned: before the move, when there are any
      type: list
      elements: str
    refused:
      description: The blockers that were not accepted, each like RV(ignore:error).
      returned: when there are any
      type: list
      elements: dict
    baseline_differences:
      description:
        - What something other than the offboarding changed since the baseline, each with C(baseline) and C(live). For
          addresses, these are the removed and the added ones.
      returned: when there are any
      type: dict
    superseded_baseline:
      description: The file of the baseline that was replaced by a new one.
      returned: when a baseline was replaced
      type: str
    differences:
      description: What differs from the expected values, for a mailbox that is home, each with C(code), C(message)
        and C(remedy).
      returned: with O(require_state=home), when there are any
      type: list
      elements: dict
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
states:
  description: Number of mailboxes in each state, without failed ones.
  returned: always
  type: dict
  sample: {to_do: 3, matched: 0, prepared: 0, moving: 1, home: 0}
methods:
  description: Number of mailboxes that are not home by how they move, without failed ones.
  returned: always
  type: dict
  sample: {move_request: 0, migration_batch: 4}
method_note:
  description: Why no migration endpoint is used, with O(method=auto). Empty if one is.
  returned: always
  type: str
  sample: ""
on_premises_kinds:
  description: Number of mailboxes for each kind of on-premises object, without failed ones.
  returned: always
  type: dict
  sample: {user: 3, mail_user: 1, remote_mailbox: 0, mailbox: 0, other: 0}
delay_holds:
  description: Number of mailboxes that have a delay hold which is to be ended because of O(remove_delay_holds).
  returned: always
  type: int
  sample: 0
summary:
  description: Number of mailboxes for each status.
  returned: always
  type: dict
  sample: {changed: 1, unchanged: 0, pending: 0, skipped: 0, failed: 0}
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.state import STATES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import REMOTE_CREDENTIAL
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    exchange_online,
    exchange_server,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    ACTIVE_DIRECTORY,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

ARGUMENTS = Arguments(
    mailbox=fields.options("offboarding_state"),
    task={
        "directory": {"type": "path"},
        "accept": {"type": "list", "elements": "str", "default": []},
        "readiness": {"type": "bool", "default": False},
        "pause_sync": {"type": "bool", "default": True},
        "brings_into_scope": {"type": "bool", "default": False},
        "prepare": {"type": "dict"},
        "move": {"type": "dict"},
        "remote_credential": REMOTE_CREDENTIAL,
        "method": {"type": "str", "choices": ["auto", "move_request", "migration_batch"]},
        "target_endpoint": {"type": "str"},
        "target_databases": {"type": "list", "elements": "str"},
        "require_state": {"type": "str", "choices": [name for name in STATES if name != "conflict"]},
        "wait_timeout": {"type": "int", "default": 0},
        "wait_sleep": {"type": "int", "default": 15},
    },
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM),
    connections=(ACTIVE_DIRECTORY,),
    journal=True,
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
