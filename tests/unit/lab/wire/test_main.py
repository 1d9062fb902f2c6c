# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m lab`` as a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

ROOT = Path(__file__).parents[4]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lab", *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "lab", "--directory", str(tmp_path), "--speed", "100", "--empty"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        yield started
        if started.poll() is None:
            started.kill()


def announced(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read what the laboratory prints when it is ready, and return the variables to export."""
    assert process.stdout is not None
    exports: dict[str, str] = {}
    while "REMOTE_CREDENTIAL_PASSWORD" not in exports:
        line = process.stdout.readline()
        assert line, "the laboratory ended before it was ready"
        words = shlex.split(line) if line.startswith("export ") else []
        exports.update(word.split("=", 1) for word in words[1:])
    return exports


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_told_to_stop(process: Any, tmp_path: Path, number: signal.Signals) -> None:
    exports = announced(process)
    with (
        WSMan(
            exports["EXCHANGE_SERVER_HOST"],
            port=int(exports["EXCHANGE_SERVER_PORT"]),
            path="PowerShell",
            auth="basic",
            username=exports["EXCHANGE_SERVER_USERNAME"],
            password=exports["EXCHANGE_SERVER_PASSWORD"],
            cert_validation=exports["EXCHANGE_SERVER_CA_FILE"],
        ) as wsman,
        RunspacePool(wsman, configuration_name="Microsoft.Exchange") as pool,
        PowerShell(pool) as powershell,
    ):
        powershell.add_cmdlet("Get-MailboxDatabase").invoke()
        assert powershell.had_errors is False
    entries = [json.loads(line) for line in run("log", "--directory", str(tmp_path)).stdout.splitlines()]
    assert [entry["cmdlet"] for entry in entries] == ["Get-MailboxDatabase"]
    assert "active_directory" in json.loads(run("snapshot", "--directory", str(tmp_path)).stdout)
    process.send_signal(number)
    assert process.wait(timeout=30) == 0
    assert sorted(os.listdir(tmp_path)) == ["application.pem", "ca.pem"]


def test_nobody_is_there(tmp_path: Path) -> None:
    answer = run("log", "--directory", str(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr == f"--directory: '{tmp_path}' holds no running laboratory's connection.json.\n"


def test_somebody_was_there(tmp_path: Path) -> None:
    control = {"control": {"url": "http://127.0.0.1:1", "token": "x"}}
    (tmp_path / "connection.json").write_text(json.dumps(control), encoding="utf-8")
    answer = run("snapshot", "--directory", str(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr == f"--directory: the laboratory of '{tmp_path}' no longer answers.\n"
