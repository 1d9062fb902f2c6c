# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mailuser, exchange_guid, smtp_match and directory_sync one by one: what they write, refuse, and leave alone."""

from __future__ import annotations

from typing import Any

from lab.model.builder import Person
from tests.integration.harness import Bench, Task, module, records

ROUTING = "contoso.mail.onmicrosoft.com"
BUSY = "System.InvalidOperationException"


def verbs(task: Task) -> list[str]:
    return [cmdlet.partition(" ")[0] for cmdlet in task.cmdlets]


def outline(tasks: list[Task]) -> list[tuple[str, bool, list[str]]]:
    """Return ``(ok or the error's code, changed, cmdlets)`` of each task."""
    return [(task.error["code"] if task.failed else "ok", task.changed, verbs(task)) for task in tasks]


def test_a_mail_user_is_made_whole_once_and_its_own_addresses_stay(bench: Bench) -> None:
    pair, remote = bench.build.cloud_only("Ann Archer"), bench.build.remote_mailbox("Rosa Romero")
    options: dict[str, Any] = {
        "identity": pair.identity,
        "primary_smtp_address": pair.identity,
        "email_addresses": [
            *pair.cloud.email_addresses,
            "X400:C=US;A= ;P=Contoso",
            "SPO:SPO_1@SPO_2",
            "SIP:a@contoso.com",
        ],
        "legacy_exchange_dn": pair.cloud.legacy_exchange_dn,
        "routing_domain": ROUTING,
    }
    first = bench.play(
        module("mailuser", **options), module("mailuser", **options),
        module("mailuser", identity=remote.identity, primary_smtp_address=remote.identity, routing_domain=ROUTING),
    )  # fmt: skip
    assert outline(first.tasks) == [
        ("ok", True, ["Enable-MailUser", "Set-MailUser"]),
        ("ok", False, []),
        ("ok", False, []),
    ], first.output
    user = pair.directory
    assert (user.kind, user.primary_smtp_address, user.external_email_address) == (
        "MailUser", pair.identity, f"SMTP:ann.archer@{ROUTING}",
    )  # fmt: skip
    assert not user.email_address_policy_enabled
    kinds = [address.partition(":")[0] for address in user.email_addresses]
    assert sorted(kinds) == ["SMTP", "X400", "X500", "smtp", "smtp"]
    assert bench.hybrid.run_address_policies() == 0

    bench.build.set_directory(pair, email_addresses=[*user.email_addresses, "smtp:mine@contoso.com"])
    with_sip = bench.play(module("mailuser", **options, include_sip=True)).only
    assert outline([with_sip]) == [("ok", True, ["Set-MailUser"])]
    assert {"smtp:mine@contoso.com", "SIP:a@contoso.com"} <= set(user.email_addresses)
    before, after = with_sip.only["before"], with_sip.only["after"]
    assert set(after["email_addresses"]) - set(before["email_addresses"]) == {"SIP:a@contoso.com"}


def test_the_routing_address_has_to_be_there_or_is_added_where_it_can_be(bench: Bench) -> None:
    lacking, synced = (
        make(Person(name, routing_address=False))
        for make, name in ((bench.build.cloud_only, "Lea Lacking"), (bench.build.synced, "Syd Synced"))
    )

    def enable(identity: str, **options: Any) -> dict[str, Any]:
        return module("mailuser", identity=identity, primary_smtp_address=identity, routing_domain=ROUTING, **options)

    run = bench.play(
        enable(lacking.identity), enable(synced.identity),
        enable(lacking.identity, add_routing_address=True), enable(synced.identity, add_routing_address=True),
    )  # fmt: skip
    assert outline(run.tasks) == [
        ("routing_address_missing", False, []),
        ("routing_address_missing", False, []),
        ("ok", True, ["Set-Mailbox", "Enable-MailUser", "Set-MailUser"]),
        ("ok", True, ["Enable-MailUser", "Set-MailUser"]),
    ], run.output
    assert [("add_routing_address: true" in task.message) for task in run.tasks[:2]] == [True, True]
    assert f"smtp:lea.lacking@{ROUTING}" in lacking.cloud.email_addresses


