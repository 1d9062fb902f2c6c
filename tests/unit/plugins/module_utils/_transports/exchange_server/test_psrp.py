# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import re
import signal
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet, Credential
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import CmdletError, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server import psrp
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    ExchangeServerOrganization,
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.psrp import (
    RemotePowerShellSession,
)

from lab.answer import Answer, Collection, Enumeration, LabObject
from lab.certificates import create_certificates
from lab.laboratory import Laboratory
from lab.wire.http_server import HttpServer, Request, Response
from lab.wire.remote_powershell import Limits
from tests.unit.plugins.module_utils.conftest import ScriptedHybrid

NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
READ = Cmdlet("Get-MailUser", {"Identity": "ann"})
WRITE = Cmdlet("Set-MailUser", {"Identity": "ann", "EmailAddressPolicyEnabled": False})
USER = LabObject(
    ("Microsoft.Exchange.Data.Directory.Management.MailUser", "System.Object"),
    {
        "RecipientTypeDetails": Enumeration("X.RecipientTypeDetails", "MailUser", 128),
        "EmailAddresses": Collection(["SMTP:ann@contoso.com"], "Microsoft.Exchange.Data.ProxyAddressCollection"),
        "Guid": uuid.UUID("99aeac02-0000-0000-0000-000000000000"),
    },
    "contoso.com/Users/Ann",
)


def options_of(laboratory: Any, **more: Any) -> dict[str, Any]:
    environment = laboratory.environment()
    return {
        "host": "localhost", "port": laboratory.port("exchange_server"), "auth": "basic",
        "username": environment["EXCHANGE_SERVER_USERNAME"], "password": environment["EXCHANGE_SERVER_PASSWORD"],
        "ca_file": environment["EXCHANGE_SERVER_CA_FILE"], **more,
    }


@pytest.fixture
def organization(scripted: Any, patience: Any) -> Any:
    yield replace(from_options(options_of(scripted)), retry=patience.retry)
    assert scripted.open_sessions()["exchange_server"] == 0


@pytest.fixture
def session(organization: ExchangeServerOrganization) -> Any:
    session = organization.open()
    yield session
    session.close()


def failure_of(work: Callable[[], object]) -> HybridError:
    with pytest.raises(HybridError) as caught:
        work()
    return caught.value


def test_objects_and_warnings(scripted: Any, session: RemotePowerShellSession) -> None:
    scripted.hybrid.exchange_server.answer("Get-MailUser", USER, warnings=("careful",))
    output = session.run(READ)
    assert output.objects[0] == {
        **output.objects[0], "RecipientTypeDetails": "MailUser", "EmailAddresses": ["SMTP:ann@contoso.com"],
        "Guid": "99aeac02-0000-0000-0000-000000000000"}
    assert output.warnings == ["careful"]


def test_what_nobody_looks_at_is_counted_and_not_decoded(
    scripted: Any, session: RemotePowerShellSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.hybrid.exchange_server.answer("Set-MailUser", USER, warnings=("The user 'ann' couldn't be found.",))
    monkeypatch.setattr(psrp, "read_object", lambda _xml: pytest.fail("it was decoded"))
    output = session.run(replace(WRITE, output=False))
    assert (output.objects, len(output.warnings)) == ([{}], 1)
    assert scripted.hybrid.exchange_server.named("Set-MailUser")[0].parameters["Confirm"] is False


def test_a_session_sees_the_entire_forest_first(scripted: Any, session: RemotePowerShellSession) -> None:
    session.run(READ)
    session.run(READ)
    calls = scripted.hybrid.exchange_server.calls
    assert [call.cmdlet for call in calls] == ["Set-ADServerSettings", "Get-MailUser", "Get-MailUser"]
    assert calls[0].parameters == {"ViewEntireForest": True}


def test_parameters_arrive_typed(scripted: Any, session: RemotePowerShellSession) -> None:
    session.run(Cmdlet("New-Something", {
        "Text": "O'Neil \"; Remove-Mailbox \n\U0001f600 _x000A_", "Flag": True, "Small": 5, "Large": 2**40,
        "Nothing": None, "List": ["a", "b"], "Empty": [], "Table": {"Add": ["a"], "Remove": "b"}, "Bytes": b"ab",
        "Span": datetime.timedelta(days=1), "When": datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc),
        "Guid": uuid.UUID("99aeac02-0000-0000-0000-000000000000"),
        "Credential": Credential("CONTOSO\\svc-mrs", "Battery-stäple"),
    }))
    received = dict(scripted.hybrid.exchange_server.named("New-Something")[0].parameters)
    credential = received.pop("Credential")
    assert (credential.username, credential.password) == ("CONTOSO\\svc-mrs", "Battery-stäple")
    assert received == {
        "Text": "O'Neil \"; Remove-Mailbox \n\U0001f600 _x000A_", "Flag": True, "Small": 5, "Large": 2**40,
        "Nothing": None, "List": ["a", "b"], "Empty": [], "Table": {"Add": ["a"], "Remove": "b"}, "Bytes": b"ab",
        "Span": "1.00:00:00", "When": "2026-12-01T00:00:00.0000000Z", "Guid": "99aeac02-0000-0000-0000-000000000000",
    }


