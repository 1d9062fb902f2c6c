# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clean-up keeps the report of each completed move before it has it removed, whichever way the mailbox moved."""

from __future__ import annotations

import datetime
import errno
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features import kept_reports
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch import batches
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.migration_batch.plan import Options
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.move_request import step as steps
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory import documents
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.interface import Folder
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.outcome import Outcome
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._wave.run import run_wave

from lab.model.builder import HybridBuilder, Pair, Person
from lab.model.recipients import Skipped
from lab.model.tenant import WIZARDS_ENDPOINT
from tests.unit.plugins.module_utils.fakes import connect, guid_of, on_disk, tenant
from tests.unit.plugins.module_utils.lab_in_process import InProcess, Killed, Trouble

METHODS = ("migration_batch", "move_request")
NAMES = ("Ann Archer", "Bob Baker")


class Wave:
    """Two mailboxes that have come home, by one of the two ways."""

    def __init__(self, path: Path, method: str) -> None:
        self.method, self.folder = method, on_disk(path / "state")
        self.lab = InProcess()
        self.build = HybridBuilder(self.lab.hybrid)
        self.pairs = [self._add(name) for name in NAMES]
        self.build.set_cloud(self.pairs[1], skipped=Skipped("Good", 2))
        self.submit()

    def _add(self, name: str) -> Pair:
        pair = self.build.synced(Person(name))
        self.build.mail_enable(pair, exchange_guid=pair.cloud.exchange_guid)
        return pair

    def run(self, state: str, folder: Folder | None = None, **more: Any) -> list[Outcome]:
        wave = [
            {"identity": pair.identity, "remote_target_database": "DB01", "target_delivery_domain": "contoso.com",
             "remote_host_name": "mail.contoso.com", "cutover": "automatic"}
            for pair in self.pairs
        ]  # fmt: skip
        absent, records = state == "absent", wave
        with self.lab.connect("exchange_online") as connections:
            if self.method == "migration_batch":
                given = Options(state, "wave-1", WIZARDS_ENDPOINT, only_completed=absent)
                return batches.run(
                    connections, records, given, check=False, folder=folder, sleep=self.lab.sleep,  # type: ignore[arg-type]
                    now=self.lab.hybrid.clock.now,
                ).outcomes  # fmt: skip
            account = self.lab.hybrid.remote_credential
            named = {"username": account.username, "password": account.password}
            step = steps.for_state(
                "submitted" if state == "started" else state, False, named, records,  # type: ignore[arg-type]
                only_completed=absent, folder=folder,
            )  # fmt: skip
            return run_wave(
                step, records, connections, check=False, sleep=self.lab.sleep,  # type: ignore[arg-type]
                now=self.lab.hybrid.clock.now,
            )  # fmt: skip

    def submit(self) -> None:
        assert [outcome.status for outcome in self.run("started")] == ["changed", "changed"]
        self.lab.sleep(86400)
        self.lab.hybrid.advance()

    def clean_up(self) -> list[Outcome]:
        self.lab.calls.clear()
        self.lab.writes.clear()
        return self.run("absent", self.folder)

    @property
    def files(self) -> list[Path]:
        return sorted(Path(self.folder.at(kept_reports.ROOM)).glob("*.json"))

    @property
    def of_moves(self) -> dict[str, dict[str, Any]]:
        found = [json.loads(path.read_text(encoding="utf-8")) for path in self.files]
        return {entry["identity"]: entry for entry in found if "@" in entry["identity"]}

    @property
    def removals(self) -> list[str]:
        return [name for name in self.lab.writes if name.startswith("Remove-")]


@pytest.fixture(params=METHODS)
def wave(tmp_path: Path, request: pytest.FixtureRequest) -> Wave:
    return Wave(tmp_path, request.param)


def codes(outcomes: list[Outcome]) -> list[str]:
    return [outcome.error.code if outcome.error else outcome.status for outcome in outcomes]


def test_each_move_has_its_report_before_the_first_removal(wave: Wave) -> None:
    outcomes = wave.clean_up()
    assert codes(outcomes) == ["changed", "changed"]
    names = [cmdlet.name for _system, cmdlet in wave.lab.calls]
    removal = next(place for place, name in enumerate(names) if name.startswith("Remove-"))
    assert sum("Statistics" in name for name in names[:removal]) == 2
    kept = wave.of_moves
    assert set(kept) == {pair.identity for pair in wave.pairs}
    for pair, outcome in zip(wave.pairs, outcomes, strict=True):
        entry = kept[pair.identity]
        assert "Request is complete." in entry["shown"]["Report"]
        assert entry["shown"]["Status"].startswith("Completed")
        assert documents.is_as_written(entry)
        assert Path(str(outcome.details["kept_report"])) in wave.files
        assert str(pair.cloud.exchange_guid) in str(outcome.details["kept_report"])
    assert {path.stat().st_mode & 0o777 for path in wave.files} == {0o600}
    assert wave.files[0].parent.stat().st_mode & 0o777 == 0o700
    assert codes(wave.clean_up()) == ["unchanged", "unchanged"]
    assert wave.of_moves == kept


