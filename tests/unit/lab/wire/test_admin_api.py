# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The admin API as requests meets it: every documented trap."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab.answer import Answer, CmdletFailure, LabCredential
from lab.laboratory import Laboratory

HASH_TABLE = "#Exchange.GenericHashTable"
CONFIRMED = {"Identity": "ann", "Confirm": False}
EXPIRED_CURSOR = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
AMBIGUOUS = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"


def inner(answer: requests.Response) -> dict[str, str]:
    exception: dict[str, str] = answer.json()["error"]["innererror"]["internalexception"]
    return exception


def test_values_and_annotations(rest: Any) -> None:
    answer = rest.invoke("get-mailbox", {"Identity": "ann"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json;odata.metadata=minimal")
    document = answer.json()
    assert document["@adminapi.warnings"] == []
    assert document["adminapi.warnings@odata.type"] == "#Collection(String)"
    assert document["value"] == [
        {
            "Identity": "contoso.com/Staff/Ann <Ändrews>",
            "DisplayName": "Ann & Bob \U0001f600 _x000A_ \n",
            "Number@data.type": "System.Int32",
            "Number": 0,
            "LargeNumber@data.type": "System.Int64",
            "LargeNumber": 2**40,
            "ExchangeGuid@data.type": "System.Guid",
            "ExchangeGuid@odata.type": "#Guid",
            "ExchangeGuid": "2be92a50-7c1e-4d8b-9a51-0d3f6f6c1a11",
            "EmailAddresses@odata.type": "#Collection(String)",
            "EmailAddresses": ["SMTP:ann@contoso.com", "smtp:ann@contoso.mail.onmicrosoft.com"],
            "InPlaceHolds@odata.type": "#Collection(String)",
            "InPlaceHolds": [],
            "RecipientTypeDetails": "UserMailbox",
            "TotalItemSize": "1.2 GB (1,288,490,188 bytes)",
            "ProhibitSendQuota": "Unlimited",
            "RetainDeletedItemsFor": "14.00:00:00",
            "OverallDuration": "01:00:05",
            "WhenChanged@data.type": "System.DateTime",
            "WhenChanged": "2026-01-02T03:04:05.0000000+00:00",
            "WhenChangedUTC@data.type": "System.DateTime",
            "WhenChangedUTC": "2026-01-02T03:04:05.0000000Z",
            "IsDirSynced": True,
            "ArchiveName": None,
        }
    ]


def test_select_trims_properties(rest: Any) -> None:
    answer = rest.invoke("Get-Mailbox", url=rest.url() + "?$select=Identity,ExchangeGuid")
    names = {name for name in answer.json()["value"][0] if "@" not in name}
    assert names == {"Identity", "ExchangeGuid"}


def test_pages_follow_one_another(rest: Any, hybrid: Any) -> None:
    url = rest.url() + "?$select=Number"
    numbers, requests_sent = [], 0
    while url:
        document = rest.invoke("Get-Mailbox", {"Count": 5}, url=url, Prefer="odata.maxpagesize=2").json()
        numbers += [item["Number"] for item in document["value"]]
        url = document.get("@odata.nextLink", "")
        requests_sent += 1
    assert (numbers, requests_sent) == ([0, 1, 2, 3, 4], 3)
    assert len(hybrid.exchange_online.calls) == 1


def test_a_page_can_be_asked_for_again(rest: Any) -> None:
    link = rest.invoke("Get-Mailbox", {"Count": 3}, Prefer="odata.maxpagesize=2").json()["@odata.nextLink"]
    assert rest.invoke("Get-Mailbox", url=link).json()["value"] == rest.invoke("Get-Mailbox", url=link).json()["value"]


def test_a_page_holds_a_thousand_at_most(rest: Any) -> None:
    document = rest.invoke("Get-Mailbox", {"Count": 1001}, Prefer="odata.maxpagesize=5000").json()
    assert len(document["value"]) == 1000
    assert "@odata.nextLink" in document


@pytest.mark.parametrize("case", ["other anchor", "no anchor", "anchor too late", "other cmdlet", "too late"])
def test_a_cursor_is_bound_to_its_anchor(rest: Any, case: str, timepieces: Any) -> None:
    first = {"X-AnchorMailbox": ""} if case in ("no anchor", "anchor too late") else {}
    link = rest.invoke("Get-Mailbox", {"Count": 3}, Prefer="odata.maxpagesize=2", **first).json()["@odata.nextLink"]
    second = {"X-AnchorMailbox": {"other anchor": "TID:other", "no anchor": ""}.get(case, rest.anchor)}
    if case == "too late":
        timepieces.monotonic += 1801
    answer = rest.invoke("Set-Mailbox" if case == "other cmdlet" else "Get-Mailbox", url=link, **second)
    assert answer.status_code == 400
    assert inner(answer)["message"] == EXPIRED_CURSOR
    assert "details" not in answer.json()["error"]


def test_not_found_is_a_404_with_pipes(rest: Any) -> None:
    answer = rest.invoke("Get-Mailbox", {"Identity": "nobody"})
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("NotFound", "Error executing cmdlet")
    number, kind, text = error["details"][0]["message"].split("|", 2)
    assert (number, kind) == ("Ex6F9304", "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException")
    assert text.startswith("The operation couldn't be performed because object 'nobody'")
    assert "DirectInvokeCmdletExecutionException" in inner(answer)["message"]


def test_other_errors_may_be_json_in_json(rest: Any, laboratory: Laboratory) -> None:
    kind = "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException"
    laboratory.faults.add("exchange_online", "*", "error", exception_type=kind, message="It's | here.")
    answer = rest.invoke("New-MoveRequest", CONFIRMED)
    assert answer.status_code == 400
    (detail,) = answer.json()["error"]["details"]
    assert json.loads(detail["message"]) == {
        "Message": "It's | here.",
        "TypeName": kind,
        "StackTrace": None,
        "InnerError": None,
    }


def test_a_class_keeps_its_format(rest: Any, hybrid: Any) -> None:
    formats = set()
    for number in range(8):
        failure = CmdletFailure("No.", f"Microsoft.Exchange.Sample{number}Exception", terminating=True)
        hybrid.exchange_online.cmdlets["Get-Mailbox"] = _raises(failure)
        said = {rest.invoke("Get-Mailbox").json()["error"]["details"][0]["message"] for _unused in range(2)}
        assert len(said) == 1
        formats.add(said.pop()[0])
    assert formats == {"|", "{"}


def _raises(failure: CmdletFailure) -> Any:
    def run(call: Any) -> Answer:
        raise failure

    return run


def test_an_unknown_parameter(rest: Any) -> None:
    answer = rest.invoke("Set-MailUser", {**CONFIRMED, "Bogus": 1})
    text = (
        "Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. "
        "Bogus"
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Invalid Operation"
    assert answer.json()["error"]["details"][0]["message"] == f"|{AMBIGUOUS}|{text}"
    assert inner(answer) == {"message": text, "type": AMBIGUOUS, "stacktrace": ""}


def test_errors_beside_objects_are_inside_a_200(rest: Any) -> None:
    answer = rest.invoke("Get-Mailbox", {"Identity": "half"})
    assert answer.status_code == 200
    document = answer.json()
    assert (len(document["value"]), document["@adminapi.warnings"]) == (1, ["Look out."])
    assert "couldn't be found" in document["@adminapi.errors"][0]


def test_any_error_can_be_told_inside_a_200(rest: Any, laboratory: Laboratory) -> None:
    laboratory.faults.add("exchange_online", "Get-Mailbox", "errors_in_200")
    document = rest.invoke("Get-Mailbox", {"Identity": "nobody"}).json()
    assert document["value"] == []
    assert document["@adminapi.errors"][0].startswith("Ex6F9304|")


@pytest.mark.parametrize("denied", [False, True])
def test_a_403_is_nul_bytes_that_claim_to_be_gzip(rest: Any, laboratory: Laboratory, denied: bool) -> None:
    if denied:
        laboratory.faults.add("exchange_online", "Get-Mailbox", "deny")
    name = "Get-Mailbox" if denied else "Get-Nonsense"
    with pytest.raises(requests.exceptions.ContentDecodingError):
        rest.invoke(name)
    url, headers = rest.url(), {"Authorization": f"Bearer {rest.token}"}
    laboratory.faults.add("exchange_online", "Get-Mailbox", "deny")
    body = {"CmdletInput": {"CmdletName": name, "Parameters": {}}}
    raw = rest.session.post(url, json=body, headers=headers, stream=True, timeout=10)
    assert (raw.status_code, raw.headers["Content-Encoding"]) == (403, "gzip")
    assert set(raw.raw.read(decode_content=False)) == {0}


@pytest.mark.parametrize(
    ("version", "resource", "method", "status"),
    [
        ("v1.0", "InvokeCommand", "POST", 405),
        ("v2.0", "InvokeCommand", "POST", 405),
        ("beta", "InvokeCommand", "GET", 405),
        ("beta", "Nonsense", "POST", 404),
        ("v3", "InvokeCommand", "POST", 404),
    ],
)
def test_only_beta_knows_invoke_command(rest: Any, version: str, resource: str, method: str, status: int) -> None:
    assert rest.send(method, rest.url(resource, version), {}).status_code == status


def test_another_tenant_is_not_here(rest: Any) -> None:
    tenant = "99999999-2222-3333-4444-555555555555"
    assert rest.invoke("Get-Mailbox", url=f"{rest.base}/adminapi/beta/{tenant}/InvokeCommand").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"CmdletInput": {"Parameters": {}}},
        {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": None}},
        {"CmdletInput": {"CmdletName": "Get-Mailbox"}},
    ],
)
def test_a_body_of_the_wrong_shape_is_refused(rest: Any, body: Any, laboratory: Laboratory) -> None:
    assert rest.send("POST", rest.url(), body).status_code == 400
    assert len(laboratory.log) == 0


def test_parameters_arrive_as_python_values(rest: Any, hybrid: Any) -> None:
    rest.invoke(
        "Set-Mailbox",
        {
            **CONFIRMED,
            "EmailAddresses": {"@odata.type": HASH_TABLE, "Add": ["smtp:a@contoso.com"]},
            "Nested": {"@odata.type": HASH_TABLE, "Inner": {"@odata.type": HASH_TABLE, "A": 1}},
            "CSVData": {"@odata.type": "#Exchange.ByteArrayType", "Data": [69, 109]},
            "Tables@odata.type": "#Collection(Exchange.GenericHashTable)",
            "Tables": [{"A": 1}],
            "Blobs@odata.type": "#Collection(Exchange.ByteArrayType)",
            "Blobs": [{"Data": [1]}],
            "List": ["x"],
            "Nothing": None,
        },
    )
    assert hybrid.exchange_online.calls[0].parameters == {
        **CONFIRMED,
        "EmailAddresses": {"Add": ["smtp:a@contoso.com"]},
        "Nested": {"Inner": {"A": 1}},
        "CSVData": b"Em",
        "Tables": [{"A": 1}],
        "Blobs": [b"\x01"],
        "List": ["x"],
        "Nothing": None,
    }


@pytest.mark.parametrize(
    "value",
    [
        {"Add": ["smtp:a@contoso.com"]},
        {"@odata.type": "#Exchange.Nonsense", "Add": []},
        {"@odata.type": HASH_TABLE, "Inner": {"Add": []}},
        [{"Add": []}],
        {"@odata.type": "#Exchange.ByteArrayType", "Data": "RW0="},
        {"@odata.type": "#Exchange.ByteArrayType", "Data": [256]},
    ],
)
def test_untagged_and_misshapen_objects_do_not_bind(rest: Any, value: Any, hybrid: Any) -> None:
    answer = rest.invoke("Set-Mailbox", {**CONFIRMED, "EmailAddresses": value})
    assert answer.status_code == 400
    assert inner(answer)["type"].endswith(".ParameterTransformationException")
    assert "details" not in answer.json()["error"]
    assert hybrid.exchange_online.calls == []


@pytest.mark.parametrize("confirm", [{}, {"Confirm": True}, {"Confirm": "false"}])
def test_an_unconfirmed_write_asks_back_and_changes_nothing(
    rest: Any, confirm: dict[str, Any], hybrid: Any, laboratory: Laboratory
) -> None:
    document = rest.invoke("Remove-MoveRequest", {"Identity": "ann", **confirm}).json()
    assert document["@adminapi.confirmationmessage"].startswith("Are you sure you want to perform this action?")
    assert document["value"] == []
    assert hybrid.exchange_online.calls == []
    assert [(entry["outcome"], entry["executed"]) for entry in laboratory.log.writes()] == [("error", False)]


def test_writes_without_output_answer_in_many_ways(rest: Any) -> None:
    names = ("New-MoveRequest", "Remove-MoveRequest", "Suspend-MoveRequest", "Resume-MoveRequest", "Set-Mailbox")
    answers = [rest.invoke(name, CONFIRMED) for name in names]
    assert all(answer.status_code in (200, 204) for answer in answers)
    forms = {str(answer.json().get("value", "absent")) if answer.content else "no body" for answer in answers}
    assert len(forms) >= 3
    document = rest.invoke("Set-MailUser", CONFIRMED).json()
    assert "no settings of 'ann' have been modified" in document["@adminapi.warnings"][0]


def test_throttling_may_name_no_time(rest: Any, laboratory: Laboratory) -> None:
    laboratory.faults.add("exchange_online", "Get-Mailbox", "throttle", retry_after=None)
    answer = rest.invoke("Get-Mailbox")
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, False)


