# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that is killed, full, slow, crowded or gone, and connections that break: nothing is lost or doubled."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import MemoryFault
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql_session import Patience

from tests.integration.postgresql.server import Server
from tests.integration.postgresql.wire import Wire
from tests.unit.plugins.module_utils._memory.contract import text_at
from tests.unit.plugins.module_utils.interrupting import at_each_step

Make = Callable[..., PostgreSQLMemory]
AT_ONCE = Patience(again=0, sleep=lambda _seconds: None)
# What a trigger does before each text is written.
DISK_FULL = "RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; RETURN NULL;"
SLOW = "PERFORM pg_sleep(5); RETURN NEW;"


@pytest.fixture
def wire(server: Server, tmp_path: Path) -> Iterator[Wire]:
    # The name of a socket has at most 107 characters.
    with contextlib.ExitStack() as stack:
        folder = tmp_path / "w"
        folder.mkdir()
        made = Wire(folder, server.socket, 5432)
        stack.callback(made.close)
        yield made


@pytest.fixture
def triggered(sql: psycopg.Connection) -> Iterator[Callable[[str], None]]:
    """Let the server do something before each text is written."""

    def trigger(body: str) -> None:
        sql.execute(f"CREATE FUNCTION before() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
        sql.execute(
            "CREATE TRIGGER before BEFORE INSERT ON exchange_hybrid.texts FOR EACH ROW EXECUTE FUNCTION before()"
        )
        sql.execute(
            "CREATE TRIGGER before BEFORE INSERT ON exchange_hybrid.lines FOR EACH ROW EXECUTE FUNCTION before()"
        )

    yield trigger
    sql.execute("DROP FUNCTION before CASCADE")


def kick(sql: psycopg.Connection) -> int:
    """End every other session of the database, as an administrator may."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return sql.execute(f"SELECT count(pg_terminate_backend(pid, 5000)) {others}").fetchone()[0]


CHANGES: dict[str, Callable[[PostgreSQLMemory, str], object]] = {
    "write": lambda memory, root: memory.write(f"{root}/wave.json", "new"),
    "create": lambda memory, root: memory.create(f"{root}/fresh.json", "fresh"),
    "swap": lambda memory, root: memory.swap(f"{root}/wave.json", "old", "new"),
    "put": lambda memory, root: memory.swap(f"{root}/fresh.json", None, "fresh"),
    "take": lambda memory, root: memory.swap(f"{root}/wave.json", "old", None),
    "copy": lambda memory, root: memory.copy(f"{root}/wave.json", f"{root}/copy.json"),
    "remove": lambda memory, root: memory.remove(f"{root}/wave.json"),
    "append": lambda memory, root: memory.appended(f"{root}/journal.jsonl").append("second"),
}


def all_of(memory: PostgreSQLMemory, root: str) -> dict[str, str | None]:
    return {path.removeprefix(f"{root}/"): text_at(memory, path) for path in memory.under(root)}


def begin(memory: PostgreSQLMemory, root: str) -> None:
    memory.write(f"{root}/wave.json", "old")
    memory.appended(f"{root}/journal.jsonl").append("first")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_connection_that_breaks_anywhere_in_a_change_changes_nothing_about_it(
    change: str, when: str, make: Make, database: str, wire: Wire, root: str
) -> None:
    calm = make()
    begin(calm, f"{root}/calm")
    expected = CHANGES[change](calm, f"{root}/calm"), all_of(calm, f"{root}/calm")
    assert expected[0] in (None, True)
    rough = make(f"postgresql:///{database}?host={wire.folder}&user=postgres")
    cuts = 0
    for skipped in range(20):
        begin(rough, f"{root}/{skipped}")
        wire.cut(when, skipped)
        found = CHANGES[change](rough, f"{root}/{skipped}")
        cuts += wire.has_cut
        wire.cut("")
        assert (found, all_of(rough, f"{root}/{skipped}")) == expected
    # Each exchange of the change was broken once.
    assert 1 <= cuts < 20


def test_sessions_that_an_administrator_ends_are_opened_again(
    memory: PostgreSQLMemory, sql: psycopg.Connection, root: str
) -> None:
    begin(memory, root)
    for number in range(3):
        assert kick(sql) == 1
        memory.write(f"{root}/wave.json", f"text {number}")
        assert kick(sql) == 1
        assert text_at(memory, f"{root}/wave.json") == f"text {number}"


def test_a_server_that_is_killed_and_comes_back_is_waited_for(make: Make, server: Server, root: str) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            server.start()

    memory = make(patience=Patience(sleep=sleep))
    begin(memory, root)
    server.stop()
    memory.appended(f"{root}/journal.jsonl").append("second")
    assert waited[:2] == [0.1, 0.2]
    assert all_of(memory, root) == {"journal.jsonl": "first\nsecond\n", "wave.json": "old"}


def test_a_server_that_does_not_come_back_is_told_after_the_patience(make: Make, server: Server, root: str) -> None:
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    memory = make(patience=Patience(again=30, sleep=sleep, clock=lambda: clock[0]))
    fresh = make(patience=Patience(sleep=sleep, clock=lambda: clock[0]))
    begin(memory, root)
    server.stop()
    try:
        with pytest.raises(MemoryFault) as caught:
            memory.write(f"{root}/wave.json", "new")
        assert 30 <= clock[0] < 33
        # An address where nothing has ever answered is more likely wrong.
        with pytest.raises(MemoryFault):
            fresh.write(f"{root}/wave.json", "new")
        assert clock[0] < 33
    finally:
        server.start()
    assert (caught.value.strerror, caught.value.retryable) == ("no database server listens there", True)
    memory.write(f"{root}/wave.json", "newer")
    assert text_at(fresh, f"{root}/wave.json") == "newer"


def test_who_has_lost_a_lock_learns_it_before_the_next_write(make: Make, sql: psycopg.Connection, root: str) -> None:
    memory, other = make(), make()
    begin(memory, root)
    journal = memory.appended(f"{root}/journal.jsonl")
    with memory.lock(f"{root}/wave.lock") as had:
        assert had
        kick(sql)
        with other.lock(f"{root}/wave.lock") as free:
            assert free
        for change in CHANGES.values():
            with pytest.raises(MemoryFault, match="lost while it held a lock") as caught:
                change(memory, root)
            assert caught.value.errno == errno.ENOLCK
        with pytest.raises(MemoryFault), memory.lock(f"{root}/other.lock"):
            pass
        assert all_of(memory, root) == {"journal.jsonl": "first\n", "wave.json": "old"}
        # What was done already is told in any case.
        journal.append("second", regardless=True)
    journal.append("third")
    with memory.lock(f"{root}/wave.lock") as again:
        assert again
        memory.write(f"{root}/wave.json", "new")
    assert all_of(memory, root) == {"journal.jsonl": "first\nsecond\nthird\n", "wave.json": "new"}


def test_a_lock_that_breaks_while_a_write_is_sent_is_noticed_by_it(
    make: Make, database: str, wire: Wire, root: str
) -> None:
    memory = make(f"postgresql:///{database}?host={wire.folder}&user=postgres")
    with memory.lock(f"{root}/wave.lock", shared=True):
        wire.cut("before")
        with pytest.raises(MemoryFault, match="lost while it held a lock"):
            memory.write(f"{root}/wave.json", "new")
    assert not memory.exists(f"{root}/wave.json")


HOLDER = """
import sys
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory
with PostgreSQLMemory(sys.argv[1]).lock(sys.argv[2]) as had:
    print(had, flush=True)
    sys.stdin.read()
"""


def test_a_lock_ends_with_its_process_however_that_dies(
    memory: PostgreSQLMemory, server: Server, database: str, root: str
) -> None:
    command = [sys.executable, "-c", HOLDER, server.url(database), f"{root}/wave.lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with memory.lock(f"{root}/wave.lock") as had:
            assert not had
        assert memory.holder(f"{root}/wave.lock").startswith(f"process {holder.pid} on ")
        holder.kill()
    with memory.lock(f"{root}/wave.lock", patience=30) as had:
        assert had
    assert memory.holder(f"{root}/wave.lock") == "another process"


def test_a_signal_interrupts_who_waits_and_not_the_write(
    memory: PostgreSQLMemory, triggered: Callable[[str], None], root: str
) -> None:
    triggered("PERFORM pg_sleep(0.3); RETURN NEW;")

    class Stopped(BaseException):
        pass

    def stop(_number: int, _frame: object) -> None:
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with memory.lock(f"{root}/wave.lock"):
            memory.exists(root)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(Stopped):
                memory.write(f"{root}/wave.json", "new")
            # The lock is still held: what is half made can be mended, and told.
            memory.appended(f"{root}/journal.jsonl").append("stopped")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert all_of(memory, root) == {"journal.jsonl": "stopped\n", "wave.json": "new"}


def test_a_server_that_hangs_is_not_waited_for_for_ever(
    make: Make, server: Server, sql: psycopg.Connection, root: str
) -> None:
    memory = make(patience=Patience(again=0, answer=0.6, fence=1.0))
    begin(memory, root)
    process = sql.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    ).fetchone()[0]
    thaw = server.freeze(process)
    try:
        with pytest.raises(MemoryFault, match="the connection to the database was lost"):
            memory.write(f"{root}/wave.json", "new")
        # What was sent to the frozen session may still be done: nothing is sent that it could undo.
        with pytest.raises(MemoryFault, match="still at work in the database"):
            memory.write(f"{root}/wave.json", "newer")
    finally:
        thaw()
    memory.write(f"{root}/wave.json", "newest")
    assert text_at(memory, f"{root}/wave.json") == "newest"


def test_a_full_disk_is_a_phrase_and_leaves_what_was_there(
    memory: PostgreSQLMemory, triggered: Callable[[str], None], root: str
) -> None:
    begin(memory, root)
    journal = memory.appended(f"{root}/journal.jsonl")
    triggered(DISK_FULL)
    for change in (
        lambda: memory.write(f"{root}/wave.json", "new"),
        lambda: memory.create(f"{root}/fresh.json", "fresh"),
        lambda: journal.append("second"),
    ):
        with pytest.raises(MemoryFault) as caught:
            change()
        assert (caught.value.errno, caught.value.strerror) == (
            errno.ENOSPC,
            "the disk of the database server is full",
        )
    assert all_of(memory, root) == {"journal.jsonl": "first\n", "wave.json": "old"}


def test_a_slow_server_is_told_and_has_written_nothing(
    make: Make, server: Server, database: str, triggered: Callable[[str], None], root: str
) -> None:
    memory = make(server.url(database, options="-c%20statement_timeout%3D100"))
    triggered(SLOW)
    with pytest.raises(MemoryFault, match="did not answer within statement_timeout") as caught:
        memory.write(f"{root}/wave.json", "new")
    assert caught.value.retryable
    assert not memory.exists(f"{root}/wave.json")


def test_a_text_that_somebody_holds_is_not_waited_for_for_ever(
    make: Make, server: Server, database: str, sql: psycopg.Connection, root: str
) -> None:
    memory = make(server.url(database, options="-c%20lock_timeout%3D50"), patience=AT_ONCE)
    begin(memory, root)
    with sql.transaction():
        sql.execute("SELECT FROM exchange_hybrid.texts FOR UPDATE")
        with pytest.raises(MemoryFault, match="for longer than lock_timeout"):
            memory.write(f"{root}/wave.json", "new")
    memory.write(f"{root}/wave.json", "new")


def test_a_database_that_can_only_be_read_is_told(
    make: Make, server: Server, database: str, memory: PostgreSQLMemory, root: str
) -> None:
    begin(memory, root)
    reader = make(server.url(database, options="-c%20default_transaction_read_only%3Don"))
    assert text_at(reader, f"{root}/wave.json") == "old"
    with pytest.raises(MemoryFault, match="the database can only be read") as caught:
        reader.write(f"{root}/wave.json", "new")
    assert caught.value.errno == errno.EROFS


def test_a_server_without_connections_is_tried_again(make: Make, server: Server, database: str, root: str) -> None:
    with contextlib.ExitStack() as crowd:
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                crowd.enter_context(psycopg.connect(server.url(database)))
        with pytest.raises(MemoryFault, match="the database server has no connection left") as caught:
            make(patience=AT_ONCE).write(f"{root}/wave.json", "new")
        assert caught.value.retryable
        patient = make(patience=Patience(sleep=lambda _seconds: crowd.close()))
        patient.write(f"{root}/wave.json", "new")
    assert text_at(patient, f"{root}/wave.json") == "new"


def test_several_machines_add_lines_and_none_is_lost(make: Make, root: str) -> None:
    def add(name: str) -> None:
        journal = make().appended(f"{root}/journal.jsonl")
        for number in range(50):
            journal.append(f"{name} {number}")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(add, "abc"))
    lines = list(make().lines(f"{root}/journal.jsonl"))
    assert sorted(lines) == sorted(f"{name} {number}" for name in "abc" for number in range(50))
    assert [line for line in lines if line.startswith("a")] == [f"a {number}" for number in range(50)]


def test_an_interrupt_at_any_step_leaves_nothing_waiting_and_no_lock_held(make: Make, root: str) -> None:
    opened: list[PostgreSQLMemory] = []

    def path() -> str:
        # Of each process: the server may notice the end of the one before a moment later.
        return f"{root}/{os.getpid()}.lock"

    def work() -> None:
        opened.append(make())
        with opened[0].lock(path()) as had:
            assert had
            opened[0].read(f"{root}/wave")

    def then() -> None:
        for memory in opened:
            with memory.lock(path()) as had:
                assert had, "the lock was not given back"
            memory.close()

    steps, wrong = at_each_step(work, then)
    assert not wrong, "\n\n".join(wrong)
    assert steps > 50
