# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PowerShell's own client on the laboratory's remote PowerShell: it can deserialize every object that is sent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.answer import Call, ShellState
from lab.hybrid import Hybrid
from lab.model.demo import demo_hybrid
from tests.engine.servers import HERE

ROOT = HERE.parents[1]
LONGEST_RUN = 300


@pytest.fixture(scope="module")
def hybrid() -> Hybrid:
    return demo_hybrid()


@pytest.fixture(scope="module")
def cmdlets(hybrid: Hybrid) -> list[str]:
    granted = hybrid.exchange_server.granted(hybrid.exchange_server_account.username)
    known = hybrid.exchange_server.binder.cmdlets
    reads = [name for name in granted if name.startswith("Get-") and name in known]
    # The others do not answer without a parameter.
    return [name for name in reads if not all(facts["mandatory"] for facts in known[name]["parameter_sets"].values())]


@pytest.fixture(scope="module")
def answers(program: str, cmdlets: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run the reader once; its last two questions are told under names of their own."""
    folder = tmp_path_factory.mktemp("client")
    ssh = folder / "ssh"
    ssh.write_text(f"#!/bin/sh\ncd '{ROOT}' && exec '{sys.executable}' -m lab.powershell.bridge\n")
    ssh.chmod(0o700)
    environment = {
        **os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "READER_CMDLETS": ",".join(cmdlets),
        "NO_COLOR": "1",
    }  # fmt: skip
    reader = folder / "reader.ps1"
    reader.write_text(Path(HERE / "reader.pwsh").read_text("utf-8"), "utf-8")
    done = subprocess.run(
        [program, "-NoLogo", "-NoProfile", "-NonInteractive", "-File", str(reader)],
        env=environment, capture_output=True, text=True, timeout=LONGEST_RUN, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    *told, missing, command = [json.loads(line) for line in done.stdout.splitlines()]
    return {**{answer["name"]: answer for answer in told}, "missing": missing, "command": command}


def test_every_object_is_deserialized_with_all_its_properties(
    hybrid: Hybrid, cmdlets: list[str], answers: dict[str, Any]
) -> None:
    state = ShellState(hybrid.exchange_server_account.username)
    for name in cmdlets:
        sent = hybrid.exchange_server.run(Call(name, {}, state)).objects
        answer = answers[name]
        assert answer["errors"] == [], name
        assert len(answer["objects"]) == len(sent), name
        for found, known in zip(answer["objects"], sent, strict=True):
            assert set(known.properties) <= set(found), name


def test_enums_dates_and_collections_are_what_they_are_to_powershell(answers: dict[str, Any]) -> None:
    remote = answers["Get-RemoteMailbox"]["objects"][0]
    assert remote["RecipientTypeDetails"] == "RemoteUserMailbox"  # beyond 32 bits
    mailbox = answers["Get-Mailbox"]["objects"][0]
    assert "SMTP:" in mailbox["EmailAddresses"]
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", mailbox["WhenChanged"])  # a date, in its own culture


def test_errors_and_the_tale_of_a_command_arrive(answers: dict[str, Any]) -> None:
    (error,) = answers["missing"]["errors"]
    assert "FailureCategory=Cmdlet-ManagementObjectNotFoundException" in error
    (command,) = answers["command"]["objects"]
    assert command["Name"] == "Get-User"
