# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door of a WSMan service: who comes in, by Basic, Kerberos, NTLM, Negotiate or a client certificate, and WinRM's
message encryption.

pyspnego is the acceptor. For Kerberos it takes the keytab that krb5.conf (``default_keytab_name``) or KRB5_KTNAME
names, and any service principal in it, as a service with an alternate service account does.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import spnego
import spnego.exceptions

from lab.certificates import write_private
from lab.wire import basic_auth
from lab.wire.basic_auth import Account
from lab.wire.http_server import CLIENT_CERTIFICATE, Request, Response

# Exchange's virtual directory writes a space where MIME has none (source of pypsrp 0.9.1, encryption.py).
EXCHANGE_BOUNDARY = b"-- Encrypted Boundary"
WINRM_BOUNDARY = b"--Encrypted Boundary"
SCHEMES = ("Basic", "Kerberos", "Negotiate", "NTLM", "Certificate")
# With this a client says that the certificate of the connection is all that it has (MS-WSMV).
_BY_CERTIFICATE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
_MIME_TYPES = {"kerberos": "application/HTTP-Kerberos-session-encrypted"}
_SPNEGO_MIME_TYPE = "application/HTTP-SPNEGO-session-encrypted"
_PAYLOAD = b"\tContent-Type: application/octet-stream\r\n"
_END = re.compile(rb"--\s*Encrypted Boundary--\r\n\Z")
_KERBEROS_OID = bytes.fromhex("2a864886f712010202")
_NTLM_ACCOUNTS = "NTLM_USER_FILE"
_STATE = "signed_in"


@dataclass(frozen=True)
class Listener:
    """How a WSMan service listens.

    ``schemes`` are offered in this order. ``names`` are those that its certificate is made out for, and ``expired``
    certificates ended yesterday. ``realm`` is the Kerberos realm of the organization's account.
    """

    schemes: tuple[str, ...] = ("Basic",)
    tls: bool = True
    names: tuple[str, ...] = ("localhost", "127.0.0.1")
    expired: bool = False
    realm: str = "CONTOSO.COM"

    def __post_init__(self) -> None:
        strange = sorted(set(self.schemes) - set(SCHEMES))
        if strange or not self.schemes:
            raise ValueError(f"unknown schemes {strange}: some of {', '.join(SCHEMES)}")
        if self.takes_certificates and not self.tls:
            raise ValueError("a client shows its certificate over TLS alone")

    @property
    def takes_ntlm(self) -> bool:
        return bool({"NTLM", "Negotiate"} & set(self.schemes))

    @property
    def takes_certificates(self) -> bool:
        return "Certificate" in self.schemes

    def sign_in(self, account: Account) -> tuple[str, str]:
        """Return the collection's ``auth`` and ``username`` for the scheme that is offered first."""
        auth = self.schemes[0].lower()
        if auth not in ("kerberos", "negotiate"):
            return auth, account.username
        return "kerberos", f"{_user(account.username)}@{self.realm}"


@dataclass(frozen=True)
class Admitted:
    """A request from the known account; ``wrap`` turns the answer into what its sender can read."""

    body: bytes
    wrap: Callable[[Response], Response]


@dataclass
class _SignedIn:
    """What a connection remembers: NTLM and Kerberos sign in once per connection."""

    context: Any
    scheme: str