def test_a_batch_that_goes_as_a_whole_leaves_its_own_report_and_what_was_skipped(tmp_path: Path) -> None:
    wave = Wave(tmp_path, "migration_batch")
    wave.clean_up()
    (of_batch,) = (path for path in wave.files if path.name.startswith("batch."))
    entry = json.loads(of_batch.read_text(encoding="utf-8"))
    assert (entry["identity"], entry["shown"]["FinalizedCount"]) == ("wave-1", 2)
    assert str(uuid.UUID(entry["shown"]["BatchGuid"])) in of_batch.name
    assert wave.of_moves[wave.pairs[1].identity]["shown"]["SkippedItems"] == ["CorruptItem 1", "CorruptItem 2"]


def test_what_cannot_be_written_down_is_not_removed(wave: Wave) -> None:
    memory = wave.folder.memory

    class Full:
        """A disk that takes no report any more."""

        def __getattr__(self, name: str) -> Any:
            return getattr(memory, name)

        def write(self, path: str, text: str) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    whole = wave.folder
    wave.folder = Folder(Full(), whole.path)  # type: ignore[arg-type]
    outcomes = wave.clean_up()
    assert codes(outcomes) == ["report_not_kept", "report_not_kept"]
    assert outcomes[0].error is not None
    assert "so nothing was removed" in outcomes[0].error.message
    assert "Free some space" in outcomes[0].error.remedy
    assert wave.removals == []
    wave.folder = whole
    assert codes(wave.clean_up()) == ["changed", "changed"]
    assert set(wave.of_moves) == {pair.identity for pair in wave.pairs}


def test_a_report_that_is_not_shown_keeps_its_mailbox(wave: Wave) -> None:
    account = wave.lab.hybrid.exchange_server_account.username
    cmdlet = "Get-MigrationUserStatistics" if wave.method == "migration_batch" else "Get-MoveRequestStatistics"
    wave.lab.hybrid.exchange_online.revoked[account] = {cmdlet}
    assert codes(wave.clean_up()) == ["report_not_kept", "report_not_kept"]
    assert (wave.removals, wave.of_moves) == ([], {})


def test_a_kill_between_keeping_and_removing_loses_nothing(wave: Wave) -> None:
    wave.lab.trouble = Trouble("killed", 0)
    with pytest.raises(Killed):
        wave.clean_up()
    kept = {path.name for path in wave.files}
    assert len(kept) >= 2
    wave.lab.dead, wave.lab.trouble = False, Trouble()
    wave.clean_up()
    assert kept <= {path.name for path in wave.files}
    assert set(wave.of_moves) == {pair.identity for pair in wave.pairs}


def test_without_a_directory_nothing_is_read_for_it(wave: Wave) -> None:
    wave.lab.calls.clear()
    assert codes(wave.run("absent")) == ["changed", "changed"]
    assert [cmdlet.name for _system, cmdlet in wave.lab.calls if "Statistics" in cmdlet.name] == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"Entries": [{"Message": "x", "When": datetime.date(2026, 11, 30)}]},
         {"Entries": [{"Message": "x", "When": "2026-11-30"}]}),
        (("a", None, 1), ["a", None, 1]),
        ("text", "text"),
        (True, True),
    ],
)  # fmt: skip
def test_a_report_of_any_form_is_kept(value: Any, shown: Any) -> None:
    assert kept_reports.shortened(kept_reports.plain(value)) == (shown, 0)


def test_reports_are_written_down_before_many_more_are_read(tmp_path: Path) -> None:
    online = tenant()
    written: list[int] = []

    def shown(cmdlet: Cmdlet) -> list[dict[str, Any]]:
        written.append(len(list(tmp_path.glob("move_reports/*.json"))))
        return [{"RequestGuid": guid_of(str(cmdlet.parameters["Identity"])), "Report": "x"}]

    online.handlers["Get-MoveRequestStatistics"] = shown
    asked = [
        kept_reports.Asked(str(n), str(n), guid_of(str(n)), Cmdlet("Get-MoveRequestStatistics", {"Identity": str(n)}))
        for n in range(50)
    ]
    with connect(online) as connections:
        kept = kept_reports.keep(connections, on_disk(tmp_path), asked)
    assert (len(kept.paths), kept.errors) == (50, {})
    assert [count for place, count in enumerate(written) if place - count >= kept_reports.AT_ONCE] == []


@pytest.mark.parametrize("value", ["<" + "x" * 1_200_000 + ">", ["x" * 600_000, "y" * 600_000]])
def test_a_very_long_one_keeps_its_beginning_and_its_end(value: Any) -> None:
    text, missing = kept_reports.shortened(value)
    assert missing > 150_000
    assert f"[{missing} characters were left out here]" in text
    assert len(text) < kept_reports.MOST + 60
    assert (text[0], text[-1]) in (("<", ">"), ("[", "]"))
