# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal: whole lines, whoever else appends; told before it is sent; nothing told that must stay secret."""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import platform
import re
import resource
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Credential
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import (
    Change,
    Journal,
    fresh_run_id,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import Busy
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    ConnectionFailure,
    HybridError,
    InputError,
    MailboxError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.directory_sync.directory_sync import (
    DirectorySync,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.mailuser import step as mailuser
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import step as steps
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.step import Step

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils._memory.failing import Failing
from tests.unit.plugins.module_utils.fakes import (
    ROUTING,
    ZERO,
    Fails,
    FakeOrganization,
    Handler,
    Time,
    ad_user,
    cloud_mailbox,
    connect,
    guid_of,
    lost,
    move_request_of,
    on_premises_recipient,
    refusal,
)

SERVER = "exchange_server"
SET = Cmdlet("Set-MailUser", {"Identity": "ann", "CustomAttribute1": "x"})
CHANGE = Change("ann@contoso.com", {"custom_attribute_1": ""}, {"custom_attribute_1": "x"})
COMMON = {"utc", "event", "run_id", "host", "id", "object"}
OF_A_WRITE = {*COMMON, "organization", "server", "cmdlet"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def events(path: Path) -> list[tuple[str, str]]:
    """Return each line's event, with the result of an answer."""
    return [(entry["event"], entry.get("result", "")) for entry in lines(path)]


def server(handler: Handler | None = None) -> FakeOrganization:
    return FakeOrganization(SERVER, {"Get-User": []}, {"Set-MailUser": handler or Fails()})


def write(path: Path, organization: FakeOrganization, cmdlet: Cmdlet = SET, change: Change | None = CHANGE) -> None:
    journal = Journal(FileMemory(), str(path), "run-1", "wave-1")
    with journal, connect(organization, journal=journal) as connections:
        connections.run(SERVER, cmdlet, change)


# -- lines -------------------------------------------------------------------------------------------------------------


def test_a_write_is_told_before_it_is_sent_and_again_when_it_is_answered(path: Path) -> None:
    seen: list[list[tuple[str, str]]] = []

    def handler(_cmdlet: Cmdlet) -> list[dict[str, Any]]:
        seen.append(events(path))
        return []

    write(path, server(handler))
    assert seen == [[("sent", "")]], "the line was there while Exchange worked"
    sent, answered = lines(path)
    assert set(sent) == {*OF_A_WRITE, "before", "after"}
    assert set(answered) == {*OF_A_WRITE, "result", "error", "duration_ms"}
    assert {name: sent[name] for name in OF_A_WRITE - {"utc", "event", "id"}} == {
        "run_id": "run-1",
        "host": "wave-1",
        "object": "ann@contoso.com",
        "organization": SERVER,
        "server": "host.contoso.com",
        "cmdlet": "Set-MailUser -Identity 'ann' -CustomAttribute1 'x'",
    }
    assert (sent["before"], sent["after"]) == (CHANGE.before, CHANGE.after)
    assert {name: answered[name] for name in OF_A_WRITE - {"utc", "event"}} == {
        name: sent[name] for name in OF_A_WRITE - {"utc", "event"}
    }
    assert (answered["event"], answered["result"], answered["error"]) == ("answered", "ok", None)
    assert isinstance(answered["duration_ms"], int)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["utc"]) for entry in (sent, answered))
    moment = datetime.datetime.fromisoformat(sent["utc"].replace("Z", "+00:00"))
    assert abs(datetime.datetime.now(datetime.timezone.utc) - moment) < datetime.timedelta(minutes=5)


def test_a_write_of_its_own_accord_names_the_object_of_its_cmdlet(path: Path) -> None:
    write(path, server(), change=None)
    assert {(entry["object"], str(entry.get("before", {}))) for entry in lines(path)} == {("ann", "{}")}


@pytest.mark.parametrize(
    ("error", "result", "code"),
    [
        (refusal("The object is locked.", cmdlet="Set-MailUser"), "failed", "unknown_failure"),
        (ConnectionFailure("nobody answers.", code="unreachable"), "failed", "unreachable"),
        (MailboxError("no controller.", code="domain_not_pinned"), "failed", "domain_not_pinned"),
        (lost(), "unknown", "connection_lost"),
    ],
)
def test_what_went_wrong_is_told_as_the_module_tells_it(path: Path, error: HybridError, result: str, code: str) -> None:
    with pytest.raises(HybridError):
        write(path, server(Fails(error)))
    assert events(path) == [("sent", ""), ("answered", result)]
    assert lines(path)[1]["error"] == error.as_result()
    assert lines(path)[1]["error"]["code"] == code


def test_a_throttled_write_did_not_run_and_its_second_sending_is_a_write_of_its_own(path: Path) -> None:
    busy = Fails(Busy("too many commands.", retry_after=0.5), Busy("too many commands."))
    write(path, server(busy))
    assert events(path) == [*[("sent", ""), ("answered", "failed")] * 2, ("sent", ""), ("answered", "ok")]
    told = lines(path)
    assert [entry["error"] and entry["error"]["code"] for entry in told[1::2]] == ["throttled", "throttled", None]
    assert len({entry["id"] for entry in told}) == 3


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_run_that_is_stopped_leaves_its_write_as_unknown(path: Path, stop: type[BaseException]) -> None:
    with pytest.raises(stop):
        write(path, server(Fails(stop())))  # type: ignore[arg-type]
    answered = lines(path)[1]
    assert (answered["result"], answered["error"]["code"]) == ("unknown", "interrupted")
    assert stop.__name__ in answered["error"]["message"]


def test_reads_are_not_told(path: Path) -> None:
    organization = server()
    with Journal(FileMemory(), str(path)) as journal, connect(organization, journal=journal) as connections:
        connections.run(SERVER, Cmdlet("Get-User"))
        connections.read_each(SERVER, [Cmdlet("Get-User")] * 30)
    assert len(organization.calls) == 31
    assert path.read_bytes() == b""


def test_a_password_is_masked(path: Path) -> None:
    credential = Credential("CONTOSO\\mrs", "correct horse battery staple")
    cmdlet = Cmdlet("Set-MailUser", {"Identity": "ann", "RemoteCredential": credential})
    write(path, server(), cmdlet, Change("ann", {"credential": credential}, {"credential": credential}))
    text = path.read_text(encoding="utf-8")
    assert "correct horse" not in text
    assert lines(path)[0]["cmdlet"].endswith("-RemoteCredential (PSCredential 'CONTOSO\\mrs', '********')")


def test_any_text_stands_in_one_line(path: Path) -> None:
    name = 'Änne\nO\'Neil \u2028 \udce9 \x00 "quoted"'
    write(path, server(), Cmdlet("Set-MailUser", {"Identity": name}), Change(name, {}, {"display_name": name}))
    raw = path.read_bytes()
    assert raw.count(b"\n") == 2
    assert raw.decode("utf-8"), "valid UTF-8"
    assert {json.loads(line)["object"] for line in raw.splitlines()} == {name}


def test_run_and_machine_have_names_by_default(path: Path) -> None:
    for _run in range(2):
        with Journal(FileMemory(), str(path), "", None) as journal:
            journal.accepted({"ann@contoso.com": ["litigation_hold"]})
    first, second = lines(path)
    assert first["host"] == platform.node()
    assert first["run_id"] != second["run_id"]
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}", fresh_run_id())


