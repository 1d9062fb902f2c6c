# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole procedure for the 25 mailboxes of the demonstration: what it does, and that a second run is nothing."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections import Counter
from pathlib import Path

import yaml
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import (
    CONNECTIONS,
    JOURNAL,
)

from lab.model.builder import Pair, Person
from lab.model.tenant import TENANT
from tests.integration.harness import ROOT, WAVE, Bench, Known, assert_home, records, remember, timeless

CSV = ROOT / "lab" / "demo" / "mailboxes.csv"
LEGACY_TYPE = "NOTES:"
GIVEN = {
    "offboarding_csv": str(CSV),
    "offboarding_scope_tasks": str(CSV.with_name("scope.yml")),
    "offboarding_remote_target_database": "",
}


def wave(bench: Bench) -> dict[str, tuple[Pair, str]]:
    """Return the pair and the database of every row of the CSV, found by what the row itself says."""
    found = {}
    with CSV.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            (cloud,) = bench.hybrid.tenant.objects.find(["address"], row["identity"])
            upn = cloud.user_principal_name
            (user,) = [item for item in bench.hybrid.directory.objects if item.user_principal_name == upn]
            found[row["identity"]] = (Pair(None, user, cloud), row["remote_target_database"])  # type: ignore[arg-type]
    return found


def test_the_demonstration_comes_home_and_a_second_run_changes_nothing(demo: Bench) -> None:
    mailboxes = wave(demo)
    before = {identity: remember(pair) for identity, (pair, _database) in mailboxes.items()}
    bystanders = others(demo, mailboxes)
    assert len(mailboxes) == 25

    first = demo.offboard(**GIVEN)
    assert first.succeeded, first.output
    assert (first.summary["mailboxes"], first.summary["failures"]) == (25, [])
    for identity, (pair, database) in mailboxes.items():
        assert_home(pair, kept(before[identity]), database)
        legacy = {address for address in before[identity].addresses if address.startswith(LEGACY_TYPE)}
        assert legacy <= set(pair.directory.email_addresses)
    assert demo.scheduler_runs()
    assert demo.laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}
    assert others(demo, mailboxes) == bystanders

    # What an earlier run left of its wave is of no account.
    (demo.offboarding_directory / "wave.json").write_text('[{"identity": "uma.ulrich@contoso.com"}]', encoding="utf-8")
    seen = len(demo.log)
    second = demo.offboard(**GIVEN)
    assert second.succeeded, second.output
    assert second.changed == []
    assert demo.writes(seen) == []
    assert second.summary["states"]["home"] == 25
    assert demo.laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}
    assert_private(demo.offboarding_directory)


def kept(known: Known) -> Known:
    """Return what a mailbox has on both sides at the end: Entra drops a legacy type, and an alias as was accepted."""
    dropped = (LEGACY_TYPE, f"smtp:emil@{TENANT}")
    return dataclasses.replace(known, addresses=tuple(a for a in known.addresses if not a.startswith(dropped)))


def others(bench: Bench, mailboxes: dict[str, tuple[Pair, str]]) -> dict[str, object]:
    """Return everything in both directories that does not belong to the wave."""
    mine = {item.distinguished_name for pair, _database in mailboxes.values() for item in (pair.directory, pair.cloud)}
    snapshot = timeless(bench.hybrid.snapshot())
    return {
        name: item
        for side in ("active_directory", "exchange_online")
        for name, item in snapshot[side].items()
        if name not in mine
    }


def assert_private(directory: Path) -> None:
    """Check that nobody else may read what the role keeps about people."""
    open_to_others = [path for path in (directory, *directory.rglob("*")) if path.stat().st_mode & 0o077]
    assert [str(path.name) for path in open_to_others if path.suffix != ".lock"] == []
    baselines = list((directory / "baseline").glob("*.json"))
    assert len(baselines) == 25
    for path in baselines:
        baseline = json.loads(path.read_text(encoding="utf-8"))
        assert path.stem == baseline["cloud"]["exchange_guid"]
        assert baseline["on_premises"]["guid"]


