# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: wave_file
short_description: Makes a wave's file out of a CSV or a list
description:
  - Reads the mailboxes of a wave from a CSV file or a list, checks every value, and writes the JSON file in which
    the wave travels
    through the other modules (O(ignore:mailboxes_file)).
  - Everything that is wrong is told at once, with line numbers, before any system is contacted - a missing or
    unknown column, a
    blank or doubled identity, a malformed GUID, address, domain or time, a file that is not UTF-8.
  - A CSV's first line names the columns, in any letter case; lines before it that begin with C(#) are passed over, as
    C(Export-Csv) writes one. An empty cell leaves the choice to the task's own options. Cells of a list hold their
    items separated by semicolons; a semicolon that belongs to an item, as in an X400 address, is written C(\;).
  - Microsoft's CSV of a migration batch for offboarding is taken as it is, with the columns C(EmailAddress),
    C(TargetDatabase), C(TargetArchiveDatabase) and C(MailboxType).
  - Characters that do not show, or that pass for others, are refused with their code points.
version_added: 0.1.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
options:
  csv:
    description:
      - Path of the CSV file, UTF-8, seen from where the task runs.
      - Columns are C(identity), which is needed, and any of C(ad_identity), C(external_email_address),
        C(routing_domain), C(primary_smtp_address), C(alias),
        C(remote_host_name), C(remote_target_database), C(remote_archive_target_database), C(target_delivery_domain),
        C(archive_domain), C(batch_name), C(cutover), C(complete_after), C(start_after), C(incremental_sync_interval),
        C(completed_request_age_limit), C(suspend_comment), C(remote_global_catalog), C(exchange_guid),
        C(archive_guid), C(add_routing_address), C(include_sip), C(remove_delay_holds), C(force), C(primary_only),
        C(archive_only), C(accept_large_data_loss), C(force_offline), C(resume_failed), C(approve_skipped_items),
        C(request_expiry_interval), C(proxy_to_mailbox), C(move_options), C(skip_moving), C(email_addresses),
        C(baseline).
      - C(accept) holds stop signs that do not stop this mailbox, by code, as
        O(mailops.exchange_hybrid.offboarding_state#module:accept) does for all of them.
      - C(wave) and C(site) are for the inventory plugin P(mailops.exchange_hybrid.mailbox_waves#inventory);
        nothing else reads them.
    type: path
  mailboxes:
    description:
      - The records, instead of O(csv).
    type: list
    elements: dict
  mailboxes_file:
    description:
      - JSON file of records, as the inventory plugin P(mailops.exchange_hybrid.mailbox_waves#inventory) writes it,
        instead of O(csv). It is only read.
    type: path
  mailboxes_files:
    description:
      - Several such files that are taken for one wave, as the playbook C(readiness) does for hosts that are waves. A
        mailbox in two of them is refused.
    type: list
    elements: path
  delimiter:
    description:
      - What separates the cells of O(csv).
    type: str
    default: ","
  only:
    description:
      - Identities of the mailboxes to take, as they stand in the wave; the others are left out. An identity that is not
        in the wave is refused. An empty list takes none.
    type: list
    elements: str
  approve_skipped_items:
    description:
      - Identities of the mailboxes whose record gets C(approve_skipped_items=true), as
        O(mailops.exchange_hybrid.move_request#module:approve_skipped_items) takes it. An identity that is not in the
        wave is refused.
    type: list
    elements: str
  other_waves:
    description:
      - Files of the other waves of the same run. What O(only) and O(approve_skipped_items) name may stand there
        instead; it is then no matter of this wave.
    type: list
    elements: path
  path:
    description:
      - File to write, mode 0600.
    type: path
    required: true
  private_copy:
    description:
      - When the wave is written to a directory of this task's own, readable by nobody else, instead of to O(path).
      - V(in_check_mode) is for a preview of the tasks that follow, which need a wave; what O(path) holds stays.
        RV(path) says where the wave is, and RV(private_directory) what to
        remove at the end.
    type: str
    choices: [never, in_check_mode, always]
    default: never
  directory:
    description:
      - Directory in which the run keeps the wave's baselines and notes. It is made where it is missing, and gets mode
        0700. RV(pauses) and RV(half_made) tell of what was found in it.
    type: path
  make_directory:
    description:
      - Whether O(directory) is made. V(false) only looks into it, as a preview does that writes O(path) all the same.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Make a wave out of a CSV
  mailops.exchange_hybrid.wave_file:
    csv: "{{ playbook_dir }}/mailboxes.csv"
    path: "{{ offboarding_directory }}/wave.json"
    directory: "{{ offboarding_directory }}"

- name: Take one mailbox of it
  mailops.exchange_hybrid.wave_file:
    csv: "{{ playbook_dir }}/mailboxes.csv"
    only: [ann@contoso.com]
    path: "{{ offboarding_directory }}/only.wave.json"
"""

RETURN = r"""
changed:
  description: Whether the file was written, or would be in check mode.
  returned: always
  type: bool
path:
  description: The file.
  returned: always
  type: str
private_directory:
  description: The directory that was made for O(private_copy); empty where there was no need.
  returned: always
  type: str
check_mode:
  description:
    - Whether the task ran in check mode. The variable C(ansible_check_mode) tells only whether C(--check) was given,
      not whether C(check_mode) stands at the play, block or role.
  returned: always
  type: bool
notices:
  description: What somebody should know of the wave before it is taken for done, such as that it is empty.
  returned: always
  type: list
  elements: str
count:
  description: Number of mailboxes.
  returned: always
  type: int
pauses:
  description:
    - The notes in O(directory) of runs that paused directory synchronization; see
      M(mailops.exchange_hybrid.directory_sync). One that is there when a run begins was left by a killed one, or is
      another wave's.
  returned: always
  type: list
  elements: str
half_made:
  description:
    - The mailboxes whose on-premises users a run left half made in O(directory), as failed results; see
      M(mailops.exchange_hybrid.mailuser). None while another run is at work on users.
  returned: always
  type: list
  elements: dict
  contains:
    identity:
      description: The mailbox as that run named it.
      returned: always
      type: str
    status:
      description: Always C(failed).
      returned: always
      type: str
    error:
      description: The error C(addresses_at_risk), with C(code), C(message), C(cmdlet), C(retryable) and C(remedy).
      returned: always
      type: dict
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.wave_file import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)

WAYS = ("csv", "mailboxes", "mailboxes_file", "mailboxes_files")


ARGUMENTS = Arguments(
    wave=False,
    task={
        "csv": {"type": "path"},
        "mailboxes": {"type": "list", "elements": "dict"},
        "mailboxes_file": {"type": "path"},
        "mailboxes_files": {"type": "list", "elements": "path"},
        "delimiter": {"type": "str", "default": ","},
        "only": {"type": "list", "elements": "str"},
        "approve_skipped_items": {"type": "list", "elements": "str"},
        "other_waves": {"type": "list", "elements": "path"},
        "path": {"type": "path", "required": True},
        "private_copy": {"type": "str", "choices": ["never", "in_check_mode", "always"], "default": "never"},
        "directory": {"type": "path"},
        "make_directory": {"type": "bool", "default": True},
    },
    mutually_exclusive=[WAYS],
    required_one_of=[WAYS],
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
