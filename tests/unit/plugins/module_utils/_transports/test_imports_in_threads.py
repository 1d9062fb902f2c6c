# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Libraries are imported by one thread at a time: pypsrp and requests, begun together, ended in an import deadlock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.hybrid import empty_hybrid
from lab.laboratory import Laboratory

OWNER = "EXCHANGE_ONLINE_"
PROGRAM = """
import json, sys
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import IMPORTS

seen = set()

class Guard:
    def find_spec(self, name, path=None, target=None):
        library = name.partition(".")[0]
        # With its first answer azure-core imports some more of its own, which needs nothing that is not there.
        if library in ("pypsrp", "winrm", "requests", "azure") and not name.startswith("azure.core.rest."):
            seen.add(library)
            if not IMPORTS._is_owned():
                print(f"{name} is imported without the lock")

sys.meta_path.insert(0, Guard())
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.%(package)s import organization
session = organization.from_options(json.loads(sys.stdin.read())).open()
try:
    print(len(session.run(Cmdlet("%(cmdlet)s")).objects) > 0, *sorted(seen))
finally:
    session.close()
"""


def wsman(laboratory: Laboratory, system: str) -> dict[str, Any]:
    account, listener = laboratory.hybrid.exchange_server_account, laboratory.listeners[system]
    scheme, username = listener.sign_in(account)
    where = {"host": "localhost", "port": laboratory.port(system), "use_tls": listener.tls}
    return {**where, "username": username, "password": account.password, "auth": scheme}


def tenant(laboratory: Laboratory) -> dict[str, Any]:
    environment = laboratory.environment()
    names = ("tenant_id", "client_id", "client_secret", "base_url", "authority")
    return {name: environment[OWNER + name.upper()] for name in names}


@pytest.mark.parametrize(
    ("system", "cmdlet", "libraries"),
    [
        ("exchange_server", "Get-MailboxDatabase", ["pypsrp", "requests"]),
        ("exchange_online", "Get-AcceptedDomain", ["azure", "requests"]),
        ("entra_connect", "Get-ADSyncScheduler", ["requests", "winrm"]),
    ],
)
def test_every_library_is_imported_under_the_lock(
    tmp_path: Path, system: str, cmdlet: str, libraries: list[str]
) -> None:
    with Laboratory(empty_hybrid(), tmp_path) as laboratory:
        options = tenant(laboratory) if system == "exchange_online" else wsman(laboratory, system)
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM % {"package": system, "cmdlet": cmdlet}],
            input=json.dumps({**options, "ca_file": str(laboratory.directory / "ca.pem")}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.stdout.split() == ["True", *libraries], ran.stdout + ran.stderr
