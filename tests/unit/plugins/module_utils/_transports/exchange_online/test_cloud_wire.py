# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways into the cloud, end to end: the real azure-identity and requests against the laboratory's issuer and service."""

from __future__ import annotations

import gc
import json
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.origins import origin
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.organization import (
    ENVIRONMENTS,
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.tokens import (
    TokenCache,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from lab.wire.http_server import HttpServer, Request, Response
from lab.wire.tokens import FederatedCredential
from tests.unit.plugins.module_utils._transports.test_transports import options_of
from tests.unit.plugins.module_utils.proxies import ConnectProxy

READ = Cmdlet("Get-Mailbox", {"ResultSize": "Unlimited"})
WAYS = ("client_secret", "certificate_path", "managed_identity", "federated_token_file", "access_token")


def options(laboratory: Any, **changes: Any) -> dict[str, Any]:
    """Return the laboratory's options with another way to authenticate."""
    given = options_of(laboratory, "EXCHANGE_ONLINE_")
    if any(way in changes for way in WAYS):
        given.pop("client_secret", None)
    return {**given, **changes}


def read(given: dict[str, Any], count: int = 1) -> int:
    """Read all mailboxes over a new session, ``count`` times; return how many there are."""
    session = from_options(given).open()
    try:
        return [len(session.run(READ).objects) for _number in range(count)][-1]
    finally:
        session.close()


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch, laboratory: Any) -> Iterator[None]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    laboratory.issuer.asked_claims.clear()
    yield
    laboratory.faults.clear()
    laboratory.application.federated.clear()


# -- redirects ---------------------------------------------------------------------------------------------------------


def test_a_redirect_to_the_backends_port_is_followed_with_the_token(laboratory: Any) -> None:
    laboratory.faults.add("exchange_online", "Get-Mailbox", "redirect")
    before = len(laboratory.log)
    assert read(options(laboratory), count=2) > 20
    outcomes = [entry["executed"] for entry in laboratory.log.entries(since=before, cmdlet="Get-Mailbox")]
    assert outcomes == [False, True, True]


def test_a_redirected_write_is_run_once(laboratory: Any) -> None:
    laboratory.faults.add("exchange_online", "Set-Mailbox", "redirect")
    session = from_options(options(laboratory)).open()
    before = len(laboratory.log)
    session.run(Cmdlet("Set-Mailbox", {"Identity": "ann.archer@contoso.com", "CustomAttribute1": "x"}))
    session.close()
    assert [entry["executed"] for entry in laboratory.log.writes(before)] == [False, True]


def test_a_redirect_elsewhere_gets_no_token(laboratory: Any) -> None:
    laboratory.faults.add("exchange_online", "Get-Mailbox", "redirect", host="outlook.fabrikam.com")
    with pytest.raises(ConnectionFailure, match=r"outlook\.fabrikam\.com:446, which is not a host of its own"):
        read(options(laboratory))


def test_redirects_without_end_are_given_up(laboratory: Any) -> None:
    laboratory.faults.add("exchange_online", "Get-Mailbox", "redirect", count=None)
    with pytest.raises(ConnectionFailure, match="a chain of redirects"):
        read(options(laboratory))


# -- sovereign clouds --------------------------------------------------------------------------------------------------

# Microsoft's pages on the admin API and on app-only authentication; the audience of China is not verified.
HOSTS = {
    "commercial": ("outlook.office365.com", "login.microsoftonline.com"),
    "gcc_high": ("outlook.office365.us", "login.microsoftonline.us"),
    "dod": ("outlook-dod.office365.us", "login.microsoftonline.us"),
    "china": ("outlook.office365.cn", "login.chinacloudapi.cn"),
}


@pytest.mark.parametrize("environment", list(ENVIRONMENTS))
def test_each_cloud_has_its_hosts_and_each_can_be_overridden(environment: str) -> None:
    given = {"tenant_id": "contoso.com", "client_id": "x", "client_secret": "s", "environment": environment}
    service, login = HOSTS[environment]
    usual = from_options(given)
    assert (usual.tenant.base_url, usual.tokens._issuer.authority) == (f"https://{service}", f"https://{login}")
    assert usual.tenant.vouches_for(origin(f"https://{service}"))
    moved = from_options({**given, "base_url": "https://service.contoso.com", "authority": "https://login.contoso.com"})
    assert (moved.tenant.base_url, moved.tokens._issuer.authority) == (
        "https://service.contoso.com", "https://login.contoso.com",
    )  # fmt: skip
    # The audience stays the cloud's own, and an address of our own vouches for no other host.
    assert moved.tokens._issuer.scope == usual.tokens._issuer.scope
    assert not moved.tenant.vouches_for(origin(f"https://{service}"))
    other = from_options({**given, "resource": "https://audience.contoso.com/"})
    assert other.tokens._issuer.scope == "https://audience.contoso.com/.default"


# -- managed identity --------------------------------------------------------------------------------------------------


class IdentityEndpoint:
    """What App Service offers at IDENTITY_ENDPOINT, with tokens of the laboratory's issuer."""

    def __init__(self, laboratory: Any) -> None:
        self.laboratory = laboratory
        self.asked: list[dict[str, str]] = []
        self.header = "lab-identity-header"

    def __call__(self, request: Request) -> Response:
        if request.headers.get("x-identity-header") != self.header:
            return Response(401, b'{"statusCode":401,"message":"unauthorized"}', "application/json")
        self.asked.append(request.query)
        issuer = self.laboratory.issuer
        token = issuer.issue(self.laboratory.application, audience=request.query["resource"])
        document = {
            "access_token": token, "expires_on": str(int(time.time()) + 3600), "resource": request.query["resource"],
            "token_type": "Bearer",
        }  # fmt: skip
        return Response(200, json.dumps(document).encode(), "application/json")


@pytest.fixture
def identity(laboratory: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    endpoint = IdentityEndpoint(laboratory)
    server = HttpServer(endpoint)
    server.start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.port}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", endpoint.header)
    yield endpoint
    server.stop()


def test_a_managed_identity_signs_in(laboratory: Any, identity: IdentityEndpoint) -> None:
    assert read(options(laboratory, managed_identity=True, client_id=None)) > 20
    assert [asked["resource"] for asked in identity.asked] == ["https://outlook.office365.com"]
    assert "client_id" not in identity.asked[0]


def test_a_user_assigned_identity_is_asked_for_by_its_client_id(laboratory: Any, identity: IdentityEndpoint) -> None:
    assert read(options(laboratory, managed_identity=True)) > 20
    assert identity.asked[0]["client_id"] == laboratory.hybrid.exchange_online_application.client_id


def test_a_refused_managed_identity_is_told(laboratory: Any, identity: IdentityEndpoint) -> None:
    identity.header = "another"
    with pytest.raises(ConnectionFailure) as caught:
        read(options(laboratory, managed_identity=True))
    assert caught.value.code == "authentication_failed"


# -- workload identity federation --------------------------------------------------------------------------------------

ISSUER = "https://token.actions.contoso.com"
SUBJECT = "repo:contoso/offboarding:environment:production"


class Federation:
    """Another issuer, whose tokens the application accepts."""

    def __init__(self, laboratory: Any, path: Path) -> None:
        self.path = path
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        laboratory.application.federated.append(FederatedCredential(ISSUER, SUBJECT, self._key.public_key()))

    def write(self, **changes: Any) -> str:
        expiry = int(time.time()) + 600
        claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "exp": expiry, **changes}
        self.path.write_text(jwt.encode(claims, self._key, algorithm="RS256"), encoding="ascii")
        return str(self.path)


