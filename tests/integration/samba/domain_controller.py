# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Active Directory domain controller (Samba) for contoso.local, on a loopback address of its own.

Its realm is CONTOSO.LOCAL, while user principal names end in contoso.com: the usual case of a hybrid organization.
Everything lives in one directory. It listens on 127.x.y.z alone, serves LDAP and Kerberos and nothing else, and
registers nowhere.
"""

from __future__ import annotations

import json
import os
import random
import socket
import ssl
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import trustme

from tests.integration.samba.available import program

HERE = Path(__file__).resolve().parent
HOST, REALM = "dc01.contoso.local", "CONTOSO.LOCAL"
PASSWORD = "Lab!Pw-Dc1-x9"
LOCKOUT = 4  # wrong passwords lock an account
START_SECONDS = 60.0
KERBEROS_PORT = 10088
_KRB5_CONF = """\
[libdefaults]
  default_realm = CONTOSO.LOCAL
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  CONTOSO.LOCAL = {{
    kdc = {address}:{port}
  }}
"""


class DomainController:
    """``address`` is where it listens: 389 (LDAP), 636 (LDAPS), KERBEROS_PORT."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        # Another run on this machine has another address: all of 127/8 is loopback.
        self.address = ".".join(["127", *(str(random.randint(16, 250)) for _part in range(3))])
        self.ca_file = directory / "ca.pem"
        self.kerberos_configuration = directory / "krb5.conf"
        self._configuration = directory / "dc" / "etc" / "smb.conf"
        self._process: subprocess.Popen[bytes] | None = None

    def provision(self, people: Sequence[dict[str, Any]]) -> None:
        """Make the domain and put people into it. Raises RuntimeError with what Samba says."""
        self._run(
            program("samba-tool"), "domain", "provision", f"--realm={REALM}", "--domain=CONTOSO",
            "--server-role=dc", "--dns-backend=NONE", f"--adminpass={PASSWORD}", "--host-name=dc01",
            f"--host-ip={self.address}", f"--targetdir={self.directory / 'dc'}",
            f"--option=interfaces={self.address}/8", "--option=bind interfaces only=yes",
        )  # fmt: skip
        database = str(self.directory / "dc" / "private" / "sam.ldb")
        populate = str(HERE / "populate.py")
        self._run(
            "/usr/bin/python3", populate, str(self._configuration), database, str(LOCKOUT),
            given=json.dumps(list(people)),
        )  # fmt: skip
        self._run(
            program("samba-tool"), "spn", "add", f"ldap/{HOST}", "DC01$", f"--URL={database}",
            f"--configfile={self._configuration}",
        )  # fmt: skip
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        issued = authority.issue_cert(HOST, self.address)
        issued.private_key_pem.write_to_path(self.directory / "key.pem")
        issued.cert_chain_pems[0].write_to_path(self.directory / "cert.pem")
        # Samba refuses a key that others may read.
        (self.directory / "key.pem").chmod(0o600)
        text = _KRB5_CONF.format(address=self.address, port=KERBEROS_PORT)
        self.kerberos_configuration.write_text(text, encoding="utf-8")

    def add_people(self, people: Sequence[dict[str, Any]]) -> None:
        """Add people to the domain while it runs. Raises RuntimeError with what Samba says."""
        database = str(self.directory / "dc" / "private" / "sam.ldb")
        given = json.dumps(list(people))
        self._run("/usr/bin/python3", str(HERE / "populate.py"), str(self._configuration), database, given=given)

    def second_domain(self, change: str) -> None:
        """Let the forest have a second domain or not: ``add-domain`` or ``remove-domain``. Raises RuntimeError."""
        database = str(self.directory / "dc" / "private" / "sam.ldb")
        self._run("/usr/bin/python3", str(HERE / "populate.py"), str(self._configuration), database, change)

    def start(self) -> None:
        """Serve. Raises RuntimeError where no LDAPS comes up."""
        state = self.directory / "dc" / "state"
        options = {
            "server services": "ldap,kdc", "log file": str(self.directory / "samba.log"), "pid directory": str(state),
            "ncalrpc dir": str(state / "ncalrpc"), "krb5 port": str(KERBEROS_PORT), "kpasswd port": "10464",
            "tls cafile": str(self.ca_file), "tls certfile": str(self.directory / "cert.pem"),
            "tls keyfile": str(self.directory / "key.pem"),
        }  # fmt: skip
        given = [f"--option={name}={value}" for name, value in options.items()]
        self._process = subprocess.Popen(
            [program("samba"), "--foreground", "--no-process-group", "--model=single",
             f"--configfile={self._configuration}", *given],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._serves():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self.directory / "samba.log"
                raise RuntimeError(f"Samba did not come up:\n{log.read_text() if log.exists() else ''}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=START_SECONDS)
            self._process = None

    def _serves(self) -> bool:
        """Tell whether LDAPS and the KDC take connections; one attempt takes its while."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        try:
            with (
                socket.create_connection((self.address, KERBEROS_PORT), timeout=1),
                socket.create_connection((self.address, 636), timeout=1) as plain,
                context.wrap_socket(plain, server_hostname=self.address),
            ):
                return True
        except OSError:
            # Refused at once while nothing listens: a select on nothing is this loop's pause.
            if self._process is not None:
                try:
                    self._process.wait(timeout=0.2)
                except subprocess.TimeoutExpired:
                    return False
            return False

    def _run(self, *command: str, given: str = "") -> None:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(self.directory)}
        done = subprocess.run(command, input=given, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
