# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only ``transport: winrm`` has: the second hop, its options, its shell; the rest is in test_both_transports."""

from __future__ import annotations

import base64
import itertools
import json
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.winrm import (
    ManagementShellSession,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.windows_shell import (
    Server,
    WindowsShell,
)

from lab.answer import Answer
from lab.laboratory import Laboratory
from lab.wire import wsman
from lab.wire.authentication import Listener
from lab.wire.powershell_dialogue import Script

READ = Cmdlet("Get-MailUser", {"Identity": "ann"})
WRITE = Cmdlet("Set-MailUser", {"Identity": "ann", "EmailAddressPolicyEnabled": False})
ACCOUNT = {"host": "ex01.contoso.com", "transport": "winrm", "username": "svc@CONTOSO.COM", "password": "corr3ct"}


def options_of(laboratory: Any, **more: Any) -> dict[str, Any]:
    environment = laboratory.environment()
    return {
        "transport": "winrm", "host": "localhost", "port": laboratory.port("management_shell"), "auth": "basic",
        "username": environment["EXCHANGE_SERVER_USERNAME"], "password": environment["EXCHANGE_SERVER_PASSWORD"],
        "ca_file": environment["EXCHANGE_SERVER_CA_FILE"], **more,
    }  # fmt: skip


@pytest.fixture
def organization(scripted: Any, patience: Any) -> Any:
    yield replace(from_options(options_of(scripted)), retry=patience.retry)
    assert scripted.open_sessions()["exchange_server"] == 0


def failure_of(work: Callable[[], object]) -> HybridError:
    with pytest.raises(HybridError) as caught:
        work()
    return caught.value


def test_a_session_is_one_shell_and_each_process_signs_in(scripted: Any, organization: Any) -> None:
    session = organization.open()
    for _again in range(2):
        session.run(READ)
    assert scripted.open_sessions()["exchange_server"] == 1
    session.close()
    calls = [call.cmdlet for call in scripted.hybrid.exchange_server.calls]
    assert calls == ["Set-ADServerSettings", "Get-MailUser"] * 2


def test_without_a_password_the_second_hop_fails_and_is_explained(scripted: Any, organization: Any) -> None:
    """Signed in by another way than the password, as with a ticket cache: nothing can go along."""
    session = organization.open()
    session._server = replace(organization.server, password=None)
    error = failure_of(lambda: session.run(WRITE))
    session.close()
    assert (error.code, error.answer_lost) == ("authentication_failed", False)
    assert "second hop" in error.remedy
    assert "kerberos_delegation" in error.remedy
    assert scripted.hybrid.exchange_server.calls == []


@pytest.mark.parametrize(
    ("message", "kind", "code", "retryable"),
    [
        ("NoExchange", "RuntimeException", "wrong_endpoint", False),
        (
            "Fail to create a runspace because you have exceeded the maximum number of connections allowed : 18",
            "PSRemotingTransportException", "throttled", True,
        ),
        ("File Import.psm1 cannot be loaded.", "PSSecurityException", "powershell_restricted", False),
        ("Something else.", "RuntimeException", "unexpected_answer", False),
    ],
)  # fmt: skip
def test_a_management_shell_that_does_not_open(
    organization: Any, monkeypatch: pytest.MonkeyPatch, patience: Any,
    message: str, kind: str, code: str, retryable: bool,
) -> None:
    line = base64.b64encode(json.dumps({
        "cmdlet": "", "objects": [], "warnings": [], "errors": [{"message": message, "type": kind}]}).encode())
    monkeypatch.setattr(Script, "line", lambda _script: line + b"\r\n")
    session = organization.open()
    error = failure_of(lambda: session.run(WRITE))
    session.close()
    assert (error.code, error.retryable, error.answer_lost) == (code, retryable, False)
    # A write that was surely not begun waits for a free session.
    assert len(patience.waited) == (5 if retryable else 0)


def test_the_server_is_asked_for_utf_8(scripted: Any) -> None:
    """In the server's own code page the letters of a complaint would be lost."""
    asked: dict[str, Any] = {}

    class Asked(Server):
        def connect(self) -> Any:
            protocol = super().connect()
            connected, protocol.open_shell = protocol.open_shell, lambda **more: connected(**asked.setdefault("", more))
            return protocol

    server = from_options(options_of(scripted)).server
    shell = WindowsShell(Asked(**{field.name: getattr(server, field.name) for field in fields(server)}), None)
    shell.open(READ)
    shell.end()
    assert asked[""]["codepage"] == 65001


def test_large_input_comes_in_pieces(scripted: Any, organization: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    send = wsman._send

    def note(shell: Any, envelope: Any) -> str:
        sizes.append(len(envelope.body.findtext("rsp:Send/rsp:Stream", "", wsman.NAMESPACES)))
        return send(shell, envelope)

    monkeypatch.setattr(wsman, "_send", note)
    session = organization.open()
    session.run(Cmdlet("New-Something", {"Text": "x" * 400_000}))
    session.close()
    assert len(sizes) == 5
    assert max(sizes) < 150_000


def test_an_idle_session_is_renewed_before_a_write(scripted: Any, organization: Any) -> None:
    now = [0.0]
    session = ManagementShellSession(organization.server, None, organization.retry, clock=lambda: now[0])
    opened: list[bool] = []
    for moment in (0.0, 80.0, 200.0):
        now[0] = moment
        opened.append(bool(session._shell._shell) and moment - 90 > 80)
        session.run(WRITE)
        assert scripted.open_sessions()["exchange_server"] == 1
    session.close()
    assert opened == [False, False, True]


@pytest.mark.parametrize("cmdlet", [READ, WRITE])
def test_a_cmdlet_without_an_end_is_left_and_not_tried_again(scripted: Any, patience: Any, cmdlet: Cmdlet) -> None:
    """pywinrm itself would ask for the answer for ever."""

    def hang(call: Any) -> Answer:
        scripted.faults.wait(30)
        return Answer()

    scripted.hybrid.exchange_server.answers[cmdlet.name] = hang
    server = from_options(options_of(scripted, operation_timeout=1, cmdlet_timeout=870)).server
    seconds = itertools.count(0, 400)
    session = ManagementShellSession(server, None, patience.retry, clock=lambda: float(next(seconds)))
    error = failure_of(lambda: session.run(cmdlet))
    assert (error.code, error.answer_lost, error.retryable) == ("connection_lost", cmdlet is WRITE, True)
    assert "no complete answer within 870 seconds" in error.message
    assert patience.waited == []
    assert scripted.open_sessions()["exchange_server"] == 0
    session.close()


def test_an_interrupted_session_is_deleted_on_the_server(scripted: Any, organization: Any) -> None:
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


@pytest.fixture
def encrypting(scripted: Any, tmp_path: Path) -> Iterator[Laboratory]:
    listener = Listener(("NTLM",), tls=False)
    with Laboratory(scripted.hybrid, tmp_path / "ntlm", listeners={"management_shell": listener}) as laboratory:
        yield laboratory


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pywinrm's own dependencies
def test_ntlm_without_tls_encrypts_every_message(encrypting: Laboratory) -> None:
    session = from_options(options_of(encrypting, auth="ntlm", use_tls=False, ca_file=None)).open()
    text = "ü" * 200_000
    session.run(Cmdlet("New-Something", {"Text": text}))
    session.close()
    assert encrypting.hybrid.exchange_server.named("New-Something")[0].parameters == {"Text": text}
    assert encrypting.open_sessions()["exchange_server"] == 0


def test_the_password_is_in_the_input_alone(scripted: Any, organization: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[tuple[str, bytes]] = []
    dispatch = wsman.WsmanEndpoint._dispatch

    def note(endpoint: Any, envelope: Any) -> str:
        text = "".join(envelope.body.itertext())
        if envelope.verb == "Command":
            text += base64.b64decode(text.split()[-1]).decode("utf-16-le")
        bodies.append((envelope.verb, base64.b64decode(text) if envelope.verb == "Send" else text.encode()))
        return dispatch(endpoint, envelope)

    monkeypatch.setattr(wsman.WsmanEndpoint, "_dispatch", note)
    session = organization.open()
    session.run(READ)
    session.close()
    password = organization.server.password
    # Escaped, behind the JSON: see dialogue.request_line.
    sent = "".join(f"\\u{ord(character):04x}" for character in password).encode()
    assert [verb for verb, body in bodies if sent in body.partition(b"\t")[2]] == ["Send"]
    assert [verb for verb, body in bodies if password.encode() in body or sent in body.partition(b"\t")[0]] == []
    assert password not in repr(organization)
    assert password not in str(scripted.log.entries())


def test_defaults() -> None:
    organization = from_options(ACCOUNT)
    server = organization.server
    assert (server.authentication, server.endpoint) == ("kerberos", "https://ex01.contoso.com:5986/wsman")
    assert organization.tickets is not None
    assert (organization.system, organization.host, organization.concurrency) == ("exchange_server", server.host, 4)
    assert from_options({**ACCOUNT, "port": 5985}).server.endpoint == "http://ex01.contoso.com:5985/wsman"
    assert from_options({**ACCOUNT, "use_tls": False}).server.port == 5985
    assert from_options({**ACCOUNT, "username": None, "password": None}).tickets is None


def test_a_certificate_opens_the_shell_and_the_account_opens_exchange(scripted: Any) -> None:
    path = str(scripted.certificate_path)
    certificate = {"auth": "certificate", "certificate_path": path, "certificate_key_path": path}
    server = from_options({**ACCOUNT, **certificate}).server
    assert (server.certificate, server.certificate_key, server.username) == (path, path, "svc@CONTOSO.COM")
    with pytest.raises(InputError, match="has no rights in Exchange"):
        from_options({**ACCOUNT, **certificate, "username": None, "password": None})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"transport": "ssh"}, "exchange_server.transport: 'ssh' is not known"),
        ({"host": None}, "exchange_server.host: is missing"),
        ({"auth": "negotiate"}, "exchange_server.auth: 'negotiate' is not known"),
        ({"auth": "basic", "port": 5985}, "exchange_server.use_tls: 'False' is needed by auth: basic"),
        ({"auth": "certificate"}, "exchange_server.certificate_path: is missing"),
        ({"auth": "ntlm", "password": None}, "exchange_server.password: is missing"),
        ({"username": "CONTOSO\\svc"}, "exchange_server.username: 'CONTOSO\\svc' is not in the form user@REALM"),
        ({"cmdlet_timeout": 0}, "exchange_server.cmdlet_timeout: '0' is out of range"),
        ({"operation_timeout": 30, "read_timeout": 30}, "exchange_server.read_timeout: '30' must be longer"),
        ({"domain_controller": ["dc01"]}, "exchange_server.domain_controller: 'dc01' is not a fully qualified"),
        ({"transport": "psrp", "kerberos_delegation": True}, "exchange_server.kerberos_delegation: has no effect"),
        ({"transport": "psrp", "auth": "certificate"}, "exchange_server.auth: 'certificate' is not known"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_contacted(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        from_options({**ACCOUNT, **options})
    assert caught.value.message.startswith(sentence)


def test_another_service_and_another_ca(scripted: Any) -> None:
    elsewhere = from_options(options_of(scripted, port=scripted.port("exchange_server"))).open()
    assert failure_of(lambda: elsewhere.run(READ)).code == "wrong_endpoint"
    elsewhere.close()
    unknown = from_options(options_of(scripted, ca_file=None)).open()
    error = failure_of(lambda: unknown.run(READ))
    unknown.close()
    assert "exchange_server.ca_file" in error.remedy
