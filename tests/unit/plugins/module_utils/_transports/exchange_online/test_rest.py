# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import datetime
import email.utils
import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections import cmdlet_table
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.cmdlets import (
    Cmdlet,
    CmdletOutput,
    Credential,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.interfaces import EXCHANGE_ONLINE
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._connections.journal import Journal
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._errors import (
    CmdletError,
    ConnectionFailure,
    HybridError,
    InputError,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._memory.files import FileMemory
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online import (
    rest as exchange_online_rest,
)
from ansible_collections.mailops.exchange_hybrid.plugins.module_utils._transports.exchange_online.organization import (
    ExchangeOnlineOrganization,
    from_options,
)

from lab.answer import Answer, CmdletFailure, LabObject
from lab.certificates import create_certificates
from lab.wire.http_server import HttpServer, Request, Response

TRANSFORMATION = "System.Management.Automation.ParameterBindingArgumentTransformationException"
NOT_FOUND = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
READ = Cmdlet("Get-Mailbox", {"Identity": "ann@contoso.com"})
WRITE = Cmdlet("New-MoveRequest", {"Identity": "ann@contoso.com", "Outbound": True})


def mailbox(name: str = "Ann") -> LabObject:
    return LabObject(("Microsoft.Exchange.Data.Directory.Management.Mailbox",), {"Name": name}, name)


def options_of(laboratory: Any, **more: Any) -> dict[str, Any]:
    environment = laboratory.environment()
    names = ("tenant_id", "client_id", "client_secret", "base_url", "authority", "ca_file")
    options = {name: environment[f"EXCHANGE_ONLINE_{name.upper()}"] for name in names}
    return {**options, **more}


@pytest.fixture
def organization(scripted: Any, patience: Any) -> ExchangeOnlineOrganization:
    return replace(from_options(options_of(scripted)), retry=patience.retry)


def failure_of(work: Callable[[], object]) -> HybridError:
    with pytest.raises(HybridError) as caught:
        work()
    return caught.value


def test_reads_every_page(scripted: Any) -> None:
    scripted.hybrid.exchange_online.answer("Get-Mailbox", *(mailbox(f"m{number}") for number in range(25)))
    session = from_options(options_of(scripted, page_size=10)).open()
    output = session.run(Cmdlet("Get-Mailbox", {"ResultSize": "Unlimited"}))
    assert [item["Name"] for item in output.objects] == [f"m{number}" for number in range(25)]
    assert len(session.run(Cmdlet("Get-Mailbox", {"ResultSize": 12})).objects) == 12
    session.close()


def test_a_netrc_does_not_replace_the_token(
    scripted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login ann password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    scripted.hybrid.exchange_online.answer("Get-Mailbox", mailbox("ann"))
    session = from_options(options_of(scripted)).open()
    assert len(session.run(Cmdlet("Get-Mailbox")).objects) == 1
    session.close()


def test_writes_carry_confirm_false_and_their_parameters(
    scripted: Any, organization: ExchangeOnlineOrganization
) -> None:
    scripted.hybrid.exchange_online.answer("New-MoveRequest", mailbox())
    session = organization.open()
    session.run(WRITE.with_parameters(CompleteAfter=datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc)))
    session.run(Cmdlet("Set-Mailbox", {"Identity": "a", "EmailAddresses": {"Add": ["smtp:a@contoso.com"]}}))
    move, mailbox_change = scripted.hybrid.exchange_online.calls
    assert move.parameters == {
        "Identity": "ann@contoso.com", "Outbound": True, "CompleteAfter": "2026-12-01T00:00:00.0000000Z",
        "Confirm": False}
    assert mailbox_change.parameters["EmailAddresses"] == {"Add": ["smtp:a@contoso.com"]}
    assert mailbox_change.parameters["Confirm"] is False


def test_bytes_travel_in_base64_and_as_an_array_where_that_does_not_bind(
    scripted: Any, organization: ExchangeOnlineOrganization
) -> None:
    batch = WRITE.with_parameters(CSVData=b"EmailAddress\r\nann@contoso.com\r\n")
    online = scripted.hybrid.exchange_online

    def only_an_array(call: Any) -> Answer:
        if not isinstance(call.parameters["CSVData"], bytes):
            raise CmdletFailure("Cannot process argument transformation on parameter 'CSVData'.", TRANSFORMATION)
        return Answer([mailbox()])

    online.answer("New-MoveRequest", mailbox())
    organization.open().run(batch)
    online.answers["New-MoveRequest"] = only_an_array
    organization.open().run(batch)
    sent = [call.parameters["CSVData"] for call in online.calls]
    assert [type(value) for value in sent] == [str, str, bytes]
    assert base64.b64decode(sent[0]) == sent[2] == batch.parameters["CSVData"]
    # Nothing is sent twice but for that reason.
    online.calls.clear()
    with pytest.raises(CmdletError):
        organization.open().run(WRITE.with_parameters(CSVData="no bytes"))
    assert len(online.calls) == 1


def test_a_credential_is_refused_unless_accepted(scripted: Any, organization: ExchangeOnlineOrganization) -> None:
    scripted.hybrid.exchange_online.answer("New-MoveRequest", mailbox())
    move = WRITE.with_parameters(RemoteCredential=Credential("CONTOSO\\svc-mrs", "Battery-stäple"))
    error = failure_of(lambda: organization.open().run(move))
    assert isinstance(error, InputError)
    assert error.code == "experimental_rest_credential_required"
    assert scripted.hybrid.exchange_online.calls == []
    accepted = from_options(options_of(scripted, experimental_rest_credential=True))
    accepted.open().run(move)
    accepted.open().run(move)
    received = [call.parameters["RemoteCredential"] for call in scripted.hybrid.exchange_online.calls]
    assert [(item.username, item.password) for item in received] == [("CONTOSO\\svc-mrs", "Battery-stäple")] * 2


def test_reads_travel_ten_to_a_request(scripted: Any, organization: ExchangeOnlineOrganization) -> None:
    def answer(call: Any) -> Answer:
        if call.parameters["Identity"] == "7":
            raise CmdletFailure("The object '7' couldn't be found.", NOT_FOUND, terminating=True)
        return Answer([mailbox(call.parameters["Identity"])])

    scripted.hybrid.exchange_online.answers["Get-Mailbox"] = answer
    wanted = [Cmdlet("Get-Mailbox", {"Identity": str(number)}) for number in range(23)] + [Cmdlet("Get-Nothing")]
    outcomes = organization.open().run_many(wanted)
    assert len(outcomes) == 24
    assert isinstance(outcomes[7], CmdletError)
    assert outcomes[7].not_found
    assert isinstance(outcomes[23], ConnectionFailure)
    assert outcomes[23].code == "permission_denied"
    found = [outcome.objects[0]["Name"] for outcome in outcomes if isinstance(outcome, CmdletOutput)]
    assert found == [str(number) for number in range(23) if number != 7]


def test_a_throttled_part_of_a_batch_goes_alone(
    scripted: Any, organization: ExchangeOnlineOrganization, patience: Any
) -> None:
    scripted.hybrid.exchange_online.answer("Get-Mailbox", *(mailbox(str(number)) for number in range(3)))
    scripted.faults.add("exchange_online", "Get-Mailbox", "throttle", count=2)
    outcomes = organization.open().run_many([READ, READ, READ])
    assert [len(outcome.objects) for outcome in outcomes if isinstance(outcome, CmdletOutput)] == [3, 3, 3]


def test_writes_are_not_batched(organization: ExchangeOnlineOrganization) -> None:
    with pytest.raises(ValueError, match="not a read"):
        organization.open().run_many([READ, WRITE])


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("throttle", {"retry_after": 0.25}), ("drop_before", {}), ("drop_after", {}), ("expire_token", {}),
        ("expire_token", {"claims": False}), ("html_body", {}), ("html_body", {"status": 200}),
        ("html_body", {"status": 403}), ("html_body", {"status": 401, "xhtml": True}),
        ("html_body", {"status": 400, "xhtml": True}), ("empty_body", {}), ("empty_body", {"status": 503}),
        ("error", {"exception_type": "Microsoft.Exchange.Data.StorageTransientException", "message": "busy"}),
    ],
)
def test_a_read_gets_over_faults(
    scripted: Any, organization: ExchangeOnlineOrganization, patience: Any, kind: str, arguments: dict[str, Any]
) -> None:
    scripted.hybrid.exchange_online.answer("Get-Mailbox", mailbox())
    scripted.faults.add("exchange_online", "Get-Mailbox", kind, **arguments)
    assert organization.open().run(READ).objects == [{"Name": "Ann"}]
    # A new token is no reason to wait.
    assert bool(patience.waited) == (kind != "expire_token")
    if kind == "throttle":
        assert patience.waited == [pytest.approx(0.35)]