# -- what a cmdlet changes ---------------------------------------------------------------------------------------------

RECORD: Record = {
    "identity": "ann@contoso.com",
    "exchange_guid": guid_of("ann's mailbox"),
    "primary_smtp_address": "ann@contoso.com",
    "email_addresses": ["SMTP:ann@contoso.com"],
    "alias": "ann",
    "routing_domain": ROUTING,
    "add_routing_address": True,
}


def applied(path: Path, step: Step[Any], *organizations: FakeOrganization, **record: Any) -> dict[str, dict[str, Any]]:
    """Run a step for Ann and return its sent lines by cmdlet."""
    for organization in organizations:
        for name in ("Enable-MailUser", "Set-MailUser", "Set-Mailbox", "New-MoveRequest"):
            organization.handlers[name] = Fails()
        for name in ("Set-MoveRequest", "Resume-MoveRequest", "Remove-MoveRequest"):
            organization.handlers[name] = Fails()
    with Journal(FileMemory(), str(path)) as journal, connect(*organizations, journal=journal) as connections:
        run_wave(step, [{**RECORD, **record}], connections, check=False, sleep=Time().sleep)
    sent = [entry for entry in lines(path) if entry["event"] == "sent"]
    assert {entry["object"] for entry in sent} == {"ann@contoso.com"}
    return {entry["cmdlet"].partition(" ")[0]: entry for entry in sent}


