# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module process that is stopped in the middle of a cmdlet leaves no session behind on any server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.hybrid import empty_hybrid
from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder, Person
from tests.integration.harness import IDLE_TIMEOUT, SPEED, ServerTime

MODULES = "ansible_collections.mailops.exchange_hybrid.plugins.modules"
NONE_OPEN = {"exchange_server": 0, "entra_connect": 0}
LONGEST = 60.0  # seconds until a process must have begun, or ended


@pytest.fixture
def time() -> ServerTime:
    return ServerTime()


@pytest.fixture
def laboratory(tmp_path: Path, time: ServerTime) -> Iterator[Laboratory]:
    hybrid = empty_hybrid(speed=SPEED)
    with Laboratory(hybrid, tmp_path / "laboratory", monotonic=time.monotonic) as running:
        yield running


@pytest.fixture
def identity(laboratory: Laboratory) -> str:
    pair = HybridBuilder(laboratory.hybrid).synced(Person("Nils Novak"))  # type: ignore[arg-type]
    return str(pair.identity)


Starter = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(laboratory: Laboratory, tmp_path: Path) -> Iterator[Starter]:
    """Start modules as Ansible does: a process of their own, arguments on standard input."""
    with contextlib.ExitStack() as stack:

        def started(module: str, **arguments: Any) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-m", f"{MODULES}.{module}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=tmp_path,
                env={**os.environ, **laboratory.environment()},
                start_new_session=True,
            )
            stack.callback(_end, process)
            assert process.stdin is not None
            process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
            process.stdin.close()
            process.stdin = None
            return process

        yield started


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def wait_until(process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    """Wait until the lab sees it, while the process runs."""
    for _look in range(int(LONGEST / 0.05)):
        if condition():
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
            output = process.communicate()
            raise AssertionError(f"the process ended with {process.returncode}: {output}")
    raise AssertionError("nothing came of it in time")


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    stdout, stderr = process.communicate(timeout=LONGEST)
    return stdout, stderr


def hang(laboratory: Laboratory, organization: str, cmdlet: str) -> Callable[[], bool]:
    """Let a cmdlet take an hour; return what tells that it has begun."""
    laboratory.faults.add(organization, cmdlet, "latency", seconds=3600)
    return lambda: not laboratory.faults.armed()


# Several cmdlets side by side and a single one; what hangs is the first of a system.
HANGING = {
    "exchange_server": ("offboarding_state", "exchange_server", "Get-*"),
    "the session's first": ("offboarding_state", "exchange_server", "Set-ADServerSettings"),
    "exchange_online": ("mailbox_info", "exchange_online", "Get-Mailbox"),
    "entra_connect": ("directory_sync", "entra_connect", "Get-ADSyncScheduler"),
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("place", list(HANGING))
def test_a_module_that_is_stopped_closes_its_sessions(
    laboratory: Laboratory, start: Starter, identity: str, place: str, number: signal.Signals
) -> None:
    module, organization, cmdlet = HANGING[place]
    begun = hang(laboratory, organization, cmdlet)
    arguments = {"state": "paused"} if module == "directory_sync" else {"identity": identity}
    process = start(module, **arguments)
    wait_until(process, begun)
    assert any(laboratory.open_sessions().values()) == (organization != "exchange_online")
    process.send_signal(number)
    stdout, stderr = ended(process)
    assert laboratory.open_sessions() == NONE_OPEN
    assert process.returncode != 0
    if number == signal.SIGTERM:
        assert json.loads(stdout)["error"]["code"] == "terminated", stderr
    assert laboratory.hybrid.exchange_server_account.password not in stdout + stderr


def test_a_write_in_flight_is_finished_before_the_sessions_are_closed(
    laboratory: Laboratory, start: Starter, identity: str
) -> None:
    begun = hang(laboratory, "exchange_server", "Enable-MailUser")
    process = start(
        "mailuser",
        identity=identity,
        primary_smtp_address=identity,
        email_addresses=[f"SMTP:{identity}"],
        routing_domain="contoso.mail.onmicrosoft.com",
        add_routing_address=True,
    )
    wait_until(process, begun)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1.0)
    laboratory.faults.wake()
    stdout, stderr = ended(process)
    assert json.loads(stdout)["error"]["code"] == "terminated", stderr
    assert laboratory.open_sessions() == NONE_OPEN
    assert [entry["cmdlet"] for entry in laboratory.log.writes()] == ["Enable-MailUser", "Set-MailUser"]


ENABLED = {
    "routing_domain": "contoso.mail.onmicrosoft.com",
    "add_routing_address": True,
}
REFUSED = {"exception_type": "Microsoft.Exchange.Data.Directory.PropertyValueExistsException", "message": "Taken."}


def enabling(start: Starter, identity: str, directory: Path) -> subprocess.Popen[str]:
    addresses = [f"SMTP:{identity}", "smtp:nils@contoso.com"]
    return start(
        "mailuser", identity=identity, primary_smtp_address=identity, email_addresses=addresses,
        directory=str(directory), **ENABLED,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_stop_between_the_two_writes_leaves_nobody_half_made(
    laboratory: Laboratory, start: Starter, identity: str, tmp_path: Path, number: signal.Signals
) -> None:
    begun = hang(laboratory, "exchange_server", "Set-MailUser")
    laboratory.faults.add("exchange_server", "Set-MailUser", "error", **REFUSED)
    process = enabling(start, identity, tmp_path)
    wait_until(process, begun)
    process.send_signal(number)
    laboratory.faults.wake()
    stdout, stderr = ended(process)
    assert process.returncode != 0
    assert [entry["cmdlet"] for entry in laboratory.log.writes()] == ["Enable-MailUser", "Set-MailUser", "Set-MailUser"]
    assert list((tmp_path / "half-made").glob("*.json")) == [], stdout + stderr
    assert laboratory.open_sessions() == NONE_OPEN


def test_what_a_kill_between_the_two_writes_leaves_is_found_and_mended(
    laboratory: Laboratory, start: Starter, identity: str, tmp_path: Path, time: ServerTime
) -> None:
    begun = hang(laboratory, "exchange_server", "Set-MailUser")
    process = enabling(start, identity, tmp_path)
    wait_until(process, begun)
    process.kill()
    ended(process)
    assert len(list((tmp_path / "half-made").glob("*.json"))) == 1
    stdout, _stderr = ended(start("directory_sync", state="synced", directory=str(tmp_path)))
    assert json.loads(stdout)["error"]["code"] == "addresses_at_risk"
    stdout, stderr = ended(start("mailuser", state="mended", directory=str(tmp_path)))
    (entry,) = json.loads(stdout)["results"]
    assert (entry["identity"], entry["status"], entry["ending"]) == (identity, "changed", "whole"), stderr
    stdout, stderr = ended(start("directory_sync", state="synced", directory=str(tmp_path)))
    assert json.loads(stdout)["changed"] is True, stderr
    time.passed = IDLE_TIMEOUT + 1.0
    assert laboratory.open_sessions() == NONE_OPEN


def test_a_failure_closes_its_sessions(laboratory: Laboratory, start: Starter, identity: str) -> None:
    laboratory.faults.add(
        "exchange_server", "Get-*", "error", exception_type="System.InvalidOperationException",
        message="Something went wrong.", terminating=True,
    )  # fmt: skip
    process = start("offboarding_state", identity=identity)
    stdout, _stderr = ended(process)
    assert json.loads(stdout)["failed"] is True
    assert laboratory.open_sessions() == NONE_OPEN


@pytest.mark.parametrize("place", ["exchange_server", "entra_connect"])
def test_what_a_killed_module_leaves_is_gone_after_the_idle_timeout(
    laboratory: Laboratory, start: Starter, identity: str, time: ServerTime, place: str
) -> None:
    module, organization, cmdlet = HANGING[place]
    begun = hang(laboratory, organization, cmdlet)
    process = start(module, **({"state": "paused"} if module == "directory_sync" else {"identity": identity}))
    wait_until(process, begun)
    process.kill()
    ended(process)
    assert laboratory.open_sessions()[organization] >= 1
    time.passed = IDLE_TIMEOUT - 1.0
    assert laboratory.open_sessions()[organization] >= 1
    time.passed = IDLE_TIMEOUT + 1.0
    assert laboratory.open_sessions() == NONE_OPEN