@pytest.mark.parametrize(
    ("kind", "arguments", "code", "answer_lost", "ran"),
    [
        ("throttle", {}, "throttled", False, 0),
        ("drop_before", {}, "connection_lost", True, 0),
        ("drop_after", {}, "connection_lost", True, 1),
        ("html_body", {"when": "after"}, "gateway_answer", True, 1),
        ("html_body", {"status": 200}, "gateway_answer", True, 0),
        ("html_body", {"status": 404, "xhtml": True}, "gateway_answer", True, 0),
        # No token is renewed for it, and nothing sent again.
        ("html_body", {"status": 401, "when": "after"}, "gateway_answer", True, 1),
        ("html_body", {"status": 500}, "gateway_answer", True, 0),
        ("deny", {}, "permission_denied", False, 0),
    ],
)
def test_a_write_is_sent_once(
    scripted: Any, organization: ExchangeOnlineOrganization, patience: Any, kind: str, arguments: dict[str, Any],
    code: str, answer_lost: bool, ran: int,
) -> None:
    scripted.faults.add("exchange_online", "New-MoveRequest", kind, **arguments)
    error = failure_of(lambda: organization.open().run(WRITE))
    assert (error.code, error.answer_lost, error.cmdlet) == (code, answer_lost, "New-MoveRequest")
    assert patience.waited == []
    assert len(scripted.hybrid.exchange_online.calls) == ran