def test_each_cmdlet_tells_only_what_it_changes(path: Path) -> None:
    people = fakes.on_premises(ad_user("ann"))
    tenant = fakes.tenant(cloud_mailbox("ann", EmailAddresses=["SMTP:ann@contoso.com"]))
    sent = applied(path, mailuser.Present(False), people, tenant)
    assert set(sent) == {"Set-Mailbox", "Enable-MailUser", "Set-MailUser"}
    assert sent["Set-Mailbox"]["organization"] == "exchange_online"
    assert (sent["Set-Mailbox"]["before"], sent["Set-Mailbox"]["after"]) == ({}, {})
    assert sent["Enable-MailUser"]["after"] == {
        "recipient_type_details": "MailUser",
        "external_email_address": f"ann@{ROUTING}",
        "primary_smtp_address": "ann@contoso.com",
        "alias": "ann",
    }
    assert sent["Enable-MailUser"]["before"]["recipient_type_details"] == "User"
    stamped = sent["Set-MailUser"]
    assert set(stamped["after"]) == {"email_addresses", "email_address_policy_enabled", "exchange_guid"}
    assert set(stamped["before"]) == set(stamped["after"])
    assert stamped["after"]["exchange_guid"] == RECORD["exchange_guid"]


def test_a_status_comes_with_the_last_cmdlet(path: Path) -> None:
    held = move_request_of("ann", "AutoSuspended", SuspendWhenReadyToComplete=True)
    sent = applied(path, steps.Completed(False), fakes.tenant(cloud_mailbox("ann"), requests=[held]))
    assert sent["Set-MoveRequest"]["after"] == {"suspend_when_ready_to_complete": False}
    assert sent["Set-MoveRequest"]["before"] == {"suspend_when_ready_to_complete": True}
    assert sent["Resume-MoveRequest"]["after"] == {"status": "CompletionInProgress"}
    assert sent["Resume-MoveRequest"]["before"] == {"status": "AutoSuspended"}


def test_the_remote_credential_of_a_move_stays_secret(path: Path) -> None:
    given = {"username": "CONTOSO\\mrs", "password": "correct horse battery staple"}
    record = {"remote_host_name": "mail.contoso.com", "target_delivery_domain": "contoso.com"}
    step = steps.for_state("submitted", False, given, [{**RECORD, **record}])
    sent = applied(path, step, fakes.tenant(cloud_mailbox("ann")), **record)
    assert sent["New-MoveRequest"]["before"] == {"move_request": None}
    assert sent["New-MoveRequest"]["after"]["move_request"]["remote_host_name"] == "mail.contoso.com"
    assert "correct horse" not in path.read_text(encoding="utf-8")


def test_a_write_that_is_sent_once_more_is_told_once_more(path: Path) -> None:
    people = fakes.on_premises(on_premises_recipient("ann", ExchangeGuid=ZERO))
    applied(path, mailuser.Present(False), people, fakes.tenant(cloud_mailbox("ann")))
    first = events(path)
    people.handlers["Set-MailUser"] = Fails(lost(), lost())
    journal = Journal(FileMemory(), str(path))
    with journal, connect(people, fakes.tenant(cloud_mailbox("ann")), journal=journal) as both:
        run_wave(mailuser.Present(False), [RECORD], both, check=False, sleep=Time().sleep)
    assert events(path)[len(first) :] == [("sent", ""), ("answered", "unknown")] * 2


def steered(journal: Journal) -> DirectorySync:
    """Return what steers a scheduler that is running."""
    states = {"enabled": True}

    def switch(cmdlet: Cmdlet) -> list[dict[str, Any]]:
        states["enabled"] = bool(cmdlet.parameters["SyncCycleEnabled"])
        return []

    scheduler: dict[str, Handler] = {
        "Get-ADSyncScheduler": lambda _cmdlet: [{"SyncCycleEnabled": states["enabled"]}],
        "Get-ADSyncConnectorRunStatus": lambda _cmdlet: [],
        "Set-ADSyncScheduler": switch,
    }
    connections = connect(FakeOrganization("entra_connect", {}, scheduler), journal=journal)
    return DirectorySync(connections, False, wait_timeout=10, wait_sleep=1, sleep=Time().sleep)


def test_writes_outside_waves_are_told_too(path: Path) -> None:
    with Journal(FileMemory(), str(path)) as journal:
        sync = steered(journal)
        sync.paused(None)
        sync.resumed(None)
    assert events(path) == [("sent", ""), ("answered", "ok")] * 2
    told = [entry for entry in lines(path) if entry["event"] == "sent"]
    assert [(entry["before"], entry["after"]) for entry in told] == [
        ({"sync_cycle_enabled": True}, {"sync_cycle_enabled": False}),
        ({"sync_cycle_enabled": False}, {"sync_cycle_enabled": True}),
    ]
    assert {(entry["object"], entry["organization"]) for entry in told} == {("", "entra_connect")}


# -- accepted blockers -----------------------------------------------------------------------------------------------