class Door:
    """Lets the one account of an organization in."""

    def __init__(self, listener: Listener, account: Account, realm: str, boundary: bytes) -> None:
        self._listener = listener
        self._account = account
        self._realm = realm
        self._boundary = boundary

    def admit(self, request: Request) -> Admitted | Response:
        """Return the request as its sender meant it, or the answer that lets it wait outside."""
        if self._known_certificate(request):
            return Admitted(request.body, lambda response: response)
        scheme, _unused, encoded = request.headers.get("authorization", "").partition(" ")
        offered = {name.lower() for name in self._listener.schemes}
        if scheme.lower() == "basic" and "basic" in offered:
            if basic_auth.authenticated(request, self._account):
                return Admitted(request.body, lambda response: response)
            return self._challenge()
        if scheme and scheme.lower() in offered:
            return self._step(request, scheme, encoded)
        signed_in = request.connection.get(_STATE)
        if scheme or signed_in is None or not signed_in.context.complete:
            return self._challenge()
        return self._opened(request, signed_in, {})

    def _known_certificate(self, request: Request) -> bool:
        """Tell whether the client's certificate is that of the account, which the lab knows by its mail address."""
        if not self._listener.takes_certificates or request.headers.get("authorization") != _BY_CERTIFICATE:
            return False
        names = (request.connection.get(CLIENT_CERTIFICATE) or {}).get("subjectAltName", ())
        return any(_user(name).lower() == _user(self._account.username).lower() for _kind, name in names)

    def _step(self, request: Request, scheme: str, encoded: str) -> Admitted | Response:
        """Take one token of an exchange."""
        try:
            token = base64.b64decode(encoded, validate=True)
            signed_in = request.connection.get(_STATE)
            if signed_in is None or signed_in.context.complete:
                signed_in = request.connection[_STATE] = _SignedIn(_acceptor(token), scheme)
            answer = signed_in.context.step(token)
        except (binascii.Error, spnego.exceptions.SpnegoError, ValueError):
            request.connection.pop(_STATE, None)
            return self._challenge()
        header = {"WWW-Authenticate": f"{scheme} {base64.b64encode(answer).decode()}" if answer else scheme}
        if not signed_in.context.complete:
            return Response(401, headers=header)
        if _user(signed_in.context.client_principal).lower() != _user(self._account.username).lower():
            request.connection.pop(_STATE, None)
            return self._challenge()
        return self._opened(request, signed_in, header)

    def _opened(self, request: Request, signed_in: _SignedIn, header: dict[str, str]) -> Admitted | Response:
        if not request.body:
            return Response(200, headers=header)
        if request.headers.get("content-type", "").startswith("multipart/encrypted"):
            try:
                body = self._unwrapped(request.body, signed_in)
            except (ValueError, spnego.exceptions.SpnegoError):
                return Response(400)
            return Admitted(body, lambda response: self._wrapped(response, signed_in, header))
        if not self._listener.tls:
            # WinRM's AllowUnencrypted is false by default; how it then answers is invented.
            return Response(500)
        return Admitted(request.body, lambda response: replace(response, headers={**response.headers, **header}))

    def _unwrapped(self, body: bytes, signed_in: _SignedIn) -> bytes:
        """Decrypt a request. Raises ValueError or SpnegoError for what is none."""
        _head, found, payload = body.partition(_PAYLOAD)
        declared = re.search(rb"Length=(\d+)", _head)
        payload, ended = _END.subn(b"", payload)
        if not found or not ended or declared is None:
            raise ValueError("not an encrypted message")
        length = int.from_bytes(payload[:4], "little")
        plain: bytes = signed_in.context.unwrap_winrm(payload[4 : 4 + length], payload[4 + length :])
        if len(plain) != int(declared[1]):
            raise ValueError("not of the length that it says")
        return plain

    def _wrapped(self, response: Response, signed_in: _SignedIn, header: dict[str, str]) -> Response:
        headers = {**response.headers, **header}
        if not response.body:
            return replace(response, headers=headers)
        sealed = signed_in.context.wrap_winrm(response.body)
        mime_type = _MIME_TYPES.get(signed_in.scheme.lower(), _SPNEGO_MIME_TYPE)
        original = f"type={response.content_type};Length={len(response.body) + sealed.padding_length}"
        body = b"".join(
            (
                self._boundary + b"\r\n",
                f"\tContent-Type: {mime_type}\r\n\tOriginalContent: {original}\r\n".encode(),
                self._boundary + b"\r\n" + _PAYLOAD,
                len(sealed.header).to_bytes(4, "little") + sealed.header + sealed.data,
                self._boundary + b"--\r\n",
            )
        )
        content_type = f'multipart/encrypted;protocol="{mime_type}";boundary="Encrypted Boundary"'
        return Response(response.status, body, content_type, headers)

    def _challenge(self) -> Response:
        schemes = [name for name in self._listener.schemes if name != "Certificate"]
        offers = [f'Basic realm="{self._realm}"' if name == "Basic" else name for name in schemes]
        # One header with a list says the same as several headers.
        return Response(401, headers={"WWW-Authenticate": ", ".join(offers), "Server": "Microsoft-IIS/10.0"})


class NtlmAccounts:
    """The file in which pyspnego's NTLM acceptor looks up passwords; its path goes by this process's environment."""

    def __init__(self, path: Path, account: Account) -> None:
        self._path = path
        self._account = account
        self._previous: str | None = None

    def offer(self) -> None:
        domain = self._account.username.rpartition("\\")[0]
        line = f"{domain}:{_user(self._account.username)}:{self._account.password}\n"
        write_private(self._path, line.encode())
        self._previous = os.environ.get(_NTLM_ACCOUNTS)
        os.environ[_NTLM_ACCOUNTS] = str(self._path)

    def withdraw(self) -> None:
        if os.environ.get(_NTLM_ACCOUNTS) == str(self._path):
            del os.environ[_NTLM_ACCOUNTS]
            if self._previous is not None:
                os.environ[_NTLM_ACCOUNTS] = self._previous
        self._path.unlink(missing_ok=True)


def _acceptor(token: bytes) -> Any:
    """Return an acceptor for the mechanism of a first token: clients send bare Kerberos and NTLM as Negotiate too."""
    if token.startswith(b"NTLMSSP\0"):
        protocol = "ntlm"
    else:
        protocol = "kerberos" if _KERBEROS_OID in token[:24] else "negotiate"
    return spnego.server(protocol=protocol, options=spnego.NegotiateOptions.wrapping_winrm)


def _user(name: str | None) -> str:
    r"""Return the account's bare name of ``DOMAIN\user`` or ``user@REALM``."""
    return (name or "").rpartition("\\")[2].partition("@")[0]