def test_a_write_survives_an_expired_token(scripted: Any, organization: ExchangeOnlineOrganization) -> None:
    scripted.hybrid.exchange_online.answer("New-MoveRequest", mailbox())
    scripted.faults.add("exchange_online", "New-MoveRequest", "expire_token")
    organization.open().run(WRITE)
    assert len(scripted.hybrid.exchange_online.calls) == 1


def test_errors_are_exchanges_own(scripted: Any, organization: ExchangeOnlineOrganization) -> None:
    scripted.faults.add(
        "exchange_online", "Get-Mailbox", "error", count=None, exception_type=NOT_FOUND,
        message="The object 'ann' couldn't be found.")
    error = failure_of(lambda: organization.open().run(READ))
    assert isinstance(error, CmdletError)
    assert error.not_found
    assert error.exception_type == "ManagementObjectNotFoundException"
    scripted.faults.add("exchange_online", "Get-Mailbox", "errors_in_200", count=None)
    assert failure_of(lambda: organization.open().run(READ)).code == "not_found"


def test_a_warning_that_nothing_was_found_is_no_success(
    scripted: Any, organization: ExchangeOnlineOrganization
) -> None:
    scripted.hybrid.exchange_online.answer("Get-Mailbox", warnings=("The object 'ann' couldn't be found on 'DC'.",))
    assert failure_of(lambda: organization.open().run(READ)).code == "not_found"


