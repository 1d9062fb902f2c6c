# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._cmdlet import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._entra_connect import dialogue
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._entra_connect.organization import (
    TicketCache,
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
    InputError,
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
        "tls_failed")
    elsewhere = from_options(options_of(scripted, port=scripted.port("exchange_server")))
    assert failure_of(lambda: elsewhere.open().run(READ)).code == "wrong_endpoint"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"host": None}, "entra_connect.host: is missing"),
        ({"auth": "basic", "port": 5985}, "entra_connect.port: '5985' is WinRM's port without TLS"),
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
    assert from_options({"host": "sync01", "port": 5985}).server.endpoint == "http://sync01:5985/wsman"


def test_the_script_is_fixed_and_fits_into_a_command_line() -> None:
    program, arguments = dialogue.command_line()
    assert len(dialogue.SCRIPT) < 3000
    assert len(" ".join([program, *arguments])) < 8191
    script = base64.b64decode(arguments[-1]).decode("utf-16-le")
    assert script.splitlines()[0] == "# mailops.exchange_hybrid: one cmdlet as JSON, dialogue 1, module ADSync"
    assert all(name in script for name in dialogue.CMDLETS)
    assert script.isascii()


def test_values_travel_as_ascii_json() -> None:
    line = dialogue.request_line(Cmdlet("Get-ADSyncRunProfileResult", {
        "ConnectorName": "c\u00f6ntoso'); Remove-Item \n", "RunHistoryId": uuid.UUID(int=1), "NumberRequested": 1}))
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert json.loads(line)["parameters"] == {
        "ConnectorName": "c\u00f6ntoso'); Remove-Item \n", "RunHistoryId": str(uuid.UUID(int=1)), "NumberRequested": 1}
    with pytest.raises(ValueError, match="Remove-ADSyncConnector"):
        dialogue.request_line(Cmdlet("Remove-ADSyncConnector"))


def reply(**members: Any) -> bytes:
    document = {"objects": [], "warnings": [], "errors": [], **members}
    return base64.b64encode(json.dumps(document).encode()) + b"\r\n"


def test_dates_are_utc_texts() -> None:
    answer = reply(objects=[{"StartDate": "2026-11-23T12:00:00.0000000Z", "Result": "success"}])
    output = dialogue.read_reply(answer, READ)
    assert output is not None
    assert output.objects == [{"StartDate": "2026-11-23T12:00:00Z", "Result": "success"}]


@pytest.mark.parametrize("text", [b"", b"not base64!", base64.b64encode(b"[]"), base64.b64encode(b"{}")])
def test_no_answer(text: bytes) -> None:
    assert dialogue.read_reply(text, READ) is None


def test_a_server_without_entra_connect() -> None:
    missing = reply(errors=[{"message": "The specified module 'ADSync' was not loaded", "type": "System.IO.X",
                             "id": "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand"}])
    with pytest.raises(ConnectionFailure) as caught:
        dialogue.read_reply(missing, READ)
    assert caught.value.code == "wrong_endpoint"


KINIT = """#!/bin/sh
read password
test "$password" = "corr3ct" || { echo "kinit: Preauthentication failed while getting credentials" >&2; exit 1; }
echo "$@" > "${2#FILE:}"
"""


@pytest.fixture
def kinit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "kinit"
    program.write_text(KINIT, encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("KRB5CCNAME", "FILE:mine")


@pytest.mark.usefixtures("kinit")
def test_a_ticket_is_obtained_without_showing_the_password_and_discarded() -> None:
    cache = TicketCache("svc@CONTOSO.COM", "corr3ct")
    cache.obtain()
    cache.obtain()
    path = Path(os.environ["KRB5CCNAME"].removeprefix("FILE:"))
    assert "corr3ct" not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    cache.discard()
    cache.discard()
    assert not path.exists()
    assert os.environ["KRB5CCNAME"] == "FILE:mine"


@pytest.mark.usefixtures("kinit")
def test_kinit_says_why() -> None:
    with pytest.raises(ConnectionFailure, match="Preauthentication failed") as caught:
        TicketCache("svc@CONTOSO.COM", "wr0ng").obtain()
    assert caught.value.code == "authentication_failed"
    assert "wr0ng" not in caught.value.message


def test_no_kinit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert failure_of(TicketCache("svc@CONTOSO.COM", "x").obtain).code == "missing_library"
