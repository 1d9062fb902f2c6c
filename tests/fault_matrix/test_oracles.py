# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each oracle of the matrix finds what it is there for, and has nothing to say of what is right."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fault_matrix import oracles, table
from tests.fault_matrix.runs import FAILED, GREEN, Ran
from tests.fuzz import page as fuzzed
from tests.unit.plugins.module_utils.fakes import on_disk

IDENTITY = "ann@contoso.com"
HOME = {
    "home": "UserMailbox", "cloud": "MailUser", "database": "DB01", "guid": "1", "home_guid": "1",
    "addresses": ["SMTP:ann@contoso.com"], "home_addresses": ["SMTP:ann@contoso.com"],
}  # fmt: skip
AWAY = {**HOME, "home": "User", "cloud": "UserMailbox", "database": "", "home_addresses": []}
HALF = {**AWAY, "home": "MailUser"}
ERROR = {
    "code": "unknown", "message": "It failed.", "cmdlet": "Set-MailUser", "retryable": False, "remedy": "Do it.",
}  # fmt: skip


def ran(code: int = FAILED, results: list[dict[str, Any]] | None = None, **summary: Any) -> Ran:
    module = {"task": "Do it", "action": "mailops.exchange_hybrid.mailuser", "status": "ok"}
    end = {"ansible_facts": {"offboarding_result": {"failures": [], "error": "", **summary}}}
    return Ran(code, [
        {**module, "result": {"results": results or []}},
        {"task": "Summarize the run", "action": "ansible.builtin.set_fact", "status": "ok", "result": end},
    ])  # fmt: skip


def write(cmdlet: str, executed: bool = True, outcome: str = "ok", **parameters: Any) -> dict[str, Any]:
    given = {"Identity": IDENTITY, **parameters}
    return {"cmdlet": cmdlet, "kind": "write", "executed": executed, "outcome": outcome, "parameters": given}


