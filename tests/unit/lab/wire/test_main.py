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

from lab.__main__ import _next_steps

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
    """Read what the laboratory prints when it is ready, and return the variables of the file that it says to source."""
    assert process.stdout is not None
    line = "."
    while not line.startswith("  source "):
        line = process.stdout.readline()
        assert line, "the laboratory ended before it was ready"
    (_source, path) = shlex.split(line)
    words = [shlex.split(line)[1] for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return dict(word.split("=", 1) for word in words)


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


def test_the_last_lines_are_the_wave_its_databases_and_the_next_command(tmp_path: Path) -> None:
    csv = tmp_path / "wave.csv"
    csv.write_text(
        "identity,remote_target_database\nann@contoso.com,DB02\nbob@contoso.com,DB01\nchen@contoso.com,DB02\n",
        encoding="utf-8",
    )
    *_name, people, others, _blank, heading, source, command = list(_next_steps(tmp_path, csv))
    assert people.split(None, 1) == ["DB01", "bob@contoso.com"]
    assert others.split(None, 1) == ["DB02", "ann@contoso.com, chen@contoso.com"]
    assert (heading, source) == ("In another shell:", f"  source {tmp_path}/environment.sh")
    program, playbook, *_variables = shlex.split(command)
    assert (Path(program).name, os.access(program, os.X_OK)) == ("ansible-playbook", True)
    assert playbook == "mailops.exchange_hybrid.readiness"
    assert f"offboarding_csv={csv}" in command
    assert list(_next_steps(tmp_path, None)) == [heading, source]
