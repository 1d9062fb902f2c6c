# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wave of 60 mailboxes, 20 of which carry one trap each: named beforehand, harmless even with every override."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._check_catalogue import (
    BLOCKER,
    CHECKS,
    FINAL,
)

from lab.model.builder import Pair, Person
from lab.model.recipients import EMPTY_GUID
from lab.model.scenarios import FOREIGN, MAILBOX, build_wave, find, put_on_mailbox
from tests.integration.harness import ROOT, WAVE, Bench, Known, Run, assert_home, remember
from tests.integration.test_report import page
from tests.integration.test_waves import inventory, offboard, variables

pytestmark = pytest.mark.walked

TRAPS = (
    "unknown_mailbox", "lost_user", "other_upn", "other_alias", "other_display_name", "hidden", "other_guid",
    "synced_to_another", "second_holder", "foreign_address", "home_mdb_left", "inheritance_disabled", "move_residue",
    "dismounted_database", "too_large", "litigation_hold", "cloud_managed", "auto_expanding_archive", "other_archive",
    "completed_request",
)  # fmt: skip
DAYS = ("status", "complete", "verify", "cleanup")
# Accepted by name they are: what stands against a mailbox by the role's own judgement, as a reckless operator would do.
ACCEPTED = sorted({
    code for name in TRAPS for code in MAILBOX[name].codes
    if code not in FINAL
})  # fmt: skip


def make(bench: Bench) -> dict[str, dict[str, Any]]:
    """Build 60 people, a trap on every third, and return the records by the scenario or the number of the healthy."""
    rows = []
    for number in range(60):
        trap = TRAPS[number // 3] if number % 3 == 1 else ""
        name = trap.replace("_", "") or "healthy"
        rows.append({"identity": f"person{number:02d}.{name}@contoso.com", "scenario": trap})
    wave = build_wave(bench.hybrid, rows)
    return {row["scenario"] or row["identity"]: record for row, record in zip(rows, wave, strict=True)}


def write_csv(bench: Bench, wave: dict[str, dict[str, Any]]) -> Path:
    path = bench.directory / "wave.csv"
    columns = sorted({name for record in wave.values() for name in record})
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        writer.writerows(wave.values())
    return path


def check(bench: Bench, path: Path, *arguments: str, **variables: Any) -> Run:
    given = {
        **{name: value for name, value in WAVE.items() if "wait" not in name and "match" not in name},
        "offboarding_csv": str(path),
        "offboarding_directory": str(bench.offboarding_directory),
        **variables,
    }
    return bench.run(ROOT / "playbooks" / "readiness.yml", *arguments, variables=given)


def ending(run: Run) -> list[str]:
    """Return what is shown at the end: the last three lines, with notes before them."""
    shown: list[str] = run.task("Show the result, the report and the next step").result["msg"]
    assert "offboarding_outcome" in run.task("Provide the result to what runs next").result["ansible_stats"]["data"]
    return shown


def report(bench: Bench) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((bench.offboarding_directory / "readiness.json").read_text(encoding="utf-8"))
    return document


def test_twenty_traps_of_sixty_are_named_and_nothing_else(bench: Bench) -> None:
    wave = make(bench)
    path = write_csv(bench, wave)
    snapshot = bench.hybrid.snapshot()
    run = check(bench, path)
    assert not run.succeeded
    assert not run.task("Check both organizations").failed
    assert "40 of 60 mailboxes are ready. " in run.task("Fail if the wave is not ready").message
    assert ending(run)[-3:-1] == [
        "wave-1: 40 ready, 20 blocked", f"Report: {bench.offboarding_directory / 'report.html'}",
    ]  # fmt: skip
    blocked = [line.partition(": ")[0] for line in ending(run)[:20]]
    assert blocked == [wave[name]["identity"] for name in TRAPS]
    assert ending(run)[20].startswith("Findings by severity: ")
    again = "Next: correct what failed, then ansible-playbook mailops.exchange_hybrid.readiness "
    assert ending(run)[-1].startswith(again)
    assert bench.writes() == []
    assert bench.hybrid.snapshot() == snapshot

    document = report(bench)
    assert document["summary"]["mailboxes"] == 60
    assert (document["summary"]["ready"], document["summary"]["environment_ready"]) == (40, True)
    entries = {entry["identity"]: entry for entry in document["mailboxes"]}
    for key, record in wave.items():
        findings = entries[record["identity"]]["findings"]
        codes = set(MAILBOX[key].codes) if key in MAILBOX else set()
        blockers = {code for code in codes if CHECKS[code].severity == BLOCKER}
        assert {item["code"] for item in findings if item["severity"] == BLOCKER} == blockers, (key, findings)
        assert codes <= {item["code"] for item in findings}, (key, findings)
        assert entries[record["identity"]]["ready"] is (key not in MAILBOX)

    with (bench.offboarding_directory / "readiness.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["mailbox"] for row in rows if row["severity"] == "blocker"} == {
        wave[name]["identity"] for name in TRAPS
    }
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in bench.offboarding_directory.iterdir() if path.is_file()
    }
    assert modes == {"readiness.json": 0o600, "readiness.csv": 0o600, "report.html": 0o600}
    assert bench.laboratory.open_sessions() == {"exchange_server": 0, "entra_connect": 0}


