# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-playbook as a user does, against a laboratory in this process, and tells what came of it as data."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pty
import queue
import select
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.hybrid import Hybrid
from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder, Pair
from lab.model.mailbox_replication import MoveOptions, MoveRequest
from lab.model.recipients import EMPTY_GUID
from lab.model.tenant import TENANT
from tests.integration import walked
from tests.integration.warm import start as warm

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
COLLECTION = "mailops.exchange_hybrid."
COLLECTIONS = os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(Path(sys.prefix) / "collections"))
BINARIES = Path(sys.executable).parent
KEPT = ("archives", "bytecode")
SPEED = 200.0  # a move takes a twentieth of a second, a sync cycle less
IDLE_TIMEOUT = 180.0  # of a session, unless given
LONGEST_RUN = 600.0  # seconds, far beyond what any run takes: a run that hangs fails its test

# What a wave of the lab's organization needs beside its mailboxes.
WAVE: dict[str, Any] = {
    "offboarding_routing_domain": "contoso.mail.onmicrosoft.com",
    "offboarding_remote_host_name": "mail.contoso.com",
    "offboarding_remote_target_database": "DB01",
    "offboarding_target_delivery_domain": "contoso.com",
    "offboarding_batch_name": "wave-1",
    # The files of tests that are about batches say so.
    "offboarding_method": "move_request",
    "offboarding_wait": True,
    "offboarding_wait_timeout": 60,
    "offboarding_wait_sleep": 1,
    "offboarding_match_sleep": 1,
    "offboarding_match_timeout": 30,
    "offboarding_verify_timeout": 5,
}
MOVE: dict[str, Any] = {
    "remote_host_name": "mail.contoso.com",
    "remote_target_database": "DB01",
    "target_delivery_domain": "contoso.com",
    "batch_name": "wave-1",
}


@dataclass
class ServerTime:
    """The seconds by which the servers' idle time-outs go."""

    passed: float = 0.0

    def monotonic(self) -> float:
        return self.passed


@dataclass(frozen=True)
class Task:
    """One task of a run: ``status`` is ok, failed, skipped or unreachable; ``result`` is what the module returned."""

    name: str
    action: str
    status: str
    result: dict[str, Any]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def failed(self) -> bool:
        return self.status == "failed"

    @property
    def message(self) -> str:
        return str(self.result.get("msg", ""))

    @property
    def error(self) -> dict[str, Any]:
        """The error of the task, or of its only mailbox."""
        if "error" in self.result:
            return dict(self.result["error"])
        (mailbox,) = self.result["results"]
        return dict(mailbox["error"])

    @property
    def mailboxes(self) -> dict[str, dict[str, Any]]:
        """The results of the wave by identity."""
        return {entry["identity"]: entry for entry in self.result["results"]}

    @property
    def only(self) -> dict[str, Any]:
        """The result of the only mailbox."""
        (entry,) = self.result["results"]
        return dict(entry)

    @property
    def cmdlets(self) -> list[str]:
        """Every cmdlet that ran, or in check mode would run, mailbox by mailbox."""
        mailboxes = self.result.get("results", [])
        of_mailboxes = [cmdlet for entry in mailboxes for cmdlet in entry.get("cmdlets", [])]
        return [*self.result.get("cmdlets", []), *of_mailboxes]


@dataclass(frozen=True)
class Start:
    """The moment when a task began: its number from 1, and a digest of the files of offboarding_directory."""

    number: int
    task: str
    time: float
    files: str


