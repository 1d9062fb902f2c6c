# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_info
short_description: Reads mailboxes in Exchange Online
description:
  - Reads exactly one Exchange Online mailbox for each identity (C(Get-Mailbox)). An identity that matches none, or more
    than one, is an error.
  - The returned records have everything that M(mailops.exchange_hybrid.mailuser),
    M(mailops.exchange_hybrid.exchange_guid) and M(mailops.exchange_hybrid.move_request) need from the cloud side.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.read_only
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
options:
  exchange_guid:
    description:
      - ExchangeGuid of the cloud mailbox. If it is set, the mailbox is looked up by it instead of O(identity).
    type: str
  include_total_size:
    description:
      - Whether to read size and item count too, which takes one C(Get-MailboxStatistics) for each mailbox.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Read one mailbox
  mailops.exchange_hybrid.mailbox_info:
    identity: ann@contoso.com
    include_total_size: true
  register: cloud

- name: Show its GUID
  ansible.builtin.debug:
    var: cloud.results[0].mailbox.exchange_guid
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
    mailbox:
      description: The mailbox. The same keys are in its record.
      returned: unless it failed
      type: dict
      contains:
        exchange_guid:
          description: GUID of the mailbox, lower case.
          returned: always
          type: str
        archive_guid:
          description: GUID of the archive, or zeros if there is none.
          returned: always
          type: str
        archive_status:
          description: C(None) or C(Active).
          returned: when Exchange says it
          type: str
        primary_smtp_address:
          description: Primary SMTP address.
          returned: always
          type: str
        email_addresses:
          description: All proxy addresses, with prefix.
          returned: always
          type: list
          elements: str
        legacy_exchange_dn:
          description: LegacyExchangeDN.
          returned: always
          type: str
        user_principal_name:
          description: User principal name of the cloud user.
          returned: always
          type: str
        alias:
          description: Alias.
          returned: always
          type: str
        display_name:
          description: Display name.
          returned: always
          type: str
        recipient_type_details:
          description: C(UserMailbox), C(SharedMailbox), C(RoomMailbox), C(EquipmentMailbox) or another kind.
          returned: always
          type: str
        is_dir_synced:
          description: Whether the cloud user is synchronized from on-premises.
          returned: always
          type: bool
        external_directory_object_id:
          description: Object ID of the cloud user.
          returned: always
          type: str
        hidden_from_address_lists_enabled:
          description: Whether the mailbox is hidden from address lists.
          returned: always
          type: bool
        custom_attributes:
          description: CustomAttribute1 to 15 that are not empty, with the keys C(custom_attribute1) and so on.
          returned: always
          type: dict
        litigation_hold_enabled:
          description: Whether the mailbox is on litigation hold.
          returned: when Exchange says it
          type: bool
        in_place_holds:
          description: The holds that apply.
          returned: when Exchange says it
          type: list
          elements: str
        compliance_tag_hold_applied:
          description: Whether a retention label holds items.
          returned: when Exchange says it
          type: bool
        delay_hold_applied:
          description: Whether a delay hold applies.
          returned: when Exchange says it
          type: bool
        delay_release_hold_applied:
          description: Whether a delay release hold applies.
          returned: when Exchange says it
          type: bool
        is_exchange_cloud_managed:
          description: Whether the cloud is the authority for the Exchange attributes of a synced mailbox.
          returned: when Exchange says it
          type: bool
        total_size:
          description: Size in bytes.
          returned: with O(include_total_size)
          type: int
        item_count:
          description: Number of items.
          returned: with O(include_total_size)
          type: int
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features import mailbox_info
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_online
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields

ARGUMENTS = Arguments(
    mailbox=fields.options("mailbox_info"),
    task={"include_total_size": {"type": "bool", "default": False}},
    systems=(exchange_online.SYSTEM,),
)


def work(module: HybridModule) -> NoReturn:
    records = module.records()
    with module.connections() as connections:
        connections.require(EXCHANGE_ONLINE)
        outcomes = mailbox_info.read(connections, records, module.params["include_total_size"])
    module.finish(outcomes)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