def test_a_traceback_and_a_secret_are_found(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text("s3cret-thing", encoding="utf-8")
    assert oracles.output(ran(), ["other"], on_disk(tmp_path), killed=False) == []
    assert len(oracles.output(ran(), ["s3cret-thing"], on_disk(tmp_path), killed=False)) == 1
    said = Ran(FAILED, [], "Traceback (most recent call last):\n  line\nValueError: no\n")
    assert len(oracles.output(said, [], on_disk(tmp_path), killed=True)) == 1
    stopped = Ran(FAILED, [], "Traceback (most recent call last):\n  line\nKeyboardInterrupt: Resumed.\n")
    assert oracles.output(stopped, [], on_disk(tmp_path), killed=True) == []


@pytest.mark.parametrize("missing", ["code", "message", "remedy", "retryable"])
def test_a_failure_that_says_too_little_is_found(missing: str) -> None:
    entry = {"identity": IDENTITY, "status": "failed", "error": ERROR}
    assert oracles.failures(ran(results=[entry]), killed=False) == []
    poor = {name: value for name, value in ERROR.items() if name != missing}
    assert len(oracles.failures(ran(results=[{**entry, "error": poor}]), killed=False)) == 1


def test_a_module_that_was_stopped_says_as_much_as_any_other() -> None:
    def told(**result: Any) -> list[str]:
        module = {"task": "Do it", "action": "mailops.exchange_hybrid.mailuser", "status": "failed"}
        return oracles.failures(Ran(FAILED, [{**module, "result": result}]), killed=True)

    assert told(msg="MODULE FAILURE") == []
    assert told(error=ERROR) == []
    assert len(told(error={"code": "terminated", "retryable": True})) == 2


def test_a_green_run_that_did_not_bring_everybody_home_is_found() -> None:
    assert oracles.honest(ran(GREEN), {IDENTITY: HOME}, paused=False) == []
    assert len(oracles.honest(ran(GREEN), {IDENTITY: AWAY}, paused=False)) == 1
    assert len(oracles.honest(ran(GREEN), {IDENTITY: HOME}, paused=True)) == 1


def test_what_a_failed_run_keeps_to_itself_is_found() -> None:
    told = {"failures": [{"identity": IDENTITY}]}
    assert oracles.honest(ran(**told), {IDENTITY: AWAY}, paused=False) == []
    assert len(oracles.honest(ran(), {IDENTITY: AWAY}, paused=False)) == 1
    assert len(oracles.honest(ran(**told), {IDENTITY: AWAY}, paused=True)) == 1
    assert len(oracles.honest(ran(**told), {IDENTITY: HALF}, paused=False)) == 1
    assert oracles.honest(ran(**told, addresses_at_risk=[IDENTITY]), {IDENTITY: HALF}, paused=False) == []


def test_a_doubled_write_is_found() -> None:
    enable = write("Enable-MailUser")
    assert oracles.writes([enable, write("Enable-MailUser", executed=False)]) == []
    assert len(oracles.writes([enable, enable])) == 1
    assert oracles.writes([enable, write("Disable-MailUser"), enable]) == []
    assert oracles.writes([write("Set-MailUser", Alias="a"), write("Set-MailUser", Alias="b")]) == []
    assert len(oracles.writes([write("Set-MailUser", Alias="a"), write("Set-MailUser", Alias="a")])) == 1
    assert len(oracles.writes([write("New-MoveRequest", BatchName="a"), write("New-MoveRequest", BatchName="b")])) == 1
    same = [write("Set-MailUser", Alias="a")]
    assert (oracles.writes(same * 2, strangers=True), len(oracles.writes(same * 3, strangers=True))) == ([], 1)
    assert len(oracles.writes([enable, enable], strangers=True)) == 1
    refused = [write("New-MoveRequest"), write("New-MoveRequest", outcome="error")]
    assert (oracles.writes(refused, strangers=True), len(oracles.writes(refused))) == ([], 1)
    assert oracles.writes([write("Start-ADSyncSyncCycle"), write("Start-ADSyncSyncCycle")]) == []


def submitted(cmdlet: str, *members: str, **parameters: str) -> dict[str, Any]:
    rows = "".join(f"{member},DB01\r\n" for member in members)
    data = base64.b64encode(f"EmailAddress,TargetDatabase\r\n{rows}".encode()).decode()
    entry = write(cmdlet, CSVData=data, **parameters)
    return {**entry, "parameters": {k: v for k, v in entry["parameters"].items() if k != "Identity" or parameters}}


def test_who_joins_two_migration_batches_is_found_and_two_batches_alone_are_not() -> None:
    first = submitted("New-MigrationBatch", "ann@contoso.com", "bob@contoso.com")
    assert oracles.writes([first, submitted("New-MigrationBatch", "cleo@contoso.com")]) == []
    assert oracles.writes([first, submitted("Set-MigrationBatch", "cleo@contoso.com", Identity="wave-1")]) == []
    (again,) = oracles.writes([first, submitted("New-MigrationBatch", "Bob@contoso.com")])
    assert again == "executed twice: New-MigrationBatch of bob@contoso.com"
    taken = {**submitted("New-MigrationBatch", "bob@contoso.com"), "outcome": "error"}
    assert oracles.writes([first, taken], strangers=True) == [], "refused, because the other run has made that batch"
    assert len(oracles.writes([first, taken])) == 1
    (added,) = oracles.writes([first, submitted("Set-MigrationBatch", "ann@contoso.com", Identity="wave-1")])
    assert added == "executed twice: New-MigrationBatch of ann@contoso.com"


def test_a_run_that_makes_two_batches_is_found_and_a_later_run_may_make_another(tmp_path: Path) -> None:
    def made(*runs: tuple[str, str], answer: str = "ok") -> list[str]:
        lines: list[dict[str, Any]] = []
        for number, (run, name) in enumerate(runs):
            common = {"id": str(number), "run_id": run, "cmdlet": f"New-MigrationBatch -Name '{name}' -CSVData x"}
            lines += [{"event": "sent", **common}, {"event": "answered", **common, "result": answer}]
        (tmp_path / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return oracles.batches([on_disk(tmp_path)])

    assert made(("a", "wave-1"), ("a", "wave-1"), ("b", "wave-1-2")) == []
    assert made(("a", "wave-1"), ("a", "wave-1-2"), answer="failed") == []
    (told,) = made(("a", "wave-1"), ("a", "wave-1-2"), answer="unknown")
    assert told == "the run a made several batches: ['wave-1', 'wave-1-2']"


def journal(directory: Path, *lines: tuple[str, str, str]) -> None:
    told = [{"event": event, "id": number, "cmdlet": "Set-MailUser -Alias a", "result": result}
            for event, number, result in lines]  # fmt: skip
    (directory / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in told), encoding="utf-8")


def test_a_journal_that_does_not_agree_is_found(tmp_path: Path) -> None:
    done = [write("Set-MailUser")]
    journal(tmp_path, ("sent", "1", ""), ("answered", "1", "ok"))
    assert oracles.journals([on_disk(tmp_path)], done, killed=False) == []
    assert len(oracles.journals([on_disk(tmp_path)], [], killed=False)) == 1, "ok, and never executed"
    assert len(oracles.journals([on_disk(tmp_path)], done * 2, killed=False)) == 1, "executed, and not in the journal"
    assert oracles.journals([on_disk(tmp_path)], done * 2, killed=False, unwritten=True) == [], "and a run said so"
    submitted_twice = [*done, write("New-MoveRequest")]
    told = oracles.journals([on_disk(tmp_path)], submitted_twice, killed=False, unwritten=True)
    assert len(told) == 1, "mends nobody"
    journal(tmp_path, ("sent", "1", ""), ("answered", "1", "failed"))
    assert len(oracles.journals([on_disk(tmp_path)], done, killed=False)) == 1, "failed, and executed"
    journal(tmp_path, ("sent", "1", ""))
    assert len(oracles.journals([on_disk(tmp_path)], done, killed=False)) == 1, "never answered"
    assert oracles.journals([on_disk(tmp_path)], done, killed=True) == []


def test_another_end_is_found(tmp_path: Path) -> None:
    at = {"directory": {"ann": {"mail": "a"}}}
    assert oracles.ending(ran(GREEN), at, at, False, [on_disk(tmp_path)]) == []
    other = oracles.ending(ran(GREEN), {"directory": {"ann": {"mail": "b"}}}, at, True, [on_disk(tmp_path)])
    assert len(other) == 2
    assert "/directory/ann/mail: 'a' became 'b'" in other[0]
    batch = {"move": {"batch_name": "MigrationService:wave-1"}}
    later, stranger = ({"move": {"batch_name": f"MigrationService:{name}"}} for name in ("wave-1-2", "wave-2"))
    assert oracles.ending(ran(GREEN), later, batch, False, [on_disk(tmp_path)]) == []
    assert len(oracles.ending(ran(GREEN), stranger, batch, False, [on_disk(tmp_path)])) == 1
    (tmp_path / "directory-sync-paused.json").touch()
    assert len(oracles.ending(ran(FAILED), at, at, False, [on_disk(tmp_path)])) == 2


def test_the_page_counts_what_was_tried() -> None:
    case = {"what": "fault", "way": "winrm", "kind": "429", "first": "came through", "struck": "x", "wrong": []}
    page = table.page([case, {**case, "first": "mailboxes failed", "wrong": ["x"]}], seed=4)
    assert "Of 2 faults, kills, pairs and strikes at the database (seed 4), 1 passed. Ways to connect: winrm." in page
    assert "1 did not come about" in table.page([{**case, "struck": ""}], seed=4)
    assert "| 429 | 2 | 1 | 1 | 0 | 0 | 1 |" in page
    pair = {**case, "what": "pair", "kind": "the same directory", "first": "came through and was stopped"}
    assert "| the same directory | 1 | 1 | 1 | 1 |" in table.page([pair], seed=4)


def test_the_page_keeps_what_the_inputs_by_chance_came_to() -> None:
    section = fuzzed.section({"clixml": 3000, "ldap": 2000}, {"clixml": 9000, "ldap": 6000})
    assert "All of 20,000 inputs passed." in section
    assert "| `ldap` | 2,000 | 6,000 |" in section
    with_it = fuzzed.put("# Faults\n\nSome.\n", section)
    assert fuzzed.of(with_it) == section
    again = fuzzed.put(with_it, fuzzed.section({"ldap": 1}, {"ldap": 2}))
    assert again.count(fuzzed.HEADING) == 1
    assert again.startswith("# Faults\n\nSome.\n\n## ")
    assert fuzzed.put("# Faults\n", fuzzed.of("# Faults\n")) == "# Faults\n"


def test_of_two_runs_over_one_wave_one_has_it_to_itself() -> None:
    def refused(code: str) -> Ran:
        result = {"failed": True, "error": {"code": code, "message": "No.", "remedy": "Wait.", "retryable": True}}
        event = {"task": "t", "action": "mailops.exchange_hybrid.mailuser", "status": "failed", "result": result}
        return Ran(FAILED, [event])

    through = Ran(GREEN)
    assert oracles.one_wave([through, refused("wave_in_use")]) == []
    assert oracles.one_wave([through, through]) == [], "the first had ended before the second began"
    assert "taken from" in oracles.one_wave([refused("wave_of_another_run"), through])[0]
    assert "none came through" in oracles.one_wave([refused("wave_in_use"), refused("wave_in_use")])[0]
