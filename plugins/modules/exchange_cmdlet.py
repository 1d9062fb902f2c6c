# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_cmdlet
short_description: Runs one cmdlet of Exchange for which there is no module
description:
  - Runs one cmdlet, with typed parameters, in one of the two organizations. Name and parameters are checked against
    Microsoft's reference before anything is sent - whether they exist in that organization, whether they fit together
    in a parameter set, and whether a value has the parameter's type. For a misspelt name, a similar one is
    suggested.
  - Cmdlets that read (C(Get-) and C(Test-)) run in check mode as well.
  - A cmdlet that writes passes none of the checks that protect a mailbox elsewhere in this collection. It runs only
    with O(allow_write=true), and is returned but not sent in check mode.
  - Writes of cmdlets for which the collection has a module in that organization are refused, and the module is named.
    A module that creates or removes objects owns every cmdlet that writes them (mail users, move requests, migration
    batches and users, migration endpoints, mailbox permissions). A module that sets single properties owns those
    parameters (addresses, GUIDs and types of recipients, settings of the MRS proxy). The scheduler of Entra Connect is
    managed with M(mailops.exchange_hybrid.directory_sync).
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.sends
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
options:
  organization:
    description:
      - The organization that runs the cmdlet. Its connection must be configured.
    type: str
    choices: [exchange_server, exchange_online]
    required: true
  cmdlet:
    description:
      - Name of the cmdlet, as V(Get-CASMailbox).
    type: str
    required: true
  parameters:
    description:
      - Parameters by their names, without the hyphen. Aliases are supported, beginnings of names are not.
      - Switches and Boolean parameters are V(true) or V(false). A collection is a list, which replaces it, or a
        dictionary with V(Add) and V(Remove), which changes it. V(null) is C($null), which clears a property.
      - Times are in ISO 8601, and without a zone in UTC. Spans of time are V(1.12:00:00), bytes are in base64.
      - C(Confirm) is specified by the module, and C(WhatIf) is replaced by check mode. If
        O(exchange_server.domain_controller) is set, C(DomainController) is added where the cmdlet takes it, except to
        writes without C(Identity).
    type: dict
    default: {}
  secrets:
    description:
      - Parameters of the types PSCredential and SecureString, which hold a secret.
      - Over the REST interface of Exchange Online, a SecureString cannot be sent, and a PSCredential only with
        O(exchange_online.experimental_rest_credential=true). Both can be sent with
        O(exchange_online.interface=powershell).
    type: list
    elements: dict
    default: []
    suboptions:
      parameter:
        description:
          - Name of the parameter.
        type: str
        required: true
      username:
        description:
          - The account of a PSCredential.
        type: str
      password:
        description:
          - The password, or the text of a SecureString.
        type: str
        required: true
  allow_write:
    description:
      - Whether the module may run a cmdlet that writes.
    type: bool
    default: false
notes:
  - A write is always reported as a change, since the module does not know what it changes. To run one only where it is
    needed, read the object first and add a condition, as the examples do.
  - Cmdlets return at most 1,000 objects unless C(ResultSize) says otherwise, and warn if there are more.
  - The account needs a management role that contains the cmdlet. C(Get-ManagementRole -Cmdlet) lists them.
seealso:
  - module: mailops.exchange_hybrid.mailbox_info
"""

EXAMPLES = r"""
- name: Read the versions of the on-premises servers
  mailops.exchange_hybrid.exchange_cmdlet:
    organization: exchange_server
    cmdlet: Get-ExchangeServer
  register: servers

- name: Read how many moves Exchange Online allows at the same time
  mailops.exchange_hybrid.exchange_cmdlet:
    organization: exchange_online
    cmdlet: Get-MigrationConfig

- name: Read the quotas of a mailbox
  mailops.exchange_hybrid.exchange_cmdlet:
    organization: exchange_server
    cmdlet: Get-Mailbox
    parameters:
      Identity: info@contoso.com
  register: info

- name: Give the mailbox quotas of its own
  mailops.exchange_hybrid.exchange_cmdlet:
    organization: exchange_server
    cmdlet: Set-Mailbox
    parameters:
      Identity: info@contoso.com
      UseDatabaseQuotaDefaults: false
      IssueWarningQuota: 9GB
      ProhibitSendQuota: 10GB
    allow_write: true
  when: info.objects[0].UseDatabaseQuotaDefaults
"""

RETURN = r"""
changed:
  description: Whether the cmdlet writes and ran, or would run in check mode.
  returned: always
  type: bool
  sample: true
objects:
  description:
    - What the cmdlet returned, with Exchange's own names of properties. Enumerations are their names, GUIDs are in
      lower case, times are in ISO 8601 (UTC), sizes and spans of time are Exchange's texts.
    - Empty if a write was not sent, in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - Name: EX01
      AdminDisplayVersion: Version 15.2 (Build 2562.17)
cmdlets:
  description: The cmdlet that wrote or would write, secrets masked.
  returned: success
  type: list
  elements: str
  sample: ["Set-Mailbox -Identity 'info@contoso.com' -IssueWarningQuota '9GB' -Confirm:$false"]
error:
  description: What went wrong.
  returned: failed
  type: dict
  contains:
    code:
      description: Stable name of the error.
      returned: always
      type: str
      sample: unknown_parameter
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
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.exchange_cmdlet.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    exchange_online,
    exchange_server,
)

ARGUMENTS = Arguments(
    task={
        "organization": {"type": "str", "choices": ["exchange_server", "exchange_online"], "required": True},
        "cmdlet": {"type": "str", "required": True},
        "parameters": {"type": "dict", "default": {}},
        "secrets": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "no_log": False,
            "options": {
                "parameter": {"type": "str", "required": True},
                "username": {"type": "str"},
                "password": {"type": "str", "required": True, "no_log": True},
            },
        },
        "allow_write": {"type": "bool", "default": False},
    },
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM),
    journal=True,
    wave=False,
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
