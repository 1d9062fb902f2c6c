# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role with ``offboarding_memory``: a wave comes home, and nothing that runs remember is on the disk."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import psycopg
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents

from lab.model.builder import Pair, Person
from lab.model.tenant import WIZARDS_ENDPOINT
from tests.integration.harness import Bench, assert_home, records, remember
from tests.integration.postgresql.server import Server


def names(sql: psycopg.Connection, root: str) -> set[str]:
    found = sql.execute("SELECT path FROM exchange_hybrid.texts WHERE starts_with(path, %s)", [f"{root}/"]).fetchall()
    return {path.removeprefix(f"{root}/") for (path,) in found}


def test_a_wave_comes_home_from_a_database(bench: Bench, server: Server, offboarding: str, root: str) -> None:
    ann = bench.build.synced(Person("Ann Archer", extra=("smtp:sales@contoso.com",)))
    pairs = [ann, bench.build.cloud_only(Person("Bob Baker"))]
    known = [remember(pair) for pair in pairs]
    given = {
        "offboarding_memory": server.url(offboarding, "offboarding"),
        "offboarding_directory": root,
        "offboarding_mailboxes": [{"identity": pair.identity} for pair in pairs],
        "offboarding_method": "migration_batch",
        "offboarding_target_databases": "auto",
        "offboarding_remote_target_database": "",
    }
    with psycopg.connect(server.url(offboarding), autocommit=True) as sql:
        preview = bench.offboard("--check", **given)
        assert preview.succeeded, preview.output
        assert names(sql, root) == set()
        # The site's own tasks fail: what is left of the wave is read where the wave is.
        scope = bench.directory / "scope.yml"
        scope.write_text(json.dumps([{"ansible.builtin.fail": {"msg": "no such unit"}}]), encoding="utf-8")
        died = bench.offboard(offboarding_scope_tasks=str(scope), **given)
        assert not died.succeeded
        assert died.summary["unfinished"] == [pair.identity for pair in pairs]
        run = bench.offboard(**given)
        assert run.succeeded, run.output
        status = bench.offboard(playbook="status", **given)
        assert status.succeeded, status.output
        kept = names(sql, root)
        placed = text(sql, f"{root}/target_databases.json")["mailboxes"]
    for pair, before in zip(pairs, known, strict=True):
        assert_home(pair, before, database=placed[str(pair.cloud.exchange_guid)]["database"])
        assert f"baseline/{pair.cloud.exchange_guid}.json" in kept
    assert {"wave.json", "journal.jsonl", "wave.json.progress"} <= kept
    assert not any(name.startswith(("half-made/", "directory-sync-paused")) for name in kept)
    assert not bench.offboarding_directory.exists()
    assert not list(bench.directory.rglob("*wave.json*"))
    before = len(bench.writes())
    again = bench.offboard(**given)
    assert again.succeeded, again.output
    assert bench.writes()[before:] == []
    cleaned = bench.offboard(playbook="cleanup", **given)
    assert cleaned.succeeded, cleaned.output
    with psycopg.connect(server.url(offboarding), autocommit=True) as sql:
        assert_kept(sql, root, pairs)
    assert not list(bench.directory.rglob("*move_reports*"))


def assert_kept(sql: psycopg.Connection, root: str, pairs: list[Pair]) -> None:
    """Assert that the database has what no file has: where each mailbox went, and what Exchange has forgotten since."""
    placed = text(sql, f"{root}/target_databases.json")["mailboxes"]
    assert {entry["identity"] for entry in placed.values()} == {pair.identity for pair in pairs}
    assert all(entry["arrived"] for entry in placed.values())
    assert text(sql, f"{root}/endpoint_test.json")["endpoint"] == WIZARDS_ENDPOINT
    reports = sorted(name for name in names(sql, root) if name.startswith("move_reports/"))
    told = [text(sql, f"{root}/{name}") for name in reports]
    assert [name.count("batch.") for name in reports].count(1) == 1
    assert {document["identity"] for document in told} == {"wave-1", *(pair.identity for pair in pairs)}
    for document in told:
        assert documents.is_as_written(document)
        assert document["shown"]["Report"]


def text(sql: psycopg.Connection, path: str) -> Any:
    ((found,),) = sql.execute("SELECT text FROM exchange_hybrid.texts WHERE path = %s", [path]).fetchall()
    return json.loads(found)


def test_a_path_and_a_password_are_refused_before_anything_is_asked(bench: Bench, server: Server) -> None:
    wave = records([bench.build.cloud_only(Person("Ann Archer"))])
    for given, code in (
        ({"offboarding_memory": server.url("x")}, "is a path, and the memory is a database"),
        ({"offboarding_memory": "postgresql://x:Tr0ub4dor@db01/x", "offboarding_directory": "x"}, "PGPASSFILE"),
    ):
        run = bench.offboard(offboarding_mailboxes=wave, **given)
        assert not run.succeeded
        assert code in " ".join(run.output.split())
    assert bench.writes() == []


def test_waves_of_the_inventory_are_kept_in_a_database(
    tmp_path: Path, server: Server, offboarding: str, root: str
) -> None:
    (tmp_path / "all.csv").write_text("identity\nann@contoso.com\nbob@contoso.com\n", encoding="utf-8")
    config = tmp_path / "all.mailbox_waves.yml"
    options = {
        "plugin": "mailops.exchange_hybrid.mailbox_waves",
        "csv": "all.csv",
        "directory": root,
        "size": 1,
        "memory": server.url(offboarding, "offboarding"),
    }
    config.write_text(json.dumps(options), encoding="utf-8")
    hosts = InventoryManager(loader=DataLoader(), sources=[str(config)]).get_hosts()
    # A connection that was left open warns when it is deleted, and a warning fails a test.
    gc.collect()
    files = sorted(str(host.vars["mailboxes_file"]) for host in hosts)
    with psycopg.connect(server.url(offboarding), autocommit=True) as sql:
        assert files == sorted(f"{root}/{name}" for name in names(sql, root))
    assert len(files) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.csv", "all.mailbox_waves.yml"]
