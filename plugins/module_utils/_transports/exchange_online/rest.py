# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""The REST interface that Microsoft's Exchange Online module speaks: one cmdlet, one POST to InvokeCommand.

Addresses, headers, paging and limits are those of facts: exchange-online-rest.md sections 1, 3 and 6.
"""

from __future__ import annotations

import base64
import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union
from urllib.parse import urljoin, urlsplit, urlunsplit

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import MOST_PAGES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Credential,
    refuse_unpublished,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import (
    EXCHANGE_ONLINE,
    always_waits,
    ignore_throttling,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    IMPORTS,
    Diagnosis,
    diagnose_network,
    is_a_gateways,
    lost,
    missing_library,
    page_in_the_cloud,
    raise_hidden_not_found,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.origins import (
    Origin,
    origin,
    shown,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import (
    Busy,
    Retry,
    seconds_asked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import http
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import replies
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.encoding import (
    encode_byte_array,
    encode_experimental_credential,
    encode_parameters,
    has_bytes,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.module_file import (
    ModuleFile,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.module_file import (
    read as read_module,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.tokens import (
    Token,
    TokenCache,
)

if TYPE_CHECKING:
    import requests

Outcome = Union[CmdletOutput, HybridError]

# The mailbox that application-only clients anchor to: all requests reach one backend, or a page's cursor is lost.
ANCHOR_MAILBOX = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
BATCH_LIMIT = 10
CONNECT_TIMEOUT = 30
MOST_REDIRECTS = 3
# What such a cmdlet makes it also shows: an answer without an object says nothing of what has become of it.
_SHOWS_WHAT_IT_MAKES = "New-"
# Without -Confirm, the service takes the call for a validation and runs nothing (facts section 4).
TAKES_CONFIRM = cmdlet_table.taking_confirm(EXCHANGE_ONLINE)
_BUSY = frozenset((408, 429, 503))
_WORTH_A_RETRY = frozenset(("throttled", "connection_lost", "gateway_answer", "transient"))
# What one read of several may meet without the others.
_OF_ITS_OWN = frozenset(("permission_denied", "unexpected_answer", "throttled", "gateway_answer", "incomplete_answer"))
_RSA_KEY = re.compile(r"<RSAKeyValue>.*?</RSAKeyValue>", re.DOTALL)
_CLAIMS = re.compile(r'claims="([^"]+)"')


@dataclass(frozen=True)
class Tenant:
    """Where a tenant is served. ``domains`` are those that a redirect may lead to; times in seconds."""

    tenant_id: str
    application: str
    base_url: str
    domains: tuple[str, ...] = ()
    verification: bool | str = True
    proxy: str = field(default="", repr=False)
    page_size: int = 1000
    timeout: int = 960
    experimental_rest_credential: bool = False

    @property
    def where(self) -> str:
        return f"Exchange Online at {urlsplit(self.base_url).netloc}"

    def guid(self, token: Token) -> str:
        """Return the tenant's GUID, which paging needs where tenant_id is a custom domain (facts section 1.2)."""
        return str(token.claims.get("tid") or self.tenant_id)

    def vouches_for(self, place: Origin | None) -> bool:
        """Return whether a bearer token may be sent to ``place``; None is what cannot be read in one way alone."""
        if place is None or place.scheme != "https":
            return False
        return place == origin(self.base_url) or (
            place.port == 443
            and any(place.host == domain or place.host.endswith(f".{domain}") for domain in self.domains)
        )


@dataclass
class PublicKey:
    """Microsoft's key for passwords, read once for all sessions of a tenant."""

    lock: threading.Lock
    xml: str = field(default="", repr=False)


@dataclass(frozen=True)
class HttpReply:
    """A complete HTTP answer; ``raw`` is the body, without its compression."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return replies.read_body(self.raw)

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, which may be fractional, or None."""
        return seconds_asked(self.headers)


