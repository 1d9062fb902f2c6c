# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing in with the unmodified azure-identity, and by hand where it would never send such a request."""

from __future__ import annotations

import base64
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from lab.certificates import application_certificate
from lab.laboratory import Laboratory

SCOPE = "https://outlook.office365.com/.default"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def options(laboratory: Laboratory) -> dict[str, Any]:
    return {
        "authority": f"https://localhost:{laboratory.port('sign_in')}",
        "disable_instance_discovery": True,
        "connection_verify": str(laboratory.directory / "ca.pem"),
        "retry_total": 0,
    }


def sign_in(laboratory: Laboratory, secret: str, *, client_id: str = "", tenant: str = "", scope: str = SCOPE) -> str:
    known = laboratory.hybrid.exchange_online_application
    with ClientSecretCredential(
        tenant or known.tenant_id, client_id or known.client_id, secret, **options(laboratory)
    ) as credential:
        return credential.get_token(scope).token


def sign_in_with_certificate(laboratory: Laboratory, path: Path) -> str:
    known = laboratory.hybrid.exchange_online_application
    with CertificateCredential(known.tenant_id, known.client_id, str(path), **options(laboratory)) as credential:
        return credential.get_token(SCOPE).token


def test_a_secret_gives_a_token_that_the_admin_api_takes(laboratory: Laboratory, rest: Any) -> None:
    rest.token = sign_in(laboratory, laboratory.client_secret)
    assert rest.invoke("Get-Mailbox").status_code == 200
    claims = jwt.decode(rest.token, options={"verify_signature": False})
    known = laboratory.hybrid.exchange_online_application
    assert (claims["tid"], claims["appid"]) == (known.tenant_id, known.client_id)
    assert claims["roles"] == ["Exchange.ManageAsApp"]
    assert claims["aud"] == "https://outlook.office365.com"
    assert laboratory.log.entries()[0]["user"] == known.client_id


def test_a_certificate_gives_a_token_that_the_admin_api_takes(laboratory: Laboratory, rest: Any) -> None:
    rest.token = sign_in_with_certificate(laboratory, laboratory.certificate_path)
    assert rest.invoke("Get-Mailbox").status_code == 200


def test_a_certificate_that_is_not_registered(laboratory: Laboratory, tmp_path: Path) -> None:
    _unused, pem = application_certificate("somebody else")
    (tmp_path / "other.pem").write_bytes(pem)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        sign_in_with_certificate(laboratory, tmp_path / "other.pem")


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"secret": "wrong"}, "AADSTS7000215"),
        ({"secret": "last year's"}, "AADSTS7000222"),
        ({"client_id": "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee"}, "AADSTS700016"),
        ({"tenant": "99999999-2222-3333-4444-555555555555"}, "AADSTS90002|99999999"),
        ({"scope": "https://vault.azure.net/.default"}, "AADSTS500011"),
        ({"scope": "https://outlook.office365.com/Mail.Read"}, "AADSTS1002012"),
    ],
)
def test_refusals_are_told_apart(laboratory: Laboratory, changes: dict[str, str], number: str) -> None:
    laboratory.application.expired_secrets.append("last year's")
    with pytest.raises(ClientAuthenticationError, match=number):
        sign_in(laboratory, **{"secret": laboratory.client_secret, **changes})


