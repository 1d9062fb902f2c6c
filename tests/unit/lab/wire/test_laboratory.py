# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laboratory as a whole: its files, its control interface, its end."""

from __future__ import annotations

import json
import shlex
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from lab.control import ControlClient
from lab.laboratory import Laboratory, Ports, export_lines


def test_what_others_need_to_connect_is_private(laboratory: Laboratory) -> None:
    for name in ("connection.json", "environment.sh", "application.pem"):
        assert stat.S_IMODE((laboratory.directory / name).stat().st_mode) == 0o600
    connection = json.loads((laboratory.directory / "connection.json").read_text(encoding="utf-8"))
    assert connection["environment"] == laboratory.environment()
    assert len(set(connection["ports"].values())) == len(connection["ports"]) >= 7
    lines = (laboratory.directory / "environment.sh").read_text(encoding="utf-8").splitlines()
    assert [shlex.split(line)[0] for line in lines] == ["export"] * len(lines)
    assert f"EXCHANGE_SERVER_PASSWORD={laboratory.environment()['EXCHANGE_SERVER_PASSWORD']}" in [
        shlex.split(line)[1] for line in lines
    ]


def test_lines_for_a_shell_are_quoted() -> None:
    assert export_lines({"A": "it's $HOME"}) == "export A='it'\"'\"'s $HOME'\n"


def test_the_environment_leads_here(laboratory: Laboratory) -> None:
    environment = laboratory.environment()
    assert environment["EXCHANGE_SERVER_HOST"] == "localhost"
    assert environment["EXCHANGE_ONLINE_BASE_URL"] == f"https://localhost:{laboratory.port('exchange_online')}"
    assert environment["EXCHANGE_ONLINE_AUTHORITY"] == f"https://localhost:{laboratory.port('sign_in')}"
    assert environment["ENTRA_CONNECT_PORT"] == str(laboratory.port("entra_connect"))
    assert Path(environment["EXCHANGE_SERVER_CA_FILE"]).is_file()


def test_stopping_leaves_nothing_behind(hybrid: Any, tmp_path: Path) -> None:
    threads = threading.active_count()
    with Laboratory(hybrid, tmp_path) as laboratory:
        port = laboratory.port("exchange_server")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
    assert threading.active_count() == threads
    assert not (tmp_path / "connection.json").exists()


def test_a_port_that_is_taken_stops_everything(hybrid: Any, tmp_path: Path, laboratory: Laboratory) -> None:
    taken = Ports(control=laboratory.port("control"))
    threads = threading.active_count()
    with pytest.raises(OSError, match="in use"), Laboratory(hybrid, tmp_path / "second", taken):
        pass
    assert threading.active_count() == threads


def test_two_laboratories_do_not_share_credentials(laboratory: Laboratory, hybrid: Any, tmp_path: Path) -> None:
    with Laboratory(hybrid, tmp_path / "second") as second:
        assert second.client_secret != laboratory.client_secret


class TestControl:
    @pytest.fixture
    def control(self, laboratory: Laboratory) -> ControlClient:
        return ControlClient(laboratory.directory)

    def test_the_log_and_the_snapshot(self, control: ControlClient, exchange: Any) -> None:
        with exchange.wsman() as wsman, exchange.pool(wsman) as pool:
            exchange.invoke(pool, "Get-Mailbox", Identity="ann")
            exchange.invoke(pool, "Set-MailUser", Identity="ann")
            assert control.sessions() == {"exchange_server": 1, "entra_connect": 0}
        (entry,) = control.log(since=1)
        assert entry == {
            "time": "2026-11-23T21:42:03+00:00",
            "organization": "exchange_server",
            "user": "CONTOSO\\svc-mailops",
            "cmdlet": "Set-MailUser",
            "parameters": {"Identity": "ann"},
            "kind": "write",
            "outcome": "ok",
            "executed": True,
            "session": entry["session"],
        }
        assert control.snapshot() == {"mailboxes": ["ann@contoso.com"]}

    def test_faults_can_be_armed(self, control: ControlClient, laboratory: Laboratory, rest: Any) -> None:
        assert control.add_fault("exchange_online", "Get-*", "throttle", retry_after=0.5) == 1
        assert rest.invoke("Get-Mailbox").status_code == 429
        with pytest.raises(ValueError, match="unknown fault"):
            control.add_fault("exchange_online", "Get-*", "earthquake")

    def test_time_and_cycles(self, control: ControlClient, hybrid: Any) -> None:
        control.sync_cycle()
        assert hybrid.cycles == [0]
        assert control.advance(60) == "2026-11-23T21:43:03+00:00"
        assert hybrid.cycles == []

    def test_only_who_can_read_the_file_gets_in(self, laboratory: Laboratory) -> None:
        url = f"http://127.0.0.1:{laboratory.port('control')}/snapshot"
        assert requests.get(url, timeout=10).status_code == 401

    def test_without_a_laboratory(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            ControlClient(tmp_path)

    def test_unknown_paths(self, control: ControlClient) -> None:
        with pytest.raises(requests.HTTPError, match="404"):
            control._call("GET", "/nothing")
