# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Batches over REST, in each of the forms in which their objects may arrive, and with words that nobody documented."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.session_pool import Connections
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import (
    batches,
    migration_batch_info,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import Options
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.systems import exchange_online
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome

from lab.hybrid import ManualClock, empty_hybrid
from lab.laboratory import Laboratory
from lab.model.builder import HybridBuilder, Person
from lab.model.recipients import Skipped
from lab.model.tenant import WIZARDS_ENDPOINT
from lab.wire import rest_encoding
from tests.unit.plugins.module_utils._transports.test_transports import options_of

FORMS = (rest_encoding.TEXTS, rest_encoding.OBJECTS, rest_encoding.VALUES)


class Wave:
    """Two mailboxes of an organization behind the laboratory's REST interface, whose time passes by asking alone."""

    def __init__(self, laboratory: Laboratory, *names: str) -> None:
        self.hybrid: Any = laboratory.hybrid
        self.build = HybridBuilder(self.hybrid)
        self.pairs = [self.build.synced(Person(name)) for name in names]
        for pair in self.pairs:
            self.build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
        self.options = {**options_of(laboratory, "EXCHANGE_ONLINE_"), "interface": "rest"}

    def _connect(self) -> Connections:
        return Connections({"exchange_online": self.options}, [exchange_online.SYSTEM], self.later)

    def later(self, seconds: float = 3600.0) -> None:
        self.hybrid.clock.advance(seconds)
        self.hybrid.advance()

    def run(self, state: str, **more: Any) -> list[Outcome]:
        records = [
            {"identity": pair.identity, "remote_target_database": "DB01", "target_delivery_domain": "contoso.com",
             "cutover": "held", **more}
            for pair in self.pairs
        ]  # fmt: skip
        with self._connect() as connections:
            return batches.run(
                connections, records, Options(state, "wave-1", WIZARDS_ENDPOINT, only_completed=state == "absent"),  # type: ignore[arg-type]
                check=False, sleep=self.later, now=self.hybrid.clock.now,
            ).outcomes  # fmt: skip

    def told(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        with self._connect() as connections:
            outcomes, found = migration_batch_info.read(connections, None, "wave-1", statistics=True)
        return [outcome.as_result() for outcome in outcomes], [dict(item) for item in found]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    clock = ManualClock(datetime.datetime.now(datetime.timezone.utc))
    with Laboratory(empty_hybrid(clock), tmp_path_factory.mktemp("laboratory")) as laboratory:
        yield laboratory


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.error.code if outcome.error else outcome.status for outcome in outcomes]


@pytest.fixture
def laboratory(running: Laboratory) -> Iterator[Laboratory]:
    yield running
    running.show_migration_members(rest_encoding.TEXTS)
    running.hybrid.exchange_online.migration.words.clear()  # type: ignore[attr-defined]


def test_a_wave_goes_its_way_in_each_form_and_is_told_the_same(laboratory: Laboratory) -> None:
    wave, told = Wave(laboratory, "Ann Archer", "Bob Baker"), []
    wave.build.set_cloud(wave.pairs[0], skipped=Skipped("Investigate", 2))
    assert statuses(wave.run("started")) == ["changed", "changed"]
    wave.later()
    for form in FORMS:
        laboratory.show_migration_members(form)
        assert statuses(wave.run("started")) == ["unchanged", "unchanged"]
        assert statuses(wave.run("completed"))[0] == "score_investigate"
        told.append(wave.told())
    assert told[0] == told[1] == told[2]
    (user, _other), (batch,) = told[0]
    assert (user["migration_user"]["status"], batch["total_count"]) == ("Synced", 2)
    assert user["migration_user"]["skipped_item_count"] == 2
    assert statuses(wave.run("completed", approve_skipped_items=True))[0] == "changed"
    wave.later(86400.0)
    assert [pair.cloud.kind for pair in wave.pairs] == ["MailUser", "MailUser"]
    assert statuses(wave.run("absent")) == ["changed", "changed"]
    wave.later()


def test_words_that_nobody_documented_are_followed_by_the_coarser_one_beside_them(laboratory: Laboratory) -> None:
    wave = Wave(laboratory, "Cleo Clark", "Dana Diaz")
    laboratory.show_migration_members(rest_encoding.VALUES)
    laboratory.hybrid.exchange_online.migration.words.update(  # type: ignore[attr-defined]
        {"Validating": "NeedsApproval", "Synced": "SomethingNew"}
    )
    assert statuses(wave.run("started")) == ["changed", "changed"]
    wave.later()
    users, _batches = wave.told()
    assert {user["migration_user"]["status"] for user in users} == {"SomethingNew"}
    assert {user["move_request"]["status"] for user in users} == {"Synced"}
    assert statuses(wave.run("completed")) == ["changed", "changed"]
    wave.later(86400.0)
    assert [pair.cloud.kind for pair in wave.pairs] == ["MailUser", "MailUser"]
