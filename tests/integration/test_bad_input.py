# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input: one clear sentence that names option, value and remedy, each told apart, and nothing written anywhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab.model.builder import Person, child_domain_person
from tests.integration.conftest import BenchMaker
from tests.integration.harness import MOVE, Bench, Run, Task, module

GUID = "5f2c1a35-3f0e-4b52-9a55-6c8d5f1b7a01"
SECRET = "n0t-The-Right-0ne"


@dataclass(frozen=True)
class Case:
    """A task, the error that it must end with, and what its message must name."""

    task: dict[str, Any]
    code: str
    says: list[str] = field(default_factory=list)


def ann(short_name: str, **options: Any) -> dict[str, Any]:
    return module(short_name, **{"identity": "ann.archer@contoso.com", **options})


def csv_file(bench: Bench, name: str, content: bytes) -> dict[str, Any]:
    path = bench.directory / name
    path.write_bytes(content)
    return module("wave_file", csv=str(path), path=str(bench.directory / "wave.json"))


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def malformed() -> dict[str, Case]:
    """Return values that no system has to be asked about."""
    move = {name: value for name, value in MOVE.items() if name != "batch_name"}
    stamp = {"primary_smtp_address": "ann.archer@contoso.com"}
    domain = {**move, "target_delivery_domain": "contoso..com"}
    return {
        "empty identity": Case(module("mailbox_info", identity=""), "blank_identity", ["identity", "is blank"]),
        "blank identity": Case(module("move_request_info", identity=" \t"), "blank_identity", ["identity", "is blank"]),
        "blank identity in a list": Case(
            module("mailbox_info", mailboxes=[{"identity": "a@contoso.com"}, {"identity": ""}]),
            "blank_identity", ["identity", "record 2"],
        ),
        "a name": Case(ann("mailbox_info", identity="Ann Archer"), "malformed_identity", ["identity", "'Ann Archer'"]),
        "guid": Case(
            ann("exchange_guid", exchange_guid="5f2c"), "malformed_exchange_guid", ["exchange_guid", "'5f2c'"]
        ),
        "address": Case(
            ann("mailuser", primary_smtp_address="ann@"), "malformed_primary_smtp_address",
            ["primary_smtp_address", "'ann@'"],
        ),
        "routing domain": Case(
            ann("mailuser", routing_domain="contoso", **stamp), "malformed_routing_domain",
            ["routing_domain", "'contoso'"],
        ),
        "delivery domain": Case(
            ann("move_request", **domain), "malformed_target_delivery_domain",
            ["target_delivery_domain", "'contoso..com'"],
        ),
        "time": Case(
            ann("move_request", cutover="at", complete_after="tomorrow", **move), "malformed_complete_after",
            ["complete_after", "'tomorrow'"],
        ),
        "user principal name at the MRS proxy": Case(
            ann("move_request", remote_credential={"username": "mrs@contoso.com", "password": SECRET}, **move),
            "malformed_username", ["remote_credential.username", "'mrs@contoso.com'"],
        ),
        "approval of a whole wave": Case(
            module("move_request", state="completed", approve_skipped_items=True, mailboxes=[
                {"identity": "ann.archer@contoso.com"}, {"identity": "bob.baker@contoso.com"},
            ]),
            "invalid_option", ["approve_skipped_items", "'True'", "every mailbox of the wave", "in the record"],
        ),
        "clean-up of a state": Case(
            ann("move_request", state="completed", only_completed=True), "invalid_option",
            ["only_completed", "'True'", "state: absent"],
        ),
        "time of a completion": Case(
            ann("move_request", state="completed", complete_after="2026-13-01"), "malformed_complete_after",
            ["complete_after", "'2026-13-01'"],
        ),
        "missing option": Case(
            ann("move_request", remote_host_name="mail.contoso.com"), "missing_option", ["remote_target_database"]
        ),
    }  # fmt: skip


def files(bench: Bench) -> dict[str, Case]:
    """Return CSV files that are wrong."""
    missing = str(bench.directory / "nowhere.csv")
    return {
        "no such file": Case(
            module("wave_file", csv=missing, path=str(bench.directory / "wave.json")),
            "unreadable_file",
            ["csv", missing],
        ),
        "missing column": Case(
            csv_file(bench, "column.csv", b"mailbox\nann@contoso.com\n"), "missing_column", ["csv", "identity"]
        ),
        "unknown column": Case(
            csv_file(bench, "unknown.csv", b"identity,databse\nann@contoso.com,DB01\n"), "unknown_column", ["databse"]
        ),
        "duplicate row": Case(
            csv_file(bench, "twice.csv", b"identity\nann@contoso.com\nbob@contoso.com\nANN@contoso.com\n"),
            "bad_rows", ["line 4", "ANN@contoso.com", "line 2"],
        ),
        "bad rows": Case(
            csv_file(bench, "rows.csv", b"identity,exchange_guid\n,\nann@contoso.com,5f2c\nbob@contoso.com\n ,x\n"),
            "bad_rows", ["line 3", "'5f2c'", "line 4", "line 5"],
        ),
        "not UTF-8": Case(
            csv_file(bench, "latin.csv", "identity,batch_name\nann@contoso.com,Köln\n".encode("latin-1")),
            "not_utf8", ["csv", "UTF-8"],
        ),
    }  # fmt: skip


