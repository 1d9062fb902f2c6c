# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile and broken servers in front of the HTTP that all transports share: what they get, what they cost."""

from __future__ import annotations

import contextlib
import gzip
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import (
    AnswerTooLarge,
    BoundExceeded,
    DeadlinePassed,
    SentElsewhere,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.origins import Origin, origin, shown
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import http

from lab.certificates import Certificates, create_certificates
from tests.unit.plugins.module_utils.hostile import HostileServer, Seen, reply
from tests.unit.plugins.module_utils.proxies import ConnectProxy

QUICK = http.Limits(answer=0.2, size=1024 * 1024, transfer=0.2)
PATIENT = http.Limits(answer=20, size=1024 * 1024)
BODY = b'{"value":[]}'


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return create_certificates(tmp_path_factory.mktemp("certificates"))


def asked(url: str, limits: http.Limits, verification: bool | str = True, proxy: str = "") -> bytes:
    with http.own_session(url, verification, proxy, limits) as session:
        return session.post(url, json={"Identity": "ann"}, timeout=(5, 5)).content


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Outlook.Office365.COM/adminapi", "outlook.office365.com"),
        ("HTTPS://outlook.office365.com:443/x?$skiptoken=a%20b#c", "outlook.office365.com"),
        ("https://[::1]:443/x", "[::1]"),
        # Another name for DNS's same host, but not the name that was given.
        ("https://outlook.office365.com./x", "outlook.office365.com."),
    ],
)
def test_what_a_url_leads_to(url: str, host: str) -> None:
    assert origin(url) == Origin("https", host, 443)


# Each of them is read as another host by one of urllib.parse, urllib3, requests and http.client, or may be.
AMBIGUOUS = [
    "https://evil.fabrikam.com\\@{own}/", "https://{own}\\@evil.fabrikam.com/", "https://{own}@evil.fabrikam.com/",
    "https://ann:secret@{own}/", "https://{own}\\.fabrikam.com/", "https://{own}%2f@evil.fabrikam.com/",
    "https://{own}#@evil.fabrikam.com/", "https://evil.fabrikam.com#@{own}/", "https:///{own}/", "https:{own}/",
    "//{own}/", "https://evil.fabrikam.com\t@{own}/", "https://{own}\n.fabrikam.com/", " https://{own}/",
    "https://{own}:443:80/", "https://{own}:٤٤٣/", "https://{own}:/", "https://\u24d4vil.fabrikam.com/",
    "https://\uff4futlook.office365.com/", "https://xn--\udcff/", "ftp://{own}/", "javascript:alert(1)", "https://",
    "https://{own}/a b", "https://{own}/\x00", "https://[::1/", "https://{own};evil.fabrikam.com/",
]  # fmt: skip


@pytest.mark.parametrize("pattern", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_leads_nowhere(pattern: str) -> None:
    url = pattern.replace("{own}", "outlook.office365.com")
    place = origin(url)
    assert place is None
    assert shown(url).isprintable()
    assert shown(url).isascii()


@pytest.mark.parametrize("pattern", AMBIGUOUS)
def test_no_token_goes_where_a_url_that_can_be_read_in_two_ways_may_lead(pattern: str) -> None:
    with HostileServer(lambda _seen: reply()) as own, HostileServer(lambda _seen: reply()) as evil:
        url = pattern.replace("evil.fabrikam.com", f"127.0.0.1:{evil.port}").replace("https", "http")
        session = http.own_session(f"http://localhost:{own.port}/", True, "", PATIENT)
        # Where requests reads it as a path of the own host, it goes there.
        with session, contextlib.suppress(BoundExceeded, requests.RequestException):
            session.get(url.replace("{own}", f"localhost:{own.port}") + "x", headers={"Authorization": "Bearer t"})
        assert evil.seen == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["http://127.0.0.1:{evil}/", "//127.0.0.1:{evil}", "/wsman", "https://localhost:{own}/"])