def accept(path: Path, run: str, **codes: list[str]) -> None:
    with Journal(FileMemory(), str(path), run) as journal:
        journal.accepted({f"{name}@contoso.com": named for name, named in codes.items()})


def test_an_accepted_stop_sign_is_told_once_for_each_mailbox_and_run(path: Path) -> None:
    accept(path, "monday", ann=["litigation_hold", "upn_differs"], bob=["litigation_hold"])
    accept(path, "monday", ann=["litigation_hold", "upn_differs"], bob=["litigation_hold"])
    accept(path, "tuesday", ann=["litigation_hold", "upn_differs"])
    accept(path, "monday", ann=["litigation_hold", "upn_differs", "archive_undecided"])
    told = lines(path)
    assert {frozenset(entry) for entry in told} == {frozenset({*COMMON, "codes"})}
    assert [(entry["run_id"], entry["object"], entry["codes"]) for entry in told] == [
        ("monday", "ann@contoso.com", ["litigation_hold", "upn_differs"]),
        ("monday", "bob@contoso.com", ["litigation_hold"]),
        ("tuesday", "ann@contoso.com", ["litigation_hold", "upn_differs"]),
        ("monday", "ann@contoso.com", ["litigation_hold", "upn_differs", "archive_undecided"]),
    ]


def test_lines_that_nobody_can_read_are_passed_over(path: Path) -> None:
    accept(path, "monday", ann=["litigation_hold"])
    kept = path.read_bytes()
    damaged = (b'["x"]', b"{}", b"[" * 90_000, b'{"codes":5,"run_id":"monday"}', b'{"codes":[{}],"object":""}')
    path.write_bytes(b"\n".join([*(line + b' "event":"accepted"' for line in damaged), *damaged, kept]))
    accept(path, "monday", ann=["litigation_hold"], bob=["litigation_hold"])
    told = path.read_bytes().splitlines()[2 * len(damaged) :]
    assert [json.loads(line)["object"] for line in told] == ["ann@contoso.com", "bob@contoso.com"]


# -- the file ----------------------------------------------------------------------------------------------------------

APPENDER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Change, Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory

def one(number):
    long = {"email_addresses": [f"smtp:{name}.{number}.{n}@contoso.com" for n in range(number)]}
    with journal.writing("exchange_server", "ex01", Cmdlet("Set-MailUser"), Change(f"{name}-{number}", {}, long)):
        pass

path, name = sys.argv[1:]
with Journal(FileMemory(), path, name) as journal, ThreadPoolExecutor(4) as pool:
    print("ready", flush=True)
    sys.stdin.read()
    list(pool.map(one, range(300)))
"""


def test_processes_that_append_at_once_never_mix_their_lines(path: Path) -> None:
    names = ("one", "two", "three", "four")
    command = [sys.executable, "-c", APPENDER, str(path)]
    processes = [subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for name in names]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    for process in processes:
        with process:
            assert process.wait(timeout=60) == 0
    told = lines(path)
    assert len(told) == 4 * 300 * 2
    assert Counter(entry["run_id"] for entry in told) == dict.fromkeys(names, 600)
    pairs: dict[str, list[str]] = {}
    for entry in told:
        pairs.setdefault(entry["id"], []).append(entry["event"])
    assert set(map(tuple, pairs.values())) == {("sent", "answered")}


def test_what_was_sent_survives_the_kill_that_nothing_can_catch(path: Path) -> None:
    script = APPENDER.replace("        pass", "        import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    done = subprocess.run([sys.executable, "-c", script, str(path), "killed"], input=b"", check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert {entry["event"] for entry in lines(path)} == {"sent"}


def test_the_file_is_its_owners_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        accept(path, "run", ann=["litigation_hold"])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_stands_there_stays(path: Path) -> None:
    path.write_bytes(b'{"event": "of somebody else"}\n')
    path.chmod(0o640)
    accept(path, "run", ann=["litigation_hold"])
    assert path.read_bytes().startswith(b'{"event": "of somebody else"}\n{')
    assert stat.S_IMODE(path.stat().st_mode) == 0o640, "who may read it is its owner's decision"


def missing_directory(path: Path) -> Path:
    return path.parent / "nowhere" / "journal.jsonl"


def a_directory(path: Path) -> Path:
    path.mkdir()
    return path


def a_pipe_that_nobody_reads(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("place", [missing_directory, a_directory, a_pipe_that_nobody_reads])
def test_a_file_that_cannot_be_written_is_refused_in_one_sentence(path: Path, place: Callable[[Path], Path]) -> None:
    wrong = str(place(path))
    with pytest.raises(InputError) as caught:
        Journal(FileMemory(), wrong)
    assert caught.value.code == "unwritable_journal"
    assert caught.value.message.startswith(f"journal: '{wrong}' cannot be written (")
    assert "existing directory" in caught.value.message


@contextlib.contextmanager
def full_disk(path: Path, left: int) -> Iterator[None]:
    """Let a file grow by only so many bytes more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("left", [0, 40])
