# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: mailbox_waves
short_description: Makes hosts that are waves of mailboxes
version_added: 1.0.0
author: The mailops.exchange_hybrid contributors (@mailops)
description:
  - Divides the mailboxes of a CSV file, or of a recipient filter of Exchange Online, into waves. Each wave is an
    inventory host, so that C(serial), C(max_fail_percentage), C(--limit), retry files and job slices work on waves.
  - Each host has C(mailbox_count), and C(mailboxes_file), the JSON file of its mailboxes, which the role
    R(mailops.exchange_hybrid.mailbox_offboarding, ansible_collections.mailops.exchange_hybrid.mailbox_offboarding_role)
    uses. Tasks of the host run on the controller, with the controller's own Python.
  - All waves are in the group C(mailbox_waves); waves by database, site or column are also in a group with that name.
  - The same CSV gives the same waves. So does the same filter, because its answer is kept in O(directory)
    until O(refresh=true).
  - The configuration file's name must end in C(mailbox_waves.yml) or C(mailbox_waves.yaml).
options:
  plugin:
    description: Name of this plugin.
    type: str
    required: true
    choices: [mailops.exchange_hybrid.mailbox_waves]
  csv:
    description:
      - CSV file of mailboxes, with the columns of M(mailops.exchange_hybrid.wave_file). A relative path is relative to
        the configuration file.
      - One of O(csv) and O(filter) is required.
    type: str
  delimiter:
    description: Delimiter of O(csv).
    type: str
    default: ","
  filter:
    description:
      - Recipient filter of C(Get-Mailbox) in Exchange Online, for example C(CustomAttribute1 -eq 'Berlin').
    type: str
  refresh:
    description: Whether O(filter) is queried again even if an answer of an earlier run is kept.
    type: bool
    default: false
  directory:
    description:
      - Directory for the waves' files, with mode 0600 each. It is created if it does not exist. A relative path is
        relative to the configuration file.
      - It can be the role's C(offboarding_directory).
    type: str
    required: true
  memory:
    description:
      - Address of a PostgreSQL database in which the waves are kept instead of files, as described in
        M(mailops.exchange_hybrid.wave_file). O(directory) is then a name in it, for example V(offboarding).
    type: str
    env:
      - name: OFFBOARDING_MEMORY
  by:
    description:
      - How waves are formed. V(size) divides the list in its order.
      - V(database), V(site) and V(wave) put mailboxes with the same C(remote_target_database), C(site) or C(wave) into
        one wave, or into several if there are more than O(size). They require O(csv).
    type: str
    choices: [size, database, site, wave]
    default: size
  size:
    description: Maximum number of mailboxes in a wave.
    type: int
    default: 500
  exchange_online:
    description:
      - How to connect to Exchange Online for O(filter), as described in M(mailops.exchange_hybrid.mailbox_info).
        Suboptions that are not set are taken from the same environment variables. Set secrets there.
    type: dict
    default: {}
"""

EXAMPLES = r"""
# berlin.mailbox_waves.yml: waves of 200 mailboxes
plugin: mailops.exchange_hybrid.mailbox_waves
csv: berlin.csv
directory: /srv/offboarding
size: 200

# ansible-playbook -i berlin.mailbox_waves.yml mailops.exchange_hybrid.offboard -e offboarding_hosts=mailbox_waves \
#   -e offboarding_directory=/srv/offboarding -e '{"offboarding_serial": [1, "10%", "100%"]}' --limit 'wave_00*'

---
# by_site.mailbox_waves.yml: hosts wave_berlin, wave_paris_001 ... in the groups site_berlin, site_paris ...
plugin: mailops.exchange_hybrid.mailbox_waves
csv: all.csv
directory: /srv/offboarding
by: site