def test_only_a_mail_user_without_mailbox_is_disabled_unasked(bench: Bench) -> None:
    empty, owner, home = bench.build.cloud_only("Emma Empty"), bench.build.cloud_only("Olga Owner"), "walter.weiss"
    bench.build.mail_enable(empty)
    bench.build.mail_enable(owner, exchange_guid=owner.cloud.exchange_guid)
    bench.build.mailbox_on_premises("Walter Weiss")

    def disable(identity: str, **options: Any) -> dict[str, Any]:
        return module("mailuser", identity=identity, state="absent", **options)

    run = bench.play(
        disable(empty.identity), disable(empty.identity),
        disable(owner.identity), disable(f"{home}@contoso.com", force=True), disable(owner.identity, force=True),
    )  # fmt: skip
    assert outline(run.tasks) == [
        ("ok", True, ["Disable-MailUser"]),
        ("ok", False, []),
        ("mailbox_guid_present", False, []),
        ("wrong_recipient_type", False, []),
        ("ok", True, ["Disable-MailUser"]),
    ], run.output
    assert str(owner.cloud.exchange_guid) in run.tasks[2].message
    assert (empty.directory.kind, owner.directory.kind) == ("User", "User")


def test_a_guid_is_stamped_over_zeros_and_over_nothing_else(bench: Bench) -> None:
    mail_user, remote = bench.build.synced("Max Mail"), bench.build.remote_mailbox("Rosa Romero")
    plain, taken = bench.build.cloud_only("Paul Plain"), bench.build.synced("Tina Taken")
    bench.build.mail_enable(mail_user)
    bench.build.mail_enable(taken, exchange_guid=plain.cloud.exchange_guid)
    archive = bench.build.archive(mail_user)

    def stamp(pair: Any, **options: Any) -> dict[str, Any]:
        return module("exchange_guid", identity=pair.identity, exchange_guid=str(pair.cloud.exchange_guid), **options)

    run = bench.play(
        stamp(mail_user, archive_guid=str(archive)), stamp(mail_user, archive_guid=str(archive)),
        stamp(remote), stamp(remote), stamp(plain), stamp(taken), stamp(taken, force=True),
    )  # fmt: skip
    assert outline(run.tasks) == [
        ("ok", True, ["Set-MailUser"]),
        ("ok", False, []),
        ("ok", True, ["Set-RemoteMailbox"]),
        ("ok", False, []),
        ("wrong_recipient_type", False, []),
        ("guid_conflict", False, []),
        ("ok", True, ["Set-MailUser"]),
    ], run.output
    for pair in (mail_user, remote, taken):
        assert pair.directory.exchange_guid == pair.cloud.exchange_guid
    assert mail_user.directory.archive_guid == archive


def test_the_address_that_the_match_is_made_by(bench: Bench) -> None:
    plain, differs, doubled, mailed = (
        bench.build.cloud_only(name) for name in ("Paul Plain", "Dora Differs", "Dirk Doubled", "Max Mail")
    )
    bench.build.set_directory(differs, mail="former@contoso.com")
    bench.build.second_holder(f"smtp:{doubled.identity}")
    bench.build.mail_enable(mailed)

    def stamp(identity: str, **options: Any) -> dict[str, Any]:
        return module("smtp_match", identity=identity, state="stamped", **options)

    run = bench.play(
        stamp(plain.identity), stamp(plain.identity), stamp(differs.identity), stamp(doubled.identity),
        stamp(mailed.identity), stamp(differs.identity, force=True),
    )  # fmt: skip
    assert outline(run.tasks) == [
        ("ok", True, ["Set-User"]),
        ("ok", False, []),
        ("mail_differs", False, []),
        ("address_in_use", False, []),
        ("ok", False, []),
        ("ok", True, ["Set-User"]),
    ], run.output
    assert (plain.directory.mail, differs.directory.mail) == (plain.identity, differs.identity)
    assert "former@contoso.com" in run.tasks[2].message
    assert doubled.identity in run.tasks[3].message


# -- directory synchronization -----------------------------------------------------------------------------------------


def sync(state: str, **options: Any) -> dict[str, Any]:
    waits = {"wait_sleep": 1, "wait_timeout": 30} if state == "synced" else {}
    return module("directory_sync", state=state, **{**waits, **options})


def test_a_cycle_counts_that_began_after_it_was_asked_for(bench: Bench) -> None:
    busy = {"exception_type": BUSY, "message": f"{BUSY}: AAD is busy.", "terminating": True}
    bench.faults.add("entra_connect", "Start-ADSyncSyncCycle", "error", **busy)
    run = bench.play(sync("synced"), sync("synced", policy_type="initial"))
    assert outline(run.tasks) == [("ok", True, ["Start-ADSyncSyncCycle"])] * 2, run.output
    assert [entry["outcome"] for entry in bench.log.entries(cmdlet="Start-ADSyncSyncCycle")] == ["error", "ok", "ok"]
    profiles = [[entry["run_profile_name"] for entry in task.result["runs"]] for task in run.tasks]
    assert [sorted(set(names)) for names in profiles] == [
        ["Delta Import", "Delta Synchronization", "Export"],
        ["Export", "Full Import", "Full Synchronization"],
    ]
    assert {entry["result"] for task in run.tasks for entry in task.result["runs"]} == {"success"}