class TestByHand:
    def post(self, laboratory: Laboratory, **form: str) -> requests.Response:
        known = laboratory.hybrid.exchange_online_application
        url = f"https://localhost:{laboratory.port('sign_in')}/{known.tenant_id}/oauth2/v2.0/token"
        common = {"grant_type": "client_credentials", "client_id": known.client_id, "scope": SCOPE}
        ca_file = str(laboratory.directory / "ca.pem")
        return requests.post(url, data={**common, **form}, verify=ca_file, timeout=10)

    def assertion(
        self, laboratory: Laboratory, *, thumbprint: str = "x5t", algorithm: str = "RS256", **changes: Any
    ) -> str:
        known = laboratory.hybrid.exchange_online_application
        now = time.time()
        claims = {
            "aud": f"https://localhost:{laboratory.port('sign_in')}/{known.tenant_id}/oauth2/v2.0/token",
            "iss": known.client_id,
            "sub": known.client_id,
            "jti": str(uuid.uuid4()),
            "nbf": now - 10,
            "exp": now + 300,
        }
        certificate = laboratory.application.certificates[0]
        digest = hashes.SHA1() if thumbprint == "x5t" else hashes.SHA256()
        value = base64.urlsafe_b64encode(certificate.fingerprint(digest)).decode().rstrip("=")
        key = load_pem_private_key(laboratory.certificate_path.read_bytes(), None)
        claims = {name: claim for name, claim in {**claims, **changes}.items() if claim is not None}
        return jwt.encode(claims, key, algorithm=algorithm, headers={thumbprint: value})

    def post_assertion(self, laboratory: Laboratory, assertion: str) -> requests.Response:
        return self.post(laboratory, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion)

    @pytest.mark.parametrize("thumbprint", ["x5t", "x5t#S256"])
    @pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
    def test_both_algorithms_and_thumbprints(self, laboratory: Laboratory, thumbprint: str, algorithm: str) -> None:
        answer = self.post_assertion(laboratory, self.assertion(laboratory, thumbprint=thumbprint, algorithm=algorithm))
        assert answer.status_code == 200
        assert answer.json()["token_type"] == "Bearer"

    @pytest.mark.parametrize(
        ("changes", "number"),
        [
            ({"exp": 1.0}, 700024),
            ({"nbf": time.time() + 3600}, 700024),
            ({"aud": "https://login.microsoftonline.com/common"}, 700023),
            ({"iss": "somebody"}, 700027),
            ({"sub": "somebody"}, 700027),
            ({"jti": None}, 700027),
            ({"algorithm": "RS384"}, 700027),
        ],
    )
    def test_assertions_are_verified(self, laboratory: Laboratory, changes: dict[str, Any], number: int) -> None:
        answer = self.post_assertion(laboratory, self.assertion(laboratory, **changes))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.json()["error_codes"] == [number]

    def test_a_forged_signature(self, laboratory: Laboratory) -> None:
        head, body, signature = self.assertion(laboratory).split(".")
        forged = f"{head}.{body}.{signature[:-8]}AAAAAAAA"
        assert self.post_assertion(laboratory, forged).json()["error_codes"] == [700027]
        assert self.post_assertion(laboratory, "nonsense").json()["error_codes"] == [50027]

    def test_a_wrong_secret_is_a_401_in_the_documented_shape(self, laboratory: Laboratory) -> None:
        answer = self.post(laboratory, client_secret="wrong")
        document = answer.json()
        assert (answer.status_code, document["error"], document["error_codes"]) == (401, "invalid_client", [7000215])
        assert document["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")
        assert {"timestamp", "trace_id", "correlation_id"} <= set(document)

    def test_other_grants_and_missing_credentials(self, laboratory: Laboratory) -> None:
        assert self.post(laboratory, grant_type="password").json()["error"] == "unsupported_grant_type"
        assert self.post(laboratory).json()["error_codes"] == [7000218]

    def test_the_key_set_verifies_a_token(self, laboratory: Laboratory) -> None:
        known = laboratory.hybrid.exchange_online_application
        base = f"https://localhost:{laboratory.port('sign_in')}/{known.tenant_id}"
        ca_file = str(laboratory.directory / "ca.pem")
        discovery = requests.get(f"{base}/v2.0/.well-known/openid-configuration", verify=ca_file, timeout=10).json()
        assert discovery["token_endpoint"] == f"{base}/oauth2/v2.0/token"
        key_set = jwt.PyJWKSet.from_dict(requests.get(discovery["jwks_uri"], verify=ca_file, timeout=10).json())
        token = self.post(laboratory, client_secret=laboratory.client_secret).json()["access_token"]
        key = key_set[jwt.get_unverified_header(token)["kid"]]
        assert jwt.decode(token, key, audience="https://outlook.office365.com")["idtyp"] == "app"
        assert requests.get(f"{base}/nothing", verify=ca_file, timeout=10).status_code == 404
