# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way back: the lab's directories are as at the start, or, once a sync may have run, no mailbox loses an address.

"As at the start" leaves out the times when objects changed, which nobody can bring back, and nothing else.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.model.builder import Pair, Person
from lab.model.recipients import EMPTY_GUID
from tests.integration.harness import ROOT, WAVE, Bench, Run, assert_home, move_request, records, remember, timeless
from tests.integration.test_journal import assert_tells_what_arrived, journal, lines
from tests.integration.test_waves import inventory, variables

pytestmark = pytest.mark.walked

EXTRA = ("smtp:sales@contoso.com", "SIP:sales.desk@contoso.com", "X500:/o=Old/cn=sales")
FAULT = "Microsoft.Exchange.Configuration.Tasks.TaskException"
WRITES = {"Enable-MailUser", "Set-MailUser", "Set-User", "Disable-MailUser", "Set-Mailbox", "Remove-MoveRequest"}


def earlier_cycle(bench: Bench) -> None:
    """Let the server have run its last cycle an hour ago, so that its history reaches back beyond the baselines."""
    bench.hybrid.run_scheduled_cycle()
    for run in bench.hybrid.sync.history:
        run.started -= datetime.timedelta(hours=1)
        run.ended = run.started


def cloud_only(bench: Bench) -> list[Pair]:
    """Add cloud-only mailboxes whose users never had mail, had ``mail`` set, or were mail users of another kind."""
    bare = bench.build.cloud_only("Ann Archer")
    named = bench.build.cloud_only(Person("Bob Baker", extra=("smtp:bob@contoso.com",)))
    bench.build.set_directory(named, mail="bob.baker@contoso.com")
    shared = bench.build.cloud_only(Person("Sales Desk", kind="SharedMailbox", extra=EXTRA, routing_address=False))
    bench.build.set_directory(shared, mail="old.desk@fabrikam.com", display_name="")
    guest = bench.build.cloud_only(Person("Gita Gupta", extra=("smtp:gita@contoso.com",)))
    bench.build.mail_enable(
        guest,
        external_email_address="SMTP:gita@fabrikam.com",
        email_addresses=[f"SMTP:{guest.identity}"],
        email_address_policy_enabled=True,
    )
    return [bare, named, shared, guest]


def offboard(bench: Bench, pairs: list[Pair], *arguments: str, **variables: Any) -> Run:
    # What the users had is not the mailboxes' own: written over with consent, and given back by the rollback.
    given = {"offboarding_accept": ["mail_differs", "external_address_would_change"], **variables}
    return bench.offboard(*arguments, offboarding_mailboxes=records(pairs, add_routing_address=True), **given)


def roll_back(bench: Bench, pairs: list[Pair], *arguments: str, kill_at: int | str = 0, **variables: Any) -> Run:
    given = {
        **WAVE,
        "offboarding_directory": str(bench.offboarding_directory),
        "offboarding_mailboxes": records(pairs),
        **variables,
    }
    return bench.run(ROOT / "playbooks" / "rollback.yml", *arguments, kill_at=kill_at, variables=given)


