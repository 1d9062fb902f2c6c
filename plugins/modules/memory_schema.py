# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: memory_schema
short_description: Creates and upgrades the tables of a memory in PostgreSQL
description:
  - Creates the tables in which runs on several machines keep their waves, baselines, journals and notes, and upgrades
    those of an older version of the collection, in one transaction. Tables of a newer version are refused.
  - It is run once by the role that owns the database, and again after an update of the collection. Runs use another
    role; its grants are in the collection's page C(docs/memory.md).
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
extends_documentation_fragment:
  - mailops.exchange_hybrid.attributes
options:
  memory:
    description:
      - Address of the database, C(postgresql://role@host/database?option=value) with the options of libpq. The
        certificate and the name of the server are verified unless O(memory) has another C(sslmode).
      - A password in it is refused. Use the environment variables E(PGPASSWORD) or E(PGPASSFILE), or a service file
        (E(PGSERVICEFILE)). E(PGSSLROOTCERT) is the file with the authority that issued the server's certificate.
      - If not set, the value of the environment variable E(OFFBOARDING_MEMORY) is used.
    type: str
    required: true
  state:
    description:
      - V(present) creates or upgrades the tables.
      - V(checked) changes nothing. It fails if the tables are missing or have another version than the collection
        needs, or if the role lacks a grant that runs need.
    type: str
    choices: [present, checked]
    default: present
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
requirements:
  - psycopg >= 3.2
"""

EXAMPLES = r"""
- name: Create the tables
  mailops.exchange_hybrid.memory_schema:
    memory: postgresql://offboarding_owner@db01.contoso.com/offboarding

- name: Check that runs can use them
  mailops.exchange_hybrid.memory_schema:
    memory: postgresql://offboarding@db01.contoso.com/offboarding
    state: checked
"""

RETURN = r"""
changed:
  description: Whether tables were created or upgraded, or would be in check mode.
  returned: always
  type: bool
version_before:
  description: The version of the tables before the task, 0 if there were none.
  returned: success
  type: int
version:
  description: The version of the tables after the task, in check mode the one that they would have.
  returned: success
  type: int
server_version:
  description: The version of the database server.
  returned: success
  type: str
texts:
  description: Number of texts in the tables before the task.
  returned: success
  type: int
lines:
  description: Number of lines in them that were added to texts.
  returned: success
  type: int
"""

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.memory_schema import work
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.blanks import from_environment
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.hybrid_module import (
    Arguments,
    HybridModule,
)

ARGUMENTS = Arguments(
    wave=False,
    task={
        "memory": {"type": "str", "required": True, "fallback": (from_environment, ["OFFBOARDING_MEMORY"])},
        "state": {"type": "str", "choices": ["present", "checked"], "default": "present"},
    },
)


def main() -> None:
    module = HybridModule(ARGUMENTS)
    module.run(work)


if __name__ == "__main__":
    main()
