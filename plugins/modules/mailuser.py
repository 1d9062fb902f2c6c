# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailuser
short_description: Mail-enables an on-premises user and keeps it right
description:
  - Makes a plain on-premises user a mail user that points to its cloud mailbox, in two writes back to back -
    C(Enable-MailUser) with the primary address, then one C(Set-MailUser) with all the rest.
  - C(Enable-MailUser) alone would make the routing address the primary one, and after the match with the cloud user
    that
    value would overwrite the cloud mailbox's. That is why the primary address is an option here and the address
    policy
    is turned off.
  - Between the two writes a user is half made, and a sync would take the addresses of its cloud mailbox away. A second
    write that is refused for the moment is sent again. Where it stays refused, and when the module is stopped, what
    this task enabled is undone with C(Disable-MailUser), or the addresses alone are written. Where that fails too, the
    mailbox has the error C(addresses_at_risk).
  - Before the first write the whole forest is asked who else holds an address or GUID that is to be written, and with
    O(exchange_online) the tenant who holds an address; what M(mailops.exchange_hybrid.offboarding_state) asked in the
    same run is not asked again where both have the same O(mailboxes_file). A mailbox of which others hold something is
    refused with C(address_in_use), C(guid_in_use) or C(mail_in_use).
  - A remote mailbox is accepted as it is. A mailbox, a contact and a group are refused.
  - Addresses that stand on the object already are kept.
version_added: 0.1.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.exchange_server
  - mailops.exchange_hybrid.exchange_online
  - mailops.exchange_hybrid.journal
  - mailops.exchange_hybrid.wave
  - mailops.exchange_hybrid.record.on_premises_user
options:
  state:
    description:
      - V(present) mail-enables the user and corrects what differs.
      - V(absent) runs C(Disable-MailUser), but only on a mail user without mailbox GUID, unless O(force=true).
      - V(mended) takes no mailboxes. It makes the users whole, or undoes them, that runs with O(directory) left half
        made.
    type: str
    choices: [present, absent, mended]
    default: present
  directory:
    description:
      - Directory in which a user is written down before C(Enable-MailUser), until it is whole. Where that run is
        killed, O(state=mended) finds it there, and M(mailops.exchange_hybrid.directory_sync) neither resumes the
        scheduler nor starts a cycle.
    type: path
  holder:
    description:
      - Who makes users, where several runs share O(directory); as
        O(mailops.exchange_hybrid.directory_sync#module:holder).
    type: str
    default: ""
  external_email_address:
    description:
      - The routing address of the mailbox. The cloud mailbox must hold it; C(ann@contoso.mail.onmicrosoft.com) for
        example.
    type: str
  routing_domain:
    description:
      - Domain of the routing address. Where O(external_email_address) is not given, that is the mailbox's own address
        in this domain, else its alias in it.
    type: str
  add_routing_address:
    description:
      - Whether the routing address is added when the cloud mailbox lacks it. For a cloud-only mailbox C(Set-Mailbox)
        adds it in the cloud; for a synced one it comes with the on-premises addresses and the next sync.
      - Without it such a mailbox is refused.
    type: bool
  primary_smtp_address:
    description:
      - The primary SMTP address. It is the cloud mailbox's. Needed for O(state=present).
    type: str
  email_addresses:
    description:
      - All proxy addresses of the cloud mailbox. What a record says before M(mailops.exchange_hybrid.offboarding_state)
        looked at its mailbox is added to the mailbox's own. Addresses of every type are carried home but SPO addresses,
        which belong to the cloud, and SIP addresses without O(include_sip). The diff shows what becomes of each.
    type: list
    elements: str
  include_sip:
    description:
      - Whether SIP addresses are carried home too.
    type: bool
  legacy_exchange_dn:
    description:
      - LegacyExchangeDN of the cloud mailbox. It is kept as an X500 address so that replies to old messages arrive.
    type: str
  alias:
    description:
      - Alias that a newly mail-enabled user gets. It is the cloud mailbox's, so that the match does not change it.
    type: str
  exchange_guid:
    description:
      - ExchangeGuid of the cloud mailbox. It is stamped in the same C(Set-MailUser); see
        M(mailops.exchange_hybrid.exchange_guid).
    type: str
  archive_guid:
    description:
      - ArchiveGuid of the cloud mailbox. It is stamped in the same C(Set-MailUser).
    type: str
  force:
    description:
      - Whether a different value may be overwritten. Here that is another mailbox GUID; with O(state=absent), whether a
        mail user that carries one may be disabled.
    type: bool
  accept:
    description:
      - Codes of what does not stop the mailbox. C(mail_in_use), C(alias_in_use) and C(uniqueness_not_checked) apply
        here - others hold, or may hold, what it is to have alone.
    type: list
    elements: str
seealso:
  - name: Can't migrate a mailbox when no on-premises mail user exists (KB 2813304)
    description: Microsoft's procedure.
    link: https://learn.microsoft.com/en-us/troubleshoot/exchange/administration/manage-mailbox-on-premises
"""

EXAMPLES = r"""
- name: Mail-enable the user of one cloud mailbox
  mailops.exchange_hybrid.mailuser:
    identity: ann@contoso.com
    primary_smtp_address: ann@contoso.com
    external_email_address: ann@contoso.mail.onmicrosoft.com
    email_addresses:
      - SMTP:ann@contoso.com
      - smtp:ann@contoso.mail.onmicrosoft.com
    state: present

- name: Read a wave of cloud mailboxes
  mailops.exchange_hybrid.mailbox_info:
    mailboxes:
      - identity: ann@contoso.com
      - identity: bob@contoso.com
  register: cloud

- name: Mail-enable their users with everything that was read
  mailops.exchange_hybrid.mailuser:
    mailboxes: "{{ cloud.mailboxes }}"
    routing_domain: contoso.mail.onmicrosoft.com

- name: Mend what a killed run left half made
  mailops.exchange_hybrid.mailuser:
    state: mended
    directory: "{{ offboarding_directory }}"
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
    compensation:
      description: What became of a user whose second write failed - C(undone), C(addresses_written) or C(at_risk).
      returned: failed, when the user had been enabled
      type: str
    ending:
      description: What became of a half-made user - C(whole), C(undone), C(addresses_written) or C(at_risk).
      returned: with O(state=mended)
      type: str
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
summary:
  description: Number of mailboxes for each status.
  returned: always
  type: dict
  sample: {changed: 1, unchanged: 0, pending: 0, skipped: 0, failed: 0}
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.mailuser import (
    OPTIONS,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import (
    exchange_online,
    exchange_server,
)

WAVE = ["identity", "mailboxes", "mailboxes_file"]


ARGUMENTS = Arguments(
    mailbox=OPTIONS,
    task={
        "state": {"type": "str", "choices": ["present", "absent", "mended"], "default": "present"},
        "directory": {"type": "path"},
        "holder": {"type": "str", "default": ""},
    },
    wave_required=False,
    required_if=[
        ("state", "present", WAVE, True),
        ("state", "absent", WAVE, True),
        ("state", "mended", ["directory"]),
    ],
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM),
    journal=True,
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
