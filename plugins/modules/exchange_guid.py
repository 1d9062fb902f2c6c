# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_guid
short_description: Stamps the cloud mailbox's GUID on the on-premises object
description:
  - Writes C(ExchangeGuid), and C(ArchiveGuid) if it is set, with C(Set-MailUser) or C(Set-RemoteMailbox), and reads
    it back.
  - The move finds its target by this value. An empty value (zeros) is replaced, an equal value is left alone, and
    another value is never overwritten without O(force=true), because it belongs to another mailbox.
  - Before the write, the whole forest is searched for another object with the GUID, unless
    M(mailops.exchange_hybrid.offboarding_state) did that in the same run with the same O(mailboxes_file). A GUID that
    is in use is refused with C(guid_in_use). With O(active_directory) objects that are no recipients are searched too.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.active_directory
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.on_premises_user
options:
  exchange_guid:
    description:
      - ExchangeGuid of the cloud mailbox. Required for each mailbox.
    type: str
  archive_guid:
    description:
      - ArchiveGuid of the cloud mailbox. Zeros mean that it has no archive.
    type: str
  force:
    description:
      - Whether a different value may be overwritten. This applies to another GUID.
    type: bool
  accept:
    description:
      - Codes of blockers that do not stop the mailbox. C(uniqueness_not_checked) applies here - other objects may have
        its GUID.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Stamp one mail user
  mailops.exchange_hybrid.exchange_guid:
    identity: ann@contoso.com
    exchange_guid: 5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01

- name: Read a wave of cloud mailboxes
  mailops.exchange_hybrid.mailbox_info:
    mailboxes:
      - identity: ann@contoso.com
      - identity: bob@contoso.com
  register: cloud

- name: Stamp the whole wave
  mailops.exchange_hybrid.exchange_guid:
    mailboxes: "{{ cloud.mailboxes }}"
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_guid.step import GuidStamped
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_server
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import directory_holders
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    ACTIVE_DIRECTORY,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

ARGUMENTS = Arguments(
    mailbox=fields.options("exchange_guid"),
    systems=(exchange_server.SYSTEM,),
    connections=(ACTIVE_DIRECTORY,),
    journal=True,
)


def work(module: HybridModule) -> NoReturn:
    records = module.records(required=["exchange_guid"])
    directory = directory_holders.asked_by(module.connection_options(ACTIVE_DIRECTORY))
    with module.connections() as connections:
        connections.require(EXCHANGE_SERVER)
        outcomes = run_wave(
            GuidStamped(module.check_mode, directory),
            records,
            connections,
            check=module.check_mode,
            on_error=module.params["on_error"],
        )
    module.warnings += directory_holders.warnings(directory)
    module.finish(outcomes)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