class Service:
    """A service that answers with what the test says, one answer after the other, and notes the requests."""

    def __init__(self, directory: Path) -> None:
        self.answers: list[Response] = []
        self.requests: list[Request] = []
        self.certificates = create_certificates(directory)
        self.server = HttpServer(self._answer, tls=self.certificates.server_context)
        self.url = f"https://localhost:{self.server.port}"

    def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        return self.answers.pop(0) if self.answers else Response(200, b'{"value":[]}', "application/json")

    def organization(self, patience: Any, **more: Any) -> ExchangeOnlineOrganization:
        options = {
            "tenant_id": "contoso.com", "access_token": "opaque", "base_url": self.url,
            "ca_file": str(self.certificates.ca_file), **more}
        return replace(from_options(options), retry=patience.retry)


@pytest.fixture
def service(tmp_path: Path) -> Any:
    service = Service(tmp_path)
    service.server.start()
    yield service
    service.server.stop()


def redirect(location: str) -> Response:
    return Response(302, headers={"Location": location})


WRITES = sorted(known.name for known in cmdlet_table.TABLE if known.system == EXCHANGE_ONLINE and not known.is_read)
SHOWS_NOTHING = [Response(200, body, "application/json") for body in (b'{"value":[]}', b'{"value":null}', b"{}")]


def test_a_write_with_an_empty_answer_is_not_taken_as_done(service: Service, patience: Any, tmp_path: Path) -> None:
    """Whether it ran is not known: the journal must not say that it did, and its object has to be read."""
    session = service.organization(patience).open()
    service.answers = [Response(200) for _write in WRITES]
    with Journal(FileMemory(), str(tmp_path / "journal.jsonl")) as journal:
        for name in WRITES:
            write = Cmdlet(name, {"Identity": "ann@contoso.com"})
            error = failure_of(lambda write=write: _journaled(journal, session, write))  # type: ignore[misc]
            assert (error.answer_lost, error.retryable, error.cmdlet) == (True, True, name)
            assert "an empty body" in error.message
    assert len(service.requests) == len(WRITES)
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text("utf-8").splitlines()]
    assert {line["result"] for line in lines if line["event"] == "answered"} == {"unknown"}


def _journaled(journal: Journal, session: Any, write: Cmdlet) -> None:
    with journal.writing(EXCHANGE_ONLINE, "outlook.office365.com", write, None):
        session.run(write)


def test_what_makes_an_object_and_shows_none_is_not_taken_as_done(service: Service, patience: Any) -> None:
    """All New- cmdlets show what they made; for others, an answer without an object is how success looks."""
    session = service.organization(patience).open()
    for name, answer in itertools.product(WRITES, (*SHOWS_NOTHING, Response(204))):
        service.answers, write = [answer], Cmdlet(name, {"Identity": "ann@contoso.com"})
        if not name.startswith("New-"):
            assert session.run(write).objects == []
            continue
        error = failure_of(lambda write=write: session.run(write))  # type: ignore[misc]
        assert (error.code, error.answer_lost, error.retryable) == ("unexpected_answer", True, True)
        assert f"answered {name} without the object that it makes: whether it was made is not known." in error.message


def test_a_redirect_to_a_backend_is_followed_and_kept(service: Service, patience: Any) -> None:
    service.answers = [redirect("https://localhost:446/adminapi/beta/contoso.com/InvokeCommand")]
    session = service.organization(patience).open()
    session.run(READ)
    session.run(READ)
    assert len(service.requests) == 3
    assert {request.headers["authorization"] for request in service.requests} == {"Bearer opaque"}


