# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other ways: Exchange Server through WinRM, Exchange Online through PowerShell (a stand-in for its process)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption, load_pem_private_key, pkcs12

from lab.model.builder import Person
from tests.integration.harness import MOVE, ROOT, Bench, assert_home, module, records, remember

pytestmark = pytest.mark.walked

STAND_IN = ROOT / "tests/unit/plugins/module_utils/_transports/exchange_online/stand_in_pwsh.py"


def through_winrm(bench: Bench) -> Bench:
    """Lead the modules to the Exchange server's own WinRM, away from remote PowerShell."""
    bench.environment.update(
        EXCHANGE_SERVER_TRANSPORT="winrm", EXCHANGE_SERVER_PORT=str(bench.laboratory.port("management_shell"))
    )
    return bench


def test_mailuser_through_winrm(bench: Bench) -> None:
    through_winrm(bench)
    pair = bench.build.cloud_only(Person("Siobhán O'Brien"))
    task = module(
        "mailuser", identity=pair.identity, ad_identity=str(pair.directory.guid), primary_smtp_address=pair.identity,
        routing_domain="contoso.mail.onmicrosoft.com", exchange_guid=str(pair.cloud.exchange_guid),
        email_addresses=pair.cloud.email_addresses,
    )  # fmt: skip
    first, second = bench.play(task), bench.play(task)
    assert first.only.changed, first.output
    assert pair.directory.kind == "MailUser"
    assert pair.directory.exchange_guid == pair.cloud.exchange_guid
    assert (second.only.failed, second.only.changed) == (False, False)
    seen = bench.log.entries(organization="exchange_server")
    settings = [entry for entry in seen if entry["cmdlet"] == "Set-ADServerSettings"]
    assert len(settings) == len(seen) / 2
    password = bench.hybrid.exchange_server_account.password
    assert password not in first.output


def test_a_failure_through_winrm_is_told_like_any_other(bench: Bench) -> None:
    through_winrm(bench)
    pair = bench.build.cloud_only("Ann Archer")
    bench.environment["EXCHANGE_SERVER_PASSWORD"] = "wr0ng-password"
    run = bench.play(module("mailuser", identity=pair.identity, state="absent"))
    assert (run.only.failed, run.only.error["code"]) == (True, "authentication_failed"), run.output
    assert "wr0ng-password" not in run.output


def test_the_whole_role_through_winrm(bench: Bench) -> None:
    through_winrm(bench)
    pairs = [bench.build.cloud_only("Ann Archer"), bench.build.synced("Bob Baker")]
    before = {pair.identity: remember(pair) for pair in pairs}
    first = bench.offboard(offboarding_mailboxes=records(pairs))
    assert first.succeeded, first.output
    for pair in pairs:
        assert_home(pair, before[pair.identity])
    seen = len(bench.log)
    second = bench.offboard(offboarding_mailboxes=records(pairs))
    assert second.succeeded, second.output
    assert second.changed == []
    assert bench.writes(seen) == []


@pytest.fixture
def by_powershell(bench: Bench, tmp_path: Path) -> Bench:
    """Lead the modules to a stand-in for pwsh, which has a tenant of its own inside."""
    data = bench.laboratory.certificate_path.read_bytes()
    key: Any = load_pem_private_key(data, None)
    certificate = tmp_path / "application.pfx"
    certificate.write_bytes(
        pkcs12.serialize_key_and_certificates(b"x", key, x509.load_pem_x509_certificate(data), None, NoEncryption())
    )
    program = tmp_path / "pwsh"
    program.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{ROOT}" STAND_IN_LOG="{tmp_path}/stand-in-log" STAND_IN_MODEL=1\n'
        f'exec "{sys.executable}" "{STAND_IN}" "$@"\n'
    )
    program.chmod(0o700)
    (tmp_path / "stand-in-log").touch()
    bench.environment.update(
        EXCHANGE_ONLINE_INTERFACE="powershell", EXCHANGE_ONLINE_PWSH_PATH=str(program),
        EXCHANGE_ONLINE_TENANT_ID="contoso.onmicrosoft.com", EXCHANGE_ONLINE_CERTIFICATE_PATH=str(certificate),
    )  # fmt: skip
    bench.signs_in = True
    for name in ("CLIENT_SECRET", "BASE_URL", "AUTHORITY", "CA_FILE", "EXPERIMENTAL_REST_CREDENTIAL"):
        bench.without.add(f"EXCHANGE_ONLINE_{name}")
    return bench


def test_a_move_request_by_powershell_needs_no_experimental_switch(by_powershell: Bench, tmp_path: Path) -> None:
    bench = by_powershell
    right = module("move_request", identity="mona.move@contoso.com", cutover="held", **MOVE)
    wrong = module(
        "move_request", identity="mona.move@contoso.com", cutover="held", **MOVE,
        remote_credential={"username": "CONTOSO\\svc-mrs", "password": "wr0ng"},
    )  # fmt: skip
    run = bench.play(right, wrong)
    accepted, refused = run.tasks
    assert accepted.changed, run.output
    assert (refused.failed, refused.error["cmdlet"]) == (True, "New-MoveRequest")
    assert "wr0ng" not in run.output
    assert bench.hybrid.remote_credential.password not in run.output
    log = (tmp_path / "stand-in-log").read_text("utf-8")
    assert log.count('"event": "New-MoveRequest"') == 2
    assert log.count('"event": "start"') == log.count('"event": "end"')
