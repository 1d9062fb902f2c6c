# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  memory:
    description:
      - Where runs write down what a later task or run has to find again, as the address of a PostgreSQL database, for
        example V(postgresql://offboarding@db01.contoso.com/offboarding). The module
        M(mailops.exchange_hybrid.memory_schema) creates its tables.
      - If it is a database, options such as C(directory), C(mailboxes_file) and C(journal) are names in it instead of
        paths, for example V(offboarding/wave.json). An absolute path of C(mailboxes_file) or C(journal) is still that
        of a file.
      - It must not contain a password. Set E(PGPASSFILE), E(PGPASSWORD) or E(PGSERVICEFILE), or use certificates or
        Kerberos. Requires psycopg 3 in the Python that runs the module.
      - If not set, the value of the environment variable E(OFFBOARDING_MEMORY) is used. By default, everything is kept
        in files.
    type: str
"""
