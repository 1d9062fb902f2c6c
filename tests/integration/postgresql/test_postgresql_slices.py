# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Three slices of a wave as jobs on machines that have nothing but the database in common; one of them is killed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.postgresql import PostgreSQLMemory

from lab.laboratory import Laboratory
from lab.model.builder import Pair
from tests.integration.harness import ROOT, WAVE, Bench, assert_home, finish, remember
from tests.integration.postgresql.server import NAME, PASSWORD, Server

SITES = ("berlin", "paris", "rome")
OFFBOARD = ROOT / "playbooks" / "offboard.yml"
KILLED_AT = "Wait for the proof of the match and compare with the baseline"


def over_tls(bench: Bench, server: Server, offboarding: str) -> str:
    """Return the address as people write it; credentials and authority come from the environment, as in AWX."""
    bench.environment |= {"PGPASSWORD": PASSWORD, "PGSSLROOTCERT": str(server.ca_file)}
    return f"postgresql://offboarding@{NAME}/{offboarding}?hostaddr={server.address}"


def texts(server: Server, offboarding: str, root: str) -> dict[str, str]:
    memory = PostgreSQLMemory(server.url(offboarding))
    found = {path.removeprefix(f"{root}/"): memory.read(path) for path in memory.under(root)}
    memory.close()
    return {name: document.text for name, document in found.items() if document is not None}


def machine(laboratory: Laboratory, directory: Path, pairs: list[Pair], address: str, root: str) -> tuple[Bench, Path]:
    """Return a machine of its own, with its own copy of the CSV and of the inventory's configuration."""
    bench = Bench(laboratory, directory)
    lines = [f"{pair.identity},{SITES[number % 3]}" for number, pair in enumerate(pairs)]
    (directory / "all.csv").write_text("\n".join(["identity,site", *lines, ""]), encoding="utf-8")
    config = directory / "all.mailbox_waves.yml"
    given = {
        "plugin": "mailops.exchange_hybrid.mailbox_waves", "csv": "all.csv", "by": "site", "memory": address,
        "directory": root,
    }  # fmt: skip
    config.write_text(json.dumps(given), encoding="utf-8")
    return bench, config


def test_three_slices_with_nothing_in_common_but_the_database_bring_a_wave_home_though_one_is_killed(
    bench: Bench, server: Server, offboarding: str, root: str
) -> None:
    pairs = bench.build.many(6)
    before = [remember(pair) for pair in pairs]
    address = over_tls(bench, server, offboarding)
    variables = {
        **WAVE, "offboarding_memory": address, "offboarding_directory": root, "offboarding_hosts": "mailbox_waves",
    }  # fmt: skip
    started = []
    for site in SITES:
        slice_, config = machine(bench.laboratory, bench.directory / site, pairs, address, root)
        slice_.environment = dict(bench.environment)
        arguments = ("-i", str(config), "--limit", f"wave_{site}")
        kill_at = KILLED_AT if site == "rome" else 0
        started.append((slice_, arguments, slice_.begin(OFFBOARD, *arguments, kill_at=kill_at, variables=variables)))
    runs = [finish(*begun) for _slice, _arguments, begun in started]
    assert [run.returncode for run in runs] == [0, 0, -9], "".join(run.output for run in runs)
    killed, arguments, _begun = started[2]
    assert {pair.identity for pair in pairs[2::3]}.isdisjoint(
        request.mailbox.primary_smtp_address for request in bench.hybrid.replication.requests.values()
    )
    again = killed.run(OFFBOARD, *arguments, variables=variables)
    assert again.succeeded, again.output
    assert PASSWORD not in "".join(run.output for run in (*runs, again))
    for pair, known in zip(pairs, before, strict=True):
        assert_home(pair, known)
    done = Counter(entry["cmdlet"] for entry in bench.log.writes() if entry["outcome"] == "ok")
    assert (done["Enable-MailUser"], done["New-MoveRequest"]) == (6, 6)
    assert bench.scheduler_runs()
    kept = texts(server, offboarding, root)
    assert [name for name in kept if name.startswith(("half-made/", "directory-sync-paused"))] == []
    # One journal of all three, whole: each write was told before it was sent, by the run that sent it.
    lines = [json.loads(line) for line in kept["journal.jsonl"].splitlines()]
    assert Counter(line["event"] for line in lines)["sent"] == len(bench.writes())
    assert len({line["run_id"] for line in lines}) == 4
    # One report over all slices, on a machine that ran none of them.
    done_by_then = bench.log.entries()
    page = bench.directory / "all.html"
    given = {"offboarding_memory": address, "offboarding_directory": root, "offboarding_report": str(page)}
    report = bench.run(ROOT / "playbooks" / "report.yml", variables=given)
    assert report.succeeded, report.output
    told = report.task("Read all waves, and write the report if it has a path").result
    assert {wave["name"].split("-")[0]: wave["summary"] for wave in told["waves"]} == {
        f"wave_{site}": {"home": 2} for site in SITES
    }
    # How far all slices are, the same way.
    given["offboarding_all_waves"] = True
    status = bench.run(ROOT / "playbooks" / "status.yml", variables=given)
    assert status.succeeded, status.output
    looks = {line.split("-")[0]: line for line in status.task("Show the progress of the moves").result["msg"]}
    assert set(looks) == {f"wave_{site}" for site in SITES}
    assert all(": 2 mailboxes: 2 home (" in line for line in looks.values()), looks
    ended = status.task("Show the result, the report and the next step").result["msg"]
    assert f"{root}: 6 home" in ended
    assert bench.log.entries() == done_by_then, "it connects to no system"
    assert told["missing"] == ["readiness"]
    assert all(pair.identity in page.read_text(encoding="utf-8") for pair in pairs)
    for site in SITES:
        assert not (bench.directory / site / root).exists()
        assert not (bench.directory / site / "offboarding").exists()
