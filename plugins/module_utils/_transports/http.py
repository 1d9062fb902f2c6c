# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection, can change at any time.

"""HTTP for every transport: to the hosts it is meant for alone, with answers that are bounded in time and in size.

requests and the libraries above it follow redirects with the credentials of a session, take time-outs for each byte
rather than for the answer, and decompress without an end. So each session of theirs gets adapters of this kind.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import warnings
import weakref
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import (
    LARGEST_ANSWER,
    TRANSFER,
    AnswerTooLarge,
    SentElsewhere,
    until,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.origins import (
    PORTS,
    Origin,
    origin,
    shown,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import once

if TYPE_CHECKING:
    import requests

_CHUNK = 65536
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Limits:
    """What one session may do.

    ``answer`` is how many seconds a server has to begin its answer, ``transfer`` how many more until it is complete,
    and ``size`` how many bytes it may have.
    ``own`` tells whether credentials may go to a place; None: to the session's own address alone. ``follows``: the
    caller follows redirects itself, and sees them.
    """

    answer: float
    own: Callable[[Origin], bool] | None = None
    size: int = LARGEST_ANSWER
    transfer: float = TRANSFER
    follows: bool = False


def bound(session: requests.Session, url: str, limits: Limits) -> None:
    """Keep a session, which may be another library's, within its limits, before it has sent anything.

    It takes nothing from the environment any more: a .netrc would replace its credentials, and a proxy see them.
    """
    import requests

    session.trust_env = False
    # As requests itself spells it: a name beyond ASCII, for example.
    place = origin(str(requests.Request("POST", url).prepare().url))
    own = limits.own or (lambda asked: asked == place)
    guard = _Guard(limits, own)
    for scheme in PORTS:
        session.mount(f"{scheme}://", _adapter_class()(guard))


def own_session(
    url: str, verification: bool | str, proxy: str, limits: Limits, *, environment: bool = False
) -> requests.Session:
    """Return a session for one address. ``environment``: without a ``proxy``, that of the environment is used."""
    import urllib3

    session: requests.Session = once.session_class()()
    if verification is False:
        # Who asked for it knows, and it would end on the module's standard error.
        warnings.simplefilter("ignore", category=urllib3.exceptions.InsecureRequestWarning)
    given = {"http": proxy, "https": proxy} if proxy else {}
    # The environment is read once, not for each request. Authorities that it names are trusted in any case.
    settled = session.merge_environment_settings(url, dict(given), None, verification, None)
    session.verify = settled["verify"]
    session.proxies = settled["proxies"] if environment else given
    bound(session, url, limits)
    return session


def decompressed(data: bytes, most: int = LARGEST_ANSWER) -> bytes:
    """Return a body whose first bytes are gzip's without its compression; any other as it is.

    The first bytes decide, not the header: a 403 of Exchange Online is declared gzip and is not. Raises AnswerTooLarge.
    """
    if not data.startswith(_GZIP):
        return data
    whole = b""
    rest = data
    try:
        while rest.startswith(_GZIP):
            member = zlib.decompressobj(wbits=31)
            whole += member.decompress(rest, most - len(whole) + 1)
            if len(whole) > most:
                raise AnswerTooLarge(most)
            if not member.eof:
                return data
            rest = member.unused_data
    except zlib.error:
        return data
    return whole


class _Guard:
    """What the adapters of one session have in common. A session is one thread's: it has one request at a time."""

    def __init__(self, limits: Limits, own: Callable[[Origin], bool]) -> None:
        self._twins: dict[socket.socket, bool] = {}
        # For a session that was not closed.
        weakref.finalize(self, _close, self._twins, everything=True)
        self._limits = limits
        self._own = own

    def time(self) -> contextlib.AbstractContextManager[None]:
        return until(self._limits.answer + self._limits.transfer, self.end)

    def require_own(self, url: str) -> None:
        place = origin(url)
        if place is None or not self._own(place):
            raise SentElsewhere(shown(url))

    def take(self, response: requests.Response) -> requests.Response:
        """Return an answer whose body will be read within the limits, whoever asks for it."""
        if response.is_redirect and not self._limits.follows:
            response.close()
            raise SentElsewhere(shown(response.headers["Location"]))
        raw: Any = response.raw
        # What requests reads a body with. Weak, or the two would hold each other.
        raw.stream = functools.partial(self._body, weakref.ref(raw))
        return response

    def _body(self, held: weakref.ref[Any], *_arguments: Any, **_options: Any) -> Iterator[bytes]:
        raw: Any = held()
        pieces: list[bytes] = []
        size = 0
        with self.time():
            # Not urllib3's own stream, which reads the line with the length of a chunk without an end.
            while piece := raw.read(_CHUNK, decode_content=False):
                pieces.append(piece)
                size += len(piece)
                if size > self._limits.size:
                    raw.close()
                    raise AnswerTooLarge(self._limits.size)
        self.let_go()
        yield decompressed(b"".join(pieces), self._limits.size)

    def hold(self, connected: socket.socket) -> socket.socket:
        """Return a duplicate of a socket, by which it can be shut down from outside.

        It also works while a TLS handshake has taken the socket away, and while an answer is read whose connection
        http.client has closed already.
        """
        twin = connected.dup()
        self._twins[twin] = True
        return twin

    def part(self, twin: socket.socket) -> None:
        """Note that a connection was closed; its answer may still be read."""
        if twin in self._twins:
            self._twins[twin] = False

    def let_go(self, *, everything: bool = False) -> None:
        """Close what belongs to connections that were closed, when no answer is read."""
        _close(self._twins, everything=everything)

    def end(self) -> None:
        """Shut all connections down, also those on which another thread waits for an answer."""
        for twin in list(self._twins):
            with contextlib.suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)


