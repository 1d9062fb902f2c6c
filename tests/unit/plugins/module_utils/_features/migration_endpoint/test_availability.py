# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test of the migration endpoint that the role makes before a batch is: once, and no more often than it may."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import batches
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import Options
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_endpoint import availability
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.assess import (
    AssessOptions,
    assess,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.look_ahead import Ahead
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import read
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.read import (
    ReadinessOptions,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.records import Record

from lab.model.builder import HybridBuilder, Pair, Person
from lab.model.tenant import WIZARDS_ENDPOINT
from tests.unit.plugins.module_utils.fakes import ROUTING
from tests.unit.plugins.module_utils.lab_in_process import InProcess

MOVE = {"remote_target_database": "DB01", "target_delivery_domain": "contoso.com", "cutover": "held"}


class Site:
    """Two mailboxes whose on-premises users are whole, about to move in a batch, and the role's first look at them."""

    def __init__(self, directory: Path) -> None:
        self.lab = InProcess()
        self.hybrid = self.lab.hybrid
        self.hybrid.exchange_online.migration.timing.between_tests *= self.hybrid.speed
        build = HybridBuilder(self.hybrid)
        self.pairs = [build.synced(Person(name)) for name in ("Ann Archer", "Bob Baker")]
        for pair in self.pairs:
            build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
        self.folder = Folder(FileMemory(), str(directory))
        self.note = directory / availability.NOTE
        self.sleep: Callable[[float], None] = self.lab.sleep

    def record(self, pair: Pair, **more: Any) -> Record:
        return {"identity": pair.identity, "routing_domain": ROUTING, "batch_name": "wave-1", **MOVE, **more}  # type: ignore[typeddict-item]

    def look(self, wave: Sequence[Record] = (), **options: Any) -> list[Outcome]:
        """Return what the role's first look says, with options of that look; nobody took a baseline of these users."""
        self.lab.calls.clear()
        given = {
            "readiness": True, "method": "auto", "ahead": Ahead(move=MOVE), "folder": self.folder,
            "accept": frozenset(["baseline_missing"]), **options,
        }  # fmt: skip
        chosen = AssessOptions(**given, sleep=self.sleep, now=self.hybrid.clock.now)
        with self.lab.connect() as connections:
            return assess(connections, wave or [self.record(pair) for pair in self.pairs], chosen)

    @property
    def tests(self) -> int:
        return [cmdlet.name for _system, cmdlet in self.lab.calls].count(availability.TEST)

    def submit(self, *pairs: Pair) -> None:
        records = [self.record(pair) for pair in pairs]
        with self.lab.connect("exchange_online") as connections:
            batches.run(connections, records, Options("started", "wave-1", WIZARDS_ENDPOINT), check=False,
                        sleep=self.lab.sleep, now=self.hybrid.clock.now)  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def codes(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.error.code if outcome.error else "" for outcome in outcomes]


def noted(outcomes: Sequence[Outcome]) -> list[str]:
    return [str(o.details["endpoint_note"]) for o in outcomes if "endpoint_note" in o.details]


def test_a_wave_tests_its_endpoint_once_and_its_other_runs_believe_it_for_a_while(site: Site) -> None:
    assert (codes(site.look()), site.tests, site.lab.writes) == (["", ""], 1, [])
    assert site.note.stat().st_mode & 0o777 == 0o600
    assert (codes(site.look()), site.tests) == (["", ""], 0)
    site.folder = Folder(FileMemory(lambda: datetime.datetime.now(datetime.timezone.utc) + availability.COUNTS_FOR),
                         site.folder.path)  # fmt: skip
    site.lab.sleep(3600)
    assert (codes(site.look()), site.tests) == (["", ""], 1)


def test_a_readiness_run_just_before_has_tested_it(site: Site) -> None:
    for check in (True, False):
        options = ReadinessOptions(site.folder, method="auto", check=check)
        with site.lab.connect() as connections:
            read.check(connections, [site.record(site.pairs[0])], options, site.lab.sleep, site.hybrid.clock.now)
        assert site.note.exists() is not check
    assert (codes(site.look()), site.tests) == (["", ""], 0)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 1, "endpoint": "Other"}', '{"version": 1, "endpoint": 7}'],
    ids=["empty", "half", "no object", "another endpoint", "no name"],
)  # fmt: skip
def test_a_note_that_does_not_say_it_is_no_proof(site: Site, text: str) -> None:
    site.note.write_text(text, encoding="utf-8")
    assert (codes(site.look()), site.tests) == (["", ""], 1)


def test_a_note_that_cannot_be_written_costs_another_test_and_no_more(site: Site) -> None:
    site.note.mkdir()
    assert (codes(site.look()), site.tests) == (["", ""], 1)