def test_throttling_names_a_fraction_of_a_second(rest: Any, laboratory: Laboratory, hybrid: Any) -> None:
    laboratory.faults.add("exchange_online", "Get-Mailbox", "throttle", retry_after=0.5)
    answer = rest.invoke("Get-Mailbox")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "0.5")
    assert answer.text.startswith("You have reached the maximum number of concurrent requests per tenant.")
    assert hybrid.exchange_online.calls == []
    assert rest.invoke("Get-Mailbox").status_code == 200


@pytest.mark.parametrize(("kind", "executed"), [("drop_before", 0), ("drop_after", 1)])
def test_dropped_connections(rest: Any, laboratory: Laboratory, hybrid: Any, kind: str, executed: int) -> None:
    laboratory.faults.add("exchange_online", "New-MoveRequest", kind)
    with pytest.raises(requests.ConnectionError):
        rest.invoke("New-MoveRequest", CONFIRMED)
    assert len(hybrid.exchange_online.calls) == executed
    assert laboratory.log.writes()[0]["outcome"] == "dropped"


@pytest.mark.parametrize(
    ("kind", "arguments", "status", "body", "executed"),
    [
        ("html_body", {}, 503, "<html>", 0),
        ("html_body", {"when": "after", "status": 504}, 504, "<html>", 1),
        ("empty_body", {}, 200, "", 1),
        ("empty_body", {"envelope": True}, 200, '{"@odata.context"', 1),
        ("empty_body", {"when": "before", "status": 503}, 503, "", 0),
    ],
)
def test_a_gateway_answers_instead(
    rest: Any, laboratory: Laboratory, hybrid: Any, kind: str, arguments: Any, status: int, body: str, executed: int
) -> None:
    laboratory.faults.add("exchange_online", "New-MoveRequest", kind, **arguments)
    answer = rest.invoke("New-MoveRequest", CONFIRMED)
    assert (answer.status_code, answer.text[: len(body) or 1]) == (status, body)
    assert len(hybrid.exchange_online.calls) == executed


