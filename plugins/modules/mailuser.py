# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailuser
short_description: Mail-enables an on-premises user and manages the mail user
description:
  - Converts a plain on-premises user to a mail user that points to its cloud mailbox, with two consecutive writes -
    C(Enable-MailUser) with the primary address, then one C(Set-MailUser) with everything else.
  - C(Enable-MailUser) alone would make the routing address the primary one, and after the match with the cloud user
    that value would overwrite the cloud mailbox's. Therefore the primary address is an option of this module, and the
    address policy is turned off.
  - Between the two writes a user is half made, and a sync would remove the addresses of its cloud mailbox. A second
    write that is temporarily refused is sent again. If it is refused permanently, or if the module is stopped, what
    this task enabled is undone with C(Disable-MailUser), or only the addresses are written. If that fails too, the
    mailbox gets the error C(addresses_at_risk).
  - Before the first write, the whole forest is searched for other objects with an address or GUID that is to be
    written, and with O(exchange_online) the tenant for other objects with an address. What
    M(mailops.exchange_hybrid.offboarding_state) searched for in the same run with the same O(mailboxes_file) is
    not searched for again. If another object is found, the mailbox is refused with C(address_in_use),
    C(guid_in_use), C(alias_in_use) or C(mail_in_use). Exchange shows neither the proxy addresses of plain users nor
    plain contacts and groups; with O(active_directory) these are searched too.
  - A remote mailbox gets, with C(Set-RemoteMailbox), the addresses that only its cloud mailbox has, the one of
    C(LegacyExchangeDN) among them. Nothing else of it is changed. A mailbox, a contact and a group are refused.
  - Existing addresses of the object are kept.
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
      - V(present) mail-enables the user and corrects what differs.
      - V(absent) runs C(Disable-MailUser), but only on a mail user without mailbox GUID, unless O(force=true).
      - V(mended) takes no mailboxes. It completes or undoes the users that runs with O(directory) left half made.
    type: str
    choices: [present, absent, mended]
    default: present
  directory:
    description:
      - Directory in which a user is recorded before C(Enable-MailUser), until it is complete. If that run is killed,
        O(state=mended) finds the user there, and until then M(mailops.exchange_hybrid.directory_sync) neither resumes
        the scheduler nor starts a cycle.
    type: path
  holder:
    description:
      - Name of the run, if several runs share O(directory); the same as
        O(mailops.exchange_hybrid.directory_sync#module:holder).
    type: str
    default: ""
  pause_noted:
    description:
      - Whether M(mailops.exchange_hybrid.directory_sync) wrote the pause of O(holder) down in O(directory), as its
        RV(mailops.exchange_hybrid.directory_sync#module:noted) shows. If something else has ended that pause since,
        nothing is written (C(pause_ended)).
      - If the module is interrupted (Ctrl-C, C(SIGTERM), as when a job is canceled), it repairs what is half made, and
        then ends this pause if O(entra_connect) is configured, because no later task of the run may do so.
    type: bool
    default: false
  external_email_address:
    description:
      - The routing address of the mailbox. The cloud mailbox must have it, for example
        C(ann@contoso.mail.onmicrosoft.com).
    type: str
  routing_domain:
    description:
      - Domain of the routing address. If O(external_email_address) is not set, the routing address is the mailbox's own
        address in this domain, otherwise its alias in this domain.
    type: str
  add_routing_address:
    description:
      - Whether the routing address is added if the cloud mailbox does not have it. For a cloud-only mailbox,
        C(Set-Mailbox) adds it in the cloud. For a synced one, it is added by the next sync, with the
        on-premises addresses.
      - Otherwise such a mailbox is refused.
    type: bool
  primary_smtp_address:
    description:
      - The primary SMTP address. Use the cloud mailbox's. Required for O(state=present).
    type: str
  email_addresses:
    description:
      - All proxy addresses of the cloud mailbox. Addresses that are in a record before
        M(mailops.exchange_hybrid.offboarding_state) reads its mailbox are added to the mailbox's own. Addresses of
        every type are kept, except SPO addresses, which belong to the cloud, and SIP addresses without O(include_sip).
        The diff shows what happens to each.
    type: list
    elements: str
  include_sip:
    description:
      - Whether SIP addresses are kept too.
    type: bool
  legacy_exchange_dn:
    description:
      - LegacyExchangeDN of the cloud mailbox. It is kept as an X500 address, so that replies to old messages
        are delivered.
    type: str
  alias:
    description:
      - Alias that a newly mail-enabled user gets. Use the cloud mailbox's, so that the match does not change it.
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
      - Whether a different value may be overwritten. This applies to another mailbox GUID. With O(state=absent),
        whether a mail user that has one may be disabled.
    type: bool
  accept:
    description:
      - Codes of blockers that do not stop the mailbox. C(mail_in_use), C(alias_in_use) and C(uniqueness_not_checked)
        apply here - other objects have, or may have, a value that must be unique.
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

- name: Repair what a killed run left half made
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
      description: The mailbox as it was specified.
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

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser.task import work
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

WAVE = ["identity", "mailboxes", "mailboxes_file"]
ARGUMENTS = Arguments(
    mailbox=fields.options("mailuser"),
    task={
        "state": {"type": "str", "choices": ["present", "absent", "mended"], "default": "present"},
        "directory": {"type": "path"},
        "holder": {"type": "str", "default": ""},
        "pause_noted": {"type": "bool", "default": False},
    },
    wave_required=False,
    required_if=[
        ("state", "present", WAVE, True),
        ("state", "absent", WAVE, True),
        ("state", "mended", ["directory"]),
    ],
    systems=(exchange_server.SYSTEM, exchange_online.SYSTEM, entra_connect.SYSTEM),
    connections=(ACTIVE_DIRECTORY,),
    journal=True,
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