---
# pilot.mailbox_waves.yml: the mailboxes with this attribute in Exchange Online
plugin: mailops.exchange_hybrid.mailbox_waves
filter: CustomAttribute1 -eq 'pilot'
directory: /srv/offboarding
"""

import contextlib
import os
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils import _values
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.opening import open_memory, refuse_path
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.blanks import without_blanks
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import (
    CONNECTIONS,
    options_of,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_online
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import csv_input
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave import files as wave_files
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.split import Wave, divided

GROUP = "mailbox_waves"
KEPT = "recipients.json"
# Exchange Online answers these kinds to Get-Mailbox, and they can be brought home.
KINDS = ["UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"]
PYTHON = "{{ ansible_playbook_python }}"


class InventoryModule(BaseInventoryPlugin):
    NAME = "mailops.exchange_hybrid.mailbox_waves"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith(("mailbox_waves.yml", "mailbox_waves.yaml"))

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Set the options of the configuration file that are not blank."""
        super().set_options(task_keys=task_keys, var_options=var_options, direct=without_blanks(direct or {}, {}))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        directory = self.get_option("directory")
        try:
            memory_url = str(self.get_option("memory") or "").strip()
            self.memory = open_memory(memory_url)
            # The process lives as long as the playbook: a connection would be held, unused, for hours.
            with contextlib.closing(self.memory):
                refuse_path(self.memory, "directory", directory)
                if not memory_url:
                    directory = self._path("directory", path)
                self._divide(path, directory)
        except HybridError as error:
            raise AnsibleParserError(f"{path}: {error.message}") from error
        except OSError as error:
            raise AnsibleParserError(f"{path}: directory: {error.strerror}: '{directory}'") from error

    def _divide(self, path: str, directory: str) -> None:
        self.memory.make_folder(directory)
        for wave in divided(self._records(path, directory), self.get_option("by"), self.get_option("size")):
            self._add(wave, directory)

    def _path(self, option: str, config: str) -> str:
        folder = os.path.dirname(os.path.abspath(config))
        return os.path.normpath(os.path.join(folder, os.path.expanduser(self.get_option(option))))

    def _records(self, path: str, directory: str) -> list[Record]:
        csv, wanted, by = self.get_option("csv"), self.get_option("filter"), self.get_option("by")
        if bool(csv) == bool(wanted):
            raise InputError("csv, filter", None, "are both set, or both missing", "Specify one of them.")
        if csv:
            return csv_input.from_csv(self._path("csv", path), self.get_option("delimiter"))
        if by != "size":
            raise InputError("by", by, "requires a column, and only a CSV has columns", "Set csv, or leave by out.")
        kept = os.path.join(directory, KEPT)
        if self.get_option("refresh") or not self.memory.exists(kept):
            wave_files.save(self.memory, kept, self._recipients(wanted), "directory")
        return wave_files.load(self.memory, kept)

    def _recipients(self, wanted: str) -> list[Record]:
        given = _connection(self.get_option("exchange_online"))
        with Connections({EXCHANGE_ONLINE: given}, [exchange_online.SYSTEM]) as connections:
            connections.require(EXCHANGE_ONLINE)
            query = {"Filter": wanted, "RecipientTypeDetails": KINDS, "ResultSize": "Unlimited"}
            found = connections.run(EXCHANGE_ONLINE, Cmdlet("Get-Mailbox", query)).objects
        records = [{"identity": str(item["PrimarySmtpAddress"])} for item in found]
        return sorted(records, key=lambda record: _values.folded(record["identity"]))

    def _add(self, wave: Wave, directory: str) -> None:
        path = os.path.join(directory, f"{wave.name}.json")
        csv_input.write(self.memory, path, list(wave.records), check=False)
        group = self.inventory.add_group(GROUP)
        if wave.group:
            child = self.inventory.add_group(wave.group)
            self.inventory.add_child(group, child)
            group = child
        self.inventory.add_host(wave.name, group=group)
        variables = {
            "mailboxes_file": _trusted(path),
            "mailbox_count": len(wave.records),
            "ansible_connection": _trusted("local"),
            # Interpreter discovery would take another Python, in which the libraries are missing.
            "ansible_python_interpreter": _trusted(PYTHON),
        }
        for name, value in variables.items():
            self.inventory.set_variable(wave.name, name, value)


def _connection(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the connection to Exchange Online, as a module takes them: the environment fills gaps."""
    spec = {EXCHANGE_ONLINE: CONNECTIONS[EXCHANGE_ONLINE]}
    options: dict[str, Any] = options_of(EXCHANGE_ONLINE, spec, {EXCHANGE_ONLINE: given})[EXCHANGE_ONLINE]
    return options


def _trusted(template: str) -> str:
    """Return a text that Ansible renders: from 2.19 on it does so only for texts that are marked as trusted.

    In the JSON of ansible-inventory, which controllers import, any other one is a dictionary with ``__ansible_unsafe``.
    """
    try:
        from ansible.template import trust_as_template
    except ImportError:
        return template
    marked: str = trust_as_template(template)
    return marked
