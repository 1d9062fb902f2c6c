# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import ConnectionOptions
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.organization import (
    from_options,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.tokens import (
    EXPIRY_MARGIN,
    GivenToken,
    Issuer,
    Token,
    TokenCache,
    read_claims,
)

from lab.certificates import create_certificates

ISSUER = Issuer("contoso.com", "application", "https://login.example", "https://outlook.office365.com")
READ = Cmdlet("Get-Mailbox", {"Identity": "a"})


def options_of(laboratory: Any, **more: Any) -> dict[str, Any]:
    environment = laboratory.environment()
    names = ("tenant_id", "client_id", "client_secret", "base_url", "authority", "ca_file")
    return {**{name: environment[f"EXCHANGE_ONLINE_{name.upper()}"] for name in names}, **more}


class Counter:
    """An Authentication that numbers its tokens; each lives for an hour of the injected clock."""

    option = "client_secret"

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str | None] = []

    def validate(self) -> None:
        """Nothing to check."""

    def authenticate(self, issuer: Issuer, claims: str | None) -> Token:
        self.asked.append(claims)
        return Token(f"token {len(self.asked)}", self.now + 3600)


def test_a_token_is_shared_and_renewed_before_it_expires() -> None:
    counter = Counter()
    cache = TokenCache(counter, ISSUER, now=lambda: counter.now)
    threads = [threading.Thread(target=cache.token) for _unused in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.token().text == "token 1"
    counter.now = 3600 - EXPIRY_MARGIN
    assert cache.token().text == "token 1"
    counter.now += 1
    assert cache.token().text == "token 2"


def test_a_refused_token_is_replaced_once_for_all() -> None:
    counter = Counter()
    cache = TokenCache(counter, ISSUER, now=lambda: counter.now)
    refused = cache.token()
    assert cache.renewed(refused, '{"access_token":{}}').text == "token 2"
    assert cache.renewed(refused, None).text == "token 2"
    assert counter.asked == [None, '{"access_token":{}}']


def test_a_token_never_shows() -> None:
    assert "secret" not in repr(Token("secret", 1.0, {"oid": "secret"}))


@pytest.mark.parametrize("text", ["", "a.b", "a.!!!.c", "a." + base64.b64encode(b"[1]").decode() + ".c"])
def test_opaque_tokens_have_no_claims(text: str) -> None:
    assert read_claims(text) == {}


def test_claims_are_read() -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"tid": "x"}).encode()).decode().rstrip("=")
    assert read_claims(f"a.{payload}.c") == {"tid": "x"}


@pytest.mark.parametrize("told", ["soon", ["1"], {}, None, 1e300, -1e300, "NaN"])
def test_an_expiry_that_is_no_time_is_none(told: Any) -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"exp": told}).encode()).decode().rstrip("=")
    given = GivenToken(ConnectionOptions("exchange_online", {"access_token": f"a.{payload}.c"}), "https://outlook")
    given.validate()
    assert given.authenticate(ISSUER, None).expires_on == float("inf")


def test_claims_that_are_nested_without_an_end_are_none() -> None:
    assert read_claims(f"a.{base64.urlsafe_b64encode(b'[' * 90_000).decode()}.c") == {}


def test_a_certificate_signs_in(scripted: Any) -> None:
    path = str(scripted.certificate_path)
    session = from_options(options_of(scripted, client_secret=None, certificate_path=path)).open()
    assert session.run(READ).objects == []


def test_a_given_token_is_used_as_it_is(scripted: Any) -> None:
    token = scripted.issuer.issue(scripted.application)
    session = from_options(options_of(scripted, client_secret=None, access_token=token)).open()
    assert session.run(READ).objects == []
    scripted.faults.add("exchange_online", "Get-Mailbox", "expire_token")
    with pytest.raises(HybridError) as caught:
        session.run(READ)
    assert caught.value.code == "authentication_failed"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"client_secret": "wr0ng-secret"}, "authentication_failed"),
        ({"client_id": "11111111-2222-3333-4444-555555555555"}, "unknown_application"),
        ({"tenant_id": "fabrikam.com"}, "unknown_tenant"),
        ({"resource": "https://vault.azure.net"}, "wrong_audience"),
        ({"authority": "https://localhost:1"}, "unreachable"),
    ],
)
def test_refusals_by_entra_id_are_told_apart(
    scripted: Any, caplog: pytest.LogCaptureFixture, options: dict[str, Any], code: str
) -> None:
    caplog.set_level(logging.DEBUG)
    given = options_of(scripted, **options)
    with pytest.raises(HybridError) as caught:
        from_options(given).open().run(READ)
    assert caught.value.code == code
    assert caught.value.remedy
    assert caught.value.__suppress_context__
    assert given["client_secret"] not in caught.value.message


def test_an_expired_secret_has_a_code_of_its_own(scripted: Any) -> None:
    scripted.application.expired_secrets.append("old-secret")
    with pytest.raises(HybridError) as caught:
        from_options(options_of(scripted, client_secret="old-secret")).open().run(READ)
    assert caught.value.code == "client_secret_expired"
    assert "old-secret" not in caught.value.message


def test_a_certificate_that_nobody_registered(scripted: Any, tmp_path: Path) -> None:
    strange = create_certificates(tmp_path).application_file
    with pytest.raises(HybridError) as caught:
        from_options(options_of(scripted, client_secret=None, certificate_path=str(strange))).open().run(READ)
    assert caught.value.code == "certificate_not_registered"


def test_an_authority_with_another_ca(scripted: Any, tmp_path: Path) -> None:
    strange = create_certificates(tmp_path).ca_file
    with pytest.raises(HybridError) as caught:
        from_options(options_of(scripted, ca_file=str(strange))).open().run(READ)
    assert (caught.value.code, caught.value.answer_lost) == ("certificate_not_trusted", False)