@dataclass
class Run:
    """What came of one ansible-playbook."""

    returncode: int
    stdout: str
    stderr: str
    tasks: list[Task] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    @property
    def succeeded(self) -> bool:
        return self.returncode == 0

    @property
    def changed(self) -> list[str]:
        """The names of the tasks that reported a change."""
        return [task.name for task in self.tasks if task.changed]

    @property
    def cmdlets(self) -> list[str]:
        """Every cmdlet of the run, in the order of its tasks."""
        own = [task for task in self.tasks if task.action.startswith(COLLECTION)]
        return [cmdlet for task in own for cmdlet in task.cmdlets]

    @property
    def failures(self) -> list[Task]:
        return [task for task in self.tasks if task.failed]

    @property
    def only(self) -> Task:
        """The only task of the run."""
        (task,) = self.tasks
        return task

    def task(self, name: str) -> Task:
        """Return the last task of that name that was not skipped."""
        found = [task for task in self.tasks if task.name == name and task.status != "skipped"]
        assert found, f"no task {name!r} ran:\n{self.output}"
        return found[-1]

    @property
    def summary(self) -> dict[str, Any]:
        """What the role says at its end: offboarding_result."""
        return dict(self.task("Summarize the run").result["ansible_facts"]["offboarding_result"])

    @property
    def failed_mailboxes(self) -> list[str]:
        """The identities of all mailboxes that failed in any task."""
        entries = [entry for task in self.tasks for entry in task.result.get("results", []) if isinstance(entry, dict)]
        return [entry["identity"] for entry in entries if entry.get("status") == "failed"]

    @property
    def role_failures(self) -> dict[str, dict[str, Any]]:
        """The role's failures by identity, each with its error."""
        return {entry["identity"]: entry["error"] for entry in self.summary["failures"]}


