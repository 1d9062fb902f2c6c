# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, CmdletOutput
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect import dialogue
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect.organization import (
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.dialogue import (
    ErrorRecord,
    ScriptReply,
)

from lab.answer import Enumeration, LabObject
from lab.certificates import create_certificates

READ = Cmdlet("Get-ADSyncScheduler")
WRITE = Cmdlet("Start-ADSyncSyncCycle", {"PolicyType": "Delta"})
SCHEDULER = LabObject(
    ("Microsoft.MetadirectoryServices.Scheduler",),
    {"SyncCycleEnabled": True, "NextSyncCyclePolicyType": Enumeration("X", "Delta", 1)}, "")


def options_of(laboratory: Any, **more: Any) -> dict[str, Any]:
    environment = laboratory.environment()
    return {
        "host": "localhost", "port": laboratory.port("entra_connect"), "auth": "basic",
        "username": environment["ENTRA_CONNECT_USERNAME"], "password": environment["ENTRA_CONNECT_PASSWORD"],
        "ca_file": environment["ENTRA_CONNECT_CA_FILE"], **more,
    }


@pytest.fixture
def session(scripted: Any, patience: Any) -> Any:
    session = replace(from_options(options_of(scripted)), retry=patience.retry).open()
    yield session
    session.close()
    assert scripted.open_sessions()["entra_connect"] == 0


def failure_of(work: Callable[[], object]) -> HybridError:
    with pytest.raises(HybridError) as caught:
        work()
    return caught.value


def test_objects_come_back(scripted: Any, session: Any) -> None:
    scripted.hybrid.entra_connect.answer("Get-ADSyncScheduler", SCHEDULER, warnings=("careful",))
    for _again in range(2):
        output = session.run(READ)
        assert output.objects == [{"SyncCycleEnabled": True, "NextSyncCyclePolicyType": "Delta"}]
        assert output.warnings == ["careful"]
    assert scripted.open_sessions()["entra_connect"] == 1


def test_parameters_arrive(scripted: Any, session: Any) -> None:
    session.run(WRITE)
    session.run(Cmdlet("Set-ADSyncScheduler", {"SyncCycleEnabled": False}))
    assert [call.parameters for call in scripted.hybrid.entra_connect.calls] == [
        {"PolicyType": "Delta"}, {"SyncCycleEnabled": False}]


def test_errors_are_the_cmdlets_own(scripted: Any, session: Any) -> None:
    scripted.faults.add(
        "entra_connect", "Start-ADSyncSyncCycle", "error", exception_type="System.InvalidOperationException",
        message="Sync is already running. Cannot start a new run till this one completes.", terminating=True)
    error = failure_of(lambda: session.run(WRITE))
    assert isinstance(error, CmdletError)
    assert error.exception_type == "InvalidOperationException"
    assert not error.answer_lost


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "lost_shell", "throttle"])
def test_a_read_gets_over_faults(scripted: Any, session: Any, patience: Any, kind: str) -> None:
    scripted.hybrid.entra_connect.answer("Get-ADSyncScheduler", SCHEDULER)
    scripted.faults.add("entra_connect", "Get-ADSyncScheduler", kind)
    assert len(session.run(READ).objects) == 1
    assert patience.waited == [1.0]


@pytest.mark.parametrize(("kind", "ran"), [("drop_before", 0), ("drop_after", 1), ("lost_shell", 0)])
def test_a_write_is_sent_once(scripted: Any, session: Any, patience: Any, kind: str, ran: int) -> None:
    scripted.faults.add("entra_connect", "Start-ADSyncSyncCycle", kind)
    error = failure_of(lambda: session.run(WRITE))
    assert (error.code, error.answer_lost, error.retryable) == ("connection_lost", True, True)
    assert len(scripted.hybrid.entra_connect.calls) == ran
    assert patience.waited == []