def test_confirm_and_domain_controller_are_added_where_they_exist(scripted: Any) -> None:
    session = from_options(options_of(scripted, domain_controller="dc01.contoso.com")).open()
    for cmdlet in (READ, WRITE, Cmdlet("New-Something"), READ.with_parameters(DomainController="dc02")):
        session.run(cmdlet)
    session.close()
    received = [call.parameters for call in scripted.hybrid.exchange_server.calls[1:]]
    assert received[0]["DomainController"] == "dc01.contoso.com"
    assert "Confirm" not in received[0]
    assert (received[1]["DomainController"], received[1]["Confirm"]) == ("dc01.contoso.com", False)
    assert received[2] == {}
    assert received[3]["DomainController"] == "dc02"


@pytest.mark.parametrize("terminating", [False, True])
def test_errors_are_exchanges_own(scripted: Any, session: RemotePowerShellSession, terminating: bool) -> None:
    scripted.faults.add(
        "exchange_server", "Get-MailUser", "error", exception_type=NOT_FOUND, terminating=terminating,
        message="The operation couldn't be performed because object 'ann' couldn't be found on 'DC01'.")
    error = failure_of(lambda: session.run(READ))
    assert isinstance(error, CmdletError)
    assert error.not_found
    assert error.exception_type == "ManagementObjectNotFoundException"
    assert "[FailureCategory=Cmdlet-ManagementObjectNotFoundException]" in error.error_id
    assert error.category == "NotSpecified"
    assert session.run(READ).objects == []


def test_a_warning_that_nothing_was_found_is_no_success(scripted: Any, session: RemotePowerShellSession) -> None:
    scripted.hybrid.exchange_server.answer("Get-MailUser", warnings=("The object 'ann' couldn't be found on 'DC'.",))
    scripted.hybrid.exchange_server.answer("Set-MailUser", warnings=("The policy 'x' couldn't be found on 'DC'.",))
    assert failure_of(lambda: session.run(READ)).code == "not_found"
    assert len(session.run(WRITE).warnings) == 1


def test_a_cmdlet_that_the_roles_do_not_grant(session: RemotePowerShellSession) -> None:
    assert failure_of(lambda: session.run(Cmdlet("Get-MailboxDatabase"))).code == "permission_denied"


@pytest.mark.parametrize(
    ("kind", "arguments", "waits"),
    [
        ("throttle", {"retry_after": 0.5}, [pytest.approx(0.6)]), ("drop_before", {}, [1.0]), ("drop_after", {}, [1.0]),
        ("lost_shell", {}, [1.0]),
    ],
)
def test_a_read_gets_over_faults(
    scripted: Any, session: RemotePowerShellSession, patience: Any, kind: str, arguments: dict[str, Any],
    waits: list[float],
) -> None:
    scripted.hybrid.exchange_server.answer("Get-MailUser", USER)
    scripted.faults.add("exchange_server", "Get-MailUser", kind, **arguments)
    assert len(session.run(READ).objects) == 1
    assert patience.waited == waits


@pytest.mark.parametrize(
    ("kind", "code", "answer_lost", "ran"),
    [
        ("throttle", "throttled", False, 0),
        ("lost_shell", "connection_lost", False, 0),
        ("drop_before", "connection_lost", True, 0),
        ("drop_after", "connection_lost", True, 1),
        ("deny", "permission_denied", False, 0),
    ],
)
def test_a_write_is_sent_once(
    scripted: Any, session: RemotePowerShellSession, patience: Any, kind: str, code: str, answer_lost: bool, ran: int
) -> None:
    scripted.faults.add("exchange_server", "Set-MailUser", kind)
    error = failure_of(lambda: session.run(WRITE))
    assert (error.code, error.answer_lost, error.cmdlet) == (code, answer_lost, "Set-MailUser")
    assert len(scripted.hybrid.exchange_server.named("Set-MailUser")) == ran
    assert patience.waited == []
    session.run(WRITE)
    assert len(scripted.hybrid.exchange_server.named("Set-MailUser")) == ran + 1


