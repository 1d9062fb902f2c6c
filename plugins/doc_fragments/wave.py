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
      - Names and aliases are no identity, because they may mean more than one object.
      - Exactly one of O(identity), O(mailboxes) and O(mailboxes_file) is needed.
    type: str
  mailboxes:
    description:
      - A wave - a list of records, each with C(identity) and any of this module's options for one mailbox.
      - Options at the top level are the defaults of every record. Keys that the module does not use are handed on.
      - An empty list is no error; nothing happens.
    type: list
    elements: dict
  mailboxes_file:
    description:
      - A wave as a JSON file of such records, read and written back enriched; M(mailops.exchange_hybrid.wave_file)
        makes it.
      - Records of mailboxes that failed are taken out of the file.
      - RV(ignore:results) then has no entry for mailboxes that are C(unchanged) or C(skipped), unless they have
        warnings; RV(ignore:summary) counts them.
      - For thousands of mailboxes a file is several times faster than a variable.
    type: path
  on_error:
    description:
      - V(fail) works on the whole wave and then fails the task, with all results.
      - V(continue) succeeds and leaves the judgement to RV(ignore:results).
      - V(stop) begins no further mailbox after the first failure; those not begun are C(skipped).
    type: str
    choices: [fail, continue, stop]
    default: fail
"""