def test_fail_on_decides_what_fails_the_playbook(bench: Bench) -> None:
    wave = build_wave(bench.hybrid, [{"identity": "ann.archer@contoso.com", "scenario": "protected_account"}])
    path = write_csv(bench, {"ann": wave[0]})
    ready = check(bench, path)
    assert ready.succeeded
    assert ending(ready)[-3] == "wave-1: 1 ready"
    assert ending(ready)[-1].startswith("Next: ansible-playbook mailops.exchange_hybrid.offboard ")
    assert not check(bench, path, offboarding_fail_on="warning").succeeded
    accepted = check(bench, path, offboarding_fail_on="warning", offboarding_accept=["protected_account"])
    assert accepted.succeeded, accepted.output
    (finding,) = report(bench)["mailboxes"][0]["findings"]
    assert (finding["code"], finding["accepted"]) == ("protected_account", True)
    build_wave(bench.hybrid, [{"identity": "ann.archer@contoso.com", "scenario": "hidden"}])
    assert not check(bench, path).succeeded
    assert check(bench, path, offboarding_fail_on="never", offboarding_pause_sync=False).succeeded
    told = {item["code"]: item["found"] for item in report(bench)["environment"]}
    assert told["unprotected_sync"] == "offboarding_pause_sync is false."


def test_hosts_that_are_waves_are_checked_as_one(bench: Bench) -> None:
    pairs = [*bench.build.many(3), bench.build.cloud_only("Tara Trap")]
    put_on_mailbox(bench.hybrid, "litigation_hold", pairs[3])
    config = inventory(bench, pairs, size=2)
    given = variables(bench)
    playbook = ROOT / "playbooks" / "readiness.yml"
    run = bench.run(playbook, "-i", str(config), variables=given)
    assert not run.succeeded
    assert ending(run)[-3] == "wave_001, wave_002: 3 ready, 1 blocked"
    assert [entry["identity"] for entry in report(bench)["mailboxes"]] == [pair.identity for pair in pairs]
    assert report(bench)["summary"]["codes"]["litigation_hold"] == 1
    assert len(bench.log.entries(cmdlet="Test-MigrationServerAvailability")) == 1
    assert set(page(bench.offboarding_directory / "report.html")["mailboxes"]) == {pair.identity for pair in pairs}
    # Each wave's own report has of it what concerns the wave.
    assert not offboard(bench, config).succeeded
    reports = [page(path) for path in bench.offboarding_directory.glob("*.report.html")]
    assert sorted(len(shown["mailboxes"]) for shown in reports) == [2, 2]
    of_the_held = [shown for shown in reports if pairs[3].identity in shown["mailboxes"]]
    assert ["litigation_hold" in shown["findings"] for shown in of_the_held] == [True]
    single = bench.run(
        playbook, variables={**given, "offboarding_hosts": "localhost", "offboarding_fail_on": "never",
                             "offboarding_mailboxes_file": str(one_wave(bench))},
    )  # fmt: skip
    assert single.succeeded, single.output
    assert report(bench)["summary"]["mailboxes"] == 2


def one_wave(bench: Bench) -> Path:
    """Return the file of one of the inventory's waves."""
    return sorted(path for path in (bench.directory / "waves-all").glob("*.json") if "recipients" not in path.name)[0]


def test_a_relative_path_or_no_wave_is_refused_before_anything_is_read(bench: Bench) -> None:
    path = write_csv(bench, {"ann": {"identity": "ann.archer@contoso.com"}})
    for name in ("offboarding_directory", "offboarding_csv"):
        run = check(bench, path, **{name: "wave"})
        assert f"{name}: 'wave' is empty or relative" in run.output
    for given in ({"offboarding_csv": ""}, {"offboarding_mailboxes": [{"identity": "ann.archer@contoso.com"}]}):
        assert "offboarding_csv, offboarding_mailboxes: set exactly one of them" in check(bench, path, **given).output
    assert bench.log.entries() == []


