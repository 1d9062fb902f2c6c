# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that count, and a log that keeps no secret."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from lab.answer import Call, LabCredential, ShellState
from lab.faults import Faults
from lab.hybrid import empty_hybrid
from lab.log import CommandLog, SecretText, is_read, masked
from lab.wire.gateway import Gateway


def struck(faults: Faults, organization: str, cmdlet: str, calls: int) -> list[bool]:
    return [bool(faults.strike(organization, cmdlet)) for _unused in range(calls)]


def test_after_and_count() -> None:
    faults = Faults()
    faults.add("exchange_server", "set-*", "drop_before", after=1, count=2)
    assert struck(faults, "exchange_server", "Get-Mailbox", 3) == [False, False, False]
    assert struck(faults, "exchange_online", "Set-Mailbox", 3) == [False, False, False]
    assert struck(faults, "exchange_server", "Set-MailUser", 5) == [False, True, True, False, False]
    assert faults.armed() == []


def test_for_ever_until_removed() -> None:
    faults = Faults()
    number = faults.add("exchange_server", "*", "deny", count=None)
    assert all(struck(faults, "exchange_server", "Get-Mailbox", 10))
    faults.remove(number)
    assert not any(struck(faults, "exchange_server", "Get-Mailbox", 2))
    faults.add("exchange_server", "*", "deny")
    faults.clear()
    assert not any(struck(faults, "exchange_server", "Get-Mailbox", 2))


def test_several_faults_strike_together() -> None:
    faults = Faults()
    faults.add("exchange_online", "*", "latency", seconds=0)
    faults.add("exchange_online", "*", "throttle", retry_after=0.5)
    strike = faults.strike("exchange_online", "Get-Mailbox")
    assert strike.get("throttle") == {"retry_after": 0.5}
    assert strike.has("latency")
    assert not strike.has("deny")


def test_what_reading_a_request_took_is_part_of_its_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    faults, hybrid = Faults(), empty_hybrid()
    waited: list[float] = []
    monkeypatch.setattr(faults, "wait", waited.append)
    faults.add("entra_connect", "*", "latency", seconds=10)
    gateway = Gateway("entra_connect", hybrid.entra_connect, hybrid, CommandLog(), faults)
    call = Call("Get-ADSyncScheduler", {}, ShellState("administrator"))
    outcome = gateway.perform(gateway.admit(call, "session", time.monotonic() - 4))
    assert outcome.answer.objects
    assert waited[0] <= 6


@pytest.mark.parametrize(
    ("organization", "kind", "options", "problem"),
    [
        ("nowhere", "deny", {}, "unknown organization"),
        ("exchange_server", "earthquake", {}, "unknown fault"),
        ("exchange_server", "html_body", {}, "cannot happen to exchange_server"),
        ("exchange_online", "lost_shell", {}, "cannot happen to exchange_online"),
        ("exchange_server", "latency", {}, "needs seconds"),
        ("exchange_server", "error", {"message": "x"}, "needs exception_type"),
        ("exchange_server", "deny", {"count": 0}, "at least 1"),
        ("exchange_server", "drop_after", {"seconds": 1}, "does not take seconds"),
        ("exchange_server", "sync_cycle", {"when": "later"}, "either before or after"),
        ("exchange_server", "deny", {"after": -1}, "must not be negative"),
    ],
)
def test_faults_that_make_no_sense(organization: str, kind: str, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Faults().add(organization, "*", kind, **options)


@pytest.mark.parametrize(
    ("cmdlet", "read"),
    [
        ("Get-Mailbox", True),
        ("TEST-MigrationServerAvailability", True),
        ("Set-ADServerSettings", True),
        ("Set-MailUser", False),
        ("Start-ADSyncSyncCycle", False),
    ],
)
def test_reads_and_writes(cmdlet: str, read: bool) -> None:
    assert is_read(cmdlet) is read


def test_no_secret_is_kept() -> None:
    kept = masked(
        {
            "RemoteCredential": LabCredential("CONTOSO\\svc", "hush"),
            "NewPassword": "hush",
            "Anything": SecretText("hush"),
            "Table": {"ClientSecret": "hush", "List": [SecretText("hush")]},
            "CSVData": b"hush",
            "ExchangeGuid": uuid.UUID(int=1),
        }
    )
    assert "hush" not in json.dumps(kept)
    assert kept["RemoteCredential"] == {"username": "CONTOSO\\svc", "password": "********"}
    assert (kept["CSVData"], kept["ExchangeGuid"]) == ("4 bytes", str(uuid.UUID(int=1)))
    assert "hush" not in repr(SecretText("hush"))


def test_the_log_can_be_asked() -> None:
    log = CommandLog()
    for cmdlet, kind in (("Get-Mailbox", "read"), ("Set-MailUser", "write"), ("Set-MailUser", "write")):
        log.append({"organization": "exchange_server", "cmdlet": cmdlet, "kind": kind})
    assert len(log) == 3
    assert len(log.writes()) == 2
    assert len(log.writes(since=2)) == 1
    assert len(log.entries(cmdlet="get-mailbox", organization="exchange_server")) == 1
    assert log.entries(organization="exchange_online") == []
