# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door of the WSMan services, asked directly by pyspnego's client: no sockets, no shells."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import spnego

from lab.wire.authentication import EXCHANGE_BOUNDARY, WINRM_BOUNDARY, Admitted, Door, Listener, NtlmAccounts
from lab.wire.http_server import Request, Response

BOUNDARIES = pytest.mark.parametrize("boundary", [EXCHANGE_BOUNDARY, WINRM_BOUNDARY])
MIME_TYPE = "application/HTTP-SPNEGO-session-encrypted"


@dataclass(frozen=True)
class Account:
    username: str = "CONTOSO\\svc"
    password: str = "Corr3ct+horse"


@dataclass
class Caller:
    """One connection of a client that signs in by NTLM."""

    door: Door
    password: str = Account.password
    username: str = Account.username
    connection: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = spnego.NegotiateOptions.wrapping_winrm
        self.context = spnego.client(self.username, self.password, protocol="ntlm", options=options)

    def ask(self, body: bytes = b"", **headers: str) -> Admitted | Response:
        return self.door.admit(Request("POST", "/PowerShell", headers, body, self.connection))

    def sign_in(self) -> Response:
        """Exchange tokens until the door says no more; return its last answer."""
        token = self.context.step()
        while True:
            assert token is not None
            answer = self.ask(authorization=f"Negotiate {base64.b64encode(token).decode()}")
            assert isinstance(answer, Response)
            scheme, _unused, told = answer.headers.get("WWW-Authenticate", "").partition(" ")
            if answer.status != 401 or scheme != "Negotiate":
                return answer
            token = self.context.step(base64.b64decode(told))

    def sealed(self, message: bytes, declared: int | None = None) -> bytes:
        wrapped = self.context.wrap_winrm(message)
        length = len(message) if declared is None else declared
        head = (
            f"--Encrypted Boundary\r\n\tContent-Type: {MIME_TYPE}\r\n\tOriginalContent: type=x;Length={length}\r\n"
            "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
        )
        payload = len(wrapped.header).to_bytes(4, "little") + wrapped.header + wrapped.data
        return head.encode() + payload + b"--Encrypted Boundary--\r\n"


@pytest.fixture(autouse=True)
def accounts(tmp_path: Path) -> Iterator[None]:
    known = NtlmAccounts(tmp_path / "accounts", Account())
    known.offer()
    yield
    known.withdraw()
    assert list(tmp_path.iterdir()) == []


def caller(boundary: bytes = WINRM_BOUNDARY, *, tls: bool = False, **who: str) -> Caller:
    return Caller(Door(Listener(("Negotiate", "Basic"), tls=tls), Account(), "WSMAN", boundary), **who)


def test_the_schemes_are_offered_in_their_order() -> None:
    challenge = caller().ask()
    assert isinstance(challenge, Response)
    assert (challenge.status, challenge.headers["WWW-Authenticate"]) == (401, 'Negotiate, Basic realm="WSMAN"')


@BOUNDARIES
def test_messages_are_encrypted_in_both_directions(boundary: bytes) -> None:
    client = caller(boundary)
    assert client.sign_in().status == 200
    content_type = f'multipart/encrypted;protocol="{MIME_TYPE}";boundary="Encrypted Boundary"'
    admitted = client.ask(client.sealed(b"a question"), **{"content-type": content_type})
    assert isinstance(admitted, Admitted)
    assert admitted.body == b"a question"
    reply = admitted.wrap(Response(500, b"an answer", "application/soap+xml"))
    assert (reply.status, reply.content_type) == (500, content_type)
    assert b"an answer" not in reply.body
    assert reply.body.startswith(boundary + b"\r\n")
    assert reply.body.endswith(boundary + b"--\r\n")
    sealed = reply.body.split(b"octet-stream\r\n")[1].removesuffix(boundary + b"--\r\n")
    length = int.from_bytes(sealed[:4], "little")
    assert client.context.unwrap_winrm(sealed[4 : 4 + length], sealed[4 + length :]) == b"an answer"


def test_nothing_passes_in_clear_without_tls() -> None:
    plain, secure = caller(), caller(tls=True)
    for client in (plain, secure):
        assert client.sign_in().status == 200
    refused, admitted = plain.ask(b"<xml/>"), secure.ask(b"<xml/>")
    assert isinstance(refused, Response)
    assert refused.status == 500
    assert isinstance(admitted, Admitted)
    assert admitted.body == b"<xml/>"


@pytest.mark.parametrize("declared", [0, 11])
def test_a_message_that_was_tampered_with_is_refused(declared: int) -> None:
    client = caller()
    client.sign_in()
    answer = client.ask(client.sealed(b"a question", declared), **{"content-type": "multipart/encrypted"})
    assert isinstance(answer, Response)
    assert answer.status == 400


@pytest.mark.parametrize("body", [b"", b"--Encrypted Boundary--\r\n", b"anything"])
def test_what_is_no_encrypted_message(body: bytes) -> None:
    client = caller()
    client.sign_in()
    answer = client.ask(body or b"-", **{"content-type": "multipart/encrypted"})
    assert isinstance(answer, Response)
    assert answer.status == 400


@pytest.mark.parametrize("who", [{"password": "wr0ng"}, {"username": "CONTOSO\\stranger"}])
def test_only_the_account_comes_in(who: dict[str, str]) -> None:
    client = caller(**who)
    assert client.sign_in().status == 401
    answer = client.ask(b"<xml/>")
    assert isinstance(answer, Response)
    assert answer.status == 401


def test_another_connection_signs_in_anew() -> None:
    client = caller(tls=True)
    client.sign_in()
    client.connection = {}
    answer = client.ask(b"<xml/>")
    assert isinstance(answer, Response)
    assert answer.status == 401


@pytest.mark.parametrize("header", ["Kerberos YQ==", "Negotiate !", "Negotiate YQ==", "Digest x", "Basic YTpi"])
def test_what_is_not_offered_or_no_token_is_challenged(header: str) -> None:
    answer = caller().ask(b"<xml/>", authorization=header)
    assert isinstance(answer, Response)
    assert answer.status == 401


def test_a_listener_knows_its_schemes() -> None:
    with pytest.raises(ValueError, match="Digest"):
        Listener(("Digest",))
    account = Account()
    assert Listener().sign_in(account) == ("basic", "CONTOSO\\svc")
    assert Listener(("Negotiate",)).sign_in(account) == ("kerberos", "svc@CONTOSO.COM")
