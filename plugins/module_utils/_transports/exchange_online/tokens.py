# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Access tokens for Exchange Online: one small class per way to authenticate, over azure-identity."""

from __future__ import annotations

import base64
import binascii
import datetime
import math
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.loggers import keep_quiet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    ENVIRONMENT,
    IMPORTS,
    ConnectionOptions,
    diagnose_network,
    is_a_gateways,
    missing_library,
    page_in_the_cloud,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.origins import Origin, origin
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import (
    Busy,
    Retry,
    seconds_asked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    ConnectionFailure,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import read_json
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import http

# Renewed this many seconds before it expires, so that a token does not run out between two pages.
EXPIRY_MARGIN = 300
# The year 9999, in seconds since the epoch: no token is for longer.
LATEST = 253_402_300_800
# The application that Exchange Online is in every tenant (facts: exchange-online-rest.md section 2).
EXCHANGE_ONLINE_APPLICATION = "00000002-0000-0ff1-ce00-000000000000"

_ENTRA_ERRORS: dict[str, tuple[str, str, str]] = {
    "7000222": (
        "client_secret_expired",
        "the client secret has expired",
        "Create a new client secret for the application, or use a certificate.",
    ),
    "7000215": ("authentication_failed", "the client secret is wrong", "Set the secret's value, not its identifier."),
    "700016": (
        "unknown_application",
        "the tenant has no such application",
        "Correct client_id, or grant the application the consent of the tenant's administrator.",
    ),
    "700027": (
        "certificate_not_registered",
        "the certificate is not registered with the application, or has expired",
        "Upload the certificate's public part to the application.",
    ),
    "700024": (
        "authentication_failed",
        "the assertion is not valid at this time",
        "Synchronise the clock of the host that runs the module.",
    ),
    "700213": (
        "authentication_failed",
        "no federated credential of the application matches the token",
        "Compare issuer, subject and audience of the federated credential.",
    ),
    "90002": ("unknown_tenant", "there is no such tenant", "Correct tenant_id."),
    "900023": ("unknown_tenant", "the tenant's name is not valid", "Correct tenant_id."),
    "900021": ("unknown_tenant", "the tenant's identifier is not valid", "Correct tenant_id."),
    "500011": (
        "wrong_audience",
        "the tenant does not know Exchange Online under this address",
        "Correct environment or resource.",
    ),
    "7000112": ("application_disabled", "the application is disabled", "Enable the application in the tenant."),
    "53003": ("authentication_failed", "Conditional Access blocks the application", "Ask the tenant's administrator."),
}


# A tenant of another cloud is referred to the hosts of that cloud.
LOGIN_HOSTS = (
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
)
# Seconds that a sign-in service has to begin its answer.
CONNECT_TIMEOUT, READ_TIMEOUT = 30, 60
# What gives out the tokens of managed identities, unless the environment names something else.
METADATA_SERVICE = "http://169.254.169.254"
METADATA_VARIABLES = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")


_WORTH_A_RETRY = frozenset(("throttled", "gateway_answer", "connection_lost"))
# What azure-core and msal raise for an answer that they cannot read.
_NOT_JSON = frozenset(("DecodeError", "JSONDecodeError"))


@dataclass(frozen=True)
class Token:
    """A bearer token, its expiry as seconds since the epoch, and the claims that it carries (not verified)."""

    text: str = field(repr=False)
    expires_on: float
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass
class Heard:
    """What the sign-in service last answered, which azure-identity does not hand on: it is 0 before any answer."""

    status: int = 0
    retry_after: float | None = None

    def note(self, response: Any, *_arguments: Any, **_options: Any) -> None:
        """Note an answer, as a hook of requests."""
        self.status, self.retry_after = response.status_code, seconds_asked(response.headers)


@dataclass(frozen=True)
class Issuer:
    """Who issues tokens, and how it is reached. ``verification`` is what requests calls verify."""

    tenant_id: str
    client_id: str
    authority: str
    resource: str
    verification: bool | str = True
    proxy: str = field(default="", repr=False)
    heard: Heard = field(default_factory=Heard, repr=False)

    @property
    def scope(self) -> str:
        return f"{self.resource.rstrip('/')}/.default"

    def transport_arguments(self) -> dict[str, Any]:
        """Return what every azure-identity credential that talks to Entra ID takes."""
        arguments: dict[str, Any] = {
            "authority": self.authority,
            "connection_verify": self.verification,
            # Instance discovery would ask Microsoft's public cloud about every authority.
            "disable_instance_discovery": True,
            # TokenCache tries again: azure-core would wait for whatever an answer asks for.
            "retry_total": 0,
            "transport": _transport(self.authority, self, self._is_own),
        }
        return arguments

    def _is_own(self, place: Origin) -> bool:
        """Tell whether a secret may be sent to a place: to the authority, and from one of Microsoft's to another."""
        known = {Origin("https", host, 443) for host in LOGIN_HOSTS}
        authority = origin(self.authority)
        return place == authority or (authority in known and place in known)


class Authentication(Protocol):
    """One way to authenticate. ``option`` is the option that chooses it."""

    option: str

    def validate(self) -> None:
        """Check what can be checked without the network. Raises InputError."""

    def authenticate(self, issuer: Issuer, claims: str | None) -> Token:
        """Ask for a new token; ``claims`` is a challenge to pass on. Raises what azure-identity raises."""


def _transport(url: str, issuer: Issuer, own: Callable[[Origin], bool]) -> Any:
    """Return what azure-core sends requests with: its own follows what it is told, for as long as it takes."""
    from azure.core.pipeline.transport import RequestsTransport

    limits = http.Limits(READ_TIMEOUT, own)
    session = http.own_session(url, issuer.verification, issuer.proxy, limits, environment=True)
    session.hooks["response"].append(issuer.heard.note)
    return RequestsTransport(
        session=session,
        connection_verify=session.verify,
        connection_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
    )


def _from_credential(credential: Any, issuer: Issuer, claims: str | None) -> Token:
    keep_quiet()
    with credential:
        token = credential.get_token(issuer.scope, **({"claims": claims} if claims else {}))
    return Token(token.token, float(token.expires_on), read_claims(token.token))


class ClientSecret:
    option = "client_secret"

    def __init__(self, given: ConnectionOptions) -> None:
        self._secret = given.text("client_secret")

    def validate(self) -> None:
        """Nothing about a secret shows before Entra ID has seen it."""

    def authenticate(self, issuer: Issuer, claims: str | None) -> Token:
        with IMPORTS:
            from azure.identity import ClientSecretCredential

            credential = ClientSecretCredential(
                issuer.tenant_id, issuer.client_id, self._secret, **issuer.transport_arguments()
            )
        return _from_credential(credential, issuer, claims)


class Certificate:
    option = "certificate_path"

    def __init__(self, given: ConnectionOptions) -> None:
        self._given = given
        self._path = given.file("certificate_path") or ""
        self._password = given.text("certificate_password").encode("utf-8") or None

    def validate(self) -> None:
        """Load the PEM or PFX file: certificate and private key must be in it, and the certificate be valid now."""
        data = self._read()
        try:
            with IMPORTS:
                from cryptography import x509
                from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
        except ImportError as error:
            raise missing_library("cryptography", error) from None
        try:
            if b"-----BEGIN" in data:
                load_pem_private_key(data, self._password)
                certificate: x509.Certificate | None = x509.load_pem_x509_certificate(data)
            else:
                key, certificate, _others = pkcs12.load_key_and_certificates(data, self._password)
                certificate = certificate if key else None
        except (ValueError, TypeError):
            certificate = None
        if certificate is None:
            raise self._refusal(
                "has no certificate with a private key that certificate_password opens",
                "Use a PEM file with both, or a PFX file, and its password in certificate_password.",
            )
        if certificate.not_valid_after_utc < datetime.datetime.now(datetime.timezone.utc):
            raise self._refusal(
                f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}",
                "Register a new certificate for the application and set its file.",
            )

    def authenticate(self, issuer: Issuer, claims: str | None) -> Token:
        with IMPORTS:
            from azure.identity import CertificateCredential

            credential = CertificateCredential(
                issuer.tenant_id,
                issuer.client_id,
                certificate_data=self._read(),
                password=self._password,
                **issuer.transport_arguments(),
            )
        return _from_credential(credential, issuer, claims)

    def _read(self) -> bytes:
        try:
            with open(self._path, "rb") as stream:
                return stream.read()
        except OSError as error:
            raise self._refusal(f"cannot be read ({type(error).__name__})", "Specify a readable file.") from None

    def _refusal(self, problem: str, remedy: str) -> InputError:
        return self._given.option_error("certificate_path", problem, remedy, self._path)