def test_a_redirect_is_not_followed(status: int, to: str) -> None:
    with HostileServer(lambda _seen: reply(401, b"", "WWW-Authenticate: NTLM")) as evil:
        told: list[str] = []
        with HostileServer(lambda _seen: reply(status, b"", f"Location: {told[0]}")) as own:
            told.append(to.format(evil=evil.port, own=own.port))
            with pytest.raises(SentElsewhere):
                asked(f"http://localhost:{own.port}/", PATIENT)
            assert (len(own.seen), evil.seen) == (1, [])


def endless(server: list[HostileServer], first: bytes, piece: bytes) -> Callable[[Seen], Iterable[bytes]]:
    return lambda _seen: chain([first], server[0].drip(piece))


HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "nothing at all": (b"", b""),
    "a status that never ends": (b"HTTP/1.1 200 O", b"K"),
    "100 without an end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a header that never ends": (HEAD + b"X-A: ", b"a"),
    "a body byte by byte": (HEAD + b"Content-Length: 500000\r\n\r\n", b" "),
    "chunks without an end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the length of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers without an end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: a\r\n"),
    "a body until the end of the connection": (HEAD + b"\r\n", b" "),
}


@pytest.mark.parametrize("drip", list(DRIPS))
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_server_that_goes_on_slowly_is_left_in_time(certificates: Certificates, drip: str, tls: bool) -> None:
    servers: list[HostileServer] = []
    context = certificates.server_context if tls else None
    with HostileServer(endless(servers, *DRIPS[drip]), context) as server:
        servers.append(server)
        url = f"http{'s' if tls else ''}://localhost:{server.port}/"
        with pytest.raises(DeadlinePassed, match=r"no complete answer within 0 seconds"):
            asked(url, QUICK, str(certificates.ca_file))


def test_a_tls_handshake_that_goes_on_slowly_is_left_in_time(certificates: Certificates) -> None:
    # The first five bytes of a TLS record of 16 KiB, and then its content byte by byte.
    greeting, then = b"\x16\x03\x03\x40\x00", b"\x02"
    with HostileServer(lambda _seen: reply(), greeting=greeting, then=then) as server, pytest.raises(DeadlinePassed):
        asked(f"https://localhost:{server.port}/", QUICK, str(certificates.ca_file))


def test_a_proxy_that_goes_on_slowly_is_left_in_time(certificates: Certificates) -> None:
    servers: list[HostileServer] = []
    with HostileServer(endless(servers, b"HTTP/1.1 200 O", b"K")) as proxy:
        servers.append(proxy)
        with pytest.raises(DeadlinePassed):
            asked("https://mail.contoso.com/", QUICK, str(certificates.ca_file), f"http://localhost:{proxy.port}")


def test_the_next_request_has_its_own_time() -> None:
    servers: list[HostileServer] = []

    def answer(seen: Seen) -> Iterator[bytes]:
        return servers[0].drip(b" ") if seen.number == 0 else iter(reply(200, BODY))

    with HostileServer(answer) as server:
        servers.append(server)
        url = f"http://localhost:{server.port}/"
        with http.own_session(url, True, "", QUICK) as session:
            with pytest.raises(DeadlinePassed):
                session.get(url)
            assert session.get(url).content == BODY


