# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""Microsoft Graph, read only: many GETs in few $batch requests, all their pages, throttling waited out.

Sources: Microsoft's pages "Combine multiple HTTP requests using JSON batching" (20 requests, answers by id, each with a
status of its own) and "Microsoft Graph throttling guidance" (429 with Retry-After, of the whole or of one request).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import MOST_PAGES
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import (
    IMPORTS,
    diagnose_network,
    is_a_gateways,
    missing_library,
    page_in_the_cloud,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.origins import origin, shown
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.retry import (
    Busy,
    Retry,
    seconds_asked,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import ConnectionFailure, HybridError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._texts import page_title, read_json
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import http
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import replies
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.tokens import (
    TokenCache,
)

if TYPE_CHECKING:
    import requests

BATCH_LIMIT = 20
CONNECT_TIMEOUT, READ_TIMEOUT = 30, 120
_BUSY = frozenset((408, 429))
_WORTH_A_RETRY = frozenset(("throttled", "connection_lost", "gateway_answer"))
_CLAIMS = re.compile(r'claims="([^"]+)"')
# What a failure names as its cmdlet.
READ = Cmdlet("Get-MicrosoftGraph")


@dataclass(frozen=True)
class Answer:
    """One request's answer; ``rows`` are the items of all pages, of a single object the object alone."""

    status: int
    rows: tuple[Mapping[str, Any], ...] = ()
    message: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Endpoint:
    """Where Microsoft Graph is; ``verification`` as requests takes it."""

    base_url: str
    verification: bool | str = True
    proxy: str = ""

    @property
    def where(self) -> str:
        return f"Microsoft Graph at {urlsplit(self.base_url).netloc}"


@dataclass
class GraphClient:
    """Not shared between threads."""

    endpoint: Endpoint
    tokens: TokenCache
    retry: Retry = field(default_factory=Retry)
    _http: requests.Session | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.tokens.retry = self.retry

    def get(self, paths: Sequence[str]) -> list[Answer]:
        """Return the answer of each path below ``/v1.0``, in order; a refusal of one is its own answer.

        Raises ConnectionFailure for what concerns them all.
        """
        answers: list[Answer] = []
        for start in range(0, len(paths), BATCH_LIMIT):
            answers += self._batch(paths[start : start + BATCH_LIMIT])
        return answers

    def close(self) -> None:
        session, self._http = self._http, None
        if session is not None:
            session.close()

    def _batch(self, paths: Sequence[str]) -> list[Answer]:
        """Ask all; those that were throttled are asked again together, after the longest time that one asked for."""
        parts: dict[int, Mapping[str, Any]] = {}

        def ask() -> None:
            left = [number for number in range(len(paths)) if number not in parts]
            asked: float | None = None
            busy = False
            for number, part in self._post_batch([(number, paths[number]) for number in left]).items():
                if _is_busy(replies.status_of(part)):
                    busy = True
                    headers = part.get("headers")
                    wait = seconds_asked(headers if isinstance(headers, Mapping) else {})
                    asked = max(asked or 0.0, wait or 0.0) or None
                else:
                    parts[number] = part
            if busy:
                raise self._busy(asked)

        self.retry.call(ask, _worth_asking_again)
        return [self._complete(parts.get(number)) for number in range(len(paths))]

    def _post_batch(self, numbered: Sequence[tuple[int, str]]) -> dict[int, Mapping[str, Any]]:
        body = {"requests": [{"id": str(number), "method": "GET", "url": path} for number, path in numbered]}
        document = self._send("POST", f"{self.endpoint.base_url}/v1.0/$batch", body)
        responses = document.get("responses")
        known = {str(number): number for number, _path in numbered}
        return {
            known[str(part.get("id"))]: part
            for part in (responses if isinstance(responses, list) else [])
            if isinstance(part, Mapping) and str(part.get("id")) in known
        }

    def _complete(self, part: Mapping[str, Any] | None) -> Answer:
        """Read the further pages of an answer, which are no part of its batch."""
        if part is None:
            raise self._unexpected("a batch without one of its answers")
        status, body = replies.status_of(part), part.get("body")
        document = body if isinstance(body, Mapping) else {}
        if not 200 <= status < 300:
            error = document.get("error")
            told = error if isinstance(error, Mapping) else {}
            return Answer(status, message=f"{told.get('code', '')}: {told.get('message', '')}".strip(": "))
        rows = _rows(document)
        seen: set[str] = set()
        while document.get("@odata.nextLink"):
            link = str(document["@odata.nextLink"])
            if link in seen or len(seen) >= MOST_PAGES:
                raise self._unexpected("a page that was already read")
            seen.add(link)
            document = self.retry.call(self._page_reader(link), _worth_asking_again)
            rows += _rows(document)
        return Answer(status, tuple(rows))

    def _page_reader(self, link: str) -> Any:
        place = origin(link)
        if place is None or place != origin(self.endpoint.base_url):
            raise self._unexpected(f"a next page on another host, {shown(link)}; no token was sent there")
        return lambda: self._send("GET", link, None)

    # HTTP

    def _send(self, method: str, url: str, body: dict[str, Any] | None) -> Mapping[str, Any]:
        token = self.tokens.token()
        status, headers, raw = self._exchange(method, url, body, token.text)
        if status == 401 and self.tokens.renewable and page_title(raw) is None:
            token = self.tokens.renewed(token, _challenge(headers))
            status, headers, raw = self._exchange(method, url, body, token.text)
        title = page_title(raw)
        if title is not None or is_a_gateways(status):
            raise page_in_the_cloud(self.endpoint.where, READ, status, title or "", seconds_asked(headers))
        if _is_busy(status):
            raise self._busy(seconds_asked(headers))
        try:
            document = read_json(raw)
        except ValueError:
            document = None
        if status in (401, 403):
            words = replies.own_words(document, headers)
            raise ConnectionFailure(
                f"{self.endpoint.where} refused the application (HTTP {status}{f': {words}' if words else ''}).",
                code="permission_denied",
                cmdlet=READ.name,
                remedy="Grant the application the permissions that docs/permissions.md lists, with admin consent.",
            )
        if status != 200 or not isinstance(document, Mapping):
            raise self._unexpected(f"HTTP {status} without a JSON object")
        return document

    def _exchange(
        self, method: str, url: str, body: dict[str, Any] | None, token: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        try:
            session = self._session()
        except ImportError as error:
            raise missing_library("requests", error) from None
        try:
            with session.request(
                method, url, json=body, headers=headers, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), allow_redirects=False
            ) as response:
                return response.status_code, response.headers, response.content
        except Exception as error:
            diagnosis = diagnose_network(error, self.endpoint.where, "exchange_online.ca_file")
            if diagnosis is None:
                raise
            # From None: the request in the exception holds the token.
            raise diagnosis.failure(READ) from None

    def _session(self) -> requests.Session:
        if self._http is None:
            with IMPORTS:
                import requests  # noqa: F401 (what follows needs it, and one thread imports at a time)

            self._http = http.own_session(
                self.endpoint.base_url,
                self.endpoint.verification,
                self.endpoint.proxy,
                http.Limits(answer=READ_TIMEOUT),
                environment=True,
            )
            self._http.headers["User-Agent"] = "mailops.exchange_hybrid"
        return self._http

    def _busy(self, retry_after: float | None) -> Busy:
        return Busy(
            f"{self.endpoint.where} is too busy.", remedy="Run again later.", retry_after=retry_after, cmdlet=READ.name
        )

    def _unexpected(self, what: str) -> ConnectionFailure:
        return ConnectionFailure(
            f"{self.endpoint.where} answered with {what}.",
            code="unexpected_answer",
            cmdlet=READ.name,
            remedy="Check graph_base_url, and proxies on the way.",
        )


def _rows(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    value = document.get("value")
    if isinstance(value, list):
        return [row for row in value if isinstance(row, Mapping)]
    return [document] if document else []


def _challenge(headers: Mapping[str, str]) -> str | None:
    """Return the claims that a 401 asks the next token to carry (continuous access evaluation), or None."""
    found = _CLAIMS.search(headers.get("WWW-Authenticate", ""))
    try:
        return base64.b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode("utf-8") if found else None
    except ValueError:
        return None


def _worth_asking_again(error: HybridError) -> bool:
    return error.retryable and not error.timed_out and error.code in _WORTH_A_RETRY


def _is_busy(status: int) -> bool:
    """Tell whether a status is about the moment: reads alone are sent, so every 5xx may be asked again."""
    return status in _BUSY or status >= 500