class Bench:
    """A laboratory, a directory for one test, and the means to run playbooks between the two."""

    def __init__(self, laboratory: Laboratory, directory: Path) -> None:
        self.laboratory = laboratory
        self.directory = directory
        self.build = HybridBuilder(self.hybrid)
        self.offboarding_directory = directory / "offboarding"
        self.environment: dict[str, str] = {}
        self.without: set[str] = set()
        self.cold = False  # for runs whose processes are what is tested: each is a new Python
        self.walks = False  # for runs of which the role alone is tested, by the walker where it knows the arguments
        self.signs_in = False  # to the tenant, in every task; otherwise the runs come with a token
        self._numbers = itertools.count(1)
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def hybrid(self) -> Hybrid:
        hybrid = self.laboratory.hybrid
        assert isinstance(hybrid, Hybrid)
        return hybrid

    @property
    def log(self) -> Any:
        return self.laboratory.log

    @property
    def faults(self) -> Any:
        return self.laboratory.faults

    # -- running ------------------------------------------------------------------------------------------------

    def offboard(self, *arguments: str, kill_at: int | str = 0, playbook: str = "offboard", **variables: Any) -> Run:
        """Run one of the collection's playbooks for a wave. ``variables`` go over WAVE."""
        given = {**WAVE, "offboarding_directory": str(self.offboarding_directory), **variables}
        return self.run(ROOT / "playbooks" / f"{playbook}.yml", *arguments, kill_at=kill_at, variables=given)

    def play(self, *tasks: Mapping[str, Any], arguments: Sequence[str] = (), **variables: Any) -> Run:
        """Run tasks on localhost, each even when the one before it failed."""
        return self.run(self.written(*tasks), *arguments, variables=variables)

    def live(self, *tasks: Mapping[str, Any]) -> Live:
        """Start tasks as ``play`` runs them, to be watched."""
        return self.watch(self.written(*tasks))

    def watch(self, playbook: Path, **variables: Any) -> Live:
        """Start a playbook at a terminal, to be watched."""
        terminal, its_end = pty.openpty()
        try:
            process, events = self.begin(playbook, variables=variables, stdout=its_end)
        finally:
            os.close(its_end)
        return Live(process, events, terminal)

    def written(self, *tasks: Mapping[str, Any]) -> Path:
        """Write a play of these tasks on localhost."""
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": [dict(task) for task in tasks],
        }
        path = self.directory / f"play-{next(self._numbers)}.json"
        path.write_text(json.dumps([play]), encoding="utf-8")
        return path

    def begin(
        self,
        playbook: Path,
        *arguments: str,
        kill_at: int | str = 0,
        variables: Mapping[str, Any],
        stdout: int = subprocess.PIPE,
    ) -> tuple[subprocess.Popen[str], Path]:
        """Start ansible-playbook in a process group of its own; return it and the file of its events."""
        command, environment, events = self._prepared(playbook, *arguments, kill_at=kill_at, variables=variables)
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return process, events

    def start(self, playbook: Path, *arguments: str, variables: Mapping[str, Any]) -> tuple[warm.Process, Path]:
        """Start ansible-playbook and its modules warm (tests/integration/warm), but otherwise as ``begin`` does."""
        given = {"ansible_python_interpreter": warm.interpreter(), **variables}
        command, environment, events = self._prepared(playbook, *arguments, variables=given)
        # A module is handed over on standard input and not copied first, which costs four shells for each.
        environment["ANSIBLE_PIPELINING"] = "true"
        outputs = [events.with_suffix(suffix) for suffix in (".stdout", ".stderr")]
        return warm.start(command, environment, self.directory, outputs), events

    def run(self, playbook: Path, *arguments: str, kill_at: int | str = 0, variables: Mapping[str, Any]) -> Run:
        tags = walked.tags_of(arguments, variables)
        if self.walks and not kill_at and tags and walked.entry_of(playbook):
            return self._walk(playbook, tags, variables)
        if self.cold or kill_at:
            return finish(*self.begin(playbook, *arguments, kill_at=kill_at, variables=variables))
        return finish(*self.start(playbook, *arguments, variables=variables))

    def _walk(self, playbook: Path, tags: list[str], variables: Mapping[str, Any]) -> Run:
        ran = walked.server().run(
            place=str(self.directory / f"walked-{next(self._numbers)}"),
            extra=json.loads(json.dumps(dict(variables))),
            environment={**self._environment(), "OFFBOARDING_NAMES": "role"},
            entry=walked.entry_of(playbook),
            tags=tags,
        )
        tasks = [Task(event["task"], event["action"], event["status"], event["result"]) for event in ran["events"]]
        return Run(ran["code"], walked.shown(ran["events"]), ran["printed"], tasks)

    def _prepared(
        self, playbook: Path, *arguments: str, kill_at: int | str = 0, variables: Mapping[str, Any]
    ) -> tuple[list[str], dict[str, str], Path]:
        """Return the command and the environment of a run, and the file of its events."""
        number = next(self._numbers)
        events, given = self.directory / f"events-{number}", self.directory / f"variables-{number}.json"
        events.touch()
        given.write_text(json.dumps(dict(variables)), encoding="utf-8")
        environment = {
            **self._environment(),
            "OBSERVE_EVENTS": str(events),
            "OBSERVE_DIRECTORY": str(variables.get("offboarding_directory", "")),
            "OBSERVE_KILL_AT": str(kill_at),
        }
        return [str(BINARIES / "ansible-playbook"), str(playbook), "-e", f"@{given}", *arguments], environment, events

    def _environment(self) -> dict[str, str]:
        """Return a run's environment: the lab's and the test's own, but for the names in ``without``."""
        environment = {
            "PATH": f"{BINARIES}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(self.directory),
            # Ansible asks the system for the user's home, whatever HOME says.
            "ANSIBLE_REMOTE_TEMP": str(self.directory / "ansible"),
            "LANG": "C.UTF-8",
            "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "observe",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            **kept(),
            **(self.laboratory.environment() if self.signs_in else self._with_token()),
            **self.environment,
        }
        if environment["ANSIBLE_COLLECTIONS_PATH"] != COLLECTIONS:
            environment.pop("TESTS_ARCHIVES", None)  # which are of this checkout
        return {name: value for name, value in environment.items() if name not in self.without}

    def _with_token(self) -> dict[str, str]:
        """Return the lab's environment with an access token: signing in costs each task a third of a second of CPU."""
        environment = self.laboratory.environment()
        for name in ("CLIENT_ID", "CLIENT_SECRET"):
            del environment[f"EXCHANGE_ONLINE_{name}"]
        token = self.laboratory.issuer.issue(self.laboratory.application)
        return {**environment, "EXCHANGE_ONLINE_ACCESS_TOKEN": token}

    # -- looking ------------------------------------------------------------------------------------------------

    def writes(self, since: int = 0) -> list[str]:
        """Return the names of the writes that the lab received, in order, the scheduler's and the sync's among them."""
        return [entry["cmdlet"] for entry in self.log.writes(since)]

    def settled(self) -> dict[str, Any]:
        """Return the snapshot without times, once directory synchronization has nothing left to carry."""
        for _cycle in range(3):
            self.hybrid.run_scheduled_cycle()
        return timeless(self.hybrid.snapshot())

    def scheduler_runs(self) -> bool:
        return bool(self.hybrid.sync.sync_cycle_enabled)


