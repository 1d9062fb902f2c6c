# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: offboarding_report
short_description: Writes the report of a wave as one HTML file
description:
  - Combines what the other modules wrote to files - the wave, the readiness report, the progress of the moves and the
    journal - with the failures of the run, and writes one HTML file. It does not connect to any system.
  - The page shows how many mailboxes are home, moving, waiting and failed, what failed and what to do, the findings of
    the readiness report with their remedies, how far each mailbox is, and what was run when.
  - The file needs no network and no other file. It can be read on a phone and on paper, and has a light and a dark
    theme. Only the list of mailboxes needs JavaScript.
  - Missing input is reported as missing, never counted as a success. Lines of the journal that cannot be read, for
    example after a power failure, are counted and left out.
  - The page contains addresses, names and messages of a wave, but no secrets. Cmdlets are shown by name only.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
  - mailops.exchange_hybrid.memory
attributes:
  check_mode:
    support: full
    details:
      - Everything is read, and no file is written.
  diff_mode:
    support: full
    details:
      - The diff has one line for each mailbox, failure and finding.
  idempotent:
    support: full
    details:
      - A report that differs only in its creation time is not changed.
options:
  path:
    description:
      - File to write, with mode 0600, in an existing directory. It is replaced atomically.
      - Without it, nothing is written, and RV(standings) and the other return values are those of the report.
    type: path
  title:
    description:
      - Heading of the report.
    type: str
    default: Mailbox offboarding
  mailboxes:
    description:
      - The mailboxes of the wave, as records.
      - Exactly one of O(mailboxes), O(mailboxes_file) and O(all_waves) is required.
    type: list
    elements: dict
  mailboxes_file:
    description:
      - The mailboxes as a JSON file of records. It is only read.
      - Failed mailboxes have been removed from this file. They are in the report if O(failures) contains them.
    type: path
  all_waves:
    description:
      - Whether the report is about all waves that runs have written down in O(directory), with what failed in each.
        Slices of a job have a wave each, whichever machine they ran on.
      - If a mailbox is in several waves, what was written last counts.
    type: bool
  failures:
    description:
      - Results of the failed mailboxes, each with C(identity) and C(error), as every module returns them and as the
        role C(mailbox_offboarding) provides them in C(offboarding_result.failures).
      - Without this option, the report says that failures are not known. An empty list means that nothing failed.
    type: list
    elements: dict
  error:
    description:
      - Why the run did not finish. The report then says so, and lists every unfinished mailbox.
    type: str
    default: ""
  directory:
    description:
      - Directory of the wave. C(readiness.json) is read from it, as
        O(mailops.exchange_hybrid.offboarding_readiness#module:report_directory) writes it.
    type: path
  journal:
    description:
      - The journal. Defaults to C(journal.jsonl) in O(directory). V(false) means that there is none.
      - Runs with mailboxes of which none is in this wave are counted, but not shown.
    type: path
  progress_file:
    description:
      - The progress of the moves. Defaults to O(mailboxes_file) with C(.progress) appended.
    type: path
"""

EXAMPLES = r"""
- name: Write the report of a wave
  mailops.exchange_hybrid.offboarding_report:
    path: /srv/offboarding/report.html
    title: "Mailbox offboarding: wave 1"
    mailboxes_file: /srv/offboarding/wave.json
    directory: /srv/offboarding

- name: Write one report about all slices of a job
  mailops.exchange_hybrid.offboarding_report:
    path: /srv/offboarding/all.html
    all_waves: true
    directory: /srv/offboarding

- name: Read two cloud mailboxes
  mailops.exchange_hybrid.mailbox_info:
    mailboxes:
      - identity: ann@contoso.com
      - identity: nobody@contoso.com
    on_error: continue
  register: cloud

- name: Write the report of a list, with what failed
  mailops.exchange_hybrid.offboarding_report:
    path: /srv/offboarding/reading.html
    mailboxes: "{{ cloud.mailboxes }}"
    failures: "{{ cloud.results | selectattr('status', 'equalto', 'failed') }}"
"""

RETURN = r"""
changed:
  description: Whether the file was written, or would be in check mode.
  returned: always
  type: bool
path:
  description: The report, an empty string without O(path).
  returned: always
  type: str
  sample: /srv/offboarding/report.html
size:
  description: Size of the report in bytes, 0 without O(path).
  returned: always
  type: int
  sample: 214016
summary:
  description: Number of mailboxes that are C(failed), C(waiting), C(moving) and C(home).
  returned: always
  type: dict
  sample: {failed: 2, waiting: 11, moving: 20, home: 27}
waves:
  description:
    - The waves of O(directory), each with the number of its mailboxes that are C(failed), C(waiting), C(moving) and
      C(home), and how far its moves were when a run last polled them.
  returned: always, empty without O(all_waves)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the wave, as its files begin.
      returned: always
      type: str
    summary:
      description: Number of mailboxes for each word that counts any.
      returned: always
      type: dict
    looked_at:
      description: When a run last polled its moves, UTC. An empty string if none has.
      returned: always
      type: str
    moves:
      description:
        - How far the moves were then, in one line, as M(mailops.exchange_hybrid.move_progress) tells it. Mailboxes that
          failed have left the wave. An empty string if no run has looked.
      returned: always
      type: str
  sample:
    - name: wave_berlin-1f3870be
      summary: {failed: 1, home: 5, moving: 3}
      looked_at: '2026-11-25T22:00:00Z'
      moves: '8 mailboxes: 3 InProgress, 5 home; 48 %, 3.1 GB of 6.4 GB'
failures:
  description: The failures of all waves, as far as there is room for them.
  returned: always, empty without O(all_waves)
  type: list
  elements: dict
still_paused:
  description: A sentence for each pause of directory synchronization in O(directory) that no run is going to end any
    more, with the command that resumes it.
  returned: always, empty without O(all_waves)
  type: list
  elements: str
half_made:
  description: On-premises users in O(directory) that a run has left half made, each with C(identity) and C(error).
  returned: always, empty without O(all_waves)
  type: list
  elements: dict
standings:
  description: Number of mailboxes by what the report says of them, in its words, those that are home first.
  returned: always
  type: dict
  sample: {Home: 27, Copying: 20, Ready for cutover: 11, Failed: 2}
severities:
  description: Number of findings that were not accepted, by severity. All are zero without a readiness report.
  returned: always
  type: dict
  sample: {blocker: 7, warning: 3, info: 12, not_checked: 20}
missing:
  description: Missing input of the report, C(readiness), C(journal) or C(progress).
  returned: always
  type: list
  elements: str
  sample: [progress]
damaged_lines:
  description: Number of lines of the journal that could not be read.
  returned: always
  type: int
  sample: 0
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.task import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)

ARGUMENTS = Arguments(
    memory=True,
    wave=False,
    task={
        "path": {"type": "path"},
        "title": {"type": "str", "default": "Mailbox offboarding"},
        "mailboxes": {"type": "list", "elements": "dict"},
        "mailboxes_file": {"type": "path"},
        "all_waves": {"type": "bool"},
        "failures": {"type": "list", "elements": "dict"},
        "error": {"type": "str", "default": ""},
        "directory": {"type": "path"},
        "journal": {"type": "path"},
        "progress_file": {"type": "path"},
    },
    mutually_exclusive=[("mailboxes", "mailboxes_file", "all_waves")],
    required_one_of=[("mailboxes", "mailboxes_file", "all_waves")],
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
