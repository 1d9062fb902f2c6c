# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in
      diff mode.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no
      change. This assumes that the system was not changed by anything else in the meantime.
"""

    READ_ONLY = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module only reads.
  diff_mode:
    support: N/A
    details:
      - This module only reads.
  idempotent:
    support: full
    details:
      - This module only reads.
"""

    FULL = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Everything is read and nothing is written. The cmdlets that would run are returned.
      - If a later task is given the records of an earlier one, it builds on what that one predicted in check mode.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

    SENDS = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - A read runs, and a write is returned and not sent.
  diff_mode:
    support: partial
    details:
      - The cmdlet is shown. What it changes is not known.
  idempotent:
    support: none
    details:
      - A write is sent each time, and is always a change.
"""

    ACTION = r"""
options: {}
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on
      the controller.
    support: full
    details:
      - The action plugin polls during a wait and shows the progress. Everything else runs on the host of the task.
  async:
    description: Supports being used with the C(async) keyword.
    support: none
    details:
      - A wait has its own time-out.
"""
