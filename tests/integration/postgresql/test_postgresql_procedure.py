# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The procedure with its memory in the database, in front of the lab's model: as with files, and where that fails.

Nothing is written to a mailbox that was not written down before, and the second run ends what the first one began.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Memory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory

from lab.model.builder import Pair, Person
from tests.unit.plugins.module_utils.lab_in_process import InProcess
from tests.unit.plugins.module_utils.procedure_in_process import PHASES, Procedure

Make = Callable[..., PostgreSQLMemory]
PEOPLE = ("Ann Archer", "Bob Baker")
# Without them the mailboxes are not home: what has to be in the end, whatever happened on the way.
WRITES = ["Enable-MailUser", "Set-MailUser", "New-MoveRequest"]


@dataclass
class Lab(InProcess):
    """A lab whose connections have a journal, and in which something may happen before each write."""

    journal: Journal | None = None
    before_write: Callable[[int], None] = lambda _number: None

    def connect(self, *names: str, journal: Journal | None = None) -> Connections:
        return super().connect(*names, journal=journal or self.journal)

    def write(self, cmdlet: Cmdlet, send: Callable[[], CmdletOutput]) -> CmdletOutput:
        self.before_write(len(self.writes))
        return super().write(cmdlet, send)


class Kept(Procedure):
    """The procedure, with a memory of the test's choice."""

    def __init__(self, memory: Memory, directory: str, lab: Lab | None = None) -> None:
        self.model = lab or Lab()
        super().__init__(directory, self.model, memory=memory)
        if lab is None:
            people = [Person(name, extra=(f"smtp:{name.split()[0]}@fabrikam.com",)) for name in PEOPLE]
            self.pairs = [self.build.synced(person) for person in people]

    def home(self) -> Kept:
        """Run with a journal, as a run of the role."""
        with Journal(self.memory, self.folder.at("journal.jsonl")) as self.model.journal:
            self.run(PHASES)
        self.cycles()
        return self

    def again(self) -> Kept:
        following = Kept(self.memory, self.directory, self.model)
        following.pairs = self.pairs
        return following.home()

    def entries(self, event: str) -> list[dict[str, object]]:
        lines = [json.loads(line) for line in self.memory.lines(self.folder.at("journal.jsonl"))]
        return [line for line in lines if line["event"] == event]

    def arrived(self) -> list[tuple[bool, int]]:
        """Tell of each mailbox whether its user is whole, and how many moves it has."""
        requests = self.lab.hybrid.replication.requests.values()
        return [
            (self._is_whole(pair), sum(request.mailbox is pair.cloud for request in requests)) for pair in self.pairs
        ]

    @staticmethod
    def _is_whole(pair: Pair) -> bool:
        aliases = [address.lower() for address in pair.directory.email_addresses]
        return pair.directory.exchange_guid == pair.cloud.exchange_guid and all(
            address.lower() in aliases for address in pair.cloud.email_addresses if "fabrikam" in address
        )


HOME = [(True, 1)] * len(PEOPLE)


def test_a_wave_comes_home_from_the_database_as_it_does_from_files(
    memory: PostgreSQLMemory, root: str, tmp_path: Path
) -> None:
    runs = [Kept(FileMemory(), str(tmp_path)).home(), Kept(memory, root).home()]
    for run in runs:
        assert run.refused == {}
        assert run.arrived() == HOME
        assert [run.lab.writes.count(name) for name in WRITES] == [2, 2, 2]
    files, rows = (
        {path.removeprefix(f"{run.directory}/").partition("/")[0] for path in run.memory.under(run.directory)}
        for run in runs
    )
    assert files == rows >= {"baseline", "journal.jsonl"}
    assert runs[0].told == runs[1].told
    second = runs[1].again()
    assert [told.cmdlets for told in second.told if told.identity and told.cmdlets] == []


@pytest.fixture
def failing(sql: psycopg.Connection) -> Iterator[Callable[..., None]]:
    """Let the disk of the server be full for texts like these, or once so many lines were added."""

    def full(table: str, condition: str) -> None:
        sql.execute(
            "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {condition} THEN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END IF; RETURN new; END $$"
        )
        trigger = f"CREATE TRIGGER full_disk BEFORE INSERT ON exchange_hybrid.{table} FOR EACH ROW"
        sql.execute(f"{trigger} EXECUTE FUNCTION full_disk()")

    yield full
    sql.execute("DROP FUNCTION IF EXISTS full_disk CASCADE")


def test_nothing_is_sent_for_a_mailbox_whose_baseline_cannot_be_written(
    memory: PostgreSQLMemory, root: str, failing: Callable[..., None], sql: psycopg.Connection
) -> None:
    run = Kept(memory, root)
    _ann, bob = run.pairs
    failing("texts", f"new.path LIKE '{root}/baseline/{bob.cloud.exchange_guid}%'")
    run.home()
    assert run.arrived() == [(True, 1), (False, 0)]
    assert bob.identity not in run.lab.touched
    assert set(run.refused) == {bob.identity}
    assert "the disk of the database server is full" in run.refused[bob.identity].error.message
    sql.execute("DROP FUNCTION full_disk CASCADE")
    assert run.again().arrived() == HOME


@pytest.mark.parametrize("lines", range(0, 12, 2))
def test_nothing_is_sent_that_the_journal_cannot_take(
    lines: int, memory: PostgreSQLMemory, root: str, failing: Callable[..., None], sql: psycopg.Connection
) -> None:
    run = Kept(memory, root)
    failing("lines", f"(SELECT count(*) FROM exchange_hybrid.lines WHERE path = new.path) >= {lines}")
    run.home()
    told = [str(entry["cmdlet"]).partition(" ")[0] for entry in run.entries("sent")]
    # What completes a user that was begun with, and what ends a pause, is sent regardless.
    for name in ("Enable-MailUser", "New-MoveRequest", "Start-ADSyncSyncCycle"):
        assert run.lab.writes.count(name) <= told.count(name)
    assert run.lab.writes.count("Set-MailUser") <= told.count("Enable-MailUser")
    assert run.arrived() != HOME
    assert any("the disk of the database server is full" in refusal.error.message for refusal in run.refused.values())
    sql.execute("DROP FUNCTION full_disk CASCADE")
    second = run.again()
    assert second.refused == {}
    assert second.arrived() == HOME


def test_sessions_that_end_at_any_write_cost_a_second_run_and_no_mailbox(
    make: Make, root: str, sql: psycopg.Connection
) -> None:
    number, count, stopped = 0, 1, 0
    while number < count:
        memory = make()

        def end(place: int, memory: PostgreSQLMemory = memory, at: int = number) -> None:
            if place == at:
                others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                sql.execute(f"SELECT count(pg_terminate_backend(pid, 5000)) {others}")

        run = Kept(memory, f"{root}/{number}")
        run.model.before_write = end
        run.home()
        stopped += bool(run.refused)
        second = run.again()
        assert second.refused == {}, f"at write {number}"
        assert second.arrived() == HOME, f"at write {number}"
        assert [run.lab.writes.count(name) for name in WRITES] == [2, 2, 2], f"at write {number}"
        count = len(run.lab.writes)
        number += 1
        memory.close()
    # Some writes are sent while a lock is held, others are not.
    assert 0 < stopped < number