@pytest.mark.parametrize(
    "answer",
    [
        redirect("https://evil.example/adminapi"), redirect("http://localhost/adminapi"),
        Response(200, json.dumps({"value": [], "@odata.nextLink": "https://evil.example/x"}).encode()),
    ],
    ids=["another host", "no TLS", "next page elsewhere"],
)
def test_no_token_leaves_for_a_strange_host(service: Service, patience: Any, answer: Response) -> None:
    service.answers = [answer]
    error = failure_of(lambda: service.organization(patience).open().run(READ))
    assert (error.code, len(service.requests)) == ("unexpected_answer", 1)
    assert "no token was sent" in error.message


def test_endless_redirects_and_pages_end(service: Service, patience: Any) -> None:
    link = f"{service.url}/adminapi/x"
    service.answers = [redirect(link)] * 9
    assert "redirect" in failure_of(lambda: service.organization(patience).open().run(READ)).message
    service.answers = [Response(200, json.dumps({"value": [], "@odata.nextLink": link}).encode())] * 9
    assert "already read" in failure_of(lambda: service.organization(patience).open().run(READ)).message


EXPIRED = {"error": {"message": "Invalid Operation", "innererror": {"internalexception": {
    "message": "Expired or Invalid pagination request. Default Expiry time is 00:30:00"}}}}
TRUNCATED = "There are more results available than are currently displayed. To view them, increase ResultSize."


def page(name: str, link: str = "", warning: str = "") -> Response:
    told = {"@odata.nextLink": link} if link else {}
    return Response(200, json.dumps({"value": [{"Name": name}], "@adminapi.warnings": [warning], **told}).encode())


def test_a_refused_cursor_is_answered_by_one_question_without_pages(service: Service, patience: Any) -> None:
    refused = Response(400, json.dumps(EXPIRED).encode())
    service.answers = [page("a", f"{service.url}/adminapi/next"), refused, page("whole")]
    output = service.organization(patience).open().run(READ)
    assert [item["Name"] for item in output.objects] == ["whole"]
    assert ["prefer" in request.headers for request in service.requests] == [True, True, False]
    assert len({request.body for request in service.requests}) == 1
    assert {request.headers["x-anchormailbox"] for request in service.requests} == {
        f"{exchange_online_rest.ANCHOR_MAILBOX}@contoso.com"
    }
    assert patience.waited == []


@pytest.mark.parametrize("rest", ["a further page", "a warning"])
def test_an_answer_that_is_not_whole_never_passes_for_one(service: Service, patience: Any, rest: str) -> None:
    link = f"{service.url}/adminapi/next"
    refused = Response(400, json.dumps(EXPIRED).encode())
    last = page("b", link) if rest == "a further page" else page("b", warning=TRUNCATED)
    service.answers = [page("a", link), refused, last]
    error = failure_of(lambda: service.organization(patience).open().run(READ))
    assert (error.code, len(service.requests)) == ("incomplete_answer", 3)


def test_a_write_whose_page_is_refused_is_not_sent_again(service: Service, patience: Any) -> None:
    service.answers = [page("a", f"{service.url}/adminapi/next"), Response(400, json.dumps(EXPIRED).encode())]
    error = failure_of(lambda: service.organization(patience).open().run(WRITE))
    assert (error.code, error.answer_lost, len(service.requests)) == ("cursor_refused", True, 2)


def test_a_service_that_takes_no_cursor_back_is_read_all_the_same(scripted: Any, patience: Any) -> None:
    scripted.hybrid.exchange_online.answer("Get-Mailbox", *(mailbox(f"m{number}") for number in range(25)))
    scripted.faults.add("exchange_online", "Get-Mailbox", "refuse_cursor", count=None)
    session = replace(from_options(options_of(scripted, page_size=10)), retry=patience.retry).open()
    output = session.run(Cmdlet("Get-Mailbox", {"ResultSize": "Unlimited"}))
    assert [item["Name"] for item in output.objects] == [f"m{number}" for number in range(25)]
    assert len(scripted.hybrid.exchange_online.calls) == 2


