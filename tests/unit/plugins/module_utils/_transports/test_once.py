# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done once for all requests of a session is what requests would do for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports import http

from lab.certificates import Certificates, create_certificates
from tests.unit.plugins.module_utils.hostile import HostileServer, reply

URL = "https://ex01.contoso.com/PowerShell/"
BODY = b'{"value":[]}'
LIMITS = http.Limits(answer=20, own=lambda _place: True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return create_certificates(tmp_path_factory.mktemp("certificates"))


class _Once(requests.auth.AuthBase):
    """Like NTLM's: it wants to see the answer to each request."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.register_hook("response", lambda response, **_options: response)
        return request


def two_sessions() -> tuple[requests.Session, requests.Session]:
    """Return one of ours and one of requests' own, which are to send the same."""
    plain = requests.Session()
    plain.trust_env = False
    return http.own_session(URL, True, "", LIMITS), plain


@pytest.mark.parametrize("auth", [None, ("ann", "secret"), _Once()])
def test_what_is_prepared_once_is_what_requests_prepares_each_time(auth: Any) -> None:
    ours, theirs = two_sessions()
    asked = [
        {"data": b"<one/>"}, {"data": b"<another one/>"}, {"data": None}, {"json": {"Identity": "ann"}},
        {"data": b"x", "headers": {"Content-Type": "application/soap+xml;charset=UTF-8"}}, {"data": {"form": "field"}},
        {"data": b"y", "params": {"page": "2"}}, {"data": b"z", "cookies": {"one": "1"}},
        {"data": b"a", "auth": ("ben", "other")}, {"files": {"csv": b"identity"}},
        {"data": b"b", "hooks": {"response": [print]}}, {"data": b"c"},
    ]  # fmt: skip
    for cookies, agent in ((False, "a"), (True, "a"), (True, "b")):
        for session in (ours, theirs):
            session.auth = auth
            session.headers["User-Agent"] = agent
            if cookies:
                session.cookies.set("affinity", "ex01", domain="ex01.contoso.com")
        for given in asked:
            found, wanted = (
                session.prepare_request(requests.Request("POST", URL, **given)) for session in (ours, theirs)
            )
            if "files" not in given:  # its boundary is drawn by chance
                assert (found.url, found.headers, found.body) == (wanted.url, wanted.headers, wanted.body)
            assert {name: len(hooks) for name, hooks in found.hooks.items()} == {
                name: len(hooks) for name, hooks in wanted.hooks.items()
            }
            assert [(item.name, item.value) for item in found._cookies or ()] == [
                (item.name, item.value) for item in wanted._cookies or ()
            ]


def test_cookies_of_one_answer_are_sent_with_the_next_request_and_kept_apart() -> None:
    ours, _theirs = two_sessions()
    first = ours.prepare_request(requests.Request("POST", URL, data=b"1"))
    ours.cookies.set("affinity", "ex01", domain="ex01.contoso.com")
    second = ours.prepare_request(requests.Request("POST", URL, data=b"2"))
    second._cookies.set("later", "x")
    third = ours.prepare_request(requests.Request("POST", URL, data=b"3"))
    assert [request.headers.get("Cookie") for request in (first, second, third)] == [
        None,
        "affinity=ex01",
        "affinity=ex01",
    ]


def test_the_authorities_are_looked_for_once_for_each_host(certificates: Certificates, tmp_path: Path) -> None:
    trusted = tmp_path / "authorities.pem"
    trusted.write_bytes(certificates.ca_file.read_bytes())
    servers = [
        HostileServer(lambda _seen: reply(200, BODY), certificates.server_context, keeps=True) for _number in range(2)
    ]
    with servers[0], servers[1]:
        first, other = (f"https://localhost:{server.port}/" for server in servers)
        with http.own_session(first, str(trusted), "", LIMITS) as session:
            assert session.post(first, data=b"1").content == BODY
            trusted.unlink()
            assert session.post(first, data=b"2").content == BODY
            with pytest.raises(OSError, match="suitable TLS CA certificate"):
                session.post(other, data=b"3")
    assert [len(server.seen) for server in servers] == [2, 0]