class ManagedIdentity:
    """The identity of the Azure machine that runs the module; ``client_id`` chooses a user-assigned one."""

    option = "managed_identity"

    def __init__(self, given: ConnectionOptions) -> None:
        self._client_id = given.text("client_id") or None

    def validate(self) -> None:
        """Whether there is a managed identity is known to the machine's metadata service alone."""

    def authenticate(self, issuer: Issuer, claims: str | None) -> Token:
        with IMPORTS:
            from azure.identity import ManagedIdentityCredential

            place = next(filter(None, map(os.environ.get, METADATA_VARIABLES)), METADATA_SERVICE)
            transport = _transport(place, replace(issuer, verification=True, proxy=""), lambda _place: True)
            credential = ManagedIdentityCredential(client_id=self._client_id, transport=transport)
        return _from_credential(credential, issuer, claims)


class FederatedToken:
    """Workload identity: a token file that a cluster or a pipeline renews."""

    option = "federated_token_file"

    def __init__(self, given: ConnectionOptions) -> None:
        self._path = given.file("federated_token_file") or ""

    def validate(self) -> None:
        """The file exists, as the option was read; its content is renewed by others and read each time."""

    def authenticate(self, issuer: Issuer, claims: str | None) -> Token:
        with IMPORTS:
            from azure.identity import WorkloadIdentityCredential

            credential = WorkloadIdentityCredential(
                tenant_id=issuer.tenant_id,
                client_id=issuer.client_id,
                token_file_path=self._path,
                **issuer.transport_arguments(),
            )
        return _from_credential(credential, issuer, claims)