def large(size: int) -> Iterator[bytes]:
    return iter(repeat(b" " * 65536, size // 65536))


def compressed(size: int) -> bytes:
    return gzip.compress(b" " * size)


LARGE: dict[str, Callable[[Seen], Iterable[bytes]]] = {
    "its length is told": lambda _seen: chain([HEAD + b"Content-Length: 9000000\r\n\r\n"], large(9_000_000)),
    "until the end of the connection": lambda _seen: chain([HEAD + b"\r\n"], large(9_000_000)),
    "in chunks": lambda _seen: chain(
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n"],
        (b"10000\r\n" + piece + b"\r\n" for piece in large(9_000_000)),
    ),
    "compressed": lambda _seen: reply(200, compressed(9_000_000), "Content-Encoding: gzip"),
    "compressed in parts": lambda _seen: reply(200, compressed(600_000) * 2, "Content-Encoding: gzip"),
    "compressed and not told": lambda _seen: reply(200, compressed(9_000_000)),
}


@pytest.mark.parametrize("way", list(LARGE))
def test_a_body_that_is_too_large_is_not_kept(way: str) -> None:
    with HostileServer(LARGE[way]) as server, pytest.raises(AnswerTooLarge, match="more than 1 MiB"):
        asked(f"http://localhost:{server.port}/", PATIENT)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (["X-A: " + "a" * 70_000], requests.RequestException),
        ([f"X-{number}: a" for number in range(200)], requests.RequestException),
        (["Content-Encoding: gzip, gzip, gzip"], None),
        (["Content-Encoding: br"], None),
        (["Content-Encoding: zstd"], None),
    ],
)
def test_headers(headers: list[str], told: type[Exception] | None) -> None:
    with HostileServer(lambda _seen: reply(200, BODY, *headers)) as server:
        url = f"http://localhost:{server.port}/"
        if told is None:
            assert asked(url, PATIENT) == BODY, "nothing but gzip is asked for, and its first bytes tell it"
            return
        with pytest.raises(told):
            asked(url, PATIENT)


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (gzip.compress(BODY), BODY), (BODY, BODY), (b"", b""), (b"\x1f\x8bnot gzip", b"\x1f\x8bnot gzip"),
        (gzip.compress(BODY, mtime=0)[:-9], gzip.compress(BODY, mtime=0)[:-9]),
        (gzip.compress(b"a") + gzip.compress(b"b"), b"ab"),
        (b"\x00" * 300, b"\x00" * 300), (zlib.compress(BODY), zlib.compress(BODY)),
        (gzip.compress(gzip.compress(BODY, mtime=0)), gzip.compress(BODY, mtime=0)),
    ],
    ids=["gzip", "plain", "empty", "false gzip", "cut", "two members", "NUL", "zlib", "twice"],
)  # fmt: skip
def test_the_first_bytes_tell_whether_a_body_is_compressed(data: bytes, plain: bytes) -> None:
    assert http.decompressed(data) == plain


def test_a_connection_is_used_again_and_closed(certificates: Certificates) -> None:
    with HostileServer(lambda _seen: reply(200, gzip.compress(BODY)), certificates.server_context, keeps=True) as own:
        url = f"https://localhost:{own.port}/"
        with http.own_session(url, str(certificates.ca_file), "", PATIENT) as session:
            assert [session.get(url).content for _time in range(3)] == [BODY] * 3
        assert (len(own.seen), own.connected) == (3, 1)


@pytest.mark.parametrize("first", [b"", HEAD + b"Content-Length: 500000\r\n\r\n"], ids=["no answer yet", "half of it"])
def test_an_answer_that_another_thread_waits_for_ends_with_the_session(first: bytes) -> None:
    begun = threading.Event()
    ended = threading.Event()

    def answer(_seen: Seen) -> Iterator[bytes]:
        yield first
        begun.set()
        ended.wait(30)

    with HostileServer(answer) as server, ThreadPoolExecutor(1) as pool:
        session = http.own_session(f"http://localhost:{server.port}/", True, "", PATIENT)
        waiting = pool.submit(session.get, f"http://localhost:{server.port}/")
        assert begun.wait(10)
        session.close()
        try:
            with pytest.raises(requests.RequestException):
                waiting.result(timeout=10)
        finally:
            ended.set()


def test_a_proxy_is_used_where_it_is_given_and_no_netrc(
    certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login ann password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "localhost")
    proxy = ConnectProxy()
    with HostileServer(lambda _seen: reply(200, BODY), certificates.server_context) as own:
        url, trusted = f"https://localhost:{own.port}/", str(certificates.ca_file)
        assert [asked(url, PATIENT, trusted, given) for given in ("", proxy.url)] == [BODY] * 2
        assert [seen.authorization for seen in own.seen] == [b""] * 2
    assert proxy.asked == [f"CONNECT localhost:{own.port}"]
    proxy.close()


def test_a_name_beyond_ascii_is_its_own_host() -> None:
    session = http.own_session("https://bücher.example/", True, "", PATIENT)
    adapter: Any = session.get_adapter("https://bücher.example/")
    guard = adapter._guard
    guard.require_own("https://xn--bcher-kva.example/x")
    with pytest.raises(SentElsewhere):
        guard.require_own("https://bucher.example/x")
    session.close()
