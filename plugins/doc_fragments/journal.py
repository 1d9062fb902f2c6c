# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  journal:
    description:
      - A file to which every write is appended as JSON lines - before it is sent, and once it is answered. Secrets are
        masked, and lines that stand there are never changed.
      - The file is created with mode 0600; its directory has to exist. A journal that cannot be written is refused
        before anything is contacted.
      - Tasks and runs may share a file, on a file system of that machine. Network file systems mix lines that are
        appended at the same time.
      - Without it, or if it is empty, nothing is journalled. Check mode never writes a journal.
      - If not set, the value of the environment variable E(OFFBOARDING_JOURNAL) is used.
    type: path
  journal_run_id:
    description:
      - The name of the run in the lines of O(journal), by which those of several tasks belong together.
      - If not set, the value of the environment variable E(OFFBOARDING_RUN_ID) is used, else a fresh name for this
        task alone.
    type: str
  journal_host:
    description:
      - The C(host) in the lines of O(journal), C(inventory_hostname) for example where hosts are waves.
      - By default the name of the machine on which the module runs.
    type: str
"""