def _close(twins: dict[socket.socket, bool], *, everything: bool) -> None:
    for twin, is_open in list(twins.items()):
        if everything or not is_open:
            twins.pop(twin, None)
            twin.close()


@functools.cache
def _adapter_class() -> Any:
    """Return the adapter, whose base is imported when it is first needed."""
    class BoundedAdapter(once.adapter_class()):  # type: ignore[misc]
        def __init__(self, guard: _Guard) -> None:
            self._guard = guard
            super().__init__(max_retries=0)

        def init_poolmanager(self, *arguments: Any, **options: Any) -> Any:
            made = super().init_poolmanager(*arguments, **options)
            _watched(self.poolmanager, self._guard)
            return made

        def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **options)
            if not known:
                _watched(manager, self._guard)
            return manager

        def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
            self._guard.require_own(str(request.url))
            self._guard.let_go()
            with self._guard.time():
                response = super().send(request, *arguments, **options)
            return self._guard.take(response)

        def close(self) -> None:
            super().close()
            self._guard.end()
            self._guard.let_go(everything=True)

    return BoundedAdapter


def _watched(manager: Any, guard: _Guard) -> None:
    """Let a pool manager of urllib3 make connections that can be ended from outside."""
    pools = dict(manager.pool_classes_by_scheme)
    for scheme, pool in pools.items():
        pools[scheme] = _holding(pool, guard)
    manager.pool_classes_by_scheme = pools


def _holding(pool: Any, guard: _Guard) -> Callable[..., Any]:
    def make_pool(*arguments: Any, **options: Any) -> Any:
        made = pool(*arguments, **options)
        made.ConnectionCls = functools.partial(_endable(made.ConnectionCls), guard)
        return made

    return make_pool


@functools.cache
def _endable(kind: Any) -> Any:
    """Return a class of connections that tell their guard of each socket."""

    class Endable(kind):  # type: ignore[misc]
        def __init__(self, guard: _Guard, *arguments: Any, **options: Any) -> None:
            self._guard = guard
            self._twin: socket.socket | None = None
            super().__init__(*arguments, **options)

        @property
        def sock(self) -> Any:
            return self.__dict__.get("sock")

        @sock.setter
        def sock(self, value: Any) -> None:
            self.__dict__["sock"] = value
            # TLS is laid over a socket that is held already.
            plain = isinstance(value, socket.socket) and not isinstance(value, ssl.SSLSocket)
            if value is None or plain:
                if self._twin is not None:
                    self._guard.part(self._twin)
                self._twin = self._guard.hold(value) if value is not None else None

    return Endable