class Steps:
    """A clock that goes on by ``step`` each time that it is looked at."""

    def __init__(self) -> None:
        self.now, self.step = 0.0, 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_a_cmdlet_that_hangs_is_left_and_may_have_run(tmp_path: Path, patience: Any) -> None:
    # A laboratory of its own: what hangs there runs on for a while.
    with Laboratory(ScriptedHybrid(), tmp_path / "laboratory") as laboratory:
        times = {"operation_timeout": 1, "read_timeout": 30, "idle_timeout": 43200, "cmdlet_timeout": 1150}
        made = from_options(options_of(laboratory, **times))
        clock = Steps()
        session = RemotePowerShellSession(made.endpoint, patience.retry, clock)
        for cmdlet, lost in ((WRITE, True), (READ, False)):
            clock.step = 0.0
            session.run(Cmdlet("Get-Recipient"))
            laboratory.faults.add("exchange_server", cmdlet.name, "latency", seconds=2.5)
            clock.step = 600.0
            error = failure_of(lambda cmdlet=cmdlet: session.run(cmdlet))  # type: ignore[misc]
            assert "gave no complete answer within 1150 seconds" in error.message
            told = (error.code, error.answer_lost, error.timed_out, patience.waited)
            assert told == ("connection_lost", lost, True, [])
        session.close()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "lost_shell"])
def test_a_session_that_does_not_open_at_once_is_opened_again_for_a_write_too(
    scripted: Any, session: RemotePowerShellSession, patience: Any, kind: str
) -> None:
    scripted.faults.add("exchange_server", "Set-ADServerSettings", kind)
    session.run(WRITE)
    assert len(scripted.hybrid.exchange_server.named("Set-MailUser")) == 1
    assert patience.waited == [1.0]


@pytest.mark.parametrize("kind", ["deny"])
def test_a_failure_before_the_write_loses_no_answer(
    scripted: Any, session: RemotePowerShellSession, kind: str
) -> None:
    scripted.faults.add("exchange_server", "Set-ADServerSettings", kind)
    error = failure_of(lambda: session.run(WRITE))
    assert not error.answer_lost
    assert scripted.hybrid.exchange_server.named("Set-MailUser") == []
    session.run(WRITE)
    assert scripted.hybrid.exchange_server.calls[-2].cmdlet == "Set-ADServerSettings"


def test_a_full_server_is_waited_for_even_by_a_write(
    scripted: Any, organization: ExchangeServerOrganization, patience: Any
) -> None:
    others = [organization.open() for _unused in range(18)]
    for other in others:
        other.run(READ)
    late = replace(organization, retry=replace(patience.retry, sleep=lambda _seconds: others[0].close())).open()
    late.run(WRITE)
    assert len(scripted.hybrid.exchange_server.named("Set-MailUser")) == 1
    for open_session in (*others, late):
        open_session.close()


def test_a_session_may_run_more_commands_than_its_shell_keeps(tmp_path: Path) -> None:
    with Laboratory(ScriptedHybrid(), tmp_path / "laboratory", limits=Limits(shells=1, commands=2)) as laboratory:
        session = from_options(options_of(laboratory)).open()
        for _unused in range(5):
            session.run(READ)
        session.close()
        assert len({entry["session"] for entry in laboratory.log.entries()}) == 1


def test_an_idle_session_is_renewed_before_a_write(scripted: Any, organization: ExchangeServerOrganization) -> None:
    now = [0.0]
    session = RemotePowerShellSession(organization.endpoint, organization.retry, clock=lambda: now[0])
    for moment in (0.0, 80.0, 200.0):
        now[0] = moment
        session.run(WRITE)
    session.close()
    assert len(scripted.hybrid.exchange_server.named("Set-ADServerSettings")) == 2


def test_an_interrupted_session_is_deleted_on_the_server(
    scripted: Any, organization: ExchangeServerOrganization
) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def answer(call: Any) -> Answer:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        scripted.faults.wait(2)
        return Answer()

    previous = signal.signal(signal.SIGUSR1, interrupt)
    scripted.hybrid.exchange_server.answers["Get-MailUser"] = answer
    session = organization.open()
    try:
        with pytest.raises(KeyboardInterrupt):
            session.run(READ)
    finally:
        signal.signal(signal.SIGUSR1, previous)
    assert scripted.open_sessions()["exchange_server"] == 0
    session.close()


def test_close_never_raises(scripted: Any) -> None:
    from_options(options_of(scripted)).open().close()
    session = from_options(options_of(scripted)).open()
    session.run(READ)
    scripted.faults.add("exchange_server", "Get-MailUser", "lost_shell")
    session.close()
    session.close()
    assert scripted.open_sessions()["exchange_server"] == 0