@pytest.fixture
def federation(laboratory: Any, tmp_path: Path) -> Federation:
    return Federation(laboratory, tmp_path / "token")


def test_a_federated_token_signs_in(laboratory: Any, federation: Federation) -> None:
    assert read(options(laboratory, federated_token_file=federation.write())) > 20


@pytest.mark.parametrize(
    ("changes", "number"),
    [({"sub": "repo:fabrikam/other"}, "700213"), ({"exp": 1_000_000_000}, "700024"), ({"aud": "other"}, "700027")],
)
def test_federated_tokens_that_are_refused(
    laboratory: Any, federation: Federation, changes: dict[str, Any], number: str
) -> None:
    with pytest.raises(ConnectionFailure, match=f"AADSTS{number}"):
        read(options(laboratory, federated_token_file=federation.write(**changes)))


def test_a_renewed_token_file_is_read_again(laboratory: Any, federation: Federation) -> None:
    organization = from_options(options(laboratory, federated_token_file=federation.write()))
    first = organization.tokens.token()
    federation.write(sub="repo:fabrikam/other")
    with pytest.raises(ConnectionFailure, match="AADSTS700213"):
        organization.tokens.renewed(first, None)


# -- certificates ------------------------------------------------------------------------------------------------------


def pfx(laboratory: Any, path: Path, password: str) -> str:
    """Write the application's certificate and key as a PFX file."""
    pem = laboratory.certificate_path.read_bytes()
    key: Any = serialization.load_pem_private_key(pem, None)
    certificate = x509.load_pem_x509_certificate(pem)
    encryption = serialization.BestAvailableEncryption(password.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"offboarding", key, certificate, None, encryption))
    return str(path)


