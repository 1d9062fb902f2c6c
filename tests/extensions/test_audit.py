# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queries for indirect node counting, on the events that ansible-runner writes of a real job, with AWX's jq."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import ansible_runner
import jq
import yaml

from tests.integration.harness import COLLECTION, ROOT, Bench, module, records

QUERIES: dict[str, dict[str, str]] = yaml.safe_load(
    (ROOT / "extensions/audit/event_query.yml").read_text(encoding="utf-8")
)
TAXONOMY = ("infra_type", "infra_bucket", "device_type")


def counted(result: dict[str, Any], action: str) -> list[dict[str, Any]]:
    """Return what a controller would count of one result (awx/main/tasks/host_indirect.py)."""
    if action not in QUERIES:
        return []
    found: list[dict[str, Any]] = jq.compile(QUERIES[action]["query"]).input(result).all()
    for record in found:
        assert record["name"]
        assert record["canonical_facts"]
        assert all(isinstance(value, str) and value for value in record["canonical_facts"].values())
        assert set(record["facts"]) == set(TAXONOMY)
        assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", value) for value in record["facts"].values())
    return found


def events(bench: Bench, playbook: Path) -> list[dict[str, Any]]:
    """Run a playbook as a controller does; return the data of its events."""
    place = bench.directory / "job"
    place.mkdir()
    runner = ansible_runner.run(
        private_data_dir=str(place), playbook=str(playbook), ident="1", quiet=True, envvars=bench._environment()
    )
    assert runner.status == "successful", runner.stdout.read()
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (place / "artifacts/1/job_events").glob("*.json")]
    return [event["event_data"] for event in sorted(found, key=lambda event: int(event["counter"]))]


def test_every_module_that_writes_to_a_system_has_a_query() -> None:
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    # It takes the journal for what was accepted, and writes to no system.
    writing = set(groups["journal"]) - {"offboarding_state"}
    assert set(QUERIES) == {f"{COLLECTION}{name}" for name in writing}


def test_a_job_counts_the_systems_that_it_changed_and_no_mailbox(bench: Bench) -> None:
    ann, zoe = bench.build.synced("Ann"), bench.build.cloud_only("Zoe")
    read = module("mailbox_info", mailboxes=records([ann, zoe]))
    wrote = module(
        "exchange_cmdlet", organization="exchange_online", cmdlet="Set-Mailbox", allow_write=True,
        parameters={"Identity": zoe.identity, "Type": "Shared"},
    )  # fmt: skip
    paused = module("directory_sync", state="paused")
    results = [
        (event["res"], event["resolved_action"])
        for event in events(bench, bench.written(read, wrote, paused, paused))
        if "res" in event and event.get("resolved_action")
    ]
    assert [action.removeprefix(COLLECTION) for _result, action in results] == [
        "mailbox_info", "exchange_cmdlet", "directory_sync", "directory_sync",
    ]  # fmt: skip
    nodes = [[record["facts"]["device_type"] for record in counted(*result)] for result in results]
    assert nodes == [[], ["exchange_server", "exchange_online_tenant"], ["entra_connect_server"], []]
    (tenant,) = [r for result in results for r in counted(*result) if "tenant_id" in r["canonical_facts"]]
    assert tenant["name"] == bench._environment()["EXCHANGE_ONLINE_TENANT_ID"]


def test_what_has_failed_or_says_nothing_counts_nothing() -> None:
    for result in ({}, {"changed": True}, {"changed": False}, {"changed": True, "invocation": {"module_args": {}}}):
        assert counted(result, f"{COLLECTION}mailuser") == []
    blank = {"exchange_server": {"host": ""}, "exchange_online": None, "entra_connect": {"host": None}}
    assert counted({"changed": True, "invocation": {"module_args": blank}}, f"{COLLECTION}mailuser") == []