def kept() -> dict[str, str]:
    """Return the variables by which all runs keep their archives and bytecode together, for the time of the tests."""
    place = os.environ.get("TESTS_KEPT")
    if place is None:
        return {}
    found = {f"TESTS_{name.upper()}": str(Path(place) / name) for name in KEPT}
    return {**found, "PYTHONPATH": str(HERE / "site")}


def move_request(bench: Bench, pair: Pair, **options: Any) -> MoveRequest:
    """Put a move request into the tenant as somebody else's New-MoveRequest would."""
    given = MoveOptions("mail.contoso.com", "DB01", target_delivery_domain="contoso.com", **options)
    number = len(bench.hybrid.replication.requests)
    request = MoveRequest(uuid.uuid5(pair.cloud.guid, str(number)), pair.cloud, given, bench.hybrid.clock.now())
    bench.hybrid.replication.submit(request, bench.hybrid.clock.now())
    return request


def finish(process: subprocess.Popen[str] | warm.Process, events: Path) -> Run:
    """Wait for a run's end and read what it did."""
    try:
        stdout, stderr = process.communicate(timeout=LONGEST_RUN)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        raise AssertionError(f"the run did not end:\n{stdout}{stderr}") from None
    assert process.returncode is not None
    return _told(Run(process.returncode, stdout, stderr), events)


class Live:
    """A run at a terminal, as people and AWX have it, whose output is read while it runs.

    A pipe would not do: Python holds back what goes to one (docs/execution-environments.md).
    """

    def __init__(self, process: subprocess.Popen[str], events: Path, terminal: int) -> None:
        self.process = process
        self._events = events
        self._terminal = terminal
        self._lines: queue.Queue[str] = queue.Queue()
        self._seen: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        # At the end of the last process a terminal reports an error.
        with open(self._terminal, encoding="utf-8") as screen, contextlib.suppress(OSError):
            for line in screen:
                self._lines.put(line)
        self._lines.put("")

    def until(self, *words: str) -> str:
        """Return the next line with all these words, as soon as it is there and while the run goes on."""
        while line := self._next():
            if all(word in line for word in words):
                assert self.process.poll() is None, "the run has ended already"
                return line
        raise AssertionError(f"no line with {words}:\n{''.join(self._seen)}")

    def _next(self) -> str:
        """Return the next line, empty at the end; a run that hangs is killed, and its test fails."""
        try:
            line = self._lines.get(timeout=LONGEST_RUN)
        except queue.Empty:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
            raise AssertionError(f"nothing more came of the run:\n{''.join(self._seen)}") from None
        self._seen.append(line)
        return line

    def finish(self) -> Run:
        """Wait for the end and read what the run did."""
        while self._next():
            pass
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            stderr = stream.read()
        self._reader.join(LONGEST_RUN)
        return _told(Run(self.process.wait(timeout=LONGEST_RUN), "".join(self._seen), stderr), self._events)

    def processes(self) -> list[int]:
        """Return the processes of the run that are alive, whichever session or parent they have by now."""
        return processes_of(self._events)

    def await_rest(self) -> None:
        """Wait until no thread of the run has anything to do, as when a person sees a line and presses Ctrl-C.

        Ansible's worker sends a line while it holds the lock of the queue. Killed in those microseconds it keeps the
        lock, and ansible-playbook waits for it for ever.
        """
        for _look in range(int(LONGEST_RUN / 0.02)):
            if all(_sleeps(number) for number in self.processes()):
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.02)
        raise AssertionError("the run does not come to rest")


def processes_of(events: Path) -> list[int]:
    """Return the processes of a run that are alive, which the file of its events marks."""
    mark = f"OBSERVE_EVENTS={events}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def cancel(
    process: subprocess.Popen[str], events: Path, grace: float, meanwhile: Callable[[], object] = lambda: None
) -> int:
    """Cancel a run as AWX does: SIGTERM to all its processes at once, SIGKILL to those that a grace later are left.

    Return how many were left. ``meanwhile`` happens between SIGTERM and the grace.
    """
    _signal(processes_of(events), signal.SIGTERM)
    meanwhile()
    _await_end(process, events, grace)
    left = processes_of(events)
    _signal(left, signal.SIGKILL)
    _await_end(process, events, LONGEST_RUN)
    process.communicate()
    return len(left)