@pytest.mark.parametrize(
    ("options", "code"),
    [({"password": "wr0ng-password"}, "authentication_failed"), ({"port": 1}, "unreachable")],
)
def test_connection_mistakes_are_told_apart(scripted: Any, options: dict[str, Any], code: str) -> None:
    session = from_options(options_of(scripted, **options)).open()
    error = failure_of(lambda: session.run(WRITE))
    assert (error.code, error.answer_lost) == (code, False)
    assert "wr0ng" not in error.message
    session.close()


def test_another_ca_and_another_service(scripted: Any, tmp_path: Path) -> None:
    strange = create_certificates(tmp_path).ca_file
    assert failure_of(lambda: from_options(options_of(scripted, ca_file=str(strange))).open().run(READ)).code == (
        "certificate_not_trusted")
    elsewhere = from_options(options_of(scripted, port=scripted.port("exchange_server")))
    assert failure_of(lambda: elsewhere.open().run(READ)).code == "wrong_endpoint"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"host": None}, "entra_connect.host: is missing"),
        ({"auth": "basic", "port": 5985}, "entra_connect.port: '5985' means WinRM without TLS"),
        ({"auth": "basic", "use_tls": False}, "entra_connect.use_tls: 'False' means WinRM without TLS"),
        ({"username": "CONTOSO\\svc"}, "entra_connect.username: 'CONTOSO\\svc' is not in the form user@REALM"),
        ({"auth": "certificate"}, "entra_connect.certificate_path: is missing"),
        ({"auth": "ntlm", "password": None}, "entra_connect.password: is missing"),
        ({"username": None}, "entra_connect.username: is missing"),
        ({"auth": "credssp"}, "entra_connect.auth: 'credssp' is not known"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_contacted(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        from_options({"host": "sync01.contoso.com", "username": "svc@CONTOSO.COM", "password": "secret", **options})
    assert caught.value.message.startswith(sentence)


def test_defaults() -> None:
    server = from_options({"host": "sync01", "username": "svc@CONTOSO.COM", "password": "secret"}).server
    assert (server.authentication, server.endpoint) == ("kerberos", "https://sync01:5986/wsman")
    assert "secret" not in repr(server)
    assert (server.deadline, from_options({"host": "sync01", "cmdlet_timeout": 90}).server.deadline) == (960, 90)
    assert from_options({"host": "sync01", "port": 5985}).server.endpoint == "http://sync01:5985/wsman"


def test_the_script_takes_the_cmdlets_that_are_its_own() -> None:
    assert all(name in dialogue.SCRIPT for name in dialogue.CMDLETS)
    line = dialogue.request_line(Cmdlet("Get-ADSyncRunProfileResult", {"NumberRequested": 1}))
    assert json.loads(line) == {"cmdlet": "Get-ADSyncRunProfileResult", "parameters": {"NumberRequested": 1}}
    with pytest.raises(ValueError, match="Remove-ADSyncConnector"):
        dialogue.request_line(Cmdlet("Remove-ADSyncConnector"))


def test_a_server_without_entra_connect() -> None:
    record = ErrorRecord(
        "The specified module 'ADSync' was not loaded", "FileNotFoundException", "ResourceUnavailable",
        "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand")
    with pytest.raises(ConnectionFailure) as caught:
        dialogue.output_of(ScriptReply("", CmdletOutput(), [record]), READ, "Entra Connect server sync01:5986")
    assert caught.value.code == "wrong_endpoint"


def test_a_server_whose_policy_forbids_the_script() -> None:
    record = ErrorRecord("ConstrainedLanguage", "", "", "LanguageMode")
    with pytest.raises(ConnectionFailure, match="A policy on Entra Connect server sync01:5986") as caught:
        dialogue.output_of(ScriptReply("", CmdletOutput(), [record]), READ, "Entra Connect server sync01:5986")
    assert (caught.value.code, caught.value.answer_lost) == ("powershell_restricted", False)
