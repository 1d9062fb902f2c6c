# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""What requests does anew for each request although it comes out the same, done once.

A cmdlet over remote PowerShell is three requests to one address, which differ in their bodies. Half of the CPU time
that requests takes for one goes into its address, its headers, and the search for the file of the authorities.
Only what requests publishes is used: PreparedRequest's methods, and those of HTTPAdapter that are meant for subclasses.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests


@functools.cache
def session_class() -> Any:
    """Return a Session, whose base is imported when it is first needed, that prepares address and headers once.

    Body, cookies and authentication are of each request. What has parameters, files or hooks is prepared as usual.
    """
    from requests import Request, Session
    from requests.cookies import RequestsCookieJar

    class PreparedOnce(Session):
        def __init__(self) -> None:
            super().__init__()
            self._alike: tuple[object, Any] = (None, None)

        def prepare_request(self, request: Request) -> requests.PreparedRequest:
            hooks = (*request.hooks.values(), *self.hooks.values())
            if request.files or request.params or request.cookies or self.params or any(hooks):
                return super().prepare_request(request)
            known = (request.method, request.url, tuple(request.headers.items()), tuple(self.headers.items()))
            if known != self._alike[0]:
                plain = Session()
                plain.trust_env, plain.headers = False, self.headers
                self._alike = known, plain.prepare_request(Request(request.method, request.url, request.headers))
            prepared: requests.PreparedRequest = self._alike[1].copy()
            # Those of a copy are the original's, and authentication adds to them.
            prepared.hooks = {event: [] for event in prepared.hooks}
            if self.cookies:
                jar = RequestsCookieJar()
                jar.update(self.cookies)
                prepared.prepare_cookies(jar)
            prepared.prepare_body(request.data, None, request.json)
            prepared.prepare_auth(request.auth or self.auth, str(request.url))
            return prepared

    return PreparedOnce


@functools.cache
def adapter_class() -> Any:
    """Return an adapter that looks once for the authorities and for the pool of connections of an address."""
    from requests.adapters import HTTPAdapter

    class LookedForOnce(HTTPAdapter):
        _pool: tuple[object, Any] = (None, None)
        _verified: object = None

        def get_connection_with_tls_context(
            self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
        ) -> Any:
            wanted = (request.url, verify, cert, tuple((proxies or {}).items()))
            if wanted != self._pool[0]:
                self._pool = wanted, super().get_connection_with_tls_context(request, verify, proxies, cert)
            return self._pool[1]

        def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
            if conn is not self._verified:
                super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
                self._verified = conn

        def close(self) -> None:
            super().close()
            self._pool, self._verified = (None, None), None

    return LookedForOnce