class AdminApiSession:
    """Implements Session over HTTPS: one affinity (cookies, anchor, backend) per session."""

    def __init__(self, tenant: Tenant, tokens: TokenCache, public_key: PublicKey, retry: Retry) -> None:
        self._tenant = tenant
        self._tokens = tokens
        self._public_key = public_key
        self._retry = retry
        self.patient: Callable[[], bool] = always_waits
        self.on_throttled: Callable[[], None] = ignore_throttling
        self._http: requests.Session | None = None
        self._ended = False
        self._origin = urlsplit(tenant.base_url)
        self._connection_id = str(uuid.uuid4())

    def run(self, cmdlet: Cmdlet) -> CmdletOutput:
        """Run one cmdlet, with Confirm added where it takes it, and all pages read: see Session.run."""
        body = self._invocation(cmdlet)
        if not cmdlet.is_read:
            return self._write(cmdlet, body)
        try:
            return self._read(cmdlet, body)
        except ConnectionFailure as error:
            if error.code != "cursor_refused":
                raise
        # Some tenants never take a cursor back, whatever is sent along: then everything comes in one answer.
        return self._read(cmdlet, body, paged=False)

    def _write(self, cmdlet: Cmdlet, body: dict[str, Any]) -> CmdletOutput:
        try:
            return self._run_once(cmdlet, body)
        except CmdletError as error:
            # A parameter that cannot be bound: nothing ran.
            if error.exception_type != "ParameterTransformationException" or not has_bytes(cmdlet.parameters):
                raise
        given = {name: value for name, value in cmdlet.parameters.items() if isinstance(value, bytes)}
        body["CmdletInput"]["Parameters"].update({name: encode_byte_array(value) for name, value in given.items()})
        return self._run_once(cmdlet, body)

    def _read(self, cmdlet: Cmdlet, body: dict[str, Any], *, paged: bool = True) -> CmdletOutput:
        return self._retry.call(lambda: self._run_once(cmdlet, body, paged=paged), self._worth_reading_again)

    def run_many(self, cmdlets: Sequence[Cmdlet]) -> list[Outcome]:
        """Run reads, ten to a request; return for each, in order, its output or its error.

        Raises ConnectionFailure only for what concerns them all. Raises ValueError for a write: its answer
        must not depend on its neighbours.
        """
        for cmdlet in cmdlets:
            if not cmdlet.is_read:
                raise ValueError(f"{cmdlet.name} is not a read")
        outcomes: list[Outcome] = []
        for start in range(0, len(cmdlets), BATCH_LIMIT):
            outcomes += self._run_batch(cmdlets[start : start + BATCH_LIMIT])
        return outcomes

    def _worth_reading_again(self, error: HybridError) -> bool:
        if self._ended:
            return False
        if isinstance(error, Busy):
            self.on_throttled()
        return _worth_reading_again(error)

    def close(self) -> None:
        """End the session for good, also while another thread waits for an answer."""
        self._ended = True
        session, self._http = self._http, None
        if session is not None:
            session.close()

    # One cmdlet

    def _invocation(self, cmdlet: Cmdlet) -> dict[str, Any]:
        parameters = encode_parameters(cmdlet.parameters, self._encode_credential)
        if cmdlet.name in TAKES_CONFIRM:
            parameters["Confirm"] = False
        return {"CmdletInput": {"CmdletName": cmdlet.name, "Parameters": parameters}}

    def _run_once(self, cmdlet: Cmdlet, body: dict[str, Any], *, paged: bool = True) -> CmdletOutput:
        url = self._url("adminapi/beta/{tenant}/InvokeCommand")
        request_id = str(uuid.uuid4())
        output = CmdletOutput()
        wanted = cmdlet.parameters.get("ResultSize")
        limit = wanted if isinstance(wanted, int) else None
        seen: set[str] = set()
        while url:
            headers = self._headers(cmdlet.name, request_id)
            if not paged:
                del headers["Prefer"]
            reply = self._post(url, body, headers, cmdlet)
            page = self._page(reply, cmdlet)
            if not paged and limit is None:
                _require_all(page, cmdlet)
            output.objects += page.objects
            # The text about more results is only true for who does not read on.
            output.warnings += [
                text for text in page.warnings if limit is not None or not text.startswith(replies.TRUNCATED)
            ]
            seen.add(url)
            url = page.next_link
            if url in seen or len(seen) >= MOST_PAGES:
                raise replies.unexpected(cmdlet.name, "points to a page that was already read")
            if limit is not None and len(output.objects) >= limit:
                del output.objects[limit:]
                break
        raise_hidden_not_found(cmdlet, output)
        if cmdlet.name.startswith(_SHOWS_WHAT_IT_MAKES) and not output.objects:
            raise self._shows_nothing(cmdlet).failure(cmdlet)
        return output

    def _shows_nothing(self, cmdlet: Cmdlet) -> Diagnosis:
        return Diagnosis(
            "unexpected_answer",
            f"{self._tenant.where} answered {cmdlet.name} without the object that it makes: whether it was made is "
            "not known.",
            "Run again; what was done in the meantime is read first.",
            retryable=True,
            may_have_run=True,
        )

    def _page(self, reply: HttpReply, cmdlet: Cmdlet) -> replies.Page:
        if reply.status == 204:
            # Says itself that there is nothing to show (facts section 5).
            return replies.Page()
        if reply.status == 200:
            if not reply.raw:
                # What a gateway answers in the service's place: what has become of a write is read. For a read it would
                # pass for "there is none".
                raise lost(self._tenant.where, "an empty body").failure(cmdlet)
            body = reply.body
            if body is None and replies.TOO_MANY_REQUESTS.encode() in reply.raw:
                raise self._busy(reply, cmdlet)
            try:
                return replies.read_page(body, cmdlet.name)
            except ConnectionFailure as error:
                error.answer_lost = error.code == "unexpected_answer" and not cmdlet.is_read
                raise
        raise self._refusal(reply, cmdlet)

    # Batches of reads

    def _run_batch(self, cmdlets: Sequence[Cmdlet]) -> list[Outcome]:
        if len(cmdlets) == 1:
            return [self._alone(cmdlets[0])]
        invoke = self._url("adminapi/beta/{tenant}/InvokeCommand")
        requests_ = [
            {
                "id": str(index),
                "method": "POST",
                "url": invoke,
                "body": self._invocation(cmdlet),
                "headers": {
                    **self._headers(cmdlet.name, str(uuid.uuid4())),
                    "Prefer": f"odata.maxpagesize={self._tenant.page_size};odata.continue-on-error",
                },
            }
            for index, cmdlet in enumerate(cmdlets)
        ]
        reply = self._retry.call(
            lambda: self._post_batch({"requests": requests_}, cmdlets[0]), self._worth_reading_again
        )
        answers = _answers_by_id(reply.body)
        return [self._batch_outcome(cmdlet, answers.get(str(index))) for index, cmdlet in enumerate(cmdlets)]

    def _post_batch(self, body: dict[str, Any], first: Cmdlet) -> HttpReply:
        headers = {**self._headers("", str(uuid.uuid4())), "Prefer": "odata.continue-on-error"}
        reply = self._post(self._url("adminapi/beta/{tenant}/$batch"), body, headers, first)
        if reply.status in _BUSY or reply.status in (401, 403) or reply.status >= 500:
            raise self._refusal(reply, first)
        # Any other refusal is about the batch as such: each cmdlet then goes alone.
        return reply

    def _batch_outcome(self, cmdlet: Cmdlet, answer: Mapping[str, Any] | None) -> Outcome:
        """Read one part; what is missing, busy or has further pages is run alone, as Microsoft's module does."""
        status = replies.status_of(answer or {})
        body = (answer or {}).get("body")
        if status not in (200, 204, 400, 404):
            return self._alone(cmdlet)
        try:
            if status >= 400:
                raise replies.read_error(body, cmdlet.name)
            # A read without a body goes alone: it would pass for "there is none".
            page = replies.read_page(body, cmdlet.name)
        except ConnectionFailure:
            return self._alone(cmdlet)
        except CmdletError as error:
            return self._alone(cmdlet) if _worth_reading_again(error) else error
        if page.next_link:
            return self._alone(cmdlet)
        try:
            return raise_hidden_not_found(cmdlet, CmdletOutput(page.objects, page.warnings))
        except HybridError as error:
            return error

    def _alone(self, cmdlet: Cmdlet) -> Outcome:
        try:
            return self.run(cmdlet)
        except CmdletError as error:
            return error
        except ConnectionFailure as error:
            if error.code in _OF_ITS_OWN:
                return error
            raise

    # Credentials

    def _encode_credential(self, credential: Credential) -> dict[str, Any]:
        given = self._tenant.experimental_rest_credential
        refuse_unpublished(credential, {"experimental_rest_credential": given})
        with self._public_key.lock:
            if not self._public_key.xml:
                self._public_key.xml = self._retry.call(self._read_public_key, _worth_reading_again)
        return encode_experimental_credential(credential, self._public_key.xml)

    def module_file(self) -> ModuleFile:
        """Return the PowerShell module that the service generates for this caller: what its roles grant."""
        return self._retry.call(self._read_module_file, _worth_reading_again)

    def _read_public_key(self) -> str:
        """Return the RSAKeyValue inside that module (facts section 4.1)."""
        match = _RSA_KEY.search(self._read_module_file().text)
        if match is None:
            raise replies.unexpected("EXOModuleFile", "has no public key")
        return match.group()

    def _read_module_file(self) -> ModuleFile:
        probe = Cmdlet("Get-EXOModuleFile")
        headers = {
            **self._headers("", str(uuid.uuid4())),
            "CommandName": "*",
            "exomodule-version": "3.9.2",
            "ps-version": "5.1",
            "is-cloud-shell-environment": "False",
            "X-InitializeConnectionContextObjectIdDynamic": "true",
        }
        reply = self._send("GET", self._url("AdminApi/v1.0/{tenant}/EXOModuleFile"), None, headers, probe)
        if reply.status != 200:
            raise self._refusal(reply, probe)
        return read_module(reply.body)

    # HTTP

    def _url(self, path: str) -> str:
        tenant = self._tenant.guid(self._tokens.token())
        prefix = self._origin.path.rstrip("/")
        return urlunsplit((self._origin.scheme, self._origin.netloc, f"{prefix}/{path.format(tenant=tenant)}", "", ""))

    def _headers(self, cmdlet: str, request_id: str) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Charset": "UTF-8",
            "Accept-Encoding": "gzip",
            # Texts of errors and warnings are matched in places.
            "Accept-Language": "en-US",
            "Content-Type": "application/json",
            "Prefer": f"odata.maxpagesize={self._tenant.page_size}",
            "X-AnchorMailbox": f"{ANCHOR_MAILBOX}@{self._tenant.guid(self._tokens.token())}",
            "X-ResponseFormat": "json",
            "X-SerializationLevel": "Partial",
            "WarningAction": "",
            "connection-id": self._connection_id,
            "client-request-id": request_id,
        }
        if cmdlet:
            headers["X-CmdletName"] = cmdlet
        return headers

    def _post(self, url: str, body: dict[str, Any], headers: dict[str, str], cmdlet: Cmdlet) -> HttpReply:
        return self._send("POST", url, body, headers, cmdlet)

    def _send(
        self, method: str, url: str, body: dict[str, Any] | None, headers: dict[str, str], cmdlet: Cmdlet
    ) -> HttpReply:
        """Send one request, renewing the token once on a 401 and following redirects to regional backends.

        Neither sends a write twice: both answers come from before the cmdlet runs. A page of a gateway may not.
        """
        token = self._tokens.token()
        renewed = False
        for _redirect in range(MOST_REDIRECTS + 2):
            self._require_own(url, origin(url), cmdlet)
            reply = self._exchange(method, url, body, {**headers, "Authorization": f"Bearer {token.text}"}, cmdlet)
            self._refuse_page_of_a_gateway(reply, cmdlet)
            if reply.status == 401 and not renewed and self._tokens.renewable:
                token, renewed = self._tokens.renewed(token, _challenge(reply)), True
            elif reply.status in (301, 302, 307, 308) and reply.headers.get("Location"):
                url = self._redirected(urljoin(url, reply.headers["Location"]), cmdlet)
            else:
                return reply
        raise replies.unexpected(cmdlet.name, "is a chain of redirects")

    def _exchange(
        self, method: str, url: str, body: dict[str, Any] | None, headers: dict[str, str], cmdlet: Cmdlet
    ) -> HttpReply:
        try:
            session = self._session()
        except ImportError as error:
            raise missing_library("requests", error) from None
        try:
            with session.request(
                method,
                url,
                json=body,
                headers=headers,
                timeout=(CONNECT_TIMEOUT, self._tenant.timeout),
                allow_redirects=False,
            ) as response:
                return HttpReply(response.status_code, response.headers, response.content)
        except Exception as error:
            diagnosis = diagnose_network(error, self._tenant.where, "exchange_online.ca_file")
            if diagnosis is None:
                raise
            # From None: the request in the exception holds the token.
            raise diagnosis.failure(cmdlet) from None

    def _session(self) -> requests.Session:
        if self._ended:
            raise ConnectionFailure("The session was closed.", code="connection_lost")
        if self._http is None:
            with IMPORTS:
                import requests  # noqa: F401 (what follows needs it, and one thread imports at a time)

            session = http.own_session(
                self._tenant.base_url,
                self._tenant.verification,
                self._tenant.proxy,
                http.Limits(answer=self._tenant.timeout, own=self._tenant.vouches_for, follows=True),
                environment=True,
            )
            session.headers["User-Agent"] = "mailops.exchange_hybrid"
            self._http = session
        return self._http

    def _require_own(self, url: str, place: Origin | None, cmdlet: Cmdlet) -> None:
        if not self._tenant.vouches_for(place):
            raise ConnectionFailure(
                f"Exchange Online pointed to {shown(url)}, which is not a host of its own: no token was sent "
                "there.",
                code="unexpected_answer",
                cmdlet=cmdlet.name,
                remedy="Check base_url, and proxies on the way.",
            )

    def _redirected(self, url: str, cmdlet: Cmdlet) -> str:
        """Return where a redirect really leads, and stay there.

        The backends give their internal port 446, which is not open to the outside (facts section 1.8).
        """
        place, base = origin(url), origin(self._tenant.base_url)
        if place is not None and base is not None and place.port == 446:
            place = place._replace(port=base.port)
        self._require_own(url, place, cmdlet)
        if place is not None:
            url = urlunsplit(urlsplit(url)._replace(netloc=f"{place.host}:{place.port}"))
        self._origin = self._origin._replace(netloc=urlsplit(url).netloc)
        return url

    # What a refusal means

    def _refuse_page_of_a_gateway(self, reply: HttpReply, cmdlet: Cmdlet) -> None:
        """Raise for what something on the way answered: whether the cmdlet runs behind it nobody knows."""
        title = replies.gateway_page(reply.raw)
        if title is not None or is_a_gateways(reply.status):
            raise page_in_the_cloud(self._tenant.where, cmdlet, reply.status, title or "", reply.retry_after)

    def _refusal(self, reply: HttpReply, cmdlet: Cmdlet) -> HybridError:
        body = reply.body
        told = isinstance(body, Mapping) and isinstance(body.get("error"), Mapping)
        plain = "" if told else reply.raw[:2000].decode("utf-8", "replace")
        if reply.status in _BUSY or replies.TOO_MANY_REQUESTS in plain:
            return self._busy(reply, cmdlet)
        if reply.status in (401, 403):
            return self._forbidden(reply, cmdlet)
        if told:
            error = replies.read_error(body, cmdlet.name)
            if replies.EXPIRED_CURSOR in error.message:
                return ConnectionFailure(
                    error.message,
                    code="cursor_refused",
                    retryable=True,
                    cmdlet=cmdlet.name,
                    remedy="Run again; the pages are read from the first one.",
                    answer_lost=not cmdlet.is_read,
                )
            error.answer_lost = reply.status >= 500 and not cmdlet.is_read
            return error
        if reply.status >= 500:
            return page_in_the_cloud(self._tenant.where, cmdlet, reply.status, "", reply.retry_after)
        return replies.unexpected(cmdlet.name, f"is HTTP {reply.status} without a reason")

    def _busy(self, reply: HttpReply, cmdlet: Cmdlet) -> Busy:
        busy = Busy(
            f"{self._tenant.where} is too busy for {cmdlet.name} (HTTP {reply.status}).",
            cmdlet=cmdlet.name,
            remedy="Run again later, or with less concurrency.",
            retry_after=reply.retry_after,
        )
        # 429 is said at the gate; a gateway's 5xx may come while the cmdlet runs.
        busy.answer_lost = reply.status not in (200, 429) and not cmdlet.is_read
        return busy

    def _forbidden(self, reply: HttpReply, cmdlet: Cmdlet) -> ConnectionFailure:
        """Tell the steps apart: 401 without the application permission, 403 without a role (facts section 2).

        The service may say itself that a role is missing, with either status. What it says is always quoted.
        """
        words = replies.own_words(reply.body, reply.headers)
        told = f"(HTTP {reply.status}{f': {words}' if words else ''})"
        if reply.status == 403 or replies.tells_of_roles(words):
            diagnosis = Diagnosis(
                "permission_denied",
                f"Exchange Online does not allow '{self._tenant.application}' to run {cmdlet.name} {told}.",
                "Assign the application's service principal a role that has the cmdlet: see docs/permissions.md.",
            )
        elif not self._tokens.renewable:
            diagnosis = Diagnosis(
                "authentication_failed",
                f"Exchange Online refused the access token for {cmdlet.name} {told}.",
                "Obtain a new token with the permission Exchange.ManageAsApp.",
            )
        else:
            diagnosis = Diagnosis(
                "application_permission_missing",
                f"Exchange Online refused a new token of '{self._tenant.application}' {told}.",
                "Grant the application Exchange.ManageAsApp of Office 365 Exchange Online, with admin consent.",
            )
        return diagnosis.failure(cmdlet)


