# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_permission
short_description: Manages who may open an on-premises mailbox
description:
  - Adds permissions to on-premises mailboxes with C(Add-MailboxPermission), or removes them with
    C(Remove-MailboxPermission), so that delegates whose entries a move did not carry can work again.
  - Only the entries of the trustees that are named are managed. All other entries stay as they are, among them the
    inherited ones and the owner's own.
  - Send As and Send on Behalf are not mailbox permissions; this module does not manage them.
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
  state:
    description:
      - V(present) adds what is missing.
      - V(absent) removes what is there. An inherited permission stays, with a warning.
    type: str
    choices: [present, absent]
    default: present
  trustees:
    description:
      - Who may open the mailbox, and how. Required for each mailbox. A mailbox that is home and has none is skipped.
    type: list
    elements: dict
    suboptions:
      user:
        description:
          - The user or mail-enabled security group - an address, a user principal name, C(DOMAIN\account), a
            distinguished name or a GUID. It has to be a recipient of the on-premises organization.
          - With O(state=absent) also the SID of an account that was deleted, as C(Get-MailboxPermission) shows it.
        type: str
        required: true
      access_rights:
        description:
          - The permissions.
        type: list
        elements: str
        choices: [FullAccess, ReadPermission, ChangePermission, ChangeOwner, DeleteItem, ExternalAccount]
        default: [FullAccess]
      inheritance_type:
        description:
          - Which folders of the mailbox inherit the permissions. Entries that differ in it are different entries.
          - Defaults to C(All) with O(state=present), and to every entry of the trustee with O(state=absent).
        type: str
        choices: [None, All, Children, Descendents, SelfAndChildren]
      deny:
        description:
          - Whether the permissions are denied instead of allowed. The two are different entries.
        type: bool
        default: false
      auto_mapping:
        description:
          - Whether Outlook automatically opens the mailbox for a user who is given C(FullAccess). Defaults to
            Exchange's own default, which is that it does.
          - Exchange does not show the value. It is only used when an entry is added; to change it, remove the entry and
            add it again.
        type: bool
"""

EXAMPLES = r"""
- name: Let a user and a group open a mailbox that came home
  mailops.exchange_hybrid.mailbox_permission:
    identity: info@contoso.com
    trustees:
      - user: carol@contoso.com
        access_rights: [FullAccess, ReadPermission]
        auto_mapping: false
      - user: sales@contoso.com

- name: Remove a user's full access
  mailops.exchange_hybrid.mailbox_permission:
    identity: info@contoso.com
    state: absent
    trustees:
      - user: CONTOSO\dave

- name: Give several mailboxes their delegates
  mailops.exchange_hybrid.mailbox_permission:
    mailboxes:
      - identity: carol@contoso.com
        trustees:
          - user: dave@contoso.com
      - identity: dave@contoso.com
        trustees:
          - user: carol@contoso.com
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
      description: The rights of each trustee whose entry changes, with their previous values.
      returned: changed or failed
      type: dict
    after:
      description: The rights of the same trustees, with their new values, or the predicted ones in check mode.
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
          sample: not_found
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
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox_permission.plan import check
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailbox_permission.step import (
    Permission,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_server
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import fields
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

ARGUMENTS = Arguments(
    mailbox=fields.options("mailbox_permission"),
    task={"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}},
    systems=(exchange_server.SYSTEM,),
    journal=True,
)


def work(module: HybridModule) -> NoReturn:
    records = module.records(required=["trustees"])
    check(records, module.params["state"])
    with module.connections() as connections:
        connections.require(EXCHANGE_SERVER)
        outcomes = run_wave(
            Permission(module.params["state"] == "present"),
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