def test_check_mode_previews_every_cmdlet_and_writes_nothing(demo: Bench) -> None:
    before = timeless(demo.hybrid.snapshot())
    preview = demo.offboard("--check", "--diff", **GIVEN)
    assert preview.succeeded, preview.output
    assert demo.writes() == []
    assert timeless(demo.hybrid.snapshot()) == before
    assert not demo.offboarding_directory.exists()

    assert [cmdlet for cmdlet in preview.cmdlets if cmdlet not in preview.stdout] == [], "the diff shows every cmdlet"
    assert Counter(cmdlet.partition(" ")[0] for cmdlet in preview.cmdlets) == {
        "Set-ADSyncScheduler": 2,
        "Set-Mailbox": 2,
        "Enable-MailUser": 22,
        "Set-MailUser": 24,
        "Set-RemoteMailbox": 1,
        "Start-ADSyncSyncCycle": 1,
        "New-MoveRequest": 25,
    }
    assert [cmdlet for cmdlet in preview.cmdlets if "Scheduler" in cmdlet] == [
        "Set-ADSyncScheduler -SyncCycleEnabled:$false",
        "Set-ADSyncScheduler -SyncCycleEnabled:$true",
    ]
    wrote = [cmdlet for cmdlet in preview.cmdlets if cmdlet.startswith("Set-Mailbox ")]
    parts = ("smtp:hana.hayashi@contoso.mail.onmicrosoft.com", "-RemoveDelayHoldApplied")
    assert {tuple(part in cmdlet for part in parts) for cmdlet in wrote} == {(True, False), (False, True)}


def test_a_phase_is_a_tag_that_does_only_its_own_part(bench: Bench) -> None:
    pair = bench.build.cloud_only("Ann Archer")
    run = bench.offboard("--tags", "prepare", "--check", offboarding_mailboxes=[{"identity": pair.identity}])
    assert run.succeeded, run.output
    asked = {cmdlet.partition(" ")[0] for cmdlet in run.cmdlets}
    assert asked == {"Set-ADSyncScheduler", "Enable-MailUser", "Set-MailUser"}


# Phases in runs of their own, and what each writes: for a shared mailbox, whose kind has to be set afterwards.
PHASES = {
    "prepare": ["Set-ADSyncScheduler", "Enable-MailUser", "Set-MailUser", "Set-ADSyncScheduler"],
    "sync,match": ["Start-ADSyncSyncCycle"],
    "move": ["New-MoveRequest"],
    "complete,verify": ["Set-MoveRequest", "Resume-MoveRequest", "Set-Mailbox", "Start-ADSyncSyncCycle"],
}


def test_the_phases_may_be_run_one_by_one(bench: Bench) -> None:
    pair = bench.build.cloud_only(Person("Sales Desk", kind="SharedMailbox"))
    before = remember(pair)
    for tags, writes in PHASES.items():
        seen = len(bench.log)
        run = bench.offboard(
            "--tags",
            tags,
            offboarding_mailboxes=records([pair]),
            offboarding_cutover="held",
            offboarding_wait=True,
            offboarding_complete="complete" in tags,
        )
        assert run.succeeded, run.output
        assert (tags, bench.writes(seen)) == (tags, writes)
    assert_home(pair, before)


def test_what_a_survey_and_a_credential_leave_blank_changes_nothing(bench: Bench) -> None:
    """AWX passes each of them: an answer as an empty text or null, a field as an empty environment variable."""
    pairs = [bench.build.cloud_only("Ann Archer"), bench.build.synced(Person("Bob Baker"))]
    before = [remember(pair) for pair in pairs]
    defaults = yaml.safe_load((ROOT / "roles/mailbox_offboarding/defaults/main.yml").read_text(encoding="utf-8"))
    left = set(defaults) - set(WAVE) - {"offboarding_mailboxes", "offboarding_directory"}
    play = {"offboarding_hosts", "offboarding_serial", "offboarding_max_fail_percentage"}
    options = [option for spec in CONNECTIONS.values() for option in spec["options"].values()]
    names = {name for option in [*options, *JOURNAL.values()] for name in option.get("fallback", ("", []))[1]}
    assert min(len(left), len(names)) > 25
    used = {"EXCHANGE_ONLINE_ACCESS_TOKEN", *bench.laboratory.environment()}
    bench.environment |= dict.fromkeys(names - used, "")
    lines = "".join(f"{pair.identity}\r\n" for pair in pairs)

    run = bench.offboard(offboarding_mailboxes=lines, **dict.fromkeys(left | play, ""))
    assert run.succeeded, run.output
    for pair, known in zip(pairs, before, strict=True):
        assert_home(pair, known)
    made = {path.name for path in bench.offboarding_directory.iterdir()}
    assert made >= {"journal.jsonl", "report.html", "wave.json"}
    again = bench.offboard(offboarding_mailboxes=lines, **dict.fromkeys(left | play))
    assert (again.succeeded, again.changed) == (True, []), again.output
