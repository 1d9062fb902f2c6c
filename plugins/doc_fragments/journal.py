# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  journal:
    description:
      - A file to which every write is appended as JSON lines, before it is sent and again when it is answered. Secrets
        are masked, and existing lines are never changed.
      - The file is created with mode 0600. Its directory must exist. A journal that cannot be written is refused before
        any system is contacted.
      - Tasks and runs can share a file on a local file system. On a network file system, lines that are appended at the
        same time may be mixed.
      - Without it, no journal is written. V(false) turns off the journal of the environment. Check mode never writes a
        journal.
      - If not set, the value of the environment variable E(OFFBOARDING_JOURNAL) is used.
    type: path
  journal_run_id:
    description:
      - The name of the run in the lines of O(journal). It connects the lines of several tasks.
      - If not set, the value of the environment variable E(OFFBOARDING_RUN_ID) is used, otherwise a new name for this
        task only.
    type: str
  journal_host:
    description:
      - The C(host) in the lines of O(journal), for example C(inventory_hostname) if hosts are waves.
      - Defaults to the name of the machine on which the module runs.
    type: str
"""
