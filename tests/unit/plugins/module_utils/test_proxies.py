# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On-premises connections and proxies: the environment's are not theirs, and a page of a gateway is told as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.options import gateway_answer
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect.organization import (
    from_options as entra_connect,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options as exchange_server,
)

from lab.wire.http_server import HttpServer, Request, Response
from tests.unit.plugins.module_utils.proxies import ConnectProxy

WAYS = ("psrp", "winrm", "entra_connect")
USERS, SCHEDULER = Cmdlet("Get-MailUser"), Cmdlet("Get-ADSyncScheduler")
FIRST = {"psrp": USERS, "winrm": USERS, "entra_connect": SCHEDULER}
PORTS = {"psrp": "exchange_server", "winrm": "management_shell", "entra_connect": "entra_connect"}


@pytest.fixture
def proxy() -> Iterator[ConnectProxy]:
    running = ConnectProxy()
    yield running
    running.close()


def organization(way: str, **given: Any) -> Any:
    """Return the organization that is reached this way, with Basic unless another way to sign in is given."""
    options = {"host": "localhost", "auth": "basic", "username": "CONTOSO\\admin", "password": "Battery", **given}
    return entra_connect(options) if way == "entra_connect" else exchange_server({"transport": way, **options})


def read(laboratory: Any, way: str, patience: Any, **more: Any) -> None:
    prefix = "ENTRA_CONNECT" if way == "entra_connect" else "EXCHANGE_SERVER"
    environment = laboratory.environment()
    names = ("username", "password", "ca_file")
    given = {name: environment[f"{prefix}_{name.upper()}"] for name in names}
    made = organization(way, port=laboratory.port(PORTS[way]), use_tls=True, **given, **more)
    session = replace(made, retry=patience.retry).open()
    try:
        session.run(FIRST[way])
    finally:
        session.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_proxy_of_the_environment_is_not_used(
    laboratory: Any, way: str, proxy: ConnectProxy, patience: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    read(laboratory, way, patience)
    assert proxy.asked == []


@pytest.mark.parametrize("way", WAYS)
def test_the_proxy_that_is_named_is_used_and_never_sees_the_account(
    laboratory: Any, way: str, proxy: ConnectProxy, patience: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    read(laboratory, way, patience, proxy=proxy.url)
    assert set(proxy.asked) == {f"CONNECT localhost:{laboratory.port(PORTS[way])}"}
    assert b"authorization" not in b"".join(proxy.heads).lower().replace(b"proxy-authorization", b"")


def test_a_proxy_that_would_read_the_password_is_refused_before_anything_is_sent(proxy: ConnectProxy) -> None:
    with pytest.raises(InputError) as caught:
        organization("psrp", use_tls=False, allow_unencrypted=True, proxy=proxy.url)
    assert "exchange_server.proxy" in caught.value.message
    assert proxy.url not in caught.value.message
    assert proxy.asked == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("url", ["gate.contoso.com:8080", "socks5://secret@gate", "http:///secret"])
def test_what_is_no_url_of_a_proxy_is_refused_without_being_shown(way: str, url: str) -> None:
    with pytest.raises(InputError) as caught:
        organization(way, proxy=url)
    assert url not in caught.value.message


PAGE = "<html><head><title>Access blocked</title></head><body>Ask your network team.</body></html>"
OF_IIS = (
    "<html><head><title>403 - Forbidden: Access is denied.</title></head><h1>Server Error</h1></html>",
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><HTML><BODY><p>HTTP Error 503. The service.</p></BODY></HTML>',
)


@pytest.mark.parametrize(
    ("status", "page", "told"),
    [
        (403, PAGE, True),
        (503, PAGE.encode(), True),
        (502, "<center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center>", True),
        (407, "", True),
        (403, "", False),
        (404, PAGE, False),
        *((403, page, False) for page in OF_IIS),
    ],
)
def test_whose_page_it_is(status: int, page: object, told: bool) -> None:
    diagnosis = gateway_answer(status, page, "Exchange server ex01:80", "exchange_server")
    assert (diagnosis is not None) is told
    if diagnosis is not None:
        assert (diagnosis.code, diagnosis.retryable, diagnosis.may_have_run) == ("gateway_answer", True, True)


@pytest.fixture
def gateway() -> Iterator[Callable[[Response], int]]:
    """A server that has one answer to everything."""
    servers: list[HttpServer] = []

    def started(answer: Response) -> int:
        def always(_request: Request) -> Response:
            return answer

        servers.append(HttpServer(always))
        servers[-1].start()
        return servers[-1].port

    yield started
    for server in servers:
        server.stop()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [403, 503])
def test_a_page_of_a_gateway_is_told_as_one_by_every_way(
    way: str, status: int, gateway: Callable[[Response], int], patience: Any
) -> None:
    port = gateway(Response(status, PAGE.encode(), "text/html"))
    auth = {"allow_unencrypted": True} if way == "psrp" else {"auth": "ntlm"}
    made = organization(way, port=port, use_tls=False, **auth)
    session = replace(made, retry=patience.retry).open()
    with pytest.raises(HybridError) as caught:
        session.run(FIRST[way])
    session.close()
    assert caught.value.code == "gateway_answer"
    assert "Access blocked" in caught.value.message
    assert "proxy" in caught.value.remedy
