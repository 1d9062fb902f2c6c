# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laboratory's OpenID issuer: applications with their credentials, and the access tokens signed for them."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lab.certificates import throw_away_key

RESOURCE = "https://outlook.office365.com"
GRAPH = "https://graph.microsoft.com"
ROLE = "Exchange.ManageAsApp"
LIFETIME_SECONDS = 3600


class SignInError(Exception):
    """Why no token is issued. ``number`` is the AADSTS number, ``error`` OAuth's code for it."""

    def __init__(self, number: int, error: str, status: int, text: str) -> None:
        super().__init__(text)
        self.number = number
        self.error = error
        self.status = status
        self.text = text


class InvalidToken(Exception):
    """Why an access token is refused; ``claims`` asks for a challenge with claims."""

    def __init__(self, reason: str, *, claims: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.claims = claims


# Everything that the collection asks Microsoft Graph for; tests take some of it away.
GRAPH_ROLES = (
    "User.Read.All", "OnPremDirectorySynchronization.Read.All", "RoleEligibilitySchedule.Read.Directory",
    "User-OnPremisesSyncBehavior.ReadWrite.All", "Application.Read.All", "Synchronization.Read.All",
)  # fmt: skip


@dataclass(frozen=True)
class FederatedCredential:
    """Whose tokens stand for the application: another issuer's, for one subject."""

    issuer: str
    subject: str
    public_key: rsa.RSAPublicKey
    audience: str = "api://AzureADTokenExchange"


@dataclass
class Application:
    """One app registration: its secrets (``expired_secrets`` are the past ones), certificates, federated tokens."""

    client_id: str
    secrets: list[str] = field(default_factory=list, repr=False)
    expired_secrets: list[str] = field(default_factory=list, repr=False)
    certificates: list[x509.Certificate] = field(default_factory=list)
    federated: list[FederatedCredential] = field(default_factory=list)
    roles: list[str] = field(default_factory=lambda: [ROLE])
    graph_roles: list[str] = field(default_factory=lambda: list(GRAPH_ROLES))

    def check_secret(self, secret: str) -> None:
        """Raises SignInError."""
        if any(hmac.compare_digest(secret.encode(), known.encode()) for known in self.secrets):
            return
        if any(hmac.compare_digest(secret.encode(), known.encode()) for known in self.expired_secrets):
            raise SignInError(
                7000222,
                "invalid_client",
                401,
                f"The provided client secret keys for app '{self.client_id}' are expired. Visit the Azure portal to "
                "create new keys for your app, or consider using certificate credentials for added security.",
            )
        raise SignInError(
            7000215,
            "invalid_client",
            401,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{self.client_id}'.",
        )

    def check_assertion(self, assertion: str, audience: str) -> None:
        """Verify a certificate's assertion (RFC 7523), or a federated issuer's token. Raises SignInError."""
        claimed = _unverified(assertion)
        if claimed.get("iss") != self.client_id and self.federated:
            self._check_federated(assertion, claimed)
            return
        certificate = self._certificate(assertion)
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise _bad_assertion(700027, "The certificate's key is not an RSA key.")
        try:
            jwt.decode(
                assertion,
                key,
                algorithms=["RS256", "PS256"],
                audience=audience,
                issuer=self.client_id,
                subject=self.client_id,
                options={"require": ["exp", "aud", "iss", "sub", "jti"]},
            )
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
            raise _bad_assertion(700024, "Client assertion is not within its valid time range.") from None
        except jwt.InvalidAudienceError:
            raise _bad_assertion(
                700023, f"Client assertion audience claim does not match Realm issuer. Expected '{audience}'."
            ) from None
        except jwt.InvalidTokenError:
            raise _bad_assertion(700027, "Client assertion failed signature validation.") from None

    def _check_federated(self, token: str, claimed: dict[str, Any]) -> None:
        for known in self.federated:
            if (known.issuer, known.subject) != (claimed.get("iss"), claimed.get("sub")):
                continue
            try:
                jwt.decode(token, known.public_key, algorithms=["RS256"], audience=known.audience)
            except jwt.ExpiredSignatureError:
                raise _bad_assertion(700024, "Client assertion is not within its valid time range.") from None
            except jwt.InvalidTokenError:
                raise _bad_assertion(700027, "Client assertion failed signature validation.") from None
            return
        raise _bad_assertion(
            700213,
            f"No matching federated identity record found for presented assertion subject '{claimed.get('sub')}'.",
        )

    def _certificate(self, assertion: str) -> x509.Certificate:
        try:
            header = jwt.get_unverified_header(assertion)
        except jwt.InvalidTokenError:
            raise _bad_assertion(50027, "JWT token is invalid or malformed.") from None
        # msal leaves base64's padding on, which RFC 7515 takes off.
        sha1, sha256 = (str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256"))
        for certificate in self.certificates:
            if sha1 == _thumbprint(certificate, hashes.SHA1()) or sha256 == _thumbprint(certificate, hashes.SHA256()):
                return certificate
        raise _bad_assertion(
            700027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        )


def _unverified(assertion: str) -> dict[str, Any]:
    try:
        return dict(jwt.decode(assertion, options={"verify_signature": False}))
    except jwt.InvalidTokenError:
        return {}


def _bad_assertion(number: int, text: str) -> SignInError:
    return SignInError(number, "invalid_client", 401, text)


def _thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).decode().rstrip("=")


class TokenIssuer:
    """Issues and verifies access tokens. ``now`` is real time in seconds: clients reckon a token's life with it."""

    def __init__(self, tenant_id: str, now: Callable[[], float]) -> None:
        self.tenant_id = tenant_id
        self.issuer = f"https://sts.windows.net/{tenant_id}/"
        self.applications: dict[str, Application] = {}
        # The claims that each request for a token handed in: the answer to a challenge.
        self.asked_claims: list[str] = []
        self.now = now
        self._lock = threading.Lock()
        self._revoked: set[str] = set()
        self._seen: dict[tuple[str, str], dict[str, Any]] = {}  # claims by token and audience
        self._key = throw_away_key("access tokens")
        public = self._key.public_key()
        self._public = public
        encoded = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self._key_id = base64.urlsafe_b64encode(hashlib.sha256(encoded).digest()[:20]).decode().rstrip("=")

    def register(self, application: Application) -> None:
        self.applications[application.client_id.lower()] = application

    def application(self, client_id: str) -> Application:
        """Return an app registration. Raises SignInError."""
        known = self.applications.get(client_id.lower())
        if known is None:
            raise SignInError(
                700016,
                "unauthorized_client",
                400,
                f"Application with identifier '{client_id}' was not found in the directory '{self.tenant_id}'. This "
                "can happen if the application has not been installed by the administrator of the tenant or consented "
                "to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
            )
        return known

    def issue(self, application: Application, *, audience: str = RESOURCE, lifetime: int = LIFETIME_SECONDS) -> str:
        now = int(self.now())
        claims = {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + lifetime,
            "appid": application.client_id,
            "tid": self.tenant_id,
            "roles": application.graph_roles if audience == GRAPH else application.roles,
            "idtyp": "app",
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def verify(self, token: str, audience: str = RESOURCE) -> dict[str, Any]:
        """Return the claims of an access token for that audience. Raises InvalidToken."""
        claims = dict(self._signed(token, audience))
        if claims["exp"] <= self.now():
            raise InvalidToken("The token has expired.")
        with self._lock:
            if claims["uti"] in self._revoked:
                raise InvalidToken("The token was revoked.", claims=True)
        return claims

    def _signed(self, token: str, audience: str) -> dict[str, Any]:
        """Return the claims of a token that this issuer signed: the signature of each is looked at once."""
        with self._lock:
            known = self._seen.get((token, audience))
        if known is not None:
            return known
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                audience=audience,
                issuer=self.issuer,
                # The expiry is checked below, against this issuer's own clock.
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as problem:
            raise InvalidToken(f"The token is not accepted: {problem}") from None
        with self._lock:
            self._seen[token, audience] = claims
        return claims

    def revoke(self, claims: dict[str, Any]) -> None:
        """Refuse a token from now on, as continuous access evaluation does."""
        with self._lock:
            self._revoked.add(str(claims["uti"]))

    def claims_challenge(self) -> str:
        """Return the ``claims`` value that a client has to hand in for its next token."""
        since = datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc)
        claims = f'{{"access_token":{{"nbf":{{"essential":true,"value":"{int(since.timestamp())}"}}}}}}'
        return base64.b64encode(claims.encode()).decode()

    def key_set(self) -> dict[str, Any]:
        numbers = self._public.public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "kid": self._key_id,
                    "n": _base64url(numbers.n),
                    "e": _base64url(numbers.e),
                }
            ]
        }


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")
