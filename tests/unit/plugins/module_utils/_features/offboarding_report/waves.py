# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waves of Contoso's and Fabrikam's people as the other modules leave them behind: files, and the failures of a run."""

from __future__ import annotations

import datetime
import json
import random
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    Finding,
    accepted,
    found,
    not_checked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report import sources
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding_report.sources import (
    Given,
    Sources,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory

NOW = datetime.datetime(2026, 11, 25, 21, 16, tzinfo=datetime.timezone.utc)
GIB = 1 << 30
SERVER = "ex01.contoso.com"
GIVEN = """Ann Bob Chen Dana Emil Fatima Goran Hana Ines Jürgen Karl Lena Maria Nils Olga Pedro Quinn Rosa Siobhan
Tomás Uma Vera Wanda Ximena Yusuf Zoë""".split()
FAMILY = """Archer Baker Wei Diaz Eriksen Farouk Gruber Hayashi Fontaine Öberg Kowalski Lindqvist Moreau Novak Olsen
Pinto Quigley Romero O'Brien Tanaka Ueda Vogel Weber Xu Yilmaz Zimmermann""".split()
PLAIN = str.maketrans({"ü": "ue", "Ö": "oe", "ö": "oe", "ë": "e", "á": "a"})
STATUSES = ("InProgress", "InProgress", "Synced", "Queued", "Completed", "AutoSuspended", "InProgress", "Synced")


def at(minutes: float) -> str:
    """Return the time so many minutes before NOW, as the files hold it."""
    return (NOW - datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Wave:
    """A wave in a directory; ``given()`` is what the module makes of it."""

    directory: Path
    records: list[dict[str, Any]]
    failures: list[dict[str, Any]]
    journal: list[dict[str, Any]] = field(default_factory=list)
    title: str = "Mailbox offboarding: wave 1"

    @property
    def everyone(self) -> list[str]:
        return [*(str(record["identity"]) for record in self.records), *(str(f["identity"]) for f in self.failures)]

    def write(self, name: str, content: Any) -> Path:
        path = self.directory / name
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return path

    def write_journal(self) -> None:
        lines = [json.dumps(event, ensure_ascii=False) for event in self.journal]
        (self.directory / "journal.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")

    def given(self) -> Given:
        read = read_from(self.directory, "readiness.json", "journal.jsonl", "wave.json.progress")
        return Given(self.title, self.records, self.failures, read, str(self.directory / "wave.json"))


def read_from(directory: Path, readiness: str, journal: str, progress: str) -> Sources:
    """Return what files of a directory hold."""
    files = FileMemory()
    paths = [str(directory / name) for name in (readiness, journal, progress)]
    return sources.read(lambda _path: files, readiness=paths[0], journal=paths[1], progress=paths[2])


def person(number: int) -> tuple[str, str]:
    """Return the address and the display name of one of as many people as are asked for."""
    first, last = GIVEN[number % len(GIVEN)], FAMILY[(number // len(GIVEN) + number) % len(FAMILY)]
    lap = number // (len(GIVEN) * len(FAMILY))
    domain = "fabrikam.com" if number % 7 == 3 else "contoso.com"
    local = f"{first}.{last}{lap or ''}".lower().translate(PLAIN)
    return f"{local}@{domain}", f"{first} {last}"


def build(directory: Path, count: int = 60, seed: int = 1) -> Wave:
    """Make a wave in the middle of its night: some are home, most move, some wait, a few failed."""
    chance = random.Random(seed)
    records, failures, requests = [], [], {}
    for number in range(count):
        identity, name = person(number)
        guid = str(uuid.UUID(int=chance.getrandbits(128)))
        record = {
            "identity": identity, "display_name": name, "exchange_guid": guid, "total_size": chance.randrange(40 * GIB),
            "remote_target_database": f"DB{number % 3 + 1:02d}", "offboarding_state": "moving",
        }  # fmt: skip
        if number % 20 == 13:
            failures.append({"identity": identity, "status": "failed", "error": error_of(number)})
            continue
        if number % 3 == 0:
            record["offboarding_state"] = "home"
        elif number % 10 == 1:
            record["offboarding_state"] = "prepared"
        else:
            requests[guid] = request(record, STATUSES[number % len(STATUSES)], chance)
        records.append(record)
    wave = Wave(directory, records, failures)
    wave.journal = journal(wave)
    wave.write("wave.json", records)
    wave.write("readiness.json", readiness(wave))
    wave.write("wave.json.progress", progress(requests))
    wave.write_journal()
    return wave


def error_of(number: int) -> dict[str, Any]:
    if number % 40 == 13:
        return {
            "code": "mailbox_locked", "cmdlet": "New-MoveRequest", "retryable": True,
            "message": f"The mailbox of person {number} is locked by another move.",
            "remedy": "Wait until the other move has ended.",
        }  # fmt: skip
    return {
        "code": "litigation_hold", "cmdlet": "", "retryable": False,
        "message": "the mailbox is on hold (LitigationHoldEnabled), and what becomes of a hold is not known.",
        "remedy": "Release the hold, or export what it keeps. Or accept it: offboarding_accept: [litigation_hold].",
    }  # fmt: skip


def request(record: dict[str, Any], status: str, chance: random.Random) -> dict[str, Any]:
    percent = {"Queued": 0, "Synced": 95, "AutoSuspended": 95, "Completed": 100}.get(status, chance.randrange(5, 90))
    return {
        "identity": record["identity"], "status": status,
        "percent_complete": percent, "total_size": record["total_size"],
        "status_detail": "CopyingMessages" if status == "InProgress" else status,
        "bytes_transferred": record["total_size"] * percent // 100, "read_at": at(12),
    }  # fmt: skip


def progress(requests: dict[str, Any]) -> dict[str, Any]:
    done = sum(item["bytes_transferred"] for item in requests.values())
    total = sum(item["total_size"] for item in requests.values())
    look = {"utc": at(12), "counts": {}, "bytes_done": done, "bytes_total": total}
    return {"version": 1, "looks": [look], "requests": requests}


def readiness(wave: Wave) -> dict[str, Any]:
    environment = [
        found("mrs_proxy_disabled", "the MRS proxy is off at EX02\\EWS (Default Web Site)"),
        not_checked("sync_cycle_disabled", "entra_connect is not configured."),
    ]
    entries = []
    for number, identity in enumerate(wave.everyone):
        findings: list[Finding] = []
        if number % 15 == 4:
            findings.append(found("size_exceeds_quota", "it holds 58.2 GB, and DB01 allows 50.0 GB", identity))
        if number % 20 == 2:
            held = found("litigation_hold", "the mailbox is on hold (LitigationHoldEnabled)", identity)
            findings += accepted([held], ["litigation_hold"])
        if number % 6 == 0:
            findings.append(found("protected_account", "it is a member of Domain Admins", identity))
        findings.append(not_checked("inheritance_disabled", "active_directory is not configured.", identity))
        entries.append({
            "identity": identity, "ready": number % 15 != 4, "state": "to_do",
            "findings": [finding.as_result() for finding in findings],
        })  # fmt: skip
    return {
        "version": 1, "generated_at": at(26 * 60), "summary": {},
        "environment": [finding.as_result() for finding in environment], "mailboxes": entries,
    }  # fmt: skip


def journal(wave: Wave) -> list[dict[str, Any]]:
    """Return two runs: everyone is made whole in the evening, and the moves are submitted at night."""
    events: list[dict[str, Any]] = []
    for number, identity in enumerate(wave.everyone):
        minutes = 180 - 30 * number / len(wave.everyone)
        for name in ("Enable-MailUser", "Set-MailUser"):
            events += written("evening", f"{name}-{number}", name, identity, minutes, "exchange_server", SERVER)
        lost = "unknown" if number == 5 else "failed" if number == 6 else "ok"
        key = f"move-{number}"
        events += written("night", key, "New-MoveRequest", identity, minutes - 120, "exchange_online", "", lost)
    accepted_codes = {"event": "accepted", "utc": at(181), "run_id": "evening", "id": "accepted-1", "host": "localhost"}
    events.append({**accepted_codes, "object": wave.everyone[2], "codes": ["litigation_hold"]})
    return sorted(events, key=lambda event: str(event["utc"]))


def written(
    run: str, number: str, name: str, identity: str, minutes: float, organization: str, server: str, result: str = "ok"
) -> list[dict[str, Any]]:
    """Return the two lines of one write, as the journal has them."""
    common = {
        "run_id": run, "id": number, "host": "localhost", "organization": organization, "server": server,
        "cmdlet": f"{name} -Identity {identity} -RemoteCredential ********", "object": identity,
    }  # fmt: skip
    told = {"code": "throttled", "message": "The server is busy, try again later.", "retryable": True}
    answer = {"result": result, "error": None if result == "ok" else told, "duration_ms": 3000}
    return [
        {**common, "utc": at(minutes), "event": "sent", "before": {}, "after": {}},
        {**common, "utc": at(minutes - 0.05), "event": "answered", **answer},
    ]