def test_nothing_is_tested_that_is_not_about_to_be_used(site: Site) -> None:
    ann, bob = site.pairs
    for options in ({"ahead": Ahead()}, {"readiness": False}):
        assert (codes(site.look(**options)), site.tests) == (["", ""], 0)
    refused = [site.record(pair, target_delivery_domain="contoso.mail.onmicrosoft.com") for pair in site.pairs]
    assert (codes(site.look(refused)), site.tests) == (["delivery_domain_in_the_cloud"] * 2, 0)
    account = {"username": "CONTOSO\\mrs", "password": "Secret-of-the-proxy"}
    ahead = Ahead(move={**MOVE, "remote_host_name": "mail.contoso.com"}, credential=account,
                  online={"interface": "powershell"})  # fmt: skip
    assert (codes(site.look(method="move_request", ahead=ahead)), site.tests) == (["", ""], 0)
    site.submit(ann, bob)
    assert (codes(site.look()), site.tests) == (["", ""], 0)


def test_one_that_does_not_work_stops_who_would_use_it_and_nobody_who_is_on_the_way(site: Site) -> None:
    ann, _bob = site.pairs
    site.submit(ann)
    site.lab.sleep(3600)
    site.hybrid.directory.mrs_proxy_enabled = False
    for check in (True, False):
        outcomes = site.look(check=check)
        assert (codes(outcomes), site.tests) == (["", "endpoint_test_failed"], 1)
        site.lab.sleep(3600)
    error = outcomes[1].error
    assert error is not None
    assert "forbidden" in error.message
    assert error.cmdlet == availability.TEST
    assert not site.note.exists()
    accepted = site.look(accept=frozenset(["baseline_missing", "endpoint_test_failed"]))
    assert codes(accepted) == ["", ""]
    assert "endpoint_test_failed" in accepted[1].details["stop_signs"]  # type: ignore[operator]


def test_after_a_preview_the_run_waits_for_its_turn_and_a_preview_after_it_does_not(site: Site) -> None:
    assert (codes(site.look(check=True)), site.tests, site.note.exists()) == (["", ""], 1, False)
    before = site.hybrid.clock.now()
    outcomes = site.look()
    assert (codes(outcomes), noted(outcomes), site.tests) == (["", ""], [], 2)
    assert site.hybrid.clock.now() - before == datetime.timedelta(seconds=61)
    site.note.unlink()
    before = site.hybrid.clock.now()
    outcomes = site.look(check=True)
    assert (codes(outcomes), site.tests, site.hybrid.clock.now()) == (["", ""], 1, before)
    (told,) = noted(outcomes)
    assert told.startswith(f"{WIZARDS_ENDPOINT} was not tested, and the wave continues. The last connection attempt")


def test_a_slice_that_waits_goes_on_as_soon_as_another_has_tested(site: Site) -> None:
    site.look(check=True)

    def sleep(seconds: float) -> None:
        site.lab.sleep(seconds)
        availability.note_success(site.folder, WIZARDS_ENDPOINT)

    site.sleep = sleep
    before = site.hybrid.clock.now()
    assert (codes(site.look()), site.tests) == (["", ""], 1)
    assert site.hybrid.clock.now() - before == datetime.timedelta(seconds=availability.LOOK)


def test_a_time_that_is_too_far_off_is_not_waited_for(site: Site) -> None:
    endpoint = site.hybrid.tenant.migration_endpoints[WIZARDS_ENDPOINT]
    endpoint.tested_at = site.hybrid.clock.now() + datetime.timedelta(seconds=availability.LONGEST_WAIT)
    before = site.hybrid.clock.now()
    outcomes = site.look()
    assert (codes(outcomes), len(noted(outcomes)), site.hybrid.clock.now()) == (["", ""], 1, before)


def test_without_the_role_for_the_test_the_wave_goes_on_and_is_told(site: Site) -> None:
    del site.hybrid.exchange_online.cmdlets[availability.TEST]
    outcomes = site.look()
    assert (codes(outcomes), len(noted(outcomes))) == (["", ""], 1)


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please wait until 11/23/2026 09:01:00.", 61.0),
        ("Please wait until 11/23/2026 9:01:00 AM before trying to connect to an endpoint.", 61.0),
        ("Please wait until 2026-11-23T09:01:00.1234567Z before trying to connect to an endpoint.", 61.123456),
        ("Please wait until 2026-11-23 11:01:00+02:00 before trying to connect to an endpoint.", 61.0),
        ("Please wait until 2026-13-23 09:01:00 before trying to connect to an endpoint.", None),
        ("Please wait until 23.11.2026 09:01:00 before trying to connect to an endpoint.", None),
        ("Please wait until 11/23/2026 9:00:30 AM", 31.0),
        ("Please wait until 11/23/2026 12:00:00 PM", 10801.0),
        ("Please wait until 13/40/2026 09:01:00.", None),
        ("Try again after 11/23/2026 9:15:00 AM.", 901.0),
        ("Please wait.", None),
    ],
)
def test_the_time_in_a_refusal(message: str, seconds: float | None) -> None:
    now = datetime.datetime(2026, 11, 23, 9, tzinfo=datetime.timezone.utc)
    assert availability.seconds_until(message, now) == seconds