def objects(bench: Bench) -> dict[str, Case]:
    """Return what only the organizations can tell; each mailbox is one of its own."""
    build = bench.build
    build.cloud_only("Ann Archer")
    build.cloud_only(Person("Nelly Nobody", domain="fabrikam.com"))
    twin, other = build.cloud_only("Tom Twin"), build.cloud_only("Tim Twin")
    build.set_cloud(other, email_addresses=[*other.cloud.email_addresses, "smtp:shared.twin@contoso.com"])
    build.set_cloud(twin, user_principal_name="shared.twin@contoso.com")
    build.directory_user(child_domain_person("Ulla Upn"), user_principal_name="ulla.upn@contoso.com")
    build.cloud_only("Ulla Upn")
    carries = build.synced("Carl Carrier")
    build.mail_enable(carries, exchange_guid=build.cloud_only("Other Owner").cloud.exchange_guid)
    build.mailbox_on_premises("Walter Weiss")
    contact = build.contact("Xenia Partner", "xenia.partner@fabrikam.com")
    group = build.group("All Staff", "all.staff@contoso.com")
    stamp = {"primary_smtp_address": "ann.archer@contoso.com", "routing_domain": "contoso.mail.onmicrosoft.com"}
    guid = str(carries.cloud.exchange_guid)
    return {
        "matches nothing": Case(
            ann("mailbox_info", identity="nobody@contoso.com"), "not_found", ["nobody@contoso.com", "Get-Mailbox"]
        ),
        "matches two": Case(
            module("mailbox_info", identity="shared.twin@contoso.com"), "ambiguous",
            ["shared.twin@contoso.com", "2 objects"],
        ),
        "no user on-premises": Case(
            ann("mailuser", ad_identity="ann.other@contoso.com", **stamp), "ad_user_not_found",
            ["ann.other@contoso.com", "ad_identity"],
        ),
        "two users on-premises": Case(
            module("offboarding_state", identity="ulla.upn@contoso.com"), "ambiguous", ["ulla.upn@contoso.com"]
        ),
        "another GUID": Case(
            module("exchange_guid", identity=carries.identity, exchange_guid=guid), "guid_conflict",
            [str(carries.directory.exchange_guid), guid, "force: true"],
        ),
        "a mailbox": Case(
            ann("mailuser", ad_identity="walter.weiss@contoso.com", **stamp), "wrong_recipient_type",
            ["Walter Weiss", "UserMailbox"],
        ),
        "a contact": Case(
            ann("mailuser", ad_identity=contact.distinguished_name, **stamp), "ad_user_not_found",
            [contact.distinguished_name],
        ),
        "a group": Case(
            ann("mailuser", ad_identity=group.distinguished_name, **stamp), "ad_user_not_found",
            [group.distinguished_name],
        ),
        "a group in the cloud": Case(
            module("offboarding_state", identity="all.staff@contoso.com", ad_identity="ann.archer@contoso.com"),
            "conflict", ["MailUniversalDistributionGroup"],
        ),
        "unknown database": Case(
            ann("offboarding_state", remote_target_database="DB99"), "database_not_found",
            ["remote_target_database", "'DB99'", "Use one of: DB01"],
        ),
    }  # fmt: skip


def connections(bench: Bench) -> dict[str, Case]:
    """Return everything that can be wrong about reaching a system."""
    bench.laboratory.application.expired_secrets.append("expired-" + SECRET)
    user = {
        "state": "present",
        "primary_smtp_address": "a@contoso.com",
        "external_email_address": "a@b.onmicrosoft.com",
    }
    nowhere, port, strange = "ex01.contoso.invalid", closed_port(), bench.laboratory.port("exchange_online")
    other = "11111111-2222-4333-8444-555555555555"

    def server(**options: Any) -> dict[str, Any]:
        return ann("mailuser", exchange_server=options, **user)

    def online(**options: Any) -> dict[str, Any]:
        return ann("mailbox_info", exchange_online=options)

    def sync(**options: Any) -> dict[str, Any]:
        return module("directory_sync", state="paused", entra_connect=options)

    return {
        "server: unknown host": Case(server(host=nowhere), "unreachable", [nowhere]),
        "server: closed port": Case(server(port=port), "unreachable", [str(port)]),
        "server: another service": Case(server(port=strange), "wrong_endpoint", [str(strange)]),
        "server: wrong password": Case(server(password=SECRET), "authentication_failed", ["localhost"]),
        "server: no URL": Case(server(host="https://localhost/"), "invalid_option", ["exchange_server.host"]),
        "online: unknown host": Case(online(base_url=f"https://{nowhere}"), "unreachable", [nowhere]),
        "online: closed port": Case(online(base_url=f"https://localhost:{port}"), "unreachable", [str(port)]),
        "online: wrong secret": Case(online(client_secret=SECRET), "authentication_failed", ["client secret is wrong"]),
        "online: expired secret": Case(
            online(client_secret="expired-" + SECRET), "client_secret_expired", ["client secret has expired"]
        ),
        "online: unknown application": Case(online(client_id=other), "unknown_application", [other]),
        "online: unknown tenant": Case(online(tenant_id=other), "unknown_tenant", [other]),
        "sync: unknown host": Case(sync(host=nowhere), "unreachable", [nowhere]),
        "sync: closed port": Case(sync(port=port), "unreachable", [str(port)]),
        "sync: wrong password": Case(sync(password=SECRET), "authentication_failed", ["localhost"]),
    }  # fmt: skip


