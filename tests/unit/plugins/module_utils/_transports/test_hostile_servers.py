# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hostile and broken servers get and do, for each way to connect."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.bounds import MIB
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import Cmdlet
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import HybridError, InputError
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.active_directory.reader import (
    DirectoryReader,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.entra_connect.organization import (
    from_options as entra_connect,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.organization import (
    from_options as exchange_online,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_server.organization import (
    from_options as exchange_server,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.graph.directory import (
    from_options as graph,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.powershell.process import (
    Process,
    ProcessLost,
)

from lab.certificates import Certificates, create_certificates
from tests.unit.plugins.module_utils.hostile import Answer, HostileServer, Seen, reply

ON_PREMISES = ("psrp", "winrm", "entra_connect")
READ = {"psrp": Cmdlet("Get-User"), "winrm": Cmdlet("Get-User"), "entra_connect": Cmdlet("Get-ADSyncScheduler")}
MAILBOX = Cmdlet("Get-Mailbox", {"Identity": "ann@contoso.com"})
CHALLENGE = "WWW-Authenticate: NTLM"
SECRET = b"Battery-staple"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return create_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def failure_of(work: Callable[[], object]) -> HybridError:
    with pytest.raises(HybridError) as caught:
        work()
    return caught.value


def on_premises(way: str, server: HostileServer, patience: Any, **more: Any) -> Any:
    options = {
        "host": "localhost", "port": server.port, "use_tls": False, "username": "CONTOSO\\svc-ansible",
        "password": "Battery", "auth": "ntlm", **more,
    }  # fmt: skip
    made = entra_connect(options) if way == "entra_connect" else exchange_server({"transport": way, **options})
    return replace(made, retry=patience.retry)


def run(organization: Any, cmdlet: Cmdlet) -> Any:
    session = organization.open()
    try:
        return session.run(cmdlet)
    finally:
        session.close()


class Cloud:
    """Exchange Online, Microsoft Graph and a sign-in service on one hostile server."""

    def __init__(self, certificates: Certificates, patience: Any) -> None:
        self.certificates, self.patience = certificates, patience
        self.servers: list[HostileServer] = []

    def server(self, answer: Answer) -> HostileServer:
        self.servers.append(HostileServer(answer, self.certificates.server_context))
        return self.servers[-1]

    def options(self, server: HostileServer, **more: Any) -> dict[str, Any]:
        signed_in = {} if "client_secret" in more else {"access_token": "opaque"}
        return {
            "tenant_id": "contoso.onmicrosoft.com", "base_url": f"https://localhost:{server.port}",
            "ca_file": str(self.certificates.ca_file), **signed_in, **more,
        }  # fmt: skip

    def run(self, server: HostileServer, cmdlet: Cmdlet, **more: Any) -> Any:
        made = replace(exchange_online(self.options(server, **more)), retry=self.patience.retry)
        return run(made, cmdlet)


@pytest.fixture
def cloud(certificates: Certificates, patience: Any) -> Iterator[Cloud]:
    made = Cloud(certificates, patience)
    yield made
    for server in made.servers:
        server.__exit__()


# -- credentials stay where they are meant to go -----------------------------------------------------------------------


@pytest.mark.parametrize("way", ON_PREMISES)
@pytest.mark.parametrize("status", [301, 307])
def test_a_redirect_takes_no_account_elsewhere(way: str, status: int, patience: Any) -> None:
    with HostileServer(lambda _seen: reply(401, b"", CHALLENGE)) as evil:
        location = f"Location: http://127.0.0.1:{evil.port}/wsman"
        with HostileServer(lambda _seen: reply(status, b"", location)) as server:
            failure = failure_of(lambda: run(on_premises(way, server, patience), READ[way]))
        assert evil.seen == []
    assert f"points to http://127.0.0.1:{evil.port}, where no credential is sent." in failure.message
    assert (failure.code, failure.retryable) == ("unexpected_answer", False)


def test_a_redirect_of_the_same_host_to_another_port_is_none_of_its_own(patience: Any) -> None:
    with HostileServer(lambda _seen: reply(401, b"", 'WWW-Authenticate: Basic realm="x"')) as evil:
        location = f"Location: http://localhost:{evil.port}/PowerShell/"
        with HostileServer(lambda _seen: reply(307, b"", location)) as server:
            basic = on_premises("psrp", server, patience, auth="basic", allow_unencrypted=True)
            failure_of(lambda: run(basic, READ["psrp"]))
        assert evil.seen == []


LINKS = (
    "https://127.0.0.1:{evil}\\@localhost:{own}/x", "https://127.0.0.1:{evil}/x", "https://localhost:{evil}/x",
    "http://localhost:{own}/x", "https://ann@localhost:{own}/x", "https://LOCALHOST.:{own}/x", "//127.0.0.1:{evil}/x",
    "https://localhost\t:{own}/x", "https://loc\u24d0lhost:{own}/x",
)  # fmt: skip


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("batched", [False, True], ids=["alone", "batched"])
def test_a_next_page_takes_no_token_elsewhere(cloud: Cloud, link: str, batched: bool) -> None:
    evil = cloud.server(lambda _seen: reply(200, b'{"value":[]}'))

    def answer(seen: Seen) -> list[bytes]:
        page = {"value": [], "@odata.nextLink": link.format(evil=evil.port, own=own.port)}
        if b"$batch" in seen.head.split(b"\r\n")[0]:
            parts = [{"id": part["id"], "status": 200, "body": page} for part in json.loads(seen.body)["requests"]]
            return reply(200, json.dumps({"responses": parts}).encode())
        return reply(200, json.dumps(page).encode())

    own = cloud.server(answer)
    session = replace(exchange_online(cloud.options(own)), retry=cloud.patience.retry).open()
    if batched:
        told = session.run_many([MAILBOX, MAILBOX])
        assert [type(item).__name__ for item in told] == ["ConnectionFailure"] * 2
    else:
        assert "no token was sent there" in failure_of(lambda: session.run(MAILBOX)).message
    session.close()
    assert evil.seen == []


@pytest.mark.parametrize("link", LINKS)
def test_a_redirect_takes_no_token_elsewhere(cloud: Cloud, link: str) -> None:
    evil = cloud.server(lambda _seen: reply(200, b'{"value":[]}'))
    own = cloud.server(lambda _seen: reply(302, b"", f"Location: {link.format(evil=evil.port, own=own.port)}"))
    failure_of(lambda: cloud.run(own, MAILBOX))
    assert evil.seen == []


def sign_in(own: Callable[[], HostileServer], evil: HostileServer, how: str) -> Answer:
    """Answer as a sign-in service that wants the secret to go elsewhere."""

    def answer(seen: Seen) -> list[bytes]:
        issuer = f"https://localhost:{own().port}"
        elsewhere = f"https://localhost:{evil.port}/token"
        if b"openid-configuration" in seen.head:
            token = elsewhere if how == "told" else f"{issuer}/token"
            known = {"issuer": f"{issuer}/contoso", "authorization_endpoint": f"{issuer}/a", "token_endpoint": token}
            return reply(200, json.dumps(known).encode(), "Content-Type: application/json")
        return reply(int(how), b"", f"Location: {elsewhere}")

    return answer


@pytest.mark.parametrize("how", ["told", "302", "307", "308"])
@pytest.mark.parametrize("way", ["rest", "graph"])
def test_a_sign_in_service_gets_no_secret_sent_elsewhere(cloud: Cloud, how: str, way: str) -> None:
    evil = cloud.server(lambda _seen: reply(200, b'{"access_token":"x","expires_in":3600}'))
    own = cloud.server(sign_in(lambda: own, evil, how))
    options = cloud.options(
        own, client_id="app", client_secret=SECRET.decode(), authority=f"https://localhost:{own.port}", graph=True,
        graph_base_url=f"https://localhost:{own.port}",
    )  # fmt: skip
    if way == "graph":
        directory = graph(options)
        assert directory is not None
        failure = failure_of(directory.features)
        directory.close()
    else:
        failure = failure_of(lambda: run(exchange_online(options), MAILBOX))
    assert evil.seen == []
    assert "where no credential is sent" in failure.message
    assert SECRET.decode() not in failure.sentence()


@pytest.mark.parametrize("option", ["base_url", "authority", "resource"])
@pytest.mark.parametrize("value", ["https://evil.fabrikam.com\\@login.contoso.com", "https://a@b.contoso.com", "https://"])
def test_an_address_that_can_be_read_in_two_ways_is_refused(option: str, value: str) -> None:
    given = {"tenant_id": "contoso.com", "client_id": "x", "client_secret": "s"}
    with pytest.raises(InputError, match=rf"exchange_online\.{option}: .* is not an https address"):
        exchange_online({**given, option: value})


@pytest.mark.parametrize("host", ["ex01\\@evil", "ex01?x", "ex01#x", "ex01%40evil", "a b", "[ex01]"])
@pytest.mark.parametrize("way", ON_PREMISES)
def test_a_host_that_ends_its_own_url_is_refused(host: str, way: str, tmp_path: Path) -> None:
    options = {"host": host, "username": "a", "password": "b", "auth": "ntlm"}
    with pytest.raises(InputError, match="is not a host name"):
        entra_connect(options) if way == "entra_connect" else exchange_server({"transport": way, **options})


# -- statuses, whatever the body ---------------------------------------------------------------------------------------

BODIES = {
    "empty": b"", "text": b"upstream connect error", "NUL": b"\x00" * 64, "JSON": b'{"message":"Bad Gateway"}',
    "HTML": b"<html><head><title>Bad gateway</title></head></html>", "XML": b"<?xml version='1.0'?><a/>",
    "SOAP": b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>",
}  # fmt: skip
STATUSES = (500, 502, 503, 504, 520, 599)


@pytest.mark.parametrize("body", list(BODIES))
@pytest.mark.parametrize("way", ON_PREMISES)
def test_a_read_on_premises_is_tried_again_for_each_status_of_a_gateway(way: str, body: str, patience: Any) -> None:
    for status in STATUSES:
        patience.waited.clear()
        with HostileServer(lambda _seen, status=status: reply(status, BODIES[body])) as server:
            basic = {"auth": "basic", "allow_unencrypted": True} if way == "psrp" else {}
            failure = failure_of(lambda server=server, basic=basic: run(on_premises(way, server, patience, **basic),
                                                                        READ[way]))
        assert (len(patience.waited), failure.retryable) == (5, True), (status, failure.message)


@pytest.mark.parametrize("body", list(BODIES))
def test_a_read_in_the_cloud_is_tried_again_for_each_status_of_a_gateway(cloud: Cloud, body: str) -> None:
    answers: list[int] = []
    server = cloud.server(lambda _seen: reply(answers.pop(0), BODIES[body]) if answers else reply(200, b'{"value":[]}'))
    for status in (*STATUSES, 408, 407):
        answers[:] = [status] * 3
        assert cloud.run(server, MAILBOX).objects == []
        answers[:] = [status] * 2
        made = replace(exchange_online(cloud.options(server)), retry=cloud.patience.retry).open()
        assert [len(item.objects) for item in made.run_many([MAILBOX])] == [0]
        made.close()


def test_a_read_is_tried_again_after_a_handshake_that_ends(certificates: Certificates, patience: Any) -> None:
    # So ends a kept connection, too, that the other side closes while the next request is on its way.
    with HostileServer(lambda _seen: [], http=False) as server:
        failure = failure_of(lambda: Cloud(certificates, patience).run(server, MAILBOX))
        assert (failure.code, failure.retryable, len(server.seen)) == ("connection_lost", True, 6), failure.message
    assert "was interrupted before the answer arrived (SSLEOFError)" in failure.message


@pytest.mark.parametrize("body", list(BODIES))
def test_a_write_in_the_cloud_may_have_run_behind_a_gateway(cloud: Cloud, body: str) -> None:
    for status in STATUSES:
        server = cloud.server(lambda _seen, status=status: reply(status, BODIES[body]))
        write = Cmdlet("Set-Mailbox", {"Identity": "ann"})
        failure = failure_of(lambda server=server, write=write: cloud.run(server, write))
        assert (failure.answer_lost, failure.retryable, len(server.seen)) == (True, True, 1), (status, failure.message)


def test_an_answer_without_content_says_so_by_its_status(cloud: Cloud) -> None:
    server = cloud.server(lambda _seen: reply(204))
    for cmdlet in (Cmdlet("Set-Mailbox", {"Identity": "ann"}), MAILBOX):
        assert cloud.run(server, cmdlet).objects == []


def test_an_empty_answer_is_none(cloud: Cloud) -> None:
    server = cloud.server(lambda _seen: reply(200))
    failure = failure_of(lambda: cloud.run(server, Cmdlet("Set-Mailbox", {"Identity": "ann"})))
    assert (failure.code, failure.answer_lost, len(server.seen)) == ("connection_lost", True, 1)
    assert failure_of(lambda: cloud.run(server, MAILBOX)).code == "connection_lost"


def service(cloud: Cloud, answers: list[list[bytes]]) -> HostileServer:
    """Return a sign-in service that gives ``answers``, then tokens, and an Exchange Online with nothing in it."""

    def answer(seen: Seen) -> list[bytes]:
        issuer = f"https://localhost:{own.port}"
        if b"/adminapi/" in seen.head:
            return reply(200, b'{"value":[]}')
        if b"openid-configuration" in seen.head:
            known = {"issuer": f"{issuer}/contoso", "authorization_endpoint": f"{issuer}/a",
                     "token_endpoint": f"{issuer}/token"}
            return reply(200, json.dumps(known).encode(), "Content-Type: application/json")
        if answers:
            return answers.pop(0)
        token = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 3600}
        return reply(200, json.dumps(token).encode(), "Content-Type: application/json")

    own = cloud.server(answer)
    return own


@pytest.mark.parametrize(
    "answer",
    [
        *(reply(status, BODIES["HTML"], "Content-Type: text/html") for status in STATUSES),
        reply(502), reply(429, b"", "Retry-After: 7"), reply(503, b"{}", "Retry-After: 7"),
        reply(200, BODIES["HTML"], "Content-Type: text/html"), [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"],
    ],
)  # fmt: skip
def test_no_token_for_the_moment_sinks_nothing(cloud: Cloud, answer: list[bytes]) -> None:
    server = service(cloud, [answer] * 3)
    options = {"client_id": "app", "client_secret": "s", "authority": f"https://localhost:{server.port}"}
    assert cloud.run(server, Cmdlet("Set-Mailbox", {"Identity": "ann"}), **options) is not None


def test_a_sign_in_service_does_not_say_how_long_a_job_waits(cloud: Cloud) -> None:
    server = service(cloud, [reply(429, b"", "Retry-After: 86400")] * 99)
    options = {"client_id": "app", "client_secret": "s", "authority": f"https://localhost:{server.port}"}
    failure = failure_of(lambda: cloud.run(server, MAILBOX, **options))
    assert "asks for a pause of 86400 seconds, but a run waits for 900 at most" in failure.message
    assert (failure.code, cloud.patience.waited) == ("throttled", [])


# -- Active Directory --------------------------------------------------------------------------------------------------

# A message of LDAP that announces 100 MiB, a bind that is accepted, and one that is refused with half a sentence.
ANNOUNCED = b"\x30\x84\x06\x40\x00\x00\x02\x01\x01"
BOUND = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"


def directory(server: HostileServer, certificates: Certificates, timeout: int = 20) -> DirectoryReader:
    return DirectoryReader(
        {
            "host": "localhost", "port": server.port, "auth": "simple", "username": "CONTOSO\\reader", "password": "x",
            "ca_file": str(certificates.ca_file), "timeout": timeout,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([b"\xff" * 400], "cannot be read"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "was interrupted"),
        ([b"\x30\x80" * 5000], "cannot be read"),
        ([b"\x30\x03\x02\x01\x01"], "was interrupted"),
        ([b"\x30\x82\x03\xe8" + b"\x30\x7f" * 500], "cannot be read"),
        ([b""], "was closed"),
        ([BOUND[:9]], "was closed"),
        ([ANNOUNCED], "answered with more than 32 MiB"),
        ([BOUND, b"\x30\x84\xff\xff\xff\xff" + b"\x30" * 999], "answered with more than 32 MiB"),
    ],
    ids=["noise", "HTTP", "nested", "empty", "deep", "nothing", "half", "announced", "after the bind"],
)
def test_what_a_domain_controller_may_answer(
    certificates: Certificates, pieces: list[bytes], told: str
) -> None:
    with HostileServer(lambda _seen: pieces, certificates.server_context, http=False) as server:
        failure = failure_of(lambda: directory(server, certificates).__enter__())
    assert told in failure.message
    assert failure.code in ("connection_lost", "unexpected_answer")


def test_a_domain_controller_whose_handshake_goes_on_slowly_is_left_in_time(certificates: Certificates) -> None:
    with HostileServer(lambda _seen: [], greeting=b"\x16\x03\x03\x40\x00", then=b"\x02") as server:
        failure = failure_of(lambda: directory(server, certificates, timeout=1).__enter__())
    assert "no complete answer within 1 seconds" in failure.message
    assert (failure.code, failure.retryable) == ("connection_lost", True)


def test_a_domain_controller_that_is_silent_in_the_handshake_is_no_matter_of_certificates(
    certificates: Certificates
) -> None:
    with HostileServer(lambda _seen: [], greeting=b"\x16") as server:
        failure = failure_of(lambda: directory(server, certificates, timeout=1).__enter__())
    assert "no complete answer within 1 seconds" in failure.message
    assert (failure.code, failure.retryable, "certificate" in failure.remedy) == ("connection_lost", True, False)


def test_a_domain_controller_that_hangs_up_in_the_handshake_may_be_asked_again(certificates: Certificates) -> None:
    with HostileServer(lambda _seen: [b""], http=False) as server:
        failure = failure_of(lambda: directory(server, certificates).__enter__())
    assert (failure.code, failure.retryable, "certificate" in failure.remedy) == ("connection_lost", True, False)


# -- a process that prints ---------------------------------------------------------------------------------------------

PRINTS = {
    "one line": "while True: sys.stdout.write('a' * 65536)",
    "many lines": "while True: print('noise')",
}


@pytest.mark.parametrize("how", list(PRINTS))
def test_a_process_that_prints_without_an_end_is_left(how: str) -> None:
    process = Process([sys.executable, "-c", f"import sys\n{PRINTS[how]}"], {}, closing_timeout=0.2, most=MIB)
    process.start()
    with pytest.raises(ProcessLost, match="it printed more than 1 MiB") as caught:
        process.ask(b"{}\n", 60.0)
    process.close()
    assert caught.value.timed_out, "it would print as much again"


def test_a_large_answer_is_put_together_once() -> None:
    """Pieces of 64 KiB that are added to what is there, one by one, copy a gigabyte for an answer of 12 MiB."""
    reply = {"cmdlet": "Get-Mailbox", "objects": [{"Name": "s:" + "a" * 9_000_000}], "warnings": [], "errors": []}
    code = "import base64, json, sys; sys.stdin.readline(); print(); print(base64.b64encode(%r).decode())"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "answer.py")
        script.write_text(code % json.dumps(reply).encode(), encoding="utf-8")
        process = Process([sys.executable, str(script)], {})
        process.start()
        answer = process.ask(b"{}\n", 60.0)
        process.close()
    assert len(answer.output.objects[0]["Name"]) == 9_000_000