def test_what_cannot_be_told_is_not_sent(path: Path, left: int) -> None:
    organization = server()
    with Journal(FileMemory(), str(path)) as journal, connect(organization, journal=journal) as connections:
        connections.run(SERVER, SET, CHANGE)
        with full_disk(path, left), pytest.raises(InputError) as caught:
            connections.run(SERVER, SET, CHANGE)
        assert caught.value.code == "unwritable_journal"
        assert len(organization.calls) == 1
        connections.run(SERVER, SET, CHANGE)
        # The session has sent nothing and is lent again: with one more each time, Exchange would run out of them.
        assert [session.closed for session in organization.sessions] == [False]
    told = path.read_bytes().splitlines()
    # Half a line may stand there; whatever comes after it stands on lines of its own.
    assert len(told) == 4 + bool(left)
    assert len([line for line in told if line.endswith(b"}")]) == 4


def test_what_was_accepted_is_told_or_nothing_begins(path: Path) -> None:
    with Journal(FileMemory(), str(path), "run") as journal, full_disk(path, 0):
        with pytest.raises(InputError) as caught:
            journal.accepted({"ann@contoso.com": ["litigation_hold"]})
        assert caught.value.code == "unwritable_journal"
    unread = Failing(path.name, errno.EIO, "lines")
    with Journal(unread, str(path), "run") as journal:
        journal.accepted({})  # nothing to tell, nothing to read
        with pytest.raises(InputError) as caught:
            journal.accepted({"ann@contoso.com": ["litigation_hold"]})
        assert caught.value.code == "unwritable_journal"
    assert events(path) == []


def test_an_answer_that_cannot_be_told_changes_nothing_of_what_was_done(path: Path) -> None:
    with contextlib.ExitStack() as stack:

        def fill(_cmdlet: Cmdlet) -> list[dict[str, Any]]:
            stack.enter_context(full_disk(path, 0))
            return [{"Name": "ann"}]

        journal = stack.enter_context(Journal(FileMemory(), str(path)))
        connections = connect(server(fill), journal=journal)
        assert connections.run(SERVER, SET, CHANGE).objects == [{"Name": "ann"}]
        assert journal.unwritten
    assert events(path) == [("sent", "")]


class _Fenced(FileMemory):
    """Takes no more, once a lock is lost, than what is told regardless of it: a database does."""

    lost = False

    def appended(self, path: str) -> Any:
        lines = super().appended(path)
        add = lines.append

        def append(line: str, *, regardless: bool = False) -> None:
            if self.lost and not regardless:
                raise OSError(errno.ENOLCK, "the connection to the database was lost while it held a lock")
            add(line)

        lines.append = append  # type: ignore[method-assign]
        return lines


def test_the_answer_to_a_write_is_told_whoever_has_the_locks_by_then(path: Path) -> None:
    memory = _Fenced()
    with Journal(memory, str(path)) as journal:
        with journal.writing(SERVER, "ex01", SET, CHANGE):
            memory.lost = True
        with pytest.raises(InputError), journal.writing(SERVER, "ex01", SET, CHANGE):
            pytest.fail("a write was sent that another run may not allow")
    events = [json.loads(line)["event"] for line in path.read_text("utf-8").splitlines()]
    assert (events, journal.unwritten) == (["sent", "answered"], "")


def test_a_full_disk_stops_no_scheduler_and_keeps_none_stopped(path: Path) -> None:
    with Journal(FileMemory(), str(path)) as journal:
        sync = steered(journal)
        with full_disk(path, 0), pytest.raises(InputError):
            sync.paused(None)
        sync.paused(None)
        with full_disk(path, 0):
            assert sync.resumed(None).changed
        assert journal.unwritten
    assert events(path) == [("sent", ""), ("answered", "ok")]


def test_a_line_that_was_cut_short_does_not_spoil_the_next(path: Path) -> None:
    path.write_bytes(b'{"event":"sent","obj')
    accept(path, "run", ann=["litigation_hold"])
    accept(path, "run", ann=["litigation_hold"], bob=["litigation_hold"])
    _torn, *whole = path.read_bytes().splitlines()
    assert [json.loads(line)["object"] for line in whole] == ["ann@contoso.com", "bob@contoso.com"]
