# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module connection_test and its playbook, run by ansible-playbook."""

from __future__ import annotations

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._features.connection_test.permissions import (
    NEEDED,
)

from lab.model.builder import Person, child_domain_person
from tests.integration.harness import ROOT, Bench, Run, module

PLAYBOOK = ROOT / "playbooks" / "verify_connections.yml"


def verify(bench: Bench) -> Run:
    return bench.run(PLAYBOOK, variables={})


def test_the_playbook_passes_and_writes_nothing(shared: Bench) -> None:
    run = verify(shared)
    assert run.succeeded, run.output
    tested = run.task("Test every configured system").result
    assert tested["summary"]["failed"] == 0
    assert {check["system"] for check in tested["checks"]} == {"exchange_server", "exchange_online", "entra_connect"}
    assert shared.writes() == []
    ending = run.task("Show the result, the report and the next step").result["msg"]
    (granted,) = [line for line in ending if line.startswith("ok: exchange_server cmdlets ")]
    assert " Enable-MailUser, " in granted
    assert granted.endswith(": it is granted")
    assert not any(" parameter " in line for line in ending)
    assert ending[-3] == f"connections: {tested['summary']['ok']} checks passed, 0 failed"
    assert ending[-1].startswith("Next: ansible-playbook mailops.exchange_hybrid.readiness")


def test_the_playbook_names_the_missing_role(shared: Bench) -> None:
    host = shared.hybrid.exchange_server
    host.revoked[shared.hybrid.exchange_server_account.username] = {"Enable-MailUser"}
    run = verify(shared)
    host.revoked.clear()
    assert not run.succeeded
    (failure,) = run.failures
    assert failure.name == "Fail if something does not work"
    assert failure.message.startswith("1 check failed: ")
    ending = run.task("Show the result, the report and the next step").result["msg"]
    (told,) = [line for line in ending if line.startswith("failed: ")]
    assert told.startswith("failed: exchange_server cmdlet Enable-MailUser: no role grants it")
    assert "the management role Mail Recipients" in told
    assert ending[-3].endswith(" checks passed, 1 failed")
    again = "Next: correct what failed, then ansible-playbook mailops.exchange_hybrid.verify_connections"
    assert ending[-1].startswith(again)


def test_the_module_fails_or_only_reports(shared: Bench) -> None:
    shared.environment = {"EXCHANGE_SERVER_PASSWORD": "wrong"}
    run = shared.play(module("connection_test"), module("connection_test", name="report", fail=False))
    shared.environment = {}
    failed, reported = run.task("connection_test"), run.task("report")
    assert failed.failed
    assert failed.error["code"] == "connection_test_failed"
    assert failed.message.startswith("exchange_server: authentication: ")
    assert not reported.failed
    assert reported.result["checks"] == failed.result["checks"]
    assert "wrong" not in str(reported.result)


def test_nothing_configured_is_said(shared: Bench) -> None:
    shared.environment = dict.fromkeys(("EXCHANGE_SERVER_HOST", "EXCHANGE_ONLINE_TENANT_ID", "ENTRA_CONNECT_HOST"), "")
    run = shared.play(module("connection_test"))
    shared.environment = {}
    assert run.only.error["code"] == "not_configured"


def test_the_procedure_sends_nothing_that_is_not_listed(bench: Bench) -> None:
    people = [
        bench.build.cloud_only(Person("Ann Archer", routing_address=False)),
        bench.build.cloud_only(child_domain_person("Ines Fontaine")), bench.build.synced("Maria Moreau"),
        bench.build.remote_mailbox("Rosa Romero"), bench.build.cloud_only(Person("Board Room", kind="RoomMailbox")),
    ]  # fmt: skip
    wave = [
        {"identity": pair.identity, "ad_identity": str(pair.directory.guid), "add_routing_address": True}
        for pair in people
    ]
    # Held first and then completed, so that Set- and Resume-MoveRequest are sent as well.
    for held in (True, False):
        run = bench.offboard(
            offboarding_mailboxes=wave, offboarding_cutover="held" if held else "automatic",
            offboarding_complete=not held,
        )  # fmt: skip
        assert run.succeeded, run.output
    listed = {(need.system, need.cmdlet, name) for need in NEEDED for name in ("", *need.parameters)}
    sent = {
        (entry["organization"], entry["cmdlet"], name)
        for entry in bench.log.entries()
        for name in ("", *entry["parameters"])
    }
    assert sent - listed == set()
    # What the list has beyond is for options that this run did not use: none of the role's own cmdlets.
    never = {cmdlet for _system, cmdlet, _name in listed} - {cmdlet for _system, cmdlet, _name in sent}
    elsewhere = {need.cmdlet for need in NEEDED if need.purpose != "offboarding"}
    assert never - elsewhere == set()