def look(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = timeless(bench.hybrid.snapshot())
    return found


def baselines(bench: Bench, folder: str = "") -> list[str]:
    return sorted(path.name for path in (bench.offboarding_directory / "baseline" / folder).glob("*.json"))


def refuse(bench: Bench, organization: str, cmdlet: str) -> None:
    bench.faults.add(organization, cmdlet, "error", count=None, exception_type=FAULT, message="Not today.")


def assert_as_before(bench: Bench, before: dict[str, Any]) -> None:
    assert look(bench) == before
    assert bench.scheduler_runs()
    assert list(bench.offboarding_directory.glob("directory-sync-paused*")) == []
    assert baselines(bench) == []


# -- half-done moments -------------------------------------------------------------------------------------------------


def before_enabling(bench: Bench, pairs: list[Pair]) -> None:
    """Stop after the routing address was added in the cloud."""
    refuse(bench, "exchange_server", "Enable-MailUser")
    refuse(bench, "exchange_server", "Set-MailUser")
    assert not offboard(bench, pairs, "--tags", "prepare").succeeded


def enabled(bench: Bench, pairs: list[Pair]) -> None:
    """Stop with users half made that the run could not mend: the scheduler stays paused."""
    refuse(bench, "exchange_server", "Set-MailUser")
    refuse(bench, "exchange_server", "Disable-MailUser")
    assert not offboard(bench, pairs, "--tags", "prepare").succeeded


def stamped(bench: Bench, pairs: list[Pair]) -> None:
    assert offboard(bench, pairs, "--tags", "prepare").succeeded


def submitted(bench: Bench, pairs: list[Pair]) -> None:
    held = {"offboarding_cutover": "held", "offboarding_wait": False}
    assert offboard(bench, pairs, "--tags", "prepare,move", **held).succeeded


def killed(bench: Bench, pairs: list[Pair]) -> None:
    """Stop by SIGKILL with all users whole and the scheduler paused."""
    offboard(bench, pairs, kill_at="Resume the scheduler")
    assert not bench.scheduler_runs()


def judged(bench: Bench, pairs: list[Pair]) -> None:
    """Stop after the baselines were taken, with nothing written."""
    assert offboard(bench, pairs, "--tags", "always").succeeded


MOMENTS: dict[Callable[[Bench, list[Pair]], None], set[str]] = {
    judged: set(),
    before_enabling: {"Set-Mailbox"},
    enabled: {"Set-Mailbox", "Disable-MailUser", "Set-User", "Set-MailUser"},
    stamped: {"Set-Mailbox", "Disable-MailUser", "Set-User", "Set-MailUser"},
    killed: {"Set-Mailbox", "Disable-MailUser", "Set-User", "Set-MailUser"},
    submitted: {"Remove-MoveRequest", "Set-Mailbox", "Disable-MailUser", "Set-User", "Set-MailUser"},
}


@pytest.mark.parametrize("moment", MOMENTS, ids=[moment.__name__ for moment in MOMENTS])
def test_before_any_sync_the_directories_are_as_at_the_start(
    moment: Callable[[Bench, list[Pair]], None], bench: Bench
) -> None:
    earlier_cycle(bench)
    pairs = cloud_only(bench)
    before = look(bench)
    moment(bench, pairs)
    bench.faults.clear()
    kept = baselines(bench)
    assert len(kept) == len(pairs)

    written = len(bench.log)
    run = roll_back(bench, pairs)
    assert run.succeeded, run.output
    assert set(bench.writes(written)) & WRITES == MOMENTS[moment]
    assert_as_before(bench, before)
    assert [name.partition(".")[0] for name in baselines(bench, "rolled_back")] == [
        name.removesuffix(".json") for name in kept
    ]


def test_after_it_nothing_is_left_to_do_and_the_wave_can_be_offboarded_again(bench: Bench) -> None:
    earlier_cycle(bench)
    pairs = cloud_only(bench)
    known = [remember(pair) for pair in pairs]
    submitted(bench, pairs)
    run = roll_back(bench, pairs)
    assert run.summary["states"] == {"nothing": 0, "undone": len(pairs), "kept": 0, "failed": 0}
    again = roll_back(bench, pairs)
    assert again.succeeded, again.output
    assert again.changed == []
    assert again.summary["states"] == {"nothing": len(pairs), "undone": 0, "kept": 0, "failed": 0}

    home = offboard(bench, pairs)
    assert home.succeeded, home.output
    for pair, one in zip(pairs, known, strict=True):
        assert_home(pair, one)


def test_some_of_a_wave_is_taken_back_and_the_journal_tells_it(bench: Bench) -> None:
    earlier_cycle(bench)
    pairs = cloud_only(bench)
    before = look(bench)["active_directory"]
    submitted(bench, pairs)
    middle, whole = look(bench), (bench.offboarding_directory / "wave.json").read_bytes()
    (named,) = names(pairs[1])
    run = roll_back(bench, pairs, offboarding_only=[pairs[1].identity])
    assert run.succeeded, run.output
    assert run.summary["states"] == {"nothing": 0, "undone": 1, "kept": 0, "failed": 0}
    after = look(bench)
    assert after["active_directory"] == {**middle["active_directory"], named: before[named]}
    assert len(after["move_requests"]) == len(pairs) - 1
    assert (bench.offboarding_directory / "wave.json").read_bytes() == whole
    assert_tells_what_arrived(bench, journal(bench))
    run_id = lines(journal(bench))[-1]["run_id"]
    told = {entry["object"] for entry in lines(journal(bench)) if entry["run_id"] == run_id}
    assert told == {"", pairs[1].identity}


def test_hosts_that_are_waves_are_taken_back_together(bench: Bench) -> None:
    earlier_cycle(bench)
    pairs = bench.build.many(4)
    before = look(bench)
    config = inventory(bench, pairs, size=2)
    given = variables(bench)
    steps = (("offboard", ("--tags", "prepare")), ("rollback", ()))
    for playbook, arguments in steps:
        path = ROOT / "playbooks" / f"{playbook}.yml"
        run = bench.run(path, "-i", str(config), *arguments, variables=given)
        assert run.succeeded, run.output
    assert_as_before(bench, before)
    assert_tells_what_arrived(bench, journal(bench))


def test_a_rollback_that_stops_between_two_writes_is_ended_by_the_next(bench: Bench) -> None:
    """Each mailbox stops at its own first write that is refused, and goes on from there in the next run."""
    earlier_cycle(bench)
    pairs = cloud_only(bench)
    before = look(bench)
    submitted(bench, pairs)
    first, then = {"Set-Mailbox", "Disable-MailUser", "Set-MailUser"}, {"Set-User"}
    for refused in (first, then):
        for cmdlet in refused:
            refuse(bench, "exchange_online" if cmdlet == "Set-Mailbox" else "exchange_server", cmdlet)
        stopped = roll_back(bench, pairs)
        assert not stopped.succeeded
        assert {error["cmdlet"] for error in stopped.role_failures.values()} == refused
        assert bench.scheduler_runs()
        assert look(bench) != before
        bench.faults.clear()
    second = roll_back(bench, pairs)
    assert second.succeeded, second.output
    assert_as_before(bench, before)


@pytest.mark.parametrize(
    "task", ["Remove the move requests and undo what no sync has exported", "Resume the scheduler"]
)
def test_a_rollback_that_is_killed_is_ended_by_the_next(task: str, bench: Bench) -> None:
    earlier_cycle(bench)
    pairs = cloud_only(bench)
    before = look(bench)
    stamped(bench, pairs)
    roll_back(bench, pairs, kill_at=task)
    assert not bench.scheduler_runs()
    again = roll_back(bench, pairs)
    assert again.succeeded, again.output
    assert_as_before(bench, before)


def test_a_preview_says_what_the_run_does_and_writes_nothing(bench: Bench) -> None:
    earlier_cycle(bench)
    pairs = cloud_only(bench)
    submitted(bench, pairs)
    before, files, written = look(bench), baselines(bench), len(bench.log)
    preview = roll_back(bench, pairs, "--check", "--diff")
    assert preview.succeeded, preview.output
    assert (bench.writes(written), look(bench), baselines(bench)) == ([], before, files)
    assert '-  "recipient_type_details": "MailUser"' in preview.stdout
    name = "Remove the move requests and undo what no sync has exported"
    assert preview.task(name).cmdlets == roll_back(bench, pairs).task(name).cmdlets != []


# -- once a sync may have run ------------------------------------------------------------------------------------------


def assert_no_address_is_lost(bench: Bench, pairs: list[Pair], known: list[Any]) -> None:
    for _cycle in range(3):
        bench.hybrid.run_scheduled_cycle()
    for pair, before in zip(pairs, known, strict=True):
        held = {address.lower() for address in pair.cloud.email_addresses}
        assert [address for address in before.addresses if address.lower() not in held] == []
        assert pair.cloud.primary_smtp_address == before.primary
        assert pair.cloud.exchange_guid == before.exchange_guid
        assert pair.cloud.kind == before.kind


def test_after_a_sync_the_request_goes_and_the_mail_user_stays(bench: Bench) -> None:
    earlier_cycle(bench)
    pairs = [*cloud_only(bench), bench.build.synced("Nils Novak"), bench.build.remote_mailbox("Rosa Romero")]
    known = [remember(pair) for pair in pairs]
    submitted_run = offboard(bench, pairs, offboarding_cutover="held", offboarding_wait=True)
    assert submitted_run.succeeded, submitted_run.output
    assert len(look(bench)["move_requests"]) == len(pairs)
    ad, files = look(bench)["active_directory"], baselines(bench)

    written = len(bench.log)
    run = roll_back(bench, pairs)
    assert run.succeeded, run.output
    assert set(bench.writes(written)) & WRITES == {"Remove-MoveRequest"}
    assert look(bench)["move_requests"] == []
    assert look(bench)["active_directory"] == ad
    assert run.summary["states"] == {"nothing": 0, "undone": 0, "kept": len(pairs), "failed": 0}
    told = run.task("Remove the move requests and undo what no sync has exported").mailboxes
    assert set(told) == {pair.identity for pair in pairs}
    for pair in pairs:
        assert told[pair.identity]["kept"]["exchange_guid"] == str(pair.cloud.exchange_guid)
        assert told[pair.identity]["kept"]["email_addresses"] == pair.directory.email_addresses
        assert "would remove the addresses of the cloud mailbox" in told[pair.identity]["reason"]
        assert f"{pair.identity}: " in run.stdout
    assert (baselines(bench), baselines(bench, "rolled_back")) == (files, [])
    assert_no_address_is_lost(bench, pairs, known)

    again = roll_back(bench, pairs)
    assert again.succeeded, again.output
    assert again.changed == []
    home = offboard(bench, pairs)
    assert home.succeeded, home.output
    for pair, before in zip(pairs, known, strict=True):
        assert_home(pair, before)


def test_without_entra_connect_a_half_made_mail_user_is_made_whole_and_stays(bench: Bench) -> None:
    pairs = cloud_only(bench)[:3]
    known = [remember(pair) for pair in pairs]
    enabled(bench, pairs)
    bench.faults.clear()
    bench.without = {"ENTRA_CONNECT_HOST"}
    run = roll_back(bench, pairs)
    # The pause of the run that died cannot be ended from here, and that is shouted.
    assert [failure.message.partition(" on ")[0] for failure in run.failures] == [
        "directory synchronization is STILL PAUSED"
    ]
    assert run.role_failures == {}
    assert run.summary["states"]["kept"] == 3
    assert "no Entra Connect server was queried" in run.stdout
    assert set(bench.writes()[-3:]) == {"Set-MailUser"}
    assert [pair.directory.kind for pair in pairs] == ["MailUser"] * 3
    assert_no_address_is_lost(bench, pairs, known)
    assert roll_back(bench, pairs).changed == []
    assert_every_entry_says_that_it_is_still_paused(bench, pairs)


def assert_every_entry_says_that_it_is_still_paused(bench: Bench, pairs: list[Pair]) -> None:
    """Those that only look, too: whoever reads any of them has to learn it."""
    given = {"offboarding_mailboxes": records(pairs)}
    for playbook in ("status", "verify", "readiness", "report"):
        run = bench.offboard(**given, playbook=playbook)
        shown = "\n".join(run.task("Show the result, the report and the next step").result["msg"])
        assert "STILL PAUSED" in shown, (playbook, shown)
        # It needs no connection, and reports on what others did.
        assert run.succeeded is (playbook == "report"), (playbook, run.output)
    outcome = run.task("Provide the result to what runs next").result["ansible_stats"]["data"]["offboarding_outcome"]
    (told,) = outcome.values()
    assert (told["next_entry"], len(told["still_paused"])) == ("resume_sync", 1)
    assert "STILL PAUSED" in (bench.offboarding_directory / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("proof", ["recent", "none", "staging"])
def test_a_history_that_proves_nothing_keeps_the_mail_user(proof: str, bench: Bench) -> None:
    if proof != "none":
        bench.hybrid.run_scheduled_cycle()
    if proof == "staging":
        earlier_cycle(bench)
    pairs = cloud_only(bench)[:1]
    stamped(bench, pairs)
    # An offboarding would not have begun there.
    bench.hybrid.sync.staging_mode = proof == "staging"
    ad = look(bench)["active_directory"]
    run = roll_back(bench, pairs)
    assert run.succeeded, run.output
    assert run.summary["states"]["kept"] == 1
    assert {"recent": "the baseline was taken at", "none": "is empty", "staging": "staging mode"}[proof] in run.stdout
    assert look(bench)["active_directory"] == ad
    if proof == "staging":
        # Where something is to be written, a pause there would hold nobody's cycles.
        bench.build.set_directory(pairs[0], email_addresses=pairs[0].directory.email_addresses[:1])
        before, written = look(bench), len(bench.log)
        refused = roll_back(bench, pairs)
        assert refused.task("Pause the scheduler while users are half made").error["code"] == "staging_mode"
        assert (refused.succeeded, bench.writes(written), look(bench)) == (False, [], before)


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_after_completion_it_refuses_and_explains_the_onboarding_move(bench: Bench) -> None:
    pairs = cloud_only(bench)[:2]
    run = offboard(bench, pairs)
    assert run.succeeded, run.output
    before, written = look(bench), len(bench.log)
    refused = roll_back(bench, pairs)
    assert refused.returncode == 2
    assert {error["code"] for error in refused.role_failures.values()} == {"already_home"}
    assert set(refused.role_failures) == {pair.identity for pair in pairs}
    assert "New-MoveRequest -Remote" in refused.stdout
    assert "It does not undo this move" in refused.stdout
    assert (bench.writes(written), look(bench)) == ([], before)


def test_what_cannot_be_judged_is_refused_and_the_others_are_rolled_back(bench: Bench) -> None:
    earlier_cycle(bench)
    pairs = cloud_only(bench)
    before = look(bench)
    stamped(bench, pairs)
    damaged, lost, batched, good = pairs
    folder = bench.offboarding_directory / "baseline"
    (folder / f"{damaged.cloud.exchange_guid}.json").write_text("{", encoding="utf-8")
    (folder / f"{lost.cloud.exchange_guid}.json").unlink()
    move_request(bench, batched, batch_name="MigrationService:wave 1", prevent_completion=True)
    others = {name: look(bench)["active_directory"][name] for name in names(damaged, lost, batched)}
    run = roll_back(bench, pairs)
    assert run.returncode == 2
    assert run.summary["failed"] == 3, "each is told once"
    assert {identity: error["code"] for identity, error in run.role_failures.items()} == {
        damaged.identity: "unreadable_baseline",
        lost.identity: "baseline_missing",
        batched.identity: "belongs_to_migration_batch",
    }
    after = look(bench)["active_directory"]
    assert {name: after[name] for name in others} == others
    assert [after[name] for name in names(good)] == [before["active_directory"][name] for name in names(good)]
    assert len(look(bench)["move_requests"]) == 1


def names(*pairs: Pair) -> list[str]:
    return [str(pair.directory.distinguished_name) for pair in pairs]


def test_a_scheduler_that_may_not_be_paused_stops_the_undoing(bench: Bench) -> None:
    earlier_cycle(bench)
    pairs = cloud_only(bench)[:1]
    stamped(bench, pairs)
    before, written = look(bench), len(bench.log)
    run = roll_back(bench, pairs, offboarding_pause_sync=False)
    assert run.returncode == 2
    assert [error["code"] for error in run.role_failures.values()] == ["scheduler_not_paused"]
    assert (bench.writes(written), look(bench)) == ([], before)


def test_the_old_baseline_is_whole_where_it_was_moved(bench: Bench) -> None:
    earlier_cycle(bench)
    pairs = cloud_only(bench)[:1]
    stamped(bench, pairs)
    (path,) = (bench.offboarding_directory / "baseline").glob("*.json")
    content = path.read_bytes()
    run = roll_back(bench, pairs)
    name = "Remove the move requests and undo what no sync has exported"
    (told,) = run.task(name).mailboxes.values()
    moved = Path(told["baseline_file"])
    assert moved.parent == path.parent / "rolled_back"
    assert moved.read_bytes() == content
    assert oct(moved.stat().st_mode & 0o777) == "0o600"
    taken_at = json.loads(content)["taken_at"].replace(":", "")
    assert moved.name == f"{pairs[0].cloud.exchange_guid}.{taken_at}.json"
    assert pairs[0].directory.exchange_guid == EMPTY_GUID