def _signal(processes: Iterable[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def _await_end(process: subprocess.Popen[str], events: Path, patience: float) -> None:
    """Wait until no process of a run is alive, or patience ends."""
    deadline = time.monotonic() + patience
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    for number in processes_of(events):
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(number)
            try:
                select.select([handle], [], [], max(deadline - time.monotonic(), 0.0))
            finally:
                os.close(handle)


def _sleeps(process: int) -> bool:
    """Tell whether all threads of a process wait for something. One that is about to run is not among them."""
    try:
        stats = [
            path.read_text(encoding="ascii", errors="replace") for path in Path(f"/proc/{process}/task").glob("*/stat")
        ]
    except OSError:
        return False  # a thread has just ended: look again
    return all(stat.rpartition(")")[2].split()[0] == "S" for stat in stats)


def _told(run: Run, events: Path) -> Run:
    for line in events.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["event"] == "start":
            run.starts.append(Start(event["number"], event["task"], event["time"], event["files"]))
        else:
            run.tasks.append(Task(event["task"], event["action"], event["status"], event["result"]))
    return run


def module(short_name: str, *, name: str = "", register: str = "", **options: Any) -> dict[str, Any]:
    """Return a task of one of the collection's modules; it is named by its module unless ``name`` says otherwise."""
    task: dict[str, Any] = {"name": name or short_name, COLLECTION + short_name: options, "ignore_errors": True}
    return {**task, "register": register} if register else task


def timeless(value: Any) -> Any:
    """Return a snapshot without the times at which objects changed."""
    if isinstance(value, Mapping):
        return {name: timeless(item) for name, item in value.items() if name not in ("when_changed", "when_created")}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def records(pairs: Iterable[Pair], **common: Any) -> list[dict[str, Any]]:
    """Return the wave of these people."""
    return [{"identity": pair.identity, **common} for pair in pairs]


@dataclass(frozen=True)
class Known:
    """What a mailbox was before anything happened."""

    exchange_guid: uuid.UUID
    kind: str
    primary: str
    addresses: tuple[str, ...]
    legacy_exchange_dn: str


def remember(pair: Pair) -> Known:
    """Write down what must be the same at the end."""
    cloud = pair.cloud
    return Known(
        cloud.exchange_guid,
        cloud.kind,
        cloud.primary_smtp_address,
        tuple(cloud.email_addresses),
        cloud.legacy_exchange_dn,
    )


def assert_home(pair: Pair, before: Known, database: str = "DB01") -> None:
    """Check that a mailbox is on-premises whole, and that nothing of it was lost on either side."""
    home, cloud = pair.directory, pair.cloud
    assert (home.kind, home.database) == (before.kind, database), home
    assert home.exchange_guid == before.exchange_guid != EMPTY_GUID
    assert cloud.kind == "MailUser"
    assert cloud.exchange_guid == before.exchange_guid
    assert home.primary_smtp_address == before.primary
    assert cloud.primary_smtp_address == before.primary
    assert f"X500:{before.legacy_exchange_dn}" in home.email_addresses
    held = {address.lower() for address in cloud.email_addresses}
    assert [address for address in before.addresses if address.lower() not in held] == []
    carried = {address.lower() for address in home.email_addresses}
    # SharePoint's and the tenant's own initial address belong to the cloud.
    stays = ("SPO:", f"smtp:{pair.cloud.alias}@{TENANT}")
    wanted = [address for address in before.addresses if not address.startswith(stays)]
    assert [address for address in wanted if address.lower() not in carried] == []


def wait_until_it_hangs(bench: Bench, process: subprocess.Popen[str]) -> None:
    """Wait until a run has come to the fault that never ends, and no further."""
    for _look in range(int(LONGEST_RUN / 0.05)):
        if not bench.faults.armed():
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
            raise AssertionError(f"the run ended: {process.communicate()}")
    raise AssertionError("nothing hung in time")
