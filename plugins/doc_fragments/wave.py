# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  identity:
    description:
      - The mailbox - one of its SMTP addresses, its user principal name, or its ExchangeGuid.
      - Names and aliases are not accepted, because they may match more than one object.
      - Exactly one of O(identity), O(mailboxes) and O(mailboxes_file) is required.
    type: str
  mailboxes:
    description:
      - A wave - a list of records, each with C(identity) and any of this module's per-mailbox options.
      - An item can also be the identity alone, and a text has one or several of them, on lines or with commas or
        semicolons between them.
      - Options at the top level are the defaults of every record. Keys that the module does not use are passed on.
      - An empty list is allowed. Nothing happens in this case.
    type: list
    elements: raw
  mailboxes_file:
    description:
      - A wave as a JSON file of such records. It is read, and written back with what the module added.
        M(mailops.exchange_hybrid.wave_file) creates it.
      - Once a task has judged a mailbox, its record carries a checksum. A record that something else changed is refused
        (C(changed_record)).
      - Records of mailboxes that failed are removed from the file.
      - With a file, RV(ignore:results) has no entry for mailboxes that are C(unchanged) or C(skipped), unless they have
        warnings. RV(ignore:summary) counts them.
      - With a file, RV(ignore:results) has at most 250,000 characters, because AWX shows no result of more than
        700,000. Failures come first. RV(ignore:left_out) then counts the C(results) that were left out, and the
        C(failures) among them. All failures are in the file of that name with the suffix C(.failures), for
        M(mailops.exchange_hybrid.offboarding_report), and what was written is in the journal and in the records.
      - For thousands of mailboxes a file is several times faster than a variable.
    type: path
  on_error:
    description:
      - V(fail) processes the whole wave and then fails the task, with all results.
      - V(continue) processes the whole wave and succeeds. Failures are in RV(ignore:results).
      - V(stop) starts no further mailbox after the first failure. Mailboxes that were not started are C(skipped).
    type: str
    choices: [fail, continue, stop]
    default: fail
"""
