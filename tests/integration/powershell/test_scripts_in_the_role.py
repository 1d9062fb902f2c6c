# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks whose cmdlets a real PowerShell runs: the whole role, the readiness report, directory synchronization."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

from lab.answer import LabCredential
from lab.model.builder import Person
from lab.model.scenarios import put_on_mailbox
from lab.powershell.laboratory import PowerShellLaboratory
from tests import extent
from tests.engine.scripts import REFUSED
from tests.integration.harness import Bench, assert_home, module, records, remember
from tests.integration.test_other_ways import through_winrm
from tests.integration.test_readiness import by_code, readiness

PASSWORD = "Pfx'$(1)\"ä"


def by_microsofts_module(bench: Bench, directory: Path) -> Bench:
    """Lead the modules to Exchange Online by PowerShell, where a module stands in for Microsoft's."""
    laboratory = bench.laboratory
    assert isinstance(laboratory, PowerShellLaboratory)
    data = laboratory.certificate_path.read_bytes()
    key: Any = load_pem_private_key(data, None)
    file = directory / "application.pfx"
    certificate, lock = x509.load_pem_x509_certificate(data), BestAvailableEncryption(PASSWORD.encode())
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, lock))
    own = {name: value for name, value in laboratory.for_powershell().items() if name != "PATH"}
    bench.environment.update(
        {
            **own, **laboratory.for_exchange_online(), "EXCHANGE_ONLINE_INTERFACE": "powershell",
            "EXCHANGE_ONLINE_TENANT_ID": "contoso.onmicrosoft.com", "EXCHANGE_ONLINE_CERTIFICATE_PATH": str(file),
            "EXCHANGE_ONLINE_CERTIFICATE_PASSWORD": PASSWORD,
        }
    )  # fmt: skip
    bench.signs_in = True
    for name in ("CLIENT_SECRET", "BASE_URL", "AUTHORITY", "EXPERIMENTAL_REST_CREDENTIAL"):
        bench.without.add(f"EXCHANGE_ONLINE_{name}")
    return bench


def test_the_whole_role_by_microsofts_module(real_exchange: Bench, tmp_path: Path) -> None:
    """A second run changes nothing. Entra Connect's script has a test of its own, below."""
    bench = by_microsofts_module(real_exchange, tmp_path)
    pairs = [bench.build.cloud_only(Person("Siobhán O'Brien")), bench.build.synced("Bob Baker")]
    before = {pair.identity: remember(pair) for pair in pairs}
    first = bench.offboard(offboarding_mailboxes=records(pairs))
    assert first.succeeded, first.output
    for pair in pairs:
        assert_home(pair, before[pair.identity])
    for secret in (PASSWORD, bench.hybrid.remote_credential.password, bench.hybrid.exchange_server_account.password):
        assert secret not in first.output
    seen = len(bench.log)
    second = bench.offboard(offboarding_mailboxes=records(pairs))
    assert second.succeeded, second.output
    assert (second.changed, bench.writes(seen)) == ([], [])


@pytest.fixture
def many_cmdlets(request: pytest.FixtureRequest) -> Bench:
    """The same in ``make long``: each cmdlet starts two PowerShells, and readiness asks two dozen.

    Elsewhere they are emulated; ``test_scripts.py`` has the failing read that this is about answered by a real one.
    """
    found: Bench = request.getfixturevalue("real_exchange" if extent.WHOLE else "bench")
    return found


def test_what_cannot_be_read_by_winrm_blocks_readiness(many_cmdlets: Bench) -> None:
    """A second holder of an address is there, and the cmdlet that would find it fails: that is no green light."""
    bench = through_winrm(many_cmdlets)
    pair = bench.build.cloud_only("Ann Archer")
    put_on_mailbox(bench.hybrid, "second_holder", pair)
    bench.faults.add("exchange_server", "Get-Recipient", "error", count=None, **REFUSED)
    run = readiness(bench, records([pair]))
    found = by_code(run.only.mailboxes[pair.identity]["findings"])
    blockers = {code for code, finding in found.items() if finding["severity"] == "blocker"}
    assert blockers == {"uniqueness_not_checked"}, run.output
    assert "INSUFF_ACCESS_RIGHTS" in str(found["uniqueness_not_checked"])


def test_the_scheduler_is_served_by_a_real_powershell(real: Bench) -> None:
    states = ("ready", "paused", "paused", "resumed", "synced")
    run = real.play(*(module("directory_sync", state=state) for state in states))
    assert [task.failed for task in run.tasks] == [False] * len(states), run.output
    assert [task.changed for task in run.tasks] == [False, True, False, True, True]
    assert real.writes() == ["Set-ADSyncScheduler", "Set-ADSyncScheduler", "Start-ADSyncSyncCycle"]


def test_an_endpoint_is_made_and_gets_another_password_by_microsofts_module(
    real_exchange: Bench, tmp_path: Path
) -> None:
    """The credential arrives as a PSCredential, which the parameter's type demands, and shows in no text on the way."""
    bench = by_microsofts_module(real_exchange, tmp_path)
    bench.hybrid.tenant.migration_endpoints.clear()
    known = bench.hybrid.remote_credential
    right = {"username": known.username, "password": known.password}

    def endpoint(**options: Any) -> dict[str, Any]:
        task = module("migration_endpoint", **options)
        task["mailops.exchange_hybrid.migration_endpoint"]["name"] = "Contoso"
        return task

    server = {"remote_server": "mail.contoso.com", "max_concurrent_migrations": 50}
    run = bench.play(
        endpoint(**server, remote_credential={**right, "password": "Ex-pired'$(1)"}),
        endpoint(**server, remote_credential=right),
        endpoint(**server),
        endpoint(**server, remote_credential=right, update_credentials=True),
        endpoint(state="tested"),
        arguments=["-vvv"],
    )
    refused, made, again, renewed, tested = run.tasks
    assert (refused.failed, refused.error["cmdlet"]) == (True, "New-MigrationEndpoint")
    assert [task.failed for task in (made, again, renewed, tested)] == [False] * 4, run.output
    assert [task.changed for task in (made, again, renewed, tested)] == [True, False, True, False]
    assert tested.result["test"]["result"] == "Success"
    (endpoint,) = bench.hybrid.tenant.migration_endpoints.values()
    assert endpoint.credential == LabCredential(known.username, known.password)
    assert (endpoint.remote_server, endpoint.max_migrations) == ("mail.contoso.com", 50)
    assert bench.writes() == ["New-MigrationEndpoint", "New-MigrationEndpoint", "Set-MigrationEndpoint"]
    told = run.output + json.dumps(list(bench.log.entries()), default=str)
    assert [secret for secret in (known.password, "Ex-pired'$(1)", PASSWORD) if secret in told] == []
