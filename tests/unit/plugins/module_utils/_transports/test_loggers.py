# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret reaches a logger that somebody else turned to DEBUG, whichever way leads to a system."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Credential
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.loggers import LIBRARIES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    DirectoryReader,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect.organization import (
    from_options as entra_connect,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.organization import (
    from_options as exchange_online,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options as exchange_server,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph.directory import (
    from_options as graph,
)

from lab.laboratory import Laboratory
from lab.model.demo import demo_hybrid
from lab.wire.authentication import Listener
from tests.spellings import shown

READ, SCHEDULER = Cmdlet("Get-Mailbox", {"ResultSize": 3}), Cmdlet("Get-ADSyncScheduler")


class Listening(logging.Handler):
    """Keeps every record of every logger; ``everything`` turns those that exist by now to DEBUG."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.name, self.format(record)))

    def everything(self) -> None:
        for known in [logging.root, *logging.root.manager.loggerDict.values()]:
            if isinstance(known, logging.Logger):
                known.setLevel(logging.DEBUG)

    @property
    def text(self) -> bytes:
        return "\n".join(line for _name, line in self.lines).encode("utf-8", "replace")


@pytest.fixture
def listening() -> Iterator[Listening]:
    handler, loggers = Listening(), logging.root.manager.loggerDict
    before = {known: known.level for known in loggers.values() if isinstance(known, logging.Logger)}
    level = logging.root.level
    logging.root.addHandler(handler)
    handler.everything()
    yield handler
    logging.root.removeHandler(handler)
    logging.root.setLevel(level)
    for known in loggers.values():
        if isinstance(known, logging.Logger):
            known.setLevel(before.get(known, logging.NOTSET))


def move(laboratory: Laboratory) -> Cmdlet:
    remote = laboratory.hybrid.remote_credential
    credential = Credential(remote.username, remote.password)
    return Cmdlet("New-MoveRequest", {"Identity": "x", "RemoteCredential": credential})


def use(listening: Listening, make: Callable[[], Any], *cmdlets: Cmdlet) -> None:
    """Run cmdlets over a session of its own, each with all loggers at DEBUG that the one before has brought."""
    session = make().open()
    for cmdlet in cmdlets:
        listening.everything()
        with contextlib.suppress(HybridError):
            session.run(cmdlet)
    session.close()


def on_premises(laboratory: Laboratory, listening: Listening, *, auth: str, tls: bool) -> None:
    account = laboratory.hybrid.exchange_server_account
    common = {"host": "localhost", "auth": auth, "username": "CONTOSO\\svc-offboarding", "use_tls": tls}
    common |= {"ca_file": str(laboratory.directory / "ca.pem")} if tls else {}
    for password in (account.password, f"{account.password}!"):
        options = {**common, "password": password}
        for transport, server in (("psrp", "exchange_server"), ("winrm", "management_shell")):
            wanted = {**options, "transport": transport, "port": laboratory.port(server)}
            use(listening, lambda wanted=wanted: exchange_server(wanted), READ, move(laboratory))
        wanted = {**options, "port": laboratory.port("entra_connect")}
        use(listening, lambda wanted=wanted: entra_connect(wanted), SCHEDULER)


def test_exchange_server_and_entra_connect_with_basic(laboratory: Laboratory, listening: Listening) -> None:
    on_premises(laboratory, listening, auth="basic", tls=True)
    assert {name for name, _line in listening.lines} == {"urllib3.connectionpool"}
    assert shown(laboratory, listening.text) == []


@pytest.mark.parametrize("tls", [False, True])
def test_exchange_server_and_entra_connect_with_ntlm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listening: Listening, tls: bool
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", "/dev/null")
    services = ("exchange_server", "entra_connect", "management_shell")
    listeners = dict.fromkeys(services, Listener(("NTLM",), tls=tls))
    with Laboratory(demo_hybrid(), tmp_path, listeners=listeners) as laboratory:
        on_premises(laboratory, listening, auth="ntlm", tls=tls)
        assert {name for name, _line in listening.lines} == {"urllib3.connectionpool"}
        assert shown(laboratory, listening.text) == []


def test_exchange_online_graph_and_active_directory(laboratory: Laboratory, listening: Listening) -> None:
    environment = laboratory.environment()
    names = ("tenant_id", "client_id", "base_url", "authority", "ca_file", "graph_base_url")
    common = {name: environment[f"EXCHANGE_ONLINE_{name.upper()}"] for name in names}
    ways: list[dict[str, Any]] = [
        {"client_secret": laboratory.client_secret},
        {"client_secret": f"{laboratory.client_secret}!"},
        {"certificate_path": str(laboratory.certificate_path)},
        {"access_token": laboratory.issuer.issue(laboratory.application)},
    ]
    for way in ways:
        options = {**common, **way, "experimental_rest_credential": True}
        use(listening, lambda options=options: exchange_online(options), READ, move(laboratory), READ)
        found = graph({**options, "graph": True}) if "access_token" not in way else None
        with contextlib.suppress(HybridError):
            if found is not None:
                found.features()
                found.close()
    account = laboratory.hybrid.exchange_server_account
    directory = {"host": "localhost", "port": laboratory.port("active_directory"), "username": account.username}
    directory |= {"ca_file": common["ca_file"], "password": account.password}
    for auth in ("simple", "ntlm"):
        with contextlib.suppress(HybridError), DirectoryReader({**directory, "auth": auth}) as reader:
            reader.users([])
    assert {name for name, _line in listening.lines} == {"urllib3.connectionpool"}
    assert shown(laboratory, listening.text) == []


def test_what_nobody_listens_to_does_not_show_on_standard_error() -> None:
    """Python writes warnings there where no handler is: a program of its own, since pytest listens."""
    program = f"""
import logging
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.loggers import keep_quiet
logging.getLogger("msal.application").error("before")
for _time in range(3):
    keep_quiet()
for name in {LIBRARIES!r}:
    assert len(logging.getLogger(name).handlers) == 1
    logging.getLogger(name + ".part").error("after")
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "before\n")