@pytest.mark.parametrize("offset", [40, -40])
def test_retry_after_may_be_a_date(
    scripted: Any, organization: ExchangeOnlineOrganization, patience: Any, offset: int
) -> None:
    answered = datetime.datetime.now(datetime.timezone.utc)
    asked = email.utils.format_datetime(answered + datetime.timedelta(seconds=offset), usegmt=True)
    scripted.hybrid.exchange_online.answer("Get-Mailbox", mailbox())
    scripted.faults.add("exchange_online", "Get-Mailbox", "throttle", retry_after=asked)
    assert organization.open().run(READ).objects == [{"Name": "Ann"}]
    assert patience.waited == [pytest.approx(max(0, offset), abs=15)]


def test_nobody_waits_until_a_date_beyond_all_patience(
    scripted: Any, organization: ExchangeOnlineOrganization, patience: Any
) -> None:
    scripted.faults.add(
        "exchange_online", "Get-Mailbox", "throttle", retry_after="Wed, 01 Jan 2098 00:00:00 GMT", count=None
    )
    assert failure_of(lambda: organization.open().run(READ)).code == "throttled"
    assert patience.waited == []


def test_the_service_is_quoted_and_a_missing_role_is_told_whatever_the_status(
    scripted: Any, organization: ExchangeOnlineOrganization
) -> None:
    scripted.faults.add("exchange_online", "Get-Mailbox", "deny", count=2, told=True)
    error = failure_of(lambda: organization.open().run(READ))
    assert (error.code, error.retryable) == ("permission_denied", False)
    assert "HTTP 401: User is not allowed to call Get-Mailbox" in error.message
    assert "role" in error.remedy


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "authentication_failed"), (403, "permission_denied"), (404, "unexpected_answer"),
        (405, "unexpected_answer"),
    ],
)
def test_refusals_are_told_apart(service: Service, patience: Any, status: int, code: str) -> None:
    service.answers = [Response(status, bytes(32), "application/json", {"Content-Encoding": "gzip"})] * 3
    error = failure_of(lambda: service.organization(patience).open().run(WRITE))
    assert (error.code, error.answer_lost, len(service.requests)) == (code, False, 1)
    assert "opaque" not in error.message


def test_a_batch_that_is_refused_falls_apart(service: Service, patience: Any) -> None:
    service.answers = [Response(405)] + [Response(200, b'{"value":[{"Name":"a"}]}')] * 2
    outcomes = service.organization(patience).open().run_many([READ, READ])
    assert [outcome.objects for outcome in outcomes if isinstance(outcome, CmdletOutput)] == [[{"Name": "a"}]] * 2


@pytest.mark.parametrize("status", ["soon", [200], {"a": 1}, None])
def test_a_part_of_a_batch_with_no_status_goes_alone(service: Service, patience: Any, status: Any) -> None:
    parts = [{"id": str(number), "status": status, "body": {"value": []}} for number in range(2)]
    service.answers = [Response(200, json.dumps({"responses": parts}).encode())]
    service.answers += [Response(200, b'{"value":[{"Name":"a"}]}')] * 2
    outcomes = service.organization(patience).open().run_many([READ, READ])
    assert [outcome.objects for outcome in outcomes if isinstance(outcome, CmdletOutput)] == [[{"Name": "a"}]] * 2


def test_tls_failures_and_silence_are_told_apart(service: Service, patience: Any, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = create_certificates(tmp_path / "other").ca_file
    wrong_ca = failure_of(lambda: service.organization(patience, ca_file=str(other)).open().run(READ))
    assert (wrong_ca.code, wrong_ca.answer_lost) == ("certificate_not_trusted", False)
    assert "exchange_online.ca_file" in wrong_ca.remedy
    service.server.stop()
    silent = failure_of(lambda: service.organization(patience).open().run(WRITE))
    assert (silent.code, silent.answer_lost) == ("unreachable", False)
