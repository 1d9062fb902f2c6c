# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox
short_description: Sets the kind of an on-premises mailbox
description:
  - Sets the kind of an on-premises mailbox with C(Set-Mailbox -Type) if it differs, so that shared, room and equipment
    mailboxes have the same kind on-premises as in the cloud.
  - Exchange disables the account of a mailbox that becomes a shared, room or equipment mailbox. Enable it again if
    something signs in with it, a room system for example.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.on_premises_user
options:
  recipient_type_details:
    description:
      - The kind of the mailbox. Required for each mailbox.
    type: str
    choices: [UserMailbox, SharedMailbox, RoomMailbox, EquipmentMailbox]
"""

EXAMPLES = r"""
- name: Convert a mailbox that came home to a shared one again
  mailops.exchange_hybrid.mailbox:
    identity: info@contoso.com
    recipient_type_details: SharedMailbox
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

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_SERVER
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox.step import OfKind
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_server
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

ARGUMENTS = Arguments(
    mailbox=fields.options("mailbox"),
    systems=(exchange_server.SYSTEM,),
    journal=True,
)


def work(module: HybridModule) -> NoReturn:
    records = module.records(required=["recipient_type_details"])
    with module.connections() as connections:
        connections.require(EXCHANGE_SERVER)
        outcomes = run_wave(
            OfKind(module.check_mode),
            records,
            connections,
            check=module.check_mode,
            on_error=module.params["on_error"],
        )
    module.finish(outcomes)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
