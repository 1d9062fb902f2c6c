# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: offboarding_state
short_description: Tells where mailboxes stand on their way home
description:
  - Reads the on-premises user and recipient, the cloud recipient and the move requests, and says for each mailbox
    whether it is
    C(to_do), C(matched), C(prepared), C(moving), C(home) or in C(conflict), and why.
  - C(to_do) is a cloud-only user with a plain on-premises user. C(matched) is synced to this on-premises user
    already.
    C(prepared) means that the on-premises mail user or remote mailbox carries the mailbox's GUID. C(moving) is
    prepared and synchronized, and has an unfinished move request - a request alone spares no user its guards.
    C(home) means that the on-premises mailbox carries the GUID that the cloud mail user has - that is a success, and
    every
    later module leaves the mailbox alone.
  - A mailbox that is alive on both sides with one GUID, as a move leaves it that ended C(CompletedWithWarning), is the
    failure C(second_live_mailbox).
  - A conflict, an unknown database, an address that another object holds, and a stop sign that was not accepted are
    failures
    of that mailbox.
  - The on-premises user is the one that O(ad_identity) names, else exactly one by the cloud user's UPN, never by
    name or alias.
  - Nothing is written to either organization. With O(directory) the baseline is saved there before the first write,
    and with O(journal) what O(accept) let through is written down there, once for each mailbox and run.
version_added: 0.1.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.active_directory
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.judged
options:
  target_delivery_domain:
    description:
      - Domain of the address that the cloud mail user gets after the move. Its external address must be in this domain
        once the mailbox is home.
    type: str
  remove_delay_holds:
    description:
      - Whether the mailbox's delay holds are ended before the move. Then they stop nothing. Nothing is ended here, but
        by M(mailops.exchange_hybrid.delay_holds).
    type: bool
  routing_domain:
    description:
      - Domain of the routing address. It is the one that M(mailops.exchange_hybrid.mailuser) takes. With it an address
        that an earlier run added to the cloud mailbox is told from one that somebody else added.
    type: str
  baseline:
    description:
      - What is done where something other than the offboarding changed the mailbox since its baseline was taken.
      - With V(keep) the mailbox stops with C(baseline_differs), which shows both sides. V(refresh) takes what is live
        into a fresh baseline; what the offboarding itself wrote, or a sync took away, stays as it was. A baseline that
        is damaged is then replaced as a whole. The old one is kept in C(baseline/superseded).
      - Defaults to V(keep).
    type: str
    choices: [keep, refresh]
  directory:
    description:
      - Directory for baselines, one file for each mailbox with all that was read of both sides, mode 0600.
      - From the first write on a baseline is the authority for the mailbox's addresses in every later run, because a
        sync may have changed what is live. So the directory has to outlive the run.
      - As long as nothing was written, a baseline that no longer fits is taken anew, and the old one is kept in
        C(baseline/superseded).
    type: path
  accept:
    description:
      - Stop signs that do not stop a mailbox, by code - C(upn_differs), C(upn_suffix_not_accepted),
        C(sign_in_name_would_change),
        C(alias_would_change), C(display_name_would_change), C(hidden_would_change),
        C(custom_attributes_would_change), C(mail_differs), C(external_address_would_change), C(values_unseen),
        C(anchor_unverified), C(exchange_cloud_managed), C(archive_undecided), C(onmicrosoft_alias_lost),
        C(address_not_carried), C(mail_in_use), C(alias_in_use), C(uniqueness_not_checked), C(baseline_missing),
        C(baseline_differs),
        and the kinds of holds - C(litigation_hold), C(ediscovery_hold), C(retention_hold),
        C(organization_retention_hold), C(in_place_hold), C(retention_label_hold), C(delay_hold),
        C(delay_release_hold), C(unknown_hold) - and C(holds_not_checked). A record may
        name some for its mailbox alone, with the key C(accept).
      - The codes of the other blockers and warnings that M(mailops.exchange_hybrid.offboarding_readiness) knows may be
        named too, so that one list serves both.
    type: list
    elements: str
    default: []
  readiness:
    description:
      - Whether the blockers of M(mailops.exchange_hybrid.offboarding_readiness) stop a mailbox too, all but those for
        which every mailbox or every server would have to be read, or the endpoint tested.
      - What Active Directory and Microsoft Graph alone show is looked at where O(active_directory) and
        O(exchange_online.graph) are configured.
    type: bool
    default: false
  brings_into_scope:
    description:
      - Whether the users are brought into the scope of directory synchronization once they are whole, as
        C(offboarding_scope_tasks) of the role does. Then O(readiness) stops no user that is kept out now.
    type: bool
    default: false
  pause_sync:
    description:
      - Whether directory synchronization is paused while users are half made. Where it is not, and O(accept) names
        V(unprotected_sync), that is told of each mailbox whose user is to be written, like an accepted stop sign.
      - The code stops no mailbox here, since it concerns the wave as a whole; the role stops for it.
    type: bool
    default: true
  prepare:
    description:
      - What M(mailops.exchange_hybrid.mailuser) will be given for every mailbox, by option. What it, or
        M(mailops.exchange_hybrid.exchange_guid), would refuse fails the mailbox here, before the first write.
      - Blank values are absent. Without this option nothing is looked at.
    type: dict
  move:
    description:
      - What M(mailops.exchange_hybrid.move_request) will be given for every mailbox, by option. What it would refuse
        with C(state=submitted) fails the mailbox here, before the first write.
      - Where C(remote_host_name) is left out, the tenant's one migration endpoint for remote moves without RemoteTenant
        supplies it, and the record carries it on.
    type: dict
  remote_credential:
    description:
      - The credential that M(mailops.exchange_hybrid.move_request) will be given. It is looked at with O(move) only,
        and sent nowhere.
    type: dict
    suboptions:
      username:
        description:
          - The account as V(DOMAIN\\user), not as a user principal name.
          - If not set, the value of the environment variable E(REMOTE_CREDENTIAL_USERNAME) is used.
        type: str
      password:
        description:
          - Its password.
          - If not set, the value of the environment variable E(REMOTE_CREDENTIAL_PASSWORD) is used.
        type: str
  require_state:
    description:
      - Fails each mailbox that is in another state. With V(home) it also compares kind, database, archive GUID (where
        O(remote_archive_target_database) says that the archive moved), the primary addresses on both sides and the
        domain of the cloud mail user's external address with what was asked for and with the baseline. What was not
        compared is a warning. The database of an archive is not compared.
    type: str
    choices: [to_do, matched, prepared, moving, home]
  wait_timeout:
    description:
      - Seconds in which a mailbox is read again that came home and does not show so in the cloud yet (C(cloud_lags)).
    type: int
    default: 0
  wait_sleep:
    description:
      - Seconds between two looks at such mailboxes.
    type: int
    default: 15