def test_check_mode_reports_and_leaves_no_file(bench: Bench) -> None:
    wave = build_wave(bench.hybrid, [{"identity": "ann.archer@contoso.com", "scenario": "hidden"}])
    path = write_csv(bench, {"ann": wave[0]})
    run = check(bench, path, "--check", offboarding_fail_on="never")
    assert run.succeeded, run.output
    assert run.task("Check both organizations").result["summary"]["ready"] == 0
    assert not bench.offboarding_directory.exists()


def test_an_unknown_code_cannot_be_accepted(bench: Bench) -> None:
    wave = build_wave(bench.hybrid, [{"identity": "ann.archer@contoso.com"}])
    path = write_csv(bench, {"ann": wave[0]})
    for code in ("holdz", "conflict"):
        run = check(bench, path, offboarding_accept=[code])
        assert f"'{code}' cannot be accepted" in run.task("Check both organizations").message


def test_the_days_of_a_wave_with_every_override_damage_nothing(bench: Bench) -> None:
    wave = make(bench)
    path = write_csv(bench, wave)
    sound = {key: find(bench.hybrid, record["identity"]) for key, record in wave.items() if key not in MAILBOX}
    trapped = {key: traps_pair(bench, key, wave[key]["identity"]) for key in TRAPS}
    known = {key: remember(pair) for key, pair in {**sound, **trapped}.items()}
    given = {
        "offboarding_csv": str(path), "offboarding_accept": ACCEPTED, "offboarding_cutover": "held",
        "offboarding_match_timeout": 5,
    }  # fmt: skip

    assert not check(bench, path).succeeded
    runs = [bench.offboard(**given), *(bench.offboard(playbook=day, **given) for day in DAYS)]
    assert [run.succeeded for run in runs] == [False, True, False, False, False]
    for run in runs:
        assert set(run.failed_mailboxes) <= {wave[name]["identity"] for name in TRAPS}, run.output
    for key, pair in sound.items():
        assert_home(pair, known[key])
    for key, pair in trapped.items():
        assert_unharmed(key, pair, known[key])
    assert bench.scheduler_runs()
    left = {request.mailbox.guid for request in bench.hybrid.replication.requests.values()}
    assert left.isdisjoint(pair.cloud.guid for pair in sound.values())

    shown = page(bench.offboarding_directory / "report.html")
    assert {shown["mailboxes"][wave[key]["identity"]] for key in sound} == {"Home"}
    # As the last day left it: some traps did no harm to a wave that accepted them.
    assert shown["failures"] == {error["code"] for error in runs[-1].role_failures.values()} != set()
    assert {code for name in TRAPS for code in MAILBOX[name].codes} <= shown["findings"]
    # What is not home is tried again, which takes a cycle; of what was done before, nothing is.
    again = bench.offboard(**given)
    assert {task.action for task in again.tasks if task.changed} <= {"mailops.exchange_hybrid.directory_sync"}


def traps_pair(bench: Bench, scenario: str, identity: str) -> Pair:
    """Return both objects of a trapped mailbox, by the names that its scenario may have spoilt."""
    cloud_address = identity.removeprefix("nobody.")
    (cloud,) = bench.hybrid.tenant.objects.find(["address"], cloud_address)
    (user,) = (item for item in bench.hybrid.directory.objects if item.name == cloud.name)
    return Pair(Person(cloud.name), user, cloud)


def assert_unharmed(scenario: str, pair: Pair, before: Known) -> None:
    """Check that a mailbox exists once, whole: still in the cloud with all it had, or home."""
    cloud, home = pair.cloud, pair.directory
    assert cloud.exchange_guid == before.exchange_guid != EMPTY_GUID, scenario
    held = {address.lower() for address in cloud.email_addresses}
    lost = {address.lower() for address in before.addresses} - held
    # Entra ID discards what is in no domain of the tenant, which was accepted: there it stands on-premises alone.
    assert {address for address in lost if not address.endswith(f"@{FOREIGN}")} == set(), scenario
    assert lost <= {address.lower() for address in home.email_addresses}, scenario
    assert cloud.primary_smtp_address == before.primary, scenario
    if home.is_mailbox:
        assert home.exchange_guid == before.exchange_guid, scenario
    else:
        assert cloud.kind == before.kind, scenario
