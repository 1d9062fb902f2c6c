# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mrs_proxy
short_description: Manages the MRS proxy of on-premises Exchange servers
description:
  - Turns the MRS proxy of the EWS virtual directories on or off, and sets their authentication and Extended Protection,
    with C(Set-WebServicesVirtualDirectory). The MRS proxy is required on each server that Exchange Online can reach.
  - Only the settings that are specified are compared and changed. Each server is changed alone. If one fails, the
    others keep what was set.
  - A change takes effect after a reset of IIS on that server, or after some minutes. The module does not reset IIS.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.memory
options:
  servers:
    description:
      - Names of the servers, with or without their domain. Defaults to all servers.
    type: list
    elements: str
  mrs_proxy_enabled:
    description:
      - Whether the MRS proxy is on.
    type: bool
    default: true
  basic_authentication:
    description:
      - Whether Basic authentication is on.
    type: bool
  windows_authentication:
    description:
      - Whether Windows authentication is on. The MRS proxy requires it.
    type: bool
  ws_security_authentication:
    description:
      - Whether WS-Security authentication is on.
    type: bool
  oauth_authentication:
    description:
      - Whether OAuth authentication is on.
    type: bool
  extended_protection_token_checking:
    description:
      - Whether Extended Protection requires channel binding tokens. Microsoft's page on Extended Protection says which
        value an EWS virtual directory has in a hybrid deployment.
    type: str
    choices: [None, Allow, Require]
"""

EXAMPLES = r"""
- name: Turn the MRS proxy on everywhere
  mailops.exchange_hybrid.mrs_proxy:
  register: proxies

- name: Show which servers still need a reset of IIS
  ansible.builtin.debug:
    msg: "{{ proxies.iis_reset_needed }}"
"""

RETURN = r"""
changed:
  description: Whether anything was written, or would be in check mode.
  returned: always
  type: bool
  sample: true
servers:
  description: One entry for each EWS virtual directory, with the settings that Exchange shows.
  returned: always
  type: list
  elements: dict
  contains:
    server:
      description: The server.
      returned: always
      type: str
      sample: EX01
    identity:
      description: The virtual directory.
      returned: always
      type: str
      sample: EX01\EWS (Default Web Site)
    status:
      description: C(changed), C(unchanged) or C(failed).
      returned: always
      type: str
      sample: changed
    mrs_proxy_enabled:
      description: Whether the MRS proxy is on. The other settings are returned in the same way.
      returned: when Exchange says it
      type: bool
    error:
      description: What went wrong.
      returned: failed
      type: dict
iis_reset_needed:
  description: Servers that were changed, whose IIS has to be reset for it to take effect at once.
  returned: always
  type: list
  elements: str
  sample: [EX01]
cmdlets:
  description: The cmdlets that ran or would run.
  returned: always
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
      sample: permission_denied
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

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mrs_proxy.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_server

ARGUMENTS = Arguments(
    task={
        "servers": {"type": "list", "elements": "str"},
        "mrs_proxy_enabled": {"type": "bool", "default": True},
        "basic_authentication": {"type": "bool"},
        "windows_authentication": {"type": "bool"},
        "ws_security_authentication": {"type": "bool"},
        "oauth_authentication": {"type": "bool"},
        "extended_protection_token_checking": {"type": "str", "choices": ["None", "Allow", "Require"]},
    },
    systems=(exchange_server.SYSTEM,),
    journal=True,
    wave=False,
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
