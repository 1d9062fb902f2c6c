# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Properties
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.baseline import Baselines
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.roll_back import (
    RollbackOptions,
    roll_back,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._recipients import cloud, on_premises
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome

from tests.unit.plugins.module_utils import fakes
from tests.unit.plugins.module_utils.fakes import (
    FakeOrganization,
    Time,
    ad_user,
    cloud_mailbox,
    connect,
    guid_of,
    lost,
    move_request_of,
    on_disk,
    on_premises_recipient,
)

MAILBOX = guid_of("ann's mailbox")


def run_of(number: int, ended: str) -> Properties:
    return {
        "RunHistoryId": str(number),
        "ConnectorName": "contoso.onmicrosoft.com - AAD",
        "RunProfileName": "Export",
        "Result": "success",
        "IsRunComplete": True,
        "StartDate": ended,
        "EndDate": ended,
    }


class Site:
    """Ann's three systems, with a whole mail user and a request; ``before`` is how her user was."""

    def __init__(self, directory: Path, *, scheduler: bool = False) -> None:
        self.directory, self.scheduler = directory, scheduler
        self.history = [run_of(1, "2020-11-23T08:00:00Z")]
        self.requests = [move_request_of("ann")]
        self.server, self.tenant = fakes.on_premises(on_premises_recipient("ann")), fakes.tenant(cloud_mailbox("ann"))
        self.tenant.objects["Get-MoveRequest"] = self.requests
        self.tenant.handlers["Remove-MoveRequest"] = lambda _cmdlet: self.requests.clear() or []
        self.server.handlers["Disable-MailUser"] = lambda _cmdlet: self.disable()
        self.sync = FakeOrganization(
            "entra_connect",
            handlers={
                "Get-ADSyncScheduler": lambda _cmdlet: [{"SyncCycleEnabled": self.scheduler}],
                "Get-ADSyncConnectorRunStatus": lambda _cmdlet: [],
                "Get-ADSyncRunProfileResult": lambda _cmdlet: self.history,
            },
        )
        self.baselines = Baselines(on_disk(directory))
        self.baselines.save("ann", cloud.recipient(cloud_mailbox("ann")), on_premises.user(ad_user("ann")))

    def disable(self) -> list[Properties]:
        self.server.objects = fakes.on_premises(ad_user("ann")).objects
        return []

    def roll_back(self, batch_name: str = "", **options: Any) -> Outcome:
        record = {"identity": "ann@contoso.com", "include_sip": True, "batch_name": batch_name}
        with connect(self.server, self.tenant, self.sync) as connections:
            (outcome,) = roll_back(
                connections, [record], RollbackOptions(on_disk(self.directory), 300, **options), sleep=Time().sleep
            )
        return outcome

    @property
    def writes(self) -> list[str]:
        return [cmdlet.name for cmdlet in (*self.tenant.writes, *self.server.writes, *self.sync.writes)]


def test_the_decision_of_before_the_first_write_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path)
    outcome = site.roll_back()
    assert (outcome.status, outcome.details["decision"]) == ("changed", "undone")
    assert site.writes == ["Remove-MoveRequest", "Disable-MailUser"]
    assert outcome.details["baseline_file"] == site.baselines.last_set_aside(MAILBOX)
    assert site.baselines.load(MAILBOX) is None
    again = site.roll_back()
    assert (again.status, again.details["decision"], again.cmdlets) == ("unchanged", "nothing", [])


@pytest.mark.parametrize(("status", "removed"), [("Failed", True), ("Removing", False), ("Completed", False)])
def test_a_user_of_the_waves_batch_goes_with_a_request_that_is_not_the_batchs(
    tmp_path: Path, status: str, removed: bool
) -> None:
    site = Site(tmp_path)
    users = [{"Identity": "ann@contoso.com", "MailboxGuid": MAILBOX, "BatchId": "wave-1-2", "Status": status}]
    site.tenant.handlers["Get-MigrationUser"] = lambda _cmdlet: list(users)
    site.tenant.handlers["Remove-MigrationUser"] = lambda _cmdlet: users.clear() or []
    outcome = site.roll_back(batch_name="wave-1")
    assert (outcome.status, outcome.error) == ("changed", None)
    expected = ["Remove-MoveRequest", "Disable-MailUser"]
    assert site.writes == (["Remove-MigrationUser", *expected] if removed else expected)


def test_a_cycle_that_begins_meanwhile_is_noticed_and_the_baseline_stays(tmp_path: Path) -> None:
    site = Site(tmp_path)

    def overtaken(_cmdlet: object) -> list[Properties]:
        site.history.insert(0, run_of(2, "2026-11-23T10:00:00Z"))
        return site.disable()

    site.server.handlers["Disable-MailUser"] = overtaken
    outcome = site.roll_back()
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code) == ("failed", "cycle_began")
    assert "Run the offboarding again" in outcome.error.remedy
    assert site.baselines.load(MAILBOX) is not None


@pytest.mark.parametrize("assume_paused", [True, False])
def test_only_a_preview_may_take_the_scheduler_for_paused(assume_paused: bool, tmp_path: Path) -> None:
    site = Site(tmp_path, scheduler=True)
    real = site.roll_back(assume_paused=assume_paused)
    assert real.error is not None
    assert real.error.code == "scheduler_not_paused"
    preview = site.roll_back(assume_paused=assume_paused, check=True)
    assert preview.status == ("changed" if assume_paused else "failed")
    assert site.writes == []
    assert site.baselines.load(MAILBOX) is not None


def test_a_lost_answer_is_no_reason_to_write_twice(tmp_path: Path) -> None:
    site = Site(tmp_path)

    def disabled_but_lost(_cmdlet: object) -> list[Properties]:
        site.disable()
        raise lost()

    site.server.handlers["Disable-MailUser"] = disabled_but_lost
    outcome = site.roll_back()
    assert (outcome.status, site.writes) == ("changed", ["Remove-MoveRequest", "Disable-MailUser"])
    assert site.baselines.load(MAILBOX) is None
