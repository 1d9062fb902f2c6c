# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One comparison: the role, a loop over its modules and a plain script, each on mailboxes of its own in one laboratory.

The limit is what latency and concurrency alone allow: the three writes of each mailbox side by side in all sessions,
one latency for each bulk read (all of its calls at once), and the sync cycle, which takes as long as it takes.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.laboratory import Remote, identities, laboratory
from bench.processes import ROOT, Failed, Measured, run

WRITES = 3  # Enable-MailUser, Set-MailUser, New-MoveRequest
WRITES_IN_BATCHES = 2  # the first two: a batch takes a thousand mailboxes
BATCH_SIZE = 1000
# The two ways of moving, each with mailboxes of its own: the names of those begin with this.
METHODS = {"move_request": "User", "migration_batch": "Batch"}
READS_ON_PREMISES = 50  # objects that one filter asks for
READS_CLOUD = 10  # mailboxes that one HTTP request may at least be about
CYCLE = 0.02  # seconds of the laboratory's sync cycle at the speed that it runs at
LONGEST = 1800.0  # seconds that one child may take
_ABOUT_REQUESTS = "exchange_online Get-MoveRequest"
WAVE = {
    "offboarding_routing_domain": "contoso.mail.onmicrosoft.com",
    "offboarding_remote_host_name": "mail.contoso.com",
    "offboarding_remote_target_database": "DB01",
    "offboarding_target_delivery_domain": "contoso.com",
    "offboarding_batch_name": "bench",
    "offboarding_match_sleep": 1,
    "offboarding_match_timeout": 120,
}
FOREIGN = ("ANSIBLE_", "EXCHANGE_SERVER_", "EXCHANGE_ONLINE_", "ENTRA_CONNECT_", "REMOTE_CREDENTIAL_", "PYTHON")
FOREIGN_NAMES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class Size:
    """What is measured: ``compared`` mailboxes go through the loop, and as many through the script."""

    mailboxes: int
    latency: float
    sessions: int = 10
    compared: int = 20
    diff: bool = False

    @property
    def name(self) -> str:
        return f"{self.mailboxes}x{round(self.latency * 1000)}ms"


@dataclass
class InBatches:
    """Seconds and calls of the same wave in migration batches."""

    role: Measured
    rerun: Measured
    calls: dict[str, int]
    rerun_writes: int
    bulk_reads: int

    @property
    def cloud_calls(self) -> int:
        return sum(count for name, count in self.calls.items() if name.startswith("exchange_online"))

    @property
    def migration_calls(self) -> int:
        """Return how many calls the submission took at the most: those about batches, their users, endpoints and
        move requests, those among them that decide beforehand how each mailbox moves."""
        return sum(count for name, count in self.calls.items() if "-Migration" in name or _ABOUT_REQUESTS in name)


def _limit(size: Size, writes_each: int, bulk_reads: int) -> float:
    writes = writes_each * size.mailboxes * size.latency / size.sessions
    return writes + bulk_reads * size.latency + CYCLE


def limit_in_batches(size: Size, found: InBatches) -> float:
    return _limit(size, WRITES_IN_BATCHES, found.bulk_reads)


@dataclass
class Result:
    """Seconds, megabytes and calls of one comparison."""

    size: Size
    role: Measured
    rerun: Measured
    reads: dict[str, int]
    writes: dict[str, int]
    rerun_reads: dict[str, int]
    rerun_writes: int
    sessions: dict[str, int]
    bulk_reads: int
    loop: float = 0.0
    script: float = 0.0
    check: Measured | None = None
    check_diff: Measured | None = None
    laboratory: Measured | None = None
    batches: InBatches | None = None

    @property
    def limit(self) -> float:
        return _limit(self.size, WRITES, self.bulk_reads)

    @property
    def batch_limit(self) -> float:
        """Return the limit of the same wave in migration batches."""
        return limit_in_batches(self.size, self.batches) if self.batches else 0.0

    def times_faster(self, seconds_each: float) -> float:
        return seconds_each / (self.role.wall / self.size.mailboxes)

    @property
    def peak(self) -> float:
        batches = (self.batches.role, self.batches.rerun) if self.batches else ()
        runs = [run for run in (self.role, self.rerun, self.check, self.check_diff, *batches) if run is not None]
        return max(float(run.peak) for run in runs)

    def cpu_each(self, run: Measured) -> float:
        """Return the milliseconds of CPU time that a run took for each mailbox."""
        return run.cpu * 1000 / self.size.mailboxes

    def as_json(self) -> dict[str, Any]:
        """Return what ``bench/results`` keeps."""
        return {
            "mailboxes": self.size.mailboxes,
            "latency_ms": round(self.size.latency * 1000),
            "sessions": self.size.sessions,
            "wall_s": round(self.role.wall, 1),
            "limit_s": round(self.limit, 1),
            "ratio_to_limit": round(self.role.wall / self.limit, 3),
            "times_faster_than_loop": round(self.times_faster(self.loop), 1),
            "times_faster_than_script": round(self.times_faster(self.script), 1),
            "rerun_wall_s": round(self.rerun.wall, 1),
            "rerun_writes": self.rerun_writes,
            "peak_memory_mb": round(self.peak),
            "cpu_ms_each": round(self.cpu_each(self.role), 1),
            "batches": self._batches_as_json(),
            "calls": {
                "reads": self.reads,
                "writes": self.writes,
                "rerun_reads": self.rerun_reads,
                "sessions": self.sessions,
            },
        }

    def _batches_as_json(self) -> dict[str, Any] | None:
        if self.batches is None:
            return None
        found = self.batches
        return {
            "wall_s": round(found.role.wall, 1),
            "limit_s": round(self.batch_limit, 1),
            "ratio_to_limit": round(found.role.wall / self.batch_limit, 3),
            "cpu_ms_each": round(self.cpu_each(found.role), 1),
            "rerun_wall_s": round(found.rerun.wall, 1),
            "rerun_writes": found.rerun_writes,
            "migration_calls": found.migration_calls,
            "cloud_calls": found.cloud_calls,
        }


