# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_match
short_description: Matches cloud users with on-premises users by SMTP address
description:
  - V(stamped) sets a plain on-premises user's C(mail) to the cloud mailbox's primary address (KB 2641663), after
    checking that no other object in the whole forest or the tenant has any of the mailbox's addresses or GUIDs,
    regardless of pinned domain controllers. With O(active_directory) this includes plain users, contacts and groups.
  - V(matched) waits for the proof of the match - the same cloud object as before is synchronized, and the cloud shows
    what was stamped on-premises, as far as Entra ID keeps it. If only an address is missing when time is up, a verified
    anchor, or C(IsDirSynced) that turned true on the same object, proves the match too, with a warning. Then every
    value of the record (primary address, all addresses, UPN, alias, display name, hidden flag, custom attributes,
    GUIDs, kind) is compared with the cloud mailbox. A difference fails the mailbox before it is moved.
  - A second cloud object, or no match in time, is an error with the usual reasons.
  - The anchor itself is read from Microsoft Graph if O(exchange_online.graph=true). An anchor of another on-premises
    user fails the mailbox, and a failed match is reported with the causes that Microsoft Graph shows (provisioning
    errors, admin roles, blocked soft match). Without it, C(anchor_unverified) is reported, unless the on-premises user
    had the cloud object's ID.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.entra_connect
  - mailops.exchange_hybrid.active_directory
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.on_premises_user
options:
  state:
    description:
      - V(stamped) writes C(mail) on-premises, V(matched) waits until the match is proved.
    type: str
    choices: [stamped, matched]
    required: true
  primary_smtp_address:
    description:
      - The primary SMTP address. It is the address to stamp. Defaults to the cloud mailbox's own.
    type: str
  include_sip:
    description:
      - Whether SIP addresses are kept too. A SIP address that the sync removed then counts as a difference.
    type: bool
  force:
    description:
      - Whether a different value may be overwritten. This applies to another C(mail).
    type: bool
  accept:
    description:
      - Codes of differences that do not stop a mailbox, as in M(mailops.exchange_hybrid.offboarding_state) -
        C(mail_in_use) and C(uniqueness_not_checked) (with O(state=stamped)), C(upn_differs), C(alias_would_change),
        C(display_name_would_change), C(hidden_would_change), C(custom_attributes_would_change).
    type: list
    elements: str
    default: []
  wait_timeout:
    description:
      - Seconds to wait for V(matched). The default is two cycles of the scheduler, 30 minutes each, and five minutes
        for the
        way from Entra ID to Exchange Online.
    type: int
    default: 3900
  wait_sleep:
    description:
      - Seconds between two polls of the cloud objects.
    type: int
    default: 15
  another_cycle:
    description:
      - Whether one more delta cycle of Entra Connect is run for the mailboxes that are not matched in time. The wait is
        then repeated once.
    type: bool
    default: false
  directory:
    description:
      - Directory of the run, as O(mailops.exchange_hybrid.directory_sync#module:directory). As long as it records a
        half-made user, O(another_cycle) starts no cycle.
    type: path
"""

EXAMPLES = r"""
- name: Stamp the address that is used for the match
  mailops.exchange_hybrid.smtp_match:
    identity: ann@contoso.com
    state: stamped

- name: Read the mailbox as it is before the match
  mailops.exchange_hybrid.mailbox_info:
    identity: ann@contoso.com
  register: before

- name: Run a cycle of Entra Connect
  mailops.exchange_hybrid.directory_sync:
    state: synced

- name: Wait for the proof
  mailops.exchange_hybrid.smtp_match:
    mailboxes: "{{ before.mailboxes }}"
    state: matched
    wait_timeout: 600
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
    matched:
      description: Whether the match is proved.
      returned: with O(state=matched), when it is
      type: bool
    anchor_unverified:
      description: Whether the anchor itself was not verified.
      returned: with O(state=matched), when the match is proved
      type: bool
    anchor_reason:
      description: Why the anchor is not verified even though Microsoft Graph was read.
      returned: with O(state=matched) and O(exchange_online.graph), when it is not
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

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.smtp_match.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    entra_connect,
    exchange_online,
    exchange_server,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    ACTIVE_DIRECTORY,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

ARGUMENTS = Arguments(
    mailbox=fields.options("smtp_match"),
    task={
        "state": {"type": "str", "choices": ["stamped", "matched"], "required": True},
        "accept": {"type": "list", "elements": "str", "default": []},
        "wait_timeout": {"type": "int", "default": 3900},
        "wait_sleep": {"type": "int", "default": 15},
        "another_cycle": {"type": "bool", "default": False},
        "directory": {"type": "path"},
    },
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM, entra_connect.SYSTEM),
    connections=(ACTIVE_DIRECTORY,),
    journal=True,
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
