# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: offboarding_report
short_description: Writes the report of a wave as one HTML file
description:
  - Brings together what the other modules left in files - the wave, the readiness report, the progress of the moves and
    the journal - and the failures of the run, and writes one HTML file. It connects to nothing.
  - The page says how many mailboxes are home, moving, waiting and failed, what failed and what to do, what the
    readiness report found with its remedies, how far each mailbox is, and what was run when.
  - The file needs no network and no other file. It can be read on a phone, on paper, in light and dark; only the list
    of mailboxes needs JavaScript.
  - What is missing is said in the report and never taken for good. Lines of the journal that cannot be read, as a power
    cut leaves them, are counted and left out.
  - The page holds addresses, names and messages of a wave, no secrets; cmdlets stand in it by name alone.
version_added: 0.1.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
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
      - A report that differs only in the time when it was made is left as it is.
options:
  path:
    description:
      - File to write, mode 0600, in an existing directory. It is replaced as a whole or not at all.
    type: path
    required: true
  title:
    description:
      - Heading of the report.
    type: str
    default: Mailbox offboarding
  mailboxes:
    description:
      - The mailboxes of the wave, as records.
      - Exactly one of O(mailboxes) and O(mailboxes_file) is needed.
    type: list
    elements: dict
  mailboxes_file:
    description:
      - The mailboxes as a JSON file of records; it is only read.
      - Mailboxes that failed have left this file. They are in the report if O(failures) names them.
    type: path
  failures:
    description:
      - Results of the mailboxes that failed, each with C(identity) and C(error), as every module returns them and as
        the role C(mailbox_offboarding) keeps them in C(offboarding_result.failures).
      - Without this option the report says that nobody handed it any; an empty list says that nothing failed.
    type: list
    elements: dict
  error:
    description:
      - Why the run did not come to its end. The report then says so, and names every mailbox that is unfinished.
    type: str
    default: ""
  directory:
    description:
      - Directory of the wave. C(readiness.json) is read from it, as
        O(mailops.exchange_hybrid.offboarding_readiness#module:report_directory) writes it.
    type: path
  journal:
    description:
      - The journal. By default C(journal.jsonl) in O(directory); an empty text says that there is none.
      - Runs that name mailboxes, and none of this wave, are counted and not shown.
    type: path
  progress_file:
    description:
      - The progress of the moves. By default O(mailboxes_file) with C(.progress) behind it.
    type: path
"""

EXAMPLES = r"""
- name: Write the report of a wave
  mailops.exchange_hybrid.offboarding_report:
    path: /srv/offboarding/report.html
    title: "Mailbox offboarding: wave 1"
    mailboxes_file: /srv/offboarding/wave.json
    directory: /srv/offboarding

- name: Read two cloud mailboxes
  mailops.exchange_hybrid.mailbox_info:
    mailboxes:
      - identity: ann@contoso.com
      - identity: nobody@contoso.com
    on_error: continue
  register: cloud

- name: Report on a list, with what failed
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
  description: The report.
  returned: always
  type: str
  sample: /srv/offboarding/report.html
size:
  description: Size of the report in bytes.
  returned: always
  type: int
  sample: 214016
summary:
  description: Number of mailboxes that are C(failed), C(waiting), C(moving) and C(home).
  returned: always
  type: dict
  sample: {failed: 2, waiting: 11, moving: 20, home: 27}
severities:
  description: Number of findings that stand, by severity; all zero where no readiness report was taken.
  returned: always
  type: dict
  sample: {blocker: 7, warning: 3, info: 12, not_checked: 20}
missing:
  description: What the report could not be made from, C(readiness), C(journal) or C(progress).
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
    wave=False,
    task={
        "path": {"type": "path", "required": True},
        "title": {"type": "str", "default": "Mailbox offboarding"},
        "mailboxes": {"type": "list", "elements": "dict"},
        "mailboxes_file": {"type": "path"},
        "failures": {"type": "list", "elements": "dict"},
        "error": {"type": "str", "default": ""},
        "directory": {"type": "path"},
        "journal": {"type": "path"},
        "progress_file": {"type": "path"},
    },
    mutually_exclusive=[("mailboxes", "mailboxes_file")],
    required_one_of=[("mailboxes", "mailboxes_file")],
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
