# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and tell what it would do, without writing anything.
  diff_mode:
    description: Returns what is changed, before and after.
  idempotent:
    description: Running it twice in a row without other changes in between changes nothing the second time.
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
      - Everything is read and nothing is written; the cmdlets that would run are returned.
      - A later task plans on what an earlier one of the same preview predicted, if it is given that one's records.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

    ACTION = r"""
options: {}
attributes:
  action:
    description: An action plugin on the controller does part of the work.
    support: full
    details:
      - It repeats looks during a wait and shows the progress. Everything else runs where the task runs.
  async:
    description: Can be used with the C(async) property of a task.
    support: none
    details:
      - A wait has a time-out of its own.
"""