class GivenToken:
    """A token that somebody else obtained; it cannot be renewed."""

    option = "access_token"

    def __init__(self, given: ConnectionOptions, resource: str, now: Callable[[], float] = time.time) -> None:
        self._given = given
        self._resource = resource
        self._now = now
        self._text = given.text("access_token").strip()

    def validate(self) -> None:
        """Check expiry and audience, where the token can be read."""
        claims = read_claims(self._text)
        if expiry(claims) <= self._now():
            raise self._given.option_error("access_token", "has expired", "Obtain a new token.")
        audience = claims.get("aud")
        if audience is not None and str(audience).rstrip("/") not in (
            self._resource.rstrip("/"),
            EXCHANGE_ONLINE_APPLICATION,
        ):
            raise self._given.option_error(
                "access_token",
                f"is issued for {audience}, not for Exchange Online",
                f"Obtain a token for {self._resource}/.default.",
            )

    def authenticate(self, issuer: Issuer, claims: str | None) -> Token:
        carried = read_claims(self._text)
        return Token(self._text, expiry(carried), carried)


WAYS = ("access_token", "certificate_path", "client_secret", "federated_token_file", "managed_identity")


def choose(given: ConnectionOptions, resource: str) -> Authentication:
    """Return the one way to authenticate that the options configure, validated offline. Raises InputError."""
    chosen = [way for way in WAYS if (given.flag(way, False) if way == "managed_identity" else given.has(way))]
    if len(chosen) != 1:
        problem = f"are set together: {', '.join(chosen)}" if chosen else "are all missing"
        also = f" {ENVIRONMENT}" if chosen else ""
        remedy = f"Specify exactly one of {', '.join(WAYS)}.{also}"
        raise InputError(given.owner, None, f"the options to authenticate {problem}", remedy)
    if given.has("certificate_password") and chosen != ["certificate_path"]:
        raise given.option_error("certificate_password", "is set without certificate_path", "Leave it out.")
    authentication: Authentication
    if chosen == ["access_token"]:
        authentication = GivenToken(given, resource)
    elif chosen == ["certificate_path"]:
        authentication = Certificate(given)
    elif chosen == ["client_secret"]:
        authentication = ClientSecret(given)
    elif chosen == ["federated_token_file"]:
        authentication = FederatedToken(given)
    else:
        authentication = ManagedIdentity(given)
    authentication.validate()
    return authentication


