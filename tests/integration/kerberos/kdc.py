# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real key distribution centre (MIT krb5) on loopback: its realm, principals and keytabs live in one directory."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from tests.integration.kerberos.available import program

REALM = "CONTOSO.COM"
START_SECONDS = 20.0
ATTEMPTS = 5
SKEW_MINUTES = 20  # Kerberos bears five

_KRB5_CONF = """\
[libdefaults]
  default_realm = {realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
  default_keytab_name = FILE:{directory}/services.keytab
  {more}
[realms]
  {realm} = {{
    kdc = 127.0.0.1:{port}
  }}
[domain_realm]
  .contoso.com = {realm}
"""
_KDC_CONF = """\
[realms]
  {realm} = {{
    database_name = {directory}/principal
    key_stash_file = {directory}/stash
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
    default_principal_flags = +preauth
  }}
[logging]
  kdc = FILE:{directory}/kdc.log
"""


class Kdc:
    """The realm CONTOSO.COM. ``start`` makes it; ``stop`` ends its processes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []
        self._port = 0

    def start(self) -> None:
        """Create the database and serve it. Raises RuntimeError where no KDC comes up."""
        self._port = self._serve("kdc.conf")
        self._write_client("krb5.conf", self._port)

    def stop(self) -> None:
        for process in self._processes:
            _terminate(process)
        self._processes.clear()

    def environment(self, configuration: str = "krb5.conf") -> dict[str, str]:
        """Return what leads a process to this realm, without a ticket."""
        return {
            "KRB5_CONFIG": str(self.directory / configuration),
            "KRB5CCNAME": f"FILE:{self.directory}/no-tickets",
        }

    def add_account(self, name: str, password: str) -> None:
        self._administer(f"addprinc -pw {password} {name}")

    def lock_account(self, name: str) -> None:
        self._administer(f"modprinc -allow_tix {name}")

    def expire_password(self, name: str) -> None:
        self._administer(f'modprinc -pwexpire "2020-01-01 00:00:00 UTC" {name}')

    def add_service(self, name: str) -> None:
        """Register a service principal name, with its key in the keytab that acceptors use."""
        self._administer(f"addprinc -randkey {name}")
        self._administer(f"ktadd -k {self.directory}/services.keytab {name}")

    def ticket(self, name: str, path: Path) -> str:
        """Obtain a ticket by the account's keytab, as a scheduled job does; return the name of its cache."""
        keytab = f"{path}.keytab"
        self._administer(f"ktadd -norandkey -k {keytab} {name}")
        cache = f"FILE:{path}"
        environment = {**os.environ, **self.environment()}
        command = [program("kinit"), "-k", "-t", keytab, "-c", cache, name]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
        return cache

    def serve_with_wrong_clock(self) -> str:
        """Serve the same realm from a machine whose clock is wrong; return the client configuration that leads there.

        The client takes the KDC's word for the time unless kdc_timesync is off.
        """
        port = self._serve("kdc-skewed.conf", "faketime", "-f", f"+{SKEW_MINUTES}m")
        self._write_client("krb5-skewed.conf", port, "kdc_timesync = 0")
        return "krb5-skewed.conf"

    def _administer(self, request: str) -> None:
        self._run("kadmin.local", "-r", REALM, "-q", request)

    def _run(self, name: str, *arguments: str) -> None:
        environment = {**os.environ, "KRB5_KDC_PROFILE": str(self.directory / "kdc.conf"),
                       "KRB5_CONFIG": str(self.directory / "krb5.conf")}  # fmt: skip
        done = subprocess.run([program(name), *arguments], env=environment, capture_output=True, text=True, timeout=60,
                              check=False)  # fmt: skip
        # kadmin.local ends with 0 whatever became of its request.
        if done.returncode or "while" in done.stderr:
            raise RuntimeError(f"{name} {arguments}: {done.stdout}{done.stderr}")

    def _serve(self, profile: str, *prefix: str) -> int:
        """Start one krb5kdc on a free port and wait until it answers; return the port."""
        for _attempt in range(ATTEMPTS):
            port = _free_port()
            self._write(profile, _KDC_CONF, port)
            if not (self.directory / "principal").exists():
                self._write_client("krb5.conf", port)
                self._run("kdb5_util", "-r", REALM, "create", "-s", "-P", "throw-away-master-key")
            command = [*(program(word) if word == "faketime" else word for word in prefix), program("krb5kdc"), "-n"]
            environment = {**os.environ, "KRB5_KDC_PROFILE": str(self.directory / profile),
                           "KRB5_CONFIG": str(self.directory / "krb5.conf")}  # fmt: skip
            process = subprocess.Popen([*command, "-r", REALM], env=environment, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)  # fmt: skip
            if _answers(process, port):
                self._processes.append(process)
                return port
        raise RuntimeError(f"krb5kdc does not start: {(self.directory / 'kdc.log').read_text(encoding='utf-8')}")

    def _write_client(self, name: str, port: int, more: str = "") -> None:
        self._write(name, _KRB5_CONF, port, more)

    def _write(self, name: str, template: str, port: int, more: str = "") -> None:
        text = template.format(realm=REALM, directory=self.directory, port=port, more=more)
        (self.directory / name).write_text(text, encoding="utf-8")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the KDC takes connections, or False when it ended: another process may have taken the port."""
    for _look in range(int(START_SECONDS / 0.05)):
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                continue
            return True
        return False
    _terminate(process)
    return False


def _terminate(process: subprocess.Popen[bytes]) -> None:
    """End a KDC. faketime is a parent that passes no signal on, but ends, and clears up, when its child has ended."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    for pid in map(int, children or [process.pid]):
        os.kill(pid, signal.SIGTERM)
    process.wait(timeout=START_SECONDS)
