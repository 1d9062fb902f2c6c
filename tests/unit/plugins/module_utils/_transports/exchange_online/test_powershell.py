# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``interface: powershell`` against a stand-in process: no PowerShell and no module of Microsoft's runs here."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Credential
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._module.connection_specs import (
    CONNECTIONS,
    REMOTE_CREDENTIAL,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import powershell
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.organization import (
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell import (
    process as process_module,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.process import Process
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    load_pem_private_key,
    pkcs12,
)

READ = Cmdlet("Get-Mailbox", {"Identity": "ann@contoso.com"})
WRITE = Cmdlet("New-MoveRequest", {"Identity": "ann", "RemoteCredential": Credential("CONTOSO\\svc", "Battery-stäple")})
NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
SECRETS = ("pfx-Passw0rd", "Battery", "env-s3cret")
ROOT = Path(__file__).parents[6]
STAND_IN = Path(__file__).with_name("stand_in_pwsh.py")


class Bench:
    """A stand-in program, what it shall do, and what it saw."""

    def __init__(self, directory: Path, certificate: str) -> None:
        self.program = directory / "pwsh"
        self._log = directory / "log"
        self._steps = directory / "steps"
        self._certificate = certificate
        self.script({})
        self._log.touch()
        self.program.write_text(
            f'#!/bin/sh\nexport PYTHONPATH="{ROOT}" STAND_IN_LOG="{self._log}" STAND_IN_STEPS="{self._steps}"\n'
            f'exec "{sys.executable}" "{STAND_IN}" "$@"\n'
        )
        self.program.chmod(0o700)

    def script(self, steps: dict[str, list[dict[str, Any]]]) -> None:
        self._steps.write_text(json.dumps(steps), encoding="utf-8")

    def events(self, name: str = "") -> list[dict[str, Any]]:
        lines = self._log.read_text(encoding="utf-8").splitlines()
        return [event for event in map(json.loads, lines) if name in ("", event["event"])]

    def options(self, **more: Any) -> dict[str, Any]:
        return {
            "interface": "powershell", "pwsh_path": str(self.program), "tenant_id": "contoso.onmicrosoft.com",
            "client_id": "5b2a6c1e-3f0d-4e7c-8a59-2c4b1d6e9f22", "certificate_path": self._certificate,
            "certificate_password": "pfx-Passw0rd", **more,
        }  # fmt: skip


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a PFX file. Its key is of a kind that is quick to load, as each test does: nobody signs in with it."""
    made = trustme.CA().issue_cert(common_name="application")
    key: Any = load_pem_private_key(made.private_key_pem.bytes(), None)
    path = tmp_path_factory.mktemp("certificate") / "application.pfx"
    certificate = x509.load_pem_x509_certificate(made.cert_chain_pems[0].bytes())
    path.write_bytes(pkcs12.serialize_key_and_certificates(
        b"application", key, certificate, None, BestAvailableEncryption(b"pfx-Passw0rd")))
    return str(path)


@pytest.fixture
def bench(tmp_path: Path, certificate: str, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("EXCHANGE_ONLINE_CERTIFICATE_PASSWORD", "env-s3cret")
    monkeypatch.setenv("REMOTE_CREDENTIAL_PASSWORD", "env-s3cret")
    return Bench(tmp_path, certificate)


@pytest.fixture
def organization(bench: Bench, patience: Any) -> Any:
    return replace(from_options(bench.options()), retry=patience.retry)


@pytest.fixture
def session(organization: Any) -> Any:
    session = organization.open()
    yield session
    session.close()


def failure_of(work: Callable[[], object]) -> HybridError:
    with pytest.raises(HybridError) as caught:
        work()
    return caught.value


def test_one_process_signs_in_once_and_answers_many_cmdlets(bench: Bench, session: Any) -> None:
    dated = "d:2026-01-02T04:04:05.0000000+01:00"
    mailbox = {"Name": "s:Ann", "WhenChanged": dated, "EmailAddresses": ["s:SMTP:a@b.c"]}
    bench.script({"Get-Mailbox": [{"objects": [mailbox], "warnings": ["Ünïcode."]}]})
    for _again in range(3):
        output = session.run(READ)
        assert output.objects == [
            {"Name": "Ann", "WhenChanged": "2026-01-02T03:04:05Z", "EmailAddresses": ["SMTP:a@b.c"]}
        ]
        assert output.warnings == ["Ünïcode."]
    session.close()
    assert [event["event"] for event in bench.events()] == ["start", "connect", *["Get-Mailbox"] * 3, "end"]
    (connect,) = bench.events("connect")
    assert connect["parameters"] == {
        "AppId": "5b2a6c1e-3f0d-4e7c-8a59-2c4b1d6e9f22",
        "CertificateFilePath": bench.options()["certificate_path"],
        "CertificatePassword": "pfx-Passw0rd", "Organization": "contoso.onmicrosoft.com",
        "ExchangeEnvironmentName": "O365Default", "CommandName": list(powershell.CMDLETS),
    }  # fmt: skip


def test_a_credential_arrives_without_any_switch(bench: Bench, session: Any) -> None:
    session.run(WRITE)
    (event,) = bench.events("New-MoveRequest")
    assert event["parameters"]["RemoteCredential"] == {"username": "CONTOSO\\svc", "password": "Battery-stäple"}
    assert event["parameters"]["Confirm"] is False


def test_no_secret_on_the_command_line_nor_in_the_environment(bench: Bench, organization: Any, session: Any) -> None:
    session.run(WRITE)
    (start,) = bench.events("start")
    seen = json.dumps(start)
    assert not [secret for secret in SECRETS if secret in seen]
    assert not [name for name in start["environment"] if name.startswith(("EXCHANGE_", "REMOTE_", "ENTRA_"))]
    assert not [secret for secret in SECRETS if secret in repr(organization)]
    assert start["group"] is True
    assert start["arguments"][:-1] == [
        "-NoLogo", "-NoProfile", "-NonInteractive", "-InputFormat", "None", "-OutputFormat", "Text", "-EncodedCommand"
    ]  # fmt: skip


def test_large_parameters_and_answers_survive(bench: Bench, session: Any) -> None:
    text = "ü\U0001f600'\n$(1)" * 50_000
    bench.script({"Set-Mailbox": [{"objects": [{"Text": f"s:{text}"}]}]})
    output = session.run(Cmdlet("Set-Mailbox", {"Identity": "ann", "CustomAttribute1": text}))
    assert output.objects == [{"Text": text}]
    assert bench.events("Set-Mailbox")[0]["parameters"]["CustomAttribute1"] == text


@pytest.mark.parametrize(
    "error",
    [
        {"message": f"Ex6F9304|{NOT_FOUND}|The object 'x' couldn't be found.", "type": "WriteErrorException"},
        {"message": "The object 'x' couldn't be found.", "type": "ManagementObjectNotFoundException"},
    ],
)
def test_errors_are_exchanges_own(bench: Bench, session: Any, error: dict[str, str]) -> None:
    bench.script({"Get-Mailbox": [{"errors": [error]}, {}]})
    caught = failure_of(lambda: session.run(READ))
    assert isinstance(caught, CmdletError)
    assert (caught.not_found, caught.exception_type) == (True, "ManagementObjectNotFoundException")
    assert caught.message == "The object 'x' couldn't be found."
    assert session.run(READ).objects == []
    assert len(bench.events("start")) == 1


def test_a_warning_that_nothing_was_found_is_no_success(bench: Bench, session: Any) -> None:
    bench.script({"Get-Mailbox": [{"warnings": ["The object 'x' couldn't be found on 'DC'."]}]})
    assert failure_of(lambda: session.run(READ)).code == "not_found"


def test_a_cmdlet_that_the_roles_do_not_grant(bench: Bench, session: Any) -> None:
    message = "The term 'Get-Mailbox' is not recognized as a name of a cmdlet, function, script file, or executable."
    bench.script({"Get-Mailbox": [{"errors": [{"message": message, "type": "CommandNotFoundException"}]}]})
    assert failure_of(lambda: session.run(READ)).code == "permission_denied"


@pytest.mark.parametrize(
    "step",
    [
        {"do": "die"},
        {"errors": [{"message": "Ex1|System.Exception|You have reached the maximum number of concurrent requests"}]},
        {"errors": [{"message": "Ex1|Microsoft.Exchange.Data.DCOverloadedException|Busy."}]},
    ],
)
def test_a_read_gets_over_faults(bench: Bench, session: Any, patience: Any, step: dict[str, Any]) -> None:
    bench.script({"Get-Mailbox": [step, {"objects": [{"Name": "s:Ann"}]}]})
    assert session.run(READ).objects == [{"Name": "Ann"}]
    assert patience.waited == [1.0]
    assert len(bench.events("start")) == (2 if "do" in step else 1)


def test_a_write_whose_process_dies_is_not_sent_again(bench: Bench, session: Any, patience: Any) -> None:
    bench.script({"New-MoveRequest": [{"do": "die"}, {}]})
    error = failure_of(lambda: session.run(WRITE))
    assert (error.code, error.answer_lost, error.retryable) == ("connection_lost", True, True)
    assert "Unhandled exception." in error.message
    assert "Battery" not in error.message
    assert (len(bench.events("New-MoveRequest")), patience.waited) == (1, [])
    session.run(WRITE)
    assert len(bench.events("start")) == 2


def test_a_process_that_dies_between_two_cmdlets_is_replaced(bench: Bench, session: Any) -> None:
    session.run(READ)
    (start,) = bench.events("start")
    os.kill(start["process"], signal.SIGKILL)
    session._process._process.wait(timeout=20)
    session.run(WRITE)
    assert len(bench.events("New-MoveRequest")) == 1


def test_a_write_that_takes_too_long_is_lost(bench: Bench, organization: Any) -> None:
    bench.script({"New-MoveRequest": [{"do": "hang"}]})
    impatient = replace(organization.installation, timeout=1.0, closing_timeout=0.1)
    session = replace(organization, installation=impatient).open()
    error = failure_of(lambda: session.run(WRITE))
    assert (error.code, error.answer_lost) == ("connection_lost", True)
    assert "longer than 1 seconds" in error.message
    (start,) = bench.events("start")
    with pytest.raises(ProcessLookupError):
        os.kill(start["process"], 0)


def test_a_read_that_takes_too_long_is_not_tried_again(bench: Bench, organization: Any, patience: Any) -> None:
    bench.script({"Get-Mailbox": [{"do": "hang"}]})
    impatient = replace(organization.installation, timeout=0.5, closing_timeout=0.1)
    session = replace(organization, installation=impatient).open()
    assert failure_of(lambda: session.run(READ)).code == "connection_lost"
    assert (len(bench.events("start")), patience.waited) == (1, [])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"message": "File x.psm1 cannot be loaded.", "type": "PSSecurityException"}, "execution policy"),
        ({"message": "ConstrainedLanguage", "id": "LanguageMode"}, "language mode ConstrainedLanguage"),
    ],
)
def test_a_policy_of_this_host_is_told(bench: Bench, session: Any, error: dict[str, str], told: str) -> None:
    bench.script({"connect": [{"errors": [error]}]})
    failure = failure_of(lambda: session.run(WRITE))
    assert (failure.code, failure.answer_lost, failure.cmdlet) == ("powershell_restricted", False, "New-MoveRequest")
    assert told in failure.message


def test_a_line_that_did_not_go_out_has_not_run(bench: Bench, organization: Any) -> None:
    bench.script({"Get-Mailbox": [{"do": "deaf"}]})
    program = Process(organization.installation.command(), organization.installation.environment, closing_timeout=0.2)
    program.start()
    with pytest.raises(process_module.ProcessLost) as caught:
        program.ask(b'{"cmdlet":"Get-Mailbox","parameters":{}}\n' + b" " * 500_000, 3.0)
    program.close()
    assert not caught.value.sent
    assert not program.alive


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"message": "AADSTS700027: The certificate ... is not registered."}, "certificate_not_registered"),
        ({"message": "AADSTS700016: Application not found."}, "unknown_application"),
        ({"message": "UnAuthorized"}, "application_permission_missing"),
        ({"message": "The role assigned to application x isn't supported in this scenario."}, "permission_denied"),
        ({"message": "No module.", "id": "Modules_ModuleNotFound,Microsoft.PowerShell"}, "missing_library"),
        ({"message": "The specified network password is not correct."}, "authentication_failed"),
    ],
)
def test_each_failure_to_sign_in_has_its_own_code(
    bench: Bench, session: Any, patience: Any, error: dict[str, str], code: str
) -> None:
    bench.script({"connect": [{"errors": [error]}]})
    failure = failure_of(lambda: session.run(WRITE))
    assert (failure.code, failure.answer_lost, failure.cmdlet) == (code, False, "New-MoveRequest")
    assert failure.remedy
    assert bench.events("New-MoveRequest") == []
    assert patience.waited == []
    assert len(bench.events("end")) == 1


def test_dying_while_signing_in_has_not_run_the_write(bench: Bench, session: Any) -> None:
    bench.script({"connect": [{"do": "die"}]})
    error = failure_of(lambda: session.run(WRITE))
    assert (error.code, error.answer_lost) == ("connection_lost", False)


def test_a_process_that_does_not_end_is_killed(bench: Bench, organization: Any) -> None:
    bench.script({"Get-Mailbox": [{"do": "deaf"}]})
    program = Process(organization.installation.command(), organization.installation.environment, closing_timeout=0.1)
    program.start()
    with pytest.raises(process_module.ProcessLost):
        program.ask(b'{"cmdlet":"Get-Mailbox","parameters":{}}\n', 2.0)
    (start,) = bench.events("start")
    program.close()
    program.close()
    with pytest.raises(ProcessLookupError):
        os.kill(start["process"], 0)


def test_a_program_that_does_not_start(bench: Bench, session: Any) -> None:
    bench.program.write_text("not a program", encoding="utf-8")
    assert failure_of(lambda: session.run(READ)).code == "missing_library"
    session.close()


def test_a_cmdlet_that_only_a_task_names_is_loaded_with_the_others(bench: Bench, session: Any) -> None:
    for name in ("Get-Mailbox", "Get-CASMailbox", "Get-Mailbox", "Get-CASMailbox"):
        session.run(Cmdlet(name, {"Identity": "ann"}))
    loaded = [event["parameters"]["CommandName"] for event in bench.events("connect")]
    assert loaded == [list(powershell.CMDLETS), sorted((*powershell.CMDLETS, "Get-CASMailbox"))]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"environment": "gcc_high"}, {"ExchangeEnvironmentName": "s:O365USGovGCCHigh"}),
        ({"environment": "dod"}, {"ExchangeEnvironmentName": "s:O365USGovDoD"}),
        ({"environment": "china"}, {"ExchangeEnvironmentName": "s:O365China"}),
        (
            {"managed_identity": True, "certificate_path": None, "certificate_password": None},
            {"ManagedIdentity": True, "ManagedIdentityAccountId": "s:5b2a6c1e-3f0d-4e7c-8a59-2c4b1d6e9f22"},
        ),
        (
            {"managed_identity": True, "certificate_path": None, "certificate_password": None, "client_id": None},
            {"ManagedIdentity": True},
        ),
    ],
)
def test_how_the_module_signs_in(bench: Bench, options: dict[str, Any], expected: dict[str, Any]) -> None:
    connect = from_options(bench.options(**options)).installation.connect
    assert {name: connect[name] for name in expected} == expected
    assert ("AppId" in connect) == ("managed_identity" not in options)
    assert ("ManagedIdentityAccountId" in connect) == ("ManagedIdentityAccountId" in expected)


def test_the_environment_of_the_process(bench: Bench, running_laboratory: Any) -> None:
    ca_file = running_laboratory.environment()["EXCHANGE_ONLINE_CA_FILE"]
    environment = from_options(bench.options(ca_file=ca_file, proxy="http://proxy:8080")).installation.environment
    assert (environment["SSL_CERT_FILE"], environment["HTTPS_PROXY"]) == (ca_file, "http://proxy:8080")


def test_no_variable_of_ours_reaches_the_process(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    options = [*(option for system in CONNECTIONS.values() for option in system["options"].values())]
    names = {spec["fallback"][1][0] for spec in [*options, *REMOTE_CREDENTIAL["options"].values()]}
    for name in names:
        monkeypatch.setenv(name, "ours")
    assert names & set(from_options(bench.options()).installation.environment) == set()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"interface": "wmi"}, "exchange_online.interface: 'wmi' is not known"),
        ({"tenant_id": "0f5d5f5b-4d0c-4a53-9c37-7f2d0b9a7e11"}, "exchange_online.tenant_id: '0f5d5f5b"),
        ({"client_secret": "x"}, "exchange_online.client_secret: has no effect with interface: powershell"),
        ({"access_token": "x"}, "exchange_online.access_token: has no effect"),
        ({"base_url": "https://x"}, "exchange_online.base_url: has no effect"),
        ({"certificate_path": None}, "exchange_online: certificate_path and managed_identity are both missing"),
        ({"managed_identity": True}, "exchange_online: certificate_path and managed_identity are set together"),
        ({"certificate_password": "wrong"}, "exchange_online.certificate_path: "),
        ({"client_id": None}, "exchange_online.client_id: is missing"),
        ({"pwsh_path": "no-such-pwsh"}, "exchange_online.pwsh_path: 'no-such-pwsh' is not a program"),
        ({"validate_certs": False}, "exchange_online.validate_certs: 'False' cannot be false"),
        ({"interface": "rest", "certificate_password": None}, "exchange_online.pwsh_path: has no effect"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_started(
    bench: Bench, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        from_options(bench.options(**options))
    assert caught.value.message.startswith(sentence)
    assert bench.events() == []


def test_a_pem_file_is_refused(bench: Bench, running_laboratory: Any) -> None:
    pem = str(running_laboratory.certificate_path)
    with pytest.raises(InputError, match="openssl pkcs12 -export"):
        from_options(bench.options(certificate_path=pem, certificate_password=None))