@dataclass
class Place:
    """Where one comparison runs."""

    directory: Path
    size: Size
    remote: Remote
    environment: dict[str, str] = field(default_factory=dict)

    def received(self, since: int) -> tuple[list[dict[str, Any]], int]:
        entries = self.remote.control.log(since)
        return entries, since + len(entries)

    def variables(self, **more: Any) -> str:
        path = self.directory / "variables.json"
        path.write_text(json.dumps({**WAVE, **more}), encoding="utf-8")
        return f"@{path}"

    def role(self, *options: str, method: str = "move_request") -> Measured:
        return self._ansible("playbooks/offboard.yml", "-e", self._wave(method), *options)

    def readiness(self, method: str) -> Measured:
        return self._ansible("playbooks/readiness.yml", "-e", self._wave(method, offboarding_fail_on="never"))

    def _wave(self, method: str, **more: Any) -> str:
        csv = self.directory / f"{method}.csv"
        wave = identities(METHODS[method], self.size.mailboxes)
        csv.write_text("identity\n" + "\n".join(wave) + "\n", encoding="utf-8")
        return self.variables(
            offboarding_csv=str(csv),
            offboarding_directory=str(self.directory / method),
            offboarding_method=method,
            **more,
        )

    def loop(self) -> Measured:
        control = json.loads((self.directory / "laboratory" / "connection.json").read_text(encoding="utf-8"))["control"]
        variables = self.variables(
            bench_identities=identities("Loop", self.size.compared),
            bench_directory=str(self.directory / "loop"),
            bench_control=control,
        )
        return self._ansible("bench/playbooks/loop.yml", "-e", variables)

    def script(self) -> Measured:
        laboratory_directory = str(self.directory / "laboratory")
        mailboxes = identities("Script", self.size.compared)
        return run([sys.executable, "-m", "bench.script", laboratory_directory, *mailboxes], self.environment, LONGEST)

    def _ansible(self, *arguments: str) -> Measured:
        command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", *arguments]
        return run(command, self.environment, LONGEST)


def measure(size: Size) -> Result:
    """Run the whole comparison. Raises Failed when something does not run to its end, or writes too much."""
    waves = dict.fromkeys(METHODS.values(), size.mailboxes)
    prefixes = {**waves, "Loop": size.compared, "Script": size.compared}
    with tempfile.TemporaryDirectory(prefix="mailops-bench-") as name:
        directory = Path(name).resolve()
        with laboratory(directory / "laboratory", prefixes, size.latency) as remote:
            place = Place(directory, size, remote)
            place.environment = child_environment(directory, size)
            result = _compare(place)
            result.laboratory = remote.stop()
    return result


def _compare(place: Place) -> Result:
    size = place.size
    check = place.role("--check") if size.diff else None
    check_diff = place.role("--check", "--diff") if size.diff else None
    _entries, begin = place.received(0)
    role = place.role()
    entries, begin = place.received(begin)
    rerun = place.role()
    again, _begin = place.received(begin)
    writes = counted(entries, "write")
    _refuse_missing(writes, {**_STAMPED, "exchange_online New-MoveRequest": 1.0}, size.mailboxes)
    return Result(
        size,
        role,
        rerun,
        reads=counted(entries, "read"),
        writes=writes,
        rerun_reads=counted(again, "read"),
        rerun_writes=sum(counted(again, "write").values()),
        sessions=_sessions(entries),
        bulk_reads=_bulk_reads(size, "move_request"),
        batches=in_batches(place),
        loop=place.loop().wall / size.compared if size.compared else 0.0,
        script=place.script().wall / size.compared if size.compared else 0.0,
        check=check,
        check_diff=check_diff,
    )


