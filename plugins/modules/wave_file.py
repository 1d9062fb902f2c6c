# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: wave_file
short_description: Creates a wave's file from a CSV or a list
description:
  - Reads the mailboxes of a wave from a CSV file or a list, checks every value, and writes the JSON file in which the
    wave is passed to the other modules (O(ignore:mailboxes_file)).
  - All errors are reported at once, with line numbers, before any system is contacted - a missing or unknown column, a
    blank or repeated identity, a malformed GUID, address, domain or time, a file that is not UTF-8.
  - The first line of a CSV has the names of the columns, in any letter case. Lines before it that begin with C(#) are
    skipped; C(Export-Csv) writes such a line. For an empty cell, the task's own options apply. In a cell with a list,
    the items are separated by semicolons. A semicolon within an item, as in an X400 address, is written C(\;).
  - Microsoft's CSV of a migration batch for offboarding is accepted unchanged, with the columns C(EmailAddress),
    C(TargetDatabase), C(TargetArchiveDatabase) and C(MailboxType).
  - Invisible characters, and characters that look like others, are refused with their code points.
  - The wave belongs to the run that wrote it, until that run gives it back or its C(ansible-playbook) ends. Another run
    that asks for O(path) meanwhile is refused with C(wave_in_use), which names the run, its host, and since when. A run
    on another host, or in another container, that was killed holds the wave for 15 minutes at most.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.attributes.full
  - mailops.exchange_hybrid.memory
options:
  state:
    description:
      - V(present) writes the wave's file and takes the wave.
      - V(released) gives it back, and is for the end of a run. Only O(path), O(run_id), O(directory) and O(holder)
        count. Without it, the wave is free once C(ansible-playbook) has ended.
      - V(read) only returns RV(mailboxes) and RV(progress) of the wave at O(path), wherever O(memory) keeps it.
    type: str
    choices: [present, released, read]
    default: present
  run_id:
    description:
      - Name of the run, as O(ignore:journal_run_id) has it for the other modules. They refuse the records of a run with
        another name, with C(wave_of_another_run). If not set, records belong to no run.
    type: str
  holder:
    description:
      - Name under which the run pauses directory synchronization, as
        O(mailops.exchange_hybrid.directory_sync#module:holder) has it. Its own pause is in RV(still_paused) too.
    type: str
    default: ""
  csv:
    description:
      - Path of the CSV file in UTF-8, on the host that runs the task.
      - Columns are C(identity), which is required, and any of C(ad_identity), C(external_email_address),
        C(routing_domain), C(primary_smtp_address), C(alias), C(remote_host_name), C(remote_target_database),
        C(remote_archive_target_database), C(target_delivery_domain), C(archive_domain), C(batch_name), C(cutover),
        C(complete_after), C(start_after), C(incremental_sync_interval), C(completed_request_age_limit),
        C(suspend_comment), C(remote_global_catalog), C(exchange_guid), C(archive_guid), C(add_routing_address),
        C(include_sip), C(remove_delay_holds), C(force), C(primary_only), C(archive_only), C(accept_large_data_loss),
        C(force_offline), C(resume_failed), C(approve_skipped_items), C(request_expiry_interval), C(proxy_to_mailbox),
        C(move_options), C(skip_moving), C(email_addresses), C(baseline).
      - C(accept) has the codes of blockers that do not stop this mailbox, as
        O(mailops.exchange_hybrid.offboarding_state#module:accept) has them for all mailboxes.
      - C(wave) and C(site) are used only by the inventory plugin P(mailops.exchange_hybrid.mailbox_waves#inventory).
    type: path
  mailboxes:
    description:
      - The records, instead of O(csv). An item can also be the identity alone, and a text has one or several of them,
        on lines or with commas or semicolons between them.
    type: list
    elements: raw
  mailboxes_file:
    description:
      - JSON file of records, as the inventory plugin P(mailops.exchange_hybrid.mailbox_waves#inventory) writes it,
        instead of O(csv). It is only read.
    type: path
  mailboxes_files:
    description:
      - Several such files that are processed as one wave, as the playbook C(readiness) does for hosts that are waves. A
        mailbox that is in two of them is refused.
    type: list
    elements: path
  delimiter:
    description:
      - Delimiter of O(csv).
    type: str
    default: ","
  only:
    description:
      - Identities of the selected mailboxes, as they are in the wave. The others are left out. An identity that is not
        in the wave is refused. An empty list selects no mailbox.
      - A text can have several of them, on lines or with commas or semicolons between them.
    type: list
    elements: str
  approve_skipped_items:
    description:
      - Identities of the mailboxes whose record gets C(approve_skipped_items=true), for
        O(mailops.exchange_hybrid.move_request#module:approve_skipped_items). An identity that is not in the wave
        is refused.
    type: list
    elements: str
  other_waves:
    description:
      - Files of the other waves of the same run. An identity in O(only) or O(approve_skipped_items) may be in one of
        them instead. It is then ignored for this wave.
    type: list
    elements: path
  path:
    description:
      - File to write, with mode 0600.
    type: path
    required: true
  private_copy:
    description:
      - When the wave is written to a new directory that only this account can read, instead of to O(path).
      - V(in_check_mode) is for later tasks in check mode, which need a wave. O(path) is not changed. RV(path) is the
        file of the wave, and RV(private_directory) is the directory to remove at the end.
    type: str
    choices: [never, in_check_mode, always]
    default: never
  directory:
    description:
      - Directory in which the run keeps the wave's baselines and notes. It is created if it does not exist, with mode
        0700. RV(pauses) and RV(half_made) show what was found in it.
    type: path
  make_directory:
    description:
      - Whether O(directory) is created. With V(false) it is only read, for example in check mode if O(path) is
        written nevertheless.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Create a wave from a CSV
  mailops.exchange_hybrid.wave_file:
    csv: "{{ playbook_dir }}/mailboxes.csv"
    path: "{{ offboarding_directory }}/wave.json"
    directory: "{{ offboarding_directory }}"

- name: Select one mailbox of it
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
  description: The directory that was created for O(private_copy), empty if there is none.
  returned: always
  type: str
check_mode:
  description:
    - Whether the task ran in check mode. The variable C(ansible_check_mode) shows only whether C(--check) was given,
      not whether C(check_mode) is set for the play, block or role.
  returned: always
  type: bool
notices:
  description: Notices about the wave, for example that it is empty.
  returned: always
  type: list
  elements: str
mailboxes:
  description: The wave's records, empty if there is no wave.
  returned: with O(state=read)
  type: list
  elements: dict
progress:
  description:
    - The last status of the wave's moves, as M(mailops.exchange_hybrid.move_progress) wrote it, with C(looks) and
      C(requests). Empty if there is none.
  returned: with O(state=read)
  type: dict
count:
  description: Number of mailboxes.
  returned: always
  type: int
pauses:
  description:
    - The notes in O(directory) of runs that paused directory synchronization; see
      M(mailops.exchange_hybrid.directory_sync). A note that exists at the beginning of a run was left by a killed run,
      or belongs to another wave.
  returned: always
  type: list
  elements: str
still_paused:
  description:
    - A sentence for each pause of directory synchronization that no run is going to end any more, because its
      C(ansible-playbook) has ended, or because it is this run's own. Each names the server, the run, since when, and
      the command that resumes the synchronization.
  returned: when O(state) is V(present) or V(released)
  type: list
  elements: str
half_made:
  description:
    - The mailboxes whose on-premises users a run left half made according to O(directory), as failed results; see
      M(mailops.exchange_hybrid.mailuser). Empty while another run is writing users.
  returned: when O(state) is V(present) or V(released)
  type: list
  elements: dict
  contains:
    identity:
      description: The mailbox as it was specified in that run.
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
    memory=True,
    wave=False,
    task={
        "state": {"type": "str", "choices": ["present", "released", "read"], "default": "present"},
        "run_id": {"type": "str"},
        "holder": {"type": "str", "default": ""},
        "csv": {"type": "path"},
        "mailboxes": {"type": "list", "elements": "raw"},
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
    required_if=[("state", "present", WAYS, True)],
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
