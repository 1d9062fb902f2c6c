# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: memory_copy
short_description: Copies the texts of a wave between files and PostgreSQL
description:
  - Copies everything that runs have written down in a directory - waves, baselines, journals, notes, reports - from
    files to a database or back, to the byte. Locks and leases of runs are left out.
  - A text is written whole or not at all, and texts that are already there are not written again, so a copy that was
    interrupted is completed by running the task again. At the end both sides are read again and compared.
  - Nothing is removed. A directory that a run is using is refused.
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
options:
  source:
    description:
      - The directory to copy.
    type: dict
    required: true
    suboptions:
      memory:
        description:
          - Address of the database, as for O(mailops.exchange_hybrid.memory_schema#module:memory). Without it, the
            texts are files.
        type: str
      directory:
        description:
          - Path of the directory. In a database, what the names of the texts begin with.
        type: path
        required: true
  destination:
    description:
      - The directory that gets the texts. On disk it is created if it does not exist, with mode 0700.
    type: dict
    required: true
    suboptions:
      memory:
        description:
          - Address of the database, as in O(source.memory). Without it, the texts become files.
        type: str
      directory:
        description:
          - Path of the directory. In a database, what the names of the texts begin with.
        type: path
        required: true
  force:
    description:
      - Whether texts in O(destination) that differ are replaced. Texts that are not in O(source) are kept, and a
        warning lists them.
      - With V(false), both are refused before anything is written.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - The names of the texts that were written.
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Copy a directory to the database
  mailops.exchange_hybrid.memory_copy:
    source:
      directory: /srv/offboarding
    destination:
      memory: postgresql://offboarding@db01.contoso.com/offboarding
      directory: berlin

- name: Copy it back to files
  mailops.exchange_hybrid.memory_copy:
    source:
      memory: postgresql://offboarding@db01.contoso.com/offboarding
      directory: berlin
    destination:
      directory: /srv/offboarding/back
"""

RETURN = r"""
changed:
  description: Whether a text was written, or would be in check mode.
  returned: always
  type: bool
texts:
  description: Number of texts in O(source).
  returned: success
  type: int
copied:
  description: How many of them were not in O(destination) before.
  returned: success
  type: int
replaced:
  description: How many of them differed there and were replaced.
  returned: success
  type: int
unchanged:
  description: How many of them were already there.
  returned: success
  type: int
digest:
  description: One digest of all texts and their names. It is the same for a copy and for a copy of the copy.
  returned: success
  type: str
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.memory_copy.memory_copy import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)

PLACE = {
    "type": "dict",
    "required": True,
    "options": {"memory": {"type": "str"}, "directory": {"type": "path", "required": True}},
}
ARGUMENTS = Arguments(
    wave=False,
    task={"source": PLACE, "destination": PLACE, "force": {"type": "bool", "default": False}},
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