@dataclass
class Told:
    """What one run of all cases said, and what it left behind."""

    cases: dict[str, Case]
    run: Run
    writes: list[str]
    unchanged: bool

    def task(self, name: str) -> Task:
        return self.run.task(name)


NAMES = [
    *malformed(),
    "no such file", "missing column", "unknown column", "duplicate row", "bad rows", "not UTF-8",
    "matches nothing", "matches two", "no user on-premises", "two users on-premises", "another GUID", "a mailbox",
    "a contact", "a group", "a group in the cloud", "unknown database",
    "server: unknown host", "server: closed port", "server: another service", "server: wrong password",
    "server: no URL", "online: unknown host", "online: closed port", "online: wrong secret", "online: expired secret",
    "online: unknown application", "online: unknown tenant", "sync: unknown host", "sync: closed port",
    "sync: wrong password",
]  # fmt: skip


@pytest.fixture(scope="module")
def told(make_bench: BenchMaker) -> Iterator[Told]:
    with make_bench() as bench:
        bench.signs_in = True
        cases = {**malformed(), **files(bench), **objects(bench), **connections(bench)}
        before = bench.settled()
        run = bench.play(*({**case.task, "name": name} for name, case in cases.items()))
        yield Told(cases, run, bench.writes(), bench.settled() == before)


def test_every_case_is_named(told: Told) -> None:
    assert list(told.cases) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_bad_input_is_told_in_one_sentence(name: str, told: Told) -> None:
    case, task = told.cases[name], told.task(name)
    assert task.failed, task
    assert not task.changed
    assert task.error["code"] == case.code, task.message
    assert [text for text in case.says if text not in task.message] == []
    assert task.error["remedy"]
    assert task.error["remedy"] in task.message
    assert "\n" not in task.message
    assert "Traceback" not in told.run.output


def test_bad_input_writes_nothing_and_shows_no_secret(told: Told) -> None:
    assert told.writes == []
    assert told.unchanged
    assert SECRET not in told.run.output


def test_without_the_certificate_authority_no_system_is_trusted(bench: Bench) -> None:
    bench.without = {f"{system}_CA_FILE" for system in ("EXCHANGE_SERVER", "EXCHANGE_ONLINE", "ENTRA_CONNECT")}
    run = bench.play(
        ann("exchange_guid", exchange_guid=GUID), ann("mailbox_info"), module("directory_sync", state="paused")
    )
    for task, option in zip(run.tasks, ("exchange_server", "exchange_online", "entra_connect"), strict=True):
        assert task.failed
        assert task.error["code"] == "certificate_not_trusted", task.message
        assert f"{option}.ca_file" in task.message
    assert len(bench.log) == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [("identity\n", None), ("identity\nann@contoso.com\n\nann@contoso.com\n", "line 4"), ("name\nann\n", "identity")],
)
def test_the_role_refuses_a_bad_wave_before_anything_is_contacted(
    bench: Bench, tmp_path: Path, content: str, says: str | None
) -> None:
    path = tmp_path / "wave.csv"
    path.write_text(content, encoding="utf-8")
    run = bench.offboard(offboarding_csv=str(path))
    if says is None:
        assert run.succeeded, run.output
        assert run.summary["mailboxes"] == 0
    else:
        assert run.returncode == 2
        (task, *_rest) = run.failures
        assert task.name == "Check every mailbox of the wave and write its file"
        assert says in task.message
    assert len(bench.log) == 0


def test_the_role_refuses_what_the_move_would_refuse_before_anything_is_contacted(bench: Bench) -> None:
    run = bench.offboard(
        offboarding_mailboxes=[{"identity": "ann@contoso.com"}, {"identity": "bob@contoso.com", "archive_only": ""}],
        offboarding_cutover="at",
        offboarding_complete_after="tonight",
    )
    (task, *_rest) = run.failures
    assert task.name == "Read both organizations and save the baseline"
    assert "complete_after: 'tonight' is not a time. Write it in UTC as" in task.message
    assert len(bench.log) == 0
