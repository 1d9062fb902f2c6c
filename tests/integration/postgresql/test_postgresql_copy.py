# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wave is carried from files into the database and back, as the examples do it, also where it is stopped halfway."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.memory_copy.memory_copy import copied
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory
from ansible_collections.mailops.exchange_hybrid.plugins.modules import memory_copy

from tests.integration.harness import Bench
from tests.integration.postgresql.server import Server
from tests.unit.plugins.module_utils._features.memory_copy.test_memory_copy import TEXTS, content, fill

Make = Callable[..., PostgreSQLMemory]


def examples(server: Server, database: str, root: str, directory: Path) -> list[dict[str, Any]]:
    text = memory_copy.EXAMPLES.replace("/srv/offboarding", str(directory)).replace(
        "directory: berlin", f"directory: {root}"
    )
    text = text.replace("postgresql://offboarding@db01.contoso.com/offboarding", server.url(database))
    tasks: list[dict[str, Any]] = yaml.safe_load(text)
    return tasks


def test_the_examples_carry_a_wave_there_and_back_to_the_byte(
    shared: Bench, server: Server, database: str, root: str, memory: PostgreSQLMemory, tmp_path: Path
) -> None:
    fill(tmp_path, TEXTS)
    there, back = examples(server, database, root, tmp_path)
    run = shared.play(
        {**there, "name": "preview", "check_mode": True}, {**there, "name": "there"}, {**there, "name": "again"},
        {**back, "name": "back"},
    )  # fmt: skip
    assert run.succeeded, run.output
    results = {task.name: task.result for task in run.tasks}
    assert {name: result["changed"] for name, result in results.items()} == {
        "preview": True, "there": True, "again": False, "back": True
    }  # fmt: skip
    assert {result["digest"] for result in results.values()} == {results["there"]["digest"]}
    assert content(tmp_path / "back") == TEXTS
    # A journal that was carried goes on where it is.
    journal = memory.appended(f"{root}/journal.jsonl")
    journal.append('{"b": 2}')
    assert list(memory.lines(f"{root}/journal.jsonl")) == ['{"a": 1}', '{"half', '{"b": 2}']
    (tmp_path / "again").mkdir()
    copied(Folder(memory, root), Folder(FileMemory(), str(tmp_path / "again")))
    assert (tmp_path / "again" / "journal.jsonl").read_text(encoding="utf-8") == '{"a": 1}\n{"half\n{"b": 2}\n'


def test_a_disk_that_is_full_halfway_leaves_what_the_second_run_completes(
    make: Make, server: Server, sql: psycopg.Connection, root: str, tmp_path: Path
) -> None:
    fill(tmp_path, TEXTS)
    memory = make()
    sql.execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF new.path = '{root}/journal.jsonl' THEN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END IF; "
        "RETURN new; END $$"
    )
    sql.execute(
        "CREATE TRIGGER full_disk BEFORE INSERT ON exchange_hybrid.texts FOR EACH ROW EXECUTE FUNCTION full_disk()"
    )
    with pytest.raises(InputError, match="the disk of the database server is full") as caught:
        copied(Folder(FileMemory(), str(tmp_path)), Folder(memory, root))
    assert caught.value.code == "unwritable_file"
    sql.execute("DROP FUNCTION full_disk CASCADE")
    assert memory.under(root) == [f"{root}/baseline/ann.json", f"{root}/half-made/a.json"]
    told, _only_there = copied(Folder(FileMemory(), str(tmp_path)), Folder(memory, root))
    assert (told["copied"], told["unchanged"]) == (3, 2)
    assert {path.removeprefix(f"{root}/"): memory.read(path).text for path in memory.under(root)} == TEXTS