def test_a_closed_session_opens_no_other(scripted: Any) -> None:
    """Another thread may still be about to read again, while the module is being stopped."""
    session = from_options(options_of(scripted)).open()
    session.run(READ)
    session.close()
    assert failure_of(lambda: session.run(READ)).code == "connection_lost"
    assert scripted.open_sessions()["exchange_server"] == 0


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        ({"password": "wr0ng-password"}, "authentication_failed", "refused the account"),
        ({"port": 1}, "unreachable", "Nothing answers at"),
        ({"host": "no-such-host.invalid"}, "unreachable", "is not known to DNS"),
        ({"use_tls": False, "allow_unencrypted": True, "ca_file": None}, "connection_lost", "was interrupted"),
    ],
)
def test_connection_mistakes_are_told_apart(
    scripted: Any, patience: Any, options: dict[str, Any], code: str, sentence: str
) -> None:
    session = replace(from_options(options_of(scripted, **options)), retry=patience.retry).open()
    error = failure_of(lambda: session.run(WRITE))
    assert error.code == code
    assert sentence in error.message
    assert "wr0ng" not in error.message
    assert error.remedy
    assert (error.answer_lost, patience.waited) == (False, [])
    session.close()


def test_a_wrong_password_is_sent_once(scripted: Any, tmp_path: Path, patience: Any) -> None:
    requests: list[Request] = []

    def refuse(request: Request) -> Response:
        requests.append(request)
        return Response(401, headers={"WWW-Authenticate": 'Basic realm="ex01"'})

    error = error_of_a_server(refuse, tmp_path, scripted, patience)
    assert (error.code, len(requests)) == ("authentication_failed", 1)


def error_of_a_server(
    application: Callable[[Request], Response], directory: Path, laboratory: Any, patience: Any
) -> HybridError:
    certificates = create_certificates(directory)
    server = HttpServer(application, tls=certificates.server_context)
    server.start()
    options = options_of(laboratory, port=server.port, ca_file=str(certificates.ca_file))
    session = replace(from_options(options), retry=patience.retry).open()
    try:
        return failure_of(lambda: session.run(WRITE))
    finally:
        session.close()
        server.stop()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response(404, b"<html>not found</html>", "text/html"), "wrong_endpoint"),
        (Response(200, b"<html>Outlook</html>", "text/html"), "wrong_endpoint"),
        (Response(200, b"<xml/>", "text/xml"), "wrong_endpoint"),
        (Response(403), "wrong_endpoint"),
        (Response(500, b"oops", "text/plain"), "unexpected_answer"),
    ],
    ids=["404", "HTML", "XML", "403", "500"],
)
def test_what_is_no_exchange_server(
    scripted: Any, tmp_path: Path, patience: Any, answer: Response, code: str
) -> None:
    error = error_of_a_server(lambda _request: answer, tmp_path, scripted, patience)
    assert (error.code, error.answer_lost) == (code, False)


def test_another_service_of_windows_remote_management(scripted: Any) -> None:
    """Microsoft.Exchange at a plain WinRM endpoint: fault 2150858811, or no such path."""
    session = from_options(options_of(scripted, port=scripted.port("entra_connect"))).open()
    assert failure_of(lambda: session.run(READ)).code == "wrong_endpoint"
    session.close()


def test_certificates_that_do_not_fit(scripted: Any, tmp_path: Path) -> None:
    strange = create_certificates(tmp_path).ca_file
    wrong_ca = failure_of(lambda: from_options(options_of(scripted, ca_file=str(strange))).open().run(READ))
    assert wrong_ca.code == "certificate_not_trusted"
    assert "exchange_server.ca_file" in wrong_ca.remedy
    wrong_name = failure_of(lambda: from_options(options_of(scripted, host="127.1")).open().run(READ))
    assert (wrong_name.code, "host name" in wrong_name.message) == ("certificate_wrong_host", True)
    unchecked = from_options(options_of(scripted, host="127.0.0.1", ca_file=None, validate_certs=False)).open()
    assert unchecked.run(READ).objects == []
    unchecked.close()


def test_no_password_in_what_is_raised_or_shown(scripted: Any, patience: Any) -> None:
    organization = from_options(options_of(scripted, password="v3ry-secret"))
    assert "v3ry-secret" not in repr(organization)
    with pytest.raises(HybridError) as caught:
        organization.open().run(READ)
    assert caught.value.__suppress_context__
    assert not re.search("v3ry-secret", f"{caught.value} {caught.value.as_result()}")
