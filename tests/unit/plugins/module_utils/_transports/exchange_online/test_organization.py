# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.organization import (
    from_options,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

BASIC = {"tenant_id": "contoso.onmicrosoft.com", "client_id": "5b2a6c1e-3f0d-4e7c-8a59-2c4b1d6e9f22"}


def jwt(**claims: Any) -> str:
    parts = ({"alg": "none"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".x"


def write_certificate(path: Path, days: int, password: str = "", *, pfx: bool = False) -> str:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "offboarding")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now + datetime.timedelta(days=days)).sign(key, hashes.SHA256()))
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        protection = serialization.BestAvailableEncryption(password.encode())
    if pfx:
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, certificate, None, protection))
    else:
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
            + certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        (None, "outlook.office365.com"), ("gcc_high", "outlook.office365.us"), ("dod", "outlook-dod.office365.us"),
        ("china", "outlook.office365.cn"),
    ],
)
def test_environments(environment: str | None, host: str) -> None:
    organization = from_options({**BASIC, "client_secret": "s", "environment": environment})
    assert (organization.system, organization.host, organization.concurrency) == ("exchange_online", host, 8)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "exchange_online: the options to authenticate are all missing"),
        ({"client_secret": "s", "access_token": "t"}, "are set together: access_token, client_secret"),
        ({"client_secret": "s", "access_token": "t"}, "One of them may be set by an environment variable."),
        ({"client_secret": "s", "tenant_id": None}, "exchange_online.tenant_id: is missing"),
        ({"client_secret": "s", "tenant_id": "a/b"}, "exchange_online.tenant_id: 'a/b' is neither a GUID nor a domain"),
        ({"client_secret": "s", "client_id": None}, "exchange_online.client_id: is missing"),
        ({"client_secret": "s", "client_id": "  "}, "exchange_online.client_id: is blank"),
        ({"client_secret": "s", "base_url": "http://x"}, "exchange_online.base_url: 'http://x' is not an https"),
        ({"client_secret": "s", "environment": "mars"}, "exchange_online.environment: 'mars' is not known"),
        ({"client_secret": "s", "page_size": 2000}, "exchange_online.page_size: '2000' is out of range"),
        ({"client_secret": "s", "ca_file": "/nowhere.pem"}, "exchange_online.ca_file: '/nowhere.pem' is not a file"),
        ({"client_secret": "s", "certificate_password": "p"}, "exchange_online.certificate_password: is set without"),
        ({"certificate_path": "/nowhere.pem"}, "exchange_online.certificate_path: '/nowhere.pem' is not a file"),
        ({"federated_token_file": "/nowhere"}, "exchange_online.federated_token_file: '/nowhere' is not a file"),
        ({"access_token": jwt(exp=1)}, "exchange_online.access_token: has expired"),
        ({"access_token": jwt(aud="https://graph.microsoft.com")}, "is issued for https://graph.microsoft.com"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_contacted(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        from_options({**BASIC, **options})
    assert sentence in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("token", ["opaque", jwt(aud="https://outlook.office365.com", exp=4102444800)])
def test_a_token_that_may_be_good(token: str) -> None:
    assert from_options({"tenant_id": "contoso.com", "access_token": token}).tenant.application == "access_token"


@pytest.mark.parametrize("pfx", [False, True])
@pytest.mark.parametrize("password", ["", "s3cret"])
def test_good_certificates(tmp_path: Path, pfx: bool, password: str) -> None:
    path = write_certificate(tmp_path / "application", 30, password, pfx=pfx)
    organization = from_options({**BASIC, "certificate_path": path, "certificate_password": password or None})
    assert organization.tenant.application == BASIC["client_id"]


@pytest.mark.parametrize(
    ("days", "password", "given_password", "sentence"),
    [
        (-1, "", None, "expired on"),
        (30, "s3cret", "wrong-one", "has no certificate with a private key that certificate_password opens"),
        (30, "s3cret", None, "has no certificate with a private key that certificate_password opens"),
    ],
)
@pytest.mark.parametrize("pfx", [False, True])
def test_bad_certificates(
    tmp_path: Path, days: int, password: str, given_password: str | None, sentence: str, pfx: bool
) -> None:
    path = write_certificate(tmp_path / "application", days, password, pfx=pfx)
    with pytest.raises(InputError) as caught:
        from_options({**BASIC, "certificate_path": path, "certificate_password": given_password})
    assert sentence in caught.value.message
    assert "s3cret" not in caught.value.message
    assert "wrong-one" not in caught.value.message