class TokenCache:
    """The token of one tenant, shared by all sessions and threads. ``now`` is seconds since the epoch."""

    def __init__(
        self,
        authentication: Authentication,
        issuer: Issuer,
        now: Callable[[], float] = time.time,
        retry: Retry | None = None,
    ) -> None:
        self.retry = retry or Retry()
        self._authentication = authentication
        self._issuer = issuer
        self._now = now
        self._lock = threading.Lock()
        self._token: Token | None = None

    @property
    def renewable(self) -> bool:
        return self._authentication.option != GivenToken.option

    def token(self) -> Token:
        """Return a valid token. Raises ConnectionFailure when none is issued."""
        with self._lock:
            current = self._token
            if current is None or (self.renewable and current.expires_on - self._now() < EXPIRY_MARGIN):
                current = self._token = self._ask(None)
            return current

    def renewed(self, refused: Token, claims: str | None) -> Token:
        """Return another token than the one that was refused; only the first of several threads asks for it."""
        with self._lock:
            if self._token is None or self._token.text == refused.text:
                self._token = self._ask(claims)
            return self._token

    def _ask(self, claims: str | None) -> Token:
        return self.retry.call(lambda: self._ask_once(claims), _worth_asking_again)

    def _ask_once(self, claims: str | None) -> Token:
        self._issuer.heard.status = 0
        try:
            return self._authentication.authenticate(self._issuer, claims)
        except ImportError as error:
            raise missing_library("azure-identity", error) from None
        except InputError:
            raise
        except Exception as error:
            # From None: frames of azure-identity hold the secret.
            raise _explain(error, self._issuer) from None


def _worth_asking_again(error: HybridError) -> bool:
    return error.retryable and error.code in _WORTH_A_RETRY and not error.timed_out


def explain_entra_error(text: str, client_id: str, tenant_id: str) -> ConnectionFailure | None:
    """Return what the first AADSTS number in a text means, or None where there is none."""
    number = re.search(r"AADSTS(\d+)", text)
    if number is None:
        return None
    unknown = ("authentication_failed", "", "Look the number up in Microsoft's list of AADSTS errors.")
    code, problem, remedy = _ENTRA_ERRORS.get(number[1], unknown)
    suffix = f": {problem}" if problem else ""
    who = f"application '{client_id}' in tenant '{tenant_id}'"
    return ConnectionFailure(f"Entra ID refused {who}{suffix} (AADSTS{number[1]}).", code=code, remedy=remedy)


def _explain(error: Exception, issuer: Issuer) -> ConnectionFailure:
    """Return Entra ID's refusal as one sentence with its AADSTS number; its own text may quote what was sent."""
    chain = list(_chain(error))
    refusal = explain_entra_error(" ".join(str(link) for link in chain), issuer.client_id, issuer.tenant_id)
    if refusal is not None:
        return refusal
    who = f"application '{issuer.client_id}' in tenant '{issuer.tenant_id}'"
    for cause in chain:
        network = diagnose_network(cause, f"Entra ID at {issuer.authority}", "exchange_online.ca_file")
        if network is not None:
            failure = ConnectionFailure(
                network.message, code=network.code, remedy=network.remedy, retryable=network.retryable
            )
            failure.timed_out = network.timed_out
            return failure
    not_now = _answered_for_now(chain, issuer)
    if not_now is not None:
        return not_now
    if type(error).__name__ == "CredentialUnavailableError":
        return ConnectionFailure(
            "This host has no managed identity.",
            code="authentication_failed",
            remedy="Run the module on a host to which Azure assigns one, or authenticate in another way.",
        )
    return ConnectionFailure(
        f"No token for {who} ({type(error).__name__}).",
        code="authentication_failed",
        remedy="Check tenant_id, client_id, authority and the authentication options.",
    )


def _answered_for_now(chain: Sequence[Exception], issuer: Issuer) -> ConnectionFailure | None:
    """Return the failure of an answer that says nothing about the application, or None where it may.

    It is told by its status, whatever its body; and a success that is no JSON is not Entra ID's.
    """
    heard, where = issuer.heard, f"Entra ID at {issuer.authority}"
    if heard.status in (408, 429, 503):
        return Busy(
            f"{where} is too busy (HTTP {heard.status}).", remedy="Run again later.", retry_after=heard.retry_after
        )
    not_json = heard.status == 200 and any(type(link).__name__ in _NOT_JSON for link in chain)
    if not_json or is_a_gateways(heard.status) or heard.status >= 500:
        return page_in_the_cloud(where, None, heard.status, "", heard.retry_after)
    return None


def _chain(error: Exception) -> Iterator[Exception]:
    """Yield an exception and what it came from, however azure-core, msal or Python noted it."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop(0)
        if isinstance(link, Exception) and id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [getattr(link, "inner_exception", None), link.__cause__, link.__context__]


def expiry(claims: Mapping[str, Any]) -> float:
    """Return when a token expires, in seconds since the epoch; never, where it says no number."""
    told = claims.get("exp")
    return float(told) if isinstance(told, (int, float)) and abs(told) < LATEST else math.inf


def read_claims(token: str) -> Mapping[str, Any]:
    """Return the claims of a JSON Web Token without verifying it, or nothing when it is opaque."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = read_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
