# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.filter.ending import _command_line
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.checks import (
    ConnectionCheck,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness import (
    report as reports,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.finding import (
    found,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.offboarding.readiness.report import (
    Report,
)
from ansible_collections.mailops.exchange_hybrid.plugins.plugin_utils._ending import (
    FAILED_SHOWN,
    CommandLine,
    lines,
    next_step,
    of,
    outcome,
    shown,
)

HOME = {"counts": {"Home": 24}, "groups": {"home": 24}}
HELD = {"counts": {"Home": 1, "Ready for cutover": 3}, "groups": {"home": 1, "waiting": 3}}
REPORT = "/srv/offboarding/report.html"
NOTHING = CommandLine()


def failure(name: str, code: str = "address_in_use") -> dict[str, Any]:
    message = f"The address of {name} is taken."
    error = {"code": code, "message": message, "remedy": "Remove it there.", "cmdlet": "New-MailUser"}
    return {"identity": f"{name}@contoso.com", "status": "failed", "error": error}


def facts(entry: str = "main", **more: Any) -> Any:
    return of({"entry": entry, "wave": "wave-1", "report": REPORT, **more})


GRANTED = ConnectionCheck("exchange_server", "cmdlet", "ok", "it is granted", "Get-User")
PARAMETER = ConnectionCheck("exchange_server", "parameter", "ok", "it is granted", "Get-User -Identity")
LACKING = ConnectionCheck(
    "exchange_online", "cmdlet", "failed", "no role grants it.", "New-MoveRequest", "Assign the role Move Mailboxes."
)


def of_checks(*checks: ConnectionCheck) -> dict[str, Any]:
    """Return what module connection_test returns."""
    statuses = [check.status for check in checks]
    summary = {status: statuses.count(status) for status in ("ok", "failed", "not_checked")}
    return {"changed": False, "checks": [check.as_result() for check in checks], "summary": summary}


def checked(ready: int, *codes: str, around: Sequence[str] = ()) -> dict[str, Any]:
    """Return what module offboarding_readiness returns: mailboxes that are ready, and one with each code."""
    environment = [found(code, "it is so") for code in around]
    blocked = [found(code, "it is so", f"{code}@contoso.com") for code in codes]
    results: list[dict[str, Any]] = [{"identity": f"{number}", "status": "unchanged"} for number in range(ready)]
    results += [
        {"identity": item.mailbox, "status": "failed", "error": item.as_error().as_result()} for item in blocked
    ]
    return {**reports.result(Report(environment), "blocker"), "results": results, "summary": {
        **Report(environment).summary(), "mailboxes": len(results), "ready": ready,
        "severities": {"blocker": len(blocked) + len(environment), "warning": 0, "not_checked": 3},
    }}  # fmt: skip


BOB = {"failures": [failure("bob")], "failed_count": 1}


def test_the_last_three_lines_are_the_counts_the_report_and_the_next_command() -> None:
    counts = {"counts": {"Home": 24, "Failed": 1}, "groups": {"home": 24, "failed": 1}}
    told = shown(facts(**counts, **BOB), CommandLine(variable_files=["@/srv/wave.yml"]))
    assert told == [
        "bob@contoso.com: The address of bob is taken. Remove it there. (New-MailUser, address_in_use; a retry helps "
        "only once this is corrected)",
        "wave-1: 24 home, 1 failed",
        f"Report: {REPORT}",
        "Next: correct what failed, then ansible-playbook mailops.exchange_hybrid.offboard -e @/srv/wave.yml",
    ]


def test_a_failure_that_may_pass_says_to_run_again() -> None:
    entry = failure("bob", "throttled")
    entry["error"] |= {"retryable": True, "cmdlet": ""}
    told = shown(facts(failures=[entry], failed_count=1), NOTHING)[0]
    assert told.endswith(" Remove it there. (throttled; run again, it may be temporary)")


def test_a_remedy_that_the_message_already_has_is_not_told_twice() -> None:
    entry = failure("bob")
    entry["error"]["message"] += " Remove it there."
    assert shown(facts(failures=[entry], failed_count=1), NOTHING)[0].count("Remove it there.") == 1


@pytest.mark.parametrize(
    ("entry", "known", "step"),
    [
        ("main", HOME, "cleanup"),
        ("main", HELD, "complete"),
        ("main", {"counts": {"Move submitted": 2}, "groups": {"moving": 2}}, "status"),
        ("main", {"counts": {"Prepared": 2}, "groups": {"waiting": 2}}, "main"),
        ("main", {**HOME, **BOB}, "main"),
        ("main", {**HOME, "check_mode": True}, "main"),
        ("main", {**HOME, "error": "unreachable"}, "main"),
        ("main", {"refused": True}, "main"),
        ("main", {}, ""),
        ("main", {**HOME, "still_paused": ["directory synchronization is STILL PAUSED"]}, "resume_sync"),
        ("main", {**HOME, "failures": [failure("ann", "addresses_at_risk")]}, "resume_sync"),
        ("complete", HOME, "cleanup"),
        ("complete", {**HELD, **BOB}, "complete"),
        ("verify", {**HOME, "check_mode": True}, "cleanup"),
        ("verify", {"counts": {"Completed, not verified": 1}, "groups": {"waiting": 1}}, "complete"),
        ("status", {"progress": {"counts": {"InProgress": 2}, "home": 0, "without_request": 0}}, "status"),
        ("status", {"progress": {"counts": {"Synced": 2}, "home": 0, "without_request": 0}}, "complete"),
        ("status", {"progress": {"counts": {"Failed": 2}, "home": 0, "without_request": 0}, **BOB}, "main"),
        ("cleanup", HOME, ""),
        ("rollback", {"counts": {"undone": 2}}, ""),
        ("resume_sync", {"summary": "no user was half made"}, "main"),
        ("memory_setup", {"summary": "the tables now have version 4"}, "readiness"),
        ("verify_connections", {"connections": of_checks(GRANTED)}, "readiness"),
        ("verify_connections", {"connections": of_checks(GRANTED, LACKING), "refused": True}, "verify_connections"),
        ("verify_connections", {"connections": {"failed": True, "msg": "no system"}}, "verify_connections"),
        ("readiness", {"readiness": checked(2)}, "main"),
        ("readiness", {"readiness": checked(2), "check_mode": True}, "main"),
        ("readiness", {"readiness": checked(1, "home_mdb_left")}, "readiness"),
        ("readiness", {"readiness": checked(1, around=("mrs_proxy_disabled",))}, "readiness"),
        ("readiness", {"readiness": checked(1, around=("still_paused",))}, "resume_sync"),
        ("readiness", {"readiness": {**checked(1), "msg": "1 finding stops the wave"}}, "readiness"),
        ("readiness", {"readiness": {"failed": True, "msg": "no answer"}}, "readiness"),
    ],
)
def test_the_next_entry_follows_from_what_became_of_the_mailboxes(entry: str, known: dict[str, Any], step: str) -> None:
    known_facts = facts(entry, **known)
    assert next_step(known_facts).entry == step
    assert outcome(known_facts, NOTHING)["next_entry"] == ("offboard" if step == "main" else step)
    told = lines(known_facts, NOTHING)[2]
    assert (f"mailops.exchange_hybrid.{outcome(known_facts, NOTHING)['next_entry']}" in told) is bool(step)


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({"progress": {"counts": {"InProgress": 12, "Completed": 3}, "home": 10, "without_request": 1}},
         "12 copying, 3 completed but not verified, 10 home, 1 without a move request"),
        ({"counts": {"Move submitted": 2, "Failed": 0}}, "2 submitted"),
        ({}, "no mailboxes"),
        ({"refused": True}, "the run was refused before it read any mailbox"),
        ({**HOME, "error": "unreachable"}, "the run did not finish; 24 home"),
        ({**HOME, "check_mode": True}, "24 home (check mode, nothing was written)"),
        ({**HOME, "still_paused": ["x"]}, "24 home; directory synchronization is STILL PAUSED"),
        ({"failures": [failure("ann", "addresses_at_risk")]}, "no mailboxes; half made on-premises: ann@contoso.com"),
        ({"summary": "no user was half made"}, "no user was half made"),
    ],
)  # fmt: skip
def test_the_first_line_says_what_became_of_the_wave(known: dict[str, Any], line: str) -> None:
    assert lines(facts(**known), NOTHING)[0] == f"wave-1: {line}"


def test_readiness_ends_with_what_stops_the_wave_by_the_result_of_its_module() -> None:
    told = shown(facts("readiness", readiness=checked(3, "home_mdb_left", around=("mrs_proxy_disabled",))), NOTHING)
    assert told[0].startswith("home_mdb_left@contoso.com: it is so. ")
    assert "offboarding_accept: [home_mdb_left]. (home_mdb_left; a retry helps only " in told[0]
    assert told[1].startswith("environment: it is so. Set-WebServicesVirtualDirectory")
    assert told[1].endswith(" (mrs_proxy_disabled)")
    assert told[2:4] == ["Findings by severity: 2 blocker, 3 not checked", "wave-1: 3 ready, 1 blocked, "
                         "1 environment blocker"]  # fmt: skip
    many = facts("readiness", readiness=checked(1, *["home_mdb_left"] * 25))
    assert shown(many, NOTHING)[20] == "... and 5 more failures: the report has all of them."
    assert outcome(many, NOTHING)["failed"] == ["home_mdb_left@contoso.com"]
    died = facts("readiness", readiness={"failed": True, "msg": "no answer"})
    assert lines(died, NOTHING)[0] == "wave-1: the run did not finish; no mailboxes"
    assert shown(facts("readiness", readiness=checked(2, around=("still_paused",))), NOTHING)[-4] == "it is so."


def test_verify_connections_ends_with_its_checks_by_the_result_of_its_module() -> None:
    tested = of_checks(GRANTED, PARAMETER, GRANTED, LACKING)
    known = facts("verify_connections", report="", connections=tested, check_mode=True)
    assert shown(known, NOTHING) == [
        "ok: exchange_server cmdlets Get-User, Get-User: it is granted",
        "failed: exchange_online cmdlet New-MoveRequest: no role grants it. Assign the role Move Mailboxes.",
        "wave-1: 3 checks passed, 1 failed",
        "Report: none, because verify_connections writes none",
        "Next: correct what failed, then ansible-playbook mailops.exchange_hybrid.verify_connections ...",
    ]


def test_a_missing_report_is_explained() -> None:
    off = {"report": "", "without_report": "offboarding_report is false"}
    assert lines(facts(**off), NOTHING)[1] == "Report: none, because offboarding_report is false"
    assert lines(facts(**off, refused=True), NOTHING)[1] == "Report: none, because the run did not begin"
    more = shown(facts(**off, failures=[failure("bob")], failed_count=4), NOTHING)[1]
    assert more == "... and 3 more failures: no report has them, because offboarding_report is false."


def test_the_command_repeats_what_names_the_wave_and_no_other_value() -> None:
    given = facts(**HOME, variables={"offboarding_csv": "/srv/my wave.csv", "offboarding_only": ""})
    alone = lines(given, NOTHING)[2]
    assert alone.endswith("mailops.exchange_hybrid.cleanup -e 'offboarding_csv=/srv/my wave.csv' ...")
    secret = {"offboarding_remote_credential": {"password": "S3cret"}, "offboarding_directory": "/srv/offboarding"}
    line = CommandLine(["waves.yml"], "wave_berlin", ["@wave.yml"], secret)
    assert lines(given, line)[2].endswith(
        "cleanup -i waves.yml --limit wave_berlin -e @wave.yml -e offboarding_directory=/srv/offboarding ..."
    )
    assert "S3cret" not in json.dumps(outcome(given, line))


def test_what_is_about_all_waves_stays_so_where_the_next_entry_can_be() -> None:
    moving = {"counts": {"Copying": 2}, "groups": {"moving": 2}, "variables": {"offboarding_directory": "/srv/all"}}
    file = CommandLine([], "", ["@all.yml"], {"offboarding_all_waves": "true"})
    for entry, line in (("report", NOTHING), ("report", file), ("status", file)):
        told = lines(facts(entry, **moving), line)[2]
        assert "mailops.exchange_hybrid.status " in told
        assert told.count("-e offboarding_all_waves=true") == 1
    assert "all_waves" not in lines(facts("main", **moving), NOTHING)[2]
    assert "all_waves" not in lines(facts("status", **HOME), file)[2]


def test_a_controllers_job_is_told_the_template_rather_than_a_command_line() -> None:
    told = lines(facts(**HELD, job="4711"), CommandLine(variable_files=["@/runner/env/extravars"]))[2]
    assert told == "Next: launch the job template of the playbook mailops.exchange_hybrid.complete for this wave"


def test_the_data_have_one_shape_and_few_identities() -> None:
    many = [failure(f"user{number}") for number in range(FAILED_SHOWN + 20)]
    full = outcome(facts(**HELD, failures=many, failed_count=500, run_id="4711"), NOTHING)
    assert full["counts"] == {"home": 1, "moving": 0, "waiting": 3, "failed": 0}
    assert (len(full["failed"]), full["failed_left_out"]) == (FAILED_SHOWN, 500 - FAILED_SHOWN)
    assert full["run_id"] == "4711"
    for known in ({}, {"refused": True}, {**HOME, "check_mode": True}):
        assert outcome(facts(**known), NOTHING).keys() == full.keys()
        assert len(outcome(facts(**known), NOTHING)["lines"]) == 3


def test_what_the_command_line_gave_is_read_as_ansible_reads_it() -> None:
    given = (
        "@wave.yml",
        "offboarding_cutover=held offboarding_csv='/srv/a b.csv'",
        '{"offboarding_only": ["a"]}',
        "{x",
    )
    line = _command_line({"inventory": ("waves.yml",), "subset": None, "extra_vars": given})
    assert (line.inventory, line.limit, line.variable_files) == (["waves.yml"], "", ["@wave.yml"])
    assert line.variables == {
        "offboarding_cutover": "held", "offboarding_csv": "/srv/a b.csv", "offboarding_only": ["a"],
    }  # fmt: skip
    assert _command_line({}) == CommandLine([], "", [], {})


def test_texts_of_numbers_and_switches_count_as_what_they_say() -> None:
    """As the templates of ansible-core before 2.19 pass them."""
    known = facts(counts={"Home": "2"}, groups={"home": "2"}, failed_count="0", refused="False", check_mode="True")
    assert lines(known, NOTHING)[0] == "wave-1: 2 home (check mode, nothing was written)"
    assert outcome(known, NOTHING)["counts"]["home"] == 2
    assert outcome(known, NOTHING)["failed_left_out"] == 0