class TestTokens:
    def test_without_a_token(self, rest: Any) -> None:
        rest.token = ""
        assert rest.invoke("Get-Mailbox").status_code == 401
        rest.token = "no.token.atall"
        assert rest.invoke("Get-Mailbox").status_code == 401

    def test_another_audience(self, rest: Any, laboratory: Laboratory) -> None:
        rest.token = laboratory.issuer.issue(laboratory.application, audience="https://graph.microsoft.com")
        assert rest.invoke("Get-Mailbox").status_code == 401

    def test_without_the_application_role(self, rest: Any, laboratory: Laboratory) -> None:
        laboratory.application.roles.clear()
        rest.token = laboratory.issuer.issue(laboratory.application)
        assert rest.invoke("Get-Mailbox").status_code == 401

    def test_an_expired_one_gets_no_claims(self, rest: Any, timepieces: Any) -> None:
        timepieces.real += 3601
        answer = rest.invoke("Get-Mailbox")
        assert answer.status_code == 401
        assert "claims" not in answer.headers["WWW-Authenticate"]

    def test_a_revoked_one_gets_claims(self, rest: Any, laboratory: Laboratory, hybrid: Any) -> None:
        laboratory.faults.add("exchange_online", "Get-Mailbox", "expire_token")
        for _unused in range(2):
            answer = rest.invoke("Get-Mailbox")
            assert answer.status_code == 401
            claims = re.search(r'claims="([^"]+)"', answer.headers["WWW-Authenticate"])
            assert claims is not None
            assert "access_token" in json.loads(base64.b64decode(claims.group(1)))
        rest.token = laboratory.issuer.issue(laboratory.application)
        assert rest.invoke("Get-Mailbox").status_code == 200
        assert len(hybrid.exchange_online.calls) == 1

    def test_claims_can_be_left_out(self, rest: Any, laboratory: Laboratory) -> None:
        laboratory.faults.add("exchange_online", "Get-Mailbox", "expire_token", claims=False)
        answer = rest.invoke("Get-Mailbox")
        assert (answer.status_code, "claims" in answer.headers["WWW-Authenticate"]) == (401, False)