def test_a_server_that_exports_nothing_or_with_errors_is_refused(bench: Bench) -> None:
    state = bench.hybrid.sync
    state.staging_mode = True
    staging = bench.play(sync("synced"), sync("synced", allow_staging=True))
    assert outline(staging.tasks) == [("staging_mode", False, []), ("ok", True, ["Start-ADSyncSyncCycle"])]
    state.staging_mode, state.scheduler_suspended = False, True
    suspended = bench.play(sync("synced"))
    assert outline(suspended.tasks) == [("scheduler_suspended", False, [])]
    assert suspended.only.error["retryable"]
    state.scheduler_suspended = False
    state.export_errors.add(bench.build.cloud_only("Eva Error").directory.guid)
    failing = bench.play(sync("synced"), sync("synced", accept_export_errors=True))
    assert outline(failing.tasks) == [("export_errors", False, []), ("ok", True, ["Start-ADSyncSyncCycle"])]
    assert "completed-export-errors" in failing.tasks[0].message
    assert failing.tasks[1].result["warnings"]


def test_a_pause_is_ended_by_who_made_it(bench: Bench) -> None:
    ours, theirs = str(bench.directory / "ours"), str(bench.directory / "theirs")
    switch = ["Set-ADSyncScheduler"]
    run = bench.play(
        sync("paused", directory=ours), sync("paused", directory=ours), sync("resumed", directory=theirs),
        sync("resumed", directory=ours), sync("resumed", directory=ours),
    )  # fmt: skip
    changes = [("ok", True, switch), ("ok", False, []), ("ok", False, []), ("ok", True, switch), ("ok", False, [])]
    assert outline(run.tasks) == changes, run.output
    assert bench.scheduler_runs()
    bench.hybrid.sync.sync_cycle_enabled = False
    stopped_by_somebody_else = bench.play(
        sync("paused", directory=ours), sync("resumed", directory=ours), sync("resumed")
    )
    assert outline(stopped_by_somebody_else.tasks) == [("ok", False, []), ("ok", False, []), ("ok", True, switch)]


def test_a_pause_that_a_killed_run_left_is_ended_by_the_next(bench: Bench) -> None:
    pair = bench.build.mailbox_on_premises("Walter Weiss")
    paused = bench.play(sync("paused", directory=str(bench.offboarding_directory)))
    assert paused.only.changed
    assert not bench.scheduler_runs()
    run = bench.offboard(offboarding_mailboxes=records([pair]))
    assert run.succeeded, run.output
    assert run.changed == ["End a pause that a killed run left behind"]
    assert bench.scheduler_runs()


def test_what_a_plain_user_holds_is_found_by_each_of_them_before_it_writes(bench: Bench) -> None:
    """Exchange's cmdlets show the plain user with neither the address nor the GUID."""
    taken, stamped = bench.build.cloud_only("Toni Taken"), bench.build.cloud_only("Gina Guid")
    bench.build.directory_user("Former Toni", email_addresses=[f"smtp:{taken.identity}"])
    bench.build.directory_user("Former Gina", exchange_guid=stamped.cloud.exchange_guid)
    bench.build.mail_enable(stamped)
    prepare = module("mailuser", identity=taken.identity, primary_smtp_address=taken.identity, routing_domain=ROUTING)
    match = module("smtp_match", identity=taken.identity, state="stamped")
    guid = module("exchange_guid", identity=stamped.identity, exchange_guid=str(stamped.cloud.exchange_guid))
    run = bench.play(prepare, match, guid)
    assert outline(run.tasks) == [
        ("address_in_use", False, []), ("address_in_use", False, []), ("guid_in_use", False, []),
    ], run.output
    for task, name in zip(run.tasks, ("Former Toni", "Former Toni", "Former Gina"), strict=True):
        assert f"CN={name},OU=People,DC=contoso,DC=com" in task.error["message"]
    assert bench.writes() == []
    bench.environment = {"ACTIVE_DIRECTORY_PORT": "9"}
    silent = bench.play(prepare, arguments=("--check",))
    assert outline(silent.tasks) == [("ok", True, ["Enable-MailUser", "Set-MailUser"])]
    assert "Plain users, contacts and groups were not searched" in silent.output
