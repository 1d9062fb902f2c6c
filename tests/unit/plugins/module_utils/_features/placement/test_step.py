# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases chosen for a wave of the lab: what is read, what is kept, and that a batch moves there."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import batches
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import Options
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.assess import (
    AssessOptions,
    assess,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.read import (
    ReadinessOptions,
    check,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record, as_record

from lab.answer import Call, ShellState
from lab.model.builder import HybridBuilder, Pair, Person
from lab.model.directory import Database
from lab.model.recipients import Content
from lab.model.tenant import WIZARDS_ENDPOINT
from tests.unit.plugins.module_utils.fakes import guid_of, on_disk
from tests.unit.plugins.module_utils.lab_in_process import InProcess

GB = 1024**3


class Site:
    """Contoso with two databases of 100 and 90 GB free, and mailboxes of 20, 10 and 5 GB that are prepared."""

    def __init__(self, path: Path) -> None:
        self.folder = on_disk(path)
        self.lab = InProcess()
        self.build = HybridBuilder(self.lab.hybrid)
        databases = self.lab.hybrid.directory.databases
        databases.clear()
        self.databases = {name: Database(name, uuid.UUID(guid_of(name)), disk_free=free * GB) for name, free in
                          (("DB01", 100), ("DB02", 90))}  # fmt: skip
        databases.update(self.databases)
        for database in self.databases.values():
            database.quotas.prohibit_send_receive = 50 * GB
        self.pairs = [self.add(name, size) for name, size in (("Ann Archer", 20), ("Bob Baker", 10), ("Cleo Clark", 5))]

    def add(self, name: str, size: int) -> Pair:
        pair = self.build.synced(Person(name))
        self.build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
        self.build.set_cloud(pair, content=Content(size * GB, 1000))
        return pair

    def assess(self, *records: Record, asked: Any = ("auto",), **options: Any) -> list[Outcome]:
        self.lab.calls.clear()
        wave = list(records) or [{"identity": pair.identity} for pair in self.pairs]
        how = AssessOptions(**{
            "folder": self.folder, "target_databases": asked, "accept": frozenset({"baseline_missing"}), **options
        })  # fmt: skip
        with self.lab.connect("exchange_server", "exchange_online") as connections:
            return assess(connections, wave, how)

    def databases_of(self, outcomes: list[Outcome]) -> list[str]:
        return [str(outcome.enriched.get("remote_target_database") or "") for outcome in outcomes]

    def called(self, *names: str) -> int:
        return sum(cmdlet.name in names for _system, cmdlet in self.lab.calls)

    @property
    def kept(self) -> dict[str, Any]:
        with open(self.folder.at("target_databases.json"), encoding="utf-8") as file:
            return dict(json.load(file)["mailboxes"])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_wave_is_spread_once_and_a_second_run_reads_nothing_for_it(site: Site) -> None:
    first = site.assess()
    assert site.databases_of(first) == ["DB01", "DB02", "DB01"]
    assert first[0].details["placement"]["database"] == "DB01"
    assert site.called("Get-MailboxStatistics") == 3
    assert site.called("Get-MailboxDatabaseCopyStatus") == 2
    site.databases["DB01"].disk_free = GB
    second = site.assess()
    assert site.databases_of(second) == ["DB01", "DB02", "DB01"]
    assert site.called("Get-MailboxStatistics", "Get-MailboxDatabaseCopyStatus") == 0
    assert [outcome.details["placement"] for outcome in second] == [outcome.details["placement"] for outcome in first]


def test_check_mode_shows_it_and_keeps_nothing(site: Site) -> None:
    assert site.databases_of(site.assess(check=True)) == ["DB01", "DB02", "DB01"]
    assert not Path(site.folder.at("target_databases.json")).exists()
    assert site.databases_of(site.assess(folder=None)) == ["DB01", "DB02", "DB01"]


def test_what_is_kept_is_its_owners_alone_and_names_mailbox_size_and_time(site: Site) -> None:
    site.assess()
    assert Path(site.folder.at("target_databases.json")).stat().st_mode & 0o777 == 0o600
    entry = site.kept[str(site.pairs[0].cloud.exchange_guid)]
    assert (entry["identity"], entry["database"], entry["arrived"]) == (site.pairs[0].identity, "DB01", False)
    assert entry["size"] >= 20 * GB


def test_later_waves_find_what_earlier_ones_have_on_their_way_and_a_record_has_the_last_word(site: Site) -> None:
    ann, bob, cleo = ({"identity": pair.identity} for pair in site.pairs)
    assert site.databases_of(site.assess(ann)) == ["DB01"]
    assert site.databases_of(site.assess(bob)) == ["DB02"]
    given = as_record({**cleo, "remote_target_database": "db02"})
    dora = site.add("Dora Dean", 1)
    outcomes = site.assess(given, {"identity": dora.identity})
    assert "remote_target_database" not in outcomes[0].enriched
    assert site.databases_of(outcomes)[1] == "DB01"
    assert site.kept[str(site.pairs[2].cloud.exchange_guid)]["database"] == "DB02"
    assert site.databases_of(site.assess(as_record({**ann, "remote_target_database": "DB02"}))) == [""]


@pytest.mark.parametrize("named", ["db01", guid_of("DB01").upper()])
def test_what_a_record_names_is_on_its_way_whatever_it_calls_the_database(site: Site, named: str) -> None:
    """Databases are given by name, GUID or distinguished name (facts migration-batches.md 1.3)."""
    ann, bob, cleo = ({"identity": pair.identity} for pair in site.pairs)
    given = as_record({**ann, "remote_target_database": named})
    assert site.databases_of(site.assess(given, bob, cleo)) == ["", "DB02", "DB01"]
    assert site.kept[str(site.pairs[0].cloud.exchange_guid)]["database"] == "DB01"


def submit(site: Site, outcomes: list[Outcome], name: str = "wave-1") -> None:
    records = [as_record({**o.record, **o.enriched, "target_delivery_domain": "contoso.com"}) for o in outcomes]
    with site.lab.connect("exchange_online") as connections:
        result = batches.run(
            connections, records, Options("started", name, WIZARDS_ENDPOINT), check=False, sleep=site.lab.sleep,
            now=site.lab.hybrid.clock.now,
        )  # fmt: skip
    assert [outcome.status for outcome in result.outcomes] == ["changed"] * len(records)


def test_a_batch_moves_each_mailbox_there_and_what_has_arrived_is_on_its_way_no_more(site: Site) -> None:
    submit(site, site.assess())
    site.lab.sleep(86400)
    site.lab.hybrid.advance()
    assert [pair.directory.database for pair in site.pairs] == ["DB01", "DB02", "DB01"]
    home = site.assess()
    assert [outcome.details["state"] for outcome in home] == ["home"] * 3
    assert site.databases_of(home) == ["DB01", "DB02", "DB01"]
    assert all(entry["arrived"] for entry in site.kept.values())


@pytest.mark.parametrize(("pull", "database", "read"), [(False, "DB02", 1), (True, "DB01", 0)])
def test_requests_of_others_count_by_what_their_statistics_say(
    site: Site, pull: bool, database: str, read: int
) -> None:
    """One that brings a mailbox into the cloud is pulled, and frees space (facts offboarding-practice.md 2.1)."""
    other = site.add("Otto Other", 30)
    outcomes = site.assess({"identity": other.identity}, folder=None)
    assert site.databases_of(outcomes) == ["DB01"]
    submit(site, outcomes, "theirs")
    while not site.lab.hybrid.exchange_online.run(Call("Get-MoveRequest", {}, ShellState("admin"))).objects:
        site.lab.sleep(0.01)
        site.lab.hybrid.advance()
    for request in site.lab.hybrid.replication.requests.values():
        request.options.pull = pull
    ann = site.assess({"identity": site.pairs[0].identity})
    assert site.databases_of(ann) == [database]
    assert site.called("Get-MoveRequestStatistics") == read


def test_two_runs_that_decide_at_once_see_each_others_decisions(site: Site) -> None:
    memory = site.folder.memory
    swap, seen = memory.swap, []

    class Beaten:
        """The first decision is kept by another run in between."""

        def __getattr__(self, name: str) -> Any:
            return getattr(memory, name)

        def swap(self, path: str, old: str | None, new: str | None) -> bool:
            if not seen:
                seen.append(path)
                site.assess({"identity": site.pairs[0].identity})
            return swap(path, old, new)

    beaten = type(site.folder)(Beaten(), site.folder.path)  # type: ignore[arg-type]
    assert site.databases_of(site.assess({"identity": site.pairs[2].identity}, folder=beaten)) == ["DB02"]
    assert len(site.kept) == 2


def test_a_mailbox_that_no_database_takes_fails_alone_in_the_readiness_report_too(site: Site) -> None:
    site.build.set_cloud(site.pairs[0], content=Content(60 * GB, 1000))
    outcomes = site.assess()
    assert [o.error.code if o.error else "" for o in outcomes] == ["no_database_fits", "", ""]
    with site.lab.connect("exchange_server", "exchange_online") as connections:
        wave = [as_record({"identity": pair.identity}) for pair in site.pairs]
        report = check(connections, wave, ReadinessOptions(test_endpoint=False, target_databases=("auto",)))
    found = {subject.identity: [f.code for f in findings] for subject, findings in report.mailboxes}
    assert [("no_database_fits" in codes) for codes in found.values()] == [True, False, False]


def test_a_full_disk_and_an_unreadable_document_are_one_sentence(site: Site) -> None:
    path = Path(site.folder.at("target_databases.json"))
    site.assess({"identity": site.pairs[0].identity})
    path.write_text(path.read_text(encoding="utf-8").replace('"DB01"', '"DB02"'), encoding="utf-8")
    with pytest.raises(InputError, match=r"target_databases.json.* changed by hand.*remove it"):
        site.assess()
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        site.assess()


@pytest.mark.parametrize(
    ("name", "value"),
    [("size", -1), ("size", True), ("size", "many"), ("database", None), ("arrived", 0), ("more", "x")],
)
def test_a_decision_that_is_none_is_refused_whoever_gave_it_its_checksum(site: Site, name: str, value: Any) -> None:
    site.assess({"identity": site.pairs[0].identity})
    path = Path(site.folder.at("target_databases.json"))
    data = json.loads(path.read_text(encoding="utf-8"))
    next(iter(data["mailboxes"].values()))[name] = value
    path.write_text(json.dumps(documents.sealed(data)), encoding="utf-8")
    with pytest.raises(InputError, match="changed by hand"):
        site.assess()


@pytest.mark.parametrize(("free", "codes"), [(1000 * GB, ["", "", ""]), (GB, ["no_database_fits"] * 3)])
def test_a_size_that_nobody_may_read_is_told_where_it_counted(site: Site, free: int, codes: list[str]) -> None:
    account = site.lab.hybrid.exchange_server_account.username  # the model's one caller
    site.lab.hybrid.exchange_online.revoked[account] = {"Get-MailboxStatistics"}
    for database in site.databases.values():
        database.disk_free = free
    outcomes = site.assess()
    assert [outcome.error.code if outcome.error else "" for outcome in outcomes] == codes
    told = [warning for outcome in outcomes for warning in outcome.warnings if "counted as 10 GB" in warning]
    assert len(told) == codes.count("")
    assert all("Get-MailboxStatistics" in warning for warning in told)
    again = [warning for outcome in site.assess() for warning in outcome.warnings if "counted as 10 GB" in warning]
    assert again == [], "it was decided already"


def test_databases_that_do_not_say_their_space_are_not_chosen(site: Site) -> None:
    account = site.lab.hybrid.exchange_server_account.username
    site.lab.hybrid.exchange_server.revoked[account] = {"Get-MailboxDatabaseCopyStatus"}
    with pytest.raises(InputError, match="View-Only Configuration"):
        site.assess()


def sends(recorder: Any) -> None:
    """Run what leads to every cmdlet and parameter, for the test that holds them to the reference."""
    site = Site(Path("nowhere"))
    site.build.archive(site.pairs[0])
    site.assess(folder=None)
    recorder.sent += site.lab.calls