class TestBatch:
    def part(self, rest: Any, number: int, cmdlet: str = "Get-Mailbox", **parameters: Any) -> dict[str, Any]:
        return {
            "id": str(number),
            "method": "POST",
            "url": rest.url(),
            "headers": {"X-AnchorMailbox": rest.anchor},
            "body": {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}},
        }

    def send(self, rest: Any, parts: list[dict[str, Any]]) -> requests.Response:
        answer: requests.Response = rest.send("POST", rest.url("$batch"), {"requests": parts})
        return answer

    def test_answers_are_told_apart_by_id_only(self, rest: Any, laboratory: Laboratory) -> None:
        laboratory.faults.add("exchange_online", "Set-MailUser", "throttle", retry_after=0.5)
        parts = [
            self.part(rest, 1),
            self.part(rest, 2, Identity="nobody"),
            self.part(rest, 3, "Get-Nonsense"),
            self.part(rest, 4, "Set-MailUser", **CONFIRMED),
        ]
        responses = self.send(rest, parts).json()["responses"]
        assert [response["id"] for response in responses] != ["1", "2", "3", "4"]
        by_id = {response["id"]: response for response in responses}
        assert {number: response["status"] for number, response in by_id.items()} == {
            "1": 200,
            "2": 404,
            "3": 403,
            "4": 429,
        }
        assert by_id["1"]["body"]["value"][0]["Identity"].startswith("contoso.com")
        assert by_id["2"]["body"]["error"]["code"] == "NotFound"
        assert by_id["4"]["headers"]["Retry-After"] == "0.5"

    def test_ten_requests_at_most(self, rest: Any, hybrid: Any) -> None:
        assert self.send(rest, [self.part(rest, number) for number in range(10)]).status_code == 200
        assert self.send(rest, [self.part(rest, number) for number in range(11)]).status_code == 400
        assert len(hybrid.exchange_online.calls) == 10

    def test_urls_are_absolute(self, rest: Any) -> None:
        part = {**self.part(rest, 1), "url": "/adminapi/beta/x/InvokeCommand"}
        assert self.send(rest, [part]).json()["responses"][0]["status"] == 400

    @pytest.mark.parametrize("parts", [None, ["x"], [{"method": "POST"}], [{"id": "1"}, {"id": "1"}]])
    def test_the_shape_is_checked(self, rest: Any, parts: Any) -> None:
        assert self.send(rest, parts).status_code == 400