def in_batches(place: Place) -> InBatches:
    """Run the same wave's twin in migration batches, and again."""
    size = place.size
    _entries, begin = place.received(0)
    role = place.role(method="migration_batch")
    entries, begin = place.received(begin)
    rerun = place.role(method="migration_batch")
    again, _begin = place.received(begin)
    batches = math.ceil(size.mailboxes / BATCH_SIZE) / size.mailboxes
    _refuse_missing(
        counted(entries, "write"), {**_STAMPED, "exchange_online New-MigrationBatch": batches}, size.mailboxes
    )
    return InBatches(
        role,
        rerun,
        calls={**counted(entries, "read"), **counted(entries, "write")},
        rerun_writes=sum(counted(again, "write").values()),
        bulk_reads=_bulk_reads(size, "migration_batch"),
    )


def child_environment(directory: Path, size: Size) -> dict[str, str]:
    """Return the child's environment: the laboratory's addresses, and nothing of the user's own Ansible."""
    connection = json.loads((directory / "laboratory" / "connection.json").read_text(encoding="utf-8"))
    configuration = directory / "ansible.cfg"
    configuration.write_text("[defaults]\n", encoding="utf-8")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN) and name not in FOREIGN_NAMES and not name.lower().endswith("_proxy")
    }
    # One controller: two domains would make two calls of every read.
    domain_controller = connection["environment"].get("EXCHANGE_SERVER_DOMAIN_CONTROLLER", "").partition(",")[0]
    return {
        **kept,
        **connection["environment"],
        "EXCHANGE_SERVER_DOMAIN_CONTROLLER": domain_controller,
        "EXCHANGE_SERVER_SESSIONS": str(size.sessions),
        "EXCHANGE_ONLINE_CONCURRENCY": str(size.sessions),
        "ANSIBLE_CONFIG": str(configuration),
        "ANSIBLE_COLLECTIONS_PATH": str(Path(sys.prefix) / "collections"),
        "ANSIBLE_HOME": str(directory / "ansible"),
        "ANSIBLE_LOG_PATH": str(directory / "ansible.log"),
        "PYTHONPATH": str(ROOT),
    }


def _key(entry: Mapping[str, Any]) -> str:
    return f"{entry['organization']} {entry['cmdlet']}"


def counted(entries: Iterable[Mapping[str, Any]], kind: str) -> dict[str, int]:
    return dict(sorted(Counter(_key(entry) for entry in entries if entry["kind"] == kind).items()))


def _sessions(entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, set[str]] = {}
    for entry in entries:
        found.setdefault(entry["organization"], set()).add(entry["session"])
    return {organization: len(sessions) for organization, sessions in sorted(found.items())}


def _bulk_reads(size: Size, method: str) -> int:
    return bulk_reads_of(Size(1, 0.0, size.sessions, compared=0), method, lambda place: place.role(method=method))


def bulk_reads_of(alone: Size, method: str, work: Callable[[Place], Measured]) -> int:
    """Return how many reads of the whole wave are made: as many as there are calls for a wave of one mailbox."""
    with tempfile.TemporaryDirectory(prefix="mailops-bench-") as name:
        directory = Path(name).resolve()
        with laboratory(directory / "laboratory", {METHODS[method]: 1}, 0.0) as remote:
            place = Place(directory, alone, remote, child_environment(directory, alone))
            work(place)
            entries, _begin = place.received(0)
    return sum(
        count
        for name, count in counted(entries, "read").items()
        if name.startswith("exchange_") and not name.endswith("Set-ADServerSettings")
    )


_STAMPED = {"exchange_server Enable-MailUser": 1.0, "exchange_server Set-MailUser": 1.0}


def _refuse_missing(writes: Mapping[str, int], wanted: Mapping[str, float], mailboxes: int) -> None:
    """Raise Failed where a write was not made as often, for each mailbox, as it should have been."""
    found = {name: writes.get(name, 0) for name in wanted}
    wrong = {name: count for name, count in found.items() if count != round(wanted[name] * mailboxes)}
    if wrong:
        raise Failed(f"{mailboxes} mailboxes, but these writes: {wrong}")