"""

EXAMPLES = r"""
- name: See where two mailboxes stand
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
      description: The mailbox as it was named.
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
    stop_signs:
      description: Codes of the stop signs that were found, accepted ones among them.
      returned: before the move
      type: list
      elements: str
    not_checked:
      description:
        - Stop signs about which nothing can be said, by code, because no cmdlet shows those values of a plain
          Active Directory user. O(active_directory) shows them.
      returned: before the move, when there are any
      type: list
      elements: str
    refused:
      description: The stop signs that were not accepted, each like RV(ignore:error).
      returned: when there are any
      type: list
      elements: dict
    baseline_differences:
      description:
        - What something other than the offboarding changed since the baseline, each with C(baseline) and C(live); of
          addresses those that went and those that came.
      returned: when there are any
      type: dict
    superseded_baseline:
      description: Where the baseline is kept that a fresh one took the place of.
      returned: when a baseline was taken anew
      type: str
    differences:
      description: What of a mailbox that is home is not as wanted, each with C(code), C(message) and C(remedy).
      returned: with O(require_state=home), when there are any
      type: list
      elements: dict
    before:
      description: The attributes that change, as they were.
      returned: changed or failed
      type: dict
    after:
      description: The same attributes, as they are now or would be.
      returned: changed or failed
      type: dict
    cmdlets:
      description: The cmdlets that ran or would run, secrets masked.
      returned: changed or failed
      type: list
      elements: str
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
mailboxes:
  description: The records of the mailboxes that did not fail, enriched; hand them to the next task.
  returned: with O(identity) or O(mailboxes); with O(mailboxes_file) they are in the file
  type: list
  elements: dict
states:
  description: Number of mailboxes for each state; those that failed are not in it.
  returned: always
  type: dict
  sample: {to_do: 3, matched: 0, prepared: 0, moving: 1, home: 0}
on_premises_kinds:
  description: Number of mailboxes for each kind of on-premises object; those that failed are not in it.
  returned: always
  type: dict
  sample: {user: 3, mail_user: 1, remote_mailbox: 0, mailbox: 0, other: 0}
delay_holds:
  description: Number of mailboxes that have a delay hold which O(remove_delay_holds) says is to be ended.
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