class TestCredentials:
    def public_key(self, rest: Any) -> rsa.RSAPublicKey:
        (module,) = rest.send("GET", rest.url("EXOModuleFile", "v1.0")).json()["value"]
        modulus, exponent = (
            int.from_bytes(base64.b64decode(found), "big")
            for found in re.findall(r"<(?:Modulus|Exponent)>([^<]+)<", module["fileContent"])
        )
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()

    def credential(self, key: rsa.RSAPublicKey) -> dict[str, Any]:
        password = base64.b64encode(key.encrypt("Pässw0rd".encode(), padding.PKCS1v15())).decode()
        return {"@odata.type": HASH_TABLE, "UserName": "CONTOSO\\svc", "Password": password}

    def test_the_module_file_lists_what_is_granted(self, rest: Any, hybrid: Any) -> None:
        (module,) = rest.send("GET", rest.url("EXOModuleFile", "v1.0"), CommandName="*").json()["value"]
        assert module["fileName"] == "ExchangeOnline.psm1"
        assert set(module["exportedCmdlets"].split(",")) == set(hybrid.exchange_online.cmdlets)

    def test_the_experimental_shape_is_decrypted(self, rest: Any, hybrid: Any, laboratory: Laboratory) -> None:
        parameters = {**CONFIRMED, "RemoteCredential": self.credential(self.public_key(rest))}
        assert rest.invoke("New-MoveRequest", parameters).status_code in (200, 204)
        credential = hybrid.exchange_online.calls[0].parameters["RemoteCredential"]
        assert credential == LabCredential("CONTOSO\\svc", "Pässw0rd")
        assert "Pässw0rd" not in json.dumps(laboratory.log.entries(), ensure_ascii=False)

    def test_plain_text_and_another_key_are_refused(self, rest: Any, hybrid: Any) -> None:
        # Another size, so that no chance decryption to something readable can happen.
        other = self.credential(rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key())
        good = self.credential(self.public_key(rest))
        for bad in (other, {**good, "Password": "Pässw0rd"}, {**good, "Password": "UGFzc3cwcmQ="}):
            answer = rest.invoke("New-MoveRequest", {**CONFIRMED, "RemoteCredential": bad})
            assert (answer.status_code, inner(answer)["type"].rsplit(".", 1)[-1]) == (
                400,
                "ParameterTransformationException",
            )
        assert hybrid.exchange_online.calls == []

    def test_the_untagged_shape_is_answered_as_a_tenant_answers_it(self, rest: Any, hybrid: Any) -> None:
        untagged = {"UserName": "CONTOSO\\svc", "Password": "Pässw0rd"}
        answer = rest.invoke("New-MoveRequest", {**CONFIRMED, "RemoteCredential": untagged})
        assert (answer.status_code, inner(answer)["message"]) == (
            500,
            "Unable to cast object of type 'Newtonsoft.Json.Linq.JObject' to type 'System.String'.",
        )
        assert hybrid.exchange_online.calls == []
