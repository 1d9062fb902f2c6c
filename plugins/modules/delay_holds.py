# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: delay_holds
short_description: Ends the delay holds of cloud mailboxes
description:
  - Ends the delay holds that Exchange Online places on a mailbox for 30 days after any of its holds was released, with
    C(Set-Mailbox -RemoveDelayHoldApplied) and C(Set-Mailbox -RemoveDelayReleaseHoldApplied) in the cloud.
  - Only mailboxes with O(remove_delay_holds=true) are changed. A litigation hold, an eDiscovery hold, a retention
    policy and a retention label are not changed.
  - Items that a delay hold kept are purged the next time that Exchange Online processes the mailbox.
  - The account requires the management role Legal Hold in Exchange Online.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
options:
  remove_delay_holds:
    description:
      - Whether the mailbox's delay holds are ended before the move. Without it the mailbox is left alone.
    type: bool
seealso:
  - name: How to identify the type of hold placed on an Exchange Online mailbox
    description: Microsoft's page on holds.
    link: https://learn.microsoft.com/en-us/purview/ediscovery-identify-a-hold-on-an-exchange-online-mailbox
"""

EXAMPLES = r"""
- name: End the delay holds of a mailbox whose holds were released
  mailops.exchange_hybrid.delay_holds:
    identity: ann@contoso.com
    remove_delay_holds: true
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

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.delay_holds.step import Ended
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_online
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

ARGUMENTS = Arguments(
    mailbox=fields.options("delay_holds"),
    systems=(exchange_online.SYSTEM,),
    journal=True,
)


def work(module: HybridModule) -> NoReturn:
    records = module.records()
    with module.connections() as connections:
        connections.require(EXCHANGE_ONLINE)
        outcomes = run_wave(Ended(), records, connections, check=module.check_mode, on_error=module.params["on_error"])
    module.finish(outcomes)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