def test_a_pfx_file_with_a_password_signs_in(laboratory: Any, tmp_path: Path) -> None:
    path = pfx(laboratory, tmp_path / "application.pfx", "Pfx-pässword")
    assert read(options(laboratory, certificate_path=path, certificate_password="Pfx-pässword")) > 20


def test_a_pem_file_signs_in(laboratory: Any) -> None:
    assert read(options(laboratory, certificate_path=str(laboratory.certificate_path))) > 20


def test_a_wrong_password_of_a_pfx_file_is_told_before_anything_is_contacted(laboratory: Any, tmp_path: Path) -> None:
    path = pfx(laboratory, tmp_path / "application.pfx", "Right")
    with pytest.raises(InputError, match="certificate_password opens"):
        from_options(options(laboratory, certificate_path=path, certificate_password="Wrong"))


# -- renewal -----------------------------------------------------------------------------------------------------------


def test_a_token_is_renewed_before_it_expires(laboratory: Any) -> None:
    organization = from_options(options(laboratory))
    moment = [time.time()]
    organization.tokens = TokenCache(
        organization.tokens._authentication, organization.tokens._issuer, now=lambda: moment[0]
    )
    session = organization.open()
    session.run(READ)
    session.run(READ)
    assert len(laboratory.issuer.asked_claims) == 1
    moment[0] += 3200
    session.run(READ)
    assert len(laboratory.issuer.asked_claims) == 1
    moment[0] += 200
    session.run(READ)
    session.close()
    # A fresh token's life is real time, by which this clock is ahead: so each request now asks again.
    assert len(laboratory.issuer.asked_claims) > 1


def test_a_401_with_claims_gets_a_token_that_answers_them(laboratory: Any) -> None:
    laboratory.faults.add("exchange_online", "Get-Mailbox", "expire_token")
    assert read(options(laboratory)) > 20
    first, second = laboratory.issuer.asked_claims
    assert '"nbf"' not in first
    assert '"nbf"' in second


def test_a_given_token_is_not_renewed(laboratory: Any) -> None:
    token = laboratory.issuer.issue(laboratory.application)
    laboratory.faults.add("exchange_online", "Get-Mailbox", "expire_token")
    with pytest.raises(ConnectionFailure, match="refused the access token"):
        read(options(laboratory, access_token=token))


# -- proxies -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def proxy() -> Iterator[ConnectProxy]:
    running = ConnectProxy()
    yield running
    running.close()


def both(laboratory: Any) -> set[str]:
    return {f"CONNECT localhost:{laboratory.port(name)}" for name in ("sign_in", "exchange_online")}


def test_the_proxy_option_holds_for_sign_in_and_service(laboratory: Any, proxy: ConnectProxy) -> None:
    assert read(options(laboratory, proxy=proxy.url)) > 20
    assert set(proxy.asked) == both(laboratory)


def test_the_proxy_of_the_environment_holds_for_both(
    laboratory: Any, proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    assert read(options(laboratory)) > 20
    assert set(proxy.asked) == both(laboratory)


def test_a_proxy_that_refuses_is_told_apart_from_the_service(laboratory: Any, proxy: ConnectProxy) -> None:
    proxy.refuses = True
    token = laboratory.issuer.issue(laboratory.application)
    organization = from_options(options(laboratory, proxy=proxy.url, access_token=token))
    organization.retry = type(organization.retry)(sleep=lambda seconds: None)
    session = organization.open()
    with pytest.raises(ConnectionFailure, match="proxy") as caught:
        session.run(Cmdlet("New-MoveRequest", {"Identity": "x"}))
    session.close()
    assert caught.value.code == "unreachable"
    # Python 3.10's http.client leaves a refused tunnel's answer open; it must not be found in some later test.
    del caught
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
