# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role asks of directory synchronization before it writes to anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.control import CONNECTION_FILE
from lab.model.builder import Pair
from lab.model.scenarios import put
from tests.integration.harness import Bench, assert_home, records, remember, timeless
from tests.integration.test_journal import journal, lines

pytestmark = pytest.mark.walked

CHECK = "Pause the scheduler while users are half made"


def wave(bench: Bench) -> list[Pair]:
    """Return users in two beginnings, of whom no cycle knows anything new."""
    pairs = [bench.build.synced("Nils Novak"), bench.build.cloud_only("Ann Archer")]
    for pair in pairs:
        bench.hybrid.sync.forget_change(pair.directory)
    return pairs


def test_a_server_that_exports_nothing_is_refused_before_the_first_write(bench: Bench) -> None:
    mailboxes = records(wave(bench))
    before = timeless(bench.hybrid.snapshot())
    put(bench.hybrid, "sync_deletion_threshold")
    stopped = bench.offboard("--check", offboarding_mailboxes=mailboxes)
    assert (stopped.succeeded, stopped.task(CHECK).error["code"]) == (False, "deletion_threshold")
    put(bench.hybrid, "sync_staging")
    staging = bench.offboard(offboarding_mailboxes=mailboxes)
    error = staging.task(CHECK).error
    assert (staging.succeeded, error["code"]) == (False, "staging_mode")
    assert error["remedy"] == "Set entra_connect.host to the active server."
    # Not even the wrong server's scheduler was touched.
    assert bench.writes() == []
    assert bench.hybrid.sync.sync_cycle_enabled
    bench.hybrid.sync.staging_mode = False
    assert timeless(bench.hybrid.snapshot()) == before


def test_nobody_is_written_to_unprotected_without_a_word(bench: Bench) -> None:
    pairs = wave(bench)
    bench.without = {"ENTRA_CONNECT_HOST"}
    given: dict[str, Any] = {"offboarding_mailboxes": records(pairs)}
    refused = bench.offboard(**given)
    message = refused.task("Refuse to write if half-made users may be exported").message
    assert message.startswith("unprotected_sync: ")
    assert "because entra_connect is not configured" in message
    assert (refused.succeeded, bench.writes()) == (False, [])
    accepted = bench.offboard(
        "--tags", "prepare", offboarding_accept=["unprotected_sync"], offboarding_journal=str(journal(bench)), **given
    )
    assert accepted.succeeded, accepted.output
    told = {entry["object"]: entry["codes"] for entry in lines(journal(bench)) if entry["event"] == "accepted"}
    assert told == {pair.identity: ["unprotected_sync"] for pair in pairs}
    assert [pair.directory.kind for pair in pairs] == ["MailUser", "MailUser"]
    assert "Refuse to write" not in " ".join(accepted.changed)


def scope_tasks(bench: Bench, told: Path) -> str:
    """Write a site's own tasks: they keep whom they were given, and bring them into scope."""
    control = json.loads((bench.laboratory.directory / CONNECTION_FILE).read_text(encoding="utf-8"))["control"]
    tasks = [
        {
            "name": "Keep who is whole",
            "ansible.builtin.copy": {
                "content": "{{ offboarding_scope_users | to_json }}", "dest": str(told), "mode": "0600",
            },
        },
        {
            "name": "Bring them into scope",
            "ansible.builtin.uri": {
                "url": f"{control['url']}/scenario", "method": "POST", "body_format": "json",
                "headers": {"Authorization": f"Bearer {control['token']}"},
                "body": {"name": "comes_into_scope", "mailbox": "{{ item.identity }}"},
            },
            "loop": "{{ offboarding_scope_users }}",
        },
    ]  # fmt: skip
    path = bench.directory / "scope.yml"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return str(path)


def test_users_come_into_scope_once_they_are_whole(bench: Bench) -> None:
    synced = bench.build.synced("Nils Novak")
    ann, bob, held = (bench.build.cloud_only(name) for name in ("Ann Archer", "Bob Baker", "Hugo Hold"))
    for pair in (ann, held):
        bench.build.out_of_scope(pair)
    bench.build.set_directory(bob, admin_description="User_not yet")
    bench.build.set_cloud(held, litigation_hold=True)
    before = {pair.identity: (remember(pair), pair.directory.distinguished_name) for pair in (synced, ann, bob)}
    told = bench.directory / "told.json"
    given: dict[str, Any] = {"offboarding_mailboxes": records([synced, ann, bob, held])}

    missing = bench.offboard(offboarding_scope_tasks=str(bench.directory / "nothing.yml"), **given)
    assert "nothing.yml' is not a file on the controller" in missing.output
    given["offboarding_scope_tasks"] = scope_tasks(bench, told)
    # Nobody is whole yet, and so nobody may be exported.
    bench.offboard("--tags", "sync", **given)
    assert (told.exists(), bench.log.entries(cmdlet="Enable-MailUser")) == (False, [])

    run = bench.offboard(**given)
    assert set(run.role_failures) == {held.identity}, run.output
    users = {user["identity"]: user for user in json.loads(told.read_text(encoding="utf-8"))}
    assert set(users) == {ann.identity, bob.identity}
    for pair in (ann, bob):
        seen, name = users[pair.identity]["on_premises"], before[pair.identity][1]
        assert (seen["guid"], seen["kind"]) == (str(pair.directory.guid), "mail_user")
        assert seen["distinguished_name"] == name
    for pair in (synced, ann, bob):
        assert_home(pair, before[pair.identity][0])
    # Whoever failed was left where no cycle sees it.
    assert (held.directory.kind, held.cloud.is_dir_synced) == ("User", False)


def test_a_run_that_cannot_read_its_wave_again_does_not_say_that_nothing_is_unfinished(bench: Bench) -> None:
    ann = bench.build.cloud_only("Ann Archer")
    wave = bench.offboarding_directory / "wave.json"
    tasks = [
        {"name": "Spoil the wave", "ansible.builtin.copy": {"content": "[", "dest": str(wave), "mode": "0600"}},
        {"name": "Fail", "ansible.builtin.fail": {"msg": "The site's own tasks failed."}},
    ]
    (bench.directory / "scope.yml").write_text(json.dumps(tasks), encoding="utf-8")
    run = bench.offboard(
        offboarding_mailboxes=records([ann]), offboarding_scope_tasks=str(bench.directory / "scope.yml")
    )
    assert not run.succeeded
    error = run.summary["error"]
    assert "The site's own tasks failed." in error
    assert "Which of the 1 mailboxes are unfinished is not known, because the wave cannot be read: " in error
    assert "wave.json" in error
    assert "Unfinished: none" not in run.output