def _require_all(page: replies.Page, cmdlet: Cmdlet) -> None:
    """Raise for an answer without pages that is not whole: what it lacks would pass for what does not exist."""
    if page.next_link or any(text.startswith(replies.TRUNCATED) for text in page.warnings):
        raise ConnectionFailure(
            f"Exchange Online refuses the further pages of {cmdlet.name}, and its answer without pages ends after "
            f"{len(page.objects)} objects.",
            code="incomplete_answer",
            cmdlet=cmdlet.name,
            remedy="Request less at once: a smaller wave, or move requests of one batch_name.",
        )


def _worth_reading_again(error: HybridError) -> bool:
    # A test is throttled for reasons of its own (MigrationConnectionTestedTooRecentlyException): its caller waits.
    worthwhile = error.retryable and not error.timed_out and error.code in _WORTH_A_RETRY
    return worthwhile and not error.cmdlet.startswith("Test-")


def _challenge(reply: HttpReply) -> str | None:
    """Return the claims that a 401 asks the next token to carry, or None."""
    match = _CLAIMS.search(reply.headers.get("WWW-Authenticate", ""))
    if match is None:
        return None
    try:
        return base64.b64decode(match[1] + "=" * (-len(match[1]) % 4)).decode("utf-8")
    except ValueError:
        return None


def _answers_by_id(body: Any) -> dict[str, Mapping[str, Any]]:
    """Return the parts of a batch's reply by identifier: writes and empty reads have no content to go by."""
    responses = body.get("responses") if isinstance(body, Mapping) else None
    return {
        str(answer.get("id")): answer
        for answer in (responses if isinstance(responses, list) else [])
        if isinstance(answer, Mapping)
    }
